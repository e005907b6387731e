"""KO003."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.experiment import Change, Experiment
from kerlint.finding import Severity
from kerlint.library.budget import epochs_of, starts_here, trainings_of
from kerlint.library.contracts import as_data
from kerlint.library.defaults import learning_rate
from kerlint.library.optimizers import Optimizer, optimizers, rate_changes
from kerlint.program.events import Compile, Fit
from kerlint.program.facts import Program
from kerlint.program.values import Array, Dataset
from kerlint.rules.base import Found, Option, Rule


class UpdateBudgetTooSmall(Rule):
    """The learning rate times the number of steps is too small for the model to learn anything.

    Adam and its kin move a weight by about the learning rate in one step, however large the gradient
    is. After n steps no weight has moved further than about n times the learning rate.

    ## Why is this bad?
    Weights start at a few hundredths or tenths. If all of training may move them by a thousandth, the
    model at the end is the model at the start: the loss hardly falls, and predictions are those of
    random weights. Nothing warns.

    ## Example
    ```python
    import numpy as np
    from tensorflow import keras

    x = np.random.rand(100, 1)
    y = 2 * x + 1
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(optimizer=keras.optimizers.Adam(learning_rate=1e-5), loss="mse")  # KO003
    model.fit(x, y, epochs=100)
    ```

    Use instead:
    ```python
    import numpy as np
    from tensorflow import keras

    x = np.random.rand(100, 1)
    y = 2 * x + 1
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(optimizer=keras.optimizers.Adam(learning_rate=0.01), loss="mse")
    model.fit(x, y, epochs=100)
    ```

    ## Known limits
    Reported only where rate, epochs, batch size and number of rows are all known, for models that
    start from random weights and are trained nowhere else in the program. With the default rate,
    demonstrations on made-up data are left alone. Plain SGD at a ten-thousandth and less, for up to 100
    epochs, is advice: its steps depend on the size of the gradients.

    ## References
    - Measured on Keras 3.15.1: after 150 steps 7 % of the runs have learned anything with SGD at 1e-4, 92 % at 0.01.
    - Measured on Keras 3.15.1 with Adam and RMSprop: the largest change of a weight after 600 steps was
      0.0006 at a rate of 1e-6, 0.006 at 1e-5 and 0.06 at 1e-4. With a budget (rate times steps) below
      0.006 nothing was learned; above 0.06 it was.
    """

    code = "KO003"
    name = "update-budget-too-small"
    severity = Severity.WARNING
    symptoms = ("loss-flat", "accuracy-stuck", "slow-learning", "constant-output")
    since = "0.1.0"
    in_tests = False
    needs_end = True
    subsumes = ("KO010",)

    #: Optimizers whose step is about the learning rate.
    OPTIMIZERS = frozenset({"Adam", "AdamW", "Nadam", "RMSprop", "Adamax"})
    #: At this rate and below plain SGD learned in one run of fourteen; longer trainings are left alone.
    SLOW, LONG = 1e-4, 100
    #: Rates from here on are in common use; the default of all these optimizers is 1e-3.
    USUAL = 1e-4
    #: Below this sum of steps nothing was learned in the measured runs ...
    NOTHING = 0.006
    #: ... and above this one they learned.
    ENOUGH = 0.06
    #: Longer trainings are not repeated by the probe.
    TRIED = 2000
    slow_sgd_rate = Option(1e-4, "At this rate and below plain SGD learned in one run of fourteen.", above=0.0)
    max_sgd_epochs = Option(100, "Longer trainings with plain SGD are left alone.", low=1)
    usual_rate = Option(1e-4, "From this rate on, which is in common use, a short training is advice only.", above=0.0)
    min_travel = Option(
        0.006, "Below this product of steps and rate nothing was learned in the measured runs.", above=0.0
    )
    enough_travel = Option(0.06, "Above this product they learned; the help text is computed from it.", above=0.0)

    def check(self, program: Program) -> Iterator[Found]:
        for optimizer in optimizers(program):
            event = optimizer.event
            if (
                isinstance(event, Compile)
                and optimizer.name in self.OPTIMIZERS
                and optimizer.rate is not None
                and optimizer.rate > 0
                and not rate_changes(program, optimizer)
            ):
                yield from self._check(program, event, optimizer, optimizer.rate)

            elif isinstance(event, Compile) and optimizer.name == "SGD" and not rate_changes(program, optimizer):
                yield from self._plain(program, event, optimizer)

    def _plain(self, program: Program, event: Compile, optimizer: Optimizer) -> Iterator[Found]:
        """SGD without momentum at a hundredth of its default rate."""
        rate, fits = optimizer.rate, program.fits_of(event)
        epochs = [epochs_of(fit) for fit in fits]
        if rate is None or not 0 < rate <= self.slow_sgd_rate or optimizer.momentum != 0 or not fits or None in epochs:
            return
        total = sum(number for number in epochs if number is not None)
        if (
            any(fit.loops or fit.assumed for fit in fits)
            or total > self.max_sgd_epochs
            or not starts_here(program, event)
        ):
            return
        yield from self.found(
            optimizer.place,
            f"SGD without momentum at {rate:g} hardly moves a weight in {total:,} epochs",
            label="a step is this times the gradient",
            also=[(fits[0].places.get("epochs") or fits[0].node, "a short training")],
            why="gradients are mostly far below 1, and each step is the gradient times the rate",
            help="SGD(0.01, momentum=0.9), or Adam(0.001)",
            severity=Severity.ADVICE,
            about=event,
            experiment=Experiment(
                event,
                "budget",
                [Change("optimizer", {"learning_rate": 0.01, "momentum": 0.9})],
                details={"steps": 300},
            ),
        )

    def _check(self, program: Program, event: Compile, optimizer: Optimizer, rate: float) -> Iterator[Found]:
        fits = program.fits_of(event)
        known = trainings_of(fits, event)
        if not known or not starts_here(program, event):
            return
        updates = sum(training.updates for training in known)
        if not 0 < updates * rate < self.min_travel or (_is_normal(optimizer, rate) and any(map(_is_made_up, fits))):
            return
        longest = max(known, key=lambda training: training.updates)
        yield from self.found(
            optimizer.place if optimizer.given else fits[0].places.get("epochs") or fits[0].node,
            f"{updates:,} steps of {optimizer.name} at {rate:g} move a weight by about {updates * rate:.2g} in all: "
            "the model stays what it was at the start",
            label=f"at most about {rate:g} a step",
            also=[(fits[0].node, f"steps an epoch: {longest.steps:,}, epochs: {longest.epochs:,}")],
            why=f"{optimizer.name} moves a weight by about the learning rate in a step, and weights start at some 0.1",
            help=f"a rate of {self.enough_travel / updates:.2g} or more, "
            f"or {self.enough_travel / rate:,.0f} steps and more",
            # With a usual rate it is the number of steps that is small, as in a quick trial of the code.
            severity=Severity.ADVICE if rate >= self.usual_rate else None,
            about=event,
            experiment=self._experiment(event, updates),
        )

    def _experiment(self, event: Compile, updates: int) -> Experiment | None:
        """As many steps as the program makes, against enough of them with a usual rate."""
        if updates > self.TRIED:
            return None
        repair = [Change("optimizer", {"learning_rate": 0.003}), Change("run", {"steps": max(updates, 300)})]
        return Experiment(event, "budget", repair, details={"steps": updates, "exact": True})

    bad = (
        """
        import keras
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(8, "relu"), keras.layers.Dense(1)])
        model.compile(keras.optimizers.SGD(1e-4), "mse")  # KO003
        model.fit(x, y, epochs=10)
        """,
        """
        import keras
        from tensorflow.python.training.gradient_descent import GradientDescentOptimizer
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(8, "relu"), keras.layers.Dense(1)])
        model.compile(GradientDescentOptimizer(1e-4), "mse")  # KO003
        model.fit(x, y, epochs=10)
        """,
        """
        import keras
        (x, y), _ = keras.datasets.mnist.load_data()
        model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, "softmax")])
        model.compile(keras.optimizers.RMSprop(1e-7), "sparse_categorical_crossentropy")  # KO003
        model.fit(x / 255, y, epochs=10, validation_split=0.1)
        """,
        """
        import keras
        import tensorflow as tf
        (x, y), _ = keras.datasets.mnist.load_data()
        data = tf.data.Dataset.from_tensor_slices((x / 255, y)).shuffle(1000).batch(600)
        model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, "softmax")])
        model.compile(keras.optimizers.Adam(1e-5), "sparse_categorical_crossentropy")  # KO003
        for _ in range(2):
            model.fit(data, epochs=2)
        """,
    )
    good = (
        """
        import keras
        (x, y), _ = keras.datasets.mnist.load_data()
        base = keras.applications.MobileNetV2(include_top=False, pooling="avg")
        model = keras.Sequential([base, keras.layers.Dense(10, "softmax")])
        model.compile(keras.optimizers.Adam(1e-7), "sparse_categorical_crossentropy")
        model.fit(x, y)
        """,
        """
        import numpy as np
        import keras
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(np.random.rand(64, 4), np.random.rand(64, 1))
        """,
        """
        import numpy as np
        import keras
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
        model.compile(keras.optimizers.Adam(1e-3), "mse")
        model.fit(x, y, epochs=100)
        model.compile(keras.optimizers.Adam(1e-6), "mse")
        model.fit(np.ones((10, 4)), np.ones((10, 1)))
        """,
        """
        import numpy as np
        import keras
        x, y = np.random.rand(64, 4), np.random.rand(64, 1)
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
        model.compile(keras.optimizers.Adam(1e-5), "mse")
        while not done():
            model.fit(x, y)
        """,
        """
        import numpy as np
        import keras
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
        model.load_weights("best.weights.h5")
        model.compile(keras.optimizers.Adam(1e-6), "mse")
        model.fit(np.random.rand(64, 4), np.random.rand(64, 1), epochs=3)
        """,
    )


def _is_normal(optimizer: Optimizer, rate: float) -> bool:
    """Whether the rate is no smaller than the default: nobody meant to be careful, training is just short."""
    default = learning_rate(optimizer.value.name)
    return default is None or rate >= default


def _is_made_up(fit: Fit) -> bool:
    """Whether the data is random, constant or written in the program: a demonstration."""
    array = as_data(fit.x)
    if isinstance(fit.x, Dataset):
        array = as_data(fit.x.args.get("tensors"))
    return (
        not isinstance(array, Array)
        or array.noise
        or array.source in ("constant", "literal", "arange", "linspace", "computed", "")
    )
