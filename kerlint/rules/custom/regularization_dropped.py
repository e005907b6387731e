"""KT021."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.finding import Severity
from kerlint.program.constants import constant, number
from kerlint.program.events import ApplyGradients
from kerlint.program.facts import Program
from kerlint.program.graph import Node
from kerlint.program.values import Const, Object
from kerlint.rules.base import Found, Rule


class RegularizationDropped(Rule):
    """Layers have regularizers, and the hand-written training step never adds their penalties to the loss.

    A regularizer only computes its penalty and puts it into `model.losses`. `fit` adds these to the loss;
    a step of one's own has to do it itself.

    ## Why is this bad?
    The regularizers have no effect at all. The model overfits as if they were not there, and nothing warns.

    ## Example
    ```python
    import tensorflow as tf

    model = tf.keras.Sequential([
        tf.keras.Input((10,)),
        tf.keras.layers.Dense(64, activation="relu", kernel_regularizer="l2"),
        tf.keras.layers.Dense(1),
    ])
    optimizer = tf.keras.optimizers.Adam()
    for x, y in dataset:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((model(x, training=True) - y) ** 2)
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables))  # KT021
    ```

    Use instead:
    ```python
    import tensorflow as tf

    model = tf.keras.Sequential([
        tf.keras.Input((10,)),
        tf.keras.layers.Dense(64, activation="relu", kernel_regularizer="l2"),
        tf.keras.layers.Dense(1),
    ])
    optimizer = tf.keras.optimizers.Adam()
    for x, y in dataset:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((model(x, training=True) - y) ** 2) + sum(model.losses)
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables))
    ```

    ## Known limits
    Silent as soon as the file asks any model or layer for its `losses`, or for `compute_loss`, which adds them.

    ## References
    - Measured on Keras 3.15.1: the penalty stands in `model.losses`, and nothing but `fit` adds it; no warning.
    - https://www.tensorflow.org/guide/keras/writing_a_training_loop_from_scratch
    """

    code = "KT021"
    name = "regularization-losses-dropped"
    severity = Severity.WARNING
    symptoms = ("overfit",)
    since = "0.1.0"
    needs_end = True

    def check(self, program: Program) -> Iterator[Found]:
        told: set[int] = set()
        for step in program.all(ApplyGradients):
            if step.snapshot is None or step.model is None or step.assumed or id(step.model) in told:
                continue
            found = [(node, name) for node in step.snapshot.graph.nodes for name in _NAMES if _penalises(node, name)]
            if not found or program.losses_read or any(map(program.reads, _ADDING)):
                continue
            told.add(id(step.model))
            node, name = found[0]
            yield from self.found(
                step.node,
                f"the {name} of {node.short} has no effect: the loss of this step never adds `losses` of the model",
                label="trains without the penalties",
                also=[(node.argument_place(name), "computes a penalty that nobody adds") for node, name in found[:4]],
                why="a regularizer puts its penalty into model.losses, and only fit() adds these by itself",
                help="loss = loss + sum(model.losses)",
                about=step,
            )

    good = (
        """
        import tensorflow as tf
        class Net(tf.keras.Model):
            def train_step(self, data):
                x, y = data
                with tf.GradientTape() as tape:
                    loss = self.compute_loss(x=x, y=y, y_pred=self(x, training=True))
                gradients = tape.gradient(loss, self.trainable_variables)
                self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))
                return {"now": loss}
        inputs = tf.keras.Input((10,))
        net = Net(inputs, tf.keras.layers.Dense(1, kernel_regularizer="l2")(inputs))
        net.compile("adam", "mse")
        net.fit(x, y, epochs=10)
        """,
        """
        import tensorflow as tf
        model = tf.keras.Sequential([
            tf.keras.Input((10,)), tf.keras.layers.Dense(1, kernel_regularizer=tf.keras.regularizers.L2(0.0))
        ])
        optimizer = tf.keras.optimizers.Adam()
        for x, y in dataset:
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean((model(x) - y) ** 2)
            gradients = tape.gradient(loss, model.trainable_variables)
            optimizer.apply_gradients(zip(gradients, model.trainable_variables))
        """,
        """
        import tensorflow as tf
        model = tf.keras.Sequential([tf.keras.Input((10,)), tf.keras.layers.Dense(1, kernel_regularizer="l2")])
        optimizer = tf.keras.optimizers.Adam()
        def penalty(net):
            return tf.add_n(net.losses)
        for x, y in dataset:
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean((model(x) - y) ** 2) + penalty(model)
            gradients = tape.gradient(loss, model.trainable_variables)
            optimizer.apply_gradients(zip(gradients, model.trainable_variables))
        """,
    )


#: What adds the penalties, or others: `compute_loss` of a model does so by itself.
_ADDING = ("losses", "l2_loss", "compute_loss")
_NAMES = ("kernel_regularizer", "bias_regularizer", "activity_regularizer", "embeddings_regularizer")


def _penalises(node: Node, name: str) -> bool:
    """Whether the layer has this regularizer, with a factor that is not 0."""
    given = node.layer.args.get(name) if node.layer is not None else None
    if isinstance(given, Const):
        return isinstance(constant(given), str)
    return isinstance(given, Object) and not any(number(value) == 0 for value in given.args.values())
