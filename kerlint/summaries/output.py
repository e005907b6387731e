"""Prints summaries in a format."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from kerlint.finding import Span
from kerlint.output.text import Paint, clean, display_path
from kerlint.source import Source
from kerlint.summaries import json_format, text
from kerlint.summaries.facts import ModelSummary


def render(name: str, models: Sequence[ModelSummary], source: Source, color: bool) -> Iterator[str]:
    """Yields the lines of a summary.

    Args:
        name: `text` or `json`.
    """
    if name == "json":
        return json_format.render(models, lambda span: _location(source, span))
    return text.render(models, lambda span: words(source, span), Paint(color))


def _location(source: Source, span: Span | None) -> dict[str, Any] | None:
    if span is None:
        return None
    place = source.place(span.start_line, span.start_column)
    return {"cell": place.cell, "row": place.line, "column": place.column}


def words(source: Source, span: Span | None) -> str:
    """A place as people read it: `train.py:14:5`."""
    name = clean(display_path(source.filename))
    if span is None:
        return name
    place = source.place(span.start_line, span.start_column)
    cell = "" if place.cell is None else f"cell {place.cell}:"
    return f"{name}:{cell}{place.line}:{place.column}"
