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
    templates = environment()
    parts = []
    if len(subjects) > 1:
        parts.append(
            ("comparison", comparison.TITLE, _render(templates, comparison, comparison.content(subjects)))
        )
    for number, subject in enumerate(subjects):
        prefix = f"{subject.name}: " if len(subjects) > 1 else ""
        for section in SECTIONS:
            name = _name(section)
            html = _render(templates, section, section.content(subject))
            parts.append((f"{name}-{number}", f"{prefix}{section.TITLE}", html))
    title = " · ".join(subject.build.network.name for subject in subjects)
    style = Markup(templates.get_template("style.css").render())
    return templates.get_template("page.html").render(title=title, style=style, parts=parts)


def environment() -> Environment:
    """Templates of pages: what they are given is escaped, and must be there."""
    templates = Environment(
        loader=PackageLoader("snnc.reporting"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters["quantity"] = format_quantity
    templates.filters["percent"] = lambda share: f"{share:.1%}"
    return templates


def _render(templates: Environment, section: ModuleType, content: dict[str, object]) -> Markup:
    template = templates.get_template(f"{_name(section)}.html")
    if set(content) == {"missing"}:
        template = templates.get_template("missing.html")
    return Markup(template.render(**content))


def _name(section: ModuleType) -> str:
    return section.__name__.rpartition(".")[2]
