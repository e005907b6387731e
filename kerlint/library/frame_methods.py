"""pandas: the methods of frames and series, and what in-place changes make of them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from kerlint import syntax
from kerlint.library import elementwise, frames, numerics, ranges, reductions, resampling
from kerlint.library.convert import as_array, dtype_name
from kerlint.library.literals import class_labels
from kerlint.program.alternatives import options
from kerlint.program.constants import NOTHING, constant, integer, number, truth
from kerlint.program.labels import Distinct, Step
from kerlint.program.scope import Loop
from kerlint.program.values import Arguments, Array, Const, Dimension, Function, Mapping, Unknown, Value

if TYPE_CHECKING:
    from kerlint.program.interpreter.machine import Machine


class Given:
    """The arguments of a method by name, in the order of its parameters."""

    def __init__(self, arguments: Arguments, names: str) -> None:
        self._arguments = arguments
        self._names = names.split()

    def get(self, name: str) -> Value | None:
        """An argument, None if it is not given or is None."""
        place = self._names.index(name) if name in self._names else None
        found = self._arguments.get(place, name)
        return None if isinstance(found, Const) and found.value is None else found


#: A step that gives a frame an index of several levels, or may.
_LEVELS = "set_index"
Method = Callable[[Array, Given, syntax.Node], Value]


def frame_method(machine: Machine, frame: Array, name: str, arguments: Arguments, node: syntax.Node) -> Value:
    """`df.drop(...)`, `series.map(...)` ...; with `inplace=True` every name for the frame gets the changed one."""
    if arguments.open:
        return Unknown(name, node=node)
    if name == "astype":
        return _cast(machine, frame, arguments, node)
    if name in ("pop", "insert"):
        return _changed(machine, frame, name, arguments, node)
    if name in _REDUCTIONS:
        return _reduced(frame, name, Given(arguments, "axis"), node)
    if name in ("to_numpy", "as_matrix"):
        return frames.values(frame, node)
    if name in ("tolist", "to_list"):
        return frames.values(frame, node, "tolist")
    if name == "keys":
        return frames.attribute(frame, "index" if frame.rank == 1 else "columns", node) or Unknown(name, node=node)
    if name in ("items", "iteritems"):
        return frames.items(frame, node)
    if name in ("map", "apply", "transform") and frame.rank == 1:
        return _mapped(machine, frame, arguments.get(0, "arg") or arguments.get(0, "func"), node)
    known = _METHODS.get(name)
    result: Value = Unknown(name, node=node)
    if known is not None:
        names, method = known
        result = method(frame, Given(arguments, names), node)
    inplace = arguments.get(None, "inplace")
    if inplace is None or truth(inplace) is False:
        return result
    if frame.rank == 1:
        frames.forget_values(frame)
    changed = result if isinstance(result, Array) and truth(inplace) else Array(form="frame", node=node)
    machine.rebind(frame, changed)
    return Const(None, node=node)


def _reduced(frame: Array, name: str, given: Given, node: syntax.Node) -> Value:
    made = reductions.statistic(_REDUCTIONS[name], frame, given.get("axis"), node)
    numeric = given.get("numeric_only")
    if isinstance(made, Array) and made.rank == 1 and numeric is not None and truth(numeric) is not False:
        # Columns of text are left out.
        made.shape = (None,)
    return made


def _cast(machine: Machine, frame: Array, arguments: Arguments, node: syntax.Node) -> Value:
    dtype = dtype_name(arguments.get(0, "dtype"))
    made = numerics.cast(machine, frame, dtype, node)
    if dtype is not None and frame.fields is not None:
        fields = tuple((name, elementwise.cast(field, dtype, node, "")) for name, field in frame.fields)
        made.fields = fields
    return made


def _mapped(machine: Machine, series: Array, function: Value | None, node: syntax.Node) -> Value:
    """`series.map(function)` and `series.map({old: new})`: as many values as before."""
    from kerlint.program.interpreter.calls import call

    made = Array(series.shape, source=series.source, steps=series.steps, form="frame", node=node)
    results: list[Value] = []
    if isinstance(function, Mapping) and not function.open:
        results = list(function.entries.values())
        made.distinct = _renamed(series.distinct, function)
        made.parent = series if made.distinct is not None else None
    elif isinstance(function, Function):
        item = series.derive(node, shape=(), order=None, values=None, fields=None, form="")
        with machine.inside(Loop(node, None, False)):
            results = list(options(call(machine, function, Arguments([(item, node)]), node)))
    found = [as_array(result, node) for result in results]
    known = [array for array in found if array is not None and array.rank == 0]
    if not found or len(known) < len(found):
        return made
    made.low, made.high = ranges.union([(array.low, array.high) for array in known])
    constants = [constant(result) for result in results]
    if all(isinstance(value, int) for value in constants):
        # What is not in the dict becomes NaN, and the others floats.
        made.tight, made.labels = True, class_labels(constants)
    elif isinstance(function, Function):
        made.dtype = known[0].dtype if len(known) == 1 else None
    return made


def _renamed(known: Distinct | None, names: Mapping) -> Distinct | None:
    """The values after each has been looked up; None if one of them is not there."""
    values = known.values if known is not None else None
    new = [constant(names.entries.get(value)) for value in values or ()]
    plain = bool(new) and all(type(name) in (str, int) for name in new)
    if known is None or not plain or len({type(name) for name in new}) != 1:
        return None
    return Distinct(tuple(sorted(set(new))), known.rarest, known.gaps)


def _changed(machine: Machine, frame: Array, name: str, arguments: Arguments, node: syntax.Node) -> Value:
    """`df.pop(column)` and `df.insert(place, column, value)`."""
    if name == "insert":
        key = constant(arguments.get(1, "column"))
        changed = frames.unknown_frame(frame, frame.rows, None, node)
        width = frame.shape[1] if frame.shape is not None and frame.rank == 2 else None
        if width is not None and key is not NOTHING:
            changed = frames.unknown_frame(frame, frame.rows, width + 1, node)
        machine.rebind(frame, changed)
        return Const(None, node=node)
    key = constant(arguments.get(0, "item"))
    if frame.rank == 1:
        return Unknown(name, node=node)
    machine.rebind(frame, frames.without(frame, [key], node))
    return frames.column(frame, key, node)


def _same(step: str) -> Method:
    """Everything stays: `copy`, `sort_index`."""
    return lambda frame, given, node: frame.derive(node, step, distinct=frame.distinct)


def _converted(frame: Array, given: Given, node: syntax.Node) -> Value:
    """`convert_dtypes`: the same values under other dtypes."""
    fields = frame.fields
    if fields is not None:
        fields = tuple((name, field.derive(node, distinct=_untyped(field.distinct))) for name, field in fields)
    return frame.derive(node, "convert_dtypes", distinct=_untyped(frame.distinct), fields=fields)


def _untyped(known: Distinct | None) -> Distinct | None:
    return Distinct(known.values, known.rarest, known.gaps) if known is not None else None


def _sort_index(frame: Array, given: Given, node: syntax.Node) -> Value:
    """`sort_index`: the rows in another order, or the columns."""
    if given.get("axis") is not None and constant(given.get("axis")) not in (0, "index"):
        return _forget("sort_index")(frame, given, node)
    return frame.derive(node, "sort_index")


def _forget(step: str) -> Method:
    """The shape stays, the values do not: `map`, `replace`, `shift`."""

    def method(frame: Array, given: Given, node: syntax.Node) -> Value:
        if frame.rank == 2 or frame.rank is None:
            width = frame.shape[1] if frame.shape is not None else None
            made = frames.unknown_frame(frame, frame.rows, width, node, step)
            made.shape = frame.shape
            return made
        return Array(frame.shape, steps=frame.steps, source=frame.source, form="frame", node=node)

    return method


def _fewer(step: str) -> Method:
    """Some of the rows: `drop_duplicates`, `query`, `nlargest`."""
    return lambda frame, given, node: frames.with_rows(frame, None, node, step, tight=False)


def _filter(frame: Array, given: Given, node: syntax.Node) -> Value:
    """`df.filter(items, like, regex)`: columns or rows whose labels fit."""
    return frames.unknown_frame(frame, None, None, node) if frame.rank == 2 else frames.with_rows(frame, None, node)


def _drop(frame: Array, given: Given, node: syntax.Node) -> Value:
    """`df.drop(labels, axis=1)`, `df.drop(columns=...)`, `df.drop(index=...)`."""
    names = given.get("columns")
    if names is None and constant(given.get("axis")) in (1, "columns"):
        names = given.get("labels")
    if names is not None:
        known = frames.names_in(names)
        if known is None or given.get("errors") is not None:
            return frames.unknown_frame(frame, frame.rows, None, node, "drop")
        return frames.without(frame, known, node)
    if given.get("axis") is not None and constant(given.get("axis")) not in (0, "index"):
        return Array(source=frame.source, form="frame", node=node)
    return frames.with_rows(frame, None, node, "drop", tight=False)


def _some_columns(frame: Array, given: Given, node: syntax.Node) -> Value:
    """`select_dtypes`: the rows stay, and nobody knows which columns do."""
    return frames.unknown_frame(frame, frame.rows, None, node, "select_dtypes")


def _dropna(frame: Array, given: Given, node: syntax.Node) -> Value:
    if given.get("axis") is not None and constant(given.get("axis")) not in (0, "index"):
        return frames.unknown_frame(frame, frame.rows, None, node, "dropna")
    # Columns that the program has made may lack what it likes.
    fields = frame.fields or ()
    as_read = bool(fields) and all(field.source == frame.source and not field.steps for _, field in fields)
    return frames.with_rows(frame, None, node, "dropna", keeps=lambda one: as_read and one.rarest > one.gaps)


def _fillna(frame: Array, given: Given, node: syntax.Node) -> Value:
    value = given.get("value")
    fill = number(value)
    if value is None or fill is None:
        return frame.derive(node, "fillna", low=None, high=None, columns=None, fields=_blank(frame), tight=False)
    low, high = ranges.union([(frame.low, frame.high), (fill, fill)])
    return frame.derive(node, "fillna", low=low, high=high, columns=None, fields=_blank(frame))


def _blank(frame: Array) -> frames.Fields | None:
    """The columns by name, with nothing known of them."""
    if frame.fields is None:
        return None
    return tuple(
        (name, Array(field.shape, source=field.source, form="frame", node=field.node)) for name, field in frame.fields
    )


def _reset(frame: Array, given: Given, node: syntax.Node) -> Value:
    """`reset_index` adds the old index as a column unless it is dropped."""
    dropped = given.get("drop")
    if dropped is not None and truth(dropped) is True:
        return frame.derive(node, "reset_index")
    width = frame.shape[1] if frame.shape is not None and frame.rank == 2 else None
    if given.get("level") is not None or any(step.name == _LEVELS for step in frame.steps):
        width = None
    return frames.unknown_frame(frame, frame.rows, None if width is None else width + 1, node)


def _set_index(frame: Array, given: Given, node: syntax.Node) -> Value:
    names = frames.names_in(given.get("keys"))
    kept = given.get("drop")
    if names is None or (kept is not None and truth(kept) is not True):
        return frames.unknown_frame(frame, frame.rows, None, node, _LEVELS)
    made = frames.without(frame, names, node)
    if len(names) != 1 or given.get("append") is not None:
        made.steps = (*made.steps, Step(_LEVELS, node))
    return made


def _head(frame: Array, given: Given, node: syntax.Node) -> Value:
    count = 5 if given.get("n") is None else integer(given.get("n"))
    rows = None if count is None or frame.rows is None or count < 0 else min(count, frame.rows)
    return frames.with_rows(frame, rows, node, "head", tight=False)


def _sample(frame: Array, given: Given, node: syntax.Node) -> Value:
    count, share = given.get("n"), number(given.get("frac"))
    rows: Dimension = 1
    if count is not None:
        rows = integer(count)
    elif given.get("frac") is not None:
        if share is not None and not math.isfinite(share):
            share = None
        rows = None if share is None or frame.rows is None else round(frame.rows * share)
    if given.get("axis") is not None and constant(given.get("axis")) not in (0, "index"):
        return frames.unknown_frame(frame, frame.rows, None, node, "sample")
    most = given.get("n") is None and share is not None and share >= _MOST
    twice = truth(given.get("replace")) is True or (share is not None and share > 1)
    keeps = lambda one: most and not twice and (share == 1 or one.rarest >= _MANY)  # noqa: E731
    made = frames.with_rows(frame, rows, node, "sample", keeps=keeps, order="random")
    return resampling.again(made, node) if twice else made


def _sort(frame: Array, given: Given, node: syntax.Node) -> Value:
    """A frame is sorted by some of its columns: the others may stand in any order."""
    order = None
    if frame.rank == 1:
        order = "sorted" if given.get("ascending") is None or truth(given.get("ascending")) is True else "grouped"
    fields = frame.fields
    if fields is not None:
        fields = tuple((name, field.derive(node, order=None, values=None)) for name, field in fields)
    return frame.derive(node, "sort_values", order=order, values=None, fields=fields)


def _rename(frame: Array, given: Given, node: syntax.Node) -> Value:
    names = given.get("columns")
    fields = None
    if frame.fields is not None and isinstance(names, Mapping) and not names.open:
        new = {key: constant(value) for key, value in names.entries.items()}
        fields = tuple((new.get(name, name), field) for name, field in frame.fields)
        if any(name is NOTHING for name, _ in fields):
            fields = None
    return frame.derive(node, "rename", fields=fields)


def yes_or_no(frame: Array, node: syntax.Node) -> Array:
    """A frame of booleans."""
    return Array(frame.shape, "bool", 0.0, 1.0, source=frame.source, form="frame", node=node)


def _yes(frame: Array, given: Given, node: syntax.Node) -> Value:
    """`isnull`, `isin`, `between`: yes or no for each value."""
    return yes_or_no(frame, node)


def _unique(frame: Array, given: Given, node: syntax.Node) -> Value:
    # What is missing is one more value.
    values = frame.distinct.all_values if frame.distinct is not None else None
    count = None if values is None else len(values)
    return Array((count,), frame.dtype, frame.low, frame.high, source=frame.source, node=node)


def _counts(frame: Array, given: Given, node: syntax.Node) -> Value:
    return Array((None,), source="counts", form="frame", node=node)


def _applied(frame: Array, given: Given, node: syntax.Node) -> Value:
    """`apply(function)`: a series stays as long as it is, a frame may become anything."""
    return _forget("apply")(frame, given, node) if frame.rank == 1 else Array(form="frame", node=node)


def _matrix(frame: Array, given: Given, node: syntax.Node) -> Value:
    """`corr()`: between all numeric columns."""
    return Array((None, None), "float64", source="computed", form="frame", node=node)


def _merged(frame: Array, given: Given, node: syntax.Node) -> Value:
    return Array((None, None) if frame.rank == 2 else None, source=frame.source, form="frame", node=node)


def _clipped(frame: Array, given: Given, node: syntax.Node) -> Value:
    low, high = given.get("lower"), given.get("upper")
    bounds = (number(low) if low is not None else frame.low, number(high) if high is not None else frame.high)
    return frame.derive(
        node, "clip", low=bounds[0], high=bounds[1], columns=None, values=None, fields=None, tight=False
    )


def _absolute(frame: Array, given: Given, node: syntax.Node) -> Value:
    span = (frame.low, frame.high)
    bounds = {"low": ranges.smallest(span) or 0.0, "high": ranges.largest(span)}
    return frame.derive(node, "abs", **bounds, columns=None, values=None, fields=None, tight=False, order=None)


def _rounded(frame: Array, given: Given, node: syntax.Node) -> Value:
    return frame.derive(node, "round", low=None, high=None, columns=None, values=None, fields=None, tight=False)


#: In a random half of the rows there is one of so many with something in common, but for once in a thousand million.
_MOST, _MANY = 0.5, 30
_REDUCTIONS = {
    "mean": "mean",
    "std": "std",
    "min": "min",
    "max": "max",
    "sum": "sum",
    "var": "var",
    "median": "median",
    "any": "any",
    "all": "all",
    "count": "count",
}
_METHODS: dict[str, tuple[str, Method]] = {
    **{name: ("", _same(name)) for name in ("copy", "infer_objects")},
    "convert_dtypes": ("", _converted),
    "sort_index": ("axis", _sort_index),
    **{
        name: ("", _forget(name)) for name in ("map", "replace", "applymap", "transform", "where", "mask", "pct_change")
    },
    **{name: ("", _forget(name)) for name in ("shift", "diff", "ffill", "bfill", "interpolate", "cumsum", "rank")},
    **{name: ("", _fewer(name)) for name in ("drop_duplicates", "query", "nlargest", "nsmallest")},
    **dict.fromkeys(("isnull", "isna", "notnull", "notna", "isin", "between", "duplicated"), ("", _yes)),
    **dict.fromkeys(("merge", "join", "append"), ("", _merged)),
    "filter": ("items like regex axis", _filter),
    "drop": ("labels axis index columns level inplace errors", _drop),
    "dropna": ("axis", _dropna),
    "select_dtypes": ("include exclude", _some_columns),
    "fillna": ("value", _fillna),
    "reset_index": ("level drop", _reset),
    "set_index": ("keys drop append", _set_index),
    "head": ("n", _head),
    "tail": ("n", _head),
    "sample": ("n frac replace weights random_state axis", _sample),
    "sort_values": ("by axis ascending", _sort),
    "rename": ("mapper index columns", _rename),
    "unique": ("", _unique),
    "value_counts": ("", _counts),
    "apply": ("func", _applied),
    "corr": ("", _matrix),
    "cov": ("", _matrix),
    "clip": ("lower upper", _clipped),
    "abs": ("", _absolute),
    "round": ("decimals", _rounded),
}
#: Methods of which nothing is known; no columns either.
_OTHER_METHODS = frozenset(
    """reshape flatten ravel squeeze transpose item repeat describe info groupby nunique get assign plot hist boxplot
    iterrows itertuples melt pivot pivot_table rolling ewm expanding resample to_csv to_json to_dict to_excel items
    keys agg aggregate pipe stack unstack explode add sub mul div dot equals idxmax idxmin mode skew
    quantile nunique to_frame argmax argmin view searchsorted first last at_time truncate tz_localize update pop
    insert to_pickle to_sql to_string memory_usage astype to_numpy as_matrix tolist to_list std
    eval set_axis rename_axis""".split()
)


def attribute(frame: Array, name: str, node: syntax.Node) -> Value | None:
    """An attribute of a frame; a name that is no method is a column."""
    found = frames.attribute(frame, name, node)
    if found is not None or name in _METHODS or name in _REDUCTIONS or name in _OTHER_METHODS:
        return found
    return frames.column(frame, name, node) if frame.rank != 1 else Unknown(name, node=node)
