"""Golden texts of the passes: the text a pass leaves is what the next one takes; `make golden` rewrites them.

`tests/compiler/passes/NAME/` holds `0-network.txt`, written by hand, `passes`, a pipeline, and the text after
each of its passes. Where a pass refuses, its text is the refusal, and the pipeline ends with it.
"""

from pathlib import Path

from snnc.base.errors import SnncError
from snnc.compiler.formats.text import parse_ir, print_ir
from snnc.compiler.ir.levels import verify
from snnc.compiler.passes.registry import Pass, parse_passes
from snnc.compiler.targets import Target

GOLDEN = Path(__file__).parent.parent / "compiler" / "passes"
FIRST = "0-network.txt"


def chains() -> list[Path]:
    """The folders of golden texts."""
    return sorted(path.parent for path in GOLDEN.glob(f"*/{FIRST}"))


def passes_of(chain: Path) -> tuple[Pass, ...]:
    """The pipeline of a chain."""
    return parse_passes((chain / "passes").read_text().strip(), target_of_chain(chain))


def target_of_chain(chain: Path) -> Target:
    """The target that the network of a chain is for."""
    target = parse_ir((chain / FIRST).read_text(), {}).target
    if target is None:
        raise ValueError(f"{chain} says no target")
    return target


def text_after(chain: Path, number: int) -> Path:
    """Where the text after pass `number` of a chain lies, counted from 1; 0 is the network."""
    return chain / (f"{number}-{passes_of(chain)[number - 1].name}.txt" if number else FIRST)


def run_pass(chain: Path, number: int) -> str:
    """What pass `number` makes of the text before it, as text."""
    before = parse_ir(text_after(chain, number - 1).read_text(), {})
    try:
        after = passes_of(chain)[number - 1].run(before.ir)
        verify(after)
    except SnncError as error:
        return f"# {error.code}\n{error}\n"
    return print_ir(after, before.target, inline=None)


def main() -> None:
    """Rewrite every golden text but the networks."""
    for chain in chains():
        for old in set(chain.glob("[0-9]*.txt")) - {chain / FIRST}:
            old.unlink()
        for number, _ in enumerate(passes_of(chain), 1):
            text_after(chain, number).write_text(run_pass(chain, number))


if __name__ == "__main__":
    main()
