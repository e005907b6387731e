"""The layers that kerlint sorts into kinds are layers of the installed Keras, or of one before it."""

from __future__ import annotations

from typing import Any

import pytest

from kerlint.library import kinds

keras: Any = pytest.importorskip("keras")

#: Layers that Keras 3 no longer has.
GONE = {"LocallyConnected1D", "LocallyConnected2D", "CuDNNLSTM", "CuDNNGRU", "ThresholdedReLU"}


@pytest.mark.parametrize(
    "names",
    [
        pytest.param(set(getattr(kinds, kind)), id=kind)
        for kind in (
            "DENSE",
            "CONVOLUTION",
            "RECURRENT",
            "ACTIVATION_LAYERS",
            "NOISE",
            "NORMALIZATION",
            "RESHAPING",
            "POOLING",
            "SCALING",
            "VOCABULARY",
        )
    ],
)
def test_the_layers_exist(names: set[str]) -> None:
    assert {name for name in names if not hasattr(keras.layers, name)} <= GONE
