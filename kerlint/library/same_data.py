"""Whether two arrays hold the same numbers, because they were taken from one array in the same way."""

from __future__ import annotations

from kerlint import syntax
from kerlint.program.values import Array

#: What an index may be made of, so that it says the same wherever it stands.
_CONSTANT = (syntax.Slice, syntax.Constant, syntax.UnaryOperation, syntax.Tuple)


def same_data(left: Array, right: Array) -> bool:
    """Whether these are one array, or parts of one that are cut out with the same constants."""
    if left is right:
        return True
    if left.parent is None or left.parent is not right.parent or len(left.steps) != len(left.parent.steps):
        return False
    first, second = left.node, right.node
    if not isinstance(first, syntax.Subscript) or not isinstance(second, syntax.Subscript):
        return False
    if len(first.slice) != len(second.slice) or left.steps != right.steps:
        return False
    return all(_alike(one, other) for one, other in zip(first.slice, second.slice))


def _alike(left: syntax.Node, right: syntax.Node) -> bool:
    """Whether two indices are written alike, with constants only."""
    if type(left) is not type(right) or not isinstance(left, _CONSTANT):
        return False
    if isinstance(left, syntax.Constant):
        return left.value == getattr(right, "value", None)
    if isinstance(left, syntax.UnaryOperation) and left.operator != getattr(right, "operator", None):
        return False
    if isinstance(left, syntax.Slice) and isinstance(right, syntax.Slice):
        bounds = ((left.lower, right.lower), (left.upper, right.upper), (left.step, right.step))
        return all((a is None) is (b is None) and (a is None or b is None or _alike(a, b)) for a, b in bounds)
    ours, theirs = syntax.children(left), syntax.children(right)
    return len(ours) == len(theirs) and all(_alike(one, other) for one, other in zip(ours, theirs))
