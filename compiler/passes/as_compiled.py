"""What the passes that rewrite networks made of one, for those who compare a program with its network."""

from snnc.compiler.ir.network import Input, Network
from snnc.compiler.passes.crop_kernels import cropped
from snnc.compiler.passes.hold_input import held, is_holding


def as_compiled(network: Network, node: Input) -> Network:
    """What the compiler made of `network` for a program with the input `node`."""
    return cropped(held(network) if is_holding(network, node) else network)
