"""KS002."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.experiment import Change, Experiment
from kerlint.finding import Safety, Severity
from kerlint.library.heads import heads
from kerlint.library.kinds import CONVOLUTION, NOISE, pure_activation
from kerlint.program.constants import number
from kerlint.program.events import Compile
from kerlint.program.facts import Program
from kerlint.program.graph import Node
from kerlint.program.target import Target
from kerlint.rules import fixing
from kerlint.rules.base import Found, Option, Rule


class DropoutMisuse(Rule):
    """Dropout takes away the output of the model, or nearly everything that a layer gives.

    A `Dropout` (or noise, or `BatchNormalization`) after the last activation changes the answers
    themselves. And a rate of 0.9 keeps one value in ten: the argument is the share that is dropped,
    not the share that is kept.

    ## Why is this bad?
    Behind a softmax, dropout sets the probability of the right class to 0 in some of the rows: their
    loss is enormous, whatever the model learns. A normalisation there makes numbers of any size of
    what were probabilities.

    ## Example
    ```python
    from tensorflow import keras

    model = keras.Sequential([
        keras.Input((20,)),
        keras.layers.Dense(64, activation="relu"),
        keras.layers.Dense(10, activation="softmax"),
        keras.layers.Dropout(0.5),  # KS002
    ])
    model.compile(optimizer="adam", loss="categorical_crossentropy")
    model.fit(x, y, epochs=20)
    ```

    Use instead:
    ```python
    from tensorflow import keras

    model = keras.Sequential([
        keras.Input((20,)),
        keras.layers.Dense(64, activation="relu"),
        keras.layers.Dropout(0.5),
        keras.layers.Dense(10, activation="softmax"),
    ])
    model.compile(optimizer="adam", loss="categorical_crossentropy")
    model.fit(x, y, epochs=20)
    ```

    ## Known limits
    Only models that are compiled. A rate above 0.5 right after a convolution is advice.

    ## References
    - Measured on Keras 3.15.1: with `Dropout` behind the softmax the loss stays at 6.1; a rate of 1.0 is accepted
      and gives zeros. Before Keras 3.14 it is a ValueError in the first step; `GaussianDropout` and `AlphaDropout`
      divide by zero in all versions.
    - https://github.com/keras-team/keras/issues/5992
    - The highest rate in 183 dropout layers of public programs was 0.7.
    """

    code = "KS002"
    name = "dropout-misuse"
    severity = Severity.WARNING
    fix = Safety.UNSAFE
    symptoms = ("loss-flat", "accuracy-stuck", "zero-output", "slow-learning")
    since = "0.1.0"
    in_tests = False

    max_rate = Option(0.9, "From this rate on it looks as if the share that is kept was meant.", above=0.0, high=1.0)
    max_rate_after_convolution = Option(0.5, "Higher rates after a convolution are much.", low=0.0, high=1.0)
    max_usual_rate = Option(
        0.7, "Higher rates are unusual: this is the highest of 183 in public programs.", above=0.0, high=1.0
    )

    def check(self, program: Program) -> Iterator[Found]:
        seen: set[int] = set()
        for event in program.compiles:
            ends = list(self._behind_the_output(event))
            for node, activation in ends:
                if id(node.layer) not in seen:
                    seen.add(id(node.layer))
                    yield from self._output(node, activation, event)
            for node in event.graph.nodes:
                if node.short.endswith("Dropout") and id(node.layer) not in seen:
                    seen.add(id(node.layer))
                    yield from self._rate(node, event, program.target)

    def _behind_the_output(self, event: Compile) -> Iterator[tuple[Node, str]]:
        """The steps behind the last activation that change what it gives."""
        for head in heads(event.graph):
            if head is None or not head.activations or not head.known:
                continue
            last = head.activations[-1]
            if last.name not in ("softmax", "sigmoid"):
                continue
            for node in head.after:
                behind = _comes_after(node, last.node)
                if behind and (node.short in NOISE - {"ActivityRegularization"} or node.short == "BatchNormalization"):
                    yield node, last.name

    def _output(self, node: Node, activation: str, event: Compile) -> Iterator[Found]:
        noise = node.short in NOISE
        yield from self.found(
            node.place,
            f"{node.short} stands behind the {activation} of the output and changes the answers of the model",
            label="the last step of the model",
            why="in training it sets probabilities of right classes to 0, and the loss of these rows is enormous"
            if noise and "Dropout" in node.short
            else f"what it gives are no probabilities any more, although the loss takes them for the {activation}",
            help="move it before the last layer",
            about=node.layer,
            experiment=Experiment(event, "slower", [Change(node, drop=True)]),
            fix=fixing.draft("move it before the last layer", fixing.swap_layers(node.inputs[0], node))
            if len(node.inputs) == 1
            else None,
        )

    def _rate(self, node: Node, event: Compile, target: Target) -> Iterator[Found]:
        experiment = Experiment(event, "drops", [Change(node, {"rate": 0.2})], at=[node])
        rate = number(node.args.get("rate"))
        if rate is None:
            return
        place = node.argument_place("rate")
        if rate == 1:
            raises = node.short in ("GaussianDropout", "AlphaDropout")
            yield from self.found(
                place,
                f"{node.short} with a rate of 1 drops everything: "
                + (
                    "the first training step raises an error"
                    if raises or target.before(3, 14)
                    else "in training the layers after it get zeros"
                ),
                label="nothing passes"
                + (
                    "; an error before Keras 3.14"
                    if not (raises or target.since(3, 14) or target.before(3, 14))
                    else ""
                ),
                why="the rate is the share of values that is set to 0",
                help="use a rate between 0.1 and 0.5",
                severity=Severity.ERROR,
                about=node.layer,
                experiment=experiment,
                fix=fixing.draft("use a rate of 0.5", fixing.put(node.layer, "rate", "0.5")),
            )
        elif self.max_rate <= rate < 1:
            yield from self.found(
                place,
                f"{node.short} drops {rate:.0%} of the values: the layers after it see hardly anything",
                label=f"keeps {1 - rate:.2g}",
                why="the rate is the share that is set to 0; in TensorFlow 1 the number was the share that is kept",
                help=f"use a rate between 0.1 and 0.5; if {rate:g} was meant to be kept, write {1 - rate:.2g}",
                about=node.layer,
                experiment=experiment,
                fix=_keeping(node, rate),
            )
        elif rate > self.max_usual_rate:
            yield from self.found(
                place,
                f"{node.short} drops {rate:.0%} of the values, which is more than usual",
                label=f"keeps {1 - rate:.2g}",
                why="the rate is the share that is set to 0; in TensorFlow 1 the number was the share that is kept",
                help=f"use a rate between 0.1 and 0.5; if {rate:g} was meant to be kept, write {1 - rate:.2g}",
                severity=Severity.ADVICE,
                about=node.layer,
            )
        elif rate > 0 and (pooling := _pooled(node)) is not None:
            yield from self.found(
                node.place,
                f"{node.short} stands before {pooling.short}, which looks for the largest of what is left",
                label="sets single values to 0",
                also=[(pooling.place, "takes the largest value of each window")],
                why="where the largest value is dropped the second largest goes on in its place, "
                "so that hardly anything is dropped in effect",
                help="put the dropout behind the pooling, or use SpatialDropout, which drops whole maps",
                severity=Severity.ADVICE,
                about=node.layer,
            )
        elif rate > self.max_rate_after_convolution and node.inputs and node.inputs[0].short in CONVOLUTION:
            yield from self.found(
                place,
                f"{node.short} drops {rate:.0%} of what a convolution gives, which is much",
                label=f"keeps {1 - rate:.2g}",
                why="convolutions share their weights over all places and need little regularisation",
                help="use a rate between 0.1 and 0.3 after a convolution",
                severity=Severity.ADVICE,
                about=node.layer,
                experiment=experiment,
            )

    bad = (
        """
        import keras
        inputs = keras.Input((8, 8, 3))
        x = keras.layers.Conv2D(8, 3, activation="relu")(inputs)
        x = keras.layers.Dropout(0.6)(x)  # KS002
        x = keras.layers.Dropout(0.95)(keras.layers.Flatten()(x))  # KS002
        x = keras.layers.Dense(3)(x)
        x = keras.layers.Activation("softmax")(x)
        outputs = keras.layers.BatchNormalization()(x)  # KS002
        model = keras.Model(inputs, outputs)
        model.compile("adam", "categorical_crossentropy")
        """,
        """
        import keras
        model = keras.Sequential([keras.Input((8,)), keras.layers.Dropout(1.0), keras.layers.Dense(1)])  # KS002
        model.compile("adam", "mse")
        """,
        """
        import keras
        model = keras.Sequential([
            keras.Input((8, 8, 3)),
            keras.layers.Conv2D(8, 3),
            keras.layers.Dropout(0.2),  # KS002
            keras.layers.Activation("relu"),
            keras.layers.MaxPooling2D(),
            keras.layers.Flatten(),
            keras.layers.Dropout(0.8),  # KS002
            keras.layers.Dense(3),
        ])
        model.compile("adam", "mse")
        """,
    )
    good = (
        """
        import keras
        block = keras.Sequential([keras.Input((8,)), keras.layers.Dense(4, "sigmoid"), keras.layers.Dropout(0.5)])
        model = keras.Sequential([block, keras.layers.Dense(1)])
        model.compile("adam", "mse")
        """,
        """
        import keras
        model = keras.Sequential([
            keras.Input((8,)), keras.layers.Dense(4), keras.layers.BatchNormalization(), keras.layers.Dropout(0.2),
            keras.layers.Activation("softmax"), keras.layers.Reshape((2, 2)),
        ])
        model.compile("adam", "mse")
        """,
        """
        import keras
        def build(rate=0.95):
            model = keras.Sequential([keras.Input((8,)), keras.layers.Dropout(rate), keras.layers.Dense(1)])
            model.compile("adam", "mse")
            return model
        """,
    )


#: What nobody drops less of on purpose.
_LEAST_RATE = 0.1


def _keeping(node: Node, rate: float) -> fixing.Draft | None:
    """The rate of somebody who has given the share that is kept; None where that would be no usual rate either.

    0.9 may be what TensorFlow 1 called `keep_prob`. Of 0.99 nobody can say what was meant.
    """
    dropped = round(1 - rate, 6)
    if dropped < _LEAST_RATE:
        return None
    return fixing.draft(f"drop {dropped:g}, and keep {rate:g}", fixing.put(node.layer, "rate", f"{dropped:g}"))


def _pooled(node: Node) -> Node | None:
    """The max pooling that reads what a plain Dropout leaves, an activation between them or not."""
    current = node
    while node.short == "Dropout" and len(current.consumers) == 1:
        current = current.consumers[0]
        if current.short.startswith("MaxPooling"):
            return current
        if pure_activation(current) is None:
            return None
    return None


def _comes_after(node: Node, activation: Node) -> bool:
    """Whether a step gets what the activation gives, one way."""
    current = node
    while len(current.inputs) == 1:
        current = current.inputs[0]
        if current is activation:
            return True
    return False
