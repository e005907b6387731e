"""KE035."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.finding import Severity
from kerlint.library.contracts import BINARY, Contract, contracts
from kerlint.library.heads import only_head
from kerlint.program.answers import Threshold
from kerlint.program.facts import Program
from kerlint.rules.base import Found, Rule


class LogitsCutAsProbabilities(Rule):
    """A model that gives logits says yes or no by a threshold for probabilities, such as 0.5.

    With `from_logits=True` the loss applies the sigmoid, and the model never does. Its output is any number, and 0
    stands for a probability of a half.

    ## Why is this bad?
    A logit of 0.5 is a probability of 0.62. Rows between that and a half are counted as no, so that the classes found
    and all scores made of them are wrong, while the loss and the metrics of the training look right.

    ## Example
    ```python
    from tensorflow import keras

    model = keras.Sequential([
        keras.Input((10,)),
        keras.layers.Dense(16, activation="relu"),
        keras.layers.Dense(1),
    ])
    model.compile(optimizer="adam", loss=keras.losses.BinaryCrossentropy(from_logits=True))
    model.fit(x, y, epochs=10)
    found = model.predict(x_test) > 0.5  # KE035
    ```

    Use instead:
    ```python
    from tensorflow import keras

    model = keras.Sequential([
        keras.Input((10,)),
        keras.layers.Dense(16, activation="relu"),
        keras.layers.Dense(1),
    ])
    model.compile(optimizer="adam", loss=keras.losses.BinaryCrossentropy(from_logits=True))
    model.fit(x, y, epochs=10)
    found = model.predict(x_test) > 0
    ```

    ## Known limits
    Only models with one output, and thresholds from 0.1 to 0.9 that are written as numbers: another one may have been
    chosen for logits. Rounding counts as a threshold of 0.5.

    ## References
    - Measured on Keras 3.15.1: `sigmoid(0.5)` is 0.622; a model compiled like this gives numbers below 0 and above 1.
    - https://www.tensorflow.org/tutorials/images/transfer_learning applies a sigmoid to such predictions first
    """

    code = "KE035"
    name = "logits-cut-as-probabilities"
    severity = Severity.WARNING
    symptoms = ("wrong-result", "accuracy-stuck")
    since = "0.1.0"

    def check(self, program: Program) -> Iterator[Found]:
        cuts = [cut for cut in program.all(Threshold) if 0.1 <= cut.bound <= 0.9]
        if not cuts:
            return
        known = list(contracts(program))
        told: set[int] = set()
        for cut in cuts:
            head = only_head(cut.snapshot.graph)
            if head is None or head.activation != "linear" or not head.known or id(cut.node) in told:
                continue
            own = [one for one in known if one.head is not None and one.head.layer is head.layer]
            if not own or not all(_takes_logits(one) for one in own):
                continue
            told.add(id(cut.node))
            yield from self.found(
                cut.node,
                f"the model gives logits, and {cut.bound:g} is a threshold for probabilities",
                label="0 is the logit of a probability of a half",
                also=[
                    (head.activation_place, "no sigmoid here"),
                    (own[-1].loss.value.places.get("from_logits") or own[-1].loss.place, "the loss applies it"),
                ],
                why="the sigmoid is part of the loss, so what the model gives is not between 0 and 1",
                help="compare with 0, or apply a sigmoid first",
                about=cut,
            )

    bad = (
        """
        import numpy as np
        import tensorflow as tf
        start = tf.keras.Input((4,))
        model = tf.keras.Model(start, tf.keras.layers.Dense(5)(start))
        model.compile("adam", tf.keras.losses.BinaryCrossentropy(from_logits=True))
        model.fit(x, y)
        scores = model.predict(x_test).ravel()
        tags = np.where(scores >= 0.5, 1, 0)  # KE035
        whole = np.round(model.predict(x_test)).astype(int)  # KE035
        for one in model.predict(x_test):
            if 0.5 < one[0]:  # KE035
                print("yes")
        """,
        """
        import tensorflow as tf
        model = tf.keras.Sequential([tf.keras.Input((4,)), tf.keras.layers.Dense(1)])
        entropy = tf.keras.losses.BinaryCrossentropy(from_logits=True)
        optimizer = tf.keras.optimizers.Adam()
        for x, y in batches:
            with tf.GradientTape() as tape:
                loss = entropy(y, model(x, training=True))
            gradients = tape.gradient(loss, model.trainable_variables)
            optimizer.apply_gradients(zip(gradients, model.trainable_variables))
        hits = tf.cast(model(x_test, training=False) > 0.5, tf.int32)  # KE035
        """,
    )
    good = (
        """
        import numpy as np
        import tensorflow as tf
        model = tf.keras.Sequential([tf.keras.Input((4,)), tf.keras.layers.Dense(1)])
        model.compile("adam", tf.keras.losses.BinaryCrossentropy(from_logits=True))
        model.fit(x, y)
        logits = model.predict(x_test)
        found = logits > 0
        found = tf.nn.sigmoid(logits) > 0.5
        found = 1 / (1 + np.exp(-logits)) > 0.5
        found = np.round(tf.keras.activations.sigmoid(model(x_test)))
        chances = tf.keras.Sequential([model, tf.keras.layers.Activation("sigmoid")])
        found = chances.predict(x_test) > 0.5
        found = logits > cut
        found = logits > 2.5
        digits = np.round(logits, 3)
        """,
        """
        import keras
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, activation="sigmoid")])
        model.compile("adam", "binary_crossentropy")
        model.fit(x, y)
        found = model.predict(x_test) > 0.5
        price = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
        price.compile("adam", "mse")
        price.fit(x, y)
        dear = price.predict(x_test) > 0.5
        hinge = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
        hinge.compile("adam", "hinge")
        found = hinge.predict(x_test) > 0.5
        """,
    )


def _takes_logits(contract: Contract) -> bool:
    """Whether this is a loss for yes or no on logits."""
    return contract.loss.function in BINARY and contract.loss.from_logits is True
