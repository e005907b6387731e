"""KL002."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.experiment import Change, Experiment
from kerlint.finding import Safety, Severity
from kerlint.library.contracts import BINARY, CROSSENTROPIES, Contract, contracts
from kerlint.library.heads import Head
from kerlint.program.facts import Program
from kerlint.rules import fixing
from kerlint.rules.base import Found, Rule

#: Activations whose output is no probability: a cross-entropy clips it and loses its gradient.
_NO_PROBABILITY = frozenset(
    {"linear", "relu", "relu6", "leaky_relu", "elu", "selu", "gelu", "tanh", "softsign", "swish", "silu"}
)


class LogitsWithoutFromLogits(Rule):
    """The loss expects probabilities, but the model ends without softmax or sigmoid.

    A cross-entropy reads its input as probabilities unless it is told otherwise with
    `from_logits=True`. Numbers below 0 or above 1 are clipped to that range first.

    ## Why is this bad?
    Where the output is clipped there is no gradient, so the model learns slowly, only from some
    rows, or not at all. The loss starts far above its expected value, which is ln(number of
    classes) for an untrained classifier. Keras says nothing.

    ## Example
    ```python
    from tensorflow import keras

    model = keras.Sequential([
        keras.Input((28, 28)),
        keras.layers.Flatten(),
        keras.layers.Dense(128, activation="relu"),
        keras.layers.Dense(10),  # KL002
    ])
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    ```

    Use instead:
    ```python
    from tensorflow import keras

    model = keras.Sequential([
        keras.Input((28, 28)),
        keras.layers.Flatten(),
        keras.layers.Dense(128, activation="relu"),
        keras.layers.Dense(10, activation="softmax"),
    ])
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    ```

    or keep the layer and pass `keras.losses.SparseCategoricalCrossentropy(from_logits=True)`.

    ## Known limits
    Reported only where every step from the last layer with weights to the output is understood.

    ## References
    - Measured on Keras 3.15.1: the initial loss is 5.4 times ln(classes) in the median, 1.02 times with
      softmax; in half of the runs with SGD nothing is learned.
    - https://www.tensorflow.org/api_docs/python/tf/keras/losses/SparseCategoricalCrossentropy
    """

    code = "KL002"
    name = "logits-without-from-logits"
    severity = Severity.ERROR
    fix = Safety.UNSAFE
    symptoms = ("accuracy-stuck", "slow-learning", "loss-flat", "constant-output")
    since = "0.1.0"

    def check(self, program: Program) -> Iterator[Found]:
        for contract in contracts(program):
            head, loss = contract.head, contract.loss
            if head is None or not head.known or loss.function not in CROSSENTROPIES or loss.from_logits is not False:
                continue
            if any(activation.name not in _NO_PROBABILITY for activation in head.activations):
                continue
            if head.activation in _NO_PROBABILITY:
                yield from self._report(head, contract)

    def _report(self, head: Head, contract: Contract) -> Iterator[Found]:
        wanted = "sigmoid" if contract.loss.function in BINARY else "softmax"
        linear = head.activation == "linear"
        what = "no activation: any number" if linear else f"{head.activation} gives no probabilities"
        yield from self.found(
            head.activation_place,
            f"{contract.loss.function} expects probabilities, but the model ends "
            + (f"without {wanted}" if linear else f"in {head.activation}"),
            label=what,
            also=[(contract.loss.place, "reads the output as probabilities")],
            why="values outside 0..1 are clipped, and clipped values have no gradient",
            help=f'use activation="{wanted}"'
            + (", or pass from_logits=True to the loss" if linear else " on the last layer"),
            about=contract.event,
            experiment=Experiment(contract.event, "logits", [Change(head.activator, {"activation": wanted})]),
            fix=self._fix(head, wanted, linear=linear),
        )

    def _fix(self, head: Head, wanted: str, *, linear: bool) -> fixing.Draft | None:
        if linear and head.after:
            # Something follows the last kernel, and the activation would have to follow that.
            return None
        change = fixing.activate(head.node, wanted) if linear else fixing.activation(head.activations[-1], wanted)
        return fixing.draft(f'use activation="{wanted}"', change)

    bad = (
        """
        import tensorflow as tf
        inputs = tf.keras.Input((4,))
        x = tf.keras.layers.Dense(8, activation="relu")(inputs)
        outputs = tf.keras.layers.Dense(1, activation=tf.nn.relu)(x)  # KL002
        model = tf.keras.Model(inputs, outputs)
        model.compile("adam", loss=tf.keras.losses.BinaryCrossentropy())
        """,
        """
        import tensorflow as tf
        model = tf.keras.Sequential([tf.keras.layers.Dense(8, activation="relu"), tf.keras.layers.Dense(3)])  # KL002
        loss_fn = tf.keras.losses.SparseCategoricalCrossentropy()
        optimizer = tf.keras.optimizers.Adam()
        for x, y in dataset:
            with tf.GradientTape() as tape:
                loss = loss_fn(y, model(x, training=True))
            gradients = tape.gradient(loss, model.trainable_variables)
            optimizer.apply_gradients(zip(gradients, model.trainable_variables))
        """,
    )
    good = (
        """
        import keras
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
        model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        """,
        """
        import keras
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3), keras.layers.Lambda(normalise)])
        model.compile("adam", "categorical_crossentropy")
        """,
        # The softmax follows outside the model.
        """
        import tensorflow as tf
        model = tf.keras.Sequential([tf.keras.layers.Dense(8, activation="relu"), tf.keras.layers.Dense(3)])
        loss_fn = tf.keras.losses.CategoricalCrossentropy()
        with tf.GradientTape() as tape:
            loss = loss_fn(y, tf.nn.softmax(model(x, training=True)))
        """,
        """
        import keras
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation=choose())])
        model.compile("adam", "categorical_crossentropy")
        """,
    )
