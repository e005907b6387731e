"""The probe with TensorFlow: from a program to a verdict, and what happens when the worker dies on the way."""

from __future__ import annotations

import copy
import importlib
import json
import os
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from kerlint import engine, selection
from kerlint.finding import Finding
from kerlint.probe.lab.backend import version
from kerlint.probe.operations import tiny
from kerlint.probe.process import Failed, Worker
from kerlint.probe.runner import Options, Session, probed
from kerlint.report import Report

pytest.importorskip("tensorflow")

HEAD = "import keras\nfrom keras import layers\nimport numpy as np\n"
MODEL = """
model = keras.Sequential([
    keras.Input((10,)),
    layers.Dense(16, activation="relu"),
    layers.Dense(UNITS),
])
model.compile(optimizer=OPTIMIZER, loss=LOSS)
"""


def program(units: str = "1", optimizer: str = '"adam"', loss: str = '"mse"', more: str = "") -> str:
    text = MODEL.replace("UNITS", units).replace("OPTIMIZER", optimizer).replace("LOSS", loss)
    return HEAD + text + textwrap.dedent(more)


SOFTMAX = program('1, activation="softmax"', loss='"binary_crossentropy"')


def findings(text: str, code: str) -> list[Finding]:
    settings = selection.Settings(select=(code,), pedantic=True, probe=True)
    found = engine.check_bytes(text.encode(), "train.py", settings).findings
    assert found
    return list(found)


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    with closing(Worker()) as started:
        yield started


FAULTS = [
    ("KO001", program(optimizer="keras.optimizers.Adam(0.0)")),
    ("KO002", program(optimizer="keras.optimizers.Adam(10.0)")),
    ("KL001", SOFTMAX),
    ("KL002", program("5", loss='"sparse_categorical_crossentropy"')),
    ("KL004", program('5, activation="softmax"', loss='"categorical_crossentropy"') + "\nmodel.fit(x, np.arange(5))\n"),
    ("KL011", SOFTMAX.replace("softmax", "sigmoid") + "\np = model.predict(x)\nprint(np.mean((p > 0.5) == y))\n"),
    ("KA001", SOFTMAX.replace("softmax", "sigmoid").replace('activation="relu"', "activation=None")),
    ("KA004", program(more="").replace('"relu"', '"relu", kernel_initializer="zeros"')),
    ("KE005", SOFTMAX.replace("softmax", "sigmoid") + "\nprint(np.argmax(model.predict(x), axis=1))\n"),
    ("KS001", HEAD + "keras.Sequential([keras.Input((8,)), layers.LSTM(4)])\n"),
]


@pytest.mark.parametrize(("code", "text"), FAULTS, ids=[code for code, _ in FAULTS])
def test_a_fault_is_confirmed_and_its_repair_is_not(worker: Worker, code: str, text: str) -> None:
    if code == "KL011":
        text = text.replace("p = model", "y = np.array([0, 1] * 50)\nx = np.zeros((100, 10))\np = model")
    if code == "KL004":
        text = text.replace("np.arange(5)", "np.array([0, 1, 2, 3, 4])").replace("fit(x,", "fit(np.zeros((5, 10)),")
    session = Session(worker, 100)
    experiment = findings(text, code)[0].experiment
    assert experiment is not None
    assert not isinstance(experiment, str), experiment
    probe = session.verdict(experiment)
    assert (probe.verdict, bool(probe.evidence)) == ("confirmed", True), probe.text
    if experiment["kind"] == "train":
        healthy = session.verdict({**experiment, "original": experiment["repaired"]})
        assert healthy.verdict == "refuted", healthy.text


def own_examples(code: str) -> Iterator[str]:
    """The programs in a rule's documentation and its further ones that have the fault."""
    import re

    from kerlint.rules import all_rules

    (rule,) = [rule for rule in all_rules() if rule.code == code]
    example = re.search(r"## Example\s+```python\n(.*?)```", rule.__doc__ or "", re.DOTALL)
    assert example
    yield from (textwrap.dedent(text) for text in (example.group(1), *rule.bad))


@pytest.mark.parametrize(
    "code",
    [
        "KD002",
        "KD003",
        "KD004",
        "KD007",
        "KD008",
        "KD009",
        "KR001",
        "KF001",
        "KF002",
        "KL009",
        "KR002",
        "KT001",
        "KT002",
        "KT004",
    ],
)
def test_faults_of_single_operations_are_confirmed(worker: Worker, code: str) -> None:
    session = Session(worker, 100)
    # It is about what Keras 3.16 no longer does.
    target = "3.15" if code == "KF002" else None
    settings = selection.Settings(select=(code,), pedantic=True, probe=True, target_keras=target)
    verdicts = []
    for text in own_examples(code):
        for finding in engine.check_bytes(text.encode(), "train.py", settings).findings:
            if finding.experiment is not None:
                probe = session.verdict(finding.experiment)
                assert (finding.severity.value, probe.verdict) != ("error", "refuted"), probe.text
                verdicts.append(probe.verdict)
    if code == "KF002" and version(importlib.import_module("keras")) >= (3, 16):
        assert set(verdicts) == {"inconclusive"}
        return
    assert verdicts.count("confirmed") >= 1
    assert "refuted" not in verdicts


def test_the_same_input_gives_the_same_numbers(worker: Worker) -> None:
    experiment = findings(SOFTMAX, "KL001")[0].experiment
    first = worker.ask(experiment, 60)["result"]
    # What was done in between leaves no trace.
    worker.ask(findings(program(optimizer="keras.optimizers.Adam(0.0)"), "KO001")[0].experiment, 60)
    assert worker.ask(experiment, 60)["result"] == first
    with closing(Worker()) as another:
        assert another.ask(experiment, 60)["result"] == first


def test_the_same_findings_get_the_same_verdicts_and_sentences() -> None:
    text = (
        SOFTMAX.replace('"adam"', "keras.optimizers.Adam(0.0)") + "\nmodel.fit(np.random.rand(50, 10), np.ones(50))\n"
    )
    settings = selection.Settings(pedantic=True, probe=True)
    report = Report((engine.check_bytes(text.encode(), "train.py", settings),), 1)
    first, second = (
        [finding.probe for finding in probed(report, Options())[0].findings if finding.experiment is not None]
        for _ in range(2)
    )
    assert len(first) >= 2
    for one, other in zip(first, second):
        assert one is not None
        assert other is not None
        # All but the seconds.
        assert (one.verdict, one.text, one.evidence, one.assumptions) == (
            other.verdict,
            other.text,
            other.evidence,
            other.assumptions,
        )


SEVERAL = (
    HEAD
    + """
inputs = keras.Input((10,))
hidden = layers.Dense(16, activation="relu")(inputs)
price = layers.Dense(1, name="price")(hidden)
sold = layers.Dense(1, activation="softmax", name="sold")(hidden)
model = keras.Model(inputs, [price, sold])
model.compile("adam", LOSSES)
model.fit(np.zeros((100, 10)), TARGETS)
"""
)


@pytest.mark.parametrize(
    ("losses", "targets"),
    [
        ('["mse", "binary_crossentropy"]', "[np.random.rand(100, 1), np.random.randint(0, 2, (100, 1))]"),
        ('{"price": "mse", "sold": "binary_crossentropy"}', '{"price": load(), "sold": np.ones((100, 1))}'),
    ],
)
def test_of_several_outputs_the_one_in_question_is_trained(worker: Worker, losses: str, targets: str) -> None:
    text = SEVERAL.replace("LOSSES", losses).replace("TARGETS", targets)
    experiment = next(one.experiment for one in findings(text, "KL001"))
    assert experiment is not None
    assert not isinstance(experiment, str), experiment
    assert experiment["original"]["loss"]["type"] == "binary_crossentropy"  # type: ignore[index]
    probe = Session(worker, 100).verdict(experiment)
    assert probe.verdict == "confirmed", probe.text
    assert "of 2 outputs number 2 is trained alone" in probe.assumptions


WRONG_DATA = program('3, activation="softmax"', loss='"categorical_crossentropy"')


@pytest.mark.parametrize(
    ("code", "more"),
    [
        ("KL004", "model.evaluate(np.zeros((8, 10)), np.array([0, 1, 2, 0, 1, 2, 0, 1]))\n"),
        ("KS001", "model.predict(np.zeros((8, 10))[0])\n"),
        ("KS001", "model.predict([np.zeros((8, 10))[0]])\n"),
        # Sizes are what matters: nothing is made smaller.
        ("KS001", "model.fit(np.zeros((8, 90000)), np.zeros((8, 3)))\n"),
    ],
)
def test_errors_in_other_calls_than_fit(worker: Worker, code: str, more: str) -> None:
    experiment = findings(WRONG_DATA + more, code)[0].experiment
    assert experiment is not None
    assert not isinstance(experiment, str), experiment
    probe = Session(worker, 100).verdict(experiment)
    assert probe.verdict == "confirmed", probe.text
    assert "ValueError" in probe.text


def test_a_script_prints_the_numbers_of_the_verdict(tmp_path: Path, worker: Worker) -> None:
    from dataclasses import replace

    from kerlint.probe.script import write_scripts

    settings = selection.Settings(select=("KL001",), probe=True)
    file = engine.check_bytes(SOFTMAX.encode(), "train.py", settings)
    experiment = file.findings[0].experiment
    assert experiment is not None
    probe = Session(worker, 100).verdict(experiment)
    report = Report((replace(file, findings=(replace(file.findings[0], probe=probe),)),), 1)
    (path,) = write_scripts(report, str(tmp_path / "out"))
    # An interpreter that knows nothing of kerlint.
    run = subprocess.run([sys.executable, "-I", path], capture_output=True, text=True, cwd=tmp_path, check=True)
    *rows, verdict = run.stdout.splitlines()
    assert verdict == f"{probe.verdict}. {probe.text}"
    numbers = [json.loads(row.partition(": ")[2]) for row in rows]
    assert numbers == [*probe.evidence["original"], *probe.evidence["repaired"]]  # type: ignore[misc]


def two_faults() -> Report:
    settings = selection.Settings(select=("KO001", "KL001"), probe=True)
    text = SOFTMAX.replace('"adam"', "keras.optimizers.Adam(0.0)")
    return Report((engine.check_bytes(text.encode(), "train.py", settings),), 1)


def unchanged(report: Report, plain: Report) -> bool:
    """Whether all findings are there, with a verdict each."""
    assert all(finding.probe is not None for finding in report.findings)
    return [finding.message for finding in report.findings] == [finding.message for finding in plain.findings]


def test_a_worker_that_is_killed_costs_one_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = two_faults()
    ask, killed = Worker.ask, []

    def once(self: Worker, job: object, seconds: float) -> dict[str, object]:
        if not killed:
            # It runs by the time the second question comes.
            ask(self, job, seconds)
            assert self.pid is not None
            killed.append(self.pid)
            os.kill(self.pid, 9)
        return ask(self, job, seconds)

    monkeypatch.setattr(Worker, "ask", once)
    report, missing = probed(plain, Options())
    assert unchanged(report, plain)
    assert missing is None
    assert [finding.probe.verdict for finding in report.findings if finding.probe] == ["inconclusive", "confirmed"]
    assert "ended by signal 9" in report.findings[0].probe.text  # type: ignore[union-attr]
    with pytest.raises(ProcessLookupError):
        os.kill(killed[0], 0)


def test_a_worker_without_memory_costs_verdicts_only() -> None:
    plain = two_faults()
    # TensorFlow alone takes more.
    report, _ = probed(plain, Options(memory=300_000_000))
    assert unchanged(report, plain)
    assert {finding.probe.verdict for finding in report.findings if finding.probe} == {"inconclusive"}


def test_a_model_with_a_billion_weights_is_not_built(worker: Worker) -> None:
    job = copy.deepcopy(findings(SOFTMAX, "KL001")[0].experiment)
    assert isinstance(job, dict)
    for name in ("original", "repaired"):
        job[name]["steps"][1]["config"]["units"] = 1_000_000
        middle = copy.deepcopy(job[name]["steps"][1])
        middle.update(id=7, layer=7, inputs=[1])
        middle["config"]["units"] = 1_000
        job[name]["steps"][2]["inputs"] = [7]
        job[name]["steps"].insert(2, middle)
    with closing(Worker(memory=1_500_000_000)) as small:
        probe = Session(small, 60).verdict(job)
    assert probe.verdict == "inconclusive"
    assert "memory" in probe.text or "ended by" in probe.text, probe.text


def test_time_runs_out(worker: Worker) -> None:
    session = Session(worker, 0.0)
    experiment = findings(SOFTMAX, "KL001")[0].experiment
    assert experiment is not None
    probe = session.verdict(experiment)
    assert (probe.verdict, "--probe-timeout" in probe.text) == ("inconclusive", True)


def test_a_worker_that_hangs_is_ended() -> None:
    with closing(Worker()) as slow:
        experiment = findings(SOFTMAX, "KL001")[0].experiment
        slow.ask(experiment, 60)
        pid = slow.pid
        assert pid is not None
        with pytest.raises(Failed, match="took longer"):
            slow.ask(experiment, 0.01)
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


@pytest.mark.parametrize("text", ["{}", "[1, 2]", '"x"', "not json", json.dumps({"symptom": "still", "kind": "train"})])
def test_a_description_that_is_not_valid_is_refused(worker: Worker, text: str) -> None:
    class Raw:
        """Stands for a job that is broken on the way."""

    if text == "not json":
        assert worker._process is not None
        assert worker._process.stdin is not None
        worker._process.stdin.write(text + "\n")
        worker._process.stdin.flush()
        assert "refused" in worker._read(30, "late")
        return
    with pytest.raises(Failed, match="not valid"):
        worker.ask(json.loads(text), 30)


def test_the_worker_stays_in_its_corner(worker: Worker) -> None:
    """A fresh home, no connections, no processes, and nothing of kerlint's environment."""
    worker.ask({"symptom": "still", "kind": "train", "original": tiny(), "repaired": tiny(), "at": [], "details": {},
                "seeds": [1], "assumptions": [], "heavy": False, "keras": {"major": 3, "minor": None, "known": False}}, 60)  # fmt: skip
    assert worker.pid is not None
    if not Path("/proc").is_dir():
        pytest.skip("needs /proc")
    environment = dict(
        part.split("=", 1) for part in Path(f"/proc/{worker.pid}/environ").read_text().split("\0") if "=" in part
    )
    assert environment["CUDA_VISIBLE_DEVICES"] == "-1"
    home = environment["HOME"]
    assert os.readlink(f"/proc/{worker.pid}/cwd") == home != os.path.expanduser("~")
    kept = {"PATH", "LD_LIBRARY_PATH", "LANG", "LC_ALL", "TZ"}
    own = ("KERAS", "TF_", "CUDA", "OMP", "PYTHON", "KERLINT_PROBE", "HOME", "TMPDIR", "USERPROFILE")
    assert all(name in kept or name.startswith(own) for name in environment)
    assert os.getpgid(worker.pid) == worker.pid


def test_from_the_command_line(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(SOFTMAX)
    command = [sys.executable, "-m", "kerlint", "train.py", "--probe", "--output-format", "json"]
    root = str(Path(engine.__file__).parents[1])
    run = subprocess.run(
        command, capture_output=True, text=True, cwd=tmp_path, env={**os.environ, "PYTHONPATH": root}, check=False
    )
    assert run.returncode == 1
    rows = {row["code"]: row["probe"] for row in json.loads(run.stdout)}
    assert rows["KL001"]["verdict"] == "confirmed"
    assert "gave 1 prediction" in rows["KL001"]["text"]
    assert rows["KL001"]["evidence"]["repaired"][0]["after"]["distinct"] > 200


def test_a_worker_ends_with_the_process_that_started_it() -> None:
    if os.name != "posix":
        pytest.skip("other systems end a group of processes together")
    lines = (
        "import sys, time; from kerlint.probe.process import Worker; w = Worker(); w._start(); print(w.pid, flush=True)"
    )
    root = str(Path(engine.__file__).parents[1])
    starter = subprocess.Popen(
        [sys.executable, "-c", f"{lines}; time.sleep(600)"],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": root},
    )
    assert starter.stdout is not None
    pid = int(starter.stdout.readline())
    os.kill(pid, 0)
    starter.kill()
    starter.wait(10)
    for _ in range(300):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.1)
    pytest.fail("the worker goes on")
