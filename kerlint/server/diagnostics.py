"""Findings as diagnostics."""

from __future__ import annotations

from lsprotocol import types

from kerlint.finding import Finding, Severity
from kerlint.server.snapshot import Snapshot

#: Who says it.
NAME = "kerlint"

_SEVERITIES = {
    Severity.ERROR: types.DiagnosticSeverity.Error,
    Severity.WARNING: types.DiagnosticSeverity.Warning,
    Severity.ADVICE: types.DiagnosticSeverity.Information,
}
#: What editors show faded: it could be taken out.
_UNNECESSARY = frozenset({"KX003"})


def diagnostics(snapshot: Snapshot, findings: tuple[Finding, ...]) -> dict[str, list[types.Diagnostic]]:
    """The diagnostics of each document of a snapshot, by its address; empty lists where there are none."""
    found: dict[str, list[types.Diagnostic]] = {part.uri: [] for part in snapshot.parts}
    for finding in findings:
        uri, diagnostic = diagnostic_of(snapshot, finding)
        found[uri].append(diagnostic)
    return found


def diagnostic_of(snapshot: Snapshot, finding: Finding) -> tuple[str, types.Diagnostic]:
    """The diagnostic of a finding, and the document that it belongs to."""
    place = snapshot.place(finding.span)
    probe = f"{finding.probe.verdict}. {finding.probe.text}" if finding.probe is not None else ""
    notes = (("help", finding.help), ("probe", probe))
    message = "\n".join([finding.message, *(f"{name}: {text}" for name, text in notes if text)])
    severity = Severity.ADVICE if finding.is_refuted else finding.severity
    related = [
        types.DiagnosticRelatedInformation(snapshot.place(label.span), label.text)
        for label in finding.labels
        if label.text
    ]
    return place.uri, types.Diagnostic(
        range=place.range,
        message=message,
        severity=_SEVERITIES[severity],
        code=finding.code,
        code_description=types.CodeDescription(finding.url),
        source=NAME,
        tags=[types.DiagnosticTag.Unnecessary] if finding.code in _UNNECESSARY else None,
        related_information=related or None,
    )
