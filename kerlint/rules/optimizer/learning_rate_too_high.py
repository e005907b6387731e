"""KO002."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.experiment import Change, Experiment
from kerlint.finding import Safety, Severity
from kerlint.library.defaults import learning_rate
from kerlint.library.heads import parametric_layers
from kerlint.library.kinds import NORMALIZATION
from kerlint.library.optimizers import ADAPTIVE, Optimizer, optimizers, rate_changes
from kerlint.program.constants import number, truth
from kerlint.program.events import Compile
from kerlint.program.facts import Program
from kerlint.program.graph import Graph
from kerlint.program.values import Model, Object, Value
from kerlint.rules import fixing
from kerlint.rules.base import Found, Option, Rule


class LearningRateTooHigh(Rule):
    """The learning rate is so large that training diverges or ends in a useless model.

    What is too large depends on the optimizer. Adam and its kin move every weight by about the
    learning rate in each step, whatever the gradient; a step of SGD is the learning rate times the
    gradient, and momentum makes it up to ten times as long. 1.0 is the normal rate of Adadelta.

    ## Why is this bad?
    Weights start at a few hundredths or tenths. A step of 10 throws away everything that they were.
    With SGD the loss grows without bound and becomes NaN; with Adam it stays finite and flat, and the
    model is no better than a constant.

    ## Example
    ```python
    from tensorflow import keras

    model = keras.Sequential([
        keras.Input((10,)),
        keras.layers.Dense(128, activation="relu"),
        keras.layers.Dense(1),
    ])
    model.compile(optimizer=keras.optimizers.Adam(learning_rate=10.0), loss="mse")  # KO002
    ```

    Use instead:
    ```python
    from tensorflow import keras

    model = keras.Sequential([
        keras.Input((10,)),
        keras.layers.Dense(128, activation="relu"),
        keras.layers.Dense(1),
    ])
    model.compile(optimizer=keras.optimizers.Adam(learning_rate=1e-3), loss="mse")
    ```

    ## Known limits
    Silent for models with a single layer that is trained, which may need a large rate; for SGD with
    clipped gradients; where a schedule, a callback or an assignment sets the rate. Adam at 0.1 and
    above is advice only: most small models survive it.

    ## References
    - Measured on Keras 3.15.1, 150 steps, four small architectures, three tasks, ten seeds; the share of
      runs that learn anything at a rate of 0.1, 0.3, 1 and 10. Adam .93 .47 .4 .13-.2, RMSprop .92 .47 .22 .13,
      Adamax .95 .85 .50 .38, SGD 1.0 .87 .50 .07, SGD with momentum 0.9 .83 .48 .28 0, Adagrad 1.0 .98 .67 .3,
      Lion .26 .33 .28 .28, Adadelta .65 .80 1.0 1.0. The rule warns from where at most about half of the
      runs learn.
    - https://github.com/keras-team/keras/issues/2975
    """

    code = "KO002"
    name = "learning-rate-too-high"
    severity = Severity.WARNING
    fix = Safety.UNSAFE
    symptoms = ("loss-nan", "loss-flat", "accuracy-stuck", "constant-output")
    since = "0.1.0"
    in_tests = False

    limits = Option(
        {
            "Adam": 0.3,
            "AdamW": 0.3,
            "Nadam": 0.3,
            "RMSprop": 0.3,
            "Adamax": 1.0,
            "SGD": 1.0,
            "Adagrad": 3.0,
            "Lion": 0.1,
        },
        "The rates at which at most about half of the measured runs learn.",
        above=0.0,
    )
    momentum_limit = Option(0.3, "The same for SGD with momentum.", above=0.0)
    advice_limit = Option(
        0.1, "Adam and its kin: nine runs in ten still learn, but trained models seldom need such a rate.", above=0.0
    )
    absurd_limits = Option(
        {"Adam": 10.0, "AdamW": 10.0, "Nadam": 10.0, "RMSprop": 10.0, "SGD": 10.0},
        "The rates at which no more than one run in five learns, whatever the model.",
        above=0.0,
    )
    # Adam still learns something in one run of ten.
    error_limit = Option(100.0, "The rate at which no run with SGD learns.", above=0.0)
    momentum_error_limit = Option(10.0, "The same for SGD with momentum.", above=0.0)
    max_epsilon = Option(
        1e-3, "Above this Adam's epsilon, not the size of the gradient, decides how long a step is.", above=0.0
    )

    def check(self, program: Program) -> Iterator[Found]:
        for optimizer in optimizers(program):
            severity = self._severity(optimizer)
            if severity is Severity.ERROR and optimizer.rate is None:
                severity = Severity.WARNING
            if severity is None or rate_changes(program, optimizer):
                continue
            default, by_default = learning_rate(optimizer.value.name), optimizer.rate is None
            rate = optimizer.chosen if by_default else optimizer.rate
            assert rate is not None
            written = optimizer.value.args.get("learning_rate") if by_default else None
            times = f", {rate / default:,.0f} times the default" if default else ""
            adaptive = optimizer.name in ADAPTIVE
            yield from self.found(
                optimizer.place,
                f"the learning rate of {optimizer.name} is {rate:g}{' by default' if by_default else ''}{times}: "
                + _OUTLOOK[severity],
                label="too large a step",
                also=[
                    (written.node if written is not None else None, "unless the command line says otherwise"),
                    (optimizer.event.node, "the model is trained with it"),
                ],
                why=f"each step moves every weight by about {rate:g}, and weights start well below 1"
                if adaptive
                else "a step that overshoots the minimum meets a larger gradient, and the next step is longer still",
                help=f"start from the default, {default:g}" if default else "start from 0.001",
                severity=severity,
                about=optimizer.event,
                # Nobody has said that it is trained with this rate.
                experiment=None
                if by_default
                else Experiment(
                    optimizer.event,
                    "diverges",
                    [Change("optimizer", {"learning_rate": SOUND.get(optimizer.name)})],
                ),
                fix=fixing.draft(f"use the default, {default:g}", fixing.rate(optimizer, default))
                if default and not by_default
                else None,
            )

    def _severity(self, optimizer: Optimizer) -> Severity | None:
        """How wrong the rate is, given the optimizer and the model that it trains."""
        rate, name = optimizer.rate if optimizer.chosen is None else optimizer.chosen, optimizer.name
        if rate is None or name not in self.limits:
            return None
        limit = self.momentum_limit if name == "SGD" and optimizer.momentum else self.limits[name]
        if rate < min(limit, self.advice_limit) or self._is_tamed(optimizer):
            return None
        snapshot = optimizer.event.snapshot
        layers = self._trained(optimizer) if snapshot is not None else 0
        absurd = rate >= self.absurd_limits.get(name, float("inf"))
        if layers < 2:
            # Nothing is known of the model, or it is a linear one, for which large rates can be right.
            return Severity.WARNING if absurd and isinstance(optimizer.event, Compile) else None
        assert snapshot is not None
        if name == "SGD" and _is_normalised(snapshot.graph):
            # What follows a normalisation does not depend on the size of its weights.
            return Severity.WARNING if absurd else None
        if name == "SGD" and rate >= (self.momentum_error_limit if optimizer.momentum else self.error_limit):
            return Severity.ERROR
        if rate >= limit:
            return Severity.WARNING
        return Severity.ADVICE if name in ("Adam", "AdamW", "Nadam", "RMSprop") else None

    def _is_tamed(self, optimizer: Optimizer) -> bool:
        """Whether another argument keeps the steps short, or might do so."""
        value = optimizer.value
        if value.open or (optimizer.name == "SGD" and any(name in value.args for name in _CLIPPING)):
            return True
        epsilon = value.args.get("epsilon")
        return epsilon is not None and (number(epsilon) or 1.0) > self.max_epsilon

    @staticmethod
    def _trained(optimizer: Optimizer) -> int:
        """How many layers with a kernel the optimizer changes."""
        event = optimizer.event
        assert event.snapshot is not None
        frozen = event.frozen if isinstance(event, Compile) else frozenset()
        nodes = parametric_layers(event.snapshot.graph)
        return sum(
            not any(id(item) in frozen or _is_frozen(item) for item in (node.layer, *node.owners)) for node in nodes
        )

    bad = (
        """
        import argparse
        import keras
        parser = argparse.ArgumentParser()
        parser.add_argument("--rate", type=float, default=10.0)
        options = parser.parse_args()
        model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(32, "relu"), keras.layers.Dense(1)])
        model.compile(keras.optimizers.SGD(options.rate), "mse")  # KO002
        model.compile(keras.optimizers.SGD(vars(options)["rate"]), "mse")  # KO002
        """,
        """
        import keras
        inputs = keras.Input((8,))
        hidden = keras.layers.Dense(32, activation="relu")(inputs)
        model = keras.Model(inputs, keras.layers.Dense(3, activation="softmax")(hidden))
        model.compile(keras.optimizers.SGD(0.5, momentum=0.9), "categorical_crossentropy")  # KO002
        """,
        """
        import keras
        import tensorflow as tf
        model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(32, "relu"), keras.layers.Dense(1)])
        optimizer = keras.optimizers.RMSprop(1.0)  # KO002
        for x, y in data:
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean((model(x) - y) ** 2)
            gradients = tape.gradient(loss, model.trainable_variables)
            optimizer.apply_gradients(zip(gradients, model.trainable_variables))
        """,
        """
        import keras
        model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(32, "relu"), keras.layers.Dense(1)])
        model.compile(keras.optimizers.Adam(0.1), "mse")  # KO002
        """,
    )
    good = (
        """
        import argparse
        import keras
        parser = argparse.ArgumentParser()
        parser.add_argument("-r", "--rate", type=float, default=0.1)
        options = vars(parser.parse_args())
        model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(32, "relu"), keras.layers.Dense(1)])
        model.compile(keras.optimizers.SGD(options["rate"]), "mse")
        """,
        """
        import argparse
        import keras
        parser = argparse.ArgumentParser()
        parser.add_argument("--rate", type=float, default=0.001)
        parser.add_argument("--final-rate", type=float, default=10.0)
        model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(32, "relu"), keras.layers.Dense(1)])
        model.compile(keras.optimizers.Adam(parser.parse_args().rate), "mse")
        """,
        """
        import argparse
        import json
        import keras
        parser = argparse.ArgumentParser()
        parser.add_argument("--rate", type=float, default=10.0)
        def train(rate):
            model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(32, "relu"), keras.layers.Dense(1)])
            model.compile(keras.optimizers.SGD(rate), "mse")
        train(parser.parse_args(["--rate", "0.01"]).rate)
        options = parser.parse_args()
        for name, value in json.load(open("options.json")).items():
            setattr(options, name, value)
        train(options.rate)
        options = parser.parse_args()
        vars(options).update(json.load(open("options.json")))
        train(options.rate)
        options = parser.parse_args()
        read_into(options)
        train(options.rate)
        """,
        """
        import keras
        model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(1)])
        model.compile(keras.optimizers.Adam(0.5), "mse")
        """,
        """
        import keras
        model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(32, "relu"), keras.layers.Dense(1)])
        model.compile(keras.optimizers.Adadelta(1.0), "mse")
        """,
        """
        import keras
        model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(32, "relu"), keras.layers.Dense(1)])
        model.compile(keras.optimizers.Adam(1.0), "mse")
        model.fit(x, y, epochs=30, callbacks=[keras.callbacks.LearningRateScheduler(schedule)])
        """,
        """
        import keras
        from keras import backend as K
        model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(32, "relu"), keras.layers.Dense(1)])
        model.compile(keras.optimizers.SGD(2.0), "mse")
        K.set_value(model.optimizer.learning_rate, 0.01)
        model.fit(x, y, epochs=30)
        """,
        """
        import tensorflow as tf
        image = tf.Variable(content)
        optimizer = tf.keras.optimizers.Adam(10.0)
        for step in range(100):
            with tf.GradientTape() as tape:
                loss = style_loss(image)
            optimizer.apply_gradients([(tape.gradient(loss, image), image)])
        """,
        """
        import keras
        model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(32, "relu"), keras.layers.Dense(1)])
        model.compile(keras.optimizers.SGD(1.0, clipnorm=0.1), "mse")
        """,
    )


#: Rates with which nearly every measured run learns in a short training, where that is not the default.
SOUND = {"SGD": 0.01, "Adagrad": 0.1}
_OUTLOOK = {
    Severity.ADVICE: "close to where training fails",
    Severity.WARNING: "training will probably fail",
    Severity.ERROR: "training cannot converge",
}
_CLIPPING = ("clipnorm", "clipvalue", "global_clipnorm")


def _is_frozen(item: Value | None) -> bool:
    return isinstance(item, (Object, Model)) and truth(item.args.get("trainable")) is False


def _is_normalised(graph: Graph) -> bool:
    return any(node.short in NORMALIZATION for node in graph.nodes)
