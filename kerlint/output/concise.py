"""One line for each finding, in the form that editors understand."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.output import Options
from kerlint.output.text import Paint, clean, closing, fix_mark, location
from kerlint.report import Report


def render(report: Report, options: Options) -> Iterator[str]:
    """Yields `path:row:col: error[KL001] message` and the summary."""
    paint = Paint(options.color)
    for file in report.files:
        for finding in file.findings:
            head = paint.severity(f"{finding.severity.value}[{finding.code}]", finding.severity)
            yield f"{paint.bold(location(file, finding))}: {head} {fix_mark(finding, options)}{clean(finding.message)}"
    yield from closing(report, options)
