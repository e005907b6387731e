"""Frames and series of pandas: their columns, attributes and items.

A frame is an `Array` whose form is `frame`; `fields` holds its columns where all of them are known.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kerlint import syntax
from kerlint.library import dtypes, indexing, ranges
from kerlint.library.convert import as_array
from kerlint.library.ranges import Bounds
from kerlint.program.constants import NOTHING, constant, integer, text
from kerlint.program.iterators import GENERATOR, iterator
from kerlint.program.labels import Distinct, Step
from kerlint.program.values import Array, Const, Dimension, Object, Sequence, Shape, Unknown, Value, list_of, tuple_of

Fields = tuple[tuple[Any, Array], ...]
#: Frames with more columns are not followed column by column.
MAX_FIELDS = 200


def frame_of(fields: Fields, rows: Dimension, node: syntax.Node, like: Array | None = None) -> Array:
    """A frame of these columns."""
    low, high = ranges.union([(field.low, field.high) for _, field in fields])
    kinds = {field.dtype for _, field in fields}
    source = like.source if like is not None else "pandas.DataFrame"
    made = Array(
        (rows, len(fields)),
        kinds.pop() if len(kinds) == 1 else None,
        low,
        high,
        tight=bool(fields) and all(field.tight for _, field in fields),
        source=source,
        noise=bool(fields) and all(field.noise for _, field in fields),
        order=like.order if like is not None else None,
        steps=like.steps if like is not None else (),
        parent=like,
        form="frame",
        fields=fields if len(fields) <= MAX_FIELDS else None,
        node=node,
    )
    known = [(field.low, field.high) for _, field in fields]
    made.columns = _complete(known)
    return made


def _complete(bounds: list[Bounds]) -> tuple[tuple[float, float], ...] | None:
    found = [(low, high) for low, high in bounds if low is not None and high is not None]
    return tuple(found) if found and len(found) == len(bounds) else None


def fields_of(array: Array, names: list[Any], node: syntax.Node) -> Fields | None:
    """The columns of an array of two axes, under these names."""
    if array.rank != 2 or array.shape is None or array.shape[1] != len(names) or len(names) > MAX_FIELDS:
        return None
    fields = []
    for index, name in enumerate(names):
        low, high = array.columns[index] if array.columns is not None else (array.low, array.high)
        tight = array.tight and (array.columns is not None or array.noise)
        single = Array(
            (array.rows,), array.dtype, low, high, tight=tight, source=array.source, noise=array.noise, node=node
        )
        single.form, single.order, single.steps = "frame", array.order, array.steps
        fields.append((name, single))
    return tuple(fields)


def named_as(made: Array, left: Value, right: Value, node: syntax.Node) -> Array:
    """The result of arithmetic on a frame, with the columns of that frame if it has the same ones."""
    frame, other = (left, right) if isinstance(left, Array) and left.fields is not None else (right, left)
    if not isinstance(frame, Array) or frame.fields is None or made.fields is not None or made.form != "frame":
        return made
    names = [name for name, _ in frame.fields]
    if isinstance(other, Array) and other.form == "frame":
        # pandas puts together what has the same name.
        base = other.statistic[1] if other.statistic is not None else other
        fields = base.fields if isinstance(base, Array) else None
        others = None if fields is None else [name for name, _ in fields]
        if others != names:
            if other.rank == 2 or other.statistic is None or others is not None:
                # A series is put below the columns by its own labels, which may be others.
                by_columns = other.rank == 2 or other.statistic is not None
                width = len({*names, *others}) if others is not None and by_columns else None
                return unknown_frame(made, made.rows if other.rows == frame.rows else None, width, node, "")
            return made
    elif not isinstance(other, (Array, Const)):
        return made
    made.fields = fields_of(made, names, node)
    return made


def values(frame: Array, node: syntax.Node, step: str = "to_numpy") -> Array:
    """The numbers of a frame as an array of NumPy."""
    changes: dict[str, Any] = {}
    if frame.fields is not None:
        kinds = [field.dtype for _, field in frame.fields]
        mixed = "bool" in kinds and set(kinds) != {"bool"}
        changes = {"dtype": None if mixed else dtypes.promote_all(kinds)}
    return frame.derive(node, step, **changes, form="", fields=None)


def with_rows(
    array: Array,
    rows: Dimension,
    node: syntax.Node,
    step: str = "",
    *,
    keeps: Callable[[Distinct], bool] = lambda distinct: False,
    **changes: Any,
) -> Array:
    """Some of the rows of an array or frame.

    Args:
        keeps: whether each value of a column is still among them.
    """
    fields = array.fields
    if fields is not None:
        fields = tuple((name, with_rows(field, rows, node, keeps=keeps, **changes)) for name, field in fields)
    shape = None if array.shape is None else (rows, *array.shape[1:])
    distinct = array.distinct if array.distinct is not None and keeps(array.distinct) else None
    changes = {"shape": shape, "values": None, "fields": fields, "distinct": distinct, **changes}
    return array.derive(node, step, **changes)


def column(frame: Array, name: Any, node: syntax.Node) -> Value:
    """One column of a frame."""
    if frame.fields is not None:
        if not are_distinct(frame.fields):
            return Array(source=frame.source, form="frame", node=node)
        found: Array | None = dict(frame.fields).get(name)
        if found is None:
            return Unknown(f"the column {name}", node=node)
        steps = (*frame.steps, Step(f"column {name}", node))
        return found.derive(node, steps=steps, order=frame.order or found.order, parent=frame, distinct=found.distinct)
    made = _some_column(frame, node)
    made.steps, made.parent = (*frame.steps, Step(f"column {name}", node)), frame
    return made


def _some_column(frame: Array, node: syntax.Node) -> Array:
    rows = frame.rows
    return Array((rows,), source=frame.source, order=frame.order, steps=frame.steps, form="frame", node=node)


def items(frame: Array, node: syntax.Node) -> Value:
    """What `df.items()` gives: the columns with their names."""
    if frame.fields is None or frame.rank != 2:
        single = _some_column(frame, node) if frame.rank == 2 else Unknown("an item", node=node)
        pair = tuple_of(Unknown("the name of a column", node=node), single, node=node)
        return Object(GENERATOR, {"element": pair}, node=node)
    pairs = [tuple_of(Const(key, node=node), column(frame, key, node), node=node) for key, _ in frame.fields]
    return iterator(pairs, "tuple", node)


def columns(frame: Array, names: list[Any], node: syntax.Node) -> Array:
    """Some columns of a frame, by name."""
    if frame.fields is not None and not are_distinct(frame.fields):
        return unknown_frame(frame, frame.rows, None, node)
    known = dict(frame.fields or ())
    fields = tuple((name, known.get(name) or _some_column(frame, node)) for name in names)
    return frame_of(fields, frame.rows, node, frame)


def without(frame: Array, names: list[Any], node: syntax.Node) -> Array:
    """A frame without these columns."""
    if frame.fields is not None:
        if not {name for name, _ in frame.fields}.issuperset(names):
            # pandas raises an error, and the program may go on elsewhere.
            return unknown_frame(frame, frame.rows, None, node)
        fields = tuple((name, field) for name, field in frame.fields if name not in names)
        return frame_of(fields, frame.rows, node, frame)
    width = None if frame.shape is None or frame.rank != 2 else frame.shape[1]
    return unknown_frame(frame, frame.rows, None if width is None else width - len(names), node)


def unknown_frame(frame: Array, rows: Dimension, width: Dimension, node: syntax.Node, step: str = "columns") -> Array:
    """A frame of so many columns, with nothing known of them."""
    return frame.derive(
        node,
        step,
        shape=(rows, width),
        dtype=None,
        low=None,
        high=None,
        tight=False,
        columns=None,
        values=None,
        labels=None,
        statistic=None,
        fields=None,
    )


def names_in(value: Value | None) -> list[Any] | None:
    """Column names given as a string or a list; None if they are not all known."""
    if text(value) is not None:
        return [text(value)]
    if isinstance(value, Sequence) and value.exact is not None:
        names = [constant(item) for item in value.exact]
        # A list of yes and no chooses by position.
        plain = all(isinstance(name, (str, int)) and not isinstance(name, bool) for name in names)
        return names if plain else None
    return None


def are_distinct(fields: Fields) -> bool:
    """Whether no name stands for several columns, which pandas allows."""
    return len({name for name, _ in fields}) == len(fields)


def subscript(frame: Array, index: list[Value], node: syntax.Node) -> Value:
    """`df[...]`, `df.iloc[...]` and `df.loc[...]`."""
    if frame.form == "rows":
        return _by_position(frame, index, node)
    if frame.form == "labels":
        return _by_label(frame, index, node)
    part = index[0]
    if len(index) != 1:
        return Array(form="frame", node=node)
    if frame.rank == 1:
        return _of_series(frame, part, node)
    names = names_in(part)
    if names is not None:
        return column(frame, names[0], node) if not isinstance(part, Sequence) else columns(frame, names, node)
    if isinstance(part, Object) and part.name == "slice":
        return _rows_of(frame, part, node)
    if isinstance(part, Array) and part.dtype == "bool":
        return indexing.chosen(with_rows(frame, None, node, "rows"), node)
    if isinstance(part, Const) and frame.fields is not None:
        return column(frame, part.value, node)
    if isinstance(part, Array) and part.dtype == "object" and part.source == "columns":
        return unknown_frame(frame, frame.rows, part.rows, node)
    return Array(source=frame.source, form="frame", node=node)


def _of_series(series: Array, part: Value, node: syntax.Node) -> Value:
    """`series[...]`: a slice or a mask gives a series, a label a number."""
    if isinstance(part, Object) and part.name == "slice":
        return _rows_of(series, part, node)
    if isinstance(part, Array) and part.dtype == "bool":
        return indexing.chosen(with_rows(series, None, node, "rows"), node)
    if series.distinct is not None and integer(part) is not None:
        return Array((), source=series.source, form="frame", distinct=series.distinct, node=node)
    return Array(source=series.source, form="frame", node=node)


def _rows_of(frame: Array, part: Object, node: syntax.Node) -> Array:
    """Rows by a slice of positions."""
    taken = indexing.subscript(frame.derive(node, form="", shape=(frame.rows,)), [part], node)
    rows = taken.rows
    return with_rows(frame, rows, node, order=taken.order)


def _by_position(frame: Array, index: list[Value], node: syntax.Node) -> Value:
    """`df.iloc[rows, columns]`."""
    plain = frame.derive(node, form="frame", parent=frame.parent)
    if frame.shape is None:
        return Array(source=frame.source, form="frame", node=node)
    chosen: Value = plain
    if len(index) == 2 and frame.rank == 2:
        chosen = _columns_at(plain, index[1], node)
    if not isinstance(chosen, Array):
        return chosen
    return _rows_at(chosen, index[0], node)


def _columns_at(frame: Array, part: Value, node: syntax.Node) -> Value:
    """Columns by position."""
    assert frame.shape is not None
    place = integer(part)
    fields = frame.fields
    if place is not None:
        if fields is not None and -len(fields) <= place < len(fields):
            return fields[place][1].derive(node, steps=frame.steps)
        return _some_column(frame, node)
    taken = indexing.subscript(Array((frame.shape[1],)), [part], node)
    width = taken.rows
    if fields is not None and isinstance(part, Object):
        bounds = [constant(part.args[name]) if name in part.args else None for name in ("start", "stop", "step")]
        if all(bound is None or isinstance(bound, int) for bound in bounds) and bounds[2] != 0:
            return frame_of(fields[slice(*bounds)], frame.rows, node, frame)
    if isinstance(part, Object) and not part.args:
        return frame
    if taken.shape is None:
        return Array(source=frame.source, form="frame", node=node)
    return unknown_frame(frame, frame.rows, width, node)


def _rows_at(frame: Array, part: Value, node: syntax.Node) -> Value:
    """Rows by position."""
    if integer(part) is not None:
        shape: Shape = None if frame.shape is None else frame.shape[1:]
        return frame.derive(node, shape=shape, order=None, columns=None, values=None, tight=False, fields=None)
    if isinstance(part, Object) and part.name == "slice":
        return frame if not part.args else _rows_of(frame, part, node)
    found = as_array(part, node)
    if found is None or found.rank != 1:
        return Array(source=frame.source, form="frame", node=node)
    rows = None if found.dtype == "bool" else found.rows
    return indexing.chosen(with_rows(frame, rows, node, "rows", order=None), node)


def _by_label(frame: Array, index: list[Value], node: syntax.Node) -> Value:
    """`df.loc[rows, columns]`."""
    plain = frame.derive(node, form="frame", parent=frame.parent)
    chosen: Value = plain
    if len(index) == 2 and frame.rank != 1:
        chosen = _columns_by_label(plain, index[1], node)
    if not isinstance(chosen, Array):
        return chosen
    part = index[0]
    if isinstance(part, Object) and part.name == "slice":
        return chosen if not part.args else with_rows(chosen, None, node)
    if isinstance(part, (Array, Sequence)):
        found = as_array(part, node)
        if isinstance(part, Array) and part.dtype != "bool" and part.rank != 1:
            return Array(source=frame.source, form="frame", node=node)
        rows = None if found is None or found.dtype == "bool" else found.rows
        return indexing.chosen(with_rows(chosen, rows, node, "rows", order=None), node)
    return Array(source=frame.source, form="frame", node=node)


def _columns_by_label(frame: Array, part: Value, node: syntax.Node) -> Value:
    names = names_in(part)
    if names is not None:
        return column(frame, names[0], node) if not isinstance(part, Sequence) else columns(frame, names, node)
    if isinstance(part, Object) and part.name == "slice":
        if not part.args:
            return frame
        known = [name for name, _ in frame.fields or ()]
        ends = [constant(part.args[name]) if name in part.args else None for name in ("start", "stop")]
        if "step" not in part.args and known and all(end is None or end in known for end in ends):
            first = 0 if ends[0] is None else known.index(ends[0])
            last = len(known) - 1 if ends[1] is None else known.index(ends[1])
            return columns(frame, known[first : last + 1], node)
        return unknown_frame(frame, frame.rows, None, node)
    return Array(source=frame.source, form="frame", node=node)


def stored(frame: Array, index: list[Value], value: Value, node: syntax.Node) -> Array:
    """A frame after `df[...] = value`, `df.loc[...] = value` or `df.iloc[...] = value`."""
    whole = frame.parent if frame.form in ("rows", "labels") and frame.parent is not None else frame
    if frame.rank != 2 or frame.form != "frame":
        forget_values(frame)
        width = whole.shape[1] if whole.shape is not None and whole.rank == 2 else None
        rows = whole.rows if frame.form != "labels" or isinstance(index[0], (Array, Object)) else None
        if frame.form == "labels" and len(index) == 2:
            known = {name for name, _ in whole.fields or ()}
            width = width if all(name in known for name in names_in(index[1]) or [NOTHING]) else None
        changed = whole.overwritten(node)
        if frame.rank is not None:
            changed.shape = (rows, width) if whole.rank == 2 else (rows,)
        return changed
    names = names_in(index[0]) if len(index) == 1 else None
    if names is None:
        return unknown_frame(frame, frame.rows, frame.shape[1] if _is_mask(index) and frame.shape else None, node)
    if frame.fields is None or not are_distinct(frame.fields):
        return unknown_frame(frame, frame.rows, None, node, "overwritten")
    fields = dict(frame.fields)
    for name in names:
        fields[name] = _new_column(frame, value if len(names) == 1 else None, node)
    return frame_of(tuple(fields.items()), _rows_after(frame, value), node, frame)


def _rows_after(frame: Array, value: Value) -> Dimension:
    """The rows of a frame that gets a column: an empty one takes those of the column."""
    if frame.rows is None and isinstance(value, Array) and value.form != "frame":
        return value.rows if value.rank else None
    return frame.rows


def _is_mask(index: list[Value]) -> bool:
    return len(index) == 1 and isinstance(index[0], Array) and index[0].dtype == "bool"


def _new_column(frame: Array, value: Value | None, node: syntax.Node) -> Array:
    """A column from what is assigned to it."""
    found = as_array(value, node)
    if found is None or found.rank is None or found.rank > 2:
        return _some_column(frame, node)
    # A column of the same frame, or what was made of it, has the same rows.
    own = found.distinct is not None and any(array is frame for array in found.history())
    distinct = found.distinct if own else None
    return found.derive(
        node, shape=(frame.rows,), values=None, columns=None, form="frame", fields=None, distinct=distinct
    )


def forget_values(series: Array) -> None:
    """A series is changed where it is, and the frame that it is of may be, too."""
    for array in series.history():
        array.distinct = None
        for _, field in array.fields or ():
            field.distinct = None


def attribute(frame: Array, name: str, node: syntax.Node) -> Value | None:
    """`df.values`, `df.iloc`, `df.columns`, `df.age`; None for a method."""
    if name in ("values", "array"):
        return values(frame, node)
    if name in ("iloc", "loc", "iat", "at"):
        form = "rows" if name.startswith("i") else "labels"
        return frame.derive(node, form=form, parent=frame)
    if name == "columns":
        if frame.fields is not None:
            return list_of([Const(key, node=node) for key, _ in frame.fields], "list", node)
        width = frame.shape[1] if frame.shape is not None and frame.rank == 2 else None
        return Array((width,), "object", source="columns", node=node)
    if name == "index":
        return Array((frame.rows,), source="index", node=node)
    if name in ("str", "dt", "plot", "style", "attrs", "dtypes", "flags", "cat", "sparse", "axes", "name"):
        return Unknown(name, node=node)
    if frame.fields is not None and name in dict(frame.fields):
        return column(frame, name, node)
    return None


def with_attribute(frame: Array, name: str, value: Value, node: syntax.Node) -> Array | None:
    """A frame after `df.name = value`; None if that changes nothing in it."""
    if name == "columns":
        names = names_in(value)
        width = frame.shape[1] if frame.shape is not None and frame.rank == 2 else None
        if names is None or not isinstance(value, Sequence):
            return frame.derive(node, "columns", fields=None)
        if frame.fields is not None and len(frame.fields) == len(names):
            fields = tuple((new, field) for new, (_, field) in zip(names, frame.fields))
            return frame.derive(node, "columns", fields=fields)
        if width is None and frame.rank in (2, None):
            return columns(frame.derive(node, fields=None), names, node)
        return frame.derive(node, "columns", fields=None)
    known = frame.fields is None or name in dict(frame.fields)
    if frame.rank == 2 and known and name not in ("index", "name", "attrs", "flags"):
        return stored(frame, [Const(name, node=node)], value, node)
    return None
