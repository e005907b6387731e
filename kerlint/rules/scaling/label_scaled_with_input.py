"""KN023."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.finding import Severity
from kerlint.library.contracts import CROSSENTROPIES, contracts
from kerlint.program.events import Scaled
from kerlint.program.facts import Program
from kerlint.program.values import Array
from kerlint.rules.base import Found, Rule


class LabelScaledWithInput(Rule):
    """Class labels are scaled as if they were pixels or features.

    The line that divides the images by 255 has a twin that does the same to the labels, or the labels go through a
    scaler.

    ## Why is this bad?
    A label names a class. Divided by 255, class 7 is 0.027: `sparse_categorical_crossentropy` takes the whole part of
    it, so every row is of class 0, and the model learns to say so. The loss goes to 0, and the accuracy stays at
    chance.
    One-hot or 0/1 labels that were divided ask for a probability of 0.004.

    ## Example
    ```python
    from tensorflow import keras

    (x_train, y_train), _ = keras.datasets.mnist.load_data()
    x_train = x_train / 255
    y_train = y_train / 255  # KN023
    model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x_train, y_train, epochs=5)
    ```

    Use instead:
    ```python
    from tensorflow import keras

    (x_train, y_train), _ = keras.datasets.mnist.load_data()
    x_train = x_train / 255
    model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x_train, y_train, epochs=5)
    ```

    ## Known limits
    The labels must be known as such: from a known data set, an encoder or `to_categorical`, compared by a
    crossentropy. Label smoothing, which adds something too, is none of this.

    ## References
    - Measured on Keras 3.15.1, the digits of scikit-learn, three seeds: trained on the labels divided by 255 the loss
      falls to .0003 and below, the accuracy is .10, and every prediction is class 0. Nothing warns.
    """

    code = "KN023"
    name = "label-scaled-with-input"
    severity = Severity.ERROR
    symptoms = ("constant-output", "accuracy-stuck", "wrong-result")
    since = "0.1.0"

    def check(self, program: Program) -> Iterator[Found]:
        scaled = {id(event.after): event for event in program.all(Scaled) if _are_classes(event.before)}
        told: set[int] = set()
        for contract in contracts(program) if scaled else ():
            if contract.loss.function not in CROSSENTROPIES:
                continue
            for target in contract.targets:
                event = next((scaled[id(made)] for made in target.array.history() if id(made) in scaled), None)
                if event is None or id(event.node) in told or not _stays_scaled(target.array, event):
                    continue
                told.add(id(event.node))
                yield from self.found(
                    event.node,
                    f"the class labels are scaled ({event.how}), as if they were inputs",
                    label="no class numbers any more",
                    also=[(target.place, "given as labels"), (contract.loss.place, "needs the classes")],
                    why="the loss cuts class 7 divided by 255 down to class 0"
                    if contract.loss.function.startswith("sparse")
                    else "the loss now asks for a tiny probability of the right class",
                    help="scale the inputs only, and leave the labels as they are",
                    about=contract.event,
                )

    bad = (
        """
        import keras
        (x, y), (x_test, y_test) = keras.datasets.cifar10.load_data()
        y = keras.utils.to_categorical(y, 10)
        x, y = x.astype("float32"), y.astype("float32")
        x /= 255.0
        y /= 255.0  # KN023
        model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
        model.compile("adam", "categorical_crossentropy")
        model.fit(x, y)
        """,
        """
        import keras
        from sklearn.datasets import load_iris
        from sklearn.preprocessing import StandardScaler
        x, y = load_iris(return_X_y=True)
        y = StandardScaler().fit_transform(y.reshape(-1, 1))  # KN023
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="softmax")])
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit(x, y)
        """,
    )
    good = (
        # A class number as a quantity, smoothing, and labels that were scaled back.
        """
        import keras
        (x, y), _ = keras.datasets.mnist.load_data()
        model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(1, activation="sigmoid")])
        model.compile("adam", "mse")
        model.fit(x / 255, y / 10)
        onehot = keras.utils.to_categorical(y, 10)
        smooth = onehot / 2 + 0.05
        other = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
        other.compile("adam", "categorical_crossentropy")
        other.fit(x / 255, smooth)
        """,
        # Classes of ten years each, and images that are their own targets.
        """
        import keras
        import numpy as np
        (x, y), _ = keras.datasets.mnist.load_data()
        coder = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(784, activation="sigmoid")])
        coder.compile("adam", "binary_crossentropy")
        coder.fit(x / 255, x.reshape(-1, 784) / 255)
        groups = (y / 5).astype("int32")
        model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(2, activation="softmax")])
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit(x / 255, groups)
        """,
    )


def _are_classes(array: Array) -> bool:
    """Whether the values certainly are class numbers or vectors of classes."""
    labels = array.labels
    return labels is not None and labels.sure and labels.kind in ("classes", "binary", "onehot", "multihot")


def _stays_scaled(target: Array, event: Scaled) -> bool:
    """Whether nothing has changed the values after they were scaled."""
    for made in target.history():
        if made is event.after:
            return True
        new = made.steps[len(made.parent.steps) :] if made.parent is not None else made.steps
        if any(step.name not in _KEEPING for step in new):
            return False
        if made.parent is not None and (made.low, made.high) != (made.parent.low, made.parent.high):
            return False
        if made.dtype is not None and not made.dtype.startswith(("float", "bfloat")):
            return False
    return False


#: Steps that leave the values as they are.
_KEEPING = frozenset("reshape astype cast copy numpy to_numpy train_test_split shuffled T turned".split())
