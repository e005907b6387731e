"""Functions on images."""

from __future__ import annotations

from kerlint.library.ops.base import Answer, OpCall, Rule, operand, replaced
from kerlint.library.shapes.base import Misfit, dims, plus, show
from kerlint.program.values import Const, Dimension, Shape


def _image(call: OpCall) -> tuple[Dimension, ...] | None:
    """The shape of an image or a batch of them.

    Raises:
        Misfit: it has another number of axes.
    """
    shape = operand(call.first())
    if shape is not None and len(shape) not in (3, 4):
        raise Misfit(f"{call.short} takes images with 3 axes, or 4 with the batch, not {show(shape)}")
    return shape


def _axes(call: OpCall) -> tuple[int, int] | None:
    """The axes of height and width."""
    last = call.channels_last()
    return None if last is None else (-3, -2) if last else (-2, -1)


def _same_image(call: OpCall) -> Answer:
    return _image(call)


def _sized(shape: Shape, axes: tuple[int, int] | None, height: Dimension, width: Dimension) -> Shape:
    if shape is None or axes is None:
        return None
    rank = len(shape)
    return replaced(replaced(shape, axes[0] % rank, height), axes[1] % rank, width)


def _resize(call: OpCall) -> Answer:
    size = call.pair("size", 2)
    return _sized(_image(call), _axes(call), *size)


def _tf_resize(call: OpCall) -> Answer:
    size = dims(call.value("size"))
    if size is None or len(size) != 2 or call.truth("preserve_aspect_ratio") is not False:
        return None
    return _sized(_image(call), (-3, -2), *size)


def _to_target(call: OpCall) -> Answer:
    return _sized(_image(call), (-3, -2), call.integer("target_height"), call.integer("target_width"))


def _to_gray(call: OpCall) -> Answer:
    shape, axes = _image(call), _axes(call)
    if shape is None or axes is None:
        return None
    axis = len(shape) - (1 if axes == (-3, -2) else 3)
    if shape[axis] not in (None, 1, 3):
        raise Misfit(f"{call.short} takes images with 3 channels (or 1), not {shape[axis]}")
    return replaced(shape, axis, 1)


def _tf_to_gray(call: OpCall) -> Answer:
    shape = operand(call.first())
    return (*shape[:-1], 1) if shape else None


def _tf_colors(call: OpCall) -> Answer:
    shape = operand(call.first())
    if shape and shape[-1] not in (None, 3):
        raise Misfit(f"{call.short} takes images with 3 channels, not {shape[-1]}")
    return (*shape[:-1], 3) if shape else None


def _three(call: OpCall) -> Answer:
    shape = operand(call.first())
    return (*shape[:-1], 3) if shape else None


def _tf_to_color(call: OpCall) -> Answer:
    shape = operand(call.first())
    if shape and shape[-1] not in (None, 1):
        raise Misfit(f"{call.short} takes images with 1 channel, not {shape[-1]}")
    return (*shape[:-1], 3) if shape else None


def _colors(call: OpCall) -> Answer:
    shape, axes = _image(call), _axes(call)
    if shape is None or axes is None:
        return None
    channels = shape[-1 if axes == (-3, -2) else -3]
    if channels not in (None, 3):
        raise Misfit(f"{call.short} takes images with 3 channels, not {channels}")
    return shape


def _room(call: OpCall, names: tuple[str, str, str], size: Dimension, sign: int) -> Dimension:
    """A size with what is added (or cut off) before and after it, unless it is given itself.

    Raises:
        Misfit: the sizes given would cut where they should add, or the other way round.
    """
    before, after, target = names
    goal = None if call.is_none(target) else call.integer(target)
    if call.is_none(target):
        one, two = call.integer(before), call.integer(after)
        goal = (
            None if None in (size, one, two) else plus(size, *(sign * part for part in (one, two) if part is not None))
        )
        if goal is not None and goal < 0:
            raise Misfit(f"{call.short} cuts more than there is of an axis of size {size}")
        return goal
    other = call.integer(after if call.is_none(before) else before)
    if goal is not None and size is not None and other is not None and sign * (goal - size) < other:
        raise Misfit(f"{call.short} cannot bring an axis of size {size} to {goal} with {other} at one end")
    return goal


def _framed(call: OpCall, word: str, sign: int) -> Answer:
    shape, axes = _image(call), _axes(call)
    if shape is None or axes is None:
        return None
    rows = (f"top_{word}", f"bottom_{word}", "target_height")
    columns = (f"left_{word}", f"right_{word}", "target_width")
    height = _room(call, rows, shape[axes[0]], sign)
    return _sized(shape, axes, height, _room(call, columns, shape[axes[1]], sign))


def _pad(call: OpCall) -> Answer:
    return _framed(call, "padding", 1)


def _crop(call: OpCall) -> Answer:
    return _framed(call, "cropping", -1)


def _edges(call: OpCall) -> Answer:
    shape = operand(call.first())
    if shape is not None and len(shape) != 4:
        raise Misfit(f"{call.short} takes 4 axes (batch included), not {len(shape)}")
    return None if shape is None else (*shape, 2)


def _similarity(call: OpCall) -> Answer:
    shape = operand(call.first())
    return None if shape is None else shape[:-3]


def _coordinates(call: OpCall) -> Answer:
    shape = call.shape("coordinates")
    return shape[1:] if shape else None


def _scaled(call: OpCall) -> Answer:
    return dims(call.value("output_shape"))


def _crops(call: OpCall) -> Answer:
    """`crop_and_resize`: one image for each box."""
    shape, boxes, size = operand(call.first()), call.shape("boxes"), dims(call.value("crop_size"))
    if not shape or not boxes or size is None or len(size) != 2:
        return None
    return (boxes[0], *size, shape[-1])


def _central(call: OpCall) -> Answer:
    shape, value = _image(call), call.value("central_fraction")
    if shape is None or not isinstance(value, Const) or not isinstance(value.value, float):
        return None
    if not 0 < value.value <= 1:
        return None
    sizes: list[Dimension] = []
    for size in (shape[-3], shape[-2]):
        start = None if size is None else int((size - size * value.value) / 2)
        sizes.append(None if size is None or start is None else size - 2 * start)
    return _sized(shape, (-3, -2), *sizes)


def _quarter(call: OpCall) -> Answer:
    shape, turns = _image(call), call.integer("k")
    if shape is None or turns is None:
        return None
    if len(shape) == 3:
        return (None, None, shape[-1])
    return _sized(shape, (-3, -2), shape[-2], shape[-3]) if turns % 2 else shape


def _transposed(call: OpCall) -> Answer:
    shape = _image(call)
    return None if shape is None else _sized(shape, (-3, -2), shape[-2], shape[-3])


def _cut(call: OpCall) -> Answer:
    return dims(call.value("size"))


def _two_gradients(call: OpCall) -> Answer:
    shape = _image(call)
    return [shape, shape]


RULES: dict[str, Rule] = {
    "same_image": _same_image,
    "image.resize": _resize,
    "tf_resize": _tf_resize,
    "to_target": _to_target,
    "image.rgb_to_grayscale": _to_gray,
    "tf_to_gray": _tf_to_gray,
    "tf_to_color": _tf_to_color,
    "tf_colors": _tf_colors,
    "three": _three,
    "colors": _colors,
    "image.pad_images": _pad,
    "image.crop_images": _crop,
    "edges": _edges,
    "similarity": _similarity,
    "coordinates": _coordinates,
    "scaled": _scaled,
    "crops": _crops,
    "central": _central,
    "quarter": _quarter,
    "image_transpose": _transposed,
    "cut": _cut,
    "gradients": _two_gradients,
}
