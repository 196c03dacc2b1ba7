"""Answers after every step are those of the reference's spikes so far, and leave in their order."""

from dataclasses import replace

import numpy as np
import pytest
from random_programs import compiled_program, random_payloads

from snnc.compiler.formats.storage import Build
from snnc.compiler.reference.interpreter import execute_network
from snnc.sim.answers import answers_of
from snnc.sim.engine.cycle import run_isolated
from snnc.sim.simulate import simulate

SAMPLES = 3


@pytest.mark.parametrize("kind", ["spike_count", "first_spike"])
def test_the_answer_of_a_step_is_that_of_the_spikes_until_then(kind: str) -> None:
    generator = np.random.default_rng(17)
    seen = 0
    cores: set[int] = set()
    while seen < 6 or max(cores) == 1:
        compilation = compiled_program(generator)
        program, network = compilation.tiled, compilation.network
        payloads = random_payloads(generator, program, SAMPLES)
        if network.readout.kind != kind or program.steps == 1:
            continue
        seen += 1
        cores.add(len(program.readout_cores))
        run = run_isolated(program, payloads)
        answers = answers_of(program, run, SAMPLES)
        assert answers is not None
        spikes = execute_network(network, payloads).layers[network.readout.layer].spikes.astype(np.int64)
        spikes[:, : network.readout.first_step] = 0
        weights = np.arange(program.steps, 0, -1)[:, None]
        for step in range(program.steps):
            so_far = spikes[:, : step + 1]
            outputs = so_far.sum(1) if kind == "spike_count" else (so_far * weights[: step + 1]).max(1)
            assert answers.predictions[:, step].tolist() == outputs.argmax(1).tolist()
        assert (np.diff(answers.cycles, axis=1) > 0).all() and (answers.cycles[:, 0] > 0).all()
        assert answers.cycles[:, -1].tolist() == run.cycles.tolist()


def test_the_report_tells_of_answers_only_where_they_leave_while_the_sample_runs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    generator = np.random.default_rng(5)
    kinds: set[str] = set()
    while kinds != {"membrane", "spike_count", "first_spike"}:
        compilation = compiled_program(generator)
        network, program = compilation.network, compilation.tiled
        if program.steps < 3 or network.input.encoding not in ("direct", "events"):
            continue
        kinds.add(network.readout.kind)
        payloads = random_payloads(generator, program, SAMPLES)
        x = payloads if network.input.encoding == "events" else payloads[:, 0]
        build = Build(network, program)
        report = simulate(build, x, np.zeros(SAMPLES, np.int64))
        assert (report.answers is None) == (network.readout.kind == "membrane")
        assert ("answers     after every step" in report.render()) == (report.answers is not None)
        if report.answers is not None:
            assert report.answers.correct is not None and report.answers.correct[-1] == report.correct
            assert len(report.answers.cycles_mean) == program.steps
            assert report.answers.cycles_max[-1] == report.cycle_spread.max
            monkeypatch.setattr("snnc.sim.simulate.BATCH_BYTES", 8 * program.steps * program.input.features)
            assert simulate(build, x, np.zeros(SAMPLES, np.int64)).answers == report.answers
            assert replace(report, answers=None).to_dict()["answers"] is None
            assert simulate(build, x, tier="functional").answers is None
