"""The results of all finished cells, and how those of several seeds are put in words."""

import json
import statistics
from collections import defaultdict
from pathlib import Path
from typing import Any

from cells import all_cells
from methods import Place

Result = dict[str, Any]
"""What training and pricing of a cell said, and on how many samples it was verified."""


def read_results(folder: Path) -> list[Result]:
    """The results of all trained cells."""
    return [merged for cell in all_cells() if (merged := _merged(Place(folder, cell)))]


class Group:
    """The cells of one network, method and number of steps, a seed each."""

    def __init__(self, results: list[Result]) -> None:
        self.results = results

    def values(self, key: str) -> list[float]:
        """A figure of each seed that has it."""
        return [result[key] for result in self.results if result.get(key) is not None]

    def mean(self, key: str) -> float | None:
        """Over the seeds, None where none has it."""
        values = self.values(key)
        return statistics.mean(values) if values else None

    def text(self, key: str, scale: float, digits: int) -> str:
        """Mean, and standard deviation where there are several seeds; empty where there is none."""
        values = [value * scale for value in self.values(key)]
        if not values:
            return ""
        mean = f"{statistics.mean(values):,.{digits}f}"
        return mean if len(values) == 1 else f"{mean} ± {statistics.stdev(values):.{digits}f}"


def grouped(results: list[Result]) -> dict[str, dict[tuple[str, int], Group]]:
    """By network, then by method and steps, in the order of the cells."""
    found: dict[str, dict[tuple[str, int], list[Result]]] = defaultdict(lambda: defaultdict(list))
    for result in results:
        found[result["network"]][result["method"], result["steps"]].append(result)
    return {
        network: {key: Group(of_key) for key, of_key in groups.items()} for network, groups in found.items()
    }


def _merged(place: Place) -> Result:
    result = _read(place.file("json")) | _read(place.file("priced.json"))
    checked = _read(place.file("verified.json"))
    return result | {"verified": checked["samples"]} if checked else result


def _read(path: Path) -> Result:
    return json.loads(path.read_text()) if path.is_file() else {}
