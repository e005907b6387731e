"""JSON: one array of findings. Lines and columns are 1-based, end columns exclusive; fields are only ever added.

In a notebook, rows count within a cell, and `cell` is its number among all cells.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from kerlint.finding import Finding, Fix, Probe, Span
from kerlint.output import Options
from kerlint.output.text import display_path
from kerlint.report import FileReport, Report


def render(report: Report, options: Options) -> Iterator[str]:
    """Yields the document."""
    rows = [row(file, finding) for file in report.files for finding in file.findings]
    yield json.dumps(rows, indent=2)


def row(file: FileReport, finding: Finding) -> dict[str, Any]:
    """One finding."""
    return {
        "code": finding.code,
        "name": finding.name,
        "severity": finding.severity.value,
        "message": finding.message,
        "filename": display_path(file.filename),
        **_place(file, finding.span),
        "help": finding.help,
        "why": finding.why,
        "url": finding.url,
        "label": finding.label,
        "labels": [{"text": label.text, **_place(file, label.span)} for label in finding.labels],
        "symptoms": list(finding.symptoms),
        "fix": _fix(file, finding.fix) if finding.fix is not None else None,
        "probe": _probe(finding.probe) if finding.probe is not None else None,
    }


def _probe(probe: Probe) -> dict[str, Any]:
    return {
        "verdict": probe.verdict,
        "text": probe.text,
        "evidence": probe.evidence,
        "assumptions": list(probe.assumptions),
        "seconds": probe.seconds,
    }


def _fix(file: FileReport, fix: Fix) -> dict[str, Any]:
    return {
        "applicability": fix.safety.value,
        "message": fix.title,
        "edits": [{"content": edit.text, **_place(file, edit.span)} for edit in fix.edits],
    }


def _place(file: FileReport, span: Span) -> dict[str, Any]:
    cell, location = _location(file, span.start_line, span.start_column)
    _, end = _location(file, span.end_line, span.end_column)
    return {"cell": cell, "location": location, "end_location": end}


def _location(file: FileReport, line: int, column: int) -> tuple[int | None, dict[str, int]]:
    if file.source is None:
        return None, {"row": line, "column": column}
    place = file.source.place(line, column)
    return place.cell, {"row": place.line, "column": place.column}
