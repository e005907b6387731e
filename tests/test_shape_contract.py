"""The claims of KL010 about what Keras does with outputs and targets of different shapes, checked by Keras."""

from __future__ import annotations

import math
from typing import Any

import pytest

from kerlint.rules.loss.output_shape_vs_target import _broadcasts, agree

keras: Any = pytest.importorskip("keras")
numpy: Any = pytest.importorskip("numpy")

PAIRS = [
    ((3,), ()),
    ((3,), (1,)),
    ((1,), (2,)),
    ((3,), (2,)),
    ((5, 1), ()),
    ((5, 1), (1,)),
    ((5, 3), (3,)),
    ((5, 3), (5,)),
    ((8,), (7, 8)),
    ((3,), (1, 3)),
    ((1,), ()),
    ((4,), (4,)),
]


@pytest.mark.parametrize("loss", ["mean_squared_error", "binary_crossentropy"])
@pytest.mark.parametrize(("output", "target"), PAIRS)
def test_keras_raises_or_broadcasts(output: tuple[int, ...], target: tuple[int, ...], loss: str) -> None:
    inputs = keras.Input((4,))
    outputs = keras.layers.Reshape(output)(keras.layers.Dense(math.prod(output), activation="sigmoid")(inputs))
    model = keras.Model(inputs, outputs)
    model.compile("sgd", loss)
    raised = False
    try:
        model.train_on_batch(numpy.zeros((9, 4)), numpy.zeros((9, *target)))
    except Exception:  # noqa: BLE001 - the kind of error depends on the backend
        raised = True
    shapes = (None, *output), (None, *target)
    if agree(*shapes, sparse=False):
        assert not raised
    elif loss == "mean_squared_error":
        assert raised is not _broadcasts(*shapes)
    else:
        assert raised
