"""Torch modules as float graphs: `read_module` runs the file that builds one, `read` takes a module.

A module is run once on stand-ins, in evaluation mode, so that loops, lists, sizes and branches on options are
its own; whatever would need the numbers of an activation is refused.
"""

import copy
import importlib.util
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import nn

from snnc.base.errors import FileError, SnncError, UnsupportedModel, UsageError
from snnc.base.files import is_file
from snnc.base.quoting import printable, quote, shortened
from snnc.compiler.frontends.findings import Findings, Imported
from snnc.compiler.frontends.float_graph import FloatNeurons, Reading, Rectifier
from snnc.compiler.ir.network import Shape, count
from snnc.training.frontends.answer import find_answer, read_answer
from snnc.training.frontends.moments import same
from snnc.training.frontends.neurons.table import FRAMEWORKS, find_record
from snnc.training.frontends.standin import FLAT, IMAGE, ROW, SAMPLES, STEPS, Axis, MoreSteps
from snnc.training.frontends.trace import Trace

STATES = ("v_mem", "i_syn")
"""Names under which sinabs stores what its neurons were doing; every run begins anew."""
TRACED_STEPS = 4
"""Steps of a module that takes any number of them."""


def read_module(
    path: Path,
    name: str,
    checkpoint: Path | None,
    framework: str | None = None,
    *,
    shape: Shape | None,
    steps: int | None = None,
    readout: Reading | None = None,
) -> Imported:
    """The module that `name` in the file `path` is or builds, with the weights of `checkpoint`.

    This runs the file, as Python does. Weights are loaded without running anything. Without a `shape` the
    first usual one is taken that the module runs with, and said. Raises FileError, UsageError, and
    UnsupportedModel with every node that cannot be read.
    """
    if framework is not None and framework not in FRAMEWORKS:
        raise UsageError(f"unknown framework {quote(framework)}; known: {', '.join(FRAMEWORKS)}")
    with own_code(path):
        module = _built(path, name)
    if checkpoint is not None:
        load_weights(module, checkpoint)
    source = f"{path.name}:{name}"
    if shape is not None:
        return read(module, shape, steps=steps, readout=readout, source=source)
    for usual in _usual_shapes(module):
        try:
            found = read(module, usual, steps=steps, readout=readout, source=source)
        except UnsupportedModel:
            continue
        found.findings.general.append(
            f"shape {usual}: the first usual one that the module takes; --shape states another"
        )
        return found
    raise UsageError(
        "a module does not say what goes in, and takes nothing of a usual size",
        hint="--shape 1,28,28, or --calibrate with data",
    )


def _usual_shapes(module: nn.Module) -> Sequence[Shape]:
    """What may go into the first layer of a module: its features, or its channels as squares of data sets."""
    for part in module.modules():
        if isinstance(part, nn.Linear):
            return [(part.in_features, 1, 1)]
        if isinstance(part, nn.Conv2d):
            channels = part.in_channels
            first = {1: 28, 2: 34, 3: 32}.get(channels, 32)
            return [(channels, side, side) for side in (first, 28, 32, 34, 8, 16, 64, 128, 224)]
    return []


@contextmanager
def own_code(path: Path) -> Iterator[None]:
    """What a file of one's own raises becomes an error with its file and line."""
    try:
        yield
    except (SnncError, KeyboardInterrupt):
        raise
    except (Exception, SystemExit) as error:
        where, trail = str(path), error.__traceback__
        while trail is not None:
            if trail.tb_frame.f_code.co_filename == str(path):
                where = f"{path}:{trail.tb_lineno}"
            trail = trail.tb_next
        said = shortened(printable(" ".join(str(error).split())), 200)
        raise FileError(f"raises {type(error).__name__}: {said}", where=where) from error


def _built(path: Path, name: str) -> nn.Module:
    if not is_file(path):
        raise FileError("no such file", where=str(path))
    if not name.isidentifier():
        raise UsageError(f"{quote(name)} is no name of Python; give FILE.py:NAME")
    spec = importlib.util.spec_from_file_location(f"_snnc_imported_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise FileError("is no file of Python", where=str(path))
    loaded = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = loaded
    # Files beside it can be imported, as with `python FILE.py`.
    sys.path.insert(0, str(path.parent))
    try:
        spec.loader.exec_module(loaded)
        found = getattr(loaded, name, None)
        if found is None:
            raise FileError(f"has nothing called {name}", where=str(path))
        built = found if isinstance(found, nn.Module) else found()
    finally:
        sys.path.remove(str(path.parent))
    if not isinstance(built, nn.Module):
        raise FileError(f"{name} gives {type(built).__name__}, not a torch module", where=str(path))
    return built


def load_weights(module: nn.Module, checkpoint: Path) -> None:
    """Load a `state_dict`, alone or under the key `state_dict`, `model`, or `net`; every tensor must fit."""
    if not is_file(checkpoint):
        raise FileError("no such file", where=str(checkpoint))
    try:
        saved: Any = torch.load(checkpoint, map_location="cpu", weights_only=True)
    except Exception as error:
        raise FileError(
            "is not a file of tensors that torch loads without running code",
            where=str(checkpoint),
            hint="write one with torch.save(module.state_dict(), FILE)",
        ) from error
    for key in ("state_dict", "model_state_dict", "model", "net"):
        if isinstance(saved, dict) and isinstance(saved.get(key), dict):
            saved = saved[key]
    if not isinstance(saved, dict) or not all(isinstance(one, torch.Tensor) for one in saved.values()):
        raise FileError("holds no state_dict: names and tensors", where=str(checkpoint))
    plain = {name.removeprefix("module."): tensor for name, tensor in saved.items()}
    own = module.state_dict()
    states = {name for name in {*own, *plain} if name.rpartition(".")[2] in STATES}
    kept = {name: own[name] for name in states & set(own)}
    try:
        module.load_state_dict({name: plain[name] for name in set(plain) - states} | kept)
    except RuntimeError as error:
        said = shortened(printable(" ".join(str(error).split())), 300)
        raise FileError(f"does not fit the module: {said}", where=str(checkpoint)) from None


def read(
    module: nn.Module,
    shape: Shape,
    *,
    steps: int | None = None,
    readout: Reading | None = None,
    source: str | None = None,
) -> Imported:
    """`module`, put into evaluation mode, as a float graph for inputs of `shape` (channels, height, width).

    Its forward pass may be one step, whose neurons keep their states or hand them back, or all steps, in a
    loop or at once. Raises UnsupportedModel with every node that cannot be read.
    """
    module.eval()
    findings = Findings(source or type(module).__name__)
    check_neurons(module, findings)
    failed: list[tuple[int, Exception]] = []
    for lead, form in _layouts(module, shape):
        for number in _numbers_of_steps(steps):
            report = Findings(findings.source)
            trace = Trace(_copied(module), shape, number, report)
            try:
                answer = trace.run(lead, form)
                graph = read_answer(trace, answer, readout)
                _require_the_same_again(trace, answer, lead, form)
            # The module's own code runs here, which may raise anything.
            except Exception as error:
                failed.append((trace.operations, error))
                if isinstance(error, MoreSteps):
                    continue
                break
            _describe(trace, report, lead)
            return Imported(graph, report, trace.steps_of_its_own())
    _, reason = max(failed, key=lambda one: one[0])
    if isinstance(reason, UnsupportedModel):
        findings.refuse(reason.where or "the module", type(module).__name__, reason)
    else:
        said = shortened(printable(" ".join(str(reason).split())), 200)
        problem = UnsupportedModel(f"its forward pass raises {type(reason).__name__}: {said}")
        findings.refuse("the module", type(module).__name__, problem)
    findings.require_supported()
    raise AssertionError("a refusal was noted")


def _require_the_same_again(trace: Trace, answer: Any, lead: Sequence[Axis], form: str) -> None:
    """Raise UnsupportedModel for a module of one step that does another thing in the next, since it keeps
    something beside the states of its neurons."""
    if not trace.spiking or trace.input_has_steps or trace.steps_of_its_own() is not None:
        return
    again = Trace(trace.module, trace.scratch.shape, trace.steps, Findings(trace.findings.source))
    alike = same(find_answer(again.run(lead, form)).value, find_answer(answer).value)
    fed = zip(trace.sites, again.sites, strict=False)
    changed = next((one.name for one, other in fed if not same(one.value, other.value)), None)
    if not alike or changed is not None or len(trace.sites) != len(again.sites):
        raise UnsupportedModel(
            "computes something else when it is called again: it keeps more than its neurons' states",
            where=changed,
            hint="let the module take all steps, and go through them in a loop",
        )


def _numbers_of_steps(steps: int | None) -> Sequence[int]:
    """How many steps to try, until the module's own loop has enough."""
    return (steps,) if steps is not None else (TRACED_STEPS, *(TRACED_STEPS << shift for shift in (3, 6, 8)))


def _copied(module: nn.Module) -> nn.Module:
    """A copy, which takes what the module stores of a run; the module itself where it cannot be copied."""
    try:
        return copy.deepcopy(module)
    # sinabs 2.0.3 cannot copy its recurrent layers; modules of one's own may raise anything.
    except Exception:
        return module


def check_neurons(module: nn.Module, findings: Findings) -> None:
    """Raise UnsupportedModel with all parts of a module that no stand-in can pass."""
    for path, part in module.named_modules():
        try:
            find_record(part)
            if part._forward_hooks or part._forward_pre_hooks:
                raise UnsupportedModel(
                    "has hooks, which may change what it computes", hint="remove them before"
                )
        except UnsupportedModel as error:
            findings.refuse(path or "the module", type(part).__name__, error)
    findings.require_supported()


def _layouts(module: nn.Module, shape: Shape) -> Iterator[tuple[Sequence[Axis], str]]:
    """Dimensions that the module may want its input to have, the likely ones first."""
    records = [record for part in module.modules() if (record := find_record(part)) is not None]
    wanted = [lead for record in records for lead in record.leads]
    leads: list[tuple[Axis, ...]] = [(SAMPLES,), (STEPS, SAMPLES), (SAMPLES, STEPS), ((SAMPLES, STEPS),)]
    leads.sort(key=lambda lead: lead not in wanted)
    forms = [FLAT, IMAGE] if shape[1:] == (1, 1) else [ROW, IMAGE, FLAT] if shape[1] == 1 else [IMAGE, FLAT]
    for lead in leads:
        for form in forms:
            yield lead, form


def _describe(trace: Trace, findings: Findings, lead: Sequence[Axis]) -> None:
    """What was found out about the whole."""
    spiking = any(isinstance(site.neurons, FloatNeurons) for site in trace.sites)
    mixed = [site.name for site in trace.sites if isinstance(site.neurons, Rectifier)] if spiking else []
    for name in mixed:
        findings.refuse(
            name,
            "ReLU",
            UnsupportedModel(
                "a ReLU sends numbers, and spiking neurons follow or lead", hint="replace it by neurons"
            ),
        )
    findings.require_supported()
    if (own := trace.steps_of_its_own()) is not None:
        findings.general.append(f"steps: {own}, as the module's own loop")
    axes = ", ".join("x".join(axis) if isinstance(axis, tuple) else axis for axis in lead)
    findings.general.append(f"input: ({axes}, ...) of {count(trace.scratch.shape)} values")
