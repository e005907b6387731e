"""What a program does that is often blamed and cannot cause the symptom: no findings, only things to rule out.

An innocent is asked like a rule, so that its place is found like that of a finding. What it says was measured: see
`docs/myths.md`.
"""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.finding import Severity
from kerlint.library.heads import activation_of
from kerlint.library.initializers import initializer
from kerlint.library.trained import trainings
from kerlint.program.constants import integer, truth
from kerlint.program.events import Seed
from kerlint.program.facts import Program
from kerlint.program.graph import Graph, Node
from kerlint.program.values import Array
from kerlint.rules.base import Found, Rule

#: The code of all of them, which no rule has.
CODE = "ruled-out"
#: So many tanh layers are called a deep stack; the measurement had eight.
_DEEP = 3
_MEASURED_DEPTH = 8


class Innocent(Rule):
    """Something that is blamed for symptoms without reason."""

    code = CODE
    name = CODE
    severity = Severity.ADVICE
    symptoms = ()
    since = "0.1.0"
    blamed_for: tuple[str, ...] = ("constant-output", "zero-output")


class SeedSet(Innocent):
    """A seed."""

    def check(self, program: Program) -> Iterator[Found]:
        for event in program.all(Seed):
            yield from self.found(
                event.node,
                "a seed is set",
                why="a seed makes runs repeat; it cannot make two inputs equal: 256 inputs gave 256 predictions",
            )
            return


class NotShuffled(Innocent):
    """Rows in their order."""

    def check(self, program: Program) -> Iterator[Found]:
        for fit in program.fits:
            if truth(fit.args.get("shuffle")) is False:
                yield from self.found(
                    fit.places.get("shuffle"),
                    "the rows are not shuffled",
                    why="even with the classes in a row 256 inputs gave 256 predictions; it only trains worse",
                )


class OneBatch(Innocent):
    """All rows in one batch."""

    def check(self, program: Program) -> Iterator[Found]:
        for fit in program.fits:
            size, rows = integer(fit.args.get("batch_size")), _rows(fit.x)
            if size is not None and rows is not None and 1 < rows <= size:
                yield from self.found(
                    fit.places.get("batch_size"),
                    "all rows are one batch",
                    why="256 inputs gave 256 predictions after 20 such steps; it only makes few of them",
                )


class ZeroHead(Innocent):
    """An output layer that starts with zeros."""

    def check(self, program: Program) -> Iterator[Found]:
        for training in trainings(program):
            for output in training.graph.outputs:
                if output is None or output.layer is None or not any(node.layer for node in output.inputs):
                    continue
                start = initializer(output.layer, "kernel_initializer")
                if start is not None and start.constant == 0 and training.trains(output):
                    yield from self.found(
                        start.place,
                        "the output layer starts with zeros",
                        why="in the output layer alone that is a usual choice, and trains as well as random weights",
                    )


class TanhStack(Innocent):
    """Tanh layers in a row."""

    def check(self, program: Program) -> Iterator[Found]:
        for training in trainings(program):
            stack = list(_tanh(training.graph))
            if _DEEP <= len(stack) <= _MEASURED_DEPTH:
                yield from self.found(
                    stack[0].place,
                    f"{len(stack)} tanh layers",
                    why="it is sigmoid that makes gradients vanish: eight tanh layers train with plain SGD",
                )


def _rows(value: object) -> int | None:
    return value.shape[0] if isinstance(value, Array) and value.shape else None


def _tanh(graph: Graph) -> Iterator[Node]:
    for node in graph.nodes:
        activation = activation_of(node) if node.short == "Dense" else None
        if activation is not None and activation.name == "tanh":
            yield node


_ALL: tuple[type[Innocent], ...] = (SeedSet, NotShuffled, OneBatch, ZeroHead, TanhStack)


def innocents(symptom: str) -> list[Rule]:
    """What to look for that is blamed for a symptom without reason."""
    return [innocent() for innocent in _ALL if symptom in innocent.blamed_for]
