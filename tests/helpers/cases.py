"""Random cases of the differential tests: a network, hardware and inputs, compiled or refused."""

from dataclasses import dataclass

from breaches import breached
from hypothesis import assume
from hypothesis import strategies as st
from random_hardware import SIZES, Size, targets
from random_networks import networks, payloads

from snnc.base.errors import DoesNotFit, UnsupportedModel
from snnc.compiler.ir.network import Network
from snnc.compiler.isa.arithmetic import IntArray
from snnc.compiler.pipeline import Compilation, run_passes, standard_passes
from snnc.compiler.targets import Target


@dataclass(frozen=True)
class Draft:
    """What was drawn, before the compiler has seen it; payloads are (samples, steps, features)."""

    network: Network
    hardware: Target
    spread: bool
    payloads: IntArray

    def compile(self) -> Compilation:
        """Every level; raises DoesNotFit or UnsupportedModel, without a search for a target that fits."""
        return Compilation.of(run_passes(self.network, standard_passes(self.hardware, spread=self.spread)))


@dataclass(frozen=True)
class Case:
    """A compiled random network and payloads (samples, steps, features) to run it on."""

    compilation: Compilation
    payloads: IntArray


@st.composite
def drafts(
    draw: st.DrawFn, sizes: tuple[Size, ...] = SIZES, hardware: Target | None = None, samples: int = 3
) -> Draft:
    """A network of one of `sizes` with inputs, for `hardware` or for hardware drawn with it; one in 12 breaks
    a rule."""
    size = draw(st.sampled_from(sizes))
    chosen = draw(targets(size)) if hardware is None else hardware
    network = draw(networks(size, chosen))
    if draw(st.integers(0, 11)) == 11:
        network = draw(breached(network, chosen))
    return Draft(network, chosen, draw(st.booleans()), draw(payloads(network, draw(st.integers(1, samples)))))


@st.composite
def cases(
    draw: st.DrawFn, sizes: tuple[Size, ...] = SIZES, hardware: Target | None = None, samples: int = 3
) -> Case:
    """A draft that the compiler accepts; others are drawn again, for refusals have tests of their own."""
    draft = draw(drafts(sizes, hardware, samples))
    try:
        return Case(draft.compile(), draft.payloads)
    except (DoesNotFit, UnsupportedModel):
        assume(False)
        raise
