"""Layers for sequences, images and volumes."""

from __future__ import annotations

from collections.abc import Sequence

from tests.drawing.pen import Pen
from tests.drawing.simple import ACTIVATIONS, ANY, BOOLS, ROWS, Draw, dense, permute, same

PADDING = ('"same"', '"valid"', '"same"')
FORMAT = ('"channels_last"', '"channels_first"')


def sizes(pen: Pen, rank: int, low: int = 1, high: int = 4) -> object:
    """A number for all axes, or one for each."""
    if pen.maybe(0.65):
        return pen.number(low, high)
    numbers = tuple(pen.number(low, high) for _ in range(rank))
    return numbers if pen.maybe(0.7) else list(numbers)


def _format(pen: Pen) -> dict[str, Sequence[object]]:
    return {"data_format": FORMAT} if pen.maybe(0.3) else {}


def convolution(pen: Pen, rank: int) -> str:
    kind = pen.pick(("Conv", "Conv", "Conv", "Transpose", "Depthwise", "Separable"))
    if rank == 3 and kind in ("Depthwise", "Separable"):
        kind = "Conv"
    kernel, filters = ("kernel_size", sizes(pen, rank)), ("filters", pen.pick((1, 2, 4, 6, 8)))
    options: dict[str, Sequence[object]] = {
        "strides": (sizes(pen, rank, 1, 3),),
        "padding": (*PADDING, '"causal"') if rank == 1 else PADDING,
        "dilation_rate": (sizes(pen, rank, 1, 2),),
        "activation": ACTIVATIONS,
        "use_bias": BOOLS,
        **_format(pen),
    }
    if kind == "Conv":
        cls = pen.pick((f"Conv{rank}D", f"Conv{rank}D", f"Convolution{rank}D"))
        return pen.layer(cls, filters, kernel, groups=(1, 2), lora_rank=(2,), **options)
    if kind == "Transpose":
        return pen.layer(f"Conv{rank}DTranspose", filters, kernel, output_padding=(sizes(pen, rank, 0, 1),), **options)
    if kind == "Separable":
        return pen.layer(f"SeparableConv{rank}D", filters, kernel, depth_multiplier=(1, 2), **options)
    return pen.layer(f"DepthwiseConv{rank}D", kernel, depth_multiplier=(1, 2, 3), **options)


def pooling(pen: Pen, rank: int) -> str:
    kind = pen.number(0, 5)
    if kind < 3:
        cls = pen.pick((f"MaxPooling{rank}D", f"AveragePooling{rank}D", f"MaxPool{rank}D", f"AvgPool{rank}D"))
        required = () if cls.startswith("Max") and pen.maybe(0.4) else (("pool_size", sizes(pen, rank, 1, 3)),)
        return pen.layer(cls, *required, strides=(sizes(pen, rank, 1, 3), "None"), padding=PADDING, **_format(pen))
    if kind < 5:
        cls = pen.pick((f"GlobalMaxPooling{rank}D", f"GlobalAveragePooling{rank}D", f"GlobalAvgPool{rank}D"))
        return pen.layer(cls, keepdims=BOOLS, **_format(pen))
    cls = pen.pick((f"AdaptiveMaxPooling{rank}D", f"AdaptiveAveragePooling{rank}D"))
    return pen.layer(cls, ("output_size", sizes(pen, rank, 1, 3)), **_format(pen))


def margins(pen: Pen, rank: int) -> object:
    if rank == 1:
        return pen.pick((1, 2, (0, 1), (2, 1)))
    pairs = tuple((pen.number(0, 2), pen.number(0, 2)) for _ in range(rank))
    return pen.pick((1, 2, tuple(pair[0] for pair in pairs), pairs))


def resizing(pen: Pen, rank: int) -> str:
    more = _format(pen) if rank > 1 else {}
    kind = pen.number(0, 2)
    if kind == 0:
        return pen.layer(f"UpSampling{rank}D", size=(sizes(pen, rank, 1, 3) if rank > 1 else 3,), **more)
    return pen.layer(
        *((f"ZeroPadding{rank}D",) if kind == 1 else (f"Cropping{rank}D",)),
        *(((("padding" if kind == 1 else "cropping"), margins(pen, rank)),) if pen.maybe(0.8) else ()),
        **more,
    )


_IMAGES = (
    *[("RandomFlip", "mode", ('"horizontal"', '"vertical"'))],
    *[(f"Random{kind}", "factor", (0.1, 0.2)) for kind in ("Rotation", "Contrast", "Brightness", "Hue", "Invert")],
    *[(f"Random{kind}", "factor", (0.1, 0.2)) for kind in ("Grayscale", "Erasing", "Saturation", "Sharpness")],
    ("RandomZoom", "height_factor", (0.1, "(-0.2, 0.2)")),
    ("RandomShear", "x_factor", (0.1,)),
    ("AutoContrast", "value_range", ("(0, 1)", "(0, 255)")),
    ("RandomPosterization", "factor", (4,)),
    ("Solarization", "addition_factor", (0.1,)),
    ("RandAugment", "value_range", ("(0, 1)",)),
    ("RandomColorDegeneration", "factor", (0.3,)),
)


def image(pen: Pen, shape: tuple) -> str:
    kind = pen.number(0, 4)
    if kind == 0:
        cls = pen.pick(("Resizing", "CenterCrop", "RandomCrop"))
        return pen.layer(cls, ("height", pen.number(2, 9)), ("width", pen.number(2, 9)), **_format(pen))
    if kind == 1:
        return pen.layer("RandomTranslation", ("height_factor", 0.1), ("width_factor", 0.2), fill_mode=('"nearest"',))
    cls, name, options = pen.pick(_IMAGES)
    return pen.layer(cls, (name, pen.pick(options)))


def recurrent(pen: Pen, shape: tuple, state: bool = False, sequences: bool | None = None) -> str:
    cls = pen.pick(("LSTM", "LSTM", "GRU", "GRU", "SimpleRNN"))
    options: dict[str, Sequence[object]] = {
        "activation": ACTIVATIONS[:3],
        "use_bias": BOOLS,
        "dropout": (0.1,),
        "go_backwards": BOOLS,
        "unroll": ("False",),
        "stateful": ("False",),
    }
    if cls == "GRU":
        options["reset_after"] = BOOLS
    if cls == "LSTM":
        options["unit_forget_bias"] = BOOLS
    text = pen.layer(cls, ("units", pen.number(1, 8)), **options)
    return _returning(pen, text, state, sequences)


def _returning(pen: Pen, text: str, state: bool, sequences: bool | None) -> str:
    if sequences if sequences is not None else pen.maybe(0.5):
        text = text[:-1] + ", return_sequences=True)"
    return text[:-1] + ", return_state=True)" if state else text


def cells(pen: Pen, shape: tuple, state: bool = False) -> str:
    def cell() -> str:
        return pen.layer(pen.pick(("LSTMCell", "GRUCell", "SimpleRNNCell")), ("units", pen.number(1, 6)))

    kind = pen.number(0, 2)
    inner = cell() if kind == 0 else f"[{cell()}, {cell()}]"
    if kind == 2:
        inner = pen.layer("StackedRNNCells", ("cells", inner))
    return _returning(pen, pen.layer("RNN", ("cell", inner)), state, None)


def bidirectional(pen: Pen, shape: tuple, state: bool = False) -> str:
    inner = cells(pen, shape, state) if pen.maybe(0.1) else recurrent(pen, shape, state)
    modes = ('"sum"', '"concat"', '"mul"', '"ave"')
    more = {}
    if pen.maybe(0.1) and "go_backwards" not in inner and "name=" not in inner:
        more["backward_layer"] = (inner[:-1] + ", go_backwards=True)",)
    return pen.layer("Bidirectional", ("layer", inner), merge_mode=modes, **more)


def convolutional_lstm(rank: int) -> Draw:
    def draw(pen: Pen, shape: tuple, state: bool = False) -> str:
        text = pen.layer(
            f"ConvLSTM{rank}D",
            ("filters", pen.number(1, 4)),
            ("kernel_size", sizes(pen, rank, 1, 3)),
            strides=(sizes(pen, rank, 1, 2),),
            padding=PADDING,
            use_bias=BOOLS,
            **_format(pen),
        )
        return _returning(pen, text, state, None)

    return draw


def distributed(pen: Pen, shape: tuple) -> str:
    inner = (shape[0], *shape[2:])
    options = [draw for draw in by_rank(len(inner)) if draw is not distributed]
    return pen.layer("TimeDistributed", ("layer", pen.pick(options)(pen, inner)))


def spectrogram(pen: Pen, shape: tuple) -> str:
    return pen.layer(
        "STFTSpectrogram",
        mode=('"log"', '"magnitude"', '"real"', '"stft"'),
        frame_length=(4, 8),
        frame_step=(2, 4),
        fft_length=(8, 16),
        padding=PADDING,
        expand_dims=BOOLS,
    ).replace("STFTSpectrogram()", "STFTSpectrogram(frame_length=4)")


def spatial(function: object, rank: int) -> Draw:
    def draw(pen: Pen, shape: tuple) -> str:
        return function(pen, rank)  # type: ignore[operator]

    return draw


def _of_rank(rank: int) -> list[Draw]:
    return [
        *[spatial(convolution, rank)] * 5,
        *[spatial(pooling, rank)] * 3,
        *[spatial(resizing, rank)] * 2,
        same(f"SpatialDropout{rank}D", ("rate", (0.2,))),
        permute,
        distributed,
    ]


_BY_RANK: dict[int, list[Draw]] = {
    2: [*ANY, *ROWS],
    3: [
        *ANY,
        *_of_rank(1),
        *[recurrent] * 3,
        *[bidirectional] * 2,
        cells,
        spectrogram,
        same("Masking", mask_value=(0.0, -1.0)),
        same("Embedding", ("input_dim", (9,)), ("output_dim", (2, 3))),
    ],
    4: [*ANY, *_of_rank(2), image, image, convolutional_lstm(1)],
    5: [*ANY, *_of_rank(3), *[convolutional_lstm(2)] * 2],
    6: [*ANY, convolutional_lstm(3), distributed],
}


def by_rank(rank: int) -> list[Draw]:
    """Layers for tensors with so many axes, batch included."""
    return _BY_RANK.get(rank, ANY)


def layer_for(pen: Pen, shape: tuple) -> str:
    """A layer that may take a tensor, and now and then one that cannot."""
    rank = pen.number(2, 5) if pen.maybe(0.03) else len(shape)
    # Small things stay small, large ones get smaller.
    if rank > 2 and pen.maybe(0.04):
        return pen.pick((lambda: pen.layer("Flatten"), lambda: dense(pen, shape)))()
    return pen.pick(by_rank(rank))(pen, shape)
