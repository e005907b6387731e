"""Data that a model can learn from, in the shapes and ranges that a description says."""

from __future__ import annotations

from typing import Any

import numpy as np

from kerlint.probe.description import Description, Input, Targets

#: The share of labels that are drawn by lot; half the deviation of what is added to numbers.
NOISE = 0.1
#: Classes that occur.
MAX_CLASSES = 10


class Sample:
    """Inputs, targets, and what lies behind them.

    Args:
        x: one array for each input.
        classes: the class of each row, for targets that are classes; else None.
    """

    def __init__(self, x: list[Any], y: Any, classes: Any) -> None:
        self.x, self.y, self.classes = x, y, classes


def sample(one: Description, seed: int) -> Sample:
    """Rows whose targets can be told from their inputs."""
    random = np.random.default_rng(seed)
    rows, y = one["run"]["rows"], one["y"]
    if y["kind"] in ("numbers", "same"):
        hidden = random.normal(size=(rows, 2))
        value = hidden[:, 0] + 0.5 * np.sin(2 * hidden[:, 1])
        value = (value - value.mean()) / value.std()
        classes = None
    else:
        # Many classes would need many rows: the first few of them do.
        used = min(max(y["classes"], 2), MAX_CLASSES)
        classes = random.permutation(np.arange(rows) % used)
        hidden = np.eye(used)[classes]
        value = classes
    # What is measured in the world is noisy, and without noise the gradients of large steps vanish too soon.
    if classes is not None:
        wrong = random.random(rows) < NOISE
        noisy = np.where(wrong, random.integers(0, int(classes.max()) + 1, rows), classes)
    else:
        noisy = None
        value = value + 2 * NOISE * random.normal(size=rows)
    x = [_input(data, hidden, value, classes, random) for data in one["x"]]
    return Sample(x, x[0] if y["kind"] == "same" else _targets(y, value, noisy), noisy)


def _input(data: Input, hidden: Any, value: Any, classes: Any, random: Any) -> Any:
    shape = tuple(data["shape"])
    if data["vocabulary"]:
        return _ids(shape, data["vocabulary"], value, classes, random)
    signal = hidden @ _patterns(hidden.shape[1], shape, random).reshape(hidden.shape[1], -1)
    numbers = signal.reshape((len(hidden), *shape)) + 0.3 * random.normal(size=(len(hidden), *shape))
    axes = (0,) if len(shape) <= 1 else tuple(range(numbers.ndim - 1))
    numbers = (numbers - numbers.mean(axes, keepdims=True)) / (numbers.std(axes, keepdims=True) + 1e-9)
    return _ranged(data, numbers).astype("float32")


def _patterns(count: int, shape: tuple[int, ...], random: Any) -> Any:
    """One direction for each hidden number: far apart, smooth over places, with a level for each channel."""
    width = shape[-1] if shape else 1
    levels = random.normal(size=(count, width))
    if width >= count:
        levels = np.linalg.qr(random.normal(size=(width, count)))[0].T * np.sqrt(width)
    elif width == 1:
        levels = np.linspace(-1.5, 1.5, count)[:, None]
    elif width == 2:
        angles = 2 * np.pi * np.arange(count) / count
        levels = np.stack([np.cos(angles), np.sin(angles)], axis=1) * 1.5
    if len(shape) < 2:
        return levels
    coarse = random.normal(size=(count, *(min(size, 4) for size in shape[:-1]), width))
    for axis, size in enumerate(shape[:-1], start=1):
        coarse = np.take(coarse, np.arange(size) * coarse.shape[axis] // size, axis=axis)
    return coarse + levels.reshape((count, *[1] * (len(shape) - 1), width))


def _ranged(data: Input, numbers: Any) -> Any:
    """Standard numbers brought into the range of the data."""
    if data["columns"] is not None and len(data["columns"]) == numbers.shape[-1]:
        low, high = np.array(data["columns"]).T
        return low + np.clip(0.5 + numbers / 5, 0, 1) * (high - low)
    if data["low"] is None or data["high"] is None:
        return numbers
    return data["low"] + np.clip(0.5 + numbers / (5 if data["tight"] else 12), 0, 1) * (data["high"] - data["low"])


def _ids(shape: tuple[int, ...], vocabulary: int, value: Any, classes: Any, random: Any) -> Any:
    """Ids: each class, or each fifth of the numbers, prefers a part of the vocabulary of its own."""
    groups = classes if classes is not None else np.clip(((value + 1.5) / 3 * 5).astype(int), 0, 4)
    count = int(groups.max()) + 1
    room = max(vocabulary // count, 1)
    own = (
        groups.reshape((-1, *[1] * len(shape))) * room + random.integers(0, room, (len(groups), *shape))
    ) % vocabulary
    free = random.integers(0, vocabulary, (len(groups), *shape))
    return np.where(random.random(own.shape) < 0.6, own, free).astype("int32")


def _targets(y: Targets, value: Any, classes: Any) -> Any:
    shape = tuple(y["shape"])
    if y["kind"] == "onehot":
        return _spread(np.eye(y["classes"], dtype="float32")[classes], shape, 1)
    if y["kind"] == "classes":
        return _spread(classes.astype("int32"), shape, 0)
    if y["kind"] in ("binary", "multihot", "signs"):
        numbers = _columns(classes.astype("float32"), shape, lambda values, odd: 1 - values if odd else values)
        return 2 * numbers - 1 if y["kind"] == "signs" else numbers
    numbers = _columns(value.astype("float32"), shape, lambda values, odd: -values if odd else values)
    if y["low"] is None or y["high"] is None:
        return numbers
    return y["low"] + np.clip(0.5 + numbers / 5, 0, 1) * np.float32(y["high"] - y["low"])


def _spread(rows: Any, shape: tuple[int, ...], own: int) -> Any:
    """The same label at each place of a row, where the targets have places."""
    if own == 0 and shape and shape != (1,):
        return np.broadcast_to(rows.reshape((-1, *[1] * len(shape))), (len(rows), *shape)).copy()
    if own == 0:
        return rows.reshape((-1, *shape))
    places = shape[:-1]
    made = rows.reshape((len(rows), *[1] * len(places), -1))
    return np.broadcast_to(made, (len(rows), *places, rows.shape[1])).copy()


def _columns(values: Any, shape: tuple[int, ...], turned: Any) -> Any:
    """The same number in each column, turned round in every second one."""
    if not shape:
        return values
    columns = [turned(values, index % 2 == 1) for index in range(shape[-1])]
    made = np.stack(columns, axis=-1).reshape((len(values), *[1] * (len(shape) - 1), shape[-1]))
    return np.broadcast_to(made, (len(values), *shape)).astype("float32").copy()
