"""Images in TensorFlow: `tf.image`, decoded files, parsed records, and `preprocess_input` of the applications."""

from __future__ import annotations

from typing import Any

from kerlint.library import dtypes, ranges
from kerlint.library.convert import Call, Function, Handler, dtype_name, handlers, shape_of
from kerlint.library.defaults import MODE_RANGES, preprocess_mode
from kerlint.library.imaging import pixels
from kerlint.library.shapes import dims
from kerlint.library.sources import described
from kerlint.program.constants import integer, text, truth
from kerlint.program.values import Array, Const, Dimension, Object, Sequence, Shape, Unknown, Value, list_of, mapping_of
from kerlint.program.values import Mapping as Fields

#: What a change of the picture forgets.
_MOVED: dict[str, Any] = {"columns": None, "values": None, "labels": None, "order": None, "statistic": None}
#: Ways to resize that stay within the range of the values; the others overshoot.
_WITHIN = frozenset({"bilinear", "nearest", "area"})


def _decoded(call: Call) -> Value:
    """`decode_jpeg`, `decode_png`, `decode_image`."""
    channels = call.value("channels")
    count: Dimension = integer(channels) if channels is not None else None
    dtype = dtype_name(call.value("dtype")) if "dtype" in call.args else "uint8"
    shape: Shape = (None, None, count or None)
    animated = call.args.get("expand_animations")
    if call.name.endswith("decode_image") and (animated is None or truth(animated) is not False):
        shape = None
    if call.name.endswith("decode_gif"):
        shape = (None, None, None, 3)
    if dtype == "float32":
        return Array(shape, dtype, 0.0, 1.0, tight=True, source="image file", form="tensor", node=call.node)
    if dtype != "uint8":
        return Array(shape, dtype, form="tensor", node=call.node)
    found = pixels(shape, call.node)
    found.form = "tensor"
    return found


def _string(call: Call) -> Value:
    """`read_file(path)`."""
    return Array((), "string", form="tensor", node=call.node)


def _method(call: Call) -> str | None:
    given = call.value("method") or call.value("interpolation")
    if given is None:
        return "bilinear"
    found = text(given)
    if found is None and hasattr(given, "name"):
        found = str(given.name).rpartition(".")[2]
    return found.lower().removesuffix("_neighbor") if found is not None else None


def _resized(call: Call) -> Value:
    """`resize(images, (height, width))`."""
    array = call.array
    if array is None:
        return Unknown("resize", node=call.node)
    size, method = dims(call.value("size")), _method(call)
    if isinstance(call.value("size"), Array):
        size = shape_of(call.value("size"))
    kept = call.flag("preserve_aspect_ratio")
    if size is None or len(size) != 2 or kept is not False:
        size = (None, None)
    low, high = (array.low, array.high) if method in _WITHIN else ranges.UNKNOWN
    dtype = array.dtype if method == "nearest" else "float32" if call.name.startswith("tensorflow.") else None
    if "fill_value" in call.args or call.flag("pad_to_aspect_ratio") is not False:
        low, high = ranges.UNKNOWN
    plain = "data_format" not in call.args
    shape = _in_size(array.shape, size) if plain else None
    tight = array.tight and low is not None
    return array.derive(call.node, "resize", shape=shape, low=low, high=high, dtype=dtype, tight=tight, **_MOVED)


def _in_size(shape: Shape, size: tuple[Dimension, ...]) -> Shape:
    """The shape of an image, or a batch of them, in another height and width."""
    if shape is None or len(shape) not in (3, 4):
        return None
    return (*shape[:-3], *size, shape[-1])


def _framed(call: Call) -> Value:
    """`resize_with_pad`, `pad_to_bounding_box`, `crop_to_bounding_box` ..."""
    array = call.array
    if array is None:
        return Unknown("crop", node=call.node)
    size = (integer(call.value("target_height")), integer(call.value("target_width")))
    padded = "pad" in call.name
    low, high = (array.low, array.high) if not padded else ranges.union([(array.low, array.high), (0.0, 0.0)])
    dtype = array.dtype
    if call.name.endswith("resize_with_pad"):
        dtype = "float32" if _method(call) != "nearest" else dtype
        if _method(call) not in _WITHIN:
            low, high = ranges.UNKNOWN
    return array.derive(
        call.node, "resize", shape=_in_size(array.shape, size), low=low, high=high, dtype=dtype, **_MOVED
    )


def _cropped(call: Call) -> Value:
    """`random_crop(image, size)`."""
    array = call.array
    if array is None:
        return Unknown("crop", node=call.node)
    size = call.value("size")
    return array.derive(call.node, "crop", shape=shape_of(size) if size is not None else None, **_MOVED)


def _middle(call: Call) -> Value:
    array = call.array
    if array is None:
        return Unknown("crop", node=call.node)
    return array.derive(call.node, "crop", shape=_in_size(array.shape, (None, None)), **_MOVED)


def _turned(call: Call) -> Value:
    """Flips and quarter turns: the same values in other places."""
    array = call.array
    if array is None:
        return Unknown("flip", node=call.node)
    still = "flip" in call.name
    shape = array.shape if still else _in_size(array.shape, (None, None))
    return array.derive(call.node, "turned", **{**_MOVED, "order": array.order}, shape=shape)


def _adjusted(call: Call) -> Value:
    """Brightness, contrast, hue: bytes stay bytes, floats may leave their range."""
    array = call.array
    if array is None:
        return Unknown("adjust", node=call.node)
    span = (0.0, 255.0) if array.dtype == "uint8" else ranges.UNKNOWN
    tight = array.tight and span != ranges.UNKNOWN
    return array.derive(call.node, "adjusted", low=span[0], high=span[1], tight=tight, **_MOVED)


def _gray(call: Call) -> Value:
    array = call.array
    if array is None:
        return Unknown("gray", node=call.node)
    channels = 3 if call.name.endswith("grayscale_to_rgb") else 1
    shape = None if not array.shape else (*array.shape[:-1], channels)
    return array.derive(call.node, "gray", shape=shape, **_MOVED)


def _standardized(call: Call) -> Value:
    array = call.array
    if array is None:
        return Unknown("standardized", node=call.node)
    changes = {**_MOVED, "low": None, "high": None, "tight": False, "dtype": "float32"}
    return array.derive(call.node, "per_image_standardization", **changes)


def _converted(call: Call) -> Value:
    """`convert_image_dtype(image, dtype)`: scales between whole numbers and 0..1."""
    array, dtype = call.array, dtype_name(call.value("dtype"))
    if array is None:
        return Unknown("convert", node=call.node)
    before, after = dtypes.limits(array.dtype), dtypes.limits(dtype)
    low, high = ranges.UNKNOWN
    if array.dtype is not None and (array.dtype == dtype or (dtypes.is_float(array.dtype) and dtypes.is_float(dtype))):
        low, high = array.low, array.high
    elif before is not None and dtypes.is_float(dtype):
        low, high = ranges.bound("/", (array.low, array.high), (before[1], before[1]))
    elif after is not None and dtypes.is_float(array.dtype):
        low, high = ranges.within(ranges.bound("*", (array.low, array.high), (after[1], after[1])), dtype)
    tight = array.tight and low is not None
    step = f"convert {dtype}"
    changes = {**_MOVED, "order": array.order, "dtype": dtype, "low": low, "high": high, "tight": tight}
    return array.derive(call.node, step, **changes)


def _parsed(call: Call) -> Value:
    """`parse_single_example(record, features)`: tensors by name."""
    features = call.value("features")
    if not isinstance(features, Fields):
        return Unknown("example", node=call.node)
    entries = {}
    for name, feature in features.entries.items():
        known = isinstance(feature, Object) and feature.name == "tensorflow.io.FixedLenFeature"
        found = described(feature, call.node) if known else Unknown("feature", node=call.node)
        if call.name.endswith("parse_example") and isinstance(found, Array) and found.shape is not None:
            found.shape = (None, *found.shape)
        entries[name] = found
    return mapping_of(entries, open=features.open, node=call.node)


def _raw(call: Call) -> Value:
    dtype = dtype_name(call.value("out_type"))
    return Array((None,), dtype, form="tensor", node=call.node)


def _ensured(call: Call) -> Value:
    array, shape = call.array, call.value("shape")
    told = shape_of(shape) if shape is not None else None
    if array is None:
        return Array(told, form="tensor", node=call.node)
    return array.derive(call.node, shape=told if told is not None else array.shape)


def _from_python(call: Call) -> Value:
    """`py_function(function, inputs, dtypes)`: only the dtypes are known; without a function it is a decorator."""
    if not call.positional and "func" not in call.args:
        return Object(call.name, dict(call.args), node=call.node)
    kinds = call.value("Tout")
    if kinds is not None and dtype_name(kinds) is not None:
        return Array(None, dtype_name(kinds), form="tensor", node=call.node)
    items = getattr(kinds, "exact", None)
    if items is None:
        return Unknown("py_function", node=call.node)
    made: list[Value] = [Array(None, dtype_name(item), form="tensor", node=call.node) for item in items]
    return list_of(made, "list", call.node)


def _spec(call: Call) -> Value:
    return Object(call.name, dict(call.args), node=call.node)


def _sizes(call: Call) -> Value:
    """`tf.TensorShape(sizes)`: stands as the tuple that it is in all that matters."""
    given = call.value("dims")
    return list_of(given.items, "tuple", call.node) if isinstance(given, Sequence) else _spec(call)


def _shape(call: Call) -> Value:
    """`tf.shape(x)`: a row of sizes."""
    array = call.array
    if array is None or array.shape is None:
        return Unknown("shape", node=call.node)
    sizes = [Array((), "int32", form="tensor", node=call.node) if size is None else Const(size) for size in array.shape]
    return list_of(sizes, "list", call.node)


def preprocess(call: Call) -> Value:
    """`preprocess_input` of an application: from 0..255 to the range that it was trained on."""
    array, mode = call.array, preprocess_mode(call.name)
    if array is None:
        return Unknown("preprocess_input", node=call.node)
    if "mode" in call.args:
        mode = text(call.args["mode"])
    low, high = ranges.UNKNOWN
    if mode == "none":
        low, high = array.low, array.high
    elif mode is not None and array.low is not None and array.high is not None:
        if mode == "tf":
            low, high = array.low / 127.5 - 1, array.high / 127.5 - 1
        elif array.low >= 0 and array.high <= 255:
            low, high = MODE_RANGES.get(mode, ranges.UNKNOWN)
    tight = array.tight and low is not None
    whole = dtypes.is_integer(array.dtype) and mode != "none"
    dtype = "float32" if whole else array.dtype
    made = array.derive(call.node, "preprocess_input", low=low, high=high, tight=tight, dtype=dtype, **_MOVED)
    if dtypes.is_float(array.dtype) and array.form != "tensor" and mode != "none":
        # An array of floats is changed in place, and given back.
        changed = array.overwritten(call.node)
        changed.low, changed.high = low, high
        call.machine.change_in_place(array, changed, call.node)
    return made


_IMAGE: dict[str, Function] = {
    "resize": _resized,
    **dict.fromkeys(
        ("resize_with_pad", "resize_with_crop_or_pad", "crop_to_bounding_box", "pad_to_bounding_box"), _framed
    ),
    **dict.fromkeys(("random_crop", "stateless_random_crop"), _cropped),
    "central_crop": _middle,
    **dict.fromkeys(("flip_left_right", "flip_up_down", "rot90", "transpose"), _turned),
    **{f"{kind}_flip_{way}": _turned for kind in ("random", "stateless_random") for way in ("left_right", "up_down")},
    **{
        f"{kind}_{what}": _adjusted
        for kind in ("adjust", "random", "stateless_random")
        for what in ("brightness", "contrast", "hue", "saturation", "gamma")
    },
    "rgb_to_grayscale": _gray,
    "grayscale_to_rgb": _gray,
    "per_image_standardization": _standardized,
    "convert_image_dtype": _converted,
}
_FILES: dict[str, Function] = {
    **dict.fromkeys(("decode_jpeg", "decode_png", "decode_image", "decode_bmp", "decode_gif"), _decoded),
    "decode_and_crop_jpeg": _decoded,
    "read_file": _string,
    "parse_single_example": _parsed,
    "parse_example": _parsed,
    "decode_raw": _raw,
}

FUNCTIONS: dict[str, Handler] = {
    **handlers("tensorflow.image", _IMAGE, "tensor"),
    **handlers("tensorflow.io", _FILES, "tensor"),
    **handlers("tensorflow.compat.v1", {"parse_single_example": _parsed, "parse_example": _parsed}, "tensor"),
    **handlers("tensorflow.io", {"FixedLenFeature": _spec, "VarLenFeature": _spec}),
    **handlers("tensorflow", {"TensorSpec": _spec, "TensorShape": _sizes}),
    **handlers("tensorflow", {"ensure_shape": _ensured, "py_function": _from_python}, "tensor"),
    **handlers("tensorflow", {"numpy_function": _from_python, "shape": _shape}, "tensor"),
    **handlers("keras.ops.image", {"resize": _resized}, "tensor"),
}
