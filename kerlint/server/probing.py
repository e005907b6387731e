"""The probe in the editor: it runs beside everything else, can be cancelled, and what comes out is kept in mind.

A verdict belongs to an experiment, not to a place in a text: it stays while the text changes around it, and goes as
soon as the model changes.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

from kerlint.finding import Finding, Probe
from kerlint.probe.process import Failed, Worker
from kerlint.probe.runner import Session
from kerlint.records import dataclass, replace

#: How many verdicts are kept in mind.
MANY = 500
#: Seconds between two looks whether a cancelled process has really ended.
_AGAIN = 0.1
#: Seconds for one experiment; those of the command line are for a whole run.
_SECONDS = 120.0

#: Is told in words what happens.
OnNews = Callable[[str], None]


@dataclass(frozen=True)
class Outcome:
    """What a trial has come to.

    Args:
        probe: the verdict; None if it was cancelled.
        missing: why there is no TensorFlow, if there is none.
    """

    probe: Probe | None
    missing: str | None = None


class _Cancelled(Failed):
    """The user has seen enough."""


class _Process(Worker):
    """A worker that tells what it does, and can be ended from another thread."""

    def __init__(self, python: str | None, on_news: OnNews) -> None:
        super().__init__(python)
        self.cancelled = threading.Event()
        self._on_news = on_news

    def ask(self, job: object, seconds: float) -> dict[str, object]:
        """As `Worker.ask`; says before what is going to happen."""
        if self.cancelled.is_set():
            raise _Cancelled("cancelled")
        if self.pid is None:
            self._on_news("starting TensorFlow")
            self._start()
        seeds = len(job["seeds"]) if isinstance(job, Mapping) else 0
        self._on_news(f"trying it out with {seeds} seeds")
        return super().ask(job, seconds)


class Probing:
    """All trials of one editor, one after the other in a thread of their own."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="kerlint-probe")
        self._known: dict[str, Probe] = {}
        self._running: dict[str, _Process] = {}

    def with_verdict(self, finding: Finding) -> Finding:
        """The finding with its verdict, if it has one."""
        probe = self._known.get(_key(finding)) if self._known else None
        return finding if probe is None else replace(finding, probe=probe)

    def is_running(self, finding: Finding) -> bool:
        """Whether it is being tried out, or waits for it."""
        return bool(self._running) and _key(finding) in self._running

    def claim(self, finding: Finding, python: str | None, on_news: OnNews) -> bool:
        """Reserves the trial of a finding, which `run` then must follow; False if it is running, or waits for it.

        Args:
            python: the interpreter that has TensorFlow; None for the one that runs kerlint.
            on_news: is called in another thread.
        """
        if self.is_running(finding):
            return False
        self._running[_key(finding)] = _Process(python, on_news)
        return True

    async def run(self, finding: Finding) -> Outcome:
        """Tries a finding out that has been claimed. Never fails: what goes wrong is an inconclusive verdict."""
        key, experiment = _key(finding), finding.experiment
        assert isinstance(experiment, Mapping)
        process = self._running[key]
        try:
            future = asyncio.get_running_loop().run_in_executor(self._pool, _tried, process, experiment)
            while not future.done():
                await asyncio.wait([future], timeout=_AGAIN)
                if process.cancelled.is_set():
                    # It may have been about to start when it was ended.
                    process.close()
            probe, missing = future.result()
        finally:
            del self._running[key]
        if process.cancelled.is_set():
            return Outcome(None)
        if probe.evidence:
            while len(self._known) >= MANY:
                del self._known[next(iter(self._known))]
            self._known[key] = probe
        return Outcome(probe, missing)

    def cancel(self, finding: Finding) -> None:
        """Ends the trial of a finding."""
        process = self._running.get(_key(finding))
        if process is not None:
            process.cancelled.set()

    def stop(self) -> None:
        """Ends all trials."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        for process in self._running.values():
            process.cancelled.set()
            process.close()


def can_be_probed(finding: Finding) -> bool:
    """Whether there is an experiment, and not only the reason why there is none."""
    return isinstance(finding.experiment, Mapping)


def _key(finding: Finding) -> str:
    return json.dumps(finding.experiment, sort_keys=True) if can_be_probed(finding) else ""


def _tried(process: _Process, experiment: Mapping[str, object]) -> tuple[Probe, str | None]:
    """Runs in the thread of the probe."""
    session = Session(process, _SECONDS)
    try:
        return session.verdict(experiment), session.missing
    finally:
        process.close()
