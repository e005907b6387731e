"""Python's own functions, and the methods of strings, lists and dicts."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from kerlint import syntax
from kerlint.program.constants import FETCHED, NOTHING, constant
from kerlint.program.element_types import type_of
from kerlint.program.interpreter.containers import set_of
from kerlint.program.interpreter.enumerations import Member, members_of
from kerlint.program.interpreter.instances import call_isinstance
from kerlint.program.interpreter.loops import known_items
from kerlint.program.interpreter.machine import MAX_UNROLLED, Machine
from kerlint.program.interpreter.namespaces import is_namespace, may_change
from kerlint.program.interpreter.operators import MAX_LENGTH, plain
from kerlint.program.interpreter.truth import truth_of
from kerlint.program.interpreter.written import run_eval, run_exec
from kerlint.program.iterators import GENERATOR, is_iterator, iterator, take
from kerlint.program.values import (
    LENGTH,
    Arguments,
    Array,
    Const,
    Dataset,
    Gap,
    Instance,
    Layer,
    Mapping,
    Model,
    Object,
    OneOf,
    Sequence,
    Tensor,
    Unknown,
    Value,
    list_of,
    mapping_of,
    tuple_of,
)

Handler = Callable[[Machine, Arguments, syntax.Node], Value]


def call_builtin(machine: Machine, name: str, arguments: Arguments, node: syntax.Node) -> Value:
    """The result of a builtin function."""
    handler = BUILTINS.get(name)
    if handler is None or arguments.open:
        return Unknown(f"{name}()", node=node)
    return handler(machine, arguments, node)


def constants_of(arguments: Arguments) -> list[Any] | None:
    """The positional arguments as Python constants, or None."""
    found = [constant(value) for value, _ in arguments.positional]
    return None if any(value is NOTHING for value in found) or arguments.keywords else found


def _pure(function: Callable[..., Any]) -> Handler:
    """A builtin that is applied to constants."""

    def handler(machine: Machine, arguments: Arguments, node: syntax.Node) -> Value:
        found = constants_of(arguments)
        if found is not None:
            try:
                return Const(function(*found), node=node)
            except (TypeError, ValueError, ArithmeticError):
                return Unknown("fails", node=node)
        first = arguments.get(0)
        if function is abs and isinstance(first, Tensor):
            return machine.library.call(machine, "keras.ops.abs", arguments, node)
        if function is int and isinstance(first, Array):
            return machine.library.method(machine, first, "astype", Arguments([(Const("int64"), node)]), node)
        if function is abs and isinstance(first, Array):
            return machine.library.call(machine, "numpy.abs", arguments, node)
        if function in (int, float, abs) and isinstance(first, Const) and isinstance(first.value, (int, float)):
            with suppress(ValueError, ArithmeticError):
                return Const(function(first.value), first.assumed, node=node)
        return Unknown("builtin", node=node)

    return handler


_text_of = _pure(lambda value="": str(value))


def _str(machine: Machine, arguments: Arguments, node: syntax.Node) -> Value:
    # What a member of an enumeration looks like has changed from one version of Python to the next.
    given = arguments.get(0)
    if isinstance(given, Object) and given.name == FETCHED:
        # A path as a string leads to the same file.
        return given
    looks = type(given) is not Member
    return _text_of(machine, arguments, node) if looks else Unknown("str", node=node)


def _len(machine: Machine, arguments: Arguments, node: syntax.Node) -> Value:
    value = arguments.get(0)
    if isinstance(value, Sequence):
        return Const(len(value.exact), node=node) if value.exact is not None else Unknown("length", node=node)
    if isinstance(value, Mapping) and not value.open:
        return Const(len(value.entries), node=node)
    if isinstance(value, Const) and isinstance(value.value, (str, bytes)):
        return Const(len(value.value), node=node)
    if isinstance(value, Array) and value.rows is not None:
        return Const(value.rows, node=node)
    if isinstance(value, Dataset) and value.cardinality is not None:
        return Const(value.cardinality, node=node)
    members = members_of(value) if value is not None else None
    if members is not None:
        return Const(len(members), node=node)
    if value is None:
        return Unknown("length", node=node)
    # A whole number that is not known: what it is the length of says something all the same.
    return Object(LENGTH, {"of": value}, node=node)


def _range(machine: Machine, arguments: Arguments, node: syntax.Node) -> Value:
    values = [value for value, _ in arguments.positional]
    # The number of layers may rest on a default; what a loop does in each pass is what counts.
    found = [value.value for value in values if isinstance(value, Const)]
    assumed = max((value.assumed for value in values if isinstance(value, Const)), default=0)
    are_known = bool(found) and len(found) == len(values) <= 3 and not arguments.keywords
    if are_known and all(isinstance(value, int) for value in found):
        try:
            numbers = range(*found)
            count = len(numbers)
        except (ValueError, OverflowError):
            return Unknown("range", node=node)
        if count <= MAX_LENGTH:
            return list_of([Const(number, assumed, node=node) for number in numbers], "tuple", node)
        ends = sorted((float(numbers[0]), float(numbers[-1])))
        return list_of((Gap(_index(ends[0], ends[1], node), node=node),), "tuple", node)
    first = constant(arguments.get(0)) if len(arguments.positional) > 1 else 0
    low = float(first) if isinstance(first, int) and len(arguments.positional) < 3 else None
    return list_of((Gap(_index(low, None, node), node=node),), "tuple", node)


def _index(low: float | None, high: float | None, node: syntax.Node) -> Array:
    """One of many whole numbers."""
    return Array((), "int64", low, high, source="range", form="number", node=node)


def spread(machine: Machine, value: Value | None, node: syntax.Node) -> tuple[Value, ...]:
    """The items of an iterable, with a gap where they are not known."""
    items = value.items if isinstance(value, Sequence) else known_items(value) if value is not None else ()
    if items is None and isinstance(value, Object) and value.name == GENERATOR:
        items = (Gap(machine.library.element(machine, value, node), node=node),)
    take(machine, value)
    return items if items is not None else (Gap(node=node),)


def _slice(machine: Machine, arguments: Arguments, node: syntax.Node) -> Value:
    given = [value for value, _ in arguments.positional]
    names = ("stop",) if len(given) == 1 else ("start", "stop", "step")
    return Object("slice", dict(zip(names, given)), node=node)


def _collection(kind: str) -> Handler:
    def handler(machine: Machine, arguments: Arguments, node: syntax.Node) -> Value:
        value = arguments.get(0)
        if kind == "set" and isinstance(value, Array) and value.rank == 1 and value.distinct is not None:
            known = value.distinct.all_values
            if known is not None:
                return set_of(tuple(Const(one, node=node) for one in known), node)
        if isinstance(value, Array):
            return value if value.values is None else list_of((Gap(node=node),), kind, node)
        items = spread(machine, value, node) if value is not None else ()
        return set_of(items, node) if kind == "set" else list_of(items, kind, node)

    return handler


def _dict(machine: Machine, arguments: Arguments, node: syntax.Node) -> Value:
    entries: dict[Any, Value] = {}
    is_open = False
    first = arguments.get(0)
    if isinstance(first, Mapping):
        entries.update(first.entries)
        is_open = first.open
    elif first is not None:
        if isinstance(first, Array) and first.form == "frame":
            first = machine.library.method(machine, first, "items", Arguments([]), node)
        for item in spread(machine, first, node):
            key = constant(item.items[0]) if isinstance(item, Sequence) and len(item.items) == 2 else NOTHING
            if key is NOTHING:
                is_open = True
            else:
                entries[key] = item.items[1]  # type: ignore[attr-defined]
    entries.update({name: value for name, (value, _) in arguments.keywords.items()})
    return mapping_of(entries, open=is_open, node=node)


def _enumerate(machine: Machine, arguments: Arguments, node: syntax.Node) -> Value:
    value = arguments.get(0)
    start = constant(arguments.get(1, "start"))
    first = start if isinstance(start, int) else 0
    items = known_items(value) if value is not None else None
    if items is None:
        element = machine.library.element(machine, value, node) if value is not None else Unknown(node=node)
        take(machine, value)
        index = _index(float(first), None, node) if start is NOTHING or isinstance(start, int) else Unknown("index")
        return _repeated(tuple_of(index, element, node=node), node, value)
    take(machine, value, partly=True)
    pairs = [tuple_of(Const(first + i, node=node), item, node=node) for i, item in enumerate(items[:MAX_LENGTH])]
    return iterator(pairs, "tuple", node)


def _repeated(element: Value, node: syntax.Node, over: Value | None = None) -> Value:
    """An iterable of unknown length whose elements are alike; `over` is what `enumerate` goes over."""
    return Object(GENERATOR, {"element": element, **({"over": over} if over is not None else {})}, node=node)


def _zip(machine: Machine, arguments: Arguments, node: syntax.Node) -> Value:
    values = [value for value, _ in arguments.positional]
    columns = [known_items(value) for value in values]
    # One iterator that is given twice gives its items in turns.
    shared = any(is_iterator(value) and values.count(value) > 1 for value in values)
    known = [column for column in columns if column is not None]
    if known and len(known) == len(columns) and not shared:
        rows = iterator([tuple_of(*row, node=node) for row in zip(*known)], "tuple", node)
        for value in values:
            take(machine, value, partly=True)
        return rows
    elements = [machine.library.element(machine, value, node) for value in values]
    for value in values:
        take(machine, value)
    return _repeated(tuple_of(*elements, node=node), node)


def _reversed(machine: Machine, arguments: Arguments, node: syntax.Node) -> Value:
    return iterator(spread(machine, arguments.get(0), node)[::-1], "tuple", node)


def _sorted(machine: Machine, arguments: Arguments, node: syntax.Node) -> Value:
    items = spread(machine, arguments.get(0), node)
    reverse = truth_of(arguments.keywords["reverse"][0]) if "reverse" in arguments.keywords else False
    keys = None if arguments.keywords.keys() - {"reverse"} or reverse is None else _keys_to_sort(items)
    if keys is None:
        return list_of((Gap(node=node),) if len(items) > 1 else items, "list", node)
    order = sorted(range(len(items)), key=keys.__getitem__, reverse=bool(reverse))
    return list_of([items[index] for index in order], "list", node)


def _keys_to_sort(items: tuple[Value, ...]) -> list[Any] | None:
    """Numbers or strings in whose order the items stand when they are sorted; None if that is not known.

    Of tuples the first parts decide, as long as no two are equal: `sorted(d.items())`.
    """
    are_tuples = bool(items) and all(type(item) is Sequence and item.kind == "tuple" and item.items for item in items)
    keys = [constant(item.items[0] if are_tuples else item) for item in items]  # type: ignore[attr-defined]
    for kinds in ((int, float), str):
        if all(isinstance(key, kinds) for key in keys):
            return keys if not are_tuples or len(set(keys)) == len(keys) else None
    return None


def _extreme(function: Callable[..., Any]) -> Handler:
    def handler(machine: Machine, arguments: Arguments, node: syntax.Node) -> Value:
        values = [value for value, _ in arguments.positional]
        if len(values) == 1 and isinstance(values[0], Array) and values[0].rank == 1 and not arguments.keywords:
            # `max(x)` of an array goes over its rows.
            return machine.library.call(machine, f"numpy.{function.__name__}", arguments, node)
        if len(values) == 1 and isinstance(values[0], Sequence):
            values = list(spread(machine, values[0], node))
        numbers = [constant(value) for value in values]
        if arguments.keywords or not numbers or any(not isinstance(value, (int, float, str)) for value in numbers):
            return Unknown("extreme", node=node)
        try:
            return Const(function(numbers), node=node)
        except TypeError:
            return Unknown("extreme", node=node)

    return handler


def _getattr(machine: Machine, arguments: Arguments, node: syntax.Node) -> Value:
    from kerlint.program.interpreter.attributes import attribute

    receiver, name = arguments.get(0), constant(arguments.get(1))
    if receiver is None or not isinstance(name, str):
        return Unknown("getattr", node=node)
    return attribute(machine, receiver, name, node)


def _setattr(machine: Machine, arguments: Arguments, node: syntax.Node) -> Value:
    from kerlint.program.interpreter.assign import set_attribute
    from kerlint.program.interpreter.fields import forget_attributes

    receiver, name, value = arguments.get(0), constant(arguments.get(1)), arguments.get(2)
    if receiver is not None and isinstance(name, str) and value is not None:
        set_attribute(machine, receiver, name, value, node)
    elif isinstance(receiver, Instance):
        forget_attributes(machine, receiver, node)
    elif isinstance(receiver, Object) and is_namespace(receiver):
        may_change(machine, receiver)
    return Const(None, node=node)


def _delattr(machine: Machine, arguments: Arguments, node: syntax.Node) -> Value:
    from kerlint.program.interpreter.fields import forget_attributes

    receiver, name = arguments.get(0), constant(arguments.get(1))
    if isinstance(receiver, Instance) and isinstance(name, str):
        machine.heap.delete(receiver.state, name)
    elif isinstance(receiver, Instance):
        forget_attributes(machine, receiver, node)
    return Const(None, node=node)


def _set_plainly(machine: Machine, arguments: Arguments, node: syntax.Node) -> Value:
    """`object.__setattr__(x, name, value)`: no setter is called."""
    receiver, name, value = arguments.get(0), constant(arguments.get(1)), arguments.get(2)
    if isinstance(receiver, Instance) and isinstance(name, str) and value is not None:
        machine.heap.write(receiver.state, name, value)
        return Const(None, node=node)
    return _setattr(machine, arguments, node)


def _vars(machine: Machine, arguments: Arguments, node: syntax.Node) -> Value:
    from kerlint.program.interpreter.attributes import attribute

    given = arguments.get(0)
    if isinstance(given, Object) and is_namespace(given):
        chosen = {key[1:]: value for key, value in given.state.items() if key.startswith(".")}
        # What is written into the dict is written into the namespace, too.
        may_change(machine, given)
        return mapping_of(chosen, open=True, node=node)
    return attribute(machine, given, "__dict__", node) if isinstance(given, Instance) else Unknown("vars", node=node)


def _iter(machine: Machine, arguments: Arguments, node: syntax.Node) -> Value:
    """What has been taken from an iterator is gone: how much is left of a list is not followed."""
    given = arguments.get(0)
    if isinstance(given, (Sequence, Mapping, Const)):
        return _repeated(machine.library.element(machine, given, node), node)
    return given if given is not None and len(arguments.positional) == 1 else Unknown("iterator", node=node)


def _sum(machine: Machine, arguments: Arguments, node: syntax.Node) -> Value:
    if len(arguments.positional) == 1 and isinstance(arguments.positional[0][0], Array):
        # Row by row, in the dtype of the rows.
        rows = arguments.positional[0][0]
        given = Arguments(arguments.positional, {"axis": (Const(0, node=node), node)})
        total = machine.library.call(machine, "numpy.sum", given, node)
        if not isinstance(total, Array) or rows.dtype is None or rows.dtype == total.dtype:
            return total
        return Array(total.shape, None if rows.dtype == "bool" else rows.dtype, source="statistic", node=node)
    values = plain(arguments.positional[0][0]) if arguments.positional else None
    take(machine, arguments.get(0))
    try:
        return Const(sum(values), node=node) if values is not None else Unknown("sum", node=node)
    except TypeError:
        return Unknown("sum", node=node)


def _map(machine: Machine, arguments: Arguments, node: syntax.Node) -> Value:
    from kerlint.program.interpreter.calls import call

    function, items = arguments.get(0), spread(machine, arguments.get(1), node)
    if function is None or len(arguments.positional) != 2 or len(items) > MAX_UNROLLED:
        return iterator((Gap(node=node),), "tuple", node)
    results: list[Value] = []
    for item in items:
        if isinstance(item, Gap):
            results.append(item)
        else:
            results.append(call(machine, function, Arguments([(item, node)]), node))
    return iterator(results, "tuple", node)


def _next(machine: Machine, arguments: Arguments, node: syntax.Node) -> Value:
    """The first of what is left of an iterator."""
    given = arguments.get(0)
    if given is None:
        return Unknown(node=node)
    if is_iterator(given):
        assert isinstance(given, Sequence)
        items = given.items
        if items and not isinstance(items[0], Gap):
            machine.heap.write(given.state, "items", items[1:])
            return items[0]
        if not items:
            return arguments.get(1) or Unknown("nothing is left", node=node)
    return machine.library.element(machine, given, node)


def _quiet(machine: Machine, arguments: Arguments, node: syntax.Node) -> Value:
    return Const(None, node=node)


def _any_all(is_any: bool) -> Handler:
    def handler(machine: Machine, arguments: Arguments, node: syntax.Node) -> Value:
        given = arguments.get(0)
        answers = [truth_of(item) for item in spread(machine, given, node)]
        # It stops as soon as it knows.
        take(machine, given, partly=True)
        if is_any in answers:
            return Const(is_any, node=node)
        return Unknown("any/all", node=node) if None in answers else Const(not is_any, node=node)

    return handler


def _bool(machine: Machine, arguments: Arguments, node: syntax.Node) -> Value:
    value = arguments.get(0)
    known = truth_of(value) if value is not None else False
    return Unknown("bool", node=node) if known is None else Const(known, node=node)


def _hasattr(machine: Machine, arguments: Arguments, node: syntax.Node) -> Value:
    """`hasattr(x, name)` of a layer or model of the program that has surely been given that attribute."""
    given, name = arguments.get(0), arguments.get(1)
    if isinstance(given, (Layer, Model)) and given.cls is not None and isinstance(name, Const):
        held = given.state.get(f".{name.value}")
        if isinstance(held, Value) and not isinstance(held, (Unknown, OneOf)):
            return Const(True, node=node)
    return _unknown(machine, arguments, node)


def _type(machine: Machine, arguments: Arguments, node: syntax.Node) -> Value:
    """`type(x)`, as far as it is known."""
    given = arguments.get(0)
    found = None if given is None or len(arguments.positional) != 1 or arguments.open else type_of(given, node)
    return found if found is not None else _unknown(machine, arguments, node)


def _unknown(machine: Machine, arguments: Arguments, node: syntax.Node) -> Value:
    return Unknown("builtin", node=node)


BUILTINS: dict[str, Handler] = {
    "abs": _pure(abs),
    "slice": _slice,
    "all": _any_all(False),
    "any": _any_all(True),
    "bool": _bool,
    "classmethod": _unknown,
    "delattr": _delattr,
    "dict": _dict,
    "divmod": _unknown,
    "enumerate": _enumerate,
    "eval": run_eval,
    "exec": run_exec,
    "exit": _quiet,
    "filter": _unknown,
    "float": _pure(float),
    "frozenset": _collection("set"),
    "getattr": _getattr,
    "globals": _unknown,
    "hasattr": _hasattr,
    "hash": _unknown,
    "id": _unknown,
    "input": _unknown,
    "int": _pure(int),
    "isinstance": call_isinstance,
    "issubclass": _unknown,
    "iter": _iter,
    "len": _len,
    "list": _collection("list"),
    "locals": _unknown,
    "map": _map,
    "max": _extreme(max),
    "min": _extreme(min),
    "next": _next,
    "object": _unknown,
    "object.__setattr__": _set_plainly,
    "open": _unknown,
    "pow": _unknown,
    "print": _quiet,
    "property": _unknown,
    "quit": _quiet,
    "range": _range,
    "repr": _unknown,
    "reversed": _reversed,
    "round": _pure(lambda value, digits=0: round(value, digits) if digits and abs(digits) < 400 else round(value)),
    "set": _collection("set"),
    "setattr": _setattr,
    "sorted": _sorted,
    "staticmethod": _unknown,
    # Not with an encoding: Python imports a module for each, and some take the square of the length in time.
    "str": _str,
    "sum": _sum,
    "super": _unknown,
    "tuple": _collection("tuple"),
    "type": _type,
    "vars": _vars,
    "zip": _zip,
}
