"""`--diff-base`: only what has changed since a revision."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from kerlint.changes import changed_lines
from kerlint.cli import cli
from tests.notebook import notebook

FIRST = """\
import keras

first = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, activation="softmax")])
first.compile("adam", "binary_crossentropy")
"""
SECOND = FIRST.replace("first", "second").removeprefix("import keras\n")


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    git("init", "-q", "-b", "main")
    (tmp_path / "train.py").write_text(FIRST)
    (tmp_path / "other.py").write_text(FIRST)
    (tmp_path / "train.ipynb").write_bytes(notebook(FIRST))
    commit()
    return tmp_path


def git(*words: str) -> str:
    identity = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    return subprocess.run(["git", *identity, *words], capture_output=True, text=True, check=True).stdout.strip()


def commit() -> str:
    git("add", "-A")
    git("commit", "-qm", "all")
    return git("rev-parse", "HEAD")


def check(*words: str) -> tuple[int, list[str]]:
    """The exit status, and what was found, without the closing line."""
    done = CliRunner().invoke(cli, ["check", "--output-format", "concise", *words])
    return done.exit_code, [line.split(" ", 1)[0] for line in done.stdout.splitlines() if "KL001" in line]


def places(*words: str) -> list[str]:
    return [place.split(":")[0] for place in check(*words)[1]]


def last_line(*words: str) -> str:
    done: str = CliRunner().invoke(cli, ["check", "--output-format", "concise", *words]).stdout.splitlines()[-1]
    return done


def test_nothing_has_changed(repository: Path) -> None:
    assert check("--diff-base", "HEAD") == (0, [])
    assert last_line("--diff-base", "HEAD") == "Nothing has changed in 3 files."
    assert last_line("--diff-base", "HEAD", "other.py") == "Nothing has changed in 1 file."
    (repository / "other.py").write_text(FIRST + "# more\n")
    assert last_line("--diff-base", "HEAD") == "No problems found on changed lines in 3 files. 1 not changed."
    git("checkout", "-q", "other.py")
    assert check()[0] == 1
    # What is not committed counts.
    (repository / "train.py").write_text(FIRST + SECOND)
    status, (place,) = check("--diff-base", "HEAD")
    assert (status, place.split(":")[:2]) == (1, ["train.py", "6"])
    done = CliRunner().invoke(cli, ["check", "--diff-base", "HEAD"])
    assert "Found 1 error in 1 of 3 files. 1 not changed." in done.stdout


def test_a_branch(repository: Path) -> None:
    """What others have changed since the branch began is not its doing."""
    git("checkout", "-qb", "feature")
    (repository / "train.py").write_text("# moved\n" + FIRST + SECOND)
    commit()
    git("checkout", "-q", "main")
    (repository / "other.py").write_text(FIRST + SECOND)
    commit()
    git("checkout", "-q", "feature")
    assert [place.split(":")[:2] for place in check("--diff-base", "main")[1]] == [["train.py", "7"]]


def test_another_place_of_the_finding_has_changed(repository: Path) -> None:
    """A loss that does not fit the old output is a finding of the change."""
    (repository / "train.py").write_text(FIRST.replace("binary_crossentropy", "mse"))
    base = commit()
    (repository / "train.py").write_text(FIRST)
    assert places("--diff-base", base) == ["train.py"]


def test_new_and_renamed_files(repository: Path) -> None:
    (repository / "other.py").rename(repository / "renamed.py")
    (repository / "new.py").write_text(SECOND.replace("\nsecond", "import keras\nsecond", 1))
    (repository / "ignored.py").write_text(FIRST)
    (repository / ".gitignore").write_text("ignored.py\n")
    assert places("--diff-base", "HEAD") == ["new.py"]
    git("add", "-A")
    assert places("--diff-base", "HEAD") == ["new.py"]
    # As git has it.
    assert "R100\tother.py\trenamed.py" in git("diff", "--name-status", "-M", "HEAD")
    (repository / "renamed.py").write_text(FIRST + SECOND)
    assert [place.split(":")[:2] for place in check("--diff-base", "HEAD", "renamed.py")[1]] == [["renamed.py", "6"]]
    # What git ignores is new all the same, where it is named.
    (repository / "ignored.py").write_text((repository / "new.py").read_text())
    assert places("--diff-base", "HEAD", "ignored.py") == ["ignored.py"]


def test_notebooks(repository: Path) -> None:
    (repository / "train.ipynb").write_bytes(notebook("md:Prose", FIRST, SECOND, language_info={"name": "python"}))
    done = CliRunner().invoke(cli, ["check", "--diff-base", "HEAD", "--output-format", "concise"])
    assert "train.ipynb:cell 3:2:" in done.stdout
    assert "train.ipynb:cell 2:" not in done.stdout


def test_fix(repository: Path) -> None:
    """Only what has changed is fixed."""
    (repository / "train.py").write_text(FIRST + SECOND)
    CliRunner().invoke(cli, ["check", "--fix", "--diff-base", "HEAD"])
    assert (repository / "train.py").read_text() == FIRST + SECOND.replace("softmax", "sigmoid")
    assert (repository / "other.py").read_text() == FIRST


def test_standard_input(repository: Path) -> None:
    words = ["check", "--diff-base", "HEAD", "--stdin-filename", "train.py", "--output-format", "concise", "-"]
    done = CliRunner().invoke(cli, words, input=FIRST + SECOND)
    assert [line.split(":")[1] for line in done.stdout.splitlines() if "KL001" in line] == ["6"]


def test_broken_files_are_told_about(repository: Path) -> None:
    (repository / "train.py").write_text(FIRST + "model.fit(\n")
    done = CliRunner().invoke(cli, ["check", "--diff-base", "HEAD", "--output-format", "concise"])
    assert "KX001" in done.stdout
    assert done.exit_code == 1


def test_from_a_folder_and_outside(repository: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (repository / "below").mkdir()
    (repository / "below" / "new.py").write_text(FIRST)
    monkeypatch.chdir(repository / "below")
    assert places("--diff-base", "HEAD", ".", "../other.py") == ["new.py"]


@pytest.mark.parametrize("revision", ["nothing", "--output=x", "HEAD:train.py", ""])
def test_no_such_revision(repository: Path, revision: str) -> None:
    done = CliRunner().invoke(cli, ["check", f"--diff-base={revision}"])
    assert done.exit_code == 1
    assert "there is no revision" in done.output
    assert not (repository / "x").exists()


def test_no_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    done = CliRunner().invoke(cli, ["check", "--diff-base=HEAD"])
    assert done.exit_code == 1
    assert "not a git repository" in done.output


def test_lines() -> None:
    assert changed_lines(["a", "b", "c"], ["a", "x", "c", "d"]) == {2, 4}
    assert changed_lines(["a", "b"], ["b"]) == frozenset()
    assert changed_lines([], ["a"]) == {1}
    assert changed_lines(["a", "a"], ["a", "a", "a"]) == {3}
    # So many equal lines that nobody could wait for the shortest list.
    assert changed_lines(["b", *"a" * 50_000, "c"], ["a", *"a" * 60_000, "d", "a"]) == {60_002}
