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
    memory._seen["bytes"] = 0
    yield
    gc.enable()


@pytest.mark.usefixtures("no_collector")
def test_tidy() -> None:
    node = Node()
    node.itself = node  # type: ignore[attr-defined]
    gone = weakref.ref(node)
    del node
    assert gone() is not None
    memory.tidy(100)
    assert gone() is not None, "not after each text, however short"
    memory.tidy(1_000_000)
    assert gone() is None


def test_python_does_it_by_itself_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []
    monkeypatch.setattr(gc, "collect", lambda: asked.append(True))
    memory.tidy(1_000_000)
    assert asked == []


def test_trees_are_freed_after_each_file() -> None:
    """Although nobody looks through them: what the command line does, in a process of its own."""
    code = textwrap.dedent("""
        import gc
        gc.disable()
        from kerlint.linting import lint_data
        from kerlint.selection import Settings
        text = b"from tensorflow import keras\\ndef f(x):\\n    return f(x) + 1\\nclass A:\\n    b = f\\nf(1)\\n"
        counts = []
        for _ in range(20):
            lint_data(text, "a.py", Settings(), None, is_test=False, path=None)
            counts.append(gc.get_freeze_count())
        # A tree has more parts than this.
        print(counts[0] > 10_000, counts[-1] - counts[4] < 50, gc.collect() < 50)
    """)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "True True True\n"
