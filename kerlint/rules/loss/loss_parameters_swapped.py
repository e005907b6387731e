"""KL033."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kerlint import syntax
from kerlint.finding import Severity
from kerlint.library.worked_out import work_out
from kerlint.program.facts import Program
from kerlint.program.graph import tensors_in
from kerlint.program.trials import OwnLoss
from kerlint.program.values import Tensor
from kerlint.rules.base import Found, Rule


class LossParametersSwapped(Rule):
    """A loss function takes the predictions first and the targets second, and Keras gives them the other way round.

    ## Why is this bad?
    Keras calls a loss as `loss(y_true, y_pred)`, whatever the parameters are called. Where the two are treated alike
    nothing happens. Otherwise the loss is another one: a quantile loss for .9 finds the lower tenth.

    ## Example
    ```python
    import tensorflow as tf

    def quantile_loss(y_pred, y_true):  # KL033
        error = y_true - y_pred
        return tf.reduce_mean(tf.maximum(0.9 * error, -0.1 * error))

    model = tf.keras.Sequential([tf.keras.Input((8,)), tf.keras.layers.Dense(1)])
    model.compile(optimizer="adam", loss=quantile_loss)
    ```

    Use instead:
    ```python
    import tensorflow as tf

    def quantile_loss(y_true, y_pred):
        error = y_true - y_pred
        return tf.reduce_mean(tf.maximum(0.9 * error, -0.1 * error))

    model = tf.keras.Sequential([tf.keras.Input((8,)), tf.keras.layers.Dense(1)])
    model.compile(optimizer="adam", loss=quantile_loss)
    ```

    ## Known limits
    Only functions of sums, means and arithmetic that a model is compiled with, whose parameters are named `y_pred` and
    `y_true` or the like, and which give another number if the two change places.

    ## References
    - Measured on Keras 3.15.1: `fit` with the example's loss settles where a tenth of the targets lies below, not nine
      tenths.
    """

    code = "KL033"
    name = "loss-parameters-swapped"
    severity = Severity.ERROR
    symptoms = ("wrong-result",)
    since = "0.1.0"

    def check(self, program: Program) -> Iterator[Found]:
        told: set[int] = set()
        for own in program.all(OwnLoss):
            results = tensors_in(own.returned)
            names = _names(own.node)
            if len(results) != 1 or results[0] is None or names is None or own.assumed or id(own.node) in told:
                continue
            if not _PREDICTION.fullmatch(names[0]) or not _TRUTH.fullmatch(names[1]):
                continue
            if not _depends_on_order(own, results[0]):
                continue
            told.add(id(own.node))
            yield from self.found(
                own.node,
                f"the loss takes `{names[0]}` first, and Keras gives it the targets there",
                label="called with the targets first",
                also=[(own.compile.places.get("loss") or own.compile.node, "the model is trained with it")],
                why="a loss is called by position, loss(y_true, y_pred), and this one gives another number then",
                help=f"def {_called(own.node)}({names[1]}, {names[0]})",
                about=own.compile,
            )

    bad = (
        """
        import keras
        from keras import ops
        def careful(predictions, targets):  # KL033
            error = predictions - targets
            return ops.mean(ops.exp(0.5 * error) - 0.5 * error - 1)
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
        model.compile("adam", loss=careful)
        """,
    )
    good = (
        """
        import keras
        from keras import ops
        def squared(y_pred, y_true):
            return ops.mean(ops.square(y_pred - y_true))
        def careful(y_true, y_pred):
            error = y_pred - y_true
            return ops.mean(ops.exp(0.5 * error) - 0.5 * error - 1)
        def other(a, b):
            return ops.mean(ops.maximum(0.9 * (a - b), -0.1 * (a - b)))
        def unused(y_pred, y_true):
            return ops.mean(ops.maximum(0.9 * (y_true - y_pred), -0.1 * (y_true - y_pred)))
        def turned(y_true, y_pred):
            return unused(y_pred, y_true)
        for loss in (squared, careful, other, turned):
            model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
            model.compile("adam", loss=loss)
        """,
    )


_PREDICTION = re.compile(r"(y_?)?(preds?|predicted|predictions?|hat)|outputs?|logits|y_model")
_TRUTH = re.compile(r"(y_?)?(true|truth|targets?|labels?|actual|gt)|ground_truth")
_FIRST = [0.1, 0.8, 0.35, 0.6]
_SECOND = [0.45, 0.3, 0.9, 0.7]


def _names(definition: syntax.Node) -> tuple[str, str] | None:
    """The names of the two parameters that Keras gives something."""
    if not isinstance(definition, (syntax.FunctionDef, syntax.Lambda)):
        return None
    names = [parameter.name for parameter in definition.params.params if parameter.name != "self"]
    return (names[0], names[1]) if len(names) >= 2 else None


def _called(definition: syntax.Node) -> str:
    return definition.name.value if isinstance(definition, syntax.FunctionDef) else "loss"


def _depends_on_order(own: OwnLoss, result: Tensor) -> bool:
    """Whether the loss is known to be another number if targets and predictions change places."""
    one = work_out(result, {id(own.target.op): _FIRST, id(own.prediction.op): _SECOND})
    other = work_out(result, {id(own.target.op): _SECOND, id(own.prediction.op): _FIRST})
    return one is not None and other is not None and abs(one - other) > 1e-3 * (abs(one) + abs(other))
