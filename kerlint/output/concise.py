"""One line for each finding, in the form that editors understand."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.output import Options
from kerlint.output.text import Paint, clean, closing, fix_mark, location
from kerlint.output.verdict import verdict_of
from kerlint.report import Report


def render(report: Report, options: Options) -> Iterator[str]:
    """Yields `path:row:col: error[KL001] message` and the summary."""
    paint = Paint(options.color, options.links)
    for file in report.files:
        for finding in file.findings:
            place, message = paint.bold(location(file, finding)), clean(finding.message)
            if finding.probe is not None:
                message += f" [probe: {clean(verdict_of(finding))}]"
            yield f"{place}: {paint.head(finding)} {fix_mark(finding, options)}{message}"
    yield from closing(report, options)
