"""Through libcst's trees, without their layout."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from functools import cache

import libcst as cst

#: How the names of fields begin that hold blanks, comments, brackets and the like.
_LAYOUT = (
    "whitespace", "leading_lines", "lines_after", "trailing_whitespace", "header", "footer", "empty_lines", "indent",
    "newline", "comment", "comma", "semicolon", "lpar", "rpar", "lbracket", "rbracket", "lbrace", "rbrace", "dot",
    "equal", "colon",
)  # fmt: skip


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


def walk(root: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """A node and all nodes below it, in the order of the text."""
    pending = [root]
    while pending:
        node = pending.pop()
        yield node
        pending.extend(reversed(list(children(node))))


def names_in(root: cst.CSTNode) -> set[str]:
    """All names that stand in a part of the tree, attributes and keywords too."""
    return {node.value for node in walk(root) if isinstance(node, cst.Name)}


def bound_in(root: cst.CSTNode) -> set[str]:
    """The names that a part of the tree binds: parameters, assignments, loops, imports."""
    found: set[str] = set()
    for node in walk(root):
        if isinstance(node, (cst.Param, cst.FunctionDef, cst.ClassDef)):
            found |= names_in(node.name)
        elif isinstance(node, (cst.AssignTarget, cst.AnnAssign, cst.AugAssign, cst.For, cst.CompFor, cst.NamedExpr)):
            found |= names_in(node.target)
        elif isinstance(node, cst.AsName):
            found |= names_in(node.name)
        elif isinstance(node, cst.ImportAlias):
            found.add((node.evaluated_alias or node.evaluated_name).partition(".")[0])
    return found
