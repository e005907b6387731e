"""Files that are no programs: damaged notebooks, and bytes."""

from __future__ import annotations

import json
from copy import deepcopy
from random import Random
from typing import Any

from tests.notebook import notebook

_ODD: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    1e400,
    "",
    "code",
    [],
    {},
    [[]],
    [None],
    {"a": 1},
    ["\ud800"],
    "\0",
    "%%bash\nls",
)
_MAGICS = (
    "%matplotlib inline\n",
    "!pip install keras\n",
    "%%time\n",
    "%%bash\n",
    "?model\n",
    "x = !ls\n",
    "%%%\n",
    "%\n",
    "!\n",
)
_CODINGS = (
    b"# -*- coding: latin-1 -*-\n",
    b"# coding: utf-16\n",
    b"# coding: rot13\n",
    b"#coding:idna\n",
    b"# coding: utf-7\n",
)
_PIECES = (
    b"\0",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"\r",
    b"\x0c",
    b"\x1a",
    b"\x1b[2J",
    b"\xed\xa0\x80",
    b"\xc3",
    b"\\\n",
    b"\t \t",
)


def damaged_notebook(text: str, random: Random) -> bytes:
    """A notebook with the text in its cells, and something wrong with it."""
    lines = text.split("\n")
    cells: list[str] = []
    while lines:
        number = random.randrange(1, 12)
        cells.append("\n".join(lines[:number]))
        lines = lines[number:]
    if random.random() < 0.5:
        index = random.randrange(len(cells))
        cells[index] = random.choice(_MAGICS) + cells[index]
    data = notebook(*cells)
    kind = random.randrange(4)
    if kind == 0:
        return data
    if kind == 1:
        return _damaged(data, random)
    document = json.loads(data)
    for _ in range(random.choice((1, 1, 2))):
        _replace(document, random)
    return json.dumps(document).encode("utf-8", "surrogatepass")


def _replace(document: Any, random: Random) -> None:
    """Puts an odd value into the place of some part."""
    part = document
    while True:
        keys = list(part) if isinstance(part, dict) else list(range(len(part)))
        if not keys:
            return
        key = random.choice(keys)
        if not isinstance(part[key], (dict, list)) or not part[key] or random.random() < 0.25:
            if random.random() < 0.2:
                del part[key]
            else:
                part[key] = deepcopy(random.choice(_ODD))
            return
        part = part[key]


def random_bytes(text: str, random: Random) -> bytes:
    """Bytes: of nothing, or of a program with some of them changed."""
    kind = random.randrange(4)
    if kind == 0:
        return b"import keras\n" + random.randbytes(random.randrange(200))
    data = text.encode("utf-8", "surrogatepass")
    if kind == 1:
        return random.choice(_CODINGS) + data
    if kind == 2:
        return data.replace(b"\n", random.choice((b"\r", b"\r\n", b"\n\r", b"\x0c\n", b"\n\n")))
    return _damaged(data, random)


def _damaged(data: bytes, random: Random) -> bytes:
    for _ in range(random.choice((1, 1, 2, 5))):
        place = random.randrange(len(data) + 1)
        kind = random.randrange(4)
        if kind == 0:
            data = data[:place] + random.choice(_PIECES) + data[place:]
        elif kind == 1:
            data = data[:place] + bytes([random.randrange(256)]) + data[place + 1 :]
        elif kind == 2:
            data = data[:place] + data[place + random.randrange(1, 40) :]
        else:
            data = data[:place] if random.random() < 0.3 else data[:place] + data[max(0, place - 20) :]
    return data
