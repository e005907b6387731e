"""Options of rules: what the configuration may set, and what it may not."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from kerlint.finding import Severity
from kerlint.rules import all_rules
from kerlint.rules.base import Found, Option, OptionError, Rule
from kerlint.rules.documentation import page_of
from kerlint.testing import check, marks

each = pytest.mark.parametrize("rule", [rule for rule in all_rules() if rule.options()], ids=lambda rule: rule.code)


class Base(Rule):
    max_rate = Option(0.3, "Higher rates are too high.", above=0.0, high=10.0)


class Configurable(Base):
    """
    Something.
    """

    code, name, severity, symptoms, since = "KL999", "something-set", Severity.ADVICE, (), "0.1.0"

    few_steps = Option(5, "So many are few.", low=1)
    strict = Option(False, "Whether it is strict.")
    words = Option(("a", "b"), "Some words.")
    limits = Option({"Adam": 0.3, "SGD": 1.0}, "Some limits.", above=0.0)

    def check(self, program: Any) -> Iterator[Found]:
        yield from ()


def test_defaults() -> None:
    rule = Configurable()
    values = (rule.max_rate, rule.few_steps, rule.strict, rule.words, rule.limits)
    assert values == (0.3, 5, False, ("a", "b"), {"Adam": 0.3, "SGD": 1.0})
    assert list(Configurable.options()) == ["max-rate", "few-steps", "strict", "words", "limits"]
    assert Configurable.few_steps.help == "So many are few."


def test_values_are_of_one_rule() -> None:
    rule = Configurable({"max-rate": 1, "few-steps": 2, "strict": True, "words": ["c"], "limits": {"SGD": 3}})
    values = (rule.max_rate, rule.few_steps, rule.strict, rule.words, rule.limits)
    assert values == (1.0, 2, True, ("c",), {"Adam": 0.3, "SGD": 3.0})
    assert isinstance(rule.max_rate, float)
    assert Configurable().few_steps == 5


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"max-rat": 1}, "max-rat: unknown option; did you mean max-rate?"),
        ({"colour": 1}, "colour: unknown option; there are few-steps, limits, max-rate, strict, words"),
        ({"max-rate": "high"}, "max-rate: must be a number, not 'high'"),
        ({"max-rate": True}, "max-rate: must be a number, not true"),
        ({"max-rate": 0.0}, "max-rate: must be above 0 and at most 10, not 0.0"),
        ({"max-rate": float("nan")}, "max-rate: must be above 0 and at most 10, not nan"),
        ({"few-steps": 1.5}, "few-steps: must be a whole number, not 1.5"),
        ({"few-steps": 0}, "few-steps: must be at least 1, not 0"),
        ({"strict": 1}, "strict: must be true or false, not 1"),
        ({"words": "c"}, "words: must be a list of strings, not 'c'"),
        ({"limits": 3}, "limits: must be a table of numbers, not 3"),
        ({"limits": {"Adm": 3}}, "limits.Adm: unknown option; did you mean Adam?"),
        ({"limits": {"Adam": -1}}, "limits.Adam: must be above 0, not -1"),
    ],
)
def test_what_an_option_cannot_be(options: Mapping[str, object], text: str) -> None:
    with pytest.raises(OptionError, match=re.escape(text)):
        Configurable(options)


def test_the_page_lists_them() -> None:
    text = page_of(Configurable).markdown()
    assert "In `[tool.kerlint.rules.something-set]` of the configuration:" in text
    assert "| `max-rate` | `0.3` | Higher rates are too high. (a number, above 0 and at most 10) |" in text
    assert "| `strict` | `false` | Whether it is strict. (true or false) |" in text
    assert '| `words` | `["a", "b"]` |' in text
    assert "| `limits` | `{ Adam = 0.3, SGD = 1.0 }` |" in text


@each
def test_options_of_rules(rule: type[Rule]) -> None:
    for name, option in rule.options().items():
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", name)
        assert option.help.endswith(".")
        # The default is a value that the configuration could set.
        assert option.read(option.default) == option.default


SGD = """
import keras
model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(32, "relu"), keras.layers.Dense(1)])
model.compile(keras.optimizers.SGD(0.05), "mse")
"""


def test_a_rule_goes_by_its_options() -> None:
    (rule,) = (rule for rule in all_rules() if rule.name == "learning-rate-too-high")
    assert check(SGD, rules=[rule]) == []
    assert marks(check(SGD, rules=[rule({"limits": {"SGD": 0.04}})])) == {(4, "KO002")}
