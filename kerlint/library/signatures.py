"""The parameters of Keras, TensorFlow, NumPy and scikit-learn callables, and how a call binds to them.

Nothing is imported or inspected here. The signatures are text in `_signature_table` (written by
`tools/update_tables.py`), in `_next_table` (what a Keras that is not released yet has otherwise, by
`tools/update_next.py`) and in `_legacy_table` (what Keras 1 and 2 had), and a line is parsed when
its name is first asked for. What differs between the first two takes the arguments of both. The format:

    {"keras.layers": '''
    Dense(units, activation=None, use_bias=True, *, name=None, **kwargs) < Layer
    '''}

* The key is all of the canonical name but its last part; the method `keras.Model.fit` is the line
  `fit(...)` under `keras.Model`. `self` is left out.
* A line is a Python parameter list. `=...` is a default that is no constant; a default that is a
  dtype is written as the name of the dtype, an infinite one as 1e999.
* `< Layer` follows a class: its nearest base with a line of its own, in the same group unless dotted,
  or `object`. A method is looked up in the bases, so `keras.Sequential.fit` is `keras.Model.fit`.

`LEGACY_KEYWORDS` in `_legacy_table` has the old spellings. Its keys are canonical names, or
`keras.layers.*` for a whole group; its values look like

    "1: output_dim=units init=kernel_initializer; 2: input_length="

that is, the last Keras in which the spelling was valid, and pairs of the old and the new name.
An old keyword without a successor has nothing after `=`. `OLD_ORDER` has the positional order of
Keras 1 where it was another; it is used when a call also has a keyword that only Keras 1 had.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from kerlint.library._legacy_table import LEGACY_KEYWORDS, LEGACY_SIGNATURES, OLD_ORDER
from kerlint.library._next_table import SIGNATURES as NEXT_SIGNATURES
from kerlint.library._signature_table import SIGNATURES
from kerlint.library.companions import signature_line

if TYPE_CHECKING:
    import ast
    from collections.abc import Collection


class Marker(Enum):
    """What stands in `Parameter.default` when there is no constant to give."""

    NO_DEFAULT = "no default"
    NOT_LITERAL = "no literal default"


#: The parameter has no default.
NO_DEFAULT: Final = Marker.NO_DEFAULT
#: The parameter has a default, but it is not a constant.
NOT_LITERAL: Final = Marker.NOT_LITERAL

#: None, a bool, a number, a string, or a tuple of these.
Constant: TypeAlias = "bool | int | float | str | bytes | tuple[Constant, ...] | None"


class Kind(Enum):
    """How an argument reaches a parameter."""

    POSITIONAL = "positional only"
    EITHER = "positional or keyword"
    STAR = "*args"
    KEYWORD = "keyword only"
    DOUBLE_STAR = "**kwargs"


class Parameter(NamedTuple):
    """One parameter. `default` is a constant, `NO_DEFAULT` or `NOT_LITERAL`."""

    name: str
    default: Constant | Marker = NO_DEFAULT
    kind: Kind = Kind.EITHER


class Signature(NamedTuple):
    """The parameters of one callable, without `self`.

    Args:
        name: the canonical name it was asked for by.
        base: for a class its nearest known base or "object", for anything else "".
        legacy: true for what exists in Keras 1 or 2 only.
    """

    name: str
    parameters: tuple[Parameter, ...]
    base: str = ""
    legacy: bool = False

    @property
    def is_class(self) -> bool:
        return bool(self.base)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the parameters, `*args` and `**kwargs` left out."""
        return tuple(p.name for p in self.parameters if p.kind not in (Kind.STAR, Kind.DOUBLE_STAR))

    @property
    def star(self) -> str:
        """The name of `*args`, or ""."""
        return next((p.name for p in self.parameters if p.kind is Kind.STAR), "")

    @property
    def double_star(self) -> str:
        """The name of `**kwargs`, or ""."""
        return next((p.name for p in self.parameters if p.kind is Kind.DOUBLE_STAR), "")

    def parameter(self, name: str) -> Parameter | None:
        return next((p for p in self.parameters if p.name == name), None)

    def default(self, name: str) -> Constant | Marker:
        """The default of a parameter; `NO_DEFAULT` too when there is no such parameter."""
        found = self.parameter(name)
        return NO_DEFAULT if found is None else found.default


class Renamed(NamedTuple):
    """An old keyword: the name it has now ("" if it has none) and the last Keras that took it."""

    old: str
    new: str
    keras: int


class Binding(NamedTuple):
    """Which parameter each argument of a call goes to.

    Args:
        positional: one parameter name per positional argument; "*name" for one that
            `*name` swallows, None for one too many.
        keywords: the parameter name of each keyword as written. A keyword that is
            unknown, or has no successor, keeps its own name.
        legacy: the old keywords among them.
        unknown: keywords that are neither parameters nor old names, and that no `**kwargs` takes.
    """

    positional: tuple[str | None, ...]
    keywords: dict[str, str]
    legacy: tuple[Renamed, ...] = ()
    unknown: tuple[str, ...] = ()


#: No name in the tables has more parts; longer ones are not worth a search.
MOST_PARTS = 12

#: Programs call the same things in the same way again and again; more ways than this are not remembered.
MAX_BINDINGS = 10_000

_bindings: dict[tuple[str | int, ...], Binding] = {}
_signatures: dict[str, Signature | None] = {}
_legacy_keywords: dict[str, dict[str, Renamed]] = {}


def signature(name: str) -> Signature | None:
    """The signature of a callable, by canonical name; None if it is not known."""
    try:
        return _signatures[name]
    except KeyError:
        found = _signatures[name] = _look_up(name)
        return found


def has_signature(name: str) -> bool:
    """Whether the tables have a line for exactly this name (bases are not searched)."""
    group, _, short = name.rpartition(".")
    start = f"\n{short}("
    return any(start in table.get(group, "") for table in (SIGNATURES, NEXT_SIGNATURES, LEGACY_SIGNATURES))


def bases(name: str) -> tuple[str, ...]:
    """The known bases of a class, nearest first: `keras.Sequential` has `keras.Model` and `keras.layers.Layer`."""
    found: list[str] = []
    current = signature(name)
    while current is not None and current.base not in ("", "object"):
        found.append(current.base)
        current = signature(current.base)
    return tuple(found)


def is_kind_of(name: str, base: str) -> bool:
    """Whether a class is `base` or derives from it, as far as the tables know."""
    return name == base or base in bases(name)


def bind(signature: Signature, n_positional: int, keywords: Collection[str] = ()) -> Binding:
    """Says which parameters the arguments of a call go to.

    Nothing is an error here: what does not fit is in the result as it was written.
    """
    call: tuple[str | int, ...] = (signature.name, n_positional, *keywords)
    found = _bindings.get(call)
    if found is None:
        if len(_bindings) >= MAX_BINDINGS:
            _bindings.clear()
        found = _bindings[call] = _bound(signature, n_positional, tuple(keywords))
    return found


def _bound(signature: Signature, n_positional: int, keywords: tuple[str, ...]) -> Binding:
    renames = legacy_keywords(signature.name)
    known = set(signature.names)
    bound: dict[str, str] = {}
    legacy: list[Renamed] = []
    unknown: list[str] = []
    for keyword in keywords:
        renamed = None if keyword in known else renames.get(keyword)
        bound[keyword] = (renamed.new if renamed else "") or keyword
        if renamed:
            legacy.append(renamed)
        elif keyword not in known and not signature.double_star:
            unknown.append(keyword)
    old = OLD_ORDER.get(signature.name) if any(r.keras == 1 for r in legacy) else None
    if old is None:
        positional = _positional(signature, n_positional)
    else:
        order: list[str | None] = [(renames[n].new if n in renames else "") or n for n in old.split()]
        positional = tuple((order + [None] * n_positional)[:n_positional])
    return Binding(positional, bound, tuple(legacy), tuple(unknown))


def legacy_keywords(name: str) -> dict[str, Renamed]:
    """The old keywords of a callable, its bases and its group, by old name."""
    found = _legacy_keywords.get(name)
    if found is None:
        found = {}
        for key in reversed((name, *_families(name))):
            found.update(_parse_keywords(LEGACY_KEYWORDS.get(key, "")))
        _legacy_keywords[name] = found
    return found


def legacy_keyword(name: str, keyword: str) -> Renamed | None:
    """What became of an old keyword of a callable, by canonical name."""
    return legacy_keywords(name).get(keyword)


def _families(name: str) -> list[str]:
    """The keys under which a name inherits old keywords, nearest first."""
    group, _, short = name.rpartition(".")
    keys = [f"{base}.{short}" for base in bases(group)] if has_signature(group) else []
    return [*keys, *bases(name), f"{group}.*"]


def _parse_keywords(text: str) -> dict[str, Renamed]:
    found = {}
    for part in filter(None, map(str.strip, text.split(";"))):
        keras, _, pairs = part.partition(":")
        for pair in pairs.split():
            old, _, new = pair.partition("=")
            found[old] = Renamed(old, new, int(keras))
    return found


def _positional(signature: Signature, count: int) -> tuple[str | None, ...]:
    names: list[str | None] = [p.name for p in signature.parameters if p.kind in (Kind.POSITIONAL, Kind.EITHER)]
    surplus = f"*{signature.star}" if signature.star else None
    return tuple((names + [surplus] * count)[:count])


def _look_up(name: str) -> Signature | None:
    if name.count(".") >= MOST_PARTS:
        return None
    group, _, short = name.rpartition(".")
    found, later = (
        _parse(name, group, line) if (line := _line(table, group, short)) else None
        for table in (SIGNATURES, NEXT_SIGNATURES)
    )
    if found is not None or later is not None:
        return _of_both(found, later) if found is not None and later is not None else found or later
    line = _line(LEGACY_SIGNATURES, group, short)
    if line:
        return _parse(name, group, line)._replace(legacy=True)
    line = signature_line(group, short)
    if line:
        return _parse(name, group, line)
    owner = signature(group) if group else None
    if owner is None or owner.base in ("", "object"):
        return None
    inherited = signature(f"{owner.base}.{short}")
    return None if inherited is None else Signature(name, inherited.parameters, inherited.base, inherited.legacy)


def _line(table: dict[str, str], group: str, short: str) -> str:
    """The line of a name; empty if there is none."""
    text = table.get(group, "")
    start = text.find(f"\n{short}(")
    return text[start + 1 : text.index("\n", start + 1)] if start >= 0 else ""


def _of_both(found: Signature, later: Signature) -> Signature:
    """A signature that takes what either of two versions takes.

    Where they disagree, the places are those of the first, and a default is none that is known.
    """
    merged = [
        one if other is None or other.default == one.default else one._replace(default=NOT_LITERAL)
        for one in found.parameters
        for other in [later.parameter(one.name)]
    ]
    ends = [index for index, one in enumerate(merged) if one.kind is Kind.DOUBLE_STAR] or [len(merged)]
    have = {one.name for one in found.parameters}
    before: set[str] = set()
    for one in later.parameters:
        if one.name not in have:
            # In front of one of the others it would move what is given by place.
            behind = one.kind is not Kind.EITHER or before >= {
                each.name for each in found.parameters if each.kind is Kind.EITHER
            }
            merged.insert(ends[0], one if behind else one._replace(kind=Kind.KEYWORD))
            ends[0] += 1
        before.add(one.name)
    return found._replace(parameters=tuple(merged))


def _parse(name: str, group: str, line: str) -> Signature:
    import ast

    end = line.rindex(")") + 1
    base = line[end:].removeprefix(" < ")
    if base and base != "object" and "." not in base:
        base = f"{group}.{base}"
    function = ast.parse(f"def f{line[line.index('(') : end]}: ...").body[0]
    assert isinstance(function, ast.FunctionDef)
    arguments = function.args
    plain = [*arguments.posonlyargs, *arguments.args]
    defaults: list[ast.expr | None] = [*[None] * (len(plain) - len(arguments.defaults)), *arguments.defaults]
    parameters = [
        Parameter(a.arg, _default(d), Kind.POSITIONAL if i < len(arguments.posonlyargs) else Kind.EITHER)
        for i, (a, d) in enumerate(zip(plain, defaults, strict=True))
    ]
    if arguments.vararg:
        parameters.append(Parameter(arguments.vararg.arg, NO_DEFAULT, Kind.STAR))
    for argument, value in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        parameters.append(Parameter(argument.arg, _default(value), Kind.KEYWORD))
    if arguments.kwarg:
        parameters.append(Parameter(arguments.kwarg.arg, NO_DEFAULT, Kind.DOUBLE_STAR))
    return Signature(name, tuple(parameters), base)


def _default(node: ast.expr | None) -> Constant | Marker:
    import ast

    if node is None:
        return NO_DEFAULT
    value = ast.literal_eval(node)
    return NOT_LITERAL if value is ... else value
