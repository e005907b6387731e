"""Writes `kerlint/library/_next_table.py`: what the next Keras has otherwise than the one of the other tables.

    python tools/update_next.py     # needs a pre-release of keras and tensorflow, and tf_keras, numpy, scikit-learn

The other tables are made from the newest release. Programs for the next one are to be understood, too, and those for
the release go on to be: `kerlint.library.signatures`, `.names` and `.defaults` read both.
"""

from __future__ import annotations

import ast
import sys
from typing import Any

import update_tables
from update_defaults import string_tables
from update_tables import LIBRARY, dictionary, source, versions

from kerlint.library import _alias_table, _default_table, _signature_table

Texts = dict[str, str]


def read(text: str) -> dict[str, Any]:
    """The tables in the text of a module."""
    statements = [node for node in ast.parse(text).body if isinstance(node, ast.AnnAssign) and node.value is not None]
    return {node.target.id: ast.literal_eval(node.value) for node in statements if isinstance(node.target, ast.Name)}


def lines(tables: Texts) -> dict[str, str]:
    """The lines of signatures of Keras and TensorFlow, by dotted name."""
    return {
        f"{group}.{line.partition('(')[0]}": line
        for group, text in tables.items()
        if group.partition(".")[0] in ("keras", "tensorflow")
        for line in text.split("\n")
        if line
    }


def words(tables: Texts) -> set[tuple[str, str]]:
    """The words of a table, each with its key."""
    return {(key, word) for key, text in tables.items() for word in text.split()}


def grouped(pairs: set[tuple[str, str]]) -> Texts:
    """The table that has these words."""
    return {key: " ".join(word for other, word in sorted(pairs) if other == key) for key, _ in pairs}


def signatures(entries: dict[str, str]) -> str:
    """A table of signatures, from lines by dotted name."""
    tables = update_tables.Tables()
    for name, line in entries.items():
        tables.add(name, line[line.index("(") :])
    return tables.render()


def is_known(package: str, word: str, known: dict[str, str]) -> bool:
    """Whether what is now another name of something is something of its own in the other tables."""
    alias, _, target = word.partition("=")
    return f"{target.rpartition('.')[0] or package}.{alias}" in known


def main() -> int:
    """Writes the file."""
    known = lines(_signature_table.SIGNATURES)
    # A thing keeps the name that it has in the other tables.
    update_tables.CANONICAL |= known.keys()
    built = update_tables.build()
    found, names = read(built["_signature_table.py"]), read(built["_alias_table.py"])
    new = lines(found["SIGNATURES"])
    aliases = words(names["ALIASES"]) - words(_alias_table.ALIASES)
    # What was something of its own and is now another name of something has the signature of that.
    for package, word in aliases:
        alias, _, target = word.partition("=")
        line = new.get(target if "." in target else f"{package}.{target}")
        if f"{package}.{alias}" in known and line is not None:
            new[f"{package}.{alias}"] = alias + line[line.index("(") :]
    gone = words(_alias_table.PUBLIC) - words(names["PUBLIC"])
    assert not gone, f"public names that are gone are nowhere kept in mind: {gone}"
    strings, _ = string_tables()
    text = source(
        "What the next Keras has otherwise than the one that the other tables were made from.",
        versions("keras", "tensorflow"),
        "tools/update_next.py",
        SIGNATURES=signatures({name: line for name, line in new.items() if known.get(name) != line}),
        GONE=dictionary(grouped({tuple(name.rsplit(".", 1)) for name in known.keys() - new.keys()})),
        ALIASES=dictionary(grouped({(key, word) for key, word in aliases if not is_known(key, word, known)})),
        PUBLIC=dictionary(grouped(words(names["PUBLIC"]) - words(_alias_table.PUBLIC))),
        STRINGS=dictionary(grouped(words(strings) - words(_default_table.STRINGS))),
    )
    (LIBRARY / "_next_table.py").write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
