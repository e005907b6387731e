"""Work shared among processes, of which each does one task at a time.

Not a `ProcessPoolExecutor`: there, a process that dies takes the whole pool with it, and nobody can tell which task
was its death.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import pickle
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection, wait
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from multiprocessing.context import BaseContext
    from multiprocessing.process import BaseProcess

Task = TypeVar("Task")
Result = TypeVar("Result")

_PATIENCE = 2.0


def cores() -> int:
    """How many processes can run at the same time."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0)) or 1
    return os.cpu_count() or 1


def is_cheap() -> bool:
    """Whether a process is there at once, with all that was imported before."""
    return _start_method() == "fork"


def in_processes(
    tasks: Sequence[Task],
    work: Callable[[Task], Result],
    died: Callable[[Task, str], Result],
    number: int,
) -> Iterator[tuple[int, Result]]:
    """Yields the results as they come, each with the index of its task.

    When the iterator is closed, or an exception leaves it, no process is left.

    Args:
        work: does a task, in another process; a function that can be pickled.
        died: the result of a task whose process died, and how it did.
        number: of processes.

    Raises:
        Exception: what `work` raised.
    """
    pool = _Pool(work, min(number, len(tasks)))
    try:
        pending = deque(enumerate(tasks))
        while pending or pool.is_busy:
            while pending and pool.give(pending[0]):
                pending.popleft()
            if not pool.is_busy:
                # Not a single process could be started.
                index, task = pending.popleft()
                yield index, work(task)
                continue
            for index, task, result, how in pool.take():
                yield index, died(task, how) if result is None else result.value
        pool.close()
    finally:
        pool.end()


class _Answer(Generic[Result]):
    """What a process has to say about a task."""

    def __init__(self, result: Result | None, error: BaseException | None = None) -> None:
        self.result = result
        self.error = error

    @property
    def value(self) -> Result:
        if self.error is not None:
            raise self.error
        # None is a result like any other.
        return self.result  # type: ignore[return-value]


class _Pool(Generic[Task, Result]):
    """Processes, and the task that each of them has."""

    def __init__(self, work: Callable[[Task], Result], number: int) -> None:
        self._context = multiprocessing.get_context(_start_method())
        self._work = work
        self._free = number
        self._idle: list[_Worker] = []
        self._busy: dict[Connection, tuple[_Worker, int, Task]] = {}

    @property
    def is_busy(self) -> bool:
        return bool(self._busy)

    def give(self, task: tuple[int, Task]) -> bool:
        """Hands out a task with its index; False if there is nobody to take it."""
        while True:
            if self._idle:
                worker = self._idle.pop()
            elif self._free:
                self._free -= 1
                try:
                    worker = _Worker(self._context, self._work, [own.connection for own in self._workers()])
                except OSError:
                    # Too many processes: those that there are have to do.
                    self._free = 0
                    return False
            else:
                return False
            try:
                worker.connection.send(task[1])
            except OSError:
                # It died without a task.
                worker.end()
                self._free += 1
                continue
            self._busy[worker.connection] = (worker, *task)
            return True

    def take(self) -> Iterator[tuple[int, Task, _Answer[Result] | None, str]]:
        """Waits, and yields tasks with their answers, or with how their process died."""
        for ready in wait(list(self._busy)):
            assert isinstance(ready, Connection)
            worker, index, task = self._busy[ready]
            answer: _Answer[Result] | None = None
            how = ""
            try:
                answer = ready.recv()
            except (EOFError, OSError, pickle.UnpicklingError):
                how = worker.end()
                self._free += 1
            else:
                self._idle.append(worker)
            del self._busy[ready]
            yield index, task, answer, how

    def close(self) -> None:
        """Lets all processes go."""
        for worker in self._workers():
            worker.connection.close()
        for worker in self._workers():
            worker.process.join(_PATIENCE)

    def end(self) -> None:
        """Ends all processes that are left."""
        for worker in self._workers():
            if worker.process.is_alive():
                worker.process.terminate()
        for worker in self._workers():
            worker.end()
        self._idle, self._busy = [], {}

    def _workers(self) -> list[_Worker]:
        return [*self._idle, *(worker for worker, _, _ in self._busy.values())]


class _Worker:
    """A process and the way to it."""

    def __init__(self, context: BaseContext, work: Callable[[Task], Result], others: Sequence[Connection]) -> None:
        self.connection, theirs = context.Pipe()
        # A copy of this end in the new process would keep all from noticing that this process is gone.
        inherited = [self.connection, *others] if context.get_start_method() == "fork" else []
        self.process: BaseProcess = context.Process(  # type: ignore[attr-defined]
            target=_serve, args=(theirs, work, inherited), daemon=True
        )
        try:
            with _uninterrupted():
                self.process.start()
        except BaseException:
            self.connection.close()
            raise
        finally:
            theirs.close()

    def end(self) -> str:
        """Ends it, and tells how it ended."""
        self.connection.close()
        self.process.join(_PATIENCE)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
        code = self.process.exitcode or 0
        if code < 0:
            with contextlib.suppress(ValueError):
                return f"was ended by {signal.Signals(-code).name}"
        return f"ended with status {code}"


def _serve(connection: Connection, work: Callable[[Task], Result], inherited: Sequence[Connection]) -> None:
    """What a process does: one task after another, until nobody is left to give any."""
    # An interrupt reaches the whole group; the process that gave the tasks decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for other in inherited:
        other.close()
    with contextlib.suppress(EOFError, OSError):
        while True:
            task = connection.recv()
            answer: _Answer[Result]
            try:
                answer = _Answer(work(task))
            except Exception as error:  # noqa: BLE001 - it is raised where the result is expected
                answer = _Answer(None, _portable(error))
            connection.send(answer)


def _portable(error: Exception) -> Exception:
    """The error, or one that says the same where it cannot travel."""
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 - its own bytes
    except Exception:  # noqa: BLE001 - anything may go wrong in the constructor of an error
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error


def _start_method() -> str:
    """The cheapest way to start a process that is safe.

    A forked process has everything that was imported before, but only one of its parent's threads, and on macOS the
    system's own libraries do not bear it.
    """
    if sys.platform.startswith(("linux", "freebsd")) and threading.active_count() == 1:
        return "fork"
    return "spawn"


@contextlib.contextmanager
def _uninterrupted() -> Iterator[None]:
    """Keeps interrupts waiting, so that a new process is not caught half made; it inherits that they wait."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
