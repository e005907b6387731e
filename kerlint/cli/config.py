"""`kerlint config`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import click

from kerlint.cli.terminal import print_lines

_WIDTH = 80


def _keys(_: click.Context, __: click.Parameter, incomplete: str) -> list[str]:
    """Keys that begin so, for the completion of shells."""
    from kerlint.configuration.checking import read_schema

    properties: Mapping[str, Any] = read_schema()["properties"]
    known = [*properties, *(f"rules.{name}" for name in _by_name(properties))]
    return [key for key in known if key.startswith(incomplete)]


@click.command(short_help="List the keys of the configuration, or explain one.")
@click.argument("key", required=False, shell_complete=_keys)
def config(key: str | None) -> None:
    """List the keys of the configuration, or explain one.

    The options of a rule are under its name: `kerlint config rules.learning-rate-too-high`. What applies to a file is
    shown by `kerlint --show-settings FILE`.
    """
    from kerlint.configuration.checking import read_schema

    schema = read_schema()
    word = (key or "").removeprefix("tool.kerlint.")
    if not word:
        print_lines(_table({name: own["description"] for name, own in schema["properties"].items()}))
    elif word == "rules":
        names = _by_name(schema["properties"])
        print_lines(_table({f"rules.{name}": schema["$defs"][name]["description"] for name in names}))
    elif found := _found(word, schema):
        print_lines(line for name, own in found.items() for line in _explained(name, own))
    else:
        raise click.UsageError(f"unknown key {key!r}{_hint(word, schema)}")


def _found(word: str, schema: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """What there is to know about a key, or about the options of a rule; empty if there is no such thing."""
    properties: Mapping[str, Any] = schema["properties"]
    if word in properties:
        return {word: properties[word]}
    within, _, rest = word.partition(".")
    rule, _, option = rest.partition(".")
    # The code of a rule is as good as its name.
    name = _own_name(properties["rules"]["properties"].get(rule, {}))
    if within != "rules" or not name:
        return {}
    options = schema["$defs"][name]["properties"]
    return {f"rules.{name}.{one}": own for one, own in options.items() if option in ("", one)}


def _hint(word: str, schema: Mapping[str, Any]) -> str:
    from difflib import get_close_matches

    from kerlint.rules import all_rules

    named = word.removeprefix("rules.")
    code, name = next(((rule.code, rule.name) for rule in all_rules() if named in (rule.code, rule.name)), ("", ""))
    if name:
        with_options = name in _by_name(schema["properties"])
        return f"; did you mean rules.{name}?" if with_options else f": {name} ({code}) has no options"
    close = get_close_matches(
        word, [*schema["properties"], *(f"rules.{one}" for one in _by_name(schema["properties"]))]
    )
    return f"; did you mean {close[0]}?" if close else ""


def _by_name(properties: Mapping[str, Any]) -> list[str]:
    """The names of the rules that have options."""
    return sorted({_own_name(own) for own in properties["rules"]["properties"].values()})


def _own_name(reference: Mapping[str, str]) -> str:
    return reference.get("$ref", "").rpartition("/")[2]


def _table(rows: Mapping[str, str]) -> Iterator[str]:
    """Yields names and what they mean, below one another where the names are long."""
    import textwrap

    indent = max(map(len, rows)) + 2
    for name, text in rows.items():
        if indent > _WIDTH // 3:
            yield name
            yield from textwrap.wrap(text, _WIDTH, initial_indent="    ", subsequent_indent="    ")
        else:
            yield from textwrap.wrap(text, _WIDTH, initial_indent=name.ljust(indent), subsequent_indent=" " * indent)


def _explained(key: str, own: Mapping[str, Any]) -> Iterator[str]:
    import textwrap

    yield key
    yield from textwrap.wrap(own["description"], _WIDTH, initial_indent="    ", subsequent_indent="    ")
    yield f"    type: {_type(own)}"
    if "default" in own:
        yield f"    default: {_toml(own['default'])}"


def _type(own: Mapping[str, Any]) -> str:
    """The type of a key in the words of TOML."""
    if "anyOf" in own:
        return " or ".join(_type(one) for one in own["anyOf"])
    if "enum" in own:
        return ", ".join(_toml(one) for one in own["enum"])
    kind = own.get("type", "")
    if kind == "object" and isinstance(own.get("additionalProperties"), Mapping):
        return f"table, each value {_type(own['additionalProperties'])}"
    words = {"array": "list of strings", "object": "table", "integer": "whole number"}
    return str(words.get(kind, kind))


def _toml(value: object) -> str:
    """A value as TOML has it."""
    import json

    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{name} = {_toml(one)}" for name, one in value.items()) + " }"
    return json.dumps(value, ensure_ascii=False)
