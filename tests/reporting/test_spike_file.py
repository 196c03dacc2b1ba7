"""Spikes as data: every one that the reference fires, in the cycle of its sweep; a trace for Perfetto."""

import csv
import json
import threading
import time
import webbrowser
from http.client import HTTPConnection
from pathlib import Path

import numpy as np
import pytest
from builders import target as hardware
from builders import tiny_network
from click.testing import CliRunner
from timelines import Read

from snnc.base.errors import UsageError
from snnc.commands.cli import main
from snnc.compiler.formats.storage import Build
from snnc.compiler.pipeline import compile_network
from snnc.compiler.protocol.input_encoding import encode_inputs
from snnc.compiler.reference.interpreter import execute_network
from snnc.reporting.spike_file import check_spike_file, record_spikes
from snnc.reporting.timeline import record_timeline
from snnc.reporting.viewer.hand_over import PERFETTO, PORT, URL, offer
from snnc.reporting.viewer.server import listen


@pytest.fixture(name="folder")
def built(tmp_path: Path) -> Path:
    compiled = compile_network(tiny_network(), hardware(neurons=16, weight_kibit=2, destinations=8))
    Build(compiled.network, compiled.tiled).save(tmp_path)
    x = np.random.default_rng(2).integers(0, 4, (3, 36)).astype(np.uint8)
    np.savez(tmp_path / "own.npz", x=x, y=np.zeros(3, np.int64))
    return tmp_path


def samples(folder: Path) -> np.ndarray:
    x: np.ndarray = np.load(folder / "own.npz")["x"]
    return x


def test_every_spike_is_written_in_its_cycle(folder: Path) -> None:
    build, x = Build.load(folder), samples(folder)[1:2]
    table = record_spikes(build, x, 1000)
    model = build.network
    run = execute_network(model, encode_inputs(model.input, model.steps, x))
    wanted = [
        (number, neuron, step)
        for step in range(model.steps)
        for number, layer in enumerate(model.layers)
        for neuron in np.flatnonzero(run.layers[layer.name].spikes[0, step]).tolist()
    ]
    assert wanted and [tuple(row[:3]) for row in table.rows.tolist()] == wanted
    assert table.layers == tuple(layer.name for layer in model.layers) and table.cut == ()
    read = Read(record_timeline(build, x, 1000).content)
    sweeps = {
        (core.layer, int(name.split()[1]), start)
        for core in build.tiled.cores
        for name, start, _ in read.slices(f"core {core.at} {core.layer}", "control")
        if name.startswith("sweep")
    }
    for number, _, step, cycle in table.rows.tolist():
        assert (table.layers[number], step, cycle) in sweeps


def test_files_hold_the_same_and_what_is_cut_is_said(folder: Path) -> None:
    command = ["trace", str(folder), "--data", str(folder / "own.npz"), "--sample", "1", "--json", "-"]
    written = {}
    for name in ("spikes.npz", "spikes.csv", "few.csv"):
        most = ["--most", "2"] if name == "few.csv" else []
        result = CliRunner().invoke(main, [*command, *most, "--spikes", str(folder / name)])
        assert result.exit_code == 0, result.output
        written[name] = json.loads(result.stdout)
    table = record_spikes(Build.load(folder), samples(folder)[1:2], 1000)
    kept = np.load(folder / "spikes.npz")
    assert kept["layers"].tolist() == list(table.layers)
    columns = np.stack([kept[name] for name in ("layer", "neuron", "step", "cycle")], axis=1)
    assert (columns == table.rows).all()
    with (folder / "spikes.csv").open(newline="") as stream:
        header, *rows = csv.reader(stream)
    assert header == ["layer", "neuron", "step", "cycle"]
    assert rows == [[table.layers[layer], *map(str, rest)] for layer, *rest in table.rows.tolist()]
    assert len((folder / "few.csv").read_text().splitlines()) == 3
    assert written["few.csv"]["spikes"] == 2
    assert f"{len(table.rows) - 2} of {len(table.rows)} spikes" in written["few.csv"]["left_out"]
    assert written["spikes.csv"]["spikes"] == len(table.rows) and written["spikes.csv"]["left_out"] == []


def test_the_name_says_the_format(folder: Path) -> None:
    with pytest.raises(UsageError, match=r"\.npz or \.csv, not as 'spikes\.nwb'"):
        check_spike_file(Path("spikes.nwb"))
    command = ["trace", str(folder), "--data", str(folder / "own.npz"), "--spikes", str(folder / "a.txt")]
    assert CliRunner().invoke(main, command).exit_code == 2
    assert not (folder / "trace.pftrace").exists(), "refused before anything ran"


def ask(port: int, path: str, host: str, origin: str) -> tuple[int, bytes, str | None]:
    connection = HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", path, headers={"Host": host, "Origin": origin})
    response = connection.getresponse()
    found = response.status, response.read(), response.headers.get("Access-Control-Allow-Origin")
    connection.close()
    return found


def test_perfetto_alone_gets_the_trace_and_once() -> None:
    with listen(0) as socket:
        port = socket.getsockname()[1]
        server = offer(b"a trace")
        thread = threading.Thread(target=server.run, kwargs={"sockets": [socket]})
        thread.start()
        while not server.started:
            time.sleep(0.01)
        assert ask(port, "/trace.pftrace", "evil.example", PERFETTO)[0] == 400
        assert ask(port, "/", "127.0.0.1", PERFETTO)[0] == 404
        assert thread.is_alive()
        assert ask(port, "/trace.pftrace", "127.0.0.1", PERFETTO) == (200, b"a trace", PERFETTO)
        thread.join(timeout=20)
        assert not thread.is_alive(), "it ends once the trace was fetched"
    assert f"url=http://127.0.0.1:{PORT}/trace.pftrace" in URL


def test_another_site_is_not_allowed_to_read_it() -> None:
    with listen(0) as socket:
        server = offer(b"a trace")
        thread = threading.Thread(target=server.run, kwargs={"sockets": [socket]})
        thread.start()
        while not server.started:
            time.sleep(0.01)
        allowed = ask(socket.getsockname()[1], "/trace.pftrace", "127.0.0.1", "https://evil.example")[2]
        thread.join(timeout=20)
    assert allowed is None


def test_open_shows_the_trace_that_was_written(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []
    got: list[bytes] = []

    def browse(url: str) -> None:
        shown.append(url)
        threading.Thread(target=lambda: got.append(fetch())).start()

    def fetch() -> bytes:
        return ask(PORT, "/trace.pftrace", f"127.0.0.1:{PORT}", PERFETTO)[1]

    monkeypatch.setattr(webbrowser, "open", browse)
    command = ["trace", str(folder), "--data", str(folder / "own.npz"), "--open"]
    result = CliRunner().invoke(main, command)
    assert result.exit_code == 0, result.output
    assert shown == [URL] and URL in result.stderr
    assert got == [(folder / "trace.pftrace").read_bytes()]
