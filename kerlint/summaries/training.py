"""How a model is compiled and trained, in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from kerlint import syntax
from kerlint.finding import Span
from kerlint.library.contracts import as_data, inputs_of, targets_of
from kerlint.library.optimizers import read_optimizer
from kerlint.program.constants import integer
from kerlint.program.events import Compile, Fit
from kerlint.program.facts import Program
from kerlint.program.values import (
    Array,
    Const,
    Dataset,
    External,
    Function,
    Mapping,
    Model,
    Object,
    OneOf,
    Sequence,
    Unknown,
    Value,
)
from kerlint.summaries.facts import CompileFacts, DataFacts, TrainingFacts

Places = Callable[[syntax.Node | None], Span | None]

_LABELS = {
    "classes": "integer classes",
    "onehot": "one-hot classes",
    "multihot": "several classes each",
    "binary": "two classes, 0 and 1",
    "signs": "two classes, -1 and 1",
}
#: Their words say how many there are.
_TWO = frozenset({"binary", "signs"})
#: Origins that say no more than that the program has worked it out.
_NO_ORIGIN = frozenset({"computed", "statistic"})


def compile_facts(program: Program, model: Model, places: Places) -> CompileFacts | None:
    """The last compile of a model."""
    found = [event for event in program.compiles if event.model is model]
    if not found:
        return None
    event = found[-1]
    optimizer, rate = _optimizer(event)
    return CompileFacts(
        optimizer=optimizer,
        learning_rate=rate,
        loss=describe(event.args.get("loss")),
        metrics=describe(event.args.get("metrics")),
        span=places(event.node),
    )


def _optimizer(event: Compile) -> tuple[str | None, float | str | None]:
    value = event.optimizer
    if not isinstance(value, Object):
        return None, None
    known = read_optimizer(value, event)
    if known is None:
        return value.short, None
    schedule = value.args.get("learning_rate")
    if known.rate is None and isinstance(schedule, Object):
        return known.name, schedule.short
    return known.name, known.rate


def describe(value: Value | None) -> object:
    """A value as plain data: constants as they are, objects as calls, containers likewise; None if not known."""
    if value is None or isinstance(value, (Unknown, OneOf)):
        return None
    if isinstance(value, Const):
        return value.value if isinstance(value.value, (str, int, float, bool)) else None
    if isinstance(value, Sequence):
        return [describe(item) for item in value.items]
    if isinstance(value, Mapping):
        return {str(key): describe(item) for key, item in value.entries.items()}
    if isinstance(value, External):
        return value.name.rpartition(".")[2]
    if isinstance(value, Function):
        return value.name
    if isinstance(value, Object):
        return _call(value)
    return type(value).__name__.lower()


def _call(value: Object) -> str:
    shown = [
        f"{name}={found!r}"
        for name, given in value.args.items()
        if name.isidentifier() and isinstance(found := describe(given), (str, int, float, bool))
    ]
    return f"{value.short}({', '.join(shown)})"


def training_facts(program: Program, model: Model, places: Places) -> Iterator[TrainingFacts]:
    """The training calls of a model, each place once."""
    seen: set[int] = set()
    for event in program.fits:
        if event.model is not model or id(event.node) in seen:
            continue
        seen.add(id(event.node))
        yield TrainingFacts(
            method=event.method,
            epochs=_number(event, "epochs", 1),
            batch_size=_batch_size(event),
            callbacks=tuple(_callbacks(event)),
            data=tuple(_data(event)),
            span=places(event.node),
        )


def _number(event: Fit, name: str, default: int | None) -> int | None:
    if event.method != "fit":
        default = None
    return integer(event.args[name]) if name in event.args else None if event.open else default


def _batch_size(event: Fit) -> int | None:
    source = event.x
    if isinstance(source, Dataset):
        sizes = [step.args.get("batch_size") for step in source.transforms if step.name in ("batch", "padded_batch")]
        return integer(sizes[-1]) if sizes else None
    known = isinstance(source, (Array, Sequence, Mapping))
    return _number(event, "batch_size", 32 if known else None)


def _callbacks(event: Fit) -> Iterator[str]:
    given = event.args.get("callbacks")
    items = given.items if isinstance(given, Sequence) else (given,) if isinstance(given, Object) else ()
    for item in items:
        found = describe(item)
        yield found if isinstance(found, str) else "?"


def _data(event: Fit) -> Iterator[DataFacts]:
    source = event.x
    inputs, targets = inputs_of(event), targets_of(event)
    transforms = tuple(step.name for step in source.transforms) if isinstance(source, Dataset) else ()
    yield from _described("x", inputs, transforms)
    if targets is not None:
        yield from _described("y", targets, ())


def _described(role: str, value: Value | None, transforms: tuple[str, ...]) -> Iterator[DataFacts]:
    if isinstance(value, Sequence) and value.exact and as_data(value) is None:
        for index, item in enumerate(value.exact):
            yield from _described(f"{role}[{index}]", item, transforms)
        return
    if isinstance(value, Mapping) and value.entries:
        for name, item in value.entries.items():
            yield from _described(f"{role}[{name!r}]", item, transforms)
        return
    array = as_data(value)
    if array is None:
        yield DataFacts(role, unknown="not known", steps=transforms)
        return
    labels = array.labels
    words = None
    if labels is not None and role.startswith("y") and labels.kind in _LABELS:
        counted = labels.classes is not None and labels.kind not in _TWO
        words = _LABELS[labels.kind] + (f", {labels.classes} of them" if counted else "")
    yield DataFacts(
        role,
        array.shape,
        array.dtype,
        array.low,
        array.high,
        _origin(array),
        tuple(step.name for step in array.steps) + transforms,
        words,
    )


def _origin(array: Array) -> str | None:
    """Where data come from, in words; None where there is nothing to tell."""
    source = array.origin.source or array.source
    return source if source not in _NO_ORIGIN and source else None
