"""KO013."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.finding import Safety, Severity
from kerlint.library.heads import parametric_layers
from kerlint.library.kinds import NORMALIZATION
from kerlint.library.optimizers import Optimizer, optimizers, rate_changes
from kerlint.program.events import Compile
from kerlint.program.facts import Program
from kerlint.rules import fixing
from kerlint.rules.base import Found, Option, Rule

#: The default of Adam.
_RATE = 1e-3


class PlainSgd(Rule):
    """A network of several layers is trained with SGD at a small rate and without momentum.

    A step of SGD is the learning rate times the gradient. Where gradients are small, as in the first
    layers of a deep network, so are the steps.

    ## Why is this bad?
    Training is many times slower than with momentum or with Adam, and with sigmoid layers it may not
    start at all. The loss falls so slowly that the model seems to have learned what it can.

    ## Example
    ```python
    from tensorflow import keras

    model = keras.Sequential([
        keras.Input((10,)),
        keras.layers.Dense(64, activation="relu"),
        keras.layers.Dense(64, activation="relu"),
        keras.layers.Dense(1),
    ])
    model.compile(optimizer="sgd", loss="mse")  # KO013
    ```

    Use instead:
    ```python
    from tensorflow import keras

    model = keras.Sequential([
        keras.Input((10,)),
        keras.layers.Dense(64, activation="relu"),
        keras.layers.Dense(64, activation="relu"),
        keras.layers.Dense(1),
    ])
    model.compile(optimizer=keras.optimizers.Adam(1e-3), loss="mse")
    ```

    ## Known limits
    Advice: SGD with a rate that somebody has tuned is a good choice. Silent with normalisation layers, and
    with fewer than three layers that have weights.

    ## References
    - Measured on Keras 3.15.1, four small architectures: after 150 steps 35 % of the runs have learned anything with
      SGD at 0.001, 92 % with momentum 0.9 at the same rate. Three sigmoid layers with SGD at 0.01 have a skill of
      0.08 after 1,000 steps, with Adam 0.85.
    """

    code = "KO013"
    name = "plain-sgd-default"
    severity = Severity.ADVICE
    fix = Safety.UNSAFE
    symptoms = ("slow-learning", "loss-flat", "accuracy-stuck")
    since = "0.1.0"
    in_tests = False
    needs_end = True

    max_rate = Option(
        0.01, "Larger rates than the default of SGD have been chosen by somebody, and are left alone.", above=0.0
    )
    min_layers = Option(3, "Models with fewer layers are left alone.", low=1)

    def check(self, program: Program) -> Iterator[Found]:
        for optimizer in optimizers(program):
            event = optimizer.event
            if not isinstance(event, Compile) or optimizer.name != "SGD" or optimizer.momentum != 0:
                continue
            if optimizer.rate is None or not 0 < optimizer.rate <= self.max_rate or rate_changes(program, optimizer):
                continue
            layers = parametric_layers(event.graph)
            if len(layers) < self.min_layers or any(node.short in NORMALIZATION for node in event.graph.nodes):
                continue
            yield from self.found(
                optimizer.place,
                f"plain SGD at {optimizer.rate:g} on a model of {len(layers)} layers with weights learns slowly",
                label="no momentum",
                also=[(event.node, "the model is trained with it")],
                why="a step is the rate times the gradient, and gradients are small in the first layers",
                help="keras.optimizers.Adam(1e-3), or SGD with momentum=0.9",
                about=event,
                fix=_use_adam(optimizer),
            )

    bad = (
        """
        from tensorflow.keras import Input, Sequential, layers, optimizers
        model = Sequential([
            Input((4,)),
            layers.Dense(8, "tanh"),
            layers.Dense(8, "tanh"),
            layers.Dense(1),
        ])
        model.compile(optimizers.SGD(learning_rate=0.0005, momentum=0.0), "mse")  # KO013
        """,
        """
        import keras
        model = keras.Sequential([
            keras.Input((4,)),
            keras.layers.Dense(8, "tanh"),
            keras.layers.Dense(8, "tanh"),
            keras.layers.Dense(1),
        ])
        model.compile(keras.optimizers.SGD(learning_rate=0.001), "mse")  # KO013
        """,
    )
    good = (
        """
        import keras
        model = keras.Sequential([
            keras.Input((4,)),
            keras.layers.Dense(8, "tanh"),
            keras.layers.Dense(8, "tanh"),
            keras.layers.Dense(1),
        ])
        model.compile(keras.optimizers.SGD(learning_rate=0.01, momentum=0.9), "mse")
        model.compile(keras.optimizers.SGD(learning_rate=0.1), "mse")
        """,
    )


def _use_adam(optimizer: Optimizer) -> fixing.Draft | None:
    """Adam at its own rate, written as the optimizer was."""
    value, event = optimizer.value, optimizer.event
    if not isinstance(event, Compile) or not value.args.keys() <= {"learning_rate", "momentum"}:
        return None
    if not optimizer.given or event.places.get("optimizer") is not value.node:
        return fixing.draft("use Adam", fixing.replace(event.places.get("optimizer"), "{keras.optimizers.Adam}(1e-3)"))
    changes = [fixing.callee(value, "keras.optimizers.Adam")]
    if optimizer.rate != _RATE:
        changes.append(fixing.rate(optimizer, _RATE))
    if "momentum" in value.args:
        changes.append(fixing.drop(value, "momentum"))
    return fixing.draft("use Adam", *changes)
