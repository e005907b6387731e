"""A model as a graph of layers, as rules walk it.

Nested models and layers written in the program are expanded: a node is always a layer of
the library, a function or operator on tensors, an input, or a gap (something not understood).
"""

from __future__ import annotations

from collections.abc import Iterator

from kerlint import syntax
from kerlint.program.values import Layer, Mapping, Model, Object, Op, Sequence, Shape, Tensor, Value
from kerlint.records import dataclass, field

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
    place: syntax.Node | None
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

    def argument_place(self, name: str) -> syntax.Node | None:
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
    """The tensors of a structure (lists, tuples, sorted dicts), None for each part that is not one."""
    kind = type(value)
    if kind is Tensor:
        return [value]  # type: ignore[list-item]
    if isinstance(value, Sequence):
        return [tensor for item in value.items for tensor in tensors_in(item)]
    if isinstance(value, Mapping):
        return [tensor for _, item in in_order(value) for tensor in tensors_in(item)]
    return [None]


def in_order(mapping: Mapping) -> list[tuple[object, Value]]:
    """The entries of a dict as Keras goes through them: by name."""
    return sorted(mapping.entries.items(), key=lambda entry: str(entry[0]))


#: Tells what makes a tensor: the op, and for a model, which becomes many nodes, the output too.
Key = tuple[int, int]


def _key(tensor: Tensor) -> Key:
    return id(tensor.op), tensor.index if isinstance(tensor.op.layer, Model) else 0


def resolved(tensor: Tensor) -> Tensor:
    """The tensor that a followed `call` returned in the place of this one, through all levels; else itself."""
    for _ in range(MAX_NESTING):
        inner = tensors_in(tensor.op.inner) if tensor.op.inner is not None else []
        found = inner[tensor.index] if tensor.index < len(inner) else None
        if found is None:
            return tensor
        tensor = found
    return tensor


def build_graph(outputs: Value | None) -> Graph:
    """The graph that leads to these output tensors."""
    graph = Graph()
    builder = _Builder(graph)
    memo: dict[Key, Node] = {}
    for tensor in tensors_in(outputs):
        graph.outputs.append(builder.node_of(tensor, memo, (), 0) if tensor is not None else None)
    if not graph.outputs or any(output is None for output in graph.outputs):
        graph.complete = False
    if any(node.kind == "gap" for node in graph.nodes):
        graph.complete = False
    return graph


class _Builder:
    def __init__(self, graph: Graph) -> None:
        self.graph = graph

    def node_of(self, tensor: Tensor, memo: dict[Key, Node], owners: tuple[Value, ...], depth: int) -> Node:
        """The node that makes a tensor; its ancestors are made first, without recursion along the graph."""
        wanted = resolved(tensor)
        pending = [wanted]
        while pending:
            current = pending[-1]
            if _key(current) in memo:
                pending.pop()
                continue
            sources = [resolved(source) for source in current.op.inputs]
            missing = [source for source in sources if _key(source) not in memo]
            if missing and len(self.graph.nodes) < MAX_NODES:
                pending.extend(missing)
                continue
            memo[_key(current)] = self._make(current, sources, memo, owners, depth)
            pending.pop()
        return memo[_key(wanted)]

    def _make(
        self, tensor: Tensor, sources: list[Tensor], memo: dict[Key, Node], owners: tuple[Value, ...], depth: int
    ) -> Node:
        op = tensor.op
        inputs = [memo[_key(source)] for source in sources if _key(source) in memo]
        if isinstance(op.layer, Model):
            expanded = self._expand(tensor, op.layer, inputs, owners, depth)
            if expanded is not None:
                return expanded
        layer = op.layer if isinstance(op.layer, Object) else None
        kind = op.kind
        if isinstance(op.layer, Model) or (isinstance(layer, Layer) and not layer.name.startswith("keras.")):
            # Nothing is known of what happens inside, but perhaps the shape.
            kind = "gap"
        place = layer.node if layer is not None and layer.node is not None else op.node
        node = Node(kind, op.name, layer, op, tensor.shape, place, owners, inputs)
        for source in inputs:
            source.consumers.append(node)
        self.graph.nodes.append(node)
        return node

    def _expand(
        self, tensor: Tensor, model: Model, inputs: list[Node], owners: tuple[Value, ...], depth: int
    ) -> Node | None:
        """The nodes of a functional model that is called as a layer, its inputs replaced."""
        outputs = tensors_in(model.state.get("outputs"))
        formal = tensors_in(model.state.get("inputs"))
        if model.kind != "functional" or depth >= MAX_NESTING or len(formal) != len(inputs):
            return None
        if not outputs or None in outputs or None in formal:
            return None
        memo: dict[Key, Node] = {_key(tensor): node for tensor, node in zip(formal, inputs) if tensor is not None}
        made = [self.node_of(tensor, memo, (*owners, model), depth + 1) for tensor in outputs if tensor is not None]
        return made[tensor.index] if tensor.index < len(made) else None


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
