"""KO012."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.finding import Severity
from kerlint.library.contracts import CROSSENTROPIES, as_data, metric_names, read_loss, targets_of
from kerlint.program.events import Compile, Fit
from kerlint.program.facts import Program
from kerlint.rules.base import Found, Rule
from kerlint.rules.options import Option


class ClassImbalanceIgnored(Rule):
    """One class is rare, and neither the loss nor the metrics take that into account.

    ## Why is this bad?
    With two rows in a hundred of the rare class, a model that never says it is right in 98 of 100 cases. The loss
    gets there first, the accuracy looks excellent, and not one rare row is found.

    ## Example
    ```python
    from sklearn.datasets import make_classification
    from tensorflow import keras

    x, y = make_classification(5000, n_features=20, weights=[0.98, 0.02])
    model = keras.Sequential([keras.Input((20,)), keras.layers.Dense(1, activation="sigmoid")])
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    model.fit(x, y, epochs=10)  # KO012
    ```

    Use instead:
    ```python
    from sklearn.datasets import make_classification
    from tensorflow import keras

    x, y = make_classification(5000, n_features=20, weights=[0.98, 0.02])
    model = keras.Sequential([keras.Input((20,)), keras.layers.Dense(1, activation="sigmoid")])
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy", keras.metrics.AUC(curve="PR")])
    model.fit(x, y, epochs=10, class_weight={0: 1.0, 1: 49.0})
    ```

    ## Known limits
    This is advice, and needs the shares of the classes: data that the program makes, or puts together from rows of
    known numbers. Another metric than the accuracy, weights or a focal loss show that it is known.

    ## References
    - Measured on Keras 3.15.1: with 2 % of positive rows the accuracy is .979 and the recall 0: no output is above 0.5.
    - https://www.tensorflow.org/tutorials/structured_data/imbalanced_data
    """

    code = "KO012"
    name = "class-imbalance-ignored"
    severity = Severity.ADVICE
    symptoms = ("constant-output", "too-good")
    since = "0.1.0"
    in_tests = False

    rare_share = Option(0.09, "A class with a smaller share of the rows is rare.", above=0, high=0.5)

    def check(self, program: Program) -> Iterator[Found]:
        seen: set[int] = set()
        for fit in program.fits:
            targets = as_data(targets_of(fit))
            compiled = fit.compile
            if targets is None or targets.labels is None or compiled is None or id(fit.node) in seen:
                continue
            share = targets.labels.rarest
            if share is None or not 0 < share < self.rare_share or _is_known(fit, compiled):
                continue
            seen.add(id(fit.node))
            yield from self.found(
                fit.node,
                f"the rarest class has {share:.1%} of the rows, and training treats all rows alike",
                label="no class_weight, no sample_weight",
                also=[
                    (targets.origin.node, "the labels come from here"),
                    (compiled.places.get("metrics"), "the accuracy does not show it"),
                ],
                why=f"a model that never says the rare class is right in {1 - share:.1%} of all cases",
                help="give fit a class_weight, and watch recall and precision",
                about=fit,
            )

    bad = (
        """
        import keras
        import numpy as np
        y = np.concatenate([np.zeros(980), np.ones(20)])
        model = keras.Sequential([keras.Input((20,)), keras.layers.Dense(1, activation="sigmoid")])
        model.compile("adam", "binary_crossentropy")
        model.fit(np.random.rand(1000, 20), y, shuffle=True)  # KO012
        model.fit(np.random.rand(1000, 20), np.random.binomial(1, 0.03, 1000))  # KO012
        model.fit(np.random.rand(1000, 20), np.random.choice(2, 1000, p=[0.95, 0.05]))  # KO012
        """,
    )
    good = (
        """
        import keras
        import numpy as np
        from sklearn.datasets import make_classification
        y = np.concatenate([np.zeros(980), np.ones(20)])
        model = keras.Sequential([keras.Input((20,)), keras.layers.Dense(1, activation="sigmoid")])
        model.compile("adam", "binary_crossentropy", metrics=["accuracy", "auc"])
        model.fit(np.random.rand(1000, 20), y)
        model.compile("adam", "binary_focal_crossentropy")
        model.fit(np.random.rand(1000, 20), y)
        model.compile("adam", "binary_crossentropy")
        model.fit(np.random.rand(1000, 20), y, class_weight={0: 1, 1: 49})
        model.fit(np.random.rand(1000, 20), np.concatenate([np.zeros(500), np.ones(500)]))
        model.fit(*make_classification(1000))
        """,
    )


_ACCURACIES = ("acc", "accuracy", "Accuracy", "BinaryAccuracy", "CategoricalAccuracy", "SparseCategoricalAccuracy")


def _is_known(fit: Fit, compiled: Compile) -> bool:
    """Whether something takes the shares into account, or may do so."""
    loss = read_loss(compiled.loss)
    plain = loss is not None and loss.function in CROSSENTROPIES and "focal" not in loss.function
    weighted = any(name in fit.args for name in ("class_weight", "sample_weight"))
    accuracies = compiled.metrics is not None and metric_names(compiled) <= {*_ACCURACIES, "loss"}
    return not plain or weighted or fit.open or not accuracies or "weighted_metrics" in compiled.args
