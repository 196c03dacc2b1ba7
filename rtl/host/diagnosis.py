"""What the status words of the mesh say, in words: who waits for what, and which errors were found."""

from collections.abc import Callable

from snnc.compiler.ir.image import ENDS_REGISTER, CoreImage, Image

HOST_PORT = 0x100
"""The argument of STATUS that selects the host port; a core's is y * 16 + x."""
MOST_NAMED = 4
"""Cores that one message names."""

_CORE_ERRORS = {
    0: "got an END beyond those of its step",
    1: "got a CREDIT beyond those it is owed",
    2: "refused CONFIG in the middle of a run",
    3: "got a coordinate outside its tables",
    4: "got an event of payload 0",
    6: "got a flit with bits outside its fields",
}
_DROPPED, _AT_HOME, _AWAITS_ENDS, _AWAITS_CREDITS, _ENABLED, _INITIALISING = 5, 8, 9, 10, 11, 12
_HOST_PORT_ERRORS = {0: "got a SYNC for more CREDITs than come", 1: "got more CREDITs than it counts"}
_AT_SYNC = 8


def diagnose(image: Image, read_status: Callable[[int], int]) -> str:
    """What keeps the mesh from being done, core by core; `read_status` reads a status word."""
    words = [read_status(core.at.y << 4 | core.at.x) for core in image.cores]
    host_port = read_status(HOST_PORT)
    if not any((*words, host_port)):
        return "the hardware says no more: it was built without status words"
    findings = []
    for core, word in zip(image.cores, words, strict=True):
        if said := _of_core(core, word):
            findings.append(f"core {core.at} ({core.tile.layer}) {' and '.join(said)}")
    if said := _of_host_port(host_port):
        findings.append(f"the host port {' and '.join(said)}")
    if not findings:
        return "no core waits or found an error"
    more = len(findings) - MOST_NAMED
    return "; ".join(findings[:MOST_NAMED]) + (f"; and {more} more" if more > 0 else "")


def _of_core(core: CoreImage, word: int) -> list[str]:
    said = [text for bit, text in _CORE_ERRORS.items() if word >> bit & 1]
    if word >> _DROPPED & 1:
        said.append(f"dropped {word >> 24} flits addressed to nowhere")
    if not word >> _ENABLED & 1:
        return [*said, "is not enabled"]
    if word >> _INITIALISING & 1:
        said.append("still writes its initial states")
    if word >> _AWAITS_ENDS & 1 and not word >> _AT_HOME & 1:
        needed = int(core.registers.words[ENDS_REGISTER, 0])
        said.append(f"waits for ENDs, of which {word >> 16 & 0xFF} of {needed} have come")
    if word >> _AWAITS_CREDITS & 1:
        said.append("waits for CREDITs from those it sends to")
    return said


def _of_host_port(word: int) -> list[str]:
    said = [text for bit, text in _HOST_PORT_ERRORS.items() if word >> bit & 1]
    if word >> _AT_SYNC & 1:
        said.append(f"waits at a SYNC with {word >> 16} CREDITs")
    return said
