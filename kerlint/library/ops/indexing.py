"""Functions that pick some of the numbers of a tensor, or put some in."""

from __future__ import annotations

from kerlint.library.ops.base import Answer, OpCall, Rule, axis_in, broadcast, flat, operand, replaced
from kerlint.library.shapes.base import Misfit, dims, show, volume, whole
from kerlint.program.constants import NOTHING
from kerlint.program.values import Const, Dimension, Object, Sequence, Shape, Value


def picked(shape: Shape, index: list[Value]) -> Shape:
    """The shape of `x[index]`.

    Raises:
        Misfit: there are more indices than axes, or one is out of bounds.
    """
    if shape is None or any(_plain(part) is NOTHING and not _is_slice(part) for part in index):
        return None
    taking = sum(1 for part in index if _plain(part) is not None and _plain(part) is not ...)
    if taking > len(shape):
        raise Misfit(f"a tensor of shape {show(shape)} has {len(shape)} axes, not {taking}")
    sizes: list[Dimension] = []
    remaining = list(shape)
    wide = False
    for place, part in enumerate(index):
        found = _plain(part)
        if found is None:
            sizes.append(1)
        elif found is ...:
            if wide:
                return None
            wide = True
            after = sum(1 for later in index[place + 1 :] if _plain(later) is not None)
            kept = len(remaining) - after
            sizes.extend(remaining[:kept])
            del remaining[:kept]
        elif isinstance(part, Object):
            sizes.append(_sliced(remaining.pop(0), part))
        else:
            _check(found, remaining.pop(0), shape)
    return (*sizes, *remaining)


def _plain(part: Value) -> object:
    """What an index is: an integer, None or an ellipsis; `NOTHING` for anything else."""
    if isinstance(part, Const) and (part.value is None or part.value is ...):
        return part.value
    found = whole(part)
    return NOTHING if found is None else found


def _is_slice(part: Value) -> bool:
    return isinstance(part, Object) and part.name == "slice"


def _check(index: object, size: Dimension, shape: tuple[Dimension, ...]) -> None:
    if size is not None and isinstance(index, int) and not -size <= index < size:
        raise Misfit(f"index {index} is out of bounds for an axis of size {size} in shape {show(shape)}")


def _sliced(size: Dimension, part: Object) -> Dimension:
    if not part.args:
        return size
    bounds: list[int | None] = []
    for name in ("start", "stop", "step"):
        value = part.args.get(name)
        found = whole(value)
        if value is not None and found is None and not (isinstance(value, Const) and value.value is None):
            return None
        bounds.append(found)
    # A program may say that a size is negative.
    if size is None or size < 0 or bounds[2] == 0:
        return None
    return len(range(*slice(*bounds).indices(size)))


def _get_item(call: OpCall) -> Answer:
    key = call.value("key")
    return picked(call.shape("x"), list(key.items) if isinstance(key, Sequence) else [key])


def _take(call: OpCall) -> Answer:
    shape, indices = operand(call.first()), call.shape("indices")
    if shape is None or indices is None:
        return None
    if call.is_none("axis"):
        return indices
    axis = call.integer("axis")
    return None if axis is None else replaced(shape, axis_in(axis, len(shape), call.short), *indices)


def _gather(call: OpCall) -> Answer:
    shape, indices, batch = operand(call.first()), call.shape("indices"), call.integer("batch_dims")
    if shape is None or indices is None or batch is None:
        return None
    if batch < 0:
        batch += len(indices)
    axis = batch if call.is_none("axis") else call.integer("axis")
    if axis is None:
        return None
    axis = axis_in(axis, len(shape), call.short)
    if batch > min(axis, len(indices)):
        return None
    front = tuple(a if a is not None else b for a, b in zip(shape[:batch], indices[:batch]))
    return (*front, *shape[batch:axis], *indices[batch:], *shape[axis + 1 :])


def _gather_rows(call: OpCall) -> Answer:
    shape, indices = operand(call.first()), call.shape("indices")
    return None if shape is None or indices is None else (*indices, *shape[1:])


def _look_up(call: OpCall) -> Answer:
    shape, indices = operand(call.first()), call.shape("ids")
    return None if shape is None or indices is None else (*indices, *shape[1:])


def _gather_points(call: OpCall) -> Answer:
    shape, indices, batch = operand(call.first()), call.shape("indices"), call.integer("batch_dims")
    if shape is None or not indices or batch is None or batch < 0:
        return None
    depth = indices[-1]
    if depth is None or batch + depth > len(shape):
        return None
    return (*indices[:-1], *shape[batch + depth :])


def _take_along(call: OpCall) -> Answer:
    shape, indices = operand(call.first()), call.shape("indices")
    if shape is None or indices is None:
        return None
    axis: int | None = 0
    if call.is_none("axis"):
        shape = (volume(shape),)
    else:
        axis = call.integer("axis")
    if axis is None:
        return None
    if len(shape) != len(indices):
        raise Misfit(f"{call.short} takes indices with as many axes as the tensor, not {show(indices)}, {show(shape)}")
    axis = axis_in(axis, len(shape), call.short)
    return broadcast(replaced(shape, axis, indices[axis]), indices, call.short)


def _one_hot(call: OpCall) -> Answer:
    shape, axis = operand(call.first()), call.integer("axis")
    if not call.takes("axis") or call.is_none("axis"):
        axis = -1
    if shape is None or axis is None or (call.symbolic and not -1 <= axis < len(shape)):
        return None
    axis = axis_in(axis, len(shape) + 1, call.short)
    return (*shape[:axis], call.integer("num_classes"), *shape[axis:])


def _multi_hot(call: OpCall) -> Answer:
    shape, axis, classes = operand(call.first()), call.integer("axis"), call.value("num_classes")
    if "num_tokens" in call.args:
        classes = call.args["num_tokens"]
    if shape is None or axis is None or not -1 <= axis < len(shape):
        return None
    place = len(shape) if axis == -1 else axis
    sizes = (*shape[:place], whole(classes), *shape[place:])
    # Keras takes the largest along the second axis, the first of a single row.
    return sizes[1:] if len(sizes) == 2 else (sizes[0], *sizes[2:])


def _slice(call: OpCall) -> Answer:
    shape, starts, sizes = operand(call.first()), dims(call.value("start_indices")), dims(call.value("shape"))
    if shape is None or sizes is None:
        return None
    if len(sizes) != len(shape):
        raise Misfit(f"{call.short} takes a size for each of {len(shape)} axes, not {len(sizes)}")
    if starts is None or len(starts) != len(shape):
        starts = (None,) * len(shape)
    return tuple(
        size if size != -1 else None if total is None or start is None else total - start
        for total, start, size in zip(shape, starts, sizes)
    )


def _top_k(call: OpCall) -> Answer:
    shape = operand(call.first())
    if not shape:
        return None
    best = (*shape[:-1], call.integer("k"))
    return [best, best]


def _mask(call: OpCall) -> Answer:
    """`boolean_mask`: how many there are is known by the data only."""
    shape, mask = operand(call.first()), call.shape("mask")
    axis = 0 if call.is_none("axis") else call.integer("axis")
    if shape is None or mask is None or axis is None or axis < 0 or axis + len(mask) > len(shape):
        return None
    return (*shape[:axis], None, *shape[axis + len(mask) :])


def _second(call: OpCall) -> Answer:
    return operand(call.first(1))


def _scatter(call: OpCall) -> Answer:
    return dims(call.value("shape"))


def _sequence_mask(call: OpCall) -> Answer:
    shape = operand(call.first())
    return None if shape is None else (*shape, call.integer("maxlen"))


def _nonzero(call: OpCall) -> Answer:
    shape = operand(call.first())
    return None if shape is None else [(None,)] * len(shape)


def _sort(call: OpCall) -> Answer:
    shape = operand(call.first())
    if call.is_none("axis"):
        return flat(shape)
    axis = call.integer("axis")
    if shape is None or axis is None:
        return None
    axis_in(axis, len(shape), call.short)
    return shape


def _segments(call: OpCall) -> Answer:
    shape = operand(call.first())
    return (call.integer("num_segments"), *shape[1:]) if shape else None


def _histogram(call: OpCall) -> Answer:
    bins = call.integer("bins")
    return None if bins is None else [(bins,), (bins + 1,)]


def _unique(call: OpCall) -> Answer:
    """The different numbers: how many is known only if it is said."""
    if any(call.truth(name) is not False for name in ("return_index", "return_inverse", "return_counts")):
        return None
    return (call.integer("size"),) if call.is_none("axis") else None


def _unravelled(call: OpCall) -> Answer:
    shape, sizes = operand(call.first()), dims(call.value("shape"))
    if shape is None or sizes is None or None in sizes:
        return None
    return [shape for _ in sizes]


RULES: dict[str, Rule] = {
    "get_item": _get_item,
    "take": _take,
    "gather": _gather,
    "gather_rows": _gather_rows,
    "look_up": _look_up,
    "gather_points": _gather_points,
    "take_along_axis": _take_along,
    "one_hot": _one_hot,
    "multi_hot": _multi_hot,
    "slice": _slice,
    "top_k": _top_k,
    "mask": _mask,
    "second": _second,
    "scatter": _scatter,
    "sequence_mask": _sequence_mask,
    "nonzero": _nonzero,
    "sort": _sort,
    "segments": _segments,
    "histogram": _histogram,
    "unique": _unique,
    "unravel_index": _unravelled,
}
