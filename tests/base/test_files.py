"""Outputs: through links, into devices, never over what is read-only, and builds as a whole or not at all."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from builders import tiny_network, tiny_program
from click.testing import CliRunner, Result

from snnc.base.errors import FileError, SnncError
from snnc.base.files import write_atomically, write_text
from snnc.base.quoting import MAX_QUOTED, printable, quote
from snnc.commands import verify
from snnc.commands.build_folder import new_build
from snnc.commands.cli import main
from snnc.commands.console import Console
from snnc.compiler.formats.storage import Build
from snnc.compiler.protocol.input_encoding import encode_inputs
from snnc.compiler.targets import load_target
from snnc.sim.engine.functional import run_functional
from snnc.training.data.datasets import load_samples
from snnc.verification.compare import Verification, layer_traces

ROOT = Path(__file__).resolve().parents[2]


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture(scope="module", name="digits")
def digits_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of the embedded digits."""
    path = tmp_path_factory.mktemp("digits") / "m.pt"
    result = run("train", "digits-mlp", "-o", path, "--set", "epochs=1", "--set", "hidden=16")
    assert result.exit_code == 0, result.output
    return path


@pytest.fixture(name="build")
def digits_build(digits: Path, tmp_path: Path) -> Path:
    assert run("-q", "compile", digits, "-o", tmp_path / "build").exit_code == 0
    return tmp_path / "build"


def test_a_link_stays_one_and_what_it_leads_to_is_written(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    link = tmp_path / "link.json"
    link.symlink_to("real/file.json")
    for text in ("one", "two"):
        write_text(link, text)
        assert link.is_symlink() and (tmp_path / "real" / "file.json").read_text() == text
    assert [path.name for path in (tmp_path / "real").iterdir()] == ["file.json"]


def test_a_device_stays_one() -> None:
    write_text(Path("/dev/null"), "x")
    assert Path("/dev/null").is_char_device()
    with pytest.raises(FileError, match="/dev/full: cannot be written: No space left on device"):
        write_text(Path("/dev/full"), "x")


def test_a_pipe_is_written_into(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    got: list[str] = []
    reader = threading.Thread(target=lambda: got.append(pipe.read_text()))
    reader.start()
    write_text(pipe, "through")
    reader.join(10)
    assert got == ["through"] and pipe.is_fifo()


@pytest.mark.parametrize("kind", ["pipe", "file"])
def test_standard_output_by_its_name(tmp_path: Path, kind: str) -> None:
    """Where it is a file, what stood there before stays: the shell appended."""
    script = (
        "from pathlib import Path\nfrom snnc.base.files import write_text\n"
        "print('first')\nwrite_text(Path('/dev/stdout'), 'second\\n')\nprint('third')"
    )
    command = [sys.executable, "-c", script]
    if kind == "pipe":
        assert subprocess.check_output(command, text=True) == "first\nsecond\nthird\n"
        return
    (tmp_path / "log").write_text("before\n")
    with (tmp_path / "log").open("a") as stream:
        subprocess.run(command, stdout=stream, check=True)
    assert (tmp_path / "log").read_text() == "before\nfirst\nsecond\nthird\n"


def test_what_is_read_only_stays_as_it_is_and_modes_stay(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("mine")
    path.chmod(0o444)
    with pytest.raises(FileError, match=r"file: cannot be written: is read-only$"):
        write_text(path, "other")
    assert path.read_text() == "mine"
    path.chmod(0o600)
    write_text(path, "other")
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("other", 0o600)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("folder", "cannot be written: is a folder"),
        ("n" * 256, "cannot be written: File name too long"),
        ("none/file", "cannot be written: No such file or directory"),
        ("loop", "cannot be written: "),
    ],
)
def test_what_cannot_be_written_is_one_line(tmp_path: Path, name: str, said: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(FileError, match=said) as error:
        write_text(tmp_path / name, "x")
    assert len(str(error.value)) < 300
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "loop"]


def test_a_write_that_fails_leaves_the_old_file_alone(tmp_path: Path) -> None:
    path = tmp_path / ("n" * 250)
    path.write_text("old")

    def broken(stream: object) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(FileError, match="No space left"):
        write_atomically(path, broken)
    assert [item.read_text() for item in tmp_path.iterdir()] == ["old"]


def test_the_files_of_a_user_stay_and_outdated_ones_go(build: Path, digits: Path) -> None:
    (build / "notes.txt").write_text("mine")
    (build / "rtl" / "mine.sv").write_text("mine")
    (build / "report.json").write_text("{}")
    (build / "ir" / "9-old.txt").write_text("old")
    (build / "rtl" / "image" / "core_x0f_y0f_weights.hex").write_text("0")
    assert run("-q", "compile", digits, "-o", build).exit_code == 0
    for kept in ("notes.txt", "rtl/mine.sv"):
        assert (build / kept).read_text() == "mine"
    for gone in ("report.json", "ir/9-old.txt", "rtl/image/core_x0f_y0f_weights.hex", ".new"):
        assert not (build / gone).exists()


def test_links_in_a_build_stay_links(build: Path, digits: Path) -> None:
    elsewhere = build.parent / "elsewhere"
    (build / "rtl").rename(elsewhere)
    (build / "rtl").symlink_to(elsewhere)
    (elsewhere / "build_top.sv").write_text("old")
    assert run("-q", "compile", digits, "-o", build).exit_code == 0
    assert (build / "rtl").is_symlink() and "snnc_top" in (elsewhere / "build_top.sv").read_text()


def content(build: Path) -> dict[str, bytes]:
    files = (path for path in sorted(build.rglob("*")) if path.is_file())
    return {str(path.relative_to(build)): path.read_bytes() for path in files}


def obstruct_folder(build: Path) -> None:
    (build / "report.json").mkdir()


def obstruct_read_only(build: Path) -> None:
    (build / "program.snnc").chmod(0o444)


@pytest.mark.parametrize("obstruct", [obstruct_folder, obstruct_read_only])
def test_a_compile_that_fails_costs_nothing(build: Path, digits: Path, obstruct: object) -> None:
    obstruct(build)  # type: ignore[operator]
    before = content(build)
    result = run("compile", digits, "-o", build, "--steps", "2")
    assert result.exit_code == 2 and "cannot be written: is " in result.stderr, result.output
    assert content(build) == before


def test_a_compile_that_is_killed_costs_nothing(build: Path) -> None:
    before = content(build)
    script = (
        "import os, signal, sys\nfrom pathlib import Path\n"
        "from snnc.commands.build_folder import new_build\nfrom snnc.commands.console import Console\n"
        "with new_build(Path(sys.argv[1]), Console()) as fresh:\n"
        "    (fresh / 'program.snnc').write_text('half')\n    os.kill(os.getpid(), signal.SIGKILL)"
    )
    killed = subprocess.run([sys.executable, "-c", script, str(build)], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert content(build) == before | {".new/program.snnc": b"half"}
    with new_build(build, Console(quiet=True)) as fresh:
        assert list(fresh.iterdir()) == []
    assert not (build / ".new").exists()
    Build.load(build)


@pytest.mark.slow
def test_two_compiles_into_one_folder_both_succeed(digits: Path, tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "snnc",
        "-q",
        "compile",
        str(digits),
        "-o",
        str(tmp_path / "b"),
        "--steps",
    ]
    runs = [subprocess.Popen([*command, steps], stderr=subprocess.PIPE, text=True) for steps in ("2", "3")]
    for process in runs:
        _, said = process.communicate(timeout=120)
        assert process.returncode == 0, said
    steps = Build.load(tmp_path / "b").tiled.steps
    assert f"steps: {steps}" in (tmp_path / "b" / "ir" / "0-network.txt").read_text()


def test_who_writes_second_waits_and_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    order = []

    def second() -> None:
        with new_build(tmp_path, Console()):
            order.append("second")

    with new_build(tmp_path, Console()):
        thread = threading.Thread(target=second)
        thread.start()
        while "waiting for another snnc" not in capsys.readouterr().err:
            time.sleep(0.01)
        order.append("first")
    thread.join(20)
    assert order == ["first", "second"]


def test_what_was_simulated_is_printed_though_it_cannot_be_kept(build: Path, tmp_path: Path) -> None:
    (build / "report.json").mkdir()
    other = tmp_path / "other.json"
    result = run("simulate", build, "--data", "digits", "--samples", "2", "--json", other)
    assert result.exit_code == 2
    assert "accuracy" in result.stderr and "report.json: cannot be written: is a folder" in result.stderr
    assert json.loads(other.read_text())["samples"] == 2


def test_a_trace_is_the_same_in_pieces_and_old_until_it_is_complete(
    build: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from snnc.commands import trace_file

    paths = [tmp_path / name for name in ("whole.npz", "pieces.npz")]
    program, x = Build.load(build), load_samples("digits", limit=7).x
    trace_file.write_trace(program, x, paths[0])
    monkeypatch.setattr(trace_file, "BATCH_BYTES", 2 * 8 * 4 * (16 + 10))
    trace_file.write_trace(program, x, paths[1])
    assert paths[0].read_bytes() == paths[1].read_bytes()
    with np.load(paths[0], allow_pickle=False) as trace:
        run = run_functional(program.tiled, encode_inputs(program.network.input, 4, x), trace=True)
        for name, (membranes, spikes) in layer_traces(program.tiled, run.trace).items():
            np.testing.assert_array_equal(trace[f"{name}.membranes"], membranes)
            np.testing.assert_array_equal(trace[f"{name}.spikes"], spikes)
    before = paths[1].read_bytes()
    monkeypatch.setattr(trace_file, "_write_npz", lambda stream, spools: stream.write(b"half") and 1 / 0)
    with pytest.raises(ZeroDivisionError):
        trace_file.write_trace(program, x, paths[1])
    assert paths[1].read_bytes() == before and {*paths, build} == set(tmp_path.iterdir())


def test_an_output_file_that_is_a_device(build: Path) -> None:
    arguments: list[str | Path] = [
        "simulate",
        build,
        "--data",
        "digits",
        "--samples",
        "1",
        "--json",
        "/dev/null",
    ]
    assert run(*arguments).exit_code == 0
    assert Path("/dev/null").is_char_device()


def test_the_budget_of_a_tier_that_cannot_check_it(digits: Path, tmp_path: Path) -> None:
    text = (ROOT / "compiler" / "targets" / "fpga.yaml").read_text().replace("static_mw: 0", "static_mw: 5")
    (tmp_path / "t.yaml").write_text(text)
    assert run("-q", "compile", digits, "-o", tmp_path / "b", "--target", tmp_path / "t.yaml").exit_code == 0
    arguments: list[str | Path] = [
        "simulate",
        tmp_path / "b",
        "--data",
        "digits",
        "--samples",
        "1",
        "--max-energy",
        "1J",
    ]
    assert run(*arguments).exit_code == 0
    result = run(*arguments, "--tier", "functional")
    assert result.exit_code == 2 and "--max-energy needs --tier cycle" in result.stderr


def test_an_unknown_energy_table_is_found_before_anything_runs(digits: Path, tmp_path: Path) -> None:
    text = (ROOT / "compiler" / "targets" / "fpga.yaml").read_text().replace("cmos45", "cmos1")
    (tmp_path / "t.yaml").write_text(text)
    result = run("compile", digits, "-o", tmp_path / "b", "--target", tmp_path / "t.yaml")
    assert result.exit_code == 2 and "no energy table is called 'cmos1'; there are cmos45" in result.stderr
    assert not (tmp_path / "b").exists()


def test_quotations_are_bounded_whatever_the_value() -> None:
    nested: object = "x"
    for _ in range(64):
        nested = [nested] * 9
    values = [
        nested,
        10**5000,
        "x" * 10**7,
        b"x" * 10**7,
        {str(i): i for i in range(10**6)},
        "\x1b[2J\n\u202e",
    ]
    start = time.perf_counter()
    for value in values:
        assert len(quote(value)) <= MAX_QUOTED and quote(value).isprintable()
    assert time.perf_counter() - start < 5
    assert (quote(-7), quote("a"), quote([1, None]), quote({"a": 1})) == (
        "-7",
        "'a'",
        "[1, None]",
        "{'a': 1}",
    )


def test_errors_are_bounded_and_steer_no_terminal() -> None:
    error = SnncError("a\x1b[31m\r" + "x" * 10**6 + "\nsecond", where="b\n" + "y" * 10**6)
    assert len(str(error)) < 600 and len(str(error).splitlines()) == 2
    assert printable(str(error).replace("\n", "")) == str(error).replace("\n", "")


def test_a_path_with_control_characters_is_escaped(tmp_path: Path) -> None:
    result = run("compile", "a\x1b[31m\nb.pt", "-o", tmp_path / "b")
    assert result.exit_code == 2
    assert result.stderr == "error: a\\x1b[31m\\nb.pt: no such model file\n"


def test_a_verification_is_shown_where_it_cannot_be_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What compared the executions is not run here; the results and the file they go to are real."""
    found = Verification(3, ["reference", "simulator"], spikes_compared=12)
    monkeypatch.setattr(verify, "verify_build", lambda *_, **__: found)
    Build(tiny_network(), tiny_program(load_target("fpga"))).save(tmp_path)
    (tmp_path / "verify.json").write_text("{}")
    (tmp_path / "verify.json").chmod(0o444)
    result = run("verify", tmp_path, "--data", "digits", "--json", "-")
    assert result.exit_code == 2
    assert json.loads(result.stdout) == found.to_dict()
    assert found.render() in result.stderr
    last = result.stderr.splitlines()[-1]
    assert last.startswith("error: ") and last.endswith("verify.json: cannot be written: is read-only")
