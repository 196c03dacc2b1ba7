"""cocotb benches of snnc_lane: the numeric contract, one neuron per clock."""

import os

import cocotb
import numpy as np
from cocotb.triggers import Timer
from rtl_bench import seeded

from snnc.compiler.isa.arithmetic import Decay, ResetMode, decay, neuron_step

STATE = int(os.environ["BENCH_StateBits"])
WEIGHT = int(os.environ["BENCH_WeightBits"])
CUBA = int(os.environ["BENCH_Cuba"])
MULTIPLIER = int(os.environ["BENCH_DecayMultiplier"])
AMOUNT = int(os.environ["BENCH_ResetAmount"])
LOWER = int(os.environ["BENCH_LowerClamp"])
FRACTION = int(os.environ["BENCH_FractionBits"])
LOW, HIGH = -(1 << (STATE - 1)), (1 << (STATE - 1)) - 1
EDGES = [LOW, LOW + 1, -2, -1, 0, 1, 2, HIGH - 1, HIGH]


def signed(value: int, bits: int) -> int:
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> (bits - 1) else value


async def tick(dut) -> None:
    dut.clk_i.value = 0
    await Timer(1, "step")
    dut.clk_i.value = 1
    await Timer(1, "step")


def idle(dut) -> None:
    for name in ("state_i", "membrane_i", "weight_i", "bias_i", "value_i", "factor_i", "threshold_i"):
        getattr(dut, name).value = 0
    for name in ("membrane_skip_i", "state_skip_i", "add_nothing_i", "settle_skip_i"):
        getattr(dut, name).value = 1
    for name in (
        "add_constant_i",
        "show_membrane_i",
        "forward_i",
        "fires_i",
        "hard_reset_i",
        "reset_value_i",
    ):
        getattr(dut, name).value = 0
    dut.reset_amounts_i.value = 0
    for name in ("sign_mask_i", "decay_i", "current_decay_i", "reset_amount_i", "lower_clamp_i"):
        getattr(dut, name).value = 0


def random_decay(rng) -> Decay:
    """No leak, a shift, or, with a multiplier, any fraction."""
    kind = rng.choice(["none", "shift", "any"] if MULTIPLIER else ["none", "shift"])
    shift = rng.randrange(13)
    return {"none": Decay(), "shift": Decay(1 << 12 - shift, 12), "any": Decay(rng.randrange(4097), 12)}[kind]


PER_NEURON = Decay(0, 12)
"""The unit of decays that every neuron has its own of."""


def numerators(leaks: list[Decay]) -> np.ndarray:
    """Of 2**12."""
    return np.array([leak.numerator << 12 - leak.fraction_bits for leak in leaks], np.int64)


def encode_decay(leak: Decay) -> int:
    """The decay as the lane takes it: a factor, or an enable bit and a shift."""
    if MULTIPLIER:
        return leak.numerator
    if leak.numerator == 0:
        return 0
    assert leak.shift is not None
    return 16 | leak.shift if leak.shift else 32


@cocotb.test()
@cocotb.parametrize(reset=["soft", "hard", "none"])
async def sweeps_as_the_contract_says(dut, reset: ResetMode) -> None:
    rng = seeded()
    idle(dut)
    mask = (1 << STATE) - 1
    for name in ("state_skip_i", "add_nothing_i", "settle_skip_i"):
        getattr(dut, name).value = 0
    dut.add_constant_i.value = 1
    dut.fires_i.value = int(reset != "none")
    dut.hard_reset_i.value = int(reset == "hard")
    for _ in range(30):
        cuba = bool(CUBA) and rng.random() < 0.7
        bits = rng.randrange(2, STATE + 1)
        low, high = -(1 << (bits - 1)), (1 << (bits - 1)) - 1
        lowest = rng.choice([low, low + 1, 0, rng.randint(low, 0)]) if LOWER else low
        reset_value = rng.randint(lowest, high) if reset == "hard" else 0
        amounts = bool(AMOUNT) and reset == "soft" and rng.random() < 0.7
        dut.membrane_skip_i.value = int(not cuba)
        dut.sign_mask_i.value = mask & ~((1 << (bits - 1)) - 1)
        dut.lower_clamp_i.value = lowest & mask if LOWER else rng.getrandbits(STATE)
        dut.reset_value_i.value = reset_value & mask
        dut.reset_amounts_i.value = int(amounts)
        v, m, b, t, r = np.array(list(cases(rng, cuba, reset, amounts, 2 * low, 2 * high)), np.int64).T
        leaks, current_leaks = ([random_decay(rng) for _ in v] for _ in range(2))
        want = neuron_step(
            v,
            m,
            threshold=t,
            bias=b,
            reset=reset,
            reset_value=reset_value,
            state_bits=bits,
            leak=PER_NEURON,
            reset_amount=r,
            leak_numerators=numerators(leaks),
            lower_clamp=lowest,
        )
        currents = decay(v, PER_NEURON, numerators(current_leaks))
        got = []
        # Membrane and bias enter in stage 0, the state in 1, threshold and reset amount in 2, decays in 6;
        # the result leaves in 7.
        for cycle in range(len(v) + 7):
            if cycle < len(v):
                dut.membrane_i.value = int(m[cycle]) & mask if cuba else rng.getrandbits(STATE)
                dut.bias_i.value = int(b[cycle]) & mask
            if 1 <= cycle <= len(v):
                dut.state_i.value = int(v[cycle - 1]) & mask
            if 2 <= cycle <= len(v) + 1:
                dut.threshold_i.value = int(t[cycle - 2]) & mask
                dut.reset_amount_i.value = int(r[cycle - 2]) & mask if amounts else rng.getrandbits(STATE)
            if 6 <= cycle <= len(v) + 5:
                leak = encode_decay(leaks[cycle - 6])
                dut.decay_i.value = leak
                dut.factor_i.value = leak if MULTIPLIER else rng.randrange(8)
                dut.current_decay_i.value = encode_decay(current_leaks[cycle - 6])
            await tick(dut)
            if cycle >= 6:
                current = signed(int(dut.current_after_o.value), STATE) if CUBA else 0
                membrane = signed(int(dut.membrane_after_o.value), STATE)
                got.append((membrane, current, int(dut.spike_o.value)))
        expected = [want.after.tolist(), (currents * CUBA).tolist(), want.spikes.astype(int).tolist()]
        assert got[: len(v)] == list(zip(*expected, strict=True)), (bits, leaks, current_leaks, reset_value)


def cases(rng, cuba: bool, reset: str, amounts: bool, low: int, high: int):
    """(state, membrane, bias, threshold, reset amount) whose sum, and what a reset leaves, fit the state."""
    count = 0
    while count < 20:
        v, m, b, t, r = (
            min(max(rng.choice(EDGES) if rng.random() < 0.4 else rng.randint(low, high), LOW), HIGH)
            for _ in "vmbtr"
        )
        m = m if cuba else 0
        r = r if amounts else t
        total = v + m + b
        left = total - r if reset == "soft" and total >= t else total
        if LOW <= total <= HIGH and LOW <= left <= HIGH:
            count += 1
            yield v, m, b, t, r


@cocotb.test()
async def adds_weighed_payloads_and_values(dut) -> None:
    rng = seeded()
    idle(dut)
    for _ in range(4):
        await tick(dut)
    mask = (1 << STATE) - 1
    last = 0
    for _ in range(300):
        state = rng.randint(LOW // 2, HIGH // 2)
        forwards = rng.random() < 0.2 and LOW // 2 <= last <= HIGH // 2
        weight = rng.randint(-(1 << (WEIGHT - 1)), (1 << (WEIGHT - 1)) - 1)
        shift = rng.randrange(8)
        fraction = rng.randint(0, FRACTION)
        factor = (rng.randrange(1, 256) if MULTIPLIER else 1 << shift) << fraction
        value = rng.randint(LOW // 2, HIGH // 2)
        use_weight = rng.random() < 0.6
        added = weight * factor if use_weight else 0
        if not all(LOW <= sum_ <= HIGH for sum_ in (added, state + added)):
            continue
        use_value = not use_weight and rng.random() < 0.7
        chosen, skipped = rng.random() < 0.8, rng.random() < 0.1
        show, membrane = rng.random() < 0.2, rng.randint(LOW // 2, HIGH // 2)
        if forwards and not LOW <= last + added <= HIGH:
            continue
        dut.weight_i.value = weight & ((1 << WEIGHT) - 1) if use_weight else 0
        await tick(dut)
        dut.weight_i.value = rng.getrandbits(WEIGHT) if use_weight else 0
        dut.show_membrane_i.value, dut.membrane_skip_i.value = int(show), 0
        dut.membrane_i.value = membrane & mask
        dut.state_i.value = state & mask
        dut.state_skip_i.value, dut.forward_i.value = int(skipped), int(forwards)
        dut.value_i.value = value & mask if use_value else 0
        dut.factor_i.value = factor << 12 - min(STATE - WEIGHT, 12) if MULTIPLIER else shift + fraction
        dut.add_nothing_i.value = int(not chosen)
        await tick(dut)
        state = 0 if skipped else last if forwards else state
        assert signed(int(dut.state_o.value), STATE) == (membrane if show and CUBA else state)
        added = weight * factor if use_weight else value if use_value else 0
        last = signed(int(dut.sum_o.value), STATE)
        assert last == state + added * chosen
