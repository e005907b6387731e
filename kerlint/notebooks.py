"""From a notebook to one text of Python: its code cells, with what only IPython understands replaced."""

from __future__ import annotations

import json
from collections.abc import Iterator

from kerlint import magics
from kerlint.source import NEWLINE, SURROGATE, Broken, Cell, Source, Unreadable, decode_utf8, syntax_error


def read_notebook(data: bytes, filename: str) -> Source:
    """The code of a notebook as one text.

    Raises:
        Unreadable: it is no notebook.
    """
    try:
        document = json.loads(decode_utf8(data))
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
    return NEWLINE.sub("\n", SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text))


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
    text = first_without_error(body)
    if text is not None:
        return text, indent, None
    if magic and magic[0] not in magics.PYTHON_CELLS:
        return blank, "", None
    # The error that is left without the magics, because the magics are not what is wrong.
    rest = syntax_error(magics.without_magics(_body(body))) or first
    return blank, "", Broken(rest.line, rest.column + len(indent), rest.message)


def first_without_error(text: str) -> str | None:
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
