"""The command line: options in, exit status out. What is heavy is imported where it is used."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from kerlint import __version__

if TYPE_CHECKING:
    from kerlint.engine import Settings
    from kerlint.files import Target
    from kerlint.report import FileReport, Report

CLEAN, FINDINGS, FAILED, INTERRUPTED = 0, 1, 2, 130

_FORMATS = ("full", "concise", "json", "github")


class _DefaultToCheck(click.Group):
    """A group for which `kerlint PATHS` means `kerlint check PATHS`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        own = {*self.commands, *(option for parameter in self.get_params(ctx) for option in parameter.opts)}
        if not args:
            click.echo(ctx.get_help())
            ctx.exit(CLEAN)
        if args[0] not in own:
            args = ["check", *args]
        return super().parse_args(ctx, args)


@click.group(cls=_DefaultToCheck, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="kerlint", message="%(prog)s %(version)s")
def cli() -> None:
    """Finds the reasons why a Keras model does not learn, without running it.

    `kerlint PATHS` is short for `kerlint check PATHS`.
    """


def _words(_: click.Context, __: click.Parameter, values: Sequence[str]) -> tuple[str, ...]:
    return tuple(word for value in values for word in value.replace(",", " ").split())


def _version(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    if value is not None and not re.fullmatch(r"[23](\.[0-9]{1,3})?", value):
        raise click.BadParameter("it is a version of Keras: 2, 3, or one like 3.4")
    return value


@cli.command()
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
@click.option("--probe", is_flag=True, help="Confirm or refute findings by short experiments; needs TensorFlow.")
@click.option("--probe-python", metavar="PATH", help="A Python with TensorFlow, if the one of kerlint has none.")
@click.option(
    "--probe-timeout",
    metavar="SECONDS",
    type=click.FloatRange(min=1),
    default=120.0,
    show_default=True,
    help="The time for all experiments together.",
)
@click.option(
    "--probe-script", metavar="PATH", help="Write Keras scripts of the experiments: a directory, or a .py file."
)
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
    probe: bool,
    probe_python: str | None,
    probe_timeout: float,
    probe_script: str | None,
) -> None:
    """Lint files, directories, or standard input (`-`). Without PATHS: the current directory.

    Exits with 0 if nothing was found, 1 if errors or warnings were, and 2 after misuse or an internal error.
    """
    from kerlint import engine, files, output
    from kerlint.report import Report

    probe = probe or probe_script is not None
    settings = engine.Settings(select, ignore, pedantic, target_keras, probe)
    if select or ignore:
        _validate(settings)
    reports: list[FileReport] = []
    checked = hidden = 0
    for target in files.discover(paths or ((files.STDIN,) if stdin_filename else (".",)), _warn):
        report = _check_file(target, settings, stdin_filename)
        checked += 1
        hidden += report.hidden
        if report.findings:
            reports.append(report)
        if verbose:
            for text in report.tracebacks:
                click.echo(text, err=True)
    if not checked:
        _warn("no Python files or notebooks were found")
    result = Report(tuple(reports), checked, hidden)
    if probe:
        result = _probed(result, probe_python, probe_timeout, probe_script)
    _print(output.renderer(output_format)(result, output.Options(_use_color(color))))
    ctx.exit(_status(result, exit_zero))


def _probed(report: Report, python: str | None, seconds: float, script: str | None) -> Report:
    """The report with verdicts, and scripts that reproduce them where they are asked for."""
    from kerlint.probe.runner import Options, probed

    shown = sys.stderr.isatty()

    def progress(done: int, count: int) -> None:
        click.echo(f"\r\x1b[Kprobing {done + 1} of {count} ..." if done < count else "\r\x1b[K", nl=False, err=True)

    result, missing = probed(report, Options(python, seconds), progress if shown else lambda *_: None)
    if missing is not None:
        _warn(f"nothing was probed: {missing}; pip install 'kerlint[probe]', or name another Python: --probe-python")
    if script is not None:
        from kerlint.probe.script import write_scripts

        for path in write_scripts(result, script):
            click.echo(f"wrote {path}", err=True)
    return result


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
    if exit_zero or all(finding.severity is Severity.ADVICE or finding.is_refuted for finding in report.findings):
        return CLEAN
    return FINDINGS


@cli.command()
@click.argument("file", type=click.Path(exists=True, allow_dash=True, dir_okay=False))
@click.option(
    "--output-format", type=click.Choice(("text", "json")), default="text", show_default=True, help="How to print it."
)
@click.option("--color", type=click.Choice(("auto", "always", "never")), default="auto", help="When to use colours.")
@click.option("--stdin-filename", metavar="NAME", help="The name of what is read from standard input.")
@click.pass_context
def summary(ctx: click.Context, file: str, output_format: str, color: str, stdin_filename: str | None) -> None:
    """Print the models that a script or notebook builds, and how they are trained, without running it.

    Layers, output shapes and numbers of weights are those of `model.summary()` in Keras 3. What cannot be known
    from the text is said so. Exits with 2 if FILE cannot be read.
    """
    from kerlint import engine, files
    from kerlint.source import SourceError
    from kerlint.summary.output import render

    name = (stdin_filename or "<stdin>") if file == files.STDIN else file
    try:
        data = sys.stdin.buffer.read() if file == files.STDIN else files.read_file(file)
        models, source = engine.summarize_bytes(data, name, stdin_filename if file == files.STDIN else file)
    except SourceError as error:
        raise click.ClickException(f"{name}:{error.line}:{error.column}: {error.message}") from error
    except OSError as error:
        raise click.ClickException(f"{name}: {error.strerror or error}") from error
    for broken in source.broken:
        place = source.place(broken.line, broken.column)
        _warn(f"{name}: cell {place.cell} is left out: syntax error: {broken.message}")
    _print(render(output_format, models, source, _use_color(color)))
    if not models:
        _warn("no Keras models were found")
    ctx.exit(CLEAN)


@cli.command()
@click.argument("rule", required=False, metavar="CODE|NAME")
@click.option("--all", "every", is_flag=True, help="Explain all rules.")
def rule(rule: str | None, every: bool) -> None:
    """Explain a rule."""
    from kerlint.engine import unknown_rule
    from kerlint.rules import all_rules
    from kerlint.rules.documentation import OWN_PAGES, page_of

    pages = [*(page_of(one) for one in all_rules()), *OWN_PAGES]
    if every == (rule is not None):
        raise click.UsageError("name one rule, or use --all")
    if rule is not None:
        chosen = [page for page in pages if rule.upper() == page.code or rule.lower() == page.name]
        if not chosen:
            raise click.UsageError(unknown_rule(rule, (word for page in pages for word in (page.code, page.name))))
        pages = chosen
    _print(line for page in pages for line in page.markdown().split("\n"))


def _warn(text: str) -> None:
    from kerlint.output.text import clean

    click.echo(f"warning: {clean(text)}", err=True)


def _use_color(when: str) -> bool:
    if when != "auto":
        return when == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR", "0") not in ("", "0"):
        return True
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def _print(lines: Iterator[str]) -> None:
    try:
        for line in lines:
            sys.stdout.write(line + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader has seen enough. Without a stream Python does not fail once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def main() -> None:
    """The entry point."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        status = cli.main(prog_name="kerlint", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        status = FAILED
    except (click.Abort, KeyboardInterrupt):
        status = INTERRUPTED
    except OSError as error:
        # A full disk, for one.
        click.echo(f"error: {error}", err=True)
        status = FAILED
    sys.exit(status)
