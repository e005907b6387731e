"""Texts that are too large for libcst, and tables of data in them, of which a beginning is enough.

A syntax tree of libcst takes some thousand times the memory of its text where every character is a token.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from kerlint.source import NEWLINE, Broken, python_tree
from kerlint.syntax.lines import Lines
from kerlint.syntax.reading import KEPT, LONGEST_DISPLAY, is_constant

#: Longer texts are not looked at.
MOST_CHARACTERS = 5_000_000
#: Texts with more tokens are not read: Python's tree and kerlint's take up to a kilobyte for each.
MOST_READ = 1_500_000
#: Heavier texts are not given to libcst: a unit is a token, and takes up to three kilobytes.
MOST_TOKENS = 300_000
#: Texts are light that have no more characters.
_SMALL = 30_000
_STRING = r"\"\"\".*?\"\"\"|'''.*?'''|\"[^\"\\\n]*\"|'[^'\\\n]*'"
_TOKEN = re.compile(rf"{_STRING}|#[^\n]*|\w+|[^\w\s]|\n", re.DOTALL)
_FORMATTED = re.compile(rf"(?<!\w)(?:[fF][rR]?|[rR][fF])(?:{_STRING})", re.DOTALL)
_BRACKETS = re.compile(r"[()\[\]{}]")


def is_too_heavy(text: str, most: int = MOST_TOKENS) -> bool:
    """Whether libcst's tree of a text would take too much time and memory."""
    if len(text) <= most // 3:
        return False
    # What stands around a token is a node, too.
    return _tokens(text, most) + 2 * len(_BRACKETS.findall(text)) > most


def is_too_long(text: str) -> bool:
    """Whether kerlint's own tree of a text, and that of Python's parser, would take too much."""
    if len(text) > MOST_CHARACTERS:
        return True
    # Each character may be a token, and a token of a formatted string.
    return 2 * len(text) > MOST_READ and _tokens(text, MOST_READ) + _in_formatted(text) > MOST_READ


def _tokens(text: str, most: int) -> int:
    """How many tokens a text has, give or take some; if there are more than the most, one more than that."""
    count = 0
    for _ in _TOKEN.finditer(text):
        count += 1
        if count > most:
            break
    return count


def _in_formatted(text: str) -> int:
    """How many tokens stand in formatted strings, give or take some."""
    return sum(3 * string[0].count("{") for string in _FORMATTED.finditer(text))


def without_tables(text: str) -> str:
    """The text with long displays of constants cut short: what is left of them stands where it stood.

    In the place of the elements left out stands a string that goes over as many lines. The text must be Python.
    """
    if len(text) <= _SMALL or text.count(",") <= LONGEST_DISPLAY:
        return text
    tree = python_tree(text)
    lines = Lines(text)
    cut = list(_cuts(tree, text, lines)) if isinstance(tree, ast.Module) else []
    if not cut:
        return text
    parts: list[str] = []
    done = 0
    for first, last, is_dict in sorted(cut, key=lambda one: (one[0].lineno, one[0].col_offset)):
        start = lines.index_in_bytes(first.lineno, first.col_offset)
        end = lines.index_in_bytes(last.end_lineno or 0, last.end_col_offset or 0)
        filling = _filling(text[start:end], ":0" if is_dict else "")
        if filling is not None:
            parts += [text[done:start], filling]
            done = end
    short = "".join([*parts, text[done:]])
    # Elements may stand in parentheses of their own, of which one would be left.
    return text if isinstance(python_tree(short), Broken) else short


def _cuts(tree: ast.AST, text: str, lines: Lines) -> Iterator[tuple[ast.expr, ast.expr, bool]]:
    """Yields the first and the last node to leave out of each long display, and whether it is a dictionary."""
    # An element takes a character, and the comma behind it another: nearly all of a program need not be looked at.
    least = 2 * LONGEST_DISPLAY
    pending: list[ast.AST] = [tree]
    while pending:
        node = pending.pop()
        if isinstance(node, (ast.List, ast.Tuple, ast.Set)) and len(node.elts) > LONGEST_DISPLAY:
            if all(map(is_constant, node.elts[KEPT:])):
                yield node.elts[KEPT], node.elts[-1], False
                pending.extend(node.elts[:KEPT])
                continue
        elif isinstance(node, ast.Dict) and len(node.keys) > LONGEST_DISPLAY:
            first = node.keys[KEPT]
            if first is not None and all(map(is_constant, (*node.keys[KEPT:], *node.values[KEPT:]))):
                yield first, node.values[-1], True
                pending.extend(node.values[:KEPT])
                continue
        pending.extend(child for child in ast.iter_child_nodes(node) if _most_bytes(child, text, lines) >= least)


def _filling(text: str, value: str) -> str | None:
    """A string, and what follows it, of the form of a text; None if there is no room for it."""
    lines = NEWLINE.split(text)
    ends = NEWLINE.findall(text)
    if len(lines[-1]) < 1 + len(value) or not all(lines) or len(lines[0]) + (len(lines) == 1) < 2:
        return None
    last = len(lines) - 1
    filled = [
        ("'" if index == 0 else " ").ljust(len(line) - 1)[: len(line) - 1] + "\\" for index, line in enumerate(lines)
    ]
    ending = "'" + value
    filled[-1] = ("'" if last == 0 else "").ljust(len(lines[-1]) - len(ending)) + ending
    return "".join(line + end for line, end in zip(filled, [*ends, ""]))


def _most_bytes(node: ast.AST, text: str, lines: Lines) -> int:
    """At most how many bytes a node has; for one without a place, as many as there may be."""
    if not isinstance(node, (ast.expr, ast.stmt)):
        return len(text)
    last = node.end_lineno or node.lineno
    # Characters of the lines before, of which each may be four bytes.
    return 4 * (lines.starts[last - 1] - lines.starts[node.lineno - 1]) + (node.end_col_offset or 0)
