"""What TensorFlow runs once to make a graph of it, and the random numbers that are drawn meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from kerlint import syntax
from kerlint.program.events import FrozenDraw
from kerlint.program.labels import Step
from kerlint.program.scope import Path
from kerlint.program.values import Arguments, Array, BoundMethod, External, Function, Object, Value
from kerlint.records import dataclass, field, replace

if TYPE_CHECKING:
    from kerlint.program.interpreter.machine import Machine

#: Modules of Python and NumPy whose functions draw a number when they are called, and never again.
_OWN = ("random.", "numpy.random.")
#: What in them draws none.
_DRAWLESS = frozenset({"seed", "default_rng", "RandomState", "Random", "get_state", "set_state", "Generator", "PCG64"})


#: What runs as Python for each element, in a trace too.
PYTHON = "Python"
#: Decorators, and what the function under them is traced as.
GRAPHS = {"tensorflow.function": "tf.function", "tensorflow.py_function": PYTHON, "tensorflow.numpy_function": PYTHON}


@dataclass(eq=False, slots=True)
class Trace:
    """Something that is being traced.

    Args:
        kind: `map` or another step of a dataset, `tf.function`, `call` of a layer or model of the program, or `PYTHON`.
        node: the step, or the function.
        path: the arms of unknown conditions that led to it.
        draws: what surely is drawn at random in it, whoever draws it.
    """

    kind: str
    node: syntax.Node
    path: Path
    draws: list[Step] = field(default_factory=list)


@contextmanager
def tracing(machine: Machine, kind: str, node: syntax.Node) -> Iterator[Trace]:
    """Evaluates something as TensorFlow traces it."""
    trace = Trace(kind, node, machine.path)
    machine.traces.append(trace)
    try:
        yield trace
    finally:
        machine.traces.remove(trace)


def note_draw(machine: Machine, name: str, node: syntax.Node) -> None:
    """Records that something random happens.

    Args:
        name: canonical name of the function or layer.
    """
    if not machine.traces or name.rpartition(".")[2] in _DRAWLESS:
        return
    for trace in machine.traces:
        # Within an arm of a condition in there it may never happen, or only once on purpose.
        if trace.path == machine.path and not machine.tries:
            trace.draws.append(Step(name, node))
    trace = machine.traces[-1]
    if name.startswith(_OWN) and trace.path == machine.path and trace.kind != PYTHON:
        machine.emit(FrozenDraw(node=node, name=name, kind=trace.kind, traced=trace.node))


def kept_on_purpose(machine: Machine, arguments: Arguments) -> None:
    """A variable or a constant is made: what was drawn for it is drawn once on purpose."""
    kept = {id(made.node) for value, _ in arguments.positional if isinstance(value, Array) for made in value.history()}
    events = machine.program.events
    while events and isinstance(events[-1], FrozenDraw) and id(events[-1].node) in kept:
        events.pop()


def as_graph(arguments: Arguments, node: syntax.Node) -> Value:
    """`tf.function(f)` is f, run as a graph; `tf.function(jit_compile=True)` is a decorator."""
    given = arguments.get(0, "func")
    if given is None:
        return Object("tensorflow.function", node=node)
    function = given.function if isinstance(given, BoundMethod) else given
    if not isinstance(function, Function):
        return given
    traced = replace(function, decorators=(*function.decorators, External("tensorflow.function", node=node)))
    return BoundMethod(traced, given.receiver, node=node) if isinstance(given, BoundMethod) else traced
