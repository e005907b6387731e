"""How large the numbers are that a model is trained on."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint import syntax
from kerlint.library.contracts import REGRESSION, as_data, contracts, inputs_of, targets_of
from kerlint.library.inputs import Feed, feeds, has_hidden_nonlinearity, is_pixels
from kerlint.program.events import Compile, Event, Fit
from kerlint.program.facts import Program
from kerlint.program.graph import Graph
from kerlint.program.values import Array
from kerlint.records import dataclass

#: These losses look at the size of an error, not at its share of the target.
ABSOLUTE = REGRESSION - {"mean_absolute_percentage_error", "mean_squared_logarithmic_error"}


@dataclass(frozen=True, eq=False, slots=True)
class LargeTarget:
    """Targets that are too large as they are, and the output that is compared with them."""

    event: Event
    array: Array
    place: syntax.Node | None
    head: syntax.Node | None


def tabular_inputs(program: Program) -> Iterator[Feed]:
    """What models are trained on, except images and random numbers; the same data into the same layer once."""
    seen: set[tuple[int, int]] = set()
    for feed in feeds(program):
        dummy = isinstance(feed.event, Fit) and is_dummy(feed.event)
        if feed.key not in seen and not dummy and not is_pixels(feed.array):
            seen.add(feed.key)
            yield feed


def large_targets(program: Program, limit: float) -> dict[int, LargeTarget]:
    """Targets beyond a limit, by the training call that gets them; the same data for the same output once."""
    found: dict[int, LargeTarget] = {}
    seen: set[tuple[int, int]] = set()
    for contract in contracts(program):
        if not isinstance(contract.event, Compile) or contract.head is None or contract.loss.function not in ABSOLUTE:
            continue
        if not has_hidden_nonlinearity(contract.event.graph):
            continue
        for target in contract.targets:
            largest, key = largest_of(target.array), (id(target.array.origin), id(contract.head.node.place))
            if not isinstance(target.fit, Fit) or largest is None or largest < limit or is_dummy(target.fit):
                continue
            if key not in seen:
                seen.add(key)
                found[id(target.fit)] = LargeTarget(target.fit, target.array, target.place, contract.head.node.place)
    return found


def is_dummy(fit: Fit) -> bool:
    """Whether inputs and targets are random numbers of their own, so that there is nothing to learn."""
    x, y = as_data(inputs_of(fit)), as_data(targets_of(fit))
    if x is None or y is None or not (x.noise and y.noise):
        return False
    return x.origin is not y.origin


def input_fault(feed: Feed, limit: float, ratio: float) -> str | None:
    """What is wrong with the scale of the inputs, in words."""
    hidden = has_hidden_nonlinearity(feed.graph)
    optimizer = feed.optimizer
    # A linear model copes with either, but with SGD it diverges on columns of different scales. A normalisation
    # after the first layer takes out a scale that all columns have in common, and nothing else.
    apart = columns_apart(feed.array, ratio) if hidden or (optimizer is not None and optimizer.name == "SGD") else None
    if apart is not None:
        return apart
    largest = largest_of(feed.array)
    return range_of(feed.array) if hidden and largest is not None and largest > limit and not feed.normalised else None


def columns_apart(array: Array, ratio: float) -> str | None:
    """The two columns whose ranges lie the furthest apart, if that is far enough."""
    spans = [(high - low, index) for index, (low, high) in enumerate(array.columns or ()) if high > low]
    if len(spans) < 2:
        return None
    (small, first), (large, second) = min(spans), max(spans)
    if large / small < ratio:
        return None
    return f"column {second} spans {large:g}, column {first} spans {small:g}"


def largest_of(array: Array) -> float | None:
    """The size that the values are known to reach."""
    low, high = array.low, array.high
    if low is None or high is None or (array.noise and array.labels is not None and array.labels.kind == "classes"):
        return None
    return max(abs(low), abs(high)) if array.tight else max(low, -high)


def range_of(array: Array) -> str:
    """The range of the values, in words."""
    return f"they go from {array.low:g} to {array.high:g}"


def fits_input(array: Array, graph: Graph) -> bool:
    """Whether the array is written out and has the width of the model's only input."""
    starts = [node for node in graph.nodes if node.kind == "input"]
    shape = starts[0].shape if len(starts) == 1 else None
    return (
        array.source == "literal"
        and array.values is not None
        and shape is not None
        and array.shape is not None
        and len(array.shape) == len(shape) >= 2
        and array.shape[1:] == shape[1:]
        and None not in shape[1:]
    )
