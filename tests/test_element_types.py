"""What is said of dtypes and types, held against NumPy, pandas and Python."""

from __future__ import annotations

import pytest

from kerlint.library import evaluate
from kerlint.program.constants import constant
from kerlint.program.values import Const
from tests.trees import tree

numpy = pytest.importorskip("numpy")

SETUP = "import numpy as np\nx = np.zeros((3, 2))\nw = np.ones(3, dtype='int32')\n"


@pytest.mark.parametrize(
    "text",
    [
        "x.dtype == np.float64",
        "x.dtype == float",
        "x.dtype == 'float64'",
        "x.dtype != np.float32",
        "x.dtype == object",
        "np.float32 == x.dtype",
        "x.dtype == w.dtype",
        "w.dtype == np.int32",
        "w.dtype in (np.int32, np.int64)",
        "w.dtype in ['float32', 'float64']",
        "str(x.dtype) == 'float64'",
        "type('text') == str",
        "type('text') is not str",
        "type(3) is str",
        "type(0.5) != str",
    ],
)
def test_what_is_said_is_so(text: str) -> None:
    names: dict[str, object] = {}
    exec(SETUP, names)
    found = evaluate(tree(f"{SETUP}found = {text}\n")).names["found"]
    assert isinstance(found, Const)
    assert constant(found) is eval(text, names)


@pytest.mark.parametrize(
    "text",
    ["x.dtype == 'f8'", "x.dtype is np.float64", "x.dtype in ('f8', 'f4')", "type(3) == int", "type(w[0]) == int"],
)
def test_what_has_several_names_is_not_known(text: str) -> None:
    assert not isinstance(evaluate(tree(f"{SETUP}found = {text}\n")).names["found"], Const)


@pytest.mark.parametrize(
    ("dtype", "text", "expected"),
    [
        ("tf.float32", "i.dtype == tf.float32", True),
        ("'float32'", "i.dtype == tf.float32", True),
        ("tf.string", "i.dtype == tf.float32", False),
        ("tf.string", "i.dtype == tf.string", True),
    ],
)
def test_an_input_has_the_dtype_that_it_is_given(dtype: str, text: str, expected: bool) -> None:
    program = evaluate(tree(f"import tensorflow as tf\ni = tf.keras.Input((1,), dtype={dtype})\nfound = {text}\n"))
    assert constant(program.names["found"]) is expected


def test_of_an_input_without_one_it_depends_on_the_settings() -> None:
    text = "import tensorflow as tf\ni = tf.keras.Input((1,))\nfound = i.dtype == tf.float32\n"
    assert not isinstance(evaluate(tree(text)).names["found"], Const)
