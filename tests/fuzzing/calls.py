"""Calls of everything that the tables know, with an odd value for one argument of each."""

from __future__ import annotations

import re
from functools import lru_cache
from random import Random

from kerlint.library._legacy_table import LEGACY_SIGNATURES
from kerlint.library._signature_table import SIGNATURES
from kerlint.library.signatures import signature
from tests.fuzzing.words import ODD_VALUES

HEAD = """\
import keras, numpy, numpy as np, pandas, pandas as pd, tensorflow, tensorflow as tf
import sklearn, sklearn.datasets, sklearn.model_selection, sklearn.preprocessing
x = np.zeros((3, 4))
z = np.random.rand(2, 5, 6, 3)
v = np.arange(5)
t = keras.Input((8, 3))
t4 = keras.Input((8, 8, 3))
t1 = keras.Input((4,))
df = pd.DataFrame({"a": [1, 2], "b": [3.0, 4.0]})
ds = tf.data.Dataset.from_tensor_slices((x, v))
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
"""

#: What stands where nothing odd does.
_USUAL = """
x | z | v | t | t4 | t1 | df | ds | [x, x] | [t, t] | [1, 2] | 3 | (2, 2) | 'a' | model | keras.layers.Dense(2) | None
""".split(" | ")

#: Values that are odd as an axis, a shape, an index or a list of arrays.
_ODD = """
() | [] | (0,) | (5,) | (0, 0) | (0, 1, 2) | (-1, -2) | [[]] | [()] | -7 | {} | [None] | (1, None) | x | t | df | [x]
[t, None] | slice(0) | np.zeros(()) | np.zeros((0,)) | keras.Input(()) | ((1, 2), (3, 4)) | ((1, 2, 3),) | 'ab' | b'a' | ''
pd.Series([]) | pd.DataFrame() | ds | model | {'a': ()} | True | ~True | 1e400 | 10**400 | range(0)
""".replace("\n", " | ").split(" | ")

_VALUES = [value.strip() for value in [*_ODD, *ODD_VALUES] if value.strip()]

#: What methods are called on.
_OWNERS = {
    "numpy.ndarray": ("x", "z", "v", "np.zeros(())"),
    "pandas.DataFrame": ("df",),
    "pandas.Series": ("df['a']", "df.a"),
    "keras.Model": ("model",),
    "keras.Sequential": ("model",),
    "keras.layers.Layer": ("keras.layers.Dense(2)",),
    "tensorflow.data.Dataset": ("ds",),
}

#: What layers are called on.
_TENSORS = ("t", "t4", "t1", "x", "[t, t]", "keras.Input((4, 4, 4, 2))")

#: More parameters than these are not tried.
_MOST = 9


@lru_cache(maxsize=1)
def callables() -> list[tuple[str, str]]:
    """All that can be called: the group of the table, and the name in it."""
    found: set[tuple[str, str]] = set()
    for table in (SIGNATURES, LEGACY_SIGNATURES):
        for group, lines in table.items():
            found.update((group, name) for name in re.findall(r"^(\w+)\(", lines, re.MULTILINE))
    return sorted(found)


def call(group: str, name: str, random: Random) -> str:
    """A call with one odd argument."""
    known = signature(f"{group}.{name}")
    names = known.names[:_MOST] if known is not None else ()
    odd = random.choice(_VALUES)
    position = random.randrange(max(len(names), 1))
    arguments = odd if position == 0 else f"{random.choice(_USUAL).strip()}, {names[position]}={odd}"
    owner = _owner(group, random)
    if group == "keras.layers":
        first = "" if position == 0 else random.choice(("3, ", "2, ", "(2, 2), ", ""))
        given = f"{names[position]}={odd}" if names else odd
        return f"{group}.{name}({first}{given})({random.choice(_TENSORS)})"
    return f"{owner}.{name}({arguments})"


def _owner(group: str, random: Random) -> str:
    if group in _OWNERS:
        return random.choice(_OWNERS[group])
    is_class = group.rpartition(".")[2][:1].isupper()
    return f"{group}({random.choice(('', '3'))})" if is_class else group


def program(random: Random, count: int) -> str:
    """A program with so many calls, each of which may fail."""
    lines = [call(*random.choice(callables()), random) for _ in range(count)]
    return HEAD + "".join(f"try:\n    q = {line}\nexcept Exception:\n    pass\n" for line in lines)
