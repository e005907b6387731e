"""libcst's trees of the statements of a file, each made when it is first asked for.

A fix concerns one statement or two, and to parse the whole file for it would take longer than to lint it.
"""

from __future__ import annotations

import re
from bisect import bisect_right

import libcst as cst

from kerlint import syntax
from kerlint.edits.walking import children, walk
from kerlint.syntax.concrete import parse
from kerlint.syntax.lines import Lines
from kerlint.syntax.positions import extents

#: Lines without a statement.
_ABOVE = re.compile(r"(?:[ \t\f\\]*(?:#[^\r\n]*)?(?:\r\n|\r|\n))*[ \t\f]*")
#: The indices of the first character of a node and the one behind its last.
Extent = tuple[int, int]


class Chunks:
    """libcst's nodes of a file."""

    def __init__(self, module: syntax.Module, lines: Lines) -> None:
        self._text = module.text
        self._lines = lines
        self._firsts = _firsts(module, lines)
        self._parsed: set[int] = set()
        self._nodes: dict[Extent, list[cst.CSTNode]] = {}
        # By their identities, which stay their own: all nodes are held by the lists above.
        self._extents: dict[int, Extent] = {}
        self._parents: dict[int, cst.CSTNode] = {}

    def at(self, extent: Extent) -> list[cst.CSTNode]:
        """The nodes at a place, the outer ones first; none if libcst does not know the syntax there."""
        line, _ = self._lines.place(extent[0])
        index = bisect_right(self._firsts, line) - 1
        if index not in self._parsed:
            self._parsed.add(index)
            first, *following = [self._lines.starts[one - 1] for one in self._firsts[index : index + 2]]
            text = self._text[first : following[0] if following else None]
            statement = _ABOVE.sub("", text, count=1)
            self._add(statement, first + len(text) - len(statement))
        return self._nodes.get(extent, [])

    def _add(self, text: str, before: int) -> None:
        """Adds the nodes of a part of the file that begins at an index."""
        text = text if text.endswith(("\n", "\r")) else f"{text}\n"
        module = parse(text)
        if module is None:
            return
        found = extents(module)
        if found[id(module)] != (0, len(text)):
            # libcst leaves out some of what it reads, a form feed at the start of a line for one: nothing is in place.
            return
        for identity, (start, end) in found.items():
            self._extents[identity] = start + before, end + before
        for node in walk(module):
            if id(node) in self._extents:
                self._nodes.setdefault(self._extents[id(node)], []).append(node)
            self._parents.update((id(child), node) for child in children(node))

    def extent(self, node: cst.CSTNode) -> Extent | None:
        """Where a node is in the file."""
        return self._extents.get(id(node))

    def parent(self, node: cst.CSTNode) -> cst.CSTNode | None:
        """The node around a node."""
        return self._parents.get(id(node))


def _firsts(module: syntax.Module, lines: Lines) -> list[int]:
    """The first line of each statement with what stands above it. Statements that share a line are one."""
    found = [1]
    last = 0
    for statement in module.body:
        line = statement.at.lineno
        if 0 < last < line and not _goes_on(module.text[lines.starts[line - 2] : lines.starts[line - 1]]):
            found.append(last + 1)
        last = statement.at.end_lineno or line
    return found


def _goes_on(line: str) -> bool:
    """Whether what stands on the next line may belong to this one."""
    return line.rstrip("\r\n").endswith("\\")
