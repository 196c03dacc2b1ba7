"""How a class is read from what a module returns: spikes counted, membranes, or a sum of currents."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, cast

import numpy as np

from snnc.base.errors import UnsupportedModel
from snnc.compiler.frontends.builder import GraphBuilder
from snnc.compiler.frontends.float_graph import FloatGraph, FloatNeurons, FloatReadout, Reading
from snnc.compiler.frontends.values import Term, Value
from snnc.training.frontends.layout import stack
from snnc.training.frontends.moments import restricted, same
from snnc.training.frontends.standin import STEPS, Moments, StandIn, latest
from snnc.training.frontends.trace import MEMBRANE, Trace

READOUT = "readout"
_MEMBRANES: dict[str, Reading] = {"sum": "membrane_sum", "max": "membrane_max", "last": "membrane"}
_WORDS = {
    "spike_count": "spikes counted over the steps",
    "membrane": "the membrane after the last step",
    "membrane_sum": "membranes added up over the steps",
    "membrane_max": "the largest membrane of all steps",
    "first_spike": "the first spike",
    "currents": "what arrives, added up over the steps",
}


def find_answer(output: Any) -> StandIn:
    """The stand-in among what a module returns that holds the classes: the first."""
    found = next(_standins(output), None)
    if found is None:
        raise UnsupportedModel("the module returns nothing that comes from its input")
    return found


def _standins(output: Any) -> Iterator[StandIn]:
    if isinstance(output, StandIn):
        yield output
    elif isinstance(output, Sequence) and output and not isinstance(output, str):
        if isinstance(output, list) and len(output) > 1 and all(isinstance(one, StandIn) for one in output):
            yield stack(output)
        else:
            for one in output:
                yield from _standins(one)
    elif isinstance(output, dict):
        for one in output.values():
            yield from _standins(one)


def read_answer(trace: Trace, output: Any, wanted: Reading | None = None) -> FloatGraph:
    """The finished graph; `wanted` says how the classes are read where the module leaves that open."""
    answer = find_answer(output)
    builder = trace.graph()
    if builder.populations and all(site.record is None for site in trace.sites):
        return builder.readout(READOUT, answer.value, "membrane")
    value, how, said = _over_steps(trace, answer)
    graph, kind = _read(builder, value, how, wanted, trace)
    origin = "as the module does" if said else "as the module leaves open"
    summed = graph.readout.population == READOUT and how == "sum"
    trace.findings.general.append(f"classes: {_WORDS['currents' if summed else kind]}, {origin}")
    return graph


def _over_steps(trace: Trace, answer: StandIn) -> tuple[Value, str, bool]:
    """The value of a step, how steps become one (sum, max, last), and whether the module says so."""
    reduced = (answer.reduced or "").split()
    if "max" in reduced:
        return answer.value, "max", True
    if "sum" in reduced or "mean" in reduced:
        return answer.value, "sum", True
    if STEPS in answer.lead or any(isinstance(axis, tuple) for axis in answer.lead):
        return answer.value, "sum", False
    last = max(
        (len(site.calls) for site in trace.sites if site.record and not site.record.sequence), default=1
    )
    steps = last if last > 1 else trace.steps
    if len(answer.moments) > 1:
        return _added_up(answer.moments, steps), "sum", True
    at = latest(answer.moments)
    single = last == 1 and not any(site.record and site.record.sequence for site in trace.sites)
    if single or at is None:
        return answer.value, "sum", False
    if at != steps - 1:
        raise UnsupportedModel(
            f"the module returns step {at + 1} of {steps}; the last, or all of them are read"
        )
    return answer.value, "last", True


def _added_up(moments: Moments, steps: int) -> Value:
    """The value whose sum over all steps the moments are."""
    last = moments[latest(moments)]
    first = min(at for at in moments if at is not None)
    complete = sorted(at for at in moments if at is not None) == list(range(first, steps))
    if (
        first
        or not complete
        or not all(same(restricted(last, at or 0), value) for at, value in moments.items())
    ):
        raise UnsupportedModel(
            "the module adds up some steps, or differently in each", hint="add up all steps alike"
        )
    return last


def _read(
    builder: GraphBuilder, value: Value, how: str, wanted: Reading | None, trace: Trace
) -> tuple[FloatGraph, Reading]:
    term = value.parts[0].terms[0] if len(value.parts) == 1 and len(value.parts[0].terms) == 1 else None
    membranes = any(one.source.endswith(MEMBRANE) for part in value.parts for one in part.terms)
    if membranes and term is not None and _untouched(value, term):
        membrane = wanted or _MEMBRANES[how]
        source = term.source.removesuffix(MEMBRANE)
        _require_no_reset(builder, source)
        graph = FloatGraph(builder.shape, tuple(builder.populations), FloatReadout(source, membrane))
        graph.verify()
        return graph, membrane
    if how == "max":
        raise UnsupportedModel(
            "the answer is the largest of all steps, but not of membranes themselves",
            hint="return the membranes of the last layer, or add up over the steps",
        )
    if membranes:
        heard = trace.heard(value, builder)
        return builder.readout(READOUT, heard, "membrane", summed=how == "sum"), "membrane"
    plain = term is not None and term.synapses is None and not value.parts[0].bias.any()
    if how == "last":
        if plain:
            return builder.readout(READOUT, _positive(value), "spike_count", trace.steps - 1), "spike_count"
        return builder.readout(READOUT, value, "membrane", summed=False), "membrane"
    kind: Reading = (wanted or "spike_count") if plain else "membrane"
    return builder.readout(READOUT, _positive(value) if plain else value, kind), kind


def _positive(value: Value) -> Value:
    """Spikes without the constant that all of them are scaled by, which changes no order."""
    (part,) = value.parts
    (term,) = part.terms
    if term.gain.size == 1 and float(term.gain.reshape(-1)[0]) > 0 and term.pool == (1, 1):
        return replace(value, parts=(replace(part, terms=(replace(term, gain=np.array(1.0)),)),))
    return value


def _untouched(value: Value, term: Term) -> bool:
    """Whether membranes are read as they are, up to one positive factor."""
    plain = term.synapses is None and term.pool == (1, 1) and not value.parts[0].bias.any()
    return plain and term.gain.size == 1 and float(term.gain.reshape(-1)[0]) > 0


def _require_no_reset(builder: GraphBuilder, source: str) -> None:
    population = next(one for one in builder.populations if one.name == source)
    neurons = cast(FloatNeurons, population.neurons)
    if neurons.reset == "hard":
        raise UnsupportedModel(
            f"the answer is the membrane of {source}, which is reset before it is read",
            hint="use neurons without a reset in the last layer, or count spikes",
        )
