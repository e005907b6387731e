"""Files that a program fetches by their address: what is known of public ones, and where nothing is."""

from __future__ import annotations

import io
from typing import Any

import pytest

from kerlint.library import evaluate
from kerlint.library.downloads import _folders, _tables
from kerlint.program.values import Array, Sequence
from tests.trees import tree

TITANIC = "https://storage.googleapis.com/tf-datasets/titanic/train.csv"
ECG = "http://storage.googleapis.com/download.tensorflow.org/data/ecg.csv"
PIMA = "https://raw.githubusercontent.com/jbrownlee/Datasets/master/pima-indians-diabetes.data.csv"
HEADER = "import os\nimport pathlib\nimport pandas as pd\nimport keras\n"


def named(text: str, name: str) -> Any:
    program = evaluate(tree(HEADER + text))
    assert program.failures == []
    return program.names.get(name)


def columns(text: str) -> list[object] | int | None:
    frame = named(text, "df")
    assert isinstance(frame, Array)
    if frame.fields is not None:
        return [name for name, _ in frame.fields]
    return frame.shape[1] if frame.shape is not None else None


def names_of(address: str) -> list[str]:
    return _tables()[address.partition("://")[2].lower()].split("|")


OPTIONS = [
    "",
    "header=0",
    "header='infer'",
    "header=None",
    "sep=','",
    "usecols=['age', 'survived']",
    "usecols=[2, 0]",
    "index_col=0",
    "index_col='sex'",
    "index_col=False",
    "header=None, usecols=[1, 3]",
    "usecols=['age', 'fare'], index_col='age'",
    "parse_dates=['age']",
    "sep=';'",
    "names=['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j']",
    "dtype=str",
    "nrows=1",
]


@pytest.mark.parametrize("options", OPTIONS)
def test_a_table_has_the_columns_that_pandas_gives(options: str) -> None:
    pandas = pytest.importorskip("pandas")
    lines = [",".join(names_of(TITANIC)), "0,male,22.0,1,0,7.25,Third,unknown,Southampton,n"]
    real = eval(
        f"pandas.read_csv(io.StringIO(text), {options})", {"pandas": pandas, "io": io, "text": "\n".join(lines)}
    )
    ours = columns(f"df = pd.read_csv({TITANIC!r}, {options})\n")
    assert ours in (None, real.shape[1], list(real.columns))
    if options not in ("sep=';'", "usecols=['age', 'fare'], index_col='age'"):
        assert ours == list(real.columns)


def test_a_table_without_names_has_as_many_columns() -> None:
    assert columns(f"df = pd.read_csv({ECG!r})\n") == 141
    assert columns(f"df = pd.read_csv({ECG!r}, header=None)\n") == list(range(141))
    assert columns(f"df = pd.read_csv({PIMA!r}, names=list('abcdefghi'))\n") == list("abcdefghi")


@pytest.mark.parametrize(
    "address",
    [
        TITANIC.replace("https", "http"),
        "https://raw.githubusercontent.com/mwaskom/seaborn-data/refs/heads/master/tips.csv",
        "https://github.com/mwaskom/seaborn-data/raw/master/tips.csv",
        "https://raw.githubusercontent.com/MWaskom/seaborn-data/master/tips.csv",
    ],
)
def test_one_file_has_several_spellings(address: str) -> None:
    assert isinstance(columns(f"df = pd.read_csv({address!r})\n"), list)


@pytest.mark.parametrize(
    "text",
    [
        "df = pd.read_csv('train.csv')\n",
        "df = pd.read_csv('https://example.org/tf-datasets/titanic/train.csv')\n",
        f"df = pd.read_csv({TITANIC!r} + '?raw=true')\n",
        f"df = pd.read_csv({TITANIC!r}, delim_whitespace=True)\n",
        f"df = pd.read_csv({TITANIC!r}, parse_dates={{'when': ['age', 'fare']}})\n",
        f"df = pd.read_csv({TITANIC!r}, usecols=lambda name: name != 'age')\n",
    ],
)
def test_of_others_nothing_is_known(text: str) -> None:
    assert not isinstance(columns(text), list)


def test_a_path_leads_to_what_was_fetched() -> None:
    text = f"path = keras.utils.get_file('train.csv', {TITANIC!r})\n"
    for path in ("path", "pathlib.Path(path)", "os.path.abspath(path)", "os.path.splitext(path)[0]"):
        assert columns(f"{text}df = pd.read_csv({path})\n") == names_of(TITANIC)


FLOWERS = "'https://storage.googleapis.com/download.tensorflow.org/example_images/flower_photos.tgz'"
LOAD = "names = keras.utils.image_dataset_from_directory({}).class_names\n"


@pytest.mark.parametrize(
    ("text", "known"),
    [
        (f"path = keras.utils.get_file('flower_photos', {FLOWERS}, untar=True)\n" + LOAD.format("path"), True),
        (
            f"path = keras.utils.get_file('f.tgz', {FLOWERS})\n" + LOAD.format("pathlib.Path(path) / 'flower_photos'"),
            True,
        ),
        (
            f"path = keras.utils.get_file('f.tgz', {FLOWERS})\n" + LOAD.format("os.path.join(path, 'flower_photos')"),
            True,
        ),
        (f"path = keras.utils.get_file('f.tgz', {FLOWERS})\n" + LOAD.format("path"), False),
        (f"path = keras.utils.get_file('flower_photos', {FLOWERS})\n" + LOAD.format("os.path.dirname(path)"), False),
        (
            f"path = keras.utils.get_file('f.tgz', {FLOWERS})\n" + LOAD.format("pathlib.Path(path).parent / 'roses'"),
            False,
        ),
    ],
)
def test_the_classes_of_a_folder(text: str, known: bool) -> None:
    names = named(text, "names")
    found = names.exact if isinstance(names, Sequence) else None
    assert (found is not None and len(found) == 5) is known


HUB = "https://tfhub.dev/google/tf2-preview/mobilenet_v2/feature_vector/4"


@pytest.mark.parametrize(
    ("model", "options", "known"),
    [
        (f"keras.Sequential([hub.KerasLayer({HUB!r})])", "extract=True", True),
        # Keras 3 unpacks it elsewhere.
        ("keras.Sequential([keras.layers.Dense(1)])", "extract=True", False),
        (f"keras.Sequential([hub.KerasLayer({HUB!r})])", "extract=False", False),
        (f"hub.KerasLayer({HUB!r})", "extract=True", False),
    ],
)
def test_an_archive_is_unpacked_beside_it_in_keras_2(model: str, options: str, known: bool) -> None:
    text = f"import tensorflow_hub as hub\nmodel = {model}\n"
    text += f"path = keras.utils.get_file('flower_photos.tgz', {FLOWERS}, {options})\n"
    text += LOAD.format("str(pathlib.Path(path).with_suffix(''))")
    names = named(text, "names")
    found = names.exact if isinstance(names, Sequence) else None
    assert (found is not None and len(found) == 5) is known


def test_the_folders_of_the_classes() -> None:
    text = f"path = pathlib.Path(keras.utils.get_file('flower_photos', {FLOWERS}, untar=True))\n"
    text += "names = sorted(item.name for item in path.glob('*/') if item.is_dir())\n"
    found = named(text, "names")
    assert isinstance(found, Sequence)
    assert [item.value for item in found.exact or ()] == "daisy dandelion roses sunflowers tulips".split()
    # There may be files, too.
    everything = named(text.replace("*/", "*"), "names")
    assert not isinstance(everything, Sequence) or everything.exact is None


def test_tables_and_folders_are_whole() -> None:
    for address, told in _tables().items():
        assert "://" not in address
        assert address == address.lower()
        names = told.split("|")
        assert told.isdecimal() or (len(names) > 1 and len(set(names)) == len(names)), address
    for (address, _), told in _folders().items():
        # Keras sorts them.
        assert "://" not in address
        assert told.split("|") == sorted(told.split("|")) != []
