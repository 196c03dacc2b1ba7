"""Integrators that feed other neurons: the leaky membrane in front of a population is its synaptic current.

A membrane of neurons that never fire is linear in what they get, y = beta y + gain x, and so is a synaptic
current. W y is therefore a current that decays as y does and gets W gain x, which the contract has.
"""

from dataclasses import replace
from typing import NoReturn

import numpy as np

from snnc.base.errors import UnsupportedModel
from snnc.compiler.frontends import values
from snnc.compiler.frontends.builder import located
from snnc.compiler.frontends.float_graph import INPUT, FloatEdge, FloatGraph, FloatNeurons, Population
from snnc.compiler.frontends.synapses import Dense, FloatArray, apply, rows_times, ungrouped, windows_of
from snnc.compiler.frontends.values import Part, Term, Value
from snnc.compiler.ir.network import pooled


def without_integrators(graph: FloatGraph) -> FloatGraph:
    """`graph` with currents for all integrators that are heard; raises UnsupportedModel where none can be."""
    silent = {one.name: one for one in graph.populations if _integrates(one)}
    heard = {edge.source for one in graph.populations for edge in one.edges} & set(silent)
    if not heard:
        return graph
    made = tuple(_behind(one, silent, graph) for one in graph.populations)
    kept = tuple(one for one in made if one.name not in heard or one.name == graph.readout.population)
    return replace(graph, populations=kept)


def _integrates(population: Population) -> bool:
    return isinstance(population.neurons, FloatNeurons) and population.neurons.reset == "none"


def _behind(population: Population, silent: dict[str, Population], graph: FloatGraph) -> Population:
    """A population with a current of its own instead of the integrators that it hears."""
    neurons = population.neurons
    filtered = [edge for edge in population.edges if edge.source in silent]
    if not filtered:
        return population
    with located(population.name):
        if not isinstance(neurons, FloatNeurons) or neurons.alpha is not None:
            raise UnsupportedModel(
                "neurons with a synaptic current hear an integrator, which is a current before it",
                hint="use neurons without a current (LIF, not CubaLIF) behind an integrator",
            )
        for edge in filtered:
            _require_plain(silent[edge.source], silent)
        alpha = _shared([_kept(edge, silent[edge.source]) for edge in filtered])
        edges = _past_the_current([edge for edge in population.edges if edge.source not in silent], alpha)
        bias, drive = np.zeros(()), neurons.drive + neurons.gain * population.bias
        for edge in filtered:
            source, own = silent[edge.source], _neurons(silent[edge.source])
            edges += _through(edge, source, graph)
            arriving = own.gain * source.bias + (1 - own.beta) * (own.v_leak - own.initial) + own.drive
            bias = bias + _constant(edge, source, arriving)
            # A membrane stays where it begins, but for what moves it.
            drive = drive + neurons.gain * _constant(edge, source, own.initial)
    fed = replace(neurons, alpha=alpha, drive=drive)
    return replace(population, neurons=fed, edges=tuple(edges), bias=bias)


def _neurons(population: Population) -> FloatNeurons:
    assert isinstance(population.neurons, FloatNeurons)
    return population.neurons


def _require_plain(source: Population, silent: dict[str, Population]) -> None:
    """Raise UnsupportedModel unless `source` is a current and nothing more."""
    own = _neurons(source)
    if own.alpha is not None or any(edge.source in silent for edge in source.edges):
        raise UnsupportedModel(
            f"hears {source.name}, which has a current before its membrane; a neuron has one current",
            hint="one integrator without a current (LI, I) in a row can stand before neurons",
        )
    if own.lower is not None or own.upper is not None:
        raise UnsupportedModel(
            f"hears {source.name}, an integrator with a clamp, which no current has",
            hint="leave out the clamp (min_v_mem) of integrators before neurons",
        )


def _kept(edge: FloatEdge, source: Population) -> FloatArray:
    """What is left of what `edge` brings after a step, for each channel that it reaches: (channels,), NaN
    where it reaches none. Raises UnsupportedModel where a channel hears neurons of different leaks."""
    synapses, beta = edge.synapses, np.broadcast_to(_neurons(source).beta, source.shape)
    if bool((beta == beta.flat[0]).all()):
        return np.full(len(synapses.weights), beta.flat[0])
    dense = isinstance(synapses, Dense)
    if edge.pool != (1, 1) or not (dense or bool((beta == beta[:, :1, :1]).all())):
        _refuse_mixed()
    weights = synapses.weights if isinstance(synapses, Dense) else ungrouped(synapses)
    used = weights.reshape(*weights.shape[:2], -1).any(2)
    seen = beta.reshape(-1) if dense else beta[:, 0, 0]
    return _only(np.where(used, seen, np.nan).T)


def _shared(kept: list[FloatArray]) -> FloatArray:
    """One decay for each channel, (channels, 1, 1), of those that its edges want; 1 where none wants any."""
    found = _only(np.stack(kept))
    return np.where(np.isnan(found), 1.0, found).reshape(-1, 1, 1)


def _only(wanted: FloatArray) -> FloatArray:
    """The one number of each column, NaN where there is none; raises UnsupportedModel for several."""
    low, high = (np.where(np.isnan(wanted), none, wanted) for none in (np.inf, -np.inf))
    least, most = low.min(0), high.max(0)
    if bool((least < most).any()):
        _refuse_mixed()
    return np.where(np.isfinite(least), least, np.nan)


def _refuse_mixed() -> NoReturn:
    raise UnsupportedModel(
        "a neuron hears integrators that leak differently, and has one current",
        hint="give the integrators one time constant, or let each feed one neuron",
    )


def _past_the_current(direct: list[FloatEdge], alpha: FloatArray) -> list[FloatEdge]:
    """Edges without an integrator: what they bring enters the current, and leaves it in the next step."""
    if any(edge.source == INPUT for edge in direct):
        raise UnsupportedModel(
            "hears the input both directly and behind an integrator",
            hint="put neurons between the input and one of the two",
        )
    back = -alpha.reshape(-1)
    leaving = [replace(one, synapses=rows_times(one.synapses, back), delay=one.delay + 1) for one in direct]
    return [*direct, *leaving]


def _through(edge: FloatEdge, source: Population, graph: FloatGraph) -> list[FloatEdge]:
    """Edges that bring what `edge` makes of what enters the membranes of `source`."""
    terms = tuple(
        Term(
            one.source,
            pooled(graph.shape_of(one.source), one.pool),
            one.synapses,
            pool=one.pool,
            pooling=one.pooling,
            delay=one.delay + edge.delay,
        )
        for one in source.edges
    )
    gain = _neurons(source).gain
    value = values.scale(Value((Part(terms, np.zeros(()), source.shape),)), gain)
    if edge.pool != (1, 1):
        value = values.pool(value, edge.pool, average=False)
    if isinstance(edge.synapses, Dense):
        value = values.linear(values.flatten(value), edge.synapses.weights)
    else:
        value = values.convolve(value, edge.synapses)
    return [term.edge() for part in value.parts for term in part.terms]


def _constant(edge: FloatEdge, source: Population, number: FloatArray) -> FloatArray:
    """What `edge` makes of a number that every neuron of `source` has."""
    every = np.broadcast_to(number, (1, *source.shape)).astype(np.float64)
    if not every.any():
        return np.zeros(())
    return np.asarray(apply(edge.synapses, windows_of(every, edge.pool).sum((3, 5)))[0])
