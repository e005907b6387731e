"""Expressions and their parts."""

from __future__ import annotations

from kerlint.records import dataclass
from kerlint.syntax.base import Expression, Node


@dataclass(eq=False, slots=True)
class Name(Expression):
    """A name."""

    value: str


@dataclass(eq=False, slots=True)
class Constant(Expression):
    """A number, a string, `True`, `False`, `None` or `...`. Strings that stand side by side are one."""

    value: object


@dataclass(eq=False, slots=True)
class Attribute(Expression):
    """`value.attr`."""

    value: Expression
    attr: str


@dataclass(eq=False, slots=True)
class Arg(Node):
    """An argument of a call, or a base of a class.

    Args:
        star: `*`, `**` or nothing.
    """

    value: Expression
    keyword: str | None
    star: str


@dataclass(eq=False, slots=True)
class Call(Expression):
    """`func(args)`."""

    func: Expression
    args: list[Arg]


@dataclass(eq=False, slots=True)
class Slice(Expression):
    """`lower:upper:step` in brackets."""

    lower: Expression | None
    upper: Expression | None
    step: Expression | None


@dataclass(eq=False, slots=True)
class Subscript(Expression):
    """`value[slice]`; several indices where commas stand between them."""

    value: Expression
    slice: list[Expression]


@dataclass(eq=False, slots=True)
class StarredElement(Expression):
    """`*value` in a display or on the left of `=`."""

    value: Expression


@dataclass(eq=False, slots=True)
class List(Expression):
    """`[...]`."""

    elements: list[Expression]


@dataclass(eq=False, slots=True)
class Tuple(Expression):
    """`(...)`, or what stands between commas without brackets."""

    elements: list[Expression]


@dataclass(eq=False, slots=True)
class Set(Expression):
    """`{...}`."""

    elements: list[Expression]


@dataclass(eq=False, slots=True)
class DictElement(Node):
    """`key: value`."""

    key: Expression
    value: Expression


@dataclass(eq=False, slots=True)
class StarredDictElement(Node):
    """`**value` in a dictionary."""

    value: Expression


@dataclass(eq=False, slots=True)
class Dict(Expression):
    """`{key: value, ...}`."""

    elements: list[DictElement | StarredDictElement]


@dataclass(eq=False, slots=True)
class BinaryOperation(Expression):
    """`left operator right`, for operators of arithmetic and bits."""

    left: Expression
    operator: str
    right: Expression


@dataclass(eq=False, slots=True)
class UnaryOperation(Expression):
    """`-x`, `+x`, `~x` or `not x`."""

    operator: str
    expression: Expression


@dataclass(eq=False, slots=True)
class BooleanOperation(Expression):
    """Two or more values with `and` between all of them, or `or`."""

    operator: str
    values: list[Expression]


@dataclass(eq=False, slots=True)
class ComparisonTarget(Node):
    """`operator comparator`, behind what is compared."""

    operator: str
    comparator: Expression


@dataclass(eq=False, slots=True)
class Comparison(Expression):
    """`left < middle <= right`."""

    left: Expression
    comparisons: list[ComparisonTarget]


@dataclass(eq=False, slots=True)
class IfExp(Expression):
    """`body if test else orelse`."""

    test: Expression
    body: Expression
    orelse: Expression


@dataclass(eq=False, slots=True)
class Param(Node):
    """A parameter of a function."""

    name: str
    annotation: Expression | None
    default: Expression | None


@dataclass(eq=False, slots=True)
class Parameters(Node):
    """The parameters of a function, in their order."""

    posonly_params: list[Param]
    params: list[Param]
    star_arg: Param | None
    kwonly_params: list[Param]
    star_kwarg: Param | None


@dataclass(eq=False, slots=True)
class Lambda(Expression):
    """`lambda params: body`."""

    params: Parameters
    body: Expression


@dataclass(eq=False, slots=True)
class CompFor(Node):
    """`for target in iter if ...` in a comprehension, and the next of its kind behind it."""

    target: Expression
    iter: Expression
    ifs: list[Expression]
    inner_for_in: CompFor | None


@dataclass(eq=False, slots=True)
class ListComp(Expression):
    """`[elt for ...]`."""

    elt: Expression
    for_in: CompFor


@dataclass(eq=False, slots=True)
class SetComp(Expression):
    """`{elt for ...}`."""

    elt: Expression
    for_in: CompFor


@dataclass(eq=False, slots=True)
class GeneratorExp(Expression):
    """`(elt for ...)`."""

    elt: Expression
    for_in: CompFor


@dataclass(eq=False, slots=True)
class DictComp(Expression):
    """`{key: value for ...}`."""

    key: Expression
    value: Expression
    for_in: CompFor


@dataclass(eq=False, slots=True)
class NamedExpr(Expression):
    """`target := value`."""

    target: Expression
    value: Expression


@dataclass(eq=False, slots=True)
class Await(Expression):
    """`await expression`."""

    expression: Expression


@dataclass(eq=False, slots=True)
class From(Expression):
    """`from item` behind `yield`."""

    item: Expression


@dataclass(eq=False, slots=True)
class Yield(Expression):
    """`yield value`, or `yield from item`."""

    value: Expression | None


@dataclass(eq=False, slots=True)
class FormattedStringExpression(Node):
    """`{expression!conversion:format_spec}` in a formatted string.

    Args:
        conversion: `r`, `s`, `a` or nothing.
    """

    expression: Expression
    conversion: str
    format_spec: list[str | FormattedStringExpression]


@dataclass(eq=False, slots=True)
class FormattedString(Expression):
    """`f"..."`: text as it will be, and what is formatted."""

    parts: list[str | FormattedStringExpression]


@dataclass(eq=False, slots=True)
class OtherExpression(Expression):
    """Syntax that kerlint makes nothing of."""

    parts: list[Node]


def last_name(node: Node | None) -> str:
    """`c` of the name `a.b.c`; empty for what is no name."""
    if type(node) is Attribute:
        return node.attr
    return node.value if type(node) is Name else ""


def is_string(node: Node | None) -> bool:
    """Whether a string is written here, and not formatted."""
    return type(node) is Constant and type(node.value) is str
