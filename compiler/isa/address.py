"""Where a flit goes: a core of the mesh, or the host."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Address:
    """A core of the mesh, or the host."""

    x: int
    y: int
    host: bool = False

    def __str__(self) -> str:
        return "host" if self.host else f"({self.x},{self.y})"


HOST = Address(0, 0, host=True)
