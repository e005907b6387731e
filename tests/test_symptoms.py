"""`--symptom`: what can cause what somebody sees, in which order, and what cannot."""

from __future__ import annotations

import dataclasses
import json
import textwrap
from pathlib import Path

import pytest

from kerlint.cli.run import Run
from kerlint.configuration.model import Configuration
from kerlint.engine import check_bytes
from kerlint.finding import Finding, Probe, Severity, Span
from kerlint.output import Options
from kerlint.output.text import closing
from kerlint.report import FileReport, Report
from kerlint.rules import all_rules
from kerlint.rules.base import SYMPTOMS
from kerlint.selection import Settings
from kerlint.symptoms.measured import shown
from kerlint.symptoms.verdict import answer, likelihood, weighed
from kerlint.symptoms.words import WORDS
from tests.test_cli import run

HEAD = "import keras\nfrom keras import layers\n"
ZERO_RATE = HEAD + textwrap.dedent("""\
    model = keras.Sequential([keras.Input((10,)), layers.Dense(128, "relu"), layers.Dense(1, "sigmoid")])
    model.compile(keras.optimizers.Adam(learning_rate=0.0), "binary_crossentropy")
    """)
ONE_UNIT = HEAD + textwrap.dedent("""\
    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.Input((10,)), layers.Dense(2, "relu"), layers.Dense(1, "softmax")])
    model.compile(keras.optimizers.Adam(learning_rate=0.0), "binary_crossentropy")
    """)
STACK = HEAD + textwrap.dedent("""\
    model = keras.Sequential([keras.Input((10,))])
    model.add(layers.Dense(128, activation="sigmoid"))
    model.add(layers.Dense(128, activation="sigmoid"))
    model.add(layers.Dense(128, activation="sigmoid"))
    model.add(layers.Dense(128, activation="sigmoid"))
    model.add(layers.Dense(1))
    model.compile(optimizer={optimizer}, loss="mse")
    """)


def asked(text: str, symptom: str) -> FileReport:
    report = check_bytes(text.encode(), "train.py", Settings(symptom=symptom))
    return weighed(report, symptom)


def codes(report: FileReport) -> list[str]:
    return [finding.code for finding in report.findings]


def ruled_out(report: FileReport) -> set[str]:
    return {one.code or one.message for one in report.ruled_out if one.why}


def test_every_symptom_has_words_and_rules() -> None:
    assert tuple(WORDS) == SYMPTOMS
    for name, words in WORDS.items():
        assert words.meaning
        assert words.measure
        assert any(name in rule.symptoms for rule in all_rules()), name


def test_no_rule_causes_what_it_is_ruled_out_for() -> None:
    # Two of them have advice that looks different from their other findings.
    rules = {rule.code: rule for rule in all_rules()}
    for name, words in WORDS.items():
        both = {code for code in words.no_cause if name in rules[code].symptoms}
        assert both <= {"KA002", "KL006"}, name


def test_a_rate_of_zero_is_no_cause_of_a_constant() -> None:
    report = asked(ZERO_RATE, "constant-output")
    assert codes(report) == []
    assert ruled_out(report) == {"KO001"}
    assert codes(asked(ZERO_RATE, "loss-flat")) == ["KO001"]


def test_the_likeliest_comes_first_and_advice_joins_in() -> None:
    report = asked(ONE_UNIT, "constant-output")
    assert codes(report) == ["KL001", "KS025"]
    assert [likelihood(one, "constant-output") for one in report.findings] == ["likely", "unlikely"]
    assert ruled_out(report) == {"KO001", "a seed is set"}


@pytest.mark.parametrize(("optimizer", "is_cause"), [('"adam"', False), ('"sgd"', True)])
def test_sigmoid_stacks_depend_on_the_optimizer(optimizer: str, is_cause: bool) -> None:
    report = asked(STACK.format(optimizer=optimizer), "constant-output")
    assert (codes(report) == ["KA002"]) is is_cause
    assert ("KA002" in ruled_out(report)) is not is_cause


ASKED_TWICE = HEAD + textwrap.dedent("""\
    model = keras.Sequential([keras.Input((2,)), layers.Dense(4, "relu"), layers.Dense(2)])
    x = keras.ops.convert_to_tensor([[1.0, 2.0], [3.0, 4.0]])
    for _ in range(2):
        {statement}
        print({question})
    """)


@pytest.mark.parametrize(
    ("statement", "question", "explains"),
    [
        ("pass", "model(x)", True),
        ("pass", "model.predict(x)", True),
        ("pass", "model(x, training=True)", False),
        ("train(model)", "model(x)", False),
        ("model.fit(x, x)", "model.predict(x)", False),
        ("x = x + 1", "model(x)", False),
    ],
)
def test_the_same_question_has_the_same_answer(statement: str, question: str, explains: bool) -> None:
    text = ASKED_TWICE.format(statement=statement, question=question)
    report = asked(text, "constant-output")
    assert [one.message for one in report.ruled_out if one.explains] == [
        "the loop asks the model about the same input again and again"
    ] * explains
    lines = list(closing(Report((), 1, answer=answer([report], "constant-output")), Options()))
    assert ("It need not be a fault:" in lines) is explains


def test_what_is_the_same_in_many_files_is_told_once() -> None:
    reports = [
        dataclasses.replace(asked(ZERO_RATE, "constant-output"), filename=f"a{number}.py") for number in range(9)
    ]
    lines = list(closing(Report((), 9, answer=answer(reports, "constant-output")), Options()))
    text = " ".join(" ".join(lines).split())
    assert text.count("the learning rate of Adam is 0") == 1
    assert "likewise in a1.py:4:51, a2.py:4:51, a3.py:4:51 and 5 more" in text
    assert max(map(len, lines)) <= 80


def test_what_is_unlikely_is_not_the_last_word(tmp_path: Path) -> None:
    rate = ZERO_RATE.replace("0.0", "10.0")
    (tmp_path / "train.py").write_text(rate)
    text = run("train.py", "--symptom", "constant-output", cwd=tmp_path).stdout
    assert "Can cause it, but seldom does:\n  unlikely  KO002" in text
    assert "What to measure next:" in text
    text = run("train.py", "--symptom", "loss-flat", cwd=tmp_path).stdout
    assert "Can cause it, the likeliest first:\n  possible  KO002" in text
    assert "What to measure next:" not in text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("model.fit(x, y, shuffle=False)", {"the rows are not shuffled"}),
        ("model.fit(x, y, shuffle=True)", set()),
        ("model.fit(x, y, shuffle=unknown)", set()),
        ("model.fit(np.zeros((64, 8)), np.zeros((64, 1)), batch_size=64)", {"all rows are one batch"}),
        ("model.fit(np.zeros((65, 8)), np.zeros((65, 1)), batch_size=64)", set()),
        ("model.fit(x, y, batch_size=64)", set()),
        ("np.random.seed(unknown)", {"KR001"}),
        ("start = keras.initializers.GlorotUniform(seed=3)", {"initializers have seeds of their own"}),
        ("start = keras.initializers.GlorotUniform()", set()),
    ],
)
def test_what_is_blamed_without_reason(text: str, expected: set[str]) -> None:
    program = HEAD + textwrap.dedent(f"""\
        import numpy as np
        model = keras.Sequential([keras.Input((8,)), layers.Dense(32, "relu"), layers.Dense(1)])
        model.compile("adam", "mse")
        {text}
        """)
    found = ruled_out(asked(program, "constant-output"))
    assert found - {"KE020"} == expected
    assert ruled_out(asked(program, "crash")) == set()


@pytest.mark.parametrize(
    ("hidden", "head", "expected"),
    [
        ('"relu"', ', kernel_initializer="zeros"', {"the output layer starts with zeros"}),
        ('"tanh"', "", {"3 tanh layers"}),
        ('"relu"', "", set()),
    ],
)
def test_innocent_layers(hidden: str, head: str, expected: set[str]) -> None:
    rows = f"[keras.Input((8,)), *[layers.Dense(32, {hidden}) for _ in range(3)], layers.Dense(1{head})]"
    program = f'{HEAD}model = keras.Sequential({rows})\nmodel.compile("adam", "mse")\n'
    report = asked(program, "constant-output")
    assert codes(report) == []
    assert ruled_out(report) == expected


def _finding(verdict: str = "", severity: Severity = Severity.WARNING) -> Finding:
    probe = Probe(verdict, "10 of 10 alike") if verdict else None
    span = Span(1, 1, 1, 2)
    return Finding("KN002", "unscaled", severity, "m", "a.py", span, symptoms=("loss-nan", "loss-flat"), probe=probe)


def test_experiments_decide() -> None:
    confirmed, plain = _finding("confirmed"), _finding(severity=Severity.ERROR)
    report = weighed(FileReport("a.py", (plain, confirmed, _finding("refuted"))), "loss-nan")
    assert report.findings == (confirmed, plain)
    assert [one.why for one in report.ruled_out] == ["tried out: 10 of 10 alike"]
    assert likelihood(confirmed, "loss-nan") == "confirmed"
    assert likelihood(confirmed, "loss-flat") != "confirmed"


def _run(
    spread: float, distinct: int, *, last: float = 0.1, finite: bool = True, high: float = 1.0
) -> dict[str, object]:
    after = {"spread": spread, "distinct": distinct, "low": 0.0, "high": high}
    return {"after": after, "targets": [0.0, 1.0], "finite": finite, "rows": 256, "first_loss": 1.0, "last_loss": last}


@pytest.mark.parametrize(
    ("symptom", "original", "repaired", "expected"),
    [
        ("constant-output", _run(0.0, 1), _run(0.3, 256), True),
        ("constant-output", _run(0.001, 200), _run(0.3, 256), True),
        ("constant-output", _run(0.0, 1), _run(0.0, 1), None),
        ("constant-output", _run(140.0, 195, last=25000.0), _run(0.3, 256), False),
        ("constant-output", _run(0.3, 256, finite=False), _run(0.3, 256), None),
        ("zero-output", _run(0.0, 1, high=0.0), _run(0.3, 256), True),
        ("zero-output", _run(0.3, 9), _run(0.3, 256), False),
        ("loss-nan", _run(0.0, 1, finite=False), _run(0.3, 256), True),
        ("loss-nan", _run(0.0, 1), _run(0.3, 256), False),
        ("loss-flat", _run(0.3, 9, last=0.99), _run(0.3, 256), True),
        ("loss-flat", _run(0.3, 9), _run(0.3, 256), False),
        ("overfit", _run(0.3, 9), _run(0.3, 256), None),
        ("constant-output", {"classes": [0]}, {"classes": [0, 1]}, None),
    ],
)
def test_the_very_symptom_is_measured(
    symptom: str, original: dict[str, object], repaired: dict[str, object], expected: bool | None
) -> None:
    probe = Probe("confirmed", "", {"original": [original] * 2, "repaired": [repaired] * 2})
    assert shown(symptom, probe)[0] is expected


def test_a_confirmed_fault_may_be_another_than_the_one_asked_about() -> None:
    # A learning rate of 10: it diverges, and is not constant.
    evidence = {"original": [_run(140.0, 195, last=25000.0)], "repaired": [_run(0.3, 256)]}
    given = dataclasses.replace(_finding(), symptoms=("loss-flat", "constant-output"))
    diverging = dataclasses.replace(given, probe=Probe("confirmed", "", evidence))
    report = weighed(FileReport("a.py", (diverging,)), "constant-output")
    assert report.findings == ()
    assert [one.why for one in report.ruled_out] == [
        "tried out: 256 inputs gave 195 predictions, from 0 to 1; it is a fault, but shows as loss-flat"
    ]
    report = weighed(FileReport("a.py", (diverging,)), "loss-flat")
    assert [likelihood(one, "loss-flat") for one in report.findings] == ["confirmed"]
    certain = dataclasses.replace(diverging, severity=Severity.ERROR)
    report = weighed(FileReport("a.py", (certain,)), "constant-output")
    assert [likelihood(one, "constant-output") for one in report.findings] == ["unlikely"]


def test_what_is_ruled_out_by_experiment_does_not_fail_a_run() -> None:
    warning = dataclasses.replace(_finding(), symptoms=("loss-flat", "constant-output"))
    tried = dataclasses.replace(warning, probe=Probe("confirmed", "", {"original": [_run(140.0, 195)]}))
    outcome = Run(symptom="constant-output")
    outcome.add(FileReport("a.py", (warning,)), Configuration(None, "."))
    assert outcome.status(False) == 1
    outcome.exchange([FileReport("a.py", (tried,))])
    assert outcome.status(False) == 0
    report = outcome.report()
    assert report.files == ()
    assert report.answer is not None
    assert [one.code for _, one in report.answer.ruled_out] == ["KN002"]


def test_nothing_found_tells_what_to_measure_within_80_columns() -> None:
    report = asked(ZERO_RATE, "constant-output")
    lines = list(closing(Report((), 1, answer=answer([report], "constant-output")), Options()))
    assert lines[0] == "No cause found in 1 file."
    assert "What to measure next:" in lines
    assert max(map(len, lines)) <= 80


def test_the_command_line(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(ONE_UNIT)
    result = run("train.py", "--symptom", "constant-output", cwd=tmp_path)
    assert result.returncode == 1
    assert "error[KL001]" in result.stdout
    assert "[KO001]" not in result.stdout
    assert "likely    KL001 train.py:4:" in result.stdout
    assert "Often blamed, and not the cause:\n  train.py:3:1 a seed is set" in result.stdout

    rows = json.loads(run("train.py", "--symptom", "loss-flat", "--output-format", "json", cwd=tmp_path).stdout)
    assert [row["code"] for row in rows] == ["KO001", "KL001", "KS025"]


def test_pages_hold_the_answer(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(ZERO_RATE)
    page = run("train.py", "--symptom", "constant-output", "--output-format", "html", cwd=tmp_path).stdout
    assert "Often blamed, and not the cause:" in page
    assert "\x1b" not in page


def test_only_causes_are_fixed(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(ONE_UNIT)
    run("train.py", "--symptom", "constant-output", "--fix", "--unsafe-fixes", cwd=tmp_path)
    text = (tmp_path / "train.py").read_text()
    assert '"sigmoid"' in text
    assert "learning_rate=0.0" in text


def test_no_cause_is_a_success(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(ZERO_RATE)
    result = run("train.py", "--symptom", "constant-output", cwd=tmp_path)
    assert result.returncode == 0
    assert "Nothing that kerlint knows of in this code causes it." in result.stdout


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--symptom", "constant"], "did you mean constant-output?"),
        (["--symptom", "blue"], "there are constant-output, zero-output"),
        (["--symptom", "crash", "--write-baseline", "x.json"], "makes no sense together"),
        (["--symptom", "crash", "--add-ignore"], "makes no sense together"),
    ],
)
def test_misuse(tmp_path: Path, arguments: list[str], expected: str) -> None:
    result = run(*arguments, ".", cwd=tmp_path)
    assert result.returncode == 2
    assert expected in result.stderr.replace("\n", " ")
