"""What the rules on freezing and transfer (KF) say about Keras, on the one that is installed."""

from __future__ import annotations

import pytest

from tests.claims.running import VERSION, example, keras, moved, normal, np, silence, told, weights

X = 5 + normal(16, 8)
Y = (X[:, :1] > 5).astype("float32")


def base_of() -> object:
    """A model with a batch normalisation, in place of one that has to be downloaded."""
    return keras.Sequential([keras.Input((8,)), keras.layers.BatchNormalization(), keras.layers.Dense(4, "relu")])


def compiled(*layers: object, optimizer: object = "adam") -> object:
    model = keras.Sequential([keras.Input((8,)), *layers])
    model.compile(optimizer, "mse")
    return model


@pytest.mark.parametrize("frozen", [True, False])
def test_kf001_it_is_settled_once_the_model_is_trained(frozen: bool) -> None:
    base = keras.layers.Dense(4, trainable=not frozen)
    with silence():
        model = compiled(base, keras.layers.Dense(1))
        model.train_on_batch(X, Y)
        base.trainable = frozen
        before = weights(base)
        model.train_on_batch(X, Y)
        # Up to 3.1 layers that are unfrozen are trained at once.
        assert (moved(before, weights(base)) == 0) is (frozen and VERSION >= (3, 2))
        model.compile("adam", "mse")
        before = weights(base)
        model.train_on_batch(X, Y)
        assert (moved(before, weights(base)) == 0) is not frozen


def test_kf001_before_the_first_training_it_counts() -> None:
    base = keras.layers.Dense(4)
    model = compiled(base, keras.layers.Dense(1))
    base.trainable = False
    before = weights(base)
    model.train_on_batch(X, Y)
    assert moved(before, weights(base)) == 0


#: Whether a flag that is written where a model is built is kept.
KEPT = VERSION >= (3, 16)


def mean_of(layer: object) -> float:
    """The largest moving mean of a batch normalisation, 0 as long as it has not been told to train."""
    return float(np.abs(layer.moving_mean).max())


@pytest.mark.parametrize("frozen", [True, False])
def test_kf002_fit_overrides_the_flag_before_3_16(frozen: bool) -> None:
    base = base_of()
    base.trainable = not frozen
    inputs = keras.Input((8,))
    model = keras.Model(inputs, keras.layers.Dense(1)(base(inputs, training=False)))
    model.compile("adam", "mse", run_eagerly=True)
    with silence():
        model.train_on_batch(X, Y)
    assert (mean_of(base.layers[0]) == 0) is (frozen or KEPT)


def test_kf002_a_base_without_the_flag_is_trained() -> None:
    base = base_of()
    inputs = keras.Input((8,))
    model = keras.Model(inputs, keras.layers.Dense(1)(base(inputs)))
    model.compile("adam", "mse", run_eagerly=True)
    with silence():
        model.train_on_batch(X, Y)
    assert mean_of(base.layers[0]) > 0


def test_kf002_dropout_is_switched_off_before_3_16() -> None:
    inputs = keras.Input((8,))
    model = keras.Model(inputs, keras.layers.Dropout(0.5)(inputs, training=True))
    with silence():
        predicted = model.predict_on_batch(X)
    assert np.array_equal(predicted, X) is not KEPT
    assert bool((predicted == 0).any()) is KEPT


def test_kf002_the_layers_behind_take_the_flag_over_since_3_16() -> None:
    first, told, behind = (keras.layers.BatchNormalization() for _ in range(3))
    inputs = keras.Input((8,))
    model = keras.Model(inputs, keras.layers.Dense(1)(behind(5 + told(first(inputs), training=False))))
    model.compile("adam", "mse", run_eagerly=True)
    with silence():
        model.train_on_batch(X, Y)
    assert mean_of(first) > 0
    assert (mean_of(told) == 0) is KEPT
    assert (mean_of(behind) == 0) is KEPT


def test_kf003_adam_moves_the_whole_base() -> None:
    base = keras.Sequential([keras.Input((8,)), keras.layers.Dense(4, "tanh"), keras.layers.Dense(4, "tanh")])
    model = compiled(base, keras.layers.Dense(1))
    before = weights(base)
    with silence():
        model.train_on_batch(X / 5, Y)
    for old, new in zip(before, weights(base)):
        assert np.abs(old - new).max() == pytest.approx(0.001, rel=0.05)


def test_kf020_not_a_bit_changes() -> None:
    before = []

    def kept(layers: list[object]) -> object:
        made = keras.Sequential(layers)
        before.extend(weights(made))
        return made

    with told() as lines:
        model = example("KF020", edit=("keras.Sequential(", "kept("), kept=kept, x=X, y=Y).model
    assert before
    assert moved(before, weights(model)) == 0
    assert any("does not have any trainable weights" in line for line in lines)


@pytest.mark.parametrize(("line", "moves"), [("", True), ("discriminator.trainable = False\n", False)])
def test_kf021_the_joint_model_moves_the_discriminator(line: str, moves: bool) -> None:
    with silence():
        found = example("KF021", edit=("gan = ", f"{line}gan = "), batches=[])
        before = weights(found.discriminator)
        found.gan.train_on_batch(normal(32, 16), np.ones((32, 1)))
    assert (moved(before, weights(found.discriminator)) > 0) is moves
