"""The clock is priced for as many flip-flops as the tools made."""

from types import SimpleNamespace

from snnc.rtl.fpga.area_model import measurements
from snnc.sim.accounting.static_power import registers


def test_the_rule_of_registers_is_near_the_builds() -> None:
    ratios = []
    for row in measurements():
        if row.features["board"]:
            continue
        cores, built = row.features["cores"], not row.features["loadable cores"]
        lane_bits = row.features["lane bits"] / cores
        contexts = row.features["contexts"] + row.features["loadable contexts"]
        hardware = SimpleNamespace(lanes=1, state_bits=lane_bits, contexts=contexts)
        ratios.append(cores * registers(hardware, built=built) / row.area.ff)  # type: ignore[arg-type]
    assert len(ratios) > 10
    assert min(ratios) > 0.7 and max(ratios) < 1.4
    assert 0.9 < sum(ratios) / len(ratios) < 1.1
