"""`--fix`, `--unsafe-fixes` and `--diff`."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TypeVar

from kerlint.cli.printing import Wanted, print_report
from kerlint.cli.terminal import CLEAN, FAILED, FINDINGS, columns, use_color, warn
from kerlint.records import dataclass, field, replace

if TYPE_CHECKING:
    from kerlint.cli.run import Run
    from kerlint.finding import Finding
    from kerlint.fixer import Fixed, Lint
    from kerlint.report import FileReport

F = TypeVar("F", bound=Callable[..., object])


def fix_options(command: F) -> F:
    """The options of `kerlint check` that are about fixes."""
    import click

    for option in (
        click.option("--diff", is_flag=True, help="Change no file, and print what --fix would change."),
        click.option(
            "--unsafe-fixes/--no-unsafe-fixes",
            default=False,
            help="Apply fixes that change what the program does, too.",
        ),
        click.option("--fix", is_flag=True, help="Apply safe fixes to the files."),
    ):
        command = option(command)
    return command


@dataclass
class Fixing:
    """What is fixed in a run, and how often.

    Args:
        write: whether files are changed.
        diff: whether the changes are shown instead.
        fixed: how many findings are, or would be, fixed.
        would: how many more an unsafe fix would remove, counted for `diff` only.
        failed: whether a file could not be written.
        stdin: what is to be printed in the place of the report, for fixed standard input.
    """

    write: bool = False
    diff: bool = False
    unsafe: bool = False
    fixed: int = 0
    would: int = 0
    failed: bool = False
    stdin: bytes | None = None
    lines: list[str] = field(default_factory=list)

    @property
    def is_on(self) -> bool:
        """Whether anything is fixed at all."""
        return self.write or self.diff

    def check(self, data: bytes, name: str, path: str | None, lint: Lint, judge: Lint, report: Lint) -> FileReport:
        """The report about a file, once it has been fixed.

        Args:
            path: where to write it; None for standard input.
            lint, judge: as in `fix_bytes`.
            report: what is reported in the end.
        """
        from kerlint.fixer import fix_bytes, is_wanted
        from kerlint.output.text import display_path

        fixed = fix_bytes(data, lint, judge, unsafe=self.unsafe)
        for finding, reason in fixed.refused:
            place = f"{display_path(name)}:{_position(data, finding)}"
            warn(f"{place}: the fix of {finding.code} ({finding.name}) is left out: {reason}")
        if self.diff:
            self.fixed += len(fixed.applied)
            self.lines += _diff(name, data, fixed.data)
            self.would += sum(is_wanted(finding.fix, unsafe=True) for finding in lint(fixed.data).findings)
            # The file stays as it is.
            return report(data)
        if path is None:
            self.stdin = fixed.data
        elif fixed.data != data and not self._write(path, data, fixed):
            return report(data)
        self.fixed += len(fixed.applied)
        return report(fixed.data)

    def _write(self, path: str, data: bytes, fixed: Fixed) -> bool:
        from kerlint.output.text import display_path
        from kerlint.writing import rewrite

        try:
            rewrite(path, fixed.data, data)
        except OSError as error:
            warn(f"{display_path(path)}: cannot be written: {error.strerror or error}")
            self.failed = True
            return False
        return True

    def finish(self, run: Run, formats: tuple[Wanted, ...], color: str, *, statistics: bool, exit_zero: bool) -> int:
        """Prints the report, or the changes, and gives the exit status.

        The report is about the files as they are in the end: with `diff`, as they were.
        """
        from kerlint.output import Options

        if self.diff:
            self.print_diff()
            # The changes are what is printed; reports can only go to files.
            kept = tuple(wanted for wanted in formats if wanted.path is not None)
            print_report(run.report(), kept, Options(unsafe_fixes=self.unsafe), statistics=statistics)
            return FAILED if run.has_crashed else FINDINGS if self.lines else CLEAN
        to = None
        if self.stdin is not None:
            # What is fixed is the output, and the report must not get into it.
            sys.stdout.buffer.write(self.stdin)
            sys.stdout.flush()
            to = sys.stderr
        report = replace(run.report(), fixed=self.fixed)
        # Links are for a terminal, whatever the colours are for.
        stream = to or sys.stdout
        options = Options(use_color(color, to), self.unsafe, stream.isatty(), columns(stream), self.is_on)
        print_report(report, formats, options, statistics=statistics, to=to)
        return FAILED if self.failed else run.status(exit_zero)

    def print_diff(self) -> None:
        """Prints the changes, and on standard error how many there are."""
        import click

        for line in self.lines:
            sys.stdout.write(line + "\n")
        sys.stdout.flush()
        more = f" ({self.would} more with --unsafe-fixes)" if self.would and not self.unsafe else ""
        would = f"Would fix {self.fixed} finding{'' if self.fixed == 1 else 's'}" if self.fixed else "Would fix nothing"
        click.echo(f"{would}{more}.", err=True)


def _position(data: bytes, finding: Finding) -> str:
    from kerlint.output.text import position
    from kerlint.report import FileReport
    from kerlint.source import read_source

    report = FileReport(finding.filename, source=read_source(data, finding.filename))
    return position(report, finding.span.start_line, finding.span.start_column)


def _diff(name: str, old: bytes, new: bytes) -> Iterator[str]:
    """Yields the lines of a unified diff; that of a notebook is made cell by cell."""
    if old == new:
        return
    from kerlint.output.text import clean, display_path
    from kerlint.source import read_source

    before, after = read_source(old, name), read_source(new, name)
    shown = clean(display_path(name))
    if before.is_notebook:
        pairs = [
            (f"{shown}:cell {left.number}", left.source, right.source)
            for left, right in zip(before.cells, after.cells, strict=True)
        ]
    else:
        pairs = [(shown, before.text, after.text)]
    for label, left, right in pairs:
        if left != right:
            yield from _unified(label, left, right)


def _unified(label: str, left: str, right: str) -> Iterator[str]:
    import difflib

    # A person who reads it must not be fooled; a program that reads it needs the text as it is.
    from kerlint.output.text import clean

    to_terminal = sys.stdout.isatty()
    for line in difflib.unified_diff(_lines(left), _lines(right), label, label):
        ended = line.endswith("\n")
        text = line.removesuffix("\n")
        carriage = "\r" if text.endswith("\r") and not to_terminal else ""
        text = text.removesuffix("\r")
        yield (text[:1] + "    ".join(map(clean, text[1:].split("\t"))) if to_terminal else text) + carriage
        if not ended and not line.startswith(("---", "+++", "@@")):
            yield "\\ No newline at end of file"


def _lines(text: str) -> list[str]:
    """The lines with their ends, split at line feeds only, as `diff` and `patch` do."""
    return re.findall(r"[^\n]*\n|[^\n]+$", text)
