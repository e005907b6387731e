"""Formatted strings."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable
from typing import Any

import libcst as cst

from kerlint.program.constants import NOTHING, constant
from kerlint.program.interpreter.machine import Machine
from kerlint.program.interpreter.operators import MAX_LENGTH
from kerlint.program.values import Const, Unknown, Value

#: A width or precision of more digits would make a string that nobody wants.
_WIDE = re.compile(r"\d{4}")
_CONVERSIONS: dict[str, Callable[[Any], str]] = {"r": repr, "s": str, "a": ascii}


def escaped(node: cst.SimpleString) -> Value:
    """A string with a prefix or with escapes."""
    try:
        with warnings.catch_warnings():
            # Python warns of escapes that are none. That is not what this is about, and would go to standard error.
            warnings.simplefilter("ignore")
            return Const(ast.literal_eval(node.value), node=node)
    except (ValueError, SyntaxError):
        return Unknown("string", node=node)


def formatted(machine: Machine, node: cst.FormattedString) -> Value:
    """An f-string. What stands in its braces happens, whether the string is known or not."""
    text = _text(machine, node.parts)
    if text is None:
        return Unknown("f-string", node=node)
    return Const(text, node=node) if len(text) <= MAX_LENGTH else Unknown("long string", node=node)


def _text(machine: Machine, parts: Any) -> str | None:
    """The text of the parts of an f-string, or of what stands behind a colon in it; None if it is not known."""
    found: list[str | None] = []
    for part in parts:
        if type(part) is cst.FormattedStringText:
            # What is escaped is not worth to be spelt out: nobody names a layer so.
            found.append(None if "\\" in part.value else part.value.replace("{{", "{").replace("}}", "}"))
        elif type(part) is cst.FormattedStringExpression:
            found.append(_field(machine, part))
        else:
            found.append(None)
    known = [text for text in found if text is not None]
    return "".join(known) if len(known) == len(found) else None


def _field(machine: Machine, part: cst.FormattedStringExpression) -> str | None:
    value = constant(machine.evaluate(part.expression))
    form = _text(machine, part.format_spec) if part.format_spec is not None else ""
    if value is NOTHING or form is None or part.equal is not None or _WIDE.search(form):
        return None
    try:
        return format(_CONVERSIONS[part.conversion](value) if part.conversion is not None else value, form)
    except (TypeError, ValueError, KeyError, OverflowError):
        return None
