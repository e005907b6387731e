"""What makes a `tf.data.Dataset`: arrays, generators, files and other datasets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerlint import syntax
from kerlint.library.convert import dtype_name, is_none, shape_of
from kerlint.library.objects import bind_arguments
from kerlint.library.ranges import of_range
from kerlint.library.structures import as_tensors, map_leaves, meet, rows_of
from kerlint.program.constants import integer
from kerlint.program.interpreter.endings import is_endless
from kerlint.program.values import (
    Arguments,
    Array,
    Const,
    Dataset,
    Dimension,
    Function,
    Mapping,
    Object,
    Sequence,
    Shape,
    Unknown,
    Value,
    list_of,
    mapping_of,
    tuple_of,
)

if TYPE_CHECKING:
    from kerlint.program.interpreter.machine import Machine

#: The class of all datasets.
DATASET = "tensorflow.data.Dataset"
#: Functions for `apply`, and the steps that each stands for.
STEPS_OF_APPLY: dict[str, tuple[str, ...]] = {
    "tensorflow.data.experimental.assert_cardinality": (),
    "tensorflow.data.experimental.ignore_errors": ("ignore_errors",),
    "tensorflow.data.experimental.unbatch": ("unbatch",),
    "tensorflow.data.experimental.shuffle_and_repeat": ("shuffle", "repeat"),
    "tensorflow.data.experimental.map_and_batch": ("map", "batch"),
}


def call_data(machine: Machine, name: str, arguments: Arguments, node: syntax.Node) -> Value:
    """A call of something in `tf.data`."""
    short = name.rpartition(".")[2]
    if short == "from_tensor_slices":
        return from_tensor_slices(arguments, node)
    if short == "zip":
        return zip_datasets(arguments, node)
    args, places = bind_arguments(name, arguments)
    if short in ("AUTOTUNE", "Options") or name in STEPS_OF_APPLY:
        made = Object(name, args, places, arguments.open, node=node)
        machine.register(made)
        return made
    if short == "cardinality":
        data = arguments.get(0, "dataset")
        known = data.cardinality if isinstance(data, Dataset) else None
        return Const(known, node=node) if known is not None else Unknown("cardinality", node=node)
    element, size = _source(machine, name, short, args, arguments, node)
    made_by = args.get("generator")
    if short == "from_generator" and isinstance(made_by, Function) and is_endless(made_by.node):
        args = {**args, "endless": Const(True)}
    return Dataset(name, args, element, (), size, node=node)


def _source(
    machine: Machine, name: str, short: str, args: dict[str, Value], arguments: Arguments, node: syntax.Node
) -> tuple[Value | None, Dimension]:
    """One element of a source, and how many there are."""
    if arguments.open:
        return (None, None)
    if short == "from_tensors":
        return (as_tensors(args.get("tensors"), node), 1)
    if short == "range":
        return _range(arguments, args, node)
    if short == "from_generator":
        return (_generated(args, node), None)
    if short in ("list_files", "TextLineDataset", "TFRecordDataset", "FixedLengthRecordDataset"):
        return (_string(node), None)
    if short in ("counter", "random"):
        return (Array((), "int64", source=name, form="tensor", node=node), None)
    if short in ("sample_from_datasets", "choose_from_datasets"):
        given = args.get("datasets")
        parts = given.items if isinstance(given, Sequence) else ()
        found = [part.element if isinstance(part, Dataset) else None for part in parts]
        element = found[0] if found else None
        for other in found[1:]:
            element = meet(element, other, node)
        return (element, None)
    return (None, None)


def _string(node: syntax.Node) -> Array:
    """A file name, a line or a record."""
    return Array((), "string", form="tensor", node=node)


def _range(arguments: Arguments, args: dict[str, Value], node: syntax.Node) -> tuple[Value | None, Dimension]:
    numbers = [integer(value) for value, _ in arguments.positional]
    dtype = dtype_name(args["output_type"]) if "output_type" in args else "int64"
    if (
        not 1 <= len(numbers) <= 3
        or any(number is None for number in numbers)
        or (len(numbers) == 3 and not numbers[2])
    ):
        return (Array((), dtype, form="tensor", source="range", node=node), None)
    known = range(*[number for number in numbers if number is not None])
    low, high = of_range(known)
    return (Array((), dtype, low, high, tight=True, form="tensor", source="range", node=node), len(known))


def _generated(args: dict[str, Value], node: syntax.Node) -> Value | None:
    """What `from_generator` is told that its elements are."""
    if "output_signature" in args:
        return described(args["output_signature"], node)
    types, shapes = args.get("output_types"), args.get("output_shapes")
    return _typed(types, None if is_none(shapes) else shapes, node) if types is not None else None


def described(spec: Value, node: syntax.Node) -> Value:
    """The data that a structure of `tf.TensorSpec` describes."""
    if isinstance(spec, Sequence):
        return list_of([described(item, node) for item in spec.items], "tuple", node)
    if isinstance(spec, Mapping):
        return mapping_of({key: described(item, node) for key, item in spec.entries.items()}, open=spec.open, node=node)
    if isinstance(spec, Object) and spec.name in ("tensorflow.TensorSpec", "tensorflow.io.FixedLenFeature"):
        shape: Shape = shape_of(spec.args["shape"]) if not is_none(spec.args.get("shape")) else None
        default = "float32" if spec.name == "tensorflow.TensorSpec" else None
        dtype = dtype_name(spec.args["dtype"]) if "dtype" in spec.args else default
        return Array(shape, dtype, form="tensor", node=node)
    return Unknown("element", node=node)


def _typed(types: Value, shapes: Value | None, node: syntax.Node) -> Value:
    if isinstance(types, Sequence) and types.exact is not None:
        given: tuple[Value | None, ...] = (None,) * len(types.exact)
        if isinstance(shapes, Sequence) and shapes.exact is not None and len(shapes.exact) == len(types.exact):
            given = shapes.exact
        return list_of([_typed(a, b, node) for a, b in zip(types.exact, given)], "tuple", node)
    if isinstance(types, Mapping):
        entries = shapes.entries if isinstance(shapes, Mapping) else {}
        return mapping_of({key: _typed(item, entries.get(key), node) for key, item in types.entries.items()}, node=node)
    shape: Shape = shape_of(shapes.args.get("0", shapes) if isinstance(shapes, Object) else shapes) if shapes else None
    return Array(shape, dtype_name(types), form="tensor", node=node)


def from_tensor_slices(arguments: Arguments, node: syntax.Node) -> Value:
    """`tf.data.Dataset.from_tensor_slices(tensors)`: one element a row."""
    value = arguments.get(0, "tensors")

    def slices(array: Array) -> Value:
        order = array.order if array.order == "random" else None
        return array.derive(node, shape=None if array.shape is None else array.shape[1:], order=order, values=None)

    element = map_leaves(as_tensors(value, node), slices, node)
    args = {"tensors": value} if value is not None else {}
    return Dataset(f"{DATASET}.from_tensor_slices", args, element, (), rows_of(value), node=node)


def zip_datasets(arguments: Arguments, node: syntax.Node) -> Value:
    """`tf.data.Dataset.zip`: elements side by side. The steps of the first dataset stand for all."""
    given = arguments.get(0, "datasets")
    if len(arguments.positional) > 1:
        given = tuple_of(*[value for value, _ in arguments.positional], node=node)
    found = _datasets(given)
    if not found or arguments.open:
        return Dataset(f"{DATASET}.zip", node=node)
    sizes = [part.cardinality for part in found]
    known = [size for size in sizes if size is not None]
    steps = tuple(step for part in found for step in part.transforms)
    return Dataset(
        f"{DATASET}.zip",
        {"datasets": tuple_of(*found)},
        _side_by_side(given, node),
        steps,
        min(known) if len(known) == len(sizes) else None,
        node=node,
    )


def _datasets(value: Value | None) -> list[Dataset]:
    """The datasets of a structure; none if something else is in it."""
    if isinstance(value, Dataset):
        return [value]
    items = value.items if isinstance(value, Sequence) else value.entries.values() if isinstance(value, Mapping) else ()
    parts = [_datasets(item) for item in items]
    return [found for part in parts for found in part] if all(parts) else []


def _side_by_side(value: Value | None, node: syntax.Node) -> Value:
    if isinstance(value, Dataset):
        return value.element or Unknown("element", node=node)
    if isinstance(value, Mapping):
        return mapping_of({key: _side_by_side(item, node) for key, item in value.entries.items()}, node=node)
    items = value.items if isinstance(value, Sequence) else ()
    return list_of([_side_by_side(item, node) for item in items], "tuple", node)
