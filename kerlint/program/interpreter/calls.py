"""Functions and classes of the program: definition, arguments, and following a call."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import field, replace
from typing import Any

import libcst as cst

from kerlint.program.alternatives import one_of
from kerlint.program.interpreter.endings import is_endless
from kerlint.program.interpreter.flow import FALL, RETURN
from kerlint.program.interpreter.machine import MAX_CALL_DEPTH, Machine, OutOfFuel
from kerlint.program.interpreter.traces import GRAPHS, tracing
from kerlint.program.scope import Scope
from kerlint.program.values import (
    Arguments,
    Bound,
    BoundMethod,
    Class,
    Const,
    External,
    Function,
    Gap,
    Instance,
    Layer,
    Mapping,
    Model,
    Object,
    OneOf,
    Partial,
    Sequence,
    Unknown,
    Value,
    list_of,
    mapping_of,
)
from kerlint.records import dataclass

#: Modules with functions of which more is known than their names.
_STANDARD = ("itertools.", "functools.", "collections.", "dataclasses.", "attr.", "attrs.", "pydantic.")

#: Set in a layer that something unknown was given.
HANDED_OVER = "handed over"


@dataclass(eq=False, slots=True)
class Frame:
    """A call of a function of the program."""

    function: Function
    caller: Scope
    returns: list[Value] = field(default_factory=list)
    yields: list[Value] = field(default_factory=list)
    receiver: Value | None = None


def define_function(machine: Machine, node: cst.FunctionDef) -> int:
    """`def name(...)`."""
    decorators = tuple(machine.evaluate(decorator.decorator) for decorator in node.decorators)
    function = Function(
        node.name.value, machine.scope, _defaults(machine, node.params), decorators=decorators, node=node
    )
    if machine.at_home:
        machine.functions.append(function)
    machine.assign(node.name.value, _decorated(machine, function, node) if decorators else function)
    return FALL


def _decorated(machine: Machine, function: Function, node: cst.FunctionDef) -> Value:
    """What the name of a function stands for after its decorators."""
    last = node.decorators[-1].decorator
    if isinstance(last, cst.Attribute) and last.attr.value == "setter":
        getter = machine.scope.names.get(function.name)
        if isinstance(getter, Function) and is_property(getter):
            return replace(getter, setter=function)
    if machine.scope.kind == "class":
        return function
    value: Function = function
    for decorator in reversed(function.decorators):
        # Those of libraries give a function that does the same.
        made = call(machine, decorator, Arguments([(value, node)]), node) if isinstance(decorator, Function) else None
        value = made if isinstance(made, Function) else value
    return value


def make_lambda(machine: Machine, node: cst.Lambda) -> Function:
    """`lambda ...: ...`."""
    return Function("lambda", machine.scope, _defaults(machine, node.params), node=node)


def _defaults(machine: Machine, parameters: cst.Parameters) -> dict[str, Value]:
    return {
        parameter.name.value: machine.evaluate(parameter.default)
        for group in (parameters.posonly_params, parameters.params, parameters.kwonly_params)
        for parameter in group
        if parameter.default is not None
    }


def define_class(machine: Machine, node: cst.ClassDef) -> int:
    """`class Name(...):`."""
    bases = tuple(machine.evaluate(base.value) for base in node.bases)
    decorators = tuple(machine.evaluate(decorator.decorator) for decorator in node.decorators)
    cls = Class(node.name.value, bases, decorators, node=node)
    scope = Scope("class", machine.scope)
    outer = machine.scope
    machine.scope = scope
    try:
        machine.execute(node.body)
    finally:
        machine.scope = outer
    for value in scope.names.values():
        if isinstance(value, Function) and value.owner is None:
            value.owner = cls
            if value.setter is not None:
                value.setter.owner = cls
    cls.state.update(scope.names)
    if machine.at_home:
        machine.classes.append(cls)
    machine.assign(node.name.value, cls)
    return FALL


def evaluate_arguments(machine: Machine, nodes: Iterable[cst.Arg]) -> Arguments:
    """The arguments of a call; `*` and `**` are spread where their content is known."""
    arguments = Arguments()
    for argument in nodes:
        value = machine.evaluate(argument.value)
        if argument.star == "*":
            _spread_positional(arguments, value, argument.value)
        elif argument.star == "**":
            _spread_keywords(arguments, value, argument.value)
        elif argument.keyword is not None:
            arguments.keywords[argument.keyword.value] = (value, argument.value)
        else:
            arguments.positional.append((value, argument.value))
    return arguments


def _spread_positional(arguments: Arguments, value: Value, node: cst.CSTNode) -> None:
    if not isinstance(value, Sequence):
        arguments.open = True
        return
    for item in value.items:
        if isinstance(item, Gap):
            # The places of what follows are not known.
            arguments.open = True
            return
        arguments.positional.append((item, item.node or node))


def _spread_keywords(arguments: Arguments, value: Value, node: cst.CSTNode) -> None:
    if not isinstance(value, Mapping):
        arguments.open = True
        return
    arguments.open = arguments.open or value.open
    for key, item in value.entries.items():
        if isinstance(key, str):
            arguments.keywords[key] = (item, item.node or node)


def call(machine: Machine, callee: Value, arguments: Arguments, node: cst.CSTNode) -> Value:
    """The result of calling a value. A call that kerlint fails at is recorded and unknown; the rest goes on."""
    machine.burn()
    heap, depth = machine.heap, machine.depth
    length, marks = len(heap.trail), heap.marks
    try:
        return _call(machine, callee, arguments, node)
    except (OutOfFuel, RecursionError):
        raise
    except Exception as error:  # noqa: BLE001 - one call must not lose the file
        machine.depth = depth
        machine.failed(node, error, (length, marks))
        return Unknown("kerlint failed here", node=node)


def _call(machine: Machine, callee: Value, arguments: Arguments, node: cst.CSTNode) -> Value:
    # The commonest kinds come first.
    if isinstance(callee, External):
        if callee.name.startswith("builtins."):
            from kerlint.program.interpreter.builtins import call_builtin

            return call_builtin(machine, callee.name[9:], arguments, node)
        if callee.name.startswith(_STANDARD):
            found = _call_standard(machine, callee.name, arguments, node)
            if found is not None:
                return found
        machine.spelled = callee.written
        return machine.library.call(machine, callee.name, arguments, node)
    if isinstance(callee, Bound):
        from kerlint.program.interpreter.builtins import call_method

        return call_method(machine, callee.receiver, callee.name, arguments, node)
    if isinstance(callee, Unknown):
        hand_over(machine, arguments)
        return Unknown("unknown function", node=node)
    if isinstance(callee, Function):
        return follow(machine, callee, arguments, node)
    if isinstance(callee, BoundMethod):
        return follow(machine, callee.function, arguments, node, receiver=callee.receiver)
    if isinstance(callee, Class):
        return instantiate(machine, callee, arguments, node)
    if isinstance(callee, Partial):
        return call(machine, callee.target, _joined(callee.arguments, arguments), node)
    if isinstance(callee, OneOf):
        results = [call(machine, option, arguments, node) for option in callee.options]
        return one_of(results, node)
    if isinstance(callee, Instance):
        special = callee.cls.lookup("__call__")
        if isinstance(special, Function):
            return follow(machine, special, arguments, node, receiver=callee)
        return Unknown("instance is called", node=node)
    if isinstance(callee, (Layer, Model, Object)):
        return machine.library.invoke(machine, callee, arguments, node)
    hand_over(machine, arguments)
    return Unknown("unknown function", node=node)


def _call_standard(machine: Machine, name: str, arguments: Arguments, node: cst.CSTNode) -> Value | None:
    from kerlint.program.interpreter.fields import make_field
    from kerlint.program.interpreter.standard import call_standard

    found = call_standard(machine, name, arguments, node)
    return found if found is not None else make_field(name, arguments, node)


def hand_over(machine: Machine, arguments: Arguments) -> None:
    """Layers are given to something that is not followed, and that may change them."""
    for value, _ in (*arguments.positional, *arguments.keywords.values()):
        kind = type(value)
        if kind is Layer:
            machine.heap.write(value.state, HANDED_OVER, Const(True))  # type: ignore[attr-defined]
        elif kind is Sequence:
            for part in value.items:  # type: ignore[attr-defined]
                if type(part) is Layer:
                    machine.heap.write(part.state, HANDED_OVER, Const(True))


def _joined(first: Arguments, second: Arguments) -> Arguments:
    return Arguments(
        [*first.positional, *second.positional],
        {**first.keywords, **second.keywords},
        first.open or second.open,
    )


def follow(
    machine: Machine,
    function: Function,
    arguments: Arguments,
    node: cst.CSTNode | None,
    *,
    receiver: Value | None = None,
) -> Value:
    """Evaluates the body of a function of the program with these arguments."""
    definition = function.node
    if not isinstance(definition, (cst.FunctionDef, cst.Lambda)):
        return Unknown("no body", node=node)
    machine.called.add(id(definition))
    frames = machine.frames
    depth = sum([frame.function.node is definition for frame in frames]) if frames else 0
    if depth > 1 or len(frames) >= MAX_CALL_DEPTH:
        return Unknown("recursion" if depth > 1 else "calls too deep", node=node)
    frame = Frame(function, machine.scope, receiver=receiver)
    scope = Scope("function", function.scope)
    outer, entry = machine.scope, machine.entry
    if machine.program.followed:
        machine.enter(function, node)
    machine.scope = scope
    machine.frames.append(frame)
    try:
        _bind(machine, function, arguments, receiver, definition.params)
        if isinstance(definition, cst.Lambda):
            return machine.evaluate(definition.body)
        kind = _traced_as(function) if function.decorators else None
        if kind is None:
            flow = machine.execute(definition.body)
        else:
            with tracing(machine, kind, definition):
                flow = machine.execute(definition.body)
    finally:
        machine.scope, machine.entry = outer, entry
        machine.frames.pop()
    if definition.asynchronous is not None:
        return Unknown("coroutine", node=node)
    if frame.yields or _is_generator(machine, definition):
        element = {"element": one_of(frame.yields)}
        endless = {"endless": Const(True)} if is_endless(definition) else {}
        return Object("generator", {**element, **endless}, node=node)
    if flow != RETURN:
        if not frame.returns:
            return Const(None, node=node) if flow == FALL else Unknown("does not return", node=node)
        if flow == FALL:
            frame.returns.append(Const(None, node=node))
    return one_of(frame.returns, node)


def _traced_as(function: Function) -> str | None:
    """What TensorFlow traces the function as, by its decorators."""
    return next((GRAPHS[name] for name in map(_name_of, function.decorators) if name in GRAPHS), None)


def _is_generator(machine: Machine, definition: cst.FunctionDef) -> bool:
    """Whether the function yields somewhere, reached or not."""
    known = machine.generators.get(id(definition))
    if known is None:
        known = machine.generators[id(definition)] = _yields(definition.body)
    return known


def _yields(body: cst.CSTNode) -> bool:
    """Whether a statement of a function is a `yield`, or assigns one; it is not looked for deeper in expressions."""
    pending: list[Any] = [body]
    while pending:
        node = pending.pop()
        kind = type(node)
        if kind is cst.SimpleStatementLine or kind is cst.SimpleStatementSuite:
            for small in node.body:
                if type(getattr(small, "value", None)) is cst.Yield:
                    return True
        elif kind is cst.IndentedBlock:
            pending.extend(node.body)
        else:
            for name in _BLOCKS.get(kind, ()):
                inner = getattr(node, name)
                if name in ("handlers", "cases"):
                    pending.extend(inner)
                elif inner is not None:
                    pending.append(inner)
    return False


#: Where compound statements hold other statements; functions and classes stand apart.
_BLOCKS: dict[type, tuple[str, ...]] = {
    cst.If: ("body", "orelse"),
    cst.For: ("body", "orelse"),
    cst.While: ("body", "orelse"),
    cst.With: ("body",),
    cst.Try: ("body", "handlers", "orelse", "finalbody"),
    cst.TryStar: ("body", "handlers", "orelse", "finalbody"),
    cst.Match: ("cases",),
    cst.Else: ("body",),
    cst.Finally: ("body",),
    cst.ExceptHandler: ("body",),
    cst.ExceptStarHandler: ("body",),
    cst.MatchCase: ("body",),
}


def _bind(
    machine: Machine,
    function: Function,
    arguments: Arguments,
    receiver: Value | None,
    parameters: cst.Parameters,
) -> None:
    names = machine.scope.names
    positional = [value for value, _ in arguments.positional]
    if receiver is not None and not _is_static(function):
        positional.insert(0, receiver)
    keywords = {name: value for name, (value, _) in arguments.keywords.items()}
    for parameter in (*parameters.posonly_params, *parameters.params):
        name = parameter.name.value
        if positional:
            names[name] = positional.pop(0)
        elif name in keywords:
            names[name] = keywords.pop(name)
        else:
            names[name] = _default(machine, function, name, arguments)
    if type(parameters.star_arg) is cst.Param:
        rest: list[Value] = [*positional, Gap()] if arguments.open else positional
        names[parameters.star_arg.name.value] = list_of(rest, "tuple", parameters.star_arg)
    for parameter in parameters.kwonly_params:
        name = parameter.name.value
        names[name] = keywords.pop(name) if name in keywords else _default(machine, function, name, arguments)
    if parameters.star_kwarg is not None:
        names[parameters.star_kwarg.name.value] = mapping_of(
            dict(keywords), open=arguments.open, node=parameters.star_kwarg
        )


def _default(machine: Machine, function: Function, name: str, arguments: Arguments) -> Value:
    default = function.defaults.get(name)
    if default is None and machine.assumed:
        usual = machine.library.parameter(name, function.node)
        if usual is not None:
            return usual
    if default is None or (arguments.open and not machine.assumed):
        return Unknown(f"parameter {name}", node=default.node if default else None)
    if machine.assumed and isinstance(default, Const):
        return Const(default.value, assumed=True, node=default.node)
    return default


def _is_static(function: Function) -> bool:
    return any(
        isinstance(decorator, External) and decorator.name == "builtins.staticmethod"
        for decorator in function.decorators
    )


def _name_of(decorator: Value) -> str:
    """The canonical name of a decorator of a library, bare or with arguments."""
    return decorator.name if isinstance(decorator, (External, Object)) else ""


def is_property(function: Function) -> bool:
    """Whether reading the attribute calls the function."""
    return any(
        isinstance(decorator, External) and decorator.name in ("builtins.property", "functools.cached_property")
        for decorator in function.decorators
    )


def is_classmethod(function: Function) -> bool:
    """Whether the function receives the class."""
    return any(
        isinstance(decorator, External) and decorator.name == "builtins.classmethod"
        for decorator in function.decorators
    )


def instantiate(machine: Machine, cls: Class, arguments: Arguments, node: cst.CSTNode) -> Value:
    """An object of a class of the program."""
    machine.instantiated.add(id(cls))
    special = machine.library.instantiate(machine, cls, arguments, node)
    if special is not None:
        return special
    instance = Instance(cls, node=node)
    initializer = cls.lookup("__init__")
    if isinstance(initializer, Function):
        follow(machine, initializer, arguments, node, receiver=instance)
    elif cls.knows_its_bases():
        from kerlint.program.interpreter.fields import fill_fields, has_fields

        if has_fields(cls):
            fill_fields(machine, cls, instance, arguments, node)
    return instance


@contextmanager
def new_scope(machine: Machine) -> Iterator[None]:
    """The scope of a comprehension."""
    outer = machine.scope
    machine.scope = Scope("function", outer)
    try:
        yield
    finally:
        machine.scope = outer
