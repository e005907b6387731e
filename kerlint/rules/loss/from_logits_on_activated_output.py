"""KL003."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.experiment import Change, Experiment
from kerlint.finding import Safety, Severity
from kerlint.library.contracts import CROSSENTROPIES, Contract, contracts
from kerlint.library.heads import PROBABILITIES, Head
from kerlint.program.facts import Program
from kerlint.rules import fixing
from kerlint.rules.base import Found, Rule

#: Activations that cut the range of logits.
_CUTTING = frozenset({"relu", "relu6", "tanh", "softsign"})


class FromLogitsOnActivatedOutput(Rule):
    """The loss is told to expect logits, or a second softmax follows, but the output is activated already.

    With `from_logits=True` a cross-entropy applies softmax or sigmoid itself. On an output that
    has been through one, that is the second time. Two such activations in the model are the same
    fault inside the model.

    ## Why is this bad?
    Probabilities lie between 0 and 1, so a softmax over them can hardly favour any class: with ten
    classes the most certain answer is 0.23. The loss has a floor well above 0 and the model stays
    unsure. Where softmax or sigmoid is the very last step, Keras on TensorFlow notices it, warns,
    and computes the loss from the values before the activation: there it is a fault in waiting,
    which shows as soon as any layer stands between, or on another backend.

    ## Example
    ```python
    from tensorflow import keras

    model = keras.Sequential([
        keras.Input((4,)),
        keras.layers.Dense(3, activation="softmax"),
    ])
    model.compile(
        optimizer="adam",
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),  # KL003
    )
    ```

    Use instead:
    ```python
    from tensorflow import keras

    model = keras.Sequential([
        keras.Input((4,)),
        keras.layers.Dense(3, activation="softmax"),
    ])
    model.compile(
        optimizer="adam",
        loss=keras.losses.SparseCategoricalCrossentropy(),
    )
    ```

    ## Known limits
    A hand-written softmax inside a custom layer is not seen.

    ## References
    - Measured on Keras 3.15.1: directly last, the loss equals the correct one, with a UserWarning; with a Reshape
      after it, or two softmaxes, the loss is 1.029 against 0.981, silently. Two softmaxes keep the spread of the
      predictions at .09 against .34.
    """

    code = "KL003"
    name = "from-logits-on-activated-output"
    severity = Severity.WARNING
    fix = Safety.UNSAFE
    symptoms = ("slow-learning", "accuracy-stuck")
    since = "0.1.0"

    def check(self, program: Program) -> Iterator[Found]:
        for contract in contracts(program):
            head = contract.head
            if head is None or contract.loss.function not in CROSSENTROPIES:
                continue
            if contract.loss.from_logits is True and head.activation in PROBABILITIES | _CUTTING:
                yield from self._logits(head, contract)
            elif sum(activation.name in PROBABILITIES for activation in head.activations) > 1:
                yield from self._twice(head, contract)

    def _logits(self, head: Head, contract: Contract) -> Iterator[Found]:
        loss = contract.loss
        cuts = head.activation in _CUTTING
        if cuts:
            why = f"{head.activation} limits the logits, so that not every probability can be reached"
        elif head.ends_activated:
            why = "Keras on TensorFlow notices and undoes this only while the activation is the very last step"
        else:
            why = f"the loss applies {head.activation} once more to values between 0 and 1"
        yield from self.found(
            loss.value.places.get("from_logits") or loss.place,
            f"the loss expects logits, but the model already applies {head.activation}",
            label="expects raw logits",
            also=[(head.activation_place, f"{head.activation} is applied here")],
            why=why,
            help="drop the activation of the last layer" + ("" if cuts else ", or pass from_logits=False"),
            about=contract.event,
            experiment=Experiment(
                contract.event,
                "twice",
                [Change(head.activator, {"activation": "linear"}) if cuts else Change("loss", {"from_logits": None})],
            ),
            fix=None if cuts else fixing.draft("leave from_logits out", fixing.drop(loss.value, "from_logits")),
        )

    def _twice(self, head: Head, contract: Contract) -> Iterator[Found]:
        first, second = [activation for activation in head.activations if activation.name in PROBABILITIES][-2:]
        what = f"{second.name} is applied twice" if first.name == second.name else f"{second.name} follows {first.name}"
        yield from self.found(
            second.place,
            f"{what} at the end of the model",
            label="the second activation",
            also=[(first.place, "the first one"), (contract.loss.place, "this loss expects one of them")],
            why="the second one gets values between 0 and 1 and can hardly tell them apart",
            help="keep one of the two",
            about=contract.event,
            experiment=Experiment(
                contract.event,
                "twice",
                [Change(head.layer if first.node is head.node else first.node, {"activation": "linear"})],
            ),
        )

    bad = (
        """
        import keras
        model = keras.Sequential([
            keras.Input((4,)),
            keras.layers.Dense(3, activation="softmax"),
            keras.layers.Softmax(),  # KL003
        ])
        model.compile("adam", "categorical_crossentropy")
        """,
    )
    good = (
        """
        import keras
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
        model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        """,
        """
        import keras
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="softmax")])
        model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=flag))
        """,
    )
