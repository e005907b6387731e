"""What every rule for a function on tensors is written in: the call, and sizes along axes.

A rule is a function from an `OpCall` to an `Answer`. Rules are written for the parameter names of `keras.ops`;
a function of another package that does the same has its parameters renamed, by position.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeAlias

from kerlint.library.shapes.base import Misfit, Output, Sizes, dims, show, volume, whole
from kerlint.library.signatures import Marker, signature
from kerlint.program.values import Array, Const, Dimension, Sequence, Shape, Tensor, Unknown, Value
from kerlint.records import dataclass, field

#: What comes out: shapes of tensors, or something that is no tensor, such as the shape of one.
Answer: TypeAlias = "Output | Value"
Rule: TypeAlias = "Callable[[OpCall], Answer]"


@dataclass(frozen=True, slots=True)
class OpCall:
    """A function called on tensors.

    Args:
        name: its canonical name.
        args: what it was given, by the parameter names of the rule; `*args` is a tuple under the name with the star.
        open: whether there were `*args` or `**kwargs` whose content is not known.
        renamed: for a parameter name of the rule, the one in the function's own signature.
        traced: whether it runs inside a layer, where TensorFlow and not Keras finds out the shapes.
    """

    name: str
    args: dict[str, Value]
    open: bool = False
    renamed: dict[str, str] = field(default_factory=dict)
    traced: bool = False

    @property
    def short(self) -> str:
        """The last part of the name: `reduce_mean`."""
        return self.name.rpartition(".")[2]

    @property
    def symbolic(self) -> bool:
        """Whether Keras finds out the shapes."""
        return self.name.startswith("keras.") and not self.name.startswith("keras.backend.") and not self.traced

    def takes(self, name: str) -> bool:
        """Whether the function has such a parameter."""
        known = signature(self.name)
        return known is not None and self.renamed.get(name, name) in known.names

    def star(self) -> tuple[Value, ...] | None:
        """What `*args` got; None if that is not known."""
        for name, value in self.args.items():
            if name.startswith("*") and isinstance(value, Sequence) and not self.open:
                return value.exact
        return None

    def value(self, name: str) -> Value:
        """An argument or its default; `Unknown` if neither is known."""
        if name in self.args:
            return self.args[name]
        known = signature(self.name)
        if self.open or known is None:
            return Unknown("argument")
        default = known.default(self.renamed.get(name, name))
        return Unknown("argument") if isinstance(default, Marker) else Const(default)

    def first(self, index: int = 0) -> Value:
        """The argument for a parameter by its place in the signature."""
        known = signature(self.name)
        if known is None:
            return self.args.get(str(index), Unknown("argument"))
        if index >= len(known.names):
            return Unknown("argument")
        own = known.names[index]
        return self.value(next((new for new, old in self.renamed.items() if old == own), own))

    def shape(self, name: str) -> Shape:
        """The shape of an argument that is a tensor or something like one."""
        return operand(self.value(name))

    def shapes(self, name: str) -> list[Shape] | None:
        """The shapes of an argument that is a list of tensors; None if it is not known what is in it."""
        value = self.value(name)
        if isinstance(value, Sequence) and value.exact is not None:
            return [operand(item) for item in value.exact]
        return None

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
        return bool(value.value) if isinstance(value, Const) else None

    def is_none(self, name: str) -> bool:
        """Whether an argument (or its default) is certainly None."""
        value = self.value(name)
        return isinstance(value, Const) and value.value is None

    def integers(self, name: str) -> tuple[int, ...] | None:
        """One integer or several, all of them known."""
        return known_sizes(dims(self.value(name)))

    def pair(self, name: str, count: int) -> Sizes:
        """One integer for each of `count` axes, or one for all."""
        found = dims(self.value(name))
        if found is not None and len(found) == 1:
            return found * count
        return found if found is not None and len(found) == count else (None,) * count

    def channels_last(self, name: str = "data_format") -> bool | None:
        """Whether channels come last, as they do by default."""
        if self.is_none(name):
            return True
        found = self.text(name)
        if found is None:
            return None
        return found.lower() not in ("channels_first", "ncw", "nchw", "ncdhw")


def known_sizes(sizes: Sizes | None) -> tuple[int, ...] | None:
    """The sizes if every one of them is known."""
    if sizes is None:
        return None
    found = tuple(size for size in sizes if size is not None)
    return found if len(found) == len(sizes) else None


def operand(value: Value | None) -> Shape:
    """The shape of whatever can be calculated with; None if it is not known."""
    if isinstance(value, (Tensor, Array)):
        return value.shape
    if isinstance(value, Const):
        return () if isinstance(value.value, (bool, int, float, complex)) else None
    if isinstance(value, Sequence) and value.exact is not None:
        shapes = {operand(item) for item in value.exact}
        if not value.exact:
            return (0,)
        inner = shapes.pop()
        return (len(value.exact), *inner) if inner is not None and not shapes else None
    return None


def axis_in(axis: int, rank: int, name: str = "") -> int:
    """An axis counted from the front.

    Raises:
        Misfit: there is no such axis.
    """
    if not -rank <= axis < rank:
        raise Misfit(f"{name or 'it'} is given axis {axis} of a tensor with {rank} axes (batch included)")
    return axis % rank


def broadcast(left: Shape, right: Shape, name: str = "") -> Shape:
    """The shape of an operation on two tensors, number by number.

    Raises:
        Misfit: the sizes along an axis differ, and neither is 1.
    """
    if left is None or right is None:
        return None
    rank = max(len(left), len(right))
    first = (1,) * (rank - len(left)) + left
    second = (1,) * (rank - len(right)) + right
    sizes: list[Dimension] = []
    for a, b in zip(first, second):
        if a == 1 or b == 1:
            sizes.append(b if a == 1 else a)
        elif a is None or b is None or a == b:
            sizes.append(b if a is None else a)
        else:
            raise Misfit(f"{name or 'it'} takes shapes that agree, not {show(left)} and {show(right)}")
    return tuple(sizes)


def broadcast_all(shapes: Iterable[Shape], name: str = "") -> Shape:
    """`broadcast` for any number of shapes."""
    result: Shape = ()
    for shape in shapes:
        result = broadcast(result, shape, name)
    return result


def agree(shapes: list[Shape], free: int | None, name: str) -> None:
    """Checks that shapes are the same but for one axis.

    Raises:
        Misfit: they differ along another one.
    """
    known = [shape for shape in shapes if shape is not None]
    for shape in known[1:]:
        if len(shape) != len(known[0]) or any(
            a is not None and b is not None and a != b
            for axis, (a, b) in enumerate(zip(known[0], shape))
            if axis != free
        ):
            but = "" if free is None else f" but for axis {free}"
            raise Misfit(f"{name} takes tensors of the same shape{but}, not {show(known[0])} and {show(shape)}")


def reduced(shape: Shape, axes: tuple[int, ...] | None, keep: bool | None, name: str = "") -> Shape:
    """What is left of a shape when the axes (None for all) are added up.

    Raises:
        Misfit: there is no such axis.
    """
    if shape is None or keep is None:
        return None if keep is not False or axes is not None else ()
    rank = len(shape)
    gone = set(range(rank)) if axes is None else {axis_in(axis, rank, name) for axis in axes}
    if keep:
        return tuple(1 if axis in gone else size for axis, size in enumerate(shape))
    return tuple(size for axis, size in enumerate(shape) if axis not in gone)


def replaced(shape: tuple[Dimension, ...], axis: int, *sizes: Dimension) -> tuple[Dimension, ...]:
    """The shape with other sizes (or none) in the place of one."""
    return (*shape[:axis], *sizes, *shape[axis + 1 :])


def flat(shape: Shape) -> Shape:
    """The shape of everything in one row."""
    return None if shape is None else (volume(shape),)


def unchanged(call: OpCall) -> Answer:
    """The shape of the first argument."""
    return operand(call.first())
