"""KD009."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kerlint import syntax
from kerlint.experiment import Experiment, Plain
from kerlint.finding import Safety, Severity
from kerlint.library.feeding import EVALUATION, TRAINING, VALIDATION, Fed, fed
from kerlint.program.constants import constant, integer, truth
from kerlint.program.events import ApplyGradients
from kerlint.program.facts import Program
from kerlint.program.values import Dataset
from kerlint.rules import fixing
from kerlint.rules.base import Found, Rule
from kerlint.rules.passing import plain_steps


class InfiniteDatasetWithoutSteps(Rule):
    """A model gets data without an end, and nobody says how many batches make an epoch.

    `repeat()` without a number never ends, and neither does a generator with `while True`.

    ## Why is this bad?
    Keras goes on to the end of the data, which never comes: the first epoch, the first validation or the evaluation
    runs for ever.

    ## Example
    ```python
    import tensorflow as tf
    from tensorflow import keras

    x, y = load_rows()
    data = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(1000).repeat().batch(32)
    model = keras.Sequential([keras.layers.Dense(32, activation="relu"), keras.layers.Dense(1)])
    model.compile(optimizer="adam", loss="mse")
    model.fit(data, epochs=10)  # KD009
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
    A generator counts where its `while True` has no way out.

    ## References
    - Measured: Keras 3.15.1 does not return from `fit`, from its validation or from `evaluate`; Keras 2 raises "When
      providing an infinite dataset, you must specify the number of steps to run" for a dataset with `repeat()`.
    """

    code = "KD009"
    name = "infinite-dataset-without-steps"
    severity = Severity.ERROR
    fix = Safety.UNSAFE
    symptoms = ("slow-run", "crash")
    since = "0.1.0"

    def check(self, program: Program) -> Iterator[Found]:
        feeds = list(fed(program))
        for feed in feeds:
            endless = _endless(feed.data)
            if endless is None or isinstance(feed.event, ApplyGradients) or _has_steps(feed):
                continue
            raises = program.target.keras < 3 and feed.data.source != "generator"
            yield from self.found(
                feed.place,
                f"the data of the {feed.role} has no end, and {_ARGUMENTS[feed.role]} is not given",
                label="never ends",
                also=[(endless if endless is not feed.place else None, "without an end from here on")],
                why="Keras 2 refuses it" if raises else "Keras goes on to the end of the data, and waits for ever",
                help=f"leave repeat() out, or say how many batches to take: {_ARGUMENTS[feed.role]}=...",
                about=feed.event,
                fix=_without_end(endless, feeds),
                experiment=_experiment(feed),
            )

    bad = (
        # The training says how many, and needs the dataset as it is: no fix for the other.
        """
        import keras
        import tensorflow as tf
        data = tf.data.Dataset.from_tensor_slices((load_x(), load_y())).batch(32).repeat()
        model = keras.Sequential([keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(data, epochs=3, steps_per_epoch=100)
        model.evaluate(data)  # KD009
        """,
        """
        import keras
        import tensorflow as tf
        train = tf.data.Dataset.from_tensor_slices(load_rows()).batch(8)
        test = tf.data.Dataset.from_tensor_slices(load_rows()).repeat(-1).batch(8)
        model = keras.Sequential([keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(train, epochs=5, validation_data=test)  # KD009
        model.evaluate(test)  # KD009
        model.predict(test)  # KD009
        """,
        """
        import keras
        import numpy as np
        def batches(size):
            while True:
                for start in range(0, 1000, size):
                    if start > 500:
                        break
                    yield np.zeros((size, 4)), np.zeros((size, 1))
        model = keras.Sequential([keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(batches(32), epochs=5)  # KD009
        """,
        """
        import keras
        import tensorflow as tf
        def rows():
            while 1:
                yield draw()
        data = tf.data.Dataset.from_generator(rows, output_signature=tf.TensorSpec((4,), tf.float32)).batch(8)
        model = keras.Sequential([keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(data.map(lambda x: (x, x[:, :1])), epochs=5)  # KD009
        """,
    )
    good = (
        """
        import keras
        import tensorflow as tf
        train = tf.data.Dataset.from_tensor_slices(load_rows()).batch(8).repeat()
        model = keras.Sequential([keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(train, epochs=5, steps_per_epoch=10)
        model.fit(train.take(10), epochs=5)
        model.fit(train, epochs=5, steps_per_epoch=10, validation_data=train, validation_steps=3)
        model.evaluate(train, steps=3)
        model.fit(tf.data.Dataset.from_tensor_slices(load_rows()).batch(8).repeat(3))
        model.fit(train, **options())
        """,
        # Ways out of the loop.
        """
        import keras
        def some():
            while True:
                batch = read()
                if batch is None:
                    return
                yield batch
        def others():
            while True:
                batch = read()
                if batch is None:
                    break
                yield batch
        def last():
            while True:
                yield next(source)
        def until():
            while True:
                try:
                    yield next(source)
                except StopIteration:
                    raise
        model = keras.Sequential([keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(some())
        model.fit(others())
        model.fit(until())
        """,
        # Images from a generator of Keras know their number.
        """
        import keras
        from keras.preprocessing.image import ImageDataGenerator
        flow = ImageDataGenerator(rescale=1 / 255).flow_from_directory("train")
        model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(flow, epochs=3, validation_data=flow)
        """,
    )


_ARGUMENTS = {TRAINING: "steps_per_epoch", VALIDATION: "validation_steps", EVALUATION: "steps", "prediction": "steps"}


def _experiment(feed: Fed) -> Experiment:
    """The call that the data is for, on a few rows."""
    source = "generator" if truth(feed.data.args.get("endless")) is True else "dataset"
    details: dict[str, Plain] = {"role": feed.role, "source": source, "steps": plain_steps(feed.steps)}
    return Experiment(feed.event, "endless", details=details)


def _has_steps(feed: Fed) -> bool:
    """Whether the number of batches is given, or may be."""
    event = feed.event
    if isinstance(event, ApplyGradients) or event.open:
        return True
    names = (_ARGUMENTS[feed.role], "samples_per_epoch", "nb_val_samples", "val_samples")
    return any(name in event.args and constant(event.args[name]) is not None for name in names)


def _without_end(endless: syntax.Node, feeds: Sequence[Fed]) -> fixing.Draft | None:
    """The dataset without its `repeat()`, unless somebody needs that."""
    func = endless.func if isinstance(endless, syntax.Call) else None
    if not isinstance(func, syntax.Attribute) or func.attr != "repeat":
        return None
    if any(_endless(feed.data) is endless and _has_steps(feed) for feed in feeds):
        return None
    return fixing.draft("leave repeat() out", fixing.drop_step(endless))


def _endless(data: Dataset) -> syntax.Node | None:
    """What makes the data endless; None if nothing is known to."""
    found = data.origin or data.node if truth(data.args.get("endless")) is True else None
    for step in data.transforms:
        count = step.args.get("count")
        if step.name == "repeat" and (count is None or constant(count) is None or integer(count) == -1):
            found = step.node
        elif step.name == "take" and integer(count) != -1:
            found = None
        elif step.name in ("take_while", "apply", "flat_map", "interleave", "concatenate", "scan"):
            return None
    return found
