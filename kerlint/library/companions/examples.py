"""tensorflow_examples: the two blocks of its pix2pix that tutorials on segmentation take over.

Source: https://github.com/tensorflow/examples, tensorflow_examples/models/pix2pix/pix2pix.py.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from kerlint import syntax
from kerlint.library.convert import Handler
from kerlint.library.layers import make_layer
from kerlint.library.naming import give_name
from kerlint.library.objects import argument, bind_arguments
from kerlint.library.shapes import Call, Result
from kerlint.program.constants import text, truth
from kerlint.program.values import Arguments, Const, Model, Object, Unknown, Value

if TYPE_CHECKING:
    from kerlint.library.companions import Method
    from kerlint.program.interpreter.machine import Machine

_NAME = "tensorflow_examples.models.pix2pix.pix2pix"
SIGNATURES = {
    _NAME: """
downsample(filters, size, norm_type='batchnorm', apply_norm=True)
upsample(filters, size, norm_type='batchnorm', apply_dropout=False)
""",
}
#: What a block begins and ends with.
_ENDS = {"downsample": ("Conv2D", "LeakyReLU"), "upsample": ("Conv2DTranspose", "ReLU")}


def _block(short: str) -> Handler:
    """A sequential model: a convolution, a normalisation if it is wanted, dropout, an activation."""

    def answer(machine: Machine, arguments: Arguments, node: syntax.Node) -> Value:
        args, _ = bind_arguments(f"{_NAME}.{short}", arguments)
        given = Object(f"{_NAME}.{short}", args, open=arguments.open, node=node)
        option = truth(argument(given, "apply_norm" if short == "downsample" else "apply_dropout"))
        normalized = option is not False if short == "downsample" else True
        batches = (text(argument(given, "norm_type")) or "").lower() == "batchnorm"
        if option is None or given.open or (normalized and not batches):
            return Unknown(short, node=node)
        first, last = _ENDS[short]
        model = Model("sequential", "keras.Sequential", {}, node=node)
        give_name(machine, model, None)
        convolution = {
            "filters": args.get("filters", Unknown("filters", node=node)),
            "kernel_size": args.get("size", Unknown("size", node=node)),
            "strides": Const(2, node=node),
            "padding": Const("same", node=node),
            "use_bias": Const(False, node=node),
        }
        layers = [_made(machine, first, convolution, node)]
        if normalized:
            layers.append(_made(machine, "BatchNormalization", {}, node))
        if short == "upsample" and option:
            layers.append(_made(machine, "Dropout", {"rate": Const(0.5, node=node)}, node))
        layers.append(_made(machine, last, {}, node))
        model.state["layers"] = tuple(layers)
        return model

    return answer


def _made(machine: Machine, name: str, args: dict[str, Value], node: syntax.Node) -> Value:
    keywords: dict[str, tuple[Value, syntax.Node | None]] = {key: (value, None) for key, value in args.items()}
    return make_layer(machine, f"keras.layers.{name}", Arguments([], keywords), node)


LAYERS: dict[str, Callable[[Call], Result]] = {}
METHODS: dict[str, Method] = {}
FUNCTIONS: dict[str, Handler] = {f"{_NAME}.{short}": _block(short) for short in _ENDS}
