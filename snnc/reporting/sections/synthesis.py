"""The placed hardware: cells, clock, bitstream."""

from typing import Any

from snnc.reporting.subject import Subject

TITLE = "Synthesis"


def content(subject: Subject) -> dict[str, Any]:
    """What the open FPGA tools made of it."""
    placed = subject.synthesis
    if placed is None:
        return {"missing": [subject.missing["synth"]]}
    names = {placed.logic: placed.lut, "flip-flops": placed.ff, "block RAM": placed.bram, "DSP": placed.dsp}
    return {"placed": placed, "cells": names}
