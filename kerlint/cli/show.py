"""What would be linted, and what would apply to it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from kerlint.files import EXCLUDED, STDIN
from kerlint.output.text import clean, display_path

if TYPE_CHECKING:
    from kerlint.cli.run import Inputs
    from kerlint.configuration.model import Configuration
    from kerlint.configuration.patterns import Patterns
    from kerlint.selection import Settings


def files_of(inputs: Inputs) -> Iterator[str]:
    """Yields the names of the files that would be linted."""
    return (clean(display_path(inputs.name(target))) for target in inputs.targets())


def settings_of(inputs: Inputs) -> Iterator[str]:
    """Yields the lines that say what applies to each path, and why rules are off."""
    for number, path in enumerate(inputs.paths):
        if number:
            yield ""
        name = (inputs.stdin_filename or STDIN) if path == STDIN else path
        is_folder = name != STDIN and os.path.isdir(name)
        configuration = inputs.lookup.of_folder(name) if is_folder else inputs.lookup.of_file(name)
        yield f"# {clean(display_path(name))}"
        source = configuration.source
        yield f"# configuration: {clean(display_path(source)) if source else 'none, the defaults'}"
        settings = configuration.settings(name)
        yield from _keys(configuration)
        yield ""
        yield from _rules(settings)


def _keys(configuration: Configuration) -> Iterator[str]:
    """The configuration as TOML."""
    yield f"select = {_list(configuration.select or ('ALL',))}"
    yield f"ignore = {_list(configuration.ignore)}"
    yield f"extend-select = {_list(configuration.extend_select)}"
    yield f"exclude = {_list(configuration.exclude.texts if configuration.exclude else sorted(EXCLUDED))}"
    yield f"extend-exclude = {_list(_texts(configuration.extend_exclude))}"
    if configuration.target_keras:
        yield f"target-keras = {json.dumps(configuration.target_keras)}"
    if configuration.root:
        yield f"root = {json.dumps(configuration.root)}"
    yield f"fail-on = {json.dumps(configuration.fail_on.value)}"
    yield f"pedantic = {json.dumps(configuration.pedantic)}"
    for patterns, rules in configuration.per_file_ignores:
        yield f"per-file-ignores.{json.dumps(patterns.texts[0])} = {_list(rules)}"
    for selector, severity in configuration.severity.items():
        yield f"severity.{selector} = {json.dumps(severity.value)}"


def _rules(settings: Settings) -> Iterator[str]:
    """Each rule with its severity and its options, or with the reason why it is off."""
    from kerlint.finding import Severity
    from kerlint.rules import all_rules
    from kerlint.selection import is_asked_for, reason_off, severity_of

    yield "# rules"
    for rule in all_rules():
        severity = severity_of(rule.code, rule.name, rule.severity, rule.severity, settings)
        reason = reason_off(rule.code, rule.name, settings)
        if reason:
            state = f"off ({reason})"
        elif severity is Severity.ADVICE and not is_asked_for(rule.code, rule.name, settings):
            state = "advice, hidden"
        else:
            state = severity.value
        yield f"# {rule.code} {rule.name}: {state}"
        own: Mapping[str, object] = settings.options.get(rule.name, {})
        for option, value in own.items():
            yield f"rules.{rule.name}.{option} = {_value(value)}"


def _texts(several: Iterable[Patterns]) -> list[str]:
    return [text for patterns in several for text in patterns.texts]


def _list(values: Iterable[str]) -> str:
    return json.dumps(list(values), ensure_ascii=False)


def _value(value: object) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {_value(one)}" for key, one in value.items()) + " }"
    return json.dumps(value, ensure_ascii=False)
