"""Kernels of the event queue (routers and shared cores by wake-up cycle), of FIFOs, and of routes."""

from snnc.compiler.isa.flits import HOST_SHIFT, X_MASK, Y_MASK, Y_SHIFT
from snnc.sim.engine.jit import Pool, inlined, kernel
from snnc.sim.engine.records import (
    AFTER,
    ASLEEP,
    BEFORE,
    BUSY,
    EAST,
    FIFO_MASK,
    FLIT,
    HEAD_OF,
    HEAD_SHIFT,
    LAST_POPPED,
    LOCAL,
    NEVER,
    NORTH,
    NOW,
    OCCUPIED,
    OUTPUT,
    POP,
    POPPED,
    PORT,
    PUSHED,
    READER,
    ROUTER_X,
    ROUTER_Y,
    SLOT_WORDS,
    SLOTS,
    SOUTH,
    VISIBLE,
    WAKE,
    WEST,
    WHEEL,
    WHEEL_CYCLES,
)
from snnc.sim.engine.vectors import lowest_bit

_LAST_CYCLE = WHEEL_CYCLES - 1


@inlined
def schedule(words: Pool, record: int, cycle: int) -> None:
    """Evaluate a router or shared core in `cycle`, unless it is due earlier anyway."""
    due = words[record + WAKE]
    if due <= cycle:
        return
    if due != NEVER:
        _unlink(words, record)
    words[record + WAKE] = cycle
    _link(words, record)


@inlined
def take_earliest(words: Pool) -> int:
    """Remove and return the router or shared core that is due first, in the cycle NOW; 0 if none is."""
    while True:
        now = words[NOW]
        place = now & _LAST_CYCLE
        record = words[words[WHEEL] + place]
        if record == 0:
            busy = words[BUSY] & ~(1 << place)
            words[BUSY] = busy
            if busy == 0:
                return 0
            words[NOW] = now + lowest_bit((busy | busy << WHEEL_CYCLES) >> place)
            continue
        _unlink(words, record)
        if words[record + WAKE] == now:
            words[record + WAKE] = NEVER
            return record
        _link(words, record)


@inlined
def _link(words: Pool, record: int) -> None:
    """Into the list of the cycle in which it is due, or the furthest there is, to be taken on from there."""
    place = min(words[record + WAKE], words[NOW] + _LAST_CYCLE) & _LAST_CYCLE
    head = words[WHEEL] + place
    after = words[head]
    words[record + AFTER], words[record + BEFORE] = after, head
    if after:
        words[after + BEFORE] = record + AFTER
    words[head] = record
    words[BUSY] |= 1 << place


@inlined
def _unlink(words: Pool, record: int) -> None:
    after = words[record + AFTER]
    words[words[record + BEFORE]] = after
    if after:
        words[after + BEFORE] = words[record + BEFORE]


@inlined
def space_from(words: Pool, fifo: int) -> int:
    """First cycle in which a router's FIFO takes another flit, or -1 if that is not decided yet.

    A slot knows the cycle of its last pop, an entry the cycle from which it is visible: so two
    components evaluated in the same cycle see each other's old registers in either order.
    """
    pushed, mask = words[fifo + PUSHED], words[fifo + FIFO_MASK]
    if pushed - words[fifo + POPPED] > mask:
        return -1
    return words[fifo + SLOTS + (pushed & mask) * SLOT_WORDS + POP] + 1


@kernel
def push(words: Pool, fifo: int, flit: int, cycle: int) -> None:
    """Push a flit into a router's FIFO in `cycle`, now or in the future, as `space_from` allows; wakes the
    router if the flit becomes the head and asks for an output that is not asleep."""
    router = words[fifo + READER]
    output = output_port(words, router, flit)
    if put(words, fifo, flit, output, cycle):
        port, since = words[fifo + PORT], max(cycle, words[fifo + LAST_POPPED]) + 1
        words[router + OCCUPIED] |= 1 << port
        words[router + HEAD_OF + port] = since << HEAD_SHIFT | output
        if not (words[router + ASLEEP] >> output) & 1:
            schedule(words, router, since)


@inlined
def put(words: Pool, fifo: int, flit: int, output: int, cycle: int) -> bool:
    """Write down a flit that asks for `output` and is pushed in `cycle`; returns whether it is the head."""
    pushed = words[fifo + PUSHED]
    slot = fifo + SLOTS + (pushed & words[fifo + FIFO_MASK]) * SLOT_WORDS
    words[slot + FLIT] = flit
    words[slot + OUTPUT] = output
    words[slot + VISIBLE] = cycle + 1
    words[fifo + PUSHED] = pushed + 1
    return pushed == words[fifo + POPPED]


@inlined
def pop(words: Pool, fifo: int, cycle: int) -> int:
    """Pop a FIFO's oldest flit in `cycle`, and return it."""
    slot = head_slot(words, fifo)
    words[slot + POP] = words[fifo + LAST_POPPED] = cycle
    words[fifo + POPPED] += 1
    return words[slot + FLIT]


@inlined
def head_slot(words: Pool, fifo: int) -> int:
    """The slot of a FIFO's oldest flit."""
    return fifo + SLOTS + (words[fifo + POPPED] & words[fifo + FIFO_MASK]) * SLOT_WORDS


@inlined
def output_port(words: Pool, router: int, flit: int) -> int:
    """The output a flit asks for: first along X, then along Y; to the host through West of (0, 0)."""
    to_host = (flit >> HOST_SHIFT) & 1
    x = 0 if to_host else flit & X_MASK
    y = 0 if to_host else (flit >> Y_SHIFT) & Y_MASK
    if x != words[router + ROUTER_X]:
        return WEST if x < words[router + ROUTER_X] else EAST
    if y != words[router + ROUTER_Y]:
        return NORTH if y < words[router + ROUTER_Y] else SOUTH
    return WEST if to_host else LOCAL
