"""Functions that make tensors of a shape, and those that tell the shape of one."""

from __future__ import annotations

from math import ceil, isfinite

from kerlint.library.calling import shape_value
from kerlint.library.ops.base import Answer, OpCall, Rule, broadcast, operand
from kerlint.library.shapes.base import dims, volume, whole
from kerlint.program.values import Const, Dimension, Unknown, Value


def _given(call: OpCall) -> Answer:
    return dims(call.value("shape"))


def _filled(call: OpCall) -> Answer:
    return dims(call.value("dims"))


def _unit(call: OpCall) -> Answer:
    """A matrix with as many columns as rows, unless it is told otherwise; TensorFlow may make a batch of them."""
    given = [call.first(), call.first(1)]
    rows = whole(given[0])
    second = not call.takes("size") and not call.short.startswith("identity")
    columns = whole(given[1]) if second and not (isinstance(given[1], Const) and given[1].value is None) else rows
    return (rows, columns) if not call.takes("batch_shape") or call.is_none("batch_shape") else None


def _counted(call: OpCall) -> Answer:
    """`arange`: one number ends it, two begin and end it, a third is the step."""
    numbers = [value.value if isinstance(value, Const) else ... for value in map(call.first, range(3))]
    start, stop, step = numbers
    if stop is None:
        start, stop = 0, start
    step = 1 if step is None else step
    if isinstance(start, (int, float)) and isinstance(stop, (int, float)) and isinstance(step, (int, float)) and step:
        count = (stop - start) / step
        return (max(0, ceil(count)),) if isfinite(count) else None
    return (None,)


def _drawn(call: OpCall) -> Answer:
    """`keras.random.categorical`: so many for each row."""
    shape = operand(call.first())
    return (shape[0], call.integer("num_samples")) if shape else None


def _spaced(call: OpCall) -> Answer:
    ends = broadcast(call.shape("start"), call.shape("stop"), call.short)
    axis = call.integer("axis")
    if ends is None or axis is None or call.truth("retstep"):
        return None
    if axis < 0:
        axis += len(ends) + 1
    return (*ends[:axis], call.integer("num"), *ends[axis:])


def _shape(call: OpCall) -> Answer:
    """The shape as a tuple, as `x.shape` gives it: an open batch is None."""
    return shape_value(operand(call.first()), None)


def size_value(size: Dimension) -> Value:
    """A dimension as a value."""
    return Unknown("dimension") if size is None else Const(size)


def _rank(call: OpCall) -> Answer:
    shape = operand(call.first())
    return Unknown("rank") if shape is None else Const(len(shape))


def _count(call: OpCall) -> Answer:
    shape = operand(call.first())
    return size_value(None if shape is None else volume(shape))


def _no_tensor(call: OpCall) -> Answer:
    return Unknown(call.name)


RULES: dict[str, Rule] = {
    "given": _given,
    "filled": _filled,
    "unit": _unit,
    "counted": _counted,
    "drawn": _drawn,
    "spaced": _spaced,
    "shape": _shape,
    "rank": _rank,
    "count": _count,
    "no_tensor": _no_tensor,
}
