"""A run over files: each is linted under its own configuration."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from kerlint import files
from kerlint.cli.terminal import CLEAN, FAILED, FINDINGS, warn

if TYPE_CHECKING:
    from kerlint.baseline import Baseline
    from kerlint.changes import Changes
    from kerlint.cli.fixing import Fixing
    from kerlint.configuration.lookup import Lookup
    from kerlint.configuration.model import Configuration
    from kerlint.files import Target
    from kerlint.report import FileReport, Report
    from kerlint.selection import Settings


@dataclass(frozen=True)
class Inputs:
    """What is linted.

    Args:
        stdin_filename: the name of what is read from standard input.
        force_exclude: whether files that are named are left out, too, where the configuration says so.
    """

    paths: Sequence[str]
    lookup: Lookup
    stdin_filename: str | None = None
    force_exclude: bool = False

    def targets(self) -> Iterator[Target]:
        """Yields the files."""
        for target in files.discover(self.paths, warn, self.lookup.excludes, force=self.force_exclude):
            left_out = (
                self.force_exclude
                and target.path == files.STDIN
                and self.stdin_filename is not None
                and files.is_excluded(self.stdin_filename, self.lookup.excludes)
            )
            if not left_out:
                yield target

    def configuration(self, target: Target) -> Configuration:
        """What applies to a file."""
        return self.lookup.of_file(self.name(target))

    def name(self, target: Target) -> str:
        """The name of a file, or the one that standard input goes by."""
        return self.stdin_filename or files.STDIN if target.path == files.STDIN else target.path


@dataclass
class Run:
    """The outcome of a run as it grows."""

    reports: list[FileReport] = field(default_factory=list)
    #: For each of them the rank of the least severe finding that makes the run fail.
    least: list[int] = field(default_factory=list)
    checked: int = 0
    hidden: int = 0
    ignored: int = 0
    known: int = 0
    unchanged: int = 0
    #: What is asked about, and the files in which nothing was found that causes it.
    symptom: str | None = None
    cleared: list[FileReport] = field(default_factory=list)
    has_failed: bool = False
    has_crashed: bool = False

    def add(self, report: FileReport, configuration: Configuration) -> None:
        """Counts the report of a file."""
        from kerlint.selection import RANKS

        self.checked += 1
        self.hidden += report.hidden
        self.ignored += report.ignored
        self.known += report.known
        self.unchanged += report.unchanged
        if report.ruled_out and not report.findings:
            self.cleared.append(report)
        if report.findings:
            self.reports.append(report)
            self.least.append(RANKS.index(configuration.fail_on))
            self.has_failed |= _fails(report, self.least[-1])
            self.has_crashed |= any(finding.code == "KX000" for finding in report.findings)

    def exchange(self, reports: Sequence[FileReport]) -> None:
        """Takes the same reports with verdicts: what an experiment has refuted does not count."""
        self.reports = list(reports)
        if self.symptom is not None:
            from kerlint.symptoms.verdict import weighed

            # Now it is known what does not show the symptom.
            self.reports = [weighed(report, self.symptom) for report in reports]
        self.has_failed = any(_fails(report, least) for report, least in zip(self.reports, self.least))

    def report(self) -> Report:
        """All of it."""
        from kerlint.report import Report

        report = Report(tuple(self.reports), self.checked, self.hidden, self.ignored, self.known)
        report = replace(report, unchanged=self.unchanged)
        if self.symptom is None:
            return report
        from kerlint.symptoms.verdict import answer

        found = answer([*self.reports, *self.cleared], self.symptom)
        return replace(report, files=tuple(file for file in self.reports if file.findings), answer=found)

    def status(self, exit_zero: bool) -> int:
        """The exit status."""
        if self.has_crashed:
            return FAILED
        return FINDINGS if self.has_failed and not exit_zero else CLEAN


def _fails(report: FileReport, least: int) -> bool:
    """Whether one of the findings makes a run fail."""
    from kerlint.selection import RANKS

    return any(RANKS.index(one.severity) >= least and not one.is_refuted for one in report.findings)


def lint(
    inputs: Inputs,
    *,
    baseline: Baseline | None = None,
    verbose: bool = False,
    fixing: Fixing | None = None,
    probe: bool = False,
    symptom: str | None = None,
    changes: Changes | None = None,
) -> Run:
    """Lints all files, and fixes them where that is wanted.

    Args:
        baseline: what is known already, and left out.
        verbose: whether the tracebacks of crashes go to standard error.
        probe: whether experiments are prepared.
        symptom: the only one that is asked about.
        changes: what has changed; the rest is left out.
    """
    import click

    run = Run(symptom=symptom)
    for target in inputs.targets():
        configuration = inputs.configuration(target)
        settings = configuration.settings(inputs.name(target))
        if probe or symptom:
            settings = replace(settings, probe=probe, symptom=symptom)
        if changes is not None and target.path != files.STDIN and not changes.touch(target.path):
            run.checked += 1
            continue
        report = check_file(target, settings, inputs.stdin_filename, fixing, baseline, changes)
        if verbose:
            for text in report.tracebacks:
                click.echo(text, err=True)
        if baseline is not None:
            report = baseline.without_known(report, settings)
        if changes is not None:
            report = changes.only_new(report)
        run.add(report, configuration)
    if not run.checked:
        warn("no Python files or notebooks were found")
    return run


def check_file(
    target: Target,
    settings: Settings,
    stdin_filename: str | None,
    fixing: Fixing | None = None,
    baseline: Baseline | None = None,
    changes: Changes | None = None,
) -> FileReport:
    """The findings in one file.

    Args:
        baseline: what is known, and not to be fixed. It is not taken out of the report.
        changes: what has changed; the rest is not to be fixed either, and not taken out of the report.
    """
    from kerlint import engine
    from kerlint.report import FileReport

    name, is_test = target.path, target.is_test
    path: str | None = name
    try:
        if name == files.STDIN:
            path = stdin_filename
            name = stdin_filename or "<stdin>"
            is_test = files.is_test_file(name)
            data = sys.stdin.buffer.read()
        else:
            data = files.read_file(name)
    except OSError as error:
        finding = engine.own_finding(engine.UNREADABLE, name, f"cannot be read: {error.strerror or error}")
        return FileReport(name, tuple(engine.visible([finding], settings)[0]))

    def lint(data: bytes, how: Settings = settings) -> FileReport:
        report = engine.check_bytes(data, name, how, is_test=is_test, path=path)
        if how.symptom is None:
            return report
        from kerlint.symptoms.verdict import weighed

        return weighed(report, how.symptom)

    if fixing is None or not fixing.is_on:
        return lint(data)

    def lint_new(data: bytes) -> FileReport:
        report = lint(data)
        if baseline is not None:
            # A copy, because the real one keeps in mind what it is asked.
            report = replace(baseline).without_known(report, settings)
        return report if changes is None else changes.only_new(report)

    # What comments silence must not grow either.
    everything = replace(settings, select=(), ignore=(), off=(), pedantic=True, comments=False, symptom=None)
    return fixing.check(
        data, name, None if target.path == files.STDIN else name, lint_new, lambda data: lint(data, everything), lint
    )
