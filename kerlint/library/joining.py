"""Functions that put several arrays together."""

from __future__ import annotations

from kerlint import syntax
from kerlint.library import dtypes, ranges, resampling
from kerlint.library.convert import Call, Function, Handler, arrays_in, as_array, axis_of, handlers, is_none
from kerlint.library.indexing import cast_bounds
from kerlint.library.layout import reshape
from kerlint.library.literals import from_literal
from kerlint.program.constants import integer
from kerlint.program.labels import Labels
from kerlint.program.values import Array, Const, Dimension, Object, Sequence, Shape, Unknown, Value, list_of
from kerlint.records import replace


def _stack(*, new_axis: bool) -> Function:
    """`concatenate` and `stack`: several arrays in one."""

    def answer(call: Call) -> Value:
        parts = call.first
        axis_value = call.value("axis")
        if isinstance(parts, Array) and parts.shape is not None and len(parts.shape) > 1 and not new_axis:
            return _merged(parts, axis_value, call.node)
        found = arrays_in(parts, call.node)
        default = -1 if call.name.startswith("keras.") and not new_axis and not _is_ops(call.name) else 0
        axis = default if axis_value is None else integer(axis_value)
        if not new_axis and axis_value is not None and is_none(axis_value) and found:
            return joined([reshape(part, (-1,), call.node) for part in found], 0, call.node)
        if found is None or axis is None:
            return _alike(parts, axis, call.node) if not new_axis else Array(node=call.node)
        return joined(found, axis, call.node, new_axis=new_axis)

    return answer


def _is_ops(name: str) -> bool:
    return name.startswith("keras.ops.")


def _merged(array: Array, axis: Value | None, node: syntax.Node) -> Array:
    """`concatenate` of the rows of one array."""
    assert array.shape is not None
    first, *rest = array.shape
    place = axis_of(axis or Const(0), len(rest))
    shape: Shape = None
    if place is not None and len(place) == 1:
        size = rest[place[0]]
        rest[place[0]] = None if size is None or first is None else size * first
        shape = tuple(rest)
    return array.derive(node, shape=shape, columns=None, values=None, labels=None, order=None, fields=None)


def _alike(parts: Value | None, axis: int | None, node: syntax.Node) -> Array:
    """`concatenate` of a list that a loop has filled, of arrays that are alike."""
    if not isinstance(parts, Sequence) or axis != 0 or parts.exact is not None:
        return Array(node=node)
    stacked = from_literal(parts, node)
    if stacked.shape is None or len(stacked.shape) < 2:
        return Array(node=node)
    return stacked.derive(node, shape=(None, *stacked.shape[2:]), labels=None, order=None, parent=None)


def joined(parts: list[Array], axis: int, node: syntax.Node, *, new_axis: bool = False) -> Array:
    """Arrays put together along an axis."""
    first = parts[0]
    low, high = ranges.union([(part.low, part.high) for part in parts])
    same_rank = len({part.rank for part in parts}) == 1
    shape = _joint_shape([part.shape for part in parts], axis, new_axis) if same_rank else None
    rows = not new_axis and axis == 0
    labels = first.labels if all(part.labels == first.labels for part in parts) else _joint_labels(parts)
    if labels is not None and labels.kind == "binary" and rows:
        labels = replace(labels, rarest=_rarest(parts))
    if not rows and (first.rank or 0) > 0 and labels is not None and labels.kind != "continuous":
        labels = None
    return Array(
        shape,
        dtypes.promote_all([part.dtype for part in parts]),
        low,
        high,
        tight=all(part.tight for part in parts) and low is not None and high is not None,
        columns=_joint_columns(parts, axis, shape) if not new_axis else None,
        labels=labels,
        source=first.source if all(part.source == first.source for part in parts) else "computed",
        noise=all(part.noise for part in parts),
        order=_joint_order(parts) if rows and len(parts) > 1 else None,
        steps=resampling.kept(parts[1:], Array(steps=first.steps)).steps,
        node=node,
    )


def _joint_shape(shapes: list[Shape], axis: int, new_axis: bool) -> Shape:
    known = [shape for shape in shapes if shape is not None]
    if len(known) != len(shapes) or not known:
        return None
    rank = len(known[0])
    sizes: list[Dimension] = []
    for column in zip(*known):
        found = [size for size in column if size is not None]
        sizes.append(found[0] if found else None)
    if new_axis:
        if not -rank - 1 <= axis <= rank:
            return None
        place = axis % (rank + 1)
        return (*sizes[:place], len(known), *sizes[place:])
    if not -rank <= axis < rank:
        return None
    place = axis % rank
    along = [shape[place] for shape in known]
    total = None if None in along else sum(size for size in along if size is not None)
    return (*sizes[:place], total, *sizes[place + 1 :])


def _joint_columns(parts: list[Array], axis: int, shape: Shape) -> tuple[tuple[float, float], ...] | None:
    """The columns of arrays side by side."""
    if shape is None or len(shape) != 2 or axis not in (1, -1):
        return None
    found: list[tuple[float, float]] = []
    for part in parts:
        if part.columns is not None:
            found.extend(part.columns)
        elif part.low is not None and part.high is not None and part.shape is not None and part.shape[1] == 1:
            found.append((part.low, part.high))
        else:
            return None
    return tuple(found)


def _joint_order(parts: list[Array]) -> str | None:
    """One block of equal values after the other: the rows of a class stand together."""
    ends = [(part.low, part.high) for part in parts]
    if any(low is None or low != high for low, high in ends) or len(set(ends)) != len(ends):
        return None
    return "grouped"


def _rarest(parts: list[Array]) -> float | None:
    """The share of the rarer of two classes in parts that each hold one number only."""
    counts = {0.0: 0, 1.0: 0}
    for part in parts:
        if part.low is None or part.low != part.high or part.low not in counts or part.rows is None:
            return None
        counts[float(part.low)] += part.rows
    total = sum(counts.values())
    return min(counts.values()) / total if total else None


def _joint_labels(parts: list[Array]) -> Labels | None:
    kinds = {part.labels.kind if part.labels is not None else None for part in parts}
    if kinds == {"binary"}:
        return Labels("binary", 2, sure=False)
    return Labels("continuous") if kinds == {"continuous"} else None


def _parts(call: Call) -> list[Array] | None:
    """The arrays of a list; a single one is its rows."""
    return arrays_in(call.first, call.node)


def _rows(call: Call) -> Value:
    """`vstack`: flat arrays become rows."""
    found = _parts(call)
    if found is None:
        first = call.first
        if isinstance(first, Array) and first.rank is not None and first.rank >= 3:
            return _merged(first, Const(0), call.node)
        return _alike_rows(first, call.node)
    return joined([_at_least_2d(part, call.node) for part in found], 0, call.node)


def _alike_rows(value: Value | None, node: syntax.Node) -> Array:
    """`vstack` of a list that a loop has filled: of flat arrays the rows, of others all rows of them."""
    stacked = from_literal(value, node) if isinstance(value, Sequence) and value.exact is None else Array()
    if stacked.rank == 2:
        return stacked.derive(node, labels=None, order=None, parent=None)
    return _alike(value, 0, node) if (stacked.rank or 0) > 2 else Array(node=node)


def _at_least_2d(array: Array, node: syntax.Node) -> Array:
    if array.shape is None or len(array.shape) >= 2:
        return array
    return array.derive(node, shape=(1,) * (2 - len(array.shape)) + array.shape, labels=None, order=None)


def _beside(call: Call) -> Value:
    """`hstack`: flat arrays one after the other, others side by side."""
    found = _parts(call)
    if found is None or any(part.rank is None for part in found):
        return Array(node=call.node)
    flat = [part if part.rank else reshape(part, (1,), call.node) for part in found]
    return joined(flat, 0 if flat[0].rank == 1 else 1, call.node)


def columns_of(parts: list[Array], node: syntax.Node) -> Array:
    """`column_stack`: flat arrays become columns."""
    if any(part.shape is None for part in parts):
        return Array(node=node)
    upright = [
        part.derive(node, shape=(*part.shape, 1), columns=None, values=None)
        if part.shape is not None and len(part.shape) == 1
        else part
        for part in parts
    ]
    return joined(upright, 1, node)


def _columns(call: Call) -> Value:
    found = _parts(call)
    return Array(node=call.node) if found is None else columns_of(found, call.node)


def _deep(call: Call) -> Value:
    """`dstack`: along the third axis."""
    found = _parts(call)
    if found is None or any(part.shape is None for part in found):
        return Array(node=call.node)
    solid = []
    for part in found:
        assert part.shape is not None
        shape = {0: (1, 1, 1), 1: (1, *part.shape, 1), 2: (*part.shape, 1)}.get(len(part.shape), part.shape)
        solid.append(part.derive(call.node, shape=shape, columns=None, values=None, labels=None))
    return joined(solid, 2, call.node)


def _appended(call: Call) -> Value:
    """`append(x, values, axis)`: without an axis both are flattened."""
    array, values = call.array, as_array(call.value("values"), call.node)
    if array is None or values is None:
        return Array(node=call.node)
    if is_none(call.value("axis")):
        return joined([reshape(array, (-1,), call.node), reshape(values, (-1,), call.node)], 0, call.node)
    axis = integer(call.value("axis"))
    return joined([array, values], axis, call.node) if axis is not None else Array(node=call.node)


def _inserted(call: Call) -> Value:
    """`insert(x, place, values, axis)`."""
    array, values = call.array, as_array(call.value("values"), call.node)
    if array is None or values is None:
        return Array(node=call.node)
    span = cast_bounds((values.low, values.high), values.dtype, array.dtype)
    low, high = ranges.union([(array.low, array.high), span])
    shape: Shape = None
    if array.rank == 1 and integer(call.value("obj")) is not None:
        added = 1 if values.rank == 0 else values.rows if values.rank == 1 else None
        shape = (None if array.rows is None or added is None else array.rows + added,)
    return Array(shape, array.dtype, low, high, source="computed", node=call.node)


def _block(call: Call) -> Value:
    """`tf.stack` and `tf.concat` of lists; `tf.unstack` takes apart."""
    array = call.array
    axis = call.value("axis") or Const(0)
    if array is None or array.shape is None:
        return Unknown("unstack", node=call.node)
    places = axis_of(axis, len(array.shape))
    count = array.shape[places[0]] if places else None
    if places is None or count is None or count > 64:
        return Unknown("unstack", node=call.node)
    shape = (*array.shape[: places[0]], *array.shape[places[0] + 1 :])
    made: list[Value] = [
        array.derive(call.node, shape=shape, columns=None, values=None, labels=None, order=None) for _ in range(count)
    ]
    return list_of(made, "list", call.node)


def by_index(name: str, index: list[Value], node: syntax.Node) -> Value:
    """`np.c_[a, b]` and `np.r_[a, b]`."""
    found = []
    for part in index:
        array = None if isinstance(part, Object) else as_array(part, node)
        if array is None:
            return Array(node=node)
        found.append(array)
    if name == "numpy.c_":
        solid = any(part.rank is not None and part.rank > 2 for part in found)
        return joined(found, -1, node) if solid else columns_of(found, node)
    if any(part.rank is None for part in found):
        return Array(node=node)
    flat = [part if part.rank else reshape(part, (1,), node) for part in found]
    return joined(flat, 0, node)


FUNCTIONS: dict[str, Handler] = {
    **handlers(
        "numpy",
        {
            "concatenate": _stack(new_axis=False),
            "stack": _stack(new_axis=True),
            "vstack": _rows,
            "hstack": _beside,
            "dstack": _deep,
            "column_stack": _columns,
            "append": _appended,
            "insert": _inserted,
        },
        "",
    ),
    **handlers("tensorflow", {"concat": _stack(new_axis=False), "stack": _stack(new_axis=True)}, "tensor"),
    **handlers("tensorflow", {"unstack": _block}, "tensor"),
    **handlers(
        "keras.ops",
        {"concatenate": _stack(new_axis=False), "stack": _stack(new_axis=True), "vstack": _rows, "hstack": _beside},
        "tensor",
    ),
    **handlers("keras.backend", {"concatenate": _stack(new_axis=False), "stack": _stack(new_axis=True)}, "tensor"),
}
