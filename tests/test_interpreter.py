"""What the interpreter makes of programs, in the smallest form: a comment says what a name is.

    x = Dense(3)(y)  # (None, 3)

A tensor is its shape, a constant its repr, an array its shape, dtype and range, a dataset its
steps, an object its class. `?` is unknown, `a | b` are alternatives.
"""

from __future__ import annotations

import re
import textwrap

import pytest

from kerlint import engine, syntax
from kerlint.library import evaluate, knowledge, routes
from kerlint.library.shapes import show
from kerlint.parsing import parse
from kerlint.program.values import (
    Array,
    Class,
    Const,
    Dataset,
    External,
    Function,
    Gap,
    Instance,
    Mapping,
    Model,
    Object,
    OneOf,
    Sequence,
    Tensor,
    Unknown,
    Value,
)
from kerlint.rules import all_rules
from kerlint.source import Broken, read_source
from tests.trees import tree

RULES = [rule() for rule in all_rules()]

PREAMBLE = """
import keras
import numpy as np
import tensorflow as tf
from keras import layers
from keras.layers import Conv2D, Dense, Flatten, Input, LSTM
"""


def describe(value: Value | None) -> str:
    match value:
        case None | Unknown():
            return "?"
        case Gap():
            return "*"
        case Const():
            return repr(value.value)
        case OneOf():
            return " | ".join(describe(option) for option in value.options)
        case Tensor():
            return show(value.shape)
        case Array():
            return describe_array(value)
        case Dataset():
            return " > ".join([value.source.rpartition(".")[2], *(step.name for step in value.transforms)])
        case Sequence():
            inside = ", ".join(map(describe, value.items))
            return {"list": f"[{inside}]", "tuple": f"({inside})", "set": f"{{{inside}}}"}[value.kind]
        case Mapping():
            inside = ", ".join(f"{key!r}: {describe(item)}" for key, item in value.entries.items())
            return "{" + inside + (", *" if value.open else "") + "}"
        case External() | Object():
            return value.name
        case Model():
            return value.kind
        case Instance():
            return f"{value.cls.name}()"
        case Function() | Class():
            return value.name
    return type(value).__name__


def describe_array(array: Array) -> str:
    parts = [show(array.shape)]
    if array.dtype:
        parts.append(array.dtype)
    if array.low is not None and array.high is not None:
        parts.append(f"{array.low:g}..{array.high:g}")
    if array.labels is not None:
        parts.append(array.labels.kind + (f" {array.labels.classes}" if array.labels.classes else ""))
    if array.order not in (None, "random"):
        parts.append(str(array.order))
    return " ".join(parts)


CASES = {
    "names of Keras": """
        import tf_keras
        from tensorflow import keras as k
        from tensorflow.keras.models import Sequential as S
        from keras.src.layers import Dense as D
        from keras.layers.core import Dropout
        a = k.layers.Dense  # keras.layers.Dense
        b = tf_keras.layers.Dense  # keras.layers.Dense
        c = D  # keras.layers.Dense
        d = Dropout  # keras.layers.Dropout
        e = S  # keras.Sequential
        kl = tf.keras.layers
        f = kl.MaxPool2D  # keras.layers.MaxPooling2D
    """,
    "constants": """
        a = 2 * 3 + 1  # 7
        b = f"{a}x{a}"  # '7x7'
        c = [1, 2] * 2 + [5]  # [1, 2, 1, 2, 5]
        d = c[-1]  # 5
        e = {"a": 1, **{"b": 2}}  # {'a': 1, 'b': 2}
        f = e["b"] if a > 3 else 0  # 2
        g = 10 ** 10 ** 10  # ?
        h = "x" * 10**9  # ?
        i = [0] * 10**9  # [*]
        j = len(c) // 2  # 2
        k = not c  # False
        l = c[1:3]  # [2, 1]
        m = unknown + 1  # ?
        n = [x * 2 for x in c if x > 1]  # [4, 4, 10]
        o, *p = (1, 2, 3)
        q = p  # (2, 3)
        r = {k: v for k, v in zip("ab", [1, 2])}  # {'a': 1, 'b': 2}
        s = isinstance(a, int)  # True
        t = max(3, 4)  # 4
        u = 1 < 2 < 3  # True
        v = c is None  # False
        w = "adam".upper()  # 'ADAM'
    """,
    "branches": """
        if flag():
            a = 1
            b = 5
        else:
            a = 2
            b = 5
        c = a  # 1 | 2
        d = b  # 5
        if flag():
            e = "only here"
        f = e  # 'only here'
        items = [1]
        if flag():
            items.append(2)
        g = items  # [1, *]
        h = a + 1  # 2 | 3
        i = 1 if flag() else 1  # 1
    """,
    "loops": """
        total = 0
        for n in [1, 2, 3]:
            total += n
        a = total  # 6
        count = 0
        for n in whatever():
            count += 1
        b = count  # ?
        while flag():
            last = 3
        c = last  # 3
        items = []
        for n in range(3):
            items.append(n)
        d = list(items)  # [0, 1, 2]
        for n in range(100000):
            items.append(n)
        e = items  # [0, 1, 2, *]
        for first in [1, 2, 3]:
            if first == 2:
                break
        f = first  # 2
    """,
    "functions": """
        def add(a, b=2, *rest, key=5, **more):
            return a + b + key
        a = add(1)  # 8
        b = add(1, 1, key=1)  # 3
        def early(x):
            if x:
                return "yes"
            return "no"
        c = early(1)  # 'yes'
        d = early(unknown)  # 'yes' | 'no'
        def forever(n):
            return forever(n + 1)
        e = forever(1)  # ?
        f = (lambda x: x + 1)(2)  # 3
        import functools
        g = functools.partial(add, 10)(key=0)  # 12
        config = {"key": 1}
        h = add(1, **config)  # 4
        def outer():
            inside = 3
            def inner():
                return inside
            return inner()
        i = outer()  # 3
        def change():
            global flag
            flag = True
        change()
        j = flag  # True
        def nothing():
            pass
        k = nothing()  # None
    """,
    "classes": """
        class Config:
            units = 32
            def __init__(self, rate=0.1):
                self.rate = rate
            @property
            def double(self):
                return self.rate * 2
            @staticmethod
            def fixed(x):
                return x
        c = Config(0.5)
        a = c.rate  # 0.5
        b = c.units  # 32
        d = c.double  # 1.0
        e = Config.units  # 32
        f = c.fixed(7)  # 7
        class Child(Config):
            def __init__(self):
                super().__init__(0.25)
        g = Child().rate  # 0.25
    """,
    "tensors": """
        i = Input((28, 28, 1))  # (None, 28, 28, 1)
        a = Conv2D(8, 3)(i)  # (None, 26, 26, 8)
        b = Conv2D(8, 3, padding="same", strides=2)(i)  # (None, 14, 14, 8)
        c = layers.MaxPooling2D()(a)  # (None, 13, 13, 8)
        d = Flatten()(c)  # (None, 1352)
        e = Dense(3)(d)  # (None, 3)
        f = layers.Concatenate()([d, e])  # (None, 1355)
        g = layers.add([e, e])  # (None, 3)
        h = tf.nn.relu(e)  # (None, 3)
        j = e + e  # (None, 3)
        k = layers.Reshape((4, -1))(d)  # (None, 4, 338)
        l = e.shape[-1]  # 3
        m = LSTM(5, return_sequences=True)(Input((10, 4)))  # (None, 10, 5)
        n, state_h, state_c = LSTM(5, return_state=True)(m)
        o = n  # (None, 5)
        p = state_c  # (None, 5)
        q = layers.Bidirectional(LSTM(5))(m)  # (None, 10)
        r = layers.TimeDistributed(Dense(7))(m)  # (None, 10, 7)
        s = layers.GlobalAveragePooling2D()(a)  # (None, 8)
        t = layers.Conv2DTranspose(4, 3, strides=2, padding="same")(a)  # (None, 52, 52, 4)
        u = Dense(units)(d)  # (None, None)
        v = keras.applications.ResNet50(include_top=False, input_shape=(64, 64, 3)).output  # (None, 2, 2, 2048)
        w = layers.ZeroPadding2D(2)(i)  # (None, 32, 32, 1)
        x = layers.Embedding(100, 8)(Input((12,)))  # (None, 12, 8)
    """,
    "models": """
        i = Input((4,))
        a = keras.Model(i, Dense(2)(i))  # functional
        b = a(Input((4,)))  # (None, 2)
        c = keras.Sequential([Dense(3), Dense(5)])  # sequential
        d = c(Input((4,)))  # (None, 5)
        class Net(keras.Model):
            def __init__(self):
                super().__init__()
                self.one = Dense(6)
            def call(self, inputs, training=None):
                x = self.one(inputs)
                return tf.nn.relu(x)
        net = Net()  # subclass
        e = net(Input((4,)))  # (None, 6)
        class Block(layers.Layer):
            def build(self, shape):
                self.inner = Dense(shape[-1] * 2)
            def call(self, x):
                return self.inner(x)
        f = Block()(i)  # (None, 8)
        g = a.output  # (None, 2)
        def build(units, depth=2):
            model = keras.Sequential()
            model.add(Input((7,)))
            for _ in range(depth):
                model.add(Dense(units))
            return model
        h = build(9)(Input((7,)))  # (None, 9)
        j = c.layers  # [keras.layers.Dense, keras.layers.Dense]
        k = net.predict(np.zeros((10, 4)))  # (10, 6) float32
    """,
    "arrays": """
        (x, y), (xt, yt) = keras.datasets.mnist.load_data()
        a = x.copy()  # (60000, 28, 28) uint8 0..255
        b = y  # (60000,) uint8 0..9 classes 10
        c = x / 255.0  # (60000, 28, 28) float64 0..1
        d = x.reshape(-1, 784).astype("float32") / 255  # (60000, 784) float32 0..1
        e = keras.utils.to_categorical(y, 10)  # (60000, 10) 0..1 onehot 10
        f = xt[:100, ..., np.newaxis]  # (100, 28, 28, 1) uint8 0..255
        g = np.random.rand(10, 3)  # (10, 3) float64 0..1 continuous
        h = np.random.randint(0, 2, size=(10,))  # (10,) int64 0..1 binary 2
        i = np.array([[1, 2], [3, 4]])  # (2, 2) int64 1..4
        j = np.concatenate([np.zeros(5), np.ones(5)])  # (10,) float64 0..1 binary 2 grouped
        k = np.eye(10)[y]  # (60000, 10) float64 0..1 onehot 10
        l = (x - 127.5) / 127.5  # (60000, 28, 28) float64 -1..1
        some = [0, slice(0, 9)]
        aa = x[*some, 3]  # (9,) uint8
        bb = x[*unknown]  # (unknown) uint8
        x /= 255
        m = x.copy()  # (60000, 28, 28) float64 0..1
        def shrink(data):
            data *= 0.5
        shrink(x)
        w = x  # (60000, 28, 28) float64 0..0.5
        n = x.shape[1:]  # (28, 28)
        o = np.arange(12).reshape(3, 4)  # (3, 4) int64 0..11
        from sklearn.model_selection import train_test_split
        from sklearn.preprocessing import MinMaxScaler
        p, q = train_test_split(g, test_size=0.2)
        r = p  # (8, 3) float64 0..1 continuous
        s = MinMaxScaler().fit_transform(o)  # (3, 4) float64 0..1
        t = np.where(g > 0.5, 1, 0)  # (10, 3) int64 0..1 binary 2
        u = np.argmax(e, axis=1)  # (60000,) int64 0..9 classes 10
        v = np.sqrt(16)  # 4.0
    """,
    "images and lists that loops fill": """
        import cv2
        from PIL import Image
        from tensorflow.keras.preprocessing.image import img_to_array, load_img
        images, labels, pictures = [], [], []
        for name in names():
            image = cv2.imread(name)
            image = cv2.resize(image, (64, 48))
            images.append(image)
            labels.append(np.random.randint(0, 3))
            pictures.append(img_to_array(load_img(name, target_size=(32, 32))))
        a = np.array(images)  # (None, 48, 64, 3) uint8 0..255
        b = np.array(labels)  # (None,) int64 0..2
        c = np.array(pictures) / 255  # (None, 32, 32, 3) float32 0..1
        d = np.array([cv2.imread(name, 0) for name in names()])  # (None, None, None) uint8 0..255
        e = np.array(Image.open("x"))  # (unknown) uint8 0..255
        rng = np.random.default_rng(0)
        f = rng.normal(size=(5, 2))  # (5, 2) float64 -6..6 continuous
        g = rng.integers(0, 2, size=5)  # (5,) int64 0..1 binary 2
    """,
    "lists filled under a condition, and tables of labels": """
        (x, y), _ = keras.datasets.mnist.load_data()
        some = []
        for i in range(len(y)):
            if y[i] < 3:
                some.append(x[i])
        a = np.array(some)  # (None, 28, 28) uint8 0..255
        table = {"cat": np.array([1, 0]), "dog": np.array([0, 1])}
        b = np.array([table[name].reshape(1, 2) for name in names])  # (None, 1, 2) int64 0..1
        c = table[names[0]] + 1  # (2,) int64 1..2
        d = {"cat": 1, "dog": 2}[names[0]]  # ?
        numbers = np.random.rand(5) * 2 - 1
        e = numbers  # (5,) float64 -1..1 continuous
        from scipy.misc import imread
        f = np.array([imread(name).flatten() for name in names])  # (None, None) uint8 0..255
    """,
    "pipelines": """
        ds = tf.data.Dataset.from_tensor_slices((np.zeros((100, 4)), np.ones(100)))
        a = ds.shuffle(10).batch(32).prefetch(1)  # from_tensor_slices > shuffle > batch > prefetch
        for x, y in a:
            b = x  # (None, 4) float64 0..0
        def scale(x, y):
            return x / 255.0, y
        c = ds.map(scale)  # from_tensor_slices > map
        for x, y in c:
            d = y  # () float64 1..1 binary 2
        e = keras.utils.image_dataset_from_directory("x", image_size=(32, 32))  # image_dataset_from_directory > shuffle > batch
        for x, y in e:
            f = x  # (None, 32, 32, 3) float32 0..255
    """,
}


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in CASES.items()])
def test_values(text: str) -> None:
    text = textwrap.dedent(text)
    program = evaluate(tree(PREAMBLE + text))
    names = program.names
    assert program.limits == []
    found, expected = {}, {}
    for line in text.splitlines():
        marked = re.match(r"\s*(\w+)(?:, .*)? = .*  # (.*)$", line)
        if marked:
            expected[marked[1]] = marked[2]
            found[marked[1]] = describe(names.get(marked[1]))
    assert expected
    assert found == expected


def test_names_without_an_import() -> None:
    """A program cut out of a post: names that nobody binds are what such a program means by them."""
    text = "m = Sequential()\nm.add(Dense(3, input_shape=(2,)))\nx = np.zeros((4, 2))\ny = m(x)\nz = unknown(3)\n"
    names = evaluate(tree(text)).names
    assert [describe(names[name]) for name in "xyz"] == ["(4, 2) float64 0..0", "(4, 3) float32", "?"]
    assert isinstance(names["m"], Model)


@pytest.mark.parametrize(
    "text",
    [
        # Nobody knows what a module of somebody else brings.
        "from helpers import *\nx = Dense(3)\n",
        # A name that the program has, if only later or elsewhere, is its own.
        "from helpers import Dense\nx = Dense(3)\n",
        "def Dense(n): return make(n)\nx = Dense(3)\n",
        "def f():\n    x = Dense\nx = Nothing(3)\n",
    ],
)
def test_names_that_may_be_others(text: str) -> None:
    assert describe(evaluate(tree(text)).names["x"]) == "?"


def test_the_variable_that_data_was_given_to_last() -> None:
    text = """
def load():
    inner = np.zeros((4, 2))
    return inner
x = load()
again = x
model = keras.Sequential([Input((2,)), Dense(1)])
model.compile("adam", "mse")
model.fit(x, y)
later = x
"""
    program = evaluate(tree(PREAMBLE + text))
    (fit,) = program.fits
    place = program.bound_before(fit.x, fit)
    assert isinstance(place, syntax.Name)
    assert place.value == "again"
    assert program.bound_before(fit.y, fit) is None


BOMBS = [
    "def f(n):\n    f(n); f(n); f(n); f(n)\n    return f(n)\nf(1)\n",
    "for a in range(10**9):\n    for b in range(10**9):\n        for c in range(10**9):\n            x = a + b + c\n",
    "x = [1]\n" + "x = x + x\n" * 60,
    "x = 'a'\n" + "x = x + x\n" * 60,
    "".join(f"def f{i}(): return (f{i + 1}(), f{i + 1}())\n" for i in range(40)) + "def f40(): return 1\nx = f0()\n",
    "x = " + " + ".join(["1"] * 3000) + "\n",
    "x = " + "[" * 90 + "]" * 90 + "\n",
    "x = []\nx.append(x)\nprint(x == x)\n",
    "x = {}\nx['x'] = [x]\nkeras.Model(x, x)\n",
    "x = [1]\n" + "x = [x, x]\n" * 60 + "keras.Model(x, x)\ny = x == x\n",
    "x = [1]\n" + "x = [x]\n" * 5000 + "y = x == x\n",
    "class A(A1): pass\nA().a.b.c.d()\n",
    "x = 2 ** 10 ** 9\ny = 1 << 10**9\nz = '%1000000000d' % 1\n",
    "x = [1" + " for a in b" * 15_000 + "]\n",
    "a = [[[[i for i in range(99)] for j in range(99)] for k in range(99)] for l in range(99)]\n",
]


@pytest.mark.parametrize("text", BOMBS)
def test_bombs_end(text: str) -> None:
    """Nothing a program can say makes its evaluation run for ever, or fail."""
    module = parse("import keras\n" + text)
    assert isinstance(module, Broken) or evaluate(module)


def test_a_budget_that_ends_is_told() -> None:
    text = "import keras\nfor a in range(60):\n    for b in range(60):\n        for c in range(60):\n"
    text += "            keras.layers.Dense(1)\n"
    assert evaluate(tree(text)).limits


def test_a_failure_costs_one_call(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where kerlint itself fails, the rest of the program is evaluated, and the failure is told."""

    def fail(*_: object) -> Value:
        raise ZeroDivisionError

    failing = routes.route("numpy.zeros")._replace(handler=fail)
    monkeypatch.setattr(knowledge, "route", lambda name: failing if name == "numpy.zeros" else routes.route(name))
    text = """
    import numpy as np
    import keras
    if flag():
        x = np.zeros(3)
    else:
        x = 2
    model = keras.Sequential([keras.layers.Dense(1, activation="softmax")])
    model.compile("adam", "mse")
    """
    program = evaluate(tree(textwrap.dedent(text)))
    assert [type(error) for _, error in program.failures] == [ZeroDivisionError]
    assert len(list(program.compiles)) == 1
    codes = {
        finding.code for finding in engine.check_source(read_source(textwrap.dedent(text).encode(), "a.py"), RULES)
    }
    assert codes == {"KX000", "KL001"}
