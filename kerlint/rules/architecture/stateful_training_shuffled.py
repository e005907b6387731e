"""KS030."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.finding import Safety, Severity
from kerlint.library.budget import batch_of
from kerlint.library.kinds import RECURRENT, unwrapped
from kerlint.library.training import structure_rows
from kerlint.program.constants import truth
from kerlint.program.events import Fit
from kerlint.program.facts import Program
from kerlint.program.graph import Node
from kerlint.program.values import Array, Sequence, Value
from kerlint.rules import fixing
from kerlint.rules.base import Found, Rule


class StatefulTrainingShuffled(Rule):
    """A recurrent layer carries its state from batch to batch, and `fit` shuffles the rows.

    ## Why is this bad?
    With `stateful=True` row 0 of a batch begins with the state that row 0 of the batch before has left. That says
    something only if the one goes on where the other has ended. `fit` mixes the rows of arrays in every epoch unless it
    is told not to, so each row begins with the state of a stranger.

    ## Example
    ```python
    from tensorflow import keras

    model = keras.Sequential([
        keras.Input(batch_shape=(1, 10, 1)),
        keras.layers.LSTM(32, stateful=True),
        keras.layers.Dense(1),
    ])
    model.compile(optimizer="adam", loss="mse")
    for epoch in range(25):
        model.fit(windows, following, batch_size=1, epochs=1)  # KS030
        model.layers[0].reset_states()
    ```

    Use instead:
    ```python
    from tensorflow import keras

    model = keras.Sequential([
        keras.Input(batch_shape=(1, 10, 1)),
        keras.layers.LSTM(32, stateful=True),
        keras.layers.Dense(1),
    ])
    model.compile(optimizer="adam", loss="mse")
    for epoch in range(25):
        model.fit(windows, following, batch_size=1, epochs=1, shuffle=False)
        model.layers[0].reset_states()
    ```

    ## Known limits
    Only where targets are given beside the inputs: then these are arrays. Datasets and generators have an order of
    their own, and `fit` does not shuffle them. Rows that make up a single batch are left alone.

    ## References
    - Measured on Keras 3.15.1: `fit` on arrays gives the rows to a stateful layer in another order in each epoch, and
      with `shuffle=False` as they stand.
    """

    code = "KS030"
    name = "stateful-training-shuffled"
    severity = Severity.WARNING
    fix = Safety.UNSAFE
    symptoms = ("accuracy-stuck", "slow-learning", "wrong-result")
    since = "0.1.0"
    in_tests = False

    def check(self, program: Program) -> Iterator[Found]:
        told: set[int] = set()
        for fit in program.fits:
            if fit.method != "fit" or fit.open or id(fit.node) in told or not _is_shuffled(fit):
                continue
            layer = next((node for node in fit.graph.nodes if _keeps_state(node)), None)
            if layer is None:
                continue
            told.add(id(fit.node))
            yield from self.found(
                fit.node,
                f"fit() shuffles the rows, but the {layer.short} carries its state from one batch to the next",
                label="shuffle=True, as nothing else is said" if "shuffle" not in fit.args else "shuffles",
                also=[(layer.argument_place("stateful"), "begins each batch where the last one ended")],
                why="a state says something only about the rows that follow on those it comes from",
                help="shuffle=False",
                about=fit,
                fix=fixing.draft("do not shuffle", fixing.put_in_call(fit.node, "shuffle", "False")),
            )

    bad = (
        """
        import keras
        from keras.layers import GRU, Bidirectional, Dense
        start = keras.Input(batch_shape=(8, 20, 3))
        hidden = Bidirectional(GRU(16, stateful=True))(start)
        net = keras.Model(start, Dense(1)(hidden))
        net.compile("adam", "mae")
        net.fit(x=x_train, y=y_train, batch_size=8, epochs=30, shuffle=True)  # KS030
        """,
        """
        from keras.models import Sequential
        from keras.layers import LSTM, Dense
        batch = 4
        model = Sequential()
        model.add(LSTM(50, batch_input_shape=(batch, 5, 2), stateful=True, return_sequences=True))
        model.add(LSTM(50, stateful=True))
        model.add(Dense(1))
        model.compile(loss="mean_squared_error", optimizer="adam")
        for i in range(epochs):
            model.fit(X, Y, epochs=1, batch_size=batch, verbose=2)  # KS030
            model.reset_states()
        """,
    )
    good = (
        """
        import numpy as np
        import keras
        from keras.layers import LSTM, Dense
        model = keras.Sequential([keras.Input(batch_shape=(8, 20, 3)), LSTM(16, stateful=True), Dense(1)])
        model.compile("adam", "mae")
        model.fit(x, y, batch_size=8, shuffle=False)
        model.fit(x, y, batch_size=8, shuffle=not stateful)
        model.fit(x, y, **settings)
        model.fit(data)
        model.fit(data, None)
        model.fit(x, y, batch_size=len(x))
        model.fit(x, y, batch_size=size)
        model.fit(np.zeros((8, 20, 3)), np.zeros((8, 1)), batch_size=8, epochs=10)
        model.train_on_batch(x, y)
        other = keras.Sequential([keras.Input(batch_shape=(8, 20, 3)), LSTM(16, stateful=flag), Dense(1)])
        other.compile("adam", "mae")
        other.fit(x, y, batch_size=8)
        """,
        """
        import keras
        import tensorflow as tf
        from keras.layers import LSTM, Dense
        model = keras.Sequential([keras.Input(batch_shape=(8, 20, 3)), LSTM(16, stateful=True), Dense(1)])
        model.compile("adam", "mae")
        batches = tf.data.Dataset.from_tensor_slices((x, y)).batch(8, drop_remainder=True)
        model.fit(batches, epochs=10)
        # Trained as it is, used with its state.
        plain = keras.Sequential([keras.Input((20, 3)), LSTM(16), Dense(1)])
        plain.compile("adam", "mae")
        plain.fit(x, y)
        model.set_weights(plain.get_weights())
        model.predict(step, batch_size=8)
        """,
    )


def _is_shuffled(fit: Fit) -> bool:
    """Whether a training call mixes the rows of arrays that make more than one batch."""
    given = fit.args.get("shuffle")
    if given is not None and truth(given) is not True:
        return False
    if not _is_data(fit.x) and fit.y is None:
        return False
    rows, batch = structure_rows(fit.x), batch_of(fit)
    return batch is not None and (rows is None or rows > batch)


def _is_data(value: Value | None) -> bool:
    return isinstance(value, Array) or (isinstance(value, Sequence) and any(map(_is_data, value.items)))


def _keeps_state(node: Node) -> bool:
    layer = unwrapped(node.layer) if node.layer is not None else None
    return layer is not None and layer.short in RECURRENT and truth(layer.args.get("stateful")) is True
