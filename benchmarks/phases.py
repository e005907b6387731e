"""Where the time goes: the parts of a cold run, timed in this process, and file by file in turns with the parse alone.

In turns, because on a machine that does other things the same work takes 30 % longer at one time than at another. The
garbage collector rests in both.
"""

from __future__ import annotations

import gc
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import libcst

import kerlint.edits.resolve
import kerlint.library
from kerlint import engine, files, linting, memory, parsing, source
from kerlint.output import Options, full
from kerlint.report import FileReport, Report
from kerlint.rules import all_rules
from kerlint.selection import Settings
from kerlint.syntax import reading

#: What is not timed.
_read = source.read_source

#: What is timed: a module, a function of it, and the phase that it belongs to.
PARTS = (
    (engine, "read_source", "text"),
    (source, "python_tree", "Python's own parser"),
    (parsing, "python_tree", "Python's own parser"),
    (reading, "read", "tree"),
    (libcst, "parse_module", "libcst, for fixes"),
    (kerlint.library, "evaluate", "interpret"),
    (engine, "_evaluate", "modules and versions"),
    (engine, "ask", "rules"),
    (kerlint.edits.resolve, "resolve", "fixes"),
    (memory, "linted", "garbage"),
    (linting, "lint_data", "the rest"),
)


class Phases:
    """The time of each phase, without that of the phases within."""

    def __init__(self) -> None:
        self.times: Counter[str] = Counter()
        self._inner = [0.0]

    def timed(self, function: Callable[..., Any], phase: str) -> Callable[..., Any]:
        """The same function, with its time noted."""

        def call(*args: object, **kwargs: object) -> object:
            start = time.process_time()
            self._inner.append(0.0)
            try:
                return function(*args, **kwargs)
            finally:
                taken = time.process_time() - start
                self.times[phase] += taken - self._inner.pop()
                self._inner[-1] += taken

        return call


def measure(folders: Sequence[str]) -> tuple[dict[str, float], float]:
    """The CPU time of each phase over the files in folders, in seconds, and that of parsing alone."""
    all_rules()
    phases = Phases()
    read: list[tuple[files.Target, bytes]] = []

    def find() -> None:
        read.extend((target, files.read_file(target.path)) for target in files.discover(folders))

    phases.timed(find, "find and read")()
    chosen = [(target, data) for target, data in read if source.mentions_keras(data)]
    parse = libcst.parse_module
    for module, name, phase in PARTS:
        setattr(module, name, phases.timed(getattr(module, name), phase))
    gc.freeze()
    gc.disable()
    alone = 0.0
    reports: list[FileReport] = []
    for target, data in chosen:
        alone += _parse(parse, data, target.path)
        reports.append(linting.lint_data(data, target.path, Settings(), None, is_test=target.is_test, path=target.path))
    gc.enable()
    report = Report(tuple(one for one in reports if one.findings), len(read))
    phases.timed(lambda: list(full.render(report, Options())), "output")()
    return dict(phases.times), alone


def _parse(parse: Callable[[str], libcst.Module], data: bytes, path: str) -> float:
    try:
        text = _read(data, path).text
        start = time.process_time()
        parse(text)
        return time.process_time() - start
    except (source.SourceError, libcst.ParserSyntaxError):
        return 0.0
