"""KS003."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.finding import Severity
from kerlint.library.branches import begins_in, held_by
from kerlint.library.graphs import graph_of
from kerlint.program.facts import Program
from kerlint.program.graph import Graph
from kerlint.program.values import Layer, Tensor
from kerlint.rules.base import Found, Rule


class LayerOutputUnused(Rule):
    """A layer is called, and what it gives is never used: the layer is not in the model.

    In a functional model each layer is called on the output of the one before. If the next layer is
    called on another tensor, everything that was left out is missing, a whole branch perhaps, and the model works
    without it.

    ## Why is this bad?
    The dropout, normalisation or convolution that stands in the code does not exist in the model.
    Nothing warns; only `model.summary()` shows it.

    ## Example
    ```python
    from tensorflow import keras

    inputs = keras.Input((20,))
    x = keras.layers.Dense(64, activation="relu")(inputs)
    y = keras.layers.Dropout(0.5)(x)  # KS003
    outputs = keras.layers.Dense(1)(x)
    model = keras.Model(inputs, outputs)
    ```

    Use instead:
    ```python
    from tensorflow import keras

    inputs = keras.Input((20,))
    x = keras.layers.Dense(64, activation="relu")(inputs)
    x = keras.layers.Dropout(0.5)(x)
    outputs = keras.layers.Dense(1)(x)
    model = keras.Model(inputs, outputs)
    ```

    ## Known limits
    Only what is assigned to a name that nothing reads, of a layer that the model has nowhere else.

    ## References
    - Measured on Keras 3.15.1: a layer whose output leads nowhere is not in `model.layers`, without a word.
    """

    code = "KS003"
    name = "layer-output-unused"
    severity = Severity.WARNING
    symptoms = ("overfit", "wrong-result", "accuracy-stuck")
    since = "0.1.0"

    def check(self, program: Program) -> Iterator[Found]:
        if program.failures or program.limits or not program.unread:
            return
        models = [(model, held) for model in program.models if (held := held_by(model)) is not None]
        graphs = [graph for model, _ in models if (graph := graph_of(model)) is not None]
        seen: set[int] = set()
        for unread in program.unread:
            tensor = unread.tensor
            model = next((model for model, held in models if begins_in(tensor, held)), None)
            if model is None or id(tensor.node) in seen or not _is_left_out(tensor, graphs):
                continue
            seen.add(id(tensor.node))
            layer = tensor.op.layer
            assert isinstance(layer, Layer)
            yield from self.found(
                tensor.op.node,
                f"{layer.short} is not in the model: nothing reads `{unread.name}`",
                label="goes nowhere",
                also=[(model.node, "the model goes another way")],
                why="a functional model holds the layers on the way from its inputs to its outputs, and no others",
                help=f"call the next layer on `{unread.name}`, or delete this line",
                about=tensor.op,
            )

    bad = (
        """
        import keras
        from keras import layers
        def residual(x, filters):
            y = layers.Conv2D(filters, 3, padding="same")(x)
            y = layers.BatchNormalization()(y)
            y = layers.ReLU()(y)
            y = layers.Conv2D(filters, 3, padding="same")(y)
            y = layers.Add()([x, y])  # KS003
            return layers.ReLU()(x)
        start = keras.Input((32, 32, 3))
        t = residual(layers.Conv2D(8, 3, padding="same")(start), 8)
        t = residual(layers.Conv2D(16, 3, strides=2)(t), 16)
        net = keras.Model(start, layers.Dense(10, activation="softmax")(layers.GlobalAveragePooling2D()(t)))
        """,
        """
        import keras
        photo, facts = keras.Input((8, 8, 3)), keras.Input((12,))
        a = keras.layers.Dense(16, activation="relu")(keras.layers.Flatten()(photo))
        b = keras.layers.Dense(32, activation="relu")(facts)
        b = keras.layers.Dense(16, activation="relu")(b)  # KS003
        both = keras.layers.Concatenate()([a, a])
        model = keras.Model([photo, facts], keras.layers.Dense(1)(both))
        """,
        """
        import keras
        def block(x, filters):
            y = keras.layers.Conv2D(filters, 3, padding="same")(x)
            z = keras.layers.BatchNormalization()(y)  # KS003
            return keras.layers.ReLU()(y)
        inputs = keras.Input((32, 32, 3))
        x = block(block(inputs, 8), 16)
        x = keras.layers.GlobalAveragePooling2D()(x)
        x = keras.layers.Dense(64, activation="relu")(x)
        outputs = keras.layers.Dropout(0.5)(x)  # KS003
        outputs = keras.layers.Dense(10, activation="softmax")(x)
        model = keras.Model(inputs, outputs)
        """,
    )
    good = (
        """
        import keras
        inputs = keras.Input((32, 8))
        sequence, state, cell = keras.layers.LSTM(4, return_sequences=True, return_state=True)(inputs)
        x = keras.layers.Dense(4)(sequence)
        tap = keras.layers.Dense(2)(x)
        print(tap.shape)
        _ = keras.layers.Dense(3)(x)
        shared = keras.layers.Dense(4)
        first = shared(x)
        outputs = shared(sequence)
        model = keras.Model(inputs, outputs)
        """,
        """
        import keras
        inputs = keras.Input((32,))
        x = inputs
        for width in widths:
            before = x
            x = keras.layers.Dense(width)(x)
            skip = keras.layers.Dense(width)(before)
            if residual:
                x = keras.layers.Add()([x, skip])
        model = keras.Model(inputs, keras.layers.Dense(1)(x))
        """,
        """
        import keras
        inputs = keras.Input((32,))
        x = keras.layers.Dense(8)(inputs)
        extra = keras.layers.Dense(8)(x)
        model = keras.Model(inputs, keras.layers.Dense(1)(x))
        def features():
            return keras.Model(inputs, extra)
        """,
    )


def _is_left_out(tensor: Tensor, graphs: list[Graph]) -> bool:
    """Whether this is a layer of Keras with one output that no model has, here or elsewhere."""
    op = tensor.op
    layer = op.layer
    if op.kind != "layer" or not isinstance(layer, Layer) or layer.cls is not None or op.results is not tensor:
        return False
    if layer.short == "ActivityRegularization" or any(name.endswith("regularizer") for name in layer.args):
        return False
    return not any(node.layer is layer for graph in graphs for node in graph.nodes)
