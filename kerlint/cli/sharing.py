"""`--jobs`: files shared among processes, and their reports in the order of the files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

from kerlint import files
from kerlint.cli.run import Job, Means, check_file
from kerlint.linting import known_report, unreadable

if TYPE_CHECKING:
    from kerlint.cache import Cache
    from kerlint.report import FileReport

#: From how many files on processes are worth their start: where they have to import everything again, and where not.
_ENOUGH, _ENOUGH_FORKED = 50, 8


def reports(jobs: Sequence[Job], means: Means, stdin_filename: str | None) -> Iterator[tuple[Job, FileReport]]:
    """Yields the files with their reports, in the order of the files."""
    found = [_known(job, means.cache) for job in jobs]
    todo = [index for index, report in enumerate(found) if report is None]
    number = _processes(len(todo), means.jobs)
    if number > 1:
        # There is only one standard input.
        shared = [index for index in todo if jobs[index].target.path != files.STDIN]
        for index, report in _linted([jobs[index] for index in shared], means.cache, number):
            found[shared[index]] = report
    for job, known in zip(jobs, found):
        yield job, known if known is not None else check_file(job, stdin_filename, means.cache)


def _processes(tasks: int, wanted: int | None) -> int:
    """How many processes there shall be; with one, nothing is shared."""
    if tasks < 2:
        return 1
    if wanted is not None:
        return min(wanted, tasks)
    from kerlint import processes

    return processes.cores() if tasks >= (_ENOUGH_FORKED if processes.is_cheap() else _ENOUGH) else 1


def _known(job: Job, cache: Cache | None) -> FileReport | None:
    """The report about a file if it takes no linting to tell."""
    target = job.target
    if target.path == files.STDIN:
        return None
    try:
        return known_report(files.read_file(target.path), target.path, job.settings, cache, is_test=target.is_test)
    except OSError as error:
        return unreadable(target.path, error, job.settings)


def _linted(jobs: Sequence[Job], cache: Cache | None, number: int) -> Iterator[tuple[int, FileReport]]:
    """Yields reports as they are made, each with the index of its file."""
    from kerlint import processes

    if processes.is_cheap():
        _import_everything()
    yield from processes.in_processes(jobs, partial(_work, cache), _died, number)


def _work(cache: Cache | None, job: Job) -> FileReport:
    import gc

    # As `__main__` has it, which a process that was not forked has never seen.
    gc.disable()
    return check_file(job, None, cache)


def _died(job: Job, how: str) -> FileReport:
    from kerlint import linting

    return linting.died(job.target.path, how)


def _import_everything() -> None:
    """What the processes need, imported once for all. libcst only fixes need, but few trees of this size have none."""
    import gc

    import libcst  # noqa: F401

    from kerlint import engine, library, modules, parsing, target  # noqa: F401
    from kerlint.rules import all_rules

    all_rules()
    # So that looking for garbage does not give each process a copy of all this.
    gc.freeze()
