"""ONNX files as they are read: bounded, without data of other files, and their constants as arrays."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnc.base.errors import FileError, UnsupportedModel
from snnc.base.files import read_limited
from snnc.base.quoting import quote
from snnc.compiler.ir.network import MAX_NEURONS, Shape, count

MAX_FILE_BYTES = 1 << 29
OPSETS = (7, 25)
"""First and last version of the operators whose meaning is known here."""
Array = NDArray[Any]


def load_graph(path: Path) -> tuple[Any, int]:
    """The graph of an ONNX file and its opset; raises FileError, UnsupportedModel for other opsets.

    Nothing in the file is executed, and no other file is opened.
    """
    import onnx

    where, model = str(path), onnx.ModelProto()
    try:
        model.ParseFromString(read_limited(path, MAX_FILE_BYTES))
    except FileError:
        raise
    # What protobuf raises is of a package that only onnx needs.
    except Exception as error:
        raise FileError("is not an ONNX file", where=where) from error
    versions = {entry.domain or "ai.onnx": entry.version for entry in model.opset_import}
    if not model.graph.node or "ai.onnx" not in versions:
        raise FileError("is not an ONNX file: it holds no operators of ai.onnx", where=where)
    if not OPSETS[0] <= versions["ai.onnx"] <= OPSETS[1]:
        raise UnsupportedModel(
            f"operators of opset {versions['ai.onnx']}; {OPSETS[0]} to {OPSETS[1]} are read",
            where=where,
            hint="onnx.version_converter converts a file to another opset",
        )
    return model.graph, versions["ai.onnx"]


def constants(graph: Any, where: str) -> dict[str, Array]:
    """The initialisers of a graph by name; raises FileError for one that is not what it states."""
    return {tensor.name: array_of(tensor, where) for tensor in graph.initializer}


def array_of(tensor: Any, where: str) -> Array:
    """A tensor of the file as an array."""
    from onnx import TensorProto, numpy_helper

    if tensor.data_location == TensorProto.EXTERNAL:
        raise FileError(
            f"tensor {quote(tensor.name)} lies in another file, which is never opened",
            where=where,
            hint="onnx.save_model(onnx.load(FILE), FILE) stores the tensors in the file itself",
        )
    try:
        array: Array = numpy_helper.to_array(tensor)
    except Exception as error:
        raise FileError(f"tensor {quote(tensor.name)} is not what it states", where=where) from error
    if array.dtype.kind not in "biuf":
        raise FileError(f"tensor {quote(tensor.name)} holds {array.dtype}, not numbers", where=where)
    return array


def input_of(graph: Any, known: set[str], shape: Shape | None, where: str) -> tuple[str, Shape, int, int]:
    """Name, shape (channels, height, width), number of dimensions, and samples of the only input.

    `shape` stands in where the file leaves sizes open.
    """
    inputs = [value for value in graph.input if value.name not in known]
    if len(inputs) != 1:
        names = ", ".join(quote(value.name) for value in inputs[:4])
        raise UnsupportedModel(f"has {len(inputs)} inputs ({names}); one is read", where=where)
    dims = [dim.dim_value if dim.HasField("dim_value") else 0 for dim in inputs[0].type.tensor_type.shape.dim]
    own = dims[1:]
    if len(dims) not in (2, 3, 4):
        raise UnsupportedModel(f"its input has {len(dims)} dimensions; 2 to 4 are read", where=where)
    stated = _three(own)
    if min(own) < 1:
        if shape is None:
            raise UnsupportedModel(
                f"its input is {dims}, which leaves sizes open",
                where=where,
                hint="give them with --shape C,H,W",
            )
        if any(have not in (0, want) for have, want in zip(stated, shape, strict=True)):
            raise UnsupportedModel(f"its input is {dims}, which does not fit {shape}", where=where)
        stated = shape
    if count(stated) > MAX_NEURONS:
        raise UnsupportedModel(
            f"its input has {count(stated)} values, the limit is {MAX_NEURONS}", where=where
        )
    return inputs[0].name, stated, len(dims), max(1, dims[0])


def _three(sizes: list[int]) -> Shape:
    """Sizes of a sample as channels, height and width."""
    if len(sizes) == 2:
        return sizes[0], 1, sizes[1]
    channels, height, width = [*sizes, 1, 1][:3]
    return channels, height, width


def attributes(node: Any) -> dict[str, Any]:
    """The attributes of a node, by name; raises UnsupportedModel for a graph in one."""
    import onnx

    found = {}
    for attribute in node.attribute:
        if attribute.type in (onnx.AttributeProto.GRAPH, onnx.AttributeProto.GRAPHS):
            raise UnsupportedModel("holds a graph of its own, as branches and loops do")
        value = onnx.helper.get_attribute_value(attribute)
        found[attribute.name] = value.decode(errors="replace") if isinstance(value, bytes) else value
    return found


def as_float(array: Array) -> NDArray[np.float64]:
    """An array in double precision."""
    return array.astype(np.float64)
