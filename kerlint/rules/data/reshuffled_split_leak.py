"""KD003."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.experiment import Experiment, Plain
from kerlint.finding import Severity
from kerlint.library.feeding import OPAQUE, TRAINING, Fed, fed, reshuffles
from kerlint.program.facts import Program
from kerlint.program.scope import exclusive
from kerlint.program.values import Transform
from kerlint.rules.base import Found, Rule
from kerlint.rules.passing import plain_steps, rows_of


class ReshuffledSplitLeak(Rule):
    """A dataset is shuffled and then split with `take` and `skip`: each pass splits it anew.

    `shuffle` gives another order in each pass over the data. What `take(1000)` takes in one pass is not what
    `skip(1000)` leaves out in another.

    ## Why is this bad?
    Over the epochs the model is trained on every row, those of the validation or test too. Its score says nothing about
    rows that it has not seen. A seed does not help: it repeats the program, not the pass.

    ## Example
    ```python
    import tensorflow as tf
    from tensorflow import keras

    x, y = load_rows()
    data = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(1000)  # KD003
    validation = data.take(200).batch(32)
    training = data.skip(200).batch(32)
    model = keras.Sequential([keras.layers.Dense(32, activation="relu"), keras.layers.Dense(1)])
    model.compile(optimizer="adam", loss="mse")
    model.fit(training, validation_data=validation, epochs=10)
    ```

    Use instead:
    ```python
    import tensorflow as tf
    from tensorflow import keras

    x, y = load_rows()
    data = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(1000, seed=0, reshuffle_each_iteration=False)
    validation = data.take(200).batch(32)
    training = data.skip(200).shuffle(800).batch(32)
    model = keras.Sequential([keras.layers.Dense(32, activation="relu"), keras.layers.Dense(1)])
    model.compile(optimizer="adam", loss="mse")
    model.fit(training, validation_data=validation, epochs=10)
    ```

    ## Known limits
    One of the two parts must be what a model is trained on. Where `cache()` stands between, the first full pass may fix
    the order, and nothing is said.

    ## References
    - Measured on TensorFlow 2.21: of 100 numbers, `shuffle(100)`, then `take(30)` and `skip(30)`: 21 of the 30 are in
      both; with `seed=3` 19; with `reshuffle_each_iteration=False` none.
    - https://github.com/tensorflow/tensorflow/issues/59279
    - https://github.com/tensorflow/tensorflow/pull/62782
    """

    code = "KD003"
    name = "reshuffled-split-leak"
    severity = Severity.ERROR
    symptoms = ("too-good",)
    since = "0.1.0"

    def check(self, program: Program) -> Iterator[Found]:
        feeds = list(fed(program))
        told: set[int] = set()
        for training in feeds:
            if training.role != TRAINING:
                continue
            for other in feeds:
                if other.role == TRAINING or exclusive(training.event.path, other.event.path):
                    continue
                leak = _leak(training, other)
                if leak is None or id(leak[0]) in told:
                    continue
                shuffle, ours, theirs = leak
                told.add(id(shuffle))
                yield from self.found(
                    shuffle.node,
                    f"the data is shuffled anew in each pass, so {ours.name}() and {theirs.name}() do not keep "
                    f"training and {other.role} apart",
                    label="another order in each pass",
                    also=[
                        (ours.node, f"the part for training: {ours.name}()"),
                        (theirs.node, f"the part for {other.role}: {theirs.name}()"),
                    ],
                    why=f"over the epochs the model is trained on the rows of the {other.role}",
                    help="shuffle with reshuffle_each_iteration=False before the split, and the part for training "
                    "again after it",
                    about=other.event,
                    experiment=_experiment(training, other),
                )

    bad = (
        """
        import keras
        data = keras.utils.image_dataset_from_directory("images", image_size=(64, 64))  # KD003
        train = data.take(80).prefetch(1)
        test = data.skip(80)
        model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(5, activation="softmax")])
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit(train, epochs=5)
        model.evaluate(test)
        """,
        """
        import keras
        import tensorflow as tf
        def split(data, count):
            return data.take(count), data.skip(count)
        x, y = load()
        train, rest = split(tf.data.Dataset.from_tensor_slices((x, y)).shuffle(2000, seed=12), 800)  # KD003
        validation, test = split(rest, 100)
        model = keras.Sequential([keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(train.batch(8), validation_data=validation.batch(8), epochs=10)
        """,
    )
    good = (
        # Split first, shuffled then; no reshuffling; validation and test share one order only with each other.
        """
        import keras
        import tensorflow as tf
        x, y = load()
        data = tf.data.Dataset.from_tensor_slices((x, y))
        train, test = data.skip(100).shuffle(1000), data.take(100)
        model = keras.Sequential([keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(train.batch(8), validation_data=test.batch(8), epochs=10)
        fixed = data.shuffle(1000, reshuffle_each_iteration=False)
        model.fit(fixed.skip(100).batch(8), validation_data=fixed.take(100).batch(8), epochs=10)
        rest = other().shuffle(10)
        model.fit(train.batch(8), validation_data=rest.take(1))
        """,
        # A first look at some batches of the training data is no split.
        """
        import keras
        import tensorflow as tf
        x, y = load()
        train = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(1000).batch(8)
        model = keras.Sequential([keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(train, epochs=10)
        model.predict(train.take(1))
        model.evaluate(train)
        """,
    )


_SPLITTING = frozenset({"take", "skip", "shard"})


def _experiment(training: Fed, other: Fed) -> Experiment:
    """Both parts over some epochs, and of a shuffle that keeps its order."""
    pairs = zip(training.steps, other.steps)
    shared = next((index for index, (ours, theirs) in enumerate(pairs) if ours is not theirs), 0)
    details: dict[str, Plain] = {"steps": plain_steps(training.steps), "other": plain_steps(other.steps)}
    return Experiment(other.event, "leaks", details={**details, "shared": shared, "rows": rows_of(training.data)})


def _leak(training: Fed, other: Fed) -> tuple[Transform, Transform, Transform] | None:
    """The last common shuffle and the two steps that split after it, if they are there."""
    shared = 0
    for ours, theirs in zip(training.steps, other.steps):
        if ours is not theirs:
            break
        shared += 1
    common = training.steps[:shared]
    shuffles = [index for index, step in enumerate(common) if reshuffles(step)]
    if not shuffles or shared == len(training.steps) or shared == len(other.steps):
        return None
    after = common[shuffles[-1] + 1 :]
    if any(step.name == "cache" or step.name in OPAQUE for step in after):
        return None
    ours, theirs = training.steps[shared], other.steps[shared]
    if ours.name not in _SPLITTING or theirs.name not in _SPLITTING:
        return None
    if training.data.source != other.data.source or (ours.name == theirs.name and ours.name != "shard"):
        return None
    return common[shuffles[-1]], ours, theirs
