"""The domain: what an expression of the analysed program can be.

Every value carries the node that made it, outside its meaning, so that a rule compares
by meaning (`same`) and points at text. What is not understood is `Unknown`, and
`Unknown` matches nothing.

Mutable things (lists, dicts, instances, models, layers) keep what can change in a
`state` dict that is written only through `Heap.write`; everything else never changes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import count
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from kerlint.program.arguments import Arguments as Arguments  # noqa: PLC0414
from kerlint.program.labels import Distinct, Labels, Step
from kerlint.records import dataclass, field

if TYPE_CHECKING:
    from kerlint import syntax
    from kerlint.program.scope import Scope

Dimension = int | None
#: A shape without knowledge of rank is None; an unknown dimension in it is None.
Shape = tuple[Dimension, ...] | None

#: Values of `Const.assumed`.
ASSUMED, CHOICE, MAY_HAVE_CHANGED = 1, 2, 3

#: In the state of a dict that stands for the `logs` of a callback: what is known of them.
LOGS = "logs"

#: The name of the object that stands for `len(...)` where the number is not known.
LENGTH = "builtins.len"

#: Containers that hold more values (counted as often as they are named), or are nested deeper, are not followed.
MAX_WEIGHT = 50_000
MAX_DEPTH = 40
#: Bases of a class that are looked at, counted as often as they are named.
MAX_ANCESTRY = 200


@dataclass(eq=False, slots=True)
class Value:
    """The base of all values; `node` is the expression that made it."""

    node: syntax.Node | None = field(default=None, kw_only=True)


@dataclass(eq=False, slots=True)
class Unknown(Value):
    """Not understood. Matches nothing; `reason` is for people."""

    reason: str = ""


@dataclass(eq=False, slots=True)
class Const(Value):
    """A constant: None, bool, int, float, complex, str, bytes or Ellipsis.

    Args:
        assumed: how far it can be relied on. `ASSUMED` is a parameter's default in a function that nobody calls, or
            the first choice of a tuner; `CHOICE` is what whoever runs the program can say otherwise on the command
            line, so that a condition on it may go both ways; `MAY_HAVE_CHANGED` is one that the program may have set
            anew. All are good enough for a summary, not for a finding.
    """

    value: Any
    assumed: int = 0


@dataclass(eq=False, slots=True)
class OneOf(Value):
    """Alternatives that meet after a branch: two or more, flat, all different, none Unknown alone."""

    options: tuple[Value, ...]


@dataclass(eq=False, slots=True)
class Gap(Value):
    """Stands in a sequence for any number of items that are not known.

    Args:
        element: what each of them is like, where that is known: a list that a loop fills.
    """

    element: Value | None = None


@dataclass(eq=False, slots=True)
class Mutable(Value):
    """Something that has identity and can change; `state` is written through the heap."""

    state: dict[str, Any] = field(default_factory=dict, kw_only=True)


@dataclass(eq=False, slots=True)
class Sequence(Mutable):
    """A list, tuple or set; `items` may contain `Gap`."""

    kind: str

    @property
    def items(self) -> tuple[Value, ...]:
        """The items, in order."""
        items: tuple[Value, ...] = self.state["items"]
        return items

    @property
    def exact(self) -> tuple[Value, ...] | None:
        """The items, or None if some are not known."""
        items: tuple[Value, ...] = self.state["items"]
        for item in items:
            if type(item) is Gap:
                return None
        return items


@dataclass(eq=False, slots=True)
class Mapping(Mutable):
    """A dict with constant keys; `open` says that there may be other keys."""

    @property
    def entries(self) -> dict[Any, Value]:
        """The known entries, in order."""
        entries: dict[Any, Value] = self.state["entries"]
        return entries

    @property
    def open(self) -> bool:
        """Whether there may be keys that are not known."""
        return bool(self.state.get("open"))


@dataclass(eq=False, slots=True)
class External(Value):
    """A symbol of a library, by its canonical name: `keras.layers.Dense`.

    Args:
        spelled: the dotted name as the program has it, `tensorflow.keras.layers.Dense`; empty where it is the same.
    """

    name: str
    spelled: str = ""

    @property
    def written(self) -> str:
        """The dotted name as the program has it."""
        return self.spelled or self.name


@dataclass(eq=False, slots=True)
class Function(Value):
    """A function or lambda of the analysed program; `node` is its definition."""

    name: str
    scope: Scope
    defaults: dict[str, Value]
    owner: Class | None = None
    decorators: tuple[Value, ...] = ()
    #: Of a property, what an assignment calls.
    setter: Function | None = None

    @property
    def parameters(self) -> list[syntax.Param]:
        """The parameters with names, in order; those behind `*` and `**` are not among them."""
        given = getattr(self.node, "params", None)
        return [] if given is None else [*given.posonly_params, *given.params, *given.kwonly_params]

    def takes(self, name: str) -> bool:
        """Whether it has a parameter of this name."""
        return any(parameter.name == name for parameter in self.parameters)

    @property
    def takes_any_keyword(self) -> bool:
        """Whether it has `**kwargs`."""
        return getattr(getattr(self.node, "params", None), "star_kwarg", None) is not None


@dataclass(eq=False, slots=True)
class BoundMethod(Value):
    """A function of the program with its `self`."""

    function: Function
    receiver: Value


@dataclass(eq=False, slots=True)
class Partial(Value):
    """`functools.partial`: a callable with some arguments given."""

    target: Value
    arguments: Arguments


@dataclass(eq=False, slots=True)
class Class(Mutable):
    """A class of the analysed program; `state` holds its attributes."""

    name: str
    bases: tuple[Value, ...]
    decorators: tuple[Value, ...] = ()
    #: What `ancestry` found.
    line: list[Value] | None = field(default=None, init=False)

    def ancestry(self) -> list[Value]:
        """The class and its bases in the order in which Python looks an attribute up; each once.

        A base that is no class of the program stands as it is.
        """
        if self.line is not None:
            return self.line
        found: list[Value] = []
        pending: list[Value] = [self]
        while pending and len(found) < MAX_ANCESTRY:
            current = pending.pop()
            found.append(current)
            pending.extend(reversed(current.bases) if isinstance(current, Class) else ())
        # What several bases share comes behind all of them.
        last = {id(one): index for index, one in enumerate(found)}
        self.line = [one for index, one in enumerate(found) if last[id(one)] == index]
        return self.line

    def lookup(self, attribute: str) -> Value | None:
        """The attribute as the class or the nearest known base has it."""
        for cls in self.ancestry() if self.bases else (self,):
            if isinstance(cls, Class) and attribute in cls.state:
                return cls.state[attribute]  # type: ignore[no-any-return]
        return None

    def external_bases(self) -> list[str]:
        """The canonical names of the library classes that it derives from."""
        return [base.name for base in self.ancestry() if isinstance(base, External)]

    def knows_its_bases(self) -> bool:
        """Whether every base is a class of the program or a known symbol."""
        return all(isinstance(base, (External, Class)) for base in self.ancestry())


@dataclass(eq=False, slots=True)
class Instance(Mutable):
    """An object of a class of the analysed program that is no layer and no model."""

    cls: Class


@dataclass(eq=False, slots=True)
class Bound(Value):
    """A method of a library object, not yet called: `model.fit`, `ds.batch`."""

    receiver: Value
    name: str


@dataclass(eq=False, slots=True)
class Object(Mutable):
    """An object of a library, by the canonical name of what made it, with bound arguments.

    Args:
        name: canonical name of the class or function, `keras.optimizers.Adam`.
        args: the arguments that were given, by parameter name. Defaults are not filled in:
            `argument` does that.
        places: for each argument the expression at the call.
        open: whether there were `*args` or `**kwargs` whose content is not known.
    """

    name: str
    args: dict[str, Value] = field(default_factory=dict)
    places: dict[str, syntax.Node] = field(default_factory=dict)
    open: bool = False

    @property
    def short(self) -> str:
        """The last part of the name: `Adam`."""
        return self.name.rpartition(".")[2]


@dataclass(eq=False, slots=True)
class Layer(Object):
    """A Keras layer, or a layer class of the program (then `cls` is that class)."""

    cls: Class | None = None


@dataclass(eq=False, slots=True)
class Op(Value):
    """One step of a graph of tensors.

    Args:
        kind: `input`, `variable`, `layer`, `function` (`tf.nn.relu`), `operator` (`x + y`) or `gap` (not
            understood).
        layer: the layer, model or object that is called; None for an operator or a gap.
        name: canonical name of the layer class or function, or the operator.
        inner: for a layer or model of the program, what its `call` returned.
        label: the name that Keras gives it, for an input, a function or an operator.
        results: the tensors that came out, in their structure, where they are kept.
        reads: the inputs in the order of Keras, with the masks that it passes on, where that differs from `inputs`.
        serial: grows from one op to the next that is made.
    """

    kind: str
    name: str
    inputs: tuple[Tensor, ...] = ()
    layer: Object | Model | None = None
    args: dict[str, Value] = field(default_factory=dict)
    inner: Value | None = None
    label: str = ""
    results: Value | None = None
    reads: tuple[Tensor, ...] = ()
    serial: int = field(default_factory=count().__next__)

    @property
    def sources(self) -> tuple[Tensor, ...]:
        """What it reads, as Keras has it."""
        return self.reads or self.inputs


@dataclass(eq=False, slots=True)
class Tensor(Value):
    """A symbolic tensor: a result of an op, the one at `index` among all. The first dimension is the batch."""

    op: Op
    shape: Shape = None
    dtype: str | None = None
    index: int = 0
    #: Which steps count, where Keras passes that on with the tensor.
    mask: Tensor | None = None


@dataclass(eq=False, slots=True)
class Model(Mutable):
    """A Keras model.

    Args:
        kind: `sequential`, `functional`, `subclass`, `application` or `loaded`.

    `state` holds `layers` (sequential: a tuple with possible gaps), `inputs` and `outputs`
    (functional: values of tensors), `compile` (the last `Compile`), `trainable`, and for a
    subclass its attributes.
    """

    kind: str
    name: str = ""
    args: dict[str, Value] = field(default_factory=dict)
    places: dict[str, syntax.Node] = field(default_factory=dict)
    cls: Class | None = None


@dataclass(eq=False, slots=True)
class Array(Value):
    """Numbers with a shape: NumPy arrays, eager tensors, series and frames.

    Args:
        low, high: bounds of the values, where known.
        tight: whether values at (or near) the bounds are known to occur.
        columns: bounds per feature column (last axis), where known.
        labels: what the values mean as labels.
        source: where it came from: `keras.datasets.mnist`, `numpy.random.rand`, `literal`.
        noise: whether it is made of independent random numbers.
        order: how rows are ordered: `random`, `sorted`, `grouped` (all rows of a class together) or None.
        steps: what was done to it, oldest first.
        statistic: `(kind, array, per_column)` for a mean, std, min, max or range of another array.
        prediction: the model whose output it is.
        parent: the array that it was derived from.
        values: the nested numbers of a small literal.
        form: "" for NumPy or not known, `tensor`, `frame` (a series, too), its `rows` (`iloc`) or `labels` (`loc`).
        fields: the columns of a frame by name, where all of them are known.
        distinct: which values there are; what is derived has to say so itself.
    """

    shape: Shape = None
    dtype: str | None = None
    low: float | None = None
    high: float | None = None
    tight: bool = False
    columns: tuple[tuple[float, float], ...] | None = None
    labels: Labels | None = None
    source: str = ""
    noise: bool = False
    order: str | None = None
    steps: tuple[Step, ...] = ()
    statistic: tuple[str, Value, bool] | None = None
    prediction: Model | None = None
    parent: Array | None = None
    values: Any = None
    form: str = ""
    fields: tuple[tuple[Any, Array], ...] | None = None
    distinct: Distinct | None = None

    def derive(self, node: syntax.Node | None, step: str = "", **changes: Any) -> Array:
        """A copy with changes and one more step."""
        made = Array(*_array_fields(self), node=node)
        made.parent = self
        for name, value in changes.items():
            setattr(made, name, value)
        if step:
            made.steps = (*self.steps, Step(step, node))
        return made

    def history(self) -> Iterator[Array]:
        """The array, what it was derived from, and so on to the first."""
        array: Array | None = self
        while array is not None:
            yield array
            array = array.parent

    @property
    def origin(self) -> Array:
        """The first array of its history: where the data came from."""
        return list(self.history())[-1]

    def overwritten(self, node: syntax.Node | None) -> Array:
        """The array after something was written into it: the shape stays, what is known of the values does not."""
        steps = (*self.steps, Step("overwritten", node))
        return Array(self.shape, self.dtype, source=self.source, steps=steps, form=self.form, node=node)

    @property
    def rank(self) -> int | None:
        """The number of axes."""
        return None if self.shape is None else len(self.shape)

    @property
    def rows(self) -> int | None:
        """The size of the first axis."""
        return self.shape[0] if self.shape else None


#: The fields of an array but for its place.
ARRAY_FIELDS = tuple(name for name in Array.__slots__ if name not in ("node", "distinct"))
_array_fields = attrgetter(*ARRAY_FIELDS)


@dataclass(eq=False, slots=True)
class Transform(Value):
    """One step of a `tf.data` pipeline: its name, arguments and place.

    Args:
        draws: what its function surely does at random: augmentation layers, `tf.image.random_crop`, random numbers.
    """

    name: str
    args: dict[str, Value] = field(default_factory=dict)
    draws: tuple[Step, ...] = ()


@dataclass(eq=False, slots=True)
class Dataset(Value):
    """A `tf.data.Dataset` or a Keras loader.

    Args:
        source: canonical name of what made it.
        element: what one element is (after all steps), unbatched shapes included.
        transforms: the steps so far, in order.
        cardinality: the number of elements, if known.
        origin: where it was made, if steps followed: `node` is the last of them.
    """

    source: str
    args: dict[str, Value] = field(default_factory=dict)
    element: Value | None = None
    transforms: tuple[Transform, ...] = ()
    cardinality: int | None = None
    origin: syntax.Node | None = None


def list_of(items: Collection[Value], kind: str = "list", node: syntax.Node | None = None) -> Sequence:
    """A new sequence; one that holds far too much holds only a gap."""
    weight, depth = extent(items)
    if weight > MAX_WEIGHT or depth > MAX_DEPTH:
        return Sequence(kind, state={"items": (Gap(node=node),)}, node=node)
    return Sequence(kind, state={"items": tuple(items), "weight": weight, "depth": depth}, node=node)


def tuple_of(*items: Value, node: syntax.Node | None = None) -> Sequence:
    """A new tuple."""
    return list_of(items, "tuple", node)


def mapping_of(entries: dict[Any, Value], *, open: bool = False, node: syntax.Node | None = None) -> Mapping:
    """A new dict; one that holds far too much is empty and open."""
    weight, depth = extent(entries.values())
    if weight > MAX_WEIGHT or depth > MAX_DEPTH:
        return Mapping(state={"entries": {}, "open": True}, node=node)
    return Mapping(state={"entries": entries, "open": open, "weight": weight, "depth": depth}, node=node)


def extent(parts: Collection[Value]) -> tuple[int, int]:
    """How many values a container of these parts holds, counted as often as they are named, and how deep."""
    weight, depth = 1 + len(parts), 0
    for part in parts:
        kind = type(part)
        if kind is Sequence or kind is Mapping:
            state = part.state  # type: ignore[attr-defined]
            weight += state.get("weight") or 0
            depth = max(depth, state.get("depth") or 0)
    return weight, depth + 1
