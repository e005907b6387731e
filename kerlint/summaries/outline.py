"""Which places of a text stand for models, layers and tensors, and what there is to tell about each: for editors."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias

from kerlint import syntax
from kerlint.finding import Span
from kerlint.library.naming import class_name, name_of
from kerlint.library.ops import operation_class
from kerlint.library.weights import weights_inside
from kerlint.program.facts import Program
from kerlint.program.graph import resolved, tensors_in
from kerlint.program.values import Layer, Model, Tensor, Value
from kerlint.records import dataclass, field
from kerlint.summaries.doubt import Doubt, first_reason
from kerlint.summaries.facts import ModelSummary
from kerlint.summaries.models import Places, structure, summarize_model
from kerlint.summaries.text import show
from kerlint.summaries.view import View

#: An expression in a loop or in a function has many values; of more than this the rest is left out.
MOST_VALUES = 6
#: Results of steps that a reader takes for layers.
_STEPS = frozenset({"layer", "function"})

Locate: TypeAlias = "Callable[[syntax.Node], Span | None]"


@dataclass(frozen=True, slots=True)
class About:
    """A model, a layer or a tensor.

    Args:
        kind: `model`, `layer` or `tensor`.
        title: the class and the name, as in `Dense dense_1`.
        shape: of the output as Keras prints it; empty if it is not known.
        doubt: why a part of the shape is not known; empty if all is.
        params: how many weights; None if that is not known, or for a tensor.
        model: the whole model, for one.
    """

    kind: str
    title: str
    shape: str = ""
    doubt: str = ""
    params: int | None = None
    model: ModelSummary | None = None


@dataclass(frozen=True, slots=True)
class Spot:
    """A place that stands for something.

    Args:
        abouts: what it stands for; several where it is evaluated several times.
        is_layer: whether it is a call of a layer, or one that makes a layer which is not called by itself.
    """

    span: Span
    abouts: tuple[About, ...]
    is_layer: bool = False


@dataclass(frozen=True, slots=True)
class Outline:
    """All that is known about the places of a text; spots are sorted, and may lie in one another."""

    models: tuple[ModelSummary, ...] = ()
    spots: tuple[Spot, ...] = ()

    def at(self, line: int, column: int) -> Spot | None:
        """The smallest spot that holds a place."""
        place = (line, column)
        around = [
            spot
            for spot in self.spots
            if (spot.span.start_line, spot.span.start_column) <= place < (spot.span.end_line, spot.span.end_column)
        ]
        return min(around, key=_size, default=None)


def _size(spot: Spot) -> tuple[int, int, int, int]:
    """Smaller for the inner one of two spots that lie in one another."""
    span = spot.span
    return -span.start_line, -span.start_column, span.end_line, span.end_column


@dataclass(slots=True)
class Watched:
    """Collects what expressions stand for while a program is evaluated."""

    values: dict[int, list[Value]] = field(default_factory=dict)
    #: The expressions themselves, so that their identities stay their own.
    nodes: dict[int, syntax.Expression] = field(default_factory=dict)

    def __call__(self, node: syntax.Expression, value: Value) -> None:
        """Takes note of a value."""
        if type(value) in _OF_INTEREST and type(node) in _EXPRESSIONS:
            known = self.values.setdefault(id(node), [])
            if len(known) < MOST_VALUES and not any(value is one for one in known):
                known.append(value)
                self.nodes[id(node)] = node


_OF_INTEREST = frozenset({Layer, Model, Tensor})
_EXPRESSIONS = frozenset({syntax.Name, syntax.Attribute, syntax.Call, syntax.Subscript, syntax.BinaryOperation})


def outline(program: Program, watched: Watched, module: syntax.Module, locate: Locate) -> Outline:
    """What a program's places stand for.

    Args:
        watched: what its expressions stood for when it was evaluated.
        locate: where a node of the module is; None for a node of another one.
    """
    teller = _Teller(program, watched, lambda node: locate(node) if node is not None else None)
    called = {id(node.func) for node in watched.nodes.values() if isinstance(node, syntax.Call)}
    values = {**watched.values, **_targets(module, watched)}
    nodes: dict[int, syntax.Node] = {**watched.nodes, **{id(node): node for node in _target_nodes(module)}}
    spots: list[Spot] = []
    for key, several in values.items():
        node = nodes[key]
        is_model = all(isinstance(value, Model) for value in several)
        # Within the brackets of a model is the rest of the program.
        span = locate(node.func if is_model and isinstance(node, syntax.Call) else node)
        if span is None:
            continue
        abouts: list[About] = []
        for about in map(teller.about, several):
            # Summaries have no hash.
            if about is not None and about not in abouts:
                abouts.append(about)
        if abouts:
            is_layer = isinstance(node, syntax.Call) and key not in called and any(map(teller.is_step, several))
            spots.append(Spot(span, tuple(abouts), is_layer))
    return Outline(tuple(map(teller.summary, program.models)), tuple(sorted(spots, key=lambda spot: spot.span)))


def _target_nodes(module: syntax.Module) -> Iterator[syntax.Node]:
    for target, _ in _assignments(module):
        yield target


def _targets(module: syntax.Module, watched: Watched) -> dict[int, list[Value]]:
    """The names and attributes that are given a value of interest."""
    values = watched.values
    return {id(target): values[id(value)] for target, value in _assignments(module) if id(value) in values}


def _assignments(module: syntax.Module) -> Iterator[tuple[syntax.Node, syntax.Node]]:
    pending: list[syntax.Node] = [module]
    while pending:
        node = pending.pop()
        if isinstance(node, syntax.Assign):
            yield from ((target, node.value) for target in node.targets)
        elif isinstance(node, syntax.AnnAssign) and node.value is not None:
            yield node.target, node.value
        elif not isinstance(node, syntax.Expression):
            pending.extend(syntax.children(node))


class _Teller:
    """Tells what values are."""

    def __init__(self, program: Program, watched: Watched, places: Places) -> None:
        self._program = program
        self._places = places
        self._summaries: dict[int, ModelSummary] = {}
        self._doubt = Doubt()
        #: What came out of each layer and model that was called, by identity.
        self._results: dict[int, list[Value]] = {}
        for model in program.models:
            view = View(model)
            for op in (op for ops in view.calls for op in ops if op.layer is not None):
                found = op.results if op.results is not None else view.only_results.get(id(op))
                if found is not None:
                    self._add(op.layer, found)
        self._tensors = [value for values in watched.values.values() for value in values if isinstance(value, Tensor)]
        #: Layers that are called by an expression of their own.
        self._called = {id(tensor.op.layer) for tensor in self._tensors if tensor.op.layer is not None}
        for tensor in self._tensors:
            self._add(tensor.op.layer, tensor.op.results or tensor)

    def _add(self, made: Value | None, result: Value) -> None:
        known = self._results.setdefault(id(made), [])
        if not any(result is one for one in known):
            known.append(result)

    def is_step(self, value: Value) -> bool:
        """Whether a call with this value is one that a reader takes for a layer."""
        if isinstance(value, Tensor):
            return value.op.kind in _STEPS
        return isinstance(value, Layer) and id(value) not in self._called

    def summary(self, model: Model) -> ModelSummary:
        """The summary of a model."""
        found = self._summaries.get(id(model))
        if found is None:
            found = summarize_model(self._program, model, self._places, self._doubt)
            self._summaries[id(model)] = found
        return found

    def about(self, value: Value) -> About | None:
        """What there is to tell of a value; None if nothing."""
        if isinstance(value, Tensor):
            return self._tensor(value)
        if isinstance(value, Model):
            summary = self.summary(value)
            title = f"{summary.class_name} {summary.name or ''}".rstrip()
            outputs = View(value).ends
            shape, doubt = self._shape(outputs[0] if len(outputs) == 1 else None)
            return About("model", title, shape, doubt, summary.total_params, summary)
        if isinstance(value, Layer):
            results = self._results.get(id(value), [])
            shapes = dict.fromkeys(self._shape(result) for result in results[:MOST_VALUES])
            shape = " or ".join(shape for shape, _ in shapes if shape)
            doubt = next((doubt for _, doubt in shapes if doubt), "")
            title = f"{class_name(value)} {name_of(value) or ''}".rstrip()
            return About("layer", title, shape, doubt, weights_inside(value).total)
        return None

    def _tensor(self, tensor: Tensor) -> About | None:
        op = resolved(tensor).op if tensor.op.layer is None else tensor.op
        shape, doubt = self._shape(tensor)
        if op.kind in ("variable", "gap") or not shape:
            return None
        if isinstance(op.layer, (Layer, Model)):
            title = f"{class_name(op.layer)} {name_of(op.layer) or ''}".rstrip()
            return About("tensor", title, shape, doubt, weights_inside(op.layer).total)
        kind = "InputLayer" if op.kind == "input" else operation_class(op.name, op.node)
        return About("tensor", f"{kind} {op.label}".rstrip(), shape, doubt)

    def _shape(self, value: Value | None) -> tuple[str, str]:
        if value is None:
            return "", ""
        shapes = structure(value)
        if shapes is None:
            return "", ""
        known: Iterable[Tensor] = [tensor for tensor in tensors_in(value) if tensor is not None]
        return show(shapes), first_reason(self._doubt, known)
