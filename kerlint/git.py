"""Git, asked about a repository that nobody vouches for.

The configuration of a repository can name programs for nearly everything that git does: filters, textual conversions,
monitors of the file system, hooks, commands of transports. So git is asked only about what it has stored, by commands
that look neither at the index nor at the working tree, and what they could start all the same is switched off.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterable, Iterator

#: What is set for each command, whatever the repository says.
_SETTINGS = {
    "core.fsmonitor": "false",
    "core.hooksPath": os.devnull,
    # A folder that looks like a repository does not become one because somebody stands in it.
    "safe.bareRepository": "explicit",
    "fetch.bundleURI": "",
}
#: An incomplete clone fetches what it lacks by the commands and addresses that it names itself: not here.
_ENVIRONMENT = {
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_PAGER": "cat",
    "GIT_TERMINAL_PROMPT": "0",
}
#: Bytes of an answer. A million files have names of some 100 MB, and a tree can be made to have any number of them.
_MOST_BYTES = 500_000_000
#: Seconds for an answer. A configuration can include a pipe that nobody writes to.
_LONGEST = 120.0


class GitError(Exception):
    """Git gives no answer."""


def run(folder: str, *words: str, given: bytes = b"") -> bytes:
    """What git answers in a folder.

    Args:
        words: a command that looks neither at the index nor at the working tree, and its arguments.
        given: its standard input.

    Raises:
        GitError: there is no git, it fails, takes too long or says too much.
    """
    settings = [word for key, value in _SETTINGS.items() for word in ("-c", f"{key}={value}")]
    with tempfile.TemporaryFile() as source, tempfile.TemporaryFile() as errors:
        source.write(given)
        source.seek(0)
        try:
            process = subprocess.Popen(  # noqa: S603 - no shell, and the program is the user's
                [_program(), "--no-pager", *settings, *words],
                cwd=folder,
                env={**os.environ, **_ENVIRONMENT},
                stdin=source,
                stdout=subprocess.PIPE,
                stderr=errors,
                # What it starts is ended with it.
                start_new_session=True,
            )
        except OSError as error:
            raise GitError(f"git cannot be run: {error.strerror or error}") from error
        output = _output(process, words[0])
        if process.returncode:
            errors.seek(0)
            reason = errors.read(10_000).decode("utf-8", "replace").strip().split("\n")[0]
            raise GitError(f"git {words[0]}: {reason or f'exit status {process.returncode}'}")
    return output


def _output(process: subprocess.Popen[bytes], command: str) -> bytes:
    late = threading.Event()

    def end() -> None:
        late.set()
        _kill(process)

    clock = threading.Timer(_LONGEST, end)
    clock.start()
    assert process.stdout is not None
    try:
        with process.stdout:
            output = process.stdout.read(_MOST_BYTES + 1)
            if len(output) > _MOST_BYTES:
                raise GitError(f"git {command}: the answer is too long")
        process.wait()
    finally:
        clock.cancel()
        _kill(process)
    if late.is_set():
        raise GitError(f"git {command}: it takes too long")
    return output


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Ends git, and what it has started, if it has not ended by itself."""
    if process.poll() is None:
        with contextlib.suppress(OSError):
            if hasattr(os, "killpg"):
                os.killpg(process.pid, signal.SIGKILL)
            else:
                process.kill()
        process.wait()


def _program() -> str:
    """Git, from the folders of the `PATH`: not from the current one, where Windows would look first.

    Raises:
        GitError: there is none.
    """
    for folder in os.environ.get("PATH", os.defpath).split(os.pathsep):
        found = shutil.which(os.path.join(folder, "git")) if os.path.isabs(folder) else None
        if found is not None:
            return found
    raise GitError("git cannot be run: there is none in the folders of the PATH")


def root_of(folder: str) -> str:
    """The root of the working tree around a folder, without links.

    Raises:
        GitError: there is none.
    """
    root = os.path.realpath(_path(run(folder, "rev-parse", "--show-toplevel")))
    inside = os.path.join(os.path.realpath(_path(run(folder, "rev-parse", "--absolute-git-dir"))), "")
    if os.path.join(os.path.realpath(folder), "").startswith(inside):
        # Old versions of git do not know the setting that refuses it.
        raise GitError(f"{folder} is in a bare repository")
    return root


def _path(output: bytes) -> str:
    return os.fsdecode(output.removesuffix(b"\n").removesuffix(b"\r"))


def files_of(root: str, commit: str) -> Iterator[tuple[str, str, str]]:
    """Yields the name of each file of a commit, relative to the root, its kind, and the id of its contents.

    The kind is `blob` for files and links, and `commit` for repositories within the repository.

    Raises:
        GitError: the commit cannot be read.
    """
    for line in run(root, "ls-tree", "-r", "-z", "--full-tree", commit).split(b"\0"):
        about, _, name = line.partition(b"\t")
        if name:
            _, kind, found = about.decode("ascii").split(" ")
            yield os.fsdecode(name), kind, found


def contents(root: str, ids: Iterable[str], most: int) -> dict[str, bytes]:
    """What is stored under ids; without what is not there.

    Args:
        most: bytes. What comes behind so many is left out.

    Raises:
        GitError: the repository is damaged.
    """
    wanted: list[str] = []
    for line in run(root, "cat-file", "--batch-check", given=_lines(ids)).decode("ascii", "replace").splitlines():
        match line.split(" "):
            case [found, "blob", size] if int(size) <= most:
                most -= int(size)
                wanted.append(found)
    data = run(root, "cat-file", "--batch", given=_lines(wanted)) if wanted else b""
    texts: dict[str, bytes] = {}
    start = 0
    while start < len(data):
        end = data.index(b"\n", start)
        found, _, size = data[start:end].decode("ascii").split(" ")
        start = end + 1 + int(size)
        texts[found] = data[end + 1 : start]
        start += 1
    return texts


def _lines(ids: Iterable[str]) -> bytes:
    return "".join(f"{found}\n" for found in ids).encode("ascii")
