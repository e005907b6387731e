"""KM021."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.finding import Safety, Severity
from kerlint.program.events import OldCall
from kerlint.program.facts import Program
from kerlint.program.values import Layer, Model
from kerlint.rules import fixing
from kerlint.rules.base import Found, Rule
from kerlint.rules.migration.versions import safety


class DeprecatedLayerArgs(Rule):
    """A layer gets an argument that Keras 3 still takes, but advises against.

    `input_shape=` and `input_dim=` on the first layer, `input_length=` of an `Embedding`, `alpha=` of a `LeakyReLU`.

    ## Why is this bad?
    Each of them gives a Python warning, and may be gone in one of the next versions. `input_length` is more than
    that: Keras 3 drops it, so the model does not know its input before it is trained, and `summary` shows no shapes.

    ## Example
    ```python
    from tensorflow import keras

    model = keras.Sequential([
        keras.layers.Dense(16, activation="relu", input_shape=(8,)),  # KM021
        keras.layers.Dense(1),
    ])
    ```

    Use instead:
    ```python
    from tensorflow import keras

    model = keras.Sequential([
        keras.Input((8,)),
        keras.layers.Dense(16, activation="relu"),
        keras.layers.Dense(1),
    ])
    ```

    ## Known limits
    This is advice: the model is the same. Only in programs for Keras 3.

    ## References
    - Measured on Keras 3.0 and 3.1: `input_length` is a ValueError; `Embedding` takes it again since 3.2.
    - Measured on Keras 3.15.1: all four give a UserWarning; a model that begins with `Embedding(10, 4, input_length=5)`
      is not built, and has no weights before its first use.
    """

    code = "KM021"
    name = "deprecated-layer-args"
    severity = Severity.ADVICE
    fix = Safety.SAFE
    symptoms = ("crash",)
    since = "0.1.0"
    keras = 3

    def check(self, program: Program) -> Iterator[Found]:
        seen: set[int] = set()
        begins = {id(model.state["layers"][0]) for model in program.models if _is_sequential(model)}
        for made in program.objects:
            # Layers of other packages are not those of Keras 3.
            own = isinstance(made, Layer) and made.name.startswith("keras.")
            if isinstance(made, Layer) and own and id(made.node) not in seen:
                seen.add(id(made.node))
                yield from self._shape(made, begins)
        for event in program.all(OldCall):
            for keyword in event.keywords:
                if (event.short, keyword.name) in _OLD and id(keyword.place) not in seen:
                    seen.add(id(keyword.place))
                    why, instead = _OLD[event.short, keyword.name]
                    yield from self.found(
                        keyword.place,
                        f"{event.short} does not want {keyword.name}= any more",
                        label="gives a warning",
                        why=why,
                        help=instead,
                        about=event,
                        fix=fixing.draft(
                            "write negative_slope=",
                            fixing.rename_keyword(event.node, "alpha", "negative_slope"),
                            safety=safety(program.target),
                        )
                        if event.short == "LeakyReLU"
                        else None,
                    )

    def _shape(self, layer: Layer, begins: set[int]) -> Iterator[Found]:
        if layer.short in ("InputLayer", "Embedding", "ReversibleEmbedding"):
            return
        for name in ("input_shape", "input_dim"):
            if name in layer.places:
                yield from self.found(
                    layer.places[name],
                    f"{layer.short} should not get {name}=",
                    label="gives a warning",
                    why="the shape of the input belongs to the model, not to one of its layers",
                    help="begin the model with keras.Input(shape)",
                    about=layer,
                    fix=_begin_with_input(layer, name) if id(layer) in begins else None,
                )

    bad = (
        # No first layers of a model: the arguments have no effect there, and an Input would be in the way.
        """
        import keras
        model = keras.Sequential()
        model.add(keras.layers.Dense(8, input_shape=(4,)))  # KM021
        model.add(keras.layers.Dense(8, input_dim=8))  # KM021
        parts = [keras.layers.Dense(8, input_dim=8), keras.layers.Dense(1)]  # KM021
        """,
        """
        import keras
        model = keras.Sequential([
            keras.layers.Embedding(1000, 16, input_length=50),  # KM021
            keras.layers.LSTM(16),
            keras.layers.Dense(8, input_dim=16),  # KM021
            keras.layers.LeakyReLU(alpha=0.1),  # KM021
        ])
        """,
    )
    good = (
        """
        from keras.layers.core import Dense
        from keras.layers import LeakyReLU
        from keras.models import Sequential
        model = Sequential([Dense(8, input_dim=16), LeakyReLU(alpha=0.1)])
        """,
        """
        import keras
        class Net(keras.layers.Layer):
            def __init__(self, input_dim):
                super().__init__()
                self.dense = keras.layers.Dense(input_dim)
        model = keras.Sequential([keras.Input((8,)), Net(input_dim=4), keras.layers.LeakyReLU(negative_slope=0.1)])
        keras.layers.Embedding(input_dim=10, output_dim=4)
        """,
    )


def _is_sequential(model: Model) -> bool:
    return model.kind == "sequential" and bool(model.state.get("layers"))


def _begin_with_input(layer: Layer, name: str) -> fixing.Draft | None:
    """An input of the same shape before the layer, which is the first of its model."""
    shape = layer.places[name]
    if any(other in layer.places for other in _SHAPES if other != name):
        return None
    text = "{keras.Input}({0})" if name == "input_shape" else "{keras.Input}(({0},))"
    return fixing.draft("begin with keras.Input", fixing.begin(layer.node, text, shape), fixing.drop(layer, name))


_SHAPES = ("input_shape", "input_dim", "batch_input_shape", "batch_size", "input_length", "dtype", "input_dtype")
_OLD = {
    ("Embedding", "input_length"): (
        "it is dropped, so the model does not know its input shape before its first use",
        "leave it out, and begin the model with keras.Input((length,))",
    ),
    ("LeakyReLU", "alpha"): ("the slope has another name since Keras 3", "write negative_slope="),
}
