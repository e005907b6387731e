"""A model as a graph of layers, as rules walk it.

Nested models and layers written in the program are expanded: a node is always a layer of
the library, a function or operator on tensors, an input, or a gap (something not understood).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import libcst as cst

from kerlint.program.values import Layer, Mapping, Model, Object, Op, Sequence, Shape, Tensor, Value

#: Nodes of one graph; what lies beyond is a gap.
MAX_NODES = 20_000
#: Models within models.
MAX_NESTING = 20


@dataclass(eq=False, slots=True)
class Node:
    """One step of a model.

    Args:
        kind: as in `Op`.
        name: canonical name of the layer class or function, or the operator.
        layer: the layer object; None for functions, operators and gaps.
        shape: of the (first) output, batch first.
        place: where the layer (or operation) is written.
        owners: the nested models and program-defined layers around it, outermost first.
    """

    kind: str
    name: str
    layer: Object | None
    op: Op
    shape: Shape
    place: cst.CSTNode | None
    owners: tuple[Value, ...] = ()
    inputs: list[Node] = field(default_factory=list)
    consumers: list[Node] = field(default_factory=list)

    @property
    def short(self) -> str:
        """The last part of the name: `Dense`."""
        return self.name.rpartition(".")[2]

    @property
    def args(self) -> dict[str, Value]:
        """The arguments of the layer, or of the function."""
        return self.layer.args if self.layer is not None else self.op.args

    def argument_place(self, name: str) -> cst.CSTNode | None:
        """Where an argument is written; the layer where it is not."""
        found = self.layer.places.get(name) if self.layer is not None else None
        return found or self.place

    @property
    def input_shape(self) -> Shape:
        """The shape of the first input."""
        return self.inputs[0].shape if self.inputs else None


@dataclass(eq=False, slots=True)
class Graph:
    """All steps of a model.

    Args:
        nodes: inputs before consumers.
        outputs: one node for each output; None for one that is not known.
        complete: whether every step is understood.
    """

    nodes: list[Node] = field(default_factory=list)
    outputs: list[Node | None] = field(default_factory=list)
    complete: bool = True

    @property
    def output(self) -> Node | None:
        """The only output, None if there are several or it is not known."""
        return self.outputs[0] if len(self.outputs) == 1 else None

    def layers(self, *names: str) -> Iterator[Node]:
        """The nodes with one of these canonical names."""
        for node in self.nodes:
            if node.name in names:
                yield node


def tensors_in(value: Value | None) -> list[Tensor | None]:
    """The tensors of a structure (lists, tuples, dicts), None for each part that is not one."""
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, Sequence):
        return [tensor for item in value.items for tensor in tensors_in(item)]
    if isinstance(value, Mapping):
        return [tensor for item in value.entries.values() for tensor in tensors_in(item)]
    return [None]


def build_graph(outputs: Value | None) -> Graph:
    """The graph that leads to these output tensors."""
    graph = Graph()
    builder = _Builder(graph)
    for tensor in tensors_in(outputs):
        graph.outputs.append(builder.node_of(tensor, {}, (), 0) if tensor is not None else None)
    if not graph.outputs or any(output is None for output in graph.outputs):
        graph.complete = False
    if any(node.kind == "gap" for node in graph.nodes):
        graph.complete = False
    return graph


class _Builder:
    def __init__(self, graph: Graph) -> None:
        self.graph = graph

    def node_of(self, tensor: Tensor, memo: dict[int, Node], owners: tuple[Value, ...], depth: int) -> Node:
        """The node that makes a tensor; its ancestors are made first, without recursion along the graph."""
        pending = [tensor]
        while pending:
            current = pending[-1]
            if id(current.op) in memo:
                pending.pop()
                continue
            sources = self._sources(current.op)
            missing = [source for source in sources if id(source.op) not in memo]
            if missing and len(self.graph.nodes) < MAX_NODES:
                pending.extend(missing)
                continue
            memo[id(current.op)] = self._make(current, sources, memo, owners, depth)
            pending.pop()
        return memo[id(tensor.op)]

    @staticmethod
    def _sources(op: Op) -> list[Tensor]:
        inner = tensors_in(op.inner) if op.inner is not None else []
        if inner and all(tensor is not None for tensor in inner):
            return [tensor for tensor in inner if tensor is not None]
        return list(op.inputs)

    def _make(
        self, tensor: Tensor, sources: list[Tensor], memo: dict[int, Node], owners: tuple[Value, ...], depth: int
    ) -> Node:
        op = tensor.op
        inputs = [memo[id(source.op)] for source in sources if id(source.op) in memo]
        if op.inner is not None and inputs:
            return inputs[0]
        if isinstance(op.layer, Model):
            expanded = self._expand(op, op.layer, inputs, owners, depth)
            if expanded is not None:
                return expanded
        layer = op.layer if isinstance(op.layer, Object) else None
        kind = op.kind
        if isinstance(op.layer, Model) or (isinstance(layer, Layer) and layer.cls is not None):
            # Nothing is known of what happens inside.
            kind = "gap"
        place = layer.node if layer is not None and layer.node is not None else op.node
        node = Node(kind, op.name, layer, op, tensor.shape, place, owners, inputs)
        for source in inputs:
            source.consumers.append(node)
        self.graph.nodes.append(node)
        return node

    def _expand(self, op: Op, model: Model, inputs: list[Node], owners: tuple[Value, ...], depth: int) -> Node | None:
        """The nodes of a functional model that is called as a layer, its inputs replaced."""
        outputs = tensors_in(model.state.get("outputs"))
        formal = tensors_in(model.state.get("inputs"))
        if model.kind != "functional" or depth >= MAX_NESTING or len(formal) != len(inputs):
            return None
        if not outputs or None in outputs or None in formal:
            return None
        memo = {id(tensor.op): node for tensor, node in zip(formal, inputs) if tensor is not None}
        made = [self.node_of(tensor, memo, (*owners, model), depth + 1) for tensor in outputs if tensor is not None]
        return made[0] if made else None


class Snapshot:
    """A model's outputs at one moment, and their graph once somebody asks for it."""

    __slots__ = ("_graph", "outputs")

    def __init__(self, outputs: Value | None) -> None:
        self.outputs = outputs
        self._graph: Graph | None = None

    @property
    def graph(self) -> Graph:
        """The graph that leads to the outputs."""
        if self._graph is None:
            self._graph = build_graph(self.outputs)
        return self._graph
