"""Files in which a budget ended: nobody is told that there are no problems without being told that."""

from __future__ import annotations

import json
import random
import textwrap
from pathlib import Path

import pytest

from kerlint import engine
from kerlint.finding import Finding
from kerlint.program.interpreter import machine
from kerlint.report import FileReport
from kerlint.rules import all_rules
from kerlint.rules.documentation import page_of
from kerlint.selection import Settings
from tests.test_bombs import ENDED, HEAD, TAIL, TOO_MUCH
from tests.test_cli import run
from tests.test_fixer import BAD

TOLD = "1 file was not read to its end, and may hold more: --verbose says why."


@pytest.fixture(params=[TOO_MUCH["lines"], ENDED["calls"]], ids=["size", "steps"])
def project(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    (tmp_path / "large.py").write_text(HEAD + request.param + TAIL)
    (tmp_path / "small.py").write_text("import keras\n")
    return tmp_path


@pytest.mark.parametrize("name", ["full", "concise", "grouped"])
def test_people_are_told(project: Path, name: str) -> None:
    for _ in range(2):
        # The second time from the cache.
        done = run(".", "--output-format", name, cwd=project)
        assert done.returncode == 0
        assert done.stdout == f"No problems found in 2 files.\n{TOLD}\n"
        assert done.stderr == ""
    done = run("small.py", "--output-format", name, cwd=project)
    assert done.stdout == "No problems found in 1 file.\n"


def test_a_plain_command_line(project: Path) -> None:
    assert TOLD in run("large.py", cwd=project).stdout
    assert "too large" in run("large.py", "-v", cwd=project).stderr


@pytest.mark.parametrize("name", ["json", "json-lines", "gitlab", "junit", "sarif", "github", "html"])
def test_programs_get_what_they_understand(project: Path, name: str) -> None:
    done = run(".", "--output-format", name, cwd=project)
    assert done.returncode == 0
    assert done.stderr == f"note: {TOLD}\n"
    assert "note:" not in done.stdout
    if name in ("json", "gitlab", "sarif"):
        json.loads(done.stdout)
    if name == "github":
        assert done.stdout.startswith("::notice title=kerlint,file=large.py::large.py: ")


def test_where_nothing_is_printed(project: Path) -> None:
    for words in (["--output-format", "sarif=x.sarif"], ["--statistics", "--output-format", "json"], ["--diff"]):
        done = run(".", *words, cwd=project)
        assert done.returncode == 0
        assert f"note: {TOLD}\n" in done.stderr, words
    (project / "large.py").unlink()
    assert "note:" not in run(".", "--diff", cwd=project).stderr


@pytest.mark.parametrize(
    ("program", "status", "told"),
    [
        (TOO_MUCH["lines"], 2, "the file is too large to be read"),
        (ENDED["calls"], 0, "too large to follow to its end (60000 steps); there may be more to tell"),
        ("", 0, ""),
    ],
    ids=["size", "steps", "whole"],
)
def test_a_summary_of_a_part_says_so(program: str, status: int, told: str, tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(HEAD + program + TAIL)
    done = run("summary", "train.py", cwd=tmp_path)
    assert done.returncode == status
    assert told in done.stderr
    assert bool(done.stderr) is bool(told)


def test_the_difference_and_a_report(tmp_path: Path) -> None:
    """A report that is asked for is written, and is about the file as it is."""
    (tmp_path / "train.py").write_text(BAD)
    plain = run("train.py", "--output-format", "json", cwd=tmp_path)
    done = run("train.py", "--diff", "--output-format", "json=report.json", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stdout.startswith("--- train.py\n")
    assert (tmp_path / "train.py").read_text() == BAD
    assert json.loads((tmp_path / "report.json").read_text()) == json.loads(plain.stdout) != []


# -- What is said of a program that was not followed to its end -----------------------------------------------------


def programs() -> list[str]:
    """The examples of all rules, those above all that are no fault because of what comes later, and whole programs."""
    texts = [
        text
        for rule in all_rules()
        for text in (page_of(rule).example, page_of(rule).use_instead, *rule.bad, *rule.good)
    ]
    fixtures = Path(__file__).parents[1] / "fixtures"
    return [textwrap.dedent(text) for text in texts] + [
        path.read_text(encoding="utf-8") for path in sorted(fixtures.rglob("*.py"))
    ]


def lint(text: str, steps: int, monkeypatch: pytest.MonkeyPatch) -> FileReport:
    monkeypatch.setattr(machine, "FUEL", steps)
    return engine.check_bytes(text.encode(), "train.py", Settings(pedantic=True, comments=False))


def places(findings: tuple[Finding, ...]) -> set[tuple[str, int, int]]:
    return {(one.code, one.span.start_line, one.span.start_column) for one in findings}


def test_nothing_is_found_in_a_part_that_is_not_found_in_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    # What another rule says better in the whole may be said in other words in a part.
    monkeypatch.setattr(engine, "_without_subsumed", lambda found: found)
    chance = random.Random(7)
    cut = 0
    for text in chance.sample(programs(), 250):
        whole = places(lint(text, 60_000, monkeypatch).findings)
        for steps in (chance.randint(1, 2 * text.count("\n") + 1) for _ in range(3)):
            part = lint(text, steps, monkeypatch)
            cut += bool(part.limits)
            assert places(part.findings) <= whole, (steps, text)
    assert cut > 300


HEAD_OF_MODEL = "import keras\nmodel = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])\n"
#: Programs without a fault, each after its first part, which has one as long as nobody knows the rest.
REFUTED = {
    "KE020": ("model.compile('adam', 'mse')\nmodel.fit(x, y, epochs=200)\n", "model.evaluate(x_test, y_test)\n"),
    "KO010": ("model.compile('adam', 'mse')\nmodel.fit(x, y)\n", "for i in range(50):\n    model.fit(x, y)\n"),
    "KO002": (
        "model.compile(keras.optimizers.Adam(30.0), 'mse')\n",
        "model.fit(x, y, callbacks=[keras.callbacks.LearningRateScheduler(lambda epoch: 1e-3)])\n",
    ),
    "KM021": (
        "model = keras.Sequential([keras.layers.Dense(1, input_shape=(4,))])\n",
        "from keras.utils.np_utils import to_categorical\n",
    ),
    "KL001": (
        (
            "import numpy as np\ny = keras.utils.to_categorical(np.random.randint(0, 9, 100), 9)\n"
            "model = keras.Sequential([keras.Input((9, 2)), keras.layers.Dense(1, activation='sigmoid')])\n"
            "model.compile('adam', 'categorical_crossentropy')\n"
        ),
        "model.fit(np.random.rand(100, 9, 2), y)\n",
    ),
}


@pytest.mark.parametrize("code", REFUTED)
def test_what_the_rest_refutes(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    first, rest = REFUTED[code]
    alone = lint(HEAD_OF_MODEL + first, 60_000, monkeypatch)
    assert code in {one.code for one in alone.findings}
    assert code not in {one.code for one in lint(HEAD_OF_MODEL + first + rest, 60_000, monkeypatch).findings}
    parts = [lint(HEAD_OF_MODEL + first + rest, steps, monkeypatch) for steps in range(1, 60)]
    assert sum(bool(part.limits) for part in parts) > 5
    assert not any(one.code == code for part in parts for one in part.findings)


def test_what_nothing_can_refute_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """For Keras 2 and for Keras 3."""
    text = HEAD_OF_MODEL.replace("Dense(1)", "Dense(1, activation='softmax')")
    text += "model.compile('adam', 'binary_crossentropy')\n" + "f(model)\n" * 30
    part = lint(text, 25, monkeypatch)
    assert part.limits
    assert "KL001" in {one.code for one in part.findings}


def test_a_module_without_end_is_no_fault_of_the_file(tmp_path: Path) -> None:
    """It is unknown, as any library; only who asks for more is told."""
    loops = "".join("    " * depth + f"for i{depth} in range(60):\n" for depth in range(4))
    (tmp_path / "bomb.py").write_text(f"import keras\n{loops}{'    ' * 4}keras.layers.Dense(1)\na = 2\n")
    path = tmp_path / "train.py"
    path.write_text("import keras\nfrom bomb import a\nkeras.layers.Dense(a)\n")
    report = engine.check_bytes(path.read_bytes(), str(path), Settings(), path=str(path))
    assert report.limits == ()
    assert any("bomb" in limit for limit in report.limits_elsewhere)
