"""Metrics of a compile as rules read them: by class, whatever way they were given."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint import syntax
from kerlint.library.defaults import SHAPE_DEPENDENT_METRICS, named
from kerlint.library.objects import argument
from kerlint.program.constants import text
from kerlint.program.events import Compile
from kerlint.program.values import Object, Sequence, Value
from kerlint.records import dataclass

#: The strings "accuracy" and "acc": `compile` chooses the class by the shapes of labels and output.
CHOSEN = "accuracy"
#: They compare with the position of the largest entry of each row of labels.
OF_ROWS = frozenset({"CategoricalAccuracy", "TopKCategoricalAccuracy"})
#: They compare with class numbers.
OF_NUMBERS = frozenset({"SparseCategoricalAccuracy", "SparseTopKCategoricalAccuracy"})
#: They count yes and no by a threshold, one output at a time.
COUNTS = frozenset({"Precision", "Recall", "TruePositives", "TrueNegatives", "FalsePositives", "FalseNegatives"})
#: What people watch in regressions. The squared error is watched in classifications, too.
OF_ERRORS = frozenset({"MeanAbsoluteError", "MeanAbsolutePercentageError", "RootMeanSquaredError", "R2Score"})
#: All that count right and wrong answers.
ACCURACIES = OF_ROWS | OF_NUMBERS | {"BinaryAccuracy", "Accuracy", CHOSEN}


@dataclass(frozen=True, eq=False, slots=True)
class Metric:
    """A metric of the library.

    Args:
        kind: the name of its class, or `CHOSEN`.
        written: as the program has it: `"accuracy"`, `Precision()`.
        value: the object.
    """

    kind: str
    written: str
    place: syntax.Node | None
    value: Value

    def given(self, name: str) -> Value | None:
        """An argument or its default; None if it is not known, or if there is no such argument."""
        if not isinstance(self.value, Object):
            return None
        if "identifier" in self.value.state or not self.value.name.rpartition(".")[2][:1].isupper():
            return argument(Object(f"keras.metrics.{self.kind}"), name)
        return argument(self.value, name)


def metrics_of(event: Compile) -> list[Metric]:
    """The known metrics of a model with one output."""
    return list(_read(event.metrics or ())) if event.graph.output is not None else []


def _read(values: tuple[Value, ...]) -> Iterator[Metric]:
    for value in values:
        if isinstance(value, Sequence):
            yield from _read(value.items)
            continue
        given = value.state.get("identifier", value) if isinstance(value, Object) else value
        word = text(given)
        if word is not None and word.lower() in SHAPE_DEPENDENT_METRICS and "acc" in word.lower():
            yield Metric(CHOSEN, f'"{word}"', value.node, value)
        elif isinstance(value, Object) and value.name.startswith("keras.metrics."):
            known = named("metrics", value.short)
            kind = known.name.rpartition(".")[2] if known is not None else value.short
            written = f'"{word}"' if word is not None else value.short + ("()" if value.short[0].isupper() else "")
            yield Metric(kind, written, value.node, value)


def listed(metrics: list[Metric]) -> str:
    """The metrics as they are written: `Precision() and Recall()`."""
    words = list(dict.fromkeys(metric.written for metric in metrics))
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " and " + words[-1]
