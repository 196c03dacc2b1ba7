"""Mutations of the design, each of which has to break a property: what is proved is worth what they show."""

from dataclasses import dataclass

from snnc.base.errors import SnncError


@dataclass(frozen=True)
class Mutation:
    """One change of the design that breaks a property."""

    name: str
    refutes: str
    """The property."""
    file: str
    before: str
    after: str

    def apply(self, text: str) -> str:
        """The mutated file. Raises SnncError unless `before` occurs exactly once."""
        found = text.count(self.before)
        if found != 1:
            raise SnncError(f"mutation {self.name}: its text occurs {found} times, not once", where=self.file)
        return text.replace(self.before, self.after)


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
        ".read_i(readable),",
        ".read_i(1'b1),",
    ),
    Mutation(
        "lane-narrow-weight",
        "lane",
        "snnc_lane.sv",
        "{{(ShiftedBits - WeightBits){weight_q[WeightBits-1]}}, weight_q}",
        "{{(ShiftedBits - WeightBits){1'b0}}, weight_q}",
    ),
    Mutation(
        "lane-clamp-off-by-one",
        "lane",
        "snnc_lane.sv",
        "sign ? lowest : ~sign_mask_i;",
        "sign ? lowest : ~sign_mask_i >> 1;",
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
        "assign leak = coarse_q >>> fine_q;",
        "assign leak = (coarse_q + StateBits'(1)) >>> fine_q;",
    ),
    Mutation(
        "lane-amount-of-the-next",
        "lane-amounts",
        "snnc_lane.sv",
        "always_ff @(posedge clk_i) amount_q <= reset_amounts_i ? reset_amount_i : threshold_i;",
        "assign amount_q = reset_amounts_i ? reset_amount_i : threshold_i;",
    ),
    Mutation(
        "lane-lower-clamp-unsigned",
        "lane-amounts",
        "snnc_lane.sv",
        "below_q <= $signed(settled) < $signed(lower_clamp_i);",
        "below_q <= settled < lower_clamp_i;",
    ),
    Mutation(
        "lane-fraction-cut",
        "lane-amounts",
        "snnc_lane.sv",
        "factor_i[$clog2(8+FractionBits)-1:0]",
        "factor_i[2:0]",
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
