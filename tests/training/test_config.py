"""Configurations: what cannot be a model is refused before anything is built, naming the field."""

from dataclasses import asdict, replace
from typing import Any

import pytest

from snnc.base.schema import decode
from snnc.compiler.isa.arithmetic import Decay
from snnc.training.model.architectures import build_layers
from snnc.training.model.config import (
    INPUT,
    EdgeConfig,
    LayerConfig,
    ModelConfig,
    Population,
    fully_connected,
)
from snnc.training.model.evaluation_order import blocks

CONFIG = ModelConfig((10, 1, 1), fully_connected((12, 7, 4)))
SPIKING = build_layers("residual", (4, 6), 3, Population(), 4, "spike_count")
IMAGE = ModelConfig((2, 9, 8), SPIKING, readout="spike_count")


@pytest.mark.parametrize("config", [CONFIG, IMAGE])
def test_plain_data_and_back(config: ModelConfig) -> None:
    assert decode(ModelConfig, asdict(config)) == config


def test_shapes() -> None:
    assert CONFIG.shapes == {
        "input": (10, 1, 1),
        "hidden1": (12, 1, 1),
        "hidden2": (7, 1, 1),
        "readout": (4, 1, 1),
    }
    assert IMAGE.shapes["hidden1"] == (4, 5, 4)
    assert IMAGE.shapes["hidden2a"] == IMAGE.shapes["hidden2"] == (6, 3, 2)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("shape", (10, 1), "shape must be"),
        ("shape", (10, 0, 1), r"^shape\[1\] must be an integer in 1\.\.16384, not 0$"),
        ("shape", (1 << 14, 1 << 14, 1), "total weights"),
        ("layers", (), "layers must be"),
        ("layers", CONFIG.layers * 30, "layers must be"),
        ("layers", (CONFIG.layers[0], *CONFIG.layers), "used twice"),
        ("layers", CONFIG.layers[1:], "unknown 'hidden1'"),
        ("layers", CONFIG.layers[:2], "reset of layer hidden2"),
        ("steps", 0, "steps must be"),
        ("steps", True, "steps must be"),
        ("max_payload", 256, "max_payload must be"),
        ("encoding", "burst", "encoding must be one of"),
        ("readout", "spike_count", "reset of layer readout"),
        ("first_step", 4, "first_step must be"),
    ],
)
def test_models_are_checked(field: str, value: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        replace(CONFIG, **{field: value})


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"reset": "never"}, "reset must be one of"),
        ({"reset_value": 1 << 15}, "reset_value must be"),
        ({"state_bits": 33}, "state_bits must be"),
        ({"leak": Decay(1, 17)}, "^leak.fraction_bits must be"),
        ({"leak": Decay(9, 3)}, "^leak.numerator must be"),
        ({"current_leak": Decay(-1, 3)}, "^current_leak.numerator must be"),
        ({"initial_fraction": 1.0}, "initial_fraction must be"),
    ],
)
def test_populations_are_checked(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Population(**fields)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"source": "no name"}, "source must be an identifier"),
        ({"kind": "sparse"}, "kind must be one of"),
        ({"kernel": (3,)}, "kernel must be a list of 2 items"),
        ({"kernel": (3, 16)}, r"kernel\[1\] must be"),
        ({"stride": (0, 1)}, r"stride\[0\] must be"),
        ({"kernel": (3, 3), "padding": (1, 3)}, "less than the kernel"),
        ({"groups": 0}, "groups must be"),
        ({"delay": 16}, "delay must be"),
    ],
)
def test_edges_are_checked(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        EdgeConfig(**{"source": INPUT, **fields})


@pytest.mark.parametrize(
    ("edges", "message"),
    [
        ((), "edges must be"),
        ((EdgeConfig("maps", "conv", delay=1),), "no edge comes from the input"),
        ((EdgeConfig(INPUT, "conv"), EdgeConfig("maps", "conv")), "needs a delay"),
        ((EdgeConfig(INPUT, "conv", (9, 9)),), "does not fit"),
        ((EdgeConfig(INPUT, "conv", pool=(9, 1)),), "leaves nothing"),
        ((EdgeConfig(INPUT, "conv", groups=3),), "groups 3 must divide"),
        ((EdgeConfig(INPUT, "conv"), EdgeConfig(INPUT, "conv", (3, 3))), "differ in shape"),
        ((EdgeConfig(INPUT, "conv"), EdgeConfig("readout", delay=1)), "differ in shape"),
    ],
)
def test_graphs_are_checked(edges: tuple[EdgeConfig, ...], message: str) -> None:
    last = LayerConfig("readout", 3, (EdgeConfig("maps"),), Population(reset="none"))
    with pytest.raises(ValueError, match=message):
        ModelConfig((2, 6, 6), (LayerConfig("maps", 4, edges), last))


def test_names_are_checked() -> None:
    with pytest.raises(ValueError, match="belongs to the input"):
        LayerConfig("input", 3, (EdgeConfig(INPUT),))
    with pytest.raises(ValueError, match="name must be an identifier"):
        LayerConfig("x" * 65, 3, (EdgeConfig(INPUT),))


def test_only_loops_run_step_by_step() -> None:
    assert blocks(IMAGE) == ((0,), (1,), (2,), (3,))
    back, own = EdgeConfig("c", delay=1), EdgeConfig("d", delay=2)
    edges = {"a": (INPUT,), "b": ("a", back), "c": ("b",), "d": ("c", own), "e": ("d",)}
    layers = tuple(
        LayerConfig(
            name, 3, tuple(edge if isinstance(edge, EdgeConfig) else EdgeConfig(edge) for edge in those)
        )
        for name, those in edges.items()
    )
    assert blocks(ModelConfig((4, 1, 1), layers, readout="first_spike")) == ((0,), (1, 2), (3,), (4,))
