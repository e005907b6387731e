"""KO014."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.finding import Safety, Severity
from kerlint.library.optimizers import optimizers
from kerlint.program.constants import number
from kerlint.program.facts import Program
from kerlint.rules import fixing
from kerlint.rules.base import Found, Rule


class MomentumOutOfRange(Rule):
    """A momentum, or another decay of a running mean in the optimizer, is 1 or more, or negative.

    These numbers say which share of the past is kept in each step. With 1 nothing is ever forgotten.

    ## Why is this bad?
    With a momentum of 1 every gradient goes on acting for ever: the weights overshoot and swing, and the
    loss diverges. With a `beta_1`, `beta_2` or `rho` of 1 the mean never takes in a gradient: with
    `beta_1` Adam divides 0 by 0 and its weights are NaN, with `beta_2` it does not move at all, and
    RMSprop, which divides by the mean, takes steps thousands of times too long.

    ## Example
    ```python
    from tensorflow import keras

    model = keras.Sequential([keras.Input((10,)), keras.layers.Dense(1)])
    model.compile(optimizer=keras.optimizers.SGD(0.01, momentum=1.0), loss="mse")  # KO014
    ```

    Use instead:
    ```python
    from tensorflow import keras

    model = keras.Sequential([keras.Input((10,)), keras.layers.Dense(1)])
    model.compile(optimizer=keras.optimizers.SGD(0.01, momentum=0.9), loss="mse")
    ```

    ## References
    - Measured on Keras 3.15.1: `SGD(momentum=1.0)` is accepted without a warning and ends with an R2 of -0.18 where
      the same model learns without it; SGD refuses a momentum below 0 or above 1 with a ValueError. The first step of
      `Adam(beta_1=1.0)` gives NaN, five steps of `Adam(beta_2=1.0)` move no weight, and five of `RMSprop(rho=1.0)`
      move them by 300,000: no warning in any case.
    """

    code = "KO014"
    name = "momentum-out-of-range"
    severity = Severity.ERROR
    fix = Safety.UNSAFE
    symptoms = ("loss-nan", "loss-flat", "crash")
    since = "0.1.0"
    in_tests = False

    def check(self, program: Program) -> Iterator[Found]:
        for optimizer in optimizers(program):
            for name in ("momentum", "beta_1", "beta_2", "rho"):
                value = number(optimizer.value.args.get(name))
                if value is None or 0 <= value < 1:
                    continue
                yield from self.found(
                    optimizer.value.places.get(name) or optimizer.place,
                    f"{name}={value:g} of {optimizer.name} is not between 0 and 1: "
                    + ("the past is never forgotten" if value >= 1 else "the past is turned round in every step"),
                    label="must be at least 0 and less than 1",
                    also=[(optimizer.event.node, "the model is trained with it")],
                    why="it is the share of the past that every step keeps",
                    help="0.9 for momentum and beta_1, 0.999 for beta_2, 0.9 for rho",
                    about=(optimizer.event, name),
                    fix=fixing.draft(
                        "use the usual value",
                        fixing.put(optimizer.value, name, "0.999" if name == "beta_2" else "0.9"),
                    ),
                )

    bad = (
        """
        import keras
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
        model.compile(keras.optimizers.Adam(beta_1=1.0), "mse")  # KO014
        """,
    )
    good = (
        """
        import keras
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
        model.compile(keras.optimizers.Adam(beta_1=0.0, beta_2=0.9999), "mse")
        """,
    )
