"""What a fuzz leaves: failing cases that can be run again, and a table in which a blind spot shows."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import replay
from builders import layer, network, target
from cases import Draft
from space import table

from snnc.compiler.formats.text import print_ir


def test_a_kept_case_is_read_back_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay, "KEPT", tmp_path)
    payloads = np.arange(32, dtype=np.int64).reshape(1, 4, 8) % 17
    draft = Draft(network(layer("readout", "input", 8, 3)), target(lanes=8), True, payloads)
    again = replay.load(replay.keep(draft, "case"))
    assert print_ir(again.network) == print_ir(draft.network)
    assert (again.hardware, again.spread) == (draft.hardware, draft.spread)
    np.testing.assert_array_equal(again.payloads, payloads)


def test_rows_and_pairs_that_were_never_hit_are_marked() -> None:
    counts = Counter(
        {"software|feature|linear": 3, "rtl|feature|linear": 1, "software|pair|linear + convolution": 2}
    )
    lines = table(counts)
    (linear,) = (line for line in lines if line.split()[:2] == ["feature", "linear"])
    (pooling,) = (line for line in lines if line.split()[:2] == ["feature", "pooling"])
    assert "never" not in linear
    assert pooling.endswith("<- never")
    software, rtl = (number for number, line in enumerate(lines) if "pairs of features met" in line)
    assert "    linear + convolution" not in lines[software:rtl]
    assert "    linear + convolution" in lines[rtl:]
