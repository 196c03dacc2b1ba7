"""Where the build comes from: versions, hashes, and the commands that make it again."""

import shlex
from typing import Any

from snnc.base.version import __version__
from snnc.commands.build_folder import MODEL_FILE
from snnc.reporting.subject import Subject

TITLE = "Provenance"


def content(subject: Subject) -> dict[str, Any]:
    """Rows of facts, and commands as a shell takes them."""
    network = subject.build.network
    origin, test = network.provenance, network.provenance.test
    facts = [
        ("snnc", __version__),
        ("model hash", subject.build.model_hash),
        ("recipe", origin.recipe),
        ("converted from", origin.module),
        ("data", origin.data),
        ("preparation", origin.preparation),
        ("seed", origin.seed),
        ("accuracy when made", None if test is None else f"{test.accuracy:.2%}"),
        ("firing rate when made", None if test is None else f"{test.firing_rate:.2%}"),
        (
            "accuracy of its origin",
            None if origin.origin_accuracy is None else f"{origin.origin_accuracy:.2%}",
        ),
        ("activity", origin.activity),
    ]
    if subject.synthesis is not None:
        facts += [(tool, version) for tool, version in subject.synthesis.tools.items()]
    return {
        "facts": [(name, str(value)) for name, value in facts if value is not None],
        "remarks": origin.remarks,
        "commands": [shlex.join(command) for command in _commands(subject)],
    }


def _commands(subject: Subject) -> list[list[str]]:
    folder, origin = str(subject.folder), subject.build.network.provenance
    model = f"{folder}/{MODEL_FILE}"
    commands = []
    if origin.recipe is not None and origin.module is None:
        commands.append(["snnc", "train", origin.recipe, "--seed", str(origin.seed or 0), "-o", model])
    commands.append(["snnc", "compile", model, "--target", subject.build.tiled.target.name, "-o", folder])
    if origin.data is not None:
        commands.append(["snnc", "simulate", folder, "--data", origin.data])
    if (verified := subject.verification) is not None:
        options = ["--samples", str(verified.samples), "--stall", f"{verified.stall:g}"]
        commands.append(["snnc", "verify", folder, *options, "--seed", str(verified.seed)])
    return [*commands, ["snnc", "report", folder]]
