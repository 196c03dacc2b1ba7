"""Kernels look at many numbers at once: never behind what is padded for them, where memory ends."""

import ctypes
import mmap
import subprocess
import sys
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from random_programs import compiled_program, random_payloads

from snnc.sim.engine import functional
from snnc.sim.engine.vectors import PADDING, padded_copy

HERE = Path(__file__).resolve()
HELPERS = HERE.parents[1] / "helpers"
SEEDS = 12
Item = TypeVar("Item", np.uint8, np.int32)


def at_the_end_of_memory(pool: NDArray[Item]) -> NDArray[Item]:
    """A copy (items,) whose last byte is the last before a page that nobody may read or write."""
    pages = -(-pool.nbytes // mmap.PAGESIZE) + 1
    area = mmap.mmap(-1, pages * mmap.PAGESIZE)
    end = (pages - 1) * mmap.PAGESIZE
    guard = ctypes.addressof(ctypes.c_char.from_buffer(area)) + end
    assert ctypes.CDLL(None).mprotect(ctypes.c_void_p(guard), mmap.PAGESIZE, 0) == 0
    copy: NDArray[Item] = np.frombuffer(area, pool.dtype, pool.size, end - pool.nbytes)
    copy[:] = pool
    return copy


def padded_at_the_end(numbers: NDArray[np.int64]) -> NDArray[np.uint8]:
    padded = np.zeros(numbers.size + PADDING, np.uint8)
    padded[: numbers.size] = numbers.reshape(-1)
    return at_the_end_of_memory(padded)[: numbers.size].reshape(numbers.shape)


def run() -> None:
    """Random programs with the pools that vectors read at the end of memory."""
    for seed in range(SEEDS):
        generator = np.random.default_rng(seed)
        program = compiled_program(generator).tiled
        payloads = random_payloads(generator, program, 2)
        expected = functional.run_functional(program, payloads, threads=1)
        before = vars(functional).copy()
        vars(functional).update(padded_copy=padded_at_the_end, aligned_copy=at_the_end_of_memory)
        found = functional.run_functional(program, payloads, threads=1)
        vars(functional).update(before)
        assert (found.outputs == expected.outputs).all()
    print("within")


def test_a_padded_copy_has_the_same_numbers() -> None:
    numbers = np.array([[1, 0, 255]])
    assert padded_copy(numbers).tolist() == numbers.tolist()


def test_vectors_do_not_look_behind_the_padding() -> None:
    script = f"import sys; sys.path += {[str(HERE.parent), str(HELPERS)]}; import {HERE.stem} as t; t.run()"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "within\n"), done.stderr
