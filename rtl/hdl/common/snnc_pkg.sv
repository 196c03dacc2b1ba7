// SPDX-License-Identifier: Apache-2.0
// The contract of compiler/isa/contract.py: `python -m snnc.rtl.contract` writes this file, nobody else.
`default_nettype none

// No module uses all of it. Icarus casts no call of a function, but {} of one: 8'({flit_data(flit)}).
// verilator lint_off UNUSEDPARAM
// verilator lint_off UNUSEDSIGNAL
package snnc_pkg;
  // Router ports.
  localparam int North = 0;
  localparam int East = 1;
  localparam int South = 2;
  localparam int West = 3;
  localparam int Local = 4;
  localparam int Ports = 5;

  // Counts and places; `docs/microarchitecture.md` says of what.
  localparam int CountBits = 10;
  localparam int StepBits = 5;
  localparam int DecayShift = 12;
  localparam int DecayBits = 13;
  localparam int Registers = 15;
  localparam int ChunkBits = 32;
  localparam int Memories = 13;
  localparam int RegisterAddressBits = 6;
  localparam int SegmentRegister = 16;
  localparam int BankRegister = 32;
  localparam int BankStride = 8;
  localparam int Banks = 4;
  localparam int Segments = 4;
  localparam int CoordinateBits = 24;
  localparam int LinkVersion = 3;
  localparam int RunPackets = 32;
  localparam int ActionKinds = 5;

  // The `type` field. RESTART exists only in the test harness's stimulus: wait, then reset.
  localparam logic [2:0] FlitSpike = 3'd0;
  localparam logic [2:0] FlitValue = 3'd1;
  localparam logic [2:0] FlitEnd = 3'd2;
  localparam logic [2:0] FlitCredit = 3'd3;
  localparam logic [2:0] FlitConfigAddress = 3'd4;
  localparam logic [2:0] FlitConfigData = 3'd5;
  localparam logic [2:0] FlitSync = 3'd6;
  localparam logic [2:0] FlitRestart = 3'd7;

  // Memories of a core, with the number that CONFIG_ADDRESS selects them by.
  localparam logic [3:0] MemoryRegisters = 4'd0;
  localparam logic [3:0] MemoryWeights = 4'd1;
  localparam logic [3:0] MemoryState = 4'd2;
  localparam logic [3:0] MemoryThresholds = 4'd3;
  localparam logic [3:0] MemoryBias = 4'd4;
  localparam logic [3:0] MemoryDestinations = 4'd5;
  localparam logic [3:0] MemorySources = 4'd6;
  localparam logic [3:0] MemoryMembrane = 4'd7;
  localparam logic [3:0] MemoryAxonRows = 4'd8;
  localparam logic [3:0] MemoryAxonColumns = 4'd9;
  localparam logic [3:0] MemoryResetAmounts = 4'd10;
  localparam logic [3:0] MemoryDecays = 4'd11;
  localparam logic [3:0] MemoryCurrentDecays = 4'd12;

  // What a neuron that fires becomes: less by its reset amount, the reset value, or it never fires.
  localparam logic [1:0] ResetSoft = 2'd0;
  localparam logic [1:0] ResetHard = 2'd1;
  localparam logic [1:0] ResetNone = 2'd2;

  // What a core sends: spikes of every step, the final membranes, or partial sums of every step.
  localparam logic [1:0] EmitSpikes = 2'd0;
  localparam logic [1:0] EmitValuesLast = 2'd1;
  localparam logic [1:0] EmitValuesEvery = 2'd2;

  // What a frame of the host asks for.
  localparam logic [2:0] FrameFlits = 3'd0;
  localparam logic [2:0] FrameHello = 3'd1;
  localparam logic [2:0] FrameControl = 3'd2;
  localparam logic [2:0] FrameRead = 3'd3;
  localparam logic [2:0] FrameStatus = 3'd4;

  // What became of a frame.
  localparam logic [2:0] VerdictAccepted = 3'd0;
  localparam logic [2:0] VerdictDamaged = 3'd1;
  localparam logic [2:0] VerdictMalformed = 3'd2;
  localparam logic [2:0] VerdictSequence = 3'd3;
  localparam logic [2:0] VerdictOverrun = 3'd4;

  // The peripheral: byte addresses of its registers, and what two of them say.
  localparam int PeripheralAddressBits = 8;
  localparam logic [7:0] PeripheralMagic = 8'h00;
  localparam logic [7:0] PeripheralVersion = 8'h04;
  localparam logic [7:0] PeripheralIdentity = 8'h08;
  localparam logic [7:0] PeripheralGeometry = 8'h0c;
  localparam logic [7:0] PeripheralControl = 8'h10;
  localparam logic [7:0] PeripheralState = 8'h14;
  localparam logic [7:0] PeripheralPending = 8'h18;
  localparam logic [7:0] PeripheralEnable = 8'h1c;
  localparam logic [7:0] PeripheralSenders = 8'h20;
  localparam logic [7:0] PeripheralSelect = 8'h24;
  localparam logic [7:0] PeripheralStatus = 8'h28;
  localparam logic [7:0] PeripheralInputLow = 8'h2c;
  localparam logic [7:0] PeripheralInputHigh = 8'h30;
  localparam logic [7:0] PeripheralSpace = 8'h34;
  localparam logic [7:0] PeripheralCount = 8'h38;
  localparam logic [7:0] PeripheralOutputLow = 8'h3c;
  localparam logic [7:0] PeripheralOutputHigh = 8'h40;
  localparam logic [7:0] PeripheralSamples = 8'h44;
  localparam logic [7:0] PeripheralFinished = 8'h48;
  localparam logic [7:0] PeripheralFlits = 8'h4c;
  localparam logic [7:0] PeripheralPackets = 8'h50;
  localparam logic [7:0] PeripheralBusy = 8'h54;
  localparam logic [7:0] PeripheralBlocked = 8'h58;
  localparam logic [7:0] PeripheralEntered = 8'h5c;
  localparam logic [7:0] PeripheralLeft = 8'h60;
  localparam logic [7:0] PeripheralWeightReads = 8'h64;
  localparam logic [7:0] PeripheralSweptWords = 8'h68;
  localparam logic [7:0] PeripheralSpikes = 8'h6c;
  localparam logic [7:0] PeripheralArrivals = 8'h70;
  localparam logic [7:0] PeripheralHops = 8'h74;
  localparam logic [31:0] PeripheralMagicValue = 32'h736e6e63;
  localparam logic [7:0] PeripheralVersionNumber = 8'd2;

  // Address.
  localparam int AddressBits = 13;
  localparam int AddressXAt = 0;
  localparam int AddressXBits = 6;
  localparam int AddressYAt = 6;
  localparam int AddressYBits = 6;
  localparam int AddressHostAt = 12;
  localparam int AddressHostBits = 1;

  // x: column of the mesh.
  function automatic logic [AddressXBits-1:0] address_x(input logic [AddressBits-1:0] word);
    address_x = word[AddressXAt+:AddressXBits];
  endfunction

  // y: row of the mesh.
  function automatic logic [AddressYBits-1:0] address_y(input logic [AddressBits-1:0] word);
    address_y = word[AddressYAt+:AddressYBits];
  endfunction

  // host: the host port, whatever x and y say.
  function automatic logic address_host(input logic [AddressBits-1:0] word);
    address_host = word[AddressHostAt+:AddressHostBits];
  endfunction

  // Flit.
  localparam int FlitBits = 48;
  localparam int FlitAddressAt = 0;
  localparam int FlitAddressBits = 13;
  localparam int FlitTypeAt = 13;
  localparam int FlitTypeBits = 3;
  localparam int FlitDataAt = 16;
  localparam int FlitDataBits = 32;
  localparam int FlitXAt = 0;
  localparam int FlitXBits = 6;
  localparam int FlitYAt = 6;
  localparam int FlitYBits = 6;
  localparam int FlitHostAt = 12;
  localparam int FlitHostBits = 1;

  // address: receiver.
  function automatic logic [FlitAddressBits-1:0] flit_address(input logic [FlitBits-1:0] word);
    flit_address = word[FlitAddressAt+:FlitAddressBits];
  endfunction

  // type: one of the types below.
  function automatic logic [FlitTypeBits-1:0] flit_type(input logic [FlitBits-1:0] word);
    flit_type = word[FlitTypeAt+:FlitTypeBits];
  endfunction

  // data: what the type says.
  function automatic logic [FlitDataBits-1:0] flit_data(input logic [FlitBits-1:0] word);
    flit_data = word[FlitDataAt+:FlitDataBits];
  endfunction

  // x: column of the mesh.
  function automatic logic [FlitXBits-1:0] flit_x(input logic [FlitBits-1:0] word);
    flit_x = word[FlitXAt+:FlitXBits];
  endfunction

  // y: row of the mesh.
  function automatic logic [FlitYBits-1:0] flit_y(input logic [FlitBits-1:0] word);
    flit_y = word[FlitYAt+:FlitYBits];
  endfunction

  // host: the host port, whatever x and y say.
  function automatic logic flit_host(input logic [FlitBits-1:0] word);
    flit_host = word[FlitHostAt+:FlitHostBits];
  endfunction

  // Destination.
  localparam int DestinationBits = 83;
  localparam int DestinationBaseAt = 0;
  localparam int DestinationBaseBits = 24;
  localparam int DestinationFirstWordAt = 32;
  localparam int DestinationFirstWordBits = 16;
  localparam int DestinationLastWordAt = 48;
  localparam int DestinationLastWordBits = 16;
  localparam int DestinationAddressAt = 64;
  localparam int DestinationAddressBits = 13;
  localparam int DestinationEndAt = 77;
  localparam int DestinationEndBits = 1;
  localparam int DestinationRecurrentAt = 78;
  localparam int DestinationRecurrentBits = 1;
  localparam int DestinationContextAt = 79;
  localparam int DestinationContextBits = 4;
  localparam int DestinationXAt = 64;
  localparam int DestinationXBits = 6;
  localparam int DestinationYAt = 70;
  localparam int DestinationYBits = 6;
  localparam int DestinationHostAt = 76;
  localparam int DestinationHostBits = 1;

  // base: added to the coordinate or index of a neuron.
  function automatic logic [DestinationBaseBits-1:0] destination_base(input logic [DestinationBits-1:0] word);
    destination_base = word[DestinationBaseAt+:DestinationBaseBits];
  endfunction

  // first_word: first word that is sent here.
  function automatic logic [DestinationFirstWordBits-1:0] destination_first_word(input logic [DestinationBits-1:0] word);
    destination_first_word = word[DestinationFirstWordAt+:DestinationFirstWordBits];
  endfunction

  // last_word: word behind the last.
  function automatic logic [DestinationLastWordBits-1:0] destination_last_word(input logic [DestinationBits-1:0] word);
    destination_last_word = word[DestinationLastWordAt+:DestinationLastWordBits];
  endfunction

  // address: receiver.
  function automatic logic [DestinationAddressBits-1:0] destination_address(input logic [DestinationBits-1:0] word);
    destination_address = word[DestinationAddressAt+:DestinationAddressBits];
  endfunction

  // end: gets an END after every step.
  function automatic logic destination_end(input logic [DestinationBits-1:0] word);
    destination_end = word[DestinationEndAt+:DestinationEndBits];
  endfunction

  // recurrent: on a recurrent edge.
  function automatic logic destination_recurrent(input logic [DestinationBits-1:0] word);
    destination_recurrent = word[DestinationRecurrentAt+:DestinationRecurrentBits];
  endfunction

  // context: of the receiver; to the host: of the sender.
  function automatic logic [DestinationContextBits-1:0] destination_context(input logic [DestinationBits-1:0] word);
    destination_context = word[DestinationContextAt+:DestinationContextBits];
  endfunction

  // x: column of the mesh.
  function automatic logic [DestinationXBits-1:0] destination_x(input logic [DestinationBits-1:0] word);
    destination_x = word[DestinationXAt+:DestinationXBits];
  endfunction

  // y: row of the mesh.
  function automatic logic [DestinationYBits-1:0] destination_y(input logic [DestinationBits-1:0] word);
    destination_y = word[DestinationYAt+:DestinationYBits];
  endfunction

  // host: the host port, whatever x and y say.
  function automatic logic destination_host(input logic [DestinationBits-1:0] word);
    destination_host = word[DestinationHostAt+:DestinationHostBits];
  endfunction

  // Source.
  localparam int SourceBits = 17;
  localparam int SourceAddressAt = 0;
  localparam int SourceAddressBits = 13;
  localparam int SourceContextAt = 13;
  localparam int SourceContextBits = 4;
  localparam int SourceXAt = 0;
  localparam int SourceXBits = 6;
  localparam int SourceYAt = 6;
  localparam int SourceYBits = 6;
  localparam int SourceHostAt = 12;
  localparam int SourceHostBits = 1;

  // address: whom a CREDIT goes to.
  function automatic logic [SourceAddressBits-1:0] source_address(input logic [SourceBits-1:0] word);
    source_address = word[SourceAddressAt+:SourceAddressBits];
  endfunction

  // context: of the receiver.
  function automatic logic [SourceContextBits-1:0] source_context(input logic [SourceBits-1:0] word);
    source_context = word[SourceContextAt+:SourceContextBits];
  endfunction

  // x: column of the mesh.
  function automatic logic [SourceXBits-1:0] source_x(input logic [SourceBits-1:0] word);
    source_x = word[SourceXAt+:SourceXBits];
  endfunction

  // y: row of the mesh.
  function automatic logic [SourceYBits-1:0] source_y(input logic [SourceBits-1:0] word);
    source_y = word[SourceYAt+:SourceYBits];
  endfunction

  // host: the host port, whatever x and y say.
  function automatic logic source_host(input logic [SourceBits-1:0] word);
    source_host = word[SourceHostAt+:SourceHostBits];
  endfunction

  // Axon row.
  localparam int AxonRowBits = 42;
  localparam int AxonRowWeightsAt = 0;
  localparam int AxonRowWeightsBits = 16;
  localparam int AxonRowStateAt = 16;
  localparam int AxonRowStateBits = 16;
  localparam int AxonRowCountAt = 32;
  localparam int AxonRowCountBits = 4;
  localparam int AxonRowBankAt = 36;
  localparam int AxonRowBankBits = 2;
  localparam int AxonRowContextAt = 38;
  localparam int AxonRowContextBits = 4;

  // weights: weight word.
  function automatic logic [AxonRowWeightsBits-1:0] axon_row_weights(input logic [AxonRowBits-1:0] word);
    axon_row_weights = word[AxonRowWeightsAt+:AxonRowWeightsBits];
  endfunction

  // state: state word, modulo 2^16.
  function automatic logic [AxonRowStateBits-1:0] axon_row_state(input logic [AxonRowBits-1:0] word);
    axon_row_state = word[AxonRowStateAt+:AxonRowStateBits];
  endfunction

  // count: positions.
  function automatic logic [AxonRowCountBits-1:0] axon_row_count(input logic [AxonRowBits-1:0] word);
    axon_row_count = word[AxonRowCountAt+:AxonRowCountBits];
  endfunction

  // bank: number of the bank in its context.
  function automatic logic [AxonRowBankBits-1:0] axon_row_bank(input logic [AxonRowBits-1:0] word);
    axon_row_bank = word[AxonRowBankAt+:AxonRowBankBits];
  endfunction

  // context: whose bank.
  function automatic logic [AxonRowContextBits-1:0] axon_row_context(input logic [AxonRowBits-1:0] word);
    axon_row_context = word[AxonRowContextAt+:AxonRowContextBits];
  endfunction

  // Axon column.
  localparam int AxonColumnBits = 36;
  localparam int AxonColumnWeightsAt = 0;
  localparam int AxonColumnWeightsBits = 16;
  localparam int AxonColumnStateAt = 16;
  localparam int AxonColumnStateBits = 16;
  localparam int AxonColumnCountAt = 32;
  localparam int AxonColumnCountBits = 4;

  // weights: weight word.
  function automatic logic [AxonColumnWeightsBits-1:0] axon_column_weights(input logic [AxonColumnBits-1:0] word);
    axon_column_weights = word[AxonColumnWeightsAt+:AxonColumnWeightsBits];
  endfunction

  // state: state word, modulo 2^16.
  function automatic logic [AxonColumnStateBits-1:0] axon_column_state(input logic [AxonColumnBits-1:0] word);
    axon_column_state = word[AxonColumnStateAt+:AxonColumnStateBits];
  endfunction

  // count: positions.
  function automatic logic [AxonColumnCountBits-1:0] axon_column_count(input logic [AxonColumnBits-1:0] word);
    axon_column_count = word[AxonColumnCountAt+:AxonColumnCountBits];
  endfunction

  // Register.
  localparam int RegisterBits = 480;
  localparam int RegisterWordsAt = 0;
  localparam int RegisterWordsBits = 32;
  localparam int RegisterNeuronsAt = 32;
  localparam int RegisterNeuronsBits = 32;
  localparam int RegisterEnableAt = 64;
  localparam int RegisterEnableBits = 1;
  localparam int RegisterResetAt = 65;
  localparam int RegisterResetBits = 2;
  localparam int RegisterEmissionAt = 67;
  localparam int RegisterEmissionBits = 2;
  localparam int RegisterCubaAt = 69;
  localparam int RegisterCubaBits = 1;
  localparam int RegisterFlatAt = 70;
  localparam int RegisterFlatBits = 1;
  localparam int RegisterResetAmountsAt = 71;
  localparam int RegisterResetAmountsBits = 1;
  localparam int RegisterChannelDecaysAt = 72;
  localparam int RegisterChannelDecaysBits = 1;
  localparam int RegisterClearsAt = 73;
  localparam int RegisterClearsBits = 1;
  localparam int RegisterStateBitsAt = 96;
  localparam int RegisterStateBitsBits = 6;
  localparam int RegisterResetValueAt = 128;
  localparam int RegisterResetValueBits = 32;
  localparam int RegisterEndsNeededAt = 160;
  localparam int RegisterEndsNeededBits = 16;
  localparam int RegisterCreditsNeededAt = 192;
  localparam int RegisterCreditsNeededBits = 16;
  localparam int RegisterDestinationsAt = 224;
  localparam int RegisterDestinationsBits = 9;
  localparam int RegisterFirstDestinationAt = 240;
  localparam int RegisterFirstDestinationBits = 8;
  localparam int RegisterSourcesAt = 256;
  localparam int RegisterSourcesBits = 9;
  localparam int RegisterFirstSourceAt = 272;
  localparam int RegisterFirstSourceBits = 8;
  localparam int RegisterRecurrentSourcesAt = 288;
  localparam int RegisterRecurrentSourcesBits = 16;
  localparam int RegisterRecurrentDestinationsAt = 304;
  localparam int RegisterRecurrentDestinationsBits = 16;
  localparam int RegisterDecayAt = 320;
  localparam int RegisterDecayBits = 13;
  localparam int RegisterCurrentDecayAt = 336;
  localparam int RegisterCurrentDecayBits = 13;
  localparam int RegisterPixelWordsAt = 352;
  localparam int RegisterPixelWordsBits = 12;
  localparam int RegisterColumnsAt = 368;
  localparam int RegisterColumnsBits = 12;
  localparam int RegisterSegmentsAt = 384;
  localparam int RegisterSegmentsBits = 3;
  localparam int RegisterLowerClampAt = 416;
  localparam int RegisterLowerClampBits = 32;
  localparam int RegisterStateWordAt = 448;
  localparam int RegisterStateWordBits = 16;
  localparam int RegisterParameterWordAt = 464;
  localparam int RegisterParameterWordBits = 12;

  // words: words of the tile.
  function automatic logic [RegisterWordsBits-1:0] register_words(input logic [RegisterBits-1:0] word);
    register_words = word[RegisterWordsAt+:RegisterWordsBits];
  endfunction

  // neurons: VALUES_LAST: lanes to send.
  function automatic logic [RegisterNeuronsBits-1:0] register_neurons(input logic [RegisterBits-1:0] word);
    register_neurons = word[RegisterNeuronsAt+:RegisterNeuronsBits];
  endfunction

  // enable: takes part.
  function automatic logic register_enable(input logic [RegisterBits-1:0] word);
    register_enable = word[RegisterEnableAt+:RegisterEnableBits];
  endfunction

  // reset: 0 soft, 1 hard, 2 none.
  function automatic logic [RegisterResetBits-1:0] register_reset(input logic [RegisterBits-1:0] word);
    register_reset = word[RegisterResetAt+:RegisterResetBits];
  endfunction

  // emission: 0 SPIKES, 1 VALUES_LAST, 2 VALUES_EVERY.
  function automatic logic [RegisterEmissionBits-1:0] register_emission(input logic [RegisterBits-1:0] word);
    register_emission = word[RegisterEmissionAt+:RegisterEmissionBits];
  endfunction

  // cuba: has a synaptic current.
  function automatic logic register_cuba(input logic [RegisterBits-1:0] word);
    register_cuba = word[RegisterCubaAt+:RegisterCubaBits];
  endfunction

  // flat: coordinates are neuron numbers.
  function automatic logic register_flat(input logic [RegisterBits-1:0] word);
    register_flat = word[RegisterFlatAt+:RegisterFlatBits];
  endfunction

  // reset_amounts: soft resets take a memory's amounts, not thresholds.
  function automatic logic register_reset_amounts(input logic [RegisterBits-1:0] word);
    register_reset_amounts = word[RegisterResetAmountsAt+:RegisterResetAmountsBits];
  endfunction

  // channel_decays: decays of a memory, not of register 10.
  function automatic logic register_channel_decays(input logic [RegisterBits-1:0] word);
    register_channel_decays = word[RegisterChannelDecaysAt+:RegisterChannelDecaysBits];
  endfunction

  // clears: SPIKES, and v(0) is 0: the last sweep of a sample writes it.
  function automatic logic register_clears(input logic [RegisterBits-1:0] word);
    register_clears = word[RegisterClearsAt+:RegisterClearsBits];
  endfunction

  // state_bits: of the clamp.
  function automatic logic [RegisterStateBitsBits-1:0] register_state_bits(input logic [RegisterBits-1:0] word);
    register_state_bits = word[RegisterStateBitsAt+:RegisterStateBitsBits];
  endfunction

  // reset_value: two's complement of StateBits.
  function automatic logic [RegisterResetValueBits-1:0] register_reset_value(input logic [RegisterBits-1:0] word);
    register_reset_value = word[RegisterResetValueAt+:RegisterResetValueBits];
  endfunction

  // ends_needed: ENDs of a step.
  function automatic logic [RegisterEndsNeededBits-1:0] register_ends_needed(input logic [RegisterBits-1:0] word);
    register_ends_needed = word[RegisterEndsNeededAt+:RegisterEndsNeededBits];
  endfunction

  // credits_needed: CREDITs of a step.
  function automatic logic [RegisterCreditsNeededBits-1:0] register_credits_needed(input logic [RegisterBits-1:0] word);
    register_credits_needed = word[RegisterCreditsNeededAt+:RegisterCreditsNeededBits];
  endfunction

  // destinations: destination entries.
  function automatic logic [RegisterDestinationsBits-1:0] register_destinations(input logic [RegisterBits-1:0] word);
    register_destinations = word[RegisterDestinationsAt+:RegisterDestinationsBits];
  endfunction

  // first_destination: of them.
  function automatic logic [RegisterFirstDestinationBits-1:0] register_first_destination(input logic [RegisterBits-1:0] word);
    register_first_destination = word[RegisterFirstDestinationAt+:RegisterFirstDestinationBits];
  endfunction

  // sources: source entries.
  function automatic logic [RegisterSourcesBits-1:0] register_sources(input logic [RegisterBits-1:0] word);
    register_sources = word[RegisterSourcesAt+:RegisterSourcesBits];
  endfunction

  // first_source: of them.
  function automatic logic [RegisterFirstSourceBits-1:0] register_first_source(input logic [RegisterBits-1:0] word);
    register_first_source = word[RegisterFirstSourceAt+:RegisterFirstSourceBits];
  endfunction

  // recurrent_sources: `ends` after reset.
  function automatic logic [RegisterRecurrentSourcesBits-1:0] register_recurrent_sources(input logic [RegisterBits-1:0] word);
    register_recurrent_sources = word[RegisterRecurrentSourcesAt+:RegisterRecurrentSourcesBits];
  endfunction

  // recurrent_destinations: `owed` after reset.
  function automatic logic [RegisterRecurrentDestinationsBits-1:0] register_recurrent_destinations(input logic [RegisterBits-1:0] word);
    register_recurrent_destinations = word[RegisterRecurrentDestinationsAt+:RegisterRecurrentDestinationsBits];
  endfunction

  // decay: of membranes.
  function automatic logic [RegisterDecayBits-1:0] register_decay(input logic [RegisterBits-1:0] word);
    register_decay = word[RegisterDecayAt+:RegisterDecayBits];
  endfunction

  // current_decay: of currents.
  function automatic logic [RegisterCurrentDecayBits-1:0] register_current_decay(input logic [RegisterBits-1:0] word);
    register_current_decay = word[RegisterCurrentDecayAt+:RegisterCurrentDecayBits];
  endfunction

  // pixel_words: words of a pixel.
  function automatic logic [RegisterPixelWordsBits-1:0] register_pixel_words(input logic [RegisterBits-1:0] word);
    register_pixel_words = word[RegisterPixelWordsAt+:RegisterPixelWordsBits];
  endfunction

  // columns: pixels of a row.
  function automatic logic [RegisterColumnsBits-1:0] register_columns(input logic [RegisterBits-1:0] word);
    register_columns = word[RegisterColumnsAt+:RegisterColumnsBits];
  endfunction

  // segments: 1 to 4.
  function automatic logic [RegisterSegmentsBits-1:0] register_segments(input logic [RegisterBits-1:0] word);
    register_segments = word[RegisterSegmentsAt+:RegisterSegmentsBits];
  endfunction

  // lower_clamp: two's complement of StateBits, lower end of the clamp.
  function automatic logic [RegisterLowerClampBits-1:0] register_lower_clamp(input logic [RegisterBits-1:0] word);
    register_lower_clamp = word[RegisterLowerClampAt+:RegisterLowerClampBits];
  endfunction

  // state_word: first word of the tile in state, membrane and bitmaps.
  function automatic logic [RegisterStateWordBits-1:0] register_state_word(input logic [RegisterBits-1:0] word);
    register_state_word = word[RegisterStateWordAt+:RegisterStateWordBits];
  endfunction

  // parameter_word: first word of its parameters.
  function automatic logic [RegisterParameterWordBits-1:0] register_parameter_word(input logic [RegisterBits-1:0] word);
    register_parameter_word = word[RegisterParameterWordAt+:RegisterParameterWordBits];
  endfunction

  // Segment.
  localparam int SegmentBits = 25;
  localparam int SegmentFirstEntryAt = 0;
  localparam int SegmentFirstEntryBits = 8;
  localparam int SegmentEndEntryAt = 8;
  localparam int SegmentEndEntryBits = 9;
  localparam int SegmentDelayAt = 20;
  localparam int SegmentDelayBits = 4;
  localparam int SegmentRecurrentAt = 24;
  localparam int SegmentRecurrentBits = 1;

  // first_entry: of the destination table.
  function automatic logic [SegmentFirstEntryBits-1:0] segment_first_entry(input logic [SegmentBits-1:0] word);
    segment_first_entry = word[SegmentFirstEntryAt+:SegmentFirstEntryBits];
  endfunction

  // end_entry: behind the last.
  function automatic logic [SegmentEndEntryBits-1:0] segment_end_entry(input logic [SegmentBits-1:0] word);
    segment_end_entry = word[SegmentEndEntryAt+:SegmentEndEntryBits];
  endfunction

  // delay: steps.
  function automatic logic [SegmentDelayBits-1:0] segment_delay(input logic [SegmentBits-1:0] word);
    segment_delay = word[SegmentDelayAt+:SegmentDelayBits];
  endfunction

  // recurrent: silent in the last step.
  function automatic logic segment_recurrent(input logic [SegmentBits-1:0] word);
    segment_recurrent = word[SegmentRecurrentAt+:SegmentRecurrentBits];
  endfunction

  // Bank.
  localparam int BankBits = 128;
  localparam int BankChannelStrideAt = 0;
  localparam int BankChannelStrideBits = 16;
  localparam int BankRowWordsAt = 16;
  localparam int BankRowWordsBits = 12;
  localparam int BankRowWeightStepAt = 32;
  localparam int BankRowWeightStepBits = 16;
  localparam int BankColumnWeightStepAt = 48;
  localparam int BankColumnWeightStepBits = 16;
  localparam int BankRowStateStepAt = 64;
  localparam int BankRowStateStepBits = 16;
  localparam int BankColumnStateStepAt = 80;
  localparam int BankColumnStateStepBits = 16;
  localparam int BankFirstChannelAt = 96;
  localparam int BankFirstChannelBits = 8;
  localparam int BankChannelsAt = 104;
  localparam int BankChannelsBits = 9;
  localparam int BankFractionBitsAt = 120;
  localparam int BankFractionBitsBits = 4;
  localparam int BankSpacedAt = 126;
  localparam int BankSpacedBits = 1;
  localparam int BankDepthwiseAt = 127;
  localparam int BankDepthwiseBits = 1;

  // channel_stride: weight words from channel to channel.
  function automatic logic [BankChannelStrideBits-1:0] bank_channel_stride(input logic [BankBits-1:0] word);
    bank_channel_stride = word[BankChannelStrideAt+:BankChannelStrideBits];
  endfunction

  // row_words: words of a position.
  function automatic logic [BankRowWordsBits-1:0] bank_row_words(input logic [BankBits-1:0] word);
    bank_row_words = word[BankRowWordsAt+:BankRowWordsBits];
  endfunction

  // row_weight_step: from row to row.
  function automatic logic [BankRowWeightStepBits-1:0] bank_row_weight_step(input logic [BankBits-1:0] word);
    bank_row_weight_step = word[BankRowWeightStepAt+:BankRowWeightStepBits];
  endfunction

  // column_weight_step: from column to column.
  function automatic logic [BankColumnWeightStepBits-1:0] bank_column_weight_step(input logic [BankBits-1:0] word);
    bank_column_weight_step = word[BankColumnWeightStepAt+:BankColumnWeightStepBits];
  endfunction

  // row_state_step: from row to row.
  function automatic logic [BankRowStateStepBits-1:0] bank_row_state_step(input logic [BankBits-1:0] word);
    bank_row_state_step = word[BankRowStateStepAt+:BankRowStateStepBits];
  endfunction

  // column_state_step: from column to column.
  function automatic logic [BankColumnStateStepBits-1:0] bank_column_state_step(input logic [BankBits-1:0] word);
    bank_column_state_step = word[BankColumnStateStepAt+:BankColumnStateStepBits];
  endfunction

  // first_channel: of the edge.
  function automatic logic [BankFirstChannelBits-1:0] bank_first_channel(input logic [BankBits-1:0] word);
    bank_first_channel = word[BankFirstChannelAt+:BankFirstChannelBits];
  endfunction

  // channels: of the edge.
  function automatic logic [BankChannelsBits-1:0] bank_channels(input logic [BankBits-1:0] word);
    bank_channels = word[BankChannelsAt+:BankChannelsBits];
  endfunction

  // fraction_bits: left shift of what events add.
  function automatic logic [BankFractionBitsBits-1:0] bank_fraction_bits(input logic [BankBits-1:0] word);
    bank_fraction_bits = word[BankFractionBitsAt+:BankFractionBitsBits];
  endfunction

  // spaced: an idle cycle after every pass.
  function automatic logic bank_spaced(input logic [BankBits-1:0] word);
    bank_spaced = word[BankSpacedAt+:BankSpacedBits];
  endfunction

  // depthwise: only lane c mod Lanes.
  function automatic logic bank_depthwise(input logic [BankBits-1:0] word);
    bank_depthwise = word[BankDepthwiseAt+:BankDepthwiseBits];
  endfunction

  // Spike.
  localparam int SpikeBits = 32;
  localparam int SpikeChannelAt = 0;
  localparam int SpikeChannelBits = 8;
  localparam int SpikeXAt = 8;
  localparam int SpikeXBits = 8;
  localparam int SpikeYAt = 16;
  localparam int SpikeYBits = 8;
  localparam int SpikePayloadAt = 24;
  localparam int SpikePayloadBits = 8;

  // channel: coordinate.
  function automatic logic [SpikeChannelBits-1:0] spike_channel(input logic [SpikeBits-1:0] word);
    spike_channel = word[SpikeChannelAt+:SpikeChannelBits];
  endfunction

  // x: coordinate.
  function automatic logic [SpikeXBits-1:0] spike_x(input logic [SpikeBits-1:0] word);
    spike_x = word[SpikeXAt+:SpikeXBits];
  endfunction

  // y: coordinate.
  function automatic logic [SpikeYBits-1:0] spike_y(input logic [SpikeBits-1:0] word);
    spike_y = word[SpikeYAt+:SpikeYBits];
  endfunction

  // payload: 1..255; 1 for a spike.
  function automatic logic [SpikePayloadBits-1:0] spike_payload(input logic [SpikeBits-1:0] word);
    spike_payload = word[SpikePayloadAt+:SpikePayloadBits];
  endfunction

  // End.
  localparam int EndBits = 32;
  localparam int EndLastAt = 0;
  localparam int EndLastBits = 1;
  localparam int EndContextAt = 1;
  localparam int EndContextBits = 4;

  // last: this step is the last of a sample.
  function automatic logic end_last(input logic [EndBits-1:0] word);
    end_last = word[EndLastAt+:EndLastBits];
  endfunction

  // context: of the receiver; to the host: of the sender.
  function automatic logic [EndContextBits-1:0] end_context(input logic [EndBits-1:0] word);
    end_context = word[EndContextAt+:EndContextBits];
  endfunction

  // Credit.
  localparam int CreditBits = 32;
  localparam int CreditContextAt = 0;
  localparam int CreditContextBits = 4;

  // context: of the receiver.
  function automatic logic [CreditContextBits-1:0] credit_context(input logic [CreditBits-1:0] word);
    credit_context = word[CreditContextAt+:CreditContextBits];
  endfunction

  // Config.
  localparam int ConfigBits = 32;
  localparam int ConfigAddressAt = 0;
  localparam int ConfigAddressBits = 24;
  localparam int ConfigMemoryAt = 28;
  localparam int ConfigMemoryBits = 4;

  // address: of the word.
  function automatic logic [ConfigAddressBits-1:0] config_address(input logic [ConfigBits-1:0] word);
    config_address = word[ConfigAddressAt+:ConfigAddressBits];
  endfunction

  // memory: number of the memory.
  function automatic logic [ConfigMemoryBits-1:0] config_memory(input logic [ConfigBits-1:0] word);
    config_memory = word[ConfigMemoryAt+:ConfigMemoryBits];
  endfunction

  // Sync.
  localparam int SyncBits = 32;
  localparam int SyncCountAt = 0;
  localparam int SyncCountBits = 16;

  // count: CREDITs to wait for.
  function automatic logic [SyncCountBits-1:0] sync_count(input logic [SyncBits-1:0] word);
    sync_count = word[SyncCountAt+:SyncCountBits];
  endfunction

  // Core status.
  localparam int CoreStatusBits = 32;
  localparam int CoreStatusSurplusEndAt = 0;
  localparam int CoreStatusSurplusEndBits = 1;
  localparam int CoreStatusSurplusCreditAt = 1;
  localparam int CoreStatusSurplusCreditBits = 1;
  localparam int CoreStatusConfigRefusedAt = 2;
  localparam int CoreStatusConfigRefusedBits = 1;
  localparam int CoreStatusOutsideAt = 3;
  localparam int CoreStatusOutsideBits = 1;
  localparam int CoreStatusNoPayloadAt = 4;
  localparam int CoreStatusNoPayloadBits = 1;
  localparam int CoreStatusDroppedAt = 5;
  localparam int CoreStatusDroppedBits = 1;
  localparam int CoreStatusNoNeuronAt = 6;
  localparam int CoreStatusNoNeuronBits = 1;
  localparam int CoreStatusHomeAt = 8;
  localparam int CoreStatusHomeBits = 1;
  localparam int CoreStatusAwaitsEndsAt = 9;
  localparam int CoreStatusAwaitsEndsBits = 1;
  localparam int CoreStatusAwaitsCreditsAt = 10;
  localparam int CoreStatusAwaitsCreditsBits = 1;
  localparam int CoreStatusEnabledAt = 11;
  localparam int CoreStatusEnabledBits = 1;
  localparam int CoreStatusInitialisingAt = 12;
  localparam int CoreStatusInitialisingBits = 1;
  localparam int CoreStatusEndsAt = 16;
  localparam int CoreStatusEndsBits = 8;
  localparam int CoreStatusDropsAt = 24;
  localparam int CoreStatusDropsBits = 8;

  // surplus_end: END that nobody waits for.
  function automatic logic core_status_surplus_end(input logic [CoreStatusBits-1:0] word);
    core_status_surplus_end = word[CoreStatusSurplusEndAt+:CoreStatusSurplusEndBits];
  endfunction

  // surplus_credit: CREDIT that nobody owes.
  function automatic logic core_status_surplus_credit(input logic [CoreStatusBits-1:0] word);
    core_status_surplus_credit = word[CoreStatusSurplusCreditAt+:CoreStatusSurplusCreditBits];
  endfunction

  // config_refused: CONFIG refused.
  function automatic logic core_status_config_refused(input logic [CoreStatusBits-1:0] word);
    core_status_config_refused = word[CoreStatusConfigRefusedAt+:CoreStatusConfigRefusedBits];
  endfunction

  // outside: coordinate outside the axon tables.
  function automatic logic core_status_outside(input logic [CoreStatusBits-1:0] word);
    core_status_outside = word[CoreStatusOutsideAt+:CoreStatusOutsideBits];
  endfunction

  // no_payload: payload of 0.
  function automatic logic core_status_no_payload(input logic [CoreStatusBits-1:0] word);
    core_status_no_payload = word[CoreStatusNoPayloadAt+:CoreStatusNoPayloadBits];
  endfunction

  // dropped: flit dropped by its router, or of a type that cores do not know.
  function automatic logic core_status_dropped(input logic [CoreStatusBits-1:0] word);
    core_status_dropped = word[CoreStatusDroppedAt+:CoreStatusDroppedBits];
  endfunction

  // no_neuron: VALUE for a neuron beyond the state memory.
  function automatic logic core_status_no_neuron(input logic [CoreStatusBits-1:0] word);
    core_status_no_neuron = word[CoreStatusNoNeuronAt+:CoreStatusNoNeuronBits];
  endfunction

  // home: at home.
  function automatic logic core_status_home(input logic [CoreStatusBits-1:0] word);
    core_status_home = word[CoreStatusHomeAt+:CoreStatusHomeBits];
  endfunction

  // awaits_ends: waits for ENDs (not at home).
  function automatic logic core_status_awaits_ends(input logic [CoreStatusBits-1:0] word);
    core_status_awaits_ends = word[CoreStatusAwaitsEndsAt+:CoreStatusAwaitsEndsBits];
  endfunction

  // awaits_credits: emitter waits for CREDITs.
  function automatic logic core_status_awaits_credits(input logic [CoreStatusBits-1:0] word);
    core_status_awaits_credits = word[CoreStatusAwaitsCreditsAt+:CoreStatusAwaitsCreditsBits];
  endfunction

  // enabled: enabled.
  function automatic logic core_status_enabled(input logic [CoreStatusBits-1:0] word);
    core_status_enabled = word[CoreStatusEnabledAt+:CoreStatusEnabledBits];
  endfunction

  // initialising: in INIT.
  function automatic logic core_status_initialising(input logic [CoreStatusBits-1:0] word);
    core_status_initialising = word[CoreStatusInitialisingAt+:CoreStatusInitialisingBits];
  endfunction

  // ends: `ends`, low bits.
  function automatic logic [CoreStatusEndsBits-1:0] core_status_ends(input logic [CoreStatusBits-1:0] word);
    core_status_ends = word[CoreStatusEndsAt+:CoreStatusEndsBits];
  endfunction

  // drops: cycles in which a flit was dropped, 255 stay.
  function automatic logic [CoreStatusDropsBits-1:0] core_status_drops(input logic [CoreStatusBits-1:0] word);
    core_status_drops = word[CoreStatusDropsAt+:CoreStatusDropsBits];
  endfunction

  // Host status.
  localparam int HostStatusBits = 32;
  localparam int HostStatusStarvedSyncAt = 0;
  localparam int HostStatusStarvedSyncBits = 1;
  localparam int HostStatusSurplusCreditsAt = 1;
  localparam int HostStatusSurplusCreditsBits = 1;
  localparam int HostStatusAtSyncAt = 8;
  localparam int HostStatusAtSyncBits = 1;
  localparam int HostStatusCreditsAt = 16;
  localparam int HostStatusCreditsBits = 16;

  // starved_sync: SYNC that no CREDIT could satisfy.
  function automatic logic host_status_starved_sync(input logic [HostStatusBits-1:0] word);
    host_status_starved_sync = word[HostStatusStarvedSyncAt+:HostStatusStarvedSyncBits];
  endfunction

  // surplus_credits: more CREDITs than can be counted (65,535 stay).
  function automatic logic host_status_surplus_credits(input logic [HostStatusBits-1:0] word);
    host_status_surplus_credits = word[HostStatusSurplusCreditsAt+:HostStatusSurplusCreditsBits];
  endfunction

  // at_sync: waiting at SYNC.
  function automatic logic host_status_at_sync(input logic [HostStatusBits-1:0] word);
    host_status_at_sync = word[HostStatusAtSyncAt+:HostStatusAtSyncBits];
  endfunction

  // credits: CREDITs held.
  function automatic logic [HostStatusCreditsBits-1:0] host_status_credits(input logic [HostStatusBits-1:0] word);
    host_status_credits = word[HostStatusCreditsAt+:HostStatusCreditsBits];
  endfunction

  // Control.
  localparam int ControlBits = 16;
  localparam int ControlRestartAt = 0;
  localparam int ControlRestartBits = 1;
  localparam int ControlOpenAt = 1;
  localparam int ControlOpenBits = 1;

  // restart: reset the mesh.
  function automatic logic control_restart(input logic [ControlBits-1:0] word);
    control_restart = word[ControlRestartAt+:ControlRestartBits];
  endfunction

  // open: open the gate.
  function automatic logic control_open(input logic [ControlBits-1:0] word);
    control_open = word[ControlOpenAt+:ControlOpenBits];
  endfunction

  // Reply.
  localparam int ReplyBits = 136;
  localparam int ReplyVerdictAt = 0;
  localparam int ReplyVerdictBits = 4;
  localparam int ReplyKindAt = 4;
  localparam int ReplyKindBits = 4;
  localparam int ReplyExpectedAt = 8;
  localparam int ReplyExpectedBits = 8;
  localparam int ReplyTakenAt = 16;
  localparam int ReplyTakenBits = 16;
  localparam int ReplyFirstAt = 32;
  localparam int ReplyFirstBits = 16;
  localparam int ReplyOpenAt = 48;
  localparam int ReplyOpenBits = 1;
  localparam int ReplyLateAt = 49;
  localparam int ReplyLateBits = 1;
  localparam int ReplyStalledAt = 50;
  localparam int ReplyStalledBits = 1;
  localparam int ReplyVersionAt = 52;
  localparam int ReplyVersionBits = 4;
  localparam int ReplyInputDepthAt = 56;
  localparam int ReplyInputDepthBits = 4;
  localparam int ReplyOutputDepthAt = 60;
  localparam int ReplyOutputDepthBits = 4;
  localparam int ReplyCountAcceptedAt = 64;
  localparam int ReplyCountAcceptedBits = 8;
  localparam int ReplyCountDamagedAt = 72;
  localparam int ReplyCountDamagedBits = 8;
  localparam int ReplyCountMalformedAt = 80;
  localparam int ReplyCountMalformedBits = 8;
  localparam int ReplyCountSequenceAt = 88;
  localparam int ReplyCountSequenceBits = 8;
  localparam int ReplyCountOverrunAt = 96;
  localparam int ReplyCountOverrunBits = 8;
  localparam int ReplyIdentityAt = 104;
  localparam int ReplyIdentityBits = 24;
  localparam int ReplyReadyAt = 128;
  localparam int ReplyReadyBits = 1;
  localparam int ReplyRestAt = 129;
  localparam int ReplyRestBits = 1;
  localparam int ReplyHomeAt = 130;
  localparam int ReplyHomeBits = 1;
  localparam int ReplyErrorAt = 131;
  localparam int ReplyErrorBits = 1;

  // verdict: on the last frame.
  function automatic logic [ReplyVerdictBits-1:0] reply_verdict(input logic [ReplyBits-1:0] word);
    reply_verdict = word[ReplyVerdictAt+:ReplyVerdictBits];
  endfunction

  // kind: of that frame.
  function automatic logic [ReplyKindBits-1:0] reply_kind(input logic [ReplyBits-1:0] word);
    reply_kind = word[ReplyKindAt+:ReplyKindBits];
  endfunction

  // expected: sequence number of the next frame: everything before it has been accepted.
  function automatic logic [ReplyExpectedBits-1:0] reply_expected(input logic [ReplyBits-1:0] word);
    reply_expected = word[ReplyExpectedAt+:ReplyExpectedBits];
  endfunction

  // taken: flits that entered the mesh since its last reset, modulo 2 · `InputDepth`.
  function automatic logic [ReplyTakenBits-1:0] reply_taken(input logic [ReplyBits-1:0] word);
    reply_taken = word[ReplyTakenAt+:ReplyTakenBits];
  endfunction

  // first: position of the first packet held, modulo 2 · `OutputDepth`.
  function automatic logic [ReplyFirstBits-1:0] reply_first(input logic [ReplyBits-1:0] word);
    reply_first = word[ReplyFirstAt+:ReplyFirstBits];
  endfunction

  // open: the gate is open.
  function automatic logic reply_open(input logic [ReplyBits-1:0] word);
    reply_open = word[ReplyOpenAt+:ReplyOpenBits];
  endfunction

  // late: section 4.
  function automatic logic reply_late(input logic [ReplyBits-1:0] word);
    reply_late = word[ReplyLateAt+:ReplyLateBits];
  endfunction

  // stalled: section 4.
  function automatic logic reply_stalled(input logic [ReplyBits-1:0] word);
    reply_stalled = word[ReplyStalledAt+:ReplyStalledBits];
  endfunction

  // version: of this protocol: 3.
  function automatic logic [ReplyVersionBits-1:0] reply_version(input logic [ReplyBits-1:0] word);
    reply_version = word[ReplyVersionAt+:ReplyVersionBits];
  endfunction

  // input_depth: log2 of `InputDepth`.
  function automatic logic [ReplyInputDepthBits-1:0] reply_input_depth(input logic [ReplyBits-1:0] word);
    reply_input_depth = word[ReplyInputDepthAt+:ReplyInputDepthBits];
  endfunction

  // output_depth: log2 of `OutputDepth`.
  function automatic logic [ReplyOutputDepthBits-1:0] reply_output_depth(input logic [ReplyBits-1:0] word);
    reply_output_depth = word[ReplyOutputDepthAt+:ReplyOutputDepthBits];
  endfunction

  // count_accepted: frames of verdict 0 since power-up, modulo 256.
  function automatic logic [ReplyCountAcceptedBits-1:0] reply_count_accepted(input logic [ReplyBits-1:0] word);
    reply_count_accepted = word[ReplyCountAcceptedAt+:ReplyCountAcceptedBits];
  endfunction

  // count_damaged: frames of verdict 1 since power-up, modulo 256.
  function automatic logic [ReplyCountDamagedBits-1:0] reply_count_damaged(input logic [ReplyBits-1:0] word);
    reply_count_damaged = word[ReplyCountDamagedAt+:ReplyCountDamagedBits];
  endfunction

  // count_malformed: frames of verdict 2 since power-up, modulo 256.
  function automatic logic [ReplyCountMalformedBits-1:0] reply_count_malformed(input logic [ReplyBits-1:0] word);
    reply_count_malformed = word[ReplyCountMalformedAt+:ReplyCountMalformedBits];
  endfunction

  // count_sequence: frames of verdict 3 since power-up, modulo 256.
  function automatic logic [ReplyCountSequenceBits-1:0] reply_count_sequence(input logic [ReplyBits-1:0] word);
    reply_count_sequence = word[ReplyCountSequenceAt+:ReplyCountSequenceBits];
  endfunction

  // count_overrun: frames of verdict 4 since power-up, modulo 256.
  function automatic logic [ReplyCountOverrunBits-1:0] reply_count_overrun(input logic [ReplyBits-1:0] word);
    reply_count_overrun = word[ReplyCountOverrunAt+:ReplyCountOverrunBits];
  endfunction

  // identity: of the hardware.
  function automatic logic [ReplyIdentityBits-1:0] reply_identity(input logic [ReplyBits-1:0] word);
    reply_identity = word[ReplyIdentityAt+:ReplyIdentityBits];
  endfunction

  // ready: the mesh takes flits.
  function automatic logic reply_ready(input logic [ReplyBits-1:0] word);
    reply_ready = word[ReplyReadyAt+:ReplyReadyBits];
  endfunction

  // rest: the mesh is at rest, and no flit has waited to enter it for 4 cycles.
  function automatic logic reply_rest(input logic [ReplyBits-1:0] word);
    reply_rest = word[ReplyRestAt+:ReplyRestBits];
  endfunction

  // home: the mesh is as between samples.
  function automatic logic reply_home(input logic [ReplyBits-1:0] word);
    reply_home = word[ReplyHomeAt+:ReplyHomeBits];
  endfunction

  // error: a core or the host port found an error.
  function automatic logic reply_error(input logic [ReplyBits-1:0] word);
    reply_error = word[ReplyErrorAt+:ReplyErrorBits];
  endfunction

  // Packet.
  localparam int PacketBits = 80;
  localparam int PacketFlitAt = 0;
  localparam int PacketFlitBits = 48;
  localparam int PacketCycleAt = 48;
  localparam int PacketCycleBits = 28;

  // flit: as it left the mesh.
  function automatic logic [PacketFlitBits-1:0] packet_flit(input logic [PacketBits-1:0] word);
    packet_flit = word[PacketFlitAt+:PacketFlitBits];
  endfunction

  // cycle: it left in; stops at the largest.
  function automatic logic [PacketCycleBits-1:0] packet_cycle(input logic [PacketBits-1:0] word);
    packet_cycle = word[PacketCycleAt+:PacketCycleBits];
  endfunction

  // Status reply.
  localparam int StatusReplyBits = 96;
  localparam int StatusReplyWordAt = 0;
  localparam int StatusReplyWordBits = 32;
  localparam int StatusReplyEnteredAt = 32;
  localparam int StatusReplyEnteredBits = 32;
  localparam int StatusReplyLeftAt = 64;
  localparam int StatusReplyLeftBits = 32;

  // word: status word asked for.
  function automatic logic [StatusReplyWordBits-1:0] status_reply_word(input logic [StatusReplyBits-1:0] word);
    status_reply_word = word[StatusReplyWordAt+:StatusReplyWordBits];
  endfunction

  // entered: signature of the flits that entered the mesh since its last reset.
  function automatic logic [StatusReplyEnteredBits-1:0] status_reply_entered(input logic [StatusReplyBits-1:0] word);
    status_reply_entered = word[StatusReplyEnteredAt+:StatusReplyEnteredBits];
  endfunction

  // left: signature of the packets that left it since then, with their cycles.
  function automatic logic [StatusReplyLeftBits-1:0] status_reply_left(input logic [StatusReplyBits-1:0] word);
    status_reply_left = word[StatusReplyLeftAt+:StatusReplyLeftBits];
  endfunction

  // Stream in.
  localparam int StreamInBits = 64;
  localparam int StreamInFlitAt = 0;
  localparam int StreamInFlitBits = 48;

  // flit: to the mesh; what is above it is ignored.
  function automatic logic [StreamInFlitBits-1:0] stream_in_flit(input logic [StreamInBits-1:0] word);
    stream_in_flit = word[StreamInFlitAt+:StreamInFlitBits];
  endfunction

  // Stream out.
  localparam int StreamOutBits = 64;
  localparam int StreamOutFlitAt = 0;
  localparam int StreamOutFlitBits = 48;
  localparam int StreamOutCycleAt = 48;
  localparam int StreamOutCycleBits = 16;

  // flit: from the mesh.
  function automatic logic [StreamOutFlitBits-1:0] stream_out_flit(input logic [StreamOutBits-1:0] word);
    stream_out_flit = word[StreamOutFlitAt+:StreamOutFlitBits];
  endfunction

  // cycle: low bits of the cycle it left in; cycle 0 is that of the first flit.
  function automatic logic [StreamOutCycleBits-1:0] stream_out_cycle(input logic [StreamOutBits-1:0] word);
    stream_out_cycle = word[StreamOutCycleAt+:StreamOutCycleBits];
  endfunction

  // Actions.
  localparam int ActionsBits = 13;
  localparam int ActionsWeightReadsAt = 0;
  localparam int ActionsWeightReadsBits = 1;
  localparam int ActionsSweptWordsAt = 1;
  localparam int ActionsSweptWordsBits = 1;
  localparam int ActionsSpikesAt = 2;
  localparam int ActionsSpikesBits = 7;
  localparam int ActionsArrivalsAt = 9;
  localparam int ActionsArrivalsBits = 1;
  localparam int ActionsHopsAt = 10;
  localparam int ActionsHopsBits = 3;

  // weight_reads: words of weights that events were summed up by.
  function automatic logic actions_weight_reads(input logic [ActionsBits-1:0] word);
    actions_weight_reads = word[ActionsWeightReadsAt+:ActionsWeightReadsBits];
  endfunction

  // swept_words: words of neurons that sweeps wrote.
  function automatic logic actions_swept_words(input logic [ActionsBits-1:0] word);
    actions_swept_words = word[ActionsSweptWordsAt+:ActionsSweptWordsBits];
  endfunction

  // spikes: neurons that spiked.
  function automatic logic [ActionsSpikesBits-1:0] actions_spikes(input logic [ActionsBits-1:0] word);
    actions_spikes = word[ActionsSpikesAt+:ActionsSpikesBits];
  endfunction

  // arrivals: flits that came to the cores.
  function automatic logic actions_arrivals(input logic [ActionsBits-1:0] word);
    actions_arrivals = word[ActionsArrivalsAt+:ActionsArrivalsBits];
  endfunction

  // hops: flits that came into the routers.
  function automatic logic [ActionsHopsBits-1:0] actions_hops(input logic [ActionsBits-1:0] word);
    actions_hops = word[ActionsHopsAt+:ActionsHopsBits];
  endfunction

  // Peripheral magic.
  localparam int PeripheralMagicBits = 32;
  localparam int PeripheralMagicMagicAt = 0;
  localparam int PeripheralMagicMagicBits = 32;

  // magic: 0x736e6e63, which is `snnc`.
  function automatic logic [PeripheralMagicMagicBits-1:0] peripheral_magic_magic(input logic [PeripheralMagicBits-1:0] word);
    peripheral_magic_magic = word[PeripheralMagicMagicAt+:PeripheralMagicMagicBits];
  endfunction

  // Peripheral version.
  localparam int PeripheralVersionBits = 24;
  localparam int PeripheralVersionVersionAt = 0;
  localparam int PeripheralVersionVersionBits = 8;
  localparam int PeripheralVersionInputDepthAt = 8;
  localparam int PeripheralVersionInputDepthBits = 8;
  localparam int PeripheralVersionOutputDepthAt = 16;
  localparam int PeripheralVersionOutputDepthBits = 8;

  // version: of these registers: 2.
  function automatic logic [PeripheralVersionVersionBits-1:0] peripheral_version_version(input logic [PeripheralVersionBits-1:0] word);
    peripheral_version_version = word[PeripheralVersionVersionAt+:PeripheralVersionVersionBits];
  endfunction

  // input_depth: log2 of the flits that the input buffer holds.
  function automatic logic [PeripheralVersionInputDepthBits-1:0] peripheral_version_input_depth(input logic [PeripheralVersionBits-1:0] word);
    peripheral_version_input_depth = word[PeripheralVersionInputDepthAt+:PeripheralVersionInputDepthBits];
  endfunction

  // output_depth: log2 of the packets that the output buffer holds.
  function automatic logic [PeripheralVersionOutputDepthBits-1:0] peripheral_version_output_depth(input logic [PeripheralVersionBits-1:0] word);
    peripheral_version_output_depth = word[PeripheralVersionOutputDepthAt+:PeripheralVersionOutputDepthBits];
  endfunction

  // Peripheral identity.
  localparam int PeripheralIdentityBits = 24;
  localparam int PeripheralIdentityIdentityAt = 0;
  localparam int PeripheralIdentityIdentityBits = 24;

  // identity: of the hardware, as in `ip.json`.
  function automatic logic [PeripheralIdentityIdentityBits-1:0] peripheral_identity_identity(input logic [PeripheralIdentityBits-1:0] word);
    peripheral_identity_identity = word[PeripheralIdentityIdentityAt+:PeripheralIdentityIdentityBits];
  endfunction

  // Peripheral geometry.
  localparam int PeripheralGeometryBits = 31;
  localparam int PeripheralGeometryWidthAt = 0;
  localparam int PeripheralGeometryWidthBits = 7;
  localparam int PeripheralGeometryHeightAt = 7;
  localparam int PeripheralGeometryHeightBits = 7;
  localparam int PeripheralGeometryContextsAt = 14;
  localparam int PeripheralGeometryContextsBits = 5;
  localparam int PeripheralGeometryLanesAt = 19;
  localparam int PeripheralGeometryLanesBits = 3;
  localparam int PeripheralGeometryStateBitsAt = 22;
  localparam int PeripheralGeometryStateBitsBits = 5;
  localparam int PeripheralGeometryWeightBitsAt = 27;
  localparam int PeripheralGeometryWeightBitsBits = 4;

  // width: columns of the mesh.
  function automatic logic [PeripheralGeometryWidthBits-1:0] peripheral_geometry_width(input logic [PeripheralGeometryBits-1:0] word);
    peripheral_geometry_width = word[PeripheralGeometryWidthAt+:PeripheralGeometryWidthBits];
  endfunction

  // height: rows of the mesh.
  function automatic logic [PeripheralGeometryHeightBits-1:0] peripheral_geometry_height(input logic [PeripheralGeometryBits-1:0] word);
    peripheral_geometry_height = word[PeripheralGeometryHeightAt+:PeripheralGeometryHeightBits];
  endfunction

  // contexts: tiles that a core can hold.
  function automatic logic [PeripheralGeometryContextsBits-1:0] peripheral_geometry_contexts(input logic [PeripheralGeometryBits-1:0] word);
    peripheral_geometry_contexts = word[PeripheralGeometryContextsAt+:PeripheralGeometryContextsBits];
  endfunction

  // lanes: log2 of the neurons per word.
  function automatic logic [PeripheralGeometryLanesBits-1:0] peripheral_geometry_lanes(input logic [PeripheralGeometryBits-1:0] word);
    peripheral_geometry_lanes = word[PeripheralGeometryLanesAt+:PeripheralGeometryLanesBits];
  endfunction

  // state_bits: of a neuron.
  function automatic logic [PeripheralGeometryStateBitsBits-1:0] peripheral_geometry_state_bits(input logic [PeripheralGeometryBits-1:0] word);
    peripheral_geometry_state_bits = word[PeripheralGeometryStateBitsAt+:PeripheralGeometryStateBitsBits];
  endfunction

  // weight_bits: of a weight.
  function automatic logic [PeripheralGeometryWeightBitsBits-1:0] peripheral_geometry_weight_bits(input logic [PeripheralGeometryBits-1:0] word);
    peripheral_geometry_weight_bits = word[PeripheralGeometryWeightBitsAt+:PeripheralGeometryWeightBitsBits];
  endfunction

  // Peripheral control.
  localparam int PeripheralControlBits = 4;
  localparam int PeripheralControlRestartAt = 0;
  localparam int PeripheralControlRestartBits = 1;
  localparam int PeripheralControlGatherAt = 1;
  localparam int PeripheralControlGatherBits = 1;
  localparam int PeripheralControlManualAt = 2;
  localparam int PeripheralControlManualBits = 1;
  localparam int PeripheralControlGateAt = 3;
  localparam int PeripheralControlGateBits = 1;

  // restart: 1 resets the mesh, empties the buffers, clears counters; reads as 0.
  function automatic logic peripheral_control_restart(input logic [PeripheralControlBits-1:0] word);
    peripheral_control_restart = word[PeripheralControlRestartAt+:PeripheralControlRestartBits];
  endfunction

  // gather: a sample waits until it is complete and the one before has left.
  function automatic logic peripheral_control_gather(input logic [PeripheralControlBits-1:0] word);
    peripheral_control_gather = word[PeripheralControlGatherAt+:PeripheralControlGatherBits];
  endfunction

  // manual: flits come from and go to registers, not the streams.
  function automatic logic peripheral_control_manual(input logic [PeripheralControlBits-1:0] word);
    peripheral_control_manual = word[PeripheralControlManualAt+:PeripheralControlManualBits];
  endfunction

  // gate: the clock of the mesh is wanted only while there is work.
  function automatic logic peripheral_control_gate(input logic [PeripheralControlBits-1:0] word);
    peripheral_control_gate = word[PeripheralControlGateAt+:PeripheralControlGateBits];
  endfunction

  // Peripheral state.
  localparam int PeripheralStateBits = 8;
  localparam int PeripheralStateReadyAt = 0;
  localparam int PeripheralStateReadyBits = 1;
  localparam int PeripheralStateRestAt = 1;
  localparam int PeripheralStateRestBits = 1;
  localparam int PeripheralStateHomeAt = 2;
  localparam int PeripheralStateHomeBits = 1;
  localparam int PeripheralStateErrorAt = 3;
  localparam int PeripheralStateErrorBits = 1;
  localparam int PeripheralStateLateAt = 4;
  localparam int PeripheralStateLateBits = 1;
  localparam int PeripheralStateStalledAt = 5;
  localparam int PeripheralStateStalledBits = 1;
  localparam int PeripheralStateOverrunAt = 6;
  localparam int PeripheralStateOverrunBits = 1;
  localparam int PeripheralStateAwakeAt = 7;
  localparam int PeripheralStateAwakeBits = 1;

  // ready: the mesh takes flits.
  function automatic logic peripheral_state_ready(input logic [PeripheralStateBits-1:0] word);
    peripheral_state_ready = word[PeripheralStateReadyAt+:PeripheralStateReadyBits];
  endfunction

  // rest: the mesh is at rest, and no flit has waited to enter it for some cycles.
  function automatic logic peripheral_state_rest(input logic [PeripheralStateBits-1:0] word);
    peripheral_state_rest = word[PeripheralStateRestAt+:PeripheralStateRestBits];
  endfunction

  // home: the mesh is as between samples.
  function automatic logic peripheral_state_home(input logic [PeripheralStateBits-1:0] word);
    peripheral_state_home = word[PeripheralStateHomeAt+:PeripheralStateHomeBits];
  endfunction

  // error: a core or the host port found an error.
  function automatic logic peripheral_state_error(input logic [PeripheralStateBits-1:0] word);
    peripheral_state_error = word[PeripheralStateErrorAt+:PeripheralStateErrorBits];
  endfunction

  // late: a flit entered behind a cycle without one, so cycles are not the simulator's.
  function automatic logic peripheral_state_late(input logic [PeripheralStateBits-1:0] word);
    peripheral_state_late = word[PeripheralStateLateAt+:PeripheralStateLateBits];
  endfunction

  // stalled: a packet waited for room, so cycles are not the simulator's.
  function automatic logic peripheral_state_stalled(input logic [PeripheralStateBits-1:0] word);
    peripheral_state_stalled = word[PeripheralStateStalledAt+:PeripheralStateStalledBits];
  endfunction

  // overrun: a flit written to `input_high` found no room.
  function automatic logic peripheral_state_overrun(input logic [PeripheralStateBits-1:0] word);
    peripheral_state_overrun = word[PeripheralStateOverrunAt+:PeripheralStateOverrunBits];
  endfunction

  // awake: the clock of the mesh is wanted.
  function automatic logic peripheral_state_awake(input logic [PeripheralStateBits-1:0] word);
    peripheral_state_awake = word[PeripheralStateAwakeAt+:PeripheralStateAwakeBits];
  endfunction

  // Peripheral pending.
  localparam int PeripheralPendingBits = 2;
  localparam int PeripheralPendingSampleAt = 0;
  localparam int PeripheralPendingSampleBits = 1;
  localparam int PeripheralPendingErrorAt = 1;
  localparam int PeripheralPendingErrorBits = 1;

  // sample: the last packet of a sample left the mesh.
  function automatic logic peripheral_pending_sample(input logic [PeripheralPendingBits-1:0] word);
    peripheral_pending_sample = word[PeripheralPendingSampleAt+:PeripheralPendingSampleBits];
  endfunction

  // error: the mesh found an error.
  function automatic logic peripheral_pending_error(input logic [PeripheralPendingBits-1:0] word);
    peripheral_pending_error = word[PeripheralPendingErrorAt+:PeripheralPendingErrorBits];
  endfunction

  // Peripheral enable.
  localparam int PeripheralEnableBits = 2;
  localparam int PeripheralEnableSampleAt = 0;
  localparam int PeripheralEnableSampleBits = 1;
  localparam int PeripheralEnableErrorAt = 1;
  localparam int PeripheralEnableErrorBits = 1;

  // sample: the last packet of a sample left the mesh.
  function automatic logic peripheral_enable_sample(input logic [PeripheralEnableBits-1:0] word);
    peripheral_enable_sample = word[PeripheralEnableSampleAt+:PeripheralEnableSampleBits];
  endfunction

  // error: the mesh found an error.
  function automatic logic peripheral_enable_error(input logic [PeripheralEnableBits-1:0] word);
    peripheral_enable_error = word[PeripheralEnableErrorAt+:PeripheralEnableErrorBits];
  endfunction

  // Peripheral senders.
  localparam int PeripheralSendersBits = 16;
  localparam int PeripheralSendersSendersAt = 0;
  localparam int PeripheralSendersSendersBits = 16;

  // senders: tiles that send to the host.
  function automatic logic [PeripheralSendersSendersBits-1:0] peripheral_senders_senders(input logic [PeripheralSendersBits-1:0] word);
    peripheral_senders_senders = word[PeripheralSendersSendersAt+:PeripheralSendersSendersBits];
  endfunction

  // Peripheral select.
  localparam int PeripheralSelectBits = 13;
  localparam int PeripheralSelectSelectAt = 0;
  localparam int PeripheralSelectSelectBits = 13;

  // select: whose status word and actions: {0, y, x} of a core, 4096 the host's and all actions.
  function automatic logic [PeripheralSelectSelectBits-1:0] peripheral_select_select(input logic [PeripheralSelectBits-1:0] word);
    peripheral_select_select = word[PeripheralSelectSelectAt+:PeripheralSelectSelectBits];
  endfunction

  // Peripheral status.
  localparam int PeripheralStatusBits = 32;
  localparam int PeripheralStatusStatusAt = 0;
  localparam int PeripheralStatusStatusBits = 32;

  // status: status word, some cycles behind `select`.
  function automatic logic [PeripheralStatusStatusBits-1:0] peripheral_status_status(input logic [PeripheralStatusBits-1:0] word);
    peripheral_status_status = word[PeripheralStatusStatusAt+:PeripheralStatusStatusBits];
  endfunction

  // Peripheral input low.
  localparam int PeripheralInputLowBits = 32;
  localparam int PeripheralInputLowInputLowAt = 0;
  localparam int PeripheralInputLowInputLowBits = 32;

  // input_low: low bits of the next flit.
  function automatic logic [PeripheralInputLowInputLowBits-1:0] peripheral_input_low_input_low(input logic [PeripheralInputLowBits-1:0] word);
    peripheral_input_low_input_low = word[PeripheralInputLowInputLowAt+:PeripheralInputLowInputLowBits];
  endfunction

  // Peripheral input high.
  localparam int PeripheralInputHighBits = 32;
  localparam int PeripheralInputHighHighAt = 0;
  localparam int PeripheralInputHighHighBits = 16;
  localparam int PeripheralInputHighLastAt = 31;
  localparam int PeripheralInputHighLastBits = 1;

  // high: high bits of a flit, which is written with those of `input_low`.
  function automatic logic [PeripheralInputHighHighBits-1:0] peripheral_input_high_high(input logic [PeripheralInputHighBits-1:0] word);
    peripheral_input_high_high = word[PeripheralInputHighHighAt+:PeripheralInputHighHighBits];
  endfunction

  // last: it is the last of a sample.
  function automatic logic peripheral_input_high_last(input logic [PeripheralInputHighBits-1:0] word);
    peripheral_input_high_last = word[PeripheralInputHighLastAt+:PeripheralInputHighLastBits];
  endfunction

  // Peripheral space.
  localparam int PeripheralSpaceBits = 16;
  localparam int PeripheralSpaceSpaceAt = 0;
  localparam int PeripheralSpaceSpaceBits = 16;

  // space: flits that the input buffer has room for.
  function automatic logic [PeripheralSpaceSpaceBits-1:0] peripheral_space_space(input logic [PeripheralSpaceBits-1:0] word);
    peripheral_space_space = word[PeripheralSpaceSpaceAt+:PeripheralSpaceSpaceBits];
  endfunction

  // Peripheral count.
  localparam int PeripheralCountBits = 16;
  localparam int PeripheralCountCountAt = 0;
  localparam int PeripheralCountCountBits = 16;

  // count: packets that wait to be taken.
  function automatic logic [PeripheralCountCountBits-1:0] peripheral_count_count(input logic [PeripheralCountBits-1:0] word);
    peripheral_count_count = word[PeripheralCountCountAt+:PeripheralCountCountBits];
  endfunction

  // Peripheral output low.
  localparam int PeripheralOutputLowBits = 32;
  localparam int PeripheralOutputLowOutputLowAt = 0;
  localparam int PeripheralOutputLowOutputLowBits = 32;

  // output_low: low bits of the first packet that waits.
  function automatic logic [PeripheralOutputLowOutputLowBits-1:0] peripheral_output_low_output_low(input logic [PeripheralOutputLowBits-1:0] word);
    peripheral_output_low_output_low = word[PeripheralOutputLowOutputLowAt+:PeripheralOutputLowOutputLowBits];
  endfunction

  // Peripheral output high.
  localparam int PeripheralOutputHighBits = 32;
  localparam int PeripheralOutputHighHighAt = 0;
  localparam int PeripheralOutputHighHighBits = 16;
  localparam int PeripheralOutputHighCycleAt = 16;
  localparam int PeripheralOutputHighCycleBits = 16;

  // high: its high bits.
  function automatic logic [PeripheralOutputHighHighBits-1:0] peripheral_output_high_high(input logic [PeripheralOutputHighBits-1:0] word);
    peripheral_output_high_high = word[PeripheralOutputHighHighAt+:PeripheralOutputHighHighBits];
  endfunction

  // cycle: low bits of the cycle in which it left the mesh.
  function automatic logic [PeripheralOutputHighCycleBits-1:0] peripheral_output_high_cycle(input logic [PeripheralOutputHighBits-1:0] word);
    peripheral_output_high_cycle = word[PeripheralOutputHighCycleAt+:PeripheralOutputHighCycleBits];
  endfunction

  // Peripheral samples.
  localparam int PeripheralSamplesBits = 32;
  localparam int PeripheralSamplesSamplesAt = 0;
  localparam int PeripheralSamplesSamplesBits = 32;

  // samples: samples whose last packet has left the mesh.
  function automatic logic [PeripheralSamplesSamplesBits-1:0] peripheral_samples_samples(input logic [PeripheralSamplesBits-1:0] word);
    peripheral_samples_samples = word[PeripheralSamplesSamplesAt+:PeripheralSamplesSamplesBits];
  endfunction

  // Peripheral finished.
  localparam int PeripheralFinishedBits = 32;
  localparam int PeripheralFinishedFinishedAt = 0;
  localparam int PeripheralFinishedFinishedBits = 32;

  // finished: cycles from the first flit to the last packet of them.
  function automatic logic [PeripheralFinishedFinishedBits-1:0] peripheral_finished_finished(input logic [PeripheralFinishedBits-1:0] word);
    peripheral_finished_finished = word[PeripheralFinishedFinishedAt+:PeripheralFinishedFinishedBits];
  endfunction

  // Peripheral flits.
  localparam int PeripheralFlitsBits = 32;
  localparam int PeripheralFlitsFlitsAt = 0;
  localparam int PeripheralFlitsFlitsBits = 32;

  // flits: flits that entered the mesh.
  function automatic logic [PeripheralFlitsFlitsBits-1:0] peripheral_flits_flits(input logic [PeripheralFlitsBits-1:0] word);
    peripheral_flits_flits = word[PeripheralFlitsFlitsAt+:PeripheralFlitsFlitsBits];
  endfunction

  // Peripheral packets.
  localparam int PeripheralPacketsBits = 32;
  localparam int PeripheralPacketsPacketsAt = 0;
  localparam int PeripheralPacketsPacketsBits = 32;

  // packets: packets that left it.
  function automatic logic [PeripheralPacketsPacketsBits-1:0] peripheral_packets_packets(input logic [PeripheralPacketsBits-1:0] word);
    peripheral_packets_packets = word[PeripheralPacketsPacketsAt+:PeripheralPacketsPacketsBits];
  endfunction

  // Peripheral busy.
  localparam int PeripheralBusyBits = 32;
  localparam int PeripheralBusyBusyAt = 0;
  localparam int PeripheralBusyBusyBits = 32;

  // busy: cycles in which it was not at rest.
  function automatic logic [PeripheralBusyBusyBits-1:0] peripheral_busy_busy(input logic [PeripheralBusyBits-1:0] word);
    peripheral_busy_busy = word[PeripheralBusyBusyAt+:PeripheralBusyBusyBits];
  endfunction

  // Peripheral blocked.
  localparam int PeripheralBlockedBits = 32;
  localparam int PeripheralBlockedBlockedAt = 0;
  localparam int PeripheralBlockedBlockedBits = 32;

  // blocked: cycles in which a packet waited for room.
  function automatic logic [PeripheralBlockedBlockedBits-1:0] peripheral_blocked_blocked(input logic [PeripheralBlockedBits-1:0] word);
    peripheral_blocked_blocked = word[PeripheralBlockedBlockedAt+:PeripheralBlockedBlockedBits];
  endfunction

  // Peripheral entered.
  localparam int PeripheralEnteredBits = 32;
  localparam int PeripheralEnteredEnteredAt = 0;
  localparam int PeripheralEnteredEnteredBits = 32;

  // entered: signature of the flits that entered.
  function automatic logic [PeripheralEnteredEnteredBits-1:0] peripheral_entered_entered(input logic [PeripheralEnteredBits-1:0] word);
    peripheral_entered_entered = word[PeripheralEnteredEnteredAt+:PeripheralEnteredEnteredBits];
  endfunction

  // Peripheral left.
  localparam int PeripheralLeftBits = 32;
  localparam int PeripheralLeftLeftAt = 0;
  localparam int PeripheralLeftLeftBits = 32;

  // left: signature of the packets that left, as on the stream.
  function automatic logic [PeripheralLeftLeftBits-1:0] peripheral_left_left(input logic [PeripheralLeftBits-1:0] word);
    peripheral_left_left = word[PeripheralLeftLeftAt+:PeripheralLeftLeftBits];
  endfunction

  // Peripheral weight reads.
  localparam int PeripheralWeightReadsBits = 32;
  localparam int PeripheralWeightReadsWeightReadsAt = 0;
  localparam int PeripheralWeightReadsWeightReadsBits = 32;

  // weight_reads: words of weights that events were summed up by.
  function automatic logic [PeripheralWeightReadsWeightReadsBits-1:0] peripheral_weight_reads_weight_reads(input logic [PeripheralWeightReadsBits-1:0] word);
    peripheral_weight_reads_weight_reads = word[PeripheralWeightReadsWeightReadsAt+:PeripheralWeightReadsWeightReadsBits];
  endfunction

  // Peripheral swept words.
  localparam int PeripheralSweptWordsBits = 32;
  localparam int PeripheralSweptWordsSweptWordsAt = 0;
  localparam int PeripheralSweptWordsSweptWordsBits = 32;

  // swept_words: words of neurons that sweeps wrote.
  function automatic logic [PeripheralSweptWordsSweptWordsBits-1:0] peripheral_swept_words_swept_words(input logic [PeripheralSweptWordsBits-1:0] word);
    peripheral_swept_words_swept_words = word[PeripheralSweptWordsSweptWordsAt+:PeripheralSweptWordsSweptWordsBits];
  endfunction

  // Peripheral spikes.
  localparam int PeripheralSpikesBits = 32;
  localparam int PeripheralSpikesSpikesAt = 0;
  localparam int PeripheralSpikesSpikesBits = 32;

  // spikes: neurons that spiked.
  function automatic logic [PeripheralSpikesSpikesBits-1:0] peripheral_spikes_spikes(input logic [PeripheralSpikesBits-1:0] word);
    peripheral_spikes_spikes = word[PeripheralSpikesSpikesAt+:PeripheralSpikesSpikesBits];
  endfunction

  // Peripheral arrivals.
  localparam int PeripheralArrivalsBits = 32;
  localparam int PeripheralArrivalsArrivalsAt = 0;
  localparam int PeripheralArrivalsArrivalsBits = 32;

  // arrivals: flits that came to the cores.
  function automatic logic [PeripheralArrivalsArrivalsBits-1:0] peripheral_arrivals_arrivals(input logic [PeripheralArrivalsBits-1:0] word);
    peripheral_arrivals_arrivals = word[PeripheralArrivalsArrivalsAt+:PeripheralArrivalsArrivalsBits];
  endfunction

  // Peripheral hops.
  localparam int PeripheralHopsBits = 32;
  localparam int PeripheralHopsHopsAt = 0;
  localparam int PeripheralHopsHopsBits = 32;

  // hops: flits that came into the routers.
  function automatic logic [PeripheralHopsHopsBits-1:0] peripheral_hops_hops(input logic [PeripheralHopsBits-1:0] word);
    peripheral_hops_hops = word[PeripheralHopsHopsAt+:PeripheralHopsHopsBits];
  endfunction

  // Bits of x, or of y, that a mesh of so many `places` along it keeps, at most `declared`: enough to tell
  // its places from one beyond them.
  function automatic int coordinate_bits(input int places, input int declared);
    coordinate_bits = $clog2(places + 1) < declared ? $clog2(places + 1) : declared;
  endfunction

  // The bits of an address that a mesh of `width` x `height` keeps.
  function automatic logic [AddressBits-1:0] address_kept(input int width, input int height);
    address_kept = AddressBits'(1 << AddressHostAt
        | ((1 << coordinate_bits(width, AddressXBits)) - 1) << AddressXAt
        | ((1 << coordinate_bits(height, AddressYBits)) - 1) << AddressYAt);
  endfunction

  // An address in the bits that are kept: x and y that need more become the largest number in them, which is
  // beyond the mesh as well.
  function automatic logic [AddressBits-1:0] address_within(input logic [AddressBits-1:0] address,
                                                            input logic [AddressBits-1:0] kept);
    address_within = address & kept;
    if ((address_x(address) & ~address_x(kept)) != '0) begin
      address_within[AddressXAt+:AddressXBits] = address_x(kept);
    end
    if ((address_y(address) & ~address_y(kept)) != '0) begin
      address_within[AddressYAt+:AddressYBits] = address_y(kept);
    end
  endfunction

  // The shift that a d of 0 or a power of two stands for, as snnc_decay takes it; the largest leaves 0.
  function automatic logic [DecayBits-1:0] decay_shift(input logic [DecayBits-1:0] d);
    decay_shift = '0;
    if (d[DecayShift]) decay_shift = DecayBits'(32);
    for (int i = 0; i < DecayShift; i++) begin
      if (d[i]) decay_shift = DecayBits'(16 + DecayShift - i);
    end
  endfunction
endpackage
// verilator lint_on UNUSEDSIGNAL
// verilator lint_on UNUSEDPARAM

`default_nettype wire
