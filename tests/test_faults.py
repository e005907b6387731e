"""Real faults of disks, folders and processes: a file of the user is always the old or the new one, whole."""

from __future__ import annotations

import json
import os
import resource
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from kerlint.files import LARGEST, is_endless, read_file
from tests.test_cli_fixes import BAD, GOOD

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the faults are those of Linux")

#: Bytes that a file may have while the disk is "full"; the programs below have more.
LITTLE = 64


def kerlint(*arguments: str, cwd: Path, **given: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "kerlint", *arguments],
        cwd=cwd,
        env=environment(),
        capture_output=True,
        text=True,
        errors="surrogateescape",
        timeout=120,
        check=False,
        **given,  # type: ignore[call-overload]
    )


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "PYTHONDONTWRITEBYTECODE": "1"}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "setup.py").touch()
    (folder / "train.py").write_text(BAD, encoding="utf-8")
    return folder


def left_behind(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name.startswith((".kerlint-", ".new-")))


# -- What is no file, or none that can be read --------------------------------------------------------------------


def test_what_is_no_file(project: Path) -> None:
    """Links in circles, pipes, devices and folders cost nothing but their own line."""
    os.symlink("loop.py", project / "loop.py")
    os.mkfifo(project / "pipe.py")
    os.symlink("/dev/zero", project / "zero.py")
    os.symlink("/dev/stdin", project / "stdin.py")
    os.symlink(project, project / "inner")
    (project / "folder.py").mkdir()
    (project / "folder.py/inside.py").write_text(BAD, encoding="utf-8")
    done = kerlint(".", "--output-format", "json", "--no-cache", cwd=project, stdin=subprocess.DEVNULL)
    names = {finding["filename"] for finding in json.loads(done.stdout)}
    assert {Path(name).name for name in names} == {"train.py", "inside.py"}
    for name in ("loop.py", "pipe.py", "zero.py", "folder.py"):
        assert kerlint(name, "--no-cache", cwd=project).returncode in (0, 1, 2)


def test_names_that_are_no_text(project: Path) -> None:
    name = os.fsdecode(b"caf\xe9\x1b[31m\n.py")
    (project / name).write_text(BAD, encoding="utf-8")
    for form in ("full", "concise", "grouped", "github"):
        done = kerlint(".", "--output-format", form, "--no-cache", cwd=project)
        assert done.returncode == 1, done.stderr
        assert "\x1b" not in done.stdout + done.stderr
    assert len(json.loads(kerlint(".", "--output-format", "json", "--no-cache", cwd=project).stdout)) > 1
    assert kerlint(".", "--fix", cwd=project).returncode == 0
    assert (project / name).read_text(encoding="utf-8") == GOOD


def test_contents_that_are_no_text(project: Path) -> None:
    contents = {
        "null.py": b"import keras\nx = '\0'\n",
        "latin.py": b"import keras\nx = '\xe9'\n",
        "half.py": b"import keras\nx = '\xed\xa0\x80'\n",
        "marks.py": b"\xef\xbb\xbfimport keras\r\rx = (\r",
        "wide.py": "import keras\n".encode("utf-16"),
        "long.py": b"import keras\nx = '" + b"a" * 1_000_000 + b"'\n",
        "dots.ipynb": b"\xff\xfekeras",
    }
    for name, data in contents.items():
        (project / name).write_bytes(data)
    done = kerlint(".", "--output-format", "json", "--fix", "--no-cache", cwd=project)
    found = {Path(finding["filename"]).name: finding["code"] for finding in json.loads(done.stdout)}
    assert found == {
        "null.py": "KX001",
        "latin.py": "KX002",
        "half.py": "KX002",
        "marks.py": "KX001",
        "wide.py": "KX002",
        "dots.ipynb": "KX002",
    }
    assert {name: (project / name).read_bytes() for name in contents} == contents


def test_a_file_without_end(project: Path) -> None:
    """A hole of many gigabytes takes no room on the disk, and would take all memory."""
    with open(project / "huge.py", "wb") as file:
        file.write(b"import keras\n")
        file.truncate(20 * LARGEST)
    done = kerlint("huge.py", "train.py", "--output-format", "concise", "--no-cache", cwd=project)
    assert "huge.py:1:1: error[KX002] cannot be read: it has more than 100 MB" in done.stdout
    assert "train.py:" in done.stdout
    with pytest.raises(OSError, match="100 MB"):
        read_file(str(project / "huge.py"))
    with open(project / "huge.py", "rb") as file:
        assert "100 MB" in kerlint("-", "--no-cache", cwd=project, stdin=file).stdout


def test_patterns_without_end(project: Path) -> None:
    """A pattern with many wildcards takes longer with each of them: none that could take for ever is tried."""
    (project / ("a" * 200 + ".py")).write_text(BAD, encoding="utf-8")
    (project / ".git").mkdir()
    (project / ".gitignore").write_text("*a" * 20 + "b\n" + "**/a/" * 20 + "b\ntrain.py\n")
    (project / "kerlint.toml").write_text(f'exclude = ["{"*a" * 20}b"]\n')
    assert kerlint(".", "--show-files", cwd=project).stdout == "a" * 200 + ".py\nsetup.py\n"
    assert is_endless("*a*a*a*a")
    assert is_endless("**/a/**/a/**/a/**")
    assert is_endless("a" * 2000)
    assert not is_endless("src/**/test_*_[ab]*.py")


def without_privileges() -> None:
    """From the next program on even root may do only what the permissions of files say."""
    if os.geteuid() == 0:
        import ctypes

        drop, override, search = 24, 1, 2
        for capability in (override, search):
            if ctypes.CDLL(None).prctl(drop, capability, 0, 0, 0) != 0:
                raise PermissionError


@pytest.fixture
def closed(project: Path) -> Iterator[Path]:
    """A folder that may not be changed."""
    (project / "closed.py").write_text(BAD, encoding="utf-8")
    (project / "closed.py").chmod(0)
    (project / "secret").mkdir(mode=0)
    project.chmod(0o555)
    yield project
    project.chmod(0o755)
    (project / "secret").chmod(0o755)


def test_what_may_not_be_read_or_written(closed: Path) -> None:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return kerlint(*arguments, cwd=closed, preexec_fn=without_privileges)

    try:
        done = run(".", "--fix", "--output-format", "concise")
    except subprocess.SubprocessError:
        pytest.skip("privileges cannot be given up here")
    assert done.returncode == 2
    assert "closed.py:1:1: error[KX002] cannot be read: Permission denied" in done.stdout
    assert "secret: Permission denied" in done.stderr
    assert "train.py: cannot be written: Permission denied" in done.stderr
    assert (closed / "train.py").read_text(encoding="utf-8") == BAD
    # There can be no cache, and nobody needs to know.
    assert run("train.py").stderr == ""
    done = run("train.py", "--write-baseline", "known.json")
    assert (done.returncode, "known.json: cannot be written" in done.stderr) == (2, True)
    done = run("train.py", "--output-format", "sarif=a.sarif")
    assert (done.returncode, "a.sarif: cannot be written" in done.stderr) == (2, True)
    assert left_behind(closed) == []


def test_a_file_that_vanishes(project: Path) -> None:
    """Between the listing and the reading."""
    code = """
import kerlint.files, os, sys
real = kerlint.files.discover
def discover(*arguments, **more):
    for target in list(real(*arguments, **more)):
        if target.path.endswith("gone.py"):
            os.unlink(target.path)
        yield target
kerlint.files.discover = discover
from kerlint.cli import main
main()
"""
    (project / "gone.py").write_text(BAD, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", code, ".", "--output-format", "concise"],
        cwd=project, env=environment(), capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert "gone.py:1:1: error[KX002] cannot be read: No such file or directory" in done.stdout
    assert "train.py:" in done.stdout


# -- A disk that is full ------------------------------------------------------------------------------------------


def nearly_full() -> None:
    """No file may grow beyond a few bytes: writing fails in the middle, as on a full disk."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (LITTLE, LITTLE))


@pytest.mark.parametrize("data", [BAD, BAD + "#" * 20_000])
def test_a_full_disk_while_fixing(project: Path, data: str) -> None:
    (project / "train.py").write_text(data, encoding="utf-8")
    assert len(data) > LITTLE
    done = kerlint("train.py", "--fix", "--no-cache", cwd=project, preexec_fn=nearly_full)
    assert done.returncode == 2
    assert "train.py: cannot be written: File too large" in done.stderr
    assert (project / "train.py").read_text(encoding="utf-8") == data
    assert left_behind(project) == []


def test_a_full_disk_while_keeping_results(project: Path) -> None:
    done = kerlint("train.py", cwd=project, preexec_fn=nearly_full)
    assert done.returncode == 1
    assert done.stderr == ""
    # What has been begun is gone, and the next run is as good as the first.
    entries = [path for path in (project / ".kerlint_cache").rglob("*") if path.is_file()]
    assert all(path.stat().st_size <= LITTLE for path in entries)
    assert not [path for path in entries if path.name.startswith(".new-")]
    assert kerlint("train.py", cwd=project).stdout == done.stdout
    assert kerlint("train.py", cwd=project).stdout == done.stdout


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        (("--write-baseline", "out"), "out"),
        (("--output-format", "sarif=out"), "out"),
        (("--add-ignore",), "train.py"),
    ],
)
def test_a_full_disk_while_writing(project: Path, arguments: tuple[str, ...], name: str) -> None:
    if name == "out":
        (project / name).write_text("what was there\n" * 20)
    before = (project / name).read_bytes()
    done = kerlint("train.py", "--no-cache", *arguments, cwd=project, preexec_fn=nearly_full)
    assert done.returncode == 2
    assert "File too large" in done.stderr
    assert (project / name).read_bytes() == before
    assert left_behind(project) == []


def test_a_small_disk(project: Path, tmp_path: Path) -> None:
    """A real one, where mounting is allowed."""
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=40k", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode != 0:
        pytest.skip("nothing can be mounted here")
    try:
        (disk / "setup.py").touch()
        text = BAD + "# " + "x" * 10_000 + "\n"
        (disk / "train.py").write_text(text, encoding="utf-8")
        with suppress(OSError), open(disk / "rest", "ab", buffering=0) as file:
            while file.write(b"x" * 4096):
                pass
        done = kerlint("train.py", "--fix", cwd=disk)
        assert done.returncode == 2, done.stdout
        assert "No space left on device" in done.stderr
        assert (disk / "train.py").read_text(encoding="utf-8") == text
        (disk / "rest").unlink()
        assert kerlint("train.py", "--fix", cwd=disk).returncode == 0
        assert (disk / "train.py").read_text(encoding="utf-8").startswith(GOOD)
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=False)


# -- More than one process, and processes that are ended -----------------------------------------------------------


def many(folder: Path, count: int) -> list[Path]:
    paths = [folder / f"train{number}.py" for number in range(count)]
    for path in paths:
        path.write_text(BAD, encoding="utf-8")
    return paths


def test_two_at_once(project: Path) -> None:
    paths = many(project, 12)
    command = [sys.executable, "-m", "kerlint", ".", "--fix", "--output-format", "concise"]
    runs = [
        subprocess.Popen(command, cwd=project, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(2)
    ]
    for run in runs:
        _, errors = run.communicate(timeout=120)
        # Who comes second finds the file changed, and says so.
        assert run.returncode in (0, 2), errors
        assert run.returncode == 0 or b"changed meanwhile" in errors, errors
    assert [path.read_text(encoding="utf-8") for path in paths] == [GOOD] * len(paths)
    assert left_behind(project) == []
    assert kerlint(".", cwd=project).returncode == 0


#: The command line after all imports, so that nearly all of its time is work on files.
WARM = """
import sys
from kerlint.cli.sharing import _import_everything
_import_everything()
print("ready", flush=True)
from kerlint.cli import main
main()
"""


def test_killed_at_any_moment(project: Path) -> None:
    """Files, cache and report are whole, wherever it is ended; and what is left behind is in nobody's way."""
    paths = many(project, 6)
    for index in range(14):
        for path in paths:
            path.write_text(BAD, encoding="utf-8")
        command = [sys.executable, "-c", WARM, ".", "--fix", "--output-format", "json=report.json"]
        process = subprocess.Popen(command, cwd=project, env=environment(), stdout=subprocess.PIPE)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(index * 0.02)
        process.kill()
        process.communicate(timeout=60)
        assert {path.read_text(encoding="utf-8") for path in paths} <= {BAD, GOOD}
        if (project / "report.json").exists():
            json.loads((project / "report.json").read_text())
    done = kerlint(".", "--fix", "--output-format", "json=report.json", cwd=project)
    assert done.returncode == 0, done.stderr
    assert {path.read_text(encoding="utf-8") for path in paths} == {GOOD}
    assert json.loads((project / "report.json").read_text()) == []


# -- What a file has beside its contents ---------------------------------------------------------------------------

_NOBODY = 2**32 - 1
#: What `setfacl -m u:12345:r` writes: the tag, the permissions and the user of each entry.
_ENTRIES = ((1, 6, _NOBODY), (2, 4, 12345), (4, 4, _NOBODY), (16, 4, _NOBODY), (32, 4, _NOBODY))
ATTRIBUTES = {
    "user.author": b"somebody",
    "system.posix_acl_access": struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in _ENTRIES),
}


@pytest.fixture
def attributed(project: Path) -> Path:
    path = project / "train.py"
    try:
        for name, value in ATTRIBUTES.items():
            os.setxattr(path, name, value)
    except OSError:
        pytest.skip("the file system has no extended attributes")
    return path


def attributes(path: Path) -> dict[str, bytes]:
    return {name: os.getxattr(path, name) for name in os.listxattr(path)}


def test_attributes_and_access_control_lists_are_kept(attributed: Path) -> None:
    before = attributes(attributed)
    assert ATTRIBUTES.items() <= before.items()
    number, mode = attributed.stat().st_ino, attributed.stat().st_mode
    assert kerlint("train.py", "--fix", cwd=attributed.parent).returncode == 0
    assert attributed.read_text(encoding="utf-8") == GOOD
    assert attributed.stat().st_ino != number
    assert (attributes(attributed), attributed.stat().st_mode) == (before, mode)


def test_a_file_does_not_inherit_what_it_did_not_have(project: Path) -> None:
    """A folder can give new files an access control list."""
    path = project / "train.py"
    path.chmod(0o600)
    try:
        os.setxattr(project, "system.posix_acl_default", ATTRIBUTES["system.posix_acl_access"])
    except OSError:
        pytest.skip("the file system has no extended attributes")
    assert kerlint("train.py", "--fix", cwd=project).returncode == 0
    assert path.read_text(encoding="utf-8") == GOOD
    assert (attributes(path), path.stat().st_mode & 0o777) == ({}, 0o600)


def test_a_file_whose_attributes_cannot_be_kept_is_overwritten(
    attributed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kerlint.writing import write_atomically

    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    before, number = attributes(attributed), attributed.stat().st_ino
    monkeypatch.setattr(os, "setxattr", refuse)
    write_atomically(str(attributed), b"new")
    assert (attributed.read_bytes(), attributed.stat().st_ino, attributes(attributed)) == (b"new", number, before)
    assert left_behind(attributed.parent) == []
