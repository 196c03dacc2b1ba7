"""The command line `snnc`: the group of all verbs, each in a module that is imported when it is called."""

import importlib

import click

from snnc.base.version import __version__
from snnc.commands.console import Console, SnncGroup

VERBS = {
    "demo": "The main job end to end on embedded data: train, compile, simulate, verify the RTL.",
    "train": "Train RECIPE and write the model; run again, it continues where it was interrupted.",
    "import": "Make integers of a network trained elsewhere (.nir, .onnx, torch), and say what was lost.",
    "export": "Write MODEL (.pt) as a NIR file, which `snnc import` reads back exactly.",
    "compile": "Compile MODEL for a target into a build directory.",
    "explore": "Search the design space of SPACE, a TOML file: models, bits, steps, hardware; resumable.",
    "simulate": "Simulate a build: accuracy, cycles, latency, energy; checks budgets.",
    "check": "Check every budget of BUDGETS, a TOML file; exit code 6 and a table where one is exceeded.",
    "power": "Power of a build on its FPGA at a rate of inferences, line by line, idle time included.",
    "verify": "Run trainer, reference, simulator and RTL on the same samples and compare everything.",
    "run": "Run a build on a board: load it over UART, stream samples, read results and cycles.",
    "synth": "Place and route a build with the open tools: resources, clock, bitstream.",
    "export-ip": "Write a build's hardware as an IP block that elaborates by itself: FuseSoC core, images.",
    "report": "Write one HTML page about builds: figures, plots, core map, mistakes, provenance.",
    "trace": "Write what every core does in which cycle of one sample, as a trace for Perfetto.",
    "view": "Step through a sample on a local page: mesh, neurons, memories. Ends with Ctrl-C.",
    "inspect": "Print the IR of a build directory, or of a model (.pt, network level only).",
    "opt": "Run compiler passes on TEXT, an IR as in build/MODEL/ir or a model (.pt), and print the result.",
    "targets": "List the targets with their limits.",
    "ops": "List the supported layers, neurons and rules, from the checks themselves.",
    "bench": "Measure what simulation and compilation cost, beside peers, aims and the least possible.",
    "doctor": "Say which tools are present and what is missing for which command.",
}
"""Verb -> what `snnc --help` says of it. The module that `module_of` names has the rest in its `command`."""

EPILOG = (
    "Exit codes: 0 ok, 1 bug, 2 usage or bad file, 3 does not fit or timing fails, 4 unsupported model, "
    "5 executions differ, 6 budget exceeded, 130 interrupted, 141 output not read to its end."
)
CONTEXT = {
    "help_option_names": ["-h", "--help"],
    "max_content_width": 100,
    "show_default": True,
    "auto_envvar_prefix": "SNNC",
}


def module_of(verb: str) -> str:
    """The module of a verb."""
    return f"snnc.commands.{verb.replace('-', '_')}"


class Verbs(SnncGroup):
    """The verbs of `VERBS`; help for all of them imports none."""

    def list_commands(self, context: click.Context) -> list[str]:
        """Their names, in the order of the work."""
        return list(VERBS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        """The verb of that name, or None."""
        if name not in VERBS:
            return None
        command: click.Command = importlib.import_module(module_of(name)).command
        return command

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """Names and what they do."""
        with formatter.section("Commands"):
            formatter.write_dl(list(VERBS.items()))


@click.group(cls=Verbs, context_settings=CONTEXT, epilog=EPILOG)
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but data and errors.")
@click.option("-v", "--verbose", is_flag=True, help="Say more.")
@click.version_option(__version__)
@click.pass_context
def main(context: click.Context, quiet: bool, verbose: bool) -> None:
    """Train, compile, simulate and verify spiking neural networks, exactly.

    \b
    snnc train digits-mlp -o model.pt
    snnc compile model.pt --target fpga -o build/model
    snnc simulate build/model --data digits
    snnc verify build/model --samples 32
    """
    context.obj = Console(quiet, verbose)
