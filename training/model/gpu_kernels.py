"""The dynamics of a population on a GPU: all steps in one Triton kernel, forward and backward.

PyTorch's operations go through memory once each and step; these kernels once. Every program works on some
neurons in the order in which they lie in memory, be it channels last or not. Only modules that have found a
GPU import this one.
"""

import triton
import triton.language as tl

BLOCK = 1024
"""Neurons of one program."""


@triton.jit
def advance(
    currents, start, threshold, bias, membranes, spikes, neurons, low, high, decay, reset_value,
    STEPS: tl.constexpr, CHANNELS: tl.constexpr, INNER: tl.constexpr, SHARED: tl.constexpr,
    START_OF_CHANNEL: tl.constexpr, RESET: tl.constexpr, LEAKS: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    """Fill `membranes` and `spikes` (steps, neurons) as `neurons.run_population` says.

    The channel of a neuron is (index / INNER) % CHANNELS. `currents` has as many steps, or with SHARED one;
    `start` has one value per neuron or per channel. Indices of all arrays fit into 32 bits.
    """
    place = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    inside = place < neurons
    channel = (place // INNER) % CHANNELS
    limit = tl.load(threshold + channel, inside, 1.0)
    constant = tl.load(bias + channel, inside, 0.0)
    value = tl.load(start + (channel if START_OF_CHANNEL else place), inside, 0.0)
    arriving = tl.load(currents + place, inside, 0.0) + constant
    for step in range(STEPS):
        if not SHARED:
            arriving = tl.load(currents + step * neurons + place, inside, 0.0) + constant
        value += arriving
        fired = value >= limit
        if RESET == "none":
            fired = value != value
        elif RESET == "soft":
            value = tl.where(fired, value - limit, value)
        else:
            value = tl.where(fired, reset_value, value)
        value = tl.minimum(tl.maximum(value, low), high)
        if LEAKS:
            value -= tl.floor(value * decay)
        tl.store(membranes + step * neurons + place, value, inside)
        tl.store(spikes + step * neurons + place, fired.to(tl.float32), inside)


@triton.jit
def gradients(
    currents, start, threshold, bias, membranes, of_membranes, of_spikes,
    of_currents, of_start, of_threshold, of_bias, neurons, kept, width, height,
    STEPS: tl.constexpr, CHANNELS: tl.constexpr, INNER: tl.constexpr, SHARED: tl.constexpr,
    START_OF_CHANNEL: tl.constexpr, RESET: tl.constexpr, SINGLE_STEP: tl.constexpr,
    THROUGH_MEMBRANES: tl.constexpr, THROUGH_SPIKES: tl.constexpr, THROUGH_START: tl.constexpr,
    BLOCK: tl.constexpr,
):  # fmt: skip
    """Fill the gradients of `advance`: `of_currents` (steps, neurons), or nothing of it with SHARED, and
    `of_start`, `of_threshold` and `of_bias` (neurons,), of which the last is the sum over the steps.

    `of_membranes` and `of_spikes` are read, and `of_start` is written, where anything depends on them; `kept`
    is the part of a membrane that stays in a step, `width` and `height` are those of the surrogate.
    """
    place = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    inside = place < neurons
    channel = (place // INNER) % CHANNELS
    limit = tl.load(threshold + channel, inside, 1.0)
    constant = tl.load(bias + channel, inside, 0.0)
    first = tl.load(start + (channel if START_OF_CHANNEL else place), inside, 0.0)
    arriving = tl.load(currents + place, inside, 0.0) + constant
    following = tl.zeros([BLOCK], tl.float32)
    through_threshold = tl.zeros([BLOCK], tl.float32)
    through_bias = tl.zeros([BLOCK], tl.float32)
    for back in range(STEPS):
        step = STEPS - 1 - back
        offset = step * neurons + place
        earlier = tl.load(membranes + offset - neurons, inside & (step > 0), 0.0)
        if not SHARED:
            arriving = tl.load(currents + offset, inside, 0.0) + constant
        value = tl.where(step > 0, earlier, first) + arriving
        fired = (value >= limit).to(tl.float32)
        total = tl.zeros([BLOCK], tl.float32)
        if THROUGH_SPIKES:
            distance = (value - limit) / limit
            if SINGLE_STEP:
                near = 1 / (1 + tl.exp(-distance * width))
                slope = tl.where(distance < 0, width * near * (1 - near), 1 / (1 + tl.maximum(distance, 0.0)))
            else:
                slope = height / (1 + distance * width * (distance * width))
            total = slope / limit * tl.load(of_spikes + offset, inside, 0.0)
            through_threshold -= total * value / limit
        if THROUGH_MEMBRANES:
            following += tl.load(of_membranes + offset, inside, 0.0)
        following *= kept
        if RESET == "soft":
            through_threshold -= following * fired
        elif RESET == "hard":
            following *= 1 - fired
        following += total
        through_bias += following
        if not SHARED:
            tl.store(of_currents + offset, following, inside)
    if THROUGH_START:
        tl.store(of_start + place, following, inside)
    tl.store(of_threshold + place, through_threshold, inside)
    tl.store(of_bias + place, through_bias, inside)
