"""The user's other modules: found on disk, evaluated apart, and what findings say about them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import kerlint
from kerlint import modules, parsing
from kerlint.engine import Settings, check_bytes, summarize_bytes
from kerlint.files import project_root
from kerlint.finding import Finding, Severity
from kerlint.library import evaluate
from kerlint.modules import DiskModules
from kerlint.program.facts import Program
from tests.notebook import notebook
from tests.test_interpreter import describe
from tests.trees import tree

Files = dict[str, str]


def write(folder: Path, files: Files) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")


def run(folder: Path, files: Files, name: str = "train.py") -> Program:
    """The facts of one of the files."""
    (folder / "setup.py").touch()
    write(folder, files)
    path = folder / name
    return evaluate(tree(path.read_text(encoding="utf-8")), DiskModules(str(path)))


def values(program: Program, *names: str) -> list[str]:
    return [describe(program.names.get(name)) for name in names]


def lint(folder: Path, files: Files, name: str = "train.py") -> list[Finding]:
    (folder / "setup.py").touch()
    write(folder, files)
    path = folder / name
    report = check_bytes(path.read_bytes(), name, Settings(pedantic=True), path=str(path))
    assert not report.tracebacks
    return list(report.findings)


@pytest.mark.parametrize(
    "statement",
    [
        "from helpers import a",
        "from helpers import *",
        "from helpers import b as a",
        "import helpers\na = helpers.a",
        "import helpers as h\na = h.a",
        "from models import helpers\na = helpers.a",
        "from models.helpers import a",
        "import models.helpers\na = models.helpers.a",
        "import models.helpers as h\na = h.a",
        "import models\nimport models.helpers\na = models.helpers.a",
        "from .helpers import a",
        "from . import helpers\na = helpers.a",
        "from .models.helpers import a",
        "from .models import helpers as h\na = h.a",
        "from .inner import a",
        "from inner import a",
        "import inner\na = inner.again.a",
        "from inner.again import a",
        "try:\n    from .helpers import a\nexcept ImportError:\n    from helpers import a",
        "if flag():\n    from helpers import a\nelse:\n    from models.helpers import a",
        "if flag():\n    import helpers\nelse:\n    import helpers\na = helpers.a",
        "def get():\n    from helpers import a\n    return a\na = get()",
        "a = __import__",
    ],
)
def test_forms_of_import(tmp_path: Path, statement: str) -> None:
    helpers = "a = b = 3\n_c = 4\n"
    files = {
        "helpers.py": helpers,
        "models/helpers.py": helpers,  # a package without a file of its own
        "inner/__init__.py": "from . import again\nfrom .again import *\n",
        "inner/again.py": "from ..helpers import a\n",
        "train.py": statement + "\n",
    }
    expected = "?" if "__import__" in statement else "3"
    program = run(tmp_path, files)
    assert values(program, "a", "_c") == [expected, "?"]
    assert (program.limits, program.limits_elsewhere, program.failures) == ([], [], [])


def test_the_search_begins_at_the_file_then_the_root_then_src(tmp_path: Path) -> None:
    files = {
        "scripts/train.py": "from one import a\nfrom two import b\nfrom three import c\nfrom four import d\n",
        "scripts/one.py": "a = 1\n",
        "one.py": "a = 2\n",
        "two.py": "b = 3\n",
        "src/two.py": "b = 4\n",
        "src/three.py": "c = 5\n",
        "scripts/inner/four.py": "d = 6\n",
    }
    assert values(run(tmp_path, files, "scripts/train.py"), "a", "b", "c", "d") == ["1", "3", "5", "four.d"]


def test_a_followed_module_imports_as_the_script_does(tmp_path: Path) -> None:
    files = {
        "app/train.py": "from lib.net import a, b\n",
        "app/config.py": "a = 1\n",
        "lib/net.py": "from config import a\nfrom .config import b\n",
        "lib/config.py": "a = 2\nb = 3\n",
    }
    assert values(run(tmp_path, files, "app/train.py"), "a", "b") == ["1", "3"]


def test_star_imports(tmp_path: Path) -> None:
    files = {
        "named.py": "__all__ = ['a', '_b', 'c', 'sub', 'nothing']\na, _b, c, d = 1, 2, 3, 4\n",
        "public.py": "from keras.layers import *\ne = 5\n_f = 6\n",
        "some.py": "import x\n__all__ = x.names + ['g']\ng = h = 7\n",
        "package/__init__.py": "__all__ = ['part']\n",
        "package/part.py": "i = 8\n",
        "train.py": """
            g = 0
            from named import *
            from public import *
            from some import *
            from package import *
            dense = Dense(3)
            i = part.i
        """,
    }
    program = run(tmp_path, files)
    assert values(program, *"abcdefghi", "_b", "_f", "dense") == [
        *("1", "?", "3", "?", "5", "?", "0 | 7", "7", "8"),
        *("2", "?", "keras.layers.Dense"),
    ]


def test_values_functions_and_classes(tmp_path: Path) -> None:
    files = {
        "net.py": """
            import keras
            import config
            LAYERS = []
            def build(units, rate=config.RATE):
                "Uses its own module's names."
                global CALLS
                CALLS = units
                LAYERS.append(units)
                return keras.Sequential([keras.Input((8,)), helper(units)])
            def helper(units):
                return keras.layers.Dense(units)
            class Block(keras.layers.Layer):
                def __init__(self, units):
                    super().__init__()
                    self.dense = keras.layers.Dense(units)
                def call(self, x):
                    return self.dense(x)
            class Settings:
                size = 5
                def double(self):
                    return self.size * 2
        """,
        "config.py": "RATE = 0.5\nSHAPE = (4, 4)\n",
        "train.py": """
            import keras
            import net, config
            from net import Block, Settings
            config.RATE = 0.25
            model = net.build(3)
            calls, layers = net.CALLS, net.LAYERS
            rate = config.RATE
            x = Block(7)(keras.Input(config.SHAPE))
            class Mine(Settings):
                size = 6
            a, b = Settings().double(), Mine().double()
        """,
    }
    program = run(tmp_path, files)
    assert values(program, "model", "calls", "layers", "rate", "x", "a", "b") == [
        *("sequential", "3", "[3]", "0.25"),
        *("(None, 4, 7)", "10", "12"),
    ]
    assert len(program.models) == 1


def test_arrays_of_other_modules_change_in_place(tmp_path: Path) -> None:
    files = {
        "data.py": "import numpy as np\nx = np.zeros((4, 2))\n",
        "work.py": "def spoil(x):\n    x += 5\n",
        "train.py": "import data, work\nfrom data import x\nwork.spoil(x)\ny = data.x\n",
    }
    assert values(run(tmp_path, files), "x", "y") == ["(4, 2) float64 5..5"] * 2


def test_cycles(tmp_path: Path) -> None:
    files = {
        "train.py": "before = 1\nimport one\nfrom one import a, b, late\nafter = 2\nc = one.two.early\n",
        "one.py": "a = 1\nimport two\nb = two.b\nlate = 7\n",
        "two.py": "import one, train\nfrom one import a\nb = a + train.before\nc = one.late\nearly = train.after\n",
    }
    program = run(tmp_path, files)
    assert values(program, "a", "b", "late", "c") == ["1", "2", "7", "?"]
    assert sorted(os.path.basename(module.file.path) for module in program.followed) == ["one.py", "two.py"]


def test_a_package_that_imports_the_file(tmp_path: Path) -> None:
    files = {
        "pkg/__init__.py": "from .train import main\nfrom . import net\nsize = 4\n",
        "pkg/train.py": "from . import size, net\nfrom .net import a\ndef main(): pass\n",
        "pkg/net.py": "from pkg import size as a\n",
    }
    # The package has begun before, in Python; here the size is what it becomes.
    assert values(run(tmp_path, files, "pkg/train.py"), "size") == ["4"]
    assert values(run(tmp_path, {}, "pkg/__init__.py"), "main", "net", "size") == ["main", "Module", "4"]


def test_a_long_chain_of_imports_ends(tmp_path: Path) -> None:
    files = {f"m{i}.py": f"from m{i + 1} import a\n" for i in range(200)}
    program = run(tmp_path, {**files, "m200.py": "a = 1\n", "train.py": "from m0 import a\nb = 2\n"})
    assert values(program, "a", "b") == ["m40.a", "2"]


def test_modules_do_not_use_up_the_fuel_of_the_file(tmp_path: Path) -> None:
    bomb = "import keras\ndef f(): keras.layers.Dense(1)\n"
    bomb += "for a in range(60):\n    for b in range(60):\n        for c in range(60):\n            f()\n"
    files = {
        "bomb.py": f"a = 1\n{bomb}a = 2\n",
        "other.py": "a = 3\n",
        "train.py": "from bomb import a\nb = 4\nimport bomb\nc = bomb.f\nfrom other import a as d\n",
    }
    program = run(tmp_path, files)
    # What a module that never came to its end would have made of its names is not known.
    assert values(program, "a", "b", "c") == ["?", "4", "?"]
    assert program.limits_elsewhere


@pytest.mark.parametrize("last", ["raise ImportError('no')", "import sys\nsys.exit()", "x = y = (", "'\\xff'"])
def test_modules_that_do_not_work(tmp_path: Path, last: str) -> None:
    write(tmp_path, {"train.py": "import broken\nfrom broken import a\nb = 2\nc = broken.a\n"})
    (tmp_path / "broken.py").write_bytes(b"a = 1\n" + last.encode().replace(b"\\xff", b"\xff") + b"\n")
    program = run(tmp_path, {})
    assert values(program, "b") == ["2"]
    assert values(program, "a", "c") in (["?", "?"], ["broken.a", "broken.a"])


def test_large_files_are_not_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(modules, "MAX_BYTES", 1000)
    monkeypatch.setattr(modules, "MAX_BYTES_IN_ALL", 1500)
    files = {
        "large.py": "a = 1\n" + "#" * 1000,
        "one.py": "a = 2\n" + "#" * 800,
        "two.py": "a = 3\n" + "#" * 800,
        "train.py": "from large import a\nfrom one import a as b\nfrom two import a as c\nfrom one import a as d\n",
    }
    assert values(run(tmp_path, files), "a", "b", "c", "d") == ["large.a", "2", "two.a", "2"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes")
def test_only_files_are_followed(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.py")
    (tmp_path / "folder.py").mkdir()
    program = run(tmp_path, {"train.py": "from pipe import a\nfrom folder import b\n"})
    assert values(program, "a", "b") == ["pipe.a", "folder.b"]


@pytest.mark.skipif(os.name == "nt", reason="needs symbolic links")
def test_nothing_outside_of_the_project_is_read(tmp_path: Path) -> None:
    outside, project = tmp_path / "outside", tmp_path / "project"
    write(outside, {"secret.py": "a = 1\n", "pkg/__init__.py": "", "pkg/part.py": "a = 2\n"})
    write(project, {"venv/lib/site-packages/installed.py": "a = 3\n", "shared/linked.py": "a = 4\n"})
    links = {
        "link.py": outside / "secret.py",
        "pkg": outside / "pkg",
        "folder": outside,
        "src": outside,
        "inside.py": project / "shared" / "linked.py",
        "loop.py": project / "loop.py",
    }
    for name, destination in links.items():
        (project / name).symlink_to(destination)
    text = """
        from link import a
        from pkg.part import a as b
        from folder.secret import a as c
        from secret import a as d
        from ..outside.secret import a as e
        from .....outside.secret import a as f
        from venv.lib import installed
        import loop
        from inside import a as g
    """
    program = run(project, {"train.py": text})
    assert values(program, "a", "b", "c", "d", "g") == ["link.a", "pkg.part.a", "folder.secret.a", "secret.a", "4"]
    assert all(value.endswith("secret.a") for value in values(program, "e", "f"))
    assert [os.path.basename(module.file.path) for module in program.followed] == ["linked.py"]


def test_libraries_are_not_looked_for(tmp_path: Path) -> None:
    files = {
        "keras/__init__.py": "layers = 1\n",
        "numpy.py": "zeros = 1\n",
        "app/json.py": "a = 1\n",
        "app/sys.py": "argv = 3\n",
        "app/tensorflow/__init__.py": "keras = 1\n",
        "app/keras.py": "raise ValueError\n",
        "app/train.py": """
            import keras.layers
            import numpy as np
            from json import a
            from sys import argv
            from tensorflow.keras.layers import Dense
            x, b = np.zeros, keras.layers.Conv2D
        """,
    }
    program = run(tmp_path, files, "app/train.py")
    # A file next to a script hides a library, but for one that is built into Python.
    assert values(program, "a", "argv", "Dense", "x", "b") == [
        *("1", "sys.argv", "keras.layers.Dense", "numpy.zeros", "keras.layers.Conv2D")
    ]
    write(tmp_path, {"app/__init__.py": ""})
    assert values(run(tmp_path, {}, "app/train.py"), "a") == ["json.a"]
    # A script that has the name of a library does not import itself.
    assert values(run(tmp_path, {"tool/keras.py": "from keras import a\na = 1\nb = a\n"}, "tool/keras.py"), "b") == [
        "1"
    ]


def test_type_checking_is_not_followed(tmp_path: Path) -> None:
    text = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from helpers import a\nb = 1\n"
    program = run(tmp_path, {"train.py": text, "helpers.py": "a = 1\n"})
    assert values(program, "a", "b") == ["?", "1"]
    assert program.followed == []


def test_the_root_of_a_project(tmp_path: Path) -> None:
    write(tmp_path, {"a/pyproject.toml": "", "a/b/c/x.py": "", "d/e/x.py": "", "d/f/setup.cfg": ""})
    (tmp_path / "d" / ".git").mkdir()
    assert project_root(str(tmp_path / "a" / "b" / "c")) == str(tmp_path / "a")
    assert project_root(str(tmp_path / "d" / "e")) == str(tmp_path / "d")
    assert project_root(str(tmp_path / "d" / "f")) == str(tmp_path / "d" / "f")


# Facts and findings.

NET = """
    import keras
    from config import RATE
    def build(units):
        return keras.Sequential([
            keras.Input((8,)),
            keras.layers.Dense(units, activation="softmax"),
        ])
    def compiled(units):
        model = build(units)
        model.compile(keras.optimizers.Adam(RATE), "binary_crossentropy")
        return model
    def unused():
        keras.Sequential([keras.layers.Dense(1, activation="softmax")]).compile("adam", "binary_crossentropy")
"""
DATA = """
    import numpy as np
    x = np.random.rand(100, 8)
    y = (x.sum(axis=1) > 4).astype(int)
"""


def test_what_a_module_does_when_imported_is_not_a_fact_of_the_file(tmp_path: Path) -> None:
    files = {
        "other.py": """
            import keras
            model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(1, activation="softmax")])
            model.compile("adam", "binary_crossentropy")
            model.fit(unknown, epochs=50)
            def fit(model):
                model.fit(unknown, epochs=50)
        """,
        "train.py": "import keras\nimport other\nother.model.predict(1)\nother.fit(other.model)\n",
    }
    program = run(tmp_path, files)
    assert (program.models, program.objects, list(program.compiles)) == ([], [], [])
    # The functions that the file calls are.
    (fit,) = program.fits
    assert fit.compile is not None
    assert [type(event).__name__ for event in program.events] == ["Use", "Discarded", "Fit"]
    assert [event.order for event in program.events] == [0, 1, 2]
    assert lint(tmp_path, {}) == []
    assert [finding.code for finding in lint(tmp_path, {}, "other.py")] == ["KL001"]


def test_functions_that_nobody_calls_are_read_in_their_own_file_only(tmp_path: Path) -> None:
    files = {"config.py": "RATE = 0.1\n", "net.py": NET, "train.py": "import keras\nimport net\n"}
    assert lint(tmp_path, files) == []
    assert run(tmp_path, {}).events == []
    assert [finding.span.start_line for finding in lint(tmp_path, {}, "net.py")] == [14]


def place(finding: Finding) -> tuple[str, int, int]:
    return finding.code, finding.span.start_line, finding.span.start_column


def test_a_finding_in_two_files_is_at_the_call(tmp_path: Path) -> None:
    train = """
        import keras
        from lib import net
        from data import x, y
        model = net.build(1)
        model.compile("adam", loss="binary_crossentropy")
        model.fit(x, y, epochs=500)
    """
    files = {"config.py": "RATE = 0.1\n", "lib/net.py": NET, "data.py": DATA, "train.py": train}
    (finding,) = [found for found in lint(tmp_path, files) if found.severity is not Severity.ADVICE]
    assert place(finding) == ("KL001", 5, 9)
    assert finding.filename == "train.py"
    assert finding.label == "every prediction is exactly 1.0 (lib/net.py:7); one unit (lib/net.py:7)"
    assert [(label.span.start_line, label.text) for label in finding.labels] == [
        (6, "this loss expects one sigmoid unit")
    ]


def test_labels_in_another_file_are_at_the_call(tmp_path: Path) -> None:
    train = """
        import keras
        import numpy as np
        from net import compiled
        from data import x
        def main(units):
            model = compiled(units)
            return np.argmax(model.predict(x), axis=1)
        main(1)
    """
    files = {"config.py": "RATE = 0.1\n", "net.py": NET, "data.py": DATA, "train.py": train}
    findings = lint(tmp_path, files)
    # The loss and the layer are both in the other file: that finding is not this file's.
    (finding,) = findings
    assert place(finding) == ("KE005", 8, 12)
    assert [(label.span.start_line, label.text) for label in finding.labels] == [
        (7, "the model ends in one unit (net.py:7)")
    ]


def test_a_place_that_two_calls_lead_to_is_not_told(tmp_path: Path) -> None:
    train = """
        import keras
        import numpy as np
        from net import build
        model, other = build(1), build(10)
        model.compile("adam", loss="binary_crossentropy")
        np.argmax(model.predict(unknown), axis=1)
    """
    (finding,) = lint(tmp_path, {"config.py": "RATE = 0.1\n", "net.py": NET, "train.py": train})
    assert place(finding) == ("KE005", 7, 1)
    assert finding.labels == ()


def test_values_of_other_modules_are_told_where_they_are_used(tmp_path: Path) -> None:
    train = """
        import keras
        import config
        model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(1)])
        model.compile(keras.optimizers.Adam(config.RATE), "mse")
    """
    (finding,) = lint(tmp_path, {"config.py": "RATE = 0\n", "train.py": train})
    assert place(finding) == ("KO001", 5, 37)


def test_files_with_one_text_are_two_files(tmp_path: Path) -> None:
    text = """
        import keras
        def build(units):
            return keras.Sequential([keras.Input((8,)), keras.layers.Dense(units, activation="softmax")])
        if __name__ == "__main__":
            from copied import build as other
            other(1).compile("adam", loss="binary_crossentropy")
    """
    (finding,) = lint(tmp_path, {"train.py": text, "copied.py": text})
    assert place(finding) == ("KL001", 7, 5)


def test_trees_are_kept_while_there_is_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parsing, "_KEPT", 40)
    monkeypatch.setattr(parsing, "_trees", type(parsing._trees)())
    monkeypatch.setattr(parsing, "_sizes", {"kept": 0})
    first = parsing.parse_file("a.py", "a = 1\n")
    assert parsing.parse_file("a.py", "a = 1\n") is first
    assert parsing.parse_file("a.py", "a = 2\n") is not first
    assert parsing.parse_file("b.py", "a = 1\n") is not first
    for index in range(9):
        parsing.parse_file(f"c{index}.py", f"a = 1{index}\n")
    assert parsing._sizes["kept"] == sum(len(text) for _, text in parsing._trees) <= 40
    assert parsing.parse_file("a.py", "a = 1\n") is not first


def test_a_failure_in_another_module_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from kerlint.library import knowledge, routes

    def fail(*_: object) -> None:
        raise ZeroDivisionError

    failing = routes.route("numpy.zeros")._replace(handler=fail)
    monkeypatch.setattr(knowledge, "route", lambda name: failing if name == "numpy.zeros" else routes.route(name))
    program = run(
        tmp_path, {"data.py": "import numpy as np\nx = np.zeros(3)\ny = 2\n", "train.py": "from data import y\n"}
    )
    assert [type(error) for _, error in program.failures] == [ZeroDivisionError]
    assert values(program, "y") == ["2"]


def test_a_summary_of_what_another_module_builds(tmp_path: Path) -> None:
    files = {
        "setup.py": "",
        "net.py": NET,
        "config.py": "import keras\nRATE = 0.1\nspare = keras.layers.Dense(1)\n",
        "train.py": "import keras\nimport net\nmodel = net.compiled(3)\n",
    }
    write(tmp_path, files)
    path = tmp_path / "train.py"
    (made,), _ = summarize_bytes(path.read_bytes(), "train.py", str(path))
    # Keras counts the layer that the other module made.
    assert [(row.name, row.params) for row in made.layers] == [("dense_1", 27)]
    assert (made.variable, made.span) == ("model", None)
    assert summarize_bytes(path.read_bytes(), "train.py")[0] == []


# Where the text comes from.

LOSS = 'import keras\nfrom net import build\nbuild(1).compile("adam", loss="binary_crossentropy")\n'


def test_without_a_path_nothing_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, {"net.py": NET, "config.py": "RATE = 0.1\n"})
    monkeypatch.chdir(tmp_path)
    assert check_bytes(LOSS.encode(), "train.py", Settings()).findings == ()
    (finding,) = check_bytes(LOSS.encode(), "train.py", Settings(), path="train.py").findings
    assert place(finding) == ("KL001", 3, 1)


def test_notebooks_follow_what_is_next_to_them(tmp_path: Path) -> None:
    write(tmp_path, {"net.py": NET, "config.py": "RATE = 0.1\n"})
    data = notebook("md:# Title", *LOSS.splitlines())
    report = check_bytes(data, "n.ipynb", Settings(), path=str(tmp_path / "n.ipynb"))
    assert report.source is not None
    assert [report.source.place(finding.span.start_line).cell for finding in report.findings] == [4]


@pytest.mark.parametrize(("arguments", "count"), [(["--stdin-filename", "train.py"], 1), ([], 0)])
def test_standard_input(tmp_path: Path, arguments: list[str], count: int) -> None:
    write(tmp_path, {"net.py": NET, "config.py": "RATE = 0.1\n"})
    result = subprocess.run(
        [sys.executable, "-m", "kerlint", "check", "-", "--output-format", "json", *arguments],
        input=LOSS.encode(),
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(kerlint.__file__).parent.parent)},
        capture_output=True,
        check=False,
    )
    assert (len(json.loads(result.stdout)), result.stderr) == (count, b"")


def test_nothing_is_executed(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    act = f"open({str(trace)!r}, 'w').close()\n"
    run(tmp_path, {"helpers.py": act, "pkg/__init__.py": act, "train.py": "import helpers, pkg\n", "setup.py": act})
    assert not trace.exists()
    assert "helpers" not in sys.modules


def _names(count: int) -> str:
    return ", ".join(f"m{index}" for index in range(count))


BOMBS: dict[str, Files] = {
    "both arms": {
        **{f"m{i}.py": f"if flag():\n    import m{i + 1}\nelse:\n    import m{i + 1}\n" for i in range(38)},
        "train.py": "import m0\nb = 2\n",
    },
    "everything imports everything": {
        **{f"m{i}.py": f"import {_names(60)}\nfrom m{i} import *\nx{i} = 1\n" for i in range(60)},
        "train.py": "from m0 import *\nb = 2\n",
    },
    "the same in loops": {
        **{f"m{i}.py": "" for i in range(60)},
        "train.py": f"b = 2\nfor i in range(60):\n    for j in range(60):\n        import {_names(60)}, nothing\n",
    },
    "names that are not there": {
        "p/__init__.py": "",
        "train.py": "import p\nb = 2\nfor i in range(60):\n    for j in range(60):\n        [" + "p.x, " * 99 + "]\n",
    },
    "a name that grows": {
        "m0.py": "import keras\nx = keras\nfor i in range(60):\n    for j in range(60):\n        x = x.a\n",
        "train.py": "from m0 import x\nb = 2\n",
    },
}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_end(tmp_path: Path, name: str) -> None:
    """Nothing that modules can say makes the evaluation run for ever, or fail."""
    program = run(tmp_path, BOMBS[name])
    assert program.failures == []
    if not program.limits or "program" not in program.limits[-1]:
        assert values(program, "b") == ["2"]


def test_trees_of_old_texts_are_not_kept(tmp_path: Path) -> None:
    """An editor has another text after each keystroke."""
    from kerlint import parsing

    path = str(tmp_path / "typed.py")
    for number in range(20):
        parsing.parse_file(path, f"x = {number}\n")
    assert sum(key[0] == path for key in parsing._trees) == 2
    assert parsing.parse_file(path, "x = 19\n") is parsing.parse_file(path, "x = 19\n")
    assert parsing._sizes["kept"] == sum(len(text) for _, text in parsing._trees)
