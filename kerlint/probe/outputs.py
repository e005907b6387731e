"""Models with several outputs: one of them is tried out, with the layers that lead to it."""

from __future__ import annotations

from kerlint.experiment import Experiment
from kerlint.library.training import as_object
from kerlint.probe.literal import Refused
from kerlint.program.constants import constant
from kerlint.program.graph import Graph, Node
from kerlint.program.values import Mapping, Object, Sequence, Value


class Output:
    """One output of a model.

    Args:
        index: which one it is.
        count: how many there are.
        node: its last step.
    """

    def __init__(self, index: int, count: int, node: Node) -> None:
        self.index, self.count, self.node = index, count, node

    def loss(self, value: Value | None) -> Value | None:
        """Its loss, of the losses that a model is compiled with."""
        found = self.part(value)
        return as_object("losses", found) if found is not None and found is not value else found

    def part(self, value: Value | None) -> Value | None:
        """What belongs to it, of a structure with a part for each output; None if that is not known."""
        if self.count == 1:
            return value
        if isinstance(value, Sequence):
            items = value.exact
            return items[self.index] if items is not None and len(items) == self.count else None
        if isinstance(value, Mapping):
            layer = self.node.layer
            name = constant(layer.args.get("name")) if layer is not None else None
            return value.entries.get(name) if isinstance(name, str) else None
        return value

    def places(self, graph: Graph) -> list[int]:
        """Which of the inputs lead to it."""
        kept = {id(node) for node in self.kept(graph)}
        starts = [node for node in graph.nodes if node.kind == "input"]
        return [index for index, node in enumerate(starts) if id(node) in kept]

    def kept(self, graph: Graph) -> list[Node]:
        """The steps that it depends on, in order."""
        if self.count == 1:
            return list(graph.nodes)
        wanted = _before(self.node)
        return [node for node in graph.nodes if id(node) in wanted]


def chosen(graph: Graph, experiment: Experiment) -> Output:
    """The output that the experiment is about: the first one that what is changed or looked at leads to.

    Raises:
        Refused: it is not known.
    """
    count = len(graph.outputs)
    named = [*experiment.at, *(change.what for change in experiment.repair if not isinstance(change.what, str))]
    objects = {id(part) for what in named for part in _parts(what)}
    for index, node in enumerate(graph.outputs):
        if node is None:
            continue
        before = _before(node).values()
        if count == 1 or not objects or any(id(part) in objects for one in before for part in _parts(one)):
            return Output(index, count, node)
    raise Refused("the end of the model is not known")


def _parts(what: Node | Object) -> list[object]:
    """What a step or a layer may be named by."""
    if not isinstance(what, Node):
        return [what]
    inner = what.layer.args.get("layer") if what.layer is not None else None
    return [part for part in (what.layer, what.op, inner) if part is not None]


def _before(node: Node) -> dict[int, Node]:
    """A step and all that it depends on."""
    found: dict[int, Node] = {}
    pending = [node]
    while pending:
        current = pending.pop()
        if id(current) not in found:
            found[id(current)] = current
            pending.extend(current.inputs)
    return found
