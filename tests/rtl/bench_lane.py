"""cocotb benches of snnc_lane: the numeric contract, one neuron per clock."""

import os

import cocotb
import numpy as np
from cocotb.triggers import Timer
from rtl_bench import seeded

from snnc.compiler.arithmetic import Decay, neuron_step

STATE = int(os.environ["BENCH_StateBits"])
WEIGHT = int(os.environ["BENCH_WeightBits"])
LOW, HIGH = -(1 << (STATE - 1)), (1 << (STATE - 1)) - 1
EDGES = [LOW, LOW + 1, -2, -1, 0, 1, 2, HIGH - 1, HIGH]


def signed(value: int, bits: int) -> int:
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> (bits - 1) else value


async def tick(dut) -> None:
    dut.clk_i.value = 0
    await Timer(1, "step")
    dut.clk_i.value = 1
    await Timer(1, "step")


def idle(dut) -> None:
    for name in ("state_i", "weight_i", "bias_i", "value_i", "shift_i", "threshold_i"):
        getattr(dut, name).value = 0
    for name in ("add_weight_i", "add_bias_i", "add_value_i", "fires_i", "hard_reset_i"):
        getattr(dut, name).value = 0
    for name in ("reset_value_i", "sign_mask_i", "leak_shift_i"):
        getattr(dut, name).value = 0


@cocotb.test()
@cocotb.parametrize(reset=["soft", "hard", "none"])
async def sweeps_as_the_contract_says(dut, reset: str) -> None:
    rng = seeded()
    idle(dut)
    mask = (1 << STATE) - 1
    dut.add_bias_i.value = 1
    dut.fires_i.value = int(reset != "none")
    dut.hard_reset_i.value = int(reset == "hard")
    for _ in range(25):
        bits = rng.randrange(2, STATE + 1)
        leak = rng.randrange(16)
        low, high = -(1 << (bits - 1)), (1 << (bits - 1)) - 1
        reset_value = rng.randint(low, high)
        dut.leak_shift_i.value = leak
        dut.sign_mask_i.value = mask & ~((1 << (bits - 1)) - 1)
        dut.reset_value_i.value = reset_value & mask
        cases = [
            [rng.choice(EDGES) if rng.random() < 0.4 else rng.randint(2 * low, 2 * high) for _ in "vbt"]
            for _ in range(20)
        ]
        cases = [[min(max(v, LOW), HIGH) for v in case] for case in cases]
        v, b, t = np.array(cases, np.int64).T
        want = neuron_step(
            v,
            np.zeros_like(v),
            threshold=t,
            bias=b,
            reset=reset,
            reset_value=reset_value,
            state_bits=bits,
            leak=Decay(1, leak) if leak else Decay(),
        )
        got = []
        # State and bias enter in stage 1, the threshold in stage 2, the result leaves in stage 5.
        for cycle in range(len(v) + 4):
            if cycle < len(v):
                dut.state_i.value = int(v[cycle]) & mask
                dut.bias_i.value = int(b[cycle]) & mask
            if 1 <= cycle <= len(v):
                dut.threshold_i.value = int(t[cycle - 1]) & mask
            await tick(dut)
            if cycle >= 3:
                got.append((signed(int(dut.state_after_o.value), STATE), int(dut.spike_o.value)))
        expected = list(zip(want.after.tolist(), want.spikes.astype(int).tolist(), strict=True))
        assert got[: len(v)] == expected, (bits, leak, reset_value, cases)


@cocotb.test()
async def adds_shifted_weights_and_values(dut) -> None:
    rng = seeded()
    idle(dut)
    mask = (1 << STATE) - 1
    for _ in range(300):
        state = rng.randint(LOW // 2, HIGH // 2)
        weight = rng.randint(-(1 << (WEIGHT - 1)), (1 << (WEIGHT - 1)) - 1)
        shift = rng.randrange(8)
        value = rng.randint(LOW // 2, HIGH // 2)
        use_weight = rng.random() < 0.6
        if use_weight and not LOW <= state + (weight << shift) <= HIGH:
            continue
        use_value = not use_weight and rng.random() < 0.7
        dut.state_i.value = state & mask
        dut.weight_i.value = weight & ((1 << WEIGHT) - 1)
        dut.value_i.value = value & mask
        dut.shift_i.value = shift
        dut.add_weight_i.value = int(use_weight)
        dut.add_value_i.value = int(use_value)
        await tick(dut)
        assert signed(int(dut.state_o.value), STATE) == state
        await tick(dut)
        added = (weight << shift) if use_weight else value if use_value else 0
        assert signed(int(dut.sum_o.value), STATE) == state + added
