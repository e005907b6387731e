"""JUnit's XML, which most servers for continuous integration can show."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree import ElementTree as ET

from kerlint.finding import Finding, Severity
from kerlint.output import Options
from kerlint.output.text import clean, display_path, position
from kerlint.output.verdict import level_of, verdict_of
from kerlint.report import FileReport, Report


def render(report: Report, options: Options) -> Iterator[str]:
    """Yields the document: a suite for each file, a failed case for each finding."""
    total = sum(map(_failed, report.findings))
    root = ET.Element(
        "testsuites", name="kerlint", tests=str(len(report.findings) or 1), failures=str(total), errors="0"
    )
    for file in report.files:
        _suite(root, file)
    if not report.files:
        # Without a single case some servers take the run for a failed one.
        suite = ET.SubElement(root, "testsuite", name="kerlint", tests="1", failures="0", errors="0")
        ET.SubElement(suite, "testcase", name="no findings", classname="kerlint")
    ET.indent(root)
    yield '<?xml version="1.0" encoding="utf-8"?>'
    yield from ET.tostring(root, encoding="unicode").split("\n")


def _suite(root: ET.Element, file: FileReport) -> None:
    path = clean(display_path(file.filename))
    failures = sum(map(_failed, file.findings))
    suite = ET.SubElement(
        root, "testsuite", name=path, tests=str(len(file.findings)), failures=str(failures), errors="0"
    )
    for finding in file.findings:
        place = position(file, finding.span.start_line, finding.span.start_column)
        case = ET.SubElement(suite, "testcase", name=f"{finding.code} {finding.name}", classname=path, file=path)
        if file.source is None or not file.source.is_notebook:
            case.set("line", str(finding.span.start_line))
        lines = [f"{path}:{place}: {finding.message}"]
        notes = (("why", finding.why), ("help", finding.help), ("probe", verdict_of(finding)))
        lines += [f"{name}: {text}" for name, text in notes if text]
        text = "\n".join(clean(line) for line in lines)
        if _failed(finding):
            failure = ET.SubElement(case, "failure", message=clean(finding.message))
            failure.set("type", finding.severity.value)
            failure.text = text
        else:
            ET.SubElement(case, "system-out").text = text


def _failed(finding: Finding) -> bool:
    # Advice fails no run, and neither does a warning that an experiment has refuted.
    return level_of(finding) is not Severity.ADVICE
