"""KL011."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.experiment import Experiment
from kerlint.finding import Severity
from kerlint.library.shapes import show
from kerlint.program.events import Outer
from kerlint.program.facts import Program
from kerlint.program.values import Array
from kerlint.rules.base import Found, Rule

#: What the probe calls operators; all others are differences to it.
_OPERATORS = {"==": "equal", "!=": "unequal"}
_MADE_UP = frozenset({"linspace", "arange", "constant", "statistic"})


class RankBroadcastNVsN1(Rule):
    """Predictions of shape (n, 1) are compared with targets of shape (n,): each with each.

    A model with one output unit gives a column: one row for each sample, one number in each row. The
    targets are mostly a plain array with one axis. NumPy and TensorFlow stretch the two to a table of
    n times n before they compare or subtract.

    ## Why is this bad?
    The table compares every prediction with the target of every other sample. The mean of it is no
    accuracy and no error: a perfect model gets about what a coin gets, and a loss that is written so
    teaches the model the mean of the targets. With many rows the memory runs out. Nothing warns.
    Losses and metrics of Keras put the shapes right by themselves.

    ## Example
    ```python
    import numpy as np
    from sklearn.datasets import load_breast_cancer
    from tensorflow import keras

    x, y = load_breast_cancer(return_X_y=True)
    model = keras.Sequential([keras.Input((30,)), keras.layers.Dense(1, activation="sigmoid")])
    model.compile(optimizer="adam", loss="binary_crossentropy")
    model.fit(x, y, epochs=20)
    answers = model.predict(x) > 0.5
    print("accuracy:", np.mean(answers == y))  # KL011
    ```

    Use instead:
    ```python
    import numpy as np
    from sklearn.datasets import load_breast_cancer
    from tensorflow import keras

    x, y = load_breast_cancer(return_X_y=True)
    model = keras.Sequential([keras.Input((30,)), keras.layers.Dense(1, activation="sigmoid")])
    model.compile(optimizer="adam", loss="binary_crossentropy")
    model.fit(x, y, epochs=20)
    answers = model.predict(x)[:, 0] > 0.5
    print("accuracy:", np.mean(answers == y))
    ```

    ## Known limits
    Only operators between arrays whose shapes are known. Custom metric functions, which get (n,) and
    (n, 1) from Keras 3, too, are not looked into.

    ## References
    - Measured on Keras 3.15.1: an accuracy of .5075 computed so, where the true one is .5508; a batch of 256 in a
      hand-written loss makes a table of (256, 256).
    """

    code = "KL011"
    name = "rank-broadcast-n-vs-n1"
    severity = Severity.ERROR
    symptoms = ("wrong-result", "accuracy-stuck", "loss-flat", "constant-output")
    since = "0.1.0"

    def check(self, program: Program) -> Iterator[Found]:
        seen: set[int] = set()
        for event in program.all(Outer):
            column, row = event.column, event.row
            if id(event.node) in seen or not _is_output(column) or _is_output(row) or not _is_target(row, column):
                continue
            seen.add(id(event.node))
            rows = column.rows if column.rows is not None else row.rows
            table = f"a table of {rows} x {rows}" if rows is not None else "a table of rows times rows"
            yield from self.found(
                event.node,
                f"`{event.symbol}` between {show(column.shape)} and {show(row.shape)} gives {table}",
                label="each prediction with each target",
                also=[
                    (_made(column).node, f"the output of the model is {show(column.shape)}"),
                    (row.node, f"the other side is {show(row.shape)}"),
                ],
                why="an array with one axis counts as one row, and that is stretched over all rows of the column",
                help="take the column out of the prediction first: prediction[:, 0], or prediction.ravel()",
                about=event,
                experiment=Experiment(event, "outer", details={"operator": _OPERATORS.get(event.symbol, "difference")}),
            )

    bad = (
        """
        import keras
        import tensorflow as tf
        (x, y), _ = keras.datasets.california_housing.load_data()
        data = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(20000).batch(64)
        model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(1)])
        optimizer = keras.optimizers.Adam()
        for inputs, targets in data:
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean((targets - model(inputs)) ** 2)  # KL011
            gradients = tape.gradient(loss, model.trainable_variables)
            optimizer.apply_gradients(zip(gradients, model.trainable_variables))
        """,
    )
    good = (
        """
        import keras
        import numpy as np
        (x, y), _ = keras.datasets.california_housing.load_data()
        model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(1)])
        prediction = model.predict(x)
        print(np.mean((prediction.flatten() - y) ** 2), np.mean(prediction[:, 0] - y))
        print(np.mean(prediction - y.reshape(-1, 1)), np.mean(prediction.squeeze() - y))
        print(prediction > np.linspace(0, 1, 11))
        print(keras.losses.MeanSquaredError()(y, prediction))
        """,
        """
        import keras
        import numpy as np
        a, b = np.random.rand(100, 1), np.random.rand(100)
        print(a - b)
        model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(1)])
        print(model.predict(x) - np.array([1.0, 2.0]))
        """,
    )


def _made(array: Array) -> Array:
    """The output of a model that an array comes from, or itself."""
    return next((step for step in array.history() if step.prediction is not None), array)


def _is_output(array: Array) -> bool:
    return _made(array).prediction is not None


def _is_target(row: Array, column: Array) -> bool:
    """Whether the plain array has a number for each row of the column: no thresholds, no weights."""
    if row.rows == 1 or column.rows == 1 or row.source in _MADE_UP:
        return False
    if row.rows is None or column.rows is None:
        return row.source not in ("literal", "")
    return row.rows == column.rows
