"""What each symptom is, what it is often blamed on without reason, and what to measure where the code shows nothing.

What is said to be no cause was measured: `docs/myths.md` has the numbers, and `tests/test_myths.py` repeats them.
"""

from __future__ import annotations

from collections.abc import Mapping

from kerlint.records import dataclass, field
from kerlint.rules.base import SYMPTOMS


@dataclass(frozen=True)
class Symptom:
    """One symptom in words.

    Args:
        meaning: what somebody sees.
        measure: what to look at next, where nothing in the program explains it.
        no_cause: why the findings of a rule are no cause, by code: only what is often blamed, and was measured.
    """

    meaning: str
    measure: tuple[str, ...]
    no_cause: Mapping[str, str] = field(default_factory=dict)


_SEED = "a seed makes runs repeat; it cannot make two inputs equal: 256 inputs gave 256 predictions"
_UNTRAINED = (
    "weights that stay as they began are still a function of the input: 256 inputs gave 256 predictions; "
    "it explains loss-flat"
)

#: For models whose output does not depend on the input.
_CONSTANT = {
    "KO001": _UNTRAINED,
    "KF020": _UNTRAINED,
    "KR001": _SEED,
    "KR002": _SEED,
    "KR020": _SEED,
    "KR022": _SEED,
    "KA005": "the same weights in two layers make the layers alike, not the predictions",
    "KD008": "sorted rows train worse, but 256 inputs still gave 256 predictions",
    "KL003": "Keras finds the logits behind the activation, and trains as if nothing had been said",
    "KL005": "the gradient is fine, only the question is another one: each class on its own",
    "KL006": "the squared error of a sigmoid unit is a proper score: such classifiers reach 95 % and more",
    "KL025": "Keras finds the logits behind the activation: loss and accuracy are those of softmax",
    "KA002": "with an adaptive optimizer such a stack learns slowly, but it fits the data",
    "KE020": "validation data are only looked at; they do not change what is learned",
}

WORDS: Mapping[str, Symptom] = {
    "constant-output": Symptom(
        "every input gets the same prediction",
        (
            "np.ptp(model.predict(x), axis=0): exactly 0, or only small? Small is a model that has learned little.",
            "the same before fit(): distinct predictions there, one afterwards, means that training did it.",
            "x.min(), x.max(), np.ptp(x, axis=0): inputs that are all alike, or in the thousands.",
            "the share of classes in y: a model that has found nothing answers with the most frequent one.",
        ),
        _CONSTANT,
    ),
    "zero-output": Symptom(
        "every prediction is 0",
        (
            "model.predict(x)[:5] before any argmax, round or int(): is it the model, or what is done with its output?",
            "the share of rows in which each relu layer gives only zeros.",
            "y.min(), y.max(), y.mean(): a target that is nearly always 0 is answered with 0.",
        ),
        _CONSTANT,
    ),
    "loss-nan": Symptom(
        "the loss becomes NaN or infinite",
        (
            "np.isfinite(x).all() and np.isfinite(y).all(): one missing value is enough.",
            "keras.callbacks.TerminateOnNaN(), and the number of the batch in which it stops.",
            "abs(x).max(): numbers in the thousands.",
            "a tenth of the learning rate: if the NaN comes later or not at all, the steps are too large.",
        ),
    ),
    "loss-flat": Symptom(
        "the loss does not fall",
        (
            "the weights before and after one epoch: do they change at all?",
            "one batch of 16 rows for 200 steps: a loss that does not fall there is a fault of the program.",
            "the loss of a constant answer (the mean, the most frequent class): is it exactly that?",
            "the norm of the gradient by layer, with tf.GradientTape.",
        ),
    ),
    "slow-learning": Symptom(
        "it learns, but far too slowly",
        (
            "ten times and a tenth of the learning rate for a few hundred steps.",
            "steps in all: epochs * rows / batch size. A few hundred are few.",
            "x.mean(axis=0) and x.std(axis=0): far from 0 and 1?",
        ),
    ),
    "accuracy-stuck": Symptom(
        "the accuracy stays where it is",
        (
            "the share of the most frequent class: is it that number?",
            "np.unique(y, return_counts=True), and the shape and dtype of y against model.output_shape.",
            "the loss: falling while the accuracy stays means that the metric looks at something else.",
            "np.mean(model.predict(x).argmax(-1) == y) by hand, against what fit() prints.",
        ),
    ),
    "overfit": Symptom(
        "good on the training data, bad on other data",
        (
            "model.evaluate() on the training rows: the gap without dropout and augmentation.",
            "rows against weights: model.count_params() / len(x).",
            "the loss on held-out rows for half and for all of the data: does more data help?",
        ),
    ),
    "too-good": Symptom(
        "results that are too good to be true",
        (
            "rows that are in both sets: compare hashes of the rows.",
            "the accuracy with labels shuffled before the split: it must fall to chance.",
            "one feature at a time: a single column that predicts everything has the answer in it.",
        ),
    ),
    "irreproducible": Symptom(
        "each run gives another result",
        (
            "the first weights of two runs: do they differ before any training?",
            "the first batch of two runs: does the data come in the same order?",
            "tf.config.experimental.enable_op_determinism(), if only the graphics card is left.",
        ),
    ),
    "crash": Symptom(
        "it stops with an error",
        (
            "kerlint summary FILE: shapes from layer to layer, as far as the text shows them.",
            "the first line of the error that names a layer, and the shape of one batch.",
            "run_eagerly=True in compile(): the error then names the line.",
        ),
    ),
    "wrong-result": Symptom(
        "it runs and learns, and the result is wrong",
        (
            "one row by hand: the preparation for predict() must be that for fit().",
            "model.evaluate() against a metric computed from model.predict().",
            "the order of rows between predictions and labels.",
        ),
    ),
    "slow-run": Symptom(
        "it runs slowly",
        (
            "one epoch over a single cached batch: still slow is the model, fast is the data.",
            "keras.callbacks.TensorBoard(profile_batch=(10, 20)).",
            "tf.config.list_physical_devices('GPU').",
        ),
    ),
}
assert tuple(WORDS) == SYMPTOMS
