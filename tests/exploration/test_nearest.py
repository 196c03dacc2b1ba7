"""The nearest configuration that fits: it compiles, the next one up does not, the command line says it."""

import re
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from builders import target
from click.testing import CliRunner
from large_networks import connected, dense_output, recurrent, resnet, separable
from random_classifiers import varied

from snnc.commands.cli import main
from snnc.compiler.analysis.smaller import narrowed, with_bits, with_steps
from snnc.compiler.ir.network import Network
from snnc.compiler.ir.packing import on_core
from snnc.compiler.ir.provenance import Provenance
from snnc.compiler.pipeline import compile_network
from snnc.compiler.targets import Target, load_target
from snnc.exploration.meshes import promising_meshes
from snnc.exploration.nearest import PARTS, compiles_for, fits_target, nearest
from snnc.exploration.search import first_design
from snnc.training.files.checkpoint import save_checkpoint
from snnc.training.model.config import INPUT, EdgeConfig, LayerConfig, ModelConfig, Population

KINDS: dict[str, Callable[[], Network]] = {
    "resnet20": lambda: resnet(20),
    "separable": lambda: separable(2, 64),
    "connected": lambda: connected(512, 512, 10),
    "recurrent": lambda: recurrent(256, 3),
    "dense output": lambda: dense_output(16),
}
SMALL = target(
    name="small",
    width=2,
    height=1,
    lanes=8,
    neurons=65536,
    parameter_words=256,
    axon_rows=256,
    axon_columns=256,
    weight_kibit=256,
    weight_bits=None,
    state_bits=20,
    destinations=64,
    sources=64,
    contexts=16,
)
TARGETS: dict[str, Target] = {
    "resnet20": load_target("ecp5-85k"),
    "separable": replace(SMALL, neurons=16384 * 4, width=1),
    "connected": load_target("ecp5-85k"),
    "recurrent": load_target("ecp5-25k"),
    "dense output": load_target("ecp5-85k"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_proposed_compiles_and_nothing_wider_does(kind: str) -> None:
    network, hardware = KINDS[kind](), TARGETS[kind]
    fits = fits_target(hardware)
    assert not fits(network)
    found = nearest(network, fits, compiles_for(hardware))
    assert found is not None and found.change.steps == network.steps
    assert 1 / 64 < found.kept < 1
    compile_network(found.network, hardware)
    change = found.change
    if change.parts < PARTS:
        wider = replace(change, parts=change.parts + 1).of(network)
        assert wider is not None and not fits(wider)
    if change.bits < network.weight_bits:
        finer = replace(change, bits=change.bits + 1).of(network)
        assert finer is not None and not fits(finer)


def test_steps_go_down_where_sums_grow_with_them() -> None:
    """Membranes of a readout that never clamps grow with every step."""
    network = replace(connected(8, 4, features=8), steps=64)
    layers = tuple(
        replace(layer, neurons=replace(layer.neurons, state_bits=16, bias=layer.neurons.bias + 1000))
        for layer in network.layers
    )
    network = replace(network, layers=layers)
    hardware = target(state_bits=16)
    assert not fits_target(hardware)(network)
    found = nearest(network, fits_target(hardware), compiles_for(hardware))
    assert found is not None
    assert (found.change.parts, found.change.bits) == (PARTS, network.weight_bits)
    assert 1 < found.change.steps < 64
    compile_network(found.network, hardware)


def test_no_network_is_proposed_where_images_alone_fill_the_memory() -> None:
    network = dense_output(16, side=128)
    hardware = replace(SMALL, neurons=4096)
    assert nearest(network, fits_target(hardware), compiles_for(hardware)) is None


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("parts", [1, 5, 8, 15])
def test_a_narrower_network_keeps_its_shape(kind: str, parts: int) -> None:
    network = KINDS[kind]()
    smaller = narrowed(network, Fraction(parts, PARTS))
    assert smaller is not None
    for old, new in zip(network.layers, smaller.layers, strict=True):
        assert new.shape[1:] == old.shape[1:]
        assert [edge.source for edge in new.edges] == [edge.source for edge in old.edges]
        if old.name == network.readout.layer:
            assert new.shape == old.shape
        else:
            assert parts / PARTS <= new.shape[0] / old.shape[0] < parts / PARTS + 2 / old.shape[0]


def test_fewer_bits_and_steps() -> None:
    network = connected(8, 4, features=8)
    coarse = with_bits(with_steps(network, 1), 2)
    assert (coarse.weight_bits, coarse.steps) == (2, 1)
    coarse.verify()
    assert with_bits(network, 8).weight_bits == network.weight_bits


def test_a_design_is_looked_for_on_meshes_with_room_alone() -> None:
    """What a glance promises is within the device's block RAM, and most of it compiles."""
    hardware = load_target("ecp5-85k")
    assert not list(promising_meshes(resnet(20), hardware))
    assert not list(promising_meshes(resnet(20), target()))
    meshes = list(promising_meshes(resnet(8), hardware))
    assert {mesh.lanes for mesh in meshes} >= {4, 8}
    tiled = first_design(resnet(8), hardware)
    assert tiled is not None and len(on_core(tiled)) <= meshes[0].core_count


def model(channels: tuple[int, ...], bits: int) -> ModelConfig:
    """Convolutions on 16 x 16 pixels, and a readout."""
    layers, source = [], INPUT
    for number, width in enumerate(channels, 1):
        edge = EdgeConfig(source, "conv", (3, 3), (1, 1), (1, 1))
        layers.append(LayerConfig(f"hidden{number}", width, (edge,), Population(), bits))
        source = f"hidden{number}"
    readout = LayerConfig("readout", 3, (EdgeConfig(source, pool=(4, 4)),), Population(reset="none"), bits)
    return ModelConfig((1, 16, 16), (*layers, readout), steps=2)


def compiled(tmp_path: Path, config: ModelConfig, *options: str) -> tuple[int, str]:
    file = tmp_path / "m.pt"
    save_checkpoint(file, varied(config, 1), Provenance(recipe="mnist-cnn"))
    run = CliRunner().invoke(main, ["compile", str(file), "--dry-run", *options])
    return run.exit_code, run.stderr


@pytest.fixture
def hardware(tmp_path: Path) -> str:
    """Few weights and states, as a file, without a device."""
    file = tmp_path / "small.yaml"
    text = (Path(__file__).parents[2] / "compiler" / "targets" / "ecp5-25k.yaml").read_text()
    text = text.replace("weight_kibit: 336", "weight_kibit: 16").replace("name: ecp5-25k", "name: small")
    file.write_text(re.sub(r"^device:.*$", "", text, flags=re.MULTILINE))
    return str(file)


def test_the_command_line_proposes_what_then_fits(tmp_path: Path, hardware: str) -> None:
    code, said = compiled(tmp_path, model((16, 16), 6), "--target", hardware)
    assert code == 3, said
    first = next(line for line in said.splitlines() if "model does not fit" in line)
    assert "weight words" in first
    options = re.search(r"`(--bits \d)` makes it fit `small`; accuracy may fall", said)
    assert options is not None
    assert compiled(tmp_path, model((16, 16), 6), "--target", hardware, *options[1].split())[0] == 0
    trained = re.search(r"`snnc train mnist-cnn (.*)`\), it fits `small`", said)
    assert trained is not None
    bits = re.search(r"weight_bits=(\d)", trained[1])
    widths = re.search(r"hidden=([\d,]+)", trained[1])
    assert widths is not None
    channels = tuple(map(int, widths[1].split(",")))
    again = model(channels, int(bits[1]) if bits else 6)
    assert compiled(tmp_path, again, "--target", hardware)[0] == 0
