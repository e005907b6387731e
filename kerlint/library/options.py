"""What whoever runs a program can choose: command-line arguments, absl flags, the choices of a KerasTuner search.

The default, or the first choice, stands for all; it is marked (`Const.assumed`), so that no finding rests on it but
those that are about the default itself and say so (a learning rate).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerlint import syntax
from kerlint.library.convert import Handler
from kerlint.program.constants import constant
from kerlint.program.interpreter.namespaces import NAMESPACE, may_change
from kerlint.program.values import (
    ASSUMED,
    CHOICE,
    Arguments,
    Const,
    External,
    Object,
    Sequence,
    Unknown,
    Value,
    list_of,
    tuple_of,
)

if TYPE_CHECKING:
    from kerlint.program.interpreter.machine import Machine

_PARSER = "argparse.ArgumentParser"
_TUNER = "keras_tuner.HyperParameters"
#: Objects that are asked for choices.
HOLDERS = frozenset({_PARSER, _TUNER})
_FLAG_MODULES = ("absl.flags", "tensorflow.compat.v1.flags", "tensorflow.compat.v1.app.flags", "tensorflow.app.flags")
_NUMBERS = {"builtins.int": int, "builtins.float": float}


def chosen(value: Value | None, level: int, node: syntax.Node) -> Value:
    """A default as the value of a choice; lists of defaults item by item."""
    if isinstance(value, Const):
        return Const(value.value, max(level, value.assumed), node=node)
    if isinstance(value, Sequence):
        return list_of([chosen(item, level, node) for item in value.items], value.kind, node)
    return Unknown("a choice", node=node)


# Command lines


def method(machine: Machine, holder: Object, name: str, arguments: Arguments, node: syntax.Node) -> Value:
    """A method of a parser or of the choices of a tuner."""
    if holder.name == _TUNER:
        return _hyper_parameter(name, arguments, node)
    if name == "add_argument":
        _add_argument(machine, holder, arguments, node)
        return Const(None, node=node)
    if name == "set_defaults":
        for keyword, (value, _) in arguments.keywords.items():
            machine.heap.write(holder.state, f".{keyword}", chosen(value, CHOICE, node))
        if arguments.open:
            may_change(machine, holder)
        return Const(None, node=node)
    if name in ("add_argument_group", "add_mutually_exclusive_group"):
        return holder
    if name in ("parse_args", "parse_known_args"):
        kept = {key: value for key, value in holder.state.items() if key.startswith(".")}
        found = Object(NAMESPACE, state=kept, node=node)
        if not _is_command_line(arguments):
            may_change(machine, found)
        return found if name == "parse_args" else tuple_of(found, Unknown("the rest", node=node), node=node)
    return Unknown(name, node=node)


def _is_command_line(arguments: Arguments) -> bool:
    """Whether what is parsed is what whoever runs the program has written, or nothing at all."""
    given, namespace = arguments.get(0, "args"), arguments.get(1, "namespace")
    written = given.exact if isinstance(given, Sequence) else None
    return not written and (namespace is None or constant(namespace) is None)


def _add_argument(machine: Machine, parser: Object, arguments: Arguments, node: syntax.Node) -> None:
    """`parser.add_argument("-n", "--name", type=int, default=3)`."""
    written = [constant(value) for value, _ in arguments.positional]
    words = [word for word in written if isinstance(word, str)]
    dest = constant(arguments.get(None, "dest"))
    if not isinstance(dest, str):
        long = [word for word in words if word.startswith("--")] or words
        if not long:
            return
        dest = long[0].lstrip("-").replace("-", "_")
    value = chosen(arguments.get(None, "default"), CHOICE, node)
    kind = arguments.get(None, "type")
    if isinstance(value, Const) and isinstance(value.value, str) and isinstance(kind, External):
        number = _NUMBERS.get(kind.name)
        try:
            value = Const(number(value.value), value.assumed, node=node) if number is not None else value
        except ValueError:
            value = Unknown("argument", node=node)
    never = constant(arguments.get(None, "required")) is True
    if never or "action" in arguments.keywords or (isinstance(value, Const) and value.value is None):
        value = Unknown("argument", node=node)
    machine.heap.write(parser.state, f".{dest}", value)


def is_flag(name: str) -> bool:
    """Whether the function defines a flag of absl."""
    module, _, short = name.rpartition(".")
    return short.startswith("DEFINE") and module in _FLAG_MODULES


def define_flag(flags: dict[str, Value], name: str, arguments: Arguments, node: syntax.Node) -> Value:
    """`flags.DEFINE_integer("units", 32, "help")`: read as `FLAGS.units`, or as `.value` of what it returns."""
    word = constant(arguments.get(0, "name"))
    value = chosen(arguments.get(1, "default"), CHOICE, node)
    if name.endswith("DEFINE_list") and isinstance(value, Const) and isinstance(value.value, str):
        value = list_of([Const(part.strip(), CHOICE, node=node) for part in value.value.split(",")], "list", node)
    if name.endswith(("DEFINE_bool", "DEFINE_boolean")) or not isinstance(value, (Const, Sequence)):
        value = Unknown("flag", node=node)
    if isinstance(word, str):
        for module in _FLAG_MODULES:
            flags[f"{module}.FLAGS.{word}"] = value
    return Object("absl.flags.FlagHolder", state={".value": value}, node=node)


def _run(machine: Machine, arguments: Arguments, node: syntax.Node) -> Value:
    """`app.run(main)`."""
    from kerlint.program.interpreter.calls import call

    main = arguments.get(0, "main")
    if main is None:
        return Unknown("main", node=node)
    return call(machine, main, Arguments([(Unknown("argv", node=node), node)]), node)


def _parser(machine: Machine, arguments: Arguments, node: syntax.Node) -> Value:
    return Object(_PARSER, node=node)


# Tuners


def _tuner(machine: Machine, arguments: Arguments, node: syntax.Node) -> Value:
    return Object(_TUNER, node=node)


def _hyper_parameter(kind: str, arguments: Arguments, node: syntax.Node) -> Value:
    """`hp.Int("units", 32, 512)` and its kin: the default, which is the first or smallest choice."""
    default = arguments.get(None, "default")
    if default is not None and not (isinstance(default, Const) and default.value is None):
        return chosen(default, ASSUMED, node)
    if kind == "Boolean":
        return Const(False, ASSUMED, node=node)
    if kind in ("Int", "Float"):
        return chosen(arguments.get(1, "min_value"), ASSUMED, node)
    if kind == "Fixed":
        return chosen(arguments.get(1, "value"), ASSUMED, node)
    values = arguments.get(1, "values")
    if kind == "Choice" and isinstance(values, Sequence) and values.exact:
        return chosen(values.exact[0], ASSUMED, node)
    return Unknown(kind, node=node)


FUNCTIONS: dict[str, Handler] = {
    _PARSER: _parser,
    _TUNER: _tuner,
    "kerastuner.HyperParameters": _tuner,
    "absl.app.run": _run,
    "tensorflow.compat.v1.app.run": _run,
    "tensorflow.app.run": _run,
}
