"""KL007."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.experiment import Change, Experiment
from kerlint.finding import Safety, Severity
from kerlint.library.arrays import KEEPING, same_data
from kerlint.library.contracts import REGRESSION, Contract, Target, contracts, metric_names
from kerlint.library.files_read import is_raw
from kerlint.library.heads import Head
from kerlint.library.kinds import NORMALIZATION, SCALING
from kerlint.library.metrics import OF_ERRORS
from kerlint.library.objects import argument
from kerlint.program.constants import truth
from kerlint.program.events import Compile, Division, Transformed
from kerlint.program.facts import Program
from kerlint.program.values import Array, Value
from kerlint.rules import fixing
from kerlint.rules.base import Found, Option, Rule

#: The values that an output can take.
_RANGES = {
    "sigmoid": (0.0, 1.0),
    "hard_sigmoid": (0.0, 1.0),
    "softmax": (0.0, 1.0),
    "tanh": (-1.0, 1.0),
    "softsign": (-1.0, 1.0),
    "relu": (0.0, float("inf")),
    "softplus": (0.0, float("inf")),
    "exponential": (0.0, float("inf")),
}
#: Losses that compare probabilities: with targets outside 0..1 it is they that are out of place.
_FOR_PROBABILITIES = ("binary_crossentropy", "categorical_crossentropy")


class TargetOutsideOutputRange(Rule):
    """The targets have values that the output can never take.

    A sigmoid or softmax gives values between 0 and 1, tanh between -1 and 1, relu none below 0.

    ## Why is this bad?
    The predictions stop at the bound, and the loss has a floor that no training lowers. Where all
    targets lie outside, the best answer is a constant. With a cross-entropy as loss, targets outside
    0..1 make the loss negative without end. Keras says nothing.

    ## Example
    ```python
    from sklearn.datasets import make_regression
    from tensorflow import keras

    x, y = make_regression(n_samples=1000, n_features=10)
    model = keras.Sequential([
        keras.Input((10,)),
        keras.layers.Dense(16, activation="relu"),
        keras.layers.Dense(1, activation="sigmoid"),  # KL007
    ])
    model.compile(optimizer="adam", loss="mse")
    model.fit(x, y, epochs=20)
    ```

    Use instead:
    ```python
    from sklearn.datasets import make_regression
    from tensorflow import keras

    x, y = make_regression(n_samples=1000, n_features=10)
    model = keras.Sequential([
        keras.Input((10,)),
        keras.layers.Dense(16, activation="relu"),
        keras.layers.Dense(1),
    ])
    model.compile(optimizer="adam", loss="mse")
    model.fit(x, y, epochs=20)
    ```

    ## Known limits
    Only targets of a known range: literals, generated data, known data sets, scaled data. Standardised targets go below
    0, wherever they come from. A relu before numbers from a file is advice.

    ## References
    - Measured on Keras 3.15.1 (share of what can be learned, median): sigmoid output with targets up to 3 in size
      .37 against .92, relu with standardised targets .46; with binary_crossentropy the loss runs to minus infinity.
    """

    code = "KL007"
    name = "target-outside-output-range"
    severity = Severity.ERROR
    fix = Safety.UNSAFE
    symptoms = ("constant-output", "zero-output", "slow-learning", "wrong-result")
    since = "0.1.0"
    #: A loss for probabilities on numbers: an activation that gives probabilities would not put it right.
    subsumes = ("KL002",)

    margin = Option(0.05, "How far outside a target must be: rounding and label smoothing stay within.", low=0.0)

    def check(self, program: Program) -> Iterator[Found]:
        centred = _centred(program)
        for contract in contracts(program):
            head = contract.head
            if head is None or not head.known or contract.loss.function == "sparse_categorical_crossentropy":
                continue
            if _is_moved(head):
                continue
            softmax = any(activation.name == "softmax" for activation in head.activations)
            if head.units == 1 and softmax and contract.loss.function not in _FOR_PROBABILITIES:
                # That the output is a constant is another rule's matter.
                continue
            for target in contract.targets:
                reason = _outside(head, contract, target.array, self.margin, centred)
                if reason:
                    yield from self._report(contract, head, target, reason)
                    break
                if _is_doubtful(head, contract, target.array):
                    yield from self._doubt(contract, head, target)
                    break

    def _report(self, contract: Contract, head: Head, target: Target, reason: str) -> Iterator[Found]:
        by_loss = contract.loss.function in _FOR_PROBABILITIES
        low, high = _RANGES.get(head.activation or "", (None, None))
        bounds = (
            "no value below 0"
            if high == float("inf")
            else f"values between {low:g} and {high:g}"
            if low is not None
            else ""
        )
        by_loss = by_loss and contract.loss.place is not None
        yield from self.found(
            contract.loss.place if by_loss else head.activation_place,
            f"{contract.loss.function} needs targets between 0 and 1, but they {reason}"
            if by_loss
            else f"the output is {head.activation}, but the targets {reason}",
            label="a loss for probabilities" if by_loss else f"gives {bounds}" if bounds else "the output",
            also=[
                (target.array.node, f"targets that {reason}"),
                (target.place, "trained on here"),
                (head.activation_place if by_loss and bounds else None, f"gives {bounds}"),
            ],
            why="what the output cannot reach stays an error for ever, whatever the weights are",
            help="for a regression end without activation and use mse, or bring the targets into the range first",
            about=contract.event,
            experiment=Experiment(
                contract.event,
                "range",
                [Change(head.activator, {"activation": "linear"}), Change("loss", {"class": "mean_squared_error"})],
                details={"low": low, "high": high if high != float("inf") else None, "steps": 600},
            ),
            fix=fixing.draft("leave the activation out", fixing.drop(head.layer, "activation"))
            if contract.loss.function in REGRESSION and len(head.activations) == 1
            else None,
        )

    def _doubt(self, contract: Contract, head: Head, target: Target) -> Iterator[Found]:
        """Advice where the targets come from a file, so that nobody sees their range."""
        low, high = _RANGES[head.activation or ""]
        bounds = "no value below 0" if high == float("inf") else f"values between {low:g} and {high:g}"
        yield from self.found(
            head.activation_place,
            f"the output is {head.activation} and gives {bounds}, and nothing brings the targets there",
            label=f"gives {bounds}",
            also=[
                (target.array.origin.node, "the targets are as they stand in this file"),
                (contract.loss.place, "a loss for numbers"),
            ],
            why="what the output cannot reach stays an error for ever, whatever the weights are",
            help="for a regression end without activation",
            severity=Severity.ADVICE,
            about=contract,
        )

    bad = (
        """
        import keras
        import numpy as np
        x = np.array([[0.0], [1.0], [2.0], [3.0]])
        y = np.array([0, 1, 2, 3])
        model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, activation="sigmoid")])  # KL007
        model.compile("adam", "mse")
        model.fit(x, y, epochs=100)
        """,
        """
        import keras
        from sklearn.datasets import make_regression
        x, y = make_regression(100, 4)
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, activation="sigmoid")])
        model.compile("adam", "binary_crossentropy")  # KL007
        model.fit(x, y, epochs=100)
        """,
        """
        import keras
        import numpy as np
        table = np.genfromtxt("data.csv", delimiter=",")
        model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, activation="relu")])  # KL007
        model.compile("adam", "mse")
        model.fit(table[:, :1], table[:, 1], epochs=100)
        """,
        """
        import keras
        import pandas as pd
        from sklearn.model_selection import train_test_split
        from sklearn.preprocessing import StandardScaler
        table = pd.read_csv("flats.csv")
        prices = StandardScaler().fit_transform(table[["price"]].values)
        sizes = table[["size"]].values
        mean, std = sizes.mean(), sizes.std()
        x_train, x_test, y_train, y_test = train_test_split(table[["rooms", "floor"]].values, prices)
        model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(8, "relu")])
        model.add(keras.layers.Dense(1, activation="softplus"))  # KL007
        model.compile("adam", "mse")
        model.fit(x_train, y_train.ravel(), epochs=100)
        other = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, activation="relu")])  # KL007
        other.compile("adam", "mae")
        other.fit(table[["rooms", "floor"]].values, (sizes - mean) / std, epochs=100)
        third = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, activation="relu")])  # KL007
        third.compile("adam", "mae")
        third.fit(table[["rooms", "floor"]].values, (sizes - mean) / (std + 1e-8), epochs=100)
        """,
        # Where the loss is out of place nothing is said about the activation that it would need.
        """
        import keras
        import pandas as pd
        table = pd.read_csv("flats.csv")
        x, y = table[["rooms", "floor"]].values, table["price"].values
        y = (y - y.mean()) / y.std()
        model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(8, "relu"), keras.layers.Dense(1)])
        model.compile("adam", "binary_crossentropy")  # KL007
        model.fit(x, y, epochs=100)
        """,
    )
    good = (
        """
        import keras
        import pandas as pd
        from sklearn.preprocessing import MinMaxScaler, StandardScaler
        table = pd.read_csv("flats.csv")
        scaler = StandardScaler()
        prices = scaler.fit_transform(table[["price"]].values)
        near_zero = StandardScaler(with_mean=False).fit_transform(table[["size"]].values)
        scaled, given_back = MinMaxScaler().fit_transform(prices), scaler.inverse_transform(prices) / 1000
        price, other = table[["price"]].values, table[["size"]].values
        for last in (
            [keras.layers.Dense(1, activation="sigmoid"), keras.layers.Rescaling(6, offset=-3)],
            [keras.layers.Dense(1, activation="relu"), keras.layers.BatchNormalization()],
            [keras.layers.Dense(1), keras.layers.ReLU(negative_slope=0.1)],
        ):
            model = keras.Sequential([keras.Input((2,)), *last])
            model.compile("adam", "mse")
            model.fit(table[["rooms", "floor"]].values, prices, epochs=100)
        lower = (price - other.mean()) / other.std()
        mixed = (price - other.mean()) / price.std()
        for y in (scaled, given_back, near_zero, prices ** 2, lower, mixed):
            model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, activation="softplus")])
            model.compile("adam", "mse")
            model.fit(table[["rooms", "floor"]].values, y, epochs=100)
        model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, activation="tanh")])
        model.compile("adam", "mse")
        model.fit(table[["rooms", "floor"]].values, prices, epochs=100)
        """,
        """
        # Nearly all of them lie between 300 and 700.
        import keras
        import numpy as np
        y = np.random.normal(size=(400, 1)) * 100 + 500
        model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, activation="relu")])
        model.compile("adam", "mse")
        model.fit(np.random.rand(400, 1), y)
        """,
        """
        import keras
        import numpy as np
        y = np.random.rand(100, 1)
        model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, activation="sigmoid")])
        model.compile("adam", "mse")
        model.fit(x, y)
        """,
        """
        import keras
        (x, _), _ = keras.datasets.mnist.load_data()
        x = (x - 127.5) / 127.5
        model = keras.Sequential([keras.Input((28, 28)), keras.layers.Dense(28, activation="tanh")])
        model.compile("adam", "mse")
        model.fit(x, x)
        """,
    )


def _is_doubtful(head: Head, contract: Contract, array: Array) -> bool:
    """Whether a regression on numbers of a file ends with an activation that most targets are not made for."""
    event = contract.event
    if contract.loss.function not in REGRESSION or head.units != 1 or not is_raw(array):
        return False
    if head.activation == "relu":
        return True
    # Classes 0 and 1 are often fitted with a sigmoid and squared errors.
    return head.activation == "sigmoid" and isinstance(event, Compile) and bool(metric_names(event) & OF_ERRORS)


def _is_moved(head: Head) -> bool:
    """Whether the last activation has a slope below 0, or something behind it brings its range elsewhere."""
    activation = head.activations[-1].node if head.activations else head.node
    if activation is not head.node and any(name in activation.args for name in ("negative_slope", "alpha")):
        return True
    node = head.output
    while node is not activation and node is not head.node:
        if node.short in SCALING | NORMALIZATION or len(node.inputs) != 1:
            return True
        node = node.inputs[0]
    return False


#: Steps that keep the numbers as they are.
#: By the identity of the call or division: the data of the standard deviation, None for a scaler.
Centred = dict[int, Value | None]


def _centred(program: Program) -> Centred:
    """What brings data to a mean of 0 and a standard deviation of 1."""
    found: Centred = {}
    for event in program.all(Transformed):
        is_scaled = event.transformer.short == "StandardScaler" and event.method.endswith("transform")
        if is_scaled and truth(argument(event.transformer, "with_mean")) is True:
            found[id(event.node)] = None
    for division in program.all(Division):
        divisor = division.divisor
        if isinstance(divisor, Array) and divisor.statistic is not None and divisor.statistic[0] == "std":
            found[id(division.node)] = divisor.statistic[1]
    return found


def _is_standardised(array: Array, centred: Centred) -> bool:
    """Whether the last that was done to the numbers brought them to a mean of 0 and a standard deviation of 1."""
    steps = [step for step in array.steps if not step.name.startswith(KEEPING)]
    if not steps or id(steps[-1].node) not in centred:
        return False
    if steps[-1].name == "StandardScaler":
        return True
    # By their own mean and deviation: another one's mean may be below all of them.
    data = centred[id(steps[-1].node)]
    own = data is not None and any(same_data(version, data) for version in array.history())
    return own and [step.name for step in steps[-2:]] == ["- own mean", "/ std"]


def _outside(head: Head, contract: Contract, array: Array, margin: float, centred: Centred) -> str:
    """How the targets leave the range of the output or of the loss, in words; empty if they do not."""
    if array.labels is not None and array.labels.kind in ("onehot", "binary", "multihot", "classes"):
        # Classes under a loss for numbers, or under the wrong loss, are other rules' matter.
        return ""
    bounds = _RANGES.get(head.activation or "")
    if contract.loss.function in _FOR_PROBABILITIES:
        bounds = (0.0, 1.0)
    if bounds is not None and bounds[0] == 0 and array.low is None and _is_standardised(array, centred):
        return "are standardised and go below 0"
    if bounds is None or array.low is None or array.high is None:
        return ""
    if not array.tight and not (array.labels is not None and array.labels.kind == "continuous"):
        return ""
    # The bounds of what is drawn from a bell curve are out of its reach; a third of the way it surely comes.
    middle, reach = (array.low + array.high) / 2, (array.high - array.low) / 2 * (1.0 if array.tight else 1 / 3)
    about = "" if array.tight else "about "
    if middle - reach < bounds[0] - margin:
        return f"go down to {about}{middle - reach:.4g}"
    if middle + reach > bounds[1] + margin:
        return f"go up to {about}{middle + reach:.4g}"
    return ""
