"""Single-bit upsets in the memories of a loaded mesh: what one flipped bit does to the classes, on the RTL.

    snnc demo -o build/demo
    python examples/benchmarks/upsets/run.py build/demo -o build/upsets

flips random bits of every memory, one at a time, in the image that is loaded, and runs the first test
samples, each behind a reset. Every finished flip is stored, so that the same command goes on where it was
interrupted; it ends with the table in `build/upsets/table.md`.
"""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import click
import numpy as np

from snnc.base.errors import SnncError
from snnc.base.files import cache_directory, write_text
from snnc.compiler.formats.storage import Build
from snnc.compiler.ir.image import CHUNK_BITS, Image, MemoryImage
from snnc.compiler.isa.arithmetic import IntArray
from snnc.compiler.passes.encode import Encode
from snnc.compiler.protocol.input_encoding import encode_inputs
from snnc.compiler.protocol.streams import decode_outputs, encode_samples
from snnc.compiler.reference.decode import decode_image
from snnc.compiler.reference.interpreter import execute_network
from snnc.models import load_inputs
from snnc.rtl.host.packets import PacketCheck
from snnc.rtl.parameters import parameters_for
from snnc.rtl.simulation.simulate import BuiltRtl, RtlRun, build_rtl, end_of_run, run_rtl

VALUES = ("weights", "thresholds", "bias", "initial")
TABLES = ("axon_rows", "axon_columns", "destinations", "sources")
SECTIONS = (*VALUES, *TABLES, "registers")
PARITY = (*VALUES[1:], *TABLES)
"""Memories of few words, where a parity bit per word costs little."""
PATIENCE = 3
"""A mesh that needs so many times the cycles it should has stopped."""
BATCH = 8
"""Flips of values that are tried in one simulation; those of tables, which stop a mesh, go one by one."""
OUTCOMES = ("same", "outputs", "classes", "told", "stops")
"""Nothing differs; outputs do, but no class; classes do, silently; an error bit, a mesh that is not at home,
or packets that cannot be; the mesh never finishes."""


@dataclass(frozen=True)
class Flip:
    """One bit of one core's image, counted from bit 0 of the section's first word."""

    core: int
    section: str
    bit: int

    @property
    def key(self) -> str:
        """Its name in the file of results."""
        return f"{self.section}/{self.core}/{self.bit}"

    def of(self, image: Image) -> Image:
        """`image` with this bit flipped."""
        core = image.cores[self.core]
        section: MemoryImage = getattr(core, self.section)
        word, bit = divmod(self.bit, section.width)
        words = section.words.copy()
        words[word, bit // CHUNK_BITS] ^= np.uint32(1 << bit % CHUNK_BITS)
        changed = replace(core, **{self.section: replace(section, words=words)})
        return replace(image, cores=(*image.cores[: self.core], changed, *image.cores[self.core + 1 :]))


class Bench:
    """A program on its RTL with samples, and what they should give."""

    def __init__(self, program: Build, payloads: IntArray) -> None:
        self.program, self.payloads = program, payloads
        self.image = Encode().run(program.tiled)
        self.expected = execute_network(program.network, payloads).outputs
        self.built: BuiltRtl = build_rtl(
            parameters_for(self.image), cache_directory(), trace=False, assertions=False
        )
        self.cycles = 10_000_000
        self.cycles = PATIENCE * self.run([self.image]).cycles

    def run(self, images: Sequence[Image]) -> RtlRun:
        """Each image loaded and reset, and every sample on it, behind a reset of its own."""
        tiled, config = self.program.tiled, self.image.config_flits()
        ends = tiled.ends_per_sample
        loaded, done = (np.array([end_of_run(count)], np.uint64) for count in (0, ends))
        streams = [encode_samples(tiled, row[None]) for row in self.payloads]
        samples = [part for stream in streams for part in (stream, done)]
        parts = [part for image in images for part in (image.config_flits(), loaded, *samples)]
        return run_rtl(
            self.built,
            np.concatenate([config, *parts[:-1]]),
            ends * len(streams) * len(images),
            config_flits=len(config),
            timeout_cycles=self.cycles * len(images),
        )

    def outcomes(self, flips: Sequence[Flip]) -> list[tuple[str, int]]:
        """What each flip does, and how many samples it classes wrongly without a word."""
        run = self.run([flip.of(self.image) for flip in flips])
        if run.timed_out or run.wrong:
            found = [("stops" if run.timed_out else "told", 0)]
        else:
            found = [self.classes(run, number) for number in range(len(flips))]
        if len(flips) == 1 or all(outcome not in ("stops", "told") for outcome, _ in found):
            return found
        # Whose error it is, or what followed from it, is known when each has run alone.
        half = len(flips) // 2
        return self.outcomes(flips[:half]) + self.outcomes(flips[half:])

    def classes(self, run: RtlRun, flip: int) -> tuple[str, int]:
        """What became of the outputs with the flip of this number in a run."""
        outputs = []
        first = flip * (1 + len(self.payloads)) + 1
        try:
            for number in range(first, first + len(self.payloads)):
                packets = run.outputs[run.outputs["run"] == number]
                flits = packets["flit"].astype(np.uint64)
                PacketCheck(self.program.tiled).check(flits, packets["cycle"].astype(np.int64))
                outputs.append(decode_outputs(self.program.tiled, flits, 1)[0])
        except SnncError:
            return "told", 0
        got = np.array(outputs)
        wrong = int((got.argmax(axis=1) != self.expected.argmax(axis=1)).sum())
        if wrong:
            return "classes", wrong
        return ("same" if np.array_equal(got, self.expected) else "outputs"), 0


def is_found(image: Image, flip: Flip) -> bool:
    """Whether what the flipped image decodes to is no program, or another one: what the check of a program
    against its network finds when it is loaded (`compiler/reference/lowering.py`). Bits that nothing reads
    are not."""
    try:
        decoded = Encode().run(decode_image(flip.of(image)))
    except (SnncError, KeyError):
        return True
    return not np.array_equal(decoded.config_flits(), image.config_flits())


def flips(image: Image, section: str, count: int, seed: int) -> list[Flip]:
    """`count` different bits of a memory, over all cores; all there are if fewer."""
    places = [
        (number, len(memory.words) * memory.width)
        for number, core in enumerate(image.cores)
        if (memory := getattr(core, section)) is not None
    ]
    bits = [Flip(number, section, bit) for number, size in places for bit in range(size)]
    order = np.random.default_rng(seed).permutation(len(bits))
    return [bits[place] for place in order[:count]]


def table(results: dict[Flip, tuple[str, int]], image: Image, samples: int) -> list[str]:
    """The rows, one per memory, and what a parity bit per word of the small memories would cost and find."""
    lines = [
        "| memory | bits | flips | same outputs | other outputs, same classes | wrong class, silent | told | "
        "stops | samples classed wrongly | another program |",
        "|---|" + "--:|" * 9,
    ]
    expected: dict[str, float] = {}
    for section in SECTIONS:
        rows = [row for flip, row in results.items() if flip.section == section]
        size = sum(
            len(memory.words) * memory.width
            for core in image.cores
            if (memory := getattr(core, section)) is not None
        )
        counts = Counter(row[0] for row in rows)
        shares = [f"{100 * counts[outcome] / len(rows):.0f} %" for outcome in OUTCOMES]
        wrong = sum(row[1] for row in rows) / (len(rows) * samples)
        found = sum(is_found(image, flip) for flip in results if flip.section == section)
        expected[section] = size * counts["classes"] / len(rows)
        cells = [
            f"`{section}`",
            f"{size:,}",
            str(len(rows)),
            *shares,
            f"{100 * wrong:.1f} %",
            f"{100 * found / len(rows):.0f} %",
        ]
        lines.append("| " + " | ".join(cells) + " |")
    words = sum(len(getattr(core, section).words) for core in image.cores for section in PARITY)
    share = sum(expected[section] for section in PARITY) / max(sum(expected.values()), 1e-9)
    lines += [
        "",
        f"A parity bit per word of all but weights and registers: {words:,} bits; it would tell every",
    ]
    lines += [f"flip there: {100 * share:.0f} % of the silent wrong classes, if all bits are hit alike."]
    return lines


@click.command()
@click.argument("build", type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), default=Path("build/upsets"))
@click.option("--data", default="digits")
@click.option("--samples", default=60, help="Test samples of each run.")
@click.option("--flips", "count", default=300, help="Bits of each memory.")
@click.option("--seed", default=1)
def main(build: Path, output: Path, data: str, samples: int, count: int, seed: int) -> None:
    """Flip, run and tabulate."""
    program = Build.load(build)
    network = program.network
    digits = load_inputs(network, data, data_dir=None, samples=samples)
    bench = Bench(program, encode_inputs(network.input, network.steps, digits.x))
    output.mkdir(parents=True, exist_ok=True)
    store = output / f"flips-{samples}-{seed}.json"
    results = json.loads(store.read_text("utf-8")) if store.is_file() else {}
    chosen = {section: flips(bench.image, section, count, seed) for section in SECTIONS}
    # Some of each memory after the other, so that an interrupted run has about as many of each.
    for start in range(0, count, BATCH):
        for section in SECTIONS:
            group = [flip for flip in chosen[section][start : start + BATCH] if flip.key not in results]
            size = BATCH if section in VALUES else 1
            for first in range(0, len(group), size):
                part = group[first : first + size]
                results |= {flip.key: row for flip, row in zip(part, bench.outcomes(part), strict=True)}
                write_text(store, json.dumps(results, indent=1) + "\n")
    kept = {flip: results[flip.key] for group in chosen.values() for flip in group}
    text = "\n".join(table(kept, bench.image, samples)) + "\n"
    write_text(output / "table.md", text)
    print(text)


if __name__ == "__main__":
    main()
