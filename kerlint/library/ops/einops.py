"""The functions of the package `einops`, and `keras.ops.rearrange`: a pattern says what becomes of each axis.

`b t h w c -> (b t) h w c`: axes have names, a group in brackets is their product, `1` is an axis of one, `...`
stands for any number of axes.
"""

from __future__ import annotations

from kerlint.library.ops.base import Answer, OpCall, Rule, operand
from kerlint.library.shapes.base import Misfit, Sizes, show, times, whole
from kerlint.library.signatures import signature
from kerlint.program.constants import text
from kerlint.program.values import Const, Dimension, Unknown, Value, mapping_of

#: One axis of a pattern: the names whose product it is.
Axis = tuple[str, ...]
_ELLIPSIS = "..."


def _axes(side: str) -> list[Axis] | None:
    """The axes of one side of a pattern; None if it is not one."""
    found: list[Axis] = []
    group: list[str] | None = None
    for word in side.replace("(", " ( ").replace(")", " ) ").replace(_ELLIPSIS, f" {_ELLIPSIS} ").split():
        if word == "(" and group is None:
            group = []
        elif word == ")" and group is not None:
            # With a one to it, the product of the axes of an ellipsis is not taken for the axes themselves.
            found.append((*group, "1") if _ELLIPSIS in group else tuple(group))
            group = None
        elif word in "()":
            return None
        elif group is not None:
            group.append(word)
        else:
            found.append((word,))
    return found if group is None and sum(axis.count(_ELLIPSIS) for axis in found) < 2 else None


def _matched(call: OpCall, side: str) -> tuple[dict[str, Dimension], Sizes] | None:
    """The size of each name on the left, and those of the axes that the ellipsis stands for; None if not known.

    Raises:
        Misfit: the tensor has another number of axes, or a size that the names do not give.
    """
    shape, axes = operand(call.first(0)), _axes(side)
    if shape is None or axes is None:
        return None
    rest: Sizes = ()
    if (_ELLIPSIS,) in axes:
        place, number = axes.index((_ELLIPSIS,)), len(shape) - len(axes) + 1
        rest = shape[place : place + max(number, 0)]
        axes = axes[:place] + [(str(-1 - index),) for index in range(number)] + axes[place + 1 :]
    if len(axes) != len(shape):
        raise Misfit(f"the pattern {side.strip()!r} is for {len(axes)} axes, not for {show(shape)}")
    sizes: dict[str, Dimension] = {}
    for name in {name for axis in axes for name in axis if name.isdigit()}:
        sizes[name] = int(name)
    known = signature(call.name)
    own = {"tensor", "pattern", "reduction", *(known.names if known is not None else ())}
    for name, value in call.args.items():
        if not name.isdigit() and name not in own:
            sizes[name] = whole(value)
    for axis, size in zip(axes, shape):
        _divide(axis, size, sizes, show(shape))
    return sizes, rest


def _divide(axis: Axis, size: Dimension, sizes: dict[str, Dimension], shown: str) -> None:
    """Finds the one name of a group that is not given."""
    open_names = [name for name in axis if sizes.get(name) is None]
    known = times(*[sizes[name] for name in axis if name not in open_names])
    if size is None or known is None or len(open_names) > 1:
        for name in open_names:
            sizes.setdefault(name, None)
    elif open_names and known and size % known == 0:
        sizes[open_names[0]] = size // known
    elif open_names or known != size:
        raise Misfit(f"an axis of {size} of {shown} cannot be split into {' '.join(axis)}")


def _built(side: str, sizes: dict[str, Dimension], rest: Sizes) -> Answer:
    axes = _axes(side)
    if axes is None:
        return None
    shape: list[Dimension] = []
    for axis in axes:
        if axis == (_ELLIPSIS,):
            shape.extend(rest)
        elif _ELLIPSIS in axis:
            shape.append(times(*rest, *[_size(name, sizes) for name in axis if name != _ELLIPSIS]))
        else:
            shape.append(times(*[_size(name, sizes) for name in axis]))
    return tuple(shape)


def _size(name: str, sizes: dict[str, Dimension]) -> Dimension:
    return int(name) if name.isdigit() else sizes.get(name)


def _by_pattern(place: int) -> Rule:
    def rule(call: OpCall) -> Answer:
        pattern = text(call.args.get("pattern", call.first(place)))
        if pattern is None or call.open or pattern.count("->") != 1:
            return None
        left, right = pattern.split("->")
        found = _matched(call, left)
        return None if found is None else _built(right, *found)

    return rule


def _parse_shape(call: OpCall) -> Answer:
    """`parse_shape(x, "b h w c")`: a dict from names to sizes."""
    pattern = text(call.args.get("pattern", call.first(1)))
    found = _matched(call, pattern) if pattern is not None else None
    if found is None:
        return None
    entries: dict[object, Value] = {
        name: Unknown("dimension") if size is None else Const(size)
        for name, size in found[0].items()
        if name.isidentifier() and name != "_"
    }
    return mapping_of(entries)


RULES: dict[str, Rule] = {
    "rearrange": _by_pattern(1),
    "reduce": _by_pattern(1),
    "repeat": _by_pattern(1),
    "parse_shape": _parse_shape,
}
