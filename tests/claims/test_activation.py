"""What the rules on activations and first weights (KA) say about Keras, on the one that is installed."""

from __future__ import annotations

import pytest

from tests.claims.running import VERSION, example, keras, moved, normal, np, silence, tf, told, weights

X = normal(32, 10)
Y = (X[:, :1] > 0).astype("float32")


def gradients(model: object, x: object, y: object) -> list[float]:
    """The size of the gradient of each kernel."""
    kernels = [layer.kernel.value for layer in model.layers]
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((model(x, training=True) - y) ** 2)
    return [float(tf.norm(part)) for part in tape.gradient(loss, kernels)]


def test_ka001_two_linear_layers_are_one() -> None:
    x = normal(40, 28, 28)
    with silence():
        model = example("KA001").model
        model.train_on_batch(x, np.arange(40) % 10)
    # The logarithm of a softmax, less that of its first class, is what the last layer gives, less the same.
    logs = np.log(np.array(model(x)))
    (first, bias), (second, more) = (layer.get_weights() for layer in model.layers[-2:])
    alone = x.reshape(40, -1) @ (first @ second) + bias @ second + more
    assert np.allclose(logs - logs[:, :1], alone - alone[:, :1], atol=1e-3)
    for layer in (keras.layers.Dense(1), keras.layers.Conv1D(1, 1), keras.layers.Conv2D(1, 1)):
        assert layer.activation is keras.activations.linear


def test_ka002_little_of_the_gradient_arrives() -> None:
    inputs = tf.Variable(np.linspace(-9, 9, 2001, dtype="float32"))
    with tf.GradientTape() as tape:
        outputs = keras.activations.sigmoid(inputs)
    assert tape.gradient(outputs, inputs).numpy().max() == pytest.approx(0.25)
    keras.utils.set_random_seed(0)
    with silence():
        *hidden, last = gradients(example("KA002").model, X, Y)
    assert all(earlier < 0.8 * later for earlier, later in zip(hidden, hidden[1:]))
    assert hidden[0] < last / 10
    *hidden, last = gradients(example("KA002", edit=('activation="sigmoid"', 'activation="relu"')).model, X, Y)
    assert hidden[0] > last / 5


def test_ka003_softmax_between_hidden_layers() -> None:
    with silence():
        model = example("KA003").model
        model.compile("adam", "mse", run_eagerly=True)
        model.train_on_batch(X, Y)
        shares = np.array(model.layers[0](X))
    assert np.allclose(shares.sum(axis=1), 1, atol=1e-5)
    assert shares.mean() == pytest.approx(1 / 64)


def test_ka003_what_a_second_activation_gets() -> None:
    once = keras.activations.relu(tf.constant(X))
    for second in (keras.layers.ReLU(), keras.layers.LeakyReLU(), keras.layers.Activation("relu")):
        assert np.array_equal(second(once), once)
    assert float(tf.reduce_min(keras.activations.sigmoid(once))) >= 0.5


def steps(model: object, x: object = X, y: object = Y, number: int = 5) -> object:
    model.compile("adam", "mse", run_eagerly=True)
    for _ in range(number):
        model.train_on_batch(x, y)
    return model


def test_ka004_a_dead_layer() -> None:
    with silence():
        model = example("KA004").model
        before = weights(model)
        steps(model)
    assert moved(before[:3], weights(model)[:3]) == 0
    assert moved(before[3:], weights(model)[3:]) > 0
    assert len(np.unique(np.array(model(X)))) == 1


@pytest.mark.parametrize("activation", ["leaky_relu", "elu", "gelu", "silu", "softplus"])
def test_ka004_others_come_back_to_life(activation: str) -> None:
    model = example("KA004", edit=('activation="relu"', f'activation="{activation}"')).model
    before = weights(model)
    assert moved(before[:1], weights(steps(model))[:1]) > 0


def test_ka004_units_that_stay_the_same() -> None:
    same = {"kernel_initializer": keras.initializers.Constant(0.1)}
    layers = [keras.layers.Dense(16, "tanh", **same), keras.layers.Dense(16, "tanh", **same), keras.layers.Dense(1)]
    with silence():
        model = steps(keras.Sequential([keras.Input((10,)), *layers]))
    kernel = weights(model)[0]
    assert np.unique(kernel, axis=0).shape == (10, 16)
    assert np.allclose(kernel, kernel[:, :1], atol=1e-6)


def test_ka004_a_bias_far_below_zero() -> None:
    hidden = keras.layers.Dense(16, "relu", bias_initializer=keras.initializers.Constant(-3.0))
    model = keras.Sequential([keras.Input((10,)), hidden, keras.layers.Dense(1)])
    before = weights(model)
    steps(model, x=0.1 * X)
    assert moved(before[:2], weights(model)[:2]) == 0


def test_ka005_an_initializer_gives_the_same_again() -> None:
    with silence():
        found = example("KA005")
        left, right = [layer.get_weights()[0] for layer in found.model.layers if layer.get_weights()][:2]
    assert np.array_equal(left, right)
    shared = keras.initializers.HeNormal()
    first, second = (
        keras.Sequential([keras.Input((4,)), keras.layers.Dense(8, kernel_initializer=shared)]) for _ in "ab"
    )
    assert moved(weights(first), weights(second)) == 0
    fresh = [keras.layers.Dense(8, kernel_initializer="he_normal") for _ in "ab"]
    for layer in fresh:
        layer.build((None, 4))
    assert moved(weights(fresh[0]), weights(fresh[1])) > 0


def test_ka021_each_layer_makes_it_larger() -> None:
    x = normal(64, 64)
    with silence():
        model = example("KA021").model
        first = np.array(model.layers[0](x))
        second = np.array(model.layers[1](first))
        model.train_on_batch(x, np.zeros((64, 1)))
    # A relu takes half of the squares away.
    assert np.sqrt((first**2).mean()) == pytest.approx(8 / 2**0.5, rel=0.2)
    assert np.sqrt((second**2).mean()) == pytest.approx(64 / 2, rel=0.3)
    tame = keras.layers.Dense(64, "relu", kernel_initializer="he_normal")
    assert np.sqrt((np.array(tame(x)) ** 2).mean()) == pytest.approx(1, rel=0.2)
    saturated = keras.layers.Dense(64, "tanh", kernel_initializer=keras.initializers.RandomNormal(stddev=1.0))
    assert (np.abs(np.array(saturated(x))) > 0.99).mean() > 0.5


def test_ka022_a_state_without_a_bound() -> None:
    x = np.ones((1, 100, 8), "float32")
    with silence():
        model = example("KA022").model
        assert np.isfinite(np.array(model(x))).all()
        ends = [
            keras.layers.LSTM(4, name, kernel_initializer="ones", recurrent_initializer="ones")(x[:, :10]).numpy().max()
            for name in ("relu", "tanh")
        ]
    assert ends[0] > 100
    assert ends[1] <= 1


def test_ka023_numbers_that_explode() -> None:
    x = normal(64, 8)
    keras.utils.set_random_seed(0)
    with silence():
        three = example("KA023").model
        before = keras.Sequential(three.layers[:3])(x).numpy()
        four = keras.Sequential([keras.Input((8,)), *(keras.layers.Dense(16, "exponential") for _ in range(4))])
        last = keras.Sequential([four, keras.layers.Dense(1, "sigmoid")])
        last.compile("adam", "binary_crossentropy", run_eagerly=True)
        for _ in range(2):
            loss = float(last.train_on_batch(x, np.ones((64, 1))))
    assert not before.max() < 1e6
    assert np.isinf(four(x).numpy()).any() or np.isnan(four(x).numpy()).any()
    assert np.isnan(loss)


def test_ka024_shares_of_a_batch() -> None:
    net = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3), keras.layers.Softmax(axis=0)])
    with silence():
        rows = np.array(net(normal(8, 4)))
        net.compile("adam", "sparse_categorical_crossentropy")
        net.train_on_batch(normal(8, 4), np.arange(8) % 3)
    assert rows.sum(axis=0) == pytest.approx([1.0] * 3, abs=1e-5)
    with told() as lines:
        one = np.array(net(normal(1, 4)))
    # Keras 3.0 does not warn.
    assert any("size 1" in line for line in lines) is (VERSION >= (3, 1))
    assert one == pytest.approx(np.ones((1, 3)))
