"""`kerlint --probe` as a process, with interpreters of all kinds: one that answers by rote, none, one that hangs."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import textwrap
import time
import venv
from pathlib import Path

import pytest

from kerlint import engine
from tests.test_probe import PROGRAM, run

#: A model whose loss undoes the activation: a warning, and certainly not one that stops it from learning.
WARNING = """
import keras
model = keras.Sequential([
    keras.Input((10,)),
    keras.layers.Dense(16, activation="relu"),
    keras.layers.Dense(3, activation="softmax"),
])
model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
"""


def kerlint(folder: Path, *arguments: str, text: str = PROGRAM) -> subprocess.CompletedProcess[str]:
    (folder / "train.py").write_text(text)
    root = str(Path(engine.__file__).parents[1])
    return subprocess.run(
        [sys.executable, "-m", "kerlint", "train.py", "--isolated", *arguments],
        capture_output=True,
        text=True,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": root},
        check=False,
    )


def interpreter(folder: Path, body: str) -> str:
    """An executable that runs a few lines in the place of the worker."""
    path = folder / "python"
    path.write_text(f"#!{sys.executable}\nimport json, sys, time\n{textwrap.dedent(body)}")
    path.chmod(0o755)
    return str(path)


def answering(folder: Path, original: dict[str, object], repaired: dict[str, object]) -> str:
    """A worker that gives the same measurements for each job."""
    answer = {"result": {"original": [original] * 2, "repaired": [repaired] * 2}, "seconds": 0.1}
    return interpreter(
        folder,
        f"""
        print(json.dumps({{"ready": "3", "tensorflow": "2"}}), flush=True)
        for line in sys.stdin:
            print({json.dumps(answer)!r}, flush=True)
        """,
    )


def verdicts(done: subprocess.CompletedProcess[str]) -> dict[str, dict[str, object]]:
    return {row["code"]: row["probe"] for row in json.loads(done.stdout)}


def test_a_refuted_error_fails_the_run_and_a_refuted_warning_does_not(tmp_path: Path) -> None:
    healthy = answering(tmp_path, run(), run())
    options = ("--probe", "--probe-python", healthy, "--output-format", "json")
    error = kerlint(tmp_path, *options, "--select", "KL001")
    assert error.returncode == 1
    assert verdicts(error)["KL001"]["verdict"] == "refuted"
    warning = kerlint(tmp_path, *options, "--select", "KL003", text=WARNING)
    assert verdicts(warning)["KL003"]["verdict"] == "refuted"
    assert warning.returncode == 0
    # It is the experiment that makes the difference.
    assert kerlint(tmp_path, "--select", "KL003", text=WARNING).returncode == 1


def test_findings_are_all_there_whatever_the_interpreter_does(tmp_path: Path) -> None:
    plain = kerlint(tmp_path, "--output-format", "json", "--pedantic")
    wanted = [(row["code"], row["message"]) for row in json.loads(plain.stdout)]
    assert wanted
    ready = 'print(json.dumps({"ready": "3", "tensorflow": "2"}), flush=True)\n'
    for body, reason in (
        ("sys.exit(3)", "is no Python with TensorFlow: the process ended with status 3"),
        (ready + "sys.stdin.readline()\nimport os\nos.kill(os.getpid(), 9)", "the process ended by signal 9"),
        (ready + "for line in sys.stdin:\n    print('no JSON', flush=True)", "it took longer than"),
        (ready + "for line in sys.stdin:\n    print('{\"result\": 3}', flush=True)", "the probe failed: TypeError"),
        (ready + 'for line in sys.stdin:\n    print(\'{"refused": "no"}\', flush=True)', "no"),
        ('print(json.dumps({"missing": "tensorflow"}), flush=True)', "tensorflow is not installed for"),
        ('print(json.dumps({"broken": "RuntimeError: old"}), flush=True)', "TensorFlow and Keras: RuntimeError: old"),
    ):
        python = interpreter(tmp_path, body)
        done = kerlint(
            tmp_path,
            "--probe-timeout",
            "1",
            "--probe",
            "--probe-python",
            python,
            "--output-format",
            "json",
            "--pedantic",
        )
        rows = json.loads(done.stdout)
        assert [(row["code"], row["message"]) for row in rows] == wanted
        assert done.returncode == plain.returncode
        told = [row["probe"] for row in rows if row["probe"] is not None]
        assert told
        assert {probe["verdict"] for probe in told} == {"inconclusive"}
        assert reason in told[0]["text"], told[0]["text"]


def test_a_python_that_is_none_gets_one_line_and_the_same_exit_status(tmp_path: Path) -> None:
    done = kerlint(tmp_path, "--probe", "--probe-python", "/nonexistent/python", "--output-format", "concise")
    assert done.returncode == kerlint(tmp_path).returncode == 1
    hints = [line for line in done.stderr.splitlines() if "nothing was probed" in line]
    assert len(hints) == 1
    assert "pip install 'kerlint[probe]'" in hints[0]
    assert "[probe: inconclusive. /nonexistent/python cannot be started" in done.stdout


def test_a_program_that_is_no_python_is_said_so_once(tmp_path: Path) -> None:
    """One that ends at once, and says nothing of use."""
    two = PROGRAM + "\n" + WARNING
    done = kerlint(tmp_path, "--probe", "--probe-python", interpreter(tmp_path, "print('train.py')"), text=two)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("warning: nothing was probed: ")
    assert "/python is no Python with TensorFlow: the process ended with status 0; pip install" in line


def test_a_worker_that_hangs_is_ended_in_time(tmp_path: Path) -> None:
    hanging = interpreter(
        tmp_path,
        f"""
        import os
        open({str(tmp_path / "pid")!r}, "w").write(str(os.getpid()))
        print(json.dumps({{"ready": "3", "tensorflow": "2"}}), flush=True)
        time.sleep(600)
        """,
    )
    started = time.monotonic()
    done = kerlint(tmp_path, "--probe", "--probe-python", hanging, "--probe-timeout", "2", "--output-format", "json")
    assert "it took longer than 2 s" in str(verdicts(done)["KL001"]["text"])
    # Far from the ten minutes that the worker would take.
    assert time.monotonic() - started < 120
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


def test_a_worker_that_takes_all_memory_is_ended(tmp_path: Path) -> None:
    if not Path("/proc/self/statm").exists():
        pytest.skip("needs /proc")
    greedy = interpreter(
        tmp_path,
        """
        print(json.dumps({"ready": "3", "tensorflow": "2"}), flush=True)
        sys.stdin.readline()
        kept = bytearray(60_000_000)
        time.sleep(600)
        """,
    )
    from kerlint.probe.runner import Options, probed
    from tests.test_probe import with_findings

    report, _ = probed(with_findings(), Options(python=greedy, memory=50_000_000))
    assert report.findings[0].probe is not None
    assert "of memory" in report.findings[0].probe.text


def test_a_time_that_is_no_time_is_refused(tmp_path: Path) -> None:
    assert kerlint(tmp_path, "--probe", "--probe-timeout", "0").returncode == 2


@pytest.mark.parametrize("target", ["scripts", "one.py"])
def test_scripts_come_from_the_command_line_and_print_the_verdict(tmp_path: Path, target: str) -> None:
    pytest.importorskip("tensorflow")
    done = kerlint(
        tmp_path,
        "--probe-script",
        target,
        "--probe-python",
        sys.executable,
        "--select",
        "KL001",
        "--output-format",
        "json",
    )
    probe = verdicts(done)["KL001"]
    assert probe["verdict"] == "confirmed"
    (path,) = re.findall(r"^wrote (.*)$", done.stderr, re.MULTILINE)
    assert Path(path) == Path("one.py") or Path(path).parent == Path("scripts")
    shown = subprocess.run(
        [sys.executable, "-I", path], capture_output=True, text=True, cwd=tmp_path, check=True
    ).stdout.splitlines()
    assert shown[-1] == f"confirmed. {probe['text']}"


def test_an_interpreter_named_from_where_kerlint_runs(tmp_path: Path) -> None:
    interpreter(tmp_path, "sys.exit(3)")
    done = kerlint(tmp_path, "--probe", "--probe-python", "./python", "--select", "KL003", text=WARNING)
    assert "./python is no Python with TensorFlow: the process ended with status 3" in done.stderr


#: What stands in the place of TensorFlow and of Keras, and what is said of it.
_WORKING = """
def nothing(*arguments): ...
class config:
    set_visible_devices = nothing
    class threading:
        set_intra_op_parallelism_threads = set_inter_op_parallelism_threads = nothing
"""
BROKEN = {
    "no TensorFlow": (None, None, "tensorflow is not installed for"),
    "an empty folder": ("", None, "cannot import TensorFlow and Keras: AttributeError"),
    "an error": ("raise RuntimeError('made for NumPy 1')", None, "RuntimeError: made for NumPy 1"),
    "a library that is not there": ("raise ImportError('no such\\n  library')", None, "ImportError: no such library"),
    "no Keras": (_WORKING, None, "keras is not installed for"),
    "an old Keras": (_WORKING, "__version__ = '2.10.0'", "Keras 2.15 or a later one is not installed for"),
    "something else": (_WORKING, "", "cannot import TensorFlow and Keras: AttributeError"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_what_is_in_the_place_of_tensorflow(tmp_path: Path, case: str) -> None:
    tensorflow, keras, reason = BROKEN[case]
    venv.create(tmp_path / "venv", symlinks=True)
    packages = next(tmp_path.glob("venv/lib/*/site-packages"))
    for name, text in (("tensorflow", tensorflow), ("keras", keras)):
        if text is not None:
            (packages / name).mkdir()
            (packages / name / "__init__.py").write_text(text)
    done = kerlint(tmp_path, "--probe", "--probe-python", "venv/bin/python", "--select", "KL003", text=WARNING)
    assert reason in done.stderr
    assert "Traceback" not in done.stderr + done.stdout
