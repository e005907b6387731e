"""The models of a program as it leaves them, compiled or not."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.program.facts import Program
from kerlint.program.graph import Graph, Snapshot, tensors_in
from kerlint.program.values import Value


def final_graphs(program: Program) -> Iterator[Graph]:
    """The graph of each model when the program has run."""
    for model in program.models:
        snapshot = model.state.get("snapshot")
        if isinstance(snapshot, Snapshot):
            yield snapshot.graph
        elif isinstance(outputs := model.state.get("outputs"), Value):
            yield Snapshot(outputs).graph


def ends(program: Program) -> set[int]:
    """What ends a model: the operations, and the last layers of sequential models, by identity."""
    found: set[int] = set()
    for model in program.models:
        found.update(id(tensor.op) for tensor in tensors_in(model.state.get("outputs")) if tensor is not None)
        layers = model.state.get("layers")
        if isinstance(layers, tuple) and layers:
            found.add(id(layers[-1]))
    return found
