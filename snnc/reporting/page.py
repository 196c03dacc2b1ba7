"""The page itself: sections in their order, each from its template, everything from outside escaped."""

from collections.abc import Sequence
from types import ModuleType

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from snnc.base.units import format_quantity
from snnc.reporting.sections import (
    comparison,
    cores,
    cycles,
    energy,
    layers,
    mistakes,
    network,
    passes,
    power,
    provenance,
    spikes,
    synthesis,
    verdicts,
)
from snnc.reporting.subject import Subject

SECTIONS: tuple[ModuleType, ...] = (
    network,
    verdicts,
    layers,
    cores,
    cycles,
    energy,
    spikes,
    mistakes,
    passes,
    synthesis,
    power,
    provenance,
)


def render_page(subjects: Sequence[Subject]) -> str:
    """One HTML document about the builds, of several first what differs; the same builds, the same bytes."""
    environment = _environment()
    parts = []
    if len(subjects) > 1:
        parts.append(
            ("comparison", comparison.TITLE, _render(environment, comparison, comparison.content(subjects)))
        )
    for number, subject in enumerate(subjects):
        prefix = f"{subject.name}: " if len(subjects) > 1 else ""
        for section in SECTIONS:
            name = _name(section)
            html = _render(environment, section, section.content(subject))
            parts.append((f"{name}-{number}", f"{prefix}{section.TITLE}", html))
    title = " · ".join(subject.build.network.name for subject in subjects)
    style = Markup(environment.get_template("style.css").render())
    return environment.get_template("page.html").render(title=title, style=style, parts=parts)


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("snnc.reporting"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["quantity"] = format_quantity
    environment.filters["percent"] = lambda share: f"{share:.1%}"
    return environment


def _render(environment: Environment, section: ModuleType, content: dict[str, object]) -> Markup:
    template = environment.get_template(f"{_name(section)}.html")
    if set(content) == {"missing"}:
        template = environment.get_template("missing.html")
    return Markup(template.render(**content))


def _name(section: ModuleType) -> str:
    return section.__name__.rpartition(".")[2]
