"""Experiments on single operations, where nothing has to be learned to see the fault.

Each gets the name of the variant and gives one dict of measurements.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from kerlint.probe.description import Job
from kerlint.probe.lab.backend import fresh_numbers, label
from kerlint.probe.lab.build import make_loss, make_metric
from kerlint.probe.lab.data import sample
from kerlint.probe.lab.measure import failure

Numbers = dict[str, Any]
Work = Callable[[Any, Any, Job, str], Numbers]
WORK: dict[str, Work] = {}

ROWS, WIDTH = 64, 4
#: What a batch normalisation is expected to notice: data with a mean that is not 0.
MEAN = 5.0
ORIGINAL = "original"


def work(kind: str) -> Callable[[Work], Work]:
    """Registers an experiment."""

    def register(one: Work) -> Work:
        WORK[kind] = one
        return one

    return register


def answer(tf: Any, keras: Any, job: Job, name: str) -> list[Numbers]:
    """The measurements of one variant, as a list of one; with the key `error` where Keras raises."""
    fresh_numbers(tf, keras)
    keras.utils.set_random_seed(job["seeds"][0])
    try:
        return [{"keras": label(keras), **WORK[job["kind"]](tf, keras, job, name)}]
    except Exception as error:  # noqa: BLE001 - the error is the result
        return [failure(keras, "run", error)]


def _data() -> tuple[Any, Any]:
    random = np.random.default_rng(0)
    x = (random.normal(size=(ROWS, WIDTH)) + MEAN).astype("float32")
    return x, (x[:, :1] - MEAN).astype("float32")


def _modal(keras: Any, job: Job) -> Any:
    """The kind of layer that acts only in training: batch normalisation, or something random."""
    layers = keras.layers
    return layers.BatchNormalization(momentum=0.5) if job["details"].get("normalises") else layers.Dropout(0.5)


def _acted(model: Any, layer: Any, before: Any, x: Any) -> Numbers:
    """Whether a layer did what it does in training."""
    if hasattr(layer, "moving_mean"):
        return {"what": "moving mean", "moved": float(np.abs(np.array(layer.moving_mean) - before).max())}
    made = [np.array(model(x, training=None)) for _ in range(2)]
    return {"what": "outputs of the same rows", "moved": float(np.abs(made[0] - made[1]).max())}


@work("mode")
def _mode(tf: Any, keras: Any, job: Job, name: str) -> Numbers:
    """How a model is called decides whether its layers act as in training."""
    how = job["details"]["how"]
    runs = {"tape": _tape, "call": _call, "base": _base, "predict": _predict}
    return runs[str(how)](tf, keras, job, name == ORIGINAL)


def _tape(tf: Any, keras: Any, job: Job, original: bool) -> Numbers:
    """A hand-written step, with and without `training=True`."""
    layer = _modal(keras, job)
    model = keras.Sequential([keras.Input((WIDTH,)), layer, keras.layers.Dense(1)])
    optimizer = keras.optimizers.SGD(0.001)
    x, y = _data()
    told = {} if original else {"training": True}
    means = []
    losses = []
    for _ in range(4):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((model(x, **told) - y) ** 2)
        gradients = tape.gradient(loss, model.trainable_variables)
        if hasattr(layer, "moving_mean"):
            optimizer.apply_gradients(zip(gradients, model.trainable_variables))
            means.append(float(np.array(layer.moving_mean)[0]))
        losses.append(float(loss))
    if means:
        return {"what": "its moving mean", "moved": abs(means[-1])}
    return {"what": "the loss of the same batch, called again,", "moved": max(losses) - min(losses)}


def _call(tf: Any, keras: Any, job: Job, original: bool) -> Numbers:
    """A model class whose `call` has no `training` parameter, against one that has it."""
    del tf
    layer = _modal(keras, job)

    class Without(keras.Model):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.part = layer
            self.end = keras.layers.Dense(1)
            self.zeros: list[Any] = []

        def call(self, inputs: Any) -> Any:
            return self.end(self.part(inputs))

    class With(Without):
        def call(self, inputs: Any, training: Any = None) -> Any:
            return self.end(self.part(inputs, training=training))

    model = (Without if original else With)()
    model.compile(keras.optimizers.SGD(0.0), "mse")
    x, y = _data()
    if hasattr(layer, "moving_mean") or job["details"].get("normalises"):
        model.fit(x, y, epochs=2, verbose=0, shuffle=False)
        return {"what": "its moving mean", "moved": float(np.abs(np.array(layer.moving_mean)).max())}
    losses = model.fit(x, y, epochs=4, verbose=0, shuffle=False).history["loss"]
    return {"what": "the loss of unchanged weights over the epochs", "moved": float(max(losses) - min(losses))}


def _base(tf: Any, keras: Any, job: Job, original: bool) -> Numbers:
    """A model with batch normalisation that is called with `training=False` and trained with `fit`."""
    del tf, job
    start = keras.Input((WIDTH,))
    layer = keras.layers.BatchNormalization(momentum=0.5)
    base = keras.Model(start, layer(start))
    inputs = keras.Input((WIDTH,))
    model = keras.Model(inputs, keras.layers.Dense(1)(base(inputs, training=False)))
    layer.trainable = original
    model.compile(keras.optimizers.SGD(0.001), "mse")
    x, y = _data()
    model.fit(x, y, epochs=2, verbose=0)
    mean = np.array(layer.moving_mean)
    return {"what": "the moving mean of its batch normalisation", "moved": float(np.abs(mean).max())}


def _predict(tf: Any, keras: Any, job: Job, original: bool) -> Numbers:
    """Dropout that is called with `training=True`, in `predict` and in a plain call."""
    del tf, job
    inputs = keras.Input((WIDTH,))
    model = keras.Model(inputs, keras.layers.Dropout(0.5)(inputs, training=True))
    x, _ = _data()
    made = [model.predict(x, verbose=0) if original else np.array(model(x, training=True)) for _ in range(2)]
    return {"what": "two predictions for the same rows", "moved": float(np.abs(made[0] - made[1]).max())}


@work("switch")
def _switch(tf: Any, keras: Any, job: Job, name: str) -> Numbers:
    """`trainable` is changed after `compile`, without and with another `compile`."""
    del tf
    wanted = bool(job["details"]["wanted"])
    layer = keras.layers.Dense(4)
    model = keras.Sequential([keras.Input((WIDTH,)), layer, keras.layers.Dense(1)])
    layer.trainable = not wanted
    x, y = _data()
    model.compile(keras.optimizers.Adam(), "mse")
    if job["details"].get("fitted"):
        model.fit(x, y, verbose=0)
    layer.trainable = wanted
    if name != ORIGINAL:
        model.compile(keras.optimizers.Adam(), "mse")
    before = np.array(layer.kernel)
    model.fit(x, y, verbose=0)
    return {"wanted": wanted, "moved": float(np.abs(np.array(layer.kernel) - before).max())}


@work("report")
def _report(tf: Any, keras: Any, job: Job, name: str) -> Numbers:
    """A `train_step` that returns its loss, and one that tracks it."""
    del job

    class Plain(keras.Model):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.end = keras.layers.Dense(1)
            self.seen: list[float] = []

        def call(self, inputs: Any) -> Any:
            return self.end(inputs)

        def step(self, data: Any) -> Any:
            x, y = data
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean((self(x, training=True) - y) ** 2)
            gradients = tape.gradient(loss, self.trainable_variables)
            self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))
            self.seen.append(float(loss))
            return loss

        def train_step(self, data: Any) -> Any:
            return {"loss": self.step(data)}

    class Tracked(Plain):
        def __init__(self) -> None:
            super().__init__()
            self.mean = keras.metrics.Mean(name="loss")

        @property
        def metrics(self) -> list[Any]:
            return [self.mean]

        def train_step(self, data: Any) -> Any:
            self.mean.update_state(self.step(data))
            return {"loss": self.mean.result()}

    model = (Plain if name == ORIGINAL else Tracked)()
    model.compile(keras.optimizers.SGD(0.001), run_eagerly=True)
    x, y = _data()
    shown = model.fit(x, y, verbose=0).history["loss"][-1]
    return {"shown": float(shown), "real": float(np.mean(model.seen))}


@work("draws")
def _draws(tf: Any, keras: Any, job: Job, name: str) -> Numbers:
    """A seed that is set in every pass of a loop, or once before it; what is drawn in each pass."""
    import random

    function, value = str(job["details"]["function"]), job["details"].get("seed")
    setters: dict[str, Callable[[int], Any]] = {
        "keras": keras.utils.set_random_seed,
        "tensorflow": tf.random.set_seed,
        "numpy": np.random.seed,
        "python": random.seed,
    }
    draws: dict[str, Callable[[], float]] = {
        "keras": lambda: float(np.array(keras.initializers.RandomUniform()((1,)))[0]),
        "tensorflow": lambda: float(tf.random.uniform(())),
        "numpy": lambda: float(np.random.random()),
        "python": random.random,
    }
    found: list[float] = []
    for index in range(4):
        if name == ORIGINAL or index == 0:
            setters[function](int(value) if isinstance(value, int) else 0)
        found.append(draws[function]())
    return {"passes": len(found), "different": len(set(found))}


@work("choice")
def _choice(tf: Any, keras: Any, job: Job, name: str) -> Numbers:
    """Classes from the output of one unit: by position or by cutting decimals, or by a threshold."""
    del tf
    model = keras.Sequential([keras.Input((WIDTH,)), keras.layers.Dense(1, activation="sigmoid")])
    x, _ = _data()
    made = model.predict(x - MEAN, verbose=0)
    if name != ORIGINAL:
        chosen = (made > 0.5).astype("int32")
    elif job["details"]["how"] == "argmax":
        chosen = np.argmax(made, axis=-1)
    else:
        chosen = made.astype("int32")
    return {"rows": len(made), "classes": sorted({int(one) for one in chosen.ravel()})}


@work("outer")
def _outer(tf: Any, keras: Any, job: Job, name: str) -> Numbers:
    """A column against a row: what comes out, and what it says of answers that are all right."""
    del tf, keras
    x, y = _data()
    row = (y[:, 0] > 0).astype("float32")
    made = row[:, None] if name == ORIGINAL else row
    symbol = str(job["details"]["operator"])
    result = made == row if symbol in ("equal", "unequal") else made - row
    share = float((result == (symbol == "equal")).mean()) if symbol in ("equal", "unequal") else None
    return {
        "rows": len(row),
        "shape": list(result.shape),
        "right": share,
        "mistake": None if share is not None else float((result**2).mean()),
        "x": int(x.shape[0]),
    }


@work("metric")
def _metric(tf: Any, keras: Any, job: Job, name: str) -> Numbers:
    """A metric on answers that are almost perfect, and on answers that know nothing."""
    del tf
    one = job[name]  # type: ignore[literal-required]
    y = sample(one, job["seeds"][0]).y
    good, useless = _answers(one, y)
    inputs = keras.Input(good.shape[1:])
    model = keras.Model(inputs, keras.layers.Identity()(inputs))
    model.compile(loss=make_loss(keras, one["loss"]), metrics=[make_metric(keras, one["metrics"][0])])
    found: list[float] = []
    # Numbers in the right order, and far from the truth.
    shifted = good + 3 * good.std()
    for made in (good, useless, *([shifted] if one["y"]["kind"] in ("numbers", "same") else [])):
        values = model.evaluate(made, y, verbose=0, return_dict=True)
        values.pop("loss", None)
        found.append(float(next(iter(values.values()))))
    return {
        "metric": one["metrics"][0]["type"],
        "good": found[0],
        "useless": found[1],
        "shifted": found[2] if len(found) > 2 else None,
        "chance": _chance(one),
    }


def _answers(one: Any, y: Any) -> tuple[Any, Any]:
    """Predictions that are nearly right, and predictions that do not depend on the input."""
    random = np.random.default_rng(1)
    kind, classes = one["y"]["kind"], max(one["y"]["classes"], 2)
    width = one["y"]["shape"][-1] if one["y"]["shape"] else 1
    if kind == "classes" and job_width(one) > 1:
        right = np.eye(classes, dtype="float32")[np.asarray(y).reshape(len(y), -1)[:, 0]]
    else:
        right = np.asarray(y, dtype="float32").reshape(len(y), -1)
    if kind in ("classes", "onehot", "binary", "multihot"):
        count = right.shape[1]
        good = right * 0.96 + 0.04 / max(count, 2)
        useless = np.full_like(right, 1 / max(count, 2)) + 0.01 * random.random(right.shape)
    else:
        good = right + 0.01 * right.std() * random.normal(size=right.shape)
        useless = np.full_like(right, right.mean()) + 0.01 * right.std() * random.normal(size=right.shape)
    shape = (len(right), width if kind != "classes" else right.shape[1])
    return good.reshape(shape).astype("float32"), useless.reshape(shape).astype("float32")


def job_width(one: Any) -> int:
    """How many units the output has, as the loss says."""
    return max(one["y"]["classes"], 2) if one["loss"]["type"].startswith(("sparse", "categorical")) else 1


def _chance(one: Any) -> float | None:
    kind, classes = one["y"]["kind"], max(one["y"]["classes"], 2)
    return 1 / classes if kind in ("classes", "onehot") else 0.5 if kind in ("binary", "multihot") else None
