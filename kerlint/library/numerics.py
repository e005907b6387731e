"""NumPy, and the TensorFlow and `keras.ops` functions that do the same to data.

`FUNCTIONS` maps canonical names to handlers; here are those that make arrays of other things, cast and
encode, and the operators as functions.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from kerlint import syntax
from kerlint.library import arrays, creation, dtypes, elementwise, frames, imaging, joining, layout, ranges, reductions
from kerlint.library.convert import Call, Function, Handler, as_array, dtype_name, dtype_or, handlers, is_none
from kerlint.library.randomness import MAX_CLASSES
from kerlint.library.shapes import dims
from kerlint.program.constants import constant, integer
from kerlint.program.events import Seed, Truncation
from kerlint.program.labels import Labels
from kerlint.program.values import (
    Arguments,
    Array,
    Const,
    Dataset,
    Mapping,
    Sequence,
    Shape,
    Tensor,
    Unknown,
    Value,
)

if TYPE_CHECKING:
    from kerlint.program.interpreter.machine import Machine


def _array(form: str) -> Function:
    """`numpy.array(x)`, `tf.constant(x)`, `tf.convert_to_tensor(x)`."""

    def answer(call: Call) -> Value:
        value = call.first
        dtype = call.value("dtype")
        shape = call.given("shape") if form == "tensor" else None
        if isinstance(value, Tensor):
            return value
        known = as_array(value, call.node) or imaging.picture(value, call.node)
        if known is None:
            if isinstance(value, (Const, Mapping, Dataset)):
                return Unknown("array", node=call.node)
            return Array(None, dtype_or(dtype, None), form=form, node=call.node)
        if form == "tensor" and not isinstance(value, Array) and isinstance(value, (Const, Sequence)):
            known = known.derive(call.node, dtype=_tensor_dtype(known.dtype), parent=None)
        if known.form == "frame":
            known = frames.values(known, call.node, "")
        made = elementwise.cast(known, dtype_or(dtype, known.dtype), call.node, "")
        if call.name == "numpy.array" and isinstance(value, Array):
            made = elementwise.cast(known, dtype_or(dtype, known.dtype), call.node, "copy")
        if shape is not None:
            made = layout.reshape(made, dims(shape), call.node)
        made.form, made.fields = form, None
        return made

    return answer


def _tensor_dtype(dtype: str | None) -> str | None:
    """The dtype of a tensor of Python numbers."""
    return {"int64": "int32", "float64": "float32"}.get(dtype or "", dtype)


def cast(machine: Machine, array: Array, dtype: str | None, node: syntax.Node) -> Array:
    """`astype` and `tf.cast`."""
    step = f"astype {dtype}"
    if dtype is not None and "int" in dtype and dtypes.is_float(array.dtype):
        machine.emit(Truncation(node=node, array=array, snapshot=reductions.origin(machine, array)))
        made = elementwise.cast(array, dtype, node, step)
        made.values, made.labels = None, None
        return made
    labels = array.labels
    if dtype == "bool" or (array.dtype == "bool" and labels is None):
        labels = Labels("binary", 2)
    made = elementwise.cast(array, dtype, node, step)
    made.labels = labels if made.low is not None or array.low is None else None
    if dtype == "bool" and array.dtype != "bool":
        made.values, made.tight = None, False
    return made


def _cast(call: Call) -> Value:
    array = call.first
    if isinstance(array, Tensor):
        return array
    known = as_array(array, call.node)
    if known is None:
        return Unknown("cast", node=call.node)
    return cast(call.machine, known, dtype_name(call.value("dtype", 1)), call.node)


def _cast_to(dtype: str) -> Function:
    """`numpy.float32(x)`."""

    def answer(call: Call) -> Value:
        if isinstance(call.first, Const) and isinstance(call.first.value, (int, float)):
            whole = "int" in dtype
            try:
                found = int(call.first.value) if whole else float(call.first.value)
            except (OverflowError, ValueError):
                return Unknown(dtype, node=call.node)
            array = as_array(Const(found), call.node)
            return array.derive(call.node, dtype=dtype) if array is not None else Unknown(dtype, node=call.node)
        if call.array is None:
            return Unknown(dtype, node=call.node)
        if call.array.dtype == dtype:
            # The very same array.
            return call.array.derive(call.node)
        return cast(call.machine, call.array, dtype, call.node)

    return answer


def _one_hot(call: Call) -> Value:
    classes = call.value("depth") or call.value("num_classes") or call.value("nb_classes")
    return one_hot(call.first, classes, call.node, dtype=_one_hot_dtype(call), plain=_is_last(call))


def _one_hot_dtype(call: Call) -> str | None:
    if call.name == "keras.utils.to_categorical":
        # float64 in Keras 3, float32 before.
        return dtype_or(call.value("dtype"), None)
    return dtype_or(call.value("dtype"), "float32")


def _is_last(call: Call) -> bool:
    """Whether the classes are on the last axis, as 0 and 1."""
    axis = call.value("axis")
    plain = is_none(axis) or integer(axis) == -1
    return plain and call.value("on_value") is None and call.value("off_value") is None


def one_hot(
    labels: Value | None,
    classes: Value | None,
    node: syntax.Node,
    *,
    dtype: str | None = "float32",
    plain: bool = True,
) -> Array:
    """One-hot rows of class ids. Without a number of classes it is the largest id and one."""
    array = as_array(labels, node)
    count = integer(classes) if not is_none(classes) else None
    if is_none(classes) and array is not None:
        if array.labels is not None and array.labels.classes is not None and array.tight:
            count = array.labels.classes
        elif array.high is not None and array.tight and 0 <= array.high < MAX_CLASSES:
            count = int(array.high) + 1
    shape: Shape = None
    if array is not None and array.shape is not None:
        base = array.shape
        if len(base) > 1 and base[-1] == 1:
            base = base[:-1]
        shape = (*base, count)
    meaning = Labels("onehot", count) if plain else None
    return Array(
        shape if plain else None,
        dtype,
        0 if plain else None,
        1 if plain else None,
        tight=plain,
        labels=meaning,
        source="onehot",
        order=array.order if array is not None else None,
        steps=array.steps if array is not None else (),
        noise=array.noise if array is not None else False,
        parent=array,
        node=node,
    )


def _tensor_one_hot(call: Call) -> Value:
    """`tf.one_hot`: a column of ids stays a column."""
    made = _one_hot(call)
    array = call.array
    if isinstance(made, Array) and array is not None and array.shape is not None and made.shape is not None:
        made.shape = (*array.shape, made.shape[-1])
    return made


def _binary(symbol: str) -> Function:
    """An operator as a function: `add`, `multiply`, `dot`."""

    def answer(call: Call) -> Value:
        from kerlint.program.interpreter.operators import operate

        given = [value for name, value in call.args.items() if name not in ("out", "name", "dtype", "where")]
        if len(given) != 2:
            return Unknown("operator", node=call.node)
        left, right = given
        if not isinstance(left, (Array, Const)) or (isinstance(left, Const) and not isinstance(right, Array)):
            left = as_array(left, call.node) or left
        result = operate(call.machine, symbol, left, right, call.node)
        out = call.args.get("out")
        if isinstance(out, Array):
            changed = result if isinstance(result, Array) else out.overwritten(call.node)
            call.machine.change_in_place(out, changed, call.node)
        return result

    return answer


def _dot(call: Call) -> Value:
    """`numpy.dot(a, b)`."""
    left, right = as_array(call.first, call.node), as_array(call.value("b"), call.node)
    if left is None or right is None:
        return Unknown("dot", node=call.node)
    if left.rank == 0 or right.rank == 0:
        return _binary("*")(call)
    return arrays.product(left, right, call.node, dot=True)


def _normalized(call: Call) -> Value:
    """`keras.utils.normalize(x, axis=-1, order=2)`: each row of length 1."""
    array = call.array
    if array is None:
        return Unknown("normalize", node=call.node)
    low = 0.0 if array.low is not None and array.low >= 0 else -1.0
    dtype = dtypes.quotient(array.dtype, "")
    changes = {"columns": None, "values": None, "labels": None, "tight": False, "statistic": None}
    return array.derive(call.node, "normalize", low=low, high=1.0, dtype=dtype, **changes)


def _softmax(call: Call) -> Value:
    array = call.array
    if array is None:
        return Unknown("softmax", node=call.node)
    changes = {"columns": None, "values": None, "labels": None, "tight": False, "order": None}
    return array.derive(call.node, "softmax", low=0.0, high=1.0, **changes)


def _relu(call: Call) -> Value:
    array = call.array
    if array is None or len(call.args) > 1:
        return Unknown("relu", node=call.node)
    low, high = ranges.rising(lambda value: max(value, 0.0), (array.low, array.high))
    changes = {"columns": None, "values": None, "labels": None, "tight": False}
    return array.derive(call.node, "relu", low=0.0 if low is None else low, high=high, **changes)


def _backend_dtype(call: Call) -> Value:
    return Const("float32", node=call.node)


def _epsilon(call: Call) -> Value:
    """The small number that Keras adds where it divides; only a configuration of Keras says otherwise."""
    return Const(1e-7, node=call.node)


def _file(call: Call) -> Value:
    """`numpy.load(path)`: an array, or several by name."""
    path = constant(call.first)
    if isinstance(path, str) and path.endswith(".npy"):
        return Array(source=call.name, node=call.node)
    return Unknown(call.name, node=call.node)


def _seed(machine: Machine, arguments: Arguments, node: syntax.Node, name: str) -> Value:
    machine.emit(Seed(node=node, name=name, seed=arguments.get(0, "seed")))
    return Const(None, node=node)


def _seeds(name: str) -> Handler:
    return lambda machine, arguments, node: _seed(machine, arguments, node, name)


_BINARY = {
    "add": "+",
    "subtract": "-",
    "multiply": "*",
    "divide": "/",
    "true_divide": "/",
    "floor_divide": "//",
    "mod": "%",
    "matmul": "@",
    "power": "**",
    "pow": "**",
}
_OPERATORS: dict[str, Function] = {name: _binary(symbol) for name, symbol in _BINARY.items()}
_SCALAR_TYPES = ("float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32")


FUNCTIONS: dict[str, Handler] = {
    **creation.FUNCTIONS,
    **layout.FUNCTIONS,
    **joining.FUNCTIONS,
    **elementwise.FUNCTIONS,
    **reductions.FUNCTIONS,
    **{
        name: _seeds(name)
        for name in ("numpy.random.seed", "random.seed", "tensorflow.random.set_seed", "keras.utils.set_random_seed")
    },
    "keras.backend.set_random_seed": _seeds("keras.utils.set_random_seed"),
    **handlers("keras.utils", {"to_categorical": _one_hot, "normalize": _normalized}, ""),
    **handlers("tensorflow keras.ops keras.backend", {"one_hot": _tensor_one_hot, "cast": _cast}, "tensor"),
    **handlers("tensorflow.compat.v1", {"to_float": _cast_to("float32"), "to_int32": _cast_to("int32")}, "tensor"),
    **handlers("numpy", {name: _array("") for name in ("array", "asarray", "asanyarray", "asfarray")}),
    **handlers("tensorflow", {name: _array("tensor") for name in ("constant", "convert_to_tensor", "Variable")}),
    **handlers("keras.ops", {name: _array("tensor") for name in ("array", "convert_to_tensor")}),
    **handlers("keras.ops", {"convert_to_numpy": _array("")}),
    **handlers("keras.backend", {name: _array("tensor") for name in ("variable", "constant")}),
    **handlers("numpy", _OPERATORS),
    **handlers("tensorflow tensorflow.math keras.ops", _OPERATORS, "tensor"),
    **handlers("numpy", {"dot": _dot}),
    **handlers("keras.backend keras.ops", {"dot": _dot}, "tensor"),
    **handlers("numpy", {dtype: _cast_to(dtype) for dtype in _SCALAR_TYPES}),
    **handlers("numpy", {"load": _file}),
    **handlers("keras.activations", {"softmax": _softmax, "relu": _relu}, "tensor"),
    **handlers("scipy.special", {"softmax": _softmax}),
    **handlers("keras.backend", {"floatx": _backend_dtype}),
    **handlers("keras.config", {"epsilon": _epsilon}),
}

#: Symbols that are no more than a number.
NUMBERS: dict[str, float | None] = {
    "numpy.newaxis": None,
    "tensorflow.newaxis": None,
    "tensorflow.compat.v1.newaxis": None,
    "numpy.pi": math.pi,
    "math.pi": math.pi,
    "numpy.e": math.e,
    "math.e": math.e,
    "numpy.inf": math.inf,
    "math.inf": math.inf,
}
