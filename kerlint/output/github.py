"""Workflow commands that GitHub Actions turns into annotations."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.finding import Finding, Severity
from kerlint.output import Options
from kerlint.output.text import clean, display_path, position
from kerlint.output.verdict import level_of, verdict_of
from kerlint.report import FileReport, Report

_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.ADVICE: "notice"}


def render(report: Report, options: Options) -> Iterator[str]:
    """Yields one command for each finding, and for each file that was not read to its end."""
    for file in report.files:
        for finding in file.findings:
            yield _command(file, finding)
    for file in report.unfinished:
        path = display_path(file.filename)
        texts = [f"{path}: {limit}; there may be more to find" for limit in file.limits]
        yield f"::notice title=kerlint,file={_property(path)}::{'%0A'.join(map(_data, texts))}"


def _command(file: FileReport, finding: Finding) -> str:
    path = display_path(file.filename)
    span = finding.span
    properties = {"title": f"kerlint ({finding.code})", "file": path}
    if file.source is not None and file.source.is_notebook:
        # An annotation is about a line of the JSON, and which one that is, nobody sees.
        properties["line"] = "1"
    else:
        properties["line"] = str(span.start_line)
        properties["endLine"] = str(span.end_line)
        if span.start_line == span.end_line:
            # GitHub takes columns only within a line.
            properties["col"] = str(span.start_column)
            properties["endColumn"] = str(span.end_column)
    order = [key for key in ("title", "file", "line", "col", "endLine", "endColumn") if key in properties]
    listed = ",".join(f"{key}={_property(properties[key])}" for key in order)
    lines = [f"{path}:{position(file, span.start_line, span.start_column)}: {finding.message}"]
    lines += [f"  {name}: {text}" for name, text in _notes(finding) if text]
    return f"::{_LEVELS[level_of(finding)]} {listed}::{'%0A'.join(_data(line) for line in lines)}"


def _notes(finding: Finding) -> tuple[tuple[str, str], ...]:
    return (("why", finding.why), ("help", finding.help), ("probe", verdict_of(finding)))


def _data(text: str) -> str:
    # Newlines are kept as GitHub writes them; whatever else could steer a terminal is spelled out.
    text = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return clean(text)


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
