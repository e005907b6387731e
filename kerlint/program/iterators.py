"""Iterators: what has been taken from one is gone.

Those whose items are known stand as sequences with a mark, all others as an `Object` named `generator`.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from kerlint.program.values import Gap, Object, Sequence, Value, list_of

if TYPE_CHECKING:
    from kerlint import syntax
    from kerlint.program.interpreter.machine import Machine

#: Set in a sequence that can be gone through once, and in a generator that has been.
ONCE, TAKEN = "once", "taken"
#: The name of an iterator whose items are not known one by one.
GENERATOR = "generator"


def iterator(items: Collection[Value], kind: str, node: syntax.Node | None) -> Sequence:
    """An iterator over these items."""
    made = list_of(items, kind, node)
    made.state[ONCE] = True
    return made


def is_iterator(value: Value) -> bool:
    """Whether a sequence can be gone through only once."""
    return type(value) is Sequence and ONCE in value.state


def take(machine: Machine, value: Value | None, *, partly: bool = False) -> None:
    """Something goes through a value: if it is an iterator, nothing is left of it.

    Args:
        partly: it is not known how far.
    """
    kind = type(value)
    if kind is Sequence and ONCE in value.state:  # type: ignore[union-attr]
        # Of what nobody calls it is not known either what runs before what.
        left = (Gap(node=value.node),) if partly or machine.assumed else ()  # type: ignore[union-attr]
        machine.heap.write(value.state, "items", left)  # type: ignore[union-attr]
    elif kind is Object and value.name == GENERATOR and "endless" not in value.args:  # type: ignore[union-attr]
        machine.heap.write(value.state, TAKEN, True)  # type: ignore[union-attr]
