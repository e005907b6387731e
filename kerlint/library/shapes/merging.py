"""Layers that merge several tensors into one."""

from __future__ import annotations

from collections.abc import Callable

from kerlint.library.shapes.base import Call, Misfit, Result, Sizes, dims, in_range, show
from kerlint.program.values import Dimension, Sequence, Shape


def _known(call: Call) -> list[Sizes] | None:
    """The shapes of all inputs; None if one is not known."""
    shapes = [shape for shape in call.inputs if shape is not None]
    return shapes if shapes and len(shapes) == len(call.inputs) else None


def _listed(shapes: list[Sizes]) -> str:
    return ", ".join(map(show, shapes))


# -- Element by element -------------------------------------------------------------------------------------------


def _elementwise(call: Call) -> Result:
    _check_batches(call)
    shapes = _known(call)
    if shapes is None:
        return Result(None)
    rest = shapes[0][1:]
    for shape in shapes[1:]:
        rest = _joined(rest, shape[1:], shapes)
    return Result((_batch(shapes), *rest))


def _subtract(call: Call) -> Result:
    if len(call.inputs) > 2:
        raise Misfit(f"Subtract takes 2 tensors, not {len(call.inputs)}")
    return _elementwise(call)


def _check_batches(call: Call) -> None:
    if len({shape[0] for shape in call.inputs if shape} - {None}) > 1:
        shapes = [shape for shape in call.inputs if shape is not None]
        raise Misfit(f"shapes {_listed(shapes)} cannot be merged: the batch sizes differ")


def _batch(shapes: list[Sizes]) -> Dimension:
    return next((shape[0] for shape in shapes if shape and shape[0] is not None), None)


def _joined(left: Sizes, right: Sizes, shapes: list[Sizes]) -> Sizes:
    """The shape of two tensors without their batch axes: the axes of the shorter one are the last of the longer."""
    if len(left) < len(right):
        left, right = right, left
    start = len(left) - len(right)
    return (*left[:start], *(_common(one, other, shapes) for one, other in zip(left[start:], right)))


def _common(one: Dimension, other: Dimension, shapes: list[Sizes]) -> Dimension:
    if one is None or other is None:
        return None
    if one != other and 1 not in (one, other):
        raise Misfit(f"shapes {_listed(shapes)} cannot be merged: {one} does not fit {other}")
    return other if one == 1 else one


# -- Concatenate --------------------------------------------------------------------------------------------------


def _concatenate(call: Call) -> Result:
    shapes, axis = _known(call), call.integer("axis")
    if len(call.inputs) == 1:
        return Result(call.shape)
    if shapes is None or axis is None:
        return Result(None)
    _check_others(shapes, axis)
    return Result(_end_to_end(call, shapes, axis))


def _check_others(shapes: list[Sizes], axis: int) -> None:
    """Checks that the tensors are alike but for one axis, which is taken out where there is one.

    Raises:
        Misfit: they are not.
    """
    others: list[Sizes] = []
    for shape in shapes:
        if axis < -len(shape) or not shape:
            raise Misfit(f"shapes {_listed(shapes)} cannot be concatenated: there is no axis {axis}")
        position = axis % len(shape) if axis < 0 else axis
        others.append(tuple(size for index, size in enumerate(shape) if index != position))
    if len(set(map(len, others))) > 1:
        raise Misfit(f"shapes {_listed(shapes)} cannot be concatenated: they have different numbers of axes")
    for sizes in zip(*others):
        distinct = sorted({size for size in sizes if size is not None})
        if len(distinct) > 1:
            raise Misfit(
                f"shapes {_listed(shapes)} cannot be concatenated on axis {axis}: "
                f"{distinct[0]} and {distinct[1]} differ on another axis"
            )


def _end_to_end(call: Call, shapes: list[Sizes], axis: int) -> Shape:
    """The shape of the first tensor, as long as all of them on one axis; Keras stops at the first open length."""
    position = in_range(call, axis, shapes[0])
    length = shapes[0][position]
    for shape in shapes[1:]:
        if length is None:
            break
        size = shape[in_range(call, axis, shape)]
        length = None if size is None else length + size
    return (*shapes[0][:position], length, *shapes[0][position + 1 :])


# -- Dot ----------------------------------------------------------------------------------------------------------


def _dot(call: Call) -> Result:
    axes = call.value("axes")
    given = dims(axes)
    if isinstance(axes, Sequence) and given is not None and len(given) != 2:
        raise Misfit(f"axes of Dot has to be one integer or two, not {len(given)}")
    if len(call.inputs) > 2:
        raise Misfit(f"Dot takes 2 tensors, not {len(call.inputs)}")
    shapes = _known(call)
    if shapes is None or len(shapes) < 2 or not given:
        return Result(None)
    left, right = shapes
    if not left or len(right) < 2:
        raise Misfit(f"Dot cannot multiply {show(left)} and {show(right)}: there are too few axes")
    if given[0] is None or given[-1] is None:
        return Result(None)
    wraps = len(given) == 1 and given[0] < 0
    first = given[0] % len(left) if wraps else in_range(call, given[0], left)
    second = given[-1] % len(right) if wraps else in_range(call, given[-1], right)
    return Result(_dot_shape(left, right, first, second))


def _dot_shape(left: Sizes, right: Sizes, first: int, second: int) -> Shape:
    one, other = left[first], right[second]
    if one is not None and other is not None and one != other:
        raise Misfit(
            f"Dot cannot multiply {show(left)} and {show(right)}: "
            f"axis {first} of the first is {one}, axis {second} of the second is {other}"
        )
    output = _rest(left, first) + _rest(right, second)[1:]
    return (*output, 1) if len(output) == 1 else output


def _rest(shape: Sizes, axis: int) -> Sizes:
    return shape[:axis] + shape[axis + 1 :]


LAYERS: dict[str, Callable[[Call], Result]] = {
    "Concatenate": _concatenate,
    "Dot": _dot,
    "Subtract": _subtract,
    **dict.fromkeys(("Add", "Average", "Maximum", "Minimum", "Multiply"), _elementwise),
}
