"""What training on a CPU spends its time in, as Numba kernels: neurons over time, statistics, pooling.

Each goes through its values once, where a chain of PyTorch's elementary operations goes through memory once
per operation. Arrays are contiguous and of one type, float32 or float64. Numbers come as arrays too, since a
Python float would turn float32 sums into float64. The innermost loops are functions of rows, which the
compiler then vectorises.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnc.sim.engine.jit import entry, reordered_entry

Floats = NDArray[Any]


@entry
def _advance_row(
    before: Floats,
    current: Floats,
    bias: float,
    threshold: float,
    keep: float,
    drop: float,
    low: float,
    high: float,
    decay: float,
    after: Floats,
    spikes: Floats,
) -> None:
    for position in range(len(after)):
        value = before[position] + (current[position] + bias)
        spike = value >= threshold
        value = value * keep - drop if spike else value
        value = low if value < low else value
        value = high if value > high else value
        after[position] = value - np.floor(value * decay)
        spikes[position] = spike


@entry
def advance(
    currents: Floats,
    start: Floats,
    threshold: Floats,
    bias: Floats,
    drop: Floats,
    numbers: Floats,
    membranes: Floats,
    spikes: Floats,
) -> None:
    """Fill `membranes` and `spikes` (steps, samples, channels, positions) as `neurons.run_population` says.

    `currents` has as many steps, or one that stands for all; `start` is (samples, channels, positions),
    `threshold`, `bias` and `drop` are (channels,). `numbers` are `keep` of the reset, which takes a membrane
    v to `keep v - drop`, the lowest and highest state, and the part of a membrane that leaks in a step.
    """
    steps, samples, channels, _ = membranes.shape
    keep, low, high, decay = numbers
    for sample in range(samples):
        for channel in range(channels):
            before = start[sample, channel]
            for step in range(steps):
                after = membranes[step, sample, channel]
                _advance_row(
                    before,
                    currents[min(step, len(currents) - 1), sample, channel],
                    bias[channel],
                    threshold[channel],
                    keep,
                    drop[channel],
                    low,
                    high,
                    decay,
                    after,
                    spikes[step, sample, channel],
                )
                before = after


@reordered_entry
def _atan_row(
    before: Floats,
    current: Floats,
    bias: float,
    threshold: float,
    numbers: Floats,
    of_spikes: Floats,
    gradient: Floats,
) -> Any:
    _, _, one, width, height = numbers
    inverse, through_threshold = one / threshold, one - one
    for position in range(len(gradient)):
        value = before[position] + (current[position] + bias)
        scaled = (value - threshold) * inverse * width
        through = height / (one + scaled * scaled) * inverse * of_spikes[position]
        through_threshold -= through * value * inverse
        gradient[position] = through
    return through_threshold


@reordered_entry
def _single_step_row(
    before: Floats,
    current: Floats,
    bias: float,
    threshold: float,
    numbers: Floats,
    of_spikes: Floats,
    gradient: Floats,
) -> Any:
    _, _, one, width, _ = numbers
    inverse, through_threshold = one / threshold, one - one
    for position in range(len(gradient)):
        value = before[position] + (current[position] + bias)
        distance = (value - threshold) * inverse
        fired = one / (one + np.exp(-distance * width))
        slope = width * fired * (one - fired) if distance < one - one else one / (one + distance)
        through = slope * inverse * of_spikes[position]
        through_threshold -= through * value * inverse
        gradient[position] = through
    return through_threshold


@reordered_entry
def _carry_row(
    later: Floats, of_membranes: Floats, spikes: Floats, numbers: Floats, gradient: Floats
) -> tuple[float, float]:
    stays, keep, one, _, _ = numbers
    through_threshold, through_bias = one - one, one - one
    for position in range(len(gradient)):
        arriving = (later[position] + of_membranes[position]) * stays
        through_threshold -= arriving * spikes[position] * keep
        total = gradient[position] + arriving * (one - spikes[position] * (one - keep))
        gradient[position] = total
        through_bias += total
    return through_threshold, through_bias


@entry
def gradients(
    single_step: bool,
    currents: Floats,
    start: Floats,
    threshold: Floats,
    bias: Floats,
    numbers: Floats,
    membranes: Floats,
    spikes: Floats,
    of_membranes: Floats,
    of_spikes: Floats,
    of_currents: Floats,
    of_threshold: Floats,
    of_bias: Floats,
) -> None:
    """Fill `of_currents` (steps, samples, channels, positions), and add to `of_threshold` and `of_bias`.

    `currents` to `bias`, `membranes` and `spikes` are those of `advance`; the gradient of `start` is that of
    the first step's current. `of_membranes` and `of_spikes` have 0 steps where nothing depends on them.
    `numbers` are the part of a membrane that stays in a step, `keep` of the reset, 1, and width and height of
    the surrogate: `neurons.SLOPES["s2nn"]` with `single_step`, else `neurons.SLOPES["atan"]`.
    """
    steps, samples, channels, positions = membranes.shape
    nothing = np.zeros(positions, membranes.dtype)
    for sample in range(samples):
        for channel in range(channels):
            later = nothing
            for step in range(steps - 1, -1, -1):
                before = membranes[step - 1, sample, channel] if step else start[sample, channel]
                current = currents[min(step, len(currents) - 1), sample, channel]
                gradient = of_currents[step, sample, channel]
                if len(of_spikes):
                    arriving = of_spikes[step, sample, channel]
                    limit, constant = threshold[channel], bias[channel]
                    if single_step:
                        through = _single_step_row(
                            before, current, constant, limit, numbers, arriving, gradient
                        )
                    else:
                        through = _atan_row(before, current, constant, limit, numbers, arriving, gradient)
                    of_threshold[channel] += through
                else:
                    gradient[:] = 0
                outer = of_membranes[step, sample, channel] if len(of_membranes) else nothing
                fired = spikes[step, sample, channel]
                through_threshold, through_bias = _carry_row(later, outer, fired, numbers, gradient)
                of_threshold[channel] += through_threshold
                of_bias[channel] += through_bias
                later = gradient


@reordered_entry
def moments(values: Floats, sums: Floats, squares: Floats) -> None:
    """Add the values (samples, channels, positions) and their squares to `sums` and `squares` (channels,)."""
    samples, channels, positions = values.shape
    for sample in range(samples):
        for channel in range(channels):
            row = values[sample, channel]
            total, square = row[0] - row[0], row[0] - row[0]
            for position in range(positions):
                total += row[position]
                square += row[position] * row[position]
            sums[channel] += total
            squares[channel] += square


@entry
def moments_gradient(values: Floats, of_sums: Floats, of_squares: Floats, of_values: Floats) -> None:
    """Fill `of_values` with the gradient of `moments`."""
    samples, channels, positions = values.shape
    for sample in range(samples):
        for channel in range(channels):
            row, gradient = values[sample, channel], of_values[sample, channel]
            constant, slope = of_sums[channel], of_squares[channel] + of_squares[channel]
            for position in range(positions):
                gradient[position] = constant + slope * row[position]


@entry
def pool_sums(maps: Floats, rows: int, columns: int, sums: Floats) -> None:
    """Add to `sums` (maps, height, width) the sums of `maps` over windows of `rows` x `columns`."""
    count, height, width = sums.shape
    for number in range(count):
        for line in range(height * rows):
            row, total = maps[number, line], sums[number, line // rows]
            if columns == 2:  # As the general case; with a constant stride it takes a fifth of the time.
                for column in range(width):
                    total[column] += row[2 * column] + row[2 * column + 1]
                continue
            for column in range(width):
                for right in range(columns):
                    total[column] += row[column * columns + right]


@entry
def spread_sums(of_sums: Floats, rows: int, columns: int, of_maps: Floats) -> None:
    """Fill `of_maps`, zeros, with the gradient of `pool_sums`."""
    count, height, width = of_sums.shape
    for number in range(count):
        for line in range(height * rows):
            row, total = of_maps[number, line], of_sums[number, line // rows]
            if columns == 2:
                for column in range(width):
                    row[2 * column] = row[2 * column + 1] = total[column]
                continue
            for column in range(width):
                for right in range(columns):
                    row[column * columns + right] = total[column]
