"""Random numbers: `numpy.random`, its generators, `tf.random`, `keras.random` and Python's `random`."""

from __future__ import annotations

from kerlint import syntax
from kerlint.library import inplace
from kerlint.library.convert import Call, Function, Handler, as_array, dtype_or, handler, handlers, is_none, shape_of
from kerlint.program.alternatives import one_of
from kerlint.program.constants import constant, integer, number, truth
from kerlint.program.interpreter.machine import Machine
from kerlint.program.labels import Labels
from kerlint.program.values import LENGTH, Arguments, Array, Const, Gap, Object, Sequence, Shape, Unknown, Value
from kerlint.records import replace

#: Larger numbers are no classes.
MAX_CLASSES = 10_000_000
#: So many standard deviations from the mean, there is nothing in any array of a usual size.
SPREAD = 6.0


def noise(shape: Shape, dtype: str | None, low: float | None, high: float | None, how: str, node: syntax.Node) -> Array:
    """Independent random numbers."""
    return Array(
        shape,
        dtype,
        low,
        high,
        tight=how in ("uniform", "integers") and low is not None and high is not None,
        labels=Labels("continuous") if how in ("uniform", "normal") else None,
        source=f"random.{how}",
        noise=True,
        order="random",
        node=node,
    )


def random_integers(shape: Shape, low: float | None, high: float | None, dtype: str | None, node: syntax.Node) -> Array:
    """Random integers between two bounds, both included."""
    array = noise(shape, dtype, low, high, "integers", node)
    column = shape is None or len(shape) <= 1 or (len(shape) == 2 and shape[1] == 1)
    if low == 0 and high is not None and 1 <= high < MAX_CLASSES and column:
        array.labels = Labels("binary" if high == 1 else "classes", int(high) + 1, sure=False)
    return array


def _default(call: Call, name: str, default: float) -> float | None:
    """A number, by default another; None if it is not known."""
    return number(call.args[name]) if name in call.args else default


def _size(call: Call) -> Shape:
    """The shape of what `size=` or `shape=` asks for."""
    return shape_of(call.value("size") or call.value("shape"))


def _dims(call: Call) -> Shape:
    """The shape of `rand(2, 3)`."""
    return tuple(integer(value) for value in call.positional)


def _rand(call: Call) -> Value:
    return noise(_dims(call), "float64", 0, 1, "uniform", call.node)


def _random(call: Call) -> Value:
    return noise(_size(call), dtype_or(call.value("dtype"), "float64"), 0, 1, "uniform", call.node)


def _uniform(call: Call) -> Value:
    """`uniform(low, high, size)`."""
    ends = (call.value("low"), call.value("high"))
    low, high = _default(call, "low", 0.0), _default(call, "high", 1.0)
    if any(isinstance(end, (Array, Sequence)) and (not isinstance(end, Array) or end.shape != ()) for end in ends):
        low = high = None
    shape = _size(call) if call.given("size") is not None or all(map(_is_plain, ends)) else None
    return noise(shape, "float64", low, high, "uniform", call.node)


def _is_plain(value: Value | None) -> bool:
    """Whether a parameter of a distribution is one number, so that it does not give the shape."""
    return value is None or isinstance(value, Const) or (isinstance(value, Array) and value.shape == ())


def _normal(mean: str, spread: str, dtype: str) -> Function:
    """Normal distributions; practically all of their numbers lie within some standard deviations."""

    def answer(call: Call) -> Value:
        center, scale = _default(call, mean, 0.0), _default(call, spread, 1.0)
        known = center is not None and scale is not None
        low = center - SPREAD * abs(scale) if center is not None and scale is not None else None
        high = center + SPREAD * abs(scale) if center is not None and scale is not None else None
        sized = call.given("size") is not None or call.given("shape") is not None
        plain = sized or (_is_plain(call.value(mean)) and _is_plain(call.value(spread)))
        shape = _size(call) if plain else None
        found = dtype_or(call.value("dtype"), dtype)
        return noise(shape, found, low if known else None, high if known else None, "normal", call.node)

    return answer


def _truncated(call: Call) -> Value:
    """Normal distributions cut off at two standard deviations."""
    center, scale = _default(call, "mean", 0.0), _default(call, "stddev", 1.0)
    low = center - 2 * abs(scale) if center is not None and scale is not None else None
    high = center + 2 * abs(scale) if center is not None and scale is not None else None
    return noise(_size(call), dtype_or(call.value("dtype"), "float32"), low, high, "normal", call.node)


def _randn(call: Call) -> Value:
    return noise(_dims(call), "float64", -SPREAD, SPREAD, "normal", call.node)


def _randint(call: Call) -> Value:
    """`randint(low, high, size)`; a generator's `integers` may include the end."""
    low, high = number(call.first), number(call.value("high"))
    plain = _is_plain(call.first) and _is_plain(call.value("high"))
    if is_none(call.value("high")):
        low, high = (0.0 if plain else None), low
    last = truth(call.value("endpoint")) if "endpoint" in call.args else False
    top = None if high is None or last is None else high if last else high - 1
    shape = _size(call) if plain or call.given("size") is not None else None
    return random_integers(shape, low, top, dtype_or(call.value("dtype"), "int64"), call.node)


def _choice(call: Call) -> Value:
    pool = call.first
    shape = shape_of(call.value("size"))
    size = integer(pool)
    if size is not None:
        drawn = random_integers(shape, 0, size - 1, "int64", call.node)
        shares = as_array(call.value("p"))
        if drawn.labels is not None and shares is not None:
            drawn.labels = replace(drawn.labels, rarest=shares.low if shares.tight else None)
        return drawn
    known = as_array(pool, call.node)
    if known is None:
        return Array(shape, noise=True, order="random", node=call.node)
    if known.shape is not None and len(known.shape) != 1:
        if known.shape == ():
            return Array(shape, "int64", 0.0, None, noise=True, order="random", node=call.node)
        shape = None if shape is None else (*shape, *known.shape[1:])
    rank = None if shape is None else len(shape)
    return known.derive(
        call.node,
        shape=shape,
        noise=True,
        order="random",
        columns=None,
        values=None,
        tight=known.tight and "p" not in call.args,
        labels=known.labels if rank == 1 or known.rank != 1 else None,
        source="random.choice",
    )


def _binomial(call: Call) -> Value:
    count = integer(call.value("n"))
    plain = _is_plain(call.value("n")) and _is_plain(call.value("p"))
    shape = _size(call) if plain or call.given("size") is not None else None
    array = noise(shape, "int64", 0, None if count is None else float(count), "binomial", call.node)
    if count == 1:
        array.labels = Labels("binary", 2, sure=False, rarest=_rarer(number(call.value("p"))))
    return array


def _rarer(share: float | None) -> float | None:
    """The smaller of two shares, by one of them."""
    return None if share is None else min(share, 1 - share)


def _positive(dtype: str, largest: float | None = None) -> Function:
    """Distributions of numbers from 0 on."""

    def answer(call: Call) -> Value:
        own = [value for name, value in call.args.items() if name not in ("size", "dtype", "shape")]
        plain = call.given("size") is not None or all(map(_is_plain, own))
        return noise(_size(call) if plain else None, dtype, 0.0, largest, "positive", call.node)

    return answer


def _multivariate(call: Call) -> Value:
    mean = as_array(call.value("mean"), call.node)
    size = _size(call)
    width = mean.rows if mean is not None and mean.rank == 1 else None
    shape = None if size is None else (*size, width)
    return Array(shape, "float64", source="random.normal", noise=True, order="random", node=call.node)


def _of_tensors(call: Call) -> Value:
    """`tf.random.uniform(shape, minval, maxval, dtype)` and `keras.random.randint`."""
    low, high = _default(call, "minval", 0.0), _default(call, "maxval", 1.0)
    if is_none(call.value("maxval")):
        high = 1.0
    default = "int32" if call.name.endswith("randint") else "float32"
    dtype = dtype_or(call.value("dtype"), default)
    shape = shape_of(call.value("shape"))
    if dtype is not None and "int" in dtype:
        top = high if "maxval" in call.args else None
        return random_integers(shape, low, None if top is None else top - 1, dtype, call.node)
    return noise(shape, dtype, low, high, "uniform", call.node)


def _shuffled(call: Call) -> Value:
    """`permutation(x)` and `tf.random.shuffle(x)`: the rows in another order."""
    size = integer(call.first)
    array = as_array(call.first, call.node)
    counted = isinstance(call.first, Unknown) and call.first.reason in ("length", "size")
    counted |= isinstance(call.first, Object) and call.first.name == LENGTH
    if array is None and size is None and not counted:
        return Array(source="permutation", order="random", node=call.node)
    if array is None or array.shape == ():
        high = None if size is None else float(size - 1)
        return Array((size,), "int64", 0.0, high, source="permutation", order="random", node=call.node)
    axis = call.value("axis") if "axis" in call.args else None
    if call.name.endswith(".permuted") or (axis is not None and constant(axis) != 0):
        # Along another axis, or each row by itself.
        return array.derive(call.node, "entries", columns=None, fields=None, values=None)
    return array.derive(call.node, "shuffled", order="random", values=None)


_NUMPY: dict[str, Function] = {
    "rand": _rand,
    "randn": _randn,
    "random": _random,
    "random_sample": _random,
    "uniform": _uniform,
    "normal": _normal("loc", "scale", "float64"),
    "standard_normal": _normal("loc", "scale", "float64"),
    "randint": _randint,
    "integers": _randint,
    "choice": _choice,
    "binomial": _binomial,
    "permutation": _shuffled,
    "permuted": _shuffled,
    "exponential": _positive("float64"),
    "standard_exponential": _positive("float64"),
    "gamma": _positive("float64"),
    "lognormal": _positive("float64"),
    "rayleigh": _positive("float64"),
    "beta": _positive("float64", 1.0),
    "poisson": _positive("int64"),
    "multivariate_normal": _multivariate,
}
_TENSORS: dict[str, Function] = {
    "normal": _normal("mean", "stddev", "float32"),
    "truncated_normal": _truncated,
    "uniform": _of_tensors,
    "shuffle": _shuffled,
    "stateless_normal": _normal("mean", "stddev", "float32"),
    "stateless_uniform": _of_tensors,
}


def generator_method(machine: Machine, generator: Object, name: str, arguments: Arguments, node: syntax.Node) -> Value:
    """A method of `numpy.random.default_rng()` or `RandomState()`: as the function of the same name."""
    if name == "shuffle":
        return inplace.shuffle(machine, arguments, node, shared=False)
    known = _NUMPY.get(name)
    owner = "numpy.random.RandomState" if generator.short == "RandomState" else "numpy.random.Generator"
    if known is None:
        return Object(f"{generator.name}.{name}", {"self": generator}, node=node)
    return handler(f"{owner}.{name}", known, "")(machine, arguments, node)


def _generator(call: Call) -> Value:
    return Object(call.name, {"seed": call.first or Const(None)}, node=call.node)


def _of_python(call: Call) -> Value:
    """`random.randint(a, b)`: both ends included."""
    return random_integers((), number(call.value("a", 0)), number(call.value("b", 1)), "int64", call.node)


def _below(call: Call) -> Value:
    """`random.randrange(stop)` or `random.randrange(start, stop)`."""
    first, second = call.value("start", 0), call.value("stop", 1)
    low, high = (number(first), number(second)) if second is not None else (0, number(first))
    return random_integers((), low, None if high is None else high - 1, "int64", call.node)


def _of_unit(call: Call) -> Value:
    """`random.random()` and `random.uniform(a, b)`."""
    if call.name == "random.random":
        return noise((), "float64", 0, 1, "uniform", call.node)
    return noise((), "float64", number(call.value("a", 0)), number(call.value("b", 1)), "uniform", call.node)


def _gauss(call: Call) -> Value:
    return noise((), "float64", None, None, "normal", call.node)


def _picked(call: Call) -> Value:
    """`random.choice(items)`."""
    pool = call.first
    if isinstance(pool, Sequence):
        items = [item for item in pool.items if not isinstance(item, Gap)]
        return one_of(items, call.node)
    if isinstance(pool, Array) and pool.rank:
        return pool.derive(call.node, shape=pool.shape[1:] if pool.shape else None, columns=None, values=None)
    return Unknown("choice", node=call.node)


FUNCTIONS: dict[str, Handler] = {
    **handlers("numpy.random", _NUMPY, ""),
    **handlers("numpy.random", {"default_rng": _generator, "RandomState": _generator}),
    **handlers("tensorflow.random keras.random", _TENSORS, "tensor"),
    **handlers("keras.random", {"randint": _of_tensors}, "tensor"),
    **handlers("random", {"randint": _of_python, "randrange": _below, "choice": _picked}),
    **handlers("random", {"random": _of_unit, "uniform": _of_unit, "gauss": _gauss, "normalvariate": _gauss}),
}
