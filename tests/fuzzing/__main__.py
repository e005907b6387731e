"""`python -m tests.fuzzing`."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from pathlib import Path

from tests.fuzzing import campaign, properties, seeds

_STEP = 5_000


def main() -> int:
    """Runs a campaign, and gives the exit status: 1 if a property did not hold."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzzing")
    parser.add_argument("folders", nargs="*", type=Path, help="more programs to mutate")
    parser.add_argument("--count", type=int, default=2_000)
    parser.add_argument("--start", type=int, default=0, help="the number of the first input")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", type=int, help="print this input, and check it")
    parser.add_argument("--keep", type=Path, help="the folder for inputs that fail")
    options = parser.parse_args()
    texts = [*seeds.own(), *(text for folder in options.folders for text in seeds.of_folder(folder))]
    if options.only is not None:
        return _only(options.seed, options.only, texts)
    print(f"{len(texts)} programs to mutate", flush=True)
    started = time.monotonic()
    kinds: Counter[str] = Counter()
    figures: Counter[str] = Counter()
    failures: list[campaign.Failure] = []
    slowest = (0.0, -1)
    end = options.start + options.count
    for first in range(options.start, end, _STEP):
        numbers = range(first, min(first + _STEP, end))
        for tally in campaign.run_guarded(options.seed, numbers, texts, lambda text: print(text, flush=True)):
            kinds += tally.kinds
            figures["with findings"] += tally.with_findings
            figures["not Python"] += tally.not_python
            figures["by command"] += tally.by_command
            figures["thorough"] += tally.thorough
            slowest = max(slowest, tally.slowest)
            failures += tally.failures
        print(
            f"{numbers.stop}: {dict(kinds)} {dict(figures)}, slowest {slowest[0]:.2f} s (number {slowest[1]}), "
            f"{len(failures)} failures, {time.monotonic() - started:.0f} s",
            flush=True,
        )
    for failure in failures:
        if options.keep is not None and failure.kind in campaign.KINDS:
            campaign.keep(options.keep, options.seed, failure, texts)
    return 1 if failures else 0


def _only(seed: int, number: int, texts: list[str]) -> int:
    _, name, data = campaign.make(seed, number, texts)
    sys.stdout.buffer.write(data)
    sys.stdout.flush()
    report = properties.check(data, name, thorough=True)
    for finding in report.findings:
        print(finding.code, finding.span.start_line, finding.message)
    return 0


if __name__ == "__main__":
    sys.exit(main())
