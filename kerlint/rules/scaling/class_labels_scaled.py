"""KN023."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.finding import Severity
from kerlint.library.contracts import as_data, targets_of
from kerlint.program.facts import Fit, Program, Use
from kerlint.program.values import Array
from kerlint.rules.base import Found, Rule


class ClassLabelsScaled(Rule):
    """The labels of classes are scaled as if they were data.

    Mostly a division by 255 that was meant for the images only.

    ## Why is this bad?
    Class 3 becomes 0.0118. A sparse loss takes that for class 0, as it does with all others, and the model learns to
    say class 0, with a perfect accuracy. Another loss learns numbers that stand for nothing.

    ## Example
    ```python
    from tensorflow import keras

    (x, y), _ = keras.datasets.mnist.load_data()
    x, y = x / 255, y / 255  # KN023
    model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    model.fit(x, y, epochs=5)
    ```

    Use instead:
    ```python
    from tensorflow import keras

    (x, y), _ = keras.datasets.mnist.load_data()
    x = x / 255
    model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    model.fit(x, y, epochs=5)
    ```

    ## Known limits
    Only labels that are known to be those of more than two classes, and that are divided by a number larger than the
    largest of them.

    ## References
    - Measured on Keras 3.15.1: `sparse_categorical_crossentropy` cuts targets to whole numbers, silently.
    """

    code = "KN023"
    name = "class-labels-scaled"
    severity = Severity.ERROR
    symptoms = ("wrong-result", "constant-output", "too-good")
    since = "0.1.0"

    #: With fewer classes the labels may be meant as numbers.
    CLASSES = 3

    def check(self, program: Program) -> Iterator[Found]:
        seen: set[int] = set()
        for event in program.events:
            if isinstance(event, Fit):
                array, place = as_data(targets_of(event)), event.places.get("y")
            elif isinstance(event, Use) and event.method == "evaluate":
                array, place = as_data(event.args.get("y")), event.places.get("y")
            else:
                continue
            history = list(array.history()) if array is not None else []
            for after, before in zip(history, history[1:]):
                if id(after.node) not in seen and self._scaled(after, before):
                    seen.add(id(after.node))
                    classes = before.labels.classes if before.labels is not None else None
                    yield from self.found(
                        after.node,
                        f"the labels of {classes} classes are divided: they become 0 to {after.high:.3g}",
                        label="labels are no data to scale",
                        also=[(history[-1].node, "the labels come from here"), (place, "used as targets")],
                        why="a label is the number of a class: cut to a whole number, all of these are class 0",
                        help="scale the inputs only",
                        about=event,
                    )
                    break

    def _scaled(self, after: Array, before: Array) -> bool:
        labels = before.labels
        if labels is None or labels.kind != "classes" or not labels.sure or (labels.classes or 0) < self.CLASSES:
            return False
        step = after.steps[-1].name if len(after.steps) > len(before.steps) else ""
        return step.startswith("/ ") and after.high is not None and after.high < 1

    good = (
        """
        import keras
        (x, y), _ = keras.datasets.mnist.load_data()
        model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
        model.compile("adam", "categorical_crossentropy")
        model.fit(x / 255, keras.utils.to_categorical(y) / 1.0)
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit(x / 255, y // 2)
        """,
    )
