"""KT005."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint import syntax
from kerlint.finding import Severity
from kerlint.library.heads import parametric_layers
from kerlint.library.layers import MADE_IN_CALL, weights_of
from kerlint.library.trained import Training, trainings
from kerlint.library.variables import is_trained, variables_in
from kerlint.program.events import Compile
from kerlint.program.facts import Program
from kerlint.program.graph import Graph, Node
from kerlint.program.mentions import times_named
from kerlint.program.values import Array, Layer, Mapping, Model, Sequence, Value
from kerlint.rules.base import Found, Rule


class UntrackedWeights(Rule):
    """Weights that Keras does not know of: a tensor or `tf.Variable` in a layer, or a layer that `call` makes.

    A layer keeps count of its weights: of those that `add_weight` or `keras.Variable` made, and of the layers
    that its attributes hold. Keras 3 does not count a `tf.Variable`. What `tf.random.normal` and `tf.zeros` give
    is a constant, nothing that training could change. A layer that is made in `call` is a new one, with new random
    weights, in every call.

    ## Why is this bad?
    These weights stay out of `trainable_variables`: they are never trained, and never saved. The part of the
    model that they belong to stays random.

    ## Example
    ```python
    import tensorflow as tf

    class Scale(tf.keras.layers.Layer):
        def __init__(self):
            super().__init__()
            self.factor = tf.Variable(1.0)  # KT005

        def call(self, x):
            return x * self.factor

    model = tf.keras.Sequential([tf.keras.Input((4,)), Scale(), tf.keras.layers.Dense(1)])
    model.compile("adam", "mse")
    ```

    Use instead:
    ```python
    import tensorflow as tf

    class Scale(tf.keras.layers.Layer):
        def __init__(self):
            super().__init__()
            self.factor = self.add_weight(shape=(), initializer="ones")

        def call(self, x):
            return x * self.factor

    model = tf.keras.Sequential([tf.keras.Input((4,)), Scale(), tf.keras.layers.Dense(1)])
    model.compile("adam", "mse")
    ```

    ## Known limits
    A `tf.Variable` is reported for Keras 3 only. Layers that are made once and kept in an attribute are left
    alone, wherever that happens.

    ## References
    - Measured on Keras 3.15.1: a layer with a tf.Variable has 0 trainable weights (1 in tf_keras 2.21); a layer made in
      `call` is not among the layers of the model, and `fit` raises.
    - https://github.com/keras-team/tf-keras/issues/513
    - https://github.com/tensorflow/tensorflow/issues/26792
    """

    code = "KT005"
    name = "untracked-weights"
    severity = Severity.ERROR
    symptoms = ("loss-flat", "slow-learning", "crash", "wrong-result")
    since = "0.1.0"

    def check(self, program: Program) -> Iterator[Found]:
        told: set[int] = set()
        for training in trainings(program):
            if training.event.assumed:
                continue
            if program.target.keras >= 3:
                plain = [node for node in training.graph.nodes if node.kind == "variable" and _is_plain(node)]
                yield from self._variables(training, [node for node in plain if id(node.op.node) not in told])
                told.update(id(node.op.node) for node in plain)
            yield from self._constants(program, training, told)
            for node in parametric_layers(training.graph):
                owner = node.layer.state.get(MADE_IN_CALL) if node.layer is not None else None
                if id(node.place) in told or not isinstance(owner, (Layer, Model)) or _is_kept(node.layer, owner):
                    continue
                told.add(id(node.place))
                yield from self._layer(training, node, owner)

    def _variables(self, training: Training, nodes: list[Node]) -> Iterator[Found]:
        places = list({id(node.op.node): node.op.node for node in nodes}.values())
        if not places:
            return
        yield from self.found(
            places[0],
            "Keras does not know of this tf.Variable: it is not trained and not saved",
            label="not among the weights of the layer",
            also=[
                *((place, "neither is this one") for place in places[1:]),
                (training.event.node, "trains the weights that Keras knows of"),
            ],
            why="a layer of Keras 3 counts what add_weight() and keras.Variable make, and no tf.Variable",
            help="self.add_weight(shape=..., initializer=...)",
            about=places[0],
        )

    def _constants(self, program: Program, training: Training, told: set[int]) -> Iterator[Found]:
        """Kernels that are random tensors.

        Random projections are made on purpose, too, but no zeros are added to them; and a model with nothing else
        cannot be meant to be trained.
        """
        nodes = training.graph.nodes
        for node in nodes:
            kernel = _random_kernel(node)
            if kernel is None or kernel.node is None or id(kernel.node) in told or _is_frozen(program, kernel.node):
                continue
            zeros = next((found for found in map(_added_zeros, node.consumers) if found is not None), None)
            # Zeros that are made elsewhere are a state to begin with, and no bias.
            if zeros is not None and not _are_made_together(program, kernel.node, zeros.node):
                zeros = None
            fitted = not isinstance(training.event, Compile) or any(True for _ in program.fits_of(training.event))
            if zeros is None and not (fitted and _has_no_weights(training.graph)):
                continue
            told.add(id(kernel.node))
            yield from self.found(
                kernel.node,
                "this is a random tensor and no weight: it is never trained and not saved",
                label="a constant",
                also=[
                    (zeros.node if zeros is not None else None, "so is this one"),
                    (training.event.node, "trains the weights that Keras knows of"),
                ],
                why="a layer counts what add_weight() makes, and a tensor is a number that stays what it is",
                help="self.add_weight(shape=..., initializer=...)",
                about=kernel.node,
            )

    def _layer(self, training: Training, node: Node, owner: Layer | Model) -> Iterator[Found]:
        name = owner.cls.name if owner.cls is not None else owner.name
        yield from self.found(
            node.place,
            f"`call` of {name} makes a new {node.short} each time: its weights are random and never trained",
            label="made in call()",
            also=[(training.event.node, "trains the other weights of the model")],
            why="only layers that an attribute holds belong to a model, and this one is forgotten after the call",
            help="make the layer in __init__ and keep it in an attribute",
            about=node.place,
        )

    bad = (
        """
        import keras
        import tensorflow as tf
        class Linear(keras.layers.Layer):
            def __init__(self, units):
                super().__init__()
                self.units = units
            def build(self, shape):
                self.w = tf.random.normal((shape[-1], self.units), stddev=0.05)  # KT005
                self.b = tf.zeros((self.units,))
            def call(self, x):
                return tf.matmul(x, self.w) + self.b
        model = keras.Sequential([keras.Input((4,)), Linear(8), keras.layers.ReLU(), keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(x, y, epochs=10)
        """,
        """
        import keras
        class Linear(keras.layers.Layer):
            def build(self, shape):
                self.w = keras.random.normal((shape[-1], 3))  # KT005
            def call(self, x):
                return x @ self.w
        model = keras.Sequential([keras.Input((4,)), Linear(), keras.layers.Softmax()])
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit(x, y, epochs=10)
        """,
        """
        import keras
        class Net(keras.Model):
            def __init__(self):
                super().__init__()
                self.out = keras.layers.Dense(1)
            def call(self, x, training=None):
                x = keras.layers.Dense(8, activation="relu")(x)  # KT005
                return self.out(x)
        net = Net()
        net.compile("adam", "mse")
        net.fit(x, y)
        """,
    )
    good = (
        """
        import keras
        import tensorflow as tf
        class Projection(keras.layers.Layer):
            def build(self, shape):
                self.w = tf.random.normal((shape[-1], 64))
            def call(self, x):
                return tf.cos(tf.matmul(x, self.w))
        class Fixed(keras.layers.Layer):
            def __init__(self):
                super().__init__(trainable=False)
            def build(self, shape):
                self.w = tf.random.normal((shape[-1], 64))
                self.b = tf.zeros((64,))
            def call(self, x):
                return tf.matmul(x, self.w) + self.b
        class Reservoir(keras.layers.Layer):
            def build(self, shape):
                self.w = tf.random.normal((shape[-1], 64))
            def call(self, x):
                state = tf.zeros((4, 64))
                for step in range(3):
                    state = 0.9 * state + tf.tanh(tf.matmul(x, self.w) + state)
                return state
        for layer in (Fixed(), Reservoir()):
            model = keras.Sequential([keras.Input((4,)), layer, keras.layers.Dense(1)])
            model.compile("adam", "mse")
            model.fit(x, y, epochs=10)
        hashes = keras.Sequential([keras.Input((4,)), Projection()])
        hashes.compile("adam", "mse")
        hashes.evaluate(x, y)
        model = keras.Sequential([keras.Input((4,)), Projection(), keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(x, y, epochs=10)
        """,
        """
        import tensorflow as tf
        class Scale(tf.keras.layers.Layer):
            def build(self, shape):
                self.factor = self.add_weight(shape=())
                self.offset = tf.Variable(0.0, trainable=False)
                self.inner = None
            def call(self, x):
                if self.inner is None:
                    self.inner = tf.keras.layers.Dense(4)
                return self.inner(x * self.factor + self.offset)
        model = tf.keras.Sequential([tf.keras.Input((4,)), Scale(), tf.keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(x, y)
        """,
        """
        import tf_keras
        import tensorflow as tf
        class Scale(tf_keras.layers.Layer):
            def __init__(self):
                super().__init__()
                self.factor = tf.Variable(1.0)
            def call(self, x):
                return x * self.factor
        model = tf_keras.Sequential([tf_keras.Input((4,)), Scale(), tf_keras.layers.Dense(1)])
        model.compile("adam", "mse")
        """,
    )


_PRODUCTS = frozenset({"matmul", "dot", "tensordot"})


def _constants_in(node: Node) -> Iterator[Array]:
    """The arrays that a function or operator reads beside its tensors."""
    return (value for value in node.op.args.values() if isinstance(value, Array))


def _random_kernel(node: Node) -> Array | None:
    """The random numbers that an attribute of a layer holds and the inputs are multiplied with, like a kernel."""
    product = node.short in _PRODUCTS if node.kind == "function" else node.kind == "operator" and node.name == "@"
    if not product:
        return None
    return next((found for found in _constants_in(node) if found.noise and found.source.startswith("random.")), None)


def _added_zeros(node: Node) -> Array | None:
    """The zeros that are added to a tensor, like a bias before it is trained."""
    if (node.kind, node.name) != ("operator", "+"):
        return None
    return next(
        (found for found in _constants_in(node) if found.source == "constant" and (found.low, found.high) == (0, 0)),
        None,
    )


def _around(program: Program, place: syntax.Node | None, *kinds: type[syntax.Node]) -> syntax.Node | None:
    """The innermost function or class of the file that a place stands in; None if there is none."""
    pending: list[tuple[syntax.Node, syntax.Node | None]] = [(program.module, None)] if program.module else []
    while pending:
        node, found = pending.pop()
        if node is place:
            return found
        inside = node if isinstance(node, kinds) else found
        pending.extend((child, inside) for child in syntax.children(node))
    return None


def _is_frozen(program: Program, kernel: syntax.Node) -> bool:
    """Whether the class that makes a kernel says `trainable` somewhere: that of a layer that is not to be trained."""
    cls = _around(program, kernel, syntax.ClassDef)
    return cls is not None and (times_named(cls, "trainable") > 0 or _has_keyword(cls, "trainable"))


def _has_keyword(part: syntax.Node, name: str) -> bool:
    pending = [part]
    while pending:
        node = pending.pop()
        if isinstance(node, syntax.Arg) and node.keyword == name:
            return True
        pending.extend(syntax.children(node))
    return False


def _are_made_together(program: Program, first: syntax.Node, second: syntax.Node | None) -> bool:
    """Whether one function of the file makes both."""
    function = _around(program, first, syntax.FunctionDef)
    return function is not None and _around(program, second, syntax.FunctionDef) is function


def _has_no_weights(graph: Graph) -> bool:
    """Whether every step is known, and none has weights."""
    if not graph.complete:
        return False
    for node in graph.nodes:
        if node.kind in ("gap", "variable"):
            return False
        weights = weights_of(node.layer) if node.layer is not None else None
        if node.layer is not None and (weights is None or weights.total != 0):
            return False
    return True


def _is_plain(node: Node) -> bool:
    """Whether this is a `tf.Variable` of floating-point numbers that is meant to be trained."""
    made = next(iter(variables_in(node.op.results)), None) if node.op.results is not None else None
    trained = is_trained(made) if made is not None else "trainable" not in node.op.args
    return node.name == "tensorflow.Variable" and trained is True and "dtype" not in node.op.args


def _is_kept(layer: object, owner: Layer | Model) -> bool:
    """Whether an attribute of the owner holds the layer, in a container perhaps."""
    pending: list[Value] = [value for value in owner.state.values() if isinstance(value, Value)]
    while pending:
        value = pending.pop()
        if value is layer:
            return True
        if isinstance(value, Sequence):
            pending.extend(value.items)
        elif isinstance(value, Mapping):
            pending.extend(value.entries.values())
    return False
