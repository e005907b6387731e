"""The steps of a model, from its graph."""

from __future__ import annotations

from collections.abc import Sequence

from kerlint.experiment import Plain
from kerlint.library.kinds import RESHAPING, activation_name, pure_activation, unwrapped
from kerlint.probe.description import LAYERS, Step
from kerlint.probe.literal import Literals, Refused, is_false
from kerlint.probe.repairs import Index
from kerlint.program.constants import number, truth
from kerlint.program.events import Compile
from kerlint.program.graph import Node
from kerlint.program.values import Layer, Object, Shape, Unknown

#: What is taken for an argument that is not known: few units, and small windows.
_SMALL: dict[str, Plain] = {"units": 8, "filters": 8, "output_dim": 8, "kernel_size": 3, "pool_size": 2, "rate": 0.2}
_SMALL |= {"input_dim": 50, "num_heads": 2, "key_dim": 8}
_OPERATORS = {"+": "Add", "-": "Subtract", "*": "Multiply"}
_MERGES = {"add": "Add", "subtract": "Subtract", "multiply": "Multiply", "concatenate": "Concatenate"}
_MERGES |= {"maximum": "Maximum", "minimum": "Minimum", "average": "Average", "concat": "Concatenate"}
#: Functions that only change the layout, given that the shape after them is known.
_LAYOUT = frozenset({"reshape", "expand_dims", "squeeze"})
_SAME = frozenset({"cast", "identity", "stop_gradient", "convert_to_tensor"})
#: Channels that stand in for those of a pretrained model.
STAND_IN = 16


class Steps:
    """The steps that the description of a model consists of.

    Args:
        nodes: the steps of its graph, in order.
        shapes: the shapes of rows of data, for inputs that do not say theirs.
    """

    def __init__(
        self,
        nodes: Sequence[Node],
        compiled: Compile | None,
        shapes: list[list[int] | None],
        literals: Literals,
        assumptions: list[str],
    ) -> None:
        self.made: list[Step] = []
        self.index = Index()
        #: The shapes of rows of each input, in order.
        self.starts: list[tuple[Node, list[int]]] = []
        self._frozen = compiled.frozen if compiled is not None else frozenset[int]()
        self._given = shapes
        self._literals = literals
        self._assumptions = assumptions
        self._ids: dict[int, int] = {}
        self._layers: dict[int, int] = {}
        self._nodes: dict[int, Node] = {}
        for node in nodes:
            self._ids[id(node)] = self._step(node)
            self._nodes[self._ids[id(node)]] = node

    def number(self, node: Node) -> int:
        """The number of the step that a node became."""
        return self._ids[id(node)]

    def shape(self, step: int) -> Shape:
        """The shape of what a step gives, as far as it is known."""
        node = self._nodes[step]
        if node.shape is None and self.made[step]["type"] == "Dense":
            units = self.made[step]["config"].get("units")
            return (None, units) if isinstance(units, int) else None
        return node.shape

    def activation(self, step: int) -> str:
        """The activation that ends the model, `linear` if there is none or if it is not known."""
        node = self._nodes[step]
        while node.inputs and node.short in RESHAPING:
            node = node.inputs[0]
        if pure_activation(node):
            return pure_activation(node) or "linear"
        return activation_name(unwrapped(node.layer).args.get("activation")) or "linear" if node.layer else "linear"

    def _step(self, node: Node) -> int:
        if node.kind == "input":
            return self._input(node)
        inputs = [self._ids[id(source)] for source in node.inputs]
        if node.kind == "layer" and node.short.startswith("Random") and len(inputs) == 1:
            self._assumptions.append(f"{node.short} is left out")
            return self._add("Identity", {}, inputs, node)
        if node.kind == "layer" and node.layer is not None:
            return self._layer(node, node.layer, inputs)
        if node.kind == "gap" and node.name.startswith("keras.applications."):
            return self._backbone(node, inputs)
        if node.kind in ("function", "operator"):
            return self._function(node, inputs)
        raise Refused("a step of the model is not understood")

    def _add(
        self,
        kind: str,
        config: dict[str, Plain],
        inputs: list[int],
        node: Node | None = None,
        *,
        trainable: bool = True,
    ) -> int:
        number_of = len(self.made)
        layer = number_of
        call: dict[str, Plain] = {}
        if node is not None and isinstance(node.layer, Layer):
            layer = self._layers.setdefault(id(node.layer), number_of)
            flag = node.op.args.get("training")
            if flag is not None and flag.node is not None and truth(flag) is not None:
                call["training"] = truth(flag)
        self.made.append(
            {
                "id": number_of,
                "type": kind,
                "config": config,
                "inputs": inputs,
                "layer": layer,
                "trainable": trainable,
                "call": call,
            }
        )
        if node is not None:
            self.index.add(node, number_of)
        return number_of

    def _input(self, node: Node) -> int:
        position = len(self.starts)
        given = self._given[position] if position < len(self._given) else None
        shape = self._row(node, given)
        self.starts.append((node, shape))
        return self._add("Input", {"shape": list(shape)}, [], node)

    def _row(self, node: Node, given: list[int] | None) -> list[int]:
        """The shape of a row; sizes that are not known are chosen."""
        if given is not None and node.shape is None:
            return given
        known = list(node.shape[1:]) if node.shape is not None else self._guess(node)
        if given is not None and len(known) == len(given):
            known = [size if size is not None else given[index] for index, size in enumerate(known)]
        small = {1: [8], 2: [12, 8], 3: [32, 32, 3], 4: [8, 16, 16, 1]}.get(len(known), [4] * len(known))
        if any(size is None for size in known):
            self._assumptions.append(f"the input has the shape {_shown(known, small)}")
        return [small[index] if size is None else size for index, size in enumerate(known)]

    def _guess(self, node: Node) -> list[int | None]:
        """The shape that the first layer needs."""
        reader = node
        while reader.consumers:
            reader = reader.consumers[0]
            layer = unwrapped(reader.layer) if reader.layer is not None else None
            if layer is None:
                break
            if layer.short == "Embedding":
                return [12]
            if layer.short in ("LSTM", "GRU", "SimpleRNN", "Conv1D", "RNN"):
                return [None, None]
            if layer.short.endswith(("2D", "2DTranspose")):
                return [None, None, None]
            if layer.short == "Dense":
                return [None]
        raise Refused("the shape of the input is not known")

    def _layer(self, node: Node, layer: Object, inputs: list[int]) -> int:
        if (isinstance(layer, Layer) and layer.cls is not None) or node.short not in LAYERS:
            raise Refused(f"{node.short} cannot be rebuilt")
        for name in ("batch_normalization", "return_state"):
            if truth(layer.args.get(name)):
                raise Refused(f"{node.short} with {name} cannot be rebuilt")
        known = dict(layer.args)
        for name in [name for name, value in known.items() if isinstance(value, Unknown) and name in _SMALL]:
            self._assumptions.append(f"{name} of {node.short} is {_SMALL[name]}")
            known.pop(name)
        shown = Object(layer.name, known, layer.places, layer.open, node=layer.node, state=_settled(layer))
        config = self._literals.config(shown)
        config |= {name: _SMALL[name] for name in layer.args if name not in known}
        if node.short == "Embedding" and "input_dim" in layer.args:
            # Ignored elsewhere, where it is the width of the input.
            found = number(layer.args["input_dim"])
            config["input_dim"] = int(found) if found is not None else _SMALL["input_dim"]
        if "Pooling" in node.short and not node.short.startswith("Global"):
            config.setdefault("pool_size", 2)
        if "weights" in layer.args:
            self._assumptions.append(f"{node.short} starts with random weights")
        return self._add(node.short, config, inputs, node, trainable=not self._is_frozen(node))

    def _is_frozen(self, node: Node) -> bool:
        makers = [*node.owners, *([node.layer] if node.layer is not None else [])]
        if any(id(maker) in self._frozen for maker in makers):
            return True
        return isinstance(node.layer, Object) and is_false(node.layer.args.get("trainable"))

    def _function(self, node: Node, inputs: list[int]) -> int:
        short = node.short
        activation = pure_activation(node)
        if activation:
            return self._add("Activation", {"activation": activation}, inputs, node)
        if node.kind == "operator" and len(inputs) == 2 and node.name in _OPERATORS:
            return self._add(_OPERATORS[node.name], {}, inputs, node)
        if node.kind == "operator" and len(inputs) == 1:
            return self._arithmetic(node, inputs)
        if short.lower() in _MERGES and len(inputs) > 1:
            axis = number(node.op.args.get("axis"))
            config: dict[str, Plain] = {"axis": int(axis)} if axis is not None and short.startswith("concat") else {}
            return self._add(_MERGES[short.lower()], config, inputs, node)
        if short in _SAME and len(inputs) == 1:
            return self._add("Identity", {}, inputs, node)
        if short in _LAYOUT and len(inputs) == 1 and node.shape is not None and None not in node.shape[1:]:
            return self._add("Reshape", {"target_shape": list(node.shape[1:])}, inputs, node)
        raise Refused(f"the step {short} cannot be rebuilt")

    def _arithmetic(self, node: Node, inputs: list[int]) -> int:
        """A number and a tensor."""
        right, left = number(node.op.args.get("right")), number(node.op.args.get("left"))
        config: dict[str, Plain] | None = None
        if right is not None:
            config = {
                "*": {"scale": right},
                "/": {"scale": 1 / right if right else 0.0},
                "+": {"scale": 1.0, "offset": right},
                "-": {"scale": 1.0, "offset": -right},
            }.get(node.name)  # type: ignore[assignment]
        elif left is not None:
            config = {
                "*": {"scale": left},
                "+": {"scale": 1.0, "offset": left},
                "-": {"scale": -1.0, "offset": left},
            }.get(node.name)  # type: ignore[assignment]
        if config is None:
            raise Refused(f"the step {node.name} cannot be rebuilt")
        return self._add("Rescaling", config, inputs, node)

    def _backbone(self, node: Node, inputs: list[int]) -> int:
        """A small network in the place of a pretrained one: convolution, batch normalisation, relu."""
        shape = node.shape
        if shape is None or len(inputs) != 1 or len(shape) not in (2, 4):
            raise Refused(f"{node.short} cannot be stood in for")
        self._assumptions.append(f"a small convolution with batch normalisation stands in for {node.short}")
        trainable = not any(id(owner) in self._frozen for owner in (*node.owners, node.op.layer))
        flag = truth(node.op.args.get("training"))
        height, width = (shape[1] or 4, shape[2] or 4) if len(shape) == 4 else (4, 4)
        first = self._add("Resizing", {"height": height, "width": width}, inputs, node)
        same: dict[str, Plain] = {"filters": STAND_IN, "kernel_size": 3, "padding": "same"}
        step = self._add("Conv2D", same, [first], node, trainable=trainable)
        step = self._add("BatchNormalization", {}, [step], node, trainable=trainable)
        if flag is not None:
            self.made[-1]["call"] = {"training": flag}
        step = self._add("ReLU", {}, [step])
        if len(shape) == 2:
            step = self._add("GlobalAveragePooling2D", {}, [step])
        return step


def _settled(layer: Object) -> dict[str, object]:
    """The part of a layer's state that says that it was changed."""
    return {name: value for name, value in layer.state.items() if name.startswith(".")}


def _shown(known: list[int | None], small: list[int]) -> str:
    sizes = [small[index] if size is None else size for index, size in enumerate(known)]
    return "(" + ", ".join(map(str, sizes)) + ")"
