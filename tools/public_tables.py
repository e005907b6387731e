"""Prints the lines of `kerlint/library/_public_tables.py` for the tables in a folder: a clone of a public repository.

    python tools/public_tables.py CLONE ADDRESS

A table whose first line is numbers, or tells nothing else of the others, has no names: only its columns are counted.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path


def main() -> None:
    """Prints one line for each `*.csv`."""
    folder, address = Path(sys.argv[1]), sys.argv[2]
    lines = [address]
    for path in sorted(folder.glob("*.csv")):
        with path.open(encoding="utf-8", errors="replace", newline="") as stream:
            rows = list(csv.reader(stream))
        rows = [row for row in rows if row]
        widths = {len(row) for row in rows}
        if len(rows) < 3 or len(widths) != 1 or widths == {1}:
            continue
        lines.append(f" {path.name} {'|'.join(rows[0]) if has_names(rows) else widths.pop()}")
    sys.stdout.write("\n".join(lines) + "\n")


def has_names(rows: list[list[str]]) -> bool:
    """Whether the first line names the columns: none of it is a number, and something below it is."""
    return not any(map(is_number, rows[0])) and any(map(is_number, rows[1])) and len(set(rows[0])) == len(rows[0])


def is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return not text.strip() or text.strip() == "?"
    return True


if __name__ == "__main__":
    main()
