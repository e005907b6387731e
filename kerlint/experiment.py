"""What would show that a finding is right, in the words of the program. Plain data.

A rule that can be probed gives an `Experiment` with its finding: which training is meant, what would put the flagged
thing right, and what to look for. `kerlint.probe` builds both variants, the program's and the repaired one, and
measures the same things in both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal, TypeAlias

from kerlint.records import dataclass, field

if TYPE_CHECKING:
    from kerlint.program.events import Event
    from kerlint.program.graph import Graph, Node
    from kerlint.program.values import Object

#: What JSON can hold.
Plain: TypeAlias = "bool | int | float | str | list[Plain] | dict[str, Plain] | None"
#: Parts of a training that are no layers.
Part = Literal["optimizer", "loss", "metric", "x", "y", "run"]


@dataclass(frozen=True, eq=False, slots=True)
class Change:
    """One thing put right.

    Args:
        what: the step of the model, its layer, or another part of the training.
        values: the new arguments. `class` gives another class (of an optimizer or a loss, and then no old argument
            is kept); an argument that is None goes back to its default.
        drop: the step is left out.
        before: a step of this class, with `values` as its arguments, is put in before it.
    """

    what: Node | Object | Part
    values: Mapping[str, Plain] = field(default_factory=dict)
    drop: bool = False
    before: str = ""


@dataclass(frozen=True, eq=False, slots=True)
class Experiment:
    """An original and a repaired variant, and the symptom that only the original should show.

    Args:
        event: the compile, the training call, the call of a loss or of a model that the finding is about; the graph
            of a model for which there is none.
        symptom: a key of `kerlint.probe.verdicts.SYMPTOMS`.
        repair: what turns the original into the repaired variant.
        setting: what is changed in both variants, so that another fault does not hide what the repair does.
        at: the steps or layers to look at, if the symptom is about some of them.
        details: numbers that the symptom needs: a bound, a count.
    """

    event: Event | Graph
    symptom: str
    repair: Sequence[Change] = ()
    setting: Sequence[Change] = ()
    at: Sequence[Node | Object] = ()
    details: Mapping[str, Plain] = field(default_factory=dict)
