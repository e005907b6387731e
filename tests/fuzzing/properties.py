"""What must hold for every input, whatever it is."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from kerlint import engine
from kerlint.fixer import fix_bytes
from kerlint.output import Options, renderer
from kerlint.report import FileReport, Report
from kerlint.selection import Settings
from kerlint.source import mentions_keras

SETTINGS = Settings(pedantic=True)
#: Seconds of the processor that one input may take, of which each is a few dozen lines, and seconds of the clock:
#: the machine may have other things to do.
BUDGET = 20.0
PATIENCE = 900.0
#: Seconds from which on an input is worth a look.
SLOW = 1.0

_BELOW = "\n\n\nclass Unrelated:\n    pass\n"
_ABOVE = 7


class Late(BaseException):
    """An input takes too long. It is no Exception, so that nobody catches it."""


class Broken(Exception):
    """A property does not hold."""


@contextmanager
def in_time(seconds: float = BUDGET) -> Iterator[None]:
    """Raises `Late` where something does not end."""

    def late(*_: object) -> None:
        raise Late

    timers = ((signal.SIGPROF, signal.ITIMER_PROF, seconds), (signal.SIGALRM, signal.ITIMER_REAL, PATIENCE))
    before = [signal.signal(number, late) for number, _, _ in timers]
    for _, timer, left in timers:
        signal.setitimer(timer, left)
    try:
        yield
    finally:
        for (number, timer, _), handler in zip(timers, before):
            signal.setitimer(timer, 0)
            signal.signal(number, handler)


def lint(data: bytes, name: str, settings: Settings = SETTINGS) -> FileReport:
    """The report about an input, which is whole.

    Raises:
        Broken: kerlint has crashed.
    """
    report = engine.check_bytes(data, name, settings)
    if report.tracebacks or any(finding.code == "KX000" for finding in report.findings):
        raise Broken("KX000\n" + "\n".join(report.tracebacks))
    return report


def check(data: bytes, name: str, *, thorough: bool) -> FileReport:
    """Lints an input.

    Args:
        thorough: whether to do what takes several times as long, too.

    Raises:
        Broken: a property does not hold.
    """
    report = lint(data, name)
    printable(report)
    if thorough:
        if lint(data, name) != report:
            raise Broken("the second time, it finds something else")
        unchanged_parts(data, name, report)
        fixes(data, name)
    return report


def printable(report: FileReport) -> None:
    """The findings can be printed: as JSON, and for a terminal without what it would obey."""
    if not report.findings:
        return
    whole = Report((report,), 1)
    found = json.loads("\n".join(renderer("json")(whole, Options())))
    if len(found) != len(report.findings):
        raise Broken("the JSON has not as many findings")
    for line in renderer("full")(whole, Options()):
        if not line.isprintable() and any(ord(char) < 32 or 0x7F <= ord(char) < 0xA0 for char in line):
            raise Broken(f"a control character is printed: {line!r}")


def unchanged_parts(data: bytes, name: str, report: FileReport) -> None:
    """What stands above and below a program and has nothing to do with it changes nothing of what is found in it.

    Judged for what is Python, with blank lines above and an empty class below: the same findings, so many lines lower.
    For a notebook, with a cell more at its end that is no Python: the same findings, and one for that cell.
    """
    if any(finding.code in ("KX001", "KX002") for finding in report.findings) or not mentions_keras(data):
        return
    if name.endswith(".ipynb"):
        _with_broken_cell(data, name, report)
        return
    try:
        text = data.decode("ascii")
    except UnicodeDecodeError:
        return
    if "coding" in text[:200] or "\r" in text or "\f" in text:
        return
    moved = lint(("\n" * _ABOVE + text + _BELOW).encode(), name)
    before = [(finding.span.start_line + _ABOVE, finding.code) for finding in report.findings]
    after = [(finding.span.start_line, finding.code) for finding in moved.findings]
    if before != after:
        raise Broken(f"other findings with something unrelated around it: {before} and {after}")


def _with_broken_cell(data: bytes, name: str, report: FileReport) -> None:
    document = json.loads(data.removeprefix(b"\xef\xbb\xbf"))
    if not isinstance(document, dict) or not isinstance(document.get("cells"), list) or report.source is None:
        return
    document["cells"].append({"cell_type": "code", "source": "def broken(:\n"})
    found = lint(json.dumps(document).encode(), name)
    before = {(finding.span.start_line, finding.code) for finding in report.findings}
    after = {(finding.span.start_line, finding.code) for finding in found.findings if finding.code != "KX001"}
    # What is unused cannot be told where not everything has been looked at, nor what is printed by the last cell.
    if {one for one in before if one[1] != "KX003"} - after:
        raise Broken(f"a broken cell at the end hides findings: {before} and {after}")


def fixes(data: bytes, name: str) -> None:
    """Fixing ends, and leaves nothing to fix; what is fixed can be linted."""
    everything = Settings(pedantic=True, comments=False)
    fixed = fix_bytes(data, lambda new: lint(new, name), lambda new: lint(new, name, everything), unsafe=True)
    if not fixed.applied:
        if fixed.data != data:
            raise Broken("nothing is fixed, but something is changed")
        return
    again = fix_bytes(fixed.data, lambda new: lint(new, name), lambda new: lint(new, name, everything), unsafe=True)
    if again.data != fixed.data:
        raise Broken("what is fixed is fixed again")


def command_line(inputs: Sequence[tuple[str, bytes]], arguments: Sequence[str] = ()) -> None:
    """The same through the command, many files at once: its exit status, and JSON that is valid.

    Raises:
        Broken: a property does not hold.
    """
    with TemporaryDirectory() as folder:
        for name, data in inputs:
            Path(folder, name).write_bytes(data)
        command = [sys.executable, "-m", "kerlint", ".", "--isolated", "--no-cache", "--pedantic", "--output-format"]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        start = time.monotonic()
        done = subprocess.run(
            [*command, "json", "--jobs", "1", *arguments],
            cwd=folder,
            env=environment,
            capture_output=True,
            timeout=PATIENCE,
            check=False,
        )
    if done.returncode not in (0, 1):
        raise Broken(f"exit status {done.returncode} after {time.monotonic() - start:.0f} s: {done.stderr[-2000:]!r}")
    try:
        found = json.loads(done.stdout)
    except ValueError as error:
        raise Broken(f"no JSON: {error}") from error
    if (done.returncode == 1) < any(finding["severity"] != "advice" for finding in found):
        raise Broken("there are findings, and the exit status is 0")
