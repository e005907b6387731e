"""What a rule wants changed, in terms of nodes. Plain data.

New text is Python with double quotes, which become those of the file. In it, `{keras.optimizers.Adam}` stands for
that name as the file can spell it, and `{0}` for the source of the first of `parts`. A file that has no spelling
for a name gets no fix.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerlint.records import dataclass

if TYPE_CHECKING:
    from kerlint import syntax
    from kerlint.finding import Safety


@dataclass(frozen=True, eq=False)
class Replace:
    """Another text in the place of a node, its parentheses included.

    Args:
        variable: whether it may be replaced if it is a variable, too, which may have other values elsewhere.
    """

    node: syntax.Node
    text: str
    parts: tuple[syntax.Node, ...] = ()
    variable: bool = False


@dataclass(frozen=True, eq=False)
class RenameAttribute:
    """Another attribute of the same object."""

    node: syntax.Node
    name: str


@dataclass(frozen=True, eq=False)
class RenameKeyword:
    """A keyword of a call under another name."""

    call: syntax.Node
    old: str
    new: str


@dataclass(frozen=True, eq=False)
class Put:
    """An argument of a call gets a value; it is added as a keyword if the call does not have it.

    Args:
        place: its value as the rule knows it, which tells a positional argument.
        instead: the name under which it stands so far, if that changes.
        variable: as in `Replace`.
    """

    call: syntax.Node
    name: str
    text: str
    place: syntax.Node | None = None
    instead: str = ""
    variable: bool = False


@dataclass(frozen=True, eq=False)
class Drop:
    """An argument is taken out of a call, with its comma.

    Args:
        place: as in `Put`.
    """

    call: syntax.Node
    name: str
    place: syntax.Node | None = None


@dataclass(frozen=True, eq=False)
class Swap:
    """Two nodes change places."""

    left: syntax.Node
    right: syntax.Node


@dataclass(frozen=True, eq=False)
class SwapLayers:
    """Two layers of one model change places: both stand in one list, or each is called or added by itself."""

    left: syntax.Node
    right: syntax.Node


@dataclass(frozen=True, eq=False)
class Callee:
    """Another class or function is called, in the same spelling: `losses.A(...)` becomes `losses.B(...)`.

    Args:
        name: the canonical name.
    """

    call: syntax.Node
    name: str


@dataclass(frozen=True, eq=False)
class Parameter:
    """A function gets one more parameter."""

    definition: syntax.Node
    text: str


@dataclass(frozen=True, eq=False)
class Insert:
    """A new statement.

    Args:
        node: a node in the statement that it comes after, or the loop that it begins.
        where: `after` that statement, or `first` in the body of the loop.
    """

    node: syntax.Node
    text: str
    where: str = "after"
    parts: tuple[syntax.Node, ...] = ()


@dataclass(frozen=True, eq=False)
class SwapSteps:
    """The last two calls of a chain change places: `data.batch(8).shuffle(9)` becomes `data.shuffle(9).batch(8)`."""

    call: syntax.Node


@dataclass(frozen=True, eq=False)
class DropStep:
    """A call is taken out of a chain: `data.repeat().batch(8)` becomes `data.batch(8)`."""

    call: syntax.Node


@dataclass(frozen=True, eq=False)
class Begin:
    """Something comes before the first layer of a model: in the list that it stands in, or by another `add`."""

    layer: syntax.Node
    text: str
    parts: tuple[syntax.Node, ...] = ()


@dataclass(frozen=True, eq=False)
class Hoist:
    """The statement around a node is moved before the loop around it."""

    node: syntax.Node
    loop: syntax.Node


@dataclass(frozen=True, eq=False)
class Unroll:
    """`[item] * n` becomes `[item for _ in range(n)]`; the node is the item."""

    node: syntax.Node


Change = (
    Replace
    | RenameAttribute
    | RenameKeyword
    | Put
    | Drop
    | Swap
    | SwapLayers
    | SwapSteps
    | DropStep
    | Begin
    | Callee
    | Parameter
    | Insert
    | Hoist
    | Unroll
)


@dataclass(frozen=True, eq=False)
class Draft:
    """A fix whose places are still nodes.

    Args:
        title: what is done, in a few words: `use activation="sigmoid"`.
        safety: None for that of the rule.
    """

    title: str
    changes: tuple[Change, ...]
    safety: Safety | None = None


def draft(title: str, *changes: Change | None, safety: Safety | None = None) -> Draft | None:
    """A fix made of these changes; None if one of them is not possible."""
    known = tuple(change for change in changes if change is not None)
    return Draft(title, known, safety) if known and len(known) == len(changes) else None
