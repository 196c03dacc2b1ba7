"""What MkDocs does beyond `docs/`: pages from the root and the examples, and pages made from the code.

A hook of MkDocs (https://www.mkdocs.org/dev-guide/plugins/#events). Pages are written for readers of the
repository; whatever they link to there is taken along, so that the same links hold here.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import click
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from notebook_page import notebook_page

ROOT = Path(__file__).resolve().parents[2]
DOCS = PurePosixPath("docs")
FIRST = "README.md"
LINK = re.compile(r"\[(?P<text>[^\]]*)\]\((?P<file>[^)#\s]+)(?P<rest>(?:#[^)\s]*)?\))")
SCHEME = re.compile(r"[a-z]+:")


def on_config(config: MkDocsConfig) -> None:
    """Let `FOLDER/*` in the navigation stand for every page of the folder without a place of its own."""
    places = sorted(_place(path) for path in _reached(FIRST) if path.suffix in (".md", ".ipynb"))
    listed = {page for _, pages in _sections(config) for page in pages if isinstance(page, str)}
    for _, pages in _sections(config):
        for pattern in [page for page in pages if isinstance(page, str) and page.endswith("/*")]:
            found = [place for place in places if place.startswith(pattern[:-1]) and place not in listed]
            at = pages.index(pattern)
            pages[at : at + 1] = found


def _sections(config: MkDocsConfig) -> list[tuple[str, list[Any]]]:
    """Sections of the navigation with their pages."""
    sections = [section for entry in config.nav or [] for section in entry.items()]
    return [(name, pages) for name, pages in sections if isinstance(pages, list)]


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Add the first page, every file that pages link to, and the generated pages."""
    for path in _reached(FIRST):
        if path.suffix == ".ipynb":
            files.append(File.generated(config, _place(path), content=notebook_page(ROOT / path)))
        elif not path.is_relative_to(DOCS):
            files.append(File.generated(config, _place(path), abs_src_path=str(ROOT / path)))
    files.append(File.generated(config, "reference/commands.md", content=_commands()))
    files.append(File.generated(config, "reference/words.md", content=_words()))
    return files


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Let links between files of the repository be links between pages; a folder has no page."""
    source = Path(page.file.abs_src_path or "")
    if not source.is_relative_to(ROOT):
        return markdown
    own = PurePosixPath(source.relative_to(ROOT).as_posix())

    def translate(match: re.Match[str]) -> str:
        target = _target(own, match["file"])
        if target is not None and (ROOT / target).is_dir():
            return match["text"]
        if target is None or not (ROOT / target).is_file():
            return match[0]
        place = os.path.relpath(_place(target), PurePosixPath(page.file.src_uri).parent)
        return f"[{match['text']}]({place}{match['rest']}"

    return LINK.sub(translate, markdown)


def _reached(first: str) -> Iterator[PurePosixPath]:
    """Every file that can be reached by links from the file `first` and from the pages of docs/."""
    waiting = [PurePosixPath(first), *(_inside(path) for path in sorted((ROOT / DOCS).rglob("*.md")))]
    seen = set(waiting)
    while waiting:
        path = waiting.pop()
        yield path
        if path.suffix == ".md":
            for match in LINK.finditer((ROOT / path).read_text("utf-8")):
                target = _target(path, match["file"])
                if target is not None and target not in seen and (ROOT / target).is_file():
                    seen.add(target)
                    waiting.append(target)


def _inside(path: Path) -> PurePosixPath:
    return PurePosixPath(path.relative_to(ROOT).as_posix())


def _target(page: PurePosixPath, link: str) -> PurePosixPath | None:
    """The file of the repository that a link of `page` names; None for one that leads elsewhere."""
    if SCHEME.match(link) or link.startswith("/"):
        return None
    path = PurePosixPath(os.path.normpath(page.parent / link))
    return None if path.parts[0] == ".." else path


def _place(path: PurePosixPath) -> str:
    """Where a file of the repository is in the site."""
    if str(path) == FIRST:
        return "index.md"
    place = path.relative_to(DOCS) if path.is_relative_to(DOCS) else path
    return str(place).replace("README.md", "index.md").replace(".ipynb", ".md")


def _commands() -> str:
    """Help of every verb, as the terminal prints it."""
    from snnc.commands.cli import VERBS, main

    parts = ["# Commands\n\nGenerated from the declarations of the command line.\n"]
    with click.Context(main, info_name="snnc") as parent:
        parts.append(f"```text\n{main.get_help(parent)}\n```\n")
        for verb in VERBS:
            command = main.get_command(parent, verb)
            assert command is not None
            with click.Context(command, info_name=verb, parent=parent) as context:
                parts.append(f"## snnc {verb}\n\n```text\n{command.get_help(context)}\n```\n")
    return "\n".join(parts)


def _words() -> str:
    """Every word that hardware and software share, field by field."""
    from snnc.compiler.isa import contract, host_link, peripheral

    words = [
        *(contract.ADDRESS, contract.FLIT, *contract.DATA_OF_TYPE.values(), *contract.TABLE_WORDS),
        *(contract.REGISTER, contract.SEGMENT, contract.BANK, *contract.STATUS_WORDS),
        *(host_link.REPLY, host_link.PACKET, host_link.STATUS_REPLY),
        *(peripheral.STREAM_IN, peripheral.STREAM_OUT, *(item.word for item in peripheral.REGISTERS)),
    ]
    parts = [
        "# Words of the hardware\n\nGenerated from the declarations that encoder, decoder, driver and "
        "SystemVerilog are made of.\n"
    ]
    for word in words:
        rows = [
            f"| `{item.name}` | {item.at} | {item.width} | {'yes' if item.signed else ''} | {item.meaning} |"
            for item in word.leaves()
        ]
        head = "| field | lowest bit | bits | signed | meaning |\n|---|--:|--:|---|---|"
        parts.append(f"## {word.name}\n\n{word.width} bits.\n\n{head}\n" + "\n".join(rows) + "\n")
    return "\n".join(parts)
