"""Keras loaders: datasets from directories and from arrays, and sequences of equal length."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kerlint import syntax
from kerlint.library import downloads, ranges, texts
from kerlint.library.convert import Call, Function, Handler, as_array, dtype_or, handlers, is_none
from kerlint.library.objects import argument, bind_arguments
from kerlint.library.shapes import dims
from kerlint.program.constants import NOTHING, constant, integer, number, text, truth
from kerlint.program.labels import Labels, Step
from kerlint.program.values import (
    Arguments,
    Array,
    Const,
    Dataset,
    Dimension,
    Object,
    Sequence,
    Shape,
    Transform,
    Value,
    tuple_of,
)

if TYPE_CHECKING:
    from kerlint.program.interpreter.machine import Machine

#: Loaders of the `*_dataset_from_directory` kind and the value range of what they give.
LOADERS: dict[str, tuple[float | None, float | None]] = {
    "keras.utils.image_dataset_from_directory": (0.0, 255.0),
    "keras.utils.text_dataset_from_directory": (None, None),
    "keras.utils.audio_dataset_from_directory": (-1.0, 1.0),
}
#: What windows of rows forget.
_FORGOTTEN: dict[str, Any] = {"columns": None, "values": None, "order": None, "fields": None, "tight": False}
_CHANNELS = {"rgb": 3, "rgba": 4, "grayscale": 1}


def directory_loader(machine: Machine, name: str, arguments: Arguments, node: syntax.Node) -> Value:
    """`image_dataset_from_directory` and its kin: batched, shuffled by default, integer labels by default."""
    args, _ = bind_arguments(name, arguments)
    if not args.keys() & {"class_names", "labels"}:
        known = downloads.classes_of(args.get("directory"), node)
        args.update({"class_names": known} if known is not None else {})
    transforms = []
    shuffle = truth(args.get("shuffle")) if "shuffle" in args else True
    if shuffle is not False:
        transforms.append(Transform("shuffle", {}, node=node))
    if not ("batch_size" in args and constant(args["batch_size"]) is None):
        transforms.append(Transform("batch", {"batch_size": args.get("batch_size", Const(32, node=node))}, node=node))
    batched = transforms[-1].name == "batch" if transforms else False
    element = None if arguments.open else _element(name, args, node, batched=batched)
    made = Dataset(name, args, element, tuple(transforms), node=node)
    if text(args.get("subset")) == "both":
        # The part for training and the part for validation.
        return tuple_of(made, Dataset(name, args, element, tuple(transforms), node=node), node=node)
    return made


def _element(name: str, args: dict[str, Value], node: syntax.Node, *, batched: bool) -> Value:
    data = _inputs(name, args, node)
    mode = text(args.get("label_mode")) if "label_mode" in args else "int"
    if not batched and data.shape is not None:
        data.shape = data.shape[1:]
    if constant(args.get("label_mode", Const("int"))) is None or ("labels" in args and is_none(args["labels"])):
        return data
    names = args.get("class_names")
    count = len(names.items) if isinstance(names, Sequence) and names.exact is not None else None
    return tuple_of(data, _labels(mode, count, name, node, batched=batched), node=node)


def _inputs(name: str, args: dict[str, Value], node: syntax.Node) -> Array:
    low, high = LOADERS[name]
    shape: Shape = None
    dtype: str | None = "float32"
    if "image" in name:
        size = dims(args.get("image_size")) if "image_size" in args else (256, 256)
        mode = text(args.get("color_mode")) if "color_mode" in args else "rgb"
        if size is not None and len(size) == 2:
            channels = _CHANNELS.get(mode or "")
            first = text(args.get("data_format")) == "channels_first"
            plain = is_none(args.get("data_format")) or text(args.get("data_format")) == "channels_last"
            shape = (None, *size, channels) if plain else (None, channels, *size) if first else None
        if "interpolation" in args and text(args["interpolation"]) == "nearest":
            dtype = "uint8"
        elif "interpolation" in args and text(args["interpolation"]) not in ("bilinear", "area"):
            low = high = None
    elif "text" in name:
        shape, dtype = (None,), "string"
    elif truth(args.get("ragged")) is not True:
        length = integer(args.get("output_sequence_length"))
        shape = (None, length, None)
    made = Array(shape, dtype, low, high, tight=high == 255.0, source=name, node=node)
    made.form = "tensor"
    return made


def _labels(mode: str | None, count: int | None, source: str, node: syntax.Node, *, batched: bool) -> Array:
    kinds = {"int": Labels("classes", count), "binary": Labels("binary", 2), "categorical": Labels("onehot", count)}
    shapes: dict[str, tuple[Dimension, ...]] = {"int": (None,), "binary": (None, 1), "categorical": (None, count)}
    bounds = {"int": (0.0, None if count is None else count - 1.0)}.get(mode or "", (0.0, 1.0))
    shape: Shape = shapes.get(mode or "")
    if shape is not None and not batched:
        shape = shape[1:]
    known = mode in kinds
    return Array(
        shape,
        "int32" if mode == "int" else "float32" if known else None,
        bounds[0] if known else None,
        bounds[1] if known else None,
        labels=kinds.get(mode or ""),
        source=source,
        form="tensor",
        node=node,
    )


def _timeseries(call: Call) -> Value:
    """`timeseries_dataset_from_array`: windows of rows, and the targets at their starts."""
    data = call.array
    targets = call.given("targets")
    length = integer(call.value("sequence_length"))
    transforms = []
    if truth(call.value("shuffle")) is True:
        transforms.append(Transform("shuffle", {}, node=call.node))
    size = call.value("batch_size") or Const(128, node=call.node)
    batch: tuple[Dimension, ...] = ()
    if constant(size) is not None:
        transforms.append(Transform("batch", {"batch_size": size}, node=call.node))
        batch = (None,)
    if data is None or data.shape is None:
        return Dataset(call.name, dict(call.args), None, tuple(transforms), node=call.node)
    changes: dict[str, Any] = {
        "columns": None,
        "values": None,
        "order": None,
        "form": "tensor",
        "fields": None,
        "tight": False,
    }
    element: Value = data.derive(call.node, shape=(*batch, length, *data.shape[1:]), **changes)
    if targets is not None:
        known = as_array(targets, call.node)
        rows: Value = Array(form="tensor", node=call.node)
        if known is not None and known.shape is not None:
            rows = known.derive(call.node, shape=(*batch, *known.shape[1:]), **changes)
        element = tuple_of(element, rows, node=call.node)
    return Dataset(call.name, dict(call.args), element, tuple(transforms), node=call.node)


def _windows(call: Call) -> Value:
    """`TimeseriesGenerator(data, targets, length)`: batches of windows."""
    made = Object(call.name, dict(call.args), node=call.node)
    data, targets = call.array, as_array(call.value("targets"), call.node)
    length, stride = integer(argument(made, "length")), integer(argument(made, "sampling_rate"))
    count = None if length is None or not stride else -(-length // stride)
    changes: dict[str, Any] = {
        "columns": None,
        "values": None,
        "order": None,
        "fields": None,
        "tight": False,
        "form": "",
    }
    x: Value = Array(node=call.node)
    y: Value = Array(node=call.node)
    if data is not None and data.shape is not None:
        x = data.derive(call.node, shape=(None, count, *data.shape[1:]), **changes)
    if targets is not None and targets.shape is not None:
        y = targets.derive(call.node, shape=(None, *targets.shape[1:]), **changes)
    steps = (Transform("batch", {"batch_size": argument(made, "batch_size") or Const(128)}, node=call.node),)
    return Dataset(call.name, dict(call.args), tuple_of(x, y, node=call.node), steps, node=call.node)


def _padded(call: Call) -> Value:
    """`pad_sequences(sequences, maxlen)`: rows of equal length, filled up with 0."""
    value = call.first
    array = value if isinstance(value, Array) else None
    rows = array.rows if array is not None else None
    lengths = _lengths(value)
    if lengths is not None:
        rows = len(lengths)
    limit = call.value("maxlen")
    width = integer(limit) if not is_none(limit) else max(lengths, default=None) if lengths else None
    bounds = (array.low, array.high) if array is not None else _bounds(value)
    fill = number(call.value("value")) if "value" in call.args else 0.0
    low, high = ranges.union([bounds, (fill, fill)])
    return Array(
        (rows, width),
        dtype_or(call.value("dtype"), "int32"),
        low,
        high,
        source=array.source if array is not None else "pad_sequences",
        order=array.order if array is not None else None,
        noise=array.noise if array is not None else False,
        steps=(*(array.steps if array is not None else ()), Step(_padding(call), call.node)),
        parent=texts.numbers(value),
        node=call.node,
    )


def _padding(call: Call) -> str:
    """At which end the rows are filled up with 0, in words."""
    end = text(call.value("padding")) if "padding" in call.args else "pre"
    filled = "value" not in call.args or number(call.value("value")) == 0
    return {"pre": "padded in front", "post": "padded behind"}.get(end or "", "padded") if filled else "padded"


def _lengths(value: Value | None) -> list[int] | None:
    """The lengths of a list of lists, if all are known."""
    if not isinstance(value, Sequence) or value.exact is None:
        return None
    found = [len(item.exact) if isinstance(item, Sequence) and item.exact is not None else -1 for item in value.exact]
    return found if all(length >= 0 for length in found) else None


def _bounds(value: Value | None) -> ranges.Bounds:
    """The range of the numbers in a list of lists."""
    if not isinstance(value, Sequence) or value.exact is None:
        return ranges.UNKNOWN
    numbers = [constant(item) for row in value.exact if isinstance(row, Sequence) for item in row.items]
    if not numbers or any(found is NOTHING or not isinstance(found, (int, float)) for found in numbers):
        return ranges.UNKNOWN
    return (float(min(numbers)), float(max(numbers)))


_UTILS: dict[str, Function] = {"timeseries_dataset_from_array": _timeseries, "pad_sequences": _padded}

FUNCTIONS: dict[str, Handler] = {
    **handlers("keras.utils", _UTILS),
    **handlers("keras.preprocessing.sequence", {"TimeseriesGenerator": _windows}),
}
