"""What the linting of a file asks about other files: as long as the answers stay the same, so do its findings.

Answers are texts, so that they can be written down and compared; empty means "no".
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache

from kerlint.files import project_root, read_file

#: Files that may say which versions a project needs, besides `requirements*.txt`.
MANIFESTS = frozenset(
    """uv.lock poetry.lock Pipfile.lock requirements.txt pyproject.toml setup.cfg environment.yml
    environment.yaml""".split()
)

#: Files with more bytes are not read.
LARGEST = 8_000_000

#: A question: its kind, one of `_ANSWERS`, and the path that it is about.
Question = tuple[str, str]


class Surroundings:
    """Answers questions about files, and keeps them in mind."""

    def __init__(self) -> None:
        self.answers: dict[Question, str] = {}

    def file(self, path: str) -> str:
        """The real path of a regular file; empty if it is none."""
        return self._ask("file", path)

    def folder(self, path: str) -> str:
        """The real path of a folder; empty if it is none."""
        return self._ask("folder", path)

    def real(self, path: str) -> str:
        """The path without links."""
        return self._ask("real", path)

    def root(self, folder: str, known: str | None = None) -> str:
        """The project's root, as in `files.project_root`."""
        if known is not None and os.path.join(folder, "").startswith(os.path.join(known, "")):
            return known
        return self._ask("root", folder)

    def size(self, path: str) -> int:
        """The size of a file in bytes; -1 if it cannot be told."""
        return int(self._ask("size", path) or -1)

    def manifests(self, folder: str) -> list[str]:
        """The names of the files in a folder that may say which versions a project needs, sorted."""
        return self._ask("manifests", folder).split("\n")

    def has_read(self, path: str, data: bytes | None) -> None:
        """Keeps in mind what a file holds; None for one that cannot be read."""
        self.answers["content", path] = digest(data) if data is not None else ""

    def has_read_as(self, path: str, content: str) -> None:
        """Likewise, with the digest of the content."""
        self.answers["content", path] = content

    def _ask(self, kind: str, path: str) -> str:
        question = kind, path
        found = self.answers.get(question)
        if found is None:
            found = self.answers[question] = _ANSWERS[kind](path)
        return found


def digest(data: bytes) -> str:
    """What tells one content from all others."""
    # It takes as long to import as a rule to check, and not every run needs it.
    from hashlib import blake2b

    return blake2b(data, digest_size=16).hexdigest()


def still_true(answers: Iterable[tuple[str, str, str]], asked: dict[Question, str]) -> bool:
    """Whether questions have the answers that they once had.

    Args:
        answers: the kind, the path and the answer of each.
        asked: the answers that are known to be right at the moment; more are added.
    """
    for kind, path, answer in answers:
        now = asked.get((kind, path))
        if now is None:
            now = asked[kind, path] = _ANSWERS[kind](path)
        if now != answer:
            return False
    return True


def is_question(kind: str) -> bool:
    """Whether there is such a kind of question."""
    return kind in _ANSWERS


def _file(path: str) -> str:
    return os.path.realpath(path) if os.path.isfile(path) else ""


def _folder(path: str) -> str:
    return os.path.realpath(path) if os.path.isdir(path) else ""


def _size(path: str) -> str:
    try:
        return str(os.stat(path).st_size)
    except OSError:
        return ""


def _content(path: str) -> str:
    try:
        # Nothing larger is ever read, and questions may come from a cache that somebody else has written.
        return digest(read_file(path)) if os.stat(path).st_size <= LARGEST else ""
    except OSError:
        return ""


def _manifests(folder: str) -> str:
    try:
        return _listing(folder, os.stat(folder).st_mtime_ns)
    except OSError:
        return ""


@lru_cache(maxsize=1024)
def _listing(folder: str, _: int) -> str:
    """The folder's time of change makes an answer stale."""
    with os.scandir(folder) as entries:
        return "\n".join(sorted(entry.name for entry in entries if is_manifest(entry.name)))


def is_manifest(name: str) -> bool:
    """Whether a file of this name may say which versions a project needs."""
    return name in MANIFESTS or (name.startswith("requirements") and name.endswith(".txt"))


_ANSWERS: Mapping[str, Callable[[str], str]] = {
    "file": _file,
    "folder": _folder,
    "real": os.path.realpath,
    "root": project_root,
    "size": _size,
    "content": _content,
    "manifests": _manifests,
}
