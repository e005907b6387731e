"""What is printed, and where."""

from __future__ import annotations

import os
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


def print_report(
    report: Report, formats: tuple[Wanted, ...], options: Options, *, statistics: bool = False, to: TextIO | None = None
) -> None:
    """Prints and writes a report in all formats.

    Raises:
        click.ClickException: a file cannot be written.
    """
    from kerlint.output import renderer, statistics_renderer

    for wanted in formats:
        render = statistics_renderer(wanted.name) if statistics else renderer(wanted.name)
        if wanted.path is None:
            print_lines(render(report, options), to)
        else:
            _write(wanted.path, render(report, replace(options, color=False)))


def _write(path: str, lines: Iterator[str]) -> None:
    try:
        folder = os.path.dirname(path)
        if folder:
            os.makedirs(folder, exist_ok=True)
        with open(path, "w", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
            file.writelines(f"{line}\n" for line in lines)
    except OSError as error:
        import click

        raise click.ClickException(f"{path}: cannot be written: {error.strerror or error}") from error
