"""NumPy, and the TensorFlow and `keras.ops` functions that do the same to data.

`FUNCTIONS` maps canonical names to handlers; a handler gets the arguments as written.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import libcst as cst

from kerlint.library import arrays, creation, imaging, layout
from kerlint.library.convert import Handler, as_array, dtype_name
from kerlint.library.creation import MAX_CLASSES
from kerlint.program.constants import constant, integer, number
from kerlint.program.facts import Argmax, Seed, Truncation
from kerlint.program.labels import Labels
from kerlint.program.values import Arguments, Array, Const, Shape, Tensor, Unknown, Value, tuple_of

if TYPE_CHECKING:
    from kerlint.program.graph import Snapshot
    from kerlint.program.interpreter.machine import Machine


def _array(machine: Machine, arguments: Arguments, node: cst.CSTNode) -> Value:
    value = arguments.get(0)
    if value is None or isinstance(value, Unknown):
        return Array(node=node)
    if isinstance(value, Tensor):
        return value
    known = as_array(value, node) or imaging.picture(value, node)
    dtype = dtype_name(arguments.get(1, "dtype"))
    if known is None:
        return Array(None, dtype, node=node)
    return known.derive(node, dtype=dtype or known.dtype)


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
        result = operate(machine, symbol, left, right, node)
        out = arguments.get(2, "out")
        if isinstance(out, Array):
            machine.change_in_place(out, result if isinstance(result, Array) else out.overwritten(node), node)
        return result

    return handler


def _argmax(machine: Machine, arguments: Arguments, node: cst.CSTNode) -> Value:
    array = arguments.get(0)
    return argmax(machine, array, arguments.get(1, "axis"), node)


def argmax(machine: Machine, array: Value | None, axis: Value | None, node: cst.CSTNode) -> Value:
    """The index of the largest entry along an axis."""
    if not isinstance(array, Array):
        return Unknown("argmax", node=node)
    position = integer(axis)
    machine.emit(
        Argmax(node=node, array=array, axis=position if axis is not None else None, snapshot=_origin(machine, array))
    )
    if array.shape is None or position is None or not -len(array.shape) <= position < len(array.shape):
        return Array(None if axis is not None else (), "int64", source="argmax", node=node)
    position %= len(array.shape)
    size = array.shape[position]
    labels = Labels("classes", size) if array.labels is not None and array.labels.kind == "onehot" else None
    shape = array.shape[:position] + array.shape[position + 1 :]
    return Array(
        shape,
        "int64",
        0,
        None if size is None else size - 1,
        labels=labels,
        source="argmax",
        order=array.order,
        node=node,
    )


#: Steps that keep every value, by how their names begin.
_LAYOUT = ("reshape", "copy", "numpy", "to_numpy", "astype", "T")


def _origin(machine: Machine, array: Array) -> Snapshot | None:
    """The model whose output the array is, if nothing but the layout was changed since."""
    from kerlint.library.graphs import snapshot

    if array.prediction is None or not all(step.name.startswith(_LAYOUT) for step in array.steps):
        return None
    return snapshot(machine, array.prediction)


def cast(machine: Machine, array: Array, dtype: str | None, node: cst.CSTNode) -> Array:
    """`astype` and `tf.cast`."""
    if dtype is not None and "int" in dtype and array.dtype is not None and "float" in array.dtype:
        machine.emit(Truncation(node=node, array=array, snapshot=_origin(machine, array)))
        return array.derive(node, f"astype {dtype}", dtype=dtype, values=None, labels=None)
    labels = array.labels
    if dtype == "bool" or (array.dtype == "bool" and labels is None):
        labels = Labels("binary", 2)
    if dtype == "bool" and array.dtype != "bool":
        return array.derive(node, "astype bool", dtype=dtype, labels=labels, low=0.0, high=1.0, values=None)
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
    return array.derive(node, "clip", low=low, high=high, columns=None, values=None, statistic=None, labels=None)


def _where(machine: Machine, arguments: Arguments, node: cst.CSTNode) -> Value:
    """`where(condition, a, b)` with two numbers makes labels of them; with the condition alone it gives indices."""
    if len(arguments.positional) == 1 and not arguments.keywords:
        rank = (as_array(arguments.get(0)) or Array()).rank
        axes = [Array((None,), "int64", source="where", node=node) for _ in range(rank or 1)]
        return tuple_of(*axes, node=node)
    first, second = number(arguments.get(1)), number(arguments.get(2))
    condition = as_array(arguments.get(0))
    if first is None or second is None:
        return Array(condition.shape if condition is not None else None, node=node)
    low, high = min(first, second), max(first, second)
    kind = "binary" if (low, high) == (0, 1) else "signs" if (low, high) == (-1, 1) else None
    return Array(
        condition.shape if condition is not None else None,
        None,
        low,
        high,
        tight=True,
        labels=Labels(kind, 2) if kind else None,
        node=node,
    )


def _seed(name: str) -> Handler:
    def handler(machine: Machine, arguments: Arguments, node: cst.CSTNode) -> Value:
        machine.emit(Seed(node=node, name=name, seed=arguments.get(0, "seed")))
        return Const(None, node=node)

    return handler


_ELEMENTWISE = {
    "exp": "exp",
    "log": "log",
    "log1p": "log",
    "sqrt": "sqrt",
    "abs": "abs",
    "absolute": "abs",
    "sin": "sin",
    "cos": "cos",
    "tanh": "tanh",
    "square": "square",
    "round": "round",
    "around": "round",
    "rint": "round",
    "floor": "floor",
    "ceil": "ceil",
    "sign": "sign",
    "copy": "copy",
    "ascontiguousarray": "copy",
    "identity": "copy",
    "nan_to_num": "copy",
}


_REDUCTIONS = {
    "mean": "mean",
    "average": "mean",
    "std": "std",
    "min": "min",
    "max": "max",
    "amin": "min",
    "amax": "max",
    "ptp": "range",
    "var": "var",
    "median": "median",
    "sum": "sum",
    "nanmean": "mean",
    "nanstd": "std",
}


_BINARY = {
    "add": "+",
    "subtract": "-",
    "multiply": "*",
    "divide": "/",
    "true_divide": "/",
    "dot": "@",
    "matmul": "@",
    "power": "**",
}


FUNCTIONS: dict[str, Handler] = {
    **creation.FUNCTIONS,
    **layout.FUNCTIONS,
    "numpy.random.seed": _seed("numpy.random.seed"),
    "random.seed": _seed("random.seed"),
    "tensorflow.random.set_seed": _seed("tensorflow.random.set_seed"),
    "keras.utils.set_random_seed": _seed("keras.utils.set_random_seed"),
    "keras.backend.set_random_seed": _seed("keras.utils.set_random_seed"),
    "tensorflow.one_hot": _one_hot,
    "keras.ops.one_hot": _one_hot,
    "keras.utils.to_categorical": _one_hot,
    "tensorflow.cast": _cast,
    "keras.ops.cast": _cast,
    "numpy.where": _where,
    "numpy.clip": _clip,
    "tensorflow.clip_by_value": _clip,
    "numpy.argmax": _argmax,
    "tensorflow.argmax": _argmax,
    "tensorflow.math.argmax": _argmax,
    "keras.ops.argmax": _argmax,
    "keras.backend.argmax": _argmax,
    **{f"numpy.{name}": _array for name in ("array", "asarray", "asanyarray")},
    **dict.fromkeys(
        (
            "tensorflow.constant",
            "tensorflow.convert_to_tensor",
            "tensorflow.Variable",
            "keras.ops.array",
            "keras.ops.convert_to_tensor",
        ),
        _array,
    ),
    **{
        f"{package}.{name}": _elementwise(function)
        for package in ("numpy", "math", "tensorflow", "tensorflow.math", "keras.ops")
        for name, function in _ELEMENTWISE.items()
    },
    **{
        f"{package}.{name}": _reduction(kind)
        for package in ("numpy", "keras.ops")
        for name, kind in _REDUCTIONS.items()
    },
    **{
        f"{package}.reduce_{name}": _reduction(kind)
        for package in ("tensorflow", "tensorflow.math")
        for name, kind in _REDUCTIONS.items()
    },
    "tensorflow.math.reduce_std": _reduction("std"),
    **{
        f"{package}.{name}": _binary(symbol)
        for package in ("numpy", "tensorflow", "tensorflow.math", "keras.ops")
        for name, symbol in _BINARY.items()
    },
}
