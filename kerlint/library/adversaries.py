"""Two models that are trained against each other: one makes data, the other tells it from real data."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.library.budget import layers_of_graph
from kerlint.library.graphs import graph_of
from kerlint.library.heads import heads
from kerlint.library.loss_weights import adds_losses
from kerlint.program.constants import constant
from kerlint.program.events import Fit, Trainable, Use
from kerlint.program.facts import Program
from kerlint.program.graph import Graph
from kerlint.program.values import Array, Layer, Model, Sequence, Value
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
        free: whether nothing in the program ever freezes any of it, or gives it weights in the loop.
        plain: whether the joint model is made of layers of Keras alone, none of which can turn gradients round, and
            no part of its loss is taken off.
        noise: whether the maker makes its data of random numbers, in the joint training as well.
    """

    maker: Model
    judge: Model
    made: tuple[tuple[Fit, Span], ...]
    other: tuple[tuple[Fit, Span | None], ...]
    joint: Fit
    wanted: Span
    frozen: bool
    free: bool
    plain: bool
    noise: bool


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
        given = use.args.get("x")
        noise = _is_noise(given) and _is_noise(joint.x)
        if not own or not own < held or use.model is joint.model or not (noise or _is_same(given, joint.x)):
            continue
        for judge in {id(fit.model): fit for fit in fits}.values():
            parts = layers_of_graph(judge.graph)
            wanted = _wanted(joint, judge.graph)
            if wanted is None or not parts or not parts < held or parts & own or "handed over" in judge.model.state:
                continue
            alone = [fit for fit in fits if fit.model is judge.model and _share(fit.loops, joint.loops)]
            made = [(fit, span) for fit in alone if _made_by(fit, use) and (span := span_of(fit.y)) is not None]
            other = [(fit, span_of(fit.y)) for fit in alone if not _made_by(fit, use)]
            if alone:
                frozen = _is_frozen(joint, judge)
                held_back = _is_ever_frozen(program, parts, judge.model) or _is_given_weights(program, judge.model)
                free, plain = not frozen and not held_back, _is_plain(program, joint)
                yield Duel(use.model, judge.model, tuple(made), tuple(other), joint, wanted, frozen, free, plain, noise)


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
    return span_of(value)


def span_of(value: Value | None) -> Span | None:
    """The labels of a batch that is all of one kind."""
    if not isinstance(value, Array) or value.low is None or value.high is None:
        return None
    return (value.low, value.high) if value.high - value.low < 0.6 else None


def _made_by(fit: Fit, use: Use) -> bool:
    parts = fit.x.items if isinstance(fit.x, Sequence) else (fit.x,)
    return any(isinstance(part, Array) and part.prediction is use.model for part in parts)


def _is_noise(value: Value | None) -> bool:
    if isinstance(value, Sequence):
        return any(map(_is_noise, value.items))
    return isinstance(value, Array) and value.noise


def _is_same(left: Value | None, right: Value | None) -> bool:
    """Whether two models get the same data: what one of them makes is judged by the other."""
    if isinstance(left, Sequence) and isinstance(right, Sequence):
        return any(_is_same(one, other) for one, other in zip(left.items, right.items))
    return left is right and left is not None


def _is_frozen(joint: Fit, judge: Fit) -> bool:
    """Whether the judge, or all of its layers with weights, did not take part when the joint model was compiled."""
    if joint.compile is None:
        return False
    frozen = joint.compile.frozen
    return id(judge.model) in frozen or any(id(node.layer) in frozen for node in judge.graph.nodes)


def _is_plain(program: Program, joint: Fit) -> bool:
    """Whether the joint training makes the loss of the judge smaller: a layer may turn the gradient round."""
    if program.times_mentioned("custom_gradient"):
        return False
    steps = (node.layer for node in joint.graph.nodes if node.kind != "input")
    if not all(isinstance(layer, Layer) and layer.cls is None and layer.short != "Lambda" for layer in steps):
        return False
    return joint.compile is not None and adds_losses(joint.compile)


def _is_given_weights(program: Program, judge: Model) -> bool:
    """Whether a loop puts weights into the judge: those, perhaps, that it had before the joint step."""
    return any(use.model is judge and use.method == "set_weights" and use.loops for use in program.all(Use))


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
