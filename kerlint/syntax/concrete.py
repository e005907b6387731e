"""libcst's tree of a text, which keeps every blank: for changes, and for the syntax of newer Pythons."""

from __future__ import annotations

import ast
import re

import libcst as cst

from kerlint.source import python_tree
from kerlint.syntax.large import is_too_heavy, without_tables

# Nobody writes more levels by hand, and libcst's parser, which is written in Rust,
# takes the process down with it some thousand levels further.
_MOST_LEVELS = 1000
_LONG_IMPORT = re.compile(r"(?:import|from)[ \t][^\n]{500,}")


def parse(text: str) -> cst.Module | None:
    """Libcst's tree, with long tables of constants cut short; None if there is none."""
    tree = python_tree(text)
    if isinstance(tree, ast.Module):
        if _too_deep(tree) or (_may_be_long(text) and _too_long(tree)):
            return None
        text = without_tables(text)
        if is_too_heavy(text):
            return None
    try:
        return cst.parse_module(text)
    except (MemoryError, RecursionError):
        raise
    except Exception:  # noqa: BLE001 - libcst's nodes are stricter than its grammar, about `return.5` for one
        return None
    except BaseException as panic:
        # What a panic in Rust becomes is no Exception.
        if type(panic).__name__ != "PanicException":
            raise
        return None


def _may_be_long(text: str) -> bool:
    """Whether it is worth looking for long chains: hardly ever."""
    return text.count("and") + text.count("or") > _MOST_LEVELS or bool(_LONG_IMPORT.search(text))


def _too_long(tree: ast.AST) -> bool:
    """Whether a chain of `and` or a dotted import is so long that libcst, which nests it, would overflow its stack."""
    for node in ast.walk(tree):
        if isinstance(node, ast.BoolOp) and len(node.values) > _MOST_LEVELS:
            return True
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            names = [alias.name for alias in node.names] + [getattr(node, "module", None) or ""]
            if any(name.count(".") > _MOST_LEVELS // 4 for name in names):
                return True
    return False


def _too_deep(tree: ast.AST) -> bool:
    """Whether the tree has too many levels."""
    level: list[ast.AST] = [tree]
    for _ in range(_MOST_LEVELS):
        level = [child for node in level for child in ast.iter_child_nodes(node) if _may_be_deep(child)]
        if not level:
            return False
    return True


def _may_be_deep(node: ast.AST) -> bool:
    # Each level takes at least one character, so that nearly all of a program need not be looked at.
    if not isinstance(node, (ast.expr, ast.stmt)):
        return bool(node._fields)
    return node.end_lineno != node.lineno or (node.end_col_offset or 0) - node.col_offset >= _MOST_LEVELS // 2
