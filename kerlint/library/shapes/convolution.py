"""Convolutions: plain, transposed, depthwise, separable.

The locally connected layers of Keras 2, which have weights of their own at each place, are here too.
"""

from __future__ import annotations

from collections.abc import Callable

from kerlint.library.shapes.base import (
    NO_WEIGHTS,
    UNKNOWN_WEIGHTS,
    Call,
    Misfit,
    Result,
    Sizes,
    Weights,
    plus,
    times,
    whole,
)
from kerlint.library.shapes.windows import (
    Parts,
    axes,
    border,
    checked,
    condition,
    count,
    each,
    for_each_layout,
    parts,
    reach,
    spread,
    steps,
)
from kerlint.program.values import Const, Dimension

#: The kernel's sizes in Keras 1.
_OLD_SIZES = {1: ("filter_length",), 2: ("nb_row", "nb_col"), 3: ("kernel_dim1", "kernel_dim2", "kernel_dim3")}
#: Weights at more places than this along an axis are not counted one by one.
_MAX_PLACES = 100_000


def _convolution(call: Call, channels_first: bool) -> Result:
    image = parts(call, channels_first)
    filters, groups = count(call, "filters"), count(call, "groups")
    _needs_multiple(filters, groups, "filters")
    _needs_multiple(image.channels, groups, "channels of the input")
    _needs_one_gap(call)
    causal = ("causal",) if axes(call) == 1 else ()
    image_after = _swept(call, image, border(call, *causal))._replace(channels=filters)
    inner = None if image.channels is None or groups is None else image.channels // groups
    weights = _adapted(call, (*_kernel(call), inner, filters)) + _bias(call, filters)
    return Result(image_after.joined(channels_first), weights)


def _depthwise(call: Call, channels_first: bool) -> Result:
    image = parts(call, channels_first)
    channels = times(image.channels, count(call, "depth_multiplier"))
    image_after = _swept(call, image, border(call))._replace(channels=channels)
    weights = Weights(times(*_kernel(call), channels)) + _bias(call, channels)
    return Result(image_after.joined(channels_first), weights)


def _separable(call: Call, channels_first: bool) -> Result:
    image = parts(call, channels_first)
    between = times(image.channels, count(call, "depth_multiplier"))
    filters = count(call, "filters")
    image_after = _swept(call, image, border(call))._replace(channels=filters)
    kernels = plus(times(*_kernel(call), between), times(between, filters))
    return Result(image_after.joined(channels_first), Weights(kernels) + _bias(call, filters))


def _swept(call: Call, image: Parts, padding: str | None) -> Parts:
    """The image that the windows of a kernel leave."""
    widths = [reach(*pair) for pair in zip(_kernel(call), each(call, "dilation_rate"))]
    strides = each(call, "strides")
    return image._replace(spatial=tuple(steps(*sizes, padding) for sizes in zip(image.spatial, widths, strides)))


# -- Transposed ---------------------------------------------------------------------------------------------------


def _transposed(call: Call, channels_first: bool) -> Result:
    image = parts(call, channels_first)
    filters = count(call, "filters")
    _needs_one_gap(call)
    image_after = image._replace(spatial=_spread_out(call, image.spatial), channels=filters)
    weights = Weights(times(*_kernel(call), filters, image.channels)) + _bias(call, filters)
    return Result(image_after.joined(channels_first), weights)


def _spread_out(call: Call, sizes: Sizes) -> Sizes:
    padding, strides = border(call), each(call, "strides")
    widths = [reach(*pair) for pair in zip(_kernel(call), each(call, "dilation_rate"))]
    found: Sizes
    if call.is_none("output_padding"):
        found = tuple(_grown(*axis, padding) for axis in zip(sizes, widths, strides))
    else:
        more = each(call, "output_padding", least=0)
        _needs_less(more, strides)
        found = tuple(_grown_to(*axis, padding) for axis in zip(sizes, widths, strides, more))
    # Keras 1 took the shape from the program.
    return (None,) * len(sizes) if "output_shape" in call.layer.args else checked(found, "an output size", least=0)


def _grown(size: Dimension, width: Dimension, stride: Dimension, padding: str | None) -> Dimension:
    if padding == "same":
        return times(size, stride)
    if size is None or width is None or stride is None or padding is None:
        return None
    return (size - 1) * stride + max(width, stride)


def _grown_to(size: Dimension, width: Dimension, stride: Dimension, more: Dimension, padding: str | None) -> Dimension:
    if size is None or width is None or padding is None:
        return None
    return plus(times(size - 1, stride), width % 2 if padding == "same" else width, more)


def _needs_less(more: Sizes, strides: Sizes) -> None:
    for extra, stride in zip(more, strides):
        if extra is not None and stride is not None and extra >= stride:
            raise Misfit(f"output_padding {extra} is not less than the stride {stride}")


# -- Locally connected --------------------------------------------------------------------------------------------


def _local(call: Call, channels_first: bool) -> Result:
    image = parts(call, channels_first)
    filters, implementation = count(call, "filters"), call.integer("implementation")
    padding = border(call)
    if padding == "same" and implementation == 1:
        raise Misfit(f"{call.layer.short} has padding 'same' only with implementation 2 or 3")
    kernel, strides = _kernel(call), each(call, "strides")
    places = tuple(steps(*sizes, padding) for sizes in zip(image.spatial, kernel, strides))
    image_after = image._replace(spatial=places, channels=filters)
    if implementation == 1:
        links = times(*places, *kernel)
    elif implementation == 2:
        # A weight from each place to each, most of them masked.
        links = times(*places, *image.spatial)
    elif implementation == 3:
        links = times(*(_links(*axis, padding) for axis in zip(image.spatial, places, kernel, strides)))
    else:
        links = None
    weights = Weights(times(links, image.channels, filters)) + _bias(call, times(*places, filters))
    return Result(image_after.joined(channels_first), weights)


def _links(size: Dimension, places: Dimension, window: Dimension, stride: Dimension, padding: str | None) -> Dimension:
    """How many pairs of a place of the input and one of the output there are along an axis."""
    if padding == "valid":
        return times(places, window)
    if size is None or places is None or window is None or stride is None or padding is None or places > _MAX_PLACES:
        return None
    starts = (place * stride - window // 2 for place in range(places))
    return sum(max(0, min(size, start + window) - max(0, start)) for start in starts)


# -- Arguments and weights ----------------------------------------------------------------------------------------


def _kernel(call: Call) -> Sizes:
    old = _OLD_SIZES[axes(call)]
    if "kernel_size" not in call.layer.args and old[0] in call.layer.args:
        return checked(tuple(whole(call.layer.args.get(name)) for name in old), "a kernel's size")
    return spread(call.value("kernel_size"), axes(call), "kernel_size")


def _bias(call: Call, size: int | None) -> Weights:
    has = condition(call, "use_bias")
    return Weights(None) if has is None else Weights(size) if has else NO_WEIGHTS


def _adapted(call: Call, kernel: Sizes) -> Weights:
    """The kernel, or with `lora_rank` a fixed one and two small ones that change it."""
    given = call.layer.args.get("lora_rank", Const(None))
    if isinstance(given, Const) and not given.value and not call.layer.open:
        return Weights(times(*kernel))
    rank = whole(given)
    if not rank:
        return UNKNOWN_WEIGHTS
    return Weights(plus(times(*kernel[:-1], rank), times(rank, kernel[-1])), times(*kernel))


def _needs_multiple(number: int | None, groups: int | None, what: str) -> None:
    if number is not None and groups is not None and number % groups:
        raise Misfit(f"{number} {what} cannot be divided into {groups} groups")


def _needs_one_gap(call: Call) -> None:
    strides, dilation = each(call, "strides"), each(call, "dilation_rate")
    if any(size is not None and size > 1 for size in strides) and any(
        size is not None and size > 1 for size in dilation
    ):
        raise Misfit(f"{call.layer.short} cannot have both strides and a dilation_rate above 1")


LAYERS: dict[str, Callable[[Call], Result]] = {
    **{f"Conv{rank}D": for_each_layout(_convolution) for rank in (1, 2, 3)},
    **{f"Conv{rank}DTranspose": for_each_layout(_transposed) for rank in (1, 2, 3)},
    **{f"DepthwiseConv{rank}D": for_each_layout(_depthwise) for rank in (1, 2)},
    **{f"SeparableConv{rank}D": for_each_layout(_separable) for rank in (1, 2)},
    **{f"LocallyConnected{rank}D": for_each_layout(_local) for rank in (1, 2)},
}
