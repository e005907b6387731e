"""Keras preprocessing layers applied to data, and `adapt`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kerlint import syntax
from kerlint.library import ranges
from kerlint.library.convert import is_none
from kerlint.library.dtypes import is_integer
from kerlint.library.loaders import LOADERS, directory_loader
from kerlint.library.objects import argument
from kerlint.library.ranges import Bounds
from kerlint.program.constants import constant, integer, number, text, truth
from kerlint.program.events import Adapt
from kerlint.program.labels import Labels
from kerlint.program.values import (
    Arguments,
    Array,
    Const,
    Dimension,
    Layer,
    Object,
    Sequence,
    Shape,
    Unknown,
    Value,
    list_of,
)

if TYPE_CHECKING:
    from kerlint.program.interpreter.machine import Machine

__all__ = ["ADAPTING", "LOADERS", "adapt", "apply_layer", "directory_loader"]

#: Layers that learn from `adapt`, or are told the same by an argument.
ADAPTING = frozenset({"Normalization", "TextVectorization", "StringLookup", "IntegerLookup", "Discretization"})
#: What a layer that moves pixels forgets.
_MOVED: dict[str, Any] = {"columns": None, "values": None, "labels": None, "statistic": None}
#: Random layers that only move pixels about.
_MOVING = frozenset(
    """RandomFlip RandomRotation RandomZoom RandomTranslation RandomCrop RandomShear RandomPerspective
    RandomElasticTransform RandomErasing""".split()
)


def apply_layer(layer: Layer, data: Array, node: syntax.Node) -> Value:
    """What a layer makes of data outside a model."""
    known = _LAYERS.get(layer.short)
    if layer.cls is not None:
        # It may give anything: a tuple of arrays, too.
        return Unknown("layer of the program", node=node)
    if layer.open:
        return Array(None, None, steps=data.steps, node=node)
    if known is None and layer.short.startswith("Random"):
        known = _random
    if known is None:
        return Array(None, None, steps=data.steps, node=node)
    made = known(layer, data, node)
    made.form, made.fields = "tensor", None
    return made


def _rescaled(layer: Layer, data: Array, node: syntax.Node) -> Array:
    scale, offset = number(layer.args.get("scale")), number(layer.args.get("offset") or Const(0.0))
    low, high = ranges.bound("*", (data.low, data.high), (scale, scale))
    low, high = ranges.bound("+", (low, high), (offset, offset))
    changes = {"columns": None, "values": None, "dtype": "float32", "statistic": None}
    tight = data.tight and low is not None
    return data.derive(node, "Rescaling", low=low, high=high, tight=tight, **changes)


def _normalized(layer: Layer, data: Array, node: syntax.Node) -> Array:
    changes = {"columns": None, "values": None, "dtype": "float32", "statistic": None, "tight": False}
    return data.derive(node, "Normalization", low=None, high=None, **changes)


def _in_size(shape: Shape, height: Dimension, width: Dimension) -> Shape:
    if shape is None or len(shape) not in (3, 4):
        return None
    return (*shape[:-3], height, width, shape[-1])


def _resized(layer: Layer, data: Array, node: syntax.Node) -> Array:
    """`Resizing`, `CenterCrop`, `RandomCrop`: another height and width."""
    size = (integer(argument(layer, "height")), integer(argument(layer, "width")))
    plain = "data_format" not in layer.args and "pad_to_aspect_ratio" not in layer.args
    how = text(argument(layer, "interpolation")) if layer.short == "Resizing" else "bilinear"
    span: Bounds = (data.low, data.high) if plain and how in ("bilinear", "nearest", "area") else ranges.UNKNOWN
    return data.derive(
        node,
        layer.short,
        shape=_in_size(data.shape, *size) if plain else None,
        low=span[0],
        high=span[1],
        tight=data.tight and span[0] is not None,
        # Newer versions keep whole numbers.
        dtype=None if data.dtype is None or is_integer(data.dtype) else "float32",
        order=None if data.shape is None or len(data.shape) == 3 else data.order,
        **_MOVED,
    )


def _random(layer: Layer, data: Array, node: syntax.Node) -> Array:
    """Augmentation: pixels are moved and filled with others or 0, or changed within a range."""
    span: Bounds = ranges.UNKNOWN
    fill = number(argument(layer, "fill_value")) if "fill_value" in layer.args else 0.0
    if layer.short in _MOVING:
        span = ranges.union([(data.low, data.high), (fill, fill)])
    elif layer.short in ("RandomBrightness", "RandomContrast") and "value_range" in layer.args:
        ends = layer.args["value_range"]
        if isinstance(ends, Sequence) and ends.exact is not None and len(ends.exact) == 2:
            span = (number(ends.exact[0]), number(ends.exact[1]))
    elif layer.short == "RandomBrightness":
        span = (0.0, 255.0)
    tight = data.tight and span == (data.low, data.high) and span[0] is not None
    known = layer.short in _MOVING or layer.short.endswith(("Brightness", "Contrast", "Hue", "Saturation"))
    shape = data.shape if known and layer.short not in ("RandomCrop", "RandomErasing") else None
    return data.derive(
        node, layer.short, shape=shape, low=span[0], high=span[1], tight=tight, dtype="float32", **_MOVED
    )


def _of_texts(layer: Layer, data: Array, node: syntax.Node) -> Array:
    """`TextVectorization`: rows of word numbers, or one number a word of the vocabulary."""
    mode, top = text(argument(layer, "output_mode")), integer(argument(layer, "max_tokens"))
    shape = data.shape
    if shape is not None and len(shape) > 1 and shape[-1] == 1:
        shape = shape[:-1]
    if mode == "int":
        plain = truth(argument(layer, "ragged")) is False
        length = integer(argument(layer, "output_sequence_length"))
        high = None if top is None else top - 1.0
        made = None if shape is None or not plain else (*shape, length)
        return Array(made, "int64", 0.0, high, source="TextVectorization", order=data.order, node=node)
    width = top if truth(argument(layer, "pad_to_max_tokens")) is True else None
    high = 1.0 if mode == "multi_hot" else None
    low = 0.0 if mode in ("multi_hot", "count") else None
    made = None if shape is None else (*shape, width)
    return Array(made, None, low, high, source="TextVectorization", order=data.order, node=node)


def _looked_up(layer: Layer, data: Array, node: syntax.Node) -> Array:
    """`StringLookup` and `IntegerLookup`: a number for each value."""
    if text(argument(layer, "output_mode")) != "int" or truth(argument(layer, "invert")) is not False:
        return Array(None, None, node=node)
    words = layer.args.get("vocabulary")
    extra = integer(argument(layer, "num_oov_indices"))
    known = isinstance(words, Sequence) and words.exact is not None and extra is not None
    masked = "mask_token" in layer.args
    high = None
    if known and isinstance(words, Sequence) and words.exact is not None and extra is not None and not masked:
        high = float(len(words.exact) + extra - 1)
    return Array(data.shape, "int64", 0.0, high, source=layer.short, order=data.order, node=node)


def vocabulary(layer: Layer, method: str, arguments: Arguments, node: syntax.Node) -> Value:
    """`layer.get_vocabulary()` and `layer.vocabulary_size()` of a layer that was given its words."""
    words = layer.args.get("vocabulary")
    extra, mode = integer(argument(layer, "num_oov_indices")), text(argument(layer, "output_mode"))
    known = list(words.exact) if isinstance(words, Sequence) and words.exact is not None else _distinct(words)
    if known is None or extra is None or mode is None or layer.short not in ("StringLookup", "IntegerLookup"):
        return Unknown(method, node=node)
    mask, other = argument(layer, "mask_token"), argument(layer, "oov_token")
    first: list[Value] = [mask] if mask is not None and not is_none(mask) and mode == "int" else []
    first += [other or Unknown("token", node=node)] * extra
    if [constant(item) for item in known[: len(first)]] == [constant(item) for item in first]:
        # The words may begin with the tokens that stand for none.
        known = known[len(first) :]
    special = truth(arguments.get(0, "include_special_tokens") or Const(True))
    if special is None:
        return Unknown(method, node=node)
    found = [*first, *known] if special or method == "vocabulary_size" else known
    return Const(len(found), node=node) if method == "vocabulary_size" else list_of(found, "list", node)


def _distinct(words: Value | None) -> list[Value] | None:
    """The items of what `np.unique` gives, where they are known."""
    if not isinstance(words, Array) or words.distinct is None:
        return None
    values = words.distinct.all_values
    return None if values is None or words.shape != (len(values),) else [Const(value) for value in values]


def _hashed(layer: Layer, data: Array, node: syntax.Node) -> Array:
    bins = integer(argument(layer, "num_bins"))
    if text(argument(layer, "output_mode")) != "int":
        return Array(None, None, node=node)
    high = None if bins is None else bins - 1.0
    return Array(data.shape, "int64", 0.0, high, source=layer.short, order=data.order, node=node)


def _encoded(layer: Layer, data: Array, node: syntax.Node) -> Array:
    """`CategoryEncoding`: as many columns as there are values."""
    mode, width = text(argument(layer, "output_mode")), integer(argument(layer, "num_tokens"))
    shape = data.shape
    gone = shape is not None and len(shape) > 1 and (mode == "multi_hot" or shape[-1] == 1)
    if mode not in ("one_hot", "multi_hot") or (mode == "multi_hot" and not gone):
        shape = None
    elif gone and shape is not None:
        shape = shape[:-1]
    labels = Labels("onehot", width) if mode == "one_hot" else None
    high = 1.0 if mode in ("one_hot", "multi_hot") else None
    return Array(
        None if shape is None else (*shape, width), "float32", 0.0, high, labels=labels, source="onehot", node=node
    )


_LAYERS = {
    "Rescaling": _rescaled,
    "Normalization": _normalized,
    "Resizing": _resized,
    "CenterCrop": _resized,
    "RandomCrop": _resized,
    "TextVectorization": _of_texts,
    "StringLookup": _looked_up,
    "IntegerLookup": _looked_up,
    "Hashing": _hashed,
    "CategoryEncoding": _encoded,
}


def adapt(machine: Machine, layer: Object, arguments: Arguments, node: syntax.Node) -> Value:
    """`layer.adapt(data)`."""
    machine.heap.write(layer.state, "adapted", arguments.get(0) or Const(True, node=node))
    machine.emit(Adapt(node=node, layer=layer, data=arguments.get(0)))
    return Const(None, node=node)
