"""Which names a file reads anywhere, in functions that are never called too."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint import syntax


def reads(part: syntax.Node, name: str) -> bool:
    """Whether the name stands anywhere in a part of the file but as the target of an assignment or as a keyword."""
    pending: list[syntax.Node] = [part]
    while pending:
        node = pending.pop()
        if _names(node, name):
            return True
        if isinstance(node, syntax.Assign):
            pending.extend([node.value, *[one for one in node.targets if not isinstance(one, syntax.Name)]])
        else:
            pending.extend(syntax.children(node))
    return False


def _names(node: syntax.Node, name: str) -> bool:
    if isinstance(node, syntax.Name):
        return node.value == name
    if isinstance(node, syntax.Attribute):
        # Of a class or a module the name may be this one.
        return node.attr == name
    if isinstance(node, (syntax.Param, syntax.ImportAlias)):
        return name in (node.name, getattr(node, "asname", None))
    return isinstance(node, (syntax.Global, syntax.Nonlocal)) and name in node.names


def times_named(part: syntax.Node, name: str) -> int:
    """How often a variable stands in a part of the file, as the target of an assignment or to be read."""
    count, pending = 0, [part]
    while pending:
        node = pending.pop()
        count += _names(node, name)
        pending.extend(syntax.children(node))
    return count


def attributes(part: syntax.Node, name: str) -> int:
    """How often `.name` stands in a part of the file."""
    count, pending = 0, [part]
    while pending:
        node = pending.pop()
        count += isinstance(node, syntax.Attribute) and node.attr == name
        pending.extend(syntax.children(node))
    return count


def changing_names(loop: syntax.Node) -> set[str]:
    """The names that have another value in each pass of a `for`: its targets, and what the body makes of them."""
    if not isinstance(loop, syntax.For):
        return set()
    changing = names_in(loop.target)
    for assign in below(loop.body):
        if isinstance(assign, syntax.Assign) and any(times_named(assign.value, name) for name in changing):
            changing |= {name for target in assign.targets for name in names_in(target)}
    return changing


def names_in(part: syntax.Node) -> set[str]:
    """The variables that stand in a part of the file."""
    return {node.value for node in below(part) if isinstance(node, syntax.Name)}


def below(whole: syntax.Node) -> Iterator[syntax.Node]:
    """A node and all below it, as they are written."""
    pending = [whole]
    while pending:
        node = pending.pop()
        yield node
        pending.extend(reversed(syntax.children(node)))
