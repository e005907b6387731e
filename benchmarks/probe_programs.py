"""Programs with a fault that a training shows, and what comes close to it without being one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

Job = dict[str, Any]

IMPORTS = "import keras\nimport numpy as np\nfrom keras import layers\n"
#: Hidden layers by architecture: `ACT` and `MORE` are filled in. Judges were made with the first set in view; the table
#: in the documentation is of the second one.
FIRST = {
    "one": [(12,), "layers.Dense(16, ACT MORE)"],
    "two": [(20,), "layers.Dense(64, ACT MORE)", "layers.Dense(32, ACT MORE)"],
    "four": [(30,), *["layers.Dense(32, ACT MORE)"] * 4],
    "convolutional": [
        (16, 16, 3),
        "layers.Conv2D(8, 3, ACT MORE)",
        "layers.MaxPooling2D(2)",
        "layers.Conv2D(16, 3, ACT MORE)",
        "layers.Flatten()",
    ],
    "recurrent": [(10, 6), "layers.LSTM(16)", "layers.Dense(16, ACT MORE)"],
}
SECOND = {
    "one": [(9,), "layers.Dense(40, ACT MORE)"],
    "two": [(14,), "layers.Dense(48, ACT MORE)", "layers.Dense(24, ACT MORE)"],
    "four": [(24,), *["layers.Dense(48, ACT MORE)"] * 3],
    "convolutional": [
        (20, 20, 1),
        "layers.Conv2D(12, 5, strides=2, ACT MORE)",
        "layers.Conv2D(12, 3, ACT MORE)",
        "layers.Flatten()",
        "layers.Dense(24, ACT MORE)",
    ],
    "recurrent": [(8, 5), "layers.GRU(20)", "layers.Dense(20, ACT MORE)"],
}
BODIES = dict(FIRST)


def use_second() -> None:
    """Takes the architectures that the judges were not made with."""
    BODIES.update(SECOND)


HEADS = {
    "binary": ('layers.Dense(1, activation="sigmoid")', '"binary_crossentropy"'),
    "classes": ('layers.Dense(5, activation="softmax")', '"sparse_categorical_crossentropy"'),
    "numbers": ("layers.Dense(1)", '"mse"'),
}
TARGETS = {
    "binary": "np.random.randint(0, 2, (1000,))",
    "classes": "np.random.randint(0, 5, (1000,))",
    "numbers": "np.random.normal(size=(1000, 1))",
}


def program(
    body: str,
    task: str,
    *,
    act: str = 'activation="relu"',
    more: str = "",
    head: str | None = None,
    loss: str | None = None,
    optimizer: str = '"adam"',
    last: str = "",
    fit: str = "",
    x: str | None = None,
    y: str | None = None,
    extra: str = "",
) -> str:
    """A training program as people write it."""
    shape, *hidden = BODIES[body]
    parts = [f"keras.Input({shape})", *(one.replace("ACT", act).replace(" MORE", more) for one in hidden)]
    if last:
        parts.append(last)
    parts.append(head or HEADS[task][0])
    listed = "".join(f"    {one},\n" for one in parts)
    x = x or f"np.random.normal(size=(1000, *{shape}))"
    return (
        f"{IMPORTS}x = {x}\ny = {y or TARGETS[task]}\nmodel = keras.Sequential([\n{listed}])\n"
        f"model.compile(optimizer={optimizer}, loss={loss or HEADS[task][1]}, metrics=[])\n"
        f"{extra}model.fit(x, y, epochs=20{fit})\n"
    )


Programs = Callable[[], Iterator[str]]
#: The faulty programs of each rule, and what makes a healthy neighbour of its repaired model.
FAULTY: dict[str, Programs] = {}
NEAR: dict[str, list[Callable[[Job], object]]] = {}


def rule(code: str, *near: Callable[[Job], object]) -> Callable[[Programs], Programs]:
    """Registers the programs of a rule."""

    def register(programs: Programs) -> Programs:
        FAULTY[code], NEAR[code] = programs, list(near)
        return programs

    return register


def each(
    bodies: str = "one,two,convolutional,recurrent", tasks: str = "binary,classes,numbers"
) -> Iterator[tuple[str, str]]:
    """Architectures, each with one task in turn."""
    names = tasks.split(",")
    for index, body in enumerate(bodies.split(",")):
        yield body, names[index % len(names)]
        if len(names) > 1:
            yield body, names[(index + 1) % len(names)]


def optimizer(kind: str | None = None, **config: float) -> Callable[[Job], object]:
    """The repaired model with another optimizer or rate."""

    def change(one: Job) -> None:
        one["optimizer"]["type"] = kind or one["optimizer"]["type"]
        one["optimizer"]["config"] = dict(config)

    return change


def hidden(name: str, value: object) -> Callable[[Job], object]:
    """The repaired model with another argument in its hidden layers."""

    def change(one: Job) -> None:
        for step in one["steps"]:
            if step["type"] in ("Dense", "Conv2D") and step["id"] != one["output"]:
                step["config"][name] = value

    return change


def output(name: str, value: object) -> Callable[[Job], object]:
    """The repaired model with another argument in its last layer."""

    def change(one: Job) -> None:
        next(step for step in one["steps"] if step["id"] == one["output"])["config"][name] = value

    return change


def dropout(rate: float) -> Callable[[Job], object]:
    """The repaired model with this rate in its dropout layers."""

    def change(one: Job) -> None:
        for step in one["steps"]:
            if step["type"] == "Dropout":
                step["config"]["rate"] = rate

    return change


def inputs(low: float, high: float) -> Callable[[Job], object]:
    """The repaired model with inputs in this range."""

    def change(one: Job) -> None:
        for data in one["x"]:
            data.update(low=low, high=high, tight=True, columns=None)

    return change


def targets(low: float, high: float) -> Callable[[Job], object]:
    """The repaired model with targets in this range."""
    return lambda one: one["y"].update(low=low, high=high)


@rule("KO001", optimizer(learning_rate=1e-5), optimizer("SGD", learning_rate=1e-4))
def _zero() -> Iterator[str]:
    for name, (body, task) in zip(["Adam", "SGD", "RMSprop", "Adamax"] * 2, each()):
        yield program(body, task, optimizer=f"keras.optimizers.{name}(learning_rate=0.0)")


@rule(
    "KO002",
    optimizer("Adam", learning_rate=0.01),
    optimizer("Adagrad", learning_rate=0.1),
    optimizer("RMSprop", learning_rate=0.005),
    optimizer("SGD", learning_rate=0.02, momentum=0.9),
)
def _high() -> Iterator[str]:
    rates = [
        "Adam(10.0)",
        "SGD(100.0)",
        "RMSprop(3.0)",
        "Adam(1.0)",
        "SGD(10.0)",
        "Nadam(5.0)",
        "SGD(3.0, momentum=0.9)",
    ]
    for rate, (body, task) in zip([*rates, "AdamW(10.0)"], each()):
        yield program(body, task, optimizer=f"keras.optimizers.{rate}")


@rule("KO003", optimizer("Adam", learning_rate=0.002), optimizer("Adam", learning_rate=0.01))
def _low() -> Iterator[str]:
    rates = ["Adam(1e-6)", "RMSprop(1e-6)", "Adam(1e-7)", "Nadam(5e-6)", "Adam(1e-6)", "RMSprop(2e-6)"]
    for rate, (body, task) in zip(rates, each()):
        yield program(
            body, task, optimizer=f"keras.optimizers.{rate}", fit=", batch_size=64", x=_learnable(body), y=_labels(task)
        )


def _learnable(body: str) -> str:
    """Data that comes from somewhere: random numbers would be a demonstration."""
    return f"np.load('x.npy').reshape((1000, *{BODIES[body][0]}))"


def _labels(task: str) -> str:
    return {"numbers": "np.load('y.npy').reshape((1000, 1))"}.get(task, TARGETS[task])


@rule("KL001", output("kernel_initializer", "he_normal"), optimizer("SGD", learning_rate=0.001))
def _one_unit() -> Iterator[str]:
    for body, task in each(tasks="binary,numbers"):
        yield program(body, task, head='layers.Dense(1, activation="softmax")')
    yield program("one", "binary", loss='"categorical_crossentropy"')
    yield program("convolutional", "binary", loss='"categorical_crossentropy"')


@rule("KL002", output("kernel_initializer", "he_normal"), hidden("activation", "tanh"))
def _no_softmax() -> Iterator[str]:
    for body, task in each(tasks="classes,binary"):
        units = 5 if task == "classes" else 1
        yield program(body, task, head=f"layers.Dense({units})")


@rule("KL003", optimizer("SGD", learning_rate=0.05), optimizer("Adam", learning_rate=0.003))
def _twice() -> Iterator[str]:
    heads = ("layers.Dense(5, activation='softmax')", "layers.Dense(5),\n    layers.Softmax()")
    for index, (body, task) in enumerate(each("one,two,four,convolutional,recurrent", "classes")):
        yield program(body, task, head=f"{heads[index % 2]},\n    layers.Softmax()")


@rule("KL003 undone")
def _undone() -> Iterator[str]:
    loss = "keras.losses.SparseCategoricalCrossentropy(from_logits=True)"
    for body, task in each(tasks="classes"):
        yield program(body, task, loss=loss)


@rule("KL004", optimizer("SGD", learning_rate=0.001))
def _encoding() -> Iterator[str]:
    for body, task in each(tasks="classes"):
        yield program(body, task, loss='"categorical_crossentropy"')
        yield program(body, task, y=f"keras.utils.to_categorical({TARGETS[task]}, 5)")


@rule("KL005", hidden("activation", "tanh"))
def _one_for_many() -> Iterator[str]:
    for body, task in each(tasks="classes"):
        yield program(body, task, head=HEADS["binary"][0], loss='"binary_crossentropy"')


@rule("KL006", hidden("activation", "tanh"))
def _distances() -> Iterator[str]:
    for body, task in each(tasks="classes"):
        encoded = f"keras.utils.to_categorical({TARGETS[task]}, 5)"
        yield program(body, task, loss='"mse"', y=encoded, optimizer="keras.optimizers.SGD(0.01)")
        yield program(body, task, loss='"mae"', y=encoded)


@rule("KL007", targets(-0.9, 0.9), targets(-2.0, 2.0))
def _range() -> Iterator[str]:
    for (body, task), act in zip(each(tasks="numbers"), ["sigmoid", "tanh", "relu", "sigmoid"]):
        yield program(body, task, head=f'layers.Dense(1, activation="{act}")', y="np.random.uniform(-5, 5, (1000, 1))")


@rule("KA001", hidden("activation", "leaky_relu"), hidden("activation", "tanh"), hidden("activation", "elu"))
def _linear() -> Iterator[str]:
    for body, task in each("two,four,convolutional", "binary,numbers"):
        yield program(body, task, act="activation=None")


@rule("KA002", hidden("activation", "tanh"), hidden("activation", "selu"))
def _sigmoids() -> Iterator[str]:
    for depth, body in ((4, "one"), (5, "two"), (6, "one"), (7, "two")):
        stack = ",\n    ".join(['layers.Dense(24, activation="sigmoid")'] * depth)
        for task in ("numbers", "classes"):
            yield program(body, task, act='activation="sigmoid"', last=stack, optimizer="keras.optimizers.SGD(0.01)")


@rule("KA004", output("kernel_initializer", "zeros"), hidden("kernel_initializer", "he_normal"))
def _zeros() -> Iterator[str]:
    for (body, task), start in zip(each(), ["zeros", "ones"] * 4):
        more = f', kernel_initializer="{start}"'
        yield program(body, task, more=more, head=HEADS[task][0][:-1] + more + ")")


@rule("KA021", hidden("kernel_initializer", "he_normal"), hidden("kernel_initializer", "orthogonal"))
def _large() -> Iterator[str]:
    for body, task in each("two,four,convolutional"):
        yield program(body, task, more=", kernel_initializer=keras.initializers.RandomNormal(stddev=1.0)")


@rule("KS002", dropout(0.5), dropout(0.1))
def _dropout() -> Iterator[str]:
    for (body, task), rate in zip(each("two,four,convolutional,recurrent"), [1.0, 0.99, 0.95] * 3):
        yield program(body, task, last=f"layers.Dropout({rate})")


@rule("KN001", inputs(-1, 1), inputs(0, 2))
def _pixels() -> Iterator[str]:
    for rate in ('"adam"', "keras.optimizers.SGD(0.1)", "keras.optimizers.SGD(0.01, momentum=0.9)"):
        for name, body in (("mnist", "two"), ("cifar10", "convolutional"), ("fashion_mnist", "one")):
            text = program(body, "classes", optimizer=rate, head='layers.Dense(10, activation="softmax")', x="X", y="Y")
            shape = (28, 28) if "mnist" in name else (32, 32, 3)
            text = text.replace(f"keras.Input({BODIES[body][0]})", f"keras.Input({shape})")
            if "mnist" in name:
                text = text.replace(f"keras.Input({shape}),\n", f"keras.Input({shape}),\n    layers.Flatten(),\n")
            yield text.replace("x = X\ny = Y", f"(x, y), _ = keras.datasets.{name}.load_data()")


@rule("KN002", inputs(-1, 1), inputs(-3, 3))
def _scales() -> Iterator[str]:
    for rate in ('"adam"', "keras.optimizers.SGD(0.1)", "keras.optimizers.SGD(0.01, momentum=0.9)"):
        for name, width in (("boston_housing", 13), ("california_housing", 8)):
            text = program("two", "numbers", optimizer=rate, x="X", y="Y")
            text = text.replace(f"keras.Input({BODIES['two'][0]})", f"keras.Input(({width},))")
            yield text.replace("x = X\ny = Y", f"(x, y), _ = keras.datasets.{name}.load_data()")


@rule("KF020")
def _frozen() -> Iterator[str]:
    for body, task in each(tasks="numbers,classes"):
        text = program(body, task)
        yield text.replace("model.compile", "for layer in model.layers:\n    layer.trainable = False\nmodel.compile")
