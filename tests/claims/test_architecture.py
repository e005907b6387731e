"""What the rules on architecture (KS) say about Keras, on the one that is installed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.claims.running import VERSION, Refused, example, keras, normal, np, silence, told

X = normal(32, 20)
ROWS = np.eye(10)[np.arange(32) % 10]


def test_ks001_a_shape_that_does_not_fit() -> None:
    with pytest.raises(ValueError, match="ndim"):
        example("KS001")
    late = example("KS001", edit=("    keras.Input((20, 8)),\n", "")).model
    late.compile("adam", "mse")
    with pytest.raises(ValueError, match="ndim"):
        late.train_on_batch(normal(4, 20, 8), np.zeros((4, 1)))


@pytest.mark.parametrize(
    ("layer", "since"),
    [(keras.layers.Conv2D(4, 3), (3, 14)), (keras.layers.MaxPooling2D(3), (3, 15))],
    ids=["convolution", "pooling"],
)
def test_ks001_a_window_that_is_one_too_large(layer: object, since: tuple[int, int]) -> None:
    def made(size: int) -> object:
        model = keras.Sequential([keras.Input((size, size, 1)), type(layer).from_config(layer.get_config())])
        model.compile("adam", "mse")
        return model

    if since <= VERSION:
        with pytest.raises(ValueError, match=r"(?i)output size|negative|non-positive"):
            made(2)
    else:
        model = made(2)
        assert model.output_shape[1:3] == (0, 0)
        with pytest.raises(ValueError, match="Negative dimension"):
            model.train_on_batch(np.zeros((4, 2, 2, 1)), np.zeros((4, 1)))
    if since <= VERSION or isinstance(layer, keras.layers.Conv2D):
        with pytest.raises(ValueError, match=r"(?i)output size|negative|non-positive"):
            made(1)


def test_ks002_dropout_of_answers() -> None:
    with silence():
        model = example("KS002", x=X, y=ROWS).model
        inference = np.array(model(X))
        training = np.array(model(X, training=True))
    assert (inference > 0).all()
    assert 0.3 < (training == 0).mean() < 0.7
    # Half of the rows lose the right class, at a cost of 16 each.
    assert model.history.history["loss"][0] > 4


def test_ks002_a_rate_of_one() -> None:
    with silence():
        layer = keras.layers.Dropout(1.0)
        if VERSION >= (3, 14):
            assert np.abs(layer(X, training=True)).max() == 0
    if VERSION < (3, 14):
        with pytest.raises(ValueError, match="rate"):
            layer(X, training=True)
    for kind in (keras.layers.GaussianDropout, keras.layers.AlphaDropout):
        with pytest.raises(ZeroDivisionError):
            kind(1.0)(X, training=True)
    assert (np.array(keras.layers.Dropout(0.9)(np.ones((100, 100)), training=True)) == 0).mean() > 0.85


def test_ks003_a_layer_that_is_not_there() -> None:
    with silence():
        model = example("KS003").model
        model.compile("adam", "mse", run_eagerly=True)
        model.train_on_batch(X, np.zeros((32, 1)))
    assert not any(isinstance(layer, keras.layers.Dropout) for layer in model.layers)


def test_ks004_a_word_without_a_row() -> None:
    found = example("KS004", texts=["one two", "two three"])
    numbers = np.array(found.tokenizer.texts_to_sequences(["one two", "two three"]))
    assert (numbers.min(), numbers.max()) == (1, found.model.layers[0].input_dim)
    found.model.compile("adam", "mse")
    if VERSION < (3, 3):
        rows = np.array(found.model.layers[0](np.array([2, 3])))
        assert np.array_equal(rows[0], rows[1])
        return
    with pytest.raises(Refused, match=r"is not in \[0, 3\)"):
        found.model.train_on_batch(numbers, np.zeros((2, 1)))


def test_ks020_the_bias_is_subtracted_again() -> None:
    images = normal(4, 28, 28, 1)
    with silence():
        model = example("KS020").model
        before = np.array(model(images, training=True))
        model.layers[0].bias.assign(np.full(32, 5.0))
        assert np.allclose(before, np.array(model(images, training=True)), atol=1e-3)


def test_ks021_the_variance_of_thinned_out_data() -> None:
    keras.utils.set_random_seed(0)
    data = np.maximum(normal(4096, 4), 0)
    moments = [keras.layers.Dropout(0.5)(data, training=flag) for flag in (True, False)]
    thinned, whole = (np.array(part) for part in moments)
    assert thinned.mean() == pytest.approx(whole.mean(), rel=0.1)
    assert thinned.var() > 1.5 * whole.var()
    layer = keras.layers.BatchNormalization(momentum=0.0)
    layer(thinned, training=True)
    assert np.array(layer(whole)).var() < 0.7


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("stacked", [False, True])
def test_ks022_padding_is_read(masked: bool, stacked: bool) -> None:
    short, long = np.array([[5, 7, 0]]), np.array([[5, 7] + [0] * 40])
    first = [keras.layers.LSTM(4, return_sequences=True)] if stacked else []
    with told() as lines:
        model = keras.Sequential(
            [keras.layers.Embedding(10, 4, mask_zero=masked), *first, keras.layers.LSTM(4)],
        )
        gap = np.abs(np.array(model(short)) - np.array(model(long))).max()
    # From 3.16 on a recurrent layer uses its mask, says that it does not pass it on, and does not.
    lost = masked and VERSION >= (3, 16)
    assert bool(gap < 1e-6) is (masked and not (lost and stacked))
    assert bool(lines) is lost
    assert all("destroy the mask information" in line for line in lines)


def test_ks022_padding_in_front_does_no_harm_to_a_stack() -> None:
    short, long = np.array([[0, 5, 7]]), np.array([[0] * 40 + [5, 7]])
    keras.utils.set_random_seed(0)
    with silence():
        model = keras.Sequential(
            [keras.layers.Embedding(10, 4), keras.layers.LSTM(4, return_sequences=True), keras.layers.LSTM(4)]
        )
        front = np.abs(np.array(model(short)) - np.array(model(long))).max()
        behind = np.abs(np.array(model(short[:, ::-1])) - np.array(model(long[:, ::-1]))).max()
    assert front < behind


def test_ks023_the_last_axis_is_the_channels() -> None:
    with silence():
        model = example("KS023").model
        assert model.layers[0].kernel.shape == (3, 3, 64, 16)
        assert model.layers[0].output.shape == (None, 1, 62, 16)
        one = keras.layers.Conv2D(4, 3, padding="same")
        assert one.compute_output_shape((None, 1, 32, 32)) == (None, 1, 32, 4)
    with pytest.raises(ValueError, match=r"(?i)negative dimension|output shape|kernel"):
        example("KS023", edit=("Conv2D(16, 3", "Conv2D(16, 5"))


def test_ks024_one_layer_named_three_times() -> None:
    with silence():
        model = example("KS024").model
        assert len(model.layers) == 4
        assert len(model.weights) == 4
        twice = keras.Sequential([keras.Input((8,))] + [keras.layers.Dense(8)] * 2)
        assert len(twice.weights) == 2
        model.compile("adam", "mse", run_eagerly=True)
        model.train_on_batch(normal(4, 64), np.zeros((4, 1)))


def test_ks028_rows_are_normalised() -> None:
    images = normal(4, 32, 32, 3)
    with silence():
        model = example("KS028").model
        model(images)
    normalisation = model.layers[1]
    assert normalisation.gamma.shape == (32,)
    right = keras.layers.BatchNormalization()
    right.build((None, 32, 32, 16))
    assert right.gamma.shape == (16,)
    with pytest.raises(Refused):
        normalisation(normal(4, 16, 16, 16))
    assert right(normal(4, 16, 16, 16)).shape == (4, 16, 16, 16)


def test_ks026_a_state_for_each_row() -> None:
    with pytest.raises(ValueError, match="batch size must be static"):
        example("KS026")
    fixed = example("KS026", edit=("keras.Input((20, 1))", "keras.Input(batch_shape=(16, 20, 1))")).model
    assert fixed(normal(16, 20, 1)).shape == (16, 1)
    late = example("KS026", edit=("    keras.Input((20, 1)),\n", "")).model
    late.compile("adam", "mse")
    late.fit(normal(16, 20, 1), np.zeros((16, 1)), batch_size=8, shuffle=False, verbose=0)


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (lambda: keras.layers.GRU(2, stateful=True), (5, 1)),
        (lambda: keras.layers.RNN(keras.layers.LSTMCell(2), stateful=True), (5, 1)),
        (lambda: keras.layers.Bidirectional(keras.layers.LSTM(2, stateful=True)), (5, 1)),
        (lambda: keras.layers.ConvLSTM2D(2, 3, stateful=True), (5, 8, 8, 1)),
    ],
)
def test_ks026_other_recurrent_layers(layer: Callable[[], object], shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="batch size must be static"):
        layer()(keras.Input(shape))


def test_ks001_inputs_in_the_wrong_order() -> None:
    words, numbers = np.ones((8, 20)), np.ones((8, 6))

    def made() -> object:
        inputs = [keras.Input((20,)), keras.Input((6,))]
        model = keras.Model(inputs, keras.layers.Dense(1)(keras.layers.Concatenate()(inputs)))
        model.compile("adam", "mse")
        return model

    made().train_on_batch([words, numbers], np.ones((8, 1)))
    for call in ("train_on_batch", "fit"):
        with pytest.raises(ValueError, match="incompatible"):
            getattr(made(), call)([numbers, words], np.ones((8, 1)))
    with pytest.raises(ValueError, match="incompatible"):
        made().predict([numbers, words], verbose=0)


def test_ks029_compile_returns_nothing() -> None:
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    assert model.compile("adam", "mse") is None
    with pytest.raises(AttributeError, match="NoneType"):
        example("KS029", x=X, y=X)


def test_ks030_rows_reach_a_stateful_layer_in_another_order() -> None:
    seen: list[float] = []

    class Watch(keras.layers.Layer):
        def call(self, sequences: object) -> object:
            if hasattr(sequences, "numpy"):
                seen.append(float(sequences.numpy()[0, 0, 0]))
            return sequences

    rows = np.arange(24, dtype="float32").reshape(24, 1, 1)
    for settings, in_order in (({}, False), ({"shuffle": False}, True)):
        memory = keras.layers.LSTM(2, stateful=True)
        model = keras.Sequential([keras.Input(batch_shape=(1, 1, 1)), Watch(), memory, keras.layers.Dense(1)])
        model.compile("adam", "mse", run_eagerly=True)
        seen.clear()
        model.fit(rows, np.zeros((24, 1)), batch_size=1, verbose=0, **settings)
        assert (seen[-24:] == list(range(24))) is in_order


def test_ks031_what_is_given_to_the_input_is_ignored() -> None:
    with told() as lines:
        model = example("KS031").model
        model.train_on_batch([normal(8, 64), normal(8, 12)], np.zeros((8, 1)))
        answers = [model.predict([normal(8, 64), facts], verbose=0) for facts in (normal(8, 12), 100 * normal(8, 12))]
    assert not lines
    assert np.array_equal(*answers)
