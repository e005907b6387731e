"""KE002."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.finding import Safety, Severity
from kerlint.library.callbacks import callbacks_of, has_validation, later_uses, monitor_of, patience_of, saves_best
from kerlint.library.objects import argument
from kerlint.program.constants import truth
from kerlint.program.facts import Program
from kerlint.rules import fixing
from kerlint.rules.base import Found, Option, Rule


class EarlyStoppingKeepsLastWeights(Rule):
    """Early stopping leaves the model with the weights of its last epoch, not with the best ones.

    `EarlyStopping` ends training some epochs after the best one, and unless it is given
    `restore_best_weights=True`, the model stays as it was when training ended.

    ## Why is this bad?
    With `patience=10` the model that is then evaluated or saved has been trained for ten epochs
    that made it worse. The best epoch is known, and lost.

    ## Example
    ```python
    from tensorflow import keras

    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(32, "relu"), keras.layers.Dense(1)])
    model.compile(optimizer="adam", loss="mse")
    stop = keras.callbacks.EarlyStopping(monitor="val_loss", patience=10)  # KE002
    model.fit(x, y, epochs=500, validation_split=0.2, callbacks=[stop])
    model.evaluate(x_test, y_test)
    ```

    Use instead:
    ```python
    from tensorflow import keras

    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(32, "relu"), keras.layers.Dense(1)])
    model.compile(optimizer="adam", loss="mse")
    stop = keras.callbacks.EarlyStopping(monitor="val_loss", patience=10, restore_best_weights=True)
    model.fit(x, y, epochs=500, validation_split=0.2, callbacks=[stop])
    model.evaluate(x_test, y_test)
    ```

    ## Known limits
    Only where the model is used afterwards, a number of the validation is watched, and no checkpoint of
    the best epoch is kept. With a patience of 0 or 1 little is lost, so nothing is said.

    ## References
    - The default of `restore_best_weights` is False: https://keras.io/api/callbacks/early_stopping/
    - Measured on Keras 3.15.1: without it the weights after `fit` are those of the last epoch.
    """

    code = "KE002"
    name = "early-stopping-keeps-last-weights"
    severity = Severity.WARNING
    fix = Safety.UNSAFE
    symptoms = ("overfit", "wrong-result")
    since = "0.1.0"
    in_tests = False

    min_patience = Option(2, "A smaller patience loses little, and is left alone.", low=0)

    def check(self, program: Program) -> Iterator[Found]:
        seen: set[int] = set()
        for fit in program.fits:
            callbacks = callbacks_of(fit)
            if has_validation(fit) is False or not callbacks.complete:
                continue
            if any(saves_best(other) for other in callbacks.known):
                continue
            for stop in callbacks.of("EarlyStopping"):
                patience = patience_of(stop)
                restores = truth(argument(stop, "restore_best_weights"))
                watched = monitor_of(stop) or ""
                if restores is not False or patience is None or patience < self.min_patience or id(stop) in seen:
                    continue
                uses = later_uses(program, fit, "evaluate", "predict", "save", "export")
                if not uses or not watched.startswith("val_"):
                    continue
                seen.add(id(stop))
                yield from self.found(
                    stop.node,
                    f"the model keeps the weights of the last epoch, {patience} epochs after the best one",
                    label="does not restore the best weights",
                    also=[(fit.node, "trained here"), (uses[0].node, "uses the last weights")],
                    why="EarlyStopping ends training, but gives the best weights back only if it is told to",
                    help="add restore_best_weights=True",
                    about=stop,
                    fix=fixing.draft("add restore_best_weights=True", fixing.put(stop, "restore_best_weights", "True")),
                )

    bad = (
        """
        import keras
        from keras.callbacks import EarlyStopping
        model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(1, activation="sigmoid")])
        model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
        model.fit(x, y, validation_data=(a, b), callbacks=[
            EarlyStopping(monitor="val_accuracy", mode="max", patience=3),  # KE002
            keras.callbacks.TensorBoard(),
        ])
        classes = model.predict(z) > 0.5
        """,
    )
    good = (
        """
        import keras
        from keras.callbacks import EarlyStopping, ModelCheckpoint
        model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(1)])
        model.compile("adam", "mse")
        best = ModelCheckpoint("best.keras", save_best_only=True)
        model.fit(x, y, validation_split=0.1, callbacks=[EarlyStopping(patience=5), best])
        model.fit(x, y, validation_split=0.1, callbacks=[EarlyStopping(patience=5, restore_best_weights=True)])
        model.fit(x, y, validation_split=0.1, callbacks=[EarlyStopping()])
        model.fit(x, y, callbacks=[EarlyStopping("loss", patience=5)])
        model.predict(z)
        """,
        """
        import keras
        model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(1)])
        model.compile("adam", "mse")
        history = model.fit(x, y, validation_split=0.1, callbacks=[keras.callbacks.EarlyStopping(patience=5)])
        plot(history.history["val_loss"])
        model.load_weights("best.weights.h5")
        model.predict(z)
        """,
    )
