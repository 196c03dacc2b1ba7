"""The site builds without a warning, fetches nothing, and a link that leads nowhere stops it."""

import logging
import re
import shutil
from pathlib import Path

import pytest
from mkdocs.commands.build import build
from mkdocs.config import load_config
from mkdocs.exceptions import Abort
from site_build import ROOT, build_site

from snnc.commands.cli import VERBS
from snnc.compiler.isa import contract

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", name="site")
def built_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    build_site(folder)
    return folder


def test_every_page_is_there_and_fetches_nothing(site: Path) -> None:
    pages = {str(path.relative_to(site)): path.read_text() for path in site.rglob("*.html")}
    docs = ROOT / "docs"
    written = {str(path.relative_to(docs).with_suffix(".html")) for path in docs.rglob("*.md")}
    assert written <= set(pages)
    assert {"index.html", "CHANGELOG.html", "CONTRIBUTING.html", "examples/index.html"} <= set(pages)
    for name, text in pages.items():
        fetched = re.findall(r"<(?:script|img|link|iframe)\b[^>]*?(?:src|href)=\"(https?:[^\"]*)", text)
        assert [url for url in fetched if 'rel="canonical"' not in url] == [], name


def test_the_readme_is_the_first_page(site: Path) -> None:
    text = (site / "index.html").read_text()
    assert "Two commands" in text and 'href="energy.html#counts"' in text
    assert 'src="overview.svg"' in text and (site / "overview.svg").is_file()


def test_generated_pages_say_everything(site: Path) -> None:
    commands = (site / "reference" / "commands.html").read_text()
    assert all(f"snnc {verb}" in commands for verb in VERBS)
    words = (site / "reference" / "words.html").read_text()
    for word in (contract.FLIT, contract.REGISTER, contract.DESTINATION, contract.BANK):
        assert all(f"<code>{item.name}</code>" in words for item in word.leaves())
    python = (site / "reference" / "python.html").read_text()
    for name in ("api.programs.compile", "compiler.ir.network.Network", "sim.report.Report"):
        assert f'id="snnc.{name}"' in python


def test_a_link_to_nowhere_and_a_page_without_a_place_stop_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    docs = tmp_path / "docs"
    shutil.copytree(ROOT / "docs", docs)
    (docs / "lost.md").write_text("# Lost\n\n[nowhere](nowhere.md), [no such place](energy.md#nowhere)\n")
    config = load_config(
        str(ROOT / "mkdocs.yml"), docs_dir=str(docs), site_dir=str(tmp_path / "site"), plugins=[], strict=True
    )
    with caplog.at_level(logging.WARNING), pytest.raises(Abort):
        build(config)
    for said in ("'nowhere.md', but the target", "'energy.md#nowhere', but", "lost.md"):
        assert said in caplog.text
