"""KD025."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.finding import Severity
from kerlint.library.contracts import Contract, contracts
from kerlint.library.inputs import feeds
from kerlint.program.events import Fit
from kerlint.program.facts import Program
from kerlint.program.values import Array
from kerlint.rules.base import Found, Rule


class StringsAsNumbers(Rule):
    """A model is trained on strings or Python objects where it needs numbers.

    Class names as labels, a text column among the features, a `None` for a missing value: NumPy
    makes an array of strings or of objects of them.

    ## Why is this bad?
    Keras cannot compute with such an array. It says so only when training begins, after all data has been
    loaded, and names the dtype but not the column.

    ## Example
    ```python
    import numpy as np
    from tensorflow import keras

    x = np.random.rand(4, 3)
    y = np.array(["cat", "dog", "dog", "cat"])
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, activation="softmax")])
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    model.fit(x, y, epochs=10)  # KD025
    ```

    Use instead:
    ```python
    import numpy as np
    from tensorflow import keras
    from sklearn.preprocessing import LabelEncoder

    x = np.random.rand(4, 3)
    y = LabelEncoder().fit_transform(np.array(["cat", "dog", "dog", "cat"]))
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, activation="softmax")])
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    model.fit(x, y, epochs=10)
    ```

    ## Known limits
    Only arrays whose content stands in the program. The columns of a file are not known, and neither are
    missing values (NaN) in it: those Keras takes without a word.

    ## References
    - Measured on Keras 3.15.1: strings raise `ValueError: Invalid dtype: str32` (the number follows the longest
      string), mixed columns and None `ValueError: Invalid dtype: object`, for features and for labels alike.
    """

    code = "KD025"
    name = "strings-as-numbers"
    severity = Severity.ERROR
    symptoms = ("crash",)
    since = "0.1.0"

    def check(self, program: Program) -> Iterator[Found]:
        told: set[int] = set()
        for contract in contracts(program):
            for array, fit in _labels(contract):
                if id(array.origin) not in told:
                    told.add(id(array.origin))
                    yield from self._report(array, fit, "labels", "LabelEncoder or keras.layers.StringLookup")
        for feed in feeds(program):
            if isinstance(feed.event, Fit) and _holds_objects(feed.array) and id(feed.array.origin) not in told:
                told.add(id(feed.array.origin))
                yield from self._report(feed.array, feed.event, "features", "a number for each, or StringLookup")

    def _report(self, array: Array, fit: Fit, what: str, encoder: str) -> Iterator[Found]:
        place = fit.places.get("y" if what == "labels" else "x") or fit.node
        yield from self.found(
            place,
            f"the {what} are strings or objects, not numbers: training cannot begin",
            label=f"these {what}",
            also=[(array.origin.node, "an array of strings or objects")],
            why="Keras computes with numbers only, and refuses the dtype when the first batch is made",
            help=f"encode them first: {encoder}",
            about=fit,
        )

    good = (
        """
        import numpy as np
        from tensorflow import keras
        x = np.array([["1", "2"], ["3", "4"]]).astype("float32")
        y = np.array([0, 1])
        model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, activation="sigmoid")])
        model.compile(optimizer="adam", loss="binary_crossentropy")
        model.fit(x, y, epochs=10)
        """,
        """
        import numpy as np
        import tensorflow as tf
        from tensorflow import keras
        x = np.array(["a cat", "a dog"])
        y = np.array([0, 1])
        text = keras.layers.TextVectorization(max_tokens=100)
        model = keras.Sequential([
            keras.Input((1,), dtype=tf.string), text, keras.layers.Embedding(100, 8),
            keras.layers.GlobalAveragePooling1D(), keras.layers.Dense(1, activation="sigmoid"),
        ])
        model.compile(optimizer="adam", loss="binary_crossentropy")
        model.fit(x, y, epochs=10)
        """,
    )


def _labels(contract: Contract) -> Iterator[tuple[Array, Fit]]:
    for target in contract.targets:
        if isinstance(target.fit, Fit) and _holds_objects(target.array):
            yield target.array, target.fit


def _holds_objects(array: Array) -> bool:
    """Whether an array surely has strings or objects in it: it is written out as such, and was not changed since."""
    return array.dtype == "object" and array.origin.source == "literal" and array.origin.dtype == "object"
