"""Normalization: the shape stays, and there are scales and offsets for some axes."""

from __future__ import annotations

from collections.abc import Callable

from kerlint.library.shapes.base import (
    UNKNOWN_WEIGHTS,
    Call,
    Misfit,
    Result,
    Sizes,
    Weights,
    dims,
    in_range,
    only_input,
    plus,
    times,
    volume,
)
from kerlint.program.constants import number
from kerlint.program.values import Sequence


def _copies(size: int | None, *there: bool | None) -> int | None:
    """All numbers in weights of one size, some of which may not be there."""
    return plus(*({True: size, False: 0, None: None}[answer] for answer in there))


def _one_axis(call: Call, shape: Sizes) -> int | None:
    """The size of the only axis that is normalized.

    Raises:
        Misfit: there is no such axis, or several are asked for.
    """
    if isinstance(call.value("axis"), Sequence):
        raise Misfit(f"axis of {call.layer.short} has to be one integer")
    axis = call.integer("axis")
    return None if axis is None else shape[in_range(call, axis, shape)]


def _several_axes(call: Call, shape: Sizes) -> int | None:
    """The product of the sizes of the axes that are normalized.

    Raises:
        Misfit: there is no such axis.
    """
    axes = dims(call.value("axis"))
    if axes is None:
        return None
    places = [None if axis is None else in_range(call, axis, shape) for axis in axes]
    return volume(tuple(None if place is None else shape[place] for place in places))


def _batch_normalization(call: Call) -> Result:
    shape = only_input(call)
    if shape is None:
        return Result(None, UNKNOWN_WEIGHTS)
    size = _one_axis(call, shape)
    moving = {True: 5, False: 2, None: None}[call.truth("renorm")]
    return Result(shape, Weights(_copies(size, call.truth("center"), call.truth("scale")), times(moving, size)))


def _layer_normalization(call: Call) -> Result:
    shape = only_input(call)
    if shape is None:
        return Result(None, Weights(None))
    size = _several_axes(call, shape)
    by_square = _truth_of_hidden(call, "rms_scaling")
    center, scale = call.truth("center"), call.truth("scale")
    if by_square is not False:
        scale = True if by_square else scale or None
        center = False if by_square or center is False else None
    return Result(shape, Weights(_copies(size, center, scale)))


def _truth_of_hidden(call: Call, name: str) -> bool | None:
    """An argument that is not in the signature and is False where it is not given."""
    return call.truth(name) if call.layer.open or name in call.layer.args else False


def _group_normalization(call: Call) -> Result:
    groups = call.integer("groups")
    given = number(call.value("groups"))
    if given is not None and (isinstance(given, float) or (given <= 0 and given != -1)):
        raise Misfit(f"groups of GroupNormalization has to be a positive integer or -1, not {given}")
    shape = only_input(call)
    if shape is None:
        return Result(None, Weights(None))
    size = _one_axis(call, shape)
    if size is not None and groups is not None and groups != -1 and size % groups:
        raise Misfit(f"GroupNormalization cannot divide {size} channels into {groups} groups")
    return Result(shape, Weights(_copies(size, call.truth("center"), call.truth("scale"))))


def _rms_normalization(call: Call) -> Result:
    shape = only_input(call)
    return Result(None, Weights(None)) if shape is None else Result(shape, Weights(_several_axes(call, shape)))


def _unit_normalization(call: Call) -> Result:
    if len(call.inputs) > 1:
        return Result(None)
    if call.shape is not None:
        _several_axes(call, call.shape)
    return Result(call.shape)


LAYERS: dict[str, Callable[[Call], Result]] = {
    "BatchNormalization": _batch_normalization,
    "SyncBatchNormalization": _batch_normalization,
    "GroupNormalization": _group_normalization,
    "LayerNormalization": _layer_normalization,
    "RMSNormalization": _rms_normalization,
    "UnitNormalization": _unit_normalization,
}
