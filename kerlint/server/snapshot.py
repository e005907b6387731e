"""What is linted: the text of a document, or of all cells of a notebook, at one moment; and places in it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from functools import cached_property

from lsprotocol import types
from pygls.uris import to_fs_path
from pygls.workspace import Workspace

from kerlint import cells
from kerlint.finding import Edit, Span
from kerlint.records import dataclass
from kerlint.server.text import Encoding, characters, encoding_of, units
from kerlint.source import NEWLINE, Source, read_source

_SURROGATE = re.compile("[\ud800-\udfff]")
_PYTHON = frozenset({"python", "py", "ipython", "python3"})


@dataclass(frozen=True)
class Part:
    """A document of the editor: a file, or a cell of a notebook.

    Args:
        number: the cell's number from 1; None for a file.
    """

    uri: str
    version: int | None
    text: str
    number: int | None = None
    is_code: bool = True


@dataclass(frozen=True)
class Snapshot:
    """The text of a document or a notebook.

    Args:
        uri: of the document, or of the notebook.
        path: where it is on disk; None for what was never saved.
    """

    uri: str
    path: str | None
    parts: tuple[Part, ...]
    is_notebook: bool
    encoding: Encoding

    @property
    def name(self) -> str:
        """Its name in findings."""
        return self.path or self.uri

    @property
    def size(self) -> int:
        """How many characters there are."""
        return sum(len(part.text) for part in self.parts)

    @cached_property
    def data(self) -> bytes:
        """The bytes of a file with this content."""
        if not self.is_notebook:
            return _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", self.parts[0].text).encode("utf-8")
        document = {
            "cells": [
                {"cell_type": "code" if part.is_code else "markdown", "source": part.text} for part in self.parts
            ],
            "metadata": {},
            "nbformat": 4,
            "nbformat_minor": 5,
        }
        return json.dumps(document).encode("utf-8")

    @cached_property
    def source(self) -> Source:
        """The text as it is linted."""
        return self.read(self.data) if self.is_notebook else self._read_text(self.parts[0].text)

    def read(self, data: bytes) -> Source:
        """The source of other bytes in its place."""
        if self.is_notebook:
            return read_source(data, self.name if self.name.endswith(".ipynb") else f"{self.name}.ipynb")
        return self._read_text(data.decode("utf-8"))

    def _read_text(self, text: str) -> Source:
        text = _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text)
        if self.name.endswith(".ipynb"):
            # Editors that show a notebook as one program keep its name.
            return read_source(text.encode("utf-8"), self.name)
        return Source(text, self.name)

    @property
    def is_shown(self) -> bool:
        """Whether places in the source are places in the editor: the JSON of a notebook shows no cells."""
        return self.is_notebook or not self.source.is_notebook

    @cached_property
    def _lines(self) -> dict[str, list[str]]:
        return {part.uri: NEWLINE.split(part.text) for part in self.parts}

    @cached_property
    def _by_number(self) -> dict[int | None, Part]:
        return {part.number: part for part in self.parts}

    def place(self, span: Span) -> types.Location:
        """Where a span is for the editor. One that reaches over two cells ends with the first."""
        start = self.source.place(span.start_line, span.start_column)
        end = self.source.place(span.end_line, span.end_column)
        part = self._by_number[start.cell if self.is_notebook else None]
        lines = self._lines[part.uri]
        if end.cell != start.cell:
            last = types.Position(len(lines) - 1, units(lines[-1], self.encoding))
        else:
            last = self._position(lines, end.line, end.column)
        return types.Location(part.uri, types.Range(self._position(lines, start.line, start.column), last))

    def _position(self, lines: list[str], line: int, column: int) -> types.Position:
        text = lines[line - 1] if line <= len(lines) else ""
        return types.Position(line - 1, units(text[: column - 1], self.encoding))

    def find(self, uri: str, position: types.Position) -> tuple[int, int] | None:
        """The line and the column of the source at a position of the editor, from 1; None if it is not in there."""
        part = next((part for part in self.parts if part.uri == uri), None)
        if part is None:
            return None
        lines = self._lines[uri]
        text = lines[position.line] if position.line < len(lines) else ""
        column = characters(text, position.character, self.encoding) + 1
        if part.number is None:
            return position.line + 1, column
        cell = next((cell for cell in self.source.cells if cell.number == part.number), None)
        if cell is None:
            return None
        if cell.indent and text.startswith(cell.indent):
            column -= len(cell.indent)
        return cell.start + position.line, max(column, 1)

    def edits(self, edits: Iterable[Edit]) -> dict[str, list[types.TextEdit]]:
        """Edits of the source as edits of the editor's documents.

        Raises:
            ValueError: one of them cannot be made in a notebook.
        """
        found: dict[str, list[types.TextEdit]] = {}
        for edit in edits:
            number, own = cells.in_cell(self.source, edit) if self.is_notebook else (None, edit)
            part = self._by_number[number]
            lines = self._lines[part.uri]
            start = self._position(lines, own.span.start_line, own.span.start_column)
            end = self._position(lines, own.span.end_line, own.span.end_column)
            found.setdefault(part.uri, []).append(types.TextEdit(types.Range(start, end), own.text))
        return found

    def differences(self, data: bytes) -> dict[str, list[types.TextEdit]]:
        """What makes the text that of other bytes, part by part."""
        new = self.read(data)
        if self.is_notebook:
            texts: dict[int | None, str] = {cell.number: cell.source for cell in new.cells}
        else:
            texts = {None: new.text}
        found = {part.uri: self._changes(part.text, texts.get(part.number, part.text)) for part in self.parts}
        return {uri: edits for uri, edits in found.items() if edits}

    def _changes(self, old: str, new: str) -> list[types.TextEdit]:
        """The edits that make one text another, line by line."""
        import difflib

        left, right = _with_ends(old), _with_ends(new)
        if "\r" in old and "\r" not in new:
            # Notebooks are read with plain ends of lines.
            ending = "\r\n" if "\r\n" in old else "\r"
            right = [line.replace("\n", ending) for line in right]
        matcher = difflib.SequenceMatcher(None, left, right, autojunk=False)
        return [
            types.TextEdit(types.Range(types.Position(start, 0), self._start(left, end)), "".join(right[first:last]))
            for kind, start, end, first, last in matcher.get_opcodes()
            if kind != "equal"
        ]

    def _start(self, lines: list[str], index: int) -> types.Position:
        """The start of a line, or the end of the text behind the last."""
        if index < len(lines) or not lines or lines[-1].endswith(("\n", "\r")):
            return types.Position(index, 0)
        return types.Position(index - 1, units(lines[-1], self.encoding))


def _with_ends(text: str) -> list[str]:
    starts = [0, *(match.end() for match in NEWLINE.finditer(text)), len(text)]
    return [text[start:end] for start, end in zip(starts, starts[1:]) if start < end]


def take(workspace: Workspace, uri: str) -> Snapshot | None:
    """The text of a document or a notebook as it is now; None if the editor has not opened it."""
    encoding = encoding_of(workspace)
    notebook = workspace.get_notebook_document(notebook_uri=uri)
    if notebook is None:
        document = workspace.text_documents.get(uri) or workspace.text_documents.get(_unquoted(uri))
        if document is None:
            return None
        part = Part(uri, document.version, document.source)
        return Snapshot(uri, to_fs_path(uri), (part,), is_notebook=False, encoding=encoding)
    parts: list[Part] = []
    for number, cell in enumerate(notebook.cells, start=1):
        known = workspace.text_documents.get(_unquoted(cell.document))
        is_code = (
            cell.kind == types.NotebookCellKind.Code
            and known is not None
            and (known.language_id or "python").lower() in _PYTHON
        )
        text = known.source if known is not None else ""
        parts.append(Part(cell.document, known.version if known is not None else None, text, number, is_code))
    return Snapshot(uri, to_fs_path(uri), tuple(parts), is_notebook=True, encoding=encoding)


def _unquoted(uri: str) -> str:
    from urllib.parse import unquote

    return unquote(uri)
