"""Steps of functional models other than one layer on one tensor: merges, operations, several outputs."""

from __future__ import annotations

from tests.drawing.pen import Pen
from tests.drawing.spatial import bidirectional, cells, convolutional_lstm, recurrent

_MERGES = ("Add", "Multiply", "Average", "Maximum", "Minimum", "Subtract", "Concatenate")
_UNARY = "relu abs exp square sqrt tanh sigmoid softmax sin log1p negative sign softplus silu".split()
_BINARY = "add multiply maximum minimum subtract divide".split()
_REDUCTIONS = "mean sum max min prod std var any argmax logsumexp".split()


def others(pen: Pen, tensors: list[str], tensor: str, *, alike: float = 0.9) -> list[str]:
    """One or two other tensors: usually of the same shape."""
    wanted = pen.shape(tensor)
    fitting = [name for name in tensors if pen.shape(name) == wanted] if pen.maybe(alike) else tensors
    return [pen.pick(fitting) for _ in range(pen.pick((1, 1, 2)))]


def merge(pen: Pen, tensors: list[str], tensor: str) -> str:
    """Several tensors joined by a layer."""
    cls = pen.pick((*_MERGES, "Concatenate", "Add", "Dot"))
    rank = len(pen.shape(tensor))
    if cls == "Concatenate" and pen.maybe(0.5):
        rest = [name for name in tensors if pen.shape(name)[:-1] == pen.shape(tensor)[:-1]]
        chosen = [tensor, *(pen.pick(rest) for _ in range(pen.number(1, 2)))]
    else:
        chosen = [tensor, *others(pen, tensors, tensor)]
    if cls in ("Subtract", "Dot"):
        chosen = chosen[:2]
    given = f"[{', '.join(chosen)}]" if pen.maybe(0.9) else f"({', '.join(chosen)})"
    if cls == "Dot":
        axes = pen.pick((1, -1, (1, 1), (rank - 1, rank - 1), (1, rank - 1)))
        return f"{pen.layer('Dot', ('axes', axes), normalize=('True',))}({given})"
    required = (("axis", pen.pick((-1, rank - 1, 1))),) if cls == "Concatenate" and pen.maybe(0.4) else ()
    if pen.maybe(0.2):
        more = f", axis={required[0][1]}" if required else ""
        return f"{pen.layers}{cls.lower()}({given}{more})"
    return f"{pen.layer(cls, *required)}({given})"


def operation(pen: Pen, tensors: list[str], tensor: str) -> str:
    """An operator or a function on tensors."""
    rank, ops = len(pen.shape(tensor)), pen.ops
    other = others(pen, tensors, tensor, alike=0.8)[0]
    axis = pen.pick((1, -1, rank - 1, 2, "None"))
    keep = pen.pick(("", "", ", keepdims=True"))
    last = pen.shape(tensor)[-1]
    options = [
        f"{tensor} {pen.pick('+-*/')} {other}",
        f"{tensor} {pen.pick('+-*')} {other}",
        f"{tensor} {pen.pick('+-*/')} {pen.pick((2, 0.5, 255.0))}",
        f"{pen.pick((2, 1.0))} {pen.pick('+-*')} {tensor}",
        f"{tensor} ** 2",
        f"-{tensor}",
        f"{tensor}[:, 0]",
        f"{tensor}[:, -1]",
        f"{tensor}[:, :{pen.number(1, 4)}]",
        f"{tensor}[..., :{pen.number(1, 3)}]",
        f"{tensor}[:, ::2]",
        f"{tensor}[..., None]" if rank < 5 else f"{tensor}[:, 0]",
        f"{ops}{pen.pick(_UNARY)}({tensor})",
        f"{ops}{pen.pick(_BINARY)}({tensor}, {pen.pick((other, '1.0'))})",
        f"{ops}{pen.pick(_REDUCTIONS[:4])}({tensor}, axis={axis}{keep})",
        f"{ops}{pen.pick(_REDUCTIONS[:7])}({tensor}, {axis})",
        f"{ops}concatenate([{tensor}, {other}], axis={pen.pick((-1, 1))})",
        f"{ops}stack([{tensor}, {other}], axis={pen.pick((-1, 1))})",
        f"{ops}expand_dims({tensor}, axis={pen.pick((-1, 1))})" if rank < 5 else f"{ops}relu({tensor})",
        f"{ops}squeeze({tensor}, axis={pen.pick((-1, 1))})",
        f"{ops}matmul({tensor}, {ops}swapaxes({other}, -1, -2))" if rank > 2 else f"{ops}abs({tensor})",
        f"{ops}transpose({tensor}, {[0, *pen.chance.sample(range(1, rank), rank - 1)]})",
        f"{ops}reshape({tensor}, (-1, {pen.pick((last or 2, 2, 4))}))",
        f"{ops}cast({tensor}, 'float32')",
        f"{ops}flip({tensor}, axis=1)",
        f"{ops}repeat({tensor}, 2, axis=1)",
        f"{ops}clip({tensor}, 0.0, 1.0)",
        f"{ops}one_hot({tensor}, 5)" if rank < 4 else f"{ops}abs({tensor})",
        f"{ops}where({tensor} > 0, {tensor}, {other})",
    ]
    return pen.pick(options)


def attention(pen: Pen, tensors: list[str], tensor: str) -> tuple[int, str]:
    """Attention of one tensor to others, and how many results there are."""
    chosen = [name for name in tensors if len(pen.shape(name)) == len(pen.shape(tensor))]
    same = [name for name in chosen if pen.shape(name) == pen.shape(tensor)]
    value = pen.pick(same if pen.maybe(0.7) else chosen)
    key = pen.pick([name for name in chosen if pen.shape(name)[:-1] == pen.shape(value)[:-1]])
    scores = pen.maybe(0.25)
    cls = pen.pick(
        ("MultiHeadAttention", "MultiHeadAttention", "Attention", "AdditiveAttention", "GroupQueryAttention")
    )
    if cls == "MultiHeadAttention":
        layer = pen.layer(
            cls,
            ("num_heads", pen.number(1, 3)),
            ("key_dim", pen.number(1, 5)),
            value_dim=(2, 3),
            use_bias=("False",),
            output_shape=(5, "(3,)", "(2, 3)"),
            dropout=(0.1,),
            attention_axes=(1, "(1,)"),
        )
    elif cls == "GroupQueryAttention":
        layer = pen.layer(
            cls, ("head_dim", 3), ("num_query_heads", pen.pick((2, 4))), ("num_key_value_heads", pen.pick((1, 2)))
        )
    else:
        layer = pen.layer(cls, use_scale=("True", "False"), dropout=(0.1,))
        inputs = [tensor, value, key][: pen.number(2, 3)]
        more = ", return_attention_scores=True" if scores else ""
        return 1 + scores, f"{layer}([{', '.join(inputs)}]{more})"
    inputs = [tensor, value]
    text = ", ".join(inputs)
    if pen.maybe(0.3):
        text = f"query={tensor}, value={value}"
    if pen.maybe(0.3):
        text += f", key={key}" if "query=" in text or pen.maybe(0.5) else f", {key}"
    if scores:
        text += ", return_attention_scores=True"
    if cls == "MultiHeadAttention" and pen.maybe(0.1):
        text += ", use_causal_mask=True"
    return 1 + scores, f"{layer}({text})"


def with_states(pen: Pen, tensor: str) -> str | None:
    """A recurrent layer that gives its states, too."""
    shape = pen.shape(tensor)
    if len(shape) == 3:
        return f"{pen.pick((recurrent, recurrent, bidirectional, cells))(pen, shape, True)}({tensor})"
    if len(shape) in (4, 5):
        return f"{convolutional_lstm(len(shape) - 3)(pen, shape, True)}({tensor})"
    return None
