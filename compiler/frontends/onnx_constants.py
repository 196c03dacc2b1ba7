"""Nodes of an ONNX graph whose inputs are known: sizes that a network computes, weights that it reshapes."""

from typing import Any

import numpy as np

from snnc.base.errors import UnsupportedModel
from snnc.compiler.frontends.onnx_file import Array, array_of

MAX_SIZES = 1 << 12
"""Entries of an array that is computed, other than by moving entries of one that is there."""
_MOVES = {"Identity", "Reshape", "Transpose", "Squeeze", "Unsqueeze", "Flatten", "Cast", "DequantizeLinear"}
_COMPUTES = {
    *("Add", "Sub", "Mul", "Div", "Neg", "Abs", "Sqrt", "Floor", "Ceil", "Mod", "Min", "Max", "Pow", "Where"),
    *("Concat", "Gather", "Slice", "Shape", "Size", "ReduceProd", "ReduceSum", "Equal", "Not", "And", "Or"),
}
"""Operators that give no more than they take."""


def is_constant(node: Any, known: dict[str, Array]) -> bool:
    """Whether a node can be computed from arrays that are known."""
    return node.op_type in (*_MOVES, *_COMPUTES, "Constant", "ConstantOfShape") and all(
        not name or name in known for name in node.input
    )


def computed(node: Any, known: dict[str, Array], opset: int, where: str) -> list[Array]:
    """What a node makes of known arrays, by the reference implementation of the onnx package."""
    if node.op_type == "Constant":
        return [_constant(node, where)]
    taken = [known[name] for name in node.input if name]
    if node.op_type == "ConstantOfShape":
        if taken[0].size > 8 or not 0 <= np.prod(taken[0].astype(object)) <= MAX_SIZES:
            raise UnsupportedModel(f"makes an array of shape {taken[0].tolist()[:8]}")
    elif (
        node.op_type in _COMPUTES
        and sum(array.size for array in taken) > MAX_SIZES
        and node.op_type != "Shape"
    ):
        raise UnsupportedModel(
            f"computes with {sum(array.size for array in taken)} constants, the limit is {MAX_SIZES}"
        )
    import onnx
    from onnx.reference import ReferenceEvaluator

    helper = onnx.helper
    inputs = [
        helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(known[name].dtype), None)
        for name in dict.fromkeys(filter(None, node.input))
    ]
    outputs = [helper.make_tensor_value_info(name, 0, None) for name in node.output]
    graph = helper.make_graph([node], "constant", inputs, outputs)
    # The reference knows DequantizeLinear from 19 on; what came before means the same.
    version = max(opset, 19) if node.op_type == "DequantizeLinear" else opset
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", version)])
    try:
        found = ReferenceEvaluator(model).run(None, {name: known[name] for name in filter(None, node.input)})
    except Exception as error:
        raise UnsupportedModel(f"cannot be computed: {' '.join(str(error).split())[:100]}") from error
    return [np.asarray(array) for array in found]


def _constant(node: Any, where: str) -> Array:
    for attribute in node.attribute:
        if attribute.name == "value":
            return array_of(attribute.t, where)
        if attribute.name in ("value_float", "value_int"):
            return np.array(attribute.f if attribute.name == "value_float" else attribute.i)
        if attribute.name in ("value_floats", "value_ints"):
            return np.array(attribute.floats if attribute.name == "value_floats" else attribute.ints)
    raise UnsupportedModel("a constant that is no number")
