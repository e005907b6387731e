"""Edits in the author's style, down to the last comma."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kerlint import syntax
from kerlint.edits.drafts import (
    Callee,
    Change,
    Draft,
    Drop,
    Hoist,
    Insert,
    Parameter,
    Put,
    Replace,
    Swap,
    Unroll,
    draft,
)
from kerlint.edits.resolve import resolve
from kerlint.edits.text import Text
from kerlint.finding import Fix, Safety
from kerlint.fixer import edited_text
from kerlint.syntax.places import locate, walk
from tests.trees import tree

NAMES = {"tf": "tensorflow", "keras": "keras", "layers": "keras.layers", "Adam": "keras.optimizers.Adam"}


def resolved(wanted: Draft, module: syntax.Module) -> Fix | None:
    return resolve(wanted, Text(module, locate(module), NAMES), Safety.SAFE)


def changed(text: str, make: Callable[[syntax.Call], Change]) -> str | None:
    """The text after a change of the call of `f`; None if there is no fix."""
    module = tree(text)
    call = next(
        node for node in walk(module) if isinstance(node, syntax.Call) and syntax.last_name(node.func) in ("f", "A")
    )
    wanted = draft("", make(call))
    assert wanted is not None
    fix = resolved(wanted, module)
    return None if fix is None else edited_text(text, fix.edits)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("f()", "f(k=1)"),
        ("f( )", "f(k=1)"),
        ("f(a)", "f(a, k=1)"),
        ("f(a,)", "f(a, k=1,)"),
        ("f(a, b = 2)", "f(a, b = 2, k = 1)"),
        ("f(a, k=0)", "f(a, k=1)"),
        ("f(a, k = (\n  0\n))", "f(a, k = 1)"),
        ("f(\n    a,\n)", "f(\n    a,\n    k=1,\n)"),
        ("f(\n    a\n)", "f(\n    a,\n    k=1\n)"),
        ("f(\n    a,  # why\n)", "f(\n    a,  # why\n    k=1,\n)"),
        ("f(\n    a  # why\n)", "f(\n    a,  # why\n    k=1\n)"),
        ("f(a,\n  b)", "f(a,\n  b,\n  k=1)"),
        ("f(a,\n  b,)", "f(a,\n  b,\n  k=1,)"),
        ("f(\n    a, b,\n)", "f(\n    a, b, k=1,\n)"),
        ("f(a)(b)", "f(a, k=1)(b)"),
        ("(f(a))", "(f(a, k=1))"),
        ("f(a,\r\n  b)\r\n", "f(a,\r\n  b,\r\n  k=1)\r\n"),
        ("f(a, name='b')", "f(a, k=1, name='b')"),
        ("f(\n  a,\n  name='b',\n)", "f(\n  a,\n  k=1,\n  name='b',\n)"),
        ("f(**a)", None),
        ("f(*a)", None),
        ("f(x for x in y)", None),
        ("f(k=v)", None),
        ("f(k=a if b else c)", None),
        ("f(  # why\n)", None),
    ],
)
def test_put(before: str, after: str | None) -> None:
    assert changed(before, lambda call: Put(call, "k", "1")) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("f(k=1)", "f()"),
        ("f(a, k=1)", "f(a)"),
        ("f(a, k=1,)", "f(a,)"),
        ("f(k=1, a=2)", "f(a=2)"),
        ("f(a, k=1, b=2)", "f(a, b=2)"),
        ("f(\n    a,\n    k=1,\n)", "f(\n    a,\n)"),
        ("f(\n    a,\n    k=1,  # gone\n    b=2,  # stays\n)", "f(\n    a,\n    b=2,  # stays\n)"),
        ("f(\n    a,\n    k=1\n)", "f(\n    a\n)"),
        ("f(a,\n  k=1)", "f(a)"),
        ("f(a,\n  k=(1,\n     2),\n  b=3)", "f(a,\n  b=3)"),
        ("f(a,  # stays\n  k=1)", None),
        ("f(a)", None),
    ],
)
def test_drop(before: str, after: str | None) -> None:
    assert changed(before, lambda call: Drop(call, "k")) == after


def test_drop_of_a_positional_argument() -> None:
    assert changed("f(1, 'relu')", lambda call: Drop(call, "k", call.args[1].value)) == "f(1)"
    assert changed("f(1, 'relu', b=2)", lambda call: Drop(call, "k", call.args[1].value)) == "f(1, b=2)"
    assert changed("f(1, 'relu', 2)", lambda call: Drop(call, "k", call.args[1].value)) is None


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("f('x')", "f('relu')"),
        ('f("x")', 'f("relu")'),
        ("a = 'b'\nf(1)", "a = 'b'\nf('relu')"),
        ("f(None)", 'f("relu")'),
        ("f(tf.nn.softmax)", 'f("relu")'),
        ("f(own)", None),
        ("f(self.own)", None),
        ("f('a' if b else 'c')", None),
        ("f(table['x'])", None),
    ],
)
def test_replace_keeps_quotes_and_leaves_variables_alone(before: str, after: str | None) -> None:
    assert changed(before, lambda call: Replace(call.args[0].value, '"relu"')) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("import tensorflow as tf\nf(1)", "import tensorflow as tf\nf(tf.keras.optimizers.Adam(1e-3))"),
        ("from tensorflow import keras\nf(1)", "from tensorflow import keras\nf(keras.optimizers.Adam(1e-3))"),
        ("from keras.optimizers import Adam\nf(1)", "from keras.optimizers import Adam\nf(Adam(1e-3))"),
        ("import keras\nfrom keras.optimizers import Adam\nf(1)", "import keras\nfrom keras.optimizers import Adam\nf(Adam(1e-3))"),
        ("from keras import layers\nf(1)", None),
        ("f(1)\nimport keras", None),
        ("import keras\ndef g(keras):\n    f(1)", None),
        ("import keras\ndef g():\n    keras = 1\n    f(1)", None),
        ("def g():\n    import keras\nf(1)", None),
    ],
)  # fmt: skip
def test_names_are_spelled_as_the_file_can(before: str, after: str | None) -> None:
    assert changed(before, lambda call: Replace(call.args[0].value, "{keras.optimizers.Adam}(1e-3)")) == after


def test_names_are_imported_before_in_a_line_with_wide_characters() -> None:
    text = f"'{'ä' * 30}'; import keras; f(1)"
    assert changed(text, lambda call: Replace(call.args[0].value, "{keras.Input}(2)")) == text.replace(
        "f(1)", "f(keras.Input(2))"
    )


@pytest.mark.parametrize(
    ("template", "argument", "new"),
    [
        ("{0} + 1", "a", "a + 1"),
        ("{0} + 1", "a if b else c", "(a if b else c) + 1"),
        ("{0} > 1", "(a < b)", "(a < b) > 1"),
        ("{0}(2)", "lambda x: x", "(lambda x: x)(2)"),
        ("{0}.c", "1", "(1).c"),
        ("{0} @ d", "a * b", "(a * b) @ d"),
        ("g({0}, {0})", "a or b", "g(a or b, a or b)"),
        ("c = {0}", "a or b", "c = a or b"),
    ],
)
def test_operands_stay_together(template: str, argument: str, new: str) -> None:
    def make(call: syntax.Call) -> Change:
        value = call.args[0].value
        return Replace(value, template, (value,), variable=True)

    assert changed(f"f({argument})\n", make) == f"f({new})\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a; f(b)\n", "a; f(b, k=1)\n"),
        ("a; \\\nf(b)\n", "a; \\\nf(b, k=1)\n"),
        ("a; \\\n\\\nf(b)\n", "a; \\\n\\\nf(b, k=1)\n"),
        ("\\\nf(b)\n", "\\\nf(b, k=1)\n"),
        ("a\n\n# c\n@(\n  f(b)\n)\ndef g(): ...\n", "a\n\n# c\n@(\n  f(b, k=1)\n)\ndef g(): ...\n"),
        ("a\n\f\n# c\n\ff(b)", "a\n\f\n# c\n\ff(b, k=1)"),
        # libcst leaves out such a form feed, so that what stands behind it seems to stand elsewhere.
        ("if a:\n    c\n\f    f(b)\n", None),
        ("a\r'\u2028'; f('ä', b)\r", "a\r'\u2028'; f('ä', b, k=1)\r"),
        ("x = f'{f(b)}'\n", "x = f'{f(b, k=1)}'\n"),
        ("x = f'{f(b), c}'\n", "x = f'{f(b, k=1), c}'\n"),
        ("x = f'''{\n  f(b)\n}'''\n", "x = f'''{\n  f(b, k=1)\n}'''\n"),
    ],
)
def test_statements_are_found(before: str, after: str | None) -> None:
    assert changed(before, lambda call: Put(call, "k", "1")) == after


def test_callee() -> None:
    name = "keras.losses.B"
    assert changed("keras.losses.A(1)", lambda call: Callee(call, name)) == "keras.losses.B(1)"
    assert changed("A(1)", lambda call: Callee(call, name)) is None


def test_swap() -> None:
    assert changed("f((a), b + 1)", lambda call: Swap(call.args[0].value, call.args[1].value)) == "f(b + 1, (a))"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("[f(1)] * 3", "[f(1) for _ in range(3)]"),
        ("a + [f(1)] * n", "a + [f(1) for _ in range(n)]"),
        ("[f(1), 2] * 3", None),
        ("[f(1)] + b", None),
        ("([f(1)]) * 3", None),
    ],
)
def test_unroll(before: str, after: str | None) -> None:
    assert changed(before, Unroll) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("for a in b:\n    f(1)  # why\n    g(a)\n", "f(1)  # why\nfor a in b:\n    g(a)\n"),
        (
            "if c:\n  for a in b:\n    x = f(\n      1)\n    g(x)\n",
            "if c:\n  x = f(\n    1)\n  for a in b:\n    g(x)\n",
        ),
        ("for a in b:\n    f(a)\n    g(a)\n", None),
        ("for a in b:\n    x = 1\n    f(x)\n", None),
        ("for a in b:\n    f(1)\n", None),
        ("for a in b:\n    f(1); g(1)\n    h(1)\n", None),
        ("for a in b:\n    if a:\n        f(1)\n    h(1)\n", None),
        ("for a in b: f(1); g(a)\n", None),
        ("for a in b:\n    f('''\n    c''')\n    g(a)\n", None),
        ("for a in b:\n    f('\u2028', 1)\n    g(a)\n", "f('\u2028', 1)\nfor a in b:\n    g(a)\n"),
    ],
)
def test_hoist(before: str, after: str | None) -> None:
    module = tree(before)
    loop = next(node for node in walk(module) if isinstance(node, syntax.For))
    call = next(node for node in walk(loop) if isinstance(node, syntax.Call))
    wanted = draft("", Hoist(call, loop))
    assert wanted is not None
    fix = resolved(wanted, module)
    assert (None if fix is None else edited_text(before, fix.edits)) == after


def test_insert() -> None:
    assert changed("x = f(1)  # a\ny\n", lambda call: Insert(call, "{0}.g()", parts=(call.func,))) == (
        "x = f(1)  # a\nf.g()\ny\n"
    )
    assert changed("f((1), b=(2))\n", lambda call: Insert(call, "g({0}, {1})", parts=tuple(call.args))) == (
        "f((1), b=(2))\ng((1), b=(2))\n"
    )
    assert changed("if a: f(1)\n", lambda call: Insert(call, "g()")) is None
    assert changed("f(1); g(1)\n", lambda call: Insert(call, "g()")) is None
    assert changed("class A:\n  def b(self):\n    f(1)", lambda call: Insert(call, "g()")) == (
        "class A:\n  def b(self):\n    f(1)\n    g()"
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("def g(self, x):\n    f()\n", "def g(self, x, t=None):\n    f()\n"),
        ("def g(self, x=1,):\n    f()\n", "def g(self, x=1, t=None,):\n    f()\n"),
        ("def g(self, *x):\n    f()\n", None),
        ("def g(self, *, x):\n    f()\n", None),
        ("def g():\n    f()\n", None),
    ],
)
def test_parameter(before: str, after: str | None) -> None:
    module = tree(before)
    wanted = draft("", Parameter(module.body[0], "t=None"))
    assert wanted is not None
    fix = resolved(wanted, module)
    assert (None if fix is None else edited_text(before, fix.edits)) == after
