"""From bytes to text: Python files and notebooks.

A notebook becomes one text: its code cells in document order, each starting on a new line.
What only IPython understands is replaced line by line, so that a line of the text stays a line of a cell.
`Source.place` is the way back.
"""

from __future__ import annotations

import ast
import bisect
import codecs
import io
import re
import sys
import tokenize
import warnings
from functools import cached_property

from kerlint.records import dataclass, field

NEWLINE = re.compile(r"\r\n|\r|\n")
_NEWLINE_BYTES = re.compile(rb"\r\n?")
#: The marks that a text in UTF-16 begins with, as Windows writes it.
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
#: Encodings of names in the internet. Python reads programs in them too, in a time that grows with the square of the
#: length: 300 kB of punycode take three seconds.
_OF_NAMES = frozenset({"idna", "punycode"})
#: Halves of characters, which no encoding can hold.
SURROGATE = re.compile("[\ud800-\udfff]")

#: The message of a text whose nesting no parser should be asked to follow.
TOO_DEEP = "too deeply nested"
#: A text of so many characters cannot have more levels than fit into any stack: a level takes some 100 bytes there.
_SHALLOW = 20_000
#: The message of a text that takes too much time and memory to be read.
TOO_LARGE = "the file is too large to be read"


class SourceError(Exception):
    """A file that is not taken any further. Line and column are 1-based."""

    def __init__(self, message: str, line: int = 1, column: int = 1) -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.column = column


class Unreadable(SourceError):
    """Not text in the encoding that it claims, or not a notebook."""


@dataclass(frozen=True)
class Place:
    """A line and a column as a reader of the file counts them.

    Args:
        cell: the number of the notebook's cell, None outside of notebooks. All cells count, those with prose, too,
            from 1: it is the number that ruff and most viewers of notebooks show.
    """

    cell: int | None
    line: int
    column: int = 1


@dataclass(frozen=True)
class Broken:
    """A syntax error, in lines of the whole text."""

    line: int
    column: int
    message: str

    @property
    def is_budget(self) -> bool:
        """Whether it is no fault of the text: there is more of it than can be read."""
        return self.message == TOO_LARGE


@dataclass(frozen=True)
class Cell:
    """A code cell of a notebook.

    Args:
        number: its number among all cells, from 1.
        start: its first line in the text.
        source: its own text, before anything was replaced.
        indent: what was taken away at the start of its lines.
    """

    number: int
    start: int
    source: str
    indent: str = ""


@dataclass(frozen=True)
class Source:
    """A text and where it came from.

    Args:
        broken: the cells that are not Python; they are blank in the text.
        bom: whether the file starts with a byte order mark.
    """

    text: str
    filename: str
    cells: tuple[Cell, ...] = ()
    broken: tuple[Broken, ...] = ()
    encoding: str = "utf-8"
    bom: bool = False
    is_notebook: bool = False
    _starts: tuple[int, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_starts", tuple(cell.start for cell in self.cells))

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """The lines of the text without their ends; the first has index 0."""
        return tuple(NEWLINE.split(self.text))

    def line(self, number: int) -> str:
        """A line as it stands in the file, even where the text has a replacement; empty where there is none."""
        cell = self._cell(number)
        if cell is None:
            return self.lines[number - 1] if 1 <= number <= len(self.lines) else ""
        return _own_line(cell, number).removeprefix(cell.indent)

    def place(self, line: int, column: int = 1) -> Place:
        """Where a line and a column of the text are in the file."""
        cell = self._cell(line)
        if cell is None:
            return Place(None, line, column)
        if cell.indent and _own_line(cell, line).startswith(cell.indent):
            column += len(cell.indent)
        return Place(cell.number, line - cell.start + 1, column)

    def _cell(self, line: int) -> Cell | None:
        index = bisect.bisect_right(self._starts, line) - 1
        return self.cells[index] if index >= 0 else None


def _own_line(cell: Cell, line: int) -> str:
    own = cell.source.split("\n")
    row = line - cell.start
    return own[row] if row < len(own) else ""


def mentions_keras(data: bytes) -> bool:
    """Whether a file can be of any interest: a test for bytes, made before anything expensive is imported."""
    if data.startswith(_UTF16):
        data = data.replace(b"\0", b"")
    return b"keras" in data or b"tensorflow" in data or _is_cut_out(data)


def _is_cut_out(data: bytes) -> bool:
    """Whether it looks like a Keras program without its imports, as posts and books show them."""
    return b".compile(" in data and b"loss" in data and _OWN_CLASS.search(data) is not None


#: Calls of classes that Keras alone has under these names, not as members of something else.
_OWN_CLASS = re.compile(rb"(?<![\w.])(?:Sequential|Dense|Conv2D|LSTM)\(")


def read_source(data: bytes, filename: str) -> Source:
    """The text of a file.

    Raises:
        Unreadable: if there is none.
    """
    if data.startswith(_UTF16):
        raise Unreadable("the text is UTF-16, which neither Python nor Jupyter reads; save it as UTF-8")
    start = data.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    if not filename.endswith(".ipynb"):
        # Standard input has no name that says what it is.
        if filename.startswith("<") and start == b"{" and b'"cells"' in data and b'"nbformat"' in data:
            return _notebook(data, filename)
        return _read_python(data, filename)
    if start in (b"{", b"["):
        return _notebook(data, filename)
    # Editors hand over a single cell, or all of them as Python, under the notebook's name.
    source = _read_python(data, filename)
    from kerlint.notebooks import first_without_error

    text = first_without_error(source.text)
    return source if text is None else Source(text, filename, encoding=source.encoding, bom=source.bom)


def _notebook(data: bytes, filename: str) -> Source:
    from kerlint.notebooks import read_notebook

    return read_notebook(data, filename)


def syntax_error(text: str) -> Broken | None:
    """The first syntax error, with the message of the Python that runs kerlint; None if there is none."""
    tree = python_tree(text)
    return tree if isinstance(tree, Broken) else None


def python_tree(text: str) -> ast.Module | Broken:
    """The tree of Python's own parser, or the first syntax error."""
    if "\0" in text:
        before = text[: text.index("\0")]
        lines = NEWLINE.split(before)
        return Broken(len(lines), len(lines[-1]) + 1, "a null byte is not allowed in source code")
    try:
        return _parsed(text)
    except SyntaxError as error:
        message = error.msg or "invalid syntax"
        if message.startswith("too many nested parentheses"):
            message = TOO_DEEP
        lines = NEWLINE.split(text)
        line = min(max(error.lineno or 1, 1), len(lines))
        column = min(max(error.offset or 1, 1), len(lines[line - 1]) + 1)
        return Broken(line, column, message)
    except (RecursionError, MemoryError):
        return Broken(1, 1, TOO_DEEP)
    except ValueError as error:
        return Broken(1, 1, str(error))


def _parsed(text: str) -> ast.Module:
    """What `ast.parse` returns or raises, without its warnings, and without an end of the process."""
    with warnings.catch_warnings():
        # Invalid escapes and the like are not what this is about.
        warnings.simplefilter("ignore")
        if sys.version_info < (3, 11) and len(text) > _SHALLOW:
            # Nothing keeps it from using up the stack of the process on a long sum or a chain of calls.
            from kerlint.deep import with_deep_stack

            return with_deep_stack(lambda: ast.parse(text))
        return ast.parse(text)


def _read_python(data: bytes, filename: str) -> Source:
    # `detect_encoding` knows only the newlines of Unix.
    head = _NEWLINE_BYTES.sub(b"\n", data) if b"\r" in data else data
    # Some versions refuse a null byte here, where nobody could say where it stands: `syntax_error` does.
    head = head.replace(b"\0", b" ")
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(head).readline)
        if codecs.lookup(encoding).name in _OF_NAMES:
            raise Unreadable(f"{encoding} is an encoding of names in the internet, not of programs")
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise _undecodable(data, error) from error
    except SyntaxError as error:
        if isinstance(error.__context__, UnicodeDecodeError):
            decode_utf8(data)
        raise Unreadable(error.msg or "the encoding is not known") from error
    except (LookupError, ValueError) as error:
        raise Unreadable(f"cannot be decoded: {error}") from error
    bom = data.startswith(b"\xef\xbb\xbf")
    return Source(SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text), filename, encoding=encoding, bom=bom)


def decode_utf8(data: bytes) -> str:
    """The text of bytes in UTF-8.

    Raises:
        Unreadable: they are no such text.
    """
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _undecodable(data, error) from error


def _undecodable(data: bytes, error: UnicodeDecodeError) -> Unreadable:
    # `utf-8-sig` counts from behind the mark; a place that is three bytes off is good enough there.
    before = _NEWLINE_BYTES.sub(b"\n", data[: error.start])
    line = before.count(b"\n") + 1
    column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8", "replace")) + 1
    name = error.encoding.removesuffix("-sig")
    return Unreadable(f"the text is not {name}: byte 0x{error.object[error.start]:02x}, {error.reason}", line, column)
