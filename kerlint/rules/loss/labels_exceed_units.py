"""KL020."""

from __future__ import annotations

from collections.abc import Iterator
from math import isfinite

from kerlint.finding import Safety, Severity
from kerlint.library.contracts import Contract, Target, contracts
from kerlint.library.heads import Head
from kerlint.program.facts import Program
from kerlint.program.values import Array
from kerlint.rules import fixing
from kerlint.rules.base import Found, Rule


class LabelsExceedUnits(Rule):
    """The class numbers do not fit the output units: some are too large, or below 0.

    With `sparse_categorical_crossentropy` the label is the position of the right output: with 3 units
    the labels are 0, 1 and 2. Labels that are counted from 1, a class that came later, or -1 for "no"
    have no output.

    ## Why is this bad?
    On a CPU the first batch with such a label stops the training with an error. On a GPU there is no
    error: the loss of these rows is NaN, and soon all weights are.

    ## Example
    ```python
    from sklearn.datasets import load_digits
    from tensorflow import keras

    x, y = load_digits(return_X_y=True)
    model = keras.Sequential([
        keras.Input((64,)),
        keras.layers.Dense(32, activation="relu"),
        keras.layers.Dense(9, activation="softmax"),  # KL020
    ])
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    model.fit(x / 16, y, epochs=5)
    ```

    Use instead:
    ```python
    from sklearn.datasets import load_digits
    from tensorflow import keras

    x, y = load_digits(return_X_y=True)
    model = keras.Sequential([
        keras.Input((64,)),
        keras.layers.Dense(32, activation="relu"),
        keras.layers.Dense(10, activation="softmax"),
    ])
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    model.fit(x / 16, y, epochs=5)
    ```

    ## Known limits
    Only labels whose range is known: literals, known data sets, random numbers. A loss with
    `ignore_class` may meet that label.

    ## References
    - Measured on Keras 3.15.1: "Received a label value of 3 which is outside the valid range of [0, 3)" at the
      first step on a CPU; -1 raises, too. What happens on a GPU is by the documentation of TensorFlow:
      https://www.tensorflow.org/api_docs/python/tf/nn/sparse_softmax_cross_entropy_with_logits
    """

    code = "KL020"
    name = "labels-exceed-units"
    severity = Severity.ERROR
    fix = Safety.UNSAFE
    symptoms = ("crash", "loss-nan")
    since = "0.1.0"

    def check(self, program: Program) -> Iterator[Found]:
        for contract in contracts(program):
            head = contract.head
            if head is None or head.units is None or head.units < 2:
                continue
            if contract.loss.function != "sparse_categorical_crossentropy" or _ignores(contract):
                continue
            for target in contract.targets:
                if _fits(target, head):
                    wrong = _wrong(target.array, head.units)
                    if wrong is not None:
                        yield from self._report(contract, head, target, wrong)
                        break

    def _report(self, contract: Contract, head: Head, target: Target, wrong: int) -> Iterator[Found]:
        low = target.array.low
        from_one = low == 1 and wrong == head.units
        yield from self.found(
            head.node.argument_place("units"),
            f"the model has {head.units} outputs for the classes 0..{(head.units or 0) - 1}, "
            f"but there are labels of {wrong}",
            label=f"{head.units} units",
            also=[
                (target.array.node, f"labels from {low:g} to {target.array.high:g}" if low is not None else "labels"),
                (target.place, "trained on here"),
                (contract.loss.place, "takes the label for the number of an output"),
            ],
            why="there is no output for this class: an error on a CPU, a NaN loss on a GPU",
            help="count the classes from 0: subtract 1 from the labels"
            if from_one
            else f"use {wrong + 1} units"
            if wrong >= 0
            else "give the classes numbers from 0 on",
            about=contract.event,
            fix=fixing.draft(f"use {wrong + 1} units", fixing.put(head.layer, "units", str(wrong + 1)))
            if wrong >= 0 and not from_one and "units" in head.layer.places
            else None,
        )

    bad = (
        """
        import keras
        import numpy as np
        y = np.array([1, 2, 3, 1, 2, 3])
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="softmax")])  # KL020
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit(x, y)
        """,
        """
        import keras
        import numpy as np
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])  # KL020
        model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        model.fit(x, np.array([[-1], [1], [1], [-1]]))
        """,
        """
        import keras
        from sklearn.datasets import fetch_covtype
        x, y = fetch_covtype(return_X_y=True)
        model = keras.Sequential([keras.Input((54,)), keras.layers.Dense(7)])  # KL020
        model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        model.fit(x, y)
        """,
    )
    good = (
        """
        import keras
        import numpy as np
        y = np.array([1, 2, 3, 1, 2, 3])
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="softmax")])
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit(x, y - 1)
        wide = keras.Sequential([keras.Input((4,)), keras.layers.Dense(10, activation="softmax")])
        wide.compile("adam", "sparse_categorical_crossentropy")
        wide.fit(x, y)
        """,
        """
        import keras
        import numpy as np
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="softmax")])
        model.compile("adam", keras.losses.SparseCategoricalCrossentropy(ignore_class=-1))
        model.fit(x, np.array([-1, 0, 1, 2]))
        """,
        # Only some of the classes.
        """
        import keras
        (x, y), _ = keras.datasets.mnist.load_data()
        x, y = x[y < 5], y[y < 5]
        model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(5, activation="softmax")])
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit(x / 255, y)
        """,
    )


def _ignores(contract: Contract) -> bool:
    return contract.loss.value.open or "ignore_class" in contract.loss.value.args


def _fits(target: Target, head: Head) -> bool:
    """Whether the targets have the form of class numbers: no one-hot rows, no images."""
    array = target.array
    if array.rank is None or array.rank > 2 or (array.shape is not None and array.shape[1:] not in ((), (1,))):
        return False
    return head.output.shape is not None and len(head.output.shape) == 2


def _wrong(array: Array, units: int) -> int | None:
    """A label that has no unit, as far as is certain."""
    kind = array.labels.kind if array.labels is not None else None
    if kind in ("continuous", "onehot", "multihot") or (array.dtype or "").startswith("float"):
        return None
    if not array.tight or array.low is None or array.high is None or not isfinite(array.high - array.low):
        return None
    if array.high >= units:
        return int(array.high)
    return int(array.low) if array.low < 0 else None
