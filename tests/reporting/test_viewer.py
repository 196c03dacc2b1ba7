"""The view of a sample: what it shows is the run, its addresses lead back, and nobody else reaches it."""

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from pathlib import Path

import numpy as np
import pytest
from builders import layer, network, tiny_network
from builders import target as hardware
from click.testing import CliRunner
from viewing import Served, served

from snnc.base.errors import UsageError
from snnc.commands.cli import main
from snnc.compiler.formats.storage import Build
from snnc.compiler.ir.network import Network
from snnc.compiler.isa.contract import Memory
from snnc.compiler.isa.layout import from_chunks
from snnc.compiler.pipeline import compile_network
from snnc.compiler.protocol.input_encoding import encode_inputs
from snnc.compiler.protocol.streams import encode_samples
from snnc.compiler.reference.interpreter import Execution, as_stored, execute_network
from snnc.compiler.targets import Target, load_target
from snnc.reporting.viewer import recording as recordings
from snnc.reporting.viewer.location import Location
from snnc.reporting.viewer.memories import PAGE, show_memory
from snnc.reporting.viewer.mesh import draw_mesh, place_of
from snnc.reporting.viewer.neurons import show_neurons
from snnc.reporting.viewer.recording import Recording
from snnc.reporting.viewer.server import listen
from snnc.reporting.viewer.session import Session
from snnc.sim.engine.cycle import run_cycles
from snnc.sim.engine.records import WEST
from snnc.training.data.datasets import Samples

HOSTILE = "<script>alert(1)</script>"


def build_of(model: Network, mesh: Target) -> Build:
    compiled = compile_network(model, mesh)
    return Build(compiled.network, compiled.tiled)


@pytest.fixture(scope="module", name="build", params=["spread", "shared"])
def tiny_build(request: pytest.FixtureRequest) -> Build:
    """The tiny network on several small cores, with links that are used; or on two with several tiles."""
    if request.param == "spread":
        return build_of(tiny_network(), hardware(neurons=16, weight_kibit=2, destinations=8))
    build = build_of(tiny_network(), hardware(width=2, height=1, neurons=64, contexts=4))
    assert any(core.at.context for core in build.tiled.cores)
    return build


@pytest.fixture(scope="module", name="session")
def tiny_session(build: Build) -> Session:
    x = np.random.default_rng(2).integers(0, 4, (5, 36)).astype(np.uint8)
    return Session(build, Samples("own", x, np.arange(5) % 3, (1, 6, 6)))


@pytest.fixture(scope="module", name="view")
def tiny_view(session: Session) -> Iterator[Served]:
    with served(session) as server:
        yield server


def executed(session: Session, sample: int) -> Execution:
    """A sample in the reference."""
    model = session.build.network
    return execute_network(model, encode_inputs(model.input, model.steps, session.samples.x[sample][None]))


def test_a_step_is_what_a_run_with_it_adds(session: Session, build: Build) -> None:
    tiled = build.tiled
    shown = session.recording(3)
    stream = encode_samples(tiled, encode_inputs(tiled.input, tiled.steps, session.samples.x[3:4]))
    run = run_cycles(tiled, stream, trace=True, event_log=True)
    steps = [shown.hops(step) for step in range(tiled.steps)]
    assert (np.sum(steps, axis=0) == run.hops).all() and all(
        (hops >= 0).all() and hops.any() for hops in steps
    )
    sent = sum(shown.sent_by_host(step) for step in range(tiled.steps))
    assert sent == len(stream) - tiled.steps, "all but a SYNC a step"
    assert shown.cycles == run.cycles[0]
    reference = executed(session, 3)
    assert (shown.outputs == reference.outputs[0]).all()


def test_links_carry_every_flit(session: Session) -> None:
    shown = session.recording(1)
    for step in range(2):
        drawn = draw_mesh(shown, Location(1, step))
        hops = shown.hops(step)
        crossing = int(hops[:, :, : WEST + 1].sum())
        assert sum(link.flits for link in drawn["links"]) == crossing + shown.sent_by_host(step)
        assert sum(cell.arrived for cell in drawn["cells"]) == int(hops[:, :, 4].sum())
        fired = sum(int(trace.spikes[0, step].sum()) for trace in shown.traces)
        assert drawn["spikes"] == fired
        for link in drawn["links"]:
            xs, ys = zip(link.start, link.end, strict=True)
            assert min(xs) >= 0 and max(xs) <= drawn["width"]
            assert min(ys) >= 0 and max(ys) <= drawn["height"]
    box = shown.run.hops.shape
    assert len(drawn["unused"]) == box[0] * box[1] - len(drawn["cells"])
    assert sum(len(cell.tiles) for cell in drawn["cells"]) == len(shown.traces)


def test_neurons_are_those_of_the_reference(session: Session, build: Build) -> None:
    shown = session.recording(2)
    reference = as_stored(build.network, build.tiled, executed(session, 2))
    for core in build.tiled.cores:
        trace = reference.layers[core.layer]
        numbers = core.tile.neuron_map(build.tiled.target.lanes)
        for number in numbers[numbers >= 0].tolist():
            for step in range(build.tiled.steps):
                values = dict(show_neurons(shown, core, Location(2, step, neuron=number))["values"])
                assert values["membrane after the sweep"] == str(trace.membrane[0, step, number])
                assert values["spike"] == ("yes" if trace.spikes[0, step, number] else "no")
                before = [value for name, value in values.items() if name.startswith("state word")]
                assert before == [str(trace.accumulated[0, step, number])]
                channel = number // (core.tile.layer_shape[1] * core.tile.layer_shape[2])
                population = build.network.layer(core.layer).neurons
                assert values["bias"] == str(population.bias[channel])


def test_neurons_step_through_the_core_in_order(session: Session, build: Build) -> None:
    shown, core = session.recording(0), build.tiled.cores[0]
    location, seen = Location(), []
    while True:
        found = show_neurons(shown, core, location)
        seen.append(found["chosen"])
        if found["after"] is None:
            break
        query = dict(re.findall(r"(\w+)=([^&]+)", found["after"]))
        location = Location.parse(query)
    assert sorted(seen) == sorted(set(seen)) and len(seen) == core.neurons
    with pytest.raises(UsageError, match="does not hold neuron 999"):
        show_neurons(shown, core, Location(neuron=999))


def test_memories_are_those_of_the_image(session: Session, build: Build) -> None:
    shown = session.recording(0)
    for core, loaded in zip(build.tiled.cores, build.image.cores, strict=True):
        names = [name for name, _, _ in show_memory(shown, core, Location())["names"]]
        assert {"state", "membrane", "weights", "registers", "destinations"} <= set(names)
        for name in names:
            rows, word = [], 0
            while True:
                page = show_memory(shown, core, Location(step=1, memory=name, word=word))
                assert len(page["rows"]) <= PAGE and page["used"] <= page["depth"]
                rows += page["rows"]
                if page["after"] is None:
                    break
                word += PAGE
            assert len(rows) == page["used"]
            if name in ("state", "membrane"):
                continue
            words = [
                (section.first_address + place, from_chunks(chunks))
                for memory, section in loaded.sections()
                if memory is Memory[name.upper()]
                for place, chunks in enumerate(section.words.tolist())
            ]
            assert [(address, int(bits, 16)) for address, bits, _ in rows] == words
    meanings = [meaning for _, _, meaning in show_memory(shown, core, Location(memory="registers"))["rows"]]
    assert f"words {core.tile.words(build.tiled.target.lanes)}" in meanings[0]
    weights = show_memory(shown, core, Location(memory="weights"))["rows"][0][2]
    assert weights == " ".join(map(str, core.weights[0].tolist()))
    for wrong, said in ((Location(memory="disk"), "no memory 'disk'"), (Location(word=999), "none at 999")):
        with pytest.raises(UsageError, match=said):
            show_memory(shown, core, wrong)


def test_state_words_are_the_membranes_by_slot(session: Session, build: Build) -> None:
    shown, core = session.recording(0), build.tiled.cores[0]
    target = build.tiled.target
    numbers = core.tile.neuron_map(target.lanes)
    membranes = np.zeros(len(numbers), np.int64)
    membranes[numbers >= 0] = shown.trace(core).membrane[0, 1]
    rows = show_memory(shown, core, Location(step=1, memory="membrane"))["rows"]
    said = [list(map(int, meaning.split())) for _, _, meaning in rows]
    assert said == membranes.reshape(-1, target.lanes)[:PAGE].tolist()
    word = int(rows[0][1], 16)
    lowest = word & (1 << target.state_bits) - 1
    assert lowest == said[0][0] % (1 << target.state_bits)


@pytest.mark.parametrize("kind", ["partial sums", "held"])
def test_other_cores_are_shown(kind: str) -> None:
    """Cores of partial sums have no membranes, those of held inputs currents beside them."""
    wide = kind == "partial sums"
    features = 300 if wide else 8
    first = layer("a", "input", features, 6, reset="soft")
    model = network(first, layer("out", "a", 6, 3, reset="none", state_bits=16), features=features)
    mesh = hardware(axon_columns=256, axon_rows=2, weight_kibit=8) if wide else load_target("fpga")
    build = build_of(model, mesh)
    x = np.random.default_rng(4).integers(0, 17, (1, features)).astype(np.uint8)
    session = Session(build, Samples("own", x, np.zeros(1, np.int64), (features, 1, 1)))
    emissions = [core.emission for core in build.tiled.cores]
    assert ("values_every" in emissions) == wide
    for core in build.tiled.cores:
        content = session.content(Location(core=place_of(core)))
        values = [name for name, _ in content["neurons"]["values"]]
        assert values[0].startswith("partial sum" if core.emission == "values_every" else "state word")
    if not wide:
        names = [name for name, _, _ in content["memory"]["names"]]
        assert "weights" in names


def test_recordings_of_events_are_shown() -> None:
    model = network(layer("a", "input", 8, 6), layer("out", "a", 6, 3, reset="none", state_bits=16))
    model = replace(model, input=replace(model.input, encoding="events"))
    x = np.random.default_rng(4).integers(0, 3, (2, model.steps, 8)).astype(np.uint8)
    build = build_of(model, load_target("fpga"))
    session = Session(build, Samples("own", x, np.zeros(2, np.int64), (8, 1, 1), spike_trains=True))
    reference = execute_network(model, x[1:2].astype(np.int64))
    assert session.content(Location(1))["outputs"] == reference.outputs[0].tolist()


def test_addresses_lead_back() -> None:
    places = [
        Location(),
        Location(3, 1, (2, 0, 3), 17, "axon_rows", 32),
        Location(9, 0, (10, 15, 0), None, "state", 0),
    ]
    for place in places:
        query = dict(re.findall(r"(\w+)=([^&]+)", place.url))
        assert Location.parse(query) == place
    there = Location(3, 1, (2, 0, 0), 17, "weights", 32)
    assert "neuron" not in there.at(core=(1, 1, 0)) and "memory=weights" in there.at(core=(1, 1, 0))
    assert "word" not in there.at(memory="bias") and "neuron=17" in there.at(step=2)


@pytest.mark.parametrize(
    "query",
    [
        "sample=x",
        "step=-1",
        "core=1",
        "core=1,2,3,4",
        "neuron=1e3",
        "memory=../x",
        "word=99999999999",
        "sample=",
    ],
)
def test_malformed_addresses_are_nowhere(view: Served, query: str) -> None:
    answer = view.get(f"/?{query}")
    assert answer.status == 404 and f"{query.partition('=')[0]} must be" in unescape(answer.text)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("sample=5", "there is no sample 5: there are 5, from 0 on"),
        ("step=2", "there is no step 2"),
        ("core=9,9", "nothing lies on core (9,9)"),
        ("neuron=12345", "does not hold neuron 12345"),
        ("memory=disk", "has no memory 'disk'"),
        ("memory=weights&word=100000", "none at 100000"),
        ("memory=" + "a" * 20, "has no memory"),
    ],
)
def test_places_that_are_not_there_are_said(view: Served, query: str, said: str) -> None:
    answer = view.get(f"/?{query}")
    assert answer.status == 404 and said in unescape(answer.text)


@pytest.mark.slow
def test_every_link_of_the_page_leads_somewhere(view: Served) -> None:
    waiting, seen = ["/", "/?sample=4&step=1"], set[str]()
    while waiting and len(seen) < 60:
        path = waiting.pop()
        seen.add(path)
        answer = view.get(path)
        assert answer.status == 200, path
        links = {unescape(link) for link in re.findall(r'href="(/[^"]*)"', answer.text)}
        waiting += sorted(links - seen - set(waiting))
    assert len(seen) == 60


def test_nobody_else_reaches_it(view: Served) -> None:
    for host in ("evil.example", f"evil.example:{view.port}", "127.0.0.1.evil.example", "[::1]", "0.0.0.0"):
        answer = view.get("/", host=host)
        assert answer.status == 400 and "spikes" not in answer.text, host
    assert view.get("/", host="localhost:80").status == 200
    assert view.get("/", method="POST").status == 405
    assert view.get("/etc/passwd").status == 404
    with listen(0) as socket:
        assert socket.getsockname()[0] == "127.0.0.1"
        with pytest.raises(UsageError, match="cannot be used"):
            listen(socket.getsockname()[1])


def test_it_needs_nothing_from_elsewhere(view: Served) -> None:
    for path in ("/", "/view.css", "/view.js", "/?sample=99"):
        answer = view.get(path)
        addresses = re.findall(r"(?:src|href|action)=\"([^\"]*)\"|url\(([^)]*)\)", answer.text)
        outside = [a or b for a, b in addresses if not (a or b).startswith(("/", "data:", "#"))]
        assert outside == [], path
        policy = answer.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'") and "http" not in policy
        assert "Access-Control-Allow-Origin" not in answer.headers


def test_names_from_files_cannot_become_markup() -> None:
    first = layer(HOSTILE, "input", 8, 4)
    build = build_of(network(first, layer("out", HOSTILE, 4, 3, reset="none")), load_target("fpga"))
    samples = Samples(HOSTILE, np.ones((1, 8), np.uint8), np.zeros(1, np.int64), (8, 1, 1))
    with served(Session(build, samples)) as server:
        for query in ("", f"?memory={HOSTILE}"):
            text = server.get(f"/{query.replace('<', '%3C').replace('>', '%3E')}").text
            assert "alert(1)" in unescape(text) and HOSTILE not in text


def test_a_trace_too_large_is_refused(build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recordings, "MAX_TRACED", 10)
    with pytest.raises(UsageError, match="more than 10"):
        Recording(build, np.zeros((1, 36), np.uint8))


@pytest.mark.slow
def test_the_verb_serves_until_interrupted(build: Build, tmp_path: Path) -> None:
    build.save(tmp_path)
    data = tmp_path / "own.npz"
    np.savez(data, x=np.ones((2, 36), np.uint8), y=np.zeros(2, np.int64))
    command = ["view", str(tmp_path), "--data", str(data), "--port", "0"]
    result = CliRunner().invoke(main, [*command, "--sample", "2"])
    assert (result.exit_code, "no sample 2" in result.stderr) == (2, True)
    with subprocess.Popen(
        [sys.executable, "-m", "snnc", *command, "--sample", "1"], stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        line = process.stderr.readline()
        found = re.match(r"http://127\.0\.0\.1:(\d+)/\?sample=1", line)
        assert found is not None, line
        answer = Served(int(found[1])).get("/?sample=1")
        process.send_signal(signal.SIGINT)
        rest = process.stderr.read()
        assert (process.wait(), rest) == (0, "")
    assert "Sample 1 of" in answer.text
