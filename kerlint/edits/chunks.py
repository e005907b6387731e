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
        self._text = module.text
        self._starts = [0, *(match.end() for match in NEWLINE.finditer(module.text)), len(module.text)]
        self._lines = _lines(module.body)
        self._firsts = [first for first, _ in self._lines]
        self._made: dict[int, Chunk | None] = {}

    def at(self, line: int) -> Chunk | None:
        """The statement that stands at a line; None if there is none, or libcst does not know its syntax."""
        index = bisect_right(self._firsts, line) - 1
        if index < 0:
            return None
        if index not in self._made:
            first, last = self._lines[index]
            module = parse(self._text[self._starts[first - 1] : self._starts[min(last, len(self._starts) - 1)]])
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


def _lines(statements: list[syntax.Statement]) -> list[tuple[int, int]]:
    """The first and the last line of each statement; those that share a line are one."""
    found: list[tuple[int, int]] = []
    for statement in statements:
        decorators = statement.decorators if isinstance(statement, (syntax.FunctionDef, syntax.ClassDef)) else []
        first = min(node.at.lineno for node in (statement, *decorators))
        last = statement.at.end_lineno or first
        if found and found[-1][1] >= first:
            found[-1] = (found[-1][0], last)
        else:
            found.append((first, last))
    return found
