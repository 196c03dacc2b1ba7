"""Names of nodes from outside as identifiers, which files of models want."""

import re
from collections.abc import Iterable

from snnc.compiler.frontends.float_graph import INPUT

LONGEST = 56


def identifiers(names: Iterable[str]) -> dict[str, str]:
    """An identifier for every name, close to it, and all of them different; none is that of the input."""
    given: dict[str, str] = {}
    taken = {INPUT}
    for name in names:
        plain = re.sub(r"\W+", "_", name, flags=re.ASCII)[:LONGEST].strip("_") or "layer"
        plain = plain if plain.isidentifier() else f"n{plain}"
        own, number = plain, 2
        while own in taken:
            own, number = f"{plain}_{number}", number + 1
        taken.add(own)
        given[name] = own
    return given
