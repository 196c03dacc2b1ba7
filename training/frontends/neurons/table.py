"""Which neurons are read, by framework and class: the rules that `docs/imports.md` shows."""

from collections.abc import Callable, Mapping
from typing import Any

from torch import nn

from snnc.base.errors import UnsupportedModel
from snnc.training.frontends.neurons import norse, sinabs, snntorch, spikingjelly
from snnc.training.frontends.neurons.record import Record

Reader = Callable[[Any, str], Record]
FRAMEWORKS: Mapping[str, tuple[Mapping[str, Reader], Mapping[str, str]]] = {
    module.__name__.rpartition(".")[2]: (module.KINDS, module.REFUSED)
    for module in (snntorch, spikingjelly, norse, sinabs)
}
"""By package: what reads each class, and why others are refused."""


def is_neurons(module: nn.Module) -> bool:
    """Whether a module is of a framework's kinds of neurons, read or not."""
    return any(
        package in FRAMEWORKS and any(base.__name__ in known for known in FRAMEWORKS[package])
        for base in type(module).__mro__
        for package in [base.__module__.partition(".")[0]]
    )


def find_record(module: nn.Module) -> Record | None:
    """What is known of a module of a framework; None for one that is looked into.

    Raises UnsupportedModel for neurons that cannot be read.
    """
    kind = type(module)
    for base in kind.__mro__:
        package = base.__module__.partition(".")[0]
        if package not in FRAMEWORKS:
            continue
        readers, refused = FRAMEWORKS[package]
        name = f"{package}.{base.__name__}"
        if base.__name__ in refused:
            raise UnsupportedModel(f"{name} is not read: {refused[base.__name__]}")
        if base.__name__ not in readers:
            continue
        if base is not kind:
            own = f"{kind.__module__}.{kind.__qualname__}"
            raise UnsupportedModel(
                f"{own} is a subclass of {name} and may compute something else", hint=f"use {name}"
            )
        return readers[base.__name__](module, name)
    return None
