"""KE028."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kerlint.finding import Severity
from kerlint.library.callbacks import monitor_of
from kerlint.program.constants import number
from kerlint.program.facts import Program
from kerlint.program.trials import ShareCompared
from kerlint.program.values import Object
from kerlint.rules.base import Found, Rule


class ShareComparedWithPercentage(Rule):
    """An accuracy is compared with a percentage, but Keras logs it as a share between 0 and 1.

    ## Why is this bad?
    A callback that stops at `accuracy > 95` never stops; one that asks for `accuracy < 95` always does what it asks
    for. `EarlyStopping` with `baseline=95` ends the training as soon as its patience is over, because no epoch is good
    enough.

    ## Example
    ```python
    import keras

    class StopAt(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if logs["accuracy"] > 95:  # KE028
                self.model.stop_training = True

    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(1, activation="sigmoid")])
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    model.fit(x, y, epochs=100, callbacks=[StopAt()])
    ```

    Use instead:
    ```python
    import keras

    class StopAt(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if logs["accuracy"] > 0.95:
                self.model.stop_training = True

    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(1, activation="sigmoid")])
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    model.fit(x, y, epochs=100, callbacks=[StopAt()])
    ```

    ## Known limits
    For the accuracies of Keras, AUC, precision and recall, in callbacks whose whole list is understood.

    ## References
    - Measured on Keras 3.15.1: with every row right the accuracy that is logged is 1.0, and the callback of the example
      lets all epochs run. `EarlyStopping("accuracy", baseline=95, patience=2)` stops after 3 epochs of 30 while the
      accuracy rises from 0.50 to 0.64.
    """

    code = "KE028"
    name = "share-compared-with-percentage"
    severity = Severity.ERROR
    symptoms = ("overfit", "slow-run", "wrong-result")
    since = "0.1.0"
    in_tests = False
    subsumes = ("KE029",)

    def check(self, program: Program) -> Iterator[Found]:
        told: set[int] = set()
        for event in program.all(ShareCompared):
            if id(event.node) in told or event.tried:
                continue
            told.add(id(event.node))
            limit, name = number(event.limit), event.share.source
            yield from self.found(
                event.node,
                f'"{name}" is a share between 0 and 1, and never reaches {limit:g}',
                label="the same answer in every epoch",
                also=[(event.limit.node, "a percentage?"), (event.fit.node, "trained here")],
                why="Keras logs how large a part of the rows is right, not how many percent",
                help=_share(limit),
                about=event.fit,
            )
        for callback in program.made("keras.callbacks.EarlyStopping"):
            watched, limit = monitor_of(callback) or "", number(callback.args.get("baseline"))
            if limit is not None and limit > 1 and _SHARE.fullmatch(watched) and isinstance(callback, Object):
                yield from self.found(
                    callback.places.get("baseline"),
                    f'"{watched}" is a share between 0 and 1, and never reaches the baseline of {limit:g}',
                    label="no epoch is good enough",
                    also=[(callback.places.get("monitor"), "is watched")],
                    why="Keras logs how large a part of the rows is right, not how many percent",
                    help=_share(limit),
                    about=callback,
                )

    bad = (
        """
        import keras
        class StopAt(keras.callbacks.Callback):
            def __init__(self, goal):
                super().__init__()
                self.goal = goal
            def on_epoch_end(self, epoch, logs=None):
                reached = logs.get("val_accuracy")
                if reached is not None and self.goal <= reached:  # KE028
                    self.model.stop_training = True
        model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(1, activation="sigmoid")])
        model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
        model.fit(x, y, epochs=100, validation_split=0.2, callbacks=[StopAt(99.5)])
        """,
        """
        import keras
        stop = keras.callbacks.EarlyStopping("val_accuracy", patience=3, baseline=90)  # KE028
        """,
    )
    good = (
        """
        import keras
        class StopAt(keras.callbacks.Callback):
            def on_epoch_end(self, epoch, logs=None):
                if logs["accuracy"] >= 1.0 or logs["accuracy"] * 100 > 95 or logs["loss"] < 1.5:
                    self.model.stop_training = True
                if 100 * logs["accuracy"] > 95 and logs["seconds"] > 60:
                    self.model.stop_training = True
        def accuracy(y_true, y_pred):
            return 100 * keras.ops.mean(keras.ops.equal(y_true, keras.ops.round(y_pred)))
        model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(1, activation="sigmoid")])
        model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
        model.fit(x, y, epochs=100, callbacks=[StopAt(), Timing()])
        model.fit(x, y, epochs=100, callbacks=[keras.callbacks.EarlyStopping("accuracy", baseline=0.9)])
        model.fit(x, y, epochs=100, callbacks=[keras.callbacks.EarlyStopping("loss", baseline=3)])
        class StopAbove(keras.callbacks.Callback):
            def on_epoch_end(self, epoch, logs=None):
                if logs["accuracy"] > 95:
                    self.model.stop_training = True
        model.compile("adam", "binary_crossentropy", metrics=[accuracy])
        model.fit(x, y, epochs=100, callbacks=[StopAbove()])
        """,
    )


_SHARE = re.compile(r"(val_)?(((binary|categorical|sparse_categorical)_)?accuracy|acc|auc|precision|recall)(_\d+)?")


def _share(limit: float | None) -> str:
    """The percentage as a share."""
    return f"write {limit / 100:g}" if limit is not None and limit <= 100 else "write a number between 0 and 1"
