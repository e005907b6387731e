"""Output shapes of layers, with unknown dimensions.

A shape has the batch first; an unknown dimension is None, an unknown rank makes the shape None.
Formulas are those of Keras 3 (`keras/src/ops/operation_utils.py`, `compute_output_shape` of the layers).
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod

from kerlint.library.kinds import AUGMENTATION_PREFIXES, NOISE, NORMALIZATION, SCALING
from kerlint.library.objects import argument
from kerlint.program.constants import integer, text, truth
from kerlint.program.values import Const, Dimension, Layer, Object, Sequence, Shape, Value


class Misfit(Exception):
    """Shapes that cannot be joined: Keras raises when the model is built."""


def output_shape(layer: Object, inputs: list[Shape]) -> Shape:
    """The shape of a layer's output for the shapes of its inputs; None where it is not known.

    Raises:
        Misfit: the layer cannot take these inputs.
    """
    short = layer.short
    first = inputs[0] if inputs else None
    if short in _UNCHANGED or short.startswith(AUGMENTATION_PREFIXES[0]):
        return first
    function = _FUNCTIONS.get(short)
    if function is not None:
        return function(layer, first)
    if short in ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum"):
        return _broadcast(inputs)
    if short == "Concatenate":
        return _concatenate(layer, inputs)
    return None


def dims(value: Value | None) -> tuple[Dimension, ...] | None:
    """A tuple of dimensions from a value; unknown entries are None."""
    if isinstance(value, Sequence) and value.exact is not None:
        return tuple(integer(item) if not _is_assumed(item) else item.value for item in value.exact)  # type: ignore[attr-defined]
    found = _integer(value)
    return (found,) if found is not None else None


def _is_assumed(value: Value) -> bool:
    return isinstance(value, Const) and value.assumed and isinstance(value.value, int)


def _integer(value: Value | None) -> int | None:
    """An integer, assumed ones too: shapes may rest on a default, findings do not."""
    if isinstance(value, Const) and isinstance(value.value, int) and not isinstance(value.value, bool):
        return value.value
    return None


def _spatial(value: Value | None, rank: int, default: Dimension) -> tuple[Dimension, ...]:
    """An argument like `kernel_size`: one integer for all axes, or one for each."""
    if value is None:
        return (default,) * rank
    found = dims(value)
    if found is None:
        return (None,) * rank
    return found * rank if len(found) == 1 else found if len(found) == rank else (None,) * rank


def _axis_rank(layer: Object) -> int:
    return next((int(character) for character in layer.short if character.isdigit()), 0)


def _window(
    size: Dimension, kernel: Dimension, stride: Dimension, padding: str | None, dilation: Dimension
) -> Dimension:
    if size is None or kernel is None or stride is None or padding is None or dilation is None or stride < 1:
        return None
    if padding == "same":
        return -(-size // stride)
    if padding == "causal":
        return -(-size // stride)
    reach = dilation * (kernel - 1) + 1
    if reach > size:
        raise Misfit(f"a window of {reach} does not fit into a size of {size}")
    return (size - reach) // stride + 1


def _split(layer: Object, shape: Shape, rank: int) -> tuple[Dimension, tuple[Dimension, ...], Dimension, bool] | None:
    """Batch, spatial sizes, channels, and whether channels come first."""
    if shape is None:
        return None
    if len(shape) != rank + 2:
        raise Misfit(f"{layer.short} takes {rank + 2} axes (batch included), not {len(shape)}")
    if text(argument(layer, "data_format")) == "channels_first":
        return shape[0], shape[2:], shape[1], True
    return shape[0], shape[1:-1], shape[-1], False


def _joined(batch: Dimension, spatial: tuple[Dimension, ...], channels: Dimension, first: bool) -> Shape:
    return (batch, channels, *spatial) if first else (batch, *spatial, channels)


def _convolution(layer: Object, shape: Shape) -> Shape:
    rank = _axis_rank(layer)
    parts = _split(layer, shape, rank)
    filters = _integer(layer.args.get("filters"))
    if parts is None:
        return None
    batch, spatial, channels, first = parts
    kernel = _spatial(layer.args.get("kernel_size"), rank, None)
    strides = _spatial(layer.args.get("strides"), rank, None if layer.open else 1)
    dilation = _spatial(layer.args.get("dilation_rate"), rank, None if layer.open else 1)
    padding = _padding(layer)
    sizes = tuple(_window(size, k, s, padding, d) for size, k, s, d in zip(spatial, kernel, strides, dilation))
    if layer.short.startswith("Depthwise"):
        multiplier = _integer(argument(layer, "depth_multiplier"))
        filters = channels * multiplier if channels is not None and multiplier is not None else None
    return _joined(batch, sizes, filters, first)


def _padding(layer: Object) -> str | None:
    value = layer.args.get("padding")
    if value is None:
        return None if layer.open else "valid"
    found = text(value)
    return found.lower() if found is not None else None


def _transposed(layer: Object, shape: Shape) -> Shape:
    rank = _axis_rank(layer)
    parts = _split(layer, shape, rank)
    if parts is None:
        return None
    batch, spatial, _, first = parts
    kernel = _spatial(layer.args.get("kernel_size"), rank, None)
    strides = _spatial(layer.args.get("strides"), rank, 1)
    padding = _padding(layer)
    sizes: list[Dimension] = []
    for size, k, s in zip(spatial, kernel, strides):
        if size is None or k is None or s is None or padding is None or "output_padding" in layer.args:
            sizes.append(None)
        else:
            sizes.append(size * s if padding == "same" else size * s + max(k - s, 0))
    return _joined(batch, tuple(sizes), _integer(layer.args.get("filters")), first)


def _pooling(layer: Object, shape: Shape) -> Shape:
    rank = _axis_rank(layer)
    parts = _split(layer, shape, rank)
    if parts is None:
        return None
    batch, spatial, channels, first = parts
    pool = _spatial(layer.args.get("pool_size"), rank, None if layer.open else 2)
    given = layer.args.get("strides")
    strides = (
        pool if given is None or (isinstance(given, Const) and given.value is None) else _spatial(given, rank, None)
    )
    padding = _padding(layer)
    sizes = tuple(_window(size, k, s, padding, 1) for size, k, s in zip(spatial, pool, strides))
    return _joined(batch, sizes, channels, first)


def _global_pooling(layer: Object, shape: Shape) -> Shape:
    parts = _split(layer, shape, _axis_rank(layer))
    if parts is None:
        return None
    batch, spatial, channels, first = parts
    keep = truth(argument(layer, "keepdims"))
    if keep is None:
        return None
    return _joined(batch, (1,) * len(spatial), channels, first) if keep else (batch, channels)


def _dense(layer: Object, shape: Shape) -> Shape:
    units = _integer(layer.args.get("units"))
    if shape is None:
        return None
    if len(shape) < 2:
        raise Misfit("Dense takes at least 2 axes (batch included)")
    return (*shape[:-1], units)


def _flatten(layer: Object, shape: Shape) -> Shape:
    if shape is None:
        return (None, None)
    rest = shape[1:]
    return (shape[0], None if None in rest else prod(size for size in rest if size is not None))


def _reshape(layer: Object, shape: Shape) -> Shape:
    target = dims(layer.args.get("target_shape"))
    if target is None:
        return None
    batch = shape[0] if shape else None
    if shape is None or None in shape[1:] or None in target:
        return (batch, *(None if size == -1 else size for size in target))
    total = prod(size for size in shape[1:] if size is not None)
    known = prod(size for size in target if size is not None and size != -1)
    if -1 in target:
        if known == 0 or total % known:
            raise Misfit(f"{total} values cannot be reshaped to {target}")
        return (batch, *(total // known if size == -1 else size for size in target))
    if known != total:
        raise Misfit(f"{total} values cannot be reshaped to {target}")
    return (batch, *target)


def _recurrent(layer: Object, shape: Shape) -> Shape:
    if shape is not None and len(shape) != 3:
        raise Misfit(f"{layer.short} takes 3 axes (batch, steps, features), not {len(shape)}")
    units = _integer(layer.args.get("units"))
    sequences = truth(argument(layer, "return_sequences"))
    if sequences is None or truth(argument(layer, "return_state")) is not False:
        return None
    batch = shape[0] if shape else None
    return (batch, shape[1] if shape else None, units) if sequences else (batch, units)


def _embedding(layer: Object, shape: Shape) -> Shape:
    return None if shape is None else (*shape, _integer(layer.args.get("output_dim")))


def _repeat(layer: Object, shape: Shape) -> Shape:
    if shape is None:
        return None
    if len(shape) != 2:
        raise Misfit(f"RepeatVector takes 2 axes (batch, features), not {len(shape)}")
    return (shape[0], _integer(layer.args.get("n")), shape[1])


def _permute(layer: Object, shape: Shape) -> Shape:
    order = dims(layer.args.get("dims"))
    if shape is None or order is None or len(order) != len(shape) - 1:
        return None
    if any(index is None or not 0 < index < len(shape) for index in order):
        return None
    return (shape[0], *(shape[index] for index in order if index is not None))


def _resized(layer: Object, shape: Shape) -> Shape:
    """Upsampling: the only spatial change that is a plain factor."""
    rank = _axis_rank(layer)
    parts = _split(layer, shape, rank)
    if parts is None:
        return None
    batch, spatial, channels, first = parts
    factor = _spatial(layer.args.get("size"), rank, 2)
    sizes = tuple(size * f if size is not None and f is not None else None for size, f in zip(spatial, factor))
    return _joined(batch, sizes, channels, first)


def _border(layer: Object, shape: Shape) -> Shape:
    """Padding and cropping."""
    rank = _axis_rank(layer)
    parts = _split(layer, shape, rank)
    if parts is None:
        return None
    batch, spatial, channels, first = parts
    name, sign = ("padding", 1) if layer.short.startswith("Zero") else ("cropping", -1)
    amounts = _border_amounts(layer.args.get(name), rank, 1 if sign > 0 or rank == 1 else 0)
    if sign < 0 and name not in layer.args and rank == 1:
        amounts = (2,)
    sizes = tuple(size + sign * a if size is not None and a is not None else None for size, a in zip(spatial, amounts))
    return _joined(batch, sizes, channels, first)


def _border_amounts(value: Value | None, rank: int, default: int) -> tuple[Dimension, ...]:
    """Rows added on both sides together, for each axis."""
    if value is None:
        return (2 * default,) * rank
    single = _integer(value)
    if single is not None:
        return (2 * single,) * rank
    if not isinstance(value, Sequence) or value.exact is None:
        return (None,) * rank
    amounts: list[Dimension] = []
    for item in value.exact:
        pair = dims(item)
        if isinstance(item, Sequence) and pair is not None and None not in pair:
            amounts.append(sum(size for size in pair if size is not None))
        else:
            number = _integer(item)
            amounts.append(None if number is None else 2 * number)
    if rank == 1 and len(amounts) == 2 and None not in amounts:
        return (sum(amount for amount in amounts if amount is not None) // 2,)
    return tuple(amounts) if len(amounts) == rank else (None,) * rank


def _time_distributed(layer: Object, shape: Shape) -> Shape:
    inner = layer.args.get("layer")
    if not isinstance(inner, Layer) or inner.cls is not None or shape is None or len(shape) < 3:
        return None
    result = output_shape(inner, [(shape[0], *shape[2:])])
    return None if result is None else (result[0], shape[1], *result[1:])


def _bidirectional(layer: Object, shape: Shape) -> Shape:
    inner = layer.args.get("layer")
    if not isinstance(inner, Layer) or inner.cls is not None:
        return None
    result = output_shape(inner, [shape])
    mode = argument(layer, "merge_mode")
    if result is None or not isinstance(mode, Const) or mode.value is None:
        return None
    if mode.value == "concat":
        return (*result[:-1], None if result[-1] is None else 2 * result[-1])
    return result


def _broadcast(shapes: list[Shape]) -> Shape:
    if any(shape is None for shape in shapes) or not shapes:
        return None
    known = [shape for shape in shapes if shape is not None]
    rank = max(len(shape) for shape in known)
    if any(len(shape) != rank for shape in known):
        return None
    result: list[Dimension] = [known[0][0]]
    for sizes in list(zip(*known))[1:]:
        distinct = {size for size in sizes if size not in (None, 1)}
        if len(distinct) > 1:
            raise Misfit(f"shapes {', '.join(map(show, known))} cannot be merged")
        result.append(None if None in sizes else distinct.pop() if distinct else 1)
    return tuple(result)


def _concatenate(layer: Object, shapes: list[Shape]) -> Shape:
    axis = _integer(argument(layer, "axis"))
    known = [shape for shape in shapes if shape is not None]
    if axis is None or not shapes or len(known) < len(shapes):
        return None
    rank = len(known[0])
    if any(len(shape) != rank for shape in known) or not -rank <= axis < rank:
        raise Misfit(f"shapes {', '.join(map(show, known))} cannot be concatenated")
    axis %= rank
    result: list[Dimension] = []
    for index, sizes in enumerate(zip(*known)):
        if index == axis:
            result.append(None if None in sizes else sum(size for size in sizes if size is not None))
            continue
        distinct = {size for size in sizes if size is not None}
        if len(distinct) > 1:
            raise Misfit(f"shapes {', '.join(map(show, known))} cannot be concatenated on axis {axis}")
        result.append(distinct.pop() if distinct else None)
    return tuple(result)


def show(shape: Shape) -> str:
    """A shape as Keras prints it."""
    if shape is None:
        return "(unknown)"
    return (
        "("
        + ", ".join("None" if size is None else str(size) for size in shape)
        + ("," if len(shape) == 1 else "")
        + ")"
    )


_UNCHANGED = (
    NOISE
    | (NORMALIZATION - {"SpectralNormalization"})
    | SCALING
    | {
        "Activation",
        "ReLU",
        "LeakyReLU",
        "PReLU",
        "ELU",
        "Softmax",
        "ThresholdedReLU",
        "Identity",
        "Masking",
        "InputLayer",
    }
)
_FUNCTIONS: dict[str, Callable[[Object, Shape], Shape]] = {
    "Dense": _dense,
    "Flatten": _flatten,
    "Reshape": _reshape,
    "Embedding": _embedding,
    "RepeatVector": _repeat,
    "Permute": _permute,
    "TimeDistributed": _time_distributed,
    "Bidirectional": _bidirectional,
    **dict.fromkeys(("LSTM", "GRU", "SimpleRNN", "CuDNNLSTM", "CuDNNGRU"), _recurrent),
    **{f"{kind}{n}D": _convolution for kind in ("Conv", "SeparableConv", "DepthwiseConv") for n in (1, 2, 3)},
    **{f"Conv{n}DTranspose": _transposed for n in (1, 2, 3)},
    **{f"{kind}Pooling{n}D": _pooling for kind in ("Max", "Average") for n in (1, 2, 3)},
    **{f"Global{kind}Pooling{n}D": _global_pooling for kind in ("Max", "Average") for n in (1, 2, 3)},
    **{f"UpSampling{n}D": _resized for n in (1, 2, 3)},
    **{f"{kind}{n}D": _border for kind in ("ZeroPadding", "Cropping") for n in (1, 2, 3)},
}
