"""A text with its syntax tree: where nodes are, what is around them, and how the author writes."""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache, cached_property
from typing import TypeGuard

import libcst as cst

from kerlint import syntax
from kerlint.finding import Edit, Span
from kerlint.source import NEWLINE
from kerlint.syntax import places as syntax_places
from kerlint.syntax.positions import Locate

_NAME = re.compile(r"\{([A-Za-z_]\w*(?:\.\w+)*)\}")
_PART = re.compile(r"\{(\d)\}(?=( ?[-+*/<>%.\[])?)")

#: Other names for what has several.
_SAME = {"keras.Input": ("keras.layers.Input",)}
#: How the names of fields begin that hold blanks, comments, brackets and the like.
_LAYOUT = (
    "whitespace", "leading_lines", "lines_after", "trailing_whitespace", "header", "footer", "empty_lines", "indent",
    "newline", "comment", "comma", "semicolon", "lpar", "rpar", "lbracket", "rbracket", "lbrace", "rbrace", "dot",
    "equal", "colon",
)  # fmt: skip


#: What keeps together whatever stands behind it.
_BARE = (cst.Name, cst.Attribute, cst.Call, cst.Subscript, cst.List, cst.Dict, cst.SimpleString, cst.Integer, cst.Float)
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
        locate: the places of the nodes of libcst's tree.
        names: what the names of the module stand for, in canonical form.
        place: the places of the nodes of kerlint's own tree, which rules have.
    """

    def __init__(
        self, module: cst.Module, text: str, locate: Locate, names: Mapping[str, str], place: syntax_places.Locate
    ) -> None:
        self.module = module
        self.text = text
        self.names = names
        self._locate = locate
        self._place_of = place
        self._starts = [0, *(match.end() for match in NEWLINE.finditer(text))]

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
        span = self._place_of(node) if node is not None else None
        if span is None:
            return None
        name = type(node).__name__
        names = _NAMES.get(name, (name,))
        return next((one for one in self._by_span.get(span, ()) if type(one).__name__ in names), None)

    @cached_property
    def _by_span(self) -> dict[Span, list[cst.CSTNode]]:
        found: dict[Span, list[cst.CSTNode]] = {}
        for node in _walk(self.module):
            span = self._locate(node)
            if span is not None:
                found.setdefault(span, []).append(node)
        return found

    # Places.

    def offset(self, line: int, column: int) -> int:
        """The index of a character."""
        return self._starts[line - 1] + column - 1

    def extent(self, node: cst.CSTNode) -> tuple[int, int]:
        """The indices of the first character and the one behind the last, parentheses included.

        Raises:
            NoFix: the node is not in this text.
        """
        first, last = node, node
        if isinstance(node, cst.BaseExpression) and node.lpar:
            first, last = node.lpar[0], node.rpar[-1]
        start, end = self._locate(first), self._locate(last)
        if start is None or end is None:
            raise NoFix
        return self.offset(start.start_line, start.start_column), self.offset(end.end_line, end.end_column)

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
        return Edit(self._span(start, end), text.replace("\n", self.newline))

    def _span(self, start: int, end: int) -> Span:
        return Span(*self._place(start), *self._place(end))

    def _place(self, index: int) -> tuple[int, int]:
        import bisect

        line = bisect.bisect_right(self._starts, index)
        return line, index - self._starts[line - 1] + 1

    # Surroundings.

    @cached_property
    def parents(self) -> dict[int, cst.CSTNode]:
        """The parent of each node, by its identity."""
        found: dict[int, cst.CSTNode] = {}
        pending: list[cst.CSTNode] = [self.module]
        while pending:
            node = pending.pop()
            for child in children(node):
                found[id(child)] = node
                pending.append(child)
        return found

    def ancestors(self, node: cst.CSTNode) -> Iterator[cst.CSTNode]:
        """The nodes around a node, the innermost first."""
        current = self.parents.get(id(node))
        while current is not None:
            yield current
            current = self.parents.get(id(current))

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
        quotes = Counter(quote for node in _walk(self.module) if (quote := _quote_of(node)))
        return "'" if quotes["'"] > quotes['"'] else '"'

    def quote(self, near: cst.CSTNode) -> str:
        """The quote for a new string: that of a string nearby in the statement, else the one that the file prefers."""
        for around in (near, *self.ancestors(near)):
            if isinstance(around, (cst.SimpleStatementLine, cst.BaseCompoundStatement, cst.Module)):
                break
            found = next((quote for node in _walk(around) if (quote := _quote_of(node))), None)
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
            if self._is_imported(bound, near) and (not wanted or self._packages[bound] & wanted):
                return written
        raise NoFix

    def is_library(self, node: cst.CSTNode) -> bool:
        """Whether a name, with attributes perhaps, is one of a library rather than a variable."""
        while isinstance(node, cst.Attribute):
            node = node.value
        return isinstance(node, cst.Name) and node.value in self.names

    def _is_imported(self, name: str, near: cst.CSTNode) -> bool:
        first = self._imports.get(name)
        if first is None or first > self.extent(near)[0]:
            return False
        functions = [node for node in self.ancestors(near) if isinstance(node, (cst.FunctionDef, cst.Lambda))]
        return not any(_binds(function, name) for function in functions)

    def _packages_near(self, near: cst.CSTNode) -> frozenset[str]:
        """The packages that the Keras of a statement comes from; where it has none, that of the file.

        Empty if there is no Keras at all; a package that does not exist if nobody can say which one is meant.
        """
        for around in (near, *self.ancestors(near)):
            here = [self._packages[node.value] for node in _walk(around) if self._is_keras(node)]
            if here:
                return here[0] if all(one == here[0] for one in here) else frozenset({""})
        return frozenset()

    def _is_keras(self, node: cst.CSTNode) -> TypeGuard[cst.Name]:
        """Whether a name stands for Keras or something of it: `layers`, or the `tf` of `tf.keras`."""
        if not isinstance(node, cst.Name) or node.value not in self._packages:
            return False
        parent = self.parents.get(id(node))
        canonical = self.names.get(node.value, "")
        if canonical == "tensorflow":
            return isinstance(parent, cst.Attribute) and parent.value is node and parent.attr.value == "keras"
        is_member = isinstance(parent, cst.Attribute) and parent.attr is node
        is_keyword = isinstance(parent, cst.Arg) and parent.keyword is node
        return canonical.partition(".")[0] == "keras" and not is_member and not is_keyword

    @cached_property
    def _packages(self) -> dict[str, frozenset[str]]:
        """The names that are imported anywhere in the file, and the packages that they come from."""
        found: dict[str, frozenset[str]] = {}
        for node in _walk(self.module):
            if not isinstance(node, cst.ImportAlias):
                continue
            parent = self.parents.get(id(node))
            module: cst.CSTNode | None = parent.module if isinstance(parent, cst.ImportFrom) else node.name
            while isinstance(module, cst.Attribute):
                module = module.value
            name = node.evaluated_alias or node.evaluated_name
            bound = name if isinstance(parent, cst.ImportFrom) or node.asname else name.partition(".")[0]
            package = module.value if isinstance(module, cst.Name) else ""
            found[bound] = found.get(bound, frozenset()) | {package}
        return found

    @cached_property
    def _imports(self) -> dict[str, int]:
        """The names that the module itself imports, and where it first does."""
        found: dict[str, int] = {}
        for node in _walk(self.module):
            if not isinstance(node, cst.ImportAlias):
                continue
            inside = (cst.FunctionDef, cst.ClassDef, cst.Lambda)
            around = list(self.ancestors(node))
            if any(isinstance(other, inside) for other in around):
                continue
            is_from = isinstance(around[0], cst.ImportFrom)
            name = node.evaluated_alias or node.evaluated_name
            bound = name if is_from or node.asname else name.partition(".")[0]
            start = self.extent(node)[0]
            found[bound] = min(start, found.get(bound, start))
        return found


def children(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """The children of a node, by its fields, in their order; no blanks, comments, brackets and commas."""
    for name in _fields_of(type(node)):
        value = getattr(node, name)
        if isinstance(value, cst.CSTNode):
            yield value
        elif isinstance(value, (list, tuple)):
            yield from (item for item in value if isinstance(item, cst.CSTNode))


@cache
def _fields_of(kind: type[cst.CSTNode]) -> tuple[str, ...]:
    """The fields that may hold more than layout, which is two thirds of all nodes."""
    return tuple(field.name for field in dataclasses.fields(kind) if not field.name.startswith(_LAYOUT))


def _walk(root: cst.CSTNode) -> Iterator[cst.CSTNode]:
    pending = [root]
    while pending:
        node = pending.pop()
        yield node
        pending.extend(reversed(list(children(node))))


def names_in(root: cst.CSTNode) -> set[str]:
    """All names that stand in a part of the tree, attributes and keywords too."""
    return {node.value for node in _walk(root) if isinstance(node, cst.Name)}


def _quote_of(node: cst.CSTNode) -> str:
    return node.quote if isinstance(node, cst.SimpleString) and len(node.quote) == 1 else ""


def bound_in(root: cst.CSTNode) -> set[str]:
    """The names that a part of the tree binds: parameters, assignments, loops, imports."""
    found: set[str] = set()
    for node in _walk(root):
        if isinstance(node, (cst.Param, cst.FunctionDef, cst.ClassDef)):
            found |= names_in(node.name)
        elif isinstance(node, (cst.AssignTarget, cst.AnnAssign, cst.AugAssign, cst.For, cst.CompFor, cst.NamedExpr)):
            found |= names_in(node.target)
        elif isinstance(node, cst.AsName):
            found |= names_in(node.name)
        elif isinstance(node, cst.ImportAlias):
            found.add((node.evaluated_alias or node.evaluated_name).partition(".")[0])
    return found


def _binds(function: cst.CSTNode, name: str) -> bool:
    return name in bound_in(function)
