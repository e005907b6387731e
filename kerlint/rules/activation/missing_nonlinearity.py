"""KA001."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.experiment import Change, Experiment
from kerlint.finding import Safety, Severity
from kerlint.library.chains import Link, described, is_dense_or_convolution, link, width
from kerlint.library.finished import ends
from kerlint.library.kinds import CONVOLUTION
from kerlint.library.shapes import dims
from kerlint.library.trained import Training, trainings
from kerlint.program.constants import text
from kerlint.program.facts import Program
from kerlint.program.graph import Node
from kerlint.program.values import Model, Object
from kerlint.rules import fixing
from kerlint.rules.base import Found, Rule

#: Names of layers that are linear on purpose.
_PROJECTIONS = ("latent", "z_", "embed", "proj", "bottleneck", "code", "encod", "lora", "rank", "feature", "linear")


class MissingNonlinearity(Rule):
    """A hidden layer has no activation, so it and the next layer are one linear layer.

    A Dense or convolution layer without an activation computes a linear function of its input,
    and so does the next one. Two linear functions in a row are one linear function: the first
    layer adds weights, but nothing that the second could not do alone.

    ## Why is this bad?
    The default of `activation=` is none, in every layer, and Keras says nothing. The model
    trains, but it is a smaller model than it looks: if all hidden layers are like this, it is a
    linear or logistic regression, and it fits only what such a regression can fit.

    ## Example
    ```python
    from tensorflow import keras

    model = keras.Sequential([
        keras.Input((28, 28)),
        keras.layers.Flatten(),
        keras.layers.Dense(64),  # KA001
        keras.layers.Dense(10, activation="softmax"),
    ])
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    ```

    Use instead:
    ```python
    from tensorflow import keras

    model = keras.Sequential([
        keras.Input((28, 28)),
        keras.layers.Flatten(),
        keras.layers.Dense(64, activation="relu"),
        keras.layers.Dense(10, activation="softmax"),
    ])
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    ```

    ## Known limits
    Linear layers that make sense are left alone: those that feed a wider layer (a bottleneck), a
    merge or several layers, the end of an encoder, frozen layers, convolutions with one pixel or
    with one side longer than the other (halves of a larger kernel), and layers whose name says
    that they are a projection or an embedding. Max pooling counts as nonlinear, unless it is all that is
    nonlinear about the convolutions of a model.

    ## References
    - Measured on Keras 3.15.1: three Dense layers without activations explain 0.905 of the variance
      of a nonlinear target, one Dense layer 0.899, three with relu 0.990.
    """

    code = "KA001"
    name = "missing-nonlinearity"
    severity = Severity.WARNING
    fix = Safety.UNSAFE
    symptoms = ("accuracy-stuck", "loss-flat")
    since = "0.1.0"
    in_tests = False
    needs_end = True

    def check(self, program: Program) -> Iterator[Found]:
        reported: set[int] = set()
        last = ends(program)
        for training in trainings(program):
            links = [found for node in training.graph.nodes if (found := _fault(node, training, last)) is not None]
            links = [found for found in links if not _is_compared(program, training, found.node)]
            if links and not all(id(found.node.layer) in reported for found in links):
                reported.update(id(found.node.layer) for found in links)
                yield from self._report(links, training)
            pooled = _only_pooled(training, last)
            if pooled and not any(id(node.layer) in reported for node in pooled):
                reported.update(id(node.layer) for node in pooled)
                yield from self._pooled(pooled, training)

    def _report(self, links: list[Link], training: Training) -> Iterator[Found]:
        first, *others = links
        faults = {id(found.node): found.node for found in links}
        # A loop makes several layers at one place.
        written = [node.argument_place("activation") for node in faults.values()]
        places = {id(place): place for place in written if place is not None}
        after = {id(found.next): found.next for found in links if id(found.next) not in faults}
        whole = all(id(node) in faults or id(node) in after for node in training.graph.nodes if node.short == "Dense")
        if others:
            names = ", ".join(described(node) for node in faults.values())
            message = f"{len(faults)} layers have no activation and add nothing that the next one cannot do: {names}"
        else:
            message = (
                f"{described(first.node)} has no activation before {described(first.next)}: "
                "the two are one linear layer"
            )
        why = "a linear function of a linear function is linear, whatever the number of units"
        if whole and others and len(after) == 1:
            why += "; this model is a regression without hidden layers"
        yield from self.found(
            first.node.argument_place("activation"),
            message,
            label="linear",
            also=[
                *((place, "linear, too") for place in list(places.values())[1:]),
                *((node.place, "reads a linear function") for node in after.values()),
            ],
            why=why,
            help='add activation="relu"'
            + (" to each of them" if others else "")
            + ', or name a layer "projection" if it is linear on purpose',
            about=training.event,
            experiment=Experiment(
                training.event,
                "linear",
                [Change(found.node, {"activation": "relu"}) for found in links],
                at=[first.node, first.next],
            ),
            fix=fixing.draft(
                'add activation="relu"', *fixing.all_of([fixing.activate(node, "relu") for node in faults.values()])
            )
            if fixing.are_made_alone(faults.values(), training.graph)
            else None,
        )

    def _pooled(self, nodes: list[Node], training: Training) -> Iterator[Found]:
        """Convolutions that have max pooling behind them, and no activation anywhere."""
        first, *others = nodes
        yield from self.found(
            first.argument_place("activation"),
            f"none of the {len(nodes)} convolutions has an activation: {', '.join(map(described, nodes))}",
            label="linear",
            also=[(node.argument_place("activation"), "linear, too") for node in others],
            why="max pooling chooses among linear functions of the image, and nothing else in these layers bends",
            help='add activation="relu" to each of them',
            about=training.event,
        )

    bad = (
        """
        from keras.models import Sequential
        from keras.layers import Conv2D, AveragePooling2D, Dense, Dropout, Flatten
        model = Sequential()
        model.add(Conv2D(32, 3, input_shape=(28, 28, 1)))  # KA001
        model.add(AveragePooling2D())
        model.add(Flatten())
        model.add(Dense(64, activation="relu"))
        model.add(Dense(32))
        model.add(Dropout(0.5))
        model.add(Dense(10, activation="softmax"))
        model.compile("adam", "categorical_crossentropy")
        """,
        """
        import keras
        inputs = keras.Input((8,))
        hidden = keras.layers.Dense(16, activation="linear")(inputs)  # KA001
        hidden = keras.layers.BatchNormalization()(hidden)
        outputs = keras.layers.Dense(1)(hidden)
        model = keras.Model(inputs, outputs)
        model.compile("adam", "mse")
        """,
        """
        import keras
        from keras import layers
        model = keras.Sequential([
            keras.Input((28, 28, 1)),
            layers.Conv2D(8, 3),  # KA001
            layers.MaxPooling2D(),
            layers.Conv2D(8, 3),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(32, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ])
        model.compile("adam", "sparse_categorical_crossentropy")
        """,
    )
    good = (
        # Activations are compared, and none is one of them.
        """
        import keras
        for activation in ("relu", "tanh", None):
            model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4, activation), keras.layers.Dense(1)])
            model.compile("sgd", "mse")
            model.fit(x, y)
        """,
        # Max pooling beside activations.
        """
        import keras
        from keras import layers
        model = keras.Sequential([
            keras.Input((28, 28, 1)), layers.Conv2D(8, 3), layers.MaxPooling2D(),
            layers.Conv2D(8, 3, activation="relu"), layers.MaxPooling2D(), layers.Flatten(), layers.Dense(10),
        ])
        model.compile("adam", "mse")
        """,
        # An autoencoder: the next layer is wider.
        """
        import keras
        model = keras.Sequential([keras.Input((64,)), keras.layers.Dense(2), keras.layers.Dense(64)])
        model.compile("adam", "mse")
        """,
        # The activation stands by itself, or is a function.
        """
        import keras
        import tensorflow as tf
        inputs = keras.Input((8,))
        x = keras.layers.Dense(16)(inputs)
        x = keras.layers.BatchNormalization()(x)
        x = keras.layers.Activation("relu")(x)
        x = keras.layers.Dense(16)(x)
        x = tf.nn.relu(x)
        x = keras.layers.Dense(16, activation=chosen)(x)
        x = keras.layers.Dense(16)(x)
        x = x * tf.sigmoid(x)
        model = keras.Model(inputs, keras.layers.Dense(1)(x))
        model.compile("adam", "mse")
        """,
        # A residual branch, and layers by themselves.
        """
        import keras
        inputs = keras.Input((16,))
        x = keras.layers.Dense(16)(inputs)
        y = keras.layers.Dense(16)(x)
        x = keras.layers.Add()([x, y])
        model = keras.Model(inputs, keras.layers.Dense(1)(x))
        model.compile("adam", "mse")
        """,
        # Named, frozen, and the end of an encoder.
        """
        import keras
        inputs = keras.Input((16,))
        x = keras.layers.Dense(16, name="projection")(inputs)
        x = keras.layers.Dense(16, trainable=False)(x)
        x = keras.layers.Dense(16, activation="relu")(x)
        z = keras.layers.Dense(16)(x)
        encoder = keras.Model(inputs, z)
        model = keras.Model(inputs, keras.layers.Dense(4)(z))
        model.compile("adam", "mse")
        """,
        # The activation may come from elsewhere, or the model is not trained here.
        """
        import keras
        def block(units, activation=None):
            model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(units, activation=activation)])
            model.add(keras.layers.Dense(4))
            model.compile("adam", "mse")
            return model
        model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(8), keras.layers.Dense(4)])
        """,
    )


def _fault(node: Node, training: Training, last: set[int]) -> Link | None:
    """The link to the next layer, if this layer is linear and nothing says that it should be."""
    found = link(node)
    if found is None or not found.linear or found.reshaped:
        return None
    if not is_dense_or_convolution(node) or not is_dense_or_convolution(found.next):
        return None
    before, after = found.width, width(found.next)
    if before is None or after is None or after > before:
        return None
    if not training.trains(node) or not training.trains(found.next) or _is_projection(node):
        return None
    if id(node.layer) in last or any(id(step.op) in last for step in (node, *found.steps)):
        return None
    return found


def _is_compared(program: Program, training: Training, node: Node) -> bool:
    """Whether the same layer of the text has an activation in another model: a comparison, with none as one of them."""
    place = node.argument_place("activation")
    if place is None or "activation" not in node.args:
        return False
    others = (
        other
        for one in trainings(program)
        if one.event.model is not training.event.model
        for other in one.graph.nodes
        if other.kind == "layer" and other.argument_place("activation") is place
    )
    return any(text(other.args.get("activation")) not in (None, "linear") for other in others)


def _only_pooled(training: Training, last: set[int]) -> list[Node]:
    """All convolutions of a model in which none has an activation and each is followed by max pooling."""
    found = [node for node in training.graph.nodes if node.short in CONVOLUTION and node.kind == "layer"]
    return found if len(found) > 1 and all(_is_only_pooled(node, training, last) for node in found) else []


def _is_only_pooled(node: Node, training: Training, last: set[int]) -> bool:
    found = link(node)
    if found is None or found.activations or found.reshaped or found.normalised:
        return False
    pooled = any("Max" in step.short for step in found.steps)
    known = is_dense_or_convolution(node) and is_dense_or_convolution(found.next)
    end = id(node.layer) in last or any(id(step.op) in last for step in (node, *found.steps))
    return pooled and known and training.trains(node) and not _is_projection(node) and not end


def _is_projection(node: Node) -> bool:
    """Whether the layer is linear on purpose: by its name or its owner's, or by its kernel.

    A kernel of one pixel projects, one that is not square is half of a larger kernel.
    """
    owners = (owner.name for owner in node.owners if isinstance(owner, (Model, Object)))
    names = (text(node.args.get("name")) or "", *owners)
    if any(part in name.lower() for name in names for part in _PROJECTIONS):
        return True
    sizes = dims(node.args.get("kernel_size"))
    return bool(sizes) and (set(sizes or ()) == {1} or len(set(sizes or ())) > 1)
