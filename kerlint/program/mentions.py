"""Which names a file reads anywhere, in functions that are never called too."""

from __future__ import annotations

import libcst as cst


def reads(part: cst.CSTNode, name: str) -> bool:
    """Whether the name stands anywhere in a part of the file but as the target of an assignment or as a keyword."""
    pending: list[cst.CSTNode] = [part]
    while pending:
        node = pending.pop()
        if isinstance(node, cst.Name):
            if node.value == name:
                return True
        elif isinstance(node, cst.Arg):
            pending.append(node.value)
        elif not (isinstance(node, cst.AssignTarget) and isinstance(node.target, cst.Name)):
            pending.extend(node.children)
    return False


def attributes(part: cst.CSTNode, name: str) -> int:
    """How often `.name` stands in a part of the file."""
    count, pending = 0, [part]
    while pending:
        node = pending.pop()
        count += isinstance(node, cst.Attribute) and node.attr.value == name
        pending.extend(node.children)
    return count
