"""KA003."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint import syntax
from kerlint.experiment import Change, Experiment
from kerlint.finding import Safety, Severity
from kerlint.library.chains import described
from kerlint.library.finished import ends, final_graphs, training_of
from kerlint.library.heads import PROBABILITIES, Activation
from kerlint.library.kinds import (
    NOISE,
    NORMALIZATION,
    PARAMETRIC,
    POOLING,
    RECURRENT,
    RESHAPING,
    is_parametric,
    own_activation,
    pure_activation,
)
from kerlint.program.constants import constant
from kerlint.program.facts import Program
from kerlint.program.graph import Graph, Node
from kerlint.records import dataclass
from kerlint.rules import fixing
from kerlint.rules.base import Found, Rule


class MisplacedActivation(Rule):
    """An activation stands where it does not belong: two in a row, or softmax between hidden layers.

    `Dense(64, activation="relu")` followed by `Activation("relu")`, `ReLU()` or `LeakyReLU()` has two
    activations. The second one gets what the first one has left. Softmax is made for the end of a
    model: it turns the outputs of a layer into shares that sum to 1.

    ## Why is this bad?
    After relu there is nothing below 0, so a second relu does nothing and the slope of a `LeakyReLU`
    never acts. A sigmoid after relu gives no value below 0.5, a softmax after relu or tanh cannot say
    "certainly not this class". Between hidden layers softmax squeezes 64 units into shares of one
    whole, about 1/64 each: the next layer sees nearly the same numbers for every row. Keras says
    nothing.

    ## Example
    ```python
    from tensorflow import keras

    model = keras.Sequential([
        keras.Input((10,)),
        keras.layers.Dense(64, activation="softmax"),  # KA003
        keras.layers.Dense(1),
    ])
    ```

    Use instead:
    ```python
    from tensorflow import keras

    model = keras.Sequential([
        keras.Input((10,)),
        keras.layers.Dense(64, activation="relu"),
        keras.layers.Dense(1),
    ])
    ```

    ## Known limits
    Softmax counts only where the next layer with a kernel alone reads it: attention, gates and
    mixtures multiply it with something. A softmax or sigmoid after another activation counts only at
    the end of a model. The activation inside a recurrent layer is not one of two in
    a row. Two softmaxes at the end of a compiled model are KL003. A relu on the maps whose means a softmax
    reads is advice: some well-known networks end like this. So is tanh on tanh, of which no harm was measured.

    ## References
    - Measured on Keras 3.15.1: a regression with two softmax hidden layers explains .07 of the variance, and its
      predictions spread by .06 where the targets spread by 1.6.
    """

    code = "KA003"
    name = "misplaced-activation"
    severity = Severity.WARNING
    fix = Safety.UNSAFE
    symptoms = ("constant-output", "slow-learning", "accuracy-stuck", "loss-flat")
    since = "0.1.0"

    def check(self, program: Program) -> Iterator[Found]:
        last = ends(program)
        seen: set[int] = set()
        for graph in final_graphs(program):
            pairs: dict[tuple[str, str, bool], list[_Pair]] = {}
            hidden: list[_Hidden] = []
            for node in graph.nodes:
                pair = _pair(node)
                if pair is not None:
                    pairs.setdefault((pair.first, pair.second, pair.pooled), []).append(pair)
                squeezed = _hidden_softmax(node, last)
                if squeezed is not None:
                    hidden.append(squeezed)
            for group in pairs.values():
                fresh = {id(pair.place): pair for pair in group if id(pair.place) not in seen}
                seen.update(fresh)
                if fresh:
                    yield from self._doubled(list(fresh.values()), program, graph)
            new = {id(one.place): one for one in hidden if id(one.place) not in seen}
            seen.update(new)
            if new:
                yield from self._squeezed(list(new.values()), program, graph)

    def _doubled(self, pairs: list[_Pair], program: Program, graph: Graph) -> Iterator[Found]:
        first, second = pairs[0].first, pairs[0].second
        yield from self.found(
            pairs[0].place,
            f"{second} follows {'on the mean of' if pairs[0].pooled else 'directly on'} {first}"
            + (f", in {len(pairs)} places" if len(pairs) > 1 else ""),
            label="the second activation",
            also=[
                (pairs[0].before, f"the first one, {first}"),
                *((pair.place, "here, too") for pair in pairs[1:]),
            ],
            why=_effect(first, second),
            help="keep one of the two" if first == second else f"keep only {_better(first, second)}",
            # Of two tanh in a row no harm was measured.
            severity=Severity.ADVICE if pairs[0].pooled or first == second == "tanh" else None,
            about=pairs[0].node.layer or pairs[0].node.op,
            experiment=_experiment(program, graph, pairs[0].node, [_single(pair) for pair in pairs])
            if not _is_idle(first, second)
            else Experiment(
                training_of(program, graph, pairs[0].node),
                "superfluous",
                [Change(pair.node, {"activation": "tanh"}) for pair in pairs],
                at=[pair.node for pair in pairs],
            ),
        )

    def _squeezed(self, hidden: list[_Hidden], program: Program, graph: Graph) -> Iterator[Found]:
        first = hidden[0]
        width = f" of {first.width} units" if first.width is not None else ""
        yield from self.found(
            first.place,
            f"softmax on a hidden layer{width}: what {described(first.next)} reads sums to 1",
            label="softmax between hidden layers",
            also=[
                *((one.place, "here, too") for one in hidden[1:]),
                (first.next.place, "reads the shares"),
            ],
            why=f"each unit gives about 1/{first.width}, nearly the same for every row"
            if first.width is not None
            else "each unit gives a small share of one whole, nearly the same for every row",
            help='use activation="relu" in hidden layers',
            about=first.node.layer or first.node.op,
            experiment=_experiment(
                program, graph, first.node, [Change(one.node, {"activation": "relu"}) for one in hidden]
            ),
            fix=fixing.draft(
                'use activation="relu"',
                *fixing.all_of(
                    [fixing.activation(Activation("softmax", one.place, one.node), "relu") for one in hidden]
                ),
            ),
        )

    bad = (
        """
        from keras.models import Sequential
        from keras.layers import Activation, Dense, LeakyReLU
        model = Sequential()
        model.add(Dense(16, input_shape=(7,)))
        model.add(Activation("relu"))
        model.add(Activation("relu"))  # KA003
        model.add(Dense(16, activation="relu"))
        model.add(LeakyReLU())  # KA003
        model.add(Dense(16, activation="relu"))
        model.add(LeakyReLU())
        model.add(Dense(1, activation="relu"))
        model.add(Activation("sigmoid"))  # KA003
        """,
        """
        import keras
        inputs = keras.Input((4,))
        x = keras.layers.Dense(8)(inputs)
        x = keras.layers.Softmax()(x)  # KA003
        x = keras.layers.Dropout(0.5)(x)
        outputs = keras.layers.Dense(3, activation="softmax")(x)
        model = keras.Model(inputs, outputs)
        """,
        """
        import keras
        inputs = keras.Input((8, 8, 3))
        x = keras.layers.Conv2D(10, 1, activation="relu")(inputs)
        x = keras.layers.GlobalAveragePooling2D()(x)
        model = keras.Model(inputs, keras.layers.Activation("softmax")(x))  # KA003
        """,
    )
    good = (
        # Attention, a gate, a mixture of experts.
        """
        import keras
        inputs = keras.Input((4, 8))
        scores = keras.layers.Dense(1)(inputs)
        weights = keras.layers.Softmax(axis=1)(scores)
        x = keras.layers.Multiply()([inputs, weights])
        x = keras.layers.GlobalAveragePooling1D()(x)
        gate = keras.layers.Dense(8, activation="softmax")(x)
        x = x * gate
        model = keras.Model(inputs, keras.layers.Dense(1)(x))
        """,
        """
        import keras
        inputs = keras.Input((20, 16))
        scores = keras.layers.Flatten()(keras.layers.Dense(1, activation="tanh")(inputs))
        weights = keras.layers.Activation("softmax")(scores)
        weights = keras.layers.Permute((2, 1))(keras.layers.RepeatVector(16)(weights))
        x = keras.layers.Flatten()(keras.layers.Multiply()([inputs, weights]))
        model = keras.Model(inputs, keras.layers.Dense(1)(x))
        """,
        # A classifier whose answer another model reads.
        """
        import keras
        inputs = keras.Input((4,))
        classes = keras.layers.Dense(3, activation="softmax")(inputs)
        classifier = keras.Model(inputs, classes)
        generator = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="softmax")])
        critic = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
        both = keras.Model(inputs, [critic(generator(inputs)), keras.layers.Dense(5)(classes)])
        """,
        # Not two of a kind: a bound on relu, a normalisation between, a recurrent layer.
        """
        import keras
        inputs = keras.Input((4, 8))
        x = keras.layers.LSTM(8)(inputs)
        x = keras.layers.LeakyReLU()(x)
        x = keras.layers.Dense(8, activation="relu")(x)
        x = keras.layers.ReLU(max_value=6.0)(x)
        x = keras.layers.Dense(8, activation="relu")(x)
        x = keras.layers.BatchNormalization()(x)
        x = keras.layers.Activation("relu")(x)
        x = keras.layers.Dense(8, activation=chosen)(x)
        x = keras.layers.Activation("relu")(x)
        x = keras.layers.Dense(8, activation="linear")(x)
        x = keras.layers.Activation("relu")(x)
        model = keras.Model(inputs, keras.layers.Dense(1)(x))
        """,
    )


def _experiment(program: Program, graph: Graph, node: Node, repair: list[Change]) -> Experiment:
    """Whether the model learns worse with it."""
    return Experiment(training_of(program, graph, node), "slower", repair, details={"steps": 400})


def _single(pair: _Pair) -> Change:
    """One activation in the place of two."""
    if _better(pair.first, pair.second) == pair.second:
        before = pair.node.inputs[0]
        while len(before.inputs) == 1 and (before.short in RESHAPING or _is_mean(before)):
            before = before.inputs[0]
        return Change(before, {"activation": "linear"})
    return Change(pair.node, drop=True)


@dataclass(frozen=True, eq=False, slots=True)
class _Pair:
    """Two activations, the second directly after the first."""

    node: Node
    first: str
    second: str
    before: syntax.Node | None
    place: syntax.Node | None
    #: Whether the mean over an image stands between.
    pooled: bool = False


@dataclass(frozen=True, eq=False, slots=True)
class _Hidden:
    """A softmax that a layer with a kernel reads."""

    node: Node
    width: int | None
    place: syntax.Node | None
    next: Node


#: Bent at 0, the identity above.
_RECTIFIERS = frozenset({"relu", "leaky_relu", "prelu", "elu", "thresholded_relu", "selu"})
_NOT_NEGATIVE = frozenset({"relu", "relu6", "sigmoid", "hard_sigmoid", "softmax"})
_BOUNDED = frozenset({"sigmoid", "hard_sigmoid", "softmax", "tanh"})
#: Nobody puts anything after these in a row on purpose.
_FIRST = _NOT_NEGATIVE | _BOUNDED | {"elu", "selu", "gelu", "silu", "leaky_relu", "prelu"}
_SECOND = _RECTIFIERS | _BOUNDED | {"gelu", "silu", "softplus", "log_softmax"}


def _pair(node: Node) -> _Pair | None:
    second = pure_activation(node)
    if second not in _SECOND or len(node.inputs) != 1:
        return None
    before, pooled = node.inputs[0], False
    while len(before.inputs) == 1 and len(before.consumers) == 1:
        is_mean = second == "softmax" and _is_mean(before)
        if before.short not in RESHAPING and not is_mean:
            break
        before, pooled = before.inputs[0], pooled or is_mean
    first = _activation(before)
    if first not in _FIRST or len(before.consumers) != 1 or not _is_plain(node) or not _is_plain(before):
        return None
    if first in PROBABILITIES and second in PROBABILITIES:
        return None
    if second in PROBABILITIES | {"log_softmax"} and node.consumers:
        # Inside a model these are weights and gates, whose scores may be bounded on purpose.
        return None
    if first != second and not {first, second} & (_NOT_NEGATIVE | _BOUNDED):
        return None
    if pooled and first not in _NOT_NEGATIVE:
        return None
    return _Pair(node, str(first), str(second), _place(before), _place(node), pooled)


def _is_mean(node: Node) -> bool:
    """Whether it takes the mean over an image, or over time."""
    return node.short.startswith("GlobalAveragePooling")


def _activation(node: Node) -> str | None:
    """What a node ends with; None for recurrent layers, which use their activation inside."""
    if node.layer is None or not is_parametric(node):
        return pure_activation(node)
    return None if node.short in RECURRENT else own_activation(node.layer)


def _is_plain(node: Node) -> bool:
    """Whether the activation is the usual one: no bound, no threshold, over the last axis."""
    usual = {"axis": (-1, None), "max_value": (None,), "threshold": (0, None)}
    return all(name not in node.args or constant(node.args[name]) in values for name, values in usual.items())


def _place(node: Node) -> syntax.Node | None:
    return node.argument_place("activation") if node.layer is not None else node.op.node


def _is_idle(first: str, second: str) -> bool:
    """Whether the second activation leaves everything as it is."""
    return (first == second and first in ("relu", "relu6")) or (first in _NOT_NEGATIVE and second in _RECTIFIERS)


def _effect(first: str, second: str) -> str:
    if first == second and first in ("relu", "relu6"):
        return f"the second {first} changes nothing"
    if first in _NOT_NEGATIVE and second in _RECTIFIERS:
        return f"{first} leaves nothing below 0, so {second} has nothing to do"
    if second == "sigmoid" and first in _NOT_NEGATIVE:
        return f"{first} gives nothing below 0, and of that sigmoid makes nothing below 0.5"
    if second in ("softmax", "log_softmax"):
        return f"{first} limits what softmax gets, so that some probabilities cannot be reached"
    if first == second:
        return f"{first} is applied to its own result, and flattens the gradient twice"
    return f"{second} only gets what {first} has left of the values"


def _better(first: str, second: str) -> str:
    """Of two activations the one that was probably meant: that which stands by itself."""
    return second if second in PROBABILITIES | _RECTIFIERS | {"tanh", "log_softmax"} else first


def _hidden_softmax(node: Node, last: set[int]) -> _Hidden | None:
    if _activation(node) != "softmax" or not _is_plain(node) or not _comes_from_kernel(node):
        return None
    width = node.shape[-1] if node.shape else None
    if width == 1:
        return None
    current = node
    while True:
        if id(current.op) in last or (current.layer is not None and id(current.layer) in last):
            return None
        if len(current.consumers) != 1:
            return None
        current = current.consumers[0]
        if len(current.inputs) != 1:
            return None
        if current.short in PARAMETRIC and current.kind == "layer":
            return _Hidden(node, width, _place(node), current)
        if current.short not in NOISE | NORMALIZATION | RESHAPING | POOLING:
            return None


def _comes_from_kernel(node: Node) -> bool:
    """Whether the softmax is over the units of a layer: what is by itself may be over anything."""
    if is_parametric(node):
        return True
    return len(node.inputs) == 1 and is_parametric(node.inputs[0]) and node.inputs[0].short not in RECURRENT
