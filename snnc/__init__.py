"""snnc: train, compile, simulate and verify spiking neural networks, exactly."""

from typing import TYPE_CHECKING, Any

from snnc.base.version import __version__

if TYPE_CHECKING:
    from snnc.api import compile, simulate, verify
    from snnc.compiler.formats.storage import Build

__all__ = ["Build", "__version__", "compile", "simulate", "verify"]


def __getattr__(name: str) -> Any:
    """Import the API when it is first used, so that `import snnc` costs nothing."""
    if name == "Build":
        from snnc.compiler.formats.storage import Build

        return Build
    if name in __all__:
        from snnc import api

        return getattr(api, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
