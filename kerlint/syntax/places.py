"""Where nodes are in the text."""

from __future__ import annotations

import re
from collections.abc import Callable

from kerlint import syntax as n
from kerlint.finding import Span
from kerlint.syntax.lines import Lines

#: The place of a node; None for one that is not in the module.
Locate = Callable[[n.Node], "Span | None"]


def locate(module: n.Module, *, alone: bool = True) -> Locate:
    """What knows the places of all nodes of a module.

    Args:
        alone: whether it is asked for nodes of this module only. Else those of others have to be told from them first.
    """
    places = _Places(module.text)
    own: set[int] = set()

    def find(node: n.Node) -> Span | None:
        if not alone:
            if not own:
                own.update(map(id, walk(module)))
            if id(node) not in own:
                return None
        return places.of(node)

    return find


def walk(root: n.Node) -> list[n.Node]:
    """A node and all nodes below it, in the order of the text."""
    found: list[n.Node] = []
    pending = [root]
    while pending:
        node = pending.pop()
        found.append(node)
        pending.extend(reversed(n.children(node)))
    return found


class _Places:
    """Where the nodes of a text are."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._lines = Lines(text)
        self._offset = self._lines.index_in_bytes

    def of(self, node: n.Node) -> Span:
        """The place of a node."""
        at = node.at
        start = self._offset(at.lineno, at.col_offset)
        end = self._offset(at.end_lineno or at.lineno, at.end_col_offset or 0)
        kind = type(node)
        if kind is n.Module:
            end = len(self._text)
        elif kind is n.Name:
            start, end = self._name(node.value, start, end)  # type: ignore[attr-defined]
        elif kind is n.ImportAlias:
            name: str = node.name  # type: ignore[attr-defined]
            end = start + len(name) if self._text.startswith(name, start) else end
        elif kind is n.Param and node.default is not None:  # type: ignore[attr-defined]
            last = node.default.at  # type: ignore[attr-defined]
            end = self._offset(last.end_lineno, last.end_col_offset)
        elif kind is n.Tuple or kind is n.GeneratorExp:
            start, end = self._within(node, start, end)
        elif kind is n.Block:
            last = node.body[-1].at  # type: ignore[attr-defined]
            end = self._offset(last.end_lineno, last.end_col_offset)
        return Span(*self._lines.place(start), *self._lines.place(end))

    def _name(self, name: str, start: int, end: int) -> tuple[int, int]:
        """Where a name stands that may be a part of something larger."""
        if self._text.startswith(name, start) and end - start == len(name):
            return start, end
        found = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)").search(self._text, start, end)
        return found.span() if found is not None else (start, end)

    def _within(self, node: n.Node, start: int, end: int) -> tuple[int, int]:
        """The extent without the parentheses, as with all other expressions."""
        if isinstance(node, n.Tuple):
            if not node.elements:
                return start, end
            first = node.elements[0].at
            before = self._text[start : self._offset(first.lineno, first.col_offset)]
            behind = self._text[self._offset(first.end_lineno or 0, first.end_col_offset or 0) : end]
            if before.count("(") <= behind.partition(",")[0].count(")"):
                # Those that are there are those of its elements.
                return start, end
        inner = self._text[start + 1 : end - 1]
        return end - 1 - len(inner.lstrip()), start + 1 + len(inner.rstrip())
