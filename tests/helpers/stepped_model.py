"""A second cycle model for the differential tests: evaluates every component in every cycle, page by page.

Written from `docs/microarchitecture.md` alone and deliberately simple: registers are plain attributes; in a
cycle every component decides on the old values, then all decisions take effect. No event queue, no NumPy.
This module is the mesh; its parts are in the `stepped_` modules beside it.
"""

from stepped_contexts import SharedCore
from stepped_core import NeuroCore
from stepped_router import CREDIT, EAST, LOCAL, NORTH, SOUTH, SYNC, WEST, Router, kind_of
from stepped_tile import tile_of

from snnc.compiler.ir.packing import bases, on_core
from snnc.compiler.ir.program import TiledProgram


class Mesh:
    """All routers and cores, and the host port of section 5."""

    def __init__(self, program: TiledProgram) -> None:
        target = program.target
        places = [(x, y) for y in range(target.height) for x in range(target.width)]
        self.routers = {place: Router(*place, target.router_fifo) for place in places}
        for (x, y), router in self.routers.items():
            for output, to, port in (
                (NORTH, (x, y - 1), SOUTH),
                (EAST, (x + 1, y), WEST),
                (SOUTH, (x, y + 1), NORTH),
                (WEST, (x - 1, y), EAST),
            ):
                if to in self.routers:
                    router.outputs[output] = self.routers[to].inputs[port]
        placed = bases(program)
        self.tiles = [tile_of(core, target, placed) for core in program.cores]
        held = {tile.core.at: tile for tile in self.tiles}
        self.cores: list[NeuroCore | SharedCore] = []
        for place, cores in on_core(program).items():
            tiles, router = [held[core.at] for core in cores], self.routers[place]
            local = router.inputs[LOCAL]
            shares = target.contexts > 1
            unit = SharedCore(tiles, program, local) if shares else NeuroCore(tiles[0], program, local)
            router.outputs[LOCAL] = unit.events.fifo
            self.cores.append(unit)
        self.input = self.routers[0, 0].inputs[WEST]
        self.routers[0, 0].outputs[WEST] = self._leave
        self.packets: list[tuple[int, int]] = []
        self.credits = self.new_credits = self.time = 0

    def _leave(self, flit: int) -> None:
        if kind_of(flit) == CREDIT:
            self.new_credits += 1
        else:
            self.packets.append((flit, self.time))

    def run(self, stream: list[int], limit: int = 1_000_000) -> list[tuple[int, int]]:
        """Every packet (flit, cycle) that leaves, until the stream is consumed and all is at rest."""
        position = 0
        while position < len(stream) or not self.at_rest:
            assert self.time < limit, "the stepped model does not come to rest"
            if position < len(stream) and self._accept(stream[position]):
                position += 1
            for router in self.routers.values():
                router.cycle()
            for core in self.cores:
                core.cycle()
            self._clock()
        return self.packets

    def _accept(self, flit: int) -> bool:
        if kind_of(flit) == SYNC:
            count = flit >> 16 & 0xFFFF
            if self.credits < count:
                return False
            self.new_credits -= count
            return True
        if not self.input.ready:
            return False
        self.input.push(flit)
        return True

    def _clock(self) -> None:
        for router in self.routers.values():
            router.clock()
        for core in self.cores:
            core.clock()
        self.credits += self.new_credits
        self.new_credits = 0
        self.time += 1

    @property
    def at_rest(self) -> bool:
        empty = all(not fifo.valid for router in self.routers.values() for fifo in router.inputs)
        return empty and all(core.at_rest for core in self.cores)
