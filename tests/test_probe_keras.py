"""Which Keras an experiment is run with, and what the laboratory does differently for it."""

from __future__ import annotations

import copy
import json
import os
import random
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from kerlint import engine, selection
from kerlint.finding import Probe
from kerlint.probe.description import LAYERS, LOSSES, METRICS, OPTIMIZERS, PARTS, Job, check
from kerlint.probe.lab import backend
from kerlint.probe.lab.choice import TURNS, Unsuited, keras_for
from kerlint.probe.opinions import SYMPTOMS
from kerlint.probe.process import Worker
from kerlint.probe.runner import Session
from kerlint.probe.script import script, write_scripts
from kerlint.probe.verdicts import judge
from kerlint.report import Report
from tests.test_probe import VALID

#: Names a Python with TensorFlow and Keras 2.
OTHER = "KERLINT_TEST_KERAS_2"


def module(version: str, name: str = "keras", without: str = "") -> Any:
    """What the choice looks at of a Keras: its version, and the names of classes."""
    made: Any = ModuleType(name)
    made.__version__ = version
    classes = {kind: object for kind in LAYERS | PARTS | METRICS | OPTIMIZERS | set(LOSSES.values()) if kind != without}
    for place in ("layers", "initializers", "regularizers", "constraints", "metrics", "losses"):
        setattr(made, place, SimpleNamespace(**classes))
    made.optimizers = SimpleNamespace(schedules=SimpleNamespace(**classes), **classes)
    return made


def wanting(symptom: str, major: int, minor: int | None = None, *, known: bool = True) -> Job:
    """An experiment of a program for a version of Keras."""
    return {**json.loads(VALID), "symptom": symptom, "keras": {"major": major, "minor": minor, "known": known}}


NEW, OLD, LEGACY = module("3.15.1"), module("2.15.0"), module("2.21.0", "tf_keras")


@pytest.fixture(params=[True, False], ids=["tf_keras", "no tf_keras"])
def has_legacy(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    # None in the table of modules is an import that fails.
    monkeypatch.setitem(sys.modules, "tf_keras", LEGACY if request.param else None)
    return bool(request.param)


def test_a_program_for_keras_2_gets_tf_keras_where_it_is(has_legacy: bool) -> None:
    job = wanting("still", 2)
    assert keras_for(job, NEW) is (LEGACY if has_legacy else NEW)
    assert keras_for(job, OLD) is OLD
    assert keras_for(wanting("still", 3), NEW) is NEW


def test_what_depends_on_the_version_is_not_tried_with_another_one(has_legacy: bool) -> None:
    assert keras_for(wanting("twins", 3), NEW) is NEW
    assert keras_for(wanting("twins", 2), OLD) is OLD
    with pytest.raises(Unsuited, match=r"^the program is for Keras 3, and .* with Keras 2\.15\.0, which is installed$"):
        keras_for(wanting("twins", 3), OLD)
    if has_legacy:
        assert keras_for(wanting("twins", 2), NEW) is LEGACY
    else:
        with pytest.raises(
            Unsuited, match=r"for Keras 2, and .* with Keras 3\.15\.1, .*; the package tf_keras would do$"
        ):
            keras_for(wanting("twins", 2), NEW)


def test_where_nothing_names_a_version_the_reason_says_what_would() -> None:
    # Arithmetic is the same in both.
    assert keras_for(wanting("still", 3, known=False), OLD) is OLD
    with pytest.raises(Unsuited, match=r"\(target-keras would\), and Keras 3 is assumed"):
        keras_for(wanting("idle", 3, known=False), OLD)


@pytest.mark.parametrize(
    ("minor", "installed", "fits"),
    [(6, "3.15.1", True), (None, "3.16.0", True), (16, "3.17.0", True), (6, "3.16.0", False), (16, "3.15.1", False)],
)
def test_a_minor_version_counts_where_keras_3_has_changed(minor: int | None, installed: str, fits: bool) -> None:
    keras = module(installed)
    assert keras_for(wanting("twins", 3, minor), keras) is keras
    if fits:
        assert keras_for(wanting("overridden", 3, minor), keras) is keras
    else:
        with pytest.raises(Unsuited, match=rf"the program is for Keras 3\.{minor}, and"):
            keras_for(wanting("overridden", 3, minor), keras)


def test_the_size_of_a_window_counts_since_keras_3_14() -> None:
    job = wanting("raises", 3, 6)
    assert keras_for(job, NEW) is NEW
    for variant in ("original", "repaired"):
        # Only built.
        job[variant]["run"]["steps"] = 0  # type: ignore[literal-required]
    with pytest.raises(Unsuited, match=r"the program is for Keras 3\.6, and"):
        keras_for(job, NEW)
    assert keras_for(job, (same := module("3.9.2"))) is same


def test_a_dropout_of_everything_is_another_thing_since_keras_3_14() -> None:
    job = wanting("drops", 3, 6)
    step = job["original"]["steps"][1]
    step["type"], step["config"] = "Dropout", {"rate": 0.9}
    assert keras_for(job, NEW) is NEW
    step["config"] = {"rate": 1.0}
    with pytest.raises(Unsuited, match=r"the program is for Keras 3\.6, and"):
        keras_for(job, NEW)
    assert keras_for({**job, "keras": {"major": 3, "minor": 14, "known": True}}, NEW) is NEW
    with pytest.raises(Unsuited, match=r"and .* with Keras 2\.15\.0"):
        keras_for(job, OLD)


def test_targets_of_another_shape_depend_on_the_version() -> None:
    job = wanting("slower", 3)
    assert keras_for(job, OLD) is OLD
    job["repaired"]["y"]["shape"] = [7]
    with pytest.raises(Unsuited):
        keras_for(job, OLD)


@pytest.mark.parametrize("variant", ["original", "repaired"])
def test_a_rate_that_is_not_given_depends_on_the_version(variant: str) -> None:
    job = wanting("still", 3)
    job[variant]["optimizer"] = {"type": "Lion", "config": {"learning_rate": 0.1}}  # type: ignore[literal-required]
    assert keras_for(job, OLD) is OLD
    del job[variant]["optimizer"]["config"]["learning_rate"]  # type: ignore[literal-required]
    assert keras_for(job, NEW) is NEW
    with pytest.raises(Unsuited, match="the program is for Keras 3, and"):
        keras_for(job, OLD)


@pytest.mark.parametrize(
    ("part", "name"),
    [
        ({"steps": [{"type": "RMSNormalization", "config": {}}]}, "RMSNormalization"),
        ({"steps": [{"type": "Dense", "config": {"kernel_initializer": {"type": "Ones", "config": {}}}}]}, "Ones"),
        ({"optimizer": {"type": "Lion", "config": {}}}, "Lion"),
        (
            {"optimizer": {"type": "SGD", "config": {"learning_rate": {"type": "CosineDecay", "config": {}}}}},
            "CosineDecay",
        ),
        ({"loss": {"type": "categorical_focal_crossentropy", "config": {}}}, "CategoricalFocalCrossentropy"),
        ({"metrics": [{"type": "R2Score", "config": {}}]}, "R2Score"),
    ],
)
@pytest.mark.parametrize("variant", ["original", "repaired"])
def test_what_a_keras_does_not_have_is_said(part: dict[str, Any], name: str, variant: str) -> None:
    job = wanting("still", 3)
    job[variant].update(part)  # type: ignore[literal-required]
    assert keras_for(job, NEW) is NEW
    with pytest.raises(Unsuited, match=rf"^Keras 3\.0\.5 has no {name}$"):
        keras_for(job, module("3.0.5", without=name))


def test_turns_are_of_symptoms() -> None:
    assert set(TURNS) <= set(SYMPTOMS)


@pytest.mark.parametrize(
    "keras",
    [
        {},
        {"major": 3, "minor": None},
        {"major": "3", "minor": None, "known": True},
        {"major": 3, "minor": "x", "known": 1},
    ],
)
def test_a_version_that_is_none_is_refused(keras: dict[str, object]) -> None:
    job = wanting("still", 3)
    assert check(job) is job
    with pytest.raises(ValueError, match="not valid"):
        check({**job, "keras": keras})


def test_the_facts_say_which_keras_it_is() -> None:
    assert experiment(LEAKY.replace("import keras", "import tf_keras as keras"))["keras"] == {
        "major": 2,
        "minor": None,
        "known": True,
    }
    assert experiment(LEAKY)["keras"] == {"major": 3, "minor": None, "known": False}
    assert experiment(LEAKY, "3.6")["keras"] == {"major": 3, "minor": 6, "known": True}


def test_arguments_have_the_names_of_the_keras() -> None:
    for given in ("alpha", "negative_slope"):
        assert backend.layer_arguments(NEW, "LeakyReLU", {given: 0.1}) == {"negative_slope": 0.1}
        assert backend.layer_arguments(OLD, "LeakyReLU", {given: 0.1}) == {"alpha": 0.1}
    assert backend.layer_arguments(OLD, "ELU", {"alpha": 0.1}) == {"alpha": 0.1}


@pytest.mark.parametrize("kind", ["Dropout", "SpatialDropout1D", "GaussianNoise"])
def test_random_layers_of_keras_2_get_a_seed_of_their_own(kind: str) -> None:
    random.seed(1)
    first = backend.layer_arguments(OLD, kind, {"rate": 0.5})
    random.seed(1)
    assert backend.layer_arguments(LEGACY, kind, {"rate": 0.5}) == first
    assert set(first) == {"rate", "seed"}
    assert backend.layer_arguments(OLD, kind, {"rate": 0.5, "seed": 7})["seed"] == 7
    assert backend.layer_arguments(NEW, kind, {"rate": 0.5}) == {"rate": 0.5}


def test_a_verdict_says_what_it_was_measured_with() -> None:
    job = wanting("still", 3)
    runs: list[dict[str, Any]] = [{"moved": 0.0, "keras": "tf_keras 2.21.0"}]
    assert judge(job, runs, [{"moved": 0.1, "keras": "tf_keras 2.21.0"}]).text.endswith(" (tf_keras 2.21.0)")
    error = {"type": "ValueError", "message": "no", "memory": False}
    assert judge(job, [{"error": error, "keras": "Keras 2.15.0"}], runs).text.endswith("ValueError: no (Keras 2.15.0)")


LEAKY = """\
import keras
model = keras.Sequential([
    keras.Input((10,)),
    keras.layers.Dense(16),
    keras.layers.LeakyReLU(0.1),
    keras.layers.Dropout(0.2),
    keras.layers.Dense(1, activation="softmax"),
])
model.compile("adam", "binary_crossentropy")
"""
#: Initializers that Keras 3 and Keras 2 treat differently, and a flag that only Keras 3 overrides.
TWINS = """\
import keras
same = keras.initializers.HeNormal()
model = keras.Sequential([
    keras.Input((8,)),
    keras.layers.Dense(8, activation="relu", kernel_initializer=same),
    keras.layers.Dense(8, activation="relu", kernel_initializer=same),
    keras.layers.Dense(1),
])
model.compile("adam", "mse")
"""


def report_of(text: str, code: str, target: str | None = None) -> Report:
    settings = selection.Settings(select=(code,), pedantic=True, probe=True, target_keras=target)
    return Report((engine.check_bytes(text.encode(), "train.py", settings),), 1)


def experiment(text: str, target: str | None = None, code: str = "KL001") -> Job:
    made = report_of(text, code, target).findings[0].experiment
    assert isinstance(made, dict)
    return made  # type: ignore[return-value]


def written(evidence: dict[str, object], target: str) -> str:
    """The script for the program with the leaky layer, after a probe with this evidence."""
    report = report_of(LEAKY, "KL001", target)
    finding = replace(report.findings[0], probe=Probe("confirmed", "so it is", evidence) if evidence else None)
    return script(report.files[0], finding)


def test_scripts_say_which_keras_they_need() -> None:
    for made in (written({}, "3"), written({"versions": {"keras": "3.15.1", "tensorflow": "2.21.0"}}, "2")):
        assert "It needs TensorFlow with Keras 3.\n" in made
        assert "LeakyReLU(negative_slope=0.1)" in made
        assert "Dropout(rate=0.2)" in made
        assert 'raise SystemExit(f"this experiment needs Keras 3, not' in made
    old = {"versions": {"tf_keras": "2.21.0", "tensorflow": "2.21.0"}}
    for made in (written({}, "2"), written(old, "3"), written({"versions": {"keras": "2.15.0"}}, "3")):
        assert "It needs TensorFlow with Keras 2: the package tf_keras, or TensorFlow 2.15.\n" in made
        assert "LeakyReLU(alpha=0.1)" in made
        assert "Dropout(rate=0.2, seed=random.randint(1, 10**9))" in made
        assert "import tf_keras as keras\n" in made
        assert 'raise SystemExit(f"this experiment needs Keras 2, not' in made


def old_pythons() -> list[Any]:
    """Pythons with Keras 2: the one that runs the tests, if it has tf_keras, and the one that a variable names."""
    named = os.environ.get(OTHER)
    skip = pytest.mark.skipif(not named, reason=f"{OTHER} names no Python with Keras 2")
    return [pytest.param(None, id="tf_keras"), pytest.param(named, id="named", marks=skip)]


@pytest.fixture(scope="module", params=old_pythons())
def worker(request: pytest.FixtureRequest) -> Iterator[Worker]:
    if request.param is None:
        pytest.importorskip("tensorflow")
        pytest.importorskip("tf_keras")
    with closing(Worker(request.param)) as started:
        yield started


FAULTS = [
    ("KL001", LEAKY),
    ("KO001", LEAKY.replace('"adam"', "keras.optimizers.Adam(0.0)").replace("softmax", "sigmoid")),
    ("KL002", LEAKY.replace(', activation="softmax"', "")),
    ("KS001", "import keras\nkeras.Sequential([keras.Input((8,)), keras.layers.LSTM(4)])\n"),
    # What Keras 2 does and Keras 3 does not.
    (
        "KF001",
        LEAKY.replace("model =", "hidden = keras.layers.Dense(16)\nmodel =").replace(
            "keras.layers.Dense(16),", "hidden,"
        )
        + "hidden.trainable = False\nmodel.fit(x, y)\n",
    ),
    (
        "KD009",
        LEAKY.replace("softmax", "sigmoid")
        + "import tensorflow as tf\nmodel.fit(tf.data.Dataset.from_tensor_slices((x, y)).batch(8).repeat())\n",
    ),
]


@pytest.mark.parametrize(("code", "text"), FAULTS, ids=[code for code, _ in FAULTS])
def test_a_fault_is_confirmed_with_keras_2(worker: Worker, code: str, text: str) -> None:
    job = experiment(text, "2", code)
    session = Session(worker, 100)
    probe = session.verdict(job)
    assert probe.verdict == "confirmed", probe.text
    assert re.search(r" \((tf_k|K)eras 2\.\d+\.\d+\)\Z", probe.text)
    if job["kind"] == "train":
        healthy = session.verdict({**job, "original": job["repaired"]})
        assert healthy.verdict == "refuted", healthy.text


def test_the_numbers_do_not_depend_on_what_was_done_before(worker: Worker) -> None:
    job = experiment(LEAKY, "2")
    first = worker.ask(job, 60)["result"]
    # It sets seeds, for good.
    worker.ask(experiment(SEEDED, "2", "KR002"), 60)
    assert worker.ask(job, 60)["result"] == first


SEEDED = """\
import keras
import numpy as np
model = keras.Sequential([keras.Input((10,)), keras.layers.Dense(1)])
model.compile(optimizer="adam", loss="mse")
for epoch in range(100):
    keras.utils.set_random_seed(42)
    rows = np.random.choice(len(x), 32)
    model.train_on_batch(x[rows], y[rows])
"""


def test_a_script_prints_the_numbers_of_the_verdict(tmp_path: Path, worker: Worker) -> None:
    report = report_of(LEAKY, "KL001", "2")
    found = report.findings[0]
    assert found.experiment is not None
    probe = Session(worker, 100).verdict(found.experiment)
    file = replace(report.files[0], findings=(replace(found, probe=probe),))
    (path,) = write_scripts(Report((file,), 1), str(tmp_path / "out"))
    run = subprocess.run([worker.python, "-I", path], capture_output=True, text=True, cwd=tmp_path, check=True)
    *rows, verdict = run.stdout.splitlines()
    assert verdict == f"{probe.verdict}. {probe.text}"
    numbers = [json.loads(row.partition(": ")[2]) for row in rows]
    assert numbers == [*probe.evidence["original"], *probe.evidence["repaired"]]  # type: ignore[misc]


def test_a_script_for_the_other_keras_says_so(tmp_path: Path, worker: Worker) -> None:
    if "keras" not in (versions := worker.ask(experiment(LEAKY, "2"), 60)["versions"]):
        pytest.skip("this Python has both")
    assert versions["keras"].startswith("2.")
    path = tmp_path / "new.py"
    path.write_text(written({}, "3"))
    run = subprocess.run([worker.python, "-I", str(path)], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert (run.returncode, "this experiment needs Keras 3, not 2." in run.stderr) == (1, True)


def test_programs_for_both_are_tried_out_in_one_run(worker: Worker) -> None:
    """One is refused where there is no Keras for it, and costs nobody else a verdict."""
    session = Session(worker, 100)
    jobs = [experiment(TWINS, "3", "KA005"), experiment(LEAKY, "2"), experiment(LEAKY, "3")]
    twins, old, new = (session.verdict(copy.deepcopy(job)) for job in jobs)
    assert (old.verdict, new.verdict) == ("confirmed", "confirmed")
    assert session.missing is None
    if worker.python == sys.executable:
        assert "(Keras 3" in new.text
        assert "(tf_keras 2" in old.text
        assert twins.verdict == "confirmed", twins.text
    else:
        assert new.text == old.text
        assert (twins.verdict, twins.evidence) == ("inconclusive", {})
        assert "the program is for Keras 3, and what was found may be different with Keras 2" in twins.text
