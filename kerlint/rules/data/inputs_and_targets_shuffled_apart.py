"""KD026."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.finding import Severity
from kerlint.library.contracts import as_data, inputs_of, targets_of
from kerlint.library.models import trains_itself
from kerlint.program.events import Seed, Shuffled
from kerlint.program.facts import Program
from kerlint.program.values import Array
from kerlint.rules.base import Found, Rule


class InputsAndTargetsShuffledApart(Rule):
    """Inputs and targets are shuffled one without the other, so that each row gets the target of another row.

    ## Why is this bad?
    Each call of `np.random.shuffle` draws an order of its own. Afterwards the targets have nothing to do with the
    inputs, and there is nothing left to be learned but how frequent each target is. Nothing says so.

    ## Example
    ```python
    import numpy as np
    from sklearn.datasets import load_digits
    from tensorflow import keras

    x, y = load_digits(return_X_y=True)
    np.random.shuffle(x)
    np.random.shuffle(y)  # KD026
    model = keras.Sequential([keras.Input((64,)), keras.layers.Dense(10, activation="softmax")])
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    model.fit(x / 16, y, epochs=20)
    ```

    Use instead:
    ```python
    import numpy as np
    from sklearn.datasets import load_digits
    from tensorflow import keras

    x, y = load_digits(return_X_y=True)
    order = np.random.permutation(len(x))
    x, y = x[order], y[order]
    model = keras.Sequential([keras.Input((64,)), keras.layers.Dense(10, activation="softmax")])
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    model.fit(x / 16, y, epochs=20)
    ```

    ## Known limits
    Only `shuffle` of the modules `numpy.random` and `random`, and that of scikit-learn without a `random_state`. Where
    the seed is set again in between, both get the same order, and the rule is silent.

    ## References
    - Measured on Keras 3.15.1: ten classes that a linear model tells apart are hit by chance only.
    """

    code = "KD026"
    name = "inputs-and-targets-shuffled-apart"
    severity = Severity.ERROR
    symptoms = ("accuracy-stuck", "constant-output", "wrong-result")
    since = "0.1.0"

    def check(self, program: Program) -> Iterator[Found]:
        shuffles = list(program.all(Shuffled))
        if not shuffles or any(map(program.times_mentioned, _STATES)):
            return
        told: set[int] = set()
        for fit in program.fits:
            x, y = as_data(inputs_of(fit)), as_data(targets_of(fit))
            if x is None or y is None or _is_alike(x) or _is_alike(y):
                continue
            # To a class that trains itself the two may be examples of two kinds, and no pairs at all.
            if trains_itself(fit.model):
                continue
            apart = _apart(shuffles, x, y)
            if apart is None:
                continue
            first, second = sorted(apart, key=lambda event: event.order)
            if id(second) in told or _seeded(program, first, second):
                continue
            told.add(id(second))
            yield from self.found(
                second.node,
                "inputs and targets are shuffled one without the other: each row gets the target of another",
                label="draws an order of its own",
                also=[
                    (first.node, "the other part, in another order"),
                    (fit.places.get("x"), "trained on here"),
                ],
                why="every call of shuffle draws another order",
                help="order = np.random.permutation(len(x)), then x[order] and y[order]",
                about=fit,
            )

    bad = (
        """
        import keras
        from sklearn.datasets import load_digits
        from sklearn.utils import shuffle
        x, y = load_digits(return_X_y=True)
        x = shuffle(x)
        y = shuffle(y)  # KD026
        model = keras.Sequential([keras.Input((64,)), keras.layers.Dense(10, activation="softmax")])
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit(x[:1500] / 16, y[:1500], epochs=20)
        """,
        """
        import keras
        import numpy as np
        from sklearn.model_selection import train_test_split
        np.random.seed(7)
        (x, y), _ = keras.datasets.mnist.load_data()
        np.random.shuffle(x)
        np.random.shuffle(y)  # KD026
        x_train, x_test, y_train, y_test = train_test_split(x / 255, keras.utils.to_categorical(y, 10))
        model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
        model.compile("adam", "categorical_crossentropy")
        model.fit(x_train, y_train, epochs=5, validation_data=(x_test, y_test))
        """,
    )
    good = (
        """
        import keras
        from sklearn.datasets import load_digits
        from sklearn.utils import shuffle
        x, y = load_digits(return_X_y=True)
        a, b = shuffle(x, y)
        c, d = shuffle(x, random_state=3), shuffle(y, random_state=3)
        model = keras.Sequential([keras.Input((64,)), keras.layers.Dense(10, activation="softmax")])
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit(a / 16, b, epochs=20)
        model.fit(c / 16, d, epochs=20)
        """,
        """
        import keras
        import numpy as np
        (x, y), (a, b) = keras.datasets.mnist.load_data()
        np.random.seed(1)
        np.random.shuffle(x)
        np.random.seed(1)
        np.random.shuffle(y)
        for part in (a, b):
            np.random.RandomState(3).shuffle(part)
        rows = np.arange(100)
        np.random.shuffle(rows)
        np.random.shuffle(rows)
        model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit(x / 255, y, epochs=5)
        model.fit(a / 255, b, epochs=5)
        model.fit(x[rows] / 255, y[rows], epochs=5)
        """,
        """
        import keras
        import numpy as np
        (x, y), _ = keras.datasets.mnist.load_data()
        state = np.random.get_state()
        np.random.shuffle(x)
        np.random.set_state(state)
        np.random.shuffle(y)
        model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit(x / 255, y, epochs=5)
        """,
        """
        import keras
        import numpy as np
        table = np.loadtxt("table.csv")
        np.random.shuffle(table)
        x, y = table[:, :-1], table[:, -1]
        noise = np.random.rand(100, 4)
        np.random.shuffle(noise)
        model = keras.Sequential([keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(x, y, epochs=5)
        model.fit(noise, np.random.permutation(100), epochs=5)
        """,
        """
        import keras
        import numpy as np
        # Every row has the same target.
        real, ones = np.load("real.npy"), np.ones((100, 1))
        np.random.shuffle(real)
        np.random.shuffle(ones)
        model = keras.Sequential([keras.layers.Dense(1, activation="sigmoid")])
        model.compile("adam", "binary_crossentropy")
        model.fit(real, ones)
        """,
        """
        import keras
        import numpy as np
        class Cycle(keras.Model):
            def __init__(self):
                super().__init__()
                self.there, self.back = keras.layers.Dense(8), keras.layers.Dense(8)
            def train_step(self, data):
                horses, zebras = data
                return {"loss": step(self, horses, zebras)}
        horses, zebras = np.load("horses.npy"), np.load("zebras.npy")
        np.random.shuffle(horses)
        np.random.shuffle(zebras)
        model = Cycle()
        model.compile("adam")
        model.fit(horses, zebras)
        """,
    )


#: What gives a generator back an earlier state.
_STATES = ("set_state", "setstate", "set_rng_state")


def _is_alike(data: Array) -> bool:
    """Whether all numbers are the same, and each order as good as the other."""
    return data.low is not None and data.low == data.high


def _apart(shuffles: list[Shuffled], x: Array, y: Array) -> tuple[Shuffled, Shuffled] | None:
    """The last shuffles of inputs and of targets, if they are two and neither had the other part in it."""
    found = []
    for data in (x, y):
        calls = {id(step.node) for step in data.steps}
        found.append([event for event in shuffles if id(event.node) in calls])
    of_x, of_y = found
    if not of_x or not of_y or {id(event.node) for event in of_x} & {id(event.node) for event in of_y}:
        return None
    # In arms of a condition, or in a loop, not each of them need happen as often as the other.
    plain = all(not event.path and not event.tried for event in (*of_x, *of_y))
    return (of_x[-1], of_y[-1]) if plain else None


def _seeded(program: Program, first: Shuffled, second: Shuffled) -> bool:
    """Whether a seed is set between the two."""
    return any(first.order < seed.order < second.order for seed in program.all(Seed))
