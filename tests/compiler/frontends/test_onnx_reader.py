"""ONNX files: what onnxruntime computes is what the float graph computes; refusals and damage, one line."""

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn
from torch.nn import functional as F

from snnc.base.errors import FileError, SnncError, UnsupportedModel
from snnc.compiler.frontends.execution import execute
from snnc.compiler.frontends.onnx_reader import read_onnx

RANDOM = np.random.default_rng(11)


def _runs(path: Path, x: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(str(path))
    name = session.get_inputs()[0].name
    return np.concatenate([session.run(None, {name: one[None].astype(np.float32)})[0] for one in x])


def _agree(path: Path, shape: tuple[int, int, int], seen: tuple[int, ...]) -> None:
    """The graph of `path` computes what onnxruntime does on inputs that it sees as `seen`."""
    x = RANDOM.random((3, *shape))
    expected = _runs(path, x.reshape(3, *seen))
    found = execute(read_onnx(path).graph, x, 1).outputs
    assert np.ptp(expected) > 1e-3
    assert np.allclose(found, expected.reshape(3, -1), rtol=0, atol=1e-5 * np.abs(expected).max())


class Residual(nn.Module):
    """Joins, additions, a pool of neighbours, and sizes computed from the input."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = nn.Conv2d(3, 6, 3, padding=1), nn.Conv2d(6, 6, 3, padding=1, bias=False)
        self.norm, self.fc = nn.BatchNorm2d(6), nn.Linear(12 * 16, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = F.relu6(self.norm(self.one((x - 0.4) / 0.3)))
        x = torch.cat([F.relu(x + self.two(x)), 0.5 * x], 1)
        x = F.avg_pool2d(x, 2)
        logits: torch.Tensor = self.fc(x.view(x.size(0), -1))
        return logits


NETS: dict[str, tuple[Callable[[], nn.Module], tuple[int, int, int], tuple[int, ...]]] = {
    "residual": (Residual, (3, 8, 8), (3, 8, 8)),
    "pools": (
        lambda: nn.Sequential(
            nn.Conv2d(3, 8, 5, padding=2, stride=2),
            nn.MaxPool2d(2),
            nn.ReLU(),
            nn.MaxPool2d(3, stride=1, padding=1),
            nn.Conv2d(8, 8, 3, padding=1, groups=8),
            nn.ReLU(),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(8, 10),
        ),
        (3, 16, 16),
        (3, 16, 16),
    ),
    "dense": (
        lambda: nn.Sequential(nn.Linear(12, 20), nn.ReLU(), nn.Dropout(), nn.Linear(20, 4)),
        (12, 1, 1),
        (12,),
    ),
    "rows": (
        lambda: nn.Sequential(
            nn.Conv1d(2, 6, 5, dilation=2), nn.ReLU(), nn.AvgPool1d(2), nn.Flatten(), nn.Linear(24, 3)
        ),
        (2, 1, 16),
        (2, 16),
    ),
}


@pytest.mark.parametrize("name", NETS)
def test_exports_of_torch(name: str, tmp_path: Path) -> None:
    make, shape, seen = NETS[name]
    torch.manual_seed(3)
    net = make().eval()
    for part in net.modules():
        if isinstance(part, nn.BatchNorm2d):
            assert part.running_mean is not None and part.running_var is not None
            part.running_mean.uniform_(-1, 1)
            part.running_var.uniform_(0.5, 2)
    path = tmp_path / "net.onnx"
    with warnings.catch_warnings(action="ignore"):
        torch.onnx.export(net, (torch.zeros(1, *seen),), str(path), dynamo=False)
    _agree(path, shape, seen)


def save(
    path: Path, nodes: list[Any], arrays: dict[str, np.ndarray], dims: list[Any], opset: int = 13
) -> Path:
    """A file of these nodes from `x` to `y`."""
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, dims)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(array, name) for name, array in arrays.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    onnx.save(model, path)
    return path


def numbers(*shape: int) -> np.ndarray:
    return RANDOM.normal(size=shape).astype(np.float32)


@pytest.mark.parametrize("how", ["SAME_UPPER", "SAME_LOWER", "VALID"])
def test_padding_that_is_named(how: str, tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Conv", ["x", "w", "b"], ["c"], kernel_shape=[4, 3], strides=[2, 1], auto_pad=how),
        helper.make_node("Relu", ["c"], ["r"]),
        helper.make_node("ReduceMean", ["r"], ["m"], axes=[2, 3], keepdims=0),
        helper.make_node("Gemm", ["m", "v", "d"], ["y"], alpha=0.5, beta=2.0, transB=1),
    ]
    arrays = {"w": numbers(6, 2, 4, 3), "b": numbers(6), "v": numbers(5, 6), "d": numbers(5)}
    _agree(save(tmp_path / "a.onnx", nodes, arrays, [1, 2, 9, 8]), (2, 9, 8), (2, 9, 8))


@pytest.mark.parametrize("sizes", [[6, -1], [-1, 32], [6, 32], [1, -1], [0, -1]])
def test_reshapes_for_as_many_samples_as_the_exporter_saw(sizes: list[int], tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Reshape", ["x", "s"], ["f"]),
        helper.make_node("Gemm", ["f", "v"], ["y"], transB=1),
    ]
    path = save(tmp_path / "a.onnx", nodes, {"s": np.array(sizes), "v": numbers(5, 32)}, [6, 2, 4, 4])
    assert read_onnx(path).graph.population("readout").shape == (5, 1, 1)


def test_features_that_become_an_image(tmp_path: Path) -> None:
    nodes = [helper.make_node("Relu", ["x"], ["r"]), helper.make_node("Reshape", ["r", "s"], ["y"])]
    path = save(tmp_path / "a.onnx", nodes, {"s": np.array([-1, 1, 4, 4])}, [1, 16])
    with pytest.raises(UnsupportedModel, match="sees features as an image"):
        read_onnx(path)


def _transpose(source: str, to: str, *order: int) -> Any:
    return helper.make_node("Transpose", [source], [to], perm=order)


@pytest.mark.parametrize("rank", [3, 4])
def test_channels_last_as_keras_has_them(rank: int, tmp_path: Path) -> None:
    """Channels last outside the convolutions: constants, a mean, features in that order, all kept apart."""
    first, last = ((0, 2, 1), (0, 2, 1)) if rank == 3 else ((0, 3, 1, 2), (0, 2, 3, 1))
    pixels = [5] if rank == 3 else [5, 6]
    kernel = [3] if rank == 3 else [3, 3]
    size = 4 * int(np.prod([n - 2 for n in pixels]))
    nodes = [
        _transpose("x", "t", *first),
        helper.make_node("Conv", ["t", "w"], ["c"]),
        _transpose("c", "l", *last),
        helper.make_node("Add", ["l", "b"], ["a"]),
        helper.make_node("Relu", ["a"], ["r"]),
        helper.make_node("Mul", ["r", "each"], ["s"]),
        helper.make_node("Reshape", ["s", "flat"], ["f"]),
        helper.make_node("Mul", ["f", "g"], ["m"]),
        helper.make_node("MatMul", ["m", "v"], ["d"]),
        helper.make_node("ReduceMean", ["r"], ["p"], axes=list(range(1, rank - 1)), keepdims=0),
        helper.make_node("MatMul", ["p", "u"], ["q"]),
        helper.make_node("Add", ["d", "q"], ["y"]),
    ]
    arrays = {
        "w": numbers(4, 2, *kernel),
        "b": numbers(4),
        "each": numbers(1, *[n - 2 for n in pixels], 4),
        "flat": np.array([-1, size]),
        "g": numbers(size),
        "v": numbers(size, 6),
        "u": numbers(4, 6),
    }
    path = save(tmp_path / "last.onnx", nodes, arrays, [1, *pixels, 2])
    read = read_onnx(path)
    shape = (2, *([1, *pixels] if rank == 3 else pixels))
    assert read.graph.shape == shape and "channels last in the file" in read.findings.general[0]
    x = RANDOM.random((3, *shape))
    seen = np.moveaxis(x.reshape(3, 2, *pixels), 1, -1)
    assert np.allclose(execute(read.graph, x, 1).outputs, _runs(path, seen), rtol=0, atol=1e-4)


def test_features_of_the_input_that_are_an_image(tmp_path: Path) -> None:
    for sizes, then in ([[-1, 2, 5, 6], []], [[0, 5, 6, 2], [_transpose("i", "t", 0, 3, 1, 2)]]):
        nodes = [
            helper.make_node("Reshape", ["x", "sizes"], ["i"]),
            *then,
            helper.make_node("Conv", ["t" if then else "i", "w"], ["c"], kernel_shape=[5, 6]),
            helper.make_node("Flatten", ["c"], ["y"]),
        ]
        arrays = {"sizes": np.array(sizes), "w": numbers(3, 2, 5, 6)}
        path = save(tmp_path / "image.onnx", nodes, arrays, [1, 60])
        read = read_onnx(path)
        assert read.graph.shape == (2, 5, 6)
        x = RANDOM.random((3, 2, 5, 6))
        seen = np.moveaxis(x, 1, -1) if then else x
        expected = _runs(path, seen.reshape(3, 60))
        assert np.allclose(execute(read.graph, x, 1).outputs, expected, rtol=0, atol=1e-4)


@pytest.mark.parametrize(
    "nodes, message",
    [
        ([_transpose("x", "y", 1, 0, 2, 3)], "mixes samples or rows"),
        ([_transpose("x", "y", 0, 1, 3, 2)], "neither channels first nor last"),
        (
            [_transpose("x", "t", 0, 2, 3, 1), helper.make_node("Conv", ["t", "w"], ["y"])],
            "takes channels first, and they are last here",
        ),
        (
            [helper.make_node("Relu", ["x"], ["r"]), _transpose("r", "y", 0, 3, 1, 2)],
            "neither channels first nor last",
        ),
        (
            [_transpose("x", "t", 0, 2, 3, 1), helper.make_node("Add", ["x", "t"], ["y"])],
            "channels in different places|shapes",
        ),
    ],
)
def test_layouts_that_have_no_place(nodes: list[Any], message: str, tmp_path: Path) -> None:
    path = save(tmp_path / "net.onnx", nodes, {"w": numbers(3, 2, 3, 3)}, [1, 2, 5, 6])
    with pytest.raises(UnsupportedModel, match=message):
        read_onnx(path)


def test_sizes_and_weights_that_are_computed(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Relu", ["x"], ["r"]),
        helper.make_node("Shape", ["r"], ["s"]),
        helper.make_node("Gather", ["s", "zero"], ["n"]),
        helper.make_node("Unsqueeze", ["n", "axis"], ["u"]),
        helper.make_node("Concat", ["u", "rest"], ["sizes"], axis=0),
        helper.make_node("Reshape", ["r", "sizes"], ["f"]),
        helper.make_node("Reshape", ["w", "square"], ["v"]),
        helper.make_node("MatMul", ["f", "v"], ["p"]),
        helper.make_node("Sub", ["p", "b"], ["y"]),
    ]
    arrays = {
        "zero": np.array(0),
        "axis": np.array([0]),
        "rest": np.array([-1]),
        "w": numbers(2, 4, 4, 3),
        "square": np.array([32, 3]),
        "b": numbers(1, 3),
    }
    _agree(save(tmp_path / "a.onnx", nodes, arrays, ["batch", 2, 4, 4]), (2, 4, 4), (2, 4, 4))


RELU = helper.make_node("Relu", ["x"], ["r"])


@pytest.mark.parametrize(
    ("nodes", "message"),
    [
        ([helper.make_node("LSTM", ["x"], ["y"], name="cell")], r"cell \(LSTM\): has no place"),
        ([RELU, helper.make_node("Mul", ["r", "r"], ["y"])], "multiplies two activations"),
        (
            [RELU, helper.make_node("Softmax", ["r"], ["s"]), helper.make_node("Relu", ["s"], ["y"])],
            "compares",
        ),
        ([helper.make_node("Relu", ["x"], ["y"], domain="com.other")], "an operator of com.other"),
        ([helper.make_node("Relu", ["z"], ["y"])], "takes 'z', which no node before it gives"),
        ([helper.make_node("Conv", ["x", "x"], ["y"])], "weights depend on the input"),
        ([helper.make_node("Conv", ["x"], ["y"])], "inputs or attributes that its operator does not have"),
        (
            [helper.make_node("AveragePool", ["x"], ["y"], kernel_shape=[3, 3], pads=[1, 1, 1, 1])],
            "at the border",
        ),
        ([helper.make_node("MaxPool", ["x"], ["y"], kernel_shape=[0, 2])], "has no window in"),
        ([helper.make_node("AveragePool", ["x"], ["y"], kernel_shape=[1 << 40, 2])], "has no window in"),
        ([helper.make_node("Conv", ["x", "k"], ["y"], pads=[1 << 40] * 4)], "numbers, the limit is"),
        ([helper.make_node("Conv", ["x", "k"], ["y"], pads=[30000, 0, 0, 0])], "numbers, the limit is"),
        ([helper.make_node("Conv", ["x", "k"], ["y"], auto_pad="SAME")], "auto_pad is 'SAME'"),
        ([RELU, helper.make_node("Identity", ["w"], ["y"])], "does not come from its input"),
    ],
)
def test_what_is_refused(nodes: list[Any], message: str, tmp_path: Path) -> None:
    arrays = {"w": np.array(2.0, np.float32), "k": numbers(512, 2, 3, 3)}
    path = save(tmp_path / "a.onnx", nodes, arrays, [1, 2, 4, 4])
    with pytest.raises(UnsupportedModel, match=message):
        read_onnx(path)


def test_every_refused_node_is_told_at_once(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Tanh", ["x"], ["a"], name="first"),
        helper.make_node("Relu", ["a"], ["b"]),
        helper.make_node("Erf", ["x"], ["c"], name="second"),
        helper.make_node("Add", ["b", "c"], ["y"]),
    ]
    with pytest.raises(UnsupportedModel, match="2 nodes cannot be imported") as caught:
        read_onnx(save(tmp_path / "a.onnx", nodes, {}, [1, 4]))
    assert "first (Tanh)" in str(caught.value) and "second (Erf)" in str(caught.value)


def test_inputs_and_opsets(tmp_path: Path) -> None:
    nodes = [helper.make_node("Relu", ["x"], ["r"]), helper.make_node("GlobalAveragePool", ["r"], ["y"])]
    open_sizes = save(tmp_path / "open.onnx", nodes, {}, [1, 3, "height", "width"])
    with pytest.raises(UnsupportedModel, match=r"\[1, 3, 0, 0\], which leaves sizes open") as caught:
        read_onnx(open_sizes)
    assert caught.value.hint == "give them with --shape C,H,W"
    assert read_onnx(open_sizes, (3, 6, 5)).graph.shape == (3, 6, 5)
    with pytest.raises(UnsupportedModel, match="does not fit"):
        read_onnx(open_sizes, (2, 6, 5))
    for opset in (6, 26):
        with pytest.raises(UnsupportedModel, match=f"operators of opset {opset}; 7 to 25 are read"):
            read_onnx(save(tmp_path / "a.onnx", nodes, {}, [1, 3, 4, 4], opset))


def test_data_in_other_files_stay_there(tmp_path: Path) -> None:
    path = save(
        tmp_path / "a.onnx", [helper.make_node("MatMul", ["x", "w"], ["y"])], {"w": numbers(4, 3)}, [1, 4]
    )
    model = onnx.load(path)
    (tensor,) = model.graph.initializer
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../../etc/passwd")
    path.write_bytes(model.SerializeToString())
    with pytest.raises(FileError, match="tensor 'w' lies in another file, which is never opened"):
        read_onnx(path)


def test_damage_is_one_line(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["c"], kernel_shape=[3, 3]),
        helper.make_node("Relu", ["c"], ["r"]),
        helper.make_node("Reshape", ["r", "s"], ["f"]),
        helper.make_node("MatMul", ["f", "v"], ["y"]),
    ]
    arrays = {"w": numbers(2, 1, 3, 3), "s": np.array([1, -1]), "v": numbers(8, 3)}
    content = save(tmp_path / "whole.onnx", nodes, arrays, [1, 1, 4, 4]).read_bytes()
    read_onnx(tmp_path / "whole.onnx")
    path, outcomes = tmp_path / "a.onnx", set()
    for number in range(300):
        damaged = bytearray(content)
        for place in RANDOM.integers(0, len(content), 2):
            damaged[place] = int(RANDOM.integers(256))
        path.write_bytes(damaged[: int(RANDOM.integers(len(content)))] if number % 4 == 0 else damaged)
        try:
            read_onnx(path)
            outcomes.add("read")
        except SnncError as error:
            outcomes.add(type(error).__name__)
            assert all(line.isprintable() for line in str(error).splitlines())
    assert {"FileError", "UnsupportedModel"} <= outcomes
