"""For tests of rules: kerlint's own, and those of people who write rules."""

from __future__ import annotations

from collections.abc import Iterable

from kerlint import engine, selection
from kerlint.finding import Finding
from kerlint.rules.base import Rule
from kerlint.rules.documentation import marked
from kerlint.source import Source, read_source

__all__ = ["check", "check_source", "marked", "marks"]


def check(
    text: str, *, rules: Iterable[type[Rule] | Rule] | None = None, filename: str = "train.py", pedantic: bool = True
) -> list[Finding]:
    """The findings in a program.

    Args:
        rules: those to apply, all if None.
        filename: decides whether the text is a notebook. It does not decide whether it is a test file.

    Raises:
        Exception: what a rule raises. A crash is no finding here.
    """
    return check_source(read_source(text.encode(), filename), rules=rules, pedantic=pedantic)


def check_source(
    source: Source, *, rules: Iterable[type[Rule] | Rule] | None = None, pedantic: bool = True
) -> list[Finding]:
    """The findings in a source that is read already; see `check`."""
    settings = selection.Settings(pedantic=pedantic)
    instances = (
        selection.rules_for(settings)
        if rules is None
        else [rule() if isinstance(rule, type) else rule for rule in rules]
    )

    def fail(_: str, error: Exception) -> None:
        raise error

    return engine.visible(engine.check_source(source, instances, on_crash=fail), settings)[0]


def marks(findings: Iterable[Finding]) -> set[tuple[int, str]]:
    """The lines and codes of findings, to compare with what `marked` reads in a program."""
    return {(finding.span.start_line, finding.code) for finding in findings}
