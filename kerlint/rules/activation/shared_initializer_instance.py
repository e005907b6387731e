"""KA005."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kerlint import syntax
from kerlint.experiment import Change, Experiment
from kerlint.finding import Safety, Severity
from kerlint.library.chains import described
from kerlint.library.finished import final_graphs, training_of
from kerlint.library.initializers import drawn
from kerlint.library.kinds import is_parametric
from kerlint.program.constants import NOTHING, constant
from kerlint.program.events import Compile
from kerlint.program.facts import Program
from kerlint.program.graph import Graph, Node
from kerlint.program.values import Object, Sequence, Value
from kerlint.rules import fixing
from kerlint.rules.base import Found, Rule


class SharedInitializerInstance(Rule):
    """One initializer object serves several layers of the same shape: they start with the same weights.

    In Keras 3 an initializer chooses its seed when it is made. Each call for the same shape gives the
    same numbers, with and without `seed=`.

    ## Why is this bad?
    Layers that stand side by side and read the same input start as copies of each other: branches,
    heads and ensembles that should differ do not, or differ late. For layers that follow on each other
    it is mostly harmless: that is advice. Keras 2 gave new numbers with each call, so code that
    was right has become wrong. Keras 3 says nothing.

    ## Example
    ```python
    import keras

    start = keras.initializers.HeNormal()
    inputs = keras.Input((16,))
    left = keras.layers.Dense(32, activation="relu", kernel_initializer=start)(inputs)
    right = keras.layers.Dense(32, activation="relu", kernel_initializer=start)(inputs)  # KA005
    outputs = keras.layers.Dense(1)(keras.layers.Concatenate()([left, right]))
    model = keras.Model(inputs, outputs)
    ```

    Use instead:
    ```python
    import keras

    inputs = keras.Input((16,))
    left = keras.layers.Dense(32, activation="relu", kernel_initializer="he_normal")(inputs)
    right = keras.layers.Dense(32, activation="relu", kernel_initializer="he_normal")(inputs)
    outputs = keras.layers.Dense(1)(keras.layers.Concatenate()([left, right]))
    model = keras.Model(inputs, outputs)
    ```

    ## Known limits
    Only layers of one model, with a kernel of the same shape. Programs for Keras 2 are left alone.

    ## References
    - https://github.com/keras-team/keras-hub/issues/352
    - Measured on Keras 3.6 to 3.15.1: two `Dense(8)` with one `HeNormal()` have equal weights, in one model and in two;
      Keras 2 gave different ones and warned.
    """

    code = "KA005"
    name = "shared-initializer-instance"
    severity = Severity.WARNING
    fix = Safety.UNSAFE
    symptoms = ("slow-learning", "wrong-result", "irreproducible")
    since = "0.1.0"
    keras = 3

    def check(self, program: Program) -> Iterator[Found]:
        seen: set[int] = set()
        for graph in final_graphs(program):
            for group in _groups(graph):
                shared = drawn(group[0].layer, "kernel_initializer") if group[0].layer is not None else None
                if shared is None or id(shared) in seen:
                    continue
                twins = _side_by_side(group)
                seen.add(id(shared))
                event = training_of(program, graph, group[0])
                yield from self._report(twins or group, shared, event, beside=bool(twins))

    def _report(self, group: list[Node], shared: Object, event: Compile | Graph, *, beside: bool) -> Iterator[Found]:
        first, second, *others = group
        places: dict[int, syntax.Node] = {
            id(place): place for node in others if (place := node.argument_place("kernel_initializer")) is not None
        }
        name = re.sub(r"(?<!^)(?=[A-Z])", "_", shared.short).lower()
        how = "read the same input and" if beside else "of the same shape"
        yield from self.found(
            second.argument_place("kernel_initializer"),
            f"{len(group)} layers {described(first)} {how} start with the same weights",
            label="the same numbers again",
            also=[
                (shared.node, f"one {shared.short} object for all of them"),
                (first.argument_place("kernel_initializer"), "the first layer"),
                *((place, "here, too") for place in places.values()),
            ],
            why="an initializer of Keras 3 has one seed, and gives the same numbers for the same shape each time",
            help="give each layer its own object, or the name as a string",
            severity=None if beside else Severity.ADVICE,
            about=shared,
            experiment=Experiment(
                event, "twins", [Change(node, {"kernel_initializer": None}) for node in group], at=group
            ),
            fix=fixing.draft(
                f'use kernel_initializer="{name}"',
                *fixing.all_of(
                    [fixing.put(node.layer, "kernel_initializer", f'"{name}"', variable=True) for node in group]
                ),
            )
            if not shared.args and not shared.open
            else None,
        )

    bad = (
        """
        import keras
        start = keras.initializers.RandomNormal(stddev=0.02)
        inputs = keras.Input((32, 32, 8))
        branches = []
        for _ in range(3):
            branches.append(keras.layers.Conv2D(16, 3, padding="same", kernel_initializer=start)(inputs))  # KA005
        model = keras.Model(inputs, keras.layers.Add()(branches))
        """,
    )
    good = (
        """
        import keras
        start = keras.initializers.RandomNormal(stddev=0.02)
        inputs = keras.Input((16,))
        left = keras.layers.Dense(32, kernel_initializer=start)(inputs)
        right = keras.layers.Dense(16, kernel_initializer=start)(inputs)
        both = keras.layers.Dense(16, kernel_initializer=keras.initializers.RandomNormal(stddev=0.02))
        tied = keras.layers.Dense(8, kernel_initializer=start)
        a, b = tied(both(inputs)), tied(right)
        model = keras.Model(inputs, [left, right, a, b])
        """,
        """
        import keras
        zero = keras.initializers.Zeros()
        inputs = keras.Input((16,))
        heads = [keras.layers.Dense(2, kernel_initializer=zero)(inputs) for _ in range(3)]
        model = keras.Model(inputs, heads)
        """,
    )


def _groups(graph: Graph) -> Iterator[list[Node]]:
    """The layers with the same initializer object and a kernel of the same shape, two and more."""
    groups: dict[tuple[object, ...], dict[int, Node]] = {}
    for node in graph.nodes:
        if node.layer is None or not is_parametric(node):
            continue
        shared = drawn(node.layer, "kernel_initializer")
        shape = _kernel(node)
        if shared is not None and shape is not None:
            groups.setdefault((id(shared), *shape), {}).setdefault(id(node.layer), node)
    for layers in groups.values():
        if len(layers) > 1:
            yield sorted(layers.values(), key=lambda node: node.op.serial)


def _kernel(node: Node) -> tuple[object, ...] | None:
    """What the shape of the kernel depends on; None if it is not known."""
    channels = node.input_shape[-1] if node.input_shape else None
    parts = [_plain(node.args[name]) for name in ("units", "filters", "kernel_size", "groups") if name in node.args]
    if channels is None or not parts or NOTHING in parts:
        return None
    return (node.short, channels, *parts)


def _plain(value: Value) -> object:
    if isinstance(value, Sequence):
        items = [constant(item) for item in value.items]
        return NOTHING if NOTHING in items else tuple(items)
    return constant(value)


def _side_by_side(group: list[Node]) -> list[Node]:
    """Those that read the same input."""
    for node in group:
        same = [other for other in group if other.inputs and node.inputs and other.inputs[0] is node.inputs[0]]
        if len(same) > 1:
            return same
    return []
