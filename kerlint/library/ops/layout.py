"""Functions that put the numbers of tensors together in another way."""

from __future__ import annotations

from math import prod

from kerlint.library.ops.base import (
    Answer,
    OpCall,
    Rule,
    agree,
    axis_in,
    broadcast,
    flat,
    known_sizes,
    operand,
    replaced,
)
from kerlint.library.shapes.base import Misfit, dims, plus, show, times, volume, whole
from kerlint.program.values import Const, Dimension, Sequence, Shape, Value


def _reshape(call: OpCall) -> Answer:
    shape, target = operand(call.first()), call.value("newshape")
    if not call.symbolic and (dims(target) or ()).count(-1) > 1:
        # TensorFlow notices only when the model runs.
        return None
    return reshaped(shape, target, call.short)


def reshaped(shape: Shape, target: Value, name: str) -> Shape:
    """The shape after a `reshape`.

    Raises:
        Misfit: the numbers do not fill the new shape.
    """
    sizes = dims(target)
    if sizes is None:
        return None
    if any(size is not None and size < -1 for size in sizes):
        return None
    if sizes.count(-1) > 1:
        raise Misfit(f"{name} can find out one size only, not {sizes.count(-1)}")
    known = known_sizes(tuple(size for size in sizes if size != -1))
    total = None if shape is None else volume(shape)
    if total is None or known is None:
        return tuple(None if size == -1 else size for size in sizes)
    if -1 in sizes:
        rest = prod(known)
        if rest == 0 or total % rest:
            raise Misfit(f"{name} cannot bring {show(shape)} into {show(sizes)}: {total} numbers, {rest} in a row")
        return tuple(total // rest if size == -1 else size for size in sizes)
    if prod(known) != total:
        raise Misfit(f"{name} cannot bring {show(shape)} into {show(sizes)}: {total} numbers, but {prod(known)} places")
    return sizes


def _transpose(call: OpCall) -> Answer:
    shape = operand(call.first())
    if shape is None:
        return None
    if call.is_none("axes"):
        return shape[::-1]
    axes = call.integers("axes")
    if axes is None or (len(set(axes)) < len(axes) and not call.symbolic):
        return None
    return permuted(shape, axes, call.short)


def permuted(shape: tuple[Dimension, ...], axes: tuple[int, ...], name: str) -> Shape:
    """The sizes in another order.

    Raises:
        Misfit: not every axis has its place.
    """
    found = [axis_in(axis, len(shape), name) for axis in axes]
    if sorted(found) != list(range(len(shape))):
        raise Misfit(f"{name} takes each of {len(shape)} axes once, not {axes}")
    return tuple(shape[axis] for axis in found)


def _reversed(call: OpCall) -> Answer:
    shape = operand(call.first())
    return None if shape is None else shape[::-1]


def _swap(call: OpCall) -> Answer:
    shape, first, second = operand(call.first()), call.integer("axis1"), call.integer("axis2")
    return None if shape is None or first is None or second is None else _swapped(shape, first, second, call.short)


def _swapped(shape: tuple[Dimension, ...], first: int, second: int, name: str) -> Shape:
    axes = list(range(len(shape)))
    one, two = axis_in(first, len(axes), name), axis_in(second, len(axes), name)
    axes[one], axes[two] = two, one
    return tuple(shape[axis] for axis in axes)


def _transpose_last(call: OpCall) -> Answer:
    shape = operand(call.first())
    return None if shape is None else _swapped(shape, -2, -1, call.short)


def _move(call: OpCall) -> Answer:
    shape, sources, targets = operand(call.first()), call.integers("source"), call.integers("destination")
    if shape is None or sources is None or targets is None or len(sources) != len(targets):
        return None
    rank = len(shape)
    moved = {axis_in(b, rank, call.short): axis_in(a, rank, call.short) for a, b in zip(sources, targets)}
    rest = iter([axis for axis in range(rank) if axis not in moved.values()])
    return tuple(shape[moved[axis] if axis in moved else next(rest)] for axis in range(rank))


def _rotate(call: OpCall) -> Answer:
    shape, axes, times_ = operand(call.first()), call.integers("axes"), call.integer("k")
    if shape is None or axes is None or len(axes) != 2 or times_ is None:
        return None
    # Keras gives the axes the other way round whatever the angle is, which is right for a quarter turn only.
    return _swapped(shape, *axes, call.short) if times_ % 2 else None


def _expand(call: OpCall) -> Answer:
    shape, axes = operand(call.first()), call.integers("axis")
    if shape is None or axes is None:
        return None
    rank = len(shape) + len(axes)
    new = {axis_in(axis, rank, call.short) for axis in axes}
    old = iter(shape)
    return tuple(1 if axis in new else next(old) for axis in range(rank)) if len(new) == len(axes) else None


def _squeeze(call: OpCall) -> Answer:
    shape = operand(call.first())
    if shape is not None and None in shape and not call.symbolic and not call.integers("axis"):
        return None
    return squeezed(shape, call.value("axis"), call.short)


def squeezed(shape: Shape, where: Value, name: str) -> Shape:
    """The shape without axes of size 1.

    Raises:
        Misfit: an axis that shall go has another size.
    """
    if shape is None:
        return None
    if isinstance(where, Const) and where.value is None:
        # The batch is kept; another size that is not known may be 1.
        return None if None in shape[1:] else tuple(size for size in shape if size != 1)
    axes = known_sizes(dims(where))
    if axes is None:
        return None
    gone = {axis_in(axis, len(shape), name) for axis in axes}
    for axis in gone:
        if shape[axis] not in (1, None):
            raise Misfit(f"{name} takes away axis {axis} of size {shape[axis]}, but only an axis of size 1 can go")
    return tuple(size for axis, size in enumerate(shape) if axis not in gone)


def _flat(call: OpCall) -> Answer:
    return flat(operand(call.first()))


def _batch_flatten(call: OpCall) -> Answer:
    shape = operand(call.first())
    # TensorFlow does not work out the size of a row.
    return (None, None) if shape and None in shape else None


def _concatenate(call: OpCall) -> Answer:
    axis = call.integer("axis")
    shapes = call.shapes("xs")
    return None if axis is None or not shapes else joined(shapes, axis, call.short, call.symbolic)


def joined(shapes: list[Shape], axis: int, name: str, symbolic: bool = True) -> Shape:
    """Tensors one after the other along an axis; Keras takes the other sizes from the first.

    Raises:
        Misfit: they differ along another axis.
    """
    first = shapes[0]
    if first is None:
        return None
    axis = axis_in(axis, len(first), name)
    agree(shapes, axis, name)
    known = [shape for shape in shapes if shape is not None]
    if len(known) < len(shapes):
        return None
    rest = first if symbolic else _together(known)
    return replaced(rest, axis, plus(*(shape[axis] for shape in known)))


def _together(shapes: list[tuple[Dimension, ...]]) -> tuple[Dimension, ...]:
    """The sizes that any of the shapes knows."""
    return tuple(next((size for size in sizes if size is not None), None) for sizes in zip(*shapes))


def _append(call: OpCall) -> Answer:
    shapes = [call.shape("x1"), call.shape("x2")]
    if call.is_none("axis"):
        sizes = [volume(shape) for shape in shapes if shape is not None]
        return (plus(*sizes),) if len(sizes) == 2 else None
    axis = call.integer("axis")
    return None if axis is None or None in shapes else joined(shapes, axis, call.short, call.symbolic)


def _join_along(axis: int) -> Rule:
    def rule(call: OpCall) -> Answer:
        shapes = call.shapes("xs")
        if not shapes or shapes[0] is None:
            return None
        return joined(shapes, axis, call.short, call.symbolic) if len(shapes[0]) > axis else None

    return rule


def _join_in_depth(call: OpCall) -> Answer:
    shapes = call.shapes("xs")
    if not shapes:
        return None
    deep: list[Shape] = []
    for shape in shapes:
        if shape is None:
            return None
        wider = {0: (1, 1, 1), 1: (1, *shape, 1), 2: (*shape, 1)}
        deep.append(wider.get(len(shape), shape))
    return joined(deep, 2, call.short, call.symbolic)


def _stack(call: OpCall) -> Answer:
    axis, shapes = call.integer("axis"), call.shapes("x")
    if axis is None or not shapes or shapes[0] is None:
        return None
    agree(shapes, None, call.short)
    axis = axis_in(axis, len(shapes[0]) + 1, call.short)
    known = [shape for shape in shapes if shape is not None]
    first = shapes[0] if call.symbolic else _together(known)
    return (*first[:axis], len(shapes), *first[axis:])


def _tile(call: OpCall) -> Answer:
    shape, repeats = operand(call.first()), dims(call.value("repeats"))
    if shape is None or repeats is None:
        return None
    rank = max(len(shape), len(repeats))
    shape = (1,) * (rank - len(shape)) + shape
    repeats = (1,) * (rank - len(repeats)) + repeats
    return tuple(times(size, count) for size, count in zip(shape, repeats))


def _repeat(call: OpCall) -> Answer:
    shape, repeats = operand(call.first()), dims(call.value("repeats"))
    if shape is None or repeats is None:
        return None
    if call.is_none("axis"):
        shape, axis = (volume(shape),), 0
    else:
        given = call.integer("axis")
        if given is None:
            return None
        axis = axis_in(given, len(shape), call.short)
    size = shape[axis]
    if len(repeats) == 1:
        return replaced(shape, axis, times(size, repeats[0]))
    if size is not None and size != len(repeats):
        raise Misfit(f"{call.short} takes one number of repeats for each of {size}, not {len(repeats)} numbers")
    return replaced(shape, axis, None if size is None else plus(*repeats))


def _repeat_rows(call: OpCall) -> Answer:
    """`backend.repeat`: vectors become sequences."""
    shape, count = operand(call.first()), call.integer("n")
    return None if shape is None or len(shape) != 2 else (shape[0], count, shape[1])


def _pad(call: OpCall) -> Answer:
    shape = operand(call.first())
    return None if shape is None else padded(shape, call.value("pad_width"), call.short)


def padded(shape: tuple[Dimension, ...], widths: Value, name: str) -> Shape:
    """The shape with room before and after each axis.

    Raises:
        Misfit: there is not one pair for each axis.
    """
    width = whole(widths)
    if width is not None:
        return tuple(plus(size, 2 * width) for size in shape)
    if not isinstance(widths, Sequence) or not widths.exact:
        return None
    rows = [dims(row) for row in widths.exact]
    if not isinstance(widths.exact[0], Sequence):
        # `(1, 2)`: the same before and after every axis.
        rows = [dims(widths)]
    if len(rows) == 1:
        rows = rows * len(shape)
    if len(rows) != len(shape):
        raise Misfit(f"{name} takes a pair of widths for each of {len(shape)} axes, not for {len(rows)}")
    pairs = [None if row is None else row * 2 if len(row) == 1 else row for row in rows]
    return tuple(None if pair is None else plus(size, *pair) for size, pair in zip(shape, pairs))


def _broadcast_to(call: OpCall) -> Answer:
    shape, target = operand(call.first()), dims(call.value("shape"))
    if target is None:
        return None
    broadcast(shape, target, call.short)
    return target


def _meshgrid(call: OpCall) -> Answer:
    given = call.star()
    if given is None:
        return None
    shapes = [operand(item) for item in given]
    sizes = [None if shape is None else volume(shape) for shape in shapes]
    if call.text("indexing") != "ij" and len(sizes) > 1:
        sizes[:2] = sizes[1], sizes[0]
    return [tuple(sizes) for _ in sizes]


def _kronecker(call: OpCall) -> Answer:
    first, second = call.shape("x1"), call.shape("x2")
    if first is None or second is None or len(first) != len(second):
        return None
    return tuple(times(a, b) for a, b in zip(first, second))


RULES: dict[str, Rule] = {
    "reshape": _reshape,
    "transpose": _transpose,
    "swapaxes": _swap,
    "reversed": _reversed,
    "transpose_last": _transpose_last,
    "moveaxis": _move,
    "rot90": _rotate,
    "expand_dims": _expand,
    "squeeze": _squeeze,
    "ravel": _flat,
    "batch_flatten": _batch_flatten,
    "concatenate": _concatenate,
    "append": _append,
    "hstack": _join_along(1),
    "vstack": _join_along(0),
    "dstack": _join_in_depth,
    "stack": _stack,
    "tile": _tile,
    "repeat": _repeat,
    "repeat_rows": _repeat_rows,
    "pad": _pad,
    "broadcast_to": _broadcast_to,
    "meshgrid": _meshgrid,
    "kron": _kronecker,
}
