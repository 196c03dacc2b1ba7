"""cocotb benches of snnc_host_port: SYNC waits for credits, the rest passes through."""

import cocotb
from cocotb.triggers import ReadOnly, RisingEdge
from rtl_bench import Sink, Source, seeded, start, until

CREDIT, SYNC = 3, 6


def flit(kind: int, data: int) -> int:
    return data << 16 | kind << 13


@cocotb.test()
@cocotb.parametrize(idle=[0.0, 0.5], pause=[0.0, 0.5])
async def passes_all_but_sync_and_credit(dut, idle: float, pause: float) -> None:
    rng = seeded()
    await start(
        dut, ready_i=1, rest_i=0, s_valid_i=0, s_data_i=0, mesh_ready_i=0, mesh_valid_i=0, mesh_data_i=0
    )
    dut.m_ready_i.value = 0
    clk = dut.clk_i
    host = Source(clk, dut.s_valid_i, dut.s_ready_o, dut.s_data_i, rng, idle)
    into = Sink(clk, dut.mesh_valid_o, dut.mesh_ready_i, dut.mesh_data_o, rng, pause)
    mesh = Source(clk, dut.mesh_valid_i, dut.mesh_ready_o, dut.mesh_data_i, rng, idle)
    out = Sink(clk, dut.m_valid_o, dut.m_ready_i, dut.m_data_o, rng, pause)
    sent = [flit(rng.choice([0, 1, 2, 4, 5]), rng.getrandbits(32)) for _ in range(150)]
    returned = [flit(rng.choice([0, 1, 2]), rng.getrandbits(32)) for _ in range(150)]
    syncs = 0
    for item in sent:
        host.queue.append(item)
        if rng.random() < 0.2:
            count = rng.randrange(1, 4)
            host.queue.append(flit(SYNC, count))
            syncs += count
    for position, item in enumerate(returned):
        mesh.queue.append(item)
        mesh.queue += [flit(CREDIT, 0)] * (syncs // 150 + (position < syncs % 150))
    await until(clk, lambda: len(into.received) == 150 and len(out.received) == 150)
    assert into.received == sent
    assert out.received == returned


@cocotb.test()
async def sync_waits_for_its_credits_and_takes_them(dut) -> None:
    await start(dut, ready_i=1, rest_i=0, s_valid_i=1, s_data_i=flit(SYNC, 2), mesh_ready_i=1, mesh_valid_i=0)
    dut.m_ready_i.value = 0
    dut.mesh_data_i.value = flit(CREDIT, 0)
    seen = []
    # Credits arrive in cycles 2, 3 and 5; a credit counts from the cycle after its arrival.
    for cycle in range(10):
        dut.mesh_valid_i.value = int(cycle in (2, 3, 5))
        await ReadOnly()
        assert not int(dut.mesh_valid_o.value) and not int(dut.m_valid_o.value)
        if int(dut.s_ready_o.value):
            seen.append(cycle)
        await RisingEdge(dut.clk_i)
    assert seen == [4], "the third credit alone is not enough for the next SYNC"


@cocotb.test()
async def credits_are_taken_while_the_host_accepts_nothing(dut) -> None:
    await start(
        dut, ready_i=1, rest_i=0, s_valid_i=0, s_data_i=0, mesh_ready_i=1, m_ready_i=0, mesh_valid_i=1
    )
    for kind, taken in ((CREDIT, 1), (0, 0)):  # the last one waits for ever
        dut.mesh_data_i.value = flit(kind, 0)
        await ReadOnly()
        assert int(dut.mesh_ready_o.value) == taken
        await RisingEdge(dut.clk_i)
