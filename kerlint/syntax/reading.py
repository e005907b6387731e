"""From the tree of Python's own parser to kerlint's.

Both are trees of the same program; this one has the classes that libcst has. It is made in one walk, which takes about
half as long as the parser itself.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from kerlint import syntax as n
from kerlint.syntax.lines import Lines

#: Python frames that the walk may take; a level of a program takes two or three of them.
_FRAMES = 6_000
#: Whether a function of Python may call another one without the machine's stack, which may be as small as 2 MB. Before
#: Python 3.11 thousands of frames need more than that.
_CALLS_TAKE_NO_STACK = sys.version_info >= (3, 11)
#: A display of constants with more elements is cut, and so many of them are kept. The interpreter reads
#: `expressions.MAX_DISPLAY` of them, which is less.
LONGEST_DISPLAY, KEPT = 4_000, 2_001

#: Whether the parser says where the parts of formatted strings stand: before Python 3.12 it often gets it wrong.
_KNOWS_FORMATTED = sys.version_info >= (3, 12)
#: How far behind a brace its expression may begin.
_NEAR = 40

_OPERATORS: dict[type, str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
    ast.MatMult: "@",
    ast.BitAnd: "&",
    ast.BitOr: "|",
    ast.BitXor: "^",
    ast.LShift: "<<",
    ast.RShift: ">>",
    ast.And: "and",
    ast.Or: "or",
    ast.Not: "not",
    ast.USub: "-",
    ast.UAdd: "+",
    ast.Invert: "~",
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Is: "is",
    ast.IsNot: "is not",
    ast.In: "in",
    ast.NotIn: "not in",
}


class _Start:
    """The place of a module."""

    lineno, col_offset, end_lineno, end_col_offset = 1, 0, 1, 0


def read(tree: ast.Module, text: str) -> n.Module:
    """Kerlint's tree of a module.

    Args:
        text: what it was parsed from.

    Raises:
        RecursionError: it is nested too deeply.
    """
    limit = sys.getrecursionlimit()
    if _CALLS_TAKE_NO_STACK:
        return _read(tree, text, max(limit, _FRAMES))
    try:
        return _read(tree, text, limit)
    except RecursionError:
        from kerlint.deep import with_deep_stack

        return with_deep_stack(lambda: _read(tree, text, max(limit, _FRAMES)))


def _read(tree: ast.Module, text: str, frames: int) -> n.Module:
    """The tree, made with at most so many frames of Python."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(frames)
    seen: list[ast.JoinedStr] = []
    token = _formatted_strings.set(seen)
    try:
        body = [_statement(one) for one in tree.body]
        if seen and not _KNOWS_FORMATTED:
            _correct(seen, text)
        return n.Module(_Start(), body, text)
    finally:
        _formatted_strings.reset(token)
        sys.setrecursionlimit(limit)


def nothing() -> n.Module:
    """The tree of an empty file."""
    return n.Module(_Start(), [], "")


#: The formatted strings of the tree that is being read, the outer ones before those in them.
_formatted_strings: ContextVar[list[ast.JoinedStr]] = ContextVar("formatted strings")


def _correct(strings: list[ast.JoinedStr], text: str) -> None:
    """Gives what stands in formatted strings the place of the whole string, where the parser's own is wrong."""
    lines = Lines(text)
    for node in strings:
        for part in node.values:
            if type(part) is ast.FormattedValue and not _is_between_braces(part.value, text, lines):
                for inner in ast.walk(part):
                    ast.copy_location(inner, node)


def _is_between_braces(value: ast.expr, text: str, lines: Lines) -> bool:
    start = lines.index_in_bytes(value.lineno, value.col_offset)
    end = lines.index_in_bytes(value.end_lineno or value.lineno, value.end_col_offset or 0)
    if type(value) is ast.Tuple and text.startswith("{", start):
        # One without parentheses has the place of the braces.
        start, end = start + 1, end - 1
    before = text[max(start - _NEAR, 0) : start].rstrip(" \t\f\r\n(")
    behind = text[end : end + _NEAR].lstrip(" \t\f\r\n)")
    return before.endswith("{") and behind.startswith(("}", "!", ":", "="))


# Expressions.


def _expression(node: ast.AST) -> n.Expression:
    make = _EXPRESSIONS.get(type(node))
    return make(node) if make is not None else _other_expression(node)


def _optional(node: ast.AST | None) -> n.Expression | None:
    return None if node is None else _expression(node)


def _expressions(nodes: list[Any]) -> list[n.Expression]:
    return [_expression(node) for node in nodes]


def _other_expression(node: Any) -> n.Expression:
    return n.OtherExpression(node, _parts(node))


def _parts(node: ast.AST) -> list[n.Node]:
    return [_expression(child) for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]


def _attribute(node: ast.Attribute) -> n.Expression:
    return n.Attribute(node, _expression(node.value), node.attr)


def _call(node: ast.Call) -> n.Expression:
    return n.Call(node, _expression(node.func), _arguments(node.args, node.keywords))


def _arguments(positional: list[ast.expr], keywords: list[ast.keyword]) -> list[n.Arg]:
    found: list[n.Arg] = []
    is_mixed = False
    for one in positional:
        if type(one) is ast.Starred:
            found.append(n.Arg(one, _expression(one.value), None, "*"))
            is_mixed = True
        else:
            found.append(n.Arg(one, _expression(one), None, ""))
    found += [n.Arg(one, _expression(one.value), one.arg, "" if one.arg is not None else "**") for one in keywords]
    if is_mixed and keywords:
        # A star may stand behind a keyword.
        found.sort(key=lambda arg: (arg.at.lineno, arg.at.col_offset))
    return found


def _subscript(node: ast.Subscript) -> n.Expression:
    index = node.slice
    parts = index.elts if type(index) is ast.Tuple and index.elts else [index]
    return n.Subscript(node, _expression(node.value), _expressions(parts))


def _slice(node: ast.Slice) -> n.Expression:
    return n.Slice(node, _optional(node.lower), _optional(node.upper), _optional(node.step))


def _elements(elements: list[ast.expr]) -> list[n.Expression]:
    if len(elements) > LONGEST_DISPLAY and all(map(is_constant, elements[KEPT:])):
        elements = elements[:KEPT]
    return [_expression(one) for one in elements]


def is_constant(node: ast.expr | None) -> bool:
    """Whether an element is data alone, and names nothing that could be read here."""
    pending: list[ast.expr | None] = [node]
    while pending:
        one = pending.pop()
        if isinstance(one, ast.UnaryOp):
            pending.append(one.operand)
        elif isinstance(one, (ast.List, ast.Tuple, ast.Set)):
            pending.extend(one.elts)
        elif isinstance(one, ast.Dict):
            pending.extend((*one.keys, *one.values))
        elif not isinstance(one, ast.Constant):
            return False
    return True


def _dict(node: ast.Dict) -> n.Expression:
    keys, values = node.keys, node.values
    if len(keys) > LONGEST_DISPLAY and all(map(is_constant, (*keys[KEPT:], *values[KEPT:]))):
        keys, values = keys[:KEPT], values[:KEPT]
    elements: list[n.DictElement | n.StarredDictElement] = []
    for key, value in zip(keys, values):
        if key is None:
            elements.append(n.StarredDictElement(value, _expression(value)))
        else:
            elements.append(n.DictElement(key, _expression(key), _expression(value)))
    return n.Dict(node, elements)


def _binary(node: ast.BinOp) -> n.Expression:
    # Long sums nest to the left: walk down without recursion.
    pending: list[ast.BinOp] = []
    inner: ast.expr = node
    while type(inner) is ast.BinOp:
        pending.append(inner)
        inner = inner.left
    left = _expression(inner)
    for one in reversed(pending):
        left = n.BinaryOperation(one, left, _OPERATORS[type(one.op)], _expression(one.right))
    return left


def _comparison(node: ast.Compare) -> n.Expression:
    targets = [
        n.ComparisonTarget(comparator, _OPERATORS[type(op)], _expression(comparator))
        for op, comparator in zip(node.ops, node.comparators)
    ]
    return n.Comparison(node, _expression(node.left), targets)


def _parameters(at: Any, given: ast.arguments) -> n.Parameters:
    before, plain = given.posonlyargs, given.args
    both = [*before, *plain]
    defaults: list[ast.expr | None] = [None] * (len(both) - len(given.defaults)) + list(given.defaults)
    made = [_parameter(one, default) for one, default in zip(both, defaults)]
    return n.Parameters(
        at,
        made[: len(before)],
        made[len(before) :],
        _parameter(given.vararg, None) if given.vararg is not None else None,
        [_parameter(one, default) for one, default in zip(given.kwonlyargs, given.kw_defaults)],
        _parameter(given.kwarg, None) if given.kwarg is not None else None,
    )


def _parameter(node: ast.arg, default: ast.expr | None) -> n.Param:
    return n.Param(node, node.arg, _optional(node.annotation), _optional(default))


def _for_in(generators: list[ast.comprehension]) -> n.CompFor:
    found: n.CompFor | None = None
    for one in reversed(generators):
        found = n.CompFor(one.target, _expression(one.target), _expression(one.iter), _expressions(one.ifs), found)
    assert found is not None
    return found


def _yield_from(node: ast.YieldFrom) -> n.Expression:
    return n.Yield(node, n.From(node.value, _expression(node.value)))


def _formatted(node: ast.JoinedStr) -> n.Expression:
    _formatted_strings.get().append(node)
    return n.FormattedString(node, _formatted_parts(node.values))


def _formatted_parts(values: list[ast.expr]) -> list[str | n.FormattedStringExpression]:
    parts: list[str | n.FormattedStringExpression] = []
    for part in values:
        if isinstance(part, ast.FormattedValue):
            spec = part.format_spec
            form = _formatted_parts(spec.values) if isinstance(spec, ast.JoinedStr) else []
            conversion = chr(part.conversion) if part.conversion > 0 else ""
            parts.append(n.FormattedStringExpression(part.value, _expression(part.value), conversion, form))
        elif isinstance(part, ast.Constant):
            parts.append(str(part.value))
    return parts


_EXPRESSIONS: dict[type, Callable[[Any], n.Expression]] = {
    ast.Name: lambda node: n.Name(node, node.id),
    ast.Constant: lambda node: n.Constant(node, node.value),
    ast.Attribute: _attribute,
    ast.Call: _call,
    ast.Subscript: _subscript,
    ast.Slice: _slice,
    ast.Starred: lambda node: n.StarredElement(node, _expression(node.value)),
    ast.List: lambda node: n.List(node, _elements(node.elts)),
    ast.Tuple: lambda node: n.Tuple(node, _elements(node.elts)),
    ast.Set: lambda node: n.Set(node, _elements(node.elts)),
    ast.Dict: _dict,
    ast.BinOp: _binary,
    ast.UnaryOp: lambda node: n.UnaryOperation(node, _OPERATORS[type(node.op)], _expression(node.operand)),
    ast.BoolOp: lambda node: n.BooleanOperation(node, _OPERATORS[type(node.op)], _expressions(node.values)),
    ast.Compare: _comparison,
    ast.IfExp: lambda node: n.IfExp(node, _expression(node.test), _expression(node.body), _expression(node.orelse)),
    ast.Lambda: lambda node: n.Lambda(node, _parameters(node, node.args), _expression(node.body)),
    ast.ListComp: lambda node: n.ListComp(node, _expression(node.elt), _for_in(node.generators)),
    ast.SetComp: lambda node: n.SetComp(node, _expression(node.elt), _for_in(node.generators)),
    ast.GeneratorExp: lambda node: n.GeneratorExp(node, _expression(node.elt), _for_in(node.generators)),
    ast.DictComp: lambda node: n.DictComp(
        node, _expression(node.key), _expression(node.value), _for_in(node.generators)
    ),
    ast.NamedExpr: lambda node: n.NamedExpr(node, _expression(node.target), _expression(node.value)),
    ast.Await: lambda node: n.Await(node, _expression(node.value)),
    ast.Yield: lambda node: n.Yield(node, _optional(node.value)),
    ast.YieldFrom: _yield_from,
    ast.JoinedStr: _formatted,
}


# Statements.


def _statement(node: ast.stmt) -> n.Statement:
    make = _STATEMENTS.get(type(node))
    return make(node) if make is not None else n.OtherStatement(node, _parts(node))


def _block(statements: list[ast.stmt]) -> n.Block:
    return n.Block(statements[0], [_statement(one) for one in statements])


def _optional_block(statements: list[ast.stmt]) -> n.Block | None:
    return _block(statements) if statements else None


def _assign(node: ast.Assign) -> n.Statement:
    return n.Assign(node, _expressions(node.targets), _expression(node.value))


def _annotated(node: ast.AnnAssign) -> n.Statement:
    return n.AnnAssign(node, _expression(node.target), _expression(node.annotation), _optional(node.value))


def _aliases(names: list[ast.alias]) -> list[n.ImportAlias]:
    return [n.ImportAlias(one, one.name, one.asname) for one in names]


def _import_from(node: ast.ImportFrom) -> n.Statement:
    return n.ImportFrom(node, "." * node.level + (node.module or ""), _aliases(node.names))


def _if(node: ast.If) -> n.Statement:
    return n.If(node, _expression(node.test), _block(node.body), _orelse(node))


def _orelse(node: ast.If) -> n.If | n.Block | None:
    rest = node.orelse
    if len(rest) == 1 and type(rest[0]) is ast.If:
        inner = rest[0]
        return n.If(inner, _expression(inner.test), _block(inner.body), _orelse(inner))
    return _optional_block(rest)


def _for(node: ast.For) -> n.Statement:
    return n.For(
        node, _expression(node.target), _expression(node.iter), _block(node.body), _optional_block(node.orelse)
    )


def _while(node: ast.While) -> n.Statement:
    return n.While(node, _expression(node.test), _block(node.body), _optional_block(node.orelse))


def _with(node: ast.With) -> n.Statement:
    items = [
        n.WithItem(item.context_expr, _expression(item.context_expr), _optional(item.optional_vars))
        for item in node.items
    ]
    return n.With(node, items, _block(node.body))


def _try(node: ast.Try) -> n.Statement:
    return n.Try(
        node,
        _block(node.body),
        [n.ExceptHandler(one, _optional(one.type), _name(one, one.name), _block(one.body)) for one in node.handlers],
        _optional_block(node.orelse),
        _optional_block(node.finalbody),
    )


def _name(at: Any, name: str | None) -> n.Name | None:
    return n.Name(at, name) if name is not None else None


def _function(node: ast.FunctionDef | ast.AsyncFunctionDef) -> n.Statement:
    return n.FunctionDef(
        node,
        n.Name(node, node.name),
        _parameters(node, node.args),
        _block(node.body),
        _expressions(node.decorator_list),
        _optional(node.returns),
        type(node) is ast.AsyncFunctionDef,
    )


def _class(node: ast.ClassDef) -> n.Statement:
    return n.ClassDef(
        node,
        n.Name(node, node.name),
        _arguments(node.bases, []),
        _arguments([], node.keywords),
        _block(node.body),
        _expressions(node.decorator_list),
    )


def _match(node: ast.Match) -> n.Statement:
    cases = [
        n.MatchCase(case.pattern, _pattern(case.pattern), _optional(case.guard), _block(case.body))
        for case in node.cases
    ]
    return n.Match(node, _expression(node.subject), cases)


def _pattern(node: ast.pattern) -> n.MatchPattern:
    if isinstance(node, ast.MatchAs):
        return n.MatchAs(node, _pattern(node.pattern) if node.pattern is not None else None, _name(node, node.name))
    if isinstance(node, ast.MatchOr):
        return n.MatchOr(node, [_pattern(one) for one in node.patterns])
    if isinstance(node, ast.MatchValue):
        return n.MatchValue(node, _expression(node.value))
    if isinstance(node, ast.MatchSingleton):
        return n.MatchSingleton(node, n.Constant(node, node.value))
    if isinstance(node, ast.MatchSequence):
        return n.MatchSequence(node, [_pattern(one) for one in node.patterns])
    if isinstance(node, ast.MatchMapping):
        elements = [
            n.MatchMappingElement(key, _expression(key), _pattern(one)) for key, one in zip(node.keys, node.patterns)
        ]
        return n.MatchMapping(node, elements, _name(node, node.rest))
    if isinstance(node, ast.MatchClass):
        keywords = [
            n.MatchKeywordElement(one, name, _pattern(one)) for name, one in zip(node.kwd_attrs, node.kwd_patterns)
        ]
        return n.MatchClass(node, _expression(node.cls), [_pattern(one) for one in node.patterns], keywords)
    if isinstance(node, ast.MatchStar):
        return n.MatchStar(node, _name(node, node.name))
    return n.MatchPattern(node)


_STATEMENTS: dict[type, Callable[[Any], n.Statement]] = {
    ast.Expr: lambda node: n.Expr(node, _expression(node.value)),
    ast.Assign: _assign,
    ast.AnnAssign: _annotated,
    ast.AugAssign: lambda node: n.AugAssign(
        node, _expression(node.target), _OPERATORS[type(node.op)], _expression(node.value)
    ),
    ast.Return: lambda node: n.Return(node, _optional(node.value)),
    ast.Raise: lambda node: n.Raise(node, _optional(node.exc), _optional(node.cause)),
    ast.Pass: n.Pass,
    ast.Break: n.Break,
    ast.Continue: n.Continue,
    ast.Assert: lambda node: n.Assert(node, _expression(node.test), _optional(node.msg)),
    ast.Delete: lambda node: n.Del(node, _expressions(node.targets)),
    ast.Import: lambda node: n.Import(node, _aliases(node.names)),
    ast.ImportFrom: _import_from,
    ast.Global: lambda node: n.Global(node, node.names),
    ast.Nonlocal: lambda node: n.Nonlocal(node, node.names),
    ast.If: _if,
    ast.For: _for,
    ast.AsyncFor: _for,
    ast.While: _while,
    ast.With: _with,
    ast.AsyncWith: _with,
    ast.Try: _try,
    ast.FunctionDef: _function,
    ast.AsyncFunctionDef: _function,
    ast.ClassDef: _class,
    ast.Match: _match,
}
if sys.version_info >= (3, 11):
    _STATEMENTS[ast.TryStar] = _try
