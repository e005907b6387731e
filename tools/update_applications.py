"""Writes `kerlint/library/_applications.bin`: the layers of every model function of `keras.applications`.

    python tools/update_applications.py    # builds some hundred models without numbers in them: minutes

Nothing is downloaded: weights are never made nor loaded. `kerlint.library.application_parts` explains the format.
"""

from __future__ import annotations

import contextlib
import inspect
import itertools
import json
import struct
import sys
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from inspection import walk
from update_tables import LIBRARY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ALPHAS = (0.25, 0.35, 0.5, 0.75, 1.0, 1.3, 1.4)
#: Arguments with values that occur nowhere in the models, and what stands for them in the file.
MARKERS = {"classes": 977, "classifier_activation": "softsign", "dropout": 0.977, "dropout_rate": 0.977}
MARKED = {value: f"${name}" for name, value in MARKERS.items()} | {0.977: "$dropout"}
#: What neither shapes nor numbers of weights depend on.
SKIPPED = ("name", "trainable", "dtype", "data_format", "momentum", "epsilon", "seed", "noise_shape", "synchronized")
SKIPPED_ENDS = ("_initializer", "_regularizer", "_constraint")


# -- Building without numbers ------------------------------------------------------------------------------------


class Padding(tuple[Any, ...]):
    """A padding that depends on whether the input's size is odd, for a kernel of some size."""

    __slots__ = ()


@contextlib.contextmanager
def replaced(owner: Any, name: str, value: object) -> Iterator[None]:
    """Another value of an attribute, for some time."""
    original = getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, original)


@contextlib.contextmanager
def only_structure(paddings: dict[str, int], names: dict[str, tuple[str, int]]) -> Iterator[None]:
    """Models that are built here have no weights; nothing is loaded.

    Args:
        paddings: gets the name of each padding layer that looks at the size of its input, with the kernel size.
        names: gets each automatic name, with what was counted and how many there were before.
    """
    import keras
    from keras.src.applications import imagenet_utils
    from keras.src.backend.common import global_state
    from keras.src.backend.common.stateless_scope import StatelessScope
    from keras.src.ops import operation
    from keras.src.utils import file_utils, naming

    correct_pad, automatic = imagenet_utils.correct_pad, operation.auto_name
    initializer = keras.layers.ZeroPadding2D.__init__
    counts: dict[str, int] = {}

    def correct(inputs: Any, kernel_size: Any) -> Padding:
        size = kernel_size if isinstance(kernel_size, int) else kernel_size[0]
        padding = Padding(correct_pad(inputs, kernel_size))
        kernels[id(padding)] = size, padding
        return padding

    def initialize(self: Any, padding: Any = (1, 1), **kwargs: Any) -> None:
        initializer(self, padding=padding, **kwargs)
        if isinstance(padding, Padding):
            paddings[self.name] = kernels[id(padding)][0]

    def name(prefix: str) -> str:
        prefix = naming.to_snake_case(prefix)
        made: str = automatic(prefix)
        names[made] = prefix, counts.get(prefix, 0)
        counts[prefix] = counts.get(prefix, 0) + 1
        return made

    kernels: dict[int, tuple[int, Padding]] = {}
    keras.utils.clear_session()
    with contextlib.ExitStack() as stack:
        stack.enter_context(replaced(imagenet_utils, "correct_pad", correct))
        stack.enter_context(replaced(keras.layers.ZeroPadding2D, "__init__", initialize))
        stack.enter_context(replaced(operation, "auto_name", name))
        stack.enter_context(replaced(file_utils, "get_file", lambda *_, **__: ""))
        stack.enter_context(replaced(keras.Model, "load_weights", lambda *_, **__: None))
        stack.enter_context(StatelessScope())
        yield
        # Else the end of the scope would make them.
        global_state.set_global_attribute("uninitialized_variables", [])


# -- Models as rows ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Step:
    """One operation of a model.

    Args:
        kind: the class and its arguments as JSON.
        name: the explicit name; "" if Keras made one.
        inputs: how many steps back each input is.
        prefix, serial: what an automatic name counts, and how many there were before it.
        used: how many automatic names it needs besides its own, by prefix.
    """

    kind: str
    name: str
    inputs: tuple[int, ...]
    prefix: str = ""
    serial: int = 0
    used: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str, str, tuple[int, ...]]:
        """What makes two steps the same."""
        return self.kind, self.name, self.inputs


def describe(builder: Callable[..., Any], **kwargs: Any) -> list[Step]:
    """The steps of a model, without its input."""
    paddings: dict[str, int] = {}
    names: dict[str, tuple[str, int]] = {}
    with only_structure(paddings, names):
        model = builder(**kwargs)
    operations = list(model.operations)
    assert type(operations[0]).__name__ == "InputLayer", operations[0]
    places = {id(operation): index for index, operation in enumerate(operations)}
    used = set(names) - {operations[0].name}
    steps = []
    for index, operation in enumerate(operations[1:], 1):
        (node,) = [node for node in operation._inbound_nodes if _is_part(node, model)]  # noqa: SLF001
        sources = [tensor._keras_history.operation for tensor in node.input_tensors]  # noqa: SLF001
        inputs = tuple(index - places[id(source)] for source in sources)
        prefix, serial = names.get(operation.name, ("", 0))
        used.discard(operation.name)
        inner = [layer.name for layer in _inner(operation) if layer.name in names]
        used -= set(inner)
        kind = json.dumps(_kind(operation, node, paddings, model.name))
        name = "" if prefix else operation.name.replace(model.name, "$name")
        steps.append(Step(kind, name, inputs, prefix, serial, tuple(names[name][0] for name in inner)))
    assert not used, (builder, used)
    return steps


def _is_part(node: Any, model: Any) -> bool:
    from keras.src.ops.function import make_node_key

    return make_node_key(node.operation, node.operation._inbound_nodes.index(node)) in model._nodes  # noqa: SLF001


def _inner(operation: Any) -> list[Any]:
    """What a sequential model holds: its layers, with its input, and the functional model that it builds of them."""
    if type(operation).__name__ != "Sequential":
        return []
    return [*operation._layers, operation._functional]  # noqa: SLF001


def _kind(operation: Any, node: Any, paddings: dict[str, int], model: str) -> list[Any]:
    """The class and its arguments."""
    import keras

    cls = type(operation)
    if cls is keras.Sequential:
        layers = [
            (layer.name.replace(model, "$name"), *_kind(layer, None, paddings, model)) for layer in operation.layers
        ]
        return ["Sequential", {"layers": layers}]
    if not isinstance(operation, keras.layers.Layer):
        assert cls.__module__ == "keras.src.ops.numpy", cls
        assert not node.arguments.kwargs, node.arguments.kwargs
        given = {f"x{i}": x for i, x in enumerate(node.arguments.args, 1) if not isinstance(x, keras.KerasTensor)}
        return [f"ops.{cls.__name__.lower()}", given]
    if getattr(keras.layers, cls.__name__, None) is cls:
        name = cls.__name__
    else:
        home = cls.__module__.removeprefix("keras.src.")
        assert home.startswith("applications."), cls
        name = f"{home}.{cls.__name__}"
    config = _arguments(operation)
    if operation.name in paddings:
        config["padding"] = f"$pad{paddings[operation.name]}"
    return [name, config]


def _arguments(layer: Any) -> dict[str, Any]:
    """The arguments of a layer that are not the default ones."""
    defaults = {}
    for cls in reversed(type(layer).__mro__):
        if "__init__" in vars(cls):
            defaults.update({p.name: p.default for p in inspect.signature(cls).parameters.values()})
    found = {}
    for name, value in layer.get_config().items():
        if name in SKIPPED or name.endswith(SKIPPED_ENDS):
            continue
        value = _plain(value)
        default = _plain(defaults.get(name, inspect.Parameter.empty))
        same = value == default or (name == "activation" and value == "linear" and default is None)
        if not same and [value] != [[default]]:
            found[name] = "$depth_multiplier" if name == "depth_multiplier" else value
    return found


def _plain(value: Any) -> Any:
    """A value as JSON has it, with markers for what the caller of the model function chose."""
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, (str, int, float)) and not isinstance(value, bool):
        return MARKED.get(value, value)
    assert value is None or isinstance(value, bool) or value is inspect.Parameter.empty, value
    return value


# -- Parts -------------------------------------------------------------------------------------------------------

Choices = dict[str, dict[str, Any]]
TAILS: Choices = {
    "top": {"include_top": True, "classes": MARKERS["classes"], "classifier_activation": "softsign"},
    "none": {"include_top": False},
    "avg": {"include_top": False, "pooling": "avg"},
    "max": {"include_top": False, "pooling": "max"},
}


def choices(builder: Callable[..., Any]) -> tuple[Choices, Choices, Choices]:
    """The arguments that decide about the beginning, the middle and the end of a model, by a name for each."""
    parameters = inspect.signature(builder).parameters
    heads: Choices = {"": {}}
    bodies: Choices = {"": {}}
    tails = {name: dict(arguments) for name, arguments in TAILS.items()}
    family = builder.__module__.rpartition(".")[2]
    if family == "efficientnet":
        heads = {"plain": {}, "imagenet": {"weights": "imagenet"}}
    elif "include_preprocessing" in parameters:
        heads = {"none": {"include_preprocessing": False}, "three": {"input_shape": (64, 64, 3)}}
        if family != "mobilenet_v3":
            heads["other"] = {"input_shape": (64, 64, 4)}
    if family == "nasnet":
        bodies = {"closed": {"input_shape": (64, 64, 3)}, "open": {"input_shape": (None, None, 3)}}
    if "alpha" in parameters:
        bodies = {f"{alpha:g}": {"alpha": alpha} for alpha in ALPHAS}
    if "minimalistic" in parameters:
        both: Choices = {"": {}, "-minimalistic": {"minimalistic": True}}
        bodies = {a + b: {**bodies[a], **both[b]} for a, b in itertools.product(bodies, both)}
        tails["top"]["dropout_rate"] = MARKERS["dropout_rate"]
        tails["top-0"] = {**tails["top"], "dropout_rate": 0}
    if "depth_multiplier" in parameters:
        bodies = {name: {**arguments, "depth_multiplier": 3} for name, arguments in bodies.items()}
        tails["top"]["dropout"] = MARKERS["dropout"]
    return heads, bodies, tails


def common(rows: list[list[Step]]) -> int:
    """How many steps all rows begin with."""
    count = 0
    for steps in zip(*rows):
        if len({step.key for step in steps}) > 1:
            break
        count += 1
    return count


@dataclass
class Entry:
    """One model function in the file."""

    kinds: dict[str, int] = field(default_factory=dict)
    lists: dict[str, int] = field(default_factory=dict)
    parts: dict[str, list[Any]] = field(default_factory=dict)

    def add(self, key: str, steps: list[Step], before: list[Step]) -> None:
        """Adds a part; it must be equal to one that has the same key."""
        earlier = count(before)
        kinds = [self.kinds.setdefault(step.kind, len(self.kinds)) for step in steps]
        names = "\n".join(step.name for step in steps)
        inputs = [step.inputs[0] if len(step.inputs) == 1 else step.inputs for step in steps]
        serials = [step.serial - earlier.get(step.prefix, 0) for step in steps if step.prefix]
        texts = [json.dumps(part, separators=(",", ":")) for part in (kinds, names, inputs, serials)]
        part = [*(self.lists.setdefault(text, len(self.lists)) for text in texts), count(steps)]
        assert self.parts.setdefault(key, part) == part, key

    def packed(self) -> bytes:
        """The entry as bytes."""
        whole = {
            "kinds": [json.loads(kind) for kind in self.kinds],
            "lists": [json.loads(text) for text in self.lists],
            "parts": {key: part[:4] for key, part in self.parts.items()},
        }
        return zlib.compress(json.dumps(whole, separators=(",", ":")).encode(), 9)


def count(steps: list[Step]) -> dict[str, int]:
    """How many automatic names steps need, by prefix."""
    counts: dict[str, int] = {}
    for step in steps:
        for prefix in (*step.used, *([step.prefix] if step.prefix else ())):
            counts[prefix] = counts.get(prefix, 0) + 1
    return counts


def entry(builder: Callable[..., Any]) -> Entry:
    """All parts of the models that a function builds."""
    heads, bodies, tails = choices(builder)
    made = Entry()
    for body, (position, arguments) in zip(bodies, enumerate(bodies.values())):
        # The end of a model depends on its middle in the classifier at most.
        ends = (
            tails if position == 0 else {key: value for key, value in tails.items() if key in ("none", "top", "top-0")}
        )
        rows = {tail: describe(builder, weights=None, **_merged(arguments, ends[tail])) for tail in ends}
        length = common(list(rows.values()))
        starts = {}
        for head, extra in heads.items():
            # `weights` and the like of a head replace those of the body.
            starts[head] = describe(builder, **{"weights": None, **arguments, **ends["none"], **extra})
        shared = common([row[::-1] for row in [*starts.values(), rows["none"]]])
        skipped = len(rows["none"]) - shared
        for head, row in starts.items():
            made.add(f"head {head}", row[: len(row) - shared], [])
        before = rows["none"][:skipped]
        made.add(f"body {body}", rows["none"][skipped:length], before)
        for tail, row in rows.items():
            generic = made.parts.get(f"tail {tail}")
            made.add(f"tail {tail} {body}", row[length:], row[:length])
            if generic is None:
                made.parts[f"tail {tail}"] = made.parts[f"tail {tail} {body}"]
            if made.parts[f"tail {tail}"] == made.parts[f"tail {tail} {body}"]:
                del made.parts[f"tail {tail} {body}"]
    return made


def _merged(arguments: dict[str, Any], tail: dict[str, Any]) -> dict[str, Any]:
    """The arguments of a body with those of a tail: a classifier needs a fixed size, or a tensor without one."""
    if tail["include_top"] and None in arguments.get("input_shape", ()):
        import keras

        return {**arguments, **tail, "input_shape": None, "input_tensor": keras.Input((None, None, 3))}
    return {**arguments, **tail}


def main() -> int:
    """Writes the file."""
    import keras

    index: dict[str, Any] = {}
    blobs: list[bytes] = []
    for full, builder in sorted(walk(keras.applications, "keras.applications").items()):
        short = full.removeprefix("keras.applications.")
        if "." in short or not short[0].isupper():
            continue
        made = entry(builder)
        blob = made.packed()
        counts = {key: part[4] for key, part in made.parts.items() if part[4]}
        index[short] = [
            builder.__module__.rpartition(".")[2],
            sum(map(len, blobs)),
            len(blob),
            sorted(made.parts),
            counts,
        ]
        blobs.append(blob)
        print(short, len(blob), flush=True)  # noqa: T201
    table = zlib.compress(json.dumps({"keras": keras.__version__, "functions": index}).encode(), 9)
    (LIBRARY / "_applications.bin").write_bytes(b"".join([struct.pack(">I", len(table)), table, *blobs]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
