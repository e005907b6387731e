"""From bytes to text: Python files and notebooks.

A notebook becomes one text: its code cells in document order, each starting on a new line.
What only IPython understands is replaced line by line, so that a line of the text stays a line of a cell.
`Source.place` is the way back.
"""

from __future__ import annotations

import ast
import bisect
import io
import json
import re
import tokenize
import warnings
from collections.abc import Iterator
from functools import cached_property

from kerlint import magics
from kerlint.records import dataclass, field

NEWLINE = re.compile(r"\r\n|\r|\n")
_NEWLINE_BYTES = re.compile(rb"\r\n?")
#: The marks that a text in UTF-16 begins with, as Windows writes it.
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_SURROGATE = re.compile("[\ud800-\udfff]")

#: The message of a text whose nesting no parser should be asked to follow.
TOO_DEEP = "too deeply nested"
#: The message of a text that takes too much time and memory to be read.
TOO_LARGE = "the file is too large to be read"

# Nobody writes more levels by hand, and libcst's parser, which is written in Rust,
# takes the process down with it some thousand levels further.
_MOST_LEVELS = 1000
_LONG_IMPORT = re.compile(r"(?:import|from)[ \t][^\n]{500,}")


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
            return _read_notebook(data, filename)
        return _read_python(data, filename)
    if start in (b"{", b"["):
        return _read_notebook(data, filename)
    # Editors hand over a single cell, or all of them as Python, under the notebook's name.
    source = _read_python(data, filename)
    text = _first_without_error(source.text)
    return source if text is None else Source(text, filename, encoding=source.encoding, bom=source.bom)


def syntax_error(text: str) -> Broken | None:
    """The first syntax error, with the message of the Python that runs kerlint; None if there is none."""
    if "\0" in text:
        before = text[: text.index("\0")]
        lines = NEWLINE.split(before)
        return Broken(len(lines), len(lines[-1]) + 1, "a null byte is not allowed in source code")
    try:
        with warnings.catch_warnings():
            # Invalid escapes and the like are not what this is about.
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
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
    return _too_deep(tree) or (_too_long(tree) if _may_be_long(text) else None)


def _may_be_long(text: str) -> bool:
    """Whether it is worth looking for long chains: hardly ever."""
    return text.count("and") + text.count("or") > _MOST_LEVELS or bool(_LONG_IMPORT.search(text))


def _too_long(tree: ast.AST) -> Broken | None:
    """Where a chain of `and` or a dotted import is so long that libcst, which nests it, would overflow its stack."""
    for node in ast.walk(tree):
        if isinstance(node, ast.BoolOp) and len(node.values) > _MOST_LEVELS:
            return Broken(node.lineno, 1, TOO_DEEP)
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            names = [alias.name for alias in node.names] + [getattr(node, "module", None) or ""]
            if any(name.count(".") > _MOST_LEVELS // 4 for name in names):
                return Broken(node.lineno, 1, TOO_DEEP)
    return None


def _too_deep(tree: ast.AST) -> Broken | None:
    """Where the tree has too many levels; not every Python's own parser minds them."""
    level: list[ast.AST] = [tree]
    for _ in range(_MOST_LEVELS):
        level = [child for node in level for child in ast.iter_child_nodes(node) if _may_be_deep(child)]
        if not level:
            return None
    first = next((node for node in level if isinstance(node, (ast.expr, ast.stmt))), None)
    return Broken(first.lineno if first else 1, 1, TOO_DEEP)


def _may_be_deep(node: ast.AST) -> bool:
    # Each level takes at least one character, so that nearly all of a program need not be looked at.
    if not isinstance(node, (ast.expr, ast.stmt)):
        return bool(node._fields)
    return node.end_lineno != node.lineno or (node.end_col_offset or 0) - node.col_offset >= _MOST_LEVELS // 2


def _read_python(data: bytes, filename: str) -> Source:
    # `detect_encoding` knows only the newlines of Unix.
    head = _NEWLINE_BYTES.sub(b"\n", data) if b"\r" in data else data
    # Some versions refuse a null byte here, where nobody could say where it stands: `syntax_error` does.
    head = head.replace(b"\0", b" ")
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(head).readline)
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise _undecodable(data, error) from error
    except SyntaxError as error:
        if isinstance(error.__context__, UnicodeDecodeError):
            _decode_utf8(data)
        raise Unreadable(error.msg or "the encoding is not known") from error
    except (LookupError, ValueError) as error:
        raise Unreadable(f"cannot be decoded: {error}") from error
    bom = data.startswith(b"\xef\xbb\xbf")
    return Source(_SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text), filename, encoding=encoding, bom=bom)


def _decode_utf8(data: bytes) -> str:
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


def _read_notebook(data: bytes, filename: str) -> Source:
    try:
        document = json.loads(_decode_utf8(data))
    except json.JSONDecodeError as error:
        raise Unreadable(f"not a notebook: {error.msg}", error.lineno, error.colno) from error
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"not a notebook: {error}") from error
    texts: list[str] = []
    cells: list[Cell] = []
    broken: list[Broken] = []
    start = 1
    for number, own in _code_cells(document):
        text, indent, wrong = _read_cell(own)
        cells.append(Cell(number, start, own, indent))
        if wrong:
            broken.append(Broken(start + wrong.line - 1, wrong.column, wrong.message))
        texts.append(text + "\n")
        start += text.count("\n") + 1
    return Source("".join(texts), filename, tuple(cells), tuple(broken), is_notebook=True)


def _code_cells(document: object) -> Iterator[tuple[int, str]]:
    """Yields the number and the text of each code cell that holds Python."""
    if not isinstance(document, dict) or not (isinstance(document.get("cells"), list) or "worksheets" in document):
        raise Unreadable("not a notebook: there are no cells")
    if not _is_python(document.get("metadata")):
        return
    cells = document.get("cells")
    if not isinstance(cells, list):
        # Version 3 of the format.
        sheets = document["worksheets"] if isinstance(document["worksheets"], list) else []
        cells = [cell for sheet in sheets if isinstance(sheet, dict) for cell in _list(sheet.get("cells"))]
    for number, cell in enumerate(cells, start=1):
        if isinstance(cell, dict) and cell.get("cell_type") == "code":
            yield number, _cell_text(cell.get("source", cell.get("input", "")))


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _is_python(metadata: object) -> bool:
    """Whether a notebook's kernel is Python; it is where nothing is said."""
    if not isinstance(metadata, dict):
        return True
    kernel, language = metadata.get("kernelspec"), metadata.get("language_info")
    name = kernel.get("language") if isinstance(kernel, dict) else None
    if not isinstance(name, str):
        name = language.get("name") if isinstance(language, dict) else None
    return not isinstance(name, str) or "python" in name.lower()


def _cell_text(value: object) -> str:
    parts = value if isinstance(value, list) else [value]
    text = "".join(part for part in parts if isinstance(part, str))
    # JSON can hold halves of characters, which no encoding can hold.
    return NEWLINE.sub("\n", _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text))


def _read_cell(own: str) -> tuple[str, str, Broken | None]:
    """The cell's text as Python, the indentation taken from it, and what is wrong with it."""
    first = syntax_error(own)
    if first is None:
        return own, "", None
    magic = magics.cell_magic(own)
    blank = "\n" * own.count("\n")
    if magic and magic[0] in magics.FOREIGN_CELLS:
        return blank, "", None
    body, indent = magics.without_indent(own)
    text = _first_without_error(body)
    if text is not None:
        return text, indent, None
    if magic and magic[0] not in magics.PYTHON_CELLS:
        return blank, "", None
    # The error that is left without the magics, because the magics are not what is wrong.
    rest = syntax_error(magics.without_magics(_body(body))) or first
    return blank, "", Broken(rest.line, rest.column + len(indent), rest.message)


def _first_without_error(text: str) -> str | None:
    """The first reading that is Python; None if none is."""
    return next((reading for reading in _readings(text) if syntax_error(reading) is None), None)


def _readings(text: str) -> Iterator[str]:
    # As it stands first: a line of Python may start with `%`, too.
    yield text
    yield _body(text)
    yield magics.without_magics(_body(text))
    yield magics.without_magics(_body(text), keep_timed=False)


def _body(text: str) -> str:
    """The text with its cell magic's line left blank."""
    magic = magics.cell_magic(text)
    if magic is None:
        return text
    lines = text.split("\n")
    lines[magic[1]] = ""
    return "\n".join(lines)
