"""KL005."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.experiment import Change, Experiment
from kerlint.finding import Safety, Severity
from kerlint.library.contracts import Contract, Target, contracts
from kerlint.library.heads import Head
from kerlint.program.facts import Program
from kerlint.program.values import Array
from kerlint.rules import fixing
from kerlint.rules.base import Found, Rule


class BinaryLossForMulticlass(Rule):
    """The loss is binary cross-entropy, but there are more than two classes to choose from.

    Binary cross-entropy asks of every output unit on its own: yes or no? That is right for two
    classes, and for several labels that may hold at once. For one class out of many it asks the
    wrong question.

    ## Why is this bad?
    With one sigmoid unit and class numbers 0, 1, 2 ... the loss compares a probability with the
    number 2: only classes 0 and 1 can ever be told apart. With softmax over several units each
    class is trained as a separate yes or no, which is slower; an accuracy that counts single units
    (`binary_accuracy`, and "accuracy" in old versions of Keras) starts near 90 % for ten classes.
    Keras says nothing.

    ## Example
    ```python
    from tensorflow import keras

    (x_train, y_train), _ = keras.datasets.mnist.load_data()
    model = keras.Sequential([
        keras.Input((28, 28)),
        keras.layers.Rescaling(1 / 255),
        keras.layers.Flatten(),
        keras.layers.Dense(1, activation="sigmoid"),
    ])
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])  # KL005
    model.fit(x_train, y_train)
    ```

    Use instead:
    ```python
    from tensorflow import keras

    (x_train, y_train), _ = keras.datasets.mnist.load_data()
    model = keras.Sequential([
        keras.Input((28, 28)),
        keras.layers.Rescaling(1 / 255),
        keras.layers.Flatten(),
        keras.layers.Dense(10, activation="softmax"),
    ])
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x_train, y_train)
    ```

    ## Known limits
    Sigmoid units with one-hot labels learn one class against the rest, which works: that is advice.
    Labels that may hold at once (several ones in a row) are not reported.

    ## References
    - https://github.com/keras-team/keras/issues/3396
    - Measured on Keras 3.15.1: class numbers 0..2 with one sigmoid unit reach an accuracy of .38, silently; softmax
      over 3 units has a binary accuracy of .65 where the true accuracy is .45, which is what "accuracy" shows today.
    """

    code = "KL005"
    name = "binary-loss-for-multiclass"
    severity = Severity.ERROR
    fix = Safety.UNSAFE
    symptoms = ("accuracy-stuck", "wrong-result", "slow-learning")
    since = "0.1.0"
    subsumes = ("KL010",)

    def check(self, program: Program) -> Iterator[Found]:
        for contract in contracts(program):
            head = contract.head
            if head is None or head.units is None or contract.loss.function != "binary_crossentropy":
                continue
            if head.units == 1:
                found = next((target for target in contract.targets if _classes(target.array) > 2), None)
                if found is not None:
                    yield from self._one_unit(contract, found, head)
            elif head.units > 2:
                yield from self._many_units(program, contract, head)

    def _one_unit(self, contract: Contract, target: Target, head: Head) -> Iterator[Found]:
        count = _classes(target.array)
        yield from self.found(
            contract.loss.place,
            f"binary_crossentropy knows the labels 0 and 1, but these are class numbers 0..{count - 1}",
            label="compares a probability with the class number",
            also=[
                (head.node.argument_place("units"), "one unit"),
                (target.array.node, f"{count} classes come from here"),
                (target.place, "and are trained on here"),
            ],
            why="one probability cannot tell more than two classes apart",
            help=f"use {count} units with softmax and sparse_categorical_crossentropy",
            about=contract.event,
            experiment=Experiment(
                contract.event,
                "fails",
                [
                    Change(head.layer, {"units": count}),
                    Change(head.activator, {"activation": "softmax"}),
                    Change("loss", {"class": "sparse_categorical_crossentropy"}),
                ],
            ),
        )

    def _many_units(self, program: Program, contract: Contract, head: Head) -> Iterator[Found]:
        onehot = next((target for target in contract.targets if _is_onehot(target.array)), None)
        softmax = head.activation == "softmax"
        if not softmax and onehot is None:
            return
        if any(_has_several(target.array) for target in contract.targets) or (onehot is None and program.limits):
            # The loss is right, and softmax is wrong: KL027. Where a budget ended, such targets may stand behind it.
            return
        also = [(head.activation_place, "softmax: one class out of many" if softmax else f"{head.units} units")]
        if onehot is not None:
            also.append((onehot.array.node, "one-hot labels: one class out of many"))
        yield from self.found(
            contract.loss.place,
            f"binary_crossentropy trains {head.units} classes as {head.units} separate yes-or-no questions",
            label="asks every unit on its own",
            also=also,
            why="the classes exclude each other, which this loss does not know",
            help='use loss="categorical_crossentropy" with softmax (sparse_ for class numbers)',
            severity=Severity.ADVICE if head.activation == "sigmoid" else Severity.WARNING,
            about=contract.event,
            experiment=Experiment(
                contract.event,
                "slower",
                [
                    Change(head.activator, {"activation": "softmax"}),
                    Change("loss", {"class": "categorical_crossentropy"}),
                ],
            ),
            fix=self._fix(contract, head) if onehot is not None else None,
        )

    def _fix(self, contract: Contract, head: Head) -> fixing.Draft | None:
        loss = fixing.loss(contract, "categorical_crossentropy")
        if head.activation == "softmax":
            return fixing.draft("use categorical_crossentropy", loss)
        if head.activation != "sigmoid":
            return None
        return fixing.draft(
            "use softmax and categorical_crossentropy", fixing.activation(head.activations[-1], "softmax"), loss
        )

    bad = (
        """
        import keras
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="softmax")])
        model.compile("adam", "binary_crossentropy")  # KL005
        """,
        """
        import keras
        from sklearn.datasets import load_iris
        x, y = load_iris(return_X_y=True)
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, activation="sigmoid")])
        model.compile("adam", keras.losses.BinaryCrossentropy())  # KL005
        model.fit(x, y, epochs=5)
        """,
        """
        import keras
        (x, y), _ = keras.datasets.mnist.load_data()
        model = keras.Sequential([
            keras.Input((28, 28)), keras.layers.Flatten(), keras.layers.Dense(10, activation='softmax')
        ])
        model.compile('adam', 'binary_crossentropy', metrics=['accuracy'])  # KL005
        model.fit(x / 255, keras.utils.to_categorical(y), epochs=5)
        """,
    )
    good = (
        """
        import keras
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(5, activation="sigmoid")])
        model.compile("adam", "binary_crossentropy")
        model.fit(x, tags)
        """,
        """
        import keras
        (x, y), _ = keras.datasets.imdb.load_data(num_words=1000)
        model = keras.Sequential([keras.layers.Embedding(1000, 8), keras.layers.GlobalAveragePooling1D()])
        model.add(keras.layers.Dense(1, activation="sigmoid"))
        model.compile("adam", "binary_crossentropy")
        model.fit(keras.utils.pad_sequences(x, 100), y)
        """,
        """
        import keras
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2, activation="softmax")])
        model.compile("adam", "binary_crossentropy")
        """,
    )


def _classes(array: Array) -> int:
    """The number of classes, as far as it is certain; 0 otherwise."""
    labels = array.labels
    if labels is not None and labels.kind == "classes" and labels.classes is not None:
        return labels.classes
    if labels is None and array.tight and array.low == 0 and array.high is not None and "int" in (array.dtype or ""):
        return int(array.high) + 1 if array.high <= 1000 else 0
    return 0


def _has_several(array: Array) -> bool:
    return array.labels is not None and array.labels.kind == "multihot" and array.labels.sure


def _is_onehot(array: Array) -> bool:
    return array.labels is not None and array.labels.kind == "onehot" and array.labels.sure
