"""KS021."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.finding import Safety, Severity
from kerlint.library.kinds import ACTIVATION_LAYERS, is_parametric
from kerlint.program.constants import number
from kerlint.program.facts import Program
from kerlint.program.graph import Node
from kerlint.rules import fixing
from kerlint.rules.base import Found, Rule


class DropoutBeforeBatchnorm(Rule):
    """Batch normalisation learns its statistics from data that dropout has thinned out.

    In training, dropout sets values to 0 and enlarges the others. The mean stays, the variance grows.

    ## Why is this bad?
    The moving variance that batch normalisation keeps for later is that of thinned-out data. When the
    model is used, dropout does nothing, the variance is smaller, and the normalisation is off.

    ## Example
    ```python
    from tensorflow import keras

    model = keras.Sequential([
        keras.Input((20,)),
        keras.layers.Dense(64, activation="relu"),
        keras.layers.Dropout(0.5),  # KS021
        keras.layers.BatchNormalization(),
        keras.layers.Dense(10, activation="softmax"),
    ])
    model.compile(optimizer="adam", loss="categorical_crossentropy")
    ```

    Use instead:
    ```python
    from tensorflow import keras

    model = keras.Sequential([
        keras.Input((20,)),
        keras.layers.Dense(64, activation="relu"),
        keras.layers.BatchNormalization(),
        keras.layers.Dropout(0.5),
        keras.layers.Dense(10, activation="softmax"),
    ])
    model.compile(optimizer="adam", loss="categorical_crossentropy")
    ```

    ## Known limits
    Advice: the effect is often small. Only where at most one layer with a kernel lies between.

    ## References
    - Li, Chen, Hu and Yang, Understanding the Disharmony between Dropout and Batch Normalization by Variance Shift,
      2019.
    """

    code = "KS021"
    name = "dropout-before-batchnorm"
    severity = Severity.ADVICE
    fix = Safety.UNSAFE
    symptoms = ("overfit",)
    since = "0.1.0"
    in_tests = False

    def check(self, program: Program) -> Iterator[Found]:
        seen: set[int] = set()
        for event in program.compiles:
            for node in event.graph.nodes:
                norm = _next_norm(node) if node.short == "Dropout" and number(node.args.get("rate")) != 0 else None
                if norm is None or id(node.layer) in seen:
                    continue
                seen.add(id(node.layer))
                yield from self.found(
                    node.place,
                    "Dropout stands before BatchNormalization, which then keeps the variance of thinned-out data",
                    label="changes the variance in training only",
                    also=[(norm.place, "keeps the variance for later")],
                    why="when the model is used, dropout does nothing and the variance is another one",
                    help="put Dropout behind the BatchNormalization, or leave one of them out",
                    about=node.layer,
                    fix=fixing.draft("let the two change places", fixing.swap_layers(node, norm))
                    if norm.inputs[0] is node
                    else None,
                )

    good = (
        """
        import keras
        model = keras.Sequential([
            keras.Input((8,)), keras.layers.Dense(8), keras.layers.BatchNormalization(), keras.layers.Dropout(0.2),
            keras.layers.Dense(8), keras.layers.Dense(8), keras.layers.BatchNormalization(), keras.layers.Dense(1),
        ])
        model.compile("adam", "mse")
        """,
    )


def _next_norm(node: Node) -> Node | None:
    """The batch normalisation that reads what the step gives, one layer with a kernel between them at most."""
    kernels = 0
    while len(node.consumers) == 1:
        node = node.consumers[0]
        if node.short == "BatchNormalization":
            return node
        kernels += is_parametric(node)
        if kernels > 1 or not (is_parametric(node) or node.short in {"Activation", *ACTIVATION_LAYERS}):
            return None
    return None
