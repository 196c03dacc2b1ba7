"""Failing cases of the fuzz as files; `make replay CASE=build/fuzz/NAME` runs one again."""

import json
import sys
import tempfile
from pathlib import Path

import numpy as np
from cases import Draft

from snnc.compiler.formats.codec import ArrayStore, decode, encode
from snnc.compiler.ir.network import Network
from snnc.compiler.targets import Target

KEPT = Path("build/fuzz")


def keep(draft: Draft, name: str) -> Path:
    """Write `draft` to build/fuzz/`name`, in place of an earlier and larger failure; returns the folder."""
    folder = KEPT / name
    folder.mkdir(parents=True, exist_ok=True)
    arrays: ArrayStore = {}
    document = {
        "network": encode(draft.network, arrays),
        "hardware": encode(draft.hardware, arrays),
        "spread": draft.spread,
        "payloads": encode(draft.payloads, arrays),
    }
    (folder / "case.json").write_text(json.dumps(document, indent=1) + "\n")
    with (folder / "arrays.npz").open("wb") as stream:
        np.savez_compressed(stream, allow_pickle=False, **arrays)
    return folder


def load(folder: Path) -> Draft:
    """The case that `keep` wrote."""
    document = json.loads((folder / "case.json").read_text())
    with np.load(folder / "arrays.npz") as stored:
        arrays: ArrayStore = {name: stored[name] for name in stored.files}
    network = decode(Network, document["network"], arrays)
    hardware = decode(Target, document["hardware"], arrays)
    return Draft(network, hardware, document["spread"], arrays[document["payloads"]])


def main() -> None:
    """Run the case of the folder on the command line through every execution."""
    from executions import check_rtl, check_software

    draft = load(Path(sys.argv[1]))
    compilation = draft.compile()
    check_software(draft, compilation)
    print("software executions agree; now the RTL")
    with tempfile.TemporaryDirectory() as work:
        check_rtl(draft, compilation, Path(work))
    print("the RTL agrees")


if __name__ == "__main__":
    sys.path.append(str(Path(__file__).parent / "sim"))
    main()
