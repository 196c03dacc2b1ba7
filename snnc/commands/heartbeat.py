"""A sign of life from the FPGA tools, which take minutes without a word of ours."""

import re
import time

from snnc.commands.console import Console

HEARTBEAT_SECONDS = 5.0


class Heartbeat:
    """Says what a tool is doing, a line every few seconds."""

    STEP = re.compile(
        r"[\d.]+\. Executing (?P<pass>\S+)|Info: (?P<step>(?:Packing|Running|Routing|Setting).*)"
    )

    def __init__(self, console: Console, tool: str) -> None:
        self.console, self.tool = console, tool
        self.start = self.last = time.monotonic()

    def __call__(self, line: str) -> None:
        """Take a line of the tool's output."""
        step, now = self.STEP.match(line), time.monotonic()
        if step and now - self.last >= HEARTBEAT_SECONDS:
            self.last = now
            self.console.say(f"  {self.tool} {now - self.start:4.0f} s  {step['pass'] or step['step']}")
