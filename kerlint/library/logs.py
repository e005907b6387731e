"""What callbacks of the program read of the numbers that Keras logs after an epoch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from kerlint import syntax
from kerlint.program.constants import constant
from kerlint.program.events import Fit
from kerlint.program.values import Function, Instance, Object, Sequence, Value
from kerlint.records import dataclass

_CALLBACK = "keras.callbacks.Callback"
#: Comparisons that take no None.
_ORDERED = frozenset({"<", ">", "<=", ">="})
_READING = frozenset({"get", "keys", "items", "values", "copy"})


@dataclass(frozen=True, eq=False, slots=True)
class LogRead:
    """A number that `on_epoch_end` reads, and cannot do without.

    Args:
        node: `logs["name"]`, or `logs.get("name")` as an operand of what takes no None.
        name: where the name is written.
        method: `[]` or `get`.
    """

    node: syntax.Expression
    name: syntax.Constant
    method: str

    @property
    def key(self) -> str:
        """The name of the number."""
        return str(self.name.value)


def log_reads(fit: Fit) -> list[LogRead]:
    """What callbacks of the program read after each epoch; nothing if a callback may log numbers of its own."""
    given = fit.args.get("callbacks")
    if given is None or constant(given) is None or fit.open or fit.method not in ("fit", "fit_generator"):
        return []
    items = given.items if isinstance(given, Sequence) else (given,)
    found: list[LogRead] = []
    for item in items:
        if isinstance(item, Object) and item.name.startswith("keras.callbacks."):
            if item.short in ("LambdaCallback", "CallbackList"):
                return []
            continue
        reads = _reads_of(item)
        if reads is None:
            return []
        found += reads
    return found


def _reads_of(callback: Value) -> list[LogRead] | None:
    """What a callback reads; None if it is not known what it does with the numbers."""
    if not isinstance(callback, Instance) or not callback.cls.knows_its_bases() or callback.cls.decorators:
        return None
    if _CALLBACK not in callback.cls.external_bases():
        return None
    method = callback.cls.lookup("on_epoch_end")
    if not isinstance(method, Function):
        return []
    definition = method.node
    if not isinstance(definition, syntax.FunctionDef) or method.decorators or len(definition.params.params) != 3:
        return None
    return _Reader(definition.params.params[2].name).read(definition.body)


class _Reader:
    """Goes through a method once, and gives up where the numbers go somewhere else."""

    def __init__(self, logs: str) -> None:
        self._logs = logs
        self._found: list[LogRead] = []
        self._is_known = True

    def read(self, body: syntax.Node) -> list[LogRead] | None:
        """What is read whenever the method is called; None if it is not known what becomes of the numbers."""
        self._go(body, True)
        return self._found if self._is_known else None

    def _go(self, node: syntax.Node, sure: bool) -> None:
        """Goes through a part, which is reached at each call if that is sure."""
        special = _PARTS.get(type(node))
        if special is not None and special(self, node, sure):
            return
        if self._is_logs(node):
            self._is_known = False
        for child in syntax.children(node):
            self._go(child, sure)

    def _all(self, nodes: Iterable[syntax.Node | None], sure: bool) -> None:
        for node in nodes:
            if node is not None and not self._is_logs(node):
                self._go(node, sure)

    def _is_logs(self, node: syntax.Node) -> bool:
        return isinstance(node, syntax.Name) and node.value == self._logs

    def block(self, node: syntax.Block, sure: bool) -> bool:
        for statement in node.body:
            self._go(statement, sure)
            sure = sure and not any(isinstance(part, _LEAVING) for part in _below(statement))
        return True

    def opaque(self, node: syntax.Node, sure: bool) -> bool:
        """What fails in a `try` is expected to; what is defined here is called elsewhere."""
        self._is_known = self._is_known and not any(self._is_logs(part) for part in _below(node))
        return True

    def branch(self, node: syntax.If | syntax.IfExp, sure: bool) -> bool:
        self._test(node.test, sure)
        # Keras always gives the numbers.
        self._go(node.body, sure and self._is_given(node.test))
        if node.orelse is not None:
            self._go(node.orelse, False)
        return True

    def _test(self, node: syntax.Expression, sure: bool) -> None:
        """A condition: here the numbers themselves may stand, and go nowhere."""
        if isinstance(node, syntax.UnaryOperation):
            self._test(node.expression, sure)
        elif isinstance(node, syntax.BooleanOperation):
            for value in node.values:
                self._test(value, sure)
                sure = sure and node.operator == "and" and self._is_given(value)
        elif not self._is_logs(node):
            self._go(node, sure)

    def _is_given(self, test: syntax.Expression) -> bool:
        """`logs`, `logs is not None`."""
        if isinstance(test, syntax.Comparison):
            return self._is_logs(test.left) and [target.operator for target in test.comparisons] == ["is not"]
        return self._is_logs(test)

    def boolean(self, node: syntax.BooleanOperation, sure: bool) -> bool:
        for value in node.values:
            self._go(value, sure)
            sure = False
        return True

    def loop(self, node: syntax.Node, sure: bool) -> bool:
        self._all(syntax.children(node), False)
        return True

    def assigned(self, node: syntax.Assign, sure: bool) -> bool:
        """A number is logged, or `logs = logs or {}`."""
        empty = isinstance(node.value, syntax.Dict) and not node.value.elements
        or_else = isinstance(node.value, syntax.BooleanOperation) and self._is_logs(node.value.values[0])
        if len(node.targets) == 1 and self._is_logs(node.targets[0]) and (empty or or_else):
            return True
        return self.changed(node.targets, [node.value], sure)

    def changed(self, targets: Iterable[syntax.Node], values: Iterable[syntax.Node | None], sure: bool) -> bool:
        self._is_known = self._is_known and not any(self._is_logs(part) for one in targets for part in _below(one))
        for value in values:
            if value is not None:
                self._go(value, sure)
        return True

    def item(self, node: syntax.Subscript, sure: bool) -> bool:
        if not self._is_logs(node.value):
            return False
        name = node.slice[0] if len(node.slice) == 1 else None
        if sure and isinstance(name, syntax.Constant) and syntax.is_string(name):
            self._found.append(LogRead(node, name, "[]"))
        else:
            self._all(node.slice, sure)
        return True

    def call(self, node: syntax.Call, sure: bool) -> bool:
        """Whether the call only reads the numbers: `logs.get("loss")`, `logs.items()`, `print(logs)`."""
        function = node.func
        if isinstance(function, syntax.Name) and function.value in _PLAIN:
            self._all([argument.value for argument in node.args], sure)
            return True
        if not isinstance(function, syntax.Attribute) or not self._is_logs(function.value):
            return False
        if function.attr not in _READING:
            return False
        self._all([argument.value for argument in node.args], sure)
        return True

    def operation(self, node: syntax.BinaryOperation, sure: bool) -> bool:
        # `"%s" % None` is a text.
        self._operands([node.left, node.right], sure and node.operator != "%")
        return True

    def comparison(self, node: syntax.Comparison, sure: bool) -> bool:
        operators = {target.operator for target in node.comparisons}
        operands = [node.left, *[target.comparator for target in node.comparisons]]
        self._operands(operands, sure and operators <= _ORDERED)
        return True

    def _operands(self, nodes: list[syntax.Expression], sure: bool) -> None:
        """The operands of something that, if it is sure, takes no None."""
        for node in nodes:
            name = self._got(node) if sure else None
            if name is not None:
                self._found.append(LogRead(node, name, "get"))
            else:
                self._all([node], sure)

    def _got(self, node: syntax.Node) -> syntax.Constant | None:
        """The name in `logs.get("name")`."""
        if not isinstance(node, syntax.Call) or len(node.args) != 1 or node.args[0].star or node.args[0].keyword:
            return None
        function, name = node.func, node.args[0].value
        is_get = isinstance(function, syntax.Attribute) and function.attr == "get" and self._is_logs(function.value)
        return name if is_get and isinstance(name, syntax.Constant) and syntax.is_string(name) else None


def _below(node: syntax.Node) -> Iterator[syntax.Node]:
    pending = [node]
    while pending:
        one = pending.pop()
        yield one
        pending.extend(syntax.children(one))


_LEAVING = (syntax.Return, syntax.Raise)
#: Functions of Python that only read what they are given.
_PLAIN = frozenset({"print", "len", "str", "repr", "dict", "list", "sorted", "bool"})
#: What is special about parts of a method: whether a function has gone through the part.
_PARTS: dict[type, Callable[[_Reader, Any, bool], bool]] = {
    syntax.Block: _Reader.block,
    syntax.If: _Reader.branch,
    syntax.IfExp: _Reader.branch,
    syntax.BooleanOperation: _Reader.boolean,
    syntax.Assign: _Reader.assigned,
    syntax.AnnAssign: lambda reader, node, sure: reader.changed([node.target], [node.value], sure),
    syntax.AugAssign: lambda reader, node, sure: reader.changed([node.target], [node.value], sure),
    syntax.Subscript: _Reader.item,
    syntax.Call: _Reader.call,
    syntax.BinaryOperation: _Reader.operation,
    syntax.Comparison: _Reader.comparison,
    **dict.fromkeys((syntax.For, syntax.While, syntax.ListComp, syntax.SetComp, syntax.DictComp), _Reader.loop),
    **dict.fromkeys(
        (syntax.Try, syntax.With, syntax.Match, syntax.FunctionDef, syntax.Lambda, syntax.ClassDef, syntax.Del),
        _Reader.opaque,
    ),
}
