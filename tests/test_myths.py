"""What `docs/myths.md` says does not make a model constant, measured again on the installed Keras."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
np = pytest.importorskip("numpy")
keras = pytest.importorskip("keras")
pytest.importorskip("tensorflow")

ROWS, FEATURES = 256, 8
_random = np.random.default_rng(0)
X = _random.normal(size=(ROWS, FEATURES)).astype("float32")
SIGNAL = X @ _random.normal(size=FEATURES)
#: A target of variance 1, two balanced classes, and five classes.
Y = (SIGNAL / SIGNAL.std()).astype("float32")
TWO = (SIGNAL > 0).astype("float32")
FIVE = keras.utils.to_categorical(np.argmax(X[:, :5], 1), 5)


def model(
    hidden: Sequence[int] = (32, 32),
    activation: str = "relu",
    units: int = 1,
    output: str | None = None,
    seed: int | None = 1,
    **head: Any,
) -> Any:
    if seed is not None:
        keras.utils.set_random_seed(seed)
    layers = [keras.layers.Dense(size, activation) for size in hidden]
    return keras.Sequential([keras.Input((FEATURES,)), *layers, keras.layers.Dense(units, output, **head)])


def trained(made: Any, optimizer: Any, loss: Any, y: Any, epochs: int, x: Any = X, **fit: Any) -> dict[str, float]:
    """The loss and accuracy in the end."""
    made.compile(optimizer, loss, metrics=["accuracy"] if y is not Y else [], steps_per_execution=16)
    # One epoch over the rows repeated: the same steps, without the cost of an epoch's ends.
    made.fit(np.tile(x, (epochs, 1)), np.concatenate([y] * epochs), verbose=0, **{"batch_size": 64, **fit})
    found: dict[str, float] = made.evaluate(x, y, batch_size=len(x), verbose=0, return_dict=True)
    return found


def predictions(made: Any) -> Any:
    return np.asarray(made(X))


def distinct(made: Any) -> int:
    """How many predictions there are for the inputs, all of which differ."""
    return len(np.unique(np.round(predictions(made), 6), axis=0))


def test_a_seed_does_not_make_inputs_equal() -> None:
    assert distinct(model(seed=7)) == ROWS


def test_runs_without_a_seed_differ() -> None:
    assert not np.allclose(predictions(model(seed=None)), predictions(model(seed=None)))


def test_a_model_called_twice_is_the_same_model() -> None:
    made = model(seed=None)
    assert np.array_equal(predictions(made), predictions(made))


def test_the_seed_of_an_initializer_wins() -> None:
    def weights(seed: int) -> Any:
        keras.utils.set_random_seed(seed)
        layer = keras.layers.Dense(4, kernel_initializer=keras.initializers.GlorotUniform(seed=43))
        layer.build((None, FEATURES))
        return layer.get_weights()[0]

    assert np.array_equal(weights(1), weights(2))


def test_a_new_seed_does_not_change_predictions() -> None:
    made = model()
    before = predictions(made)
    keras.utils.set_random_seed(99)
    assert np.array_equal(before, predictions(made))


def test_a_learning_rate_of_zero_is_not_constant() -> None:
    made = model()
    before = predictions(made)
    trained(made, keras.optimizers.Adam(0.0), "mse", Y, 2)
    assert np.array_equal(before, predictions(made))
    assert distinct(made) == ROWS


@pytest.mark.parametrize("fit", [{"shuffle": False}, {"batch_size": ROWS}])
def test_order_and_batch_size_do_not_make_it_constant(fit: dict[str, Any]) -> None:
    order = np.argsort(TWO)
    made = model((32,), output="sigmoid")
    trained(made, "adam", "binary_crossentropy", TWO[order], 20, X[order], **fit)
    assert distinct(made) == ROWS


def test_an_overfitted_model_is_not_constant() -> None:
    made = model((512, 512, 512))
    noise = np.random.default_rng(1).normal(size=32)
    # The loss goes up and down at the usual rate, and how far depends on the order of the rows.
    trained(made, "adam", "mse", noise, 250, X[:32])
    assert trained(made, keras.optimizers.Adam(1e-4), "mse", noise, 100, X[:32])["loss"] < 1e-4
    assert distinct(made) == ROWS


def test_two_units_can_be_enough() -> None:
    for seed in range(5):
        made = model((2,), output="sigmoid", seed=seed)
        found = trained(made, keras.optimizers.Adam(0.05), "binary_crossentropy", TWO, 40)
        assert found["accuracy"] > 0.97
        assert distinct(made) > ROWS / 4


def test_sigmoid_stacks_depend_on_the_optimizer() -> None:
    with_sgd, with_adam = model((32,) * 4, "sigmoid"), model((32,) * 4, "sigmoid")
    assert trained(with_sgd, "sgd", "mse", Y, 60)["loss"] > 0.95
    assert np.std(predictions(with_sgd)) < 0.02
    assert trained(with_adam, keras.optimizers.Adam(0.003), "mse", Y, 120)["loss"] < 0.1


def test_tanh_stacks_learn_with_sgd() -> None:
    assert trained(model((32,) * 8, "tanh"), "sgd", "mse", Y, 80)["loss"] < 0.2


def test_zeros_in_the_output_layer_alone_are_fine() -> None:
    assert trained(model(kernel_initializer="zeros"), "adam", "mse", Y, 60)["loss"] < 0.05


def test_the_squared_error_can_classify() -> None:
    assert trained(model((32,), output="sigmoid"), "adam", "mse", TWO, 100)["accuracy"] > 0.95


@pytest.mark.filterwarnings("ignore:.*from_logits.*")
def test_keras_finds_the_logits_behind_the_activation() -> None:
    softmax = trained(model((32,), units=5, output="softmax"), "adam", "categorical_crossentropy", FIVE, 5)
    sigmoid = trained(model((32,), units=5, output="sigmoid"), "adam", "categorical_crossentropy", FIVE, 5)
    from_logits = keras.losses.CategoricalCrossentropy(from_logits=True)
    declared = trained(model((32,), units=5, output="softmax"), "adam", from_logits, FIVE, 5)
    assert softmax["loss"] == pytest.approx(sigmoid["loss"], rel=1e-5) == pytest.approx(declared["loss"], rel=1e-5)
    assert softmax["accuracy"] == sigmoid["accuracy"] == declared["accuracy"]


def test_the_outputs_of_sigmoid_units_do_not_sum_to_one() -> None:
    made = model((32,), units=5, output="sigmoid")
    trained(made, "adam", "categorical_crossentropy", FIVE, 5)
    assert np.abs(predictions(made).sum(1) - 1).max() > 0.1
