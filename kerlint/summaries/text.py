"""The summary for people: a table for each model, then how it is trained, then what is not known."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby

from kerlint.finding import Span
from kerlint.output.text import Paint, clean, width
from kerlint.summaries.facts import CompileFacts, DataFacts, LayerRow, ModelSummary, Shapes, TrainingFacts

#: A place in words: `train.py:14:5`.
Location = Callable[[Span | None], str]

_HEADER = ("Layer (class)", "Output shape", "Params", "Reads")


def render(models: Sequence[ModelSummary], location: Location, paint: Paint) -> Iterator[str]:
    """Yields the lines."""
    for index, model in enumerate(models):
        if index:
            yield ""
        yield from _model(model, location, paint)


def _model(model: ModelSummary, location: Location, paint: Paint) -> Iterator[str]:
    known_as = f" = {model.variable}" if model.variable and model.variable != model.name else ""
    yield paint.bold(clean(f"{model.class_name} {model.name or '?'}{known_as}")) + f"  {location(model.span)}"
    if model.assumed:
        yield "  (in a function that nothing calls here: its parameters stand at their defaults)"
    if model.layers:
        yield from _table(model, paint)
    yield f"  Total params: {_count(model.total_params)}{_trainable(model)}"
    if model.compile is not None:
        yield from _compile(model.compile, location)
    for one in model.training:
        yield from _training(one, location)
    if model.unknown:
        yield paint("  Not known:", "1;33")
        for reason in model.unknown:
            yield f"    - {clean(reason)}"


def _table(model: ModelSummary, paint: Paint) -> Iterator[str]:
    rows = [_cells(row, model.sequential_like) for row in model.layers]
    header = _HEADER[: len(rows[0])]
    widths = [max(width(row[i]) for row in (header, *rows)) for i in range(len(header))]
    yield "  " + paint.bold(_line(header, widths).rstrip())
    yield "  " + "─" * (sum(widths) + 2 * (len(widths) - 1))
    for row in rows:
        yield "  " + _line(row, widths).rstrip()
    yield ""


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    parts = []
    for index, (cell, size) in enumerate(zip(cells, widths)):
        gap = " " * (size - width(cell))
        parts.append(gap + cell if index == 2 else cell + gap)
    return "  ".join(parts)


def _cells(row: LayerRow, sequential_like: bool) -> tuple[str, ...]:
    frozen = " frozen" if row.trainable is False and row.params else "" if row.built else " (unbuilt)"
    cells = (
        clean(f"{row.name or '?'} ({row.class_name})"),
        clean(show(row.output_shape)),
        _count(row.params) + frozen,
    )
    return cells if sequential_like else (*cells, clean(", ".join(row.inputs) or "-"))


def show(shape: Shapes) -> str:
    """A shape, or several in their structure, as Keras prints them."""
    if isinstance(shape, list):
        return "[" + ", ".join(map(show, shape)) + "]"
    if isinstance(shape, dict):
        return "{" + ", ".join(f"{name}: {show(part)}" for name, part in shape.items()) + "}"
    if shape is None:
        return "?"
    sizes = ", ".join("None" if size is None else str(size) for size in shape)
    return f"({sizes},)" if len(shape) == 1 else f"({sizes})"


def _count(number: int | None) -> str:
    return "?" if number is None else f"{number:,}"


def _trainable(model: ModelSummary) -> str:
    if model.total_params is None or model.trainable_params is None:
        return ""
    frozen = model.total_params - model.trainable_params
    return f"  (trainable: {model.trainable_params:,}, not trainable: {frozen:,})"


def _compile(compiled: CompileFacts, location: Location) -> Iterator[str]:
    optimizer = compiled.optimizer or "an optimizer that is not known"
    rate = compiled.learning_rate
    if rate is not None:
        optimizer += f" at learning rate {rate:g}" if isinstance(rate, float | int) else f" with {rate}"
    yield clean(f"  Compiled: {optimizer}, loss {_plain(compiled.loss)}{_metrics(compiled)}") + _at(
        compiled.span, location
    )


def _metrics(compiled: CompileFacts) -> str:
    return f", metrics {_plain(compiled.metrics)}" if compiled.metrics else ""


def _plain(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(_plain, value))
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_plain(part)}" for key, part in value.items()) + "}"
    return "?" if value is None else str(value)


def _training(one: TrainingFacts, location: Location) -> Iterator[str]:
    words = [one.method]
    if one.epochs is not None:
        words.append(f"{one.epochs} epoch{'s' if one.epochs != 1 else ''}")
    if one.batch_size is not None:
        words.append(f"batches of {one.batch_size}")
    if one.callbacks:
        words.append("callbacks " + ", ".join(one.callbacks))
    yield clean(f"  Trained: {', '.join(words)}") + _at(one.span, location)
    for part in one.data:
        yield clean(f"    {part.role}: {_data(part)}")


def _data(part: DataFacts) -> str:
    words = [part.unknown] if part.unknown else [" ".join(filter(None, (part.dtype, show(part.shape))))]
    if part.low is not None and part.high is not None:
        words.append(f"values {part.low:g} to {part.high:g}")
    if part.labels:
        words.append(part.labels)
    if part.source and not part.unknown:
        words.append(f"from {part.source}")
    if part.steps:
        words.append("then " + ", ".join(step for step, _ in groupby(part.steps)))
    return ", ".join(words)


def _at(span: Span | None, location: Location) -> str:
    return f"  {location(span)}" if span is not None else ""
