"""KS031."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.finding import Severity
from kerlint.library.branches import begins_in, inputs_of
from kerlint.library.graphs import graph_of
from kerlint.program.events import Compile
from kerlint.program.facts import Program
from kerlint.program.graph import Node
from kerlint.program.values import Const, Function, Instance, Mapping, Object, Partial, Sequence, Unknown, Value
from kerlint.rules.base import Found, Rule


class InputWithoutEffect(Rule):
    """A model has an input that none of its outputs depends on.

    The input is among those of the model, so that data has to be given for it, but no way leads from it to an output.

    ## Why is this bad?
    The data that is given there is ignored, and nothing warns. Mostly a branch has been left out where branches are
    joined.

    ## Example
    ```python
    from tensorflow import keras

    photo = keras.Input((64,))
    facts = keras.Input((12,))  # KS031
    hidden = keras.layers.Dense(32, activation="relu")(photo)
    price = keras.layers.Dense(1)(hidden)
    model = keras.Model([photo, facts], price)
    model.compile(optimizer="adam", loss="mse")
    ```

    Use instead:
    ```python
    from tensorflow import keras

    photo = keras.Input((64,))
    facts = keras.Input((12,))
    hidden = keras.layers.Dense(32, activation="relu")(keras.layers.Concatenate()([photo, facts]))
    price = keras.layers.Dense(1)(hidden)
    model = keras.Model([photo, facts], price)
    model.compile(optimizer="adam", loss="mse")
    ```

    ## Known limits
    Only models that are compiled with losses of Keras and wholly understood: a loss of the program may read the input,
    and so may `add_loss` and a `Lambda`. Where a branch of layers begins at the input and leads nowhere, KS003 tells
    it.

    ## References
    - Measured on Keras 3.15.1: such a model is built and trained without a word, and its predictions are the same
      whatever it is given there.
    """

    code = "KS031"
    name = "input-without-effect"
    severity = Severity.WARNING
    symptoms = ("wrong-result", "accuracy-stuck")
    since = "0.1.0"

    def check(self, program: Program) -> Iterator[Found]:
        if program.times_mentioned("add_loss") or program.times_mentioned("add_metric") or program.limits:
            return
        told: set[int] = set()
        for event in program.compiles:
            model, graph = event.model, event.graph
            if model.kind != "functional" or model.cls is not None or not graph.complete or event.assumed:
                continue
            if _is_own(event.loss) or not _has_library_loss(event):
                continue
            if not all(_is_followed(node) for node in graph.nodes):
                continue
            held = {id(node.op) for node in graph.nodes}
            idle = [tensor for tensor in inputs_of(model) if id(tensor.op) not in held and tensor.op.kind == "input"]
            for tensor in idle if len(idle) < len(inputs_of(model)) else ():
                if id(tensor.op) in told or _is_used(program, id(tensor.op)):
                    continue
                told.add(id(tensor.op))
                yield from self.found(
                    tensor.op.node,
                    "no output of the model depends on this input",
                    label="what is given here is ignored",
                    also=[(model.node, "the model that it is an input of")],
                    why="a model computes its outputs from the tensors that lead to them, and from no others",
                    help="join its branch with the others, or leave the input out",
                    about=event,
                )

    bad = (
        """
        import keras
        from keras import layers
        def build():
            text, meta = keras.Input((100,)), keras.Input((5,), name="meta")  # KS031
            t = layers.GlobalAveragePooling1D()(layers.Embedding(1000, 32)(text))
            both = layers.concatenate([t, t])
            return keras.Model(inputs=[text, meta], outputs=layers.Dense(1, activation="sigmoid")(both))
        model = build()
        model.compile("adam", "binary_crossentropy")
        """,
    )
    good = (
        """
        import keras
        from keras import layers, ops
        image, weight = keras.Input((8,)), keras.Input((8,))
        out = layers.Dense(8, activation="sigmoid")(image)
        model = keras.Model([image, weight], out)
        def weighed(y_true, y_pred):
            return ops.mean(weight * ops.square(y_true - y_pred))
        model.compile("adam", weighed)
        inspected = keras.Model([image, weight], out)
        rows, codes = keras.Input((4,)), keras.Input((2,))
        joined = layers.Concatenate()([rows, looked_up(codes)])
        both = keras.Model([rows, codes], layers.Dense(1)(joined))
        both.compile("adam", "mse")
        added = keras.Model([rows, codes], layers.Dense(1)(layers.Add()([rows, looked_up(codes)])))
        added.compile("adam", "mse")
        summed = keras.Model([rows, codes], layers.Dense(1)(rows + looked_up(codes)))
        summed.compile("adam", "mse")
        a, b = keras.Input((4,)), keras.Input((4,))
        joined = keras.Model([a, b], layers.Dense(1)(layers.Add()([a, b])))
        joined.compile("adam", "mse")
        half = keras.Model([a, b], layers.Dense(1)(a))
        half.compile("adam", "mse")
        """,
    )


def _is_own(value: Value | None) -> bool:
    """Whether a loss of the program is among the losses."""
    if isinstance(value, Sequence):
        return any(map(_is_own, value.items))
    if isinstance(value, Mapping):
        return any(map(_is_own, value.entries.values()))
    return isinstance(value, (Function, Partial, Instance))


def _has_library_loss(event: Compile) -> bool:
    """Whether the losses are known and are Keras's."""
    items = event.loss.items if isinstance(event.loss, Sequence) else (event.loss,)
    return all(isinstance(item, (Const, Object)) for item in items)


def _is_followed(node: Node) -> bool:
    """Whether all that the step reads is known: a `Lambda` may read any tensor, and others what is not understood."""
    given = [item for value in node.op.args.values() for item in (value, *getattr(value, "items", ()))]
    return node.short != "Lambda" and node.shape is not None and not any(isinstance(one, Unknown) for one in given)


def _is_used(program: Program, op: int) -> bool:
    """Whether another model depends on the input, or a branch that KS003 tells of begins there."""
    for model in program.models:
        graph = graph_of(model)
        if graph is not None and any(id(node.op) == op for node in graph.nodes):
            return True
    return any(
        any(id(source.op) == op for source in unread.tensor.op.inputs) or begins_in(unread.tensor, {op})
        for unread in program.unread
    )
