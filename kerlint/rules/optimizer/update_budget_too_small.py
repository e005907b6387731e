"""KO003."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from kerlint.finding import Severity
from kerlint.library.contracts import as_data
from kerlint.library.defaults import learning_rate
from kerlint.library.optimizers import Optimizer, optimizers, rate_changes
from kerlint.library.training import structure_rows
from kerlint.program.constants import constant, integer, number
from kerlint.program.facts import ApplyGradients, Compile, Created, Event, Fit, Program, Use
from kerlint.program.graph import Graph
from kerlint.program.values import Array, Dataset, Object, Value
from kerlint.rules.base import Found, Rule


@dataclass(frozen=True)
class _Training:
    """How long a training call trains: epochs of so many steps, all of it so many times."""

    epochs: int
    steps: int
    times: int

    @property
    def updates(self) -> int:
        return self.epochs * self.steps * self.times


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
    demonstrations on made-up data are left alone.

    ## References
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

    #: Optimizers whose step is about the learning rate.
    OPTIMIZERS = frozenset({"Adam", "AdamW", "Nadam", "RMSprop", "Adamax"})
    #: Rates from here on are in common use; the default of all these optimizers is 1e-3.
    USUAL = 1e-4
    #: Below this sum of steps nothing was learned in the measured runs ...
    NOTHING = 0.006
    #: ... and above this one they learned.
    ENOUGH = 0.06

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

    def _check(self, program: Program, event: Compile, optimizer: Optimizer, rate: float) -> Iterator[Found]:
        fits = program.fits_of(event)
        known = _trainings(fits, event)
        if not known or not _starts_here(program, event):
            return
        updates = sum(training.updates for training in known)
        if not 0 < updates * rate < self.NOTHING or (_is_normal(optimizer, rate) and any(map(_is_made_up, fits))):
            return
        longest = max(known, key=lambda training: training.updates)
        yield from self.found(
            optimizer.place if optimizer.given else fits[0].places.get("epochs") or fits[0].node,
            f"{updates:,} steps of {optimizer.name} at {rate:g} move a weight by about {updates * rate:.2g} in all: "
            "the model stays what it was at the start",
            label=f"at most about {rate:g} a step",
            also=[(fits[0].node, f"steps an epoch: {longest.steps:,}, epochs: {longest.epochs:,}")],
            why=f"{optimizer.name} moves a weight by about the learning rate in a step, and weights start at some 0.1",
            help=f"a rate of {self.ENOUGH / updates:.2g} or more, or {self.ENOUGH / rate:,.0f} steps and more",
            # With a usual rate it is the number of steps that is small, as in a quick trial of the code.
            severity=Severity.ADVICE if rate >= self.USUAL else None,
            about=event,
        )

    bad = (
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


def _trainings(fits: list[Fit], compiled: Compile) -> list[_Training] | None:
    """How long each training call trains; None if that is not known of all of them."""
    found: dict[object, _Training] = {}
    for fit in fits:
        training = _training(fit, compiled)
        # The passes of one loop count together: the loop says how many there are.
        call = (fit.node, fit.loops)
        if training is None or found.setdefault(call, training) != training:
            return None
    return list(found.values())


def _training(fit: Fit, compiled: Compile) -> _Training | None:
    """How long one training call trains at most; None if that is not known."""
    times = 1
    for loop in fit.loops:
        if not any(loop is outer for outer in compiled.loops):
            if loop.count is None:
                return None
            times *= loop.count
    if fit.open or fit.assumed or compiled.assumed:
        return None
    if fit.method == "train_on_batch":
        return _Training(1, 1, times)
    epochs = _integer_or(fit.args.get("epochs") or fit.args.get("nb_epoch"), 1)
    first = _integer_or(fit.args.get("initial_epoch"), 0)
    steps = _steps(fit)
    if epochs is None or first is None or steps is None:
        return None
    return _Training(max(epochs - first, 0), steps, times)


def _steps(fit: Fit) -> int | None:
    """The steps of one epoch."""
    given = fit.args.get("steps_per_epoch")
    if given is not None and constant(given) is not None:
        return integer(given)
    if isinstance(fit.x, Dataset):
        return fit.x.cardinality
    rows = structure_rows(fit.x)
    size = _integer_or(fit.args.get("batch_size"), 32)
    split = fit.args.get("validation_split")
    share = number(split) if split is not None else 0.0
    if rows is None or not size or share is None or not 0 <= share < 1:
        return None
    return -(-int(rows * (1 - share)) // size)


def _integer_or(value: Value | None, default: int) -> int | None:
    """The integer, the default where none is given, None where it is not known."""
    return default if value is None or constant(value) is None else integer(value)


def _starts_here(program: Program, compiled: Compile) -> bool:
    """Whether the model starts from random weights, and is trained by this compile alone."""
    model, graph = compiled.model, compiled.graph
    layers = _layers(graph)
    if (
        not graph.complete
        or not layers
        or any(_is_loaded(node.layer) for node in graph.nodes)
        or "pretrained" in model.state
    ):
        return False
    if next(program.made("tensorflow.train.Checkpoint"), None) is not None:
        return False
    for event in program.events:
        if isinstance(event, Created) and event.model is model and not _same_loops(event, compiled):
            return False
        if isinstance(event, ApplyGradients) and (event.snapshot is None or layers & _layers(event.snapshot.graph)):
            return False
        if (
            isinstance(event, Fit)
            and event.compile is not compiled
            and (event.model is model or layers & _layers(event.graph))
        ):
            return False
        if isinstance(event, Use) and event.method in ("load_weights", "set_weights") and event.model is model:
            return False
    return True


def _layers(graph: Graph) -> set[int]:
    return {id(node.layer) for node in graph.nodes if node.layer is not None}


def _is_loaded(layer: object) -> bool:
    return isinstance(layer, Object) and ("weights" in layer.args or "pretrained" in layer.state)


def _same_loops(left: Event, right: Event) -> bool:
    return len(left.loops) == len(right.loops) and all(a is b for a, b in zip(left.loops, right.loops))


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
