"""Kernels of the event queue (routers and shared cores by wake-up cycle), of FIFOs, and of routes."""

from snnc.compiler.isa.flits import HOST_SHIFT, X_MASK, Y_MASK, Y_SHIFT
from snnc.sim.engine.jit import Pool, kernel
from snnc.sim.engine.records import (
    EAST,
    FIFO_MASK,
    FLIT,
    LOCAL,
    NORTH,
    OUTPUT,
    PLACE,
    POP,
    POPPED,
    PUSHED,
    QUEUE,
    QUEUED,
    READER,
    ROUTER_X,
    ROUTER_Y,
    SLOT_WORDS,
    SLOTS,
    SOUTH,
    VISIBLE,
    WAKE,
    WEST,
)


@kernel
def schedule(words: Pool, router: int, cycle: int) -> None:
    """Evaluate `router` (or shared core) in `cycle`, unless it is due earlier anyway."""
    queue, position = words[QUEUE], words[router + PLACE]
    if position < 0:
        position = words[QUEUED]
        words[QUEUED] = position + 1
    elif words[router + WAKE] <= cycle:
        return
    words[router + WAKE] = cycle
    while position > 0:
        parent = (position - 1) >> 1
        other = words[queue + parent]
        if words[other + WAKE] <= cycle:
            break
        words[queue + position] = other
        words[other + PLACE] = position
        position = parent
    words[queue + position] = router
    words[router + PLACE] = position


@kernel
def take_earliest(words: Pool) -> int:
    """Remove and return the router or shared core that is due first; the queue must not be empty."""
    queue = words[QUEUE]
    first = words[queue]
    words[first + PLACE] = -1
    size = words[QUEUED] - 1
    words[QUEUED] = size
    if size == 0:
        return first
    moved = words[queue + size]
    cycle = words[moved + WAKE]
    position = 0
    while True:
        child = 2 * position + 1
        if child >= size:
            break
        if child + 1 < size and words[words[queue + child + 1] + WAKE] < words[words[queue + child] + WAKE]:
            child += 1
        other = words[queue + child]
        if words[other + WAKE] >= cycle:
            break
        words[queue + position] = other
        words[other + PLACE] = position
        position = child
    words[queue + position] = moved
    words[moved + PLACE] = position
    return first


@kernel
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
    """Push a flit into a router's FIFO in `cycle`, now or in the future."""
    put(words, fifo, flit, output_port(words, words[fifo + READER], flit), cycle)


@kernel
def put(words: Pool, fifo: int, flit: int, output: int, cycle: int) -> None:
    """Push a flit that asks for `output`, in a cycle that `space_from` allows; wakes the reader if the flit
    becomes the head."""
    pushed = words[fifo + PUSHED]
    slot = fifo + SLOTS + (pushed & words[fifo + FIFO_MASK]) * SLOT_WORDS
    words[slot + FLIT] = flit
    words[slot + OUTPUT] = output
    words[slot + VISIBLE] = cycle + 1
    words[fifo + PUSHED] = pushed + 1
    if pushed == words[fifo + POPPED]:
        schedule(words, words[fifo + READER], cycle + 1)


@kernel
def head_slot(words: Pool, fifo: int) -> int:
    """The slot of a FIFO's oldest flit."""
    return fifo + SLOTS + (words[fifo + POPPED] & words[fifo + FIFO_MASK]) * SLOT_WORDS


@kernel
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
