"""Functions and classes of the program: definition, arguments, and following a call."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from kerlint import syntax
from kerlint.program.alternatives import one_of
from kerlint.program.events import Touched
from kerlint.program.interpreter.decorators import (
    decorated,
    decorated_class,
    decorated_method,
    is_cached,
    is_static,
    once,
    traced_as,
)
from kerlint.program.interpreter.endings import is_endless
from kerlint.program.interpreter.enumerations import by_value, is_enumeration, make_members
from kerlint.program.interpreter.flow import FALL, RETURN
from kerlint.program.interpreter.machine import MAX_CALL_DEPTH, Machine, OutOfFuel
from kerlint.program.interpreter.namespaces import is_namespace, may_change
from kerlint.program.interpreter.traces import tracing
from kerlint.program.iterators import take
from kerlint.program.scope import Loop, Path, Scope
from kerlint.program.values import (
    LOGS,
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
from kerlint.records import dataclass, field

#: Modules with functions of which more is known than their names.
_STANDARD = ("itertools.", "functools.", "enum.", "collections.", "dataclasses.", "attr.", "attrs.", "pydantic.")

#: Calls of functions from one definition within each other.
MAX_ALIKE = 5

#: Calls of functions by themselves that are followed where every condition on the way is known.
MAX_RECURSIONS = 64
#: What may be known to come to an end.
_COUNTING = frozenset({Const, Sequence, Mapping})

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
    #: Whether there was a `raise`, `break` or `continue` on the way: what follows may not be reached.
    left: bool = False
    #: Where in the control flow the call stands.
    path: Path = ()
    loops: tuple[Loop, ...] = ()


def define_function(machine: Machine, node: syntax.FunctionDef) -> int:
    """`def name(...)`."""
    decorators = tuple(machine.evaluate(decorator) for decorator in node.decorators)
    function = Function(
        node.name.value, machine.scope, _defaults(machine, node.params), decorators=decorators, node=node
    )
    if machine.at_home:
        machine.functions.append(function)
    machine.assign(node.name.value, decorated(machine, function, node) if decorators else function)
    return FALL


def make_lambda(machine: Machine, node: syntax.Lambda) -> Function:
    """`lambda ...: ...`."""
    return Function("lambda", machine.scope, _defaults(machine, node.params), node=node)


def _defaults(machine: Machine, parameters: syntax.Parameters) -> dict[str, Value]:
    return {
        parameter.name: machine.evaluate(parameter.default)
        for group in (parameters.posonly_params, parameters.params, parameters.kwonly_params)
        for parameter in group
        if parameter.default is not None
    }


def define_class(machine: Machine, node: syntax.ClassDef) -> int:
    """`class Name(...):`."""
    bases = tuple(machine.evaluate(base.value) for base in node.bases)
    decorators = tuple(machine.evaluate(decorator) for decorator in node.decorators)
    cls = Class(node.name.value, bases, decorators, node=node)
    scope = Scope("class", machine.scope)
    outer = machine.scope
    machine.scope = scope
    try:
        machine.execute(node.body)
    finally:
        machine.scope = outer
    for name, value in list(scope.names.items()):
        if isinstance(value, Function) and value.owner is None:
            value.owner = cls
            if value.setter is not None:
                value.setter.owner = cls
            if value.decorators:
                scope.names[name] = decorated_method(machine, cls, value)
    cls.state.update(scope.names)
    if is_enumeration(cls):
        make_members(machine, cls)
    if machine.at_home:
        machine.classes.append(cls)
    machine.assign(node.name.value, decorated_class(machine, cls, node) if decorators else cls)
    return FALL


def evaluate_arguments(machine: Machine, nodes: Iterable[syntax.Arg]) -> Arguments:
    """The arguments of a call; `*` and `**` are spread where their content is known."""
    positional: list[tuple[Value, syntax.Node | None]] = []
    keywords: dict[str, tuple[Value, syntax.Node | None]] = {}
    arguments = Arguments(positional, keywords)
    evaluate = machine.evaluate
    for argument in nodes:
        node = argument.value
        value = evaluate(node)
        if argument.star:
            spread = _spread_positional if argument.star == "*" else _spread_keywords
            spread(arguments, value, node)
            take(machine, value)
        elif argument.keyword is not None:
            keywords[argument.keyword] = (value, node)
        else:
            positional.append((value, node))
    return arguments


def _spread_positional(arguments: Arguments, value: Value, node: syntax.Node) -> None:
    if not isinstance(value, Sequence):
        arguments.open = True
        return
    for item in value.items:
        if isinstance(item, Gap):
            # The places of what follows are not known.
            arguments.open = True
            return
        arguments.positional.append((item, item.node or node))


def _spread_keywords(arguments: Arguments, value: Value, node: syntax.Node) -> None:
    if not isinstance(value, Mapping):
        arguments.open = True
        return
    arguments.open = arguments.open or value.open
    for key, item in value.entries.items():
        if isinstance(key, str):
            arguments.keywords[key] = (item, item.node or node)


def call(machine: Machine, callee: Value, arguments: Arguments, node: syntax.Node) -> Value:
    """The result of calling a value. A call that kerlint fails at is recorded and unknown; the rest goes on."""
    machine.fuel -= 1
    if machine.fuel < 0:
        raise OutOfFuel
    heap, depth = machine.heap, machine.depth
    length, marks = len(heap.trail), heap.marks
    try:
        answer = _CALLED.get(type(callee))
        if answer is not None:
            return answer(machine, callee, arguments, node)
        hand_over(machine, arguments)
        return Unknown("unknown function", node=node)
    except (OutOfFuel, RecursionError):
        raise
    except Exception as error:  # noqa: BLE001 - one call must not lose the file
        machine.depth = depth
        machine.failed(node, error, (length, marks))
        return Unknown("kerlint failed here", node=node)


def _call_external(machine: Machine, callee: External, arguments: Arguments, node: syntax.Node) -> Value:
    name = callee.name
    if name.startswith("builtins."):
        from kerlint.program.interpreter.builtins import call_builtin

        return call_builtin(machine, name[9:], arguments, node)
    if name.startswith(_STANDARD):
        found = _call_standard(machine, name, arguments, node)
        if found is not None:
            return found
    machine.spelled = callee.written
    return machine.library.call(machine, name, arguments, node)


def _call_bound(machine: Machine, callee: Bound, arguments: Arguments, node: syntax.Node) -> Value:
    from kerlint.program.interpreter.methods import call_method

    return call_method(machine, callee.receiver, callee.name, arguments, node)


def _call_function(machine: Machine, callee: Function, arguments: Arguments, node: syntax.Node) -> Value:
    if callee.decorators and is_cached(callee):
        return once(machine, callee, arguments, lambda: follow(machine, callee, arguments, node))
    return follow(machine, callee, arguments, node)


def _call_alternatives(machine: Machine, callee: OneOf, arguments: Arguments, node: syntax.Node) -> Value:
    return one_of([call(machine, option, arguments, node) for option in callee.options], node)


def _call_instance(machine: Machine, callee: Instance, arguments: Arguments, node: syntax.Node) -> Value:
    special = callee.cls.lookup("__call__")
    if isinstance(special, Function):
        return follow(machine, special, arguments, node, receiver=callee)
    return Unknown("instance is called", node=node)


def _call_standard(machine: Machine, name: str, arguments: Arguments, node: syntax.Node) -> Value | None:
    from kerlint.program.interpreter.fields import make_option
    from kerlint.program.interpreter.standard import call_standard

    found = call_standard(machine, name, arguments, node)
    return found if found is not None else make_option(name, arguments, node)


def hand_over(machine: Machine, arguments: Arguments) -> None:
    """Layers and models are given to something that is not followed, and that may change or call them."""
    for value, place in (*arguments.positional, *arguments.keywords.values()):
        kind = type(value)
        if kind is Layer or kind is Model:
            machine.heap.write(value.state, HANDED_OVER, Const(True))  # type: ignore[attr-defined]
            if machine.tapes and place is not None:
                machine.emit(Touched(node=place, thing=value))  # type: ignore[arg-type]
        elif kind is Sequence:
            for part in value.items:  # type: ignore[attr-defined]
                if type(part) is Layer or type(part) is Model:
                    machine.heap.write(part.state, HANDED_OVER, Const(True))
            take(machine, value, partly=True)
        elif isinstance(value, Object) and is_namespace(value):
            may_change(machine, value)
        elif kind is Mapping and LOGS in value.state:  # type: ignore[attr-defined]
            machine.heap.write(value.state, LOGS, None)  # type: ignore[attr-defined]
            machine.heap.write(value.state, "open", True)  # type: ignore[attr-defined]


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
    node: syntax.Node | None,
    *,
    receiver: Value | None = None,
) -> Value:
    """Evaluates the body of a function of the program with these arguments."""
    definition = function.node
    if not isinstance(definition, (syntax.FunctionDef, syntax.Lambda)):
        return Unknown("no body", node=node)
    machine.called.add(id(definition))
    frames = machine.frames
    if len(frames) >= MAX_CALL_DEPTH or (len(frames) > 1 and _is_recursion(machine, function, arguments)):
        return Unknown("calls too deep", node=node)
    frame = Frame(function, machine.scope, receiver=receiver, path=machine.path, loops=machine.loops)
    scope = Scope("function", function.scope)
    outer, entry = machine.scope, machine.entry
    if machine.program.followed:
        machine.enter(function, node)
    machine.scope = scope
    machine.frames.append(frame)
    try:
        _bind(machine, function, arguments, receiver, definition.params)
        if isinstance(definition, syntax.Lambda):
            return machine.evaluate(definition.body)
        kind = traced_as(function) if function.decorators else None
        if kind is None:
            flow = machine.execute(definition.body)
        else:
            with tracing(machine, kind, definition):
                flow = machine.execute(definition.body)
    finally:
        machine.scope, machine.entry = outer, entry
        machine.frames.pop()
    if definition.asynchronous:
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


def _is_recursion(machine: Machine, function: Function, arguments: Arguments) -> bool:
    """Whether a function calls itself, and it is not known that it comes to an end."""
    alike = [frame for frame in machine.frames if frame.function.node is function.node]
    # What a decorator makes is one definition, and another function each time.
    again = [frame for frame in alike if frame.function.scope is function.scope]
    if len(again) < 2 and len(alike) <= MAX_ALIKE:
        return False
    first = (again or alike)[0]
    is_sure = first.path == machine.path and all(loop.unrolled for loop in machine.loops[len(first.loops) :])
    # Something that is known has to count down, or to grow shorter; who has perhaps returned is not sure to be here.
    is_sure = is_sure and any(type(value) in _COUNTING for value, _ in _given(arguments))
    is_sure = is_sure and not any(frame.returns for frame in alike)
    machine.recursions += is_sure
    return not is_sure or machine.recursions > MAX_RECURSIONS


def _given(arguments: Arguments) -> Iterator[tuple[Value, syntax.Node | None]]:
    yield from arguments.positional
    yield from arguments.keywords.values()


def _is_generator(machine: Machine, definition: syntax.FunctionDef) -> bool:
    """Whether the function yields somewhere, reached or not."""
    known = machine.generators.get(id(definition))
    if known is None:
        known = machine.generators[id(definition)] = _yields(definition.body)
    return known


def _yields(body: syntax.Node) -> bool:
    """Whether a statement of a function is a `yield`, or assigns one; it is not looked for deeper in expressions."""
    pending: list[Any] = [body]
    while pending:
        node = pending.pop()
        kind = type(node)
        if kind is syntax.Block:
            pending.extend(node.body)
        elif kind in _HOLD_YIELD:
            if type(node.value) is syntax.Yield:
                return True
        elif kind in _BLOCKS:
            for name in _BLOCKS[kind]:
                inner = getattr(node, name)
                if name in ("handlers", "cases"):
                    pending.extend(inner)
                elif inner is not None:
                    pending.append(inner)
    return False


#: Statements with a value.
_HOLD_YIELD = frozenset({syntax.Expr, syntax.Assign, syntax.AnnAssign, syntax.AugAssign, syntax.Return})
#: Where compound statements hold other statements; functions and classes stand apart.
_BLOCKS: dict[type, tuple[str, ...]] = {
    syntax.If: ("body", "orelse"),
    syntax.For: ("body", "orelse"),
    syntax.While: ("body", "orelse"),
    syntax.With: ("body",),
    syntax.Try: ("body", "handlers", "orelse", "finalbody"),
    syntax.Match: ("cases",),
    syntax.ExceptHandler: ("body",),
    syntax.MatchCase: ("body",),
}


def _bind(
    machine: Machine,
    function: Function,
    arguments: Arguments,
    receiver: Value | None,
    parameters: syntax.Parameters,
) -> None:
    names = machine.scope.names
    positional = [value for value, _ in arguments.positional]
    if receiver is not None and not is_static(function):
        positional.insert(0, receiver)
    keywords = {name: value for name, (value, _) in arguments.keywords.items()}
    for parameter in (*parameters.posonly_params, *parameters.params):
        name = parameter.name
        if positional:
            names[name] = positional.pop(0)
        elif name in keywords:
            names[name] = keywords.pop(name)
        else:
            names[name] = _default(machine, function, name, arguments)
    if parameters.star_arg is not None:
        rest: list[Value] = [*positional, Gap()] if arguments.open else positional
        names[parameters.star_arg.name] = list_of(rest, "tuple", parameters.star_arg)
    for parameter in parameters.kwonly_params:
        name = parameter.name
        names[name] = keywords.pop(name) if name in keywords else _default(machine, function, name, arguments)
    if parameters.star_kwarg is not None:
        names[parameters.star_kwarg.name] = mapping_of(dict(keywords), open=arguments.open, node=parameters.star_kwarg)


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


def instantiate(machine: Machine, cls: Class, arguments: Arguments, node: syntax.Node) -> Value:
    """An object of a class of the program."""
    machine.instantiated[id(cls)] = cls
    if is_enumeration(cls):
        return by_value(cls, arguments, node)
    special = machine.library.instantiate(machine, cls, arguments, node)
    if special is not None:
        return special
    from kerlint.program.interpreter.fields import fill_fields, forget_attributes, has_fields

    instance = Instance(cls, node=node)
    if cls.knows_its_bases() and has_fields(cls):
        fill_fields(machine, cls, instance, arguments, node)
        return instance
    initializer = cls.lookup("__init__")
    if isinstance(initializer, Function):
        follow(machine, initializer, arguments, node, receiver=instance)
    elif arguments.positional or arguments.keywords or arguments.open:
        # A constructor that is not known: it may set what the class has as a default.
        for name in arguments.keywords:
            machine.heap.write(instance.state, name, Unknown("may be set", node=node))
        forget_attributes(machine, instance, node)
    return instance


def _invoke(machine: Machine, callee: Value, arguments: Arguments, node: syntax.Node) -> Value:
    return machine.library.invoke(machine, callee, arguments, node)


#: What calling a value of a kind does; none of the kinds has subclasses but those that are here.
_CALLED: dict[type, Callable[[Machine, Any, Arguments, syntax.Node], Value]] = {
    External: _call_external,
    Bound: _call_bound,
    Function: _call_function,
    BoundMethod: lambda machine, callee, arguments, node: follow(
        machine, callee.function, arguments, node, receiver=callee.receiver
    ),
    Class: instantiate,
    Partial: lambda machine, callee, arguments, node: call(
        machine, callee.target, _joined(callee.arguments, arguments), node
    ),
    OneOf: _call_alternatives,
    Instance: _call_instance,
    Layer: _invoke,
    Model: _invoke,
    Object: _invoke,
}


@contextmanager
def new_scope(machine: Machine) -> Iterator[None]:
    """The scope of a comprehension."""
    outer = machine.scope
    machine.scope = Scope("function", outer)
    try:
        yield
    finally:
        machine.scope = outer
