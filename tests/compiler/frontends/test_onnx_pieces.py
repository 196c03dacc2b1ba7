"""Pieces of values, bent ones and levels: what onnxruntime computes, or a remark of how much is lost."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from snnc.base.errors import UnsupportedModel
from snnc.compiler.frontends.execution import execute
from snnc.compiler.frontends.findings import Imported
from snnc.compiler.frontends.float_graph import Rectifier
from snnc.compiler.frontends.onnx_reader import read_onnx
from snnc.training.conversion.rectified import rectified

RNG = np.random.default_rng(41)
SHAPE = (2, 6, 6)
SAMPLES = 6


class Graph:
    """Nodes in a row behind `x`, arrays as they come."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.arrays: list[Any] = []
        self.last = "x"

    def add(self, kind: str, *inputs: Any, outputs: int = 1, take: int = 0, **options: Any) -> "Graph":
        """One more node; of several outputs the one at `take` goes on."""
        names = []
        for one in inputs:
            array = np.asarray(one, None if np.asarray(one).dtype != np.float64 else np.float32)
            names.append(f"a{len(self.arrays)}")
            self.arrays.append(numpy_helper.from_array(array, names[-1]))
        made = [f"v{len(self.nodes)}_{number}" for number in range(outputs)]
        self.nodes.append(helper.make_node(kind, [self.last, *names], made, **options))
        self.last = made[take]
        return self

    def conv(self, channels: int = 4, source: int = 2, size: int = 3, **options: Any) -> "Graph":
        """A convolution."""
        return self.add("Conv", RNG.normal(size=(channels, source, size, size)) / 3, **options)

    def answer(self, features: int) -> "Graph":
        """Three classes."""
        return self.add("Flatten").add("Gemm", RNG.normal(size=(features, 3)), RNG.normal(size=3))

    def save(self, path: Path, opset: int) -> Path:
        """The file."""
        graph = helper.make_graph(
            self.nodes,
            "net",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, *SHAPE])],
            [helper.make_tensor_value_info(self.last, TensorProto.FLOAT, None)],
            self.arrays,
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
        model.ir_version = 8
        onnx.save(model, path)
        return path


def whole(*numbers: int) -> np.ndarray:
    """Sizes as ONNX has them."""
    return np.array(numbers, np.int64)


def compared(graph: Graph, opset: int, folder: Path) -> tuple[Imported, np.ndarray, np.ndarray]:
    """The network as it is read, its answers and onnxruntime's; ready for the conversion, too."""
    path = graph.save(folder / "net.onnx", opset)
    imported = read_onnx(path)
    x = RNG.random((SAMPLES, *SHAPE)).astype(np.float32)
    session = onnxruntime.InferenceSession(str(path))
    wanted = np.concatenate([session.run(None, {"x": one[None]})[0] for one in x])
    rectified(imported.graph)
    return (
        imported,
        execute(imported.graph, x.reshape(-1, *imported.graph.shape).astype(np.float64), 1).outputs,
        wanted,
    )


GRAPHS: dict[str, tuple[int, Callable[[], Graph]]] = {
    "zeros around": (
        13,
        lambda: Graph().add("Pad", whole(0, 0, 1, 0, 0, 0, 1, 2)).conv().add("Relu").answer(144),
    ),
    "zeros around, opset 7": (
        7,
        lambda: Graph().add("Pad", pads=[0, 0, 1, 1, 0, 0, 0, 0]).conv().add("Relu").answer(100),
    ),
    "zeros by axes": (
        18,
        lambda: Graph().add("Pad", whole(1, 0), np.float32(0), whole(3)).conv().add("Relu").answer(80),
    ),
    "channels": (
        13,
        lambda: Graph().conv(6).add("Relu").add("Slice", whole(1), whole(6), whole(1), whole(2)).answer(48),
    ),
    "a part of an image": (
        13,
        lambda: (
            Graph()
            .conv(pads=[1] * 4)
            .add("Relu")
            .add("Slice", whole(1, 1), whole(6, 5), whole(2, 3), whole(2, 1))
            .answer(48)
        ),
    ),
    "features": (13, lambda: Graph().add("Flatten").add("Slice", whole(3), whole(60), whole(1)).answer(57)),
    "a split": (
        13,
        lambda: Graph().conv(6).add("Relu").add("Split", whole(2, 4), outputs=2, take=1, axis=1).answer(64),
    ),
    "an even split": (
        11,
        lambda: Graph().conv(6).add("Relu").add("Split", outputs=2, take=1, axis=1).answer(48),
    ),
    "a row of features": (
        13,
        lambda: (
            Graph()
            .add("Flatten")
            .add("Unsqueeze", whole(1))
            .add("Conv", RNG.normal(size=(2, 1, 5)), strides=[3])
            .add("Relu")
            .answer(46)
        ),
    ),
    "sums of maps": (13, lambda: Graph().conv().add("Relu").add("ReduceSum", whole(2, 3)).answer(4)),
    "largest of maps": (13, lambda: Graph().conv().add("Relu").add("GlobalMaxPool").answer(4)),
    "negative": (13, lambda: Graph().conv().add("Neg").add("Relu").answer(64)),
    "leaky": (
        13,
        lambda: Graph().conv().add("LeakyRelu", alpha=0.2).conv(3, 4, 3, pads=[1] * 4).add("Relu").answer(48),
    ),
    "a slope per channel": (16, lambda: Graph().conv().add("PRelu", RNG.random((4, 1, 1))).answer(64)),
    "at least": (13, lambda: Graph().conv().add("Max", np.float32(-0.3)).answer(64)),
    "at most": (13, lambda: Graph().conv().add("Relu").add("Min", np.float32(0.4)).answer(64)),
    "between": (13, lambda: Graph().conv().add("Clip", np.float32(-0.2), np.float32(0.3)).answer(64)),
    "wide windows": (
        13,
        lambda: (
            Graph()
            .conv(pads=[1] * 4)
            .add("Relu")
            .add("MaxPool", kernel_shape=[5, 5], strides=[1, 1])
            .answer(16)
        ),
    ),
}


@pytest.mark.parametrize("name", GRAPHS)
def test_the_same_numbers(name: str, tmp_path: Path) -> None:
    opset, make = GRAPHS[name]
    imported, found, wanted = compared(make(), opset, tmp_path)
    np.testing.assert_allclose(found, wanted, atol=1e-4)
    assert {one.status for one in imported.findings.found.values()} == {"exact"}
    assert np.ptp(wanted) > 0.01
    # A layer of a target has four edges at most.
    assert max(len(one.edges) for one in imported.graph.populations) <= 4


@pytest.mark.parametrize("opset", [13, 21])
def test_levels_of_weights_are_what_they_stand_for(opset: int, tmp_path: Path) -> None:
    graph = Graph()
    levels = RNG.integers(-127, 128, (4, 2, 3, 3)).astype(np.int8)
    graph.arrays += [
        numpy_helper.from_array(levels, "w"),
        numpy_helper.from_array((0.002 + RNG.random(4) * 0.01).astype(np.float32), "s"),
        numpy_helper.from_array(np.zeros(4, np.int8), "z"),
    ]
    graph.nodes += [
        helper.make_node("DequantizeLinear", ["w", "s", "z"], ["kernel"], axis=0),
        helper.make_node("Conv", ["x", "kernel"], ["c"]),
    ]
    graph.last = "c"
    _, found, wanted = compared(graph.add("Relu").answer(64), opset, tmp_path)
    np.testing.assert_allclose(found, wanted, atol=1e-4)


def test_levels_of_values_are_approximate_by_half_a_step(tmp_path: Path) -> None:
    graph = Graph()
    for step in (1 / 255, 0.01):
        levels = np.float32(step), np.uint8(0)
        graph.add("QuantizeLinear", *levels).add("DequantizeLinear", *levels)
        if step != 0.01:
            graph.conv()
    imported, found, wanted = compared(graph.answer(64), 13, tmp_path)
    # The range of the second begins at 0 and takes the place of a ReLU.
    assert len(imported.graph.populations) == 2
    np.testing.assert_allclose(found, wanted, atol=0.3)
    (remark,) = imported.findings.found["QuantizeLinear_3"].remarks
    assert remark == "rounded to steps of 0.01 within 0 .. 2.55 in the file, not here"


def test_a_relu_behind_the_answer_is_left_out_of_a_conversion(tmp_path: Path) -> None:
    graph = Graph().conv().add("Relu").answer(64).add("Relu")
    imported, found, wanted = compared(graph, 13, tmp_path)
    np.testing.assert_allclose(found, wanted, atol=1e-4)
    assert "where none is above 0" in rectified(imported.graph).remarks["Relu_4"][0]
    assert isinstance(imported.graph.population("Relu_4").neurons, Rectifier)


def test_the_order_of_sigmoids_is_that_of_what_they_take(tmp_path: Path) -> None:
    _, found, wanted = compared(Graph().conv().add("Relu").answer(64).add("Sigmoid"), 13, tmp_path)
    assert bool((found.argmax(1) == wanted.argmax(1)).all())


@pytest.mark.parametrize(
    "graph, message",
    [
        (lambda: Graph().add("Pad", whole(0, 1, 0, 0, 0, 0, 0, 0)), "adds samples or channels"),
        (lambda: Graph().add("Pad", whole(0, 0, 1, 1, 0, 0, 1, 1), mode="edge"), "pads by mode edge"),
        (lambda: Graph().add("Slice", whole(0), whole(1), whole(0), whole(-1)), "some of the samples"),
        (lambda: Graph().add("ReduceSum", whole(1)), "all pixels can be added up"),
        (lambda: Graph().add("DequantizeLinear", np.float32(1), np.float32(0)), "no QuantizeLinear made"),
        (lambda: Graph().add("ConvInteger", np.ones((4, 2, 3, 3), np.uint8)), "QuantizeLinear and"),
        (lambda: Graph().add("Sigmoid").conv(), "which are no classes"),
        (lambda: Graph().conv().add("Clip", np.float32(-np.inf), np.float32(1)), "with a lower end"),
    ],
)
def test_what_is_refused(graph: Callable[[], Graph], message: str, tmp_path: Path) -> None:
    path = graph().answer(64).save(tmp_path / "net.onnx", 13)
    with pytest.raises(UnsupportedModel, match=message):
        read_onnx(path)
