"""KE004."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.finding import Severity
from kerlint.program.events import Created, Fit, Use
from kerlint.program.facts import Program
from kerlint.program.scope import Loop
from kerlint.program.values import Object
from kerlint.rules.base import Found, Rule


class ModelReusedAcrossFolds(Rule):
    """One model is trained fold after fold of a cross-validation, and never starts afresh.

    The model is made before the loop over the folds. `fit` goes on from the weights that the model
    has, and `compile` does not reset them.

    ## Why is this bad?
    From the second fold on the model is validated on rows that it was trained on in the folds before.
    The scores get better from fold to fold, and their mean says nothing.

    ## Example
    ```python
    from sklearn.model_selection import KFold
    from tensorflow import keras

    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(32, "relu"), keras.layers.Dense(1)])
    model.compile(optimizer="adam", loss="mse")
    for train, test in KFold(5).split(x):
        model.fit(x[train], y[train], epochs=20)  # KE004
        print(model.evaluate(x[test], y[test]))
    ```

    Use instead:
    ```python
    from sklearn.model_selection import KFold
    from tensorflow import keras

    for train, test in KFold(5).split(x):
        model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(32, "relu"), keras.layers.Dense(1)])
        model.compile(optimizer="adam", loss="mse")
        model.fit(x[train], y[train], epochs=20)
        print(model.evaluate(x[test], y[test]))
    ```

    ## Known limits
    Folds of scikit-learn only. `TimeSeriesSplit` is left alone: there a model may well be trained on.

    ## References
    - Measured on Keras 3.15.1: the squared errors of three folds were .136, .052 and .041 with one model.
    """

    code = "KE004"
    name = "model-reused-across-folds"
    severity = Severity.ERROR
    symptoms = ("too-good",)
    since = "0.1.0"
    needs_end = True

    def check(self, program: Program) -> Iterator[Found]:
        seen: set[int] = set()
        for fit in program.fits:
            loop = next((loop for loop in fit.loops if _are_folds(loop)), None)
            if loop is None or id(fit.node) in seen or _starts_afresh(program, fit, loop):
                continue
            made = next((event for event in program.all(Created) if event.model is fit.model), None)
            if made is None or loop.node in [outer.node for outer in made.loops]:
                continue
            seen.add(id(fit.node))
            yield from self.found(
                fit.node,
                "the same model is trained in every fold: from the second on it has seen the rows it is tested on",
                label="goes on from the weights of the fold before",
                also=[
                    (made.node, "made once, before the folds"),
                    (loop.over.node if loop.over is not None else None, "the folds"),
                ],
                why="fit() goes on from the weights that the model has, and compile() does not reset them",
                help="make the model inside the loop, or in a function that the loop calls",
                about=fit,
            )

    bad = (
        """
        import keras
        from sklearn.model_selection import StratifiedKFold
        folds = StratifiedKFold(n_splits=3, shuffle=True)
        inputs = keras.Input((4,))
        model = keras.Model(inputs, keras.layers.Dense(1, activation="sigmoid")(inputs))
        for number, (train, test) in enumerate(folds.split(x, y)):
            model.compile("adam", "binary_crossentropy")
            model.fit(x[train], y[train], validation_data=(x[test], y[test]))  # KE004
        """,
    )
    good = (
        """
        import keras
        from sklearn.model_selection import KFold
        def build():
            model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
            model.compile("adam", "mse")
            return model
        for train, test in KFold(5).split(x):
            model = build()
            model.fit(x[train], y[train])
        model = build()
        start = model.get_weights()
        for train, test in KFold(5).split(x):
            model.set_weights(start)
            model.fit(x[train], y[train])
        """,
        """
        import keras
        from sklearn.model_selection import KFold, TimeSeriesSplit
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
        model.compile("adam", "mse")
        for train, test in TimeSeriesSplit(5).split(x):
            model.fit(x[train], y[train])
        for train, test in KFold(5).split(x):
            fresh = keras.models.clone_model(model)
            fresh.compile("adam", "mse")
            fresh.fit(x[train], y[train])
        """,
        """
        import keras
        from sklearn.model_selection import KFold
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
        model.compile("adam", "mse")
        for train, test in KFold(5).split(x):
            model.fit(x[train], y[train])
            break
        """,
    )


_FOLDS = frozenset(
    """KFold StratifiedKFold GroupKFold StratifiedGroupKFold RepeatedKFold RepeatedStratifiedKFold ShuffleSplit
    StratifiedShuffleSplit GroupShuffleSplit LeaveOneOut LeavePOut LeaveOneGroupOut""".split()
)


def _are_folds(loop: Loop) -> bool:
    over = loop.over
    splitter = over.args.get("splitter") if isinstance(over, Object) else None
    return isinstance(splitter, Object) and splitter.short in _FOLDS and not loop.ends_at_once


def _starts_afresh(program: Program, fit: Fit, loop: Loop) -> bool:
    """Whether the model gets other weights inside the loop."""
    return any(
        use.model is fit.model and use.method in ("load_weights", "set_weights") and loop in use.loops
        for use in program.all(Use)
    )
