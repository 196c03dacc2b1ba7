"""The contract of the peripheral as a C header, with what a driver does on it."""

from collections.abc import Iterator

from snnc.compiler.isa import contract, peripheral
from snnc.compiler.isa.contract import FlitType
from snnc.compiler.isa.layout import Field

HEADER = "snnc.h"
_FLIT_WORDS = (contract.SPIKE, contract.END, contract.CREDIT, contract.SYNC, contract.CONFIG_ADDRESS)


def contract_header() -> str:
    """The text of `snnc.h`: registers, flits, status words, and functions that send and take flits."""
    lines = [f"#define SNNC_MAGIC_VALUE {peripheral.MAGIC:#010x}u"]
    lines += [f"#define SNNC_VERSION_VALUE {peripheral.VERSION}u", ""]
    for item in peripheral.REGISTERS:
        lines.append(f"#define SNNC_{item.name.upper()} {item.offset:#04x}u  /* {item.access} */")
        lines += _fields(f"SNNC_{item.name.upper()}", item.word.fields)
    lines += ["", "/* Flits, and what their data say. */"]
    lines += _fields("SNNC_FLIT", contract.FLIT.leaves())
    lines += [f"#define SNNC_{kind.name} {int(kind)}u" for kind in FlitType if kind != FlitType.RESTART]
    for word in _FLIT_WORDS:
        lines += _fields(f"SNNC_{word.name.upper()}", word.leaves())
    lines += ["", "/* Status words of cores and of the host port. */"]
    for word in contract.STATUS_WORDS:
        lines += _fields(f"SNNC_{word.name.upper()}", word.fields)
    return _HEAD + "\n".join(lines) + "\n" + _FUNCTIONS


def _fields(prefix: str, fields: Iterator[Field] | tuple[Field, ...]) -> Iterator[str]:
    for item in fields:
        name = f"{prefix}_{item.name.upper()}"
        yield f"#define {name}_AT {item.at}  /* {item.meaning} */"
        yield f"#define {name}_BITS {item.width}"


_HEAD = """\
/* SPDX-License-Identifier: Apache-2.0
   Registers and flits of the snnc peripheral, generated from their declarations. Of every field: its lowest
   bit and its number of bits. */
#ifndef SNNC_H
#define SNNC_H

#include <stdint.h>

"""
_FUNCTIONS = """
#define SNNC_MASK(field) (((uint64_t)1 << field##_BITS) - 1)
#define SNNC_GET(word, field) (((word) >> field##_AT) & SNNC_MASK(field))
#define SNNC_PUT(field, value) (((uint64_t)(value) & SNNC_MASK(field)) << field##_AT)

/* Whoever reaches the registers in another way defines SNNC_BUS and both functions before. */
#ifndef SNNC_BUS
static inline uint32_t snnc_read(uintptr_t base, uint32_t offset) {
  return *(volatile uint32_t *)(base + offset);
}

static inline void snnc_write(uintptr_t base, uint32_t offset, uint32_t value) {
  *(volatile uint32_t *)(base + offset) = value;
}
#endif

/* Whether the peripheral is there, with these registers. */
static inline int snnc_present(uintptr_t base) {
  return snnc_read(base, SNNC_MAGIC) == SNNC_MAGIC_VALUE
      && SNNC_GET(snnc_read(base, SNNC_VERSION), SNNC_VERSION_VERSION) == SNNC_VERSION_VALUE;
}

/* Reset the mesh with these bits of SNNC_CONTROL, and wait until it takes flits. */
static inline void snnc_restart(uintptr_t base, uint32_t control) {
  snnc_write(base, SNNC_CONTROL, control | (uint32_t)SNNC_PUT(SNNC_CONTROL_RESTART, 1));
  while (!SNNC_GET(snnc_read(base, SNNC_STATE), SNNC_STATE_READY)) {}
}

/* Send a flit by registers; `last` for the last of a sample. Returns 0, and sends nothing, without room. */
static inline int snnc_send(uintptr_t base, uint64_t flit, int last) {
  if (snnc_read(base, SNNC_SPACE) == 0) return 0;
  snnc_write(base, SNNC_INPUT_LOW, (uint32_t)flit);
  snnc_write(base, SNNC_INPUT_HIGH, (uint32_t)(flit >> 32) | (uint32_t)SNNC_PUT(SNNC_INPUT_HIGH_LAST, last));
  return 1;
}

/* Take a packet by registers: its flit, above it low bits of the cycle it left in. Returns 0 without one. */
static inline int snnc_take(uintptr_t base, uint64_t *packet) {
  uint32_t low;
  if (snnc_read(base, SNNC_COUNT) == 0) return 0;
  low = snnc_read(base, SNNC_OUTPUT_LOW);
  *packet = (uint64_t)snnc_read(base, SNNC_OUTPUT_HIGH) << 32 | low;
  return 1;
}

/* Nothing happens any more: a sample has been answered, or waits for what never comes. */
static inline int snnc_at_rest(uintptr_t base) {
  return (int)SNNC_GET(snnc_read(base, SNNC_STATE), SNNC_STATE_REST);
}

#endif
"""
