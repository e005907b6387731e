"""KM020."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.finding import Severity
from kerlint.library.names import in_current_keras
from kerlint.program.events import TensorFlowCall
from kerlint.program.facts import Program
from kerlint.program.values import Op
from kerlint.rules.base import Found, Rule
from kerlint.rules.migration.versions import aside, severity, uses_tf_keras


class TfOpOnKerastensor(Rule):
    """A function of TensorFlow is called on a tensor of a functional model.

    What `keras.Input` gives, and every layer that is called on it, is a placeholder for a tensor. In Keras 2
    TensorFlow made a layer of each of its functions that got one. Since Keras 3 only `keras.ops`, layers and the
    operators of Python take them.

    ## Why is this bad?
    The model cannot be built: TensorFlow raises "A KerasTensor cannot be used as input to a TensorFlow function".

    ## Example
    ```python
    import tensorflow as tf
    from tensorflow import keras

    inputs = keras.Input((28, 28))
    x = tf.expand_dims(inputs, -1)  # KM020
    outputs = keras.layers.Conv2D(8, 3)(x)
    model = keras.Model(inputs, outputs)
    ```

    Use instead:
    ```python
    import tensorflow as tf
    from tensorflow import keras

    inputs = keras.Input((28, 28))
    x = keras.ops.expand_dims(inputs, -1)
    outputs = keras.layers.Conv2D(8, 3)(x)
    model = keras.Model(inputs, outputs)
    ```

    ## Known limits
    Inside the `call` of a layer or model, and in a function given to `Lambda`, there are real tensors, and any function
    is right. Where nothing says which Keras a program is for, it is taken for the current one, and the finding is
    a warning.

    ## References
    - Measured on Keras 3.15.1 with TensorFlow 2.21: of 60 functions of TensorFlow that were tried on a KerasTensor,
      all but `tf.print`, `tf.is_tensor`, `tf.get_static_value` and `tf.nest.flatten` raise.
    - https://github.com/keras-team/keras/issues/18467
    """

    code = "KM020"
    name = "tf-op-on-kerastensor"
    severity = Severity.ERROR
    symptoms = ("crash",)
    since = "0.1.0"
    keras = 3

    def check(self, program: Program) -> Iterator[Found]:
        if uses_tf_keras(program):
            return
        seen: set[int] = set()
        for event in program.all(TensorFlowCall):
            start = _start(event)
            if start is None or event.tried or id(event.node) in seen:
                continue
            seen.add(id(event.node))
            short = event.name.replace("tensorflow.", "tf.", 1)
            new = _operation(event.name.rpartition(".")[2])
            yield from self.found(
                event.node,
                f"{short} does not take a tensor of a functional model in Keras 3",
                label="raises an error",
                also=[(start.node, "the model starts here")],
                why="tensors of a model that is being built are placeholders that TensorFlow does not know",
                help=(f"use keras.ops.{new}" if new else "put it in the call of a layer of your own")
                + aside(program.target),
                severity=severity(program.target),
                about=event,
            )

    bad = (
        """
        import tensorflow as tf
        from tensorflow.keras.layers import Dense, Input
        a, b = Input((4,)), Input((4,))
        x = tf.nn.relu(Dense(4)(a) + b)  # KM020
        x = tf.concat([x, b], axis=1)  # KM020
        model = tf.keras.Model([a, b], Dense(1)(x))
        """,
    )
    good = (
        """
        import tensorflow as tf
        from tensorflow import keras
        class Mean(keras.layers.Layer):
            def __init__(self):
                super().__init__()
                self.scale = tf.square(tf.Variable(2.0))
            def call(self, x):
                return tf.reduce_mean(x, axis=1) * self.scale
        inputs = keras.Input((4, 4))
        x = Mean()(inputs)
        x = keras.layers.Lambda(lambda t: tf.math.l2_normalize(t, axis=1))(x)
        x = keras.layers.Activation(tf.nn.relu)(x * 2 - 1)
        x = keras.activations.relu(x)
        assert tf.is_tensor(inputs) is False
        model = keras.Model(inputs, x)
        y = tf.reduce_mean(model(tf.zeros((2, 4, 4))))
        """,
        """
        import tf_keras
        import tensorflow as tf
        inputs = tf_keras.Input((4,))
        model = tf_keras.Model(inputs, tf.reduce_sum(inputs, axis=1))
        """,
        """
        import tensorflow as tf
        from tensorflow import keras
        class Net(keras.Model):
            def __init__(self):
                super().__init__()
                self.dense = keras.layers.Dense(4)
            def call(self, x):
                return tf.nn.softmax(self.dense(tf.reshape(x, (-1, 4))))
        model = keras.Sequential([keras.Input((4,)), Net()])
        model(keras.Input((4,)))
        """,
    )


#: What is called otherwise in `keras.ops`.
_OPERATIONS = {
    "concat": "concatenate",
    "reduce_all": "all",
    "reduce_any": "any",
    "reduce_max": "max",
    "reduce_mean": "mean",
    "reduce_min": "min",
    "reduce_prod": "prod",
    "reduce_sum": "sum",
    "clip_by_value": "clip",
    "gather": "take",
    "l2_normalize": "normalize",
    "unstack": "unstack",
}


def _operation(short: str) -> str | None:
    """The function of `keras.ops` that does the same, if there is one."""
    name = _OPERATIONS.get(short, short)
    return name if in_current_keras(f"keras.ops.{name}") else None


def _start(event: TensorFlowCall) -> Op | None:
    """The input of a model that the tensors come from."""
    pending = [tensor.op for tensor in event.inputs]
    seen: set[int] = set()
    while pending:
        op = pending.pop()
        if op.kind == "input":
            return op
        if id(op) not in seen:
            seen.add(id(op))
            pending.extend(tensor.op for tensor in op.inputs)
    return None
