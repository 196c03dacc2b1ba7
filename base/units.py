"""Numbers with units as people write them: `5uJ`, 1.234 µJ."""

import math
import re

from snnc.base.errors import UsageError
from snnc.base.quoting import quote

_PREFIXES = {"f": 1e-15, "p": 1e-12, "n": 1e-9, "u": 1e-6, "µ": 1e-6, "m": 1e-3, "": 1.0}


def parse_quantity(text: str, unit: str, option: str) -> float:
    """`5uJ` with unit `J` as 5e-6; a number alone is in the plain unit. Raises UsageError."""
    match = re.fullmatch(rf"\s*([0-9.]+(?:[eE][-+]?[0-9]+)?)\s*([fpnuµm]?)(?:{unit})?\s*", text)
    try:
        if match is None:
            raise ValueError
        value = float(match[1]) * _PREFIXES[match[2]]
    except ValueError:
        raise UsageError(f"{option} must be a number with a unit like 5u{unit}, not {quote(text)}") from None
    if not math.isfinite(value):
        raise UsageError(f"{option} must be a finite number, not {quote(text)}")
    return value


def format_quantity(value: float, unit: str) -> str:
    """4 significant digits with the prefix that fits: 1.234 µJ."""
    if value == 0:
        return f"0 {unit}"
    for prefix, factor in (("", 1.0), ("m", 1e-3), ("µ", 1e-6), ("n", 1e-9), ("p", 1e-12)):
        if abs(value) >= factor:
            return f"{value / factor:.4g} {prefix}{unit}"
    return f"{value / 1e-15:.4g} f{unit}"
