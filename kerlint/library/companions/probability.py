"""Layers of tensorflow_probability (0.22): dense and convolutional ones whose weights are distributions.

What a layer gives whose output is a distribution depends on who asks; its shape is not told here, only that it has no
weights. `tests/test_companions.py` has what the package itself gives.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from kerlint.library.convert import Handler
from kerlint.library.layers import make_layer
from kerlint.library.shapes import NO_WEIGHTS, UNKNOWN_WEIGHTS, Call, Result, Weights, nested
from kerlint.library.shapes import apply as apply_rule
from kerlint.library.shapes.base import plus, times
from kerlint.program.values import Layer

if TYPE_CHECKING:
    from kerlint.library.companions import Method

_NAME = "tensorflow_probability.layers"
_FUNCTIONS = "kernel_posterior_fn=..., kernel_posterior_tensor_fn=..., kernel_prior_fn=..., kernel_divergence_fn=..., bias_posterior_fn=..., bias_posterior_tensor_fn=..., bias_prior_fn=None, bias_divergence_fn=..., "  # noqa: E501
_DENSE = f"(units, activation=None, activity_regularizer=None, trainable=True, {_FUNCTIONS}seed=None, **kwargs)"
_KINDS = ("Flipout", "Reparameterization")


def _convolution(axes: int) -> str:
    ones = 1 if axes == 1 else (1,) * axes
    return (
        f"(filters, kernel_size, strides={ones}, padding='valid', data_format='channels_last', dilation_rate={ones}, "
        f"activation=None, activity_regularizer=None, {_FUNCTIONS}seed=None, **kwargs)"
    )


#: Layers that give distributions.
_OUTPUTS = {
    "DistributionLambda": "make_distribution_fn",
    "IndependentBernoulli": "event_shape=(), convert_to_tensor_fn=..., sample_dtype=None, validate_args=False",
    "IndependentLogistic": "event_shape=(), convert_to_tensor_fn=..., validate_args=False",
    "IndependentNormal": "event_shape=(), convert_to_tensor_fn=..., validate_args=False",
    "IndependentPoisson": "event_shape=(), convert_to_tensor_fn=..., validate_args=False",
    "MixtureLogistic": "num_components, event_shape=(), convert_to_tensor_fn=..., validate_args=False",
    "MixtureNormal": "num_components, event_shape=(), convert_to_tensor_fn=..., validate_args=False",
    "MultivariateNormalTriL": "event_size, convert_to_tensor_fn=..., validate_args=False",
    "OneHotCategorical": "event_size, convert_to_tensor_fn=..., sample_dtype=None, validate_args=False",
}
_SIGNATURES = {
    **{f"Dense{kind}": _DENSE for kind in (*_KINDS, "LocalReparameterization")},
    **{f"Conv{axes}D{kind}": _convolution(axes) for axes in (1, 2, 3) for kind in _KINDS},
    **{name: f"({parameters}, **kwargs)" for name, parameters in _OUTPUTS.items()},
    "DenseVariational": (
        "(units, make_posterior_fn, make_prior_fn, kl_weight=None, kl_use_exact=False, activation=None, "
        "use_bias=True, activity_regularizer=None, **kwargs)"
    ),
}
SIGNATURES = {_NAME: "\n" + "".join(f"{name}{line} < keras.layers.Layer\n" for name, line in _SIGNATURES.items())}
#: Arguments that say how the weights are distributed; by default a kernel has means and spreads, an offset only means.
_POSTERIORS = ("kernel_posterior_fn", "bias_posterior_fn")
#: Arguments that the layer of Keras has, too.
_SHARED = ("units", "filters", "kernel_size", "strides", "padding", "data_format", "dilation_rate")


def _like(short: str) -> Callable[[Call], Result]:
    """A layer that computes what one of Keras does."""

    def rule(call: Call) -> Result:
        args = {name: call.layer.args[name] for name in _SHARED if name in call.layer.args}
        plain = Layer(f"keras.layers.{short}", args, open=call.layer.open, node=call.layer.node)
        found = apply_rule(Call(plain, call.inputs, nested=nested))
        own = any(name in call.layer.args for name in _POSTERIORS) or call.layer.open
        width = call.integer("units" if short == "Dense" else "filters")
        if own or found.weights.trainable is None or width is None:
            return Result(found.output, UNKNOWN_WEIGHTS)
        kernel = plus(found.weights.trainable, -width)
        return Result(found.output, Weights(plus(times(2, kernel), width), 0))

    return rule


def _variational(call: Call) -> Result:
    """The program says itself how the weights are distributed."""
    shape = call.shape
    return Result(None if shape is None else (*shape[:-1], call.integer("units")), UNKNOWN_WEIGHTS)


LAYERS: dict[str, Callable[[Call], Result]] = {
    f"{_NAME}.{name}": rule
    for name, rule in {
        **{f"Dense{kind}": _like("Dense") for kind in (*_KINDS, "LocalReparameterization")},
        **{f"Conv{axes}D{kind}": _like(f"Conv{axes}D") for axes in (1, 2, 3) for kind in _KINDS},
        **dict.fromkeys(_OUTPUTS, lambda call: Result(None, NO_WEIGHTS)),
        "DenseVariational": _variational,
    }.items()
}


def _convolution_of(axes: int, kind: str) -> Handler:
    """What is published as `Convolution2DFlipout` is the class `Conv2DFlipout`, and named like that."""
    name = f"{_NAME}.Conv{axes}D{kind}"
    return lambda machine, arguments, node: make_layer(machine, name, arguments, node)


FUNCTIONS: dict[str, Handler] = {
    f"{_NAME}.Convolution{axes}D{kind}": _convolution_of(axes, kind) for axes in (1, 2, 3) for kind in _KINDS
}
METHODS: dict[str, Method] = {}
