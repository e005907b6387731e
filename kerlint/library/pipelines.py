"""`tf.data`: the steps on a dataset, and what one element is after each."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from kerlint import syntax
from kerlint.library.convert import as_array, is_none, shape_of
from kerlint.library.indexing import chosen
from kerlint.library.objects import bind_arguments
from kerlint.library.sources import DATASET, STEPS_OF_APPLY, zip_datasets
from kerlint.library.structures import as_tensors, batched, map_leaves, meet, unbatched
from kerlint.program.constants import constant, integer, truth
from kerlint.program.events import LabelsRead
from kerlint.program.interpreter.traces import tracing
from kerlint.program.scope import Loop
from kerlint.program.values import (
    Arguments,
    Array,
    Const,
    Dataset,
    Dimension,
    Object,
    Sequence,
    Transform,
    Unknown,
    Value,
    list_of,
    tuple_of,
)
from kerlint.records import dataclass, replace

if TYPE_CHECKING:
    from kerlint.program.interpreter.machine import Machine


@dataclass(frozen=True, slots=True)
class _Step:
    """A step on a dataset, with its arguments by name."""

    machine: Machine
    data: Dataset
    args: dict[str, Value]
    arguments: Arguments
    node: syntax.Node

    @property
    def element(self) -> Value | None:
        """One element before the step."""
        return self.data.element

    @property
    def size(self) -> Dimension:
        """The number of elements before the step."""
        return self.data.cardinality


#: One element after a step, and how many there are.
_After = tuple["Value | None", Dimension]


def dataset_method(machine: Machine, dataset: Dataset, name: str, arguments: Arguments, node: syntax.Node) -> Value:
    """`ds.shuffle(...)`, `ds.map(...)`, `ds.batch(...)` ..."""
    if name == "apply":
        return _applied(machine, dataset, arguments, node)
    if name == "zip":
        return zip_datasets(Arguments([(dataset, node), *arguments.positional], arguments.keywords), node)
    known = _STEPS.get(name)
    if known is None:
        return _answer(machine, dataset, name, node)
    # Each step keeps all that came before it.
    machine.burn(len(dataset.transforms) // 50)
    args, _ = bind_arguments(f"{DATASET}.{name}", arguments)
    with tracing(machine, name, node) as trace:
        element, size = known(_Step(machine, dataset, args, arguments, node))
    steps = (*dataset.transforms, Transform(name, args, tuple(trace.draws), node=node))
    return Dataset(dataset.source, dataset.args, element, steps, size, dataset.origin or dataset.node, node=node)


def _answer(machine: Machine, dataset: Dataset, name: str, node: syntax.Node) -> Value:
    """Methods that give something else than a new dataset."""
    if name in ("cardinality", "__len__") and dataset.cardinality is not None:
        return Const(dataset.cardinality, node=node)
    if name in ("as_numpy_iterator", "__iter__", "make_one_shot_iterator"):
        return dataset
    if name in ("get_single_element", "next", "get_next", "__next__", "__getitem__"):
        return dataset.element or Unknown(name, node=node)
    return Unknown(name, node=node)


def _applied(machine: Machine, dataset: Dataset, arguments: Arguments, node: syntax.Node) -> Value:
    """`ds.apply(function)`: the function gets the dataset; some of `tf.data.experimental` are steps."""
    from kerlint.program.interpreter.calls import call

    function = arguments.get(0, "transformation_func")
    if isinstance(function, Object) and function.name in STEPS_OF_APPLY:
        given = dict(function.args)
        if function.short == "assert_cardinality":
            size = integer(given.get("expected_cardinality"))
            return replace(dataset, cardinality=size, node=node)
        for name in STEPS_OF_APPLY[function.name]:
            keywords: dict[str, tuple[Value, syntax.Node | None]] = {}
            keywords |= {key: (value, node) for key, value in given.items() if key in _ARGUMENTS.get(name, ())}
            made = dataset_method(machine, dataset, name, Arguments([], keywords), node)
            if not isinstance(made, Dataset):
                return made
            dataset = made
        return dataset
    found = call(machine, function, Arguments([(dataset, node)]), node) if function is not None else None
    if isinstance(found, Dataset):
        return found
    steps = (*dataset.transforms, Transform("apply", {}, node=node))
    return Dataset(dataset.source, dataset.args, None, steps, None, dataset.origin or dataset.node, node=node)


_ARGUMENTS = {
    "shuffle": ("buffer_size", "seed"),
    "repeat": ("count",),
    "map": ("map_func",),
    "batch": ("batch_size", "drop_remainder"),
}


def _kept(step: _Step) -> _After:
    return (step.element, step.size)


def _fewer(step: _Step) -> _After:
    """Some of the elements."""
    if step.element is None:
        return (None, None)
    return (map_leaves(step.element, lambda array: chosen(array, step.node), step.node), None)


def _mapped(step: _Step) -> _After:
    result = _call(step, step.arguments.get(0, "map_func"), step.element)
    return (as_tensors(result, step.node) if result is not None else None, step.size)


def _filtered(step: _Step) -> _After:
    _call(step, step.arguments.get(0, "predicate"), step.element)
    return _fewer(step)


def _flat(step: _Step) -> _After:
    """`flat_map` and `interleave`: the elements of the datasets that the function gives."""
    result = _call(step, step.arguments.get(0, "map_func"), step.element)
    return (result.element if isinstance(result, Dataset) else None, None)


def _scanned(step: _Step) -> _After:
    return (None, step.size)


def _forgotten(step: _Step) -> _After:
    return (None, None)


def _batch(step: _Step) -> _After:
    size = integer(step.args.get("batch_size"))
    dropped = step.args.get("drop_remainder")
    drops = False if dropped is None else truth(dropped)
    rows: Dimension = None
    count: Dimension = None
    if size is not None and size > 0 and drops is not None:
        known = step.size
        count = None if known is None else known // size if drops else -(-known // size)
        if drops or (known is not None and known % size == 0):
            rows = size
        elif known is not None and known < size:
            rows = known
    return (None if step.element is None else batched(step.element, rows, step.node), count)


def _padded(step: _Step) -> _After:
    """`padded_batch`: sizes that were not known become those of the longest element."""
    element, count = _batch(step)
    told = step.args.get("padded_shapes")
    if told is None or is_none(told) or element is None:
        padding = not is_none(step.args.get("padding_values"))
        return (_widened(element, step.node, known=not padding) if element is not None else None, count)
    wide = _widened(element, step.node, known="padding_values" not in step.args)
    return (_reshaped(wide, told, step.node), count)


def _widened(element: Value, node: syntax.Node, *, known: bool) -> Value:
    """The range with the 0 of the padding in it."""

    def change(array: Array) -> Value:
        low = min(array.low, 0.0) if array.low is not None and known else None
        high = max(array.high, 0.0) if array.high is not None and known else None
        return array.derive(node, low=low, high=high, labels=array.labels if array.rank == 1 else None)

    return map_leaves(element, change, node)


def _reshaped(element: Value, shapes: Value, node: syntax.Node) -> Value:
    """Batched elements in the shapes that `padded_shapes` tells."""
    if isinstance(element, Sequence) and isinstance(shapes, Sequence):
        if len(element.items) != len(shapes.items):
            return Unknown("element", node=node)
        parts = zip(element.items, shapes.items)
        return list_of([_reshaped(item, shape, node) for item, shape in parts], "tuple", node)
    if isinstance(element, Array):
        told = shape_of(shapes)
        rows = element.rows
        if told is None or element.shape is None or len(told) != len(element.shape) - 1:
            return element.derive(node, shape=None)
        sizes = [old if new in (None, -1) else new for old, new in zip(element.shape[1:], told)]
        return element.derive(node, shape=(rows, *sizes))
    return Unknown("element", node=node)


def _unbatch(step: _Step) -> _After:
    return (None if step.element is None else unbatched(step.element, step.node), None)


def _taken(step: _Step) -> _After:
    count, size = integer(step.args.get("count")), step.size
    if count == -1:
        return (step.element, size)
    return (step.element, min(size, count) if size is not None and count is not None and count >= 0 else None)


def _skipped(step: _Step) -> _After:
    count, size = integer(step.args.get("count")), step.size
    if count == -1:
        return (step.element, 0)
    return (step.element, max(size - count, 0) if size is not None and count is not None and count >= 0 else None)


def _repeated(step: _Step) -> _After:
    count = integer(step.args.get("count"))
    return (step.element, step.size * count if step.size is not None and count is not None and count > 0 else None)


def _shard(step: _Step) -> _After:
    parts, index = integer(step.args.get("num_shards")), integer(step.args.get("index"))
    if step.size is None or not parts or index is None or parts < 1:
        return (step.element, None)
    return (step.element, len(range(index, step.size, parts)))


def _counted(step: _Step) -> _After:
    start = 0 if step.args.get("start") is None else integer(step.args.get("start"))
    low = None if start is None else float(start)
    high = None if low is None or step.size is None else low + max(step.size - 1, 0)
    index = Array((), "int64", low, high, form="tensor", source="range", node=step.node)
    return (tuple_of(index, step.element or Unknown("element"), node=step.node), step.size)


def _joined(step: _Step) -> _After:
    other = step.args.get("dataset")
    if not isinstance(other, Dataset):
        return (None, None)
    both = step.size is not None and other.cardinality is not None
    size = step.size + other.cardinality if both and step.size is not None and other.cardinality is not None else None
    return (meet(step.element, other.element, step.node), size)


def _windows(step: _Step) -> _After:
    """`window`: datasets of a few elements each."""
    size, shift = integer(step.args.get("size")), step.args.get("shift")
    stride = 1 if step.args.get("stride") is None else integer(step.args.get("stride"))
    moved = size if is_none(shift) else integer(shift)
    drops = truth(step.args["drop_remainder"]) if "drop_remainder" in step.args else False
    count: Dimension = None
    if step.size is not None and size and moved and stride and drops:
        count = max(0, (step.size - (size - 1) * stride - 1) // moved + 1)
    inner = size if drops else None

    def window(element: Value | None) -> Value:
        return Dataset(f"{DATASET}.window", {}, element, (), inner, node=step.node)

    if isinstance(step.element, Sequence) and step.element.kind == "tuple":
        return (list_of([window(item) for item in step.element.items], "tuple", step.node), count)
    return (window(step.element), count)


def _call(step: _Step, function: Value | None, element: Value | None) -> Value | None:
    """What a mapped function makes of an element: it is called once, for all elements."""
    from kerlint.program.interpreter.calls import call

    if function is None:
        return None
    given = element if element is not None else Unknown("element", node=step.node)
    items = given.items if isinstance(given, Sequence) and given.kind == "tuple" else (given,)
    arguments = Arguments([(item, step.node) for item in items], open=element is None)
    with step.machine.inside(Loop(step.node, None, False)):
        return call(step.machine, function, arguments, step.node)


_STEPS: dict[str, Callable[[_Step], _After]] = {
    **dict.fromkeys(("shuffle", "cache", "prefetch", "with_options", "snapshot"), _kept),
    **dict.fromkeys(("unique", "take_while", "ignore_errors"), _fewer),
    "map": _mapped,
    "filter": _filtered,
    "flat_map": _flat,
    "interleave": _flat,
    "batch": _batch,
    "padded_batch": _padded,
    "unbatch": _unbatch,
    "take": _taken,
    "skip": _skipped,
    "repeat": _repeated,
    "shard": _shard,
    "enumerate": _counted,
    "concatenate": _joined,
    "window": _windows,
    "scan": _scanned,
    **dict.fromkeys(
        ("group_by_window", "rebatch", "ragged_batch", "sparse_batch", "bucket_by_sequence_length"), _forgotten
    ),
    "rejection_resample": _forgotten,
}


def dataset_attribute(machine: Machine, dataset: Dataset, name: str, node: syntax.Node) -> Value | None:
    """`ds.class_names`, `generator.num_classes`; None for a method."""
    if name in ("classes", "labels"):
        machine.emit(LabelsRead(node=node, dataset=dataset, again=False))
    if name in ("element_spec", "file_paths", "class_indices", "classes", "labels", "filenames", "filepaths"):
        return Unknown(name, node=node)
    names = dataset.args.get("class_names") or dataset.args.get("classes")
    if name == "class_names":
        if isinstance(names, Sequence):
            return names
        return Array((None,), "object", source="class_names", node=node)
    if name == "num_classes" and isinstance(names, Sequence) and names.exact is not None:
        return Const(len(names.exact), node=node)
    if name == "batch_size":
        size = dataset.args.get("batch_size")
        return size if size is not None and constant(size) is not None else Unknown(name, node=node)
    if name == "image_shape":
        return _image_shape(dataset, node)
    if name in ("samples", "n", "num_classes", "batch_index", "total_batches_seen", "state_spec"):
        return Unknown(name, node=node)
    return None


def _image_shape(dataset: Dataset, node: syntax.Node) -> Value:
    element = dataset.element.items[0] if isinstance(dataset.element, Sequence) else dataset.element
    array = as_array(element, node)
    if array is None or array.shape is None or None in array.shape[1:]:
        return Unknown("image_shape", node=node)
    return tuple_of(*[Const(size, node=node) for size in array.shape[1:]], node=node)
