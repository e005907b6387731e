"""KD024."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil

from kerlint.finding import Safety, Severity
from kerlint.library.training import structure_rows
from kerlint.program.constants import integer
from kerlint.program.events import Fit
from kerlint.program.facts import Program
from kerlint.program.values import Const, Dataset
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
    The number of batches must be known: known data sets, literals, random numbers. Arrays for which no `batch_size` is
    given have as many batches as are asked for: Keras makes the batches smaller.

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

    bad = (
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
