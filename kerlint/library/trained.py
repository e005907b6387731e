"""Models that are trained: compiled, or changed by a step that the program writes itself."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.library.optimizers import Optimizer, read_optimizer
from kerlint.program.constants import constant
from kerlint.program.events import ApplyGradients, Compile
from kerlint.program.facts import Program
from kerlint.program.graph import Graph, Node
from kerlint.program.values import Model
from kerlint.records import dataclass


@dataclass(frozen=True, eq=False, slots=True)
class Training:
    """A model and what trains it.

    Args:
        graph: its layers at that moment.
        optimizer: None if it is not known.
        frozen: the layers and models that do not take part, by identity.
    """

    event: Compile | ApplyGradients
    model: Model
    graph: Graph
    optimizer: Optimizer | None
    frozen: frozenset[int]

    def trains(self, node: Node) -> bool:
        """Whether nothing is known that keeps the weights of this layer as they are."""
        layer = node.layer
        if layer is None or id(layer) in self.frozen or any(id(owner) in self.frozen for owner in node.owners):
            return False
        switches = (layer.args.get("trainable"), layer.state.get("trainable"))
        return not any(constant(switch) is False for switch in switches if switch is not None)

    @property
    def starts_fresh(self) -> bool:
        """Whether no weights are known to come from elsewhere."""
        return "pretrained" not in self.model.state


def trainings(program: Program) -> Iterator[Training]:
    """Every training that the program sets up, in order of execution."""
    for event in program.events:
        if isinstance(event, Compile):
            found = read_optimizer(event.optimizer, event)
            yield Training(event, event.model, event.graph, found, event.frozen)
        elif isinstance(event, ApplyGradients) and event.model is not None and event.snapshot is not None:
            found = read_optimizer(event.optimizer, event)
            yield Training(event, event.model, event.snapshot.graph, found, frozenset())
