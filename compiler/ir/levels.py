"""The levels of the compiler in one type, and the one function that verifies any of them."""

from snnc.compiler.ir.image import Image
from snnc.compiler.ir.network import Network
from snnc.compiler.ir.program import TiledProgram
from snnc.compiler.ir.program_checks import verify_program
from snnc.compiler.ir.tiling import Tiling
from snnc.compiler.targets import Target

Level = Network | Tiling | TiledProgram | Image
LEVELS: tuple[type[Level], ...] = (Network, Tiling, TiledProgram, Image)
"""In the order the compiler goes through them."""


def verify(ir: Level) -> None:
    """Raise VerificationError, naming the place, for the first invariant of its level that `ir` breaks."""
    if isinstance(ir, TiledProgram):
        verify_program(ir)
    else:
        ir.verify()


def target_of(ir: Level) -> Target | None:
    """The target an IR is made for; a Network is for none."""
    return None if isinstance(ir, Network) else ir.target
