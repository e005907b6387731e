"""Output shapes and numbers of weights of layers, with unknown dimensions.

Each family of layers is a module with a table `LAYERS` of functions from a `Call` to a `Result`; it is imported
when a layer of that family is first called. Formulas are those of Keras 3; `tests/test_summary_oracle.py` compares
all of them with the installed Keras.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module

from kerlint.library import companions
from kerlint.library.shapes.base import (
    NO_WEIGHTS,
    UNKNOWN,
    UNKNOWN_WEIGHTS,
    BadArgument,
    Call,
    Misfit,
    Output,
    Result,
    Weights,
    dims,
    show,
    whole,
)
from kerlint.program.values import Layer, Object, Shape, Value

__all__ = [
    "NO_WEIGHTS",
    "UNKNOWN",
    "UNKNOWN_WEIGHTS",
    "BadArgument",
    "Call",
    "Misfit",
    "Output",
    "Result",
    "Weights",
    "apply",
    "dims",
    "output_shape",
    "show",
    "whole",
]

#: The layers of each module.
_FAMILIES = {
    "activation": "Activation ELU LeakyReLU PReLU ReLU Softmax ThresholdedReLU",
    "attention": "AdditiveAttention Attention GroupQueryAttention MultiHeadAttention",
    "convolution": """Conv1D Conv2D Conv3D Conv1DTranspose Conv2DTranspose Conv3DTranspose DepthwiseConv1D
        DepthwiseConv2D SeparableConv1D SeparableConv2D LocallyConnected1D LocallyConnected2D""",
    "core": """ActivityRegularization Dense EinsumDense Embedding Identity InputLayer Masking ReversibleEmbedding
        AlphaDropout Dropout GaussianDropout GaussianNoise SpatialDropout1D SpatialDropout2D SpatialDropout3D""",
    "merging": "Add Average Concatenate Dot Maximum Minimum Multiply Subtract",
    "normalization": """BatchNormalization GroupNormalization LayerNormalization RMSNormalization UnitNormalization
        SyncBatchNormalization""",
    "pooling": """AveragePooling1D AveragePooling2D AveragePooling3D MaxPooling1D MaxPooling2D MaxPooling3D
        GlobalAveragePooling1D GlobalAveragePooling2D GlobalAveragePooling3D GlobalMaxPooling1D GlobalMaxPooling2D
        GlobalMaxPooling3D AdaptiveAveragePooling1D AdaptiveAveragePooling2D AdaptiveAveragePooling3D
        AdaptiveMaxPooling1D AdaptiveMaxPooling2D AdaptiveMaxPooling3D""",
    "preprocessing": """AugMix AutoContrast CategoryEncoding CenterCrop ContrastLimitedAdaptiveHistogramEqualization
        CutMix Discretization Equalization HashedCrossing Hashing IntegerLookup MaxNumBoundingBoxes MelSpectrogram
        MixUp Normalization RandAugment RandomBrightness RandomColorDegeneration RandomColorJitter RandomContrast
        RandomCrop RandomElasticTransform RandomErasing RandomFlip RandomGaussianBlur RandomGrayscale RandomHue
        RandomInvert RandomPerspective RandomPosterization RandomRotation RandomSaturation RandomSharpness RandomShear
        RandomTranslation RandomZoom RandomHeight RandomWidth Rescaling Resizing STFTSpectrogram Solarization
        StringLookup TextVectorization""",
    "recurrent": """ConvLSTM1D ConvLSTM2D ConvLSTM3D CuDNNGRU CuDNNLSTM GRU GRUCell LSTM LSTMCell RNN SimpleRNN
        SimpleRNNCell StackedRNNCells""",
    "reshaping": """Cropping1D Cropping2D Cropping3D Flatten Permute RepeatVector Reshape UpSampling1D UpSampling2D
        UpSampling3D ZeroPadding1D ZeroPadding2D ZeroPadding3D""",
    "wrappers": "Bidirectional SpectralNormalization TimeDistributed",
}
_FAMILY_OF = {layer: family for family, layers in _FAMILIES.items() for layer in layers.split()}


def apply(call: Call) -> Result:
    """What a layer of the library makes of its inputs; `UNKNOWN` for one that is not in the tables.

    Raises:
        Misfit: the layer cannot take these inputs.
    """
    function = companions.rule(call.layer.name) or _function(call.layer.short)
    return UNKNOWN if function is None else function(call)


@cache
def _function(layer: str) -> Callable[[Call], Result] | None:
    family = _FAMILY_OF.get(layer)
    if family is None:
        return None
    table: dict[str, Callable[[Call], Result]] = import_module(f"kerlint.library.shapes.{family}").LAYERS
    return table.get(layer)


def nested(value: Value, shape: Shape) -> Result:
    """`apply` for a layer that is an argument of another: of the library only."""
    if isinstance(value, Object) and not (isinstance(value, Layer) and value.cls is not None):
        return apply(Call(value, (shape,), nested=nested))
    return UNKNOWN


def output_shape(layer: Object, inputs: list[Shape]) -> Shape:
    """The shape of the only output of a library layer; None where it is not known.

    Raises:
        Misfit: the layer cannot take these inputs.
    """
    output = apply(Call(layer, tuple(inputs), nested=nested)).output
    return output if isinstance(output, tuple) else None
