"""`tf.data`: what made a dataset, every step on it, and what one element is."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import libcst as cst

from kerlint.library.convert import as_array
from kerlint.library.indexing import chosen
from kerlint.library.objects import bind_arguments
from kerlint.program.constants import integer
from kerlint.program.scope import Loop
from kerlint.program.values import (
    Arguments,
    Array,
    Const,
    Dataset,
    Dimension,
    Mapping,
    Sequence,
    Transform,
    Unknown,
    Value,
    list_of,
    mapping_of,
    tuple_of,
)

if TYPE_CHECKING:
    from kerlint.program.interpreter.machine import Machine

#: Steps that keep what one element is.
_KEEPING = frozenset(
    {"shuffle", "cache", "prefetch", "repeat", "take", "skip", "shard", "with_options", "filter", "unique"}
)


def from_tensor_slices(machine: Machine, arguments: Arguments, node: cst.CSTNode) -> Value:
    """`tf.data.Dataset.from_tensor_slices(tensors)`: one element a row."""
    value = arguments.get(0, "tensors")
    rows = _rows(value)
    return Dataset(
        "tensorflow.data.Dataset.from_tensor_slices",
        {"tensors": value} if value is not None else {},
        map_leaves(
            value,
            lambda array: array.derive(node, shape=None if array.shape is None else array.shape[1:], values=None),
            node,
        ),
        (),
        rows,
        node=node,
    )


def _rows(value: Value | None) -> Dimension:
    if isinstance(value, (Sequence, Mapping)) and not (isinstance(value, Sequence) and value.kind == "list"):
        items = value.items if isinstance(value, Sequence) else tuple(value.entries.values())
        sizes = {_rows(item) for item in items} - {None}
        return sizes.pop() if len(sizes) == 1 else None
    array = as_array(value)
    return array.rows if array is not None else None


def map_leaves(value: Value | None, change: Callable[[Array], Value], node: cst.CSTNode) -> Value:
    """The same structure with each array changed; what is no array is unknown."""
    if isinstance(value, Sequence) and value.kind == "tuple":
        return list_of([map_leaves(item, change, node) for item in value.items], "tuple", node)
    if isinstance(value, Mapping):
        return mapping_of(
            {key: map_leaves(item, change, node) for key, item in value.entries.items()}, open=value.open, node=node
        )
    array = as_array(value)
    return change(array) if array is not None else Unknown("element", node=node)


def source(name: str, arguments: Arguments, node: cst.CSTNode) -> Dataset:
    """A dataset whose elements are not known: `from_generator`, `TFRecordDataset`, `range`."""
    args, _ = bind_arguments(name, arguments)
    return Dataset(name, args, None, (), None, node=node)


def zip_datasets(machine: Machine, arguments: Arguments, node: cst.CSTNode) -> Value:
    """`tf.data.Dataset.zip`: elements side by side. The steps of the first dataset stand for all."""
    given = arguments.get(0, "datasets")
    parts = list(given.items) if isinstance(given, Sequence) else [value for value, _ in arguments.positional]
    found = [part for part in parts if isinstance(part, Dataset)]
    if len(found) != len(parts) or not found:
        return Dataset("tensorflow.data.Dataset.zip", node=node)
    element = tuple_of(*[part.element or Unknown("element", node=node) for part in found], node=node)
    steps = tuple(step for part in found for step in part.transforms)
    return Dataset(
        "tensorflow.data.Dataset.zip", {"datasets": tuple_of(*found)}, element, steps, found[0].cardinality, node=node
    )


def dataset_method(machine: Machine, dataset: Dataset, name: str, arguments: Arguments, node: cst.CSTNode) -> Value:
    """`ds.shuffle(...)`, `ds.map(...)`, `ds.batch(...)` ..."""
    args, _ = bind_arguments(f"tensorflow.data.Dataset.{name}", arguments)
    element, cardinality = dataset.element, dataset.cardinality
    if name in ("map", "filter", "flat_map", "interleave"):
        result = _apply(machine, arguments.get(0, "map_func") or arguments.get(0, "predicate"), element, node)
        if name == "map":
            element = result
        elif name != "filter":
            element, cardinality = None, None
        else:
            cardinality = None
            element = map_leaves(element, lambda array: chosen(array, node), node) if element is not None else None
    elif name in ("batch", "padded_batch"):
        size = integer(args.get("batch_size"))
        element = (
            map_leaves(
                element,
                lambda array: array.derive(node, shape=None if array.shape is None else (None, *array.shape)),
                node,
            )
            if element is not None
            else None
        )
        cardinality = None if cardinality is None or not size else -(-cardinality // size)
    elif name == "unbatch":
        element = (
            map_leaves(
                element, lambda array: array.derive(node, shape=None if not array.shape else array.shape[1:]), node
            )
            if element is not None
            else None
        )
        cardinality = None
    elif name in ("take", "skip"):
        count = integer(args.get("count"))
        if cardinality is not None and count is not None and count >= 0:
            cardinality = min(cardinality, count) if name == "take" else max(cardinality - count, 0)
        else:
            cardinality = None
    elif name == "repeat":
        count = integer(args.get("count"))
        cardinality = cardinality * count if cardinality is not None and count is not None and count > 0 else None
    elif name in ("window", "apply", "scan", "concatenate", "group_by_window", "rebatch", "enumerate", "ragged_batch"):
        element, cardinality = None, None
    elif name not in _KEEPING:
        return _answer(machine, dataset, name, node)
    step = Transform(name, args, node=node)
    steps = (*dataset.transforms, step)
    return Dataset(dataset.source, dataset.args, element, steps, cardinality, dataset.origin or dataset.node, node=node)


def _answer(machine: Machine, dataset: Dataset, name: str, node: cst.CSTNode) -> Value:
    """Methods that give something else than a dataset."""
    if name == "cardinality" and dataset.cardinality is not None:
        return Const(dataset.cardinality, node=node)
    return Unknown(name, node=node)


def _apply(machine: Machine, function: Value | None, element: Value | None, node: cst.CSTNode) -> Value | None:
    """What a mapped function makes of an element: it is called once, for all elements."""
    from kerlint.program.interpreter.calls import call

    if function is None:
        return None
    given = element if element is not None else Unknown("element", node=node)
    items = given.items if isinstance(given, Sequence) and given.kind == "tuple" else (given,)
    arguments = Arguments([(item, node) for item in items], open=element is None)
    with machine.inside(Loop(node, None, False)):
        return call(machine, function, arguments, node)
