"""`--output-format` and `--statistics`: what is printed, and where."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, TextIO, TypeVar

import click

from kerlint.cli.terminal import print_lines
from kerlint.records import dataclass

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from kerlint.output import Options
    from kerlint.report import Report

F = TypeVar("F", bound=Callable[..., object])


@dataclass(frozen=True)
class Wanted:
    """A format, and the file to write it to; None for standard output."""

    name: str
    path: str | None = None


class _Format(click.ParamType):  # type: ignore[type-arg]
    """`FORMAT` or `FORMAT=FILE`."""

    name = "format"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Wanted:
        from kerlint.output import FORMATS

        if isinstance(value, Wanted):
            return value
        name, separator, path = str(value).partition("=")
        if name not in FORMATS:
            import difflib

            close = difflib.get_close_matches(name, FORMATS, n=1)
            hint = f"; did you mean {close[0]}?" if close else ""
            self.fail(f"{name!r} is not one of {', '.join(FORMATS)}{hint}", param, ctx)
        if separator and not path:
            self.fail(f"{value!r} names no file", param, ctx)
        return Wanted(name, path or None)

    def shell_complete(self, _: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem

        from kerlint.output import FORMATS

        return [CompletionItem(name) for name in FORMATS if name.startswith(incomplete)]


def format_options(command: F) -> F:
    """The options of `kerlint check` that are about its output."""
    for option in (
        click.option("--statistics", is_flag=True, help="Print how often each rule has found something, only."),
        click.option(
            "--output-format",
            "output_formats",
            type=_Format(),
            multiple=True,
            metavar="FORMAT[=FILE]",
            envvar="KERLINT_OUTPUT_FORMAT",
            show_default="full; github inside GitHub Actions",
            show_envvar=True,
            help="How to print findings, and where: full, concise, grouped, json, json-lines, github, gitlab, junit, "
            "sarif or html. May be given several times.",
        ),
    ):
        command = option(command)
    return command


def default_formats(*, for_people: bool) -> tuple[Wanted, ...]:
    """What is printed where nothing is said about it: annotations inside GitHub Actions, else text.

    Args:
        for_people: whether what is asked for has no place in annotations.
    """
    inside_actions = os.environ.get("GITHUB_ACTIONS") == "true"
    return (Wanted("github" if inside_actions and not for_people else "full"),)


def check_formats(formats: tuple[Wanted, ...], *, statistics: bool) -> None:
    """Refuses what cannot be printed.

    Raises:
        click.UsageError: two formats for standard output, or statistics in a format that has none.
    """
    from kerlint.output import STATISTICS

    if sum(wanted.path is None for wanted in formats) > 1:
        raise click.UsageError(
            "only one --output-format can go to standard output; give the others a file, as in "
            "--output-format sarif=kerlint.sarif"
        )
    wrong = [wanted.name for wanted in formats if statistics and wanted.name not in STATISTICS]
    if wrong:
        raise click.UsageError(f"--statistics cannot be printed as {wrong[0]}; use {', '.join(STATISTICS)}")


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
            _write(wanted.path, render(report, replace(options, color=False, width=None)))


def _write(path: str, lines: Iterator[str]) -> None:
    from kerlint.writing import write_report

    try:
        folder = os.path.dirname(path)
        if folder:
            os.makedirs(folder, exist_ok=True)
        text = "".join(f"{line}\n" for line in lines)
        write_report(path, text.encode("utf-8", "backslashreplace"))
    except OSError as error:
        raise click.ClickException(f"{path}: cannot be written: {error.strerror or error}") from error
