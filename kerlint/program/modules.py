"""What the interpreter asks about the user's other modules.

The interpreter reads no files: an object of this shape (`kerlint.modules`) finds and parses them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from kerlint.program.values import Value
from kerlint.records import dataclass

if TYPE_CHECKING:
    from kerlint import syntax
    from kerlint.program.scope import Scope


@dataclass(frozen=True, eq=False, slots=True)
class ModuleFile:
    """A module or package of the user's own.

    Args:
        name: the dotted name under which it was found.
        path: the real path, which tells it from all others; two names may lead to one file.
        folder: where relative imports in it start, and where a package has its submodules.
        is_package: whether it has submodules.
    """

    name: str
    path: str
    folder: str
    is_package: bool = False


@dataclass(eq=False, slots=True)
class Module(Value):
    """A module that is imported; `node` is its tree.

    Args:
        scope: its names, as far as it has run.
        opaque: it could not be followed to its end, so that nothing is known of its names.
    """

    file: ModuleFile
    scope: Scope
    opaque: bool = False


class Modules(Protocol):
    """The user's own modules around the file that is being evaluated."""

    @property
    def own(self) -> ModuleFile:
        """The file itself."""

    def find(self, name: str, importer: ModuleFile) -> tuple[ModuleFile, ...]:
        """The packages along a dotted name (`a.b.c`, `.net`, `..`) and the module; empty if it is none of the user's.

        A relative name starts at the importer, and the packages above it are not among the result.
        """

    def submodule(self, package: ModuleFile, name: str) -> ModuleFile | None:
        """The module of this name in a package."""

    def tree(self, file: ModuleFile) -> syntax.Module | None:
        """The syntax tree; None for a file that cannot be read, has no valid syntax, or is too large."""
