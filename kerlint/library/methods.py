"""Methods and attributes of arrays, tensors and layers, and library calls with no home of their own."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from kerlint import syntax
from kerlint.library import dtypes, frame_methods, frames, indexing, layout, numerics, ranges, reductions
from kerlint.library.calling import FIRST_CALL, dimension_value, shape_value
from kerlint.library.convert import as_array, dtype_name, shape_of
from kerlint.library.objects import argument
from kerlint.program.constants import integer, text
from kerlint.program.element_types import DType, dtype_of_input
from kerlint.program.events import Seed
from kerlint.program.labels import Step
from kerlint.program.values import (
    Arguments,
    Array,
    Const,
    Layer,
    Model,
    Object,
    Op,
    Sequence,
    Shape,
    Tensor,
    Unknown,
    Value,
    list_of,
)

if TYPE_CHECKING:
    from kerlint.program.interpreter.machine import Machine

#: Methods that do what the function of NumPy of this name does.
_FUNCTIONS = frozenset(
    """mean std min max sum var ptp prod any all cumsum argmin round clip squeeze repeat swapaxes argsort
    dot nonzero""".split()
)
#: Methods that give the same values.
_SAME = frozenset({"copy", "numpy", "to_numpy", "toarray", "todense", "eval", "read_value", "tocsr"})


def array_method(machine: Machine, array: Array, name: str, arguments: Arguments, node: syntax.Node) -> Value:
    """`x.reshape(...)`, `x.astype(...)`, `x.mean()` ..."""
    if array.form == "frame":
        return frame_methods.frame_method(machine, array, name, arguments, node)
    if arguments.open:
        return Unknown(name, node=node)
    if name == "reshape":
        return layout.reshape(array, _sizes(arguments, "shape"), node)
    if name in ("flatten", "ravel"):
        flat = layout.reshape(array, (-1,), node)
        return flat.derive(node, "copy") if name == "flatten" else flat
    if name == "transpose":
        axes = arguments.positional[0][0] if len(arguments.positional) == 1 else None
        if len(arguments.positional) > 1:
            axes = Sequence("tuple", state={"items": tuple(value for value, _ in arguments.positional)}, node=node)
        return layout.transpose(array, axes, node)
    if name == "astype":
        return numerics.cast(machine, array, dtype_name(arguments.get(0, "dtype")), node)
    if name == "argmax":
        return reductions.argmax(machine, array, arguments.get(0, "axis"), node)
    if name in _FUNCTIONS:
        full = Arguments([(array, node), *arguments.positional], arguments.keywords)
        return numerics.FUNCTIONS[f"numpy.{name}"](machine, full, node)
    if name in _SAME:
        form = "tensor" if name == "read_value" else ""
        return array.derive(node, name, form=form, fields=None)
    if name in ("tolist", "to_list"):
        return array
    if name in _IN_PLACE:
        return _change(machine, array, name, arguments, node)
    if name == "item" and array.shape == ():
        return array
    return Unknown(name, node=node)


def _sizes(arguments: Arguments, name: str) -> Shape:
    """A shape given as one tuple or as several numbers."""
    if len(arguments.positional) > 1:
        return tuple(integer(value) for value, _ in arguments.positional)
    given = arguments.get(0, name)
    return shape_of(given) if given is not None else None


#: Methods that change the array and give nothing.
_IN_PLACE = frozenset(
    {"fill", "sort", "resize", "partition", "put", "itemset", "assign", "assign_add", "assign_sub", "set_shape"}
)


def _change(machine: Machine, array: Array, name: str, arguments: Arguments, node: syntax.Node) -> Value:
    """`x.fill(0)`, `x.sort()`, `variable.assign(y)`."""
    changed = array.overwritten(node)
    value = as_array(arguments.get(0), node)
    if name == "fill" and value is not None:
        low, high = indexing.cast_bounds((value.low, value.high), value.dtype, array.dtype)
        changed.low, changed.high, changed.tight = low, high, low is not None and low == high
    elif name == "sort":
        order = "sorted" if array.rank == 1 else None
        changed = array.derive(node, "sort", order=order, values=None, columns=None, parent=None)
    elif name == "resize":
        changed.shape = _sizes(arguments, "new_shape")
    elif name == "set_shape":
        changed = array.derive(node, shape=_narrowed(array.shape, shape_of(arguments.get(0))))
        machine.rebind(array, changed)
        return Const(None, node=node)
    elif name == "assign" and value is not None:
        changed.low, changed.high, changed.tight = value.low, value.high, value.tight
    machine.change_in_place(array, changed, node)
    return changed if name.startswith("assign") else Const(None, node=node)


def in_place(array: Array, value: Array, node: syntax.Node) -> Array:
    """What `array += ...` makes of an array: shape and dtype stay, unless that would fail anyway."""
    if array.form != "" or array.rank == 0 or array.dtype is None or array.dtype == value.dtype:
        return value
    low, high = (value.low, value.high)
    if dtypes.is_integer(array.dtype) and dtypes.is_integer(value.dtype):
        low, high = ranges.within((low, high), array.dtype)
    elif value.dtype is None:
        low = high = None
    elif not (dtypes.is_float(array.dtype) and not dtypes.is_integer(value.dtype)):
        return value
    shape = array.shape if array.shape is not None else value.shape
    return value.derive(node, dtype=array.dtype, low=low, high=high, shape=shape, parent=value.parent)


def _narrowed(known: Shape, told: Shape) -> Shape:
    """A shape that is known from two sides."""
    if known is None or told is None or len(known) != len(told):
        return told if known is None else known
    return tuple(a if a is not None else b for a, b in zip(known, told))


def array_attribute(value: Array | Tensor, name: str, node: syntax.Node) -> Value | None:
    """`x.shape`, `x.T`, `df.values` ..."""
    if name == "shape":
        if isinstance(value, Tensor):
            return shape_value(value.shape, node)
        if value.shape is None:
            return Unknown("shape", node=node)
        sizes = [Unknown("size", node=node) if size is None else Const(size, node=node) for size in value.shape]
        return Sequence("tuple", state={"items": tuple(sizes)}, node=node)
    if name == "ndim" and value.shape is not None:
        return Const(len(value.shape), node=node)
    if isinstance(value, Tensor):
        known = dtype_of_input(value, node) if name == "dtype" else None
        return known or (dimension_value(None, 1, node) if name in ("dtype", "name") else None)
    if name in ("size", "nbytes", "itemsize"):
        if name == "size" and value.shape is not None and None not in value.shape:
            return Const(prod(size for size in value.shape if size is not None), node=node)
        return Unknown(name, node=node)
    if name == "T":
        return layout.transpose(value, None, node)
    if name == "dtype":
        dtype = value.dtype or (value.distinct.kind if value.distinct is not None else None)
        return DType(dtype, node=node) if dtype else Unknown("dtype", node=node)
    if value.form == "frame":
        return frame_methods.attribute(value, name, node)
    if name in ("data", "values", "real"):
        return value
    if name == "flat":
        return layout.reshape(value, (-1,), node)
    return None


def array_subscript(array: Array, index: list[Value], node: syntax.Node) -> Value:
    """`x[...]`; names pick columns of a frame, or fields of a structured array."""
    index = spread(index)
    if array.form in ("frame", "rows", "labels"):
        return frames.subscript(array, index, node)
    if len(index) == 1 and (text(index[0]) is not None or _is_named(index)):
        return Array(source=array.source, node=node)
    return indexing.subscript(array, index, node)


def _is_named(index: list[Value]) -> bool:
    return isinstance(index[0], Sequence) and any(text(item) is not None for item in index[0].items)


def spread(index: list[Value]) -> list[Value]:
    """`x[(a, b)]` is `x[a, b]`."""
    if len(index) == 1 and isinstance(index[0], Sequence) and index[0].kind == "tuple" and index[0].exact:
        return list(index[0].exact)
    return index


def set_attribute(machine: Machine, array: Array, name: str, value: Value, node: syntax.Node) -> None:
    """`x.shape = (2, 3)`, `df.columns = names`, `df.age = values`."""
    if array.form == "frame":
        changed = frames.with_attribute(array, name, value, node)
        if changed is not None:
            machine.rebind(array, changed)
    elif name == "shape":
        machine.change_in_place(array, layout.reshape(array, shape_of(value), node), node)


def store(machine: Machine, array: Array, index: list[Value], value: Value, node: syntax.Node) -> Array:
    """`array[index] = value`: every name for the array gets the changed one."""
    index = spread(index)
    if array.form in ("frame", "rows", "labels"):
        whole = array.parent if array.form != "frame" and array.parent is not None else array
        changed = frames.stored(array, index, value, node)
        changed = changed.derive(node, steps=(*whole.steps, Step("overwritten", node)))
        machine.rebind(whole, changed)
        return changed
    after = indexing.stored(array, index, value, node)
    machine.change_in_place(array, after, node)
    return after


def layer_attribute(machine: Machine, layer: Layer, name: str, node: syntax.Node) -> Value | None:
    """Attributes of a layer that the program reads."""
    found = layer.state.get(name)
    if name == "trainable" and isinstance(found, Value):
        return found
    if name == "name" and isinstance(found, Value):
        return found
    if name in ("units", "filters", "rate", "activation", "name"):
        return argument(layer, name) or Unknown(name, node=node)
    if name in ("weights", "variables", "trainable_variables", "trainable_weights", "kernel", "bias"):
        return Object("keras.layers.Layer.weights", {"layer": layer}, node=node)
    if name in ("output", "input"):
        return end_of_call(layer, name, node)
    if name in ("losses", "trainable"):
        machine.program.losses_read |= name == "losses"
        return Unknown(name, node=node)
    stored = layer.state.get(f".{name}")
    return stored if isinstance(stored, Value) else None


def end_of_call(layer: Layer | Model, name: str, node: syntax.Node) -> Value:
    """`layer.output` and `layer.input`: of its first call."""
    op = layer.state.get(FIRST_CALL)
    if not isinstance(op, Op):
        return Unknown(name, node=node)
    if name == "input":
        return op.inputs[0] if len(op.inputs) == 1 else list_of(op.inputs, "list", node)
    return op.results or Unknown(name, node=node)


def other_call(machine: Machine, name: str, arguments: Arguments, node: syntax.Node) -> Value:
    """Calls of packages that have no module of their own here."""
    from kerlint.program.interpreter.calls import hand_over

    hand_over(machine, arguments)
    if name == "torch.manual_seed":
        machine.emit(Seed(node=node, name=name, seed=arguments.get(0)))
    tensors_given = [value for value, _ in arguments.positional if isinstance(value, Tensor)]
    if tensors_given:
        # Some library's function on a tensor of the graph: the graph goes on, unknown.
        return Tensor(Op("gap", name, tuple(tensors_given), node=node), None, node=node)
    return Unknown(name, node=node)
