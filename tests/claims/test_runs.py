"""What the rules on seeds and speed (KR, KP) say about Keras, on the one that is installed."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

import pytest

from tests.claims.running import VERSION, example, keras, moved, normal, np, silence, tf, weights

X = normal(32, 4)
Y = X[:, :1]


def start() -> list[object]:
    """What is drawn for a new layer: its weights and the first mask of a dropout."""
    layer, dropout = keras.layers.Dense(8), keras.layers.Dropout(0.5)
    layer.build((None, 8))
    return [*weights(layer), np.array(dropout(np.ones((8, 8), "float32"), training=True))]


@pytest.mark.parametrize(
    ("seed", "reaches"),
    [
        (tf.random.set_seed, False),
        (np.random.seed, False),
        (random.seed, True),
        (keras.utils.set_random_seed, True),
    ],
)
def test_kr001_which_seed_reaches_keras(seed: Callable[[int], None], reaches: bool) -> None:
    drawn = []
    with silence():
        for _ in range(2):
            seed(42)
            drawn.append(start())
    assert (moved(*drawn) == 0) is reaches


def test_kr001_two_runs_of_the_example() -> None:
    runs = [weights(example("KR001", x=X, y=Y).model) for _ in range(2)]
    assert moved(*runs) > 0.01


SOURCES = {
    "numpy": np.random.rand,
    "python": random.random,
    "tensorflow": lambda: float(tf.random.uniform(())),
    "new dataset": lambda: tuple(tf.data.Dataset.range(50).shuffle(50).as_numpy_iterator()),
    "keras": lambda: float(keras.random.uniform(())),
}


@pytest.mark.parametrize(
    ("seed", "repeats"),
    [
        (np.random.seed, {"numpy"}),
        (random.seed, {"python"}),
        (tf.random.set_seed, {"tensorflow", "new dataset"}),
        (keras.utils.set_random_seed, set(SOURCES)),
    ],
)
def test_kr002_what_a_seed_repeats(seed: Callable[[int], None], repeats: set[str]) -> None:
    dropout = keras.layers.Dropout(0.5, seed=1)
    data = tf.data.Dataset.range(50).shuffle(50)
    sources = {
        **SOURCES,
        "old dropout": lambda: np.array(dropout(np.ones(64, "float32"), training=True)).tobytes(),
        "old dataset": lambda: tuple(data.as_numpy_iterator()),
    }
    drawn = {}
    for name, draw in sources.items():
        seed(42)
        first = draw()
        seed(42)
        drawn[name] = first == draw()
    assert {name for name, same in drawn.items() if same} == repeats - ({"keras"} if VERSION < (3, 13) else set())


def test_kr002_outputs_stay_the_same() -> None:
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dropout(0.5), keras.layers.Dense(1)])
    keras.utils.set_random_seed(1)
    before = np.array(model(X))
    keras.utils.set_random_seed(2)
    assert np.array_equal(before, np.array(model(X)))


def test_kr020_every_start_is_another() -> None:
    with silence():
        assert moved(start(), start()) > 0


def test_kr020_the_order_of_the_rows_is_drawn_before_3_16() -> None:
    orders = []

    class Net(keras.Model):
        def call(self, x: object) -> object:
            return x

        def train_step(self, data: object) -> dict[str, object]:
            orders[-1] += np.array(data[0])[:, 0].tolist()
            return {"loss": 0.0}

    rows = np.arange(64.0)[:, None]
    for seed in (1, 2):
        keras.utils.set_random_seed(seed)
        orders.append([])
        net = Net()
        net.compile("sgd", "mse", run_eagerly=True)
        net.fit(rows, rows, verbose=0)
    first, second = orders
    assert sorted(first) == sorted(second) == rows[:, 0].tolist() != first
    assert (first == second) is (VERSION >= (3, 16))


def test_kr022_what_makes_a_split_the_same() -> None:
    split = pytest.importorskip("sklearn.model_selection").train_test_split
    rows = np.arange(1000)
    assert split(rows)[1].tolist() != split(rows)[1].tolist()
    for seed in (np.random.seed, keras.utils.set_random_seed):
        parts = []
        for _ in range(2):
            seed(42)
            parts.append(split(rows)[1].tolist())
        assert parts[0] == parts[1]


def seconds(run: Callable[[], object], times: int = 5) -> float:
    """The shortest time of some, which other work on the machine has disturbed the least."""
    run()
    best = float("inf")
    for _ in range(times):
        begin = time.perf_counter()
        run()
        best = min(best, time.perf_counter() - begin)
    return best


def test_kp022_predict_is_for_a_lot_of_data() -> None:
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(16, "relu"), keras.layers.Dense(1)])
    row, rows = X[:1], np.tile(X, (10, 1))
    one = seconds(lambda: model.predict(row, batch_size=320, verbose=0))
    many = seconds(lambda: model.predict(rows, batch_size=320, verbose=0))
    called = seconds(lambda: model(row, training=False))
    assert one > 5 * called
    assert many < 3 * one


def test_kp023_probabilities_of_three_digits() -> None:
    policy = keras.mixed_precision.dtype_policy()
    try:
        with silence():
            model = example("KP023").model
            assert model(normal(2, 64)).dtype == "float16"
            model.train_on_batch(normal(8, 64), np.arange(8))
            lost = [_wrong_about(value) for value in (5.0, 9.0, 12.0, 30.0)]
    finally:
        keras.mixed_precision.set_dtype_policy(policy)
    assert lost[0] == (pytest.approx(4.99, abs=0.02), True)
    assert lost[1:] == [(pytest.approx(15.94, abs=0.01), False)] * 3


def _wrong_about(logit: float) -> tuple[float, bool]:
    """The loss of a model that is this sure about a row, and wrong; whether steps change the model."""
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, "sigmoid", kernel_initializer="ones")])
    model.compile(keras.optimizers.SGD(0.1), "binary_crossentropy", run_eagerly=True)
    before = weights(model)
    row = np.array([[logit]]), np.array([[0.0]])
    loss = float(model.train_on_batch(*row))
    # The first steps are left out: the scale of the loss is too large at the start, and Keras halves it each time.
    for _ in range(12):
        model.train_on_batch(*row)
    return loss, moved(before, weights(model)) > 0


def test_kp024_python_calls_every_operation() -> None:
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(16, "relu"), keras.layers.Dense(1)])
    optimizer = keras.optimizers.SGD(0.0)

    def step() -> object:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((model(X, training=True) - Y) ** 2)
        optimizer.apply_gradients(zip(tape.gradient(loss, model.trainable_variables), model.trainable_variables))
        return loss

    graph = tf.function(step)
    assert float(step()) == pytest.approx(float(graph()), rel=1e-5)
    assert seconds(step) > 3 * seconds(graph)
