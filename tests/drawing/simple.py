"""Layers for tensors with any number of axes, and for rows and sequences: functions from a shape to a layer."""

from __future__ import annotations

from collections.abc import Callable
from math import prod

from tests.drawing.pen import Pen

Shape = "tuple[int | None, ...]"
Draw = Callable[[Pen, tuple], str]

ACTIVATIONS = ('"relu"', '"tanh"', '"sigmoid"', '"softmax"', "None", '"linear"', '"gelu"')
BOOLS = ("True", "False")


def same(cls: str, *required: tuple[str, tuple[object, ...]], **optional: tuple[object, ...]) -> Draw:
    """A layer whose arguments do not depend on its input."""

    def draw(pen: Pen, shape: tuple) -> str:
        return pen.layer(cls, *((name, pen.pick(options)) for name, options in required), **optional)

    draw.__name__ = cls
    return draw


def dense(pen: Pen, shape: tuple) -> str:
    return pen.layer(
        "Dense",
        ("units", pen.number(1, 12)),
        activation=ACTIVATIONS,
        use_bias=BOOLS,
        lora_rank=(2, "None"),
        kernel_initializer=('"he_normal"',),
    )


def reshape(pen: Pen, shape: tuple) -> str:
    sizes = shape[1:]
    if None in sizes or not sizes:
        target = (pen.pick((-1, 4)), pen.number(1, 4))
    else:
        rest, target = prod(sizes), ()
        for _ in range(pen.number(0, 3)):
            factor = pen.pick([n for n in range(1, min(rest, 12) + 1) if rest % n == 0] or [1])
            target, rest = (*target, factor), rest // factor
        target = (*target, pen.pick((rest, -1)))
    return pen.layer("Reshape", ("target_shape", str(tuple(target))))


def permute(pen: Pen, shape: tuple) -> str:
    order = list(range(1, len(shape)))
    pen.chance.shuffle(order)
    return pen.layer("Permute", ("dims", str(tuple(order))))


def axis_of(pen: Pen, shape: tuple) -> int:
    if not shape:
        return -1
    return pen.pick((-1, -1, len(shape) - 1, pen.number(1, max(1, len(shape) - 1)), pen.number(-len(shape), -1)))


def batch_normalization(pen: Pen, shape: tuple) -> str:
    return pen.layer(
        "BatchNormalization",
        axis=(axis_of(pen, shape),),
        center=BOOLS,
        scale=BOOLS,
        momentum=(0.9,),
        renorm=BOOLS,
        epsilon=("1e-5",),
    )


def layer_normalization(pen: Pen, shape: tuple) -> str:
    several = f"[{axis_of(pen, shape)}]" if pen.maybe(0.5) else str(list(range(1, len(shape))))
    kind = pen.pick(("LayerNormalization", "RMSNormalization"))
    more = {"center": BOOLS, "scale": BOOLS} if kind == "LayerNormalization" else {}
    return pen.layer(kind, axis=(axis_of(pen, shape), several), epsilon=("1e-6",), **more)


def group_normalization(pen: Pen, shape: tuple) -> str:
    return pen.layer(
        "GroupNormalization", groups=(1, 2, -1, 4), axis=(axis_of(pen, shape),), center=BOOLS, scale=BOOLS
    ).replace("GroupNormalization()", "GroupNormalization(groups=1)")


def unit_normalization(pen: Pen, shape: tuple) -> str:
    return pen.layer("UnitNormalization", axis=(axis_of(pen, shape),))


def prelu(pen: Pen, shape: tuple) -> str:
    axes = list(range(1, len(shape)))
    return pen.layer("PReLU", shared_axes=(str(axes[: pen.number(0, len(axes))]), str(axes[1:]), "None"))


def einsum_dense(pen: Pen, shape: tuple) -> str:
    letters = "abcdefg"[: len(shape)]
    if len(shape) < 2:
        letters = "ab"
    kind = pen.number(0, 2)
    if kind == 0:
        equation, sizes, bias = f"{letters},{letters[-1]}z->{letters[:-1]}z", (*shape[1:-1], 6), ("z",)
    elif kind == 1:
        equation, sizes, bias = "...x,xy->...y", (5,), ("y",)
    else:
        equation, sizes, bias = f"{letters},{letters[-1]}yz->{letters[:-1]}yz", (*shape[1:-1], 2, 3), ("yz", "z", "y")
    text: object = str(tuple(sizes)) if len(sizes) != 1 or pen.maybe(0.5) else sizes[0]
    return pen.layer(
        "EinsumDense", ("equation", f'"{equation}"'), ("output_shape", text), bias_axes=[f'"{b}"' for b in bias]
    )


def normalization(pen: Pen, shape: tuple) -> str:
    return pen.layer("Normalization", ("axis", pen.pick(("None", -1))), ("mean", "3.0"), ("variance", "2.0"))


def noise(pen: Pen, shape: tuple) -> str:
    cls = pen.pick(("Dropout", "Dropout", "Dropout", "GaussianDropout", "AlphaDropout", "GaussianNoise"))
    return pen.layer(cls, ("stddev" if cls == "GaussianNoise" else "rate", pen.pick((0.1, 0.5, 0.25))), seed=(1,))


def softmax(pen: Pen, shape: tuple) -> str:
    return pen.layer("Softmax", axis=(axis_of(pen, shape), "-1"))


def spectral(pen: Pen, shape: tuple) -> str:
    return pen.layer("SpectralNormalization", ("layer", dense(pen, shape)), power_iterations=(1, 2))


def lambda_layer(pen: Pen, shape: tuple) -> str:
    body = pen.pick(
        ("x * 2", "x + 1.0", "-x", f"{pen.ops}relu(x)", f"{pen.ops}mean(x, axis=-1)", "x[:, 0]", "x[:, :2]")
    )
    return pen.layer("Lambda", ("function", f"lambda x: {body}"))


ANY: list[Draw] = [
    dense,
    dense,
    dense,
    dense,
    same("Activation", ("activation", ACTIVATIONS)),
    same("ReLU", max_value=(6, "None"), negative_slope=(0.1,)),
    same("LeakyReLU", negative_slope=(0.2, 0.01)),
    same("ELU", alpha=(1.0, 0.5)),
    prelu,
    softmax,
    noise,
    noise,
    batch_normalization,
    batch_normalization,
    layer_normalization,
    group_normalization,
    unit_normalization,
    same("Flatten"),
    same("Flatten"),
    same("Identity"),
    same("ActivityRegularization", l2=("1e-4",)),
    same("Rescaling", ("scale", ("1.0 / 255", "0.5")), offset=("-1.0",)),
    reshape,
    einsum_dense,
    normalization,
    spectral,
    lambda_layer,
]


def embedding(pen: Pen, shape: tuple) -> str:
    return pen.layer(
        "Embedding",
        ("input_dim", pen.number(5, 50)),
        ("output_dim", pen.number(1, 9)),
        mask_zero=BOOLS,
        lora_rank=(2,),
        embeddings_initializer=('"uniform"',),
    )


def category(pen: Pen, shape: tuple) -> str:
    mode = ('"one_hot"', '"multi_hot"', '"count"')
    return pen.pick(
        (
            lambda: pen.layer("CategoryEncoding", ("num_tokens", pen.number(3, 9)), output_mode=mode),
            lambda: pen.layer("Discretization", ("bin_boundaries", "[0.0, 1.0, 2.5]"), output_mode=('"int"', *mode)),
            lambda: pen.layer("Hashing", ("num_bins", pen.number(3, 9)), output_mode=('"int"', *mode)),
            lambda: pen.layer(
                "IntegerLookup",
                vocabulary=("[3, 5, 8]",),
                output_mode=('"int"', *mode),
                num_oov_indices=(1, 2),
                mask_token=(0,),
            ),
        )
    )()


ROWS: list[Draw] = [
    same("RepeatVector", ("n", (1, 3, 5))),
    embedding,
    embedding,
    category,
    same("ReversibleEmbedding", ("input_dim", (9, 20)), ("output_dim", (3, 4)), tie_weights=BOOLS),
    same("MelSpectrogram", fft_length=(64, 32), sequence_stride=(16, 20), num_mel_bins=(8, 12)),
]


def words(pen: Pen) -> str:
    """A layer for strings."""
    mode = ('"int"', '"multi_hot"', '"count"')
    return pen.pick(
        (
            lambda: pen.layer(
                "StringLookup",
                vocabulary=('["a", "b", "c"]',),
                output_mode=mode,
                num_oov_indices=(1, 2),
                mask_token=('""',),
            ),
            lambda: pen.layer("StringLookup", ("max_tokens", 20), ("num_oov_indices", 1), vocabulary=('["a", "b"]',)),
            lambda: pen.layer(
                "TextVectorization",
                ("max_tokens", pen.pick((50, "None"))),
                output_sequence_length=(4, 9),
                vocabulary=('["a", "b"]',),
                output_mode=mode,
                pad_to_max_tokens=BOOLS,
            ),
            lambda: pen.layer("Hashing", ("num_bins", pen.number(3, 9)), output_mode=mode),
        )
    )()
