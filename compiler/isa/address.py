"""Where a flit goes: a tile on a core of the mesh, or the host."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Address:
    """A tile on a core of the mesh, or the host."""

    x: int
    y: int
    host: bool = False
    context: int = 0
    """Which of a core's tiles."""

    def __str__(self) -> str:
        if self.host:
            return "host"
        return f"({self.x},{self.y})" + (f".{self.context}" if self.context else "")


HOST = Address(0, 0, host=True)
