"""Keras preprocessing: layers applied to data, image and text loaders, `adapt`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from kerlint.library import ranges
from kerlint.library.objects import bind_arguments
from kerlint.library.shapes import dims
from kerlint.program.constants import constant, number, text, truth
from kerlint.program.labels import Labels
from kerlint.program.values import (
    Arguments,
    Array,
    Const,
    Dataset,
    Layer,
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


def apply_layer(layer: Layer, data: Array, node: cst.CSTNode) -> Value:
    """What a layer makes of data outside a model."""
    if layer.short == "Rescaling":
        scale, offset = number(layer.args.get("scale")), number(layer.args.get("offset"))
        if scale is None or ("offset" in layer.args and offset is None):
            return data.derive(node, "Rescaling", low=None, high=None, columns=None, values=None)
        low, high = ranges.bound("*", (data.low, data.high), (scale, scale))
        if low is not None and high is not None:
            low, high = low + (offset or 0), high + (offset or 0)
        return data.derive(node, "Rescaling", low=low, high=high, columns=None, dtype="float32", values=None)
    if layer.short == "Normalization":
        return data.derive(node, "Normalization", low=None, high=None, columns=None, dtype="float32", values=None)
    if layer.short in ("Resizing", "CenterCrop") or layer.short.startswith("Random"):
        return data.derive(node, layer.short, shape=None, columns=None, values=None)
    return Array(None, None, steps=data.steps, node=node)


def directory_loader(machine: Machine, name: str, arguments: Arguments, node: cst.CSTNode) -> Value:
    """`image_dataset_from_directory` and its kin: batched, shuffled by default, integer labels by default."""
    args, _ = bind_arguments(name, arguments)
    low, high = LOADERS[name]
    size = dims(args.get("image_size")) if "image_size" in args else (256, 256)
    mode = text(args.get("color_mode")) if "color_mode" in args else "rgb"
    channels = {"rgb": 3, "rgba": 4, "grayscale": 1}.get(mode or "")
    shape: Shape = None
    if name.endswith("image_dataset_from_directory") and size is not None and len(size) == 2:
        shape = (None, *size, channels)
    data = Array(shape, "float32", low, high, tight=high == 255.0, source=name, node=node)
    label_mode = text(args.get("label_mode")) if "label_mode" in args else "int"
    names = args.get("class_names")
    count = len(names.items) if isinstance(names, Sequence) and names.exact is not None else None
    element: Value = data
    kinds = {"int": Labels("classes", count), "binary": Labels("binary", 2), "categorical": Labels("onehot", count)}
    if constant(args.get("label_mode")) is not None or "label_mode" not in args:
        label_shape: Shape = (
            (None, count) if label_mode == "categorical" else (None, 1) if label_mode == "binary" else (None,)
        )
        labels = Array(
            label_shape,
            "int32" if label_mode == "int" else "float32",
            labels=kinds.get(label_mode or ""),
            source=name,
            node=node,
        )
        element = tuple_of(data, labels, node=node)
    transforms = []
    shuffle = truth(args.get("shuffle")) if "shuffle" in args else True
    if shuffle is not False:
        transforms.append(Transform("shuffle", {}, node=node))
    if not ("batch_size" in args and constant(args["batch_size"]) is None):
        transforms.append(Transform("batch", {"batch_size": args.get("batch_size", Const(32, node=node))}, node=node))
    return Dataset(name, args, element, tuple(transforms), node=node)


def generator_flow(generator: Object, method: str, arguments: Arguments, node: cst.CSTNode) -> Value:
    """`ImageDataGenerator(...).flow(...)` and `flow_from_directory(...)`: endless shuffled batches."""
    name = f"{generator.name}.{method}"
    args, _ = bind_arguments(name, arguments)
    scale = number(generator.args.get("rescale"))
    rescaled = scale is not None or "preprocessing_function" in generator.args or generator.open
    normalised = any(key.startswith(("featurewise", "samplewise", "zca")) for key in generator.args)
    low: float | None = None
    high: float | None = None
    shape: Shape = None
    labels: Value | None = None
    if method == "flow":
        x, y = args.get("x"), args.get("y")
        if isinstance(x, Array):
            shape = None if x.shape is None else (None, *x.shape[1:])
            low, high = x.low, x.high
        labels = y.derive(node, shape=None if y.shape is None else (None, *y.shape[1:])) if isinstance(y, Array) else y
    else:
        size = dims(args.get("target_size")) if "target_size" in args else (256, 256)
        mode = text(args.get("color_mode")) if "color_mode" in args else "rgb"
        channels = {"rgb": 3, "rgba": 4, "grayscale": 1}.get(mode or "")
        shape = (None, *size, channels) if size is not None and len(size) == 2 else None
        low, high = 0.0, 255.0
        class_mode = text(args.get("class_mode")) if "class_mode" in args else "categorical"
        names = args.get("classes")
        count = len(names.items) if isinstance(names, Sequence) and names.exact is not None else None
        kinds = {
            "categorical": Labels("onehot", count),
            "binary": Labels("binary", 2),
            "sparse": Labels("classes", count),
        }
        meaning = kinds.get(class_mode or "")
        if meaning is not None:
            labels = Array(
                (None, count) if class_mode == "categorical" else (None,),
                "float32",
                labels=meaning,
                source=name,
                node=node,
            )
    if scale is not None and low is not None and high is not None:
        low, high = low * scale, high * scale
    elif rescaled or normalised:
        low = high = None
    data = Array(shape, "float32", low, high, tight=high is not None, source=name, node=node)
    element: Value = data if labels is None else tuple_of(data, labels, node=node)
    transforms: list[Transform] = []
    if truth(args.get("shuffle")) is not False:
        transforms.append(Transform("shuffle", {}, node=node))
    transforms.append(Transform("batch", {}, node=node))
    return Dataset(name, {**args, "generator": generator}, element, tuple(transforms), node=node)


def adapt(machine: Machine, layer: Object, arguments: Arguments, node: cst.CSTNode) -> Value:
    """`layer.adapt(data)`."""
    machine.heap.write(layer.state, "adapted", arguments.get(0) or Const(True, node=node))
    return Const(None, node=node)
