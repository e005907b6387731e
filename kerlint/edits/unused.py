"""Takes what a comment names in vain out of it, or the whole comment."""

from __future__ import annotations

import re

from kerlint.finding import Edit, Fix, Safety, Span
from kerlint.source import Source

_WORD = re.compile(r"[^\s,]+")


def without_name(source: Source, comment: Span, name: Span) -> Fix | None:
    """The fix that takes a rule's name out of a comment, and the comment away if it names nothing else.

    Args:
        comment: `# kerlint: ignore[KL001, KL002]` or `# noqa: KL001`, without the reason behind it.
        name: one of the names in it.
    """
    row = name.start_line
    line = source.lines[row - 1]
    start, end = comment.start_column - 1, comment.end_column - 1
    first = name.start_column - 1
    opening = max(line.rfind("[", start, first), line.rfind(":", start, first)) + 1
    words = list(_WORD.finditer(line, opening, end - line[start:end].endswith("]")))
    index = next((number for number, word in enumerate(words) if word.start() == first), None)
    if index is None:
        return None
    if len(words) == 1:
        return Fix("take the comment out", (_without(line, row, start, end, row < len(source.lines)),), Safety.SAFE)
    left = words[index].start() if index + 1 < len(words) else words[index - 1].end()
    right = words[index + 1].start() if index + 1 < len(words) else words[index].end()
    return Fix("take it out", (Edit(Span(row, left + 1, row, right + 1), ""),), Safety.SAFE)


def _without(line: str, row: int, start: int, end: int, has_next: bool) -> Edit:
    """The edit that takes a comment out with its reason, up to another comment, and with its line if that is empty."""
    other = line.find("#", end)
    if other >= 0:
        return Edit(Span(row, start + 1, row, other + 1), "")
    kept = line[:start].rstrip()
    if not kept and has_next:
        return Edit(Span(row, 1, row + 1, 1), "")
    return Edit(Span(row, len(kept) + 1, row, len(line) + 1), "")
