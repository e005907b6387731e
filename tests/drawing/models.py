"""Whole programs: sequential models, functional ones, models in models, and what is done to them afterwards."""

from __future__ import annotations

import random
from math import prod

from tests.drawing.pen import Pen, Refused
from tests.drawing.simple import embedding, words
from tests.drawing.spatial import layer_for
from tests.drawing.steps import attention, merge, operation, with_states

#: Larger tensors than this are not worked with further.
_MANY = 20_000


def draw(seed: int) -> str:
    """The source of a program with a variable `model`; Keras may refuse it."""
    import keras

    chance = random.Random(seed)
    keras.backend.clear_session(free_memory=False)
    pen = Pen(chance, tolerance=chance.choice((0.0, 0.0, 0.1, 0.5)))
    try:
        if pen.maybe(0.4):
            _sequential(pen, "model", pen.number(1, 7))
        else:
            _functional(pen, "model", pen.number(2, 12))
        if "model" not in pen.scope:
            # Keras refused the last line, and it was dropped.
            return draw(seed + 1_000_003)
        _afterwards(pen)
    except Refused:
        if "model" not in pen.scope:
            _close(pen)
    return pen.source


def _close(pen: Pen) -> None:
    """Ends a program that Keras refuses with the model that it would make."""
    line = pen.lines[-1]
    target = line.split(" = ")[0].split(",")[0] if " = " in line else None
    starts = [name for name in pen.scope if name.startswith("inputs")]
    if target and starts and target.isidentifier():
        pen.lines.append(f"model = {pen.keras}Model([{', '.join(starts)}], {target})")


def _input_shape(pen: Pen) -> tuple[int | None, ...]:
    rank = pen.pick((1, 1, 2, 2, 2, 3, 3, 3, 4, 5))
    high = {1: 20, 2: 16, 3: 14, 4: 7, 5: 5}[rank]
    shape = [pen.number(2, high) for _ in range(rank - 1)] + [pen.pick((1, 2, 3, 4, 6, 8))]
    if rank == 1 and pen.maybe(0.7):
        shape = [pen.number(1, 20)]
    for index in range(rank - 1):
        if pen.maybe(0.06):
            shape[index] = None
    return tuple(shape)


def _input(pen: Pen, shape: tuple[int | None, ...], *, layer: bool = False) -> str:
    kind = pen.number(0, 9)
    name = f', name="{pen.fresh("in_")}"' if pen.maybe(0.15) else ""
    function = pen.keras + "Input" if pen.maybe(0.7) else pen.layers + ("InputLayer" if layer else "Input")
    if kind == 0:
        return f"{function}(batch_shape={(pen.pick((None, 4)), *shape)}{name})"
    if kind == 1:
        return f"{function}({shape}, batch_size={pen.number(1, 4)}{name})"
    return f"{function}({pen.pick(('shape=', ''))}{shape}{name})"


# -- Sequential ---------------------------------------------------------------------------------------------------


def _sequential(pen: Pen, variable: str, count: int, shape: tuple[int | None, ...] | None = None) -> bool:
    """A sequential model; False if it could not be made."""
    shape = shape if shape is not None else _input_shape(pen)
    start = pen.keras + f"Input({shape}, dtype='string')" if pen.maybe(0.03) else _input(pen, shape, layer=True)
    items = _items(pen, start, count)
    kind = pen.number(0, 9)
    if kind == 0 and "name=" not in start and "batch" not in start and items[1:]:
        # No input of its own: declared in the first layer, by `build`, or not at all.
        items = items[1:]
        takes = any(
            f"{cls}(" in items[0].split("(")[0] + "(" for cls in ("Dense", "Conv1D", "Conv2D", "LSTM", "Flatten")
        )
        ending = pen.pick(("input_shape", "input_shape", "build", "") if takes else ("build", ""))
        if ending == "input_shape":
            items[0] = items[0][:-1] + ("" if items[0].endswith("()") else ", ") + f"input_shape={shape})"
        ok = _write_sequential(pen, variable, items)
        return ok and (ending != "build" or pen.write(f"{variable}.build({(None, *shape)})"))
    return _write_sequential(pen, variable, items)


def _items(pen: Pen, start: str, count: int) -> list[str]:
    """The layers, each of which takes what the one before gives."""
    tensor = eval(start, pen.scope)
    tensor = getattr(tensor, "output", tensor)
    items = [start]
    for _ in range(count * 3):
        if len(items) > count or _is_large(tensor.shape):
            break
        text = _item(pen, tuple(tensor.shape), tensor.dtype == "string")
        try:
            made = eval(text, pen.scope)(tensor)
        except Exception:  # noqa: BLE001 - Keras raises what it likes
            if pen.maybe(pen.tolerance):
                return [*items, text]
            continue
        if hasattr(made, "shape"):
            tensor = made
            items.append(text)
    return items


def _is_large(shape: tuple[int | None, ...]) -> bool:
    return len(shape) > 6 or prod(size or 8 for size in shape[1:]) > _MANY


def _item(pen: Pen, shape: tuple[int | None, ...], is_text: bool) -> str:
    if is_text:
        return words(pen)
    if pen.maybe(0.04):
        inner = [layer_for(pen, shape) for _ in range(pen.number(1, 2))]
        return f"{pen.keras}Sequential([{', '.join(inner)}])"
    return layer_for(pen, shape)


def _write_sequential(pen: Pen, variable: str, items: list[str]) -> bool:
    name = f'name="{pen.fresh("net")}"' if pen.maybe(0.2) else ""
    # What is refused now has been accepted as part of the program already.
    pen.tolerance, before = 1.0, pen.tolerance
    split = pen.pick((0, len(items), len(items), pen.number(0, len(items))))
    head = items[:split]
    if head:
        inner = ",\n".join(f"    {item}" for item in head)
        end = f",\n], {name})" if name else ",\n])"
        pen.write(f"{variable} = {pen.keras}Sequential([\n{inner}{end}")
    else:
        pen.write(f"{variable} = {pen.keras}Sequential({name})")
    for item in items[split:]:
        if pen.maybe(0.1) and pen.tries(item):
            layer = pen.fresh("layer")
            pen.write(f"{layer} = {item}")
            item = layer
        pen.write(f"{variable}.add({item})")
    pen.tolerance = before
    return True


# -- Functional ---------------------------------------------------------------------------------------------------


def _functional(
    pen: Pen, variable: str, count: int, shape: tuple[int | None, ...] | None = None, depth: int = 0
) -> bool:
    """A functional model; False if it could not be made."""
    starts: list[str] = []
    for _ in range(1 if shape is not None else pen.pick((1, 1, 1, 2, 3))):
        start = pen.fresh("inputs")
        known = [pen.shape(name)[1:] for name in starts]
        own = shape or (pen.pick(known) if known and pen.maybe(0.6) else _input_shape(pen))
        text = _input(pen, own)
        if depth == 0 and pen.maybe(0.05):
            text = f"{pen.keras}Input(({pen.number(1, 6)},), dtype={pen.pick(('int32', 'string'))!r})"
        if pen.write(f"{start} = {text}"):
            starts.append(start)
    tensors = list(starts)
    shared: dict[str, int] = {}
    for _ in range(count):
        _step(pen, tensors, shared, depth)
    if depth and tensors == starts:
        # Keras mixes up the names of inputs that a model gives back as they are.
        return False
    ends = _ends(pen, tensors, starts)
    return pen.write(f"{variable} = {_model(pen, starts, ends)}")


def _ends(pen: Pen, tensors: list[str], starts: list[str]) -> list[str]:
    rest = [name for name in tensors if name not in starts] or starts
    return [rest[-1]] if pen.maybe(0.7) else list(dict.fromkeys(pen.pick(rest) for _ in range(pen.number(1, 3))))


def _model(pen: Pen, starts: list[str], ends: list[str]) -> str:
    def listed(names: list[str]) -> str:
        return names[0] if len(names) == 1 and pen.maybe(0.8) else f"[{', '.join(names)}]"

    inputs, outputs = listed(starts), listed(ends)
    if pen.maybe(0.06):
        outputs = "{" + ", ".join(f'"{pen.fresh("out_")}": {name}' for name in ends) + "}"
    name = f', name="{pen.fresh("net")}"' if pen.maybe(0.2) else ""
    cls = pen.keras + pen.pick(("Model", "Model", "models.Model"))
    return (
        f"{cls}({pen.pick(('inputs=', ''))}{inputs}, outputs={outputs}{name})"
        if pen.maybe(0.5)
        else (f"{cls}({inputs}, {outputs}{name})")
    )


def _is_text(pen: Pen, tensor: str) -> bool:
    return pen.scope[tensor].dtype == "string"


def _step(pen: Pen, tensors: list[str], shared: dict[str, int], depth: int) -> None:
    tensor = tensors[-1] if pen.maybe(0.6) else pen.pick(tensors)
    shape = pen.shape(tensor)
    if _is_large(shape):
        tensor = tensors[0]
        shape = pen.shape(tensor)
    kind = pen.chance.random()
    single = [name for name in tensors if not _is_text(pen, name)]
    if _is_text(pen, tensor):
        _assign(pen, tensors, f"{words(pen)}({tensor})")
    elif pen.scope[tensor].dtype == "int32" and pen.maybe(0.6):
        _assign(pen, tensors, f"{embedding(pen, shape)}({tensor})")
    elif kind < 0.5:
        _layer_step(pen, tensors, shared, tensor)
    elif kind < 0.62:
        _assign(pen, tensors, merge(pen, single, tensor))
    elif kind < 0.76 and len(shape) > 1:
        _assign(pen, tensors, operation(pen, single, tensor))
    elif kind < 0.80 and len(shape) > 2:
        results, text = attention(pen, single, tensor)
        _assign(pen, tensors, text, results)
    elif kind < 0.84:
        text = with_states(pen, tensor)
        if text is not None:
            _states_step(pen, tensors, text)
    elif kind < 0.88 and len(shape) in shared.values():
        again = pen.pick([layer for layer, rank in shared.items() if rank == len(shape)])
        _assign(pen, tensors, f"{again}({tensor})")
    elif kind < 0.91 and shared:
        pen.write(f"{pen.pick(list(shared))}.trainable = {pen.pick(('False', 'False', 'True'))}")
    elif kind < 0.95 and depth < 2:
        _nested_step(pen, tensors, shared, tensor, depth)
    elif kind < 0.97:
        text = f"{layer_for(pen, shape)}(inputs={tensor})"
        # Some call it otherwise.
        _assign(pen, tensors, text if pen.tries(text) else tensor)
    else:
        _layer_step(pen, tensors, shared, tensor)


def _assign(pen: Pen, tensors: list[str], text: str, results: int = 1) -> bool:
    names = [pen.fresh("x") for _ in range(results)]
    if results == 1 and pen.maybe(0.15) and tensors[-1].startswith("x"):
        names = [tensors[-1]]
    if not pen.write(f"{', '.join(names)} = {text}"):
        return False
    tensors.extend(name for name in names if name not in tensors)
    for name in names:
        if not hasattr(pen.scope[name], "shape"):
            # A list or dict of tensors: nothing goes on from here.
            tensors.remove(name)
    return True


def _layer_step(pen: Pen, tensors: list[str], shared: dict[str, int], tensor: str) -> None:
    text = layer_for(pen, pen.shape(tensor))
    if pen.maybe(0.75):
        _assign(pen, tensors, f"{text}({tensor})")
        return
    if not pen.tries(f"{text}({tensor})"):
        return
    layer = pen.fresh("layer")
    if pen.write(f"{layer} = {text}"):
        # What Keras makes of another size in these it finds out when data comes.
        is_careless = any(name in text for name in ("RNN", "SpectralNormalization", "TimeDistributed"))
        if not is_careless:
            shared[layer] = len(pen.shape(tensor))
        if _assign(pen, tensors, f"{layer}({tensor})") and not is_careless and pen.maybe(0.4):
            alike = [name for name in tensors if len(pen.shape(name)) == len(pen.shape(tensor))]
            _assign(pen, tensors, f"{layer}({pen.pick(alike)})")


def _states_step(pen: Pen, tensors: list[str], text: str) -> None:
    try:
        made = eval(text, pen.scope)
    except Exception:  # noqa: BLE001 - Keras raises what it likes
        return
    if any(not hasattr(part, "shape") for part in made):
        first = pen.fresh("x")
        if pen.write(f"{first}, *_ = {text}"):
            tensors.append(first)
        return
    _assign(pen, tensors, text, len(made))


def _nested_step(pen: Pen, tensors: list[str], shared: dict[str, int], tensor: str, depth: int) -> None:
    block = pen.fresh("block")
    inner = pen.shape(tensor)[1:]
    if not inner:
        return
    if pen.maybe(0.5):
        made = _sequential(pen, block, pen.number(1, 3), inner)
    else:
        made = _functional(pen, block, pen.number(1, 4), inner, depth + 1)
    if not made or block not in pen.scope:
        return
    shared[block] = len(inner) + 1
    outputs = len(getattr(pen.scope[block], "outputs", None) or [0])
    if outputs == 1:
        _assign(pen, tensors, f"{block}({tensor})")


# -- Afterwards ---------------------------------------------------------------------------------------------------


def _afterwards(pen: Pen) -> None:
    """Freezing, and models made of parts of the model."""
    model = pen.scope["model"]
    count = len(model.layers)
    if pen.maybe(0.06):
        pen.write("model.trainable = False")
    if pen.maybe(0.08) and count > 1:
        pen.write(f"for layer in model.layers[:{pen.number(1, count)}]:\n    layer.trainable = False")
    if pen.maybe(0.05):
        pen.write(f"model.layers[{pen.pick((0, -1))}].trainable = False")
    # Automatic names are others when the program runs by itself.
    given = [layer.name for layer in model.layers if f'name="{layer.name}"' in pen.source]
    if pen.maybe(0.2) and given:
        pen.write(f'model.get_layer("{pen.pick(given)}").trainable = False')
    if pen.maybe(0.06) and count > 2 and model.built:
        end = pen.pick(
            (
                f"model.layers[-{pen.number(2, count)}].output",
                f"model.get_layer(index={pen.number(1, count - 1)}).output",
            )
        )
        # A sequential model that was never called has no `input` in Keras 3.
        start = "model.inputs" if hasattr(model, "add") else pen.pick(("model.input", "model.inputs"))
        if "Masking" not in pen.source or start == "model.input":
            pen.write(f"model = {pen.keras}Model({start}, {end})")
    if pen.maybe(0.1):
        pen.write('model.compile(optimizer="adam", loss="mse")')
