"""tensorflow_compression (2.14): entropy models and what rounds, by the shapes that they give."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from kerlint import syntax
from kerlint.library.calling import output_value
from kerlint.library.convert import Handler
from kerlint.library.objects import bind_arguments, make_object
from kerlint.library.ops.base import broadcast_all, operand
from kerlint.library.shapes import NO_WEIGHTS, Call, Misfit, Output, Result, Weights, dims, whole
from kerlint.library.shapes.base import times
from kerlint.program.graph import tensors_in
from kerlint.program.values import Arguments, Array, Object, Op, Shape, Unknown, Value, list_of

if TYPE_CHECKING:
    from kerlint.library.companions import Method
    from kerlint.program.interpreter.machine import Machine

_NAME = "tensorflow_compression"
_BATCHED, _POWER_LAW = f"{_NAME}.ContinuousBatchedEntropyModel", f"{_NAME}.PowerLawEntropyModel"
SIGNATURES = {
    _NAME: """
ContinuousBatchedEntropyModel(prior=None, coding_rank=None, compression=False, stateless=False, expected_grads=False, tail_mass=0.00390625, range_coder_precision=12, bottleneck_dtype=None, prior_shape=None, cdf=None, cdf_offset=None, cdf_shapes=None, offset_heuristic=True, quantization_offset=None, decode_sanity_check=True, laplace_tail_mass=0) < object
PowerLawEntropyModel(coding_rank, alpha=0.01, bottleneck_dtype=None) < object
GDN(inverse=False, rectify=False, data_format='channels_last', alpha_parameter=1, beta_parameter=None, gamma_parameter=None, epsilon_parameter=1, beta_initializer='ones', gamma_initializer=..., **kwargs) < keras.layers.Layer
NoisyLogistic(loc, scale, name='NoisyLogistic') < object
NoisyNormal(loc, scale, name='NoisyNormal') < object
NoisyDeepFactorized(name='NoisyDeepFactorized', batch_shape=(), **kwargs) < object
DeepFactorized(batch_shape=(), num_filters=(3, 3), init_scale=10, dtype='float32', name='DeepFactorized') < object
round_st(inputs, offset=None)
soft_round(x, alpha, eps=0.001)
""",  # noqa: E501
    _BATCHED: """
compress(bottleneck)
decompress(strings, broadcast_shape)
quantize(bottleneck)
""",
    _POWER_LAW: """
compress(bottleneck)
decompress(strings, code_shape)
penalty(bottleneck)
quantize(bottleneck)
""",
}  # fmt: skip
#: Distributions that have the shape of their parameters.
_BY_PARAMETERS = (f"{_NAME}.NoisyLogistic", f"{_NAME}.NoisyNormal")


def _prior_shape(model: Object) -> Shape:
    """The shape of what the distribution of an entropy model says; None if that is not known."""
    prior = model.args.get("prior")
    if model.open or not isinstance(prior, Object) or prior.open:
        return None
    if prior.name in _BY_PARAMETERS:
        try:
            return broadcast_all([operand(prior.args.get(name)) for name in ("loc", "scale")])
        except Misfit:
            return None
    if prior.name.endswith("DeepFactorized"):
        return dims(prior.args.get("batch_shape")) if "batch_shape" in prior.args else ()
    return None


def _uncoded(model: Object, given: Value | None) -> Shape:
    """The axes in front of those that are coded together."""
    shape, rank = operand(given), whole(model.args.get("coding_rank"))
    if shape is None or rank is None or not 0 <= rank <= len(shape):
        return None
    return shape[: len(shape) - rank]


def _is_unchanged(model: Object, args: dict[str, Value]) -> Output:
    return operand(args.get("bottleneck") or args.get("inputs") or args.get("x"))


def _both(model: Object, args: dict[str, Value]) -> Output:
    given = args.get("0") or args.get("bottleneck")
    return [operand(given), _uncoded(model, given)]


def _strings(model: Object, args: dict[str, Value]) -> Output:
    return _uncoded(model, args.get("bottleneck"))


def _of_batch(model: Object, args: dict[str, Value]) -> Output:
    strings, between, prior = operand(args.get("strings")), args.get("broadcast_shape"), _prior_shape(model)
    sizes = dims(between)
    return None if strings is None or sizes is None or prior is None else (*strings, *sizes, *prior)


def _of_code(model: Object, args: dict[str, Value]) -> Output:
    strings, sizes = operand(args.get("strings")), dims(args.get("code_shape"))
    return None if strings is None or sizes is None else (*strings, *sizes)


#: What a method gives, by the object and the arguments.
_Shapes = Callable[[Object, "dict[str, Value]"], Output]


def _step(name: str, shapes: _Shapes) -> Method:
    """A method whose results are tensors where it is given some, and data where it is given data."""

    def answer(machine: Machine, receiver: Object, arguments: Arguments, node: syntax.Node) -> Value:
        args, _ = bind_arguments(name, arguments)
        given = [value for value, _ in (*arguments.positional, *arguments.keywords.values())]
        inputs = tuple(tensor for value in given for tensor in tensors_in(value) if tensor is not None)
        found = None if arguments.open else shapes(receiver, args)
        if inputs:
            return output_value(Op("function", name, inputs, args=args, node=node), found, node)
        return _data(found, name, node)

    return answer


def _data(found: Output, name: str, node: syntax.Node) -> Value:
    if isinstance(found, list):
        return list_of([_data(part, name, node) for part in found], "tuple", node)
    return Array(found, source="computed", node=node) if isinstance(found, tuple) else Unknown(name, node=node)


METHODS: dict[str, Method] = {
    name: _step(name, shapes)
    for name, shapes in {
        f"{_BATCHED}.__call__": _both,
        f"{_BATCHED}.compress": _strings,
        f"{_BATCHED}.decompress": _of_batch,
        f"{_BATCHED}.quantize": _is_unchanged,
        f"{_POWER_LAW}.__call__": _both,
        f"{_POWER_LAW}.compress": _strings,
        f"{_POWER_LAW}.decompress": _of_code,
        f"{_POWER_LAW}.penalty": _strings,
        f"{_POWER_LAW}.quantize": _is_unchanged,
    }.items()
}


def _rounded(name: str) -> Handler:
    answer = _step(name, _is_unchanged)
    return lambda machine, arguments, node: answer(machine, Object(name, node=node), arguments, node)


def _made(name: str) -> Handler:
    return lambda machine, arguments, node: make_object(machine, name, arguments, node)


def _gdn(call: Call) -> Result:
    """Each channel is divided by a sum over all of them: a matrix and one number for each."""
    shape = call.shape
    plain = all(call.is_none(name) for name in ("beta_parameter", "gamma_parameter")) and not call.layer.open
    fixed = all(whole(call.value(name)) == 1 for name in ("alpha_parameter", "epsilon_parameter"))
    if shape is None or len(shape) < 2 or not plain or not fixed:
        return Result(shape, Weights(None))
    channels = {"channels_first": shape[1], "channels_last": shape[-1]}.get(call.text("data_format") or "")
    count = times(channels, channels)
    return Result(shape, Weights(None if count is None or channels is None else count + channels, 0))


LAYERS: dict[str, Callable[[Call], Result]] = {
    f"{_NAME}.GDN": _gdn,
    f"{_NAME}.SoftRound": lambda call: Result(call.shape, NO_WEIGHTS),
    f"{_NAME}.Round": lambda call: Result(call.shape, NO_WEIGHTS),
}
FUNCTIONS: dict[str, Handler] = {
    **{name: _made(name) for name in (_BATCHED, _POWER_LAW, *_BY_PARAMETERS)},
    **{f"{_NAME}.{name}": _made(f"{_NAME}.{name}") for name in ("DeepFactorized", "NoisyDeepFactorized")},
    f"{_NAME}.round_st": _rounded(f"{_NAME}.round_st"),
    f"{_NAME}.soft_round": _rounded(f"{_NAME}.soft_round"),
}
