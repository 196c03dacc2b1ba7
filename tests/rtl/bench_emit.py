"""cocotb benches of snnc_emit: the flits of an emission and the cycle of each."""

import os

import cocotb
from cocotb.triggers import ReadOnly, RisingEdge, Timer
from rtl_bench import seeded, start
from rtl_network import CREDIT, END, SPIKE, VALUE, Destination, flit

LANES = int(os.environ["BENCH_Lanes"])
STATE = int(os.environ["BENCH_StateBits"])
WORDS = int(os.environ["BENCH_StateWords"])
SPIKES, VALUES_LAST, VALUES_EVERY = range(3)


def planned(kind, bitmap, state, neurons, destinations, sources, last, credit, emit):
    """Per cycle of an unstalled emission the flit that is offered, or None."""
    rows = [flit(CREDIT, 0) | source for source in sources] if credit else []
    if not emit:
        return rows
    rows.append(None)
    for word in range(len(bitmap)):
        rows += [None] * (1 if kind == SPIKES else 3)
        lanes = {
            SPIKES: [lane for lane in range(LANES) if bitmap[word] >> lane & 1],
            VALUES_LAST: [lane for lane in range(LANES) if word * LANES + lane < neurons],
            VALUES_EVERY: [lane for lane in range(LANES) if state[word][lane]],
        }[kind]
        for lane in lanes:
            for d in destinations:
                axon = d.axon_base + word * LANES + lane
                data = 1 << 24 | axon & 0xFFFF
                if kind != SPIKES:
                    data = (axon & 0xFFFF) << STATE | state[word][lane]
                hit = d.first_word <= word < d.last_word
                what = flit(SPIKE if kind == SPIKES else VALUE, data, d.x, d.y, d.host)
                rows.append(what if hit else None)
    return rows + [flit(END, int(last), d.x, d.y, d.host) if d.end else None for d in destinations]


def known(signal, limit: int) -> int:
    """The index a signal holds, or 0 while it holds none."""
    value = int(signal.value) if signal.value.is_resolvable else 0
    return value if value < limit else 0


@cocotb.test()
@cocotb.parametrize(kind=[SPIKES, VALUES_LAST, VALUES_EVERY], pause=[0.0, 0.5])
async def sends_what_is_due_in_the_planned_cycles(dut, kind: int, pause: float) -> None:
    rng = seeded()
    tables = {"spikes_i": 0, "state_i": 0, "destination_i": 0, "source_i": 0, "credit_i": 0}
    commands = {"start_credit_i": 0, "start_emit_i": 0, "last_step_i": 0, "ready_i": 0}
    counts = {"words_i": 1, "neurons_i": 1, "destination_count_i": 1, "source_count_i": 1}
    modes = {"values_last_i": int(kind == VALUES_LAST), "values_every_i": int(kind == VALUES_EVERY)}
    await start(dut, credits_needed_i=1, **tables, **commands, **counts, **modes)
    owed = 0
    for _ in range(15):
        words = rng.randrange(1, WORDS + 1)
        neurons = rng.randrange((words - 1) * LANES + 1, words * LANES + 1)
        density = rng.choice([0.0, 0.2, 1.0])
        state = [
            [rng.getrandbits(STATE) * (rng.random() < density) for _ in range(LANES)] for _ in range(words)
        ]
        bitmap = [sum((rng.random() < density) << i for i in range(LANES)) for _ in range(words)]
        destinations = [
            Destination(
                x=rng.randrange(16),
                y=rng.randrange(16),
                host=rng.random() < 0.2,
                axon_base=rng.randrange(1 << 16),
                first_word=rng.choice([0, 0, rng.randrange(words)]),
                last_word=rng.choice([words, 4095, rng.randrange(words + 1)]),
                end=rng.random() < 0.7,
            )
            for _ in range(rng.randrange(1, 5))
        ]
        sources = [rng.randrange(1 << 9) for _ in range(rng.randrange(1, 5))]
        last, credit = rng.random() < 0.5, rng.random() < 0.5
        emit = rng.random() < 0.8 or not credit
        needed = rng.randrange(3)
        plan = planned(kind, bitmap, state, neurons, destinations, sources, last, credit, emit)
        while owed:
            dut.credit_i.value = 1
            await RisingEdge(dut.clk_i)
            dut.credit_i.value = 0
            owed -= 1
        dut.words_i.value, dut.neurons_i.value = words, neurons
        dut.destination_count_i.value = len(destinations)
        dut.source_count_i.value = len(sources)
        dut.credits_needed_i.value = needed
        dut.last_step_i.value = int(last)
        dut.start_credit_i.value, dut.start_emit_i.value = int(credit), int(emit)
        await ReadOnly()
        assert int(dut.idle_o.value)
        await RisingEdge(dut.clk_i)
        dut.start_credit_i.value, dut.start_emit_i.value = 0, 0
        dut.last_step_i.value = 0
        # The state memory answers two clocks after its address; the other tables at once.
        memory = [0, 0]
        cycle = 0
        while cycle < len(plan):
            dut.state_i.value = memory.pop(0)
            ready = int(rng.random() >= pause)
            dut.ready_i.value = ready
            await Timer(1, "step")
            word = known(dut.word_o, words)
            dut.spikes_i.value = bitmap[word]
            memory.append(sum(v << i * STATE for i, v in enumerate(state[word])))
            place = known(dut.destination_address_o, len(destinations))
            dut.destination_i.value = destinations[place].encode()
            dut.source_i.value = sources[known(dut.source_address_o, len(sources))]
            await ReadOnly()
            assert not int(dut.idle_o.value)
            assert int(dut.valid_o.value) == int(plan[cycle] is not None), f"cycle {cycle}"
            if plan[cycle] is not None:
                assert int(dut.data_o.value) == plan[cycle], f"cycle {cycle}"
            # A flit that is not taken stays; so does the memory's answer.
            cycle += ready or plan[cycle] is None
            await RisingEdge(dut.clk_i)
        owed = needed if emit else 0


@cocotb.test()
async def waits_for_every_credit_it_is_owed(dut) -> None:
    tables = {"spikes_i": 0, "state_i": 0, "destination_i": 1 << 53, "source_i": 0, "credit_i": 0}
    counts = {"words_i": 1, "neurons_i": 1, "destination_count_i": 1, "source_count_i": 1}
    modes = {"values_last_i": 0, "values_every_i": 0, "start_credit_i": 0, "last_step_i": 0}
    await start(dut, credits_needed_i=2, ready_i=1, start_emit_i=1, **tables, **counts, **modes)
    # The first emission needs nothing: WAIT, SCAN, END in cycles 1 to 3.
    ended = []
    for cycle in range(16):
        dut.start_emit_i.value = int(cycle in (0, 4))
        dut.credit_i.value = int(cycle in (2, 9))
        await ReadOnly()
        if int(dut.valid_o.value):
            ended.append(cycle)
        await RisingEdge(dut.clk_i)
    assert ended == [3, 12], "the second emission waits for the credit of cycle 9"
