"""KS022."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.finding import Safety, Severity
from kerlint.library.contracts import as_data, inputs_of
from kerlint.library.kinds import NOISE, unwrapped
from kerlint.library.objects import argument
from kerlint.program.constants import truth
from kerlint.program.events import Fit
from kerlint.program.facts import Program
from kerlint.program.graph import Node
from kerlint.program.labels import Step
from kerlint.program.target import Target
from kerlint.rules import fixing
from kerlint.rules.base import Found, Rule
from kerlint.rules.versions import only_before

_RECURRENT = ("LSTM", "GRU", "SimpleRNN")
#: The first minor version of Keras 3 whose recurrent layers do not pass on the mask that they are given.
_MASK_IS_LOST = 16


class PaddingNotMasked(Rule):
    """A recurrent layer reads the padding behind each sentence as if it were words.

    `pad_sequences(..., padding="post")` fills the end of short rows with zeros. Without
    `mask_zero=True` the embedding gives them a vector like any other word, and the recurrent layer
    goes on to the last of them before it gives its answer.

    ## Why is this bad?
    What the layer gives is its state after a long run of padding: of a short sentence at the beginning
    little is left.

    ## Example
    ```python
    from tensorflow import keras

    (x, y), _ = keras.datasets.imdb.load_data(num_words=5000)
    x = keras.utils.pad_sequences(x, maxlen=500, padding="post")
    model = keras.Sequential([
        keras.layers.Embedding(5000, 32),  # KS022
        keras.layers.LSTM(32),
        keras.layers.Dense(1, activation="sigmoid"),
    ])
    model.compile(optimizer="adam", loss="binary_crossentropy")
    model.fit(x, y, epochs=3)
    ```

    Use instead:
    ```python
    from tensorflow import keras

    (x, y), _ = keras.datasets.imdb.load_data(num_words=5000)
    x = keras.utils.pad_sequences(x, maxlen=500, padding="post")
    model = keras.Sequential([
        keras.layers.Embedding(5000, 32, mask_zero=True),
        keras.layers.LSTM(32),
        keras.layers.Dense(1, activation="sigmoid"),
    ])
    model.compile(optimizer="adam", loss="binary_crossentropy")
    model.fit(x, y, epochs=3)
    ```

    ## Known limits
    Padding in front, which is the default of `pad_sequences`, does little harm and is left alone. So are
    layers that give their output for every step, and bidirectional ones.

    A nightly build of Keras 3.16 gives the mask to the first recurrent layer only, warns that it will "destroy the
    mask information", and does so: the recurrent layers behind it read the padding again. There only
    `padding="pre"` helps them.

    ## References
    - Measured on Keras 3.15.1 and on a nightly build of 3.16 (October 2026): without a mask the answer for a sentence
      changes with the length of its padding; Keras says nothing. With one it does not, up to 3.15 for a stack of two
      LSTMs, too.
    - https://keras.io/guides/understanding_masking_and_padding/
    """

    code = "KS022"
    name = "padding-not-masked"
    severity = Severity.WARNING
    fix = Safety.UNSAFE
    symptoms = ("accuracy-stuck", "slow-learning", "constant-output")
    since = "0.1.0"
    in_tests = False

    def check(self, program: Program) -> Iterator[Found]:
        seen: set[int] = set()
        for fit in program.fits:
            padded = _padded_behind(fit)
            starts = [node for node in fit.graph.nodes if node.kind == "input"]
            if padded is None or len(starts) != 1:
                continue
            for node in starts[0].consumers:
                reader = _last_state(node)
                if reader is not None and id(node.layer) not in seen:
                    seen.add(id(node.layer))
                    yield from self._report(node, reader, padded, program.target)

    def _report(self, node: Node, reader: Node, padded: Step, target: Target) -> Iterator[Found]:
        stacked = _is_behind_another(reader)
        lost = stacked and target.since(3, _MASK_IS_LOST)
        if lost:
            remedy = 'write padding="pre"'
        elif stacked:
            remedy = f'write padding="pre", or mask_zero=True{only_before(target, _MASK_IS_LOST)}'
        else:
            remedy = 'write mask_zero=True, or padding="pre"'
        yield from self.found(
            node.place,
            f"{reader.short} reads the zeros behind each sentence as words: the Embedding does not mask them",
            label="without mask_zero=True",
            also=[(padded.node, "puts zeros behind short rows"), (reader.place, "gives its state after the last zero")],
            why="the answer is the state after the last step, and that is padding for all but the longest rows",
            help=remedy,
            about=node.layer,
            fix=None if lost else fixing.draft("add mask_zero=True", fixing.put(node.layer, "mask_zero", "True")),
        )

    good = (
        """
        from tensorflow import keras
        (x, y), _ = keras.datasets.imdb.load_data(num_words=5000)
        before = keras.utils.pad_sequences(x, maxlen=500)
        behind = keras.utils.pad_sequences(x, maxlen=500, padding="post")
        a = keras.Sequential([keras.layers.Embedding(5000, 32), keras.layers.LSTM(1)])
        a.compile("adam", "mse")
        a.fit(before, y)
        b = keras.Sequential([
            keras.layers.Embedding(5000, 32), keras.layers.LSTM(8, return_sequences=True),
            keras.layers.GlobalMaxPooling1D(), keras.layers.Dense(1),
        ])
        b.compile("adam", "mse")
        b.fit(behind, y)
        c = keras.Sequential([keras.layers.Embedding(5000, 32), keras.layers.Flatten(), keras.layers.Dense(1)])
        c.compile("adam", "mse")
        c.fit(behind, y)
        """,
    )


def _padded_behind(fit: Fit) -> Step | None:
    """The step that puts zeros behind the rows of the training data."""
    data = as_data(inputs_of(fit))
    return next((step for step in data.steps if step.name == "padded behind"), None) if data is not None else None


def _is_behind_another(reader: Node) -> bool:
    """Whether a recurrent layer takes what another one gives for each step."""
    node = reader
    while len(node.inputs) == 1:
        (node,) = node.inputs
        if node.short in _RECURRENT:
            return True
    return False


def _last_state(node: Node) -> Node | None:
    """The recurrent layer whose last state is all that is used of an embedding without a mask."""
    if node.short != "Embedding" or node.layer is None or truth(argument(node.layer, "mask_zero")) is not False:
        return None
    while len(node.consumers) == 1:
        node = node.consumers[0]
        if node.layer is None:
            return None
        layer = unwrapped(node.layer)
        if layer is node.layer and layer.short in _RECURRENT:
            answer = truth(argument(layer, "return_sequences"))
            backwards = truth(argument(layer, "go_backwards"))
            if answer is False:
                return node if backwards is False else None
            if answer is None:
                return None
        elif node.short not in NOISE:
            return None
    return None
