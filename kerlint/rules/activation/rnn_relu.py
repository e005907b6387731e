"""KA022."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.finding import Safety, Severity
from kerlint.library.finished import final_graphs
from kerlint.library.kinds import own_activation, unwrapped
from kerlint.program.facts import Program
from kerlint.rules import fixing
from kerlint.rules.base import Found, Rule

_UNBOUNDED = frozenset({"relu", "leaky_relu", "elu", "selu", "gelu", "silu", "linear", "softplus", "exponential"})


class RnnRelu(Rule):
    """An LSTM or GRU has an activation without an upper bound, such as relu.

    The activation of a recurrent layer is applied at every step to what goes into the next one. The
    default, tanh, keeps the state between -1 and 1.

    ## Why is this bad?
    A state that grows a little with each step has grown a lot after a hundred: the outputs and the
    gradient explode, and the loss jumps or becomes NaN. Besides, the fast implementation for GPUs is
    made for tanh only, and is not used. Many programs train with relu all the same, mostly on short
    sequences: that is why this is advice.

    ## Example
    ```python
    from tensorflow import keras

    model = keras.Sequential([
        keras.Input((100, 8)),
        keras.layers.LSTM(64, activation="relu"),  # KA022
        keras.layers.Dense(1),
    ])
    ```

    Use instead:
    ```python
    from tensorflow import keras

    model = keras.Sequential([
        keras.Input((100, 8)),
        keras.layers.LSTM(64),
        keras.layers.Dense(1),
    ])
    ```

    ## References
    - https://keras.io/api/layers/recurrent_layers/lstm/ names what the fast implementation needs: among others
      `activation="tanh"`
    - Measured on Keras 3.15.1: accepted without a word.
    """

    code = "KA022"
    name = "rnn-relu"
    severity = Severity.ADVICE
    fix = Safety.UNSAFE
    symptoms = ("loss-nan", "slow-run", "slow-learning")
    since = "0.1.0"
    in_tests = False

    def check(self, program: Program) -> Iterator[Found]:
        seen: set[int] = set()
        for graph in final_graphs(program):
            for node in graph.nodes:
                layer = unwrapped(node.layer) if node.layer is not None else None
                if layer is None or id(layer) in seen or layer.short not in ("LSTM", "GRU", "ConvLSTM2D"):
                    continue
                name = own_activation(layer)
                if name not in _UNBOUNDED:
                    continue
                seen.add(id(layer))
                steps = node.input_shape[1] if node.input_shape and len(node.input_shape) > 1 else None
                yield from self.found(
                    layer.places.get("activation") or node.place,
                    f"the state of this {layer.short} has no bound: its activation is {name}",
                    label="applied at every step" if steps is None else f"applied at each of {steps} steps",
                    why="what grows with every step explodes over a sequence, and the fast GPU code is for tanh only",
                    help="leave the activation at tanh; put relu after the layer, not into it",
                    about=layer,
                    fix=fixing.draft("leave the activation out", fixing.drop(layer, "activation")),
                )

    bad = (
        """
        import keras
        inputs = keras.Input((None, 8))
        x = keras.layers.Bidirectional(keras.layers.GRU(16, activation="relu"))(inputs)  # KA022
        model = keras.Model(inputs, keras.layers.Dense(1)(x))
        """,
    )
    good = (
        """
        import keras
        inputs = keras.Input((None, 8))
        x = keras.layers.LSTM(16, activation="tanh", return_sequences=True)(inputs)
        x = keras.layers.LSTM(16, activation=chosen)(x)
        x = keras.layers.ReLU()(x)
        model = keras.Model(inputs, keras.layers.Dense(1, activation="relu")(x))
        """,
    )
