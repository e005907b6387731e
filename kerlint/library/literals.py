"""Arrays from nested lists: the numbers where all are known, else what the items have in common."""

from __future__ import annotations

import math
from typing import Any

from kerlint import syntax
from kerlint.library.dtypes import promote_all
from kerlint.program.alternatives import options
from kerlint.program.constants import NOTHING, constant
from kerlint.program.interpreter.runs import stand_together
from kerlint.program.labels import Labels
from kerlint.program.values import Array, Const, Gap, Sequence, Shape, Unknown, Value

#: Literal arrays with more numbers than this keep their range, not their values.
MAX_VALUES = 4096


def from_literal(value: Value, node: syntax.Node | None, dtype: str | None = None) -> Array:
    """An array from nested lists, a number or another array."""
    if isinstance(value, Array):
        return value.derive(node, dtype=dtype or value.dtype)
    numbers = _nested(value)
    if numbers is None:
        made = _stacked(value, node, dtype)
        if made is None:
            shape = _partial_shape(value)
            made = Array(shape, dtype, source="literal" if shape else "", node=node)
        if isinstance(value, Sequence) and stand_together(value):
            made.order = "grouped"
        return made
    return literal(numbers, node, dtype)


def literal(numbers: Any, node: syntax.Node | None, dtype: str | None = None) -> Array:
    """An array that holds exactly these nested numbers."""
    shape = _shape_of(numbers)
    flat = _flatten(numbers)
    if shape is None or not flat or not all(isinstance(item, (int, float)) for item in flat):
        return Array(shape, "object" if flat and shape else dtype, source="literal", node=node)
    kind = dtype or _dtype_of(flat)
    columns = None
    if len(shape) == 2 and shape[1] and len(flat) == math.prod(size for size in shape if size is not None):
        columns = tuple((float(min(flat[i :: shape[1]])), float(max(flat[i :: shape[1]]))) for i in range(shape[1]))
    return Array(
        shape,
        kind,
        float(min(flat)),
        float(max(flat)),
        tight=True,
        columns=columns,
        labels=labels_of(flat, shape),
        source="literal",
        order=order_of(flat) if len(shape) == 1 or shape[1:] == (1,) else None,
        values=numbers if len(flat) <= MAX_VALUES else None,
        node=node,
    )


def _dtype_of(flat: list[Any]) -> str:
    """The dtype that NumPy chooses for these numbers."""
    if all(isinstance(item, bool) for item in flat):
        return "bool"
    return "int64" if all(isinstance(item, int) for item in flat) else "float64"


def labels_of(flat: list[Any], shape: Shape) -> Labels | None:
    """What known numbers look like as labels; never sure, except for one-hot rows."""
    if not shape or not flat:
        return None
    distinct = set(flat)
    width = shape[-1]
    if len(shape) >= 2 and width is not None and width > 1 and distinct <= {0, 1}:
        rows = [flat[i : i + width] for i in range(0, len(flat), width)]
        if all(sum(row) == 1 for row in rows):
            return Labels("onehot", width)
        return Labels("multihot", width, sure=False)
    if len(shape) == 2 and width is not None and width > 1:
        return None
    if distinct <= {0, 1}:
        return Labels("binary", 2, sure=False)
    if distinct <= {-1, 1}:
        return Labels("signs", 2, sure=False)
    if not all(float(item).is_integer() for item in distinct):
        return Labels("continuous")
    return None


def class_labels(numbers: list[int]) -> Labels | None:
    """What whole numbers that stand for something look like as labels."""
    distinct = set(numbers)
    if distinct == {0, 1}:
        return Labels("binary", 2, sure=False)
    if distinct == {-1, 1}:
        return Labels("signs", 2, sure=False)
    if len(distinct) > 2 and distinct == set(range(len(distinct))):
        return Labels("classes", len(distinct), sure=False)
    return None


def order_of(flat: list[Any]) -> str | None:
    """`sorted` for numbers that only rise (and repeat), as labels written class by class do."""
    if len(flat) >= 4 and len(set(flat)) > 1 and all(a <= b for a, b in zip(flat, flat[1:])):
        return "sorted"
    return None


def nested(values: Any, shape: tuple[int | None, ...]) -> Any:
    """Known numbers in another shape; None if it does not hold them."""
    flat = _flatten(values)
    if None in shape or math.prod(size for size in shape if size is not None) != len(flat) or 0 in shape:
        return None
    for size in reversed([size for size in shape if size is not None][1:]):
        flat = [flat[i : i + size] for i in range(0, len(flat), size)]
    return flat if shape else flat[0]


def distinct(value: Value | None) -> int | None:
    """How many different numbers or strings a list or an array of known values holds."""
    found: list[Any] | None = None
    if isinstance(value, Array) and value.values is not None:
        found = _flatten(value.values)
    elif isinstance(value, Sequence) and value.exact:
        found = [constant(item) for item in value.exact]
    if found is None or not all(isinstance(item, (int, float, str)) for item in found):
        return None
    return len(set(found))


def _nested(value: Value) -> Any:
    """Nested numbers of a literal; None if something in it is not constant."""
    found = constant(value)
    if found is not NOTHING:
        return found
    if isinstance(value, Array) and value.values is not None:
        return value.values if value.dtype == _dtype_of(_flatten(value.values)) else None
    if isinstance(value, Sequence) and value.exact is not None and value.exact:
        items = [_nested(item) for item in value.exact]
        return None if any(item is None for item in items) else items
    return None


def _stacked(value: Value, node: syntax.Node | None, dtype: str | None) -> Array | None:
    """An array of items that are alike, such as a list that a loop fills with images; None if they are not."""
    if not isinstance(value, Sequence) or not value.items:
        return None
    parts = [item.element if isinstance(item, Gap) else item for item in value.items]
    each = [option for part in parts for option in (options(part) or (Unknown(),))]
    found = [from_literal(part, node) for part in each if isinstance(part, (Array, Sequence)) or _is_number(part)]
    first = found[0] if found else None
    if first is None or len(found) < len(each) or any(part.shape != first.shape for part in found):
        return None
    lows, highs = [part.low for part in found], [part.high for part in found]
    rows = len(value.items) if value.exact is not None else None
    return Array(
        None if first.shape is None else (rows, *first.shape),
        dtype or promote_all([part.dtype for part in found]),
        None if None in lows else min(low for low in lows if low is not None),
        None if None in highs else max(high for high in highs if high is not None),
        tight=all(part.tight for part in found),
        labels=_labels_of_items(found),
        source=first.source,
        noise=all(part.noise for part in found),
        steps=first.steps,
        # A list that is filled with the rows of one array comes from it.
        parent=first if isinstance(each[0], Array) and all(part.origin is first.origin for part in found) else None,
        node=node,
    )


def _is_number(value: Value) -> bool:
    return isinstance(value, Const) and isinstance(value.value, (int, float))


def _labels_of_items(items: list[Array]) -> Labels | None:
    """What rows that are known one by one look like as labels."""
    if items[0].rank == 0:
        numbers = [item.values for item in items]
        return class_labels(numbers) if all(type(number) is int for number in numbers) else None
    kinds = {item.labels for item in items}
    return kinds.pop() if len(kinds) == 1 and items[0].labels is not None and items[0].labels.sure else None


def _partial_shape(value: Value) -> Shape:
    """The shape of nested sequences whose items are not all known."""
    if not isinstance(value, Sequence):
        return () if isinstance(value, Const) else None
    items = value.exact
    if items is None:
        return None
    if not items:
        return (0,)
    inner = [item.shape if isinstance(item, Array) else _partial_shape(item) for item in items[:64]]
    first = inner[0]
    return None if first is None or any(shape != first for shape in inner) else (len(items), *first)


def _shape_of(numbers: Any) -> tuple[int, ...] | None:
    if not isinstance(numbers, (list, tuple)):
        return ()
    inner = {_shape_of(item) for item in numbers}
    if len(inner) != 1:
        return None
    first = inner.pop()
    return None if first is None else (len(numbers), *first)


def _flatten(numbers: Any) -> list[Any]:
    if isinstance(numbers, (list, tuple)):
        return [item for part in numbers for item in _flatten(part)]
    return [numbers]
