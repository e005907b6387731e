"""KT004."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.experiment import Experiment
from kerlint.finding import Severity
from kerlint.program.events import Compile
from kerlint.program.facts import Program
from kerlint.program.mentions import reads
from kerlint.program.trials import TrainStep
from kerlint.program.values import Class, Mapping, Object
from kerlint.rules.base import Found, Rule


class TrainStepLossNotTracked(Rule):
    """`train_step` returns a loss that no metric has been given: `fit` shows 0.0 in every epoch.

    A compiled model of Keras 3 has a metric called `loss` of its own. Where the names that `train_step`
    returns are those of the model's metrics, Keras shows the metrics, not what was returned.

    ## Why is this bad?
    The log and the history say `loss: 0.0000` from the first epoch to the last, while the model trains.
    Callbacks that watch the loss see a constant: EarlyStopping ends the training.

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

        def train_step(self, data):
            x, y = data
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean((self(x, training=True) - y) ** 2)
            gradients = tape.gradient(loss, self.trainable_variables)
            self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))
            return {"loss": loss}  # KT004

    net = Net()
    net.compile(optimizer="adam")
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
            self.tracker = keras.metrics.Mean(name="loss")

        @property
        def metrics(self):
            return [self.tracker]

        def call(self, x, training=None):
            return self.out(x)

        def train_step(self, data):
            x, y = data
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean((self(x, training=True) - y) ** 2)
            gradients = tape.gradient(loss, self.trainable_variables)
            self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))
            self.tracker.update_state(loss)
            return {"loss": self.tracker.result()}

    net = Net()
    net.compile(optimizer="adam")
    net.fit(x, y, epochs=5)
    ```

    ## Known limits
    For Keras 3, and only if `loss` is the only name that is returned, the model is compiled without metrics,
    and the class deals with no metric at all.

    ## References
    - Measured on Keras 3.15.1: the history holds 0.0 for every epoch, with and without a compiled loss; Keras 2 shows
      the loss.
    - https://github.com/keras-team/keras-core/issues/485
    """

    code = "KT004"
    name = "train-step-loss-not-tracked"
    severity = Severity.ERROR
    symptoms = ("loss-flat", "wrong-result")
    since = "0.1.0"
    keras = 3

    def check(self, program: Program) -> Iterator[Found]:
        for event in program.all(TrainStep):
            model, returned = event.model, event.returned
            compiled = model.state.get("compile")
            if event.assumed or not isinstance(compiled, Compile) or "fitted" not in model.state:
                continue
            if not isinstance(returned, Mapping) or returned.open or set(returned.entries) != {"loss"}:
                continue
            if _has_metrics(compiled) or model.cls is None or not model.cls.knows_its_bases() or _tracks(model.cls):
                continue
            yield from self.found(
                returned.node,
                f"`train_step` of {model.cls.name} returns a loss that no metric tracks: fit() shows 0.0 instead",
                label="this value is never shown",
                also=[(compiled.node, "gives the model a metric `loss`, which stays 0")],
                why="where the returned names are those of the model's metrics, Keras 3 shows the metrics",
                help="update a keras.metrics.Mean(name='loss') and return its result(), or use another key",
                about=event,
                experiment=Experiment(event, "untracked"),
            )

    good = (
        """
        import keras
        class Net(keras.Model):
            def call(self, x, training=None):
                return x
            def train_step(self, data):
                loss = self.compute_loss(x=data)
                return {"total": loss}
        net = Net()
        net.compile("adam")
        net.fit(x, y)
        """,
        """
        import keras
        class Net(keras.Model):
            def __init__(self):
                super().__init__()
                self.mean = keras.metrics.Mean(name="loss")
            def call(self, x, training=None):
                return x
            def train_step(self, data):
                loss = self.compute_loss(x=data)
                self.mean.update_state(loss)
                return {"loss": loss}
        net = Net()
        net.compile("adam")
        net.fit(x, y)
        """,
        """
        import tf_keras
        class Net(tf_keras.Model):
            def call(self, x, training=None):
                return x
            def train_step(self, data):
                loss = self.compute_loss(x=data)
                return {"loss": loss}
        net = Net()
        net.compile("adam")
        net.fit(x, y)
        """,
    )


#: What a class that keeps count of its loss mentions.
_TRACKING = (
    "update_state",
    "result",
    "_loss_tracker",
    "metrics",
    "compute_metrics",
    "get_metrics_result",
    "Mean",
    "super",
)


def _has_metrics(compiled: Compile) -> bool:
    return any(name in compiled.args for name in ("metrics", "weighted_metrics"))


def _tracks(cls: Class) -> bool:
    """Whether the class, or one that it is derived from, deals with metrics or lets another do the step."""
    for part in cls.ancestry():
        if not isinstance(part, Class) or part.node is None:
            continue
        if part.lookup("metrics") is not None or any(isinstance(value, Object) for value in part.state.values()):
            return True
        step = part.state.get("train_step")
        names = _TRACKING[:-1]
        if any(reads(part.node, name) for name in names) or (
            step is not None and step.node is not None and reads(step.node, "super")
        ):
            return True
    return False
