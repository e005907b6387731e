"""How processes and functions are timed."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Cost:
    """What a process took.

    Args:
        cpu: seconds, children included.
        clock: seconds.
        memory: the largest resident size in megabytes, of the largest process.
    """

    cpu: float
    clock: float
    memory: float


def environment() -> dict[str, str]:
    """That of the measured processes: this kerlint, and bytecode is kept."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPATH": str(ROOT)}


def run(arguments: Sequence[str], cwd: Path) -> Cost:
    """Runs Python with arguments."""
    return run_command([sys.executable, *arguments], cwd)


def run_command(command: Sequence[str], cwd: Path) -> Cost:
    """Runs a command. Exit statuses do not matter: there are findings."""
    start = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment()
    )
    _, _, usage = os.wait4(process.pid, 0)
    clock = time.perf_counter() - start
    # macOS counts bytes.
    unit = 1 << 20 if sys.platform == "darwin" else 1 << 10
    return Cost(usage.ru_utime + usage.ru_stime, clock, usage.ru_maxrss / unit)


def best(costs: Iterable[Cost]) -> Cost:
    """The least of each."""
    found = list(costs)
    return Cost(*(min(getattr(cost, name) for cost in found) for name in ("cpu", "clock", "memory")))


def best_time(function: Callable[[], object], repeat: int) -> float:
    """The least CPU time of a call, in seconds."""
    times: list[float] = []
    for _ in range(repeat):
        start = time.process_time()
        function()
        times.append(time.process_time() - start)
    return min(times)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown, numbers to the right."""
    lines = ["| " + " | ".join(head) + " |", "|" + "|".join(["---", *["---:"] * (len(head) - 1)]) + "|"]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)]) + "\n"
