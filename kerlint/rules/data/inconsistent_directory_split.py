"""KD005."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint import syntax
from kerlint.finding import Severity
from kerlint.library.feeding import TRAINING, Fed, fed
from kerlint.program.constants import NOTHING, constant, number, text, truth
from kerlint.program.facts import Program
from kerlint.program.scope import exclusive
from kerlint.program.values import Dataset, Object, Value
from kerlint.rules.base import Found, Rule


class InconsistentDirectorySplit(Rule):
    """The two calls that split a directory into training and validation do not agree.

    Each call lists all files, shuffles them with its seed and takes its part. Only with the same seed, the same
    `validation_split` and the same `shuffle` in both do the parts complement one another.

    ## Why is this bad?
    With different arguments the same files are in both parts, and the validation tells how well the model remembers.
    With `shuffle=False` in both, the last part of the files is the validation: the last classes of the alphabet.

    ## Example
    ```python
    from tensorflow import keras

    load = keras.utils.image_dataset_from_directory
    train = load("images", validation_split=0.2, subset="training", seed=1)
    test = load("images", validation_split=0.2, subset="validation", seed=2)  # KD005
    model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(5, activation="softmax")])
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    model.fit(train, validation_data=test, epochs=10)
    ```

    Use instead:
    ```python
    from tensorflow import keras

    train, test = keras.utils.image_dataset_from_directory("images", validation_split=0.2, subset="both", seed=1)
    model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(5, activation="softmax")])
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    model.fit(train, validation_data=test, epochs=10)
    ```

    ## Known limits
    Only parts that a model gets are compared, and only of the same directory.

    ## References
    - Measured on Keras 3.15.1: with two seeds, 4 of 6 files of the validation were in the training, too; with
      `shuffle=False` the validation held the last class only. A missing seed raises, the rest is silent.
    """

    code = "KD005"
    name = "inconsistent-directory-split"
    severity = Severity.ERROR
    symptoms = ("too-good", "accuracy-stuck")
    since = "0.1.0"

    def check(self, program: Program) -> Iterator[Found]:
        feeds = [feed for feed in fed(program) if "subset" in _split_args(feed.data)]
        told: set[int] = set()
        for training in feeds:
            for other in feeds:
                if training.role != TRAINING or other.role == TRAINING or id(other.made) in told:
                    continue
                if exclusive(training.event.path, other.event.path) or not _same_files(training.data, other.data):
                    continue
                fault = _fault(training, other)
                if fault is None or other.made is None:
                    continue
                told.add(id(other.made))
                message, why, severity = fault
                yield from self.found(
                    other.made,
                    message,
                    label=f"the part for {other.role}",
                    also=[(_apart(training.made, other.made), "the part for training")],
                    why=why,
                    help='give both calls the same seed, validation_split and shuffle, or ask for subset="both"',
                    severity=severity,
                    about=other.event,
                )

    bad = (
        """
        import keras
        folder, load = "images", keras.utils.image_dataset_from_directory
        train = load(folder, validation_split=0.2, subset="training", seed=1)
        test = load(folder, validation_split=0.3, subset="validation", seed=1)  # KD005
        plain = load(folder, validation_split=0.2, subset="validation", seed=1, shuffle=False)  # KD005
        again = load(folder, validation_split=0.2, subset="training", seed=1)  # KD005
        model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(5, activation="softmax")])
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit(train.prefetch(1), validation_data=test.prefetch(1), epochs=10)
        model.evaluate(plain)
        model.evaluate(again)
        """,
        """
        import keras
        from keras.preprocessing.image import ImageDataGenerator
        train = ImageDataGenerator(validation_split=0.2, horizontal_flip=True)
        test = ImageDataGenerator(validation_split=0.3)
        model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(5, activation="softmax")])
        model.compile("adam", "categorical_crossentropy")
        model.fit(
            train.flow_from_directory("images", subset="training"),
            validation_data=test.flow_from_directory("images", subset="validation"),  # KD005
        )
        """,
        """
        import keras
        load = keras.utils.image_dataset_from_directory
        train = load("images", validation_split=0.2, subset="training", shuffle=False)
        test = load("images", validation_split=0.2, subset="validation", shuffle=False)  # KD005
        model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(5, activation="softmax")])
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit(train, validation_data=test)
        """,
    )
    good = (
        """
        import keras
        from keras.preprocessing.image import ImageDataGenerator
        load = keras.utils.image_dataset_from_directory
        train = load("images", validation_split=0.2, subset="training", seed=1, batch_size=32)
        test = load("images", validation_split=0.2, subset="validation", seed=1, batch_size=64)
        last = load("test", validation_split=0.5, subset="validation", seed=2)
        model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(5, activation="softmax")])
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit(train, validation_data=test, epochs=10)
        model.evaluate(last)
        model.evaluate(load("other", shuffle=False))
        first = ImageDataGenerator(validation_split=0.2, horizontal_flip=True)
        second = ImageDataGenerator(validation_split=0.2)
        model.fit(
            first.flow_from_directory("images", subset="training", seed=1),
            validation_data=second.flow_from_directory("images", subset="validation", seed=2, shuffle=False),
        )
        """,
    )


def _split_args(data: Dataset) -> dict[str, Value]:
    """The arguments that say which files are in which part; empty where they are not known."""
    generator = data.args.get("generator")
    if isinstance(generator, Object):
        # Its files are never shuffled before the split.
        return {} if generator.open else {**generator.args, **data.args}
    return data.args if data.source.endswith("_dataset_from_directory") else {}


def _same_files(left: Dataset, right: Dataset) -> bool:
    ours, theirs = text(left.args.get("directory")), text(right.args.get("directory"))
    if ours is None and theirs is None:
        return left.args.get("directory") is right.args.get("directory") is not None and left.source == right.source
    return ours == theirs and left.source == right.source


def _fault(training: Fed, other: Fed) -> tuple[str, str, Severity | None] | None:
    """What does not agree, why that matters, and how sure that is."""
    ours, theirs = _split_args(training.data), _split_args(other.data)
    parts = text(ours["subset"]), text(theirs["subset"])
    names = {"training", "validation"}
    if parts[0] not in names or parts[1] not in names:
        return None
    overlap = f"the same files are in the training and the {other.role}"
    if parts[0] == parts[1]:
        if training.data is other.data or training.made is other.made:
            return None
        return f'subset="{parts[1]}" is the part that the model is trained on', overlap, None
    shares = number(ours.get("validation_split")), number(theirs.get("validation_split"))
    if None not in shares and shares[0] != shares[1]:
        return f"validation_split is {shares[1]:g} here and {shares[0]:g} for the training", overlap, None
    if "generator" in ours:
        return None
    mixed = _shuffles(ours), _shuffles(theirs)
    if None in mixed:
        return None
    if mixed[0] != mixed[1]:
        return f"shuffle is {mixed[1]} here and {mixed[0]} for the training: two different splits", overlap, None
    seeds = constant(ours.get("seed")), constant(theirs.get("seed"))
    if mixed[0] and NOTHING not in seeds and seeds[0] != seeds[1]:
        return f"the seed is {seeds[1]} here and {seeds[0]} for the training: two different splits", overlap, None
    if not mixed[0] and "class" in _label_mode(ours):
        why = "the files stand class by class, and the last of them are the last classes"
        return "shuffle=False splits the files in the order of their classes", why, Severity.WARNING
    return None


def _shuffles(args: dict[str, Value]) -> bool | None:
    return truth(args["shuffle"]) if "shuffle" in args else True


def _label_mode(args: dict[str, Value]) -> str:
    """Whether the labels are the folders, so that the files stand class by class."""
    labels = args.get("labels")
    return "class" if labels is None or text(labels) == "inferred" else ""


def _apart(node: syntax.Node | None, other: syntax.Node | None) -> syntax.Node | None:
    return None if node is other else node
