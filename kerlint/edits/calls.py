"""Changes of the arguments of a call, in the style in which the call is written."""

from __future__ import annotations

import re

import libcst as cst

from kerlint import syntax
from kerlint.edits.drafts import Callee, Drop, Put, RenameAttribute, RenameKeyword
from kerlint.edits.text import NoFix, Text
from kerlint.finding import Edit


def put(text: Text, change: Put) -> list[Edit]:
    """The edits that give an argument a value."""
    call = _call(text.node(change.call))
    argument = _keyword(call, change.instead or change.name) or _positional(text, call, change.place)
    new = text.render(change.text, call if argument is None else argument.value)
    if argument is not None:
        if not change.instead and not change.variable:
            return [replaced(text, argument.value, change.text)]
        if not change.instead:
            return [text.edit(*text.extent(argument.value), new)]
        start, end = text.extent(argument)
        return [text.edit(start, end, f"{change.name}{equals(text, call)}{new}")]
    if any(arg.star for arg in call.args) or (change.place is not None and change.place is not change.call):
        raise NoFix
    return _added(text, call, f"{change.name}{equals(text, call)}{new}")


def replaced(text: Text, node: cst.CSTNode, template: str, parts: tuple[syntax.Node, ...] = ()) -> Edit:
    """A value replaced, if it is written here rather than in a variable.

    Raises:
        NoFix: it is a variable, or an expression that several values meet in.
    """
    if isinstance(node, (cst.Name, cst.Attribute)):
        constant = isinstance(node, cst.Name) and node.value in ("True", "False", "None")
        if not constant and not text.is_library(node):
            raise NoFix
    elif isinstance(node, (cst.IfExp, cst.BooleanOperation, cst.Subscript, cst.FormattedString, cst.Await)):
        raise NoFix
    start, end = text.extent(node)
    return text.edit(start, end, text.render(template, node, parts))


def drop(text: Text, change: Drop) -> list[Edit]:
    """The edits that take an argument out.

    Raises:
        NoFix: a comment would be left behind that may be about it.
    """
    call = _call(text.node(change.call))
    argument = _keyword(call, change.name) or _positional(text, call, change.place)
    if argument is None:
        raise NoFix
    start, end = _without(text, call, argument)
    first, _ = text.line_of(text.extent(call)[0])
    _, last = text.line_of(text.extent(call)[1])
    above = text.text[: text.line_of(start)[0]].rstrip().rpartition("\n")[2].lstrip()
    stands_alone = not text.text[text.line_of(start)[0] : start].strip()
    left = text.text[first:start] + text.text[end:last]
    if (above.startswith("#") and stands_alone) or re.search(rf"#.*\b{re.escape(change.name)}\b", left):
        raise NoFix
    return [text.edit(start, end, "")]


def _without(text: Text, call: cst.Call, argument: cst.Arg) -> tuple[int, int]:
    """What goes with an argument, between two indices."""
    index = call.args.index(argument)
    if argument.keyword is None and any(arg.keyword is None for arg in call.args[index + 1 :]):
        # The arguments behind it would move up.
        raise NoFix
    before = call.args[index - 1] if index else None
    after = call.args[index + 1] if index + 1 < len(call.args) else None
    start, end = text.extent(argument)
    line, _ = text.line_of(start)
    _, line_end = text.line_of(end)
    rest = text.text[end:line_end].lstrip(" \t").removeprefix(",").strip()
    alone = not text.text[line:start].strip() and (not rest or rest.startswith("#"))
    if alone and (after is not None or isinstance(argument.comma, cst.Comma) or before is None):
        # Its lines are its own, with what is said about it behind it.
        return line, _next_line(text, line_end)
    if after is not None:
        return _removed(text, start, text.extent(after)[0])
    if before is not None:
        return _removed(text, text.extent(before)[1], end)
    close = text.text.index(")", end)
    return _removed(text, start, close if not text.text[end:close].strip(" \t,") else end)


def callee(text: Text, change: Callee) -> list[Edit]:
    """The edit that calls another function of the same kind."""
    func = _call(text.node(change.call)).func
    if isinstance(func, cst.Attribute) and text.is_library(func):
        start, end = text.extent(func.attr)
        return [text.edit(start, end, change.name.rpartition(".")[2])]
    if not isinstance(func, cst.Name):
        raise NoFix
    start, end = text.extent(func)
    return [text.edit(start, end, text.spelling(change.name, func))]


def rename_attribute(text: Text, change: RenameAttribute) -> list[Edit]:
    """The edit that takes another attribute of the same object."""
    node = text.node(change.node)
    if not isinstance(node, cst.Attribute):
        raise NoFix
    return [text.edit(*text.extent(node.attr), change.name)]


def rename_keyword(text: Text, change: RenameKeyword) -> list[Edit]:
    """The edit that gives an argument another name."""
    argument = _keyword(_call(text.node(change.call)), change.old)
    if argument is None or argument.keyword is None:
        raise NoFix
    return [text.edit(*text.extent(argument.keyword), change.new)]


def equals(text: Text, call: cst.Call) -> str:
    """The sign between a keyword and its value, with the author's spaces."""
    for argument in call.args:
        if argument.keyword is not None:
            return text.text[text.extent(argument.keyword)[1] : text.extent(argument.value)[0]].replace("\n", "")
    return "="


def _call(node: cst.CSTNode) -> cst.Call:
    if not isinstance(node, cst.Call):
        raise NoFix
    return node


def _keyword(call: cst.Call, name: str) -> cst.Arg | None:
    return next((arg for arg in call.args if arg.keyword is not None and arg.keyword.value == name), None)


def _positional(text: Text, call: cst.Call, place: syntax.Node | None) -> cst.Arg | None:
    value = text.known_node(place)
    return next((arg for arg in call.args if arg.value is value and not arg.star), None)


def _removed(text: Text, start: int, end: int) -> tuple[int, int]:
    if "#" in text.text[start:end]:
        # What a comment says may be about what stays.
        raise NoFix
    return start, end


def _next_line(text: Text, line_end: int) -> int:
    """The start of the line after the one that ends here."""
    newline = 2 if text.text.startswith("\r\n", line_end) else 1
    return min(line_end + newline, len(text.text))


def _added(text: Text, call: cst.Call, new: str) -> list[Edit]:
    """The edits that add an argument at the end."""
    if not call.args:
        close = text.text.rindex(")", 0, own_end(text, call))
        if text.text[text.extent(call.func)[1] + 1 : close].strip():
            raise NoFix
        return [text.edit(text.extent(call.func)[1] + 1, close, new)]
    last = call.args[-1]
    if isinstance(last.value, cst.GeneratorExp) and not last.value.lpar:
        raise NoFix
    start, end = text.extent(last)
    line, _ = text.line_of(start)
    if last.keyword is not None and last.keyword.value == "name" and len(call.args) > 1:
        # The name of a thing stands last.
        gap = " " if text.text[line:start].strip() else f"\n{text.indent_at(start)}"
        return [text.edit(start, start, f"{new},{gap}")]
    comma = text.extent(last.comma)[1] if isinstance(last.comma, cst.Comma) else None
    if text.text[line:start].strip():
        # Another argument or the call itself stands before it in the line.
        place = comma if comma is not None else end
        return [text.edit(place, place, f" {new}," if comma is not None else f", {new}")]
    indent = text.indent_at(start)
    _, line_end = text.line_of(comma if comma is not None else end)
    rest = text.text[comma if comma is not None else end : line_end].strip()
    if not rest or rest.startswith("#"):
        if comma is not None:
            return [text.edit(line_end, line_end, f"\n{indent}{new},")]
        if not rest:
            return [text.edit(end, end, f",\n{indent}{new}")]
        return [text.edit(end, end, ","), text.edit(line_end, line_end, f"\n{indent}{new}")]
    place = comma if comma is not None else end
    return [text.edit(place, place, f"\n{indent}{new}," if comma is not None else f",\n{indent}{new}")]


def own_end(text: Text, call: cst.Call) -> int:
    """The index behind the closing parenthesis of the call itself."""
    end = text.extent(call)[1]
    for parenthesis in call.rpar:
        end = min(end, text.extent(parenthesis)[0])
    return end
