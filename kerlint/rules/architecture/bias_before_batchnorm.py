"""KS020."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.finding import Safety, Severity
from kerlint.library.kinds import CONVOLUTION, own_activation
from kerlint.library.objects import argument
from kerlint.program.constants import truth
from kerlint.program.facts import Program
from kerlint.rules import fixing
from kerlint.rules.base import Found, Rule


class BiasBeforeBatchnorm(Rule):
    """A layer has a bias that the batch normalisation right behind it takes out again.

    Batch normalisation subtracts the mean of each channel, and a bias is part of that mean. Its own
    `beta` does what the bias would have done.

    ## Why is this bad?
    It does no harm: the bias costs some memory and is never learned.

    ## Example
    ```python
    from tensorflow import keras

    model = keras.Sequential([
        keras.Input((28, 28, 1)),
        keras.layers.Conv2D(32, 3),  # KS020
        keras.layers.BatchNormalization(),
        keras.layers.Activation("relu"),
        keras.layers.Flatten(),
        keras.layers.Dense(10),
    ])
    model.compile(optimizer="adam", loss="mse")
    ```

    Use instead:
    ```python
    from tensorflow import keras

    model = keras.Sequential([
        keras.Input((28, 28, 1)),
        keras.layers.Conv2D(32, 3, use_bias=False),
        keras.layers.BatchNormalization(),
        keras.layers.Activation("relu"),
        keras.layers.Flatten(),
        keras.layers.Dense(10),
    ])
    model.compile(optimizer="adam", loss="mse")
    ```

    ## Known limits
    Advice, one finding for each model: two of three such pairs in public programs have the bias.

    ## References
    - Ioffe and Szegedy, Batch Normalization, 2015, section 3.2.
    """

    code = "KS020"
    name = "bias-before-batchnorm"
    severity = Severity.ADVICE
    fix = Safety.UNSAFE
    symptoms = ()
    since = "0.1.0"
    in_tests = False

    def check(self, program: Program) -> Iterator[Found]:
        seen: set[int] = set()
        for event in program.compiles:
            pairs = [
                (node, node.consumers[0])
                for node in event.graph.nodes
                if node.layer is not None
                and node.short in CONVOLUTION | {"Dense"}
                and own_activation(node.layer) == "linear"
                and truth(argument(node.layer, "use_bias")) is True
                and len(node.consumers) == 1
                and node.consumers[0].short == "BatchNormalization"
            ]
            if not pairs or id(pairs[0][0].layer) in seen:
                continue
            seen.update(id(node.layer) for node, _ in pairs)
            (node, norm), *others = pairs
            if id(node.place) in {id(model.node) for model in program.models if model.kind == "application"}:
                continue
            more = f", and so have {len(others)} more" if others else ""
            yield from self.found(
                node.place,
                f"{node.short} has a bias that BatchNormalization subtracts again{more}",
                label="the bias has no effect",
                also=[(norm.place, "subtracts the mean of each channel")],
                why="a bias is part of the mean that batch normalisation subtracts",
                help="write use_bias=False",
                about=node.layer,
                fix=fixing.draft(
                    "write use_bias=False",
                    *fixing.all_of([fixing.put(biased.layer, "use_bias", "False") for biased, _ in pairs]),
                )
                if fixing.are_made_alone((biased for biased, _ in pairs), event.graph)
                else None,
            )

    bad = (
        # What one call makes is followed by other layers, too: no fix.
        """
        import keras
        def dense(units):
            return keras.layers.Dense(units)  # KS020
        model = keras.Sequential([
            keras.Input((8,)), dense(8), keras.layers.BatchNormalization(), keras.layers.ReLU(),
            dense(8), keras.layers.LayerNormalization(), keras.layers.ReLU(), keras.layers.Dense(1),
        ])
        model.compile("adam", "mse")
        """,
    )
    good = (
        """
        import keras
        model = keras.Sequential([
            keras.Input((8,)), keras.layers.Dense(8, activation="relu"), keras.layers.BatchNormalization(),
            keras.layers.Dense(8), keras.layers.Activation("relu"), keras.layers.BatchNormalization(),
            keras.layers.Dense(1),
        ])
        model.compile("adam", "mse")
        """,
    )
