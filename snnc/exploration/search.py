"""`snnc compile --optimise`: lanes, cores, tiling and packing for a device, by simulating all that fit."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from snnc.base.errors import DoesNotFit, FileError, SnncError, UnsupportedModel, UsageError
from snnc.compiler.analysis.activity import activity_of
from snnc.compiler.formats.codec import encode
from snnc.compiler.formats.storage import Build
from snnc.compiler.ir.image import Image
from snnc.compiler.ir.network import Network
from snnc.compiler.ir.packing import on_core
from snnc.compiler.ir.program import TiledProgram
from snnc.compiler.pipeline import Compilation, Stage, run_passes, standard_passes
from snnc.compiler.protocol.input_encoding import encode_inputs
from snnc.compiler.targets import Device, Target
from snnc.exploration.meshes import every_mesh, promising_meshes
from snnc.models import Selection, load_inputs
from snnc.rtl.fpga.area_model import Area, predict_area
from snnc.rtl.parameters import WEIGHTS_ALONE
from snnc.sim.simulate import simulate
from snnc.training.data.recordings.view import WHOLE, View

Goal = Literal["latency", "area", "energy"]

EXAMPLES = 8
"""Samples that designs are compared on."""
LOOKED_AT = 2
"""Meshes that are tried for a hint."""
FULL = 0.9
"""Share of a device's logic beyond which it is hard to route."""


@dataclass(frozen=True)
class Design:
    """One way to run a network: hardware cut down to it, what it takes and how it does."""

    mesh: Target
    """Lanes and cores before they are cut down to the network."""
    spread: bool
    """Whether layers are tiled over more cores than they need."""
    tiled: TiledProgram
    area: Area
    latency_s: float
    """Mean over the samples, at the target's clock."""
    energy_j: float
    """Mean over the samples, estimated."""

    @property
    def label(self) -> str:
        """Cores and lanes in short, and tiles where cores have several."""
        cores, tiles = len(on_core(self.tiled)), len(self.tiled.cores)
        return f"{cores} x {self.tiled.target.lanes}" + (f", {tiles} tiles" if tiles > cores else "")

    @property
    def objectives(self) -> dict[Goal, float]:
        """What each goal minimises; the area goes by LUT4s."""
        return {"latency": self.latency_s, "area": float(self.area.lut), "energy": self.energy_j}

    def compile(self, network: Network, observe: Callable[[Stage], None]) -> Compilation:
        """Every level of this design of `network`, pass by pass."""
        return _compile(network, self.mesh, self.spread, observe)

    def beats(self, other: "Design") -> bool:
        """Whether this one is no worse in any objective and better in one."""
        pairs = list(zip(self.objectives.values(), other.objectives.values(), strict=True))
        return all(a <= b for a, b in pairs) and any(a < b for a, b in pairs)


def example_inputs(
    network: Network, data: str | None, data_dir: Path | None, view: View = WHOLE
) -> tuple[NDArray[np.uint8], str]:
    """Samples to compare designs on, and what they are in words.

    They are the first test samples of `data`, or of the data the model was trained on; where that is not at
    hand, random ones as active as was measured of the model or, where nothing was, as the cost model assumes.
    """
    source = data or network.provenance.data
    if source is not None:
        try:
            selection = Selection(source, data_dir, samples=EXAMPLES, view=view)
            return load_inputs(network, selection).x, f"samples of {source}"
        except FileError:
            if data is not None:
                raise
    activity = activity_of(network)
    rate = activity.rates[network.input.name]
    basis = "assumed" if network.provenance.activity is None else "recorded"
    return random_inputs(network, rate, activity.passes), f"random samples at the {basis} rate {rate:.3g}"


def random_inputs(network: Network, rate: float, passes: float) -> NDArray[np.uint8]:
    """Inputs of which a share `rate` of events is sent, with `passes` set bits each, as nearly as random
    values of the input's range can."""
    node, steps = network.input, (network.steps,) if network.input.encoding == "events" else ()
    generator = np.random.default_rng(0)
    shape = (EXAMPLES, *steps, node.features)
    several = generator.integers(1, node.max_payload + 1, shape).astype(np.uint8)
    single = (1 << generator.integers(0, node.max_payload.bit_length(), shape)).astype(np.uint8)
    most = float(np.bitwise_count(several).mean())
    share = min((passes - 1) / (most - 1), 1.0) if most > 1 else 0.0
    values = np.where(generator.random(shape) < share, several, single)
    sent = np.count_nonzero(encode_inputs(node, network.steps, values)) / (
        EXAMPLES * network.steps * node.features
    )
    active = generator.random(shape) < rate / sent
    return np.where(active, values, 0).astype(np.uint8)


def explore(
    network: Network,
    target: Target,
    x: NDArray[Any],
    progress: Callable[[int], None] = lambda done: None,
) -> list[Design]:
    """Every design that fits the device of `target`, simulated on samples x; equal ones only once.

    `progress` takes the number of combinations tried so far, of `combinations(target)`. Raises UsageError
    for a target without an ECP5, whose areas alone are known, UnsupportedModel for a network that breaks the
    target's rules, and DoesNotFit where no combination fits.
    """
    device = target.device
    if device is None or device.family != "ecp5":
        raise UsageError(
            f"areas are known for targets on an ECP5 alone, not for `{target.name}`",
            hint="`--optimise` with `--target ecp5-25k`, `ecp5-85k` or `fpga`",
        )
    designs: list[Design] = []
    refusals: list[tuple[float, SnncError]] = []
    seen: set[str] = set()
    for done, (mesh, spread) in enumerate(every_mesh(target, device), 1):
        progress(done)
        try:
            compiled = _compile(network, mesh, spread)
            area = _fitting_area(compiled.image, device)
        except UnsupportedModel:
            # The rules know of neither lanes nor meshes: no other combination can do better.
            raise
        except SnncError as error:
            refusals.append((error.excess if isinstance(error, _TooLarge) else np.inf, error))
            continue
        tiled = compiled.tiled
        if (text := json.dumps(encode(tiled, {}))) in seen:
            continue
        seen.add(text)
        report = simulate(Build(network, tiled), x)
        latency = sum(report.cycles or ()) / len(x) / report.clock_hz
        designs.append(Design(mesh, spread, tiled, area, latency, report.energy.mean))
    if not designs:
        _, nearest = min(refusals, key=lambda refusal: refusal[0])
        raise DoesNotFit(
            f"none of {combinations(target)} combinations of lanes, cores and tiling fits the {device.part}; "
            f"the nearest: {nearest.message.splitlines()[0]}",
            where=network.name,
        )
    return designs


def hint_for(network: Network, target: Target) -> str | None:
    """That `--optimise` helps a network that does not fit `target` as it is, where a design was compiled that
    fits its device; None where none was, or no area is known."""
    tiled = first_design(network, target)
    if tiled is None or target.device is None:
        return None
    return f"`--optimise latency` makes it fit the same {target.device.part}, for one on {cores_of(tiled)}"


def cores_of(tiled: TiledProgram) -> str:
    """How many cores of how many lanes a program is for, in words."""
    number = len(on_core(tiled))
    return f"{number} core{'s' * (number > 1)} of {tiled.target.lanes} lanes"


def first_design(network: Network, target: Target) -> TiledProgram | None:
    """The first design of `network` that fits the device of `target`, of the first few that may; None where
    none does, or no area is known."""
    for mesh in islice(promising_meshes(network, target), LOOKED_AT):
        try:
            compiled = _compile(network, mesh, spread=False)
            assert target.device is not None  # Or no mesh is promising.
            _fitting_area(compiled.image, target.device)
        except SnncError:
            continue
        return compiled.tiled
    return None


def combinations(target: Target) -> int:
    """Combinations of lanes, cores and tiling that are tried for the device of `target`."""
    return 0 if target.device is None else len(list(every_mesh(target, target.device)))


class _TooLarge(DoesNotFit):
    """More cells than the device has; `excess` is how many times as many."""

    def __init__(self, message: str, excess: float) -> None:
        super().__init__(message)
        self.excess = excess


def _compile(
    network: Network, mesh: Target, spread: bool, observe: Callable[[Stage], None] | None = None
) -> Compilation:
    """Every level of the network on as little of `mesh` as it uses."""
    return Compilation.of(run_passes(network, standard_passes(mesh, spread=spread, specialise=True), observe))


def _fitting_area(image: Image, device: Device) -> Area:
    """The area of a design; raises _TooLarge where the device has less."""
    area = predict_area(image, WEIGHTS_ALONE, uart=device.board != "none")
    needs = (
        ("LUT4", area.lut, int(FULL * device.luts)),
        ("block RAMs", area.bram, device.block_rams),
        ("multipliers", area.dsp, device.multipliers),
    )
    what, needed, available = max(needs, key=lambda need: need[1] / need[2])
    if needed > available:
        raise _TooLarge(f"{needed} {what} needed, {available} to be had", needed / available)
    return area


def choose(designs: Sequence[Design], goal: Goal) -> Design:
    """The best design for `goal`; among equals one that none beats, the first of the search."""
    return min(designs, key=lambda design: (design.objectives[goal], *design.objectives.values()))
