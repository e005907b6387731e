"""What convolution, pooling and reshaping layers share: their arguments, and which axes of an input are the image's.

A rule may be written for a layout that is known: `for_each_layout` makes it one for any layer. It then gives what
is the same in both layouts where `data_format` is not known.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import NamedTuple, TypeAlias

from kerlint.library.shapes.base import BadArgument, Call, Misfit, Output, Result, Sizes, Weights, needs_rank, whole
from kerlint.program.values import Array, Const, Dimension, Sequence, Shape, Value

#: A rule for a layout: whether the channels come first is the second argument.
LayoutRule: TypeAlias = Callable[[Call, bool], Result]

#: The names of Keras 1 are the last three.
_LAYOUTS = {"channels_last": False, "channels_first": True, "tf": False, "th": True, "default": False}


class Parts(NamedTuple):
    """A shape taken apart: the axes of the image, and the others."""

    batch: Dimension
    spatial: Sizes
    channels: Dimension

    def joined(self, channels_first: bool) -> tuple[Dimension, ...]:
        """The shape again."""
        if channels_first:
            return (self.batch, self.channels, *self.spatial)
        return (self.batch, *self.spatial, self.channels)


def axes(call: Call) -> int:
    """How many axes the layer's images have: 2 for `Conv2D`."""
    return _digit(call.layer.name)


@cache
def _digit(name: str) -> int:
    return next(int(character) for character in name.rpartition(".")[2] if character.isdigit())


def parts(call: Call, channels_first: bool) -> Parts:
    """The input taken apart. The layer fixes the rank, so it is known even if the input is not.

    Raises:
        Misfit: the input has another rank.
    """
    rank = axes(call)
    needs_rank(call, rank + 2)
    shape = call.shape
    if shape is None:
        return Parts(None, (None,) * rank, None)
    if channels_first:
        return Parts(shape[0], shape[2:], shape[1])
    return Parts(shape[0], shape[1:-1], shape[-1])


# -- Arguments ----------------------------------------------------------------------------------------------------


def items(value: Value | None) -> tuple[Value, ...] | None:
    """The items of a list or tuple; None if it is none, or not all of them are known."""
    if isinstance(value, Const) and isinstance(value.value, tuple):
        return tuple(Const(item, value.assumed) for item in value.value)
    if isinstance(value, Sequence) and value.kind in ("list", "tuple"):
        return value.exact
    return None


def spread(value: Value | None, number: int, what: str, least: int = 1) -> Sizes:
    """One integer for all of `number` axes, or one for each.

    Raises:
        Misfit: there are more or fewer than `number`, one is below `least`, or a number alone is not an integer.
    """
    if type(value) is Const:
        only = value.value
        if type(only) is int and only >= least:
            return (only,) * number
        if type(only) is tuple and len(only) == number and all(type(size) is int and size >= least for size in only):
            return only
    given = items(value)
    if given is None:
        if is_no_size(value):
            raise Misfit(f"{what} is not an integer")
        return checked((whole(value),) * number, what, least)
    if len(given) != number:
        raise Misfit(f"{what} has {len(given)} entries, not {number}")
    if any(items(item) is not None for item in given):
        raise Misfit(f"{what} has an entry that is not an integer")
    return checked(tuple(whole(item) for item in given), what, least)


def checked(found: Sizes, what: str, least: int = 1) -> Sizes:
    """Sizes as they are.

    Raises:
        Misfit: one is below `least`.
    """
    for size in found:
        if size is not None and size < least:
            raise Misfit(f"{what} is {size}, but has to be at least {least}")
    return found


def count(call: Call, name: str) -> int | None:
    """An argument that is a positive integer, and nothing else.

    Raises:
        Misfit: it is something else.
    """
    value = call.value(name)
    is_array = isinstance(value, Array) and value.shape and value.shape != (1,)
    if is_no_size(value) or items(value) is not None or is_array:
        raise BadArgument(f"{name} of {call.layer.short} has to be a positive integer")
    return checked((whole(value),), name)[0]


def is_no_size(value: Value | None) -> bool:
    """Whether it is a float or a word, which no size can be, not even 2.0."""
    return isinstance(value, Const) and isinstance(value.value, (float, str))


def each(call: Call, name: str, least: int = 1) -> Sizes:
    """An argument of the layer with a size for each axis of the image, as `spread` gives it.

    Raises:
        Misfit: it does not fit the layer.
    """
    return spread(call.value(name), axes(call), name, least)


def condition(call: Call, name: str) -> bool | None:
    """An argument as `if` takes it: 0 and None are false."""
    value = call.value(name)
    return bool(value.value) if isinstance(value, Const) else None


def border(call: Call, *more: str, exact: bool = False) -> str | None:
    """The argument `padding` as a word in small letters: "valid" or "same", or one of `more`.

    Args:
        exact: whether the layer takes it in small letters only.

    Raises:
        Misfit: it is another word.
    """
    word = call.text("padding")
    if word is None:
        return None
    small = word if exact else word.lower()
    if small not in ("valid", "same", *more):
        raise Misfit(f"padding is {word!r}, which {call.layer.short} does not have")
    return small


# -- Windows ------------------------------------------------------------------------------------------------------


def reach(window: Dimension, dilation: Dimension) -> Dimension:
    """How far a window with gaps reaches."""
    if window == 1:
        return 1
    return None if window is None or dilation is None else dilation * (window - 1) + 1


def steps(size: Dimension, width: Dimension, stride: Dimension, padding: str | None) -> Dimension:
    """How many windows of a width fit into a size, with a stride from one to the next.

    Raises:
        Misfit: the first is wider already.
    """
    if size is None or padding is None:
        return None
    if padding != "valid":
        return None if stride is None else -(-size // stride)
    if width is None:
        return None
    if width > size:
        raise Misfit(f"a window of {width} does not fit into a size of {size}")
    return None if stride is None else (size - width) // stride + 1


# -- Layouts ------------------------------------------------------------------------------------------------------


def for_each_layout(rule: LayoutRule) -> Callable[[Call], Result]:
    """The rule of a layer from one for a layout that is known."""

    def apply(call: Call) -> Result:
        first = _channels_first(call)
        if first is not None:
            return rule(call, first)
        last, front = _attempt(rule, call, False), _attempt(rule, call, True)
        # If only one of them fits, it is that one.
        if isinstance(last, Misfit):
            if isinstance(front, Misfit):
                raise last
            return front
        return last if isinstance(front, Misfit) else _common(last, front)

    return apply


def _attempt(rule: LayoutRule, call: Call, channels_first: bool) -> Result | Misfit:
    try:
        return rule(call, channels_first)
    except Misfit as misfit:
        return misfit


def _channels_first(call: Call) -> bool | None:
    """The layout; None if it is not known.

    Raises:
        Misfit: there is no such layout.
    """
    if call.is_none("data_format"):
        return False
    word = call.text("data_format")
    if word is None:
        return None
    layout = _LAYOUTS.get(word.lower())
    if layout is None:
        raise Misfit(f"data_format is {word!r}, neither 'channels_last' nor 'channels_first'")
    return layout


def _common(left: Result, right: Result) -> Result:
    trainable, fixed = left.weights.trainable, left.weights.fixed
    weights = Weights(
        trainable if trainable == right.weights.trainable else None,
        fixed if fixed == right.weights.fixed else None,
    )
    return Result(_common_shape(left.output, right.output), weights)


def _common_shape(left: Output, right: Output) -> Shape:
    if not isinstance(left, tuple) or not isinstance(right, tuple) or len(left) != len(right):
        return None
    return tuple(one if one == other else None for one, other in zip(left, right))
