"""The classes of operations that Keras 3 shows in `model.summary()` for functions and operators on tensors."""

from __future__ import annotations

from kerlint import syntax

#: What the operators are; `subscript` is `x[...]` and `negative` is `-x`.
_OPERATORS = {
    "+": "Add",
    "-": "Subtract",
    "*": "Multiply",
    "/": "TrueDivide",
    "//": "FloorDivide",
    "%": "Mod",
    "**": "Power",
    "@": "Matmul",
    "<": "Less",
    "<=": "LessEqual",
    ">": "Greater",
    ">=": "GreaterEqual",
    "!=": "NotEqual",
    "&": "LogicalAnd",
    "|": "LogicalOr",
    "^": "LogicalXor",
    "subscript": "GetItem",
    "negative": "Negative",
}
#: Functions whose class is not their name in camel case.
_FUNCTIONS = {
    "keras.activations.exponential": "Exp",
    "keras.activations.hard_swish": "HardSilu",
    "keras.activations.swish": "Silu",
    "keras.ops.abs": "Absolute",
    "keras.ops.allclose": "AllClose",
    "keras.ops.batch_normalization": "BatchNorm",
    "keras.ops.cdist": "CDist",
    "keras.ops.conj": "Conjugate",
    "keras.ops.ctc_decode": "CTCDecode",
    "keras.ops.ctc_loss": "CTCLoss",
    "keras.ops.fft": "FFT",
    "keras.ops.fft2": "FFT2",
    "keras.ops.ifft2": "IFFT2",
    "keras.ops.image.extract_patches_3d": "ExtractPatches",
    "keras.ops.image.hsv_to_rgb": "HSVToRGB",
    "keras.ops.image.rgb_to_grayscale": "RGBToGrayscale",
    "keras.ops.image.rgb_to_hsv": "RGBToHSV",
    "keras.ops.image.ssim": "SSIM",
    "keras.ops.irfft": "IRFFT",
    "keras.ops.isin": "IsIn",
    "keras.ops.istft": "ISTFT",
    "keras.ops.jvp": "JVP",
    "keras.ops.layer_normalization": "LayerNorm",
    "keras.ops.psnr": "PSNR",
    "keras.ops.rfft": "RFFT",
    "keras.ops.rms_normalization": "RMSNorm",
    "keras.ops.searchsorted": "SearchSorted",
    "keras.ops.stft": "STFT",
    "keras.ops.svd": "SVD",
}
#: Functions that make no operation of a tensor.
_NONE = frozenset(
    f"keras.ops.{name}"
    for name in """bartlett blackman convert_to_numpy custom_gradient dtype empty eye hamming hanning identity is_tensor
    kaiser ones shape tri vectorize zeros""".split()
) | {"keras.activations.linear"}
_PACKAGES = ("keras.ops", "keras.ops.image", "keras.activations")


def operation_class(name: str, node: syntax.Node | None = None) -> str:
    """The class of the operation for an operator, or a function by its canonical name; "" if there is none.

    `keras.activations.relu` and `keras.ops.relu` have one canonical name but two classes: the call tells which.
    """
    if name in _OPERATORS:
        return _OPERATORS[name]
    if name == "keras.activations.relu":
        return _relu(node)
    package, _, short = name.rpartition(".")
    if package not in _PACKAGES or name in _NONE:
        return ""
    return _FUNCTIONS.get(name) or "".join(part.capitalize() for part in short.split("_"))


def _relu(node: syntax.Node | None) -> str:
    """The class for a call that names the package it takes `relu` from."""
    function = node.func if isinstance(node, syntax.Call) else None
    if not isinstance(function, syntax.Attribute):
        return ""
    return {"activations": "ReLU", "ops": "Relu", "nn": "Relu"}.get(syntax.last_name(function.value), "")
