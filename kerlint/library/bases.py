"""Pretrained models of `keras.applications` inside other models, and how much of them is trained."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.program.constants import NOTHING, constant, text
from kerlint.program.events import Compile
from kerlint.program.facts import Program
from kerlint.program.graph import Node, tensors_in
from kerlint.program.values import Layer, Model, Op
from kerlint.records import dataclass

#: Models without batch normalisation.
_WITHOUT_NORM = ("VGG", "ConvNeXt")


@dataclass(frozen=True, eq=False, slots=True)
class Base:
    """A model of `keras.applications` that another model is built on.

    Args:
        node: its last step in the graph of that model.
        trained: whether all of it is trained under this compile: None if only a part is, or if it is not known.
    """

    model: Model
    node: Node
    trained: bool | None

    @property
    def short(self) -> str:
        """The last part of the name: `MobileNetV2`."""
        return self.model.name.rpartition(".")[2]

    @property
    def pretrained(self) -> bool:
        """Whether it has weights from ImageNet."""
        given = self.model.args.get("weights")
        return text(given) == "imagenet" if given is not None else "**" not in self.model.args

    @property
    def has_batchnorm(self) -> bool:
        """Whether there are batch normalisations in it."""
        return not self.short.startswith(_WITHOUT_NORM)


def bases(program: Program, event: Compile) -> Iterator[Base]:
    """The models of `keras.applications` inside a compiled model."""
    for model in program.models:
        if model.kind != "application" or model is event.model:
            continue
        ends = {id(tensor.op) for tensor in tensors_in(model.state.get("outputs")) if tensor is not None}
        for node in event.graph.nodes:
            if node.op.layer is model or id(node.op) in ends:
                yield Base(model, node, _is_trained(model, event))
                break


def _is_trained(model: Model, event: Compile) -> bool | None:
    if id(model) in event.frozen or id(event.model) in event.frozen:
        return False
    switch = model.state.get("trainable")
    if switch is not None and constant(switch) in (False, NOTHING):
        return None
    layers = _layers(model)
    if not layers:
        return True
    if any(constant(layer.state["trainable"]) is NOTHING for layer in layers if "trainable" in layer.state):
        return None
    frozen = [id(layer) in event.frozen for layer in layers]
    return False if all(frozen) else None if any(frozen) else True


def _layers(model: Model) -> list[Layer]:
    """The layers of a model whose inside has been looked into."""
    found: dict[int, Layer] = {}
    seen: set[int] = set()
    pending: list[Op] = [tensor.op for tensor in tensors_in(model.state.get("outputs")) if tensor is not None]
    while pending:
        op = pending.pop()
        if id(op) in seen:
            continue
        seen.add(id(op))
        if isinstance(op.layer, Layer):
            found[id(op.layer)] = op.layer
        pending.extend(tensor.op for tensor in op.inputs)
    return list(found.values())
