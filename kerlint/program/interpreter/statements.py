"""Statements: names, branches and blocks. Loops have their own module."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Sequence as Statements
from typing import Any

import libcst as cst

from kerlint.program.events import Discarded
from kerlint.program.heap import ABSENT, Captured
from kerlint.program.interpreter import loops
from kerlint.program.interpreter.assign import assign_target, delete_target
from kerlint.program.interpreter.calls import define_class, define_function
from kerlint.program.interpreter.flow import BREAK, CONTINUE, FALL, RAISE, RETURN
from kerlint.program.interpreter.guards import asks_version
from kerlint.program.interpreter.imports import dotted, run_import, run_import_from
from kerlint.program.interpreter.machine import Machine
from kerlint.program.interpreter.operators import AUGMENTED, operate
from kerlint.program.interpreter.truth import truth_of
from kerlint.program.labels import Step
from kerlint.program.values import Array, Const, Dataset, External, Sequence, Unknown, Value

#: Values that a call is made for: a statement that is only such a call loses them.
_DISCARDABLE = frozenset({Array, Dataset, Sequence})
#: Functions after which nothing runs.
_EXITS = frozenset({"sys.exit", "builtins.exit", "builtins.quit", "os._exit"})


def install(table: dict[type, Any]) -> None:
    """Adds the statements to the dispatch table."""
    table.update(
        {
            cst.SimpleStatementLine: _line,
            cst.SimpleStatementSuite: _line,
            cst.Expr: _expression,
            cst.Assign: _assign,
            cst.AnnAssign: _annotated,
            cst.AugAssign: _augmented,
            cst.Return: _return,
            cst.Raise: lambda machine, node: RAISE,
            cst.Break: lambda machine, node: BREAK,
            cst.Continue: lambda machine, node: CONTINUE,
            cst.Assert: _assert,
            cst.Del: _delete,
            cst.Import: run_import,
            cst.ImportFrom: run_import_from,
            cst.Global: _global,
            cst.Nonlocal: _nonlocal,
            cst.If: _if,
            cst.For: loops.run_for,
            cst.While: loops.run_while,
            cst.With: _with,
            cst.Try: _try,
            cst.TryStar: _try,
            cst.Match: _match,
            cst.FunctionDef: define_function,
            cst.ClassDef: define_class,
            cst.IndentedBlock: _block,
        }
    )


def run_block(machine: Machine, statements: Statements[cst.CSTNode]) -> int:
    """Runs statements until one of them leaves the block."""
    execute = machine.execute
    for statement in statements:
        if type(statement) is cst.SimpleStatementLine:
            # Nearly always one statement: it needs no step of its own.
            for small in statement.body:
                flow = execute(small)
                if flow:
                    return flow
            continue
        flow = execute(statement)
        if flow:
            return flow
    return FALL


def _block(machine: Machine, node: cst.IndentedBlock) -> int:
    return run_block(machine, node.body)


def _line(machine: Machine, node: cst.SimpleStatementLine | cst.SimpleStatementSuite) -> int:
    return run_block(machine, node.body)


def _expression(machine: Machine, node: cst.Expr) -> int:
    value = machine.evaluate(node.value)
    call = node.value
    if type(call) is cst.Call:
        if _leaves(machine, call.func):
            return RAISE
        # What a function of the program gives was made elsewhere.
        if type(value) in _DISCARDABLE and value.node is call and not machine.tries:
            name = dotted(call.func).rpartition(".")[2]
            first = call.args[0].value if call.args else None
            given = machine.lookup(first.value) if type(first) is cst.Name else None
            machine.emit(Discarded(node=call, value=value, step=Step(name, call), given=given))
    return FALL


def _leaves(machine: Machine, function: cst.BaseExpression) -> bool:
    """Whether calling this ends the program: `sys.exit`, `exit`."""
    last = function.attr.value if type(function) is cst.Attribute else getattr(function, "value", None)
    if last not in ("exit", "_exit", "quit"):
        return False
    called = machine.evaluate(function)
    return isinstance(called, External) and called.name in _EXITS


def _assign(machine: Machine, node: cst.Assign) -> int:
    value = machine.evaluate(node.value)
    for target in node.targets:
        assign_target(machine, target.target, value)
    return FALL


def _annotated(machine: Machine, node: cst.AnnAssign) -> int:
    if node.value is not None:
        assign_target(machine, node.target, machine.evaluate(node.value))
    return FALL


def _augmented(machine: Machine, node: cst.AugAssign) -> int:
    old = machine.evaluate(node.target)
    value = operate(machine, AUGMENTED[type(node.operator)], old, machine.evaluate(node.value), node)
    if isinstance(old, Array) and isinstance(value, Array):
        value = machine.library.in_place(machine, old, value, node)
    assign_target(machine, node.target, value)
    return FALL


def _return(machine: Machine, node: cst.Return) -> int:
    value: Value = machine.evaluate(node.value) if node.value is not None else Const(None, node=node)
    if machine.frames:
        machine.frames[-1].returns.append(value)
    return RETURN


def _assert(machine: Machine, node: cst.Assert) -> int:
    machine.evaluate(node.test)
    return FALL


def _delete(machine: Machine, node: cst.Del) -> int:
    targets = (
        [element.value for element in node.target.elements] if isinstance(node.target, cst.Tuple) else [node.target]
    )
    for target in targets:
        delete_target(machine, target)
    return FALL


def _global(machine: Machine, node: cst.Global) -> int:
    machine.scope.declared_global.update(item.name.value for item in node.names)
    return FALL


def _nonlocal(machine: Machine, node: cst.Nonlocal) -> int:
    machine.scope.declared_nonlocal.update(item.name.value for item in node.names)
    return FALL


def _if(machine: Machine, node: cst.If) -> int:
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
    if flow == FALL:
        heap.apply(first)
        return FALL
    heap.apply(second)
    return other if flow == other or other == FALL else FALL


def run_arm(machine: Machine, node: cst.CSTNode, index: int, run: Callable[[], int]) -> tuple[int, Captured]:
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


def _orelse(machine: Machine, node: cst.If) -> int:
    if node.orelse is None:
        return FALL
    if type(node.orelse) is cst.If:
        return machine.execute(node.orelse)
    return machine.execute(node.orelse.body)


def _with(machine: Machine, node: cst.With) -> int:
    tapes, tries = machine.tapes, machine.tries
    for item in node.items:
        manager = machine.evaluate(item.item)
        machine.tries += _expects_failure(item.item)
        bound = machine.library.enter(machine, manager, item.item)
        if item.asname is not None:
            assign_target(machine, item.asname.name, bound)
    try:
        return machine.execute(node.body)
    finally:
        machine.tapes, machine.tries = tapes, tries


#: What is written around something that may fail, or has to: `with pytest.raises(ValueError)`.
_EXPECTING = frozenset({"raises", "assertRaises", "assertRaisesRegex", "suppress"})


def _expects_failure(manager: cst.BaseExpression) -> bool:
    function = manager.func if isinstance(manager, cst.Call) else None
    name = function.attr if isinstance(function, cst.Attribute) else function
    return isinstance(name, cst.Name) and name.value in _EXPECTING


def _try(machine: Machine, node: cst.Try | cst.TryStar) -> int:
    """The body as it stands; handlers only for their facts and for names that the body does not make."""
    heap = machine.heap
    machine.tries += bool(node.handlers)
    try:
        flow = machine.execute(node.body)
    finally:
        machine.tries -= bool(node.handlers)
    if flow == FALL and node.orelse is not None:
        flow = machine.execute(node.orelse.body)
    handlers: Statements[cst.ExceptHandler | cst.ExceptStarHandler] = node.handlers
    for index, handler in enumerate(handlers):
        mark = heap.mark()
        with machine.arm(handler, index + 1):
            if handler.name is not None:
                assign_target(machine, handler.name.name, Unknown("exception", node=handler))
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
        last = machine.execute(node.finalbody.body)
        flow = last or flow
    return flow


def _match(machine: Machine, node: cst.Match) -> int:
    from kerlint.program.interpreter.matching import run_match

    return run_match(machine, node)
