"""KE036."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint import syntax
from kerlint.finding import Severity
from kerlint.program.events import Created, Fit, Forward, Use
from kerlint.program.facts import Program
from kerlint.program.mentions import below, changing_names, times_named
from kerlint.program.scope import Loop
from kerlint.rules.base import Found, Rule


class EarlierTrainingLost(Rule):
    """A model is made anew for every part of the data, so that the one that is used has seen only the last part.

    The data comes in parts, and a loop trains on one after the other. The model is made in this loop, too, and begins
    with random weights each time.

    ## Why is this bad?
    All the training but that of the last pass is thrown away: the model that is left is one that was trained on a
    small part of the data.

    ## Example
    ```python
    import numpy as np
    from tensorflow import keras

    for path in paths:
        part = np.load(path)
        model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(32, "relu"), keras.layers.Dense(1)])
        model.compile(optimizer="adam", loss="mse")
        model.fit(part["x"], part["y"])  # KE036
    print(model.evaluate(x_test, y_test))
    ```

    Use instead:
    ```python
    import numpy as np
    from tensorflow import keras

    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(32, "relu"), keras.layers.Dense(1)])
    model.compile(optimizer="adam", loss="mse")
    for path in paths:
        part = np.load(path)
        model.fit(part["x"], part["y"])
    print(model.evaluate(x_test, y_test))
    ```

    ## Known limits
    Only where the loop does nothing with the model but make it and train it, without validation data or callbacks, and
    makes it in the same way each time: else it may compare models. The model has to be used behind the loop.

    ## References
    - Measured on Keras 3.15.1: after a loop like the one above the weights are those of a model that was trained on
      the last part alone.
    """

    code = "KE036"
    name = "earlier-training-lost"
    severity = Severity.WARNING
    symptoms = ("wrong-result", "accuracy-stuck")
    since = "0.1.0"
    in_tests = False

    def check(self, program: Program) -> Iterator[Found]:
        told: set[int] = set()
        for fit in program.fits:
            loop = fit.loops[-1] if fit.loops else None
            if loop is None or id(fit.node) in told or fit.open or fit.assumed or not _only_data(fit):
                continue
            made = next((event for event in program.all(Created) if event.model is fit.model), None)
            used = _used_behind(program, fit, loop)
            if made is None or used is None or not any(one is loop for one in made.loops):
                continue
            if made.path != fit.path or not _only_trains(fit, loop):
                continue
            told.add(id(fit.node))
            yield from self.found(
                fit.node,
                "the model is made anew in each pass of the loop: all training but that of the last one is lost",
                label="trains a new model on this part of the data",
                also=[(made.node, "made in the loop"), (used.node, "the model of the last pass")],
                why="a new model begins with random weights and knows nothing of the one before",
                help="make and compile the model before the loop",
                about=fit,
            )

    bad = (
        """
        import keras
        def create():
            net = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
            net.compile("adam", "mse")
            return net
        def main():
            for epoch in range(5):
                for number in range(count):
                    rows, answers = load(number)
                    clf = create()
                    clf.fit(rows / 255, answers, batch_size=64, verbose=0)  # KE036
            clf.save("model.keras")
        main()
        """,
    )
    good = (
        """
        import keras
        from sklearn.model_selection import KFold
        def create(units=8):
            net = keras.Sequential([keras.Input((4,)), keras.layers.Dense(units), keras.layers.Dense(1)])
            net.compile("adam", "mse")
            return net
        # Each is scored, kept, saved, goes on from weights, or is built in its own way.
        for path in paths:
            model = create()
            model.fit(load(path), targets)
            print(model.evaluate(x_test, y_test))
        model.predict(x)
        for train, test in KFold(5).split(x):
            model = create()
            model.fit(x[train], y[train], validation_data=(x[test], y[test]))
        model.predict(x)
        models = []
        for path in paths:
            model = create()
            model.fit(load(path), targets)
            models.append(model)
        model.predict(x)
        for path in paths:
            model = create()
            model.load_weights("last.weights.h5")
            model.fit(load(path), targets)
            model.save_weights("last.weights.h5")
        model.predict(x)
        for units in (8, 16, 32):
            model = create(units)
            model.fit(x, y)
        model.predict(x)
        for number in range(3):
            model = create()
            history = model.fit(load(number), targets)
            print(history.history["loss"])
        model.predict(x)
        """,
        """
        import keras
        def create():
            net = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
            net.compile("adam", "mse")
            return net
        # Nothing is used behind the loop; or the first pass alone makes the model; or each pass is a try.
        for path in paths:
            net = create()
            net.fit(load(path), targets)
        model = None
        for path in paths:
            if model is None:
                model = create()
            model.fit(load(path), targets)
        model.predict(x)
        for number in range(5):
            model = create()
            model.fit(x, y)
        model.predict(x)
        for path in paths:
            model = create()
            model.fit(load(path), targets)
            break
        model.predict(x)
        """,
    )


#: What may be done with a model that is only made and trained.
_MAKING = frozenset({"add", "build", "compile", "fit", "fit_generator", "summary", "train_on_batch"})
_USES = ("evaluate", "predict", "save", "test_on")
_TELLING = frozenset({"callbacks", "validation_data", "validation_split"})


def _only_data(fit: Fit) -> bool:
    """Whether the training call shows nothing but the loss on the data."""
    return fit.method in _MAKING and not _TELLING & fit.args.keys()


def _used_behind(program: Program, fit: Fit, loop: Loop) -> Use | Forward | None:
    events: list[Use | Forward] = [
        *(use for use in program.all(Use) if use.method.startswith(_USES)),
        *program.all(Forward),
    ]
    for event in events:
        if event.model is fit.model and event.order > fit.order and not any(one is loop for one in event.loops):
            return event
    return None


def _only_trains(fit: Fit, loop: Loop) -> bool:
    """Whether a pass only makes the model, in the same way each time, and trains it on data of its own."""
    func = fit.node.func if isinstance(fit.node, syntax.Call) else None
    receiver = func.value if isinstance(func, syntax.Attribute) else None
    if not isinstance(receiver, syntax.Name) or not isinstance(loop.node, syntax.For) or loop.ends_at_once:
        return False
    name, changing = receiver.value, changing_names(loop.node)
    data = [place for key in ("x", "y", "generator") if (place := fit.places.get(key)) is not None]
    if name in changing or not any(times_named(place, one) for place in data for one in changing):
        return False
    harmless = makes = 0
    for part in below(loop.node.body):
        if isinstance(part, syntax.Assign) and any(_is_name(target, name) for target in part.targets):
            makes += 1
            harmless += 1
        elif isinstance(part, (syntax.If, syntax.Break, syntax.Try, syntax.Return)):
            return False
        elif isinstance(part, syntax.Expr) and _is_harmless(part.value, name):
            if part.value is not fit.node and any(times_named(part.value, one) for one in changing):
                return False
            harmless += 1
    return makes == 1 and harmless == times_named(loop.node.body, name)


def _is_harmless(call: syntax.Expression, name: str) -> bool:
    """Whether this is a method of the model that makes or trains it, and what it gives is not used."""
    if not isinstance(call, syntax.Call) or not isinstance(call.func, syntax.Attribute):
        return False
    return _is_name(call.func.value, name) and call.func.attr in _MAKING and times_named(call, name) == 1


def _is_name(part: syntax.Node, name: str) -> bool:
    return isinstance(part, syntax.Name) and part.value == name
