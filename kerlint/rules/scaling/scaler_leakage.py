"""KN005."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint import syntax
from kerlint.finding import Severity
from kerlint.library.contracts import inputs_of, targets_of
from kerlint.library.convert import as_array
from kerlint.library.transformers import ENCODERS
from kerlint.program.events import Fit, Split, Transformed, Use
from kerlint.program.facts import Program
from kerlint.program.values import Array, Sequence, Value
from kerlint.records import dataclass
from kerlint.rules.base import Found, Rule


class ScalerLeakage(Rule):
    """A scaler is fitted to the data that the model is tested with.

    A scaler takes its mean and deviation, or its minimum and maximum, from the data that `fit` or `fit_transform` gets.
    The test data must be scaled with those of the training data.

    ## Why is this bad?
    Fitted anew, the scaler gives the same number another value in training than in the test: the model is asked
    about other data than it has learned from. With a single row every feature becomes 0. Fitted
    to all data before the split, the training data knows about the test data, and the score is a little too good.

    ## Example
    ```python
    from sklearn.model_selection import train_test_split
    from sklearn.preprocessing import StandardScaler
    from tensorflow import keras

    x_train, x_test, y_train, y_test = train_test_split(x, y, random_state=0)
    scaler = StandardScaler()
    x_train = scaler.fit_transform(x_train)
    x_test = scaler.fit_transform(x_test)  # KN005
    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(1)])
    model.compile(optimizer="adam", loss="mse")
    model.fit(x_train, y_train, epochs=10)
    model.evaluate(x_test, y_test)
    ```

    Use instead:
    ```python
    from sklearn.model_selection import train_test_split
    from sklearn.preprocessing import StandardScaler
    from tensorflow import keras

    x_train, x_test, y_train, y_test = train_test_split(x, y, random_state=0)
    scaler = StandardScaler()
    x_train = scaler.fit_transform(x_train)
    x_test = scaler.transform(x_test)
    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(1)])
    model.compile(optimizer="adam", loss="mse")
    model.fit(x_train, y_train, epochs=10)
    model.evaluate(x_test, y_test)
    ```

    ## Known limits
    Only where it is known that the result is tested with and not trained on, and that the same kind of scaler was
    fitted to the training data. Fitting before the split is advice. `Normalizer`, which takes nothing from the data,
    and encoders of labels are left alone.

    ## References
    - Yang, Brower-Sinning, Lewis, Kaestner: Data Leakage in Notebooks: Static Detection and Better Processes, 2022,
      https://arxiv.org/abs/2209.03345
    """

    code = "KN005"
    name = "scaler-leakage"
    severity = Severity.ERROR
    symptoms = ("too-good", "wrong-result")
    since = "0.1.0"
    in_tests = False

    def check(self, program: Program) -> Iterator[Found]:
        fitted = [one for one in program.all(Transformed) if one.method in _FITTING and _learns(one)]
        if not fitted:
            return
        data = _data(program)
        seen: set[int] = set()
        for one in fitted:
            if id(one.node) in seen:
                continue
            found = list(self._on_test(one, fitted, data)) or list(self._before_split(program, one))
            if found:
                seen.add(id(one.node))
                yield from found

    def _on_test(self, one: Transformed, fitted: list[Transformed], data: _Data) -> Iterator[Found]:
        after = one.after
        if not isinstance(after, Array) or id(after) not in data.tested or id(after) in data.trained:
            return
        first = next(
            (
                other
                for other in fitted
                if other.transformer.short == one.transformer.short
                and isinstance(other.after, Array)
                and other.after is not after
                and id(other.after) in data.trained
                and (other.transformer is one.transformer or _alike(other, one))
            ),
            None,
        )
        if first is None:
            return
        short = one.transformer.short
        again = first.transformer is one.transformer
        yield from self.found(
            one.node,
            f"{short} is fitted to the test data{' again' if again else ''}: "
            "the model is tested on other numbers than it was trained on",
            label="takes its statistics from the test data",
            also=[
                (first.node, "fitted to the training data here"),
                (data.tested[id(after)], "the model is tested with it here"),
            ],
            why="the same value becomes another number in training than in the test",
            help="call transform, of the scaler that was fitted to the training data",
            about=one,
        )

    def _before_split(self, program: Program, one: Transformed) -> Iterator[Found]:
        for split in program.all(Split):
            if split.order > one.order and any(_comes_from(whole, one.after) for whole, _, _ in split.pairs):
                yield from self.found(
                    one.node,
                    f"{one.transformer.short} is fitted to all data, and the test part is split off afterwards",
                    label="knows the test data",
                    also=[(split.node, "split here")],
                    why="the training data is scaled with statistics that the test data has a part in",
                    help="split first, fit the scaler to the training part, and transform the other",
                    severity=Severity.ADVICE,
                    about=one,
                )
                return

    bad = (
        """
        from sklearn.preprocessing import MinMaxScaler
        from tensorflow import keras
        (x_train, y_train), (x_test, y_test) = keras.datasets.california_housing.load_data()
        x_train = MinMaxScaler().fit_transform(x_train)
        x_test = MinMaxScaler().fit_transform(x_test)  # KN005
        model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(1)])
        model.compile(optimizer="adam", loss="mse")
        model.fit(x_train, y_train, validation_data=(x_test, y_test))
        """,
        """
        import numpy as np
        from sklearn.model_selection import train_test_split
        from sklearn.preprocessing import StandardScaler
        from tensorflow import keras
        x = StandardScaler().fit_transform(np.loadtxt("x.csv"))  # KN005
        x_train, x_test, y_train, y_test = train_test_split(x, np.loadtxt("y.csv"))
        """,
    )
    good = (
        """
        from sklearn.model_selection import train_test_split
        from sklearn.preprocessing import LabelBinarizer, StandardScaler
        from tensorflow import keras
        x_train, x_test, y_train, y_test = train_test_split(x, y)
        scaler = StandardScaler().fit(x_train)
        x_train, x_test = scaler.transform(x_train), scaler.transform(x_test)
        y_train = LabelBinarizer().fit_transform(y_train)
        y_test = LabelBinarizer().fit_transform(y_test)
        model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(3, activation="softmax")])
        model.compile(optimizer="adam", loss="categorical_crossentropy")
        model.fit(x_train, y_train)
        model.evaluate(x_test, y_test)
        """,
        # Inputs and targets have a scaler each.
        """
        from sklearn.model_selection import train_test_split
        from sklearn.preprocessing import StandardScaler
        from tensorflow import keras
        x_train, x_test, y_train, y_test = train_test_split(x, y)
        for_x, for_y = StandardScaler(), StandardScaler()
        x_train, y_train = for_x.fit_transform(x_train), for_y.fit_transform(y_train.reshape(-1, 1))
        model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(1)])
        model.compile(optimizer="adam", loss="mse")
        model.fit(x_train, y_train)
        model.evaluate(for_x.transform(x_test), for_y.transform(y_test.reshape(-1, 1)))
        """,
        # Another model for other data.
        """
        from sklearn.preprocessing import StandardScaler
        from tensorflow import keras
        for data, target in sets:
            data = StandardScaler().fit_transform(data)
            model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(data, target)
            model.predict(data)
        """,
    )


_FITTING = frozenset({"fit_transform"})


@dataclass(frozen=True, eq=False, slots=True)
class _Data:
    """What models are trained on, and what they are tested with and where, with all that it comes from, by identity."""

    trained: frozenset[int]
    tested: dict[int, syntax.Node]


def _data(program: Program) -> _Data:
    trained: set[int] = set()
    tested: dict[int, syntax.Node] = {}
    for event in program.events:
        if isinstance(event, Fit):
            for value in (inputs_of(event), targets_of(event)):
                trained |= _family(value)
            tested.update(dict.fromkeys(_family(event.validation), event.places.get("validation_data") or event.node))
        elif isinstance(event, Use) and event.method.startswith(("evaluate", "predict")):
            for name in ("x", "y"):
                tested.update(dict.fromkeys(_family(event.args.get(name)), event.node))
    return _Data(frozenset(trained), tested)


def _family(value: Value | None) -> set[int]:
    """The arrays of a structure, and what they were derived from, by identity."""
    parts = value.items if isinstance(value, Sequence) else (value,)
    return {id(array) for part in parts if isinstance(part, Array) for array in part.history()}


def _learns(one: Transformed) -> bool:
    return one.transformer.short not in ENCODERS and one.transformer.short != "Normalizer"


def _alike(first: Transformed, second: Transformed) -> bool:
    """Whether two scalers are fitted to data with the same columns."""
    data = as_array(first.data), as_array(second.data)
    shapes = [None if array is None or not array.shape else array.shape[1:] for array in data]
    return shapes[0] is not None and shapes[0] == shapes[1] and None not in shapes[0] and shapes[0] != (1,)


def _comes_from(whole: Array | None, after: Value) -> bool:
    return whole is not None and isinstance(after, Array) and any(array is after for array in whole.history())
