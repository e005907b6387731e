"""KS028."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.finding import Safety, Severity
from kerlint.library.graphs import graph_of
from kerlint.library.kinds import ACTIVATION_LAYERS, CONVOLUTION, NOISE, POOLING
from kerlint.library.objects import argument
from kerlint.library.shapes import show
from kerlint.program.constants import constant, integer, text
from kerlint.program.facts import Program
from kerlint.program.graph import Graph, Node
from kerlint.rules import fixing
from kerlint.rules.base import Found, Rule


class BatchnormAxis(Rule):
    """Batch normalisation behind a convolution normalises rows of the picture instead of channels.

    `BatchNormalization(axis=1)` is for channels that come first. The convolutions before it put them
    last, as Keras does unless it is told otherwise.

    ## Why is this bad?
    The layer learns a mean and a scale for each row of the picture and mixes all channels, so the
    features of the convolution are not normalised one by one. It works for one picture height only.

    ## Example
    ```python
    from tensorflow import keras

    model = keras.Sequential([
        keras.Input((32, 32, 3)),
        keras.layers.Conv2D(16, 3, padding="same"),
        keras.layers.BatchNormalization(axis=1),  # KS028
        keras.layers.Activation("relu"),
    ])
    ```

    Use instead:
    ```python
    from tensorflow import keras

    model = keras.Sequential([
        keras.Input((32, 32, 3)),
        keras.layers.Conv2D(16, 3, padding="same"),
        keras.layers.BatchNormalization(),
        keras.layers.Activation("relu"),
    ])
    ```

    ## Known limits
    Only where a convolution or pooling of known `data_format` stands before it. An axis that depends on
    `image_data_format()` is fine.

    ## References
    - The axis is that of the channels: https://keras.io/api/layers/normalization_layers/batch_normalization/
    """

    code = "KS028"
    name = "batchnorm-axis"
    severity = Severity.WARNING
    fix = Safety.UNSAFE
    symptoms = ("slow-learning", "accuracy-stuck")
    since = "0.1.0"

    def check(self, program: Program) -> Iterator[Found]:
        seen: set[int] = set()
        for model in program.models:
            graph = graph_of(model)
            if graph is not None:
                found = [pair for pair in _turned(graph) if id(pair[0].layer) not in seen]
                seen.update(id(node.layer) for node, _ in found)
                if found:
                    yield from self._report(program, found)

    def _report(self, program: Program, found: list[tuple[Node, Node]]) -> Iterator[Found]:
        (node, kernel), *others = found
        shape = node.input_shape
        # A variable that says which axis it is decides for all of them.
        variable = program.bound_before(node.args.get("axis"), None)
        others = found if variable is not None else others
        yield from self.found(
            variable or node.argument_place("axis"),
            f"BatchNormalization(axis={integer(node.args.get('axis'))}) normalises the "
            f"{'rows' if shape is None or len(shape) > 3 else 'steps'} of {show(shape)}, not its channels",
            label="the axis of the channels is -1",
            also=[
                (kernel.place, "puts the channels last"),
                *((other.argument_place("axis"), "this one" if other is node else "likewise") for other, _ in others),
            ],
            why="the channels are the last axis, and each of them needs a mean and a scale of its own",
            help="leave axis out: its default is the last axis",
            about=node.layer,
            fix=fixing.draft(
                "leave axis out", *fixing.all_of([fixing.drop(other.layer, "axis") for other, _ in found])
            ),
        )

    bad = (
        """
        import keras
        from keras import layers
        inputs = keras.Input((32, 32, 3))
        x = layers.Conv2D(16, 3)(inputs)
        x = layers.BatchNormalization(axis=1)(x)  # KS028
        x = layers.ReLU()(x)
        x = layers.MaxPooling2D()(x)
        x = layers.BatchNormalization(axis=1)(x)
        model = keras.Model(inputs, x)
        """,
        """
        import keras
        from keras import layers
        channels = 1  # KS028
        model = keras.Sequential([
            keras.Input((32, 32, 3)),
            layers.Conv2D(8, 3),
            layers.BatchNormalization(axis=channels),
        ])
        """,
    )
    good = (
        """
        import keras
        from keras import layers
        axis = -1 if keras.backend.image_data_format() == "channels_last" else 1
        model = keras.Sequential([
            keras.Input((32, 32, 3)), layers.Conv2D(8, 3), layers.BatchNormalization(axis=axis),
            layers.Conv2D(8, 3), layers.BatchNormalization(axis=3), layers.Flatten(),
            layers.Dense(8), layers.BatchNormalization(axis=1),
        ])
        other = keras.Sequential([
            keras.Input((3, 32, 32)), layers.Conv2D(8, 3, data_format="channels_first"),
            layers.BatchNormalization(axis=1),
        ])
        """,
    )


_BETWEEN = NOISE | {"Activation", *ACTIVATION_LAYERS}


def _turned(graph: Graph) -> list[tuple[Node, Node]]:
    """Batch normalisations of another axis than that of the channels, and what says where these are."""
    found: list[tuple[Node, Node]] = []
    for node in graph.nodes:
        if node.short != "BatchNormalization" or integer(node.args.get("axis")) != 1 or node.layer is None:
            continue
        kernel = _kernel_before(node)
        rank = len(node.input_shape) if node.input_shape is not None else None
        if kernel is not None and kernel.layer is not None and rank is not None and rank >= 4:
            given = argument(kernel.layer, "data_format")
            if constant(given) is None or text(given) == "channels_last":
                found.append((node, kernel))
    return found


def _kernel_before(node: Node) -> Node | None:
    while len(node.inputs) == 1:
        node = node.inputs[0]
        if node.short in CONVOLUTION or node.short in POOLING:
            return node
        if node.short not in _BETWEEN:
            return None
    return None
