"""Applies fixes to the bytes of a file, and lets only those stand that do what they promise.

Fixes are applied together as far as they do not overlap, and the result is linted again, until nothing is left to
do. After each step the text must parse, the findings must be gone, and nothing may have appeared that was not there
before. Where that fails the fixes are tried one by one, and those that fail alone are left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from kerlint.finding import Edit, Finding, Fix, Safety, Severity, Span
from kerlint.records import dataclass
from kerlint.report import FileReport
from kerlint.source import NEWLINE, Source, SourceError, read_source

#: After so many rounds no more are made: two rules could undo one another for ever.
ROUNDS = 10

#: What there is to say about the bytes of the file.
Lint = Callable[[bytes], FileReport]


@dataclass(frozen=True)
class Fixed:
    """The outcome for one file.

    Args:
        data: the new bytes; those of the file where nothing was fixed.
        applied: the findings that were fixed, places as they were when it was done.
        refused: the findings whose fix was left out, with the reason.
    """

    data: bytes
    applied: tuple[Finding, ...] = ()
    refused: tuple[tuple[Finding, str], ...] = ()


def fix_bytes(data: bytes, lint: Lint, judge: Lint, *, unsafe: bool = False) -> Fixed:
    """Fixes a file as often as there is something to fix.

    Args:
        lint: what the user wants to see: only its findings are fixed.
        judge: all rules; what it finds must not grow.
        unsafe: whether fixes that change what the program does are wanted, too.
    """
    applied: list[Finding] = []
    refused: dict[tuple[str, str], tuple[Finding, str]] = {}
    for _ in range(ROUNDS):
        report = lint(data)
        wanted = [
            finding
            for finding in report.findings
            if is_wanted(finding.fix, unsafe=unsafe) and _key(finding, report.source) not in refused
        ]
        if not wanted or report.source is None:
            break
        step = _Step(data, report.source, lint, judge)
        chosen = _together(wanted)
        done, new, reasons = step.run(chosen)
        refused.update((_key(finding, report.source), (finding, reason)) for finding, reason in reasons)
        applied += done
        if not done and not reasons:
            break
        data = new
    return Fixed(data, tuple(applied), tuple(refused.values()))


def fix_one(data: bytes, source: Source, finding: Finding, lint: Lint, judge: Lint) -> Fixed:
    """Makes the fix of one finding, safe or not, if it does what it promises.

    Args:
        source: the text of the data, in which the finding is.
        lint, judge: as in `fix_bytes`.
    """
    done, new, refused = _Step(data, source, lint, judge).run([finding])
    return Fixed(new, tuple(done), tuple(refused))


def is_wanted(fix: Fix | None, *, unsafe: bool) -> bool:
    """Whether a fix is to be applied."""
    return fix is not None and (unsafe or fix.safety is Safety.SAFE)


def _key(finding: Finding, source: Source | None) -> tuple[str, str]:
    """What tells a finding from others while lines move."""
    line = source.line(finding.span.start_line).strip() if source is not None else ""
    return finding.code, f"{finding.message}\n{line}"


def _together(findings: Sequence[Finding]) -> list[Finding]:
    """The first fix, and each further one that touches nothing that an earlier one does."""
    chosen: list[Finding] = []
    taken: list[Edit] = []
    for finding in findings:
        edits = finding.fix.edits if finding.fix is not None else ()
        # Two findings with the same edits are fixed by one of them.
        if not any(_touch(edit, other) for edit in edits for other in taken):
            chosen.append(finding)
            taken += edits
    return chosen


def _touch(left: Edit, right: Edit) -> bool:
    a, b = _bounds(left.span), _bounds(right.span)
    return a[0] <= b[1] and b[0] <= a[1]


def _bounds(span: Span) -> tuple[tuple[int, int], tuple[int, int]]:
    return (span.start_line, span.start_column), (span.end_line, span.end_column)


class _Step:
    """One round on one text."""

    def __init__(self, data: bytes, source: Source, lint: Lint, judge: Lint) -> None:
        self.data = data
        self.source = source
        self.lint = lint
        self.judge = judge
        self.shown = _places(lint(data))
        self.before = _places(judge(data))

    def run(self, chosen: list[Finding]) -> tuple[list[Finding], bytes, list[tuple[Finding, str]]]:
        """Which fixes were made, the new bytes, and which were not, and why."""
        new, reason = self._try(chosen)
        if new is not None:
            return chosen, new, []
        if len(chosen) == 1:
            return [], self.data, [(chosen[0], reason)]
        good: list[Finding] = []
        bad: list[tuple[Finding, str]] = []
        for finding in chosen:
            alone, reason = self._try([finding])
            if alone is None:
                bad.append((finding, reason))
            else:
                good.append(finding)
        new, reason = self._try(good) if good else (self.data, "")
        if new is not None:
            return good, new, bad
        # Each is good by itself, but not all of them together: the first one now, the others in the next round.
        new, _ = self._try(good[:1])
        assert new is not None
        return good[:1], new, bad

    def _try(self, findings: list[Finding]) -> tuple[bytes | None, str]:
        """The bytes with these fixes; None and the reason if they must not be made."""
        edits = [edit for finding in findings if finding.fix is not None for edit in finding.fix.edits]
        try:
            new = applied(self.data, self.source, edits)
        except Unfixable as error:
            return None, str(error)
        moved = _Moves(edits)
        mended = Counter((finding.code, finding.span.start_line) for finding in findings)
        if any(mended[moved.place(finding)] for finding in _more(self.lint(new), self.shown - mended, moved)):
            return None, "the finding would stay"
        for finding in _more(self.judge(new), self.before - mended, moved):
            if finding.severity is not Severity.ADVICE:
                return None, f"it would bring {finding.code} ({finding.name})"
        return new, ""


#: A code and a line.
_Place = tuple[str, int]


def _places(report: FileReport) -> Counter[_Place]:
    return Counter((finding.code, finding.span.start_line) for finding in report.findings)


def _more(report: FileReport, known: Counter[_Place], moved: _Moves) -> Iterator[Finding]:
    """Yields the findings of a report beyond those that are known."""
    left = known.copy()
    for finding in report.findings:
        place = moved.place(finding)
        left[place] -= 1
        if left[place] < 0:
            yield finding


class _Moves:
    """Which line of the old text a line of the new one was."""

    def __init__(self, edits: Sequence[Edit]) -> None:
        self._edits = sorted(edits)

    def place(self, finding: Finding) -> _Place:
        """The code of a finding and its line in the old text."""
        return finding.code, self.back(finding.span.start_line)

    def back(self, line: int) -> int:
        """The old number of a line; in the middle of new lines, that of the place where they were put."""
        shift = 0
        for edit in self._edits:
            start = edit.span.start_line + shift
            if line < start or (line == start and edit.span.start_column > 1):
                break
            grown = len(NEWLINE.findall(edit.text)) - (edit.span.end_line - edit.span.start_line)
            new_end = start + len(NEWLINE.findall(edit.text))
            if line < new_end or (line == new_end and edit.span.end_column > 1):
                return min(edit.span.start_line + max(line - start, 0), edit.span.end_line)
            shift += grown
        return line - shift


class Unfixable(Exception):
    """Edits that cannot be written into the file."""


def applied(data: bytes, source: Source, edits: Sequence[Edit]) -> bytes:
    """The bytes of the file with the edits made, everything else as it was.

    Raises:
        Unfixable: the file cannot be written back without loss, or the result is no Python.
    """
    if source.is_notebook:
        from kerlint.cells import edited

        try:
            return edited(data, source, edits)
        except ValueError as error:
            raise Unfixable(str(error)) from error
    mark = b"\xef\xbb\xbf" if source.bom else b""
    encoding = "utf-8" if source.encoding == "utf-8-sig" else source.encoding
    try:
        if mark + source.text.encode(encoding) != data:
            raise Unfixable("the file cannot be written back as it is")
        new = mark + edited_text(source.text, edits).encode(encoding)
        broken = _broken(read_source(new, source.filename))
    except UnicodeError as error:
        raise Unfixable(f"{source.encoding} cannot hold the result") from error
    except SourceError as error:
        raise Unfixable(error.message) from error
    if broken:
        raise Unfixable("the result is no Python")
    return new


def _broken(source: Source) -> bool:
    from kerlint.source import syntax_error

    return syntax_error(source.text) is not None


def edited_text(text: str, edits: Sequence[Edit]) -> str:
    """The text with the edits made, which must not overlap."""
    starts = [0, *(match.end() for match in NEWLINE.finditer(text))]

    def index(line: int, column: int) -> int:
        return starts[line - 1] + column - 1

    parts: list[str] = []
    at = 0
    for edit in sorted(set(edits)):
        start = index(edit.span.start_line, edit.span.start_column)
        parts += (text[at:start], edit.text)
        at = index(edit.span.end_line, edit.span.end_column)
    return "".join((*parts, text[at:]))
