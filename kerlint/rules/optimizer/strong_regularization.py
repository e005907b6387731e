"""KO017."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.finding import Safety, Severity
from kerlint.library.heads import parametric_layers
from kerlint.library.trained import trainings
from kerlint.program.constants import number
from kerlint.program.facts import Program
from kerlint.program.graph import Node
from kerlint.program.values import Object
from kerlint.rules import fixing
from kerlint.rules.base import Found, Option, Rule


class StrongRegularization(Rule):
    """Every hidden layer pays so high a price for its weights that they shrink to nothing.

    A regularizer adds its factor times the size of all weights to the loss. With a factor of 0.1 or more
    the penalty outweighs what the model could gain by predicting well.

    ## Why is this bad?
    The cheapest model is one with tiny weights, which gives nearly the same output for every input. The
    loss falls nicely all the same: it is the penalty that falls.

    ## Example
    ```python
    from tensorflow import keras
    from tensorflow.keras import regularizers

    model = keras.Sequential([
        keras.Input((10,)),
        keras.layers.Dense(64, activation="relu", kernel_regularizer=regularizers.l2(1.0)),  # KO017
        keras.layers.Dense(64, activation="relu", kernel_regularizer=regularizers.l2(1.0)),
        keras.layers.Dense(1),
    ])
    model.compile(optimizer="adam", loss="mse")
    ```

    Use instead:
    ```python
    from tensorflow import keras
    from tensorflow.keras import regularizers

    model = keras.Sequential([
        keras.Input((10,)),
        keras.layers.Dense(64, activation="relu", kernel_regularizer=regularizers.l2(1e-4)),
        keras.layers.Dense(64, activation="relu", kernel_regularizer=regularizers.l2(1e-4)),
        keras.layers.Dense(1),
    ])
    model.compile(optimizer="adam", loss="mse")
    ```

    ## Known limits
    Reported for models of two or more layers with weights, if every layer but the last is penalised so.

    ## References
    - Measured on Keras 3.15.1: with L2 of 1 on all kernels the predictions of a regression spread by 1.3 where the
      targets spread by 2.3.
    """

    code = "KO017"
    name = "regularization-too-strong"
    severity = Severity.WARNING
    fix = Safety.UNSAFE
    symptoms = ("constant-output", "accuracy-stuck", "slow-learning")
    since = "0.1.0"
    in_tests = False

    min_factor = Option(0.1, "From this factor on a regularization is strong.", above=0.0)

    def check(self, program: Program) -> Iterator[Found]:
        told: set[int] = set()
        for training in trainings(program):
            layers = parametric_layers(training.graph)
            if len(layers) < 2 or training.event.assumed:
                continue
            factors = [_factor(node) for node in layers[:-1]]
            if any(factor is None or factor < self.min_factor for factor in factors) or id(layers[0].layer) in told:
                continue
            told.add(id(layers[0].layer))
            factor = min(factor for factor in factors if factor is not None)
            yield from self.found(
                layers[0].argument_place("kernel_regularizer"),
                f"the penalty on the weights of {layers[0].short} is {factors[0]:g} times their size: "
                "they shrink until the model says hardly anything",
                label="a strong penalty",
                also=[
                    *((node.argument_place("kernel_regularizer"), "here too") for node in layers[1:-1]),
                    (training.event.node, "the model is trained with it"),
                ],
                why=f"{factor:g} times the sum over all weights outweighs what the model gains by predicting well",
                help="start from 1e-4",
                about=training.event,
                fix=fixing.draft("use a factor of 1e-4", *fixing.all_of(list(_weaker(layers[:-1], self.min_factor)))),
            )

    bad = (
        """
        import keras
        inputs = keras.Input((8,))
        hidden = keras.layers.Dense(32, "relu", kernel_regularizer=keras.regularizers.L1L2(0.5, 0.5))(inputs)  # KO017
        model = keras.Model(inputs, keras.layers.Dense(1)(hidden))
        model.compile("adam", "mse")
        """,
    )
    good = (
        """
        import keras
        model = keras.Sequential([
            keras.Input((8,)),
            keras.layers.Dense(32, "relu", kernel_regularizer="l2"),
            keras.layers.Dense(8, "relu", bias_regularizer=keras.regularizers.L2(1.0)),
            keras.layers.Dense(1, kernel_regularizer=keras.regularizers.L2(1.0)),
        ])
        model.compile("adam", "mse")
        """,
    )


def _weaker(layers: list[Node], strong: float) -> Iterator[fixing.Change | None]:
    for node in layers:
        given = node.layer.args.get("kernel_regularizer") if node.layer is not None else None
        if isinstance(given, Object):
            for name in ("l1", "l2", "l"):
                factor = number(given.args[name]) if name in given.args else None
                if factor is not None and factor >= strong:
                    yield fixing.put(given, name, "1e-4")


def _factor(node: Node) -> float | None:
    """How strongly the kernel is penalised, 0 if it is not, None if that is not known."""
    given = node.layer.args.get("kernel_regularizer") if node.layer is not None else None
    if not isinstance(given, Object) or not given.name.startswith("keras.regularizers."):
        return None
    factors = [number(given.args[name]) for name in ("l1", "l2", "l") if name in given.args]
    return max((factor for factor in factors if factor is not None), default=None)
