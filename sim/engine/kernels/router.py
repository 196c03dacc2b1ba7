"""Kernels of a router's evaluation in one cycle, and of the host port (microarchitecture, 3 and 5)."""

from snnc.compiler.isa.contract import FlitType
from snnc.compiler.isa.flits import DATA_SHIFT, SYNC_MASK, TYPE_MASK, TYPE_SHIFT
from snnc.sim.engine.jit import Pool, kernel
from snnc.sim.engine.kernels.contexts import go_on
from snnc.sim.engine.kernels.core import event_space_from, progress, receive
from snnc.sim.engine.kernels.queue import head_slot, push, put, schedule, space_from
from snnc.sim.engine.records import (
    DRIVES,
    EVENT_FIFO,
    FEEDER,
    FLIT,
    HELD,
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
    OUTPUT,
    PACKETS,
    PHASE,
    POINTER,
    POP,
    POPPED,
    PORTS,
    PUSHED,
    ROUTER_CORE,
    ROUTER_HOPS,
    ROUTER_SHARED,
    SLEEPER,
    VISIBLE,
)

_CREDIT, _SYNC = int(FlitType.CREDIT), int(FlitType.SYNC)


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
    """Everything `router` does in `cycle`; schedules the next cycle in which it can do something."""
    again = NEVER
    requests = 0
    for port in range(PORTS):
        fifo = words[router + INPUT + port]
        if words[fifo + PUSHED] == words[fifo + POPPED]:
            continue
        slot = head_slot(words, fifo)
        if words[slot + VISIBLE] > cycle:
            again = min(again, words[slot + VISIBLE])
        else:
            requests |= 1 << (words[slot + OUTPUT] * PORTS + port)
    output = 0
    while requests:
        inputs = requests & 31
        requests >>= PORTS
        if inputs:
            next_cycle = _serve(words, weights, states, log, trace, stream, router, output, inputs, cycle)
            again = min(again, next_cycle)
        output += 1
    if again != NEVER:
        schedule(words, router, again)


@kernel
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
) -> int:
    """Arbitrate one output among `inputs` (a bit mask) and transfer; returns when to look again."""
    chosen = _choose(words, router, output, inputs)
    ready = _ready_from(words, router, output, cycle)
    if ready > cycle:
        words[router + HELD + output] = chosen
        return ready
    words[router + HELD + output] = -1
    words[router + POINTER + output] = 0 if chosen == PORTS - 1 else chosen + 1
    words[words[router + ROUTER_HOPS] + output] += 1
    fifo = words[router + INPUT + chosen]
    slot = head_slot(words, fifo)
    flit = words[slot + FLIT]
    words[slot + POP] = cycle
    words[fifo + POPPED] += 1
    core, shared = words[router + ROUTER_CORE], words[router + ROUTER_SHARED]
    stirred = False
    if output == LOCAL and shared:
        put(words, words[shared + EVENT_FIFO], flit, LOCAL, cycle)
    elif output == LOCAL:
        stirred = receive(words, weights, states, log, core, flit, cycle)
    elif words[router + DRIVES + output] != 0:
        push(words, words[router + DRIVES + output], flit, cycle)
    else:
        _leave(words, log, stream, flit, cycle)
    if chosen == LOCAL and shared:
        go_on(words, states, log, shared, cycle)
    elif chosen == LOCAL:
        stirred |= words[core + PHASE] != IDLE
    elif fifo == words[HOST_FIFO]:
        feed(words, stream)
    elif words[fifo + SLEEPER]:
        words[fifo + SLEEPER] = 0
        schedule(words, words[fifo + FEEDER], cycle + 1)
    if stirred:
        progress(words, states, log, trace, core)
    if inputs & (inputs - 1) or words[fifo + PUSHED] != words[fifo + POPPED]:
        return cycle + 1
    return NEVER


@kernel
def _choose(words: Pool, router: int, output: int, inputs: int) -> int:
    """The input an output serves: the held one, else the first from the arbiter's pointer on."""
    held = words[router + HELD + output]
    if held >= 0:
        return held
    port = words[router + POINTER + output]
    while not (inputs >> port) & 1:
        port = 0 if port == PORTS - 1 else port + 1
    return port


@kernel
def _ready_from(words: Pool, router: int, output: int, cycle: int) -> int:
    """First cycle in which the receiver of an output takes a flit; NEVER if a wake-up will tell."""
    fifo, shared = words[router + DRIVES + output], words[router + ROUTER_SHARED]
    if output == LOCAL:
        if not shared:
            return event_space_from(words, words[router + ROUTER_CORE])
        fifo = words[shared + EVENT_FIFO]
    if fifo == 0:
        return cycle
    space = space_from(words, fifo)
    if space >= 0:
        return space
    words[fifo + SLEEPER] = 1
    return NEVER


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
