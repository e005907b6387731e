"""The probe without TensorFlow: descriptions, repairs, verdicts, and what happens when there is no TensorFlow."""

from __future__ import annotations

import copy
import json
import sys
import textwrap
from collections.abc import Mapping
from pathlib import Path

import pytest

from kerlint import engine, selection
from kerlint.finding import Finding, Probe, Severity
from kerlint.output import Options as Rendering
from kerlint.output import renderer
from kerlint.probe.description import Invalid, Job, check
from kerlint.probe.operations import KINDS, tiny
from kerlint.probe.runner import Options, Session, probed
from kerlint.probe.script import script
from kerlint.probe.shrinking import MAX_PARAMETERS, size_of
from kerlint.probe.verdicts import judge
from kerlint.report import FileReport, Report

PROGRAM = """
import keras
from keras import layers
model = keras.Sequential([
    keras.Input((10,)),
    layers.Dense(16, activation="relu"),
    layers.Dense(1, activation="softmax"),
])
model.compile(optimizer=keras.optimizers.SGD(0.1), loss="binary_crossentropy")
"""


def findings(text: str, *codes: str) -> list[Finding]:
    settings = selection.Settings(select=codes, pedantic=True, probe=True)
    return list(engine.check_bytes(textwrap.dedent(text).encode(), "train.py", settings).findings)


def job(text: str, code: str) -> Job:
    found = [finding.experiment for finding in findings(text, code)]
    assert found, f"no {code}"
    assert not isinstance(found[0], str), found[0]
    return check(json.loads(json.dumps(found[0])))


def refusal(text: str, code: str) -> str:
    found = findings(text, code)[0].experiment
    assert isinstance(found, str)
    return found


def steps(one: object) -> list[tuple[str, dict[str, object]]]:
    return [(step["type"], step["config"]) for step in one["steps"]]  # type: ignore[index]


def test_a_description_holds_the_model_and_the_repair_changes_one_thing() -> None:
    made = job(PROGRAM, "KL001")
    assert steps(made["original"]) == [
        ("Input", {"shape": [10]}),
        ("Dense", {"units": 16, "activation": "relu"}),
        ("Dense", {"units": 1, "activation": "softmax"}),
    ]
    assert made["original"]["optimizer"] == {"type": "SGD", "config": {"learning_rate": 0.1}}
    assert made["original"]["loss"] == {"type": "binary_crossentropy", "config": {}}
    changed = copy.deepcopy(made["original"])
    changed["steps"][-1]["config"]["activation"] = "sigmoid"
    assert made["repaired"] == changed


def test_of_two_activations_the_one_before_a_mean_is_left_out() -> None:
    text = """
    inputs = keras.Input((8, 8, 3))
    x = layers.Conv2D(10, 1, activation="relu")(inputs)
    x = layers.GlobalAveragePooling2D()(x)
    model = keras.Model(inputs, layers.Activation("softmax")(x))
    """
    made = job("import keras\nfrom keras import layers\n" + textwrap.dedent(text), "KA003")
    assert steps(made["original"])[1][1]["activation"] == "relu"
    assert steps(made["repaired"])[1][1]["activation"] == "linear"
    # It has no such argument.
    assert steps(made["repaired"])[2] == ("GlobalAveragePooling2D", {})


def test_nothing_is_prepared_unless_it_is_asked_for() -> None:
    report = engine.check_bytes(PROGRAM.encode(), "train.py", selection.Settings())
    assert [finding.experiment for finding in report.findings] == [None]


def test_data_has_the_shape_and_the_range_of_the_program() -> None:
    made = job(
        """
        import keras
        (x, y), _ = keras.datasets.mnist.load_data()
        model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, "softmax")])
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit(x, y, batch_size=16)
        """,
        "KN001",
    )["original"]
    assert made["x"][0] == {
        "shape": [28, 28],
        "low": 0.0,
        "high": 255.0,
        "tight": True,
        "columns": None,
        "vocabulary": 0,
    }
    assert (made["y"]["kind"], made["y"]["shape"], made["y"]["classes"]) == ("classes", [], 10)
    assert made["run"]["batch"] == 16


def test_another_fault_does_not_stand_in_the_way() -> None:
    made = job(
        """
        import keras
        (x, y), _ = keras.datasets.mnist.load_data()
        model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(16), keras.layers.Dense(10)])
        model.compile(keras.optimizers.Adam(0.0), "categorical_crossentropy")
        model.fit(x, y)
        """,
        "KO001",
    )
    assert made["original"]["y"]["kind"] == "onehot"
    assert "the labels are in the encoding that the loss reads" in made["assumptions"]


def test_what_is_not_known_is_assumed_and_said() -> None:
    made = job(
        """
        import keras
        model = keras.Sequential([
            keras.Input((None, features())),
            keras.layers.LSTM(choose()),
            keras.layers.Dense(3),
        ])
        model.compile(optimizer=pick(), loss="sparse_categorical_crossentropy")
        """,
        "KL002",
    )
    assert made["original"]["optimizer"] == {"type": "Adam", "config": {}}
    said = "; ".join(made["assumptions"])
    for part in (
        "the input has the shape (12, 8)",
        "units of LSTM is 8",
        "Adam is taken",
        "class numbers of 3 classes",
    ):
        assert part in said


def test_an_experiment_about_an_optimizer_takes_no_other_one() -> None:
    text = """
        import keras
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(8, "relu"), keras.layers.Dense(1)])
        model.compile(keras.optimizers.OPTIMIZER(learning_rate=0.0), "mse")
        """
    assert job(text.replace("OPTIMIZER", "Nadam"), "KO001")["original"]["optimizer"]["type"] == "Nadam"
    assert refusal(text.replace("OPTIMIZER", "Muon"), "KO001") == "Muon is not tried out"


@pytest.mark.parametrize(
    ("layer", "reason"),
    [
        ("keras.layers.Lambda(lambda x: mystery(x))", "Lambda cannot be rebuilt"),
        ("keras.layers.StringLookup(vocabulary='/etc/passwd')", "StringLookup cannot be rebuilt"),
        (
            "keras.layers.TextVectorization(vocabulary='http://example.org/words')",
            "TextVectorization cannot be rebuilt",
        ),
        ("keras.layers.Dense(4, activation=own)", "activation of Dense is not known"),
        ("keras.layers.Dense(4, kernel_initializer=own())", "kernel_initializer of Dense is not known"),
        ("keras.layers.Dense(4, kernel_initializer='../../weights.h5')", "no argument"),
        ("keras.layers.Dense(4, **options)", "the arguments of Dense are not all known"),
    ],
)
def test_what_is_code_or_leads_elsewhere_is_refused(layer: str, reason: str) -> None:
    text = f"""
        import keras
        def own(*values):
            return open("/tmp/was-here", "w")
        model = keras.Sequential([keras.Input((4,)), {layer}, keras.layers.Dense(8), keras.layers.Dense(3)])
        model.compile(keras.optimizers.Adam(0.0), "mse")
        """
    found = findings(text, "KO001")[0].experiment
    if isinstance(found, str):
        assert reason in found
    else:
        # The test of descriptions is the second wall.
        with pytest.raises(Invalid):
            check(found)


def test_a_large_model_is_made_smaller_and_a_huge_one_never_built() -> None:
    text = """
        import keras
        model = keras.Sequential([
            keras.Input((WIDTH,)),
            keras.layers.Dense(30000, activation="relu"),
            keras.layers.Dense(30000, activation="relu"),
            keras.layers.Dense(1, activation="softmax"),
        ])
        model.compile("adam", "binary_crossentropy")
        """
    made = job(text.replace("WIDTH", "100"), "KL001")
    assert size_of(made["original"]) <= MAX_PARAMETERS
    assert made["original"]["steps"][-1]["config"]["units"] == 1
    assert any("made smaller" in said for said in made["assumptions"])
    assert "which is too many" in refusal(text.replace("WIDTH", "900000000"), "KL001")


def test_frozen_layers_shared_layers_and_pretrained_models() -> None:
    made = job(
        """
        import keras
        base = keras.applications.ResNet50(include_top=False, input_shape=(64, 64, 3), pooling="avg")
        base.trainable = False
        inputs = keras.Input((64, 64, 3))
        features = base(inputs, training=False)
        shared = keras.layers.Dense(16, activation="relu")
        joined = keras.layers.concatenate([shared(features), shared(features)])
        outputs = keras.layers.Dense(1, activation="softmax")(joined)
        model = keras.Model(inputs, outputs)
        model.compile("adam", "binary_crossentropy")
        """,
        "KL001",
    )
    kinds = [step["type"] for step in made["original"]["steps"]]
    assert kinds[:4] == ["Input", "Resizing", "Conv2D", "BatchNormalization"]
    by_kind = {step["type"]: step for step in made["original"]["steps"]}
    assert not by_kind["Conv2D"]["trainable"]
    assert by_kind["BatchNormalization"]["call"] == {"training": False}
    twins = [step for step in made["original"]["steps"] if step["config"].get("units") == 16]
    assert len(twins) == 2
    assert twins[0]["layer"] == twins[1]["layer"]
    assert any("stands in for ResNet50" in said for said in made["assumptions"])


VALID = json.dumps(
    {
        "symptom": "still",
        "kind": "train",
        "original": tiny(),
        "repaired": tiny(),
        "at": [],
        "details": {},
        "seeds": [1],
        "assumptions": [],
        "heavy": False,
        "keras": {"major": 3, "minor": None, "known": False},
    }
)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('"Dense"', '"Lambda"'),
        ('"Dense"', '"__class__"'),
        ('{"units": 1}', '{"units": "os.system"}'),
        ('{"units": 1}', '{"units": {"type": "Lambda", "config": {}}}'),
        ('{"units": 1}', '{"kernel_initializer": "/etc/passwd"}'),
        ('"inputs": [0]', '"inputs": [7]'),
        ('"SGD"', '"eval"'),
        ('"rows": 64', '"rows": 64000000'),
        ('"steps": 4}', '"steps": 400000000}'),
        ('"seeds": [1]', '"seeds": []'),
        ('"shape": [4], "low"', '"shape": [4000000000], "low"'),
        ('"kind": "numbers"', '"kind": "files"'),
        ('"original"', '"other"'),
    ],
)
def test_descriptions_are_checked(before: str, after: str) -> None:
    check(json.loads(VALID))
    text = VALID.replace(before, after)
    assert text != VALID
    with pytest.raises(Invalid):
        check(json.loads(text))


def run(**changes: object) -> dict[str, object]:
    """One measurement of a model that learned."""
    made: dict[str, object] = {
        "rows": 256,
        "finite": True,
        "skill": 0.9,
        "moved": 0.2,
        "first_loss": 0.7,
        "last_loss": 0.1,
        "expected_loss": 0.69,
        "losses": [0.7, 0.3, 0.1],
        "course": [0.4, 0.7, 0.9],
        "gained": 0.8,
        "beyond": 0.0,
        "targets": [-1.0, 1.0],
        "before": {"distinct": 256, "spread": 0.1, "low": 0.2, "high": 0.8, "outside": 0.0},
        "after": {"distinct": 256, "spread": 0.4, "low": 0.0, "high": 1.0, "outside": 0.0},
        "units": {},
        "units_before": {},
        "gradients": {"1": 0.3},
        "moved_by_layer": {},
    }
    return made | changes


CONSTANT = {"distinct": 1, "spread": 0.0, "low": 1.0, "high": 1.0, "outside": 0.0}


@pytest.mark.parametrize(
    ("symptom", "original", "verdict"),
    [
        ("still", [run(moved=0.0)] * 2, "confirmed"),
        ("still", [run(moved=1e-9)] * 2, "refuted"),
        ("still", [run(moved=0.0), run()], "inconclusive"),
        ("constant", [run(before=CONSTANT, after=CONSTANT)] * 2, "confirmed"),
        ("constant", [run()] * 2, "refuted"),
        # A model that dies on the way is not one that could never say anything else.
        ("constant", [run(after=CONSTANT)] * 2, "inconclusive"),
        ("fails", [run(skill=0.0)] * 2, "confirmed"),
        ("fails", [run(finite=False)] * 2, "confirmed"),
        ("fails", [run(skill=0.0), run(skill=0.8)], "inconclusive"),
        ("fails", [run(skill=0.7)] * 2, "inconclusive"),
        ("fails", [run(skill=0.7, gained=0.0)] * 2, "confirmed"),
        ("fails", [run(skill=0.88)] * 2, "refuted"),
        # The loss alone decides nothing.
        ("fails", [run(first_loss=0.7, last_loss=0.7, losses=[0.7] * 3)] * 2, "refuted"),
        ("diverges", [run(first_loss=300.0, losses=[300.0, 2.0])] * 2, "inconclusive"),
        ("diverges", [run(moved=5.0)] * 2, "inconclusive"),
        ("diverges", [run()] * 2, "refuted"),
        ("scale", [run(skill=0.0, first_loss=300.0)] * 2, "confirmed"),
        ("scale", [run(skill=0.0, gradients={"1": 90.0})] * 2, "confirmed"),
        # It fails, but not because of the size of the data.
        ("scale", [run(skill=0.0, gradients={"1": 0.6})] * 2, "inconclusive"),
        ("scale", [run()] * 2, "refuted"),
        ("budget", [run(skill=0.0, moved=0.005)] * 2, "confirmed"),
        ("budget", [run(skill=0.0, moved=0.3)] * 2, "inconclusive"),
        ("slower", [run(skill=0.55)] * 2, "confirmed"),
        ("slower", [run(skill=0.75)] * 2, "inconclusive"),
        ("logits", [run(beyond=0.6)] * 2, "confirmed"),
        ("logits", [run()] * 2, "refuted"),
        # A relu gives zeros, which the loss clips, and nothing below.
        ("logits", [run(before={**CONSTANT, "outside": 0.6})] * 2, "confirmed"),
        ("twice", [run()] * 2, "refuted"),
        ("raises", [{"error": {"type": "ValueError", "message": "shapes", "memory": False}}], "confirmed"),
        ("raises", [{"error": {"type": "ResourceExhaustedError", "message": "", "memory": True}}], "inconclusive"),
        ("raises", [run()], "refuted"),
        ("fails", [{"error": {"type": "ValueError", "message": "shapes", "memory": False}}], "inconclusive"),
    ],
)
def test_verdicts(symptom: str, original: list[dict[str, object]], verdict: str) -> None:
    made = {**json.loads(VALID), "symptom": symptom, "details": {"low": 0, "high": 1}}
    assert judge(made, original, [run()] * len(original)).verdict == verdict


def test_nothing_is_confirmed_or_refuted_where_the_repaired_model_fails_too() -> None:
    made = {**json.loads(VALID), "symptom": "fails"}
    assert judge(made, [run(skill=0.0)] * 2, [run(skill=0.1)] * 2).verdict == "inconclusive"
    assert judge(made, [run(skill=0.0)] * 2, [run(finite=False)] * 2).verdict == "inconclusive"


@pytest.mark.parametrize("symptom", ["large", "fails", "diverges"])
def test_a_smaller_model_refutes_nothing_that_depends_on_size(symptom: str) -> None:
    made = {**json.loads(VALID), "symptom": symptom, "assumptions": ["the model is made smaller: smaller inputs"]}
    assert judge(made, [run()] * 2, [run()] * 2).verdict == "inconclusive"


def with_findings(text: str = PROGRAM, code: str = "KL001") -> Report:
    settings = selection.Settings(select=(code,), probe=True)
    return Report((engine.check_bytes(text.encode(), "train.py", settings),), 1)


def test_a_fault_beside_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where an experiment leaves it open because the same model has a fault that was confirmed."""
    model = """
    model = keras.Sequential([
        keras.Input((4,)), keras.layers.Dense(8, "relu"{}), keras.layers.Dense(1, activation="softmax")
    ])
    model.compile("adam", "binary_crossentropy")
    """
    model = textwrap.dedent(model)
    text = "import keras\n" + model.format(', kernel_initializer="zeros"') + model.format("")

    def verdict(_: Session, job: Mapping[str, object]) -> Probe:
        return Probe("confirmed" if job["symptom"] == "dead" else "inconclusive", "so it is.", {"original": []})

    monkeypatch.setattr(Session, "verdict", verdict)
    settings = selection.Settings(select=("KA004", "KL001"), probe=True)
    report, _ = probed(Report((engine.check_bytes(text.encode(), "train.py", settings),), 1), Options())
    told = [(one.code, one.probe.text) for one in report.findings if one.probe is not None]
    beside = "so it is.; KA004 is confirmed in the same model, and may hide it"
    assert told == [("KA004", "so it is."), ("KL001", beside), ("KL001", "so it is.")]


@pytest.mark.parametrize("python", ["/nonexistent/python", "false"])
def test_without_tensorflow_the_findings_stay(python: str) -> None:
    plain = with_findings()
    report, missing = probed(plain, Options(python=python))
    assert report.findings[0].probe is not None
    assert report.findings[0].probe.verdict == "inconclusive"
    assert [finding.message for finding in report.findings] == [finding.message for finding in plain.findings]
    if python.startswith("/"):
        assert missing is not None
        assert "cannot be started" in missing


def test_a_python_without_tensorflow_gets_one_hint(tmp_path: Path) -> None:
    # A module of that name that is not TensorFlow.
    fake = tmp_path / "python"
    fake.write_text(f'#!/bin/sh\nexec "{sys.executable}" -S "$@"\n')
    fake.chmod(0o755)
    _, missing = probed(with_findings(), Options(python=str(fake)))
    assert missing is not None
    assert "tensorflow is not installed for" in missing


def test_a_refuted_warning_does_not_count_and_a_refuted_error_does() -> None:
    from dataclasses import replace

    from kerlint.finding import Probe

    one = with_findings().findings[0]
    refuted = replace(one, probe=Probe("refuted", "it learns"))
    assert not refuted.is_refuted
    assert replace(refuted, severity=Severity.WARNING).is_refuted
    assert not replace(refuted, severity=Severity.WARNING, probe=Probe("inconclusive", "")).is_refuted


def test_verdicts_are_shown() -> None:
    from dataclasses import replace

    from kerlint.finding import Probe

    report = with_findings()
    probe = Probe("confirmed", "256 inputs gave 1 prediction", {"original": [1]}, ("the inputs are noise",), 1.5)
    file = replace(report.files[0], findings=(replace(report.findings[0], probe=probe),))
    report = replace(report, files=(file,))
    assert " = probe: confirmed. 256 inputs gave 1 prediction" in "\n".join(renderer("full")(report, Rendering()))
    (row,) = json.loads("\n".join(renderer("json")(report, Rendering())))
    assert row["probe"] == {
        "verdict": "confirmed",
        "text": "256 inputs gave 1 prediction",
        "evidence": {"original": [1]},
        "assumptions": ["the inputs are noise"],
        "seconds": 1.5,
    }


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("KL001", PROGRAM),
        (
            "KE005",
            PROGRAM.replace("softmax", "sigmoid") + "import numpy as np\nprint(np.argmax(model.predict(x), axis=1))\n",
        ),
    ],
)
def test_scripts_are_python_without_kerlint(code: str, text: str) -> None:
    report = with_findings(text, code)
    made = script(report.files[0], report.findings[0])
    tree = compile(made, "script.py", "exec")
    assert tree
    assert "import kerlint" not in made
    assert "from kerlint" not in made
    assert f"{code} at line" in made
    if code == "KL001":
        assert "layers[2] = keras.layers.Dense(units=1, activation='softmax')" in made


def test_parts_of_scripts_do_not_hide_each_other() -> None:
    """A script puts the modules of the laboratory one behind the other: no name may be defined twice."""
    import ast

    from kerlint.probe.script import _JUDGES, _LAB, _OPERATIONS

    folder = Path(engine.__file__).parent / "probe"
    for names in ((*_LAB, *_JUDGES), (*_LAB, *_OPERATIONS, *_JUDGES)):
        seen: dict[str, str] = {}
        for name in names:
            for node in ast.parse((folder / name).read_text()).body:
                if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                    decorated = isinstance(node, ast.FunctionDef) and node.decorator_list
                    assert decorated or node.name not in seen, f"{node.name} in {name} and in {seen.get(node.name)}"
                    seen[node.name] = name


def test_every_symptom_that_rules_name_has_a_judge() -> None:
    import re

    from kerlint.probe import opinions, verdicts

    assert verdicts.learning
    folder = Path(engine.__file__).parent / "rules"
    named = set()
    for path in folder.rglob("*.py"):
        for block in re.findall(r"\bExperiment\((.*?)\)", path.read_text(), re.DOTALL):
            named.update(word for word in re.findall(r'"([a-z_]+)"', block) if word in opinions.SYMPTOMS)
    assert set(KINDS) <= set(opinions.SYMPTOMS)
    assert len(named) > 15


def test_a_report_without_experiments_starts_nothing() -> None:
    report = Report((FileReport("a.py"),), 1)
    assert probed(report, Options(python="/nonexistent")) == (report, None)
