"""Baselines: what is known is left out, what is new is shown, what is stale is told."""

from __future__ import annotations

import json
import os
import re
import stat
from pathlib import Path

import pytest

from kerlint import writing
from kerlint.baseline import BaselineError, read_baseline, write_baseline
from kerlint.finding import Finding, Severity, Span
from kerlint.report import FileReport
from kerlint.selection import Settings
from kerlint.writing import write_atomically
from tests.test_cli import run

HEAD = "import keras\n"
FAULT = """model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, activation="softmax")])
model.compile("adam", "binary_crossentropy")
"""
FIT = "model.fit(x, y)\n"
CONCISE = ("--output-format", "concise")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "sub").mkdir()
    for name in ("train.py", "sub/other.py"):
        (tmp_path / name).write_text(HEAD + FAULT)
    return tmp_path


def test_what_is_known_is_left_out(project: Path) -> None:
    done = run("--write-baseline", "known.json", cwd=project)
    assert (done.returncode, done.stdout, done.stderr) == (0, "Wrote 2 known findings to known.json.\n", "")
    assert json.loads((project / "known.json").read_text()) == {
        "kerlint-baseline": 1,
        "files": {"sub/other.py": {"KL001": 1}, "train.py": {"KL001": 1}},
    }
    done = run("--baseline", "known.json", cwd=project)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "No problems found in 2 files. 2 in the baseline.\n"
    # Lines shift, and names are relative to the baseline.
    (project / "train.py").write_text("\n\n" + HEAD + FAULT)
    done = run("--baseline", "../known.json", "../train.py", "other.py", cwd=project / "sub")
    assert (done.returncode, done.stderr) == (0, "")


def test_what_is_new_is_shown(project: Path) -> None:
    run("--write-baseline", "known.json", cwd=project)
    (project / "train.py").write_text(HEAD + FAULT + FAULT.replace("model", "other"))
    (project / "new.py").write_text(HEAD + FAULT)
    done = run("--baseline", "known.json", *CONCISE, cwd=project)
    assert done.returncode == 1
    assert re.findall(r"(?m)^(\S+?):\d+:\d+:", done.stdout) == ["new.py", "train.py", "train.py"]
    assert "Found 3 errors in 2 of 3 files. 1 in the baseline.\n" in done.stdout


def test_what_is_stale_is_told(project: Path) -> None:
    run("--write-baseline", "known.json", cwd=project)
    (project / "train.py").write_text(HEAD)
    (project / "sub/other.py").unlink()
    done = run("--baseline", "known.json", cwd=project)
    assert (done.returncode, done.stdout) == (0, "No problems found in 1 file.\n")
    assert done.stderr == (
        "warning: known.json: train.py: KL001: 0 of 1 left\n"
        "warning: known.json: sub/other.py: KL001: the file is gone\n"
        "warning: known.json knows of more than there is; write it again with --write-baseline\n"
    )
    # What did not run says nothing.
    (project / "sub/other.py").write_text(HEAD)
    assert run("--baseline", "known.json", "--select", "KO", cwd=project).stderr == ""
    assert run("--baseline", "known.json", "sub", "--select", "KO", cwd=project).stderr == ""


def test_hidden_advice_is_not_stale(project: Path) -> None:
    (project / "train.py").write_text(HEAD + FAULT + FIT)
    chosen = ("train.py", "--select", "KL,KO")
    run("--write-baseline", "known.json", "--pedantic", *chosen, cwd=project)
    assert json.loads((project / "known.json").read_text())["files"] == {"train.py": {"KL001": 1, "KO010": 1}}
    done = run("--baseline", "known.json", *chosen, cwd=project)
    assert (done.returncode, done.stderr) == (0, "")
    assert "1 in the baseline. 1 more with --pedantic." in done.stdout


def test_an_internal_error_is_never_known(tmp_path: Path) -> None:
    span = Span(1, 1, 1, 2)
    crash = Finding("KX000", "internal-error", Severity.ERROR, "crashed", "a.py", span)
    broken = Finding("KX001", "syntax-error", Severity.ERROR, "broken", "a.py", span)
    path = str(tmp_path / "known.json")
    report = FileReport(str(tmp_path / "a.py"), (crash, broken))
    assert write_baseline(path, [report]) == 1
    left = read_baseline(path).without_known(report, Settings())
    assert (left.findings, left.known) == ((crash,), 1)


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        "{}",
        '{"kerlint-baseline": 2, "files": {}}',
        '{"kerlint-baseline": 1}',
        '{"kerlint-baseline": 1, "files": []}',
        '{"kerlint-baseline": 1, "files": {"a.py": 3}}',
        '{"kerlint-baseline": 1, "files": {"a.py": {"KL001": "3"}}}',
        '{"kerlint-baseline": 1, "files": {"a.py": {"KL001": true}}}',
        '{"kerlint-baseline": 1, "files": {"a.py": {"KL001": -1}}}',
        "[" * 100_000,
        "\udcff",
    ],
)
def test_a_damaged_baseline(tmp_path: Path, text: str) -> None:
    path = tmp_path / "known.json"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(BaselineError, match="baseline"):
        read_baseline(str(path))


def test_misuse(project: Path) -> None:
    (project / "bad.json").write_text("{")
    for arguments, message in (
        (("--baseline", "missing.json"), "missing.json: cannot be read: No such file"),
        (("--baseline", "bad.json"), "bad.json: not a baseline: "),
        (("--baseline", "bad.json", "--write-baseline", "bad.json"), "makes no sense together with"),
        (("--write-baseline", "nowhere/known.json"), "nowhere/known.json: cannot be written: No such file"),
        (("--write-baseline", "sub"), "is a directory"),
    ):
        done = run(*arguments, "train.py", cwd=project)
        assert (done.returncode, done.stdout) == (2, ""), arguments
        assert message in done.stderr
        assert "Traceback" not in done.stderr
    assert (project / "bad.json").read_text() == "{"


def test_files_are_written_in_one_piece(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, link = tmp_path / "a.json", tmp_path / "link.json"
    write_atomically(str(path), b"one")
    assert stat.S_IMODE(path.stat().st_mode) & 0o600 == 0o600
    path.chmod(0o640)
    link.symlink_to(path)
    write_atomically(str(link), b"two")
    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode), link.is_symlink()) == (b"two", 0o640, True)

    def fail(*_: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(writing.os, "replace", fail)
    with pytest.raises(OSError, match="full"):
        write_atomically(str(path), b"three")
    assert path.read_bytes() == b"two"
    assert sorted(os.listdir(tmp_path)) == ["a.json", "link.json"]
