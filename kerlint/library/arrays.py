"""Arithmetic on arrays: ranges, shapes and what was done to them.

NumPy arrays, eager tensors, pandas columns and datasets' elements are all `Array` here.
"""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any

from kerlint import syntax
from kerlint.library import dtypes, ranges, reductions
from kerlint.library.literals import from_literal
from kerlint.library.ranges import Bounds
from kerlint.program.constants import constant, number
from kerlint.program.data_events import Compared
from kerlint.program.events import Division, Outer, Scaled
from kerlint.program.labels import Labels
from kerlint.program.values import Array, Const, Dimension, Sequence, Shape, Value

if TYPE_CHECKING:
    from kerlint.program.interpreter.machine import Machine

_COMPARISONS = frozenset({"==", "!=", "<", "<=", ">", ">="})
_BOUNDING = _COMPARISONS - {"==", "!="}
_LOGICAL = frozenset({"&", "|", "^"})
#: Orders in which equal values stand together.
_TOGETHER = ("sorted", "grouped")

#: The steps that leave the numbers as they are.
KEEPING = ("astype float", "reshape", "to_numpy", "copy", "ravel", "flatten", "train_test_split", "shuffled", "numpy")
#: What is added to a deviation so that nothing is divided by 0.
_TINY = 0.01


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


def operate(machine: Machine, symbol: str, left: Value, right: Value, node: syntax.Node) -> Value | None:
    """An operator with an array on at least one side; None if neither is one."""
    if isinstance(left, Array) and isinstance(right, Array):
        return _on_arrays(machine, symbol, left, right, node)
    if isinstance(left, Array):
        if isinstance(right, Sequence):
            return _on_arrays(machine, symbol, left, from_literal(right, node), node)
        result = _with_other(symbol, left, right, node, swapped=False)
        _note_scaling(machine, symbol, left, number(right), result, node)
        if left.prediction is not None and symbol in _BOUNDING:
            reductions.note_threshold(machine, left, number(right), node)
        return result
    if isinstance(right, Array):
        if isinstance(left, Sequence):
            return _on_arrays(machine, symbol, from_literal(left, node), right, node)
        result = _with_other(symbol, right, left, node, swapped=True)
        if symbol == "*":
            _note_scaling(machine, symbol, right, number(left), result, node)
        elif right.prediction is not None and symbol in _BOUNDING:
            reductions.note_threshold(machine, right, number(left), node)
        return result
    return None


def _note_scaling(
    machine: Machine, symbol: str, before: Array, other: float | None, after: Array, node: syntax.Node
) -> None:
    """Data that is divided by a number, or multiplied by its inverse."""
    if other is not None and symbol == "*" and 0 < other < 0.1:
        symbol, other = "/", 1 / other
    if symbol == "/" and other is not None and other > 1 and isfinite(other):
        machine.emit(Scaled(node=node, how=f"/ {other:g}", before=before, after=after))


def _with_other(symbol: str, array: Array, other: Value, node: syntax.Node, *, swapped: bool) -> Array:
    """`array symbol other`, or the other way round; the other is a number or something unknown."""
    found = constant(other)
    if isinstance(found, bool):
        found = int(found) if symbol not in _LOGICAL else found
    if symbol in _COMPARISONS:
        return _compared(symbol, array, other, node, swapped=swapped)
    if symbol in _LOGICAL and isinstance(found, bool) and array.dtype == "bool":
        return _yes_or_no(array.shape, array, node)
    if isinstance(other, Const) and isinstance(found, (int, float)):
        return _with_number(symbol, array, found, node, swapped=swapped, strong=is_strong(other))
    shape = array.shape if isinstance(other, Const) else _stretched(array.shape)
    return array.derive(node, symbol, shape=shape, **_FORGOTTEN, dtype=None, order=None)


#: What an operation with something unknown leaves unknown.
_FORGOTTEN: dict[str, Any] = {
    "low": None,
    "high": None,
    "tight": False,
    "columns": None,
    "labels": None,
    "statistic": None,
    "values": None,
    "prediction": None,
    "fields": None,
    "noise": False,
}


def _stretched(shape: Shape) -> Shape:
    """The shape after an operation with something unknown: mostly a number, but an axis of 1 may have grown."""
    if shape is None or len(shape) < 2:
        return None
    return tuple(None if size == 1 else size for size in shape)


def _yes_or_no(shape: Shape, array: Array, node: syntax.Node, order: str | None = None) -> Array:
    """An array of booleans."""
    return Array(
        shape,
        "bool",
        0,
        1,
        labels=Labels("binary", 2),
        source=array.source,
        order=order,
        form=array.form,
        parent=array,
        node=node,
    )


def _compared(symbol: str, array: Array, other: Value, node: syntax.Node, *, swapped: bool) -> Array:
    shape = array.shape if isinstance(other, Const) else _stretched(array.shape)
    order = None
    if number(other) is not None and array.rank == 1 and symbol not in ("==", "!="):
        rises = symbol in (">", ">=") if not swapped else symbol in ("<", "<=")
        order = _order_of(array.order, rises)
    return _yes_or_no(shape, array, node, order)


def _order_of(order: str | None, rises: bool) -> str | None:
    """The order after a function that rises or falls."""
    return order if rises or order not in _TOGETHER else "grouped"


def _with_number(
    symbol: str, array: Array, other: float, node: syntax.Node, *, swapped: bool, strong: bool = False
) -> Array:
    dtype = _dtype_with(symbol, array, other)
    if strong and dtype != dtypes.promote(dtype, dtypes.of_number(other, "")):
        # A number of NumPy counts as an array, in newer versions.
        dtype = None
    span, fixed = (array.low, array.high), (other, other)
    bounds = ranges.within(_exact(ranges.bound(symbol, span, fixed, swapped=swapped), symbol, array, other), dtype)
    known = bounds[0] is not None and bounds[1] is not None
    columns = _columns_with(symbol, array, other, dtype, swapped)
    rises = _rises(symbol, array, other, swapped)
    if not known and dtypes.limits(dtype) is not None:
        # It may have wrapped around.
        rises = None
    labels = array.labels if symbol in ("+", "-", "*", "/") and labels_survive(array.labels) else None
    if labels is None and symbol in ("+", "-") and array.labels is not None and array.labels.kind == "classes":
        labels = array.labels if not swapped and known and (bounds[0] or 0) >= 0 else None
        labels = Labels("classes", None, labels.sure) if labels is not None else None
    statistic = array.statistic
    if statistic is not None and symbol in ("+", "**"):
        # `std + 1e-8`: the divisor is safe, and divides as it would without.
        is_tiny = symbol == "+" and 0 < other < _TINY and statistic[0] == "std"
        statistic = ("std", statistic[1], False) if is_tiny else None
    return array.derive(
        node,
        f"{symbol} {other:g}",
        low=bounds[0],
        high=bounds[1],
        tight=array.tight and known and rises is not None,
        columns=columns,
        dtype=dtype,
        labels=labels,
        order=_order_of(array.order, rises) if rises is not None else None if array.order in _TOGETHER else array.order,
        statistic=statistic,
        values=_map_values(symbol, array.values, other, swapped) if known else None,
        prediction=None,
        fields=None,
    )


def _exact(bounds: Bounds, symbol: str, array: Array, other: float) -> Bounds:
    """A remainder of whole numbers stays below the divisor."""
    whole = isinstance(other, int) and dtypes.is_integer(array.dtype)
    if symbol == "%" and whole and bounds == (0.0, other):
        return (0.0, other - 1.0)
    return bounds


def is_strong(value: Value) -> bool:
    """Whether a known number may be one of NumPy: what a function or method gave."""
    call = value.node
    return isinstance(value, Const) and isinstance(call, syntax.Call) and isinstance(call.func, syntax.Attribute)


def _columns_with(
    symbol: str, array: Array, other: float, dtype: str | None, swapped: bool
) -> tuple[tuple[float, float], ...] | None:
    found = []
    for column in array.columns or ():
        low, high = ranges.within(ranges.bound(symbol, column, (other, other), swapped=swapped), dtype)
        if low is None or high is None:
            return None
        found.append((low, high))
    return tuple(found) or None


def _dtype_with(symbol: str, array: Array, other: float) -> str | None:
    """The dtype of an array and a number together; a tensor keeps its own."""
    if array.form == "tensor":
        if symbol == "/":
            return dtypes.quotient(array.dtype, array.form)
        whole = isinstance(other, int) or dtypes.is_float(array.dtype)
        return array.dtype if whole else None
    if symbol == "/":
        return dtypes.quotient(dtypes.with_number(array.dtype, other), "")
    if symbol == "**" and isinstance(other, int) and other < 0:
        return array.dtype if dtypes.is_float(array.dtype) else None
    return dtypes.with_number(array.dtype, other)


def _rises(symbol: str, array: Array, other: float, swapped: bool) -> bool | None:
    """Whether `array symbol other` grows with the array; None if neither growing nor falling is certain."""
    if symbol == "+":
        return True
    if symbol == "-":
        return not swapped
    if symbol == "*" or (symbol == "/" and not swapped):
        return None if other == 0 else other > 0
    positive = array.low is not None and array.low > 0
    if symbol == "/" and positive and other != 0:
        return other < 0
    if symbol == "**" and not swapped and array.low is not None and array.low >= 0 and other > 0:
        return True
    return True if symbol == "**" and swapped and other > 1 else None


def labels_survive(labels: Labels | None) -> bool:
    """Whether values moved or divided by a number are still labels of their kind: numbers are."""
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
        found = {"+": a + b, "-": a - b, "*": a * b, "/": a / b if b else None}.get(symbol)
    except (OverflowError, ArithmeticError):
        return None
    return found if found is not None and abs(found) < 1e300 else None


def _on_arrays(machine: Machine, symbol: str, left: Array, right: Array, node: syntax.Node) -> Array:
    shape = broadcast(left.shape, right.shape)
    for column, row in ((left, right), (right, left)):
        if column.rank == 2 and column.shape is not None and column.shape[1] == 1 and row.rank == 1:
            machine.emit(Outer(node=node, symbol=symbol, column=column, row=row))
    if symbol == "-" and (left.prediction is None) != (right.prediction is None):
        truth, said = (right, left) if right.prediction is None else (left, right)
        machine.emit(Compared(node=node, how="-", truth=truth, prediction=said))
    base = left if left.rank is not None and (right.rank is None or left.rank >= right.rank) else right
    if symbol in _COMPARISONS or (symbol in _LOGICAL and left.dtype == right.dtype == "bool"):
        return _yes_or_no(shape, base, node)
    if symbol == "@":
        return product(left, right, node)
    found = _with_statistic(machine, symbol, left, right, shape, node)
    if found is not None:
        return found
    form = _form_of(left, right)
    dtype = _dtype_of(symbol, left, right, form)
    low, high = ranges.within(_bounds_of(symbol, left, right), dtype)
    other = right if base is left else left
    return base.derive(
        node,
        symbol,
        shape=shape,
        low=low,
        high=high,
        tight=left is right and left.tight and symbol in ("+", "*") and low is not None,
        columns=None,
        dtype=dtype,
        labels=Labels("continuous") if "continuous" in (kind_of(left), kind_of(right)) else None,
        noise=left.noise and right.noise,
        order=base.order if other.rank == 0 and base.order == "random" else None,
        values=None,
        statistic=None,
        prediction=None,
        source=base.source if left.source == right.source or other.rank == 0 else "computed",
        form=form,
        fields=None,
    )


def _bounds_of(symbol: str, left: Array, right: Array) -> Bounds:
    span = (left.low, left.high)
    if left is right and symbol in ("*", "-", "+"):
        # The same values twice: a square is never negative.
        if symbol == "-":
            return (0.0, 0.0) if None not in span else ranges.UNKNOWN
        return ranges.bound("**", span, (2, 2)) if symbol == "*" else ranges.bound("*", span, (2, 2))
    other = (right.low, right.high)
    if symbol == "%" and None not in other and other[0] is not None and other[0] > 0:
        return (0.0, other[1])
    return ranges.bound(symbol, span, other)


def _form_of(left: Array, right: Array) -> str:
    """The form of a result: frames and tensors stay what they are, a Python number becomes what the other is."""
    forms = (left.form, right.form)
    for form in ("frame", "tensor"):
        if form in forms:
            return form
    return "number" if forms == ("number", "number") else ""


def _dtype_of(symbol: str, left: Array, right: Array, form: str) -> str | None:
    if "number" in (left.form, right.form) and form != "number":
        array, other = (right, left) if left.form == "number" else (left, right)
        return _dtype_with(symbol, array, 1 if dtypes.is_integer(other.dtype) else 1.0)
    if form == "tensor":
        # What is no tensor takes the dtype of the tensor.
        dtype = left.dtype if left.form == "tensor" else right.dtype
    else:
        dtype = dtypes.promote(left.dtype, right.dtype)
    if dtype == "bool" and symbol in ("//", "%", "**") and form != "tensor":
        return "int8"
    return dtypes.quotient(dtype, form) if symbol == "/" else dtype


def _with_statistic(
    machine: Machine, symbol: str, left: Array, right: Array, shape: Shape, node: syntax.Node
) -> Array | None:
    """Data minus, or divided by, a mean, deviation, minimum or range of data."""
    if right.statistic is None:
        return None
    kind, data, per_column = right.statistic
    if symbol == "-" and left.statistic is not None:
        if (left.statistic[0], kind) != ("max", "min"):
            return None
        low, high = ranges.bound("-", (left.low, left.high), (right.low, right.high))
        return Array(
            shape,
            dtypes.promote(left.dtype, right.dtype),
            None if low is None else 0.0,
            high,
            source=left.source,
            statistic=("range", left.statistic[1], left.statistic[2]),
            form=left.form,
            node=node,
        )
    if left.statistic is not None:
        return None
    dtype = _dtype_of(symbol, left, right, left.form)
    kept = {**_FORGOTTEN, "labels": left.labels if labels_survive(left.labels) else None, "noise": left.noise}
    if symbol == "-":
        low, high = ranges.within(ranges.bound("-", (left.low, left.high), (right.low, right.high)), dtype)
        if kind == "min" and same_data(data, left):
            low = 0.0
        own = "own " if kind == "mean" and _is_of(data, left) else ""
        return left.derive(node, f"- {own}{kind}", **{**kept, "low": low, "high": high}, shape=shape, dtype=dtype)
    if symbol not in ("/", "//") or kind not in ("std", "range", "max"):
        return None
    if kind in ("std", "range"):
        machine.emit(Division(node=node, statistic=kind, per_column=per_column, divisor=right))
    centred = left.parent is not None and bool(left.steps) and left.steps[-1].name in ("- own mean", "- mean", "- min")
    before = left.parent if centred and left.parent is not None else left
    low, high = _share(kind, before, left, data)
    changes = {**kept, "low": low, "high": high, "tight": low == 0 and high == 1}
    positive = kind != "max" or (right.low is not None and right.low >= 0)
    order = left.order if positive or left.order == "random" else None
    after = left.derive(node, f"{symbol} {kind}", **changes, shape=shape, dtype=dtype, order=order)
    machine.emit(Scaled(node=node, how=f"/ {kind}", before=before, after=after))
    return after


def _share(kind: str, before: Array, left: Array, data: Value) -> Bounds:
    """The range of data divided by its own range or maximum."""
    if not same_data(data, before):
        return ranges.UNKNOWN
    if kind == "range" and before is not left and left.steps[-1].name == "- min":
        return (0.0, 1.0)
    if kind == "max" and before is left and before.low is not None and before.low >= 0:
        return (0.0, 1.0)
    return ranges.UNKNOWN


def _is_of(data: Value, array: Array) -> bool:
    """Whether a statistic of the data is one of the array, too, or of what its rows were taken from."""
    for version in array.history():
        if same_data(version, data):
            return True
        if not version.steps or not version.steps[-1].name.startswith(KEEPING):
            return False
    return False


def same_data(left: Value, right: Value) -> bool:
    """Whether two values are certainly the same numbers: one array, or one column taken twice from a frame."""
    if left is right:
        return True
    if not isinstance(left, Array) or not isinstance(right, Array) or left.parent is None:
        return False
    last = left.steps[-1].name if left.steps else ""
    again = last.startswith("column ") and len(left.steps) == len(right.steps) and right.steps[-1].name == last
    return again and left.parent is right.parent


def kind_of(array: Array) -> str | None:
    """The kind of labels that the values are."""
    return array.labels.kind if array.labels is not None else None


def product(left: Array, right: Array, node: syntax.Node, *, dot: bool = False) -> Array:
    """A matrix product, with the range that the inner size allows; `dot` is NumPy's, which stacks otherwise."""
    form = _form_of(left, right)
    dtype = _dtype_of("@", left, right, form)
    low = high = None
    if left.shape and right.shape:
        low, high = ranges.bound("*", (left.low, left.high), (right.low, right.high))
        inner = left.shape[-1] if left.shape[-1] is not None else right.shape[-2 if len(right.shape) > 1 else 0]
        if inner is not None and low is not None and high is not None:
            low, high = (low * inner, high * inner)
        else:
            low = high = None
        if right.values is not None and left.low is not None and left.high is not None and len(right.shape) == 1:
            ends = [ranges.bound("*", (left.low, left.high), (float(w), float(w))) for w in right.values]
            low = sum(end[0] or 0.0 for end in ends)
            high = sum(end[1] or 0.0 for end in ends)
    low, high = ranges.within((low, high), dtype)
    continuous = Labels("continuous") if "continuous" in (kind_of(left), kind_of(right)) else None
    shape = _product_shape(left.shape, right.shape, dot)
    return Array(shape, dtype, low, high, labels=continuous, source="computed", form=form, node=node)


def _product_shape(left: Shape, right: Shape, dot: bool) -> Shape:
    if not left or not right:
        return None
    if len(right) == 1:
        return left[:-1]
    if len(left) == 1:
        return (*right[:-2], right[-1])
    if len(left) == len(right) == 2:
        return (left[0], right[1])
    if dot:
        return (*left[:-1], *right[:-2], right[-1])
    stacked = broadcast(left[:-2], right[:-2])
    return None if stacked is None else (*stacked, left[-2], right[-1])
