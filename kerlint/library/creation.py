"""Arrays that a call makes: constant, counted or random."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import libcst as cst

from kerlint.library.convert import Handler, as_array, dtype_name, shape_of
from kerlint.program.constants import constant, integer, number
from kerlint.program.labels import Labels
from kerlint.program.values import Arguments, Array, Dimension, Shape, Unknown, Value, tuple_of

if TYPE_CHECKING:
    from kerlint.program.interpreter.machine import Machine

#: Larger numbers are no classes.
MAX_CLASSES = 10_000_000


def _creation(fill: float | None) -> Handler:
    """`zeros`, `ones`, `full`: constant arrays."""

    def handler(machine: Machine, arguments: Arguments, node: cst.CSTNode) -> Value:
        value = fill if fill is not None else number(arguments.get(1, "fill_value"))
        dtype = dtype_name(arguments.get(2 if fill is None else 1, "dtype")) or "float64"
        shape = shape_of(arguments.get(0, "shape"))
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


def _uniform(low: float, high: float, first: int | None) -> Handler:
    """Random numbers between fixed bounds; `first` is where the shape starts (None: `size=`)."""

    def handler(machine: Machine, arguments: Arguments, node: cst.CSTNode) -> Value:
        if first is None:
            sizes: list[Dimension] | None = [integer(value) for value, _ in arguments.positional]
        else:
            size = arguments.get(first, "size") or arguments.get(None, "shape")
            found = shape_of(size)
            sizes = list(found) if found is not None else None
        if arguments.open:
            sizes = None
        return _noise(None if sizes is None else tuple(sizes), "float64", low, high, "uniform", node)

    return handler


def _noise(shape: Shape, dtype: str, low: float | None, high: float | None, how: str, node: cst.CSTNode) -> Array:
    labels = Labels("continuous") if how in ("uniform", "normal") else None
    return Array(
        shape,
        dtype,
        low,
        high,
        tight=how != "normal",
        labels=labels,
        source=f"random.{how}",
        noise=True,
        order="random",
        node=node,
    )


def _uniform_bounds(machine: Machine, arguments: Arguments, node: cst.CSTNode) -> Value:
    """`numpy.random.uniform(low, high, size)`."""
    low = number(arguments.get(0, "low")) if arguments.get(0, "low") is not None else 0.0
    high = number(arguments.get(1, "high")) if arguments.get(1, "high") is not None else 1.0
    return _noise(shape_of(arguments.get(2, "size")), "float64", low, high, "uniform", node)


def _tf_uniform(machine: Machine, arguments: Arguments, node: cst.CSTNode) -> Value:
    """`tf.random.uniform(shape, minval, maxval, dtype)`."""
    low, high = arguments.get(1, "minval"), arguments.get(2, "maxval")
    dtype = dtype_name(arguments.get(3, "dtype")) or "float32"
    bottom = number(low) if low is not None else 0.0
    top = number(high) if high is not None else 1.0
    shape = shape_of(arguments.get(0, "shape"))
    if "int" in dtype:
        return random_integers(shape, bottom, None if top is None else top - 1, dtype, node)
    return _noise(shape, dtype, bottom, top, "uniform", node)


def _normal(shape_at: int | None, mean_at: int | None, spread_at: int | None) -> Handler:
    def handler(machine: Machine, arguments: Arguments, node: cst.CSTNode) -> Value:
        if shape_at is None:
            sizes: Shape = tuple(integer(value) for value, _ in arguments.positional)
        else:
            sizes = shape_of(arguments.get(shape_at, "size") or arguments.get(None, "shape"))
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
    shape = shape_of(arguments.get(2, "size") if arguments.get(2, "size") is not None else arguments.get(None, "shape"))
    return random_integers(
        shape, low, None if high is None else high - 1, dtype_name(arguments.get(3, "dtype")) or "int64", node
    )


def random_integers(shape: Shape, low: float | None, high: float | None, dtype: str, node: cst.CSTNode) -> Array:
    """Random integers between two bounds, both included."""
    array = _noise(shape, dtype, low, high, "integers", node)
    if (
        low == 0
        and high is not None
        and 1 <= high < MAX_CLASSES
        and (shape is None or len(shape) <= 1 or (len(shape) == 2 and shape[1] == 1))
    ):
        kind = "binary" if high == 1 else "classes"
        return array.derive(node, labels=Labels(kind, int(high) + 1, sure=False))
    return array


def _choice(machine: Machine, arguments: Arguments, node: cst.CSTNode) -> Value:
    pool = arguments.get(0, "a")
    shape = shape_of(arguments.get(1, "size"))
    size = integer(pool)
    if size is not None:
        return random_integers(shape, 0, size - 1, "int64", node)
    known = as_array(pool)
    if known is not None:
        return known.derive(
            node, shape=shape, noise=True, order="random", columns=None, values=None, source="random.choice"
        )
    return Array(shape, noise=True, order="random", node=node)


def _arange(machine: Machine, arguments: Arguments, node: cst.CSTNode) -> Value:
    given = [number(value) for value, _ in arguments.positional]
    if arguments.keywords.keys() - {"dtype"} or not given or None in given:
        return Array((None,), source="arange", order="sorted", node=node)
    found = [value for value in given if value is not None]
    start, stop, step = (0, found[0], 1) if len(found) == 1 else (found[0], found[1], found[2] if len(found) > 2 else 1)
    if step == 0 or not all(map(math.isfinite, found)) or abs(stop - start) > 1e15 * abs(step):
        return Array((None,), node=node)
    count = max(0, -(-(stop - start) // step))
    dtype = "int64" if all(isinstance(value, int) for value in found) else "float64"
    ends = sorted((float(start), float(start + max(count - 1, 0) * step)))
    return Array(
        (int(count),),
        dtype_name(arguments.get(None, "dtype")) or dtype,
        ends[0],
        ends[1],
        tight=True,
        source="arange",
        order="sorted",
        node=node,
    )


def _linspace(machine: Machine, arguments: Arguments, node: cst.CSTNode) -> Value:
    low, high = number(arguments.get(0, "start")), number(arguments.get(1, "stop"))
    count = arguments.get(2, "num")
    size = integer(count) if count is not None else 50
    ends = (None, None) if low is None or high is None else (min(low, high), max(low, high))
    return Array(
        (size,),
        "float64",
        ends[0],
        ends[1],
        tight=True,
        labels=Labels("continuous"),
        source="linspace",
        order="sorted",
        node=node,
    )


def _eye(machine: Machine, arguments: Arguments, node: cst.CSTNode) -> Value:
    size = integer(arguments.get(0, "N"))
    return Array((size, size), "float64", 0, 1, tight=True, source="numpy.eye", node=node)


def _meshgrid(machine: Machine, arguments: Arguments, node: cst.CSTNode) -> Value:
    return tuple_of(*[Array(node=node) for _ in arguments.positional], node=node)


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
    "tensorflow.random.normal": _normal(0, 1, 2),
    "keras.random.normal": _normal(0, 1, 2),
    "tensorflow.random.uniform": _tf_uniform,
    "keras.random.uniform": _tf_uniform,
    "keras.random.randint": _tf_uniform,
    "tensorflow.zeros": _creation(0),
    "tensorflow.ones": _creation(1),
    "tensorflow.range": _arange,
    "tensorflow.linspace": _linspace,
    "numpy.meshgrid": _meshgrid,
}
