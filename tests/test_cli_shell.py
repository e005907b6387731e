"""What a shell does to the command line: it closes streams, completes words, and lets people mistype."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import kerlint
from tests.test_cli import ROOT, run

FAULTY = """\
from tensorflow import keras
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, activation="softmax")])
model.compile("sgd", "binary_crossentropy")
"""


@pytest.mark.skipif(os.name != "posix", reason="a shell of POSIX")
@pytest.mark.parametrize(
    ("command", "status"),
    [
        ("faulty.py >&-", 1),
        ("--diff faulty.py >&-", 1),
        ("faulty.py >&- 2>&-", 1),
        ("--fix - < faulty.py >&-", 0),
        ("- <&-", 0),
        ("--version >&-", 0),
        ("nowhere.py 2>&-", 2),
    ],
)
def test_closed_streams_are_no_crash(tmp_path: Path, command: str, status: int) -> None:
    (tmp_path / "faulty.py").write_text(FAULTY)
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    shell = f"{sys.executable} -m kerlint {command}"
    result = subprocess.run(shell, shell=True, cwd=tmp_path, env=env, capture_output=True, timeout=120, check=False)
    assert b"Traceback" not in result.stderr
    assert result.returncode == status


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("kerlint ru", "rule"),
        ("kerlint --outp", "--output-format"),
        ("kerlint check --outp", "--output-format"),
        ("kerlint a.py --outp", "--output-format"),
        ("kerlint --output-format sar", "sarif"),
        ("kerlint rule KL00", "KL001"),
        ("kerlint --select KL00", "KL001"),
        ("kerlint check --ignore KO001,single-un", "KO001,single-unit-multiclass-head"),
        ("kerlint --symptom const", "constant-output"),
        ("kerlint config ext", "extend-exclude"),
        ("kerlint config rules.learning", "rules.learning-rate-too-high"),
        ("kerlint rule single-unit", "single-unit-multiclass-head"),
    ],
)
def test_shells_complete_words(tmp_path: Path, words: str, expected: str) -> None:
    env = {
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split()) - 1),
        "_KERLINT_COMPLETE": "bash_complete",
    }
    result = run(cwd=tmp_path, env=env)
    assert (result.returncode, result.stderr) == (0, "")
    assert f"plain,{expected}" in result.stdout.split()


def test_completion_without_words_lists_the_commands(tmp_path: Path) -> None:
    result = run(cwd=tmp_path, env={"COMP_WORDS": "kerlint ", "COMP_CWORD": "1", "_KERLINT_COMPLETE": "bash_complete"})
    assert result.stderr == ""
    assert {"plain,check", "plain,rule"} <= set(result.stdout.split())


def test_a_mistyped_command_is_told(tmp_path: Path) -> None:
    result = run("rul", "KL001", cwd=tmp_path)
    assert result.returncode == 2
    assert "did you mean rule?" in result.stderr


def test_a_file_may_be_called_nearly_like_a_command(tmp_path: Path) -> None:
    (tmp_path / "rul").write_text("import os\n")
    assert run("rul", cwd=tmp_path).returncode == 0


def test_rules_are_laid_out_where_there_are_colours(tmp_path: Path) -> None:
    plain = run("rule", "KL001", cwd=tmp_path).stdout
    colored = run("rule", "KL001", "--color", "always", cwd=tmp_path, env={"COLUMNS": "80"}).stdout
    assert "\x1b[" in colored
    assert "```" in plain
    assert "```" not in colored
    assert "\x1b" not in plain
    assert run("rule", "KL001", "--color", "always", "--output-format", "markdown", cwd=tmp_path).stdout == plain


def test_rules_as_json(tmp_path: Path) -> None:
    row = json.loads(run("rule", "KO002", "--output-format", "json", cwd=tmp_path).stdout)
    assert (row["code"], row["name"], row["severity"]) == ("KO002", "learning-rate-too-high", "warning")
    assert [option["name"] for option in row["options"]]
    assert row["url"].endswith("/learning-rate-too-high.md")
    rows = json.loads(run("rule", "--all", "--output-format", "json", cwd=tmp_path).stdout)
    assert len(rows) > 50
    assert row in rows


def test_versions(tmp_path: Path) -> None:
    found = json.loads(run("version", "--output-format", "json", cwd=tmp_path).stdout)
    assert found["kerlint"] == kerlint.__version__
    assert found["python"] == ".".join(map(str, sys.version_info[:3]))
    assert f"kerlint {kerlint.__version__}\n" in run("version", cwd=tmp_path).stdout


@pytest.mark.skipif(os.name != "posix", reason="a terminal of POSIX")
def test_links_are_for_terminals(tmp_path: Path) -> None:
    import pty

    (tmp_path / "faulty.py").write_text(FAULTY)
    assert "\x1b]8;;" not in run("faulty.py", "--color", "always", cwd=tmp_path).stdout
    ours, theirs = pty.openpty()
    env = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm"}
    command = [sys.executable, "-m", "kerlint", "faulty.py", "--color", "always", "--output-format", "concise"]
    subprocess.run(command, cwd=tmp_path, env=env, stdout=theirs, timeout=120, check=False)
    os.close(theirs)
    assert b"\x1b]8;;https://" in os.read(ours, 4096)
    os.close(ours)
