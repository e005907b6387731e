"""KS024."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.finding import Safety, Severity
from kerlint.library.kinds import NORMALIZATION, PARAMETRIC, unwrapped
from kerlint.program.facts import Program
from kerlint.program.values import Layer, Model
from kerlint.rules import fixing
from kerlint.rules.base import Found, Rule


class LayerListMultiplied(Rule):
    """The same layer stands several times in a sequential model, and shares its weights with itself.

    `[Dense(64)] * 3` makes one layer and names it three times. So does a layer in a variable that is
    added twice.

    ## Why is this bad?
    The model is as deep as it looks but has the weights of one layer. Batch normalisation that is
    shared mixes the statistics of several places.

    ## Example
    ```python
    from tensorflow import keras

    model = keras.Sequential(
        [keras.Input((64,))]
        + [keras.layers.Dense(64, activation="relu")] * 3  # KS024
        + [keras.layers.Dense(1)]
    )
    ```

    Use instead:
    ```python
    from tensorflow import keras

    model = keras.Sequential(
        [keras.Input((64,))]
        + [keras.layers.Dense(64, activation="relu") for _ in range(3)]
        + [keras.layers.Dense(1)]
    )
    ```

    ## Known limits
    Layers without weights may be used several times. Calling a layer twice in a functional model is
    how weights are shared on purpose, and is left alone.

    ## References
    - Measured on Keras 3.15.1: `Sequential([Dense(8)] * 2)` has 2 weights, not 4, and Keras says nothing.
    """

    code = "KS024"
    name = "layer-list-multiplied"
    severity = Severity.WARNING
    fix = Safety.UNSAFE
    symptoms = ("slow-learning", "accuracy-stuck")
    since = "0.1.0"

    def check(self, program: Program) -> Iterator[Found]:
        seen: set[int] = set()
        for model in program.models:
            if model.kind != "sequential":
                continue
            for layer, count in _repeated(model):
                if id(layer) not in seen:
                    seen.add(id(layer))
                    yield from self.found(
                        layer.node,
                        f"this {layer.short} stands {count} times in the model: one layer with one set of weights",
                        label=f"one layer, used {count} times",
                        also=[(model.node, "in this model")],
                        why="a layer that is named several times is the same layer each time",
                        help="make a new layer for each place: [Dense(64) for _ in range(n)]",
                        about=layer,
                        fix=fixing.draft("make a layer for each place", fixing.unroll(layer.node)),
                    )

    bad = (
        """
        import keras
        hidden = keras.layers.Dense(32, activation="relu")  # KS024
        drop = keras.layers.Dropout(0.2)
        model = keras.Sequential()
        model.add(keras.Input((32,)))
        model.add(hidden)
        model.add(drop)
        model.add(hidden)
        model.add(drop)
        model.add(keras.layers.Dense(1))
        """,
    )
    good = (
        """
        import keras
        pool = keras.layers.MaxPooling2D()
        shared = keras.layers.Dense(8)
        a = keras.Sequential([keras.Input((32, 32, 1)), pool, pool, keras.layers.Flatten(), shared])
        b = keras.Sequential([keras.Input((4,)), shared])
        x = keras.Input((8,))
        c = keras.Model(x, keras.layers.Dense(8)(shared(shared(x))))
        """,
    )


def _repeated(model: Model) -> Iterator[tuple[Layer, int]]:
    """The layers with weights that stand in the model more than once, and how often."""
    counts: dict[int, tuple[Layer, int]] = {}
    for item in model.state.get("layers", ()):
        if isinstance(item, Layer) and unwrapped(item).short in PARAMETRIC | (NORMALIZATION - {"UnitNormalization"}):
            counts[id(item)] = (item, counts.get(id(item), (item, 0))[1] + 1)
    return (found for found in counts.values() if found[1] > 1)
