"""What the status words of the mesh say, in words: who waits for what, and which errors were found."""

from collections.abc import Callable

from snnc.compiler.ir.image import CoreImage, Image
from snnc.compiler.isa.address import HOST
from snnc.compiler.isa.contract import CORE_STATUS, HOST_STATUS
from snnc.compiler.isa.flits import address_bits

HOST_PORT = address_bits(HOST)
"""The argument of STATUS that selects the host port; a core's is its address in a flit."""
MOST_NAMED = 4
"""Cores that one message names."""

_CORE_ERRORS = {
    "surplus_end": "got an END beyond those of its step",
    "surplus_credit": "got a CREDIT beyond those it is owed",
    "config_refused": "refused CONFIG in the middle of a run",
    "outside": "got a coordinate outside its tables",
    "no_payload": "got an event of payload 0",
    "no_neuron": "got a value for a neuron that it does not have",
}
_HOST_PORT_ERRORS = {
    "starved_sync": "got a SYNC for more CREDITs than come",
    "surplus_credits": "got more CREDITs than it counts",
}


def diagnose(image: Image, read_status: Callable[[int], int]) -> str:
    """What keeps the mesh from being done, core by core; `read_status` reads a status word."""
    places = image.on_core().values()
    words = [read_status(address_bits(tiles[0].at)) for tiles in places]
    host_port = read_status(HOST_PORT)
    if not any((*words, host_port)):
        return "the hardware says no more: it was built without status words"
    findings = []
    for tiles, word in zip(places, words, strict=True):
        if said := _of_core(tiles, word):
            layers = ", ".join(dict.fromkeys(core.tile.layer for core in tiles))
            findings.append(f"core {tiles[0].at} ({layers}) {' and '.join(said)}")
    if said := _of_host_port(host_port):
        findings.append(f"the host port {' and '.join(said)}")
    if not findings:
        return "no core waits or found an error"
    more = len(findings) - MOST_NAMED
    return "; ".join(findings[:MOST_NAMED]) + (f"; and {more} more" if more > 0 else "")


def _of_core(tiles: list[CoreImage], word: int) -> list[str]:
    status = CORE_STATUS.unpack(word)
    said = [text for name, text in _CORE_ERRORS.items() if status[name]]
    if status["dropped"]:
        said.append(f"dropped {status['drops']} flits addressed to nowhere")
    if not status["enabled"]:
        return [*said, "is not enabled"]
    if status["initialising"]:
        said.append("still writes its initial states")
    if status["awaits_ends"] and not status["home"]:
        # The word does not say which of several tiles waits.
        needed = " or ".join(dict.fromkeys(str(core.register("ends_needed")) for core in tiles))
        said.append(f"waits for ENDs, of which {status['ends']} of {needed} have come")
    if status["awaits_credits"]:
        said.append("waits for CREDITs from those it sends to")
    return said


def _of_host_port(word: int) -> list[str]:
    status = HOST_STATUS.unpack(word)
    said = [text for name, text in _HOST_PORT_ERRORS.items() if status[name]]
    if status["at_sync"]:
        said.append(f"waits at a SYNC with {status['credits']} CREDITs")
    return said
