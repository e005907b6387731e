"""Functions that change how the values of arrays are laid out, and those that put arrays together."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

import libcst as cst

from kerlint.library import literals
from kerlint.library.convert import Handler, as_array
from kerlint.library.shapes import dims
from kerlint.program.constants import integer
from kerlint.program.labels import Labels
from kerlint.program.values import Arguments, Array, Dimension, Sequence, Shape, Unknown, Value

if TYPE_CHECKING:
    from kerlint.program.interpreter.machine import Machine


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
    if (
        axis == 0
        and not new_axis
        and len(parts) > 1
        and all(part.low is not None and part.low == part.high for part in parts)
    ):
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
        total = (
            prod(size for size in array.shape if size is not None) if array.shape and None not in array.shape else None
        )
        if -1 in target:
            others = [size for size in target if size != -1]
            rest: int | None = None
            if total is not None and None not in others:
                known = prod(size for size in others if size is not None)
                rest = total // known if known else None
            target = tuple(rest if size == -1 else size for size in target)
        rows = array.rows
        keeps_rows = (rows is not None and target[:1] == (rows,)) or target[:1] == (None,)
    flat = (
        target is not None
        and array.shape is not None
        and [s for s in target if s != 1] == [s for s in array.shape if s != 1]
    )
    return array.derive(
        node,
        "reshape",
        shape=target,
        columns=None,
        values=None,
        labels=array.labels
        if flat or (keeps_rows and array.rank == 1)
        else (array.labels if array.labels and array.labels.kind in ("classes", "binary", "continuous") else None),
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
        elif sorted(axis for axis in order if axis is not None) == list(range(len(array.shape))):
            shape = tuple(array.shape[axis] for axis in order if axis is not None)
    return array.derive(node, shape=shape, columns=None, values=None, labels=None, order=None)


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
    if numbers is None or times is None or not 0 < times * len(numbers) <= literals.MAX_VALUES:
        return _repeated(machine, arguments, node)
    return literals.literal([value for value in numbers for _ in range(times)], node)


FUNCTIONS: dict[str, Handler] = {
    "numpy.random.permutation": _shuffled,
    "numpy.repeat": _repeat,
    "numpy.tile": _repeated,
    "numpy.concatenate": _stack(False),
    "numpy.vstack": _stack(False),
    "numpy.append": _repeated,
    "numpy.stack": _stack(True),
    "tensorflow.concat": _stack(False),
    "tensorflow.stack": _stack(True),
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
}
