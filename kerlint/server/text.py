"""Texts as editors have them: how they change, and how positions in them are counted."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from lsprotocol import types
from pygls.workspace import TextDocument
from pygls.workspace import Workspace as PyglsWorkspace

from kerlint.source import NEWLINE

#: What a position counts in: `utf-8`, `utf-16` or `utf-32`.
Encoding = str

_UNITS = {"utf-8": ("utf-8", 1), "utf-16": ("utf-16-le", 2), "utf-32": ("utf-32-le", 4)}


def units(text: str, encoding: Encoding) -> int:
    """The length of a text in units of an encoding."""
    if text.isascii() or encoding == "utf-32":
        return len(text)
    codec, size = _UNITS[encoding]
    # Half characters are no text, but editors can send them.
    return len(text.encode(codec, "surrogatepass")) // size


def characters(line: str, count: int, encoding: Encoding) -> int:
    """How many characters of a line so many units are; a unit within a character counts for none of it."""
    if line.isascii() or encoding == "utf-32":
        return min(count, len(line))
    codec, size = _UNITS[encoding]
    head = line.encode(codec, "surrogatepass")[: count * size]
    if encoding == "utf-8":
        while head and count < units(line, encoding) and not _ends_well(line, head):
            head = head[:-1]
        return len(head.decode(codec, "surrogatepass"))
    text = head.decode(codec, "surrogatepass")
    # The first half of a pair.
    return len(text) - (not line.startswith(text))


def _ends_well(line: str, head: bytes) -> bool:
    try:
        return line.startswith(head.decode("utf-8", "surrogatepass"))
    except UnicodeDecodeError:
        return False


def line_starts(text: str) -> list[int]:
    """Where the lines start, by the ends of lines that the protocol knows, which are those of Python."""
    return [0, *(match.end() for match in NEWLINE.finditer(text))]


def offset(text: str, starts: Sequence[int], position: types.Position, encoding: Encoding) -> int:
    """The index of a position in a text; what is behind the end of a line is its end."""
    if position.line >= len(starts):
        return len(text)
    start = starts[position.line]
    end = starts[position.line + 1] if position.line + 1 < len(starts) else len(text)
    line = text[start:end].rstrip("\r\n")
    return start + characters(line, position.character, encoding)


def position_at(text: str, starts: Sequence[int], index: int, encoding: Encoding) -> types.Position:
    """The position of an index in a text."""
    line = bisect_right(starts, index) - 1
    return types.Position(line, units(text[starts[line] : index], encoding))


def encoding_of(workspace: PyglsWorkspace) -> Encoding:
    """What was agreed with the client."""
    agreed = workspace.position_encoding
    value = agreed.value if isinstance(agreed, types.PositionEncodingKind) else agreed
    return value if value in _UNITS else "utf-16"


class Document(TextDocument):
    """A text that changes as the protocol says.

    The one of pygls takes form feeds and the like for ends of lines, and loses a character at the end of the text.
    """

    def apply_change(self, change: types.TextDocumentContentChangeEvent) -> None:
        """Makes a change."""
        if not isinstance(change, types.TextDocumentContentChangePartial):
            self._source = change.text
            return
        text = self.source
        starts = line_starts(text)
        encoding = self.position_codec.encoding
        name = encoding.value if isinstance(encoding, types.PositionEncodingKind) else encoding
        name = name if name in _UNITS else "utf-16"
        start = offset(text, starts, change.range.start, name)
        end = max(start, offset(text, starts, change.range.end, name))
        self._source = text[:start] + change.text + text[end:]


class Workspace(PyglsWorkspace):
    """A workspace of such documents."""

    def _create_text_document(
        self, doc_uri: str, source: str | None = None, version: int | None = None, language_id: str | None = None
    ) -> TextDocument:
        return Document(
            doc_uri, source=source, version=version, language_id=language_id, position_codec=self.position_codec
        )
