"""Fourier transforms and frames of signals."""

from __future__ import annotations

from kerlint.library.ops.base import Answer, OpCall, Rule, operand, replaced
from kerlint.library.shapes.base import plus, times
from kerlint.program.values import Dimension, Sequence, Shape


def _real_part(call: OpCall) -> Shape:
    """The shape of a pair of real and imaginary parts."""
    pair = call.value("x")
    if isinstance(pair, Sequence) and pair.exact is not None and len(pair.exact) == 2:
        return operand(pair.exact[0])
    return None


def _both(call: OpCall) -> Answer:
    shape = _real_part(call)
    return [shape, shape]


def _half(size: Dimension) -> Dimension:
    return None if size is None else size // 2 + 1


def _real(call: OpCall) -> Answer:
    shape = operand(call.first())
    if not shape:
        return None
    length = shape[-1] if call.is_none("fft_length") else call.integer("fft_length")
    found = (*shape[:-1], _half(length))
    return [found, found]


def _tf_real(call: OpCall) -> Answer:
    shape = operand(call.first())
    if not shape:
        return None
    sizes = call.integers("fft_length")
    length = shape[-1] if call.is_none("fft_length") else sizes[0] if sizes is not None and len(sizes) == 1 else None
    return (*shape[:-1], _half(length))


def _tf_real_2d(call: OpCall) -> Answer:
    shape = operand(call.first())
    if shape is None or len(shape) < 2:
        return None
    height, width = shape[-2:] if call.is_none("fft_length") else call.pair("fft_length", 2)
    return (*shape[:-2], height, _half(width))


def _tf_inverse_2d(call: OpCall) -> Answer:
    shape = operand(call.first())
    if shape is None or len(shape) < 2:
        return None
    if call.is_none("fft_length"):
        return (*shape[:-1], None if shape[-1] is None else 2 * (shape[-1] - 1))
    return (*shape[:-2], *call.pair("fft_length", 2))


def _inverse(call: OpCall) -> Answer:
    shape = _real_part(call)
    if not shape:
        return None
    if call.is_none("fft_length"):
        return (*shape[:-1], None if shape[-1] is None else 2 * (shape[-1] - 1))
    return (*shape[:-1], call.integer("fft_length"))


def _windows(size: Dimension, length: Dimension, step: Dimension) -> Dimension:
    if size is None or length is None or step is None or step < 1:
        return None
    return 1 + (size - length) // step


def _spectrogram(call: OpCall) -> Answer:
    shape, center = operand(call.first()), call.truth("center")
    length = call.integer("fft_length")
    if not shape or center is None:
        return None
    padding = None if length is None else length // 2 * 2 if center else 0
    found = (
        *shape[:-1],
        _windows(plus(shape[-1], padding), length, call.integer("sequence_stride")),
        _half(length),
    )
    return [found, found]


def _signal(call: OpCall) -> Answer:
    shape, length, center = _real_part(call), call.integer("fft_length"), call.truth("center")
    if shape is None or len(shape) < 2 or center is None:
        return None
    if not call.is_none("length"):
        return (*shape[:-2], call.integer("length"))
    steps = times(plus(shape[-2], -1), call.integer("sequence_stride"))
    cut = None if length is None else -(length // 2 * 2) if center else 0
    return (*shape[:-2], plus(steps, length, cut))


def _sequences(call: OpCall) -> Answer:
    shape, length = operand(call.first()), call.integer("sequence_length")
    if not shape:
        return None
    return (*shape[:-1], _windows(shape[-1], length, call.integer("sequence_stride")), length)


def _tf_spectrogram(call: OpCall) -> Answer:
    shape, frame, step = operand(call.first()), call.integer("frame_length"), call.integer("frame_step")
    if not shape or frame is None or call.truth("pad_end") is not False:
        return None
    length = call.integer("fft_length")
    if call.is_none("fft_length"):
        # The next power of two.
        length = 1 << (frame - 1).bit_length()
    count = _windows(shape[-1], frame, step)
    return (*shape[:-1], None if count is None else max(0, count), _half(length))


def _frames(call: OpCall) -> Answer:
    shape, frame, step = operand(call.first()), call.integer("frame_length"), call.integer("frame_step")
    axis = call.integer("axis")
    if not shape or axis is None or not -len(shape) <= axis < len(shape):
        return None
    size = shape[axis]
    ending = call.truth("pad_end")
    if ending is None:
        return None
    count = _windows(size, frame, step)
    if ending:
        count = None if size is None or not step else -(-size // step)
    return replaced(shape, axis % len(shape), None if count is None else max(0, count), frame)


def _as_complex(call: OpCall) -> Answer:
    shape = operand(call.first())
    return shape[:-1] if shape else None


def _as_real(call: OpCall) -> Answer:
    shape = operand(call.first())
    return None if shape is None else (*shape, 2)


def _differences(call: OpCall) -> Answer:
    shape, count, axis = operand(call.first()), call.integer("n"), call.integer("axis")
    if not shape or axis is None or not -len(shape) <= axis < len(shape):
        return None
    size = shape[axis]
    left = None if size is None or count is None else max(0, size - count)
    return replaced(shape, axis % len(shape), left)


def _correlation(call: OpCall) -> Answer:
    first, second, mode = call.shape("x1"), call.shape("x2"), call.text("mode")
    if first is None or second is None or len(first) != 1 or len(second) != 1:
        return None
    a, b = first[0], second[0]
    if a is None or b is None:
        return (None,)
    sizes = {"valid": abs(a - b) + 1, "same": max(a, b), "full": a + b - 1}
    return (sizes[mode],) if mode in sizes else None


RULES: dict[str, Rule] = {
    "complex_pair": _both,
    "rfft": _real,
    "tf_rfft": _tf_real,
    "tf_rfft2d": _tf_real_2d,
    "tf_irfft2d": _tf_inverse_2d,
    "irfft": _inverse,
    "stft": _spectrogram,
    "istft": _signal,
    "extract_sequences": _sequences,
    "tf_stft": _tf_spectrogram,
    "frame": _frames,
    "view_as_complex": _as_complex,
    "view_as_real": _as_real,
    "diff": _differences,
    "correlate": _correlation,
}
