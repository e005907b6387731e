"""KE026."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint import syntax
from kerlint.finding import Safety, Severity
from kerlint.library.contracts import as_data
from kerlint.library.training import structure_rows
from kerlint.program.constants import number
from kerlint.program.events import Fit
from kerlint.program.facts import Program
from kerlint.rules import fixing
from kerlint.rules.base import Found, Option, Rule


class SplitLeavesNothing(Rule):
    """So little data is held out that it says nothing, and training lacks it.

    A fifth of 4 rows is a single row. Whether the model gets one row right is no measure of anything,
    and where the data is a table of all cases, such as XOR, the model can never learn the missing one.

    ## Why is this bad?
    With n rows an accuracy can only be a multiple of 1/n. The score jumps between very good and very
    bad from run to run.

    ## Example
    ```python
    import numpy as np
    from tensorflow import keras

    x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    y = np.array([0, 1, 1, 0])
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(8, "tanh"), keras.layers.Dense(1, "sigmoid")])
    model.compile(optimizer="adam", loss="binary_crossentropy")
    model.fit(x, y, epochs=1000, validation_split=0.25)  # KE026
    ```

    Use instead:
    ```python
    import numpy as np
    from tensorflow import keras

    x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    y = np.array([0, 1, 1, 0])
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(8, "tanh"), keras.layers.Dense(1, "sigmoid")])
    model.compile(optimizer="adam", loss="binary_crossentropy")
    model.fit(x, y, epochs=1000)
    ```

    ## Known limits
    Only where the number of rows is known, and fewer than 5 are held out.

    ## References
    - By arithmetic; Keras raises an error only if no row at all is left for one of the two parts.
    """

    code = "KE026"
    name = "split-leaves-nothing"
    severity = Severity.WARNING
    fix = Safety.UNSAFE
    symptoms = ("wrong-result", "accuracy-stuck")
    since = "0.1.0"
    in_tests = False

    max_rows = Option(4, "So many held-out rows, or fewer, measure nothing.", low=0)

    def check(self, program: Program) -> Iterator[Found]:
        seen: set[int] = set()
        for fit in program.fits:
            if fit.method != "fit":
                continue
            split = _validation_split(fit) or _test_split(fit)
            if split is None or id(split[2]) in seen or split[1] > self.max_rows:
                continue
            rows, held, place = split
            seen.add(id(place))
            yield from self.found(
                place,
                f"of {rows} rows, {held} {'is' if held == 1 else 'are'} held out: too few to say anything",
                label=f"leaves {rows - held} to train on",
                also=[(fit.places.get("x"), "trained on here")],
                why=f"a score on {held} row{'' if held == 1 else 's'} is chance, and the model never sees them",
                help="train on all of so few rows, or get more data",
                about=fit,
                fix=fixing.draft("train on all rows", fixing.drop(fit, "validation_split"))
                if place is fit.places.get("validation_split")
                else None,
            )

    bad = (
        """
        import keras
        import numpy as np
        from sklearn.model_selection import train_test_split
        x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
        y = np.array([[0], [1], [1], [0]])
        a, b, c, d = train_test_split(x, y, test_size=0.2)  # KE026
        model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, activation="sigmoid")])
        model.compile("adam", "binary_crossentropy")
        model.fit(a, c)
        """,
    )
    good = (
        """
        import keras
        import numpy as np
        from sklearn.datasets import load_iris
        from sklearn.model_selection import train_test_split
        x, y = load_iris(return_X_y=True)
        a, b, c, d = train_test_split(x, y, test_size=0.2)
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="softmax")])
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit(a, c, validation_split=0.1)
        model.fit(np.array(rows), np.array(answers), validation_split=0.1)
        """,
    )


def _validation_split(fit: Fit) -> tuple[int, int, syntax.Node | None] | None:
    """All rows, those that `validation_split` holds out, and where it is written."""
    share, rows = number(fit.args.get("validation_split")), structure_rows(fit.x)
    if rows is None or share is None or not 0 < share < 1:
        return None
    return rows, rows - int(rows * (1 - share)), fit.places.get("validation_split")


def _test_split(fit: Fit) -> tuple[int, int, syntax.Node | None] | None:
    """All rows, those that `train_test_split` holds out, and where it is called."""
    array = as_data(fit.x)
    for made in array.history() if array is not None else ():
        step = made.steps[-1] if made.steps else None
        before = made.parent
        if step is None or step.name != "train_test_split" or before is None or before.steps == made.steps:
            continue
        if before.rows is not None and made.rows is not None and before.rows > made.rows:
            return before.rows, before.rows - made.rows, step.node
    return None
