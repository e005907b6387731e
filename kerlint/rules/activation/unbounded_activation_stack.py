"""KA023."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.finding import Safety, Severity
from kerlint.library.chains import Link, described, is_dense_or_convolution, link, width
from kerlint.library.finished import final_graphs
from kerlint.library.heads import activation_of
from kerlint.program.facts import Program
from kerlint.program.graph import Graph, Node
from kerlint.rules import fixing
from kerlint.rules.base import Found, Option, Rule

#: They grow faster than their input.
_GROWING = frozenset({"exponential", "square"})


class UnboundedActivationStack(Rule):
    """Several layers in a row have an activation that grows without bound, such as `exponential`.

    An exponential makes 8,103 of 9 and 22,026 of 10. The next layer adds many of these up, and takes
    the exponential of the sum: e to the power of some thousands is no number any more.

    ## Why is this bad?
    Four such layers in a row overflow in almost every network before anything was trained, and so do
    three narrow ones: the outputs are `inf`, the loss is NaN, and NaN stays. Where three wider layers
    do not overflow, they mostly give numbers beyond a million, and a gradient to match. Keras says
    nothing.

    ## Example
    ```python
    from tensorflow import keras

    model = keras.Sequential([
        keras.Input((8,)),
        keras.layers.Dense(16, activation="exponential"),  # KA023
        keras.layers.Dense(16, activation="exponential"),
        keras.layers.Dense(16, activation="exponential"),
        keras.layers.Dense(1, activation="sigmoid"),
    ])
    model.compile(optimizer="adam", loss="binary_crossentropy")
    ```

    Use instead:
    ```python
    from tensorflow import keras

    model = keras.Sequential([
        keras.Input((8,)),
        keras.layers.Dense(16, activation="relu"),
        keras.layers.Dense(16, activation="relu"),
        keras.layers.Dense(16, activation="relu"),
        keras.layers.Dense(1, activation="sigmoid"),
    ])
    model.compile(optimizer="adam", loss="binary_crossentropy")
    ```

    ## Known limits
    Only `exponential` and squares, and only layers in a row: a normalisation, a merge or a branch
    between them ends the row. Relu, elu and the like grow no faster than their input, and are fine.
    The exponential of an output layer counts, too. Three layers are enough where the widest has 4 to 64
    units; else it takes four. Layers of fewer than 4 units are left alone.

    ## References
    - Computed with NumPy in float32, 60 networks each, default initial weights, 8 standardised inputs: the share
      whose output overflows before training is .03 and less with two exponential layers of 4 and more units; with
      three .95 (4 units a layer), .97 (16), .03 (64, but .97 give more than a million) and 0 (256); with four .95 (4)
      and 1 (16, 64 and 256). With one unit a layer it never passes .2.
    """

    code = "KA023"
    name = "unbounded-activation-stack"
    severity = Severity.WARNING
    fix = Safety.UNSAFE
    symptoms = ("loss-nan", "loss-flat", "constant-output")
    since = "0.1.0"

    min_layers = Option(4, "Fewer layers in a row are left alone.", low=2)
    narrow_units = Option(64, "Where no layer has more units than this, one layer fewer is enough.", low=1)
    min_units = Option(4, "Rows whose layers all have fewer units mostly stay finite.", low=1)

    def check(self, program: Program) -> Iterator[Found]:
        seen: set[int] = set()
        for graph in final_graphs(program):
            for nodes, name, first in _rows(graph):
                if self._overflows(nodes) and id(first.node.layer) not in seen:
                    seen.add(id(first.node.layer))
                    yield from self._report(nodes, name, first)

    def _overflows(self, nodes: list[Node]) -> bool:
        sizes = [size for node in nodes if (size := width(node)) is not None]
        known = len(sizes) == len(nodes)
        if known and max(sizes) < self.min_units:
            return False
        return len(nodes) >= self.min_layers - (known and max(sizes) <= self.narrow_units)

    def _report(self, nodes: list[Node], name: str, first: Link) -> Iterator[Found]:
        places = [found.place if (found := activation_of(node)) is not None else None for node in nodes]
        # A loop makes several layers at one place.
        distinct = {id(place): place for place in places if place is not None}
        yield from self.found(
            places[0],
            f"{len(places)} layers in a row have the activation {name}: their output explodes",
            label=f"{described(first.node)}, the first of them",
            also=[(place, f"{name}, too") for place in list(distinct.values())[1:]],
            why=f"each {'takes the exponential' if name == 'exponential' else 'squares what comes'} "
            "of the one before it, and nothing brings the numbers back",
            help='use activation="relu" (or "elu") in the hidden layers',
            about=first.node.layer,
            fix=fixing.draft(
                'use activation="relu"',
                *fixing.all_of([fixing.activation(activation_of(node), "relu") for node in nodes]),
            ),
        )

    bad = (
        """
        import keras
        import tensorflow as tf
        model = keras.Sequential([keras.Input((2,))])
        for _ in range(8):
            model.add(keras.layers.Dense(5))
            model.add(keras.layers.Activation("exponential"))  # KA023
        model.add(keras.layers.Dense(1, activation="sigmoid"))
        other = keras.Sequential([keras.Input((2,)), keras.layers.Dense(5, activation=tf.exp)])  # KA023
        other.add(keras.layers.Dense(5, activation=tf.exp))
        other.add(keras.layers.Dense(5, activation=tf.exp))
        """,
        # Models that are made in the arms of a condition.
        """
        import sys
        import keras
        def build(kind):
            if kind == "deep":
                model = keras.Sequential()
                for _ in range(4):
                    model.add(keras.layers.Dense(8, activation="exponential"))  # KA023
                return model
            return keras.Sequential()
        build(sys.argv[1])
        if len(sys.argv) > 2:
            model = keras.Sequential()
        else:
            model = keras.Sequential()
            for _ in range(3):
                model.add(keras.layers.Dense(8, activation="exponential"))  # KA023
        """,
    )
    good = (
        # Three wide layers stay finite, and so do very narrow ones.
        """
        import keras
        model = keras.Sequential([keras.Input((8,))])
        for _ in range(3):
            model.add(keras.layers.Dense(256, activation="exponential"))
        model.add(keras.layers.Dense(1))
        narrow = keras.Sequential([keras.Input((8,))])
        for _ in range(5):
            narrow.add(keras.layers.Dense(1, activation="exponential"))
        """,
        """
        import keras
        model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(5, activation="exponential")])
        model.add(keras.layers.Dense(5, activation="relu"))
        model.add(keras.layers.Dense(5, activation="elu"))
        model.add(keras.layers.Dense(5, activation="exponential"))
        model.add(keras.layers.Dense(1, activation="exponential"))
        """,
        """
        import keras
        model = keras.Sequential([keras.Input((2,))])
        for _ in range(4):
            model.add(keras.layers.Dense(8))
            model.add(keras.layers.BatchNormalization())
            model.add(keras.layers.Activation("exponential"))
        """,
    )


def _rows(graph: Graph) -> Iterator[tuple[list[Node], str, Link]]:
    """The longest rows of layers with one such activation: the layers, its name, the first link."""
    links = {
        id(node): found
        for node in graph.nodes
        if is_dense_or_convolution(node) and (found := link(node)) is not None and _grows(found)
    }
    inside = {id(found.next) for found in links.values()}
    for key, found in links.items():
        if key in inside:
            continue
        name = found.activations[0]
        row = [found]
        while (following := links.get(id(row[-1].next))) is not None and following.activations[0] == name:
            row.append(following)
        nodes = [one.node for one in row]
        end = activation_of(row[-1].next)
        if end is not None and end.name == name and row[-1].next not in nodes:
            nodes.append(row[-1].next)
        yield nodes, name, found


def _grows(found: Link) -> bool:
    return not found.normalised and len(found.activations) == 1 and found.activations[0] in _GROWING
