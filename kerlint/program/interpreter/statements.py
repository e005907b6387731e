"""Statements: names, branches and blocks. Loops have their own module."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Sequence as Statements
from typing import Any

from kerlint import syntax
from kerlint.program.events import Discarded
from kerlint.program.heap import ABSENT, Captured
from kerlint.program.interpreter import loops
from kerlint.program.interpreter.assign import assign_target, delete_target
from kerlint.program.interpreter.calls import define_class, define_function
from kerlint.program.interpreter.containers import forget_entries, forget_items, set_entries, set_items
from kerlint.program.interpreter.flow import BREAK, CONTINUE, FALL, RAISE, RETURN
from kerlint.program.interpreter.guards import asks_version
from kerlint.program.interpreter.imports import run_import, run_import_from
from kerlint.program.interpreter.machine import Machine
from kerlint.program.interpreter.operators import operate
from kerlint.program.interpreter.truth import truth_of
from kerlint.program.labels import Step
from kerlint.program.values import Array, Const, Dataset, External, Mapping, Sequence, Unknown, Value

#: Values that a call is made for: a statement that is only such a call loses them.
_DISCARDABLE = frozenset({Array, Dataset, Sequence})
#: Functions after which nothing runs.
_EXITS = frozenset({"sys.exit", "builtins.exit", "builtins.quit", "os._exit"})


def install(table: dict[type, Any]) -> None:
    """Adds the statements to the dispatch table."""
    table.update(
        {
            syntax.Expr: _expression,
            syntax.Assign: _assign,
            syntax.AnnAssign: _annotated,
            syntax.AugAssign: _augmented,
            syntax.Return: _return,
            syntax.Raise: lambda machine, node: _left(machine, RAISE),
            syntax.Break: lambda machine, node: _left(machine, BREAK),
            syntax.Continue: lambda machine, node: _left(machine, CONTINUE),
            syntax.Assert: _assert,
            syntax.Del: _delete,
            syntax.Import: run_import,
            syntax.ImportFrom: run_import_from,
            syntax.Global: _global,
            syntax.Nonlocal: _nonlocal,
            syntax.If: _if,
            syntax.For: loops.run_for,
            syntax.While: loops.run_while,
            syntax.With: _with,
            syntax.Try: _try,
            syntax.Match: _match,
            syntax.FunctionDef: define_function,
            syntax.ClassDef: define_class,
            syntax.Block: _block,
        }
    )


def run_block(machine: Machine, statements: Statements[syntax.Node]) -> int:
    """Runs statements until one of them leaves the block."""
    execute = machine.execute
    for statement in statements:
        flow = execute(statement)
        if flow:
            return flow
    return FALL


def _block(machine: Machine, node: syntax.Block) -> int:
    execute = machine.execute
    for statement in node.body:
        flow = execute(statement)
        if flow:
            return flow
    return FALL


def _expression(machine: Machine, node: syntax.Expr) -> int:
    value = machine.evaluate(node.value)
    call = node.value
    if type(call) is syntax.Call:
        if _leaves(machine, call.func):
            return _left(machine, RAISE)
        # What a function of the program gives was made elsewhere.
        if type(value) in _DISCARDABLE and value.node is call and not machine.tries:
            name = syntax.last_name(call.func)
            first = call.args[0].value if call.args else None
            given = machine.lookup(first.value) if type(first) is syntax.Name else None
            machine.emit(Discarded(node=call, value=value, step=Step(name, call), given=given))
    return FALL


def _leaves(machine: Machine, function: syntax.Expression) -> bool:
    """Whether calling this ends the program: `sys.exit`, `exit`."""
    last = function.attr if type(function) is syntax.Attribute else getattr(function, "value", None)
    if last not in ("exit", "_exit", "quit"):
        return False
    called = machine.evaluate(function)
    return isinstance(called, External) and called.name in _EXITS


def _assign(machine: Machine, node: syntax.Assign) -> int:
    value = machine.evaluate(node.value)
    for target in node.targets:
        assign_target(machine, target, value)
    return FALL


def _annotated(machine: Machine, node: syntax.AnnAssign) -> int:
    if node.value is not None:
        assign_target(machine, node.target, machine.evaluate(node.value))
    return FALL


def _augmented(machine: Machine, node: syntax.AugAssign) -> int:
    old = machine.evaluate(node.target)
    value = operate(machine, node.operator, old, machine.evaluate(node.value), node)
    if isinstance(old, (Sequence, Mapping)):
        value = _changed(machine, old, value)
    if isinstance(old, Array) and isinstance(value, Array):
        value = machine.library.in_place(machine, old, value, node)
    assign_target(machine, node.target, value)
    return FALL


def _changed(machine: Machine, old: Sequence | Mapping, value: Value) -> Value:
    """A list, set or dict after `+=` or the like: it stays the same one, under all its names."""
    if isinstance(old, Mapping):
        if isinstance(value, Mapping):
            set_entries(machine, old, value.entries, is_open=value.open)
        else:
            forget_entries(machine, old)
        return old
    if old.kind == "tuple":
        return value
    if isinstance(value, Sequence):
        set_items(machine, old, value.items)
    elif isinstance(value, Unknown):
        forget_items(machine, old)
    else:
        # A list that is added to an array of a library makes another array.
        return value
    return old


def _return(machine: Machine, node: syntax.Return) -> int:
    value: Value = machine.evaluate(node.value) if node.value is not None else Const(None, node=node)
    if machine.in_callbacks and not machine.sure:
        machine.leaves += 1
    if machine.frames:
        machine.frames[-1].returns.append(value)
    return RETURN


def _left(machine: Machine, flow: int) -> int:
    """`raise`, `break`, `continue`: what stands behind them in the function may not be reached."""
    if machine.in_callbacks and not machine.sure:
        machine.leaves += 1
    if machine.frames:
        machine.frames[-1].left = True
    return flow


def _assert(machine: Machine, node: syntax.Assert) -> int:
    machine.evaluate(node.test)
    return FALL


def _delete(machine: Machine, node: syntax.Del) -> int:
    for target in node.targets:
        parts = target.elements if isinstance(target, syntax.Tuple) else [target]
        for part in parts:
            delete_target(machine, part)
    return FALL


def _global(machine: Machine, node: syntax.Global) -> int:
    machine.scope.declared_global |= frozenset(node.names)
    return FALL


def _nonlocal(machine: Machine, node: syntax.Nonlocal) -> int:
    machine.scope.declared_nonlocal |= frozenset(node.names)
    return FALL


def _if(machine: Machine, node: syntax.If) -> int:
    test = machine.evaluate(node.test)
    known = truth_of(test)
    if known is True:
        return machine.execute(node.body)
    if known is False:
        return _orelse(machine, node)
    heap, outer = machine.heap, machine.guarded
    machine.guarded = outer or asks_version(machine, node.test, test)
    flow, first = run_arm(machine, node, 0, lambda: machine.execute(node.body))
    other, second = run_arm(machine, node, 1, lambda: _orelse(machine, node))
    machine.guarded = outer
    if flow == FALL and other == FALL:
        heap.merge(first, second)
        return FALL
    if machine.in_callbacks:
        # The next method of the callback finds what this one has changed, wherever it was left.
        heap.merge(first, second)
        return FALL if FALL in (flow, other) or flow != other else flow
    if flow == FALL:
        heap.apply(first)
        return FALL
    heap.apply(second)
    return other if flow == other or other == FALL else FALL


def run_arm(machine: Machine, node: syntax.Node, index: int, run: Callable[[], int]) -> tuple[int, Captured]:
    """Runs one arm of an unknown condition and takes it back: how it ends, and what it changes.

    What happens to models and layers that the arm makes itself stays: there is no other arm that has them.
    """
    heap = machine.heap
    mark, births = heap.mark(), machine.births
    outer = machine.path
    machine.path = (*outer, (node, index))
    try:
        flow = run()
    finally:
        machine.path = outer
    changes = heap.capture(mark)
    heap.undo(mark)
    born = machine.born_since(births)
    heap.apply({slot: change for slot, change in changes.items() if slot[0] in born})
    return flow, {slot: change for slot, change in changes.items() if slot[0] not in born}


def _orelse(machine: Machine, node: syntax.If) -> int:
    if node.orelse is None:
        return FALL
    return machine.execute(node.orelse)


def _with(machine: Machine, node: syntax.With) -> int:
    tapes, tries = machine.tapes, machine.tries
    for item in node.items:
        manager = machine.evaluate(item.item)
        expects_failure = _expects_failure(item.item)
        machine.tries += expects_failure
        machine.leaves += expects_failure
        bound = machine.library.enter(machine, manager, item.item)
        if item.asname is not None:
            assign_target(machine, item.asname, bound)
    try:
        return machine.execute(node.body)
    finally:
        machine.tapes, machine.tries = tapes, tries


#: What is written around something that may fail, or has to: `with pytest.raises(ValueError)`.
_EXPECTING = frozenset({"raises", "assertRaises", "assertRaisesRegex", "suppress"})


def _expects_failure(manager: syntax.Expression) -> bool:
    return isinstance(manager, syntax.Call) and syntax.last_name(manager.func) in _EXPECTING


def _try(machine: Machine, node: syntax.Try) -> int:
    """The body as it stands; handlers only for their facts and for names that the body does not make."""
    heap = machine.heap
    machine.tries += bool(node.handlers)
    machine.leaves += bool(node.handlers)
    try:
        flow = machine.execute(node.body)
    finally:
        machine.tries -= bool(node.handlers)
    if flow == FALL and node.orelse is not None:
        flow = machine.execute(node.orelse)
    for index, handler in enumerate(node.handlers):
        mark = heap.mark()
        with machine.arm(handler, index + 1):
            if handler.name is not None:
                assign_target(machine, handler.name, Unknown("exception", node=handler))
            handled = machine.execute(handler.body)
        changes = heap.capture(mark)
        heap.undo(mark)
        if flow == RAISE and handled == FALL:
            heap.apply(changes)
            flow = FALL
        elif handled == FALL:
            heap.apply(
                {
                    slot: change
                    for slot, change in changes.items()
                    if change[0].get(change[1], ABSENT) is ABSENT or isinstance(change[0][change[1]], Unknown)
                }
            )
    if node.finalbody is not None:
        last = machine.execute(node.finalbody)
        flow = last or flow
    return flow


def _match(machine: Machine, node: syntax.Match) -> int:
    from kerlint.program.interpreter.matching import run_match

    return run_match(machine, node)
