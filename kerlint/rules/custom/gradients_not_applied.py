"""KT027."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.finding import Severity
from kerlint.program.events import Gradient
from kerlint.program.facts import Program
from kerlint.program.trials import TrainStep
from kerlint.program.values import Model, Object
from kerlint.rules.base import Found, Rule


class GradientsNotApplied(Rule):
    """A training step computes the gradients of a model's weights, and nothing ever reads them.

    ## Why is this bad?
    The weights stay what they were, and nothing warns. The loss that the step shows goes up and down with the batches,
    which looks like a training that learns nothing.

    ## Example
    ```python
    import tensorflow as tf

    model = tf.keras.Sequential([tf.keras.Input((4,)), tf.keras.layers.Dense(1)])
    optimizer = tf.keras.optimizers.Adam()
    for x, y in dataset:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((model(x, training=True) - y) ** 2)
        gradients = tape.gradient(loss, model.trainable_variables)  # KT027
        print(float(loss))
    ```

    Use instead:
    ```python
    import tensorflow as tf

    model = tf.keras.Sequential([tf.keras.Input((4,)), tf.keras.layers.Dense(1)])
    optimizer = tf.keras.optimizers.Adam()
    for x, y in dataset:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((model(x, training=True) - y) ** 2)
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables))
        print(float(loss))
    ```

    ## Known limits
    Only in a loop or in the `train_step` of a model that the program trains, for the weights of a whole model, and
    where the gradients have a name that stands nowhere else in the file.

    ## References
    - Measured on Keras 3.15.1: no weight of the example changes, and there is no warning.
    - https://www.tensorflow.org/guide/keras/writing_a_training_loop_from_scratch
    """

    code = "KT027"
    name = "gradients-not-applied"
    severity = Severity.ERROR
    symptoms = ("loss-flat", "accuracy-stuck")
    since = "0.1.0"
    needs_end = True

    def check(self, program: Program) -> Iterator[Found]:
        in_steps = {id(step.step) for step in program.all(TrainStep) if step.fit is not None}
        told: set[int] = set()
        for event in program.all(Gradient):
            name = event.made.state.get("variable") if event.made is not None else None
            if not isinstance(name, str) or name.startswith("_") or event.assumed or id(event.node) in told:
                continue
            model = event.sources.args.get("model") if isinstance(event.sources, Object) else None
            if not isinstance(model, Model) or not (event.loops or id(event.function) in in_steps):
                continue
            if program.reads(name):
                continue
            told.add(id(event.node))
            yield from self.found(
                event.node,
                "the gradients are computed and never used: no weight of the model changes in this step",
                label=f"nothing reads {name}",
                also=[(model.node, "the model that does not learn")],
                why="a tape tells how the loss changes with each weight; it is an optimizer that changes them",
                help=f"optimizer.apply_gradients(zip({name}, model.trainable_variables))",
                about=event,
            )

    bad = (
        """
        import numpy as np
        import tensorflow as tf
        class Net(tf.keras.Model):
            def __init__(self):
                super().__init__()
                self.out = tf.keras.layers.Dense(1)
            def call(self, x, training=False):
                return self.out(x)
            def train_step(self, data):
                x, y = data
                with tf.GradientTape() as tape:
                    predicted = self(x, training=True)
                    loss = self.compute_loss(x=x, y=y, y_pred=predicted)
                grads = tape.gradient(loss, self.trainable_variables)  # KT027
                return self.compute_metrics(x, y, predicted)
        net = Net()
        net.compile("adam", "mse")
        net.fit(np.zeros((8, 4)), np.zeros((8, 1)), epochs=5)
        """,
    )
    good = (
        # Shown, changed, handed on, or a demonstration of the tape.
        """
        import tensorflow as tf
        model = tf.keras.Sequential([tf.keras.Input((4,)), tf.keras.layers.Dense(1)])
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(model(x) ** 2)
        demonstration = tape.gradient(loss, model.trainable_variables)
        for x, y in dataset:
            with tf.GradientTape(persistent=True) as tape:
                loss = tf.reduce_mean((model(x, training=True) - y) ** 2)
            slopes = tape.gradient(loss, x)
            shown = tape.gradient(loss, model.trainable_variables)
            print(shown)
            grads = tape.gradient(loss, model.trainable_variables)
            for weight, grad in zip(model.trainable_variables, grads):
                weight.assign_sub(0.1 * grad)
            _ = tape.gradient(loss, model.trainable_variables)
        """,
        """
        import tensorflow as tf
        def step(x, y):
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean((model(x, training=True) - y) ** 2)
            gradients = tape.gradient(loss, model.trainable_variables)
            return loss
        """,
    )
