"""Changes of statements, parameters and the order of things."""

from __future__ import annotations

import re

import libcst as cst

from kerlint.edits.calls import own_end, replaced
from kerlint.edits.drafts import Begin, DropStep, Hoist, Insert, Parameter, Replace, Swap, SwapLayers, SwapSteps, Unroll
from kerlint.edits.text import NoFix, Text
from kerlint.edits.walking import bound_in, names_in, walk
from kerlint.finding import Edit
from kerlint.source import NEWLINE


def replace(text: Text, change: Replace) -> list[Edit]:
    """The edit that puts other text in the place of a node."""
    if not change.variable:
        return [replaced(text, text.node(change.node), change.text, change.parts)]
    start, end = text.extent(text.node(change.node))
    return [text.edit(start, end, text.render(change.text, text.node(change.node), change.parts))]


def swap(text: Text, change: Swap) -> list[Edit]:
    """The edits that let two nodes change places."""
    return _swapped(text, text.node(change.left), text.node(change.right))


def _swapped(text: Text, one: cst.CSTNode, other: cst.CSTNode) -> list[Edit]:
    left, right = text.extent(one), text.extent(other)
    if left[1] > right[0] and right[1] > left[0]:
        raise NoFix
    return [text.edit(*left, text.source(other)), text.edit(*right, text.source(one))]


def swap_layers(text: Text, change: SwapLayers) -> list[Edit]:
    """The edits that let two layers change places."""
    left, right = text.node(change.left), text.node(change.right)
    a, b = text.parent(left), text.parent(right)
    if isinstance(a, cst.Element) and isinstance(b, cst.Element):
        if text.parent(a) is not text.parent(b):
            raise NoFix
    elif not (_is_added(text, left) and _is_added(text, right)) and not (_is_called(a, left) and _is_called(b, right)):
        raise NoFix
    return _swapped(text, left, right)


def swap_steps(text: Text, change: SwapSteps) -> list[Edit]:
    """The edits that let the last two calls of a chain change places."""
    outer = text.node(change.call)
    inner = outer.func.value if isinstance(outer, cst.Call) and isinstance(outer.func, cst.Attribute) else None
    if not isinstance(inner, cst.Call) or not isinstance(inner.func, cst.Attribute) or inner.lpar:
        raise NoFix
    assert isinstance(outer, cst.Call)
    assert isinstance(outer.func, cst.Attribute)
    first = text.extent(inner.func.attr)[0], text.extent(inner)[1]
    second = text.extent(outer.func.attr)[0], own_end(text, outer)
    between = text.text[first[1] : second[0]]
    if "#" in between or "#" in text.text[slice(*first)] + text.text[slice(*second)]:
        raise NoFix
    return [text.edit(*first, text.text[slice(*second)]), text.edit(*second, text.text[slice(*first)])]


def drop_step(text: Text, change: DropStep) -> list[Edit]:
    """The edit that takes a call out of a chain."""
    call = text.node(change.call)
    if not isinstance(call, cst.Call) or not isinstance(call.func, cst.Attribute):
        raise NoFix
    start, end = text.extent(call.func.value)[1], own_end(text, call)
    if "#" in text.text[start:end]:
        raise NoFix
    return [text.edit(start, end, "")]


def begin(text: Text, change: Begin) -> list[Edit]:
    """The edit that puts something before the first layer of a model."""
    layer = text.node(change.layer)
    new = _on_one_line(text.render(change.text, layer, change.parts))
    start = text.extent(layer)[0]
    line, _ = text.line_of(start)
    element = text.parent(layer)
    if isinstance(element, cst.Element):
        holder = text.parent(element)
        # A list that has a name may be used elsewhere, too.
        is_given = holder is not None and isinstance(text.parent(holder), cst.Arg)
        if not isinstance(holder, cst.List) or holder.elements[0] is not element or not is_given:
            raise NoFix
        # Where each layer has its line, so has this one.
        several = "\n" in text.text[slice(*text.extent(holder))]
        below = re.sub(r"\S", " ", text.text[line:start])
        return [text.edit(start, start, f"{new},\n{below}" if several else f"{new}, ")]
    if not _is_added(text, layer):
        raise NoFix
    call = next(node for node in text.ancestors(layer) if isinstance(node, cst.Call))
    statement = text.extent(text.statement(layer))[0]
    if text.extent(call)[0] != statement or text.text[text.line_of(statement)[0] : statement].strip():
        raise NoFix
    added = f"{text.source(call.func)}({new})"
    return [text.edit(statement, statement, f"{added}\n{text.indent_at(statement)}")]


def _on_one_line(source: str) -> str:
    """A short expression without line breaks.

    Raises:
        NoFix: there is a comment in it.
    """
    if "#" in source:
        raise NoFix
    joined = re.sub(r"(?<=[(\[])\s*\n\s*|\s*\n\s*(?=[)\]])", "", source)
    return re.sub(r"\s*\n\s*", " ", joined)


def _is_added(text: Text, layer: cst.CSTNode) -> bool:
    """Whether a layer is the argument of `model.add(...)`, which is a statement by itself."""
    call = next(iter([node for node in text.ancestors(layer) if isinstance(node, cst.Call)]), None)
    return (
        call is not None
        and isinstance(call.func, cst.Attribute)
        and call.func.attr.value == "add"
        and len(call.args) == 1
        and call.args[0].value is layer
    )


def _is_called(parent: cst.CSTNode | None, layer: cst.CSTNode) -> bool:
    return isinstance(parent, cst.Call) and parent.func is layer and isinstance(layer, cst.Call)


def parameter(text: Text, change: Parameter) -> list[Edit]:
    """The edit that adds a parameter behind the others."""
    definition = text.node(change.definition)
    if not isinstance(definition, cst.FunctionDef):
        raise NoFix
    given = definition.params
    if given.kwonly_params or given.star_kwarg or not isinstance(given.star_arg, cst.MaybeSentinel) or not given.params:
        raise NoFix
    last = given.params[-1]
    end = text.extent(last.default or (last.annotation.annotation if last.annotation else last.name))[1]
    return [text.edit(end, end, f", {text.render(change.text, definition)}")]


def insert(text: Text, change: Insert) -> list[Edit]:
    """The edit that adds a statement."""
    new = text.render(change.text, text.node(change.node), change.parts)
    if change.where == "first":
        loop = text.node(change.node)
        if not isinstance(loop, (cst.For, cst.While)) or not isinstance(loop.body, cst.IndentedBlock):
            raise NoFix
        start = text.line_of(text.extent(loop.body.body[0])[0])[0]
        return [text.edit(start, start, f"{text.indent_at(start)}{new}\n")]
    start, end = text.extent(text.statement(text.node(change.node)))
    _, line_end = text.line_of(end)
    rest = text.text[end:line_end].strip()
    if rest and not rest.startswith("#"):
        raise NoFix
    return [text.edit(line_end, line_end, f"\n{text.indent_at(start)}{new}")]


def hoist(text: Text, change: Hoist) -> list[Edit]:
    """The edits that move a statement before a loop.

    Raises:
        NoFix: it is not directly in the loop, is all that is in it, uses what the loop makes, or has a string that goes
            over several lines.
    """
    statement, loop = text.statement(text.node(change.node)), text.node(change.loop)
    body = text.parent(statement)
    if not isinstance(loop, (cst.For, cst.While)) or body is not loop.body or not isinstance(body, cst.IndentedBlock):
        raise NoFix
    if len(body.body) < 2 or (names_in(statement) - bound_in(statement)) & bound_in(loop):
        raise NoFix
    start, end = text.extent(statement)
    line, _ = text.line_of(start)
    _, line_end = text.line_of(end)
    rest = text.text[end:line_end].strip()
    if text.text[line:start].strip() or rest.startswith(";"):
        raise NoFix
    target, _ = text.line_of(text.extent(loop)[0])
    old, new = text.indent_at(start), text.indent_at(target)
    if text.text[target : text.extent(loop)[0]].strip():
        raise NoFix
    strings = (node for node in walk(statement) if isinstance(node, (cst.SimpleString, cst.FormattedString)))
    if any(NEWLINE.search(text.source(string)) for string in strings):
        # The blanks at the start of its lines are its own.
        raise NoFix
    lines = NEWLINE.split(text.text[start:line_end])
    moved = "\n".join([new + lines[0], *(new + line.removeprefix(old) for line in lines[1:])])
    after = line_end + (2 if text.text.startswith("\r\n", line_end) else 1 if line_end < len(text.text) else 0)
    return [text.edit(target, target, f"{moved}\n"), text.edit(line, after, "")]


def unroll(text: Text, change: Unroll) -> list[Edit]:
    """The edits that make a list of several items out of one that repeats its only item."""
    element = text.parent(text.node(change.node))
    holder = text.parent(element) if element is not None else None
    product = text.parent(holder) if holder is not None else None
    if (
        not isinstance(holder, cst.List)
        or len(holder.elements) != 1
        or not isinstance(product, cst.BinaryOperation)
        or not isinstance(product.operator, cst.Multiply)
        or product.left is not holder
        or holder.lpar
    ):
        raise NoFix
    start, end = text.extent(holder)[1] - 1, text.extent(product.right)[1]
    if text.text[text.extent(text.node(change.node))[1] : start].strip():
        raise NoFix
    count = text.source(product.right)
    return [text.edit(start, end, f" for _ in range({count})]")]
