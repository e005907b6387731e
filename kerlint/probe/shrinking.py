"""Large models are made smaller before they are built: the faults that are probed do not need the size."""

from __future__ import annotations

import copy
from math import prod

from kerlint.experiment import Plain
from kerlint.probe.description import Description, Step
from kerlint.probe.literal import Refused
from kerlint.probe.opinions import SMALLER

#: A model with more weights or more values in an input is made smaller.
MAX_PARAMETERS, MAX_VALUES = 300_000, 4_096
#: The most units of a layer, the longest row and the most words, once it is.
WIDTH, LENGTH, VOCABULARY = 32, 24, 500
#: Sizes of pictures: the first that leaves something behind all windows.
PICTURES = (32, 48, 64, 96, 128, 192, 256)
#: A model with more weights is made smaller even if its sizes are what matters.
MAX_EXACT = 30_000_000
#: With more multiplications a row, a training of a thousand steps takes more than a few seconds.
MAX_WORK = 150_000
#: With more it takes minutes: it is made smaller.
MUCH_WORK = 50_000_000
#: Steps of a model.
MAX_DEPTH = 120
_WIDTHS = ("units", "filters", "output_dim", "key_dim", "value_dim")


def shrink(
    original: Description, changed: Description, notes: list[str], *, exact: bool = False
) -> tuple[Description, Description]:
    """Both descriptions, small enough to train in a second.

    Args:
        exact: sizes are what matters: they stay where a few rows can go through.

    Raises:
        Refused: that cannot be done.
    """
    if len(original["steps"]) > MAX_DEPTH:
        raise Refused(f"the model has {len(original['steps'])} steps, which is too many for a short experiment")
    if exact and max(map(size_of, (original, changed))) <= MAX_EXACT:
        return original, changed
    if any(step["type"] == "Reshape" for step in original["steps"]):
        if max(size_of(original), size_of(changed)) > 10 * MAX_PARAMETERS:
            raise Refused("the model is too large")
        return original, changed
    keep = _last_layers(original)
    pair = copy.deepcopy((original, changed))
    done: list[str] = []
    too_much = max(map(work_of, pair)) > MUCH_WORK
    if too_much or any(prod(data["shape"]) > MAX_VALUES for data in original["x"]):
        picture = next((size for size in PICTURES if all(leaves_something(one, size) for one in pair)), None)
        if picture is None:
            raise Refused("a model with such large windows cannot be made smaller")
        for one in pair:
            _smaller_inputs(one, picture)
        done.append("smaller inputs")
    if max(map(size_of, pair)) > MAX_PARAMETERS or max(map(work_of, pair)) > MUCH_WORK:
        for one in pair:
            _narrower(one, keep)
        done.append(f"no more than {WIDTH} units in a hidden layer")
    if max(map(size_of, pair)) > 10 * MAX_PARAMETERS:
        raise Refused(f"the model has about {max(map(size_of, pair)):,} weights, which is too many")
    if done:
        notes.append(SMALLER + " and ".join(done))
    return pair


def leaves_something(one: Description, limit: int) -> bool:
    """Whether each step has a place left, if no axis of an input is longer than the limit."""
    return places_of(one, limit) is not None


def places_of(one: Description, limit: int | None = None) -> list[int] | None:
    """The sizes of all axes of the output but the last; None if a window finds nothing left.

    Args:
        limit: the longest axis of an input.
    """
    places: dict[int, list[int]] = {}
    for step in one["steps"]:
        kind, config = step["type"], step["config"]
        if kind == "Input":
            shape = [size for size in config["shape"] if isinstance(size, int)]  # type: ignore[union-attr]
            places[step["id"]] = shape[:-1] if limit is None else _limited(shape, limit)
            continue
        after = [_left(step, size, axis) for axis, size in enumerate(places[step["inputs"][0]])]
        if any(size < 1 for size in after):
            return None
        if kind in ("Flatten", "Reshape", "Permute") or kind.startswith("Global") or _gives_the_last(step):
            after = []
        elif kind == "Resizing":
            after = [size for size in (config["height"], config["width"]) if isinstance(size, int)]
        places[step["id"]] = after
    return places[one["output"]]


def _limited(shape: list[int], limit: int) -> list[int]:
    short = LENGTH if len(shape) == 2 and limit == PICTURES[0] else limit
    return [min(size, short) for size in shape[:-1]]


def _gives_the_last(step: Step) -> bool:
    """Whether a recurrent layer gives its last answer only."""
    recurrent = step["type"] in ("LSTM", "GRU", "SimpleRNN", "Bidirectional")
    return recurrent and not any(config.get("return_sequences") for config in _configs(step))


def _left(step: Step, size: int, axis: int) -> int:
    """How much of an axis is left behind a convolution or a pooling."""
    kind, config = step["type"], step["config"]
    if "Transpose" in kind or kind.startswith(("UpSampling", "ZeroPadding", "Global")):
        return size
    pooling = "Pooling" in kind
    if not pooling and "Conv" not in kind:
        return size
    window = _along(config.get("pool_size" if pooling else "kernel_size", 2 if pooling else 1), axis)
    stride = _along(config.get("strides") or (window if pooling else 1), axis)
    if config.get("padding") in ("same", "causal"):
        return -(-size // stride)
    return (size - window) // stride + 1


def _along(value: Plain, axis: int) -> int:
    """A size that is given once or for each axis."""
    found = value[min(axis, len(value) - 1)] if isinstance(value, list) and value else value
    return found if isinstance(found, int) and found > 0 else 1


def _smaller_inputs(one: Description, limit: int) -> None:
    before = places_of(one)
    starts = [step for step in one["steps"] if step["type"] == "Input"]
    for step, data in zip(starts, one["x"]):
        shape = data["shape"]
        if len(shape) >= 3:
            data["shape"] = [*(min(size, limit) for size in shape[:-1]), shape[-1]]
        elif len(shape) == 2:
            data["shape"] = [min(shape[0], max(LENGTH, limit) if limit > PICTURES[0] else LENGTH), min(shape[1], 64)]
        elif data["vocabulary"]:
            data["shape"] = [min(size, LENGTH) for size in shape]
        step["config"]["shape"] = list(data["shape"])
    after, row = places_of(one), one["y"]["shape"]
    if one["y"]["kind"] == "same":
        one["y"]["shape"] = list(one["x"][0]["shape"])
    elif before and after and row[: len(before)] == before:
        one["y"]["shape"] = [*after, *row[len(before) :]]


def _narrower(one: Description, keep: set[int]) -> None:
    for step in one["steps"]:
        for config in _configs(step):
            for name in _WIDTHS:
                size = config.get(name)
                if isinstance(size, int) and step["id"] not in keep:
                    config[name] = min(size, WIDTH)
        if step["type"] == "Embedding" and isinstance(step["config"].get("input_dim"), int):
            step["config"]["input_dim"] = min(step["config"]["input_dim"], VOCABULARY)  # type: ignore[type-var]
    for data in one["x"]:
        data["vocabulary"] = min(data["vocabulary"], VOCABULARY)


def _configs(step: Step) -> list[dict[str, Plain]]:
    found = [step["config"]]
    inner = step["config"].get("layer")
    if isinstance(inner, dict) and isinstance(inner.get("config"), dict):
        found.append(inner["config"])  # type: ignore[arg-type]
    return found


def _last_layers(one: Description) -> set[int]:
    """The steps whose width is the width of the output."""
    by_id = {step["id"]: step for step in one["steps"]}
    pending, found = [one["output"]], set[int]()
    while pending:
        step = by_id[pending.pop()]
        found.add(step["id"])
        if not any(name in config for config in _configs(step) for name in _WIDTHS):
            pending.extend(step["inputs"])
    return found


def size_of(one: Description) -> int:
    """About how many weights the model has: an upper estimate, without building it."""
    return _count(one)[0]


def work_of(one: Description) -> int:
    """About how many multiplications one row takes."""
    return _count(one)[1]


def _count(one: Description) -> tuple[int, int]:
    widths: dict[int, int] = {}
    places: dict[int, int] = {}
    total = work = 0
    for step in one["steps"]:
        if step["type"] == "Input":
            shape = step["config"]["shape"]
            assert isinstance(shape, list)
            sizes = [size for size in shape if isinstance(size, int)]
            widths[step["id"]] = sizes[-1] if sizes else 1
            places[step["id"]] = prod(sizes[:-1])
            continue
        width, room = widths[step["inputs"][0]], places[step["inputs"][0]]
        weights = _weights(step, width, room)
        total += weights
        widths[step["id"]], places[step["id"]] = _after(step, [widths[one] for one in step["inputs"]], room)
        work += weights * (room if "Bi" in step["type"] or "LSTM" in step["type"] else places[step["id"]])
    return total, work


def _weights(step: Step, width: int, room: int) -> int:
    config = next((one for one in reversed(_configs(step)) if any(name in one for name in _WIDTHS)), step["config"])
    out = next((config[name] for name in _WIDTHS if isinstance(config.get(name), int)), 0)
    assert isinstance(out, int)
    if step["type"] == "Embedding":
        vocabulary = step["config"].get("input_dim")
        return out * (vocabulary if isinstance(vocabulary, int) else 0)
    kernel = config.get("kernel_size", 1)
    sizes = [size for size in (kernel if isinstance(kernel, list) else [kernel]) if isinstance(size, int)]
    area = prod(sizes) if len(sizes) > 1 else sizes[0] ** (2 if "2D" in step["type"] else 1) if sizes else 1
    recurrent = 4 * (width + out) * out * 2 if step["type"] in ("LSTM", "GRU", "SimpleRNN", "Bidirectional") else 0
    return recurrent or width * out * area


def _after(step: Step, widths: list[int], room: int) -> tuple[int, int]:
    """The width and the number of places after a step."""
    kind, config, width = step["type"], step["config"], widths[0]
    for one in reversed(_configs(step)):
        for name in _WIDTHS:
            size = one.get(name)
            if isinstance(size, int) and name != "key_dim":
                recurrent = kind in ("LSTM", "GRU", "SimpleRNN", "Bidirectional") and not one.get("return_sequences")
                return size * (2 if kind == "Bidirectional" else 1), 1 if recurrent else max(_strided(step, room), 1)
    if kind == "Flatten":
        return width * room, 1
    if kind.startswith("Global"):
        return width, 1
    if kind == "Concatenate":
        return sum(widths), room
    if kind == "Resizing":
        sizes = [config.get("height"), config.get("width")]
        return width, prod(size for size in sizes if isinstance(size, int))
    return width, max(_strided(step, room), 1)


def _strided(step: Step, room: int) -> int:
    kind, config = step["type"], step["config"]
    axes = 3 if "3D" in kind else 2 if "2D" in kind else 1
    default: Plain = config.get("pool_size", 2) if "Pooling" in kind else 1
    stride = config.get("strides") or default
    sizes = [size for size in (stride if isinstance(stride, list) else [stride]) if isinstance(size, int) and size > 0]
    factor = prod(sizes) if len(sizes) > 1 else sizes[0] ** axes if sizes else 1
    if "Transpose" in kind or kind.startswith("UpSampling"):
        return room * factor
    return room // factor
