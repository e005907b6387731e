"""Whether the rules that a configuration names exist, and have the options that it sets."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from kerlint.configuration.model import ConfigurationError
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
    known = frozenset(json.loads(SCHEMA.read_text(encoding="utf-8"))["$defs"]["Selector"]["enum"])
    for key, selector in selectors:
        # To import all rules takes longer than to read a list of them.
        if selector not in known:
            try:
                validate([selector])
            except SelectionError as error:
                raise ConfigurationError(source, key, str(error)) from error


def read_options(tables: Mapping[str, Mapping[str, object]], source: str, key: str) -> dict[str, dict[str, object]]:
    """The options of rules by the rules' names.

    Args:
        tables: the same by codes or names.
        key: the key that they stand under.

    Raises:
        ConfigurationError: for a rule or an option that does not exist, or a value that an option cannot have.
    """
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
