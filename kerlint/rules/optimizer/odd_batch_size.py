"""KO011."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.finding import Safety, Severity
from kerlint.library.budget import batch_of, epochs_of
from kerlint.library.training import structure_rows
from kerlint.program.constants import integer
from kerlint.program.events import Fit
from kerlint.program.facts import Program
from kerlint.program.graph import Node
from kerlint.program.values import Dataset
from kerlint.rules import fixing
from kerlint.rules.base import Found, Option, Rule


class OddBatchSize(Rule):
    """The batch size makes normalisation or training nearly impossible: one row, or as good as all of them.

    Batch normalisation after a dense layer takes the mean and the variance of each unit over the rows of
    the batch. With one row the row is its own mean: what comes out is 0 for every input.
    A batch of all rows gives one step an epoch.

    ## Why is this bad?
    With batches of one row the layers after a normalisation see the same numbers whatever the input, and at
    prediction time others that they were never trained on. With very large batches there are so few steps
    that a usual number of epochs does not suffice.

    ## Example
    ```python
    from tensorflow import keras

    model = keras.Sequential([
        keras.Input((10,)),
        keras.layers.Dense(32, activation="relu"),
        keras.layers.BatchNormalization(),
        keras.layers.Dense(1),
    ])
    model.compile(optimizer="adam", loss="mse")
    model.fit(x, y, epochs=20, batch_size=1)  # KO011
    ```

    Use instead:
    ```python
    from tensorflow import keras

    model = keras.Sequential([
        keras.Input((10,)),
        keras.layers.Dense(32, activation="relu"),
        keras.layers.BatchNormalization(),
        keras.layers.Dense(1),
    ])
    model.compile(optimizer="adam", loss="mse")
    model.fit(x, y, epochs=20, batch_size=32)
    ```

    ## Known limits
    Normalisation of images and sequences is left alone: there each row has many places to take a mean of.
    Large batches are advice only.

    ## References
    - Measured on Keras 3.15.1: a dense network with BatchNormalization ends with an R2 of -57 when it is trained
      with batches of 1, and of 0.39 with batches of 32.
    """

    code = "KO011"
    name = "batch-size-extreme"
    severity = Severity.WARNING
    fix = Safety.UNSAFE
    symptoms = ("constant-output", "slow-learning", "accuracy-stuck", "loss-flat")
    since = "0.1.0"
    in_tests = False

    tiny_data = Option(64, "So many rows, or fewer, are trained in one batch for good reasons.", low=0)
    large_batch = Option(512, "Batches of this size are large for data that gives few of them.", low=2)
    few_steps = Option(500, "So many steps, or fewer, are few for a whole training.", low=0)

    def check(self, program: Program) -> Iterator[Found]:
        told: set[int] = set()
        for fit in program.fits:
            size = _dataset_batch(fit.x) if isinstance(fit.x, Dataset) else batch_of(fit)
            if not size or size < 0 or fit.assumed or fit.method == "train_on_batch" or id(fit.node) in told:
                continue
            if size == 1:
                found = self._single(fit)
            else:
                found = self._large(fit, size)
            for one in found:
                told.add(id(fit.node))
                yield one

    def _single(self, fit: Fit) -> Iterator[Found]:
        norm = next((node for node in fit.graph.nodes if _normalises_rows(node)), None)
        if norm is None:
            return
        yield from self.found(
            fit.places.get("batch_size") or fit.node,
            "batches of one row: the BatchNormalization gives 0 for every input while the model is trained",
            label="one row is its own mean",
            also=[(norm.place, "takes the mean and variance of each unit over the rows of the batch")],
            why="a row minus the mean of that one row is 0",
            help="batches of 16 rows or more, or LayerNormalization, which looks at one row at a time",
            about=fit.node,
            fix=fixing.draft("use batches of 32 rows", fixing.put(fit, "batch_size", "32"))
            if "batch_size" in fit.places
            else None,
        )

    def _large(self, fit: Fit, size: int) -> Iterator[Found]:
        rows, epochs = structure_rows(fit.x), epochs_of(fit)
        if rows is None or epochs is None or rows <= self.tiny_data or fit.loops or "batch_size" not in fit.args:
            return
        steps = -(-rows // size)
        if (steps > 1 and size < self.large_batch) or steps * epochs > self.few_steps:
            return
        yield from self.found(
            fit.places.get("batch_size") or fit.node,
            f"batches of {size:,} rows: {rows:,} rows give {steps} step{'s' * (steps > 1)} an epoch, "
            f"{steps * epochs:,} in all",
            label="a large batch" if steps > 1 else "all rows in one batch",
            also=[(fit.places.get("epochs") or fit.node, f"{epochs:,} epoch{'s' * (epochs > 1)}")],
            why="the weights change once for each batch, however large it is",
            help="batches of 32 to 256 rows, or many more epochs",
            severity=Severity.ADVICE,
            about=fit.node,
        )

    bad = (
        """
        import keras
        from sklearn.datasets import make_classification
        x, y = make_classification(1000, 10)
        model = keras.Sequential([keras.Input((10,)), keras.layers.Dense(1, activation="sigmoid")])
        model.compile("sgd", "binary_crossentropy")
        model.fit(x, y, epochs=5, batch_size=2000)  # KO011
        """,
    )
    good = (
        """
        import keras
        model = keras.Sequential([
            keras.Input((32, 32, 3)),
            keras.layers.Conv2D(8, 3),
            keras.layers.BatchNormalization(),
            keras.layers.Flatten(),
            keras.layers.Dense(1),
        ])
        model.compile("adam", "mse")
        model.fit(images, targets, batch_size=1)
        """,
        """
        import keras
        import numpy as np
        x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
        y = np.array([0, 1, 1, 0])
        model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(4, "tanh"), keras.layers.Dense(1, "sigmoid")])
        model.compile("sgd", "binary_crossentropy")
        model.fit(x, y, epochs=1000, batch_size=4)
        """,
    )


def _normalises_rows(node: Node) -> bool:
    """Whether this is a batch normalisation that has nothing but the rows to take a mean of."""
    trains = node.op.args.get("training")
    return node.short == "BatchNormalization" and node.shape is not None and len(node.shape) == 2 and trains is None


def _dataset_batch(data: Dataset) -> int | None:
    """The batch size of a dataset that is batched once, with nothing after that changes its rows."""
    batches = [step for step in data.transforms if step.name == "batch"]
    if len(batches) != 1 or any(step.name not in _PLAIN for step in data.transforms):
        return None
    return integer(batches[0].args.get("batch_size"))


_PLAIN = frozenset({"batch", "shuffle", "cache", "prefetch", "repeat", "take", "skip"})
