"""bound-accumulators: prove per neuron that the state word never overflows, or refuse with the width."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from snnc.base.errors import DoesNotFit
from snnc.compiler.analysis.bounds import bits_needed, state_bounds
from snnc.compiler.ir.levels import Level
from snnc.compiler.ir.network import Network
from snnc.compiler.isa.arithmetic import state_range
from snnc.compiler.targets import Target


@dataclass(frozen=True)
class BoundAccumulators:
    """Needs a legal Network. Guarantees that no state word, partial sum or sweep result of any neuron
    leaves the target's state width, whatever the input and the order of arrival (invariant I3).

    Refuses with DoesNotFit, naming every layer's worst neuron and the width it needs.
    """

    target: Target
    name: ClassVar[str] = "bound-accumulators"
    takes: ClassVar[type[Level]] = Network
    gives: ClassVar[type[Level]] = Network

    def run(self, network: Network) -> Network:
        low, high = state_range(self.target.state_bits)
        misfits = []
        for layer in network.layers:
            bounds = state_bounds(network, layer)
            smallest, largest = bounds.extremes
            if smallest < low or largest > high:
                worst = int(np.maximum(low - bounds.low, bounds.high - high).argmax())
                misfits.append(
                    f"layer {layer.name!r}: state word needs {bits_needed(smallest, largest)} bits "
                    f"({smallest}..{largest}, widest at channel {worst}), has {self.target.state_bits}"
                )
        if misfits:
            raise DoesNotFit(
                f"accumulators do not fit target `{self.target.name}`\n" + "\n".join(misfits),
            )
        return network
