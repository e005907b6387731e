"""Programs that would take for ever, or all memory: each ends, and what else is in the file is found where it can be.

The limits are those of docs/security.md, for one file: 60 seconds and 2 GB, with much room for slow machines. A budget
that ended is told with `--verbose`.
"""

from __future__ import annotations

import ast
import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from kerlint.engine import check_bytes
from kerlint.program.interpreter.expressions import MAX_DISPLAY
from kerlint.selection import Settings
from kerlint.source import TOO_LARGE
from kerlint.syntax import large

HEAD = "import keras\nimport numpy as np\nfrom keras import layers\n"
#: What is found in each file whose budget lasts: KL001.
TAIL = (
    "\nfaulty = keras.Sequential([keras.Input((4,)), layers.Dense(1, activation='softmax')])\n"
    "faulty.compile(loss='binary_crossentropy')\n"
)
TRAIN = "m.compile(loss='mse')\nm.fit(np.zeros((3, 4)), np.zeros((3, 4)))\n"

#: Those whose fault is found.
FOUND = {
    "ignores": "# kerlint: ignore[KL001]\n" * 100_000 + "x = 1\n",
    "list_times": "x = [0] * 10**9\ny = x * 10**9\nz = [x] * 10**9\n",
    "power": "x = 10 ** 10 ** 9\ny = 1 << 10**9\nz = (10**300) ** 300\nu = pow(10, 10**9)\n",
    "string_times": "x = 'a' * 10**9\ny = '%1000000000d' % 1\nz = f'{1:1000000000}'\nw = 'a'.ljust(10**9)\n",
    "sums": "x = 'a'\n" + "x = x + x\n" * 5_000 + "y = [1]\n" + "y = y + y\n" * 5_000,
    "ranges": "x = list(range(10**9))\ny = sum(range(10**9))\nz = [i for i in range(10**9)]\n",
    "loop": "for i in range(10**9):\n  x = i\nwhile True:\n  pass\n",
    "recursion": "def f(x):\n  return g(x)\ndef g(x):\n  return f(x) + f(x)\nf(1)\n",
    "self": "x = []\nx.append(x)\nx += x\nd = {}\nd['d'] = d\nlayers.Dense(x)(x)\nkeras.Model(d, d)\nf(**d)\n",
    "self_model": "m = keras.Sequential([keras.Input((4,))])\nn = keras.Sequential([m])\nm.add(n)\nn.add(m)\n" + TRAIN,
    "doubled": "x = [1, 2]\n" + "x = [x, x]\n" * 60 + "y = np.array(x)\nlayers.Dense(x)(x)\nkeras.Sequential(x)\n",
    "stars": "x = {'a': 1}\n" + "x = {**{**x, **{**x}}, **x}\n" * 2_000 + "f(**{**{'a': 1, **{**{}}}})\n",
    "nested": "x = " + "[" * 90 + "]" * 90 + "\n",
    "f_string": "y = 'a' * 1000\nx = f'" + "{y}" * 20_000 + "'\n",
    "table": "x = [\n" + "  [1.5, 2.5, -3.5],\n" * 40_000 + "]\n",
    "dictionary": "x = {\n" + "".join(f"  'a{i}': {i},\n" for i in range(20_000)) + "}\n",
    "names": "x = [" + "x, " * 300_000 + "]\n",
    "layers": "m = keras.Sequential([keras.Input((4,))] + [layers.Dense(4)] * 10**5)\n" + TRAIN,
    "models": "".join("m = keras.Sequential([keras.Input((4,)), layers.Dense(4)])\n" + TRAIN for _ in range(300)),
    "classes": "class A0: pass\nclass B0: pass\n"
    + "".join(f"class A{i + 1}(A{i}, B{i}): pass\nclass B{i + 1}(A{i}, B{i}): pass\n" for i in range(60))
    + "m = A60()\nm.x\nm(1)\n",
}

#: Those in which a budget ends, and the end of the note that says which.
ENDED = {
    "graph": "m = keras.Sequential()\n" + "m.add(layers.Dense(4))\n" * 100_000 + TRAIN,
    "calls": "def f0(x):\n  return x\n"
    + "".join(f"def f{i + 1}(x):\n  return f{i}(f{i}(x))\n" for i in range(30))
    + "f30(1)\n",
    "loops": "".join("  " * i + f"for i{i} in range(64):\n" for i in range(18)) + "  " * 18 + "x = [x]\n",
    "building": "".join("  " * i + f"for i{i} in range(64):\n" for i in range(6))
    + "  " * 6
    + "x = layers.Dense(1)(x)\n",
    "comprehension": "x = [0 " + "for i in range(200) " * 20 + "]\n",
    "display": "def f():\n  return ["
    + "1, " * 2000
    + "]\n"
    + "".join("  " * i + f"for i{i} in range(64):\n" for i in range(3))
    + "  " * 3
    + "f(); layers.Dense(1)\n",
}

#: Those that are not read at all.
TOO_MUCH = {
    "lines": "x = 1\n" * 1_000_000,
    "elements": "x = [" + "1, " * 1_000_000 + "]\n",
    "formatted": "f'{a}{b}'\n" * 400_000,
}

#: Those that no parser follows.
BROKEN = {
    "parentheses": "x = " + "(" * 5000 + "1" + ")" * 5000 + "\n",
    "attributes": "x = y" + ".a" * 50_000 + "\n",
    "calls": "x = y" + "()" * 200_000 + "\n",
    "unary": "x = " + "-" * 20_000 + "1\n",
    "unclosed": ("x = " + "(" * 90 + "1" + ")" * 90 + "\n") * 900 + "def (\n",
}

#: Those that the parsers of some versions of Python follow; then the budget of steps ends.
DEEP = {
    "sum": "x = " + "1 + " * 100_000 + "1\n",
    "long_sum": "x = " + "1 + " * 200_000 + "1\n",
}


def test_bombs(tmp_path: Path) -> None:
    """All in one run, because the start of a process is half of the work."""
    kinds = {"found": FOUND, "ended": ENDED, "toomuch": TOO_MUCH, "broken": BROKEN, "deep": DEEP}
    for kind, programs in kinds.items():
        for name, program in programs.items():
            (tmp_path / f"{kind}_{name}.py").write_text(HEAD + program + TAIL)

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (4_000_000_000, 4_000_000_000))

    command = [sys.executable, "-m", "kerlint", ".", "--isolated", "--no-cache", "--jobs", "1", "-v"]
    done = subprocess.run(
        [*command, "--output-format", "json"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
        timeout=60 * sum(map(len, kinds.values())),
        check=False,
        preexec_fn=limit,
    )
    assert done.returncode == 1, done.stderr
    codes: dict[str, set[str]] = {}
    for finding in json.loads(done.stdout):
        codes.setdefault(Path(finding["filename"]).stem, set()).add(finding["code"])
    notes = {line.split(": ", 2)[1].removesuffix(".py"): line for line in done.stderr.splitlines()}
    for name in FOUND:
        assert "KL001" in codes.get(f"found_{name}", ()), name
        assert f"found_{name}" not in notes, name
    ended = "too large to follow to its end (60000 steps); there may be more to find"
    for name in ENDED:
        assert ended in notes[f"ended_{name}"], name
    for name in DEEP:
        assert codes.get(f"deep_{name}") == {"KX001"} or ended in notes[f"deep_{name}"], name
    for name in TOO_MUCH:
        assert TOO_LARGE in notes[f"toomuch_{name}"], name
        assert f"toomuch_{name}" not in codes, name
    for name in BROKEN:
        assert codes[f"broken_{name}"] == {"KX001"}, name


def test_one_bomb_within_its_memory(tmp_path: Path) -> None:
    """The heaviest file that is read takes less than 2 GB."""
    (tmp_path / "a.py").write_text(HEAD + ("(" * 80 + "x" + ")" * 80 + "\n") * 600 + TAIL)
    code = (
        "import resource, runpy, sys; sys.argv[:] = ['kerlint', 'a.py', '--isolated', '--no-cache']\n"
        "from kerlint.cli import main\n"
        "try:\n    main()\n"
        "finally:\n    print('peak', resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1000, file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1, done.stderr
    assert "KL001" in done.stdout
    assert 50 < int(done.stderr.split()[-1]) < 2_000


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("x = [" + "1, " * 5000 + "]\ny = 1\n", True),
        ("é = [\n" + "'é',\n" * 5000 + "]\ny = 1\n", True),
        ("x = (\n" + "  [1.5, (2, -3), {4: 'a'}],\n" * 5000 + ")\ny = 1\n", True),
        ("x = {\n" + "".join(f"  'é{i}': [{i}],\n" for i in range(5000)) + "}\ny = 1\n", True),
        ("x = {" + "1, " * 5000 + "}\ny = 1\n", True),
        # What names something may be read by a rule, and parentheses are no part of the elements.
        ("x = [" + "1, " * 5000 + "z]\ny = 1\n", False),
        ("x = [" + "1, " * 3000 + "]\ny = 1\n", False),
        ("x = [" + "(1), " * 2001 + "(1), " * 5000 + "]\ny = 1\n", True),
        ("x = [\n" + "1,\n\n" * 9000 + "]\ny = 1\n", False),
    ],
)
def test_tables_are_cut(text: str, cut: bool, newline: str) -> None:
    """Everything else stays where it is."""
    text = (text + "# " + "x" * 30_000 + "\n").replace("\n", newline)
    short = large.without_tables(text)
    assert (short != text) is cut
    assert len(short) == len(text)
    assert [len(line) for line in short.splitlines()] == [len(line) for line in text.splitlines()]
    before, after = ast.parse(text).body[-1], ast.parse(short).body[-1]
    assert ast.dump(before, include_attributes=True) == ast.dump(after, include_attributes=True)
    if cut:
        (table,) = (
            node for node in ast.walk(ast.parse(short)) if len(getattr(node, "elts", getattr(node, "keys", ()))) > 9
        )
        assert MAX_DISPLAY < len(getattr(table, "elts", getattr(table, "keys", ()))) < 2_100


def test_a_comment_is_not_called_unused_where_a_budget_ended() -> None:
    comment = "x = 1  # kerlint: ignore[KL001]\n"
    loops = "".join("  " * i + f"for i{i} in range(64):\n" for i in range(18)) + "  " * 18 + "x = [x]\n"
    codes = [finding.code for finding in check_bytes((HEAD + comment).encode(), "a.py", Settings()).findings]
    assert codes == ["KX003"]
    report = check_bytes((HEAD + loops + comment).encode(), "a.py", Settings())
    assert report.limits
    assert report.findings == ()


@pytest.mark.parametrize(
    "text",
    [
        "x = 1  # kerlint: ignore[KL001]\n" * 3_000 + "def f(:\n",
        "x = 1  # kerlint: ignore[" + "KQ999, " * 20_000 + "]\n",
        "x = 1  # kerlint: ignore[" + "a" * 200_000 + "]\n",
        "# kerlint: " + "ignored" * 30_000 + "=KL001\n",
        "#" + "noqa:" * 100_000 + "\n",
        "#" + " noqa: KL001" * 5_000 + "\n",
    ],
)
def test_comments_without_end(text: str) -> None:
    report = check_bytes((HEAD + text).encode(), "a.py", Settings())
    assert not report.tracebacks
    assert all(len(finding.message) < 500 for finding in report.findings)


@pytest.mark.parametrize(
    "text", ["x = y" + ".a()" * 5_000, "x = y" + "()" * 5_000, "x = " + "f(" * 90 + "1" + ")" * 90]
)
def test_long_chains_on_a_small_stack(tmp_path: Path, text: str) -> None:
    """Before Python 3.11 a frame takes some of the machine's stack: it is refused in words, or read."""
    (tmp_path / "a.py").write_text(f"import keras\n{text}\n")
    size = 2 * 1024 * 1024
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "kerlint",
            "a.py",
            "--isolated",
            "--no-cache",
            "--jobs",
            "1",
            "--output-format",
            "concise",
        ],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_STACK, (size, size)),
    )
    assert done.returncode in (0, 1), done.stderr
    assert done.returncode == 0 or "too deeply nested" in done.stdout
