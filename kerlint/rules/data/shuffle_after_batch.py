"""KD021."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from kerlint.finding import Safety, Severity
from kerlint.library.contracts import as_data
from kerlint.library.feeding import BATCHING, OPAQUE, TRAINING, fed, last
from kerlint.program.constants import integer
from kerlint.program.facts import Program
from kerlint.program.values import Array, Mapping, Sequence, Transform, Value
from kerlint.rules import fixing
from kerlint.rules.base import Found, Option, Rule


class ShuffleAfterBatch(Rule):
    """A dataset is shuffled only after it was batched: whole batches change places, rows never do.

    ## Why is this bad?
    The same rows meet in the same batch in every epoch. If the rows stand in any order, by class or by time, each
    batch still holds its neighbours only, and the gradient of each batch pulls towards those.

    ## Example
    ```python
    import tensorflow as tf
    from tensorflow import keras

    x, y = load_rows()
    data = tf.data.Dataset.from_tensor_slices((x, y)).batch(32).shuffle(1000)  # KD021
    model = keras.Sequential([keras.layers.Dense(32, activation="relu"), keras.layers.Dense(1)])
    model.compile(optimizer="adam", loss="mse")
    model.fit(data, epochs=10)
    ```

    Use instead:
    ```python
    import tensorflow as tf
    from tensorflow import keras

    x, y = load_rows()
    data = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(1000).batch(32)
    model = keras.Sequential([keras.layers.Dense(32, activation="relu"), keras.layers.Dense(1)])
    model.compile(optimizer="adam", loss="mse")
    model.fit(data, epochs=10)
    ```

    ## Known limits
    Only datasets that a model is trained on. Where something else may have shuffled the rows before (a loader, an own
    step), nothing is said; where the rows certainly stand in a random order, as those of MNIST do, it is advice.

    ## References
    - Measured on TensorFlow 2.21: `batch(4).shuffle(3)` of 0 to 11 gives the batches 8-11, 4-7 and 0-3.
    - https://www.tensorflow.org/guide/data#randomly_shuffling_input_data
    """

    code = "KD021"
    name = "shuffle-after-batch"
    severity = Severity.WARNING
    fix = Safety.UNSAFE
    symptoms = ("slow-learning", "accuracy-stuck")
    since = "0.1.0"
    in_tests = False

    min_batches = Option(10, "The fix leaves buffers alone that hold fewer batches of rows.", low=1)

    def check(self, program: Program) -> Iterator[Found]:
        told: set[int] = set()
        for feed in fed(program):
            steps = feed.steps
            batch, shuffle = last(steps, *BATCHING), last(steps, "shuffle")
            if feed.role != TRAINING or batch < 0 or shuffle < batch or id(steps[shuffle]) in told:
                continue
            if any(step.name == "shuffle" for step in steps[:batch]) or any(step.name in OPAQUE for step in steps):
                continue
            size = steps[batch].args.get("batch_size")
            if integer(size) == 1 or feed.data.source not in _PLAIN_SOURCES:
                continue
            if _any(feed.data.args.get("tensors"), _is_noise):
                continue
            told.add(id(steps[shuffle]))
            count = integer(size)
            rows = f"batches of {count} rows" if count is not None else "batches"
            yield from self.found(
                steps[shuffle].node,
                f"shuffle() comes after batch(): it shuffles {rows}, never the rows in them",
                label="shuffles whole batches",
                also=[
                    (steps[batch].node if steps[batch].node is not steps[shuffle].node else None, "batched here"),
                    (feed.place, "the model is trained on it"),
                ],
                why="the same rows meet in the same batch in every epoch",
                help="put shuffle() before batch(), with a buffer counted in rows",
                severity=Severity.ADVICE if _any(feed.data.args.get("tensors"), _is_mixed) else Severity.WARNING,
                about=feed.event,
                fix=_first_shuffled(steps[batch], steps[shuffle], self.min_batches) if shuffle == batch + 1 else None,
            )

    bad = (
        """
        import keras
        import tensorflow as tf
        (x, y), _ = keras.datasets.mnist.load_data()
        data = tf.data.Dataset.from_tensor_slices((x / 255, y))
        data = data.cache().batch(128).prefetch(1)
        data = data.shuffle(100)  # KD021
        model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10)])
        model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        model.fit(data, epochs=5)
        """,
    )
    good = (
        # Sequences are cut with a first batch; images come shuffled; each element is a batch.
        """
        import keras
        import tensorflow as tf
        text = tf.data.Dataset.from_tensor_slices(load_codes())
        rows = text.batch(101, drop_remainder=True).map(lambda row: (row[:-1], row[1:])).shuffle(1000).batch(64)
        images = keras.utils.image_dataset_from_directory("train").shuffle(1000)
        single = tf.data.Dataset.from_tensor_slices(load_rows()).batch(1).shuffle(1000)
        mixed = tf.data.Dataset.from_tensor_slices(load_rows()).shuffle(1000).batch(8).shuffle(10)
        model = keras.Sequential([keras.layers.Dense(10)])
        model.compile("adam", "mse")
        model.fit(rows, epochs=2)
        model.fit(images, epochs=2)
        model.fit(single, epochs=2)
        model.fit(mixed, epochs=2)
        test = tf.data.Dataset.from_tensor_slices(load_rows()).batch(8).shuffle(10)
        model.evaluate(test)
        """,
        # Random numbers.
        """
        import keras
        import numpy as np
        import tensorflow as tf
        made = tf.data.Dataset.from_tensor_slices((np.random.rand(100, 3), np.random.rand(100))).batch(8).shuffle(10)
        model = keras.Sequential([keras.layers.Dense(10)])
        model.compile("adam", "mse")
        model.fit(made, epochs=2)
        """,
    )


#: Sources whose elements are rows in the order in which they are given.
_PLAIN_SOURCES = frozenset({"tensorflow.data.Dataset.from_tensor_slices", "tensorflow.data.TextLineDataset"})


def _first_shuffled(batch: Transform, shuffle: Transform, batches: int) -> fixing.Draft | None:
    """The two steps in the other order, where the buffer is large enough for rows, too."""
    size, rows = integer(shuffle.args.get("buffer_size")), integer(batch.args.get("batch_size"))
    if size is None or rows is None or size < batches * rows:
        return None
    return fixing.draft("shuffle before batching", fixing.swap_steps(shuffle.node))


def _any(value: Value | None, holds: Callable[[Array], bool]) -> bool:
    """Whether it holds for an array of the structure."""
    if isinstance(value, (Sequence, Mapping)) and not (isinstance(value, Sequence) and value.kind == "list"):
        parts = value.items if isinstance(value, Sequence) else value.entries.values()
        return any(_any(part, holds) for part in parts)
    array = as_data(value)
    return array is not None and holds(array)


def _is_noise(array: Array) -> bool:
    return array.noise


def _is_mixed(array: Array) -> bool:
    """Whether the rows are known to stand in a random order."""
    return array.order == "random"
