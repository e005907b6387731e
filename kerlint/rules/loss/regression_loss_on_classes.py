"""KL006."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.experiment import Change, Experiment
from kerlint.finding import Safety, Severity
from kerlint.library.contracts import REGRESSION, Contract, Target, contracts, metric_names
from kerlint.library.heads import PROBABILITIES, Head
from kerlint.program.events import Compile
from kerlint.program.facts import Program
from kerlint.program.values import Array
from kerlint.rules import fixing
from kerlint.rules.base import Found, Rule


class RegressionLossOnClasses(Rule):
    """The loss is one for numbers, but the targets are classes.

    Mean squared or absolute error measures how far a number is off. A class is right or wrong;
    the number that stands for it has no size.

    ## Why is this bad?
    It depends on the output. Class numbers on a linear unit make class 2 "nearer" to class 3 than
    to class 0. The absolute error on 0 and 1 is smallest for the more frequent class alone, so a
    constant answer is a trap. Squared error on softmax trains, but slowly with plain SGD. Squared
    error on a sigmoid unit trains well: that is advice only. Keras says nothing.

    ## Example
    ```python
    from sklearn.datasets import load_iris
    from tensorflow import keras

    x, y = load_iris(return_X_y=True)
    model = keras.Sequential([
        keras.Input((4,)),
        keras.layers.Dense(16, activation="relu"),
        keras.layers.Dense(1),
    ])
    model.compile(optimizer="adam", loss="mse")  # KL006
    model.fit(x, y, epochs=50)
    ```

    Use instead:
    ```python
    from sklearn.datasets import load_iris
    from tensorflow import keras

    x, y = load_iris(return_X_y=True)
    model = keras.Sequential([
        keras.Input((4,)),
        keras.layers.Dense(16, activation="relu"),
        keras.layers.Dense(3, activation="softmax"),
    ])
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    model.fit(x, y, epochs=50)
    ```

    ## Known limits
    Only where the targets are certainly classes. Images as targets (autoencoders) and the 0/1
    targets of a least-squares GAN are not reported.

    ## References
    - Measured on Keras 3.15.1 (share of what can be learned, median): squared error on softmax .80 with Adam, .02
      with SGD 0.01; on sigmoid .93, as good as cross-entropy.
    """

    code = "KL006"
    name = "regression-loss-on-classes"
    severity = Severity.WARNING
    fix = Safety.UNSAFE
    symptoms = ("slow-learning", "accuracy-stuck", "constant-output")
    since = "0.1.0"

    def check(self, program: Program) -> Iterator[Found]:
        for contract in contracts(program):
            if contract.loss.function not in REGRESSION or contract.head is None or not contract.head.known:
                continue
            for target in contract.targets:
                kind = _class_kind(target.array)
                if kind and (_is_sure(target.array) or _asks_for_classes(contract, contract.head)):
                    yield from self._report(contract, contract.head, target, kind)
                    break

    def _report(self, contract: Contract, head: Head, target: Target, kind: str) -> Iterator[Found]:
        loss = contract.loss
        squared = loss.function == "mean_squared_error"
        gentle = squared and head.activation in ("sigmoid", "hard_sigmoid") and kind != "class numbers"
        one_hot = kind == "one-hot rows"
        if kind == "class numbers":
            why = "it makes some wrong classes nearer than others"
        elif squared and head.activation in PROBABILITIES:
            why = "its gradient vanishes where the answer is most wrong"
        elif squared:
            why = "nothing makes the output a probability"
        else:
            why = "always answering with the most frequent class is a minimum of it"
        yield from self.found(
            loss.place,
            f"{loss.function} measures distances, but the targets are classes ({kind})",
            label="a loss for numbers",
            also=[
                (target.array.node, f"{kind} come from here"),
                (head.activation_place, f"the output is {head.activation}"),
                (target.place, "trained on here"),
            ],
            why=why,
            help="use softmax with categorical_crossentropy"
            if one_hot
            else "use sigmoid with binary_crossentropy"
            if kind == "0 and 1"
            else "use softmax with sparse_categorical_crossentropy",
            severity=Severity.ADVICE if gentle else None,
            about=contract.event,
            experiment=Experiment(contract.event, "slower", _repair(head, kind, target)),
            fix=self._fix(contract, head, kind),
            symptoms=("slow-learning",) if gentle else None,
        )

    def _fix(self, contract: Contract, head: Head, kind: str) -> fixing.Draft | None:
        """The loss that fits, where the output fits already."""
        softmax = head.activation == "softmax" and head.units != 1
        if kind == "0 and 1":
            name = "binary_crossentropy" if head.activation == "sigmoid" and head.units == 1 else ""
        elif kind == "one-hot rows":
            name = "categorical_crossentropy" if softmax else ""
        else:
            name = "sparse_categorical_crossentropy" if softmax else ""
        return fixing.draft(f"use {name}", fixing.loss(contract, name)) if name else None

    bad = (
        """
        import keras
        from sklearn.datasets import make_classification
        x, y = make_classification(1000, 10)
        model = keras.Sequential([keras.Input((10,)), keras.layers.Dense(1, activation="relu")])
        model.compile(loss="mae", optimizer="adam")  # KL006
        model.fit(x, y)
        """,
        """
        import keras
        (x, y), _ = keras.datasets.mnist.load_data()
        model = keras.Sequential([
            keras.Input((28, 28)), keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")
        ])
        model.compile(loss='mse', optimizer='sgd')  # KL006
        model.fit(x / 255, keras.utils.to_categorical(y), epochs=5)
        """,
        """
        import keras
        from sklearn.datasets import load_breast_cancer
        x, y = load_breast_cancer(return_X_y=True)
        model = keras.Sequential([keras.Input((30,)), keras.layers.Dense(1, activation="sigmoid")])
        model.compile("adam", keras.losses.MeanAbsoluteError())  # KL006
        model.fit(x, y, epochs=5)
        """,
    )
    good = (
        """
        import keras
        (x, _), _ = keras.datasets.mnist.load_data()
        x = x / 255
        model = keras.Sequential([keras.Input((28, 28)), keras.layers.Dense(28, activation="sigmoid")])
        model.compile("adam", "mse")
        model.fit(x, x)
        """,
        """
        import keras
        import numpy as np
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.train_on_batch(noise, np.ones((32, 1)))
        """,
    )


def _repair(head: Head, kind: str, target: Target) -> list[Change]:
    """The head and the loss that fit the classes."""
    wanted = "sigmoid" if kind == "0 and 1" else "softmax"
    loss = {"0 and 1": "binary_crossentropy", "one-hot rows": "categorical_crossentropy"}.get(
        kind, "sparse_categorical_crossentropy"
    )
    changes = [Change(head.activator, {"activation": wanted}), Change("loss", {"class": loss})]
    classes = target.array.labels.classes if target.array.labels is not None else None
    if kind == "class numbers" and classes is not None and head.units != classes:
        changes.append(Change(head.layer, {"units": classes}))
    return changes


def _is_sure(array: Array) -> bool:
    return array.labels is not None and array.labels.sure


def _asks_for_classes(contract: Contract, head: Head) -> bool:
    """Whether the program itself treats numbers 0 and 1 as classes."""
    event = contract.event
    accuracy = isinstance(event, Compile) and any("acc" in name.lower() for name in metric_names(event))
    return accuracy or head.activation in PROBABILITIES


def _class_kind(array: Array) -> str:
    """How certain classes are written, in words; empty for anything else."""
    labels = array.labels
    if labels is None or array.source == "constant":
        return ""
    if labels.kind == "onehot" and labels.sure:
        return "one-hot rows"
    if labels.kind == "classes" and labels.sure:
        return "class numbers"
    if labels.kind == "binary" and (labels.sure or array.source == "literal"):
        return "0 and 1"
    return ""
