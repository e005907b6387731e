"""Classes whose fields are their parameters: dataclasses and named tuples."""

from __future__ import annotations

import libcst as cst

from kerlint.program.constants import NOTHING, constant
from kerlint.program.interpreter.machine import Machine
from kerlint.program.values import (
    Arguments,
    Class,
    Const,
    External,
    Function,
    Instance,
    Object,
    Sequence,
    Unknown,
    Value,
    mapping_of,
    tuple_of,
)

#: Decorators and bases that make the annotated names of a class the parameters of its constructor.
_DECORATORS = frozenset(
    """attr.dataclass attr.define attr.frozen attr.s attrs.define attrs.frozen attrs.mutable chex.dataclass
    dataclasses.dataclass flax.struct.dataclass pydantic.dataclasses.dataclass""".split()
)
_BASES = frozenset({"typing.NamedTuple", "pydantic.BaseModel"})
#: What says how a field gets its value.
_FIELD = frozenset({"dataclasses.field", "attr.ib", "attr.field", "attrs.field", "pydantic.Field"})
#: Where a class from `collections.namedtuple` keeps the names of its fields.
_NAMES = "_fields"


def has_fields(cls: Class) -> bool:
    """Whether the constructor of a class takes its fields."""
    if _NAMES in cls.state or any(base in _BASES for base in cls.external_bases()):
        return True
    # The decorator of a base counts, too: its constructor is inherited.
    return any(
        isinstance(decorator, (External, Object)) and decorator.name in _DECORATORS
        for one in cls.ancestry()
        if isinstance(one, Class)
        for decorator in one.decorators
    )


def fields_of(cls: Class) -> list[str]:
    """The names of the fields, in the order of the constructor."""
    found: dict[str, None] = {}
    for one in reversed(cls.ancestry()):
        if not isinstance(one, Class):
            continue
        named = one.state.get(_NAMES)
        if isinstance(named, Sequence):
            found.update((str(constant(item)), None) for item in named.items)
        elif isinstance(one.node, cst.ClassDef):
            found.update((name, None) for name in _annotated(one.node))
    return list(found)


def tuple_items(value: Value) -> tuple[Value, ...] | None:
    """The items of a named tuple; None for anything else."""
    if type(value) is not Instance:
        return None
    cls = value.cls
    if _NAMES not in cls.state and "typing.NamedTuple" not in cls.external_bases():
        return None
    items = [value.state.get(name) for name in fields_of(cls)]
    known = tuple([item for item in items if item is not None])
    return known if len(known) == len(items) else None


def _annotated(definition: cst.ClassDef) -> list[str]:
    fields = [
        small
        for line in definition.body.body
        if isinstance(line, cst.SimpleStatementLine)
        for small in line.body
        if isinstance(small, cst.AnnAssign) and not _is_class_variable(small)
    ]
    return [field.target.value for field in fields if isinstance(field.target, cst.Name)]


def _is_class_variable(field: cst.AnnAssign) -> bool:
    kind = field.annotation.annotation
    kind = kind.value if isinstance(kind, cst.Subscript) else kind
    name = kind.attr if isinstance(kind, cst.Attribute) else kind
    return isinstance(name, cst.Name) and name.value == "ClassVar"


def fill_fields(machine: Machine, cls: Class, instance: Instance, arguments: Arguments, node: cst.CSTNode) -> None:
    """Gives an object its fields: as given, else the defaults."""
    from kerlint.program.interpreter.calls import follow

    given: dict[str, Value] = {}
    names = fields_of(cls)
    for name, (value, _) in zip(names, arguments.positional):
        given[name] = value
    for name, (value, _) in arguments.keywords.items():
        given[name] = value
    for name in names:
        # Something among what was not spelt out may be for the field.
        missing = Unknown(f"the field {name}", node=node) if arguments.open else _default(machine, cls, name, node)
        machine.heap.write(instance.state, name, given.get(name, missing))
    after = cls.lookup("__post_init__")
    if isinstance(after, Function):
        follow(machine, after, Arguments(), node, receiver=instance)


def _default(machine: Machine, cls: Class, name: str, node: cst.CSTNode) -> Value:
    from kerlint.program.interpreter.calls import call

    default = cls.lookup(name)
    if not (isinstance(default, Object) and default.name in _FIELD):
        return default if default is not None else Unknown(f"the field {name}", node=node)
    if "default" in default.args:
        return default.args["default"]
    factory = default.args.get("default_factory") or default.args.get("factory")
    return call(machine, factory, Arguments(), node) if factory is not None else Unknown("a field", node=node)


def make_field(name: str, arguments: Arguments, node: cst.CSTNode) -> Object | None:
    """What `field(...)` says; None for a call of something else."""
    if name not in _FIELD or arguments.open:
        return None
    args = {keyword: value for keyword, (value, _) in arguments.keywords.items()}
    return Object(name, args, node=node)


def make_named_tuple(machine: Machine, arguments: Arguments, node: cst.CSTNode) -> Value:
    """`collections.namedtuple(name, fields, defaults=...)`."""
    name, fields = constant(arguments.get(0, "typename") or Unknown()), arguments.get(1, "field_names")
    listed = constant(fields) if fields is not None else NOTHING
    if isinstance(listed, str):
        names = listed.replace(",", " ").split()
    elif isinstance(fields, Sequence) and fields.exact is not None:
        names = [str(constant(item)) for item in fields.exact]
    else:
        return Unknown("namedtuple", node=node)
    defaults = arguments.get(9999, "defaults")
    last = defaults.items if isinstance(defaults, Sequence) else ()
    state: dict[str, Value] = dict(zip(names[len(names) - len(last) :], last))
    state[_NAMES] = tuple_of(*(Const(one) for one in names), node=node)
    return Class(str(name), (), state=state, node=node)


def as_dict(machine: Machine, arguments: Arguments, node: cst.CSTNode) -> Value:
    """`dataclasses.asdict(x)`."""
    made = arguments.get(0)
    if not isinstance(made, Instance) or not has_fields(made.cls):
        return Unknown("asdict", node=node)
    entries = {name: made.state[name] for name in fields_of(made.cls) if name in made.state}
    return mapping_of(dict(entries), node=node)


def replaced(machine: Machine, arguments: Arguments, node: cst.CSTNode) -> Value:
    """`dataclasses.replace(x, name=value)`."""
    made = arguments.get(0)
    if not isinstance(made, Instance) or not has_fields(made.cls):
        return Unknown("replace", node=node)
    state = {**made.state, **{name: value for name, (value, _) in arguments.keywords.items()}}
    return Instance(made.cls, state=state, node=node)
