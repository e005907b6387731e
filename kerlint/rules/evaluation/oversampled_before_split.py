"""KE027."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.finding import Severity
from kerlint.library.resampling import sampled_at
from kerlint.program.events import Split, Use
from kerlint.program.facts import Program
from kerlint.program.values import Array
from kerlint.rules.base import Found, Rule


class OversampledBeforeSplit(Rule):
    """Rows of the rare classes are multiplied before the test rows are split off.

    ## Why is this bad?
    The new rows are copies of old ones, or lie between two of them. Split apart afterwards, one of a pair is trained on
    and its twin is tested with: the score is that of rows which the model has all but seen. The test rows are no longer
    as rare as in life, either, so precision and accuracy say nothing about it.

    ## Example
    ```python
    from imblearn.over_sampling import SMOTE
    from sklearn.model_selection import train_test_split

    from tensorflow import keras

    x, y = SMOTE().fit_resample(rows, labels)  # KE027
    x_train, x_test, y_train, y_test = train_test_split(x, y, random_state=1)
    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(1, activation="sigmoid")])
    model.compile(optimizer="adam", loss="binary_crossentropy")
    model.fit(x_train, y_train, epochs=10)
    model.evaluate(x_test, y_test)
    ```

    Use instead:
    ```python
    from imblearn.over_sampling import SMOTE
    from sklearn.model_selection import train_test_split

    from tensorflow import keras

    x_train, x_test, y_train, y_test = train_test_split(rows, labels, random_state=1)
    x_train, y_train = SMOTE().fit_resample(x_train, y_train)
    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(1, activation="sigmoid")])
    model.compile(optimizer="adam", loss="binary_crossentropy")
    model.fit(x_train, y_train, epochs=10)
    model.evaluate(x_test, y_test)
    ```

    ## Known limits
    Only the samplers of imbalanced-learn that add rows, `resample` of scikit-learn and `sample(replace=True)` of
    pandas, before the first `train_test_split` of a program. A program
    that scores its model on rows from elsewhere is left alone.

    ## References
    - https://imbalanced-learn.org/stable/common_pitfalls.html
    """

    code = "KE027"
    name = "oversampled-before-split"
    severity = Severity.ERROR
    symptoms = ("too-good",)
    since = "0.1.0"
    in_tests = False
    needs_end = True

    def check(self, program: Program) -> Iterator[Found]:
        told: set[int] = set()
        splits = list(program.all(Split))
        for split in splits:
            whole = next((whole for whole, _, _ in split.pairs if whole is not None and sampled_at(whole)), None)
            made = sampled_at(whole) if whole is not None else None
            if whole is None or made is None or id(made) in told or split.assumed:
                continue
            # Where test rows were split off before, these parts may be for choosing only.
            if any(earlier.order < split.order for earlier in splits):
                continue
            if _has_other_test_rows(program, split):
                continue
            told.add(id(made))
            yield from self.found(
                made,
                "rows are multiplied before the test rows are split off: copies of them are trained on",
                label="makes rows out of all rows",
                also=[(split.node, "split here")],
                why="a new row is a copy of another one or its near neighbour, and the two can end up on both sides",
                help="split first, and multiply the rows of the training part only",
                about=split,
            )

    bad = (
        """
        import pandas as pd
        from sklearn.model_selection import train_test_split
        from sklearn.utils import resample
        from tensorflow import keras
        table = pd.read_csv("table.csv").dropna()
        few, many = table[table.ill == 1], table[table.ill == 0]
        more = resample(few, replace=True, n_samples=len(many), random_state=1)  # KE027
        table = pd.concat([many, more])
        y = table.pop("ill").values
        x_train, x_test, y_train, y_test = train_test_split(table.values, y, test_size=0.2)
        model = keras.Sequential([keras.layers.Dense(1, activation="sigmoid")])
        model.compile(optimizer="adam", loss="binary_crossentropy")
        model.fit(x_train, y_train, epochs=10)
        model.evaluate(x_test, y_test)
        """,
        """
        import numpy as np
        import pandas as pd
        from sklearn.model_selection import train_test_split
        from tensorflow import keras
        table = pd.read_csv("table.csv")
        few = table[table["ill"] == 1].sample(5000, replace=True)  # KE027
        rows = np.vstack([table.values, few.values])
        x_train, x_test, y_train, y_test = train_test_split(rows[:, :-1], rows[:, -1])
        model = keras.Sequential([keras.layers.Dense(1, activation="sigmoid")])
        model.compile(optimizer="adam", loss="binary_crossentropy")
        model.fit(x_train, y_train, epochs=10)
        """,
    )
    good = (
        # Fewer rows, each of them once; and rows that are drawn again for training only.
        """
        import pandas as pd
        from sklearn.model_selection import train_test_split
        from sklearn.utils import resample
        from tensorflow import keras
        table = pd.read_csv("table.csv")
        few, many = table[table.ill == 1], table[table.ill == 0]
        less = pd.concat([few, resample(many, replace=False, n_samples=len(few))])
        a, b = train_test_split(less)
        c, d = train_test_split(table.sample(1000))
        train, test = train_test_split(table, random_state=1)
        train = pd.concat([train, train[train.ill == 1].sample(len(train), replace=True)])
        model = keras.Sequential([keras.layers.Dense(1, activation="sigmoid")])
        model.compile(optimizer="adam", loss="binary_crossentropy")
        model.fit(train.drop(columns="ill"), train["ill"], epochs=10)
        """,
        """
        from imblearn.over_sampling import SMOTE, RandomOverSampler
        from imblearn.under_sampling import RandomUnderSampler
        from sklearn.model_selection import train_test_split
        from tensorflow import keras
        x_rest, x_test, y_rest, y_test = train_test_split(rows, labels, random_state=1)
        x_more, y_more = RandomOverSampler().fit_resample(x_rest, y_rest)
        x_train, x_val, y_train, y_val = train_test_split(x_more, y_more, random_state=1)
        x_few, y_few = RandomUnderSampler().fit_resample(rows, labels)
        a, b, c, d = train_test_split(x_few, y_few, random_state=1)
        model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(1, activation="sigmoid")])
        model.compile(optimizer="adam", loss="binary_crossentropy")
        model.fit(x_train, y_train, epochs=10, validation_data=(x_val, y_val))
        """,
        """
        import numpy as np
        from imblearn.over_sampling import SMOTE
        from sklearn.model_selection import StratifiedKFold, train_test_split
        from tensorflow import keras
        rows, labels = np.load("rows.npy"), np.load("labels.npy")
        for rest, test in StratifiedKFold(5).split(rows, labels):
            x, y = SMOTE().fit_resample(rows[rest], labels[rest])
            x_train, x_val, y_train, y_val = train_test_split(x, y, random_state=1)
            model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(1, activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy")
            model.fit(x_train, y_train, epochs=10, validation_data=(x_val, y_val))
            model.evaluate(rows[test], labels[test])
        """,
        """
        import pandas as pd
        from imblearn.over_sampling import SMOTE
        from sklearn.model_selection import train_test_split
        from tensorflow import keras
        train, test = pd.read_csv("train.csv"), pd.read_csv("test.csv")
        x, y = SMOTE().fit_resample(train.drop(columns="fraud"), train["fraud"])
        x_train, x_val, y_train, y_val = train_test_split(x, y, random_state=1)
        model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(1, activation="sigmoid")])
        model.compile(optimizer="adam", loss="binary_crossentropy")
        model.fit(x_train, y_train, epochs=10, validation_data=(x_val, y_val))
        model.evaluate(test.drop(columns="fraud"), test["fraud"])
        """,
    )


#: So few rows are given to show an answer, not to score.
_FEW = 5


def _has_other_test_rows(program: Program, split: Split) -> bool:
    """Whether a model is asked about rows that come from elsewhere than the split."""
    # Whoever is given a model may do anything with it.
    if any("handed over" in fit.model.state for fit in program.fits):
        return True
    parts = {id(part) for _, first, second in split.pairs for part in (first, second) if part is not None}
    for use in program.all(Use):
        if use.order < split.order or not use.method.startswith(("evaluate", "predict", "test_on_batch")):
            continue
        data = use.args.get("x")
        if not isinstance(data, Array):
            return True
        if not any(id(version) in parts for version in data.history()) and not (data.rows and data.rows <= _FEW):
            return True
    return False
