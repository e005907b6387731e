"""One line for each finding, below the name of its file."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.output import Options
from kerlint.output.text import Paint, clean, closing, display_path, fix_mark, position
from kerlint.output.verdict import verdict_of
from kerlint.report import Report


def render(report: Report, options: Options) -> Iterator[str]:
    """Yields each file with its findings, in columns, and the summary."""
    paint = Paint(options.color)
    for file in report.files:
        yield f"{paint.bold(clean(display_path(file.filename)))}:"
        places = [position(file, one.span.start_line, one.span.start_column) for one in file.findings]
        width = max(map(len, places), default=0)
        for place, finding in zip(places, file.findings):
            head = paint.severity(f"{finding.severity.value:<7} {finding.code}", finding.severity)
            yield f"  {place:>{width}}  {head}  {fix_mark(finding, options)}{clean(finding.message)}"
            if finding.probe is not None:
                yield f"  {'':>{width}}  probe: {clean(verdict_of(finding))}"
        yield ""
    yield from closing(report, options)
