"""Convolution and pooling, and what else looks at a tensor through a window."""

from __future__ import annotations

from kerlint.library.ops.base import Answer, OpCall, Rule, operand, replaced
from kerlint.library.shapes.base import Misfit, Sizes, dims, plus, show, times, whole
from kerlint.program.values import Const, Dimension, Sequence, Shape, Value


def slid(size: Dimension, window: Dimension, stride: Dimension, dilation: Dimension, padding: str | None) -> Dimension:
    """How many places a window has along an axis.

    Raises:
        Misfit: none at all.
    """
    if size is None or stride is None or stride < 1 or padding is None:
        return None
    if padding in ("same", "causal"):
        return (size - 1) // stride + 1
    if window is None or dilation is None or padding != "valid":
        return None
    reach = dilation * (window - 1) + 1
    if reach > size:
        raise Misfit(f"a window of {reach} does not fit into an axis of size {size}")
    return (size - reach) // stride + 1


def _lower(call: OpCall, name: str = "padding") -> str | None:
    found = call.text(name)
    return None if found is None else found.lower()


def _around(shape: tuple[Dimension, ...], last: bool, inner: Sizes, channels: Dimension) -> Shape:
    return (shape[0], *inner, channels) if last else (shape[0], channels, *inner)


def _inner(shape: tuple[Dimension, ...], last: bool) -> Sizes:
    return shape[1:-1] if last else shape[2:]


def _channels(shape: tuple[Dimension, ...], last: bool) -> Dimension:
    return shape[-1] if last else shape[1]


def _pool(call: OpCall) -> Answer:
    shape, last = operand(call.first()), call.channels_last()
    if shape is None or last is None or len(shape) < 3:
        return None
    inner = _inner(shape, last)
    windows = call.pair("pool_size", len(inner))
    strides = windows if call.is_none("strides") else call.pair("strides", len(inner))
    padding = _lower(call)
    sizes = tuple(slid(size, w, s, 1, padding) for size, w, s in zip(inner, windows, strides))
    return _around(shape, last, sizes, _channels(shape, last))


def _adaptive_pool(call: OpCall) -> Answer:
    shape, last = operand(call.first()), call.channels_last()
    if shape is None or last is None or len(shape) < 3:
        return None
    sizes = dims(call.value("output_size"))
    if sizes is None or len(sizes) != len(shape) - 2 or (last and call.symbolic):
        # With the channels last Keras keeps an axis too many.
        return None
    return _around(shape, last, sizes, _channels(shape, last))


def _steps(value: Value, rank: int, last: bool) -> Sizes:
    """Strides or window of a TensorFlow function: for the inner axes, or for all of them."""
    found = dims(value)
    if isinstance(value, Const) and value.value is None:
        found = (1,)
    if found is None:
        return (None,) * (rank - 2)
    if len(found) == 1:
        return found * (rank - 2)
    if len(found) == rank:
        return found[1:-1] if last else found[2:]
    return found if len(found) == rank - 2 else (None,) * (rank - 2)


def _tf_pool(call: OpCall) -> Answer:
    shape, last = call.shape("input"), call.channels_last()
    if shape is None or last is None or len(shape) < 3 or call.text("padding") is None:
        return None
    windows = _steps(call.value("ksize"), len(shape), last)
    strides = _steps(call.value("strides"), len(shape), last)
    padding = _lower(call)
    sizes = tuple(slid(size, w, s, 1, padding) for size, w, s in zip(_inner(shape, last), windows, strides))
    return _around(shape, last, sizes, _channels(shape, last))


def _backend_pool(call: OpCall) -> Answer:
    shape, last = operand(call.first()), call.channels_last()
    if shape is None or last is None or len(shape) < 3:
        return None
    inner = _inner(shape, last)
    windows, strides = call.pair("pool_size", len(inner)), call.pair("strides", len(inner))
    sizes = tuple(slid(size, w, s, 1, _lower(call)) for size, w, s in zip(inner, windows, strides))
    return _around(shape, last, sizes, _channels(shape, last))


def _convolved(
    call: OpCall, kernel: Shape, filters: Dimension, names: tuple[str, str] = ("strides", "dilation_rate")
) -> Shape:
    shape, last = operand(call.first()), call.channels_last()
    if shape is None or kernel is None or last is None:
        return None
    rank = len(shape)
    if rank < 3:
        return None
    if len(kernel) != rank:
        raise Misfit(
            f"{call.short} takes a kernel with {rank} axes, not {len(kernel)}, for a tensor of shape {show(shape)}"
        )
    strides, dilations = (_steps(call.value(name), rank, last) for name in names)
    padding = _lower(call)
    sizes = tuple(
        slid(size, window, stride, dilation, padding)
        for size, window, stride, dilation in zip(_inner(shape, last), kernel[:-2], strides, dilations)
    )
    return _around(shape, last, sizes, filters)


def _check_channels(call: OpCall, kernel: Shape, grouped: bool) -> None:
    shape, last = operand(call.first()), call.channels_last()
    if shape is None or kernel is None or last is None or len(shape) < 3 or len(kernel) < 2:
        return
    given, taken = _channels(shape, last), kernel[-2]
    if given is None or not taken:
        return
    if given % taken if grouped and not call.symbolic else given != taken:
        raise Misfit(f"{call.short} has a kernel for {taken} channels, but the tensor has {given}")


def _conv(call: OpCall) -> Answer:
    kernel = call.shape("kernel")
    _check_channels(call, kernel, grouped=True)
    return _convolved(call, kernel, kernel[-1] if kernel else None)


def _depthwise(call: OpCall) -> Answer:
    kernel = call.shape("kernel")
    _check_channels(call, kernel, grouped=False)
    return _convolved(call, kernel, times(*kernel[-2:]) if kernel else None)


def _separable(call: OpCall) -> Answer:
    kernel, points = call.shape("depthwise_kernel"), call.shape("pointwise_kernel")
    _check_channels(call, kernel, grouped=False)
    return _convolved(call, kernel, points[-1] if points else None)


def _tf_conv(call: OpCall) -> Answer:
    kernel = call.shape("filters")
    strides = "stride" if "stride" in call.args else "strides"
    _check_channels(call, kernel, grouped=True)
    return _convolved(call, kernel, kernel[-1] if kernel else None, (strides, "dilations"))


def _tf_depthwise(call: OpCall) -> Answer:
    kernel = call.shape("filter")
    _check_channels(call, kernel, grouped=False)
    return _convolved(call, kernel, times(*kernel[-2:]) if kernel else None, ("strides", "dilations"))


def _given_output(call: OpCall) -> Answer:
    """A transposed convolution of TensorFlow is told its output shape."""
    return dims(call.value("output_shape"))


def _to_space(call: OpCall) -> Answer:
    return _blocks(call, grow=True)


def _to_depth(call: OpCall) -> Answer:
    return _blocks(call, grow=False)


def _blocks(call: OpCall, grow: bool) -> Answer:
    shape, last, block = operand(call.first()), call.channels_last(), call.integer("block_size")
    if shape is None or last is None or block is None or block < 2:
        return None
    if len(shape) != 4:
        raise Misfit(f"{call.short} takes 4 axes (batch included), not {len(shape)}")
    inner, channels = _inner(shape, last), _channels(shape, last)
    if grow:
        return _around(shape, last, tuple(times(size, block) for size in inner), _divided(call, channels, block**2))
    return _around(shape, last, tuple(_divided(call, size, block) for size in inner), times(channels, block**2))


def _divided(call: OpCall, size: Dimension, by: int) -> Dimension:
    if size is not None and size % by:
        raise Misfit(f"{call.short} cannot divide an axis of size {size} by {by}")
    return None if size is None else size // by


def _unfold(call: OpCall) -> Answer:
    shape = operand(call.first())
    if shape is None or len(shape) != 4:
        return None
    windows = call.pair("kernel_size", 2)
    rows = zip(shape[2:], windows, call.pair("dilation", 2), call.pair("padding", 2), call.pair("stride", 2))
    places: Dimension = 1
    for size, window, dilation, padding, stride in rows:
        room = plus(size, times(2, padding))
        places = times(places, slid(room, window, stride, dilation, "valid"))
    return (shape[0], times(shape[1], *windows), places)


def _fold(call: OpCall) -> Answer:
    shape, area = operand(call.first()), times(*call.pair("kernel_size", 2))
    if shape is None or len(shape) != 3:
        return None
    channels = None if not area else _divided(call, shape[1], area)
    return (shape[0], channels, *call.pair("output_size", 2))


def _patches(call: OpCall) -> Answer:
    """Patches of images or volumes, each in the last axis."""
    shape, last = operand(call.first()), call.channels_last()
    size = dims(call.value("size"))
    if shape is None or last is None or size is None:
        return None
    inner = 3 if call.short.endswith("3d") or len(size) == 3 else 2
    if len(size) == 1:
        size = size * inner
    single = len(shape) == inner + 1
    whole_shape = (1, *shape) if single else shape
    if len(whole_shape) != inner + 2 or len(size) != inner:
        return None
    strides = size if call.is_none("strides") else call.pair("strides", inner)
    dilations, padding = call.pair("dilation_rate", inner), _lower(call)
    sizes = tuple(slid(*row, padding) for row in zip(_inner(whole_shape, last), size, strides, dilations))
    found = _around(whole_shape, last, sizes, times(*size, _channels(whole_shape, last)))
    return found[1:] if single and found is not None else found


def _tf_patches(call: OpCall) -> Answer:
    shape, padding = call.shape("images"), _lower(call)
    if shape is None or len(shape) != 4:
        return None
    size, strides, rates = (_steps(call.value(name), 4, True) for name in ("sizes", "strides", "rates"))
    sizes = tuple(slid(*row, padding) for row in zip(shape[1:3], size, strides, rates))
    return (shape[0], *sizes, times(*size, shape[3]))


def _padded_axes(call: OpCall) -> Answer:
    """`backend.spatial_2d_padding` and its like."""
    shape, last, width = operand(call.first()), call.channels_last(), call.value("padding")
    if call.short == "temporal_padding":
        last = True
    if shape is None or len(shape) < 3 or last is None or not isinstance(width, (Sequence, Const)):
        return None
    inner = _inner(shape, last)
    pairs = [dims(width)] if len(inner) == 1 else _rows(width)
    if pairs is None or len(pairs) != len(inner):
        return None
    sizes = tuple(None if pair is None or len(pair) != 2 else plus(size, *pair) for size, pair in zip(inner, pairs))
    return _around(shape, last, sizes, _channels(shape, last))


def _rows(value: Value) -> list[Sizes | None] | None:
    if isinstance(value, Sequence) and value.exact is not None:
        return [dims(item) for item in value.exact]
    if isinstance(value, Const) and isinstance(value.value, tuple):
        return [dims(Const(item)) for item in value.value]
    return None


def _resized(call: OpCall) -> Answer:
    """`backend.resize_images`: larger by factors."""
    shape, last = operand(call.first()), call.channels_last()
    if shape is None or last is None:
        return None
    names = ("depth_factor", "height_factor", "width_factor")[-(len(shape) - 2) :]
    factors = [whole(call.value(name)) for name in names]
    inner = tuple(times(size, factor) for size, factor in zip(_inner(shape, last), factors))
    return _around(shape, last, inner, _channels(shape, last)) if len(inner) == len(shape) - 2 else None


def _halved(call: OpCall) -> Answer:
    """`glu`: one half of the last axis is the gate of the other."""
    shape, axis = operand(call.first()), call.integer("axis")
    if not shape or axis is None or not -len(shape) <= axis < len(shape):
        return None
    return replaced(shape, axis % len(shape), _divided(call, shape[axis], 2))


RULES: dict[str, Rule] = {
    "pool": _pool,
    "adaptive_pool": _adaptive_pool,
    "tf_pool": _tf_pool,
    "backend_pool": _backend_pool,
    "conv": _conv,
    "depthwise_conv": _depthwise,
    "separable_conv": _separable,
    "tf_conv": _tf_conv,
    "tf_depthwise": _tf_depthwise,
    "given_output": _given_output,
    "depth_to_space": _to_space,
    "space_to_depth": _to_depth,
    "unfold": _unfold,
    "fold": _fold,
    "patches": _patches,
    "tf_patches": _tf_patches,
    "padded_axes": _padded_axes,
    "resized": _resized,
    "glu": _halved,
}
