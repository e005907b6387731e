"""The format for people: every place that takes part in a finding, in its lines of source."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from kerlint.finding import Finding, Label, Span
from kerlint.output import Options
from kerlint.output.snippet import CUT, LIMIT, Mark, rows
from kerlint.output.text import Paint, clean, closing, display_path, location, position, width
from kerlint.output.verdict import curves, verdict_of
from kerlint.report import FileReport, Report
from kerlint.source import Source

# Two marked lines with one line between them are shown with it; it takes no more room than the dots.
_NEAR = 2
#: How wide text is where there is no terminal: longer lines are hard to read.
_COLUMNS = 100
#: Narrower columns are no help to a reader.
_LEAST = 30
#: From more findings on nobody reads them one by one.
_MANY = 50


def render(report: Report, options: Options) -> Iterator[str]:
    """Yields the findings and the summary."""
    paint = Paint(options.color, options.links)
    for file in report.files:
        for finding in file.findings:
            yield from render_finding(file, finding, paint, options.width, probed=report.probed)
            yield ""
    if len(report.findings) > _MANY:
        yield "These are many: --statistics counts them by rule, --output-format grouped gives each one line."
    yield from closing(report, options)


def render_finding(
    file: FileReport, finding: Finding, paint: Paint, columns: int | None = None, *, probed: bool = False
) -> Iterator[str]:
    """Yields the lines of one finding.

    Args:
        columns: of the terminal; None where there is none.
        probed: whether findings were tried out, for which there is an experiment.
    """
    yield f"{paint.head(finding)} {paint.bold(clean(finding.message))} ({finding.name})"
    marks = _marks(file.source, finding) if file.source else {}
    size = max((len(str(_own_line(file.source, line))) for line in marks), default=1) if file.source else 1
    indent = " " * size
    yield f"{indent}{paint.gutter('-->')} {location(file, finding)}"
    empty = f"{indent} {paint.gutter('|')}"
    if file.source and marks:
        yield empty
        yield from _snippet(file, file.source, marks, finding, size, paint, columns)
        yield empty
    fix = f"{finding.fix.title} [{finding.fix.safety.value}]" if finding.fix is not None else ""
    probe = "\n".join((verdict_of(finding), *curves(finding.probe))) if finding.probe is not None else ""
    if probed and not probe and not finding.code.startswith("KX"):
        probe = "there is no experiment for this finding"
    docs = f"kerlint rule {finding.code}"
    notes = (("why", finding.why), ("help", finding.help), ("fix", fix), ("probe", probe), ("docs", docs))
    for name, text in notes:
        margin = size + len(name) + 5
        for index, line in enumerate(_wrapped(text, (columns or _COLUMNS) - margin)):
            start = f"{indent} {paint.gutter('=')} {paint.bold(name)}: " if index == 0 else " " * margin
            yield f"{start}{line}"


def _wrapped(text: str, columns: int) -> Iterator[str]:
    """Yields the lines of a text, broken at blanks where they are too long."""
    from textwrap import wrap

    for line in map(clean, text.splitlines()):
        if len(line) <= columns:
            yield line
        else:
            yield from wrap(line, max(columns, _LEAST), break_long_words=False, break_on_hyphens=False)


def _own_line(source: Source | None, line: int) -> int:
    return source.place(line).line if source else line


def _marks(source: Source, finding: Finding) -> dict[int, list[Mark]]:
    """The marks of a finding by line, in order; empty if the file has no such lines."""
    marks: dict[int, list[Mark]] = {}
    for label in (Label(finding.span, finding.label), *finding.labels):
        is_primary = label.span == finding.span
        if is_primary and label.text != finding.label:
            # The same place again, with another thing to say: the primary mark stands already.
            is_primary = False
        line = label.span.start_line
        if line <= len(source.lines):
            start, end = _stretch(source, label.span)
            marks.setdefault(line, []).append(Mark(start, end, label.text, is_primary))
    return dict(sorted(marks.items()))


def _stretch(source: Source, span: Span) -> tuple[int, int]:
    """What is underlined: of a span with several lines, all that is in the first."""
    start = span.start_column - 1
    if span.end_line == span.start_line:
        return start, span.end_column - 1
    return start, max(start + 1, len(source.line(span.start_line).rstrip()))


def _snippet(
    file: FileReport,
    source: Source,
    marks: dict[int, list[Mark]],
    finding: Finding,
    size: int,
    paint: Paint,
    columns: int | None,
) -> Iterator[str]:
    def cell(line: int) -> int | None:
        return source.place(line).cell

    bar = paint.gutter("|")
    # The terminal would break longer lines, and the marks would stand under something else.
    limit = LIMIT if columns is None else min(LIMIT, max(columns - size - 3 - 2 * len(CUT), _LEAST))
    main = cell(finding.span.start_line)
    for index, (number, group) in enumerate(groupby(marks, key=cell)):
        lines = list(group)
        if index or number != main:
            # Another cell than the one in the heading.
            if index:
                yield f"{' ' * size} {bar}"
            where = position(file, lines[0], marks[lines[0]][0].start + 1)
            yield f"{' ' * size}{paint.gutter(':::')} {clean(display_path(file.filename))}:{where}"
            yield f"{' ' * size} {bar}"
        for line in _with_gaps(lines):
            if line is None:
                yield paint.gutter("...")
                continue
            for row in rows(source.line(line), marks.get(line, []), limit):
                if row.mark is None:
                    gutter = paint.gutter(str(_own_line(source, line)).rjust(size))
                    yield f"{gutter} {bar} {row.text}".rstrip()
                    continue
                for text in _beside(row.text, clean(row.mark.text), None if columns is None else columns - size - 3):
                    style = paint.severity(text.lstrip(), finding.severity) if row.mark.is_primary else None
                    shown = style or paint.gutter(text.lstrip())
                    yield f"{' ' * size} {bar} {' ' * (len(text) - len(text.lstrip()))}{shown}"


def _beside(underline: str, text: str, columns: int | None) -> Iterator[str]:
    """Yields a mark with its text beside it, or below it where there is no room."""
    if not text or columns is None or not len(underline) + 1 + width(text) > columns >= width(text):
        yield f"{underline} {text}".rstrip()
    else:
        start = len(underline) - len(underline.lstrip())
        yield underline
        yield f"{' ' * min(start, columns - width(text))}{text}"


def _with_gaps(lines: list[int]) -> Iterator[int | None]:
    """Yields the lines, with None for several lines that are left out."""
    before: int | None = None
    for line in lines:
        if before is not None and line - before == _NEAR:
            yield before + 1
        elif before is not None and line - before > _NEAR:
            yield None
        yield line
        before = line
