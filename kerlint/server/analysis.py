"""What is found in a snapshot. Runs in the worker thread; nothing here knows the editor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from kerlint import engine
from kerlint.comments import Ignore
from kerlint.comments import read as read_comments
from kerlint.finding import Finding, Safety
from kerlint.records import dataclass, field, replace
from kerlint.report import FileReport
from kerlint.selection import Settings
from kerlint.server.configurations import Applied, Configurations
from kerlint.server.options import Options
from kerlint.server.snapshot import Snapshot
from kerlint.source import SourceError, mentions_keras

if TYPE_CHECKING:
    from kerlint.fixer import Fixed
    from kerlint.summaries.outline import Outline


@dataclass
class Analysis:
    """The outcome for one snapshot.

    Args:
        findings: what is found, in the order of the text.
        limits: the budgets that ran out, in words: there may be more to find.
        with_verdict: gives a finding what came out when it was tried out, if it was.
    """

    snapshot: Snapshot
    applied: Applied
    findings: tuple[Finding, ...] = ()
    tracebacks: tuple[str, ...] = field(default=(), repr=False)
    limits: tuple[str, ...] = ()
    with_verdict: Callable[[Finding], Finding] = field(default=lambda finding: finding, repr=False)

    @property
    def shown(self) -> tuple[Finding, ...]:
        """The findings with what came out when they were tried out."""
        return tuple(map(self.with_verdict, self.findings))

    @cached_property
    def outline(self) -> Outline:
        """What places stand for; nothing where the text is no Python. Takes as long as the linting."""
        from kerlint.summaries.outline import Outline

        settings = self.applied.settings
        if settings is None or not self._is_of_interest:
            return Outline()
        try:
            return engine.outline_read(self.snapshot.source, self.snapshot.path, settings.root)
        except SourceError:
            return Outline()

    @cached_property
    def ignores(self) -> tuple[Ignore, ...]:
        """The comments that silence findings."""
        return tuple(read_comments(self.snapshot.source)) if self._is_of_interest else ()

    @cached_property
    def _is_of_interest(self) -> bool:
        return self.snapshot.is_shown and mentions_keras(self.snapshot.data)

    def fix(self, finding: Finding) -> Fixed:
        """Makes the fix of one finding, if it does what it promises."""
        from kerlint.fixer import fix_one

        return fix_one(self.snapshot.data, self.snapshot.source, finding, self._lint, self._judge)

    def fix_all(self) -> Fixed:
        """Makes all safe fixes."""
        from kerlint.fixer import fix_bytes

        return fix_bytes(self.snapshot.data, self._lint, self._judge)

    @property
    def has_safe_fixes(self) -> bool:
        """Whether there is anything for `fix_all` to do."""
        return any(finding.fix is not None and finding.fix.safety is Safety.SAFE for finding in self.findings)

    def _lint(self, data: bytes) -> FileReport:
        return self._report(data, self.applied.settings or Settings())

    def _judge(self, data: bytes) -> FileReport:
        # What comments silence must not grow either.
        everything = replace(
            self.applied.settings or Settings(), select=(), ignore=(), off=(), pedantic=True, comments=False
        )
        return self._report(data, everything)

    def _report(self, data: bytes, settings: Settings) -> FileReport:
        snapshot = self.snapshot
        if data is snapshot.data:
            source = snapshot.source
        else:
            try:
                source = snapshot.read(data)
            except SourceError:
                return FileReport(snapshot.name)
        return engine.check_read(source, settings, is_test=self.applied.is_test, path=snapshot.path)


def analyse(snapshot: Snapshot, configurations: Configurations, roots: Sequence[str], options: Options) -> Analysis:
    """Lints a snapshot under the configuration of its file.

    Args:
        roots: the folders that the editor has opened.
    """
    applied = configurations.of(snapshot.path, roots, options)
    if applied.settings is None or not mentions_keras(snapshot.data):
        return Analysis(snapshot, applied)
    try:
        source = snapshot.source
    except SourceError:
        # A notebook's cells are always text, and what is read as Python in its name may be anything.
        return Analysis(snapshot, applied)
    if not snapshot.is_shown:
        return Analysis(snapshot, applied)
    settings = replace(applied.settings, probe=True) if options.code_lens else applied.settings
    report = engine.check_read(source, settings, is_test=applied.is_test, path=snapshot.path)
    return Analysis(snapshot, applied, report.findings, report.tracebacks, report.limits)
