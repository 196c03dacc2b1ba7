"""Emitter of a tile of the stepped model: `docs/microarchitecture.md`, section 4.5."""

from stepped_registers import Registers
from stepped_router import CREDIT, END, SPIKE, VALUE, Fifo, make_flit
from stepped_tile import Tile

from snnc.compiler.ir.packing import bases, host_index
from snnc.compiler.ir.program import TiledProgram


class Emitter:
    """Sends a tile's CREDITs, spikes or values, and ENDs into the router's Local input FIFO."""

    def __init__(self, tile: Tile, program: TiledProgram, output: Fifo) -> None:
        self.core, self.neurons, self.output = tile.core, tile.neurons, output
        self.causes = tile.causes
        self.places = bases(program)
        self.host_index = host_index(tile.core, tile.place, program.target.lanes)

    def command(self, r: Registers, n: Registers, first: str, emit: bool) -> None:
        """The control's command; `first` is the emitter's first state."""
        assert r.emitter == "IDLE"
        n.emitter, n.wants_emit, n.source = first, emit, 0
        n.sends_last, n.sends_step = r.tiles[0].last_step, r.tiles[0].step

    def cycle(self, r: Registers, n: Registers) -> None:
        """One cycle."""
        core = self.core
        if r.emitter == "CREDIT":
            to = core.sources[r.source]
            if self._offer(make_flit(CREDIT, to.context, to.x, to.y, to.host)):
                n.source += 1
                if n.source == len(core.sources):
                    n.emitter = "WAIT" if r.wants_emit else "IDLE"
        elif r.emitter == "WAIT":
            held = r.control == "SWEEP" and r.control_left > self.neurons.words
            if r.tiles[0].owed == 0 and not held:
                n.tiles[0].owed = core.credits_needed
                n.emitter, n.segment = "SEGMENT", 0
            elif r.tiles[0].owed:
                self.causes["credit_wait"] += 1
        elif r.emitter == "SEGMENT":
            segment = core.segments[r.segment]
            n.segment_begun = not r.segment_begun
            if not r.segment_begun:
                return
            if r.sends_step < segment.delay or (segment.recurrent and r.sends_last):
                self._next_segment(n)
            else:
                self._start_scan(n, 0)
        elif r.emitter == "SCAN":
            n.scan_left -= 1
            if n.scan_left == 0:
                n.lanes = self._mask(r)
                n.entry = core.segments[r.segment].first_entry
                n.emitter = "SEND"
                if not n.lanes:
                    self._next_word(n)
        elif r.emitter == "SEND":
            entry = core.destinations[r.entry]
            hit = entry.first_word <= r.word < entry.last_word
            if hit and not self._offer(self._item(r.word, r.lanes[0], r.entry)):
                return
            n.entry += 1
            if n.entry == core.segments[r.segment].end_entry:
                n.entry = core.segments[r.segment].first_entry
                n.lanes.pop(0)
                if not n.lanes:
                    self._next_word(n)
        elif r.emitter == "END":
            entry = core.destinations[r.entry]
            to = entry.to
            data = to.context << 1 | int(r.sends_last and not entry.recurrent)
            if entry.sends_end and not self._offer(make_flit(END, data, to.x, to.y, to.host)):
                return
            n.entry += 1
            if n.entry == len(core.destinations):
                n.emitter = "IDLE"

    def _start_scan(self, n: Registers, word: int) -> None:
        n.emitter, n.word = "SCAN", word
        n.scan_left = 1 if self.core.emission == "spikes" else 3

    def _next_word(self, n: Registers) -> None:
        if n.word + 1 < self.neurons.words:
            self._start_scan(n, n.word + 1)
        else:
            self._next_segment(n)

    def _next_segment(self, n: Registers) -> None:
        if n.segment + 1 < len(self.core.segments):
            n.emitter, n.segment = "SEGMENT", n.segment + 1
        else:
            n.emitter, n.entry = "END", 0

    def _mask(self, r: Registers) -> list[int]:
        if self.core.emission == "spikes":
            place = (r.sends_step - self.core.segments[r.segment].delay) % len(self.neurons.bitmaps)
            return [lane for lane in self.neurons.lanes if self.neurons.bitmaps[place][r.word][lane]]
        if self.core.emission == "values_every":
            return [lane for lane in self.neurons.lanes if self.neurons.state[r.word][lane] != 0]
        padding = -self.core.tile.channels % self.neurons.lane_count
        sent = self.neurons.words * self.neurons.lane_count - padding
        return [lane for lane in self.neurons.lanes if r.word * self.neurons.lane_count + lane < sent]

    def _item(self, word: int, lane: int, number: int) -> int:
        entry, tile = self.core.destinations[number], self.core.tile
        to = entry.to
        n = word * self.neurons.lane_count + lane
        if self.core.emission == "spikes":
            pixel, k = divmod(word, self.neurons.pixel_words)
            row, column = divmod(pixel, tile.columns)
            local = n if tile.flat else row << 16 | column << 8 | k * self.neurons.lane_count + lane
            begin = 0 if to.host else (self.places[to].row << 16) + (self.places[to].column << 8)
            data = 1 << 24 | (entry.base + begin + local) & 0xFFFFFF
            return make_flit(SPIKE, data, to.x, to.y, to.host)
        values = self.neurons.state if self.core.emission == "values_every" else self.neurons.membrane
        begin = self.host_index if to.host else self.places[to].state_word * self.neurons.lane_count
        value = values[word][lane] & ((1 << self.neurons.bits) - 1)
        return make_flit(VALUE, (entry.base + begin + n) << self.neurons.bits | value, to.x, to.y, to.host)

    def _offer(self, flit: int) -> bool:
        if not self.output.ready:
            self.causes["mesh_wait"] += 1
            return False
        self.output.push(flit)
        return True
