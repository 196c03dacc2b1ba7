"""A port that damages what passes, for the tests of the host link."""

from collections.abc import Callable

from snnc.rtl.host.link import Port

Fault = Callable[[bytes], bytes]


class FaultyPort:
    """Passes bytes on; queued faults change the next writes, or the next reads that bring something."""

    def __init__(self, port: Port) -> None:
        self.port = port
        self.name = "faulty"
        self.on_write: list[Fault] = []
        self.on_read: list[Fault] = []

    def read(self) -> bytes:
        data = self.port.read()
        return self.on_read.pop(0)(data) if data and self.on_read else data

    def write(self, data: bytes) -> None:
        self.port.write(self.on_write.pop(0)(data) if self.on_write else data)


def unchanged(data: bytes) -> bytes:
    return data


def flipped(data: bytes) -> bytes:
    """One wrong bit in the middle."""
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


def cut(data: bytes) -> bytes:
    """The second half is missing, the closing flag with it."""
    return data[: len(data) // 2]


def repeated(data: bytes) -> bytes:
    return data + data


def lost(data: bytes) -> bytes:
    return b""


def after_noise(data: bytes) -> bytes:
    return b"\x00\xff noise \x7d" + data
