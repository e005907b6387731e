"""KS023."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.finding import Severity
from kerlint.library.graphs import graph_of
from kerlint.library.objects import argument
from kerlint.library.shapes import show
from kerlint.program.constants import constant, text
from kerlint.program.events import Mismatch
from kerlint.program.facts import Program
from kerlint.program.graph import Node
from kerlint.program.values import Object, Op, Shape
from kerlint.rules.base import Found, Option, Rule


class ChannelsFirstInput(Rule):
    """Images with their channels first go into a layer that takes the last axis for the channels.

    `(3, 224, 224)` is how PyTorch, Theano and old Keras code order the axes of an image. Keras takes
    it for an image of 3 rows and 224 columns with 224 channels, unless it is told otherwise.

    ## Why is this bad?
    The convolution slides over colours and rows instead of over rows and columns. If the window is
    larger than three rows Keras raises an error; otherwise the model trains, and learns badly.

    ## Example
    ```python
    from tensorflow import keras

    model = keras.Sequential([
        keras.Input((3, 64, 64)),  # KS023
        keras.layers.Conv2D(16, 3, activation="relu"),
        keras.layers.Flatten(),
        keras.layers.Dense(1, activation="sigmoid"),
    ])
    ```

    Use instead:
    ```python
    from tensorflow import keras

    model = keras.Sequential([
        keras.Input((64, 64, 3)),
        keras.layers.Conv2D(16, 3, activation="relu"),
        keras.layers.Flatten(),
        keras.layers.Dense(1, activation="sigmoid"),
    ])
    ```

    ## Known limits
    Only where the first axis is 1, 3 or 4 and the last one is of the size of a picture. Whoever sets
    `channels_first` in `~/.keras/keras.json` does not tell the program.

    ## References
    - Measured on Keras 3.15.1: `Conv2D(4, 3)` on (1, 32, 32) with `padding="same"` is built without a word and
      gives a map of 1 row, 32 columns and 4 channels.
    """

    code = "KS023"
    name = "channels-first-input"
    severity = Severity.WARNING
    symptoms = ("crash", "accuracy-stuck", "slow-learning")
    since = "0.1.0"
    subsumes = ("KS001",)

    min_width = Option(16, "A last axis of this size is the width of a picture, not a number of channels.", low=5)

    def check(self, program: Program) -> Iterator[Found]:
        seen: set[int] = set()
        for model in program.models:
            graph = graph_of(model)
            for node in graph.nodes if graph is not None else ():
                if node.kind == "layer" and len(node.inputs) == 1 and id(node.layer) not in seen:
                    source = node.inputs[0]
                    if source.kind == "input" and self._is_turned(node, source.shape):
                        seen.add(id(node.layer))
                        yield from self._report(program, node, source)

    def _is_turned(self, node: Node, shape: Shape) -> bool:
        if node.short not in ("Conv2D", "SeparableConv2D", "DepthwiseConv2D", "MaxPooling2D") or node.layer is None:
            return False
        if not _takes_channels_last(node.layer) or shape is None or len(shape) != 4:
            return False
        channels, height, width = shape[1:]
        if channels not in (1, 3, 4) or height is None or width is None:
            return False
        return width >= self.min_width and height >= self.min_width

    def _report(self, program: Program, node: Node, source: Node) -> Iterator[Found]:
        assert source.shape is not None
        channels, height, width = source.shape[1:]
        yield from self.found(
            source.place,
            f"{node.short} takes {show(source.shape[1:])} for {channels} rows and {height} columns "
            f"with {width} channels",
            label="the channels come first",
            also=[(node.place if node.place is not source.place else None, "takes the last axis for the channels")],
            why="Keras takes the last axis of an image for its channels, unless data_format says otherwise",
            help=f"give images of shape ({height}, {width}, {channels}): np.transpose(images, (0, 2, 3, 1))",
            about=_first_misfit(program, node.op),
        )

    bad = (
        """
        from keras.models import Sequential
        from keras.layers import Conv2D, Flatten, Dense
        model = Sequential()
        model.add(Conv2D(32, (5, 5), padding="same", activation="relu", input_shape=(1, 28, 28)))  # KS023
        model.add(Flatten())
        model.add(Dense(10, activation="softmax"))
        """,
    )
    good = (
        """
        import keras
        from keras import layers
        a = keras.Sequential([keras.Input((3, 64, 64)), layers.Conv2D(8, 3, data_format="channels_first")])
        b = keras.Sequential([keras.Input((3, 64, 64)), layers.Permute((2, 3, 1)), layers.Conv2D(8, 3)])
        c = keras.Sequential([keras.Input((64, 64, 3)), layers.Conv2D(8, 3)])
        d = keras.Sequential([keras.Input((4, 100, 2)), layers.Conv2D(8, (2, 5))])
        """,
        """
        import keras
        keras.backend.set_image_data_format("channels_first")
        model = keras.Sequential([keras.Input((3, 64, 64)), keras.layers.Conv2D(8, 3)])
        """,
    )


def _takes_channels_last(layer: Object) -> bool:
    """Whether the layer is known to take the last axis for the channels."""
    given = argument(layer, "data_format")
    return constant(given) is None or text(given) == "channels_last"


def _first_misfit(program: Program, op: Op) -> object:
    """The layer at which the shapes first do not fit, if this one or a later one on the way does not."""
    misfits = [event.op for event in program.all(Mismatch)]
    for misfit in misfits:
        current = misfit
        for _ in range(_FAR):
            if current.layer is op.layer:
                return misfit.layer or misfit
            if len(current.inputs) != 1:
                break
            current = current.inputs[0].op
    return op.layer


#: Steps to look back from a misfit.
_FAR = 30
