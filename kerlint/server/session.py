"""Decides what is analysed when, in one thread beside the one that talks to the editor, and what is published.

Each document or notebook has a revision, which grows whenever something changes that concerns it. An analysis belongs
to a revision: what waits for its turn is dropped once it is stale, and what has been found about an old text is not
published. While somebody types, the wait after each keystroke grows with what an analysis of this text takes.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol, TypeVar

from lsprotocol import types
from pygls.workspace import Workspace

from kerlint import memory
from kerlint.records import dataclass, field
from kerlint.server.analysis import Analysis, analyse
from kerlint.server.configurations import Configurations
from kerlint.server.diagnostics import diagnostics
from kerlint.server.options import Options
from kerlint.server.probing import Probing
from kerlint.server.snapshot import Snapshot, take

T = TypeVar("T")

#: Seconds to wait after a keystroke: a quarter of what the last analysis took, within these bounds.
SHORTEST_WAIT, LONGEST_WAIT = 0.02, 0.3
#: Characters beyond which a text is analysed only when it is opened or saved.
HUGE = 1_000_000
#: Deep programs need more than the stack that threads get on some systems. Only what is used of it is ever taken.
_STACK = 256 * 1024 * 1024


class Editor(Protocol):
    """What a session tells the editor."""

    def publish(self, uri: str, version: int | None, found: Sequence[types.Diagnostic]) -> None:
        """Shows these diagnostics in a document, and no others."""

    def warn(self, text: str) -> None:
        """Tells the user that something is wrong."""

    def log(self, text: str) -> None:
        """Writes into the editor's log."""


@dataclass
class _Opened:
    """A document or a notebook that is open.

    Args:
        edition: grows with the text only.
        future: the analysis of the revision `analysed`, done or not.
        timer: what will publish after a wait.
        cost: the seconds that the last analysis took.
        published: for each document what was last published.
    """

    revision: int = 0
    edition: int = 0
    analysed: int = -1
    future: asyncio.Future[Analysis | None] | None = None
    timer: asyncio.Task[None] | None = None
    cost: float = 0.0
    published: dict[str, list[types.Diagnostic]] = field(default_factory=dict)


class Session:
    """All that is open in the editor."""

    def __init__(self, editor: Editor) -> None:
        self.options = Options()
        self.probing = Probing()
        self._editor = editor
        self._configurations = Configurations()
        self._opened: dict[str, _Opened] = {}
        self._told: set[str] = set()
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="kerlint")
        self._workspace: Workspace | None = None
        self._roots: tuple[str, ...] = ()
        self._has_stopped = False

    def start(self, workspace: Workspace, roots: Sequence[str]) -> None:
        """Begins, with the folders that the editor has opened."""
        self._workspace = workspace
        self._roots = tuple(roots)
        before = threading.stack_size(_STACK)
        # The pool makes its thread for the first job. Loading everything takes longer than most analyses.
        self._pool.submit(_warm_up)
        threading.stack_size(before)

    def set_roots(self, roots: Sequence[str]) -> None:
        """The editor has other folders now."""
        self._roots = tuple(roots)
        self.reload()

    def open(self, uri: str) -> None:
        """A document or a notebook has been opened."""
        self._opened.setdefault(uri, _Opened())
        self._touch(uri, 0)

    def change(self, uri: str) -> None:
        """Its text has changed."""
        opened = self._opened.get(uri)
        if opened is None:
            return
        opened.edition += 1
        snapshot = self._snapshot(uri)
        if self.options.run == "onSave" or (snapshot is not None and snapshot.size > HUGE):
            opened.revision += 1
            return
        self._touch(uri, min(max(opened.cost / 4, SHORTEST_WAIT), LONGEST_WAIT))

    def save(self, uri: str) -> None:
        """Something has been saved. What imports it may have changed with it."""
        for key in self._opened:
            self._touch(key, 0 if key == uri else LONGEST_WAIT)

    def look_again(self, uri: str) -> None:
        """There is something new to say about it."""
        if uri in self._opened:
            self._touch(uri, 0)

    def close(self, uri: str) -> None:
        """A document or a notebook has been closed."""
        if uri not in self._opened:
            return
        opened = self._opened.pop(uri)
        opened.revision = -1
        if opened.timer is not None:
            opened.timer.cancel()
        for part, found in opened.published.items():
            if found:
                self._editor.publish(part, None, [])

    def drop_part(self, key: str, uri: str) -> None:
        """A cell has been taken out of a notebook."""
        opened = self._opened.get(key)
        if opened is not None and uri in opened.published and opened.published.pop(uri):
            self._editor.publish(uri, None, [])

    def reload(self) -> None:
        """Configuration files, or others that matter, have changed."""
        self._configurations.forget()
        self._told.clear()
        for uri in self._opened:
            self._touch(uri, SHORTEST_WAIT)

    def set_options(self, options: Options) -> bool:
        """The settings have changed; the answer is whether they really have."""
        if options == self.options:
            return False
        self.options = options
        self.reload()
        return True

    def edition(self, uri: str) -> int:
        """How often the text of what is open has changed; -1 if it is not open."""
        opened = self._opened.get(uri)
        return opened.edition if opened is not None else -1

    def stop(self) -> None:
        """Ends: what waits is dropped."""
        self._has_stopped = True
        self.probing.stop()
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def analysis(self, uri: str) -> Analysis | None:
        """The analysis of a text as it is now; None if it is not open, or changes before its turn comes."""
        opened = self._opened.get(uri)
        if opened is None:
            return None
        if opened.future is None or opened.analysed != opened.revision:
            snapshot = self._snapshot(uri)
            if snapshot is None:
                return None
            opened.analysed = opened.revision
            opened.future = asyncio.get_running_loop().run_in_executor(
                self._pool, self._analyse, opened, snapshot, opened.revision, self._roots, self.options
            )
            # The answer does not wait for it.
            opened.future.add_done_callback(lambda _: self._tidy(snapshot.size))
        return await asyncio.shield(opened.future)

    async def run(self, function: Callable[[], T]) -> T:
        """Calls something in the worker thread."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, function)

    def _tidy(self, size: int) -> None:
        if not self._has_stopped:
            self._pool.submit(memory.tidy, size)

    def _snapshot(self, uri: str) -> Snapshot | None:
        return take(self._workspace, uri) if self._workspace is not None else None

    def _analyse(
        self, opened: _Opened, snapshot: Snapshot, revision: int, roots: tuple[str, ...], options: Options
    ) -> Analysis | None:
        """Runs in the worker thread."""
        if opened.revision != revision:
            return None
        start = time.perf_counter()
        found = analyse(snapshot, self._configurations, roots, options)
        found.with_verdict = self.probing.with_verdict
        opened.cost = time.perf_counter() - start
        return found

    def _touch(self, uri: str, wait: float) -> None:
        opened = self._opened[uri]
        opened.revision += 1
        if opened.timer is not None:
            opened.timer.cancel()
        opened.timer = asyncio.get_running_loop().create_task(self._publish_soon(uri, opened, wait))

    async def _publish_soon(self, uri: str, opened: _Opened, wait: float) -> None:
        await asyncio.sleep(wait)
        revision = opened.revision
        try:
            analysis = await self.analysis(uri)
        except Exception as error:  # noqa: BLE001 - one text must not end the session
            self._editor.log(f"{uri}: {type(error).__name__}: {error}")
            return
        if analysis is not None and opened.revision == revision:
            self._publish(opened, analysis)

    def _publish(self, opened: _Opened, analysis: Analysis) -> None:
        problem = analysis.applied.problem
        if problem and problem not in self._told:
            self._told.add(problem)
            self._editor.warn(f"kerlint: {problem}")
        for text in analysis.tracebacks:
            self._editor.log(text)
        for limit in analysis.limits:
            text = f"{analysis.snapshot.name}: {limit}; there may be more to find"
            if text not in self._told:
                self._told.add(text)
                self._editor.log(text)
        found = diagnostics(analysis.snapshot, analysis.shown)
        for part in analysis.snapshot.parts:
            own = found[part.uri]
            # Editors count on an answer for each document; of the cells of a notebook few change at a time.
            is_news = part.uri not in opened.published or own or opened.published[part.uri]
            if is_news or not analysis.snapshot.is_notebook:
                opened.published[part.uri] = own
                self._editor.publish(part.uri, part.version, own)


#: Has a finding with a fix and an experiment, so that all parts of an analysis are loaded.
_SAMPLE = """\
import keras
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, activation="softmax")])
model.compile("adam", "binary_crossentropy")
"""


def _warm_up() -> None:
    from kerlint import engine
    from kerlint.selection import Settings
    from kerlint.source import Source

    engine.check_read(Source(_SAMPLE, "sample.py"), Settings(probe=True))
    memory.settle()
