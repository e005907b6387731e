"""KE003."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint import syntax
from kerlint.finding import Safety, Severity
from kerlint.library.callbacks import callbacks_of, has_validation, saves_best
from kerlint.program.constants import constant
from kerlint.program.events import Fit, Forward, Split, Use
from kerlint.program.facts import Program
from kerlint.program.values import Array, Const, Dataset, Object, Sequence, Unknown, Value
from kerlint.rules import fixing
from kerlint.rules.base import Found, Rule


class TestDataAsValidation(Rule):
    """A model is validated or scored on the data that it is trained on, or chosen and scored on the same data.

    Data has three uses: training, choosing (the epoch to keep, the moment to stop, the settings), and
    the final score. Each needs rows that the others have not seen.

    ## Why is this bad?
    On its own training data a model is good even if it has only learned them by heart. And if the
    best of a hundred epochs is chosen by the test data, the score of that epoch is the luckiest of a
    hundred, not what to expect on new data.

    ## Example
    ```python
    from tensorflow import keras

    x, y = load_rows()
    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(32, "relu"), keras.layers.Dense(1)])
    model.compile(optimizer="adam", loss="mse")
    model.fit(x, y, epochs=100, validation_data=(x, y))  # KE003
    ```

    Use instead:
    ```python
    from tensorflow import keras

    x, y = load_rows()
    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(32, "relu"), keras.layers.Dense(1)])
    model.compile(optimizer="adam", loss="mse")
    model.fit(x, y, epochs=100, validation_split=0.2)
    ```

    ## Known limits
    The data must be the very same value. A score on the training data is reported only where test rows were split off
    and nothing in the file reads their targets. Without callbacks that choose by the validation, using the
    test data there is advice only: nobody but the reader of the curves may choose by them.

    ## References
    - Yang, Brower-Sinning, Lewis and Kaestner, Data Leakage in Notebooks, 2022: test data that is used several times
      is the most frequent leak in public notebooks.
    """

    code = "KE003"
    name = "test-data-as-validation"
    severity = Severity.WARNING
    fix = Safety.UNSAFE
    symptoms = ("too-good", "overfit")
    since = "0.1.0"
    in_tests = False

    def check(self, program: Program) -> Iterator[Found]:
        told: set[int] = set()
        for fit in program.fits:
            if has_validation(fit) is False or fit.method == "train_on_batch" or fit.validation is None:
                continue
            if _is_training_data(fit):
                if id(fit.validation) not in told:
                    told.add(id(fit.validation))
                    yield from self._training_data(fit)
                continue
            use = _scored_on(program, fit, fit.validation)
            if use is not None and id(use.node) not in told:
                told.add(id(use.node))
                yield from self._test_data(fit, use, _chooser(fit))

        yield from self._left_out(program)

    def _left_out(self, program: Program) -> Iterator[Found]:
        """The only score is that on the training rows, and the rows that were split off for it are forgotten."""
        for use in program.all(Use):
            given = use.args.get("x"), use.args.get("y")
            if not use.method.startswith("evaluate") or not all(isinstance(part, Array) for part in given):
                continue
            fit = next((fit for fit in program.fits if fit.model is use.model and (fit.x, fit.y) == given), None)
            forgotten = _forgotten(program, fit) if fit is not None and fit.order < use.order else None
            if fit is None or forgotten is None or use.assumed or _is_used_elsewhere(program, fit):
                continue
            yield from self.found(
                use.places.get("x") or use.node,
                "the model is scored on the data that it was trained on, and the test data is never used",
                label="the training data again",
                also=[
                    (fit.places.get("x"), "trained on here"),
                    (forgotten, "nothing reads these targets"),
                ],
                why="a model may know its training rows by heart: their score says nothing about others",
                help="evaluate on the rows that were split off",
                about=use,
            )

    def _training_data(self, fit: Fit) -> Iterator[Found]:
        yield from self.found(
            fit.places.get("validation_data"),
            "the model is validated on the data that it is trained on",
            label="the training data again",
            also=[(fit.places.get("x") or fit.places.get("generator"), "trained on here")],
            why="the numbers of the validation say nothing about data that the model has not seen",
            help="hold rows out: validation_split=0.2, or train_test_split before training",
            about=fit,
            fix=fixing.draft(
                "use validation_split=0.2", fixing.put_instead(fit, "validation_data", "validation_split", "0.2")
            )
            if fit.method == "fit" and not isinstance(fit.x, Dataset)
            else None,
        )

    def _test_data(self, fit: Fit, use: Use, chooser: Object | None) -> Iterator[Found]:
        chosen = f"{chooser.short} chooses by it" if chooser is not None else "is watched during training"
        yield from self.found(
            use.places.get("x") or use.node,
            "the final score is measured on the validation data"
            + (f", by which {chooser.short} chose" if chooser else ""),
            label="the same data as in training",
            also=[
                (fit.places.get("validation_data"), chosen),
                (chooser.node if chooser is not None else None, "chooses by the validation"),
            ],
            why="what was chosen because it is best on this data looks better on it than on any other",
            help="keep a third part of the data for the final score",
            severity=Severity.WARNING if chooser is not None else Severity.ADVICE,
            about=use,
        )

    bad = (
        """
        import keras
        from sklearn.datasets import load_digits
        from sklearn.model_selection import train_test_split
        x, y = load_digits(return_X_y=True)
        x_train, x_test, y_train, y_test = train_test_split(x / 16, y, random_state=1)
        model = keras.Sequential([keras.layers.Dense(32, "relu"), keras.layers.Dense(10, activation="softmax")])
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        model.fit(x_train, y_train, epochs=20)
        test_loss, test_accuracy = model.evaluate(x_train, y_train)  # KE003
        """,
        """
        import keras
        (x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
        model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        stop = keras.callbacks.EarlyStopping(patience=3, restore_best_weights=True)
        model.fit(x_train, y_train, validation_data=(x_test, y_test), epochs=50, callbacks=[stop])
        print(model.evaluate(x_test, y_test))  # KE003
        """,
        """
        import keras
        train = keras.utils.image_dataset_from_directory("train")
        model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit(train, validation_data=train, epochs=50)  # KE003
        """,
        """
        import keras
        x, y = load()
        model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit(x, y, validation_data=[x, y], epochs=50)  # KE003
        """,
    )
    good = (
        """
        import keras
        from sklearn.datasets import load_digits
        from sklearn.model_selection import train_test_split
        x, y = load_digits(return_X_y=True)
        x_train, x_test, y_train, y_test = train_test_split(x / 16, y, random_state=1)
        model = keras.Sequential([keras.layers.Dense(32, "relu"), keras.layers.Dense(10, activation="softmax")])
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        model.fit(x_train, y_train, epochs=20)
        print("training", model.evaluate(x_train, y_train))
        print("test", score(model.predict(x_test), y_test))
        """,
        """
        import keras
        from sklearn.model_selection import train_test_split
        (x, y), (x_test, y_test) = keras.datasets.mnist.load_data()
        # Some of the rows only; the test rows come from elsewhere.
        x_few, x_rest, y_few, y_rest = train_test_split(x / 255, y, train_size=0.1)
        model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        model.fit(x_few, y_few, epochs=20)
        print("training", model.evaluate(x_few, y_few))
        print("test", model.evaluate(x_test / 255, y_test))
        """,
        """
        import keras
        import numpy as np
        from sklearn.datasets import load_digits
        from sklearn.model_selection import train_test_split
        x, y = load_digits(return_X_y=True)
        x_train, x_test, y_train, y_test = train_test_split(x / 16, y, random_state=1)
        model = keras.Sequential([keras.layers.Dense(32, "relu"), keras.layers.Dense(10, activation="softmax")])
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        model.fit(x_train, y_train, epochs=20)
        print("training", model.evaluate(x_train, y_train))
        np.save("answers.npy", model.predict(x_test))
        """,
        """
        import keras
        (x_train, y_train), (x_test, y_test), (x_val, y_val) = load()
        model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
        model.compile("adam", "sparse_categorical_crossentropy")
        stop = keras.callbacks.EarlyStopping(patience=3, restore_best_weights=True)
        model.fit(x_train, y_train, validation_data=(x_val, y_val), epochs=50, callbacks=[stop])
        model.evaluate(x_test, y_test)
        model.fit(x_train, x_train, validation_data=(x_test, x_test), epochs=50)
        """,
        """
        import keras
        x = y = load()
        model = keras.Sequential([keras.layers.Dense(10)])
        model.compile("adam", "mse")
        model.fit(x, y, validation_data=None)
        for x, y in batches():
            model.fit(x, y, validation_data=(next_x(), next_y()))
        """,
    )


def _is_training_data(fit: Fit) -> bool:
    """Whether inputs and targets of the validation are those of the training."""
    value = fit.validation
    if isinstance(value, Dataset):
        return value is fit.x
    parts = value.exact if isinstance(value, Sequence) else None
    if parts is None or len(parts) not in (2, 3) or fit.x is None or fit.y is None:
        return False
    return _is_one(parts[0], fit.x) and _is_one(parts[1], fit.y)


#: Methods that show what the model makes of data.
_SCORES = ("evaluate", "predict", "test_on_batch")


def _is_used_elsewhere(program: Program, fit: Fit) -> bool:
    """Whether the model is given to others, or called on other data than that it is trained on."""
    if "handed over" in fit.model.state:
        return True
    given = [use.args.get("x") for use in program.all(Use) if use.model is fit.model and use.method.startswith(_SCORES)]
    given += [call.inputs for call in program.all(Forward) if call.model is fit.model]
    return any(not isinstance(data, Array) or all(version is not fit.x for version in data.history()) for data in given)


def _forgotten(program: Program, fit: Fit) -> syntax.Node | None:
    """The variable of the test targets that were split off from those of a training call, if nothing reads it."""
    if not isinstance(fit.y, Array):
        return None
    family = {id(version) for version in fit.y.history()}
    for split in program.all(Split):
        for _, first, second in split.pairs:
            if first is None or second is None or id(first) not in family:
                continue
            for bound in program.bound.get(id(second), ()):
                name = bound.node.value if isinstance(bound.node, syntax.Name) else ""
                if name and program.times_named(name) == 1:
                    return bound.node
    return None


def _is_one(left: Value, right: Value) -> bool:
    """Whether two expressions give the very same data."""
    return left is right and not isinstance(left, Const) and not (isinstance(left, Array) and left.noise)


def _scored_on(program: Program, fit: Fit, validation: Value) -> Use | None:
    """The evaluation of the model after the training call, on the validation data, outside any search for settings."""
    if isinstance(validation, Unknown):
        return None
    for use in program.all(Use):
        if use.model is not fit.model or use.order < fit.order or not use.method.startswith("evaluate"):
            continue
        if use.loops or use.path != fit.path:
            continue
        given = use.args.get("x") or use.args.get("generator")
        if isinstance(validation, Dataset) and given is validation:
            return use
        parts = validation.exact if isinstance(validation, Sequence) else None
        if parts and len(parts) >= 2 and given is not None and _is_one(parts[0], given):
            return use
    return None


def _chooser(fit: Fit) -> Object | None:
    """A callback that chooses the weights to keep, or the moment to stop, by the validation."""
    for callback in callbacks_of(fit).known:
        watched = callback.args.get("monitor")
        if watched is not None and not str(constant(watched)).startswith("val_"):
            continue
        if callback.short == "EarlyStopping" or saves_best(callback):
            return callback
    return None
