"""What KS001 and KL010 say about inputs and outputs of another shape, on the Keras that is installed."""

from __future__ import annotations

import pytest

np = pytest.importorskip("numpy")
keras = pytest.importorskip("keras")
if int(keras.__version__.partition(".")[0]) < 3:
    pytest.skip("the claims are about Keras 3", allow_module_level=True)


def _frames() -> object:
    """A model of one frame a row, pooled."""
    frame = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.MaxPooling2D(), keras.layers.Flatten()])
    model = keras.Sequential([keras.Input((1, 8, 8, 1)), keras.layers.TimeDistributed(frame), keras.layers.LSTM(2)])
    model.compile("sgd", "mse")
    return model


def test_ks001_an_array_is_no_number_of_units() -> None:
    # Before 3.13 it is refused when the layer is built.
    with pytest.raises(ValueError, match=r"units|dtype"):
        keras.Sequential([keras.Input((4,)), keras.layers.Dense(np.zeros(5))])


def test_ks001_rows_that_lack_an_axis() -> None:
    with pytest.raises(Exception, match=r"(?i)dimension"):
        _frames().fit(np.zeros((4, 8, 8, 1)), np.zeros((4, 2)), verbose=0)


def test_ks001_one_number_for_a_model_of_rows() -> None:
    model = keras.Sequential([keras.Input((5,)), keras.layers.Dense(2)])
    with pytest.raises(ValueError, match="incompatible shape"):
        model(keras.random.uniform(()))


def test_kl010_steps_are_taken_for_classes_in_silence() -> None:
    model = keras.Sequential([keras.Input((9, 2)), keras.layers.Dense(1, activation="sigmoid")])
    model.compile("sgd", "categorical_crossentropy")
    history = model.fit(np.zeros((4, 9, 2)), np.eye(9)[:4], verbose=0)
    assert np.isfinite(history.history["loss"][0])
