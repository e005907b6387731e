"""Preprocessing layers: images, numbers, words and sound. Only `Normalization` and `STFTSpectrogram` hold weights."""

from __future__ import annotations

from collections.abc import Callable

from kerlint.library.shapes.base import (
    Call,
    Misfit,
    Output,
    Result,
    Weights,
    dims,
    needs_rank,
    plus,
    show,
    times,
    volume,
    whole,
)
from kerlint.library.shapes.windows import condition, count, for_each_layout, items, steps
from kerlint.program.values import Array, Const, Dimension, Sequence, Shape, Value

#: Old names of what categories are turned into.
_OLD_MODES = {"binary": "multi_hot", "tf-idf": "tf_idf"}

# -- Images -------------------------------------------------------------------------------------------------------

_AUGMENTATION = """AugMix AutoContrast ContrastLimitedAdaptiveHistogramEqualization CutMix Equalization
    MaxNumBoundingBoxes MixUp RandAugment RandomBrightness RandomColorJitter RandomContrast RandomElasticTransform
    RandomErasing RandomFlip RandomGaussianBlur RandomGrayscale RandomHue RandomInvert RandomPerspective
    RandomPosterization RandomRotation RandomSaturation RandomSharpness RandomShear RandomTranslation RandomZoom
    Rescaling Solarization"""


def _unchanged(call: Call) -> Result:
    """Augmentation; of images that come with labels or boxes it is not known which shape is whose."""
    return Result(call.shape if len(call.inputs) == 1 else None)


def _degenerated(call: Call, channels_first: bool) -> Result:
    shape = call.shape
    if shape is not None and len(call.inputs) == 1:
        if len(shape) not in (3, 4):
            raise Misfit(f"{call.layer.short} takes 3 or 4 axes (batch included), not {len(shape)}")
        channels = shape[-3 if channels_first else -1]
        if channels not in (None, 3):
            raise Misfit(f"{call.layer.short} takes images with 3 channels, not {channels}")
    return _unchanged(call)


def _resized(call: Call, channels_first: bool) -> Result:
    """`Resizing` and `CenterCrop`: a batch has 4 axes, a single image 3."""
    shape = call.shape
    if shape is not None and call.layer.short == "CenterCrop" and len(shape) not in (3, 4):
        raise Misfit(f"CenterCrop takes 3 or 4 axes (batch included), not {len(shape)}")
    rank = len(shape) if shape is not None else 0
    return _placed(call, (rank == 4) + channels_first)


def _cropped(call: Call, channels_first: bool) -> Result:
    rank = len(call.shape) if call.shape is not None else 0
    return _placed(call, rank - (2 if channels_first else 3))


def _placed(call: Call, axis: int) -> Result:
    """Height and width put in at two axes that follow each other."""
    shape = call.shape
    if shape is None or len(call.inputs) != 1:
        return Result(None)
    if axis < 0 or axis + 2 > len(shape):
        raise Misfit(f"{call.layer.short} takes an image, not an input of the shape {show(shape)}")
    size = (call.integer("height"), call.integer("width"))
    return Result((*shape[:axis], *size, *shape[axis + 2 :]))


def _random_size(call: Call) -> Result:
    """`RandomHeight` and `RandomWidth` of Keras 2: the new size is known at run time only."""
    shape = call.shape
    if shape is None or len(shape) < 3:
        return Result(None)
    axis = len(shape) - (3 if call.layer.short == "RandomHeight" else 2)
    return Result((*shape[:axis], None, *shape[axis + 1 :]))


# -- Numbers ------------------------------------------------------------------------------------------------------


def _normalization(call: Call) -> Result:
    """Holds mean, variance and a count, unless mean and variance are given."""
    given = _is_given(call, "mean"), _is_given(call, "variance")
    if None not in given and given[0] != given[1]:
        raise Misfit("Normalization takes both mean and variance, or neither")
    wanted = call.value("axis")
    axes = () if call.is_none("axis") else dims(wanted)
    adapted = call.layer.state.get("adapted")
    # Adapted to data, the layer is built for its shape.
    seen = adapted.shape if isinstance(adapted, Array) and adapted.shape is not None else call.shape
    kept = _kept(axes, seen, strict=adapted is None)
    if True in given:
        _check_statistics(call, axes, kept)
        return Result(call.shape)
    known = False in given and kept is not None
    return Result(call.shape, Weights(0, plus(times(2, volume(kept)), 1) if known and kept is not None else None))


def _is_given(call: Call, name: str) -> bool | None:
    """Whether an argument is something other than None."""
    without = call.is_none(name)
    return True if isinstance(call.value(name), Array) else None if without is None else not without


def _kept(axes: tuple[Dimension, ...] | None, shape: Shape, strict: bool) -> tuple[Dimension, ...] | None:
    """The sizes of the axes that have a mean of their own, in the order of the input."""
    if axes == ():
        return ()
    if axes is None or shape is None:
        return None
    rank = len(shape)
    chosen = set()
    for axis in axes:
        if axis is None:
            return None
        if not -rank <= axis < rank:
            if not strict:
                return None
            raise Misfit(f"Normalization over axis {axis} takes more axes than {show(shape)} has")
        axis %= rank
        if axis in chosen:
            # Such a layer can be built where the axis has one entry only.
            return None
        chosen.add(axis)
    return tuple(shape[axis] for axis in sorted(chosen))


def _check_statistics(call: Call, axes: tuple[Dimension, ...] | None, kept: tuple[Dimension, ...] | None) -> None:
    """Mean and variance are of one shape, and it fits the axes from the last one on."""
    mean, variance = _extent(call.value("mean")), _extent(call.value("variance"))
    if mean is None:
        return
    if variance is not None and None not in (*mean, *variance) and mean != variance:
        raise Misfit(f"mean and variance have different shapes: {show(mean)} and {show(variance)}")
    if axes is not None and len(mean) > len(axes):
        raise Misfit(f"mean has {len(mean)} axes, more than Normalization keeps ({len(axes)})")
    for size, room in zip(reversed(mean), reversed(kept or ())):
        if size is not None and room is not None and size not in (1, room):
            raise Misfit(f"a mean of {size} numbers does not fit an axis of {room}")


def _extent(value: Value | None) -> Shape:
    """The shape of a number, of nested lists or of an array."""
    if isinstance(value, Array):
        return value.shape
    if isinstance(value, Const):
        return () if isinstance(value.value, (int, float)) else None
    listed = items(value)
    if not listed:
        return None
    inner = _extent(listed[0])
    return None if inner is None else (len(listed), *inner)


def _category_encoding(call: Call) -> Result:
    if call.is_none("num_tokens"):
        raise Misfit("CategoryEncoding takes the number of tokens")
    tokens = count(call, "num_tokens")
    mode = _mode(call, "one_hot", "multi_hot", "count", old=True)
    return Result(_encoded(call.shape, mode, tokens))


def _discretization(call: Call) -> Result:
    with_bins, with_bounds = _is_given(call, "num_bins"), _is_given(call, "bin_boundaries")
    if with_bins is not None and with_bins == with_bounds:
        raise Misfit("Discretization takes either num_bins or bin_boundaries")
    mode = _mode(call, "int", "one_hot", "multi_hot", "count")
    bins = call.integer("num_bins")
    if bins is not None and bins < 0:
        raise Misfit(f"there cannot be {bins} bins")
    if with_bins is False:
        bins = plus(_length(call.value("bin_boundaries")), 1)
    elif "adapted" in call.layer.state or with_bounds is None:
        # Few data make fewer bins.
        bins = None
    if mode in ("multi_hot", "count") and call.shape is not None:
        # This is what Keras says, though the layer itself encodes the last axis.
        return Result((call.shape[0], *call.shape[2:], bins) if len(call.shape) > 1 else (bins,))
    return Result(_encoded(call.shape, mode, bins))


# -- Words --------------------------------------------------------------------------------------------------------


def _hashing(call: Call) -> Result:
    if call.is_none("num_bins"):
        raise Misfit("Hashing takes the number of bins")
    bins = count(call, "num_bins")
    mode = _mode(call, "int", "one_hot", "multi_hot", "count")
    # Here one_hot takes the place of the last axis, too.
    return Result(_encoded(call.shape, "multi_hot" if mode == "one_hot" else mode, bins))


def _hashed_crossing(call: Call) -> Result:
    mode = _mode(call, "int", "one_hot")
    if call.inputs and len(call.inputs) != 2:
        raise Misfit(f"HashedCrossing takes a list of 2 tensors, not {len(call.inputs)}")
    left, right = call.inputs or (None, None)
    if left and right and None not in (left[-1], right[-1]) and left[-1] != right[-1]:
        raise Misfit(f"HashedCrossing takes tensors of one shape, not {show(left)} and {show(right)}")
    bins = call.integer("num_bins")
    if mode == "one_hot" and left is not None and len(left) == 1 and left[0] == 1:
        return Result((bins,))
    return Result(_encoded(left, mode, bins))


def _lookup(call: Call) -> Result:
    """`StringLookup` and `IntegerLookup`."""
    mode = _mode(call, "int", "one_hot", "multi_hot", "count", "tf_idf", old=True)
    depth = _depth(call, mode, call.value("mask_token"), call.integer("num_oov_indices"), call.value("oov_token"))
    if condition(call, "invert") and mode not in (None, "int"):
        raise Misfit(f"an inverted {call.layer.short} gives tokens, so output_mode cannot be {mode!r}")
    return Result(_encoded(call.shape, mode, depth))


def _text_vectorization(call: Call) -> Result:
    mode = _mode(call, "int", "one_hot", "multi_hot", "count", "tf_idf", old=True)
    length = call.integer("output_sequence_length")
    if mode not in (None, "int"):
        if length is not None:
            raise Misfit(f"output_sequence_length is for output_mode 'int', not {mode!r}")
        if condition(call, "ragged"):
            raise Misfit(f"ragged is for output_mode 'int', not {mode!r}")
    depth = _depth(call, mode, Const(""), 1, Const("[UNK]"))
    shape = call.shape
    if mode == "int":
        return Result((shape[0] if shape else None, length))
    if shape is None or mode is None:
        return Result(None)
    split = call.is_none("split")
    if split is None:
        return Result(None)
    if not split:
        # The words of a text are a new axis, whose length is open.
        return Result((*shape, None, depth) if mode == "one_hot" else (*shape, depth))
    return Result(_encoded(shape if len(shape) > 1 else (*shape, 1), mode, depth))


def _depth(call: Call, mode: str | None, mask: Value | None, unknown: int | None, word: Value | None) -> int | None:
    """The size of an encoding by a vocabulary.

    Args:
        mask: the token that stands for padding.
        unknown: the number of indices for tokens that are not in the vocabulary.
        word: the token that these stand for.

    Raises:
        Misfit: the vocabulary or its limit is none.
    """
    limit = call.integer("max_tokens")
    if limit is not None and limit < 2:
        raise Misfit(f"max_tokens is {limit}, but has to be at least 2")
    if unknown is not None and unknown < 0:
        raise Misfit(f"num_oov_indices is {unknown}, but has to be at least 0")
    padded = condition(call, "pad_to_max_tokens")
    if padded and call.is_none("max_tokens"):
        raise Misfit("pad_to_max_tokens takes max_tokens")
    size = _vocabulary_size(call, mode, mask, unknown, word)
    if size is not None and limit is not None and size > limit:
        raise Misfit(f"a vocabulary of {size} tokens is larger than max_tokens, {limit}")
    return limit if padded else None if padded is None else size


def _all_of(given: Value | None) -> tuple[Value, ...] | None:
    """The tokens that are given, in a list or as what `np.unique` gives; None if they are not all known."""
    if not isinstance(given, Array):
        return items(given)
    values = given.distinct.all_values if given.distinct is not None else None
    return None if values is None or given.shape != (len(values),) else tuple(map(Const, values))


def _vocabulary_size(
    call: Call, mode: str | None, mask: Value | None, unknown: int | None, word: Value | None
) -> int | None:
    """How many tokens the vocabulary that is given has, special ones included."""
    given = call.value("vocabulary")
    weighted = _is_given(call, "idf_weights")
    if mode not in (None, "tf_idf") and weighted:
        raise Misfit(f"idf_weights are for output_mode 'tf_idf', not {mode!r}")
    if not _is_given(call, "vocabulary"):
        return None
    if mode == "tf_idf" and weighted is False:
        raise Misfit("with a vocabulary, output_mode 'tf_idf' takes idf_weights")
    listed = _all_of(given)
    if listed == ():
        raise Misfit("the vocabulary is empty")
    if listed is None or unknown is None or mode is None or not isinstance(mask, Const) or not isinstance(word, Const):
        return None
    tokens = [token.value for token in listed if isinstance(token, Const)]
    if len(tokens) < len(listed) or any(type(token) is not type(tokens[0]) for token in tokens):
        return None
    masked = mask.value is not None and mode == "int"
    special = [mask.value] * masked + [word.value] * unknown
    start = len(special)
    words = tokens[start:] if tokens[:start] == special else tokens
    if len(set(words)) < len(words):
        raise Misfit("the vocabulary has a token twice")
    if mask.value is not None and mask.value in words:
        raise Misfit(f"the vocabulary has the mask token {mask.value!r} at a place where it cannot be")
    if word.value in words and condition(call, "invert"):
        raise Misfit(f"the vocabulary has the token {word.value!r} at a place where it cannot be")
    return start + len(words)


# -- Categories ---------------------------------------------------------------------------------------------------


def _mode(call: Call, *modes: str, old: bool = False) -> str | None:
    """The argument `output_mode`, by its new name.

    Args:
        old: whether the layer still knows the old names.

    Raises:
        Misfit: the layer has no such mode, or does not have it together with `sparse`.
    """
    word = call.text("output_mode")
    if word is None:
        return None
    mode = _OLD_MODES.get(word, word) if old else word
    if mode not in modes:
        raise Misfit(f"output_mode is {word!r}, which {call.layer.short} does not have")
    if mode == "int" and call.layer.short != "HashedCrossing" and condition(call, "sparse"):
        raise Misfit("sparse is not for output_mode 'int'")
    return mode


def _encoded(shape: Shape, mode: str | None, depth: Dimension) -> Output:
    """The shape of categories that are encoded in `depth` numbers."""
    if shape is None or mode is None:
        return None
    if mode == "int":
        return shape
    if mode != "one_hot":
        return (*shape[:-1], depth)
    if len(shape) < 2:
        return (*shape, depth)
    # A last axis of 1 is replaced; whether an unknown one is 1 is not known.
    return None if shape[-1] is None else (*shape[:-1], depth) if shape[-1] == 1 else (*shape, depth)


def _length(value: Value | None) -> int | None:
    if isinstance(value, Array):
        return value.rows if value.rank == 1 else None
    if isinstance(value, Sequence) and value.kind == "set":
        return None
    listed = items(value)
    return None if listed is None else len(listed)


# -- Sound --------------------------------------------------------------------------------------------------------


def _mel_spectrogram(call: Call) -> Result:
    frame, window = call.integer("sequence_length"), call.integer("fft_length")
    if frame is not None and window is not None and frame > window:
        raise Misfit(f"sequence_length, {frame}, is larger than fft_length, {window}")
    shape, stride = call.shape, call.integer("sequence_stride")
    if shape is None or not shape:
        return Result(None)
    length = shape[min(1, len(shape) - 1)]
    known = length is not None and stride is not None and stride > 0
    frames = (length + stride + 1) // stride if known and length is not None and stride is not None else None
    return Result((*shape[: len(shape) > 1], call.integer("num_mel_bins"), frames))


def _stft_spectrogram(call: Call, channels_first: bool) -> Result:
    needs_rank(call, 3)
    frame, step, window = _frames(call)
    mode, padding = _choices(call)
    bins = None if window is None else window // 2 + 1
    parts = None if mode is None else 1 if mode in ("real", "imag") else 2
    weights = Weights(times(frame, bins, parts))
    batch, length, channels = call.shape or (None, None, None)
    if channels_first:
        length, channels = channels, length
    moments = steps(length, frame, step, padding)
    frequencies = times(bins, 2 if mode == "stft" else 1) if mode is not None else None
    expanded = condition(call, "expand_dims")
    if expanded is None:
        return Result(None, weights)
    if expanded:
        if channels_first:
            return Result((batch, channels, moments, frequencies), weights)
        return Result((batch, moments, frequencies, channels), weights)
    together = times(frequencies, channels)
    return Result((batch, together, moments) if channels_first else (batch, moments, together), weights)


def _frames(call: Call) -> tuple[int | None, int | None, int | None]:
    """The length of a frame, the step from one to the next, and the length of the transform."""
    frame = call.integer("frame_length")
    step = whole(call.value("frame_step"))
    window = call.integer("fft_length")
    if frame is not None:
        if step is not None and not 1 <= step <= frame:
            raise Misfit(f"frame_step, {step}, is not between 1 and frame_length, {frame}")
        if window is not None and window < frame:
            raise Misfit(f"fft_length, {window}, is smaller than frame_length, {frame}")
        if call.is_none("frame_step"):
            step = frame // 2
            if step < 1:
                raise Misfit(f"a frame_length of {frame} leaves no step between frames")
        if call.is_none("fft_length"):
            window = 1 << (frame - 1).bit_length()
    return frame, step, window


def _choices(call: Call) -> tuple[str | None, str | None]:
    """The arguments `mode` and `padding`."""
    mode, padding, scaling = call.text("mode"), call.text("padding"), call.text("scaling")
    for name, word, known in (
        ("mode", mode, ("log", "magnitude", "psd", "real", "imag", "angle", "stft")),
        ("padding", padding, ("valid", "same")),
        ("scaling", scaling, ("density", "spectrum")),
    ):
        if word is not None and word not in known:
            raise Misfit(f"{name} is {word!r}, not one of {', '.join(known)}")
    return mode, padding


LAYERS: dict[str, Callable[[Call], Result]] = {
    **dict.fromkeys(_AUGMENTATION.split(), _unchanged),
    "RandomColorDegeneration": for_each_layout(_degenerated),
    "Resizing": for_each_layout(_resized),
    "CenterCrop": for_each_layout(_resized),
    "RandomCrop": for_each_layout(_cropped),
    "RandomHeight": _random_size,
    "RandomWidth": _random_size,
    "Normalization": _normalization,
    "CategoryEncoding": _category_encoding,
    "Discretization": _discretization,
    "Hashing": _hashing,
    "HashedCrossing": _hashed_crossing,
    "StringLookup": _lookup,
    "IntegerLookup": _lookup,
    "TextVectorization": _text_vectorization,
    "MelSpectrogram": _mel_spectrogram,
    "STFTSpectrogram": for_each_layout(_stft_spectrogram),
}
