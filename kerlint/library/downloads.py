"""Files that a program fetches by their address, the paths that lead to them, and what public tables hold."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from kerlint import syntax
from kerlint.library.convert import Call, Handler, handlers, is_none
from kerlint.library.objects import argument
from kerlint.program.constants import FETCHED, NOTHING, constant, text, truth
from kerlint.program.labels import Distinct
from kerlint.program.values import Arguments, Const, Layer, Object, Sequence, Unknown, Value, list_of, tuple_of

if TYPE_CHECKING:
    from kerlint.program.interpreter.machine import Machine

#: Where a path keeps the last step that leads to it from what was fetched.
_PART = "part"
#: Set in a path of which it is known that it is a folder.
_FOLDER = "folder"
#: Branches by which one and the same file of GitHub can be had.
_SPELLINGS = (
    ("www.", ""),
    ("https://", ""),
    ("http://", ""),
    ("/refs/heads/", "/"),
)


def _fetched(call: Call) -> Value:
    """`get_file(name, address)`: the path of what was fetched."""
    return Object(FETCHED, dict(call.args), node=call.node)


def _same_path(call: Call) -> Value:
    """`Path(path)`, `os.path.abspath(path)`, `os.path.join(path, ...)`: still of what was fetched."""
    first = call.positional[0] if call.positional else None
    if call.name == "os.path.join" and text(first) is not None:
        steps = [text(step) for step in call.positional]
        known = [step for step in steps if step is not None]
        return (
            Const(posixpath.join(*known), node=call.node)
            if len(known) == len(steps)
            else Unknown("path", node=call.node)
        )
    if not isinstance(first, Object) or first.name != FETCHED:
        return Unknown(call.name, node=call.node)
    if call.name.endswith("dirname"):
        return below(first, Const(None), call.node)
    return first if len(call.positional) == 1 else below(first, call.positional[-1], call.node)


def below(path: Object, part: Value, node: syntax.Node) -> Object:
    """`path / part`."""
    return Object(FETCHED, {**path.args, _PART: part}, node=node)


def _split(call: Call) -> Value:
    """`os.path.splitext(path)`: the path without its suffix, and the suffix."""
    first = call.positional[0] if call.positional else None
    if not isinstance(first, Object) or first.name != FETCHED:
        return Unknown(call.name, node=call.node)
    return tuple_of(first, Unknown("suffix", node=call.node), node=call.node)


def address_of(value: Value | None) -> str | None:
    """The address that a path or a string stands for, in one spelling; None if there is none."""
    if isinstance(value, Object) and value.name == FETCHED:
        value = argument(value, "origin")
    given = text(value)
    if given is None or not given.startswith(("http://", "https://")):
        return None
    given = given.lower()
    for old, new in _SPELLINGS:
        given = given.replace(old, new, 1)
    if given.startswith("github.com/"):
        given = given.replace("github.com/", "raw.githubusercontent.com/", 1).replace("/raw/", "/", 1)
    return given


@lru_cache(maxsize=1)
def _tables() -> dict[str, str]:
    """What is known of the columns of a table, by its address."""
    from kerlint.library._public_tables import TABLES

    return {folder + name.lower(): columns for folder, name, columns in _lines(TABLES)}


@lru_cache(maxsize=1)
def _folders() -> dict[tuple[str, str], str]:
    """The classes in a folder of an archive, by the address of the archive and the name of the folder."""
    from kerlint.library._public_tables import FOLDERS

    return {(address, name): classes for address, name, classes in _lines(FOLDERS)}


def _lines(text: str) -> Iterator[tuple[str, str, str]]:
    """What stands above a line, its first word and the rest of it."""
    above = ""
    for line in text.splitlines():
        if line.startswith(" "):
            name, _, rest = line[1:].partition(" ")
            yield above, name, rest
        else:
            above = line


def classes_of(directory: Value | None, node: syntax.Node) -> Sequence | None:
    """The names of the classes in a fetched folder, in the order of Keras; None if they are not known."""
    address = address_of(directory)
    if address is None or not isinstance(directory, Object):
        return None
    # Where an archive is unpacked differs from one version of Keras to the next, but not what its folders are called.
    part = text(directory.args.get(_PART)) if _PART in directory.args else text(directory.args.get("fname"))
    known = _folders().get((address, part or ""))
    return None if known is None else list_of([Const(name, node=node) for name in known.split("|")], "list", node)


def columns_of(call: Call) -> list[str | int] | int | None:
    """The names of the columns that `read_csv` gives, or only their number; None if the table is not known."""
    source = address_of(call.first)
    known = _tables().get(source) if source is not None else None
    if known is None or not _is_plain(call):
        return None
    header = call.value("header")
    plain = "header" not in call.args or constant(header) in (0, "infer")
    if known.isdecimal():
        names: list[str | int] = list(range(int(known)))
        return names if is_none(header) and not plain else len(names)
    given = known.split("|")
    if plain:
        return list(given)
    return list(range(len(given))) if is_none(header) else len(given)


#: What `read_csv` may be told without rows or values becoming others.
_HARMLESS = frozenset(
    """0 filepath_or_buffer names header sep delimiter delim_whitespace skipinitialspace comment na_values engine
    encoding low_memory""".split()
)


@lru_cache(maxsize=1)
def _values() -> dict[str, tuple[int, dict[str | int, Distinct]]]:
    """How many columns a table has, and which values are in some of them, by its address."""
    from kerlint.library._public_values import VALUES

    found: dict[str, tuple[int, dict[str | int, Distinct]]] = {}
    for folder, name, rest in _lines(VALUES):
        width, gaps, *columns = rest.split(" ; ")
        known: dict[str | int, Distinct] = {}
        for column in columns:
            key, *told = column.split("|")
            if not told:
                key, _, kind = key.rpartition(":")
                known[key] = Distinct(None, 0, int(gaps), kind)
                continue
            known[int(key) if key.isdecimal() else key] = _distinct(int(told[0]), told[1:], int(gaps))
        found[folder + name.lower()] = (int(width), known)
    return found


def _distinct(rarest: int, values: list[str], gaps: int) -> Distinct:
    """What a column has, numbers if all of it are some."""
    if all(map(str.isdecimal, values)):
        # With a gap whole numbers are read as floats.
        return Distinct(tuple(map(int, values)), rarest, gaps, None if gaps else "int64")
    return Distinct(tuple(values), rarest, gaps, "object")


def values_of(call: Call) -> dict[str | int, Distinct]:
    """The values in the columns that `read_csv` gives: by name, or by place where the program names the columns."""
    source = address_of(call.first)
    width, known = _values().get(source, (0, {})) if source is not None else (0, {})
    named = isinstance(call.given("names"), Sequence)
    places = all(isinstance(key, int) for key in known)
    if not call.args.keys() <= _HARMLESS or named is not places:
        return {}
    missing, header = call.given("na_values"), call.given("header")
    if (missing is not None and text(missing) != "?") or (header is not None and (places or constant(header) != 0)):
        return {}
    count = len(call.args["names"].items) if named else width  # type: ignore[attr-defined]
    return known if count in (width, width - 1) else {}


def _is_plain(call: Call) -> bool:
    """Whether the table is taken apart at its commas, each of its columns to one."""
    for name in ("sep", "delimiter"):
        if name in call.args and not is_none(call.value(name)) and text(call.value(name)) != ",":
            return False
    if truth(call.value("delim_whitespace")) is True:
        return False
    # Several columns may become one date.
    dates = call.value("parse_dates")
    singly = isinstance(dates, Sequence) and all(isinstance(item, Const) for item in dates.items)
    return dates is None or constant(dates) is not NOTHING or singly


def picked(call: Call, names: list[str | int]) -> list[str | int] | None:
    """The columns that are left after `usecols` and `index_col`; None if that is not known."""
    used, index = call.given("usecols"), call.given("index_col")
    if used is not None:
        wanted = [constant(item) for item in used.exact or ()] if isinstance(used, Sequence) else []
        places = [names.index(one) if one in names else one for one in wanted]
        if not wanted or any(not isinstance(place, int) or not 0 <= place < len(names) for place in places):
            return None
        # They keep the order of the file.
        names = [name for place, name in enumerate(names) if place in places]
    if index is None or constant(index) is False:
        return names
    if used is not None:
        return None
    place = constant(index)
    if isinstance(place, int) and 0 <= place < len(names):
        return names[:place] + names[place + 1 :]
    return [name for name in names if name != place] if place in names else None


def attribute(path: Object, name: str, node: syntax.Node) -> Value | None:
    """`path.parent` and the like: still of what was fetched; the name of a folder."""
    if name == "name" and _FOLDER in path.state:
        return path.args[_PART]
    return below(path, Const(None), node) if name == "parent" else None


def method(machine: Machine, path: Object, name: str, arguments: Arguments, node: syntax.Node) -> Value | None:
    """`path.glob("*/")`: the folders of the classes; None for what is not known of a path."""
    if name == "with_suffix" and text(arguments.get(0, "suffix")) == "":
        return _unpacked(machine, path, node)
    if name == "is_dir" and _FOLDER in path.state:
        return Const(True, node=node)
    if name != "glob" or text(arguments.get(0, "pattern")) != "*/":
        return None
    classes = classes_of(path, node)
    if classes is None:
        return None
    found = [below(path, one, node) for one in classes.items]
    for folder in found:
        folder.state[_FOLDER] = Const(True, node=node)
    return list_of(found, "list", node)


def _unpacked(machine: Machine, path: Object, node: syntax.Node) -> Value | None:
    """What lies beside an archive under its name: where Keras 2 unpacks it, and Keras 3 does not."""
    name = text(path.args.get("fname"))
    if _PART in path.args or name is None or truth(path.args.get("extract")) is not True or not _is_keras_2(machine):
        return None
    return below(path, Const(posixpath.splitext(name)[0], node=node), node)


def _is_keras_2(machine: Machine) -> bool:
    """Whether a model has a layer of TensorFlow Hub, which no model of Keras 3 takes."""
    parts = (part for model in machine.program.models for part in model.state.get("layers", ()))
    return any(isinstance(part, Layer) and part.name == "tensorflow_hub.KerasLayer" for part in parts)


_SAME_PATH = ("join", "dirname", "abspath", "normpath", "expanduser")
FUNCTIONS: dict[str, Handler] = {
    **handlers("keras.utils", {"get_file": _fetched}),
    **handlers("os.path", {"splitext": _split, **dict.fromkeys(_SAME_PATH, _same_path)}),
    **handlers("pathlib", dict.fromkeys(("Path", "PosixPath"), _same_path)),
}
