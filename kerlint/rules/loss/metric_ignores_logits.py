"""KL008."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint import syntax
from kerlint.finding import Safety, Severity
from kerlint.library.contracts import CATEGORICAL, Contract, contracts
from kerlint.library.heads import Head
from kerlint.library.metrics import CHOSEN, COUNTS, Metric, listed, metrics_of
from kerlint.program.constants import constant, number
from kerlint.program.events import Compile
from kerlint.program.facts import Program
from kerlint.program.target import Target
from kerlint.program.values import Object
from kerlint.rules import fixing
from kerlint.rules.base import Found, Rule

_BINARY = frozenset({"binary_crossentropy", "binary_focal_crossentropy"})
#: They have an argument `from_logits`, which is False if it is not given.
_TOLD = frozenset(
    {
        "AUC",
        "BinaryCrossentropy",
        "CategoricalCrossentropy",
        "SparseCategoricalCrossentropy",
    }
)


class MetricIgnoresLogits(Rule):
    """The loss is told that the model gives logits, but a metric is not.

    With `from_logits=True` the loss applies the sigmoid or softmax itself, and the model ends without
    one: its outputs are any numbers, and 0 means "fifty-fifty". Metrics read the same outputs, and
    nobody tells them. Accuracy, precision and recall cut at 0.5, `AUC` and the cross-entropies take
    the numbers for probabilities.

    ## Why is this bad?
    The model is trained as it should be, and the numbers that are shown for it are wrong. An output
    of 0.3 stands for a probability of 57 %, and counts as "no". Early stopping and checkpoints that
    watch such a metric choose by the wrong number. Keras says nothing.

    ## Example
    ```python
    from tensorflow import keras

    model = keras.Sequential([
        keras.Input((10,)),
        keras.layers.Dense(16, activation="relu"),
        keras.layers.Dense(1),
    ])
    model.compile(
        optimizer="adam",
        loss=keras.losses.BinaryCrossentropy(from_logits=True),
        metrics=["accuracy"],  # KL008
    )
    ```

    Use instead:
    ```python
    from tensorflow import keras

    model = keras.Sequential([
        keras.Input((10,)),
        keras.layers.Dense(16, activation="relu"),
        keras.layers.Dense(1),
    ])
    model.compile(
        optimizer="adam",
        loss=keras.losses.BinaryCrossentropy(from_logits=True),
        metrics=[keras.metrics.BinaryAccuracy(threshold=0.0, name="accuracy")],
    )
    ```

    ## Known limits
    Only models with one output that ends in a layer without activation. The accuracy of several
    classes is not affected: the largest logit is the largest probability.

    ## References
    - https://www.tensorflow.org/tutorials/keras/overfit_and_underfit compiles a model like this
    - Measured: `BinaryAccuracy(threshold=0.0)` is a ValueError on Keras 3.0 to 3.4, and none on 2.15 and since 3.5.
    - Measured on Keras 3.15.1: an accuracy of .539 where it is .590 with `threshold=0`, an AUC of .589 where it is
      .687 with `from_logits=True`.
    """

    code = "KL008"
    name = "metric-ignores-logits"
    severity = Severity.WARNING
    fix = Safety.UNSAFE
    symptoms = ("wrong-result", "accuracy-stuck")
    since = "0.1.0"

    def check(self, program: Program) -> Iterator[Found]:
        for contract in contracts(program):
            event, head = contract.event, contract.head
            if not isinstance(event, Compile) or head is None or contract.loss.from_logits is not True:
                continue
            if head.activation != "linear" or not head.known:
                continue
            wrong = [metric for metric in metrics_of(event) if _misreads(metric, contract, head)]
            if wrong:
                yield from self._report(wrong, contract, head, program.target)

    def _report(self, wrong: list[Metric], contract: Contract, head: Head, target: Target) -> Iterator[Found]:
        told = [metric for metric in wrong if metric.kind in _TOLD]
        advice: list[str] = []
        refused = False
        if len(told) < len(wrong):
            counted = all(metric.kind in COUNTS | _TOLD for metric in wrong)
            # BinaryAccuracy of Keras 3.0 to 3.4 takes no threshold of 0.
            refused = not counted and target.since(3, 0) and target.before(3, 5)
            advice.append(
                "cut at thresholds=0"
                if counted
                else 'end with activation="sigmoid" and leave from_logits out: BinaryAccuracy takes no threshold of 0 '
                "before Keras 3.5"
                if refused
                else "cut at threshold=0.0, as in BinaryAccuracy(threshold=0.0)"
            )
        if told:
            advice.append(f"use {told[0].kind}(from_logits=True)")
        yield from self.found(
            wrong[0].place,
            f"{listed(wrong)} {'reads' if len(wrong) == 1 else 'read'} logits as if they were probabilities",
            label="takes the output for a probability" if wrong[0].kind in _TOLD else "cuts at 0.5",
            also=[
                *((metric.place, "so does this") for metric in wrong[1:]),
                (contract.loss.place, "from_logits=True, for the loss only"),
                (head.node.place, "ends without activation: the output is a logit"),
            ],
            why="a logit of 0 is a probability of one half, and a metric does not know what the loss was told",
            help=", and ".join(advice),
            about=contract.event,
            fix=None
            if refused
            else fixing.draft("tell the metrics, too", *fixing.all_of([_told(metric, contract) for metric in wrong])),
        )

    bad = (
        """
        import keras
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
        model.compile(
            "adam",
            keras.losses.BinaryCrossentropy(from_logits=True),
            metrics=[keras.metrics.BinaryAccuracy(threshold=0.0), keras.metrics.Precision(), "AUC"],  # KL008
        )
        """,
        """
        import tensorflow as tf
        inputs = tf.keras.Input((4,))
        outputs = tf.keras.layers.Dense(5)(inputs)
        model = tf.keras.Model(inputs, outputs)
        model.compile(
            loss=tf.keras.losses.CategoricalCrossentropy(from_logits=True),
            metrics=["accuracy", tf.keras.metrics.Recall()],  # KL008
        )
        """,
    )
    good = (
        """
        import keras
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(5)])
        model.compile(
            "adam",
            keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            metrics=["accuracy", keras.metrics.SparseCategoricalCrossentropy(from_logits=True)],
        )
        """,
        """
        import keras
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
        model.compile(
            "adam",
            keras.losses.BinaryCrossentropy(from_logits=True),
            metrics=[keras.metrics.Precision(thresholds=0), keras.metrics.AUC(from_logits=True), "mse"],
        )
        """,
        """
        import keras
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, activation="sigmoid")])
        model.compile("adam", keras.losses.BinaryCrossentropy(from_logits=False), metrics=["accuracy", "AUC"])
        """,
    )


def _told(metric: Metric, contract: Contract) -> fixing.Change | None:
    """The metric, made for logits, under the name that it has."""
    value = metric.value
    if metric.kind in _TOLD:
        return fixing.put(value, "from_logits", "True") if isinstance(value, Object) else None
    if metric.kind in COUNTS:
        return fixing.put(value, "thresholds", "0") if isinstance(value, Object) else None
    if metric.kind == "BinaryAccuracy" and isinstance(value, Object) and "identifier" not in value.state:
        return fixing.put(value, "threshold", "0.0")
    if contract.loss.function not in _BINARY or not syntax.is_string(metric.place):
        return None
    name = metric.written.strip('"')
    return fixing.replace(metric.place, f'{{keras.metrics.BinaryAccuracy}}(threshold=0.0, name="{name}")')


def _misreads(metric: Metric, contract: Contract, head: Head) -> bool:
    sparse = contract.loss.function.startswith("sparse")
    if metric.kind in _TOLD:
        return constant(metric.given("from_logits")) is False and not (metric.kind == "AUC" and sparse)
    binary = contract.loss.function in _BINARY
    if not binary and (sparse or contract.loss.function not in CATEGORICAL):
        return False
    if metric.kind in COUNTS:
        return constant(metric.given("thresholds")) is None
    if not binary:
        return False
    if metric.kind == "BinaryAccuracy":
        return number(metric.given("threshold")) == 0.5
    return metric.kind == CHOSEN and head.units == 1
