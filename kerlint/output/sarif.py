"""SARIF 2.1.0, which GitHub code scanning and many viewers read."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from kerlint import __version__
from kerlint.finding import Finding, Fix, Probe, Severity, Span, documentation_url
from kerlint.output import Options
from kerlint.output.text import clean, fingerprints, position, repository_path
from kerlint.output.verdict import level_of, verdict_of
from kerlint.report import FileReport, Report
from kerlint.rules.documentation import OWN_PAGES, Page, page_of

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.ADVICE: "note"}


def render(report: Report, options: Options) -> Iterator[str]:
    """Yields the document."""
    pages = _pages(report)
    marks = fingerprints(report)
    failed = any(finding.code == OWN_PAGES[0].code for finding in report.findings)
    order = {page.code: index for index, page in enumerate(pages)}
    notes = _notes(report)
    run = {
        "tool": {
            "driver": {
                "name": "kerlint",
                "version": __version__,
                "semanticVersion": __version__,
                "informationUri": "https://github.com/kerlint/kerlint",
                "rules": [_rule(page) for page in pages],
            }
        },
        "columnKind": "unicodeCodePoints",
        "invocations": [{"executionSuccessful": not failed} | ({"toolExecutionNotifications": notes} if notes else {})],
        "originalUriBaseIds": {"SRCROOT": {"description": {"text": "The root of the repository."}}},
        "results": [
            _result(file, finding, order[finding.code], marks[id(finding)])
            for file in report.files
            for finding in file.findings
        ],
    }
    yield json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2)


def _pages(report: Report) -> list[Page]:
    """The pages of the rules that have found something."""
    from kerlint import rules

    codes = {finding.code for finding in report.findings}
    found = [page_of(rule) for rule in rules.all_rules() if rule.code in codes]
    found += [page for page in OWN_PAGES if page.code in codes]
    known = {page.code for page in found}
    for finding in report.findings:
        if finding.code not in known:
            known.add(finding.code)
            found.append(
                Page(finding.code, finding.name, finding.severity, finding.symptoms, "", True, finding.message)
            )
    return found


def _rule(page: Page) -> dict[str, Any]:
    url = documentation_url(page.code, page.name)
    return {
        "id": page.code,
        "name": page.name,
        "shortDescription": {"text": page.summary},
        "fullDescription": {"text": page.sections.get("Why is this bad?", "") or page.summary},
        "help": {"text": f"{page.summary} See {url}", "markdown": page.markdown()},
        "helpUri": url,
        "defaultConfiguration": {"level": _LEVELS[page.severity]},
        "properties": {"tags": ["keras", *page.symptoms]},
    }


def _result(file: FileReport, finding: Finding, index: int, fingerprint: str) -> dict[str, Any]:
    message = ". ".join(part for part in (finding.message, finding.why, finding.help) if part)
    if finding.probe is not None:
        message += f". Probe: {verdict_of(finding)}"
    result: dict[str, Any] = {
        "ruleId": finding.code,
        "ruleIndex": index,
        "level": _LEVELS[level_of(finding)],
        "message": {"text": clean(message)},
        "locations": [_location(file, finding.span, finding.label)],
        "partialFingerprints": {"primaryLocationLineHash": fingerprint},
    }
    related = [
        {"id": number, **_location(file, label.span, label.text or "takes part")}
        for number, label in enumerate(finding.labels, start=1)
    ]
    if related:
        result["relatedLocations"] = related
    if finding.probe is not None:
        result["properties"] = {"probe": _probe(finding.probe)}
    if finding.fix is not None and not _is_notebook(file):
        result["fixes"] = [_fix(file, finding.fix)]
    return result


def _probe(probe: Probe) -> dict[str, Any]:
    return {
        "verdict": probe.verdict,
        "text": clean(probe.text),
        "assumptions": [clean(text) for text in probe.assumptions],
        "seconds": probe.seconds,
    }


def _location(file: FileReport, span: Span, label: str) -> dict[str, Any]:
    physical: dict[str, Any] = {"artifactLocation": _artifact(file)}
    if _is_notebook(file):
        # A region would be one of the JSON.
        label = f"{position(file, span.start_line, span.start_column)}: {label}"
    else:
        physical["region"] = _region(span)
    location: dict[str, Any] = {"physicalLocation": physical}
    if label:
        location["message"] = {"text": clean(label)}
    return location


def _region(span: Span) -> dict[str, int]:
    return {
        "startLine": span.start_line,
        "startColumn": span.start_column,
        "endLine": span.end_line,
        "endColumn": span.end_column,
    }


def _notes(report: Report) -> list[dict[str, Any]]:
    """What was not looked at."""
    return [
        {
            "level": "note",
            "message": {"text": clean(f"{limit}; there may be more to find")},
            "locations": [{"physicalLocation": {"artifactLocation": _artifact(file)}}],
        }
        for file in report.unfinished
        for limit in file.limits
    ]


def _artifact(file: FileReport) -> dict[str, str]:
    path = repository_path(file.filename)
    if path is None:
        return {"uri": Path(file.filename).absolute().as_uri()}
    # The bytes of the name as the file system has them, also where they are no UTF-8.
    return {"uri": quote(os.fsencode(path)), "uriBaseId": "SRCROOT"}


def _fix(file: FileReport, fix: Fix) -> dict[str, Any]:
    replacements = [{"deletedRegion": _region(edit.span), "insertedContent": {"text": edit.text}} for edit in fix.edits]
    return {
        "description": {"text": clean(fix.title)},
        "artifactChanges": [{"artifactLocation": _artifact(file), "replacements": replacements}],
    }


def _is_notebook(file: FileReport) -> bool:
    return file.source is not None and file.source.is_notebook
