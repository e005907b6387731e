"""What a loss is joined with: the head it reads, and the targets it compares with."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint import syntax
from kerlint.library.convert import as_array
from kerlint.library.defaults import loss_function
from kerlint.library.heads import Head, heads
from kerlint.library.models import trains_itself
from kerlint.library.objects import argument
from kerlint.program.alternatives import options
from kerlint.program.constants import truth
from kerlint.program.events import Compile, Fit, LossCall, Use
from kerlint.program.facts import Program
from kerlint.program.values import Array, Const, Dataset, Mapping, Object, Sequence, Shape, Value
from kerlint.records import dataclass

CATEGORICAL = frozenset({"categorical_crossentropy", "sparse_categorical_crossentropy"})
BINARY = frozenset({"binary_crossentropy", "binary_focal_crossentropy"})
CROSSENTROPIES = CATEGORICAL | BINARY | {"categorical_focal_crossentropy"}
#: Losses for numbers, not classes.
REGRESSION = frozenset(
    {
        "mean_squared_error",
        "mean_absolute_error",
        "mean_absolute_percentage_error",
        "mean_squared_logarithmic_error",
        "huber",
        "log_cosh",
    }
)


@dataclass(frozen=True, eq=False, slots=True)
class Loss:
    """A library loss.

    Args:
        function: `binary_crossentropy`, whatever way it was given.
        from_logits: None if not known.
        place: where it is written.
    """

    function: str
    from_logits: bool | None
    place: syntax.Node | None
    value: Object


@dataclass(frozen=True, eq=False, slots=True)
class Target:
    """Targets that a training call gives to the loss, and where they come from.

    Args:
        output: the shape of the output that they are compared with, by the data of this call.
    """

    array: Array
    fit: Fit | Use | LossCall
    place: syntax.Node | None
    output: Shape


@dataclass(frozen=True, eq=False, slots=True)
class Contract:
    """One loss on one output.

    Args:
        event: the `compile`, or the call of the loss in a hand-written loop.
        head: None if the end of the model is not known.
        targets: what is known of the targets in the training calls under this compile.
        complete: whether the targets of every training call are known.
    """

    event: Compile | LossCall
    loss: Loss
    head: Head | None
    targets: tuple[Target, ...]
    complete: bool


def read_loss(value: Value | None) -> Loss | None:
    """A loss value as a library loss; None if it is none or not known."""
    if not isinstance(value, Object):
        return None
    name = loss_function(value.name)
    if name is None:
        return None
    given = argument(value, "from_logits")
    if "identifier" in value.state or given is None:
        logits: bool | None = None if value.open else False
    else:
        logits = truth(given)
    return Loss(name.rpartition(".")[2], logits, value.node, value)


def contracts(program: Program) -> Iterator[Contract]:
    """Every loss of the program that is a library loss, joined with its head and targets."""
    for event in program.compiles:
        yield from _compiled(program, event)
    for call in program.all(LossCall):
        loss = read_loss(call.loss)
        if loss is None or call.snapshot is None:
            continue
        found = heads(call.snapshot.graph)
        head = found[0] if len(found) == 1 else None
        output = head.output.shape if head is not None else None
        given = call.prediction.shape if isinstance(call.prediction, Array) else None
        if given and output is not None and given[1:] != output[1:]:
            # A part of it, or with other axes.
            output = (None, *given[1:])
        targets = (
            (Target(call.target, call, call.places.get("y_true"), output),) if isinstance(call.target, Array) else ()
        )
        yield Contract(call, loss, head, targets, bool(targets))


def _compiled(program: Program, event: Compile) -> Iterator[Contract]:
    if trains_itself(event.model):
        return
    found = heads(event.graph)
    fits = program.fits_of(event)
    losses = _by_output(event.loss, len(found)) if not isinstance(event.snapshot.outputs, Mapping) else []
    for index, value in enumerate(losses):
        loss = read_loss(value)
        if loss is None:
            continue
        head = found[index] if index < len(found) else None
        targets = [target for fit in fits if (target := _target(fit, index, len(losses))) is not None]
        # Where a budget ended, there may be more training calls.
        complete = len(targets) == len(fits) and not program.limits
        targets.extend(_evaluated(program, event) if len(losses) == 1 else ())
        yield Contract(event, loss, head, tuple(targets), complete)


def _by_output(value: Value | None, count: int) -> list[Value | None]:
    """The loss of each output; a single loss serves all of them."""
    if isinstance(value, Sequence):
        from kerlint.library.training import as_object

        items = value.exact
        return [as_object("losses", item) for item in items] if items is not None and len(items) == count else []
    if isinstance(value, Mapping):
        return []
    return [value] * max(count, 1)


def _target(fit: Fit, index: int, count: int) -> Target | None:
    value = targets_of(fit)
    if count > 1:
        if not isinstance(value, Sequence) or value.exact is None or len(value.exact) != count:
            return None
        value = value.exact[index]
    array = as_data(value)
    if array is None:
        return None
    outputs = fit.graph.outputs
    output = outputs[index] if index < len(outputs) else None
    return Target(array, fit, fit.places.get("y") or fit.places.get("x"), output.shape if output else None)


def _evaluated(program: Program, event: Compile) -> Iterator[Target]:
    """The targets of `evaluate`: the loss reads them in the same way."""
    output = event.graph.output
    for use in program.all(Use):
        if use.compile is event and use.method == "evaluate":
            array = as_data(use.args.get("y"))
            if array is not None:
                yield Target(array, use, use.places.get("y"), output.shape if output is not None else None)


def as_data(value: Value | None) -> Array | None:
    """Data of a training call as an array: lists count, alternatives do not."""
    found = options(value)
    if len(found) != 1 or isinstance(found[0], Const):
        return None
    return as_array(found[0], found[0].node)


def arrays_in(value: Value | None) -> Iterator[Array]:
    """The known arrays of a structure of data; a list counts as one, of numbers."""
    if isinstance(value, (Sequence, Mapping)) and not (isinstance(value, Sequence) and value.kind == "list"):
        for item in value.items if isinstance(value, Sequence) else value.entries.values():
            yield from arrays_in(item)
    else:
        array = as_data(value)
        if array is not None:
            yield array


def inputs_of(fit: Fit) -> Value | None:
    """What the model is trained on: rows of arrays, or one element of a dataset, batch first."""
    value = fit.x
    if isinstance(value, Dataset):
        element = value.element
        if isinstance(element, Sequence) and element.exact and element.kind == "tuple":
            return element.exact[0]
        return element
    return value


def targets_of(fit: Fit) -> Value | None:
    """What the model is trained to give."""
    if fit.y is not None:
        return fit.y
    if isinstance(fit.x, Dataset):
        element = fit.x.element
        if isinstance(element, Sequence) and element.exact is not None and len(element.exact) >= 2:
            return element.exact[1]
    return None


def metric_names(event: Compile) -> set[str]:
    """The short names of the metrics; strings as they are."""
    found: set[str] = set()
    for metric in event.metrics or ():
        if isinstance(metric, Const) and isinstance(metric.value, str):
            found.add(metric.value)
        elif isinstance(metric, Object):
            found.add(metric.short)
    return found
