"""KL032."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.finding import Severity
from kerlint.library.heads import PROBABILITIES, heads
from kerlint.library.worked_out import work_out
from kerlint.program.facts import Program
from kerlint.program.graph import tensors_in
from kerlint.program.trials import OwnLoss
from kerlint.program.values import Tensor
from kerlint.rules.base import Found, Rule


class SimilarityAsLoss(Rule):
    """A loss function gives a score that is 1 where the model is right and 0 where it is wrong, such as a Dice score.

    Training makes the loss as small as it can be. A score of this kind has to be taken from 1, or made negative.

    ## Why is this bad?
    The model is trained to be as wrong as it can: the loss falls to 0, and what it marks is everything but what it
    should.

    ## Example
    ```python
    import keras
    from keras import ops

    def dice_loss(y_true, y_pred):
        both = ops.sum(y_true * y_pred)
        return (2 * both + 1) / (ops.sum(y_true) + ops.sum(y_pred) + 1)

    model = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Conv2D(1, 3, padding="same", activation="sigmoid")])
    model.compile(optimizer="adam", loss=dice_loss)  # KL032
    ```

    Use instead:
    ```python
    import keras
    from keras import ops

    def dice_loss(y_true, y_pred):
        both = ops.sum(y_true * y_pred)
        return 1 - (2 * both + 1) / (ops.sum(y_true) + ops.sum(y_pred) + 1)

    model = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Conv2D(1, 3, padding="same", activation="sigmoid")])
    model.compile(optimizer="adam", loss=dice_loss)
    ```

    ## Known limits
    Only functions of sums, means and arithmetic, which are worked out for right answers, for wrong ones and for some in
    between, on a model that ends in sigmoid or softmax.

    ## References
    - Measured on Keras 3.15.1: trained with the example's loss, what a model gives for pixels that are marked falls and
      the Dice score goes to nothing.
    """

    code = "KL032"
    name = "similarity-as-loss"
    severity = Severity.ERROR
    symptoms = ("wrong-result", "zero-output", "accuracy-stuck")
    since = "0.1.0"

    def check(self, program: Program) -> Iterator[Found]:
        told: set[int] = set()
        for own in program.all(OwnLoss):
            results = tensors_in(own.returned)
            ends = heads(own.compile.graph)
            if len(results) != 1 or results[0] is None or id(own.compile.node) in told or own.assumed:
                continue
            if not ends or not all(head is not None and head.activation in PROBABILITIES for head in ends):
                continue
            scores = _scores(own, results[0])
            if scores is None or not _is_similarity(*scores):
                continue
            told.add(id(own.compile.node))
            yield from self.found(
                own.compile.places.get("loss") or own.compile.node,
                f"the loss is {scores[0]:.2g} where all is right and {scores[2]:.2g} where all is wrong, and training "
                "makes it small",
                label="this is a score to be made large",
                also=[(results[0].node, "near 1 where the predictions are right")],
                why="fit() changes the weights so that the loss falls",
                help="return 1 - score, or -score",
                about=own.compile,
            )

    bad = (
        """
        import tensorflow as tf
        from tensorflow.keras import backend as K
        def jaccard(y_true, y_pred):
            both = K.sum(K.abs(y_true * y_pred), axis=[1, 2, 3])
            either = K.sum(y_true, axis=[1, 2, 3]) + K.sum(y_pred, axis=[1, 2, 3]) - both
            return K.mean((both + K.epsilon()) / (either + K.epsilon()), axis=0)
        start = tf.keras.Input((16, 16, 3))
        net = tf.keras.Model(start, tf.keras.layers.Conv2D(1, 1, activation="sigmoid")(start))
        net.compile("adam", loss=jaccard)  # KL032
        """,
    )
    good = (
        """
        import tensorflow as tf
        from tensorflow.keras import backend as K
        def dice(y_true, y_pred):
            t, p = K.flatten(K.cast(y_true, "float32")), K.flatten(y_pred)
            return (2 * K.sum(t * p) + 1) / (K.sum(t) + K.sum(p) + 1)
        def one_less(y_true, y_pred):
            return 1 - dice(y_true, y_pred)
        def negative(y_true, y_pred):
            return -dice(y_true, y_pred)
        def logarithm(y_true, y_pred):
            return -tf.math.log(dice(y_true, y_pred))
        def squared(y_true, y_pred):
            return tf.reduce_mean(tf.square(y_true - y_pred))
        def entropy(y_true, y_pred):
            p = K.clip(y_pred, 1e-7, 1 - 1e-7)
            return -K.mean(y_true * K.log(p) + (1 - y_true) * K.log(1 - p))
        def confuse(y_true, y_pred):
            return -entropy(y_true, y_pred)
        def critic(y_true, y_pred):
            return K.mean(y_true * y_pred)
        model = tf.keras.Sequential([tf.keras.Input((8, 8, 1)), tf.keras.layers.Conv2D(1, 1, activation="sigmoid")])
        for loss in (one_less, negative, logarithm, squared, entropy, confuse, critic):
            model.compile("adam", loss=loss, metrics=[dice])
        open_end = tf.keras.Sequential([tf.keras.Input((8, 8, 1)), tf.keras.layers.Conv2D(1, 1)])
        open_end.compile("adam", loss=dice)
        """,
    )


def _scores(own: OwnLoss, result: Tensor) -> tuple[float, float, float] | None:
    """The loss where all is right, where nothing is decided, and where all is wrong; None if it is not known."""
    truth = [float(index % 2) for index in range(64)]
    found: list[float] = []
    for share in (0.99, 0.5, 0.01):
        answers = [share * y + (1 - share) * (1 - y) for y in truth]
        score = work_out(result, {id(own.target.op): truth, id(own.prediction.op): answers})
        if score is None:
            return None
        found.append(score)
    return found[0], found[1], found[2]


def _is_similarity(right: float, undecided: float, wrong: float) -> bool:
    """Whether these are scores of a likeness that goes from 0 to 1."""
    return 0.8 < right < 1.01 and 0 <= wrong < 0.15 and wrong < undecided < right
