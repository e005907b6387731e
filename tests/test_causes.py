"""The pages that answer in plain words: every rule they name exists, under the name they link to."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kerlint.rules import all_rules

DOCS = Path(__file__).parent.parent / "docs"
NAMES = {rule.code: rule.name for rule in all_rules()}


@pytest.mark.parametrize("page", ["causes.md", "myths.md"])
def test_links_lead_to_the_rule_they_name(page: str) -> None:
    links = re.findall(r"\[(K[A-Z]\d{3})\]\(rules/([a-z0-9-]+)\.md\)", (DOCS / page).read_text("utf-8"))
    assert len(links) > 10
    assert {code: NAMES.get(code) for code, _ in links} == dict(links)


@pytest.mark.parametrize("page", sorted(path.name for path in DOCS.glob("*.md")))
def test_links_between_pages_hold(page: str) -> None:
    for target in re.findall(r"\]\(([^)#:]+\.md)(?:#[a-z-]+)?\)", (DOCS / page).read_text("utf-8")):
        assert (DOCS / target).is_file(), target
