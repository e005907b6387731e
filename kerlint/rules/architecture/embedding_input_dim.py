"""KS004."""

from __future__ import annotations

from collections.abc import Iterator
from math import inf

from kerlint.finding import Safety, Severity
from kerlint.library.contracts import as_data, inputs_of
from kerlint.program.constants import integer
from kerlint.program.events import Fit
from kerlint.program.facts import Program
from kerlint.program.graph import Node
from kerlint.program.target import Target
from kerlint.program.values import LENGTH, Array, Bound, Object, Value
from kerlint.rules import fixing
from kerlint.rules.base import Found, Rule


class EmbeddingInputDim(Rule):
    """An embedding has fewer rows than the numbers of the words that it gets.

    `input_dim` is the largest number plus 1. A `Tokenizer` counts its words from 1 and keeps 0 for the
    padding, so a vocabulary of n words needs n + 1 rows.

    ## Why is this bad?
    On a CPU the first batch with such a word ends in an error, which may be hours after the start. On a
    GPU there is none: the word silently gets a vector of zeros.

    ## Example
    ```python
    from tensorflow import keras
    from tensorflow.keras.preprocessing.text import Tokenizer

    tokenizer = Tokenizer()
    tokenizer.fit_on_texts(texts)
    model = keras.Sequential([
        keras.layers.Embedding(len(tokenizer.word_index), 64),  # KS004
        keras.layers.GlobalAveragePooling1D(),
        keras.layers.Dense(1, activation="sigmoid"),
    ])
    ```

    Use instead:
    ```python
    from tensorflow import keras
    from tensorflow.keras.preprocessing.text import Tokenizer

    tokenizer = Tokenizer()
    tokenizer.fit_on_texts(texts)
    model = keras.Sequential([
        keras.layers.Embedding(len(tokenizer.word_index) + 1, 64),
        keras.layers.GlobalAveragePooling1D(),
        keras.layers.Dense(1, activation="sigmoid"),
    ])
    ```

    ## Known limits
    Data is compared with the embedding only where the model reads it as it is and its largest number is
    known.

    ## References
    - Measured on a CPU with Keras 3.3 to 3.15.1: an error at the first batch with an index that is too large. Keras 3.0
      to 3.2 take the last row instead, and say nothing.
    - On GPUs the result is zeros: https://github.com/tensorflow/tensorflow/issues/5847
    - https://github.com/keras-team/keras/issues/9264
    """

    code = "KS004"
    name = "embedding-input-dim"
    severity = Severity.ERROR
    fix = Safety.SAFE
    symptoms = ("crash", "wrong-result")
    since = "0.1.0"

    def check(self, program: Program) -> Iterator[Found]:
        seen: set[int] = set()
        for layer in program.made("keras.layers.Embedding"):
            tokenizer = _counted(layer.args.get("input_dim"))
            if tokenizer is not None:
                seen.add(id(layer))
                yield from self._words(layer, tokenizer)
        for fit in program.fits:
            for node in _first_embeddings(fit):
                if node.layer is not None and id(node.layer) not in seen:
                    found = list(self._data(fit, node, program.target))
                    seen.update([id(node.layer)] if found else [])
                    yield from found

    def _words(self, layer: Object, tokenizer: Object) -> Iterator[Found]:
        place = layer.places.get("input_dim")
        yield from self.found(
            layer.places.get("input_dim"),
            "the embedding has one row too few: a Tokenizer counts its words from 1, and 0 is the padding",
            label="the number of the last word is not below this",
            also=[(tokenizer.node, "counts from 1")],
            why="with n words the numbers go up to n, and the embedding takes 0 to n - 1",
            help="write len(tokenizer.word_index) + 1",
            about=layer,
            fix=fixing.draft("add 1", fixing.replace(place, "{0} + 1", place, variable=True))
            if place is not None and place is fixing.operand(place)
            else None,
        )

    def _data(self, fit: Fit, node: Node, target: Target) -> Iterator[Found]:
        rows = integer(node.args.get("input_dim"))
        data = as_data(inputs_of(fit))
        if rows is None or data is None or data.high is None or not rows <= data.high < inf or not _is_reached(data):
            return
        yield from self.found(
            node.argument_place("input_dim"),
            f"the embedding has {rows} rows, but the numbers of the words go up to {data.high:g}",
            label=f"takes 0 to {rows - 1}",
            also=[(data.node, f"numbers up to {data.high:g}"), (fit.places.get("x"), "trained on here")],
            why="a number without a row gets the last one, and nothing says so"
            if target.since(3, 0) and target.before(3, 3)
            else "a number without a row is an error on a CPU, and a vector of zeros on a GPU",
            help=f"use input_dim={data.high + 1:g}, or limit the vocabulary to {rows} words where the data is made",
            about=node.layer,
            fix=fixing.draft(
                f"use {data.high + 1:g} rows",
                fixing.put(node.layer, "input_dim", f"{int(data.high) + 1}"),
                safety=Safety.UNSAFE,
            ),
        )

    bad = (
        """
        import keras
        (x, y), _ = keras.datasets.imdb.load_data(num_words=10000)
        x = keras.utils.pad_sequences(x, maxlen=200)
        model = keras.Sequential()
        model.add(keras.layers.Embedding(5000, 32))  # KS004
        model.add(keras.layers.LSTM(16))
        model.add(keras.layers.Dense(1, activation="sigmoid"))
        model.compile("adam", "binary_crossentropy")
        model.fit(x, y)
        """,
        """
        from keras.layers import Embedding
        from keras.preprocessing.text import Tokenizer
        tokenizer = Tokenizer(oov_token="?")
        tokenizer.fit_on_texts(texts)
        word_index = tokenizer.word_index
        size = len(word_index)
        layer = Embedding(input_dim=size, output_dim=8)  # KS004
        """,
    )
    good = (
        """
        import keras
        (x, y), _ = keras.datasets.imdb.load_data(num_words=10000)
        x = keras.utils.pad_sequences(x, maxlen=200)
        model = keras.Sequential([keras.layers.Embedding(10000, 32), keras.layers.LSTM(1, activation="sigmoid")])
        model.compile("adam", "binary_crossentropy")
        model.fit(x, y)
        """,
        """
        import keras
        from keras.preprocessing.text import Tokenizer
        tokenizer = Tokenizer(num_words=1000)
        tokenizer.fit_on_texts(texts)
        layer = keras.layers.Embedding(len(tokenizer.word_index), 8)
        own = keras.layers.Embedding(len(vocabulary), 8)
        size = len(tokenizer.word_index) + 1
        other = keras.layers.Embedding(size, 8)
        """,
        """
        import keras
        import numpy as np
        x = np.random.randint(1000, size=(500, 20))
        inputs = keras.Input((20,))
        shifted = keras.layers.Embedding(500, 8)(keras.layers.Lambda(lambda ids: ids % 500)(inputs))
        model = keras.Model(inputs, keras.layers.GlobalMaxPooling1D()(shifted))
        model.compile("adam", "mse")
        model.fit(x, np.random.rand(500, 8))
        plain = keras.Sequential([keras.Input((20,)), keras.layers.Embedding(10, 5), keras.layers.Flatten()])
        plain.compile("adam", "mse")
        plain.fit(np.random.uniform(1, 10, size=(22, 20)), np.random.rand(22, 100))
        """,
    )


def _counted(value: Value | None) -> Object | None:
    """The tokenizer whose words are counted: `len(tokenizer.word_index)`."""
    of = value.args.get("of") if isinstance(value, Object) and value.name == LENGTH else None
    if not isinstance(of, Bound) or of.name not in ("word_index", "index_word", "word_counts"):
        return None
    tokenizer = of.receiver
    if not isinstance(tokenizer, Object) or tokenizer.short != "Tokenizer" or tokenizer.open:
        return None
    return None if "num_words" in tokenizer.args else tokenizer


def _first_embeddings(fit: Fit) -> list[Node]:
    """The embeddings that read the only input of the model as it is."""
    starts = [node for node in fit.graph.nodes if node.kind == "input"]
    return [node for node in starts[0].consumers if node.short == "Embedding"] if len(starts) == 1 else []


def _is_reached(data: Array) -> bool:
    """Whether the largest number occurs: the vocabularies of Keras's data sets are larger than any limit."""
    return (data.tight and "int" in (data.dtype or "")) or data.source in ("imdb", "reuters")
