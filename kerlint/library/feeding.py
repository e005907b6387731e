"""Datasets that models get: for training, validation, evaluation and prediction."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint import syntax
from kerlint.program.constants import constant, integer, truth
from kerlint.program.events import ApplyGradients, Fit, Use
from kerlint.program.facts import Program
from kerlint.program.values import Dataset, Transform
from kerlint.records import dataclass

#: Steps that put elements together to batches.
BATCHING = frozenset({"batch", "padded_batch"})
#: Steps that may change what an element is, or how many there are, in ways that are not followed.
OPAQUE = frozenset(
    """apply window flat_map interleave group_by_window rebatch ragged_batch sparse_batch bucket_by_sequence_length
    rejection_resample unbatch scan""".split()
)
TRAINING, VALIDATION, EVALUATION, PREDICTION = "training", "validation", "evaluation", "prediction"


@dataclass(frozen=True, eq=False, slots=True)
class Fed:
    """A dataset that a model gets.

    Args:
        role: `training`, `validation`, `evaluation` or `prediction`.
        place: the argument; the loop for a hand-written training loop.
        again: whether it is certainly or possibly gone through more than once.
    """

    role: str
    data: Dataset
    event: Fit | Use | ApplyGradients
    place: syntax.Node
    again: bool = False

    @property
    def steps(self) -> tuple[Transform, ...]:
        """What was done to it, in order."""
        return self.data.transforms

    @property
    def made(self) -> syntax.Node | None:
        """Where it was made."""
        return self.data.origin or self.data.node


def fed(program: Program) -> Iterator[Fed]:
    """The datasets that models get, in order of execution; the same place and dataset once."""
    seen: set[tuple[int, int]] = set()
    for found in _all(program):
        key = id(found.data), id(found.place)
        if key not in seen:
            seen.add(key)
            yield found


def _all(program: Program) -> Iterator[Fed]:
    for event in program.events:
        if isinstance(event, Fit):
            if isinstance(event.x, Dataset) and event.method != "train_on_batch":
                place = event.places.get("x") or event.places.get("generator") or event.node
                yield Fed(TRAINING, event.x, event, place, _epochs(event))
            if isinstance(event.validation, Dataset):
                place = event.places.get("validation_data") or event.node
                yield Fed(VALIDATION, event.validation, event, place, _epochs(event))
        elif isinstance(event, Use):
            role = next((role for start, role in _ROLES.items() if event.method.startswith(start)), None)
            data = event.args.get("x") or event.args.get("generator")
            if role is not None and isinstance(data, Dataset):
                place = event.places.get("x") or event.places.get("generator") or event.node
                yield Fed(role, data, event, place)
        elif isinstance(event, ApplyGradients) and event.loops:
            # Only the innermost loop may be the one over batches.
            loop = event.loops[-1]
            if isinstance(loop.over, Dataset):
                place = getattr(loop.node, "iter", None) or loop.node
                yield Fed(TRAINING, loop.over, event, place, len(event.loops) > 1)


_ROLES = {"evaluate": EVALUATION, "predict": PREDICTION}


def _epochs(fit: Fit) -> bool:
    given = fit.args.get("epochs")
    return given is not None and integer(given) != 1


def reshuffles(step: Transform) -> bool:
    """Whether the step certainly gives another order in each pass."""
    given = step.args.get("reshuffle_each_iteration")
    return step.name == "shuffle" and (given is None or constant(given) is None or truth(given) is True)


def last(steps: tuple[Transform, ...], *names: str) -> int:
    """The place of the last step of one of these names, -1 if there is none."""
    return max((index for index, step in enumerate(steps) if step.name in names), default=-1)
