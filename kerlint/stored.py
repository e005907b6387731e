"""Reports as JSON and back. What is read is input: whatever is not exactly as it was written is refused.

Written by hand and not left to a library, because a run that finds everything in the cache takes no longer than the
start of Python and a few imports.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from kerlint.finding import Edit, Finding, Fix, Label, Safety, Severity, Span
from kerlint.report import FileReport

if TYPE_CHECKING:
    from kerlint.source import Source

T = TypeVar("T")

_SEVERITIES = {severity.value: severity for severity in Severity}
_SAFETIES = {safety.value: safety for safety in Safety}


class Damaged(ValueError):
    """Not what was written."""


def report_as_json(report: FileReport) -> list[object]:
    """A report as lists and texts; without the name of its file, its tracebacks and, but for notebooks, its text."""
    source = report.source
    return [
        [_finding(finding) for finding in report.findings],
        report.hidden,
        list(report.hidden_codes),
        report.ignored,
        [list(report.limits), list(report.limits_elsewhere)],
        _source(source) if source is not None and source.filename.endswith(".ipynb") else None,
    ]


def report_from_json(value: object, filename: str, data: bytes) -> FileReport:
    """The report about a file that holds `data`.

    Raises:
        Damaged: if it is none.
    """
    findings, hidden, hidden_codes, ignored, limits, source = _parts(value, 6)
    own, elsewhere = _parts(limits, 2)
    found = tuple(_read_finding(one, filename) for one in _list(findings))
    return FileReport(
        filename,
        found,
        _number(hidden),
        _read_source(source, filename, data) if found else None,
        hidden_codes=_texts(hidden_codes),
        ignored=_number(ignored),
        limits=_texts(own),
        limits_elsewhere=_texts(elsewhere),
    )


def _finding(finding: Finding) -> list[object]:
    fix = finding.fix
    return [
        finding.code,
        finding.name,
        finding.severity.value,
        finding.message,
        _span(finding.span),
        finding.label,
        [[_span(label.span), label.text] for label in finding.labels],
        finding.why,
        finding.help,
        list(finding.symptoms),
        None if fix is None else [fix.title, [[_span(edit.span), edit.text] for edit in fix.edits], fix.safety.value],
    ]


def _read_finding(value: object, filename: str) -> Finding:
    code, name, severity, message, span, label, labels, why, help_, symptoms, fix = _parts(value, 11)
    return Finding(
        _text(code),
        _text(name),
        _among(_SEVERITIES, severity),
        _text(message),
        filename,
        _read_span(span),
        _text(label),
        tuple(_spanned(Label, one) for one in _list(labels)),
        _text(why),
        _text(help_),
        _texts(symptoms),
        None if fix is None else _read_fix(fix),
    )


def _read_fix(value: object) -> Fix:
    title, edits, safety = _parts(value, 3)
    return Fix(_text(title), tuple(_spanned(Edit, one) for one in _list(edits)), _among(_SAFETIES, safety))


def _span(span: Span) -> list[object]:
    return [span.start_line, span.start_column, span.end_line, span.end_column]


def _read_span(value: object) -> Span:
    parts = [_number(part) for part in _parts(value, 4)]
    if min(parts) < 1:
        raise Damaged
    return Span(*parts)


def _spanned(kind: Callable[[Span, str], T], value: object) -> T:
    span, text = _parts(value, 2)
    return kind(_read_span(span), _text(text))


def _source(source: Source) -> list[object]:
    cells = [[cell.number, cell.start, cell.source, cell.indent] for cell in source.cells]
    broken = [[one.line, one.column, one.message] for one in source.broken]
    return [source.text, cells, broken, source.encoding, source.bom, source.is_notebook]


def _read_source(value: object, filename: str, data: bytes) -> Source | None:
    """The text of a file. That of a notebook was kept, since it takes long to find out what its cells mean."""
    from kerlint.source import Broken, Cell, Source, SourceError, read_source

    if value is None:
        try:
            return read_source(data, filename)
        except SourceError as error:
            raise Damaged from error
    text, cells, broken, encoding, bom, is_notebook = _parts(value, 6)
    read_cells: list[Cell] = []
    for cell in _list(cells):
        number, start, own, indent = _parts(cell, 4)
        read_cells.append(Cell(_number(number), _number(start), _text(own), _text(indent)))
    read_broken: list[Broken] = []
    for one in _list(broken):
        line, column, message = _parts(one, 3)
        read_broken.append(Broken(_number(line), _number(column), _text(message)))
    if not isinstance(bom, bool) or not isinstance(is_notebook, bool):
        raise Damaged
    return Source(
        _text(text), filename, tuple(read_cells), tuple(read_broken), _text(encoding), bom, is_notebook=is_notebook
    )


def _parts(value: object, number: int) -> list[object]:
    parts = _list(value)
    if len(parts) != number:
        raise Damaged
    return parts


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise Damaged
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise Damaged
    return value


def _texts(value: object) -> tuple[str, ...]:
    return tuple(map(_text, _list(value)))


def _number(value: object) -> int:
    # Truth values are numbers to Python.
    if type(value) is not int or value < 0:
        raise Damaged
    return value


def _among(known: dict[str, T], value: object) -> T:
    if not isinstance(value, str) or value not in known:
        raise Damaged
    return known[value]
