"""The hardware contract, declared once: flits, table entries, registers, status words, codes and counts.

`docs/microarchitecture.md` says what the hardware does with them; its tables and `snnc_pkg.sv` are written
from here by `python -m snnc.rtl.contract`. The words of the UART link are in `host_link.py`.
"""

from enum import IntEnum

from snnc.compiler.isa.layout import CHUNK_BITS, Field, Word


class FlitType(IntEnum):
    """The `type` field. RESTART exists only in the test harness's stimulus: wait, then reset."""

    SPIKE = 0
    VALUE = 1
    END = 2
    CREDIT = 3
    CONFIG_ADDRESS = 4
    CONFIG_DATA = 5
    SYNC = 6
    RESTART = 7


class Memory(IntEnum):
    """Memories of a core, with the number that CONFIG_ADDRESS selects them by."""

    REGISTERS = 0
    WEIGHTS = 1
    STATE = 2
    THRESHOLDS = 3
    BIAS = 4
    DESTINATIONS = 5
    SOURCES = 6
    MEMBRANE = 7
    AXON_ROWS = 8
    AXON_COLUMNS = 9
    RESET_AMOUNTS = 10
    DECAYS = 11
    CURRENT_DECAYS = 12


class ResetCode(IntEnum):
    """What a neuron that fires becomes: less by its reset amount, the reset value, or it never fires."""

    SOFT = 0
    HARD = 1
    NONE = 2


class EmissionCode(IntEnum):
    """What a core sends: spikes of every step, the final membranes, or partial sums of every step."""

    SPIKES = 0
    VALUES_LAST = 1
    VALUES_EVERY = 2


DECAY_SHIFT = 12
"""A decay is x - ((x * d) >> DECAY_SHIFT), d being 0 to 1 << DECAY_SHIFT."""
DECAY_WIDTH = DECAY_SHIFT + 1
MAX_FRACTION_BITS = DECAY_SHIFT
"""Most bits that a membrane may have behind the unit of its weights."""
COUNT_BITS = 10
"""Wide enough for an END or CREDIT of each entry of the longest table, and the host's."""
STEP_BITS = 5
"""The time step within a sample; it stays in 16 to 31, right modulo 16, once it got there."""
CONTEXT_BITS = 4
MAX_CONTEXTS = 1 << CONTEXT_BITS
"""Most tiles that a core can hold."""
MAX_BANKS = 4
"""Banks of a context, as segments."""
MAX_SEGMENTS = 4

ADDRESS = Word(
    "address",
    13,
    (
        Field("x", 6, "column of the mesh"),
        Field("y", 6, "row of the mesh"),
        Field("host", 1, "the host port, whatever x and y say"),
    ),
)
FLIT = Word(
    "flit",
    48,
    (
        Field("address", ADDRESS.width, "receiver", parts=ADDRESS),
        Field("type", 3, "one of the types below"),
        Field("data", 32, "what the type says"),
    ),
)
SPIKE = Word(
    "spike",
    32,
    (
        Field("channel", 8, "coordinate"),
        Field("x", 8, "coordinate"),
        Field("y", 8, "coordinate"),
        Field("payload", 8, "1..255; 1 for a spike"),
    ),
)
COORDINATE_BITS = SPIKE["y"].end
END = Word(
    "end",
    32,
    (
        Field("last", 1, "this step is the last of a sample"),
        Field("context", CONTEXT_BITS, "of the receiver; to the host: of the sender"),
    ),
)
CREDIT = Word("credit", 32, (Field("context", CONTEXT_BITS, "of the receiver"),))
CONFIG_ADDRESS = Word(
    "config", 32, (Field("address", 24, "of the word"), Field("memory", 4, "number of the memory", at=28))
)
SYNC = Word("sync", 32, (Field("count", 16, "CREDITs to wait for"),))


def value_word(state_bits: int) -> Word:
    """The data of a VALUE flit in hardware with states of `state_bits`."""
    return Word(
        "value",
        32,
        (Field("value", state_bits, signed=True), Field("index", 32 - state_bits, "number of the neuron")),
    )


DESTINATION = Word(
    "destination",
    96,
    (
        Field("base", 24, "added to the coordinate or index of a neuron", signed=True),
        Field("first_word", 16, "first word that is sent here", at=32),
        Field("last_word", 16, "word behind the last"),
        Field("address", ADDRESS.width, "receiver", parts=ADDRESS),
        Field("end", 1, "gets an END after every step"),
        Field("recurrent", 1, "on a recurrent edge"),
        Field("context", CONTEXT_BITS, "of the receiver; to the host: of the sender"),
    ),
)
SOURCE = Word(
    "source",
    32,
    (
        Field("address", ADDRESS.width, "whom a CREDIT goes to", parts=ADDRESS),
        Field("context", CONTEXT_BITS, "of the receiver"),
    ),
)
_AXON = (
    Field("weights", 16, "weight word"),
    Field("state", 16, "state word, modulo 2^16"),
    Field("count", 4, "positions"),
)
AXON_ROW = Word(
    "axon_row",
    64,
    (
        *_AXON,
        Field("bank", 2, "number of the bank in its context"),
        Field("context", CONTEXT_BITS, "whose bank"),
    ),
)
AXON_COLUMN = Word("axon_column", 64, _AXON)

REGISTERS = 64
"""Registers of a context; those of context c begin at c * REGISTERS."""
PLAIN_REGISTERS = 15
REGISTER = Word(
    "register",
    PLAIN_REGISTERS * CHUNK_BITS,
    (
        Field("words", 32, "words of the tile", at=0),
        Field("neurons", 32, "VALUES_LAST: lanes to send", at=32),
        Field("enable", 1, "takes part", at=2 * 32),
        Field("reset", 2, "0 soft, 1 hard, 2 none"),
        Field("emission", 2, "0 SPIKES, 1 VALUES_LAST, 2 VALUES_EVERY"),
        Field("cuba", 1, "has a synaptic current"),
        Field("flat", 1, "coordinates are neuron numbers"),
        Field("reset_amounts", 1, "soft resets take a memory's amounts, not thresholds"),
        Field("channel_decays", 1, "decays of a memory, not of register 10"),
        Field("clears", 1, "SPIKES, and v(0) is 0: the last sweep of a sample writes it"),
        Field("state_bits", 6, "of the clamp", at=3 * 32),
        Field("reset_value", 32, "two's complement of StateBits", at=4 * 32),
        Field("ends_needed", 16, "ENDs of a step", at=5 * 32),
        Field("credits_needed", 16, "CREDITs of a step", at=6 * 32),
        Field("destinations", 9, "destination entries", at=7 * 32),
        Field("first_destination", 8, "of them", at=7 * 32 + 16),
        Field("sources", 9, "source entries", at=8 * 32),
        Field("first_source", 8, "of them", at=8 * 32 + 16),
        Field("recurrent_sources", 16, "`ends` after reset", at=9 * 32),
        Field("recurrent_destinations", 16, "`owed` after reset"),
        Field("decay", DECAY_WIDTH, "of membranes", at=10 * 32),
        Field("current_decay", DECAY_WIDTH, "of currents", at=10 * 32 + 16),
        Field("pixel_words", 12, "words of a pixel", at=11 * 32),
        Field("columns", 12, "pixels of a row", at=11 * 32 + 16),
        Field("segments", 3, "1 to 4", at=12 * 32),
        Field("lower_clamp", 32, "two's complement of StateBits, lower end of the clamp", at=13 * 32),
        Field("state_word", 16, "first word of the tile in state, membrane and bitmaps", at=14 * 32),
        Field("parameter_word", 12, "first word of its parameters"),
    ),
)
"""The plain registers, each a chunk of this word."""
MODE_REGISTER = REGISTER["enable"].at // CHUNK_BITS
"""The register that enables a core; it is written last."""
SEGMENT_REGISTER = 16
"""Register of segment 0; one each."""
SEGMENT = Word(
    "segment",
    32,
    (
        Field("first_entry", 8, "of the destination table"),
        Field("end_entry", 9, "behind the last"),
        Field("delay", 4, "steps", at=20),
        Field("recurrent", 1, "silent in the last step"),
    ),
)
BANK_REGISTER, BANK_STRIDE = 32, 8
"""First register of bank 0, and from one bank's first to the next's."""
BANK = Word(
    "bank",
    128,
    (
        Field("channel_stride", 16, "weight words from channel to channel"),
        Field("row_words", 12, "words of a position"),
        Field("row_weight_step", 16, "from row to row", at=32),
        Field("column_weight_step", 16, "from column to column"),
        Field("row_state_step", 16, "from row to row", signed=True),
        Field("column_state_step", 16, "from column to column", signed=True),
        Field("first_channel", 8, "of the edge"),
        Field("channels", 9, "of the edge"),
        Field("fraction_bits", 4, "left shift of what events add", at=120),
        Field("spaced", 1, "an idle cycle after every pass", at=126),
        Field("depthwise", 1, "only lane c mod Lanes"),
    ),
)


DATA_OF_TYPE = {
    FlitType.SPIKE: SPIKE,
    FlitType.END: END,
    FlitType.CREDIT: CREDIT,
    FlitType.CONFIG_ADDRESS: CONFIG_ADDRESS,
    FlitType.SYNC: SYNC,
}
"""Data of flits that have fixed fields."""
TABLE_WORDS = (DESTINATION, SOURCE, AXON_ROW, AXON_COLUMN)
CORE_STATUS = Word(
    "core_status",
    32,
    (
        Field("surplus_end", 1, "END that nobody waits for"),
        Field("surplus_credit", 1, "CREDIT that nobody owes"),
        Field("config_refused", 1, "CONFIG refused"),
        Field("outside", 1, "coordinate outside the axon tables"),
        Field("no_payload", 1, "payload of 0"),
        Field("dropped", 1, "flit dropped by its router, or of a type that cores do not know"),
        Field("no_neuron", 1, "VALUE for a neuron beyond the state memory"),
        Field("home", 1, "at home", at=8),
        Field("awaits_ends", 1, "waits for ENDs (not at home)"),
        Field("awaits_credits", 1, "emitter waits for CREDITs"),
        Field("enabled", 1, "enabled"),
        Field("initialising", 1, "in INIT"),
        Field("ends", 8, "`ends`, low bits", at=16),
        Field("drops", 8, "cycles in which a flit was dropped, 255 stay"),
    ),
)
HOST_STATUS = Word(
    "host_status",
    32,
    (
        Field("starved_sync", 1, "SYNC that no CREDIT could satisfy"),
        Field("surplus_credits", 1, "more CREDITs than can be counted (65,535 stay)"),
        Field("at_sync", 1, "waiting at SYNC", at=8),
        Field("credits", 16, "CREDITs held", at=16),
    ),
)
STATUS_WORDS = (CORE_STATUS, HOST_STATUS)


def kept_axon(word: Word, weight_bits: int, state_bits: int) -> Word:
    """An axon entry as a table keeps it: its addresses as wide as those of the hardware's memories."""
    return word.with_widths(weights=weight_bits, state=state_bits)
