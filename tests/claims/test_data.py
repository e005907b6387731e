"""What the rules on data (KD, KN004, KN023) say about Keras and TensorFlow, on those that are installed."""

from __future__ import annotations

import random
import warnings
from pathlib import Path

import pytest

from tests.claims.running import VERSION, keras, np, tf

X = np.random.default_rng(0).normal(size=(256, 4)).astype("float32")
Y = (X[:, 0] > 0).astype("int32")


def rows() -> object:
    return tf.data.Dataset.from_tensor_slices((X, Y))


def model_of(units: int = 1, width: int = 4) -> object:
    """A small classifier."""
    made = keras.Sequential([keras.Input((width,)), keras.layers.Dense(units, "sigmoid" if units == 1 else "softmax")])
    # No XLA: compiling takes longer than the few steps.
    loss = "binary_crossentropy" if units == 1 else "sparse_categorical_crossentropy"
    made.compile("adam", loss, jit_compile=False)
    return made


class Enough(Exception):
    """It would go on for ever."""


class Count(keras.callbacks.Callback):
    """Counts the steps of each epoch, and the batches of its validation; ends what goes on for too long."""

    LIMIT = 40

    def __init__(self) -> None:
        super().__init__()
        self.steps: list[int] = []
        self.tested = 0

    def on_epoch_begin(self, epoch: int, logs: object = None) -> None:
        self.steps.append(0)

    def on_train_batch_end(self, batch: int, logs: object = None) -> None:
        self.steps[-1] += 1
        if self.steps[-1] >= self.LIMIT:
            raise Enough

    def on_test_batch_end(self, batch: int, logs: object = None) -> None:
        self.tested += 1
        if self.tested >= self.LIMIT:
            raise Enough


def numbers(data: object) -> list[int]:
    return [int(item) for item in data.as_numpy_iterator()]


def test_kd001_steps_leave_the_dataset_alone() -> None:
    data = tf.data.Dataset.range(8)
    data.shuffle(8).batch(2)
    assert numbers(data) == list(range(8))


def test_kd002_cache_keeps_what_the_first_pass_gave() -> None:
    for data in (
        tf.data.Dataset.range(50).shuffle(50).cache(),
        tf.data.Dataset.range(5).map(lambda _: tf.random.uniform((), 0, 10**9, tf.int64)).cache(),
    ):
        assert numbers(data) == numbers(data)
    again = tf.data.Dataset.range(50).cache().shuffle(50)
    assert numbers(again) != numbers(again)


@pytest.mark.parametrize(
    ("options", "leaks"), [({}, True), ({"seed": 3}, True), ({"reshuffle_each_iteration": False}, False)]
)
def test_kd003_each_pass_splits_anew(options: dict[str, object], leaks: bool) -> None:
    data = tf.data.Dataset.range(100).shuffle(100, **options)
    assert bool(set(numbers(data.take(30))) & set(numbers(data.skip(30)))) is leaks


def test_kd004_a_traced_draw_is_a_constant() -> None:
    drawn = numbers(tf.data.Dataset.range(5).map(lambda x: x * 0 + random.randint(0, 10**9)))
    assert len(set(drawn)) == 1

    @tf.function
    def traced() -> object:
        return np.random.rand()

    assert len({float(traced()) for _ in range(3)}) == 1

    class Noise(keras.layers.Layer):
        def call(self, inputs: object) -> object:
            return inputs * 0 + np.random.rand()

    noisy = keras.Sequential([keras.Input((1,)), Noise()])
    assert len({float(noisy.predict(np.ones((1, 1)), verbose=0)[0, 0]) for _ in range(3)}) == 1


def _split(folder: Path, **options: object) -> set[str]:
    for name in "ab":
        (folder / name).mkdir(exist_ok=True)
        for index in range(10):
            (folder / name / f"{index}.txt").write_text(f"{name}{index}")
    load = keras.utils.text_dataset_from_directory
    data = load(folder, label_mode=None, batch_size=None, validation_split=0.3, **options)
    return {item.decode() for item in data.as_numpy_iterator()}


def test_kd005_two_seeds_are_two_splits(tmp_path: Path) -> None:
    train = _split(tmp_path, subset="training", seed=1)
    assert not train & _split(tmp_path, subset="validation", seed=1)
    assert train & _split(tmp_path, subset="validation", seed=2)
    assert train & _split(tmp_path, subset="validation", shuffle=False)
    assert {name[0] for name in _split(tmp_path, subset="validation", shuffle=False)} == {"b"}
    with pytest.raises(ValueError, match="seed"):
        _split(tmp_path, subset="training")


def test_kd006_random_layers_augment_unless_told_otherwise() -> None:
    images = np.random.rand(8, 6, 6, 3).astype("float32")
    turn = keras.layers.RandomRotation(0.4)
    assert np.abs(turn(images) - images).max() > 0.01
    assert np.abs(turn(images, training=False) - images).max() == 0
    mapped = tf.data.Dataset.from_tensor_slices(images).batch(8).map(turn)
    assert np.abs(next(iter(mapped)) - images).max() > 0.01


def test_kd007_layers_that_have_learned_nothing() -> None:
    assert np.allclose(keras.layers.Normalization()(X * 100), X * 100, rtol=1e-3)
    for made, data in (
        (keras.layers.TextVectorization(), tf.constant(["a b"])),
        (keras.layers.StringLookup(), tf.constant(["a"])),
        (keras.layers.IntegerLookup(), tf.constant([3])),
    ):
        with pytest.raises(Exception, match="not initialized"):
            made(data)
    bins = keras.layers.Discretization(num_bins=3)
    if VERSION < (3, 9):
        assert np.array_equal(bins(tf.constant([3.0, -5.0])), [0, 0])
    else:
        with pytest.raises(ValueError, match="adapt"):
            bins(tf.constant([3.0]))


def test_kd008_the_last_rows_are_the_validation() -> None:
    rows_of = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False, kernel_initializer="ones")])
    rows_of.compile(keras.optimizers.SGD(0.0), "mae")
    history = rows_of.fit(np.arange(20.0)[:, None], np.zeros((20, 1)), validation_split=0.2, verbose=0).history
    assert history["val_loss"][0] == pytest.approx(np.mean([16, 17, 18, 19]))


def test_kd008_fit_shuffles_no_dataset() -> None:
    order: list[float] = []

    class Keep(keras.layers.Layer):
        def compute_output_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
            return shape

        def call(self, inputs: object) -> object:
            order.extend(np.array(inputs)[:, 0])
            return inputs

    model = keras.Sequential([keras.Input((1,)), Keep(), keras.layers.Dense(1)])
    model.compile("sgd", "mse", run_eagerly=True)
    column = np.arange(20.0, dtype="float32")[:, None]
    for data, options, kept in (
        ({"x": tf.data.Dataset.from_tensor_slices((column, column)).batch(4)}, {"shuffle": True}, True),
        ({"x": column, "y": column}, {}, False),
    ):
        order.clear()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model.fit(**data, **options, batch_size=None if kept else 4, verbose=0)
        assert (order == sorted(order)) is kept


def test_kd009_nothing_ends_an_endless_dataset() -> None:
    for options in (
        {"x": rows().batch(32).repeat()},
        {"x": rows().batch(32), "validation_data": rows().batch(32).repeat()},
    ):
        count = Count()
        with pytest.raises(Enough):
            model_of().fit(**options, epochs=1, verbose=0, callbacks=[count])
    with pytest.raises(Enough):
        model_of().evaluate(rows().batch(32).repeat(), verbose=0, callbacks=[Count()])


@pytest.mark.parametrize(
    ("data", "options", "message"),
    [
        (rows, {}, "(?i)invalid input shape|min_ndim"),
        (lambda: rows().batch(8).batch(4), {}, "(?i)invalid input shape"),
        (lambda: rows().batch(8), {"y": Y}, "should not be passed"),
        (lambda: rows().batch(8), {"validation_split": 0.2}, "only supported for"),
    ],
)
def test_kd020_what_fit_refuses(data: object, options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        model_of().fit(data(), **options, verbose=0)


def test_kd020_batch_size_is_ignored() -> None:
    count = Count()
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        model_of().fit(rows().batch(32), batch_size=64, verbose=0, callbacks=[count])
    assert count.steps == [8]
    assert not any("batch_size" in str(warning.message) for warning in told)


def test_kd021_whole_batches_change_places() -> None:
    batches = [tuple(batch) for batch in tf.data.Dataset.range(12).batch(4).shuffle(3).as_numpy_iterator()]
    assert sorted(batches) == [(0, 1, 2, 3), (4, 5, 6, 7), (8, 9, 10, 11)]


def test_kd022_a_small_buffer_leaves_the_classes_apart() -> None:
    labels = np.repeat([0, 1], 5000)
    mixed = list(tf.data.Dataset.from_tensor_slices(labels).shuffle(100).as_numpy_iterator())
    assert not any(mixed[:4900])


def test_kd024_epochs_end_with_the_data() -> None:
    for steps, warns in ((8, False), (20, True)):
        count = Count()
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            model_of().fit(rows().batch(32), steps_per_epoch=steps, epochs=3, verbose=0, callbacks=[count])
        empty = VERSION < (3, 7) and not warns
        assert count.steps == ([8, 0, 8] if empty else [8, 8, 8])
        assert any("ran out of data" in str(warning.message) for warning in told) is (warns or empty)


def test_kd024_arrays_without_a_batch_size() -> None:
    for size, steps in ((None, 20), (32, 8)):
        count = Count()
        model_of().fit(X, Y, batch_size=size, steps_per_epoch=20, epochs=1, verbose=0, callbacks=[count])
        assert count.steps == [steps]


@pytest.mark.parametrize(
    ("x", "y", "dtype"),
    [
        (X[:4], np.array(["cat", "dog", "dog", "cat"]), "str"),
        (X[:4].astype(str), Y[:4], "str"),
        (X[:4], np.array([0, 1, None, 0]), "object"),
        (np.array([[1, "a", 2, 3]] * 4, dtype=object), Y[:4], "object"),
    ],
)
def test_kd025_what_is_no_number(x: object, y: object, dtype: str) -> None:
    model = model_of()
    with pytest.raises(ValueError, match=f"Invalid dtype: ({dtype})|Unsupported object type"):
        model.fit(x, y, verbose=0)
    model.compile("sgd", "mse", run_eagerly=True)
    assert np.isnan(model.fit(X[:4] * np.nan, Y[:4], verbose=0).history["loss"][0])


QUICK = {"metrics": ["accuracy"], "steps_per_execution": 13, "jit_compile": False}


def _digits() -> tuple[object, object]:
    """Four classes that lie apart, on a scale of 0 to 1."""
    keras.utils.set_random_seed(0)
    labels = np.arange(400) % 4
    return (np.eye(4)[labels] * 0.6 + np.random.rand(400, 4) * 0.4).astype("float32"), labels


def test_kn004_standardised_in_training_only() -> None:
    x, y = _digits()
    raw = x * [1, 3, 10, 30] + 20
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(16, "relu"), keras.layers.Dense(4, "softmax")])
    model.compile(keras.optimizers.Adam(0.02), "sparse_categorical_crossentropy", **QUICK)
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        model.fit((raw - raw.mean(axis=0)) / raw.std(axis=0), y, epochs=20, verbose=0)
        good = model.evaluate((raw - raw.mean(axis=0)) / raw.std(axis=0), y, verbose=0, return_dict=True)
        bad = model.evaluate(raw, y, verbose=0, return_dict=True)
    assert good["accuracy"] > 0.9
    assert bad["accuracy"] < 0.6


def test_kn023_labels_that_were_divided_are_class_0() -> None:
    x, y = _digits()
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(4, "softmax")])
    model.compile(keras.optimizers.Adam(0.1), "sparse_categorical_crossentropy", **QUICK)
    history = model.fit(x, y / 255, epochs=20, verbose=0).history
    assert history["loss"][-1] < 0.05
    assert history["accuracy"][-1] < 0.5
    assert set(model.predict(x, verbose=0).argmax(axis=1)) == {0}


@pytest.mark.parametrize("shuffle", [np.random.shuffle, random.shuffle])
def test_kd026_two_shuffles_take_the_targets_away(shuffle: object) -> None:
    """Ten classes that stand in one column each: learned to the last row, or by chance."""
    scores = {}
    for apart in (False, True):
        y = np.arange(1000) % 10
        x = np.eye(10, dtype="float32")[y]
        order = np.arange(1000)
        shuffle(order)
        x, y = x[order], y[order]
        if apart:
            shuffle(y)
        model = keras.Sequential([keras.Input((10,)), keras.layers.Dense(10, "softmax")])
        model.compile(keras.optimizers.Adam(0.1), "sparse_categorical_crossentropy", metrics=["accuracy"])
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            scores[apart] = model.fit(x, y, epochs=5, verbose=0).history["accuracy"][-1]
    assert scores[False] == 1.0
    assert scores[True] < 0.3


@pytest.mark.parametrize(("seeds", "together"), [((1, 1), True), ((1, 2), False), ((None, None), False)])
def test_kd027_pairs_of_two_generators(seeds: tuple[int | None, int | None], together: bool) -> None:
    images = np.arange(64, dtype="float32").reshape(64, 1, 1, 1) * np.ones((1, 4, 4, 1), "float32")
    draws = keras.src.legacy.preprocessing.image.ImageDataGenerator()
    first, second = (draws.flow(images, batch_size=64, seed=seed) for seed in seeds)
    share = float((next(first) == next(second)).mean())
    assert share == 1 if together else share < 0.1


def test_kd027_pairs_of_two_datasets(tmp_path: Path) -> None:
    for index in range(40):
        picture = tf.io.encode_png(np.full((2, 2, 3), index * 6, "uint8"))
        tf.io.write_file(str(tmp_path / f"{index:02}.png"), picture)

    def load(seed: int | None) -> object:
        return keras.utils.image_dataset_from_directory(
            tmp_path, labels=None, image_size=(2, 2), batch_size=40, seed=seed, verbose=False
        )

    def alike(first: int | None, second: int | None) -> float:
        a, b = next(iter(tf.data.Dataset.zip((load(first), load(second)))))
        return float(np.mean(a.numpy() == b.numpy()))

    assert alike(1, 1) == 1
    assert alike(None, None) < 0.5
    assert alike(1, 2) < 0.5


def test_kd028_each_text_numbers_its_words_anew() -> None:
    words = [f"word{index}" for index in range(50)]
    first = keras.src.legacy.preprocessing.text.Tokenizer()
    first.fit_on_texts([" ".join([word] * (index + 1)) for index, word in enumerate(words)])
    second = keras.src.legacy.preprocessing.text.Tokenizer()
    second.fit_on_texts([" ".join(words)])
    assert not any(first.word_index[word] == second.word_index[word] for word in words)
    before = dict(first.word_index)
    first.fit_on_texts([" ".join(["word0"] * 1000)])
    assert (before["word0"], first.word_index["word0"]) == (50, 1)
