"""`%load_ext kerlint` in IPython and Jupyter: `%%kerlint` lints a cell, `%kerlint` the session so far.

Nothing is imported or executed for it beyond what the user runs anyway: the text of the cells is linted, the ones that
have been run and, for a cell with `%%kerlint`, that cell behind them.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import sys
from collections.abc import Iterator, Sequence
from html import escape
from typing import TYPE_CHECKING, Protocol

from kerlint.records import dataclass

if TYPE_CHECKING:
    from kerlint.report import FileReport

#: What the session is called in findings.
NAME = "session.ipynb"


class History(Protocol):
    """What a shell has been told."""

    @property
    def input_hist_raw(self) -> Sequence[str]: ...


class Shell(Protocol):
    """As much of IPython as is needed here."""

    history_manager: History

    def run_cell(self, raw_cell: str) -> object: ...

    def register_magic_function(self, func: object, magic_kind: str, magic_name: str) -> None: ...


@dataclass(frozen=True)
class Rendered:
    """Findings as a shell shows them: text in a terminal, a page in a notebook."""

    text: str
    html: str

    def __repr__(self) -> str:
        return self.text

    def _repr_pretty_(self, printer: object, cycle: bool) -> None:
        getattr(printer, "text")(self.text)  # noqa: B009 - IPython's printer has no type here

    def _repr_html_(self) -> str:
        return self.html


class UsageError(Exception):
    """A magic was called with what it does not know."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> None:  # type: ignore[override]
        raise UsageError(f"{message}\n{self.format_usage()}")


def load(shell: Shell) -> None:
    """Gives a shell the magics."""

    def line(text: str = "") -> Rendered | None:
        return _line(shell, text)

    def cell(text: str, body: str) -> object:
        return _cell(shell, text, body)

    shell.register_magic_function(line, magic_kind="line", magic_name="kerlint")
    shell.register_magic_function(cell, magic_kind="cell", magic_name="kerlint")


def _parser(name: str) -> _Parser:
    parser = _Parser(prog=name, add_help=False)
    parser.add_argument("--select", default="")
    parser.add_argument("--ignore", default="")
    parser.add_argument("--pedantic", action="store_true")
    parser.add_argument("--target-keras")
    if name == "%%kerlint":
        parser.add_argument("--no-run", action="store_true")
        parser.add_argument("--strict", action="store_true")
    return parser


def _line(shell: Shell, text: str) -> Rendered | None:
    """`%kerlint`: lints all cells that have been run, in their order."""
    options = _options("%kerlint", text)
    return None if options is None else rendered(report(_earlier(shell), options), len(_earlier(shell)))


def _cell(shell: Shell, text: str, body: str) -> object:
    """`%%kerlint`: lints a cell behind those that have been run, shows what is new with it, and runs it."""
    options = _options("%%kerlint", text)
    if options is None:
        return None
    cells = [*_earlier(shell), body]
    found = only_in(report(cells, options), len(cells))
    if found.findings:
        _show(rendered(found, len(cells)))
    has_errors = any(finding.severity.value != "advice" for finding in found.findings)
    if options.no_run or (options.strict and has_errors):
        return None
    # What it gives is shown as if the magic were not there.
    shell.run_cell(body)
    return None
