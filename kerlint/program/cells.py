"""Which values a notebook shows: that of the last statement of a cell, if it is an expression."""

from __future__ import annotations

from collections.abc import Sequence

from kerlint import syntax


def shown(module: syntax.Module, starts: Sequence[int]) -> set[int]:
    """The identities of the expressions that end a cell.

    Args:
        starts: the first line of each cell in the text, from 1; empty where it is no notebook.
    """
    found: set[int] = set()
    if not starts:
        return found
    lines = [statement.at.lineno for statement in module.body]
    for index, statement in enumerate(module.body):
        if index + 1 < len(module.body) and _cell(starts, lines[index]) == _cell(starts, lines[index + 1]):
            continue
        if isinstance(statement, syntax.Expr):
            found.add(id(statement.value))
    return found


def _cell(starts: Sequence[int], line: int) -> int:
    return sum(1 for start in starts if start <= line)
