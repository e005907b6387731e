"""How often the probe is right: generated programs with a fault, and healthy twins.

    python -m benchmarks.probe [--rules KO,KL001] [--seeds 2] [--markdown docs/probe.md]

Each rule gets programs with its fault in several architectures and sizes. The linter finds the fault, the probe judges
it. Each experiment is then run on healthy models with the same repair: the repaired model against itself, and models
that are close to the fault without having it. A faulty program should be confirmed, a healthy one refuted, and no
healthy one confirmed.
"""

from __future__ import annotations

import argparse
import copy
import json
import queue
import re
import sys
import textwrap
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from benchmarks import probe_operations, probe_programs
from benchmarks.probe_programs import FAULTY, NEAR, Job
from kerlint import engine, selection
from kerlint.finding import Probe
from kerlint.probe.process import Worker
from kerlint.probe.runner import Session
from kerlint.probe.verdicts import judge

#: Importing registers them.
_ = probe_operations


def judged(
    code: str, shift: int, limit: int, again: bool = False, first: int = 1, target: str | None = None
) -> Iterator[tuple[str, Job]]:
    """The experiments of a rule: kind (`faulty`, `twin`, `near`, `latent`) and job.

    Args:
        shift: which set of seeds; the first one has the twins.
        again: whether there are further sets, which then have the neighbours.
        first: another number gives other seeds.
        target: the version of Keras that the programs are for.
    """
    short, _, latent = code.partition(" ")
    settings = selection.Settings(select=(short,), pedantic=True, probe=True, target_keras=target)
    programs = list(enumerate(FAULTY[code]()))
    for index, text in programs[:: -(-len(programs) // limit)]:
        report = engine.check_bytes(text.encode(), f"{short}_{index}.py", settings)
        jobs = [finding.experiment for finding in report.findings if finding.experiment is not None]
        if not jobs or isinstance(jobs[0], str):
            print(f"{code} {index}: {jobs[0] if jobs else 'nothing is found'}", file=sys.stderr)
            continue
        job = copy.deepcopy(dict(jobs[0]))  # type: ignore[arg-type]
        job["seeds"] = [1000 * first + 10 * index + 100 * shift + seed for seed in (1, 2, 3)]
        if shift and job["kind"] != "train":
            # No seed matters.
            return
        again = again and job["kind"] == "train"
        yield ("latent" if latent else "faulty"), job
        if shift == 0:
            yield "twin", {**job, "original": job["repaired"]}
        if NEAR[code] and (shift or not again):
            with suppress(LookupError):
                yield "near", _near(job, NEAR[code][(index + shift) % len(NEAR[code])])


def _near(job: Job, change: Callable[[Job], object]) -> Job:
    """A job about a healthy neighbour."""
    near = copy.deepcopy(job)
    if job["kind"] == "train":
        near["original"] = copy.deepcopy(job["repaired"])
        change(near["original"])
    else:
        change(near)
    return near


def verdict(session: Session, kind: str, job: Job) -> Probe:
    """The verdict about a job; about the repaired operation in the place of the faulty one for a twin."""
    if kind != "twin" or job["kind"] == "train":
        return session.verdict(job)
    plain = {**job, "seeds": [*job["seeds"]]}
    evidence = session.verdict(plain).evidence
    if "repaired" not in evidence:
        return session.verdict(plain)
    runs: list[Any] = evidence["repaired"]  # type: ignore[assignment]
    opinion = judge(plain, runs, runs)  # type: ignore[arg-type]
    return Probe(opinion.verdict, opinion.text)


def measure(
    codes: list[str],
    seeds: int,
    limit: int,
    jobs: int,
    first: int,
    keep: Callable[[str, Counter[str]], None],
    python: str | None = None,
    target: str | None = None,
) -> None:
    """Counts verdicts: `faulty confirmed`, `near refuted`; `n` experiments took `ms` milliseconds.

    Args:
        keep: gets the counts of each rule.
        python: the interpreter that has TensorFlow.
        target: the version of Keras that the programs are for.
    """
    waiting: queue.SimpleQueue[str] = queue.SimpleQueue()
    for code in codes:
        waiting.put(code)

    def work(_: int) -> None:
        with closing(Worker(python)) as worker:
            session = Session(worker, 1e9)
            with suppress(queue.Empty):
                while code := waiting.get_nowait():
                    keep(code, _measured(session, code, seeds, limit, first, target))

    with ThreadPoolExecutor(jobs) as pool:
        list(pool.map(work, range(jobs)))


def _measured(session: Session, code: str, seeds: int, limit: int, first: int, target: str | None) -> Counter[str]:
    count: Counter[str] = Counter()
    for shift in range(seeds):
        for kind, job in judged(code, shift, limit, seeds > 1, first, target):
            probe = verdict(session, kind, job)
            session.crashes = 0
            count[f"{kind} {probe.verdict}"] += 1
            count["n"] += probe.seconds > 0
            count["ms"] += int(1000 * probe.seconds)
            if probe.verdict != ("confirmed" if kind == "faulty" else "refuted"):
                print(f"  {code} {kind}: {probe.verdict}. {probe.text}", file=sys.stderr)
    print(f"{code}: {dict(count)}", file=sys.stderr, flush=True)
    return count


def table(found: dict[str, Counter[str]]) -> str:
    """The results as a table of Markdown."""
    lines = [
        "| rule | faulty: confirmed | inconclusive | refuted | healthy: refuted | inconclusive | confirmed | seconds |",
        "|---|---|---|---|---|---|---|---|",
    ]
    total: Counter[str] = Counter()
    for code, count in sorted(found.items()):
        faulty = [count[f"faulty {verdict}"] for verdict in ("confirmed", "inconclusive", "refuted")]
        healthy = [
            sum(count[f"{kind} {verdict}"] for kind in ("twin", "near", "latent"))
            for verdict in ("refuted", "inconclusive", "confirmed")
        ]
        cells = [_of(number, faulty) for number in faulty] + [_of(number, healthy) for number in healthy]
        lines.append(f"| {code} | {' | '.join(cells)} | {count['ms'] / 1000 / max(count['n'], 1):.1f} |")
        total.update({f"{index}": number for index, number in enumerate((*faulty, *healthy))})
    numbers = [total[str(index)] for index in range(6)]
    cells = [_of(number, numbers[:3]) for number in numbers[:3]] + [_of(number, numbers[3:]) for number in numbers[3:]]
    lines.append(f"| all | {' | '.join(cells)} | |")
    return "\n".join(lines)


def _of(number: int, all_of: list[int]) -> str:
    return f"{number} of {sum(all_of)}" if number else "0" if sum(all_of) else "-"


def main() -> None:
    """Prints the table, and puts it into a page between its markers if asked to."""
    parser = argparse.ArgumentParser(description=textwrap.dedent(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--rules", default="", help="codes or prefixes, separated by commas")
    parser.add_argument("--seeds", type=int, default=1, help="how many sets of seeds")
    parser.add_argument("--limit", type=int, default=99, help="about how many programs for each rule, from all of them")
    parser.add_argument("--jobs", type=int, default=1, help="workers at a time")
    parser.add_argument("--counts", help="a JSON file of results: what is in it stays, unless its rule is named")
    parser.add_argument("--markdown", help="a page with the markers <!-- table --> and <!-- end -->")
    parser.add_argument("--first", type=int, default=1, help="another number gives other seeds")
    parser.add_argument("--second", action="store_true", help="the architectures that the judges were not made with")
    parser.add_argument("--python", help="the interpreter that has TensorFlow, if it is not this one")
    parser.add_argument("--target", help="the version of Keras that the programs are for")
    given = parser.parse_args()
    if given.second:
        probe_programs.use_second()
    wanted = tuple(given.rules.split(",")) if given.rules else ("K",)
    counts = Path(given.counts) if given.counts else None
    known = json.loads(counts.read_text(encoding="utf-8")) if counts is not None and counts.exists() else {}
    codes = [code for code in FAULTY if code.startswith(wanted) and (given.rules or code not in known)]

    def keep(code: str, count: Counter[str]) -> None:
        known[code] = count
        if counts is not None:
            counts.write_text(json.dumps(known), encoding="utf-8")

    measure(codes, given.seeds, given.limit, given.jobs, given.first, keep, given.python, given.target)
    result = table({code: Counter(count) for code, count in known.items()})
    print(result)
    if given.markdown:
        page = Path(given.markdown)
        text = page.read_text(encoding="utf-8")
        fresh = re.sub(
            r"<!-- table -->.*?<!-- end -->", f"<!-- table -->\n{result}\n<!-- end -->", text, flags=re.DOTALL
        )
        page.write_text(fresh, encoding="utf-8")


if __name__ == "__main__":
    main()
