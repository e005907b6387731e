"""`kerlint check`."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from kerlint.cli.terminal import CLEAN, FAILED, FINDINGS, print_lines, use_color, warn

if TYPE_CHECKING:
    from kerlint.engine import Settings
    from kerlint.files import Target
    from kerlint.report import FileReport, Report

_FORMATS = ("full", "concise", "json", "github")


def _words(_: click.Context, __: click.Parameter, values: Sequence[str]) -> tuple[str, ...]:
    return tuple(word for value in values for word in value.replace(",", " ").split())


def _version(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    if value is not None and not re.fullmatch(r"[23](\.[0-9]{1,3})?", value):
        raise click.BadParameter("it is a version of Keras: 2, 3, or one like 3.4")
    return value


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(exists=True, allow_dash=True))
@click.option("--select", multiple=True, callback=_words, help="Rules to apply: codes, prefixes, names or ALL.")
@click.option("--ignore", multiple=True, callback=_words, help="Rules to leave out, likewise.")
@click.option("--pedantic", is_flag=True, help="Show advice, too.")
@click.option(
    "--output-format",
    type=click.Choice(_FORMATS),
    default="full",
    envvar="KERLINT_OUTPUT_FORMAT",
    show_default=True,
    show_envvar=True,
    help="How to print findings.",
)
@click.option("--color", type=click.Choice(("auto", "always", "never")), default="auto", help="When to use colours.")
@click.option("--exit-zero", is_flag=True, help="Exit with 0 even if there are findings.")
@click.option("--stdin-filename", metavar="NAME", help="The name of what is read from standard input.")
@click.option(
    "--target-keras", metavar="VERSION", callback=_version, help="The Keras that the code is for: 2, 3 or 3.4."
)
@click.option("--isolated", is_flag=True, help="Ignore configuration files.")
@click.option("--no-cache", is_flag=True, help="Do not use cached results.")
@click.option("-v", "--verbose", is_flag=True, help="Show the traceback of an internal error.")
@click.pass_context
def check(
    ctx: click.Context,
    paths: tuple[str, ...],
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    pedantic: bool,
    output_format: str,
    color: str,
    exit_zero: bool,
    stdin_filename: str | None,
    target_keras: str | None,
    isolated: bool,  # there are no configuration files yet
    no_cache: bool,  # there is no cache yet
    verbose: bool,
) -> None:
    """Lint files, directories, or standard input (`-`). Without PATHS: the current directory.

    Exits with 0 if nothing was found, 1 if errors or warnings were, and 2 after misuse or an internal error.
    """
    from kerlint import engine, files, output
    from kerlint.report import Report

    settings = engine.Settings(select, ignore, pedantic, target_keras)
    if select or ignore:
        _validate(settings)
    reports: list[FileReport] = []
    checked = hidden = 0
    for target in files.discover(paths or ((files.STDIN,) if stdin_filename else (".",)), warn):
        report = _check_file(target, settings, stdin_filename)
        checked += 1
        hidden += report.hidden
        if report.findings:
            reports.append(report)
        if verbose:
            for text in report.tracebacks:
                click.echo(text, err=True)
    if not checked:
        warn("no Python files or notebooks were found")
    result = Report(tuple(reports), checked, hidden)
    print_lines(output.renderer(output_format)(result, output.Options(use_color(color))))
    ctx.exit(_status(result, exit_zero))


def _validate(settings: Settings) -> None:
    from kerlint import engine

    try:
        engine.rules_for(settings)
    except engine.SelectionError as error:
        raise click.UsageError(str(error)) from error


def _check_file(target: Target, settings: Settings, stdin_filename: str | None) -> FileReport:
    from kerlint import engine, files
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
    return engine.check_bytes(data, name, settings, is_test=is_test, path=path)


def _status(report: Report, exit_zero: bool) -> int:
    from kerlint.engine import INTERNAL_ERROR
    from kerlint.finding import Severity

    if any(finding.code == INTERNAL_ERROR for finding in report.findings):
        return FAILED
    if exit_zero or all(finding.severity is Severity.ADVICE for finding in report.findings):
        return CLEAN
    return FINDINGS
