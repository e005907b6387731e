"""Which files are linted."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterator, Sequence
from typing import IO, TYPE_CHECKING

from kerlint.records import dataclass

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

#: The argument that means standard input.
STDIN = "-"

SUFFIXES = (".py", ".ipynb")

#: Why a file is not read that has more than `LARGEST` bytes.
TOO_MUCH = "it has more than 100 MB"

#: Directories that hold no code of the user. The list is ruff's, with caches added.
EXCLUDED = frozenset(
    """.bzr .direnv .eggs .git .git-rewrite .hg .ipynb_checkpoints .kerlint_cache .mypy_cache .nox .pants.d .pyenv
    .pytest_cache .pytype .ruff_cache .svn .tox .venv .vscode __pycache__ __pypackages__ _build buck-out build dist
    node_modules site-packages venv""".split()
)

#: Files with more bytes are not read.
LARGEST = 100_000_000

#: Patterns with more wildcards in a row of names are left out: to match one takes longer with each, without end.
_MOST_WILDCARDS = 3
_LONGEST_PATTERN = 1_000

#: What lies in the root of a project.
ROOT_MARKERS = ("pyproject.toml", "setup.py", "setup.cfg", ".git")

TEST_DIRECTORIES = frozenset({"tests", "integration_tests"})


@dataclass(frozen=True)
class Target:
    """A file to lint."""

    path: str
    is_test: bool


#: Says whether a file or, if the second argument is true, a directory is left out.
Excluded = Callable[[str, bool], bool]


def usually_excluded(path: str, is_directory: bool) -> bool:
    """What is left out where nobody says otherwise."""
    return is_directory and os.path.basename(path) in EXCLUDED


def is_homeless() -> bool:
    """Whether the current folder is gone: somebody has removed it."""
    try:
        os.getcwd()
    except OSError:
        return True
    return False


def discover(
    paths: Sequence[str],
    warn: Callable[[str], None] = lambda _: None,
    excluded: Excluded = usually_excluded,
    *,
    force: bool = False,
) -> Iterator[Target]:
    """Yields the files to lint, each once: named files always, those in directories in a fixed order.

    Args:
        warn: told about directories that cannot be read.
        excluded: what is left out of the directories.
        force: whether what is named is left out, too.
    """
    seen: set[str] = set()
    for path in paths:
        if force and path != STDIN and is_excluded(path, excluded):
            continue
        root = path if path != STDIN and os.path.isdir(path) else None
        for found in [path] if root is None else _walk(path, warn, excluded):
            key = found if found == STDIN else os.path.abspath(found)
            if key not in seen:
                seen.add(key)
                yield Target(found, is_test_file(found, root))


def is_excluded(path: str, excluded: Excluded) -> bool:
    """Whether a path is left out, by itself or with a directory above it.

    Directories above the current one do not count for what is below it.
    """
    absolute = os.path.abspath(path)
    current = os.getcwd()
    stop = current if absolute.startswith(os.path.join(current, "")) else os.path.dirname(absolute)
    is_directory = os.path.isdir(absolute)
    while absolute != stop and absolute != os.path.dirname(absolute):
        if excluded(absolute, is_directory):
            return True
        absolute, is_directory = os.path.dirname(absolute), True
    return False


def is_test_file(path: str, root: str | None = None) -> bool:
    """Whether a file holds tests, by its name and by the directories between it and the project.

    Args:
        root: where the search began. It counts for files outside of the current directory,
            which may itself be below a directory called `tests`.
    """
    parts = _relative(path, root).split("/")
    name = parts[-1]
    if name == "conftest.py" or (name.startswith("test_") and name.endswith(".py")) or name.endswith("_test.py"):
        return True
    return not TEST_DIRECTORIES.isdisjoint(parts[:-1])


def project_root(folder: str, known: str | None = None) -> str:
    """The nearest folder upwards that is a project's root, else the folder itself.

    Args:
        known: what somebody says is the root; it counts if the folder is in it.
    """
    start = directory = os.path.abspath(folder)
    if known is not None and os.path.join(start, "").startswith(os.path.join(known, "")):
        return known
    while not any(os.path.exists(os.path.join(directory, marker)) for marker in ROOT_MARKERS):
        parent = os.path.dirname(directory)
        if parent == directory:
            return start
        directory = parent
    return directory


def read_file(path: str) -> bytes:
    """The bytes of a regular file.

    Raises:
        OSError: for everything else; pipes and devices could keep the linter waiting for ever, and files without end
            could take all memory.
    """
    # Not blocking, because the opening of a pipe waits for a writer.
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with open(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError("not a regular file")
        return read_stream(file)


def read_stream(stream: IO[bytes]) -> bytes:
    """All bytes of a stream.

    Raises:
        OSError: there are too many.
    """
    data = stream.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise OSError(TOO_MUCH)
    return data


def _relative(path: str, root: str | None) -> str:
    absolute = os.path.abspath(path)
    for base in (os.getcwd(), root and os.path.abspath(root)):
        if base and absolute.startswith(base.rstrip(os.sep) + os.sep):
            return absolute[len(base.rstrip(os.sep)) + 1 :].replace(os.sep, "/")
    return os.path.basename(absolute)


def _walk(root: str, warn: Callable[[str], None], excluded: Excluded) -> Iterator[str]:
    """Yields the files below a directory. A stack, because directories can be deeper than Python's own."""
    stack: list[tuple[str, bool, _Ignored]] = [(root, True, _Ignored.above(root))]
    while stack:
        path, is_directory, ignored = stack.pop()
        if not is_directory:
            yield path
            continue
        try:
            with os.scandir(path) as entries:
                listing = sorted(entries, key=lambda entry: entry.name, reverse=True)
        except OSError as error:
            warn(f"{path}: {error.strerror or error}")
            continue
        ignored = ignored.below(path, any(entry.name == ".gitignore" for entry in listing))
        for entry in listing:
            kind = _kind(entry)
            if kind is None or excluded(entry.path, kind):
                continue
            if not ignored.match(entry.path, is_directory=kind):
                stack.append((entry.path, kind, ignored))


def _kind(entry: os.DirEntry[str]) -> bool | None:
    """True for a directory to enter, False for a file to lint, None for the rest."""
    try:
        # A linked directory is not entered: it may lead out of the tree, or in circles.
        if entry.is_dir(follow_symlinks=False):
            return True
        return False if entry.name.endswith(SUFFIXES) and entry.is_file() else None
    except OSError:
        return None


def repository(folder: str) -> str | None:
    """The nearest folder from here upwards that is the root of a git repository; None if there is none."""
    directory = folder
    while not os.path.exists(os.path.join(directory, ".git")):
        parent = os.path.dirname(directory)
        if parent == directory:
            return None
        directory = parent
    return directory


@dataclass(frozen=True)
class _Ignored:
    """What the `.gitignore` files from the repository's root down to a directory say, the nearest first."""

    specs: tuple[tuple[str, GitIgnoreSpec], ...] = ()

    @classmethod
    def above(cls, root: str) -> _Ignored:
        """Those above a directory, as far as the root of its repository."""
        start = os.path.abspath(root)
        top = repository(start)
        chain: list[str] = []
        directory = start
        while top is not None and directory != top:
            directory = os.path.dirname(directory)
            chain.append(directory)
        ignored = cls()
        for directory in reversed(chain):
            ignored = ignored.below(directory, True)
        # Who names an ignored directory wants it linted.
        return cls() if ignored.match(start, is_directory=True) else ignored

    def below(self, directory: str, has_file: bool) -> _Ignored:
        """With the directory's own file added."""
        spec = _read_gitignore(os.path.join(directory, ".gitignore")) if has_file else None
        return self if spec is None else _Ignored(((os.path.abspath(directory), spec), *self.specs))

    def match(self, path: str, *, is_directory: bool) -> bool:
        """Whether git ignores a path whose parent it does not ignore."""
        if not self.specs:
            return False
        absolute = os.path.abspath(path)
        for base, spec in self.specs:
            inside = os.path.join(base, "")
            below = absolute[len(inside) :] if absolute.startswith(inside) else os.path.relpath(absolute, base)
            relative = below.replace(os.sep, "/")
            verdict = spec.check_file(relative + "/" if is_directory else relative).include
            if verdict is not None:
                return verdict
        return False


def _read_gitignore(path: str) -> GitIgnoreSpec | None:
    try:
        lines = read_file(path).decode("utf-8", "surrogateescape").splitlines()
    except OSError:
        return None
    # Only directories need it, and hooks and editors name files.
    from pathspec import GitIgnoreSpec

    lines = [line for line in lines if not is_endless(line)]
    try:
        return GitIgnoreSpec.from_lines(lines)
    except ValueError:
        return GitIgnoreSpec.from_lines([line for line in lines if _is_pattern(line)])


def is_endless(pattern: str) -> bool:
    """Whether it could take for ever to find out what a pattern fits: nobody needs so many wildcards."""
    if len(pattern) > _LONGEST_PATTERN:
        return True
    parts = pattern.split("/")
    return parts.count("**") > _MOST_WILDCARDS or any(len(re.findall(r"\*+", part)) > _MOST_WILDCARDS for part in parts)


def _is_pattern(line: str) -> bool:
    from pathspec import GitIgnoreSpec

    try:
        GitIgnoreSpec.from_lines([line])
    except ValueError:
        return False
    return True
