"""Functions of each number by itself: `exp`, `sqrt`, `abs`, `clip`, `maximum`, `where` ..."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

from kerlint import syntax
from kerlint.library import dtypes, ranges
from kerlint.library.arrays import broadcast, is_strong, kind_of
from kerlint.library.convert import Call, Function, Handler, as_array, handlers, is_none
from kerlint.library.indexing import cast_bounds
from kerlint.library.ranges import Bounds
from kerlint.library.reductions import note_threshold
from kerlint.program.constants import integer, number
from kerlint.program.labels import Labels
from kerlint.program.values import Array, Const, Unknown, Value, tuple_of


class _Function(NamedTuple):
    """What is known of a function of a number.

    Args:
        dtype: `float` where it always gives floats, `same` where it keeps the dtype, `whole` where only newer
            versions keep that of integers, `bool`.
        bounds: the range that it makes of a range.
        rises: True where it never falls, False where it never rises, None otherwise.
        of_number: the function itself.
    """

    dtype: str
    bounds: Callable[[Bounds], Bounds]
    rises: bool | None = None
    of_number: Callable[[float], float] | None = None


def _monotone(function: Callable[[float], float], dtype: str = "float", *, rises: bool = True) -> _Function:
    side = ranges.rising if rises else ranges.falling
    return _Function(dtype, lambda bounds: side(function, bounds), rises, function)


def _even(bounds: Bounds, function: Callable[[float], float]) -> Bounds:
    """The bounds of a function of the absolute value that grows with it."""
    low, high = ranges.rising(function, (ranges.smallest(bounds), ranges.largest(bounds)))
    return (function(0.0) if low is None else low, high)


def _square(value: float) -> float:
    return value * value


def _sigmoid(value: float) -> float:
    return 1 / (1 + math.exp(-value)) if value > -700 else 0.0


def _sign(value: float) -> float:
    return float((value > 0) - (value < 0))


def _unit(bounds: Bounds) -> Bounds:
    return (-1.0, 1.0)


def _nothing(bounds: Bounds) -> Bounds:
    return ranges.UNKNOWN


def _yes(bounds: Bounds) -> Bounds:
    return (0.0, 1.0)


def _root(bounds: Bounds) -> Bounds:
    low, high = ranges.rising(math.sqrt, bounds)
    return (0.0 if low is None else low, high)


_FUNCTIONS: dict[str, _Function] = {
    "exp": _monotone(math.exp),
    "exp2": _monotone(lambda value: 2.0**value),
    "expm1": _monotone(math.expm1),
    "log": _monotone(math.log),
    "log2": _monotone(math.log2),
    "log10": _monotone(math.log10),
    "log1p": _monotone(math.log1p),
    "sqrt": _Function("float", _root, True, math.sqrt),
    "cbrt": _monotone(lambda value: math.copysign(abs(value) ** (1 / 3), value)),
    "abs": _Function("same", lambda bounds: _even(bounds, lambda value: value), None, abs),
    "square": _Function("same", lambda bounds: _even(bounds, _square), None, _square),
    "sin": _Function("float", _unit, None, math.sin),
    "cos": _Function("float", _unit, None, math.cos),
    "tan": _Function("float", _nothing, None, math.tan),
    "sinh": _monotone(math.sinh),
    "cosh": _Function("float", lambda bounds: _even(bounds, math.cosh), None, math.cosh),
    "tanh": _monotone(math.tanh),
    "arctan": _monotone(math.atan),
    "arcsin": _monotone(math.asin),
    "arccos": _monotone(math.acos, rises=False),
    "sigmoid": _monotone(_sigmoid),
    "sinc": _Function("float", _unit),
    "deg2rad": _monotone(math.radians),
    "radians": _monotone(math.radians),
    "rad2deg": _monotone(math.degrees),
    "degrees": _monotone(math.degrees),
    "sign": _monotone(_sign, "same"),
    "negative": _monotone(lambda value: -value, "same", rises=False),
    "floor": _monotone(math.floor, "whole"),
    "ceil": _monotone(math.ceil, "whole"),
    "trunc": _monotone(math.trunc, "whole"),
    "rint": _monotone(lambda value: float(round(value)), "float"),
    "reciprocal": _Function("whole", lambda bounds: ranges.bound("/", (1, 1), bounds)),
    "isnan": _Function("bool", _yes),
    "isinf": _Function("bool", _yes),
    "isfinite": _Function("bool", _yes),
    "logical_not": _Function("bool", _yes),
}
_LOWER = ("a_min", "min", "x_min", "clip_value_min", "min_value")
_UPPER = ("a_max", "max", "x_max", "clip_value_max", "max_value")


def elementwise(name: str) -> Function:
    """A function of each number by itself."""
    known = _FUNCTIONS[name]

    def answer(call: Call) -> Value:
        scalar = call.first
        if isinstance(scalar, Const):
            return _scalar(known, scalar, call)
        array = as_array(scalar, call.node)
        if array is None:
            return Unknown(name, node=call.node)
        dtype = _dtype(known, array)
        low, high = ranges.within(known.bounds((array.low, array.high)), dtype)
        if name == "reciprocal" and not dtypes.is_float(array.dtype):
            low = high = None
        keeps_order = known.rises is not None or array.order == "random"
        order = array.order if keeps_order else None
        return array.derive(
            call.node,
            name,
            dtype=dtype,
            low=low,
            high=high,
            tight=array.tight and low is not None and high is not None and known.rises is not None,
            order="grouped" if known.rises is False and order == "sorted" else order,
            columns=None,
            values=None,
            labels=_labels(known, array),
            statistic=array.statistic if name == "sqrt" else None,
            prediction=None,
            fields=None,
        )

    return answer


def _labels(known: _Function, array: Array) -> Labels | None:
    if known.dtype == "bool":
        return Labels("binary", 2)
    return Labels("continuous") if array.labels is not None and known.dtype == "float" else None


def _dtype(known: _Function, array: Array) -> str | None:
    if known.dtype == "bool":
        return "bool"
    if known.dtype == "whole":
        return array.dtype if dtypes.is_float(array.dtype) else None
    if known is _FUNCTIONS["square"] and array.dtype == "bool":
        return "int8"
    return array.dtype if known.dtype == "same" else dtypes.of_function(array.dtype, array.form)


def _scalar(known: _Function, scalar: Const, call: Call) -> Value:
    """A function of one known number."""
    if known.of_number is None or not isinstance(scalar.value, (int, float)):
        return Unknown(call.name, node=call.node)
    try:
        found = known.of_number(scalar.value)
    except (ValueError, OverflowError):
        return Unknown(call.name, node=call.node)
    if known.dtype == "same":
        found = type(scalar.value)(found)
    elif known.dtype in ("whole", "float") and not call.name.startswith("math."):
        found = float(found)
    return Const(found, scalar.assumed, node=call.node)


def _round(call: Call) -> Value:
    """`round(x, decimals)`."""
    digits = call.value("decimals", 1)
    if isinstance(call.first, Const) and is_none(digits) and isinstance(call.first.value, (int, float)):
        found = call.first.value
        rounded = float(round(found)) if math.isfinite(found) else found
        return Const(rounded, call.first.assumed, node=call.node)
    array = call.array
    if array is None:
        return Unknown("round", node=call.node)
    places = 0 if is_none(digits) else integer(digits)
    if array.prediction is not None and places == 0:
        note_threshold(call.machine, array, 0.5, call.node)
    low, high = ranges.UNKNOWN
    if places is not None and -50 < places < 50:
        low, high = ranges.rising(lambda value: round(value, places), (array.low, array.high))
    dtype = None if array.dtype == "bool" else array.dtype
    return array.derive(call.node, "round", dtype=dtype, low=low, high=high, columns=None, values=None, fields=None)


def _kept(call: Call) -> Value:
    """The same values in another array."""
    if isinstance(call.first, Const):
        return call.first
    return call.array.derive(call.node, "copy") if call.array is not None else Unknown("copy", node=call.node)


def _clip(call: Call) -> Value:
    """Values cut off at two bounds."""
    array = call.array
    if array is None:
        return Unknown("clip", node=call.node)
    low = next((call.args[name] for name in _LOWER if name in call.args), None)
    high = next((call.args[name] for name in _UPPER if name in call.args), None)
    bottom, top = number(low), number(high)
    below, above = _cut((array.low, array.high), (bottom, top), is_none(low), is_none(high))
    return array.derive(
        call.node,
        "clip",
        dtype=_clipped_dtype(array, [end for end in (low, high) if not is_none(end)]),
        low=below,
        high=above,
        tight=array.tight and None not in (array.low, array.high, below, above),
        columns=None,
        values=None,
        statistic=None,
        labels=array.labels if kind_of(array) == "continuous" else None,
        fields=None,
        prediction=None,
    )


def _cut(span: Bounds, ends: Bounds, no_bottom: bool, no_top: bool) -> Bounds:
    """The range of numbers between two bounds, cut off at two others."""
    bottom, top = ends
    if bottom is not None and top is not None and bottom > top:
        return (top, bottom)
    low, high = _later(span[0], bottom), _earlier(span[1], top)
    if (not no_top and top is None) or (low is not None and top is not None and low > top):
        # What is not known may lie below everything.
        low = top
    if (not no_bottom and bottom is None) or (high is not None and bottom is not None and high < bottom):
        high = bottom
    return (low, high)


def _clipped_dtype(array: Array, ends: list[Value | None]) -> str | None:
    """The dtype after clipping: the ends take part in it, in newer versions."""
    found = array.dtype
    for end in ends:
        bound = number(end)
        if array.form == "tensor" or bound is None:
            found = array.dtype if array.form == "tensor" or dtypes.is_float(array.dtype) else None
        else:
            found = dtypes.with_number(found, bound)
    return found


def _later(known: float | None, cut: float | None) -> float | None:
    return cut if known is None else known if cut is None else max(known, cut)


def _earlier(known: float | None, cut: float | None) -> float | None:
    return cut if known is None else known if cut is None else min(known, cut)


def _extreme(*, is_maximum: bool) -> Function:
    """`maximum(a, b)` and `minimum(a, b)`."""

    def answer(call: Call) -> Value:
        given = list(call.args.values())[:2]
        left, right = (as_array(value, call.node) for value in given) if len(given) == 2 else (None, None)
        if left is None or right is None:
            return Unknown("maximum", node=call.node)
        base = left if (left.rank or 0) >= (right.rank or 0) else right
        lows = [array.low for array in (left, right) if array.low is not None]
        highs = [array.high for array in (left, right) if array.high is not None]
        if is_maximum:
            low, high = max(lows, default=None), max(highs) if len(highs) == 2 else None
        else:
            low, high = min(lows) if len(lows) == 2 else None, min(highs, default=None)
        return base.derive(
            call.node,
            "maximum" if is_maximum else "minimum",
            shape=broadcast(left.shape, right.shape),
            dtype=_joint_dtype(given, left, right),
            low=low,
            high=high,
            tight=False,
            columns=None,
            values=None,
            labels=None,
            order=None,
            statistic=None,
            prediction=None,
            fields=None,
        )

    return answer


def _joint_dtype(given: list[Value], left: Array, right: Array) -> str | None:
    """The dtype of two operands; a Python number adapts to an array."""
    for value, other in ((given[0], right), (given[1], left)):
        if isinstance(value, Const):
            if other.form == "tensor":
                return other.dtype
            found = dtypes.with_number(other.dtype, value.value)
            strong = is_strong(value) and found != dtypes.promote(found, dtypes.of_number(value.value, ""))
            return None if strong else found
    return dtypes.promote(left.dtype, right.dtype)


def _where(call: Call) -> Value:
    """`where(condition, a, b)` with two numbers makes labels of them; with the condition alone it gives indices."""
    condition = as_array(call.first, call.node)
    first = call.value("x", 1) or call.value("x1")
    second = call.value("y", 2) or call.value("x2")
    if first is None and second is None:
        if call.name.startswith("tensorflow."):
            rank = condition.rank if condition is not None else None
            return Array((None, rank), "int64", source="where", node=call.node)
        return _indices(condition, call)
    left, right = as_array(first, call.node), as_array(second, call.node)
    shape = condition.shape if condition is not None else None
    if left is None or right is None or first is None or second is None:
        # What is not known is mostly a number, or as large as the condition.
        return Array(shape or None, node=call.node)
    low, high = ranges.union([(left.low, left.high), (right.low, right.high)])
    numbers = isinstance(first, Const) and isinstance(second, Const)
    kind = "binary" if (low, high) == (0, 1) else "signs" if (low, high) == (-1, 1) else None
    return Array(
        broadcast(broadcast(shape, left.shape), right.shape),
        dtypes.promote(left.dtype, right.dtype) if numbers else _joint_dtype([first, second], left, right),
        low,
        high,
        tight=numbers,
        labels=Labels(kind, 2) if kind and numbers else None,
        source=condition.source if condition is not None else "",
        node=call.node,
    )


def _indices(condition: Array | None, call: Call) -> Value:
    """One array of positions an axis."""
    rank = condition.rank if condition is not None else None
    if rank is None:
        return Unknown("where", node=call.node)
    axes = [Array((None,), "int64", source="where", node=call.node) for _ in range(max(rank, 1))]
    return tuple_of(*axes, node=call.node)


def _flat_nonzero(call: Call) -> Value:
    return Array((None,), "int64", source="where", node=call.node)


def _nonzero(call: Call) -> Value:
    """`nonzero(x)`: where it is not 0; `argwhere` puts the positions side by side."""
    if call.name.endswith("argwhere"):
        rank = call.array.rank if call.array is not None else None
        return Array((None, rank), "int64", source="where", node=call.node)
    return _indices(call.array, call)


def cast(array: Array, dtype: str | None, node: syntax.Node, step: str) -> Array:
    """The array in another dtype: fractions are cut off, what does not fit is not known."""
    low, high = cast_bounds((array.low, array.high), array.dtype, dtype)
    columns = None
    if array.columns is not None:
        found = [cast_bounds(column, array.dtype, dtype) for column in array.columns]
        known = [(a, b) for a, b in found if a is not None and b is not None]
        columns = tuple(known) if len(known) == len(found) else None
    wraps = low is None and array.low is not None
    cut = dtype is None or dtype == "bool" or (dtypes.is_integer(dtype) and not dtypes.is_integer(array.dtype))
    changed = cut and dtype != array.dtype
    return array.derive(
        node,
        step,
        dtype=dtype,
        low=low,
        high=high,
        columns=columns,
        tight=array.tight and not wraps,
        order=array.order if array.order == "random" or _keeps_order(array, dtype, wraps=wraps) else None,
        values=None if changed else array.values,
        labels=None if changed and kind_of(array) == "continuous" else array.labels,
        fields=None,
    )


def _keeps_order(array: Array, dtype: str | None, *, wraps: bool) -> bool:
    """Whether numbers that rise still rise after a cast."""
    if dtype == "bool":
        return array.low is not None and array.low >= 0
    return dtypes.is_float(dtype) or (dtype is not None and array.low is not None and not wraps)


def _logical(call: Call) -> Value:
    """`logical_and`, `isin`, `isclose`: yes or no for each number."""
    arrays = [as_array(value, call.node) for value in list(call.args.values())[:2]]
    shape = arrays[0].shape if arrays and arrays[0] is not None else None
    if len(arrays) == 2 and not call.name.endswith("isin"):
        other = arrays[1]
        shape = broadcast(shape, other.shape) if other is not None else None
    form = arrays[0].form if arrays and arrays[0] is not None else ""
    return Array(shape, "bool", 0.0, 1.0, labels=Labels("binary", 2), form=form, node=call.node)


_COMPARISONS = "logical_and logical_or logical_xor isin isclose equal not_equal greater greater_equal less less_equal"
_ALL: dict[str, Function] = {
    **{name: elementwise(name) for name in _FUNCTIONS},
    "round": _round,
    "clip": _clip,
    "where": _where,
    "maximum": _extreme(is_maximum=True),
    "minimum": _extreme(is_maximum=False),
    **dict.fromkeys(_COMPARISONS.split(), _logical),
}
_OF_MATH = "exp expm1 log log2 log10 log1p sqrt sin cos tan tanh floor ceil radians degrees".split()
_OF_BACKEND = """exp log sqrt abs square sin cos sign round clip maximum minimum sigmoid tanh equal not_equal greater
less""".split()

FUNCTIONS: dict[str, Handler] = {
    **handlers("numpy", _ALL),
    **handlers("numpy", dict.fromkeys(("copy", "ascontiguousarray", "nan_to_num"), _kept)),
    **handlers("numpy", {"nonzero": _nonzero, "argwhere": _nonzero, "flatnonzero": _flat_nonzero}),
    **handlers("math", {name: elementwise(name) for name in _OF_MATH}),
    **handlers("tensorflow tensorflow.math keras.ops", _ALL, "tensor"),
    **handlers("keras.backend", {name: _ALL[name] for name in _OF_BACKEND}, "tensor"),
    **handlers("tensorflow", {"clip_by_value": _clip, "identity": _kept}, "tensor"),
    **handlers("keras.ops", {"copy": _kept, "identity": _kept}, "tensor"),
    **handlers("keras.activations", {name: _ALL[name] for name in ("sigmoid", "tanh")}, "tensor"),
    **handlers("scipy.special", {"expit": _ALL["sigmoid"]}),
}
