"""KO010."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.finding import Severity
from kerlint.library.budget import epochs_of, starts_here, trainings_of
from kerlint.library.contracts import as_data, targets_of
from kerlint.program.constants import constant
from kerlint.program.events import Compile, Fit
from kerlint.program.facts import Program
from kerlint.rules.base import Found, Option, Rule


class FewEpochs(Rule):
    """The model starts from random weights and is trained for a few passes or a few hundred steps only.

    `fit` without `epochs` goes through the data once. Small data in large batches makes few steps in an
    epoch: 100 rows in batches of 32 are 4.

    ## Why is this bad?
    A network learns by many small steps. After one pass over a small data set the predictions are close to
    those of the random start, and everything else in the program seems to be at fault.

    ## Example
    ```python
    from tensorflow import keras

    model = keras.Sequential([
        keras.Input((10,)),
        keras.layers.Dense(32, activation="relu"),
        keras.layers.Dense(1),
    ])
    model.compile(optimizer="adam", loss="mse")
    model.fit(x, y)  # KO010
    ```

    Use instead:
    ```python
    from tensorflow import keras

    model = keras.Sequential([
        keras.Input((10,)),
        keras.layers.Dense(32, activation="relu"),
        keras.layers.Dense(1),
    ])
    model.compile(optimizer="adam", loss="mse")
    model.fit(x, y, epochs=100, validation_split=0.2, callbacks=[keras.callbacks.EarlyStopping(patience=10)])
    ```

    ## Known limits
    Advice: for large data one epoch can be enough. Silent where `steps_per_epoch` is given, where the
    training stands in a loop, on random data, and where weights come from elsewhere.

    ## References
    - Measured on Keras 3.15.1 with a small regression: R2 0.22 after one epoch, 0.94 after 20.
    """

    code = "KO010"
    name = "single-default-epoch"
    severity = Severity.ADVICE
    symptoms = ("slow-learning", "accuracy-stuck", "constant-output")
    since = "0.1.0"
    in_tests = False
    needs_end = True

    few_epochs = Option(3, "So many epochs, or fewer, are few whatever the data.", low=1)
    few_steps = Option(
        300, "So many steps are few: with Adam at its default rate a weight moves by at most 0.3.", low=0
    )
    many_steps = Option(1000, "With more steps even one pass over the data is a training.", low=0)

    def check(self, program: Program) -> Iterator[Found]:
        for compiled in program.compiles:
            fits = program.fits_of(compiled)
            if not fits or compiled.assumed or any(map(_is_driven, fits)) or not starts_here(program, compiled):
                continue
            if any(_is_random(fit) for fit in fits):
                continue
            known = trainings_of(fits, compiled)
            updates = sum(training.updates for training in known) if known else None
            numbers = [epochs_of(fit) for fit in fits]
            epochs = sum(number for number in numbers if number is not None)
            if None in numbers or epochs < 1 or (updates is not None and updates > self.many_steps):
                continue
            few_steps = updates is not None and updates <= self.few_steps
            if epochs > self.few_epochs and not few_steps:
                continue
            yield from self._report(compiled, fits[0], epochs, updates)

    def _report(self, compiled: Compile, fit: Fit, epochs: int, updates: int | None) -> Iterator[Found]:
        passes = "one epoch" if epochs == 1 else f"{epochs:,} epochs"
        steps = f", {updates:,} steps in all" if updates is not None else ""
        default = "" if "epochs" in fit.args or "nb_epoch" in fit.args else ", the default"
        yield from self.found(
            fit.places.get("epochs") or fit.node,
            f"the model is trained for {passes}{default}{steps}: it may hardly leave its random start",
            label="a short training",
            also=[(compiled.node, "starts from random weights")],
            why="each step changes the weights a little, and they start at random",
            help="train until the validation loss stops falling: many epochs with EarlyStopping",
            about=compiled,
        )

    bad = (
        """
        import keras
        from sklearn.datasets import load_iris
        x, y = load_iris(return_X_y=True)
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="softmax")])
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit(x, y, epochs=20)  # KO010
        """,
    )
    good = (
        """
        import keras
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
        model.compile("adam", "mse")
        for step in range(1000):
            model.fit(x, y)
        """,
        """
        import keras
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(data, steps_per_epoch=5000)
        """,
        """
        import keras
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
        model.load_weights("old.weights.h5")
        model.compile("adam", "mse")
        model.fit(x, y)
        """,
        """
        import keras
        import numpy as np
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(np.random.rand(10, 4), np.random.rand(10, 1))
        """,
    )


def _is_driven(fit: Fit) -> bool:
    """Whether something else than its epochs says how long the training is."""
    steps = fit.args.get("steps_per_epoch") or fit.args.get("samples_per_epoch")
    given = steps is not None and constant(steps) is not None
    return bool(fit.loops) or fit.method == "train_on_batch" or fit.assumed or given


def _is_random(fit: Fit) -> bool:
    """Whether there is nothing to learn: random targets, or constant data."""
    data, targets = as_data(fit.x), as_data(targets_of(fit))
    constant_data = data is not None and data.source == "constant"
    return constant_data or (targets is not None and targets.noise)
