"""A short campaign, and what longer ones have found."""

from __future__ import annotations

from random import Random

import pytest

from kerlint.library import evaluate
from kerlint.testing import check
from tests.fuzzing import calls, campaign, properties, seeds, words
from tests.trees import tree

COUNT = 120


def test_a_short_campaign() -> None:
    told: list[str] = []
    tally = campaign.run(20, range(COUNT), seeds.own(), told.append)
    assert tally.failures == [], "\n".join(told)
    assert sum(tally.kinds.values()) == COUNT
    assert set(tally.kinds) == set(campaign.KINDS)
    assert tally.with_findings > COUNT // 20
    assert tally.by_command == COUNT // campaign.BY_COMMAND


def test_inputs_can_be_made_again() -> None:
    texts = seeds.own()
    made = [campaign.make(3, number, texts) for number in range(40)]
    assert made == [campaign.make(3, number, texts) for number in range(40)]
    assert made != [campaign.make(4, number, texts) for number in range(40)]


def test_what_does_not_hold_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The properties can fail."""
    from kerlint.rules.loss.single_unit_multiclass_head import SingleUnitMulticlassHead

    text = (
        b"import keras\nmodel = keras.Sequential([keras.layers.Dense(1, activation='softmax')])\n"
        b"model.compile(loss='mse')\n"
    )
    assert properties.check(text, "a.py", thorough=True).findings

    def check_only_the_first(self: object, program: object) -> object:
        raise ValueError("a fault")

    monkeypatch.setattr(SingleUnitMulticlassHead, "check", check_only_the_first)
    with pytest.raises(properties.Broken, match="KX000"):
        properties.check(text, "a.py", thorough=False)


def test_an_input_without_an_end_is_noticed() -> None:
    def turn_for_ever() -> None:
        while True:
            pass

    with properties.in_time(0.05), pytest.raises(properties.Late):
        turn_for_ever()


PROGRAM_WITH_A_FIX = (
    """import keras
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, activation="softmax")])
model.compile(loss="binary_crossentropy")
"""
    "x = 1  # " + "." * 80 + "\n"
)

#: What is not a number, or not finite, where one is expected.
ODD = (
    "2**63",
    "float('inf')",
    "-1e400",
    "float('nan')",
    "10**400",
    "np.inf",
    "-1",
    "0",
    "1.5",
    "None",
    "'a'",
    "()",
    "[]",
    "True",
)

#: Programs with a place for an odd value; each has made kerlint crash with one of them.
PROGRAMS = (
    "tf.one_hot(ODD, None)",
    "keras.utils.to_categorical(np.full((10,), ODD))",
    "np.round(ODD)",
    "pd.DataFrame(x).sample(frac=ODD)",
    "np.pad(x, ODD)",
    "keras.layers.RNN(ODD)(keras.Input(()))",
    "y = [] * ODD + () * ODD + '' * ODD",
    "y = '{:{}}_{:>9}'.format(ODD, ODD, ODD) + '{0:.3f}'.format(ODD)",
    "y = pd.read_csv('https://storage.googleapis.com/tf-datasets/titanic/train.csv', index_col=ODD, usecols=[ODD, 1])",
    "y = keras.layers.Lambda(lambda x: ODD(x), output_shape=(ODD,))(keras.Input((ODD,)))",
    """
model = keras.Sequential([keras.Input((4,)), keras.layers.BatchNormalization(), keras.layers.Dense(1)])
model.compile(loss="mse")
model.fit(np.zeros((9000, 4)), np.zeros(9000), batch_size=ODD, epochs=3, validation_split=ODD)
model.fit(np.zeros((9000, 4)), np.zeros(9000), batch_size=0, epochs=ODD, steps_per_epoch=0)
    """,
    "y = keras.Input((-1, ODD))[:, 1:]\nz = keras.Input((3,), batch_size=-1)[-1:]",
    """
model = keras.Sequential([keras.layers.LeakyReLU(), keras.layers.RNN(), keras.layers.Input(), keras.layers.Dense(ODD)])
model.compile(loss="mse")
model.fit(enumerate(x))
    """,
    """
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="softmax")])
model.compile(loss="sparse_categorical_crossentropy")
model.fit(x, np.full((10,), ODD, dtype="int32"), class_weight={0: 1, ODD: 2}, epochs=ODD, batch_size=ODD)
    """,
    """
model = keras.Sequential([keras.layers.Embedding(10, 3), keras.layers.Flatten(), keras.layers.Dense(1)])
model.compile(loss="mse")
model.fit(np.full((10, 4), ODD), x)
    """,
    """
def build(size=ODD):
    return keras.layers.Dense(int(size))
    """,
    "y = np.concatenate(x, axis=ODD)",
    "y = x.swapaxes(ODD, 1)\nz = x.swapaxes(0, axis2=ODD)",
    "y = np.int32(ODD)\nz = tf.compat.v1.to_int32(ODD)\nw = np.float32(ODD)",
    "y = sklearn.datasets.make_regression(10, n_informative=ODD, n_features=ODD)[1]",
    "y = np.delete(np.zeros((0, 3)), ODD, axis=0).reshape(ODD)",
)


@pytest.mark.parametrize("program", PROGRAMS)
def test_odd_values(program: str) -> None:
    imports = (
        "import keras\nimport numpy as np\nimport pandas as pd\nimport sklearn.datasets\nimport tensorflow as tf\n"
    )
    head = f"{imports}x = np.random.rand(10, 4)\n"
    for value in ODD:
        check(head + program.replace("ODD", value) + "\n")


def test_everything_that_is_known_is_called() -> None:
    """With an odd value for one argument; longer campaigns call it with more of them."""
    random = Random(5)
    lines = [calls.call(group, name, random) for group, name in calls.callables()]
    assert len(lines) > 3000
    for start in range(0, len(lines), 200):
        program = tree(
            calls.HEAD + "".join(f"try: q = {line}\nexcept E: pass\n" for line in lines[start : start + 200])
        )
        assert evaluate(program).failures == []


@pytest.mark.parametrize("start", ["keras.Input(batch_shape=())", "np.array(1)", "keras.Input(())", "np.zeros(0)", "3"])
def test_inputs_without_axes(start: str) -> None:
    """Every layer, with and without arguments that are odd, on what has no axes or no elements."""
    head = f"import keras\nimport numpy as np\nx = {start}\n"
    calls = (
        f"keras.layers.{name}({given})({value})\n"
        for name in words.LAYERS
        for given in ("", "1", "(2, 1)", "'a'", "()", "keras.layers.Dense(1)", "x")
        for value in ("x", "[x, x]")
    )
    check(head + "".join(f"def f{number}():\n    {call}" for number, call in enumerate(calls)))


@pytest.mark.parametrize("statement", ["return.5", "return(lambda: 0)()", "return* x.y, 1"])
def test_what_libcst_cannot_hold(statement: str) -> None:
    """Python needs no space there, and libcst cannot do without."""
    assert not check(f"import keras\ndef f():\n    {statement}\n")


@pytest.mark.parametrize("encoding", ["nothing_known", "zlib", "rot13", "unicode_escape", "utf-8", 3])
def test_bytes_that_become_text(encoding: object) -> None:
    """An encoding that is not known, or none of texts, is an error of a kind of its own."""
    check(f"import keras\nlayer = keras.layers.Dense(3, name=str(b'a\\\\d', {encoding!r}))\n")


@pytest.mark.parametrize("encoding", ["idna", "punycode", "utf-7", "rot13", "unicode_escape"])
def test_odd_encodings(encoding: str) -> None:
    """Python takes a few encodings that not every text can be written back in."""
    properties.fixes(f"# coding: {encoding}\n{PROGRAM_WITH_A_FIX}".encode(), "a.py")
