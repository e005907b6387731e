"""Functions that cut a tensor into several."""

from __future__ import annotations

from kerlint.library.ops.base import Answer, OpCall, Rule, axis_in, known_sizes, operand, replaced
from kerlint.library.shapes.base import Misfit, Output, dims, whole
from kerlint.program.values import Dimension, Sequence, Shape, Value

#: More parts than this are not told apart.
MAX_PARTS = 512


def _pieces(shape: tuple[Dimension, ...], axis: int, sizes: list[Dimension]) -> Output:
    return [replaced(shape, axis, size) for size in sizes]


def _equal(shape: tuple[Dimension, ...], axis: int, count: int, name: str) -> Output:
    size = shape[axis]
    if not 0 < count <= MAX_PARTS:
        return None
    if size is not None and size % count:
        raise Misfit(f"{name} cannot cut an axis of size {size} into {count} equal parts")
    return _pieces(shape, axis, [None if size is None else size // count] * count)


def parts(shape: Shape, where: Value, axis: int | None, name: str) -> Output:
    """The shapes of equal parts, or of the parts between indices.

    Raises:
        Misfit: the axis has no such parts.
    """
    if shape is None or axis is None:
        return None
    axis = axis_in(axis, len(shape), name)
    count = whole(where)
    if count is not None:
        return _equal(shape, axis, count, name)
    indices = dims(where)
    if indices is None or len(indices) >= MAX_PARTS:
        return None
    bounds = (0, *indices, shape[axis])
    sizes = [None if a is None or b is None else b - a for a, b in zip(bounds, bounds[1:])]
    if any(size is not None and size < 0 for size in sizes) or any(
        index is not None and index < 0 for index in indices
    ):
        return None
    return _pieces(shape, axis, sizes)


def _split(call: OpCall) -> Answer:
    return parts(operand(call.first()), call.value("indices_or_sections"), call.integer("axis"), call.short)


def _split_along(axis: int) -> Rule:
    def rule(call: OpCall) -> Answer:
        shape = operand(call.first())
        where = 0 if shape is not None and len(shape) == 1 and axis == 1 else axis
        return parts(shape, call.value("indices_or_sections"), where, call.short)

    return rule


def _split_unevenly(call: OpCall) -> Answer:
    shape, count, axis = operand(call.first()), call.integer("indices_or_sections"), call.integer("axis")
    if shape is None or axis is None or count is None or not 0 < count <= MAX_PARTS:
        return None
    axis = axis_in(axis, len(shape), call.short)
    size = shape[axis]
    if size is None:
        return _pieces(shape, axis, [None] * count)
    return _pieces(shape, axis, [size // count + (index < size % count) for index in range(count)])


def _split_by_sizes(call: OpCall) -> Answer:
    """TensorFlow's `split`: a list has the sizes of the parts, not the places between them."""
    shape, axis, where = call.shape("value"), call.integer("axis"), call.value("num_or_size_splits")
    if shape is None or axis is None:
        return None
    axis = axis_in(axis, len(shape), call.short)
    if not isinstance(where, Sequence):
        count = whole(where)
        return None if count is None else _equal(shape, axis, count, call.short)
    sizes = dims(where)
    if sizes is None or len(sizes) > MAX_PARTS:
        return None
    return _pieces(shape, axis, _completed(sizes, shape[axis], call.short))


def _completed(sizes: tuple[Dimension, ...], total: Dimension, name: str) -> list[Dimension]:
    """The sizes of parts with -1 as what is left.

    Raises:
        Misfit: they are not what there is.
    """
    given = known_sizes(tuple(size for size in sizes if size != -1))
    if given is None or total is None:
        return [None if size == -1 else size for size in sizes]
    rest = total - sum(given)
    if rest < 0 or (rest and -1 not in sizes):
        raise Misfit(f"{name} cuts off {sum(given)} in all of an axis of size {total}")
    return [rest if size == -1 else size for size in sizes]


def _unstack(call: OpCall) -> Answer:
    shape, axis = operand(call.first()), call.integer("axis")
    if shape is None or axis is None:
        return None
    axis = axis_in(axis, len(shape), call.short)
    count = shape[axis] if call.is_none("num") else call.integer("num")
    if count is None or not 0 <= count <= MAX_PARTS:
        return None
    if shape[axis] not in (None, count):
        if call.symbolic:
            # Keras notices only when the model runs.
            return None
        raise Misfit(f"{call.short} takes {count} parts of an axis of size {shape[axis]}")
    return [replaced(shape, axis)] * count


RULES: dict[str, Rule] = {
    "split": _split,
    "vsplit": _split_along(0),
    "hsplit": _split_along(1),
    "dsplit": _split_along(2),
    "array_split": _split_unevenly,
    "split_by_sizes": _split_by_sizes,
    "unstack": _unstack,
}
