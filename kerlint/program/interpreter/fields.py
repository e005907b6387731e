"""Classes whose fields are their parameters: dataclasses and named tuples."""

from __future__ import annotations

from typing import NamedTuple

from kerlint import syntax
from kerlint.program.constants import NOTHING, constant
from kerlint.program.interpreter.machine import Machine
from kerlint.program.values import (
    MAX_DEPTH,
    Arguments,
    Class,
    Const,
    External,
    Function,
    Instance,
    Mapping,
    Object,
    Sequence,
    Unknown,
    Value,
    list_of,
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
#: Decorators after which a function is called once for the same arguments.
CACHES = frozenset({"functools.lru_cache", "functools.cache"})
#: Where a class from `collections.namedtuple` keeps the names of its fields.
_NAMES = "_fields"


class _Field(NamedTuple):
    """One field of a class, as its constructor has it."""

    name: str
    is_parameter: bool = True
    by_keyword: bool = False
    #: Given to `__post_init__`, and not kept.
    is_passed_on: bool = False


def has_fields(cls: Class) -> bool:
    """Whether the constructor of a class takes its fields, and none that the program writes itself."""
    for one in cls.ancestry():
        if not isinstance(one, Class):
            continue
        if "__init__" in one.state:
            return False
        if _makes_fields(one) and not _says(one, "init", False):
            return True
    return False


def _makes_fields(cls: Class) -> bool:
    """Whether the names of this class itself are fields."""
    return _NAMES in cls.state or _decorator(cls) is not None or any(base in _BASES for base in cls.external_bases())


def _decorator(cls: Class) -> External | Object | None:
    for decorator in cls.decorators:
        if isinstance(decorator, (External, Object)) and decorator.name in _DECORATORS:
            return decorator
    return None


def _says(cls: Class, option: str, wanted: bool) -> bool:
    """Whether the decorator of a class has an option with this value."""
    decorator = _decorator(cls)
    return isinstance(decorator, Object) and constant(decorator.args.get(option)) is wanted


def fields_of(cls: Class) -> list[str]:
    """The names of what its objects keep, in order."""
    return [field.name for field in _all_fields(cls) if not field.is_passed_on]


def _all_fields(cls: Class) -> list[_Field]:
    found: dict[str, _Field] = {}
    for one in reversed(cls.ancestry()):
        if not isinstance(one, Class) or not _makes_fields(one):
            continue
        named = one.state.get(_NAMES)
        if isinstance(named, Sequence):
            found.update((str(constant(item)), _Field(str(constant(item)))) for item in named.items)
        elif isinstance(one.node, syntax.ClassDef):
            found.update((field.name, field) for field in _own_fields(one, one.node))
    return list(found.values())


def tuple_items(value: Value) -> tuple[Value, ...] | None:
    """The items of a named tuple; None for anything else."""
    if type(value) is not Instance:
        return None
    cls = value.cls
    if cls.lookup(_NAMES) is None and "typing.NamedTuple" not in cls.external_bases():
        return None
    items = [value.state.get(name) for name in fields_of(cls)]
    known = tuple([item for item in items if item is not None])
    return known if len(known) == len(items) else None


def _own_fields(cls: Class, definition: syntax.ClassDef) -> list[_Field]:
    """The fields that the body of a class writes, in order."""
    found: list[_Field] = []
    by_keyword = _says(cls, "kw_only", True)
    for small in definition.body.body:
        kind = _annotation(small) if isinstance(small, syntax.AnnAssign) else ""
        name = _target(small)
        if kind == "KW_ONLY":
            by_keyword = True
        elif name is not None and kind != "ClassVar":
            says = cls.state.get(name)
            options = says.args if isinstance(says, Object) and says.name in _FIELD else None
            if options is None and not isinstance(small, syntax.AnnAssign):
                continue
            own = constant((options or {}).get("kw_only"))
            is_parameter = constant((options or {}).get("init")) is not False
            found.append(_Field(name, is_parameter, by_keyword if own is NOTHING else bool(own), kind == "InitVar"))
    return found


def _target(small: syntax.Statement) -> str | None:
    """The one name that a statement in the body of a class sets or announces."""
    target: syntax.Node | None = None
    if isinstance(small, syntax.AnnAssign):
        target = small.target
    elif isinstance(small, syntax.Assign) and len(small.targets) == 1:
        target = small.targets[0]
    return target.value if isinstance(target, syntax.Name) else None


def _annotation(field: syntax.AnnAssign) -> str:
    """The last name of what an annotation says, without what stands in brackets."""
    kind = field.annotation
    if isinstance(kind, syntax.Constant):
        return str(kind.value).partition("[")[0].rpartition(".")[2]
    return syntax.last_name(kind.value if isinstance(kind, syntax.Subscript) else kind)


def fill_fields(machine: Machine, cls: Class, instance: Instance, arguments: Arguments, node: syntax.Node) -> None:
    """Gives an object its fields: as given, else the defaults."""
    from kerlint.program.interpreter.calls import follow

    fields = _all_fields(cls)
    places = [field.name for field in fields if field.is_parameter and not field.by_keyword]
    given = {name: value for name, (value, _) in zip(places, arguments.positional)}
    given.update((name, value) for name, (value, _) in arguments.keywords.items())
    passed: list[tuple[Value, syntax.Node | None]] = []
    for field in fields:
        name = field.name
        value = given.pop(name, None) if field.is_parameter else None
        if value is None:
            # Something among what was not spelt out may be for the field.
            is_hidden = arguments.open and field.is_parameter
            value = Unknown(f"the field {name}", node=node) if is_hidden else _default(machine, cls, name, node)
        if field.is_passed_on:
            passed.append((value, node))
        else:
            machine.heap.write(instance.state, name, value)
    for name in given:
        machine.heap.write(instance.state, name, Unknown("no field", node=node))
    after = cls.lookup("__post_init__") or cls.lookup("__attrs_post_init__")
    if isinstance(after, Function):
        follow(machine, after, Arguments(passed), node, receiver=instance)


def forget_attributes(machine: Machine, instance: Instance, node: syntax.Node | None) -> None:
    """Something that is not followed may have set any attribute of an object."""
    names = dict.fromkeys(instance.state)
    for one in instance.cls.ancestry():
        if isinstance(one, Class):
            names.update((name, None) for name, value in one.state.items() if not isinstance(value, Function))
    for name in names:
        machine.heap.write(instance.state, name, Unknown("may be set", node=node))


def _default(machine: Machine, cls: Class, name: str, node: syntax.Node) -> Value:
    from kerlint.program.interpreter.calls import call

    default = cls.lookup(name)
    if not (isinstance(default, Object) and default.name in _FIELD):
        return default if default is not None else Unknown(f"the field {name}", node=node)
    if "default" in default.args:
        return default.args["default"]
    factory = default.args.get("default_factory") or default.args.get("factory")
    return call(machine, factory, Arguments(), node) if factory is not None else Unknown("a field", node=node)


def make_option(name: str, arguments: Arguments, node: syntax.Node) -> Object | None:
    """What `field(...)`, `dataclass(...)` or `lru_cache(...)` says; None for a call of something else."""
    if name not in _FIELD and name not in _DECORATORS and name not in CACHES:
        return None
    args = {keyword: value for keyword, (value, _) in arguments.keywords.items()}
    if name in _FIELD and arguments.positional:
        args.setdefault("default", arguments.positional[0][0])
    # A class or function that is given is what the decorator is for: it is not followed here.
    return None if arguments.positional and name not in _FIELD and name not in CACHES else Object(name, args, node=node)


def make_named_tuple(machine: Machine, arguments: Arguments, node: syntax.Node) -> Value:
    """`collections.namedtuple(name, fields, defaults=...)`."""
    name, fields = constant(arguments.get(0, "typename") or Unknown()), arguments.get(1, "field_names")
    listed = constant(fields) if fields is not None else NOTHING
    if isinstance(listed, str):
        names = listed.replace(",", " ").split()
    elif isinstance(fields, Sequence) and all(isinstance(constant(item), str) for item in fields.items):
        names = [str(constant(item)) for item in fields.items]
    else:
        return Unknown("namedtuple", node=node)
    defaults = arguments.get(9999, "defaults")
    last = (defaults.exact or ()) if isinstance(defaults, Sequence) else ()
    state: dict[str, Value] = dict(zip(names[len(names) - len(last) :], last))
    state[_NAMES] = tuple_of(*(Const(one) for one in names), node=node)
    return Class(str(name), (), state=state, node=node)


def as_dict(machine: Machine, arguments: Arguments, node: syntax.Node) -> Value:
    """`dataclasses.asdict(x)`."""
    made = arguments.get(0)
    if not isinstance(made, Instance) or not has_fields(made.cls):
        return Unknown("asdict", node=node)
    return _copied(made, node, {})


def _copied(value: Value, node: syntax.Node, copies: dict[int, Value], depth: int = 0) -> Value:
    """A copy of what a field holds, with dicts in place of objects with fields; of what it holds twice, one."""
    if id(value) in copies:
        return copies[id(value)]
    if depth > MAX_DEPTH:
        return Unknown("too deep", node=node)
    copies[id(value)] = Unknown("holds itself", node=node)
    copy = value
    if type(value) is Instance and has_fields(value.cls):
        entries = {name: value.state[name] for name in fields_of(value.cls) if name in value.state}
        copy = mapping_of({name: _copied(one, node, copies, depth + 1) for name, one in entries.items()}, node=node)
    elif isinstance(value, Sequence):
        copy = list_of([_copied(item, node, copies, depth + 1) for item in value.items], value.kind, node)
    elif isinstance(value, Mapping):
        entries = {key: _copied(one, node, copies, depth + 1) for key, one in value.entries.items()}
        copy = mapping_of(entries, open=value.open, node=node)
    copies[id(value)] = copy
    return copy


def replaced(machine: Machine, arguments: Arguments, node: syntax.Node) -> Value:
    """`dataclasses.replace(x, name=value)`."""
    made = arguments.get(0)
    if not isinstance(made, Instance) or not has_fields(made.cls):
        return Unknown("replace", node=node)
    kept = [field.name for field in _all_fields(made.cls) if field.is_parameter and not field.is_passed_on]
    given = {name: (made.state[name], node) for name in kept if name in made.state}
    instance = Instance(made.cls, node=node)
    fill_fields(machine, made.cls, instance, Arguments([], {**given, **arguments.keywords}), node)
    return instance
