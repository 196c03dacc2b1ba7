"""Runs a sweep on two workers, kills one in the middle, and counts what is in the store afterwards.

python examples/exploration/lost_worker.py SPACE.toml -o DIR
"""

import argparse
import subprocess
import sys
import time
from pathlib import Path

import psutil

from snnc.exploration.store import Store
from snnc.exploration.sweep import STORE_FILE

BEFORE = 8
"""Results that are there when the worker dies."""


def main() -> int:
    """Sweep, kill, count."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("space", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    arguments = parser.parse_args()
    command = ["explore", str(arguments.space), "-o", str(arguments.output), "--workers", "2"]
    sweep = subprocess.Popen([sys.executable, "-m", "snnc", *command])
    store = arguments.output / STORE_FILE
    while sweep.poll() is None and not (store.exists() and len(Store(store)) >= BEFORE):
        time.sleep(0.2)
    victim = next(child for child in workers(sweep.pid))
    victim.kill()
    print(f"killed worker {victim.pid} after {len(Store(store))} results", file=sys.stderr)
    code = sweep.wait()
    print(f"{len(Store(store))} results in the end, exit code {code}", file=sys.stderr)
    return code


def workers(parent: int) -> list[psutil.Process]:
    """The processes in which a local cluster computes, which it spawns."""
    children = psutil.Process(parent).children(recursive=True)
    return [child for child in children if "spawn_main" in " ".join(child.cmdline())]


if __name__ == "__main__":
    sys.exit(main())
