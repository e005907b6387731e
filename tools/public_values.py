"""Prints lines of `kerlint/library/_public_values.py` for the tables in a folder: a clone of a public repository.

    python tools/public_values.py CLONE ADDRESS [--all]

Of columns of text with few values it prints those, of tables that name their columns. With `--all` whole numbers are
values as well, and of other columns it prints the dtype.
"""

from __future__ import annotations

import csv
import sys
from collections import Counter
from pathlib import Path

from public_tables import has_names, is_number

#: More values than this are no categories.
MOST = 12


def main() -> None:
    """Prints one line for each `*.csv` that has such columns."""
    folder, address = Path(sys.argv[1]), sys.argv[2]
    lines = [address]
    for path in sorted(folder.glob("*.csv")):
        with path.open(encoding="utf-8", errors="replace", newline="") as stream:
            rows = [row for row in csv.reader(stream) if row]
        if len(rows) < 3 or len({len(row) for row in rows}) != 1 or not has_names(rows):
            continue
        tell = _all_values if "--all" in sys.argv else _values
        columns = [tell(name, [row[place] for row in rows[1:]]) for place, name in enumerate(rows[0])]
        gaps = sum(any(_is_missing(value) for value in row) for row in rows[1:])
        if any(columns):
            lines.append(f" {path.name} {' ; '.join([str(len(rows[0])), str(gaps), *filter(None, columns)])}")
    sys.stdout.write("\n".join(lines) + "\n")


def _is_missing(value: str) -> bool:
    """Whether pandas takes it for a gap, as far as these tables go."""
    return value in ("", "NA", "NaN", "nan", "null", "None", "N/A", "n/a")


def _values(name: str, column: list[str]) -> str:
    """The name, how often the rarest value is there, and the values; empty where there are too many or numbers."""
    counts = Counter(value for value in column if not _is_missing(value))
    plain = all(value.isidentifier() or value.replace(" ", "a").isalnum() for value in counts)
    if not 1 < len(counts) <= MOST or any(map(is_number, counts)) or not plain or {"True", "False"} & counts.keys():
        return ""
    return "|".join([name, str(min(counts.values())), *sorted(counts)])


def _all_values(name: str, column: list[str]) -> str:
    """The same for whole numbers; the name and the dtype where there are too many."""
    counts = Counter(column)
    whole = all(value.isdecimal() for value in counts)
    if whole and len(counts) <= MOST:
        return "|".join([name, str(min(counts.values())), *sorted(counts, key=int)])
    if all(map(is_number, counts)):
        return f"{name}:{'int64' if whole else 'float64'}"
    return _values(name, column) or f"{name}:object"


if __name__ == "__main__":
    main()
