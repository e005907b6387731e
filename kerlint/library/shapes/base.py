"""What every shape rule is written in: a call of a layer, what comes out, and how many weights it has.

A shape has the batch first. An unknown dimension is None, an unknown rank makes the shape None. Keras too
writes None for a dimension that is open; here it also stands for one that kerlint does not know.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import NoReturn, TypeAlias

from kerlint.library.objects import argument
from kerlint.program.constants import truth
from kerlint.program.values import Const, Dimension, Object, Sequence, Shape, Value
from kerlint.records import dataclass, field

#: What a layer gives: one shape, or a list or dict of such.
Output: TypeAlias = "Shape | list[Output] | dict[str, Output]"
#: Sizes along some axes.
Sizes: TypeAlias = tuple[Dimension, ...]


class Misfit(Exception):
    """Shapes that cannot be joined: Keras raises when the model is built."""


class BadArgument(Misfit):
    """An argument that the layer does not take, whatever its input is."""


@dataclass(frozen=True, slots=True)
class Weights:
    """How many numbers a layer holds: those that training changes, and those that it never does.

    Either is None where it is not known.
    """

    trainable: int | None = 0
    fixed: int | None = 0

    def __add__(self, other: Weights) -> Weights:
        return Weights(_sum(self.trainable, other.trainable), _sum(self.fixed, other.fixed))

    @property
    def total(self) -> int | None:
        """All of them."""
        return _sum(self.trainable, self.fixed)


NO_WEIGHTS = Weights()
UNKNOWN_WEIGHTS = Weights(None, None)


def _sum(left: int | None, right: int | None) -> int | None:
    return None if left is None or right is None else left + right


@dataclass(frozen=True, slots=True)
class Result:
    """What a layer makes of its inputs."""

    output: Output
    weights: Weights = NO_WEIGHTS


UNKNOWN = Result(None, UNKNOWN_WEIGHTS)


@dataclass(frozen=True, slots=True)
class Call:
    """A layer called on tensors.

    Args:
        layer: with its arguments.
        inputs: the shapes of the tensors in the first argument of the call, in order: one for most layers.
        extra: the other arguments of the call by parameter name; a tensor stands as its shape, a list of tensors
            as a list of shapes, anything else as the value it is.
        nested: what a layer or model that is an argument of this one makes of a shape.
    """

    layer: Object
    inputs: tuple[Shape, ...]
    extra: dict[str, Output | Value] = field(default_factory=dict)
    nested: Callable[[Value, Shape], Result] = lambda value, shape: UNKNOWN

    @property
    def shape(self) -> Shape:
        """The shape of the first input."""
        return self.inputs[0] if self.inputs else None

    def value(self, name: str) -> Value | None:
        """An argument of the layer, or its constant default; None if neither is known."""
        return argument(self.layer, name)

    def integer(self, name: str) -> int | None:
        """An argument or default that is an integer."""
        return whole(self.value(name))

    def text(self, name: str) -> str | None:
        """An argument or default that is a string."""
        value = self.value(name)
        return value.value if isinstance(value, Const) and isinstance(value.value, str) else None

    def truth(self, name: str) -> bool | None:
        """An argument or default as a condition; None where it is not known."""
        value = self.value(name)
        return truth(value) if value is None or not (isinstance(value, Const) and value.assumed) else bool(value.value)

    def is_none(self, name: str) -> bool | None:
        """Whether an argument (or its default) is None; None where it is not known."""
        value = self.value(name)
        if value is None:
            return None
        if isinstance(value, Const):
            return value.value is None
        return False if isinstance(value, (Object, Sequence)) else None

    def sizes(self, name: str, rank: int) -> Sizes:
        """An argument like `kernel_size`: one integer for all axes, or one for each. Unknown ones are None."""
        found = dims(self.value(name))
        if found is None:
            return (None,) * rank
        if len(found) == 1:
            return found * rank
        return found if len(found) == rank else (None,) * rank

    def fail(self, message: str) -> NoReturn:
        """Raises: Misfit."""
        raise Misfit(message)


def dims(value: Value | None) -> Sizes | None:
    """A tuple of dimensions from a value; unknown entries are None, and so is what is neither number nor sequence."""
    if isinstance(value, Const) and isinstance(value.value, tuple):
        return tuple(size if isinstance(size, int) else None for size in value.value)
    if isinstance(value, Sequence) and value.exact is not None:
        return tuple(whole(item) for item in value.exact)
    found = whole(value)
    return (found,) if found is not None else None


def whole(value: Value | None) -> int | None:
    """An integer, assumed ones too: shapes may rest on a default, findings do not."""
    if isinstance(value, Const) and isinstance(value.value, int) and not isinstance(value.value, bool):
        return value.value
    return None


def volume(sizes: Sizes) -> int | None:
    """The product of sizes; None if one is not known."""
    known = [size for size in sizes if size is not None]
    return prod(known) if len(known) == len(sizes) else None


def times(*sizes: int | None) -> int | None:
    """A product that is not known if a factor is not."""
    return volume(sizes)


def plus(*sizes: int | None) -> int | None:
    """A sum that is not known if a part is not."""
    known = [size for size in sizes if size is not None]
    return sum(known) if len(known) == len(sizes) else None


def needs_rank(call: Call, rank: int, least: int | None = None) -> None:
    """Checks the number of axes of the first input.

    Raises:
        Misfit: it has another number of axes (batch included) than `rank`, or with `least` fewer than that.
    """
    shape = call.shape
    if shape is None:
        return
    if least is not None:
        if len(shape) < least:
            raise Misfit(f"{call.layer.short} takes at least {least} axes (batch included), not {len(shape)}")
    elif len(shape) != rank:
        raise Misfit(f"{call.layer.short} takes {rank} axes (batch included), not {len(shape)}")


def show(shape: Shape) -> str:
    """A shape as Keras prints it."""
    if shape is None:
        return "(unknown)"
    sizes = ", ".join("None" if size is None else str(size) for size in shape)
    return f"({sizes},)" if len(shape) == 1 else f"({sizes})"


def only_input(call: Call) -> Shape:
    """The shape of the input of a layer that takes one tensor.

    Raises:
        Misfit: it is called on several.
    """
    if len(call.inputs) > 1:
        raise Misfit(f"{call.layer.short} takes one tensor, not a list of {len(call.inputs)}")
    return call.shape


def in_range(call: Call, axis: int, shape: Sizes) -> int:
    """An axis counted from the start.

    Raises:
        Misfit: the shape has no such axis.
    """
    if not -len(shape) <= axis < len(shape):
        raise Misfit(f"{call.layer.short} works on axis {axis}, but a tensor of shape {show(shape)} has no such axis")
    return axis % len(shape)
