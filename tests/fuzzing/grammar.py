"""Programs made from nothing: every kind of statement and expression, with the words of Keras."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from tests.fuzzing import words

_MODES = ("", "", "*", "**")


class Writer:
    """Writes programs.

    Args:
        random: decides about everything.
        size: how many more statements and expressions there may be, roughly.
    """

    def __init__(self, random: Random, size: int) -> None:
        self.random = random
        self.left: float = size

    def program(self) -> str:
        """The text of a module. It is Python nearly always."""
        lines = [self.random.choice(words.IMPORTS)]
        while self.left > 0:
            lines += self.statement("")
        return "\n".join(lines) + "\n"

    # Statements: lists of lines

    def statement(self, indent: str) -> list[str]:
        self.left -= 1
        deep = len(indent) > 20 or self.left < 0
        make = self.random.choice(_SIMPLE if deep else _STATEMENTS)
        return make(self, indent)

    def block(self, indent: str) -> list[str]:
        inner = indent + "    "
        lines: list[str] = []
        for _ in range(self.random.choice((1, 1, 2, 3))):
            lines += self.statement(inner)
        return lines

    def name(self) -> str:
        return self.random.choice(words.NAMES)

    def assignment(self, indent: str) -> list[str]:
        kind = self.random.randrange(8)
        if kind == 0:
            return [f"{indent}{self.name()}, {self.random.choice(_MODES[:3])}{self.name()} = {self.expression(2)}"]
        if kind == 1:
            return [f"{indent}{self.name()} {self.random.choice(('+', '*', '-', '|', '**'))}= {self.expression(1)}"]
        if kind == 2:
            return [f"{indent}{self.name()}: {self.name()} = {self.expression(1)}"]
        if kind == 3:
            target = self.random.choice(
                ("x[0]", "x.y", "self.a", "model.layers[0].trainable", "(x, (y, *a))", "x[1:2]")
            )
            return [f"{indent}{target} = {self.expression(2)}"]
        return [f"{indent}{self.name()} = {self.expression(3)}"]

    def expression_statement(self, indent: str) -> list[str]:
        return [indent + self.call(3)]

    def small(self, indent: str) -> list[str]:
        kind = self.random.choice(
            (
                "pass",
                "pass",
                "del x",
                "assert x, y",
                "global model",
                "import keras.layers as L",
                "x = yield",
                "nonlocal_ = 1",
            )
        )
        return [f"{indent}{kind if indent or not kind.startswith(('x = yield',)) else 'pass'}"]

    def jump(self, indent: str) -> list[str]:
        if not indent:
            return self.assignment(indent)
        # Outside of a loop or a function that is a syntax error, which is welcome now and then.
        return [indent + self.random.choice(("return x", "return", "break", "continue", "raise", "raise x from y"))]

    def condition(self, indent: str) -> list[str]:
        lines = [f"{indent}if {self.expression(1)}:", *self.block(indent)]
        if self.random.random() < 0.3:
            lines += [f"{indent}elif {self.expression(1)}:", *self.block(indent)]
        if self.random.random() < 0.5:
            lines += [f"{indent}else:", *self.block(indent)]
        return lines

    def loop(self, indent: str) -> list[str]:
        if self.random.random() < 0.3:
            lines = [f"{indent}while {self.expression(1)}:", *self.block(indent)]
        else:
            target = self.random.choice(("x", "i", "x, y", "(a, b), i", "i, *x", "x[0]", "layer"))
            over = self.random.choice(
                ("range(3)", "range(10**9)", "model.layers", "ds", "zip(x, y)", "enumerate(x)", "")
            )
            lines = [f"{indent}for {target} in {over or self.expression(1)}:", *self.block(indent)]
        if self.random.random() < 0.2:
            lines += [f"{indent}else:", *self.block(indent)]
        return lines

    def attempt(self, indent: str) -> list[str]:
        lines = [f"{indent}try:", *self.block(indent)]
        kind = self.random.randrange(3)
        if kind != 2:
            lines += [f"{indent}except {self.random.choice(('', 'ValueError', '(A, B) as x'))}:", *self.block(indent)]
        if kind != 0:
            lines += [f"{indent}finally:", *self.block(indent)]
        return lines

    def context(self, indent: str) -> list[str]:
        manager = self.random.choice(("tf.GradientTape() as tape", "strategy.scope()", "open(x) as y, x", ""))
        return [f"{indent}with {manager or self.expression(1)}:", *self.block(indent)]

    def function(self, indent: str) -> list[str]:
        name = self.random.choice(("f", "g", "build", "make", "train_step", "call", "__init__", "main"))
        parameters = self.random.choice(
            ("", "x", "x, y=1", "self", "self, inputs, training=None", "*a, **b", "x, /, *, y=2")
        )
        head = f"{indent}{self.random.choice(('', '', '', 'async '))}def {name}({parameters}):"
        lines = [head, *self.block(indent)]
        if self.random.random() < 0.2:
            decorator = self.random.choice(
                ("@tf.function", "@property", "@staticmethod", "@functools.partial(f, 1)", "@f")
            )
            lines.insert(0, indent + decorator)
        if self.random.random() < 0.6:
            lines.append(f"{indent}{self.name()} = {name}({self.arguments(1)})")
        return lines

    def class_(self, indent: str) -> list[str]:
        base = self.random.choice(
            ("", "(keras.Model)", "(keras.layers.Layer)", "(A)", "(keras.callbacks.Callback)", "(x, y=1)")
        )
        lines = [f"{indent}class A{base}:"]
        for _ in range(self.random.choice((1, 2))):
            lines += self.function(indent + "    ")
        if self.random.random() < 0.6:
            lines.append(f"{indent}{self.name()} = A({self.arguments(1)})")
        return lines

    def match(self, indent: str) -> list[str]:
        pattern = self.random.choice(("_", "1 | 2", "[x, *_]", "{'a': x, **b}", "A(x=1)", "str() as y", "(1, x) if x"))
        return [f"{indent}match {self.expression(1)}:", f"{indent}    case {pattern}:", *self.block(indent + "    ")]

    def model(self, indent: str) -> list[str]:
        """What a program that trains looks like, with some odd values in it."""
        layers = [f"{indent}    {self.layer()}," for _ in range(self.random.randrange(5))]
        lines = [f"{indent}model = keras.Sequential([", *layers, f"{indent}])"]
        loss = self.random.choice(
            ("'mse'", "'binary_crossentropy'", "'sparse_categorical_crossentropy'", self.expression(2))
        )
        lines.append(
            f"{indent}model.compile(optimizer={self.expression(2)}, loss={loss}, metrics={self.expression(1)})"
        )
        lines.append(f"{indent}{self.name()} = model.fit({self.arguments(2)})")
        return lines

    def functional(self, indent: str) -> list[str]:
        lines = [f"{indent}x = inputs = keras.Input({self.expression(1)})"]
        for _ in range(self.random.randrange(1, 5)):
            target = self.random.choice(("x", "x", "y", "outputs"))
            source = self.random.choice(("x", "x", "x", "y", "inputs", "[x, y]", "(x, x)", "x + y", "x[0]", ""))
            lines.append(f"{indent}{target} = {self.layer()}({source or self.expression(1)})")
        return [*lines, f"{indent}model = keras.Model(inputs, {self.random.choice(('x', 'y', '[x, y]', 'outputs'))})"]

    # Expressions: texts

    def layer(self) -> str:
        return f"keras.layers.{self.random.choice(words.LAYERS)}({self.arguments(1)})"

    def arguments(self, depth: int) -> str:
        parts = [self.expression(depth - 1) for _ in range(self.random.choice((0, 1, 1, 2, 3)))]
        keywords = self.random.sample(words.KEYWORDS, self.random.choice((0, 0, 1, 2)))
        parts += [f"{keyword}={self.expression(depth - 1)}" for keyword in keywords]
        if self.random.random() < 0.05:
            parts.append(self.random.choice(("*x", "**y", "**{}", "**{**{'a': 1}}", "*[1, 2]")))
        return ", ".join(parts)

    def call(self, depth: int) -> str:
        return f"{self.random.choice(words.CALLS)}({self.arguments(depth)})"

    def expression(self, depth: int) -> str:
        self.left -= 0.2
        if depth <= 0 or self.left < 0:
            return self.random.choice(words.ODD_VALUES) if self.random.random() < 0.6 else self.name()
        kind = self.random.randrange(14)
        if kind < 4:
            return self.call(depth - 1)
        if kind == 4:
            return self.layer()
        if kind == 5:
            operator = self.random.choice(words.OPERATORS)
            return f"({self.expression(depth - 1)}) {operator} ({self.expression(depth - 1)})"
        if kind == 6:
            return f"[{self.expression(depth - 1)}, {self.random.choice(_MODES[:3])}{self.name()}]"
        if kind == 7:
            return f"{{'a': {self.expression(depth - 1)}, **{self.name()}}}"
        if kind == 8:
            return f"[{self.expression(depth - 1)} for x in {self.expression(depth - 1)} if {self.name()}]"
        if kind == 9:
            return f"lambda x, *y: {self.expression(depth - 1)}"
        if kind == 10:
            return f"({self.expression(depth - 1)}).{self.random.choice(('shape', 'T', 'output', 'values', 'history', 'x'))}"
        if kind == 11:
            return f"({self.expression(depth - 1)})[{self.random.choice(('0', '-1', ':', '::2', '..., 0', 'x', '1:, None'))}]"
        if kind == 12:
            return f"({self.expression(depth - 1)} if {self.name()} else {self.expression(depth - 1)})"
        return self.random.choice(words.ODD_VALUES)


_Statement = Callable[[Writer, str], list[str]]
_SIMPLE: list[_Statement] = [Writer.assignment, Writer.expression_statement, Writer.small, Writer.jump]
_STATEMENTS: list[_Statement] = [
    *[Writer.assignment] * 5,
    *[Writer.expression_statement] * 5,
    Writer.small,
    Writer.jump,
    *[Writer.condition] * 2,
    *[Writer.loop] * 2,
    Writer.attempt,
    Writer.context,
    *[Writer.function] * 2,
    Writer.class_,
    Writer.match,
    *[Writer.model] * 4,
    *[Writer.functional] * 4,
]
