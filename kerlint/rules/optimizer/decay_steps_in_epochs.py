"""KO006."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.finding import Severity
from kerlint.library.budget import epochs_of, steps_of, trainings_of
from kerlint.library.optimizers import Optimizer, optimizers
from kerlint.library.schedules import Schedule, read_schedule
from kerlint.program.constants import constant, integer
from kerlint.program.events import Compile, Fit
from kerlint.program.facts import Program
from kerlint.program.values import Object
from kerlint.rules.base import Found, Option, Rule


class DecayStepsInEpochs(Rule):
    """The learning rate has decayed to nothing when training has hardly begun: `decay_steps` counts batches.

    The schedules of Keras are asked once for every batch. A number of epochs, given as `decay_steps`, is
    over within the first epoch or soon after.

    ## Why is this bad?
    `CosineDecay(1e-3, 50)` is exactly 0 from the 50th batch on: the rest of the training does nothing at
    all, and no warning says so.

    ## Example
    ```python
    from tensorflow import keras

    (x, y), _ = keras.datasets.mnist.load_data()
    model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
    epochs = 50
    rate = keras.optimizers.schedules.CosineDecay(1e-3, decay_steps=epochs)  # KO006
    model.compile(optimizer=keras.optimizers.Adam(rate), loss="sparse_categorical_crossentropy")
    model.fit(x / 255, y, epochs=epochs)
    ```

    Use instead:
    ```python
    from tensorflow import keras

    (x, y), _ = keras.datasets.mnist.load_data()
    model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
    epochs = 50
    rate = keras.optimizers.schedules.CosineDecay(1e-3, decay_steps=epochs * len(x) // 32)
    model.compile(optimizer=keras.optimizers.Adam(rate), loss="sparse_categorical_crossentropy")
    model.fit(x / 255, y, epochs=epochs)
    ```

    ## Known limits
    Where the number of batches is not known, it is reported only if `decay_steps` is the number of epochs
    and the schedule ends close to zero. Schedules that warm up or start over are not looked at.

    ## References
    - Measured on Keras 3.15.1: `CosineDecay(1e-3, 50)` gives 0 from step 50; `ExponentialDecay(1e-2, 10, 0.5)` gives
      8e-33 at step 1,000.
    - https://www.tensorflow.org/tutorials/keras/overfit_and_underfit
    """

    code = "KO006"
    name = "decay-steps-counted-in-epochs"
    severity = Severity.WARNING
    symptoms = ("loss-flat", "slow-learning", "accuracy-stuck")
    since = "0.1.0"
    in_tests = False
    needs_end = True

    negligible_share = Option(
        1e-3, "A rate that is a smaller share of the first one moves nothing.", above=0.0, high=1.0
    )
    early_share = Option(0.1, "It should not be reached in this share of the training.", above=0.0, high=1.0)

    def check(self, program: Program) -> Iterator[Found]:
        for optimizer in optimizers(program):
            given = optimizer.value.args.get("learning_rate")
            schedule = read_schedule(given)
            if schedule is None or not isinstance(given, Object) or not isinstance(optimizer.event, Compile):
                continue
            fits = program.fits_of(optimizer.event)
            known = trainings_of(fits, optimizer.event) if fits else None
            if known:
                updates = sum(training.updates for training in known)
                if updates > 1 and schedule.share(updates * self.early_share) <= self.negligible_share:
                    yield from self._report(optimizer, given, schedule, fits[0], updates)
            elif any(_counts_epochs(given, schedule, fit) for fit in fits):
                yield from self._report(optimizer, given, schedule, fits[0], None)

    def _report(
        self, optimizer: Optimizer, given: Object, schedule: Schedule, fit: Fit, updates: int | None
    ) -> Iterator[Found]:
        epochs, steps = epochs_of(fit), steps_of(fit)
        if updates is not None:
            share = schedule.share(updates * self.early_share)
            end = "0" if share < 1e-12 else f"{share * schedule.start:.1e}"
            message = (
                f"{schedule.kind} over {schedule.steps:g} batches: after a tenth of the {updates:,} batches of the "
                f"training the learning rate is {end}"
            )
        else:
            message = (
                f"{schedule.kind} ends after {schedule.steps:g} batches: that is the number of epochs, and an epoch "
                "has many batches"
            )
        what = f"{epochs:,} epochs" if epochs is not None else "trains on"
        yield from self.found(
            given.places.get("decay_steps") or given.node,
            message,
            label="counted in batches",
            also=[
                (fit.places.get("epochs") or fit.node, what + (f" of {steps:,} batches" if steps is not None else ""))
            ],
            why="the schedule is asked for a rate once for every batch, not once for every epoch",
            help="decay_steps = epochs * batches in an epoch",
            about=optimizer.event,
        )

    bad = (
        """
        import keras
        EPOCHS = 100
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
        rate = keras.optimizers.schedules.CosineDecay(0.01, EPOCHS)  # KO006
        model.compile(keras.optimizers.SGD(rate), "mse")
        model.fit(x, y, epochs=EPOCHS)
        """,
        """
        import keras
        (x, y), _ = keras.datasets.cifar10.load_data()
        model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10)])
        rate = keras.optimizers.schedules.ExponentialDecay(0.01, 10, 0.5)  # KO006
        model.compile(keras.optimizers.Adam(rate), "mse")
        model.fit(x / 255, y, epochs=20)
        """,
    )
    good = (
        """
        import keras
        (x, y), _ = keras.datasets.cifar10.load_data()
        model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10)])
        rate = keras.optimizers.schedules.ExponentialDecay(0.01, 1000, 0.96, staircase=True)
        model.compile(keras.optimizers.Adam(rate), "mse")
        model.fit(x / 255, y, epochs=20)
        """,
        """
        import keras
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
        rate = keras.optimizers.schedules.CosineDecay(0.01, 200)
        model.compile(keras.optimizers.SGD(rate), "mse")
        model.fit(x, y, epochs=200, batch_size=len(x))
        """,
        """
        import keras
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
        rate = keras.optimizers.schedules.CosineDecay(0.01, 200 * steps)
        model.compile(keras.optimizers.SGD(rate), "mse")
        model.fit(x, y, epochs=200)
        """,
    )


def _counts_epochs(given: Object, schedule: Schedule, fit: Fit) -> bool:
    """Whether `decay_steps` is the number of epochs, each of which has several batches as far as is known."""
    epochs = epochs_of(fit)
    if epochs is None or epochs < 2 or schedule.steps != epochs or schedule.last is None or schedule.last > 0.1:
        return False
    steps, size = fit.args.get("steps_per_epoch"), fit.args.get("batch_size")
    if steps is not None and constant(steps) is not None and integer(steps) in (None, 1):
        return False
    return fit.method != "train_on_batch" and (size is None or constant(size) is None or integer(size) is not None)
