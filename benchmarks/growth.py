"""How time grows with what a program consists of: near to 1, the exponent of a line through the times, is linear.

Times are those of kerlint as the command line runs it, with the garbage collector at rest, and beside them those of
`libcst.parse_module` on the same text, which is the largest part of most.
"""

from __future__ import annotations

import gc
import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import libcst

from benchmarks.timing import best_time
from kerlint import linting, source
from kerlint.selection import Settings

HEAD = "import numpy as np\nfrom tensorflow import keras\nfrom tensorflow.keras import layers\n"
MODEL = """
model = keras.Sequential([keras.Input((8,)), layers.Dense(16, activation="relu"), layers.Dense(1)])
model.compile(optimizer="adam", loss="mse")
model.fit(np.random.rand(64, 8), np.random.rand(64, 1), epochs=5)
"""


def lines(size: int) -> str:
    return HEAD + MODEL + "".join(f"value_{number} = np.zeros(({number}, 3)) + 1\n" for number in range(size))


def functions(size: int) -> str:
    text = "".join(f"def f{number}(a, b=2):\n    c = a * b\n    return c + {number}\n\n" for number in range(size))
    return HEAD + text + MODEL


def models(size: int) -> str:
    return HEAD + MODEL * size


def layer_count(size: int) -> str:
    text = "".join('x = layers.Dense(8, activation="relu")(x)\n' for _ in range(size))
    end = "model = keras.Model(start, x)\nmodel.compile('adam', 'mse')\nmodel.summary()\n"
    return f"{HEAD}start = x = keras.Input((8,))\n{text}{end}"


def sequential(size: int) -> str:
    text = "".join('model.add(layers.Dense(8, activation="relu"))\n' for _ in range(size))
    return f"{HEAD}model = keras.Sequential([keras.Input((8,))])\n{text}model.compile('adam', 'mse')\n"


def loop(size: int) -> str:
    body = (
        "for i in range({}):\n    x = layers.Dense(8)(x)\nmodel = keras.Model(start, x)\nmodel.compile('adam', 'mse')\n"
    )
    return f"{HEAD}start = x = keras.Input((8,))\n" + body.format(size)


def depth(size: int) -> str:
    text = "def f0(x):\n    return layers.Dense(8)(x)\n"
    text += "".join(f"def f{number}(x):\n    return f{number - 1}(x)\n" for number in range(1, size))
    return f"{HEAD}{text}start = keras.Input((8,))\nmodel = keras.Model(start, f{size - 1}(start))\n"


def calls(size: int) -> str:
    text = "def block(x, units):\n    x = layers.Dense(units)(x)\n    return layers.ReLU()(x)\n"
    return f"{HEAD}{text}start = x = keras.Input((8,))\n" + "x = block(x, 8)\n" * size


def alternatives(size: int) -> str:
    text = "".join(f"if flag{number}:\n    rate = {number + 1} * 1e-4\n" for number in range(size))
    return f"{HEAD}rate = 1e-3\n{text}{MODEL}model.compile(keras.optimizers.Adam(rate), 'mse')\n"


def literal(size: int) -> str:
    return HEAD + "data = [" + ", ".join(map(str, range(size))) + "]\n" + MODEL


def cells(size: int) -> str:
    sources = [HEAD, *([MODEL] * (size // 10)), *([f"%time x = {size}\ny = x + 1"] * size)]
    found = [{"cell_type": "code", "metadata": {}, "outputs": [], "source": source} for source in sources]
    return json.dumps({"cells": found, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


def mixed(size: int) -> str:
    """So many lines of everything."""
    block = (
        MODEL
        + "def f(a, b=2):\n    c = a * b\n    return c + 1\n\nx = [1, 2, 3]\nfor i in range(3):\n    x.append(f(i))\n"
    )
    return HEAD + block * (size // block.count("\n"))


#: How often the size is doubled, and one more.
STEPS = 6

#: What grows, its smallest size, and what makes a program of a size.
CASES: tuple[tuple[str, int, Callable[[int], str]], ...] = (
    ("lines", 500, lines),
    ("functions", 100, functions),
    ("models", 10, models),
    ("layers, functional", 25, layer_count),
    ("layers, `model.add`", 25, sequential),
    ("count of a loop", 4, loop),
    ("depth of calls", 4, depth),
    ("calls of a function", 25, calls),
    ("alternatives", 8, alternatives),
    ("elements of a literal", 500, literal),
    ("cells of a notebook", 50, cells),
)


@dataclass(frozen=True)
class Growth:
    """How time grows with one thing.

    Args:
        times, parsing: seconds by size, of kerlint and of the parse alone.
    """

    name: str
    times: dict[int, float]
    parsing: dict[int, float]

    @property
    def exponent(self) -> float:
        """That of the last three sizes."""
        return _exponent(list(self.times.items())[-3:])

    @property
    def exponent_of_parse(self) -> float:
        """The same for the parse alone."""
        return _exponent(list(self.parsing.items())[-3:])


def measure(repeat: int) -> Iterator[Growth]:
    """Yields what grows, with its times."""
    gc.disable()
    for name, smallest, make in CASES:
        filename = "a.ipynb" if make is cells else "a.py"
        times: dict[int, float] = {}
        parsing: dict[int, float] = {}
        for size in (smallest * 2**step for step in range(STEPS)):
            data = make(size).encode()
            text = source.read_source(data, filename).text

            def lint(data: bytes = data, filename: str = filename) -> object:
                return linting.lint_data(data, filename, Settings(), None, is_test=False, path=None)

            times[size] = best_time(lint, repeat)
            parsing[size] = best_time(lambda text=text: libcst.parse_module(text), repeat)
        yield Growth(name, times, parsing)
    gc.enable()


def _exponent(times: list[tuple[int, float]]) -> float:
    """The slope of the line of least squares through the logarithms."""
    points = [(math.log(size), math.log(seconds)) for size, seconds in times]
    x, y = (sum(values) / len(points) for values in zip(*points))
    return sum((a - x) * (b - y) for a, b in points) / sum((a - x) ** 2 for a, _ in points)
