"""KP024."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.finding import Severity
from kerlint.program.events import ApplyGradients, Gradient
from kerlint.program.facts import Program
from kerlint.program.values import Dataset
from kerlint.rules.base import Found, Rule


class EagerTrainLoop(Rule):
    """A hand-written training step runs operation by operation, without `tf.function`.

    ## Why is this bad?
    Every operation of the forward pass, of the gradients and of the optimizer is called from Python, one
    after another. For a small model that takes many times as long as the computation itself. The result is
    the same.

    ## Example
    ```python
    import tensorflow as tf

    model = tf.keras.Sequential([tf.keras.Input((4,)), tf.keras.layers.Dense(1)])
    optimizer = tf.keras.optimizers.Adam(1e-3)

    def train_step(x, y):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((model(x, training=True) - y) ** 2)
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables))  # KP024

    for epoch in range(20):
        for x, y in dataset:
            train_step(x, y)
    ```

    Use instead:
    ```python
    import tensorflow as tf

    model = tf.keras.Sequential([tf.keras.Input((4,)), tf.keras.layers.Dense(1)])
    optimizer = tf.keras.optimizers.Adam(1e-3)

    @tf.function
    def train_step(x, y):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((model(x, training=True) - y) ** 2)
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables))

    for epoch in range(20):
        for x, y in dataset:
            train_step(x, y)
    ```

    ## Known limits
    Advice: eager steps are easier to debug, and a step that calls Python in between (an environment, a file)
    cannot be a graph as it is.

    ## References
    - Measured on Keras 3.15.1 and TensorFlow 2.21, CPU, batches of 32, milliseconds a step without and with
      tf.function: three Dense layers 14.1 and 0.4, a small CNN on 28x28 images 20.4 and 4.2, an LSTM over 20 steps
      48.2 and 2.2.
    - https://www.tensorflow.org/guide/function
    """

    code = "KP024"
    name = "eager-train-loop"
    severity = Severity.ADVICE
    symptoms = ("slow-run",)
    since = "0.1.0"
    in_tests = False
    needs_end = True

    def check(self, program: Program) -> Iterator[Found]:
        told: set[int] = set()
        taped = {id(event.loops[-1]) for event in program.all(Gradient) if event.loops}
        for step in program.all(ApplyGradients):
            epochs = [loop for loop in step.loops if not isinstance(loop.over, Dataset)]
            if step.in_graph or step.assumed or len(step.loops) < 2 or not epochs or id(step.node) in told:
                continue
            if id(step.loops[-1]) not in taped:
                # Another backend's step.
                continue
            told.add(id(step.node))
            yield from self.found(
                step.node,
                "a training step without tf.function: Python calls every operation of it",
                label="runs for every batch of every epoch",
                also=[(step.function.node if step.function is not None else None, "the step")],
                why="the calls from Python take longer than the computation of a small model",
                help="put the step into a function of its own with @tf.function",
                about=step,
            )

    good = (
        """
        import tensorflow as tf
        model = tf.keras.Sequential([tf.keras.Input((4,)), tf.keras.layers.Dense(1)])
        optimizer = tf.keras.optimizers.Adam(1e-3)
        def train_step(x, y):
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean((model(x, training=True) - y) ** 2)
            gradients = tape.gradient(loss, model.trainable_variables)
            optimizer.apply_gradients(zip(gradients, model.trainable_variables))
        train_step = tf.function(train_step)
        for epoch in range(20):
            for x, y in dataset:
                train_step(x, y)
        """,
        """
        import tensorflow as tf
        model = tf.keras.Sequential([tf.keras.Input((4,)), tf.keras.layers.Dense(1)])
        optimizer = tf.keras.optimizers.Adam(1e-3)
        def step(x, y):
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean((model(x, training=True) - y) ** 2)
            gradients = tape.gradient(loss, model.trainable_variables)
            optimizer.apply_gradients(zip(gradients, model.trainable_variables))
        @tf.function(jit_compile=True)
        def train_step(x, y):
            step(x, y)
        for epoch in range(20):
            for x, y in dataset:
                train_step(x, y)
        """,
    )
