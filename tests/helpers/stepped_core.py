"""A core without contexts of the stepped model: `docs/microarchitecture.md`, sections 4.1 to 4.4."""

from stepped_emitter import Emitter
from stepped_events import Events
from stepped_registers import Registers, TileRegisters
from stepped_router import CREDIT, END, Fifo, kind_of
from stepped_tile import Tile

from snnc.compiler.ir.program import TiledProgram


class NeuroCore:
    """Dispatcher, row engine and control, each deciding on the registers as they were."""

    def __init__(self, tile: Tile, program: TiledProgram, output: Fifo) -> None:
        self.tile, self.core, self.neurons = tile, tile.core, tile.neurons
        self.events = Events([tile], program.target)
        self.emitter = Emitter(tile, program, output)
        own = TileRegisters(ends=self.core.recurrent_sources, owed=self.core.recurrent_destinations)
        self.r = Registers(tiles=[own])
        self.time = 0

    def cycle(self) -> None:
        """All units decide on the old registers `r`; `n` collects the new ones."""
        r, n = self.r, self.r.copy()
        self.emitter.cycle(r, n)
        self._control(r, n)
        flit = self.events.cycle(r, n, r.control == "ACCUMULATE", self.time)
        if flit is not None:
            self._count(n.tiles[0], flit)
        self.n = n

    def clock(self) -> None:
        self.r = self.n
        self.events.fifo.clock()
        self.time += 1

    @property
    def at_rest(self) -> bool:
        """Whether nothing happens before a flit comes."""
        r = self.r
        idle = r.control == "ACCUMULATE" and r.emitter == "IDLE" and r.events_are_empty
        return idle and not self.events.fifo.valid and r.tiles[0].ends < self.core.ends_needed

    def _count(self, own: TileRegisters, flit: int) -> None:
        if kind_of(flit) == END:
            own.ends += 1
            own.last_step |= bool(flit >> 16 & 1)
        else:
            assert kind_of(flit) == CREDIT
            own.owed -= 1

    def _control(self, r: Registers, n: Registers) -> None:
        emission, own = self.core.emission, r.tiles[0]
        if r.control == "ACCUMULATE":
            if own.ends == self.core.ends_needed and r.events_are_empty and r.emitter == "IDLE":
                n.tiles[0].ends -= self.core.ends_needed
                n.tiles[0].ending = own.last_step
                self.tile.sweeps.append(self.time + 1)
                if emission == "values_every":
                    n.control = "DRAIN"
                    self.emitter.command(r, n, "WAIT", emit=True)
                else:
                    n.control, n.control_left = "SWEEP", self.neurons.words + 8
                    self.neurons.begin_sweep(own.step)
                    if emission == "spikes" or not own.last_step:
                        self.emitter.command(r, n, "CREDIT", emit=emission == "spikes")
                        n.tiles[0].last_step = False
        elif r.control == "SWEEP":
            self.tile.causes["sweep"] += 1
            self.neurons.sweep(own.step, r.control_left)
            n.control_left -= 1
            if n.control_left:
                return
            if own.ending and self.core.clears:
                self.neurons.initialise()
            if not own.ending or self.core.clears:
                self._accumulate(n)
            elif emission == "spikes":
                n.control, n.control_left = "INIT", self.neurons.words + 3
            else:
                n.control = "DRAIN"
                self.emitter.command(r, n, "WAIT", emit=True)
        elif r.control == "DRAIN":
            if r.emitter == "IDLE":
                n.control, n.control_left = "INIT", self.neurons.words + 3
        elif r.control == "INIT":
            self.tile.causes["initialise"] += 1
            n.control_left -= 1
            if n.control_left == 0:
                self.neurons.initialise()
                if emission != "spikes":
                    self.emitter.command(r, n, "CREDIT", emit=False)
                    n.tiles[0].last_step = False
                self._accumulate(n)

    def _accumulate(self, n: Registers) -> None:
        n.control = "ACCUMULATE"
        n.tiles[0].step = 0 if n.tiles[0].ending else n.tiles[0].step + 1
