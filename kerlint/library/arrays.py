"""Arithmetic on arrays: ranges, shapes and what was done to them.

NumPy arrays, eager tensors, pandas columns and datasets' elements are all `Array` here.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import libcst as cst

from kerlint.library.literals import from_literal
from kerlint.program.constants import NOTHING, constant, number
from kerlint.program.facts import Division, Outer, Scaled
from kerlint.program.labels import Labels
from kerlint.program.values import Array, Dimension, Object, Sequence, Shape, Unknown, Value

if TYPE_CHECKING:
    from kerlint.program.interpreter.machine import Machine

_COMPARISONS = frozenset({"==", "!=", "<", "<=", ">", ">="})


def broadcast(left: Shape, right: Shape) -> Shape:
    """The shape of an operation on two arrays; None if it is not known."""
    if left is None or right is None:
        return None
    if len(left) < len(right):
        left, right = right, left
    padded: tuple[Dimension, ...] = (1,) * (len(left) - len(right)) + right
    sizes: list[Dimension] = []
    for a, b in zip(left, padded):
        if a == b or b == 1:
            sizes.append(a)
        elif a == 1:
            sizes.append(b)
        else:
            sizes.append(a if b is None else b if a is None else None)
    return tuple(sizes)


def operate(machine: Machine, symbol: str, left: Value, right: Value, node: cst.CSTNode) -> Value | None:
    """An operator with an array on at least one side; None if neither is one."""
    if isinstance(left, Array) and isinstance(right, Array):
        return _on_arrays(machine, symbol, left, right, node)
    if isinstance(left, Array):
        if isinstance(right, Sequence):
            return _on_arrays(machine, symbol, left, from_literal(right, node), node)
        other = number(right)
        result = _with_number(symbol, left, other, node, swapped=False)
        if symbol == "/" and other is not None and other > 1:
            machine.emit(Scaled(node=node, how=f"/ {other:g}", before=left, after=result))
        return result
    if isinstance(right, Array):
        if isinstance(left, Sequence):
            return _on_arrays(machine, symbol, from_literal(left, node), right, node)
        return _with_number(symbol, right, number(left), node, swapped=True)
    return None


def _with_number(symbol: str, array: Array, other: float | None, node: cst.CSTNode, *, swapped: bool) -> Array:
    """`array symbol number`, or the other way round."""
    if symbol in _COMPARISONS:
        return Array(
            array.shape, "bool", 0, 1, labels=Labels("binary", 2), source=array.source, parent=array, node=node
        )
    bounds: tuple[float | None, float | None] = (None, None)
    columns = None
    if other is not None:
        bounds = bound(symbol, (array.low, array.high), (other, other), swapped=swapped)
        if array.columns is not None:
            pairs = [bound(symbol, column, (other, other), swapped=swapped) for column in array.columns]
            if all(low is not None and high is not None for low, high in pairs):
                columns = tuple((low, high) for low, high in pairs if low is not None and high is not None)
    dtype = array.dtype
    if symbol == "/" or isinstance(other, float) or other is None:
        dtype = "float64" if array.dtype != "float32" else "float32"
    labels = array.labels if symbol in ("*", "/", "+", "-") and labels_survive(array.labels) else None
    if labels is None and symbol in ("+", "-") and array.labels is not None and array.labels.kind == "classes":
        labels = array.labels
    step = f"{symbol} {other:g}" if other is not None else symbol
    statistic = array.statistic
    if (statistic is not None and symbol in ("+", "**")) or (statistic is not None and other is None):
        # `std + 1e-8`: the divisor is safe.
        statistic = None
    values = _map_values(symbol, array.values, other, swapped) if other is not None else None
    return array.derive(
        node,
        step,
        low=bounds[0],
        high=bounds[1],
        columns=columns,
        dtype=dtype,
        labels=labels,
        statistic=statistic,
        values=values,
        prediction=None,
    )


def labels_survive(labels: Labels | None) -> bool:
    """Whether values divided by a number are still told apart as classes (they are, at other values)."""
    return labels is not None and labels.kind == "continuous"


def _map_values(symbol: str, values: Any, other: float, swapped: bool) -> Any:
    """The operator on nested known numbers."""
    if isinstance(values, (list, tuple)):
        mapped = [_map_values(symbol, item, other, swapped) for item in values]
        return None if any(item is None for item in mapped) else mapped
    if not isinstance(values, (int, float)):
        return None
    a, b = (other, values) if swapped else (values, other)
    try:
        return {"+": a + b, "-": a - b, "*": a * b, "/": a / b if b else None}.get(symbol)
    except (OverflowError, ArithmeticError):
        return None


Bounds = tuple["float | None", "float | None"]


def bound(symbol: str, left: Bounds, right: Bounds, *, swapped: bool = False) -> Bounds:
    """Interval arithmetic; (None, None) where nothing is known."""
    if swapped:
        left, right = right, left
    (a, b), (c, d) = left, right
    if a is None or b is None or c is None or d is None:
        return (None, None)
    try:
        if symbol == "+":
            return (a + c, b + d)
        if symbol == "-":
            return (a - d, b - c)
        if symbol == "*":
            products = (a * c, a * d, b * c, b * d)
            return (min(products), max(products))
        if symbol in ("/", "//") and (c > 0 or d < 0):
            quotients = (a / c, a / d, b / c, b / d)
            if symbol == "//":
                quotients = tuple(math.floor(value) for value in quotients)  # type: ignore[assignment]
            return (min(quotients), max(quotients))
        if symbol == "**" and c == d and a >= 0 and c >= 0:
            return (a**c, b**c)
    except (OverflowError, ArithmeticError):
        pass
    return (None, None)


def _on_arrays(machine: Machine, symbol: str, left: Array, right: Array, node: cst.CSTNode) -> Array:
    shape = broadcast(left.shape, right.shape)
    for column, row in ((left, right), (right, left)):
        if column.rank == 2 and column.shape is not None and column.shape[1] == 1 and row.rank == 1:
            machine.emit(Outer(node=node, symbol=symbol, column=column, row=row))
    if symbol in _COMPARISONS:
        return Array(shape, "bool", 0, 1, labels=Labels("binary", 2), node=node)
    if symbol == "@":
        return product(left, right, node)
    if symbol in ("/", "//") and right.statistic is not None and left.statistic is None:
        kind, _, per_column = right.statistic
        if kind in ("std", "range"):
            machine.emit(Division(node=node, statistic=kind, per_column=per_column, divisor=right))
        if kind in ("std", "range", "max"):
            high = None if kind == "std" else 1.0
            low = 0.0 if kind == "range" and bool(left.steps) and left.steps[-1].name == "- min" else None
            after = left.derive(
                node,
                f"/ {kind}",
                low=low,
                high=high,
                columns=None,
                dtype="float64",
                labels=left.labels if labels_survive(left.labels) else None,
                values=None,
            )
            centred = left.parent is not None and bool(left.steps) and left.steps[-1].name in ("- mean", "- min")
            before = left.parent if centred and left.parent is not None else left
            machine.emit(Scaled(node=node, how=f"/ {kind}", before=before, after=after))
            return after
    if symbol == "-" and left.statistic is not None and right.statistic is not None:
        kinds = (left.statistic[0], right.statistic[0])
        if kinds == ("max", "min"):
            return Array(
                shape, source=left.source, statistic=("range", left.statistic[1], left.statistic[2]), node=node
            )
    if symbol == "-" and right.statistic is not None and left.statistic is None:
        return left.derive(
            node,
            f"- {right.statistic[0]}",
            low=None,
            high=None,
            columns=None,
            labels=left.labels if labels_survive(left.labels) else None,
            values=None,
        )
    low, high = bound(symbol, (left.low, left.high), (right.low, right.high))
    base = left if left.rank is not None and (right.rank is None or left.rank >= right.rank) else right
    return base.derive(
        node,
        symbol,
        shape=shape,
        low=low,
        high=high,
        tight=False,
        columns=None,
        dtype=None if left.dtype != right.dtype else left.dtype,
        labels=Labels("continuous") if "continuous" in (kind_of(left), kind_of(right)) else None,
        noise=left.noise and right.noise,
        order=None,
        values=None,
        statistic=None,
        prediction=None,
        source=base.source if left.source == right.source else "computed",
    )


def kind_of(array: Array) -> str | None:
    """The kind of labels that the values are."""
    return array.labels.kind if array.labels is not None else None


def product(left: Array, right: Array, node: cst.CSTNode) -> Array:
    """A matrix product, with the range that the inner size allows."""
    shape: Shape = None
    low = high = None
    if left.shape and right.shape:
        shape = (*left.shape[:-1], *right.shape[1:])
        inner = left.shape[-1]
        low, high = bound("*", (left.low, left.high), (right.low, right.high))
        if inner is not None and low is not None and high is not None:
            low, high = (low * inner, high * inner)
        if right.values is not None and left.low is not None and left.high is not None and len(right.shape) == 1:
            ends = [bound("*", (left.low, left.high), (float(w), float(w))) for w in right.values]
            low = sum(end[0] or 0.0 for end in ends)
            high = sum(end[1] or 0.0 for end in ends)
    continuous = Labels("continuous") if "continuous" in (kind_of(left), kind_of(right)) else None
    return Array(shape, None, low, high, labels=continuous, source="computed", node=node)


def statistic(kind: str, array: Value, axis: Value | None, node: cst.CSTNode) -> Array | Unknown:
    """`mean`, `std`, `min`, `max` of data; per column when an axis is given."""
    per_column = axis is not None and constant(axis) is not None
    shape: Shape = None
    if isinstance(array, Array) and array.shape is not None:
        position = constant(axis) if axis is not None else None
        if position is None:
            shape = ()
        elif isinstance(position, int) and -len(array.shape) <= position < len(array.shape):
            position %= len(array.shape)
            shape = array.shape[:position] + array.shape[position + 1 :]
        elif isinstance(axis, Sequence) and axis.exact is not None:
            over = {constant(item) % len(array.shape) for item in axis.exact if isinstance(constant(item), int)}
            if len(over) == len(axis.exact):
                shape = tuple(size for place, size in enumerate(array.shape) if place not in over)
        if array.rank == 1:
            per_column = True
    low, high = (array.low, array.high) if isinstance(array, Array) and kind != "std" else (None, None)
    return Array(shape, "float64", low, high, source="statistic", statistic=(kind, array, per_column), node=node)


def subscript(array: Array, index: list[Value], node: cst.CSTNode) -> Array:
    """`array[index]`: basic indexing keeps what is known; a mask or index array keeps all but the rows."""
    rows = index[0]
    if isinstance(rows, Array) and array.source == "numpy.eye" and array.shape is not None and len(array.shape) == 2:
        width = array.shape[1]
        meaning = Labels("onehot", width)
        shape = (*_fancy(rows), width)
        return Array(shape, array.dtype, 0, 1, True, labels=meaning, source="onehot", order=rows.order, node=node)
    found = _subscript(array, index, node)
    if _is_slice(rows) or constant(rows) is not NOTHING:
        return found
    if isinstance(rows, Array) and rows.source in ("permutation", "arange"):
        return found
    return chosen(found, node)


def chosen(array: Array, node: cst.CSTNode) -> Array:
    """Some of the rows, which may have been chosen by their labels: of ten classes perhaps two remain."""
    labels = array.labels
    return array.derive(node, tight=False, labels=None if labels is not None and labels.kind == "classes" else labels)


def _subscript(array: Array, index: list[Value], node: cst.CSTNode) -> Array:
    if array.shape is None:
        return array.derive(
            node, shape=None, columns=None, values=None, order=None if not _is_slice(index[0]) else array.order
        )
    sizes: list[Dimension] = []
    remaining = list(array.shape)
    order = array.order
    columns = array.columns
    values = array.values
    for position, part in enumerate(index):
        found = constant(part)
        if found is ...:
            after = sum(1 for later in index[position + 1 :] if constant(later) is not None)
            kept = len(remaining) - after
            sizes.extend(remaining[:kept])
            remaining = remaining[kept:]
            continue
        if found is None:
            sizes.append(1)
            continue
        if not remaining:
            return array.derive(node, shape=None, columns=None, values=None)
        size = remaining.pop(0)
        if _is_slice(part):
            sizes.append(_sliced(size, part))
        elif isinstance(found, int):
            if position == 0:
                order = None
        elif isinstance(part, Array):
            sizes.extend(_fancy(part))
            if position == 0:
                order = None
        else:
            return array.derive(node, shape=None, columns=None, values=None, order=None)
    if len(index) > 1 or not _is_slice(index[0]):
        columns = _column_slice(array, index)
        values = _item(array, index)
    else:
        values = None
    labels = array.labels if len(index) == 1 or array.rank == 1 else None
    changes: dict[str, Any] = {}
    if columns is not None and len(columns) == 1:
        changes = {"low": columns[0][0], "high": columns[0][1]}
        columns = None
    return array.derive(
        node, shape=(*sizes, *remaining), order=order, columns=columns, labels=labels, values=values, **changes
    )


def _item(array: Array, index: list[Value]) -> Any:
    """The known numbers at constant integer positions."""
    values = array.values
    for part in index:
        found = constant(part)
        if (
            not isinstance(found, int)
            or not isinstance(values, (list, tuple))
            or not -len(values) <= found < len(values)
        ):
            return None
        values = values[found]
    return values


def _column_slice(array: Array, index: list[Value]) -> tuple[tuple[float, float], ...] | None:
    """The ranges of the columns that `array[:, a:b]` keeps."""
    if array.columns is None or len(index) != 2 or not _is_slice(index[0]):
        return array.columns if len(index) == 1 else None
    part = index[1]
    if isinstance(part, Object):
        bounds = [constant(part.args[name]) if name in part.args else None for name in ("start", "stop", "step")]
        if any(value is not None and not isinstance(value, int) for value in bounds):
            return None
        if bounds[2] == 0:
            return None
        return array.columns[slice(*bounds)] or None
    position = constant(part)
    if isinstance(position, int) and -len(array.columns) <= position < len(array.columns):
        return (array.columns[position],)
    return None


def _is_slice(part: Value) -> bool:
    return isinstance(part, Object) and part.name == "slice"


def _sliced(size: Dimension, part: Value) -> Dimension:
    assert isinstance(part, Object)
    if not part.args:
        return size
    bounds = [constant(part.args[name]) if name in part.args else None for name in ("start", "stop", "step")]
    unknown = any(value is not None and not isinstance(value, int) for value in bounds)
    if size is None or size < 0 or unknown or bounds[2] == 0:
        return None
    return len(range(*slice(*bounds).indices(size)))


def _fancy(part: Array) -> tuple[Dimension, ...]:
    """The axes that an index array brings; a mask keeps an unknown number of rows."""
    if part.dtype == "bool" or part.shape is None:
        return (None,)
    return part.shape
