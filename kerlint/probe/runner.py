"""All experiments of a run, one after the other, in one worker."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from kerlint.finding import Finding, Probe
from kerlint.probe.description import Job
from kerlint.probe.process import MEMORY, Failed, Missing, Worker
from kerlint.probe.verdicts import INCONCLUSIVE, judge
from kerlint.report import Report

#: Crashes after which nothing more is tried.
MAX_CRASHES = 3
#: Seconds for one experiment.
LONGEST = 60.0
#: Two seeds decide; where they do not, one more is asked.
FIRST_SEEDS = 2


@dataclass(frozen=True)
class Options:
    """How to probe.

    Args:
        python: the interpreter that has TensorFlow; by default the one that runs kerlint.
        seconds: for all experiments together, the import of TensorFlow not counted.
        memory: bytes that the worker may take.
    """

    python: str | None = None
    seconds: float = 120.0
    memory: int = MEMORY


#: Is told how many experiments are done, and how many there are.
OnProgress = Callable[[int, int], None]


def probed(
    report: Report, options: Options, on_progress: OnProgress = lambda *_: None
) -> tuple[Report, str | None]:
    """The report with a verdict for each finding that can be probed, and why there is no TensorFlow, if there is none.

    Never fails: what goes wrong is an inconclusive verdict.
    """
    waiting = [finding for finding in report.findings if finding.experiment is not None]
    if not waiting:
        return report, None
    with Worker(options.python, options.memory) as worker:
        session = _Session(worker, options.seconds)
        done: dict[int, Probe] = {}
        for index, finding in enumerate(waiting):
            on_progress(index, len(waiting))
            done[id(finding)] = session.verdict(finding)
        on_progress(len(waiting), len(waiting))
    files = tuple(
        replace(file, findings=tuple(_with(finding, done.get(id(finding))) for finding in file.findings))
        for file in report.files
    )
    return replace(report, files=files), session.missing


def _with(finding: Finding, probe: Probe | None) -> Finding:
    return finding if probe is None else replace(finding, probe=probe)


class _Session:
    """Asks one worker, and remembers how often it crashed and how much time is left."""

    def __init__(self, worker: Worker, seconds: float) -> None:
        self.worker = worker
        self.left = seconds
        self.crashes = 0
        self.missing: str | None = None
        self._known: dict[str, Probe] = {}

    def verdict(self, finding: Finding) -> Probe:
        """The verdict about one finding."""
        from json import dumps

        experiment = finding.experiment
        assert experiment is not None
        if isinstance(experiment, str):
            return Probe(INCONCLUSIVE, experiment)
        key = dumps(experiment, sort_keys=True)
        if key not in self._known:
            self._known[key] = self._asked(experiment)  # type: ignore[arg-type]
        return self._known[key]

    def _asked(self, job: Job) -> Probe:
        if self.missing is not None:
            return Probe(INCONCLUSIVE, self.missing)
        if self.crashes >= MAX_CRASHES:
            return Probe(INCONCLUSIVE, f"not tried, after {self.crashes} failures")
        started = time.monotonic()
        try:
            return self._judged(job, started)
        except Missing as error:
            self.missing = str(error)
            return Probe(INCONCLUSIVE, self.missing)
        except Failed as error:
            self.crashes += self.worker.pid is None
            return Probe(INCONCLUSIVE, str(error), assumptions=tuple(job["assumptions"]))

    def _judged(self, job: Job, started: float) -> Probe:
        """The verdict by two seeds; by all of them if two leave it open."""
        opinion = None
        original: list[dict[str, Any]] = []
        repaired: list[dict[str, Any]] = []
        for seeds in _portions(job["seeds"]):
            if self.left <= 0:
                raise Failed("no time is left; --probe-timeout gives more")
            answer = self.worker.ask({**job, "seeds": seeds}, min(self.left, LONGEST))
            self.left -= float(answer.get("seconds", 0.0))
            original += answer["result"]["original"]
            repaired += answer["result"]["repaired"]
            opinion = judge(job, original, repaired)
            if opinion.verdict != INCONCLUSIVE or any("error" in run for run in (*original, *repaired)):
                break
            if job["kind"] != "train":
                break
        assert opinion is not None
        evidence = {"original": original, "repaired": repaired, "versions": _versions(self.worker)}
        seconds = time.monotonic() - started
        return Probe(opinion.verdict, opinion.text, evidence, tuple(job["assumptions"]), round(seconds, 2))


def _portions(seeds: list[int]) -> Iterator[list[int]]:
    yield seeds[:FIRST_SEEDS]
    if len(seeds) > FIRST_SEEDS:
        yield seeds[FIRST_SEEDS:]


def _versions(worker: Worker) -> dict[str, Any]:
    return {"keras": worker.versions.get("ready"), "tensorflow": worker.versions.get("tensorflow")}
