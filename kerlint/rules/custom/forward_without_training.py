"""KT001."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.experiment import Experiment
from kerlint.finding import Safety, Severity
from kerlint.library.kinds import is_modal
from kerlint.program.constants import constant
from kerlint.program.events import ApplyGradients, Forward
from kerlint.program.facts import Program
from kerlint.program.graph import Graph, Node
from kerlint.program.values import Function, Model
from kerlint.rules import fixing
from kerlint.rules.base import Found, Rule


class ForwardWithoutTraining(Rule):
    """A hand-written training step calls the model without `training=True`, so it runs as if it were in use.

    Dropout, batch normalisation and random augmentation do their work only if the call says that the
    model is being trained. `fit` says so; `model(x)` does not.

    ## Why is this bad?
    Dropout lets everything through, and batch normalisation uses means and variances that it never
    measures: 0 and 1. The model trains, worse than it could, and nothing warns.

    ## Example
    ```python
    import tensorflow as tf

    model = tf.keras.Sequential([
        tf.keras.Input((10,)),
        tf.keras.layers.Dense(64, activation="relu"),
        tf.keras.layers.Dropout(0.5),
        tf.keras.layers.Dense(1),
    ])
    optimizer = tf.keras.optimizers.Adam()
    mse = tf.keras.losses.MeanSquaredError()
    for x, y in dataset:
        with tf.GradientTape() as tape:
            loss = mse(y, model(x))  # KT001
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables))
    ```

    Use instead:
    ```python
    import tensorflow as tf

    model = tf.keras.Sequential([
        tf.keras.Input((10,)),
        tf.keras.layers.Dense(64, activation="relu"),
        tf.keras.layers.Dropout(0.5),
        tf.keras.layers.Dense(1),
    ])
    optimizer = tf.keras.optimizers.Adam()
    mse = tf.keras.losses.MeanSquaredError()
    for x, y in dataset:
        with tf.GradientTape() as tape:
            loss = mse(y, model(x, training=True))
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables))
    ```

    ## Known limits
    Reported only for models that are known to hold such a layer, that the same step trains, and that no
    other call under a tape tells the mode.

    ## References
    - Measured on Keras 3.15.1: the output of `model(x)` is that of inference, under a tape too.
    - https://github.com/tensorflow/tensorflow/issues/36936
    - https://github.com/tensorflow/tensorflow/issues/27275
    """

    code = "KT001"
    name = "forward-without-training-true"
    severity = Severity.WARNING
    fix = Safety.UNSAFE
    symptoms = ("overfit", "slow-learning", "wrong-result")
    since = "0.1.0"
    needs_end = True

    def check(self, program: Program) -> Iterator[Found]:
        told = {id(call.model) for call in program.all(Forward) if call.in_tape and "training" in call.args}
        steps = [step for step in program.all(ApplyGradients) if step.model is not None]
        for call in program.all(Forward):
            if not call.in_tape or id(call.model) in told or not _listens(call.model):
                continue
            step = next((one for one in steps if one.model is call.model and one.function is call.function), None)
            layer = _modal(call.snapshot.graph)
            if step is None or layer is None:
                continue
            told.add(id(call.model))
            normalises = layer.short == "BatchNormalization"
            yield from self.found(
                call.node,
                f"the model is trained on a call without training=True: its {layer.short} "
                + ("never measures a mean or variance" if normalises else "does nothing"),
                label="runs as it does in predict()",
                also=[(layer.place, "acts only if training=True"), (step.node, "trains the model on this call")],
                why="a model that is called by hand runs in inference mode unless the call says otherwise",
                help="model(x, training=True)",
                about=call,
                experiment=Experiment(call, "idle", details={"how": "tape", "normalises": normalises}),
                fix=fixing.draft("add training=True", fixing.put_in_call(call.node, "training", "True")),
            )

    bad = (
        """
        import tensorflow as tf
        class Net(tf.keras.Model):
            def __init__(self):
                super().__init__()
                self.norm = tf.keras.layers.BatchNormalization()
                self.out = tf.keras.layers.Dense(1)
            def call(self, x, training=None):
                return self.out(self.norm(x, training=training))
        net = Net()
        adam = tf.keras.optimizers.Adam()
        @tf.function
        def step(x, y):
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean((net(x) - y) ** 2)  # KT001
            grads = tape.gradient(loss, net.trainable_variables)
            adam.apply_gradients(zip(grads, net.trainable_variables))
        for x, y in data:
            step(x, y)
        """,
    )
    good = (
        """
        import tensorflow as tf
        net = tf.keras.Sequential([tf.keras.Input((4,)), tf.keras.layers.Dense(8), tf.keras.layers.Dense(1)])
        adam = tf.keras.optimizers.Adam()
        for x, y in data:
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean((net(x) - y) ** 2)
            grads = tape.gradient(loss, net.trainable_variables)
            adam.apply_gradients(zip(grads, net.trainable_variables))
        """,
        """
        import tensorflow as tf
        base = tf.keras.Sequential([tf.keras.Input((4,)), tf.keras.layers.BatchNormalization()])
        head = tf.keras.Sequential([tf.keras.Input((4,)), tf.keras.layers.Dense(1)])
        adam = tf.keras.optimizers.Adam()
        for x, y in data:
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean((head(base(x)) - y) ** 2)
            grads = tape.gradient(loss, head.trainable_variables)
            adam.apply_gradients(zip(grads, head.trainable_variables))
        """,
        """
        import tensorflow as tf
        class Net(tf.keras.Model):
            def __init__(self):
                super().__init__()
                self.drop = tf.keras.layers.Dropout(0.5)
                self.out = tf.keras.layers.Dense(1)
            def call(self, x, training=True):
                return self.out(self.drop(x, training=training))
        net = Net()
        adam = tf.keras.optimizers.Adam()
        for x, y in data:
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean((net(x) - y) ** 2)
            grads = tape.gradient(loss, net.trainable_variables)
            adam.apply_gradients(zip(grads, net.trainable_variables))
        """,
    )


def _listens(model: Model) -> bool:
    """Whether the model asks the caller for the mode, and takes it for use if it is not told."""
    if model.cls is None:
        return model.kind in ("sequential", "functional")
    method = model.cls.lookup("call")
    if not isinstance(method, Function):
        return "outputs" in model.state or model.kind == "sequential"
    default = method.defaults.get("training")
    return default is None or constant(default) in (None, False)


def _modal(graph: Graph) -> Node | None:
    return next((node for node in graph.nodes if is_modal(node)), None)
