"""`kerlint check`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from kerlint.cli.caching import cache_option
from kerlint.cli.fixing import Fixing, fix_options
from kerlint.cli.formats import check_formats, format_options
from kerlint.cli.options import CheckCommand, choosing, symptom_name, symptoms
from kerlint.cli.printing import Wanted, default_formats
from kerlint.cli.probing import Probing, probe_options
from kerlint.cli.terminal import CLEAN, FAILED, print_lines, warn

if TYPE_CHECKING:
    from kerlint.baseline import Baseline
    from kerlint.changes import Changes
    from kerlint.cli.run import Run
    from kerlint.configuration.lookup import Lookup

_LEVELS = ("error", "warning", "advice")


@click.command(cls=CheckCommand, short_help="Lint files and folders; may be left out.")
@click.argument("paths", nargs=-1, type=click.Path(exists=True, allow_dash=True))
@choosing
@click.option(
    "--symptom",
    metavar="SYMPTOM",
    callback=symptom_name,
    shell_complete=symptoms,
    help="Show only what can cause this, the likeliest first, and what cannot. The symptoms are listed below.",
)
@fix_options
@probe_options
@format_options
@click.option("--color", type=click.Choice(("auto", "always", "never")), default="auto", help="When to use colours.")
@click.option("--fail-on", type=click.Choice(_LEVELS), help="The least severe finding to exit with 1 for.")
@click.option("--exit-zero", is_flag=True, help="Exit with 0 even if there are findings.")
@click.option("--stdin-filename", metavar="NAME", help="The name of what is read from standard input.")
@click.option("--baseline", metavar="FILE", type=click.Path(dir_okay=False), help="Leave out the findings in FILE.")
@click.option(
    "--write-baseline", metavar="FILE", type=click.Path(dir_okay=False), help="Write the findings to FILE as known."
)
@click.option("--diff-base", metavar="REV", help="Show only findings on lines that have changed since a git revision.")
@click.option("--add-ignore", metavar="[=REASON]", help="Write comments that silence the findings into the files.")
@click.option("--show-files", is_flag=True, help="Only list the files that would be linted.")
@click.option("--show-settings", is_flag=True, help="Only show what applies to PATHS, and why.")
@click.option(
    "-j", "--jobs", type=click.IntRange(1), metavar="N", help="Processes that share the work; usually all cores."
)
@click.option("--no-cache", is_flag=True, help="Neither use nor keep cached results.")
@cache_option
@click.option(
    "-v", "--verbose", is_flag=True, help="Show the traceback of an internal error, and which budgets have ended."
)
@click.pass_context
def check(
    ctx: click.Context,
    /,
    paths: tuple[str, ...],
    symptom: str | None,
    fix: bool,
    unsafe_fixes: bool,
    diff: bool,
    probe: bool,
    probe_python: str | None,
    probe_timeout: float,
    probe_script: str | None,
    output_formats: tuple[Wanted, ...],
    statistics: bool,
    color: str,
    exit_zero: bool,
    stdin_filename: str | None,
    force_exclude: bool,
    baseline: str | None,
    write_baseline: str | None,
    diff_base: str | None,
    add_ignore: str | None,
    show_files: bool,
    show_settings: bool,
    jobs: int | None,
    no_cache: bool,
    cache_dir: str | None,
    verbose: bool,
    **choice: Any,
) -> None:
    """Lint files, directories, or standard input (`-`). Without PATHS: the current directory.

    Exits with 0 if nothing was found, 1 if errors or warnings were, and 2 after misuse or an internal error.
    """
    from kerlint import files
    from kerlint.cli.run import Inputs, Means, lint, open_cache

    modes = {
        "--show-files": show_files,
        "--show-settings": show_settings,
        "--add-ignore": add_ignore is not None,
        "--write-baseline": write_baseline is not None,
        "--fix": fix or diff,
    }
    _only_one(modes)
    modes["--diff-base"] = diff_base is not None
    for name in ("--add-ignore", "--write-baseline", "--diff-base"):
        # None of them is about one symptom.
        _only_one({"--symptom": symptom is not None, name: modes[name]})
    _only_one({"--diff-base": diff_base is not None, "--write-baseline": write_baseline is not None})
    _only_one({"--baseline": baseline is not None, "--write-baseline": write_baseline is not None})
    output_formats = output_formats or default_formats(for_people=statistics or symptom is not None)
    check_formats(output_formats, statistics=statistics)
    fixing = Fixing(fix and not diff, diff, unsafe_fixes)
    names = paths or ((files.STDIN,) if stdin_filename else (".",))
    if add_ignore is not None and files.STDIN in names:
        raise click.UsageError("--add-ignore changes files, and standard input is none")
    inputs = Inputs(names, _lookup(**choice), stdin_filename, force_exclude)
    if show_files or show_settings:
        from kerlint.cli import show

        print_lines(show.files_of(inputs) if show_files else show.settings_of(inputs))
        ctx.exit(CLEAN)
    known, changes = _read_baseline(baseline), _changes(diff_base)
    probing = Probing(probe or probe_script is not None, probe_python, probe_timeout, probe_script)
    means = Means(open_cache(cache_dir) if not no_cache else None, jobs, probing.is_on, symptom)
    run = lint(inputs, baseline=known, verbose=verbose, fixing=fixing, means=means, changes=changes)
    if probing.is_on:
        probing.apply(run)
    if write_baseline is not None:
        ctx.exit(_write_baseline(write_baseline, run))
    if add_ignore is not None:
        from kerlint.cli.ignores import add_ignores

        ctx.exit(add_ignores(run, add_ignore))
    if known is not None:
        _tell_stale(known)
    if changes is not None:
        _tell_lost(changes)
    ctx.exit(fixing.finish(run, output_formats, color, statistics=statistics, exit_zero=exit_zero))


def _only_one(modes: dict[str, bool]) -> None:
    given = [name for name, value in modes.items() if value]
    if len(given) > 1:
        raise click.UsageError(f"{given[0]} makes no sense together with {given[1]}")


def _lookup(config: tuple[str, ...], isolated: bool, no_ignores: bool, fail_on: str | None, **choice: Any) -> Lookup:
    """The configurations of the run under the options of the command line, which have the same names."""
    from kerlint.configuration.lookup import Lookup
    from kerlint.configuration.model import CommandLine
    from kerlint.finding import Severity

    level = Severity(fail_on) if fail_on is not None else None
    return Lookup(CommandLine(comments=not no_ignores, fail_on=level, **choice), config, isolated=isolated)


def _read_baseline(path: str | None) -> Baseline | None:
    if path is None:
        return None
    from kerlint.baseline import BaselineError, read_baseline

    try:
        return read_baseline(path)
    except BaselineError as error:
        raise click.ClickException(str(error)) from error


def _changes(revision: str | None) -> Changes | None:
    if revision is None:
        return None
    from kerlint.changes import ChangesError, since

    try:
        return since(revision)
    except ChangesError as error:
        raise click.ClickException(f"--diff-base: {error}") from error


def _tell_lost(changes: Changes) -> None:
    number = len(changes.lost)
    if number:
        held = f"{number} file{'s' * (number != 1)} held then"
        warn(f"--diff-base: git does not have what {held}, and all of it counts as changed; `git diff REV` fetches it")


def _write_baseline(path: str, run: Run) -> int:
    from kerlint.baseline import write_baseline

    try:
        number = write_baseline(path, run.reports)
    except OSError as error:
        raise click.ClickException(f"{path}: cannot be written: {error.strerror or error}") from error
    from kerlint.output.text import clean as printable

    click.echo(f"Wrote {number} known finding{'s' * (number != 1)} to {printable(path)}.")
    return FAILED if run.has_crashed else CLEAN


def _tell_stale(baseline: Baseline) -> None:
    stale = baseline.stale()
    for entry in stale:
        left = "the file is gone" if entry.found is None else f"{entry.found} of {entry.known} left"
        warn(f"{baseline.path}: {entry.filename}: {entry.code}: {left}")
    if stale:
        warn(f"{baseline.path} knows of more than there is; write it again with --write-baseline")
