"""Dense layers, embeddings, noise, and what passes its input on as it is."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from kerlint.library.shapes.activation import activation_weights
from kerlint.library.shapes.base import (
    UNKNOWN_WEIGHTS,
    BadArgument,
    Call,
    Misfit,
    Result,
    Sizes,
    Weights,
    dims,
    needs_rank,
    only_input,
    plus,
    show,
    times,
    volume,
)
from kerlint.program.constants import number
from kerlint.program.values import Array, Const, Dimension, External, Shape

# -- What dense layers and embeddings share -----------------------------------------------------------------------


def _size(call: Call, name: str) -> int | None:
    """A size that has to be a positive integer.

    Raises:
        BadArgument: it is another number, or an array.
    """
    value = call.value(name)
    found: object = number(value)
    if isinstance(value, Array) and value.shape and value.shape != (1,):
        found = f"an array of shape {show(value.shape)}"
    if isinstance(found, (float, str)) or (isinstance(found, int) and found <= 0):
        raise BadArgument(f"{name} of {call.layer.short} has to be a positive integer, not {found}")
    return call.integer(name)


def _may_be_quantized(call: Call) -> bool:
    """Whether `dtype` may be a quantized one (`int8_from_float32`): then the weights are others."""
    value = call.layer.args.get("dtype")
    if isinstance(value, Const):
        return isinstance(value.value, str) and "_from_" in value.value
    return not (value is None or isinstance(value, External))


def _adapted(call: Call, kernel: Sizes | None, constraint: str) -> Weights:
    """The kernel; with `lora_rank` it is fixed, and two small factors of a change to it are trained.

    Raises:
        Misfit: LoRA does not go together with a constraint.
    """
    size = None if kernel is None else volume(kernel)
    rank = 0 if _is_left_out(call, "lora_rank") or call.is_none("lora_rank") else call.integer("lora_rank")
    if rank == 0:
        return Weights(size)
    if rank is None:
        return UNKNOWN_WEIGHTS
    if call.is_none(constraint) is False:
        raise Misfit(f"lora_rank of {call.layer.short} does not go together with {constraint}")
    if kernel is None:
        return UNKNOWN_WEIGHTS
    return Weights(plus(volume((*kernel[:-1], rank)), times(rank, kernel[-1])), size)


def _is_left_out(call: Call, name: str) -> bool:
    """Whether an argument is certainly not given; it need not be in the signature, as those in `**kwargs` are not."""
    return name not in call.layer.args and not call.layer.open


def _with_bias(call: Call, bias: int | None) -> int | None:
    return {True: bias, False: 0, None: None}[call.truth("use_bias")]


# -- Dense and EinsumDense ----------------------------------------------------------------------------------------


def _dense(call: Call) -> Result:
    units = _size(call, "units")
    shape = only_input(call)
    needs_rank(call, 2, least=2)
    output = None if shape is None else (*shape[:-1], units)
    if _may_be_quantized(call):
        return Result(output, UNKNOWN_WEIGHTS)
    kernel = (None if shape is None else shape[-1], units)
    weights = _adapted(call, kernel, "kernel_constraint") + Weights(_with_bias(call, units))
    return Result(output, weights + activation_weights(call, output))


class _Equation(NamedTuple):
    """The three parts of `abc,cd->abd`, and on which side of input and output `...` stands."""

    source: str
    kernel: str
    target: str
    left: bool


#: `...` may stand before or behind the letters of input and output, or not at all. What follows does not matter.
_EQUATIONS = (
    (re.compile(r"([a-zA-Z]+),([a-zA-Z]+)->([a-zA-Z]+)"), False),
    (re.compile(r"\.{3}([a-zA-Z]+),([a-zA-Z]+)->\.{3}([a-zA-Z]+)"), True),
    (re.compile(r"([a-zA-Z]{2,})\.{3},([a-zA-Z]+)->([a-zA-Z]+)\.{3}"), False),
)


def _equation(written: str) -> _Equation:
    found = [(pattern.match(written), left) for pattern, left in _EQUATIONS]
    parts, left = next(((match.groups(), left) for match, left in found if match), ((), False))
    if not parts:
        raise Misfit(f"EinsumDense does not understand the equation {written!r}")
    equation = _Equation(parts[0], parts[1], parts[2], left)
    for letter in equation.target:
        if letter not in equation.source + equation.kernel:
            raise Misfit(f"the output of {written!r} has {letter!r}, which is neither in the input nor in the kernel")
    for letter in equation.kernel:
        if letter not in equation.source + equation.target:
            raise Misfit(f"the kernel of {written!r} has {letter!r}, which is neither in the input nor in the output")
    return equation


def _einsum_dense(call: Call) -> Result:
    written = call.text("equation")
    shape = only_input(call)
    if written is None:
        return Result(None, UNKNOWN_WEIGHTS)
    equation, given = _equation(written), dims(call.value("output_shape"))
    bias_letters = None if call.is_none("bias_axes") else call.text("bias_axes")
    _check_bias(equation, bias_letters)
    if shape is None or given is None:
        return Result(None, UNKNOWN_WEIGHTS)
    output, sizes, elided = _einsum_sizes(equation, shape, given)
    if _may_be_quantized(call):
        return Result(output, UNKNOWN_WEIGHTS)
    weights = _adapted(call, tuple(sizes[letter] for letter in equation.kernel), "kernel_constraint")
    if call.is_none("bias_axes") is not True:
        bias = None if bias_letters is None else _einsum_bias(equation, output, elided, bias_letters)
        weights += Weights(bias)
    return Result(output, weights + activation_weights(call, output))


def einsum_kernel_width(call: Call) -> int | None:
    """The size of the last axis of the kernel of an `EinsumDense`."""
    written, shape, given = call.text("equation"), call.shape, dims(call.value("output_shape"))
    if written is None or shape is None or given is None:
        return None
    equation = _equation(written)
    _, sizes, _ = _einsum_sizes(equation, shape, given)
    return sizes[equation.kernel[-1]]


def _check_bias(equation: _Equation, letters: str | None) -> None:
    if letters == "":
        raise Misfit("bias_axes of EinsumDense is empty; None means no bias")
    for letter in letters or "":
        if letter not in equation.target:
            raise Misfit(f"bias_axes has {letter!r}, which is not in the output {equation.target!r}")


def _einsum_sizes(equation: _Equation, shape: Sizes, given: Sizes) -> tuple[Sizes, dict[str, Dimension], int]:
    """The output, the size of each letter, and how many axes `...` stands for.

    Keras makes the output of the batch, the axes of `...` (several of them in reverse order) and
    `output_shape` as it was given: a None in it stays None although the input has the size.
    """
    source, _, _, left = equation
    elided = len(shape) - len(source)
    if elided < 0:
        raise Misfit(f"EinsumDense takes at least {len(source)} axes (batch included), not {len(shape)}")
    output = (
        (shape[0], *reversed(shape[1:elided]), *given) if left else (shape[0], *given, *shape[len(shape) - elided :])
    )
    return output, _letter_sizes(equation, shape, output, elided), elided


def _letter_sizes(equation: _Equation, shape: Sizes, output: Sizes, elided: int) -> dict[str, Dimension]:
    first = elided if equation.left else 0
    if first + len(equation.target) > len(output):
        raise Misfit(f"output_shape of EinsumDense is too short for the output {equation.target!r}")
    made = dict(zip(equation.target, output[first:]))
    taken = dict(zip(equation.source, shape[first:]))
    for letter in taken.keys() & made.keys():
        before, after = taken[letter], made[letter]
        if before is not None and after is not None and before != after:
            raise Misfit(
                f"{letter!r} of EinsumDense is {before} in the input {show(shape)}, "
                f"but {after} in the output {show(output)}"
            )
    return {**taken, **made}


def _einsum_bias(equation: _Equation, output: Sizes, elided: int, letters: str) -> int | None:
    first = elided if equation.left else 0
    sizes = dict(zip(equation.target, output[first:]))
    start = min(equation.target.find(letter) for letter in letters)
    return volume(tuple(sizes[letter] for letter in equation.target[start:] if letter in letters))


# -- Embeddings ---------------------------------------------------------------------------------------------------


def _embedding(call: Call) -> Result:
    shape = only_input(call)
    return Result(None if shape is None else (*shape, _size(call, "output_dim")), _table(call))


def _table(call: Call) -> Weights:
    sizes = (_size(call, "input_dim"), _size(call, "output_dim"))
    return UNKNOWN_WEIGHTS if _may_be_quantized(call) else _adapted(call, sizes, "embeddings_constraint")


def _reversible_embedding(call: Call) -> Result:
    entries, width = _size(call, "input_dim"), _size(call, "output_dim")
    table, tied = _table(call), call.truth("tie_weights")
    if tied is False and table.fixed:
        raise Misfit("lora_rank of ReversibleEmbedding does not go together with tie_weights=False")
    back = {True: 0, False: times(entries, width), None: None}[tied]
    return Result(_reversible_output(call, entries, width), table + Weights(back))


def _reversible_output(call: Call, entries: int | None, width: int | None) -> Shape:
    shape = only_input(call)
    reverse = call.extra.get("reverse", Const(False))
    if shape is None or not isinstance(reverse, Const) or not isinstance(reverse.value, bool):
        return None
    if not reverse.value:
        return (*shape, width)
    if not shape:
        raise Misfit("ReversibleEmbedding has nothing to turn back in a tensor without axes")
    return (*shape[:-1], entries)


# -- What changes no shape ----------------------------------------------------------------------------------------


def _unchanged(call: Call) -> Result:
    return Result(call.shape if len(call.inputs) <= 1 else list(call.inputs))


def _masking(call: Call) -> Result:
    return Result(only_input(call))


def _noise(call: Call) -> Result:
    name = "stddev" if call.layer.short == "GaussianNoise" else "rate"
    amount = number(call.value(name))
    if amount is not None and not 0 <= amount <= 1:
        raise Misfit(f"{name} of {call.layer.short} has to be between 0 and 1, not {amount}")
    return _unchanged(call)


def _spatial_dropout(call: Call) -> Result:
    only_input(call)
    needs_rank(call, int(call.layer.short[-2]) + 2)
    return _noise(call)


LAYERS: dict[str, Callable[[Call], Result]] = {
    "Dense": _dense,
    "EinsumDense": _einsum_dense,
    "Embedding": _embedding,
    "ReversibleEmbedding": _reversible_embedding,
    "Masking": _masking,
    **dict.fromkeys(("ActivityRegularization", "Identity", "InputLayer"), _unchanged),
    **dict.fromkeys(("AlphaDropout", "Dropout", "GaussianDropout", "GaussianNoise"), _noise),
    **dict.fromkeys(("SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D"), _spatial_dropout),
}
