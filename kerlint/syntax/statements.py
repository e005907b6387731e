"""Statements and their parts."""

from __future__ import annotations

from kerlint.records import dataclass
from kerlint.syntax.base import Expression, Node, Statement
from kerlint.syntax.expressions import Arg, Name, Parameters


@dataclass(eq=False, slots=True)
class Block(Node):
    """The body of a compound statement, indented or behind the colon. Simple statements stand in it one by one."""

    body: list[Statement]


@dataclass(eq=False, slots=True)
class Module(Node):
    """A file.

    Args:
        text: what it was made from.
    """

    body: list[Statement]
    text: str


@dataclass(eq=False, slots=True)
class Expr(Statement):
    """An expression by itself."""

    value: Expression


@dataclass(eq=False, slots=True)
class Assign(Statement):
    """`target = target = value`."""

    targets: list[Expression]
    value: Expression


@dataclass(eq=False, slots=True)
class AnnAssign(Statement):
    """`target: annotation = value`."""

    target: Expression
    annotation: Expression
    value: Expression | None


@dataclass(eq=False, slots=True)
class AugAssign(Statement):
    """`target operator= value`; the operator without its `=`."""

    target: Expression
    operator: str
    value: Expression


@dataclass(eq=False, slots=True)
class Return(Statement):
    """`return value`."""

    value: Expression | None


@dataclass(eq=False, slots=True)
class Raise(Statement):
    """`raise exc from cause`."""

    exc: Expression | None
    cause: Expression | None


@dataclass(eq=False, slots=True)
class Pass(Statement):
    """`pass`."""


@dataclass(eq=False, slots=True)
class Break(Statement):
    """`break`."""


@dataclass(eq=False, slots=True)
class Continue(Statement):
    """`continue`."""


@dataclass(eq=False, slots=True)
class Assert(Statement):
    """`assert test, msg`."""

    test: Expression
    msg: Expression | None


@dataclass(eq=False, slots=True)
class Del(Statement):
    """`del targets`."""

    targets: list[Expression]


@dataclass(eq=False, slots=True)
class ImportAlias(Node):
    """`name as asname`; the place is that of the name. A star is a name, too."""

    name: str
    asname: str | None


@dataclass(eq=False, slots=True)
class Import(Statement):
    """`import names`."""

    names: list[ImportAlias]


@dataclass(eq=False, slots=True)
class ImportFrom(Statement):
    """`from module import names`; the module with the dots before it."""

    module: str
    names: list[ImportAlias]


@dataclass(eq=False, slots=True)
class Global(Statement):
    """`global names`."""

    names: list[str]


@dataclass(eq=False, slots=True)
class Nonlocal(Statement):
    """`nonlocal names`."""

    names: list[str]


@dataclass(eq=False, slots=True)
class If(Statement):
    """`if test: ... else: ...`; an `elif` is an `If` in `orelse`."""

    test: Expression
    body: Block
    orelse: If | Block | None


@dataclass(eq=False, slots=True)
class For(Statement):
    """`for target in iter: ... else: ...`."""

    target: Expression
    iter: Expression
    body: Block
    orelse: Block | None


@dataclass(eq=False, slots=True)
class While(Statement):
    """`while test: ... else: ...`."""

    test: Expression
    body: Block
    orelse: Block | None


@dataclass(eq=False, slots=True)
class WithItem(Node):
    """`item as asname`."""

    item: Expression
    asname: Expression | None


@dataclass(eq=False, slots=True)
class With(Statement):
    """`with items: ...`."""

    items: list[WithItem]
    body: Block


@dataclass(eq=False, slots=True)
class ExceptHandler(Node):
    """`except type as name: ...`."""

    type: Expression | None
    name: Name | None
    body: Block


@dataclass(eq=False, slots=True)
class Try(Statement):
    """`try: ... except ...: ... else: ... finally: ...`, with or without the star of `except*`."""

    body: Block
    handlers: list[ExceptHandler]
    orelse: Block | None
    finalbody: Block | None


@dataclass(eq=False, slots=True)
class FunctionDef(Statement):
    """`def name(params): ...`."""

    name: Name
    params: Parameters
    body: Block
    decorators: list[Expression]
    returns: Expression | None
    asynchronous: bool


@dataclass(eq=False, slots=True)
class ClassDef(Statement):
    """`class name(bases, keywords): ...`."""

    name: Name
    bases: list[Arg]
    keywords: list[Arg]
    body: Block
    decorators: list[Expression]


@dataclass(eq=False, slots=True)
class OtherStatement(Statement):
    """Syntax that kerlint makes nothing of."""

    parts: list[Node]
