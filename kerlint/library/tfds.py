"""TensorFlow Datasets: what `tfds.load` gives.

Features and classes are those of the builders; the numbers of rows are published with the data sets.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from kerlint import syntax
from kerlint.library.convert import Call, Handler, handler, is_none
from kerlint.library.structures import batched, map_leaves
from kerlint.program.constants import constant, integer, text, truth
from kerlint.program.labels import Labels
from kerlint.program.values import (
    Arguments,
    Array,
    Const,
    Dataset,
    Dimension,
    Mapping,
    Object,
    Sequence,
    Transform,
    Unknown,
    Value,
    list_of,
    mapping_of,
    tuple_of,
)

if TYPE_CHECKING:
    from kerlint.program.interpreter.machine import Machine


class Entry(NamedTuple):
    """A data set.

    Args:
        key: the name of its inputs.
        shape: the shape of one input; None where it differs from row to row.
        dtype: that of the inputs; `uint8` says images.
        classes: their number.
        rows: the number of rows by split, where they are known.
        others: whether there are more features than inputs and labels.
    """

    key: str
    shape: tuple[Dimension, ...]
    dtype: str
    classes: int
    rows: dict[str, int]
    others: bool = False


def _images(size: tuple[Dimension, ...], classes: int, *, others: bool = False, **rows: int) -> Entry:
    return Entry("image", size, "uint8", classes, rows, others)


def _texts(classes: int, key: str = "text", *, others: bool = False, **rows: int) -> Entry:
    return Entry(key, (), "string", classes, rows, others)


_ANY = (None, None, 3)
ENTRIES: dict[str, Entry] = {
    "mnist": _images((28, 28, 1), 10, train=60000, test=10000),
    "fashion_mnist": _images((28, 28, 1), 10, train=60000, test=10000),
    "kmnist": _images((28, 28, 1), 10, train=60000, test=10000),
    "emnist": _images((28, 28, 1), 62),
    "cifar10": _images((32, 32, 3), 10, others=True, train=50000, test=10000),
    "cifar100": _images((32, 32, 3), 100, others=True, train=50000, test=10000),
    "svhn_cropped": _images((32, 32, 3), 10, others=True, train=73257, test=26032, extra=531131),
    "cats_vs_dogs": _images(_ANY, 2, others=True, train=23262),
    "horses_or_humans": _images((300, 300, 3), 2, train=1027, test=256),
    "rock_paper_scissors": _images((300, 300, 3), 3, train=2520, test=372),
    "tf_flowers": _images(_ANY, 5, train=3670),
    "oxford_flowers102": _images(_ANY, 102, others=True, train=1020, test=6149, validation=1020),
    "oxford_iiit_pet": _images(_ANY, 37, others=True, train=3680, test=3669),
    "beans": _images((500, 500, 3), 3, train=1034, validation=133, test=128),
    "caltech101": _images(_ANY, 102, others=True),
    "stanford_dogs": _images(_ANY, 120, others=True),
    "food101": _images(_ANY, 101),
    "malaria": _images(_ANY, 2),
    "eurosat": _images((64, 64, 3), 10, others=True),
    "colorectal_histology": _images((150, 150, 3), 8, others=True),
    "imagenette": _images(_ANY, 10),
    "stl10": _images((96, 96, 3), 10),
    "cassava": _images(_ANY, 5, others=True),
    "patch_camelyon": _images((96, 96, 3), 2, others=True),
    "imdb_reviews": _texts(2, train=25000, test=25000, unsupervised=50000),
    "yelp_polarity_reviews": _texts(2),
    "ag_news_subset": _texts(4, "description", others=True, train=120000, test=7600),
    "iris": Entry("features", (4,), "float32", 3, {"train": 150}),
}
_LOAD = "tensorflow_datasets.load"
#: Parameters of `tfds.load` that may be given by place.
_PARAMETERS = (
    "name split data_dir batch_size shuffle_files download as_supervised decoders read_config with_info".split()
)


def _load(machine: Machine, arguments: Arguments, node: syntax.Node) -> Value:
    """`tfds.load(name, split, as_supervised, with_info)`."""
    if arguments.open:
        return Unknown("tfds", node=node)
    args = {name: value for name, (value, _) in zip(_PARAMETERS, arguments.positional)}
    args.update({name: value for name, (value, _) in arguments.keywords.items()})
    name = text(args.get("name"))
    entry = ENTRIES.get(name.partition(":")[0].partition("/")[0]) if name is not None else None
    data = _splits(entry, args, args.get("split"), node)
    informed = args.get("with_info")
    if informed is None or truth(informed) is False:
        return data
    return tuple_of(data, _info(entry, node), node=node) if truth(informed) else Unknown("tfds", node=node)


def _splits(entry: Entry | None, args: dict[str, Value], split: Value | None, node: syntax.Node) -> Value:
    """The data of one split, of a list of splits, or of all."""
    if isinstance(split, Sequence):
        if split.exact is None:
            return Unknown("tfds", node=node)
        return list_of([_splits(entry, args, item, node) for item in split.exact], split.kind, node)
    if is_none(split):
        if entry is None:
            return mapping_of({}, open=True, node=node)
        if not entry.rows:
            # Every data set has this one.
            return mapping_of({"train": _one(entry, args, "train", node)}, open=True, node=node)
        return mapping_of({key: _one(entry, args, key, node) for key in entry.rows}, open=False, node=node)
    return _one(entry, args, text(split), node)


def _one(entry: Entry | None, args: dict[str, Value], split: str | None, node: syntax.Node) -> Value:
    rows = _rows(entry, split) if entry is not None and split is not None else None
    decoded = "decoders" not in args
    element = _element(entry, args.get("as_supervised"), node) if entry is not None and decoded else None
    size = args.get("batch_size")
    if is_none(size):
        return Dataset(_LOAD, args, element, (), rows, node=node)
    count = integer(size)
    if count == -1:
        return batched(element, rows, node) if element is not None else Unknown("tfds", node=node)
    made = batched(element, None, node) if element is not None else None
    known = rows is not None and count is not None and count > 0
    steps = (Transform("batch", {"batch_size": size} if size is not None else {}, node=node),)
    return Dataset(_LOAD, args, made, steps, -(-rows // count) if known and rows and count else None, node=node)


def _element(entry: Entry, supervised: Value | None, node: syntax.Node) -> Value | None:
    """One row: a pair, or a dict of features."""
    images = entry.dtype == "uint8"
    inputs = Array(
        entry.shape,
        entry.dtype,
        0.0 if images else None,
        255.0 if images else None,
        tight=images,
        source=_LOAD,
        form="tensor",
        node=node,
    )
    labels = Array(
        (),
        "int64",
        0.0,
        float(entry.classes - 1),
        tight=True,
        labels=Labels("binary" if entry.classes == 2 else "classes", entry.classes),
        source=_LOAD,
        form="tensor",
        node=node,
    )
    if supervised is not None and truth(supervised) is None:
        return None
    if supervised is not None and truth(supervised):
        return tuple_of(inputs, labels, node=node)
    return mapping_of({entry.key: inputs, "label": labels}, open=entry.others, node=node)


_SLICE = re.compile(r"(\w+)(?:\[(-?\d+%?)?:(-?\d+%?)?\])?")


def _rows(entry: Entry, split: str) -> Dimension:
    """The rows of `train`, `train[:80%]`, `train[100:200]`, `train+test`."""
    total = 0
    for part in split.split("+"):
        found = _SLICE.fullmatch(part.strip())
        size = entry.rows.get(found[1]) if found is not None else None
        if found is None or size is None:
            return None
        start, stop = _boundary(found[2], size, 0), _boundary(found[3], size, size)
        total += max(0, stop - start)
    return total


def _boundary(written: str | None, size: int, default: int) -> int:
    if written is None:
        return default
    place = round(int(written[:-1]) * size / 100) if written.endswith("%") else int(written)
    return max(0, min(size, place + size if place < 0 else place))


def _info(entry: Entry | None, node: syntax.Node) -> Value:
    """`info.features["label"].num_classes`, `info.splits["train"].num_examples`."""
    made = Object("tensorflow_datasets.DatasetInfo", node=node)
    if entry is None:
        return made
    label = Object("tensorflow_datasets.Feature", node=node)
    label.state.update({".num_classes": Const(entry.classes, node=node), ".shape": tuple_of(node=node)})
    label.state[".names"] = Array((entry.classes,), "object", node=node)
    inputs = Object("tensorflow_datasets.Feature", node=node)
    sizes: list[Value] = [Const(size, node=node) for size in entry.shape]
    inputs.state[".shape"] = list_of(sizes, "tuple", node)
    splits: dict[str, Value] = {}
    for name, rows in entry.rows.items():
        split = Object("tensorflow_datasets.Split", node=node)
        split.state[".num_examples"] = Const(rows, node=node)
        splits[name] = split
    made.state[".features"] = mapping_of({entry.key: inputs, "label": label}, open=entry.others, node=node)
    made.state[".splits"] = mapping_of(splits, open=not entry.rows, node=node)
    return made


def _plain(call: Call) -> Value:
    """`tfds.as_numpy(data)`: the same as arrays of NumPy."""
    data = call.first
    if isinstance(data, Dataset):
        return data
    if isinstance(data, (Array, Sequence, Mapping)):
        return map_leaves(data, lambda array: array.derive(call.node, form=""), call.node)
    return Unknown("as_numpy", node=call.node)


def _builder(call: Call) -> Value:
    """`tfds.builder(name)`."""
    made = Object("tensorflow_datasets.builder", {"name": call.first or Const(None)}, node=call.node)
    name = text(call.first)
    entry = ENTRIES.get(name) if name is not None else None
    made.state[".info"] = _info(entry, call.node)
    return made


def builder_method(builder: Object, name: str, arguments: Arguments, node: syntax.Node) -> Value:
    """`builder.as_dataset(split, as_supervised)`."""
    if name != "as_dataset" or arguments.open:
        return Const(None, node=node) if name == "download_and_prepare" else Unknown(name, node=node)
    args = {key: value for key, (value, _) in arguments.keywords.items()}
    split = arguments.get(0, "split")
    entry = ENTRIES.get(str(constant(builder.args.get("name"))))
    return _splits(entry, args, split, node)


FUNCTIONS: dict[str, Handler] = {
    _LOAD: _load,
    "tensorflow_datasets.as_numpy": handler("tensorflow_datasets.as_numpy", _plain),
    "tensorflow_datasets.builder": handler("tensorflow_datasets.builder", _builder),
}
