"""Random networks through every execution: reference, program, image, simulator tiers, stepped model and RTL.

A failing case is shrunk, printed by hypothesis and kept as files; `make fuzz` runs many more of the same.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cases import Draft, drafts
from example_counts import few_when_quick
from executions import Checked, check_rtl, check_software
from hypothesis import HealthCheck, Phase, given, note, seed, settings
from random_hardware import RTL_HARDWARE, SIZES, Size
from replay import keep
from space import record
from space_rows import Drawn

from snnc.base.errors import DoesNotFit, UnsupportedModel
from snnc.compiler.pipeline import Compilation
from snnc.rtl.simulation.tools import simulator_missing

SETTINGS = settings(
    deadline=None,
    database=None,
    phases=(Phase.generate, Phase.shrink),
    suppress_health_check=list(HealthCheck),
)
FUZZING = "SNNC_FUZZ_SOFTWARE" in os.environ
SOFTWARE_NETWORKS = int(os.environ.get("SNNC_FUZZ_SOFTWARE", few_when_quick(30) * len(SIZES)))
"""Networks in software, an equal share of each size."""
RTL_NETWORKS = int(os.environ.get("SNNC_FUZZ_RTL", "10"))
"""Networks per hardware, each run without and with stalls."""
HARDWARE = [name for name, (_, everywhere) in RTL_HARDWARE.items() if FUZZING or everywhere]
LEAST_COMPILED = 0.3
"""Share of the networks that the compiler must accept, or the generator has gone blind."""


SEED = os.environ.get("SNNC_FUZZ_SEED", "0")
"""The same cases in every run of the tests, others in every fuzz."""
BATCH = 10
"""Networks per seed: behind its tenth example hypothesis mostly varies the one before, which finds less."""

Check = Callable[[Draft, Compilation], Checked]


def run_cases(
    sizes: tuple[Size, ...], examples: int, check: Check, *, name: str, column: str, **drawing: Any
) -> None:
    """Draw, compile and check; what the compiler refuses is counted, anything else that fails is kept."""
    outcomes = {"drawn": 0, "compiled": 0}

    def run(draft: Draft) -> None:
        outcomes["drawn"] += 1
        try:
            compilation = draft.compile()
            checked = check(draft, compilation)
        except (DoesNotFit, UnsupportedModel):
            record(Drawn(draft), column)
            return
        except Exception:
            note(f"kept; run it again: make replay CASE={keep(draft, name)}")
            raise
        outcomes["compiled"] += 1
        record(Drawn(draft, compilation, checked.expected, checked.packings), column)

    for batch in range(-(-examples // BATCH)):
        chosen = settings(SETTINGS, max_examples=min(BATCH, examples - batch * BATCH))
        print(f"{name}: hypothesis seed {SEED}-{name}-{batch}")
        seed(f"{SEED}-{name}-{batch}")(chosen(given(drafts(sizes, **drawing))(run)))()
    assert outcomes["compiled"] >= LEAST_COMPILED * outcomes["drawn"], outcomes


@pytest.mark.parametrize("size", SIZES, ids=lambda size: size.name)
def test_every_software_execution_equals_the_network(size: Size) -> None:
    examples = max(1, SOFTWARE_NETWORKS // len(SIZES))
    run_cases((size,), examples, check_software, name=f"software-{size.name}", column="software")


@pytest.mark.slow
@pytest.mark.skipif(
    simulator_missing("verilator") is not None, reason=f"RTL not run: {simulator_missing('verilator')}"
)
@pytest.mark.parametrize("hardware", HARDWARE)
def test_the_rtl_equals_the_network_and_the_simulator(hardware: str, tmp_path: Path) -> None:
    def check(draft: Draft, compilation: Compilation) -> Checked:
        return check_rtl(draft, compilation, tmp_path)

    target, _ = RTL_HARDWARE[hardware]
    sizes = tuple(size for size in SIZES if target.axon_columns == 256 or not size.wide)
    run_cases(sizes, RTL_NETWORKS, check, name=f"rtl-{hardware}", column="rtl", hardware=target, samples=2)
