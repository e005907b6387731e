"""`--fix`, `--diff`, formats in files and statistics, through a real process."""

from __future__ import annotations

import json
import os
import stat
import subprocess
from pathlib import Path

import pytest

from tests.test_cli import run
from tests.test_fixer import BAD, GOOD

UNSAFE = BAD.replace('activation="softmax"', 'activation="sigmoid"').replace('"adam"', "keras.optimizers.Adam(0.0)")


@pytest.fixture
def train(tmp_path: Path) -> Path:
    path = tmp_path / "train.py"
    path.write_text(BAD, encoding="utf-8")
    return path


def test_hint(train: Path) -> None:
    result = run("train.py", cwd=train.parent)
    assert result.returncode == 1
    assert '= fix: use activation="sigmoid" [safe]' in result.stdout
    assert result.stdout.endswith("[*] 1 fixable with --fix.\n")
    assert train.read_text(encoding="utf-8") == BAD


def test_fix(train: Path) -> None:
    train.chmod(0o640)
    result = run("--fix", "train.py", cwd=train.parent)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == "Fixed 1 finding. No problems found in 1 file.\n"
    assert train.read_text(encoding="utf-8") == GOOD
    assert stat.S_IMODE(train.stat().st_mode) == 0o640
    assert sorted(os.listdir(train.parent)) == [".kerlint_cache", "train.py"]
    before = train.stat().st_mtime_ns
    assert run("--fix", "train.py", cwd=train.parent).returncode == 0
    assert train.stat().st_mtime_ns == before


def test_unsafe_fixes(train: Path) -> None:
    train.write_text(UNSAFE, encoding="utf-8")
    result = run("--fix", "train.py", cwd=train.parent)
    assert result.returncode == 1
    assert result.stdout.endswith("No safe fixes; 1 fixable with --fix --unsafe-fixes.\n")
    assert train.read_text(encoding="utf-8") == UNSAFE
    assert run("--fix", "--unsafe-fixes", "train.py", cwd=train.parent).returncode == 0
    assert "Adam(1e-3)" in train.read_text(encoding="utf-8")


def test_only_selected_rules_are_fixed(train: Path) -> None:
    assert run("--fix", "--select", "KO", "train.py", cwd=train.parent).returncode == 0
    assert train.read_text(encoding="utf-8") == BAD


def test_diff(train: Path) -> None:
    result = run("--diff", "train.py", cwd=train.parent)
    assert (result.returncode, result.stderr) == (1, "Would fix 1 finding.\n")
    assert result.stdout.startswith("--- train.py\n+++ train.py\n@@ -1,3 +1,3 @@\n")
    assert train.read_text(encoding="utf-8") == BAD
    patch = subprocess.run(
        ["git", "apply", "-p0", "-"], cwd=train.parent, input=result.stdout.encode(), capture_output=True, check=False
    )
    assert patch.returncode == 0, patch.stderr
    assert train.read_text(encoding="utf-8") == GOOD
    result = run("--diff", "train.py", cwd=train.parent)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "Would fix nothing.\n")


def test_diff_of_unsafe_fixes(train: Path) -> None:
    train.write_text(UNSAFE.rstrip("\n"), encoding="utf-8")
    result = run("--diff", "train.py", cwd=train.parent)
    assert (result.returncode, result.stdout) == (0, "")
    assert result.stderr == "Would fix nothing (1 more with --unsafe-fixes).\n"
    result = run("--diff", "--unsafe-fixes", "--fix", "train.py", cwd=train.parent)
    assert result.returncode == 1
    assert result.stdout.endswith("\\ No newline at end of file\n")
    assert train.read_text(encoding="utf-8") == UNSAFE.rstrip("\n")


def test_standard_input(tmp_path: Path) -> None:
    result = run("--fix", "-", cwd=tmp_path, stdin=BAD.encode())
    assert (result.returncode, result.stdout) == (0, GOOD)
    assert result.stderr == "Fixed 1 finding. No problems found in 1 file.\n"
    result = run("--fix", "--stdin-filename", "a.py", cwd=tmp_path, stdin=UNSAFE.encode())
    assert (result.returncode, result.stdout) == (1, UNSAFE)
    assert "a.py:3:" in result.stderr
    assert os.listdir(tmp_path) == []


def test_links_are_written_through(train: Path) -> None:
    link = train.parent / "link.py"
    link.symlink_to("train.py")
    assert run("--fix", "link.py", cwd=train.parent).returncode == 0
    assert link.is_symlink()
    assert train.read_text(encoding="utf-8") == GOOD


@pytest.mark.skipif(os.name != "posix", reason="hard links of POSIX")
def test_a_file_with_two_names_stays_one_file(train: Path) -> None:
    other = train.parent / "other.txt"
    os.link(train, other)
    assert run("--fix", "train.py", cwd=train.parent).returncode == 0
    assert train.samefile(other)
    assert other.read_text(encoding="utf-8") == GOOD
    # Longer before than after: nothing of the old text is left.
    train.write_text(GOOD + "x = 1\n" * 9 + "import keras  # kerlint: ignore[KL001]\n", encoding="utf-8")
    assert run("--fix", "train.py", cwd=train.parent).returncode == 0
    assert other.read_text(encoding="utf-8") == GOOD + "x = 1\n" * 9 + "import keras\n"
    assert sorted(os.listdir(train.parent)) == [".kerlint_cache", "other.txt", "train.py"]


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root may give files away")
def test_a_file_keeps_its_owner(train: Path) -> None:
    os.chown(train, 12345, 12346)
    assert run("--fix", "train.py", cwd=train.parent).returncode == 0
    state = train.stat()
    assert (state.st_uid, state.st_gid) == (12345, 12346)


def test_an_owner_that_cannot_be_kept_is_kept_by_overwriting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from kerlint import writing

    path = tmp_path / "a.py"
    path.write_bytes(b"old and longer")
    number = path.stat().st_ino
    monkeypatch.setattr(writing, "_may_be_replaced", lambda *_: False)
    writing.write_atomically(str(path), b"new")
    assert (path.read_bytes(), path.stat().st_ino, os.listdir(tmp_path)) == (b"new", number, ["a.py"])


#: The command line on a disk that takes nothing.
FULL_DISK = """
import kerlint.writing
def rewrite(path, data, expected):
    raise OSError(28, "No space left on device")
kerlint.writing.rewrite = rewrite
from kerlint.cli import main
main()
"""


def test_a_file_that_cannot_be_written_is_reported(train: Path) -> None:
    result = run("--fix", "train.py", cwd=train.parent, code=FULL_DISK)
    assert result.returncode == 2
    assert result.stderr == "warning: train.py: cannot be written: No space left on device\n"
    assert "KL001" in result.stdout
    assert train.read_text(encoding="utf-8") == BAD


def test_a_refused_fix_is_told(tmp_path: Path) -> None:
    text = BAD.replace('1, activation="softmax"', "3").replace("binary_", "categorical_")
    text += "model.compile('adam', keras.losses.CategoricalCrossentropy(from_logits=True))\n"
    (tmp_path / "train.py").write_text(text, encoding="utf-8")
    result = run("--fix", "--unsafe-fixes", "train.py", cwd=tmp_path)
    assert result.returncode == 1
    assert "warning: train.py:2: the fix of KL002" not in result.stdout
    assert "train.py:2:" in result.stderr
    assert "the fix of KL002 (logits-without-from-logits) is left out: it would bring KL003" in result.stderr
    assert (tmp_path / "train.py").read_text(encoding="utf-8") == text


def test_several_formats(train: Path) -> None:
    formats = ("--output-format", "concise", "--output-format=sarif=out/k.sarif", "--output-format", "html=k.html")
    result = run("train.py", *formats, cwd=train.parent)
    assert result.returncode == 1
    assert result.stdout.startswith("train.py:2:79: error[KL001] [*] ")
    assert json.loads((train.parent / "out" / "k.sarif").read_text())["version"] == "2.1.0"
    assert (train.parent / "k.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    assert run("train.py", "--output-format", "json=a.json", cwd=train.parent).stdout == ""
    for name in ("grouped", "json-lines", "gitlab", "junit"):
        assert "KL001" in run("train.py", "--output-format", name, cwd=train.parent).stdout
    env = {"KERLINT_OUTPUT_FORMAT": "concise json=b.json"}
    assert run("train.py", cwd=train.parent, env=env).stdout.startswith("train.py:2")
    assert (train.parent / "b.json").exists()


def test_formats_that_cannot_be(train: Path) -> None:
    result = run("train.py", "--output-format", "jason", cwd=train.parent)
    assert (result.returncode, "did you mean json?" in result.stderr) == (2, True)
    assert run("train.py", "--output-format", "json=", cwd=train.parent).returncode == 2
    assert run("train.py", "--output-format", "json", "--output-format", "full", cwd=train.parent).returncode == 2
    assert run("train.py", "--output-format", "json=train.py/x", cwd=train.parent).returncode == 2
    assert run("train.py", "--output-format", "sarif", "--statistics", cwd=train.parent).returncode == 2


def test_statistics(train: Path) -> None:
    result = run("train.py", "--statistics", cwd=train.parent)
    assert result.returncode == 1
    assert result.stdout.startswith("1  KL001  error    [*]  single-unit-multiclass-head\n")
    rows = json.loads(run("train.py", "--statistics", "--output-format", "json", cwd=train.parent).stdout)
    assert rows[0]["count"] == 1


def test_writing_refuses_what_was_changed_meanwhile(tmp_path: Path) -> None:
    from kerlint.writing import rewrite

    path = tmp_path / "a.py"
    path.write_bytes(b"new")
    with pytest.raises(OSError, match="changed meanwhile"):
        rewrite(str(path), b"fixed", b"old")
    assert path.read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["a.py"]
