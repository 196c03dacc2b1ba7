"""A core with contexts of the stepped model: `docs/microarchitecture.md`, section 4.7."""

from stepped_emitter import Emitter
from stepped_events import Events
from stepped_registers import Registers, TileRegisters
from stepped_router import CREDIT, END, Fifo, kind_of
from stepped_tile import Tile

from snnc.compiler.ir.program import TiledProgram


class SharedCore:
    """Several tiles that take turns; each unit decides on the registers as they were."""

    def __init__(self, tiles: list[Tile], program: TiledProgram, output: Fifo) -> None:
        self.tiles, self.output = tiles, output
        self.events = Events(tiles, program.target)
        self.emitters = [Emitter(tile, program, output) for tile in tiles]
        self.r = Registers(
            tiles=[TileRegisters(t.core.recurrent_sources, t.core.recurrent_destinations) for t in tiles]
        )
        self.time = 0

    def cycle(self) -> None:
        """All units decide on the old registers `r`; `n` collects the new ones."""
        r, n = self.r, self.r.copy()
        due = [c for c in range(len(self.tiles)) if self._due(r, c)]
        self.holding = [c for c in due if self._drains(r, c)]
        free = r.emitter == "IDLE" and not self.output.valid
        ready = [c for c in due if free or c not in self.holding]
        self._emit(r, n)
        self._control(r, n, ready)
        flit = self.events.cycle(r, n, r.control == "ACCUMULATE" and not ready, self.time)
        if flit is not None:
            self._count(r, n, flit)
        self.n = n

    def clock(self) -> None:
        self.r = self.n
        self.events.fifo.clock()
        self.time += 1

    @property
    def at_rest(self) -> bool:
        """Whether nothing happens before a flit comes, and no tile is waited for."""
        r = self.r
        idle = r.control == "ACCUMULATE" and r.emitter == "IDLE" and r.events_are_empty
        jobs = any(own.credits or own.emits for own in r.tiles)
        due = any(self._due(r, c) for c in range(len(self.tiles)))
        return idle and not jobs and not due and not self.events.fifo.valid

    def _due(self, r: Registers, c: int) -> bool:
        own = r.tiles[c]
        jobs = own.credits or own.emits or r.job == c
        return own.ends == self.tiles[c].core.ends_needed and not jobs

    def _drains(self, r: Registers, c: int) -> bool:
        emission = self.tiles[c].core.emission
        return emission == "values_every" or (emission == "values_last" and r.tiles[c].last_step)

    def _count(self, r: Registers, n: Registers, flit: int) -> None:
        """An END or CREDIT; a correct program sends none that nobody waits for."""
        data = flit >> 12
        if kind_of(flit) == END:
            c = data >> 1 & 15
            assert r.tiles[c].ends < self.tiles[c].core.ends_needed
            assert r.control == "ACCUMULATE" or r.current != c
            n.tiles[c].ends += 1
            n.tiles[c].last_step |= bool(data & 1)
        else:
            assert kind_of(flit) == CREDIT and r.tiles[data & 15].owed > 0
            n.tiles[data & 15].owed -= 1

    def _can_go(self, r: Registers, c: int) -> bool:
        own = r.tiles[c]
        if not own.credits and not (own.emits and own.owed == 0):
            return False
        if r.control == "DRAIN":
            return c == r.current
        begins_to_drain = r.control in ("CHOSEN", "SWEEP") and self._drains(r, r.current)
        return not self.holding and not begins_to_drain

    def _emit(self, r: Registers, n: Registers) -> None:
        for c, tile in enumerate(self.tiles):
            own = r.tiles[c]
            tile.causes["credit_wait"] += own.emits and not own.credits and r.job != c and own.owed > 0
        if r.emitter == "IDLE":
            job = next((c for c in range(len(self.tiles)) if self._can_go(r, c)), None)
            if job is None:
                return
            own = n.tiles[job]
            n.emitter, n.job, n.wants_emit = "LOAD", job, not own.credits
            if own.credits:
                own.credits = False
            else:
                own.emits, own.owed = False, self.tiles[job].core.credits_needed
        elif r.emitter == "LOAD":
            assert r.job is not None
            own = r.tiles[r.job]
            n.sends_last, n.sends_step = own.sends_last, own.sends_step
            n.emitter = "SEGMENT" if r.wants_emit else "CREDIT"
            n.source, n.segment, n.wants_emit = 0, 0, False
        else:
            assert r.job is not None
            self.emitters[r.job].cycle(r, n)
            if n.emitter == "IDLE":
                n.job = None

    def _control(self, r: Registers, n: Registers, ready: list[int]) -> None:
        tile, own = self.tiles[r.current], r.tiles[r.current]
        emission, words = tile.core.emission, tile.neurons.words
        if r.control == "ACCUMULATE":
            if ready and r.events_are_empty:
                n.control, n.current = "CHOSEN", ready[0]
                n.tiles[ready[0]].ends -= self.tiles[ready[0]].core.ends_needed
        elif r.control == "CHOSEN":
            tile.sweeps.append(self.time + 1)
            n.control, n.control_left = "SWEEP", words + 8
            if emission == "values_every":
                self._drain(r, n)
        elif r.control == "SWEEP":
            tile.causes["sweep"] += 1
            n.control_left -= 1
            if n.control_left:
                return
            tile.neurons.sweep(own.step)
            if emission == "spikes" and own.last_step:
                n.control, n.control_left = "INIT", words + 4
            elif own.last_step:
                self._drain(r, n)
            else:
                self._accumulate(r, n)
        elif r.control == "DRAIN":
            if r.emitter == "IDLE" and not own.credits and not own.emits:
                n.control, n.control_left = "INIT", words + 4
        elif r.control == "INIT":
            tile.causes["initialise"] += 1
            n.control_left -= 1
            if n.control_left == 0:
                tile.neurons.initialise()
                self._accumulate(r, n)

    def _drain(self, r: Registers, n: Registers) -> None:
        n.control = "DRAIN"
        self._command(r, n.tiles[r.current], emits=True)

    def _accumulate(self, r: Registers, n: Registers) -> None:
        own = n.tiles[r.current]
        n.control, own.credits = "ACCUMULATE", True
        self._command(r, own, emits=self.tiles[r.current].core.emission == "spikes")
        own.step = 0 if own.last_step else own.step + 1
        own.last_step = False

    def _command(self, r: Registers, own: TileRegisters, emits: bool) -> None:
        own.emits, own.sends_last, own.sends_step = emits, own.last_step, own.step
