"""Functions that change how the values of one array are laid out."""

from __future__ import annotations

from math import prod
from typing import Any

from kerlint import syntax
from kerlint.library import literals, ranges
from kerlint.library.convert import Call, Function, Handler, as_array, axis_of, handlers, is_none, shape_of
from kerlint.library.shapes import dims
from kerlint.program.constants import integer, number, text
from kerlint.program.values import Array, Const, Dimension, Sequence, Shape, Unknown, Value, list_of

#: What a change of layout forgets: what belonged to columns, and numbers by their places.
MOVED: dict[str, Any] = {"columns": None, "values": None, "fields": None}


def _reshaped(call: Call) -> Value:
    array = call.array
    if array is None:
        return Unknown("reshape", node=call.node)
    target = call.value("shape", 1) or call.value("newshape", 1)
    if not is_none(call.value("order")) and text(call.value("order")) != "C":
        return reshape(array, shape_of(target) if target is not None else None, call.node).derive(
            call.node, labels=None, order=None
        )
    return reshape(array, shape_of(target) if target is not None else None, call.node)


def reshape(array: Array, target: tuple[Dimension, ...] | None, node: syntax.Node) -> Array:
    """An array in another shape; one -1 is worked out where possible."""
    shape = array.shape
    keeps_rows = False
    if target is not None:
        if -1 in target:
            rest = _rest(shape, target)
            target = tuple(rest if size == -1 else size for size in target)
        rows, per_row = array.rows, _row(target)
        keeps_rows = rows is not None and target[:1] == (rows,)
        if rows is None and target[:1] == (None,) and shape:
            keeps_rows = per_row is not None and per_row == _row(shape)
    flat = target is not None and shape is not None and _long(target) == _long(shape)
    values = literals.nested(array.values, target) if array.values is not None and target is not None else None
    kind = array.labels.kind if array.labels is not None else ""
    return array.derive(
        node,
        "reshape",
        shape=target,
        **{**MOVED, "values": values},
        labels=array.labels
        if flat or (keeps_rows and array.rank == 1) or kind in ("classes", "binary", "continuous", "signs")
        else None,
        order=array.order if keeps_rows or flat or array.order == "random" else None,
    )


def _rest(shape: Shape, target: tuple[Dimension, ...]) -> Dimension:
    """The size that -1 stands for."""
    if shape is None:
        return None
    others = [size for size in target if size != -1]
    if len(others) + 1 < len(target) or None in others:
        return None
    known = prod(size for size in others if size is not None)
    unknown = [size for size in shape if size is None]
    total = prod(size for size in shape if size is not None)
    if unknown or not known:
        return None
    return total // known


def _row(shape: tuple[Dimension, ...]) -> int | None:
    """How many values a row holds."""
    return None if None in shape[1:] else prod(size for size in shape[1:] if size is not None)


def _long(shape: tuple[Dimension, ...]) -> list[Dimension]:
    """The axes that are longer than 1."""
    return [size for size in shape if size != 1]


def _expanded(call: Call) -> Value:
    array = call.array
    if array is None:
        return Unknown("expand_dims", node=call.node)
    axis = call.value("axis", 1)
    shape: Shape = None
    if array.shape is not None:
        count = len(axis.items) if isinstance(axis, Sequence) else 1
        rank = len(array.shape) + count
        places = axis_of(axis, rank)
        if places is not None:
            rest = iter(array.shape)
            shape = tuple(1 if place in places else next(rest) for place in range(rank))
    return array.derive(call.node, shape=shape, **MOVED, order=array.order if shape and shape[0] != 1 else None)


def _squeezed(call: Call) -> Value:
    array = call.array
    if array is None:
        return Unknown("squeeze", node=call.node)
    return squeeze(array, call.value("axis", 1), call.node)


def squeeze(array: Array, axis: Value | None, node: syntax.Node) -> Array:
    """Without axes of 1; a size that is not known may be one."""
    shape: Shape = None
    if array.shape is not None:
        if not is_none(axis):
            places = axis_of(axis, len(array.shape))
            if places is not None:
                shape = tuple(size for place, size in enumerate(array.shape) if place not in places)
        elif None not in array.shape:
            shape = tuple(size for size in array.shape if size != 1)
    return array.derive(node, shape=shape, **MOVED)


def _flat(call: Call) -> Value:
    array = call.array
    return Unknown("ravel", node=call.node) if array is None else reshape(array, (-1,), call.node)


def _transposed(call: Call) -> Value:
    array = call.array
    if array is None:
        return Unknown("transpose", node=call.node)
    order = call.given("axes", 1) or call.given("perm", 1) or call.given("pattern", 1)
    return transpose(array, order, call.node)


def transpose(array: Array, order: Value | None, node: syntax.Node) -> Array:
    """The axes in another order, by default in the opposite one."""
    shape: Shape = None
    if array.shape is not None:
        axes = tuple(range(len(array.shape)))[::-1] if order is None else axis_of(order, len(array.shape))
        if axes is not None and len(axes) == len(array.shape):
            shape = tuple(array.shape[axis] for axis in axes)
    return array.derive(node, "T", shape=shape, **MOVED, labels=None, order=None)


def _swapped(call: Call) -> Value:
    """`swapaxes(x, a, b)`."""
    array = call.array
    if array is None:
        return Unknown("swapaxes", node=call.node)
    shape: Shape = None
    if array.shape is not None:
        pair = [axis_of(call.value(name), len(array.shape)) for name in ("axis1", "axis2")]
        if all(axes is not None and len(axes) == 1 for axes in pair):
            a, b = (axes[0] for axes in pair if axes is not None)
            axes = list(range(len(array.shape)))
            axes[a], axes[b] = axes[b], axes[a]
            shape = tuple(array.shape[axis] for axis in axes)
    return array.derive(call.node, shape=shape, **MOVED, labels=None, order=None)


def _moved(call: Call) -> Value:
    """`moveaxis(x, source, destination)` and `rollaxis(x, axis, start)`."""
    array = call.array
    if array is None:
        return Unknown("moveaxis", node=call.node)
    shape: Shape = None
    if array.shape is not None:
        rank = len(array.shape)
        if call.name.endswith("rollaxis"):
            start = 0 if call.value("start") is None else integer(call.value("start"))
            source, target = axis_of(call.value("axis"), rank), axis_of(Const(start), rank) if start == 0 else None
        else:
            source, target = axis_of(call.value("source"), rank), axis_of(call.value("destination"), rank)
        if source is not None and target is not None and len(source) == len(target):
            order = [axis for axis in range(rank) if axis not in source]
            for place, axis in sorted(zip(target, source)):
                order.insert(place, axis)
            shape = tuple(array.shape[axis] for axis in order)
    return array.derive(call.node, shape=shape, **MOVED, labels=None, order=None)


def _turned(call: Call) -> Value:
    """`flip`, `fliplr`, `flipud`, `roll`, `rot90`: the same values in other places."""
    array = call.array
    if array is None:
        return Unknown("flip", node=call.node)
    shape = array.shape
    if call.name.endswith("rot90"):
        plain = is_none(call.value("axes")) and shape is not None and len(shape) >= 2
        odd = (1 if call.value("k") is None else integer(call.value("k")) or 0) % 2 == 1
        shape = (shape[1], shape[0], *shape[2:]) if plain and odd and shape is not None else None
    return array.derive(call.node, "turned", shape=shape, **MOVED, order=None)


def _at_least(rank: int) -> Function:
    def answer(call: Call) -> Value:
        array = call.array
        if array is None or len(call.positional) != 1:
            return Unknown("atleast", node=call.node)
        shape: Shape = None
        if array.shape is not None and (rank < 3 or len(array.shape) >= 3):
            shape = (1,) * (rank - len(array.shape)) + array.shape
        return array.derive(call.node, shape=shape, **MOVED)

    return answer


def _repeated(call: Call) -> Value:
    """`repeat(x, times, axis)`; of a few known numbers each stands so many times, one block after the other."""
    array, times = call.array, integer(call.value("repeats", 1))
    if array is None:
        return Array(node=call.node)
    axis = call.value("axis", 2)
    numbers = array.values if array.rank == 1 else None
    if array.rank == 0 and array.values is not None:
        numbers = [array.values]
    if isinstance(numbers, list) and times is not None and 0 < times * len(numbers) <= literals.MAX_VALUES:
        return literals.literal([value for value in numbers for _ in range(times)], call.node, array.dtype)
    shape: Shape = None
    if array.shape is not None:
        if is_none(axis):
            total = None if None in array.shape else prod(size for size in array.shape if size is not None)
            shape = (None if total is None or times is None else total * times,)
        else:
            places = axis_of(axis, len(array.shape))
            if places is not None and len(places) == 1:
                sizes = list(array.shape)
                size = sizes[places[0]]
                sizes[places[0]] = None if size is None or times is None else size * times
                shape = tuple(sizes)
    keeps = array.order in ("sorted", "grouped") and array.rank == 1
    return array.derive(call.node, "repeat", shape=shape, **MOVED, order=array.order if keeps else None)


def _tiled(call: Call) -> Value:
    """`tile(x, times)`."""
    array = call.array
    times = shape_of(call.value("reps") or call.value("multiples") or call.value("repeats"))
    if array is None:
        return Array(node=call.node)
    shape: Shape = None
    if array.shape is not None and times is not None:
        rank = max(len(array.shape), len(times))
        sizes = (1,) * (rank - len(array.shape)) + array.shape
        factors = (1,) * (rank - len(times)) + times
        shape = tuple(None if a is None or b is None else a * b for a, b in zip(sizes, factors))
    return array.derive(call.node, "repeat", shape=shape, **MOVED, order=None)


def _padded(call: Call) -> Value:
    """`pad(x, widths)`: with a constant, 0 by default, or with values of its own."""
    array = call.array
    if array is None:
        return Unknown("pad", node=call.node)
    mode = "constant" if call.value("mode") is None else text(call.value("mode"))
    fill = number(call.value("constant_values")) if "constant_values" in call.args else 0.0
    bounds = ranges.UNKNOWN
    if mode in ("edge", "reflect", "wrap", "symmetric", "REFLECT", "SYMMETRIC"):
        bounds = (array.low, array.high)
    elif mode in ("constant", "CONSTANT"):
        bounds = ranges.union([(array.low, array.high), (fill, fill)])
    widths = call.value("pad_width") or call.value("paddings")
    return array.derive(
        call.node,
        "pad",
        shape=_padded_shape(array.shape, widths),
        low=bounds[0],
        high=bounds[1],
        tight=array.tight and None not in bounds,
        **MOVED,
        labels=None,
        order=None,
    )


def _padded_shape(shape: Shape, widths: Value | None) -> Shape:
    if shape is None:
        return None
    single = integer(widths)
    if single is not None:
        return tuple(None if size is None else size + 2 * single for size in shape)
    found = as_array(widths)
    if found is None or found.values is None or found.shape is None:
        return (None,) * len(shape)
    if found.rank not in (1, 2):
        return (None,) * len(shape)
    pairs = found.values if found.rank == 2 else [found.values] * len(shape)
    pairs = pairs * len(shape) if len(pairs) == 1 else pairs
    if len(pairs) != len(shape) or any(len(pair) != 2 for pair in pairs):
        return (None,) * len(shape)
    return tuple(None if size is None else size + sum(pair) for size, pair in zip(shape, pairs))


def _spread(call: Call) -> Value:
    """`broadcast_to(x, shape)`."""
    array, target = call.array, call.value("shape", 1)
    if array is None or target is None:
        return Unknown("broadcast_to", node=call.node)
    return array.derive(call.node, shape=shape_of(target), **MOVED, labels=None, order=None)


def _resized(call: Call) -> Value:
    """`numpy.resize(x, shape)`: repeated or cut off."""
    array, target = call.array, call.value("new_shape")
    if array is None or target is None:
        return Unknown("resize", node=call.node)
    return array.derive(call.node, shape=dims(target), **MOVED, tight=False, labels=None, order=None)


def _sorted(call: Call) -> Value:
    """`sort(x, axis)`."""
    array = call.array
    if array is None:
        return Unknown("sort", node=call.node)
    down = text(call.value("direction")) == "DESCENDING"
    order = ("grouped" if down else "sorted") if array.rank == 1 else None
    columns = array.columns if integer(call.value("axis")) == 0 else None
    return array.derive(call.node, "sort", values=None, order=order, columns=columns, fields=None)


def _unique(call: Call) -> Value:
    """`unique(x)`: the values that occur."""
    array = call.array
    if array is None or len(call.args) > 1:
        return Unknown("unique", node=call.node)
    known = array.distinct if array.rank == 1 else None
    values = known.all_values if known is not None else None
    return Array(
        (None if values is None else len(values),),
        array.dtype,
        array.low,
        array.high,
        labels=array.labels if array.labels and array.labels.kind in ("classes", "binary", "signs") else None,
        source=array.source,
        order="sorted",
        distinct=None if values is None else known,
        node=call.node,
    )


def _deleted(call: Call) -> Value:
    """`delete(x, index, axis)`: fewer rows, or columns."""
    array = call.array
    if array is None:
        return Unknown("delete", node=call.node)
    shape: Shape = None
    if array.shape is not None:
        places = (0,) if array.rank == 1 else axis_of(call.value("axis"), len(array.shape))
        if is_none(call.value("axis")) and array.rank != 1:
            places = None
        if places is not None and len(places) == 1:
            gone = 1 if integer(call.value("obj")) is not None else None
            sizes = list(array.shape)
            size = sizes[places[0]]
            sizes[places[0]] = None if size is None or gone is None or size < gone else size - gone
            shape = tuple(sizes)
    return array.derive(call.node, "delete", shape=shape, tight=False, **MOVED, labels=None)


def _split(call: Call) -> Value:
    """`split(x, parts, axis)`: a list of arrays."""
    array = call.array
    parts = call.value("indices_or_sections") or call.value("num_or_size_splits")
    if array is None or array.shape is None:
        return Unknown("split", node=call.node)
    axis = call.value("axis") or Const(1 if call.name.endswith("hsplit") and array.rank != 1 else 0)
    places = axis_of(axis, len(array.shape))
    if places is None or len(places) != 1:
        return Unknown("split", node=call.node)
    sizes = _split_sizes(array.shape[places[0]], parts, call)
    if sizes is None:
        return Unknown("split", node=call.node)
    made: list[Value] = []
    for size in sizes:
        shape = (*array.shape[: places[0]], size, *array.shape[places[0] + 1 :])
        rows = places[0] == 0
        labels = array.labels if rows else None
        made.append(
            array.derive(
                call.node,
                shape=shape,
                **{**MOVED, "columns": array.columns if rows else None},
                labels=labels,
                tight=array.tight and array.order not in ("sorted", "grouped"),
            )
        )
    return list_of(made, "list", call.node)


def _split_sizes(size: Dimension, parts: Value | None, call: Call) -> list[Dimension] | None:
    count = integer(parts)
    if count is not None:
        if not 0 < count <= 64:
            return None
        if size is None:
            return [None] * count
        return [size // count + (1 if place < size % count else 0) for place in range(count)]
    if not isinstance(parts, Sequence) or parts.exact is None or len(parts.exact) > 64:
        return None
    marks = [integer(item) for item in parts.exact]
    if call.name.startswith("tensorflow."):
        return list(marks)
    if size is None or any(mark is None or not 0 <= mark <= size for mark in marks):
        return [None] * (len(marks) + 1)
    ends = [0, *[mark for mark in marks if mark is not None], size]
    return [max(0, b - a) for a, b in zip(ends, ends[1:])]


_ALL: dict[str, Function] = {
    "reshape": _reshaped,
    "expand_dims": _expanded,
    "squeeze": _squeezed,
    "ravel": _flat,
    "transpose": _transposed,
    "swapaxes": _swapped,
    "moveaxis": _moved,
    "flip": _turned,
    "roll": _turned,
    "rot90": _turned,
    "repeat": _repeated,
    "tile": _tiled,
    "pad": _padded,
    "broadcast_to": _spread,
    "sort": _sorted,
    "split": _split,
}

_OF_BACKEND = ("reshape", "expand_dims", "squeeze", "transpose")

FUNCTIONS: dict[str, Handler] = {
    **handlers("numpy", _ALL, ""),
    **handlers("numpy", {"rollaxis": _moved, "fliplr": _turned, "flipud": _turned, "resize": _resized}, ""),
    **handlers("numpy", {"unique": _unique, "delete": _deleted, "array_split": _split, "hsplit": _split}, ""),
    **handlers("numpy", {f"atleast_{rank}d": _at_least(rank) for rank in (1, 2, 3)}, ""),
    **handlers("tensorflow keras.ops", _ALL, "tensor"),
    **handlers("tensorflow", {"reverse": _turned}, "tensor"),
    **handlers("keras.backend", {name: _ALL[name] for name in _OF_BACKEND} | {"flatten": _flat}, "tensor"),
}
