"""KD006."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint import syntax
from kerlint.finding import Severity
from kerlint.library.feeding import PREDICTION, TRAINING, VALIDATION, Fed, fed
from kerlint.program.constants import constant
from kerlint.program.facts import Program
from kerlint.program.labels import Step
from kerlint.program.values import Dataset, Object
from kerlint.rules.base import Found, Rule


class AugmentationOnEvalData(Rule):
    """The data for validation or test is augmented at random, as that for training is.

    ## Why is this bad?
    The score is that of images which were turned, cropped and coloured by chance: it is lower than what the model
    reaches on real ones, and another one each time, so that neither early stopping nor a comparison can rely on it.

    ## Example
    ```python
    from tensorflow import keras
    from tensorflow.keras.preprocessing.image import ImageDataGenerator

    make = ImageDataGenerator(rescale=1 / 255, rotation_range=30, horizontal_flip=True)
    train = make.flow_from_directory("train")
    test = make.flow_from_directory("test")
    model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(5, activation="softmax")])
    model.compile(optimizer="adam", loss="categorical_crossentropy")
    model.fit(train, validation_data=test, epochs=10)  # KD006
    ```

    Use instead:
    ```python
    from tensorflow import keras
    from tensorflow.keras.preprocessing.image import ImageDataGenerator

    train = ImageDataGenerator(rescale=1 / 255, rotation_range=30, horizontal_flip=True).flow_from_directory("train")
    test = ImageDataGenerator(rescale=1 / 255).flow_from_directory("test")
    model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(5, activation="softmax")])
    model.compile(optimizer="adam", loss="categorical_crossentropy")
    model.fit(train, validation_data=test, epochs=10)
    ```

    ## Known limits
    A generator with `validation_split` that serves both parts is advice: with one generator there is no other way.
    Predictions in a loop may be averaged on purpose, and are left alone.

    ## References
    - Measured on Keras 3.15.1: a `RandomFlip` or `RandomRotation` that is called without `training` changes the images,
      in `Dataset.map` too; with `training=False` it does not.
    - https://www.tensorflow.org/tutorials/images/data_augmentation
    """

    code = "KD006"
    name = "augmentation-on-eval-data"
    severity = Severity.WARNING
    symptoms = ("accuracy-stuck", "wrong-result", "irreproducible")
    since = "0.1.0"
    in_tests = False

    def check(self, program: Program) -> Iterator[Found]:
        trained = [feed.data for feed in fed(program) if feed.role == TRAINING]
        told: set[int] = set()
        for feed in fed(program):
            if feed.role == TRAINING or (feed.event.loops and feed.role != VALIDATION):
                continue
            found = _augmented(feed)
            if found is None or id(feed.data) in told or any(feed.data is data for data in trained):
                continue
            told.add(id(feed.data))
            what, place = found
            yield from self.found(
                feed.place,
                f"the data for {feed.role} is augmented at random ({what})",
                label="augmented",
                also=[(place if place is not feed.place else None, "changes the images at random")],
                why="the score is that of images changed by chance, and another one in each pass",
                help="augment the training data only: make a second generator, or map the augmentation over the "
                "training part",
                severity=Severity.ADVICE if _shares(feed) else None,
                about=feed.event,
            )

    bad = (
        """
        import keras
        import tensorflow as tf
        flip = keras.layers.RandomFlip("horizontal")
        def prepare(image, label):
            return flip(image) / 255, label
        train = keras.utils.image_dataset_from_directory("train").map(prepare)
        test = keras.utils.image_dataset_from_directory("test").map(prepare)
        model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(5, activation="softmax")])
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit(train, epochs=10)
        model.evaluate(test)  # KD006
        """,
        """
        import keras
        from keras.preprocessing.image import ImageDataGenerator
        make = ImageDataGenerator(zoom_range=0.2, validation_split=0.2)
        train = make.flow_from_directory("train", subset="training")
        test = make.flow_from_directory("train", subset="validation")
        model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(5, activation="softmax")])
        model.compile("adam", "categorical_crossentropy")
        model.fit(train, validation_data=test, epochs=10)  # KD006
        """,
    )
    good = (
        """
        import keras
        import tensorflow as tf
        from keras.preprocessing.image import ImageDataGenerator
        def prepare(image, label, augment):
            if augment:
                image = tf.image.random_flip_left_right(image)
            return image / 255, label
        train = keras.utils.image_dataset_from_directory("train").map(lambda x, y: prepare(x, y, True))
        test = keras.utils.image_dataset_from_directory("test").map(lambda x, y: prepare(x, y, False))
        model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(5, activation="softmax")])
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit(train, epochs=10, validation_data=test)
        model.fit(train, epochs=10, validation_data=train)
        flow = ImageDataGenerator(rotation_range=0, horizontal_flip=False, samplewise_center=True)
        model.evaluate(flow.flow_from_directory("test"))
        model.evaluate(train)
        turned = ImageDataGenerator(rotation_range=20)
        scores = [model.predict(turned.flow(images, shuffle=False)) for _ in range(9)]
        noise = tf.data.Dataset.from_tensor_slices(images()).map(lambda x: x + tf.random.normal((9,)))
        model.predict(noise)
        """,
    )


#: Arguments of `ImageDataGenerator` that change images at random.
_RANDOM = (
    "rotation_range",
    "width_shift_range",
    "height_shift_range",
    "brightness_range",
    "shear_range",
    "zoom_range",
    "channel_shift_range",
    "horizontal_flip",
    "vertical_flip",
)


def _augmented(feed: Fed) -> tuple[str, syntax.Node | None] | None:
    """What surely changes the images of the data at random, and where that is said."""
    generator = feed.data.args.get("generator")
    if isinstance(generator, Object):
        for name in _RANDOM:
            found = constant(generator.args[name]) if name in generator.args else None
            if found is True or (isinstance(found, (int, float)) and found > 0):
                return name, generator.places.get(name)
        return None
    if feed.role == PREDICTION:
        return None
    draw = next((draw for step in feed.steps for draw in step.draws if _is_augmentation(draw)), None)
    return (draw.name.rpartition(".")[2], draw.node) if draw is not None else None


def _is_augmentation(draw: Step) -> bool:
    return draw.name.startswith(("tensorflow.image.random_", "keras.layers.Random"))


def _shares(feed: Fed) -> bool:
    """Whether one generator makes both parts of a split."""
    data: Dataset = feed.data
    return "subset" in data.args
