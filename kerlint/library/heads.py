"""The ends and the chain of a model, with activations folded into the layer they belong to."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint import syntax
from kerlint.library.kinds import (
    NOISE,
    NORMALIZATION,
    POOLING,
    RESHAPING,
    is_parametric,
    own_activation,
    pure_activation,
    units_of,
    unwrapped,
)
from kerlint.program.constants import integer
from kerlint.program.graph import Graph, Node
from kerlint.program.values import Object
from kerlint.records import dataclass

#: Activations whose outputs are probabilities.
PROBABILITIES = frozenset({"sigmoid", "softmax", "hard_sigmoid"})
#: What a node may do between a parametric layer and its activation without being one.
_LINEAR = NOISE | NORMALIZATION | RESHAPING


@dataclass(frozen=True, eq=False, slots=True)
class Activation:
    """An activation by name (`relu`; "" if it is not known) and the place where it is written."""

    name: str
    place: syntax.Node | None
    node: Node


@dataclass(frozen=True, eq=False, slots=True)
class Head:
    """One output of a model, back to the last layer with a kernel.

    Args:
        node: that layer, with `TimeDistributed` and the like taken off in `layer`.
        activations: those applied on the way to the output, linear ones left out.
        after: other steps on the way to the output, in order (Dropout, Reshape, pooling).
        output: the last step.
    """

    node: Node
    layer: Object
    units: int | None
    activations: tuple[Activation, ...]
    after: tuple[Node, ...]
    output: Node

    @property
    def activation(self) -> str | None:
        """The last activation, `linear` if there is none, None if it is not known."""
        if not self.activations:
            return "linear"
        return self.activations[-1].name or None

    @property
    def known(self) -> bool:
        """Whether every activation on the way is known."""
        return all(activation.name for activation in self.activations)

    @property
    def activation_place(self) -> syntax.Node | None:
        """Where the last activation is written; the layer where there is none."""
        return self.activations[-1].place if self.activations else self.node.place

    @property
    def activator(self) -> Node | Object:
        """What applies the last activation; where there is none, the layer that could."""
        if self.activations and self.activations[-1].node is not self.node:
            return self.activations[-1].node
        return self.layer

    @property
    def ends_activated(self) -> bool:
        """Whether the very last step of the model is the activation."""
        return bool(self.activations) and self.activations[-1].node is self.output


def heads(graph: Graph) -> list[Head | None]:
    """One head for each output; None where the way back meets something that is not known."""
    return [_head(output) if output is not None else None for output in graph.outputs]


def only_head(graph: Graph) -> Head | None:
    """The head of a model with one output."""
    found = heads(graph)
    return found[0] if len(found) == 1 else None


def _head(output: Node) -> Head | None:
    activations: list[Activation] = []
    after: list[Node] = []
    node = output
    while True:
        name = pure_activation(node)
        if name is not None:
            if name != "linear":
                place = node.argument_place("activation") if node.layer is not None else node.op.node
                activations.append(Activation(name, place, node))
        elif node.layer is None:
            return None
        else:
            layer = unwrapped(node.layer)
            if is_parametric(node) or (layer is not node.layer and _is_kernel(layer)):
                own = own_activation(layer)
                if own != "linear":
                    place = layer.places.get("activation") or node.place
                    activations.append(Activation(own or "", place, node))
                units = integer(units_of(layer))
                return Head(node, layer, units, tuple(activations[::-1]), tuple(after[::-1]), output)
            if node.short not in _LINEAR and node.short not in POOLING:
                return None
            after.append(node)
        if len(node.inputs) != 1:
            return None
        node = node.inputs[0]


def _is_kernel(layer: Object) -> bool:
    from kerlint.library.kinds import PARAMETRIC

    return layer.short in PARAMETRIC


def activation_of(node: Node) -> Activation | None:
    """The nonlinear activation that follows a parametric layer before any other layer uses its output.

    None if there is none, or if the output goes several ways; a name of "" if it is not known.
    """
    if node.layer is None:
        return None
    own = own_activation(unwrapped(node.layer))
    if own is None:
        return Activation("", node.place, node)
    if own != "linear":
        return Activation(own, node.argument_place("activation"), node)
    for step in _linear_walk(node):
        name = pure_activation(step)
        if name is not None and name != "linear":
            place = step.argument_place("activation") if step.layer is not None else step.op.node
            return Activation(name, place, step)
    return None


def _linear_walk(node: Node) -> Iterator[Node]:
    """The steps after a node, one consumer each, up to and with the first that is not linear."""
    current = node
    while len(current.consumers) == 1:
        current = current.consumers[0]
        yield current
        name = pure_activation(current)
        if name == "linear":
            continue
        if name is not None or (
            current.short not in _LINEAR and not current.short.startswith(("Average", "GlobalAverage"))
        ):
            return


def parametric_layers(graph: Graph) -> list[Node]:
    """All parametric layers, in order."""
    return [node for node in graph.nodes if is_parametric(node)]
