"""The site with the documentation: it builds, all of its links hold, and it needs nothing from elsewhere."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from kerlint.rules import all_rules
from kerlint.rules.base import SYMPTOMS

pytest.importorskip("zensical")

ROOT = Path(__file__).parent.parent


def build(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "zensical", "build", "--strict", "--clean"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def sources(folder: Path) -> Path:
    shutil.copytree(ROOT / "docs", folder / "docs")
    shutil.copy(ROOT / "zensical.toml", folder)
    return folder


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = sources(tmp_path_factory.mktemp("site"))
    done = build(folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "No issues found" in done.stdout + done.stderr
    return folder / "site"


def test_there_is_a_page_for_everything(site: Path) -> None:
    for rule in all_rules():
        assert rule.code in (site / "rules" / rule.name / "index.html").read_text(encoding="utf-8")
    for symptom in SYMPTOMS:
        assert (site / "symptoms" / symptom / "index.html").is_file()
    for page in (ROOT / "docs").glob("*.md"):
        assert (site / ("" if page.stem == "index" else page.stem) / "index.html").is_file()


def test_search_knows_the_rules(site: Path) -> None:
    text = json.dumps(json.loads((site / "search.json").read_text(encoding="utf-8")))
    for rule in all_rules():
        assert rule.name in text


def test_nothing_comes_from_elsewhere(site: Path) -> None:
    for page in site.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        assert re.findall(r'<(?:script|img|iframe)[^>]*src="?(?:https?:)?//', text) == []
        assert re.findall(r'<link[^>]*rel="?(?:stylesheet|preconnect)"?[^>]*href="?(?:https?:)?//', text) == []
    for style in site.rglob("*.css"):
        assert re.findall(r"(?:@import|url\()\s*[\"']?(?:https?:)?//", style.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("link", ["[x](nowhere.md)", "[x](ci.md#nowhere)"])
def test_a_broken_link_is_no_site(tmp_path: Path, link: str) -> None:
    folder = sources(tmp_path)
    with (folder / "docs" / "fixes.md").open("a", encoding="utf-8") as file:
        file.write(f"\n{link}\n")
    assert build(folder).returncode != 0
