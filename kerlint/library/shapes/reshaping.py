"""Layers that move, repeat, add or cut off values without looking at them."""

from __future__ import annotations

from collections.abc import Callable

from kerlint.library.shapes.base import Call, Misfit, Result, Sizes, needs_rank, plus, show, times, volume, whole
from kerlint.library.shapes.windows import (
    Parts,
    axes,
    checked,
    count,
    each,
    for_each_layout,
    is_no_size,
    items,
    parts,
    spread,
)
from kerlint.program.values import Const, Dimension, Value

# -- Axes ---------------------------------------------------------------------------------------------------------


def _flatten(call: Call) -> Result:
    needs_rank(call, 1, least=1)
    shape = call.shape
    return Result((None, None) if shape is None else (shape[0], volume(shape[1:])))


def _reshape(call: Call) -> Result:
    value = call.value("target_shape")
    target = items(value)
    if target is None:
        if whole(value) is not None or is_no_size(value):
            raise Misfit("target_shape is a number, not a tuple")
        return Result(None)
    sizes = checked(tuple(whole(item) for item in target), "target_shape", least=-1)
    if sizes.count(-1) > 1:
        raise Misfit(f"target_shape {show(sizes)} has more than one -1")
    batch = call.shape[0] if call.shape else None
    total = None if call.shape is None else volume(call.shape[1:])
    return Result((batch, *_filled(sizes, total)))


def _filled(target: Sizes, total: int | None) -> Sizes:
    """The target with a number for its -1, if that is known."""
    rest = volume(tuple(size for size in target if size != -1))
    if total is None or rest is None:
        return tuple(None if size == -1 else size for size in target)
    if -1 not in target:
        fits = total == rest
    else:
        fits = rest != 0 and total % rest == 0
    if not fits:
        raise Misfit(f"{total} values cannot be reshaped to {show(target)}")
    return tuple(total // rest if size == -1 else size for size in target)


def _permute(call: Call) -> Result:
    value = call.value("dims")
    given = items(value)
    shape = call.shape
    if given is None:
        if whole(value) is not None or is_no_size(value):
            raise Misfit("dims is a number, not a tuple")
        return Result((shape[0], *(None for _ in shape[1:])) if shape else None)
    order = [whole(item) for item in given]
    known = [axis for axis in order if axis is not None]
    if len(set(known)) < len(known) or any(not 1 <= axis <= len(order) for axis in known):
        raise Misfit(f"dims {show(tuple(order))} does not name each axis from 1 to {len(order)} once")
    needs_rank(call, len(order) + 1)
    if shape is None:
        return Result((None,) * (len(order) + 1))
    return Result((shape[0], *(None if axis is None else shape[axis] for axis in order)))


def _repeat(call: Call) -> Result:
    number = count(call, "n")
    needs_rank(call, 2)
    batch, features = call.shape if call.shape is not None else (None, None)
    return Result((batch, number, features))


# -- Sizes of images ----------------------------------------------------------------------------------------------


def _scaled_steps(call: Call) -> Result:
    factor = count(call, "size")
    sequence = parts(call, channels_first=False)
    return Result(sequence._replace(spatial=(times(*sequence.spatial, factor),)).joined(channels_first=False))


def _scaled(call: Call, channels_first: bool) -> Result:
    image = parts(call, channels_first)
    sizes = [times(*pair) for pair in zip(image.spatial, each(call, "size"))]
    return Result(image._replace(spatial=tuple(sizes)).joined(channels_first))


def _padded(call: Call, channels_first: bool) -> Result:
    image = parts(call, channels_first)
    sizes = [plus(*pair) for pair in zip(image.spatial, _margins(call, "padding"))]
    checked(tuple(sizes), "a padded size", least=0)
    return Result(image._replace(spatial=tuple(sizes)).joined(channels_first))


def _cropped(call: Call, channels_first: bool) -> Result:
    image = parts(call, channels_first)
    return Result(_cut(image, _margins(call, "cropping")).joined(channels_first))


def _cropped_steps(call: Call) -> Result:
    return _cropped(call, channels_first=False)


def _cut(image: Parts, margins: Sizes) -> Parts:
    sizes: list[Dimension] = []
    for size, margin in zip(image.spatial, margins):
        if size is not None and margin is not None and margin >= size:
            raise Misfit(f"cropping takes {margin} off a size of {size}")
        sizes.append(None if size is None or margin is None else size - margin)
    return image._replace(spatial=tuple(sizes))


def _margins(call: Call, name: str) -> Sizes:
    """What is added to each axis, or taken from it, on both sides together."""
    value = call.value(name)
    if axes(call) == 1:
        return (plus(*spread(value, 2, name, least=0)),)
    given = items(value)
    if given is not None:
        if len(given) != axes(call):
            raise Misfit(f"{name} has {len(given)} entries, not {axes(call)}")
        return tuple(plus(*spread(item, 2, f"an entry of {name}", least=0)) for item in given)
    return (_margin(value, name),) * axes(call)


def _margin(value: Value | None, name: str) -> Dimension:
    """Twice a number that holds for all sides. Padding may be negative: Keras checks only the size that is left."""
    if is_no_size(value) or (isinstance(value, Const) and value.value is None):
        raise Misfit(f"{name} is not an integer")
    return times(2, *checked((whole(value),), name, least=0) if name == "cropping" else (whole(value),))


LAYERS: dict[str, Callable[[Call], Result]] = {
    "Flatten": _flatten,
    "Permute": _permute,
    "RepeatVector": _repeat,
    "Reshape": _reshape,
    "UpSampling1D": _scaled_steps,
    "Cropping1D": _cropped_steps,
    **dict.fromkeys(("UpSampling2D", "UpSampling3D"), for_each_layout(_scaled)),
    **dict.fromkeys(("Cropping2D", "Cropping3D"), for_each_layout(_cropped)),
    **dict.fromkeys(("ZeroPadding1D", "ZeroPadding2D", "ZeroPadding3D"), for_each_layout(_padded)),
}
