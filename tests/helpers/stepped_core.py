"""One core of the stepped model without its emitter: `docs/microarchitecture.md`, sections 4.1 to 4.4."""

from stepped_emitter import Emitter
from stepped_neurons import Neurons
from stepped_registers import Registers
from stepped_router import CREDIT, END, SPIKE, VALUE, Fifo, kind_of

from snnc.compiler.ir.program import Core, TiledProgram


class NeuroCore:
    """Dispatcher, row engine and control, each deciding on the registers as they were."""

    def __init__(self, core: Core, program: TiledProgram, output: Fifo) -> None:
        self.core = core
        self.lane_count, self.bits = program.target.lanes, program.target.state_bits
        self.multiplies = program.target.decay_multiplier
        self.events = Fifo(program.target.event_fifo)
        self.neurons = Neurons(core, program.target)
        self.emitter = Emitter(core, self.neurons, output)
        self.weights = core.weights.tolist()
        self.rows, self.columns = core.axon_rows.tolist(), core.axon_columns.tolist()
        self.r = Registers(ends=core.recurrent_sources, owed=core.recurrent_destinations)
        self.sweeps: list[int] = []
        self.visited: dict[int, int] = {}
        self.time = 0

    def cycle(self) -> None:
        """All units decide on the old registers `r`; `n` collects the new ones."""
        r = self.r
        self.n = Registers(**r.__dict__)
        self.n.lanes = list(r.lanes)
        if r.row_left:
            self.n.row_left = r.row_left - 1
        self.emitter.cycle(r, self.n)
        self._control(r, self.n)
        self._dispatch(r, self.n)

    def clock(self) -> None:
        self.r = self.n
        self.events.clock()
        self.time += 1

    def _dispatch(self, r: Registers, n: Registers) -> None:
        free = self._move_events(r, n)
        if not self.events.valid:
            return
        flit = self.events.head
        kind, data = kind_of(flit), flit >> 12
        if kind in (SPIKE, VALUE):
            assert r.control == "ACCUMULATE", "the protocol delivers spikes in ACCUMULATE only"
            if free:
                self.events.pop()
                n.event_tables = flit
            return
        self.events.pop()
        if kind == END:
            n.ends += 1
            n.last_step |= bool(data & 1)
        else:
            assert kind == CREDIT
            n.owed -= 1

    def _move_events(self, r: Registers, n: Registers) -> bool:
        """Events move from register to register; whether the first takes one from the FIFO."""
        dropped = self._leave_decode(r, n)
        if r.event_entry is not None and (r.decode is None or dropped):
            n.decode, n.event_entry = r.event_entry, None
        if r.event_tables is not None and n.event_entry is None:
            n.event_entry, n.event_tables = r.event_tables, None
        return n.event_tables is None

    def _leave_decode(self, r: Registers, n: Registers) -> bool:
        """Whether the event in the decode register is dropped in this cycle; or the row engine takes it."""
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
            duration = len(self._factors(data)) * (len(touched) + gap)
        if r.row_left > 1:
            return False
        n.decode = None
        n.row_left = duration
        if kind == VALUE:
            self._add_value(data)
        else:
            self._add_spike(data, touched, gap)
        return False

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

    def _factors(self, data: int) -> list[int]:
        """What each pass of a SPIKE multiplies the weights by, in order."""
        payload, shift = data >> 24, self.core.fraction_bits
        passes = [payload] if self.multiplies else [1 << bit for bit in range(8) if payload >> bit & 1]
        return [factor << shift for factor in passes]

    def _visit(self, word: int, cycle: int) -> None:
        """Equal words must be 4 cycles apart."""
        assert cycle - self.visited.get(word, -4) >= 4, "a state word is read before it was written"
        self.visited[word] = cycle

    def _add_spike(self, data: int, touched: list[tuple[int, int, int | None]], gap: int) -> None:
        cycle = self.time + 1
        for factor in self._factors(data):
            for weight, word, only in touched:
                self._visit(word, cycle)
                cycle += 1
                for lane in range(self.lane_count) if only is None else [only]:
                    self.neurons.state[word][lane] += self.weights[weight][lane] * factor
            cycle += gap

    def _add_value(self, data: int) -> None:
        value, index = data & ((1 << self.bits) - 1), data >> self.bits
        word, lane = divmod(index, self.lane_count)
        self._visit(word, self.time + 4)
        self.neurons.state[word][lane] += value - ((value >> (self.bits - 1)) << self.bits)

    def _control(self, r: Registers, n: Registers) -> None:
        emission = self.core.emission
        if r.control == "ACCUMULATE":
            events = (r.event_tables, r.event_entry, r.decode)
            idle = events == (None, None, None) and r.row_left == 0 and r.emitter == "IDLE"
            if r.ends == self.core.ends_needed and idle:
                n.ends -= self.core.ends_needed
                self.sweeps.append(self.time + 1)
                if emission == "values_every":
                    n.control = "DRAIN"
                    self.emitter.command(r, n, "WAIT", emit=True)
                else:
                    n.control, n.control_left = "SWEEP", self.neurons.words + 8
        elif r.control == "SWEEP":
            n.control_left -= 1
            if n.control_left:
                return
            self.neurons.sweep(r.step)
            if emission == "spikes" and not r.last_step:
                self._accumulate(r, n, emit=True)
            elif emission == "spikes":
                n.control, n.control_left = "INIT", self.neurons.words + 4
            elif r.last_step:
                n.control = "DRAIN"
                self.emitter.command(r, n, "WAIT", emit=True)
            else:
                self._accumulate(r, n, emit=False)
        elif r.control == "DRAIN":
            if r.emitter == "IDLE":
                n.control, n.control_left = "INIT", self.neurons.words + 4
        elif r.control == "INIT":
            n.control_left -= 1
            if n.control_left == 0:
                self.neurons.initialise()
                self._accumulate(r, n, emit=emission == "spikes")

    def _accumulate(self, r: Registers, n: Registers, emit: bool) -> None:
        n.control = "ACCUMULATE"
        self.emitter.command(r, n, "CREDIT", emit)
        n.step = 0 if r.last_step else r.step + 1
        n.last_step = False
