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
    row_left: int = 0
    ends: int = 0
    owed: int = 0
    last_step: bool = False
    emitter: str = "IDLE"
    wants_emit: bool = False
    sends_last: bool = False
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
        self.words = core.words(self.lane_count)
        self.events = Fifo(program.target.event_fifo)
        self.state = core.initial.tolist()
        self.bitmap = [False] * core.neurons
        self.weights = core.weights.tolist()
        self.r = Registers()
        self.sweeps: list[int] = []
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
        if not self.events.valid:
            return
        flit = self.events.head
        kind, data = kind_of(flit), flit >> 12
        if kind in (SPIKE, VALUE):
            assert r.control == "ACCUMULATE", "the protocol delivers spikes in ACCUMULATE only"
            if r.row_left > 1:
                return
            self.events.pop()
            n.row_left = self._add(kind, data)
            return
        self.events.pop()
        if kind == END:
            n.ends += 1
            n.last_step |= bool(data & 1)
        else:
            assert kind == CREDIT
            n.owed -= 1

    def _add(self, kind: int, data: int) -> int:
        if kind == VALUE:
            value = data & ((1 << self.bits) - 1)
            self.state[data >> self.bits] += value - ((value >> (self.bits - 1)) << self.bits)
            return 7
        payload = data >> 24
        for bit in range(8):
            if payload >> bit & 1:
                for neuron, weight in enumerate(self.weights[data & 0xFFFF]):
                    self.state[neuron] += weight << bit
        return payload.bit_count() * max(self.words, 4)

    def _control(self, r: Registers, n: Registers) -> None:
        emission = self.core.emission
        if r.control == "ACCUMULATE":
            if r.ends == self.core.ends_needed and r.row_left == 0 and r.emitter == "IDLE":
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
                self.state = self.core.initial.tolist()
                self._accumulate(r, n, emit=emission == "spikes")

    def _accumulate(self, r: Registers, n: Registers, emit: bool) -> None:
        n.control = "ACCUMULATE"
        self._command(r, n, "CREDIT", emit)
        n.last_step = False

    def _command(self, r: Registers, n: Registers, first: str, emit: bool) -> None:
        assert r.emitter == "IDLE"
        n.emitter, n.wants_emit, n.sends_last, n.source = first, emit, r.last_step, 0

    def _sweep(self) -> None:
        core = self.core
        low, high = -(1 << (core.state_bits - 1)), (1 << (core.state_bits - 1)) - 1
        for i in range(core.neurons):
            u = self.state[i] + int(core.bias[i])
            fires = core.reset != "none" and u >= int(core.threshold[i])
            self.bitmap[i] = fires
            if fires:
                u = u - int(core.threshold[i]) if core.reset == "soft" else core.reset_value
            u = min(max(u, low), high)
            self.state[i] = u - ((u * core.leak.numerator) >> core.leak.fraction_bits)

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
                self._start_scan(n, 0)
        elif r.emitter == "SCAN":
            n.scan_left -= 1
            if n.scan_left == 0:
                n.lanes = self._mask(r.word)
                n.entry = 0
                n.emitter = "SEND"
                if not n.lanes:
                    self._next_word(n)
        elif r.emitter == "SEND":
            entry = core.destinations[r.entry]
            hit = entry.first_word <= r.word < entry.last_word
            if hit and not self._offer(self._item(r.lanes[0], r.entry)):
                return
            n.entry += 1
            if n.entry == len(core.destinations):
                n.entry = 0
                n.lanes.pop(0)
                if not n.lanes:
                    self._next_word(n)
        elif r.emitter == "END":
            entry = core.destinations[r.entry]
            to = entry.to
            if entry.sends_end and not self._offer(make_flit(END, int(r.sends_last), to.x, to.y, to.host)):
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
            n.emitter, n.entry = "END", 0

    def _mask(self, word: int) -> list[int]:
        first = word * self.lane_count
        neurons = range(first, min(first + self.lane_count, self.core.neurons))
        if self.core.emission == "spikes":
            return [i for i in neurons if self.bitmap[i]]
        if self.core.emission == "values_every":
            return [i for i in neurons if self.state[i] != 0]
        return list(neurons)

    def _item(self, neuron: int, number: int) -> int:
        entry = self.core.destinations[number]
        axon = (entry.axon_base + neuron) & 0xFFFF
        if self.core.emission == "spikes":
            return make_flit(SPIKE, 1 << 24 | axon, entry.to.x, entry.to.y, entry.to.host)
        data = axon << self.bits | self.state[neuron] & ((1 << self.bits) - 1)
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
            and core.r.row_left == 0
            and core.r.ends < core.core.ends_needed
            for core in self.cores
        )
