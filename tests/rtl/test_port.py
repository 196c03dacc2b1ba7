"""Serial ports that are not there, are no serial ports, may not be used, or vanish: one line each."""

import errno
import os
import pty
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest

from snnc.base.errors import LinkError
from snnc.rtl.host.port import SerialPort


@pytest.fixture(name="terminal")
def pair_of_terminals() -> Iterator[tuple[int, int]]:
    """Both ends; a test may close either."""
    ends = pty.openpty()
    tty.setraw(ends[1])
    yield ends
    for end in ends:
        try:
            os.close(end)
        except OSError:
            continue


def one_line(error: LinkError, port: str) -> str:
    text = str(error)
    assert text.startswith(f"{port}: ") and "\n" not in text and len(text) < 200, text
    return text


def test_a_port_that_is_not_there() -> None:
    with pytest.raises(LinkError, match=r"^/dev/nothing: cannot be opened: No such file or directory$"):
        SerialPort("/dev/nothing", 115200)


@pytest.mark.parametrize("kind", ["file", "directory", "fifo", "null"])
def test_what_is_no_serial_port(kind: str, tmp_path: Path) -> None:
    path = tmp_path / kind
    if kind == "file":
        path.touch()
    elif kind == "directory":
        path.mkdir()
    elif kind == "fifo":
        os.mkfifo(path)
    else:
        path = Path(os.devnull)
    with pytest.raises(LinkError, match="cannot be opened: ") as error:
        SerialPort(str(path), 115200)
    one_line(error.value, str(path))


def test_a_port_that_may_not_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: str, flags: int) -> int:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)

    monkeypatch.setattr("serial.serialposix.os.open", refuse)
    with pytest.raises(LinkError, match=r"^/dev/tty: cannot be opened: Permission denied$") as error:
        SerialPort("/dev/tty", 115200)
    assert error.value.hint is not None and "dialout" in error.value.hint


def test_a_port_that_vanishes_while_it_is_read_or_written(terminal: tuple[int, int]) -> None:
    ours, theirs = terminal
    name = os.ttyname(theirs)
    port = SerialPort(name, 115200)
    os.write(ours, b"a")
    assert port.read() == b"a"
    os.close(ours)
    with pytest.raises(LinkError, match="cannot be read: ") as error:
        port.read()
    one_line(error.value, name)
    with pytest.raises(LinkError, match="cannot be written: ") as error:
        port.write(b"a")
    one_line(error.value, name)
    port.close()


def test_a_port_that_takes_no_bytes(terminal: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("snnc.rtl.host.port.WRITE_SECONDS", 0.2)
    name = os.ttyname(terminal[1])
    port = SerialPort(name, 115200)
    with pytest.raises(LinkError, match="cannot be written: ") as error:
        port.write(bytes(1 << 20))
    one_line(error.value, name)
    port.close()
