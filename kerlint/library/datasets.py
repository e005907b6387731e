"""Known data sets: what `keras.datasets.*.load_data()` and scikit-learn's loaders give."""

from __future__ import annotations

from kerlint import syntax
from kerlint.library.convert import Call, Function, Handler, handler
from kerlint.library.defaults import DATA, Data
from kerlint.program.constants import integer, text
from kerlint.program.labels import Labels
from kerlint.program.values import Array, Shape, Unknown, Value, tuple_of

#: Data sets whose rows stand class by class.
_GROUPED = frozenset({"iris", "wine", "olivetti_faces"})
#: Data sets of which it is not known how their rows stand.
_UNKNOWN_ORDER = frozenset({"covtype"})
#: Arguments that leave the rows and what a row is as they are.
_HARMLESS = frozenset({"path", "seed"})


def arrays_of(data: Data, rows: int | None, shape: tuple[int, ...], node: syntax.Node) -> tuple[Array, Array]:
    """Inputs and targets of one part of a data set."""
    order = "grouped" if data.name in _GROUPED else None if data.name in _UNKNOWN_ORDER else "random"
    full: Shape = (rows, *shape)
    columns = tuple(zip(data.low, data.high)) if len(data.low) == len(data.high) > 1 else None
    inputs = Array(
        full,
        data.dtype,
        None if data.ragged else data.lowest,
        None if data.ragged else data.highest,
        tight=not data.ragged,
        columns=columns,
        source=data.name,
        order=order,
        node=node,
    )
    kind = "continuous" if data.classes == 0 else "binary" if data.classes == 2 else "classes"
    targets = Array(
        (rows, *data.labels),
        data.label_dtype,
        data.label_low,
        data.label_high,
        tight=True,
        labels=Labels(kind, data.classes or None),
        source=data.name,
        order=order,
        node=node,
    )
    return inputs, targets


def toy_data(function: str, node: syntax.Node) -> tuple[Value, Value]:
    """Inputs and targets of a scikit-learn loader."""
    data = DATA.get(function)
    if data is None:
        return Unknown(function, node=node), Unknown(function, node=node)
    return arrays_of(data, data.train[0], data.train[1:], node)


def _loader(data: Data) -> Function:
    def answer(call: Call) -> Value:
        given = call.args.keys() - _HARMLESS
        parts: list[Value] = []
        for shape in (data.train, data.test):
            # `test_split`, `maxlen` and the like change the rows, not what a row is.
            fixed = not given - {"num_words", "label_mode", "skip_top", "start_char", "oov_char", "index_from"}
            inputs, targets = arrays_of(data, shape[0] if fixed else None, shape[1:], call.node)
            if data.ragged:
                _limit(inputs, call)
            if "label_mode" in given:
                _coarse(targets, call)
            parts.append(tuple_of(inputs, targets, node=call.node))
        return tuple_of(*parts, node=call.node)

    return answer


def _limit(words: Array, call: Call) -> None:
    """The numbers of words stay below `num_words`; nothing is known of them otherwise."""
    most = integer(call.value("num_words")) if "num_words" in call.args else None
    if most is not None and not {"start_char", "oov_char", "index_from"} & call.args.keys():
        words.low, words.high = 0.0, most - 1.0


def _coarse(targets: Array, call: Call) -> None:
    """`cifar100.load_data("coarse")` has 20 classes."""
    mode = text(call.value("label_mode"))
    if mode == "coarse":
        targets.high, targets.labels = 19.0, Labels("classes", 20)
    elif mode != "fine":
        targets.high, targets.labels = None, Labels("classes")


FUNCTIONS: dict[str, Handler] = {
    name: handler(name, _loader(data)) for name, data in DATA.items() if name.startswith("keras.datasets.")
}
