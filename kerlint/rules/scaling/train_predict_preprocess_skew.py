"""KN004."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint import syntax
from kerlint.finding import Severity
from kerlint.library.contracts import as_data
from kerlint.library.defaults import DATA
from kerlint.library.training import unpacked
from kerlint.program.events import Fit, Scaled, Use
from kerlint.program.facts import Program
from kerlint.program.scope import exclusive
from kerlint.program.values import Array, Dataset, Model, Sequence, Value
from kerlint.records import dataclass
from kerlint.rules.base import Found, Option, Rule


class TrainPredictPreprocessSkew(Rule):
    """A model is trained on scaled data, and validated, tested or used on unscaled data, or the other way round.

    ## Why is this bad?
    The weights belong to the scale that they were trained on. Pixels from 0 to 255 are 255 times as large as those that
    a model for 0 to 1 knows. With relu alone the largest output may stay the largest, and the model is only far too
    sure; the loss is that of another model. With biases that count, a normalisation, or columns that were standardised
    one by one, the answers are wrong, however good the training looked.

    ## Example
    ```python
    from tensorflow import keras

    (x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
    x_train = x_train / 255
    model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x_train, y_train, epochs=5)
    print(model.evaluate(x_test, y_test))  # KN004
    ```

    Use instead:
    ```python
    from tensorflow import keras

    (x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
    x_train, x_test = x_train / 255, x_test / 255
    model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x_train, y_train, epochs=5)
    print(model.evaluate(x_test, y_test))
    ```

    ## Known limits
    Both parts must come from the same source, and everything that was done to the unscaled one must be understood; or
    a prediction is made for numbers that are written out and lie far outside the scale of the training.

    ## References
    - Measured on Keras 3.15.1, the digits of scikit-learn, one hidden layer, three seeds. Trained on 0 to 1, tested on
      0 to 255: relu keeps its accuracy of .96 to .97, and its loss goes from .14-.16 to 8-10; with BatchNormalization
      the accuracy falls to .54-.90. Trained on 0 to 255, tested on 0 to 1: .78-.89 becomes .10-.75, with
      BatchNormalization .95 becomes .10-.12. Trained on standardised digits, tested on the raw ones: .97 becomes
      .76-.86. Nothing warns.
    """

    code = "KN004"
    name = "train-predict-preprocess-skew"
    severity = Severity.ERROR
    symptoms = ("wrong-result", "accuracy-stuck")
    since = "0.1.0"
    in_tests = False

    min_ratio = Option(10.0, "How many times as large as the training data other data must be.", low=1.0)
    max_standardised = Option(6.0, "Standardised values beyond this do not occur: standard deviations.", above=0.0)

    def check(self, program: Program) -> Iterator[Found]:
        scalings = {id(event.after): event for event in program.all(Scaled)}
        told: set[tuple[int, int]] = set()
        for training, later in _pairs(program):
            key = id(training.array.origin.node), id(later.place)
            skew = self._skew(training, later, scalings) if key not in told else None
            if skew is None:
                continue
            told.add(key)
            message, place, severity = skew
            yield from self.found(
                later.place,
                message,
                label="on another scale than the training data",
                also=[(place, "scaled here"), (training.place, "trained on this scale")],
                why="the weights fit the scale that they were trained on, and no other",
                help="do the same to all data, with the same numbers: scaler.transform(...) or / 255 for each part, or "
                "put the scaling into the model",
                severity=severity,
                about=later.event,
            )

    def _skew(
        self, training: _Given, later: _Given, scalings: dict[int, Scaled]
    ) -> tuple[str, syntax.Node | None, Severity | None] | None:
        """What is wrong, where the scaling is, and how sure that is."""
        ours, theirs = _scaling(training.array, scalings), _scaling(later.array, scalings)
        sentence = f"the {later.what} of {later.use}() {{}}, those of {training.use}() {{}}"
        if later.array.source == "literal" and ours is not None and theirs is None:
            top, reach = _reach(training.array) or self.max_standardised, _reach(later.array)
            if reach is None or reach < self.min_ratio * top or later.what != "inputs":
                return None
            text = sentence.format(f"reach {reach:g}", f"are scaled ({ours.how})")
            return text, ours.node, Severity.WARNING
        if not _same_source(training.array, later.array):
            return None
        if _are_apart(training.array, later.array, self.min_ratio):
            span = sentence.format(_range(later.array), _range(training.array))
            scaled = ours or theirs
            return span, scaled.node if scaled is not None else None, None
        if (ours is None) == (theirs is None):
            return None
        done, plain = (ours, later.array) if ours is not None else (theirs, training.array)
        if done is None or not _is_untouched(plain):
            return None
        texts = "are not scaled", f"are ({done.how})"
        return sentence.format(*(texts if ours is not None else texts[::-1])), done.node, None

    bad = (
        """
        import keras
        from sklearn.datasets import load_wine
        from sklearn.model_selection import train_test_split
        from sklearn.preprocessing import StandardScaler
        x, y = load_wine(return_X_y=True)
        x_train, x_test, y_train, y_test = train_test_split(x, y)
        x_train = StandardScaler().fit_transform(x_train)
        model = keras.Sequential([keras.Input((13,)), keras.layers.Dense(3, activation="softmax")])
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit(x_train, y_train, validation_data=(x_test, y_test))  # KN004
        model.predict(x_test)  # KN004
        """,
        """
        import keras
        train = keras.utils.image_dataset_from_directory("train").map(lambda x, y: (x / 255, y))
        test = keras.utils.image_dataset_from_directory("test")
        model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(3, activation="softmax")])
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit(train, epochs=3)
        model.evaluate(test)  # KN004
        """,
        """
        import keras
        from keras.preprocessing.image import ImageDataGenerator
        train = ImageDataGenerator(rescale=1 / 255).flow_from_directory("train", target_size=(64, 64))
        test = ImageDataGenerator().flow_from_directory("test", target_size=(64, 64))
        model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(3, activation="softmax")])
        model.compile("adam", "categorical_crossentropy")
        model.fit(train, epochs=3, validation_data=test)  # KN004
        """,
        # Scaled for the prediction only, and a row of numbers as they are.
        """
        import keras
        import numpy as np
        import pandas as pd
        from sklearn.preprocessing import MinMaxScaler
        data = pd.read_csv("houses.csv").values
        x, y = data[:, :2], data[:, 2]
        scaler = MinMaxScaler()
        scaled = scaler.fit_transform(x)
        model = keras.Sequential([keras.layers.Dense(8, activation="relu"), keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(x, y)
        model.predict(scaled)  # KN004
        other = keras.Sequential([keras.layers.Dense(8, activation="relu"), keras.layers.Dense(1)])
        other.compile("adam", "mse")
        other.fit(scaled, y)
        other.predict(np.array([[1200, 3]]))  # KN004
        """,
    )
    good = (
        # All parts alike, also where one line scales everything, and numbers on the scale of the training.
        """
        import keras
        import numpy as np
        from sklearn.datasets import load_wine
        from sklearn.model_selection import train_test_split
        from sklearn.preprocessing import StandardScaler
        x, y = load_wine(return_X_y=True)
        x_train, x_test, y_train, y_test = train_test_split(x, y)
        scaler = StandardScaler()
        x_train = scaler.fit_transform(x_train)
        x_test = scaler.transform(x_test)
        model = keras.Sequential([keras.Input((13,)), keras.layers.Dense(3, activation="softmax")])
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit(x_train, y_train, validation_data=(x_test, y_test))
        model.predict(np.array([[0.1] * 13]))
        model.predict(scaler.transform(np.array([[1200.0] * 13])))
        """,
        # An own step that may scale, and other data.
        """
        import keras
        (x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
        x_train = x_train / 255
        model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit(x_train, y_train)
        model.evaluate(prepare(x_test), y_test)
        model.predict(load_photos())
        x_test -= 128
        x_test = normalise(x_test)
        model.evaluate(x_test, y_test)
        """,
        # Another model, which scales by itself.
        """
        import keras
        (x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
        model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit(x_train / 255, y_train)
        whole = keras.Sequential([keras.layers.Rescaling(1 / 255), model])
        whole.compile("adam", "sparse_categorical_crossentropy")
        whole.evaluate(x_test, y_test)
        """,
        # A mean is taken off by hand: the scale is another one, and nobody knows which.
        """
        import keras
        import pandas as pd
        from sklearn.preprocessing import StandardScaler
        frame = pd.read_csv("rows.csv")
        x, y = frame[["a", "b"]].values, frame["c"].values
        scaled = StandardScaler().fit_transform(x[:100])
        model = keras.Sequential([keras.layers.Dense(8, activation="relu"), keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(scaled, y[:100])
        model.evaluate((x[100:] - mean) / spread, y[100:])
        """,
    )


@dataclass(frozen=True, eq=False, slots=True)
class _Given:
    """Data that a model gets.

    Args:
        what: `inputs` or `targets`.
        use: the method, or what it is for.
    """

    event: Fit | Use
    array: Array
    place: syntax.Node | None
    what: str
    use: str


def _pairs(program: Program) -> Iterator[tuple[_Given, _Given]]:
    """What a model is trained on, and what it gets for validation in the same call, or for tests after it."""
    fits: dict[int, Fit] = {}
    for event in program.events:
        if isinstance(event, Fit):
            if event.method == "train_on_batch" or _scales_itself(event.model):
                continue
            fits[id(event.model)] = event
            x, y = unpacked(event.validation, None)
            place = event.places.get("validation_data")
            later = list(_given(event, x, y, place, place, "validation"))
        elif isinstance(event, Use) and event.method in _LATER and id(event.model) in fits:
            x = event.args.get("x") or event.args.get("generator")
            place = event.places.get("x") or event.places.get("generator") or event.node
            later = list(_given(event, x, event.args.get("y"), place, event.places.get("y"), event.method))
        else:
            continue
        fit = fits[id(event.model)]
        if exclusive(fit.path, event.path) or (fit.loops and fit is not event and fit.loops != event.loops):
            continue
        place = fit.places.get("x") or fit.places.get("generator") or fit.node
        for training in _given(fit, fit.x, fit.y, place, fit.places.get("y"), fit.method):
            for other in later:
                if other.what == training.what:
                    yield training, other


_LATER = frozenset({"evaluate", "predict", "evaluate_generator", "predict_generator", "predict_classes"})


def _scales_itself(model: Model) -> bool:
    """Whether the steps of the model are its own, so that it may treat the two differently."""
    return model.cls is not None


def _given(
    event: Fit | Use,
    x: Value | None,
    y: Value | None,
    place: syntax.Node | None,
    target_place: syntax.Node | None,
    use: str,
) -> Iterator[_Given]:
    if isinstance(x, Dataset):
        element = x.element
        pair = element.exact if isinstance(element, Sequence) and element.kind == "tuple" else None
        x, y = (pair[0], pair[1]) if pair and len(pair) > 1 else (element, None)
        target_place = place
    inputs, targets = as_data(x), as_data(y)
    if inputs is not None:
        yield _Given(event, inputs, place, "inputs", use)
    if targets is not None and targets.labels is None and not _were_classes(targets):
        yield _Given(event, targets, target_place, "targets", use)


def _were_classes(array: Array) -> bool:
    return any(made.labels is not None and made.labels.kind != "continuous" for made in array.history())


def _scaling(array: Array, scalings: dict[int, Scaled]) -> Scaled | None:
    """The last scaling that the data went through."""
    return next((scalings[id(made)] for made in array.history() if id(made) in scalings), None)


def _same_source(left: Array, right: Array) -> bool:
    """Whether both come from one data set, or are parts of the same data."""
    if left.noise or right.noise or left.prediction is not None or right.prediction is not None:
        return False
    if left.origin is right.origin:
        return True
    return left.source == right.source and (left.source in _NAMES or left.source.startswith(_LOADERS))


#: Sources that always give data on the same scale.
_NAMES = frozenset(data.name for data in DATA.values())
_LOADERS = ("keras.utils.image_dataset_from_directory", "keras.preprocessing.image.ImageDataGenerator.")


def _reach(array: Array) -> float | None:
    """How large the values get."""
    return max(abs(array.low), abs(array.high)) if array.low is not None and array.high is not None else None


def _are_apart(left: Array, right: Array, times: float) -> bool:
    """Whether both are known to go to the ends of ranges of which one is far larger."""
    small, large = sorted((_reach(left) or 0.0, _reach(right) or 0.0))
    return left.tight and right.tight and small > 0 and small * times <= large


def _range(array: Array) -> str:
    return f"go from {array.low:g} to {array.high:g}"


#: Steps that leave the values as they are.
_KEEPING = frozenset(
    """reshape astype cast copy numpy to_numpy train_test_split shuffled T turned columns drop dropna
    reset_index resize gray crop""".split()
)


def _is_untouched(array: Array) -> bool:
    """Whether nothing has been done to the values of the data since they were read."""
    return all(step.name in _KEEPING or step.name.startswith("column ") for step in array.steps)
