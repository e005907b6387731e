"""All experiments of a run, one after the other, in one worker."""

from __future__ import annotations

import contextlib
import copy
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from kerlint.finding import Finding, Probe
from kerlint.probe.description import Job
from kerlint.probe.process import MEMORY, Failed, Missing, Worker
from kerlint.probe.verdicts import CONFIRMED, INCONCLUSIVE, judge
from kerlint.report import Report

#: Crashes after which nothing more is tried.
MAX_CRASHES = 3
#: Symptoms for which more seeds and steps show nothing more.
UNTRAINED = frozenset({"twins", "linear", "dead", "logits", "raises", "still", "still_or_flat", "alike", "constant"})
#: Seconds for one experiment.
LONGEST = 60.0
#: Two seeds decide; where they do not, all are asked, and trained longer.
FIRST_SEEDS, LONGER = 2, 4


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


def probed(report: Report, options: Options, on_progress: OnProgress = lambda *_: None) -> tuple[Report, str | None]:
    """The report with a verdict for each finding that can be probed, and why there is no TensorFlow, if there is none.

    Never fails: what goes wrong is an inconclusive verdict.
    """
    waiting = [finding for finding in report.findings if finding.experiment is not None]
    if not waiting:
        return report, None
    with contextlib.closing(Worker(options.python, options.memory)) as worker:
        session = Session(worker, options.seconds)
        done: dict[int, Probe] = {}
        for index, finding in enumerate(waiting):
            on_progress(index, len(waiting))
            assert finding.experiment is not None
            done[id(finding)] = session.verdict(finding.experiment)
        on_progress(len(waiting), len(waiting))
    for finding in waiting:
        others = _confirmed_beside(finding, waiting, done)
        if others:
            probe = done[id(finding)]
            text = f"{probe.text}; {_listed(others)} confirmed in the same model, and may hide it"
            done[id(finding)] = replace(probe, text=text)
    files = tuple(
        replace(file, findings=tuple(_with(finding, done.get(id(finding))) for finding in file.findings))
        for file in report.files
    )
    return replace(report, files=files), session.missing


def _with(finding: Finding, probe: Probe | None) -> Finding:
    return finding if probe is None else replace(finding, probe=probe)


def _confirmed_beside(finding: Finding, waiting: Sequence[Finding], done: Mapping[int, Probe]) -> list[str]:
    """The codes of the other faults of a model whose experiment left it open what one finding does."""
    probe, model = done[id(finding)], _model(finding)
    if probe.verdict != INCONCLUSIVE or not probe.evidence or model is None:
        return []
    others = (other for other in waiting if other.filename == finding.filename and other.code != finding.code)
    return sorted({other.code for other in others if done[id(other)].verdict == CONFIRMED and _model(other) == model})


def _model(finding: Finding) -> object:
    """The layers of the model that a finding is about, as the experiment has them; None if there is no model."""
    experiment = finding.experiment
    if not isinstance(experiment, Mapping) or experiment.get("kind") != "train":
        return None
    original = experiment["original"]
    return original["steps"] if isinstance(original, Mapping) else None


def _listed(codes: Sequence[str]) -> str:
    return f"{codes[0]} is" if len(codes) == 1 else f"{', '.join(codes[:-1])} and {codes[-1]} are"


class Session:
    """Asks one worker, and remembers how often it crashed and how much time is left."""

    def __init__(self, worker: Worker, seconds: float) -> None:
        self.worker = worker
        self.left = seconds
        self.crashes = 0
        self.missing: str | None = None
        self._known: dict[str, Probe] = {}

    def verdict(self, experiment: Mapping[str, object] | str) -> Probe:
        """The verdict about one experiment, or that there is none, with the reason."""
        if isinstance(experiment, str):
            return Probe(INCONCLUSIVE, experiment)
        key = json.dumps(experiment, sort_keys=True)
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
        except Exception as error:  # noqa: BLE001 - a fault of the probe costs a verdict, not the run
            return Probe(INCONCLUSIVE, f"the probe failed: {type(error).__name__}: {error}")

    def _judged(self, job: Job, started: float) -> Probe:
        """The verdict by two seeds; by all of them if two leave it open."""
        opinion, decided = None, job
        original: list[dict[str, Any]] = []
        repaired: list[dict[str, Any]] = []
        answer: dict[str, Any] = {}
        for attempt in _attempts(job):
            if self.left <= 0:
                raise Failed("no time is left; --probe-timeout gives more")
            answer = self.worker.ask(attempt, min(self.left, LONGEST))
            self.left -= float(answer.get("seconds", 0.0))
            original, repaired = answer["result"]["original"], answer["result"]["repaired"]
            opinion, decided = judge(attempt, original, repaired), attempt
            if opinion.verdict != INCONCLUSIVE or any("error" in run for run in (*original, *repaired)):
                break
        assert opinion is not None
        evidence = {
            "original": original,
            "repaired": repaired,
            "seeds": decided["seeds"],
            "steps": [decided["original"]["run"]["steps"], decided["repaired"]["run"]["steps"]],
            "versions": answer.get("versions", {}),
        }
        seconds = time.monotonic() - started
        return Probe(opinion.verdict, opinion.text, evidence, tuple(job["assumptions"]), round(seconds, 2))


def _attempts(job: Job) -> Iterator[Job]:
    """The job with two seeds; where that leaves it open, with all of them and a longer training."""
    yield {**job, "seeds": job["seeds"][:FIRST_SEEDS]}
    steps = [job[name]["run"]["steps"] for name in ("original", "repaired")]
    if job["kind"] == "train" and job["symptom"] not in UNTRAINED and all(steps):
        longer = copy.deepcopy(job)
        if "exact" not in job["details"] and not job["heavy"]:
            for name in ("original", "repaired"):
                longer[name]["run"]["steps"] *= LONGER
        yield longer
