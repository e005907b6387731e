"""KE021."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.finding import Safety, Severity
from kerlint.library.callbacks import callbacks_of, monitor_of, patience_of
from kerlint.program.facts import Program
from kerlint.program.values import Object
from kerlint.rules import fixing
from kerlint.rules.base import Found, Rule


class PlateauPatienceAfterStop(Rule):
    """Training stops early before the learning rate could ever be reduced.

    `ReduceLROnPlateau` and `EarlyStopping` watch the same number, and the first waits for as many
    epochs without an improvement as the second, or for more.

    ## Why is this bad?
    The reduction is there to get off the plateau. It comes too late to have any effect: training has
    ended by then. The default patience of `ReduceLROnPlateau` is 10.

    ## Example
    ```python
    from tensorflow import keras

    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(1)])
    model.compile(optimizer="adam", loss="mse")
    callbacks = [
        keras.callbacks.EarlyStopping(patience=10, restore_best_weights=True),
        keras.callbacks.ReduceLROnPlateau(factor=0.2),  # KE021
    ]
    model.fit(x, y, epochs=100, validation_split=0.2, callbacks=callbacks)
    ```

    Use instead:
    ```python
    from tensorflow import keras

    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(1)])
    model.compile(optimizer="adam", loss="mse")
    callbacks = [
        keras.callbacks.EarlyStopping(patience=10, restore_best_weights=True),
        keras.callbacks.ReduceLROnPlateau(factor=0.2, patience=4),
    ]
    model.fit(x, y, epochs=100, validation_split=0.2, callbacks=callbacks)
    ```

    ## Known limits
    Only where both watch the same number and count an improvement alike.

    ## References
    - Defaults: patience 0 for `EarlyStopping`, 10 for `ReduceLROnPlateau`; both count from the last improvement
      (keras/src/callbacks in Keras 3.15.1).
    """

    code = "KE021"
    name = "plateau-patience-after-stop"
    severity = Severity.WARNING
    fix = Safety.UNSAFE
    symptoms = ("slow-learning", "loss-flat")
    since = "0.1.0"
    in_tests = False

    def check(self, program: Program) -> Iterator[Found]:
        seen: set[tuple[int, int]] = set()
        for fit in program.fits:
            callbacks = callbacks_of(fit)
            for stop in callbacks.of("EarlyStopping"):
                for plateau in callbacks.of("ReduceLROnPlateau"):
                    if (id(stop), id(plateau)) not in seen and _comes_too_late(plateau, stop):
                        seen.add((id(stop), id(plateau)))
                        yield from self._report(plateau, stop)

    def _report(self, plateau: Object, stop: Object) -> Iterator[Found]:
        waits, stops = patience_of(plateau), patience_of(stop)
        yield from self.found(
            plateau.places.get("patience") or plateau.node,
            f'the learning rate would fall after {waits} epochs without a better "{monitor_of(plateau)}", '
            f"but training stops after {stops}",
            label=f"waits for {waits} epochs",
            also=[(stop.places.get("patience") or stop.node, f"stops after {stops} epochs")],
            why="both count from the last improvement, so training has ended before the rate is reduced",
            help="give ReduceLROnPlateau a patience of less than half of that of EarlyStopping",
            about=plateau,
            fix=_sooner(plateau, stops),
        )

    bad = (
        """
        import keras
        model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(x, y, validation_split=0.2, callbacks=[
            keras.callbacks.ReduceLROnPlateau(monitor="val_loss", patience=5),  # KE021
            keras.callbacks.EarlyStopping(monitor="val_loss", patience=5),
        ])
        """,
    )
    good = (
        """
        import keras
        from keras.callbacks import EarlyStopping, ReduceLROnPlateau
        model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(x, y, validation_split=0.2, callbacks=[
            ReduceLROnPlateau(monitor="loss", patience=10), EarlyStopping(monitor="val_loss", patience=5)
        ])
        model.fit(x, y, validation_split=0.2, callbacks=[
            ReduceLROnPlateau(patience=10), EarlyStopping(patience=5, start_from_epoch=50)
        ])
        model.fit(x, y, validation_split=0.2, callbacks=[
            ReduceLROnPlateau(patience=waiting), EarlyStopping(patience=5)
        ])
        model.fit(x, y, validation_split=0.2, callbacks=[
            ReduceLROnPlateau(patience=5, min_delta=0.01), EarlyStopping(patience=5)
        ])
        """,
    )


def _sooner(plateau: Object, stops: int | None) -> fixing.Draft | None:
    """A patience of less than half of that of `EarlyStopping`."""
    if stops is None or stops < 3:
        return None
    waits = (stops - 1) // 2
    return fixing.draft(f"use a patience of {waits}", fixing.put(plateau, "patience", str(waits)))


def _comes_too_late(plateau: Object, stop: Object) -> bool:
    waits, stops = patience_of(plateau), patience_of(stop)
    if waits is None or stops is None or waits < stops:
        return False
    watched = monitor_of(plateau)
    if watched is None or watched != monitor_of(stop) or "start_from_epoch" in stop.args or "baseline" in stop.args:
        return False
    # A reduction that asks for more than the tiny default counts as a plateau what is still an improvement.
    return "min_delta" not in plateau.args
