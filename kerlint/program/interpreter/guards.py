"""Conditions that ask which version of a library runs the program, or what it has."""

from __future__ import annotations

import re
from typing import Any

from kerlint import syntax
from kerlint.program.interpreter.machine import Machine
from kerlint.program.values import Unknown, Value

#: What a library says about its version, and functions that ask what something has.
_VERSIONS = frozenset({"__version__", "VERSION", "version_info"})
_ASKING = frozenset({"hasattr", "getattr"})
_WORDS = re.compile("|".join(sorted(_VERSIONS | _ASKING)))
#: So many parts of a condition are looked at.
_MOST = 200
#: The parts of expressions that a condition may ask in.
_PARTS: dict[type, tuple[str, ...]] = {
    syntax.Arg: ("value",),
    syntax.Attribute: ("value",),
    syntax.Await: ("expression",),
    syntax.BinaryOperation: ("left", "right"),
    syntax.BooleanOperation: ("values",),
    syntax.Comparison: ("left", "comparisons"),
    syntax.ComparisonTarget: ("comparator",),
    syntax.IfExp: ("test", "body", "orelse"),
    syntax.NamedExpr: ("value",),
    syntax.Subscript: ("value",),
    syntax.UnaryOperation: ("expression",),
}


def may_ask(module: syntax.Module) -> bool:
    """Whether anything in a module can ask for a version: in most nothing does."""
    return _WORDS.search(module.text) is not None


def asks_version(machine: Machine, test: syntax.Expression, value: Value) -> bool:
    """Whether the answer to a condition depends on the version: `tf.__version__ < "2.6"`, `hasattr(model, "x")`.

    Args:
        value: what the condition gives; the comparison may have been made before, or in a function.
    """
    if not machine.may_ask:
        return False
    pending: list[Any] = [test]
    if type(value) is Unknown and value.node is not None:
        pending.append(value.node)
    seen: set[str] = set()
    for _ in range(_MOST):
        if not pending:
            return False
        node = pending.pop()
        kind = type(node)
        if kind is syntax.Name:
            if node.value in _VERSIONS:
                return True
            if node.value not in seen:
                seen.add(node.value)
                pending.extend(_made_by(machine, node.value))
        elif kind is syntax.Call:
            if type(node.func) is syntax.Name and node.func.value in _ASKING:
                return True
            pending.append(node.func)
            pending.extend(node.args)
        elif kind is syntax.Attribute and node.attr in _VERSIONS:
            return True
        else:
            for name in _PARTS.get(kind, ()):
                part = getattr(node, name)
                pending.extend(part) if type(part) is list else pending.append(part)
    return False


def _made_by(machine: Machine, name: str) -> list[syntax.Node]:
    """The expression that a name stands for, where its value is not known."""
    value = machine.scope.lookup(name)
    return [value.node] if type(value) is Unknown and isinstance(value.node, syntax.Expression) else []
