"""A description in which only the flagged thing is put right."""

from __future__ import annotations

import copy
from collections.abc import Sequence

from kerlint.experiment import Change, Plain
from kerlint.probe.description import Description, Step, Targets
from kerlint.probe.literal import Refused
from kerlint.program.graph import Node
from kerlint.program.values import Object

#: Data beyond this is large.
LARGE = 10.0
#: Layers that are nothing but an activation.
_ACTIVATIONS = frozenset({"Softmax", "ReLU", "LeakyReLU", "PReLU", "ELU"})


class Index:
    """Where the layers and operations of the program are in a description."""

    def __init__(self) -> None:
        self._steps: dict[int, list[int]] = {}
        self._inner: dict[int, int] = {}
        # Numbers of objects are theirs only as long as they live.
        self._kept: list[object] = []

    def add(self, node: Node, step: int) -> None:
        """A node became a step."""
        keys: list[object] = [node.layer, node.op]
        inner = node.layer.args.get("layer") if node.layer is not None else None
        if isinstance(inner, Object):
            self._inner[id(inner)] = step
            keys.append(inner)
        for key in keys:
            if key is not None:
                self._kept.append(key)
                self._steps.setdefault(id(key), []).append(step)

    def steps(self, what: Node | Object) -> list[int]:
        """The steps that a node or a layer became.

        Raises:
            Refused: there are none.
        """
        key = what if isinstance(what, Object) else what.layer if what.layer is not None else what.op
        found = self._steps.get(id(key))
        if not found:
            raise Refused("the layer in question is not part of the model")
        return found

    def has(self, what: Node | Object) -> bool:
        """Whether the node or the layer became a step."""
        key = what if isinstance(what, Object) else what.layer if what.layer is not None else what.op
        return id(key) in self._steps

    def is_inner(self, what: Node | Object) -> bool:
        """Whether the layer is wrapped by another one."""
        return isinstance(what, Object) and id(what) in self._inner


def repaired(original: Description, index: Index, changes: Sequence[Change], fitting: Targets) -> Description:
    """A copy with the changes made.

    Args:
        fitting: targets that fit the output of the original, for changes that ask for such.

    Raises:
        Refused: one of them does not apply.
    """
    made: Description = copy.deepcopy(original)
    for change in changes:
        if not isinstance(change.what, str):
            _change_step(made, index, change)
        elif change.what in ("optimizer", "loss"):
            part = made[change.what]
            values = dict(change.values)
            name = values.pop("class", None)
            if isinstance(name, str) and name != part["type"]:
                part["type"], part["config"] = name, {}
            _set(part["config"], values)
        elif change.what == "x":
            for data in made["x"]:
                data.update(change.values)  # type: ignore[typeddict-item]
        elif change.what == "metric":
            name, config = change.values["class"], dict(change.values)
            del config["class"]
            made["metrics"] = [{"type": str(name), "config": config}]
        elif change.what == "y" and change.values.get("kind") == "fitting":
            made["y"] = copy.deepcopy(fitting)
        else:
            made[change.what].update(change.values)  # type: ignore[typeddict-item]
    return made


def standardise(made: Description) -> bool:
    """Gives the model inputs and targets of about unit size, where they are larger; whether any were."""
    before = copy.deepcopy((made["x"], made["y"]))
    for data in made["x"]:
        bounds = [data["low"], data["high"], *(end for span in data["columns"] or () for end in span)]
        if any(end is not None and abs(end) > LARGE for end in bounds):
            data["low"] = data["high"] = data["columns"] = None
    y = made["y"]
    if y["kind"] == "numbers" and any(end is not None and abs(end) > LARGE for end in (y["low"], y["high"])):
        y["low"] = y["high"] = None
    return before != (made["x"], made["y"])


def _set(config: dict[str, Plain], values: dict[str, Plain]) -> None:
    for name, value in values.items():
        if value is None:
            config.pop(name, None)
        else:
            config[name] = value


def _change_step(made: Description, index: Index, change: Change) -> None:
    assert not isinstance(change.what, str)
    wanted = set(index.steps(change.what))
    for step in [step for step in made["steps"] if step["id"] in wanted]:
        if change.before:
            _insert(made, step, change)
        elif change.drop:
            step["type"], step["config"], step["call"] = "Identity", {}, {}
        else:
            values = dict(change.values)
            if "trainable" in values:
                step["trainable"] = values.pop("trainable") is True
            inner = step["config"].get("layer")
            if "activation" in values and step["type"] in _ACTIVATIONS:
                step["type"], step["config"] = "Activation", {}
            if index.is_inner(change.what) and isinstance(inner, dict):
                _set(inner["config"], values)  # type: ignore[arg-type]
            else:
                _set(step["config"], values)


def _insert(made: Description, step: Step, change: Change) -> None:
    fresh = max(one["id"] for one in made["steps"]) + 1
    new: Step = {
        "id": fresh,
        "type": change.before,
        "config": dict(change.values),
        "inputs": list(step["inputs"]),
        "layer": fresh,
        "trainable": True,
        "call": {},
    }
    step["inputs"] = [fresh]
    made["steps"].insert(made["steps"].index(step), new)
