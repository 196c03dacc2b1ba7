"""How often the nodes of a network send events: measured where its provenance says so, assumed elsewhere."""

from snnc.compiler.analysis.bounds import GRADED
from snnc.compiler.ir.network import Network
from snnc.compiler.ir.provenance import Activity

ASSUMED_INPUT, ASSUMED_PASSES, ASSUMED_RATE = 0.5, 1.5, 0.15


def activity_of(network: Network) -> Activity:
    """The activity that was measured of `network`, or the assumed one."""
    if network.provenance.activity is not None:
        return network.provenance.activity
    graded = network.input.encoding in GRADED and network.input.max_payload > 1
    rates = {layer.name: ASSUMED_RATE for layer in network.layers}
    return Activity({network.input.name: ASSUMED_INPUT} | rates, ASSUMED_PASSES if graded else 1.0)
