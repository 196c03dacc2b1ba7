"""Which function of torch does what to stand-ins; whatever is not in the table is refused by name."""

from collections.abc import Callable, Iterator
from typing import Any

import torch

from snnc.base.errors import UnsupportedModel
from snnc.compiler.frontends.builder import located
from snnc.training.frontends import layout, maps, pools, sums
from snnc.training.frontends.standin import StandIn

SUPPORTED = (
    "convolutions, linear layers, batch norm, ReLU, ReLU6, pools, flatten, additions, joins of channels, "
    "scaling by constants, and the neurons of snntorch, spikingjelly, norse and sinabs are read"
)


def _copy(x: StandIn, *ignored: Any, **options: Any) -> StandIn:
    copied = x.like(x.moments)
    copied.owner = x.owner
    return copied


def _dropped(x: StandIn, p: float = 0.5, training: bool = True, inplace: bool = False) -> StandIn:
    if training and p > 0:
        raise UnsupportedModel("drops values at random", hint="use nn.Dropout, which eval() turns off")
    return _copy(x)


def _random(*arguments: Any, **options: Any) -> StandIn:
    raise UnsupportedModel(
        "draws random numbers, as encoders of images do",
        hint="leave the encoder out of the module; inputs are encoded by --encoding, as rate or latency",
    )


def _flag(x: StandIn, *ignored: Any, **options: Any) -> bool:
    return False


def _decided(*arguments: Any, **options: Any) -> bool:
    raise UnsupportedModel(
        "decides by the values of an activation", hint="branches may depend on sizes and options alone"
    )


Operation = Callable[..., Any]
OPERATIONS: dict[str, Operation] = {
    "conv2d": maps.conv2d,
    "conv1d": maps.conv1d,
    "linear": maps.linear,
    "matmul": maps.matmul,
    "mm": maps.matmul,
    "rmatmul": lambda x, other: maps.matmul(other, x),
    "addmm": maps.addmm,
    "batch_norm": maps.batch_norm,
    "relu": lambda x, inplace=False: maps.rectified(x),
    "relu6": lambda x, inplace=False: maps.rectified(x, 6.0),
    "hardtanh": maps.hardtanh,
    "threshold": maps.threshold,
    "leaky_relu": maps.leaky_relu,
    "prelu": maps.leaky_relu,
    "pad": maps.pad,
    "clamp": maps.clamp,
    "clip": maps.clamp,
    "clamp_min": lambda x, min: maps.clamp(x, min),
    "avg_pool2d": pools.avg_pool2d,
    "avg_pool1d": pools.avg_pool1d,
    "lp_pool2d": pools.lp_pool2d,
    "adaptive_avg_pool2d": pools.adaptive_avg_pool2d,
    "max_pool2d": pools.max_pool2d,
    "mean": sums.mean,
    "sum": sums.total,
    "max": sums.largest_of,
    "amax": lambda x, dim, keepdim=False: sums.largest_of(x, dim, keepdim).values,
    "argmax": sums.ordered,
    "sigmoid": sums.ordered,
    "softmax": sums.ordered,
    "log_softmax": sums.ordered,
    "add": maps.add,
    "radd": maps.add,
    "iadd": maps.add,
    "sub": maps.subtract,
    "isub": maps.subtract,
    "rsub": maps.subtracted_from,
    "neg": maps.negative,
    "mul": maps.multiplied,
    "rmul": maps.multiplied,
    "imul": maps.multiplied,
    "div": maps.divided,
    "truediv": maps.divided,
    "itruediv": maps.divided,
    "true_divide": maps.divided,
    "cat": layout.cat,
    "concat": layout.cat,
    "stack": layout.stack,
    "flatten": layout.flatten,
    "view": layout.view,
    "reshape": layout.view,
    "unflatten": layout.unflatten,
    "transpose": layout.transpose,
    "swapaxes": layout.transpose,
    "permute": layout.permute,
    "unsqueeze": layout.unsqueeze,
    "squeeze": layout.squeeze,
    "repeat": layout.repeated,
    "expand": layout.repeated,
    "getitem": layout.getitem,
    "unbind": layout.unbind,
    "iter": lambda x: iter(layout.unbind(x)),
    "dropout": _dropped,
    "dropout1d": _dropped,
    "dropout2d": _dropped,
    "feature_dropout": _dropped,
    "alpha_dropout": _dropped,
    **dict.fromkeys(
        (
            "contiguous",
            "clone",
            "detach",
            "to",
            "float",
            "double",
            "cpu",
            "type",
            "requires_grad",
            "data",
            "alias",
        ),
        _copy,
    ),
    **dict.fromkeys(("rand_like", "randn_like", "bernoulli", "poisson", "normal", "multinomial"), _random),
    **dict.fromkeys(("bool", "item", "tolist", "int", "contains"), _decided),
    "is_complex": _flag,
    "is_sparse": _flag,
}
PASSIVE = {
    *(
        "shape",
        "dtype",
        "device",
        "ndim",
        "size",
        "dim",
        "numel",
        "nelement",
        "len",
        "layout",
        "is_cuda",
        "grad",
    ),
    *("is_floating_point", "requires_grad", "grad_fn", "is_leaf", "get_device", "zeros_like", "ones_like"),
    *(
        "new_zeros",
        "new_ones",
        "full_like",
        "empty_like",
        "is_mps",
        "is_meta",
        "is_quantized",
        "stride",
        "ndimension",
    ),
    *("element_size", "is_nested", "is_contiguous", "type_as", "hash"),
}
"""Functions that need no numbers: sizes, types, and constants of a stand-in's size."""


def dispatch(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """What `func` makes of stand-ins; raises UnsupportedModel with the names of function and part."""
    name = _name(func)
    bare = name.strip("_")
    if bare in PASSIVE and not (bare == "requires_grad" and name.endswith("_")):
        return _passive(func, args, kwargs)
    trace = next(_standins((args, kwargs))).tracer
    trace.operations += 1
    operation = OPERATIONS.get(bare)
    with located(trace.place):
        if operation is None:
            raise UnsupportedModel(f"{bare} is not read", hint=SUPPORTED)
        try:
            result = operation(*args, **kwargs)
        except TypeError as error:
            raise UnsupportedModel(f"{bare} is called in a way that is not read ({error})") from error
    in_place = (name.endswith("_") and not name.endswith("__")) or name in (
        "__iadd__",
        "__isub__",
        "__imul__",
        "__itruediv__",
    )
    if in_place and isinstance(args[0], StandIn) and isinstance(result, StandIn):
        args[0].become(result)
        return args[0]
    return result


def _passive(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    with torch._C.DisableTorchFunctionSubclass():
        if getattr(func, "__name__", "") in (
            "zeros_like",
            "ones_like",
            "full_like",
            "new_zeros",
            "new_ones",
            "empty_like",
        ):
            return func(torch.empty(tuple(args[0].shape)), *args[1:], **kwargs)
        return func(*args, **kwargs)


def _name(func: Any) -> str:
    """Name of a function, a method, or the attribute that a getter gets."""
    name = getattr(func, "__name__", str(func))
    return str(func.__self__.__name__) if name in ("__get__", "__set__") else str(name)


def _standins(items: Any) -> Iterator[StandIn]:
    if isinstance(items, StandIn):
        yield items
    elif isinstance(items, dict):
        yield from _standins(list(items.values()))
    elif isinstance(items, list | tuple):
        for item in items:
            yield from _standins(item)
