"""What all nodes of a syntax tree have in common."""

from __future__ import annotations

from typing import Protocol

from kerlint.records import dataclass


class Extent(Protocol):
    """Where something stands, as Python's own parser has it: lines from 1, columns from 0 in bytes of UTF-8."""

    @property
    def lineno(self) -> int:
        """The first line."""

    @property
    def col_offset(self) -> int:
        """The column of the first character."""

    @property
    def end_lineno(self) -> int | None:
        """The last line."""

    @property
    def end_col_offset(self) -> int | None:
        """The column behind the last character."""


@dataclass(eq=False, slots=True)
class Node:
    """A node.

    Args:
        at: where it stands, or what it is a part of (`places.py` knows which part).
    """

    at: Extent


@dataclass(eq=False, slots=True)
class Expression(Node):
    """What has a value."""


@dataclass(eq=False, slots=True)
class Statement(Node):
    """What does something."""


def stands_in(whole: Node, part: Node | None) -> bool:
    """Whether a node is a part of another one, or that one itself."""
    pending = [whole]
    while pending:
        node = pending.pop()
        if node is part:
            return True
        pending.extend(children(node))
    return False


def children(node: Node) -> list[Node]:
    """The nodes right below a node, in the order of the fields."""
    found: list[Node] = []
    for name in _fields_of(type(node)):
        value = getattr(node, name)
        if isinstance(value, Node):
            found.append(value)
        elif type(value) is list:
            found.extend([item for item in value if isinstance(item, Node)])
    return found


_fields: dict[type, tuple[str, ...]] = {}


def _fields_of(kind: type) -> tuple[str, ...]:
    known = _fields.get(kind)
    if known is None:
        slots = [name for base in reversed(kind.__mro__) for name in getattr(base, "__slots__", ())]
        known = _fields[kind] = tuple(name for name in slots if name not in ("at", "__weakref__"))
    return known
