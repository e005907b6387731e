"""The syntax of a newer Python than the one that runs kerlint: libcst knows it.

This is `reading` once more, from libcst's tree, for the few files that Python's own parser refuses and libcst does not.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from typing import Any

import libcst as cst

from kerlint import syntax as n
from kerlint.deep import with_deep_stack
from kerlint.source import NEWLINE
from kerlint.syntax.large import is_too_heavy
from kerlint.syntax.lines import Lines
from kerlint.syntax.positions import locate

_LONGEST = 200_000
_HEAVIEST = 80_000
_LONGEST_LINE = 2000


def read_newer(text: str) -> n.Module | None:
    """Kerlint's tree of a text that Python's own parser refuses; None if libcst refuses it, too."""
    if len(text) > _LONGEST or max(map(len, NEWLINE.split(text))) > _LONGEST_LINE or is_too_heavy(text, _HEAVIEST):
        # Made by a program, and perhaps in order to keep the parser busy.
        return None
    try:
        with warnings.catch_warnings():
            # libcst evaluates strings, and invalid escapes are not what this is about.
            warnings.simplefilter("ignore")
            return with_deep_stack(lambda: from_concrete(cst.parse_module(text), text))
    except Exception:  # noqa: BLE001 - whatever it says, it is no Python
        return None


def from_concrete(module: cst.Module, text: str) -> n.Module:
    """Kerlint's tree of libcst's."""
    return _Reader(module, text).module(module)


class _At:
    """A place, as Python's own parser has it."""

    __slots__ = ("col_offset", "end_col_offset", "end_lineno", "lineno")

    def __init__(self, lineno: int, col_offset: int, end_lineno: int, end_col_offset: int) -> None:
        self.lineno, self.col_offset = lineno, col_offset
        self.end_lineno, self.end_col_offset = end_lineno, end_col_offset


class _Reader:
    def __init__(self, module: cst.Module, text: str) -> None:
        self._locate = locate(module)
        self._lines = Lines(text)
        self._text = text

    def module(self, module: cst.Module) -> n.Module:
        return n.Module(_At(1, 0, 1, 0), self.statements(module.body), self._text)

    def at(self, node: cst.CSTNode) -> _At:
        span = self._locate(node)
        if span is None:
            return _At(1, 0, 1, 0)
        start = self._lines.index(span.start_line, span.start_column)
        end = self._lines.index(span.end_line, span.end_column)
        if isinstance(node, cst.GeneratorExp):
            # Python's own parser counts the brackets.
            start, end = max(self._text.rfind("(", 0, start), 0), self._text.find(")", end) + 1
        return _At(*self._place(start), *self._place(end))

    def _place(self, index: int) -> tuple[int, int]:
        line, _ = self._lines.place(index)
        return line, len(self._text[self._lines.starts[line - 1] : index].encode("utf-8", "replace"))

    def expression(self, node: cst.CSTNode) -> n.Expression:
        make: _MakeExpression | None = _EXPRESSIONS.get(type(node))
        if make is not None:
            return make(self, self.at(node), node)
        return n.OtherExpression(self.at(node), self._parts(node))

    def optional(self, node: object) -> n.Expression | None:
        return self.expression(node) if isinstance(node, cst.CSTNode) else None

    def expressions(self, nodes: Iterable[cst.CSTNode]) -> list[n.Expression]:
        return [self.expression(node) for node in nodes]

    def elements(self, nodes: Iterable[Any]) -> list[n.Expression]:
        return [
            n.StarredElement(self.at(node), self.expression(node.value))
            if isinstance(node, cst.StarredElement)
            else self.expression(node.value)
            for node in nodes
        ]

    def _parts(self, node: cst.CSTNode) -> list[n.Node]:
        return [self.expression(child) for child in node.children if isinstance(child, cst.BaseExpression)]

    def arguments(self, nodes: Iterable[cst.Arg]) -> list[n.Arg]:
        return [
            n.Arg(
                self.at(node),
                self.expression(node.value),
                node.keyword.value if node.keyword is not None else None,
                node.star,
            )
            for node in nodes
        ]

    def index(self, node: cst.SubscriptElement) -> n.Expression:
        part = node.slice
        if isinstance(part, cst.Slice):
            bounds = [self.optional(bound) for bound in (part.lower, part.upper, part.step)]
            return n.Slice(self.at(part), *bounds)
        assert isinstance(part, cst.Index)
        value = self.expression(part.value)
        return n.StarredElement(self.at(part), value) if part.star else value

    def dictionary(self, nodes: Iterable[Any]) -> list[n.DictElement | n.StarredDictElement]:
        return [
            n.DictElement(self.at(node.key), self.expression(node.key), self.expression(node.value))
            if isinstance(node, cst.DictElement)
            else n.StarredDictElement(self.at(node.value), self.expression(node.value))
            for node in nodes
        ]

    def targets(self, node: cst.BaseExpression) -> list[n.Expression]:
        """What `del` deletes."""
        if isinstance(node, cst.Tuple) and not node.lpar:
            return self.elements(node.elements)
        return [self.expression(node)]

    def boolean(self, at: _At, node: cst.BooleanOperation) -> n.Expression:
        operator = _operator(node.operator)
        values: list[n.Expression] = [self.expression(node.right)]
        left: cst.BaseExpression = node.left
        # libcst nests to the left.
        while isinstance(left, cst.BooleanOperation) and _operator(left.operator) == operator and not left.lpar:
            values.append(self.expression(left.right))
            left = left.left
        values.append(self.expression(left))
        return n.BooleanOperation(at, operator, values[::-1])

    def comparison(self, at: _At, node: cst.Comparison) -> n.Expression:
        targets = [
            n.ComparisonTarget(self.at(one.comparator), _operator(one.operator), self.expression(one.comparator))
            for one in node.comparisons
        ]
        return n.Comparison(at, self.expression(node.left), targets)

    def for_in(self, node: cst.CompFor) -> n.CompFor:
        return n.CompFor(
            self.at(node.target),
            self.expression(node.target),
            self.expression(node.iter),
            [self.expression(one.test) for one in node.ifs],
            self.for_in(node.inner_for_in) if node.inner_for_in is not None else None,
        )

    def parameters(self, at: _At, node: cst.Parameters) -> n.Parameters:
        star = node.star_arg
        return n.Parameters(
            at,
            self._params(node.posonly_params),
            self._params(node.params),
            self._params([star])[0] if isinstance(star, cst.Param) else None,
            self._params(node.kwonly_params),
            self._params([node.star_kwarg])[0] if node.star_kwarg is not None else None,
        )

    def _params(self, nodes: Iterable[cst.Param]) -> list[n.Param]:
        return [
            n.Param(
                self.at(node.name),
                node.name.value,
                self.optional(node.annotation.annotation if node.annotation is not None else None),
                self.optional(node.default),
            )
            for node in nodes
        ]

    def string(self, at: _At, node: Any) -> n.Expression:
        """A string, or several side by side."""
        parts = _strings(node)
        if all(isinstance(part, cst.SimpleString) for part in parts):
            values = [part.evaluated_value for part in parts]
            joined: str | bytes = "".join(values) if isinstance(values[0], str) else b"".join(values)
            return n.Constant(at, joined)
        found: list[str | n.FormattedStringExpression] = []
        for part in parts:
            found += self._formatted(part.parts) if isinstance(part, cst.FormattedString) else [part.evaluated_value]
        return n.FormattedString(at, found)

    def _formatted(self, parts: Iterable[Any]) -> list[str | n.FormattedStringExpression]:
        found: list[str | n.FormattedStringExpression] = []
        for part in parts:
            if isinstance(part, cst.FormattedStringText):
                # What is escaped is not spelt out: nobody names a layer so.
                found.append(part.value.replace("{{", "{").replace("}}", "}"))
            elif isinstance(part, cst.FormattedStringExpression):
                spec = self._formatted(part.format_spec or ())
                value = self.expression(part.expression)
                conversion = part.conversion or ""
                if part.equal is not None:
                    found.append(cst.Module([]).code_for_node(part.expression) + "=")
                    conversion = conversion or ("" if spec else "r")
                found.append(n.FormattedStringExpression(value.at, value, conversion, spec))
        return found

    # Statements.

    def statements(self, nodes: Iterable[Any]) -> list[n.Statement]:
        found: list[n.Statement] = []
        for node in nodes:
            small = node.body if isinstance(node, (cst.SimpleStatementLine, cst.SimpleStatementSuite)) else [node]
            found += [self._statement(one) for one in small]
        return found

    def _statement(self, node: cst.CSTNode) -> n.Statement:
        make: _MakeStatement | None = _STATEMENTS.get(type(node))
        if make is not None:
            return make(self, self.at(node), node)
        return n.OtherStatement(self.at(node), self._parts(node))

    def block(self, node: Any) -> n.Block:
        body = self.statements(node.body)
        return n.Block(body[0].at, body)

    def optional_block(self, node: Any) -> n.Block | None:
        return self.block(node.body) if node is not None else None

    def orelse(self, node: cst.If) -> n.If | n.Block | None:
        rest = node.orelse
        return self.condition(self.at(rest), rest) if isinstance(rest, cst.If) else self.optional_block(rest)

    def condition(self, at: _At, node: cst.If) -> n.If:
        return n.If(at, self.expression(node.test), self.block(node.body), self.orelse(node))

    def aliases(self, names: Any) -> list[n.ImportAlias]:
        if isinstance(names, cst.ImportStar):
            return [n.ImportAlias(self.at(names), "*", None)]
        return [n.ImportAlias(self.at(one.name), one.evaluated_name, one.evaluated_alias) for one in names]

    def import_from(self, at: _At, node: cst.ImportFrom) -> n.Statement:
        module = cst.Module([]).code_for_node(node.module) if node.module is not None else ""
        return n.ImportFrom(at, "." * len(node.relative) + module.replace(" ", ""), self.aliases(node.names))

    def attempt(self, at: _At, node: Any) -> n.Statement:
        handlers = [
            n.ExceptHandler(
                self.at(one),
                self.optional(one.type),
                self.name(one.name.name if one.name is not None else None),
                self.block(one.body),
            )
            for one in node.handlers
        ]
        last = self.optional_block(node.finalbody)
        return n.Try(at, self.block(node.body), handlers, self.optional_block(node.orelse), last)

    def name(self, node: Any) -> n.Name | None:
        return n.Name(self.at(node), node.value) if isinstance(node, cst.Name) else None

    def function(self, at: _At, node: cst.FunctionDef) -> n.Statement:
        return n.FunctionDef(
            at,
            n.Name(self.at(node.name), node.name.value),
            self.parameters(at, node.params),
            self.block(node.body),
            [self.expression(one.decorator) for one in node.decorators],
            self.optional(node.returns.annotation if node.returns is not None else None),
            node.asynchronous is not None,
        )

    def definition(self, at: _At, node: cst.ClassDef) -> n.Statement:
        return n.ClassDef(
            at,
            n.Name(self.at(node.name), node.name.value),
            self.arguments(node.bases),
            self.arguments(node.keywords),
            self.block(node.body),
            [self.expression(one.decorator) for one in node.decorators],
        )

    def context(self, at: _At, node: cst.With) -> n.Statement:
        items = [
            n.WithItem(
                self.at(one.item),
                self.expression(one.item),
                self.optional(one.asname.name if one.asname is not None else None),
            )
            for one in node.items
        ]
        return n.With(at, items, self.block(node.body))

    def match(self, at: _At, node: cst.Match) -> n.Statement:
        cases = [
            n.MatchCase(self.at(one), self.pattern(one.pattern), self.optional(one.guard), self.block(one.body))
            for one in node.cases
        ]
        return n.Match(at, self.expression(node.subject), cases)

    def pattern(self, node: Any) -> n.MatchPattern:
        at = self.at(node)
        if isinstance(node, (cst.MatchSequenceElement, cst.MatchOrElement)):
            return self.pattern(node.value if isinstance(node, cst.MatchSequenceElement) else node.pattern)
        if isinstance(node, cst.MatchAs):
            return n.MatchAs(at, self.pattern(node.pattern) if node.pattern is not None else None, self.name(node.name))
        if isinstance(node, cst.MatchOr):
            return n.MatchOr(at, [self.pattern(one) for one in node.patterns])
        if isinstance(node, cst.MatchValue):
            return n.MatchValue(at, self.expression(node.value))
        if isinstance(node, cst.MatchSingleton):
            return n.MatchSingleton(at, n.Constant(at, _SINGLETONS[node.value.value]))
        if isinstance(node, cst.MatchSequence):
            return n.MatchSequence(at, [self.pattern(one) for one in node.patterns])
        if isinstance(node, cst.MatchStar):
            return n.MatchStar(at, self.name(node.name))
        if isinstance(node, cst.MatchMapping):
            elements = [
                n.MatchMappingElement(self.at(one.key), self.expression(one.key), self.pattern(one.pattern))
                for one in node.elements
            ]
            return n.MatchMapping(at, elements, self.name(node.rest))
        if isinstance(node, cst.MatchClass):
            keywords = [
                n.MatchKeywordElement(self.at(one.pattern), one.key.value, self.pattern(one.pattern))
                for one in node.kwds
            ]
            return n.MatchClass(at, self.expression(node.cls), [self.pattern(one) for one in node.patterns], keywords)
        return n.MatchPattern(at)


_SINGLETONS = {"True": True, "False": False, "None": None}


def _name(reader: _Reader, at: _At, node: cst.Name) -> n.Expression:
    if node.value in _SINGLETONS:
        return n.Constant(at, _SINGLETONS[node.value])
    return n.Name(at, node.value)


def _number(reader: _Reader, at: _At, node: cst.Integer | cst.Float | cst.Imaginary) -> n.Expression:
    return n.Constant(at, node.evaluated_value)


def _strings(node: Any) -> list[Any]:
    if isinstance(node, cst.ConcatenatedString):
        return [*_strings(node.left), *_strings(node.right)]
    return [node]


def _operator(node: cst.CSTNode) -> str:
    """The text of an operator, without the `=` of an assignment."""
    words = cst.Module([]).code_for_node(node).replace("\\", " ").split()
    text = " ".join(words)
    return text[:-1] if type(node).__name__.endswith("Assign") else text


_MakeExpression = Callable[[_Reader, _At, Any], n.Expression]
_MakeStatement = Callable[[_Reader, _At, Any], n.Statement]
_EXPRESSIONS: dict[type, _MakeExpression] = {
    cst.Name: _name,
    cst.Integer: _number,
    cst.Float: _number,
    cst.Imaginary: _number,
    cst.Ellipsis: lambda reader, at, node: n.Constant(at, ...),
    cst.SimpleString: _Reader.string,
    cst.ConcatenatedString: _Reader.string,
    cst.FormattedString: _Reader.string,
    cst.Attribute: lambda reader, at, node: n.Attribute(at, reader.expression(node.value), node.attr.value),
    cst.Call: lambda reader, at, node: n.Call(at, reader.expression(node.func), reader.arguments(node.args)),
    cst.Subscript: lambda reader, at, node: n.Subscript(
        at, reader.expression(node.value), [reader.index(one) for one in node.slice]
    ),
    cst.StarredElement: lambda reader, at, node: n.StarredElement(at, reader.expression(node.value)),
    cst.List: lambda reader, at, node: n.List(at, reader.elements(node.elements)),
    cst.Tuple: lambda reader, at, node: n.Tuple(at, reader.elements(node.elements)),
    cst.Set: lambda reader, at, node: n.Set(at, reader.elements(node.elements)),
    cst.Dict: lambda reader, at, node: n.Dict(at, reader.dictionary(node.elements)),
    cst.BinaryOperation: lambda reader, at, node: n.BinaryOperation(
        at, reader.expression(node.left), _operator(node.operator), reader.expression(node.right)
    ),
    cst.UnaryOperation: lambda reader, at, node: n.UnaryOperation(
        at, _operator(node.operator), reader.expression(node.expression)
    ),
    cst.BooleanOperation: _Reader.boolean,
    cst.Comparison: _Reader.comparison,
    cst.IfExp: lambda reader, at, node: n.IfExp(
        at, reader.expression(node.test), reader.expression(node.body), reader.expression(node.orelse)
    ),
    cst.Lambda: lambda reader, at, node: n.Lambda(at, reader.parameters(at, node.params), reader.expression(node.body)),
    cst.ListComp: lambda reader, at, node: n.ListComp(at, reader.expression(node.elt), reader.for_in(node.for_in)),
    cst.SetComp: lambda reader, at, node: n.SetComp(at, reader.expression(node.elt), reader.for_in(node.for_in)),
    cst.GeneratorExp: lambda reader, at, node: n.GeneratorExp(
        at, reader.expression(node.elt), reader.for_in(node.for_in)
    ),
    cst.DictComp: lambda reader, at, node: n.DictComp(
        at, reader.expression(node.key), reader.expression(node.value), reader.for_in(node.for_in)
    ),
    cst.NamedExpr: lambda reader, at, node: n.NamedExpr(
        at, reader.expression(node.target), reader.expression(node.value)
    ),
    cst.Await: lambda reader, at, node: n.Await(at, reader.expression(node.expression)),
    cst.From: lambda reader, at, node: n.From(reader.at(node.item), reader.expression(node.item)),
    cst.Yield: lambda reader, at, node: n.Yield(at, reader.optional(node.value)),
}
_STATEMENTS: dict[type, _MakeStatement] = {
    cst.Expr: lambda reader, at, node: n.Expr(at, reader.expression(node.value)),
    cst.Assign: lambda reader, at, node: n.Assign(
        at, [reader.expression(one.target) for one in node.targets], reader.expression(node.value)
    ),
    cst.AnnAssign: lambda reader, at, node: n.AnnAssign(
        at, reader.expression(node.target), reader.expression(node.annotation.annotation), reader.optional(node.value)
    ),
    cst.AugAssign: lambda reader, at, node: n.AugAssign(
        at, reader.expression(node.target), _operator(node.operator), reader.expression(node.value)
    ),
    cst.Return: lambda reader, at, node: n.Return(at, reader.optional(node.value)),
    cst.Raise: lambda reader, at, node: n.Raise(
        at, reader.optional(node.exc), reader.optional(node.cause.item if node.cause is not None else None)
    ),
    cst.Pass: lambda reader, at, node: n.Pass(at),
    cst.Break: lambda reader, at, node: n.Break(at),
    cst.Continue: lambda reader, at, node: n.Continue(at),
    cst.Assert: lambda reader, at, node: n.Assert(at, reader.expression(node.test), reader.optional(node.msg)),
    cst.Del: lambda reader, at, node: n.Del(at, reader.targets(node.target)),
    cst.Import: lambda reader, at, node: n.Import(at, reader.aliases(node.names)),
    cst.ImportFrom: _Reader.import_from,
    cst.Global: lambda reader, at, node: n.Global(at, [one.name.value for one in node.names]),
    cst.Nonlocal: lambda reader, at, node: n.Nonlocal(at, [one.name.value for one in node.names]),
    cst.If: _Reader.condition,
    cst.For: lambda reader, at, node: n.For(
        at,
        reader.expression(node.target),
        reader.expression(node.iter),
        reader.block(node.body),
        reader.optional_block(node.orelse),
    ),
    cst.While: lambda reader, at, node: n.While(
        at, reader.expression(node.test), reader.block(node.body), reader.optional_block(node.orelse)
    ),
    cst.With: _Reader.context,
    cst.Try: _Reader.attempt,
    cst.TryStar: _Reader.attempt,
    cst.Match: _Reader.match,
    cst.FunctionDef: _Reader.function,
    cst.ClassDef: _Reader.definition,
}
