"""Expressions."""

from __future__ import annotations

from typing import Any

from kerlint import syntax
from kerlint.program.alternatives import one_of
from kerlint.program.constants import NOTHING, constant
from kerlint.program.heap import join
from kerlint.program.interpreter.assign import assign_target
from kerlint.program.interpreter.attributes import Super, read_attribute
from kerlint.program.interpreter.builtins import BUILTINS
from kerlint.program.interpreter.calls import (
    call,
    evaluate_arguments,
    make_lambda,
)
from kerlint.program.interpreter.containers import overlaid, set_of, some_entry
from kerlint.program.interpreter.enumerations import by_name
from kerlint.program.interpreter.guards import asks_version
from kerlint.program.interpreter.loops import dict_comprehension, list_comprehension
from kerlint.program.interpreter.machine import Machine
from kerlint.program.interpreter.operators import MAX_LENGTH, compare, operate
from kerlint.program.interpreter.truth import truth_of
from kerlint.program.iterators import take
from kerlint.program.values import (
    LOGS,
    Arguments,
    Array,
    Class,
    Const,
    External,
    Gap,
    Mapping,
    Object,
    OneOf,
    Sequence,
    Unknown,
    Value,
    list_of,
    mapping_of,
)

#: Displays with more elements are read as far as a sample of them; so many elements take as long as a statement.
MAX_DISPLAY, _FREE = 2000, 20
#: Integers with more digits are no number that a program is about.
_MOST_BITS = 700


def install(table: dict[type, Any]) -> None:
    """Adds the expressions to the dispatch table."""
    table.update(
        {
            syntax.Name: _name,
            syntax.Constant: _constant,
            syntax.Attribute: read_attribute,
            syntax.FormattedString: _formatted,
            syntax.List: _list,
            syntax.Tuple: _tuple,
            syntax.Set: _set,
            syntax.Dict: _dict,
            syntax.Call: _call,
            syntax.BinaryOperation: _binary,
            syntax.UnaryOperation: _unary,
            syntax.BooleanOperation: _boolean,
            syntax.Comparison: _comparison,
            syntax.IfExp: _conditional,
            syntax.Lambda: make_lambda,
            syntax.Subscript: _subscript,
            syntax.ListComp: list_comprehension,
            syntax.SetComp: list_comprehension,
            syntax.GeneratorExp: list_comprehension,
            syntax.DictComp: dict_comprehension,
            syntax.NamedExpr: _named,
            syntax.Await: lambda machine, node: machine.evaluate(node.expression),
            syntax.Yield: _yield,
        }
    )


def _name(machine: Machine, node: syntax.Name) -> Value:
    name = node.value
    found = machine.lookup(name)
    if found is not None:
        return found
    if name in BUILTINS:
        return External(f"builtins.{name}", node=node)
    return Unknown(f"the name {name}", node=node)


def _constant(machine: Machine, node: syntax.Constant) -> Value:
    value = node.value
    kind = type(value)
    if kind is str or kind is bytes:
        if len(value) > MAX_LENGTH:  # type: ignore[arg-type]
            return Unknown("long string", node=node)
    elif kind is int and value.bit_length() > _MOST_BITS:  # type: ignore[attr-defined]
        return Unknown("number", node=node)
    return Const(value, node=node)


def _formatted(machine: Machine, node: syntax.FormattedString) -> Value:
    from kerlint.program.interpreter.strings import formatted

    return formatted(machine, node)


def _elements(machine: Machine, nodes: Any) -> tuple[Value, ...]:
    items: list[Value] = []
    machine.burn(min(len(nodes), MAX_DISPLAY) // _FREE)
    for element in nodes[:MAX_DISPLAY]:
        if type(element) is not syntax.StarredElement:
            items.append(machine.evaluate(element))
            continue
        value = machine.evaluate(element.value)
        if isinstance(value, Sequence):
            items.extend(value.items)
            take(machine, value)
        else:
            items.append(Gap(node=element.value))
    if len(nodes) > MAX_DISPLAY:
        items.append(Gap(node=nodes[MAX_DISPLAY]))
    return tuple(items)


def _list(machine: Machine, node: syntax.List) -> Value:
    return list_of(_elements(machine, node.elements), "list", node)


def _tuple(machine: Machine, node: syntax.Tuple) -> Value:
    return list_of(_elements(machine, node.elements), "tuple", node)


def _set(machine: Machine, node: syntax.Set) -> Value:
    return set_of(_elements(machine, node.elements), node)


def _dict(machine: Machine, node: syntax.Dict) -> Value:
    entries: dict[Any, Value] = {}
    machine.burn(min(len(node.elements), MAX_DISPLAY) // _FREE)
    is_open = len(node.elements) > MAX_DISPLAY
    for element in node.elements[:MAX_DISPLAY]:
        value = machine.evaluate(element.value)
        if type(element) is syntax.StarredDictElement:
            entries, may_hold_more = overlaid(entries, value)
            is_open = is_open or may_hold_more
            continue
        if type(element) is not syntax.DictElement:
            continue
        key = constant(machine.evaluate(element.key))
        if key is NOTHING:
            is_open = True
        else:
            entries[key] = value
    return mapping_of(entries, open=is_open, node=node)


def _call(machine: Machine, node: syntax.Call) -> Value:
    function = node.func
    if type(function) is syntax.Name and function.value == "super" and machine.frames:
        frame = machine.frames[-1]
        owner = frame.function.owner
        return Super(frame.receiver, owner.bases if owner is not None else (), node=node)
    callee = machine.evaluate(function)
    arguments = evaluate_arguments(machine, node.args)
    return call(machine, callee, arguments, node)


def _binary(machine: Machine, node: syntax.BinaryOperation) -> Value:
    # Long sums nest to the left: walk down without recursion.
    pending: list[syntax.BinaryOperation] = []
    left_node: syntax.Expression = node
    while type(left_node) is syntax.BinaryOperation:
        pending.append(left_node)
        left_node = left_node.left
    left = machine.evaluate(left_node)
    while pending:
        operation = pending.pop()
        machine.burn()
        right = machine.evaluate(operation.right)
        left = operate(machine, operation.operator, left, right, operation)
    return left


def _unary(machine: Machine, node: syntax.UnaryOperation) -> Value:
    value = machine.evaluate(node.expression)
    if node.operator == "not":
        known = truth_of(value)
        assumed = value.assumed if isinstance(value, Const) else 0
        return Unknown("not", node=node) if known is None else Const(not known, assumed, node=node)
    if isinstance(value, Const) and isinstance(value.value, (int, float, complex)):
        if node.operator == "-":
            return Const(-value.value, value.assumed, node=node)
        if node.operator == "+":
            return Const(+value.value, value.assumed, node=node)
        if isinstance(value.value, int):
            # To invert a truth value itself is deprecated.
            return Const(~int(value.value), value.assumed, node=node)
    if node.operator == "-" and isinstance(value, Array):
        return machine.library.call(machine, "numpy.negative", Arguments([(value, node)]), node)
    if node.operator == "-":
        found = machine.library.operate(machine, "*", value, Const(-1, node=node), node)
        return found if found is not None else Unknown("minus", node=node)
    if node.operator == "~":
        found = machine.library.operate(machine, "^", value, Const(True, node=node), node)
        return found if found is not None else Unknown("invert", node=node)
    return Unknown("unary", node=node)


def _boolean(machine: Machine, node: syntax.BooleanOperation) -> Value:
    is_and = node.operator == "and"
    value = machine.evaluate(node.values[0])
    for operand in node.values[1:]:
        value = _and_or(machine, node, is_and, value, operand)
    return value


def _and_or(
    machine: Machine, node: syntax.BooleanOperation, is_and: bool, left: Value, operand: syntax.Expression
) -> Value:
    known = truth_of(left)
    if known is not None:
        return machine.evaluate(operand) if known is is_and else left
    machine.doubts += 1
    mark = machine.heap.mark() if machine.in_callbacks else None
    right = machine.evaluate(operand)
    if mark is not None:
        changes = machine.heap.capture(mark)
        machine.heap.undo(mark)
        machine.heap.merge(changes, {})
    machine.doubts -= 1
    if isinstance(right, Const) and right.value is (not is_and) and not right.assumed:
        # `x and False` is false and `x or True` is true, whatever x is; which of the two values it is does not count.
        return Const(not is_and, node=node)
    return Unknown("and/or", node=node) if is_and else one_of([left, right], node)


def _comparison(machine: Machine, node: syntax.Comparison) -> Value:
    left = machine.evaluate(node.left)
    result: Value = Unknown("comparison", node=node)
    for target in node.comparisons:
        right = machine.evaluate(target.comparator)
        result = compare(machine, target.operator, left, right, node)
        if truth_of(result) is False:
            return result
        if truth_of(result) is None and len(node.comparisons) > 1:
            return Unknown("comparison", node=node)
        left = right
    return result


def _conditional(machine: Machine, node: syntax.IfExp) -> Value:
    test = machine.evaluate(node.test)
    known = truth_of(test)
    if known is True:
        return machine.evaluate(node.body)
    if known is False:
        return machine.evaluate(node.orelse)
    outer = machine.guarded
    machine.guarded = outer or asks_version(machine, node.test, test)
    with machine.arm(node, 0):
        first = machine.evaluate(node.body)
    with machine.arm(node, 1):
        second = machine.evaluate(node.orelse)
    machine.guarded = outer
    return join(first, second)


def _subscript(machine: Machine, node: syntax.Subscript) -> Value:
    receiver = machine.evaluate(node.value)
    index = indices_of(machine, node)
    if isinstance(receiver, OneOf):
        return one_of([subscript(machine, option, index, node) for option in receiver.options], node)
    return subscript(machine, receiver, index, node)


def indices_of(machine: Machine, node: syntax.Subscript) -> list[Value]:
    """The indices of a subscript; a slice is an `Object` of that name."""
    found: list[Value] = []
    for part in node.slice:
        if type(part) is not syntax.StarredElement:
            found.append(_index_of(machine, part))
            continue
        several = machine.evaluate(part.value)
        if not isinstance(several, Sequence) or not several.exact:
            return [Unknown("indices", node=part)]
        found.extend(several.exact)
    return found


def _index_of(machine: Machine, part: syntax.Expression) -> Value:
    if type(part) is not syntax.Slice:
        return machine.evaluate(part)
    bounds = {
        name: machine.evaluate(bound)
        for name, bound in (("start", part.lower), ("stop", part.upper), ("step", part.step))
        if bound is not None
    }
    return Object("slice", bounds, node=part)


def subscript(machine: Machine, receiver: Value, index: list[Value], node: syntax.Node) -> Value:
    """`receiver[index]`."""
    if isinstance(receiver, Sequence) and len(index) == 1:
        return _sequence_item(receiver, index[0], node)
    if isinstance(receiver, Mapping) and len(index) == 1:
        key = constant(index[0])
        try:
            found = receiver.entries.get(key) if key is not NOTHING else None
        except TypeError:
            found = None
        if found is None and LOGS in receiver.state:
            found = machine.library.missing(machine, receiver, key, "[]", node)
        return found if found is not None else some_entry(receiver, key, node)
    if isinstance(receiver, Const) and len(index) == 1:
        bounds = _slice_bounds(index[0])
        key = bounds if bounds is not None else constant(index[0])
        try:
            return Const(receiver.value[key], receiver.assumed, node=node)
        except (TypeError, ValueError, IndexError, KeyError):
            return Unknown("subscript", node=node)
    if isinstance(receiver, Unknown):
        return Unknown("subscript of an unknown value", node=node)
    if isinstance(receiver, Class) and len(index) == 1:
        return by_name(receiver, constant(index[0]), node)
    return machine.library.subscript(machine, receiver, index, node)


def _sequence_item(receiver: Sequence, index: Value, node: syntax.Node) -> Value:
    bounds = _slice_bounds(index)
    items = receiver.exact
    if bounds is not None:
        if items is None:
            return list_of((Gap(node=node),), receiver.kind, node)
        try:
            return list_of(items[bounds], receiver.kind, node)
        except (TypeError, ValueError):
            return Unknown("slice", node=node)
    position = constant(index)
    if not isinstance(position, int):
        if items is not None and items and len(items) <= 8:
            return one_of(list(items), node)
        return Unknown("item", node=node)
    if items is None:
        # From either end, the items before a gap are still in their places.
        reached = receiver.items[: position + 1] if position >= 0 else receiver.items[position:]
        enough = len(reached) == (position + 1 if position >= 0 else -position)
        if not enough or any(isinstance(item, Gap) for item in reached):
            return Unknown("item", node=node)
    try:
        return receiver.items[position]
    except IndexError:
        return Unknown("index out of range", node=node)


def _slice_bounds(index: Value) -> slice | None:
    if not (isinstance(index, Object) and index.name == "slice"):
        return None
    bounds = [constant(index.args[name]) if name in index.args else None for name in ("start", "stop", "step")]
    if any(bound is not None and not isinstance(bound, int) for bound in bounds):
        # A bound that is not known: the caller sees a slice that cannot be applied.
        return slice(0, 0, 0)
    return slice(*bounds)


def _named(machine: Machine, node: syntax.NamedExpr) -> Value:
    value = machine.evaluate(node.value)
    assign_target(machine, node.target, value)
    return value


def _yield(machine: Machine, node: syntax.Yield) -> Value:
    if node.value is not None and type(node.value) is not syntax.From:
        value = machine.evaluate(node.value)
        if machine.frames:
            machine.frames[-1].yields.append(value)
    return Unknown("yield", node=node)
