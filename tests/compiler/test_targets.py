"""Target files: the built-in ones are valid, and every defect is one clear line."""

import os
from dataclasses import replace
from importlib import resources
from pathlib import Path

import pytest

from snnc.base.errors import TargetError
from snnc.compiler.target_page import target_page
from snnc.compiler.targets import builtin_targets, load_target

VALID = resources.files("snnc.compiler").joinpath("targets/fpga.yaml").read_text()


def test_the_built_in_targets_have_their_file_names() -> None:
    targets = builtin_targets()
    assert {"fpga", "ecp5-12k", "ecp5-25k", "ecp5-85k", "ice40-up5k", "mesh16"} <= set(targets)
    assert all(name == target.name for name, target in targets.items())


def test_weights_in_rams_of_one_port_have_whole_rams() -> None:
    """Four of 16,384 x 16 bits: side by side for wide words, one behind the other for narrow ones."""
    target = load_target("ice40-up5k")
    found = [target.weight_words(bits) for bits in (2, 4, 5, 8)]
    assert found == [65536, 65536, 32768, 32768]
    assert replace(target, lanes=8).weight_words(6) == 16384
    assert replace(target, weight_kibit=16).weight_words(4) == 1024


def test_an_unknown_name_lists_the_names() -> None:
    with pytest.raises(
        TargetError,
        match=r"^no target is called 'ice'; there are ecp5-12k, ecp5-25k-mesh, .*, mesh32$",
    ):
        load_target("ice")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("schema: 1", "schema: 2", "schema must be 1, not 2$"),
        ("lanes: 16", "lanes: 7", "lanes must be a power of two, not 7$"),
        ("lanes: 16", "lanes: 1000000000000", r"lanes must be an integer in 2\.\.64, not 1000000000000$"),
        ("lanes: 16", "lanes: true", r"lanes must be an integer in 2\.\.64, not True$"),
        ("lanes: 16", "", "fields are missing: lanes$"),
        ("lanes: 16", "lanes: 8\nlines: 3", "unknown fields: lines$"),
        ("weight_bits: null", "weight_bits: 9", r"weight_bits must be an integer in 2\.\.8, not 9$"),
        ("cuba: true", "cuba: 1", "cuba must be true or false, not 1$"),
        ("neurons: 4096", "neurons: 16", "neurons must be at least two words of lanes, not 16 < 32$"),
        ("clock_mhz: 100", "clock_mhz: 0", r"clock_mhz must be a number in 0\.001\.\.1000000, not 0$"),
        ("clock_mhz: 100", "clock_mhz: -1", r"clock_mhz must be a number in 0\.001\.\.1000000, not -1$"),
        ("clock_mhz: 100", "clock_mhz: .nan", r"clock_mhz must be a number in 0\.001\.\.1000000, not nan$"),
        ("clock_mhz: 100", "clock_mhz: 1.0e+1000000", r"clock_mhz must be a number in .*, not inf$"),
        ("clock_mhz: 100", "clock_mhz: .inf", r"clock_mhz must be a number in 0\.001\.\.1000000, not inf$"),
        ("name: fpga", "name: 3", "name must be text of one line and at most 1000 characters, not 3$"),
        ("name: fpga", 'name: "a\\e[31m"', r"name must be text of one line .*, not 'a\\x1b\[31m'$"),
        ("name: fpga", "name: fpga\nname: fpga", "line 4: key 'name' stands twice$"),
        ("name: fpga", "name: &a fpga", "line 3: anchors and aliases are not read$"),
        ("name: fpga", "name: 2001-99-99\nname2: !!timestamp foo", "line 4: tag .* is not read$"),
        ("lanes: 16", "lanes: " + "9" * 5000, "a number of 5000 characters, the limit is 64$"),
        ("lanes: 16", "lanes: 0x_", "'0x_' is not a number$"),
        ("lanes: 16", "lanes: [[[[[[[[[[[[[[[[[[", "nested deeper than 16$"),
        ("lanes: 16", "8: 8", "a key must be text, not 8$"),
        ("energy_table: cmos45", "energy_table: ../x.yaml", "must be the name of a table, not '../x.yaml'$"),
        ("luts: 83640", "luts: 1" + "0" * 60, r"device\.luts must be an integer in 0\.\.1073741824, not an "),
        ("luts: 83640", "luts: true", r"device\.luts must be an integer in "),
        ("name: fpga", "name: [", "not valid YAML: "),
        ("family: ecp5", "family: 5", r"device\.family must be text "),
        (VALID, "- 1", r"mine\.yaml: must be a mapping of fields, not \[1\]$"),
        (VALID, "&a [*a]", "line 1: anchors and aliases are not read$"),
        (VALID, "x" * 70000, "has more than 65536 bytes, which is the limit$"),
    ],
)
def test_a_defect_is_one_line(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(VALID.replace(old, new))
    with pytest.raises(TargetError, match=message) as error:
        load_target(str(path))
    assert "\n" not in str(error.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(TargetError, match=r"cannot be read: No such file or directory$"):
        load_target(str(tmp_path / "none.yaml"))


def test_a_pipe_that_nobody_writes_to_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    with pytest.raises(TargetError, match=r"pipe\.yaml: cannot be read: is no regular file$"):
        load_target(str(tmp_path / "pipe.yaml"))


def test_the_page_is_current() -> None:
    page = Path(__file__).resolve().parents[2] / "docs" / "targets.md"
    assert page.read_text() == target_page(), "run `python -m snnc.compiler.target_page > docs/targets.md`"
