from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import kerlint
from kerlint import processes
from kerlint.processes import in_processes

ROOT = Path(kerlint.__file__).parent.parent
PROGRAM = """\
import keras
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, activation="softmax")])
model.compile(optimizer="adam", loss="binary_crossentropy")
"""

#: The command line with an evaluation that does as it is told, in every process.
STUBBED = """
import os, signal, sys, time
import kerlint.library, kerlint.rules
from kerlint.program.facts import Program
def evaluate(module, modules=None):
    if "die" in module.text:
        os.kill(os.getpid(), signal.SIGKILL)
    if "leave" in module.text:
        os._exit(3)
    if "sleep" in module.text:
        open(f"asleep-{os.getpid()}", "w").close()
        time.sleep(60)
    return Program()
kerlint.library.evaluate = evaluate
kerlint.rules.all_rules = lambda: ()
from kerlint.cli import main
main()
"""
forked = pytest.mark.skipif(processes._start_method() != "fork", reason="the stub is not there in a spawned process")


@pytest.fixture(params=["fork", "spawn"])
def method(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "fork" and processes._start_method() != "fork":
        pytest.skip("not safe here")
    monkeypatch.setattr(processes, "_start_method", lambda: request.param)
    return str(request.param)


def double(number: int) -> int:
    # The later the task, the sooner it is done.
    time.sleep(0.02 * (5 - number % 5))
    return 2 * number


def misbehave(task: str) -> str | None:
    if task == "die":
        os._exit(7)
    if task == "leave":
        sys.exit(8)
    if task == "raise":
        raise ValueError("as told")
    if task == "odd":
        raise Odd("one", "two")
    return None if task == "none" else task


class Odd(Exception):
    """One that cannot be pickled and read back."""

    def __init__(self, one: str, two: str) -> None:
        super().__init__(one + two)


def told(task: object, how: str) -> str:
    return f"{task} {how}"


def test_all_tasks_are_done(method: str) -> None:
    found = dict(in_processes(range(12), double, lambda *_: -1, 3))
    assert found == {number: 2 * number for number in range(12)}


def test_a_process_that_dies_costs_its_task_only(method: str) -> None:
    tasks = ["a", "die", "none", "leave", "b", "die", "c"]
    found = dict(in_processes(tasks, misbehave, told, 2))
    assert found == {
        0: "a",
        1: "die ended with status 7",
        2: None,
        3: "leave ended with status 8",
        4: "b",
        5: "die ended with status 7",
        6: "c",
    }


def test_what_is_raised_is_raised(method: str) -> None:
    with pytest.raises(ValueError, match="as told"):
        list(in_processes(["a", "raise"], misbehave, told, 2))
    with pytest.raises(RuntimeError, match="Odd: onetwo"):
        list(in_processes(["a", "odd"], misbehave, told, 2))


def test_nobody_is_left(method: str) -> None:
    import multiprocessing

    results = in_processes(range(30), double, lambda *_: -1, 3)
    next(results)
    assert len(multiprocessing.active_children()) == 3
    results.close()
    assert not multiprocessing.active_children()
    list(in_processes(range(4), double, lambda *_: -1, 2))
    assert not multiprocessing.active_children()


def test_without_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise BlockingIOError("too many processes")

    monkeypatch.setattr(processes, "_Worker", refuse)
    assert dict(in_processes([1, 2, 3], double, lambda *_: -1, 2)) == {0: 2, 1: 4, 2: 6}


def test_threads_are_not_forked() -> None:
    done = threading.Event()
    thread = threading.Thread(target=done.wait)
    thread.start()
    try:
        assert processes._start_method() == "spawn"
    finally:
        done.set()
        thread.join()


def start(*arguments: str, cwd: Path, code: str = "", group: bool = False) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, *(["-c", code] if code else ["-m", "kerlint"]), *arguments],
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        start_new_session=group,
    )


def run(*arguments: str, cwd: Path, code: str = "") -> tuple[str, str, int]:
    process = start(*arguments, cwd=cwd, code=code)
    out, err = process.communicate(timeout=120)
    return out, err, process.returncode


@pytest.mark.parametrize("cache", [("--no-cache",), ()], ids=["without cache", "with cache"])
def test_the_order_is_that_of_the_files(tmp_path: Path, cache: tuple[str, ...]) -> None:
    for number in range(14):
        # The first ones take longest.
        (tmp_path / f"f{number:02}.py").write_text(PROGRAM + "x = [1, 2, 3]\n" * 100 * (14 - number))
    (tmp_path / "broken.py").write_text("import keras\nx = (\n")
    one = run(".", "--jobs", "1", "--no-cache", cwd=tmp_path)
    assert one[0].count("KL001") >= 14
    assert run(".", "--jobs", "3", *cache, cwd=tmp_path) == one
    # The second time with what is in the cache.
    (tmp_path / "f03.py").write_text("import keras\n")
    one = run(".", "--jobs", "1", "--no-cache", cwd=tmp_path)
    assert run(".", "--jobs", "3", *cache, cwd=tmp_path) == one
    assert run(".", *cache, cwd=tmp_path) == one


@forked
@pytest.mark.parametrize(("word", "how"), [("die", "was ended by SIGKILL"), ("leave", "ended with status 3")])
def test_a_file_that_ends_its_process(tmp_path: Path, word: str, how: str) -> None:
    for number in range(9):
        (tmp_path / f"f{number}.py").write_text("import keras\n")
    (tmp_path / "f4.py").write_text(f"import keras\n{word}\n")
    out, _, status = run(".", "--jobs", "2", "--output-format", "concise", "--no-cache", cwd=tmp_path, code=STUBBED)
    assert status == 2
    assert out.splitlines() == [
        f"f4.py:1:1: error[KX000] the process that linted this file {how}",
        "Found 1 error in 1 of 9 files.",
    ]


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    try:
        # One that nobody has asked about its end is dead all the same.
        return ") Z" not in Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return True


def _asleep(folder: Path, number: int) -> list[int]:
    """The processes that are at work, once there are as many."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        found = [int(path.name.partition("-")[2]) for path in folder.glob("asleep-*")]
        if len(found) >= number:
            return found
        time.sleep(0.05)
    raise AssertionError("they never got to work")


@forked
@pytest.mark.parametrize("how", ["the group", "the parent", "killed"])
def test_an_interrupt_leaves_nothing_behind(tmp_path: Path, how: str) -> None:
    for number in range(9):
        (tmp_path / f"f{number}.py").write_text("import keras\nsleep\n")
    process = start(".", "--jobs", "2", "--no-cache", cwd=tmp_path, code=STUBBED.replace("60", "4"), group=True)
    children = _asleep(tmp_path, 2)
    if how == "the group":
        os.killpg(process.pid, signal.SIGINT)
    else:
        process.send_signal(signal.SIGKILL if how == "killed" else signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert out == ""
    assert "Traceback" not in err
    assert process.returncode == (-signal.SIGKILL if how == "killed" else 130)
    # Nobody can tell them that their parent was killed; they notice when they have finished their file.
    end = time.monotonic() + (20 if how == "killed" else 0.5)
    while any(map(_is_alive, children)) and time.monotonic() < end:
        time.sleep(0.05)
    assert not any(map(_is_alive, children))
    assert len(list(tmp_path.glob("asleep-*"))) == 2
