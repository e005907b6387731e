"""Measures kerlint and prints tables; see the README beside this."""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import kerlint
from benchmarks.timing import ROOT, best, environment, run, table
from kerlint import processes

SMALL = """\
import numpy as np
from tensorflow import keras
from tensorflow.keras import layers

(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
model = keras.Sequential([layers.Flatten(input_shape=(28, 28)),
    layers.Dense(128, activation="relu"),
    layers.Dense(10, activation="softmax"),
])
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
model.fit(x_train, y_train, epochs=5)
model.evaluate(x_test, y_test)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description="Measures kerlint and prints tables in Markdown.")
    parser.add_argument("folders", nargs="*", help="what is linted; public ones are named in benchmarks/README.md")
    parser.add_argument("--repeat", type=int, default=3, metavar="N", help="the best of N counts (3)")
    parser.add_argument("--only", choices=tuple(PARTS), help="measure a part")
    parser.add_argument("--save", metavar="FILE", help="write the times of the growth to FILE, for benchmarks/plot.py")
    options = parser.parse_args()
    folders = [str(Path(folder).resolve()) for folder in options.folders]
    python = f"{platform.python_implementation()} {platform.python_version()}"
    write(f"kerlint {kerlint.__version__}, {python}, {platform.system()}, {processes.cores()} cores\n")
    for name, part in PARTS.items():
        if options.only in (None, name):
            for text in part(folders, options.repeat):
                write(text)
    if options.save is not None:
        Path(options.save).write_text(json.dumps(SAVED, indent=1), encoding="utf-8")


def write(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def trees(folders: Sequence[str], repeat: int) -> Iterator[str]:
    """Yields the table of whole runs over each folder."""
    if not folders:
        return
    head = ["", "files", "parse alone", "cold", "cold / parse", "warm / cold", "memory"]
    yield "## Whole runs\n\n" + table(head, (_tree(folder, repeat) for folder in folders))


def _tree(folder: str, repeat: int) -> list[str]:
    with tempfile.TemporaryDirectory() as name:
        cwd = Path(name)
        kept = ["--cache-dir", str(cwd / "cache")]
        command = ["-m", "kerlint", folder]
        # In turns, so that both have the same disturbances.
        rounds = [(_parse(folder), run([*command, "--no-cache", "-j1"], cwd)) for _ in range(repeat)]
        alone, number = min(parsed for parsed, _ in rounds)
        cold = best(cost for _, cost in rounds)
        run([*command, *kept], cwd)
        warm = best(run([*command, *kept], cwd) for _ in range(repeat))
    return [
        Path(folder).name,
        str(number),
        f"{alone:.2f} s",
        f"{cold.cpu:.2f} s",
        f"{cold.cpu / alone:.2f}",
        f"{warm.cpu / cold.cpu:.3f}",
        f"{cold.memory:.0f} MB",
    ]


def jobs(folders: Sequence[str], repeat: int) -> Iterator[str]:
    """Yields the table of runs with one process and with several. The clock means something on an idle machine only."""
    if not folders:
        return
    cores = processes.cores()
    head = ["", "1 process: clock", "CPU", f"{cores} processes: clock", "CPU", "times faster", "CPU, more"]
    yield "## Processes\n\n" + table(head, (_jobs(folder, cores, repeat) for folder in folders))


def _jobs(folder: str, cores: int, repeat: int) -> list[str]:
    command = ["-m", "kerlint", folder, "--no-cache"]
    with tempfile.TemporaryDirectory() as name:
        rounds = [[run([*command, f"-j{number}"], Path(name)) for number in (1, cores)] for _ in range(repeat)]
    one, several = (best(costs) for costs in zip(*rounds))
    return [
        Path(folder).name,
        *(f"{seconds:.1f} s" for cost in (one, several) for seconds in (cost.clock, cost.cpu)),
        f"{one.clock / several.clock:.2f}",
        f"{100 * (several.cpu / one.cpu - 1):.0f} %",
    ]


def _parse(folder: str) -> tuple[float, int]:
    command = [sys.executable, str(ROOT / "benchmarks" / "parse.py"), folder]
    found = subprocess.run(command, capture_output=True, text=True, check=True, env=environment()).stdout.split()
    return float(found[0]), int(found[1])


def start(_: Sequence[str], repeat: int) -> Iterator[str]:
    """Yields the table of short runs."""
    from benchmarks.growth import mixed

    repeat = max(repeat, 8)
    with tempfile.TemporaryDirectory() as name:
        cwd = Path(name)
        (cwd / "small.py").write_text(SMALL)
        (cwd / "other.py").write_text("import os\n")
        (cwd / "large.py").write_text(mixed(500), encoding="utf-8")
        commands = {
            "`python -c pass`": ["-c", "pass"],
            '`python -c "import click"`': ["-c", "import click"],
            '`python -c "import libcst, click"`': ["-c", "import libcst, click"],
            "`kerlint --version`": ["-m", "kerlint", "--version"],
            "a file without Keras": ["-m", "kerlint", "other.py"],
            "a file in the cache": ["-m", "kerlint", "small.py"],
            "12 lines": ["-m", "kerlint", "small.py", "--no-cache"],
            "500 lines": ["-m", "kerlint", "large.py", "--no-cache"],
        }
        for command in commands.values():
            # Bytecode, and the cache.
            run(command, cwd)
        # In turns, so that all have the same disturbances.
        rounds = [{name: run(command, cwd) for name, command in commands.items()} for _ in range(repeat)]
    times = {name: min(one[name].cpu for one in rounds) for name in commands}
    nothing, imports = times["`python -c pass`"], times['`python -c "import libcst, click"`']
    rows = [
        [name, f"{1000 * seconds:.0f} ms", f"{seconds / nothing:.1f}", f"{seconds / imports:.2f}"]
        for name, seconds in times.items()
    ]
    yield "## Start\n\n" + table(["", "CPU", "/ `pass`", "/ `import libcst, click`"], rows)


def phases(folders: Sequence[str], _: int) -> Iterator[str]:
    """Yields the table of the phases, of all folders together."""
    if not folders:
        return
    from benchmarks.phases import measure

    times, alone = measure(folders)
    parts = [*sorted(times.items(), key=lambda pair: -pair[1]), ("all of it", sum(times.values()))]
    rows = [[name, f"{seconds:.2f} s", f"{seconds / alone:.2f}"] for name, seconds in parts]
    yield "## Phases\n\n" + table(["", "CPU", "/ parse alone"], rows)


def growth(_: Sequence[str], repeat: int) -> Iterator[str]:
    """Yields the table of growth."""
    from benchmarks.growth import STEPS, measure

    found = list(measure(repeat))
    SAVED.extend({"name": one.name, "sizes": list(one.times), "seconds": list(one.times.values())} for one in found)
    rows = [
        [
            one.name,
            *(f"{size}: {1000 * seconds:.0f} ms" for size, seconds in one.times.items()),
            f"{one.exponent:.2f}",
            f"{one.exponent_of_parse:.2f}",
        ]
        for one in found
    ]
    head = ["", "size: CPU", *[""] * (STEPS - 1), "exponent", "of the parse"]
    yield "## Growth\n\n" + table(head, rows)


def large(_: Sequence[str], repeat: int) -> Iterator[str]:
    """Yields the table of very large files."""
    from benchmarks.growth import cells, lines, mixed

    texts = {
        "a.py": ("50,000 assignments", lines(50_000)),
        "b.py": ("50,000 lines with 4,545 models", mixed(50_000)),
        "c.ipynb": ("a notebook of 5,000 cells", cells(4545)),
    }
    rows: list[list[str]] = []
    with tempfile.TemporaryDirectory() as name:
        for filename, (title, text) in texts.items():
            (Path(name) / filename).write_text(text, encoding="utf-8")
            alone = min(_parse(str(Path(name) / filename))[0] for _ in range(repeat))
            cost = best(run(["-m", "kerlint", filename, "--no-cache"], Path(name)) for _ in range(repeat))
            rows.append([title, f"{alone:.1f} s", f"{cost.cpu:.1f} s", f"{cost.memory:.0f} MB"])
    yield "## Large files\n\n" + table(["", "parse alone", "CPU", "memory"], rows)


#: What can be measured by itself.
PARTS = {"tree": trees, "jobs": jobs, "start": start, "phases": phases, "growth": growth, "large": large}

#: The growth, for plots.
SAVED: list[dict[str, object]] = []


if __name__ == "__main__":
    main()
