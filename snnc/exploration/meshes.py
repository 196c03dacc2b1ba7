"""The meshes that `--optimise` tries for a device, and which of them a network has room on at a glance."""

from collections.abc import Iterator
from dataclasses import replace

from snnc.base.bounds import limits
from snnc.base.errors import SnncError
from snnc.compiler.analysis.bounds import bits_needed, state_bounds
from snnc.compiler.analysis.sharing import Sharing
from snnc.compiler.ir.levels import Level
from snnc.compiler.ir.network import Network
from snnc.compiler.ir.tiling import Tiling
from snnc.compiler.passes.demands import SHARED, demands_of
from snnc.compiler.passes.pack import pack
from snnc.compiler.passes.partition import Partition
from snnc.compiler.passes.specialise import BLOCK_KIBIT
from snnc.compiler.pipeline import standard_passes
from snnc.compiler.targets import Device, Target
from snnc.rtl.fpga.area_model import UART_BLOCK_RAMS
from snnc.rtl.fpga.memories import written_memories
from snnc.rtl.parameters import RtlParameters

BLOCK_RAM_BITS = 18 * 1024
LANES = (4, 8, 16, 32)
SIZES = ((1, 1), (2, 1), (3, 1), (2, 2), (3, 2), (4, 2))


def every_mesh(target: Target, device: Device) -> Iterator[tuple[Target, bool]]:
    """Every mesh and tiling to try, where cores may hold several tiles with one each, too."""
    kibit = device.block_rams * BLOCK_KIBIT
    # Cores may share the device's block RAM as they like: what they take is counted afterwards.
    roomy = replace(target, weight_kibit=kibit)
    if target.contexts > 1:
        states = 1 << (kibit * 1024 // target.state_bits).bit_length() - 1
        roomy = replace(roomy, neurons=min(states, int(limits(Target, "neurons").high)))
    for contexts in dict.fromkeys((1, target.contexts)):
        for lanes in LANES:
            for width, height in SIZES:
                mesh = replace(roomy, width=width, height=height, lanes=lanes, contexts=contexts)
                yield from ((mesh, False), (mesh, True))


def promising_meshes(network: Network, target: Target) -> Iterator[Target]:
    """Of the meshes for the ECP5 of `target`, with each number of lanes and contexts one on which the tiles
    of `network` find room, as small as was found, if its block RAM holds their memories; none for other
    devices."""
    device = target.device
    if device is None or device.family != "ecp5":
        return
    legal = ready_for_tiles(network, target)
    if legal is None or _least_bits(legal, target) > device.block_rams * BLOCK_RAM_BITS:
        return
    largest = SIZES[-1]
    for mesh, spread in every_mesh(target, device):
        few = len(network.layers) > mesh.core_count * mesh.contexts
        if spread or few or (mesh.width, mesh.height) != largest:
            continue
        tiling = tiles_of(legal, mesh)
        if tiling is None:
            continue
        sharing = pack(tiling, spread=False) if mesh.contexts > 1 else list(range(len(tiling.tiles)))
        if _least_block_rams(tiling, sharing, device) <= device.block_rams:
            width, height = next((w, h) for w, h in SIZES if w * h > max(sharing))
            yield replace(mesh, width=width, height=height)


def state_bits_of(network: Network) -> int:
    """Bits that the widest sum of any neuron needs."""
    return max(bits_needed(*state_bounds(network, layer).extremes) for layer in network.layers)


def ready_for_tiles(network: Network, target: Target) -> Network | None:
    """`network` as `partition` takes it; None where it breaks a rule of `target`."""
    ir: Level = network
    try:
        for step in standard_passes(target):
            if isinstance(step, Partition):
                break
            ir = step.run(ir)
    except SnncError:
        return None
    assert isinstance(ir, Network)
    return ir


def tiles_of(network: Network, target: Target) -> Tiling | None:
    """The tiles on `target` of a network that is ready for them, as few as possible; None where they find no
    room."""
    try:
        return Partition(target, spread=False).run(network)
    except SnncError:
        return None


def _least_bits(network: Network, target: Target) -> int:
    """Of weights and states, however they are cut."""
    sizes = [edge.synapses.weights.size for layer in network.layers for edge in layer.edges]
    stored = target.stored_weight_bits(network.weight_bits)
    return sum(sizes) * stored + sum(layer.count for layer in network.layers) * state_bits_of(network)


def _least_block_rams(tiling: Tiling, sharing: Sharing, device: Device) -> int:
    """Of weights, states and bitmaps, which are as large on every core as on the fullest."""
    network, target = tiling.network, tiling.target
    demands, _ = demands_of(tiling)
    fullest = {
        what: max(
            sum(d.amounts[number] for d, core in zip(demands, sharing, strict=True) if core == one)
            for one in set(sharing)
        )
        for number, what in enumerate(SHARED)
    }
    hardware = RtlParameters(
        lanes=target.lanes,
        weight_bits=tiling.weight_bits,
        weight_words=fullest["weight words"],
        state_bits=state_bits_of(network),
        state_words=1 << (fullest["state words"] - 1).bit_length(),
        cuba=int(any(layer.neurons.current_leak is not None for layer in network.layers)),
    )
    block_rams = written_memories(hardware, bitmap=True).block * len(set(sharing))
    return block_rams + UART_BLOCK_RAMS * (device.board != "none")
