"""KL027."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.finding import Severity
from kerlint.library.contracts import contracts
from kerlint.program.facts import Program
from kerlint.program.values import Array
from kerlint.rules.base import Found, Rule


class SoftmaxForSeveralLabels(Rule):
    """The rows may have several labels at once, but the model ends in softmax, which shares out a single one.

    ## Why is this bad?
    The outputs of softmax add up to 1. A row with two labels gets at most 0.5 for each of them, one with four at most
    0.25: a threshold of 0.5 finds hardly any. With binary cross-entropy the model is also trained towards what it
    can never say.

    ## Example
    ```python
    from sklearn.preprocessing import MultiLabelBinarizer
    from tensorflow import keras

    y = MultiLabelBinarizer().fit_transform(tags)
    model = keras.Sequential([keras.Input((64,)), keras.layers.Dense(5, activation="softmax")])  # KL027
    model.compile(optimizer="adam", loss="binary_crossentropy")
    model.fit(x, y, epochs=10)
    ```

    Use instead:
    ```python
    from sklearn.preprocessing import MultiLabelBinarizer
    from tensorflow import keras

    y = MultiLabelBinarizer().fit_transform(tags)
    model = keras.Sequential([keras.Input((64,)), keras.layers.Dense(5, activation="sigmoid")])
    model.compile(optimizer="adam", loss="binary_crossentropy")
    model.fit(x, y, epochs=10)
    ```

    ## Known limits
    Only labels that are known to be several for each row: those of `MultiLabelBinarizer` and
    `make_multilabel_classification`.

    ## References
    - Measured on Keras 3.15.1: rows that all have two of four labels get 0.5 for each of the two, however long the
      model is trained; with sigmoid they get more than 0.9.
    """

    code = "KL027"
    name = "softmax-for-several-labels"
    severity = Severity.ERROR
    symptoms = ("accuracy-stuck", "wrong-result")
    since = "0.1.0"

    def check(self, program: Program) -> Iterator[Found]:
        for contract in contracts(program):
            head, loss = contract.head, contract.loss.function
            if head is None or head.activation != "softmax" or loss not in _LOSSES:
                continue
            target = next((target for target in contract.targets if _has_several(target.array)), None)
            if target is None:
                continue
            yield from self.found(
                head.activation_place,
                "a row can have several labels at once, but the outputs of softmax add up to 1",
                label="shares out a single 1",
                also=[
                    (target.array.node, "several labels a row"),
                    (target.place, "trained on here"),
                    (contract.loss.place if loss == "binary_crossentropy" else None, "asks for each label by itself"),
                ],
                why="with two labels no output of the row can stay above 0.5 for both",
                help='use activation="sigmoid" with loss="binary_crossentropy"',
                severity=None if loss == "binary_crossentropy" else Severity.WARNING,
                about=contract.event,
            )

    bad = (
        """
        import keras
        import pandas as pd
        from sklearn.preprocessing import MultiLabelBinarizer
        films = pd.read_csv("films.csv")
        labels = MultiLabelBinarizer()
        y = labels.fit_transform(films["genres"].str.split("|"))
        model = keras.Sequential([keras.layers.Embedding(1000, 8), keras.layers.GlobalAveragePooling1D()])
        model.add(keras.layers.Dense(len(labels.classes_), activation="softmax"))  # KL027
        model.compile("adam", "categorical_crossentropy")
        model.fit(x[:800], y[:800])
        """,
        """
        import keras
        from sklearn.datasets import make_multilabel_classification
        x, y = make_multilabel_classification(500, 20, 4)
        model = keras.Sequential([keras.Input((20,)), keras.layers.Dense(4, activation="softmax")])  # KL027
        model.compile("adam", "binary_crossentropy")
        model.fit(x, y)
        """,
    )
    good = (
        """
        import keras
        import numpy as np
        from sklearn.preprocessing import LabelBinarizer, MultiLabelBinarizer
        y = LabelBinarizer().fit_transform(names)
        single = MultiLabelBinarizer().fit_transform(np.array(["a", "b", "c", "a"]).reshape(-1, 1))
        several = MultiLabelBinarizer().fit_transform(tags)
        model = keras.Sequential([keras.Input((64,)), keras.layers.Dense(3, activation="softmax")])
        model.compile("adam", "categorical_crossentropy")
        model.fit(x, y)
        model.fit(x, single)
        model = keras.Sequential([keras.Input((64,)), keras.layers.Dense(3, activation="sigmoid")])
        model.compile("adam", "binary_crossentropy")
        model.fit(x, several)
        """,
    )


_LOSSES = frozenset({"binary_crossentropy", "categorical_crossentropy"})


def _has_several(array: Array) -> bool:
    """Whether a row of the labels can have several ones."""
    return array.labels is not None and array.labels.kind == "multihot" and array.labels.sure
