"""KA004."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.experiment import Change, Experiment
from kerlint.finding import Safety, Severity
from kerlint.library.chains import Link, described, is_dense_or_convolution, link, width
from kerlint.library.heads import activation_of
from kerlint.library.initializers import Initializer, initializer
from kerlint.library.kinds import is_parametric
from kerlint.library.trained import Training, trainings
from kerlint.program.constants import constant, truth
from kerlint.program.facts import Program
from kerlint.program.graph import Node
from kerlint.rules import fixing
from kerlint.rules.base import Found, Option, Rule

#: Activations whose slope at 0 and below is 0. Leaky relu, elu, gelu and the like are none of them.
_DYING = frozenset({"relu", "relu6"})


class DeadOrSymmetricInit(Rule):
    """The initial weights leave the layer dead, or all of its units the same.

    Two cases. A relu layer whose weights are all zero outputs zero and has slope zero there: no
    gradient ever reaches its weights. And where two layers in a row start with constant weights,
    every unit of the first one computes the same number and gets the same gradient, so that they
    stay the same for ever.

    ## Why is this bad?
    A dead layer makes the model constant: only the bias of the last layer learns. A symmetric one
    makes it as small as a model with a single unit in that layer. Keras says nothing about either.

    ## Example
    ```python
    from tensorflow import keras

    model = keras.Sequential([
        keras.Input((10,)),
        keras.layers.Dense(64, activation="relu", kernel_initializer="zeros"),  # KA004
        keras.layers.Dense(1),
    ])
    model.compile(optimizer="adam", loss="mse")
    ```

    Use instead:
    ```python
    from tensorflow import keras

    model = keras.Sequential([
        keras.Input((10,)),
        keras.layers.Dense(64, activation="relu", kernel_initializer="he_normal"),
        keras.layers.Dense(1),
    ])
    model.compile(optimizer="adam", loss="mse")
    ```

    ## Known limits
    A single constant layer with another activation is not reported, least of all the output layer:
    it trains, because the layers around it tell its units apart. Neither is a frozen layer, one
    that gets its weights from elsewhere, or a pair with Dropout between, which breaks the symmetry.

    ## References
    - Measured on Keras 3.15.1, 20 epochs: zero weights with relu or relu6, 1 distinct prediction and weights
      that moved by exactly 0, with BatchNormalization between, too; with leaky relu, elu, gelu, silu or
      softplus the layer trains. Two constant layers: 1 distinct unit among 16 after training.
    - A bias of -3 on a hidden relu layer: no weight moved, for normal and for uniform inputs.
    """

    code = "KA004"
    name = "dead-or-symmetric-init"
    severity = Severity.ERROR
    fix = Safety.UNSAFE
    symptoms = ("constant-output", "loss-flat", "accuracy-stuck")
    since = "0.1.0"
    in_tests = False

    dead_bias = Option(-3.0, "A relu layer that starts with such a bias, or a lower one, is dead.", high=0.0)

    def check(self, program: Program) -> Iterator[Found]:
        for training in trainings(program):
            if not training.starts_fresh:
                continue
            dead: set[int] = set()
            for node in training.graph.nodes:
                if not is_dense_or_convolution(node) or not _learns(node, training):
                    continue
                for found in self._dead(node, training):
                    dead.add(id(node))
                    yield found
            for node in training.graph.nodes:
                pair = link(node)
                # The second layer of a pair is not reported again as the first of the next.
                if pair is not None and not {id(node), id(pair.next)} & dead and _is_symmetric(pair, training):
                    dead.add(id(pair.next))
                    yield from self._symmetric(pair, training)

    def _dead(self, node: Node, training: Training) -> Iterator[Found]:
        activation = activation_of(node)
        if activation is None or activation.name not in _DYING or _is_changed(activation.node):
            return
        kernel, bias = _start(node, "kernel_initializer"), _start(node, "bias_initializer")
        if truth(node.args.get("use_bias")) is False:
            level: float | None = 0.0
        else:
            level = bias.constant if bias is not None else None if "bias_initializer" in node.args else 0.0
        if level is None:
            return
        if kernel is not None and kernel.constant == 0 and level <= 0:
            yield from self.found(
                kernel.place,
                f"{described(node)} starts with zero weights and {activation.name}: it never learns and outputs 0",
                label="all weights are 0",
                also=[(activation.place, "slope 0 at 0")],
                why=f"the gradient passes through the slope of {activation.name}, which is 0 wherever the output is 0",
                help='leave the initializer out, or use kernel_initializer="he_normal"',
                about=training.event,
                experiment=_dead_experiment(node, activation.node, training),
                fix=fixing.draft(
                    'use kernel_initializer="he_normal"',
                    fixing.put(node.layer, "kernel_initializer", '"he_normal"', variable=True),
                ),
            )
        elif bias is not None and level <= self.dead_bias and "kernel_initializer" not in node.args and _is_deep(node):
            yield from self.found(
                bias.place,
                f"{described(node)} starts with a bias of {level:g} and {activation.name}: "
                "most units output 0 for every row",
                label=f"every unit starts at {level:g}",
                also=[(activation.place, "0 for everything below 0")],
                why="a unit that outputs 0 for every row gets no gradient and stays there",
                help="leave the bias at 0",
                severity=Severity.WARNING,
                about=training.event,
                experiment=_dead_experiment(node, activation.node, training),
                fix=fixing.draft("leave bias_initializer out", fixing.drop(node.layer, "bias_initializer")),
            )

    def _symmetric(self, pair: Link, training: Training) -> Iterator[Found]:
        first, second = _start(pair.node, "kernel_initializer"), _start(pair.next, "kernel_initializer")
        if first is None or second is None:
            return
        yield from self.found(
            first.place,
            f"{described(pair.node)} and {described(pair.next)} start with constant weights: "
            f"the {width(pair.node)} units of the first stay the same",
            label=f"all weights are {first.constant:g}",
            also=[(second.place, f"all weights are {second.constant:g}")],
            why="units with the same weights compute the same, get the same gradient and stay the same",
            help="leave the initializers out: the default, glorot_uniform, makes each unit different",
            about=training.event,
            experiment=Experiment(
                training.event,
                "alike",
                [Change(node, {"kernel_initializer": None}) for node in (pair.node, pair.next)],
                at=[pair.node],
            ),
            fix=fixing.draft(
                "leave the initializers out",
                *fixing.all_of([fixing.drop(node.layer, "kernel_initializer") for node in (pair.node, pair.next)]),
            ),
        )

    bad = (
        """
        import tensorflow as tf
        from tensorflow.keras import layers
        model = tf.keras.Sequential()
        model.add(layers.Dense(32, input_dim=4, activation="tanh", kernel_initializer="ones"))  # KA004
        model.add(layers.Dense(3, activation="softmax", kernel_initializer=tf.constant_initializer(0.1)))
        model.compile("adam", "categorical_crossentropy")
        """,
        """
        from keras.models import Sequential
        from keras.layers import Dense, Activation
        model = Sequential()
        model.add(Dense(16, input_dim=4, init="zero"))  # KA004
        model.add(Activation("relu"))
        model.add(Dense(1))
        model.compile("sgd", "mse")
        """,
        """
        import keras
        from keras import initializers, layers
        model = keras.Sequential([keras.Input((28, 28, 1))])
        model.add(layers.Conv2D(8, 3, activation="relu", kernel_initializer=initializers.Zeros))  # KA004
        model.add(layers.Flatten())
        model.add(layers.Dense(8, activation="relu"))
        low = initializers.Constant(-4)
        model.add(layers.Dense(8, activation="relu", bias_initializer=low))  # KA004
        model.add(layers.Dense(1))
        model.compile("sgd", "mse")
        """,
    )
    good = (
        # The output layer alone, and a single constant layer that trains.
        """
        import keras
        from keras import layers
        model = keras.Sequential([keras.Input((4,))])
        model.add(layers.Dense(16, activation="tanh", kernel_initializer="zeros"))
        model.add(layers.Dense(16, activation="relu"))
        model.add(layers.Dense(1, kernel_initializer="zeros", bias_initializer=keras.initializers.Constant(-4.6)))
        model.compile("sgd", "mse")
        """,
        # A positive bias keeps it alive, and so does a leak; noise breaks the symmetry; one unit has none.
        """
        import keras
        from keras import layers
        alive = keras.initializers.Constant(0.1)
        model = keras.Sequential([keras.Input((4,))])
        model.add(layers.Dense(16, activation="relu", kernel_initializer="zeros", bias_initializer=alive))
        model.add(layers.Dense(16, activation="leaky_relu", kernel_initializer="he_normal"))
        model.add(layers.Dense(16, activation="tanh", kernel_initializer="ones"))
        model.add(layers.Dropout(0.5))
        model.add(layers.Dense(1, kernel_initializer="ones"))
        model.add(layers.Dense(1, kernel_initializer="ones"))
        model.compile("sgd", "mse")
        """,
        # Fixed filters and weights from elsewhere.
        """
        import keras
        from keras import layers
        fixed = layers.Conv2D(8, 3, kernel_initializer="ones", trainable=False)
        model = keras.Sequential([keras.Input((28, 28, 1)), fixed])
        model.add(layers.Conv2D(8, 3, kernel_initializer="ones"))
        model.compile("sgd", "mse")
        other = keras.Sequential([keras.Input((4,)), layers.Dense(4, activation="relu", kernel_initializer="zeros")])
        other.load_weights("weights.h5")
        other.compile("sgd", "mse")
        """,
    )


def _dead_experiment(node: Node, end: Node, training: Training) -> Experiment:
    """Whether its units are dead, against the initial weights of Keras."""
    usual = Change(node, {"kernel_initializer": None, "bias_initializer": None})
    return Experiment(training.event, "dead", [usual], at=[end])


def _start(node: Node, argument: str) -> Initializer | None:
    return initializer(node.layer, argument) if node.layer is not None else None


def _learns(node: Node, training: Training) -> bool:
    """Whether the layer is trained from the weights that its initializer makes."""
    return training.trains(node) and node.layer is not None and not {"pretrained", ".kernel"} & node.layer.state.keys()


def _is_changed(node: Node) -> bool:
    """Whether the activation is given more than its input: a negative slope or a threshold, maybe."""
    given = node.args.keys() - {"name", "max_value"}
    return (node.short == "ReLU" and bool(given)) or (node.kind == "function" and len(given) > 1)


def _is_deep(node: Node) -> bool:
    """Whether the layer reads what another kernel made: the scale of the data itself may be any."""
    current = node
    while len(current.inputs) == 1:
        current = current.inputs[0]
        if is_parametric(current):
            return True
    return False


def _is_symmetric(pair: Link, training: Training) -> bool:
    """Whether nothing can ever tell the units of the first layer apart."""
    starts = [_start(node, "kernel_initializer") for node in (pair.node, pair.next)]
    return (
        all(start is not None and start.constant is not None for start in starts)
        and all(is_dense_or_convolution(node) and _learns(node, training) for node in (pair.node, pair.next))
        and (width(pair.node) or 1) > 1
        and _has_even_bias(pair.node)
        and not pair.noisy
    )


def _has_even_bias(node: Node) -> bool:
    """Whether all units start with the same bias."""
    given = node.args.get("bias_initializer")
    if given is None or constant(given) is None:
        return True
    bias = _start(node, "bias_initializer")
    return bias is not None and bias.constant is not None
