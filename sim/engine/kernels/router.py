"""Kernels of a router's evaluation in one cycle, and of the host port (microarchitecture, 3 and 5)."""

from snnc.compiler.isa.contract import FlitType
from snnc.compiler.isa.flits import DATA_SHIFT, SYNC_MASK, TYPE_MASK, TYPE_SHIFT
from snnc.sim.engine.jit import Pool, inlined, kernel
from snnc.sim.engine.kernels.contexts import go_on
from snnc.sim.engine.kernels.core import event_space_from, progress, receive
from snnc.sim.engine.kernels.queue import head_slot, pop, push, put, schedule, space_from
from snnc.sim.engine.records import (
    ASLEEP,
    DRIVES,
    FEEDER,
    HEAD_OF,
    HEAD_SHIFT,
    HOST_CREDIT_VISIBLE,
    HOST_CREDITS,
    HOST_CURSOR,
    HOST_FIFO,
    HOST_STALLED,
    HOST_STOP,
    HOST_TALLY,
    HOST_TIME,
    IDLE,
    INPUT,
    LOCAL,
    NEVER,
    OCCUPIED,
    OUTPUT,
    PACKETS,
    PHASE,
    POINTER,
    POPPED,
    PORTS,
    PUSHED,
    ROUTER_CORE,
    ROUTER_HOPS,
    ROUTER_SHARED,
    SENT,
    SLEEPER,
    VISIBLE,
)
from snnc.sim.engine.vectors import lowest_bit

_CREDIT, _SYNC = int(FlitType.CREDIT), int(FlitType.SYNC)
# Requests of a router: so many bits for each output, the inputs that ask for it.
_STRIDE, _ALL = 8, (1 << PORTS) - 1
_OUTPUT_MASK = (1 << HEAD_SHIFT) - 1


@kernel
def feed(words: Pool, stream: Pool) -> None:
    """Let the host put flits into the mesh as far as is decided."""
    fifo = words[HOST_FIFO]
    while words[HOST_CURSOR] < words[HOST_STOP]:
        flit = stream[words[HOST_CURSOR]]
        if (flit >> TYPE_SHIFT) & TYPE_MASK == _SYNC:
            count = (flit >> DATA_SHIFT) & SYNC_MASK
            if words[HOST_CREDITS] < count:
                return
            words[HOST_CREDITS] -= count
            cycle = max(words[HOST_TIME], words[HOST_CREDIT_VISIBLE])
        else:
            space = space_from(words, fifo)
            if space < 0:
                return
            cycle = max(words[HOST_TIME], space)
            push(words, fifo, flit, cycle)
        words[words[HOST_TALLY] + HOST_STALLED] += cycle - words[HOST_TIME]
        words[HOST_TIME] = cycle + 1
        words[HOST_CURSOR] += 1


@kernel
def evaluate(
    words: Pool,
    weights: Pool,
    states: Pool,
    log: Pool,
    trace: Pool,
    stream: Pool,
    router: int,
    cycle: int,
) -> None:
    """Everything that is decided at `router` in `cycle`; schedules when something may be again."""
    again = NEVER
    requests = 0
    occupied, asleep = words[router + OCCUPIED], words[router + ASLEEP]
    while occupied:
        port = lowest_bit(occupied)
        occupied &= occupied - 1
        output, since = head(words, router, port)
        if (asleep >> output) & 1:
            continue
        if since > cycle:
            again = min(again, since)
        else:
            requests |= 1 << (output * _STRIDE + port)
    if again != NEVER:
        schedule(words, router, again)
    while requests:
        output = lowest_bit(requests) // _STRIDE
        inputs = (requests >> (output * _STRIDE)) & _ALL
        requests &= ~(_ALL << (output * _STRIDE))
        _serve(words, weights, states, log, trace, stream, router, output, inputs, cycle)


@inlined
def head(words: Pool, router: int, port: int) -> tuple[int, int]:
    """The output that the oldest flit of an input asks for, and the cycle from which it does."""
    asked = words[router + HEAD_OF + port]
    return asked & _OUTPUT_MASK, asked >> HEAD_SHIFT


@inlined
def _serve(
    words: Pool,
    weights: Pool,
    states: Pool,
    log: Pool,
    trace: Pool,
    stream: Pool,
    router: int,
    output: int,
    inputs: int,
    cycle: int,
) -> None:
    """Let an output send, which the heads of `inputs` (a bit mask) ask for in `cycle`; then those routers
    upstream that waited for the space."""
    while inputs:
        fifo = _send(words, weights, states, log, trace, stream, router, output, inputs, cycle)
        if fifo == 0 or words[fifo + SLEEPER] == 0:
            return
        router, output = words[fifo + FEEDER], words[fifo + SLEEPER] - 1
        words[fifo + SLEEPER] = 0
        words[router + ASLEEP] &= ~(1 << output)
        inputs = _asking(words, router, output, cycle)


@inlined
def _asking(words: Pool, router: int, output: int, cycle: int) -> int:
    """Inputs (a bit mask) that ask for an output in `cycle`; those that will are looked at when they do."""
    inputs, occupied = 0, words[router + OCCUPIED]
    while occupied:
        port = lowest_bit(occupied)
        occupied &= occupied - 1
        asked, since = head(words, router, port)
        if asked == output and since > cycle:
            schedule(words, router, since)
        elif asked == output:
            inputs |= 1 << port
    return inputs


@inlined
def _send(
    words: Pool,
    weights: Pool,
    states: Pool,
    log: Pool,
    trace: Pool,
    stream: Pool,
    router: int,
    output: int,
    inputs: int,
    cycle: int,
) -> int:
    """Choose among `inputs` and transfer, in `cycle` or as soon as there is space; returns the FIFO that was
    popped, or 0 if that is not decided yet.

    Who is chosen is decided in the first cycle in which the output is free and somebody asks, and holds until
    there is space: so the choice can be made up for later.
    """
    free = words[router + SENT + output] + 1
    if free > cycle:
        schedule(words, router, free)
        return 0
    chosen = lowest_bit(inputs)
    _, since = head(words, router, chosen)
    chosen_in = max(since, free)
    if inputs & (inputs - 1):
        chosen, chosen_in = _choose(words, router, output, inputs, free)
    space = _space_from(words, router, output)
    if space < 0:
        return 0
    moment = max(chosen_in, space)
    words[router + SENT + output] = moment
    words[router + POINTER + output] = 0 if chosen == PORTS - 1 else chosen + 1
    words[words[router + ROUTER_HOPS] + output] += 1
    fifo = words[router + INPUT + chosen]
    flit = pop(words, fifo, moment)
    if inputs & (inputs - 1):
        _expect(words, router, output, moment + 1)
    _uncover(words, router, chosen, moment + 1)
    _hand_on(words, weights, states, log, trace, stream, router, output, chosen, flit, moment)
    return fifo


@inlined
def _uncover(words: Pool, router: int, port: int, cycle: int) -> None:
    """The next flit of an input, if there is one, is at the head from `cycle` on."""
    fifo = words[router + INPUT + port]
    if words[fifo + PUSHED] == words[fifo + POPPED]:
        words[router + OCCUPIED] &= ~(1 << port)
        return
    slot = head_slot(words, fifo)
    output, since = words[slot + OUTPUT], max(cycle, words[slot + VISIBLE])
    words[router + HEAD_OF + port] = since << HEAD_SHIFT | output
    _expect(words, router, output, since)


@kernel
def _choose(words: Pool, router: int, output: int, inputs: int, free: int) -> tuple[int, int]:
    """The input that an output, `free` from that cycle on, serves, and the cycle in which it is chosen: of
    those that ask by then, or else first, the next from the arbiter's pointer on."""
    earliest, left = NEVER, inputs
    while left:
        _, since = head(words, router, lowest_bit(left))
        earliest = min(earliest, since)
        left &= left - 1
    chosen_in = max(earliest, free)
    port = words[router + POINTER + output]
    while True:
        _, since = head(words, router, port)
        if (inputs >> port) & 1 and since <= chosen_in:
            return port, chosen_in
        port = 0 if port == PORTS - 1 else port + 1


@inlined
def _expect(words: Pool, router: int, output: int, cycle: int) -> None:
    """An output may send from `cycle` on: look at it then, or when there is space."""
    if not (words[router + ASLEEP] >> output) & 1 and _space_from(words, router, output) >= 0:
        schedule(words, router, cycle)


@inlined
def _space_from(words: Pool, router: int, output: int) -> int:
    """First cycle in which the receiver of an output takes a flit, or -1 if that is not decided yet: then the
    output sleeps until it is."""
    fifo = words[router + DRIVES + output]
    if fifo == 0:
        return event_space_from(words, words[router + ROUTER_CORE]) if output == LOCAL else 0
    space = space_from(words, fifo)
    if space < 0:
        words[fifo + SLEEPER] = output + 1
        words[router + ASLEEP] |= 1 << output
    return space


@inlined
def _hand_on(
    words: Pool,
    weights: Pool,
    states: Pool,
    log: Pool,
    trace: Pool,
    stream: Pool,
    router: int,
    output: int,
    chosen: int,
    flit: int,
    cycle: int,
) -> None:
    """A flit from the input `chosen` goes where an output leads in `cycle`, and who sent it goes on."""
    core, shared, fifo = (
        words[router + ROUTER_CORE],
        words[router + ROUTER_SHARED],
        words[router + DRIVES + output],
    )
    stirred = False
    if fifo and output != LOCAL:
        push(words, fifo, flit, cycle)
    elif fifo:
        if put(words, fifo, flit, LOCAL, cycle):
            schedule(words, shared, cycle + 1)
    elif output == LOCAL:
        stirred = receive(words, weights, states, log, core, flit, cycle)
    else:
        _leave(words, log, stream, flit, cycle)
    if chosen == LOCAL and shared:
        go_on(words, states, log, shared, cycle)
    elif chosen == LOCAL:
        stirred |= words[core + PHASE] != IDLE
    elif words[router + INPUT + chosen] == words[HOST_FIFO]:
        feed(words, stream)
    if stirred:
        progress(words, weights, states, log, trace, core)


@kernel
def _leave(words: Pool, log: Pool, stream: Pool, flit: int, cycle: int) -> None:
    """A flit leaves West of (0, 0) in `cycle`: the host port keeps CREDITs, the host gets the rest."""
    if (flit >> TYPE_SHIFT) & TYPE_MASK == _CREDIT:
        words[HOST_CREDITS] += 1
        words[HOST_CREDIT_VISIBLE] = cycle + 1
        feed(words, stream)
        return
    packets = words[words[HOST_TALLY] + PACKETS]
    log[2 * packets] = flit
    log[2 * packets + 1] = cycle
    words[words[HOST_TALLY] + PACKETS] = packets + 1
