"""Columns of public tables whose values are known: pandas makes as many columns of them."""

from __future__ import annotations

from typing import Any

import pytest

from kerlint.library import evaluate
from kerlint.library.downloads import _values
from kerlint.program.interpreter.operators import plain
from kerlint.program.values import Array
from tests.trees import tree

pandas = pytest.importorskip("pandas")

PENGUINS = "https://raw.githubusercontent.com/mwaskom/seaborn-data/master/penguins.csv"
CARS = "http://archive.ics.uci.edu/ml/machine-learning-databases/auto-mpg/auto-mpg.data"
READ = f"import numpy as np\nimport pandas as pd\ndf = pd.read_csv({PENGUINS!r})\n"
#: As many rows as it takes for the rarest value to be there after a random half is left out.
SPECIES, ISLANDS, SEXES = ("Adelie", "Chinstrap", "Gentoo"), ("Biscoe", "Dream", "Torgersen"), ("FEMALE", "MALE")


def real() -> Any:
    rows = [
        (species, island, 39.1 + number, 18.7, 181.0, 3750.0, sex)
        for number in range(60)
        for species in SPECIES
        for island in ISLANDS
        for sex in SEXES
    ]
    names = "species island bill_length_mm bill_depth_mm flipper_length_mm body_mass_g sex".split()
    return pandas.DataFrame([*rows, ("Adelie", "Dream", None, None, None, None, None)], columns=names)


@pytest.mark.parametrize(
    "text",
    [
        "pd.get_dummies(df, columns=['species'])",
        "pd.get_dummies(df, columns=['species', 'sex'], prefix='x', dtype=float)",
        "pd.get_dummies(df, columns=['island'], prefix='', prefix_sep='')",
        "pd.get_dummies(df, columns=['island'], drop_first=True)",
        "pd.get_dummies(df['species'])",
        "pd.get_dummies(df['sex'], drop_first=True)",
        "pd.get_dummies(df.dropna(), columns=['species'])",
        "pd.get_dummies(df.copy().sample(frac=0.8, random_state=1), columns=['species'])",
        "pd.get_dummies(df['species'].map({'Adelie': 'a', 'Chinstrap': 'b', 'Gentoo': 'a'}))",
        "pd.get_dummies(df.drop(columns=['island']), columns=['species'])",
        "pd.get_dummies(df[['sex', 'species']], columns=['species'])",
    ],
)
def test_dummies_have_the_columns_that_pandas_makes(text: str) -> None:
    made = eval(text, {"pd": pandas, "df": real()})
    program = evaluate(tree(f"{READ}made = {text}\n"))
    assert program.failures == []
    found = program.names["made"]
    assert isinstance(found, Array)
    assert found.fields is not None
    assert [name for name, _ in found.fields] == list(made.columns)


@pytest.mark.parametrize(
    "text",
    [
        "pd.get_dummies(df[df['sex'] == 'MALE'], columns=['species'])",
        "pd.get_dummies(df.head(100), columns=['species'])",
        "pd.get_dummies(df.sample(frac=0.1), columns=['species'])",
        "pd.get_dummies(df.sample(50), columns=['species'])",
        "pd.get_dummies(df, columns=['species'], dummy_na=True)",
        "pd.get_dummies(df['species'].map({'Adelie': 'a'}))",
        "pd.get_dummies(df['species'].replace({'Adelie': 'Gentoo'}))",
        "pd.get_dummies(df['species'].str.lower())",
        "pd.get_dummies(pd.read_csv('penguins.csv'), columns=['species'])",
        f"pd.get_dummies(pd.read_csv({PENGUINS!r}, nrows=20), columns=['species'])",
        f"pd.get_dummies(pd.read_csv({PENGUINS!r}, na_values=['Adelie']), columns=['species'])",
    ],
)
def test_of_some_of_the_rows_nothing_is_known(text: str) -> None:
    found = evaluate(tree(f"{READ}made = {text}\n")).names["made"]
    assert not isinstance(found, Array) or found.shape is None or found.shape[-1] is None


@pytest.mark.parametrize(
    "change",
    [
        "df['species'].replace({'Adelie': 'Gentoo'}, inplace=True)",
        "df['species'][df['sex'] == 'MALE'] = 'Gentoo'",
        "df['species'] = other['species']",
        "df['new'] = df['sex'].map({'MALE': 1.5})\ndf = df.dropna()",
        "df.loc[df['sex'] == 'MALE', 'species'] = 'Gentoo'",
    ],
)
def test_what_is_changed_is_not_known(change: str) -> None:
    other = f"other = pd.read_csv({PENGUINS!r}).head(10)\n"
    found = evaluate(tree(f"{READ}{other}{change}\nmade = pd.get_dummies(df, columns=['species'])\n")).names["made"]
    assert not isinstance(found, Array) or found.shape is None or found.shape[-1] is None


def test_columns_that_the_program_names() -> None:
    names = "['mpg', 'cyl', 'disp', 'hp', 'weight', 'acc', 'year', 'origin']"
    text = f"df = pd.read_csv({CARS!r}, names={names}, na_values='?', comment='\\t', sep=' ', skipinitialspace=True)\n"
    text += "df['origin'] = df['origin'].map({1: 'USA', 2: 'Europe', 3: 'Japan'})\n"
    text += "made = pd.get_dummies(df.dropna(), columns=['origin'], prefix='', prefix_sep='')\n"
    found = evaluate(tree("import pandas as pd\n" + text)).names["made"]
    assert isinstance(found, Array)
    # The column was made by the program: what it lacks is not known.
    assert found.shape == (None, None)
    text = text.replace("df['origin'] =", "df = df.dropna()\ndf['origin'] =").replace("df.dropna(),", "df,")
    found = evaluate(tree("import pandas as pd\n" + text)).names["made"]
    assert isinstance(found, Array)
    assert found.fields is not None
    assert [name for name, _ in found.fields][-3:] == ["Europe", "Japan", "USA"]


HEARTS = "https://storage.googleapis.com/download.tensorflow.org/data/heart.csv"


def hearts() -> Any:
    """As many rows as it takes for each value to be there."""
    known = _values()[HEARTS.removeprefix("https://")][1]
    count = max(len(one.values) for one in known.values() if one.values)
    columns = {
        name: [one.values[row % len(one.values)] for row in range(count)] if one.values else [float(count)] * count
        for name, one in known.items()
    }
    frame = pandas.DataFrame(columns)
    return frame.astype({name: one.kind for name, one in known.items()})


@pytest.mark.parametrize(
    "text",
    [
        "[name for name, column in df.items() if column.dtype == object]",
        "[name for name in df if df[name].dtype == 'float64']",
        "[name for name in df.columns if df[name].dtype in (np.float64, object)]",
        "[name for name, column in df.items() if type(column[0]) == str]",
        "len(np.unique(df['thal']))",
        "len(np.unique(df.copy()['cp']))",
        "sorted(set(df['restecg']))",
        "sorted(set(df['thal']))",
        "[type(sorted(set(df[name]))[0]) is str for name in ('ca', 'thal')]",
        "len(df['slope'].unique())",
    ],
)
def test_values_and_dtypes_of_columns_are_those_of_pandas(text: str) -> None:
    import numpy as np

    program = evaluate(tree(f"import numpy as np\nimport pandas as pd\ndf = pd.read_csv({HEARTS!r})\nmade = {text}\n"))
    assert program.failures == []
    assert plain(program.names["made"]) == eval(text, {"df": hearts(), "np": np, "pd": pandas})


@pytest.mark.parametrize(
    "text",
    [
        "len(np.unique(df['age']))",
        "len(np.unique(df.head(100)['cp']))",
        "len(np.unique(df[df['sex'] == 1]['cp']))",
        "len(np.unique(df['cp'] + 1))",
        "type(df['thal'].replace('1', 0)[0]) == str",
        "df['thal'].map(len).dtype == object",
        "df['age'].astype('float32').dtype == 'int64'",
        "df.convert_dtypes()['thal'].dtype == object",
        "df['age'].convert_dtypes().dtype == 'int64'",
        "df.fillna(0.5)['age'].dtype == 'int64'",
        "df.replace('fixed', 1)['thal'].dtype == object",
        "(df / 2)['age'].dtype == 'int64'",
    ],
)
def test_nothing_is_said_of_other_values(text: str) -> None:
    text = f"import numpy as np\nimport pandas as pd\ndf = pd.read_csv({HEARTS!r})\nmade = {text}\n"
    assert plain(evaluate(tree(text)).names["made"]) in (None, False)


def test_a_vocabulary_from_a_column_is_as_large_as_in_keras() -> None:
    text = (
        "words = {}(vocabulary=np.unique(df['{}']), output_mode='{}')\n"
        "made = words.vocabulary_size()\nwidth = words(keras.Input((1,), dtype='{}')).shape[-1]\n"
    )
    keras = pytest.importorskip("keras")
    import numpy as np

    for cls, column, mode, dtype in (
        ("StringLookup", "thal", "one_hot", "string"),
        ("IntegerLookup", "cp", "multi_hot", "int64"),
        ("IntegerLookup", "ca", "int", "int64"),
    ):
        body = text.format(f"keras.layers.{cls}", column, mode, dtype)
        head = f"import numpy as np\nimport pandas as pd\nimport keras\ndf = pd.read_csv({HEARTS!r})\n"
        found = evaluate(tree(head + body)).names
        real: dict[str, Any] = {"df": hearts(), "np": np, "keras": keras}
        exec(body, real)
        assert (plain(found["made"]), plain(found["width"])) == (real["made"], real["width"])


def test_the_table_is_whole() -> None:
    for address, (width, columns) in _values().items():
        assert address == address.lower()
        for key, known in columns.items():
            assert isinstance(key, str) or 0 <= key < width
            assert known.gaps >= 0
            if known.values is None:
                assert known.kind in ("int64", "float64")
            else:
                assert list(known.values) == sorted(set(known.values))
                assert known.rarest > 0
