"""What the rules on hand-written training (KT) say about Keras, on the one that is installed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.claims.running import VERSION, example, keras, moved, normal, np, silence, tf, weights

X = normal(8, 4)
Y = X[:, :1]
BATCHES = [(X, Y)] * 3


def test_kt001_a_call_runs_as_in_use() -> None:
    with silence():
        model = example("KT001", dataset=[(normal(8, 10), Y)]).model
    inputs = tf.constant(normal(8, 10))
    with tf.GradientTape():
        plain = np.array(model(inputs))
    assert np.array_equal(plain, np.array(model(inputs, training=False)))
    assert not np.array_equal(plain, np.array(model(inputs, training=True)))
    layer = keras.layers.BatchNormalization()
    layer(inputs + 5)
    assert float(np.abs(layer.moving_mean).max()) == 0


@pytest.mark.parametrize("has_training", [False, True])
def test_kt002_the_mode_comes_with_a_parameter(has_training: bool) -> None:
    call = "def call(self, inputs, training=None)" if has_training else "def call(self, inputs)"
    edit = ("def call(self, inputs):  # KT002", f"{call}:")
    with silence():
        net = example("KT002", edit=edit, x=X, y=Y).net
        net.dropout.rate = 0.999999
        outputs = net(X, training=True) if has_training else net(X)
        hidden = np.array(net.hidden(X))
    assert bool(np.allclose(np.array(outputs), np.array(net.out(hidden)))) is not has_training


@pytest.mark.parametrize("has_training", [False, True])
def test_kt002_the_means_of_a_normalisation(has_training: bool) -> None:
    class Net(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.inner = keras.Sequential([keras.layers.BatchNormalization(), keras.layers.Dense(1)])

        if has_training:

            def call(self, inputs: object, training: bool | None = None) -> object:
                return self.inner(inputs)

        else:

            def call(self, inputs: object) -> object:
                return self.inner(inputs)

    net = Net()
    net.compile("adam", "mse")
    with silence():
        net.fit(X + 5, Y, verbose=0)
    mean = float(np.abs(net.inner.layers[0].moving_mean).max())
    assert (mean > 0) is has_training


def test_kt003_a_metric_adds_up() -> None:
    shown = []
    for reset in (False, True):
        metric = keras.metrics.Mean()
        for value in (0.0, 1.0, 2.0):
            if reset:
                metric.reset_state()
            metric.update_state([value])
            shown.append(float(metric.result()))
    assert shown == [0.0, 0.5, 1.0, 0.0, 1.0, 2.0]


@pytest.mark.parametrize("loss", ["", ', loss="mse"'])
def test_kt004_fit_shows_a_metric_that_nobody_feeds(loss: str) -> None:
    with silence():
        found = example("KT004", epochs=2, edit=('optimizer="adam"', f'optimizer="adam"{loss}'), x=X, y=Y + 9)
    assert found.net.history.history == {"loss": [0.0, 0.0]}
    assert int(np.array(found.net.optimizer.iterations)) == 2


def test_kt005_a_variable_of_tensorflow() -> None:
    with silence():
        scale = example("KT005").model.layers[0]
        assert scale.trainable_weights == scale.weights == []
    for text in ("keras.Variable(1.0)", 'self.add_weight(shape=(), initializer="ones")'):
        scale = example("KT005", edit=("tf.Variable(1.0)", text), keras=keras).model.layers[0]
        assert len(scale.trainable_weights) == 1


def test_kt005_a_tensor_is_no_weight() -> None:
    class Linear(keras.layers.Layer):
        def build(self, shape: tuple[int, ...]) -> None:
            self.w, self.b = tf.random.normal((shape[-1], 1)), tf.zeros((1,))

        def call(self, inputs: object) -> object:
            return tf.matmul(inputs, self.w) + self.b

    model = keras.Sequential([keras.Input((X.shape[1],)), Linear()])
    model.compile("sgd", "mse")
    before = np.array(model(X))
    losses = model.fit(X, Y, epochs=3, shuffle=False, verbose=0).history["loss"]
    assert model.weights == []
    assert losses == pytest.approx([losses[0]] * 3)
    assert np.array_equal(before, np.array(model(X)))


def test_kt005_a_layer_made_in_call() -> None:
    class Net(keras.Model):
        def call(self, inputs: object) -> object:
            return keras.layers.Dense(1)(inputs)

    net = Net()
    assert not np.allclose(np.array(net(X)), np.array(net(X)))
    assert net.layers == net.trainable_variables == []
    net.compile("adam", "mse")
    with pytest.raises(Exception, match=r"(?i)variable"):
        net.fit(X, Y, verbose=0)


def test_kt020_pairs_that_are_turned_round() -> None:
    with pytest.raises(AttributeError):
        example("KT020", x=X, y=Y)


def test_kt020_past_the_tape_and_twice() -> None:
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    with silence():
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((model.predict(X, verbose=0) - Y) ** 2)
        assert tape.gradient(loss, model.trainable_variables) == [None, None]
        predicted = model(X)
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((predicted - Y) ** 2)
        assert tape.gradient(loss, model.trainable_variables) == [None, None]
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((model(X) - Y) ** 2)
    tape.gradient(loss, model.trainable_variables)
    with pytest.raises(RuntimeError, match="persistent"):
        tape.gradient(loss, model.trainable_variables)


def test_kt021_penalties_wait_in_losses() -> None:
    keras.utils.set_random_seed(0)
    data = normal(8, 10)
    with silence():
        model = example("KT021", dataset=[(data, Y)]).model
    penalty = 0.01 * float(np.sum(weights(model)[0] ** 2))
    plain = float(np.mean((np.array(model(data)) - Y) ** 2))
    assert float(sum(model.losses)) == pytest.approx(penalty, rel=1e-4)
    model.compile("sgd", "mse", run_eagerly=True)
    assert float(model.test_on_batch(data, Y)) == pytest.approx(plain + penalty, rel=1e-4)


def test_kt022_an_optimizer_that_always_begins() -> None:
    made: list[object] = []

    class Counted(keras.optimizers.Adam):
        def __init__(self, *args: object) -> None:
            super().__init__(*args)
            made.append(self)

    edit = ("tf.keras.optimizers.Adam(1e-3)", "Counted(1e-3)")
    with silence():
        example("KT022", edit=edit, dataset=BATCHES, Counted=Counted)
    assert [int(np.array(optimizer.iterations)) for optimizer in made] == [1, 1, 1]


def test_kt022_the_first_step_of_adam() -> None:
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    before = weights(model)
    keras.optimizers.Adam(1e-3).apply_gradients([(weight * 0 + 7e-3, weight) for weight in model.trainable_variables])
    for old, new in zip(before, weights(model)):
        assert np.abs(old - new) == pytest.approx(1e-3, rel=1e-3)


def test_kt022_in_a_function_of_tensorflow() -> None:
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])

    @tf.function
    def step() -> None:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((model(X) - Y) ** 2)
        optimizer = keras.optimizers.Adam()
        optimizer.apply_gradients(zip(tape.gradient(loss, model.trainable_variables), model.trainable_variables))

    with pytest.raises(ValueError, match=r"(?i)variable"):
        step()


def test_kt023_the_truth_comes_first() -> None:
    truth, predicted = np.array([[0.0], [1.0], [1.0], [0.0]]), np.full((4, 1), 0.5, "float32")
    bce = keras.losses.BinaryCrossentropy()
    with silence():
        assert float(bce(truth, predicted)) == pytest.approx(0.693, abs=0.001)
        assert float(bce(predicted, truth)) > 7
    with pytest.raises(Exception, match=r"(?i)shape|label|type"):
        keras.losses.SparseCategoricalCrossentropy()(np.full((4, 3), 1 / 3, "float32"), np.array([0, 1, 2, 0]))


class Kept(keras.layers.Layer):
    """Takes what every layer takes."""

    def call(self, x: object) -> object:
        return x


class Closed(Kept):
    """Takes nothing."""

    def __init__(self) -> None:
        super().__init__()


class Wrapped(Kept):
    """Is given another layer, and has no `get_config`."""

    def __init__(self, inner: object, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.inner = inner


class Net(keras.Model):
    """Needs an argument, and has no `get_config`."""

    def __init__(self, units: int) -> None:
        super().__init__()
        self.out = keras.layers.Dense(units)

    def call(self, x: object) -> object:
        return self.out(x)


def hidden_class() -> type:
    """A class that no module has under its name."""
    return type("Hidden", (Kept,), {})


def test_kt025_what_is_loaded(tmp_path: Path) -> None:
    load, path = keras.models.load_model, tmp_path / "model.keras"

    def saved(*layers: object) -> object:
        model = keras.Sequential([keras.Input((4,)), *layers])
        model.save(path)
        return model

    with silence():
        example("KT025", edit=('"model.keras"', f"{str(path)!r}"), x=X, y=Y)
    with pytest.raises(TypeError):
        load(path)
    saved(Kept())
    if VERSION >= (3, 9):
        with pytest.raises(TypeError, match="Kept"):
            load(path)
    else:
        # It is found in the module that this is.
        assert load(path).layers
        saved(hidden_class()())
        with pytest.raises(TypeError, match="Hidden"):
            load(path)
        saved(Kept())
    assert load(path, custom_objects={"Kept": Kept}).layers
    saved(Closed())
    with pytest.raises(TypeError, match="unexpected keyword"):
        load(path, custom_objects={"Closed": Closed})
    saved(keras.layers.Lambda(lambda x: 2 * x))
    with pytest.raises(ValueError, match="safe_mode"):
        load(path)
    assert np.array_equal(load(path, safe_mode=False)(X), 2 * X)


def test_kt025_what_is_not_even_saved(tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    for given in (keras.layers.Dense(1), np.zeros(3), np.tanh):
        model = keras.Sequential([keras.Input((4,)), Wrapped(given)])
        with pytest.raises(ValueError if VERSION == (3, 11) else NotImplementedError):
            model.save(path)
    net = Net(1)
    net(X)
    if VERSION >= (3, 12):
        with pytest.raises(NotImplementedError):
            net.save(path)
        return
    net.save(path)
    for options in ({}, {"custom_objects": {"Net": Net}}):
        with pytest.raises(TypeError, match="Net"):
            keras.models.load_model(path, **options)


def test_kt025_the_older_kind_of_file(tmp_path: Path) -> None:
    path = tmp_path / "model.h5"
    keras.Sequential([keras.Input((4,)), keras.layers.Lambda(lambda x: 2 * x)]).save(path)
    if VERSION >= (3, 11):
        with pytest.raises(ValueError, match="safe_mode"):
            keras.models.load_model(path)
    else:
        assert keras.models.load_model(path).layers
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    model.compile("sgd", lambda truth, predicted: keras.ops.mean((truth - predicted) ** 2))
    model.save(path)
    if VERSION >= (3, 16):
        assert keras.models.load_model(path).layers
    else:
        with pytest.raises(Exception, match=r"(?i)indices|locate|deserializ|unknown"):
            keras.models.load_model(path)


def test_kt025_a_loss_of_its_own(tmp_path: Path) -> None:
    def own(truth: object, predicted: object) -> object:
        return keras.ops.mean((truth - predicted) ** 2)

    path = tmp_path / "model.keras"
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    model.compile("sgd", own)
    model.save(path)
    with pytest.raises(TypeError, match="own"):
        keras.models.load_model(path)
    for options in ({"custom_objects": {"own": own}}, {"compile": False}):
        assert moved(weights(model), weights(keras.models.load_model(path, **options))) == 0


def test_kt026_a_score_in_training_mode() -> None:
    inputs = keras.Input((X.shape[1],))
    dropping = keras.Model(inputs, keras.layers.Dropout(0.5)(inputs))
    norm = keras.layers.BatchNormalization()
    learning = keras.Model(inputs, norm(inputs))
    with silence():
        assert not np.allclose(np.array(dropping(X, training=True)), np.array(dropping(X, training=True)))
        before = np.array(norm.moving_mean)
        learning(X + 5, training=False)
        assert np.array_equal(before, np.array(norm.moving_mean))
        learning(X + 5, training=True)
    assert np.abs(np.array(norm.moving_mean) - before).max() > 0.01
