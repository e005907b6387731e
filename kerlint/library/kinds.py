"""What each Keras layer is, as far as rules ask: parametric, activation, noise, normalisation ...

Names are the last part of the canonical name; the sets are checked against the installed
Keras in `tests/test_kinds.py`.
"""

from __future__ import annotations

from kerlint.program.graph import Node
from kerlint.program.values import Const, External, Layer, Object, Unknown, Value

#: Layers with a kernel between their input and their output.
DENSE = frozenset({"Dense", "EinsumDense"})
CONVOLUTION = frozenset(
    {
        "Conv1D",
        "Conv2D",
        "Conv3D",
        "Conv1DTranspose",
        "Conv2DTranspose",
        "Conv3DTranspose",
        "SeparableConv1D",
        "SeparableConv2D",
        "DepthwiseConv1D",
        "DepthwiseConv2D",
        "LocallyConnected1D",
        "LocallyConnected2D",
    }
)
RECURRENT = frozenset(
    {"LSTM", "GRU", "SimpleRNN", "RNN", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D", "CuDNNLSTM", "CuDNNGRU"}
)
PARAMETRIC = DENSE | CONVOLUTION | RECURRENT

#: Layers that are nothing but an activation, and which one.
ACTIVATION_LAYERS = {
    "ReLU": "relu",
    "LeakyReLU": "leaky_relu",
    "PReLU": "prelu",
    "ELU": "elu",
    "Softmax": "softmax",
    "ThresholdedReLU": "thresholded_relu",
}
#: Random at training time, identity otherwise.
NOISE = frozenset(
    {
        "Dropout",
        "SpatialDropout1D",
        "SpatialDropout2D",
        "SpatialDropout3D",
        "GaussianNoise",
        "GaussianDropout",
        "AlphaDropout",
        "ActivityRegularization",
    }
)
NORMALIZATION = frozenset(
    {
        "BatchNormalization",
        "LayerNormalization",
        "GroupNormalization",
        "RMSNormalization",
        "UnitNormalization",
        "SpectralNormalization",
    }
)
#: Change the layout, never a value.
RESHAPING = frozenset(
    {
        "Flatten",
        "Reshape",
        "Permute",
        "RepeatVector",
        "Identity",
        "Masking",
        "InputLayer",
        "ZeroPadding1D",
        "ZeroPadding2D",
        "ZeroPadding3D",
        "Cropping1D",
        "Cropping2D",
        "Cropping3D",
        "UpSampling1D",
        "UpSampling2D",
        "UpSampling3D",
    }
)
POOLING = frozenset(
    f"{kind}Pooling{n}D" for kind in ("Max", "Average", "GlobalMax", "GlobalAverage") for n in (1, 2, 3)
) | frozenset(f"Adaptive{kind}Pooling{n}D" for kind in ("Max", "Average") for n in (1, 2, 3))
#: Bring the values into another range, or make values of what is no number.
SCALING = frozenset({"Rescaling", "Normalization"})
VOCABULARY = frozenset(
    {
        "Embedding",
        "TextVectorization",
        "StringLookup",
        "IntegerLookup",
        "Hashing",
        "Discretization",
        "CategoryEncoding",
        "HashedCrossing",
    }
)
AUGMENTATION_PREFIXES = ("Random", "Auto", "Resizing", "CenterCrop", "MixUp", "CutMix", "AugMix", "Aug")

#: Functions that people give as an activation, which Keras has under another name or not at all.
_FUNCTIONS = {
    **{f"{module}.exp": "exponential" for module in ("tensorflow", "keras.ops", "keras.backend")},
    **{f"{module}.square": "square" for module in ("tensorflow", "keras.ops", "keras.backend")},
}
#: Activations of parametric layers when none is given.
_DEFAULT_ACTIVATION = {
    "LSTM": "tanh",
    "GRU": "tanh",
    "SimpleRNN": "tanh",
    "CuDNNLSTM": "tanh",
    "CuDNNGRU": "tanh",
    "ConvLSTM1D": "tanh",
    "ConvLSTM2D": "tanh",
    "ConvLSTM3D": "tanh",
}


#: What behaves otherwise while a model is trained than afterwards.
MODAL = (NOISE - {"ActivityRegularization"}) | {"BatchNormalization"}


def is_modal(node: Node) -> bool:
    """Whether the layer does something at training time that it does not do afterwards, if it is told the time."""
    if node.kind != "layer" or not (node.short in MODAL or node.short.startswith("Random")):
        return False
    given = node.op.args.get("training")
    # Where the value was written by the program, it does not depend on who calls the model.
    return given is None or given.node is None


def activation_name(value: Value | None) -> str | None:
    """The snake-case name of an activation given as string, function or layer; None if unknown.

    `None` as a value is the linear activation.
    """
    if isinstance(value, Const):
        if value.assumed:
            return None
        if value.value is None:
            return "linear"
        return value.value.lower() if isinstance(value.value, str) else None
    if isinstance(value, External) and value.name.startswith("keras.activations."):
        return value.name.rpartition(".")[2]
    if isinstance(value, External) and value.name in _FUNCTIONS:
        return _FUNCTIONS[value.name]
    if isinstance(value, External) and value.name.startswith("keras.layers."):
        return ACTIVATION_LAYERS.get(value.name.rpartition(".")[2])
    if isinstance(value, Layer):
        if value.short == "Activation":
            return activation_name(value.args.get("activation"))
        return ACTIVATION_LAYERS.get(value.short)
    return None


def own_activation(layer: Object) -> str | None:
    """The activation that a parametric layer applies itself; None if it is not known."""
    value = layer.args.get("activation")
    if ".activation" in layer.state:
        return None
    if value is None:
        if layer.open:
            return None
        return _DEFAULT_ACTIVATION.get(layer.short, "linear")
    return activation_name(value)


def pure_activation(node: Node) -> str | None:
    """The activation, if the node does nothing else; "" if it is one that is not known; None if it is no such node."""
    if node.kind == "function":
        if node.name.startswith("keras.activations."):
            return node.short
        return None
    if node.layer is None:
        return None
    if node.short == "Activation":
        return activation_name(node.layer.args.get("activation")) or ""
    if node.short in ACTIVATION_LAYERS:
        return ACTIVATION_LAYERS[node.short]
    return None


def is_parametric(node: Node) -> bool:
    """Whether the node has a trainable kernel between input and output."""
    return node.kind == "layer" and node.short in PARAMETRIC


def units_of(layer: Object) -> Value:
    """The number of outputs (the last axis) of a parametric layer, as a value."""
    for name in ("units", "filters"):
        if name in layer.args:
            return layer.args[name]
    return Unknown("units")


def unwrapped(layer: Object) -> Object:
    """The layer inside `TimeDistributed` and `Bidirectional`."""
    inner = layer.args.get("layer")
    if layer.short in ("TimeDistributed", "Bidirectional", "SpectralNormalization") and isinstance(inner, Object):
        return inner
    return layer
