"""KE030."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.finding import Severity
from kerlint.library.contracts import as_data, targets_of
from kerlint.library.transformers import SCALERS
from kerlint.program.data_events import Compared
from kerlint.program.events import Fit, Transformed
from kerlint.program.facts import Program
from kerlint.program.values import Array
from kerlint.rules.base import Found, Rule


class ComparedOnAnotherScale(Rule):
    """Predictions on the scale of a scaler are compared with data that was never scaled.

    ## Why is this bad?
    A model that was trained on scaled targets gives scaled predictions: 0 to 1, or standard deviations. The distance
    to prices in dollars is then about the prices themselves, however good the model is.

    ## Example
    ```python
    import pandas as pd
    from sklearn.metrics import mean_squared_error
    from sklearn.model_selection import train_test_split
    from sklearn.preprocessing import StandardScaler
    from tensorflow import keras

    houses = pd.read_csv("houses.csv")
    x_train, x_test, y_train, y_test = train_test_split(houses[["size"]].values, houses[["price"]].values)
    scaler = StandardScaler()
    y_scaled = scaler.fit_transform(y_train)
    model = keras.Sequential([keras.layers.BatchNormalization(), keras.layers.Dense(1)])
    model.compile(optimizer="adam", loss="mse")
    model.fit(x_train, y_scaled, epochs=10)
    print(mean_squared_error(y_test, model.predict(x_test)))  # KE030
    ```

    Use instead:
    ```python
    import pandas as pd
    from sklearn.metrics import mean_squared_error
    from sklearn.model_selection import train_test_split
    from sklearn.preprocessing import StandardScaler
    from tensorflow import keras

    houses = pd.read_csv("houses.csv")
    x_train, x_test, y_train, y_test = train_test_split(houses[["size"]].values, houses[["price"]].values)
    scaler = StandardScaler()
    y_scaled = scaler.fit_transform(y_train)
    model = keras.Sequential([keras.layers.BatchNormalization(), keras.layers.Dense(1)])
    model.compile(optimizer="adam", loss="mse")
    model.fit(x_train, y_scaled, epochs=10)
    print(mean_squared_error(y_test, scaler.inverse_transform(model.predict(x_test))))
    ```

    ## Known limits
    Only the scalers of scikit-learn, and data whose way from the source is known from end to end.

    ## References
    - By definition of a scaler.
    """

    code = "KE030"
    name = "compared-on-another-scale"
    severity = Severity.ERROR
    symptoms = ("wrong-result",)
    since = "0.1.0"
    in_tests = False

    def check(self, program: Program) -> Iterator[Found]:
        comparisons = [event for event in program.all(Compared) if _is_as_said(event.prediction)]
        if not comparisons:
            return
        scaled = {id(one.after): one for one in program.all(Transformed) if one.transformer.short in SCALERS}
        told: set[int] = set()
        for event in comparisons:
            model = event.prediction.prediction
            fits = [fit for fit in program.fits if fit.model is model and fit.order < event.order]
            if not fits or id(event.node) in told:
                continue
            scaling = [_scaling(fit, scaled) for fit in fits]
            one = scaling[-1]
            if one is None or None in scaling or not _is_unscaled(event.truth, one):
                continue
            told.add(id(event.node))
            yield from self.found(
                event.node,
                "scaled predictions are compared with data that is not scaled",
                label="compares two scales",
                also=[
                    (one.node, f"the targets of the training are scaled by this {one.transformer.short}"),
                    (fits[-1].node, "so the model learns to give scaled numbers"),
                    (event.truth.node, "not scaled"),
                ],
                why="a model gives numbers on the scale of the targets that it was trained on",
                help="call inverse_transform of the scaler of the targets on the predictions first",
                about=fits[-1],
            )

    bad = (
        # Windows of a series, and a difference that is written out.
        """
        import keras
        import numpy as np
        import pandas as pd
        from sklearn.metrics import mean_absolute_error
        from sklearn.preprocessing import MinMaxScaler
        prices = pd.read_csv("prices.csv")["close"].values.reshape(-1, 1)
        scaled = MinMaxScaler().fit_transform(prices)
        def windows(series, start, stop):
            x, y = [], []
            for i in range(start, stop):
                x.append(series[i - 60:i, 0])
                y.append(series[i, 0])
            return np.array(x)[..., np.newaxis], np.array(y)
        x, y = windows(scaled, 60, 1000)
        x_test, _ = windows(scaled, 1000, len(scaled))
        model = keras.Sequential([keras.Input((60, 1)), keras.layers.LSTM(8), keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(x, y)
        print(mean_absolute_error(prices[1000:], model.predict(x_test)))  # KE030
        said = model.predict(x_test).ravel()
        print(np.sqrt(np.mean((said - prices[1000:, 0]) ** 2)))  # KE030
        """,
    )
    good = (
        """
        import keras
        import numpy as np
        import pandas as pd
        from sklearn.metrics import r2_score
        from sklearn.model_selection import train_test_split
        from sklearn.preprocessing import MinMaxScaler, StandardScaler
        table = pd.read_csv("table.csv")
        x, y = table[["size", "rooms"]].values, table[["price"]].values
        for_x, for_y = MinMaxScaler(), MinMaxScaler()
        x_train, x_test, y_train, y_test = train_test_split(for_x.fit_transform(x), for_y.fit_transform(y))
        model = keras.Sequential([keras.layers.Dense(8, activation="relu"), keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(x_train, y_train)
        said = model.predict(x_test)
        print(r2_score(y_test, said), r2_score(for_y.inverse_transform(y_test), for_y.inverse_transform(said)))
        print(np.mean(np.abs(said - y_test)))
        print(r2_score(y, for_y.inverse_transform(model.predict(for_x.transform(x)))))
        own = said * (for_y.data_max_ - for_y.data_min_) + for_y.data_min_
        print(r2_score(y, own))
        plain = keras.Sequential([keras.layers.Dense(8, activation="relu"), keras.layers.Dense(1)])
        plain.compile("adam", "mse")
        plain.fit(for_x.transform(x), y)
        print(r2_score(y, plain.predict(for_x.transform(x))))
        print(r2_score(back(y_test), said), r2_score((y - y.mean()) / y.std(), said))
        """,
        # Only the inputs are scaled.
        """
        import keras
        import pandas as pd
        from sklearn.metrics import mean_squared_error
        from sklearn.preprocessing import StandardScaler
        table = pd.read_csv("table.csv")
        y = table.pop("price")
        x = StandardScaler().fit_transform(table)
        model = keras.Sequential([keras.layers.Dense(8, activation="relu"), keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(x[:800], y[:800])
        print(mean_squared_error(y[800:], model.predict(x[800:])))
        """,
    )


#: Steps that leave the numbers as they are.
_KEEPING = frozenset(
    """reshape ravel flatten squeeze rows to_numpy tolist copy train_test_split shuffled dropna reset_index head sample
    select_dtypes expand_dims numpy""".split()
)


def _is_as_said(prediction: Array) -> bool:
    """Whether these are predictions as a model gave them, at most in another shape."""
    return prediction.prediction is not None and all(_keeps(step.name) for step in prediction.steps)


def _keeps(step: str) -> bool:
    return step in _KEEPING or step.startswith(("astype float", "column"))


def _scaling(fit: Fit, scaled: dict[int, Transformed]) -> Transformed | None:
    """What scaled the targets of a training call, last."""
    targets = as_data(targets_of(fit))
    for made in targets.history() if targets is not None else ():
        if id(made) in scaled:
            return scaled[id(made)]
    return None


def _is_unscaled(truth: Array, scaling: Transformed) -> bool:
    """Whether the data comes from where the scaled data does, and nothing has changed its numbers on the way."""
    after = scaling.after
    if not isinstance(after, Array) or truth.origin is not after.origin:
        return False
    # What comes before the scaling is done to both.
    before = {id(step) for step in (after.parent.steps if after.parent is not None else ())}
    return all(id(step) in before or _keeps(step.name) for step in truth.steps)
