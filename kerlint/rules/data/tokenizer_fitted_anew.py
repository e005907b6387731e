"""KD028."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint import syntax
from kerlint.finding import Severity
from kerlint.library.contracts import inputs_of
from kerlint.library.texts import LEARNING, TOKENIZER, numbers
from kerlint.program.constants import constant
from kerlint.program.events import Fit, Transformed, Use
from kerlint.program.facts import Program
from kerlint.program.labels import Step
from kerlint.program.mentions import names_in
from kerlint.program.values import Array, Sequence, Value
from kerlint.rules.base import Found, Rule


class TokenizerFittedAnew(Rule):
    """A model gets texts in the numbers of another vocabulary than the one that it was trained with.

    ## Why is this bad?
    `fit_on_texts` numbers the words by how often they occur in the texts that it gets. Fitted to other texts, the same
    word has another number, and the model looks up another word: its answers mean nothing. Nothing says so, as
    the numbers fit the embedding all the same.

    ## Example
    ```python
    from tensorflow import keras
    from tensorflow.keras.preprocessing.text import Tokenizer

    tokenizer = Tokenizer(num_words=1000)
    tokenizer.fit_on_texts(texts)
    x = keras.utils.pad_sequences(tokenizer.texts_to_sequences(texts), maxlen=20)
    model = keras.Sequential([
        keras.layers.Embedding(1000, 16),
        keras.layers.GlobalAveragePooling1D(),
        keras.layers.Dense(1, activation="sigmoid"),
    ])
    model.compile(optimizer="adam", loss="binary_crossentropy")
    model.fit(x, y, epochs=5)

    other = Tokenizer(num_words=1000)
    other.fit_on_texts(["what a film"])  # KD028
    print(model.predict(keras.utils.pad_sequences(other.texts_to_sequences(["what a film"]), maxlen=20)))
    ```

    Use instead:
    ```python
    from tensorflow import keras
    from tensorflow.keras.preprocessing.text import Tokenizer

    tokenizer = Tokenizer(num_words=1000)
    tokenizer.fit_on_texts(texts)
    x = keras.utils.pad_sequences(tokenizer.texts_to_sequences(texts), maxlen=20)
    model = keras.Sequential([
        keras.layers.Embedding(1000, 16),
        keras.layers.GlobalAveragePooling1D(),
        keras.layers.Dense(1, activation="sigmoid"),
    ])
    model.compile(optimizer="adam", loss="binary_crossentropy")
    model.fit(x, y, epochs=5)

    print(model.predict(keras.utils.pad_sequences(tokenizer.texts_to_sequences(["what a film"]), maxlen=20)))
    ```

    ## Known limits
    Only the `Tokenizer` of Keras, and models that are trained and used in the same file.

    ## References
    - Measured on Keras 3.15.1: of 50 words in a text that is fitted by itself, not one keeps its number if the other
      texts have them in the opposite order of frequency.
    """

    code = "KD028"
    name = "tokenizer-fitted-anew"
    severity = Severity.ERROR
    symptoms = ("wrong-result", "too-good")
    since = "0.1.0"

    def check(self, program: Program) -> Iterator[Found]:
        known = [one for one in program.all(Transformed) if one.transformer.name == TOKENIZER]
        if not known:
            return
        learned = [one for one in known if one.method == LEARNING]
        calls = {id(one.after): one for one in known if one.method != LEARNING}
        told: set[int] = set()
        trained: dict[int, tuple[Fit, list[Transformed]]] = {}
        for event in program.events:
            if isinstance(event, Fit):
                words = _words(inputs_of(event), calls)
                trained[id(event.model)] = (event, words)
                later = _words(_inputs(event.validation), calls)
            elif isinstance(event, Use) and event.method.startswith(("predict", "evaluate")):
                later = _words(event.args.get("x"), calls)
            else:
                continue
            found = trained.get(id(event.model))
            if found is None or len(found[1]) != len(later):
                continue
            fit, before = found
            for first, second in zip(before, later):
                one = _anew(first, second, learned)
                if one is None or id(one.node) in told:
                    continue
                told.add(id(one.node))
                yield from self._report(one, first, second, fit, event)

    def _report(
        self, one: Transformed, first: Transformed, second: Transformed, fit: Fit, use: Fit | Use
    ) -> Iterator[Found]:
        yield from self.found(
            one.node,
            "the Tokenizer is fitted to other texts than those of the training: the same word has another number",
            label="numbers the words anew",
            also=[
                (first.node, "the numbers that the model was trained with"),
                (second.node, "the numbers that it gets here"),
                (use.node if use is not fit else None, "used here"),
            ],
            why="words are numbered by how often they occur in the texts that fit_on_texts gets",
            help="keep the Tokenizer of the training, and only call texts_to_sequences of it",
            about=use,
        )

    bad = (
        # One function for both parts, and a Tokenizer that goes on learning.
        """
        import keras
        from keras.preprocessing.text import Tokenizer
        def numbers(texts):
            tokenizer = Tokenizer(num_words=500)
            tokenizer.fit_on_texts(texts)  # KD028
            return keras.utils.pad_sequences(tokenizer.texts_to_sequences(texts), maxlen=20)
        train, test = ["a b c", "b c"] * 20, ["c b"] * 9
        model = keras.Sequential([keras.layers.Embedding(500, 8), keras.layers.LSTM(4), keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(numbers(train), y, validation_data=(numbers(test), z))
        """,
        """
        import keras
        import pandas as pd
        from keras.preprocessing.text import Tokenizer
        train, test = pd.read_csv("train.csv"), pd.read_csv("test.csv")
        words = Tokenizer(num_words=500)
        words.fit_on_texts(train["text"])
        x = keras.utils.pad_sequences(words.texts_to_sequences(train["text"]), maxlen=20)
        words.fit_on_texts(test["text"])  # KD028
        z = keras.utils.pad_sequences(words.texts_to_sequences(test["text"]), maxlen=20)
        model = keras.Sequential([keras.layers.Embedding(500, 8), keras.layers.LSTM(4), keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(x, train["stars"], epochs=3)
        model.evaluate(z, test["stars"])
        """,
        # Two parts of a split.
        """
        import keras
        import pandas as pd
        from keras.preprocessing.text import Tokenizer
        from sklearn.model_selection import train_test_split
        table = pd.read_csv("films.csv")
        train, test, y, z = train_test_split(table["text"], table["stars"])
        words, others = Tokenizer(num_words=500), Tokenizer(num_words=500)
        words.fit_on_texts(train)
        others.fit_on_texts(test)  # KD028
        model = keras.Sequential([keras.layers.Embedding(500, 8), keras.layers.LSTM(4), keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(keras.utils.pad_sequences(words.texts_to_sequences(train), maxlen=20), y)
        model.evaluate(keras.utils.pad_sequences(others.texts_to_sequences(test), maxlen=20), z)
        """,
    )
    good = (
        # All texts before anything is numbered, one vocabulary for each input, and the same texts again.
        """
        import keras
        import pandas as pd
        from keras.preprocessing.text import Tokenizer
        train, test = pd.read_csv("train.csv"), pd.read_csv("test.csv")
        words = Tokenizer(num_words=500)
        words.fit_on_texts(train["text"])
        words.fit_on_texts(test["text"])
        x = keras.utils.pad_sequences(words.texts_to_sequences(train["text"]), maxlen=20)
        z = keras.utils.pad_sequences(words.texts_to_sequences(test["text"]), maxlen=20)
        again = Tokenizer(num_words=500)
        again.fit_on_texts(train["text"])
        w = keras.utils.pad_sequences(again.texts_to_sequences(train["text"]), maxlen=20)
        model = keras.Sequential([keras.layers.Embedding(500, 8), keras.layers.LSTM(4), keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(w, train["stars"])
        model.fit(x, train["stars"], epochs=3)
        model.evaluate(z, test["stars"])
        french, english = Tokenizer(), Tokenizer()
        french.fit_on_texts(train["french"])
        english.fit_on_texts(train["english"])
        a = keras.utils.pad_sequences(french.texts_to_sequences(train["french"]), maxlen=20)
        b = keras.utils.pad_sequences(english.texts_to_sequences(train["english"]), maxlen=20)
        inputs = keras.Input((20,)), keras.Input((20,))
        parts = [keras.layers.GlobalAveragePooling1D()(keras.layers.Embedding(500, 8)(one)) for one in inputs]
        both = keras.Model(inputs, keras.layers.Dense(1)(keras.layers.Concatenate()(parts)))
        both.compile("adam", "mse")
        both.fit([a, b], train["stars"])
        both.predict([a, b])
        """,
        # The same texts, in another form or read once more.
        """
        import keras
        import pandas as pd
        from keras.preprocessing.text import Tokenizer
        model = keras.Sequential([keras.layers.Embedding(500, 8), keras.layers.LSTM(4), keras.layers.Dense(1)])
        model.compile("adam", "mse")
        def learn():
            table = pd.read_csv("train.csv")
            words = Tokenizer(num_words=500)
            words.fit_on_texts(table["text"])
            model.fit(keras.utils.pad_sequences(words.texts_to_sequences(table["text"]), maxlen=20), table["stars"])
        def use(films):
            table = pd.read_csv("train.csv")
            first, second = Tokenizer(num_words=500), Tokenizer(num_words=500)
            first.fit_on_texts(table["text"].values)
            second.fit_on_texts([str(text) for text in table["text"]])
            model.predict(keras.utils.pad_sequences(first.texts_to_sequences(films), maxlen=20))
            model.predict(keras.utils.pad_sequences(second.texts_to_sequences(films), maxlen=20))
        learn()
        use(["what a film"])
        """,
        # Another model for other texts, and a Tokenizer that comes from elsewhere.
        """
        import pickle
        import keras
        from keras.preprocessing.text import Tokenizer, tokenizer_from_json
        for texts, y in parts:
            words = Tokenizer(num_words=500)
            words.fit_on_texts(texts)
            x = keras.utils.pad_sequences(words.texts_to_sequences(texts), maxlen=20)
            model = keras.Sequential([keras.layers.Embedding(500, 8), keras.layers.LSTM(4), keras.layers.Dense(1)])
            model.compile("adam", "mse")
            model.fit(x, y)
            model.predict(x)
        with open("words.pickle", "rb") as file:
            words = pickle.load(file)
        model.predict(keras.utils.pad_sequences(words.texts_to_sequences(["what a film"]), maxlen=20))
        """,
    )


def _inputs(validation: Value | None) -> Value | None:
    """The inputs of `validation_data`."""
    items = validation.exact if isinstance(validation, Sequence) else None
    return items[0] if items else None


def _words(value: Value | None, calls: dict[int, Transformed]) -> list[Transformed]:
    """The calls that gave the numbers of the texts among the inputs, one by one."""
    parts = value.items if isinstance(value, Sequence) else (value,)
    found = [numbers(part) for part in parts]
    return [calls[id(made)] for made in found if made is not None and id(made) in calls]


def _anew(first: Transformed, second: Transformed, learned: list[Transformed]) -> Transformed | None:
    """Where the vocabulary of the second was learned from other texts than that of the first."""
    ours, theirs = _lessons(first, learned), _lessons(second, learned)
    if not ours or not theirs:
        return None
    new = [lesson for lesson in theirs if not any(_may_be_same(lesson, one) for one in ours)]
    return new[-1] if new else None


def _lessons(call: Transformed, learned: list[Transformed]) -> list[Transformed]:
    """What the tokenizer had learned from when it was asked for numbers."""
    return [one for one in learned if one.transformer is call.transformer and one.order < call.order]


#: Steps that leave texts and their order as they are.
_KEEPING = ("to_numpy", "tolist", "copy", "numpy", "ravel", "astype", "reset_index")
_SPLITTING = "train_test_split"


def _may_be_same(one: Transformed, other: Transformed) -> bool:
    """Whether two lessons may be about the same texts: they come from one place, or are made of the same names."""
    if one is other:
        return True
    ours, theirs = _texts(one), _texts(other)
    if ours is not None and theirs is not None:
        return ours == theirs
    return _place(one) is _place(other) or (one.node is not other.node and bool(_names(one) & _names(other)))


def _texts(lesson: Transformed) -> object | None:
    """Where the texts come from and what was done to them, the same for the same; None if it is not known."""
    data = lesson.data
    if isinstance(data, Sequence) and data.exact is not None:
        return tuple(map(constant, data.exact))
    if not isinstance(data, Array):
        return None
    start = data.origin
    call = start.node if isinstance(start.node, syntax.Call) else None
    first = call.args[0].value if call is not None and call.args else None
    file = first.value if isinstance(first, syntax.Constant) and ".read_" in start.source else id(start)
    return start.source, file, tuple(_told(step, data) for step in data.steps if not step.name.startswith(_KEEPING))


def _told(step: Step, data: Array) -> object:
    """A step by its name; of a split, which of its parts it is."""
    if step.name != _SPLITTING:
        return step.name
    return next((id(made) for made in [*data.history()][::-1] if step in made.steps), None)


def _names(lesson: Transformed) -> set[str]:
    """The variables that the texts of a lesson are made of."""
    given = lesson.node.args if isinstance(lesson.node, syntax.Call) else []
    return {name for argument in given for name in names_in(argument.value)} - {"list", "str", "map", "np", "pd"}


def _place(lesson: Transformed) -> object:
    return lesson.data.node if lesson.data is not None and lesson.data.node is not None else lesson.data
