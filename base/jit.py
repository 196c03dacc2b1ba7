"""The one place that names Numba: how kernels are compiled and kept on disk."""

import os
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Protocol, TypeVar, cast

from numba import njit, types
from numba.extending import intrinsic
from numpy.typing import NDArray

Function = TypeVar("Function", bound=Callable[..., Any])


class Pool(Protocol):
    """Integers by index: how a kernel sees a contiguous array."""

    def __getitem__(self, index: int, /) -> int: ...

    def __setitem__(self, index: int, value: int, /) -> None: ...


def kernel(function: Function) -> Function:
    """Compile a function that only other kernels call; releases the interpreter lock."""
    return cast(Function, njit(nogil=True, error_model="numpy")(function))


def inlined(function: Function) -> Function:
    """The same for one that becomes a part of each kernel that calls it: for what is called in one place and
    often, and would hand on most of its arguments."""
    return cast(Function, njit(nogil=True, error_model="numpy", forceinline=True)(function))


def entry(function: Function) -> Function:
    """Compile a kernel that Python calls, cached on disk.

    The cache notices changes of the entry's own file and of its closure variables only, so an entry with
    callees in other files closes over a checksum of them: otherwise an edit of them would go unnoticed.
    """
    return _cached(function, nogil=True, error_model="numpy")


def reordered_entry(function: Function) -> Function:
    """The same for a kernel whose float sums may be added in any order, as sums in vector registers need it;
    infinities and NaN stay what they are."""
    flags = {"reassoc", "contract", "nsz"}
    return _cached(function, nogil=True, error_model="numpy", fastmath=flags)


def _cached(function: Function, **options: Any) -> Function:
    """Compiled with a cache on disk; without one, and with a warning, where no folder can be written."""
    if _cache_folder_is_known(Path(function.__code__.co_filename)):
        try:
            return cast(Function, njit(cache=True, **options)(function))
        except RuntimeError:  # Numba found no folder that it can write to.
            pass
    _say_that_nothing_is_kept()
    return cast(Function, njit(**options)(function))


@cache
def _say_that_nothing_is_kept() -> None:
    """Once, however many kernels there are."""
    warnings.warn(
        "compiled kernels cannot be kept, every run compiles them anew: "
        "name a writable folder with the environment variable NUMBA_CACHE_DIR",
        stacklevel=4,
    )


def _cache_folder_is_known(source: Path) -> bool:
    """Whether Numba has a folder beside `source` or of the user: without a home directory it makes one called
    `~` where it happens to run."""
    beside = source.with_name("__pycache__")
    if os.access(beside if beside.exists() else beside.parent, os.W_OK) and not beside.is_file():
        return True
    if os.environ.get("NUMBA_CACHE_DIR") or os.environ.get("XDG_CACHE_HOME"):
        return True
    try:
        Path.home()
    except RuntimeError:
        return False
    return True


def _pointer(context: Any, array: Any) -> Any:
    def generate(target: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return target.make_array(signature.args[0])(target, builder, arguments[0]).data

    pointer_type: Any = types.CPointer
    return pointer_type(array.dtype)(array), generate


pointer = cast(Callable[[NDArray[Any]], Pool], intrinsic(_pointer))
"""The address of a contiguous array's first item, which kernels index like the array itself.

Kernels hand pools on as pointers: an array argument costs seven words, reference counting and a test for
negative indices in every call, which together took five sixths of the cycle tier's time.
"""
