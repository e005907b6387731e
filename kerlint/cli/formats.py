"""The options `--output-format` and `--statistics`."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import click

from kerlint.cli.printing import Wanted

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

F = TypeVar("F", bound=Callable[..., object])


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


def check_formats(formats: tuple[Wanted, ...], *, statistics: bool) -> None:
    """Refuses what cannot be printed.

    Raises:
        click.UsageError: two formats for standard output or for one file, or statistics in a format that has none.
    """
    from kerlint.output import STATISTICS

    if sum(wanted.path is None for wanted in formats) > 1:
        raise click.UsageError(
            "only one --output-format can go to standard output; give the others a file, as in "
            "--output-format sarif=kerlint.sarif"
        )
    paths = [os.path.abspath(wanted.path) for wanted in formats if wanted.path is not None]
    for path in {path for path in paths if paths.count(path) > 1}:
        # What is no file, such as a pipe, takes in both.
        if os.path.isfile(path) or not os.path.exists(path):
            raise click.UsageError(f"only one --output-format can go to {os.path.relpath(path)}")
    wrong = [wanted.name for wanted in formats if statistics and wanted.name not in STATISTICS]
    if wrong:
        raise click.UsageError(f"--statistics cannot be printed as {wrong[0]}; use {', '.join(STATISTICS)}")
