"""Whether a generator of the program ever ends, by its statements."""

from __future__ import annotations

from kerlint import syntax

_LEAVING = frozenset({syntax.Return, syntax.Raise})
_LOOPS = frozenset({syntax.For, syntax.While})
_APART = frozenset({syntax.FunctionDef, syntax.ClassDef, syntax.Lambda})


def is_endless(definition: syntax.Node | None) -> bool:
    """Whether the function yields in a `while True` that nothing leaves."""
    if not isinstance(definition, syntax.FunctionDef):
        return False
    pending: list[syntax.Node] = [definition.body]
    while pending:
        node = pending.pop()
        if isinstance(node, syntax.While) and _is_true(node.test):
            return _holds_yield(node.body) and not _is_left(node.body)
        # What stands in an arm of a condition may never run.
        if isinstance(node, (syntax.Block, syntax.With)):
            pending.extend(reversed(syntax.children(node)))
    return False


def _is_true(test: syntax.Expression) -> bool:
    return isinstance(test, syntax.Constant) and test.value in (True, 1)


def _holds_yield(body: syntax.Node) -> bool:
    pending: list[syntax.Node] = [body]
    while pending:
        node = pending.pop()
        if isinstance(node, syntax.Yield):
            return True
        if type(node) not in _APART:
            pending.extend(syntax.children(node))
    return False


def _is_left(body: syntax.Node) -> bool:
    """Whether a statement in the body of a loop leaves the loop, or the function."""
    pending: list[tuple[syntax.Node, bool]] = [(body, False)]
    while pending:
        node, in_loop = pending.pop()
        kind = type(node)
        if kind in _LEAVING or (kind is syntax.Break and not in_loop):
            return True
        if kind in _APART or isinstance(node, syntax.Expression):
            continue
        inner = in_loop or kind in _LOOPS
        pending.extend((child, inner) for child in syntax.children(node))
    return False
