"""Activation layers: what comes out has the shape of what goes in; only `PReLU` has weights."""

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
    dims,
    only_input,
    show,
    volume,
)
from kerlint.program.values import Layer, Model, Shape


def activation_weights(call: Call, shape: Shape) -> Weights:
    """What a layer holds on top because its `activation` is itself a layer.

    Keras counts the weights of such a layer only once that was called on data, so they are
    not known unless there are none.
    """
    value = call.value("activation")
    if not isinstance(value, (Layer, Model)):
        return NO_WEIGHTS
    return NO_WEIGHTS if call.nested(value, shape).weights.total == 0 else UNKNOWN_WEIGHTS


def _unchanged(call: Call) -> Result:
    return Result(call.shape if len(call.inputs) <= 1 else list(call.inputs))


def _activation(call: Call) -> Result:
    return Result(_unchanged(call).output, activation_weights(call, call.shape))


def _prelu(call: Call) -> Result:
    shape = only_input(call)
    if shape is None:
        return Result(None, Weights(None))
    shared = () if call.is_none("shared_axes") else dims(call.value("shared_axes"))
    if shared is None:
        return Result(shape, Weights(None))
    return Result(shape, Weights(_slopes(shape, shared)))


def _slopes(shape: Sizes, shared: Sizes) -> int | None:
    """How many slopes there are: one for each position, but along a shared axis only one.

    Axes are counted with the batch. Keras looks a negative one up among the others shifted by one, and so do we.
    """
    sizes = list(shape[1:])
    for axis in shared:
        if axis is None:
            return None
        if not -len(sizes) <= axis - 1 < len(sizes):
            raise Misfit(f"PReLU shares axis {axis}, but a tensor of shape {show(shape)} has no such axis")
        sizes[axis - 1] = 1
    return volume(tuple(sizes))


LAYERS: dict[str, Callable[[Call], Result]] = {
    "Activation": _activation,
    "PReLU": _prelu,
    **dict.fromkeys(("ELU", "LeakyReLU", "ReLU", "Softmax", "ThresholdedReLU"), _unchanged),
}
