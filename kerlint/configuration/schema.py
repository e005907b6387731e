"""The JSON schema of a configuration file, for editors, made from the structure that reads it and from the rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from kerlint.configuration.decoding import DOCUMENTATION, Tables
from kerlint.rules import all_rules
from kerlint.rules.base import Option, Rule
from kerlint.rules.documentation import page_of
from kerlint.selection import OWN_NAMES

#: Keys whose items are selectors.
_SELECTORS = ("select", "ignore", "extend-select")


def schema() -> dict[str, Any]:
    """The schema as JSON has it."""
    _, components = msgspec.json.schema_components([Tables])
    tables = components["Tables"]
    properties = tables["properties"]
    for name, own in properties.items():
        # Left out is no value of its own.
        properties[name] = {key: value for key, value in own.items() if key != "default"}
    selector = {"$ref": "#/$defs/Selector"}
    for name in _SELECTORS:
        properties[name]["items"] = selector
    properties["per-file-ignores"]["additionalProperties"]["items"] = selector
    properties["severity"]["propertyNames"] = selector
    properties["rules"] |= {
        "additionalProperties": False,
        "properties": {word: {"$ref": f"#/$defs/{rule.name}"} for rule in _configurable() for word in _words(rule)},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "kerlint",
        "description": f"The configuration of kerlint: {DOCUMENTATION}",
        **{key: value for key, value in tables.items() if key not in ("title", "description", "required")},
        "$defs": {
            "Selector": {"description": "A code, a prefix of codes, the name of a rule, or ALL.", "enum": selectors()},
            **{rule.name: _rule(rule) for rule in _configurable()},
        },
    }


def selectors() -> list[str]:
    """Everything that selects a rule, sorted."""
    pairs = [*((rule.code, rule.name) for rule in all_rules()), *OWN_NAMES.items()]
    prefixes = {code[:length] for code, _ in pairs for length in range(1, len(code))}
    return sorted({"ALL", *prefixes, *(word for pair in pairs for word in pair)})


def _configurable() -> list[type[Rule]]:
    return [rule for rule in all_rules() if rule.options()]


def _words(rule: type[Rule]) -> tuple[str, str]:
    return rule.name, rule.code


def _rule(rule: type[Rule]) -> dict[str, Any]:
    return {
        "description": page_of(rule).summary,
        "type": "object",
        "additionalProperties": False,
        "properties": {name: _option(option) for name, option in rule.options().items()},
    }


def _option(option: Option[Any]) -> dict[str, Any]:
    default: object = option.default
    shown = list(default) if isinstance(default, tuple) else default
    return {"description": option.help, "default": shown, **_type(option, default)}


def _type(option: Option[Any], default: object) -> dict[str, Any]:
    if isinstance(default, bool):
        return {"type": "boolean"}
    if isinstance(default, Mapping):
        own = {key: _type(option, value) for key, value in default.items()}
        return {"type": "object", "additionalProperties": False, "properties": own}
    if isinstance(default, tuple):
        return {"type": "array", "items": {"type": "string"}}
    bounds = {"minimum": option.low, "exclusiveMinimum": option.above, "maximum": option.high}
    kind = "integer" if isinstance(default, int) else "number"
    return {"type": kind, **{key: value for key, value in bounds.items() if value is not None}}
