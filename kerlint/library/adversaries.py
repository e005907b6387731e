"""Two models that are trained against each other: one makes data, the other tells it from real data."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.library.budget import layers_of_graph
from kerlint.library.graphs import graph_of
from kerlint.library.heads import heads
from kerlint.program.constants import constant
from kerlint.program.events import Fit, Trainable, Use
from kerlint.program.facts import Program
from kerlint.program.graph import Graph
from kerlint.program.values import Array, Model, Sequence, Value
from kerlint.records import dataclass

#: The lowest and the highest label of a batch.
Span = tuple[float, float]


@dataclass(frozen=True, eq=False, slots=True)
class Duel:
    """A maker and a judge that one loop trains in turn.

    Args:
        maker: the model that makes data, by its predictions.
        judge: the model that tells it from other data, trained by itself.
        made: the training calls of the judge on what the maker has made, each with its labels.
        other: those on anything else.
        joint: the training call of both in a row.
        wanted: the labels that the joint model is trained to give.
        frozen: whether the judge takes no part in the joint training.
        free: whether nothing in the program ever freezes any of it.
    """

    maker: Model
    judge: Model
    made: tuple[tuple[Fit, Span], ...]
    other: tuple[tuple[Fit, Span | None], ...]
    joint: Fit
    wanted: Span
    frozen: bool
    free: bool


def duels(program: Program) -> Iterator[Duel]:
    """Every pair of models that a loop trains against each other, once for each joint training call."""
    fits = [fit for fit in program.fits if fit.loops and not fit.open and fit.compile is not None]
    makers = [use for use in program.all(Use) if use.loops and use.method.startswith("predict")]
    told: set[int] = set()
    for joint in fits if makers else ():
        if id(joint.node) in told:
            continue
        found = next(_of(program, joint, fits, makers), None)
        if found is not None:
            told.add(id(joint.node))
            yield found


def _of(program: Program, joint: Fit, fits: list[Fit], makers: list[Use]) -> Iterator[Duel]:
    held = layers_of_graph(joint.graph)
    for use in makers:
        graph = graph_of(use.model) if _share(use.loops, joint.loops) else None
        own = layers_of_graph(graph) if graph is not None else set()
        if not own or not own < held or use.model is joint.model:
            continue
        for judge in {id(fit.model): fit for fit in fits}.values():
            parts = layers_of_graph(judge.graph)
            wanted = _wanted(joint, judge.graph)
            if wanted is None or not parts or not parts < held or parts & own or "handed over" in judge.model.state:
                continue
            alone = [fit for fit in fits if fit.model is judge.model and _share(fit.loops, joint.loops)]
            made = [(fit, span) for fit in alone if _made_by(fit, use.model) and (span := _span(fit.y)) is not None]
            other = [(fit, _span(fit.y)) for fit in alone if not _made_by(fit, use.model)]
            if alone:
                frozen = _is_frozen(joint, judge)
                free = not frozen and not _is_ever_frozen(program, parts, judge.model)
                yield Duel(use.model, judge.model, tuple(made), tuple(other), joint, wanted, frozen, free)


def apart(left: Span, right: Span) -> bool:
    """Whether two ranges of labels have nothing in common."""
    return left[1] < right[0] or right[1] < left[0]


def _share(left: tuple[object, ...], right: tuple[object, ...]) -> bool:
    """Whether two places lie in the same passes of the same loops."""
    return len(left) == len(right) and all(a is b for a, b in zip(left, right))


def _wanted(joint: Fit, judge: Graph) -> Span | None:
    """The labels of the joint training for the output that is the judge's, if they are all one number or close."""
    answers, own = heads(joint.graph), heads(judge)
    if len(own) != 1 or own[0] is None:
        return None
    at = [index for index, head in enumerate(answers) if head is not None and head.layer is own[0].layer]
    value = joint.y
    if len(at) != 1:
        return None
    if len(answers) > 1:
        items = (value.exact or ()) if isinstance(value, Sequence) else ()
        value = items[at[0]] if len(items) == len(answers) else None
    return _span(value)


def _span(value: Value | None) -> Span | None:
    """The labels of a batch that is all of one kind."""
    if not isinstance(value, Array) or value.low is None or value.high is None:
        return None
    return (value.low, value.high) if value.high - value.low < 0.6 else None


def _made_by(fit: Fit, maker: Model) -> bool:
    return isinstance(fit.x, Array) and fit.x.prediction is maker


def _is_frozen(joint: Fit, judge: Fit) -> bool:
    """Whether the judge, or all of its layers with weights, did not take part when the joint model was compiled."""
    if joint.compile is None:
        return False
    frozen = joint.compile.frozen
    return id(judge.model) in frozen or any(id(node.layer) in frozen for node in judge.graph.nodes)


def _is_ever_frozen(program: Program, parts: set[int], judge: Model) -> bool:
    """Whether anything sets `trainable` of the judge, of a layer of it, or of a model that holds one, but to True."""
    for event in program.all(Trainable):
        target = event.target
        graph = graph_of(target) if isinstance(target, Model) else None
        known = isinstance(target, Model) and graph is not None
        touched = target is judge or id(target) in parts or (graph is not None and parts & layers_of_graph(graph))
        if constant(event.value) is not True and (touched or (isinstance(target, Model) and not known)):
            return True
    return False
