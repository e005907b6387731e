"""KT023."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint import syntax
from kerlint.finding import Safety, Severity
from kerlint.library.contracts import CROSSENTROPIES
from kerlint.library.defaults import loss_function
from kerlint.program.events import LossCall, MetricCall
from kerlint.program.facts import Program
from kerlint.program.values import Array, Value
from kerlint.rules import fixing
from kerlint.rules.base import Found, Rule


class LossArgumentsSwapped(Rule):
    """A loss or metric that is called by hand gets the prediction as the target and the target as the prediction.

    Losses and metrics take the truth first and the prediction second, other than those of some libraries.

    ## Why is this bad?
    Cross-entropy takes the logarithm of its second argument. With labels there it takes that of 0, which is
    cut off at a small number: the loss is large, its gradient meaningless, and with binary cross-entropy
    nothing raises.

    ## Example
    ```python
    import tensorflow as tf

    (x, y), _ = tf.keras.datasets.imdb.load_data()
    model = tf.keras.Sequential([tf.keras.Input((100,)), tf.keras.layers.Dense(1, activation="sigmoid")])
    bce = tf.keras.losses.BinaryCrossentropy()
    loss = bce(model(data), y)  # KT023
    ```

    Use instead:
    ```python
    import tensorflow as tf

    (x, y), _ = tf.keras.datasets.imdb.load_data()
    model = tf.keras.Sequential([tf.keras.Input((100,)), tf.keras.layers.Dense(1, activation="sigmoid")])
    bce = tf.keras.losses.BinaryCrossentropy()
    loss = bce(y, model(data))
    ```

    ## Known limits
    Reported for cross-entropies and their metrics, where the first argument is known to come from a model and the
    second to be data.

    ## References
    - Measured on Keras 3.15.1: binary cross-entropy gives 7.7 instead of 0.73 without a warning (tf_keras raises a
      TypeError), sparse categorical cross-entropy raises.
    """

    code = "KT023"
    name = "loss-arguments-swapped"
    severity = Severity.ERROR
    fix = Safety.SAFE
    symptoms = ("loss-flat", "wrong-result", "crash")
    since = "0.1.0"

    def check(self, program: Program) -> Iterator[Found]:
        told: set[int] = set()
        for event in program.events:
            if isinstance(event, LossCall):
                name = (loss_function(event.loss.name) or "").rpartition(".")[2]
                first, second, what = event.target, event.prediction, event.loss.short
                places = event.places
            elif isinstance(event, MetricCall) and event.method == "update_state":
                name = _METRICS.get(event.metric.short, "")
                first, second, what = event.args.get("y_true"), event.args.get("y_pred"), event.metric.short
                places = event.places
            else:
                continue
            if name not in CROSSENTROPIES or not _is_prediction(first) or not _is_data(second):
                continue
            if id(event.node) not in told:
                told.add(id(event.node))
                yield from self._report(event, what, places)

    def _report(self, event: LossCall | MetricCall, what: str, places: dict[str, syntax.Node]) -> Iterator[Found]:
        yield from self.found(
            event.node,
            f"{what} gets the output of the model as the truth, and the labels as the prediction",
            label="the two are swapped",
            also=[(places.get("y_true"), "what the model gives"), (places.get("y_pred"), "data")],
            why="the truth is the first argument; the logarithm is taken of the second",
            help=f"{what}(y_true, y_pred)",
            about=event,
            fix=fixing.draft("swap the two", fixing.swap(places.get("y_true"), places.get("y_pred"))),
        )

    bad = (
        """
        import numpy as np
        import tensorflow as tf
        model = tf.keras.Sequential([tf.keras.Input((4,)), tf.keras.layers.Dense(1, activation="sigmoid")])
        y = np.array([0, 1, 1, 0])
        metric = tf.keras.metrics.BinaryAccuracy()
        metric.update_state(model(x), y)  # KT023
        """,
    )
    good = (
        """
        import tensorflow as tf
        model = tf.keras.Sequential([tf.keras.Input((4,)), tf.keras.layers.Dense(1, activation="sigmoid")])
        bce = tf.keras.losses.BinaryCrossentropy()
        mse = tf.keras.losses.MeanSquaredError()
        loss = bce(y, model(x)) + bce(tf.ones_like(model(x)), model(x)) + mse(model(x), y)
        """,
        """
        import tensorflow as tf
        teacher = tf.keras.Sequential([tf.keras.Input((4,)), tf.keras.layers.Dense(1, activation="sigmoid")])
        student = tf.keras.Sequential([tf.keras.Input((4,)), tf.keras.layers.Dense(1, activation="sigmoid")])
        loss = tf.keras.losses.binary_crossentropy(teacher(x), student(x))
        """,
    )


_METRICS = {
    "BinaryAccuracy": "binary_crossentropy",
    "BinaryCrossentropy": "binary_crossentropy",
    "CategoricalAccuracy": "categorical_crossentropy",
    "CategoricalCrossentropy": "categorical_crossentropy",
    "SparseCategoricalAccuracy": "sparse_categorical_crossentropy",
    "SparseCategoricalCrossentropy": "sparse_categorical_crossentropy",
    "AUC": "binary_crossentropy",
}


def _is_prediction(value: Value | None) -> bool:
    return isinstance(value, Array) and value.prediction is not None


def _is_data(value: Value | None) -> bool:
    """Whether these are labels, or other data that no model has made."""
    if not isinstance(value, Array) or any(one.prediction is not None for one in value.history()):
        return False
    return value.labels is not None and value.labels.kind != "continuous"
