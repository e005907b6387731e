"""NumPy, and the TensorFlow and `keras.ops` functions that do the same to data.

`FUNCTIONS` maps canonical names to handlers; a handler gets the arguments as written.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from math import prod
from typing import TYPE_CHECKING

import libcst as cst

from kerlint.library import arrays
from kerlint.library.shapes import dims
from kerlint.program.facts import Argmax, Seed, Truncation
from kerlint.program.values import (
    Arguments,
    Array,
    Const,
    Dimension,
    External,
    Labels,
    Sequence,
    Shape,
    Tensor,
    Unknown,
    Value,
    constant,
    integer,
    number,
    text,
    truth,
    tuple_of,
)

if TYPE_CHECKING:
    from kerlint.program.graph import Snapshot
    from kerlint.program.interpreter.machine import Machine

#: Larger numbers are no classes.
MAX_CLASSES = 10_000_000

Handler = Callable[["Machine", Arguments, cst.CSTNode], Value]


def as_array(value: Value | None, node: cst.CSTNode | None = None) -> Array | None:
    """The value as an array, literals included; None if it is no known data."""
    if isinstance(value, Array):
        return value
    if isinstance(value, (Sequence, Const)) and not (isinstance(value, Const) and not isinstance(value.value, (int, float))):
        return arrays.from_literal(value, node)
    return None


def _shape(value: Value | None) -> Shape:
    return dims(value) if value is not None else ()


def _creation(fill: float | None) -> Handler:
    """`zeros`, `ones`, `full`: constant arrays."""

    def handler(machine: Machine, arguments: Arguments, node: cst.CSTNode) -> Value:
        value = fill if fill is not None else number(arguments.get(1, "fill_value"))
        dtype = dtype_name(arguments.get(2 if fill is None else 1, "dtype")) or "float64"
        shape = _shape(arguments.get(0, "shape"))
        labels = Labels("binary", 2, sure=False) if value in (0, 1) and shape is not None and len(shape) <= 1 else None
        return Array(shape, dtype, value, value, tight=value is not None, labels=labels, source="constant", node=node)

    return handler


def _like(fill: float | None) -> Handler:
    def handler(machine: Machine, arguments: Arguments, node: cst.CSTNode) -> Value:
        model = as_array(arguments.get(0))
        if model is None:
            return Unknown("like", node=node)
        return Array(model.shape, model.dtype, fill, fill, tight=True, source="constant", node=node)

    return handler


def _array(machine: Machine, arguments: Arguments, node: cst.CSTNode) -> Value:
    value = arguments.get(0)
    if value is None or isinstance(value, Unknown):
        return Array(node=node)
    if isinstance(value, Tensor):
        return value
    known = as_array(value, node)
    dtype = dtype_name(arguments.get(1, "dtype"))
    if known is None:
        return Array(None, dtype, node=node)
    return known.derive(node, dtype=dtype or known.dtype)


def _uniform(low: float, high: float, first: int | None) -> Handler:
    """Random numbers between fixed bounds; `first` is where the shape starts (None: `size=`)."""

    def handler(machine: Machine, arguments: Arguments, node: cst.CSTNode) -> Value:
        if first is None:
            sizes: list[Dimension] | None = [integer(value) for value, _ in arguments.positional]
        else:
            size = arguments.get(first, "size") or arguments.get(None, "shape")
            found = _shape(size)
            sizes = list(found) if found is not None else None
        if arguments.open:
            sizes = None
        return _noise(None if sizes is None else tuple(sizes), "float64", low, high, "uniform", node)

    return handler


def _noise(
    shape: Shape, dtype: str, low: float | None, high: float | None, how: str, node: cst.CSTNode
) -> Array:
    labels = Labels("continuous") if how in ("uniform", "normal") else None
    return Array(
        shape, dtype, low, high, tight=how != "normal", labels=labels, source=f"random.{how}", noise=True, order="random", node=node
    )


def _uniform_bounds(machine: Machine, arguments: Arguments, node: cst.CSTNode) -> Value:
    """`numpy.random.uniform(low, high, size)`."""
    low = number(arguments.get(0, "low")) if arguments.get(0, "low") is not None else 0.0
    high = number(arguments.get(1, "high")) if arguments.get(1, "high") is not None else 1.0
    return _noise(_shape(arguments.get(2, "size")), "float64", low, high, "uniform", node)


def _tf_uniform(machine: Machine, arguments: Arguments, node: cst.CSTNode) -> Value:
    """`tf.random.uniform(shape, minval, maxval, dtype)`."""
    low, high = arguments.get(1, "minval"), arguments.get(2, "maxval")
    dtype = dtype_name(arguments.get(3, "dtype")) or "float32"
    bottom = number(low) if low is not None else 0.0
    top = number(high) if high is not None else 1.0
    shape = _shape(arguments.get(0, "shape"))
    if "int" in dtype:
        return random_integers(shape, bottom, None if top is None else top - 1, dtype, node)
    return _noise(shape, dtype, bottom, top, "uniform", node)


def _normal(shape_at: int | None, mean_at: int | None, spread_at: int | None) -> Handler:
    def handler(machine: Machine, arguments: Arguments, node: cst.CSTNode) -> Value:
        if shape_at is None:
            sizes: Shape = tuple(integer(value) for value, _ in arguments.positional)
        else:
            sizes = _shape(arguments.get(shape_at, "size") or arguments.get(None, "shape"))
        mean = arguments.get(mean_at, "loc") or arguments.get(None, "mean")
        spread = arguments.get(spread_at, "scale") or arguments.get(None, "stddev")
        center = number(mean) if mean is not None else 0.0
        scale = number(spread) if spread is not None else 1.0
        if center is None or scale is None:
            return _noise(sizes, "float64", None, None, "normal", node)
        # Practically all of it lies within four standard deviations.
        return _noise(sizes, "float64", center - 4 * scale, center + 4 * scale, "normal", node)

    return handler


def _randint(machine: Machine, arguments: Arguments, node: cst.CSTNode) -> Value:
    first, second = arguments.get(0, "low"), arguments.get(1, "high")
    low, high = (0.0, number(first)) if second is None or constant(second) is None else (number(first), number(second))
    shape = _shape(arguments.get(2, "size") if arguments.get(2, "size") is not None else arguments.get(None, "shape"))
    return random_integers(shape, low, None if high is None else high - 1, dtype_name(arguments.get(3, "dtype")) or "int64", node)


def random_integers(shape: Shape, low: float | None, high: float | None, dtype: str, node: cst.CSTNode) -> Array:
    """Random integers between two bounds, both included."""
    array = _noise(shape, dtype, low, high, "integers", node)
    if low == 0 and high is not None and 1 <= high < MAX_CLASSES and (shape is None or len(shape) <= 1 or (len(shape) == 2 and shape[1] == 1)):
        kind = "binary" if high == 1 else "classes"
        return array.derive(node, labels=Labels(kind, int(high) + 1, sure=False))
    return array


def _choice(machine: Machine, arguments: Arguments, node: cst.CSTNode) -> Value:
    pool = arguments.get(0, "a")
    shape = _shape(arguments.get(1, "size"))
    size = integer(pool)
    if size is not None:
        return random_integers(shape, 0, size - 1, "int64", node)
    known = as_array(pool)
    if known is not None:
        return known.derive(node, shape=shape, noise=True, order="random", columns=None, values=None, source="random.choice")
    return Array(shape, noise=True, order="random", node=node)


def _arange(machine: Machine, arguments: Arguments, node: cst.CSTNode) -> Value:
    given = [number(value) for value, _ in arguments.positional]
    if arguments.keywords.keys() - {"dtype"} or not given or None in given:
        return Array((None,), source="arange", order="sorted", node=node)
    found = [value for value in given if value is not None]
    start, stop, step = (0, found[0], 1) if len(found) == 1 else (found[0], found[1], found[2] if len(found) > 2 else 1)
    if step == 0 or not all(map(math.isfinite, found)):
        return Array((None,), node=node)
    count = max(0, -(-(stop - start) // step))
    dtype = "int64" if all(isinstance(value, int) for value in found) else "float64"
    ends = sorted((float(start), float(start + max(count - 1, 0) * step)))
    return Array((int(count),), dtype_name(arguments.get(None, "dtype")) or dtype, ends[0], ends[1], tight=True, source="arange", order="sorted", node=node)


def _linspace(machine: Machine, arguments: Arguments, node: cst.CSTNode) -> Value:
    low, high = number(arguments.get(0, "start")), number(arguments.get(1, "stop"))
    count = arguments.get(2, "num")
    size = integer(count) if count is not None else 50
    ends = (None, None) if low is None or high is None else (min(low, high), max(low, high))
    return Array((size,), "float64", ends[0], ends[1], tight=True, labels=Labels("continuous"), source="linspace", order="sorted", node=node)


def _eye(machine: Machine, arguments: Arguments, node: cst.CSTNode) -> Value:
    size = integer(arguments.get(0, "N"))
    return Array((size, size), "float64", 0, 1, tight=True, source="numpy.eye", node=node)


def _stack(axis_of_new: bool) -> Handler:
    """`concatenate`, `vstack`, `stack`: several arrays in one."""

    def handler(machine: Machine, arguments: Arguments, node: cst.CSTNode) -> Value:
        parts = arguments.get(0)
        if isinstance(parts, Array):
            return parts.derive(node, shape=None, columns=None, values=None)
        if not isinstance(parts, Sequence) or parts.exact is None or not parts.exact:
            return Array(node=node)
        axis_value = arguments.get(1, "axis")
        axis = 0 if axis_value is None else integer(axis_value)
        found = [as_array(part) for part in parts.exact]
        if any(part is None for part in found) or axis is None:
            return Array(node=node)
        return joined([part for part in found if part is not None], axis, node, new_axis=axis_of_new)

    return handler


def joined(parts: list[Array], axis: int, node: cst.CSTNode, *, new_axis: bool = False) -> Array:
    """Arrays put together along an axis."""
    first = parts[0]
    lows = [part.low for part in parts]
    highs = [part.high for part in parts]
    low = min(value for value in lows if value is not None) if None not in lows else None
    high = max(value for value in highs if value is not None) if None not in highs else None
    shape: Shape = None
    shapes = [part.shape for part in parts]
    if all(other is not None and first.shape is not None and len(other) == len(first.shape) for other in shapes):
        assert first.shape is not None
        known = [other for other in shapes if other is not None]
        if new_axis:
            place = axis if axis >= 0 else len(first.shape) + 1 + axis
            shape = (*first.shape[:place], len(parts), *first.shape[place:])
        elif first.shape:
            place = axis % len(first.shape)
            sizes = [other[place] for other in known]
            total = None if None in sizes else sum(size for size in sizes if size is not None)
            shape = (*first.shape[:place], total, *first.shape[place + 1 :])
    labels = first.labels if all(part.labels == first.labels for part in parts) else _joint_labels(parts)
    order = None
    if axis == 0 and not new_axis and len(parts) > 1 and all(part.low is not None and part.low == part.high for part in parts):
        constants = [part.low for part in parts]
        if len(set(constants)) == len(constants):
            # One block of equal values after the other: the rows of a class stand together.
            order = "grouped"
    return Array(
        shape,
        first.dtype if all(part.dtype == first.dtype for part in parts) else None,
        low,
        high,
        tight=all(part.tight for part in parts),
        labels=labels,
        source=first.source if all(part.source == first.source for part in parts) else "computed",
        noise=all(part.noise for part in parts),
        order=order,
        steps=first.steps,
        node=node,
    )


def _joint_labels(parts: list[Array]) -> Labels | None:
    kinds = {part.labels.kind if part.labels is not None else None for part in parts}
    if kinds == {"binary"}:
        return Labels("binary", 2, sure=False)
    return None


def _reshaped(machine: Machine, arguments: Arguments, node: cst.CSTNode) -> Value:
    array = as_array(arguments.get(0))
    if array is None:
        return Unknown("reshape", node=node)
    target = arguments.get(1, "newshape") or arguments.get(None, "shape")
    return reshape(array, dims(target), node)


def reshape(array: Array, target: tuple[Dimension, ...] | None, node: cst.CSTNode) -> Array:
    """An array in another shape; one -1 is worked out where possible."""
    keeps_rows = False
    if target is not None:
        total = prod(size for size in array.shape if size is not None) if array.shape and None not in array.shape else None
        if -1 in target:
            others = [size for size in target if size != -1]
            rest: int | None = None
            if total is not None and None not in others:
                known = prod(size for size in others if size is not None)
                rest = total // known if known else None
            target = tuple(rest if size == -1 else size for size in target)
        rows = array.rows
        keeps_rows = (rows is not None and target[:1] == (rows,)) or target[:1] == (None,)
    flat = target is not None and array.shape is not None and [s for s in target if s != 1] == [s for s in array.shape if s != 1]
    return array.derive(
        node,
        "reshape",
        shape=target,
        columns=None,
        values=None,
        labels=array.labels if flat or keeps_rows and array.rank == 1 else (array.labels if array.labels and array.labels.kind in ("classes", "binary", "continuous") else None),
        order=array.order if keeps_rows or flat else None,
    )


def _expanded(machine: Machine, arguments: Arguments, node: cst.CSTNode) -> Value:
    array, axis = as_array(arguments.get(0)), integer(arguments.get(1, "axis"))
    if array is None:
        return Unknown("expand_dims", node=node)
    if array.shape is None or axis is None:
        return array.derive(node, shape=None, columns=None, values=None)
    place = axis if axis >= 0 else len(array.shape) + 1 + axis
    return array.derive(node, shape=(*array.shape[:place], 1, *array.shape[place:]), columns=None, values=None)


def _squeezed(machine: Machine, arguments: Arguments, node: cst.CSTNode) -> Value:
    array = as_array(arguments.get(0))
    if array is None:
        return Unknown("squeeze", node=node)
    if array.shape is None or None in array.shape:
        return array.derive(node, shape=None, columns=None, values=None)
    return array.derive(node, shape=tuple(size for size in array.shape if size != 1), columns=None, values=None)


def _flat(machine: Machine, arguments: Arguments, node: cst.CSTNode) -> Value:
    array = as_array(arguments.get(0))
    if array is None:
        return Unknown("ravel", node=node)
    return reshape(array, (-1,), node)


def _transposed(machine: Machine, arguments: Arguments, node: cst.CSTNode) -> Value:
    array = as_array(arguments.get(0))
    if array is None:
        return Unknown("transpose", node=node)
    order = dims(arguments.get(1, "axes") or arguments.get(None, "perm"))
    shape: Shape = None
    if array.shape is not None:
        if order is None:
            shape = array.shape[::-1] if arguments.get(1, "axes") is None else None
        elif len(order) == len(array.shape) and all(isinstance(axis, int) for axis in order):
            shape = tuple(array.shape[axis] for axis in order if axis is not None)
    return array.derive(node, shape=shape, columns=None, values=None, labels=None, order=None)


def _elementwise(function: str) -> Handler:
    """Functions that keep the shape: `exp`, `log`, `abs`, `round` ..."""

    def handler(machine: Machine, arguments: Arguments, node: cst.CSTNode) -> Value:
        scalar = arguments.get(0)
        if isinstance(scalar, Const):
            return _scalar(function, scalar, node)
        array = as_array(scalar)
        if array is None:
            return Unknown(function, node=node)
        bounds: dict[str, tuple[float | None, float | None]] = {
            "abs": (0.0, _largest(array)),
            "sin": (-1.0, 1.0),
            "cos": (-1.0, 1.0),
            "tanh": (-1.0, 1.0),
            "sqrt": (_root(array.low), _root(array.high)),
            "round": (array.low, array.high),
            "copy": (array.low, array.high),
        }
        low, high = bounds.get(function, (None, None))
        same_values = function in ("copy", "round")
        return array.derive(
            node,
            function,
            low=low,
            high=high,
            columns=array.columns if same_values else None,
            values=array.values if function == "copy" else None,
            labels=array.labels if same_values else Labels("continuous") if array.labels else None,
            statistic=array.statistic if same_values or function == "sqrt" else None,
            prediction=array.prediction if function == "copy" else None,
        )

    return handler


_SCALARS: dict[str, Callable[[float], float]] = {
    "exp": math.exp,
    "log": math.log,
    "sqrt": math.sqrt,
    "abs": abs,
    "sin": math.sin,
    "cos": math.cos,
    "tanh": math.tanh,
    "floor": math.floor,
    "ceil": math.ceil,
    "round": round,
    "copy": lambda value: value,
    "square": lambda value: value * value,
}


def _scalar(function: str, scalar: Const, node: cst.CSTNode) -> Value:
    """A function of one known number."""
    known = _SCALARS.get(function)
    if known is None or not isinstance(scalar.value, (int, float)):
        return Unknown(function, node=node)
    try:
        return Const(known(scalar.value), scalar.assumed, node=node)
    except (ValueError, OverflowError):
        return Unknown(function, node=node)


def _largest(array: Array) -> float | None:
    return None if array.low is None or array.high is None else max(abs(array.low), abs(array.high))


def _root(value: float | None) -> float | None:
    return None if value is None or value < 0 else value**0.5


def _reduction(kind: str) -> Handler:
    def handler(machine: Machine, arguments: Arguments, node: cst.CSTNode) -> Value:
        value = arguments.get(0)
        if value is None:
            return Unknown(kind, node=node)
        return arrays.statistic(kind, as_array(value) or value, arguments.get(1, "axis"), node)

    return handler


def _binary(symbol: str) -> Handler:
    def handler(machine: Machine, arguments: Arguments, node: cst.CSTNode) -> Value:
        from kerlint.program.interpreter.operators import operate

        left, right = arguments.get(0), arguments.get(1)
        if left is None or right is None:
            return Unknown("operator", node=node)
        return operate(machine, symbol, left, right, node)

    return handler


def _argmax(machine: Machine, arguments: Arguments, node: cst.CSTNode) -> Value:
    array = arguments.get(0)
    return argmax(machine, array, arguments.get(1, "axis"), node)


def argmax(machine: Machine, array: Value | None, axis: Value | None, node: cst.CSTNode) -> Value:
    """The index of the largest entry along an axis."""
    if not isinstance(array, Array):
        return Unknown("argmax", node=node)
    position = integer(axis)
    machine.emit(Argmax(node=node, array=array, axis=position if axis is not None else None, snapshot=_origin(machine, array)))
    if array.shape is None or position is None or not -len(array.shape) <= position < len(array.shape):
        return Array(None if axis is not None else (), "int64", source="argmax", node=node)
    position %= len(array.shape)
    size = array.shape[position]
    labels = Labels("classes", size) if array.labels is not None and array.labels.kind == "onehot" else None
    shape = array.shape[:position] + array.shape[position + 1 :]
    return Array(shape, "int64", 0, None if size is None else size - 1, labels=labels, source="argmax", order=array.order, node=node)


#: Steps that keep every value, by how their names begin.
_LAYOUT = ("reshape", "copy", "numpy", "to_numpy", "astype", "T")


def _origin(machine: Machine, array: Array) -> Snapshot | None:
    """The model whose output the array is, if nothing but the layout was changed since."""
    from kerlint.library.models import snapshot

    if array.prediction is None or not all(step.name.startswith(_LAYOUT) for step in array.steps):
        return None
    return snapshot(machine, array.prediction)


def cast(machine: Machine, array: Array, dtype: str | None, node: cst.CSTNode) -> Array:
    """`astype` and `tf.cast`."""
    if dtype is not None and "int" in dtype and array.dtype is not None and "float" in array.dtype:
        machine.emit(Truncation(node=node, array=array, snapshot=_origin(machine, array)))
        return array.derive(node, f"astype {dtype}", dtype=dtype, values=None, labels=None)
    labels = array.labels
    if array.dtype == "bool" and labels is None:
        labels = Labels("binary", 2)
    return array.derive(node, f"astype {dtype}", dtype=dtype, labels=labels)


def _cast(machine: Machine, arguments: Arguments, node: cst.CSTNode) -> Value:
    array = arguments.get(0)
    if isinstance(array, Tensor):
        return array
    known = as_array(array)
    if known is None:
        return Unknown("cast", node=node)
    return cast(machine, known, dtype_name(arguments.get(1, "dtype")), node)


def _one_hot(machine: Machine, arguments: Arguments, node: cst.CSTNode) -> Value:
    return one_hot(arguments.get(0), arguments.get(1, "depth") or arguments.get(None, "num_classes"), node)


def one_hot(labels: Value | None, classes: Value | None, node: cst.CSTNode) -> Array:
    """One-hot rows of class ids. Without a number of classes it is the largest id and one."""
    array = as_array(labels)
    count = integer(classes) if classes is not None and constant(classes) is not None else None
    if count is None and (classes is None or constant(classes) is None) and array is not None:
        if array.labels is not None and array.labels.classes is not None:
            count = array.labels.classes
        elif array.high is not None and array.tight and array.high < MAX_CLASSES:
            count = int(array.high) + 1
    shape: Shape = None
    if array is not None and array.shape is not None:
        base = array.shape[:-1] if len(array.shape) > 1 and array.shape[-1] == 1 else array.shape
        shape = (*base, count)
    meaning = Labels("onehot", count)
    return Array(
        shape,
        "float32",
        0,
        1,
        tight=True,
        labels=meaning,
        source="onehot",
        order=array.order if array is not None else None,
        steps=array.steps if array is not None else (),
        noise=array.noise if array is not None else False,
        node=node,
    )


def _clip(machine: Machine, arguments: Arguments, node: cst.CSTNode) -> Value:
    array = as_array(arguments.get(0))
    if array is None:
        return Unknown("clip", node=node)
    low, high = number(arguments.get(1)), number(arguments.get(2))
    return array.derive(node, "clip", low=low, high=high, columns=None, values=None, statistic=None)


def _where(machine: Machine, arguments: Arguments, node: cst.CSTNode) -> Value:
    """`where(condition, a, b)` with two numbers makes labels of them."""
    first, second = number(arguments.get(1)), number(arguments.get(2))
    condition = as_array(arguments.get(0))
    if first is None or second is None:
        return Array(condition.shape if condition is not None else None, node=node)
    low, high = min(first, second), max(first, second)
    kind = "binary" if (low, high) == (0, 1) else "signs" if (low, high) == (-1, 1) else None
    return Array(condition.shape if condition is not None else None, None, low, high, tight=True, labels=Labels(kind, 2) if kind else None, node=node)


def _shuffled(machine: Machine, arguments: Arguments, node: cst.CSTNode) -> Value:
    array = as_array(arguments.get(0))
    if array is None:
        size = integer(arguments.get(0))
        return Array((size,), "int64", source="permutation", order="random", node=node)
    if array.shape == ():
        return Array((integer(arguments.get(0)),), "int64", source="permutation", order="random", node=node)
    return array.derive(node, "shuffled", order="random", values=None)


def _repeated(machine: Machine, arguments: Arguments, node: cst.CSTNode) -> Value:
    """`repeat` and `tile`: the same values, more often; a repeated id stands in blocks."""
    array = as_array(arguments.get(0))
    if array is None:
        return Array(node=node)
    return array.derive(node, "repeat", shape=None if array.rank != 1 else (None,), values=None, order=None)


def _repeat(machine: Machine, arguments: Arguments, node: cst.CSTNode) -> Value:
    """`repeat(x, n)` of a few known numbers is known; each stands n times, one block after the other."""
    array, times = as_array(arguments.get(0)), integer(arguments.get(1, "repeats"))
    numbers = array.values if array is not None and array.rank == 1 else None
    if numbers is None or times is None or not 0 < times * len(numbers) <= arrays.MAX_VALUES:
        return _repeated(machine, arguments, node)
    return arrays.literal([value for value in numbers for _ in range(times)], node)


def _meshgrid(machine: Machine, arguments: Arguments, node: cst.CSTNode) -> Value:
    return tuple_of(*[Array(node=node) for _ in arguments.positional], node=node)


def _seed(name: str) -> Handler:
    def handler(machine: Machine, arguments: Arguments, node: cst.CSTNode) -> Value:
        machine.emit(Seed(node=node, name=name, seed=arguments.get(0, "seed")))
        return Const(None, node=node)

    return handler


def dtype_name(value: Value | None) -> str | None:
    """The name of a dtype given as string, builtin type or symbol: `float32`."""
    found = text(value)
    if found is not None:
        return {"int": "int64", "float": "float64", "f": "float32", "i": "int32", "bool_": "bool"}.get(found, found)
    if isinstance(value, External):
        short = value.name.rpartition(".")[2]
        names = {"int": "int64", "float": "float64", "single": "float32", "double": "float64", "float_": "float64", "int_": "int64", "bool_": "bool", "half": "float16"}
        return names.get(short, short)
    return None


def keepdims(value: Value | None) -> bool:
    """Whether `keepdims=True` was given."""
    return truth(value) is True


_ELEMENTWISE = {"exp": "exp", "log": "log", "log1p": "log", "sqrt": "sqrt", "abs": "abs", "absolute": "abs", "sin": "sin", "cos": "cos", "tanh": "tanh", "square": "square", "round": "round", "around": "round", "rint": "round", "floor": "floor", "ceil": "ceil", "sign": "sign", "copy": "copy", "ascontiguousarray": "copy", "identity": "copy", "nan_to_num": "copy"}
_REDUCTIONS = {"mean": "mean", "average": "mean", "std": "std", "min": "min", "max": "max", "amin": "min", "amax": "max", "ptp": "range", "var": "var", "median": "median", "sum": "sum", "nanmean": "mean", "nanstd": "std"}
_BINARY = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/", "true_divide": "/", "dot": "@", "matmul": "@", "power": "**"}

FUNCTIONS: dict[str, Handler] = {
    "numpy.zeros": _creation(0),
    "numpy.ones": _creation(1),
    "numpy.empty": _creation(None),
    "numpy.full": _creation(None),
    "numpy.zeros_like": _like(0),
    "numpy.ones_like": _like(1),
    "numpy.eye": _eye,
    "numpy.identity": _eye,
    "numpy.arange": _arange,
    "numpy.linspace": _linspace,
    "numpy.random.rand": _uniform(0, 1, None),
    "numpy.random.random": _uniform(0, 1, 0),
    "numpy.random.random_sample": _uniform(0, 1, 0),
    "numpy.random.uniform": _uniform_bounds,
    "numpy.random.randn": _normal(None, None, None),
    "numpy.random.standard_normal": _normal(0, None, None),
    "numpy.random.normal": _normal(2, 0, 1),
    "numpy.random.randint": _randint,
    "numpy.random.choice": _choice,
    "numpy.random.permutation": _shuffled,
    "numpy.random.seed": _seed("numpy.random.seed"),
    "random.seed": _seed("random.seed"),
    "tensorflow.random.set_seed": _seed("tensorflow.random.set_seed"),
    "keras.utils.set_random_seed": _seed("keras.utils.set_random_seed"),
    "keras.backend.set_random_seed": _seed("keras.utils.set_random_seed"),
    "tensorflow.random.normal": _normal(0, 1, 2),
    "keras.random.normal": _normal(0, 1, 2),
    "tensorflow.random.uniform": _tf_uniform,
    "keras.random.uniform": _tf_uniform,
    "keras.random.randint": _tf_uniform,
    "tensorflow.zeros": _creation(0),
    "tensorflow.ones": _creation(1),
    "tensorflow.range": _arange,
    "tensorflow.linspace": _linspace,
    "tensorflow.one_hot": _one_hot,
    "keras.ops.one_hot": _one_hot,
    "keras.utils.to_categorical": _one_hot,
    "tensorflow.cast": _cast,
    "keras.ops.cast": _cast,
    "numpy.where": _where,
    "numpy.meshgrid": _meshgrid,
    "numpy.repeat": _repeat,
    "numpy.tile": _repeated,
    "numpy.clip": _clip,
    "tensorflow.clip_by_value": _clip,
    "numpy.concatenate": _stack(False),
    "numpy.vstack": _stack(False),
    "numpy.append": _repeated,
    "numpy.stack": _stack(True),
    "tensorflow.concat": _stack(False),
    "tensorflow.stack": _stack(True),
    "numpy.argmax": _argmax,
    "tensorflow.argmax": _argmax,
    "tensorflow.math.argmax": _argmax,
    "keras.ops.argmax": _argmax,
    "keras.backend.argmax": _argmax,
    **{
        f"{package}.{name}": handler
        for package in ("numpy", "tensorflow", "keras.ops", "keras.backend")
        for name, handler in {
            "reshape": _reshaped,
            "expand_dims": _expanded,
            "squeeze": _squeezed,
            "ravel": _flat,
            "transpose": _transposed,
        }.items()
    },
    **{f"numpy.{name}": _array for name in ("array", "asarray", "asanyarray")},
    **{name: _array for name in ("tensorflow.constant", "tensorflow.convert_to_tensor", "tensorflow.Variable", "keras.ops.array", "keras.ops.convert_to_tensor")},
    **{f"{package}.{name}": _elementwise(function) for package in ("numpy", "math", "tensorflow", "tensorflow.math", "keras.ops") for name, function in _ELEMENTWISE.items()},
    **{f"{package}.{name}": _reduction(kind) for package in ("numpy", "keras.ops") for name, kind in _REDUCTIONS.items()},
    **{f"{package}.reduce_{name}": _reduction(kind) for package in ("tensorflow", "tensorflow.math") for name, kind in _REDUCTIONS.items()},
    "tensorflow.math.reduce_std": _reduction("std"),
    **{f"{package}.{name}": _binary(symbol) for package in ("numpy", "tensorflow", "tensorflow.math", "keras.ops") for name, symbol in _BINARY.items()},
}
