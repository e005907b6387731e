"""Nested data: the elements of datasets, leaf by leaf."""

from __future__ import annotations

from collections.abc import Callable

from kerlint import syntax
from kerlint.library.convert import as_array, meet_arrays
from kerlint.program.alternatives import one_of
from kerlint.program.values import (
    Array,
    Const,
    Dataset,
    Dimension,
    Mapping,
    OneOf,
    Sequence,
    Shape,
    Unknown,
    Value,
    list_of,
    mapping_of,
)

#: The dtypes of tensors of Python numbers.
_OF_NUMBERS = {"int64": "int32", "float64": "float32"}


def map_leaves(value: Value | None, change: Callable[[Array], Value], node: syntax.Node) -> Value:
    """The same structure with each array changed; what is no array is unknown."""
    if isinstance(value, Sequence) and value.kind == "tuple":
        return list_of([map_leaves(item, change, node) for item in value.items], "tuple", node)
    if isinstance(value, Mapping):
        entries = {key: map_leaves(item, change, node) for key, item in value.entries.items()}
        return mapping_of(entries, open=value.open, node=node)
    if isinstance(value, OneOf):
        return one_of([map_leaves(option, change, node) for option in value.options], node)
    array = as_array(value, node)
    return change(array) if array is not None else Unknown("element", node=node)


def as_tensors(value: Value | None, node: syntax.Node) -> Value:
    """The structure as TensorFlow holds it: Python numbers become small tensors."""
    if isinstance(value, Dataset):
        return value
    if isinstance(value, Sequence) and value.kind == "tuple":
        return list_of([as_tensors(item, node) for item in value.items], "tuple", node)
    if isinstance(value, Mapping):
        entries = {key: as_tensors(item, node) for key, item in value.entries.items()}
        return mapping_of(entries, open=value.open, node=node)
    if isinstance(value, OneOf):
        return one_of([as_tensors(option, node) for option in value.options], node)
    array = as_array(value, node)
    if array is None:
        return Unknown("element", node=node)
    if array.form == "tensor":
        return array
    plain = isinstance(value, (Const, Sequence))
    dtype = _OF_NUMBERS.get(array.dtype or "", array.dtype) if plain else array.dtype
    return array.derive(node, form="tensor", dtype=None if array.form == "frame" else dtype, fields=None)


def rows_of(value: Value | None) -> Dimension:
    """The rows that all parts of a structure have."""
    if isinstance(value, (Sequence, Mapping)) and not (isinstance(value, Sequence) and value.kind == "list"):
        items = value.items if isinstance(value, Sequence) else tuple(value.entries.values())
        sizes = {rows_of(item) for item in items} - {None}
        return sizes.pop() if len(sizes) == 1 else None
    array = as_array(value)
    return array.rows if array is not None else None


def meet(left: Value | None, right: Value | None, node: syntax.Node) -> Value | None:
    """What two structures have in common: an element of one or of the other."""
    if left is None or right is None:
        return None
    if isinstance(left, Sequence) and isinstance(right, Sequence):
        if left.exact is None or right.exact is None or len(left.exact) != len(right.exact):
            return None
        found = [meet(a, b, node) or Unknown("element", node=node) for a, b in zip(left.exact, right.exact)]
        return list_of(found, left.kind, node)
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        shared = {
            key: meet(item, right.entries[key], node) for key, item in left.entries.items() if key in right.entries
        }
        entries = {key: item for key, item in shared.items() if item is not None}
        return mapping_of(entries, open=True, node=node)
    if isinstance(left, Array) and isinstance(right, Array):
        return meet_arrays(left, right, node)
    return None


def batched(value: Value | None, rows: Dimension, node: syntax.Node) -> Value:
    """Elements put together: one more axis in front."""

    def change(array: Array) -> Value:
        shape: Shape = None if array.shape is None else (rows, *array.shape)
        return array.derive(node, shape=shape, values=None)

    return map_leaves(value, change, node)


def unbatched(value: Value | None, node: syntax.Node) -> Value:
    """Elements taken apart: the first axis is gone."""

    def change(array: Array) -> Value:
        return array.derive(node, shape=None if not array.shape else array.shape[1:], values=None, order=array.order)

    return map_leaves(value, change, node)
