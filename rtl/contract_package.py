"""The contract as SystemVerilog: constants of every word and field, and a function that reads each field."""

from collections.abc import Iterator
from enum import IntEnum

from snnc.compiler.isa import contract, host_link, peripheral
from snnc.compiler.isa.layout import CHUNK_BITS, Field, Word

_HEAD = """\
// SPDX-License-Identifier: Apache-2.0
// The contract of compiler/isa/contract.py: `python -m snnc.rtl.contract` writes this file, nobody else.
`default_nettype none

// No module uses all of it. Icarus casts no call of a function, but {} of one: 8'({flit_data(flit)}).
// verilator lint_off UNUSEDPARAM
// verilator lint_off UNUSEDSIGNAL
package snnc_pkg;
"""
_TAIL = """\
  // Bits of x, or of y, that a mesh of so many `places` along it keeps, at most `declared`: enough to tell
  // its places from one beyond them.
  function automatic int coordinate_bits(input int places, input int declared);
    coordinate_bits = $clog2(places + 1) < declared ? $clog2(places + 1) : declared;
  endfunction

  // The bits of an address that a mesh of `width` x `height` keeps.
  function automatic logic [AddressBits-1:0] address_kept(input int width, input int height);
    address_kept = AddressBits'(1 << AddressHostAt
        | ((1 << coordinate_bits(width, AddressXBits)) - 1) << AddressXAt
        | ((1 << coordinate_bits(height, AddressYBits)) - 1) << AddressYAt);
  endfunction

  // An address in the bits that are kept: x and y that need more become the largest number in them, which is
  // beyond the mesh as well.
  function automatic logic [AddressBits-1:0] address_within(input logic [AddressBits-1:0] address,
                                                            input logic [AddressBits-1:0] kept);
    address_within = address & kept;
    if ((address_x(address) & ~address_x(kept)) != '0) begin
      address_within[AddressXAt+:AddressXBits] = address_x(kept);
    end
    if ((address_y(address) & ~address_y(kept)) != '0) begin
      address_within[AddressYAt+:AddressYBits] = address_y(kept);
    end
  endfunction

  // The shift that a d of 0 or a power of two stands for, as snnc_decay takes it; the largest leaves 0.
  function automatic logic [DecayBits-1:0] decay_shift(input logic [DecayBits-1:0] d);
    decay_shift = '0;
    if (d[DecayShift]) decay_shift = DecayBits'(32);
    for (int i = 0; i < DecayShift; i++) begin
      if (d[i]) decay_shift = DecayBits'(16 + DecayShift - i);
    end
  endfunction
endpackage
// verilator lint_on UNUSEDSIGNAL
// verilator lint_on UNUSEDPARAM

`default_nettype wire
"""
LINK_WORDS = (host_link.CONTROL, host_link.REPLY, host_link.PACKET, host_link.STATUS_REPLY)
_PORTS = ("North", "East", "South", "West", "Local")


def package() -> str:
    """The text of `snnc_pkg.sv`."""
    lines = [
        *_integers(
            "Router ports", {name: number for number, name in enumerate(_PORTS)} | {"Ports": len(_PORTS)}
        ),
        *_integers(
            "Counts and places; `docs/microarchitecture.md` says of what",
            {
                "CountBits": contract.COUNT_BITS,
                "StepBits": contract.STEP_BITS,
                "DecayShift": contract.DECAY_SHIFT,
                "DecayBits": contract.DECAY_WIDTH,
                "Registers": contract.PLAIN_REGISTERS,
                "ChunkBits": CHUNK_BITS,
                "Memories": len(contract.Memory),
                "RegisterAddressBits": (contract.REGISTERS - 1).bit_length(),
                "SegmentRegister": contract.SEGMENT_REGISTER,
                "BankRegister": contract.BANK_REGISTER,
                "BankStride": contract.BANK_STRIDE,
                "Banks": contract.MAX_BANKS,
                "Segments": contract.MAX_SEGMENTS,
                "CoordinateBits": contract.COORDINATE_BITS,
                "LinkVersion": host_link.VERSION,
                "RunPackets": host_link.RUN_PACKETS,
                "ActionKinds": len(peripheral.ACTIONS.fields),
            },
        ),
        *_codes("Flit", contract.FlitType),
        *_codes("Memory", contract.Memory, contract.CONFIG_ADDRESS["memory"].width),
        *_codes("Reset", contract.ResetCode),
        *_codes("Emit", contract.EmissionCode),
        *_codes("Frame", host_link.FrameKind),
        *_codes("Verdict", host_link.Verdict),
    ]
    lines += _peripheral_addresses()
    registers = contract.REGISTER, contract.SEGMENT, contract.BANK
    for word in (contract.ADDRESS, contract.FLIT, *contract.TABLE_WORDS, *registers):
        lines += _word(word, word.width if word is contract.REGISTER else word.bits)
    for word in (*contract.DATA_OF_TYPE.values(), *contract.STATUS_WORDS, *LINK_WORDS):
        lines += _word(word, word.width)
    for word in (peripheral.STREAM_IN, peripheral.STREAM_OUT, peripheral.ACTIONS):
        lines += _word(word, word.width)
    for register in peripheral.REGISTERS:
        lines += _word(register.word, register.word.bits)
    return _HEAD + "\n".join(lines) + "\n" + _TAIL


def camel(name: str) -> str:
    """A name in the case of constants."""
    return "".join(part.capitalize() for part in name.split("_"))


def _integers(comment: str, values: dict[str, int]) -> Iterator[str]:
    yield f"  // {comment}."
    yield from (f"  localparam int {name} = {value};" for name, value in values.items())
    yield ""


def _peripheral_addresses() -> Iterator[str]:
    yield "  // The peripheral: byte addresses of its registers, and what two of them say."
    bits = peripheral.ADDRESS_BITS
    yield f"  localparam int PeripheralAddressBits = {bits};"
    for register in peripheral.REGISTERS:
        name = camel(register.word.name)
        yield f"  localparam logic [{bits - 1}:0] {name} = {bits}'h{register.offset:02x};"
    yield f"  localparam logic [31:0] PeripheralMagicValue = 32'h{peripheral.MAGIC:08x};"
    yield f"  localparam logic [7:0] PeripheralVersionNumber = 8'd{peripheral.VERSION};"
    yield ""


def _codes(prefix: str, codes: type[IntEnum], width: int = 0) -> Iterator[str]:
    assert codes.__doc__ is not None
    yield f"  // {codes.__doc__.splitlines()[0]}"
    width = width or max(codes).bit_length()
    for code in codes:
        yield f"  localparam logic [{width - 1}:0] {prefix}{camel(code.name)} = {width}'d{int(code)};"
    yield ""


def _word(word: Word, bits: int) -> Iterator[str]:
    name = camel(word.name)
    yield f"  // {word.name.replace('_', ' ').capitalize()}."
    yield f"  localparam int {name}Bits = {bits};"
    for item in _fields(word):
        yield f"  localparam int {name}{camel(item.name)}At = {item.at};"
        yield f"  localparam int {name}{camel(item.name)}Bits = {item.width};"
    yield ""
    for item in _fields(word):
        yield from _reader(word, item, name + camel(item.name))


def _fields(word: Word) -> Iterator[Field]:
    """Its fields, and the parts of those that have some."""
    yield from word.fields
    yield from (leaf for leaf in word.leaves() if leaf.name not in {item.name for item in word.fields})


def _reader(word: Word, item: Field, constant: str) -> Iterator[str]:
    function = f"{word.name}_{item.name}"
    yield f"  // {item.name}: {item.meaning}."
    kind = f"logic [{constant}Bits-1:0]" if item.width > 1 else "logic"
    yield f"  function automatic {kind} {function}(input logic [{camel(word.name)}Bits-1:0] word);"
    yield f"    {function} = word[{constant}At+:{constant}Bits];"
    yield "  endfunction"
    yield ""
