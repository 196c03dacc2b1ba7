"""Toggles in a waveform of the harness: how often the registers of each part of the design change."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

TOP, COUNTING = "u_top", "counting"
Wanted = Callable[[Sequence[str], str], bool]
"""Of the scopes of a signal and its name."""
REGISTER = re.compile(r"_q\d*$")
"""Names of registers, as everywhere in the design."""
UNBUILT = {"u_trace", "u_count"}
"""What only a simulation has."""
_PART = re.compile(r"u_core\.u_(\w+)|u_(router|host_port)")


def is_register(scopes: Sequence[str], name: str) -> bool:
    """Whether a signal of the RTL is a register of the design, by its name."""
    return REGISTER.search(name) is not None and not UNBUILT & set(scopes)


def count_toggles(waves: Path, wanted: Wanted = is_register) -> Counter[str]:
    """Bits of registers that changed while runs were under way, by part of the design: `router`, `host_port`,
    and the parts of a core. `waves` is a VCD of the harness around the RTL or a netlist, `wanted` says which
    signals count if not registers."""
    toggles: Counter[str] = Counter()
    with waves.open("r", encoding="ascii", errors="replace") as lines:
        parts, counting = _declarations(lines, wanted)
        values: dict[str, int] = {}
        under_way = False
        for line in lines:
            if line[0] in "01":
                code, value = line[1:].strip(), int(line[0])
            elif line[0] == "b":
                bits, _, code = line[1:].strip().partition(" ")
                value = int(bits.replace("x", "0").replace("z", "0"), 2)
            else:
                continue
            if code == counting:
                under_way = bool(value)
            elif (part := parts.get(code)) is not None:
                if under_way:
                    toggles[part] += (value ^ values.get(code, 0)).bit_count()
                values[code] = value
    return toggles


def _declarations(lines: Iterator[str], wanted: Wanted) -> tuple[dict[str, str], str]:
    """The part that every signal belongs to, by the code of its changes; the code that tells of a run."""
    scopes: list[str] = []
    parts: dict[str, str] = {}
    counting = ""
    for line in lines:
        words = line.split()
        if words[:1] == ["$scope"]:
            scopes.append(words[2])
        elif words[:1] == ["$upscope"]:
            scopes.pop()
        elif words[:1] == ["$var"]:
            code, name = words[3], words[4]
            if name == COUNTING and TOP not in scopes:
                counting = code
            elif TOP in scopes and wanted(scopes, name):
                parts.setdefault(code, _part_of(".".join(scopes)))
        elif words[:1] == ["$enddefinitions"]:
            break
    return parts, counting


def _part_of(path: str) -> str:
    match = _PART.search(path)
    return "other" if match is None else match[1] or match[2]
