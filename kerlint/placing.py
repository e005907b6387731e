"""Findings whose places are not all in the linted file.

A function of another module builds half of what is wrong: the layer is written there, the loss here. Such a finding
belongs to the linted file, and the places in the other file become the call that leads there. A finding without any
place in the linted file is the other file's own.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from kerlint import syntax
from kerlint.records import replace
from kerlint.syntax.places import locate, walk

if TYPE_CHECKING:
    from kerlint.program.facts import Program
    from kerlint.program.modules import Module
    from kerlint.rules.base import Found, Rule


def brought_home(
    found: list[tuple[Rule, Found]], tree: syntax.Module, program: Program, path: str
) -> list[tuple[Rule, Found]]:
    """The findings that concern the linted file, with every place in it. Lost places are left as they are."""
    if not found or not program.followed:
        return found
    away = {id(node) for _, one in found for node in _nodes(one)}
    away.difference_update(map(id, walk(tree)))
    if not away:
        return found
    places = _Places(away, program, path)
    return [(rule, moved) for rule, one in found if (moved := places.bring_home(one)) is not None]


def _nodes(one: Found) -> Iterator[syntax.Node]:
    yield one.node
    for node, _ in one.also:
        yield node


class _Places:
    """What stands for nodes of other modules.

    Args:
        away: the identities of the nodes that are not in the linted file.
        path: the linted file, from whose folder the others are named.
    """

    def __init__(self, away: set[int], program: Program, path: str) -> None:
        self.away = away
        self.program = program
        self.folder = os.path.realpath(os.path.dirname(os.path.abspath(path)))

    def bring_home(self, one: Found) -> Found | None:
        """The finding with all its places in the linted file; None if it does not belong there."""
        nodes = list(_nodes(one))
        if not any(id(node) in self.owners for node in nodes):
            return one
        if all(id(node) in self.away for node in nodes):
            return None
        home = self._call(one.node)
        if home is None:
            return None
        label = self._text(one.label, one.node)
        also: list[tuple[syntax.Node, str]] = []
        for node, text in one.also:
            place = self._call(node)
            if place is home and place is not node:
                # Two labels under one call would hide one another.
                label = "; ".join(part for part in (label, self._text(text, node)) if part)
            elif place is not None:
                also.append((place, self._text(text, node)))
        return replace(one, node=home, label=label, also=tuple(also))

    def _call(self, node: syntax.Node) -> syntax.Node | None:
        """The node itself if it is at home, else the call that leads to it, if there is only one."""
        return node if id(node) not in self.owners else self.calls.get(id(node))

    def _text(self, text: str, node: syntax.Node) -> str:
        module = self.owners.get(id(node))
        if module is None or not isinstance(module.node, syntax.Module):
            return text
        span = locate(module.node)(node)
        name = os.path.relpath(module.file.path, self.folder).replace(os.sep, "/")
        where = f"{name}:{span.start_line}" if span is not None else name
        return f"{text} ({where})" if text else where

    @cached_property
    def owners(self) -> dict[int, Module]:
        """The modules that the nodes stand in."""
        return {
            id(node): module
            for module in self.program.followed
            if module.node is not None
            for node in walk(module.node)
            if id(node) in self.away
        }

    @cached_property
    def calls(self) -> dict[int, syntax.Node]:
        """The only call in the linted file that leads to each node, for those that have one."""
        found: dict[int, syntax.Node] = {}
        inside: list[tuple[int, list[int], dict[int, syntax.Node]]] = []
        for definition, calls in self.program.entries.values():
            walked = list(map(id, walk(definition)))
            inside.append((len(walked), [node for node in walked if node in self.away], calls))
        # The largest first: what stands in a function within a function is the inner one's.
        for _, nodes, calls in sorted(inside, key=lambda entry: -entry[0]):
            for node in nodes:
                found.pop(node, None)
                if len(calls) == 1:
                    found.update((node, call) for call in calls.values() if id(call) not in self.away)
        return found
