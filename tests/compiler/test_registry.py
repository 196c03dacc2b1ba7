"""The registry of passes: pipelines as texts, options, contracts, and the documents that list them."""

import re
from pathlib import Path

import pytest
from builders import layer, network, target
from click.testing import CliRunner

from snnc.base.errors import UsageError
from snnc.commands.cli import main
from snnc.commands.compile import Request, _check_pass_runs
from snnc.compiler.formats.text import write_ir
from snnc.compiler.ir.levels import LEVELS
from snnc.compiler.passes.partition import Partition
from snnc.compiler.passes.place import Place
from snnc.compiler.passes.registry import PASSES, check_pass_name, describe_passes, parse_passes, print_passes
from snnc.compiler.pipeline import SPECIALISED, STANDARD, passes_up_to, run_passes, standard_passes

TARGET = target()
ARCHITECTURE = Path(__file__).parents[2] / "docs" / "architecture.md"


def test_a_pipeline_is_printed_and_parsed_back() -> None:
    passes = standard_passes(TARGET, spread=False, specialise=True)
    assert parse_passes(print_passes(passes), TARGET) == passes
    assert parse_passes("", TARGET) == ()
    assert parse_passes(" partition{spread=false} , place{seed=3 swaps_per_tile=7}", TARGET) == (
        Partition(TARGET, spread=False),
        Place(seed=3, swaps_per_tile=7),
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("foo", r"no pass is called 'foo'; there are legalise, .*, specialise, encode$"),
        ("place;route", r"no pipeline: 'place;route'$"),
        ("place{seed=3", r"no pipeline: 'place\{seed=3'$"),
        ("place{seed}", r"options are \{NAME=VALUE NAME=VALUE\}, each once, not 'seed'$"),
        ("place{seed=1 seed=2}", r"each once, not 'seed=1 seed=2'$"),
        ("place{luck=1}", r"place has no option 'luck'; there are seed, swaps_per_tile, spread$"),
        ("route{seed=1}", r"route has no option 'seed'; it has none$"),
        ("partition{target=1}", r"partition has no option 'target'; there are spread$"),
        ("partition{spread=1}", r"spread of partition must be true or false, not 1$"),
        ("place{seed=true}", r"seed of place must be an integer, not true$"),
        ("place{seed=-1}", r"seed of place must be 0\.\.100000, not -1$"),
    ],
)
def test_a_wrong_pipeline(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        parse_passes(text, TARGET)


def test_a_pass_on_another_level_is_a_mistake_in_the_pipeline() -> None:
    model = network(layer("a", "input", 8, 4))
    with pytest.raises(UsageError, match=r"^route takes the level Tiling, not Network$"):
        run_passes(model, parse_passes("route", TARGET))
    with pytest.raises(UsageError, match=r"a: a tile has no place$"):
        run_passes(model, parse_passes("partition,route", TARGET))


def test_passes_up_to_one() -> None:
    network, tiling, tiled, image = LEVELS
    assert passes_up_to("partition", network) == (
        "legalise",
        "hold-input",
        "bound-accumulators",
        "crop-kernels",
        "partition",
    )
    assert passes_up_to("specialise", tiling) == ("place", "route", "specialise")
    assert passes_up_to("encode", tiled) == ("encode",)
    with pytest.raises(UsageError, match=r"^place does not follow on the level TiledProgram$"):
        passes_up_to("place", tiled)
    with pytest.raises(UsageError, match=r"^encode does not follow on the level Image$"):
        passes_up_to("encode", image)


def test_every_pass_says_what_it_needs_and_guarantees() -> None:
    assert set(STANDARD) <= set(SPECIALISED) == set(PASSES)
    for name, kind in PASSES.items():
        assert kind.__doc__ is not None and kind.__doc__.startswith("Needs "), name
        assert "Guarantees" in kind.__doc__, name
        assert check_pass_name(name) == name
        assert f"{name}" in describe_passes()


def test_the_documents_list_the_passes_in_order() -> None:
    rows = re.findall(r"^\| `?([a-z-]+)`? \| (\w+)(?: → (\w+))? \|", ARCHITECTURE.read_text(), re.M)
    listed = [row for row in rows if row[0] in PASSES]
    levels = [(kind.takes.__name__, kind.gives.__name__) for kind in PASSES.values()]
    assert [row[0] for row in listed] == list(PASSES)
    assert [(row[1], row[2] or row[1]) for row in listed] == levels


def test_the_command_says_what_does_not_follow(tmp_path: Path) -> None:
    path = tmp_path / "net.txt"
    write_ir(network(layer("a", "input", 8, 4)), path)

    def stderr(*arguments: str) -> str:
        run = CliRunner().invoke(main, ["opt", *arguments])
        assert run.exit_code == 2
        return run.stderr

    assert "a TEXT is needed" in stderr()
    assert "this network is for no target yet" in stderr(str(path))
    write_ir(network(layer("a", "input", 8, 4)), path, TARGET)
    assert "this text is for target `test` already" in stderr(str(path), "--target", "fpga")
    both = stderr(str(path), "--stop-after", "place", "--passes", "legalise")
    assert "--stop-after goes with the compiler's own passes" in both
    assert "place is none of the passes" in stderr(
        str(path), "--passes", "legalise", "--print-after", "place"
    )
    assert "no such file" in stderr(str(tmp_path / "none.txt"))
    stopped = CliRunner().invoke(main, ["opt", str(path), "--stop-after", "partition"])
    assert stopped.exit_code == 0 and stopped.stdout.startswith("Tiling:\n")
    printed = CliRunner().invoke(main, ["opt", str(path), "--stop-after", "encode", "--print-after", "all"])
    assert re.findall(r"^# after (.*)$", printed.stdout, re.M) == list(STANDARD)


def test_the_list_of_passes() -> None:
    run = CliRunner().invoke(main, ["opt", "--list"])
    assert run.exit_code == 0
    assert "partition {spread=true}: Network -> Tiling\n    Needs a Network with" in run.stdout


def test_to_print_after_a_pass_that_does_not_run_is_refused() -> None:
    for name in (*STANDARD, "all"):
        _check_pass_runs(name, Request(Path("model.pt"), "fpga"))
    _check_pass_runs("specialise", Request(Path("model.pt"), "fpga", optimise="latency"))
    with pytest.raises(UsageError, match=r"^specialise does not run here$"):
        _check_pass_runs("specialise", Request(Path("model.pt"), "fpga"))
