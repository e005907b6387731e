"""Library objects from calls: arguments bound to parameter names by the real signature."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from kerlint import syntax
from kerlint.library.signatures import Marker, bind, signature
from kerlint.program.values import Arguments, Const, Object, Value

if TYPE_CHECKING:
    from kerlint.program.interpreter.machine import Machine


def bind_arguments(name: str, arguments: Arguments) -> tuple[dict[str, Value], dict[str, syntax.Node]]:
    """Arguments and their places by parameter name; without a signature, positional ones by index."""
    args: dict[str, Value] = {}
    places: dict[str, syntax.Node] = {}
    known = signature(name)
    if known is None:
        names: list[str | None] = [str(index) for index in range(len(arguments.positional))]
        keywords = {keyword: keyword for keyword in arguments.keywords}
    else:
        binding = bind(known, len(arguments.positional), arguments.keywords)
        names = list(binding.positional)
        keywords = binding.keywords
    for parameter, (value, place) in zip(names, arguments.positional):
        if parameter is not None:
            args[parameter] = value
            if place is not None:
                places[parameter] = place
    for keyword, (value, place) in arguments.keywords.items():
        parameter = keywords.get(keyword, keyword)
        args[parameter] = value
        if place is not None:
            places[parameter] = place
    return args, places


def make_object(machine: Machine, name: str, arguments: Arguments, node: syntax.Node) -> Object:
    """An object of a library class, or the result of a library function, with what it was given."""
    args, places = bind_arguments(name, arguments)
    made = Object(name, args, places, arguments.open, node=node)
    machine.register(made)
    return made


def argument(made: Object, name: str) -> Value | None:
    """An argument, or its constant default; None if neither is known."""
    if name in made.args:
        return made.args[name]
    return None if made.open else default_of(made.name, name, made.node)


def default_of(function: str, parameter: str, node: syntax.Node | None = None) -> Value | None:
    """A parameter's constant default by the table of signatures."""
    default = _default(function, parameter)
    return None if type(default) is Marker else Const(default, node=node)


@lru_cache(maxsize=10_000)
def _default(function: str, parameter: str) -> object:
    known = signature(function)
    return known.default(parameter) if known is not None else Marker.NO_DEFAULT
