"""What is printed, and where."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, TextIO

from kerlint.cli.terminal import print_lines
from kerlint.records import dataclass, replace

if TYPE_CHECKING:
    from kerlint.output import Options
    from kerlint.report import Report


@dataclass(frozen=True)
class Wanted:
    """A format, and the file to write it to; None for standard output."""

    name: str
    path: str | None = None


def default_formats(*, for_people: bool) -> tuple[Wanted, ...]:
    """What is printed where nothing is said about it: annotations inside GitHub Actions, else text.

    Args:
        for_people: whether what is asked for has no place in annotations.
    """
    inside_actions = os.environ.get("GITHUB_ACTIONS") == "true"
    return (Wanted("github" if inside_actions and not for_people else "full"),)


def print_report(
    report: Report, formats: tuple[Wanted, ...], options: Options, *, statistics: bool = False, to: TextIO | None = None
) -> None:
    """Prints and writes a report in all formats.

    Raises:
        click.ClickException: a file cannot be written.
    """
    from kerlint.output import FOR_PEOPLE, renderer, statistics_renderer

    if report.unfinished and not any(wanted.path is None and wanted.name in FOR_PEOPLE for wanted in formats):
        tell_unfinished(report)
    for wanted in formats:
        render = statistics_renderer(wanted.name) if statistics else renderer(wanted.name)
        if wanted.path is None:
            print_lines(render(report, options), to)
        else:
            _write(wanted.path, render(report, replace(options, color=False, width=None)))


def tell_unfinished(report: Report) -> None:
    """Says on standard error that not everything was looked at, for formats that do not say it in words."""
    from kerlint.output.text import unfinished

    sys.stderr.write(f"note: {unfinished(report)}\n")


def _write(path: str, lines: Iterator[str]) -> None:
    from kerlint.writing import write_report

    try:
        folder = os.path.dirname(path)
        if folder:
            os.makedirs(folder, exist_ok=True)
        text = "".join(f"{line}\n" for line in lines)
        write_report(path, text.encode("utf-8", "backslashreplace"))
    except OSError as error:
        import click

        raise click.ClickException(f"{path}: cannot be written: {error.strerror or error}") from error
