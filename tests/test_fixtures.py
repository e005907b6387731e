"""Whole programs: their `# KL001` comments are exactly what kerlint finds in them."""

from __future__ import annotations

from pathlib import Path

import pytest

from kerlint.rules.documentation import marked
from kerlint.source import read_source
from kerlint.testing import check_source, marks

ROOT = Path(__file__).parent.parent / "fixtures"
FIXTURES = sorted(path for path in ROOT.rglob("*") if path.suffix in (".py", ".ipynb"))


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_fixture(path: Path) -> None:
    source = read_source(path.read_bytes(), path.name)
    expected = marked("\n".join(source.line(number) for number in range(1, len(source.lines) + 1)))
    assert marks(check_source(source)) == expected
