"""KE029."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.finding import Severity
from kerlint.library.budget import epochs_of
from kerlint.program.facts import Program
from kerlint.program.trials import StopsAtOnce
from kerlint.rules.base import Found, Rule


class StoppedInFirstEpoch(Rule):
    """A callback ends the training in its first epoch, whatever the numbers of that epoch are.

    ## Why is this bad?
    `fit` is asked for many epochs, trains for one, and says nothing about the others. The model has hardly left its
    random start.

    ## Example
    ```python
    import keras

    class StopAt(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if logs["loss"] < 0.1:
                print("good enough")
            self.model.stop_training = True  # KE029

    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(1)])
    model.compile(optimizer="adam", loss="mse")
    model.fit(x, y, epochs=100, callbacks=[StopAt()])
    ```

    Use instead:
    ```python
    import keras

    class StopAt(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if logs["loss"] < 0.1:
                print("good enough")
                self.model.stop_training = True

    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(1)])
    model.compile(optimizer="adam", loss="mse")
    model.fit(x, y, epochs=100, callbacks=[StopAt()])
    ```

    ## Known limits
    Only where nothing unknown decides it, in the first training call that has the callback, and where more than one
    epoch is asked for.

    ## References
    - Measured on Keras 3.15.1: the history of the example has one epoch.
    """

    code = "KE029"
    name = "stopped-in-first-epoch"
    severity = Severity.ERROR
    symptoms = ("accuracy-stuck", "slow-learning")
    since = "0.1.0"
    in_tests = False

    def check(self, program: Program) -> Iterator[Found]:
        told: set[int] = set()
        for event in program.all(StopsAtOnce):
            epochs = epochs_of(event.fit)
            if epochs is None or epochs < 2 or event.assumed or event.tried or id(event.node) in told:
                continue
            told.add(id(event.node))
            yield from self.found(
                event.node,
                f"the training ends in its first epoch, of {epochs}: the callback stops it whatever the numbers are",
                label="always reached in the first epoch",
                also=[(event.fit.places.get("epochs") or event.fit.node, "more are asked for")],
                why="fit() looks at stop_training at the end of each epoch",
                help="set it under a condition that the first epoch does not fulfil",
                about=event.fit,
            )

    bad = (
        """
        import keras
        class Patient(keras.callbacks.Callback):
            def __init__(self, patience=0):
                super().__init__()
                self.patience = patience
            def on_epoch_end(self, epoch, logs=None):
                if epoch >= self.patience:
                    self.model.stop_training = True  # KE029
        model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(x, y, epochs=20, callbacks=[Patient(), keras.callbacks.CSVLogger("log.csv")])
        """,
    )
    good = (
        """
        import time
        import keras
        class Patient(keras.callbacks.Callback):
            def __init__(self, patience=3):
                super().__init__()
                self.patience, self.wait, self.best = patience, 0, float("inf")
            def on_train_begin(self, logs=None):
                self.start = time.time()
            def on_epoch_end(self, epoch, logs=None):
                current = logs.get("loss")
                if current < self.best:
                    self.best, self.wait = current, 0
                else:
                    self.wait += 1
                    if self.wait >= self.patience:
                        self.model.stop_training = True
                if time.time() - self.start > 60 or epoch == 10:
                    self.model.stop_training = True
        model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(x, y, epochs=20, callbacks=[Patient()])
        class Once(keras.callbacks.Callback):
            def on_epoch_end(self, epoch, logs=None):
                self.model.stop_training = True
        model.fit(x, y, callbacks=[Once()])
        """,
        # Left before it is reached; decided by what other methods count; changed only after the training.
        """
        import keras
        import contextlib
        finishing = False
        class Asked(keras.callbacks.Callback):
            def on_epoch_end(self, epoch, logs=None):
                with contextlib.suppress(OSError):
                    open("stop").close()
                    self.model.stop_training = True
        class Guarded(keras.callbacks.Callback):
            def on_epoch_end(self, epoch, logs=None):
                if logs["loss"] > 0.01:
                    return
                self.model.stop_training = True
        class Goals(keras.callbacks.Callback):
            def on_epoch_end(self, epoch, logs=None):
                for name in ("loss", "mae"):
                    if logs[name] > 0.1:
                        break
                else:
                    self.model.stop_training = True
        class Phases(keras.callbacks.Callback):
            phase = 0
            def on_epoch_begin(self, epoch, logs=None):
                if self.late():
                    self.phase = 1
                    return
                self.phase = 2
            def on_epoch_end(self, epoch, logs=None):
                if self.phase == 2 or finishing:
                    self.model.stop_training = True
        class Short(keras.callbacks.Callback):
            def on_train_begin(self, logs=None):
                self.steps, self.tested, type(self).done = 0, False, True
            def on_train_batch_end(self, batch, logs=None):
                self.steps += 1
            def on_test_end(self, logs=None):
                self.tested = True
                Short.done = False
            def on_epoch_end(self, epoch, logs=None):
                if self.steps < 2 or not self.tested or self.done:
                    self.model.stop_training = True
        class Until(keras.callbacks.Callback):
            def __init__(self, epochs):
                super().__init__()
                self.epochs = epochs
            def stop(self):
                self.model.stop_training = True
            def on_epoch_end(self, epoch, logs=None):
                epoch + 1 >= self.epochs and self.stop()
                logs["loss"] < 0.1 and self.stop()
        model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(1)])
        model.compile("adam", "mse", metrics=["mae"])
        until = Until(10)
        for one in (Asked(), Guarded(), Goals(), Phases(), Short(), until):
            model.fit(x, y, epochs=20, validation_split=0.1, callbacks=[one])
        until.epochs, finishing = 1, True
        """,
    )
