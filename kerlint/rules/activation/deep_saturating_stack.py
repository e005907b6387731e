"""KA002."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint import syntax
from kerlint.experiment import Change, Experiment
from kerlint.finding import Safety, Severity
from kerlint.library.chains import Link, described, is_dense_or_convolution, link
from kerlint.library.finished import final_graphs
from kerlint.library.heads import activation_of
from kerlint.library.optimizers import ADAPTIVE, Optimizer
from kerlint.library.trained import Training, trainings
from kerlint.program.facts import Program
from kerlint.program.graph import Graph, Node
from kerlint.rules import fixing
from kerlint.rules.base import Found, Option, Rule

_SATURATING = frozenset({"sigmoid", "hard_sigmoid"})


class DeepSaturatingStack(Rule):
    """Several sigmoid layers in a row: little of the gradient reaches the first ones.

    The slope of a sigmoid is at most 1/4. Backpropagation multiplies the slopes of all layers,
    so each further sigmoid layer leaves the layers before it a fraction of the gradient.

    ## Why is this bad?
    It depends on the optimizer. Plain SGD steps in proportion to the gradient: with three or four
    sigmoid layers the first ones stand still and the model predicts a constant. Adam and its kin
    scale the step by the size of the gradient: the model learns, but ever worse from five layers
    on. That is why this is a warning for SGD from three or four layers, for Adam from six, for a
    model whose optimizer is not known from eight, and advice below. A tanh stack is no such problem.

    ## Example
    ```python
    from tensorflow import keras

    model = keras.Sequential([
        keras.Input((10,)),
        keras.layers.Dense(64, activation="sigmoid"),  # KA002
        keras.layers.Dense(64, activation="sigmoid"),
        keras.layers.Dense(64, activation="sigmoid"),
        keras.layers.Dense(64, activation="sigmoid"),
        keras.layers.Dense(1),
    ])
    model.compile(optimizer=keras.optimizers.SGD(0.01), loss="mse")
    ```

    Use instead:
    ```python
    from tensorflow import keras

    model = keras.Sequential([
        keras.Input((10,)),
        keras.layers.Dense(64, activation="relu"),
        keras.layers.Dense(64, activation="relu"),
        keras.layers.Dense(64, activation="relu"),
        keras.layers.Dense(64, activation="relu"),
        keras.layers.Dense(1),
    ])
    model.compile(optimizer=keras.optimizers.SGD(0.01), loss="mse")
    ```

    ## Known limits
    Only layers in a row count; a normalisation, a merge or a branch between them ends the row. The
    sigmoid of the output layer and the gates of recurrent layers do not count.

    ## References
    - Measured on Keras 3.15.1, five classes, 1,000 steps, share of the loss that is explained: SGD
      0.01 with 2, 3, 4 sigmoid layers .65, .08, 0; SGD 0.1 .85, .68, 0; SGD 0.5 with 4, 5 layers .34,
      0; SGD 0.1 with momentum 0.9 and 5, 6 layers .35, 0; Adam with 4, 5, 6, 8 layers .77, .64, .46, .24.
      Six layers with BatchNormalization between .85 and more with all of them, eight
      tanh layers .87 and more.
    """

    code = "KA002"
    name = "deep-saturating-stack"
    severity = Severity.WARNING
    fix = Safety.UNSAFE
    symptoms = ("constant-output", "slow-learning", "loss-flat")
    since = "0.1.0"
    in_tests = False

    # What SGD copes with depends on its rate, as measured: see `_dead_from`.
    layers_for_advice = Option(4, "From so many sigmoid layers on there is advice.", low=2)
    layers_for_advice_with_sgd = Option(2, "Likewise where SGD makes small steps.", low=2)
    layers_with_adaptive = Option(6, "So many train badly with Adam and its kin.", low=2)
    layers_with_any = Option(8, "So many train badly with any optimizer.", low=2)

    def check(self, program: Program) -> Iterator[Found]:
        reported: set[int] = set()
        for training in trainings(program):
            for row in _rows(training.graph):
                severity = self._severity(len(row), training.optimizer)
                first = row[0].node
                if severity is None or id(first.layer) in reported:
                    continue
                reported.add(id(first.layer))
                yield from self._report(row, severity, training, training.event)
        for graph in final_graphs(program):
            for row in _rows(graph):
                if len(row) >= self.layers_with_any and id(row[0].node.layer) not in reported:
                    reported.add(id(row[0].node.layer))
                    yield from self._report(row, Severity.WARNING, None, row[0].node.layer, graph)

    def _severity(self, count: int, optimizer: Optimizer | None) -> Severity | None:
        """As measured for this optimizer; advice from fewer layers on, for SGD in small steps from two on."""
        if optimizer is not None and optimizer.name == "SGD" and count >= _dead_from(optimizer):
            return Severity.WARNING
        if optimizer is not None and optimizer.name in ADAPTIVE and count >= self.layers_with_adaptive:
            return Severity.WARNING
        if optimizer is None and count >= self.layers_with_any:
            return Severity.WARNING
        slow = optimizer is not None and optimizer.name == "SGD" and _dead_from(optimizer) <= 4
        return (
            Severity.ADVICE if count >= (self.layers_for_advice_with_sgd if slow else self.layers_for_advice) else None
        )

    def _report(
        self, row: list[Link], severity: Severity, training: Training | None, about: object, graph: Graph | None = None
    ) -> Iterator[Found]:
        optimizer = training.optimizer if training is not None else None
        where = training.event if training is not None else graph
        plain = optimizer is not None and optimizer.name == "SGD"
        name = optimizer.name if optimizer is not None else "an unknown optimizer"
        hint = "the first ones learn slowly" if len(row) < 4 else "the first ones hardly learn"
        effect = hint if severity is Severity.ADVICE else "the first ones do not learn"
        if severity is Severity.WARNING and not plain:
            effect = "it fits far worse than with relu"
        trained = f", trained with {name}" if optimizer is not None or severity is Severity.ADVICE else ""
        first = row[0].node
        # A loop makes several layers at one place.
        places = {id(place): place for found in row if (place := _place(found)) is not None}
        yield from self.found(
            _place(row[0]),
            f"{len(row)} sigmoid layers in a row{trained}: {effect}",
            label=f"{described(first)}, the farthest from the loss",
            also=[
                *((place, "sigmoid, too") for place in list(places.values())[1:]),
                (optimizer.place if optimizer is not None else None, "the optimizer"),
            ],
            why="each sigmoid passes on at most a quarter of the gradient"
            + (", and the steps of SGD are in proportion to it" if plain else ""),
            help='use activation="relu" in the hidden layers, or put BatchNormalization before each sigmoid',
            severity=severity,
            about=about,
            experiment=Experiment(
                where,
                "vanishes",
                [Change(_activator(found), {"activation": "relu"}) for found in row],
                at=[*(found.node for found in row), row[-1].next],
                details={"steps": 600},
            )
            if where is not None
            else None,
            fix=fixing.draft(
                'use activation="relu"',
                *fixing.all_of([fixing.activation(activation_of(found.node), "relu") for found in row]),
            ),
            # With an adaptive optimizer it fits in the end, as measured.
            symptoms=("slow-learning", "loss-flat") if severity is Severity.ADVICE and not plain else None,
        )

    bad = (
        """
        import keras
        def build():
            model = keras.Sequential([keras.Input((10,))])
            for _ in range(8):
                model.add(keras.layers.Dense(32, activation="sigmoid"))  # KA002
            model.add(keras.layers.Dense(1))
            return model
        """,
        """
        import keras
        from keras import layers
        inputs = keras.Input((10,))
        x = inputs
        x = layers.Dense(32)(x)
        x = layers.Activation("sigmoid")(x)  # KA002
        for _ in range(5):
            x = layers.Dense(32, activation="sigmoid")(x)
            x = layers.Dropout(0.1)(x)
        model = keras.Model(inputs, layers.Dense(1)(x))
        model.compile("adam", "mse")
        """,
        """
        import keras
        model = keras.Sequential([
            keras.Input((10,)),
            keras.layers.Dense(32, activation="sigmoid"),  # KA002
            keras.layers.Dense(32, activation="sigmoid"),
            keras.layers.Dense(1),
        ])
        model.compile(keras.optimizers.SGD(0.1), "mse")
        """,
    )
    good = (
        """
        import keras
        from keras import layers
        model = keras.Sequential([keras.Input((10,))])
        for _ in range(8):
            model.add(layers.Dense(32, activation="tanh"))
        for _ in range(8):
            model.add(layers.Dense(32))
            model.add(layers.BatchNormalization())
            model.add(layers.Activation("sigmoid"))
        model.add(layers.Dense(1))
        model.compile("sgd", "mse")
        """,
        """
        import keras
        from keras import layers
        model = keras.Sequential([keras.Input((5, 10))])
        for _ in range(8):
            model.add(layers.LSTM(32, return_sequences=True))
        model.add(layers.Dense(8, activation="sigmoid"))
        model.add(layers.Dense(8, activation="sigmoid"))
        model.add(layers.Dense(1, activation="sigmoid"))
        model.compile("adam", "mse")
        """,
        """
        import keras
        from keras import layers
        inputs = keras.Input((10,))
        x = inputs
        for _ in range(6):
            y = layers.Dense(10, activation="sigmoid")(x)
            x = layers.Add()([x, y])
        model = keras.Model(inputs, layers.Dense(1)(x))
        model.compile("adam", "mse")
        """,
    )


def _rows(graph: Graph) -> Iterator[list[Link]]:
    """The longest rows of hidden sigmoid layers, each layer the only one that reads the one before it."""
    links = {id(node): found for node in graph.nodes if (found := _saturating(link(node))) is not None}
    inside = {id(found.next) for found in links.values()}
    for key, found in links.items():
        if key not in inside:
            row = [found]
            while (following := links.get(id(row[-1].next))) is not None:
                row.append(following)
            yield row


def _saturating(found: Link | None) -> Link | None:
    if found is None or found.normalised or not is_dense_or_convolution(found.node):
        return None
    return found if len(found.activations) == 1 and found.activations[0] in _SATURATING else None


def _place(found: Link) -> syntax.Node | None:
    activation = activation_of(found.node)
    return activation.place if activation is not None else found.node.place


def _activator(found: Link) -> Node:
    """What applies the activation of a layer: itself, or a step after it."""
    activation = activation_of(found.node)
    return activation.node if activation is not None else found.node


def _dead_from(optimizer: Optimizer) -> int:
    """From how many sigmoid layers on SGD learned nothing. Momentum multiplies the rate by 1 / (1 - momentum)."""
    rate, momentum = optimizer.rate, optimizer.momentum
    if rate is None or momentum is None or not 0 <= momentum < 1:
        return 6
    rate /= 1 - momentum
    return 3 if rate <= 0.011 else 4 if rate <= 0.11 else 5 if rate <= 0.5 else 6
