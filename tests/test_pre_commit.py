"""The hooks, run by the real pre-commit. It builds an environment for them, for which it needs a package index."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.notebook import notebook

pytest.importorskip("pre_commit")

ROOT = Path(__file__).parent.parent

SOFTMAX = """\
import keras

model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, activation="softmax")])
model.compile("adam", "binary_crossentropy")
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where pre-commit keeps its environments, so that one is built for all tests."""
    return tmp_path_factory.mktemp("pre-commit")


@pytest.fixture(scope="module")
def hooks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with what is here now."""
    folder = tmp_path_factory.mktemp("kerlint")
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, capture_output=True, check=True
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        source, target = ROOT / name, folder / name
        if source.is_file() and name.startswith(("kerlint/", "pyproject", "README", "LICENSE", ".pre-commit")):
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read_bytes())
    commit(folder)
    return folder


def git(folder: Path, *words: str) -> str:
    identity = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    return subprocess.run(
        ["git", *identity, *words], cwd=folder, capture_output=True, text=True, check=True
    ).stdout.strip()


def commit(folder: Path) -> None:
    if not (folder / ".git").exists():
        git(folder, "init", "-q")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "all", "--no-verify")


def pre_commit(folder: Path, home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pre_commit", *words],
        cwd=folder,
        env={**os.environ, "PRE_COMMIT_HOME": str(home), "PRE_COMMIT_COLOR": "never"},
        capture_output=True,
        text=True,
        check=False,
    )


def project(folder: Path, hooks: Path, hook: str) -> Path:
    (folder / "vendored").mkdir()
    (folder / "train.py").write_text(SOFTMAX)
    (folder / "vendored" / "train.py").write_text(SOFTMAX)
    (folder / "train.ipynb").write_bytes(notebook(SOFTMAX))
    (folder / "notes.md").write_text(SOFTMAX)
    (folder / "kerlint.toml").write_text('extend-exclude = ["vendored"]\n')
    revision = git(hooks, "rev-parse", "HEAD")
    (folder / ".pre-commit-config.yaml").write_text(
        f"repos:\n- repo: {hooks}\n  rev: {revision}\n  hooks:\n  - id: {hook}\n"
    )
    commit(folder)
    return folder


def test_check(tmp_path: Path, hooks: Path, home: Path) -> None:
    done = pre_commit(project(tmp_path, hooks, "kerlint"), home, "run", "--all-files")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "error[KL001]" in done.stdout
    assert "--> train.py:3:" in done.stdout
    assert "--> train.ipynb:cell 1:3:" in done.stdout
    assert "vendored" not in done.stdout
    assert "Found 2 errors in 2 of 2 files." in done.stdout
    assert git(tmp_path, "status", "--porcelain") == ""


def test_fix(tmp_path: Path, hooks: Path, home: Path) -> None:
    folder = project(tmp_path, hooks, "kerlint-fix")
    first = pre_commit(folder, home, "run", "--all-files")
    assert first.returncode == 1, first.stdout + first.stderr
    assert "files were modified by this hook" in first.stdout
    assert "Fixed 2 findings." in first.stdout
    assert (folder / "train.py").read_text() == SOFTMAX.replace("softmax", "sigmoid")
    assert (folder / "train.ipynb").read_bytes() == notebook(SOFTMAX.replace("softmax", "sigmoid"))
    assert (folder / "vendored" / "train.py").read_text() == SOFTMAX
    # The second time nothing is left to do.
    again = pre_commit(folder, home, "run", "--all-files")
    assert again.returncode == 0, again.stdout + again.stderr


def test_only_staged_files(tmp_path: Path, hooks: Path, home: Path) -> None:
    folder = project(tmp_path, hooks, "kerlint")
    nothing = pre_commit(folder, home, "run")
    assert nothing.returncode == 0
    assert "no files to check" in nothing.stdout
    (folder / "other.py").write_text(SOFTMAX)
    git(folder, "add", "other.py")
    done = pre_commit(folder, home, "run")
    assert done.returncode == 1
    assert "Found 1 error in 1 of 1 file." in done.stdout
