"""libcst's trees of the statements of a file, each made when it is first asked for.

A fix concerns one statement or two, and to parse the whole file for it would take longer than to lint it.
"""

from __future__ import annotations

from bisect import bisect_right

import libcst as cst

from kerlint import syntax
from kerlint.edits.walking import children, walk
from kerlint.finding import Span
from kerlint.source import NEWLINE
from kerlint.syntax.concrete import parse
from kerlint.syntax.positions import locate


class Chunk:
    """libcst's tree of some lines of a file.

    Args:
        before: how many lines stand before them.
    """

    def __init__(self, module: cst.Module, before: int) -> None:
        self._find = locate(module)
        self._before = before
        #: The parent of each node, by its identity.
        self.parents: dict[int, cst.CSTNode] = {id(child): node for node in walk(module) for child in children(node)}
        #: The nodes at each place of the file, the outer ones first.
        self.by_span: dict[Span, list[cst.CSTNode]] = {}
        for node in walk(module):
            span = self.locate(node)
            if span is not None:
                self.by_span.setdefault(span, []).append(node)
        #: So that the identities of its nodes stay their own.
        self.module = module

    def locate(self, node: cst.CSTNode) -> Span | None:
        """Where a node is in the file; None if it is not one of these lines."""
        span = self._find(node)
        if span is None:
            return None
        return Span(span.start_line + self._before, span.start_column, span.end_line + self._before, span.end_column)


class Chunks:
    """The statements of a file, which stand one below the other."""

    def __init__(self, module: syntax.Module) -> None:
        self._lines = _lines(module.text)
        self._firsts = _firsts(module.body, self._lines)
        self._made: dict[int, Chunk | None] = {}

    def at(self, line: int) -> Chunk | None:
        """The statement that stands at a line; None if libcst does not know its syntax."""
        index = bisect_right(self._firsts, line) - 1
        if index not in self._made:
            first, *rest = self._firsts[index : index + 2]
            module = parse("".join(self._lines[first - 1 : rest[0] - 1 if rest else None]))
            self._made[index] = Chunk(module, first - 1) if module is not None else None
        return self._made[index]

    def locate(self, node: cst.CSTNode) -> Span | None:
        """Where a node of one of the trees is in the file."""
        places = (chunk.locate(node) for chunk in self._made.values() if chunk is not None)
        return next((span for span in places if span is not None), None)

    def parent(self, node: cst.CSTNode) -> cst.CSTNode | None:
        """The node around a node of one of the trees."""
        parents = (chunk.parents.get(id(node)) for chunk in self._made.values() if chunk is not None)
        return next((parent for parent in parents if parent is not None), None)


def _lines(text: str) -> list[str]:
    """The lines with their ends."""
    starts = [0, *(match.end() for match in NEWLINE.finditer(text)), len(text)]
    return [text[start:end] for start, end in zip(starts, starts[1:])]


def _firsts(statements: list[syntax.Statement], lines: list[str]) -> list[int]:
    """The first line of each statement with what stands above it. Statements that share a line are one."""
    found = [1]
    last = 0
    for statement in statements:
        line = statement.at.lineno
        # The line goes on behind a backslash.
        if 0 < last < line and not lines[line - 2].rstrip("\r\n").endswith("\\"):
            found.append(last + 1)
        last = statement.at.end_lineno or line
    return found
