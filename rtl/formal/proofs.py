"""What `make formal` proves: properties of the RTL, each with its checker and how far it is proved."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Property:
    """A checker module with its parameters, and how far it is proved."""

    name: str
    top: str
    """Checker module, in `properties/<top>.sv`."""
    claim: str
    """What is proved, in words."""
    depth: int
    """Cycles of a bounded proof, and of the search for what a mutation breaks."""
    induction: int = 0
    """k of the proof by k-induction; 0 where the proof is bounded."""
    parameters: Mapping[str, int] = field(default_factory=dict)
    defines: tuple[str, ...] = ()
    skip: int = 0
    """Cycles of the reset, in which assertions are not checked yet."""
    free: str = ""
    """Registers, a pattern of their names, that lose their initial value: anything may be in them."""


PROPERTIES = (
    Property(
        "fifo",
        "formal_fifo",
        "a FIFO loses, duplicates, reorders and changes nothing; valid and ready say empty and full",
        depth=10,
        induction=3,
        parameters={"Width": 44, "Depth": 4},
    ),
    Property(
        "fifo-2",
        "formal_fifo",
        "the same for the smallest depth",
        depth=12,
        parameters={"Width": 4, "Depth": 2},
    ),
    Property(
        "fifo-16",
        "formal_fifo",
        "the same for the depth of an event FIFO, long enough to fill and to wrap",
        depth=20,
        parameters={"Width": 4, "Depth": 16},
    ),
    Property(
        "arbiter",
        "formal_arbiter",
        "the arbiter is the documented one, holds its choice, and serves a request within 5 grants",
        depth=10,
        induction=3,
    ),
    Property(
        "router",
        "formal_router",
        "per input and output a router loses, duplicates, reorders and changes nothing; routes as documented",
        depth=8,
        induction=3,
        parameters={"FifoDepth": 2},
    ),
    Property(
        "router-delivery",
        "formal_router",
        "a flit leaves within 5 x FIFO depth cycles once the receivers are ready",
        depth=14,
        induction=3,
        parameters={"FifoDepth": 2, "Delivery": 1},
    ),
    Property(
        "host-port",
        "formal_host_port",
        "SYNC waits for its credits, every CREDIT counts once, all else passes unchanged; stream rules",
        depth=8,
        induction=3,
    ),
    Property(
        "frame-buffer",
        "formal_frame_buffer",
        "flits of committed frames leave once, in order and unchanged, those of dropped ones never",
        depth=10,
        induction=4,
        defines=("SNNC_ASSERT",),
    ),
    Property(
        "lane",
        "formal_lane",
        "the accumulator stays inside its proved bound: state words and sweeps are the exact integers",
        depth=14,
        induction=9,
    ),
    Property(
        "counters",
        "formal_counters",
        "END and CREDIT counters neither over- nor underflow; neither flit is sent twice",
        depth=14,
        induction=4,
        defines=("SNNC_ASSERT",),
    ),
    Property(
        "counters-surplus",
        "formal_counters",
        "ENDs and CREDITs that nobody waits for change no counter, put off no step, and are told",
        depth=14,
        induction=4,
        parameters={"Surplus": 1},
        defines=("SNNC_ASSERT",),
    ),
    Property(
        "reset",
        "formal_reset",
        "a reset leads from any state to v(0) in every word, ready, at rest and at home; nothing is sent",
        depth=22,
        skip=8,
        free="dut.u_registers.registers*",
    ),
    Property(
        "reset-cuba",
        "formal_reset",
        "the same with membranes in a memory of their own: currents are 0",
        depth=22,
        parameters={"Cuba": 1},
        skip=8,
        free="dut.u_registers.registers*",
    ),
    Property(
        "core",
        "formal_core",
        "no word is read while or before it is written back, no two writes meet, events only when due",
        depth=39,
        defines=("SNNC_ASSERT",),
        skip=6,
        free="dut.u_registers.registers*",
    ),
    Property(
        "core-cuba",
        "formal_core",
        "the same with membranes in a memory of their own",
        depth=39,
        parameters={"Cuba": 1},
        defines=("SNNC_ASSERT",),
        skip=6,
        free="dut.u_registers.registers*",
    ),
)
<<<<<<< HEAD

MUTATIONS = (
    Mutation(
        "fifo-overflow",
        "fifo",
        "snnc_fifo.sv",
        "assign ready_o = !count_q[PointerBits] && !refuse;",
        "assign ready_o = !refuse;",
    ),
    Mutation(
        "fifo-lost-push",
        "fifo",
        "snnc_fifo.sv",
        "if (push != pop) begin",
        "if (push != pop && !(push && count_q[1])) begin",
    ),
    Mutation(
        "fifo-hides-last",
        "fifo",
        "snnc_fifo.sv",
        "!(pop && count_q == (PointerBits + 1)'(1))",
        "!(pop && count_q <= (PointerBits + 1)'(2))",
    ),
    Mutation(
        "fifo-duplicate",
        "fifo",
        "snnc_fifo.sv",
        "if (pop) read_q <=",
        "if (pop && !push) read_q <=",
    ),
    Mutation(
        "fifo-reorder",
        "fifo",
        "snnc_fifo.sv",
        "assign data_o = memory[read_q];",
        "assign data_o = memory[(count_q[1:0] == 2'd3) ? read_q + 2'd1 : read_q];",
    ),
    Mutation(
        "fifo-changes-data",
        "fifo-2",
        "snnc_fifo.sv",
        "memory[write_q] <= data_i;",
        "memory[write_q] <= pop ? data_o : data_i;",
    ),
    Mutation(
        "fifo-16-wraps-early",
        "fifo-16",
        "snnc_fifo.sv",
        "if (push) write_q <= write_q + PointerBits'(1);",
        "if (push) write_q <= (write_q == PointerBits'(14)) ? '0 : write_q + PointerBits'(1);",
    ),
    Mutation(
        "arbiter-no-hold",
        "arbiter",
        "snnc_arbiter.sv",
        "ready_i ? behind : behind | grant_o;",
        "ready_i ? behind : upper_q;",
    ),
    Mutation(
        "arbiter-fixed-priority",
        "arbiter",
        "snnc_arbiter.sv",
        "ready_i ? behind : behind | grant_o;",
        "ready_i ? '0 : behind | grant_o;",
    ),
    Mutation(
        "arbiter-starves-last",
        "arbiter",
        "snnc_arbiter.sv",
        "assign grant_o = (upper != '0) ?",
        "assign grant_o = (upper != '0 && !request_i[0]) ?",
    ),
    Mutation(
        "router-y-first",
        "router",
        "snnc_router.sv",
        "if (x < x_i) route[West] = 1'b1;\n      else if (x > x_i) route[East] = 1'b1;\n"
        "      else if (y < y_i) route[North] = 1'b1;\n      else if (y > y_i) route[South] = 1'b1;",
        "if (y < y_i) route[North] = 1'b1;\n      else if (y > y_i) route[South] = 1'b1;\n"
        "      else if (x < x_i) route[West] = 1'b1;\n      else if (x > x_i) route[East] = 1'b1;",
    ),
    Mutation(
        "router-duplicates",
        "router",
        "snnc_router.sv",
        "assign head_ready[port] = popped != '0 ||",
        "assign head_ready[port] = popped[Ports-2:0] != '0 ||",
    ),
    Mutation(
        "router-loses",
        "router-delivery",
        "snnc_router.sv",
        "assign head_ready[port] = popped != '0 ||",
        "assign head_ready[port] = popped != '0 || ready_i[Local] ||",
    ),
    Mutation(
        "router-pops-the-loser",
        "router",
        "snnc_router.sv",
        "grant[from] && ready_i[port];",
        "request[from] && ready_i[port];",
    ),
    Mutation(
        "router-wrong-data",
        "router",
        "snnc_router.sv",
        "(choice == 3'(West)) ? head_data[West*Bits+:Bits] : head_data[Local*Bits+:Bits];",
        "(choice != 3'(Local)) ? head_data[South*Bits+:Bits] : head_data[Local*Bits+:Bits];",
    ),
    Mutation(
        "router-choice-not-held",
        "router",
        "snnc_arbiter.sv",
        "ready_i ? behind : behind | grant_o;",
        "ready_i ? behind : upper_q;",
    ),
    Mutation(
        "router-drops-a-turn",
        "router-delivery",
        "snnc_router.sv",
        "if (from == North) turns[West] = 1'b0;",
        "if (from == North || from == Local) turns[West] = 1'b0;",
    ),
    Mutation(
        "router-stuck-at-the-edge",
        "router",
        "snnc_router.sv",
        "popped != '0 || drops[port];",
        "popped != '0;",
    ),
    Mutation(
        "router-leaves-the-mesh",
        "router",
        "snnc_router.sv",
        "assign leads = route & turns(port) & ~edge_i;",
        "assign leads = route & turns(port);",
    ),
    Mutation(
        "host-early-sync",
        "host-port",
        "snnc_host_port.sv",
        "assign enough = credits_q >= count;",
        "assign enough = credits_q + 16'd1 >= count;",
    ),
    Mutation(
        "host-lost-credit",
        "host-port",
        "snnc_host_port.sv",
        "+ 16'(counted) -",
        "+ 16'(counted && !granted) -",
    ),
    Mutation(
        "host-credit-waits",
        "host-port",
        "snnc_host_port.sv",
        "assign mesh_ready_o = is_credit || m_ready_i;",
        "assign mesh_ready_o = m_ready_i;",
    ),
    Mutation(
        "host-sync-into-mesh",
        "host-port",
        "snnc_host_port.sv",
        "assign mesh_valid_o = s_valid_i && !is_sync && ready_i;",
        "assign mesh_valid_o = s_valid_i && ready_i;",
    ),
    Mutation(
        "host-before-ready",
        "host-port",
        "snnc_host_port.sv",
        "assign mesh_valid_o = s_valid_i && !is_sync && ready_i;",
        "assign mesh_valid_o = s_valid_i && !is_sync;",
    ),
    Mutation(
        "host-starved-early",
        "host-port",
        "snnc_host_port.sv",
        "assign starved = waiting_q == '1 && rest_i;",
        "assign starved = waiting_q[0] && rest_i;",
    ),
    Mutation(
        "host-starved-for-ever",
        "host-port",
        "snnc_host_port.sv",
        "assign starved = waiting_q == '1 && rest_i;",
        "assign starved = 1'b0;",
    ),
    Mutation(
        "frame-sent-uncommitted",
        "frame-buffer",
        "snnc_frame_buffer.sv",
        "readable_q <= committed_q;",
        "readable_q <= write_q;",
    ),
    Mutation(
        "frame-drop-ignored",
        "frame-buffer",
        "snnc_frame_buffer.sv",
        "if (drop_i) write_q <= committed_q;",
        "if (drop_i) committed_q <= write_q;",
    ),
    Mutation(
        "frame-read-late",
        "frame-buffer",
        "snnc_frame_buffer.sv",
        ".read_address_i(read[Bits-1:0]),",
        ".read_address_i(read_q[Bits-1:0]),",
    ),
    Mutation(
        "frame-read-while-written",
        "frame-buffer",
        "snnc_frame_buffer.sv",
        ".read_i(read != committed_q),",
        ".read_i(1'b1),",
    ),
    Mutation(
        "lane-narrow-weight",
        "lane",
        "snnc_lane.sv",
        "{{7{weight_q[WeightBits-1]}}, weight_q} << factor_i[2:0];",
        "{7'd0, weight_q} << factor_i[2:0];",
    ),
    Mutation(
        "lane-clamp-off-by-one",
        "lane",
        "snnc_lane.sv",
        "{StateBits{sign}} ^ ~sign_mask_i : settled_q;",
        "{StateBits{sign}} ^ (~sign_mask_i >> 1) : settled_q;",
    ),
    Mutation(
        "lane-compare-wraps",
        "lane",
        "snnc_lane.sv",
        "fires_i && !difference[StateBits]};",
        "fires_i && !difference[StateBits-1]};",
    ),
    Mutation(
        "lane-leak-rounds-up",
        "lane",
        "snnc_decay.sv",
        "assign leak = coarse_q >>> decay_i[1:0];",
        "assign leak = (coarse_q + StateBits'(1)) >>> decay_i[1:0];",
    ),
    Mutation(
        "ends-kept",
        "counters",
        "snnc_control.sv",
        "if (step_starts) ends_q <= '0;",
        "if (step_starts && !last_step_q) ends_q <= '0;",
    ),
    Mutation(
        "step-starts-early",
        "counters",
        "snnc_control.sv",
        "ends_met_q && quiet_i",
        "ends_q != '0 && quiet_i",
    ),
    Mutation(
        "step-starts-busy",
        "counters",
        "snnc_control.sv",
        "\n      && emitter_idle_i;",
        ";",
    ),
    Mutation(
        "owed-not-awaited",
        "counters",
        "snnc_emit.sv",
        "assign granted = state_q == Wait && nothing_owed;",
        "assign granted = state_q == Wait;",
    ),
    Mutation(
        "owed-reset-without-tokens",
        "counters",
        "snnc_emit.sv",
        "if (rst_i) owed_q <= recurrent_destinations_i;",
        "if (rst_i) owed_q <= '0;",
    ),
    Mutation(
        "end-beyond-counted",
        "counters-surplus",
        "snnc_control.sv",
        "assign counts = end_i && awaits_end;",
        "assign counts = end_i;",
    ),
    Mutation(
        "end-beyond-delays",
        "counters-surplus",
        "snnc_control.sv",
        "ends_met_q <= counts ?",
        "ends_met_q <= end_i ?",
    ),
    Mutation(
        "credit-beyond-counted",
        "counters-surplus",
        "snnc_emit.sv",
        "else if (credit_i && !nothing_owed) owed_q",
        "else if (credit_i) owed_q",
    ),
    Mutation(
        "credit-sent-twice",
        "counters",
        "snnc_emit.sv",
        "source_q <= source_q + SourceAddressBits'(1);",
        "source_q <= source_q;",
    ),
    Mutation(
        "flit-not-held",
        "counters",
        "snnc_emit.sv",
        "assign step = !offer || ready_i;",
        "assign step = !offer || ready_i || state_q == End;",
    ),
    Mutation(
        "reset-without-init",
        "reset",
        "snnc_control.sv",
        "state_q <= enable_i ? Init : Accumulate;",
        "state_q <= Accumulate;",
    ),
    Mutation(
        "reset-sends-credits",
        "reset",
        "snnc_control.sv",
        "state_d == Accumulate && !starting_q;",
        "state_d == Accumulate;",
    ),
    Mutation(
        "reset-keeps-currents",
        "reset-cuba",
        "snnc_datapath.sv",
        "assign write_sum = !sweep_write_i || (!sweep_i && !cuba);",
        "assign write_sum = !sweep_write_i || !sweep_i;",
    ),
    Mutation(
        "core-no-idle-cycles",
        "core",
        "snnc_decode.sv",
        "gap = (row_words < 12'd4) ? 2'd0 - row_words[1:0] : 2'd0;",
        "gap = (row_words < 12'd4) ? 2'd1 : 2'd0;",
    ),
    Mutation(
        "core-value-too-early",
        "core",
        "snnc_accumulate.sv",
        "localparam logic [1:0] ValueLead = 2'd3;",
        "localparam logic [1:0] ValueLead = 2'd0;",
    ),
    Mutation(
        "core-last-end-not-held",
        "core",
        "snnc_emit.sv",
        "assign step = !offer || ready_i;",
        "assign step = !offer || ready_i || (state_q == End && last_step_q);",
    ),
    Mutation(
        "core-sweep-writes-early",
        "core-cuba",
        "snnc_sweep.sv",
        "assign write_o = sweep_i ? reads_q[SweepLatency-1]",
        "assign write_o = sweep_i ? reads_q[0]",
    ),
)
=======
>>>>>>> main
