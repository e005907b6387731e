"""GitLab's Code Quality report, a subset of the format of Code Climate."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from kerlint.finding import Finding, Severity
from kerlint.output import Options
from kerlint.output.text import clean, display_path, fingerprints, position, repository_path
from kerlint.output.verdict import level_of, verdict_of
from kerlint.report import FileReport, Report

_LEVELS = {Severity.ERROR: "critical", Severity.WARNING: "major", Severity.ADVICE: "info"}


def render(report: Report, options: Options) -> Iterator[str]:
    """Yields the document."""
    marks = fingerprints(report)
    rows = [_finding(file, finding, marks[id(finding)]) for file in report.files for finding in file.findings]
    yield json.dumps(rows, indent=2)


def _finding(file: FileReport, finding: Finding, fingerprint: str) -> dict[str, Any]:
    span = finding.span
    notebook = file.source is not None and file.source.is_notebook
    # Which line of a notebook's JSON it is, nobody sees.
    note = f" ({position(file, span.start_line, span.start_column)})" if notebook else ""
    if finding.probe is not None:
        note += f" [probe: {verdict_of(finding)}]"
    begin, end = (1, 1) if notebook else (span.start_line, span.end_line)
    return {
        "description": clean(f"{finding.code}: {finding.message}{note}"),
        "check_name": finding.code,
        "fingerprint": fingerprint,
        "severity": _LEVELS[level_of(finding)],
        "location": {
            "path": clean(repository_path(file.filename) or display_path(file.filename)),
            "lines": {"begin": begin, "end": end},
        },
    }
