"""KN022."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.finding import Severity
from kerlint.library.inputs import feeds, made_at
from kerlint.program.facts import Program
from kerlint.rules.base import Found, Rule

#: What numbers categories in the order of their names.
_ENCODERS = ("OrdinalEncoder", "LabelEncoder")


class LabelEncodedInput(Rule):
    """Categories go into the network as numbers 0, 1, 2, ... in the order of their names.

    `OrdinalEncoder` and `LabelEncoder` number categories. To a layer of weights such a number is a
    quantity: Berlin is 0, Paris 1, Rome 2, so Rome is twice Paris.

    ## Why is this bad?
    The layer multiplies the number by one weight, so it can only learn effects that rise or fall along
    an order that means nothing. More units can make up for some of it, at the cost of data and time.

    ## Example
    ```python
    import pandas as pd
    from sklearn.preprocessing import OrdinalEncoder
    from tensorflow import keras

    frame = pd.read_csv("houses.csv")
    x = OrdinalEncoder().fit_transform(frame[["city", "kind"]])
    model = keras.Sequential([
        keras.Input((2,)),
        keras.layers.Dense(16, activation="relu"),  # KN022
        keras.layers.Dense(1),
    ])
    model.compile(optimizer="adam", loss="mse")
    model.fit(x, frame["price"], epochs=20)
    ```

    Use instead:
    ```python
    import pandas as pd
    from sklearn.preprocessing import OneHotEncoder
    from tensorflow import keras

    frame = pd.read_csv("houses.csv")
    x = OneHotEncoder(sparse_output=False).fit_transform(frame[["city", "kind"]])
    model = keras.Sequential([
        keras.Input((x.shape[1],)),
        keras.layers.Dense(16, activation="relu"),
        keras.layers.Dense(1),
    ])
    model.compile(optimizer="adam", loss="mse")
    model.fit(x, frame["price"], epochs=20)
    ```

    ## Known limits
    Advice: some categories do have an order (small, medium, large). Only where the encoded columns go into the
    network as they are; columns that are put back into a table, and pandas' `factorize` and `cat.codes`, are not
    followed.

    ## References
    - https://scikit-learn.org/stable/modules/preprocessing.html#encoding-categorical-features
    - https://keras.io/api/layers/preprocessing_layers/categorical/category_encoding/
    """

    code = "KN022"
    name = "label-encoded-input"
    severity = Severity.ADVICE
    symptoms = ("slow-learning",)
    since = "0.1.0"
    in_tests = False

    def check(self, program: Program) -> Iterator[Found]:
        told: set[tuple[int, int]] = set()
        for feed in feeds(program):
            encoder = feed.array.origin.source
            if encoder not in _ENCODERS or feed.key in told:
                continue
            told.add(feed.key)
            layer = feed.kernels[0]
            yield from self.found(
                layer.place,
                f"{layer.short} reads the numbers of categories as quantities",
                label="one weight for each column of numbers",
                also=[
                    (feed.array.origin.node, f"{encoder} numbers the categories in the order of their names"),
                    (made_at(program, feed.array, feed.event), "the features"),
                ],
                why="a category with number 2 is not twice one with number 1",
                help="use OneHotEncoder, keras.layers.CategoryEncoding, or an Embedding layer for many categories",
                about=feed.event,
            )

    good = (
        """
        import pandas as pd
        from sklearn.preprocessing import OrdinalEncoder
        from tensorflow import keras
        frame = pd.read_csv("houses.csv")
        x = OrdinalEncoder().fit_transform(frame[["city"]])
        model = keras.Sequential([
            keras.Input((1,)), keras.layers.Embedding(100, 8), keras.layers.Flatten(), keras.layers.Dense(1)
        ])
        model.compile(optimizer="adam", loss="mse")
        model.fit(x, frame["price"], epochs=20)
        """,
    )
