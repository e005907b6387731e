"""From text to a syntax tree."""

from __future__ import annotations

import ast
from collections import OrderedDict
from typing import TYPE_CHECKING

from kerlint.source import TOO_DEEP, TOO_LARGE, Broken, python_tree

if TYPE_CHECKING:
    from kerlint import syntax

#: Characters of source whose trees are kept: each takes about 40 bytes then.
_KEPT = 1_000_000
#: Texts that are not too large for anything.
_FREE = 100_000
#: Texts of one file that are kept: the one on disk, and the one in an editor, which is another after each keystroke.
_VERSIONS = 2

_trees: OrderedDict[tuple[str, str], syntax.Module | Broken] = OrderedDict()
_sizes = {"kept": 0}


def parse_file(path: str, text: str) -> syntax.Module | Broken:
    """The syntax tree of a file, kept for the next one that imports it.

    Two files with one text have two trees: nodes are told apart by identity.
    """
    key = (path, text)
    found = _trees.get(key)
    if found is not None:
        _trees.move_to_end(key)
        return found
    tree = parse(text)
    if len(text) < _KEPT:
        _trees[key] = tree
        _sizes["kept"] += len(text)
        for old in [one for one in _trees if one[0] == path][:-_VERSIONS]:
            _forget(old)
        while _sizes["kept"] > _KEPT:
            _forget(next(iter(_trees)))
    return tree


def _forget(key: tuple[str, str]) -> None:
    del _trees[key]
    _sizes["kept"] -= len(key[1])


def parse(text: str) -> syntax.Module | Broken:
    """The syntax tree, or why there is none."""
    if len(text) > _FREE:
        from kerlint.syntax.large import is_too_long

        if is_too_long(text):
            return Broken(1, 1, TOO_LARGE)
    tree = python_tree(text)
    if isinstance(tree, ast.Module):
        from kerlint.syntax.reading import read

        try:
            return read(tree, text)
        except RecursionError:
            return Broken(1, 1, TOO_DEEP)
    if tree.message == TOO_DEEP or "\0" in text:
        return tree
    from kerlint.syntax.newer import read_newer

    # It may be the syntax of a newer Python than the one that runs kerlint.
    return read_newer(text) or tree
