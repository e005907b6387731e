"""What draws a program: random choices, the spelling of calls, and Keras, which tells what fits as it is written."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from typing import Any

#: Chance that an optional argument is written at all.
OPTIONAL = 0.22

_STYLES = (
    (3, "import keras\nfrom keras import layers, ops", "layers.", "keras.", "ops."),
    (2, "import keras", "keras.layers.", "keras.", "keras.ops."),
    (1, "from tensorflow import keras\nfrom tensorflow.keras import layers", "layers.", "keras.", "keras.ops."),
    (1, "import tensorflow as tf", "tf.keras.layers.", "tf.keras.", "tf.keras.ops."),
    (2, "import keras\nfrom keras import ops\nfrom keras.layers import *", "", "keras.", "ops."),
)


class Refused(Exception):
    """Keras raises at a line, and the program is to end there."""


class Pen:
    """One program in the making.

    Args:
        chance: what decides.
        tolerance: how likely a line at which Keras raises stays in the program.
    """

    def __init__(self, chance: random.Random, tolerance: float = 0.03) -> None:
        self.chance = chance
        self.tolerance = tolerance
        header, self.layers, self.keras, self.ops = chance.choices(
            [style[1:] for style in _STYLES], [style[0] for style in _STYLES]
        )[0]
        self.lines: list[str] = header.split("\n")
        self.scope: dict[str, Any] = {}
        exec(header, self.scope)
        self._numbers: dict[str, int] = {}

    # -- Choices ---------------------------------------------------------------------------------------------------

    def maybe(self, probability: float) -> bool:
        return self.chance.random() < probability

    def pick(self, options: Sequence[Any]) -> Any:
        return self.chance.choice(options)

    def number(self, low: int, high: int) -> int:
        return self.chance.randint(low, high)

    def fresh(self, stem: str) -> str:
        """A name that is not in use."""
        self._numbers[stem] = self._numbers.get(stem, 0) + 1
        return f"{stem}{self._numbers[stem]}"

    # -- Spelling --------------------------------------------------------------------------------------------------

    def call(self, name: str, required: Sequence[tuple[str, object]], optional: dict[str, Sequence[object]]) -> str:
        """A call: the first arguments by position or by name, some of the optional ones."""
        split = len(required) if self.maybe(0.75) else self.number(0, len(required))
        parts = [str(text) for _, text in required[:split]]
        parts += [f"{key}={text}" for key, text in required[split:]]
        parts += [f"{key}={self.pick(texts)}" for key, texts in optional.items() if self.maybe(OPTIONAL)]
        return f"{name}({', '.join(parts)})"

    def layer(self, cls: str, *required: tuple[str, object], **optional: Sequence[object]) -> str:
        """A layer of the library, now and then with a name or not trainable."""
        text = self.call(self.layers + cls, required, optional)
        more = []
        if self.maybe(0.12):
            more.append(f'name="{self.fresh("the_" + cls.lower())}"')
        # Some layers do not take it.
        if self.maybe(0.05) and "SpatialDropout" not in cls and cls != "Discretization":
            more.append(f"trainable={self.pick(('False', 'True'))}")
        if not more:
            return text
        return text[:-1] + ("" if text.endswith("()") else ", ") + ", ".join(more) + ")"

    # -- Writing ---------------------------------------------------------------------------------------------------

    def write(self, line: str) -> bool:
        """Adds a line if Keras takes it; False if it does not and the line was dropped.

        Raises:
            Refused: Keras does not take it, but it stays, and it is the last.
        """
        try:
            exec(line, self.scope)
        except Exception:  # noqa: BLE001 - Keras raises what it likes
            if not self.maybe(self.tolerance):
                return False
            self.lines.append(line)
            raise Refused from None
        self.lines.append(line)
        return True

    def tries(self, expression: str) -> bool:
        """Whether Keras can evaluate an expression."""
        try:
            eval(expression, self.scope)
        except Exception:  # noqa: BLE001 - Keras raises what it likes
            return False
        return True

    def shape(self, variable: str) -> tuple[int | None, ...]:
        """The shape of a tensor of the program."""
        return tuple(self.scope[variable].shape)

    @property
    def source(self) -> str:
        return "\n".join(self.lines) + "\n"


def statements(source: str) -> list[str]:
    """The source without its imports."""
    return [line for line in source.split("\n") if line and not re.match(r"(from|import) ", line)]
