"""KL004."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.experiment import Change, Experiment
from kerlint.finding import Safety, Severity
from kerlint.library.contracts import CATEGORICAL, Contract, Target, contracts
from kerlint.library.shapes import show
from kerlint.program.facts import Program
from kerlint.program.values import Array, Shape
from kerlint.rules import fixing
from kerlint.rules.base import Found, Rule


class SparseVsOnehotLabels(Rule):
    """The loss and the labels disagree about how a class is written.

    `categorical_crossentropy` takes one-hot rows, one column for each class.
    `sparse_categorical_crossentropy` takes the number of the class.

    ## Why is this bad?
    Training stops at the first batch with an error about shapes, after the data has been loaded.

    ## Example
    ```python
    from tensorflow import keras

    (x_train, y_train), _ = keras.datasets.mnist.load_data()
    model = keras.Sequential([
        keras.Input((28, 28)),
        keras.layers.Rescaling(1 / 255),
        keras.layers.Flatten(),
        keras.layers.Dense(10, activation="softmax"),
    ])
    model.compile(optimizer="adam", loss="categorical_crossentropy")  # KL004
    model.fit(x_train, y_train)
    ```

    Use instead:
    ```python
    from tensorflow import keras

    (x_train, y_train), _ = keras.datasets.mnist.load_data()
    model = keras.Sequential([
        keras.Input((28, 28)),
        keras.layers.Rescaling(1 / 255),
        keras.layers.Flatten(),
        keras.layers.Dense(10, activation="softmax"),
    ])
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    model.fit(x_train, y_train)
    ```

    ## Known limits
    Labels whose origin is not known are not reported.

    ## References
    - Measured on Keras 3.15.1 and 2.21: a ValueError at the first step in every run.
    - `image_dataset_from_directory` gives class numbers by default, `flow_from_directory` one-hot rows.
    """

    code = "KL004"
    name = "sparse-vs-onehot-labels"
    severity = Severity.ERROR
    fix = Safety.SAFE
    symptoms = ("crash",)
    since = "0.1.0"
    subsumes = ("KL010",)

    def check(self, program: Program) -> Iterator[Found]:
        for contract in contracts(program):
            if contract.loss.function not in CATEGORICAL or contract.head is None:
                continue
            for target in contract.targets:
                if contract.loss.function.startswith("sparse"):
                    if _is_onehot(target.array, target.output, contract.head.units):
                        yield from self._onehot(contract, target)
                        break
                elif _is_index(target.array, target.output, contract.head.units):
                    yield from self._index(contract, target)
                    break

    def _onehot(self, contract: Contract, target: Target) -> Iterator[Found]:
        yield from self.found(
            contract.loss.place,
            f"sparse_categorical_crossentropy takes class numbers, but the labels are one-hot rows{_of(target.array)}",
            label="expects one number for each row",
            also=[(target.array.node, "one-hot rows come from here"), (target.place, "and are trained on here")],
            why="the shapes of labels and predictions do not match, so the first batch raises",
            help='use loss="categorical_crossentropy", or leave the labels as class numbers',
            about=contract.event,
            experiment=Experiment(contract.event, "raises", [Change("loss", {"class": "categorical_crossentropy"})]),
            fix=fixing.draft("use categorical_crossentropy", fixing.loss(contract, "categorical_crossentropy")),
        )

    def _index(self, contract: Contract, target: Target) -> Iterator[Found]:
        yield from self.found(
            contract.loss.place,
            f"categorical_crossentropy takes one-hot rows, but the labels are class numbers{_of(target.array)}",
            label="expects one column for each class",
            also=[(target.array.node, "class numbers come from here"), (target.place, "and are trained on here")],
            why="the shapes of labels and predictions do not match, so the first batch raises",
            help='use loss="sparse_categorical_crossentropy", or one-hot encode the labels with to_categorical',
            about=contract.event,
            experiment=Experiment(
                contract.event, "raises", [Change("loss", {"class": "sparse_categorical_crossentropy"})]
            ),
            fix=fixing.draft(
                "use sparse_categorical_crossentropy", fixing.loss(contract, "sparse_categorical_crossentropy")
            ),
        )

    bad = (
        """
        import keras
        from keras.utils import to_categorical
        (x, y), _ = keras.datasets.cifar10.load_data()
        y = to_categorical(y, 10)
        model = keras.Sequential([keras.Input((32, 32, 3)), keras.layers.Rescaling(1 / 255), keras.layers.Flatten()])
        model.add(keras.layers.Dense(10, activation="softmax"))
        model.compile(loss="sparse_categorical_crossentropy", optimizer="adam")  # KL004
        model.fit(x, y)
        """,
        """
        import keras
        train = keras.utils.image_dataset_from_directory("photos", image_size=(64, 64))
        model = keras.Sequential([keras.layers.Rescaling(1 / 255), keras.layers.Flatten()])
        model.add(keras.layers.Dense(5, activation="softmax"))
        model.compile("adam", keras.losses.CategoricalCrossentropy())  # KL004
        model.fit(train)
        """,
    )
    good = (
        """
        import keras
        model = keras.Sequential([keras.Input((5, 8)), keras.layers.Dense(4, activation="softmax")])
        model.compile("adam", "sparse_categorical_crossentropy")
        import numpy as np
        model.fit(np.random.rand(10, 5, 8), np.random.randint(0, 4, size=(10, 5)))
        """,
        """
        import keras
        (x, y), _ = keras.datasets.cifar10.load_data()
        model = keras.Sequential([keras.Input((32, 32, 3)), keras.layers.Flatten()])
        model.add(keras.layers.Dense(10, activation="softmax"))
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit(x / 255, y)
        """,
        """
        import keras
        (x, y), _ = keras.datasets.mnist.load_data()
        model = keras.Sequential([keras.Input((784,)), keras.layers.Dense(10, activation="softmax")])
        model.compile("adam", "categorical_crossentropy")
        model.fit(x, prepare(y))
        """,
    )


def _of(array: Array) -> str:
    """What is known of the labels, for the message."""
    labels = array.labels
    if labels is not None and labels.classes is not None:
        return f" of {labels.classes} classes" if labels.kind == "onehot" else f" 0..{labels.classes - 1}"
    return f" of shape {show(array.shape)}" if array.shape is not None and None not in array.shape else ""


def _is_onehot(array: Array, output: Shape, units: int | None) -> bool:
    """Whether the targets have a column for each class, in the rank of the output."""
    if output is None or array.rank != len(output):
        # Without shapes only what is one-hot by its origin counts.
        sure = array.labels is not None and array.labels.kind == "onehot" and array.labels.sure
        return sure and (array.shape is None or output is None)
    width = array.shape[-1] if array.shape is not None else None
    if array.labels is not None and array.labels.kind == "onehot" and array.labels.sure:
        return width != 1
    return width is not None and width > 1 and width == units


def _is_index(array: Array, output: Shape, units: int | None) -> bool:
    """Whether the targets are one number for each row, and the output is not."""
    if units is None or units < 2 or output is None or len(output) != 2 or array.shape is None:
        return False
    return len(array.shape) == 1 or (len(array.shape) == 2 and array.shape[1] == 1)
