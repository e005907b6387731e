"""A summary as plain data, as the formats print it."""

from __future__ import annotations

from typing import TypeAlias

from kerlint.finding import Span
from kerlint.records import dataclass, field

#: A shape; None stands for an open dimension or one that is not known, and for a rank that is not known.
Sizes: TypeAlias = "tuple[int | None, ...] | None"
#: The shapes of several tensors in their structure.
Shapes: TypeAlias = "Sizes | list[Shapes] | dict[str, Shapes]"


@dataclass(frozen=True, slots=True)
class LayerRow:
    """One layer, nested model or operation of a model.

    Args:
        name: None if it is not known.
        params: how many weights; None if that is not known.
        built: False for a layer that gets its weights only when it first sees data, which never happens.
        inputs: the names of the rows that it reads.
    """

    name: str | None
    class_name: str
    output_shape: Shapes
    params: int | None
    trainable: bool | None
    span: Span | None
    inputs: tuple[str, ...] = ()
    built: bool = True


@dataclass(frozen=True, slots=True)
class CompileFacts:
    """A `compile`: texts as a person would write them, None for what is not known."""

    optimizer: str | None
    learning_rate: float | str | None
    loss: object
    metrics: object
    span: Span | None


@dataclass(frozen=True, slots=True)
class DataFacts:
    """What is known of data.

    Args:
        steps: what was done to it, oldest first.
        labels: what the values mean as labels, in words.
    """

    role: str
    shape: Sizes = None
    dtype: str | None = None
    low: float | None = None
    high: float | None = None
    source: str | None = None
    steps: tuple[str, ...] = ()
    labels: str | None = None
    #: Set where nothing is known.
    unknown: str | None = None


@dataclass(frozen=True, slots=True)
class TrainingFacts:
    """A `fit` or another training call."""

    method: str
    epochs: int | None
    batch_size: int | None
    callbacks: tuple[str, ...]
    data: tuple[DataFacts, ...]
    span: Span | None


@dataclass(frozen=True, slots=True)
class ModelSummary:
    """One model.

    Args:
        variable: the name by which the program knows it.
        kind: `sequential`, `functional`, `subclass` or `loaded`.
        sequential_like: whether each row reads the one before and nothing else.
        complete: whether every shape and number is known.
        unknown: why not, in words.
        assumed: it stands in a function that nothing in the program calls, and rests on its defaults.
    """

    name: str | None
    variable: str | None
    kind: str
    class_name: str
    span: Span | None
    inputs: tuple[Sizes, ...]
    outputs: tuple[Sizes, ...]
    layers: tuple[LayerRow, ...]
    total_params: int | None
    trainable_params: int | None
    complete: bool
    unknown: tuple[str, ...] = ()
    assumed: bool = False
    sequential_like: bool = True
    compile: CompileFacts | None = None
    training: tuple[TrainingFacts, ...] = field(default=())
