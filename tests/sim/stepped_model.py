"""A second cycle model for the differential tests: evaluates every component in every cycle, page by page.

Written from `docs/microarchitecture.md` alone and deliberately simple: registers are plain attributes; in a
cycle every component decides on the old values, then all decisions take effect. No event queue, no NumPy.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from snnc.compiler.program import Core, TiledProgram

SPIKE, VALUE, END, CREDIT, SYNC = 0, 1, 2, 3, 6
NORTH, EAST, SOUTH, WEST, LOCAL = range(5)


def make_flit(kind: int, data: int, x: int, y: int, host: bool) -> int:
    return (data & 0xFFFFFFFF) << 12 | kind << 9 | int(host) << 8 | y << 4 | x


def kind_of(flit: int) -> int:
    return flit >> 9 & 7


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
        host = flit >> 8 & 1
        x, y = (0, 0) if host else (flit & 15, flit >> 4 & 15)
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


@dataclass
class Registers:
    """A core's registers, without FIFO and memories."""

    control: str = "ACCUMULATE"
    control_left: int = 0
    decode: int | None = None
    row_left: int = 0
    ends: int = 0
    owed: int = 0
    last_step: bool = False
    step: int = 0
    emitter: str = "IDLE"
    wants_emit: bool = False
    sends_last: bool = False
    sends_step: int = 0
    segment: int = 0
    word: int = 0
    scan_left: int = 0
    lanes: list[int] = field(default_factory=list)
    entry: int = 0
    source: int = 0


class NeuroCore:
    """Section 4."""

    def __init__(self, core: Core, program: TiledProgram, output: Fifo) -> None:
        self.core, self.output = core, output
        self.lane_count, self.bits = program.target.lanes, program.target.state_bits
        self.words = core.tile.words(self.lane_count)
        self.pixel_words = core.tile.pixel_words(self.lane_count)
        self.events = Fifo(program.target.event_fifo)
        self.cuba = core.current_leak is not None
        self.state: list[list[int]] = []
        self.membrane: list[list[int]] = []
        self._initialise()
        self.bitmaps: list[list[list[bool]]] = [[] for _ in range(program.target.delay_slots)]
        self.weights = core.weights.tolist()
        self.rows, self.columns = core.axon_rows.tolist(), core.axon_columns.tolist()
        self.r = Registers(ends=core.recurrent_sources, owed=core.recurrent_destinations)
        self.sweeps: list[int] = []
        self.accumulated: list[list[int]] = []
        self.visited: dict[int, int] = {}
        self.time = 0

    def cycle(self) -> None:
        """All units decide on the old registers `r`; `n` collects the new ones."""
        r = self.r
        self.n = Registers(**r.__dict__)
        self.n.lanes = list(r.lanes)
        if r.row_left:
            self.n.row_left = r.row_left - 1
        self._emitter(r, self.n)
        self._control(r, self.n)
        self._dispatch(r, self.n)

    def clock(self) -> None:
        self.r = self.n
        self.events.clock()
        self.time += 1

    def _dispatch(self, r: Registers, n: Registers) -> None:
        left = self._leave_decode(r, n)
        if not self.events.valid:
            return
        flit = self.events.head
        kind, data = kind_of(flit), flit >> 12
        if kind in (SPIKE, VALUE):
            assert r.control == "ACCUMULATE", "the protocol delivers spikes in ACCUMULATE only"
            if r.decode is None or left:
                self.events.pop()
                n.decode = flit
            return
        self.events.pop()
        if kind == END:
            n.ends += 1
            n.last_step |= bool(data & 1)
        else:
            assert kind == CREDIT
            n.owed -= 1

    def _leave_decode(self, r: Registers, n: Registers) -> bool:
        """Whether the decode register is left in this cycle; the row engine then starts in the next."""
        if r.decode is None:
            return False
        kind, data = kind_of(r.decode), r.decode >> 12
        duration = 7
        if kind == SPIKE:
            touched = self._touched(data)
            if not touched:
                n.decode = None
                return True
            bank = self.core.banks[self.rows[data >> 16 & 255][0]]
            gap = 3 if bank.spaced else max(4 - bank.row_words, 0)
            duration = (data >> 24).bit_count() * (len(touched) + gap)
        if r.row_left > 1:
            return False
        n.decode = None
        n.row_left = duration
        if kind == VALUE:
            self._add_value(data)
        else:
            self._add_spike(data, touched, gap)
        return True

    def _touched(self, data: int) -> list[tuple[int, int, int | None]]:
        """(weight word, state word, lane or None for all) in the order of the page."""
        bank_number, row_count, row_weights, row_state = self.rows[data >> 16 & 255]
        column_count, column_weights, column_state = self.columns[data >> 8 & 255]
        b = self.core.banks[bank_number]
        c = (data & 255) - b.first_channel
        if not 0 <= c < b.channels:
            return []
        found: list[tuple[int, int, int | None]] = []
        for i in range(row_count):
            for j in range(column_count):
                for k in range(b.row_words):
                    weight = (
                        row_weights + column_weights + i * b.row_weight_step + j * b.column_weight_step + k
                    )
                    state = row_state + column_state + i * b.row_state_step + j * b.column_state_step + k
                    if b.depthwise:
                        skip = c // self.lane_count
                        found.append((weight + skip, (state + skip) % 65536, c % self.lane_count))
                    else:
                        found.append((weight + c * b.channel_stride, state % 65536, None))
        return found

    def _visit(self, word: int, cycle: int) -> None:
        """Equal words must be 4 cycles apart."""
        assert cycle - self.visited.get(word, -4) >= 4, "a state word is read before it was written"
        self.visited[word] = cycle

    def _add_spike(self, data: int, touched: list[tuple[int, int, int | None]], gap: int) -> None:
        cycle = self.time + 1
        for bit in range(8):
            if not data >> 24 + bit & 1:
                continue
            for weight, word, only in touched:
                self._visit(word, cycle)
                cycle += 1
                for lane in range(self.lane_count) if only is None else [only]:
                    self.state[word][lane] += self.weights[weight][lane] << bit
            cycle += gap

    def _add_value(self, data: int) -> None:
        value, index = data & ((1 << self.bits) - 1), data >> self.bits
        word, lane = divmod(index, self.lane_count)
        self._visit(word, self.time + 4)
        self.state[word][lane] += value - ((value >> (self.bits - 1)) << self.bits)

    def _control(self, r: Registers, n: Registers) -> None:
        emission = self.core.emission
        if r.control == "ACCUMULATE":
            idle = r.decode is None and r.row_left == 0 and r.emitter == "IDLE"
            if r.ends == self.core.ends_needed and idle:
                n.ends -= self.core.ends_needed
                self.sweeps.append(self.time + 1)
                if emission == "values_every":
                    n.control = "DRAIN"
                    self._command(r, n, "WAIT", emit=True)
                else:
                    n.control, n.control_left = "SWEEP", self.words + 6
        elif r.control == "SWEEP":
            n.control_left -= 1
            if n.control_left:
                return
            self._sweep()
            if emission == "spikes" and not r.last_step:
                self._accumulate(r, n, emit=True)
            elif emission == "spikes":
                n.control, n.control_left = "INIT", self.words + 2
            elif r.last_step:
                n.control = "DRAIN"
                self._command(r, n, "WAIT", emit=True)
            else:
                self._accumulate(r, n, emit=False)
        elif r.control == "DRAIN":
            if r.emitter == "IDLE":
                n.control, n.control_left = "INIT", self.words + 2
        elif r.control == "INIT":
            n.control_left -= 1
            if n.control_left == 0:
                self._initialise()
                self._accumulate(r, n, emit=emission == "spikes")

    def _accumulate(self, r: Registers, n: Registers, emit: bool) -> None:
        n.control = "ACCUMULATE"
        self._command(r, n, "CREDIT", emit)
        n.step = 0 if r.last_step else r.step + 1
        n.last_step = False

    def _command(self, r: Registers, n: Registers, first: str, emit: bool) -> None:
        assert r.emitter == "IDLE"
        n.emitter, n.wants_emit, n.source = first, emit, 0
        n.sends_last, n.sends_step = r.last_step, r.step

    def _channel(self, word: int, lane: int) -> int | None:
        """Channel of the tile in a lane of a word; None for padding."""
        channel = word % self.pixel_words * self.lane_count + lane
        return channel if channel < self.core.tile.channels else None

    def _initialise(self) -> None:
        initial = [
            [
                0 if (c := self._channel(w, lane)) is None else int(self.core.initial[c])
                for lane in self._lanes()
            ]
            for w in range(self.words)
        ]
        self.membrane = initial
        self.state = [[0] * self.lane_count for _ in initial] if self.cuba else initial

    def _lanes(self) -> range:
        return range(self.lane_count)

    def _sweep(self) -> None:
        bits: list[list[bool]] = []
        self.accumulated.append([value for word in self.state for value in word])
        for word in range(self.words):
            bits.append([self._sweep_neuron(word, lane) for lane in self._lanes()])
        self.bitmaps[self.r.step % len(self.bitmaps)] = bits

    def _sweep_neuron(self, word: int, lane: int) -> bool:
        core, channel = self.core, self._channel(word, lane)
        low, high = -(1 << (core.state_bits - 1)), (1 << (core.state_bits - 1)) - 1
        threshold = (1 << (self.bits - 1)) - 1 if channel is None else int(core.threshold[channel])
        u = self.state[word][lane] + (0 if channel is None else int(core.bias[channel]))
        if self.cuba:
            assert core.current_leak is not None
            u += self.membrane[word][lane]
            current = self.state[word][lane]
            leak = core.current_leak
            self.state[word][lane] = current - ((current * leak.numerator) >> leak.fraction_bits)
        fires = core.reset != "none" and u >= threshold
        if fires:
            u = u - threshold if core.reset == "soft" else core.reset_value
        u = min(max(u, low), high)
        self.membrane[word][lane] = u - ((u * core.leak.numerator) >> core.leak.fraction_bits)
        return fires

    def _emitter(self, r: Registers, n: Registers) -> None:
        core = self.core
        if r.emitter == "CREDIT":
            to = core.sources[r.source]
            if self._offer(make_flit(CREDIT, 0, to.x, to.y, to.host)):
                n.source += 1
                if n.source == len(core.sources):
                    n.emitter = "WAIT" if r.wants_emit else "IDLE"
        elif r.emitter == "WAIT":
            if r.owed == 0:
                n.owed = core.credits_needed
                n.emitter, n.segment = "SEGMENT", 0
        elif r.emitter == "SEGMENT":
            segment = core.segments[r.segment]
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
            last = r.sends_last and not entry.recurrent
            if entry.sends_end and not self._offer(make_flit(END, int(last), to.x, to.y, to.host)):
                return
            n.entry += 1
            if n.entry == len(core.destinations):
                n.emitter = "IDLE"

    def _start_scan(self, n: Registers, word: int) -> None:
        n.emitter, n.word = "SCAN", word
        n.scan_left = 1 if self.core.emission == "spikes" else 3

    def _next_word(self, n: Registers) -> None:
        if n.word + 1 < self.words:
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
            place = (r.sends_step - self.core.segments[r.segment].delay) % len(self.bitmaps)
            return [lane for lane in self._lanes() if self.bitmaps[place][r.word][lane]]
        if self.core.emission == "values_every":
            return [lane for lane in self._lanes() if self.state[r.word][lane] != 0]
        return [lane for lane in self._lanes() if r.word * self.lane_count + lane < self.core.neurons]

    def _item(self, word: int, lane: int, number: int) -> int:
        entry, tile = self.core.destinations[number], self.core.tile
        n = word * self.lane_count + lane
        if self.core.emission == "spikes":
            pixel, k = divmod(word, self.pixel_words)
            row, column = divmod(pixel, tile.columns)
            local = n if tile.flat else row << 16 | column << 8 | k * self.lane_count + lane
            data = 1 << 24 | (entry.base + local) & 0xFFFFFF
            return make_flit(SPIKE, data, entry.to.x, entry.to.y, entry.to.host)
        values = self.state if self.core.emission == "values_every" else self.membrane
        data = (entry.base + n) << self.bits | values[word][lane] & ((1 << self.bits) - 1)
        return make_flit(VALUE, data, entry.to.x, entry.to.y, entry.to.host)

    def _offer(self, flit: int) -> bool:
        if not self.output.ready:
            return False
        self.output.push(flit)
        return True


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
        self.cores = []
        for core in program.cores:
            router = self.routers[core.at.x, core.at.y]
            unit = NeuroCore(core, program, router.inputs[LOCAL])
            router.outputs[LOCAL] = unit.events
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
            count = flit >> 12 & 0xFFFF
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
        return empty and all(
            not core.events.valid
            and core.r.control == "ACCUMULATE"
            and core.r.emitter == "IDLE"
            and core.r.decode is None
            and core.r.row_left == 0
            and core.r.ends < core.core.ends_needed
            for core in self.cores
        )
