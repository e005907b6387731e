"""Windows that a loop takes out of an array: `series[i - 30 : i]`, and single rows beside them: `series[i]`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerlint import syntax
from kerlint.program.constants import NOTHING, constant, integer
from kerlint.program.data_events import UNKNOWN_COLUMNS, Place, Windowed
from kerlint.program.values import Array, Object, Value

if TYPE_CHECKING:
    from kerlint.program.interpreter.machine import Machine

_DEPTH = 6


def note(machine: Machine, of: Array, index: list[Value], made: Value, node: syntax.Node) -> None:
    """Notes that a loop takes a row, or some rows in a row, out of an array, or that something cuts columns off."""
    if not isinstance(node, syntax.Subscript) or not isinstance(made, Array) or not node.slice:
        return
    repeated = bool(machine.loops) and not machine.loops[-1].unrolled
    if not repeated and not any(map(_cuts, index[1:])):
        return
    first = node.slice[0]
    if isinstance(first, syntax.Slice):
        if first.step is not None:
            return
        start, stop = (_place(machine, end) if end is not None else None for end in (first.lower, first.upper))
    else:
        start = _place(machine, first)
        stop = None if start is None else (start[0], start[1] + 1)
    columns = tuple(constant(part) for part in index[1:])
    plain = UNKNOWN_COLUMNS if NOTHING in columns else columns
    machine.emit(Windowed(node=node, of=of, made=made, start=start, stop=stop, columns=plain))


def _cuts(part: Value) -> bool:
    """Whether an index leaves something of its axis out."""
    return bool(part.args) if isinstance(part, Object) else constant(part) not in (None, ...)


def _place(machine: Machine, node: syntax.Node, depth: int = _DEPTH) -> Place | None:
    """A number of a row as a sum of names and a number; None if it is something else."""
    if isinstance(node, syntax.Name):
        value = machine.scope.lookup(node.value)
        known = integer(value)
        # A name that is given something else in between is another one.
        return (((f"{node.value} {id(value)}", 1),), 0) if known is None else ((), known)
    if isinstance(node, syntax.Constant) and type(node.value) is int:
        return ((), node.value)
    if not isinstance(node, syntax.BinaryOperation) or node.operator not in ("+", "-") or not depth:
        return None
    left, right = _place(machine, node.left, depth - 1), _place(machine, node.right, depth - 1)
    if left is None or right is None:
        return None
    sign = 1 if node.operator == "+" else -1
    names = dict(left[0])
    for name, count in right[0]:
        names[name] = names.get(name, 0) + sign * count
    return tuple(sorted((name, count) for name, count in names.items() if count)), left[1] + sign * right[1]
