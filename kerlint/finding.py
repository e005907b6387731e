"""What kerlint says: a finding and the places it points at. Plain data, no behaviour.

Lines and columns are 1-based; columns count characters; the end column is exclusive.
In a notebook, lines count through all code cells as `Source` joins them;
`Source.place` turns such a line into a cell and a line within the cell.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from kerlint.records import dataclass, field


class Severity(str, Enum):
    """How sure a rule is: an error is certain, a warning very likely, advice is off by default."""

    ERROR = "error"
    WARNING = "warning"
    ADVICE = "advice"


@dataclass(frozen=True, order=True)
class Span:
    """A stretch of source text."""

    start_line: int
    start_column: int
    end_line: int
    end_column: int


@dataclass(frozen=True)
class Label:
    """A place that takes part in a finding, and what it contributes."""

    span: Span
    text: str


class Safety(str, Enum):
    """Whether a fix may be applied without a second look.

    A safe fix keeps what the program does, or replaces what could only fail. Any other fix changes what the program
    does and is unsafe: it asks for a decision.
    """

    SAFE = "safe"
    UNSAFE = "unsafe"


@dataclass(frozen=True, order=True)
class Edit:
    """What is to stand in the place of a span; an empty span is a place to insert at."""

    span: Span
    text: str


@dataclass(frozen=True)
class Fix:
    """A change that removes a finding; all of its edits belong together.

    Args:
        title: what is done, in a few words.
        edits: sorted, and none of them overlaps another.
    """

    title: str
    edits: tuple[Edit, ...]
    safety: Safety = Safety.UNSAFE


@dataclass(frozen=True)
class Probe:
    """What an experiment says about a finding.

    Args:
        verdict: `confirmed`, `refuted` or `inconclusive`.
        text: one sentence of numbers, or the reason why there are none.
        evidence: what was measured in the `original` and in the `repaired` variant, one entry for each seed.
        assumptions: what was chosen for what is not known.
        seconds: how long it took.
    """

    verdict: str
    text: str
    evidence: Mapping[str, object] = field(default_factory=dict)
    assumptions: tuple[str, ...] = ()
    seconds: float = 0.0


@dataclass(frozen=True)
class Finding:
    """One problem in one file.

    Args:
        span: the primary place; `label` is the text shown under it.
        labels: the other places that take part, in source order.
        why: the mechanism, in one sentence.
        help: what to write instead.
        fix: the same as a change of the text, where there is one.
        experiment: what the probe is to do, as `kerlint.probe.description.Job`; a text says why it cannot; None if
            there is nothing to do.
        probe: what came out.
    """

    code: str
    name: str
    severity: Severity
    message: str
    filename: str
    span: Span
    label: str = ""
    labels: tuple[Label, ...] = ()
    why: str = ""
    help: str = ""
    symptoms: tuple[str, ...] = ()
    fix: Fix | None = None
    experiment: Mapping[str, object] | str | None = field(default=None, compare=False, repr=False)
    probe: Probe | None = None

    @property
    def is_refuted(self) -> bool:
        """Whether the finding is a warning that an experiment has shown to be wrong here."""
        return self.probe is not None and self.probe.verdict == "refuted" and self.severity is not Severity.ERROR

    @property
    def url(self) -> str:
        """Where the rule is documented."""
        return documentation_url(self.code, self.name)


DOCUMENTATION = "https://github.com/kerlint/kerlint/blob/main/docs/rules"


def documentation_url(code: str, name: str) -> str:
    """The address of a rule's page; kerlint's own KX codes share one page."""
    page = "kerlint" if code.startswith("KX") else name
    return f"{DOCUMENTATION}/{page}.md"
