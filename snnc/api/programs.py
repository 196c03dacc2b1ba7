"""What scripts and notebooks do with a network: compile, simulate, verify, execute, synthesise, explore."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from numpy.typing import NDArray

from snnc.api.models import as_network
from snnc.base.files import cache_directory, make_directory
from snnc.compiler.formats.storage import Build
from snnc.compiler.ir.network import Network
from snnc.compiler.isa.arithmetic import IntArray
from snnc.compiler.pipeline import compile_network
from snnc.compiler.protocol.input_encoding import as_samples, encode_inputs
from snnc.compiler.reference.interpreter import Execution, execute_network
from snnc.compiler.targets import Target, load_target
from snnc.verification.compare import Verification, VerifyOptions

if TYPE_CHECKING:
    from snnc.api.models import Model
    from snnc.commands.synthesis_report import Synthesis
    from snnc.exploration.search import Design
    from snnc.sim.report import Report


def compile(model: "Model", target: Target | str = "fpga") -> Build:
    """Tile, place and route a network on a target's cores; the program has run on generated inputs and
    computed what the network computes.

    `model` is a Network, what `train` or `convert` made, or the path of a model file; `target` the name of a
    built-in target (`snnc targets`), the path of a `.yaml` file, or a Target. The same arguments give the
    same program. `program.save(directory)` and `Build.load(directory)` keep it.

    Raises UnsupportedModel where a layer breaks a rule (docs/supported.md), DoesNotFit with both numbers,
    TargetError, FileError; MiscompileError is a bug of snnc.
    """
    from snnc.verification.validation import validate

    compilation = compile_network(as_network(model), _target(target))
    program = Build(compilation.network, compilation.tiled)
    validate(program)
    return program


def simulate(
    program: Build,
    x: Any,
    y: Any = None,
    tier: Literal["cycle", "functional"] = "cycle",
    progress: Callable[[int], None] | None = None,
    energy_table: str | None = None,
    zero_skipping: Literal["none", "activations", "both"] = "none",
) -> "Report":
    """Simulate samples on the mesh: predictions and cycles are exact, latency follows from the target's clock
    (seconds), energy (joules per sample) is estimated by the target's table.

    `x` holds integers 0..max_payload of shape (samples, features) or (samples, channels, height, width), for
    the encoding `events` with steps after samples; `y` the labels, if there are any: classes (samples,), or,
    for the figures in `report.metrics`, a class for each pixel of the readout (samples, height, width), as
    many floats as there are outputs, or boxes (samples, boxes, 5). Both are arrays, nested lists or torch
    tensors in main memory. The functional tier is faster and knows no time.
    `progress` is called with the number of samples done. `energy_table` prices the actions instead of the
    target's own: a name, or the path of a `.yaml`. `zero_skipping` says which zeros the network without
    spikes, with which this one is compared, does not multiply by.

    Raises FileError for samples or labels that do not fit, UsageError for an unknown tier. Sources of the
    energies stand in `sim/accounting/energy_tables/`; the cycles are those of docs/microarchitecture.md.
    """
    from snnc.sim.simulate import simulate as run

    return run(program, _samples(program.network, x), y, tier, progress, energy_table, zero_skipping)


def verify(program: Build, x: Any, *, stall: float = 0.0, seed: int = 0) -> Verification:
    """Run reference, simulator and RTL (Verilator) on samples `x`, as `simulate` takes them, and compare
    every spike, membrane, output and the cycle of every packet.

    With `stall`, 0..0.9, the RTL runs once more while every port stalls with that probability. The result
    counts what was compared and what differs; `result.require_equal()` raises MismatchError.

    Raises FileError for samples that do not fit, MismatchError where the RTL does not finish.
    """
    from snnc.verification.compare import verify as run

    options = VerifyOptions(stall, seed, cache=cache_directory(), work=cache_directory() / "verify")
    return run(program, _payloads(program.network, x), None, options)


def reference(model: "Model", x: Any) -> Execution:
    """Execute a network by the reference interpreter, in integers, one step after the other: the meaning of a
    model, which every other execution is compared with.

    `x` as for `simulate`. `outputs` is int64 (samples, readout neurons), `predictions` (samples,); `layers`
    holds by name the state word before each sweep (`accumulated`), `membrane` and `spikes`, all of shape
    (samples, steps, neurons), in the units of the layer's threshold.

    Raises UnsupportedModel for a network that breaks a rule, FileError for samples that do not fit. The
    arithmetic is that of docs/arithmetic.md.
    """
    network = as_network(model)
    return execute_network(network, _payloads(network, x))


def synthesise(
    program: Build,
    directory: Path | str,
    *,
    seed: int = 1,
    clock_mhz: float | None = None,
    loadable: bool = False,
) -> "Synthesis":
    """Place and route a program on the FPGA of its target with Yosys and nextpnr; minutes.

    Netlist, bitstream and reports stay in `directory`; run again with another `seed`, the netlist is used
    again. `clock_mhz` replaces the target's clock. Without `loadable` the hardware is cut down to this
    network. The result holds cells used and available, `fmax_hz`, `clock_hz` and whether it is `met`.

    Raises UsageError for a target without an FPGA or where tools are missing, DoesNotFit where the device has
    too few cells, FileError.
    """
    from snnc.commands.console import Console
    from snnc.commands.synthesis import SynthesisOptions, synthesise_build

    make_directory(Path(directory))
    options = SynthesisOptions(seed, clock_mhz, loadable)
    return synthesise_build(program, Path(directory), options, Console(quiet=True))


def explore(
    model: "Model",
    target: Target | str,
    x: Any,
    progress: Callable[[int], None] | None = None,
) -> "list[Design]":
    """Every combination of lanes, cores and tiling that fits the FPGA of `target`, simulated on samples `x`.

    A design knows its predicted `area` in cells, `latency_s` and `energy_j`, both means over the samples, and
    whether it `beats` another in all three. `x` as for `simulate`; a few samples are enough. `progress` is
    called with the number of combinations tried.

    Raises UsageError for a target without an ECP5, whose areas alone are known, UnsupportedModel, and
    DoesNotFit where no combination fits.
    """
    from snnc.exploration.search import explore as run

    network = as_network(model)
    return run(network, _target(target), _samples(network, x), progress or (lambda done: None))


def _target(target: Target | str) -> Target:
    return load_target(target) if isinstance(target, str) else target


def _samples(network: Network, x: Any) -> NDArray[Any]:
    """Samples as the network takes them, images flattened."""
    values = as_samples(x)
    pixels = network.input.shape
    if len(values) and values.ndim > len(pixels) and values.shape[-3:] == pixels:
        return values.reshape(*values.shape[:-3], network.input.features)
    return values


def _payloads(network: Network, x: Any) -> IntArray:
    return encode_inputs(network.input, network.steps, _samples(network, x))
