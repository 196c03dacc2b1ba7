"""What helps a network that does not fit: another target, other hardware on the same device, or the nearest
network that fits."""

import re
from collections.abc import Callable
from fractions import Fraction

from snnc.base.errors import SnncError
from snnc.compiler.ir.network import Network
from snnc.compiler.targets import Target
from snnc.exploration.meshes import promising_meshes
from snnc.exploration.nearest import (
    LEAST_KEPT,
    PARTS,
    Change,
    Nearest,
    compiles_for,
    fits_target,
    nearest,
)
from snnc.exploration.search import cores_of, first_design, hint_for
from snnc.training.fitting.recipes import RECIPES

NAMED = 8
"""Layers whose channels a hint names."""
HIDDEN = re.compile(r"hidden\d+")
"""What recipes call the last layer of each width."""
Again = Callable[[int, int], Network]
"""The network of the same model with weights of at most so many bits and for so many steps."""


def remedies(network: Network, target: Target, again: Again) -> list[str]:
    """Every remedy that was checked, a line each: other hardware on the device of `target`; the same model
    with fewer bits or steps; the nearest network that fits `target` once it has been trained, and one that
    is nearer on other hardware of its device."""
    lines = [hint] if (hint := hint_for(network, target)) is not None else []
    fits, sure = fits_target(target), compiles_for(target)
    as_it_is = nearest(network, fits, sure, retrained=False)
    if as_it_is is not None and not _compiles_again(as_it_is.change, again, sure):
        as_it_is = None
    if as_it_is is not None:
        lines.append(f"{_options(network, as_it_is.change)} makes it fit `{target.name}`; accuracy may fall")
    found = nearest(network, fits, sure, beyond=as_it_is.kept if as_it_is else LEAST_KEPT)
    if found is not None:
        lines.append(f"trained with {_described(network, found)}, it fits `{target.name}`")
    if hint is None:
        lines += _on_other_hardware(network, target, found or as_it_is)
    return lines


def _on_other_hardware(network: Network, target: Target, known: Nearest | None) -> list[str]:
    def fits(other: Network) -> bool:
        return any(True for _ in promising_meshes(other, target))

    def sure(other: Network) -> bool:
        return first_design(other, target) is not None

    found = nearest(network, fits, sure, beyond=known.kept if known else LEAST_KEPT)
    tiled = None if found is None else first_design(found.network, target)
    if found is None or tiled is None or target.device is None:
        return []
    how = f"`--optimise latency` makes it fit the same {target.device.part}, for one on {cores_of(tiled)}"
    return [f"trained with {_described(network, found)}, {how}"]


def _compiles_again(change: Change, again: Again, sure: Callable[[Network], bool]) -> bool:
    try:
        return sure(again(change.bits, change.steps))
    except SnncError:
        return False


def _options(network: Network, change: Change) -> str:
    options = [f"--bits {change.bits}"] * (change.bits < network.weight_bits)
    options += [f"--steps {change.steps}"] * (change.steps < network.steps)
    return f"`{' '.join(options)}`"


def _described(network: Network, found: Nearest) -> str:
    """What is changed in training, and for recipes how that is said."""
    change, parts, settings = found.change, [], []
    if change.bits < network.weight_bits:
        parts.append(f"{change.bits}-bit weights")
        settings.append(f"weight_bits={change.bits}")
    if change.steps < network.steps:
        parts.append(f"{change.steps} steps")
        settings.append(f"steps={change.steps}")
    if change.parts < PARTS:
        part = Fraction(change.parts, PARTS)
        parts.append(f"{part} of the channels ({_channels(network, found.network)})")
        widths = [layer.shape[0] for layer in found.network.layers if HIDDEN.fullmatch(layer.name)]
        settings.append(f"hidden={','.join(map(str, widths))}")
    said = " and ".join(parts)
    recipe = network.provenance.recipe
    return f"{said} (`snnc train {recipe} {_set(settings)}`)" if recipe in RECIPES else said


def _set(settings: list[str]) -> str:
    return " ".join(f"--set {setting}" for setting in settings)


def _channels(network: Network, smaller: Network) -> str:
    pairs = zip(network.layers, smaller.layers, strict=True)
    changed = [f"{new.name} {new.shape[0]}" for old, new in pairs if new.shape != old.shape]
    more = f" and {len(changed) - NAMED} more" if len(changed) > NAMED else ""
    return ", ".join(changed[:NAMED]) + more
