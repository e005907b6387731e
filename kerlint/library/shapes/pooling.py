"""Pooling layers: windows over an image, all of it at once, or as many windows as asked for."""

from __future__ import annotations

from collections.abc import Callable

from kerlint.library.shapes.base import Call, Result, Sizes, needs_rank
from kerlint.library.shapes.windows import axes, border, condition, each, for_each_layout, parts, steps


def _pooling(call: Call, channels_first: bool) -> Result:
    image = parts(call, channels_first)
    windows = _pool_size(call)
    strides = windows if call.is_none("strides") else each(call, "strides")
    padding = border(call, exact=True)
    sizes = [steps(*sizes, padding) for sizes in zip(image.spatial, windows, strides)]
    return Result(image._replace(spatial=tuple(sizes)).joined(channels_first))


def _pool_size(call: Call) -> Sizes:
    # Average pooling has no default any more; it was 2 in Keras 2.
    if "pool_size" not in call.layer.args and not call.layer.open:
        return (2,) * axes(call)
    return each(call, "pool_size")


def _global_pooling(call: Call, channels_first: bool) -> Result:
    image = parts(call, channels_first)
    keep = condition(call, "keepdims")
    if keep is None:
        return Result(None)
    if not keep:
        return Result((image.batch, image.channels))
    return Result(image._replace(spatial=(1,) * axes(call)).joined(channels_first))


def _adaptive_pooling(call: Call, channels_first: bool) -> Result:
    """Keras looks at the batch and the channels only: the rank of the input does not matter to it."""
    sizes = each(call, "output_size", least=0)
    needs_rank(call, 0, least=2 if channels_first else 1)
    shape = call.shape
    batch, channels = (None, None) if shape is None else (shape[0], shape[1] if channels_first else shape[-1])
    return Result((batch, channels, *sizes) if channels_first else (batch, *sizes, channels))


def _of_each_rank(*kinds: str) -> list[str]:
    return [f"{kind}{rank}D" for kind in kinds for rank in (1, 2, 3)]


LAYERS: dict[str, Callable[[Call], Result]] = {
    **dict.fromkeys(_of_each_rank("AveragePooling", "MaxPooling"), for_each_layout(_pooling)),
    **dict.fromkeys(_of_each_rank("GlobalAveragePooling", "GlobalMaxPooling"), for_each_layout(_global_pooling)),
    **dict.fromkeys(_of_each_rank("AdaptiveAveragePooling", "AdaptiveMaxPooling"), for_each_layout(_adaptive_pooling)),
}
