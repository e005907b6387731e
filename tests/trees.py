"""Syntax trees for tests."""

from __future__ import annotations

from kerlint import syntax
from kerlint.parsing import parse


def tree(text: str) -> syntax.Module:
    """The tree of a text, which is Python."""
    module = parse(text)
    assert isinstance(module, syntax.Module), module
    return module
