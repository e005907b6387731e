"""KM003."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from kerlint import syntax
from kerlint.finding import Safety, Severity
from kerlint.library.legacy import KERAS_1_ENDS, NO_PREDICT_CLASSES, is_removed, is_tolerated, successor, takes_keras_1
from kerlint.program.constants import integer
from kerlint.program.events import Fit, OldCall, OldKeyword, Use
from kerlint.program.facts import Program
from kerlint.program.target import Target
from kerlint.program.values import Value
from kerlint.rules import fixing
from kerlint.rules.base import Found, Option, Rule
from kerlint.rules.migration.versions import aside, listed, safety, severity


class RemovedKeras2Api(Rule):
    """A name, a method or an argument of an older Keras, which the Keras that the program is for does not have.

    `fit_generator`, `predict_classes`, `np_utils`, the functions of `keras.backend`, `ImageDataGenerator` of the plain
    `keras` package, `workers=` in `fit`; and from Keras 1 `nb_epoch=`, `border_mode=`, and the three numbers in
    `Conv2D(32, 3, 3)`. So do arguments in their old place: metrics as the third of `compile`.

    ## Why is this bad?
    Most of it ends in an ImportError, an AttributeError or a TypeError at the first run. The exception is the worst:
    `Conv2D(32, 3, 3)` was a kernel of 3 by 3 in Keras 1. Since then it is a kernel of 3 and strides of 3: the
    convolution looks at every ninth place, the map shrinks to a third, and nothing is reported.

    ## Example
    ```python
    import keras

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="softmax")])
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    model.fit(x, y, nb_epoch=10)  # KM003
    classes = model.predict_classes(x_test)  # KM003
    ```

    Use instead:
    ```python
    import keras

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="softmax")])
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    model.fit(x, y, epochs=10)
    classes = model.predict(x_test).argmax(axis=1)
    ```

    ## Known limits
    Where nothing says which Keras a program is for, it is taken for the current one, and the finding is a warning. A
    program that imports packages that only Keras 2 has (`keras.layers.core`, `keras.utils.np_utils`) is taken for one
    for Keras 2: then only what Keras 2 does not have either is reported. What stands in a `try` with
    handlers, or in an arm of a condition, is left alone. The three numbers are reported where they stand in several
    places, or with other signs of Keras 1: a single convolution with strides as large as its kernel cuts an image in
    patches.

    ## References
    - Measured on Keras 3.15.1: 572 old keywords of the tables of kerlint raise an error; those that do not are left
      to other rules or not reported. `compile("adam", "mse", ["mae"])` ends in a ValueError in `fit`.
      `Conv2D(3, 3, 3)` on an image of 8 by 8 gives a map of 2 by 2, silently.
    - https://github.com/keras-team/keras/issues/18467
    """

    code = "KM003"
    name = "removed-keras2-api"
    severity = Severity.ERROR
    fix = Safety.SAFE
    symptoms = ("crash", "wrong-result")
    since = "0.1.0"

    min_places = Option(2, "Convolutions in so many places that look like those of Keras 1 are no patches.", low=1)
    #: So many names of a package are shown in one finding.
    NAMED = 4

    def check(self, program: Program) -> Iterator[Found]:
        if program.target.keras >= 3:
            yield from self._names(program)
        yield from self._methods(program)
        yield from self._calls(program)
        yield from self._moved(program)
        yield from self._strides(program)

    def _names(self, program: Program) -> Iterator[Found]:
        removed = [name for name in program.mentions if is_removed(name)]
        packages: dict[str, list[str]] = {}
        for name in removed:
            # `np_utils` is imported, and then its members are used.
            if not any(name.startswith(f"{other}.") for other in removed):
                packages.setdefault(name.rpartition(".")[0], []).append(name)
        for package, names in packages.items():
            yield from self._package(program, package, names)

    def _package(self, program: Program, package: str, names: list[str]) -> Iterator[Found]:
        """One finding for all that is missing in a package."""
        short = [name.rpartition(".")[2] for name in names]
        more = f", nor {listed(short[1:])}" if len(names) > 1 else ""
        found = [new for name in names[: self.NAMED] if (new := successor(name)) is not None]
        kept = any(new.startswith("tensorflow.") for new in found)
        yield from self.found(
            program.mentions[names[0]],
            f"Keras 3 has no {names[0]}{more}",
            label="does not exist any more",
            also=[(program.mentions[name], "nor this") for name in names[1 : self.NAMED]],
            why="plain keras does not have it since Keras 3; TensorFlow keeps it for old programs"
            if kept
            else "removed with Keras 3",
            help=(f"use {', '.join(found)}" if found else "see the migration guide to Keras 3") + aside(program.target),
            severity=severity(program.target),
            about=package,
        )

    def _methods(self, program: Program) -> Iterator[Found]:
        seen: set[int] = set()
        for event in program.events:
            if not isinstance(event, (Fit, Use)) or event.method not in _METHODS or id(event.node) in seen:
                continue
            if event.tried or not _is_gone(event.method, program.target):
                continue
            seen.add(id(event.node))
            new, instead = _METHODS[event.method]
            yield from self.found(
                event.node,
                f"models have no {event.method} any more",
                label="raises AttributeError",
                also=[(event.model.node, "the model")],
                why=f"{event.method} was removed {_since(event.method)}; {new} does the same",
                help=instead + aside(program.target),
                severity=severity(program.target),
                about=event,
                fix=_renamed(event.node, new, program.target) if event.method.endswith("_generator") else None,
            )

    def _calls(self, program: Program) -> Iterator[Found]:
        seen: set[int] = set()
        for event in program.all(OldCall):
            wrong = [keyword for keyword in event.keywords if _is_wrong(event, keyword, program.target)]
            if not wrong or event.tried or id(event.node) in seen:
                continue
            seen.add(id(event.node))
            first = wrong[0].last == 1
            names = listed([f"{keyword.name}=" for keyword in wrong], "or")
            renamed = [f"{keyword.new}= for {keyword.name}=" for keyword in wrong if keyword.new]
            plural = len(wrong) > 1
            yield from self.found(
                wrong[0].place,
                f"{event.short} has no {names}" + (" since Keras 2" if first else " in Keras 3"),
                label="raises an error",
                also=[(keyword.place, f"{keyword.name}=") for keyword in wrong[1:]],
                why=f"{'these are arguments' if plural else 'it is an argument'} of Keras {'1' if first else '2'}",
                help=(f"write {', '.join(renamed)}" if renamed else f"leave {'them' if plural else 'it'} out")
                + ("" if first else aside(program.target)),
                severity=_weight(wrong[0], program.target),
                about=event,
                fix=_rewritten(event.node, wrong, program.target),
            )

    def _moved(self, program: Program) -> Iterator[Found]:
        """`add_weight` took the name first, and `compile` the metrics third."""
        seen: set[int] = set()
        for event in program.all(OldCall):
            told = _MOVED.get(event.short)
            if told is None or not event.positional or program.target.keras < 3:
                continue
            if event.tried or id(event.node) in seen:
                continue
            seen.add(id(event.node))
            yield from self.found(
                event.positional[0].node,
                told.message,
                label=told.label,
                why=told.why,
                help=told.help + aside(program.target),
                severity=severity(program.target),
                about=event,
            )

    def _strides(self, program: Program) -> Iterator[Found]:
        """Keras 1 had the rows and the columns of the kernel where the strides are today."""
        if takes_keras_1(program.target):
            return
        calls = {id(event.node): event for event in program.all(OldCall) if _looks_old(event.positional)}
        others = any(keyword.last == 1 for event in program.all(OldCall) for keyword in event.keywords)
        if len(calls) < self.min_places and not (calls and others):
            return
        for event in calls.values():
            filters, size = _written(event.positional[0]), integer(event.positional[1])
            yield from self.found(
                event.node,
                f"{event.short}({', '.join(map(_written, event.positional[:3]))}) is a kernel of {size} by {size} "
                f"with strides of {size}",
                label=f"reads each place once, and makes the map {size} times smaller",
                also=[(event.positional[2].node, "the strides")],
                why="in Keras 1 these were the rows and the columns of the kernel; today the last one is the strides",
                help=f"write the kernel as one number or a tuple: {event.short}({filters}, {size})",
                severity=Severity.WARNING,
                about=event,
            )

    bad = (
        """
        import keras
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="softmax")])
        model.compile("adam", "sparse_categorical_crossentropy", ["accuracy"])  # KM003
        history = model.fit(x, y, epochs=10)
        print(history.history["accuracy"])
        """,
        """
        from keras.models import Sequential
        from keras.layers import Activation, Conv2D, Dense, Flatten, Input
        from keras.preprocessing.image import ImageDataGenerator  # KM003
        from keras import backend as K
        model = Sequential([
            Input((32, 32, 3)),
            Conv2D(32, 3, 3, activation="relu"),  # KM003
            Conv2D(64, 3, 3, activation="relu"),  # KM003
            Flatten(),
            Dense(1),
        ])
        def loss(y_true, y_pred):
            return K.mean(K.square(y_true - y_pred))  # KM003
        model.compile("adam", loss)
        model.fit_generator(ImageDataGenerator().flow(x, y), workers=4)  # KM003
        model.fit(x, y, workers=4)  # KM003
        """,
        # For Keras 2, by its imports; but these are of Keras 1.
        """
        from keras.models import Sequential
        from keras.layers.core import Dense
        model = Sequential([Dense(4, init="uniform", input_dim=4)])  # KM003
        model.compile("adam", "mse")
        model.fit(x, y, nb_epoch=10)  # KM003
        """,
        """
        from tensorflow import keras
        layer = keras.layers.LSTM(4, batch_input_shape=(1, 2, 3))  # KM003
        layer = keras.layers.experimental.preprocessing.Rescaling(1 / 255)  # KM003
        keras.ops.ones((2, 2))
        class Scale(keras.layers.Layer):
            def build(self, input_shape):
                self.scale = self.add_weight("scale", shape=(1,))  # KM003
                self.shift = self.add_weight(name="shift", shape=(1,))
        """,
    )
    good = (
        # For Keras 2, as its imports say.
        """
        from keras.models import Sequential
        from keras.layers.core import Dense
        from keras.utils import np_utils
        y = np_utils.to_categorical(labels)
        model = Sequential([Dense(4, batch_input_shape=(1, 4))])
        model.compile("adam", "mse")
        model.fit_generator(batches, workers=4)
        """,
        """
        from tensorflow.keras.preprocessing.image import ImageDataGenerator
        from tensorflow.keras import backend as K
        from tensorflow import keras
        try:
            from keras.utils import np_utils
        except ImportError:
            np_utils = keras.utils
        import pytest
        import tensorflow as tf
        tf.nn.leaky_relu(x, alpha=0.1)
        with pytest.raises(TypeError):
            keras.layers.LSTM(4, time_major=True)
        K.clear_session()
        K.mean(x)
        keras.callbacks.ReduceLROnPlateau(epsilon=0.1)
        """,
        # Patches of an image, and strides of two.
        """
        import keras
        from keras.layers import Conv2D
        x = inputs = keras.Input((96, 96, 3))
        x = Conv2D(96, 3, 3)(x)
        x = Conv2D(128, 3, 2)(x)
        x = Conv2D(128, 2, 2)(x)
        x = Conv2D(128, 2, 2)(x)
        x = Conv2D(128, 1, 1)(x)
        model = keras.Model(inputs, x)
        """,
        # Weights of two losses.
        """
        import keras
        inputs = keras.Input((4,))
        model = keras.Model(inputs, [keras.layers.Dense(1)(inputs), keras.layers.Dense(2)(inputs)])
        model.compile("adam", ["mse", "mse"], [1.0, 0.5], [["mae"], ["mae"]])
        """,
        # For one version only.
        """
        import tensorflow as tf
        from packaging import version
        new = version.parse(tf.keras.__version__) >= version.parse("3.0")
        model = tf.keras.Sequential([tf.keras.Input((4,)), tf.keras.layers.Dense(3, activation="softmax")])
        if not new:
            model.predict_classes(x)
        if hasattr(model, "predict_proba"):
            p = model.predict_proba(x)
        history = model.fit(x, y) if new else model.fit_generator(data)
        """,
        """
        import keras
        class Mine:
            def fit_generator(self, data, workers): ...
        class Net(keras.Model):
            def predict_classes(self, x):
                return self.predict(x).argmax(-1)
        Mine().fit_generator(data, workers=3)
        Net().predict_classes(x)
        """,
    )


#: What replaces a method, and what to write.
_METHODS = {
    "fit_generator": ("fit", "call fit with the generator"),
    "evaluate_generator": ("evaluate", "call evaluate with the generator"),
    "predict_generator": ("predict", "call predict with the generator"),
    "predict_classes": (
        "an argmax or a threshold on what predict gives",
        "write model.predict(x).argmax(axis=-1), or model.predict(x) > 0.5 for a sigmoid",
    ),
    "predict_proba": ("predict", "call predict"),
    "reset_states": ("reset_states of each layer", "call reset_states of the layers that are stateful"),
}


class _Moved(NamedTuple):
    """A call in which a parameter has changed its place."""

    message: str
    label: str
    why: str
    help: str


#: By the name of what is called.
_MOVED = {
    "Layer.add_weight": _Moved(
        "add_weight of Keras 3 takes the shape first, and here that is a name",
        "taken for the shape: raises an error",
        "the name was the first parameter in Keras 2",
        "write name= before it, and shape= before the shape",
    ),
    "Model.compile": _Moved(
        "the third parameter of compile is loss_weights in Keras 3, and here these are metrics",
        "taken for loss_weights: fit raises an error",
        "the metrics were the third parameter in Keras 2",
        "write metrics= before them",
    ),
}
_OF_SEQUENTIAL = ("predict_classes", "predict_proba")


def _renamed(call: syntax.Node | None, new: str, target: Target) -> fixing.Draft | None:
    func = call.func if isinstance(call, syntax.Call) else None
    # `fit` of the first versions of Keras 2 took no generators.
    return fixing.draft(f"call {new}", fixing.rename_attribute(func, new), safety=safety(target))


def _rewritten(call: syntax.Node | None, wrong: list[OldKeyword], target: Target) -> fixing.Draft | None:
    """Keywords by their new names; safe where the call could only fail with the old ones."""
    if not all(keyword.new for keyword in wrong):
        return None
    changes = [fixing.rename_keyword(call, keyword.name, keyword.new) for keyword in wrong]
    # Keras 2 has the names that came after Keras 1, too.
    how = Safety.SAFE if all(keyword.last == 1 for keyword in wrong) else safety(target)
    return fixing.draft(f"write {listed([f'{one.new}=' for one in wrong])}", *changes, safety=how)


def _is_gone(method: str, target: Target) -> bool:
    if method in _OF_SEQUENTIAL:
        return target.since(*NO_PREDICT_CLASSES)
    return target.keras >= 3


def _since(method: str) -> str:
    return "with TensorFlow 2.6" if method in _OF_SEQUENTIAL else "with Keras 3"


def _is_wrong(event: OldCall, keyword: OldKeyword, target: Target) -> bool:
    """Whether a keyword raises an error in the version that the program is for."""
    if event.callee.startswith("keras.optimizers.") or is_tolerated(event.callee, keyword.name):
        return False
    return not takes_keras_1(target) if keyword.last == 1 else target.keras > keyword.last


def _weight(keyword: OldKeyword, target: Target) -> Severity:
    """Keras 2 understood Keras 1 for some versions: where it is not known which it is, nothing is certain."""
    if keyword.last == 1 and target.keras == 2 and not target.since(*KERAS_1_ENDS):
        return Severity.WARNING
    return severity(target)


def _looks_old(values: tuple[Value, ...]) -> bool:
    """Whether three numbers are filters, rows and columns: the kernel is odd, and the strides as large as it."""
    if len(values) < 3:
        return False
    size, strides = integer(values[1]), integer(values[2])
    return size is not None and size == strides and size >= 3 and size % 2 == 1


def _written(value: Value) -> str:
    number = integer(value)
    return "..." if number is None else str(number)
