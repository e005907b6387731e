"""Comments that silence findings: `# kerlint: ignore[KL001] reason`, `# kerlint: file-ignore[...]`, `# noqa: KL001`.

A comment counts for its statement: for all lines of a statement that goes over several, for the head of one with a
body, and for the decorators and the head of a function or class. A comment that stands alone counts for the statement
after it. A finding is silenced if its primary place touches such a statement. Capital letters make no difference.
"""

from __future__ import annotations

import bisect
import io
import re
import tokenize
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import accumulate
from operator import itemgetter

from kerlint.finding import Finding, Span
from kerlint.records import dataclass
from kerlint.source import NEWLINE, Source

#: Nothing is tokenized unless one of these is found, and for the second a code behind it.
_ANY_OWN = re.compile(r"#[ \t]*(?i:kerlint)[ \t]*:")
_ANY_NOQA = re.compile(r"#[ \t]*(?i:noqa)[ \t]*:([^\n]*)")
_ANY_CODE = re.compile(r"\b[Kk][A-Za-z][0-9]{3}\b")
_OWN = re.compile(r"#[ \t]*(?i:kerlint)[ \t]*:[ \t]*(?P<kind>[A-Za-z-]+)(?:[ \t]*\[(?P<rules>[^\]]*)(?P<end>\]?))?")
_NOQA = re.compile(r"#[ \t]*(?i:noqa)[ \t]*:[ \t]*(?P<rules>[A-Za-z]+[0-9]+(?:[ \t,]+[A-Za-z]+[0-9]+)*)")
_WORD = re.compile(r"[^\s,]+")
_CODE = re.compile(r"[Kk][A-Za-z][0-9]{3}")

_KINDS = ("ignore", "file-ignore")
#: Words that are longer are no misspelt names, and after so many of them nothing is guessed any more.
_LONGEST_WORD = 60
_MOST_GUESSES = 200
_WITHOUT_MEANING = frozenset(
    {tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.COMMENT, tokenize.ENDMARKER}
)


@dataclass(frozen=True)
class Named:
    """A rule as a comment names it, and where."""

    word: str
    span: Span

    @property
    def key(self) -> str:
        """The word in small letters, by which it is looked up."""
        return self.word.lower()


@dataclass(frozen=True)
class Ignore:
    """A comment, or the part of one, that silences findings.

    Args:
        rules: what it names; empty where it names nothing.
        lines: the first and the last line of its statement; None for the whole file.
        fault: what is wrong with it, in words, if it is of no use at all.
        noqa: whether it is written for all linters.
    """

    span: Span
    rules: tuple[Named, ...]
    lines: tuple[int, int] | None
    fault: str = ""
    noqa: bool = False


class _Index:
    """Finds the comments that silence a finding, however many there are."""

    def __init__(self, ignores: Iterable[Ignore], codes: Mapping[str, str]) -> None:
        by_lines: dict[tuple[int, int] | None, dict[str, list[Named]]] = {}
        for ignore in ignores:
            own = by_lines.setdefault(ignore.lines, {})
            for named in ignore.rules:
                own.setdefault(codes.get(named.key, ""), []).append(named)
        self._everywhere = by_lines.pop(None, {})
        self._parts = sorted(((lines, own) for lines, own in by_lines.items() if lines is not None), key=itemgetter(0))
        self._starts = [lines[0] for lines, _ in self._parts]
        # The last line that any part up to this one reaches.
        self._ends = list(accumulate((lines[1] for lines, _ in self._parts), max))

    def silencing(self, finding: Finding) -> list[Named]:
        """What is named and silences a finding."""
        first = bisect.bisect_left(self._ends, finding.span.start_line)
        last = bisect.bisect_right(self._starts, finding.span.end_line)
        parts = (own for lines, own in self._parts[first:last] if lines[1] >= finding.span.start_line)
        return [named for own in (self._everywhere, *parts) for named in own.get(finding.code, ())]


class _Elsewhere:
    """Finds the findings that name a statement without standing there."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        lines: dict[str, list[tuple[int, Span]]] = {}
        for finding in findings:
            own = lines.setdefault(finding.code, [])
            own.extend((label.span.start_line, finding.span) for label in finding.labels)
        self._lines = {code: sorted(own, key=itemgetter(0)) for code, own in lines.items()}

    def place(self, code: str, lines: tuple[int, int] | None) -> Span | None:
        """Where a finding stands that names these lines; None if there is none."""
        known = self._lines.get(code, [])
        if lines is None:
            return None
        index = bisect.bisect_left(known, lines[0], key=itemgetter(0))
        return known[index][1] if index < len(known) and known[index][0] <= lines[1] else None


@dataclass(frozen=True)
class Outcome:
    """What the comments of a file leave.

    Args:
        kept: the findings that no comment silences.
        silenced: those that one does.
        unused: what is named in vain, with its rule's code, and the place of a finding that is silenced elsewhere: one
            that only names the statement of the comment.
        wrong: comments of no use, each with the place and the reason.
    """

    kept: list[Finding]
    silenced: list[Finding]
    unused: list[tuple[Ignore, Named, str, Span | None]]
    wrong: list[tuple[Span, str]]


def may_silence(text: str) -> bool:
    """Whether there can be such a comment: a test for text, made before anything is tokenized."""
    if _ANY_OWN.search(text) is not None:
        return True
    return any(_ANY_CODE.search(match[1]) is not None for match in _ANY_NOQA.finditer(text))


def apply(findings: Iterable[Finding], source: Source, names: Mapping[str, str], ran: Collection[str]) -> Outcome:
    """Takes away the findings that comments silence.

    Args:
        names: the names of all rules by their codes.
        ran: the codes of the rules that had a look at the file. Comments for others are never called unused.
    """
    codes = {word.lower(): code for code, name in names.items() for word in (code, name)}
    ignores = list(read(source))
    used: set[Named] = set()
    kept: list[Finding] = []
    silenced: list[Finding] = []
    index = _Index(ignores, codes)
    for finding in findings:
        by = index.silencing(finding)
        used.update(by)
        (silenced if by else kept).append(finding)
    elsewhere = _Elsewhere(kept)
    unused = [
        (ignore, named, code, elsewhere.place(code, ignore.lines))
        for ignore in ignores
        for named in ignore.rules
        if named not in used and (code := codes.get(named.key, "")) in ran
    ]
    wrong = [(ignore.span, f"this comment silences nothing: {ignore.fault}") for ignore in ignores if ignore.fault]
    guesses = iter(range(_MOST_GUESSES))
    words = [*names, *names.values()]
    wrong += [
        (named.span, _unknown(named.word, words if next(guesses, None) is not None else ()))
        for ignore in ignores
        # A code that is unknown here may be another linter's.
        if not ignore.noqa
        for named in ignore.rules
        if named.key not in codes
    ]
    return Outcome(kept, silenced, unused, wrong)


def read(source: Source) -> Iterator[Ignore]:
    """Yields what the comments of a program say, in order."""
    if not may_silence(source.text):
        return
    for comment, lines in statements_of_comments(source):
        row, column = comment.start
        for match in _OWN.finditer(comment.string):
            one = _own(match, row, column, lines)
            if one is not None:
                yield one
        for match in _NOQA.finditer(comment.string):
            rules = tuple(named for named in _named(match, row, column) if _CODE.fullmatch(named.word))
            if rules:
                yield Ignore(_span(match, row, column), rules, lines, noqa=True)


def _own(match: re.Match[str], row: int, column: int, lines: tuple[int, int]) -> Ignore | None:
    kind, rules = match["kind"].lower(), match["rules"]
    span = _span(match, row, column)
    if kind not in _KINDS:
        # `disable=KL001`, as other linters have it.
        return _misspelt(match["kind"], rules is not None or match.string.startswith("=", match.end()), span)
    named = tuple(_named(match, row, column)) if rules is not None else ()
    fault = ""
    if rules is not None and not match["end"]:
        fault, named = "the bracket is never closed", ()
    elif not named:
        fault = f"it names no rule; write {kind}[CODE]"
    return Ignore(span, named, None if kind == "file-ignore" else lines, fault)


def _misspelt(kind: str, has_rules: bool, span: Span) -> Ignore | None:
    """A comment that was meant to silence something; others, `# kerlint: found a bug here`, are nobody's business."""
    import difflib

    close = difflib.get_close_matches(kind.lower(), _KINDS if len(kind) <= _LONGEST_WORD else (), n=1, cutoff=0.75)
    if not close and not has_rules:
        return None
    hint = f"did you mean {close[0]}?" if close else "there are ignore and file-ignore"
    return Ignore(span, (), None, f"unknown word {_short(kind)!r}; {hint}")


def _named(match: re.Match[str], row: int, column: int) -> Iterator[Named]:
    start = column + match.start("rules")
    for word in _WORD.finditer(match["rules"]):
        yield Named(word[0], Span(row, start + word.start() + 1, row, start + word.end() + 1))


def _span(match: re.Match[str], row: int, column: int) -> Span:
    return Span(row, column + match.start() + 1, row, column + match.end() + 1)


def _unknown(word: str, codes: Iterable[str]) -> str:
    import difflib

    folded = {known.lower(): known for known in sorted(codes)} if len(word) <= _LONGEST_WORD else {}
    close = difflib.get_close_matches(word.lower(), folded, n=1, cutoff=0.6)
    # The comment may name other rules, and silence these.
    return f"a comment names an unknown rule, {_short(word)!r}" + (
        f"; did you mean {folded[close[0]]}?" if close else "; write a code or a name"
    )


def _short(word: str) -> str:
    return word if len(word) <= _LONGEST_WORD else word[:_LONGEST_WORD] + "..."


def statements_of_comments(source: Source) -> Iterator[tuple[tokenize.TokenInfo, tuple[int, int]]]:
    """Yields the comments of a program with the first and the last line of the statement that each belongs to.

    A comment behind the last statement of a file or a cell belongs to itself. What cannot be tokenized ends the search.
    """
    cells = [cell.start for cell in source.cells]
    waiting: list[tokenize.TokenInfo] = []
    first: tokenize.TokenInfo | None = None
    start = 0
    try:
        for token in tokenize.generate_tokens(io.StringIO(NEWLINE.sub("\n", source.text)).readline):
            if token.type == tokenize.COMMENT:
                waiting.append(token)
            elif token.type == tokenize.NEWLINE and first is not None:
                if first.string != "@":
                    yield from ((comment, (start, token.start[0])) for comment in waiting)
                    waiting, start = [], 0
                first = None
            elif token.type not in _WITHOUT_MEANING and first is None:
                first = token
                cell = bisect.bisect(cells, token.start[0])
                before = [one for one in waiting if bisect.bisect(cells, one.start[0]) != cell]
                yield from ((comment, (comment.start[0], comment.start[0])) for comment in before)
                waiting = waiting[len(before) :]
                # Decorators and what they decorate are one statement.
                start = start or token.start[0]
    except (tokenize.TokenError, SyntaxError):
        pass
    yield from ((comment, (comment.start[0], comment.start[0])) for comment in waiting)
