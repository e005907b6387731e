"""Functions that work number by number, and those that keep the shape of their input."""

from __future__ import annotations

from kerlint.library.ops.base import Answer, OpCall, Rule, broadcast, broadcast_all, operand, unchanged
from kerlint.library.shapes.base import Misfit
from kerlint.program.values import Sequence, Shape, Value


def combined(left: Value, right: Value, name: str) -> Shape:
    """The shape of an operation on two values.

    Raises:
        Misfit: their shapes do not agree. Keras does not look at the shape of a list.
    """
    listed = isinstance(left, Sequence) or isinstance(right, Sequence)
    shapes = operand(left), operand(right)
    try:
        result = broadcast(*shapes, name)
    except Misfit:
        if listed or name in ("==", "!="):
            return None
        raise
    return result if not listed or result in shapes else None


def _two(call: OpCall) -> Answer:
    return combined(call.first(), call.first(1), call.short)


def _where(call: OpCall) -> Answer:
    if call.is_none("x1") and call.is_none("x2"):
        # With the condition alone this is `nonzero`, whose sizes depend on the data.
        return None
    return broadcast_all([call.shape(name) for name in ("condition", "x1", "x2")], call.short)


def _sum_of_list(call: OpCall) -> Answer:
    shapes = call.shapes("inputs")
    return None if not shapes else broadcast_all(shapes, call.short)


def _select(call: OpCall) -> Answer:
    shapes = call.shapes("choicelist")
    return shapes[0] if shapes and call.symbolic else None


RULES: dict[str, Rule] = {
    "same": unchanged,
    "two": _two,
    "where": _where,
    "add_n": _sum_of_list,
    "select": _select,
}
