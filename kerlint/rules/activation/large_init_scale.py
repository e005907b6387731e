"""KA021."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from kerlint.experiment import Change, Experiment
from kerlint.finding import Safety, Severity
from kerlint.library.chains import described, is_dense_or_convolution, link
from kerlint.library.finished import final_graphs, training_of
from kerlint.library.heads import activation_of
from kerlint.library.initializers import deviation
from kerlint.library.kinds import NORMALIZATION
from kerlint.library.shapes import dims
from kerlint.program.constants import integer
from kerlint.program.events import Compile
from kerlint.program.facts import Program
from kerlint.program.graph import Graph, Node
from kerlint.rules import fixing
from kerlint.rules.base import Found, Option, Rule


class LargeInitScale(Rule):
    """The initial weights are so large that each layer multiplies the size of its input.

    A unit adds up its inputs, each times a weight. With weights of standard deviation 1 the sum over
    64 inputs is 8 times as large as one of them; two such layers make it 64 times as large. The default
    draws smaller weights for wider layers, so that the size stays.

    ## Why is this bad?
    Sigmoid and tanh begin in their flat ends, where nothing is learned. With relu the outputs and the
    loss begin far too large, and the first steps are as large: the loss jumps, or becomes NaN. The model
    starts by saying very sure and very wrong things. Keras says nothing.

    ## Example
    ```python
    from tensorflow import keras

    wide = keras.initializers.RandomNormal(stddev=1.0)
    model = keras.Sequential([
        keras.Input((64,)),
        keras.layers.Dense(64, activation="relu", kernel_initializer=wide),  # KA021
        keras.layers.Dense(64, activation="relu", kernel_initializer=wide),
        keras.layers.Dense(1),
    ])
    model.compile(optimizer="adam", loss="mse")
    ```

    Use instead:
    ```python
    from tensorflow import keras

    model = keras.Sequential([
        keras.Input((64,)),
        keras.layers.Dense(64, activation="relu", kernel_initializer="he_normal"),
        keras.layers.Dense(64, activation="relu", kernel_initializer="he_normal"),
        keras.layers.Dense(1),
    ])
    model.compile(optimizer="adam", loss="mse")
    ```

    ## Known limits
    Two layers or more, with weights of a standard deviation of 0.5 and more that make the sum four
    times as large and more. A normalisation after a layer takes the size out again.

    ## References
    - Measured on Keras 3.15.1 with `RandomNormal(stddev=1)` in all layers (share of what can be learned, median): a
      regression ends far worse than a constant answer (-23), a classification reaches .21 where the default reaches
      .79.
    """

    code = "KA021"
    name = "large-init-scale"
    severity = Severity.WARNING
    fix = Safety.UNSAFE
    symptoms = ("loss-nan", "slow-learning", "accuracy-stuck")
    since = "0.1.0"
    in_tests = False

    min_deviation = Option(
        0.5, "Weights of a smaller standard deviation are not called large, however wide the layer is.", above=0.0
    )
    min_gain = Option(4.0, "How many times larger than its input the sum of a unit must be.", low=1.0)

    def check(self, program: Program) -> Iterator[Found]:
        seen: set[int] = set()
        for graph in final_graphs(program):
            large = [(node, gain) for node, gain in _gains(graph, self.min_deviation) if gain >= self.min_gain]
            if len(large) < 2 or all(id(node.layer) in seen for node, _ in large):
                continue
            seen.update(id(node.layer) for node, _ in large)
            yield from self._report(large, training_of(program, graph, large[0][0]))

    def _report(self, large: list[tuple[Node, float]], event: Compile | Graph) -> Iterator[Found]:
        first, gain = large[0]
        size = deviation(first.layer, "kernel_initializer") if first.layer is not None else None
        places = {id(place): place for node, _ in large if (place := node.argument_place("kernel_initializer"))}
        total = prod(each for _, each in large)
        yield from self.found(
            first.argument_place("kernel_initializer"),
            f"weights of standard deviation {size:.2g} in {len(large)} layers make the first outputs about "
            f"{total:.0f} times too large",
            label=f"{described(first)} multiplies the size of its input by {gain:.0f}",
            also=[(place, "large, too") for place in list(places.values())[1:]],
            why="a sum over many inputs grows with the square root of their number",
            help='leave the initializer out, or use "he_normal" (relu) or "glorot_uniform"',
            about=first.layer,
            experiment=Experiment(
                event,
                "large",
                [Change(node, {"kernel_initializer": None}) for node, _ in large],
                at=[node for node, _ in large],
            ),
            fix=fixing.draft(
                "use initializers of the right size", *fixing.all_of([_right_size(node) for node, _ in large])
            ),
        )

    bad = (
        """
        import keras
        from keras import initializers, layers
        model = keras.Sequential([keras.Input((28, 28, 1))])
        uniform = initializers.RandomUniform(-1, 1)
        model.add(layers.Conv2D(32, 7, activation="tanh", kernel_initializer=uniform))  # KA021
        model.add(layers.Conv2D(32, 3, activation="tanh", kernel_initializer=uniform))
        model.add(layers.Flatten())
        model.add(layers.Dense(10, activation="softmax"))
        """,
    )
    good = (
        """
        import keras
        from keras import initializers, layers
        one, small = initializers.RandomNormal(stddev=1.0), initializers.RandomNormal(stddev=0.05)
        model = keras.Sequential([keras.Input((4096,))])
        model.add(layers.Dense(64, activation="relu", kernel_initializer=small))
        model.add(layers.Dense(64, activation="relu", kernel_initializer=small))
        model.add(layers.Dense(64, kernel_initializer=one))
        model.add(layers.BatchNormalization())
        model.add(layers.Dense(64, kernel_initializer=one))
        model.add(layers.BatchNormalization())
        model.add(layers.Dense(4, activation="relu", kernel_initializer=one))
        model.add(layers.Dense(1, kernel_initializer=one))
        """,
        """
        import keras
        from keras import initializers, layers
        one = initializers.RandomNormal(stddev=1.0)
        model = keras.Sequential([layers.Embedding(100, 64, embeddings_initializer=one), layers.Flatten()])
        model.add(layers.Dense(64, activation="relu"))
        """,
    )


def _right_size(node: Node) -> fixing.Change | None:
    found = activation_of(node)
    name = "he_normal" if found is not None and found.name in ("relu", "leaky_relu", "elu") else "glorot_uniform"
    return fixing.put(node.layer, "kernel_initializer", f'"{name}"', variable=True)


def _gains(graph: Graph, smallest: float) -> Iterator[tuple[Node, float]]:
    """The layers with large weights, and how much larger than its input their sum is."""
    for node in graph.nodes:
        if node.layer is None or not is_dense_or_convolution(node):
            continue
        size, inputs = deviation(node.layer, "kernel_initializer"), _inputs(node)
        if size is None or inputs is None or size < smallest:
            continue
        found = link(node)
        if found is not None and found.normalised:
            continue
        if any(reader.short in NORMALIZATION for reader in node.consumers):
            continue
        yield node, size * inputs**0.5


def _inputs(node: Node) -> int | None:
    """How many numbers each unit adds up."""
    channels = node.input_shape[-1] if node.input_shape else None
    if channels is None:
        return None
    if node.short == "Dense":
        return channels
    if node.short not in ("Conv1D", "Conv2D", "Conv3D"):
        return None
    rank = int(node.short[4])
    size = integer(node.args.get("kernel_size"))
    sizes = (size,) * rank if size is not None else dims(node.args.get("kernel_size"))
    if not sizes or None in sizes:
        return None
    return channels * prod(each for each in sizes if each is not None)
