from __future__ import annotations

import os
from pathlib import Path

import pytest

from kerlint.files import discover, is_test_file, read_file


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("import keras\n")


def found(*paths: str) -> list[str]:
    return [os.path.normpath(target.path).replace(os.sep, "/") for target in discover(paths)]


def test_directories_are_walked_in_a_fixed_order(tree: Path) -> None:
    write(tree, "b.py", "a/z.py", "a/c.ipynb", "c.py", "a.txt", "x.pyc", "B.py")
    assert found(".") == ["B.py", "a/c.ipynb", "a/z.py", "b.py", "c.py"]
    assert found("a", "c.py", ".") == ["a/c.ipynb", "a/z.py", "c.py", "B.py", "b.py"]


def test_directories_of_others_are_left_out(tree: Path) -> None:
    write(tree, ".venv/a.py", "venv/a.py", "node_modules/a.py", "build/a.py", "x/site-packages/a.py", "x/a.py")
    write(tree, ".ipynb_checkpoints/a.ipynb", ".git/a.py", "__pycache__/a.py")
    assert found(".") == ["x/a.py"]
    # Unless somebody names them.
    assert found("build") == ["build/a.py"]


def test_named_files_are_always_taken(tree: Path) -> None:
    write(tree, "script", "build/a.py", "ignored.py")
    (tree / ".gitignore").write_text("ignored.py\n")
    assert found("script", "build/a.py", "ignored.py", "script") == ["script", "build/a.py", "ignored.py"]
    assert found("-") == ["-"]


def test_gitignore(tree: Path) -> None:
    write(tree, "a.py", "gen/a.py", "sub/a.py", "sub/b.py", "sub/gen/c.py", "sub/deep/k.py", "sub/deep/l.py")
    (tree / ".gitignore").write_text("gen/\n*b.py\n/a.py\n")
    (tree / "sub/.gitignore").write_text("!b.py\ndeep/*\n!deep/k.py\n")
    assert found(".") == ["sub/a.py", "sub/b.py", "sub/deep/k.py"]


def test_gitignore_of_the_directories_above(tree: Path) -> None:
    write(tree, "repo/sub/a.py", "repo/sub/b.py", "repo/out/c.py")
    (tree / ".gitignore").write_text("a.py\n")
    (tree / "repo/.gitignore").write_text("b.py\nout/\n")
    assert found("repo/sub") == ["repo/sub/a.py", "repo/sub/b.py"]
    (tree / "repo/.git").mkdir()
    # As far as the repository's root, and no further.
    assert found("repo/sub") == ["repo/sub/a.py"]
    assert found("repo/out") == ["repo/out/c.py"]


def test_a_bad_pattern_spoils_no_other(tree: Path) -> None:
    write(tree, "a.py", "b.py")
    (tree / ".gitignore").write_bytes(b"!\n\xff\xfe\na.py\n")
    assert found(".") == ["b.py"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes and links")
def test_links_and_pipes(tree: Path) -> None:
    write(tree, "real/a.py")
    os.symlink(tree / "real", tree / "linked")
    os.symlink(tree, tree / "real/circle")
    os.symlink(tree / "nowhere", tree / "dangling.py")
    os.symlink(tree / "real/a.py", tree / "alias.py")
    os.mkfifo(tree / "pipe.py")
    os.mkfifo(tree / "real/.gitignore")
    (tree / "directory.py").mkdir()
    assert found(".") == ["alias.py", "real/a.py"]
    with pytest.raises(OSError, match="not a regular file"):
        read_file(str(tree / "pipe.py"))


def test_deep_trees(tree: Path) -> None:
    deep = "/".join(["d"] * 500)
    write(tree, f"{deep}/a.py")
    assert found(".") == [f"{deep}/a.py"]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_unreadable_directories_are_mentioned(tree: Path) -> None:
    write(tree, "closed/a.py", "open/a.py")
    (tree / "closed").chmod(0)
    messages: list[str] = []
    assert [target.path for target in discover(["."], messages.append)] == ["./open/a.py"]
    assert len(messages) == 1
    (tree / "closed").chmod(0o700)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("test_a.py", True),
        ("a_test.py", True),
        ("conftest.py", True),
        ("pkg/tests/helper.py", True),
        ("integration_tests/a.py", True),
        ("test/a.py", False),
        ("testing.py", False),
        ("latest.py", False),
        ("contest.py", False),
    ],
)
def test_test_files(tree: Path, path: str, expected: bool) -> None:
    assert is_test_file(path) is expected


def test_directories_above_do_not_make_a_test_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = tmp_path / "tests" / "project"
    write(project, "train.py", "tests/a.py")
    monkeypatch.chdir(project)
    assert [target.is_test for target in discover(["."])] == [True, False]
    monkeypatch.chdir("/")
    other = tmp_path / "elsewhere"
    other.mkdir()
    monkeypatch.chdir(other)
    assert [target.is_test for target in discover([str(project)])] == [True, False]
    assert [target.is_test for target in discover([str(project / "train.py")])] == [False]
