"""KD002."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.experiment import Experiment, Plain
from kerlint.finding import Severity
from kerlint.library.feeding import OPAQUE, TRAINING, Fed, fed, reshuffles
from kerlint.program.constants import integer
from kerlint.program.facts import Program
from kerlint.program.values import Transform
from kerlint.rules.base import Found, Rule
from kerlint.rules.passing import plain_steps, rows_of


class CacheFreezesRandomness(Rule):
    """`cache()` comes after a shuffle or a random augmentation, and keeps what the first epoch drew.

    ## Why is this bad?
    From the second epoch on the model sees the same order, or the same crops, flips and colours of each image,
    as in the first one. An augmentation that never changes anything is no augmentation.

    ## Example
    ```python
    import tensorflow as tf
    from tensorflow import keras

    images, labels = load_images()
    data = tf.data.Dataset.from_tensor_slices((images, labels)).shuffle(1000)
    data = data.map(lambda x, y: (tf.image.random_flip_left_right(x), y))
    data = data.batch(32).cache()  # KD002
    model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    model.fit(data, epochs=10)
    ```

    Use instead:
    ```python
    import tensorflow as tf
    from tensorflow import keras

    images, labels = load_images()
    data = tf.data.Dataset.from_tensor_slices((images, labels)).cache().shuffle(1000)
    data = data.map(lambda x, y: (tf.image.random_flip_left_right(x), y))
    data = data.batch(32)
    model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    model.fit(data, epochs=10)
    ```

    ## Known limits
    Only datasets that a model is trained on for more than one epoch. A shuffle after the cache makes up for one before
    it. A step of one's own is random where it surely calls a function or layer that is.

    ## References
    - Measured on TensorFlow 2.21: two passes over `range(8).shuffle(8).cache()` give the same order, and two over
      `map(random).cache()` the same numbers.
    - https://www.tensorflow.org/guide/data_performance#caching
    """

    code = "KD002"
    name = "cache-freezes-randomness"
    severity = Severity.WARNING
    symptoms = ("overfit",)
    since = "0.1.0"
    in_tests = False

    def check(self, program: Program) -> Iterator[Found]:
        told: set[int] = set()
        for feed in fed(program):
            found = _frozen(feed) if feed.role == TRAINING and feed.again else None
            if found is None or id(found[0]) in told:
                continue
            cache, step = found
            told.add(id(cache))
            draw = step.draws[0] if step.draws else None
            if draw is not None:
                what = f"the random {draw.name.rpartition('.')[2]} of {step.name}()"
                kept = "each epoch gets what the first one drew"
            else:
                what, kept = "the shuffled order", "each epoch goes through the same order"
            yield from self.found(
                cache.node,
                f"cache() keeps {what}: {kept}",
                label="keeps what the first pass gave",
                also=[
                    (draw.node if draw is not None else step.node, "random, before the cache"),
                    (feed.place, "the model is trained on it"),
                ],
                why="after the first pass the elements come out of the cache, and nothing before it runs again",
                help="call cache() before shuffle() and before everything random",
                about=feed.event,
                experiment=_experiment(feed),
            )

    bad = (
        """
        import keras
        data = keras.utils.image_dataset_from_directory("train").cache()  # KD002
        model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit(data.prefetch(1), epochs=3)
        """,
        """
        import keras
        import tensorflow as tf
        augment = keras.Sequential([keras.layers.RandomFlip(), keras.layers.RandomRotation(0.1)])
        data = tf.data.Dataset.from_tensor_slices(load()).batch(8).map(lambda x, y: (augment(x, training=True), y))
        data = data.cache().shuffle(10)  # KD002
        model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit(data, epochs=3)
        """,
    )
    good = (
        """
        import keras
        import tensorflow as tf
        train = keras.utils.image_dataset_from_directory("train").cache().shuffle(100)
        test = keras.utils.image_dataset_from_directory("test").cache()
        fixed = tf.data.Dataset.from_tensor_slices(load()).shuffle(9, reshuffle_each_iteration=False).batch(8).cache()
        plain = tf.data.Dataset.from_tensor_slices(load()).map(lambda x, y: (x / 255, y)).batch(8).cache()
        still = keras.layers.RandomFlip()
        calm = tf.data.Dataset.from_tensor_slices(load()).batch(8)
        calm = calm.map(lambda x, y: (still(x, training=False), y)).cache()
        once = keras.utils.image_dataset_from_directory("train").cache()
        model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit(train, epochs=3, validation_data=test)
        model.fit(fixed, epochs=3)
        model.fit(plain, epochs=3)
        model.fit(calm, epochs=3)
        model.fit(once)
        """,
    )


def _experiment(feed: Fed) -> Experiment:
    """Two passes over the dataset, and over one that is cached before all else."""
    steps = feed.steps
    early = [step for step in steps if step.name == "cache"] + [step for step in steps if step.name != "cache"]
    details: dict[str, Plain] = {"steps": plain_steps(steps), "other": plain_steps(early), "rows": rows_of(feed.data)}
    return Experiment(feed.event, "frozen", details=details)


def _frozen(feed: Fed) -> tuple[Transform, Transform] | None:
    """The cache, and the last random step before it that nothing after it makes up for."""
    steps = feed.steps
    caches = [index for index, step in enumerate(steps) if step.name == "cache"]
    if not caches or any(step.name in OPAQUE - {"unbatch", "flat_map", "interleave"} for step in steps):
        return None
    last = caches[-1]
    if any(step.name == "take" and integer(step.args.get("count")) == 1 for step in steps):
        # One batch, to see whether the model can learn it by heart.
        return None
    random = next((step for step in reversed(steps[:last]) if step.draws), None)
    if random is None and not any(step.name == "shuffle" for step in steps[last:]):
        random = next((step for step in reversed(steps[:last]) if reshuffles(step)), None)
    return (steps[last], random) if random is not None else None
