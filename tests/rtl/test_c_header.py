"""The C headers: numbers are those of the contract, and a driver in C does what Python does."""

import subprocess
from pathlib import Path

import numpy as np
import pytest
from builders import target as small_target
from builders import tiny_network, tiny_payloads, tiny_program
from random_programs import compiled_program

from snnc.compiler.ir.network import Network
from snnc.compiler.ir.program import TiledProgram
from snnc.compiler.isa.arithmetic import IntArray
from snnc.compiler.isa.contract import FLIT, FlitType
from snnc.compiler.isa.peripheral import REGISTERS, register
from snnc.compiler.protocol.input_encoding import encode_inputs
from snnc.compiler.protocol.streams import decode_outputs, encode_samples
from snnc.rtl.c_header import HEADER, contract_header
from snnc.rtl.c_network import network_header
from snnc.sim.engine.cycle import run_isolated

FLAGS = ("-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror")
DRIVER = """
#include <stdio.h>
#include <stdint.h>
#define SNNC_BUS
static uint32_t snnc_read(uintptr_t base, uint32_t offset);
static void snnc_write(uintptr_t base, uint32_t offset, uint32_t value);
#include "snnc_test.h"

/* A peripheral that has room every other time, and gives a packet for each flit and the rest at the end. */
static uint64_t packets[1 << 16];
static uint32_t held, given, allowed, room, low;

static uint32_t snnc_read(uintptr_t base, uint32_t offset) {
  (void)base;
  if (offset == SNNC_SPACE) return room++ & 1;
  if (offset == SNNC_COUNT) return (allowed < held ? allowed : held) - given;
  if (offset == SNNC_OUTPUT_LOW) return (uint32_t)packets[given];
  if (offset == SNNC_OUTPUT_HIGH) return (uint32_t)(packets[given++] >> 32);
  if (offset == SNNC_STATE) {
    allowed = held;
    return (uint32_t)(SNNC_PUT(SNNC_STATE_READY, 1) | SNNC_PUT(SNNC_STATE_REST, 1));
  }
  return 0;
}

static void snnc_write(uintptr_t base, uint32_t offset, uint32_t value) {
  (void)base;
  if (offset == SNNC_INPUT_LOW) low = value;
  if (offset == SNNC_INPUT_HIGH) {
    uint64_t high = SNNC_GET(value, SNNC_INPUT_HIGH_HIGH);
    printf("%llx %d\\n", (unsigned long long)(high << 32 | low), (int)(value >> 31));
    allowed++;
  }
}

int main(void) {
  static uint8_t payloads[SNNC_TEST_STEPS * SNNC_TEST_FEATURES];
  int32_t outputs[SNNC_TEST_OUTPUTS];
  unsigned number, value;
  unsigned long long packet;
  for (number = 0; number < sizeof payloads; number++) {
    if (scanf("%u", &value) != 1) return 2;
    payloads[number] = (uint8_t)value;
  }
  while (scanf("%llx", &packet) == 1) packets[held++] = packet;
  printf("= %d\\n", snnc_test_run(0, payloads, SNNC_TEST_FEATURES, outputs));
  for (number = 0; number < SNNC_TEST_OUTPUTS; number++) printf("%d\\n", (int)outputs[number]);
  return 0;
}
"""


def compiled(source: str, folder: Path, **headers: str) -> Path:
    """A C program, compiled by a strict compiler of C99."""
    for name, text in headers.items():
        (folder / f"{name}.h").write_text(text)
    (folder / HEADER).write_text(contract_header())
    (folder / "main.c").write_text(source)
    subprocess.run(["cc", *FLAGS, "-O1", "main.c", "-o", "main"], cwd=folder, check=True, capture_output=True)
    return folder / "main"


def check_sample(main: Path, program: TiledProgram, payloads: IntArray) -> None:
    """One sample, (1, steps, features): flits as Python encodes them, outputs as it decodes them."""
    run = run_isolated(program, payloads)
    given = [*map(str, payloads.ravel().tolist()), *(f"{flit:x}" for flit in run.flits.tolist())]
    done = subprocess.run([main], input="\n".join(given), capture_output=True, text=True, check=True)
    sent, _, answer = done.stdout.partition("= ")
    stream = encode_samples(program, payloads).tolist()
    lasts = [0] * (len(stream) - 1) + [1]
    assert sent == "".join(f"{flit:x} {last}\n" for flit, last in zip(stream, lasts, strict=True))
    assert answer.split() == ["0", *map(str, decode_outputs(program, run.flits, 1)[0].tolist())]


def random_payloads(network: Network, generator: np.random.Generator) -> IntArray:
    node = network.input
    shape = (network.steps, node.features) if node.encoding == "events" else (node.features,)
    values = generator.integers(0, node.max_payload, (1, *shape), endpoint=True)
    values[generator.random(values.shape) < 0.5] = 0
    return encode_inputs(node, network.steps, values.astype(np.uint8))


@pytest.mark.parametrize("seed", range(8))
def test_a_driver_in_c_does_what_python_does(seed: int, tmp_path: Path) -> None:
    generator = np.random.default_rng(seed)
    compilation = compiled_program(generator)
    main = compiled(DRIVER, tmp_path, snnc_test=network_header(compilation.tiled, "test"))
    for _ in range(3):
        check_sample(main, compilation.tiled, random_payloads(compilation.network, generator))


def test_a_packet_of_another_network_is_told(tmp_path: Path) -> None:
    program = tiny_program(small_target(width=2, height=1))
    main = compiled(DRIVER, tmp_path, snnc_test=network_header(program, "test"))
    for foreign in (
        FLIT.pack(address=5, type=FlitType.END),
        FLIT.pack(address=1, type=FlitType.VALUE, data=0xFFFFFFFF),
        FLIT.pack(address=1, type=FlitType.CREDIT),
    ):
        given = [*map(str, tiny_payloads()[0].ravel().tolist()), f"{foreign:x}"]
        done = subprocess.run([main], input="\n".join(given), capture_output=True, text=True, check=True)
        assert "\n= -1\n" in done.stdout, hex(foreign)


def test_the_header_of_one_step_and_one_core_compiles(tmp_path: Path) -> None:
    program = tiny_program(small_target(width=1, height=1, contexts=2))
    compiled(DRIVER, tmp_path, snnc_test=network_header(program, "test"))
    assert tiny_network().steps == program.steps


def test_numbers_are_those_of_the_contract(tmp_path: Path) -> None:
    names = [f"SNNC_{item.name.upper()}" for item in REGISTERS]
    fields = [
        (f"SNNC_{item.name.upper()}_{part.name.upper()}", part.at, part.width)
        for item in REGISTERS
        for part in item.word.fields
    ]
    lines = [f'printf("%u\\n", {name});' for name in names]
    lines += [f'printf("%d %d\\n", {name}_AT, {name}_BITS);' for name, _, _ in fields]
    lines.append('printf("%d\\n", (int)SNNC_GET(SNNC_PUT(SNNC_FLIT_TYPE, SNNC_SYNC), SNNC_FLIT_TYPE));')
    program = f'#include <stdio.h>\n#include "{HEADER}"\nint main(void) {{ {" ".join(lines)} return 0; }}\n'
    printed = subprocess.run([compiled(program, tmp_path)], capture_output=True, text=True, check=True).stdout
    expected = [str(item.offset) for item in REGISTERS] + [f"{at} {bits}" for _, at, bits in fields]
    assert printed.splitlines() == [*expected, str(int(FlitType.SYNC))]
    assert register("output_high").word.bits == 32


def test_registers_lie_apart_and_in_reach() -> None:
    offsets = [item.offset for item in REGISTERS]
    assert offsets == sorted(set(offsets)) and all(offset % 4 == 0 for offset in offsets)
    assert max(offsets) < 256 and len({item.name for item in REGISTERS}) == len(REGISTERS)
