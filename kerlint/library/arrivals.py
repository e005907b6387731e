"""The range of the data on its way through a model, up to a pretrained part or a layer that scales it."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint import syntax
from kerlint.library.contracts import as_data, inputs_of
from kerlint.library.defaults import application
from kerlint.library.inputs import keeps_scale
from kerlint.library.objects import argument
from kerlint.program.constants import NOTHING, constant, number, text
from kerlint.program.events import Fit, Forward, Use
from kerlint.program.facts import Program
from kerlint.program.graph import Graph, Node
from kerlint.program.heap import SEVERAL
from kerlint.program.values import Array, Model, Value
from kerlint.records import dataclass

Range = tuple[float, float]

#: Layers that change the colours of an image, and with them its range.
_COLOURS = ("RandomBrightness", "RandomContrast", "RandomColor", "RandomHue", "RandomSaturation", "RandAugment")


@dataclass(frozen=True, eq=False, slots=True)
class Arrival:
    """Data that reaches a part of a model that cares for its range.

    Args:
        range: of the data there, known to be used up to its ends.
        node: the part; None where the model itself is a pretrained one.
        backbone: the pretrained model, None if it is a `Rescaling` layer.
    """

    event: Fit | Forward | Use
    array: Array
    place: syntax.Node | None
    range: Range
    node: Node | None
    backbone: Model | None


def arrivals(program: Program) -> Iterator[Arrival]:
    """Every place where data of a known range reaches a `Rescaling` or a pretrained model of `keras.applications`."""
    made = {id(model.node): model for model in program.models if model.kind == "application"}
    for event in program.events:
        if isinstance(event, Fit):
            value, place = inputs_of(event), event.places.get("x") or event.places.get("generator") or event.node
        elif isinstance(event, Forward) and event.in_tape:
            # Elsewhere models are called to see what comes out: a shape, mostly.
            value, place = event.inputs, event.node
        elif isinstance(event, Use) and event.method.startswith("predict"):
            value, place = event.args.get("x"), event.places.get("x") or event.node
        else:
            continue
        array = as_data(value)
        span = _range_of(array)
        if array is None or span is None:
            continue
        if event.model.kind == "application":
            yield Arrival(event, array, place, span, None, event.model)
        elif not isinstance(event, Use):
            for node, there in _walk(event.snapshot.graph, span):
                owner = node.op.layer if isinstance(node.op.layer, Model) else made.get(id(node.op.node))
                yield Arrival(event, array, place, there, node, owner)


def _range_of(array: Array | None) -> Range | None:
    if array is None or not array.tight or array.low is None or array.high is None or array.noise:
        return None
    return (float(array.low), float(array.high))


def _walk(graph: Graph, span: Range) -> Iterator[tuple[Node, Range]]:
    """The layers that care, and the range of the data before each of them."""
    starts = [node for node in graph.nodes if node.kind == "input"]
    # Of several ways that a condition leaves open, nobody can say which one the data takes.
    if len(starts) != 1 or any(node.kind == "gap" and node.name == SEVERAL for node in graph.nodes):
        return
    pending = [(node, span) for node in starts[0].consumers]
    while pending:
        node, before = pending.pop()
        if node.name.startswith("keras.applications."):
            yield node, before
            continue
        if node.short == "Rescaling":
            yield node, before
        after = _after(node, before)
        if after is not None:
            pending.extend((reader, after) for reader in node.consumers)


def _after(node: Node, span: Range) -> Range | None:
    """The range of what a step gives; None if that is not known."""
    if node.short == "Rescaling" and node.layer is not None:
        scale, offset = number(argument(node.layer, "scale")), number(argument(node.layer, "offset"))
        return None if scale is None or offset is None else _mapped(span, scale, offset)
    if node.kind == "operator" and len(node.inputs) == 1:
        other = number(node.op.args.get("right"))
        lines = {} if other is None else {"*": (other, 0.0), "-": (1.0, -other), "+": (1.0, other)}
        if other:
            lines["/"] = (1 / other, 0.0)
        return _mapped(span, *lines[node.name]) if node.name in lines else None
    if node.short.startswith(_COLOURS) or not keeps_scale(node):
        return None
    return span


def _mapped(span: Range, factor: float, offset: float) -> Range:
    first, second = (end * factor + offset for end in span)
    return (min(first, second), max(first, second))


def expected_mode(model: Model) -> str | None:
    """The mode of `preprocess_input` that a pretrained model wants; None if it has no such weights, or is not known."""
    known = application(model.name)
    weights: Value | None = model.args.get("weights")
    if known is None or (weights is not None and text(weights) != "imagenet"):
        return None
    if known.optional and "include_preprocessing" in model.args:
        return known.mode if constant(model.args["include_preprocessing"]) is True else None
    return known.mode if constant(weights) is not NOTHING or weights is None else None
