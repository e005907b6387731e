"""Edits of a notebook's code, written into its JSON without touching anything else.

The document is not parsed and printed again: that would lose how numbers are written, and who knows what else.
Only the strings of changed lines are replaced, between the characters that stand around them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence

from kerlint.finding import Edit, Span
from kerlint.records import dataclass
from kerlint.source import NEWLINE, Cell, Source

_SPACE = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder()


@dataclass(frozen=True)
class _Value:
    """A value of the document and where it stands in its text."""

    start: int
    end: int
    value: object


def edited(data: bytes, source: Source, edits: Sequence[Edit]) -> bytes:
    """The bytes of a notebook with edits of its code.

    Raises:
        ValueError: an edit reaches over two cells, or into a line that is not Python as it stands.
    """
    from kerlint.fixer import edited_text

    mark = b"\xef\xbb\xbf" if data.startswith(b"\xef\xbb\xbf") else b""
    document = data[len(mark) :].decode("utf-8")
    cells = {cell.number: cell for cell in source.cells}
    by_cell: dict[int, list[Edit]] = {}
    for edit in edits:
        number, inside = in_cell(source, edit)
        by_cell.setdefault(number, []).append(inside)
    places = dict(_sources(document))
    pieces: list[tuple[int, int, str]] = []
    for number, own in by_cell.items():
        place = places.get(number)
        if place is None:
            raise ValueError("the notebook has another layout than it should have")
        new = edited_text(cells[number].source, own)
        pieces.append((place.start, place.end, _written(document, place, new)))
    for start, end, text in sorted(pieces, reverse=True):
        document = document[:start] + text + document[end:]
    return mark + document.encode("utf-8")


def in_cell(source: Source, edit: Edit) -> tuple[int, Edit]:
    """The number of the cell and the edit in its own lines and columns.

    Raises:
        ValueError: it reaches over two cells, or into a line that is not Python as it stands.
    """
    span = edit.span
    start = source.place(span.start_line, span.start_column)
    end = source.place(span.end_line, span.end_column)
    cell = next((cell for cell in source.cells if cell.number == start.cell), None)
    if cell is None:
        raise ValueError("the place is in no cell")
    own = NEWLINE.split(cell.source)
    if end.cell != start.cell:
        # What ends at the start of the next cell ends with the last line of this one.
        if span.end_column > 1 or span.end_line != cell.start + len(own):
            raise ValueError("the fix reaches over two cells")
        end_line, end_column = len(own), len(own[-1]) + 1
    else:
        end_line, end_column = end.line, end.column
    start_line, start_column, text = start.line, start.column, edit.text
    if start_line > len(own):
        raise ValueError("the place is behind the end of the cell")
    for line in range(span.start_line, min(span.end_line, cell.start + len(own) - 1) + 1):
        if not _is_as_written(source, cell, line):
            raise ValueError("the line holds a command of IPython")
    if cell.indent:
        text = text.replace("\n", f"\n{cell.indent}")
    return cell.number, Edit(Span(start_line, start_column, end_line, end_column), text)


def _is_as_written(source: Source, cell: Cell, line: int) -> bool:
    """Whether a line is in the text as it is in the cell: not replaced, and no more than its indentation lost."""
    return source.lines[line - 1] == source.line(line)


def _sources(document: str) -> Iterator[tuple[int, _Value]]:
    """Yields the number of each cell and where its source stands in the document."""
    number = 0
    for key, place in _members(document, _space(document, 0)):
        if key == "cells":
            for cell in _items(document, place.start):
                number += 1
                found = [_at(inner) for name, inner in _members(document, cell.start) if name == "source"]
                if found:
                    yield number, found[-1]
        elif key == "worksheets":
            raise ValueError("fixes need a notebook of version 4")


def _at(place: _Value) -> _Value:
    return place


def _members(text: str, start: int) -> Iterator[tuple[str, _Value]]:
    """Yields the keys and values of the object that starts here."""
    if text[start : start + 1] != "{":
        return
    at = _space(text, start + 1)
    while text[at : at + 1] == '"':
        key, end = _DECODER.raw_decode(text, at)
        at = _space(text, _space(text, end) + 1)
        value, end = _DECODER.raw_decode(text, at)
        yield key, _Value(at, end, value)
        at = _space(text, end)
        if text[at : at + 1] == ",":
            at = _space(text, at + 1)


def _items(text: str, start: int) -> Iterator[_Value]:
    """Yields the items of the array that starts here."""
    at = _space(text, start + 1)
    while text[at : at + 1] not in ("]", ""):
        value, end = _DECODER.raw_decode(text, at)
        yield _Value(at, end, value)
        at = _space(text, end)
        if text[at : at + 1] == ",":
            at = _space(text, at + 1)


def _space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _written(document: str, place: _Value, new: str) -> str:
    """A cell's source as JSON, in the layout that it has."""
    escapes = document.isascii() and "\\u" in document
    if isinstance(place.value, str):
        if "\r\n" in place.value:
            new = new.replace("\n", "\r\n")
        return json.dumps(new, ensure_ascii=escapes)
    old = list(_items(document, place.start))
    if not old or not all(isinstance(item.value, str) for item in old):
        raise ValueError("the notebook has another layout than it should have")
    opening = document[place.start : old[0].start]
    closing = document[old[-1].end : place.end]
    between = document[old[0].end : old[1].start] if len(old) > 1 else "," + opening[1:]
    # Lines that stay are copied, however they are written.
    kept = {item.value: document[item.start : item.end] for item in old}
    if any("\r\n" in str(item.value) for item in old):
        new = new.replace("\n", "\r\n")
    lines = [line for line in re.split(r"(?<=\n)", new) if line]
    return opening + between.join(kept.get(line) or json.dumps(line, ensure_ascii=escapes) for line in lines) + closing
