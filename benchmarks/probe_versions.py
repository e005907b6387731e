"""Whether the probe says the same with other versions of Keras: the examples of the rules, with many Pythons.

    python -m benchmarks.probe_versions PYTHON... [--rules KO,KL001] [--target 3] [--counts FILE] [--markdown PAGE]

Each PYTHON has TensorFlow with another Keras; the last one is what the others are compared with. Every example that has
the fault of a rule is tried out as a program for the Keras that runs it (`--target` says for which else), and the
repaired variant in its place. A fault should be confirmed, a repaired program never.
"""

from __future__ import annotations

import argparse
import copy
import json
import re
import subprocess
import sys
import textwrap
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from kerlint import engine, selection
from kerlint.probe.process import Worker
from kerlint.probe.runner import Session
from kerlint.probe.verdicts import judge
from kerlint.rules import all_rules

#: Verdicts by example: of the fault, and of the repaired variant in its place; a text each.
Verdicts = dict[str, dict[str, str]]

_ASK = """
import json, sys, keras
try:
    import tf_keras
except Exception:
    tf_keras = keras
import tensorflow
print(json.dumps([keras.__version__, tf_keras.__version__, tensorflow.__version__]))
"""


def examples(codes: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """The programs with a fault that rules are documented and tested with: a name, and the text."""
    for rule in all_rules():
        if rule.code.startswith(codes):
            example = re.search(r"## Example\s+```python\n(.*?)```", rule.__doc__ or "", re.DOTALL)
            texts = [*([example[1]] if example else []), *rule.bad]
            for index, text in enumerate(texts):
                yield f"{rule.code} {index}", textwrap.dedent(text)


def jobs(codes: tuple[str, ...], target: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The experiments of the examples, as programs for a version of Keras: a name, and the job."""
    for name, text in examples(codes):
        code = name.split()[0]
        settings = selection.Settings(select=(code,), pedantic=True, probe=True, target_keras=target)
        found = engine.check_bytes(text.encode(), "train.py", settings).findings
        for index, finding in enumerate(found):
            if isinstance(finding.experiment, dict):
                yield f"{name}.{index}", copy.deepcopy(finding.experiment)


def measured(python: str, codes: tuple[str, ...], target: str, major: int, regardless: bool) -> Verdicts:
    """The verdicts with one Python.

    Args:
        target: the version that the programs are for.
        major: of the Keras that is to run them.
        regardless: run them as if they were for that one.
    """
    found: Verdicts = {}
    with closing(Worker(python)) as worker:
        session = Session(worker, 1e9)
        for name, job in jobs(codes, target):
            if regardless:
                job["keras"] = {"major": major, "minor": None, "known": True}
            probe = session.verdict(job)
            session.crashes = 0
            found[name] = {"symptom": job["symptom"], "faulty": probe.verdict, "text": probe.text}
            runs: Any = probe.evidence.get("repaired")
            if runs:
                opinion = judge(job, runs, runs)  # type: ignore[arg-type]
                found[name] |= {"healthy": opinion.verdict, "healthy text": opinion.text}
            print(f"{name} {job['symptom']}: {probe.verdict}. {probe.text}", file=sys.stderr, flush=True)
    return found


def table(found: dict[str, Verdicts]) -> str:
    """How many examples got which verdict, for each Keras; and those whose verdicts are not those of the last one."""
    lines = [
        "| | faulty: confirmed | inconclusive | refuted | repaired: refuted | inconclusive | confirmed |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, verdicts in found.items():
        count = Counter((kind, one[kind]) for one in verdicts.values() for kind in ("faulty", "healthy") if kind in one)
        order = ("confirmed", "inconclusive", "refuted")
        cells = [count["faulty", one] for one in order] + [count["healthy", one] for one in reversed(order)]
        lines.append(f"| {name} | {' | '.join(map(str, cells))} |")
    return "\n".join(lines)


def differences(found: dict[str, Verdicts]) -> str:
    """The examples whose verdict is another one with the last Keras, and what is said of them."""
    *others, usual = found
    lines = []
    for name in others:
        for example in sorted({*found[name], *found[usual]}):
            for kind in ("faulty", "healthy"):
                pair = [found[one].get(example, {"faulty": "no experiment"}).get(kind) for one in (name, usual)]
                if pair[0] != pair[1] and None not in pair:
                    text = found[name].get(example, {}).get("text" if kind == "faulty" else "healthy text", "")
                    lines.append(f"{name}: {example} {kind}: {pair[0]}, not {pair[1]}. {text}".rstrip(". "))
    return "\n".join(lines)


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("pythons", nargs="*", metavar="PYTHON")
    parser.add_argument("--old", action="store_true", help="run programs for Keras 2, where there is tf_keras")
    parser.add_argument("--rules", default="K", help="codes or prefixes, separated by commas")
    parser.add_argument("--target", help="the version that the programs are for; by default that of the Python")
    parser.add_argument("--regardless", action="store_true", help="run them as if they were for the one that is there")
    parser.add_argument("--counts", help="a JSON file of verdicts: what is in it of other rules and versions stays")
    parser.add_argument("--markdown", help="a page with the markers <!-- versions --> and <!-- end of versions -->")
    given = parser.parse_args()
    counts = Path(given.counts) if given.counts else None
    found = json.loads(counts.read_text(encoding="utf-8")) if counts is not None and counts.exists() else {}
    for python in given.pythons:
        done = subprocess.run([python, "-c", _ASK], capture_output=True, text=True, check=True)
        new, old, tensorflow = json.loads(done.stdout.splitlines()[-1])
        used = old if given.old else new
        name = f"{'tf_keras' if given.old and old != new else 'Keras'} {used}, TensorFlow {tensorflow}"
        target = given.target or ".".join(used.split(".")[:2])
        major = int(used.split(".")[0])
        codes = tuple(given.rules.split(","))
        kept = {one: said for one, said in found.pop(name, {}).items() if not one.startswith(codes)}
        found[name] = kept | measured(python, codes, target, major, given.regardless)
        if counts is not None:
            counts.write_text(json.dumps(found, indent=1), encoding="utf-8")
    print(table(found))
    print(differences(found))
    if given.markdown:
        page = Path(given.markdown)
        text = page.read_text(encoding="utf-8")
        marked = f"<!-- versions -->\n{table(found)}\n<!-- end of versions -->"
        text = re.sub(r"<!-- versions -->.*?<!-- end of versions -->", marked, text, flags=re.DOTALL)
        page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
