"""KE005."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from kerlint import syntax
from kerlint.experiment import Experiment
from kerlint.finding import Safety, Severity
from kerlint.library.heads import Head, only_head
from kerlint.program.events import Argmax, Truncation
from kerlint.program.facts import Program
from kerlint.rules import fixing
from kerlint.rules.base import Found, Rule


class ArgmaxOnSingleOutput(Rule):
    """The class is read from one output unit with argmax, or by cutting off the decimals.

    Argmax gives the position of the largest of several outputs. Of one output there is only the
    position 0. Casting to an integer drops the decimals, so every probability below 1 becomes 0.

    ## Why is this bad?
    The model may be excellent: read this way it says class 0 for every row, and nothing warns.

    ## Example
    ```python
    import numpy as np
    from tensorflow import keras

    model = keras.Sequential([
        keras.Input((10,)),
        keras.layers.Dense(16, activation="relu"),
        keras.layers.Dense(1, activation="sigmoid"),
    ])
    model.compile(optimizer="adam", loss="binary_crossentropy")
    classes = np.argmax(model.predict(x_test), axis=1)  # KE005
    ```

    Use instead:
    ```python
    import numpy as np
    from tensorflow import keras

    model = keras.Sequential([
        keras.Input((10,)),
        keras.layers.Dense(16, activation="relu"),
        keras.layers.Dense(1, activation="sigmoid"),
    ])
    model.compile(optimizer="adam", loss="binary_crossentropy")
    classes = (model.predict(x_test)[:, 0] > 0.5).astype("int32")
    ```

    ## References
    - https://github.com/keras-team/keras/issues/15838
    - Measured on Keras 3.15.1: with one sigmoid unit `argmax(axis=1)` and `astype(int)` both give 0 for every row.
    """

    code = "KE005"
    name = "argmax-on-single-output"
    severity = Severity.ERROR
    fix = Safety.SAFE
    symptoms = ("zero-output", "constant-output", "wrong-result", "accuracy-stuck")
    since = "0.1.0"

    def check(self, program: Program) -> Iterator[Found]:
        for event in program.all(Argmax):
            if event.snapshot is not None and _is_over_one(event):
                yield from self._argmax(event, only_head(event.snapshot.graph))
        for cut in program.all(Truncation):
            head = only_head(cut.snapshot.graph) if cut.snapshot is not None else None
            if head is not None and head.units == 1 and head.activation == "sigmoid":
                yield from self._truncation(cut, head)

    def _argmax(self, event: Argmax, head: Head | None) -> Iterator[Found]:
        one = head if head is not None and head.units == 1 else None
        axis = "" if event.axis is None else f" along axis {event.axis}"
        yield from self.found(
            event.node,
            f"argmax{axis} over the model's single output is always 0",
            label="always class 0",
            also=[(one.node.argument_place("units"), "the model ends in one unit")] if one is not None else [],
            why="argmax gives the position of the largest entry, and with one entry that is 0",
            help="compare the output with a threshold: (prediction > 0.5)"
            if one is None or one.activation == "sigmoid"
            else "compare the output with a threshold, or end the model in one unit for each class",
            about=event,
            experiment=Experiment(event, "one_choice", details={"how": "argmax"}),
            fix=_cut(event) if one is not None and one.activation == "sigmoid" else None,
        )

    def _truncation(self, event: Truncation, head: Head) -> Iterator[Found]:
        yield from self.found(
            event.node,
            "cast to an integer, every sigmoid output below 1 becomes 0",
            label="0 for all but a probability of exactly 1",
            also=[(head.activation_place, "gives a probability between 0 and 1")],
            why="the cast drops the decimals, it does not round",
            help='compare with a threshold first: (prediction > 0.5).astype("int32")',
            about=event,
            experiment=Experiment(event, "one_choice", details={"how": "cast"}),
            fix=_compared(event.node),
        )

    bad = (
        """
        import keras
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, activation="sigmoid")])
        labels = model.predict(x).astype("int32")  # KE005
        """,
        """
        import numpy as np
        from tensorflow.keras.models import Sequential
        from tensorflow.keras.layers import Dense, Flatten
        model = Sequential()
        model.add(Flatten(input_shape=(8, 8)))
        model.add(Dense(1, activation="sigmoid"))
        for prediction in model.predict(images):
            print(np.argmax(prediction))  # KE005
        """,
        """
        import tensorflow as tf
        model = tf.keras.Sequential([tf.keras.Input((4,)), tf.keras.layers.Dense(1)])
        best = tf.argmax(model(x), axis=-1)  # KE005
        """,
        """
        import keras
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, activation="sigmoid")])
        answer = int(model.predict(row)[0][0])  # KE005
        """,
    )
    good = (
        """
        import numpy as np
        import keras
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2, activation="softmax")])
        labels = np.argmax(model.predict(x), axis=1)
        """,
        """
        import numpy as np
        import keras
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, activation="sigmoid")])
        scores = model.predict(x)
        labels = (scores > 0.5).astype(int)
        rounded = np.round(scores).astype(int)
        also_rounded = (scores + 0.5).astype("int32")
        best_row = np.argmax(scores)
        first = np.argmax(scores, axis=0)
        percent = (scores * 100).astype(int)
        """,
        """
        import keras
        from sklearn.preprocessing import MinMaxScaler
        scaler = MinMaxScaler()
        years = scaler.fit_transform(table)
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, activation="sigmoid")])
        model.compile("adam", "mse")
        model.fit(x, years)
        answer = scaler.inverse_transform(model.predict(x)).astype(int)
        """,
        """
        import keras
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, activation="sigmoid")])
        scores = model.predict(x)
        scores[scores > 0.5] = 1
        scores[scores <= 0.5] = 0
        labels = scores.astype(int)
        """,
        """
        import keras
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
        years = model.predict(x).astype(int)
        """,
    )


def _cut(event: Argmax) -> fixing.Draft | None:
    """A threshold in the place of argmax, with a result of the same shape."""
    call, shape = event.node, event.array.shape
    if not isinstance(call, syntax.Call) or event.array.form or event.axis is None or shape is None or len(shape) != 2:
        return None
    if call.args and call.args[0].keyword is None and not call.args[0].star:
        output = fixing.operand(call.args[0].value)
    else:
        output = fixing.operand(call.func.value) if isinstance(call.func, syntax.Attribute) else None
    if output is None:
        return None
    new = '({0}[:, 0] > 0.5).astype("int32")'
    return fixing.draft("compare with a threshold", fixing.replace(call, new, output))


def _compared(node: syntax.Node) -> fixing.Draft | None:
    """A comparison before `.astype(...)`."""
    if not isinstance(node, syntax.Call) or not isinstance(node.func, syntax.Attribute) or node.func.attr != "astype":
        return None
    output = fixing.operand(node.func.value)
    if output is None:
        return None
    return fixing.draft("compare with a threshold first", fixing.replace(output, "({0} > 0.5)", output, variable=True))


def _is_over_one(event: Argmax) -> bool:
    """Whether the entries to choose from are one: the last axis of size 1, or a single number in all."""
    shape = event.array.shape
    if not shape:
        return False
    if event.axis is None:
        return prod(0 if size is None else size for size in shape) == 1
    return event.axis in (-1, len(shape) - 1) and shape[-1] == 1
