"""specialise: the smallest hardware that runs a program in the same cycles, for a bitstream for it alone."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from snnc.base.bounds import limits
from snnc.compiler.analysis.bounds import GRADED, bits_needed
from snnc.compiler.ir.levels import Level
from snnc.compiler.ir.packing import on_core
from snnc.compiler.ir.program import Core, TiledProgram, core_usage
from snnc.compiler.isa.arithmetic import Decay
from snnc.compiler.passes.encode import decay_bits
from snnc.compiler.targets import Target

VANISHES = Decay(1, 0)
"""A decay of which nothing stays."""
BLOCK_WORDS, BLOCK_KIBIT = 512, 16
"""A block RAM at its widest, without parity bits."""


@dataclass(frozen=True)
class Specialise:
    """Needs a valid TiledProgram. Guarantees the same program, cycle by cycle, on a target that has no larger
    memory or table, no wider state and no feature than it uses, described by what is left."""

    name: ClassVar[str] = "specialise"
    takes: ClassVar[type[Level]] = TiledProgram
    gives: ClassVar[type[Level]] = TiledProgram

    def run(self, program: TiledProgram) -> TiledProgram:
        small = specialise(program)
        target, device = small.target, small.target.device
        named = f"{target.width} x {target.height} neurocores, {target.lanes} lanes"
        part = f", {device.part}" if device else ""
        return replace(small, target=replace(target, description=named + part))


def specialise(program: TiledProgram) -> TiledProgram:
    """`program` on a target cut down to what it uses: no larger memory or table, no wider state, no feature
    that no core needs. FIFOs and lanes stay, and with them every cycle."""
    program = replace(program, cores=_with_currents(program))
    target = _smallest_target(program)
    cores = tuple(
        # A clamp wider than every proved sum does nothing; neither does one as wide as the narrower word.
        replace(core, state_bits=min(core.state_bits, target.state_bits))
        for core in program.cores
    )
    return replace(program, target=target, cores=cores)


def _with_currents(program: TiledProgram) -> tuple[Core, ...]:
    """The tiles, where a core holds some with synaptic currents and some without: these get currents of which
    nothing stays after a step, so that all membranes of the core are in one memory and need not be chosen."""
    mixed = {(core.at.x, core.at.y) for core in program.cores if core.current_leak is not None}
    return tuple(
        replace(core, current_leak=VANISHES)
        if core.current_leak is None and (core.at.x, core.at.y) in mixed
        else core
        for core in program.cores
    )


def _smallest_target(program: TiledProgram) -> Target:
    target = program.target
    used: dict[str, int] = {}
    cores = on_core(program)
    for tiles in cores.values():
        for what, words, _ in core_usage(tiles, target, program.weight_bits):
            used[what] = max(used.get(what, 1), words)
    return replace(
        target,
        width=1 + max(core.at.x for core in program.cores),
        height=1 + max(core.at.y for core in program.cores),
        neurons=target.lanes * _power_of_two(max(used["state words"], 2)),
        parameter_words=used["parameter words"],
        axon_rows=used["axon rows"],
        axon_columns=used["axon columns"],
        delay_slots=_power_of_two(used["delay slots"]),
        cuba=any(core.current_leak is not None for core in program.cores),
        decay_multiplier=_multiplies(program),
        reset_amount=any(core.reset_amount is not None for core in program.cores),
        channel_leak=any(core.channel_decays for core in program.cores),
        lower_clamp=any(core.lower_clamp is not None for core in program.cores),
        fraction_bits=max(core.fraction_bits for core in program.cores),
        weight_kibit=_weight_kibit(program, len(cores), used["weight words"]),
        state_bits=max(int(limits(Target, "state_bits").low), *(_state_bits(core) for core in program.cores)),
        destinations=used["destinations"],
        sources=used["sources"],
        # Two contexts take their cycles as sixteen do; none take fewer.
        contexts=min(target.contexts, max(used["tiles"], 2)),
    )


def _weight_kibit(program: TiledProgram, cores: int, words: int) -> int:
    """Size of the weight memories: a power of two of words, which needs no multiplexers behind its block
    RAMs, if that leaves a third of the device's block RAM free, even where the target has less; else as few
    whole block RAMs as possible. In large RAMs of one port it is no more words than the target has."""
    target = program.target
    word_bits = target.lanes * program.weight_bits
    generous = -(-_power_of_two(words) * word_bits // 1024)
    device = target.device
    if device is not None and device.single_port_rams:
        return min(target.weight_kibit, generous)
    if device is not None and 3 * generous * cores <= 2 * device.block_rams * BLOCK_KIBIT:
        return generous
    return min(target.weight_kibit, -(-words // BLOCK_WORDS) * BLOCK_WORDS * word_bits // 1024)


def _state_bits(core: Core) -> int:
    """Bits of everything that goes into a state, threshold or bias word of this core."""
    values = (*core.accumulator, core.reset_value, core.lower_clamp or 0)
    amounts = core.threshold if core.reset_amount is None else core.reset_amount
    arrays = (core.threshold, amounts, core.bias, core.initial)
    return max(
        bits_needed(min(values), max(values)),
        *(bits_needed(int(array.min()), int(array.max())) for array in arrays),
    )


def _multiplies(program: TiledProgram) -> bool:
    """Whether lanes need their multiplier: for a decay, or to take a graded payload in one pass as before."""
    graded = program.input.encoding in GRADED and program.input.max_payload > 1
    decays = any(not _shifts(core) for core in program.cores)
    return decays or (graded and program.target.decay_multiplier)


def _shifts(core: Core) -> bool:
    """Whether its decays need no multiplier: nothing, or a power of two."""
    shared = np.array([decay_bits(leak) for leak in (core.leak, core.current_leak)])
    own = [some for some in (core.leak_numerators, core.current_numerators) if some is not None]
    return not any((numerators & (numerators - 1)).any() for numerators in (shared, *own))


def _power_of_two(value: int) -> int:
    return 1 << (value - 1).bit_length()
