"""KO001."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint import syntax
from kerlint.experiment import Change, Experiment
from kerlint.finding import Safety, Severity
from kerlint.library.optimizers import optimizers, rate_changes
from kerlint.program.events import Fit
from kerlint.program.facts import Program
from kerlint.program.trials import ZeroRates
from kerlint.rules import fixing
from kerlint.rules.base import Found, Rule


class ZeroLearningRate(Rule):
    """The learning rate is zero or negative, so the model cannot learn.

    An optimizer changes each weight by its learning rate times a direction. With a rate of
    zero the weights after training are those before it; with a negative one every step makes
    the loss larger. A function for `LearningRateScheduler` that gives zero in the first epoch and
    goes on from there never leaves zero.

    ## Why is this bad?
    Keras accepts both without a word. Training runs at its usual speed, the loss and the
    metrics just stay where they were. The model still gives different outputs for different
    inputs: it is the untrained network, not a constant.

    ## Example
    ```python
    from tensorflow import keras

    model = keras.Sequential([keras.Input((10,)), keras.layers.Dense(1, activation="sigmoid")])
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate=0.0),  # KO001
        loss="binary_crossentropy",
    )
    ```

    Use instead:
    ```python
    from tensorflow import keras

    model = keras.Sequential([keras.Input((10,)), keras.layers.Dense(1, activation="sigmoid")])
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate=1e-3),
        loss="binary_crossentropy",
    )
    ```

    ## Known limits
    A rate that a schedule, a callback or an assignment sets later is not reported. The function of a
    `LearningRateScheduler` is asked for each epoch, a callback of your own is followed through each, and the rate must
    be zero each time; where another call trains the same model, nothing is said. Nor is it of a zero that is written as
    such where a `BatchNormalization` takes its averages anew: they move at a rate of 0, too.

    ## References
    - Measured on Keras 3.15.1: in 360 runs with a rate of 0 the largest change of any weight was
      exactly 0 (but for the averages of `BatchNormalization`); with -0.01 the loss rises. No warning in either case.
      With `lambda epoch, rate: rate * epoch` no weight moves in any epoch.
    """

    code = "KO001"
    name = "zero-learning-rate"
    severity = Severity.ERROR
    fix = Safety.UNSAFE
    symptoms = ("loss-flat", "accuracy-stuck")
    since = "0.1.0"
    in_tests = False

    def check(self, program: Program) -> Iterator[Found]:
        yield from self._plans(program)
        for optimizer in optimizers(program):
            if optimizer.rate is None or optimizer.rate > 0 or rate_changes(program, optimizer):
                continue
            zero = optimizer.rate == 0
            yield from self.found(
                optimizer.place,
                f"the learning rate of {optimizer.name} is {optimizer.rate:g}: "
                + ("no weight is trained" if zero else "every step makes the loss larger"),
                label="no weight moves" if zero else "a step in the wrong direction",
                also=[(optimizer.event.node, "the model is trained with it")],
                why="an update is the learning rate times a direction"
                + (", here nothing" if zero else ", and a negative rate turns it round"),
                help="start from 1e-3 for Adam and its kin, 1e-2 for SGD",
                about=optimizer.event,
                experiment=Experiment(
                    optimizer.event,
                    "still" if zero else "fails",
                    repair=[Change("optimizer", {"learning_rate": None})],
                ),
                fix=fixing.draft(
                    "use a usual learning rate", fixing.rate(optimizer, 1e-2 if optimizer.name == "SGD" else 1e-3)
                ),
            )

    def _plans(self, program: Program) -> Iterator[Found]:
        """Functions that are asked for the rate of each epoch."""
        told: set[int] = set()
        for plan in program.all(ZeroRates):
            # A zero from outside of the function may be another number by the time of the training.
            if plan.fit.assumed or id(plan.node) in told or not syntax.stands_in(plan.node, plan.returned.node):
                continue
            if _is_trained_elsewhere(program, plan.fit):
                # A first pass that only tries things out, or a last one.
                continue
            written = isinstance(plan.returned.node, syntax.Constant)
            if written and any(node.short == "BatchNormalization" for node in plan.fit.graph.nodes):
                # Its averages move at a rate of 0, too: they are taken anew, and nothing else.
                continue
            told.add(id(plan.node))
            yield from self.found(
                plan.returned.node or plan.node,
                "the learning rate is 0 in every epoch: no weight is trained",
                label="gives 0 from the first epoch on",
                also=[(plan.fit.node, "the model is trained with it")],
                why="an update is the learning rate times a direction, here nothing",
                help="give a rate above 0, such as 1e-3"
                if written
                else "multiply by something that is not 0 in epoch 0 (the first one), and divide by / and not by //",
                about=plan.fit,
            )

    bad = (
        """
        import keras
        class Decay(keras.callbacks.Callback):
            def on_epoch_begin(self, epoch, logs=None):
                self.model.optimizer.learning_rate = 0.01 * (epoch // 100)  # KO001
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(x, y, epochs=50, callbacks=[Decay()])
        """,
        """
        import keras
        def plan(epoch, rate):
            return rate * epoch  # KO001
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(x, y, epochs=10, callbacks=[keras.callbacks.LearningRateScheduler(plan, verbose=1)])
        """,
        """
        import math
        import keras
        def plan(epoch):
            start, every = 0.01, 10
            return start // (1 + math.floor((1 + epoch) / every))  # KO001
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(x, y, epochs=50, callbacks=[keras.callbacks.LearningRateScheduler(plan)])
        """,
        """
        import keras
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
        rate = 0
        sgd = keras.optimizers.SGD(rate)  # KO001
        model.compile(sgd, "mse")
        """,
        """
        import keras
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
        model.compile(keras.optimizers.SGD(learning_rate=-0.01), "mse")  # KO001
        """,
        """
        import keras
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(x, y, epochs=9, callbacks=[keras.callbacks.LearningRateScheduler(lambda epoch: 0.0)])  # KO001
        """,
    )
    good = (
        # Set in some of the steps; planned by what the program changes later.
        """
        import keras
        class Warm(keras.callbacks.Callback):
            def on_train_batch_begin(self, batch, logs=None):
                if batch > 0:
                    self.model.optimizer.learning_rate = 1e-3 * min(1.0, batch / 100)
        class Paused(keras.callbacks.Callback):
            def on_epoch_begin(self, epoch, logs=None):
                if ready():
                    return
                self.model.optimizer.learning_rate = 0.0
        top = 1e-3
        for rate, one in ((0.0, Warm()), (1e-3, Paused())):
            model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(1)])
            model.compile(keras.optimizers.Adam(rate), "mse")
            model.fit(x, y, epochs=10, callbacks=[one])
        other = keras.Sequential([keras.Input((8,)), keras.layers.Dense(1)])
        other.compile("adam", "mse")
        other.fit(x, y, epochs=10, callbacks=[keras.callbacks.LearningRateScheduler(lambda epoch: top)])
        top = 0
        """,
        """
        import keras
        class WarmUp(keras.callbacks.Callback):
            def on_epoch_begin(self, epoch, logs=None):
                self.model.optimizer.learning_rate = 0.002 * min(epoch, 5)
        class Late(keras.callbacks.Callback):
            def on_epoch_begin(self, epoch, logs=None):
                keras.backend.set_value(self.model.optimizer.learning_rate, 0.0 if epoch < 20 else 0.01)
        class Finer(keras.callbacks.Callback):
            def on_epoch_begin(self, epoch, logs=None):
                self.model.optimizer.learning_rate.assign(0.0)
            def on_train_batch_begin(self, batch, logs=None):
                self.model.optimizer.learning_rate.assign(0.01)
        for callback in (WarmUp(), Late(), Finer()):
            model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
            model.compile("adam", "mse")
            model.fit(x, y, epochs=50, callbacks=[callback])
        """,
        """
        import keras
        # A pass that tries out whether everything fits, before the training; or one after it.
        dry = keras.callbacks.LearningRateScheduler(lambda epoch: 0.0)
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(x, y, epochs=1, callbacks=[dry])
        model.fit(x, y, epochs=50)
        # The averages of the normalisation are taken anew.
        model = keras.Sequential([keras.Input((4,)), keras.layers.BatchNormalization(), keras.layers.Dense(1)])
        model.load_weights("a.weights.h5")
        model.compile("adam", "mse")
        model.fit(x, y, epochs=2, callbacks=[dry])
        """,
        """
        import keras
        def warm_up(epoch, rate):
            return 0.01 * epoch / 5 if epoch < 5 else rate * 0.9
        def late(epoch):
            return 0.0 if epoch < 20 else 0.01
        def pulse(epoch):
            return 0.01 if epoch in (5, 6, 7) else 0.0
        shared = {"rate": 0.0}
        for plan in (warm_up, late, pulse, lambda epoch: rates[epoch], lambda epoch: shared["rate"]):
            model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
            model.compile("adam", "mse")
            model.fit(x, y, epochs=50, callbacks=[keras.callbacks.LearningRateScheduler(plan)])
        """,
        """
        import keras
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
        model.compile(keras.optimizers.SGD(0.0), "mse")
        model.fit(x, y, callbacks=[keras.callbacks.LearningRateScheduler(lambda epoch: 0.1)])
        """,
        """
        import keras
        def build(rate=0.0):
            model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
            model.compile(keras.optimizers.SGD(rate), "mse")
            return model
        """,
    )


def _is_trained_elsewhere(program: Program, fit: Fit) -> bool:
    """Whether another call trains the same model, or may."""
    return any(other is not fit and other.model is fit.model for other in program.fits)
