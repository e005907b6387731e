"""KO020."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.finding import Severity
from kerlint.program.facts import Program
from kerlint.program.trials import CompoundRates
from kerlint.rules.base import Found, Option, Rule


class ReducedRateReducedAgain(Rule):
    """A schedule multiplies the current learning rate by a power of the epoch, as if it were the first rate.

    `LearningRateScheduler` asks its function for the rate of each epoch, and tells it the epoch and the rate as it is
    now: that of the epoch before, which has been reduced already.

    ## Why is this bad?
    `rate * 0.9 ** epoch` takes ten per cent off in the first epoch, and more in each one that follows: after 12 epochs
    a thousandth is left, and the rest of the training does nothing.

    ## Example
    ```python
    from tensorflow import keras

    def schedule(epoch, rate):
        return rate * 0.9**epoch  # KO020

    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(32, "relu"), keras.layers.Dense(1)])
    model.compile(optimizer="adam", loss="mse")
    model.fit(x, y, epochs=50, callbacks=[keras.callbacks.LearningRateScheduler(schedule)])
    ```

    Use instead:
    ```python
    from tensorflow import keras

    def schedule(epoch, rate):
        return 1e-3 * 0.9**epoch

    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(32, "relu"), keras.layers.Dense(1)])
    model.compile(optimizer="adam", loss="mse")
    model.fit(x, y, epochs=50, callbacks=[keras.callbacks.LearningRateScheduler(schedule)])
    ```

    ## Known limits
    Only where the function, the rate of the optimizer and the number of epochs are known. A schedule that takes less
    and less off so slowly that the rate stays useful for half of the training is left alone.

    ## References
    - Measured on Keras 3.15.1: the function gets the rate that it gave in the epoch before; the one above, from 1e-3,
      gives 2.7e-7 in epoch 12.
    """

    code = "KO020"
    name = "reduced-rate-reduced-again"
    severity = Severity.WARNING
    symptoms = ("loss-flat", "slow-learning", "accuracy-stuck")
    since = "0.1.0"
    in_tests = False

    negligible_share = Option(1e-3, "A smaller share of the first rate moves nothing.", above=0.0, high=1.0)
    early_share = Option(0.5, "It should not be reached in this share of the epochs.", above=0.0, high=1.0)

    def check(self, program: Program) -> Iterator[Found]:
        told: set[int] = set()
        for plan in program.all(CompoundRates):
            small = (number for number, rate in enumerate(plan.rates) if rate < plan.rates[0] * self.negligible_share)
            first = next(small, None)
            if first is None or first > plan.epochs * self.early_share:
                continue
            if plan.fit.assumed or id(plan.node) in told:
                continue
            told.add(id(plan.node))
            yield from self.found(
                plan.returned.node or plan.node,
                f"the schedule reduces the rate that it has reduced before: in epoch {first} of {plan.epochs} it is "
                f"{plan.rates[first]:.1g}",
                label="the rate that it gets is that of the epoch before",
                also=[(plan.fit.node, "the model is trained with it")],
                why="LearningRateScheduler gives the function the current rate, not the one that training began with",
                help="begin with the first rate, rate0 * decay ** epoch, or take the same share off in each epoch: "
                "rate * decay",
                about=plan.fit,
            )

    bad = (
        """
        import math
        import keras
        class Plan:
            decay = 0.1
            def rate(self, epoch, lr):
                return lr * math.exp(-self.decay * epoch)  # KO020
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
        model.compile(keras.optimizers.SGD(0.1), "mse")
        watch = keras.callbacks.LearningRateScheduler(Plan().rate)
        model.fit(x, y, epochs=100, callbacks=[watch, keras.callbacks.EarlyStopping()])
        """,
        """
        import keras
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
        model.compile(keras.optimizers.Adam(1e-3), "mse")
        plan = lambda epoch, lr: lr * (1 - epoch / 60)  # KO020
        model.fit(x, y, epochs=60, callbacks=keras.callbacks.LearningRateScheduler(plan))
        model.compile(keras.optimizers.Adam(1e-3), "mse")
        stairs = lambda epoch, lr: lr * 0.5 ** (epoch // 5)  # KO020
        model.fit(x, y, epochs=60, callbacks=keras.callbacks.LearningRateScheduler(stairs))
        """,
    )
    good = (
        """
        import math
        import keras
        def steady(epoch, lr):
            return lr * 0.95
        def late(epoch, lr):
            return lr if epoch < 10 else lr * math.exp(-0.1)
        def by_time(epoch, lr):
            return lr * 1 / (1 + 1e-4 * epoch)
        def halved(epoch, lr):
            return lr * 0.5 if epoch % 10 == 9 else lr
        def power(epoch):
            return 0.1 * 0.9 ** epoch
        def both(epoch, lr):
            return 0.1 * 0.9 ** epoch
        def steps(epoch, lr):
            return 1e-3 * 0.1 ** (epoch // 30)
        for plan in (steady, late, by_time, halved, power, both, steps):
            model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
            model.compile(keras.optimizers.SGD(0.1), "mse")
            model.fit(x, y, epochs=100, callbacks=[keras.callbacks.LearningRateScheduler(plan)])
        def never(epoch, lr):
            return lr * epoch
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(x, y, epochs=8, callbacks=[keras.callbacks.LearningRateScheduler(never)])
        def short(epoch, lr):
            return lr * 0.9 ** epoch
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(x, y, epochs=8, callbacks=[keras.callbacks.LearningRateScheduler(short)])
        """,
    )
