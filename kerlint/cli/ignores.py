"""`--add-ignore`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kerlint.cli.terminal import CLEAN, FAILED, warn

if TYPE_CHECKING:
    from kerlint.cli.run import Run
    from kerlint.report import FileReport


def add_ignores(run: Run, reason: str) -> int:
    """Writes comments that silence what was found, and gives the exit status."""
    numbers = [_add(report, reason) for report in run.reports if report.source is not None]
    added = sum(number for number in numbers if number)
    changed = sum(bool(number) for number in numbers)
    files = f" in {changed} file{'s' * (changed != 1)}" if changed else ""
    click.echo(f"Added {added} comment{'s' * (added != 1)}{files}.")
    return FAILED if run.has_crashed or None in numbers else CLEAN


def _add(report: FileReport, reason: str) -> int | None:
    """The number of comments; None if the file could not be changed."""
    from kerlint.files import read_file
    from kerlint.fixer import Unfixable, applied
    from kerlint.ignoring import edits
    from kerlint.output.text import display_path
    from kerlint.writing import rewrite

    assert report.source is not None
    new = edits(report.findings, report.source, reason)
    if not new:
        return 0
    try:
        data = read_file(report.filename)
        rewrite(report.filename, applied(data, report.source, new), data)
    except (OSError, Unfixable) as error:
        text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        warn(f"{display_path(report.filename)}: no comments were added: {text}")
        return None
    return len(new)
