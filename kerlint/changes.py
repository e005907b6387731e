"""What has changed since a revision of git: only findings there are of interest to who reviews a change.

Git says what the files held at the revision, and they are compared here with what they hold now: git would run the
filters for that which the repository names (`kerlint.git`).
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress

from kerlint import git
from kerlint.files import LARGEST, SUFFIXES, read_file
from kerlint.finding import Finding, Span
from kerlint.records import dataclass, field, replace
from kerlint.report import FileReport
from kerlint.source import Source, SourceError, read_source

#: What kerlint says about itself and about files that it cannot read is never left out.
_ALWAYS = ("KX000", "KX001", "KX002")
#: What is stored for a file that is kept elsewhere, with a digest of its contents (Git LFS).
_POINTER = b"version https://git-lfs.github.com/spec/"
#: A file was renamed if so much of it is what another was, which is looked for among so many: as git has it.
_ALIKE = 0.5
_MOST_GONE = 1_000
#: Bytes of those others, in all.
_MOST_GONE_BYTES = LARGEST // 5
#: Pairs of equal lines in two texts. A thousand blank lines in both are a million of them.
_MOST_PAIRS = 5_000_000


class ChangesError(Exception):
    """Git cannot say what has changed."""


@dataclass
class Changes:
    """The differences between a revision and the files as they are.

    Args:
        root: the repository's folder, absolute, without links.
        revision: the commit that is compared with.
        stored: the id of what each file held then, by its name relative to the root.
        foreign: the folders that are repositories of their own; their files have not changed in this one.
        lost: is given the names of the files whose contents git does not have, as in a clone that is not complete.
    """

    root: str
    revision: str
    stored: dict[str, str]
    foreign: frozenset[str] = frozenset()
    lost: list[str] = field(default_factory=list)
    _read: dict[str, Source | None] = field(default_factory=dict)
    _gone: dict[str, list[_Gone]] = field(default_factory=dict)

    def touch(self, path: str) -> bool:
        """Whether a file differs; one outside of the repository does."""
        name = self._name(path)
        if name is None or self._is_foreign(name):
            return name is None
        known = self.stored.get(name)
        if known is None:
            return True
        try:
            data = read_file(path)
        except OSError:
            # Why it cannot be read is said where it is linted.
            return True
        return not _is_stored(data, known) and not self._is_pointed_at(data, known)

    def only_new(self, report: FileReport) -> FileReport:
        """The report of a file without findings in which no changed line takes part."""
        name = self._name(report.filename)
        if name is None or report.source is None:
            return report
        old = self._old(name, report.source)
        if old is None:
            return report
        lines = changed_lines(old.lines, report.source.lines)
        shown = tuple(one for one in report.findings if one.code in _ALWAYS or _is_on(one, lines))
        return replace(
            report,
            findings=shown,
            unchanged=len(report.findings) - len(shown),
            source=report.source if shown else None,
        )

    def _name(self, path: str) -> str | None:
        absolute = os.path.join(os.path.realpath(os.path.dirname(os.path.abspath(path))), os.path.basename(path))
        if os.path.islink(absolute):
            # What is linted is in the file that it leads to.
            absolute = os.path.realpath(absolute)
        inside = os.path.join(self.root, "")
        return absolute[len(inside) :].replace(os.sep, "/") if absolute.startswith(inside) else None

    def _is_foreign(self, name: str) -> bool:
        folder = name.rpartition("/")[0] if self.foreign else ""
        while folder and folder not in self.foreign:
            folder = folder.rpartition("/")[0]
        return bool(folder)

    def _is_pointed_at(self, data: bytes, known: str) -> bool:
        """Whether what is stored is not the contents but their digest."""
        pointer = self._contents([known]).get(known, b"")
        if not pointer.startswith(_POINTER):
            return False
        from hashlib import sha256

        return b"oid sha256:" + sha256(data).hexdigest().encode("ascii") in pointer.splitlines()

    def _old(self, name: str, new: Source) -> Source | None:
        """The text that a file had; None if it had none."""
        known = self.stored.get(name)
        if known is None:
            return self._former(name, new)
        if name not in self._read:
            data = self._contents([known]).get(known)
            if data is None:
                self.lost.append(name)
            self._read[name] = _source(data, name)
        return self._read[name]

    def _former(self, name: str, new: Source) -> Source | None:
        """The text of the file that was renamed to this one; None for a new one."""
        suffix = os.path.splitext(name)[1]
        if suffix not in SUFFIXES:
            return None
        if suffix not in self._gone:
            self._gone[suffix] = list(self._gone_files(suffix))
        lines = _counted(new)
        found = [(_likeness(one.lines, lines), -index) for index, one in enumerate(self._gone[suffix])]
        likeness, index = max(found, default=(0.0, 0))
        return self._gone[suffix][-index].source if likeness >= _ALIKE else None

    def _gone_files(self, suffix: str) -> Iterator[_Gone]:
        """Yields the files of a kind that are no longer there, unless there are too many."""
        gone = {
            name: known
            for name, known in self.stored.items()
            if name.endswith(suffix) and not os.path.lexists(os.path.join(self.root, name))
        }
        found = self._contents(gone.values(), _MOST_GONE_BYTES) if len(gone) <= _MOST_GONE else {}
        for name, known in gone.items():
            source = _source(found.get(known), name)
            if source is not None:
                yield _Gone(source, _counted(source))

    def _contents(self, ids: Iterable[str], most: int = LARGEST) -> dict[str, bytes]:
        with suppress(git.GitError):
            return git.contents(self.root, ids, most)
        return {}


@dataclass(frozen=True)
class _Gone:
    """A file that is no longer there, with the number of its lines, each in its characters."""

    source: Source
    lines: Counter[str]


def since(revision: str, folder: str = os.curdir) -> Changes:
    """What has changed since a revision, or since the current branch left it, in the repository around a folder.

    Changes that are not committed count, and new files.

    Raises:
        ChangesError: there is no git, no repository, or no such revision.
    """
    try:
        root = git.root_of(folder)
        commit = _commit(root, revision)
        files = list(git.files_of(root, commit))
    except git.GitError as error:
        raise ChangesError(str(error)) from error
    stored = {name: known for name, kind, known in files if kind == "blob"}
    return Changes(root, commit, stored, frozenset(name for name, kind, _ in files if kind == "commit"))


def _commit(root: str, revision: str) -> str:
    """The commit that is compared with.

    Raises:
        ChangesError: there is no such revision.
    """
    try:
        found = git.run(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    except (git.GitError, ValueError):
        raise ChangesError(f"there is no revision {revision!r} in {root}; was it fetched?") from None
    commit = found.decode("ascii").strip()
    # In a clone without history the revision itself has to do.
    with suppress(git.GitError):
        commit = git.run(root, "merge-base", commit, "HEAD").decode("ascii").strip() or commit
    return commit


def _is_stored(data: bytes, known: str) -> bool:
    """Whether an id is that of data, as they are or with the ends of lines that git stores for Windows."""
    import hashlib

    digest = hashlib.sha256 if len(known) == len(hashlib.sha256().hexdigest()) else hashlib.sha1
    return any(
        digest(b"blob %d\0%b" % (len(one), one), usedforsecurity=False).hexdigest() == known
        for one in dict.fromkeys((data, data.replace(b"\r\n", b"\n")))
    )


def _source(data: bytes | None, name: str) -> Source | None:
    with suppress(SourceError):
        return read_source(data, name) if data is not None else None
    return None


def _counted(source: Source) -> Counter[str]:
    """How many characters the equal lines of a text have together."""
    counts: Counter[str] = Counter()
    for line in source.lines:
        counts[line] += len(line) + 1
    return counts


def _likeness(one: Counter[str], other: Counter[str]) -> float:
    """How much of the longer text is in the other, from 0 to 1, whatever the order of the lines."""
    return (one & other).total() / max(one.total(), other.total(), 1)


def changed_lines(old: Sequence[str], new: Sequence[str]) -> frozenset[int]:
    """The numbers of the lines, from 1, of the second text that are not in the first.

    Where the same lines come again thousands of times, only those that are nowhere in the first count.
    """
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    end = 0
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    left, right = old[start : len(old) - end], new[start : len(new) - end]
    return frozenset(start + index + 1 for index in _differing(left, right))


def _differing(left: Sequence[str], right: Sequence[str]) -> Iterable[int]:
    """The indices of the elements of the second sequence that are not in the first."""
    counts, others = Counter(left), Counter(right)
    if sum(count * others[line] for line, count in counts.items()) > _MOST_PAIRS:
        return [index for index, line in enumerate(right) if line not in counts]
    import difflib

    matcher = difflib.SequenceMatcher(None, left, right, autojunk=False)
    changed = ((first, last) for kind, _, _, first, last in matcher.get_opcodes() if kind != "equal")
    return [index for first, last in changed for index in range(first, last)]


def _is_on(finding: Finding, lines: frozenset[int]) -> bool:
    """Whether one of the places of a finding is on such a line."""
    return any(_touches(span, lines) for span in (finding.span, *(label.span for label in finding.labels)))


def _touches(span: Span, lines: frozenset[int]) -> bool:
    return any(line in lines for line in range(span.start_line, span.end_line + 1))
