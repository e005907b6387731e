"""Alternatives: whether two values mean the same, and what is known of something that is one of several."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any

from kerlint.program.values import ARRAY_FIELDS, Array, Bound, Const, External, OneOf, Sequence, Unknown, Value

if TYPE_CHECKING:
    from kerlint import syntax

#: More alternatives than this are Unknown.
MAX_ALTERNATIVES = 8

#: What two arrays have to have in common to mean the same.
_meaning = attrgetter(
    *[name for name in (*ARRAY_FIELDS, "distinct") if name not in ("steps", "statistic", "values", "parent", "fields")]
)


def same(left: Any, right: Any) -> bool:
    """Whether two values mean the same; unknown values are never the same."""
    if left is right:
        return True
    if isinstance(left, Const) and isinstance(right, Const):
        return type(left.value) is type(right.value) and bool(left.value == right.value)
    if isinstance(left, External) and isinstance(right, External):
        return left.name == right.name
    if isinstance(left, Array) and isinstance(right, Array):
        return _meaning(left) == _meaning(right) and _same_fields(left, right)
    if isinstance(left, tuple) and isinstance(right, tuple):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, OneOf) and isinstance(right, OneOf):
        return same(left.options, right.options)
    if isinstance(left, Sequence) and isinstance(right, Sequence):
        return left.kind == right.kind == "tuple" and same(left.items, right.items)
    if isinstance(left, Bound) and isinstance(right, Bound):
        return left.name == right.name and left.receiver is right.receiver
    return False


def _same_fields(left: Array, right: Array) -> bool:
    """Whether two frames have the same columns."""
    ours, theirs = left.fields, right.fields
    if ours is None or theirs is None or ours is theirs:
        return ours is theirs
    return len(ours) == len(theirs) and all(a == b and same(x, y) for (a, x), (b, y) in zip(ours, theirs))


def options(value: Value | None) -> tuple[Value, ...]:
    """The alternatives of a value: itself, unless it is `OneOf`."""
    if value is None:
        return ()
    return value.options if isinstance(value, OneOf) else (value,)


def one_of(values: list[Value], node: syntax.Node | None = None) -> Value:
    """The join of alternatives; Unknown if there are none, too many, or one is Unknown."""
    if len(values) == 1 and type(values[0]) is not OneOf:
        return values[0]
    distinct: list[Value] = []
    for value in values:
        for option in options(value):
            if isinstance(option, Unknown):
                return option
            if not any(same(option, seen) for seen in distinct):
                distinct.append(option)
    if len(distinct) == 1:
        return distinct[0]
    if not distinct or len(distinct) > MAX_ALTERNATIVES:
        return Unknown("too many alternatives" if distinct else "no value", node=node)
    return OneOf(tuple(distinct), node=node)
