"""Real programs, cut to a few dozen lines each: what is mutated."""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from random import Random

from kerlint.rules import all_rules
from kerlint.rules.documentation import page_of
from kerlint.source import SourceError, mentions_keras, read_source

ROOT = Path(__file__).parents[2]
_BLOCK = re.compile(r"```(?:python|pycon)\n(.*?)```", re.DOTALL)
#: Lines of a block.
LONGEST = 36
_LARGEST = 200_000


def own() -> list[str]:
    """The examples of the rules, of the documentation, and the fixtures."""
    texts: list[str] = []
    for rule in all_rules():
        page = page_of(rule)
        texts += [page.example, page.use_instead, *rule.bad, *rule.good]
    for path in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
        texts += _BLOCK.findall(path.read_text("utf-8"))
    return [*map(textwrap.dedent, filter(None, texts)), *of_folder(ROOT / "fixtures")]


def of_folder(folder: Path) -> list[str]:
    """The programs below a folder in blocks, each with the imports of its file."""
    paths = sorted(path for path in folder.rglob("*") if path.suffix in (".py", ".ipynb") and path.is_file())
    return [block for path in paths for block in _blocks(path)]


def _blocks(path: Path) -> Iterator[str]:
    data = path.read_bytes()
    if (path.suffix == ".py" and len(data) > _LARGEST) or not mentions_keras(data):
        return
    try:
        lines = read_source(data, str(path)).text.split("\n")
    except SourceError:
        return
    imports = [line for line in lines if line.startswith(("import ", "from ")) and not line.endswith(("(", "\\"))][:12]
    # The same blocks each time, but not the same number of lines in each.
    random = Random(path.name)
    start = 0
    while start < len(lines):
        end = min(start + random.randrange(12, LONGEST), len(lines))
        while end < len(lines) and end - start < 2 * LONGEST and lines[end][:1] in ("", " ", "\t", ")", "]", "}"):
            end += 1
        block = textwrap.dedent("\n".join(lines[start:end]))
        start = end
        if len(block) > 60 and is_python(block):
            yield "\n".join([*imports, block, ""])


def is_python(text: str) -> bool:
    """Whether a block was cut at the right places: damage is done to it later."""
    try:
        ast.parse(text)
    except (SyntaxError, ValueError):
        return False
    return True
