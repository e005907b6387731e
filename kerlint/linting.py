"""Linting with a cache: what was found before is not looked for again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerlint import files
from kerlint.crashes import ISSUES
from kerlint.report import FileReport
from kerlint.source import mentions_keras

if TYPE_CHECKING:
    from kerlint.cache import Cache
    from kerlint.selection import Settings


def known_report(
    data: bytes, name: str, settings: Settings, cache: Cache | None, *, is_test: bool
) -> FileReport | None:
    """The report about a file, if it takes no linting to tell."""
    if not mentions_keras(data):
        return FileReport(name)
    # Experiments take longer than anything that a cache could save.
    found = cache.find(data, name, settings, is_test=is_test) if cache is not None and not settings.probe else None
    return None if found is None else _weighed(found, settings)


def lint_data(
    data: bytes, name: str, settings: Settings, cache: Cache | None, *, is_test: bool, path: str | None
) -> FileReport:
    """The report about a text.

    Args:
        path: as in `engine.check_bytes`. There is a cache for texts that have one, only.
    """
    found = known_report(data, name, settings, cache, is_test=is_test)
    if found is not None:
        return found
    from kerlint import engine, memory
    from kerlint.surroundings import Surroundings

    around = Surroundings()
    found = engine.check_bytes(data, name, settings, is_test=is_test, path=path, around=around)
    memory.linted()
    if cache is not None and not settings.probe:
        cache.keep(data, settings, found, around, is_test=is_test)
    return _weighed(found, settings)


def _weighed(report: FileReport, settings: Settings) -> FileReport:
    """The report as the answer to what was asked."""
    if settings.symptom is None:
        return report
    from kerlint.symptoms.verdict import weighed

    return weighed(report, settings.symptom)


def lint_file(name: str, settings: Settings, cache: Cache | None, *, is_test: bool) -> FileReport:
    """The report about a file."""
    try:
        data = files.read_file(name)
    except OSError as error:
        return unreadable(name, error, settings)
    return lint_data(data, name, settings, cache, is_test=is_test, path=name)


def unreadable(name: str, error: OSError, settings: Settings) -> FileReport:
    """The report about a file that cannot be read."""
    from kerlint import engine

    finding = engine.own_finding(engine.UNREADABLE, name, f"cannot be read: {error.strerror or error}")
    return FileReport(name, tuple(engine.visible([finding], settings)[0]))


def died(name: str, how: str) -> FileReport:
    """The report about a file whose linting ended the process that did it."""
    from kerlint import engine

    advice = f"run again with --jobs 1 to see more, and please report it at {ISSUES}"
    message = f"the process that linted this file {how}"
    return FileReport(name, (engine.own_finding(engine.INTERNAL_ERROR, name, message, help=advice),))
