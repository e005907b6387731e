"""Attention: multi-head, grouped-query, and the two plain ones."""

from __future__ import annotations

from collections.abc import Callable

from kerlint.library.shapes.base import (
    Call,
    Misfit,
    Output,
    Result,
    Sizes,
    Weights,
    dims,
    plus,
    show,
    times,
    volume,
)
from kerlint.library.shapes.windows import condition, count, items
from kerlint.program.values import Const, Dimension, Shape


def _multi_head(call: Call) -> Result:
    heads, size = count(call, "num_heads"), count(call, "key_dim")
    value_size = size if call.is_none("value_dim") else count(call, "value_dim")
    _check_settings(call)
    query, value, key = _tensors(call)
    _check_pair(value, key)
    _check_axes(call, value)
    features, produced = _last(query), _output_sizes(call, _last(query))
    bias = condition(call, "use_bias")
    weights = plus(
        _projection(features, times(heads, size), bias),
        _projection(_last(key), times(heads, size), bias),
        _projection(_last(value), times(heads, value_size), bias),
        _gate(call, features, times(heads, value_size), bias),
        _projection(times(heads, value_size), None if produced is None else volume(produced), bias),
    )
    if query is not None and len(query) < 2:
        return Result(None, Weights(None))
    main: Shape = None if query is None or produced is None else (*query[:-1], *produced)
    # Keras takes the scores for square: as long as the query on both sides.
    length = query[1] if query else None
    scores: Shape = (query[0] if query else None, heads, length, length)
    return Result(_with_scores(call, main, scores), Weights(weights))


def _grouped_query(call: Call) -> Result:
    size, heads, groups = count(call, "head_dim"), count(call, "num_query_heads"), count(call, "num_key_value_heads")
    if heads is not None and groups is not None and heads % groups:
        raise Misfit(f"{heads} query heads cannot share {groups} key-value heads")
    _check_settings(call)
    query, value, key = _tensors(call)
    for name, shape in (("query", query), ("value", value), ("key", key)):
        if shape is not None and len(shape) < 3:
            raise Misfit(f"the {name} of GroupQueryAttention has to have 3 axes (batch included), not {len(shape)}")
    _check_pair(value, key)
    features = _last(query)
    if None not in (features, _last(value)) and features != _last(value):
        raise Misfit(f"query and value have to have as many features: {show(query)} and {show(value)}")
    bias = condition(call, "use_bias")
    weights = plus(
        _projection(_third(query), times(heads, size), bias),
        _projection(_third(key), times(groups, size), bias),
        _projection(_third(value), times(groups, size), bias),
        _gate(call, _third(query), times(heads, size), bias),
        _projection(times(heads, size), features, bias),
    )
    scores = (query[0] if query else None, heads, query[1] if query else None, key[1] if key else None)
    return Result(_with_scores(call, query, scores), Weights(weights))


def _plain(call: Call) -> Result:
    """`Attention` and `AdditiveAttention`, which take a list."""
    additive = call.layer.short == "AdditiveAttention"
    if call.inputs and len(call.inputs) not in (2, 3):
        raise Misfit(f"{call.layer.short} takes a list of 2 or 3 tensors, not {len(call.inputs)}")
    mode = call.text("score_mode")
    if not additive and mode not in (None, "dot", "concat"):
        raise Misfit(f"score_mode is {mode!r}, neither 'dot' nor 'concat'")
    query, value = call.inputs[:2] if call.inputs else (None, None)
    key = call.inputs[2] if len(call.inputs) > 2 else value
    scale = {True: _last(query) if additive else 1, False: 0, None: None}[condition(call, "use_scale")]
    extra = 0 if additive else {"dot": 0, "concat": 1, None: None}[mode]
    main: Shape = None if query is None else (*query[:-1], _last(value))
    scores: Shape = None if query is None else (*query[:-1], key[-2] if key is not None and len(key) > 1 else None)
    if key is not None and len(key) < 2 and _asks_for_scores(call):
        raise Misfit(f"there are no scores for a key of the shape {show(key)}")
    return Result(_with_scores(call, main, scores), Weights(plus(scale, extra)))


# -- Inputs -------------------------------------------------------------------------------------------------------


def _tensors(call: Call) -> tuple[Shape, Shape, Shape]:
    """Query, value and key; the value serves as the key if there is none."""
    if "query" in call.extra:
        # The first argument of the call was another one, by keyword.
        return _tensor(call, "query"), None, None
    value = _tensor(call, "value")
    given = call.extra.get("key", Const(None))
    without = isinstance(given, Const) and given.value is None
    return (call.shape if len(call.inputs) == 1 else None), value, value if without else _tensor(call, "key")


def _tensor(call: Call, name: str) -> Shape:
    given = call.extra.get(name)
    return given if isinstance(given, tuple) else None


def _last(shape: Shape) -> Dimension:
    return shape[-1] if shape else None


def _third(shape: Shape) -> Dimension:
    return shape[2] if shape is not None else None


def _check_pair(value: Shape, key: Shape) -> None:
    """Value and key may differ in the batch and in the features only."""
    if value is None or key is None:
        return
    pairs = zip(value[1:-1], key[1:-1])
    if len(value[1:-1]) != len(key[1:-1]) or any(None not in pair and pair[0] != pair[1] for pair in pairs):
        raise Misfit(f"value and key have to be equally long: {show(value)} and {show(key)}")


# -- Arguments ----------------------------------------------------------------------------------------------------


def _check_settings(call: Call) -> None:
    window = call.value("sliding_window")
    if isinstance(window, Const) and window.value is not None:
        count(call, "sliding_window")
    dropout = call.value("dropout")
    rate = dropout.value if isinstance(dropout, Const) else None
    if isinstance(rate, (int, float)) and rate > 0 and condition(call, "flash_attention"):
        raise Misfit("flash_attention cannot be joined with dropout")


def _check_axes(call: Call, value: Shape) -> None:
    """Raises: Misfit: an axis that is attended to does not exist (one more than the value has is let pass)."""
    found = dims(call.value("attention_axes"))
    for axis in found or () if value is not None else ():
        rank = len(value or ())
        if axis is not None and not -2 * rank - 1 <= axis <= rank:
            raise Misfit(f"there is no axis {axis} of {show(value)} to attend to")


def _output_sizes(call: Call, features: Dimension) -> Sizes | None:
    """What stands in place of the query's last axis; None if the number of axes is not known."""
    given = call.value("output_shape")
    if isinstance(given, Const) and not given.value:
        return (features,)
    found = dims(given)
    return (features,) if items(given) == () else found


def _projection(inputs: int | None, outputs: int | None, bias: bool | None) -> int | None:
    """The weights of a dense layer."""
    return plus(times(inputs, outputs), {True: outputs, False: 0, None: None}[bias])


def _gate(call: Call, inputs: int | None, outputs: int | None, bias: bool | None) -> int | None:
    used = condition(call, "use_gate")
    return _projection(inputs, outputs, bias) if used else None if used is None else 0


def _asks_for_scores(call: Call) -> bool | None:
    given = call.extra.get("return_attention_scores", Const(False))
    return bool(given.value) if isinstance(given, Const) else None


def _with_scores(call: Call, main: Shape, scores: Shape) -> Output:
    asked = _asks_for_scores(call)
    return None if asked is None else [main, scores] if asked else main


LAYERS: dict[str, Callable[[Call], Result]] = {
    "MultiHeadAttention": _multi_head,
    "GroupQueryAttention": _grouped_query,
    "Attention": _plain,
    "AdditiveAttention": _plain,
}
