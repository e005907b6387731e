"""KL023."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint import syntax
from kerlint.finding import Safety, Severity
from kerlint.library.contracts import CATEGORICAL, read_loss
from kerlint.library.heads import only_head
from kerlint.program.constants import NOTHING, constant, text
from kerlint.program.events import Fit
from kerlint.program.facts import Program
from kerlint.program.target import Target
from kerlint.program.values import Array, Mapping, Object, Sequence, Value
from kerlint.rules import fixing
from kerlint.rules.base import Found, Rule
from kerlint.rules.versions import if_later, only_before

#: The first minor version of Keras 3 that reads keys which are text.
_READS_TEXT = 16


class ClassWeightInvalid(Rule):
    """`class_weight` is not a dict from class numbers to weights, or has numbers of no class.

    Keras looks each label up in the dict: `class_weight.get(label, 1.0)`. The keys are the numbers of
    the classes, counted from 0, in a plain dict.

    ## Why is this bad?
    A list, an array (what scikit-learn's `compute_class_weight` gives) or the word "balanced" stops the
    training with an error: an AttributeError about `get` in Keras 3.0 to 3.15, a ValueError about a
    dict from 3.16 on. Keys that are no class are worse: one counted from 1 is never looked up, and the
    class that it was meant for has the weight 1. Keras says nothing. The same goes for names and for
    numbers as text, up to Keras 3.15; Keras 3.16 reads the number, and refuses the name.

    ## Example
    ```python
    from tensorflow import keras

    model = keras.Sequential([
        keras.Input((10,)),
        keras.layers.Dense(3, activation="softmax"),
    ])
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    model.fit(x, y, epochs=5, class_weight=[1.0, 5.0, 2.0])  # KL023
    ```

    Use instead:
    ```python
    from tensorflow import keras

    model = keras.Sequential([
        keras.Input((10,)),
        keras.layers.Dense(3, activation="softmax"),
    ])
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    model.fit(x, y, epochs=5, class_weight={0: 1.0, 1: 5.0, 2: 2.0})
    ```

    ## Known limits
    A class without a key has the weight 1, which may be meant: that alone is not reported. Numbers as text are
    left alone in programs for Keras 3.16, and are a warning where nothing says which Keras 3 it is.

    ## References
    - Measured on Keras 3.15.1: "'list' object has no attribute 'get'" for a list, and likewise for a tuple, an array
      and a string; missing classes, keys of no class and keys that are text train without a word.
    - Measured on a nightly build of Keras 3.16 (October 2026): a ValueError for whatever is no dict and for the key
      "cat"; the key "0" is that of class 0, and so is 0.5; keys of no class train without a word.
    - Measured on Keras 2.15: a ValueError for keys that are not 0, 1, 2 and so on without a gap.
    """

    code = "KL023"
    name = "class-weight-invalid"
    severity = Severity.ERROR
    fix = Safety.SAFE
    symptoms = ("crash", "wrong-result")
    since = "0.1.0"

    def check(self, program: Program) -> Iterator[Found]:
        for fit in program.fits:
            value = fit.args.get("class_weight")
            if value is None:
                continue
            form = _form(value)
            if form:
                yield from self._no_dict(fit, value, form)
            elif isinstance(value, Mapping) and not value.open:
                yield from self._keys(fit, value, program.target)

    def _no_dict(self, fit: Fit, value: Value, form: str) -> Iterator[Found]:
        yield from self.found(
            fit.places.get("class_weight"),
            f"class_weight is {form}, and must be a dict from class numbers to weights",
            label=form,
            also=[(value.node, "made here") if value.node is not fit.places.get("class_weight") else (None, "")],
            why="Keras asks it for the weight of each label, and only a dict can answer",
            help='compute_class_weight("balanced", ...) and dict(enumerate(weights))'
            if text(value) is not None
            else "use dict(enumerate(weights))",
            about=fit,
            fix=_numbered(fit.places.get("class_weight"))
            if isinstance(value, (Sequence, Array)) or (isinstance(value, Object) and text(value) is None)
            else None,
        )

    def _keys(self, fit: Fit, value: Mapping, target: Target) -> Iterator[Found]:
        classes = _classes(fit)
        reads_text = target.since(3, _READS_TEXT)
        words = [key for key in value.entries if isinstance(key, str) and not (reads_text and _is_number(key))]
        wrong = words or [key for key in value.entries if _is_no_class(key, classes, reads_text)]
        if not wrong:
            return
        # Which of the versions it is decides whether this is wrong at all.
        passing = bool(words) and target.keras == 3 and all(map(_is_number, words))
        head = only_head(fit.graph)
        known = not words and classes is not None and head is not None
        if passing:
            reason = f"which is text: it is never looked up{only_before(target, _READS_TEXT)}"
        elif words:
            reason = "which is text: labels are numbers"
        elif known:
            reason = f"but the classes are 0..{(classes or 1) - 1}"
        else:
            reason = "which is no class number"
        listed = ", ".join(repr(key) for key in wrong[:4]) + (" ..." if len(wrong) > 4 else "")
        yield from self.found(
            fit.places.get("class_weight"),
            f"class_weight has the key{'s' if len(wrong) > 1 else ''} {listed}, {reason}",
            label="no class",
            also=[
                (head.node.argument_place("units"), f"{classes} classes") if known and head is not None else (None, ""),
                (value.node, "made here") if value.node is not fit.places.get("class_weight") else (None, ""),
            ],
            why=_consequence(words, passing, list(value.entries), target),
            help="use the numbers of the classes, from 0 on, as keys"
            + (if_later(target, _READS_TEXT) if passing else ""),
            severity=Severity.WARNING if passing and not target.before(3, _READS_TEXT) else None,
            about=fit,
        )

    bad = (
        """
        import keras
        import numpy as np
        from sklearn.utils import class_weight
        weights = class_weight.compute_class_weight(class_weight="balanced", classes=np.unique(y), y=y)
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="softmax")])
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit(x, y, class_weight=weights)  # KL023
        model.fit(x, y, class_weight="balanced")  # KL023
        model.fit(x, y, class_weight={1: 1.0, 2: 5.0, 3: 1.0})  # KL023
        """,
        """
        import keras
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, activation="sigmoid")])
        model.compile("adam", "binary_crossentropy")
        model.fit(x, y, class_weight={"0": 1.0, "1": 5.0})  # KL023
        model.fit(x, y, class_weight={0: 1.0, 1: 5.0, 2: 3.0})  # KL023
        """,
    )
    good = (
        """
        import keras
        import numpy as np
        from sklearn.utils.class_weight import compute_class_weight
        weights = compute_class_weight("balanced", classes=np.unique(y), y=y)
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="softmax")])
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit(x, y, class_weight=dict(enumerate(weights)))
        model.fit(x, y, class_weight={i: weight for i, weight in enumerate(weights)})
        model.fit(x, y, class_weight={2: 4.0})
        model.fit(x, y, class_weight=None)
        model.fit(x, y, class_weight=given)
        """,
        """
        import keras
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(x, y, class_weight={0: 1.0, 1: 5.0, 2: 3.0})
        """,
    )


def _numbered(place: syntax.Node | None) -> fixing.Draft | None:
    """A dict made of the weights in their order."""
    if isinstance(place, syntax.List) and 0 < len(place.elements) < 10:
        items = place.elements
        if all(isinstance(item, syntax.Constant) and type(item.value) in (int, float) for item in items):
            entries = ", ".join(f"{number}: {{{number}}}" for number in range(len(items)))
            return fixing.draft("use a dict", fixing.replace(place, f"{{{entries}}}", *items))
    if place is None or isinstance(place, (syntax.List, syntax.Tuple)):
        return None
    return fixing.draft("use dict(enumerate(...))", fixing.replace(place, "dict(enumerate({0}))", place, variable=True))


def _form(value: Value) -> str:
    """What stands in the place of a dict, in words; empty for a dict and for what is not known."""
    if isinstance(value, Sequence):
        return f"a {value.kind}"
    if isinstance(value, Array) or (isinstance(value, Object) and value.short == "compute_class_weight"):
        return "an array"
    word = text(value)
    if word is not None:
        return f'"{word}"'
    found = constant(value)
    return "a number" if found is not NOTHING and isinstance(found, (int, float)) else ""


def _is_number(word: str) -> bool:
    """Whether a text is read as a whole number where texts are."""
    try:
        int(word)
    except ValueError:
        return False
    return True


def _is_no_class(key: object, classes: int | None, reads_text: bool) -> bool:
    """Whether a key is the number of no class."""
    if isinstance(key, str) and reads_text and _is_number(key):
        key = int(key)
    if not isinstance(key, (int, float)):
        return False
    fraction = isinstance(key, float) and not key.is_integer()
    return fraction or key < 0 or (classes is not None and key >= classes)


def _consequence(words: list[str], passing: bool, keys: list[object], target: Target) -> str:
    """What comes of keys that are no class."""
    if target.keras < 3 and not _is_row(keys):
        return "Keras 2 refuses a dict whose keys are not 0, 1, 2 and so on, without a gap"
    if words and not passing and target.since(3, _READS_TEXT):
        return "Keras makes a whole number of each key, and refuses what is none"
    if any(isinstance(key, float) and not key.is_integer() for key in keys) and target.since(3, _READS_TEXT):
        return "Keras cuts each key down to a whole number, which is another class"
    return "a key that is no label is never looked up, and a label without a key has the weight 1"


def _is_row(keys: list[object]) -> bool:
    """Whether the keys are 0, 1, 2 and so on, in any order."""
    return not any(isinstance(key, str) for key in keys) and set(keys) == set(range(len(keys)))


def _classes(fit: Fit) -> int | None:
    """How many classes the model tells apart, if that is certain."""
    loss = read_loss(fit.compile.loss) if fit.compile is not None else None
    head = only_head(fit.graph)
    if loss is None or head is None or head.units is None or head.output.shape is None or len(head.output.shape) != 2:
        return None
    if loss.function in CATEGORICAL and head.units > 1:
        return head.units
    if loss.function == "binary_crossentropy" and head.units <= 2:
        return 2
    return None
