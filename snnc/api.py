"""The Python API: compile, simulate and verify as functions, for scripts and notebooks."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from numpy.typing import NDArray

from snnc.compiler.formats.storage import Build
from snnc.compiler.ir.network import Network
from snnc.compiler.isa.arithmetic import IntArray
from snnc.compiler.pipeline import compile_network
from snnc.compiler.protocol.input_encoding import as_samples, encode_inputs
from snnc.compiler.targets import Target, load_target
from snnc.verification.compare import Verification, VerifyOptions

if TYPE_CHECKING:
    from snnc.sim.report import Report


def compile(model: Network | Path | str, target: Target | str = "fpga") -> Build:
    """Compile a network, or a `.pt` file, for a target or the target of that name; the program is run on
    generated inputs and compared with the network.

    Raises UnsupportedModel, DoesNotFit, TargetError, FileError, MiscompileError.
    """
    from snnc.verification.validation import validate

    if not isinstance(model, Network):
        from snnc.models import read_model

        model = read_model(Path(model))[1]
    chosen = load_target(target) if isinstance(target, str) else target
    compilation = compile_network(model, chosen)
    program = Build(compilation.network, compilation.tiled)
    validate(program)
    return program


def simulate(
    program: Build,
    x: NDArray[Any],
    y: IntArray | None = None,
    tier: Literal["cycle", "functional"] = "cycle",
) -> "Report":
    """Simulate samples `x` of integers, (samples, features) or (samples, steps, features), with labels `y`;
    arrays, nested lists or torch tensors."""
    from snnc.sim.simulate import simulate as run

    return run(program, x, y, tier=tier)


def verify(program: Build, x: NDArray[Any], options: VerifyOptions | None = None) -> Verification:
    """Run reference, simulator and RTL on samples `x` (as for `simulate`) and compare everything."""
    from snnc.base.files import cache_directory
    from snnc.verification.compare import verify as run

    network = program.network
    payloads = encode_inputs(network.input, network.steps, as_samples(x))
    return run(program, payloads, None, options or VerifyOptions(cache=cache_directory()))
