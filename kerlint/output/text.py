"""What the formats for people share: safe text, colours, places, the last line."""

from __future__ import annotations

import os
import unicodedata
from collections import Counter
from collections.abc import Iterator

from kerlint.files import repository
from kerlint.finding import Finding, Fix, Safety, Severity
from kerlint.output import Options
from kerlint.report import FileReport, Report

_COLORS = {
    Severity.ERROR: "1;31",
    Severity.WARNING: "1;33",
    Severity.ADVICE: "1;36",
}
_NOUNS = {
    Severity.ERROR: ("error", "errors"),
    Severity.WARNING: ("warning", "warnings"),
    Severity.ADVICE: ("piece of advice", "pieces of advice"),
}
TAB = 4


class Paint:
    """Colours and links, or none.

    Args:
        links: whether there are links, as terminals understand them (OSC 8).
    """

    def __init__(self, color: bool, links: bool = False) -> None:
        self._color = color
        self._links = color and links

    def __call__(self, text: str, style: str) -> str:
        """The text in a style, as the numbers of an ANSI sequence."""
        return f"\x1b[{style}m{text}\x1b[0m" if self._color and text else text

    def severity(self, text: str, severity: Severity) -> str:
        """The text in a severity's colour."""
        return self(text, _COLORS[severity])

    def head(self, finding: Finding) -> str:
        """`error[KL001]`, with a link to the rule's page."""
        text = self.severity(f"{finding.severity.value}[{finding.code}]", finding.severity)
        return f"\x1b]8;;{finding.url}\x1b\\{text}\x1b]8;;\x1b\\" if self._links else text

    def gutter(self, text: str) -> str:
        """The text in the colour of line numbers and arrows."""
        return self(text, "1;34")

    def bold(self, text: str) -> str:
        """The text in bold."""
        return self(text, "1")


def visible_char(char: str) -> str:
    """What stands for a character: linted files and their names must not steer the terminal."""
    if char.isprintable():
        return char
    code = ord(char)
    # Invisible joiners belong to words and emoji; everything else is spelled out.
    if char in "\u200c\u200d\N{SOFT HYPHEN}" or unicodedata.category(char) == "Zs":
        return char
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def clean(text: str) -> str:
    """The text on one line, without anything that a terminal would obey."""
    return text if text.isprintable() else "".join(map(visible_char, text))


def width(text: str) -> int:
    """How many columns the text takes on a terminal."""
    if text.isascii():
        return len(text)
    return sum(map(_char_width, text))


def _char_width(char: str) -> int:
    if unicodedata.combining(char) or char in "\u200c\u200d\N{SOFT HYPHEN}\ufe0e\ufe0f":
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def display_path(filename: str) -> str:
    """A file's name relative to the current directory, where it is below it."""
    if filename.startswith("<"):
        return filename
    absolute = os.path.abspath(filename)
    base = os.getcwd().rstrip(os.sep) + os.sep
    return absolute[len(base) :] if absolute.startswith(base) else filename


def position(file: FileReport, line: int, column: int) -> str:
    """A place behind the file's name: `14:31`, or `cell 3:4:1` in a notebook."""
    place = file.source.place(line, column) if file.source else None
    if place is None:
        return f"{line}:{column}"
    cell = "" if place.cell is None else f"cell {place.cell}:"
    return f"{cell}{place.line}:{place.column}"


def location(file: FileReport, finding: Finding) -> str:
    """A finding's place, ready to print."""
    start = finding.span
    return f"{clean(display_path(file.filename))}:{position(file, start.start_line, start.start_column)}"


def closing(report: Report, options: Options) -> Iterator[str]:
    """Yields the last lines of a run: the summary, what was not read, and which findings kerlint can fix."""
    yield summary(report)
    if report.unfinished:
        yield unfinished(report)
    fixes = [
        finding.fix.safety
        for finding in report.findings
        if finding.fix is not None and not (options.fixing and _is_meant(finding.fix, options))
    ]
    unsafe = fixes.count(Safety.UNSAFE)
    safe = len(fixes) - unsafe
    if fixes and options.unsafe_fixes:
        yield f"[*] {len(fixes)} fixable with --fix --unsafe-fixes."
    elif safe:
        yield f"[*] {safe} fixable with --fix" + (f" ({unsafe} more with --fix --unsafe-fixes)." if unsafe else ".")
    elif unsafe:
        yield f"No safe fixes; {unsafe} fixable with --fix --unsafe-fixes."
    if report.answer is not None:
        from kerlint.output.answer import lines

        yield ""
        yield from lines(report.answer, Paint(options.color))


def fix_mark(finding: Finding, options: Options) -> str:
    """`[*] ` for what can be fixed, as the options are."""
    fix = finding.fix
    # What is still there after fixing was left out.
    return "[*] " if fix is not None and _is_meant(fix, options) and not options.fixing else ""


def _is_meant(fix: Fix, options: Options) -> bool:
    """Whether the options ask for such a fix."""
    return options.unsafe_fixes or fix.safety is Safety.SAFE


def summary(report: Report) -> str:
    """What was found."""
    if not report.checked:
        return "No files were checked."
    files = _count(report.checked, "file", "files")
    counts = [
        _count(number, *_NOUNS[severity])
        for severity in Severity
        if (number := sum(finding.severity is severity for finding in report.findings))
    ]
    if counts:
        text = f"Found {_join(counts)} in {len(report.files)} of {files}."
    else:
        lines = " on changed lines" if report.untouched is not None else ""
        text = f"No {'problems' if report.answer is None else 'cause'} found{lines} in {files}."
        if report.untouched == report.checked:
            text = f"Nothing has changed in {files}."
    if report.fixed:
        text = f"Fixed {_count(report.fixed, 'finding', 'findings')}. {text}"
    refuted = sum(finding.is_refuted for finding in report.findings)
    quiet = [
        f"{report.ignored} ignored by comments." if report.ignored else "",
        f"{report.known} in the baseline." if report.known else "",
        f"{report.unchanged} not changed." if report.unchanged else "",
        f"{refuted} refuted by experiments." if refuted else "",
        f"{report.hidden} more with --pedantic." if report.hidden else "",
    ]
    return " ".join(filter(None, [text, *quiet]))


def unfinished(report: Report) -> str:
    """That not everything was looked at."""
    number = len(report.unfinished)
    were, hold = ("was", "its end, and may hold") if number == 1 else ("were", "their ends, and may hold")
    return f"{_count(number, 'file', 'files')} {were} not read to {hold} more: --verbose says why."


def repository_path(filename: str) -> str | None:
    """A file's name relative to the root of its repository, or to the current directory where there is none.

    None for a file that is not below it.
    """
    folder = os.getcwd()
    base = repository(folder) or folder
    absolute = os.path.abspath("stdin" if filename.startswith("<") else filename)
    prefix = base.rstrip(os.sep) + os.sep
    return absolute[len(prefix) :].replace(os.sep, "/") if absolute.startswith(prefix) else None


def fingerprints(report: Report) -> dict[int, str]:
    """What tells each finding from all others and stays when lines move, by the finding's `id`."""
    from hashlib import sha256

    found: dict[int, str] = {}
    counts: Counter[str] = Counter()
    for file in report.files:
        path = repository_path(file.filename) or file.filename
        for finding in file.findings:
            line = file.source.line(finding.span.start_line) if file.source is not None else ""
            text = "\n".join((finding.code, path, "".join(line.split())))
            digest = sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:32]
            counts[digest] += 1
            found[id(finding)] = f"{digest}:{counts[digest]}"
    return found


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def _join(words: list[str]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))
