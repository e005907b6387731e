"""Arguments of layers, optimizers and losses as plain values."""

from __future__ import annotations

from kerlint.experiment import Plain
from kerlint.library.kinds import activation_name
from kerlint.probe.description import LAYERS, PARTS
from kerlint.program.constants import NOTHING, constant
from kerlint.program.values import Const, External, Layer, Object, Sequence, Value

#: Arguments that name a thing or belong to its input, and those of old versions: nothing that is measured needs them.
IGNORED = frozenset(
    """name input_shape input_dim batch_input_shape batch_shape input_length batch_size dtype autocast weights
    stateful implementation use_cudnn trainable jit_compile decay verbose **""".split()
)
#: Parts of Keras by the names of functions that make them.
_FUNCTIONS = {part.lower(): part for part in PARTS} | {
    "".join(["_" * (letter.isupper() and index > 0) + letter.lower() for index, letter in enumerate(part)]): part
    for part in PARTS
}
_MODULES = ("keras.initializers.", "keras.regularizers.", "keras.constraints.", "keras.optimizers.schedules.")


class Refused(Exception):
    """The program cannot be rebuilt; says why."""


class Literals:
    """Turns values into plain ones. One for each model: initializers that are shared stay shared."""

    def __init__(self) -> None:
        self._shared: dict[int, int] = {}

    def of(self, value: Value | None, what: str) -> Plain:
        """The plain value.

        Args:
            what: the argument, in words.

        Raises:
            Refused: if the value is not known, or is code.
        """
        if isinstance(value, Const):
            found = value.value
            if found is None or isinstance(found, (bool, int, float)):
                return found
            if isinstance(found, str):
                return found.lower() if found.lower() in _FUNCTIONS or "activation" in what else found
        if isinstance(value, Sequence) and value.exact is not None:
            return [self.of(item, what) for item in value.exact]
        if isinstance(value, (External, Layer)) and "activation" in what:
            name = activation_name(value)
            if name:
                return name
        if isinstance(value, External) and value.name.startswith(_MODULES):
            return {"type": _class(value.name, what), "config": {}}
        if isinstance(value, Layer):
            if value.cls is not None or value.short not in LAYERS:
                raise Refused(f"{value.short} cannot be rebuilt")
            return {"type": value.short, "config": self.config(value)}
        if isinstance(value, Object) and value.name.startswith(_MODULES):
            made: dict[str, Plain] = {"type": _class(value.name, what), "config": self.config(value, {"seed"})}
            made["shared"] = self._shared.setdefault(id(value), len(self._shared))
            return made
        raise Refused(f"{what} is not known")

    def config(self, made: Object, ignored: set[str] | frozenset[str] = frozenset()) -> dict[str, Plain]:
        """The arguments of an object that were given.

        Raises:
            Refused: if one that matters is not known.
        """
        if made.open:
            raise Refused(f"the arguments of {made.short} are not all known")
        if any(name.startswith(".") for name in made.state):
            raise Refused(f"{made.short} is changed after it was made")
        return {
            name: self.of(value, f"{name} of {made.short}")
            for name, value in made.args.items()
            if name not in IGNORED and name not in ignored
        }


def _class(name: str, what: str) -> str:
    short = name.rpartition(".")[2]
    found = short if short in PARTS else _FUNCTIONS.get(short)
    if found is None:
        raise Refused(f"{what} is {short}, which cannot be rebuilt")
    return found


def is_false(value: Value | None) -> bool:
    """Whether the value is certainly False."""
    return constant(value) is False if constant(value) is not NOTHING else False
