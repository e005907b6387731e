"""Lists that loops fill with one label after the other: all rows of a class stand together.

`for number, folder in enumerate(folders): for file in listdir(folder): labels.append(number)` does, and so do two
loops, one after the other, of which each appends a number of its own.
"""

from __future__ import annotations

from kerlint import syntax
from kerlint.program.constants import NOTHING, constant
from kerlint.program.interpreter.assign import assigned_names
from kerlint.program.interpreter.containers import MIXED, RUNS
from kerlint.program.interpreter.machine import Machine
from kerlint.program.scope import Loop
from kerlint.program.values import Sequence, Value

#: What gives each of its items once.
_ONCE = frozenset({"listdir", "sorted", "range", "glob", "iglob", "iterdir", "scandir", "unique", "set"})

Run = tuple[str, object]


def note_append(machine: Machine, receiver: Sequence, value: Value, node: syntax.Node) -> dict[object, object]:
    """What has filled the list, after `receiver.append(value)`."""
    before = receiver.state.get(RUNS) or {}
    if MIXED in before or (receiver.items and not before):
        return {MIXED: True}
    run = _run(machine, value, node)
    return {MIXED: True} if run is None else {**before, (id(machine.loops[-1]), run): machine.loops[-1]}


def stand_together(value: Sequence) -> bool:
    """Whether equal items of the list stand together, and there are several different ones."""
    runs = value.state.get(RUNS)
    if not runs or MIXED in runs:
        return False
    kinds = {run for _, run in runs}
    loops = {loop for loop, _ in runs}
    if all(kind == "outer" for kind, _ in kinds):
        return len(kinds) == 1
    # Each loop its own number, and each number its own loop.
    return all(kind == "number" for kind, _ in kinds) and len(kinds) > 1 and len(kinds) == len(loops) == len(runs)


def _run(machine: Machine, value: Value, node: syntax.Node) -> Run | None:
    """What the innermost loop appends in all of its passes; None if that is not known to be the same."""
    loops = machine.loops
    if not loops or loops[-1].unrolled or not isinstance(node, syntax.Call) or len(node.args) != 1:
        return None
    inner = loops[-1].node
    known = constant(value)
    if known is not NOTHING and all(loop.unrolled for loop in loops[:-1]):
        return ("number", known) if isinstance(known, (int, str)) and isinstance(inner, syntax.For) else None
    outer = loops[-2].node if len(loops) > 1 else None
    if not isinstance(inner, syntax.For) or not isinstance(outer, syntax.For) or any(_is_plain(x) for x in loops[:-2]):
        return None
    filled = node.func.value if isinstance(node.func, syntax.Attribute) else None
    if isinstance(filled, syntax.Name) and filled.value in assigned_names(outer):
        return None
    changed = {*assigned_names(inner), *_names(inner.target)}
    return ("outer", id(outer)) if _tells_passes_apart(node.args[0].value, outer, changed) else None


def _is_plain(loop: Loop) -> bool:
    """Whether the loop may fill the list again from the first class on."""
    return loop.count != 1


def _names(target: syntax.Node) -> set[str]:
    if isinstance(target, syntax.Name):
        return {target.value}
    parts = target.elements if isinstance(target, (syntax.Tuple, syntax.List)) else []
    return {name for part in parts for name in _names(part)}


def _tells_passes_apart(label: syntax.Node, loop: syntax.For, changed: set[str], depth: int = 2) -> bool:
    """Whether an expression has another value in each pass of a loop, and the same all through one pass."""
    if isinstance(label, syntax.Call):
        item = label.args[0].value if len(label.args) == 1 else None
        if isinstance(label.func, syntax.Attribute) and label.func.attr == "index":
            # A list is asked for a place only where it has each item once.
            names = _names(item) if isinstance(item, syntax.Name) else set()
            return bool(names) and names == _names(loop.target) and not names & changed
        is_number = isinstance(label.func, syntax.Name) and label.func.value == "int"
        return item is not None and is_number and _tells_passes_apart(item, loop, changed, depth)
    if not isinstance(label, syntax.Name) or label.value in changed:
        return False
    target = loop.target
    if isinstance(target, syntax.Tuple) and target.elements:
        number, is_counted = target.elements[0], _called(loop.iter) == "enumerate"
        if is_counted and isinstance(number, syntax.Name) and number.value == label.value:
            return True
    if isinstance(target, syntax.Name) and target.value == label.value:
        return _called(loop.iter) in _ONCE
    return depth > 0 and _is_set_apart(label.value, loop, changed, depth)


def _is_set_apart(name: str, loop: syntax.For, changed: set[str], depth: int) -> bool:
    """Whether the body of the loop gives the name another value in each pass."""
    given = [
        one
        for one in loop.body.body
        if (isinstance(one, syntax.Assign) and any(name in _names(target) for target in one.targets))
        or (isinstance(one, syntax.AugAssign) and name in _names(one.target))
    ]
    if len(given) != 1:
        return False
    one = given[0]
    if isinstance(one, syntax.AugAssign):
        return one.operator.startswith("+") and isinstance(one.value, syntax.Constant)
    return isinstance(one, syntax.Assign) and _tells_passes_apart(one.value, loop, changed, depth - 1)


def _called(node: syntax.Node) -> str:
    """The last part of the name of what is called: `listdir`."""
    func = node.func if isinstance(node, syntax.Call) else None
    return func.attr if isinstance(func, syntax.Attribute) else func.value if isinstance(func, syntax.Name) else ""
