"""KL001."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.experiment import Change, Experiment
from kerlint.finding import Safety, Severity
from kerlint.library.contracts import CATEGORICAL, Contract, contracts
from kerlint.library.heads import Activation, Head, heads
from kerlint.program.constants import constant, integer
from kerlint.program.events import Compile, LossCall
from kerlint.program.facts import Program
from kerlint.program.graph import Node
from kerlint.program.values import Object
from kerlint.rules import fixing
from kerlint.rules.base import Found, Rule


class SingleUnitMulticlassHead(Rule):
    """The model ends in one unit, but softmax or a categorical loss needs one unit for each class.

    Softmax divides each output by the sum of all outputs. With one unit that is the output
    divided by itself: every prediction is exactly 1.0. A categorical cross-entropy compares a
    distribution over classes, and a distribution over one class is always certain.

    ## Why is this bad?
    With softmax the predictions are constant. With `binary_crossentropy` the loss falls all the
    same, because Keras computes it from the logits before the softmax: the curve looks healthy
    while the model says 1.0 for every row. With `categorical_crossentropy` the loss is 0 from the
    first step; with `sparse_categorical_crossentropy` training stops with an error at the first
    label above 0.

    ## Example
    ```python
    from tensorflow import keras

    model = keras.Sequential([
        keras.Input((10,)),
        keras.layers.Dense(16, activation="relu"),
        keras.layers.Dense(1, activation="softmax"),  # KL001
    ])
    model.compile(optimizer="adam", loss="binary_crossentropy")
    ```

    Use instead:
    ```python
    from tensorflow import keras

    model = keras.Sequential([
        keras.Input((10,)),
        keras.layers.Dense(16, activation="relu"),
        keras.layers.Dense(1, activation="sigmoid"),
    ])
    model.compile(optimizer="adam", loss="binary_crossentropy")
    ```

    ## Known limits
    A softmax over another axis than the last is not reported.

    ## References
    - https://github.com/keras-team/keras/issues/500
    - Measured on Keras 3.15.1: softmax over one unit gives one distinct prediction for 512 inputs, and the loss
      curve is that of the healthy model. Keras warns when such a layer is called, since 3.1.
    """

    code = "KL001"
    name = "single-unit-multiclass-head"
    severity = Severity.ERROR
    fix = Safety.SAFE
    symptoms = ("constant-output", "accuracy-stuck", "loss-flat")
    since = "0.1.0"
    subsumes = ("KL002", "KL004", "KL005", "KL010")

    def check(self, program: Program) -> Iterator[Found]:
        reported: set[int] = set()
        for contract in contracts(program):
            head = contract.head
            if head is None or head.units != 1:
                continue
            softmax = _softmax(head)
            if softmax is not None:
                reported.add(id(head.node.layer))
                yield from self._softmax(softmax, head, contract, contract.event)
            elif contract.loss.function in CATEGORICAL and not _is_for_each_step(contract, bool(program.limits)):
                reported.add(id(head.node.layer))
                yield from self._categorical(head, contract)
        # With another loss, or a custom one, the softmax is as constant.
        for event in program.compiles:
            for head in heads(event.graph):
                if head is not None and head.units == 1 and id(head.node.layer) not in reported:
                    softmax = _softmax(head)
                    if softmax is not None:
                        yield from self._softmax(softmax, head, None, event)

    @staticmethod
    def _experiment(
        softmax: Activation, head: Head, contract: Contract | None, event: Compile | LossCall
    ) -> Experiment:
        """Against one unit with the activation that fits the loss."""
        if contract is None:
            return Experiment(event, "constant", [Change(_owner(softmax, head), {"activation": "sigmoid"})])
        regression = contract.loss.function.startswith("mean_")
        changes = [Change(_owner(softmax, head), {"activation": "linear" if regression else "sigmoid"})]
        if contract.loss.function in CATEGORICAL:
            changes += _BINARY
        return Experiment(event, "constant", changes)

    def _softmax(
        self, softmax: Activation, head: Head, contract: Contract | None, event: Compile | LossCall
    ) -> Iterator[Found]:
        also = [(head.node.argument_place("units"), "one unit")]
        if contract is not None and contract.loss.function in CATEGORICAL:
            also.append((contract.loss.place, "this loss needs one unit for each class"))
        elif contract is not None and contract.loss.function == "binary_crossentropy":
            also.append((contract.loss.place, "this loss expects one sigmoid unit"))
        regression = contract is not None and contract.loss.function.startswith("mean_")
        yield from self.found(
            softmax.place,
            "a softmax over one unit always outputs 1.0",
            label="every prediction is exactly 1.0",
            also=also,
            why="softmax divides each output by the sum of all outputs, here by itself",
            help="use no activation for a regression, or sigmoid with binary_crossentropy for two classes"
            if regression
            else 'use activation="sigmoid" with binary_crossentropy, or one unit for each class',
            about=contract.event if contract is not None else None,
            experiment=self._experiment(softmax, head, contract, event),
            fix=self._fix(softmax, contract, regression=regression),
        )

    def _fix(self, softmax: Activation, contract: Contract | None, *, regression: bool) -> fixing.Draft | None:
        if contract is not None and contract.loss.function == "binary_crossentropy":
            return fixing.draft('use activation="sigmoid"', fixing.activation(softmax, "sigmoid"))
        layer = softmax.node.layer
        if not regression or layer is None or softmax.node.short == "Activation":
            return None
        return fixing.draft("leave the activation out", fixing.drop(layer, "activation"), safety=Safety.UNSAFE)

    def _categorical(self, head: Head, contract: Contract) -> Iterator[Found]:
        sparse = contract.loss.function.startswith("sparse")
        yield from self.found(
            head.node.argument_place("units"),
            f"{contract.loss.function} needs one unit for each class, but the model ends in one unit",
            label="one unit",
            also=[(contract.loss.place, "compares a distribution over classes")],
            why="with one class the only label it can take is 0"
            if sparse
            else "a distribution over one class is always certain, so the loss says nothing",
            help="use as many units as there are classes with softmax, or one sigmoid unit with binary_crossentropy",
            about=contract.event,
            experiment=Experiment(
                contract.event,
                "raises" if sparse else "still_or_flat",
                [*([] if head.activation == "sigmoid" else [_sigmoid(head)]), *_BINARY],
            ),
        )

    bad = (
        """
        from keras.models import Sequential
        from keras.layers import Dense, Activation
        model = Sequential()
        model.add(Dense(8, input_dim=3, activation="relu"))
        model.add(Dense(1))
        model.add(Activation("softmax"))  # KL001
        model.compile(loss="mean_squared_error", optimizer="sgd")
        """,
        """
        import keras
        inputs = keras.Input((4,))
        outputs = keras.layers.Dense(1, activation="sigmoid")(inputs)  # KL001
        model = keras.Model(inputs, outputs)
        model.compile("adam", keras.losses.CategoricalCrossentropy())
        """,
    )
    good = (
        """
        import keras
        inputs = keras.Input((5, 4))
        scores = keras.layers.Dense(1)(inputs)
        weights = keras.layers.Softmax(axis=1)(scores)
        model = keras.Model(inputs, weights)
        model.compile("adam", "mse")
        """,
        """
        import keras
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(classes, activation="softmax")])
        model.compile("adam", "categorical_crossentropy")
        """,
    )


#: What one unit can be trained with.
_BINARY = [
    Change("loss", {"class": "binary_crossentropy", "from_logits": None}),
    Change("y", {"kind": "binary", "classes": 2}),
]


def _is_for_each_step(contract: Contract, cut: bool) -> bool:
    """Whether the loss drops the axis of the one unit, because the targets have an axis less than the output.

    Args:
        cut: whether the program was not followed to its end, so that the targets may not have been seen.
    """
    if cut and not contract.targets:
        return True
    return contract.loss.function == "categorical_crossentropy" and any(
        target.output is not None and len(target.output) > 2 and target.array.rank == len(target.output) - 1
        for target in contract.targets
    )


def _sigmoid(head: Head) -> Change:
    """One unit that gives a probability."""
    return Change(head.activator, {"activation": "sigmoid"})


def _owner(activation: Activation, head: Head) -> Node | Object:
    """The layer that applies the activation."""
    return head.layer if activation.node is head.node else activation.node


def _softmax(head: Head) -> Activation | None:
    """The softmax over the last axis on the way to the output, if there is one."""
    for activation in head.activations:
        if activation.name == "softmax" and _over_last_axis(activation.node):
            return activation
    return None


def _over_last_axis(node: Node) -> bool:
    axis = node.args.get("axis")
    if axis is None:
        return True
    rank = len(node.shape) if node.shape is not None else None
    found = integer(axis)
    return found == -1 or (found is not None and rank is not None and found == rank - 1) or constant(axis) is None
