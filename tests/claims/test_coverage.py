"""Each rule that says something about Keras has a test in this folder, which says so in its name: `test_kl001_...`."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from kerlint.rules import all_rules
from kerlint.rules.base import Rule
from kerlint.rules.documentation import page_of

#: The rules that say nothing about Keras that a short program could show to be false, and what they are about.
NO_CLAIM = {
    "KE003": "which rows a score may be measured on",
    "KE020": "whether anybody looks at other data",
    "KE027": "which rows a score may be measured on",
    "KE030": "what a scaler is: its scale stays until it is taken back",
    "KE025": "which columns a new row has",
    "KL026": "what a scaler is: its scale stays until it is taken back",
    "KN025": "what an activation gives",
    "KN022": "what the numbers of categories mean",
    "KS025": "how often narrow models end as a constant: a share of many trainings",
}

#: Words by which a rule says what Keras or TensorFlow do.
CLAIM = re.compile(r"(says nothing|nothing says so|warns|raises|without a (word|warning)|silently|accepts|\w+Error)\b")


def named_in_tests() -> set[str]:
    """The codes in the names of the tests. They are read, not imported: this holds without TensorFlow, too."""
    found = set()
    for path in Path(__file__).parent.glob("test_*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and (match := re.match(r"test_(k[a-z]\d{3})_", node.name)):
                found.add(match[1].upper())
    return found


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.code)
def test_the_claims_of_a_rule_are_tested(rule: type[Rule]) -> None:
    assert (rule.code in named_in_tests()) is not (rule.code in NO_CLAIM)


def test_no_other_codes() -> None:
    assert named_in_tests() | NO_CLAIM.keys() <= {rule.code for rule in all_rules()}


@pytest.mark.parametrize("rule", [rule for rule in all_rules() if rule.code in NO_CLAIM], ids=lambda rule: rule.code)
def test_who_claims_nothing_says_nothing(rule: type[Rule]) -> None:
    assert CLAIM.search(page_of(rule).body) is None
