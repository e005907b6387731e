"""`array[index]`, and what an array is after `array[index] = value`."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from kerlint import syntax
from kerlint.library import dtypes, ranges
from kerlint.library.arrays import broadcast
from kerlint.library.convert import as_array
from kerlint.library.imaging import SOURCE, TURNED
from kerlint.program.constants import NOTHING, constant
from kerlint.program.labels import Labels, Step
from kerlint.program.values import Array, Const, Dimension, Object, Sequence, Shape, Value

if TYPE_CHECKING:
    from kerlint.library.ranges import Bounds


def subscript(array: Array, index: list[Value], node: syntax.Node) -> Array:
    """`array[index]`: basic indexing keeps what is known; a mask or index array keeps all but the rows."""
    index = [_as_index(part) for part in index]
    rows = index[0]
    if isinstance(rows, Array) and len(index) == 1 and rows.dtype != "bool" and array.source == "numpy.eye":
        onehot = _onehot_rows(array, rows, node)
        if onehot is not None:
            return onehot
    kept = _is_slice(rows) or constant(rows) in (..., None)
    columns = _columns(array, index)
    low, high = (array.low, array.high) if not columns else ranges.union(list(columns))
    shape = _shape(array.shape, index)
    copied = any(isinstance(part, Array) and part.rank != 0 for part in index)
    found = array.derive(
        node,
        "rows" if copied else TURNED if _turns_colours(array, index) else "",
        shape=shape,
        low=low,
        high=high,
        tight=array.tight and (columns is not None or _is_sample(array, index)),
        order=None if shape == () else _order(array, index),
        columns=None if columns is not None and len(columns) == 1 and len(index) > 1 else columns,
        labels=array.labels if len(index) == 1 or array.rank == 1 or _adds_axes(index[1:]) else None,
        values=_values(array, index),
        fields=None,
        statistic=array.statistic if kept else None,
    )
    if kept or isinstance(constant(rows), int):
        return found
    if isinstance(rows, Array) and rows.source in ("permutation", "arange") and rows.dtype != "bool":
        return found
    return chosen(found, node)


def _turns_colours(array: Array, index: list[Value]) -> bool:
    """`image[..., ::-1]`: blue and red change places."""
    last = index[-1]
    if array.source != SOURCE or len(index) < 2 or not isinstance(last, Object) or "step" not in last.args:
        return False
    return constant(last.args["step"]) == -1 and (constant(index[0]) is ... or len(index) == array.rank)


def _is_sample(array: Array, index: list[Value]) -> bool:
    """Whether what is taken very likely reaches as far as all of it: a part of images, or of numbers in any order."""
    rows = index[0]
    if isinstance(constant(rows), int) and (array.rank or 0) <= 2:
        return False
    if array.order in ("sorted", "grouped") and not _adds_axes(index[:1]):
        return False
    return array.noise or (array.rank or 0) > 2 or _adds_axes(index[1:])


def _as_index(part: Value) -> Value:
    """Lists of numbers as arrays."""
    if isinstance(part, Sequence) and part.kind != "tuple":
        return as_array(part) or part
    return part


def chosen(array: Array, node: syntax.Node) -> Array:
    """Some of the rows, which may have been chosen by their labels: of ten classes perhaps two remain."""
    labels = array.labels
    return array.derive(node, tight=False, labels=None if labels is not None and labels.kind == "classes" else labels)


def _onehot_rows(array: Array, rows: Array, node: syntax.Node) -> Array | None:
    """`np.eye(n)[labels]`."""
    if array.shape is None or len(array.shape) != 2:
        return None
    width = array.shape[1]
    meaning = Labels("onehot", width) if array.shape[0] == width else None
    shape: Shape = None if rows.shape is None else (*rows.shape, width)
    return Array(
        shape, array.dtype, 0, 1, True, labels=meaning, source="onehot", order=rows.order, form=array.form, node=node
    )


def _is_whole(part: Value) -> bool:
    """Whether a slice keeps everything, in whatever order."""
    return isinstance(part, Object) and not {"start", "stop"} & part.args.keys()


def _adds_axes(index: list[Value]) -> bool:
    """Whether the indices only add axes of 1, or keep an axis whole."""
    return all(constant(part) in (None, ...) or _is_whole(part) for part in index)


def _order(array: Array, index: list[Value]) -> str | None:
    """Rows taken by a slice stay in their order, or are in the opposite one."""
    rows = index[0]
    if isinstance(rows, Array) and rows.source == "permutation":
        return "random"
    if not _is_slice(rows):
        return array.order if constant(rows) is ... else None
    step = constant(_arguments(rows).get("step", Const(1)))
    if isinstance(step, int) and step > 0:
        return array.order
    return array.order if array.order == "random" else "grouped" if array.order and step is not NOTHING else None


def _shape(shape: Shape, index: list[Value]) -> Shape:
    """The shape after indexing, by NumPy's rules; None where an index is not understood."""
    if shape is None:
        return None
    used = sum(_consumes(part) for part in index)
    if any(isinstance(part, Array) and part.shape is None for part in index) or used > len(shape):
        return None
    remaining = list(shape)
    sizes: list[Dimension] = []
    advanced: list[tuple[int, tuple[Dimension, ...]]] = []
    apart = False
    open_run = True
    for part in index:
        found = constant(part)
        if isinstance(part, Array) or (isinstance(found, int) and not isinstance(found, bool)):
            if advanced and not open_run:
                apart = True
            open_run = True
            rank = _consumes(part)
            del remaining[:rank]
            brought: tuple[Dimension, ...] = ()
            if isinstance(part, Array):
                brought = (None,) if part.dtype == "bool" else part.shape or ()
            advanced.append((len(sizes), brought))
            continue
        open_run = False
        if found is ...:
            kept = len(remaining) - _axes_after(index, part)
            sizes.extend(remaining[:kept])
            del remaining[:kept]
        elif found is None:
            sizes.append(1)
        elif _is_slice(part):
            sizes.append(_sliced(remaining.pop(0), part))
        else:
            return None
    return _placed([*sizes, *remaining], advanced, apart)


def _placed(sizes: list[Dimension], advanced: list[tuple[int, tuple[Dimension, ...]]], apart: bool) -> Shape:
    """Puts the axes that index arrays bring where they go: in their place, or first if they stand apart."""
    brought: Shape = ()
    for _, part in advanced:
        brought = broadcast(brought, part)
    if brought is None:
        return None
    place = 0 if apart and brought else advanced[0][0] if advanced else 0
    return (*sizes[:place], *brought, *sizes[place:])


def _consumes(part: Value) -> int:
    """How many axes of the array an index stands for."""
    found = constant(part)
    if found is None or found is ...:
        return 0
    if isinstance(part, Array) and part.dtype == "bool":
        return part.rank if part.rank is not None else 1
    return 1


def _axes_after(index: list[Value], ellipsis: Value) -> int:
    place = next(i for i, part in enumerate(index) if part is ellipsis)
    return sum(_consumes(part) for part in index[place + 1 :])


def _values(array: Array, index: list[Value]) -> Any:
    """The known numbers at constant integer positions."""
    values = array.values
    for part in index:
        found = constant(part)
        if (
            not isinstance(found, int)
            or isinstance(found, bool)
            or not isinstance(values, (list, tuple))
            or not -len(values) <= found < len(values)
        ):
            return None
        values = values[found]
    return values


def _columns(array: Array, index: list[Value]) -> tuple[tuple[float, float], ...] | None:
    """The ranges of the columns that `array[:, a:b]` keeps."""
    if array.columns is None or array.rank != 2:
        return None
    rows = index[0]
    if not (_is_slice(rows) or (isinstance(rows, Array) and rows.rank == 1) or isinstance(constant(rows), int)):
        return None
    if len(index) == 1:
        return array.columns
    if len(index) != 2:
        return None
    part = index[1]
    if isinstance(part, Object):
        bounds = [constant(part.args[name]) if name in part.args else None for name in ("start", "stop", "step")]
        if any(value is not None and not isinstance(value, int) for value in bounds) or bounds[2] == 0:
            return None
        return array.columns[slice(*bounds)] or None
    position = constant(part)
    if isinstance(position, int) and -len(array.columns) <= position < len(array.columns):
        return (array.columns[position],)
    return None


def _is_slice(part: Value) -> bool:
    return isinstance(part, Object) and part.name == "slice"


def _sliced(size: Dimension, part: Value) -> Dimension:
    assert isinstance(part, Object)
    if not part.args:
        return size
    bounds = [constant(part.args[name]) if name in part.args else None for name in ("start", "stop", "step")]
    unknown = any(value is not None and not isinstance(value, int) for value in bounds)
    if unknown and size is not None and "step" not in part.args:
        return _window(size, part.args.get("start"), part.args.get("stop"))
    if size is None or size < 0 or unknown or bounds[2] == 0:
        return None
    return len(range(*slice(*bounds).indices(size)))


def _window(size: int, start: Value | None, stop: Value | None) -> Dimension:
    """The length of `x[i : i + n]` where every `i` leaves room for it."""
    if not isinstance(start, Array) or not isinstance(stop, Array) or stop.parent is not start:
        return None
    if start.low is None or start.low < 0 or stop.high is None or stop.low is None or stop.high > size:
        return None
    return int(stop.low - start.low) if stop.low > start.low else None


def stored(array: Array, index: list[Value], value: Value, node: syntax.Node) -> Array:
    """The array after `array[index] = value`: shape and dtype stay, the range grows."""
    changed = array.overwritten(node)
    new = as_array(value, node)
    if new is None:
        return changed
    if _is_independent(new, array):
        changed.steps = (*array.steps, Step("filled", node))
    span = cast_bounds((new.low, new.high), new.dtype, array.dtype)
    everything = len(index) == 1 and (constant(index[0]) is ... or (_is_slice(index[0]) and not _arguments(index[0])))
    low, high = span if everything else ranges.union([(array.low, array.high), span])
    changed.low, changed.high = low, high
    if everything:
        changed.tight, changed.labels = new.tight, new.labels if new.rank and new.dtype == array.dtype else None
        return changed
    constant_value = new.rank == 0 and new.low is not None and new.low == new.high
    if constant_value and array.low is not None and array.low == array.high and array.rank == 1:
        changed.order = "grouped" if len(index) == 1 and _is_end(index[0]) else None
        if {array.low, new.low} == {0, 1} and array.labels is not None:
            changed.labels = Labels("binary", 2, sure=False)
            changed.tight = changed.order is not None
    return changed


def _is_independent(value: Array, array: Array) -> bool:
    """Whether a value certainly does not come from the array that it is put into."""
    if value.source in ("", "computed", "statistic", "prediction", "argmax"):
        return False
    theirs = {id(earlier) for earlier in array.history()}
    return not any(id(earlier) in theirs or earlier.statistic is not None for earlier in value.history())


def _arguments(part: Value) -> dict[str, Value]:
    return part.args if isinstance(part, Object) else {}


def _is_end(part: Value) -> bool:
    """Whether a slice takes the rows from a place on, or up to one."""
    return _is_slice(part) and len(_arguments(part)) == 1 and "step" not in _arguments(part)


def cast_bounds(bounds: Bounds, before: str | None, after: str | None) -> Bounds:
    """The bounds after a cast: towards zero, and unknown where they do not fit."""
    if after == "bool":
        return (0.0, 1.0)
    if after is None and before is not None:
        return ranges.UNKNOWN
    if dtypes.limits(after) is None:
        return bounds
    low, high = ranges.within(bounds, after)
    if dtypes.is_integer(before) or before == "bool":
        return (low, high)
    return (None if low is None else float(math.trunc(low)), None if high is None else float(math.trunc(high)))


def item(array: Array, node: syntax.Node) -> Value:
    """A single known number of an array as a constant; else the array."""
    if isinstance(array.values, (int, float)) and array.shape == ():
        return Const(array.values, node=node)
    return array
