"""Plain command lines are read without click, and nobody can tell: both ways in processes of their own, compared."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import kerlint

ROOT = Path(kerlint.__file__).parent.parent
FAULTY = """from tensorflow import keras
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, activation="softmax")])
model.compile("adam", "mse")
"""
#: Any variable of kerlint's own makes the plain way stand back.
TO_CLICK = {"KERLINT_NOTHING": "1"}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    texts = {
        "pyproject.toml": "[project]\nname = 'x'\n",
        "clean.py": "import os\n",
        "faulty.py": FAULTY,
        "broken.py": "import keras\nx = (\n",
        "rule": FAULTY,
        "odd name \u00e9.py": FAULTY,
        "ignored/.kerlint.toml": "ignore = ['KL']\n",
        "ignored/faulty.py": FAULTY,
        "excluded/kerlint.toml": "extend-exclude = ['faulty.py']\n",
        "excluded/faulty.py": FAULTY,
        "wrong/kerlint.toml": "select = 1\n",
        "wrong/clean.py": "import os\n",
        "tests/test_it.py": FAULTY,
        "empty/README": "",
        "notebook.ipynb": '{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}',
        "not_a_notebook.ipynb": "keras",
    }
    for name, text in texts.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "secret.py").write_text(FAULTY)
    (folder / "secret.py").chmod(0)
    (folder / "lost.py").symlink_to(folder / "nowhere.py")
    return folder


def run(arguments: list[str], cwd: Path, env: dict[str, str]) -> tuple[int, bytes, bytes]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in ("NO_COLOR", "FORCE_COLOR", "TERM") and not name.startswith("KERLINT_")
    }
    start = [sys.executable, "-m", "kerlint"]
    environment = {**kept, "PYTHONPATH": str(ROOT), **env}
    done = subprocess.run(
        [*start, *arguments],
        cwd=cwd,
        input=FAULTY.encode(),
        capture_output=True,
        env=environment,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize(
    "line",
    [
        "--version",
        "--version clean.py",
        "",
        "--help",
        "check",
        "check --help",
        "clean.py",
        "check clean.py",
        "faulty.py clean.py broken.py",
        "faulty.py faulty.py ./faulty.py",
        "check --force-exclude faulty.py excluded/faulty.py",
        "--force-exclude excluded/faulty.py",
        "excluded/faulty.py",
        "--no-cache faulty.py",
        "faulty.py --no-cache --force-exclude",
        "ignored/faulty.py faulty.py",
        "tests/test_it.py",
        "wrong/clean.py",
        "empty",
        "./empty",
        "check empty",
        "tests/ ignored",
        "rule",
        "./rule",
        "check rule",
        "--force-exclude rule",
        "rule clean.py",
        "summary faulty.py",
        "sumary",
        "missing.py",
        "clean.py missing.py",
        "lost.py",
        "secret.py",
        "-",
        "clean.py -",
        "-- faulty.py",
        "check -- faulty.py",
        "--nonsense faulty.py",
        "--output-format concise faulty.py",
        "faulty.py --exit-zero",
        "notebook.ipynb not_a_notebook.ipynb",
        "clean.py clean",
    ],
)
def test_both_ways_are_one(project: Path, line: str) -> None:
    words = line.split(" ") if line else []
    plain = run(words, project, {})
    assert plain == run(words, project, TO_CLICK)
    assert b"Traceback" not in plain[2]


@pytest.mark.parametrize("env", [{"NO_COLOR": "1"}, {"FORCE_COLOR": "1"}, {"FORCE_COLOR": "1", "NO_COLOR": "1"}])
def test_colours_are_the_same(project: Path, env: dict[str, str]) -> None:
    plain = run(["faulty.py"], project, env)
    assert plain == run(["faulty.py"], project, {**env, **TO_CLICK})
    assert (b"\x1b" in plain[1]) == ("NO_COLOR" not in env)


@pytest.mark.parametrize(
    "words", [["odd name \u00e9.py"], [""], ["clean.py", ""], ["*.py"], ["~"], ["/dev/null"]], ids=str
)
def test_odd_names(project: Path, words: list[str]) -> None:
    assert run(words, project, {}) == run(words, project, TO_CLICK)


def test_variables_and_completion_are_for_click(project: Path) -> None:
    assert b"faulty.py:2:" in run(["faulty.py"], project, {"KERLINT_OUTPUT_FORMAT": "concise"})[1]
    status, _, error = run(["faulty.py"], project, {"KERLINT_OUTPUT_FORMAT": "nothing"})
    assert (status, b"is not one of" in error) == (2, True)
    assert b"complete" in run(["faulty.py"], project, {"_KERLINT_COMPLETE": "bash_source"})[1]


@pytest.mark.parametrize(
    "line", ["--version", "clean.py", "check --force-exclude clean.py", "faulty.py", "--no-cache clean.py"]
)
def test_click_is_not_imported(project: Path, line: str) -> None:
    run(["faulty.py"], project, {})
    code = (
        "import atexit, os, sys\n"
        f"sys.argv[1:] = {line.split()!r}\n"
        "heavy = {'click', 'inspect', 'dataclasses', 'libcst', 'kerlint.engine'}\n"
        "atexit.register(lambda: open('imported', 'w').write(repr(sorted(heavy & set(sys.modules)))))\n"
        "from kerlint.cli import main\nmain()\n"
    )
    # Such variables are settings, which click reads.
    env = {name: value for name, value in os.environ.items() if not name.startswith("KERLINT_")}
    env["PYTHONPATH"] = str(ROOT)
    subprocess.run([sys.executable, "-c", code], cwd=project, capture_output=True, env=env, timeout=120, check=False)
    assert (project / "imported").read_text() == "[]"
