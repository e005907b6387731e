"""KE025."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint import syntax
from kerlint.finding import Severity
from kerlint.library.contracts import as_data, inputs_of, targets_of
from kerlint.program.constants import integer
from kerlint.program.data_events import UNKNOWN_COLUMNS, Windowed
from kerlint.program.events import Fit
from kerlint.program.facts import Program
from kerlint.program.values import Array, Dataset, Value
from kerlint.rules.base import Found, Rule

#: What leaves the elements of a dataset as they are.
_PLAIN_STEPS = frozenset({"batch", "shuffle", "repeat", "cache", "prefetch", "take", "skip", "with_options"})


class TargetAmongFeatures(Rule):
    """The column that the model shall predict is among its inputs.

    The targets are one column of a table, and the inputs are the whole table.

    ## Why is this bad?
    The model copies the answer from its input. Training and test look nearly perfect, and on new rows, where nobody
    knows the answer, there is nothing to copy.

    ## Example
    ```python
    import pandas as pd
    from tensorflow import keras

    houses = pd.read_csv("houses.csv")
    y = houses["price"]
    x = houses.values  # KE025
    model = keras.Sequential([keras.layers.Dense(32, activation="relu"), keras.layers.Dense(1)])
    model.compile(optimizer="adam", loss="mse")
    model.fit(x, y, epochs=10)
    ```

    Use instead:
    ```python
    import pandas as pd
    from tensorflow import keras

    houses = pd.read_csv("houses.csv")
    y = houses["price"]
    x = houses.drop(columns="price").values
    model = keras.Sequential([keras.layers.Dense(32, activation="relu"), keras.layers.Dense(1)])
    model.compile(optimizer="adam", loss="mse")
    model.fit(x, y, epochs=10)
    ```

    ## Known limits
    Every step from the table to the inputs must be understood. Targets that are moved against the rows, as those of
    a forecast are, are another column.

    ## References
    - Kaufman, Rosset and Perlich, Leakage in Data Mining, 2011: targets among the inputs are the plainest leak.
    - Yang, Brower-Sinning, Lewis and Kaestner, Data Leakage in Notebooks, 2022.
    """

    code = "KE025"
    name = "target-among-features"
    severity = Severity.ERROR
    symptoms = ("too-good",)
    since = "0.1.0"

    def check(self, program: Program) -> Iterator[Found]:
        told: set[int] = set()
        taken = {id(event.made): event for event in program.all(Windowed)}
        for fit in program.fits:
            yield from self._first_of_window(fit, told)
            yield from self._last_of_window(fit, taken, told)
            x, y = as_data(inputs_of(fit)), as_data(targets_of(fit))
            picked = _picked(y) if x is not None and y is not None else None
            if x is None or picked is None:
                continue
            table, name, place = picked
            whole = _holds(x, table, name)
            if whole is None or id(whole) in told:
                continue
            told.add(id(whole))
            yield from self.found(
                whole,
                f"the inputs hold the column {name!r}, which is the target",
                label="with the target among the columns",
                also=[(place, "the target"), (fit.node, "trained on both")],
                why="the model learns to copy the answer, which no new row has",
                help=f"leave the column out of the inputs: drop(columns={name!r})",
                about=fit,
            )

    def _first_of_window(self, fit: Fit, told: set[int]) -> Iterator[Found]:
        """Windows whose targets begin where they do."""
        windows = fit.x
        if not isinstance(windows, Dataset) or not windows.source.endswith(".timeseries_dataset_from_array"):
            return
        rows, targets = windows.args.get("data"), windows.args.get("targets")
        place = windows.origin or windows.node
        if not isinstance(rows, Array) or rows is not targets or place is None or id(place) in told:
            return
        # What is done to the windows afterwards may choose another target.
        if any(step.name not in _PLAIN_STEPS for step in windows.transforms):
            return
        if "start_index" in windows.args or integer(windows.args.get("sequence_length")) in (None, 0):
            return
        told.add(id(place))
        yield from self.found(
            place,
            "the target of each window is the window's own first row: there is nothing to forecast",
            label="data and targets begin at the same row",
            also=[(rows.node, "both are this"), (fit.node, "trained on it")],
            why="window i starts at row i, and its target is row i of the targets",
            help="targets=data[sequence_length:], and data=data[:-sequence_length]",
            about=fit,
        )

    def _last_of_window(self, fit: Fit, taken: dict[int, Windowed], told: set[int]) -> Iterator[Found]:
        """Windows that a loop takes, whose targets are among their own rows."""
        x, y = _windowed(inputs_of(fit), taken), _windowed(targets_of(fit), taken)
        if x is None or y is None or id(x.node) in told or not _is_within(y, x):
            return
        told.add(id(x.node))
        yield from self.found(
            y.node,
            "the target of each window is a row of the window itself: there is nothing to forecast",
            label="the target",
            also=[
                (x.node, "the window goes up to the row before its end, and this is before it"),
                (fit.node, "trained on both"),
            ],
            why="the model learns to copy the row from its input",
            help="take the first row behind the window: series[i - n : i] and series[i]",
            about=fit,
        )

    bad = (
        """
        import keras
        import numpy as np
        def pairs(series, length=30):
            x, y = [], []
            for end in range(length, len(series)):
                x.append(series[end - length:end])
                y.append(series[end - 1])  # KE025
            return np.array(x)[:, :, None], np.array(y)
        x, y = pairs(np.loadtxt("series.csv"))
        model = keras.Sequential([keras.layers.LSTM(8), keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(x, y)
        """,
        """
        import keras
        import numpy as np
        rows = np.load("rows.npy")
        x, y = [], []
        for i in range(len(rows) - 24):
            x.append(rows[i:i + 24])
            y.append(rows[i + 23, 2])  # KE025
        model = keras.Sequential([keras.layers.LSTM(8), keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(np.array(x), np.array(y))
        """,
        """
        import keras
        import numpy as np
        series = np.load("series.npy")
        windows = keras.utils.timeseries_dataset_from_array(series, targets=series, sequence_length=24)  # KE025
        model = keras.Sequential([keras.Input((24, 1)), keras.layers.LSTM(8), keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(windows, epochs=10)
        """,
        """
        import keras
        import pandas as pd
        from sklearn.model_selection import train_test_split
        from sklearn.preprocessing import StandardScaler
        frame = pd.read_csv("rows.csv")
        x_train, x_test, y_train, y_test = train_test_split(frame, frame["kind"])  # KE025
        x_train = StandardScaler().fit_transform(x_train)
        model = keras.Sequential([keras.layers.Dense(1, activation="sigmoid")])
        model.compile("adam", "binary_crossentropy")
        model.fit(x_train, y_train)
        """,
        """
        import keras
        import pandas as pd
        frame = pd.read_csv("rows.csv").select_dtypes(include="number").dropna()
        y, x = frame["price"].values, frame.values  # KE025
        model = keras.Sequential([keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(x, y)
        """,
        """
        import keras
        import pandas as pd
        frame = pd.read_csv("rows.csv")
        x = frame[["age", "size", "price"]]  # KE025
        model = keras.Sequential([keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(x.values, frame["price"].values)
        """,
    )
    good = (
        # The first row behind the window, another column, and windows that lose their last row.
        """
        import keras
        import numpy as np
        rows = np.load("rows.npy")
        a, b, c, d, e, f, g, h = [], [], [], [], [], [], [], []
        for i in range(24, len(rows)):
            a.append(rows[i - 24:i])
            b.append(rows[i, 2])
            c.append(rows[i - 24:i, :-1])
            d.append(rows[i - 1, -1])
            e.append(rows[i - 24:i, 0])
            f.append(rows[i - 1, 1])
            g.append(rows[i - 24:i])
            h.append(rows[i - 1])
        model = keras.Sequential([keras.layers.LSTM(8), keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(np.array(a), np.array(b))
        model.fit(np.array(c), np.array(d))
        model.fit(np.array(e)[..., None], np.array(f))
        model.fit(np.array(g)[:, :-1], np.array(h))
        """,
        """
        import keras
        import numpy as np
        series = np.load("series.npy")
        for windows in (
            keras.utils.timeseries_dataset_from_array(series[:-24], targets=series[24:], sequence_length=24),
            keras.utils.timeseries_dataset_from_array(series, targets=None, sequence_length=24),
            keras.utils.timeseries_dataset_from_array(series, np.roll(series, -24), sequence_length=24),
            keras.utils.timeseries_dataset_from_array(series, series, 25).map(lambda x, y: (x[:, :-1], x[:, -1])),
        ):
            model = keras.Sequential([keras.Input((24, 1)), keras.layers.LSTM(8), keras.layers.Dense(1)])
            model.compile("adam", "mse")
            model.fit(windows, epochs=10)
        """,
        # The target is left out, in many ways.
        """
        import keras
        import pandas as pd
        frame = pd.read_csv("rows.csv")
        y = frame["price"]
        model = keras.Sequential([keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(frame.drop("price", axis=1), y)
        model.fit(frame.drop(["price", "id"], axis=1).values, y)
        model.fit(frame[["age", "size"]], y)
        model.fit(frame.iloc[:, :-1].values, y)
        model.fit(frame.values[:, 1:], y)
        model.fit(frame.loc[:, frame.columns != "price"], y)
        model.fit(prepare(frame), y)
        model.fit(frame.select_dtypes("number"), y)
        model.fit(pd.get_dummies(frame), frame["price"])
        target = frame.pop("price")
        model.fit(frame, target)
        """,
        # A forecast, and a model that gives its inputs back.
        """
        import keras
        import pandas as pd
        frame = pd.read_csv("rows.csv")
        model = keras.Sequential([keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(frame.values[:-1], frame["price"].values[1:])
        model.fit(frame.values, frame["price"].shift(-1).values)
        model.fit(frame.values, frame.values)
        model.fit(frame[["price"]].values, frame["price"].values)
        """,
        """
        import keras
        import pandas as pd
        frame = pd.read_csv("rows.csv")
        y = frame["price"]
        del frame["price"]
        other = pd.read_csv("rows.csv")
        wanted = other["price"]
        other.drop("price", axis=1, inplace=True)
        more = pd.read_csv("rows.csv")
        third = more["price"]
        for name in names():
            del more[name]
        model = keras.Sequential([keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(frame.values, y)
        model.fit(other.values, wanted)
        model.fit(more.values, third)
        """,
    )


def _windowed(value: Value | None, taken: dict[int, Windowed]) -> Windowed | None:
    """What a loop took some data from, if it is as it was taken."""
    data = as_data(value)
    for made in data.history() if data is not None else ():
        if id(made) in taken:
            return taken[id(made)]
    return None


def _is_within(row: Windowed, window: Windowed) -> bool:
    """Whether a single row, and the column that is taken of it, certainly belongs to a window of the same pass."""
    if row.of is not window.of or not row.loops or row.loops[-1] is not window.loops[-1]:
        return False
    if UNKNOWN_COLUMNS in (row.columns, window.columns) or window.columns not in ((), row.columns):
        return False
    if row.start is None or row.stop is None or window.start is None or window.stop is None:
        return False
    names, number = row.start
    if row.stop != (names, number + 1) or window.stop[0] != names or number >= window.stop[1]:
        return False
    # Of a window whose length is a name, the last row is all that is known.
    return number >= window.start[1] if window.start[0] == names else number == window.stop[1] - 1


#: Steps that keep all columns and the order of the rows, or bring both parts into the same order.
_KEEPING = frozenset(
    """to_numpy copy train_test_split shuffled StandardScaler MinMaxScaler MaxAbsScaler RobustScaler fillna""".split()
)


def _keeps(made: Array, before: Array) -> bool:
    """Whether all columns are still there, one by one."""
    new = made.steps[len(before.steps) :]
    return bool(new) and all(step.name in _KEEPING or step.name.startswith(("astype", "/ ")) for step in new)


def _picked(y: Array) -> tuple[Array, str, syntax.Node | None] | None:
    """The table that the targets are a column of, its name, and where it is picked."""
    for made in y.history():
        if made.parent is None:
            return None
        new = made.steps[len(made.parent.steps) :]
        if made.rank == 1 and len(new) == 1 and new[0].name.startswith("column "):
            return made.parent, new[0].name.removeprefix("column "), new[0].node
        if not _keeps(made, made.parent):
            return None
    return None


def _holds(x: Array, table: Array, name: str) -> syntax.Node | None:
    """Where the inputs were made of the table, if the column is certainly among several that are left."""
    if x.rank != 2:
        return None
    place = x.node
    for made in x.history():
        known = [str(field) for field, _ in made.fields] if made.fields is not None else None
        if known is not None and (name not in known or len(known) < 2):
            return None
        if made is table:
            return place
        if made.parent is None or (known is None and not _keeps(made, made.parent)):
            return None
        place = made.node
    return None
