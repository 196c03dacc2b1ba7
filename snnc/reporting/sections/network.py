"""What the build is: the network, its target, its memories."""

from typing import Any

from snnc.compiler.ir.packing import on_core
from snnc.reporting.subject import Subject

TITLE = "What it is"


def content(subject: Subject) -> dict[str, Any]:
    """The network and the mesh it was compiled for."""
    network, tiled = subject.build.network, subject.build.tiled
    shape = " × ".join(map(str, network.input.shape))
    held = ", sent once and held in the cores" if tiled.input.encoding == "held" else ""
    target = tiled.target
    return {
        "rows": [
            ("network", network.name),
            ("input", f"{shape}, {network.input.encoding}, 0 to {network.input.max_payload}{held}"),
            ("layers", ", ".join(f"{layer.name} ({layer.count})" for layer in network.layers)),
            ("time steps", str(network.steps)),
            ("readout", f"{network.readout.kind.replace('_', ' ')} of {network.readout.layer}"),
            ("weights", f"{_weights(subject):,} of at most {network.weight_bits} bits"),
            ("target", f"{target.name}: {target.description}"),
            (
                "mesh",
                f"{len(on_core(tiled))} of {target.core_count} cores{_tiles(subject)}, {target.lanes} lanes, "
                f"{target.state_bits}-bit states, {target.clock_mhz:g} MHz",
            ),
        ]
    }


def _tiles(subject: Subject) -> str:
    """How many tiles there are, where cores hold several."""
    tiled = subject.build.tiled
    return f" with {len(tiled.cores)} tiles" if len(on_core(tiled)) < len(tiled.cores) else ""


def _weights(subject: Subject) -> int:
    edges = (edge for layer in subject.build.network.layers for edge in layer.edges)
    return sum(int(edge.synapses.weights.size) for edge in edges)
