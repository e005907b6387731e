"""Functions that make fewer numbers of many: means, sums, extremes, norms, indices of extremes."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

from kerlint import syntax
from kerlint.library import dtypes, ranges
from kerlint.library.convert import Call, Function, Handler, as_array, axis_of, handlers, is_none
from kerlint.program.answers import Threshold
from kerlint.program.constants import integer
from kerlint.program.events import Argmax
from kerlint.program.labels import Labels
from kerlint.program.values import Array, Const, Dimension, Sequence, Shape, Unknown, Value

if TYPE_CHECKING:
    from kerlint.library.ranges import Bounds
    from kerlint.program.graph import Snapshot
    from kerlint.program.interpreter.machine import Machine

#: What rules may ask for by `Array.statistic`.
_STATISTICS = frozenset({"mean", "std", "min", "max", "range", "var", "median"})


def reduction(kind: str) -> Function:
    """`mean`, `std`, `min`, `max`, `sum` ... of data."""

    def answer(call: Call) -> Value:
        value = call.first
        if value is None:
            return Unknown(kind, node=call.node)
        if isinstance(value, Array) and value.form == "frame" and value.rank != 1 and call.name.startswith("numpy."):
            # Per column, or of everything: versions of pandas differ.
            return Array(source="statistic", node=call.node)
        axis = call.value("axis", 1) if kind != "percentile" else call.value("axis", 2)
        if kind == "percentile" and not isinstance(call.value("q", 1), Const):
            return Array(source="statistic", node=call.node)
        return statistic(kind, as_array(value) or value, axis, call.node, keepdims=call.flag("keepdims"))

    return answer


def statistic(
    kind: str, value: Value, axis: Value | None, node: syntax.Node, *, keepdims: bool | None = False
) -> Value:
    """A statistic of data; per column when an axis is given."""
    array = value if isinstance(value, Array) else None
    if isinstance(value, Const) or (array is not None and array.shape == () and is_none(axis)):
        array = as_array(value)
    given = axis if not is_none(axis) else None
    whole_frame = array is not None and array.form == "frame" and array.rank == 2 and given is None
    axes: tuple[int, ...] | None = None
    shape: Shape = None
    count: Dimension = None
    if array is not None and array.shape is not None:
        rank = len(array.shape)
        axes = (0,) if whole_frame else tuple(range(rank)) if given is None else axis_of(given, rank)
        if axes is not None:
            shape = _without(array.shape, axes, keepdims)
            sizes = [array.shape[place] for place in axes]
            count = None if None in sizes else prod(size for size in sizes if size is not None)
    elif given is None and not whole_frame and array is not None and keepdims is False:
        shape = ()
    per_column = given is not None or whole_frame or (array is not None and array.rank == 1)
    low, high = _bounds(kind, array, count)
    form = array.form if array is not None else ""
    columns = None
    if array is not None and axes == (0,) and array.columns is not None and kind in ("mean", "min", "max", "median"):
        columns = array.columns if keepdims else None
    dtype = None if array is None else _dtype(kind, array)
    if array is not None and form == "frame" and dtype is None and kind in ("mean", "std", "var", "median"):
        dtype = "float64"
    return Array(
        shape,
        dtype,
        low,
        high,
        columns=columns,
        source="statistic",
        statistic=(kind, array if array is not None else value, per_column) if kind in _STATISTICS else None,
        form=form,
        node=node,
    )


def _without(shape: tuple[Dimension, ...], axes: tuple[int, ...], keepdims: bool | None) -> Shape:
    if keepdims is None:
        return None
    if keepdims:
        return tuple(1 if place in axes else size for place, size in enumerate(shape))
    return tuple(size for place, size in enumerate(shape) if place not in axes)


def _dtype(kind: str, array: Array) -> str | None:
    if kind in ("min", "max", "range"):
        return array.dtype
    if kind in ("sum", "prod"):
        return dtypes.of_sum(array.dtype, array.form)
    if kind == "norm":
        return dtypes.of_mean(array.dtype, "")
    if kind in ("any", "all"):
        return "bool"
    if kind == "count":
        return "int64"
    return dtypes.of_mean(array.dtype, array.form)


def _bounds(kind: str, array: Array | None, count: Dimension) -> Bounds:
    """The range of a statistic of so many numbers between two bounds."""
    if kind in ("any", "all"):
        return (0.0, 1.0)
    if kind == "count":
        return (0.0, None if count is None else float(count))
    if array is None:
        return ranges.UNKNOWN
    low, high = array.low, array.high
    if kind in ("mean", "median", "percentile", "min", "max"):
        return (low, high)
    if kind == "sum":
        if count is not None and low is not None and high is not None:
            return ranges.within((low * count, high * count), dtypes.of_sum(array.dtype, array.form))
        return ranges.UNKNOWN
    if low is None or high is None:
        return ranges.UNKNOWN
    # A frame's deviation divides by one less than the number of rows.
    width = (high - low) / (1 if array.form == "frame" else 2)
    if kind == "std":
        return (0.0, width)
    if kind == "var":
        return (0.0, width**2)
    if kind == "range":
        return ranges.within((0.0, high - low), array.dtype)
    largest = ranges.largest((low, high))
    if kind == "norm" and count is not None and largest is not None:
        return (0.0, largest * count**0.5)
    return ranges.UNKNOWN


def _norm(call: Call) -> Value:
    """`numpy.linalg.norm(x, ord, axis, keepdims)`."""
    if call.array is None or not is_none(call.value("ord")):
        return Array(source="statistic", node=call.node)
    return statistic("norm", call.array, call.value("axis"), call.node, keepdims=call.flag("keepdims"))


def _argmax(call: Call) -> Value:
    axis = call.value("axis", 1)
    if axis is None and call.name.startswith("tensorflow."):
        axis = call.value("dimension") or Const(0, node=call.node)
    if call.name.startswith("keras.backend.") and axis is None:
        axis = Const(-1, node=call.node)
    found = argmax(call.machine, call.first, axis, call.node)
    if isinstance(found, Array) and call.name.startswith("keras.ops."):
        found.dtype = "int32"
    return found


def argmax(machine: Machine, array: Value | None, axis: Value | None, node: syntax.Node) -> Value:
    """The index of the largest entry along an axis."""
    if not isinstance(array, Array):
        return Unknown("argmax", node=node)
    position = integer(axis)
    machine.emit(
        Argmax(node=node, array=array, axis=position if axis is not None else None, snapshot=origin(machine, array))
    )
    return _position(array, axis, node, is_largest=True)


def _position(array: Array, axis: Value | None, node: syntax.Node, *, is_largest: bool) -> Array:
    """The index of an extreme along an axis."""
    if array.shape is None:
        return Array(None if not is_none(axis) else (), "int64", source="argmax", form=array.form, node=node)
    if is_none(axis):
        count = None if None in array.shape else prod(size for size in array.shape if size is not None)
        high = None if count is None else float(count - 1)
        return Array((), "int64", 0.0, high, source="argmax", form=array.form, node=node)
    axes = axis_of(axis, len(array.shape))
    if axes is None or len(axes) != 1:
        return Array(None, "int64", source="argmax", form=array.form, node=node)
    size = array.shape[axes[0]]
    onehot = is_largest and array.labels is not None and array.labels.kind == "onehot"
    return Array(
        _without(array.shape, axes, False),
        "int64",
        0,
        None if size is None else size - 1,
        labels=Labels("classes", size) if onehot and axes[0] == len(array.shape) - 1 else None,
        source="argmax",
        order=array.order if axes[0] else None,
        form=array.form,
        node=node,
    )


def _argmin(call: Call) -> Value:
    if call.array is None:
        return Unknown("argmin", node=call.node)
    return _position(call.array, call.value("axis", 1), call.node, is_largest=False)


#: Steps that keep every value, by how their names begin.
_LAYOUT = ("reshape", "copy", "rows", "turned", "numpy", "to_numpy", "astype", "T")


def origin(machine: Machine, array: Array) -> Snapshot | None:
    """The model whose output the array is, if nothing but the layout was changed since."""
    from kerlint.library.graphs import snapshot

    if array.prediction is None or not all(step.name.startswith(_LAYOUT) for step in array.steps):
        return None
    return snapshot(machine, array.prediction)


def note_threshold(machine: Machine, array: Array, bound: float | None, node: syntax.Node) -> None:
    """Records that the output of a model is cut at a number."""
    snapshot = origin(machine, array) if bound is not None else None
    if snapshot is not None and bound is not None:
        machine.emit(Threshold(node=node, bound=bound, snapshot=snapshot))


def _cumulated(call: Call) -> Value:
    """`cumsum`: as many numbers as before, or all in one row."""
    array = call.array
    if array is None:
        return Unknown("cumsum", node=call.node)
    axis = call.value("axis", 1)
    total = statistic("sum", array, axis, call.node)
    known = array.shape is not None and None not in array.shape
    count = prod(size for size in array.shape or () if size is not None) if known else None
    flat: Shape = array.shape if array.rank and (not is_none(axis) or array.rank == 1) else (count,)
    bounds: dict[str, Any] = {"low": None, "high": None}
    if isinstance(total, Array) and total.low is not None and total.high is not None and array.low is not None:
        bounds = {"low": min(total.low, array.low), "high": max(total.high, array.high or 0.0)}
    return array.derive(
        call.node,
        "cumsum",
        **bounds,
        shape=flat,
        dtype=dtypes.of_sum(array.dtype, array.form),
        tight=False,
        columns=None,
        labels=None,
        values=None,
        order=None,
        statistic=None,
        prediction=None,
        fields=None,
    )


def _size(call: Call) -> Value:
    """`numpy.prod` of known sizes, a number; else like any reduction."""
    array = call.array
    values = array.values if array is not None and array.rank == 1 else None
    if isinstance(call.first, Sequence) and call.first.exact == ():
        return Const(1.0, node=call.node)
    if values is not None and is_none(call.value("axis", 1)) and all(isinstance(value, int) for value in values):
        found = prod(values)
        if abs(found) < 10**18:
            return Const(found, node=call.node)
    return reduction("prod")(call)


REDUCTIONS: dict[str, Function] = {
    "mean": reduction("mean"),
    "average": reduction("mean"),
    "std": reduction("std"),
    "min": reduction("min"),
    "max": reduction("max"),
    "ptp": reduction("range"),
    "var": reduction("var"),
    "median": reduction("median"),
    "sum": reduction("sum"),
    "prod": _size,
    "any": reduction("any"),
    "all": reduction("all"),
    "count_nonzero": reduction("count"),
    "percentile": reduction("percentile"),
    "quantile": reduction("percentile"),
    "cumsum": _cumulated,
    "argmin": _argmin,
    "argmax": _argmax,
}

_OF_BACKEND = ("mean", "std", "min", "max", "sum", "var", "argmax", "prod", "any", "all", "cumsum")
_OF_TENSORFLOW = ("mean", "std", "min", "max", "sum", "prod", "any", "all")

FUNCTIONS: dict[str, Handler] = {
    **handlers("numpy", REDUCTIONS),
    **handlers(
        "numpy", {f"nan{name}": REDUCTIONS[name] for name in ("mean", "std", "min", "max", "sum", "var", "median")}
    ),
    **handlers("numpy.linalg", {"norm": _norm}, ""),
    **handlers("keras.ops", REDUCTIONS, "tensor"),
    **handlers("keras.backend", {name: REDUCTIONS[name] for name in _OF_BACKEND}, "tensor"),
    **handlers(
        "tensorflow tensorflow.math",
        {f"reduce_{name}": REDUCTIONS[name] for name in _OF_TENSORFLOW}
        | {"reduce_variance": REDUCTIONS["var"], "cumsum": _cumulated, "argmin": _argmin, "argmax": _argmax},
        "tensor",
    ),
}
