"""KL025."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.finding import Safety, Severity
from kerlint.library.contracts import CATEGORICAL, contracts
from kerlint.program.facts import Program
from kerlint.rules import fixing
from kerlint.rules.base import Found, Rule


class SigmoidWithCategoricalLoss(Rule):
    """The loss is for one class out of many, but each output unit has its own sigmoid.

    A categorical cross-entropy compares distributions over classes. Sigmoid units answer each for
    themselves: their outputs do not add up to 1.

    ## Why is this bad?
    The model is not broken: Keras on TensorFlow computes the loss from the values before the
    sigmoid, as if they were logits of a softmax, so it learns, and the largest output is the right
    class. But what it predicts are no probabilities: rows may add up to 0.01 or to 5, and a
    threshold on them means nothing. If several labels may hold at once, the loss is the wrong one.

    ## Example
    ```python
    from tensorflow import keras

    model = keras.Sequential([
        keras.Input((4,)),
        keras.layers.Dense(16, activation="relu"),
        keras.layers.Dense(3, activation="sigmoid"),  # KL025
    ])
    model.compile(optimizer="adam", loss="categorical_crossentropy")
    ```

    Use instead:
    ```python
    from tensorflow import keras

    model = keras.Sequential([
        keras.Input((4,)),
        keras.layers.Dense(16, activation="relu"),
        keras.layers.Dense(3, activation="softmax"),
    ])
    model.compile(optimizer="adam", loss="categorical_crossentropy")
    ```

    ## References
    - Measured on Keras 3.15.1: learns as well as with softmax; the probabilities are not normalised.
    - https://github.com/keras-team/keras/issues/6421
    """

    code = "KL025"
    name = "sigmoid-with-categorical-loss"
    severity = Severity.WARNING
    fix = Safety.UNSAFE
    symptoms = ("wrong-result",)
    since = "0.1.0"

    def check(self, program: Program) -> Iterator[Found]:
        for contract in contracts(program):
            head = contract.head
            if head is None or head.activation != "sigmoid" or head.units == 1:
                continue
            if contract.loss.function not in CATEGORICAL or contract.loss.from_logits is not False:
                continue
            count = f"{head.units} sigmoid units" if head.units is not None else "sigmoid units"
            yield from self.found(
                head.activation_place,
                f"{contract.loss.function} expects one distribution over the classes, but the model ends in {count}",
                label="every unit answers for itself",
                also=[(contract.loss.place, "one class out of many")],
                why="the outputs do not add up to 1, so they are no probabilities of classes",
                help='use activation="softmax", or binary_crossentropy if several labels may hold at once',
                about=contract.event,
                fix=fixing.draft('use activation="softmax"', fixing.activation(head.activations[-1], "softmax")),
            )

    bad = (
        """
        from keras.models import Sequential
        from keras.layers import Activation, Dense
        model = Sequential()
        model.add(Dense(2, input_dim=5))
        model.add(Activation("sigmoid"))  # KL025
        model.compile(loss="sparse_categorical_crossentropy", optimizer="adam")
        """,
    )
    good = (
        """
        import keras
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="sigmoid")])
        model.compile("adam", "binary_crossentropy")
        """,
    )
