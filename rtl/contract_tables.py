"""The contract as the tables of `docs/microarchitecture.md`, `docs/host.md` and `docs/peripheral.md`."""

from collections.abc import Iterable

from snnc.compiler.isa import contract, host_link, peripheral
from snnc.compiler.isa.contract import FlitType
from snnc.compiler.isa.layout import CHUNK_BITS, Field, Word


def tables() -> dict[str, dict[str, str]]:
    """Every table by its document and the name of its place there."""
    return {
        "microarchitecture.md": _hardware(),
        "host.md": {"reply": _reply()},
        "peripheral.md": {"peripheral": _peripheral(), "streams": _streams()},
    }


def _hardware() -> dict[str, str]:
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


def _reply() -> str:
    reply, packet, status = host_link.REPLY, host_link.PACKET, host_link.STATUS_REPLY
    rows = []
    for start in sorted({item.at // 8 for item in reply.fields}):
        items = [item for item in reply.fields if item.at // 8 == start]
        end = (items[-1].end - 1) // 8
        place = str(start) if end == start else f"{start}–{end}"
        whole = len(items) == 1 and items[0].width % 8 == 0
        said = f"`{items[0].name}` ({items[0].meaning})" if whole else _fields(items, 8 * start)
        rows.append(f"| {place} | {said} |")
    behind = reply.width // 8
    packets = f"packets, {packet.width // 8} bytes each: {_fields(packet.fields)}"
    last = behind + status.width // 8 - 1
    rows += [
        f"| {behind} … | only in the answer to READ: {packets} |",
        f"| {behind}–{last} | only in the answer to STATUS: {_fields(status.fields)} |",
        "| last 4 | CRC-32 as above |",
    ]
    return "\n".join(["| bytes, lowest first | from the bridge |", "|---|---|", *rows])


def _peripheral() -> str:
    rows = [
        f"| {item.offset:02x} | `{item.name}` | {item.access} | {_fields(item.word.fields)} |"
        for item in peripheral.REGISTERS
    ]
    return "\n".join(["| address | register | access | content |", "|---|---|---|---|", *rows])


def _streams() -> str:
    words = {"s_axis_tdata": peripheral.STREAM_IN, "m_axis_tdata": peripheral.STREAM_OUT}
    rows = [f"| `{port}` | {_fields(word.fields)} |" for port, word in words.items()]
    return "\n".join(["| port | content |", "|---|---|", *rows])


def _within(word: Word, chunk: int) -> list[Field]:
    return [item for item in word.fields if item.at // CHUNK_BITS == chunk]
