"""KT022."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.finding import Safety, Severity
from kerlint.program.events import ApplyGradients, Created, Made
from kerlint.program.facts import Program
from kerlint.program.scope import Loop
from kerlint.rules import fixing
from kerlint.rules.base import Found, Rule


class OptimizerPerStep(Rule):
    """The optimizer is made anew for every step of a hand-written training loop.

    An optimizer gathers its knowledge over many steps: momentum, the scale of the gradients, how many
    steps there have been. One that is made in the step has none of it.

    ## Why is this bad?
    Adam never gets beyond its first step, which moves every weight by the whole learning rate, whatever
    the gradient. Momentum has no effect. Nothing warns.

    ## Example
    ```python
    import tensorflow as tf

    model = tf.keras.Sequential([tf.keras.Input((4,)), tf.keras.layers.Dense(1)])
    for x, y in dataset:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((model(x) - y) ** 2)
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer = tf.keras.optimizers.Adam(1e-3)  # KT022
        optimizer.apply_gradients(zip(gradients, model.trainable_variables))
    ```

    Use instead:
    ```python
    import tensorflow as tf

    model = tf.keras.Sequential([tf.keras.Input((4,)), tf.keras.layers.Dense(1)])
    optimizer = tf.keras.optimizers.Adam(1e-3)
    for x, y in dataset:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((model(x) - y) ** 2)
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables))
    ```

    ## Known limits
    Reported only if the optimizer is made and used in the same pass of the same loop, for a model that was
    made before the loop. Plain SGD, which keeps nothing, is left alone.

    ## References
    - Measured on Keras 3.15.1: `optimizer.iterations` is 1 after every step of such a loop, without a warning; in a
      tf.function the first call raises a ValueError.
    - https://www.tensorflow.org/guide/function
    """

    code = "KT022"
    name = "state-created-per-step"
    severity = Severity.ERROR
    fix = Safety.UNSAFE
    symptoms = ("slow-learning", "loss-flat", "crash")
    since = "0.1.0"

    def check(self, program: Program) -> Iterator[Found]:
        births = {id(event.made): event for event in program.all(Made)}
        models = {id(event.model): event for event in program.all(Created)}
        told: set[int] = set()
        for step in program.all(ApplyGradients):
            birth, model = births.get(id(step.optimizer)), models.get(id(step.model))
            if birth is None or model is None or not step.loops or step.assumed or birth.path != step.path:
                continue
            loop = step.loops[-1]
            if loop.count == 1 or not _is_in(birth, loop) or birth.loops[-1] is not loop or _is_in(model, loop):
                continue
            if id(birth.node) in told or (birth.made.short == "SGD" and "momentum" not in birth.made.args):
                continue
            told.add(id(birth.node))
            name = birth.made.short
            yield from self.found(
                birth.node,
                f"a new {name} for every step: it never gets beyond its first one",
                label="made in every pass of the loop",
                also=[(step.node, "used for one step"), (model.node, "the model that it trains")],
                why=f"{name} keeps means of the gradients from step to step, and here each step starts from none",
                help="make the optimizer once, before the loop",
                about=step,
                fix=fixing.draft("make it before the loop", fixing.hoist(birth.node, loop.node)),
            )

    bad = (
        """
        import tensorflow as tf
        model = tf.keras.Sequential([tf.keras.Input((4,)), tf.keras.layers.Dense(1)])
        def train_step(x, y):
            optimizer = tf.keras.optimizers.RMSprop()  # KT022
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean((model(x) - y) ** 2)
            grads = tape.gradient(loss, model.trainable_variables)
            optimizer.apply_gradients(zip(grads, model.trainable_variables))
        for epoch in range(10):
            for x, y in data:
                train_step(x, y)
        """,
    )
    good = (
        """
        import tensorflow as tf
        for fold in folds:
            model = tf.keras.Sequential([tf.keras.Input((4,)), tf.keras.layers.Dense(1)])
            optimizer = tf.keras.optimizers.Adam()
            for x, y in fold:
                with tf.GradientTape() as tape:
                    loss = tf.reduce_mean((model(x) - y) ** 2)
                grads = tape.gradient(loss, model.trainable_variables)
                optimizer.apply_gradients(zip(grads, model.trainable_variables))
        """,
    )


def _is_in(event: Made | Created, loop: Loop) -> bool:
    return any(loop is outer for outer in event.loops)
