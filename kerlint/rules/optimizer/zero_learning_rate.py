"""KO001."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.experiment import Change, Experiment
from kerlint.finding import Safety, Severity
from kerlint.library.optimizers import optimizers, rate_changes
from kerlint.program.facts import Program
from kerlint.rules import fixing
from kerlint.rules.base import Found, Rule


class ZeroLearningRate(Rule):
    """The learning rate is zero or negative, so the model cannot learn.

    An optimizer changes each weight by its learning rate times a direction. With a rate of
    zero the weights after training are those before it; with a negative one every step makes
    the loss larger.

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
    A rate that a schedule, a callback or an assignment sets later is not reported.

    ## References
    - Measured on Keras 3.15.1: in 360 runs with a rate of 0 the largest change of any weight was
      exactly 0; with -0.01 the loss rises. No warning in either case.
    """

    code = "KO001"
    name = "zero-learning-rate"
    severity = Severity.ERROR
    fix = Safety.UNSAFE
    symptoms = ("loss-flat", "accuracy-stuck")
    since = "0.1.0"
    in_tests = False

    def check(self, program: Program) -> Iterator[Found]:
        for optimizer in optimizers(program):
            if optimizer.rate is None or optimizer.rate > 0 or rate_changes(program, optimizer):
                continue
            zero = optimizer.rate == 0
            yield from self.found(
                optimizer.place,
                f"the learning rate of {optimizer.name} is {optimizer.rate:g}: "
                + ("no weight will ever change" if zero else "every step makes the loss larger"),
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

    bad = (
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
    )
    good = (
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
