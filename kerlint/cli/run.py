"""A run over files: each is linted under its own configuration."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from kerlint import files
from kerlint.cli.terminal import CLEAN, FAILED, FINDINGS, warn
from kerlint.records import dataclass, field, replace

if TYPE_CHECKING:
    from kerlint.baseline import Baseline
    from kerlint.cache import Cache
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
    #: The files in which a budget ran out, without their findings.
    unfinished: list[FileReport] = field(default_factory=list)
    #: Whether the findings were tried out.
    probed: bool = False
    #: How many files have no changed line; None where all lines count.
    untouched: int | None = None
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
        if report.limits:
            self.unfinished.append(replace(report, findings=(), source=None, ruled_out=()))
        if report.ruled_out and not report.findings:
            self.cleared.append(report)
        if report.findings:
            self.reports.append(report)
            self.least.append(RANKS.index(configuration.fail_on))
            self.has_failed |= _fails(report, self.least[-1])
            self.has_crashed |= any(finding.code == "KX000" for finding in report.findings)

    def exchange(self, reports: Sequence[FileReport]) -> None:
        """Takes the same reports with verdicts: what an experiment has refuted does not count."""
        self.reports, self.probed = list(reports), True
        if self.symptom is not None:
            from kerlint.symptoms.verdict import weighed

            # Now it is known what does not show the symptom.
            self.reports = [weighed(report, self.symptom) for report in reports]
        self.has_failed = any(_fails(report, least) for report, least in zip(self.reports, self.least))

    def report(self) -> Report:
        """All of it."""
        from kerlint.report import Report

        report = Report(tuple(self.reports), self.checked, self.hidden, self.ignored, self.known)
        unfinished = tuple(self.unfinished)
        report = replace(report, unchanged=self.unchanged, unfinished=unfinished, untouched=self.untouched)
        report = replace(report, probed=self.probed)
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


@dataclass(frozen=True)
class Means:
    """How files are linted.

    Args:
        cache: what was found before; None to do without.
        jobs: how many processes share the work; None for as many as there are cores, if there is enough of it.
        probe: whether experiments are prepared.
        symptom: the only one that is asked about.
    """

    cache: Cache | None = None
    jobs: int | None = None
    probe: bool = False
    symptom: str | None = None


def open_cache(given: str | None) -> Cache | None:
    """The cache; None if there cannot be one."""
    from kerlint import cache

    # Who names a folder may name a link. A link in the project may lead anywhere.
    folder = os.path.realpath(given) if given is not None else cache.default_folder()
    if given is not None and not cache.is_usable(folder):
        warn(f"{given}: neither empty nor a cache of kerlint; no results are cached")
        return None
    return cache.Cache(folder)


@dataclass(frozen=True)
class Job:
    """A file, and what applies to it."""

    target: Target
    name: str
    configuration: Configuration
    settings: Settings


def lint(
    inputs: Inputs,
    *,
    baseline: Baseline | None = None,
    verbose: bool = False,
    fixing: Fixing | None = None,
    means: Means | None = None,
    changes: Changes | None = None,
) -> Run:
    """Lints all files, and fixes them where that is wanted.

    Args:
        baseline: what is known already, and left out.
        verbose: whether the tracebacks of crashes go to standard error.
        changes: what has changed; the rest is left out.
    """
    means = means if means is not None else Means()
    run = Run(symptom=means.symptom, untouched=None if changes is None else 0)
    jobs = _jobs(inputs, means, changes, run)
    for job, report in _reports(jobs, inputs.stdin_filename, means, fixing, baseline, changes):
        if verbose:
            _tell(report)
        if baseline is not None:
            report = baseline.without_known(report, job.settings)
        if changes is not None:
            report = changes.only_new(report)
        run.add(report, job.configuration)
    if not run.checked:
        warn("no Python files or notebooks were found")
    if means.cache is not None:
        means.cache.prune()
    return run


def _tell(report: FileReport) -> None:
    """Says on standard error what went wrong with a file, and which budgets ended."""
    import click

    from kerlint import __version__
    from kerlint.output.text import clean, display_path

    name = clean(display_path(report.filename))
    for text in report.tracebacks:
        version = ".".join(map(str, sys.version_info[:3]))
        click.echo(f"{name}: kerlint {__version__}, Python {version}, {sys.platform}", err=True)
        click.echo("\n".join(map(clean, text.split("\n"))), err=True)
    for limit in (*report.limits, *report.limits_elsewhere):
        click.echo(f"note: {name}: {clean(limit)}; there may be more to find", err=True)


def _reports(
    jobs: Iterator[Job],
    stdin_filename: str | None,
    means: Means,
    fixing: Fixing | None,
    baseline: Baseline | None,
    changes: Changes | None,
) -> Iterator[tuple[Job, FileReport]]:
    """Yields the files with their reports, in the order of the files."""
    if means.jobs == 1 or (fixing is not None and fixing.is_on):
        for job in jobs:
            yield job, check_file(job, stdin_filename, means.cache, fixing, baseline, changes)
        return
    from kerlint.cli import sharing

    yield from sharing.reports(list(jobs), means, stdin_filename)


def _jobs(inputs: Inputs, means: Means, changes: Changes | None, run: Run) -> Iterator[Job]:
    """The files to lint; those in which nothing has changed are only counted."""
    for target in inputs.targets():
        if changes is not None and target.path != files.STDIN and not changes.touch(target.path):
            run.checked += 1
            run.untouched = (run.untouched or 0) + 1
        else:
            yield _job(inputs, means, target)


def _job(inputs: Inputs, means: Means, target: Target) -> Job:
    name = inputs.name(target)
    configuration = inputs.configuration(target)
    settings = configuration.settings(name)
    if means.probe or means.symptom:
        settings = replace(settings, probe=means.probe, symptom=means.symptom)
    return Job(target, name, configuration, settings)


def check_file(
    job: Job,
    stdin_filename: str | None,
    cache: Cache | None = None,
    fixing: Fixing | None = None,
    baseline: Baseline | None = None,
    changes: Changes | None = None,
) -> FileReport:
    """The findings in one file.

    Args:
        baseline: what is known, and not to be fixed. It is not taken out of the report.
        changes: what has changed; the rest is not to be fixed either, and not taken out of the report.
    """
    from kerlint import linting

    name, is_test, settings = job.target.path, job.target.is_test, job.settings
    path: str | None = name
    try:
        if name == files.STDIN:
            path = stdin_filename
            name = stdin_filename or "<stdin>"
            is_test = files.is_test_file(name)
            data = files.read_stream(sys.stdin.buffer)
        else:
            data = files.read_file(name)
    except OSError as error:
        return linting.unreadable(name, error, settings)

    def lint(data: bytes, how: Settings = settings) -> FileReport:
        # What comes from standard input is about to change.
        kept = cache if job.target.path != files.STDIN else None
        return linting.lint_data(data, name, how, kept, is_test=is_test, path=path)

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
        data,
        name,
        None if job.target.path == files.STDIN else name,
        lint_new,
        lambda data: lint(data, everything),
        lint,
    )
