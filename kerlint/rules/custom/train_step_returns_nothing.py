"""KT028."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint import syntax
from kerlint.finding import Severity
from kerlint.program.constants import constant
from kerlint.program.events import Event, Gradient
from kerlint.program.facts import Program
from kerlint.program.trials import TrainStep
from kerlint.rules.base import Found, Rule


class TrainStepReturnsNothing(Rule):
    """`train_step` of a model class returns nothing, and `fit` stops with an error at the first step.

    `fit` shows what `train_step` returns: a dict of numbers by their names.

    ## Why is this bad?
    The error comes from deep inside and speaks of something else: `'NoneType' object is not iterable`, or with Keras
    3.9 to 3.15 `Attr 'Toutput_types' of 'OptionalFromValue' Op passed list of length 0 less than minimum 1`.

    ## Example
    ```python
    import keras
    import tensorflow as tf

    class Net(keras.Model):
        def __init__(self):
            super().__init__()
            self.out = keras.layers.Dense(1)

        def call(self, x, training=None):
            return self.out(x)

        def train_step(self, data):  # KT028
            x, y = data
            with tf.GradientTape() as tape:
                loss = self.compute_loss(x=x, y=y, y_pred=self(x, training=True))
            gradients = tape.gradient(loss, self.trainable_variables)
            self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))

    net = Net()
    net.compile(optimizer="adam", loss="mse")
    net.fit(x, y, epochs=5)
    ```

    Use instead:
    ```python
    import keras
    import tensorflow as tf

    class Net(keras.Model):
        def __init__(self):
            super().__init__()
            self.out = keras.layers.Dense(1)

        def call(self, x, training=None):
            return self.out(x)

        def train_step(self, data):
            x, y = data
            with tf.GradientTape() as tape:
                predicted = self(x, training=True)
                loss = self.compute_loss(x=x, y=y, y_pred=predicted)
            gradients = tape.gradient(loss, self.trainable_variables)
            self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))
            self._loss_tracker.update_state(loss)
            return self.compute_metrics(x, y, predicted)

    net = Net()
    net.compile(optimizer="adam", loss="mse")
    net.fit(x, y, epochs=5)
    ```

    ## Known limits
    Only for models that the program trains with `fit`, where no way through `train_step` returns anything, and
    with a gradient tape of TensorFlow in it.

    ## References
    - Measured with TensorFlow: Keras 3.9, 3.12 and 3.15 raise a ValueError at the first step, or with
      `run_eagerly=True` an InvalidArgumentError; 3.0 and 3.3 an AttributeError, 3.6 and 3.16 a TypeError.
    - https://keras.io/guides/custom_train_step_in_tensorflow/
    """

    code = "KT028"
    name = "train-step-returns-nothing"
    severity = Severity.ERROR
    symptoms = ("crash",)
    since = "0.1.0"
    keras = 3

    def check(self, program: Program) -> Iterator[Found]:
        for event in program.all(TrainStep):
            fit, step = event.fit, event.step
            if fit is None or fit.assumed or fit.tried or constant(event.returned) is not None or step.decorators:
                continue
            definition = step.node
            if not isinstance(definition, syntax.FunctionDef) or not any(map(_is_gradient, event.events)):
                continue
            yield from self.found(
                definition.name,
                "`train_step` returns nothing: fit() fails at the first step",
                label="has no return",
                also=[(fit.node, "runs it")],
                why="fit() shows what train_step returns, a dict of numbers by their names",
                help='return {"loss": loss}, or self.compute_metrics(x, y, predicted)',
                about=step,
            )

    good = (
        """
        import keras
        import tensorflow as tf
        class Net(keras.Model):
            def __init__(self):
                super().__init__()
                self.out = keras.layers.Dense(1)
            def call(self, x, training=None):
                return self.out(x)
            def train_step(self, data):
                x, y = data
                with tf.GradientTape() as tape:
                    predicted = self(x, training=True)
                    loss = self.compute_loss(x=x, y=y, y_pred=predicted)
                gradients = tape.gradient(loss, self.trainable_variables)
                self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))
                if self.shown:
                    return {"all": loss}
                return self.compute_metrics(x, y, predicted)
        net = Net()
        net.compile(optimizer="adam", loss="mse")
        net.fit(x, y, epochs=5)
        """,
    )


def _is_gradient(event: Event) -> bool:
    return isinstance(event, Gradient)
