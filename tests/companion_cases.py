"""Layers of companion packages, and what the packages themselves make of inputs: output, trained and other weights.

    PYTHON -m tests.companion_cases     # measures anew, with a Python that has the packages

Measured with tensorflow_addons 0.23.0, tensorflow_probability 0.22.1 and tensorflow_compression 2.14.1 on TensorFlow
2.14.1. A `?` stands for what kerlint does not say.
"""

from __future__ import annotations

import sys
from typing import Any

HEADER = """\
import tensorflow as tf
import tensorflow_addons as tfa
import tensorflow_compression as tfc
import tensorflow_probability as tfp
from tensorflow.keras.layers import Conv1D, Conv2D, Dense
"""

#: The layer, the inputs without the batch, and the output, the trained and the other weights.
CASES = """\
tfa.layers.GELU() | [(5,)] | (None, 5) 0 0
tfa.layers.Sparsemax() | [(5,)] | (None, 5) 0 0
tfa.layers.PoincareNormalize() | [(4, 5)] | (None, 4, 5) 0 0
tfa.layers.Snake() | [(4, 5)] | (None, 4, 5) 1 0
tfa.layers.InstanceNormalization() | [(8, 8, 6)] | (None, 8, 8, 6) 12 0
tfa.layers.InstanceNormalization(axis=-1, center=False) | [(8, 8, 6)] | (None, 8, 8, 6) 6 0
tfa.layers.InstanceNormalization(axis=1) | [(4, 8, 6)] | (None, 4, 8, 6) 8 0
tfa.layers.GroupNormalization(groups=2) | [(8, 8, 6)] | (None, 8, 8, 6) 12 0
tfa.layers.GroupNormalization(3, axis=2, scale=False) | [(8, 9, 6)] | (None, 8, 9, 6) 9 0
tfa.layers.FilterResponseNormalization() | [(8, 8, 6)] | (None, 8, 8, 6) 12 0
tfa.layers.FilterResponseNormalization(learned_epsilon=True) | [(8, 8, 6)] | (None, 8, 8, 6) 13 0
tfa.layers.TLU() | [(8, 8, 6)] | (None, 8, 8, 6) 384 0
tfa.layers.TLU(affine=True) | [(8, 6)] | (None, 8, 6) 96 0
tfa.layers.Maxout(4) | [(8, 8)] | (None, 8, 4) 0 0
tfa.layers.Maxout(2, axis=1) | [(8, 6)] | (None, 2, 6) 0 0
tfa.layers.NoisyDense(5) | [(8,)] | (None, 5) 90 45
tfa.layers.NoisyDense(5, use_factorised=False) | [(8,)] | (None, 5) 90 45
tfa.layers.MultiHeadAttention(head_size=8, num_heads=3) | [(7, 10), (5, 12)] | (None, 7, 12) 1116 0
tfa.layers.MultiHeadAttention(8, 3, output_size=6) | [(7, 10), (5, 12), (5, 9)] | (None, 7, 6) 894 0
tfa.layers.MultiHeadAttention(8, 3, use_projection_bias=False) | [(7, 10), (5, 12)] | (None, 7, 12) 1104 0
tfa.layers.PolynomialCrossing() | [(8,), (8,)] | (None, 8) 72 0
tfa.layers.PolynomialCrossing(projection_dim=3, use_bias=False) | [(8,), (8,)] | (None, 8) 48 0
tfa.layers.AdaptiveAveragePooling1D(4) | [(8, 6)] | (None, 4, 6) 0 0
tfa.layers.AdaptiveAveragePooling2D(4) | [(8, 12, 6)] | (None, 4, 4, 6) 0 0
tfa.layers.AdaptiveMaxPooling2D((4, 3)) | [(8, 12, 6)] | (None, 4, 3, 6) 0 0
tfa.layers.SpatialPyramidPooling2D([1, 2, 4]) | [(8, 8, 6)] | (None, 21, 6) 0 0
tfa.layers.StochasticDepth() | [(8, 6), (8, 6)] | (None, 8, 6) 0 0
tfa.layers.WeightNormalization(Dense(5)) | [(8,)] | (None, 5) 50 46
tfa.layers.WeightNormalization(Dense(5), data_init=False) | [(8,)] | (None, 5) 50 1
tfa.layers.WeightNormalization(Dense(5, use_bias=False), data_init=True) | [(8,)] | (None, 5) 45 41
tfa.layers.WeightNormalization(Conv2D(5, 3, padding="same")) | [(8, 8, 6)] | (None, 8, 8, 5) 280 276
tfa.layers.WeightNormalization(Conv1D(5, 3), data_init=False) | [(8, 6)] | (None, 6, 5) 100 1
tfa.layers.SpectralNormalization(Dense(5)) | [(8,)] | (None, 5) 45 5
tfa.layers.SpectralNormalization(Conv2D(5, 3)) | [(8, 8, 6)] | (None, 6, 6, 5) 275 5
tfp.layers.DenseFlipout(5) | [(8,)] | (None, 5) 85 0
tfp.layers.DenseFlipout(5, activation="relu") | [(3, 8)] | (None, 3, 5) 85 0
tfp.layers.DenseReparameterization(5) | [(8,)] | (None, 5) 85 0
tfp.layers.DenseLocalReparameterization(5) | [(8,)] | (None, 5) 85 0
tfp.layers.Convolution1DFlipout(5, 3) | [(8, 6)] | (None, 6, 5) 185 0
tfp.layers.Convolution2DFlipout(5, kernel_size=3, padding="same", strides=2) | [(8, 9, 6)] | (None, 4, 5, 5) 545 0
tfp.layers.Convolution2DReparameterization(5, (3, 2), dilation_rate=2) | [(8, 9, 6)] | (None, 4, 7, 5) 365 0
tfp.layers.Convolution3DFlipout(5, 3) | [(8, 9, 6, 2)] | (None, 6, 7, 4, 5) 545 0
tfc.GDN() | [(8, 8, 6)] | (None, 8, 8, 6) 42 0
tfc.GDN(inverse=True) | [(8, 6)] | (None, 8, 6) 42 0
"""


def cases() -> list[tuple[str, list[tuple[int, ...]], str]]:
    """The layers, the shapes of their inputs, and what was measured."""
    found = []
    for line in CASES.splitlines():
        layer, inputs, expected = line.split(" | ")
        found.append((layer, eval(inputs), expected))
    return found


def program(layer: str, inputs: list[tuple[int, ...]]) -> str:
    """A program that calls the layer once."""
    made = ", ".join(f"tf.keras.Input({shape})" for shape in inputs)
    given = made if len(inputs) == 1 else f"[{made}]"
    return f"{HEADER}layer = {layer}\ninputs = {given}\nmodel = tf.keras.Model(inputs, layer(inputs))\n"


def measured(layer: str, inputs: list[tuple[int, ...]]) -> str:
    """What the package makes of it."""
    names: dict[str, Any] = {}
    exec(program(layer, inputs), names)
    made, model = names["layer"], names["model"]

    def count(weights: Any) -> int:
        return sum(int(weight.shape.num_elements()) for weight in weights)

    shape = model.output_shape
    weights = (made.trainable_weights, made.non_trainable_weights)
    return f"{shape} {count(weights[0])} {count(weights[1])}"


if __name__ == "__main__":
    for case, shapes, _ in cases():
        sys.stdout.write(f"{case} | {shapes} | {measured(case, shapes)}\n")
