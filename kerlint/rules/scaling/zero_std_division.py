"""KN021."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint import syntax
from kerlint.finding import Safety, Severity
from kerlint.library.defaults import DATA
from kerlint.program.events import Division
from kerlint.program.facts import Program
from kerlint.program.values import Array
from kerlint.rules import fixing
from kerlint.rules.base import Found, Rule


class ZeroStdDivision(Rule):
    """Data is divided by the spread of each column, which is zero for a column that is constant.

    Hand-written standardisation divides by the standard deviation of each column, min-max scaling by
    the largest minus the smallest value. A column that holds one value only has neither, and 0 / 0 is
    NaN.

    ## Why is this bad?
    NumPy gives no more than a RuntimeWarning. One NaN in an input makes every output of a dense
    layer NaN, and so the loss. Constant columns are not rare: the border of images, a rare category that
    a split left out, a sensor that was off.

    ## Example
    ```python
    import pandas as pd
    from tensorflow import keras

    x = pd.read_csv("sensors.csv").values
    x = (x - x.mean(axis=0)) / x.std(axis=0)  # KN021
    ```

    Use instead:
    ```python
    import pandas as pd
    from tensorflow import keras

    x = pd.read_csv("sensors.csv").values
    x = (x - x.mean(axis=0)) / (x.std(axis=0) + 1e-8)
    ```

    ## Known limits
    Only hand-written scaling with an `axis`: scikit-learn's scalers and `keras.layers.Normalization` take care of
    constant columns. Silent for random data, for single columns and for data sets known to have no
    constant column.

    ## References
    - Measured: a constant column becomes NaN in both forms. In scikit-learn's digits 3 of the 64 columns
      are constant, and at the border of MNIST's images many pixels are 0 in all of them.
    """

    code = "KN021"
    name = "zero-std-division"
    severity = Severity.ADVICE
    fix = Safety.UNSAFE
    symptoms = ("loss-nan", "wrong-result")
    since = "0.1.0"
    in_tests = False

    #: Data sets with columns that never change.
    CONSTANT_COLUMNS = frozenset({"mnist", "digits"})

    def check(self, program: Program) -> Iterator[Found]:
        for event in program.all(Division):
            if not event.per_column or event.divisor.node is None or not isinstance(event.divisor, Array):
                continue
            data = event.divisor.statistic[1] if event.divisor.statistic is not None else None
            known = isinstance(data, Array) and _is_by_column(data, event.divisor) and self._has_constant_column(data)
            if isinstance(data, Array) and not known and _always_varies(data, event.divisor):
                continue
            spread = "standard deviation" if event.statistic == "std" else "range"
            yield from self.found(
                event.node,
                f"a constant column has a {spread} of 0 and becomes NaN"
                + (
                    f", and {data.source} has such columns"
                    if known and isinstance(data, Array) and data.source in _NAMES
                    else ""
                ),
                label="0 / 0 where a column is constant",
                also=[(event.divisor.node, f"the {spread} of each column")],
                why=f"the {spread} of equal values is 0, and so is their distance from the "
                + ("mean" if event.statistic == "std" else "smallest"),
                help="add a small number to the divisor: (... + 1e-8)",
                severity=Severity.WARNING if known else Severity.ADVICE,
                about=event,
                fix=_not_zero(event.node),
            )

    def _has_constant_column(self, data: Array) -> bool:
        if data.columns is not None and any(low == high for low, high in data.columns):
            return True
        return data.source in self.CONSTANT_COLUMNS

    bad = (
        """
        import numpy as np
        import keras
        def scale(data):
            low = np.min(data, axis=0)
            high = np.max(data, axis=0)
            return (data - low) / (high - low)  # KN021
        """,
        """
        import keras
        (x, y), _ = keras.datasets.mnist.load_data()
        x = x.reshape(-1, 784).astype("float32")
        x = (x - x.mean(axis=0)) / x.std(axis=0)  # KN021
        """,
    )
    good = (
        """
        import keras
        (x, y), _ = keras.datasets.boston_housing.load_data()
        x = (x - x.mean(axis=0)) / x.std(axis=0)
        """,
        """
        import numpy as np
        import keras
        def scale(data):
            std = np.std(data, axis=0)
            std[std == 0] = 1
            return (data - np.mean(data, axis=0)) / std
        def clipped(data):
            return (data - np.mean(data, axis=0)) / np.maximum(np.std(data, axis=0), 1e-7)
        def whole(data):
            return (data - data.mean()) / data.std()
        """,
        """
        import numpy as np
        import keras
        x = np.random.rand(1000, 20)
        x = (x - x.mean(axis=0)) / x.std(axis=0)
        """,
        """
        import keras
        (x, y), _ = keras.datasets.mnist.load_data()
        x = x.reshape(-1, 28, 28, 1)
        x = (x - x.mean(axis=(0, 1, 2))) / x.std(axis=(0, 1, 2))
        """,
    )


_NAMES = frozenset(data.name for data in DATA.values())


def _not_zero(node: syntax.Node) -> fixing.Draft | None:
    """The divisor with a small number added."""
    divisor = node.right if isinstance(node, syntax.BinaryOperation) and node.operator == "/" else None
    if divisor is None or divisor is not fixing.operand(divisor):
        return None
    return fixing.draft("add 1e-8 to the divisor", fixing.replace(divisor, "({0} + 1e-8)", divisor, variable=True))


def _is_by_column(data: Array, divisor: Array) -> bool:
    """Whether the spread is certainly one over all rows, for each column."""
    return data.shape is not None and len(data.shape) > 1 and divisor.shape == data.shape[1:]


def _always_varies(data: Array, divisor: Array) -> bool:
    """Whether no column can be constant: random or known data, a single column, or all pixels of a channel."""
    if data.noise or data.source in _NAMES or data.rank == 1:
        return True
    return data.rank is not None and divisor.rank is not None and data.rank - divisor.rank > 1
