"""KL026."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.finding import Severity
from kerlint.library.contracts import as_data, targets_of
from kerlint.library.transformers import SCALERS
from kerlint.program.events import Fit, Transformed, Use
from kerlint.program.facts import Program
from kerlint.rules.base import Found, Rule


class ScaledTargetNotInverted(Rule):
    """The model learns scaled targets, and its predictions are never scaled back.

    ## Why is this bad?
    The predictions are on the scale of the scaler: standard deviations, or 0 to 1. Printed, plotted or compared with
    the data as it was, they are wrong, and so are errors that are computed from them.

    ## Example
    ```python
    from sklearn.preprocessing import StandardScaler
    from tensorflow import keras

    (x, y), (x_test, y_test) = keras.datasets.california_housing.load_data()
    scaler = StandardScaler()
    y = scaler.fit_transform(y.reshape(-1, 1))
    model = keras.Sequential([keras.layers.BatchNormalization(), keras.layers.Dense(1)])
    model.compile(optimizer="adam", loss="mse")
    model.fit(x, y, epochs=10)
    prices = model.predict(x_test)  # KL026
    ```

    Use instead:
    ```python
    from sklearn.preprocessing import StandardScaler
    from tensorflow import keras

    (x, y), (x_test, y_test) = keras.datasets.california_housing.load_data()
    scaler = StandardScaler()
    y = scaler.fit_transform(y.reshape(-1, 1))
    model = keras.Sequential([keras.layers.BatchNormalization(), keras.layers.Dense(1)])
    model.compile(optimizer="adam", loss="mse")
    model.fit(x, y, epochs=10)
    prices = scaler.inverse_transform(model.predict(x_test))
    ```

    ## Known limits
    This is advice: predictions may be compared with scaled targets on purpose. Silent as soon as anything in the
    program is scaled back.

    ## References
    - By definition of a scaler.
    """

    code = "KL026"
    name = "scaled-target-not-inverted"
    severity = Severity.ADVICE
    symptoms = ("wrong-result",)
    since = "0.1.0"
    in_tests = False
    needs_end = True

    def check(self, program: Program) -> Iterator[Found]:
        scaled = {id(one.after): one for one in program.all(Transformed) if one.transformer.short in SCALERS}
        if not scaled or any(one.method == "inverse_transform" for one in program.all(Transformed)):
            return
        seen: set[int] = set()
        for use in program.all(Use):
            if use.method != "predict" or id(use.node) in seen:
                continue
            fit = next((fit for fit in program.fits if fit.model is use.model and fit.order < use.order), None)
            one = _scaling(fit, scaled) if fit is not None else None
            if fit is None or one is None:
                continue
            seen.add(id(use.node))
            yield from self.found(
                use.node,
                "the predictions are on the scale of the scaled targets, and nothing scales them back",
                label="scaled numbers",
                also=[
                    (one.node, f"the targets are scaled by this {one.transformer.short}"),
                    (fit.node, "learned here"),
                ],
                why="a model gives what it was trained to give",
                help="call inverse_transform of the scaler of the targets on the predictions",
                about=use,
            )

    good = (
        """
        from sklearn.preprocessing import StandardScaler
        from tensorflow import keras
        (x, y), (x_test, y_test) = keras.datasets.california_housing.load_data()
        x = StandardScaler().fit_transform(x)
        model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(1)])
        model.compile(optimizer="adam", loss="mse")
        model.fit(x, y, epochs=10)
        prices = model.predict(x_test)
        """,
    )


def _scaling(fit: Fit, scaled: dict[int, Transformed]) -> Transformed | None:
    """What scaled the targets of a training call."""
    targets = as_data(targets_of(fit))
    steps = targets.history() if targets is not None else ()
    return next((scaled[id(array)] for array in steps if id(array) in scaled), None)
