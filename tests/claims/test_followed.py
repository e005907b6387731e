"""What the rules say about callbacks, steps and losses that programs write themselves, on the Keras that is installed."""

from __future__ import annotations

import numpy as np
import pytest

from tests.claims.running import VERSION, Refused, example, keras, moved, normal, silence, tf, weights

X = normal(64, 8)
Y = X[:, :1] * 2
YES = (X[:, :1] > 0).astype("float32")


class Heard(keras.callbacks.Callback):
    """Keeps the names of the numbers that each method is given."""

    def __init__(self) -> None:
        super().__init__()
        self.names: dict[str, set[str]] = {}

    def note(self, hook: str, logs: dict[str, float] | None) -> None:
        self.names.setdefault(hook, set(logs or {}))

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        self.note("on_train_begin", logs)

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self.note("on_epoch_begin", logs)

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        self.note("on_train_batch_end", logs)

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self.note("on_epoch_end", logs)


def small(activation: str | None = None) -> object:
    return keras.Sequential([keras.Input((8,)), keras.layers.Dense(1, activation=activation)])


def test_ke001_what_each_method_is_given() -> None:
    model, heard = small(), Heard()
    model.compile("adam", "mse", metrics=["mae"])
    model.fit(X, Y, validation_split=0.2, verbose=0, callbacks=[heard])
    assert heard.names == {
        "on_train_begin": set(),
        "on_epoch_begin": set(),
        "on_train_batch_end": {"loss", "mae"},
        "on_epoch_end": {"loss", "mae", "val_loss", "val_mae"},
    }


@pytest.mark.parametrize("way", ["assign", "attribute"])
def test_ko001_a_callback_that_sets_the_rate_to_zero(way: str) -> None:
    class Plan(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch: int, logs: object = None) -> None:
            if way == "assign":
                self.model.optimizer.learning_rate.assign(0.01 * (epoch // 100))
            else:
                self.model.optimizer.learning_rate = 0.01 * (epoch // 100)

    model = small()
    model.compile("adam", "mse")
    before = weights(model)
    with silence():
        model.fit(X, Y, epochs=3, verbose=0, callbacks=[Plan()])
    assert moved(before, weights(model)) == 0


def test_ke028_an_accuracy_is_a_share() -> None:
    with silence():
        model = example("KE028", epochs=8, x=X, y=(X[:, :1] > -100).astype("float32")).model
    assert len(model.history.epoch) == 8
    assert 0 <= max(model.history.history["accuracy"]) <= 1


def test_ke028_a_baseline_that_is_never_reached() -> None:
    keras.utils.set_random_seed(1)
    model = small("sigmoid")
    model.compile(keras.optimizers.Adam(0.05), "binary_crossentropy", metrics=["accuracy"])
    stop = keras.callbacks.EarlyStopping("accuracy", baseline=95, patience=2)
    history = model.fit(X, YES, epochs=10, verbose=0, callbacks=[stop]).history["accuracy"]
    assert len(history) < 10
    assert history[-1] > history[0]


def test_ke029_one_epoch_is_all() -> None:
    with silence():
        assert len(example("KE029", epochs=5, x=X, y=Y).model.history.epoch) == 1


def test_kt001_in_a_train_step() -> None:
    class Net(keras.Model):
        def __init__(self, training: bool | None) -> None:
            super().__init__()
            self.inner = keras.Sequential([keras.layers.BatchNormalization(), keras.layers.Dense(1)])
            self.training = training

        def call(self, x: object, training: bool = False) -> object:
            return self.inner(x, training=training)

        def train_step(self, data: tuple[object, object]) -> dict[str, object]:
            x, y = data
            with tf.GradientTape() as tape:
                predicted = self(x) if self.training is None else self(x, training=self.training)
                loss = tf.reduce_mean((y - predicted) ** 2)
            gradients = tape.gradient(loss, self.trainable_variables)
            self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))
            return {"error": loss}

    means = {}
    for training in (None, True):
        net = Net(training)
        net.compile("adam")
        net.fit(X + 5, Y, verbose=0)
        means[training] = float(np.abs(net.inner.layers[0].moving_mean).max())
    assert means[None] == 0
    assert means[True] > 0


def test_kt020_gradients_of_another_model() -> None:
    maker = keras.Sequential([keras.Input((8,)), keras.layers.Dense(8)])
    judge = keras.Sequential([keras.Input((8,)), keras.layers.Dense(1)])
    before = weights(maker)
    with silence():
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(judge(maker(normal(16, 8))))
        gradients = tape.gradient(loss, judge.trainable_variables)
        keras.optimizers.Adam().apply_gradients(zip(gradients, maker.trainable_variables))
    assert gradients[1].shape == (1,)
    assert maker.trainable_variables[1].shape == (8,)
    assert moved(before, weights(maker)) > 0


def test_kt020_a_model_that_has_no_part_in_the_loss() -> None:
    one, two = small(), small()
    with silence():
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(one(X) ** 2)
        gradients = tape.gradient(loss, two.trainable_variables)
    assert gradients == [None, None]


def test_kt021_compute_loss_adds_the_penalties() -> None:
    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(1, kernel_regularizer="l2")])
    model.compile("adam", "mse")
    predicted = model(X)
    plain = keras.losses.MeanSquaredError()(Y, predicted)
    whole = model.compute_loss(x=X, y=Y, y_pred=predicted)
    assert float(whole - plain) == pytest.approx(float(sum(model.losses)), rel=1e-3)


def test_kt027_weights_that_nobody_changes() -> None:
    keras.utils.set_random_seed(0)
    with silence():
        model = example("KT027", dataset=[(X[:, :4], Y)] * 3).model
    keras.utils.set_random_seed(0)
    fresh = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    assert moved(weights(fresh), weights(model)) == 0


@pytest.mark.parametrize("eagerly", [False, True])
def test_kt028_fit_needs_an_answer(eagerly: bool) -> None:
    edit = ('loss="mse")', f'loss="mse", run_eagerly={eagerly})')
    with pytest.raises((*Refused, TypeError, AttributeError), match=r"Toutput_types|'NoneType' object"):
        example("KT028", edit=edit, x=X, y=Y)


def test_kl021_a_loss_of_the_targets_alone() -> None:
    model = small()
    model.compile("adam", lambda truth, predicted: tf.reduce_mean(tf.square(truth - truth)))
    with pytest.raises(ValueError, match="No gradients"):
        model.train_on_batch(X, Y)


@pytest.mark.parametrize("kind", [tuple, list])
def test_kd020_a_list_of_inputs_and_targets_is_a_pair(kind: type) -> None:
    class Batches(keras.utils.PyDataset):
        def __len__(self) -> int:
            return 4

        def __getitem__(self, index: int) -> object:
            rows = slice(16 * index, 16 * (index + 1))
            return kind([X[rows], Y[rows]])

    model = small()
    model.compile("adam", "mse")
    if kind is list and (3, 3) < VERSION < (3, 9):
        pytest.skip("Keras 3.6 refuses the list")
    assert "loss" in model.fit(Batches(), verbose=0).history
