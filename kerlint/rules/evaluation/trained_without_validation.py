"""KE020."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.finding import Safety, Severity
from kerlint.library.callbacks import has_validation
from kerlint.library.contracts import as_data
from kerlint.program.constants import integer
from kerlint.program.events import Fit, Use
from kerlint.program.facts import Program
from kerlint.rules import fixing
from kerlint.rules.base import Found, Option, Rule


class TrainedWithoutValidation(Rule):
    """A model is trained for many epochs, and never tried on other data.

    The training call has no validation data, and nothing is evaluated or predicted afterwards.

    ## Why is this bad?
    The loss on the training data falls even while the model gets worse on all other data, and
    nothing here would show that.

    ## Example
    ```python
    from tensorflow import keras

    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(64, "relu"), keras.layers.Dense(1)])
    model.compile(optimizer="adam", loss="mse")
    model.fit(x, y, epochs=200)  # KE020
    ```

    Use instead:
    ```python
    from tensorflow import keras

    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(64, "relu"), keras.layers.Dense(1)])
    model.compile(optimizer="adam", loss="mse")
    model.fit(x, y, epochs=200, validation_split=0.2)
    ```

    ## Known limits
    Advice: a final training on all data, and code that somebody else evaluates, look the same.

    ## References
    - 31 % of 657 training calls in public programs have no validation data, most of them for good reasons: they are
      short demonstrations, reinforcement learning, GANs, or are evaluated elsewhere.
    """

    code = "KE020"
    name = "trained-without-validation"
    severity = Severity.ADVICE
    fix = Safety.UNSAFE
    symptoms = ("overfit",)
    since = "0.1.0"
    in_tests = False
    needs_end = True

    min_epochs = Option(10, "A training of fewer epochs is a trial, and left alone.", low=1)

    def check(self, program: Program) -> Iterator[Found]:
        uses = list(program.all(Use))
        if any(use.method.startswith(("evaluate", "test_on", "predict")) for use in uses):
            return
        if any(has_validation(fit) is not False for fit in program.fits):
            return
        for fit in program.fits:
            epochs = integer(fit.args.get("epochs"))
            if epochs is not None and epochs >= self.min_epochs and not fit.assumed and _is_supervised(fit):
                yield from self.found(
                    fit.node,
                    f"{epochs} epochs of training, and the model is never tried on other data",
                    label="no validation data",
                    why="the loss on the training data says nothing about other data",
                    help="add validation_split=0.2 or validation_data, and evaluate on data that was held out",
                    about=fit,
                    fix=None
                    if _is_ordered(fit)
                    else fixing.draft("add validation_split=0.2", fixing.put(fit, "validation_split", "0.2")),
                )
                return

    good = (
        """
        import keras
        model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(x, y, epochs=200)
        print(model.evaluate(a, b))
        """,
        """
        import keras
        model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(x, y, epochs=200, **options)
        """,
    )
    bad = (
        # The last fifth is the right end of the curve: no fix.
        """
        import keras
        import tensorflow as tf
        x = tf.linspace(-2.0, 2.0, 200)[:, tf.newaxis]
        model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(64, "relu"), keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(x, tf.sin(x), epochs=200)  # KE020
        """,
    )


def _is_ordered(fit: Fit) -> bool:
    """Whether the last rows, which `validation_split` takes, are certainly others than the rest."""
    return any(data is not None and data.order in ("sorted", "grouped") for data in map(as_data, (fit.x, fit.y)))


def _is_supervised(fit: Fit) -> bool:
    return fit.method == "fit" and fit.y is not None and fit.y is not fit.x
