"""KR022."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint import syntax
from kerlint.finding import Safety, Severity
from kerlint.library.objects import argument
from kerlint.program.constants import constant, truth
from kerlint.program.events import Seed, Split
from kerlint.program.facts import Program
from kerlint.program.values import Value
from kerlint.rules import fixing
from kerlint.rules.base import Found, Rule


class SplitWithoutRandomState(Rule):
    """Data is split at random without a seed: every run trains and tests on other rows.

    ## Why is this bad?
    The score changes with the rows that happen to be in the test part. Two models that were tested on different
    rows cannot be compared; and whoever goes on with a saved model tests it on rows that it was trained on.

    ## Example
    ```python
    from sklearn.model_selection import train_test_split
    from tensorflow import keras

    x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=0.2)  # KR022
    ```

    Use instead:
    ```python
    from sklearn.model_selection import train_test_split
    from tensorflow import keras

    x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=0.2, random_state=42)
    ```

    ## Known limits
    This is advice. `np.random.seed` and `keras.utils.set_random_seed` before the split are as good.

    ## References
    - https://scikit-learn.org/stable/glossary.html#term-random_state
    """

    code = "KR022"
    name = "split-without-random-state"
    severity = Severity.ADVICE
    fix = Safety.UNSAFE
    symptoms = ("irreproducible",)
    since = "0.1.0"
    in_tests = False
    needs_end = True

    def check(self, program: Program) -> Iterator[Found]:
        if any(seed.name in _SEEDS for seed in program.all(Seed)):
            return
        seen: set[int] = set()
        for split in program.all(Split):
            if id(split.node) not in seen and _is_random(split.args.get("random_state"), split.args.get("shuffle")):
                seen.add(id(split.node))
                yield from self.found(
                    split.node,
                    "train_test_split has no random_state: every run tests on other rows",
                    label="drawn anew in every run",
                    why="the score depends on the rows that happen to be in the test part",
                    help="write random_state=42",
                    about=split,
                    fix=_draw_once(split.node),
                )
        for made in program.made("sklearn.model_selection."):
            mixes = made.short in _MIXING or truth(argument(made, "shuffle")) is True
            if mixes and not made.open and id(made.node) not in seen and _is_random(made.args.get("random_state")):
                seen.add(id(made.node))
                yield from self.found(
                    made.node,
                    f"{made.short} mixes the rows and has no random_state: every run has other folds",
                    label="drawn anew in every run",
                    why="the score depends on which rows are in which fold",
                    help="write random_state=42",
                    about=made,
                    fix=_draw_once(made.node),
                )

    bad = (
        """
        import keras
        from sklearn.model_selection import KFold, StratifiedKFold
        folds = KFold(5, shuffle=True)  # KR022
        folds = StratifiedKFold(5)
        """,
    )
    good = (
        """
        import keras
        import numpy as np
        from sklearn.model_selection import train_test_split
        np.random.seed(1)
        a, b = train_test_split(np.arange(10))
        """,
        """
        import keras
        import numpy as np
        from sklearn.model_selection import train_test_split
        a, b = train_test_split(np.arange(10), shuffle=False)
        a, b = train_test_split(np.arange(10), random_state=seed)
        """,
    )


_SEEDS = frozenset({"numpy.random.seed", "keras.utils.set_random_seed"})
_MIXING = frozenset({"ShuffleSplit", "StratifiedShuffleSplit", "RepeatedKFold", "RepeatedStratifiedKFold"})


def _draw_once(call: syntax.Node | None) -> fixing.Draft | None:
    return fixing.draft("add random_state=42", fixing.put_in_call(call, "random_state", "42"))


def _is_random(state: Value | None, shuffle: Value | None = None) -> bool:
    """Whether the seed is not given, or given as None."""
    return (state is None or constant(state) is None) and truth(shuffle) is not False
