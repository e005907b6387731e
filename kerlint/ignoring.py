"""Writes comments that silence findings."""

from __future__ import annotations

import io
import tokenize
from collections.abc import Iterable

from kerlint import comments
from kerlint.comments import Ignore
from kerlint.finding import Edit, Finding, Span
from kerlint.selection import OWN_NAMES
from kerlint.source import NEWLINE, Source


def edits(findings: Iterable[Finding], source: Source, reason: str = "") -> list[Edit]:
    """What makes comments silence the findings: one comment a line, or another code in the one that is there.

    Findings of kerlint's own cannot be silenced in this way and are left out.

    Args:
        reason: is written behind new comments.
    """
    ends = _ends(source)
    codes: dict[int, set[str]] = {}
    for finding in findings:
        # A line within a string or before a backslash takes no comment; the last line of a statement does.
        row = next((row for row in ends if row >= finding.span.start_line), None)
        if row is not None and finding.code not in OWN_NAMES:
            codes.setdefault(row, set()).add(finding.code)
    there = {ignore.span.start_line: ignore for ignore in comments.read(source) if _can_grow(ignore)}
    text = " ".join(reason.split())
    return [_edit(row, sorted(found), there.get(row), source, text) for row, found in codes.items()]


def _edit(row: int, codes: list[str], there: Ignore | None, source: Source, reason: str) -> Edit:
    if there is not None:
        column = there.rules[-1].span.end_column
        return Edit(Span(row, column, row, column), "".join(f", {code}" for code in codes))
    column = len(source.lines[row - 1].rstrip()) + 1
    return Edit(Span(row, column, row, column), f"  # kerlint: ignore[{', '.join(codes)}] {reason}".rstrip())


def _can_grow(ignore: Ignore) -> bool:
    return not ignore.noqa and not ignore.fault and ignore.lines is not None


def _ends(source: Source) -> list[int]:
    """The lines of code that may end in a comment, sorted."""
    rows: list[int] = []
    is_code = False
    try:
        for token in tokenize.generate_tokens(io.StringIO(NEWLINE.sub("\n", source.text)).readline):
            if token.type in (tokenize.NL, tokenize.NEWLINE):
                if is_code:
                    rows.append(token.start[0])
                is_code = False
            elif token.type not in (tokenize.COMMENT, tokenize.INDENT, tokenize.DEDENT):
                is_code = True
    except (tokenize.TokenError, SyntaxError):
        # The lines so far are good all the same.
        pass
    return rows
