"""`%load_ext kerlint` in IPython and Jupyter: `%kerlint` lints the notebook so far, `%%kerlint` a cell before it runs.

What is linted is the text of the cells that have been run, in the order in which they were first run. A cell that has
been changed and run again counts as it is now, where the front end tells its cells apart; Jupyter and VS Code do.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import shlex
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from kerlint.finding import Finding
from kerlint.output.full import render_finding
from kerlint.output.html_format import render_part
from kerlint.output.text import Paint, summary
from kerlint.records import dataclass
from kerlint.report import FileReport, Report

#: What the notebook is called in findings; IPython does not know its name.
NAME = "notebook.ipynb"
#: The attribute under which a shell keeps what it knows of its cells.
_MEMORY = "_kerlint_memory"


@dataclass(frozen=True)
class Cell:
    """A cell that has been run.

    Args:
        number: as in `In [number]`.
    """

    number: int
    text: str


class CellError(Exception):
    """A cell is no Python."""


class Rendered:
    """Findings as the front end shows them: text in a terminal, HTML in a notebook."""

    def __init__(self, report: Report) -> None:
        self.report = report

    def _repr_html_(self) -> str:
        return "\n".join(render_part(self.report))

    def __repr__(self) -> str:
        return self._text(Paint(False))

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(self._text(Paint(sys.stdout.isatty() and not os.environ.get("NO_COLOR"))))

    def _text(self, paint: Paint) -> str:
        blocks = [
            "\n".join(render_finding(file, finding, paint)) for file in self.report.files for finding in file.findings
        ]
        return "\n\n".join(blocks)


def load(shell: Any) -> None:
    """Gives a shell its magics."""
    if not hasattr(shell, _MEMORY):
        setattr(shell, _MEMORY, _Memory(shell))

    def kerlint(line: str = "", cell: str | None = None) -> None:
        if cell is None:
            _lint_notebook(shell, line)
        else:
            _lint_cell(shell, line, cell)

    kerlint.__doc__ = f"{_parser('line').format_help()}\n{_parser('cell').format_help()}"
    shell.register_magic_function(kerlint, magic_kind="line_cell", magic_name="kerlint")


def unload(shell: Any) -> None:
    """Takes them away."""
    for magics in shell.magics_manager.magics.values():
        magics.pop("kerlint", None)
    memory = getattr(shell, _MEMORY, None)
    if memory is not None:
        memory.forget()
        delattr(shell, _MEMORY)


class _Memory:
    """Which cell of the notebook each of the texts is that have been run."""

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._ids: dict[int, str] = {}
        shell.events.register("pre_run_cell", self._note)

    def forget(self) -> None:
        """Ends."""
        self._shell.events.unregister("pre_run_cell", self._note)

    def _note(self, info: Any) -> None:
        cell_id = getattr(info, "cell_id", None)
        if cell_id and info.store_history:
            history = self._history
            # Old versions of IPython write it down after they have told of it.
            is_written = bool(history) and history[-1] == info.raw_cell.rstrip("\n")
            self._ids[len(history) - is_written] = cell_id

    @property
    def _history(self) -> Sequence[str]:
        found: Sequence[str] = self._shell.history_manager.input_hist_raw
        return found

    def cells(self) -> list[Cell]:
        """What has been run, the cell that runs now included."""
        found: dict[object, Cell] = {}
        for number, text in enumerate(self._history):
            # A text that comes again takes the place that it had: what follows it may need it there.
            found[self._ids.get(number, number)] = Cell(number, text)
        return [cell for cell in found.values() if cell.number and cell.text.strip()]


def _lint_notebook(shell: Any, line: str) -> None:
    options = _options("line", line)
    report = _checked(getattr(shell, _MEMORY).cells(), options)
    if report.findings:
        _display(Rendered(report))
    words = summary(report)
    print(words.removesuffix(".").replace(" in 1 of 1 file", "").replace(" in 1 file", "") + ".")  # noqa: T201
    _tell_limits(report)


def _lint_cell(shell: Any, line: str, text: str) -> None:
    options = _options("cell", line)
    cells = getattr(shell, _MEMORY).cells()
    if not cells or text.strip() not in cells[-1].text:
        # It does not come from the notebook, but from a program that calls the magic.
        cells = [*cells, Cell(shell.execution_count, text)]
    report = _about(_checked(cells, options), cells[-1].number)
    if report.findings:
        _display(Rendered(report))
    _tell_limits(report)
    if options.no_run:
        if not report.findings:
            print("No problems found.")  # noqa: T201
        return
    outcome = shell.run_cell(text)
    error = outcome.error_before_exec or outcome.error_in_exec
    if error is not None:
        # The cell has failed, and those behind it must not run; but its error is on the screen already.
        if isinstance(error, SyntaxError):
            # IPython shows these whatever they say.
            error = CellError(str(error))
        error._render_traceback_ = list
        raise error


def _tell_limits(report: Report) -> None:
    """Says which budgets have ended."""
    for file in report.unfinished:
        for limit in file.limits:
            print(f"Note: {limit}; there may be more to find.")  # noqa: T201


def _checked(cells: Sequence[Cell], options: argparse.Namespace) -> Report:
    """As `lint`; what is wrong with the configuration or the folder is told in a line.

    Raises:
        IPython.core.error.UsageError: it cannot be used.
    """
    from kerlint import files
    from kerlint.configuration.model import ConfigurationError

    try:
        return lint(cells, options)
    except (ConfigurationError, OSError) as error:
        from IPython.core.error import UsageError

        raise UsageError(
            "the current folder is gone; %cd leads to another" if files.is_homeless() else str(error)
        ) from None


def lint(cells: Sequence[Cell], options: argparse.Namespace) -> Report:
    """What is found in cells, taken as one program, whose places are in the cells as they are numbered."""
    import kerlint

    # The configuration is that of the folder in which the notebook runs.
    path = os.path.join(os.getcwd(), NAME)
    found = kerlint.lint(
        _notebook(cells),
        filename=path,
        select=_words(options.select),
        ignore=_words(options.ignore),
        pedantic=options.pedantic,
        target_keras=options.target_keras,
    )
    source = found.source
    if source is not None:
        numbered = tuple(dataclasses.replace(one, number=cells[one.number - 1].number) for one in source.cells)
        source = dataclasses.replace(source, cells=numbered)
    file = dataclasses.replace(found, filename=NAME, source=source)
    unfinished = (file,) if file.limits else ()
    return Report((file,) if file.findings else (), 1, file.hidden, file.ignored, unfinished=unfinished)


def _notebook(cells: Sequence[Cell]) -> bytes:
    document = {
        "cells": [{"cell_type": "code", "metadata": {}, "outputs": [], "source": cell.text} for cell in cells],
        "metadata": {},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(document).encode("utf-8")


def _about(report: Report, number: int) -> Report:
    """The findings in which a cell takes part."""
    files: list[FileReport] = []
    for file in report.files:
        own = tuple(finding for finding in file.findings if _takes_part(file, finding, number))
        if own:
            files.append(dataclasses.replace(file, findings=own))
    return dataclasses.replace(report, files=tuple(files))


def _takes_part(file: FileReport, finding: Finding, number: int) -> bool:
    spans = (finding.span, *(label.span for label in finding.labels))
    return any(file.place(span).cell == number for span in spans)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise ValueError(message)


def _parser(kind: str) -> _Parser:
    name, what = ("%%kerlint", "a cell, and run it") if kind == "cell" else ("%kerlint", "the notebook so far")
    parser = _Parser(prog=name, add_help=False, description=f"Lint {what}.")
    parser.add_argument("--select", metavar="RULES", default="", help="only these, separated by commas")
    parser.add_argument("--ignore", metavar="RULES", default="", help="without these")
    parser.add_argument("--pedantic", action="store_true", help="advice, too")
    parser.add_argument("--target-keras", metavar="VERSION", help="the Keras that the code is for")
    if kind == "cell":
        parser.add_argument("--no-run", action="store_true", help="only lint it")
    return parser


def _options(kind: str, line: str) -> argparse.Namespace:
    """What stands behind the name of a magic.

    Raises:
        IPython.core.error.UsageError: it is not known.
    """
    from kerlint.selection import check_version, validate

    try:
        options = _parser(kind).parse_args(shlex.split(line))
        validate((*_words(options.select), *_words(options.ignore)))
        if options.target_keras is not None:
            check_version(options.target_keras)
    except ValueError as error:
        from IPython.core.error import UsageError

        raise UsageError(str(error)) from None
    return options


def _words(text: str) -> list[str]:
    return [word for word in text.replace(",", " ").split() if word]


def _display(rendered: Rendered) -> None:
    from IPython.display import display

    display(rendered)
