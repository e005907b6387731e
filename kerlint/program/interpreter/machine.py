"""The state of an evaluation and its dispatch over node types.

The interpreter never fails a file: what it cannot do is `Unknown`, and what it never
should do (recursion, loop bombs) is bounded by the budgets below.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import libcst as cst

from kerlint.program.facts import Event, Program
from kerlint.program.heap import Heap
from kerlint.program.interpreter import aliases
from kerlint.program.library import Library
from kerlint.program.scope import Loop, Path, Scope
from kerlint.program.values import Array, Class, Const, External, Function, Layer, Model, Object, Unknown, Value

if TYPE_CHECKING:
    from kerlint.program.interpreter.calls import Frame

#: Statements and calls evaluated for one file before everything else stays unknown.
FUEL = 60_000
#: How deep the program's own functions are followed.
MAX_CALL_DEPTH = 16
#: How deep expressions and blocks may nest.
MAX_DEPTH = 180
#: Passes of a loop that are evaluated one by one.
MAX_UNROLLED = 64
#: Python frames needed for the budgets above.
_RECURSION_LIMIT = 12_000


class OutOfFuel(Exception):
    """The budget for a file is used up."""


class Machine:
    """One evaluation of one module.

    Attributes:
        program: the facts found so far.
        heap: the trail through which all changes go.
        scope: the scope of the code being evaluated.
        loops, path: where in the control flow we are.
        tapes: how many `with tf.GradientTape()` blocks are open.
        assumed: whether we are inside a function that nobody calls.
    """

    def __init__(self, library: Library) -> None:
        self.library = library
        self.program = Program()
        self.heap = Heap()
        self.scope = Scope("module")
        self.frames: list[Frame] = []
        self.loops: tuple[Loop, ...] = ()
        self.path: Path = ()
        self.tapes = 0
        self.assumed = False
        #: What `set_image_data_format` was given: the default of layers made after it.
        self.image_data_format: Value | None = None
        self.functions: list[Function] = []
        self.classes: list[Class] = []
        self.called: set[int] = set()
        #: By the identity of a definition, whether calling it makes a generator.
        self.generators: dict[int, bool] = {}
        self.instantiated: set[int] = set()
        self.stars: list[str] = []
        #: Models within models that are being called.
        self.nesting = 0
        #: Layers and models made so far: tells a loop that builds from a loop that trains.
        self.built = 0
        self._fuel = FUEL
        self._depth = 0

    # Evaluation

    def evaluate(self, node: cst.BaseExpression) -> Value:
        """The value of an expression."""
        handler = EXPRESSIONS.get(type(node))
        if handler is None or self._depth > MAX_DEPTH:
            return Unknown("expression", node=node)
        self._depth += 1
        try:
            return handler(self, node)
        finally:
            self._depth -= 1

    def execute(self, node: cst.CSTNode) -> int:
        """Runs a statement; the answer says how control leaves it (`flow.py`)."""
        handler = STATEMENTS.get(type(node))
        if handler is None or self._depth > MAX_DEPTH:
            return 0
        self.burn()
        position = self.heap.position()
        self._depth += 1
        try:
            return handler(self, node)
        except (OutOfFuel, RecursionError):
            raise
        except Exception as error:  # noqa: BLE001 - one statement must not lose the file
            self.failed(node, error, position)
            return 0
        finally:
            self._depth -= 1

    def failed(self, node: cst.CSTNode, error: Exception, position: tuple[int, int]) -> None:
        """Records that kerlint failed at a statement or call, and takes back what it had begun there."""
        self.heap.restore(position)
        self.program.failures.append((node, error))

    def burn(self, amount: int = 1) -> None:
        """Uses fuel.

        Raises:
            OutOfFuel: there is none left.
        """
        self._fuel -= amount
        if self._fuel < 0:
            raise OutOfFuel

    # Names

    def lookup(self, name: str) -> Value | None:
        """The value of a name; builtins are `builtins.NAME`."""
        found = self.scope.lookup(name)
        if found is not None:
            return found
        for module in reversed(self.stars):
            if self.library.exports(module, name):
                return self.external(f"{module}.{name}")
        return None

    def assign(self, name: str, value: Value) -> None:
        """Binds a name in the scope that owns it."""
        self.heap.write(self.scope.home(name).names, name, value)

    def rebind(self, before: Value, after: Value) -> None:
        """A value is changed in place: every name for it, in the callers too, is one for what it became."""
        aliases.rebind(self, before, after)

    def change_in_place(
        self, before: Array, after: Array, node: cst.CSTNode, spoiled: Callable[[Array], Array] | None = None
    ) -> None:
        """An array is changed in place, and with it what it may be a view of (`aliases.change_in_place`)."""
        aliases.change_in_place(self, before, after, node, spoiled)

    def external(self, name: str, node: cst.CSTNode | None = None) -> External:
        """A library symbol under its canonical name."""
        return External(self.library.canonical(name), node=node)

    # Facts

    def emit(self, event: Event) -> None:
        """Records that something happens here and now."""
        event.order = len(self.program.events)
        event.loops = self.loops
        event.path = self.path
        event.function = self.frames[-1].function if self.frames else None
        event.assumed = self.assumed
        self.program.events.append(event)

    def register(self, made: Object | Model) -> None:
        """Records that a library object or model was made."""
        if isinstance(made, Model):
            self.program.models.append(made)
            self.built += 1
        else:
            self.program.objects.append(made)
            if isinstance(made, Layer):
                self.built += 1

    # Control flow

    @contextmanager
    def inside(self, loop: Loop) -> Iterator[None]:
        """Evaluates something as part of a loop."""
        outer = self.loops
        self.loops = (*outer, loop)
        try:
            yield
        finally:
            self.loops = outer

    @contextmanager
    def arm(self, node: cst.CSTNode, index: int) -> Iterator[None]:
        """Evaluates something as one arm of an unknown condition."""
        outer = self.path
        self.path = (*outer, (node, index))
        try:
            yield
        finally:
            self.path = outer


EXPRESSIONS: dict[type, Callable[[Machine, object], Value]] = {}
STATEMENTS: dict[type, Callable[[Machine, object], int]] = {}


def evaluate_module(module: cst.Module, library: Library) -> Program:
    """Evaluates a module, then what nobody called in it, and returns what it does."""
    from kerlint.program.interpreter import expressions, statements
    from kerlint.program.interpreter.unused import evaluate_unused

    expressions.install(EXPRESSIONS)
    statements.install(STATEMENTS)
    machine = Machine(library)
    machine.scope.names["__name__"] = Const("__main__")
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, _RECURSION_LIMIT))
    try:
        statements.run_block(machine, module.body)
        machine.program.names = dict(machine.scope.names)
        evaluate_unused(machine)
        library.finish(machine)
    except OutOfFuel:
        machine.program.limits.append(f"the program is too large to follow to its end ({FUEL} steps)")
    finally:
        sys.setrecursionlimit(limit)
    return machine.program
