"""What was found in files before, kept in a folder: linting again what did not change takes no longer than reading it.

    .kerlint_cache/
        CACHEDIR.TAG  .gitignore
        0.1.0-5f0e.../             one for each installation of kerlint, libcst and Python
            3fa9...  8b12...       one for each file and the settings that it was linted with

An entry holds for one content of the file, and for the same answers to all that was asked about other files: what its
imports lead to, what stands there, what the project requires. Where an entry is not exactly what kerlint would have
written it does not count, and the cache never stands in the way: what cannot be read or written is linted again.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from collections.abc import Iterator, Mapping
from functools import cached_property

from kerlint import __version__
from kerlint.files import project_root, read_file
from kerlint.report import FileReport
from kerlint.selection import Settings
from kerlint.stored import Damaged, report_as_json, report_from_json
from kerlint.surroundings import Question, Surroundings, digest, is_question, still_true

FOLDER = ".kerlint_cache"
_TAG, _IGNORE = "CACHEDIR.TAG", ".gitignore"
#: The first line is what backup programs look for, see https://bford.info/cachedir/.
_MARKERS = {
    _TAG: b"Signature: 8a477f597d28d172789f06886806bc55\n# Findings of kerlint. It may be removed at any time.\n",
    _IGNORE: b"# Made by kerlint.\n*\n",
}
#: Entries that nobody needed for so long are removed; use is noted once a day.
_DAY = 24 * 60 * 60
_KEPT_FOR = 30 * _DAY
#: As many installations may share a cache.
_INSTALLATIONS = 4
#: Entries with more bytes are not read.
_LARGEST = 64_000_000


class Cache:
    """The entries of this installation.

    Args:
        folder: where they are; it is made once there is something to keep.
    """

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self._asked: dict[Question, str] = {}
        self._settings: dict[int, tuple[Settings, bytes]] = {}
        self._is_ready: bool | None = None

    def find(self, data: bytes, name: str, settings: Settings, *, is_test: bool) -> FileReport | None:
        """The report about a file; None if it has to be linted.

        Args:
            data: what it holds.
            name: its name as the report has it.
        """
        key = self._key(name, settings, is_test)
        path = os.path.join(self._own, key)
        try:
            state = os.stat(path, follow_symlinks=False)
            if state.st_size > _LARGEST:
                return None
            content, answers, report = _read_entry(read_file(path), key)
            if content != digest(data) or not still_true(answers, self._asked):
                return None
            found = report_from_json(report, name, data)
        # Foreign entries may nest deeply, and name paths that no system can have.
        except (OSError, ValueError, RecursionError):
            return None
        if time.time() - state.st_mtime > _DAY:
            with contextlib.suppress(OSError):
                os.utime(path)
        return found

    def keep(self, data: bytes, settings: Settings, report: FileReport, around: Surroundings, *, is_test: bool) -> None:
        """Keeps a report. One with a crash in it is not kept, because the crash should be seen again."""
        if report.tracebacks or not self._prepare():
            return
        key = self._key(report.filename, settings, is_test)
        answers = [[kind, path, answer] for (kind, path), answer in around.answers.items()]
        entry = [digest(data), answers, report_as_json(report)]
        payload = json.dumps(entry, separators=(",", ":")).encode("ascii")
        with contextlib.suppress(OSError):
            _write(os.path.join(self._own, key), _seal(payload, key) + b"\n" + payload)

    def prune(self) -> None:
        """Removes what nobody has needed for long; looks for it once a day at most."""
        marker = os.path.join(self.folder, _TAG)
        now = time.time()
        try:
            if now - os.stat(marker).st_mtime < _DAY:
                return
            os.utime(marker)
        except OSError:
            return
        for index, path in enumerate(sorted(_installations(self.folder), key=_age)):
            every = index >= _INSTALLATIONS and path != self._own
            _remove(path, older_than=now if every else now - _KEPT_FOR)

    def _key(self, name: str, settings: Settings, is_test: bool) -> str:
        known = self._settings.get(id(settings))
        if known is None or known[0] is not settings:
            known = self._settings[id(settings)] = settings, repr(_plain(settings)).encode("utf-8", "backslashreplace")
        path = os.fsencode(os.path.abspath(name))
        return digest(b"\0".join((path, b"test" if is_test else b"", known[1])))

    @cached_property
    def _own(self) -> str:
        """The folder of this installation; it takes a look at each of its files to tell."""
        return os.path.join(self.folder, environment())

    def _prepare(self) -> bool:
        """Whether the folder is there and ours."""
        if self._is_ready is None:
            try:
                self._is_ready = _make(self.folder, self._own)
            except OSError:
                self._is_ready = False
        return self._is_ready


def default_folder() -> str:
    """The cache of the project that the current folder belongs to."""
    return os.path.join(project_root(os.getcwd()), FOLDER)


def is_usable(folder: str) -> bool:
    """Whether a folder is a cache, or may become one: kerlint keeps nothing among the files of others."""
    try:
        return _is_ours(folder) or not os.listdir(folder)
    except FileNotFoundError:
        return True
    except OSError:
        return False


def clean(folder: str) -> int:
    """Removes a cache, and nothing that kerlint did not write. Gives the number of entries.

    Raises:
        OSError: if something of it cannot be removed.
    """
    if os.path.islink(folder) or not _is_ours(folder):
        return 0
    number = sum(_remove(path, strict=True) for path in _installations(folder))
    for name, content in _MARKERS.items():
        path = os.path.join(folder, name)
        with contextlib.suppress(FileNotFoundError):
            if read_file(path) == content:
                os.unlink(path)
    with contextlib.suppress(OSError):
        # It stays if somebody has put something else into it.
        os.rmdir(folder)
    return number


def environment() -> str:
    """The name of this installation: its version, and what tells it from others that may find other things."""
    from hashlib import blake2b

    hashed = blake2b(digest_size=8)
    for part in (__version__, sys.version, *_installed("kerlint", deep=True), *_installed("libcst", deep=False)):
        hashed.update(part.encode("utf-8", "backslashreplace") + b"\0")
    return f"{__version__}-{hashed.hexdigest()}"


def _installed(package: str, *, deep: bool) -> Iterator[str]:
    """What there is to see of a package without importing it: its files, their sizes and times of change."""
    from importlib.util import find_spec

    spec = find_spec(package)
    for folder in sorted((spec.submodule_search_locations if spec else None) or ()):
        yield from _state(folder, deep)


def _state(folder: str, deep: bool) -> Iterator[str]:
    try:
        with os.scandir(folder) as entries:
            listing = sorted(entries, key=lambda entry: entry.name)
        for entry in listing:
            if entry.is_dir():
                if deep and entry.name != "__pycache__":
                    yield from _state(entry.path, deep)
            else:
                state = entry.stat()
                yield f"{entry.name} {state.st_size} {state.st_mtime_ns}"
    except OSError:
        # Installed as an archive, perhaps; then the versions have to do.
        yield folder


def _plain(value: object) -> object:
    """A value whose `repr` is the same for equal values, and differs for others."""
    if isinstance(value, Settings):
        return _plain(vars(value))
    if isinstance(value, Mapping):
        return sorted((key, _plain(one)) for key, one in value.items())
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    return value


def _seal(payload: bytes, key: str) -> bytes:
    """Tells an entry that is whole, and in its own place, from others."""
    from hashlib import blake2b

    return blake2b(payload, digest_size=16, key=key.encode()).hexdigest().encode()


def _read_entry(data: bytes, key: str) -> tuple[str, list[tuple[str, str, str]], object]:
    """The digest of the content, the answers, and the report.

    Raises:
        ValueError: if it is no entry.
    """
    seal, _, payload = data.partition(b"\n")
    if seal != _seal(payload, key):
        raise Damaged
    entry: object = json.loads(payload)
    if not isinstance(entry, list) or len(entry) != 3:
        raise Damaged
    content, answers, report = entry
    if not isinstance(content, str) or not isinstance(answers, list):
        raise Damaged
    return content, [_read_answer(answer) for answer in answers], report


def _read_answer(value: object) -> tuple[str, str, str]:
    if not isinstance(value, list) or len(value) != 3 or not all(isinstance(part, str) for part in value):
        raise Damaged
    kind, path, answer = value
    if not is_question(kind):
        raise Damaged
    return kind, path, answer


def _make(folder: str, own: str) -> bool:
    """Makes the folders. False if what is there is not ours, or leads elsewhere."""
    if os.path.islink(folder) or os.path.islink(own):
        return False
    if not _is_ours(folder):
        os.makedirs(folder, exist_ok=True)
        if any(name not in _MARKERS and not name.startswith(_PREFIX) for name in os.listdir(folder)):
            # Or another run has made it just now.
            return _is_ours(folder)
        for name, content in reversed(_MARKERS.items()):
            _write(os.path.join(folder, name), content)
    os.makedirs(own, exist_ok=True)
    os.utime(own)
    return True


def _is_ours(folder: str) -> bool:
    try:
        return read_file(os.path.join(folder, _TAG)) == _MARKERS[_TAG]
    except OSError:
        return False


def _installations(folder: str) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return [entry.path for entry in entries if "-" in entry.name and entry.is_dir(follow_symlinks=False)]
    except OSError:
        return []


def _age(path: str) -> float:
    """The smaller, the later the folder was last used."""
    try:
        return -os.stat(path).st_mtime
    except OSError:
        return 0.0


#: How the names of files begin that are being written.
_PREFIX = ".new-"


def _remove(folder: str, older_than: float | None = None, *, strict: bool = False) -> int:
    """Removes the entries of an installation and, if none is left, its folder. Gives the number of entries."""
    number = 0
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if _is_entry(entry.name) and (older_than is None or entry.stat().st_mtime < older_than):
                    os.unlink(entry.path)
                    number += 1
        os.rmdir(folder)
    except OSError as error:
        # Others may remove the same, or add something.
        if strict and isinstance(error, PermissionError):
            raise
    return number


def _is_entry(name: str) -> bool:
    return name.startswith(_PREFIX) or (len(name) == 32 and not set(name) - set("0123456789abcdef"))


def _write(path: str, data: bytes) -> None:
    """Puts a file in its place in one piece. It need not survive a power failure: the seal would tell."""
    temporary = os.path.join(os.path.dirname(path), f"{_PREFIX}{os.getpid()}-{os.path.basename(path)}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
    try:
        with open(os.open(temporary, flags, 0o666), "wb") as file:
            file.write(data)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
