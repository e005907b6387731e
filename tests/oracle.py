"""Compares what the interpreter says of a value with the value that the real library gives.

Only claims are compared: what is None or unknown is never wrong.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from kerlint.program.labels import Labels
from kerlint.program.values import Array, Const, Dataset, Mapping, Sequence, Unknown, Value

#: Bounds are compared as 32-bit numbers would be.
TOLERANCE = 1e-5


def disagreements(claim: Value | None, real: Any) -> Iterator[str]:
    """What is claimed and does not hold, in words."""
    match claim:
        case None | Unknown():
            return
        case Const():
            yield from _constant(claim.value, real)
        case Dataset():
            yield from _dataset(claim, real)
        case Sequence():
            yield from _sequence(claim, real)
        case Mapping():
            for key, item in claim.entries.items():
                if key in real:
                    yield from (f"[{key!r}]: {text}" for text in disagreements(item, real[key]))
                else:
                    yield f"no key {key!r}"
        case Array():
            yield from _array(claim, real)


def _constant(claim: Any, real: Any) -> Iterator[str]:
    if hasattr(real, "numpy"):
        real = real.numpy()
    if isinstance(claim, float) and math.isnan(claim):
        return
    if isinstance(claim, (int, float)) and np.ndim(real) == 0 and not isinstance(real, (str, type(None))):
        if not math.isclose(claim, float(real), rel_tol=1e-6, abs_tol=1e-9):
            yield f"is {real!r}, not {claim!r}"
    elif not isinstance(real, type) and str(claim) != str(real):
        yield f"is {real!r}, not {claim!r}"


def _sequence(claim: Sequence, real: Any) -> Iterator[str]:
    if claim.exact is None:
        return
    if hasattr(real, "as_list"):
        real = real.as_list()
    try:
        items = list(real)
    except TypeError:
        yield f"is no sequence: {type(real).__name__}"
        return
    if claim.kind == "set":
        return
    if len(items) != len(claim.exact):
        yield f"has {len(items)} items, not {len(claim.exact)}"
        return
    for index, (item, value) in enumerate(zip(claim.exact, items)):
        yield from (f"[{index}]: {text}" for text in disagreements(item, value))


def _dataset(claim: Dataset, real: Any) -> Iterator[str]:
    if claim.cardinality is not None and hasattr(real, "cardinality"):
        size = int(real.cardinality())
        if size >= 0 and size != claim.cardinality:
            yield f"has {size} elements, not {claim.cardinality}"
        if size == -1:
            yield f"has no end, not {claim.cardinality} elements"
    for index, element in zip(range(3), iter(real)):
        yield from (f"element {index}: {text}" for text in disagreements(claim.element, element))


def plain(real: Any) -> Any:
    """A real value as an array; None if it is none."""
    for name in ("to_numpy", "numpy", "toarray"):
        if hasattr(real, name):
            real = getattr(real, name)()
    if isinstance(real, np.random.Generator) or type(real).__module__.startswith("sklearn"):
        return None
    try:
        return np.asarray(real)
    except (ValueError, TypeError):
        return None


def _array(claim: Array, real: Any) -> Iterator[str]:
    found = plain(real)
    if found is None:
        yield f"is no array: {type(real).__name__}"
        return
    yield from _layout(claim, real, found)
    if found.dtype == object and all(isinstance(item, list) for item in found.ravel()):
        # Rows of different lengths.
        found = np.concatenate([np.asarray(item) for item in found.ravel()])
        yield from _range(claim, found.astype("float64"))
        return
    if found.dtype == object or found.size == 0 or found.dtype.kind not in "biuf":
        if found.dtype.kind in "USO" and claim.low is not None and _numbers(found) is None:
            yield "holds no numbers"
        return
    numbers = found.astype("float64")
    yield from _range(claim, numbers, 1e-3 if found.dtype == "float16" else TOLERANCE)
    yield from _labels(claim.labels, numbers, found)
    if claim.order in ("sorted", "grouped"):
        yield from _order(claim.order, numbers)
    if claim.values is not None and not np.allclose(np.asarray(claim.values, dtype="float64"), numbers, equal_nan=True):
        yield f"values are {found.tolist()}, not {claim.values}"


def _numbers(found: Any) -> Any:
    try:
        return found.astype("float64")
    except (ValueError, TypeError):
        return None


def _layout(claim: Array, real: Any, found: Any) -> Iterator[str]:
    if claim.shape is not None and (
        len(claim.shape) != found.ndim or any(a is not None and a != b for a, b in zip(claim.shape, found.shape))
    ):
        yield f"has the shape {found.shape}, not {claim.shape}"
    if claim.dtype is None or type(real) in (int, float, bool, list, tuple):
        return
    dtypes = {str(kind) for kind in real.dtypes} if hasattr(real, "dtypes") and found.ndim == 2 else {str(found.dtype)}
    text = claim.dtype in ("object", "string") and found.dtype.kind in "USO"
    if dtypes != {claim.dtype} and not text:
        yield f"has the dtype {', '.join(dtypes)}, not {claim.dtype}"


def _range(claim: Array, numbers: Any, tolerance: float = TOLERANCE) -> Iterator[str]:
    low, high = float(np.nanmin(numbers)), float(np.nanmax(numbers))
    slack = tolerance * max(1.0, abs(low), abs(high))
    if claim.low is not None and low < claim.low - slack:
        yield f"goes down to {low:g}, below {claim.low:g}"
    if claim.high is not None and high > claim.high + slack:
        yield f"goes up to {high:g}, above {claim.high:g}"
    if claim.tight and claim.low is not None and claim.high is not None:
        width = max(claim.high - claim.low, slack)
        if max(low - claim.low, claim.high - high) > 0.3 * width and numbers.size > 20:
            yield f"reaches only {low:g}..{high:g} of {claim.low:g}..{claim.high:g}"
    if claim.columns is not None and numbers.shape[-1:] != (len(claim.columns),):
        yield f"{len(claim.columns)} columns for the shape {numbers.shape}"
    elif claim.columns is not None:
        flat = numbers.reshape(-1, len(claim.columns))
        for index, (bottom, top) in enumerate(claim.columns):
            if flat[:, index].min() < bottom - slack or flat[:, index].max() > top + slack:
                yield f"column {index} goes from {flat[:, index].min():g} to {flat[:, index].max():g}"


def _labels(labels: Labels | None, numbers: Any, found: Any) -> Iterator[str]:
    if labels is None:
        return
    distinct = set(np.unique(numbers).tolist())
    count = labels.classes
    if labels.kind in ("onehot", "multihot"):
        if not distinct <= {0.0, 1.0}:
            yield f"holds {sorted(distinct)[:5]}, no {labels.kind} rows"
        if labels.kind == "onehot" and numbers.ndim and not np.allclose(numbers.sum(axis=-1), 1):
            yield "has rows that are not one-hot"
        if count is not None and numbers.shape[-1:] != (count,):
            yield f"has not {count} classes: {numbers.shape}"
    elif labels.kind in ("binary", "signs") and not distinct <= (
        {0.0, 1.0} if labels.kind == "binary" else {-1.0, 1.0}
    ):
        yield f"holds {sorted(distinct)[:5]}, no {labels.kind} labels"
    elif labels.kind == "classes" and any(value < 0 or not value.is_integer() for value in distinct):
        yield f"holds {sorted(distinct)[:5]}, no classes"
    elif labels.kind == "classes" and count is not None and max(distinct) >= count:
        yield f"has the class {max(distinct):g} of {count}"
    elif labels.kind == "continuous" and found.dtype == bool:
        yield "is yes or no, not continuous"


def _order(order: str, numbers: Any) -> Iterator[str]:
    rows = numbers.reshape(len(numbers), -1)
    if order == "sorted" and rows.shape[1] == 1 and (np.diff(rows[:, 0]) < 0).any():
        yield "is not sorted"
    if order == "grouped" and rows.shape[1] == 1:
        changes = int((np.diff(rows[:, 0]) != 0).sum())
        if changes + 1 != len(np.unique(rows)):
            yield "does not stand class by class"


def stated(value: Value | None) -> str:
    """What is known of a value, in the words of the case files; `?` for nothing."""
    if isinstance(value, Dataset):
        return f"{'?' if value.cardinality is None else value.cardinality} x {stated(value.element)}"
    if isinstance(value, Sequence) and value.exact is not None:
        return "[" + ", ".join(map(stated, value.exact)) + "]"
    if isinstance(value, Mapping):
        entries = ", ".join(f"{key}: {stated(item)}" for key, item in value.entries.items())
        return "{" + entries + (", *" if value.open else "") + "}"
    if isinstance(value, Const):
        return repr(value.value)
    return _of_array(value) if isinstance(value, Array) else "?"


def _of_array(array: Array) -> str:
    shape = "?" if array.shape is None else "(" + ", ".join("?" if s is None else str(s) for s in array.shape) + ")"
    words = [shape, array.dtype or "?"]
    if array.low is not None or array.high is not None:
        ends = ["?" if end is None else f"{end:g}" for end in (array.low, array.high)]
        words.append("..".join(ends))
    if array.labels is not None:
        words.append(array.labels.kind + (f" {array.labels.classes}" if array.labels.classes else ""))
    if array.order is not None and array.order != "random":
        words.append(array.order)
    return " ".join(words)
