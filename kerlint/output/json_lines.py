"""JSON, one finding a line: the objects of the format `json`."""

from __future__ import annotations

import json
from collections.abc import Iterator

from kerlint.output import Options
from kerlint.output.json_format import row
from kerlint.report import Report


def render(report: Report, options: Options) -> Iterator[str]:
    """Yields one object for each finding."""
    for file in report.files:
        for finding in file.findings:
            yield json.dumps(row(file, finding))
