"""Who may import whom: text, values, program, findings, output, in one direction."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import kerlint

PACKAGE = Path(kerlint.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))

#: What the modules of a part may import of kerlint, beside their own part. What is not listed may import anything
#: but the command line.
ALLOWED: dict[str, set[str]] = {
    "kerlint.records": set(),
    "kerlint.finding": set(),
    "kerlint.magics": set(),
    "kerlint.deep": set(),
    "kerlint.crashes": set(),
    # Pure text in, pure text out: a part of reading, kept in a file of its own.
    "kerlint.source": {"kerlint.notebooks", "kerlint.deep"},
    "kerlint.notebooks": {"kerlint.magics", "kerlint.source"},
    # The tree, its places, and libcst's where a text is changed.
    "kerlint.syntax": {"kerlint.source", "kerlint.finding", "kerlint.deep", "kerlint.records"},
    "kerlint.parsing": {"kerlint.source", "kerlint.syntax"},
    # What is read around a linted file. The program knows only the shapes in `program.modules` and `program.target`.
    "kerlint.surroundings": {"kerlint.files"},
    "kerlint.modules": {
        "kerlint.program",
        "kerlint.source",
        "kerlint.files",
        "kerlint.parsing",
        "kerlint.syntax",
        "kerlint.surroundings",
    },
    "kerlint.requirements": {"kerlint.files", "kerlint.surroundings"},
    "kerlint.target": {"kerlint.program", "kerlint.source", "kerlint.requirements", "kerlint.surroundings"},
    "kerlint.asking": {"kerlint.program", "kerlint.rules.base"},
    "kerlint.placing": {"kerlint.program", "kerlint.rules.base", "kerlint.syntax"},
    "kerlint.writing": {"kerlint.files"},
    "kerlint.baseline": {"kerlint.files", "kerlint.report", "kerlint.selection", "kerlint.writing"},
    "kerlint.git": set(),
    "kerlint.changes": {"kerlint.files", "kerlint.finding", "kerlint.git", "kerlint.report", "kerlint.source"},
    "kerlint.configuration": {"kerlint.files", "kerlint.finding", "kerlint.rules", "kerlint.selection"},
    "kerlint.comments": {"kerlint.finding", "kerlint.source"},
    "kerlint.ignoring": {"kerlint.comments", "kerlint.finding", "kerlint.selection", "kerlint.source"},
    "kerlint.selection": {"kerlint.finding", "kerlint.rules"},
    "kerlint.report": {"kerlint.finding", "kerlint.source"},
    "kerlint.files": set(),
    "kerlint.stored": {"kerlint.finding", "kerlint.report", "kerlint.source"},
    "kerlint.cache": {
        "kerlint.files",
        "kerlint.report",
        "kerlint.selection",
        "kerlint.stored",
        "kerlint.surroundings",
    },
    "kerlint.processes": set(),
    "kerlint.program": {"kerlint.source", "kerlint.finding", "kerlint.syntax"},
    "kerlint.library": {"kerlint.program", "kerlint.syntax"},
    "kerlint.edits": {"kerlint.finding", "kerlint.source", "kerlint.syntax"},
    # What would show a finding: plain data, which rules write and the probe reads.
    "kerlint.experiment": {"kerlint.program"},
    "kerlint.rules": {
        "kerlint.syntax",
        "kerlint.program",
        "kerlint.library",
        "kerlint.finding",
        "kerlint.edits.drafts",
        "kerlint.experiment",
    },
    "kerlint.probe": {
        "kerlint.syntax",
        "kerlint.experiment",
        "kerlint.program",
        "kerlint.library",
        "kerlint.finding",
        "kerlint.report",
        "kerlint.writing",
    },
    "kerlint.symptoms": {
        "kerlint.syntax",
        "kerlint.finding",
        "kerlint.library",
        "kerlint.program",
        "kerlint.report",
        "kerlint.rules",
        "kerlint.selection",
    },
    "kerlint.output": {
        "kerlint.files",
        "kerlint.finding",
        "kerlint.source",
        "kerlint.report",
        "kerlint.rules.documentation",
    },
}


def module_name(path: Path) -> str:
    parts = ["kerlint", *path.relative_to(PACKAGE).with_suffix("").parts]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def part(module: str) -> str:
    return ".".join(module.split(".")[:2])


def imports(path: Path) -> Iterator[tuple[str, bool]]:
    """Yields what a file imports, `from a import b` as `a.b`, and whether it does so when it is imported itself."""

    def walk(node: ast.AST, late: bool) -> Iterator[tuple[str, bool]]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import):
                yield from ((alias.name, late) for alias in child.names)
            elif isinstance(child, ast.ImportFrom):
                assert child.level == 0, f"{path}: a relative import"
                yield from ((f"{child.module}.{alias.name}", late) for alias in child.names)
            elif isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
                yield from walk(child, True)
            elif isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
                yield from ((name, True) for name, _ in walk(child, True))
            else:
                yield from walk(child, late)

    return walk(ast.parse(path.read_text(encoding="utf-8")), False)


def within(name: str, module: str) -> bool:
    return name == module or name.startswith(f"{module}.")


@pytest.mark.parametrize("path", FILES, ids=module_name)
def test_imports(path: Path) -> None:
    own = module_name(path)
    for name, _ in imports(path):
        where = f"{own} imports {name}"
        assert not within(name, "libcst.matchers"), where
        assert not within(name, "libcst.codemod"), where
        assert not within(name, "libcst.metadata"), where
        assert own == "kerlint.probe.worker" or not within(name, "tensorflow"), where
        server = within(own, "kerlint.server")
        assert server or not any(within(name, other) for other in ("pygls", "lsprotocol")), where
        assert server or own == "kerlint.cli.server" or not within(name, "kerlint.server"), where
        assert own == "kerlint" or not within(name, "kerlint.api"), where
        if own == "kerlint.__main__" or not within(name, "kerlint"):
            continue
        assert within(own, "kerlint.cli") or not within(name, "kerlint.cli"), where
        # Records are everybody's `dataclasses`.
        allowed = ALLOWED.get(part(own)) if not within(name, "kerlint.records") else None
        if allowed is not None and part(name) != part(own) and name != "kerlint.__version__":
            assert any(within(name, other) or within(other, name) for other in allowed), where


@pytest.mark.parametrize("path", FILES, ids=module_name)
def test_files_are_short(path: Path) -> None:
    # Tables are generated, and nobody reads them.
    if not path.name.endswith("_table.py"):
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 500


def test_start_is_light() -> None:
    """What every run imports does not import libcst by itself."""
    light = ["engine", "files", "finding", "magics", "report", "source", "output/__init__", "rules/base"]
    light += [f"cli/{path.stem}" for path in (PACKAGE / "cli").glob("*.py")]
    for name in light:
        for imported, late in imports(PACKAGE / f"{name}.py"):
            assert late or not within(imported, "libcst"), name
            assert late or not any(within(imported, part) for part in ("kerlint.program", "kerlint.library")), name
