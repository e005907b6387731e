"""KD027."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.finding import Severity
from kerlint.library.contracts import arrays_in
from kerlint.library.models import trains_itself
from kerlint.program.constants import NOTHING, constant, truth
from kerlint.program.data_events import Flowed
from kerlint.program.events import Fit
from kerlint.program.facts import Program
from kerlint.program.values import Dataset, Object, Sequence, Value
from kerlint.rules.base import Found, Rule


class PairedLoadersApart(Rule):
    """Images and masks come out of two loaders that do not draw alike.

    ## Why is this bad?
    Each loader shuffles its files, and turns and shifts each image, by random numbers of its own. Without the same seed
    an image is put together with the mask of another one, or with its own mask turned by another angle. Nothing says
    so: the model learns at best where masks usually are.

    ## Example
    ```python
    from tensorflow import keras

    draws = keras.preprocessing.image.ImageDataGenerator(rotation_range=20, rescale=1 / 255)
    images = draws.flow_from_directory("images", class_mode=None, seed=1)
    masks = draws.flow_from_directory("masks", class_mode=None, color_mode="grayscale", seed=2)  # KD027
    model = keras.Sequential([keras.layers.Conv2D(1, 3, padding="same", activation="sigmoid")])
    model.compile(optimizer="adam", loss="binary_crossentropy")
    model.fit(zip(images, masks), steps_per_epoch=100, epochs=10)
    ```

    Use instead:
    ```python
    from tensorflow import keras

    draws = keras.preprocessing.image.ImageDataGenerator(rotation_range=20, rescale=1 / 255)
    images = draws.flow_from_directory("images", class_mode=None, seed=1)
    masks = draws.flow_from_directory("masks", class_mode=None, color_mode="grayscale", seed=1)
    model = keras.Sequential([keras.layers.Conv2D(1, 3, padding="same", activation="sigmoid")])
    model.compile(optimizer="adam", loss="binary_crossentropy")
    model.fit(zip(images, masks), steps_per_epoch=100, epochs=10)
    ```

    ## Known limits
    Only where what comes out of the loaders reaches `fit` as inputs and targets. Seeds that are not known are taken to
    be equal.

    ## References
    - Measured on Keras 3.15.1, `ImageDataGenerator.flow` of 64 numbered images twice: with seeds 1 and 2, and without
      seeds, fewer than one pair in ten belongs together; with the same seed all do.
    """

    code = "KD027"
    name = "paired-loaders-apart"
    severity = Severity.ERROR
    symptoms = ("accuracy-stuck", "wrong-result")
    since = "0.1.0"

    def check(self, program: Program) -> Iterator[Found]:
        flows = {id(event.data): event.dataset for event in program.all(Flowed)}
        told: set[int] = set()
        for fit in program.fits:
            # A class that trains itself may want two kinds of images, and no pairs.
            if not isinstance(fit.x, Dataset) or trains_itself(fit.model):
                continue
            pair = _zipped(fit.x) or _drawn(fit, flows)
            if pair is None or pair[0] is pair[1] or pair[1].node is None or id(pair[1].node) in told:
                continue
            images, masks = pair
            what = _apart(images, masks)
            if what is None:
                continue
            told.add(id(masks.node))
            yield from self.found(
                masks.node,
                f"inputs and targets {what} one without the other: each image gets the mask of another draw",
                label="draws by itself",
                also=[(images.node, "the inputs"), (fit.node, "trained on the pairs")],
                why="two loaders draw alike only with the same seed",
                help="give both loaders the same seed=",
                about=fit,
            )

    bad = (
        """
        import keras
        from keras.preprocessing.image import ImageDataGenerator
        images = ImageDataGenerator(horizontal_flip=True).flow(x, batch_size=8)
        masks = ImageDataGenerator(horizontal_flip=True).flow(y, batch_size=8)  # KD027
        def pairs():
            while True:
                yield next(images) / 255, (next(masks) > 127).astype("float32")
        model = keras.Sequential([keras.layers.Conv2D(1, 3, padding="same", activation="sigmoid")])
        model.compile("adam", "binary_crossentropy")
        model.fit(pairs(), steps_per_epoch=10, epochs=5)
        """,
        """
        import keras
        import tensorflow as tf
        load = keras.utils.image_dataset_from_directory
        images = load("images", label_mode=None)
        masks = load("masks", label_mode=None, color_mode="grayscale")  # KD027
        model = keras.Sequential([keras.layers.Conv2D(1, 3, padding="same", activation="sigmoid")])
        model.compile("adam", "binary_crossentropy")
        model.fit(tf.data.Dataset.zip((images, masks)), epochs=5)
        """,
        """
        import keras
        from keras.preprocessing.image import ImageDataGenerator
        draws = ImageDataGenerator(rotation_range=10)
        images = draws.flow_from_directory("images", class_mode=None, shuffle=False, seed=1)
        masks = draws.flow_from_directory("masks", class_mode=None, shuffle=False)  # KD027
        model = keras.Sequential([keras.layers.Conv2D(1, 3, padding="same", activation="sigmoid")])
        model.compile("adam", "binary_crossentropy")
        model.fit(zip(images, masks), steps_per_epoch=10, epochs=5)
        """,
    )
    good = (
        """
        import keras
        import tensorflow as tf
        from keras.preprocessing.image import ImageDataGenerator
        load = keras.utils.image_dataset_from_directory
        both = tf.data.Dataset.zip((
            load("images", label_mode=None, shuffle=False),
            load("masks", label_mode=None, color_mode="grayscale", shuffle=False),
        ))
        alike = tf.data.Dataset.zip((load("images", label_mode=None, seed=3), load("masks", label_mode=None, seed=3)))
        plain = ImageDataGenerator(rescale=1 / 255)
        images = plain.flow_from_directory("images", class_mode=None, shuffle=False)
        masks = plain.flow_from_directory("masks", class_mode=None, shuffle=False)
        draws, seed = ImageDataGenerator(rotation_range=10), choose()
        turned = zip(draws.flow(x, seed=seed), draws.flow(y, seed=seed))
        model = keras.Sequential([keras.layers.Conv2D(1, 3, padding="same", activation="sigmoid")])
        model.compile("adam", "binary_crossentropy")
        model.fit(both, epochs=5)
        model.fit(alike, epochs=5)
        model.fit(zip(images, masks), steps_per_epoch=10, epochs=5)
        model.fit(turned, steps_per_epoch=10, epochs=5)
        model.fit(draws.flow(x, y), epochs=5)
        """,
        # Images of two kinds that are no pairs, and a loader whose targets are its own.
        """
        import keras
        from keras.preprocessing.image import ImageDataGenerator
        draws = ImageDataGenerator(horizontal_flip=True)
        class Cycle(keras.Model):
            def train_step(self, data):
                horses, zebras = data
                return {"loss": step(self, horses, zebras)}
        def batches(flow):
            while True:
                images, labels = next(flow)
                yield images, labels
        cycle = Cycle()
        cycle.compile("adam")
        cycle.fit(zip(draws.flow(horses), draws.flow(zebras)), steps_per_epoch=10)
        model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(5, activation="softmax")])
        model.compile("adam", "categorical_crossentropy")
        model.fit(batches(draws.flow_from_directory("train")), steps_per_epoch=10)
        """,
    )


#: Options of a generator with which it changes images at random.
_DRAWING = frozenset(
    """rotation_range width_shift_range height_shift_range shear_range zoom_range horizontal_flip vertical_flip
    """.split()
)


def _zipped(data: Dataset) -> tuple[Dataset, Dataset] | None:
    """The two loaders of directories whose elements `tf.data.Dataset.zip` puts together."""
    parts = data.args.get("datasets") if data.source.endswith(".zip") else None
    found = parts.exact if isinstance(parts, Sequence) else None
    if found is None or len(found) != 2:
        return None
    first, second = found
    if not isinstance(first, Dataset) or not isinstance(second, Dataset):
        return None
    both = all(part.source.endswith("_dataset_from_directory") for part in (first, second))
    return (first, second) if both else None


def _drawn(fit: Fit, flows: dict[int, Dataset]) -> tuple[Dataset, Dataset] | None:
    """The generators that the inputs and the targets of a batch come out of."""
    element = fit.x.element if isinstance(fit.x, Dataset) else None
    parts = element.exact if isinstance(element, Sequence) and element.kind == "tuple" else None
    if parts is None or len(parts) < 2:
        return None
    x, y = _flow(parts[0], flows), _flow(parts[1], flows)
    return None if x is None or y is None else (x, y)


def _flow(value: Value, flows: dict[int, Dataset]) -> Dataset | None:
    """The only generator that images come out of; None where they are no images of one."""
    found = {id(array): flows[id(array)] for data in arrays_in(value) for array in data.history() if id(array) in flows}
    return next(iter(found.values())) if len(found) == 1 else None


def _apart(first: Dataset, second: Dataset) -> str | None:
    """What the two do at random, each for itself."""
    seeds = [constant(loader.args["seed"]) if "seed" in loader.args else None for loader in (first, second)]
    if NOTHING in seeds or (seeds[0] == seeds[1] and seeds[0] is not None):
        return None
    mixed = [truth(loader.args["shuffle"]) if "shuffle" in loader.args else True for loader in (first, second)]
    if None in mixed:
        return None
    if True in mixed:
        return "are shuffled"
    return "are turned and shifted at random" if _draws(first) or _draws(second) else None


def _draws(loader: Dataset) -> bool:
    generator = loader.args.get("generator")
    given = generator.args if isinstance(generator, Object) else {}
    return any(constant(given[name]) not in (None, False, 0, NOTHING) for name in _DRAWING & given.keys())
