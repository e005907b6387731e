"""Functions that make one number of many: along some axes, or of everything."""

from __future__ import annotations

from kerlint.library.ops.base import Answer, OpCall, Rule, axis_in, flat, operand, reduced
from kerlint.program.values import Shape


def over_axes(call: OpCall, name: str = "axis", shape: Shape = None) -> Shape:
    """The shape of the first argument, or the one given, without the axes of an argument."""
    shape = operand(call.first()) if shape is None else shape
    keep = call.truth("keepdims") if call.takes("keepdims") else False
    if call.is_none(name):
        return reduced(shape, None, keep, call.short)
    axes = call.integers(name)
    return None if axes is None else reduced(shape, axes, keep, call.short)


def _reduce(call: OpCall) -> Answer:
    return over_axes(call)


def _reduce_first(call: OpCall) -> Answer:
    """No axis is the first one, as for TensorFlow's `argmax`."""
    if call.is_none("axis"):
        return reduced(operand(call.first()), (0,), False, call.short)
    return over_axes(call)


def _quantile(call: OpCall) -> Answer:
    shape, levels = over_axes(call), call.shape("q")
    return None if shape is None or levels is None else (*levels, *shape)


def _moments(call: OpCall) -> Answer:
    shape = over_axes(call, "axes")
    return [shape, shape]


def _cumulative(call: OpCall) -> Answer:
    shape = operand(call.first())
    if call.is_none("axis"):
        return flat(shape)
    axes = call.integers("axis")
    if shape is not None and axes is not None and not call.short.startswith("nan"):
        for axis in axes:
            axis_in(axis, len(shape), call.short)
    return shape if axes is not None else None


def _trapezoid(call: OpCall) -> Answer:
    axis = call.integer("axis")
    return None if axis is None else reduced(operand(call.first()), (axis,), False, call.short)


def _trace(call: OpCall) -> Answer:
    first, second = call.integer("axis1"), call.integer("axis2")
    if first is None or second is None:
        return None
    return reduced(operand(call.first()), (first, second), False, call.short)


def _last_two(call: OpCall) -> Answer:
    return reduced(operand(call.first()), (-2, -1), False, call.short)


def _scalar(call: OpCall) -> Answer:
    return ()


RULES: dict[str, Rule] = {
    "reduce": _reduce,
    "reduce_first": _reduce_first,
    "quantile": _quantile,
    "moments": _moments,
    "cumulative": _cumulative,
    "trapezoid": _trapezoid,
    "trace": _trace,
    "last_two": _last_two,
    "scalar": _scalar,
}
