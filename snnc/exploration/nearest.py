"""The configuration nearest to a network that does not fit: fewer channels, bits of weights, or steps.

Every candidate is cut into tiles and packed, which says what it needs to the word; what is proposed is
compiled.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from snnc.base.errors import SnncError
from snnc.compiler.analysis.smaller import narrowed, weight_bits_of, with_bits, with_steps
from snnc.compiler.ir.network import Network
from snnc.compiler.pipeline import run_passes, standard_passes
from snnc.compiler.targets import Target
from snnc.exploration.meshes import ready_for_tiles, state_bits_of, tiles_of

PARTS = 16
"""Of the channels, a layer keeps so many sixteenths."""
LEAST_BITS = 2
LEAST_KEPT = 1 / 64
"""Share below which a network is another one."""
Fits = Callable[[Network], bool]


@dataclass(frozen=True)
class Change:
    """What is changed of a network in training, or before it is compiled."""

    parts: int
    """Sixteenths of the channels that every layer but the readout keeps."""
    bits: int
    """Most bits of a weight."""
    steps: int

    def of(self, network: Network) -> Network | None:
        """The changed network, a stand-in for one that is trained so; None where its layers cannot shrink."""
        changed = with_steps(with_bits(network, self.bits), self.steps)
        return changed if self.parts == PARTS else narrowed(changed, Fraction(self.parts, PARTS))

    @staticmethod
    def kept(network: Network, changed: Network) -> float:
        """How near the changed network is: the share of the bits of all weights, times that of the steps."""
        return weight_bits_of(changed) / weight_bits_of(network) * changed.steps / network.steps


@dataclass(frozen=True)
class Nearest:
    """A change with which a network fits."""

    change: Change
    network: Network
    """The changed one."""
    kept: float


def nearest(
    network: Network, fits: Fits, sure: Fits, *, retrained: bool = True, beyond: float = LEAST_KEPT
) -> Nearest | None:
    """The nearest change with which `network` fits, by a quick look (`fits`) and a thorough one (`sure`):
    with fewer steps where that makes sums narrower, with fewer channels if it is `retrained`. None where
    none was found that keeps more than `beyond`.

    Takes for granted that what fits still does with fewer bits or channels.
    """
    best: Nearest | None = None
    for steps in _halvings(network):
        for bits in range(network.weight_bits, LEAST_BITS - 1, -1):
            kept = best.kept if best else beyond
            best = _widest(network, bits, steps, fits, sure, kept, retrained=retrained) or best
    return best


def fits_target(target: Target) -> Fits:
    """Whether networks are cut into tiles that find room on `target`."""

    def fits(network: Network) -> bool:
        legal = ready_for_tiles(network, target)
        return legal is not None and tiles_of(legal, target) is not None

    return fits


def compiles_for(target: Target) -> Fits:
    """Whether networks compile for `target`, as `snnc compile` does it."""

    def sure(network: Network) -> bool:
        try:
            run_passes(network, standard_passes(target))
        except SnncError:
            return False
        return True

    return sure


def _halvings(network: Network) -> Iterator[int]:
    """Its steps, and fewer where that makes sums narrower."""
    yield network.steps
    steps, bits = network.steps // 2, state_bits_of(network)
    while steps:
        if (narrower := state_bits_of(with_steps(network, steps))) < bits:
            bits = narrower
            yield steps
        steps //= 2


def _widest(
    network: Network, bits: int, steps: int, fits: Fits, sure: Fits, kept: float, *, retrained: bool
) -> Nearest | None:
    """The widest network of so many bits and steps that fits and keeps more than `kept`, by bisection; a few
    narrower ones are tried where the quick look was too hopeful."""
    least = 1 if retrained else PARTS
    candidates = [_candidate(network, Change(parts, bits, steps)) for parts in range(least, PARTS + 1)]
    better = [candidate for candidate in candidates if candidate is not None and candidate.kept > kept]
    low, high, step = 0, len(better), 1
    if not better or not fits(better[0].network):
        return None
    while low < high:
        middle = (low + high) // 2
        low, high = (middle + 1, high) if fits(better[middle].network) else (low, middle)
    while low > 0:
        if sure(better[low - 1].network):
            return better[low - 1]
        low, step = low - step, 2 * step
    return None


def _candidate(network: Network, change: Change) -> Nearest | None:
    changed = change.of(network)
    return None if changed is None else Nearest(change, changed, Change.kept(network, changed))
