"""`dataclass` with methods that are made when they are first called.

To Python and to type checkers they are dataclasses like any other: `replace`, `fields`, inheritance in both directions
and pattern matching work. The one of the standard library compiles half a dozen methods for each class when a module is
imported. kerlint has 150 such classes, and a run over a small file needs the constructors of thirty: that was an eighth
of its time (`docs/benchmarks.md`). To import `dataclasses`, with `inspect` behind it, takes half as long as
`python -c pass`, so that this is left for when somebody asks for what only it knows.
"""

from __future__ import annotations

import sys
from operator import attrgetter
from reprlib import recursive_repr
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dataclasses import dataclass, field, replace

    __all__ = ["dataclass", "field", "replace"]
else:
    from collections.abc import Callable
    from types import MemberDescriptorType
    from typing import Any

    _MISSING = object()
    _FIELDS = "__dataclass_fields__"
    #: The same fields as `_Field`.
    _OWN = "__record_fields__"

    class _Field:
        """A field, with the attributes of `dataclasses.Field`."""

        __slots__ = ("compare", "default", "default_factory", "hash", "init", "kw_only", "name", "repr", "type")

        def __init__(
            self,
            *,
            default: Any = _MISSING,
            default_factory: Any = _MISSING,
            init: bool = True,
            repr: bool = True,
            hash: bool | None = None,
            compare: bool = True,
            kw_only: Any = _MISSING,
        ) -> None:
            if default is not _MISSING and default_factory is not _MISSING:
                raise ValueError("cannot specify both default and default_factory")
            self.default, self.default_factory = default, default_factory
            self.init, self.repr, self.hash, self.compare, self.kw_only = init, repr, hash, compare, kw_only
            self.name = self.type = ""

        @classmethod
        def of(cls, standard: Any) -> Any:
            """A field of the standard library."""
            missing = sys.modules["dataclasses"].MISSING
            own = cls()
            for name in cls.__slots__:
                value = getattr(standard, name)
                setattr(own, name, _MISSING if value is missing else value)
            return own

        def standard(self) -> Any:
            """The same as a field of the standard library."""
            import dataclasses

            made = dataclasses.field()
            for name in self.__slots__:
                value = getattr(self, name)
                setattr(made, name, dataclasses.MISSING if value is _MISSING else value)
            made._field_type = dataclasses._FIELD
            return made

    class _Fields:
        """`__dataclass_fields__`, which only the standard library reads."""

        def __init__(self, own: dict[str, _Field]) -> None:
            self._own = own
            self._standard: dict[str, Any] | None = None

        def __get__(self, _: object, __: type) -> dict[str, Any]:
            if self._standard is None:
                self._standard = {name: one.standard() for name, one in self._own.items()}
            return self._standard

    def field(**options: Any) -> Any:
        """As `dataclasses.field`, without `metadata`."""
        return _Field(**options)

    def replace(record: Any, /, **changes: Any) -> Any:
        """As `dataclasses.replace`."""
        fields = vars(type(record)).get(_OWN)
        if fields is None:
            # One of the standard library, or a class made from one of ours.
            import dataclasses

            return dataclasses.replace(record, **changes)
        for name, one in fields.items():
            if one.init:
                if name not in changes:
                    changes[name] = getattr(record, name)
            elif name in changes:
                raise ValueError(f"field {name} is declared with init=False, it cannot be specified with replace()")
        return type(record)(**changes)

    def dataclass(cls: type | None = None, /, **options: bool) -> Any:
        """As `dataclasses.dataclass`, with the options `frozen`, `eq`, `order`, `slots` and `kw_only`."""
        if cls is not None:
            return _made(cls)
        return lambda cls: _made(cls, **options)

    def _made(
        cls: type,
        *,
        frozen: bool = False,
        eq: bool = True,
        order: bool = False,
        slots: bool = False,
        kw_only: bool = False,
    ) -> type:
        fields = _fields_of(cls, kw_only)
        own = dict(cls.__dict__)
        if slots:
            cls = _with_slots(cls, fields)
        new: dict[str, Any] = {
            _FIELDS: _Fields(fields),
            _OWN: fields,
            "__dataclass_params__": _Parameters(frozen),
            "__match_args__": tuple(name for name, one in fields.items() if one.init and not one.kw_only),
            "__init__": _constructor(cls, fields, frozen),
            "__repr__": _representation(fields),
        }
        compared = _key([name for name, one in fields.items() if one.compare])
        if eq:
            new["__eq__"] = _comparison(compared, "__eq__")
        if order:
            new.update((name, _comparison(compared, name)) for name in ("__lt__", "__le__", "__gt__", "__ge__"))
        if frozen:
            new["__setattr__"], new["__delattr__"] = _refusals(cls, frozenset(fields))
            if slots:
                new["__getstate__"], new["__setstate__"] = _states(tuple(fields))
        if eq and own.get("__hash__") is None:
            # Python itself has set None where the class has its own `__eq__`.
            hashed = [name for name, one in fields.items() if (one.compare if one.hash is None else one.hash)]
            cls.__hash__ = _hash(_key(hashed)) if frozen else None
        for name, value in new.items():
            if name not in own:
                setattr(cls, name, value)
        return cls

    class _Parameters:
        """What a dataclass of the standard library asks its bases for."""

        def __init__(self, frozen: bool) -> None:
            self.frozen = frozen

    def _fields_of(cls: type, kw_only: bool) -> dict[str, _Field]:
        """The fields by name, those of the bases first."""
        fields: dict[str, _Field] = {}
        for base in cls.__mro__[-1:0:-1]:
            fields.update(_fields_in(base))
        for name, annotation in cls.__annotations__.items():
            if str(annotation).startswith(("ClassVar", "typing.ClassVar")):
                continue
            default = cls.__dict__.get(name, _MISSING)
            if isinstance(default, MemberDescriptorType):
                default = _MISSING
            one = _as_field(default)
            if one is None:
                one = _Field(default=default)
            elif one.default is _MISSING:
                delattr(cls, name)
            else:
                setattr(cls, name, one.default)
            one.name, one.type = name, annotation
            if one.kw_only is _MISSING:
                one.kw_only = kw_only
            fields[name] = one
        return fields

    def _fields_in(base: type) -> dict[str, _Field]:
        """The fields of a base, which may be one of the standard library."""
        own = base.__dict__.get(_OWN)
        if own is not None:
            return own
        known = base.__dict__.get(_FIELDS, {})
        return {
            name: _Field.of(one) for name, one in known.items() if one._field_type is sys.modules["dataclasses"]._FIELD
        }

    def _as_field(value: Any) -> _Field | None:
        """What `field` has made, here or in the standard library."""
        if isinstance(value, _Field):
            return value
        standard = sys.modules.get("dataclasses")
        return _Field.of(value) if standard is not None and isinstance(value, standard.Field) else None

    def _with_slots(cls: type, fields: dict[str, _Field]) -> type:
        """The same class once more, since only a new class can have slots."""
        inherited = {slot for base in cls.__mro__[1:-1] for slot in base.__dict__.get("__slots__", ())}
        namespace = {name: value for name, value in cls.__dict__.items() if name not in fields}
        namespace.pop("__dict__", None)
        namespace.pop("__weakref__", None)
        namespace["__slots__"] = tuple(name for name in fields if name not in inherited)
        new = type(cls)(cls.__name__, cls.__bases__, namespace)
        new.__qualname__ = cls.__qualname__
        return new

    def _constructor(cls: type, fields: dict[str, _Field], frozen: bool) -> Callable[..., None]:
        def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
            real = _compiled(cls, fields, frozen)
            if cls.__dict__["__init__"] is __init__:
                cls.__init__ = real
            real(self, *args, **kwargs)

        return __init__

    def _compiled(cls: type, fields: dict[str, _Field], frozen: bool) -> Callable[..., None]:
        """The constructor itself."""
        known: dict[str, Any] = {"_set": object.__setattr__, "_none": _MISSING}
        plain: list[str] = []
        named: list[str] = []
        body: list[str] = []
        for name, one in fields.items():
            value = name
            parameter = name
            if one.default is not _MISSING:
                known[f"_of_{name}"] = one.default
                parameter = f"{name}=_of_{name}"
                value = name if one.init else f"_of_{name}"
            elif one.default_factory is not _MISSING:
                known[f"_of_{name}"] = one.default_factory
                parameter = f"{name}=_none"
                value = f"_of_{name}() if {name} is _none else {name}" if one.init else f"_of_{name}()"
            elif not one.init:
                continue
            if one.init:
                (named if one.kw_only else plain).append(parameter)
            body.append(f"_set(self, {name!r}, {value})" if frozen else f"self.{name} = {value}")
        if hasattr(cls, "__post_init__"):
            body.append("self.__post_init__()")
        star = ["*", *named] if named else []
        text = f"def __init__({', '.join(['self', *plain, *star])}):\n " + "\n ".join(body or ["pass"])
        # The names of a class's own fields, nothing else.
        exec(text, known)  # noqa: S102
        made: Callable[..., None] = known["__init__"]
        made.__qualname__ = f"{cls.__qualname__}.__init__"
        return made

    def _representation(fields: dict[str, _Field]) -> Callable[[Any], str]:
        names = [name for name, one in fields.items() if one.repr]

        @recursive_repr()
        def __repr__(self: Any) -> str:
            return f"{type(self).__qualname__}({', '.join(f'{name}={getattr(self, name)!r}' for name in names)})"

        return __repr__

    def _key(names: list[str]) -> Callable[[Any], Any]:
        """What two objects are compared by: a tuple, because it takes what is the same object as equal."""
        if not names:
            return lambda _: ()
        return attrgetter(*names) if len(names) > 1 else attrgetter(names[0], names[0])

    def _comparison(key: Callable[[Any], Any], name: str) -> Callable[[Any, Any], Any]:
        compare = getattr(tuple, name)

        def method(self: Any, other: Any) -> Any:
            return compare(key(self), key(other)) if other.__class__ is self.__class__ else NotImplemented

        method.__name__ = name
        return method

    def _hash(key: Callable[[Any], Any]) -> Callable[[Any], int]:
        return lambda self: hash(key(self))

    def _refusals(cls: type, names: frozenset[str]) -> tuple[Callable[..., None], Callable[..., None]]:
        def __setattr__(self: Any, name: str, value: Any) -> None:
            if type(self) is cls or name in names:
                raise _frozen(f"cannot assign to field {name!r}")
            super(cls, self).__setattr__(name, value)

        def __delattr__(self: Any, name: str) -> None:
            if type(self) is cls or name in names:
                raise _frozen(f"cannot delete field {name!r}")
            super(cls, self).__delattr__(name)

        return __setattr__, __delattr__

    def _frozen(message: str) -> Exception:
        from dataclasses import FrozenInstanceError

        return FrozenInstanceError(message)

    def _states(names: tuple[str, ...]) -> tuple[Callable[..., Any], Callable[..., None]]:
        """What copies and pickles need, since neither a slot nor a frozen field can be set from outside."""

        def __getstate__(self: Any) -> list[Any]:
            return [getattr(self, name) for name in names]

        def __setstate__(self: Any, state: list[Any]) -> None:
            for name, value in zip(names, state, strict=True):
                object.__setattr__(self, name, value)

        return __getstate__, __setstate__
