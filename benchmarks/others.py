"""kerlint side by side with other linters on the same files, each with its own rules; see the README beside this.

All of them lint the Python files below the folders that mention Keras: one process each, no caches. What counts is the
CPU time per file. The others are installed elsewhere, since some of them pin versions that kerlint does not want.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.timing import Cost, best, run_command, table
from kerlint import files, source

#: What makes torchfix look at a file: it skips those that do not mention PyTorch.
TORCH = b"\nimport torch\n"


def main() -> None:
    parser = argparse.ArgumentParser(description="Compares kerlint with other linters.")
    parser.add_argument("programs", help="the folder with fixit, torchfix, flake8, ruff and pylint, as `venv/bin`")
    parser.add_argument("folders", nargs="+", help="what is linted")
    parser.add_argument("--repeat", type=int, default=3, metavar="N", help="the best of N counts (3)")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="take every Nth file only")
    options = parser.parse_args()
    found = [
        (target.path, data)
        for target in files.discover(options.folders)
        if target.path.endswith(".py") and source.mentions_keras(data := files.read_file(target.path))
    ]
    chosen = dict(found[:: options.every])
    with tempfile.TemporaryDirectory() as name:
        costs = measure(Path(options.programs).absolute(), chosen, options.repeat, Path(name))
    lines = sum(data.count(b"\n") for data in chosen.values())
    sys.stdout.write(f"{len(chosen)} files, {lines} lines\n\n")
    sys.stdout.write(table(["", "CPU per file", "/ kerlint", "memory"], rows(costs, len(chosen))))


def measure(programs: Path, chosen: Mapping[str, bytes], repeat: int, folder: Path) -> dict[str, Cost]:
    """The cost of each linter over the files, measured in turns."""
    own = list(chosen)
    torch = list(_with_torch(chosen, folder))
    commands: dict[str, Sequence[str]] = {
        "kerlint": [sys.executable, "-m", "kerlint", "--no-cache", "--jobs=1", *own],
        "ruff": [str(programs / "ruff"), "check", "--isolated", "--no-cache", *own],
        "flake8": [str(programs / "flake8"), "--isolated", "--jobs=1", "--extend-ignore=TOR", *own],
        "torchfix": [str(programs / "torchfix"), "--select=ALL", *torch],
        "fixit": [str(programs / "fixit"), "lint", *own],
        "pylint with dslinter": [
            *(str(programs / "pylint"), "--rcfile=/dev/null", "--jobs=1", "--load-plugins=dslinter"),
            *own,
        ],
    }
    rounds = [{name: run_command(command, folder) for name, command in commands.items()} for _ in range(repeat)]
    return {name: best(one[name] for one in rounds) for name in commands}


def _with_torch(chosen: Mapping[str, bytes], folder: Path) -> Iterator[str]:
    """Yields the names of copies that mention PyTorch."""
    for number, data in enumerate(chosen.values()):
        path = folder / f"file{number}.py"
        path.write_bytes(data + TORCH)
        yield str(path)


def rows(costs: Mapping[str, Cost], number: int) -> Iterator[list[str]]:
    """Yields the rows of the table."""
    own = costs["kerlint"].cpu
    for name, cost in costs.items():
        yield [name, f"{1000 * cost.cpu / number:.1f} ms", f"{cost.cpu / own:.1f}", f"{cost.memory:.0f} MB"]


if __name__ == "__main__":
    main()
