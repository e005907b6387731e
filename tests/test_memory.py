"""Processes that live long look for garbage by themselves, where Python is told not to."""

from __future__ import annotations

import gc
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
