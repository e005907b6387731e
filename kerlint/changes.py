"""What has changed since a revision of git: only findings there are of interest to who reviews a change."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import suppress

from kerlint.finding import Finding, Span
from kerlint.records import dataclass, field, replace
from kerlint.report import FileReport
from kerlint.source import Source, SourceError, read_source

#: Git reads the user's settings, but must not run anything for them here.
_GIT = ("git", "-c", "core.fsmonitor=false", "-c", "core.quotePath=false")
#: What kerlint says about itself and about files that it cannot read is never left out.
_ALWAYS = ("KX000", "KX001", "KX002")


class ChangesError(Exception):
    """Git cannot say what has changed."""


@dataclass
class Changes:
    """The differences between a revision and the files as they are.

    Args:
        root: the repository's folder, absolute, without links.
        revision: the commit that is compared with.
        before: the files that differ, by their names relative to the root, with the names that they had; None for
            new ones. Others are as they were.
    """

    root: str
    revision: str
    before: dict[str, str | None]
    _read: dict[str, Source | None] = field(default_factory=dict)

    def touch(self, path: str) -> bool:
        """Whether a file differs; one outside of the repository does."""
        name = self._name(path)
        return name is None or name in self.before

    def only_new(self, report: FileReport) -> FileReport:
        """The report of a file without findings in which no changed line takes part."""
        name = self._name(report.filename)
        if name is None or report.source is None:
            return report
        old = self._old(name)
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
        inside = os.path.join(self.root, "")
        return absolute[len(inside) :].replace(os.sep, "/") if absolute.startswith(inside) else None

    def _old(self, name: str) -> Source | None:
        """The text that a file had; None if it had none."""
        # What is linted need not be what is in the file: it may come from standard input.
        before = self.before.get(name, name)
        if before is None:
            return None
        if name not in self._read:
            try:
                data = _run(self.root, "cat-file", "blob", f"{self.revision}:{before}")
                self._read[name] = read_source(data, name)
            except (ChangesError, SourceError):
                self._read[name] = None
        return self._read[name]


def since(revision: str, folder: str = os.curdir) -> Changes:
    """What has changed since a revision, or since the current branch left it, in the repository around a folder.

    Changes that are not committed count, and new files that git does not ignore.

    Raises:
        ChangesError: there is no git, no repository, or no such revision.
    """
    root = os.fsdecode(_run(folder, "rev-parse", "--show-toplevel").rstrip(b"\n"))
    try:
        found = _run(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    except ChangesError:
        raise ChangesError(f"there is no revision {revision!r} in {root}; was it fetched?") from None
    commit = found.decode().strip()
    # In a clone without history the revision itself has to do.
    with suppress(ChangesError):
        commit = _run(root, "merge-base", commit, "HEAD").decode().strip() or commit
    compared = _run(root, "diff", "--name-status", "-z", "-M", "--no-ext-diff", "--no-textconv", commit)
    before = dict(_names(compared))
    new = _run(root, "ls-files", "--others", "--exclude-standard", "-z")
    before.update((os.fsdecode(name), None) for name in new.split(b"\0") if name)
    return Changes(os.path.realpath(root), commit, before)


def _names(output: bytes) -> Iterator[tuple[str, str | None]]:
    """Yields names and former names from `git diff --name-status -z`."""
    words = iter(os.fsdecode(output).split("\0"))
    for status in words:
        if not status:
            return
        name = next(words)
        if status[0] in "RC":
            yield next(words), name
        elif status[0] != "D":
            yield name, None if status[0] == "A" else name


def _run(folder: str, *words: str) -> bytes:
    try:
        done = subprocess.run([*_GIT, *words], cwd=folder, capture_output=True, check=False)  # noqa: S603 - no shell
    except OSError as error:
        raise ChangesError(f"git cannot be run: {error.strerror or error}") from error
    if done.returncode:
        reason = done.stderr.decode("utf-8", "replace").strip().split("\n")[0] or f"exit status {done.returncode}"
        raise ChangesError(f"git {words[0]}: {reason}")
    return done.stdout


def changed_lines(old: Sequence[str], new: Sequence[str]) -> frozenset[int]:
    """The numbers of the lines, from 1, of the second text that are not in the first."""
    import difflib

    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    end = 0
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    left, right = old[start : len(old) - end], new[start : len(new) - end]
    matcher = difflib.SequenceMatcher(None, left, right, autojunk=False)
    return frozenset(
        start + index + 1
        for kind, _, _, first, last in matcher.get_opcodes()
        if kind != "equal"
        for index in range(first, last)
    )


def _is_on(finding: Finding, lines: frozenset[int]) -> bool:
    """Whether one of the places of a finding is on such a line."""
    return any(_touches(span, lines) for span in (finding.span, *(label.span for label in finding.labels)))


def _touches(span: Span, lines: frozenset[int]) -> bool:
    return any(line in lines for line in range(span.start_line, span.end_line + 1))
