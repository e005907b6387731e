"""Whether the rules that a configuration names exist, and have the options that it sets."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from math import inf
from pathlib import Path
from typing import Any

from kerlint.configuration.model import ConfigurationError
from kerlint.configuration.patterns import fault
from kerlint.rules.options import OptionError
from kerlint.selection import SelectionError, unknown_rule, validate

#: The schema of a configuration file, which lists all selectors. `tools/update_schema.py` makes it.
SCHEMA = Path(__file__).with_name("kerlint.schema.json")


def check_selectors(selectors: Iterable[tuple[str, str]], source: str) -> None:
    """Does nothing if every selector fits a rule.

    Args:
        selectors: each with the key that it stands under.
        source: the file that they come from.

    Raises:
        ConfigurationError: for the first that does not.
    """
    known: set[str] | None = None
    for key, selector in selectors:
        known = known if known is not None else set(read_schema()["$defs"]["Selector"]["enum"])
        if selector not in known:
            try:
                validate([selector])
            except SelectionError as error:
                raise ConfigurationError(source, key, str(error)) from error


def check_patterns(patterns: Iterable[tuple[str, Sequence[str]]], base: str, source: str) -> None:
    """Does nothing if every pattern can fit something.

    Args:
        patterns: those that are read together, with the key that they stand under.
        base: the folder that they are for.
        source: the file that they come from.

    Raises:
        ConfigurationError: for the first that cannot.
    """
    for key, texts in patterns:
        wrong = fault(texts, base) if texts else ""
        if wrong:
            raise ConfigurationError(source, key, wrong)


def read_options(tables: Mapping[str, Mapping[str, object]], source: str, key: str) -> dict[str, dict[str, object]]:
    """The options of rules by the rules' names.

    Args:
        tables: the same by codes or names.
        key: the key that they stand under.

    Raises:
        ConfigurationError: for a rule or an option that does not exist, or a value that an option cannot have.
    """
    known = _known_options(tables)
    if known is not None:
        return known
    from kerlint.rules import all_rules

    rules = {word: rule for rule in all_rules() for word in (rule.code, rule.name)}
    found: dict[str, dict[str, object]] = {}
    for word, values in tables.items():
        rule = rules.get(word)
        if rule is None:
            raise ConfigurationError(source, f"{key}.{word}", str(unknown_rule(word, rules)))
        try:
            rule(values)
        except OptionError as error:
            raise ConfigurationError(source, ".".join((key, word, *error.key)), error.message) from error
        found.setdefault(rule.name, {}).update(values)
    return found


@lru_cache(maxsize=1)
def read_schema() -> dict[str, Any]:
    """The schema: to import all rules takes far longer than to read what there is to know about them."""
    found: dict[str, Any] = json.loads(SCHEMA.read_text(encoding="utf-8"))
    return found


def _known_options(tables: Mapping[str, Mapping[str, object]]) -> dict[str, dict[str, object]] | None:
    """The options as `read_options` gives them, if the schema has nothing against them."""
    rules = read_schema()["properties"]["rules"]["properties"]
    found: dict[str, dict[str, object]] = {}
    for word, values in tables.items():
        name = rules[word]["$ref"].rpartition("/")[2] if word in rules else ""
        if not name or not _fits(values, read_schema()["$defs"][name]):
            return None
        found.setdefault(name, {}).update(values)
    return found


def _fits(value: object, schema: Mapping[str, Any]) -> bool:
    """Whether a value is what a part of the schema describes. In doubt it is not."""
    kind = schema["type"]
    if kind == "object":
        properties = schema["properties"]
        return isinstance(value, Mapping) and all(
            key in properties and _fits(one, properties[key]) for key, one in value.items()
        )
    if kind == "array":
        return isinstance(value, list) and all(isinstance(one, str) for one in value)
    if kind == "boolean":
        return isinstance(value, bool)
    if isinstance(value, bool) or not isinstance(value, int if kind == "integer" else (int, float)):
        return False
    return bool(
        value >= schema.get("minimum", -inf)
        and value > schema.get("exclusiveMinimum", -inf)
        and value <= schema.get("maximum", inf)
    )
