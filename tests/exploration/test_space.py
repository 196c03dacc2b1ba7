"""Files of design spaces: what they may say, which points they have, and how these are searched."""

from pathlib import Path

import pytest

from snnc.base.errors import FileError, SnncError, UsageError
from snnc.exploration.ranking import Values
from snnc.exploration.samplers import SAMPLERS, size_of
from snnc.exploration.space import Axes, Method, Point, Search, axes, grid, read_space

WHOLE = """
schema = 1
data = "digits"
models = ["a.pt", "sub/b.pt"]
bits = [2, 4]
steps = [1, 2, 4]
targets = ["fpga", "ecp5-25k"]
cores = ["2x2", "4x1"]

[[train]]
recipe = "digits-mlp"
seeds = [1, 2]
settings = { hidden = [[32], [64, 16]], shift = [1], batch_norm = [true] }

[hardware]
lanes = [4, 8]
"""


SHORT = 'schema = 1\ndata = "digits"\nmodels = ["a.pt"]\n'


def written(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def axes_of(folder: Path, text: str = WHOLE) -> Axes:
    return axes(read_space(written(folder / "space.toml", text)), folder)


def test_the_points_are_all_combinations(tmp_path: Path) -> None:
    space = axes_of(tmp_path)
    points = list(grid(space))
    assert len(points) == len(set(points)) == size_of(space) == (2 + 2 * 2) * 2 * 3 * 2 * 2 * 2
    labels = {one.model.label for one in points}
    assert "digits-mlp hidden=64,16 shift=1 batch_norm=true seed=2" in labels
    assert {one.model.file for one in points if one.model.file} == {tmp_path / "a.pt", tmp_path / "sub/b.pt"}


def test_a_point_changes_its_target_and_nothing_else(tmp_path: Path) -> None:
    last = list(grid(axes_of(tmp_path)))[-1]
    mesh = last.mesh(tmp_path)
    assert (mesh.name, mesh.width, mesh.height, mesh.lanes) == ("ecp5-25k", 4, 1, 8)
    assert last.label.endswith("ecp5-25k, 4 bits, 4 steps, 4x1, lanes 8")


def test_an_axis_that_is_not_given_leaves_the_models_as_they_are(tmp_path: Path) -> None:
    (only,) = grid(axes_of(tmp_path, SHORT))
    assert (only.bits, only.steps, only.cores, only.target) == (None, None, None, "fpga")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('schema = 1\ndata = "digits"', "models must be one model file or"),
        (SHORT + "bits = [9]", "bits"),
        (SHORT + 'cores = ["2"]', "cores must be a mesh"),
        (SHORT + "[hardware]\nwidth = [2]", "hardware.width"),
        (SHORT + "[search]\nobjectives = []", "search.objectives"),
        (SHORT + '[search]\nmethod = "luck"', "search.method"),
        ('schema = 2\ndata = "digits"', "schema must be 1"),
        ("schema = ", "not valid TOML"),
    ],
)
def test_what_a_file_must_not_say(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(FileError, match=message.replace("[", r"\[")):
        read_space(written(tmp_path / "space.toml", text))


def test_impossible_hardware_is_refused_point_by_point(tmp_path: Path) -> None:
    text = SHORT + "[hardware]\nlanes = [3, 4]"
    first, second = grid(axes_of(tmp_path, text))
    with pytest.raises(SnncError, match="lanes"):
        first.mesh(tmp_path)
    assert second.mesh(tmp_path).lanes == 4


def test_a_space_of_too_many_points_is_refused(tmp_path: Path) -> None:
    numbers = ", ".join(map(str, range(1, 1025)))
    text = f"{SHORT}steps = [{numbers}]\n[hardware]\nneurons = [{numbers}]"
    with pytest.raises(UsageError, match="1048576 points"):
        axes_of(tmp_path, text)


def looked_at(space: Axes, method: Method, points: int | None, seed: int = 0) -> list[Point]:
    """What a search looks at where points of 1 step cannot be, and fewer bits and lanes are better."""
    seen: list[Point] = []

    def look(asked: object) -> list[Values | None]:
        assert isinstance(asked, list)
        seen.extend(asked)
        return [None if p.steps == 1 else (float(p.bits), float(p.hardware[0][1])) for p in asked]

    search = Search(method=method, points=points, seed=seed, objectives=("memory", "cores"))
    SAMPLERS[method](space, search, look)
    return seen


@pytest.mark.parametrize("method", list(SAMPLERS))
def test_searches_look_at_as_many_different_points_as_asked(tmp_path: Path, method: Method) -> None:
    space = axes_of(tmp_path)
    seen = looked_at(space, method, 21)
    assert len(set(seen)) == 21
    assert set(seen) <= set(grid(space))
    assert seen == looked_at(space, method, 21)


@pytest.mark.parametrize("method", list(SAMPLERS))
def test_searches_without_an_end_look_at_everything_small(tmp_path: Path, method: Method) -> None:
    text = f"{SHORT}steps = [1, 2]\nbits = [2, 3]\n[hardware]\nlanes = [4]"
    space = axes_of(tmp_path, text)
    assert set(looked_at(space, method, None)) == set(grid(space))


def test_another_seed_looks_elsewhere(tmp_path: Path) -> None:
    space = axes_of(tmp_path)
    assert looked_at(space, "random", 9, seed=1) != looked_at(space, "random", 9, seed=2)


def test_proposals_follow_what_was_seen(tmp_path: Path) -> None:
    """After the random start, the proposals hold more of the best values than chance has."""
    space = axes_of(tmp_path) | {"hardware.lanes": (2, 4, 8, 16, 32, 64), "bits": (2, 3, 4, 5, 6, 7, 8)}
    late = looked_at(space, "optuna", 120)[40:]
    good = sum(one.bits == 2 and one.hardware[0][1] == 2 for one in late)
    assert good > 3 * len(late) / (6 * 7)
