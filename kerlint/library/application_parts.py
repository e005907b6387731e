"""Which parts a model of `keras.applications` is put together of, by the arguments of the call.

`_applications.bin` (written by `tools/update_applications.py`) has a packed entry for each model function, which is
unpacked when that function is first asked for. A model consists of a head (preprocessing), a body, and a tail
(classifier or pooling). A part lists for every step its class with arguments, its name ("" for an automatic one), how
many steps back its inputs are, and for automatic names how many of that kind came before in the part. Shapes and
numbers of weights are not in the file: the rules in `kerlint.library.shapes` work them out for whatever comes in.

`$classes` and the like in arguments stand for arguments of the call, `$pad3` for a padding that depends on whether the
size of its input is odd, `$name` in names for the name of the model.
"""

from __future__ import annotations

import json
import pkgutil
import struct
import zlib
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from kerlint import syntax
from kerlint.library._default_table import APPLICATIONS
from kerlint.library.objects import default_of
from kerlint.library.shapes import dims
from kerlint.library.signatures import signature
from kerlint.program.values import Const, Model, Sequence, Shape, Tensor, Value

if TYPE_CHECKING:
    from kerlint.program.interpreter.machine import Machine

#: What a layer of these models has as arguments: text, numbers, markers.
Json: TypeAlias = "str | int | float | bool | list[Json] | dict[str, Json] | None"


# -- The file ----------------------------------------------------------------------------------------------------


class Place(NamedTuple):
    """Where a model function is in the file, and what there is of it."""

    family: str
    begin: int
    length: int
    parts: frozenset[str]
    counts: dict[str, dict[str, int]]


class Part(NamedTuple):
    """A part of a model; `kinds` are places in `Entry.kinds`."""

    kinds: list[int]
    names: list[str]
    inputs: list[int | list[int]]
    serials: list[int]


class Entry(NamedTuple):
    """A model function: the classes with their arguments, and the parts."""

    kinds: list[tuple[str, dict[str, Json]]]
    parts: dict[str, Part]


@lru_cache(maxsize=1)
def _file() -> tuple[dict[str, Place], bytes]:
    """The index, and the packed entries."""
    data = pkgutil.get_data("kerlint.library", "_applications.bin") or b""
    (length,) = struct.unpack_from(">I", data)
    rows = json.loads(zlib.decompress(data[4 : 4 + length]))["functions"]
    places = {name: Place(a, b, c, frozenset(parts), found) for name, (a, b, c, parts, found) in rows.items()}
    return places, data[4 + length :]


def index() -> dict[str, Place]:
    return _file()[0]


@lru_cache(maxsize=8)
def entry(name: str) -> Entry:
    places, data = _file()
    place = places[name]
    whole_entry = json.loads(zlib.decompress(data[place.begin : place.begin + place.length]))
    lists = whole_entry["lists"]
    parts = {}
    for key, (kinds, names, inputs, serials) in whole_entry["parts"].items():
        words = lists[names].split("\n") if lists[kinds] else []
        parts[key] = Part(lists[kinds], words, lists[inputs], lists[serials])
    return Entry([(kind, arguments) for kind, arguments in whole_entry["kinds"]], parts)


# -- The choice -------------------------------------------------------------------------------------------------


class _Nothing:
    """The type of `_NOTHING`."""


#: Not a certain constant.
_NOTHING = _Nothing()


def short(model: Model) -> str:
    return model.name.removeprefix("keras.applications.")


def value_of(model: Model, name: str) -> Value | None:
    """An argument or its default."""
    return model.args[name] if name in model.args else default_of(model.name, name, model.node)


def constant_of(model: Model, name: str) -> Any:
    """An argument or its default as a Python value; `_NOTHING` if it is not known, or None if there is no such."""
    value = value_of(model, name)
    return value.value if isinstance(value, Const) else _NOTHING if value is not None else None


def is_given(model: Model, name: str) -> bool:
    """Whether an argument has a value that is not None."""
    return name in model.args and constant_of(model, name) is not None


def start_shape(model: Model) -> Shape:
    """The shape of the input that a model makes for itself, where it is not given an `input_tensor`.

    A dimension that is not known is None, as is one that is open.
    """
    if is_given(model, "input_shape"):
        shape = dims(model.args["input_shape"])
        return (None, *shape) if shape is not None and len(shape) == 3 else None
    row, top = APPLICATIONS.get(short(model)), constant_of(model, "include_top")
    if row is None or top is _NOTHING:
        return None
    if short(model).startswith("MobileNetV3") or (not top and short(model) != "NASNetMobile"):
        return (None, None, None, 3)
    return (None, row[3], row[3], 3)


def parts_of(model: Model, machine: Machine, start: Tensor) -> tuple[str, str, str] | None:
    """The keys of head, body and tail; None where it is not known which, or Keras has no such model."""
    known, place = signature(model.name), index().get(short(model))
    if place is None or known is None or not set(model.args) <= set(known.names) or _is_open(model, machine):
        return None
    body, tail = _body(model, place, start), _tail(model, place)
    head = _head(model, place)
    keys = (f"head {head}", f"body {body}", f"tail {tail}")
    if f"{keys[2]} {body}" in place.parts:
        keys = (*keys[:2], f"{keys[2]} {body}")
    return keys if set(keys) <= place.parts else None


def _is_open(model: Model, machine: Machine) -> bool:
    """Whether there may be arguments that are not known, or a data format that the table does not have."""
    call = model.node
    if isinstance(call, syntax.Call) and any(argument.star for argument in call.args):
        return True
    layout = machine.image_data_format
    return layout is not None and not (isinstance(layout, Const) and layout.value == "channels_last")


def _head(model: Model, place: Place) -> str | None:
    if place.family == "efficientnet":
        weights = constant_of(model, "weights")
        return None if weights is _NOTHING else "imagenet" if weights == "imagenet" else "plain"
    if "head none" not in place.parts:
        return ""
    included = constant_of(model, "include_preprocessing")
    default = default_of(model.name, "name")
    if place.family == "efficientnet_v2" and isinstance(default, Const) and constant_of(model, "name") != default.value:
        # The name says which preprocessing there is; another than the default one is an error.
        return None
    if included is _NOTHING:
        return None
    if not included:
        return "none"
    if place.family == "mobilenet_v3" or not is_given(model, "input_shape"):
        return "three"
    # It is the argument that counts, even where there is an `input_tensor`.
    shape = dims(model.args["input_shape"])
    channels = shape[2] if shape is not None and len(shape) == 3 else None
    return None if channels is None else "three" if channels == 3 else "other"


def _body(model: Model, place: Place, start: Tensor) -> str | None:
    if place.family == "nasnet":
        return _cells(model, start)
    parity = place.family in ("efficientnet", "mobilenet_v2", "mobilenet_v3")
    if parity and start.shape is not None and len(start.shape) == 4:
        height, width = start.shape[1:3]
        if (height is None) is not (width is None) and not (height is None and _is_surely_open(model, start, 1)):
            # Keras takes the height alone to see whether the size is open, and None may stand for a known one here.
            return None
    if not place.family.startswith("mobilenet"):
        return ""
    alpha = constant_of(model, "alpha")
    if isinstance(alpha, bool) or not isinstance(alpha, (int, float)) or float(f"{alpha:g}") != alpha:
        return None
    minimal = constant_of(model, "minimalistic")
    return None if minimal is _NOTHING else f"{alpha:g}" + ("-minimalistic" if minimal else "")


def _cells(model: Model, start: Tensor) -> str | None:
    """NASNet compares the widths of its cells: what it builds depends on whether they are known and differ."""
    if start.shape is None or len(start.shape) != 4:
        return None
    height, width = start.shape[1:3]
    if width is None:
        return "open" if height is None and _is_surely_open(model, start, 2) else None
    if height is None and not _is_surely_open(model, start, 1):
        return None
    # After the first convolution every cell that reduces halves the width, and there are four.
    return "closed" if (width - 3) // 2 + 1 > 8 else None


def _is_surely_open(model: Model, start: Tensor, axis: int) -> bool:
    """Whether a dimension of the input that is None here is None in Keras too."""
    if is_given(model, "input_tensor"):
        args = start.op.args if start.op.kind == "input" else {}
        shape, first = (args.get("batch_shape"), 0) if "batch_shape" in args else (args.get("shape"), 1)
    else:
        shape, first = model.args.get("input_shape"), 1
        if not is_given(model, "input_shape"):
            return start_shape(model) is not None
    items = shape.exact if isinstance(shape, Sequence) else None
    item = items[axis - first] if items is not None and len(items) == 4 - first else None
    return isinstance(item, Const) and item.value is None


def _tail(model: Model, place: Place) -> str | None:
    top = constant_of(model, "include_top")
    if top is _NOTHING:
        return None
    if not top:
        pooling = constant_of(model, "pooling")
        return None if pooling is _NOTHING else pooling if pooling in ("avg", "max") else "none"
    if "tail top-0" not in place.parts:
        return "top"
    rate = constant_of(model, "dropout_rate")
    return None if not isinstance(rate, (int, float)) else "top" if rate > 0 else "top-0"
