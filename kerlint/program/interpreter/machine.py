"""The state of an evaluation and its dispatch over node types.

The interpreter never fails a file: what it cannot do is `Unknown`, and what it never
should do (recursion, loop bombs) is bounded by the budgets below.
"""

from __future__ import annotations

import builtins
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from kerlint import syntax
from kerlint.program.bindings import Bindings
from kerlint.program.events import Event, Fit, Mismatch
from kerlint.program.facts import Program
from kerlint.program.heap import Heap
from kerlint.program.interpreter import aliases
from kerlint.program.library import Library
from kerlint.program.modules import Module, Modules
from kerlint.program.scope import Loop, Path, Scope
from kerlint.program.values import Array, Class, Const, External, Function, Layer, Model, Object, Tensor, Unknown, Value

if TYPE_CHECKING:
    from kerlint.program.interpreter.calls import Frame
    from kerlint.program.interpreter.traces import Trace

#: Statements and calls evaluated for one file before everything else stays unknown.
FUEL = 60_000
#: Likewise for all that runs when the user's other modules are imported, so that they leave the file its own fuel.
MODULE_FUEL = 30_000
#: What callbacks and plans of learning rates may use of all training calls together.
CALLBACK_FUEL = 30_000
#: How deep the program's own functions are followed.
MAX_CALL_DEPTH = 16
#: How deep expressions and blocks may nest.
MAX_DEPTH = 180
#: Passes of a loop that are evaluated one by one.
MAX_UNROLLED = 64
#: Names of libraries that are longer are not noted: a loop may make them grow.
_LONGEST_NAME = 200
#: Python frames needed for the budgets above.
_RECURSION_LIMIT = 12_000


#: Names that stand for something without a binding.
_PYTHON = frozenset(dir(builtins))


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
        main: the scope of the file itself.
        loaded: the user's other modules by their path, and the file itself.
        importing: how many of them are being evaluated, each imported by the one before.
        entry: the call in the file through which another module's function has been reached.
        tries: how many bodies of `try` with handlers we are in.
        guarded: whether we are in an arm for one version of a library (`guards.py`).
        may_ask: whether the file, or a module that it imports, can ask for a version at all.
    """

    def __init__(self, library: Library, modules: Modules | None = None) -> None:
        self.library = library
        self.modules = modules
        self.program = Program()
        self.heap = Heap()
        self.main = self.scope = Scope("module", names={"__name__": Const("__main__")})
        self.loaded: dict[str, Module] = {}
        if modules is not None:
            self.main.file = modules.own
            self.loaded[modules.own.path] = Module(modules.own, self.main)
        self.importing = 0
        self.entry: syntax.Node | None = None
        self.tries = 0
        self.guarded = False
        self.may_ask = True
        self.frames: list[Frame] = []
        self.loops: tuple[Loop, ...] = ()
        self.path: Path = ()
        self.tapes = 0
        #: Operands of `and` and `or`, and elements of comprehensions, being evaluated that may not be reached.
        self.doubts = 0
        #: Whether callbacks of the program are being followed.
        self.in_callbacks = False
        #: While they are, how often they came to a place that they may not have got past.
        self.leaves = 0
        #: Fuel that is left for what training calls run of the program; none of it is taken from the program itself.
        self.callback_fuel = CALLBACK_FUEL
        #: By identity, a None that stands for a number which `logs` do not have, with the event if it is made use of.
        self.missed: dict[int, tuple[Value, Event]] = {}
        #: By identity, numbers that `fit` logs and that are shares of 1, with the training call.
        self.shares: dict[int, tuple[Value, Fit]] = {}
        #: What of the code being evaluated is being traced, outermost first.
        self.traces: list[Trace] = []
        self.assumed = False
        #: What `set_image_data_format` was given: the default of layers made after it.
        self.image_data_format: Value | None = None
        self.functions: list[Function] = []
        self.classes: list[Class] = []
        self.called: set[int] = set()
        #: How often functions that call themselves have been followed deeper.
        self.recursions = 0
        #: By the identity of a definition, whether calling it makes a generator.
        self.generators: dict[int, bool] = {}
        #: By their identity, so that it stays their own.
        self.instantiated: dict[int, Class] = {}
        #: By the attribute that spells it, a symbol of a library, with what it was read from and for which program.
        self.symbols: dict[syntax.Node, tuple[Value, Program, External]] = {}
        #: Objects of the program that give batches, by identity and what they hold, as datasets.
        self.batches: dict[object, tuple[tuple[Value, ...], Value]] = {}
        #: What functions gave whose results are kept (`functools.lru_cache`), by the call.
        self.kept: dict[object, Value] = {}
        #: The library function that is called, as the program has its name.
        self.spelled = ""
        #: Models within models that are being called.
        self.nesting = 0
        #: Models that the program has saved, by the name of the file, or by the path as a value.
        self.saved: dict[object, Model] = {}
        #: Calls of layers and models of the program that are being followed.
        self.inside_call = 0
        #: Whether a loss function of the program is being followed.
        self.inside_loss = False
        #: How many automatic names of each kind have been given.
        self.name_counts: dict[str, int] = {}
        #: Layers and models made so far: tells a loop that builds from a loop that trains.
        self.built = 0
        #: How often lists and dicts were filled with more than numbers: tells a loop that makes a configuration.
        self.filled = 0
        #: Tensors by the names that nothing has read them by so far.
        self.unread = Bindings()
        self.fuel = FUEL
        self._other_fuel = MODULE_FUEL
        #: How deep expressions and blocks nest where we are.
        self.depth = 0

    # Evaluation

    def evaluate(self, node: syntax.Expression) -> Value:
        """The value of an expression."""
        kind = type(node)
        if kind is syntax.Name:
            # Two in five expressions are names, and most of those are of the scope at hand.
            found = self.scope.names.get(node.value)  # type: ignore[attr-defined]
            if found is not None and type(found) is not Tensor:
                return found
        handler = EXPRESSIONS.get(kind)
        depth = self.depth
        if handler is None or (depth > MAX_DEPTH and kind not in LEAVES):
            return Unknown("expression", node=node)
        # Who catches an exception on the way puts the depth back: that is cheaper than to do so at each expression.
        self.depth = depth + 1
        value = handler(self, node)
        self.depth = depth
        return value

    def execute(self, node: syntax.Node) -> int:
        """Runs a statement; the answer says how control leaves it (`flow.py`)."""
        handler = STATEMENTS.get(type(node))
        depth = self.depth
        if handler is None or depth > MAX_DEPTH:
            return 0
        self.fuel -= 1
        if self.fuel < 0:
            raise OutOfFuel
        heap = self.heap
        length, marks = len(heap.trail), heap.marks
        self.depth = depth + 1
        try:
            return handler(self, node)
        except (OutOfFuel, RecursionError):
            raise
        except Exception as error:  # noqa: BLE001 - one statement must not lose the file
            self.failed(node, error, (length, marks))
            return 0
        finally:
            self.depth = depth

    def failed(self, node: syntax.Node, error: Exception, position: tuple[int, int]) -> None:
        """Records that kerlint failed at a statement or call, and takes back what it had begun there."""
        self.heap.restore(position)
        self.program.failures.append((node, error))

    def burn(self, amount: int = 1) -> None:
        """Uses fuel.

        Raises:
            OutOfFuel: there is none left.
        """
        self.fuel -= amount
        if self.fuel < 0:
            raise OutOfFuel

    # Names

    def lookup(self, name: str) -> Value | None:
        """The value of a name; builtins are `builtins.NAME`."""
        found = self.scope.lookup(name)
        if found is not None:
            if type(found) is Tensor:
                self.unread.read(found)
            return found
        module = self.scope.module
        if module.stars:
            brought = self.from_stars(module, name)
            if brought is not None:
                return brought
        return self._never_bound(name) if module is self.main and name not in _PYTHON else None

    def _never_bound(self, name: str) -> External | None:
        """The symbol of a name that stands in the file without an import."""
        symbol = self.library.unbound(name, self.main.stars)
        return self.external(symbol) if symbol is not None else None

    def from_stars(self, scope: Scope, name: str) -> External | None:
        """The symbol that `from library import *` brings under this name."""
        for module in reversed(scope.stars):
            if self.library.exports(module, name):
                return self.external(f"{module}.{name}")
        return None

    def assign(self, name: str, value: Value) -> None:
        """Binds a name in the scope that owns it."""
        if type(value) is Model:
            self.call_model_by(name, value)
        elif type(value) is Object:
            value.state.setdefault("variable", name)
        elif type(value) is Tensor and not name.startswith("_") and self.at_home:
            sure = self.certain and not self.assumed and all(loop.unrolled for loop in self.loops)
            self.unread.bind(name, value, sure=sure)
        scope = self.scope
        if scope.declared_global or scope.declared_nonlocal:
            scope = scope.home(name)
        self.heap.write(scope.names, name, value)

    def call_model_by(self, name: str, model: Model) -> None:
        """Remembers the outermost variable that held a model first."""
        depth = len(self.frames)
        known = model.state.get("variable")
        if known is None or known[0] > depth:
            model.state["variable"] = (depth, name)

    def rebind(self, before: Value, after: Value) -> None:
        """A value is changed in place: every name for it, in the callers too, is one for what it became."""
        aliases.rebind(self, before, after)

    def change_in_place(
        self, before: Array, after: Array, node: syntax.Node, spoiled: Callable[[Array], Array] | None = None
    ) -> None:
        """An array is changed in place, and with it what it may be a view of (`aliases.change_in_place`)."""
        aliases.change_in_place(self, before, after, node, spoiled)

    def external(self, name: str, node: syntax.Node | None = None) -> External:
        """A library symbol under its canonical name."""
        one = self.library.canonical(name)
        return External(one, "" if one == name else name, node=node)

    # Facts

    def emit(self, event: Event) -> None:
        """Records that something happens here and now."""
        if self.tries and isinstance(event, Mismatch):
            # The program expects that this may fail.
            return
        event.order = len(self.program.events)
        event.loops = self.loops
        event.path = self.path
        event.function = self.frames[-1].function if self.frames else None
        event.assumed = self.assumed
        event.tried = self.tries > 0 or self.guarded
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

    @property
    def births(self) -> tuple[int, int]:
        """How many models and library objects there are, for `born_since`."""
        return len(self.program.models), len(self.program.objects)

    def born_since(self, births: tuple[int, int]) -> set[int]:
        """The states of the models and library objects that were made since, by identity."""
        models, objects = births
        return {id(made.state) for made in (*self.program.models[models:], *self.program.objects[objects:])}

    @property
    def at_home(self) -> bool:
        """Whether the code being evaluated stands in the file itself."""
        return self.scope.module is self.main

    @property
    def certain(self) -> bool:
        """Whether nothing that is known of decides if the code being evaluated runs to its end."""
        return not self.path and not self.tries

    @property
    def sure(self) -> bool:
        """Whether the code being evaluated is reached at each call of the functions that we are in."""
        if self.path or self.tries or self.doubts or not all(loop.unrolled for loop in self.loops):
            return False
        return not any(frame.returns or frame.left for frame in self.frames)

    def note_import(self, name: str, node: syntax.Node) -> None:
        """Records that a library is imported."""
        if self.certain and len(name) < _LONGEST_NAME:
            self.program.used.imports.add(name)
            self._note_place(name, node)

    def note_symbol(self, name: str, node: syntax.Node) -> None:
        """Records that a symbol of a library is spelt out."""
        symbols = self.program.used.symbols
        if name not in symbols and not self.path and not self.tries and len(name) < _LONGEST_NAME:
            symbols.add(name)
            self._note_place(name, node)

    def _note_place(self, name: str, node: syntax.Node) -> None:
        if "keras" in name:
            self.program.mentions.setdefault(name, node)

    def enter(self, function: Function, node: syntax.Node | None) -> None:
        """A function is called: for one of another module, the call in the file that led here is recorded."""
        if function.scope.module is self.main:
            return
        if self.entry is None:
            self.entry = node
        if self.entry is not None and function.node is not None:
            entry = self.program.entries.setdefault(id(function.node), (function.node, {}))
            entry[1][id(self.entry)] = self.entry

    # Control flow

    @contextmanager
    def elsewhere(self, module: Module) -> Iterator[None]:
        """Evaluates something as the top level of another module: what happens there is no fact of this file."""
        outer = {name: getattr(self, name) for name in _AFRESH}
        program, scope, frames = self.program, self.scope, self.frames
        if not self.importing:
            self.fuel, self._other_fuel = self._other_fuel, self.fuel
        self.importing += 1
        vars(self).update(_AFRESH, program=Program(), scope=module.scope, frames=[])
        try:
            yield
        finally:
            apart = self.program
            vars(self).update(outer, program=program, scope=scope, frames=frames)
            self.importing -= 1
            if not self.importing:
                self.fuel, self._other_fuel = self._other_fuel, self.fuel
            program.add_module(module, apart)

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
    def arm(self, node: syntax.Node, index: int) -> Iterator[None]:
        """Evaluates something as one arm of an unknown condition."""
        outer = self.path
        self.path = (*outer, (node, index))
        try:
            yield
        finally:
            self.path = outer


#: What the top level of a module starts with, wherever it is imported.
_AFRESH: dict[str, object] = {
    "loops": (),
    "path": (),
    "tapes": 0,
    "assumed": False,
    "entry": None,
    "tries": 0,
    "guarded": False,
    "nesting": 0,
    "inside_call": 0,
    "depth": 0,
}

#: Expressions with none inside them.
LEAVES = frozenset({syntax.Name, syntax.Constant})
EXPRESSIONS: dict[type, Callable[[Machine, object], Value]] = {}
STATEMENTS: dict[type, Callable[[Machine, object], int]] = {}


#: Is told an expression and its value.
Watch = Callable[[syntax.Expression, Value], None]


class _Watched(Machine):
    """A machine that tells what every expression evaluates to: for editors, not for rules."""

    def __init__(self, library: Library, modules: Modules | None, watch: Watch) -> None:
        super().__init__(library, modules)
        self._watch = watch

    def evaluate(self, node: syntax.Expression) -> Value:
        value = super().evaluate(node)
        self._watch(node, value)
        return value


def evaluate_module(
    module: syntax.Module, library: Library, modules: Modules | None = None, watch: Watch | None = None
) -> Program:
    """Evaluates a module, then what nobody called in it, and returns what it does."""
    from kerlint.program.interpreter import expressions, guards, statements
    from kerlint.program.interpreter.unused import evaluate_unused

    expressions.install(EXPRESSIONS)
    statements.install(STATEMENTS)
    machine = Machine(library, modules) if watch is None else _Watched(library, modules, watch)
    machine.program.module = module
    machine.may_ask = guards.may_ask(module)
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, _RECURSION_LIMIT))
    try:
        statements.run_block(machine, module.body)
        machine.program.names = dict(machine.scope.names)
        evaluate_unused(machine)
        library.finish(machine)
        machine.program.unread = machine.unread.left()
    except OutOfFuel:
        machine.program.limits.append(f"the program is too large to follow to its end ({FUEL} steps)")
    finally:
        sys.setrecursionlimit(limit)
    return machine.program
