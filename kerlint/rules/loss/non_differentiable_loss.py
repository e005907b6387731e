"""KL021."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.finding import Severity
from kerlint.library.convert import dtype_name
from kerlint.library.dtypes import is_integer
from kerlint.program.facts import Program
from kerlint.program.graph import tensors_in
from kerlint.program.trials import OwnLoss
from kerlint.program.values import Layer, Object, Op, Tensor
from kerlint.rules.base import Found, Rule


class NonDifferentiableLoss(Rule):
    """A loss of the program rounds, compares or takes the argmax of the predictions, or never looks at them.

    Training follows the slope of the loss. What only jumps from one number to the next has none. And what NumPy
    computes is nothing that TensorFlow knows of.

    ## Why is this bad?
    A small change of the weights does not change the loss at all, so there is no direction in which it gets better.
    Keras raises "No gradients provided for any variable" at the first step; with `sign` it says nothing, and the
    weights stay as they are. Functions of NumPy raise `NotImplementedError` while Keras compiles the step; with
    `run_eagerly=True` they give numbers, and again there are no gradients.

    ## Example
    ```python
    import tensorflow as tf
    from tensorflow import keras

    def error_rate(y_true, y_pred):
        wrong = tf.not_equal(y_true, tf.round(y_pred))
        return tf.reduce_mean(tf.cast(wrong, tf.float32))

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, activation="sigmoid")])
    model.compile(optimizer="adam", loss=error_rate)  # KL021
    ```

    Use instead:
    ```python
    import tensorflow as tf
    from tensorflow import keras

    def error_rate(y_true, y_pred):
        wrong = tf.not_equal(y_true, tf.round(y_pred))
        return tf.reduce_mean(tf.cast(wrong, tf.float32))

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, activation="sigmoid")])
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=[error_rate])
    ```

    ## Known limits
    Only functions, and classes derived from `keras.losses.Loss`, that are understood from the predictions to the
    result. Losses in hand-written loops are not looked at, nor is a constant, which models with `add_loss` may have.

    ## References
    - Measured on Keras 3.15.1: losses made of `argmax`, `round`, `floor`, `ceil`, comparisons, casts to whole numbers,
      `argsort`, `stop_gradient`, or a `where` between constants raise ValueError in `fit`; `sign` trains and moves no
      weight. `np.mean`, `np.abs`, `np.where` and `.numpy()` on the predictions raise in `fit`, with `run_eagerly=True`
      and without.
    """

    code = "KL021"
    name = "non-differentiable-loss"
    severity = Severity.ERROR
    symptoms = ("crash", "loss-flat")
    since = "0.1.0"

    def check(self, program: Program) -> Iterator[Found]:
        for own in program.all(OwnLoss):
            results = tensors_in(own.returned)
            if len(results) != 1 or results[0] is None:
                continue
            ends = _blocking(results[0], own.prediction)
            if ends is None:
                continue
            if not ends and own.looks:
                continue
            if not ends:
                yield from self._never_looked_at(program, own, results[0])
                continue
            first = ends[0]
            short = first.name.rpartition(".")[2] or first.name
            left = _leaves(first)
            yield from self.found(
                own.compile.places.get("loss") or own.compile.node,
                f"the loss {own.name} has no gradient: the predictions only pass through "
                + (f"NumPy's {short}" if left and short != "numpy" else f"{short}()" if left else short),
                label="raises an error at the first step" + ("" if left else ", or changes nothing"),
                also=[(op.node, "leaves TensorFlow" if _leaves(op) else "has no slope") for op in ends[:3]],
                why="TensorFlow knows the slope of its own functions only, and what NumPy gives is a mere number to it"
                if left
                else "what jumps from one number to the next does not tell training in which direction to go",
                help="take the functions of the same name from keras.ops or tf.math"
                if left
                else "take a loss that changes smoothly, such as a cross-entropy, and this function as a metric",
                about=own.compile,
            )

    def _never_looked_at(self, program: Program, own: OwnLoss, result: Tensor) -> Iterator[Found]:
        """A loss that is made of the targets alone."""
        graph = own.compile.graph
        if not _reaches(result.op, own.target) or result.op.name.endswith("_like") or own.compile.model.cls is not None:
            return
        if not graph.complete or any(_may_add_loss(made) for made in program.objects):
            return
        yield from self.found(
            own.compile.places.get("loss") or own.compile.node,
            f"the loss {own.name} has no gradient: it never looks at the predictions",
            label="raises an error at the first step",
            also=[(result.node, "made of the targets alone")],
            why="what does not depend on the output of the model does not depend on its weights either",
            help="compare y_true with y_pred",
            about=own.compile,
        )

    bad = (
        """
        import keras
        from keras import ops
        def own(y_true, y_pred):
            return ops.mean(ops.square(y_true - y_true))
        class Hits(keras.losses.Loss):
            def call(self, y_true, y_pred):
                return -ops.mean(ops.cast(ops.equal(ops.round(y_pred), y_true), "float32"))
        for loss in (own, Hits()):
            model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
            model.compile("adam", loss)  # KL021
        """,
        """
        import keras
        from keras import ops
        def hits(y_true, y_pred):
            return -ops.mean(ops.cast(ops.argmax(y_pred, axis=-1) == ops.argmax(y_true, axis=-1), "float32"))
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="softmax")])
        model.compile("adam", hits)  # KL021
        """,
        """
        import tensorflow as tf
        from tensorflow.keras import backend as K
        def f1(y_true, y_pred):
            hits = K.sum(K.round(K.clip(y_true * y_pred, 0, 1)))
            found = K.sum(K.round(K.clip(y_pred, 0, 1)))
            return 1 - 2 * hits / (found + K.sum(y_true) + K.epsilon())
        model = tf.keras.Sequential([tf.keras.Input((4,)), tf.keras.layers.Dense(1, activation="sigmoid")])
        model.compile("adam", f1)  # KL021
        """,
        """
        import keras
        import numpy as np
        def asymmetric(y_true, y_pred):
            difference = y_true.numpy() - y_pred.numpy()
            return np.mean(np.where(difference > 0, 2.0, 1.0) * difference ** 2)
        def absolute(y_true, y_pred):
            return np.mean(np.abs(y_true - y_pred), axis=-1)
        for loss in (asymmetric, absolute):
            model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
            model.compile("adam", loss=loss, run_eagerly=True)  # KL021
        """,
    )
    good = (
        # Another loss that the weights depend on.
        """
        import keras
        class Small(keras.layers.Layer):
            def call(self, x):
                self.add_loss(0.01 * keras.ops.sum(keras.ops.square(x)))
                return x
        def nothing(y_true, y_pred):
            return 0.0 * keras.ops.sum(y_true)
        inputs = keras.Input((8,))
        hidden = Small()(keras.layers.Dense(4, activation="relu")(inputs))
        model = keras.Model(inputs, keras.layers.Dense(1)(hidden))
        model.compile("adam", nothing)
        """,
        """
        import keras
        def nothing(y_true, y_pred):
            return 0.0 * keras.ops.sum(y_true)
        model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(4, kernel_regularizer="l2")])
        model.compile("adam", nothing)
        """,
        # Parts of the predictions that are not understood.
        """
        import keras
        def density(y, p):
            logit, mean, width = keras.ops.split(p, 3, axis=-1)
            each = -0.5 * keras.ops.square((y - mean) / keras.ops.exp(width)) - width
            return -keras.ops.logsumexp(keras.ops.log_softmax(logit) + each, axis=-1)
        def rounded(y, p):
            a, b = keras.ops.split(p, 2, axis=-1)
            return keras.ops.mean(keras.ops.abs(keras.ops.round(p) - y) + b)
        for loss in (density, rounded):
            model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(6)])
            model.compile("adam", loss)
        """,
        """
        import keras
        import numpy as np
        import tensorflow as tf
        from keras import ops
        def weighted(y_true, y_pred):
            late = tf.cast(y_pred > y_true, tf.float32)
            return tf.reduce_mean((1 + late) * tf.square(y_true - y_pred))
        def huber(y_true, y_pred):
            error = y_true - y_pred
            return tf.where(tf.abs(error) < 1, 0.5 * error ** 2, tf.abs(error) - 0.5)
        def straight_through(y_true, y_pred):
            hard = y_pred + ops.stop_gradient(ops.round(y_pred) - y_pred)
            return ops.mean(ops.square(y_true - hard))
        def masked(y_true, y_pred):
            mask = ops.cast(ops.not_equal(y_true, 0), y_pred.dtype)
            return ops.sum(keras.losses.mean_squared_error(y_true, y_pred) * mask)
        def other(y_true, y_pred):
            return helper(ops.round(y_true), y_pred)
        def none(y_true, y_pred):
            return 0.0
        def sized(y_true, y_pred):
            return np.prod(y_pred.shape[1:]) * tf.reduce_mean(tf.square(y_true - y_pred)) / np.log(2)
        def weighted_by_numpy(y_true, y_pred):
            return tf.reduce_mean(np.where(y_true > 0, 2.0, 1.0) * tf.square(y_true - y_pred))
        for loss in (weighted, huber, straight_through, masked, other, none, sized, weighted_by_numpy):
            model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
            model.compile("adam", loss)
        """,
    )


_COMPARISONS = frozenset({"<", "<=", ">", ">=", "==", "!=", "//"})
_FLAT = frozenset(
    """argmax argmin argsort round rint floor ceil sign equal not_equal greater greater_equal less less_equal
    logical_and logical_or logical_not one_hot stop_gradient floordiv floor_divide is_nan isnan""".split()
)


def _leaves(op: Op) -> bool:
    """Whether the step gives something that is no tensor."""
    return op.kind == "function" and (op.name.startswith("numpy.") or op.name == "tensorflow.Tensor.numpy")


def _is_flat(op: Op) -> bool:
    """Whether what comes out of the step does not change with a small change of what goes in, as training sees it."""
    if _leaves(op):
        return True
    if op.kind == "operator":
        return op.name in _COMPARISONS
    short = op.name.rpartition(".")[2]
    if op.kind != "function":
        return False
    if short == "cast":
        dtype = dtype_name(op.args.get("dtype"))
        return dtype == "bool" or (dtype is not None and is_integer(dtype))
    return short in _FLAT


def _passed(op: Op) -> tuple[Tensor, ...]:
    """The tensors that a change goes through, of those that a step reads: the condition of a `where` chooses only."""
    if op.kind == "function" and op.name.rpartition(".")[2] in ("where", "switch"):
        return op.inputs[1:] if op.inputs and _is_condition(op) else op.inputs
    return op.inputs


def _is_condition(op: Op) -> bool:
    """Whether the first tensor that the step reads is the condition."""
    first = op.args.get("condition")
    return first is None or first is op.inputs[0]


def _blocking(result: Tensor, prediction: Tensor) -> list[Op] | None:
    """The steps that a change of the prediction does not get through; None if it does, or if something is unknown."""
    ends: list[Op] = []
    pending = [result.op]
    seen: set[int] = set()
    while pending:
        op = pending.pop()
        if id(op) in seen:
            continue
        seen.add(id(op))
        if op is prediction.op or op.kind in ("gap", "layer", "variable"):
            return None
        if _is_flat(op):
            if _reaches(op, prediction):
                ends.append(op)
            continue
        if op.kind == "function" and not op.name.startswith(("tensorflow.", "keras.")) and op.name != "subscript":
            return None
        passed = _passed(op)
        if len(passed) < len(op.inputs) and _reaches(op.inputs[0].op, prediction):
            ends.append(op)
        pending.extend(tensor.op for tensor in passed)
    return ends


def _may_add_loss(made: Object) -> bool:
    """Whether this is a layer with a loss of its own: a regularizer, or what a class of the program may add.

    A layer that gives back what it gets is no node of the model.
    """
    if not isinstance(made, Layer):
        return False
    return made.cls is not None or made.open or any(name.endswith("regularizer") for name in made.args)


def _reaches(op: Op, prediction: Tensor) -> bool:
    pending = [op]
    seen: set[int] = set()
    while pending:
        current = pending.pop()
        if current is prediction.op:
            return True
        if id(current) not in seen:
            seen.add(id(current))
            pending.extend(tensor.op for tensor in current.inputs)
    return False
