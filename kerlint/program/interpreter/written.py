"""Programs in texts: `exec` and `eval`."""

from __future__ import annotations

import ast
from typing import Any

from kerlint import syntax
from kerlint.program.constants import constant
from kerlint.program.interpreter.containers import forget_entries, set_entries
from kerlint.program.interpreter.machine import Machine
from kerlint.program.modules import Module
from kerlint.program.values import Arguments, Class, Const, External, Function, Mapping, Unknown, Value, list_of
from kerlint.source import python_tree

#: What an expression that is no literal may fail with.
_FAILURES = (TypeError, ValueError, RecursionError, MemoryError)
#: The constants that are read.
_PLAIN = (str, bytes, int, float, complex, bool, type(None))

_STAYING = (External, Module, Function, Class)


def run_exec(machine: Machine, arguments: Arguments, node: syntax.Node) -> Value:
    """`exec(text, globals, locals)`: what it may bind is not known any more."""
    names = _bound(constant(arguments.get(0)))
    place = arguments.get(2, "locals") or arguments.get(1, "globals")
    if isinstance(place, Mapping):
        if names is None:
            forget_entries(machine, place)
        else:
            unknown = {name: Unknown("bound in a text", node=node) for name in names}
            set_entries(machine, place, {**place.entries, **unknown})
    elif place is not None:
        # Mostly `globals()`.
        _forget(machine, machine.scope.module.names, names, node)
    elif machine.scope.kind != "function":
        # In a function it has names of its own.
        _forget(machine, machine.scope.names, names, node)
    return Const(None, node=node)


def _forget(machine: Machine, known: dict[str, Value], names: set[str] | None, node: syntax.Node) -> None:
    wanted = names
    if wanted is None:
        # What is imported or defined stays: nobody lets a text that is read from somewhere replace that.
        wanted = {name for name, value in known.items() if not isinstance(value, _STAYING) and name[:2] != "__"}
    for name in sorted(wanted):
        machine.heap.write(known, name, Unknown("bound in a text", node=node))


def _bound(text: object) -> set[str] | None:
    """The names that a program may bind; None if that may be any."""
    if not isinstance(text, str):
        return None
    tree = python_tree(text)
    if not isinstance(tree, ast.Module):
        return set()
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            found.add(node.id)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            found.add(node.name)
        elif isinstance(node, ast.alias):
            if node.name == "*":
                return None
            found.add(node.asname or node.name.partition(".")[0])
        elif isinstance(node, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)) and node.name is not None:
            found.add(node.name)
        elif isinstance(node, ast.MatchMapping) and node.rest is not None:
            found.add(node.rest)
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("exec", "globals", "locals", "vars"):
            return None
    return found


def run_eval(machine: Machine, arguments: Arguments, node: syntax.Node) -> Value:
    """`eval(text)` of a literal, or of a name."""
    text = constant(arguments.get(0))
    if not isinstance(text, str) or len(arguments.positional) != 1 or arguments.keywords:
        return Unknown("eval", node=node)
    text = text.strip()
    if text.isidentifier():
        return machine.lookup(text) or Unknown("eval", node=node)
    tree = python_tree(text)
    statements = tree.body if isinstance(tree, ast.Module) else []
    if len(statements) != 1 or not isinstance(statements[0], ast.Expr):
        return Unknown("eval", node=node)
    try:
        return _literal(ast.literal_eval(statements[0].value), node)
    except _FAILURES:
        return Unknown("eval", node=node)


def _literal(value: Any, node: syntax.Node) -> Value:
    if isinstance(value, (list, tuple)):
        return list_of([_literal(item, node) for item in value], type(value).__name__, node)
    return Const(value, node=node) if isinstance(value, _PLAIN) else Unknown("eval", node=node)
