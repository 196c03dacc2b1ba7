"""Where everything lies in the word pool: columns of each kind of record, and the pool's header.

Kernels work on one pool of int64 words. A record (core, router, FIFO, table entry) is known by the index
of its first word, so `words[core + PHASE]` is a field and links between records are plain integers.
"""

# Header, words 0 ... HEADER_WORDS - 1. The host's registers are part of it.
LANE_SHIFT, STATE_BITS, EVENT_MASK, CORES, CORE_COUNT, SHARED, SHARED_COUNT, ROUTERS, ROUTER_COUNT = range(9)
QUEUE, QUEUED, RESET_WORDS, INPUTS, INPUT_COUNT, ORDER = range(9, 15)
TRACE_ROW, TRACE_SECTION, ROUNDS, TIMELINE_START = range(15, 19)
HOST_CURSOR, HOST_STOP, HOST_TIME, HOST_CREDITS, HOST_CREDIT_VISIBLE, HOST_FIFO, HOST_TALLY = range(19, 26)
READS_FIRST_SPIKE, READS_FROM, MULTIPLIES = range(26, 29)
# Where the next arrival is written down, and where there is no more room; equal where none is.
ARRIVALS_AT, ARRIVALS_STOP = range(29, 31)
# Where the functional tier lists the events that a core is about to get.
ARRIVING = 31
HEADER_WORDS = 32

# Core, which is a tile with its registers: constants of the tile. A slot is a lane of a word; *_START are
# places in the other pools.
ROUTER, WORDS, SLOTS_USED, NEURONS, BANKS = range(5)
WEIGHT_START, STATE_START, MEMBRANE_START, INITIAL_START, LOCAL_START = range(5, 10)
LIST_START, LIST_COUNTS, RING = range(10, 13)
THRESHOLD, BIAS, RESET, RESET_VALUE, CLAMP_LOW, CLAMP_HIGH = range(13, 19)
LEAK_NUMERATOR, LEAK_SHIFT, CUBA, CURRENT_NUMERATOR, CURRENT_SHIFT = range(19, 24)
EMISSION, ENDS_NEEDED, CREDITS_NEEDED, TALLY = range(24, 28)
FIRST_ENTRY, LAST_ENTRY, FIRST_SOURCE, LAST_SOURCE, FIRST_SEGMENT, LAST_SEGMENT = range(28, 34)
AXON_ROWS, AXON_COLUMNS = range(34, 36)
# Core: registers of dispatcher, events (below) and control.
EVENT_PUSHED, LAST_POP, EVENT_REGISTERS = range(36, 39)
ENDS, ENDS_VISIBLE, LAST_STEP, STEP, DRAINING = range(43, 48)
# Core: where the next step's trace goes.
TRACE, TIMELINE = range(48, 50)
# Core: registers of the emitter. TIME is the first cycle of what it does next.
PHASE, TIME, CURSOR, SEGMENT, SCANS, ITEM, ITEMS, LISTED, SCANNED = range(50, 59)
EMITS, SENDS_LAST, SENDS_STEP, OWED, OWED_ZERO = range(59, 64)
# Core: what only some have. AMOUNT is THRESHOLD, and decays of slots and BIAS are at 0, where it has none.
AMOUNT, LEAKS, CURRENT_LEAKS, NUMBERS, FRACTION = range(64, 69)
# Core: its jobs that are pending, where tiles share cores; where neuron 0 of the whole state memory would be.
JOBS, VALUE_START = range(69, 71)
# Core: slots after which what all pixels share (v(0), THRESHOLD, BIAS, AMOUNT, decays) is repeated; so many
# stand there. A sweep goes from block to block, and no block crosses a period.
PERIOD = 71
SWEEP_BLOCK = 256
# Core: first cycle of the next ACCUMULATE, and the first in which the emitter may leave WAIT.
ACCUMULATES_FROM, EMITS_FROM = range(72, 74)
# Core: whether the last sweep of a sample writes v(0).
CLEARS = 74
EVENT_POPS = 75
"""From here on, per slot of the event FIFO the cycle in which it was last popped."""

# Event registers: when tables, entry and decode were last left, from when on decode takes another event, and
# the last cycle in which the row engine is at work.
TABLES_LEFT, ENTRY_LEFT, DECODED, DECODE_FREE, BUSY_UNTIL = range(5)
EVENT_REGISTER_WORDS = 5

# Shared core: what the tiles of a core have in common, where cores have contexts. CONTROL_END is the first
# cycle of the next control state, JOB the tile that the emitter works for (or 0), OWNERS a tile for each y.
TILES, TILE_COUNT, OWNERS, EVENT_FIFO = range(4)
CONTROL, CONTROL_END, CURRENT, JOB, LOCAL_FIFO, SHARED_EVENTS = range(6, 12)
SHARED_WORDS = SHARED_EVENTS + EVENT_REGISTER_WORDS

# Values of CONTROL, and bits of JOBS.
ACCUMULATES, CHOSEN, SWEEPS, DRAINS, INITIALISES = range(5)
CREDIT_JOB, EMIT_JOB = 1, 2

# Values of RESET and EMISSION, numbered as in the hardware's registers.
SOFT, HARD, NEVER_FIRES = 0, 1, 2
SPIKES, VALUES_LAST, VALUES_EVERY = 0, 1, 2

# Values of PHASE. SEGMENT and SCAN have none: their cycles are added when the next set lane is sent.
IDLE, CREDIT, WAIT, SEND, END = range(5)

# Axon row and column entries. Offsets and steps count slots, not words; BANK is a bank record.
ROW_COUNT, ROW_WEIGHTS, ROW_STATE, BANK = range(4)
ROW_ENTRY_WORDS = 4
COLUMN_COUNT, COLUMN_WEIGHTS, COLUMN_STATE = range(3)
COLUMN_ENTRY_WORDS = 3

# Bank. RUN is the number of slots at each position, GAP what a pass takes beyond its words.
FIRST_CHANNEL, CHANNELS, CHANNEL_STRIDE, ROW_WORDS, RUN, GAP, DEPTHWISE = range(7)
ROW_WEIGHT_STEP, COLUMN_WEIGHT_STEP, ROW_STATE_STEP, COLUMN_STATE_STEP = range(7, 11)
# Bank tally: positions of all events, of all passes, and of events whose payload was multiplied.
POSITIONS, PASS_POSITIONS, MULTIPLIED_POSITIONS = range(11, 14)
BANK_WORDS = 14

# Destination entry. HEAD holds the address bits of a flit, END_FLIT all of an END; RECEIVER is a core record,
# 0 for the host.
HEAD, END_FLIT, BASE, FIRST_WORD, LAST_WORD, SENDS_END, BACKWARD, RECEIVER, HITS = range(9)
ENTRY_WORDS = 9

# Segment: entries with one delay. Its tally: how often it was scanned, and the set lanes that were found.
ENTRIES_FROM, ENTRIES_TO, DELAY, RECURRENT, SCANNED_TIMES, SET_LANES = range(6)
SEGMENT_WORDS = 6

# Run of inputs, for the functional tier: neighbouring features that make events of a core, whose coordinates
# rise by a step.
INPUT_FEATURE, INPUT_LENGTH, INPUT_CORE, INPUT_COORDINATE, INPUT_STEP = range(5)
INPUT_WORDS = 5

# Core tally; the events from the host are counted in the functional tier only.
EVENTS, VALUES, FIRED, ROW_CYCLES, SWEEP_CYCLES, INIT_CYCLES, BLOCKED, WAITED, FROM_HOST = range(9)
TALLY_WORDS = 9

# Host tally.
PACKETS, HOST_STALLED = range(2)

# Ports of a router.
NORTH, EAST, SOUTH, WEST, LOCAL = range(5)
PORTS = 5

# Router; WAKE and PLACE stand where those of a shared core do. Five words each: arbiter pointers, held inputs
# (-1: none), input FIFOs, the FIFO an output drives.
ROUTER_X, ROUTER_Y, ROUTER_CORE, ROUTER_HOPS, WAKE, PLACE = range(6)
POINTER, HELD, INPUT, DRIVES, ROUTER_SHARED = 6, 11, 16, 21, 26
ROUTER_WORDS = 27

# Input FIFO of a router, or event FIFO of a shared core. READER is that router or core, FEEDER the router
# upstream; SLEEPER tells that it waits for space.
PUSHED, POPPED, READER, FEEDER, SLEEPER, FIFO_MASK = range(6)
SLOTS = 6
# Slot: a flit, the output it asks for, the cycle from which it is visible, the cycle of the slot's last pop.
FLIT, OUTPUT, VISIBLE, POP = range(4)
SLOT_WORDS = 4

# Columns of the timeline of a core and step.
SWEEP_AT, ACCUMULATE_AT, EMIT_AT, IDLE_AT = range(4)
TIMELINE_COLUMNS = 4

# Columns of an arrival: a flit in the event FIFO of a core, from the cycle of its push to that of its pop.
ARRIVED_AT_CORE, ARRIVED, POPPED_AGAIN = range(3)
ARRIVAL_COLUMNS = 3

NEVER = 1 << 62
