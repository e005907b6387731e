"""Which dtype an operation gives: NumPy's rules for two arrays and for an array and a number, and TensorFlow's."""

from __future__ import annotations

#: Bits of the integers and floats.
_SIGNED = {"int8": 8, "int16": 16, "int32": 32, "int64": 64}
_UNSIGNED = {"uint8": 8, "uint16": 16, "uint32": 32, "uint64": 64}
_FLOATS = {"float16": 16, "float32": 32, "float64": 64}
#: The smallest float that holds every integer of so many bits, as NumPy chooses it.
_FLOAT_FOR = {8: "float16", 16: "float32", 32: "float64", 64: "float64"}


def is_integer(dtype: str | None) -> bool:
    """Whether the values are whole numbers; booleans are none."""
    return dtype in _SIGNED or dtype in _UNSIGNED


def is_float(dtype: str | None) -> bool:
    """Whether the values are floating point numbers."""
    return dtype in _FLOATS or dtype == "bfloat16"


def limits(dtype: str | None) -> tuple[int, int] | None:
    """The smallest and the largest number of an integer dtype; None for any other."""
    if dtype in _SIGNED:
        half = 1 << (_SIGNED[dtype] - 1)
        return (-half, half - 1)
    if dtype in _UNSIGNED:
        return (0, (1 << _UNSIGNED[dtype]) - 1)
    return None


def promote(left: str | None, right: str | None) -> str | None:
    """The dtype of NumPy arrays of these two dtypes together."""
    if left == right:
        return left
    if left is None or right is None:
        return None
    if "bool" in (left, right):
        other = right if left == "bool" else left
        return other if is_integer(other) or other in _FLOATS else None
    if left in _FLOATS and right in _FLOATS:
        return max(left, right, key=_FLOATS.__getitem__)
    if is_integer(left) and is_integer(right):
        return _integers(left, right)
    number, whole = (left, right) if left in _FLOATS else (right, left)
    if number not in _FLOATS or not is_integer(whole):
        return None
    needed = _FLOAT_FOR[_bits(whole)]
    return max(number, needed, key=_FLOATS.__getitem__)


def promote_all(dtypes: list[str | None]) -> str | None:
    """The dtype of any number of arrays together."""
    found = dtypes[0] if dtypes else None
    for dtype in dtypes[1:]:
        found = promote(found, dtype)
    return found


def _bits(dtype: str) -> int:
    return _SIGNED.get(dtype) or _UNSIGNED[dtype]


def _integers(left: str, right: str) -> str:
    if (left in _SIGNED) == (right in _SIGNED):
        return max(left, right, key=_bits)
    signed, unsigned = (left, right) if left in _SIGNED else (right, left)
    if _SIGNED[signed] > _UNSIGNED[unsigned]:
        return signed
    bits = 2 * _UNSIGNED[unsigned]
    return f"int{bits}" if bits <= 64 else "float64"


def with_number(dtype: str | None, value: float) -> str | None:
    """The dtype of a NumPy array and a Python number together: the number adapts."""
    if isinstance(value, bool):
        return dtype
    if is_float(dtype):
        return dtype
    if isinstance(value, int):
        bounds = limits(dtype)
        if bounds is None:
            return "int64" if dtype == "bool" else None
        # Out of range: an error in NumPy 2, a larger dtype before.
        return dtype if bounds[0] <= value <= bounds[1] else None
    return "float64" if is_integer(dtype) or dtype == "bool" else None


def quotient(dtype: str | None, form: str) -> str | None:
    """The dtype of a true division whose operands have this dtype together."""
    if is_float(dtype):
        return dtype
    if form == "tensor":
        small = dtype in ("int8", "uint8", "int16", "uint16")
        return "float32" if small else "float64" if is_integer(dtype) else None
    return "float64" if is_integer(dtype) or dtype == "bool" else None


def of_function(dtype: str | None, form: str) -> str | None:
    """The dtype of `exp`, `sqrt`, `sin` ... of an array."""
    if is_float(dtype):
        return dtype
    if dtype == "bool" and form != "tensor":
        return "float16"
    return _FLOAT_FOR[_bits(dtype)] if dtype is not None and is_integer(dtype) and form != "tensor" else None


def of_mean(dtype: str | None, form: str) -> str | None:
    """The dtype of a mean or a deviation."""
    if is_float(dtype):
        return dtype
    if form == "tensor":
        return dtype if is_integer(dtype) else None
    return "float64" if is_integer(dtype) or dtype == "bool" else None


def of_sum(dtype: str | None, form: str) -> str | None:
    """The dtype of a sum or a product: NumPy adds small integers up in large ones."""
    if is_float(dtype) or form == "tensor":
        return dtype
    if dtype == "bool" or dtype in _SIGNED:
        return "int64"
    return "uint64" if dtype in _UNSIGNED else None


def of_number(value: object, form: str) -> str | None:
    """The dtype of an array that is made of Python numbers like this one."""
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int):
        return "int32" if form == "tensor" else "int64"
    if isinstance(value, float):
        return "float32" if form == "tensor" else "float64"
    return None
