"""cocotb benches of snnc_router: every flit arrives where it should, in order per pair of ports."""

import os
from collections import defaultdict

import cocotb
from cocotb.triggers import ReadOnly, RisingEdge
from rtl_bench import seeded, start

BITS, PORTS = 48, 5
NORTH, EAST, SOUTH, WEST, LOCAL = range(PORTS)
FAR = (1 << int(os.environ["BENCH_XBits"])) - 2, (1 << int(os.environ["BENCH_YBits"])) - 2
"""A router near the end of what addresses can name."""


def route(flit: int, x: int, y: int) -> int:
    """The output port of a flit at router (x, y)."""
    host = flit >> 12 & 1
    to_x, to_y = (0, 0) if host else (flit & 63, flit >> 6 & 63)
    if to_x != x:
        return WEST if to_x < x else EAST
    if to_y != y:
        return NORTH if to_y < y else SOUTH
    return WEST if host else LOCAL


def possible(source: int, out: int) -> bool:
    """Whether dimension order takes this turn."""
    if out == EAST:
        return source in (WEST, LOCAL)
    if out == WEST:
        return source in (EAST, SOUTH, LOCAL)
    return source != out or out == LOCAL


class Model:
    """The router of the page: one FIFO per input, round robin with hold per output."""

    def __init__(self, x: int, y: int, depth: int) -> None:
        self.x, self.y, self.depth = x, y, depth
        self.fifos: list[list[int]] = [[] for _ in range(PORTS)]
        self.first = [0] * PORTS
        self.held: list[int | None] = [None] * PORTS

    def choices(self) -> list[int | None]:
        """Per output the input that is served."""
        chosen: list[int | None] = []
        for out in range(PORTS):
            asking = [i for i, f in enumerate(self.fifos) if f and route(f[0], self.x, self.y) == out]
            if self.held[out] is not None:
                chosen.append(self.held[out])
            elif asking:
                chosen.append(min(asking, key=lambda i: (i - self.first[out]) % PORTS))
            else:
                chosen.append(None)
        return chosen

    def step(self, pushes: list[int | None], ready: list[int]) -> None:
        """Advance one cycle."""
        for out, source in enumerate(self.choices()):
            if source is not None and ready[out]:
                self.fifos[source].pop(0)
                self.first[out], self.held[out] = (source + 1) % PORTS, None
            elif source is not None:
                self.held[out] = source
        for port, flit in enumerate(pushes):
            if flit is not None:
                self.fifos[port].append(flit)


@cocotb.test()
@cocotb.parametrize(position=[(0, 0), (2, 1), FAR], idle=[0.0, 0.5], pause=[0.0, 0.5])
async def equals_the_model_in_every_cycle(dut, position, idle: float, pause: float) -> None:
    rng = seeded()
    x, y = position
    await start(dut, x_i=x, y_i=y, edge_i=0, valid_i=0, ready_i=0, data_i=0)
    model = Model(x, y, 4)
    offers: list[int | None] = [None] * PORTS
    arrived: dict[int, int] = defaultdict(int)
    for _ in range(400):
        for port in range(PORTS):
            if offers[port] is None and rng.random() >= idle:
                while True:
                    host = rng.random() < 0.2
                    flit = rng.getrandbits(BITS - 13) << 13 | host << 12
                    flit |= rng.choice([max(y - 1, 0), y, y + 1]) << 6
                    flit |= rng.choice([max(x - 1, 0), x, x + 1])
                    if possible(port, route(flit, x, y)):
                        break
                offers[port] = flit
        ready = [int(rng.random() >= pause) for _ in range(PORTS)]
        dut.valid_i.value = sum((f is not None) << p for p, f in enumerate(offers))
        dut.data_i.value = sum((f or 0) << (p * BITS) for p, f in enumerate(offers))
        dut.ready_i.value = sum(r << p for p, r in enumerate(ready))
        await ReadOnly()
        room = [len(fifo) < model.depth for fifo in model.fifos]
        assert int(dut.ready_o.value) == sum(r << p for p, r in enumerate(room))
        chosen = model.choices()
        assert int(dut.valid_o.value) == sum((c is not None) << p for p, c in enumerate(chosen))
        for port, source in enumerate(chosen):
            if source is not None:
                text = str(dut.data_o.value)[::-1][port * BITS : (port + 1) * BITS][::-1]
                assert int(text, 2) == model.fifos[source][0], f"output {port}"
                arrived[port] += ready[port]
        pushes = [f if r else None for f, r in zip(offers, room, strict=True)]
        model.step(pushes, ready)
        offers = [None if r else f for f, r in zip(offers, room, strict=True)]
        await RisingEdge(dut.clk_i)
    assert arrived[LOCAL] > 20 and arrived[WEST] > 20
