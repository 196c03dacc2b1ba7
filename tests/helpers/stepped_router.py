"""FIFOs and routers of the stepped model: `docs/microarchitecture.md`, sections 1 to 3."""

from collections import deque
from collections.abc import Callable

SPIKE, VALUE, END, CREDIT, SYNC = 0, 1, 2, 3, 6
NORTH, EAST, SOUTH, WEST, LOCAL = range(5)


def make_flit(kind: int, data: int, x: int, y: int, host: bool) -> int:
    return (data & 0xFFFFFFFF) << 16 | kind << 13 | int(host) << 12 | y << 6 | x


def kind_of(flit: int) -> int:
    return flit >> 13 & 7


class Fifo:
    """Everything registered: pushes and pops of a cycle take effect when it is over."""

    def __init__(self, depth: int) -> None:
        self.depth = depth
        self.items: deque[int] = deque()
        self.incoming: list[int] = []
        self.popping = False

    @property
    def ready(self) -> bool:
        return len(self.items) < self.depth

    @property
    def valid(self) -> bool:
        return len(self.items) > 0

    @property
    def head(self) -> int:
        return self.items[0]

    def push(self, flit: int) -> None:
        assert self.ready and not self.incoming
        self.incoming.append(flit)

    def pop(self) -> None:
        assert self.valid and not self.popping
        self.popping = True

    def clock(self) -> None:
        if self.popping:
            self.items.popleft()
        self.items.extend(self.incoming)
        self.incoming.clear()
        self.popping = False


class Router:
    """Section 3."""

    def __init__(self, x: int, y: int, depth: int) -> None:
        self.x, self.y = x, y
        self.inputs = [Fifo(depth) for _ in range(5)]
        self.next = [0] * 5
        self.held: list[int | None] = [None] * 5
        self.outputs: list[Fifo | Callable[[int], None] | None] = [None] * 5

    def route(self, flit: int) -> int:
        host = flit >> 12 & 1
        x, y = (0, 0) if host else (flit & 63, flit >> 6 & 63)
        if x < self.x:
            return WEST
        if x > self.x:
            return EAST
        if y < self.y:
            return NORTH
        if y > self.y:
            return SOUTH
        return WEST if host else LOCAL

    def cycle(self) -> None:
        asking = [self.route(fifo.head) if fifo.valid else None for fifo in self.inputs]
        for output, receiver in enumerate(self.outputs):
            if output not in asking:
                continue
            chosen = self.held[output]
            if chosen is None:
                order = [(self.next[output] + i) % 5 for i in range(5)]
                chosen = next(port for port in order if asking[port] == output)
            assert receiver is not None and asking[chosen] == output
            if isinstance(receiver, Fifo) and not receiver.ready:
                self.held[output] = chosen
                continue
            flit = self.inputs[chosen].head
            self.inputs[chosen].pop()
            if isinstance(receiver, Fifo):
                receiver.push(flit)
            else:
                receiver(flit)
            self.held[output] = None
            self.next[output] = (chosen + 1) % 5

    def clock(self) -> None:
        for fifo in self.inputs:
            fifo.clock()
