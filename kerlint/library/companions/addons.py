"""tensorflow_addons (0.23, the last): shapes and weights of its layers, which are layers of Keras 2.

`tests/test_companions.py` has what the package itself gives for each of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from kerlint.library.convert import Handler
from kerlint.library.shapes import NO_WEIGHTS, UNKNOWN, Call, Result, Weights, dims, whole
from kerlint.library.shapes.base import plus, times
from kerlint.program.values import Dimension, Shape

if TYPE_CHECKING:
    from kerlint.library.companions import Method

_NAME = "tensorflow_addons.layers"
SIGNATURES = {
    _NAME: """
AdaptiveAveragePooling1D(output_size, data_format=None, **kwargs) < keras.layers.Layer
AdaptiveAveragePooling2D(output_size, data_format=None, **kwargs) < keras.layers.Layer
AdaptiveMaxPooling1D(output_size, data_format=None, **kwargs) < keras.layers.Layer
AdaptiveMaxPooling2D(output_size, data_format=None, **kwargs) < keras.layers.Layer
FilterResponseNormalization(epsilon=1e-06, axis=..., beta_initializer='zeros', gamma_initializer='ones', beta_regularizer=None, gamma_regularizer=None, beta_constraint=None, gamma_constraint=None, learned_epsilon=False, learned_epsilon_constraint=None, name=None, **kwargs) < keras.layers.Layer
GELU(approximate=True, **kwargs) < keras.layers.Layer
GroupNormalization(groups=32, axis=-1, epsilon=0.001, center=True, scale=True, beta_initializer='zeros', gamma_initializer='ones', beta_regularizer=None, gamma_regularizer=None, beta_constraint=None, gamma_constraint=None, **kwargs) < keras.layers.Layer
InstanceNormalization(groups=-1, axis=-1, epsilon=0.001, center=True, scale=True, beta_initializer='zeros', gamma_initializer='ones', beta_regularizer=None, gamma_regularizer=None, beta_constraint=None, gamma_constraint=None, **kwargs) < keras.layers.Layer
Maxout(num_units, axis=-1, **kwargs) < keras.layers.Layer
MultiHeadAttention(head_size, num_heads, output_size=None, dropout=0.0, use_projection_bias=True, return_attn_coef=False, kernel_initializer='glorot_uniform', kernel_regularizer=None, kernel_constraint=None, bias_initializer='zeros', bias_regularizer=None, bias_constraint=None, **kwargs) < keras.layers.Layer
NoisyDense(units, sigma=0.5, use_factorised=True, activation=None, use_bias=True, kernel_regularizer=None, bias_regularizer=None, activity_regularizer=None, kernel_constraint=None, bias_constraint=None, **kwargs) < keras.layers.Layer
PoincareNormalize(axis=1, epsilon=1e-05, **kwargs) < keras.layers.Layer
PolynomialCrossing(projection_dim=None, diag_scale=0.0, use_bias=True, kernel_initializer='truncated_normal', bias_initializer='zeros', kernel_regularizer=None, bias_regularizer=None, **kwargs) < keras.layers.Layer
Snake(frequency_initializer='ones', **kwargs) < keras.layers.Layer
Sparsemax(axis=-1, **kwargs) < keras.layers.Layer
SpatialPyramidPooling2D(bins, data_format=None, *args, **kwargs) < keras.layers.Layer
SpectralNormalization(layer, power_iterations=1, **kwargs) < keras.layers.Layer
StochasticDepth(survival_probability=0.5, **kwargs) < keras.layers.Layer
TLU(affine=False, tau_initializer='zeros', tau_regularizer=None, tau_constraint=None, alpha_initializer='zeros', alpha_regularizer=None, alpha_constraint=None, **kwargs) < keras.layers.Layer
WeightNormalization(layer, data_init=True, **kwargs) < keras.layers.Layer
""",  # noqa: E501
}


def _unchanged(call: Call) -> Result:
    return Result(call.shape)


def _channels(call: Call, axis: int | None) -> Dimension:
    """The size of an axis; None where it is not known."""
    shape = call.shape
    return shape[axis] if shape is not None and axis is not None and -len(shape) <= axis < len(shape) else None


def _flag(call: Call, name: str, count: Dimension) -> Dimension:
    """So many weights if an argument says yes, none if it says no."""
    given = call.truth(name)
    return None if given is None else count if given else 0


def _normalized(call: Call) -> Result:
    """A scale and an offset for each channel."""
    count = _channels(call, call.integer("axis"))
    return Result(call.shape, Weights(plus(_flag(call, "scale", count), _flag(call, "center", count)), 0))


def _filter_response(call: Call) -> Result:
    """A scale and an offset for each channel of pictures, and one number to learn if it is asked for."""
    if call.shape is None or len(call.shape) != 4 or "axis" in call.layer.args:
        return Result(call.shape, Weights(None))
    count = _channels(call, -1)
    return Result(call.shape, Weights(plus(times(2, count), _flag(call, "learned_epsilon", 1)), 0))


def _threshold(call: Call) -> Result:
    """A threshold for each number of a row, and with `affine` a slope."""
    count = times(*call.shape[1:]) if call.shape else None
    return Result(call.shape, Weights(plus(count, _flag(call, "affine", count)), 0))


def _maxout(call: Call) -> Result:
    shape, axis, units = call.shape, call.integer("axis"), call.integer("num_units")
    size = _channels(call, axis)
    if shape is None or axis is None or units is None or not size or size % units:
        return Result(None, NO_WEIGHTS)
    place = axis % len(shape)
    return Result((*shape[:place], units, *shape[place + 1 :]))


def _noisy(call: Call) -> Result:
    """A mean and a spread for each weight; the noise is kept in weights that are not trained."""
    units, width = call.integer("units"), _channels(call, -1)
    shape: Shape = None if call.shape is None else (*call.shape[:-1], units)
    # Without an offset the package fails.
    drawn = plus(times(width, units), units) if call.truth("use_bias") else None
    return Result(shape, Weights(times(2, drawn), drawn))


def _attention(call: Call) -> Result:
    """Queries, keys and values as a list; without values they are the keys."""
    heads, size = call.integer("num_heads"), call.integer("head_size")
    if not 2 <= len(call.inputs) <= 3 or call.truth("return_attn_coef") is not False or None in call.inputs:
        return UNKNOWN
    query, key = call.inputs[0], call.inputs[1]
    value = call.inputs[-1]
    if not query or not key or not value or (call.value("output_size") is None):
        return UNKNOWN
    width = value[-1] if call.is_none("output_size") else call.integer("output_size")
    read = times(heads, size, plus(query[-1], key[-1], value[-1]))
    written = plus(times(heads, size, width), _flag(call, "use_projection_bias", width))
    return Result((*query[:-1], width), Weights(plus(read, written), 0))


def _crossing(call: Call) -> Result:
    """A square matrix, or two thin ones, and an offset."""
    width = _channels(call, -1)
    if len(call.inputs) != 2 or call.is_none("projection_dim") is None:
        return UNKNOWN
    between = call.integer("projection_dim")
    kernel = times(width, width) if call.is_none("projection_dim") else times(2, width, between)
    return Result(call.inputs[1], Weights(plus(kernel, _flag(call, "use_bias", width)), 0))


def _pooled(axes: int) -> Callable[[Call], Result]:
    """Pooling to a size that is given."""

    def rule(call: Call) -> Result:
        shape, sizes = call.shape, call.sizes("output_size", axes)
        form = "channels_last" if call.is_none("data_format") else call.text("data_format")
        if shape is None or len(shape) != axes + 2 or form is None:
            return Result(None)
        return Result((shape[0], shape[1], *sizes) if form == "channels_first" else (shape[0], *sizes, shape[-1]))

    return rule


def _pyramid(call: Call) -> Result:
    """The cells of several grids in one row."""
    shape, bins = call.shape, dims(call.value("bins"))
    if shape is None or len(shape) != 4 or not bins or not call.is_none("data_format"):
        return Result(None)
    return Result((shape[0], plus(*(times(size, size) for size in bins)), shape[-1]))


def _weight_normalized(call: Call) -> Result:
    """The layer inside, the length of each kernel, and whether it has been initialised from data."""
    value, shape = call.value("layer"), call.shape
    inner = call.nested(value, shape) if value is not None else UNKNOWN
    width = _outputs(call)
    if width is None or inner.weights.trainable is None or inner.weights.fixed is None:
        return Result(inner.output, Weights(None))
    fixed = inner.weights.total if call.truth("data_init") else 0
    if call.truth("data_init") is None:
        return Result(inner.output, Weights(None))
    # To initialise from data it holds a copy of the layer, and says of two things whether they are done.
    return Result(inner.output, Weights(inner.weights.trainable + width, plus(inner.weights.fixed, fixed, 1)))


def _spectrally_normalized(call: Call) -> Result:
    """The layer inside, and one direction for each of its outputs, which is not trained."""
    value = call.value("layer")
    inner = call.nested(value, call.shape) if value is not None else UNKNOWN
    return Result(inner.output, Weights(inner.weights.trainable, plus(inner.weights.fixed, _outputs(call))))


def _outputs(call: Call) -> int | None:
    """How many kernels a dense or a plain convolutional layer inside has."""
    from kerlint.program.values import Layer

    value = call.value("layer")
    if not isinstance(value, Layer) or value.open or value.short not in ("Dense", "Conv1D", "Conv2D", "Conv3D"):
        return None
    return whole(value.args.get("units") or value.args.get("filters"))


def _dropped(call: Call) -> Result:
    """A shortcut and what may be left out beside it."""
    return Result(call.inputs[0]) if len(call.inputs) == 2 and call.inputs[0] == call.inputs[1] else UNKNOWN


LAYERS: dict[str, Callable[[Call], Result]] = {
    f"{_NAME}.{name}": rule
    for name, rule in {
        **dict.fromkeys(("GELU", "PoincareNormalize", "Sparsemax"), _unchanged),
        **dict.fromkeys(("GroupNormalization", "InstanceNormalization"), _normalized),
        **dict.fromkeys(("AdaptiveAveragePooling1D", "AdaptiveMaxPooling1D"), _pooled(1)),
        **dict.fromkeys(("AdaptiveAveragePooling2D", "AdaptiveMaxPooling2D"), _pooled(2)),
        "FilterResponseNormalization": _filter_response,
        "Maxout": _maxout,
        "MultiHeadAttention": _attention,
        "NoisyDense": _noisy,
        "PolynomialCrossing": _crossing,
        "Snake": lambda call: Result(call.shape, Weights(1, 0)),
        "SpatialPyramidPooling2D": _pyramid,
        "SpectralNormalization": _spectrally_normalized,
        "StochasticDepth": _dropped,
        "TLU": _threshold,
        "WeightNormalization": _weight_normalized,
    }.items()
}
FUNCTIONS: dict[str, Handler] = {}
METHODS: dict[str, Method] = {}
