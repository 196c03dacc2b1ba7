"""From event FIFO to row engine in the stepped model: `docs/microarchitecture.md`, sections 4.1 to 4.3."""

from stepped_registers import Registers
from stepped_router import SPIKE, VALUE, Fifo, kind_of
from stepped_tile import Tile

from snnc.compiler.ir.program import Bank
from snnc.compiler.targets import Target

Touched = list[tuple[int, int, int | None]]
"""(weight word, state word, lane or None for all) of a tile, in the order of the page."""


class Events:
    """What SPIKEs and VALUEs go through in a core, from its event FIFO to the state memory."""

    def __init__(self, tiles: list[Tile], target: Target) -> None:
        self.tiles, self.lane_count, self.bits = tiles, target.lanes, target.state_bits
        self.multiplies = target.decay_multiplier
        self.fifo = Fifo(target.event_fifo)
        self.visited: dict[int, int] = {}

    def cycle(self, r: Registers, n: Registers, may_pop: bool, time: int) -> int | None:
        """One cycle, in which a SPIKE or VALUE may be popped or not; any other flit is, and is returned."""
        if r.row_left:
            n.row_left = r.row_left - 1
            self.tiles[r.row_tile].causes["accumulate"] += 1
        free = self._move(r, n, time)
        if not self.fifo.valid:
            return None
        flit = self.fifo.head
        if kind_of(flit) not in (SPIKE, VALUE):
            self.fifo.pop()
            return flit
        if free and may_pop:
            self.fifo.pop()
            n.event_tables = flit
        return None

    def _move(self, r: Registers, n: Registers, time: int) -> bool:
        """Events move from register to register; whether the first takes one from the FIFO."""
        dropped = self._leave_decode(r, n, time)
        if r.event_entry is not None and (r.decode is None or dropped):
            n.decode, n.event_entry = r.event_entry, None
        if r.event_tables is not None and n.event_entry is None:
            n.event_entry, n.event_tables = r.event_tables, None
        return n.event_tables is None

    def _leave_decode(self, r: Registers, n: Registers, time: int) -> bool:
        """Whether the event in the decode register is dropped in this cycle; or the row engine takes it."""
        if r.decode is None:
            return False
        kind, data = kind_of(r.decode), r.decode >> 16
        duration = 3
        if kind == SPIKE:
            tile, bank, touched = self._touched(data)
            if not touched:
                n.decode = None
                return True
            gap = 1 if bank.spaced or bank.row_words == 1 else 0
            factors = self._factors(data, tile)
            duration = len(factors) * (len(touched) + gap)
        if r.row_left > 1:
            return False
        n.decode = None
        n.row_left = duration
        if kind == VALUE:
            tile = self._add_value(data, time)
        else:
            self._add_spike(tile, touched, factors, gap, time + 1)
        n.row_tile = self.tiles.index(tile)
        return False

    def _touched(self, data: int) -> tuple[Tile, Bank, Touched]:
        y, x, channel = data >> 16 & 255, data >> 8 & 255, data & 255
        tile = next(t for t in self.tiles if 0 <= y - t.place.row < len(t.core.axon_rows))
        bank_number, row_count, row_weights, row_state = tile.core.axon_rows[y - tile.place.row].tolist()
        column_count, column_weights, column_state = tile.core.axon_columns[x - tile.place.column].tolist()
        b = tile.core.banks[bank_number]
        c = channel - b.first_channel
        found: Touched = []
        if not 0 <= c < b.channels:
            return tile, b, found
        for i in range(row_count):
            for j in range(column_count):
                for k in range(b.row_words):
                    weight = row_weights + column_weights + k
                    weight += i * b.row_weight_step + j * b.column_weight_step
                    state = row_state + column_state + i * b.row_state_step + j * b.column_state_step + k
                    if b.depthwise:
                        skip = c // self.lane_count
                        found.append((weight + skip, (state + skip) % 65536, c % self.lane_count))
                    else:
                        found.append((weight + c * b.channel_stride, state % 65536, None))
        return tile, b, found

    def _factors(self, data: int, tile: Tile) -> list[int]:
        """What each pass of a SPIKE multiplies the weights by, in order."""
        payload, shift = data >> 24, tile.core.fraction_bits
        passes = [payload] if self.multiplies else [1 << bit for bit in range(8) if payload >> bit & 1]
        return [factor << shift for factor in passes]

    def _visit(self, word: int, cycle: int) -> None:
        """Equal words of the state memory must be 2 cycles apart."""
        assert cycle - self.visited.get(word, -2) >= 2, "a state word is read before it was written"
        self.visited[word] = cycle

    def _add_spike(self, tile: Tile, touched: Touched, factors: list[int], gap: int, cycle: int) -> None:
        for factor in factors:
            for weight, word, only in touched:
                self._visit(tile.place.state_word + word, cycle)
                cycle += 1
                for lane in range(self.lane_count) if only is None else [only]:
                    tile.neurons.state[word][lane] += int(tile.core.weights[weight, lane]) * factor
            cycle += gap

    def _add_value(self, data: int, time: int) -> Tile:
        value, index = data & ((1 << self.bits) - 1), data >> self.bits
        word, lane = divmod(index, self.lane_count)
        self._visit(word, time + 2)
        tile = next(t for t in self.tiles if 0 <= word - t.place.state_word < t.neurons.words)
        row = tile.neurons.state[word - tile.place.state_word]
        row[lane] += value - ((value >> (self.bits - 1)) << self.bits)
        return tile
