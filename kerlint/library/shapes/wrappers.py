"""Layers around another layer."""

from __future__ import annotations

import re
from collections.abc import Callable

from kerlint.library.shapes.base import (
    UNKNOWN,
    UNKNOWN_WEIGHTS,
    Call,
    Misfit,
    Output,
    Result,
    Sizes,
    Weights,
    only_input,
)
from kerlint.library.shapes.core import einsum_kernel_width
from kerlint.program.constants import constant, number
from kerlint.program.values import Const, Layer, Shape, Value

_RECURRENT = "ConvLSTM1D ConvLSTM2D ConvLSTM3D CuDNNGRU CuDNNLSTM GRU LSTM RNN SimpleRNN".split()


def _library_layer(value: Value | None) -> Layer | None:
    """A layer of the library, not one of a class of the program."""
    if isinstance(value, Layer) and value.cls is None and value.name.startswith("keras.layers."):
        return value
    return None


#: The spatial axes in the name of a layer: `Conv2DTranspose` has two.
_RANK = re.compile(r"([123])D")
#: What refuses misfits already when Keras asks it for weights and output shape. Others look at the number of axes
#: when they are called themselves: a wrapper that does not do that takes them with any.
_STRICT = """BatchNormalization Conv1D Conv2D Conv3D Dense DepthwiseConv1D DepthwiseConv2D EinsumDense
    GroupNormalization LayerNormalization RMSNormalization Reshape SeparableConv1D SeparableConv2D
    SpectralNormalization TimeDistributed UnitNormalization""".split()


def _inside(call: Call, layer: Value, shape: Shape) -> Result:
    """What the layer within makes of a shape; unknown where it does not fit, but Keras may not notice.

    Raises:
        Misfit: Keras does notice.
    """
    try:
        return call.nested(layer, shape)
    except Misfit:
        if _is_noticed(layer, shape):
            raise
        return UNKNOWN


def _is_noticed(value: Value, shape: Shape) -> bool:
    layer = _library_layer(value)
    if layer is None or shape is None:
        return layer is not None
    if layer.short in _STRICT:
        return layer.short != "Dense" or len(shape) > 1
    # With the right number of axes it is something else that does not fit.
    rank = _RANK.search(layer.short)
    return rank is not None and "LSTM" not in layer.short and len(shape) == int(rank[1]) + 2


# -- TimeDistributed ----------------------------------------------------------------------------------------------


def _time_distributed(call: Call) -> Result:
    layer, shape = call.value("layer"), call.shape
    if len(call.inputs) == 2 or (shape is not None and len(shape) < 3):
        raise Misfit("TimeDistributed takes one tensor with at least 3 axes (batch, steps, ...)")
    if layer is None or len(call.inputs) > 2:
        return UNKNOWN
    if shape is None:
        return Result(None, _inside(call, layer, None).weights)
    step = _inside(call, layer, (shape[0], *shape[2:]))
    output = step.output
    if isinstance(output, (list, dict)):
        raise Misfit("TimeDistributed takes a layer with one output")
    return Result((output[0], shape[1], *output[1:]) if output else None, step.weights)


# -- Bidirectional ------------------------------------------------------------------------------------------------


def _bidirectional(call: Call) -> Result:
    layer, mode = call.value("layer"), constant(call.value("merge_mode"))
    if isinstance(mode, (str, int)) and mode not in ("sum", "mul", "ave", "concat"):
        raise Misfit(f"merge_mode of Bidirectional is one of sum, mul, ave, concat or None, not {mode!r}")
    if layer is None:
        return UNKNOWN
    _check_directions(call, layer)
    forward = call.nested(layer, only_input(call))
    return Result(_merged(call, forward.output), forward.weights + _backward(call, forward))


def _backward(call: Call, forward: Result) -> Weights:
    """The weights of the other direction: as many again unless it is a layer of its own."""
    if call.is_none("backward_layer"):
        return forward.weights
    layer = call.value("backward_layer")
    return UNKNOWN_WEIGHTS if layer is None else _inside(call, layer, call.shape).weights


def _check_directions(call: Call, layer: Value) -> None:
    """Checks what Keras checks when it makes the wrapper.

    Raises:
        Misfit: the layer is not recurrent, or the layers of both directions do not go together.
    """
    forward, backward = _library_layer(layer), _library_layer(call.value("backward_layer"))
    if forward is None:
        return
    if forward.short not in _RECURRENT:
        raise Misfit(f"Bidirectional takes a recurrent layer, not {forward.short}")
    if call.is_none("backward_layer") and Call(forward, ()).truth("go_backwards"):
        raise Misfit(f"the {forward.short} in Bidirectional already goes backwards")
    if backward is None:
        return
    for name in ("go_backwards", "return_sequences", "return_state", "stateful"):
        there, back = Call(forward, ()).truth(name), Call(backward, ()).truth(name)
        if there is None or back is None:
            continue
        if name == "go_backwards" and there == back:
            raise Misfit("both layers of Bidirectional go in the same direction")
        if name != "go_backwards" and there != back:
            raise Misfit(f"the layers of Bidirectional differ in {name}")


def _merged(call: Call, output: Output) -> Output:
    """What both directions give together, for the output of one of them."""
    sequence, *states = output if isinstance(output, list) else [output]
    mode = call.value("merge_mode")
    if not isinstance(sequence, tuple) or not isinstance(mode, Const):
        return None
    if None in states:
        return None
    merged: list[Output] = [_both(sequence)] if mode.value == "concat" else [sequence]
    if mode.value is None:
        merged = [sequence, sequence]
    merged.extend([*states, *states])
    return merged if len(merged) > 1 else merged[0]


def _both(shape: Sizes) -> Shape:
    return (*shape[:-1], None if shape[-1] is None else 2 * shape[-1])


# -- SpectralNormalization ----------------------------------------------------------------------------------------

#: What has weights, but no `kernel`.
_WITHOUT_KERNEL = """BatchNormalization Bidirectional GRU GroupNormalization LSTM LayerNormalization PReLU
    RMSNormalization SeparableConv1D SeparableConv2D SimpleRNN TimeDistributed""".split()


def _spectral_normalization(call: Call) -> Result:
    rounds = number(call.value("power_iterations"))
    if rounds is not None and rounds <= 0:
        raise Misfit(f"power_iterations of SpectralNormalization has to be positive, not {rounds}")
    layer = call.value("layer")
    if layer is None:
        return UNKNOWN
    shape = only_input(call)
    inner = _inside(call, layer, shape)
    return Result(inner.output, inner.weights + Weights(0, _kernel_width(call, layer)))


def _kernel_width(call: Call, value: Value) -> int | None:
    """The size of the last axis of the kernel (or the table of an embedding): so long is the vector that is kept.

    Raises:
        Misfit: there is no kernel.
    """
    layer = _library_layer(value)
    if layer is None:
        return None
    if layer.short in _WITHOUT_KERNEL or _inside(call, layer, None).weights.total == 0:
        raise Misfit(f"SpectralNormalization takes a layer with a kernel, which {layer.short} has not")
    inner = Call(layer, (call.shape,), nested=call.nested)
    short = layer.short
    if short == "SpectralNormalization":
        within = inner.value("layer")
        return None if within is None else _kernel_width(inner, within)
    if short == "EinsumDense":
        return einsum_kernel_width(inner)
    if short.startswith("Conv") and short.endswith("Transpose"):
        return _channels(inner)
    return inner.integer(_WIDTHS[short]) if short in _WIDTHS else None


#: The argument that is the size of the last axis of the kernel.
_WIDTHS = {
    "Dense": "units",
    "Embedding": "output_dim",
    "ReversibleEmbedding": "output_dim",
    **dict.fromkeys(("Conv1D", "Conv2D", "Conv3D"), "filters"),
    **dict.fromkeys(("DepthwiseConv1D", "DepthwiseConv2D"), "depth_multiplier"),
}


def _channels(call: Call) -> int | None:
    if call.shape is None or len(call.shape) < 2:
        return None
    if call.is_none("data_format") or call.text("data_format") == "channels_last":
        return call.shape[-1]
    return call.shape[1] if call.text("data_format") == "channels_first" else None


LAYERS: dict[str, Callable[[Call], Result]] = {
    "Bidirectional": _bidirectional,
    "SpectralNormalization": _spectral_normalization,
    "TimeDistributed": _time_distributed,
}
