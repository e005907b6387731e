"""KD024."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil

from kerlint.finding import Safety, Severity
from kerlint.library.training import structure_rows
from kerlint.program.constants import integer
from kerlint.program.events import Fit
from kerlint.program.facts import Program
from kerlint.program.values import LENGTH, Const, Dataset, Mapping, Object, Sequence, Value
from kerlint.rules import fixing
from kerlint.rules.base import Found, Rule


class StepsVsCardinality(Rule):
    """`steps_per_epoch` asks for more batches than the data has.

    ## Why is this bad?
    Keras 3 warns that "your input ran out of data" in each epoch and ends it early: an epoch is one pass over the data
    all the same, and callbacks or schedules that count the steps are wrong. Keras 2 ends the whole training: what was
    meant to be ten epochs may be one.

    ## Example
    ```python
    import tensorflow as tf
    from tensorflow import keras

    (x, y), _ = keras.datasets.mnist.load_data()
    data = tf.data.Dataset.from_tensor_slices((x / 255, y)).shuffle(60000).batch(128)
    model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    model.fit(data, epochs=5, steps_per_epoch=1000)  # KD024
    ```

    Use instead:
    ```python
    import tensorflow as tf
    from tensorflow import keras

    (x, y), _ = keras.datasets.mnist.load_data()
    data = tf.data.Dataset.from_tensor_slices((x / 255, y)).shuffle(60000).batch(128)
    model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    model.fit(data, epochs=5)
    ```

    ## Known limits
    The number of batches must be known: known data sets, literals, random numbers. Where that of the rows is not known,
    only `steps_per_epoch=len(x)` of batches of more than one row. Arrays for which no `batch_size` is given have as
    many batches as are asked for: Keras makes the batches smaller.

    ## References
    - Measured, 256 rows in batches of 32: with `steps_per_epoch=20` and 3 epochs Keras 3.15.1 warns three times and
      makes 8 steps in each; with `steps_per_epoch=8` it makes 8 in each without a word, where Keras 2 ends after the
      first epoch. Keras 3.0 to 3.6 warn then, too, and every second epoch is empty.
    - Measured: an array of 256 rows with `steps_per_epoch=20` and no `batch_size` gives 20 steps in each epoch, on
      Keras 2.15 and 3.15.1 alike.
    - https://github.com/keras-team/keras/issues/12773
    """

    code = "KD024"
    name = "steps-vs-cardinality"
    severity = Severity.WARNING
    fix = Safety.UNSAFE
    symptoms = ("slow-learning", "wrong-result")
    since = "0.1.0"
    in_tests = False

    def check(self, program: Program) -> Iterator[Found]:
        old = program.target.keras < 3
        for fit in program.fits:
            yield from self._rows(fit, old)
            steps = integer(fit.args.get("steps_per_epoch"))
            if steps is None or steps < 1 or fit.open:
                continue
            count = _batches(fit, steps)
            if count is None or count < 1:
                continue
            given = fit.args.get("epochs")
            epochs = 1 if given is None else integer(given)
            is_dataset = isinstance(fit.x, Dataset)
            if steps > count:
                message = f"steps_per_epoch={steps}, but the data has {count} batches"
            elif old and is_dataset and epochs is not None and steps * epochs > count:
                message = f"{epochs} epochs of {steps} steps need {steps * epochs} batches, and the data has {count}"
            else:
                continue
            yield from self.found(
                fit.places.get("steps_per_epoch"),
                message,
                label="more than there is",
                also=[(fit.places.get("x"), f"{count} batches")],
                why="Keras 2 ends the training when the data runs out"
                if old
                else "Keras 3 warns, and ends each epoch when the data runs out",
                help="leave steps_per_epoch out, so that an epoch is one pass over the data"
                + (", or repeat() the dataset" if is_dataset else ""),
                about=fit,
                fix=fixing.draft("leave steps_per_epoch out", fixing.drop(fit, "steps_per_epoch")),
            )

    def _rows(self, fit: Fit, old: bool) -> Iterator[Found]:
        """As many steps as there are rows, where a step takes several of them."""
        size = _size_of_batches(fit)
        if size is None or size < 2 or fit.open or not _is_length(fit.args.get("steps_per_epoch"), fit):
            return
        yield from self.found(
            fit.places.get("steps_per_epoch"),
            f"steps_per_epoch is the number of rows, but each step takes {size} of them",
            label=f"{size} times as many as there are batches",
            also=[(fit.places.get("x"), f"in batches of {size}")],
            why="Keras 2 ends the training when the data runs out, in the first epoch"
            if old
            else "Keras 3 warns, and ends each epoch when the data runs out",
            help="leave steps_per_epoch out, so that an epoch is one pass over the data",
            about=fit,
            fix=fixing.draft("leave steps_per_epoch out", fixing.drop(fit, "steps_per_epoch")),
        )

    bad = (
        """
        import keras
        import numpy as np
        import tensorflow as tf
        x, y = np.load("x.npy"), np.load("y.npy")
        data = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(len(x)).batch(32).prefetch(1)
        model = keras.Sequential([keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(data, epochs=3, steps_per_epoch=len(x))  # KD024
        model.fit(x, y, epochs=3, batch_size=16, steps_per_epoch=len(y))  # KD024
        """,
        """
        import keras
        import numpy as np
        model = keras.Sequential([keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(np.zeros((256, 3)), np.zeros((256, 1)), 32, steps_per_epoch=20)  # KD024
        model.fit(np.zeros((256, 3)), np.zeros((256, 1)), steps_per_epoch=200)  # KD024
        """,
        """
        import numpy as np
        import tensorflow as tf
        import tf_keras as keras
        data = tf.data.Dataset.from_tensor_slices((np.zeros((256, 3)), np.zeros((256, 1)))).batch(32)
        model = keras.Sequential([keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(data, steps_per_epoch=8, epochs=3)  # KD024
        """,
    )
    good = (
        """
        import keras
        import numpy as np
        import tensorflow as tf
        x, y, z = np.load("x.npy"), np.load("y.npy"), np.load("z.npy")
        data = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(len(x))
        model = keras.Sequential([keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(data.batch(1), epochs=3, steps_per_epoch=len(x))
        model.fit(data.repeat().batch(32), epochs=3, steps_per_epoch=len(x))
        model.fit(data.batch(32), epochs=3, steps_per_epoch=len(x) // 32)
        model.fit(data.batch(32), epochs=3, steps_per_epoch=len(z))
        model.fit(data.window(8).flat_map(pairs).batch(32), epochs=3, steps_per_epoch=len(x))
        model.fit(x, y, epochs=3, batch_size=1, steps_per_epoch=len(x))
        """,
        """
        import keras
        import numpy as np
        import tensorflow as tf
        data = tf.data.Dataset.from_tensor_slices((np.zeros((256, 3)), np.zeros((256, 1))))
        model = keras.Sequential([keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(data.batch(32), steps_per_epoch=8, epochs=3)
        model.fit(data.batch(32).repeat(), steps_per_epoch=80, epochs=3)
        model.fit(data.repeat().batch(32), steps_per_epoch=80, epochs=3)
        model.fit(data.batch(size()), steps_per_epoch=80, epochs=3)
        model.fit(np.zeros((256, 3)), np.zeros((256, 1)), steps_per_epoch=8)
        # Without a batch size there are 20 batches of 13 rows.
        model.fit(np.zeros((256, 3)), np.zeros((256, 1)), steps_per_epoch=20)
        model.fit(np.zeros((256, 3)), np.zeros((256, 1)), None, steps_per_epoch=20)
        model.fit(np.zeros((256, 3)), np.zeros((256, 1)), steps_per_epoch=20, batch_size=size())
        """,
    )


#: Steps of a dataset that leave the number of its elements as it is.
_KEEPING = frozenset({"shuffle", "prefetch", "cache", "map", "with_options"})


def _size_of_batches(fit: Fit) -> int | None:
    """The rows of each batch of arrays, if that is said, or of a dataset of slices that ends."""
    if not isinstance(fit.x, Dataset):
        # Without a size Keras makes the batches as small as it takes.
        return integer(fit.args.get("batch_size"))
    steps = [step for step in fit.x.transforms if step.name not in _KEEPING]
    if len(steps) != 1 or steps[0].name != "batch" or not fit.x.source.endswith(".from_tensor_slices"):
        return None
    return integer(steps[0].args.get("batch_size"))


def _is_length(steps: Value | None, fit: Fit) -> bool:
    """Whether a number of steps is `len(...)` of something that the model is trained on."""
    if not isinstance(steps, Object) or steps.name != LENGTH:
        return False
    whole = steps.args.get("of")
    data = [fit.x.args.get("tensors")] if isinstance(fit.x, Dataset) else [fit.x, fit.y]
    while data:
        part = data.pop()
        if part is whole:
            return whole is not None
        data.extend(
            part.items if isinstance(part, Sequence) else part.entries.values() if isinstance(part, Mapping) else ()
        )
    return False


def _batches(fit: Fit, steps: int) -> int | None:
    """How many batches the data of a training call has."""
    if isinstance(fit.x, Dataset):
        return fit.x.cardinality
    rows = structure_rows(fit.x)
    if rows is None:
        return None
    size = fit.args.get("batch_size")
    if size is None or (isinstance(size, Const) and size.value is None):
        # Keras cuts the rows into as many batches as it is asked for.
        size = Const(ceil(rows / steps))
    batch = integer(size)
    return ceil(rows / batch) if batch else None
