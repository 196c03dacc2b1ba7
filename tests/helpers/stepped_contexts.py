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
        data = flit >> 16
        if kind_of(flit) == END:
            c = data >> 1 & 15
            assert r.tiles[c].ends < self.tiles[c].core.ends_needed
            follows = r.control in ("SWEEP", "INIT") and not self._ends_in_drain(r)
            assert r.control == "ACCUMULATE" or r.current != c or follows
            n.tiles[c].ends += 1
            n.tiles[c].last_step |= bool(data & 1)
        else:
            assert kind_of(flit) == CREDIT and r.tiles[data & 15].owed > 0
            n.tiles[data & 15].owed -= 1

    def _ends_in_drain(self, r: Registers) -> bool:
        """Whether the step that the current tile is swept for ends in DRAIN."""
        emission = self.tiles[r.current].core.emission
        return emission == "values_every" or (emission == "values_last" and r.tiles[r.current].ending)

    def _can_go(self, r: Registers, c: int) -> bool:
        own = r.tiles[c]
        held = c == r.current and r.control == "SWEEP" and r.control_left > self.tiles[c].neurons.words
        if not own.credits and not (own.emits and own.owed == 0 and not held):
            return False
        if r.control == "DRAIN":
            return c == r.current
        begins_to_drain = r.control in ("CHOSEN", "SWEEP") and self._ends_in_drain(r)
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
                chosen = n.tiles[ready[0]]
                chosen.ends -= self.tiles[ready[0]].core.ends_needed
                chosen.ending, chosen.last_step = chosen.last_step, ready[0] in self.holding
        elif r.control == "CHOSEN":
            tile.sweeps.append(self.time + 1)
            n.control, n.control_left = "SWEEP", words + 8
            if emission == "values_every":
                self._drain(r, n)
                return
            tile.neurons.begin_sweep(own.step)
            if not self._ends_in_drain(r):
                self._command(n.tiles[r.current], credits=True, emits=emission == "spikes")
        elif r.control == "SWEEP":
            tile.causes["sweep"] += 1
            tile.neurons.sweep(own.step, r.control_left)
            n.control_left -= 1
            if n.control_left:
                return
            if own.ending and tile.core.clears:
                tile.neurons.initialise()
            if not own.ending or tile.core.clears:
                self._accumulate(n)
            elif emission == "spikes":
                n.control, n.control_left = "INIT", words + 3
            else:
                self._drain(r, n)
        elif r.control == "DRAIN":
            if r.emitter == "IDLE" and not own.credits and not own.emits:
                n.control, n.control_left = "INIT", words + 3
        elif r.control == "INIT":
            tile.causes["initialise"] += 1
            n.control_left -= 1
            if n.control_left == 0:
                tile.neurons.initialise()
                if emission != "spikes":
                    self._command(n.tiles[r.current], credits=True, emits=False)
                    n.tiles[r.current].last_step = False
                self._accumulate(n)

    def _drain(self, r: Registers, n: Registers) -> None:
        n.control = "DRAIN"
        self._command(n.tiles[r.current], credits=False, emits=True)

    def _accumulate(self, n: Registers) -> None:
        own = n.tiles[n.current]
        n.control, own.step = "ACCUMULATE", 0 if own.ending else own.step + 1

    def _command(self, own: TileRegisters, credits: bool, emits: bool) -> None:
        own.credits, own.emits = credits, emits
        own.sends_last, own.sends_step = own.ending, own.step
