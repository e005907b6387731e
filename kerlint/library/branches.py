"""What a functional model holds, and branches that begin in it and lead to none of its outputs."""

from __future__ import annotations

from kerlint.library.graphs import graph_of
from kerlint.program.graph import tensors_in
from kerlint.program.values import Layer, Model, Tensor

#: Layers of a branch that are looked at.
_LONGEST = 1000


def held_by(model: Model) -> set[int] | None:
    """The steps of a functional model and its inputs, by identity; None if they are not known."""
    graph = graph_of(model) if model.kind == "functional" else None
    if graph is None:
        return None
    return {id(node.op) for node in graph.nodes} | {id(one.op) for one in inputs_of(model)}


def inputs_of(model: Model) -> list[Tensor]:
    """The input tensors that a functional model was given."""
    return [tensor for tensor in tensors_in(model.state.get("inputs")) if tensor is not None]


def begins_in(tensor: Tensor, held: set[int]) -> bool:
    """Whether a tensor is made of what a model holds, by layers of Keras alone."""
    pending, seen = list(tensor.op.inputs), set[int]()
    if not pending:
        return False
    while pending and len(seen) < _LONGEST:
        op = pending.pop().op
        if id(op) in held or id(op) in seen:
            continue
        seen.add(id(op))
        if op.kind != "layer" or not op.inputs or not isinstance(op.layer, Layer) or op.layer.cls is not None:
            return False
        pending.extend(op.inputs)
    return not pending
