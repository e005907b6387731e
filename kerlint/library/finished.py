"""The models of a program as it leaves them, compiled or not."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.program.events import Compile
from kerlint.program.facts import Program
from kerlint.program.graph import Graph, Node, Snapshot, tensors_in
from kerlint.program.values import Value


def final_graphs(program: Program) -> Iterator[Graph]:
    """The graph of each model when the program has run."""
    for model in program.models:
        snapshot = model.state.get("snapshot")
        if isinstance(snapshot, Snapshot):
            yield snapshot.graph
        elif isinstance(outputs := model.state.get("outputs"), Value):
            yield Snapshot(outputs).graph


def training_of(program: Program, graph: Graph, node: Node) -> Compile | Graph:
    """The last compile of a model with this layer or operation; the graph itself if there is none."""
    for event in reversed(list(program.compiles)):
        for other in event.graph.nodes:
            if other.op is node.op or (node.layer is not None and other.layer is node.layer):
                return event
    return graph


def ends(program: Program) -> set[int]:
    """What ends a model: the operations, and the last layers of sequential models, by identity."""
    found: set[int] = set()
    for model in program.models:
        found.update(id(tensor.op) for tensor in tensors_in(model.state.get("outputs")) if tensor is not None)
        layers = model.state.get("layers")
        if isinstance(layers, tuple) and layers:
            found.add(id(layers[-1]))
    return found
