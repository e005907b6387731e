"""The worker as the rest of kerlint sees it: a process that answers, or a reason why it does not."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import shutil
import signal
import site
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import IO, Any

#: Seconds for the import of TensorFlow, which may have to come from a slow disk.
START = 180.0
#: How often the memory of the worker is looked at, in seconds.
LOOK = 0.1
#: Bytes that the worker may take: TensorFlow alone takes about 0.6 GB.
MEMORY = 3_000_000_000
#: Environment that a Python with its libraries may need; nothing else is passed on.
_KEPT = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT", "LANG", "LC_ALL", "TZ")


class Failed(Exception):
    """The worker gave no answer; says why, for people."""


class Missing(Failed):
    """The Python in question has no TensorFlow, or a Keras that is too old."""


class Worker:
    """One process with TensorFlow, started when it is first asked.

    Args:
        python: the interpreter; by default the one that runs kerlint.
        memory: bytes that it may take.
    """

    def __init__(self, python: str | None = None, memory: int = MEMORY) -> None:
        self.python = python or sys.executable
        self.memory = memory
        self.versions: dict[str, Any] = {}
        self._process: subprocess.Popen[str] | None = None
        self._lines: queue.Queue[str | None] = queue.Queue()
        self._home = ""

    @property
    def pid(self) -> int | None:
        """The process, if it runs."""
        return self._process.pid if self._process is not None else None

    def ask(self, job: object, seconds: float) -> dict[str, Any]:
        """The answer to a job.

        Raises:
            Missing: there is no TensorFlow.
            Failed: the worker crashed, took too long or too much memory, or refused.
        """
        if self._process is None:
            self._start()
        assert self._process is not None
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(job) + "\n")
            self._process.stdin.flush()
        except (OSError, ValueError) as error:
            raise self._crashed() from error
        answer = self._read(seconds, f"it took longer than {seconds:.0f} s")
        if "refused" in answer:
            raise Failed(str(answer["refused"]))
        return answer

    def close(self) -> None:
        """Ends the process and all that it started, and removes its directory."""
        process, self._process = self._process, None
        if process is not None:
            _kill(process)
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    _close(stream)
        if self._home:
            shutil.rmtree(self._home, ignore_errors=True)
            self._home = ""

    def _start(self) -> None:
        self._home = tempfile.mkdtemp(prefix="kerlint-probe-")
        try:
            self._process = subprocess.Popen(  # noqa: S603 - the interpreter is the user's choice
                [self._place(), str(Path(__file__).with_name("worker.py"))],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd=self._home,
                env=self._environment(),
                text=True,
                encoding="utf-8",
                start_new_session=True,
            )
        except OSError as error:
            self.close()
            raise Missing(f"{self.python} cannot be started: {error.strerror or error}") from error
        self._lines = queue.Queue()
        threading.Thread(target=_collect, args=(self._process.stdout, self._lines), daemon=True).start()
        try:
            answer = self._read(START, "TensorFlow took too long to import")
        except Failed as error:
            self.close()
            if self.versions:
                raise
            # It would be no better the next time.
            raise Missing(f"{self.python} is no Python with TensorFlow: {error}") from error
        if "missing" in answer:
            self.close()
            raise Missing(f"{answer['missing']} is not installed for {self.python}")
        if "broken" in answer:
            self.close()
            raise Missing(f"{self.python} cannot import TensorFlow and Keras: {answer['broken']}")
        self.versions = answer

    def _place(self) -> str:
        """The interpreter as it is found from the directory of the process; one without a directory is on the PATH."""
        return os.path.abspath(self.python) if os.path.dirname(self.python) else self.python

    def _environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
        if site.ENABLE_USER_SITE and self.python == sys.executable:
            kept["PYTHONUSERBASE"] = site.getuserbase()
        return kept | {
            "HOME": self._home,
            "USERPROFILE": self._home,
            "TMPDIR": self._home,
            "KERAS_HOME": self._home,
            "KERAS_BACKEND": "tensorflow",
            # A probe never takes a graphics card away from a training that runs.
            "CUDA_VISIBLE_DEVICES": "-1",
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "TF_ENABLE_ONEDNN_OPTS": "0",
            "OMP_NUM_THREADS": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONHASHSEED": "0",
            "PYTHONUTF8": "1",
            "KERLINT_PROBE_MEMORY": str(self.memory),
        }

    def _read(self, seconds: float, late: str) -> dict[str, Any]:
        """The next line of the worker, within a time and within its memory."""
        end = time.monotonic() + seconds
        while True:
            try:
                line = self._lines.get(timeout=max(min(LOOK, end - time.monotonic()), 0.001))
            except queue.Empty:
                if time.monotonic() >= end:
                    self.close()
                    raise Failed(late) from None
                if self._process is not None and _resident(self._process.pid) > self.memory:
                    self.close()
                    raise Failed(f"it took more than {self.memory / 1e9:.1f} GB of memory") from None
                continue
            if line is None:
                raise self._crashed()
            try:
                answer = json.loads(line)
            except ValueError:
                continue
            if isinstance(answer, dict):
                return answer

    def _crashed(self) -> Failed:
        status: int | None = None
        if self._process is not None:
            try:
                status = self._process.wait(2)
            except subprocess.TimeoutExpired:
                status = None
        self.close()
        how = f"by signal {-status}" if status is not None and status < 0 else f"with status {status}"
        return Failed(f"the process ended {how}")


def _collect(stream: IO[str] | None, lines: queue.Queue[str | None]) -> None:
    """Hands over lines until the stream ends, then None."""
    try:
        for line in stream or ():
            lines.put(line)
    except (OSError, ValueError):
        pass
    lines.put(None)


def _kill(process: subprocess.Popen[str]) -> None:
    """Kills the process and its group."""
    try:
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    except (OSError, ProcessLookupError):
        pass
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(10)


def _close(stream: IO[str]) -> None:
    with contextlib.suppress(OSError):
        stream.close()


def _resident(pid: int) -> int:
    """The bytes that a process holds in memory; 0 where the system does not say."""
    try:
        with open(f"/proc/{pid}/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 0
