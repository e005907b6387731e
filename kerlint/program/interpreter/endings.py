"""Whether a generator of the program ever ends, by its statements."""

from __future__ import annotations

import libcst as cst

_LEAVING = frozenset({cst.Return, cst.Raise})
_LOOPS = frozenset({cst.For, cst.While})
_APART = frozenset({cst.FunctionDef, cst.ClassDef, cst.Lambda})


def is_endless(definition: cst.CSTNode | None) -> bool:
    """Whether the function yields in a `while True` that nothing leaves."""
    if not isinstance(definition, cst.FunctionDef):
        return False
    pending: list[cst.CSTNode] = [definition.body]
    while pending:
        node = pending.pop()
        if isinstance(node, cst.While) and _is_true(node.test):
            return _holds_yield(node.body) and not _is_left(node.body)
        # What stands in an arm of a condition may never run.
        if isinstance(node, (cst.IndentedBlock, cst.SimpleStatementLine, cst.With)):
            pending.extend(reversed(node.children))
    return False


def _is_true(test: cst.BaseExpression) -> bool:
    return (isinstance(test, cst.Name) and test.value == "True") or (
        isinstance(test, cst.Integer) and test.value == "1"
    )


def _holds_yield(body: cst.CSTNode) -> bool:
    pending: list[cst.CSTNode] = [body]
    while pending:
        node = pending.pop()
        if isinstance(node, cst.Yield):
            return True
        if type(node) not in _APART:
            pending.extend(node.children)
    return False


def _is_left(body: cst.CSTNode) -> bool:
    """Whether a statement in the body of a loop leaves the loop, or the function."""
    pending: list[tuple[cst.CSTNode, bool]] = [(body, False)]
    while pending:
        node, in_loop = pending.pop()
        kind = type(node)
        if kind in _LEAVING or (kind is cst.Break and not in_loop):
            return True
        if kind in _APART or isinstance(node, cst.BaseExpression):
            continue
        inner = in_loop or kind in _LOOPS
        pending.extend((child, inner) for child in node.children)
    return False
