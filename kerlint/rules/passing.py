"""Steps of datasets as plain data, for experiments that run them."""

from __future__ import annotations

from collections.abc import Sequence

from kerlint.experiment import Plain
from kerlint.library.feeding import BATCHING, reshuffles
from kerlint.library.training import structure_rows
from kerlint.program.constants import integer
from kerlint.program.values import Dataset, Transform

#: The argument of a step that is a number of elements.
_COUNTS = {"shuffle": "buffer_size", "batch": "batch_size", "padded_batch": "batch_size", "shard": "num_shards"}


def plain_steps(steps: Sequence[Transform]) -> list[Plain]:
    """The steps by their names, with the number of elements that each is told (None if it is not known).

    `again` says that a shuffle gives another order in each pass, `random` that a step draws random numbers, `index`
    which shard it is.
    """
    return [_plain(step) for step in steps]


def _plain(step: Transform) -> Plain:
    name = "batch" if step.name in BATCHING else step.name
    made: dict[str, Plain] = {"name": name, "count": integer(step.args.get(_COUNTS.get(step.name, "count")))}
    if name == "shuffle":
        made["again"] = reshuffles(step)
    if name == "shard":
        made["index"] = integer(step.args.get("index"))
    if step.draws:
        made["random"] = True
    return made


def rows_of(data: Dataset) -> int:
    """The number of rows that a dataset is made of, 0 if it is not known."""
    return structure_rows(data.args.get("tensors")) or 0
