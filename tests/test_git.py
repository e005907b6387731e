"""Git in a repository that wants to run something: `--diff-base` reads it, and nothing springs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from kerlint import git
from kerlint.changes import ChangesError, since
from tests.test_changes import FIRST, SECOND

IDENTITY = {
    "GIT_AUTHOR_NAME": "A",
    "GIT_AUTHOR_EMAIL": "a@example.org",
    "GIT_COMMITTER_NAME": "A",
    "GIT_COMMITTER_EMAIL": "a@example.org",
}

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the traps are shell scripts")


def plain(*words: str, cwd: Path) -> str:
    """Git as somebody would call it who trusts the repository."""
    environment = {**os.environ, **IDENTITY}
    done = subprocess.run(["git", *words], cwd=cwd, env=environment, capture_output=True, text=True, check=True)
    return done.stdout.strip()


class Trap:
    """A program of the repository that leaves a mark when it runs, and a repository around it."""

    def __init__(self, folder: Path) -> None:
        self.sprung = folder / "sprung"
        self.program = folder / "trap.sh"
        self.program.write_text(f'#!/bin/sh\necho "$0" "$@" >> \'{self.sprung}\'\n')
        self.program.chmod(0o755)
        self.root = folder / "repository"
        self.root.mkdir()
        plain("init", "-q", "-b", "main", cwd=self.root)
        for name in ("train.py", "other.py", "gone.py"):
            (self.root / name).write_text(f"{FIRST}\n# {name}\n" if name != "train.py" else FIRST)
        self.commit()
        (self.root / "train.py").write_text(FIRST + SECOND)
        (self.root / "gone.py").rename(self.root / "new.py")
        # The time of what has not changed is another, so that its contents have to be looked at.
        os.utime(self.root / "other.py", (1, 1))

    def commit(self) -> None:
        plain("add", "-A", cwd=self.root)
        plain("commit", "-qm", "all", cwd=self.root)

    def set(self, key: str, value: str) -> None:
        plain("config", key, value, cwd=self.root)

    def attributes(self, text: str) -> None:
        (self.root / ".gitattributes").write_text(text)

    def hook(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        for name in ("post-index-change", "reference-transaction", "post-checkout", "fsmonitor-watchman"):
            shutil.copy(self.program, folder / name)

    def incomplete(self, **remote: str) -> None:
        """Makes the repository one that fetches what it lacks, and takes something away."""
        self.set("core.repositoryFormatVersion", "1")
        self.set("extensions.partialClone", "origin")
        self.set("remote.origin.promisor", "true")
        for key, value in remote.items():
            self.set(f"remote.origin.{key}", value)
        found = plain("rev-parse", "HEAD:train.py", cwd=self.root)
        (self.root / ".git/objects" / found[:2] / found[2:]).unlink()


def filters(trap: Trap) -> None:
    trap.attributes("*.py filter=evil\n")
    trap.set("filter.evil.clean", str(trap.program))
    trap.set("filter.evil.smudge", str(trap.program))


def processes(trap: Trap) -> None:
    trap.attributes("*.py filter=evil\n")
    trap.set("filter.evil.process", str(trap.program))
    trap.set("filter.evil.required", "true")


def attributes_elsewhere(trap: Trap) -> None:
    path = trap.root.parent / "attributes"
    path.write_text("*.py filter=evil diff=evil merge=evil\n")
    trap.set("core.attributesFile", str(path))
    trap.set("filter.evil.clean", str(trap.program))
    trap.set("diff.evil.textconv", str(trap.program))
    trap.set("diff.evil.command", str(trap.program))
    trap.set("merge.evil.driver", str(trap.program))


def external(trap: Trap) -> None:
    trap.attributes("*.py diff=evil\n")
    trap.set("diff.external", str(trap.program))
    trap.set("diff.evil.command", str(trap.program))
    trap.set("diff.evil.textconv", str(trap.program))
    trap.set("diff.evil.cachetextconv", "true")


def monitors(trap: Trap) -> None:
    trap.set("core.fsmonitor", str(trap.program))
    trap.set("core.fsmonitorHookVersion", "2")


def hooks(trap: Trap) -> None:
    trap.hook(trap.root / ".git/hooks")


def hooks_elsewhere(trap: Trap) -> None:
    folder = trap.root.parent / "hooks"
    trap.hook(folder)
    trap.set("core.hooksPath", str(folder))


def helpers(trap: Trap) -> None:
    for key in ("core.pager", "core.editor", "core.askPass", "core.sshCommand", "core.gitProxy", "gpg.program"):
        trap.set(key, str(trap.program))
    for command in ("rev-parse", "ls-tree", "cat-file", "merge-base", "diff"):
        trap.set(f"pager.{command}", str(trap.program))
        trap.set(f"alias.{command}", f"!{trap.program}")
    trap.set("core.alternateRefsCommand", str(trap.program))
    trap.set("credential.helper", f"!{trap.program}")
    trap.set("uploadpack.packObjectsHook", str(trap.program))


def included(trap: Trap) -> None:
    path = trap.root.parent / "more"
    path.write_text(f'[core]\n\tfsmonitor = {trap.program}\n[filter "evil"]\n\tclean = {trap.program}\n')
    trap.attributes("*.py filter=evil\n")
    trap.set("include.path", str(path))


def submodules(trap: Trap) -> None:
    inner = trap.root.parent / "inner"
    inner.mkdir()
    plain("init", "-q", cwd=inner)
    (inner / "train.py").write_text(FIRST)
    plain("add", "-A", cwd=inner)
    plain("commit", "-qm", "all", cwd=inner)
    plain("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner), "sub", cwd=trap.root)
    trap.commit()
    sub = trap.root / "sub"
    (sub / "train.py").write_text(FIRST + SECOND)
    (sub / ".gitattributes").write_text("*.py filter=evil\n")
    plain("config", "core.fsmonitor", str(trap.program), cwd=sub)
    plain("config", "filter.evil.clean", str(trap.program), cwd=sub)


def transports(trap: Trap) -> None:
    trap.set("protocol.ext.allow", "always")
    trap.incomplete(url=f"ext::{trap.program} %S")


def shells(trap: Trap) -> None:
    trap.set("core.sshCommand", str(trap.program))
    trap.incomplete(url="ssh://localhost/nothing")


def uploads(trap: Trap) -> None:
    trap.set("protocol.file.allow", "always")
    trap.incomplete(url=str(trap.root), uploadpack=str(trap.program))


def remote_helpers(trap: Trap) -> None:
    trap.set("protocol.allow", "always")
    trap.incomplete(url="nothing", vcs="ext")
    trap.set("url.ext::" + str(trap.program) + " .insteadOf", "nothing")


WAYS = [
    filters,
    processes,
    attributes_elsewhere,
    external,
    monitors,
    hooks,
    hooks_elsewhere,
    helpers,
    included,
    submodules,
    transports,
    shells,
    uploads,
    remote_helpers,
]


@pytest.fixture
def trap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Trap:
    for name, value in IDENTITY.items():
        monkeypatch.setenv(name, value)
    return Trap(tmp_path)


def check(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, "-m", "kerlint", "check", "--no-cache", "--output-format", "concise", *words]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=120, check=False)


def places(done: subprocess.CompletedProcess[str]) -> list[str]:
    return [":".join(line.split(":")[:2]) for line in done.stdout.splitlines() if "KL001" in line]


@pytest.mark.parametrize("way", WAYS)
def test_nothing_is_run(trap: Trap, way: Callable[[Trap], None]) -> None:
    way(trap)
    trap.sprung.unlink(missing_ok=True)
    done = check(".", "--diff-base", "HEAD", cwd=trap.root)
    assert not trap.sprung.exists(), trap.sprung.read_text()
    found = places(done)
    assert "train.py:6" in found or way is submodules, done.stderr
    if way in (transports, shells, uploads, remote_helpers):
        # What was stored of it is not there, and it may all be new.
        assert "train.py:3" in found
        assert "git does not have what 1 file held" in done.stderr
    assert not [place for place in found if place.startswith(("other.py", "new.py", "sub"))]


@pytest.mark.parametrize(
    "way", [filters, processes, attributes_elsewhere, external, monitors, hooks, included, transports, shells, uploads]
)
def test_the_traps_can_spring(trap: Trap, way: Callable[[Trap], None]) -> None:
    """With git as it is they do: the test above is about something."""
    way(trap)
    trap.sprung.unlink(missing_ok=True)
    subprocess.run(["git", "diff", "-M", "HEAD"], cwd=trap.root, capture_output=True, timeout=60, check=False)
    subprocess.run(["git", "status"], cwd=trap.root, capture_output=True, timeout=60, check=False)
    assert trap.sprung.exists()


def test_a_bare_repository_in_the_tree(trap: Trap) -> None:
    """A folder can look like a repository, and whoever is in it would obey what it says."""
    bare = trap.root / "bare"
    shutil.copytree(trap.root / ".git", bare)
    plain("config", "core.worktree", str(trap.root / "bare"), cwd=bare)
    plain("config", "core.bare", "false", cwd=bare)
    plain("config", "core.fsmonitor", str(trap.program), cwd=bare)
    (bare / "train.py").write_text(FIRST)
    (bare / "below").mkdir()
    trap.sprung.unlink(missing_ok=True)
    for folder in (bare, bare / "below"):
        done = check(".", "--diff-base", "HEAD", cwd=folder)
        assert done.returncode == 2
        assert "--diff-base: " in done.stderr
        assert not trap.sprung.exists()


def test_a_bare_repository_and_an_old_git(trap: Trap, monkeypatch: pytest.MonkeyPatch) -> None:
    bare = trap.root / "bare"
    shutil.copytree(trap.root / ".git", bare)
    plain("config", "core.worktree", str(bare), cwd=bare)
    plain("config", "core.bare", "false", cwd=bare)
    monkeypatch.delitem(git._SETTINGS, "safe.bareRepository")
    with pytest.raises(ChangesError, match="is in a bare repository"):
        since("HEAD", str(bare))


def test_a_working_tree_beside_a_bare_repository(trap: Trap) -> None:
    """As some have it: nothing is wrong with these."""
    home = trap.root.parent / "home.git"
    plain("clone", "-q", "--bare", str(trap.root), str(home), cwd=trap.root.parent)
    plain("worktree", "add", "-q", str(home / "main"), "main", cwd=home)
    (home / "main/train.py").write_text(FIRST + SECOND)
    assert places(check(".", "--diff-base", "HEAD", cwd=home / "main")) == ["train.py:6"]


def test_a_git_in_the_tree(trap: Trap, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copy(trap.program, trap.root / "git")
    monkeypatch.setenv("PATH", os.pathsep.join((".", "", os.environ["PATH"])))
    done = check("train.py", "--diff-base", "HEAD", cwd=trap.root)
    assert not trap.sprung.exists()
    assert places(done) == ["train.py:6"]


def test_no_git(trap: Trap, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(trap.root))
    done = check("train.py", "--diff-base", "HEAD", cwd=trap.root)
    assert done.returncode == 2
    assert "git cannot be run" in done.stderr


@pytest.mark.parametrize("setting", ["true", "input", "false"])
def test_ends_of_lines(trap: Trap, setting: str) -> None:
    """What is stored has the ends of Unix, what is in the working tree those of Windows, or the other way round."""
    (trap.root / "train.py").write_bytes(FIRST.encode())
    (trap.root / "windows.py").write_bytes(FIRST.replace("\n", "\r\n").encode())
    plain("-c", "core.autocrlf=false", "add", "-A", cwd=trap.root)
    plain("commit", "-qm", "all", cwd=trap.root)
    trap.set("core.autocrlf", setting)
    for name in ("train.py", "windows.py"):
        (trap.root / name).unlink()
    plain("checkout", "--", ".", cwd=trap.root)
    assert (b"\r\n" in (trap.root / "train.py").read_bytes()) == (setting == "true")
    assert places(check(".", "--diff-base", "HEAD", cwd=trap.root)) == []
    for name in ("train.py", "windows.py"):
        end = b"\r\n" if b"\r\n" in (trap.root / name).read_bytes() else b"\n"
        with (trap.root / name).open("ab") as file:
            file.write(SECOND.encode().replace(b"\n", end))
    assert places(check(".", "--diff-base", "HEAD", cwd=trap.root)) == ["train.py:6", "windows.py:6"]
    # An editor has changed all ends: no line is another.
    text = (trap.root / "other.py").read_bytes()
    (trap.root / "other.py").write_bytes(text.replace(b"\n", b"\r\n"))
    assert places(check("other.py", "--diff-base", "HEAD", cwd=trap.root)) == []


def test_a_repository_with_longer_ids(tmp_path: Path) -> None:
    plain("init", "-q", "--object-format=sha256", cwd=tmp_path)
    for name in ("train.py", "other.py"):
        (tmp_path / name).write_text(FIRST)
    plain("add", "-A", cwd=tmp_path)
    plain("commit", "-qm", "all", cwd=tmp_path)
    (tmp_path / "train.py").write_text(FIRST + SECOND)
    changes = since("HEAD", str(tmp_path))
    assert [changes.touch(str(tmp_path / name)) for name in ("train.py", "other.py")] == [True, False]
    assert places(check(".", "--diff-base", "HEAD", cwd=tmp_path)) == ["train.py:6"]


def test_what_is_stored_elsewhere(trap: Trap) -> None:
    """A pointer of Git LFS says which contents it is for."""
    from hashlib import sha256

    data = FIRST.encode()
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize {}\n"
    (trap.root / "train.py").write_text(pointer.format(sha256(data).hexdigest(), len(data)))
    trap.commit()
    (trap.root / "train.py").write_bytes(data)
    assert places(check("train.py", "--diff-base", "HEAD", cwd=trap.root)) == []
    (trap.root / "train.py").write_bytes(data + b"\n")
    assert places(check("train.py", "--diff-base", "HEAD", cwd=trap.root)) == ["train.py:3"]


def test_links_and_odd_names(trap: Trap) -> None:
    names = ["a\tb.py", "a\nb.py", 'a"b.py', "\xe4.py", " .py"]
    for name in names:
        (trap.root / name).write_text(FIRST)
    (trap.root / "link.py").symlink_to("other.py")
    trap.commit()
    (trap.root / "loose.py").symlink_to("train.py")
    changes = since("HEAD", str(trap.root))
    assert not any(changes.touch(str(trap.root / name)) for name in [*names, "link.py", "loose.py"])
    (trap.root / "other.py").write_text(FIRST + SECOND)
    assert places(check("link.py", "other.py", "--diff-base", "HEAD", cwd=trap.root)) == ["link.py:6", "other.py:6"]


def test_a_tree_without_end(trap: Trap, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tree that holds itself again and again has more files than there is room for."""
    blob = plain("rev-parse", "HEAD:train.py", cwd=trap.root)
    kind = f"100644 blob {blob}\t"
    for _ in range(12):
        lines = "".join(f"{kind}{letter}\n" for letter in "abcdefgh")
        done = subprocess.run(["git", "mktree"], cwd=trap.root, input=lines, capture_output=True, text=True, check=True)
        kind = f"040000 tree {done.stdout.strip()}\t"
    commit = plain("commit-tree", "-m", "bomb", kind.split()[2], cwd=trap.root)
    monkeypatch.setattr(git, "_MOST_BYTES", 10_000_000)
    with pytest.raises(ChangesError, match="the answer is too long"):
        since(commit, str(trap.root))


def test_an_answer_that_never_comes(trap: Trap, monkeypatch: pytest.MonkeyPatch) -> None:
    pipe = trap.root.parent / "pipe"
    os.mkfifo(pipe)
    with (trap.root / ".git/config").open("a") as file:
        file.write(f"[include]\n\tpath = {pipe}\n")
    monkeypatch.setattr(git, "_LONGEST", 0.5)
    with pytest.raises(ChangesError, match="it takes too long"):
        since("HEAD", str(trap.root))
