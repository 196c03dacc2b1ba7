"""Work that is shared out: the result of a run in one place, resumable, and nothing lost with a worker."""

import json
import os
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders import tiny_network
from click.testing import CliRunner
from inline_cluster import Inline

from snnc.base.errors import FileError, UsageError
from snnc.commands.cli import main
from snnc.compiler.formats.storage import Build
from snnc.compiler.pipeline import compile_network
from snnc.compiler.protocol.input_encoding import encode_inputs
from snnc.compiler.targets import load_target
from snnc.exploration import seeds
from snnc.exploration.cluster import Cluster, workers
from snnc.exploration.seeds import share_seeds
from snnc.exploration.shards import SHARDS_FILE, Sharing, shared_runner, sharing
from snnc.exploration.store import Store
from snnc.sim.simulate import Tier, simulate
from snnc.verification import compare
from snnc.verification.compare import Verification, VerifyOptions, verify

SAMPLES = 70
"""More than there are shards."""


@pytest.fixture(name="build")
def built(tmp_path: Path) -> Build:
    compilation = compile_network(tiny_network(), load_target("fpga"))
    build = Build(compilation.network, compilation.tiled)
    build.save(tmp_path)
    return build


def shared(folder: Path, cluster: Cluster) -> Sharing:
    return Sharing(folder, cluster, Store(folder / SHARDS_FILE))


def inputs(build: Build, count: int = SAMPLES) -> Any:
    node = build.network.input
    draw = np.random.default_rng(0)
    return draw.integers(0, node.max_payload + 1, (count, node.features)).astype(np.uint8)


def figures(build: Build, tier: Tier, **options: Any) -> str:
    x = inputs(build)
    report = simulate(build, x, np.arange(len(x)) % build.tiled.outputs, tier, **options).to_dict()
    return json.dumps(report | {"sim": None})


@pytest.mark.parametrize("tier", ["cycle", "functional"])
def test_a_simulation_in_shards_reports_the_same(build: Build, tmp_path: Path, tier: Tier) -> None:
    told: list[int] = []
    cluster = Inline()
    run = shared_runner(shared(tmp_path, cluster))
    assert figures(build, tier, run=run, progress=told.append) == figures(build, tier)
    assert cluster.asked == 64
    assert told[-1] == SAMPLES
    assert told == sorted(told)


def test_a_simulation_that_was_interrupted_goes_on(build: Build, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        figures(build, "cycle", run=shared_runner(shared(tmp_path, Inline(most=10))))
    again = Inline()
    assert figures(build, "cycle", run=shared_runner(shared(tmp_path, again))) == figures(build, "cycle")
    assert again.asked == 54


def test_another_program_is_not_taken_for_the_one_that_was_asked_for(build: Build, tmp_path: Path) -> None:
    class Late(Inline):
        def run(self, function: Any, tasks: Any, done: Any) -> list[str]:
            (tmp_path / "program.snnc").write_bytes(b"another")
            return super().run(function, tasks, done)

    with pytest.raises(FileError, match="has changed since the run began"):
        figures(build, "cycle", run=shared_runner(shared(tmp_path, Late())))


def test_shards_without_workers_are_told(build: Build, tmp_path: Path) -> None:
    class Deadly(Inline):
        def run(self, function: Any, tasks: Any, done: Any) -> list[str]:
            return list(tasks)[:3]

    with pytest.raises(UsageError, match="3 shards lost their worker"):
        figures(build, "cycle", run=shared_runner(shared(tmp_path, Deadly())))


@pytest.mark.slow
def test_a_worker_that_is_killed_loses_nothing(build: Build, tmp_path: Path) -> None:
    killed: list[int] = []
    with workers(count=2) as cluster:

        def kill(done: int) -> None:
            if done and not killed:
                killed.append(next(iter(cluster.client.run(os.getpid).values())))
                os.kill(killed[0], signal.SIGKILL)

        found = figures(build, "cycle", run=shared_runner(shared(tmp_path, cluster)), progress=kill)
    assert killed
    assert found == figures(build, "cycle")


@pytest.mark.slow
def test_the_verb_shares_a_test_set_out(build: Build, tmp_path: Path) -> None:
    np.savez(tmp_path / "data.npz", x=inputs(build), y=np.arange(SAMPLES) % build.tiled.outputs)
    arguments = ["-q", "simulate", str(tmp_path), "--data", str(tmp_path / "data.npz"), "--json", "-"]
    alone, together = (CliRunner().invoke(main, [*arguments, *more]) for more in ([], ["--workers", "2"]))
    assert alone.exit_code == together.exit_code == 0, together.stderr
    reports = [json.loads(run.stdout) | {"sim": None} for run in (alone, together)]
    assert json.dumps(reports[0]) == json.dumps(reports[1])
    assert not (tmp_path / SHARDS_FILE).exists()


def test_what_was_found_out_stays_until_the_end(build: Build, tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), sharing(tmp_path, None, 1) as one:
        one.store.put("key", {}, {"found": 1})
        raise ZeroDivisionError
    assert Store(tmp_path / SHARDS_FILE).get("key") == {"found": 1}


def options(folder: Path, count: int) -> VerifyOptions:
    return VerifyOptions(0.3, 5, count, folder, folder / "verify")


def test_seeds_in_shards_add_up_as_in_a_row(
    build: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stalled(comparison: Any, image: Any, payloads: Any, options: VerifyOptions) -> None:
        comparison.readout(f"rtl (stalled, seed {options.seed})", comparison.outputs + (options.seed == 6))

    monkeypatch.setattr(compare, "_verify_rtl", lambda *_: None)
    monkeypatch.setattr(compare, "_record_waveform", lambda *_: None)
    for module in (compare, seeds):
        monkeypatch.setattr(module, "compare_stalled", stalled)
    payloads = encode_inputs(build.network.input, build.network.steps, inputs(build, 3))
    cluster = shared(tmp_path, Inline())
    together = verify(
        build,
        payloads,
        None,
        options(tmp_path, 3),
        stalled=lambda wanted: share_seeds(cluster, payloads, wanted),
    )
    alone = verify(build, payloads, None, options(tmp_path, 3))
    assert without_times(together) == without_times(alone)
    assert alone.outputs_compared == 5 * 3 * build.tiled.outputs
    assert alone.first_difference is not None
    assert alone.first_difference.execution == "rtl (stalled, seed 6)"
    assert "seeds 5 to 7" in alone.render()


@pytest.mark.slow
def test_the_rtl_is_verified_with_many_seeds_on_workers(build: Build, tmp_path: Path) -> None:
    np.savez(tmp_path / "data.npz", x=inputs(build, 2), y=np.zeros(2, np.int64))
    arguments = ["-q", "verify", str(tmp_path), "--data", str(tmp_path / "data.npz"), "--samples", "2"]
    arguments += ["--stall", "0.3", "--seeds", "3", "--json", "-"]
    alone, together = (CliRunner().invoke(main, [*arguments, *more]) for more in ([], ["--workers", "2"]))
    assert alone.exit_code == together.exit_code == 0, together.stderr
    results = [json.loads(run.stdout) | {"seconds": None} for run in (alone, together)]
    assert results[0] == results[1]
    assert results[0]["seeds"] == 3


def without_times(result: Verification) -> dict[str, Any]:
    return result.to_dict() | {"seconds": None}
