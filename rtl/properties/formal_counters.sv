// SPDX-License-Identifier: Apache-2.0
// Properties of the step protocol in one core: snnc_steps and snnc_emit, wired as in snnc_core, between
// neighbours that keep to docs/microarchitecture.md, section 6, and are otherwise free: two sources, each of
// which sends one END per CREDIT, and two destinations, each of which returns one CREDIT per END. When events
// are done, how long a sweep takes and what the emitter finds to send are free too.
`default_nettype none

module formal_counters #(
  // 1: neighbours, or the host, send END and CREDIT whenever they like. Nobody is promised anything then, but
  // that counters stay within what is needed and every flit that nobody waits for is told.
  parameter int Surplus = 0
) (
  input wire logic clk_i
);
  localparam int Neighbours = 2;
  localparam int CountBits = snnc_pkg::CountBits;
  localparam int Bits = snnc_pkg::FlitBits;
  localparam int StateBits = 8;

  // The configuration: how many entries the tables have, which destinations get END and return CREDIT (the
  // host does not), which edges are recurrent (their token is given after a reset), and what is emitted.
  (* anyconst *) logic two_sources;
  (* anyconst *) logic two_destinations;
  (* anyconst *) logic [Neighbours-1:0] ended;
  (* anyconst *) logic [Neighbours-1:0] returning;
  (* anyconst *) logic [Neighbours-1:0] recurrent_source;
  (* anyconst *) logic [Neighbours-1:0] recurrent_destination;
  (* anyconst *) logic [1:0] emission;
  logic [Neighbours-1:0] sources;
  logic [Neighbours-1:0] receivers;

  assign sources = {two_sources, 1'b1};
  assign receivers = ended & returning & {two_destinations, 1'b1};

  function automatic logic [CountBits-1:0] ones(input logic [Neighbours-1:0] bits);
    ones = CountBits'(bits[0]) + CountBits'(bits[1]);
  endfunction

  (* anyseq *) logic reset;
  (* anyseq *) logic end_arrives;
  (* anyseq *) logic end_from;
  (* anyseq *) logic end_last;
  (* anyseq *) logic credit_arrives;
  (* anyseq *) logic credit_from;
  (* anyseq *) logic quiet;
  (* anyseq *) logic sweep_last_cycle;
  (* anyseq *) logic sweep_write;
  (* anyseq *) logic packet_ready;
  (* anyseq *) logic spike;
  (* anyseq *) logic [StateBits-1:0] value;
  (* anyseq *) logic [snnc_pkg::SegmentBits-1:0] segment;
  logic rst;
  // The first cycle of SWEEP is not its last.
  logic first_q;
  logic accumulating;
  logic sweeping;
  logic draining;
  logic initialising;
  logic [snnc_pkg::RegisterBits-1:0] registers;
  logic start_credit;
  logic start_emit;
  logic [snnc_pkg::StepBits-1:0] emit_step;
  logic emit_last_step;
  logic emitter_idle;
  logic emitter_waits;
  logic granted;
  logic destination_address;
  logic source_address;
  logic starting;
  logic surplus_end;
  logic surplus_credit;
  logic [CountBits-1:0] ends;
  logic [snnc_pkg::DestinationBits-1:0] destination;
  logic packet_valid;
  logic [Bits-1:0] packet;

  assign rst = reset || $initstate;
  always_ff @(posedge clk_i) first_q <= accumulating;

  always_comb begin
    registers = '0;
    registers[snnc_pkg::RegisterEmissionAt+:snnc_pkg::RegisterEmissionBits] = emission;
    registers[snnc_pkg::RegisterEndsNeededAt+:CountBits] = ones(sources);
    registers[snnc_pkg::RegisterCreditsNeededAt+:CountBits] = ones(receivers);
    registers[snnc_pkg::RegisterRecurrentSourcesAt+:CountBits] = ones(sources & recurrent_source);
    registers[snnc_pkg::RegisterRecurrentDestinationsAt+:CountBits] = ones(receivers & recurrent_destination);
  end

  snnc_steps u_steps (
    .clk_i,
    .rst_i(rst),
    .enable_i(1'b1),
    .registers_i(registers),
    .end_i(end_arrives),
    .credit_i(credit_arrives),
    .data_i({31'd0, end_last}),
    .quiet_i(quiet),
    .event_start_i(1'b0),
    .sweep_last_cycle_i(sweep_last_cycle && !first_q),
    .sweep_write_i(sweep_write),
    .emitter_idle_i(emitter_idle),
    .emitter_waits_i(emitter_waits),
    .events_pass_o(accumulating),
    .sweep_o(sweeping),
    .drain_o(draining),
    .init_o(initialising),
    .start_credit_o(start_credit),
    .start_emit_o(start_emit),
    .emit_step_o(emit_step),
    .emit_last_step_o(emit_last_step),
    .granted_o(granted)
  );

  (* hierconn *) wire \u_steps.starting ;
  (* hierconn *) wire \u_steps.surplus_end ;
  (* hierconn *) wire \u_steps.surplus_credit ;
  (* hierconn *) wire [CountBits-1:0] \u_steps.ends ;

  (* hierconn *) wire \u_steps.step_starts ;
  (* hierconn *) wire \u_steps.step_ends ;
  // The step that is accumulated is the last of its sample; one that ends in DRAIN is under way, so that CREDITs
  // are not given for it yet.
  logic last_q;
  logic closed_q;
  logic drains;

  assign drains = emission == 2'd2 || (emission == 2'd1 && last_q);
  always_ff @(posedge clk_i) begin
    if (\u_steps.step_starts ) closed_q <= drains;
    else if (\u_steps.step_ends ) closed_q <= 1'b0;
    if (\u_steps.step_starts ? !drains : \u_steps.step_ends && closed_q) last_q <= 1'b0;
    if (end_arrives && !surplus_end && end_last) last_q <= 1'b1;
    if (rst) begin
      closed_q <= 1'b0;
      last_q <= 1'b0;
    end
  end

  assign starting = \u_steps.starting ;
  assign surplus_end = \u_steps.surplus_end ;
  assign surplus_credit = \u_steps.surplus_credit ;
  assign ends = \u_steps.ends ;

  snnc_emit #(
    .Lanes(1),
    .StateBits(StateBits),
    .StateWords(2),
    .Destinations(Neighbours),
    .Sources(Neighbours)
  ) u_emit (
    .clk_i,
    .rst_i(rst),
    .words_i(2'd2),
    .neurons_i(2'd2),
    .flat_i(1'b1),
    .pixel_words_i(8'd2),
    .columns_i(8'd1),
    .values_last_i(emission == 2'd1),
    .values_every_i(emission == 2'd2),
    .destination_count_i({two_destinations, !two_destinations}),
    .source_count_i({two_sources, !two_sources}),
    .segment_count_i(3'd2),
    .start_credit_i(start_credit),
    .start_emit_i(start_emit),
    .step_i(emit_step),
    .last_step_i(emit_last_step),
    .idle_o(emitter_idle),
    .waits_o(emitter_waits),
    .granted_i(granted),
    .spikes_i(spike),
    .state_i(value),
    .segment_i(segment),
    .destination_address_o(destination_address),
    .destination_i(destination),
    .source_address_o(source_address),
    .source_i({12'd0, source_address}),
    .valid_o(packet_valid),
    .ready_i(packet_ready),
    .data_o(packet)
  );

  // The number of a neighbour is its x; destinations have every word sent to them.
  always_comb begin
    destination = '0;
    destination[snnc_pkg::DestinationLastWordAt+:snnc_pkg::DestinationLastWordBits] = '1;
    destination[snnc_pkg::DestinationXAt] = destination_address;
    destination[snnc_pkg::DestinationEndAt] = ended[destination_address];
    destination[snnc_pkg::DestinationRecurrentAt] = recurrent_destination[destination_address];
  end

  formal_stream #(.Width(Bits)) u_packets (
    .clk_i, .rst_i(rst), .valid_i(packet_valid), .ready_i(packet_ready), .data_i(packet)
  );

  // Neighbours: a source that may send an END, a destination that has one to answer.
  logic [Neighbours-1:0] may_end_q;
  logic [Neighbours-1:0] to_answer_q;
  logic credit_sent;
  logic end_sent;
  logic waiting_q;
  logic [StateBits-1:0] value_q;
  // A step had to start in the last cycle.
  logic starts_q;

  assign credit_sent = packet_valid && packet_ready && snnc_pkg::flit_type(packet) == snnc_pkg::FlitCredit;
  assign end_sent = packet_valid && packet_ready && snnc_pkg::flit_type(packet) == snnc_pkg::FlitEnd
      && receivers[packet[snnc_pkg::FlitXAt]];

  always_ff @(posedge clk_i) begin
    if (end_arrives) may_end_q[end_from] <= 1'b0;
    if (credit_sent) may_end_q[packet[snnc_pkg::FlitXAt]] <= 1'b1;
    if (credit_arrives) to_answer_q[credit_from] <= 1'b0;
    if (end_sent) to_answer_q[packet[snnc_pkg::FlitXAt]] <= 1'b1;
    waiting_q <= packet_valid && !packet_ready;
    value_q <= value;
    starts_q <= accumulating && ends == ones(sources) && quiet && emitter_idle && !rst;
    if (rst) begin
      may_end_q <= sources & ~recurrent_source;
      to_answer_q <= receivers & recurrent_destination;
    end
  end

  (* hierconn *) wire [CountBits-1:0] \u_steps.g_single.u_single.owed_q ;

  always @(posedge clk_i) begin
    assume (emission != 2'd3);
    if (rst) assume (!end_arrives && !credit_arrives);
    if (end_arrives && Surplus == 0) assume (may_end_q[end_from]);
    if (credit_arrives && Surplus == 0) assume (to_answer_q[credit_from]);
    // Events are taken in ACCUMULATE alone, and a step starts when there are none.
    if (!accumulating) assume (quiet);
    // A word of the state memory that is being sent is not written.
    if (!rst && waiting_q) assume (value == value_q);
    if (!rst && Surplus != 0) begin
      assert (ends <= ones(sources) && \u_steps.g_single.u_single.owed_q <= ones(receivers));
      if (end_arrives && (closed_q || ends == ones(sources))) assert (surplus_end);
      if (!end_arrives) assert (!surplus_end);
      // The step that follows ENDs enough is not put off by more of them.
      if (starts_q) assert (!accumulating);
    end
    if (!rst && Surplus == 0) begin
      assert (!surplus_end && !surplus_credit);
      // Nobody gets a second CREDIT before its END, nor a second END before its CREDIT.
      if (credit_sent) assert (sources[packet[snnc_pkg::FlitXAt]] && !may_end_q[packet[snnc_pkg::FlitXAt]]);
      if (end_sent) assert (!to_answer_q[packet[snnc_pkg::FlitXAt]]);
    end
  end

`ifdef INVARIANTS
  localparam logic [2:0] Idle = 3'd0;
  localparam logic [2:0] Credit = 3'd1;
  localparam logic [2:0] Wait = 3'd2;
  localparam logic [2:0] End = 3'd6;

  (* hierconn *) wire [CountBits-1:0] \u_steps.g_single.u_single.ends_q ;
  (* hierconn *) wire \u_steps.g_single.u_single.open_q ;
  (* hierconn *) wire \u_steps.g_single.u_single.ending_q ;
  (* hierconn *) wire \u_steps.g_single.u_single.last_step_q ;
  (* hierconn *) wire [2:0] \u_emit.state_q ;
  (* hierconn *) wire \u_emit.source_q ;
  (* hierconn *) wire \u_emit.destination_q ;
  logic [2:0] emitter;
  logic [Neighbours-1:0] ended_q;
  logic [Neighbours-1:0] owes_credit;
  logic [Neighbours-1:0] owes_end;

  (* hierconn *) wire \u_steps.g_single.u_single.ends_met_q ;
  (* hierconn *) wire \u_steps.g_single.u_single.enabled_q ;

  assign emitter = \u_emit.state_q ;

  // Sources whose END is counted; to whom the core is still going to send CREDIT, and END.
  always_ff @(posedge clk_i) begin
    if (\u_steps.step_starts ) ended_q <= '0;
    if (end_arrives) ended_q[end_from] <= 1'b1;
    if (rst) ended_q <= sources & recurrent_source;
  end
  always_comb begin
    owes_credit = '0;
    owes_end = '0;
    if (closed_q) owes_credit = sources;
    else if (emitter == Credit) owes_credit = sources & {1'b1, !\u_emit.source_q };
    if (emitter == End) owes_end = receivers & {1'b1, !\u_emit.destination_q };
    else if (emitter != Idle && emitter != Credit && emitter != Wait) owes_end = receivers;
  end

  // Every state but ACCUMULATE takes a cycle at least, in which the comparison catches up.
  logic entered_q;
  always_ff @(posedge clk_i) begin
    entered_q <= \u_steps.step_starts ;
    if (rst) entered_q <= 1'b0;
  end

  always @(posedge clk_i) begin
    if (!rst) begin
      assert (\u_steps.g_single.u_single.enabled_q );
      assert (!(starting && (sweeping || draining || accumulating)));
      assert (emitter != 3'd7);
      if (emitter == Credit) assert (!closed_q && !starting && (!\u_emit.source_q || two_sources));
      if (emitter == End) assert (!\u_emit.destination_q || two_destinations);
      if (starting || (closed_q && (sweeping || initialising))) assert (emitter == Idle);
      assert (\u_steps.g_single.u_single.open_q == !closed_q && \u_steps.g_single.u_single.last_step_q == last_q);
      if (closed_q) assert (!accumulating && !starting && (emission == 2'd2 || (emission == 2'd1 && last_q)));
      if (emission == 2'd1 && (sweeping || draining)) assert (\u_steps.g_single.u_single.ending_q == closed_q);
      if (draining || (initialising && !starting && emission != '0)) assert (closed_q);
      if (sweeping) assert (emission != 2'd2);
      assert (\u_steps.g_single.u_single.ends_met_q == (ends == ones(sources)) || entered_q);
      assert (!(entered_q && accumulating));
    end
    if (!rst && Surplus == 0) begin
      assert (\u_steps.g_single.u_single.ends_q == ones(ended_q) && (ended_q & ~sources) == '0);
      assert ((may_end_q ^ ended_q ^ owes_credit) == sources);
      assert ((may_end_q & ended_q) == '0 && (may_end_q & owes_credit) == '0);
      assert (\u_steps.g_single.u_single.owed_q == ones(to_answer_q) + ones(owes_end));
      assert ((to_answer_q & owes_end) == '0 && (to_answer_q & ~receivers) == '0);
    end
  end
`endif
endmodule

`default_nettype wire
