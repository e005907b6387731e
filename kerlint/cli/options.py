"""The options that choose files and rules, and how they are read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

from kerlint.rules.base import SYMPTOMS
from kerlint.selection import check_version

Command = TypeVar("Command", bound="Callable[..., Any]")


def words(_: click.Context, __: click.Parameter, values: Sequence[str]) -> tuple[str, ...]:
    """Several words in one value, and several values."""
    return tuple(word for value in values for word in value.replace(",", " ").split())


def patterns(_: click.Context, __: click.Parameter, values: Sequence[str]) -> tuple[str, ...]:
    """The same for patterns of files, which may have blanks in them."""
    return tuple(word.strip() for value in values for word in value.split(",") if word.strip())


def version(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    """A version of Keras."""
    if value is not None:
        try:
            check_version(value)
        except ValueError as error:
            raise click.BadParameter(str(error)) from None
    return value


def per_file(_: click.Context, __: click.Parameter, values: Sequence[str]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Patterns of files with the rules that are off in them, as `tests/**:KL001,KO`."""
    found: list[tuple[str, tuple[str, ...]]] = []
    for value in values:
        pattern, colon, rules = value.rpartition(":")
        selectors = tuple(rules.replace(",", " ").split())
        if not (colon and pattern and selectors):
            raise click.BadParameter(f"{value!r} is no PATTERN:RULES")
        found.append((pattern, selectors))
    return tuple(found)


def selectors(_: click.Context, __: click.Parameter, incomplete: str) -> list[str]:
    """What selects rules and begins so, for the completion of shells; what stands before a comma is left."""
    from kerlint.configuration.checking import read_schema

    before, comma, word = incomplete.rpartition(",")
    known = read_schema()["$defs"]["Selector"]["enum"]
    return [f"{before}{comma}{name}" for name in known if name.startswith(word)]


def symptoms(_: click.Context, __: click.Parameter, incomplete: str) -> list[str]:
    """The symptoms that begin so, for the completion of shells."""
    return [name for name in SYMPTOMS if name.startswith(incomplete)]


#: The options of `kerlint check` as its help page shows them; what is in none of them is under Other.
_SECTIONS = {
    "Rules": (
        "select",
        "ignore",
        "extend_select",
        "per_file_ignores",
        "pedantic",
        "target_keras",
        "no_ignores",
        "config",
        "isolated",
    ),
    "Files": ("exclude", "extend_exclude", "force_exclude", "stdin_filename", "diff_base"),
    "Answers": ("symptom", "probe", "probe_python", "probe_timeout", "probe_script"),
    "Fixes and comments": ("fix", "unsafe_fixes", "diff", "add_ignore"),
    "Output": ("output_formats", "statistics", "color", "show_files", "show_settings", "verbose"),
    "What counts": ("fail_on", "exit_zero", "baseline", "write_baseline"),
    "Speed": ("jobs", "no_cache", "cache_dir"),
}


class CheckCommand(click.Command):
    """A command with options whose value may be left out, and with a help page that has sections.

    Such a value is given with `=` only: `--add-ignore[=REASON]`.
    """

    optional: tuple[str, ...] = ("--add-ignore",)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The options by section, and the symptoms."""
        options = [one for one in self.get_params(ctx) if isinstance(one, click.Option)]
        left = {one.name: record for one in options if (record := one.get_help_record(ctx)) is not None}
        for title, names in _SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl([left.pop(name) for name in names])
        with formatter.section("Other"):
            formatter.write_dl(list(left.values()))
        from kerlint.symptoms.words import WORDS

        with formatter.section("Symptoms"):
            formatter.write_dl([(name, words.meaning) for name, words in WORDS.items()])

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Click would take the next word as the value."""
        end = args.index("--") if "--" in args else len(args)
        spelled = [f"{word}=" if word in self.optional else word for word in args[:end]]
        return super().parse_args(ctx, [*spelled, *args[end:]])


_CHOOSING = (
    click.option(
        "--select",
        multiple=True,
        metavar="RULES",
        callback=words,
        shell_complete=selectors,
        help="Rules to apply: codes, prefixes of codes, names or ALL, separated by commas.",
    ),
    click.option(
        "--ignore",
        multiple=True,
        metavar="RULES",
        callback=words,
        shell_complete=selectors,
        help="Rules to leave out, likewise.",
    ),
    click.option(
        "--extend-select",
        multiple=True,
        metavar="RULES",
        callback=words,
        shell_complete=selectors,
        help="Rules to apply besides the configured ones.",
    ),
    click.option(
        "--per-file-ignores",
        multiple=True,
        metavar="PATTERN:RULES",
        callback=per_file,
        help="Rules that are off in some files.",
    ),
    click.option("--pedantic", is_flag=True, help="Show advice, too."),
    click.option("--no-ignores", is_flag=True, help="Report what comments in the files silence."),
    click.option(
        "--target-keras", metavar="VERSION", callback=version, help="The Keras that the code is for: 2, 3 or 3.4."
    ),
    click.option(
        "--exclude",
        multiple=True,
        metavar="PATTERNS",
        callback=patterns,
        help="Files and folders to leave out, instead of the usual ones.",
    ),
    click.option(
        "--extend-exclude",
        multiple=True,
        metavar="PATTERNS",
        callback=patterns,
        help="Files and folders to leave out, too.",
    ),
    click.option("--force-exclude", is_flag=True, help="Leave them out even where they are named."),
    click.option(
        "--config",
        multiple=True,
        metavar="FILE|KEY=VALUE",
        help="A configuration file for all files, or a single setting in TOML.",
    ),
    click.option("--isolated", is_flag=True, help="Ignore configuration files."),
)


def choosing(command: Command) -> Command:
    """Adds the options that choose files and rules."""
    for option in reversed(_CHOOSING):
        command = option(command)
    return command


def symptom_name(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    """A symptom."""
    if value is None or value in SYMPTOMS:
        return value
    from difflib import get_close_matches

    close = get_close_matches(value.lower(), SYMPTOMS, n=1, cutoff=0.5)
    hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(SYMPTOMS)}"
    raise click.BadParameter(f"unknown symptom {value!r}; {hint}")
