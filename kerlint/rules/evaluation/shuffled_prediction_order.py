"""KE006."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint import syntax
from kerlint.finding import Safety, Severity
from kerlint.program.constants import truth
from kerlint.program.events import Forward, LabelsRead, Use
from kerlint.program.facts import Program
from kerlint.program.scope import exclusive
from kerlint.program.values import Dataset, Transform
from kerlint.rules import fixing
from kerlint.rules.base import Found, Rule


class ShuffledPredictionOrder(Rule):
    """Predictions and labels come in different orders, because the data is shuffled anew each time.

    `predict` goes through the data once. The labels are then read from `generator.classes`, which is
    the order of the files, or by going through the data a second time, which shuffles it again.

    ## Why is this bad?
    Each prediction is compared with the label of another row: the confusion matrix looks like chance,
    although the model is good.

    ## Example
    ```python
    import numpy as np
    from tensorflow import keras

    model = keras.models.load_model("model.keras")
    test = keras.utils.image_dataset_from_directory("test", image_size=(160, 160))
    scores = model.predict(test)  # KE006
    labels = np.concatenate([y for x, y in test])
    print(np.mean(np.argmax(scores, axis=1) == labels))
    ```

    Use instead:
    ```python
    import numpy as np
    from tensorflow import keras

    model = keras.models.load_model("model.keras")
    test = keras.utils.image_dataset_from_directory("test", image_size=(160, 160), shuffle=False)
    scores = model.predict(test)
    labels = np.concatenate([y for x, y in test])
    print(np.mean(np.argmax(scores, axis=1) == labels))
    ```

    ## Known limits
    Labels that a `for` statement collects are not seen.

    ## References
    - Measured on Keras 3.15.1: two passes over `image_dataset_from_directory(...)` give the labels in two orders.
    - https://github.com/keras-team/keras/issues/11427
    - https://github.com/keras-team/keras/issues/6499
    """

    code = "KE006"
    name = "shuffled-prediction-order"
    severity = Severity.WARNING
    fix = Safety.UNSAFE
    symptoms = ("wrong-result", "accuracy-stuck")
    since = "0.1.0"

    def check(self, program: Program) -> Iterator[Found]:
        reads = list(program.all(LabelsRead))
        seen: set[int] = set()
        for use in program.all(Use) if reads else ():
            data = use.args.get("x") or use.args.get("generator")
            if not use.method.startswith("predict") or not isinstance(data, Dataset) or id(use.node) in seen:
                continue
            shuffle = _shuffle(data)
            read = next((read for read in reads if _is_of(read, use, data)), None)
            if shuffle is None or read is None or _predicts_there(program, read):
                continue
            seen.add(id(use.node))
            yield from self.found(
                use.places.get("x") or use.node,
                "the predictions come in a shuffled order, the labels in another",
                label="shuffled for this pass",
                also=[
                    (shuffle.node, "shuffles"),
                    (
                        read.node,
                        "labels in another order" if read.again else "labels in the order of the files",
                    ),
                ],
                why="each pass over the data is shuffled anew, so the rows of the two do not belong together",
                help="make the data for prediction with shuffle=False",
                about=use,
                fix=fixing.draft("add shuffle=False", _unshuffled(shuffle)),
            )

    bad = (
        """
        import keras
        from keras.preprocessing.image import ImageDataGenerator
        from sklearn.metrics import confusion_matrix
        test = ImageDataGenerator(rescale=1 / 255).flow_from_directory("test", target_size=(64, 64))
        model = keras.models.load_model("model.h5")
        scores = model.predict(test, steps=10)  # KE006
        print(confusion_matrix(test.classes, scores.argmax(axis=1)))
        """,
    )
    good = (
        """
        import keras
        from keras.preprocessing.image import ImageDataGenerator
        make = ImageDataGenerator(rescale=1 / 255)
        train = make.flow_from_directory("train")
        test = make.flow_from_directory("test", shuffle=False)
        model = keras.models.load_model("model.h5")
        weights = balance(train.classes)
        scores = model.predict(test)
        print(confusion_matrix(test.classes, scores.argmax(axis=1)))
        """,
        """
        import keras
        import tensorflow as tf
        model = keras.models.load_model("model.keras")
        test = keras.utils.image_dataset_from_directory("test").cache()
        scores = model.predict(test)
        labels = tf.concat([y for x, y in test], axis=0)
        other = keras.utils.image_dataset_from_directory("other")
        pairs = [(y, model.predict(x)) for x, y in other]
        scores = model.predict(other)
        """,
    )


def _shuffle(data: Dataset) -> Transform | None:
    """The step that gives another order in each pass; None if there is none, or if the order is kept afterwards."""
    found: Transform | None = None
    for step in data.transforms:
        if step.name == "shuffle" and truth(step.args.get("reshuffle_each_iteration")) is not False:
            found = step
        elif step.name == "cache":
            found = None
    return found


def _unshuffled(shuffle: Transform) -> fixing.Change | None:
    """The loader told not to shuffle; other data sets have a step for it."""
    call = shuffle.node
    loads = isinstance(call, syntax.Call) and syntax.last_name(call.func).endswith("_from_directory")
    return fixing.put_in_call(call, "shuffle", "False") if loads else None


def _is_of(read: LabelsRead, use: Use, data: Dataset) -> bool:
    """Whether labels of the same data are read by themselves."""
    shuffle = _shuffle(data)
    if exclusive(read.path, use.path) or not any(step is shuffle for step in read.dataset.transforms):
        return False
    if not read.again:
        # Before the prediction they serve another purpose: the weights of the classes.
        return read.order > use.order
    return not any(step.name in ("take", "skip", "repeat") for step in read.dataset.transforms)


def _predicts_there(program: Program, read: LabelsRead) -> bool:
    """Whether the pass that reads the labels makes predictions, too."""
    return any(
        event.loops and event.loops[-1].node is not None and read.again and _encloses(event, read)
        for event in program.events
        if isinstance(event, (Use, Forward))
    )


def _encloses(event: Use | Forward, read: LabelsRead) -> bool:
    return any(getattr(loop.node, "iter", None) is read.node for loop in event.loops)
