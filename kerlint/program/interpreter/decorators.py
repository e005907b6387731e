"""Decorators: those of the program are called, and of those of libraries it is known what they change."""

from __future__ import annotations

from collections.abc import Callable

from kerlint import syntax
from kerlint.program.constants import NOTHING, constant
from kerlint.program.interpreter.fields import CACHES
from kerlint.program.interpreter.machine import Machine
from kerlint.program.interpreter.traces import GRAPHS
from kerlint.program.values import (
    Arguments,
    BoundMethod,
    Class,
    External,
    Function,
    Instance,
    Object,
    Partial,
    Unknown,
    Value,
)
from kerlint.records import replace

#: What a program may have as a decorator, or make by one, that can be called.
_CALLABLE = (Function, BoundMethod, Partial)
#: Other functions are chosen by the kind of the arguments.
_CHOOSING = frozenset({"functools.singledispatch", "functools.singledispatchmethod"})


def decorated(machine: Machine, function: Function, node: syntax.FunctionDef) -> Value:
    """What the name of a function stands for after its decorators."""
    last = node.decorators[-1]
    if isinstance(last, syntax.Attribute) and last.attr in ("setter", "getter", "deleter"):
        before = machine.scope.names.get(function.name)
        if isinstance(before, Function) and is_property(before):
            return replace(before, setter=function) if last.attr == "setter" else before
    if any(_name_of(decorator) in _CHOOSING for decorator in function.decorators):
        return Unknown("chosen by the kind of the argument", node=node)
    if machine.scope.kind == "class":
        # `decorated_method` follows when the class is known.
        return function
    return _applied(machine, function, node)


def decorated_method(machine: Machine, cls: Class, function: Function) -> Value:
    """What the name of a method stands for after its decorators.

    Methods of layers and models stay as they are written: what Keras does with them goes by what is in them.
    """
    if not isinstance(function.node, syntax.FunctionDef) or any(b.startswith("keras.") for b in cls.external_bases()):
        return function
    made = _applied(machine, function, function.node) if cls.knows_its_bases() else function
    if not isinstance(made, Function) or made is function:
        return function
    made.owner = cls
    return made


def _applied(machine: Machine, function: Function, node: syntax.FunctionDef) -> Value:
    from kerlint.program.interpreter.calls import call

    value: Value = function
    for decorator in reversed(function.decorators):
        # Those of libraries give a function that does the same.
        if isinstance(decorator, (*_CALLABLE, Class)):
            made = call(machine, decorator, Arguments([(value, node)]), node)
            is_object = isinstance(made, Instance) and made.cls.lookup("__call__") is not None
            value = made if isinstance(made, _CALLABLE) or is_object else value
    return value


def decorated_class(machine: Machine, cls: Class, node: syntax.ClassDef) -> Value:
    """What the name of a class stands for after its decorators: most put it into a table."""
    from kerlint.program.interpreter.calls import call

    value: Class = cls
    for decorator in reversed(cls.decorators):
        if isinstance(decorator, _CALLABLE):
            made = call(machine, decorator, Arguments([(value, node)]), node)
            value = made if isinstance(made, Class) else value
    return value


def once(machine: Machine, function: Function, arguments: Arguments, run: Callable[[], Value]) -> Value:
    """The result of a function whose results are kept: of the first call with these arguments."""
    keys = [constant(value) for value, _ in arguments.positional]
    named = [(name, constant(value)) for name, (value, _) in sorted(arguments.keywords.items())]
    if arguments.open or NOTHING in keys or any(value is NOTHING for _, value in named):
        return run()
    key = (id(function.scope), id(function.node), *keys, *named)
    known = machine.kept.get(key)
    if known is None:
        known = run()
        machine.heap.write(machine.kept, key, known)
    return known


def is_cached(function: Function) -> bool:
    """Whether the results of a function are kept."""
    return any(_name_of(decorator) in CACHES for decorator in function.decorators)


def traced_as(function: Function) -> str | None:
    """What TensorFlow traces the function as, by its decorators."""
    return next((GRAPHS[name] for name in map(_name_of, function.decorators) if name in GRAPHS), None)


def is_static(function: Function) -> bool:
    """Whether the function receives no object."""
    return _has(function, "builtins.staticmethod")


def is_classmethod(function: Function) -> bool:
    """Whether the function receives the class."""
    return _has(function, "builtins.classmethod")


def is_property(function: Function) -> bool:
    """Whether reading the attribute calls the function."""
    return _has(function, "builtins.property", "functools.cached_property")


def is_cached_property(function: Function) -> bool:
    """Whether the attribute is what the first call gave."""
    return _has(function, "functools.cached_property")


def _has(function: Function, *names: str) -> bool:
    decorators = function.decorators
    return bool(decorators) and any(type(one) is External and one.name in names for one in decorators)


def _name_of(decorator: Value) -> str:
    """The canonical name of a decorator of a library, bare or with arguments."""
    return decorator.name if isinstance(decorator, (External, Object)) else ""
