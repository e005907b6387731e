"""KS026."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.finding import Severity
from kerlint.library.graphs import graph_of
from kerlint.library.kinds import RECURRENT, unwrapped
from kerlint.program.constants import truth
from kerlint.program.events import Created
from kerlint.program.facts import Program
from kerlint.program.graph import Graph, Node
from kerlint.program.values import Object
from kerlint.rules.base import Found, Rule


class StatefulWithoutBatchSize(Rule):
    """A recurrent layer is to keep its states from batch to batch, but the model does not say how large a batch is.

    ## Why is this bad?
    A stateful layer holds one state for each row of a batch, so it has to know how many there are when it is built.
    Keras raises an error then.

    ## Example
    ```python
    from tensorflow import keras

    model = keras.Sequential([
        keras.Input((20, 1)),
        keras.layers.LSTM(32, stateful=True),  # KS026
        keras.layers.Dense(1),
    ])
    ```

    Use instead:
    ```python
    from tensorflow import keras

    model = keras.Sequential([
        keras.Input(batch_shape=(16, 20, 1)),
        keras.layers.LSTM(32, stateful=True),
        keras.layers.Dense(1),
    ])
    ```

    ## Known limits
    Only where the way from the input to the layer is known. A model that declares no input takes the size of its first
    batch, and is left alone.

    ## References
    - Measured on Keras 3.15.1 for `LSTM`, `GRU`, `RNN`, `ConvLSTM2D` and `Bidirectional`: ValueError, "the batch size
      must be static".
    """

    code = "KS026"
    name = "stateful-without-batch-size"
    severity = Severity.ERROR
    symptoms = ("crash",)
    since = "0.1.0"

    def check(self, program: Program) -> Iterator[Found]:
        # A layer of the program may tell a tensor how large its batch is.
        if program.times_mentioned("set_shape"):
            return
        told: set[int] = set()
        for event in program.all(Created):
            graph = graph_of(event.model)
            if event.assumed or event.tried or graph is None:
                continue
            for node, start in _stateful(graph):
                if id(node.place) in told:
                    continue
                told.add(id(node.place))
                yield from self.found(
                    node.argument_place("stateful"),
                    f"this {node.short} keeps its states, but the size of the batches is not given",
                    label="needs a batch size",
                    also=[(start.place, "batches of any size")],
                    why="there is one state for each row of a batch, and room for them is made when it is built",
                    help="keras.Input(batch_shape=(batch, steps, features)), and the same batch_size in fit()",
                    about=event.model,
                )

    bad = (
        """
        import keras
        from keras.layers import GRU, LSTM, Bidirectional, Dense
        inputs = keras.Input((20, 1))
        hidden = GRU(8, return_sequences=True)(inputs)
        model = keras.Model(inputs, LSTM(8, stateful=True)(hidden))  # KS026
        model = keras.Sequential([LSTM(8, stateful=True, input_shape=(20, 1)), Dense(1)])  # KS026
        model = keras.Sequential()
        model.add(keras.Input(shape=(steps, 1)))
        model.add(Bidirectional(LSTM(8, stateful=True)))  # KS026
        model.add(Dense(1))
        """,
    )
    good = (
        """
        import keras
        from keras.layers import LSTM, Dense
        model = keras.Sequential([LSTM(8, stateful=True, batch_input_shape=(16, 20, 1)), Dense(1)])
        model = keras.Sequential([LSTM(8, stateful=True, input_shape=(20, 1), batch_size=16), Dense(1)])
        model = keras.Sequential([keras.Input((20, 1), batch_size=size), LSTM(8, stateful=flag), Dense(1)])
        model = keras.Sequential([keras.Input((20, 1), size), LSTM(8, stateful=True), Dense(1)])
        model = keras.Sequential([LSTM(8, stateful=True), Dense(1)])
        model.compile("adam", "mse")
        model.fit(x, y, batch_size=16, shuffle=False)
        model = keras.Sequential([keras.Input((20, 1)), LSTM(8), Dense(1)])
        inputs = keras.Input((20, 1))
        model = keras.Model(inputs, LSTM(8, stateful=True)(fold(inputs)))
        """,
        """
        import keras
        class Batch(keras.layers.Layer):
            def call(self, x):
                x.set_shape((16, 20, 1))
                return x
        inputs = keras.Input((20, 1))
        model = keras.Model(inputs, keras.layers.LSTM(8, stateful=True)(Batch()(inputs)))
        """,
    )


#: What says how large a batch is, or may say so.
_SIZES = frozenset({"batch_size", "batch_shape", "batch_input_shape", "tensor", "input_tensor"})


def _stateful(graph: Graph) -> Iterator[tuple[Node, Node]]:
    """The stateful layers, each with the input that it is built for, where that leaves the size of a batch open."""
    for node in graph.nodes:
        layer = unwrapped(node.layer) if node.layer is not None else None
        if not isinstance(layer, Object) or layer.short not in RECURRENT or layer.open:
            continue
        start = _start(node) if truth(layer.args.get("stateful")) is True else None
        if start is not None:
            yield node, start


def _start(node: Node) -> Node | None:
    """The input behind a chain of layers, if it is declared with a batch of any size."""
    while node.kind == "layer" and len(node.inputs) == 1:
        node = node.inputs[0]
    declared = node.op.args
    if node.kind != "input" or not declared.keys() & {"shape", "input_shape", "input_dim"} or declared.keys() & _SIZES:
        return None
    return node if node.shape is None or node.shape[0] is None else None
