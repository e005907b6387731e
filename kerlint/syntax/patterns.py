"""`match` and its patterns."""

from __future__ import annotations

from kerlint.records import dataclass
from kerlint.syntax.base import Expression, Node, Statement
from kerlint.syntax.expressions import Constant, Name
from kerlint.syntax.statements import Block


@dataclass(eq=False, slots=True)
class MatchPattern(Node):
    """What stands behind `case`."""


@dataclass(eq=False, slots=True)
class MatchValue(MatchPattern):
    """A value that the subject has to equal."""

    value: Expression


@dataclass(eq=False, slots=True)
class MatchSingleton(MatchPattern):
    """`True`, `False` or `None`, which the subject has to be."""

    value: Constant


@dataclass(eq=False, slots=True)
class MatchSequence(MatchPattern):
    """`[pattern, ...]`."""

    patterns: list[MatchPattern]


@dataclass(eq=False, slots=True)
class MatchStar(MatchPattern):
    """`*name`; no name for `*_`."""

    name: Name | None


@dataclass(eq=False, slots=True)
class MatchMappingElement(Node):
    """`key: pattern`."""

    key: Expression
    pattern: MatchPattern


@dataclass(eq=False, slots=True)
class MatchMapping(MatchPattern):
    """`{key: pattern, **rest}`."""

    elements: list[MatchMappingElement]
    rest: Name | None


@dataclass(eq=False, slots=True)
class MatchKeywordElement(Node):
    """`key=pattern`."""

    key: str
    pattern: MatchPattern


@dataclass(eq=False, slots=True)
class MatchClass(MatchPattern):
    """`cls(patterns, kwds)`."""

    cls: Expression
    patterns: list[MatchPattern]
    kwds: list[MatchKeywordElement]


@dataclass(eq=False, slots=True)
class MatchAs(MatchPattern):
    """`pattern as name`, a name alone, or `_`."""

    pattern: MatchPattern | None
    name: Name | None


@dataclass(eq=False, slots=True)
class MatchOr(MatchPattern):
    """`pattern | pattern`."""

    patterns: list[MatchPattern]


@dataclass(eq=False, slots=True)
class MatchCase(Node):
    """`case pattern if guard: ...`."""

    pattern: MatchPattern
    guard: Expression | None
    body: Block


@dataclass(eq=False, slots=True)
class Match(Statement):
    """`match subject: ...`."""

    subject: Expression
    cases: list[MatchCase]
