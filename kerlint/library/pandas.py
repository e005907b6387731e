"""pandas: functions that make frames and series."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kerlint import syntax
from kerlint.library import downloads, dtypes, frame_methods, frames, ranges, resampling
from kerlint.library.convert import Call, Function, Handler, arrays_in, as_array, dtype_name, handlers, is_none
from kerlint.program.constants import constant, text, truth
from kerlint.program.labels import Distinct, Labels
from kerlint.program.values import (
    Array,
    Dimension,
    Mapping,
    Sequence,
    Unknown,
    Value,
    tuple_of,
)

if TYPE_CHECKING:
    pass


def _read(call: Call) -> Value:
    """`read_csv` and its kin: rows, and columns as far as they are named."""
    names, used = call.given("names"), call.given("usecols")
    made = Array((None, None), source=call.name, form="frame", node=call.node)
    if (
        truth(call.value("squeeze")) is True
        or call.given("chunksize") is not None
        or call.given("iterator") is not None
    ):
        return Unknown(call.name, node=call.node)
    if names is None and (
        call.name == "pandas.read_csv"
        or (call.name == "pandas.read_table" and text(call.given("sep") or call.given("delimiter")) == ",")
    ):
        public = _public(call, made)
        if public is not None:
            return _with_values(call, public)
    if not is_none(call.value("index_col")) and truth(call.value("index_col")) is not False:
        return made
    known = frames.names_in(names) if names is not None else None
    if known is not None and used is None:
        return _with_values(call, frames.columns(made, known, call.node))
    count = len(used.items) if isinstance(used, Sequence) and used.exact is not None else None
    made.shape = (None, count)
    return made


def _with_values(call: Call, frame: Array) -> Array:
    """A frame that knows which values its columns have, if it is of a public table."""
    known = downloads.values_of(call)
    named = call.given("names") is not None
    for place, (name, field) in enumerate(frame.fields or ()):
        field.distinct = known.get(place if named else name)
    return frame


def _public(call: Call, made: Array) -> Array | None:
    """A table that is known by its address; None if it is not."""
    found = downloads.columns_of(call)
    if found is None:
        return None
    count = found if isinstance(found, int) else len(found)
    names = downloads.picked(call, list(range(count)) if isinstance(found, int) else found)
    if names is None:
        return None
    if isinstance(found, int):
        made.shape = (None, len(names))
        return made
    return frames.columns(made, names, call.node)


def _frame(call: Call) -> Value:
    """`DataFrame(data, index, columns)`."""
    data, names = call.value("data", 0), call.value("columns", 2)
    wanted = frames.names_in(names) if isinstance(names, Sequence) else None
    if isinstance(data, Mapping):
        if data.open or names is not None:
            return Array((None, None), source=call.name, form="frame", node=call.node)
        return _of_columns(data, call.node)
    known = as_array(data, call.node)
    if known is None or known.rank is None or (known.form == "frame" and names is not None):
        return Array((None, None), source=call.name, form="frame", node=call.node)
    if known.form == "frame":
        return known.derive(call.node)
    width = known.shape[1] if known.shape is not None and len(known.shape) == 2 else None
    shape = known.shape if known.shape is None or len(known.shape) != 1 else (known.rows, 1)
    if known.rank == 1:
        width = 1
    made = known.derive(call.node, shape=shape, form="frame", source=known.source or call.name, fields=None)
    keys = wanted if names is not None else list(range(width)) if width is not None else None
    if keys is not None and width is not None and len(keys) == width:
        made.fields = frames.fields_of(made, keys, call.node)
    return made


def _of_columns(data: Mapping, node: syntax.Node) -> Array:
    """A frame from columns by name."""
    parts = {key: as_array(value, node) for key, value in data.entries.items()}
    rows = {part.rows for part in parts.values() if part is not None and part.rank == 1} - {None}
    count = rows.pop() if len(rows) == 1 else None
    fields = []
    for name, part in parts.items():
        if part is None:
            part = Array(source="pandas.DataFrame", node=node)
        changes: dict[str, Any] = {"shape": (count,), "form": "frame", "columns": None, "fields": None}
        fields.append((name, part.derive(node, **changes)))
    return frames.frame_of(tuple(fields), count, node)


def _series(call: Call) -> Value:
    array = as_array(call.value("data", 0), call.node)
    if array is None or array.rank != 1:
        return Array((None,), source=call.name, form="frame", node=call.node)
    dtype = dtype_name(call.value("dtype", 2)) if not is_none(call.value("dtype", 2)) else array.dtype
    return array.derive(call.node, dtype=dtype, form="frame")


def _dummies(call: Call) -> Value:
    """`get_dummies`: a series becomes one-hot rows, a frame gets more columns."""
    data = as_array(call.value("data", 0), call.node)
    rows = data.rows if data is not None else None
    if data is not None and data.distinct is not None and data.rank == 1:
        return _one_hot(call, data, [""], data.distinct) or Array((rows, None), form="frame", node=call.node)
    if data is not None and data.rank == 2 and data.fields is not None and call.given("columns") is not None:
        spread = _spread(call, data)
        if spread is not None:
            return spread
    if data is None or data.rank != 1:
        return Array((rows, None), source="dummies", form="frame", node=call.node)
    plain = truth(call.value("drop_first", 7)) is not True
    distinct = data.labels.classes if data.labels is not None and data.tight and data.labels.sure else None
    width = distinct if plain and is_none(call.value("dummy_na", 3)) else None
    return Array(
        (rows, width),
        dtype_name(call.value("dtype", 8)),
        0,
        1,
        tight=True,
        labels=Labels("onehot", width) if plain else None,
        source="onehot",
        order=data.order,
        form="frame",
        node=call.node,
    )


def _spread(call: Call, data: Array) -> Array | None:
    """Some columns of a frame as one-hot rows behind the others; None if their values are not known."""
    wanted = frames.names_in(call.given("columns"))
    fields = dict(data.fields or ())
    if wanted is None or not frames.are_distinct(data.fields or ()) or not set(wanted) <= fields.keys():
        return None
    made = [(name, field) for name, field in fields.items() if name not in wanted]
    prefix, separator = call.given("prefix"), text(call.value("prefix_sep")) if "prefix_sep" in call.args else "_"
    for name in wanted:
        start = name if prefix is None else text(prefix)
        known = fields[name].distinct
        if known is None or not isinstance(start, str) or separator is None:
            return None
        rows = _one_hot(call, fields[name], [start, separator], known)
        if rows is None or rows.fields is None:
            return None
        made += rows.fields
    return frames.frame_of(tuple(made), data.rows, call.node, data)


def _one_hot(call: Call, column: Array, start: list[str], known: Distinct) -> Array | None:
    """A column for each value of one; None if that is not all."""
    if not is_none(call.value("dummy_na", 3)) and truth(call.value("dummy_na", 3)) is not False:
        return None
    dropped = call.value("drop_first", 7)
    if known.values is None or (dropped is not None and truth(dropped) is None):
        return None
    values = known.values[1:] if truth(dropped) is True else known.values
    dtype = dtype_name(call.value("dtype", 8)) or "bool"
    plain = [Array((column.rows,), dtype, 0, 1, tight=True, source="onehot", form="frame") for _ in values]
    names = [f"{''.join(start)}{value}" if start != [""] else value for value in values]
    made = frames.frame_of(tuple(zip(names, plain)), column.rows, call.node)
    made.labels = Labels("onehot", len(values)) if truth(dropped) is not True else None
    made.source = "onehot"
    return made


def _concatenated(call: Call) -> Value:
    """`concat(frames, axis)`."""
    parts = arrays_in(call.value("objs", 0), call.node)
    return Array(form="frame", node=call.node) if parts is None else resampling.kept(parts, _joined(call, parts))


def _joined(call: Call, parts: list[Array]) -> Array:
    axis = call.value("axis", 1)
    if axis is None or constant(axis) in (0, "index"):
        sizes = [part.rows for part in parts]
        rows = None if None in sizes else sum(size for size in sizes if size is not None)
        if all(part.rank == 1 for part in parts):
            low, high = ranges.union([(part.low, part.high) for part in parts])
            dtype = dtypes.promote_all([part.dtype for part in parts])
            return Array((rows,), dtype, low, high, source=parts[0].source, form="frame", node=call.node)
        if call.given("keys") is not None:
            # They become one more level of the index.
            return Array((rows, None), source=parts[0].source, form="frame", node=call.node)
        names = [[name for name, _ in part.fields] if part.fields is not None else None for part in parts]
        if names[0] is not None and all(found == names[0] for found in names):
            return _stacked(parts, rows, call.node)
        return Array((rows, None), source=parts[0].source, form="frame", node=call.node)
    if constant(axis) not in (1, "columns"):
        return Array(form="frame", node=call.node)
    widths = [1 if part.rank == 1 else part.shape[1] if part.shape and part.rank == 2 else None for part in parts]
    width = None if None in widths else sum(size for size in widths if size is not None)
    return Array((None, width), source=parts[0].source, form="frame", node=call.node)


def _stacked(parts: list[Array], rows: Dimension, node: syntax.Node) -> Array:
    """Frames with the same columns one below the other."""
    fields = []
    for index, (name, _) in enumerate(parts[0].fields or ()):
        columns = [part.fields[index][1] for part in parts if part.fields is not None]
        low, high = ranges.union([(part.low, part.high) for part in columns])
        dtype = dtypes.promote_all([part.dtype for part in columns])
        fields.append((name, Array((rows,), dtype, low, high, source=columns[0].source, form="frame", node=node)))
    return frames.frame_of(tuple(fields), rows, node)


def _parsed(call: Call) -> Value:
    """`to_datetime`, `to_numeric`: other values in the same places."""
    data = as_array(call.value("arg", 0), call.node)
    if data is None:
        return Unknown(call.name, node=call.node)
    return Array(data.shape, source=data.source, form=data.form, node=call.node)


def _factorized(call: Call) -> Value:
    """`factorize(x)`: numbers for the values, and the values."""
    data = as_array(call.value("values", 0), call.node)
    codes = Array((data.rows if data is not None else None,), "int64", source="factorize", node=call.node)
    return tuple_of(codes, Unknown("uniques", node=call.node), node=call.node)


def _yes_for(call: Call) -> Value:
    data = as_array(call.value("obj", 0), call.node)
    return frame_methods.yes_or_no(data, call.node) if data is not None else Unknown("isnull", node=call.node)


def _text(call: Call) -> Value:
    """`numpy.loadtxt` and `genfromtxt`: with a delimiter rows and columns of numbers; else that is not known."""
    others = {"usecols", "unpack", "names", "ndmin", "dtype", "converters"} & call.args.keys()
    shape = (None, None) if call.given("delimiter") is not None and not others else None
    return Array(shape, "float64" if shape else None, source=call.name, node=call.node)


_READERS = (
    "read_csv",
    "read_excel",
    "read_table",
    "read_parquet",
    "read_json",
    "read_pickle",
    "read_feather",
    "read_sql",
)
_FUNCTIONS: dict[str, Function] = {
    **dict.fromkeys(_READERS, _read),
    "DataFrame": _frame,
    "Series": _series,
    "get_dummies": _dummies,
    "concat": _concatenated,
    "to_datetime": _parsed,
    "to_numeric": _parsed,
    "factorize": _factorized,
    "isnull": _yes_for,
    "isna": _yes_for,
}

FUNCTIONS: dict[str, Handler] = {
    **handlers("pandas", _FUNCTIONS),
    **handlers("numpy", {"loadtxt": _text, "genfromtxt": _text}),
}
