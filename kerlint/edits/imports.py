"""What a file imports under which name, and where."""

from __future__ import annotations

from collections.abc import Mapping

from kerlint import syntax
from kerlint.syntax import places
from kerlint.syntax.lines import Lines


class Imports:
    """The imports of a module.

    Attributes:
        packages: the names that are imported anywhere in the file, and the packages that they come from.
        first: the names that the module itself imports, and the index of the character where it first does.
    """

    def __init__(self, module: syntax.Module, lines: Lines) -> None:
        self.packages: dict[str, frozenset[str]] = {}
        self.first: dict[str, int] = {}
        self._module = module
        self._lines = lines
        pending: list[tuple[syntax.Node, bool]] = [(module, False)]
        while pending:
            node, is_inside = pending.pop()
            if isinstance(node, (syntax.Import, syntax.ImportFrom)):
                self._add(node, is_inside)
            elif not isinstance(node, syntax.Expression):
                inner = is_inside or isinstance(node, (syntax.FunctionDef, syntax.ClassDef))
                pending.extend((child, inner) for child in syntax.children(node))

    def _add(self, node: syntax.Import | syntax.ImportFrom, is_inside: bool) -> None:
        for alias in node.names:
            if alias.name == "*":
                continue
            is_from = isinstance(node, syntax.ImportFrom)
            bound = alias.asname or (alias.name if is_from else alias.name.partition(".")[0])
            package = (node.module if isinstance(node, syntax.ImportFrom) else alias.name).partition(".")[0]
            self.packages[bound] = self.packages.get(bound, frozenset()) | {package}
            if not is_inside:
                start = self._lines.index_in_bytes(alias.at.lineno, alias.at.col_offset)
                self.first[bound] = min(start, self.first.get(bound, start))

    def of_keras(self, names: Mapping[str, str]) -> list[frozenset[str]]:
        """The packages of all that stands for Keras in the file.

        Args:
            names: what the names of the module stand for, in canonical form.
        """
        found = [self.packages[name] for name in self.packages if names.get(name, "").partition(".")[0] == "keras"]
        for node in places.walk(self._module):
            # `tf.keras`
            if isinstance(node, syntax.Attribute) and node.attr == "keras" and isinstance(node.value, syntax.Name):
                name = node.value.value
                if name in self.packages and names.get(name) == "tensorflow":
                    found.append(self.packages[name])
        return found
