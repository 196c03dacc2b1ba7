"""Hypothesis strategies for hardware: meshes, FIFOs and memories, down to the smallest of a target."""

from dataclasses import dataclass
from typing import Any

from builders import target
from hypothesis import strategies as st

from snnc.compiler.targets import Device, Target

MESHES = (
    *((2, 2), (1, 1), (2, 1), (1, 3), (3, 2), (4, 1), (3, 3), (4, 4), (8, 2), (2, 8), (16, 1)),
    *((20, 1), (1, 40), (64, 64)),
)

FIFOS = (4, 2, 8, 16, 32, 64, 128, 256)


@dataclass(frozen=True)
class Size:
    """Which few dimensions of a network are large; others stay small, so that a case takes milliseconds."""

    name: str
    steps: tuple[int, int] = (1, 5)
    neurons: int = 14
    """Neurons of a flat population."""
    channels: int = 6
    sides: tuple[int, int] = (6, 6)
    """Largest height and width of an image."""
    layers: tuple[int, int] = (1, 3)
    wide: bool = False
    """One side of the input, and of images behind it, is at least a quarter of the largest."""
    bitmaps: tuple[int, ...] = (4, 1, 2, 8, 16)


SIZES = (
    Size("small"),
    Size("deep", neurons=6, channels=3, sides=(3, 3), layers=(4, 7)),
    Size("long", steps=(33, 200), neurons=5, channels=2, sides=(2, 3)),
    Size("dense", steps=(1, 3), neurons=300, layers=(1, 2)),
    Size("wide", steps=(1, 3), channels=2, sides=(2, 256), layers=(2, 3), wide=True),
    Size("tall", steps=(1, 3), channels=2, sides=(40, 2), layers=(2, 3)),
    Size("channels", steps=(1, 3), channels=70, sides=(2, 2), layers=(1, 2)),
    Size("delays", steps=(17, 40), neurons=6, channels=2, sides=(3, 2), layers=(1, 4), bitmaps=(16, 8, 2)),
)
"""By name; the first is what shrinking leads to."""


@st.composite
def targets(draw: st.DrawFn, size: Size) -> Target:
    """Hardware that often has just enough room for a network of `size`, and sometimes too little."""
    lanes = draw(st.sampled_from([4, 2, 8, 16, 32, 64]))
    width, height = draw(st.sampled_from(MESHES))
    large, words = (256, 256) if size.wide else (32, 2)
    return target(
        width=width,
        height=height,
        lanes=lanes,
        neurons=max(words * lanes, draw(st.sampled_from([1024, 512, 256, 64]))),
        parameter_words=draw(st.sampled_from([64, 16, 4])),
        axon_rows=draw(st.sampled_from([256, large, 16])),
        axon_columns=draw(st.sampled_from([256, large])),
        delay_slots=draw(st.sampled_from(size.bitmaps)),
        weight_kibit=draw(st.sampled_from(_weight_memories(size, lanes))),
        weight_bits=draw(st.sampled_from([8, None, 4])),
        state_bits=draw(st.integers(8, 24)),
        destinations=draw(st.sampled_from([64, 256, 16])),
        sources=draw(st.sampled_from([64, 256, 16])),
        event_fifo=draw(st.sampled_from(FIFOS)),
        router_fifo=draw(st.sampled_from(FIFOS)),
        cuba=draw(st.sampled_from([True, True, True, False])),
        decay_multiplier=draw(st.sampled_from([True, True, True, False])),
        reset_amount=draw(st.booleans()),
        channel_leak=draw(st.booleans()),
        lower_clamp=draw(st.booleans()),
        fraction_bits=draw(st.sampled_from([0, 3, 7, 12])),
        contexts=draw(st.sampled_from([1, 4, 1, 16, 2])),
    )


def _weight_memories(size: Size, lanes: int) -> list[int]:
    """From one that holds all weights to one of a few dozen words, where everything splits."""
    if size.neurons > 100 or size.channels > 50 or size.wide:
        return [1024, 256, 64]
    return [256, 64, 16] if lanes > 16 else [64, 8, 4, 2, 1]


SECOND_CONTRACT: dict[str, Any] = {
    "reset_amount": True,
    "channel_leak": True,
    "lower_clamp": True,
    "fraction_bits": 7,
}
RTL_HARDWARE: dict[str, tuple[Target, bool]] = {
    "long-wide": (
        target(
            width=2,
            height=2,
            neurons=2048,
            axon_rows=64,
            axon_columns=256,
            delay_slots=16,
            weight_kibit=64,
            event_fifo=16,
            router_fifo=16,
            **SECOND_CONTRACT,
        ),
        True,
    ),
    "plain": (
        target(width=3, height=2, lanes=2, weight_kibit=4, delay_slots=1, cuba=False, decay_multiplier=False),
        True,
    ),
    "shifting": (
        target(width=2, height=2, lanes=4, weight_kibit=16, decay_multiplier=False, **SECOND_CONTRACT),
        True,
    ),
    "narrow": (
        target(
            width=2,
            height=2,
            lanes=16,
            neurons=512,
            axon_columns=256,
            delay_slots=8,
            weight_kibit=128,
            state_bits=8,
            event_fifo=64,
            channel_leak=True,
            fraction_bits=2,
        ),
        False,
    ),
    "lanes32": (
        target(
            width=2,
            height=1,
            lanes=32,
            neurons=1024,
            delay_slots=2,
            weight_kibit=256,
            state_bits=24,
            event_fifo=256,
            router_fifo=64,
            lower_clamp=True,
            fraction_bits=12,
        ),
        False,
    ),
    "lanes2": (
        target(
            width=3,
            height=3,
            lanes=2,
            neurons=512,
            axon_columns=256,
            axon_rows=64,
            delay_slots=4,
            weight_kibit=8,
            state_bits=24,
            event_fifo=2,
            router_fifo=256,
            reset_amount=True,
        ),
        False,
    ),
    "splits": (
        target(
            width=8,
            height=2,
            weight_kibit=1,
            delay_slots=16,
            state_bits=20,
            event_fifo=8,
            destinations=64,
            channel_leak=True,
        ),
        False,
    ),
    "one-core": (
        target(
            width=1,
            height=1,
            lanes=8,
            neurons=512,
            delay_slots=16,
            weight_kibit=64,
            event_fifo=16,
            **SECOND_CONTRACT,
        ),
        False,
    ),
    "shared": (
        target(
            width=2,
            height=1,
            neurons=512,
            axon_rows=128,
            axon_columns=128,
            weight_kibit=32,
            delay_slots=4,
            destinations=64,
            sources=64,
            contexts=4,
            device=Device("ice40", "none", "none", 0, 0, 0, single_port_rams=16),
            **SECOND_CONTRACT,
        ),
        True,
    ),
    "one-shared-core": (
        target(
            width=1,
            height=1,
            lanes=8,
            neurons=2048,
            axon_rows=256,
            axon_columns=256,
            parameter_words=64,
            weight_kibit=64,
            delay_slots=2,
            event_fifo=2,
            destinations=64,
            sources=64,
            cuba=False,
            contexts=16,
        ),
        False,
    ),
    "crowded": (
        target(
            width=2,
            height=2,
            neurons=4096,
            parameter_words=128,
            axon_rows=256,
            axon_columns=256,
            weight_kibit=128,
            delay_slots=16,
            state_bits=20,
            event_fifo=2,
            router_fifo=2,
            destinations=256,
            sources=256,
            contexts=16,
            **SECOND_CONTRACT,
        ),
        False,
    ),
}
"""Hardware that the RTL is built for, and whether every run of the tests does so or the fuzz alone."""
