"""`snnc export-ip`: a build's hardware as an IP block for other people's designs."""

from pathlib import Path

import click

from snnc.base.errors import FileError
from snnc.base.files import file_errors, make_directory
from snnc.commands.build_folder import LOCK_FILE, renewed_folder
from snnc.commands.console import Console
from snnc.commands.options import build_argument, directory, pass_console
from snnc.compiler.formats.storage import Build


@click.command("export-ip")
@build_argument
@click.option("-o", "--output", type=directory, required=True, help="Folder of the block.")
@click.option("--name", default="ip", help="Name of the block and its top, snnc_NAME.")
@click.option("--loadable", is_flag=True, help="The whole target, for any network, not for this one alone.")
@pass_console
def command(console: Console, folder: Path, output: Path, name: str, loadable: bool) -> None:
    """Write a build's hardware as an IP block that elaborates by itself: FuseSoC core, images.

    A block that is there already is replaced; files that are not its own stay.
    """
    from snnc.commands.synthesis import hardware_build
    from snnc.rtl.ip_block import GENERATED, MANIFEST, check_name, write_block
    from snnc.rtl.parameters import EVERY_MEMORY, WEIGHTS_ALONE

    check_name(name)
    build = hardware_build(Build.load(folder), loadable)
    _check_replaceable(output, MANIFEST)
    make_directory(output)
    with renewed_folder(output, GENERATED, MANIFEST, console) as fresh:
        block = write_block(build, fresh, name, loadable=EVERY_MEMORY if loadable else WEIGHTS_ALONE)
    console.say(f"{block.core} in {output}: {len(block.sources)} sources, {len(block.images)} memory images")


def _check_replaceable(output: Path, manifest: str) -> None:
    """A block, and nothing else, may lie where one is written."""
    with file_errors(output):
        if not output.exists() or (output / manifest).is_file():
            return
        if any(path.name != LOCK_FILE for path in output.iterdir()):
            raise FileError("is not empty, and holds no block", where=str(output))
