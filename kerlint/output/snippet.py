"""A line of source with marks under it, in columns of the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kerlint.output.text import TAB, visible_char, width
from kerlint.records import dataclass

#: Longer lines are cut to the part around the marks.
LIMIT = 110
#: What stands for the part that is cut.
CUT = "..."
_MARGIN = 20


@dataclass(frozen=True)
class Mark:
    """A stretch of one line to underline, in 0-based columns of characters; the end is exclusive."""

    start: int
    end: int
    text: str
    is_primary: bool


@dataclass(frozen=True)
class Row:
    """A line to print below the line number: source, or a mark with its text."""

    text: str
    mark: Mark | None = None


def rows(line: str, marks: Sequence[Mark], limit: int = LIMIT) -> Iterator[Row]:
    """Yields the line of source and what belongs under it; a long line once for each part that has marks.

    Args:
        limit: the columns that there are for a line of source.
    """
    shown, columns = _expand(line)
    ordered = sorted(marks, key=lambda mark: (mark.start, mark.end))
    if columns[-1] <= limit:
        yield Row(shown.rstrip())
        for mark in ordered:
            yield _underline(mark, columns, 0, columns[-1])
        return
    for group in _groups(ordered, columns, limit) or [[]]:
        first = columns[min(group[0].start, len(line))] if group else 0
        last = max((columns[min(mark.end, len(line))] for mark in group), default=0)
        start = max(0, min(first - _MARGIN, columns[-1] - limit)) if last > limit else 0
        stop = min(columns[-1], start + limit)
        yield Row(_window(line, columns, start, stop))
        shift = start - len(CUT) if start else 0
        for mark in group:
            yield _underline(mark, columns, shift, stop)


def _expand(line: str) -> tuple[str, list[int]]:
    """The line as it is shown, and the column at which each of its characters begins; the last one is its end."""
    parts: list[str] = []
    columns = [0]
    for char in line:
        part = _shown(char, columns[-1])
        parts.append(part)
        columns.append(columns[-1] + width(part))
    return "".join(parts), columns


def _shown(char: str, column: int) -> str:
    if char == "\t":
        return " " * (TAB - column % TAB)
    # A form feed at the start of a line is a habit, and no more than a space.
    return " " if char == "\f" else visible_char(char)


def _groups(marks: Sequence[Mark], columns: list[int], limit: int) -> list[list[Mark]]:
    """Marks that fit in one window together."""
    groups: list[list[Mark]] = []
    for mark in marks:
        start = columns[min(groups[-1][0].start, len(columns) - 1)] if groups else 0
        if groups and columns[min(mark.end, len(columns) - 1)] - max(0, start - _MARGIN) <= limit:
            groups[-1].append(mark)
        else:
            groups.append([mark])
    return groups


def _window(line: str, columns: list[int], start: int, stop: int) -> str:
    text = "".join(
        _shown(char, columns[index])
        for index, char in enumerate(line)
        if columns[index] >= start and columns[index + 1] <= stop
    )
    return f"{CUT if start else ''}{text.rstrip()}{CUT if stop < columns[-1] else ''}"


def _underline(mark: Mark, columns: list[int], shift: int, stop: int) -> Row:
    """The marks under a stretch; at least one, since an empty place is a place, too."""
    last = len(columns) - 1
    start = columns[min(mark.start, last)]
    end = min(columns[min(mark.end, last)], max(stop, start + 1))
    sign = "^" if mark.is_primary else "-"
    return Row(" " * (start - shift) + sign * max(1, end - start), mark)
