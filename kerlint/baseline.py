"""What is known already: how many findings of each code every file had when the baseline was written.

Counts, because lines shift. A file with more findings of a code than the baseline knows shows all of them: nobody can
say which are the new ones.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable, Mapping

from kerlint.files import read_file
from kerlint.records import dataclass, field, replace
from kerlint.report import FileReport
from kerlint.selection import OWN_NAMES, Settings, selected
from kerlint.writing import write_atomically

_VERSION = 1
#: Never known: that kerlint crashed.
_NEVER = "KX000"


class BaselineError(Exception):
    """A baseline that cannot be used."""


@dataclass(frozen=True)
class Stale:
    """An entry that knows of more findings than there are.

    Args:
        filename: as the baseline has it.
        found: how many there are; None if the file is gone.
    """

    filename: str
    code: str
    known: int
    found: int | None


@dataclass
class Baseline:
    """The findings that are known.

    Args:
        path: the baseline's file; names of files are relative to its folder.
        counts: the number of findings by the name of the file and the code.
    """

    path: str
    counts: Mapping[str, Mapping[str, int]]
    # A copy starts with an empty one.
    _stale: list[Stale] = field(default_factory=list, init=False)

    def without_known(self, report: FileReport, settings: Settings) -> FileReport:
        """The report of a file without what is known. Entries that turn out to be stale are kept in mind."""
        known = self.counts.get(_key(self.path, report.filename))
        if not known:
            return report
        found = Counter(finding.code for finding in report.findings)
        self._look_for_stale(report, known, found + Counter(report.hidden_codes), settings)
        shown = tuple(finding for finding in report.findings if found[finding.code] > known.get(finding.code, 0))
        return replace(
            report,
            findings=shown,
            known=len(report.findings) - len(shown),
            source=report.source if shown else None,
        )

    def _look_for_stale(
        self, report: FileReport, known: Mapping[str, int], found: Mapping[str, int], settings: Settings
    ) -> None:
        short = [code for code, number in known.items() if found.get(code, 0) < number]
        if not short or any(code in OWN_NAMES for code in found):
            # Where something went wrong, not everything was looked at.
            return
        ran = {rule.code for rule in selected(settings)}.union(OWN_NAMES)
        name = _key(self.path, report.filename)
        self._stale += [Stale(name, code, known[code], found.get(code, 0)) for code in short if code in ran]

    def stale(self) -> list[Stale]:
        """The entries that know of more than there is, in the files that were linted or are gone."""
        folder = os.path.dirname(os.path.abspath(self.path))
        gone = [
            Stale(name, code, number, None)
            for name, codes in self.counts.items()
            if not os.path.exists(os.path.join(folder, name))
            for code, number in codes.items()
        ]
        return [*self._stale, *gone]


def read_baseline(path: str) -> Baseline:
    """The baseline in a file.

    Raises:
        BaselineError: if it is none.
    """
    try:
        document: object = json.loads(read_file(path).decode("utf-8"))
    except OSError as error:
        raise BaselineError(f"{path}: cannot be read: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:
        raise BaselineError(f"{path}: not a baseline: {error}; write it again with --write-baseline") from error
    if not isinstance(document, dict) or document.get("kerlint-baseline") != _VERSION:
        raise BaselineError(f"{path}: not a baseline of this version of kerlint; write it again with --write-baseline")
    files = document.get("files")
    if not isinstance(files, dict) or not all(map(_is_entry, files.values())):
        raise BaselineError(f"{path}: the baseline is damaged: `files` holds no counts of codes by file")
    return Baseline(path, files)


def _is_entry(value: object) -> bool:
    return isinstance(value, dict) and all(type(number) is int and number > 0 for number in value.values())


def write_baseline(path: str, reports: Iterable[FileReport]) -> int:
    """Writes down what was found, and gives the number of findings.

    Raises:
        OSError: if the file cannot be written; it is then what it was.
    """
    files: dict[str, dict[str, int]] = {}
    for report in reports:
        codes = Counter(finding.code for finding in report.findings if finding.code != _NEVER)
        if codes:
            files[_key(path, report.filename)] = dict(sorted(codes.items()))
    document = {"kerlint-baseline": _VERSION, "files": dict(sorted(files.items()))}
    write_atomically(path, (json.dumps(document, indent=2) + "\n").encode())
    return sum(number for codes in files.values() for number in codes.values())


def _key(baseline: str, filename: str) -> str:
    """A file's name as the baseline has it: relative to its folder, with slashes."""
    folder = os.path.dirname(os.path.abspath(baseline))
    try:
        return os.path.relpath(filename, folder).replace(os.sep, "/")
    except ValueError:
        # Another drive.
        return os.path.abspath(filename).replace(os.sep, "/")
