"""Which findings can cause a symptom, the likeliest first, and which cannot."""

from __future__ import annotations

from collections.abc import Sequence

from kerlint.finding import Finding, Severity
from kerlint.records import replace
from kerlint.report import Answer, FileReport, RuledOut
from kerlint.selection import OWN_NAMES, RANKS
from kerlint.symptoms.innocents import CODE, NO_FAULT
from kerlint.symptoms.measured import shown
from kerlint.symptoms.words import WORDS

#: What kerlint says about comments in the file is about no symptom.
_ASIDE = tuple(OWN_NAMES)[3:]


def weighed(report: FileReport, symptom: str) -> FileReport:
    """The report about a file as the answer to the question what causes a symptom.

    Its findings are those that can, and what kerlint has to say about itself and the file.
    """
    causes: list[Finding] = []
    ruled_out: list[RuledOut] = []
    for finding in report.findings:
        if finding.code in OWN_NAMES:
            causes += [] if finding.code in _ASIDE else [finding]
        elif finding.code in (CODE, NO_FAULT):
            explains = finding.code == NO_FAULT
            ruled_out.append(RuledOut(finding.span, finding.message, finding.why, explains=explains))
        elif symptom not in finding.symptoms:
            ruled_out += _no_cause(finding, symptom)
        elif why := _refuted(finding, symptom):
            seen = f"tried out: {why}{_instead(finding, symptom)}"
            ruled_out.append(RuledOut(finding.span, finding.message, seen, finding.code))
        else:
            causes.append(finding)
    causes.sort(key=lambda finding: _rank(finding, symptom))
    # What a finding says of the same place says more.
    told = {finding.span for finding in causes} | {one.span for one in ruled_out if one.code}
    ruled_out = [one for one in ruled_out if one.code or one.span not in told]
    # A report may be weighed again, once its findings have been tried out.
    return replace(report, findings=tuple(causes), ruled_out=tuple(sorted((*report.ruled_out, *ruled_out))))


def answer(reports: Sequence[FileReport], symptom: str) -> Answer:
    """The answer for all files together.

    Args:
        reports: what `weighed` has made of them, those without findings included.
    """
    causes = [(file, finding) for file in reports for finding in file.findings if finding.code not in OWN_NAMES]
    causes.sort(key=lambda cause: _rank(cause[1], symptom))
    words = WORDS[symptom]
    return Answer(
        symptom,
        words.meaning,
        tuple((file, finding, likelihood(finding, symptom)) for file, finding in causes),
        tuple((file, one) for file in reports for one in file.ruled_out),
        words.measure,
    )


def likelihood(finding: Finding, symptom: str) -> str:
    """How likely a finding is what somebody sees: `confirmed`, `likely`, `possible` or `unlikely`.

    It is what its rule says of the program (certain, very likely, advice) together with the place that the symptom
    has among those of the rule, which come in the order of how often they show.
    """
    place, doubt = finding.symptoms.index(symptom), _doubt(finding)
    if finding.probe is not None:
        measured, _ = shown(symptom, finding.probe)
        # Where the symptom itself is not measured, the rule's own experiment counts for what it is usually about.
        if measured or (measured is None and place == 0 and finding.probe.verdict == "confirmed"):
            return "confirmed"
        if measured is False:
            return "unlikely"
    if place + doubt <= 1 and finding.severity is not Severity.ADVICE:
        return "likely"
    return "possible" if place + doubt <= 2 else "unlikely"


def _refuted(finding: Finding, symptom: str) -> str:
    """What an experiment has measured instead of the symptom; empty if it has not refuted anything.

    An error is certain by what it says, whatever a model with other data does.
    """
    if finding.probe is None or finding.severity is Severity.ERROR:
        return ""
    measured, text = shown(symptom, finding.probe)
    if measured is False:
        return text
    return finding.probe.text if measured is None and finding.is_refuted else ""


def _instead(finding: Finding, symptom: str) -> str:
    """What a fault shows as that is real, but not what is asked about."""
    others = [one for one in finding.symptoms if one != symptom]
    is_real = finding.probe is not None and finding.probe.verdict == "confirmed" and others
    return f"; it is a fault, but shows as {others[0]}" if is_real else ""


def _doubt(finding: Finding) -> int:
    """0 for an error, 1 for a warning, 2 for advice."""
    return len(RANKS) - 1 - RANKS.index(finding.severity)


def _rank(finding: Finding, symptom: str) -> tuple[int, int, int]:
    """For sorting: what is about the file itself, what is confirmed, and the rest by likelihood."""
    if finding.code in OWN_NAMES:
        return -2, 0, finding.span.start_line
    order = ("confirmed", "likely", "possible", "unlikely")
    doubt = _doubt(finding)
    return order.index(likelihood(finding, symptom)), finding.symptoms.index(symptom) + doubt, doubt


def _no_cause(finding: Finding, symptom: str) -> list[RuledOut]:
    """A finding of another kind; advice is told only where it is often blamed."""
    why = WORDS[symptom].no_cause.get(finding.code, "")
    if not why and finding.severity is Severity.ADVICE:
        return []
    return [RuledOut(finding.span, finding.message, why, finding.code)]
