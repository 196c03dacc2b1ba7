"""The parameters of the hardware, and which ones a memory image is for."""

from dataclasses import asdict, dataclass
from zlib import crc32

from snnc.compiler.ir.image import Image
from snnc.compiler.isa.contract import Memory

EVERY_MEMORY = (1 << len(Memory)) - 1
WEIGHTS_ALONE = 1 << Memory.WEIGHTS
"""Loadable memories of hardware for one network: other weights can be loaded into it, no other network."""


@dataclass(frozen=True)
class RtlParameters:
    """The parameters of `snnc_top`, under the same names in snake case."""

    mesh_width: int = 2
    mesh_height: int = 2
    lanes: int = 8
    weight_bits: int = 4
    state_bits: int = 16
    weight_words: int = 256
    state_words: int = 16
    parameter_words: int = 16
    axon_rows: int = 16
    axon_columns: int = 16
    bitmap_slots: int = 1
    cuba: int = 0
    decay_multiplier: int = 0
    reset_amount: int = 0
    channel_leak: int = 0
    lower_clamp: int = 0
    fraction_bits: int = 0
    payload_bits: int = 8
    destinations: int = 8
    sources: int = 8
    event_fifo_depth: int = 16
    router_fifo_depth: int = 4
    contexts: int = 1
    loadable: int = EVERY_MEMORY
    """Memories that CONFIG flits write, one bit per `Memory`; the others keep their initial content."""
    single_port_weights: int = 0
    """1: weights lie in RAM of one port without initial content: they are loaded before the first run."""
    init_prefix: str = ""
    """Absolute beginning of the names of the initial memory images; "" for none."""

    def verilog(self) -> dict[str, str]:
        """Parameter names and values as a command line states them."""
        values = asdict(self)
        prefix = values.pop("init_prefix")
        named = {_upper_camel(name): str(value) for name, value in values.items()}
        return {**named, "InitPrefix": f'"{prefix}"'}


def parameters_for(image: Image, init_prefix: str = "", *, loadable: int = EVERY_MEMORY) -> RtlParameters:
    """The hardware that `image` is for, of whose memories only the `loadable` ones take CONFIG flits."""
    target = image.target
    return RtlParameters(
        mesh_width=target.width,
        mesh_height=target.height,
        lanes=target.lanes,
        weight_bits=image.weight_bits,
        state_bits=target.state_bits,
        weight_words=target.weight_words(image.weight_bits),
        state_words=target.state_words,
        parameter_words=target.parameter_words,
        axon_rows=target.axon_rows,
        axon_columns=target.axon_columns,
        bitmap_slots=target.delay_slots,
        cuba=int(target.cuba),
        decay_multiplier=int(target.decay_multiplier),
        reset_amount=int(target.reset_amount),
        channel_leak=int(target.channel_leak),
        lower_clamp=int(target.lower_clamp),
        fraction_bits=target.fraction_bits,
        # Where other networks can be loaded events carry any payload.
        payload_bits=8 if loadable >> Memory.REGISTERS & 1 else image.input.max_payload.bit_length(),
        destinations=target.destinations,
        sources=target.sources,
        event_fifo_depth=target.event_fifo,
        router_fifo_depth=target.router_fifo,
        contexts=target.contexts,
        loadable=loadable,
        single_port_weights=int(target.device is not None and target.device.single_port_rams > 0),
        init_prefix=init_prefix,
    )


def identity(parameters: RtlParameters, image: Image) -> int:
    """24 bits that name hardware to the host: its parameters, and the content of what cannot be loaded."""
    named = parameters.verilog()
    del named["InitPrefix"]
    value = crc32(repr(sorted(named.items())).encode())
    for core in image.cores:
        for memory, section in core.sections():
            if not parameters.loadable >> memory & 1:
                value = crc32(repr((core.at, memory, section.first_address)).encode(), value)
                value = crc32(section.words.astype("<u4").tobytes(), value)
    return value & 0xFFFFFF


def _upper_camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))
