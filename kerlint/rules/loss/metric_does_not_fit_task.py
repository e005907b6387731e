"""KL009."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kerlint import syntax
from kerlint.experiment import Change, Experiment, Plain
from kerlint.finding import Safety, Severity
from kerlint.library.contracts import (
    CATEGORICAL,
    REGRESSION,
    Contract,
    Target,
    as_data,
    contracts,
    inputs_of,
    metric_names,
)
from kerlint.library.heads import PROBABILITIES, Head
from kerlint.library.metrics import (
    ACCURACIES,
    CHOSEN,
    COUNTS,
    OF_ERRORS,
    OF_NUMBERS,
    OF_ROWS,
    Metric,
    listed,
    metrics_of,
)
from kerlint.library.transformers import SCALERS
from kerlint.program.events import Compile, Fit
from kerlint.program.facts import Program
from kerlint.program.values import Array
from kerlint.records import dataclass
from kerlint.rules import fixing
from kerlint.rules.base import Found, Rule


class MetricDoesNotFitTask(Rule):
    """The metric compares what cannot be compared, so its number means nothing.

    Accuracy is the share of right answers, and needs answers that are right or wrong: classes. There
    are four kinds of it, one for each way to write labels and outputs. The string `"accuracy"` lets
    Keras choose the right one; a class or a longer name does not.

    ## Why is this bad?
    The number looks like a result. In a regression the accuracy is near 0 for ever, however good the
    model is. `keras.metrics.Accuracy()` asks whether a probability *equals* the label, and is 0, too.
    `binary_accuracy` over ten classes counts single units, and begins near 90 %.
    `categorical_accuracy` with class numbers counts at random. Others stop the training with an
    error about shapes, at the end of the first step.

    ## Example
    ```python
    from sklearn.datasets import make_regression
    from tensorflow import keras

    x, y = make_regression(n_samples=1000, n_features=10)
    model = keras.Sequential([
        keras.Input((10,)),
        keras.layers.Dense(16, activation="relu"),
        keras.layers.Dense(1),
    ])
    model.compile(optimizer="adam", loss="mse", metrics=["accuracy"])  # KL009
    model.fit(x, y, epochs=20)
    ```

    Use instead:
    ```python
    from sklearn.datasets import make_regression
    from tensorflow import keras

    x, y = make_regression(n_samples=1000, n_features=10)
    model = keras.Sequential([
        keras.Input((10,)),
        keras.layers.Dense(16, activation="relu"),
        keras.layers.Dense(1),
    ])
    model.compile(optimizer="adam", loss="mse", metrics=["mae"])
    model.fit(x, y, epochs=20)
    ```

    ## Known limits
    Only models with one output. Where the targets are not known, accuracy beside a loss for numbers
    is advice: many people train 0 and 1 with squared errors, and there accuracy is right.

    ## References
    - https://github.com/keras-team/keras/issues/5335, https://github.com/keras-team/keras/issues/6421
    - Measured on Keras 3.15.1: "accuracy" of a regression 0.0; `Accuracy()` 0.0 where the true accuracy is .57;
      "categorical_accuracy" of class numbers .18 where it is .33; "binary_accuracy" of three classes .63 where it is
      .42, "categorical_accuracy" of one unit .33 where it is .50. `Precision`, `Recall`, `AUC` and "binary_accuracy"
      with class numbers of three classes, and "sparse_categorical_accuracy" with one-hot rows, raise a ValueError.
    """

    code = "KL009"
    name = "metric-does-not-fit-task"
    severity = Severity.ERROR
    fix = Safety.UNSAFE
    symptoms = ("wrong-result", "accuracy-stuck", "crash", "too-good")
    since = "0.1.0"

    def check(self, program: Program) -> Iterator[Found]:
        for contract in contracts(program):
            event, head = contract.event, contract.head
            if not isinstance(event, Compile) or head is None:
                continue
            metrics = metrics_of(event)
            misfits = list(_misfits(metrics, contract, head))
            for misfit in misfits:
                yield from self._report(misfit, contract)
            if not misfits:
                yield from self._numbers(metrics, contract, head)

    def _report(self, misfit: _Misfit, contract: Contract) -> Iterator[Found]:
        many = len(misfit.metrics) > 1
        yield from self.found(
            misfit.metrics[0].place,
            f"{listed(misfit.metrics)} {misfit.message}",
            label=misfit.label,
            also=[
                *((metric.place, "so does this") for metric in misfit.metrics[1:]),
                (misfit.cause, misfit.because),
            ],
            why=misfit.why.format(they="they" if many else "it"),
            help=misfit.help,
            about=contract.event,
            experiment=_experiment(contract, misfit.metrics[0], misfit.better),
            fix=_instead(misfit.metrics, "accuracy") if '"accuracy"' in misfit.help else None,
        )

    def _numbers(self, metrics: list[Metric], contract: Contract, head: Head) -> Iterator[Found]:
        """Accuracy of targets that are numbers."""
        wrong = [metric for metric in metrics if metric.kind in ACCURACIES]
        if not wrong:
            return
        target, what, severity = _numeric_target(contract, head)
        if target is None:
            if _is_plain_regression(contract, head):
                what, severity = "", Severity.ADVICE
            else:
                return
        unit = "binary" if head.units == 1 else "largest"
        yield from self.found(
            wrong[0].place,
            f"accuracy says nothing about targets that are {what}"
            if target is not None
            else f"accuracy beside {contract.loss.function}, which is a loss for numbers",
            label="counts right and wrong answers",
            also=[
                (target.array.node, f"these targets are {what}") if target is not None else (None, ""),
                (contract.loss.place, "a loss for numbers") if contract.loss.function in REGRESSION else (None, ""),
                (head.activation_place, "a linear output") if head.activation == "linear" else (None, ""),
            ],
            why="it cuts the output at 0.5 and asks whether the result equals the target, which it never does"
            if unit == "binary" and wrong[0].kind in (CHOSEN, "BinaryAccuracy")
            else "it compares the positions of the largest entries, not the values"
            if wrong[0].kind in (CHOSEN, *OF_ROWS)
            else "it asks for equality with the target",
            help='watch "mae" or keras.metrics.RootMeanSquaredError() instead'
            + ("; if the targets are 0 and 1, use binary_crossentropy" if target is None else ""),
            severity=severity,
            about=contract.event,
            experiment=_experiment(contract, wrong[0], "MeanAbsoluteError"),
            fix=_instead(wrong, "mae") if target is not None and severity is Severity.ERROR else None,
        )

    bad = (
        """
        import keras
        from sklearn.datasets import load_iris
        x, y = load_iris(return_X_y=True)
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="softmax")])
        model.compile(
            "adam",
            "sparse_categorical_crossentropy",
            metrics=["categorical_accuracy"],  # KL009
        )
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy", "AUC"])  # KL009
        model.compile("adam", "categorical_crossentropy", metrics=["sparse_categorical_accuracy"])  # KL009
        model.compile("adam", "categorical_crossentropy", metrics=[keras.metrics.BinaryAccuracy()])  # KL009
        """,
        """
        import keras
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, activation="sigmoid")])
        model.compile("adam", "binary_crossentropy", metrics=[keras.metrics.Accuracy()])  # KL009
        model.compile("adam", "binary_crossentropy", metrics=["categorical_accuracy"])  # KL009
        """,
        """
        import keras
        import numpy as np
        from sklearn.preprocessing import MinMaxScaler
        y = MinMaxScaler().fit_transform(load())
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
        model.compile("adam", "mse", metrics=["acc"])  # KL009
        model.fit(x, y)
        model.compile("adam", "mse", metrics=["acc"])  # KL009
        model.fit(x, np.array([[3, 3], [4, 1], [7, 2]]))
        """,
        """
        import keras
        import numpy as np
        table = np.random.randint(0, 100, (1000, 3)) / 100
        model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        model.compile("adam", "mse", metrics=["accuracy"])  # KL009
        model.fit(table[:, :2], table[:, 2])
        model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, activation="sigmoid")])
        model.compile("adam", "mse", metrics=["mae", "accuracy"])  # KL009
        model.fit(a, b)
        """,
    )
    good = (
        """
        import keras
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="softmax")])
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["sparse_categorical_accuracy"])
        model.compile("adam", "categorical_crossentropy", metrics=["accuracy", "Precision", "AUC"])
        """,
        # Several labels for a row, and two classes as two units.
        """
        import keras
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(5, activation="sigmoid")])
        model.compile("adam", "binary_crossentropy", metrics=["binary_accuracy"])
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2, activation="softmax")])
        model.compile("adam", "categorical_crossentropy", metrics=["binary_accuracy"])
        """,
        # Squared errors on 0 and 1, and on what is not known.
        """
        import keras
        import numpy as np
        model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, activation="sigmoid")])
        model.compile("adam", "mse", metrics=["accuracy"])
        model.fit(np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), np.array([0, 1, 1, 0]))
        model.fit(x, y)
        """,
        # Random numbers in the place of data.
        """
        import keras
        import numpy as np
        model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, activation="sigmoid")])
        model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
        model.fit(np.random.rand(100, 2), np.random.rand(100))
        """,
    )


def _instead(metrics: list[Metric], name: str) -> fixing.Draft | None:
    """The metrics replaced by a name: strings, and objects without arguments."""
    plain = all(
        syntax.is_string(metric.place) or (isinstance(metric.place, syntax.Call) and not metric.place.args)
        for metric in metrics
    )
    changes = [fixing.replace(metric.place, f'"{name}"') for metric in metrics]
    return fixing.draft(f'use "{name}"', *changes) if plain and len(metrics) == 1 else None


@dataclass(frozen=True, slots=True)
class _Misfit:
    """Metrics that do not fit loss and output, and why: `{they}` stands for the metrics."""

    metrics: list[Metric]
    message: str
    label: str
    cause: syntax.Node | None
    because: str
    why: str
    help: str
    better: str


def _experiment(contract: Contract, metric: Metric, better: str) -> Experiment:
    """The metric on answers that are right and on answers that know nothing, against one that fits."""
    chosen: dict[str, Plain] = {"class": "Accuracy", "chosen": True}
    return Experiment(
        contract.event,
        "metric",
        [Change("metric", chosen if better == CHOSEN else {"class": better})],
        details={"metric": "chosen" if metric.kind == CHOSEN else metric.kind},
    )


def _misfits(metrics: list[Metric], contract: Contract, head: Head) -> Iterator[_Misfit]:
    """What is wrong whatever the data is."""
    function, loss, units = contract.loss.function, contract.loss.place, head.units
    exact = [metric for metric in metrics if metric.kind == "Accuracy"]
    if exact:
        output = head.activation if head.activation in PROBABILITIES else "the output"
        yield _Misfit(
            exact,
            f"asks whether {'a probability' if head.activation in PROBABILITIES else 'the output'} equals the label",
            "compares for equality, without a threshold",
            head.activation_place,
            f"{output} gives numbers between the labels",
            "a number between the labels equals none of them, so {they} stays near 0 however good the model is",
            'use the string "accuracy", which chooses by the shapes of labels and output',
            CHOSEN,
        )
    if units == 1:
        positions = [metric for metric in metrics if metric.kind in OF_ROWS | OF_NUMBERS]
        if positions and function not in CATEGORICAL:
            yield _Misfit(
                positions,
                "looks for the largest of several outputs, but the model has one",
                "the largest of one is always the first",
                head.node.argument_place("units"),
                "one unit",
                "the position of the largest entry is always 0, whatever the model says",
                'use "accuracy" or keras.metrics.BinaryAccuracy()',
                CHOSEN,
            )
    if units is None or units < 2 or function not in CATEGORICAL:
        return
    sparse = function.startswith("sparse")
    wrong = [metric for metric in metrics if metric.kind in (OF_ROWS if sparse else OF_NUMBERS)]
    if wrong:
        name = "SparseCategoricalAccuracy" if sparse else "CategoricalAccuracy"
        yield _Misfit(
            wrong,
            "needs one-hot rows, but the loss reads class numbers"
            if sparse
            else "needs class numbers, but the loss reads one-hot rows",
            "reads the labels in another form than the loss",
            loss,
            f"reads {'class numbers' if sparse else 'one-hot rows'}",
            "{they} takes the position of the largest entry in what is no row of a one-hot table"
            if sparse
            else "{they} compares each entry of a row with a class number, and the shapes do not fit",
            f'use "accuracy" or keras.metrics.{name}()',
            CHOSEN,
        )
    counting = [metric for metric in metrics if sparse and _counts_units(metric)]
    if counting:
        yield _Misfit(
            counting,
            f"raises an error: the model gives {units} outputs for each row, the labels one class number",
            "compares outputs and labels one by one",
            loss,
            "reads class numbers",
            "{they} needs a label for each output, as one-hot rows are",
            "use keras.utils.to_categorical for the labels and categorical_crossentropy, or compute it from "
            "argmax after predict",
            CHOSEN,
        )
    single = [metric for metric in metrics if metric.kind == "BinaryAccuracy"]
    if single and not sparse and units > 2 and head.activation == "softmax":
        yield _Misfit(
            single,
            f"counts each of the {units} outputs by itself, so that it is far too high",
            "counts units, not rows",
            loss,
            f"one class out of {units}",
            f"a model that knows nothing already has {units - 1} of {units} outputs of a row right",
            'use "accuracy" or keras.metrics.CategoricalAccuracy()',
            CHOSEN,
        )


def _counts_units(metric: Metric) -> bool:
    if metric.kind in COUNTS:
        value = metric.given("class_id")
        return metric.kind not in ("Precision", "Recall") or (value is not None and getattr(value, "value", 0) is None)
    return metric.kind in ("AUC", "BinaryAccuracy", "F1Score")


def _numeric_target(contract: Contract, head: Head) -> tuple[Target | None, str, Severity]:
    """Targets that are certainly numbers, what they are in words, and how sure that is."""
    for target in contract.targets:
        array = target.array
        kind = array.labels.kind if array.labels is not None else None
        if (array.noise and not _belongs_to_inputs(target)) or array.source == "constant":
            continue
        if kind == "continuous":
            return target, "continuous numbers", Severity.ERROR
        if kind is not None or contract.loss.function not in REGRESSION:
            continue
        if _is_table_of_numbers(array):
            return target, "numbers", Severity.ERROR
        scaler = next((step.name for step in reversed(array.steps) if step.name in SCALERS), None)
        if scaler is None and array.labels is None and head.activation == "linear":
            scaler = next((step.name for step in array.steps if _DIVIDED.match(step.name)), None)
        if scaler is not None and head.activation != "softmax":
            return target, f"scaled numbers ({scaler})", Severity.WARNING
    return None, "", Severity.ERROR


def _belongs_to_inputs(target: Target) -> bool:
    """Whether random targets are columns of one table with the inputs, so that there is something to learn."""
    data = as_data(inputs_of(target.fit)) if isinstance(target.fit, Fit) else None
    return data is not None and data.origin is target.array.origin


#: A division by a number above 1: what is left are fractions.
_DIVIDED = re.compile(r"/ (?:[2-9]|\d\d|1\.\d)")


def _is_table_of_numbers(array: Array) -> bool:
    """Whether several columns hold known numbers beyond 0 and 1."""
    wide = array.rank == 2 and array.shape is not None and (array.shape[1] or 0) > 1
    return wide and array.source == "literal" and array.tight and array.high is not None and array.high > 1


def _is_plain_regression(contract: Contract, head: Head) -> bool:
    """Whether loss, output and other metrics look like a regression, while the targets are not known."""
    known = any(target.array.labels is not None for target in contract.targets)
    event = contract.event
    numbers = head.activation == "linear" or (isinstance(event, Compile) and bool(metric_names(event) & OF_ERRORS))
    return contract.loss.function in REGRESSION and head.units == 1 and numbers and not known
