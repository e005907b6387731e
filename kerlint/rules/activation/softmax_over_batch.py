"""KA024."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.finding import Severity
from kerlint.library.contracts import contracts
from kerlint.library.kinds import is_parametric
from kerlint.program.constants import integer
from kerlint.program.facts import Program
from kerlint.program.graph import Node
from kerlint.rules.base import Found, Rule


class SoftmaxOverBatch(Rule):
    """A softmax divides by the sum over axis 0, which is the batch, and not over the classes.

    ## Why is this bad?
    Each row's shares no longer sum to 1 over the classes; they depend on which other rows happen to be in the batch.
    A batch of one row gives 1.0 for every class. Keras warns of that one only, and Keras 3.0 of none.

    ## Example
    ```python
    import tensorflow as tf
    from tensorflow import keras

    class Net(keras.Model):
        def __init__(self):
            super().__init__()
            self.hidden = keras.layers.Dense(64, activation="relu")
            self.logits = keras.layers.Dense(10)

        def call(self, inputs):
            return tf.nn.softmax(self.logits(self.hidden(inputs)), axis=0)  # KA024

    model = Net()
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    model.fit(x, y, epochs=5)
    ```

    Use instead:
    ```python
    import tensorflow as tf
    from tensorflow import keras

    class Net(keras.Model):
        def __init__(self):
            super().__init__()
            self.hidden = keras.layers.Dense(64, activation="relu")
            self.logits = keras.layers.Dense(10)

        def call(self, inputs):
            return tf.nn.softmax(self.logits(self.hidden(inputs)), axis=-1)

    model = Net()
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    model.fit(x, y, epochs=5)
    ```

    ## Known limits
    Only where a layer leads to the softmax, which leaves the batch where it is: after a `transpose` or `reshape` axis 0
    may be another one. And only at the end of a model that is trained with a cross-entropy: elsewhere the rows may be
    the parts of one example (a bag, a graph), whose shares of attention do sum to 1.

    ## References
    - Measured on Keras 3.15.1: with `axis=0` one row alone gets 1.0 for each class.
    """

    code = "KA024"
    name = "softmax-over-batch"
    severity = Severity.ERROR
    symptoms = ("wrong-result", "constant-output", "slow-learning")
    since = "0.1.0"

    def check(self, program: Program) -> Iterator[Found]:
        told: set[int] = set()
        for contract in contracts(program):
            node = contract.head.output if contract.head is not None else None
            if node is None or not contract.loss.function.endswith("crossentropy") or id(node.place) in told:
                continue
            if not _is_over_batch(node):
                continue
            told.add(id(node.place))
            yield from self.found(
                node.argument_place("axis"),
                "this softmax goes over axis 0, the rows of the batch, and not over the classes",
                label="axis 0 is the batch",
                also=[(node.inputs[0].place, "its input")],
                why="what a row gets depends on the other rows then, and one row alone gets 1.0 for each class",
                help="axis=-1, which is the default",
                about=node.op,
            )

    bad = (
        """
        import keras
        inputs = keras.Input((4,))
        hidden = keras.layers.Dense(3)(inputs)
        model = keras.Model(inputs, keras.layers.Softmax(axis=0)(hidden))  # KA024
        other = keras.Model(inputs, keras.activations.softmax(hidden, axis=0))  # KA024
        model.compile("adam", "sparse_categorical_crossentropy")
        other.compile("adam", "sparse_categorical_crossentropy")
        """,
    )
    good = (
        """
        import keras
        import tensorflow as tf
        class Bag(keras.Model):
            def __init__(self):
                super().__init__()
                self.hidden = keras.layers.Dense(8, activation="relu")
                self.score = keras.layers.Dense(1)
                self.head = keras.layers.Dense(1, activation="sigmoid")
            def call(self, rows):
                hidden = self.hidden(rows)
                shares = tf.nn.softmax(self.score(hidden), axis=0)
                return self.head(tf.reduce_sum(shares * hidden, axis=0, keepdims=True)), shares
        model = Bag()
        model.compile("adam", ["binary_crossentropy", None])
        model.fit(bags)
        inputs = keras.Input((8,))
        shares = keras.layers.Softmax(axis=0)(keras.layers.Dense(4)(inputs))
        attention = keras.Model(inputs, shares)
        model = keras.Model(inputs, keras.ops.transpose(attention(inputs)) @ inputs)
        model.compile("adam", "mse")
        """,
        """
        import keras
        import tensorflow as tf
        class Turned(keras.layers.Layer):
            def call(self, x):
                return tf.transpose(tf.nn.softmax(tf.transpose(x), axis=0))
        inputs = keras.Input((4,))
        hidden = keras.layers.Dense(3)(inputs)
        for outputs in (
            keras.layers.Softmax(axis=1)(hidden),
            keras.layers.Softmax(axis=axis)(hidden),
            keras.layers.Softmax()(hidden),
            Turned()(hidden),
        ):
            model = keras.Model(inputs, outputs)
            model.compile("adam", "sparse_categorical_crossentropy")
        """,
    )


def _is_over_batch(node: Node) -> bool:
    """Whether the step is a softmax over the first axis of what a layer or an input gives."""
    if node.short not in ("softmax", "Softmax", "log_softmax") or integer(node.args.get("axis")) != 0:
        return False
    before = node.inputs[0] if len(node.inputs) == 1 else None
    if before is None or before.kind not in ("layer", "input"):
        return False
    # One number a row, made shares of all rows: what attention over the rows of one bag or graph does.
    if integer(before.args.get("units")) == 1 or (node.shape is not None and node.shape[-1:] == (1,)):
        return False
    # What has a kernel gives rows, of however many axes.
    return is_parametric(before) or (before.shape is not None and len(before.shape) > 1)
