// SPDX-License-Identifier: Apache-2.0
// Simulation harness around snnc_top, driven by files so that simulation runs at full speed.
//
// Plusargs: +stimulus=FILE with one flit (hexadecimal) per line; +output=FILE for one line
// `run cycle flit` per packet that leaves; +trace=FILE for the sweep trace (under SNNC_TRACE);
// +config_flits=K: the first K flits configure, then reset follows and run 0 begins;
// +ends=N: done when N END flits have left and the mesh is at rest; +timeout=CYCLES; +stall=P (per mille
// of cycles without input or output), +stall_seed=S. At the end result.txt gets `cycles timed_out wrong`,
// wrong being 1 where an error bit was set or a run ended elsewhere than between two samples.
// A word of type 7 in the stimulus ends a run: once as many END flits as its data says have left
// in this run and the mesh is at rest, reset follows and the next run begins. Cycle 0 of a run is that of
// its first flit.
`default_nettype none

module snnc_harness #(
  // Parameters of snnc_top.
  parameter int MeshWidth = 2,
  parameter int MeshHeight = 2,
  parameter int Lanes = 8,
  parameter int WeightBits = 4,
  parameter int StateBits = 16,
  parameter int WeightWords = 256,
  parameter int StateWords = 16,
  parameter int ParameterWords = 16,
  parameter int AxonRows = 16,
  parameter int AxonColumns = 16,
  parameter int BitmapSlots = 1,
  parameter int Cuba = 0,
  parameter int DecayMultiplier = 0,
  parameter int ResetAmount = 0,
  parameter int ChannelLeak = 0,
  parameter int LowerClamp = 0,
  parameter int FractionBits = 0,
  parameter int PayloadBits = 8,
  parameter int Destinations = 8,
  parameter int Sources = 8,
  parameter int EventFifoDepth = 16,
  parameter int RouterFifoDepth = 4,
  parameter int Contexts = 1,
  parameter int Loadable = 8191,
  parameter int SinglePortWeights = 0,
  parameter InitPrefix = ""
) (
  input  wire logic        clk_i,
  // The run is over, successfully or by timeout; all files are closed.
  output      logic        done_o,
  output      logic        timed_out_o,
  // Clock cycles so far, configuration and resets included.
  output      logic [31:0] cycles_o
);
  localparam int Bits = snnc_pkg::FlitBits;
  localparam int ResetCycles = 4;
  // The mesh tells what held two cycles ago; so many cycles at rest speak of what was sent last, too.
  localparam int RestCycles = 4;

  localparam logic [2:0] Reset = 3'd0;
  localparam logic [2:0] Configure = 3'd1;
  localparam logic [2:0] Settle = 3'd2;
  localparam logic [2:0] Run = 3'd3;
  localparam logic [2:0] Finished = 3'd4;

  int stimulus_file;
  int output_file;
  int trace_file;
  int result_file;
  int config_flits;
  int ends;
  int timeout;
  int stall_per_mille;
  int seed;
  reg [8*1024-1:0] name;

  logic [2:0] state_q;
  logic rst_q;
  logic [31:0] wait_q;
  logic [31:0] sent_q;
  logic [31:0] run_q;
  logic [31:0] cycle_q;
  logic started_q;
  logic [31:0] run_ends_q;
  logic [31:0] ends_q;
  logic [31:0] random_q;

  logic have_q;
  logic [Bits-1:0] head_q;
  logic offered_q;
  logic idle_q;
  logic pause_q;

  logic s_valid;
  logic s_ready;
  logic m_valid;
  logic m_ready;
  logic [Bits-1:0] m_data;
  logic is_marker;
  logic sent;
  logic started;
  // What happens belongs to a run: see snnc_count.
  logic counting;
  logic left;
  logic rest;
  logic home;
  logic error;
  logic rested;
  logic finished;
  logic wrong_q;
  logic [31:0] run_ends;
  logic [31:0] all_ends;

  // Next word of the stimulus, with a leading 1; 0 when there is none.
  function automatic logic [Bits:0] read_flit();
    logic [Bits-1:0] flit;
    int count;
    flit = '0;
    count = $fscanf(stimulus_file, "%h", flit);
    return (count == 1) ? {1'b1, flit} : '0;
  endfunction

  initial begin
    state_q = Reset;
    rst_q = 1'b1;
    done_o = 1'b0;
    timed_out_o = 1'b0;
    cycles_o = '0;
    wait_q = '0;
    sent_q = '0;
    run_q = '0;
    cycle_q = '0;
    started_q = 1'b0;
    run_ends_q = '0;
    ends_q = '0;
    offered_q = 1'b0;
    idle_q = 1'b0;
    pause_q = 1'b0;
    wrong_q = 1'b0;
    trace_file = 0;
    if (!$value$plusargs("config_flits=%d", config_flits)) config_flits = 0;
    if (!$value$plusargs("ends=%d", ends)) ends = 1;
    if (!$value$plusargs("timeout=%d", timeout)) timeout = 1000000;
    if (!$value$plusargs("stall=%d", stall_per_mille)) stall_per_mille = 0;
    if (!$value$plusargs("stall_seed=%d", seed)) seed = 0;
    random_q = 32'h2545_f491 ^ (32'h9e37_79b9 * (seed + 1));
    if (random_q == '0) random_q = 32'd1;
    if (!$value$plusargs("stimulus=%s", name)) $fatal(1, "+stimulus=FILE is missing");
    stimulus_file = $fopen(name, "r");
    if (stimulus_file == 0) $fatal(1, "cannot open the stimulus file");
    if (!$value$plusargs("output=%s", name)) $fatal(1, "+output=FILE is missing");
    output_file = $fopen(name, "w");
    if (output_file == 0) $fatal(1, "cannot open the output file");
`ifdef SNNC_TRACE
    if ($value$plusargs("trace=%s", name)) begin
      trace_file = $fopen(name, "w");
      if (trace_file == 0) $fatal(1, "cannot open the trace file");
    end
`endif
`ifdef SNNC_WAVES
    if ($value$plusargs("waves=%s", name)) begin
      $dumpfile(name);
      $dumpvars(0, snnc_harness);
    end
`endif
    {have_q, head_q} = read_flit();
  end

  assign is_marker = snnc_pkg::flit_type(head_q) == snnc_pkg::FlitRestart;
  assign s_valid = have_q && !is_marker && (offered_q || !idle_q)
      && (state_q == Run || (state_q == Configure && sent_q < config_flits));
  assign m_ready = !pause_q;
  assign sent = s_valid && s_ready && !rst_q;
  assign started = started_q || (sent && state_q == Run);
  assign counting = started && !rst_q;
  assign left = m_valid && m_ready && !rst_q;
  assign run_ends = run_ends_q + 32'(left && snnc_pkg::flit_type(m_data) == snnc_pkg::FlitEnd);
  assign all_ends = ends_q + 32'(left && snnc_pkg::flit_type(m_data) == snnc_pkg::FlitEnd);

  assign rested = rest && wait_q == RestCycles;
  assign finished = state_q == Run && all_ends >= ends && rested;

  always @(posedge clk_i) begin
    random_q <= {random_q[30:0], random_q[31] ^ random_q[21] ^ random_q[1] ^ random_q[0]};
    idle_q <= 32'(random_q[15:0] % 16'd1000) < stall_per_mille;
    pause_q <= 32'(random_q[31:16] % 16'd1000) < stall_per_mille;
    offered_q <= s_valid && !s_ready;
    if (sent) begin
      sent_q <= sent_q + 1;
      {have_q, head_q} <= read_flit();
    end
    if (left) $fwrite(output_file, "%0d %0d %h\n", run_q, cycle_q, m_data);
    run_ends_q <= run_ends;
    ends_q <= all_ends;
    started_q <= started;
    if (started) cycle_q <= cycle_q + 1;

    case (state_q)
      Reset: begin
        wait_q <= wait_q + 1;
        if (wait_q == ResetCycles) begin
          rst_q <= 1'b0;
          wait_q <= '0;
          cycle_q <= '0;
          started_q <= 1'b0;
          run_ends_q <= '0;
          state_q <= (sent_q < config_flits) ? Configure : Run;
        end
      end
      Configure: begin
        if (sent_q == config_flits) state_q <= Settle;
      end
      Settle: begin
        // The configuration flits reach their cores, even through stalling FIFOs.
        wait_q <= wait_q + 1;
        if (wait_q == 256 + 16 * stall_per_mille) begin
          rst_q <= 1'b1;
          wait_q <= '0;
          state_q <= Reset;
        end
      end
      Run: begin
        // The last END leaves before the last core is done: reset must not cut its trace short.
        wait_q <= (rest && !s_valid) ? ((wait_q == RestCycles) ? wait_q : wait_q + 1) : '0;
        if (error || (rested && run_ends >= ((have_q && is_marker) ? snnc_pkg::flit_data(head_q) : ends) && !home)) begin
          wrong_q <= 1'b1;
        end
        if (have_q && is_marker && run_ends_q >= snnc_pkg::flit_data(head_q) && rested) begin
          rst_q <= 1'b1;
          run_q <= run_q + 1;
          wait_q <= '0;
          {have_q, head_q} <= read_flit();
          state_q <= Reset;
        end
      end
      default: ;
    endcase

    if (!done_o) begin
      cycles_o <= cycles_o + 1;
      if (finished || cycles_o >= timeout) begin
        done_o <= 1'b1;
        timed_out_o <= !finished;
        state_q <= Finished;
        rst_q <= 1'b1;
        $fclose(stimulus_file);
        $fclose(output_file);
        if (trace_file != 0) $fclose(trace_file);
        result_file = $fopen("result.txt", "w");
        $fwrite(result_file, "%0d %0d %0d\n", cycles_o, !finished, wrong_q || (finished && !home));
        $fclose(result_file);
      end
    end
  end

  snnc_top #(
    .MeshWidth(MeshWidth),
    .MeshHeight(MeshHeight),
    .Lanes(Lanes),
    .WeightBits(WeightBits),
    .StateBits(StateBits),
    .WeightWords(WeightWords),
    .StateWords(StateWords),
    .ParameterWords(ParameterWords),
    .AxonRows(AxonRows),
    .AxonColumns(AxonColumns),
    .BitmapSlots(BitmapSlots),
    .Cuba(Cuba),
    .DecayMultiplier(DecayMultiplier),
    .ResetAmount(ResetAmount),
    .ChannelLeak(ChannelLeak),
    .LowerClamp(LowerClamp),
    .FractionBits(FractionBits),
    .PayloadBits(PayloadBits),
    .Destinations(Destinations),
    .Sources(Sources),
    .EventFifoDepth(EventFifoDepth),
    .RouterFifoDepth(RouterFifoDepth),
    .Contexts(Contexts),
    .Loadable(Loadable),
    .SinglePortWeights(SinglePortWeights),
    .InitPrefix(InitPrefix)
  ) u_top (
    .clk_i,
    .rst_i(rst_q),
`ifdef SNNC_TRACE
    .trace_run_i(run_q),
    .trace_cycle_i(cycle_q),
    .trace_file_i(rst_q ? 32'd0 : trace_file),
`endif
    .s_axis_tvalid(s_valid && !rst_q),
    .s_axis_tready(s_ready),
    .s_axis_tdata(head_q),
    .m_axis_tvalid(m_valid),
    .m_axis_tready(m_ready),
    .m_axis_tdata(m_data),
    .ready_o(),
    .rest_o(rest),
    .home_o(home),
    .error_o(error),
    .actions_o(),
    .status_select_i('0),
    .status_o()
  );
endmodule

`default_nettype wire
