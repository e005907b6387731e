"""What a program does that is often blamed and cannot cause the symptom: no findings, only things to rule out.

An innocent is asked like a rule, so that its place is found like that of a finding. What it says was measured: see
`docs/myths.md`.
"""

from __future__ import annotations

from collections.abc import Iterator

from kerlint import syntax
from kerlint.finding import Severity
from kerlint.library.heads import activation_of
from kerlint.library.initializers import initializer
from kerlint.library.trained import trainings
from kerlint.program.constants import integer, truth
from kerlint.program.events import Event, Forward, Seed, Use
from kerlint.program.facts import Program
from kerlint.program.graph import Graph, Node
from kerlint.program.values import Array, Const, Model, Value
from kerlint.rules.base import Found, Rule

#: The codes of all of them, which no rule has: what is no cause, and what is a cause and no fault.
CODE = "ruled-out"
NO_FAULT = "no-fault"
_HARMLESS = frozenset({"print", "display", "str", "repr", "format", "range", "enumerate", "len"})
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


class InitializerSeeded(Innocent):
    """Initializers with seeds of their own."""

    def check(self, program: Program) -> Iterator[Found]:
        seeded = [made for made in program.made("keras.initializers.") if integer(made.args.get("seed")) is not None]
        for made in seeded[:1]:
            yield from self.found(
                made.places.get("seed"),
                "initializers have seeds of their own",
                why="they make the first weights repeat, whatever other seeds there are; the weights of a layer still "
                "differ from one another, and so do the predictions",
            )


class SameInput(Innocent):
    """A model that is asked the same question again."""

    code = NO_FAULT
    name = NO_FAULT
    blamed_for = ("constant-output", "zero-output", "irreproducible")

    def check(self, program: Program) -> Iterator[Found]:
        asked: dict[tuple[int, int], list[tuple[Event, Value]]] = {}
        for event in program.events:
            given = _question(event)
            if given is not None:
                asked.setdefault((id(event.node), id(given)), []).append((event, given))
        for answers in asked.values():
            first, last = answers[0][0], answers[-1][0]
            same = len({id(_model(event)) for event, _ in answers}) == 1
            if len(answers) > 1 and same and _only_asks(first) and not _learns_between(program, first, last):
                yield from self.found(
                    first.node,
                    "the loop asks the model about the same input again and again",
                    why="the same model with the same weights gives the same answer to the same input, and that is so "
                    "with every seed; whether it can tell inputs apart is seen on different inputs",
                )


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


def _question(event: Event) -> Value | None:
    """What a model gets in a loop, if it has nothing random about it."""
    if not event.loops:
        return None
    if isinstance(event, Forward):
        return event.inputs if truth(event.args.get("training", Const(False))) is False else None
    return event.args.get("x") if isinstance(event, Use) and event.method.startswith("predict") else None


def _model(event: Event) -> Model | None:
    return event.model if isinstance(event, (Forward, Use)) else None


def _only_asks(event: Event) -> bool:
    """Whether nothing is called in the loop that could change the model: only the model itself, and `print`."""
    pending: list[syntax.Node] = [event.loops[-1].node]
    while pending:
        node = pending.pop()
        if isinstance(node, (syntax.For, syntax.While)):
            pending.append(node.body)
            continue
        if isinstance(node, syntax.Call) and node is not event.node and not _is_harmless(node.func):
            return False
        pending.extend(syntax.children(node))
    return True


def _is_harmless(func: syntax.Node) -> bool:
    return isinstance(func, syntax.Name) and func.value in _HARMLESS


def _learns_between(program: Program, first: Event, last: Event) -> bool:
    """Whether anything is trained, or may be, between two events."""
    between = [event for event in program.events if first.order < event.order < last.order]
    return any(not isinstance(event, (Forward, Seed)) and not _is_question(event) for event in between)


def _is_question(event: Event) -> bool:
    return isinstance(event, Use) and event.method.startswith(("predict", "evaluate"))


def _rows(value: object) -> int | None:
    return value.shape[0] if isinstance(value, Array) and value.shape else None


def _tanh(graph: Graph) -> Iterator[Node]:
    for node in graph.nodes:
        activation = activation_of(node) if node.short == "Dense" else None
        if activation is not None and activation.name == "tanh":
            yield node


_ALL: tuple[type[Innocent], ...] = (
    SeedSet,
    InitializerSeeded,
    SameInput,
    NotShuffled,
    OneBatch,
    ZeroHead,
    TanhStack,
)


def innocents(symptom: str) -> list[Rule]:
    """What to look for that is blamed for a symptom without reason."""
    return [innocent() for innocent in _ALL if symptom in innocent.blamed_for]
