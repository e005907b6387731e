"""Measures kerlint and prints tables; see the README beside this."""

from __future__ import annotations

import argparse
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
    parser.add_argument("--only", choices=("tree", "start", "phases", "growth"), help="measure a part")
    options = parser.parse_args()
    folders = [str(Path(folder).resolve()) for folder in options.folders]
    python = f"{platform.python_implementation()} {platform.python_version()}"
    write(f"kerlint {kerlint.__version__}, {python}, {platform.system()}, {processes.cores()} cores\n")
    parts = {"tree": trees, "start": start, "phases": phases, "growth": growth}
    for name, part in parts.items():
        if options.only in (None, name):
            for text in part(folders, options.repeat):
                write(text)


def write(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def trees(folders: Sequence[str], repeat: int) -> Iterator[str]:
    """Yields the table of whole runs over each folder."""
    if not folders:
        return
    cores = processes.cores()
    head = [
        "",
        "files",
        "parse alone",
        "cold",
        "cold / parse",
        f"clock, 1 / {cores} processes",
        "warm / cold",
        "memory",
    ]
    yield "## Whole runs\n\n" + table(head, (_tree(folder, cores, repeat) for folder in folders))


def _tree(folder: str, cores: int, repeat: int) -> list[str]:
    with tempfile.TemporaryDirectory() as name:
        cwd = Path(name)
        kept = ["--cache-dir", str(cwd / "cache")]
        alone, number = min(_parse(folder) for _ in range(repeat))
        command = ["-m", "kerlint", folder]
        cold = best(run([*command, "--no-cache", "-j1"], cwd) for _ in range(repeat))
        shared = best(run([*command, "--no-cache", f"-j{cores}"], cwd) for _ in range(repeat))
        run([*command, *kept], cwd)
        warm = best(run([*command, *kept], cwd) for _ in range(repeat))
    return [
        Path(folder).name,
        str(number),
        f"{alone:.2f} s",
        f"{cold.cpu:.2f} s",
        f"{cold.cpu / alone:.2f}",
        f"{cold.clock / shared.clock:.2f}",
        f"{warm.cpu / cold.cpu:.3f}",
        f"{cold.memory:.0f} MB",
    ]


def _parse(folder: str) -> tuple[float, int]:
    command = [sys.executable, str(ROOT / "benchmarks" / "parse.py"), folder]
    found = subprocess.run(command, capture_output=True, text=True, check=True, env=environment()).stdout.split()
    return float(found[0]), int(found[1])


def start(_: Sequence[str], repeat: int) -> Iterator[str]:
    """Yields the table of short runs."""
    repeat = max(repeat, 8)
    with tempfile.TemporaryDirectory() as name:
        cwd = Path(name)
        (cwd / "small.py").write_text(SMALL)
        (cwd / "other.py").write_text("import os\n")
        texts = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "fixtures" / "faulty").glob("*.py"))]
        lines = [line for text in texts for line in text.split("\n") if "__future__" not in line]
        (cwd / "large.py").write_text("\n".join(lines[:500]) + "\n", encoding="utf-8")
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
    rows = [
        [name, f"{seconds:.2f} s", f"{seconds / alone:.2f}"]
        for name, seconds in sorted(times.items(), key=lambda pair: -pair[1])
    ]
    yield "## Phases\n\n" + table(["", "CPU", "/ parse alone"], rows)


def growth(_: Sequence[str], repeat: int) -> Iterator[str]:
    """Yields the table of growth."""
    from benchmarks.growth import measure

    rows = [
        [name, *(f"{size}: {1000 * seconds:.0f} ms" for size, seconds in times), f"{exponent:.2f}"]
        for name, times, exponent in measure(repeat)
    ]
    yield "## Growth\n\n" + table(["", "size: CPU", "", "", "", "exponent"], rows)


if __name__ == "__main__":
    main()
