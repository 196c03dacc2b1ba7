"""The design-space choice: each goal gets a design that none beats, the picture and the build show it."""

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from builders import layer, network, target, tiny_network
from click.testing import CliRunner
from random_classifiers import varied

from snnc.base.errors import DoesNotFit, FileError, UnsupportedModel, UsageError
from snnc.commands.cli import main
from snnc.compiler.formats.storage import Build
from snnc.compiler.ir.packing import on_core
from snnc.compiler.ir.provenance import Activity, Provenance
from snnc.compiler.isa.arithmetic import NO_LEAK
from snnc.compiler.protocol.input_encoding import encode_inputs
from snnc.compiler.targets import Device, load_target
from snnc.exploration.pareto import draw_designs, pareto_front, render_designs
from snnc.exploration.search import (
    FULL,
    Design,
    Goal,
    choose,
    combinations,
    example_inputs,
    explore,
    hint_for,
    random_inputs,
)
from snnc.rtl.fpga.area_cases import convolutional
from snnc.training.files.checkpoint import save_checkpoint
from snnc.training.model.config import INPUT, EdgeConfig, LayerConfig, ModelConfig, Population

GOALS: tuple[Goal, ...] = ("latency", "area", "energy")
CHOSEN = load_target("ecp5-25k-mesh").device
assert CHOSEN is not None
DEVICE: Device = CHOSEN


@pytest.fixture(name="designs", scope="module")
def explored() -> list[Design]:
    network = convolutional(16, 12, 2)
    pixels = random_inputs(network, 0.2, 1.0)[:4]
    done: list[int] = []
    designs = explore(network, load_target("ecp5-25k-mesh"), pixels, done.append)
    assert done == list(range(1, 48 + 1))
    return designs


@pytest.mark.slow
def test_the_three_goals_choose_three_designs(designs: list[Design]) -> None:
    assert len({id(choose(designs, goal)) for goal in GOALS}) == 3
    for goal in GOALS:
        best = min(design.objectives[goal] for design in designs)
        assert choose(designs, goal).objectives[goal] == best


@pytest.mark.slow
def test_every_design_fits_the_device(designs: list[Design]) -> None:
    for design in designs:
        assert design.area.bram <= DEVICE.block_rams
        assert design.area.dsp <= DEVICE.multipliers
        assert design.area.lut <= FULL * DEVICE.luts


@pytest.mark.slow
def test_nothing_beats_the_front_and_each_choice_is_on_it(designs: list[Design]) -> None:
    front = pareto_front(designs)
    assert 3 <= len(front) < len(designs)
    for design in designs:
        better = [
            other
            for other in designs
            if other.area.lut <= design.area.lut
            and other.latency_s <= design.latency_s
            and other.energy_j <= design.energy_j
            and other.objectives != design.objectives
        ]
        assert (design in front) == (not better)
    assert all(choose(designs, goal) in front for goal in GOALS)


@pytest.mark.slow
def test_among_equals_the_choice_is_one_that_none_beats(designs: list[Design]) -> None:
    best = choose(designs, "area")
    worse = replace(best, latency_s=2 * best.latency_s)
    assert choose([worse, best], "area") is best
    assert pareto_front([worse, best]) == [best]


@pytest.mark.slow
def test_the_picture_and_the_table_name_the_chosen_design(designs: list[Design]) -> None:
    chosen = choose(designs, "area")
    picture = draw_designs(designs, chosen, "conv & <small>")
    assert ElementTree.fromstring(picture).tag.endswith("svg")
    assert picture.count("<circle") == len(designs)
    assert picture.count('class="chosen"') == 1
    assert "conv &amp; &lt;small&gt;" in picture
    marked = [line for line in render_designs(designs, chosen).splitlines() if "chosen" in line]
    assert len(marked) == 1
    assert chosen.label in marked[0]


@pytest.mark.slow
def test_where_cores_hold_several_tiles_packings_are_tried_too(designs: list[Design]) -> None:
    # Routers as those of `designs`, lest anything but the packing make a difference.
    target = replace(load_target("ecp5-25k"), router_fifo=load_target("ecp5-25k-mesh").router_fifo)
    network = convolutional(16, 12, 2)
    found = explore(network, target, random_inputs(network, 0.2, 1.0)[:4])
    assert combinations(target) == 2 * combinations(load_target("ecp5-25k-mesh")) == 96
    packed = [design for design in found if len(on_core(design.tiled)) < len(design.tiled.cores)]
    assert packed and len(packed) < len(found)
    assert choose(found, "area").area.lut < choose(designs, "area").area.lut
    assert choose(found, "area") in packed
    assert choose(found, "latency").latency_s <= choose(designs, "latency").latency_s


def test_random_inputs_are_as_active_as_asked() -> None:
    network = tiny_network()
    network = replace(network, input=replace(network.input, shape=(4, 40, 40), encoding="rate"))
    node = network.input
    events = encode_inputs(node, network.steps, random_inputs(network, 0.1, 1.0))
    assert np.count_nonzero(events) / events.size == pytest.approx(0.1, rel=0.05)
    direct = replace(network, input=replace(node, encoding="direct", max_payload=15))
    values = random_inputs(direct, 0.3, 1.5)
    assert np.count_nonzero(values) / values.size == pytest.approx(0.3, rel=0.05)
    assert np.bitwise_count(values[values > 0]).mean() == pytest.approx(1.5, rel=0.05)


def test_samples_are_real_where_the_data_is_at_hand_and_else_at_the_noted_rates(tmp_path: Path) -> None:
    network = tiny_network()
    images = np.arange(10 * 36, dtype=np.uint8).reshape(10, 36) % 4
    np.savez(tmp_path / "own.npz", x=images, y=np.zeros(10, np.int64))
    named = replace(network, provenance=Provenance(data=str(tmp_path / "own.npz")))
    x, source = example_inputs(named, None, None)
    assert np.array_equal(x, images[:8])
    assert source == f"samples of {tmp_path / 'own.npz'}"

    activity = Activity({"input": 0.25, "hidden": 0.1, "readout": 0.0}, 1.2)
    noted = Provenance(data="mnist", activity=activity)
    x, source = example_inputs(replace(network, provenance=noted), None, tmp_path)
    assert source == "random samples at the recorded rate 0.25"
    assert np.count_nonzero(x) / x.size == pytest.approx(0.25, rel=0.2)
    assert example_inputs(network, None, None)[1] == "random samples at the assumed rate 0.5"
    with pytest.raises(FileError):
        example_inputs(network, "mnist", tmp_path)


def test_without_an_ecp5_there_is_nothing_to_choose() -> None:
    pixels = np.zeros((1, 36), np.uint8)
    with pytest.raises(UsageError, match="areas are known for targets on an ECP5 alone, not for `test`"):
        explore(tiny_network(), target(), pixels)


def test_a_device_too_small_is_told_with_numbers() -> None:
    small = replace(load_target("ecp5-25k-mesh"), device=replace(DEVICE, block_rams=5))
    with pytest.raises(DoesNotFit) as refusal:
        explore(tiny_network(), small, np.zeros((1, 36), np.uint8))
    assert refusal.value.message == (
        "none of 48 combinations of lanes, cores and tiling fits the LFE5U-25F-6BG381C; the nearest: "
        "7 block RAMs needed, 5 to be had"
    )


def test_what_the_target_cannot_compute_is_not_a_question_of_size() -> None:
    network = tiny_network()
    hidden, *others = network.layers
    cuba = replace(hidden, neurons=replace(hidden.neurons, current_leak=NO_LEAK))
    with pytest.raises(UnsupportedModel, match=r"cannot compute this model\n.*synaptic current"):
        explore(
            replace(network, layers=(cuba, *others)),
            load_target("ecp5-25k-mesh"),
            np.zeros((1, 36), np.uint8),
        )


def test_the_command_builds_the_chosen_design_and_verifies_it(tmp_path: Path) -> None:
    edges = (EdgeConfig(INPUT, "conv", (3, 3), (1, 1), (1, 1)),)
    layers = (
        LayerConfig("hidden", 4, edges, Population()),
        LayerConfig("readout", 3, (EdgeConfig("hidden"),), Population(reset="none")),
    )
    config = ModelConfig(shape=(1, 6, 6), layers=layers, steps=2, max_payload=3)
    save_checkpoint(tmp_path / "m.pt", varied(config, 1))
    arguments = [
        "compile",
        tmp_path / "m.pt",
        "--target",
        "ecp5-25k-mesh",
        "--optimise",
        "latency",
        "--verify",
    ]
    outputs = []
    for name in ("one", "two"):
        run = CliRunner().invoke(main, [*map(str, arguments), "-o", str(tmp_path / name)])
        assert run.exit_code == 0, run.output
        assert "random samples at the assumed rate 0.5" in run.stderr
        assert "network = tiled program = image on 512 generated samples (exact)" in run.stderr
        outputs.append([(tmp_path / name / file).read_bytes() for file in ("program.snnc", "pareto.svg")])
    assert outputs[0] == outputs[1]
    label = next(line for line in run.stderr.splitlines() if "< chosen" in line).split("  ")
    chosen = next(part.strip() for part in label if " x " in part)
    tiled = Build.load(tmp_path / "one").tiled
    assert f"{len(tiled.cores)} x {tiled.target.lanes}" == chosen
    assert tiled.target.weight_kibit < load_target("ecp5-25k-mesh").weight_kibit
    assert (tmp_path / "one" / "ir" / "8-specialise.txt").is_file()
    run = CliRunner().invoke(main, ["compile", str(tmp_path / "m.pt"), "-o", str(tmp_path / "one")])
    assert run.exit_code == 0
    assert not (tmp_path / "one" / "pareto.svg").exists()


def test_a_model_that_fits_in_another_design_is_told_so(tmp_path: Path) -> None:
    """Three layers on a target of two cores: the hint is followed, and works."""
    layers = (
        LayerConfig("a", 8, (EdgeConfig(INPUT),), Population()),
        LayerConfig("b", 8, (EdgeConfig("a"),), Population()),
        LayerConfig("readout", 3, (EdgeConfig("b"),), Population(reset="none")),
    )
    save_checkpoint(tmp_path / "m.pt", varied(ModelConfig((1, 6, 6), layers, steps=2), 1))
    arguments = ["compile", str(tmp_path / "m.pt"), "--target", "ecp5-25k-mesh", "--dry-run"]
    run = CliRunner().invoke(main, arguments)
    assert run.exit_code == 3
    first, second = run.stderr.split("hint: ")[1].splitlines()
    assert first.startswith("this model fits `--target ")
    assert second.strip().startswith("`--optimise latency` makes it fit the same LFE5U-25F-6BG381C")
    assert CliRunner().invoke(main, [*arguments, "--optimise", "latency"]).exit_code == 0


def test_a_model_too_large_for_every_design_is_not_sent_to_them() -> None:
    wide = network(layer("a", "input", 4096, 1024), layer("b", "a", 1024, 4), features=4096)
    assert hint_for(wide, load_target("ecp5-25k-mesh")) is None
    assert hint_for(wide, target()) is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--target", "mesh16", "--optimise", "area"], "areas are known for targets on an ECP5 alone"),
        (["--optimise", "speed"], "'speed' is not one of 'latency', 'area', 'energy'"),
    ],
)
def test_what_cannot_be_optimised_is_one_line(arguments: list[str], message: str, tmp_path: Path) -> None:
    model = Path(__file__).parents[2] / "examples" / "mnist-fpga.pt"
    output = tmp_path / "out"
    run = CliRunner().invoke(main, ["compile", str(model), "-o", str(output), *arguments])
    assert run.exit_code == 2
    assert message in run.stderr
    assert not output.exists()
