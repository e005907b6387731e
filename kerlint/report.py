"""What a run found, file by file: what the engine hands to the outputs. Plain data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerlint.finding import Finding, Span
from kerlint.records import dataclass

if TYPE_CHECKING:
    from kerlint.source import Place, Source

#: The least of the likelihoods, as `kerlint.symptoms.verdict.likelihood` gives them.
UNLIKELY = "unlikely"


@dataclass(frozen=True, order=True)
class RuledOut:
    """Something in a file that cannot cause the symptom that was asked about.

    Args:
        why: how that is known; empty for a finding of another kind.
        code: of the finding; empty for something that is none.
        explains: it can look like the symptom after all, but it is no fault.
    """

    span: Span
    message: str
    why: str
    code: str = ""
    explains: bool = False


@dataclass(frozen=True)
class FileReport:
    """The outcome for one file.

    Args:
        findings: what is shown, in the order of the file.
        hidden: how many pieces of advice are not shown.
        source: the text, kept only where there is something to show; None if it could not be read.
        tracebacks: of the crashes among the findings.
        hidden_codes: the codes of the advice that is not shown, one for each piece.
        ignored: how many findings comments silence.
        known: how many findings are in the baseline.
        unchanged: how many findings are left out because nothing of them has changed.
        ruled_out: what cannot cause the symptom, where one was asked about.
        limits: the budgets that ran out, in words: there may be more to find.
        limits_elsewhere: likewise, of the modules that the file imports: they are unknown then, as any library.
    """

    filename: str
    findings: tuple[Finding, ...] = ()
    hidden: int = 0
    source: Source | None = None
    tracebacks: tuple[str, ...] = ()
    hidden_codes: tuple[str, ...] = ()
    ignored: int = 0
    known: int = 0
    ruled_out: tuple[RuledOut, ...] = ()
    unchanged: int = 0
    limits: tuple[str, ...] = ()
    limits_elsewhere: tuple[str, ...] = ()

    def place(self, span: Span) -> Place:
        """Where a span starts as a reader of the file counts: in a notebook, the cell, and the line within it."""
        from kerlint.source import Place

        if self.source is None:
            return Place(None, span.start_line, span.start_column)
        return self.source.place(span.start_line, span.start_column)


@dataclass(frozen=True)
class Answer:
    """What can cause a symptom in the files of a run, and what cannot.

    Args:
        meaning: the symptom in words.
        causes: the findings with how likely each is what is seen, the likeliest first.
        measure: what to look at next, where there is no cause.
    """

    symptom: str
    meaning: str
    causes: tuple[tuple[FileReport, Finding, str], ...]
    ruled_out: tuple[tuple[FileReport, RuledOut], ...]
    measure: tuple[str, ...]


@dataclass(frozen=True)
class Report:
    """The outcome of a run.

    Args:
        files: those with findings.
        checked: how many files there were, including those that have nothing to do with Keras.
        hidden: how many pieces of advice are not shown, in all files.
        ignored: how many findings comments silence, in all files.
        known: how many findings are in the baseline, in all files.
        unchanged: how many findings are left out because nothing of them has changed, in all files.
        fixed: how many findings have been fixed, and are not among the others.
        answer: to the question what causes a symptom, where it was asked.
        unfinished: the files in which a budget ran out, without their findings.
        probed: whether the findings were tried out, those for which there is an experiment.
        untouched: how many files have no changed line, where only these count; None where all do.
    """

    files: tuple[FileReport, ...]
    checked: int
    hidden: int = 0
    ignored: int = 0
    known: int = 0
    fixed: int = 0
    answer: Answer | None = None
    unchanged: int = 0
    unfinished: tuple[FileReport, ...] = ()
    probed: bool = False
    untouched: int | None = None

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The findings of all files."""
        return tuple(finding for file in self.files for finding in file.findings)
