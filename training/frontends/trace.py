"""A module's forward pass run on stand-ins: which neurons it has, what feeds them, and what it answers."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import chain, count
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from torch import nn

from snnc.base.errors import UnsupportedModel
from snnc.compiler.frontends.builder import GraphBuilder, located
from snnc.compiler.frontends.findings import Findings
from snnc.compiler.frontends.float_graph import INPUT, FloatNeurons, Rectifier
from snnc.compiler.frontends.synapses import convolution
from snnc.compiler.frontends.values import (
    Value,
    add,
    convolve,
    delayed,
    population,
    require_windows,
    scale,
    shift,
    without_bias,
)
from snnc.compiler.ir.network import Shape, pooled
from snnc.training.frontends.moments import collapsed, restricted, same
from snnc.training.frontends.neurons.record import Record
from snnc.training.frontends.neurons.table import find_record, is_neurons
from snnc.training.frontends.standin import (
    BATCH,
    EVERY,
    SAMPLES,
    STEPS,
    Axis,
    Moments,
    StandIn,
    latest,
)

Pair = tuple[int, int]
ANY = FloatNeurons(np.array(1.0), reset="hard")
"""Neurons that fire where a spike arrives."""
WHOLE = "the module"
"""The place of what runs outside of every part."""
MEMBRANE = "#membrane"
"""Behind the name of a population: its membranes."""
LARGEST = "the largest of windows "
"""Before the number of such a value, which only neurons may take."""


@dataclass
class Site:
    """Neurons of the module: what they are, and what each call brought them."""

    name: str
    value: Value
    neurons: FloatNeurons | Rectifier
    emitted: Value
    record: Record | None = None
    calls: list[Moments] = field(default_factory=list)


class Trace:
    """One run of a module's forward pass on stand-ins."""

    def __init__(self, module: nn.Module, shape: Shape, steps: int, findings: Findings) -> None:
        self.module, self.steps, self.findings = module, steps, findings
        self.given_steps, self.input_has_steps = steps, False
        self.paths = {part: path for path, part in module.named_modules()}
        self.records: dict[nn.Module, Record | None] = {}
        self.inside: list[str] = []
        self.sites: list[Site] = []
        self.scratch = GraphBuilder(shape)
        self.windows: dict[str, tuple[Value, Pair]] = {}
        """Of what sums, and in which windows, the largest is taken before neurons."""
        self.own_steps: int | None = None
        """Steps that the module itself goes through; None where it takes as many as there are."""
        self.operations = 0
        """How far it came: the number of operations met."""

    def size(self, axis: Axis) -> int:
        """Of a leading dimension."""
        if isinstance(axis, tuple):
            return self.size(axis[0]) * self.size(axis[1])
        return {SAMPLES: BATCH, STEPS: self.steps}.get(axis, 1)

    @property
    def place(self) -> str:
        """The part of the module that runs now."""
        return self.inside[-1] if self.inside else WHOLE

    def run(self, lead: Sequence[Axis], form: str) -> Any:
        """What the module answers to an input of these dimensions."""
        self.input_has_steps = any(STEPS in (axis if isinstance(axis, tuple) else (axis,)) for axis in lead)
        step = EVERY if self.input_has_steps else None
        given = StandIn.make(self, {step: self._input(form)}, lead, form)
        call = nn.Module.__call__

        def called(part: nn.Module, *args: Any, **kwargs: Any) -> Any:
            if part not in self.paths or not any(isinstance(one, StandIn) for one in args):
                return call(part, *args, **kwargs)
            with self._within(self.paths[part] or WHOLE):
                record = self._record(part)
                if record is not None:
                    return record.answer(self, args, kwargs)
                return call(part, *args, **kwargs)

        with patch.object(nn.Module, "__call__", called), torch.no_grad():
            return self.module(given)

    def _record(self, part: nn.Module) -> Record | None:
        if part not in self.records:
            self.records[part] = find_record(part)
        return self.records[part]

    def _input(self, form: str) -> Value:
        value = self.scratch.input
        return replace(value, flat=True) if form == "flat" else value

    @contextmanager
    def _within(self, path: str) -> Iterator[None]:
        self.inside.append(path)
        try:
            with located(path):
                yield
        finally:
            self.inside.pop()

    def fire(self, x: StandIn, record: Record) -> tuple[StandIn, StandIn, int]:
        """Neurons called once more: their spikes, their membranes, and which call it was."""
        if x.reduced:
            raise UnsupportedModel(
                f"follows steps or classes that became one ({x.reduced}), which is no value of a step",
                hint="neurons take every step; prepare an input that is one for all steps with the data",
            )
        name = identifier(self.place)
        site = next((site for site in self.sites if site.name == name), None)
        number = 0 if site is None else len(site.calls)
        moments = _sequence(x, record, number) if record.sequence else _step(x, number)
        if site is None:
            site = self._new_site(name, collapsed(moments, number), record)
        site.calls.append(moments)
        at = EVERY if record.sequence else number
        membranes = population(name + MEMBRANE, site.emitted.shape)
        spikes = site.emitted if record.gain is None else scale(site.emitted, record.gain)
        return x.like({at: spikes}), x.like({at: replace(membranes, flat=spikes.flat)}), number

    def _new_site(self, name: str, value: Value, record: Record) -> Site:
        self.findings.note(self.place, record.kind, record.status, *record.remarks)
        if record.incoming is not None:
            value = record.incoming(value)
        sums, window = self._in_windows(value)
        emitted = self.scratch.fire(name, sums, record.neurons, window)
        site = Site(name, value, record.neurons, emitted, record)
        self.sites.append(site)
        return site

    def without_memory(
        self, suffix: str, value: Value, neurons: FloatNeurons | Rectifier, make: Callable[[str], Value]
    ) -> Value:
        """What units without memory give for `value`; the same ones where they met it before."""
        base = identifier(f"{self.place}_{suffix}" if self.place != WHOLE else suffix)
        for site in self.sites:
            alike = site.neurons is neurons or (isinstance(neurons, Rectifier) and site.neurons == neurons)
            if site.record is None and alike and same(site.value, value):
                return site.emitted
        taken = {site.name for site in self.sites}
        names = chain([base], (f"{base}_{number}" for number in count(1)))
        name = next(one for one in names if one not in taken)
        self.sites.append(Site(name, value, neurons, make(name)))
        return self.sites[-1].emitted

    def rectify(self, value: Value, units: Rectifier) -> Value:
        """What rectifiers make of a value."""
        return self.without_memory("relu", value, units, lambda name: self.scratch.fire(name, value, units))

    def largest(self, value: Value, window: Pair, stride: Pair, padding: tuple[Pair, Pair]) -> Value:
        """Max pooling of spikes: part of the next edge, or neurons that fire where one spike arrives."""
        if stride == window and not np.any(padding):
            return self.scratch.largest("max", value, window)
        self.scratch.require_spikes(value)
        require_windows(value.shape, window, stride, padding)
        channels = value.shape[0]
        ones = convolution(np.ones((channels, 1, *window)), stride=stride, padding=padding, groups=channels)
        touched = convolve(value, ones)
        return self.without_memory("max", touched, ANY, lambda name: self.scratch.fire(name, touched, ANY))

    def largest_before(self, value: Value, window: Pair) -> Value:
        """The largest of every window of sums, for neurons to take."""
        alike = (
            name for name, (known, size) in self.windows.items() if size == window and same(known, value)
        )
        name = next(alike, f"{LARGEST}{len(self.windows)}")
        self.windows[name] = value, window
        return population(name, pooled(value.shape, window))

    def _in_windows(self, value: Value) -> tuple[Value, Pair]:
        """What neurons take: sums, and the windows of which the largest counts. A positive factor and what is
        added to it may as well come before the largest is taken."""
        if not any(term.source in self.windows for part in value.parts for term in part.terms):
            return value, (1, 1)
        (part, *others) = value.parts
        (term, *more) = part.terms
        bare = term.synapses is None and term.pool == (1, 1) and bool((term.gain > 0).all())
        if others or more or value.flat or not bare:
            raise UnsupportedModel(
                "a max pool of sums is followed by something else than neurons",
                hint="put the neurons before or right behind the pool",
            )
        inner, window = self.windows[term.source]
        inner = shift(scale(inner, term.gain), part.bias)
        return (delayed(inner, term.delay) if term.delay else inner), window

    @property
    def spiking(self) -> bool:
        """Whether the module has spiking neurons that are parts of it."""
        return any(map(is_neurons, self.module.modules()))

    def set_steps(self, steps: int) -> None:
        """Take notice of how many steps the module itself runs; raises UnsupportedModel for two numbers."""
        if self.own_steps is None:
            self.own_steps = self.steps = steps
        if steps != self.steps:
            raise UnsupportedModel(f"runs {self.steps} steps in one place, {steps} in another")

    def steps_of_its_own(self) -> int | None:
        """How many steps the module runs in a loop; None where its input or its caller says."""
        single = [site for site in self.sites if site.record is not None and not site.record.sequence]
        found = max([self.own_steps or 0, *(len(site.calls) for site in single)])
        # As many as were given are what a loop over the input itself makes of any number.
        return found if found > 1 and not (self.input_has_steps and found == self.given_steps) else None

    def graph(self) -> GraphBuilder:
        """Every population with what feeds it in the last step, which is what feeds it in every step."""
        builder = GraphBuilder(self.scratch.shape)
        calls = {
            site.name: len(site.calls) for site in self.sites if site.record and not site.record.sequence
        }
        if len(set(calls.values())) > 1:
            counts = ", ".join(f"{name} {number} times" for name, number in calls.items())
            raise UnsupportedModel(f"neurons are called differently often: {counts}")
        for site in self.sites:
            with located(site.name):
                sums, window = self._in_windows(self.heard(self._fed(site), builder))
                builder.fire(site.name, sums, site.neurons, window)
        return builder

    def heard(self, value: Value, builder: GraphBuilder) -> Value:
        """`value` with the populations that send membranes in place of their names, which `builder` gets;
        raises UnsupportedModel for membranes that are reset."""
        parts = [
            replace(
                part,
                terms=tuple(
                    replace(term, source=self._sender(term.source.removesuffix(MEMBRANE), builder))
                    if term.source.endswith(MEMBRANE)
                    else term
                    for term in part.terms
                ),
            )
            for part in value.parts
        ]
        return replace(value, parts=tuple(parts))

    def _sender(self, name: str, builder: GraphBuilder) -> str:
        """The integrators whose membranes are those of the neurons called `name`."""
        site = next(site for site in self.sites if site.name == name)
        neurons, own = site.neurons, f"{name}{MEMBRANE}"
        if not isinstance(neurons, FloatNeurons) or neurons.reset == "none":
            return name
        if neurons.reset == "hard" or neurons.subtracted.any():
            raise UnsupportedModel(
                f"takes the membranes of {name}, which are reset; only spikes travel then",
                hint="hand on spikes, or membranes of neurons without a reset",
            )
        if own not in {one.name for one in builder.populations}:
            fed = self._fed(site)
            if any(term.source == own for part in fed.parts for term in part.terms):
                raise UnsupportedModel(f"{name} takes its own membranes")
            integrators = replace(neurons, reset="none", rho=None, reset_delay=False)
            sums, window = self._in_windows(self.heard(fed, builder))
            builder.fire(own, sums, integrators, window)
        return own

    def _fed(self, site: Site) -> Value:
        if site.record is None:
            return site.value
        last = collapsed(site.calls[-1], len(site.calls) - 1)
        for number, moments in enumerate(site.calls):
            if not same(restricted(last, number), collapsed(moments, number)):
                raise UnsupportedModel(
                    f"call {number + 1} of {len(site.calls)} gets something else than the last",
                    hint="neurons of two layers need a module each; hand every state to the next step",
                )
        record = site.record
        if record.incoming is not None:
            last = record.incoming(last)
        if record.recurrent is not None:
            last = _with_recurrence(last, record.recurrent(site.emitted))
        return last


def _with_recurrence(value: Value, recurrent: Value) -> Value:
    """The value plus the recurrent one a step later, whose bias is there from the first step on."""
    (part,) = recurrent.parts
    return shift(add(value, delayed(without_bias(recurrent), 1)), part.bias)


def _step(x: StandIn, number: int) -> Moments:
    """What single-step neurons get at their call `number`."""
    if STEPS in x.lead or any(isinstance(axis, tuple) for axis in x.lead):
        raise UnsupportedModel(
            f"takes one step at a time, but all arrive at once {tuple(x.shape)}",
            hint="call it in a loop over the steps, or use the multi-step mode of the framework",
        )
    at = latest(x.moments)
    if at is not None and at > number:
        raise UnsupportedModel(f"call {number + 1} gets a value of step {at + 1}")
    return dict(x.moments)


def _sequence(x: StandIn, record: Record, number: int) -> Moments:
    """What multi-step neurons get in their only call."""
    if number:
        raise UnsupportedModel("takes all steps at once, but is called more than once")
    if x.lead not in record.leads:
        raise UnsupportedModel(f"takes all steps at once, but {tuple(x.shape)} arrives, {x.lead}")
    return dict(x.moments)


def identifier(path: str) -> str:
    """The name of a population for a part of a module."""
    plain = path.replace(".", "_")
    return plain if plain.isidentifier() and plain != INPUT else f"n{plain}"
