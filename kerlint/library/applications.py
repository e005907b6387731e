"""The layers inside the models of `keras.applications`, on demand.

`application_parts` says what they are; here they become a graph of layers and tensors.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from kerlint.library._default_table import APPLICATIONS
from kerlint.library.application_parts import (
    Json,
    constant_of,
    entry,
    index,
    is_given,
    parts_of,
    short,
    start_shape,
    value_of,
)
from kerlint.library.calling import made_tensor, remember_call
from kerlint.library.layers import WEIGHTS
from kerlint.library.naming import NAME, snake_case
from kerlint.library.shapes import Call, Misfit, Result, Weights, apply, nested, whole
from kerlint.program.values import Const, Layer, Model, Op, Shape, Tensor, Unknown, Value, tuple_of
from kerlint.records import dataclass

if TYPE_CHECKING:
    from kerlint.program.interpreter.machine import Machine

__all__ = ["LAYERS", "PREPROCESSING", "Step", "counts", "expand", "result", "start_shape", "steps"]

#: What `preprocess_input` of the right module does, by model function: a key of `defaults.MODE_RANGES`.
#: With "none" the model itself begins with layers that do it (unless `include_preprocessing=False`).
PREPROCESSING: dict[str, str] = {name: row[1] for name, row in APPLICATIONS.items()}

#: Automatic names: what is counted, and how many.
Counts: TypeAlias = Mapping[str, int]


@dataclass(slots=True)
class Step:
    """One step of a model, as `model.operations` lists them after the input.

    Args:
        tensor: what it gives; `tensor.op` has the layer, and the inputs.
        name: the name; None where it is automatic and it is not known how many there were before.
        prefix: for an automatic name what is counted: `conv2d`.
        serial: for an automatic name how many of them this model made before.
    """

    tensor: Tensor
    name: str | None
    prefix: str = ""
    serial: int = 0


def expand(model: Model, machine: Machine, start: Tensor, taken: Counts | None = None) -> Tensor | None:
    """The output of a model of `keras.applications` as a graph of layers that begins at a tensor.

    Args:
        taken: how many automatic names of each kind there were before the model (and its input) was made. Without it
            the layers that have no name of their own get none.

    Returns:
        None if it is not known what the model looks like.
    """
    found = steps(model, machine, start, taken)
    return found[-1].tensor if found else None


def steps(model: Model, machine: Machine, start: Tensor, taken: Counts | None = None) -> list[Step] | None:
    """The steps after the input in the order of Keras; None if they are not known. See `expand`."""
    keys = parts_of(model, machine, start)
    if keys is None:
        return None
    try:
        return _Builder(model, machine, start, taken).build(keys)
    except Misfit:
        return None


def counts(model: Model, machine: Machine, start: Tensor) -> dict[str, int] | None:
    """How many automatic names of each kind a model takes, its input included; None if that is not known."""
    keys = parts_of(model, machine, start)
    if keys is None:
        return None
    found = Counter({"input_layer": 0 if is_given(model, "input_tensor") else 1})
    for key in keys:
        found.update(index()[short(model)].counts.get(key, {}))
    return {prefix: number for prefix, number in found.items() if number}


# -- Building ----------------------------------------------------------------------------------------------------


class _Builder:
    """Makes the steps of one model."""

    def __init__(self, model: Model, machine: Machine, start: Tensor, taken: Counts | None) -> None:
        self.model = model
        self.machine = machine
        self.node = model.node
        self.entry = entry(short(model))
        self.tensors = [start]
        self.steps: list[Step] = []
        self.args: dict[int, dict[str, Value]] = {}
        #: Automatic names of the whole program before this part, and those of this model.
        self.taken = taken
        self.before: Counter[str] = Counter()
        if not is_given(model, "input_tensor"):
            self.before["input_layer"] = 1
        self.pretrained = constant_of(model, "weights") is not None
        name = constant_of(model, "name")
        self.name = name if isinstance(name, str) else None

    def build(self, keys: tuple[str, str, str]) -> list[Step] | None:
        """The steps of these parts; None if a name is not known.

        Raises:
            Misfit: there is no such model for this input.
        """
        found = index()[short(self.model)].counts
        for key in keys:
            part = self.entry.parts[key]
            serials = iter(part.serials)
            for kind, name, back in zip(part.kinds, part.names, part.inputs):
                if name.startswith("$name"):
                    if self.name is None:
                        return None
                    name = self.name + name[5:]
                self._add(kind, name, (back,) if isinstance(back, int) else back, serials)
            self.before.update(found.get(key, {}))
        self.machine.burn(len(self.steps))
        return self.steps

    def _add(self, kind: int, name: str, back: tuple[int, ...] | list[int], serials: Iterator[int]) -> None:
        cls, arguments = self.entry.kinds[kind]
        inputs = tuple(self.tensors[-distance] for distance in back)
        label: str | None = name
        prefix, serial = "", 0
        if not name:
            prefix = snake_case(cls.rpartition(".")[2])
            serial = self.before[prefix] + next(serials)
            label = None
            if self.taken is not None:
                number = self.taken.get(prefix, 0) + serial
                label = f"{prefix}_{number}" if number else prefix
        if cls.startswith("ops."):
            tensor = self._function(cls, kind, inputs, label)
        elif cls == "Sequential":
            tensor = self._sequence(arguments, inputs[0], name)
        else:
            tensor = self._layer(cls, self._arguments(kind, inputs[0]), inputs, label, bool(name))
        self.tensors.append(tensor)
        self.steps.append(Step(tensor, label, prefix, serial))

    def _function(self, cls: str, kind: int, inputs: tuple[Tensor, ...], label: str | None) -> Tensor:
        """An operation on tensors, or on a tensor and a number."""
        given: dict[str, Value] = self._arguments(kind, inputs[0])
        left = iter(inputs)
        args = {name: given[name] if name in given else next(left) for name in ("x1", "x2")}
        op = Op("function", f"keras.{cls}", inputs, args=args, node=self.node, label=label or "")
        shape = inputs[0].shape if len(inputs) == 1 or inputs[0].shape == inputs[1].shape else None
        return made_tensor(op, shape, self.node)

    def _layer(
        self, cls: str, args: dict[str, Value], inputs: tuple[Tensor, ...], label: str | None, explicit: bool
    ) -> Tensor:
        """A layer called on tensors."""
        layer = Layer(self._canonical(cls), args, node=self.node)
        if self.pretrained:
            layer.state["pretrained"] = Const(True, node=self.node)
        if label is not None:
            name = layer.state[NAME] = Const(label, node=self.node)
            if explicit:
                layer.args = {**args, "name": name}
        made = result(Call(layer, tuple(tensor.shape for tensor in inputs), nested=nested))
        layer.state[WEIGHTS] = made.weights
        op = Op("layer", layer.name, inputs, layer, node=self.node)
        remember_call(self.machine, layer, op)
        return made_tensor(op, made.output if isinstance(made.output, tuple) else None, self.node)

    @staticmethod
    def _canonical(kind: str) -> str:
        return f"keras.{kind}" if "." in kind else f"keras.layers.{kind}"

    def _sequence(self, arguments: dict[str, Any], start: Tensor, name: str) -> Tensor:
        """A sequential model called on a tensor; what it holds has names."""
        tensor = start
        layers: list[Value] = []
        for label, cls, given in arguments["layers"]:
            args = {key: self._converted(value, tensor) for key, value in given.items()}
            tensor = self._layer(cls, args, (tensor,), label.replace("$name", self.name or ""), True)
            assert tensor.op.layer is not None
            layers.append(tensor.op.layer)
        given_name = Const(name, node=self.node)
        state = {"layers": tuple(layers), NAME: given_name}
        model = Model("sequential", "keras.Sequential", {"name": given_name}, node=self.node, state=state)
        op = Op("layer", model.name, (start,), model, inner=tensor, node=self.node)
        remember_call(self.machine, model, op)
        return made_tensor(op, tensor.shape, self.node)

    def _arguments(self, kind: int, source: Tensor) -> dict[str, Value]:
        """The arguments of a class; those that do not depend on the input are made once."""
        known = self.args.get(kind)
        if known is None:
            arguments = self.entry.kinds[kind][1]
            known = {key: self._converted(value, source) for key, value in arguments.items()}
            if not str(arguments.get("padding", "")).startswith("$pad"):
                self.args[kind] = known
        return known

    def _converted(self, value: Json, source: Tensor) -> Value:
        """An argument as a value of the domain."""
        if isinstance(value, str) and value.startswith("$"):
            if value.startswith("$pad"):
                return self._padding(int(value[4:]), source.shape)
            name = "dropout_rate" if value == "$dropout" and short(self.model) != "MobileNet" else value[1:]
            return value_of(self.model, name) or Unknown(name, node=self.node)
        if isinstance(value, list):
            return tuple_of(*[self._converted(item, source) for item in value], node=self.node)
        assert not isinstance(value, dict)
        return Const(value, node=self.node)

    def _padding(self, kernel: int, shape: Shape) -> Value:
        """What makes a strided convolution without padding give the half, rounded up."""
        if shape is None or len(shape) != 4:
            return Unknown("padding", node=self.node)
        sides = []
        for size in shape[1:3]:
            # Keras takes an input whose height is open for one of even size.
            less = 1 if size is None or shape[1] is None else 1 - size % 2
            sides.append(tuple_of(Const(kernel // 2 - less), Const(kernel // 2), node=self.node))
        return tuple_of(*sides, node=self.node)


# -- Layers that only these models have --------------------------------------------------------------------------


def result(call: Call) -> Result:
    """What a layer of these models makes of its inputs.

    Raises:
        Misfit: the layer cannot take these inputs.
    """
    own = LAYERS.get(call.layer.name)
    return own(call) if own is not None else apply(call)


def _unchanged(call: Call) -> Result:
    return Result(call.shape)


def _scaled(call: Call) -> Result:
    return Result(call.shape, Weights(whole(call.value("projection_dim"))))


#: By canonical name, for their classes are not public.
LAYERS: dict[str, Callable[[Call], Result]] = {
    "keras.applications.convnext.LayerScale": _scaled,
    "keras.applications.convnext.StochasticDepth": _unchanged,
    "keras.applications.inception_resnet_v2.CustomScaleLayer": _unchanged,
}
