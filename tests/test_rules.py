"""Every rule by what its own file says: its documentation is its test."""

from __future__ import annotations

import re
import textwrap

import pytest

from kerlint.rules import all_rules
from kerlint.rules.base import SYMPTOMS, Rule
from kerlint.rules.documentation import HEADINGS, OWN_PAGES, marked, page_of
from kerlint.testing import check, marks

RULES = all_rules()

each = pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.code}-{rule.name}")


def numbered(attribute: str) -> list[object]:
    return [
        pytest.param(rule, textwrap.dedent(text), id=f"{rule.code}-{index}")
        for rule in RULES
        for index, text in enumerate(getattr(rule, attribute))
    ]


def test_codes_and_names_are_unique() -> None:
    pages = [*map(page_of, RULES), *OWN_PAGES]
    assert len({page.code for page in pages}) == len(pages)
    assert len({page.name for page in pages}) == len(pages)


@each
def test_the_example_fires_where_it_is_marked(rule: type[Rule]) -> None:
    example = page_of(rule).example
    expected = marked(example)
    assert expected, "the example has no marker"
    assert {code for _, code in expected} == {rule.code}
    assert marks(check(example, rules=[rule])) == expected


@each
def test_use_instead_is_silent(rule: type[Rule]) -> None:
    text = page_of(rule).use_instead
    assert text, "there is no `Use instead:`"
    assert check(text, rules=[rule]) == []


@pytest.mark.parametrize(("rule", "text"), numbered("bad"))
def test_bad_fires_where_it_is_marked(rule: type[Rule], text: str) -> None:
    expected = marked(text)
    assert {code for _, code in expected} == {rule.code}
    assert marks(check(text, rules=[rule])) == expected


@pytest.mark.parametrize(("rule", "text"), numbered("good"))
def test_good_is_silent(rule: type[Rule], text: str) -> None:
    assert marked(text) == set()
    assert check(text, rules=[rule]) == []


@each
def test_findings_explain_themselves(rule: type[Rule]) -> None:
    for finding in check(page_of(rule).example, rules=[rule]):
        assert finding.message
        assert not finding.message.endswith(".")
        assert finding.label
        assert finding.why
        assert finding.help


@each
def test_house_style(rule: type[Rule]) -> None:
    page = page_of(rule)
    assert re.fullmatch(r"K[A-WYZ]\d{3}", page.code), "KX is for kerlint itself"
    assert re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)+", page.name)
    assert not page.name.startswith(("no-", "disallow-", "use-")), "name the bad pattern"
    assert set(page.symptoms) <= set(SYMPTOMS)
    assert re.fullmatch(r"\d+\.\d+\.\d+", page.since)
    assert page.summary
    assert [heading for heading in HEADINGS if not page.sections.get(heading)] == []
    codes = {other.code for other in RULES}
    assert set(rule.subsumes) <= codes - {rule.code}
