"""KO007."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.finding import Severity
from kerlint.library.optimizers import RATE_CALLBACKS, optimizers
from kerlint.library.schedules import is_schedule
from kerlint.program.facts import Program
from kerlint.program.values import Object, Sequence
from kerlint.rules.base import Found, Rule


class ScheduleWithRateCallback(Rule):
    """The optimizer has a learning-rate schedule, and a callback wants to set the rate, too.

    A schedule computes the rate from the number of steps. The rate of such an optimizer cannot be
    assigned, and the callback tries just that.

    ## Why is this bad?
    `LearningRateScheduler` fails in the first epoch. `ReduceLROnPlateau` fails when the first plateau is
    reached: that may be hours into the training.

    ## Example
    ```python
    from tensorflow import keras

    model = keras.Sequential([keras.Input((10,)), keras.layers.Dense(1)])
    rate = keras.optimizers.schedules.ExponentialDecay(1e-2, decay_steps=10_000, decay_rate=0.9)
    model.compile(optimizer=keras.optimizers.Adam(rate), loss="mse")
    model.fit(x, y, epochs=50, callbacks=[keras.callbacks.ReduceLROnPlateau(monitor="loss")])  # KO007
    ```

    Use instead:
    ```python
    from tensorflow import keras

    model = keras.Sequential([keras.Input((10,)), keras.layers.Dense(1)])
    model.compile(optimizer=keras.optimizers.Adam(1e-2), loss="mse")
    model.fit(x, y, epochs=50, callbacks=[keras.callbacks.ReduceLROnPlateau(monitor="loss")])
    ```

    ## References
    - Measured on Keras 3.15.1: `TypeError: This optimizer was created with a LearningRateSchedule object ...
      hence its learning rate is not settable`; with ReduceLROnPlateau only when it acts for the first time.
    """

    code = "KO007"
    name = "lr-schedule-with-lr-callback"
    severity = Severity.ERROR
    symptoms = ("crash",)
    since = "0.1.0"

    def check(self, program: Program) -> Iterator[Found]:
        schedules = {
            id(optimizer.event): (optimizer, rate)
            for optimizer in optimizers(program)
            if is_schedule(rate := optimizer.value.args.get("learning_rate")) and isinstance(rate, Object)
        }
        for fit in program.fits:
            if fit.compile is None or id(fit.compile) not in schedules:
                continue
            if fit.assumed and fit.function is not fit.compile.function:
                # Nobody says that the one runs before the other.
                continue
            optimizer, rate = schedules[id(fit.compile)]
            given = fit.args.get("callbacks")
            if any(f".{name}" in optimizer.value.state for name in ("learning_rate", "lr")):
                continue
            for callback in given.items if isinstance(given, Sequence) else (given,):
                if not isinstance(callback, Object) or callback.name not in _CALLBACKS:
                    continue
                waits = callback.short == "ReduceLROnPlateau"
                yield from self.found(
                    callback.node or fit.places.get("callbacks"),
                    f"{callback.short} cannot set the rate of {optimizer.name}, which follows {rate.short}: "
                    + ("training fails at the first plateau" if waits else "training fails in the first epoch"),
                    label="tries to assign the learning rate",
                    also=[(rate.node, "the rate follows this schedule"), (fit.node, "both take part in this training")],
                    why="the rate of an optimizer that was given a schedule is computed and cannot be assigned",
                    help="either the schedule or the callback: give the optimizer a plain number, or drop the callback",
                    about=(fit.node, callback),
                )

    bad = (
        """
        import tensorflow as tf
        model = tf.keras.Sequential([tf.keras.Input((4,)), tf.keras.layers.Dense(1)])
        schedule = tf.keras.optimizers.schedules.CosineDecay(1e-3, 1000)
        model.compile(optimizer=tf.keras.optimizers.Adam(learning_rate=schedule), loss="mse")
        stop = tf.keras.callbacks.EarlyStopping(patience=5)
        plan = tf.keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.9)  # KO007
        model.fit(x, y, epochs=10, callbacks=[stop, plan])
        """,
    )
    good = (
        """
        import keras
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
        model.compile(keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(1e-3, 1000)), "mse")
        model.fit(x, y, callbacks=[keras.callbacks.EarlyStopping(patience=5)])
        model.compile(keras.optimizers.Adam(1e-3), "mse")
        model.fit(x, y, callbacks=[keras.callbacks.ReduceLROnPlateau(patience=5)])
        """,
        """
        import keras
        class Cases:
            def setUp(self):
                self.model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
            def first(self):
                rate = keras.optimizers.schedules.CosineDecay(1e-3, 1000)
                self.model.compile(keras.optimizers.Adam(rate), "mse")
            def second(self):
                self.model.fit(x, y, callbacks=[keras.callbacks.ReduceLROnPlateau(patience=5)])
        """,
    )


_CALLBACKS = frozenset(f"keras.callbacks.{name}" for name in RATE_CALLBACKS)
