from __future__ import annotations

import json

import pytest

from kerlint.source import Place, Source, Unreadable, read_source, syntax_error
from tests.notebook import notebook


def read(*cells: str) -> Source:
    return read_source(notebook(*cells), "a.ipynb")


def test_cells_are_joined_in_document_order() -> None:
    source = read("md:# Title", "import keras\nx = 1", "md:more", "", "y = 2\n", "z = 3")
    assert source.text == "import keras\nx = 1\n\ny = 2\n\nz = 3\n"
    assert source.is_notebook
    assert source.place(1) == Place(2, 1)
    assert source.place(2, 3) == Place(2, 2, 3)
    assert source.place(3) == Place(4, 1)
    assert source.place(4) == Place(5, 1)
    assert source.place(6) == Place(6, 1)
    assert source.line(6) == "z = 3"
    assert [cell.source for cell in source.cells] == ["import keras\nx = 1", "", "y = 2\n", "z = 3"]


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("%matplotlib inline\nx = 1", "pass\nx = 1"),
        ("!pip install keras", "pass"),
        ("if a:\n    !ls\n    %cd x\nb = 1", "if a:\n    pass\n    pass\nb = 1"),
        ("files = !ls\nx = %env HOME", "files = get_ipython()\nx = get_ipython()"),
        ("a.b[0], c = !ls", "a.b[0], c = get_ipython()"),
        ("?print\nprint?\nkeras.layers.Dense??\nx = 1", "pass\npass\npass\nx = 1"),
        ("ls ./data\ncd ..\npip install -q keras\nx = 1", "pass\npass\npass\nx = 1"),
        ("!pip install \\\n  keras \\\n  numpy\nx = 1", "pass\n\n\nx = 1"),
        ("/len x\n,f a b\n;f a b", "pass\npass\npass"),
        # What merely looks like a magic.
        ("x = ('%d'\n% 3)\n!ls", "x = ('%d'\n% 3)\npass"),
        ('x = """\n!not a command\n%nor a magic\n"""\n!ls', 'x = """\n!not a command\n%nor a magic\n"""\npass'),
        ("y = a \\\n  % b\n!ls", "y = a \\\n  % b\npass"),
        ("x = 'why?'  # who knows?\n!ls", "x = 'why?'  # who knows?\npass"),
        ("cat = 3\nls = [\n 1]\n!ls", "cat = 3\nls = [\n 1]\npass"),
        ("x = {'a': '}', # (\n 'b': 1}\n!ls", "x = {'a': '}', # (\n 'b': 1}\npass"),
        # The statement after %time counts, and stays in its column.
        ("%time model.fit(x)", "if 1: model.fit(x)"),
        ("%timeit -n 10 model.fit(\n  x)", "if 1:         model.fit(\n  x)"),
        ("%time", "pass"),
        ("%time for", "pass"),
        # Cell magics.
        ("%%time\nmodel.fit(x)", "\nmodel.fit(x)"),
        ("%%capture out\n!ls\nx = 1", "\npass\nx = 1"),
        ("# why\n\n%%timeit -n 1\nx = 1", "# why\n\n\nx = 1"),
        ("%%backend tensorflow\nx = 1", "\nx = 1"),
        ("%%unheard-of\nnot python at all", "\n"),
        ("%%bash\necho hi\nls", "\n\n"),
        ("%%writefile a.py\nx = 1\n", "\n\n"),
        ("%%html\n<b>x</b>", "\n"),
        # An indented cell.
        ("    x = 1\n    if x:\n        y = 2", "x = 1\nif x:\n    y = 2"),
        ("  x = 1\n  !ls\n", "x = 1\npass\n"),
        # Python that only IPython allows.
        ("await f()\nasync with a: pass", "await f()\nasync with a: pass"),
    ],
)
def test_magics(cell: str, text: str) -> None:
    source = read(cell, "after = 1")
    assert source.broken == ()
    assert source.text == text + "\nafter = 1\n"
    assert syntax_error(source.text) is None


def test_a_broken_cell_is_blank_and_the_rest_stays() -> None:
    source = read("x = 1", "!ls\nbatch_size =\ny = 2", "z = 3")
    assert source.text == "x = 1\n\n\n\nz = 3\n"
    (broken,) = source.broken
    assert broken.line == 3
    assert source.place(broken.line) == Place(2, 2)
    assert source.line(3) == "batch_size ="
    assert syntax_error(source.text) is None


def test_columns_of_an_indented_cell() -> None:
    source = read("    x = 1\n    y = 2")
    assert source.place(2, 1) == Place(1, 2, 5)
    assert source.line(2) == "y = 2"


def test_a_lone_surrogate_does_no_harm() -> None:
    source = read("x = '\ud800'")
    assert source.text == "x = '\ufffd'\n"


def test_source_may_be_one_string_and_other_things_are_ignored() -> None:
    document = {"cells": [{"cell_type": "code", "source": "x = 1\r\ny = 2"}, {"cell_type": "code"}, 7, None]}
    assert read_source(json.dumps(document).encode(), "a.ipynb").text == "x = 1\ny = 2\n\n"


def test_version_three() -> None:
    document = {"worksheets": [{"cells": [{"cell_type": "code", "input": ["x = 1"]}]}], "nbformat": 3}
    assert read_source(json.dumps(document).encode(), "a.ipynb").text == "x = 1\n"


def test_other_languages_have_no_cells() -> None:
    data = notebook("x <- 1", kernelspec={"language": "R"})
    assert read_source(data, "a.ipynb").cells == ()
    assert read_source(notebook("x = 1", language_info={"name": "ipython"}), "a.ipynb").cells != ()


@pytest.mark.parametrize("data", [b"", b"import keras\nx = 1\n", b"\xef\xbb\xbfimport keras"])
def test_plain_python_under_a_notebooks_name(data: bytes) -> None:
    source = read_source(data, "a.ipynb")
    assert source.cells == ()
    assert source.place(2) == Place(None, 2)


def test_plain_python_with_magics_under_a_notebooks_name() -> None:
    assert read_source(b"!ls\nx = 1\n", "a.ipynb").text == "pass\nx = 1\n"


@pytest.mark.parametrize(
    "data",
    [
        b"{",
        b"[1, 2]",
        b"{}",
        b'{"cells": 3}',
        b'{"cells": [}',
        b"[" * 100_000,
        b'{"a": "\xff"}',
        b'{"a": ' + b"9" * 10_000 + b"}",
    ],
)
def test_what_is_no_notebook(data: bytes) -> None:
    with pytest.raises(Unreadable):
        read_source(data, "a.ipynb")


def test_where_the_json_ends() -> None:
    with pytest.raises(Unreadable) as caught:
        read_source(b'{"cells": [\n  {,\n', "a.ipynb")
    assert caught.value.line == 2
