"""Formatted strings."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from kerlint import syntax
from kerlint.program.constants import NOTHING, constant
from kerlint.program.interpreter.enumerations import Member
from kerlint.program.interpreter.machine import Machine
from kerlint.program.interpreter.operators import MAX_LENGTH
from kerlint.program.values import Arguments, Const, Unknown, Value

#: A width or precision of more digits would make a string that nobody wants.
_WIDE = re.compile(r"\d{4}")
#: Text with fields that look nothing up in their values and have no width of four digits.
_PLAIN = re.compile(r"(?:[^{}]|\{\{|\}\}|\{\w*(?:![rsa])?(?::(?![^{}]*\d{4})[^{}]*)?\})*")
_CONVERSIONS: dict[str, Callable[[Any], str]] = {"r": repr, "s": str, "a": ascii}


def formatted(machine: Machine, node: syntax.FormattedString) -> Value:
    """An f-string. What stands in its braces happens, whether the string is known or not."""
    text = _text(machine, node.parts)
    if text is None:
        return Unknown("f-string", node=node)
    return Const(text, node=node) if len(text) <= MAX_LENGTH else Unknown("long string", node=node)


def _text(machine: Machine, parts: Any) -> str | None:
    """The text of the parts of an f-string, or of what stands behind a colon in it; None if it is not known."""
    found = [part if isinstance(part, str) else _field(machine, part) for part in parts]
    known = [text for text in found if text is not None]
    return "".join(known) if len(known) == len(found) else None


def _field(machine: Machine, part: syntax.FormattedStringExpression) -> str | None:
    given = machine.evaluate(part.expression)
    # What a member of an enumeration looks like has changed from one version of Python to the next.
    value = constant(given) if type(given) is not Member else NOTHING
    form = _text(machine, part.format_spec) if part.format_spec else ""
    if value is NOTHING or form is None or _WIDE.search(form):
        return None
    try:
        return format(_CONVERSIONS[part.conversion](value) if part.conversion else value, form)
    except (TypeError, ValueError, KeyError, OverflowError):
        return None


def filled_in(text: str, arguments: Arguments, node: syntax.Node) -> Value:
    """`text.format(...)`, where the fields are plain: a name or number, and a format without fields in it."""
    named = {name: _plain_text(value) for name, (value, _) in arguments.keywords.items()}
    numbered = [_plain_text(value) for value, _ in arguments.positional]
    unknown = arguments.open or NOTHING in numbered or NOTHING in named.values()
    if unknown or len(text) > MAX_LENGTH or not _PLAIN.fullmatch(text):
        return Unknown("format", node=node)
    try:
        made = text.format(*numbered, **named)
    except (TypeError, ValueError, KeyError, IndexError, OverflowError):
        return Unknown("format", node=node)
    return Const(made, node=node) if len(made) <= MAX_LENGTH else Unknown("long string", node=node)


def _plain_text(value: Value) -> Any:
    """A constant that looks the same in every version of Python."""
    found = constant(value) if type(value) is not Member else NOTHING
    return found if found is None or isinstance(found, (bool, int, float, str)) else NOTHING
