"""What the view shows at a location: runs of the last samples, and from them the content of the page."""

from dataclasses import replace
from functools import lru_cache
from typing import Any

from snnc.base.errors import UsageError
from snnc.compiler.formats.storage import Build
from snnc.compiler.ir.program import Core
from snnc.compiler.isa.address import Address
from snnc.reporting.sections.mistakes import picture
from snnc.reporting.viewer.location import Location
from snnc.reporting.viewer.memories import show_memory
from snnc.reporting.viewer.mesh import draw_mesh, place_of
from snnc.reporting.viewer.neurons import show_neurons
from snnc.reporting.viewer.recording import Recording
from snnc.sim.engine.records import ACCUMULATE_AT, EMIT_AT, IDLE_AT, SWEEP_AT
from snnc.training.data.datasets import Samples

MAX_OUTPUTS = 16
"""Most outputs that are shown."""
KEPT = 4
"""Recordings that are kept."""


class Session:
    """A build and its samples, looked at."""

    def __init__(self, build: Build, samples: Samples) -> None:
        self.build, self.samples = build, samples
        self.recording = lru_cache(maxsize=KEPT)(self._record)

    def _record(self, sample: int) -> Recording:
        return Recording(self.build, self.samples.x[sample : sample + 1])

    def content(self, location: Location) -> dict[str, Any]:
        """What the template needs; raises UsageError where the location is nowhere."""
        steps = self.build.tiled.steps
        _check("sample", location.sample, len(self.samples))
        _check("step", location.step, steps)
        recording = self.recording(location.sample)
        core = self._core(location)
        location = replace(location, core=place_of(core))
        label = int(self.samples.classes[location.sample]) if self.samples.has_classes else None
        return {
            "name": self.build.network.name,
            "target": self.build.tiled.target.name,
            "data": self.samples.name,
            "location": location,
            "steps": steps,
            "samples": len(self.samples),
            "cycles": recording.cycles,
            "label": label,
            "prediction": int(recording.outputs.argmax()),
            "outputs": recording.outputs[:MAX_OUTPUTS].tolist(),
            "more": max(0, len(recording.outputs) - MAX_OUTPUTS),
            "picture": picture(self.samples, location.sample),
            "mesh": draw_mesh(recording, location),
            "core": core,
            "times": self._times(recording, core, location.step),
            "neurons": show_neurons(recording, core, location),
            "memory": show_memory(recording, core, location),
            "ways": self._ways(location, recording.number(core)),
        }

    def _core(self, location: Location) -> Core:
        cores = self.build.tiled.cores
        if location.core is None:
            return cores[0]
        for core in cores:
            if place_of(core) == location.core:
                return core
        raise UsageError(f"nothing lies on core {Address(*location.core[:2], context=location.core[2])}")

    def _times(self, recording: Recording, core: Core, step: int) -> list[tuple[str, int, int]]:
        """(what, first cycle, cycle behind the last) of what a core does in a step."""
        rows = recording.run.timeline[0, recording.number(core)]
        begins = 0 if step == 0 else int(rows[step - 1, ACCUMULATE_AT])
        row = rows[step].tolist()
        times = [("accumulates", begins, row[SWEEP_AT]), ("sweeps", row[SWEEP_AT], row[ACCUMULATE_AT])]
        return [*times, ("sends", row[EMIT_AT], row[IDLE_AT])]

    def _ways(self, location: Location, place: int) -> dict[str, str | None]:
        """Addresses one step away in each direction, None where that is the end."""
        cores = self.build.tiled.cores
        sample, step = location.sample, location.step

        def core_at(number: int) -> str:
            return location.at(core=place_of(cores[number % len(cores)]))

        return {
            "step_before": location.at(step=step - 1) if step else None,
            "step_after": location.at(step=step + 1) if step + 1 < self.build.tiled.steps else None,
            "step_first": location.at(step=0),
            "sample_before": location.at(sample=sample - 1) if sample else None,
            "sample_after": location.at(sample=sample + 1) if sample + 1 < len(self.samples) else None,
            "core_before": core_at(place - 1),
            "core_after": core_at(place + 1),
        }


def _check(name: str, value: int, count: int) -> None:
    if value >= count:
        raise UsageError(f"there is no {name} {value}: there are {count}, from 0 on")
