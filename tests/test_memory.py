"""Processes that live long look for garbage by themselves, where Python is told not to."""

from __future__ import annotations

import gc
import subprocess
import sys
import textwrap
import weakref
from collections.abc import Iterator

import pytest

from kerlint import memory


class Node:
    """Can be in a circle."""


@pytest.fixture
def no_collector() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("no_collector")
def test_tidy() -> None:
    node = Node()
    node.itself = node  # type: ignore[attr-defined]
    gone = weakref.ref(node)
    del node
    assert gone() is not None
    memory.tidy()
    assert gone() is None


def test_python_does_it_by_itself_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []
    monkeypatch.setattr(gc, "collect", lambda: asked.append(True))
    memory.tidy()
    assert asked == []


def test_trees_are_freed_after_each_file() -> None:
    """Although nobody looks through them: what the command line does, in a process of its own."""
    code = textwrap.dedent("""
        import gc, weakref
        gc.disable()
        import libcst
        from kerlint.linting import lint_data
        from kerlint.selection import Settings
        alive, parse = [], libcst.parse_module
        def parsed(text):
            tree = parse(text)
            alive.append(weakref.ref(tree))
            return tree
        libcst.parse_module = parsed
        for number in range(4):
            text = f"from tensorflow import keras\\ndef f(x):\\n    return f(x) + {number}\\nclass A:\\n    b = f\\nf(1)\\n"
            lint_data(text.encode(), "a.py", Settings(), None, is_test=False, path=None)
        print(len(alive), sum(tree() is not None for tree in alive))
    """)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "4 0\n"
