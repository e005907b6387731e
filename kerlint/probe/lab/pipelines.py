"""Experiments on datasets: their own steps, on numbered rows, and training calls that count what they get."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from kerlint.probe.description import Job
from kerlint.probe.lab.backend import image_generator
from kerlint.probe.lab.operations import ORIGINAL, WIDTH, WORK, answer, work

__all__ = ["WORK", "answer"]

Numbers = dict[str, Any]

#: Rows of a dataset whose size is not known, the most that are made, and the most in a batch.
USUAL_ROWS, MOST_ROWS, MOST_IN_BATCH = 200, 4_000, 32
#: Batches after which a dataset counts as one without an end: many times its rows.
ENDLESS = 100
#: Rows for validation.
ENOUGH = 200
#: Epochs in which rows are followed.
EPOCHS = 3


def sized(details: Any) -> tuple[int, float]:
    """How many rows are made, and by what the numbers of elements in the steps are divided."""
    needed = USUAL_ROWS
    for part in ("steps", "other"):
        unit = 1
        for step in details[part]:
            count = step["count"] or 0
            if step["name"] == "batch":
                unit *= min(max(count, 1), MOST_IN_BATCH)
                needed = max(needed, 8 * unit)
            elif step["name"] in ("take", "skip"):
                needed = max(needed, 2 * count * unit)
    rows = details.get("rows") or needed
    return min(rows, MOST_ROWS), max(rows / MOST_ROWS, 1.0)


def chained(tf: Any, data: Any, steps: Any, rows: int, divisor: float) -> Any:
    """The dataset with the steps; random steps add a random number to the second part of an element."""
    for step in steps:
        name, count = step["name"], step["count"]
        if count is not None and count > 0 and name != "batch" and name != "repeat":
            count = max(int(count / divisor), 1)
        if name == "shuffle":
            # A loader of files shuffles all of them.
            data = data.shuffle(count or rows, reshuffle_each_iteration=step.get("again", True))
        elif name == "batch":
            data = data.batch(min(count or MOST_IN_BATCH, MOST_IN_BATCH))
        elif name == "unbatch":
            data = data.unbatch()
        elif name in ("take", "skip"):
            data = getattr(data, name)(count if count is not None else rows // 3)
        elif name == "shard":
            data = data.shard(count or 2, step["index"] or 0)
        elif name == "repeat":
            data = data.repeat(-1 if count is None else count)
        elif name == "cache":
            data = data.cache()
        if step.get("random"):
            # Its state goes on from pass to pass, as that of a program without a seed does.
            generator = tf.random.Generator.from_seed(1)
            data = data.map(lambda row, noise, draw=generator.uniform: (row, noise + draw(tf.shape(noise))))
    return data


def numbered(tf: Any, rows: int) -> Any:
    """Rows that are their own numbers, each with a 0."""
    return tf.data.Dataset.range(rows).map(lambda row: (row, 0.0))


@work("passes")
def _two_passes(tf: Any, keras: Any, job: Job, name: str) -> Numbers:
    """Two passes over a dataset: the same elements in the same order, or not."""
    del keras
    details: Any = job["details"]
    rows, divisor = sized(details)
    steps = details["steps" if name == ORIGINAL else "other"]
    data = chained(tf, numbered(tf, rows), steps, rows, divisor)
    passes = []
    for _ in range(2):
        elements = [(np.ravel(row), np.ravel(noise)) for row, noise in data.take(MOST_ROWS).as_numpy_iterator()]
        rows_of, noise_of = (np.concatenate(parts) for parts in zip(*elements))
        # The numbers are those of a row, wherever in the order it stands.
        passes.append((rows_of, noise_of[np.argsort(rows_of, kind="stable")]))
    same = [bool(np.array_equal(left, right)) for left, right in zip(*passes)]
    draws = any(step.get("random") for step in steps)
    return {"rows": len(passes[0][0]), "draws": draws, "same_order": same[0], "same_numbers": same[1]}


@work("parts")
def _parts(tf: Any, keras: Any, job: Job, name: str) -> Numbers:
    """A part of a dataset for training and another one, over some epochs: rows of the one in the other."""
    del keras
    details: Any = job["details"]
    rows, divisor = sized(details)
    shared = int(details["shared"])
    common = [dict(step) for step in details["steps"][:shared]]
    if name != ORIGINAL:
        for step in common:
            step["again"] = False
    data = chained(tf, numbered(tf, rows), common, rows, divisor)
    seen: set[int] = set()
    others: set[int] = set()
    for _ in range(EPOCHS):
        seen |= _numbers(chained(tf, data, details["steps"][shared:], rows, divisor))
        others = _numbers(chained(tf, data, details["other"][shared:], rows, divisor))
    return {"epochs": EPOCHS, "rows": len(others), "trained_on": len(others & seen)}


def _numbers(data: Any) -> set[int]:
    return {int(one) for row, _ in data.take(MOST_ROWS).as_numpy_iterator() for one in np.ravel(row)}


@work("end")
def _end(tf: Any, keras: Any, job: Job, name: str) -> Numbers:
    """A training call on data without an end: how many batches it takes, without and with a number of steps."""
    details: Any = job["details"]
    role = str(details["role"])
    taken = 0

    class Counter(keras.callbacks.Callback):  # type: ignore[misc]
        def count(self, *_: Any, **__: Any) -> None:
            nonlocal taken
            taken += 1
            if taken >= ENDLESS:
                raise _Enough

        on_train_batch_end = on_test_batch_end = on_predict_batch_end = count

    model = keras.Sequential([keras.Input((WIDTH,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.001), "mse")
    data, rows = _endless(tf, details)
    steps = None if name == ORIGINAL else 3
    told = {"verbose": 0, "callbacks": [Counter()]}
    calls: dict[str, Callable[[], Any]] = {
        "training": lambda: model.fit(data, steps_per_epoch=steps, **told),
        "validation": lambda: model.fit(
            np.zeros((2, WIDTH)), np.zeros((2, 1)), validation_data=data, validation_steps=steps, **told
        ),
        "evaluation": lambda: model.evaluate(data, steps=steps, **told),
        "prediction": lambda: model.predict(data, steps=steps, **told),
    }
    try:
        calls[role]()
    except _Enough:
        return {"rows": rows, "batches": taken, "ended": False}
    return {"rows": rows, "batches": taken, "ended": True}


class _Enough(Exception):
    """Batches that show that there is no end."""


def _endless(tf: Any, details: Any) -> tuple[Any, int]:
    """The data of the program on a few rows."""
    rows = 8
    if details["source"] == "generator":

        def batches() -> Iterator[Any]:
            while True:
                yield np.zeros((2, WIDTH), "float32"), np.zeros((2, 1), "float32")

        return batches(), rows
    steps = [{**step, "count": 2} if step["name"] == "batch" else step for step in details["steps"]]
    data = chained(tf, numbered(tf, rows), steps, rows, 1.0)
    if not any(step["name"] == "batch" for step in steps):
        data = data.batch(2)
    return data.map(lambda row, _: (tf.zeros((tf.size(row), WIDTH)), tf.zeros((tf.size(row), 1)))), rows


@work("order")
def _order(tf: Any, keras: Any, job: Job, name: str) -> Numbers:
    """Rows that stand class by class, as they are or shuffled: what reaches training and validation."""
    details: Any = job["details"]
    classes = min(max(int(details["classes"]), 2), 10)
    batch, share = int(details["batch"]), details.get("share")
    rows = int(details["rows"]) or classes * max(4 * batch, 40)
    # A few rows would be a matter of chance.
    rows = min(max(rows, int(ENOUGH / share)) if share else rows, MOST_ROWS)
    labels: Any = np.arange(rows) * classes // rows
    trained: list[Any] = []
    validated: list[Any] = []

    class Watching(keras.Model):  # type: ignore[misc]
        def train_step(self, data: Any) -> Any:
            trained.append(np.array(data[1]).ravel())
            return {"loss": 0.0}

        def test_step(self, data: Any) -> Any:
            validated.append(np.array(data[1]).ravel())
            return {"loss": 0.0}

    if name != ORIGINAL and (share or not details["dataset"]):
        labels = labels if not share else np.random.default_rng(1).permutation(labels)
    x: Any = np.zeros((rows, 1), "float32")
    model = Watching()
    model.compile("sgd", "mse", run_eagerly=True)
    if details["dataset"]:
        data = tf.data.Dataset.from_tensor_slices((x, labels))
        data = data if name == ORIGINAL else data.shuffle(rows)
        model.fit(data.batch(batch), verbose=0)
    else:
        shuffle = share is not None or name != ORIGINAL
        model.fit(x, labels, batch_size=batch, shuffle=shuffle, validation_split=share or 0.0, verbose=0)
    found: Numbers = {"rows": rows, "classes": classes, "purity": _purity(trained)}
    if share:
        found |= {
            "overlap": _overlap(np.concatenate(trained), np.concatenate(validated), classes),
            "validated": sorted({int(one) for part in validated for one in part}),
        }
    return found


def _purity(batches: list[Any]) -> float:
    """The share of the most frequent class in a batch, on average."""
    return float(np.mean([np.bincount(part.astype(int)).max() / len(part) for part in batches]))


def _overlap(left: Any, right: Any, classes: int) -> float:
    """How alike two mixes of classes are: 1 for the same, 0 for no class in common."""
    mixes = [np.bincount(part.astype(int), minlength=classes) / len(part) for part in (left, right)]
    return float(np.minimum(*mixes).sum())


@work("trace")
def _trace(tf: Any, keras: Any, job: Job, name: str) -> Numbers:
    """A random number of Python or NumPy in traced code, and one of TensorFlow."""
    import random

    numpy = job["details"]["library"] == "numpy"
    if name != ORIGINAL:

        def draw() -> Any:
            return tf.random.uniform([])

    else:

        def draw() -> Any:
            return np.float32(np.random.random() if numpy else random.uniform(0, 1))  # noqa: S311

    where, count = job["details"]["where"], 8
    if where == "call":

        class Noise(keras.layers.Layer):  # type: ignore[misc]
            def call(self, inputs: Any) -> Any:
                return inputs + draw()

        model = keras.Sequential([keras.Input((1,)), Noise()])
        model.compile("sgd", "mse")
        found = [float(model.predict(np.zeros((1, 1), "float32"), verbose=0)[0, 0]) for _ in range(count)]
    elif where == "function":
        function = tf.function(lambda x: x + draw())
        found = [float(function(tf.constant(0.0))) for _ in range(count)]
    else:
        data = tf.data.Dataset.range(count).map(lambda x: tf.cast(x, tf.float32) * 0 + draw())
        found = [float(one) for one in data]
    return {"elements": count, "different": len(set(found))}


@work("adapt")
def _adapt(tf: Any, keras: Any, job: Job, name: str) -> Numbers:
    """A preprocessing layer before and after it has seen data."""
    del tf
    kind = str(job["details"]["layer"])
    random = np.random.default_rng(0)
    if kind == "ImageDataGenerator":
        return _generator(keras, job, name)
    if kind in ("TextVectorization", "StringLookup"):
        data = np.array([["one"], ["two"], ["three"], ["two"]])
    elif kind == "IntegerLookup":
        data = np.array([[10], [20], [30], [20]])
    else:
        data = (50 + 20 * random.normal(size=(64, 1))).astype("float32")
    layer = getattr(keras.layers, kind)(**({"num_bins": 4} if kind == "Discretization" else {}))
    if name != ORIGINAL:
        layer.adapt(data)
    made = np.array(layer(data), dtype="float64")
    same = made.shape == data.shape and data.dtype.kind == "f" and bool(np.allclose(made, data))
    return {"what": kind, "unchanged": same, "mean": float(made.mean()), "spread": float(made.std())}


def _generator(keras: Any, job: Job, name: str) -> Numbers:
    """Images from a generator that is to centre or scale them by all of its images."""
    import warnings

    what = str(job["details"]["argument"])
    images = np.random.default_rng(0).uniform(50, 200, (16, 8, 8, 3)).astype("float32")
    made = image_generator(keras)(**{what: True})
    if name != ORIGINAL:
        made.fit(images)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = next(made.flow(images, batch_size=16, shuffle=False))
    return {
        "what": f"ImageDataGenerator with {what}",
        "unchanged": bool(np.allclose(found, images)),
        "mean": float(found.mean()),
        "spread": float(found.std()),
    }


@work("start")
def _start(tf: Any, keras: Any, job: Job, name: str) -> Numbers:
    """The initial weights of two runs with the same seed: set for one library, or for all."""
    setters: dict[str, Callable[[int], Any]] = {"tensorflow": tf.random.set_seed, "numpy": np.random.seed}
    library, seed = str(job["details"]["library"]), job["details"].get("seed")
    kernels = []
    for _ in range(2):
        (setters[library] if name == ORIGINAL else keras.utils.set_random_seed)(seed if isinstance(seed, int) else 0)
        layer = keras.layers.Dense(8)
        layer.build((None, WIDTH))
        kernels.append(np.array(layer.kernel))
    return {"library": library, "moved": float(np.abs(kernels[0] - kernels[1]).max())}
