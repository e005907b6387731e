"""The output formats, one module each.

A format is a function `render(report, options)` that yields lines without their ends.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping
from typing import cast

from kerlint.records import dataclass
from kerlint.report import Report


@dataclass(frozen=True)
class Options:
    """How to render.

    Args:
        unsafe_fixes: whether fixes that change what the program does are asked for.
        links: whether codes lead to the pages of their rules when they are clicked, in a terminal.
        width: the columns of the terminal; None where there is none.
        fixing: whether what could be fixed has been fixed already, and the rest was left out.
    """

    color: bool = False
    unsafe_fixes: bool = False
    links: bool = False
    width: int | None = None
    fixing: bool = False


Render = Callable[[Report, Options], Iterator[str]]

#: Each format's module, imported when it is used.
FORMATS: Mapping[str, str] = {
    "full": "kerlint.output.full",
    "concise": "kerlint.output.concise",
    "grouped": "kerlint.output.grouped",
    "json": "kerlint.output.json_format",
    "json-lines": "kerlint.output.json_lines",
    "github": "kerlint.output.github",
    "gitlab": "kerlint.output.gitlab",
    "junit": "kerlint.output.junit",
    "sarif": "kerlint.output.sarif",
    "html": "kerlint.output.html_format",
}

#: The formats that people read as they are printed, and that end in words.
FOR_PEOPLE = ("full", "concise", "grouped")
#: The formats in which statistics can be printed: as a table, but for JSON.
STATISTICS = (*FOR_PEOPLE, "json")


def renderer(name: str) -> Render:
    """The function of a format."""
    return cast("Render", importlib.import_module(FORMATS[name]).render)


def statistics_renderer(name: str) -> Render:
    """The function that prints statistics in a format of `STATISTICS`."""
    from kerlint.output import statistics

    return statistics.render_json if name == "json" else statistics.render
