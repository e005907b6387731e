"""How often each rule has found something."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator

from kerlint.finding import Finding, Severity
from kerlint.output import Options
from kerlint.output.text import Paint, closing, fix_mark
from kerlint.records import dataclass
from kerlint.report import Report


@dataclass(frozen=True)
class Count:
    """One rule at one severity."""

    code: str
    name: str
    severity: Severity
    count: int
    fixable: int


def counts(report: Report, options: Options) -> list[Count]:
    """The rules, the most frequent first."""
    groups: dict[tuple[str, Severity], list[Finding]] = {}
    for finding in report.findings:
        groups.setdefault((finding.code, finding.severity), []).append(finding)
    fixable = Counter((one.code, one.severity) for one in report.findings if fix_mark(one, options))
    found = [
        Count(code, group[0].name, severity, len(group), fixable[code, severity])
        for (code, severity), group in groups.items()
    ]
    return sorted(found, key=lambda one: (-one.count, one.code, one.severity.value))


def render(report: Report, options: Options) -> Iterator[str]:
    """Yields a line for each rule, and the summary."""
    paint = Paint(options.color)
    rows = counts(report, options)
    width = max((len(f"{one.count:,}") for one in rows), default=0)
    for one in rows:
        # Some, or all of them.
        mark = "[*]" if one.fixable == one.count else "[-]" if one.fixable else "[ ]"
        head = paint.severity(f"{one.code}  {one.severity.value:<7}", one.severity)
        yield f"{one.count:>{width},}  {head}  {mark}  {one.name}"
    yield from closing(report, options)


def render_json(report: Report, options: Options) -> Iterator[str]:
    """Yields the same as JSON."""
    rows = [
        {
            "code": one.code,
            "name": one.name,
            "severity": one.severity.value,
            "count": one.count,
            "fixable": one.fixable,
        }
        for one in counts(report, options)
    ]
    yield json.dumps(rows, indent=2)
