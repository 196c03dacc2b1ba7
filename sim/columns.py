"""Where everything lies in the word pool: columns of each kind of record, and the pool's header.

Kernels work on one pool of int64 words. A record (core, router, FIFO, table entry) is known by the index
of its first word, so `words[core + PHASE]` is a field and links between records are plain integers.
"""

# Header, words 0 ... HEADER_WORDS - 1. The host's registers are part of it.
LANE_SHIFT, STATE_BITS, ROUTER_MASK, EVENT_MASK, CORES, CORE_COUNT, ROUTERS, ROUTER_COUNT = range(8)
QUEUE, QUEUED, RESET_WORDS, ROUTES, ROUTE_COUNT, ORDER = range(8, 14)
TRACE_ROW, TRACE_SECTION, ROUNDS, TIMELINE_START = range(14, 18)
HOST_CURSOR, HOST_STOP, HOST_TIME, HOST_CREDITS, HOST_CREDIT_VISIBLE, HOST_FIFO, HOST_TALLY = range(18, 25)
HEADER_WORDS = 32

# Core: constants of the tile.
ROUTER, WORDS, NEURONS, STRIDE, WEIGHT_START, STATE_START, SEND_START, INITIAL_START = range(8)
THRESHOLD, BIAS, RESET, RESET_VALUE, CLAMP_LOW, CLAMP_HIGH, LEAK_NUMERATOR, LEAK_SHIFT = range(8, 16)
EMISSION, ENDS_NEEDED, CREDITS_NEEDED, TALLY = range(16, 20)
FIRST_ENTRY, LAST_ENTRY, FIRST_SOURCE, LAST_SOURCE = range(20, 24)
# Core: registers of dispatcher, row engine and control; then where the next step's trace goes.
EVENT_PUSHED, LAST_POP, BUSY_UNTIL, ENDS, ENDS_VISIBLE, LAST_STEP, DRAINING, TRACE, TIMELINE = range(24, 33)
# Core: registers of the emitter. TIME is the first cycle of what it does next.
PHASE, TIME, CURSOR, ITEM, ITEMS, SCANNED, EMITS, SENDS_LAST, OWED, OWED_ZERO = range(33, 43)
EVENT_POPS = 43
"""From here on, per slot of the event FIFO the cycle in which it was last popped."""

# Values of RESET and EMISSION, numbered as in the hardware's registers.
SOFT, HARD, NEVER_FIRES = 0, 1, 2
SPIKES, VALUES_LAST, VALUES_EVERY = 0, 1, 2

# Values of PHASE. SCAN has none: its cycles are added when the next set lane is sent.
IDLE, CREDIT, WAIT, SEND, END = range(5)

# Destination entry. HEAD holds the address bits of a flit; RECEIVER is a core record, 0 for the host.
HEAD, AXON_BASE, FIRST_WORD, LAST_WORD, SENDS_END, RECEIVER, HITS = range(7)
ENTRY_WORDS = 7

# Input route, for the functional tier.
ROUTE_CORE, ROUTE_FIRST, ROUTE_LAST, ROUTE_BASE = range(4)
ROUTE_WORDS = 4

# Core tally.
EVENTS, PASSES, VALUES, ITEMS_SENT, ROW_CYCLES, SWEEP_CYCLES, INIT_CYCLES, BLOCKED, WAITED = range(9)
TALLY_WORDS = 9

# Host tally.
PACKETS, HOST_STALLED = range(2)

# Ports of a router.
NORTH, EAST, SOUTH, WEST, LOCAL = range(5)
PORTS = 5

# Router. Five words each: arbiter pointers, held inputs (-1: none), input FIFOs, the FIFO an output drives.
ROUTER_X, ROUTER_Y, ROUTER_CORE, ROUTER_HOPS, WAKE, PLACE = range(6)
POINTER, HELD, INPUT, DRIVES = 6, 11, 16, 21
ROUTER_WORDS = 26

# Input FIFO of a router. FEEDER is the router upstream; SLEEPER tells that it waits for space.
PUSHED, POPPED, FIFO_ROUTER, FEEDER, SLEEPER = range(5)
SLOTS = 5
# Slot: a flit, the output it asks for, the cycle from which it is visible, the cycle of the slot's last pop.
FLIT, OUTPUT, VISIBLE, POP = range(4)
SLOT_WORDS = 4

# Columns of the timeline of a core and step.
SWEEP_AT, ACCUMULATE_AT, EMIT_AT, IDLE_AT = range(4)
TIMELINE_COLUMNS = 4

AXON_MASK = 0xFFFF
NEVER = 1 << 62
