"""Conditions that ask which version of a library runs the program, or what it has."""

from __future__ import annotations

import libcst as cst

from kerlint.program.interpreter.machine import Machine
from kerlint.program.values import Unknown, Value

#: What a library says about its version, and functions that ask what something has.
_VERSIONS = frozenset({"__version__", "VERSION", "version_info"})
_ASKING = frozenset({"hasattr", "getattr"})
#: So many parts of a condition are looked at.
_MOST = 200


def asks_version(machine: Machine, test: cst.BaseExpression, value: Value) -> bool:
    """Whether the answer to a condition depends on the version: `tf.__version__ < "2.6"`, `hasattr(model, "x")`.

    Args:
        value: what the condition gives; the comparison may have been made before, or in a function.
    """
    pending: list[cst.CSTNode] = [test]
    if isinstance(value, Unknown) and value.node is not None:
        pending.append(value.node)
    seen: set[str] = set()
    for _ in range(_MOST):
        if not pending:
            return False
        node = pending.pop()
        if isinstance(node, cst.Name):
            if node.value in _VERSIONS:
                return True
            if node.value not in seen:
                seen.add(node.value)
                pending.extend(_made_by(machine, node.value))
        elif isinstance(node, cst.Call) and isinstance(node.func, cst.Name) and node.func.value in _ASKING:
            return True
        elif isinstance(node, cst.BaseExpression | cst.Arg | cst.ComparisonTarget):
            pending.extend(node.children)
    return False


def _made_by(machine: Machine, name: str) -> list[cst.CSTNode]:
    """The expression that a name stands for, where its value is not known."""
    value = machine.scope.lookup(name)
    return [value.node] if isinstance(value, Unknown) and isinstance(value.node, cst.BaseExpression) else []
