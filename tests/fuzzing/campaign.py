"""Many inputs, one after the other, and what becomes of them."""

from __future__ import annotations

import contextlib
import gc
import multiprocessing
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path
from random import Random

from tests.fuzzing import calls, damage, properties
from tests.fuzzing.grammar import Writer
from tests.fuzzing.mutations import mutate

#: One in so many inputs is looked at more closely, and one in so many goes through the command, too.
THOROUGH, BY_COMMAND = 8, 10
#: So many files go through the command at once.
_BATCH = 200
#: After so many inputs garbage is looked for.
_GARBAGE = 500

KINDS = {"mutated": 0.50, "generated": 0.22, "notebook": 0.12, "bytes": 0.06, "calls": 0.10}

#: Calls in a program of calls.
_CALLS = 40


@dataclass(frozen=True)
class Failure:
    """An input for which a property does not hold."""

    number: int
    kind: str
    what: str


@dataclass
class Tally:
    """What became of the inputs."""

    kinds: Counter[str] = field(default_factory=Counter)
    with_findings: int = 0
    not_python: int = 0
    by_command: int = 0
    thorough: int = 0
    slowest: tuple[float, int] = (0.0, -1)
    failures: list[Failure] = field(default_factory=list)


def make(seed: int, number: int, texts: Sequence[str]) -> tuple[str, str, bytes]:
    """The input of a number: its kind, the name of its file, and what the file holds."""
    random = Random(f"{seed}:{number}")
    kind = random.choices(list(KINDS), list(KINDS.values()))[0]
    if kind == "generated":
        text = Writer(random, random.choice((3, 6, 12, 25))).program()
        return kind, f"f{number}.py", text.encode("utf-8", "surrogatepass")
    if kind == "calls":
        return kind, f"f{number}.py", calls.program(random, _CALLS).encode("utf-8", "surrogatepass")
    text = random.choice(texts)
    if kind == "notebook":
        changed = mutate(text, random, list(texts)) if random.random() < 0.5 else text
        return kind, f"f{number}.ipynb", damage.damaged_notebook(changed, random)
    if kind == "bytes":
        return kind, f"f{number}.py", damage.random_bytes(text, random)
    return kind, f"f{number}.py", mutate(text, random, texts).encode("utf-8", "surrogatepass")


def run(
    seed: int, numbers: range, texts: Sequence[str], tell: Callable[[str], None], at: Synchronized[int] | None = None
) -> Tally:
    """Lints the inputs of these numbers, all in this process.

    Args:
        tell: is told about failures, at once.
        at: where the number of the input in work is kept.
    """
    tally = Tally()
    batch: list[tuple[str, bytes]] = []
    for number in numbers:
        if at is not None:
            at.value = number
        kind, name, data = make(seed, number, texts)
        tally.kinds[kind] += 1
        start = time.process_time()
        what = _one(data, name, number, tally)
        seconds = time.process_time() - start
        if seconds > properties.SLOW:
            tell(f"{number} ({kind}) took {seconds:.1f} s")
        tally.slowest = max(tally.slowest, (seconds, number))
        if what:
            tally.failures.append(Failure(number, kind, what))
            tell(f"{number} ({kind}): {what}")
        elif number % BY_COMMAND == 0:
            batch.append((name, data))
        if len(batch) == _BATCH or (batch and number == numbers[-1]):
            tally.by_command += len(batch)
            try:
                properties.command_line(batch)
            except Exception as error:
                tally.failures.append(Failure(number, "command", str(error)))
                tell(f"the command, up to {number}: {error}")
            batch = []
        if number % _GARBAGE == 0:
            gc.collect()
    return tally


def _one(data: bytes, name: str, number: int, tally: Tally) -> str:
    """What is wrong with one input; empty if nothing is."""
    thorough = number % THOROUGH == 0
    tally.thorough += thorough
    try:
        with properties.in_time():
            report = properties.check(data, name, thorough=thorough)
    except properties.Late:
        return f"more than {properties.BUDGET:.0f} s"
    except properties.Broken as error:
        return str(error)
    except Exception:
        return traceback.format_exc()
    codes = {finding.code for finding in report.findings}
    tally.with_findings += bool(codes - {"KX001", "KX002"})
    tally.not_python += bool(codes & {"KX001", "KX002"})
    return ""


def run_guarded(seed: int, numbers: range, texts: Sequence[str], tell: Callable[[str], None]) -> Iterator[Tally]:
    """The same in a process of its own: an input that takes it down is a failure like any other."""
    context = multiprocessing.get_context("fork")
    while numbers:
        at = context.Value("q", numbers[0])
        ours, theirs = context.Pipe(duplex=False)
        process = context.Process(target=_serve, args=(theirs, seed, numbers, texts, tell, at), daemon=False)
        process.start()
        theirs.close()
        done: Tally | None = None
        with contextlib.suppress(EOFError):
            done = ours.recv()
        process.join()
        if done is not None:
            yield done
            return
        number = at.value
        kind = make(seed, number, texts)[0]
        what = f"the process ended with {process.exitcode}"
        tell(f"{number} ({kind}): {what}")
        yield Tally(failures=[Failure(number, kind, what)], kinds=Counter({kind: number + 1 - numbers[0]}))
        numbers = range(number + 1, numbers.stop)


def _serve(connection, *arguments) -> None:
    connection.send(run(*arguments))


def keep(folder: Path, seed: int, failure: Failure, texts: Sequence[str]) -> None:
    """Writes down an input that failed, and how."""
    folder.mkdir(parents=True, exist_ok=True)
    _, name, data = make(seed, failure.number, texts)
    (folder / name).write_bytes(data)
    (folder / f"{name}.txt").write_text(failure.what, "utf-8", "backslashreplace")
