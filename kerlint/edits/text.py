"""A text with its syntax tree: where nodes are, what is around them, and how the author writes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TypeGuard

import libcst as cst

from kerlint import syntax
from kerlint.edits.chunks import Chunks
from kerlint.edits.imports import Imports
from kerlint.edits.walking import bound_in, walk
from kerlint.finding import Edit, Span
from kerlint.source import NEWLINE
from kerlint.syntax import places
from kerlint.syntax.lines import Lines

_NAME = re.compile(r"\{([A-Za-z_]\w*(?:\.\w+)*)\}")
_PART = re.compile(r"\{(\d)\}(?=( ?[-+*/%@&|^<>.(\[])?)")

_QUOTE = re.compile(r"""[A-Za-z]*(['"])(?!\1\1)""")

#: Other names for what has several.
_SAME = {"keras.Input": ("keras.layers.Input",)}
#: What keeps together whatever stands behind it.
_BARE = (cst.Name, cst.Attribute, cst.Call, cst.Subscript, cst.List, cst.Dict, cst.SimpleString)
#: The classes of libcst that a class of kerlint's own tree stands for, where they have other names.
_NAMES = {
    "Block": ("IndentedBlock", "SimpleStatementSuite"),
    "Constant": ("SimpleString", "ConcatenatedString", "Integer", "Float", "Imaginary", "Name", "Ellipsis"),
    "FormattedString": ("FormattedString", "ConcatenatedString"),
}


class NoFix(Exception):
    """A change that cannot be written down with certainty."""


class Text:
    """The text of a file.

    Args:
        module: kerlint's own tree of it, which rules have.
        place: the places of its nodes.
        names: what the names of the module stand for, in canonical form.
    """

    def __init__(self, module: syntax.Module, place: places.Locate, names: Mapping[str, str]) -> None:
        self.module = module
        self.text = module.text
        self.names = names
        self._lines = Lines(self.text)
        self._chunks = Chunks(module, self._lines)
        self._place_of = place

    # Nodes.

    def node(self, node: syntax.Node) -> cst.CSTNode:
        """The node of libcst's tree that stands for the same.

        Raises:
            NoFix: there is none, since it is not of this text.
        """
        found = self.known_node(node)
        if found is None:
            raise NoFix
        return found

    def known_node(self, node: syntax.Node | None) -> cst.CSTNode | None:
        """The node of libcst's tree that stands for the same; None if there is none."""
        if isinstance(node, syntax.Arg):
            # Python's own parser does not count the parentheses around its value.
            value = self.known_node(node.value)
            return self.parent(value) if value is not None else None
        span = self._place_of(node) if node is not None else None
        if span is None:
            return None
        start = self._lines.index(span.start_line, span.start_column)
        end = self._lines.index(span.end_line, span.end_column)
        name = type(node).__name__
        names = _NAMES.get(name, (name,))
        return next((one for one in self._chunks.at((start, end)) if type(one).__name__ in names), None)

    # Places.

    def extent(self, node: cst.CSTNode) -> tuple[int, int]:
        """The indices of the first character and the one behind the last, parentheses included.

        Raises:
            NoFix: the node is not in this text.
        """
        first, last = node, node
        if isinstance(node, cst.BaseExpression) and node.lpar:
            first, last = node.lpar[0], node.rpar[-1]
        start, end = self._chunks.extent(first), self._chunks.extent(last)
        if start is None or end is None:
            raise NoFix
        return start[0], end[1]

    def source(self, node: cst.CSTNode) -> str:
        """The source of a node, parentheses included."""
        start, end = self.extent(node)
        return self.text[start:end]

    def line_of(self, index: int) -> tuple[int, int]:
        """The indices of the start and the end of the line around an index, its newline left out."""
        start = max(self.text.rfind("\n", 0, index), self.text.rfind("\r", 0, index)) + 1
        found = NEWLINE.search(self.text, index)
        return start, found.start() if found else len(self.text)

    def indent_at(self, index: int) -> str:
        """The white space at the start of the line."""
        start, end = self.line_of(index)
        line = self.text[start:end]
        return line[: len(line) - len(line.lstrip(" \t\f"))]

    def edit(self, start: int, end: int, text: str) -> Edit:
        """An edit between two indices, newlines as in the file."""
        span = Span(*self._lines.place(start), *self._lines.place(end))
        return Edit(span, text.replace("\n", self.newline))

    # Surroundings.

    def parent(self, node: cst.CSTNode) -> cst.CSTNode | None:
        """The node around a node."""
        return self._chunks.parent(node)

    def ancestors(self, node: cst.CSTNode) -> Iterator[cst.CSTNode]:
        """The nodes around a node, the innermost first, up to the statement of the module."""
        current = self.parent(node)
        while current is not None:
            yield current
            current = self.parent(current)

    def statement(self, node: cst.CSTNode) -> cst.SimpleStatementLine:
        """The line of simple statements that a node stands in, which must be one statement by itself.

        Raises:
            NoFix: there is none.
        """
        for around in (node, *self.ancestors(node)):
            if isinstance(around, cst.SimpleStatementLine) and len(around.body) == 1:
                return around
            if isinstance(around, (cst.BaseCompoundStatement, cst.SimpleStatementLine, cst.Lambda, cst.BaseComp)):
                break
        raise NoFix

    # The author's ways.

    @cached_property
    def newline(self) -> str:
        """The file's own newline: the first."""
        found = NEWLINE.search(self.text)
        return found[0] if found else "\n"

    @cached_property
    def _quote(self) -> str:
        quotes: Counter[str] = Counter()
        for node in places.walk(self.module):
            if isinstance(node, syntax.Constant) and isinstance(node.value, str):
                start = self._lines.index_in_bytes(node.at.lineno, node.at.col_offset)
                found = _QUOTE.match(self.text, start)
                quotes.update(found[1] if found is not None else "")
        return "'" if quotes["'"] > quotes['"'] else '"'

    def quote(self, near: cst.CSTNode) -> str:
        """The quote for a new string: that of a string nearby in the statement, else the one that the file prefers."""
        for around in (near, *self.ancestors(near)):
            if isinstance(around, (cst.SimpleStatementLine, cst.BaseCompoundStatement, cst.Module)):
                break
            found = next((quote for node in walk(around) if (quote := _quote_of(node))), None)
            if found is not None:
                return found
        return self._quote

    def render(self, template: str, near: cst.CSTNode, parts: tuple[syntax.Node, ...] = ()) -> str:
        """A text of a draft as it is written here.

        Raises:
            NoFix: a name has no spelling here.
        """
        text = template
        if '"' in text and "'" not in text:
            text = text.replace('"', self.quote(near))
        text = _NAME.sub(lambda match: self.spelling(match[1], near), text)
        return _PART.sub(lambda match: self._operand(self.node(parts[int(match[1])]), match[2]), text)

    def _operand(self, node: cst.CSTNode, behind: str) -> str:
        """The source of a node, in parentheses if what stands behind it would else take a part of it only."""
        source = self.source(node)
        is_whole = isinstance(node, _BARE) or (isinstance(node, cst.BaseExpression) and node.lpar)
        return source if is_whole or not behind else f"({source})"

    def spelling(self, name: str, near: cst.CSTNode) -> str:
        """How the file can write a library's name at a place.

        Raises:
            NoFix: nothing that it belongs to is imported before, or the name is another thing's there.
        """
        found: list[tuple[int, int, str, str]] = []
        for index, known in enumerate((name, *_SAME.get(name, ()))):
            for bound, canonical in self.names.items():
                if canonical == known or known.startswith(f"{canonical}."):
                    found.append((-len(canonical), index, bound, bound + known[len(canonical) :]))
                elif canonical == "tensorflow" and known.startswith("keras."):
                    found.append((0, index, bound, f"{bound}.{known}"))
        # Objects of the one Keras are nothing to a model of the other.
        wanted = self._packages_near(near) if name.startswith("keras.") else frozenset()
        for _, _, bound, written in sorted(found):
            if self._is_imported(bound, near) and (not wanted or self._imports.packages[bound] & wanted):
                return written
        raise NoFix

    def is_library(self, node: cst.CSTNode) -> bool:
        """Whether a name, with attributes perhaps, is one of a library rather than a variable."""
        while isinstance(node, cst.Attribute):
            node = node.value
        return isinstance(node, cst.Name) and node.value in self.names

    def _is_imported(self, name: str, near: cst.CSTNode) -> bool:
        first = self._imports.first.get(name)
        if first is None or first > self.extent(near)[0]:
            return False
        functions = [node for node in self.ancestors(near) if isinstance(node, (cst.FunctionDef, cst.Lambda))]
        return not any(_binds(function, name) for function in functions)

    def _packages_near(self, near: cst.CSTNode) -> frozenset[str]:
        """The packages that the Keras of a statement comes from; where it has none, that of the file.

        Empty if there is no Keras at all; a package that does not exist if nobody can say which one is meant.
        """
        for around in (near, *self.ancestors(near)):
            here = [self._imports.packages[node.value] for node in walk(around) if self._is_keras(node)]
            if here:
                return _common(here)
        return _common(self._imports.of_keras(self.names))

    def _is_keras(self, node: cst.CSTNode) -> TypeGuard[cst.Name]:
        """Whether a name stands for Keras or something of it: `layers`, or the `tf` of `tf.keras`."""
        if not isinstance(node, cst.Name) or node.value not in self._imports.packages:
            return False
        parent = self.parent(node)
        canonical = self.names.get(node.value, "")
        if canonical == "tensorflow":
            return isinstance(parent, cst.Attribute) and parent.value is node and parent.attr.value == "keras"
        is_member = isinstance(parent, cst.Attribute) and parent.attr is node
        is_keyword = isinstance(parent, cst.Arg) and parent.keyword is node
        return canonical.partition(".")[0] == "keras" and not is_member and not is_keyword

    @cached_property
    def _imports(self) -> Imports:
        return Imports(self.module, self._lines)


def _common(packages: list[frozenset[str]]) -> frozenset[str]:
    if not packages:
        return frozenset()
    return packages[0] if all(one == packages[0] for one in packages) else frozenset({""})


def _quote_of(node: cst.CSTNode) -> str:
    return node.quote if isinstance(node, cst.SimpleString) and len(node.quote) == 1 else ""


def _binds(function: cst.CSTNode, name: str) -> bool:
    return name in bound_in(function)
