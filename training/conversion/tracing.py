"""Torch modules as torch.fx graphs, after refusing all that such a graph does not show."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, fx, nn
from torch.nn.utils import parametrize

from snnc.base.errors import UnsupportedModel

LEAVES: tuple[type[nn.Module], ...] = (
    nn.Conv2d,
    nn.Linear,
    nn.BatchNorm2d,
    nn.BatchNorm1d,
    nn.ReLU,
    nn.AvgPool2d,
    nn.AdaptiveAvgPool2d,
    nn.Flatten,
    nn.Identity,
    nn.Dropout,
    nn.Dropout2d,
)
"""Classes that are known by what they compute; everything else is known by its `forward`, which is traced."""
_CALLS = ("__call__", "_call_impl", "_wrapped_call_impl")


def trace(module: nn.Module) -> fx.GraphModule:
    """The graph of `module`; raises UnsupportedModel where it may not be all that the module computes."""
    for path, part in module.named_modules():
        _check(path, part)
    try:
        return fx.GraphModule(module, _Tracer().trace(module))
    except UnsupportedModel:
        raise
    # Tracing runs the module's own code on proxies, which may raise anything.
    except Exception as error:
        raise _untraceable(module, error, None) from error


class _Tracer(fx.Tracer):
    """Records the layers that fold knows as they are and looks inside everything else."""

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        """Whether `m` is one node of the graph."""
        return isinstance(m, LEAVES) or super().is_leaf_module(m, module_qualified_name)

    def call_module(
        self, m: nn.Module, forward: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        """Trace a call of `m`; an error names the innermost module."""
        try:
            return super().call_module(m, forward, args, kwargs)
        except UnsupportedModel:
            raise
        except Exception as error:
            raise _untraceable(m, error, self.path_of_module(m)) from error


def _untraceable(module: nn.Module, error: Exception, where: str | None) -> UnsupportedModel:
    reason = (str(error).splitlines() or [""])[0][:200]
    return UnsupportedModel(f"torch.fx cannot trace {type(module).__name__}: {reason}", where=where)


def _check(path: str, part: nn.Module) -> None:
    """Raise UnsupportedModel for a part that computes something else than its class says."""
    where, kind = path or "the module", type(part)
    if part.training:
        raise UnsupportedModel(
            f"{kind.__name__} is in training mode, a conversion takes what evaluation computes",
            where=where,
            hint="call eval() on the module first",
        )
    if parametrize.is_parametrized(part):
        lists: Any = part.parametrizations
        names = ", ".join(f"{name} by {type(each).__name__}" for name in lists for each in lists[name])
        raise UnsupportedModel(
            f"{kind.__name__} has parametrised tensors: {names}",
            where=where,
            hint="torch.nn.utils.parametrize.remove_parametrizations stores the tensors as they are used",
        )
    _check_hooks(where, part)
    if isinstance(part, LEAVES) and kind not in LEAVES:
        base = next(leaf for leaf in LEAVES if isinstance(part, leaf))
        name = f"{kind.__module__}.{kind.__qualname__}"
        raise UnsupportedModel(
            f"{name} is a subclass of {base.__name__} and may compute something else",
            where=where,
            hint=f"use torch.nn.{base.__name__} itself",
        )
    own = [name for name in vars(part) if callable(getattr(kind, name, None))]
    if own:
        raise UnsupportedModel(f"{kind.__name__}.{own[0]} is replaced in this instance", where=where)
    changed = [name for name in _CALLS if getattr(kind, name) is not getattr(nn.Module, name)]
    if changed and not isinstance(part, fx.GraphModule):
        raise UnsupportedModel(f"{kind.__name__} has a {changed[0]} of its own", where=where)
    for name, tensor in (*part.named_parameters(recurse=False), *part.named_buffers(recurse=False)):
        _check_tensor(f"{where}.{name}" if path else name, tensor)


def _check_hooks(where: str, part: nn.Module) -> None:
    for label, hooks in (("pre-hook", part._forward_pre_hooks), ("hook", part._forward_hooks)):
        for hook in hooks.values():
            name = getattr(hook, "__qualname__", type(hook).__name__)
            raise UnsupportedModel(
                f"{type(part).__name__} has a forward {label}, {name}, which may change what it computes",
                where=where,
                hint="remove hooks before the conversion; weight norm, spectral norm and pruning have "
                "functions that store their result, such as torch.nn.utils.prune.remove",
            )


def _check_tensor(where: str, tensor: Tensor) -> None:
    if tensor.is_complex() or tensor.is_meta or tensor.layout != torch.strided or tensor.is_nested:
        kind = f"{tensor.dtype}, {tensor.layout}, on {tensor.device}"
        raise UnsupportedModel(f"must be a dense real tensor with values, not {kind}", where=where)
    if not bool(tensor.isfinite().all()):
        raise UnsupportedModel("holds NaN or infinite numbers", where=where)
