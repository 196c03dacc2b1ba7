"""The contract as the tables of `docs/microarchitecture.md`."""

from collections.abc import Iterable

from snnc.compiler.isa import contract
from snnc.compiler.isa.contract import FlitType
from snnc.compiler.isa.layout import CHUNK_BITS, Field, Word


def tables() -> dict[str, str]:
    """Every table by the name of its place in the document."""
    return {
        "flit": _fields(contract.FLIT.leaves()),
        "types": _types(),
        "memories": ", ".join(f"{int(m)} {m.name.lower().replace('_', ' ')}" for m in contract.Memory),
        "registers": _registers(),
        "status": _status(),
        "entries": "\n".join(_row(word) for word in contract.TABLE_WORDS),
    }


def _bits(item: Field, base: int = 0) -> str:
    low = item.at - base
    return str(low) if item.width == 1 else f"{low + item.width - 1}:{low}"


def _fields(items: Iterable[Field], base: int = 0) -> str:
    texts = []
    for item in items:
        sign = ", two's complement" if item.signed else ""
        texts.append(f"`{item.name}` {_bits(item, base)} ({item.meaning}{sign})")
    return ", ".join(texts)


def _row(word: Word) -> str:
    name = word.name.replace("_", " ").capitalize()
    return f"- {name} entry ({word.width} bits): {_fields(word.leaves())}"


def _types() -> str:
    data = {
        FlitType.VALUE: "`value` StateBits-1:0 (two's complement), `index` 31:StateBits (neuron)",
        FlitType.CREDIT: "0",
        FlitType.CONFIG_DATA: f"{CHUNK_BITS} bits of a memory word, lowest chunk first",
        FlitType.RESTART: "only in the stimulus of simulations: ENDs to wait for before a reset",
        **{kind: _fields(word.fields) for kind, word in contract.DATA_OF_TYPE.items()},
    }
    rows = [f"| {kind.name} | {int(kind)} | {data[kind]} |" for kind in FlitType]
    return "\n".join(["| type | code | data |", "|---|---|---|", *rows])


def _registers() -> str:
    plain = [
        f"| {number} | {_fields(_within(contract.REGISTER, number), number * CHUNK_BITS)} |"
        for number in range(contract.PLAIN_REGISTERS)
    ]
    segment = f"| {contract.SEGMENT_REGISTER} + g | segment g: {_fields(contract.SEGMENT.fields)} |"
    banks = [
        f"| {contract.BANK_REGISTER + number} + {contract.BANK_STRIDE}b | bank b: "
        f"{_fields(_within(contract.BANK, number), number * CHUNK_BITS)} |"
        for number in range(contract.BANK.chunks)
    ]
    return "\n".join(["| register | content |", "|---|---|", *plain, segment, *banks])


def _status() -> str:
    core, host = ({(f.at, _bits(f)): f.meaning for f in word.fields} for word in contract.STATUS_WORDS)
    rows = [
        f"| {bits} | {core.get((at, bits), '')} | {host.get((at, bits), '')} |"
        for at, bits in sorted(core | host)
    ]
    return "\n".join(["| bit | core | host port |", "|---|---|---|", *rows])


def _within(word: Word, chunk: int) -> list[Field]:
    return [item for item in word.fields if item.at // CHUNK_BITS == chunk]
