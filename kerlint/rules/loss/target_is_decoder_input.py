"""KL031."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.finding import Severity
from kerlint.library.branches import inputs_of
from kerlint.library.contracts import read_loss
from kerlint.library.kinds import RECURRENT, unwrapped
from kerlint.library.same_data import same_data
from kerlint.program.events import Fit
from kerlint.program.facts import Program
from kerlint.program.graph import Node
from kerlint.program.values import Array, Dataset, Mapping, Sequence, Tensor, Value
from kerlint.rules.base import Found, Rule


class TargetIsDecoderInput(Rule):
    """A model that shall tell the next word of a sequence gets this very word at the same place of its input.

    The target of a decoder is its input, one step further on: it reads the words up to here and tells the next one. If
    both are cut alike, the word that it has to tell is the one that it has just read.

    ## Why is this bad?
    The model learns to copy. Its loss falls to nothing and its accuracy nears 1, and when it has to write by itself it
    repeats the first word for ever.

    ## Example
    ```python
    from tensorflow import keras
    from tensorflow.keras import layers

    words = keras.utils.pad_sequences(numbers, padding="post")
    model = keras.Sequential([
        keras.Input((None,)),
        layers.Embedding(5000, 64),
        layers.LSTM(128, return_sequences=True),
        layers.Dense(5000, activation="softmax"),
    ])
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    model.fit(words[:, :-1], words[:, :-1])  # KL031
    ```

    Use instead:
    ```python
    from tensorflow import keras
    from tensorflow.keras import layers

    words = keras.utils.pad_sequences(numbers, padding="post")
    model = keras.Sequential([
        keras.Input((None,)),
        layers.Embedding(5000, 64),
        layers.LSTM(128, return_sequences=True),
        layers.Dense(5000, activation="softmax"),
    ])
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    model.fit(words[:, :-1], words[:, 1:])
    ```

    ## Known limits
    Only class numbers as targets, of arrays that are the same or are cut alike with constants, for an input that goes
    into an embedding and reaches the output step by step. Where a layer on the way may shift, hide or sum up the steps,
    as an autoencoder does, nothing is said.

    ## References
    - Measured on Keras 3.15.1: on random words out of 20, of which nothing can be told in advance, the accuracy of the
      example is above .9 after a few epochs, and with the target shifted by one it stays at chance.
    """

    code = "KL031"
    name = "target-is-decoder-input"
    severity = Severity.WARNING
    symptoms = ("too-good", "wrong-result")
    since = "0.1.0"
    in_tests = False

    def check(self, program: Program) -> Iterator[Found]:
        told: set[int] = set()
        for fit in program.fits:
            loss = read_loss(fit.compile.loss) if fit.compile is not None else None
            if loss is None or loss.function != "sparse_categorical_crossentropy" or id(fit.node) in told or fit.open:
                continue
            for tensor, given, target in _pairs(fit):
                start = next((node for node in fit.graph.nodes if node.op is tensor.op), None)
                if start is None or not same_data(given, target) or not _is_copied(start, fit):
                    continue
                told.add(id(fit.node))
                yield from self.found(
                    fit.places.get("y") or fit.node,
                    "the targets are what the model reads at the same step: it has only to copy them",
                    label="the same words at the same places",
                    also=[(given.node, "the input"), (target.node if target is not given else None, "the target")],
                    why="a decoder reads the words up to one step, and its target is the next one",
                    help="input words[:, :-1], target words[:, 1:]",
                    about=fit,
                )

    bad = (
        """
        import tensorflow as tf
        from tensorflow.keras.layers import GRU, Dense, Dropout, Embedding, Input
        both = tf.keras.preprocessing.sequence.pad_sequences(tokenizer.texts_to_sequences(texts), padding="post")
        before, after = both[:, :-1], both[:, :-1]
        source = Input((None,))
        state = GRU(64)(Embedding(4000, 32)(source))
        told = Input((None,))
        steps = GRU(64, return_sequences=True)(Embedding(4000, 32)(told), initial_state=state)
        words = Dense(4000, activation="softmax")(Dropout(0.2)(steps))
        model = tf.keras.Model([source, told], words)
        model.compile("adam", tf.keras.losses.SparseCategoricalCrossentropy())
        model.fit([questions, before], after, epochs=20)  # KL031
        source, told = Input((None,), name="source"), Input((None,), name="told")
        state = GRU(64)(Embedding(4000, 32)(source))
        steps = GRU(64, return_sequences=True)(Embedding(4000, 32)(told), initial_state=state)
        model = tf.keras.Model([source, told], Dense(4000, activation="softmax")(steps))
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit({"told": both, "source": questions}, both, epochs=20)  # KL031
        """,
    )
    good = (
        """
        import tensorflow as tf
        from tensorflow.keras import layers
        words = tf.keras.utils.pad_sequences(numbers, padding="post")
        def decoder(*middle):
            model = tf.keras.Sequential([tf.keras.Input((20,)), layers.Embedding(500, 8), *middle,
                                         layers.Dense(500, activation="softmax")])
            model.compile("adam", "sparse_categorical_crossentropy")
            return model
        plain = decoder(layers.LSTM(32, return_sequences=True))
        plain.fit(words[:, :-1], words[:, 1:])
        plain.fit(words[:, :-1], tags[:, :-1])
        plain.fit(words[:, a:b], words[:, a:b])
        # An autoencoder sums everything up; another one hides or shifts.
        squeezed = decoder(layers.LSTM(32), layers.RepeatVector(20), layers.LSTM(32, return_sequences=True))
        squeezed.fit(words, words)
        hidden = decoder(layers.Lambda(hide), layers.LSTM(32, return_sequences=True))
        hidden.fit(words, words)
        later = [layers.ZeroPadding1D((1, 0)), layers.Cropping1D((0, 1))]
        shifted = decoder(*later, layers.LSTM(32, return_sequences=True))
        shifted.fit(words, words)
        """,
    )


#: Layers that give something for each step, which may be what the step was.
_BY_STEP = frozenset(
    """Embedding Dense TimeDistributed Dropout Activation ReLU LayerNormalization BatchNormalization Add Concatenate
    SpatialDropout1D Softmax InputLayer""".split()
)


def _pairs(fit: Fit) -> Iterator[tuple[Tensor, Array, Array]]:
    """Each input of the model with the data for it, and the targets."""
    x, y = _parts(fit)
    inputs = inputs_of(fit.model) or [Tensor(node.op, node.shape) for node in fit.graph.nodes if node.kind == "input"]
    if isinstance(x, Array):
        given: list[Value] = [x]
    elif isinstance(x, Sequence):
        given = list(x.exact or ())
    else:
        entries = x.entries if isinstance(x, Mapping) and not x.open else {}
        given = [entries[tensor.op.label] for tensor in inputs if tensor.op.label in entries]
    if isinstance(y, Array) and len(given) == len(inputs):
        for tensor, data in zip(inputs, given):
            if isinstance(data, Array):
                yield tensor, data, y


def _parts(fit: Fit) -> tuple[Value | None, Value | None]:
    """Inputs and targets; those of a dataset where it gives them as they were put in."""
    if not isinstance(fit.x, Dataset):
        return fit.x, fit.y
    tensors = fit.x.args.get("tensors")
    plain = all(step.name in ("batch", "cache", "prefetch", "repeat", "shuffle", "take") for step in fit.x.transforms)
    pair = tensors.exact if plain and isinstance(tensors, Sequence) else None
    return (pair[0], pair[1]) if pair is not None and len(pair) == 2 else (None, None)


def _is_copied(start: Node, fit: Fit) -> bool:
    """Whether an input goes into an embedding and from there to the only output, step by step."""
    if len(fit.graph.outputs) != 1:
        return False
    first = [node for node in start.consumers if node.short == "Embedding"]
    pending, seen = list(first), set[int]()
    while pending:
        node = pending.pop()
        if id(node) in seen or not _is_by_step(node):
            continue
        seen.add(id(node))
        if node is fit.graph.outputs[0]:
            return True
        pending.extend(node.consumers)
    return False


def _is_by_step(node: Node) -> bool:
    layer = unwrapped(node.layer) if node.layer is not None else None
    if layer is None or node.shape is None or len(node.shape) != 3:
        return False
    return node.short in _BY_STEP or layer.short in RECURRENT
