"""KD026."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint import syntax
from kerlint.finding import Severity
from kerlint.library.contracts import as_data, inputs_of, targets_of
from kerlint.library.models import trains_itself
from kerlint.program.events import Fit, Seed, Shuffled
from kerlint.program.facts import Program
from kerlint.program.labels import Step
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
    Of shuffles of both, only `shuffle` of the modules `numpy.random` and `random`, and that of scikit-learn without a
    `random_state`. Where the seed is set again in between, both get the same order, and the rule is silent. Targets
    that are shuffled alone are left alone: that is how one measures what a model can learn by heart.

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
        if any(map(program.times_mentioned, _STATES)):
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
                yield from self._alone(fit, x, y, told)
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

    def _alone(self, fit: Fit, x: Array, y: Array, told: set[int]) -> Iterator[Found]:
        """Inputs that are shuffled where the targets stay as they were."""
        step = _mixed_alone(x, y)
        if step is None or step.node is None or id(step.node) in told:
            return
        told.add(id(step.node))
        yield from self.found(
            step.node,
            "the inputs are shuffled and the targets are not: each row gets the target of another",
            label="the inputs in another order",
            also=[(y.node, "the targets in the old one"), (fit.places.get("x"), "trained on here")],
            why="row i of the inputs no longer belongs to row i of the targets",
            help="order = np.random.permutation(len(x)), then x[order] and y[order]",
            about=fit,
        )

    bad = (
        """
        import keras
        import numpy as np
        import pandas as pd
        wine = pd.read_csv("wine.csv")
        labels = (wine["quality"] >= 6).astype("float32").to_numpy()
        rows = np.array(wine.drop("quality", axis=1), dtype="float32")
        np.random.shuffle(rows)  # KD026
        model = keras.Sequential([keras.layers.Dense(8, "relu"), keras.layers.Dense(1, "sigmoid")])
        model.compile("adam", "binary_crossentropy")
        model.fit(rows[:1000], labels[:1000], epochs=20)
        """,
        """
        import keras
        import numpy as np
        from sklearn.utils import shuffle
        (x, y), (a, b) = keras.datasets.mnist.load_data()
        x = shuffle(x, random_state=1)  # KD026
        (c, d), _ = keras.datasets.cifar10.load_data()
        order = np.random.permutation(len(c))
        c = c[order]  # KD026
        a = np.random.default_rng(0).permutation(a)  # KD026
        model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit(x / 255, y, epochs=5)
        model.fit(a / 255, keras.utils.to_categorical(b), epochs=5)
        model.fit(c / 255, d, epochs=5)
        """,
        """
        import keras
        import pandas as pd
        from sklearn.model_selection import train_test_split
        table = pd.read_csv("table.csv")
        y = table.pop("kind")
        table = table.sample(frac=1)  # KD026
        x_train, x_test, y_train, y_test = train_test_split(table.values, y.values)
        model = keras.Sequential([keras.layers.Dense(8, "relu"), keras.layers.Dense(1, "sigmoid")])
        model.compile("adam", "binary_crossentropy")
        model.fit(x_train, y_train, epochs=20)
        """,
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
        # What is shuffled before it is taken apart, and what is put into order again.
        """
        import keras
        import numpy as np
        import pandas as pd
        table = pd.read_csv("table.csv").sample(frac=1)
        y = table.pop("kind")
        other = pd.read_csv("other.csv")
        x, z = other.drop(columns="kind").sample(frac=1).sort_index(), other["kind"]
        more = pd.read_csv("more.csv")
        rows = more.drop(columns="kind").sample(frac=1)
        kinds = more["kind"].loc[rows.index]
        data = np.load("data.npy")
        np.random.shuffle(data)
        late = np.array([kind_of(row) for row in data])
        model = keras.Sequential([keras.layers.Dense(1, activation="sigmoid")])
        model.compile("adam", "binary_crossentropy")
        model.fit(table.values, y.values)
        model.fit(x.values, z.values)
        model.fit(rows.values, kinds.values)
        model.fit(data, late)
        model.fit(data[:, 1:], data[:, 0])
        """,
        # Labels that are mixed on purpose, and rows that are drawn anew with their targets.
        """
        import keras
        import numpy as np
        (x, y), (a, b) = keras.datasets.mnist.load_data()
        by_heart = y.copy()
        np.random.shuffle(by_heart)
        order = np.random.permutation(len(a))
        model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit(x / 255, by_heart, epochs=5)
        model.fit(a[order] / 255, b[order], epochs=5)
        """,
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


#: Steps that mix rows, and further ones that bring them into another order.
_MIXING = frozenset({"shuffled", "sample"})
_MOVING = _MIXING | {"rows", "filled", "overwritten", "sort_values", "sort_index", "set_index", "oversampled", "sorted"}


def _mixed_alone(x: Array, y: Array) -> Step | None:
    """The step that mixed the rows of the inputs, if the targets are certainly in the order that they had before."""
    shared = {id(made) for made in y.history()}
    own = [step for made in x.history() if id(made) not in shared for step in made.steps]
    common = next((made for made in x.history() if id(made) in shared), None)
    if common is None and not _side_by_side(x.origin, y.origin):
        return None
    before = set() if common is None else {id(step) for step in common.steps}
    mixed = {id(step): step for step in own if id(step) not in before and step.name in _MOVING}
    moved = [step for made in y.history() for step in made.steps if id(step) not in before and step.name in _MOVING]
    steps = list(mixed.values())
    # One that is mixed and put into order again is no longer mixed.
    return steps[0] if len(steps) == 1 and not moved and _mixes(steps[0], x) else None


def _mixes(step: Step, data: Array) -> bool:
    """Whether a step put all rows into a random order."""
    if step.name != "rows":
        return step.name in _MIXING
    # `x[order]`: by a permutation, and not by a mask or by numbers that are not known.
    made = next((made for made in data.history() if made.steps and made.steps[-1] is step), None)
    first = made
    while first is not None and first.parent is not None and step in first.parent.steps:
        first = first.parent
    return first is not None and first.order == "random"


def _side_by_side(x: Array, y: Array) -> bool:
    """Whether two arrays come out of one call, or out of files."""
    if x.node is not None and x.node is y.node:
        return bool(x.source) and x.source == y.source
    return _is_read(x) and _is_read(y)


def _is_read(array: Array) -> bool:
    """Whether it is what a call gave that reads a file, as it was."""
    call = array.node
    if not isinstance(call, syntax.Call) or not isinstance(call.func, syntax.Attribute):
        return False
    name = call.func.attr
    return name.startswith(("load", "read_", "genfromtxt")) and array.source.endswith(f".{name}")


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
