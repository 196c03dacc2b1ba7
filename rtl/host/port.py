"""Serial ports by name: a real one, or `sim` for the board in software."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from snnc.base.errors import LinkError, UsageError
from snnc.rtl.host.link import WINDOW, Port

if TYPE_CHECKING:
    from snnc.compiler.ir.image import Image

SIMULATED = "sim"
DEFAULT_BAUD = 1_000_000
SIMULATION_TIMEOUT = 30.0
"""Seconds until a reply of the board in software counts as lost: it may share its processor with anything."""
LATENCY = 0.5
"""Seconds that an operating system and a USB adapter may hold bytes back."""
WINDOW_BYTES = 512 * WINDOW
READ_SECONDS = 0.05
WRITE_SECONDS = 10.0
"""Seconds after which a device that takes no bytes counts as gone."""

try:
    import termios

    _TERMINAL_ERRORS: tuple[type[Exception], ...] = (termios.error,)
except ImportError:
    _TERMINAL_ERRORS = ()


class SerialPort:
    """A serial device at 8 data bits, no parity, one stop bit, through pyserial."""

    def __init__(self, name: str, baud: int) -> None:
        try:
            import serial
        except ImportError:
            raise UsageError("pyserial is not installed", hint="pip install 'snnc[host]'") from None
        # pyserial lets some errors of the operating system through as they are; termios.error is no OSError.
        self._errors: tuple[type[Exception], ...] = (OSError, ValueError, OverflowError, *_TERMINAL_ERRORS)
        self.name = name
        try:
            self._serial = serial.Serial(name, baud, timeout=READ_SECONDS, write_timeout=WRITE_SECONDS)
            self._serial.reset_input_buffer()
        except self._errors as error:
            raise LinkError(f"cannot be opened: {_reason(error)}", where=name, hint=_hint(error)) from None

    def read(self) -> bytes:
        """What arrived, after a short wait if nothing has."""
        try:
            return bytes(self._serial.read(max(1, self._serial.in_waiting)))
        except self._errors as error:
            raise LinkError(f"cannot be read: {_reason(error)}", where=self.name) from None

    def write(self, data: bytes) -> None:
        """Send all of `data`."""
        try:
            self._serial.write(data)
        except self._errors as error:
            raise LinkError(f"cannot be written: {_reason(error)}", where=self.name) from None

    def close(self) -> None:
        """Give the device back."""
        self._serial.close()


def _reason(error: Exception) -> str:
    """What the operating system said, in one line: pyserial wraps it in more words and the name again."""
    number = getattr(error, "errno", None)
    text = os.strerror(number) if number else str(error.args[-1] if error.args else error)
    return text.splitlines()[0] if text else type(error).__name__


def _hint(error: Exception) -> str | None:
    if getattr(error, "errno", None) == errno.EACCES:
        return "the group that owns the device may use it (often `dialout`): become a member, log in again"
    return None


def reply_timeout(baud: int) -> float:
    """Seconds after which a reply counts as lost: a window of frames and its replies, and latency."""
    return LATENCY + 2 * WINDOW_BYTES * 10 / baud


@contextmanager
def open_port(name: str, baud: int, image: "Image", cache: Path) -> Iterator[tuple[Port, float]]:
    """The port called `name` and its reply timeout; `sim` builds and runs the hardware of `image`."""
    if name != SIMULATED:
        port = SerialPort(name, baud)
        try:
            yield port, reply_timeout(baud)
        finally:
            port.close()
        return
    from snnc.rtl.host.software_board import build_board, running_board

    with running_board(build_board(image, cache)) as terminal:
        port = SerialPort(terminal, DEFAULT_BAUD)
        try:
            yield port, SIMULATION_TIMEOUT
        finally:
            port.close()
