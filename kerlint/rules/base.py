"""What a rule is: one class in one file, found by walking the package.

The class docstring is the rule's documentation and holds its tests:

* the first fenced block after `## Example` must give exactly the findings marked
  in it with a trailing `# KL001` comment (several codes: `# KL001 KL002`),
* the fenced block after `Use instead:` must give none,
* `bad` and `good` hold further programs for the same two checks.

A rule reads facts (`Program`) and never syntax. If it would need a second look at
the source, a fact is missing: add it to the program.

A threshold is an `Option`, which the configuration may set:

    max_rate = Option(0.3, "Rates from here on are too high.", above=0.0)

`self.max_rate` is the number.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from kerlint.finding import Safety, Severity
from kerlint.records import dataclass
from kerlint.rules.options import Option, OptionError, unknown_option

__all__ = ["SYMPTOMS", "Found", "Option", "OptionError", "Rule"]

if TYPE_CHECKING:
    from kerlint import syntax
    from kerlint.edits.drafts import Draft
    from kerlint.experiment import Experiment
    from kerlint.program.facts import Program


@dataclass(frozen=True, eq=False)
class Found:
    """A finding whose places are still nodes; the engine turns them into spans.

    Args:
        node: the place that the finding is about.
        also: the other places that take part, each with its text. A place that is None is left out.
        about: the fact in question (a compile, a fit); a rule that subsumes another
            silences it for the same fact.
        experiment: what would show it, for rules that can be probed.
        fix: the change that removes it, if there is one.
        symptoms: what it looks like where that differs from the rule's other findings.
    """

    node: syntax.Node
    message: str
    label: str
    also: tuple[tuple[syntax.Node, str], ...]
    why: str
    help: str
    severity: Severity
    about: object
    experiment: Experiment | None = None
    fix: Draft | None = None
    symptoms: tuple[str, ...] | None = None


class Rule:
    """The base of all rules."""

    code: ClassVar[str]
    name: ClassVar[str]
    severity: ClassVar[Severity]
    #: What a user sees when this is wrong, from `SYMPTOMS`, the most usual first.
    symptoms: ClassVar[tuple[str, ...]]
    #: The kerlint version that brought the rule.
    since: ClassVar[str]
    #: False for rules about hyper-parameters, scaling, shuffling, seeds and habits:
    #: test files set these to odd values on purpose.
    in_tests: ClassVar[bool] = True
    #: True for rules about what a program does not do, or does nowhere else: they are not asked where a budget ended,
    #: because it may stand behind the end.
    needs_end: ClassVar[bool] = False
    #: The first major version of Keras that it is about: programs for older ones are not asked.
    keras: ClassVar[int] = 1
    #: Codes that this rule makes superfluous where both speak of the same fact.
    subsumes: ClassVar[tuple[str, ...]] = ()
    #: Whether the fixes of the rule are safe, where it offers any; a single one may say otherwise.
    fix: ClassVar[Safety | None] = None
    #: Further programs: each of `bad` carries markers, each of `good` must stay silent.
    bad: ClassVar[Sequence[str]] = ()
    good: ClassVar[Sequence[str]] = ()

    def __init__(self, options: Mapping[str, object] | None = None) -> None:
        """A rule with its options set.

        Args:
            options: values by the names that the configuration uses (`max-rate`); the rest have their defaults.

        Raises:
            OptionError: for an option that the rule does not have, or a value that it cannot have.
        """
        if not options:
            return
        known = self.options()
        for name, value in options.items():
            if name not in known:
                raise unknown_option(name, known)
            # An instance's own attribute goes before the descriptor.
            vars(self)[known[name].attribute] = known[name].read(value)

    @classmethod
    def options(cls) -> dict[str, Option[Any]]:
        """The options by the names that the configuration uses, in the order of the class."""
        found = (value for base in reversed(cls.__mro__) for value in vars(base).values())
        return {option.name: option for option in found if isinstance(option, Option)}

    def check(self, program: Program) -> Iterator[Found]:
        """Yields what is wrong in the program."""
        raise NotImplementedError

    def found(
        self,
        node: syntax.Node | None,
        message: str,
        *,
        label: str = "",
        also: Sequence[tuple[syntax.Node | None, str]] = (),
        why: str = "",
        help: str = "",
        severity: Severity | None = None,
        about: Any = None,
        experiment: Experiment | None = None,
        fix: Draft | None = None,
        symptoms: tuple[str, ...] | None = None,
    ) -> Iterator[Found]:
        """Yields one finding at `node`, or none if the place is not known."""
        if node is None:
            return
        places = tuple((place, text) for place, text in also if place is not None)
        yield Found(
            node, message, label, places, why, help, severity or self.severity, about, experiment, fix, symptoms
        )


#: The words of `Rule.symptoms` and of `kerlint --symptom`.
SYMPTOMS = (
    "constant-output",
    "zero-output",
    "loss-nan",
    "loss-flat",
    "slow-learning",
    "accuracy-stuck",
    "overfit",
    "too-good",
    "irreproducible",
    "crash",
    "wrong-result",
    "slow-run",
)
