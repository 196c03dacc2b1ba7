"""What a host knows of a sample while it runs: the answer after every step, and when."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from snnc.compiler.ir.program import Core, TiledProgram
from snnc.compiler.isa.arithmetic import IntArray
from snnc.compiler.isa.contract import FlitType
from snnc.compiler.isa.flits import COORDINATE_MASK, SENDER_MASK, address_bits, flit_data, flit_types
from snnc.compiler.protocol.streams import named_neurons

if TYPE_CHECKING:
    from snnc.sim.engine.cycle import CycleRun


@dataclass(frozen=True)
class AnswerFigures:
    """Answers over all samples, a number for each step."""

    correct: list[int] | None
    """Samples whose answer is right; None without classes."""
    cycles_mean: list[float]
    """Until the last packet of the step had left, from the sample's first on."""
    cycles_max: list[int]

    @property
    def interval(self) -> float:
        """Mean cycles from one answer to the next, of a single step until it."""
        first, last = self.cycles_mean[0], self.cycles_mean[-1]
        return (last - first) / (len(self.cycles_mean) - 1) if len(self.cycles_mean) > 1 else first


@dataclass(frozen=True)
class Answers:
    """Of every sample after every step, both (samples, steps)."""

    predictions: IntArray
    """Index of the largest output so far, the first of equal ones."""
    cycles: IntArray
    """Until the last packet of the step had left, from the sample's first on."""

    def figures(self, classes: NDArray[Any] | None) -> AnswerFigures:
        """Over all samples, against their classes (samples,)."""
        right = None if classes is None else (self.predictions == classes[:, None]).sum(0).tolist()
        return AnswerFigures(right, self.cycles.mean(0).tolist(), self.cycles.max(0).tolist())


def join_answers(parts: list[Answers]) -> Answers | None:
    """Those of batches together; None of none."""
    if not parts:
        return None
    return Answers(
        np.concatenate([part.predictions for part in parts]), np.concatenate([part.cycles for part in parts])
    )


def answers_of(program: TiledProgram, run: "CycleRun", samples: int) -> Answers | None:
    """The answers of a run of so many samples, each in an empty mesh; None for a readout of membranes, which
    leave once."""
    readout = program.readout
    if readout.kind == "membrane":
        return None
    spikes = np.zeros((samples, program.steps, program.outputs), np.uint8)
    cycles, predictions = np.zeros((2, samples, program.steps), np.int64)
    for core in program.readout_cores:
        _collect(core, program, run, spikes, cycles)
    outputs = np.zeros((samples, program.outputs), np.int64)
    for step in range(program.steps):
        if step >= readout.first_step:
            if readout.kind == "spike_count":
                outputs += spikes[:, step]
            else:
                np.maximum(outputs, (program.steps - step) * spikes[:, step].astype(np.int64), out=outputs)
        predictions[:, step] = outputs.argmax(1)
    return Answers(predictions, cycles)


def _collect(
    core: Core, program: TiledProgram, run: "CycleRun", spikes: NDArray[np.uint8], cycles: IntArray
) -> None:
    """Add the spikes that a readout core sent in each step, and when its END of the step had left."""
    senders = (run.flits & np.uint64(SENDER_MASK)).astype(np.int64)
    mine = np.flatnonzero(senders == address_bits(core.at))
    sample = np.searchsorted(run.offsets, mine, "right") - 1
    ends = flit_types(run.flits[mine]) == FlitType.END
    # An END follows the spikes of its step, and every sample has one for each step.
    step = np.cumsum(ends) - ends - sample * program.steps
    closing = (sample[ends], step[ends])
    cycles[closing] = np.maximum(cycles[closing], run.stamps[mine[ends]] + 1)
    numbers = named_neurons(core, program)
    named = (flit_data(run.flits[mine[~ends]]) & COORDINATE_MASK).tolist()
    spikes[sample[~ends], step[~ends], [numbers[word] for word in named]] = 1
