"""TensorFlow Hub: what a published model gives, by the address that a program has for it."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING

from kerlint import syntax
from kerlint.library.companions._hub_table import BERT, IMAGES, KAGGLE, TEXTS
from kerlint.library.convert import Handler
from kerlint.library.layers import make_layer
from kerlint.library.objects import make_object
from kerlint.library.shapes import UNKNOWN_WEIGHTS, Call, Output, Result, Weights, dims
from kerlint.program.constants import text
from kerlint.program.values import Arguments, Const, Object, Shape, Value
from kerlint.records import dataclass

if TYPE_CHECKING:
    from kerlint.library.companions import Method
    from kerlint.program.interpreter.machine import Machine

SIGNATURES = {
    "tensorflow_hub": """
KerasLayer(handle, trainable=False, arguments=None, _sentinel=None, tags=None, signature=None, signature_outputs_as_dict=None, output_key=None, output_shape=None, load_options=None, **kwargs) < keras.layers.Layer
load(handle, tags=None, options=None)
""",  # noqa: E501
    "tensorflow_hub.KerasLayer": """
call(inputs, training=None)
""",
}
_LAYER, _LOAD = "tensorflow_hub.KerasLayer", "tensorflow_hub.load"
#: What makes a layer give something else than the model gives by itself.
_CHANGING = ("arguments", "signature", "signature_outputs_as_dict", "output_key")
#: A sentence is a scalar, a picture has three axes, tokens stand in a row.
_TEXT, _IMAGE, _TOKENS = 0, 3, 1
#: Stands for a version that is newer than any.
_NEW = 99


@dataclass(frozen=True, slots=True)
class Published:
    """A published model.

    Args:
        rank: how many axes an example has.
        outputs: what it gives for a batch, of which each example may have a length.
        weights: those that training changes if it is allowed to, and the others.
    """

    rank: int
    outputs: Callable[[Shape], Output]
    weights: Weights = UNKNOWN_WEIGHTS


def published(address: str) -> Published | None:
    """What is at an address; None if that is not known."""
    place = _place(address)
    return None if place is None else _look_up(*place)


def _place(address: str) -> tuple[str, int] | None:
    """The path and version of an address of TensorFlow Hub, as it was before Kaggle took it over."""
    found = re.fullmatch(r"https?://(?:www\.)?(tfhub\.dev|kaggle\.com/models)/([\w./-]+?)/?(?:\?.*)?", address)
    if found is None:
        return None
    path = found[2].replace("feature-vector", "feature_vector") if found[1] == "tfhub.dev" else _of_kaggle(found[2])
    name, _, version = (path or "").rpartition("/")
    return (name, int(version)) if version.isdecimal() and name else None


def _of_kaggle(path: str) -> str | None:
    """`owner/model/framework/variation/version`, with or without the words for what each is."""
    parts = [part for part in path.split("/") if part not in ("frameworks", "variations", "versions")]
    if len(parts) != 5 or parts[2].lower() != "tensorflow2":
        return None
    variation = f"{parts[0]}/{parts[1]}/{parts[3]}"
    for start, old in KAGGLE.items():
        if variation.startswith(start):
            rest = variation[len(start) :]
            head, kind = _split(rest)
            if kind:
                rest = head.replace("-", "_") + kind
            # Its versions are counted anew, and all of them are of TensorFlow 2.
            return f"{old}{rest}/{_NEW}"
    return None


def _split(variation: str) -> tuple[str, str]:
    """What a model of pictures is, and what of it: `100-224` and `/feature_vector`."""
    for kind in ("feature-vector", "classification"):
        if variation.endswith(f"-{kind}"):
            return variation.removesuffix(f"-{kind}"), f"/{kind.replace('-', '_')}"
    return variation, ""


def _look_up(name: str, version: int) -> Published | None:
    bert = re.fullmatch(BERT, name)
    if bert is not None:
        layers, width = int(bert["layers"]), int(bert["width"])
        return _bert(layers, width) if bert["small"] or version >= 3 else None
    if name == "tensorflow/bert_en_uncased_preprocess":
        return Published(_TEXT, _tokens, Weights())
    plain = re.sub(r"(?<=_)(?:96|128|160|192|224)(?=/)", "*", name)
    line = _table().get(name) or _table().get(plain)
    if line is None:
        return None
    rank, first, width, total, fixed = line
    weights = Weights(total - fixed, fixed) if total is not None and fixed is not None else Weights(None, total)
    if version < first:
        return None
    return Published(rank, lambda shape: (shape[0] if shape else None, width), weights)


_Line = tuple[int, int, int, "int | None", "int | None"]


@lru_cache(maxsize=1)
def _table() -> dict[str, _Line]:
    """Rank of an example, first version, width, number of weights, and how many of them are never trained."""
    found: dict[str, _Line] = {}
    for rank, lines in ((_TEXT, TEXTS), (_IMAGE, IMAGES)):
        for line in lines.strip().splitlines():
            name, first, width, total, fixed = line.split()
            found[name] = (rank, int(first), int(width), _number(total), _number(fixed))
            if name.endswith("/feature_vector+classification"):
                base = name.removesuffix("feature_vector+classification")
                found[f"{base}feature_vector"] = found.pop(name)
                whole = None if _number(total) is None else int(total) + int(width) * 1001 + 1001
                found[f"{base}classification"] = (rank, int(first), 1001, whole, _number(fixed))
    return found


def _number(written: str) -> int | None:
    return None if written == "?" else int(written)


def _tokens(shape: Shape) -> Output:
    rows = shape[0] if shape else None
    return dict.fromkeys(("input_mask", "input_type_ids", "input_word_ids"), (rows, 128))


def _bert(layers: int, width: int) -> Published:
    """An encoder of tokens: what it gives for each of them, for all of them together, and each layer's result.

    The weights are those of the paper (a vocabulary of 30522 tokens, 512 places, 2 segments), and one number that is
    never trained.
    """
    block = 4 * (width * width + width) + 2 * (4 * width * width) + 5 * width + 4 * width
    embeddings = (30522 + 512 + 2) * width + 2 * width
    weights = Weights(embeddings + layers * block + width * width + width, 1)

    def outputs(shape: Shape) -> Output:
        rows, length = shape if shape is not None and len(shape) == 2 else (None, None)
        row, tokens = (rows, width), (rows, length, width)
        return {
            "default": row,
            "encoder_outputs": [tokens] * layers,
            "pooled_output": row,
            "sequence_output": tokens,
        }

    return Published(_TOKENS, outputs, weights)


def _address(handle: Value | None) -> str | None:
    if isinstance(handle, Object) and handle.name == _LOAD and not handle.open:
        handle = handle.args.get("handle")
    return text(handle)


def _keras_layer(call: Call) -> Result:
    address = _address(call.value("handle"))
    known = published(address) if address is not None else None
    changed = any(call.is_none(name) is not True for name in _CHANGING)
    shape = call.shape
    if known is None or (shape is not None and len(shape) != known.rank + 1):
        return Result(_told(call) if not changed else None, UNKNOWN_WEIGHTS)
    # Which weights there are does not depend on what of the model is used.
    return Result(None if changed else known.outputs(shape), known.weights)


def _told(call: Call) -> Shape:
    """The shape of an example that the program says."""
    sizes = None if call.is_none("output_shape") else dims(call.value("output_shape"))
    return None if sizes is None else (call.shape[0] if call.shape else None, *sizes)


def _make(machine: Machine, arguments: Arguments, node: syntax.Node) -> Value:
    """`KerasLayer(handle)`: frozen unless it is said otherwise."""
    made = make_layer(machine, _LAYER, arguments, node)
    if "trainable" not in made.args and not made.open:
        made.args = {**made.args, "trainable": Const(False, node=node)}
    return made


LAYERS: dict[str, Callable[[Call], Result]] = {_LAYER: _keras_layer}
METHODS: dict[str, Method] = {}
FUNCTIONS: dict[str, Handler] = {
    _LAYER: _make,
    _LOAD: lambda machine, arguments, node: make_object(machine, _LOAD, arguments, node),
}
