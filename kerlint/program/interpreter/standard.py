"""Functions of Python's standard library that programs build models with: `itertools`, `functools`, `dataclasses`."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from typing import Any

from kerlint import syntax
from kerlint.program.constants import NOTHING, constant
from kerlint.program.interpreter.builtins import Handler
from kerlint.program.interpreter.calls import call
from kerlint.program.interpreter.enumerations import AUTO
from kerlint.program.interpreter.fields import as_dict, make_named_tuple, replaced
from kerlint.program.interpreter.loops import known_items
from kerlint.program.interpreter.machine import MAX_UNROLLED, Machine
from kerlint.program.interpreter.operators import MAX_LENGTH
from kerlint.program.iterators import ONCE, take
from kerlint.program.values import Arguments, Const, Gap, Object, Sequence, Unknown, Value, list_of, tuple_of


def call_standard(machine: Machine, name: str, arguments: Arguments, node: syntax.Node) -> Value | None:
    """The result of a function of the standard library; None if it is not known here."""
    handler = _HANDLERS.get(name)
    if handler is None or arguments.open:
        return None
    found = handler(machine, arguments, node)
    for value, _ in arguments.positional:
        take(machine, value, partly=True)
    if name.startswith("itertools.") and type(found) is Sequence:
        found.state[ONCE] = True
    return found


def _columns(arguments: Arguments) -> list[tuple[Value, ...]] | None:
    """The items of each positional argument; None if some are not known."""
    found = [known_items(value) for value, _ in arguments.positional]
    known = [items for items in found if items is not None]
    return known if known and len(known) == len(found) else None


def _elements(machine: Machine, arguments: Arguments, node: syntax.Node) -> list[Value]:
    return [machine.library.element(machine, value, node) for value, _ in arguments.positional]


def _endless(element: Value, node: syntax.Node) -> Object:
    return Object("generator", {"element": element, "endless": Const(True)}, node=node)


def _several(element: Value, node: syntax.Node) -> Object:
    """As many as nobody knows, all alike."""
    return Object("generator", {"element": element}, node=node)


def _tuples(rows: Iterable[tuple[Value, ...]], node: syntax.Node) -> Value | None:
    """A tuple of tuples, unless there are too many."""
    first = list(itertools.islice(rows, MAX_LENGTH + 1))
    return list_of([tuple_of(*row, node=node) for row in first], "tuple", node) if len(first) <= MAX_LENGTH else None


def _rows(combine: Callable[..., Iterable[tuple[Value, ...]]]) -> Handler:
    """A function that makes tuples of items, one of each iterable, all that several times."""

    def handler(machine: Machine, arguments: Arguments, node: syntax.Node) -> Value:
        repeat, columns = constant(arguments.get(9999, "repeat") or Const(1)), _columns(arguments)
        if not isinstance(repeat, int) or not 0 <= repeat <= MAX_UNROLLED:
            return _several(Unknown("tuple", node=node), node)
        made = _tuples(combine(*columns, repeat=repeat), node) if columns is not None else None
        each = [element for _ in range(repeat) for element in _elements(machine, arguments, node)]
        return made or _several(tuple_of(*each, node=node), node)

    return handler


def _zip_longest(machine: Machine, arguments: Arguments, node: syntax.Node) -> Value:
    columns = _columns(arguments)
    filler = arguments.get(9999, "fillvalue") or Const(None, node=node)
    made = _tuples(itertools.zip_longest(*columns, fillvalue=filler), node) if columns is not None else None
    return made or _several(Unknown("zip_longest", node=node), node)


def _pairwise(machine: Machine, arguments: Arguments, node: syntax.Node) -> Value:
    columns = _columns(arguments)
    if columns is None:
        each = [*_elements(machine, arguments, node), *_elements(machine, arguments, node)]
        return _several(tuple_of(*each, node=node), node)
    items = columns[0]
    return _tuples(zip(items, items[1:]), node) or _several(Unknown("pairwise", node=node), node)


def _chain(machine: Machine, arguments: Arguments, node: syntax.Node) -> Value:
    return _chained(machine, [value for value, _ in arguments.positional], node)


def _chain_from(machine: Machine, arguments: Arguments, node: syntax.Node) -> Value:
    parts = known_items(arguments.positional[0][0]) if arguments.positional else None
    return _chained(machine, list(parts), node) if parts is not None else _several(Unknown("chain", node=node), node)


def _chained(machine: Machine, parts: list[Value], node: syntax.Node) -> Value:
    items: list[Value] = []
    for part in parts:
        known = known_items(part)
        items += known if known is not None else (Gap(machine.library.element(machine, part, node), node=node),)
    if len(items) > MAX_LENGTH:
        items = [*items[:MAX_LENGTH], Gap(node=node)]
    return list_of(items, "tuple", node)


def _islice(machine: Machine, arguments: Arguments, node: syntax.Node) -> Value:
    items = known_items(arguments.positional[0][0]) if arguments.positional else None
    bounds: list[Any] = [constant(value) for value, _ in arguments.positional[1:]]
    if items is None or not bounds or NOTHING in bounds:
        element = _elements(machine, arguments, node)[:1]
        return _several(element[0] if element else Unknown("islice", node=node), node)
    try:
        return list_of(list(itertools.islice(items, *bounds)), "tuple", node)
    except (TypeError, ValueError):
        return Unknown("islice", node=node)


def _repeat(machine: Machine, arguments: Arguments, node: syntax.Node) -> Value:
    value, times = arguments.get(0, "object"), arguments.get(1, "times")
    if value is None:
        return Unknown("repeat", node=node)
    if times is None:
        return _endless(value, node)
    count = constant(times)
    if not isinstance(count, int) or count > MAX_LENGTH:
        return _several(value, node)
    return list_of([value] * count, "tuple", node)


def _count(machine: Machine, arguments: Arguments, node: syntax.Node) -> Value:
    return _endless(Unknown("a count", node=node), node)


def _cycle(machine: Machine, arguments: Arguments, node: syntax.Node) -> Value:
    elements = _elements(machine, arguments, node)
    return _endless(elements[0] if elements else Unknown("cycle", node=node), node)


def _reduce(machine: Machine, arguments: Arguments, node: syntax.Node) -> Value:
    function, start = arguments.get(0), arguments.get(2)
    items = known_items(arguments.positional[1][0]) if len(arguments.positional) > 1 else None
    if function is None or items is None or len(items) > MAX_UNROLLED:
        return Unknown("reduce", node=node)
    pending = list(items)
    value = start if start is not None else (pending.pop(0) if pending else Unknown("reduce", node=node))
    for item in pending:
        value = call(machine, function, Arguments([(value, node), (item, node)]), node)
    return value


def _ordered_dict(machine: Machine, arguments: Arguments, node: syntax.Node) -> Value:
    from kerlint.program.interpreter.builtins import call_builtin

    return call_builtin(machine, "dict", arguments, node)


def _deque(machine: Machine, arguments: Arguments, node: syntax.Node) -> Value:
    given = arguments.get(0)
    if isinstance(given, Sequence) and "maxlen" not in arguments.keywords and len(arguments.positional) == 1:
        return list_of(given.items, "list", node)
    return Unknown("deque", node=node)


_HANDLERS: dict[str, Handler] = {
    "itertools.chain": _chain,
    "itertools.chain.from_iterable": _chain_from,
    "itertools.count": _count,
    "itertools.cycle": _cycle,
    "itertools.islice": _islice,
    "itertools.pairwise": _pairwise,
    "itertools.product": _rows(itertools.product),
    "itertools.repeat": _repeat,
    "itertools.zip_longest": _zip_longest,
    "functools.reduce": _reduce,
    AUTO: lambda machine, arguments, node: Object(AUTO, node=node),
    "collections.OrderedDict": _ordered_dict,
    "collections.deque": _deque,
    "collections.namedtuple": make_named_tuple,
    "dataclasses.asdict": as_dict,
    "dataclasses.replace": replaced,
}
