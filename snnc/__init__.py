"""snnc: train, compile, simulate and verify spiking neural networks, exactly. All of the Python API is here.

Nothing is imported before it is used, so that `import snnc` costs nothing.
"""

import importlib
from typing import TYPE_CHECKING, Any

from snnc.base.version import __version__

if TYPE_CHECKING:
    from snnc.api.models import convert, dataset, import_model, load, save, train
    from snnc.api.programs import compile, explore, reference, simulate, synthesise, verify
    from snnc.base.errors import SnncError
    from snnc.compiler.formats.storage import Build
    from snnc.compiler.ir.network import Conv2d, Edge, Input, Layer, Linear, Network, Neurons, Readout
    from snnc.compiler.ir.pooling import max_pool
    from snnc.compiler.isa.arithmetic import Decay
    from snnc.compiler.reference.interpreter import Execution, LayerTrace
    from snnc.compiler.targets import Target, load_target
    from snnc.sim.report import Report
    from snnc.training.model.classifier import SpikingClassifier
    from snnc.training.model.config import EdgeConfig, LayerConfig, ModelConfig, Population
    from snnc.verification.compare import Verification

_PLACES = {
    "snnc.api.models": ("convert", "dataset", "import_model", "load", "save", "train"),
    "snnc.api.programs": ("compile", "explore", "reference", "simulate", "synthesise", "verify"),
    "snnc.base.errors": ("SnncError",),
    "snnc.compiler.formats.storage": ("Build",),
    "snnc.compiler.ir.network": (
        "Conv2d",
        "Edge",
        "Input",
        "Layer",
        "Linear",
        "Network",
        "Neurons",
        "Readout",
    ),
    "snnc.compiler.ir.pooling": ("max_pool",),
    "snnc.compiler.isa.arithmetic": ("Decay",),
    "snnc.compiler.reference.interpreter": ("Execution", "LayerTrace"),
    "snnc.compiler.targets": ("Target", "load_target"),
    "snnc.sim.report": ("Report",),
    "snnc.training.model.classifier": ("SpikingClassifier",),
    "snnc.training.model.config": ("EdgeConfig", "LayerConfig", "ModelConfig", "Population"),
    "snnc.verification.compare": ("Verification",),
}
_HOME = {name: module for module, names in _PLACES.items() for name in names}

__all__ = [
    "Build",
    "Conv2d",
    "Decay",
    "Edge",
    "EdgeConfig",
    "Execution",
    "Input",
    "Layer",
    "LayerConfig",
    "LayerTrace",
    "Linear",
    "ModelConfig",
    "Network",
    "Neurons",
    "Population",
    "Readout",
    "Report",
    "SnncError",
    "SpikingClassifier",
    "Target",
    "Verification",
    "__version__",
    "compile",
    "convert",
    "dataset",
    "explore",
    "import_model",
    "load",
    "load_target",
    "max_pool",
    "reference",
    "save",
    "simulate",
    "synthesise",
    "train",
    "verify",
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """What completion offers."""
    return sorted({*globals(), *__all__})
