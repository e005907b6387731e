"""Arrays that a call makes: constant and counted; random ones are in `chance`."""

from __future__ import annotations

import math

from kerlint.library import dtypes, ranges
from kerlint.library.convert import Call, Function, Handler, as_array, dtype_or, handlers, is_none, shape_of
from kerlint.library.indexing import cast_bounds
from kerlint.program.constants import constant, integer, number, truth
from kerlint.program.labels import Labels
from kerlint.program.values import Array, Const, Dimension, Shape, Unknown, Value, list_of, tuple_of


def _creation(fill: float | None, dtype: str) -> Function:
    """`zeros`, `ones`, `empty`."""

    def answer(call: Call) -> Value:
        return _constant(call, shape_of(call.first), fill, dtype_or(call.value("dtype"), dtype))

    return answer


def _constant(call: Call, shape: Shape, fill: float | None, dtype: str | None) -> Array:
    labels = Labels("binary", 2, sure=False) if fill in (0, 1) and shape is not None and len(shape) <= 1 else None
    return Array(shape, dtype, fill, fill, tight=fill is not None, labels=labels, source="constant", node=call.node)


def _full(call: Call) -> Value:
    """`full(shape, value)` and `tf.fill`."""
    value = call.value("fill_value") or call.value("value")
    form = "" if call.name.startswith("numpy.") else "tensor"
    found = as_array(value, call.node)
    if found is None or found.rank != 0:
        return Array(shape_of(call.first), dtype_or(call.value("dtype"), None), source="constant", node=call.node)
    dtype = dtypes.of_number(constant(value), form) or found.dtype
    array = _constant(call, shape_of(call.first), number(value), dtype_or(call.value("dtype"), dtype))
    array.low, array.high = found.low, found.high
    return array


def _like(fill: float | None) -> Function:
    def answer(call: Call) -> Value:
        model = call.array
        if model is None:
            return Unknown("like", node=call.node)
        value = fill
        if "fill_value" in call.args:
            value = number(call.args["fill_value"])
        shape = shape_of(call.value("shape")) if not is_none(call.value("shape")) else model.shape
        dtype = dtype_or(call.value("dtype"), model.dtype)
        found = as_array(Const(value), call.node) if value is not None else None
        low = cast_bounds((found.low, found.high), found.dtype, dtype)[0] if found is not None else None
        if dtype == "bool" and value is not None:
            low = float(bool(value))
        return _constant(call, shape, low, dtype)

    return answer


def _arange(call: Call) -> Value:
    """`arange(stop)`, `arange(start, stop, step)` and `tf.range`."""
    start: Value | None = call.value("start") or Const(0)
    stop = call.given("stop") or call.given("limit")
    if stop is None:
        start, stop = Const(0), call.first
    step = call.given("step") or call.given("delta") or Const(1)
    return counted(number(start), number(stop), number(step), call)


def counted(start: float | None, stop: float | None, step: float | None, call: Call) -> Array:
    """The numbers from one to another in equal steps."""
    form = "" if call.name.startswith("numpy.") else "tensor"
    dtype = call.value("dtype")
    if start is None or stop is None or step is None:
        order = "sorted" if step is not None and step > 0 else None
        return Array((None,), dtype_or(dtype, None), source="arange", order=order, node=call.node)
    if not all(map(math.isfinite, (start, stop, step))) or step == 0 or abs(stop - start) > 1e15 * abs(step):
        return Array((None,), node=call.node)
    count = max(0, math.ceil((stop - start) / step))
    whole = all(isinstance(value, int) for value in (start, stop, step))
    ends = sorted((float(start), float(start + max(count - 1, 0) * step)))
    return Array(
        (count,),
        dtype_or(dtype, dtypes.of_number(0 if whole else 0.0, form)),
        ends[0],
        ends[1],
        tight=count > 0,
        source="arange",
        order="sorted" if step > 0 else "grouped",
        node=call.node,
    )


def _spaced(function: str) -> Function:
    """`linspace`, `logspace`, `geomspace`."""

    def answer(call: Call) -> Value:
        low, high = call.value("start"), call.value("stop")
        size: Dimension = 50 if call.value("num") is None else integer(call.value("num"))
        ends = [as_array(value, call.node) for value in (low, high)]
        plain = all(end is not None and end.rank == 0 for end in ends)
        base = number(call.value("base") or Const(10.0))
        bounds: ranges.Bounds = (number(low), number(high))
        if function == "logspace":
            power = base if base is not None and base > 1 else None
            bounds = ranges.bound("**", (power, power), bounds)
        first, last = bounds
        known = first is not None and last is not None
        rises = known and (first or 0.0) < (last or 0.0)
        default = "float64" if call.name.startswith("numpy.") else None
        made: Value = Array(
            (size,) if plain else None,
            dtype_or(call.value("dtype"), default),
            min(first, last) if first is not None and last is not None else None,
            max(first, last) if first is not None and last is not None else None,
            tight=known and plain,
            labels=Labels("continuous"),
            source="linspace",
            order="sorted" if rises and plain else None,
            node=call.node,
        )
        if call.args.get("retstep") is None:
            return made
        return tuple_of(made, Unknown("step"), node=call.node) if truth(call.args["retstep"]) else Unknown("linspace")

    return answer


def _eye(call: Call) -> Value:
    """`eye(rows, columns)` and `identity(n)`."""
    rows = integer(call.first)
    width = call.given("M") or call.given("num_columns")
    columns = rows if width is None else integer(width)
    plain = is_none(call.value("k")) or integer(call.value("k")) == 0
    default = "float64" if call.name.startswith("numpy.") else "float32"
    return Array(
        (rows, columns) if is_none(call.value("batch_shape")) else None,
        dtype_or(call.value("dtype"), default),
        0,
        1,
        tight=plain,
        source="numpy.eye" if plain else "constant",
        node=call.node,
    )


def _meshgrid(call: Call) -> Value:
    parts = [as_array(value, call.node) for value in call.positional]
    sizes = [part.rows if part is not None and part.rank == 1 else None for part in parts]
    flat = all(part is not None and part.rank == 1 for part in parts)
    if is_none(call.value("indexing")) and len(sizes) > 1:
        sizes[:2] = sizes[1::-1]
    plain = flat and is_none(call.value("indexing")) and is_none(call.value("sparse"))
    grids: list[Value] = []
    for part in parts:
        if part is None or not flat:
            grids.append(Array(node=call.node))
        else:
            shape: Shape = tuple(sizes) if plain else None
            grids.append(
                Array(shape, part.dtype, part.low, part.high, tight=part.tight, labels=part.labels, node=call.node)
            )
    return list_of(grids, "tuple", call.node)


def _from_buffer(call: Call) -> Value:
    """`frombuffer`, `fromfile`, `loadtxt` of numbers: a row of unknown length."""
    return Array((None,), dtype_or(call.value("dtype"), "float64"), source=call.name, node=call.node)


def _indices(call: Call) -> Value:
    """`argsort`: positions along an axis."""
    array = call.array
    if array is None:
        return Unknown("argsort", node=call.node)
    axis = call.value("axis", 1)
    shape: Shape = (array.shape or (1,)) if axis is None or integer(axis) is not None else None
    if array.shape is None:
        shape = None
    size = array.shape[-1] if array.shape and array.rank == 1 else None
    return Array(shape, "int64", 0.0, None if size is None else float(size - 1), source="argsort", node=call.node)


def _diagonal(call: Call) -> Value:
    """`diag(x)`."""
    array = call.array
    if array is None or array.rank != 1 or not is_none(call.value("k")):
        return Array(node=call.node)
    low, high = ranges.union([(array.low, array.high), (0.0, 0.0)])
    return Array((array.rows, array.rows), array.dtype, low, high, source="computed", node=call.node)


def _counts(call: Call) -> Value:
    """`bincount(x)`."""
    return Array((None,), "int64" if "weights" not in call.args else None, None, None, source="counts", node=call.node)


def _outer(call: Call) -> Value:
    left, right = (as_array(value, call.node) for value in (call.first, call.value("b")))
    if left is None or right is None:
        return Array(node=call.node)
    low, high = ranges.bound("*", (left.low, left.high), (right.low, right.high))
    dtype = dtypes.promote(left.dtype, right.dtype)
    low, high = ranges.within((low, high), dtype)
    flat = left.rank == right.rank == 1
    return Array((left.rows, right.rows) if flat else (None, None), dtype, low, high, source="computed", node=call.node)


_NUMPY: dict[str, Function] = {
    "zeros": _creation(0, "float64"),
    "ones": _creation(1, "float64"),
    "empty": _creation(None, "float64"),
    "full": _full,
    "zeros_like": _like(0),
    "ones_like": _like(1),
    "empty_like": _like(None),
    "full_like": _like(None),
    "eye": _eye,
    "identity": _eye,
    "arange": _arange,
    "linspace": _spaced("linspace"),
    "logspace": _spaced("logspace"),
    "geomspace": _spaced("geomspace"),
    "meshgrid": _meshgrid,
    "frombuffer": _from_buffer,
    "fromfile": _from_buffer,
    "fromstring": _from_buffer,
    "argsort": _indices,
    "diag": _diagonal,
    "bincount": _counts,
    "outer": _outer,
}
_TENSORS: dict[str, Function] = {
    "zeros": _creation(0, "float32"),
    "ones": _creation(1, "float32"),
    "zeros_like": _like(0),
    "ones_like": _like(1),
    "eye": _eye,
}

FUNCTIONS: dict[str, Handler] = {
    **handlers("numpy", _NUMPY, ""),
    **handlers("tensorflow keras.ops keras.backend", _TENSORS, "tensor"),
    **handlers("tensorflow", {"fill": _full, "range": _arange, "linspace": _spaced("linspace")}, "tensor"),
    **handlers("tensorflow", {"meshgrid": _meshgrid}, "tensor"),
    **handlers("keras.ops", {"full": _full, "arange": _arange, "linspace": _spaced("linspace")}, "tensor"),
    **handlers("keras.ops", {"meshgrid": _meshgrid, "empty": _creation(None, "float32")}, "tensor"),
}
