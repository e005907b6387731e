"""Recurrent layers, the cells that they are made of, and convolutional LSTMs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from kerlint.library.shapes.base import (
    UNKNOWN_WEIGHTS,
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
from kerlint.library.shapes.windows import (
    Parts,
    axes,
    border,
    checked,
    condition,
    count,
    each,
    for_each_layout,
    is_no_size,
    items,
    parts,
    reach,
    steps,
)
from kerlint.program.values import Class, Const, Dimension, Instance, Layer, Object, Shape, Value
from kerlint.records import dataclass, replace

#: The sizes of a cell's states: one state is its size alone, several are a list. None if that is not known.
States: TypeAlias = "int | list[States] | None"

#: How many kernels the cells have side by side.
_GATES = {"LSTM": 4, "GRU": 3, "SimpleRNN": 1}
_KINDS = {f"{kind}{suffix}": kind for kind in _GATES for suffix in ("", "Cell")} | {
    "CuDNNLSTM": "LSTM",
    "CuDNNGRU": "GRU",
}
#: Bases that bring neither states nor an output size along.
_PLAIN_BASES = frozenset({"Layer", "Module", "object"})


@dataclass(frozen=True, slots=True)
class _Cell:
    """What a recurrent layer has to know of its cell.

    Args:
        features: the size of what it gives at each step.
        states: the sizes of its states.
        certain: whether `states` is known as far as its structure goes.
    """

    features: int | None
    states: States
    weights: Weights
    certain: bool = True


_UNKNOWN_CELL = _Cell(None, None, UNKNOWN_WEIGHTS, certain=False)


# -- Cells --------------------------------------------------------------------------------------------------------


def _cell(call: Call, value: Value | None, step: Shape) -> _Cell:
    """A cell, or a stack of them in a list.

    Args:
        call: of the layer that it belongs to.
        step: the shape of the input of one time step.
    """
    listed = items(value)
    if listed is not None:
        return _stack(call, listed, step)
    if isinstance(value, (Layer, Instance)) and value.cls is not None:
        return _own_cell(call, value, value.cls, step)
    if not isinstance(value, Object):
        return _UNKNOWN_CELL
    if value.short == "StackedRNNCells":
        listed = items(Call(value, ()).value("cells"))
        # A stack that is made with `trainable=` does not pass it on, one that is set so later does.
        return _UNKNOWN_CELL if listed is None else _frozen(value.state, _stack(call, listed, step))
    if value.short.endswith("Cell") and value.short in _KINDS:
        return _frozen(value.args | value.state, _library_cell(Call(value, ()), step[-1] if step else None))
    return _UNKNOWN_CELL


def _library_cell(call: Call, features: Dimension) -> _Cell:
    """A cell of Keras, or the one inside a layer like `LSTM`, for inputs with so many features."""
    kind = _KINDS[call.layer.short]
    units = count(call, "units")
    width = times(_GATES[kind], units)
    weights = plus(times(width, plus(features, units)), times(width, _biases(call, kind)))
    return _Cell(units, [units, units] if kind == "LSTM" else units, Weights(weights))


def _biases(call: Call, kind: str) -> int | None:
    """How many biases each unit of a gate has."""
    if call.layer.short.startswith("CuDNN"):
        return 2
    used = condition(call, "use_bias")
    if not used:
        return None if used is None else 0
    if kind != "GRU":
        return 1
    return {True: 2, False: 1, None: None}[condition(call, "reset_after")]


def _stack(call: Call, cells: tuple[Value, ...], step: Shape) -> _Cell:
    if not cells:
        raise Misfit("there are no cells")
    made: list[_Cell] = []
    for cell in cells:
        made.append(_cell(call, cell, step))
        step = (step[0] if step else None, made[-1].features)
    # A cell that is there twice has its weights once, for the input it had first.
    alone = len({id(cell) for cell in cells}) == len(cells)
    return _Cell(
        made[-1].features,
        [cell.states for cell in made],
        sum((cell.weights for cell in made), Weights()) if alone else UNKNOWN_WEIGHTS,
        all(cell.certain for cell in made),
    )


def _own_cell(call: Call, cell: Layer | Instance, cls: Class, step: Shape) -> _Cell:
    """A cell of a class of the program: its sizes are attributes that `__init__` or the class set."""
    sizes, features = _attribute(cell, cls, "state_size"), _attribute(cell, cls, "output_size")
    bases = {base.rpartition(".")[2] for base in cls.external_bases()}
    # Another base may bring sizes and weights of its own.
    plain = bases <= _PLAIN_BASES and cls.knows_its_bases()
    weights = call.nested(cell, step).weights if plain and isinstance(cell, Layer) else UNKNOWN_WEIGHTS
    found = dims(sizes)
    if not found:
        return _Cell(whole(features), None, weights, certain=False)
    states: States = found[0] if isinstance(sizes, Const) and whole(sizes) is not None else list(found)
    if features is not None:
        return _Cell(whole(features), states, weights)
    return _Cell(found[0] if plain else None, states, weights)


def _attribute(cell: Layer | Instance, cls: Class, name: str) -> Value | None:
    """What an attribute is; the function, if it is a property."""
    found = cell.state.get(f".{name}")
    return found if isinstance(found, Value) else cls.lookup(name)


def _frozen(settings: Mapping[str, object], made: _Cell) -> _Cell:
    """A cell with its weights counted as training leaves them: `settings` may say that they are not trainable."""
    value = settings.get("trainable")
    if value is None or (isinstance(value, Const) and value.value is True):
        return made
    if isinstance(value, Const) and value.value is False:
        return replace(made, weights=Weights(0, made.weights.total))
    return replace(made, weights=UNKNOWN_WEIGHTS)


# -- Layers -------------------------------------------------------------------------------------------------------


def _recurrent(call: Call) -> Result:
    """`LSTM`, `GRU` and `SimpleRNN`. Initial states, which Keras 2 took in a list with the input, change no shape."""
    needs_rank(call, 3)
    shape = call.shape
    cell = _library_cell(call, shape[-1] if shape else None)
    return Result(_sequence(call, cell), cell.weights)


def _rnn(call: Call) -> Result:
    # Of two axes alone a cell of Keras would take the batch for the features.
    shape = call.shape
    open_batch = shape is not None and shape[:1] == (None,) and _is_of_library(call.value("cell"))
    needs_rank(call, 3, least=3 if open_batch else 2)
    cell = _cell(call, call.value("cell"), (shape[0], *shape[2:]) if shape else None)
    return Result(_sequence(call, cell), cell.weights)


def _is_of_library(value: Value | None) -> bool:
    listed = items(Call(value, ()).value("cells") if isinstance(value, Object) else value)
    if listed is not None:
        return bool(listed) and _is_of_library(listed[0])
    return isinstance(value, Object) and value.short in _KINDS and not (isinstance(value, Layer) and value.cls)


def _sequence(call: Call, cell: _Cell) -> Output:
    batch, length = call.shape[:2] if call.shape is not None else (None, None)
    whole_sequence = condition(call, "return_sequences")
    main: Shape = None
    if whole_sequence is not None:
        main = (batch, length, cell.features) if whole_sequence else (batch, cell.features)
    with_states = condition(call, "return_state")
    if not with_states:
        return main if with_states is False else None
    if not cell.certain:
        return None
    states = cell.states if isinstance(cell.states, list) else [cell.states]
    shapes = [_state(batch, state) for state in states]
    return [main, *shapes]


def _state(batch: Dimension, state: States) -> Output:
    if not isinstance(state, list):
        return (batch, state)
    if any(isinstance(size, list) for size in state):
        raise Misfit("stacks of cells in a stack cannot give back their states")
    return [_state(batch, size) for size in state]


def _convolutional(call: Call, channels_first: bool) -> Result:
    """`ConvLSTM1D` and the like: `parts` takes one time step apart."""
    rank = axes(call)
    needs_rank(call, rank + 3)
    shape = call.shape
    batch, length = shape[:2] if shape is not None else (None, None)
    step = replace(call, inputs=(None if shape is None else (batch, *shape[2:]),))
    image = parts(step, channels_first)
    if is_no_size(call.value("filters")):
        raise Misfit("filters is not an integer")
    filters = checked((call.integer("filters"),), "filters", 0)[0]
    kernel, strides, dilation = each(call, "kernel_size"), each(call, "strides"), each(call, "dilation_rate")
    if any(size is not None and size > 1 for size in strides) and any(gap is not None and gap > 1 for gap in dilation):
        raise Misfit("strides and dilation_rate cannot both be larger than 1")
    padding = border(call)
    spatial = tuple(
        steps(size, reach(window, gap), stride, padding)
        for size, window, stride, gap in zip(image.spatial, kernel, strides, dilation)
    )
    last = Parts(batch, spatial, filters).joined(channels_first)
    bias = {True: times(4, filters), False: 0, None: None}[condition(call, "use_bias")]
    weights = plus(times(volume(kernel), plus(image.channels, filters), 4, filters), bias)
    sequences, states = condition(call, "return_sequences"), condition(call, "return_state")
    main: Shape = None
    # Keras refuses images of open sizes.
    if sequences is not None and None not in image.spatial:
        main = (last[0], length, *last[1:]) if sequences else last
    output: Output = None if states is None else [main, last, last] if states else main
    return Result(output, Weights(weights))


# -- Cells that are called ----------------------------------------------------------------------------------------


def _called_cell(call: Call) -> Result:
    """A cell called on one time step: `cell(x, states)` gives the output and the new states."""
    cell = _library_cell(call, call.shape[-1] if call.shape else None)
    output, states = _step(call.layer, call.shape, _given_states(call))
    return Result([output, states], cell.weights)


def _called_stack(call: Call) -> Result:
    cells = items(call.value("cells"))
    if cells is None:
        return Result([None, None], UNKNOWN_WEIGHTS)
    weights = _stack(call, cells, call.shape).weights
    given = _given_states(call)
    if not isinstance(given, list) or len(given) != len(cells):
        return Result([None, None], weights)
    shape: Shape = call.shape
    new: list[Output] = []
    for cell, state in zip(cells, given):
        if not isinstance(cell, Object) or cell.short not in _KINDS or (isinstance(cell, Layer) and cell.cls):
            return Result([None, None], weights)
        shape, after = _step(cell, shape, state)
        new.append(after)
    return Result([shape, new[0] if len(new) == 1 else new], weights)


def _given_states(call: Call) -> Output:
    states = call.extra.get("states")
    return None if isinstance(states, Value) else states


def _step(cell: Object, shape: Shape, states: Output) -> tuple[Shape, Output]:
    """The shapes of the output and of the new states after one step."""
    units = count(Call(cell, ()), "units")
    several = _KINDS[cell.short] == "LSTM"
    if isinstance(states, dict):
        return None, None
    if several and isinstance(states, list) and len(states) < 2:
        raise Misfit(f"{cell.short} takes 2 states, not {len(states)}")
    given = states[: 2 if several else 1] if isinstance(states, list) else [] if several else [states]
    known = [state for state in given if isinstance(state, tuple)]
    if shape is None or len(shape) != 2 or any(len(state) != 2 for state in known):
        return None, None
    features = units
    for state in known:
        if None in (units, state[1]) or state[1] == units:
            continue
        if several and state is not given[0] and 1 in (units, state[1]):
            # The carry is not multiplied by a kernel: it may be spread.
            features = None
            continue
        raise Misfit(f"{cell.short} with {units} units cannot take a state of the shape {show(state)}")
    output: Shape = (_common_batch([shape[0], *(state[0] for state in known)]), features)
    if several:
        return output, [output, output]
    return output, [output] if isinstance(states, list) else None if states is None else output


def _common_batch(sizes: list[Dimension]) -> Dimension:
    distinct = {size for size in sizes if size is not None}
    if 1 in distinct:
        return 1 if set(sizes) == {1} else None
    if len(distinct) > 1:
        raise Misfit(f"batches of {' and '.join(map(str, sorted(distinct)))} cannot be joined")
    return distinct.pop() if distinct else None


LAYERS: dict[str, Callable[[Call], Result]] = {
    "RNN": _rnn,
    "StackedRNNCells": _called_stack,
    **dict.fromkeys(("LSTM", "GRU", "SimpleRNN", "CuDNNLSTM", "CuDNNGRU"), _recurrent),
    **dict.fromkeys(("LSTMCell", "GRUCell", "SimpleRNNCell"), _called_cell),
    **{f"ConvLSTM{n}D": for_each_layout(_convolutional) for n in (1, 2, 3)},
}
