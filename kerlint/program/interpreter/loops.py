"""`for`, `while` and comprehensions.

A loop over something known and small is evaluated pass by pass; any other once, for all
passes: names that its body assigns are unknown on entry, and what it changed is widened.
"""

from __future__ import annotations

from collections.abc import Callable

from kerlint import syntax
from kerlint.program.constants import NOTHING, constant
from kerlint.program.events import ApplyGradients, Fit, Forward, LabelsRead, LossCall
from kerlint.program.heap import ABSENT, common, widen
from kerlint.program.interpreter.assign import assign_target, assigned_names
from kerlint.program.interpreter.containers import set_of
from kerlint.program.interpreter.enumerations import members_of
from kerlint.program.interpreter.fields import tuple_items
from kerlint.program.interpreter.flow import BREAK, CONTINUE, FALL, RAISE, RETURN
from kerlint.program.interpreter.machine import MAX_DEPTH, MAX_UNROLLED, Machine
from kerlint.program.interpreter.truth import truth_of
from kerlint.program.iterators import iterator, take
from kerlint.program.scope import Loop
from kerlint.program.values import (
    Array,
    Const,
    Dataset,
    Gap,
    Layer,
    Mapping,
    Model,
    Object,
    OneOf,
    Sequence,
    Unknown,
    Value,
    list_of,
    mapping_of,
)

#: Layers of one model that a loop goes over one by one.
MAX_LAYERS = 1_500
#: Steps after which a loop that has made no layer and no model is not unrolled further, and how many it may take if
#: it fills lists or dicts with what is known.
MAX_FRUITLESS = 25
MAX_FILLING = 100
_TRAINING = (Fit, ApplyGradients, Forward, LossCall)


def run_for(machine: Machine, node: syntax.For) -> int:
    """A `for` statement."""
    iterable = machine.evaluate(node.iter)
    items = known_items(iterable)
    if items is not None and (len(items) <= MAX_UNROLLED or _are_layers(items)):
        take(machine, iterable, partly=True)
        flow = _unrolled(machine, node, items)
        if flow == FALL:
            take(machine, iterable)
    else:
        count = len(items) if items is not None else None
        element = machine.library.element(machine, iterable, node.iter)
        over = iterable.args.get("over", iterable) if isinstance(iterable, Object) else iterable
        loop = Loop(node, count, False, over=over)
        take(machine, iterable, partly=True)
        flow = _once(machine, node, loop, lambda: assign_target(machine, node.target, element))
    if flow in (RETURN, RAISE):
        return flow
    if node.orelse is not None and flow != BREAK:
        return machine.execute(node.orelse)
    return FALL


def run_while(machine: Machine, node: syntax.While) -> int:
    """A `while` statement: its body once, for any number of passes."""
    if truth_of(machine.evaluate(node.test)) is False:
        return FALL
    flow = _once(machine, node, Loop(node, None, False), lambda: None)
    return flow if flow in (RETURN, RAISE) else FALL


def _are_layers(items: tuple[Value, ...]) -> bool:
    """Whether the loop goes over the layers of a large model: what it does to each counts."""
    return len(items) <= MAX_LAYERS and bool(items) and all(_holds_layer(item) for item in items)


def _holds_layer(item: Value) -> bool:
    """Whether the item of a loop is a layer, or has one beside it: `enumerate(model.layers)`."""
    parts = item.items if isinstance(item, Sequence) and item.kind == "tuple" else (item,)
    return any(isinstance(part, (Layer, Model)) for part in parts[:4])


def known_items(iterable: Value) -> tuple[Value, ...] | None:
    """What a loop over the value gives, if all of it is known."""
    if isinstance(iterable, Sequence):
        return iterable.exact
    if isinstance(iterable, Mapping) and not iterable.open:
        return tuple(Const(key, node=iterable.node) for key in iterable.entries)
    if isinstance(iterable, Const) and isinstance(iterable.value, str) and len(iterable.value) <= MAX_UNROLLED:
        return tuple(Const(character, node=iterable.node) for character in iterable.value)
    if isinstance(iterable, Array):
        # A frame gives the names of its columns.
        return None if iterable.fields is None else tuple(Const(key, node=iterable.node) for key, _ in iterable.fields)
    return tuple_items(iterable) or members_of(iterable)


def _unrolled(machine: Machine, node: syntax.For, items: tuple[Value, ...]) -> int:
    loop = Loop(node, len(items), True)
    fuel, made, filled = machine.fuel, machine.built, machine.filled
    changes_layers = any(_holds_layer(item) for item in items)
    with machine.inside(loop):
        for index, item in enumerate(items):
            loop.iteration = index
            built, events = machine.built, len(machine.program.events)
            assign_target(machine, node.target, item)
            flow = machine.execute(node.body)
            if flow not in (FALL, CONTINUE):
                return flow
            trained = any(isinstance(event, _TRAINING) for event in machine.program.events[events:])
            if trained and machine.built == built and index:
                # A training loop: further passes would say the same again.
                return FALL
            allowed = MAX_FRUITLESS if machine.filled == filled else MAX_FILLING
            if fuel - machine.fuel > allowed and machine.built == made and not changes_layers:
                break
        else:
            return FALL
    # It only computes numbers, and many of them.
    rest = Loop(node, len(items), False, over=Unknown("numbers", node=node.iter))
    return _once(machine, node, rest, lambda: assign_target(machine, node.target, Unknown("a number", node=node.iter)))


def _once(machine: Machine, node: syntax.For | syntax.While, loop: Loop, bind: Callable[[], None]) -> int:
    """One pass that stands for any number of them."""
    heap = machine.heap
    for name in assigned_names(node):
        home = machine.scope.home(name)
        before = home.names.get(name)
        # Tensors, models and lists stay: what the loop does to them is joined with what they were.
        is_plain = isinstance(before, (Const, OneOf)) or (isinstance(before, Sequence) and before.kind != "list")
        if before is not None and is_plain:
            heap.write(home.names, name, Unknown("changed in a loop", node=before.node))
    mark, births = heap.mark(), machine.births
    with machine.inside(loop):
        bind()
        flow = machine.execute(node.body)
    loop.ends_at_once = flow in (BREAK, RETURN, RAISE)
    changes = heap.capture(mark)
    heap.undo(mark)
    if flow in (RETURN, RAISE):
        # Perhaps on a later pass, perhaps never: what follows is still reached.
        flow = FALL
    born = machine.born_since(births)
    for container, key, after in changes.values():
        # What a pass makes itself no earlier pass has had.
        before = container.get(key, ABSENT)
        value = after if id(container) in born or _made_anew(before, after) else widen(before, after)
        if value is not ABSENT:
            heap.write(container, key, value)
    return flow


def _made_anew(before: object, after: object) -> bool:
    """Whether a pass has made a model where an earlier pass of a loop around has made another: then that is gone."""
    return type(before) is Model and type(after) is Model and before.node is after.node and before.kind == after.kind


def comprehension(machine: Machine, clause: syntax.CompFor, produce: Callable[[], None]) -> bool:
    """Runs `produce` for each pass of a comprehension; False if some passes are not known."""
    if len(machine.loops) > MAX_DEPTH:
        return False
    iterable = machine.evaluate(clause.iter)
    if isinstance(iterable, Dataset) and isinstance(clause.target, syntax.Tuple):
        machine.emit(LabelsRead(node=clause.iter, dataset=iterable, again=True))
    items = known_items(iterable)
    exact = items is not None and len(items) <= MAX_UNROLLED * 4
    if not exact or items is None:
        items = (machine.library.element(machine, iterable, clause.iter),)
    take(machine, iterable)
    loop = Loop(clause, len(items) if exact else None, exact)
    with machine.inside(loop):
        for item in items:
            machine.burn()
            assign_target(machine, clause.target, item)
            tests = [truth_of(machine.evaluate(test)) for test in clause.ifs]
            if False in tests:
                continue
            if None in tests:
                exact = False
            machine.doubts += None in tests
            if clause.inner_for_in is not None:
                exact = comprehension(machine, clause.inner_for_in, produce) and exact
            else:
                produce()
            machine.doubts -= None in tests
    return exact


def list_comprehension(machine: Machine, node: syntax.ListComp | syntax.SetComp | syntax.GeneratorExp) -> Value:
    """`[... for ...]`; with a gap where passes are not known."""
    from kerlint.program.interpreter.calls import new_scope

    items: list[Value] = []
    with new_scope(machine):
        exact = comprehension(machine, node.for_in, lambda: items.append(machine.evaluate(node.elt)))
    if not exact:
        items = [Gap(common(tuple(items)), node=node)]
    if type(node) is syntax.GeneratorExp:
        return iterator(items, "list", node)
    return set_of(tuple(items), node) if isinstance(node, syntax.SetComp) else list_of(items, "list", node)


def dict_comprehension(machine: Machine, node: syntax.DictComp) -> Value:
    """`{...: ... for ...}`."""
    from kerlint.program.interpreter.calls import new_scope

    entries: dict[object, Value] = {}
    keys_known = True

    def produce() -> None:
        nonlocal keys_known
        key = constant(machine.evaluate(node.key))
        value = machine.evaluate(node.value)
        if key is NOTHING or not isinstance(key, (str, int, float, bool, bytes, type(None))):
            keys_known = False
        else:
            entries[key] = value

    with new_scope(machine):
        exact = comprehension(machine, node.for_in, produce)
    return mapping_of(entries, open=not (exact and keys_known), node=node)
