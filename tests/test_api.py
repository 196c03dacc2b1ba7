"""The public API: every name documented and typed, examples need nothing else, tensors are like arrays."""

import ast
import inspect
import typing
from dataclasses import is_dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from builders import tiny_network

import snnc
from snnc.base.errors import FileError, UnsupportedModel, UsageError

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
NAMES = [name for name in snnc.__all__ if name != "__version__"]
FUNCTIONS = [name for name in NAMES if inspect.isfunction(getattr(snnc, name))]


@pytest.mark.parametrize("name", NAMES)
def test_every_public_name_is_documented(name: str) -> None:
    text = inspect.getdoc(getattr(snnc, name))
    assert text and not text.startswith(f"{name}("), "a dataclass writes that where nobody has"
    assert text.split("\n\n")[0].rstrip().endswith((".", ":"))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_is_typed_and_says_what_it_raises(name: str) -> None:
    function = getattr(snnc, name)
    signature = inspect.signature(function)
    assert signature.return_annotation is not inspect.Signature.empty
    for parameter in signature.parameters.values():
        assert parameter.annotation is not inspect.Parameter.empty, parameter.name
    assert "Raises" in (inspect.getdoc(function) or ""), "which errors"


@pytest.mark.parametrize("name", ["simulate", "verify", "reference", "convert", "dataset"])
def test_shapes_are_stated_where_arrays_go_in_or_out(name: str) -> None:
    text = inspect.getdoc(getattr(snnc, name)) or ""
    assert any(phrase in text for phrase in ("(samples", "as for `simulate`", "as `simulate` takes them"))


def test_editors_see_what_the_package_offers() -> None:
    """The block for type checkers, the table for the import and `__all__` name the same things."""
    tree = ast.parse(Path(snnc.__file__).read_text())
    (block,) = [node for node in tree.body if isinstance(node, ast.If)]
    stated = {
        (node.module, alias.name)
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert stated == {(module, name) for name, module in snnc._HOME.items()}
    assert {name for _, name in stated} == set(NAMES)
    assert set(snnc.__all__) <= set(dir(snnc))


def test_dataclasses_have_typed_fields() -> None:
    for name in NAMES:
        kind = getattr(snnc, name)
        if is_dataclass(kind):
            assert typing.get_type_hints(kind), name


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.name)
def test_examples_import_snnc_alone(path: Path) -> None:
    """And NumPy and torch; what they use of snnc is public."""
    tree = ast.parse(path.read_text())
    imported = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imported |= {alias.name.split(".")[0] for alias in node.names}
            assert all("." not in alias.name for alias in node.names if alias.name.startswith("snnc"))
        elif isinstance(node, ast.ImportFrom):
            imported.add(str(node.module))
    assert "snnc" in imported
    assert imported <= {"snnc", "torch", "numpy"}
    used = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "snnc"
    }
    assert used <= set(snnc.__all__)


@pytest.fixture(scope="module", name="program")
def compiled_program() -> snnc.Build:
    return snnc.compile(tiny_network())


@pytest.fixture(scope="module", name="x")
def samples() -> np.ndarray:
    return np.random.default_rng(1).integers(0, 4, (5, 36)).astype(np.uint8)


def test_the_reference_and_the_simulator_predict_the_same(program: snnc.Build, x: np.ndarray) -> None:
    execution = snnc.reference(program.network, x)
    assert execution.outputs.shape == (5, 3)
    assert execution.layers["hidden"].spikes.shape == (5, 2, 36)
    report = snnc.simulate(program, x, execution.predictions)
    assert report.predictions == execution.predictions.tolist()
    assert report.accuracy == 1


def test_images_tensors_and_lists_are_samples(program: snnc.Build, x: np.ndarray) -> None:
    expected = snnc.reference(program.network, x).outputs
    images = x.reshape(5, 1, 6, 6)
    for given in (images, torch.from_numpy(x), torch.from_numpy(images), x.tolist(), images.tolist()):
        assert np.array_equal(snnc.reference(program.network, given).outputs, expected)
        assert snnc.simulate(program, given).predictions == expected.argmax(axis=1).tolist()


def test_spike_trains_of_images_are_samples(x: np.ndarray) -> None:
    model = replace(tiny_network(), input=replace(tiny_network().input, encoding="events"))
    trains = np.stack([x, 3 - x], axis=1)
    expected = snnc.reference(model, trains).outputs
    assert np.array_equal(snnc.reference(model, trains.reshape(5, 2, 1, 6, 6)).outputs, expected)


def test_a_network_built_wrong_is_the_users_mistake(x: np.ndarray) -> None:
    broken = replace(tiny_network(), steps=0)
    for use in (lambda: snnc.compile(broken), lambda: snnc.reference(broken, x)):
        with pytest.raises(UnsupportedModel, match=r"^tiny: steps must be 1\.\.65536, not 0$"):
            use()


def test_what_is_no_model_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"^a model is a Network, a trained model or a path, not dict$"):
        snnc.compile({})  # type: ignore[arg-type]
    with pytest.raises(UsageError, match=r"^a model is a \.pt file, not "):
        snnc.load(tmp_path)


def test_every_error_is_one_of_the_projects(program: snnc.Build, x: np.ndarray, tmp_path: Path) -> None:
    for mistake in (
        lambda: snnc.dataset("nothing"),
        lambda: snnc.dataset("digits", "nothing"),  # type: ignore[arg-type]
        lambda: snnc.train("nothing"),
        lambda: snnc.train("digits-mlp", nothing=1),
        lambda: snnc.train("digits-mlp", epochs=1.5),
        lambda: snnc.convert(torch.nn.Linear(4, 2), np.zeros((2, 1, 2, 2)), 4),
        lambda: snnc.convert(torch.nn.Tanh(), np.ones((2, 1, 2, 2), np.uint8), 4, max_payload=1),
        lambda: snnc.convert(torch.nn.Linear(4, 2), np.ones((2, 1, 2, 2), np.uint8), 4, weight_bits=9),
        lambda: snnc.load(tmp_path / "none.pt"),
        lambda: snnc.compile(tiny_network(), target="nothing"),
        lambda: snnc.simulate(program, x[:, :3]),
        lambda: snnc.simulate(program, x.astype(float)),
        lambda: snnc.reference(program.network, x[:0]),
        lambda: snnc.verify(program, x + 4),
        lambda: snnc.synthesise(snnc.compile(tiny_network(), "mesh16"), tmp_path / "s"),
        lambda: snnc.explore(tiny_network(), "mesh16", x),
    ):
        with pytest.raises(snnc.SnncError) as error:
            mistake()
        assert error.value.exit_code in (2, 4)


def test_a_trained_model_is_compiled_saved_and_loaded(tmp_path: Path) -> None:
    trained = snnc.train("digits-mlp", epochs=1, hidden=(16,))
    digits = snnc.dataset("digits", samples=20)
    expected = trained.model.predict(digits.x)
    assert np.array_equal(snnc.reference(trained, digits.x).predictions, expected)
    assert np.array_equal(snnc.reference(trained.model, digits.x).predictions, expected)
    snnc.save(trained, tmp_path / "m.pt")
    loaded = snnc.load(str(tmp_path / "m.pt"))
    assert loaded.provenance.recipe == "digits-mlp"
    program = snnc.compile(tmp_path / "m.pt")
    program.save(tmp_path)
    again = snnc.Build.load(tmp_path)
    assert snnc.simulate(again, digits.x, tier="functional").predictions == expected.tolist()


def test_verify_compares_with_the_rtl(program: snnc.Build, x: np.ndarray, tmp_path: Path) -> None:
    result = snnc.verify(program, x[:2].reshape(2, 1, 6, 6))
    assert result.executions == ["reference", "simulator", "rtl"]
    assert result.spikes_compared > 0 and result.cycles_compared > 0
    result.require_equal()


def test_explore_finds_designs_that_fit(x: np.ndarray) -> None:
    designs = snnc.explore(tiny_network(), "ecp5-25k-mesh", x[:1])
    assert designs and all(design.latency_s > 0 and design.energy_j > 0 for design in designs)
