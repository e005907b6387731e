"""`ImageDataGenerator`: endless shuffled batches of images from arrays, directories and frames."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kerlint import syntax
from kerlint.library import downloads, ranges
from kerlint.library.convert import as_array, is_none
from kerlint.library.objects import bind_arguments
from kerlint.library.ranges import Bounds
from kerlint.library.shapes import dims
from kerlint.program.constants import constant, number, text, truth
from kerlint.program.data_events import Flowed
from kerlint.program.labels import Labels
from kerlint.program.scope import Loop
from kerlint.program.values import (
    Arguments,
    Array,
    Const,
    Dataset,
    Dimension,
    External,
    Function,
    Object,
    Sequence,
    Shape,
    Transform,
    Value,
    tuple_of,
)

if TYPE_CHECKING:
    from kerlint.program.interpreter.machine import Machine

_CHANNELS = {"rgb": 3, "rgba": 4, "grayscale": 1}
#: Arguments of a generator that make the range of its images one that is not known.
_UNBOUNDED = ("featurewise", "samplewise", "zca", "channel_shift")


class _Batch(NamedTuple):
    """Inputs and targets of a batch; targets are None where there are none.

    Args:
        tight: whether the bounds, where they are known, are known to be reached.
    """

    shape: Shape
    bounds: Bounds
    labels: Value | None
    tight: bool = True


def generator_flow(machine: Machine, generator: Object, method: str, arguments: Arguments, node: syntax.Node) -> Value:
    """`ImageDataGenerator(...).flow(...)`, `flow_from_directory(...)`, `flow_from_dataframe(...)`."""
    name = f"{generator.name}.{method}"
    args, _ = bind_arguments(name, arguments)
    if method == "flow_from_directory" and is_none(args.get("classes")):
        known = downloads.classes_of(args.get("directory"), node)
        args.update({"classes": known} if known is not None else {})
    batch = _from_arrays(args, node) if method == "flow" else _from_files(generator, name, args, node)
    low, high = _scaled(machine, generator, batch, node)
    data = Array(batch.shape, "float32", low, high, tight=batch.tight and high is not None, source=name, node=node)
    if "dtype" in generator.args or generator.open:
        data.dtype = None
    labels = batch.labels
    if isinstance(labels, Const) and labels.value == "input":
        labels = data
    element: Value = data if labels is None else tuple_of(data, labels, node=node)
    if "sample_weight" in args or not is_none(args.get("weight_col")):
        element = tuple_of(data, labels or Const(None), Array((None,), node=node), node=node)
    if arguments.open:
        element = Array(node=node)
    transforms: list[Transform] = []
    if truth(args.get("shuffle")) is not False:
        transforms.append(Transform("shuffle", {}, node=node))
    size = args.get("batch_size") or Const(32, node=node)
    transforms.append(Transform("batch", {"batch_size": size}, node=node))
    made = Dataset(name, {**args, "generator": generator}, element, tuple(transforms), node=node)
    machine.emit(Flowed(node=node, dataset=made, data=data))
    return made


def _scaled(machine: Machine, generator: Object, batch: _Batch, node: syntax.Node) -> Bounds:
    """The range after `preprocessing_function`, `rescale`, in this order, and the other changes of the values."""
    bounds = batch.bounds
    if generator.open or any(key.startswith(_UNBOUNDED) and _is_set(generator.args[key]) for key in generator.args):
        return ranges.UNKNOWN
    if _is_set(generator.args.get("brightness_range")):
        # Brightened images are made of bytes again.
        bounds = (0.0, 255.0) if bounds == (0.0, 255.0) else ranges.UNKNOWN
    if "fill_mode" in generator.args and text(generator.args["fill_mode"]) == "constant":
        fill = number(generator.args["cval"]) if "cval" in generator.args else 0.0
        bounds = ranges.union([bounds, (fill, fill)])
    order = generator.args.get("interpolation_order")
    if order is not None and constant(order) not in (0, 1):
        return ranges.UNKNOWN
    if _is_set(generator.args.get("preprocessing_function")):
        bounds = _prepared(machine, generator.args["preprocessing_function"], batch, bounds, node)
    if not _is_set(generator.args.get("rescale")):
        return bounds
    scale = number(generator.args["rescale"])
    return ranges.bound("*", bounds, (scale, scale))


def _prepared(machine: Machine, function: Value, batch: _Batch, bounds: Bounds, node: syntax.Node) -> Bounds:
    """The range of one image after the function."""
    from kerlint.program.interpreter.calls import call

    if not isinstance(function, (External, Function)) or bounds[1] is None:
        return ranges.UNKNOWN
    shape = None if batch.shape is None else batch.shape[1:]
    image = Array(shape, "float32", *bounds, tight=batch.tight, source="image of a generator", node=node)
    with machine.inside(Loop(node, None, False)):
        made = as_array(call(machine, function, Arguments([(image, node)]), node))
    return ranges.UNKNOWN if made is None or not made.tight else (made.low, made.high)


def _is_set(value: Value | None) -> bool:
    """Whether an option is given and is not certainly off."""
    return value is not None and constant(value) not in (None, False, 0)


def _from_arrays(args: dict[str, Value], node: syntax.Node) -> _Batch:
    x, y = as_array(args.get("x"), node), args.get("y")
    shape: Shape = None
    bounds: Bounds = ranges.UNKNOWN
    tight = x is not None and x.tight
    if x is not None:
        shape = None if x.shape is None else (None, *x.shape[1:])
        bounds = (x.low, x.high)
    if is_none(y):
        return _Batch(shape, bounds, None, tight)
    known = as_array(y, node)
    if known is None:
        return _Batch(shape, bounds, y, tight)
    labels = known.derive(node, shape=None if known.shape is None else (None, *known.shape[1:]))
    return _Batch(shape, bounds, labels, tight)


def _from_files(generator: Object, name: str, args: dict[str, Value], node: syntax.Node) -> _Batch:
    size = dims(args.get("target_size")) if "target_size" in args else (256, 256)
    mode = text(args.get("color_mode")) if "color_mode" in args else "rgb"
    channels = _CHANNELS.get(mode or "")
    shape: Shape = None
    if size is not None and len(size) == 2:
        first = text(generator.args.get("data_format")) == "channels_first"
        shape = (None, channels, *size) if first else (None, *size, channels)
    labels = _labels(args, name, node)
    return _Batch(shape, (0.0, 255.0), labels)


def _labels(args: dict[str, Value], name: str, node: syntax.Node) -> Value | None:
    """The targets that `class_mode` asks for; by default one-hot rows."""
    given = args.get("class_mode", Const("categorical"))
    if is_none(given):
        return None
    mode = text(given)
    if mode == "input":
        return Const("input", node=node)
    names = args.get("classes")
    count = len(names.items) if isinstance(names, Sequence) and names.exact is not None else None
    kinds = {
        "categorical": Labels("onehot", count),
        "binary": Labels("binary", 2),
        "sparse": Labels("classes", count),
    }
    meaning = kinds.get(mode or "")
    if meaning is None:
        single = mode in ("raw", "other") and not isinstance(args.get("y_col"), Sequence)
        return Array((None,) if single else None, node=node)
    top: Dimension = 1 if mode != "sparse" else None if count is None else count - 1
    return Array(
        (None, count) if mode == "categorical" else (None,),
        "float32",
        0.0,
        top,
        labels=meaning,
        source=name,
        node=node,
    )
