"""Functions and classes that nobody in the program calls: evaluated once with their defaults.

A library file, or a builder that a notebook imports, is read this way. What happens there is
marked as assumed, and a parameter's default there is no certain value.

Whoever names others is evaluated before them: what it calls has then been called, as it calls it, and is not read
with its defaults as well.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from typing import TypeVar

from kerlint import syntax
from kerlint.program.alternatives import one_of
from kerlint.program.interpreter.calls import follow, instantiate
from kerlint.program.interpreter.machine import Machine
from kerlint.program.values import Arguments, Class, Const, Function, Instance, Layer, Model, Value

_Unit = TypeVar("_Unit", bound="Function | Class")

#: What stands between names. Words of comments and texts count as well: they change the order, no more.
_BETWEEN = dict.fromkeys(map(ord, "()[]{},.:;=+-*/%@<>!&|^~#'\"\\"), " ")


def evaluate_unused(machine: Machine) -> None:
    """Evaluates what has not been called yet."""
    machine.assumed = True
    done = 0
    module = machine.program.module
    text = module.text if isinstance(module, syntax.Module) else ""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    has_globals = "global " in text
    # Evaluating one function may define others.
    while done < len(machine.functions) or machine.classes:
        functions = [one for one in machine.functions[done:] if not _is_called(machine, one) and one.owner is None]
        done = len(machine.functions)
        classes, machine.classes = machine.classes, []
        units: list[Function | Class] = [*functions, *classes]
        for unit in _callers_first(units, lines):
            before = dict(machine.main.names) if has_globals else {}
            if isinstance(unit, Class):
                _evaluate_class(machine, unit, lines)
            elif not _is_called(machine, unit):
                follow(machine, unit, Arguments(), unit.node)
            if before:
                _doubt_globals(machine, before)


def _doubt_globals(machine: Machine, before: dict[str, Value]) -> None:
    """Numbers and texts of the module that a function has replaced: the next one may run without it."""
    for name, old in before.items():
        new = machine.main.names.get(name)
        if new is not old and new is not None and isinstance(old, Const) and old.value is not None:
            machine.heap.write(machine.main.names, name, one_of([old, new], new.node))


def _is_called(machine: Machine, function: Function) -> bool:
    return id(function.node) in machine.called


def _callers_first(units: Sequence[_Unit], lines: Sequence[str]) -> Iterator[_Unit]:
    """The units in the order of definition, but each after those in which its name stands, as far as that goes."""
    if len(units) < 2:
        yield from units
        return
    named = _named_units(units, lines)
    waits_for = [0] * len(units)
    for others in named:
        for other in others:
            waits_for[other] += 1
    free = [index for index, count in enumerate(waits_for) if not count]
    given = [False] * len(units)
    next_of_all = 0
    for _ in units:
        while given[next_of_all]:
            next_of_all += 1
        # Those that name each other come as they are defined.
        index = heapq.heappop(free) if free else next_of_all
        given[index] = True
        yield units[index]
        for other in named[index]:
            waits_for[other] -= 1
            if not waits_for[other] and not given[other]:
                heapq.heappush(free, other)


def _named_units(units: Sequence[Function | Class], lines: Sequence[str]) -> list[list[int]]:
    """For each unit, which others are named in it."""
    by_name: dict[str, list[int]] = {}
    for index, unit in enumerate(units):
        by_name.setdefault(unit.name, []).append(index)
    names = by_name.keys()
    found: list[list[int]] = []
    for index, unit in enumerate(units):
        at = unit.node.at if unit.node is not None else None
        body = " ".join(lines[at.lineno - 1 : at.end_lineno]) if at is not None else ""
        words = names & body.translate(_BETWEEN).split()
        found.append(sorted({other for word in words for other in by_name[word] if other != index}))
    return found


def _evaluate_class(machine: Machine, cls: Class, lines: Sequence[str]) -> None:
    methods = [value for value in cls.state.values() if isinstance(value, Function)]
    if id(cls) not in machine.instantiated:
        receiver = instantiate(machine, cls, Arguments(), cls.node or methods[0].node)  # type: ignore[arg-type]
    elif all(_is_called(machine, method) for method in methods):
        return
    else:
        receiver = Instance(cls, node=cls.node)
        if any(name.startswith("keras.") for name in cls.external_bases()):
            return
    uncalled = [method for method in methods if not _is_called(machine, method)]
    for method in _callers_first(uncalled, lines):
        if not _is_called(machine, method) and isinstance(receiver, (Instance, Model, Layer)):
            follow(machine, method, Arguments(), method.node, receiver=receiver)
