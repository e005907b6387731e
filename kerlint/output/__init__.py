"""The output formats, one module each.

A format is a function `render(report, options)` that yields lines without their ends.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import cast

from kerlint.report import Report


@dataclass(frozen=True)
class Options:
    """How to render."""

    color: bool = False


Render = Callable[[Report, Options], Iterator[str]]

#: Each format's module, imported when it is used.
FORMATS: Mapping[str, str] = {
    "full": "kerlint.output.full",
    "concise": "kerlint.output.concise",
    "json": "kerlint.output.json_format",
    "github": "kerlint.output.github",
}


def renderer(name: str) -> Render:
    """The function of a format."""
    return cast("Render", importlib.import_module(FORMATS[name]).render)
