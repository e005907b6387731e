"""What the rules on losses and outputs (KL) say about Keras, on the one that is installed."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from tests.claims.running import VERSION, Refused, example, keras, moved, normal, np, silence, tf, told, weights

X = normal(32, 10)
YES = (X[:, :1] > 0).astype("float32")
CLASSES = np.arange(32) % 3


@pytest.fixture
def mnist(monkeypatch: pytest.MonkeyPatch) -> None:
    """Thirty images in place of a download."""
    images = np.random.default_rng(0).integers(0, 256, (30, 28, 28)).astype("uint8")
    data = (images, np.arange(30) % 10)
    monkeypatch.setattr(keras.datasets.mnist, "load_data", lambda: (data, data))


def dense(units: int, activation: str | None, loss: object, **options: object) -> object:
    """A compiled model of one layer for `X`, which is run step by step: quicker than a graph for a few steps."""
    model = keras.Sequential([keras.Input((10,)), keras.layers.Dense(units, activation)])
    model.compile(keras.optimizers.Adam(0.05), loss, run_eagerly=True, **options)
    return model


def numbers(model: object, x: object, y: object) -> dict[str, float]:
    return {name: float(value) for name, value in model.test_on_batch(x, y, return_dict=True).items()}


def test_kl001_softmax_over_one_unit() -> None:
    with told() as lines:
        model = example("KL001").model
        assert set(np.array(model(X)).ravel()) == {1.0}
        curve = model.fit(X, YES, epochs=8, verbose=0).history["loss"]
        assert set(np.array(model(X)).ravel()) == {1.0}
    assert all("softmax over axis -1" in line for line in lines)
    # Keras 3.0 does not warn.
    assert bool(lines) is (VERSION >= (3, 1))
    assert curve[-1] < curve[0] < 1.5


@pytest.mark.parametrize("activation", ["softmax", "sigmoid"])
def test_kl001_categorical_losses_of_one_unit(activation: str) -> None:
    model = dense(1, activation, "categorical_crossentropy")
    assert float(model.train_on_batch(X, YES)) == 0.0
    model = dense(1, activation, "sparse_categorical_crossentropy")
    with pytest.raises(Refused, match="label value of 1"):
        model.train_on_batch(X, YES[:, 0])


def test_kl002_probabilities_are_expected(mnist: None) -> None:
    keras.utils.set_random_seed(0)
    with silence():
        model = example("KL002").model
        (x, y), _ = keras.datasets.mnist.load_data()
        model.train_on_batch(x / 255, y)
        loss = numbers(model, x / 255, y)["loss"]
    assert loss > 2 * math.log(10)


@pytest.mark.parametrize("loss", ["sparse_categorical_crossentropy", "binary_crossentropy"])
def test_kl002_clipped_outputs_have_no_gradient(loss: str) -> None:
    output = tf.Variable([[-1.0, 0.4, 2.0]])
    truth = tf.constant([1]) if loss.startswith("sparse") else tf.constant([[1.0, 1.0, 0.0]])
    with tf.GradientTape() as tape:
        value = keras.losses.get(loss)(truth, output)
    below, inside, above = tape.gradient(value, output).numpy()[0]
    assert (below, above) == (0, 0)
    assert inside != 0


def _loss_of(told_logits: bool, *more: object) -> float:
    """The loss of one and the same softmax layer, with layers after it."""
    layer = keras.layers.Dense(3, "softmax", kernel_initializer=keras.initializers.RandomNormal(seed=1))
    model = keras.Sequential([keras.Input((10,)), layer, *more])
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=told_logits), run_eagerly=True)
    return numbers(model, X, CLASSES)["loss"]


def test_kl003_keras_sees_an_activation_that_is_the_last_step() -> None:
    right = _loss_of(False)
    with pytest.warns(UserWarning, match="from_logits"):
        example("KL003").model.train_on_batch(X[:, :4], CLASSES)
    with pytest.warns(UserWarning, match="from_logits"):
        assert _loss_of(True) == pytest.approx(right, rel=1e-5)
    with silence():
        assert abs(_loss_of(True, keras.layers.Reshape((3,))) - right) > 1e-4
        assert abs(_loss_of(False, keras.layers.Softmax()) - right) > 1e-4


def test_kl003_a_softmax_of_probabilities_is_never_sure() -> None:
    twice = keras.activations.softmax(tf.constant(np.eye(10, dtype="float32")))
    assert float(tf.reduce_max(twice)) == pytest.approx(0.232, abs=0.001)


def test_kl004_labels_in_the_other_form(mnist: None) -> None:
    with pytest.raises(ValueError, match=r"(?i)shape"):
        example("KL004")
    with pytest.raises(ValueError, match=r"(?i)shape"):
        dense(3, "softmax", "sparse_categorical_crossentropy").train_on_batch(X, np.eye(3)[CLASSES])


def test_kl005_one_sigmoid_for_ten_classes(mnist: None) -> None:
    with silence():
        history = example("KL005").model.history.history
    assert np.isfinite(history["loss"]).all()
    assert history["accuracy"][0] <= 0.4


def test_kl005_accuracy_of_single_units() -> None:
    with silence():
        model = dense(10, "softmax", "binary_crossentropy", metrics=["accuracy", "binary_accuracy"])
        shown = numbers(model, 0.1 * X, np.eye(10)[np.arange(32) % 10])
    assert shown["binary_accuracy"] == pytest.approx(0.9, abs=0.02)
    assert shown["accuracy"] < 0.4


def test_kl006_a_loss_for_numbers_takes_classes() -> None:
    with silence():
        example("KL006")
    share = np.array([0.0] * 6 + [1.0] * 4)
    error = {value: float(keras.losses.mean_absolute_error(share, np.full(10, value))) for value in (0.0, 0.4, 1.0)}
    assert min(error, key=error.get) == 0.0


def test_kl007_targets_out_of_reach() -> None:
    with silence():
        found = example("KL007")
    predicted = np.array(found.model(found.x))
    assert 0 <= predicted.min() <= predicted.max() <= 1
    assert found.y.min() < -1


def test_kl007_a_cross_entropy_has_no_end() -> None:
    model = dense(1, "sigmoid", "binary_crossentropy")
    with silence():
        curve = [float(model.train_on_batch(X, np.full((32, 1), 3.0))) for _ in range(12)]
    assert all(later < earlier for earlier, later in zip(curve, curve[1:]))
    assert curve[-1] < 0


def test_kl008_a_logit_of_one_third_counts_as_no() -> None:
    with silence():
        model = example("KL008").model
        *hidden, kernel, bias = weights(model)
        model.set_weights([*hidden, 0 * kernel, bias * 0 + 0.3])
        assert model.evaluate(X, np.ones((32, 1)), verbose=0, return_dict=True)["accuracy"] == 0.0
    assert float(keras.activations.sigmoid(tf.constant(0.3))) == pytest.approx(0.574, abs=0.001)
    if VERSION < (3, 5):
        with pytest.raises(ValueError, match="threshold"):
            keras.metrics.BinaryAccuracy(threshold=0.0)
        return
    right = keras.metrics.BinaryAccuracy(threshold=0.0)
    assert float(right(np.ones((32, 1)), model(X))) == 1.0


def test_kl009_accuracy_of_numbers() -> None:
    with silence():
        found = example("KL009")
    assert found.model.history.history["accuracy"] == [0.0]


def test_kl009_accuracy_of_the_wrong_kind() -> None:
    probabilities = np.array([[0.9, 0.05, 0.05], [0.1, 0.8, 0.1], [0.2, 0.2, 0.6]])
    truth = np.array([0, 1, 2])
    assert float(keras.metrics.Accuracy()(truth, [0.4, 0.9, 0.6])) == 0.0
    assert float(keras.metrics.SparseCategoricalAccuracy()(truth, probabilities)) == 1.0
    assert float(keras.metrics.CategoricalAccuracy()(truth[:, None], probabilities)) < 0.5
    ten = np.eye(10)[np.arange(30) % 10]
    assert float(keras.metrics.BinaryAccuracy()(ten, np.full((30, 10), 0.1))) == pytest.approx(0.9)
    assert float(keras.metrics.CategoricalAccuracy()(np.array([[0.0], [1.0]]), np.array([[0.9], [0.1]]))) == 1.0


@pytest.mark.parametrize("metric", ["Precision", "Recall", "AUC", "binary_accuracy"])
def test_kl009_metrics_that_refuse_class_numbers(metric: str) -> None:
    made = getattr(keras.metrics, metric)() if metric[0].isupper() else metric
    model = dense(3, "softmax", "sparse_categorical_crossentropy", metrics=[made])
    # In a graph, as `fit` does: an eager step ends in an error of TensorFlow.
    model.run_eagerly = False
    with pytest.raises(ValueError, match=r"(?i)shape|same leading dimension"):
        model.train_on_batch(X, CLASSES)


def test_kl009_sparse_accuracy_refuses_one_hot_rows() -> None:
    model = dense(3, "softmax", "categorical_crossentropy", metrics=["sparse_categorical_accuracy"])
    model.run_eagerly = False
    with pytest.raises(ValueError, match=r"(?i)shape"):
        model.train_on_batch(X, np.eye(3)[CLASSES])


@pytest.mark.parametrize(("output", "target"), [((5, 1), (1,)), ((3,), (1,)), ((1,), (2,))])
def test_kl010_squares_are_broadcast(output: tuple[int, ...], target: tuple[int, ...]) -> None:
    model = keras.Sequential([keras.Input(output), keras.layers.Dense(output[-1])])
    model.compile("sgd", "mse", run_eagerly=True)
    with silence():
        assert np.isfinite(model.train_on_batch(np.ones((4, *output)), np.ones((4, *target))))
    model.compile("sgd", "categorical_crossentropy", run_eagerly=True)
    with pytest.raises(ValueError, match=r"(?i)shape"):
        model.train_on_batch(np.ones((4, *output)), np.ones((4, *target)))


def test_kl011_a_column_beside_a_row() -> None:
    with silence():
        found = example("KL011")
    assert (found.answers == found.y).shape == (569, 569)
    column, row = np.array([[0.0], [1.0]]), np.array([0.0, 1.0])
    assert float(keras.losses.MeanSquaredError()(row, column)) == 0.0
    assert float(keras.metrics.BinaryAccuracy()(row, column)) == 1.0
    assert float(keras.ops.mean((column - row) ** 2)) == 0.5


def test_kl011_what_an_own_metric_gets() -> None:
    shapes = []

    def own(truth: object, predicted: object) -> object:
        shapes.append((len(truth.shape), len(predicted.shape)))
        return keras.ops.mean(predicted)

    dense(1, None, "mse", metrics=[own]).train_on_batch(X, YES[:, 0])
    assert shapes[-1] == (1, 2)


def test_kl020_a_label_without_an_output() -> None:
    with pytest.raises(Refused, match=r"label value of 9 which is outside the valid range of \[0, 9\)"):
        example("KL020")
    with pytest.raises(Refused, match="label value of -1"):
        dense(3, "softmax", "sparse_categorical_crossentropy").train_on_batch(X, CLASSES - 1)


def test_kl021_a_loss_that_only_jumps() -> None:
    with pytest.raises(ValueError, match="No gradients provided for any variable"):
        example("KL021").model.fit(X[:, :4], YES, verbose=0)
    with silence():
        model = dense(1, None, lambda truth, predicted: keras.ops.mean(keras.ops.sign(truth - predicted)))
        before = weights(model)
        model.train_on_batch(X, YES)
    assert moved(before, weights(model)) == 0


@pytest.mark.parametrize(
    "flat",
    [
        lambda p: tf.cast(tf.argmax(p, -1), "float32"),
        tf.round,
        tf.floor,
        lambda p: tf.cast(p > 0.5, "float32"),
        lambda p: tf.cast(tf.cast(p, "int32"), "float32"),
        lambda p: tf.where(p > 0.5, 1.0, 0.0),
        tf.stop_gradient,
    ],
)
def test_kl021_what_has_no_gradient(flat: Callable[[object], object]) -> None:
    model = dense(1, None, lambda truth, predicted: tf.reduce_mean(flat(predicted)))
    with pytest.raises(ValueError, match="No gradients"):
        model.train_on_batch(X, YES)


@pytest.mark.parametrize("eagerly", [False, True])
@pytest.mark.parametrize(
    "left",
    [
        np.mean,
        np.abs,
        lambda p: tf.reduce_mean(np.where(p > 0, 2.0, 1.0)),
        lambda p: tf.reduce_mean(p.numpy()),
    ],
)
def test_kl021_numpy_has_no_gradient(left: Callable[[object], object], eagerly: bool) -> None:
    model = dense(1, None, lambda truth, predicted: left(predicted))
    model.compile("sgd", loss=model.loss, run_eagerly=eagerly)
    expected = "No gradients" if eagerly else "Cannot convert a symbolic|has no attribute 'numpy'"
    with pytest.raises((ValueError, NotImplementedError, AttributeError), match=expected):
        model.train_on_batch(X, YES)


@pytest.mark.parametrize("wrong", [[1.0, 5.0, 2.0], (1.0, 5.0, 2.0), np.array([1.0, 5.0, 2.0]), "balanced"])
def test_kl023_only_a_dict_has_get(wrong: object) -> None:
    refused = (
        pytest.raises(AttributeError, match="has no attribute 'get'")
        if VERSION < (3, 16)
        else pytest.raises(ValueError, match="must be a dict-like mapping")
    )
    with refused:
        example("KL023", edit=("class_weight=[1.0, 5.0, 2.0]", "class_weight=wrong"), x=X, y=CLASSES, wrong=wrong)


def weighted(weights: dict[object, float]) -> tuple[float, float]:
    """The loss of a step without and with class weights."""
    model = dense(3, "softmax", "sparse_categorical_crossentropy")
    plain = numbers(model, X, CLASSES)["loss"]
    model.reset_metrics()
    with silence():
        return plain, float(model.train_on_batch(X, CLASSES, class_weight=weights))


@pytest.mark.parametrize("useless", [{}, {7: 100.0}, {-1: 100.0}, {"7": 100.0}])
def test_kl023_keys_that_are_never_looked_up(useless: dict[object, float]) -> None:
    plain, loss = weighted(useless)
    assert loss == pytest.approx(plain, rel=1e-5)


@pytest.mark.parametrize("key", [0, 0.0])
def test_kl023_a_key_that_is_looked_up(key: object) -> None:
    plain, loss = weighted({key: 100.0})
    assert loss > 2 * plain


@pytest.mark.parametrize("key", ["0", 0.5])
def test_kl023_keys_that_are_cut_down_to_a_number_since_3_16(key: object) -> None:
    plain, loss = weighted({key: 100.0})
    if VERSION < (3, 16):
        assert loss == pytest.approx(plain, rel=1e-5)
    else:
        assert loss > 2 * plain


def test_kl023_a_name_is_refused_since_3_16() -> None:
    if VERSION < (3, 16):
        plain, loss = weighted({"cat": 100.0})
        assert loss == pytest.approx(plain, rel=1e-5)
    else:
        with pytest.raises(ValueError, match="integer keys"):
            weighted({"cat": 100.0})


def test_kl025_sigmoid_units_are_trained_as_a_softmax() -> None:
    truth = np.eye(3)[CLASSES]
    with silence():
        model = example("KL025").model
        loss = numbers(model, X[:, :4], truth)["loss"]
        model.train_on_batch(X[:, :4], truth)
    model = example("KL025").model
    loss = numbers(model, X[:, :4], truth)["loss"]
    outputs = np.array(model(X[:, :4]))
    logits = np.log(outputs / (1 - outputs))
    assert loss == pytest.approx(float(np.mean(keras.losses.categorical_crossentropy(truth, logits, True))), rel=1e-3)
    assert np.abs(outputs.sum(axis=1) - 1).max() > 0.2


def test_kl027_softmax_cannot_say_two_things() -> None:
    x, y = np.ones((64, 2), "float32"), np.tile(np.array([[1, 1, 0, 0]], "float32"), (64, 1))
    least = {}
    for activation in ("softmax", "sigmoid"):
        model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(4, activation)])
        model.compile(keras.optimizers.Adam(0.1), "binary_crossentropy", jit_compile=False)
        model.fit(x, y, epochs=60, verbose=0)
        least[activation] = float(model.predict(x[:1], verbose=0)[0, :2].min())
    assert least["softmax"] <= 0.5
    assert least["sigmoid"] > 0.9


@pytest.mark.parametrize(("label", "falls"), [(0.0, True), (1.0, False)])
def test_kl030_the_label_of_made_data_makes_it_easier_to_tell(label: float, falls: bool) -> None:
    noise = normal(64, 16)
    with silence():
        found = example("KL030", batches=[])
        before = np.mean(found.gan.predict(noise, verbose=0))
        for _ in range(20):
            found.gan.train_on_batch(noise, np.full((64, 1), label))
        after = np.mean(found.gan.predict(noise, verbose=0))
    assert bool(after < before) is falls


@pytest.mark.parametrize("copies", [True, False])
def test_kl031_what_is_read_is_copied(copies: bool) -> None:
    numbers = np.random.default_rng(0).integers(1, 20, (256, 11))
    with silence():
        found = example("KL031", edit=("5000", "20"), numbers=numbers)
        words, model = found.words, found.model
        model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"])
        target = words[:, :-1] if copies else words[:, 1:]
        accuracy = model.fit(words[:, :-1], target, epochs=8, verbose=0).history["accuracy"][-1]
    assert accuracy > 0.9 if copies else accuracy < 0.3


def test_kl032_the_score_is_made_small() -> None:
    images = np.abs(normal(16, 8, 8, 1))
    masks = (images > 0.5).astype("float32")
    with silence():
        model = example("KL032").model
        model.compile(keras.optimizers.Adam(0.1), model.loss)
        history = model.fit(images, masks, epochs=40, verbose=0).history["loss"]
        answers = model.predict(images, verbose=0)
    assert history[-1] < 0.1 < history[0]
    assert answers[masks == 1].mean() < 0.1


def test_kl033_the_tenth_instead_of_nine_tenths() -> None:
    y = np.random.default_rng(0).normal(size=(2000, 1)).astype("float32")
    below = {}
    for edit in (None, ("(y_pred, y_true)", "(y_true, y_pred)")):
        with silence():
            model = example("KL033", edit=edit).model
            model.compile(keras.optimizers.Adam(0.05), model.loss)
            model.fit(np.zeros((2000, 8)), y, epochs=10, verbose=0)
            below[edit is None] = float((y <= model.predict(np.zeros((1, 8)), verbose=0)).mean())
    assert below[True] < 0.2
    assert below[False] > 0.8
