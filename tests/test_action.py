"""`action.yml`: what its last step runs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

yaml = pytest.importorskip("yaml")

ROOT = Path(__file__).parent.parent
SOFTMAX = """\
import keras

model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, activation="softmax")])
model.compile("adam", "binary_crossentropy")
"""

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")


def git(folder: Path, *words: str) -> str:
    identity = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    return subprocess.run(
        ["git", *identity, *words], cwd=folder, capture_output=True, text=True, check=True
    ).stdout.strip()


def commit(folder: Path) -> None:
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "all")


def act(folder: Path, temporary: Path, **inputs: str) -> subprocess.CompletedProcess[str]:
    """Runs the last step as GitHub does, with the kerlint that is here."""
    action = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    step = action["runs"]["steps"][-1]
    given = {name: entry["default"] for name, entry in action["inputs"].items()}
    given.update({name.replace("_", "-"): value for name, value in inputs.items()})
    variables = {}
    for name, value in step["env"].items():
        assert value.startswith("${{ inputs.")
        variables[name] = given[value.removeprefix("${{ inputs.").removesuffix(" }}")]
    assert "${{" not in step["run"], "values belong into variables, where no shell reads them"
    command = temporary / "kerlint" / "bin" / "kerlint"
    command.parent.mkdir(parents=True, exist_ok=True)
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m kerlint "$@"\n')
    command.chmod(0o755)
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", step["run"]],
        cwd=folder,
        env={**os.environ, **variables, "RUNNER_TEMP": str(temporary), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_annotations_and_sarif(tmp_path: Path) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "train.py").write_text(SOFTMAX)
    done = act(folder, tmp_path, sarif="found.sarif", args="--select KL001")
    assert done.returncode == 1, done.stderr
    assert done.stdout.startswith("::error title=kerlint (KL001)"), done.stdout
    results = json.loads((folder / "found.sarif").read_text())["runs"][0]["results"]
    assert [one["ruleId"] for one in results] == ["KL001"]
    assert act(folder, tmp_path, args="--ignore KL001").returncode == 0


def test_inputs_are_no_program(tmp_path: Path) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "train.py").write_text(SOFTMAX)
    done = act(folder, tmp_path, paths="$(touch${IFS}here) *;touch;here")
    assert done.returncode == 2
    assert sorted(path.name for path in folder.iterdir()) == ["train.py"]


def test_what_has_changed_in_a_shallow_clone(tmp_path: Path) -> None:
    origin = tmp_path / "origin"
    origin.mkdir()
    git(origin, "init", "-q", "-b", "main")
    (origin / "old.py").write_text(SOFTMAX)
    commit(origin)
    git(origin, "checkout", "-qb", "feature")
    (origin / "new.py").write_text(SOFTMAX)
    commit(origin)
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", "--depth=1", "--branch=feature", origin.as_uri(), str(clone))
    done = act(clone, tmp_path, diff_base="main")
    assert done.returncode == 1, done.stderr
    assert "file=new.py" in done.stdout
    assert "file=old.py" not in done.stdout
